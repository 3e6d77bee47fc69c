"""Try the lessons as Colab would run them: its Python, its old widgets, and the course installed by the cell on top.

    python tools/colab.py [NN ...]

It makes an environment in build/colab, with Python 3.12 and tools/colab.txt, and a stand-in for `google.colab`. Then
each lesson runs there, the Colab cell first, and the tests of the widgets. It fails where that cell changes a version,
a lesson stops or a test fails. On Linux, PyPI's PyTorch for Python 3.12 takes 7 GB.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from building import address
from building.course import pages

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "colab"
PYTHON = FOLDER / "bin" / "python"
TESTS = ["tests/test_widgets.py", "tests/test_attention_explorer.py"]
STAND_IN = "def enable_custom_widget_manager():\n    pass\n"
RUN = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, kernel_name="python3", timeout=1800).execute()
nbformat.write(notebook, sys.argv[1])
"""


def main() -> int:
    """Try all lessons, or those that are named; the number that failed."""
    lessons = [page for page in pages(ROOT, sys.argv[1:]) if page.is_lesson]
    make()
    before = versions()
    failed = 0
    for page in lessons:
        start = time.monotonic()
        why = attempt(page.notebook)
        took = time.monotonic() - start
        failed += bool(why)
        print(f"{page.name}: {why or 'runs'}, {took:.0f} s", flush=True)
    changed = {name: (old, now) for name, old in before.items() if (now := versions().get(name)) != old}
    for name, (old, now) in changed.items():
        print(f"The Colab cell has made {name} {old} into {now}.")
    kept = len(before) - len(changed)
    widgets = try_widgets()
    print(f"The widgets' tests: {widgets or 'pass'}.")
    print(f"{len(lessons) - failed} of {len(lessons)} lessons run; the cell left {kept} packages as they were")
    return failed + len(changed) + bool(widgets)


def make() -> None:
    """A fresh environment as a Colab machine is: without the course."""
    python = shutil.which("python3.12")
    if not python:
        sys.exit("Colab has Python 3.12, and there is no python3.12 here.")
    subprocess.run([python, "-m", "venv", "--clear", FOLDER], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", "-r", ROOT / "tools/colab.txt"], check=True)
    place = next(FOLDER.glob("lib/python*/site-packages")) / "google" / "colab"
    place.mkdir(parents=True)
    (place / "__init__.py").write_text("")
    (place / "output.py").write_text(STAND_IN)


def versions() -> dict[str, str]:
    """What is installed, by name."""
    listed = subprocess.run([PYTHON, "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True)
    return {package["name"]: package["version"] for package in json.loads(listed.stdout)}


def attempt(path: Path) -> str:
    """Run one lesson; "" where it runs to its end, else what went wrong."""
    notebook = nbformat.read(path, as_version=4)
    install = address.COLAB.replace("git+https://github.com/{repository}", str(ROOT))
    cells = [cell for cell in notebook.cells if cell.id not in ("badges", "colab")]
    notebook.cells = [nbformat.v4.new_code_cell(install, id="colab"), *cells]
    copy = FOLDER / path.name
    nbformat.write(notebook, copy)
    ended = subprocess.run([PYTHON, "-c", RUN, copy], cwd=FOLDER, capture_output=True, text=True, check=False)
    lines = re.sub(r"\x1b\[[\d;]*m", "", ended.stderr).strip().splitlines()
    return f"stopped ({lines[-1] if lines else 'without a word'})" if ended.returncode else ""


def try_widgets() -> str:
    """Run the tests of the explorers; "" where they pass, else which fail."""
    command = [PYTHON, "-m", "pytest", "-q", "-c", os.devnull, "--noconftest", "-p", "no:cacheprovider"]
    command += ["-k", "not built_notebook"]  # notebooks are not built on Colab
    ran = subprocess.run([*command, *(ROOT / test for test in TESTS)], cwd=FOLDER, capture_output=True, text=True)
    failed = re.findall(r"^(?:FAILED|ERROR) .*", ran.stdout, re.MULTILINE)
    return "; ".join(failed or [ran.stdout[-300:] + ran.stderr[-300:]]) if ran.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
