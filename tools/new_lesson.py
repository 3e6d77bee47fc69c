"""Lay out a lesson: `make new-lesson NN=14 SLUG=bert`.

Source, exercises, a room with one problem, an experiment, a test, and a line of `notebooks/syllabus.toml`, of which
README's syllabus and the index of the site are made. What is laid out runs and passes all tests; it is a draft until
its line says no longer that it is.
"""

import argparse
import re
import string
import sys
from pathlib import Path

from building import syllabus

TEMPLATES = Path(__file__).parent / "templates" / "lesson"
FILES = {
    "lesson": "notebooks/src/lessons/$NAME.py",
    "exercise": "notebooks/src/exercises/$NAME.py",
    "experiment": "experiments/$NAME.py",
    "room": "attention_course/lessons/lesson_$NN/__init__.py",
    "check": "attention_course/lessons/lesson_$NN/check.py",
    "problems": "attention_course/lessons/lesson_$NN/problems/__init__.py",
    "problem": "attention_course/lessons/lesson_$NN/problems/average.py",
    "test": "tests/test_checks_lesson_$NN.py",
}


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("number", help="two digits, such as 13")
    parser.add_argument("slug", help="small letters, digits and _, such as training_transformers")
    parser.add_argument("--title", help="as pages show it; made of the slug if not given")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1], help="another repository than this one")
    options = parser.parse_args(arguments)
    if not re.fullmatch(r"\d\d", options.number):
        parser.error(f"NN: expected two digits, got {options.number!r}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", options.slug):
        parser.error(f"SLUG: expected small letters, digits and single _, got {options.slug!r}")
    title = options.title or options.slug.replace("_", " ").capitalize()
    if re.search(r'["\\\n$]', title):
        parser.error(f"TITLE: expected no quotes, backslashes or $, got {title!r}")
    try:
        for path in lay_out(options.root.resolve(), options.number, f"{options.number}_{options.slug}", title):
            print(path)
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def lay_out(root: Path, number: str, name: str, title: str) -> list[str]:
    """Write all files of a lesson, and its line. Raises FileExistsError, and writes nothing, where it is there."""
    words = {"NN": number, "NAME": name, "TITLE": title, "LOWER": title[0].lower() + title[1:]}
    texts = {
        string.Template(place).substitute(words): (TEMPLATES / f"{role}.py.txt").read_text(encoding="utf-8")
        for role, place in FILES.items()
    }
    there = [path for path in texts if (root / path).exists()]
    there += [e.name for part in syllabus.load(root) for e in part.lessons if e.name and e.order == number]
    if there:
        raise FileExistsError(f"lesson {number} is there already: {', '.join(there)}; nothing was written")
    listed = root / syllabus.LIST
    line = f'    {{ name = "{name}", title = "{title}", about = "{title}", draft = true }},'
    listed.write_text(with_line(listed.read_text(encoding="utf-8"), number, line), encoding="utf-8")
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(string.Template(text).safe_substitute(words), encoding="utf-8")
    return [syllabus.LIST, *texts]


def with_line(text: str, number: str, line: str) -> str:
    """The list with a lesson's line in the place of its planned one, or behind the last lesson of a smaller number."""
    lines = text.split("\n")
    numbers = {i: found[1] for i, row in enumerate(lines) if (found := re.match(r' +\{ n\w+ = "(\d\d)', row))}
    planned = [i for i, other in numbers.items() if other == number]
    before = [i for i, other in numbers.items() if other < number]
    at, until = (planned[0], planned[0] + 1) if planned else (max(before, default=min(numbers) - 1) + 1,) * 2
    return "\n".join([*lines[:at], line, *lines[until:]])


if __name__ == "__main__":
    sys.exit(main())
