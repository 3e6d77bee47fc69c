"""The page of common mistakes, for instructors: lesson by lesson, as the checks name them."""

from attention_course.checks import catalogue
from attention_course.checks.problem import Choice

HEAD = """# Common mistakes, as the checks name them

Every problem knows mistakes that are often made with it, and what it says to who makes one. This page is built from the
problems themselves. A teacher can read here, before a class, what it will stumble over. (Who is about to solve a
problem should not read on.)

"""


def page() -> str:
    """The page, as Markdown."""
    parts = []
    for lesson in catalogue.names():
        parts.append(f"## Lesson {lesson.removeprefix('lesson_')}")
        for name, problem in catalogue.problems(catalogue.lesson(lesson)).items():
            parts.append(f"### {name}\n\n" + "\n".join(f"- {sentence}" for sentence in _sentences(problem)))
    return HEAD + "\n\n".join(parts) + "\n"


def _sentences(problem) -> list[str]:
    """What a problem says of each of its mistakes, every sentence once."""
    if isinstance(problem, Choice):
        return [f"{letter}: {reply}" for letter, reply in sorted(problem.replies.items())]
    return list(dict.fromkeys(mistake.sentence for mistake in problem.mistakes.values()))
