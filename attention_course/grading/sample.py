"""Ten pretended learners, with whom an instructor can try the whole way before the class comes."""

import random
from pathlib import Path

import nbformat

from attention_course.checks import catalogue
from attention_course.checks.problem import Choice
from attention_course.grading.handed_in import grade_id

LEARNERS = ("ada", "bruno", "chiara", "dmitri", "elif", "farid", "grace", "hanako", "iñigo", "joão")


def hand_in(course: Path, name: str) -> None:
    """Put ten submissions into a course: all right, all wrong, nothing, and mixtures of right, wrong and missing."""
    problems = catalogue.problems(catalogue.lesson(f"lesson_{name[:2]}"))
    chance = random.Random(0)
    for number, learner in enumerate(LEARNERS):
        for released in sorted((course / "release" / name).glob("*.ipynb")):
            notebook = nbformat.read(released, as_version=4)
            for cell in notebook.cells:
                problem = problems.get((grade_id(cell) or "").replace("-", "_"))
                kind = (
                    ("right", "wrong", "missing")[number]
                    if number < 3
                    else chance.choice(("right", "right", "wrong", "missing"))
                )
                if problem and kind != "missing":
                    cell.source = problem.source() if kind == "right" else _wrong(problem, chance)
            place = course / "submitted" / learner / name / released.name
            place.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, place)


def _wrong(problem, chance: random.Random) -> str:
    """A wrong answer that can stand alone."""
    if isinstance(problem, Choice):
        return f'{problem.name} = "{chance.choice(sorted(problem.replies))}"'
    return f"def {problem.name}({', '.join(problem.names)}):\n    return {chance.choice(problem.names)}"
