"""What a lesson builds: the code of its notebook, of the module for other lessons, and of the listing to take away."""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

from attention_course.lessons.lesson_03 import built as built_03
from attention_course.lessons.lesson_04 import built as built_04
from attention_course.lessons.lesson_07 import built as built_07

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = NOTEBOOKS / "src" / "lessons"


@pytest.mark.parametrize(("number", "built"), [("03", built_03), ("04", built_04), ("07", built_07)])
def test_the_module_is_the_page_s_own_code(number, built):
    """Docstrings and comments aside."""
    source = next(LESSONS.glob(f"{number}_*.py")).read_text(encoding="utf-8")
    on_the_page = {node.name: ast.dump(node) for node in ast.parse(source).body if hasattr(node, "name")}
    for node in ast.parse(inspect.getsource(built)).body:
        if hasattr(node, "name"):
            node.body = node.body[1:] if ast.get_docstring(node) else node.body
            assert ast.dump(node) == on_the_page[node.name], node.name


def listings():
    """The blocks that a reader can take away, as they are shown: the lesson's number and the code."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["id"] == "listing":
                shown = "".join(cell["outputs"][0]["data"]["text/markdown"])
                yield path.name[:2], shown.removeprefix("```python\n").removesuffix("\n```")


def test_there_are_listings():
    assert {number for number, _ in listings()} >= {"01", "02", "03", "04", "07"}


@pytest.mark.parametrize(("number", "code"), [pytest.param(*found, id=found[0]) for found in listings()])
def test_the_listing_lacks_nothing(number, code, tmp_path):
    """It runs by itself, and no name in it is undefined, not even in a function that was not called."""
    exec(compile(code, f"listing of lesson {number}", "exec"), {})
    (tmp_path / "listing.py").write_text(code + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F", tmp_path / "listing.py"]
    checked = subprocess.run(command, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
