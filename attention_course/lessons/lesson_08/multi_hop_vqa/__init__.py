"""Six baskets with two things in each, drawn with OpenMoji's pictures, and questions of one, two and three steps.

    scenes = random_scenes(1000, generator)
    asked = random_questions(scenes, (1, 2, 3), generator)
    " ".join(FORMS[asked.form[0]].words("cat")), ANSWERS[asked.answer[0]]

`solver.solve` answers a question a second way, from its words. Show `scenes.CREDIT` with what you draw.
"""

from attention_course.lessons.lesson_08.multi_hop_vqa.asking import (
    ANSWERS,
    FORMS,
    MOST_STEPS,
    STEPS,
    WORDS,
    Questions,
    ask,
    encode,
    random_questions,
)
from attention_course.lessons.lesson_08.multi_hop_vqa.drawing import bank, picture, places, regions
from attention_course.lessons.lesson_08.multi_hop_vqa.scenes import (
    BASKETS,
    CELLS,
    COLOURS,
    KINDS,
    Scenes,
    drawn_by,
    random_scenes,
    scene_batches,
)

__all__ = ["ANSWERS", "BASKETS", "CELLS", "COLOURS", "FORMS", "KINDS", "MOST_STEPS", "STEPS", "WORDS", "Questions"]
__all__ += ["Scenes", "ask", "bank", "drawn_by", "encode", "picture", "places", "random_questions"]
__all__ += ["random_scenes", "regions", "scene_batches"]
