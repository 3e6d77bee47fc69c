"""A copy of the package for submissions: all of it but the problems, in whose place stand clients of the judge."""

import shutil
from pathlib import Path

import attention_course
from attention_course.checks import catalogue

CHECK = '''"""The problems of {lesson}, without solutions: the judge has them."""

from attention_course.grading.client import Handed

{lines}
'''


def copy_package(folder: Path) -> Path:
    """Copy the package without its solutions into a folder, which is returned: PYTHONPATH for a submission."""
    package = Path(attention_course.__file__).parent
    hidden = shutil.ignore_patterns("problems", "check.py", "__pycache__")
    shutil.copytree(package, folder / package.name, ignore=hidden)
    for lesson in catalogue.names():
        names = catalogue.problems(catalogue.lesson(lesson))
        lines = "\n".join(f'{name} = Handed("{lesson}", "{name}")' for name in names)
        room = folder / package.name / "lessons" / lesson
        (room / "check.py").write_text(CHECK.format(lesson=lesson, lines=lines), encoding="utf-8")
    return folder
