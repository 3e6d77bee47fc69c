"""The notebook tool: what it writes is a function of the sources, and it notices when a notebook is not."""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_output

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from building import assembly, source
from building.cleaning import as_on_a_terminal, cleaned
from building.course import CourseError, pages
from building.execution import CellFailed, execute
from building.filling import filled

import notebooks

TOOLS = Path(notebooks.__file__).parent

LESSON = '''\
# %% [markdown] name="title"
r"""
# The cat sat on the mat

A weight $\\alpha$; see [the score](https://example.org/home/score) and / or the mask.
"""

# %% name="stream" tags=["nbval-check-output"]
# cat sat on the mat
import os, sys
from attention_course import __version__

assert __version__
print("10%\\r 50%\\rdone")
print("a bar", end="\\r", file=sys.stderr)
print("     ", end="\\r", file=sys.stderr)
print(os.path.basename(os.getcwd()), os.environ["ATTENTION_COURSE_PROGRESS"])

# %% name="slider"
import ipywidgets

slider, other, dropped = ipywidgets.IntSlider(value=3), ipywidgets.IntSlider(), ipywidgets.Text("dropped")
link = ipywidgets.jslink((slider, "value"), (other, "value"))
ipywidgets.VBox([slider, other])

# %% name="explorer"
ipywidgets.interact(lambda temperature: print(temperature, object()), temperature=(0, 5));

# %% name="figure"
import matplotlib.pyplot as plt

plt.figure(figsize=(1, 1)), plt.plot([1, 2])
plt.show()
'''

EXERCISE = '''\
# %% [markdown] name="title"
r"""
# Exercises
"""

# %% name="setup"
from some_checks import check

# %% name="most-attended" tags=["exercise"]
def most_attended(weights, words):
    raise NotImplementedError("your turn")


# %% name="check-most-attended"
check.most_attended(most_attended)
'''

CHECKS = """\
from types import SimpleNamespace


class Problem:
    name = "most_attended"

    def __call__(self, function):
        right = function([0.1, 0.9], ["cat", "mat"]) == "mat"
        self.last = SimpleNamespace(outcome="correct" if right else "wrong")


class check:
    most_attended = Problem()
"""

RIGHT = "def most_attended(weights, words):\n    return words[weights.index(max(weights))]\n"
WRONG = "def most_attended(weights, words):\n    return words[0]\n"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course of one lesson and one exercise, built once, among kernels and settings that must not matter."""
    root = tmp_path_factory.mktemp("course")
    for name, text in {
        "pyproject.toml": '[tool.course]\nrepository = ""\n',
        "attention_course/__init__.py": '__version__ = "0"\n',
        "notebooks/src/lessons/00_start.py": LESSON,
        "notebooks/src/exercises/00_start.py": EXERCISE,
        "elsewhere/kernels/python3/kernel.json": '{"argv": ["no-python"], "display_name": "", "language": "python"}',
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(root / "elsewhere"))
        patch.setenv("MPLBACKEND", "agg")
        assert notebooks.main(["--root", str(root)]) == 0
    return root


@pytest.fixture
def course(built, tmp_path):
    return shutil.copytree(built, tmp_path / "course")


@pytest.fixture
def tool(course, capsys):
    """Runs the tool on the course: its exit code and what it printed."""

    def run(*arguments):
        capsys.readouterr()
        code = notebooks.main([*map(str, arguments), "--root", str(course)])
        printed = capsys.readouterr()
        return int(code), printed.out + printed.err

    return run


@pytest.fixture
def nothing_executes(monkeypatch):
    def refuse(*_):
        raise AssertionError("this must not execute anything")

    monkeypatch.setattr(assembly, "execute", refuse)


def lesson(course):
    return course / "notebooks/00_start.ipynb"


def exercise(course):
    return course / "notebooks/exercises/00_start.ipynb"


def lesson_source(course):
    return course / "notebooks/src/lessons/00_start.py"


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def edit_cell(path, name, **changes):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    next(cell for cell in notebook["cells"] if cell["id"] == name).update(changes)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def outputs(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name).outputs


def everything(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


# Building


def test_a_notebook_is_what_its_source_says(built):
    notebook = nbformat.read(lesson(built), as_version=4)
    nbformat.validate(notebook)
    assert [cell.id for cell in notebook.cells] == ["title", "stream", "slider", "explorer", "figure"]
    assert [cell.metadata for cell in notebook.cells] == [{}, {"tags": ["nbval-check-output"]}, {}, {}, {}]
    assert [cell.execution_count for cell in notebook.cells[1:]] == [1, 2, 3, 4]
    assert notebook.cells[0].source.startswith("# The cat sat on the mat\n\nA weight $\\alpha$")
    assert notebook.cells[1].source.startswith("# cat sat on the mat\n"), "jupytext takes it for a shell command"
    assert set(notebook.metadata) == {"kernelspec", "language_info", "course", "widgets"}
    assert notebook.metadata.language_info == {"name": "python"}
    assert outputs(notebook, "stream") == [new_output("stream", name="stdout", text="done\nnotebooks off\n")]
    assert "image/png" in outputs(notebook, "figure")[0].data
    text = lesson(built).read_text(encoding="utf-8")
    assert text.endswith("}\n") and text.startswith('{\n "cells"')


def test_exercises_are_not_executed(built):
    notebook = nbformat.read(exercise(built), as_version=4)
    assert [cell.id for cell in notebook.cells] == ["title", "setup", "most-attended", "check-most-attended"]
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells[1:])
    assert set(notebook.metadata.course) == {"code"}


def test_a_rebuild_writes_nothing(course, tool, nothing_executes):
    before = everything(course)
    assert tool()[0] == 0
    assert everything(course) == before


def test_a_second_execution_gives_the_same_bytes(course, tool):
    before = everything(course)
    code, printed = tool("--force")
    assert code == 0 and "00_start: executing" in printed
    assert everything(course) == before


def test_no_time_stamps_and_no_random_ids(built):
    text = lesson(built).read_text(encoding="utf-8")
    assert not re.search(r"20\d\d-\d\d-\d\d|[0-9a-f]{8}-[0-9a-f]{4}-|0x[0-9a-f]{8}|iopub|jupytext", text)
    state = json.loads(text)["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    assert list(state) == sorted(state)
    from_name = {hashlib.sha256(f"00_start/{index}".encode()).hexdigest()[:32] for index in range(len(state))}
    assert set(state) == from_name
    assert set(re.findall(r"(?<=IPY_MODEL_)\w+|(?<=\"model_id\": \")\w+", text)) <= from_name


def test_only_the_widgets_that_are_shown_are_kept(built):
    text = lesson(built).read_text(encoding="utf-8")
    models = re.findall(r'"model_name": "(\w+)"', text)
    assert models.count("IntSliderModel") == 3 and "LinkModel" in models and "OutputModel" in models
    assert "TextModel" not in models
    assert "2 <object object at 0x…>" in text, "what an Output widget holds is cleaned as well"


def test_a_new_cell_changes_no_other(course, tool, nothing_executes):
    before = nbformat.read(lesson(course), as_version=4)
    edit(
        lesson_source(course), '# %% name="slider"', '# %% [markdown] name="new"\nr"""\nNew.\n"""\n\n# %% name="slider"'
    )
    assert tool()[0] == 0
    after = nbformat.read(lesson(course), as_version=4)
    assert [cell.id for cell in after.cells] == ["title", "stream", "new", "slider", "explorer", "figure"]
    assert [cell for cell in after.cells if cell.id != "new"] == before.cells


def test_changes_of_prose_and_tags_execute_nothing(course, tool, nothing_executes):
    edit(lesson_source(course), "A weight", "A score")
    edit(lesson_source(course), '# %% name="figure"', '# %% name="figure" tags=["nbval-ignore-output"]')
    assert tool("--check")[0] == 1
    assert tool()[0] == 0
    assert tool("--check")[0] == 0
    assert "A score" in lesson(course).read_text(encoding="utf-8")


@pytest.mark.parametrize("change", ["code", "package", "no notebook", "conflict", "cleared"])
def test_what_makes_a_lesson_stale(course, tool, monkeypatch, change):
    executed = []

    def fail(notebook, folder):
        executed.append(folder)
        raise CellFailed("stream", "print()", "Traceback")

    monkeypatch.setattr(assembly, "execute", fail)
    if change == "code":
        edit(lesson_source(course), "value=3", "value=4")
    elif change == "package":
        (course / "attention_course/__init__.py").write_text('__version__ = "1"\n')
    elif change == "no notebook":
        lesson(course).unlink()
    elif change == "conflict":
        edit(lesson(course), "{", "<<<<<<< HEAD\n{")
    else:
        edit_cell(lesson(course), "stream", outputs=[], execution_count=None)
    assert tool()[0] == 1
    assert executed == [course / "notebooks"]


def test_a_failing_cell_leaves_the_old_notebook(course, tool):
    before = lesson(course).read_bytes()
    edit(lesson_source(course), '# %% name="slider"', '# %% name="boom"\n1 / 0\n\n# %% name="slider"')
    code, printed = tool()
    assert code == 1
    assert 'cell "boom"' in printed and "1 / 0" in printed and "ZeroDivisionError: division by zero" in printed
    assert lesson(course).read_bytes() == before
    assert not list(course.rglob("*.tmp"))


def test_an_interrupted_build_stops_and_loses_nothing(course, tmp_path):
    (course / "notebooks/src/lessons/01_next.py").write_text('# %% name="next"\nopen("next", "w").close()\n')
    wait = '# %% name="wait"\nopen("started", "w").close()\nimport time\ntime.sleep(1_800)\n\n# %% name="slider"'
    edit(lesson_source(course), '# %% name="slider"', wait)
    before = lesson(course).read_bytes()
    command = [sys.executable, TOOLS / "notebooks.py", "--root", course]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        while not (course / "notebooks/started").exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=1_800)
    assert process.returncode == 130
    assert lesson(course).read_bytes() == before
    assert not (course / "notebooks/next").exists()


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('# %% name="a"\nx = 1\n\n# %%\ny = 2\n', 4, "no name"),
        ('# %% name="a"\nx = 1\n\n# %% [markdown]\n# prose\n', 4, "no name"),
        ('import torch\n\n# %% name="a"\nx = 1\n', 1, "no name"),
        ('# %% name="a"\nx = 1\n\n# %% [markdown] name="a"\n# prose\n', 4, '"a" is used already in line 1'),
        ('# %% name="what is it"\nx = 1\n', 1, "letters, digits"),
        (f'# %% name="{"a" * 65}"\nx = 1\n', 1, "64"),
        ('# %% name="a"\nx = 1\n\n# %% name="colab"\nx = 1\n', 4, "kept for a cell that the build adds"),
    ],
)
def test_cells_must_have_names_of_their_own(course, tool, nothing_executes, text, line, message):
    lesson_source(course).write_text(text)
    for arguments in ([], ["--check"]):
        code, printed = tool(*arguments)
        assert code == 1
        assert f"notebooks/src/lessons/00_start.py:{line}: " in printed and message in printed


def test_only_the_lessons_asked_for_are_built(course, tool, nothing_executes):
    (course / "notebooks/src/lessons/01_next.py").write_text('# %% name="next"\nprint("next")\n')
    assert tool("00")[0] == tool("00_start")[0] == 0
    assert not (course / "notebooks/01_next.ipynb").exists()
    code, printed = tool("07")
    assert code == 1 and "no such lesson: 07; there are: 00_start, 01_next" in printed


# Cleaning


@pytest.mark.parametrize(
    ("printed", "seen"),
    [
        ("a\nb\n", "a\nb\n"),
        ("  0%\r 50%\r100%\n", "100%\n"),
        ("long\rxy", "xyng"),
        ("a bar\r     \r", ""),
        ("\r 0%\nfirst\n\r 99%", " 0%\nfirst\n 99%"),
        ("outer\n\r inner\x1b[A\r outer 2\n\r      \r", " outer 2\n"),
        ("one\r\ntwo\r\n", "one\ntwo\n"),
        ("kept  \n", "kept  \n"),
    ],
)
def test_streams_are_what_a_terminal_shows(printed, seen):
    assert as_on_a_terminal(printed) == seen
    assert as_on_a_terminal(seen) == seen


def test_neighbouring_streams_become_one_and_addresses_are_fixed():
    def stream(name, text):
        return new_output("stream", name=name, text=text)

    figure = new_output("display_data", {"text/plain": "<Axes at 0x7fd1b3c0a910>", "image/png": "at 0x7fd1b3c0a910"})
    before = [
        stream("stderr", "\r 0%"),
        stream("stdout", "epoch 1 <object object at 0x7fd1b3c0a910>\n"),
        stream("stderr", "\r    \r"),
        stream("stdout", "epoch 2\n"),
        figure,
        stream("stdout", " \n"),
        stream("stderr", "warned\n"),
    ]
    after = cleaned(before)
    assert after == [
        stream("stdout", "epoch 1 <object object at 0x…>\nepoch 2\n"),
        new_output("display_data", {"text/plain": "<Axes at 0x…>", "image/png": "at 0x7fd1b3c0a910"}),
        stream("stderr", "warned\n"),
    ]
    assert cleaned(after) == after


# Checking

OUTPUT = {"output_type": "stream", "name": "stdout"}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
FINDINGS = {
    "edited code": (
        lambda course: edit(lesson(course), "IntSlider(value=3), ipy", "IntSlider(value=4), ipy"),
        '00_start.ipynb: cell "slider" was edited in the notebook',
    ),
    "edited prose": (
        lambda course: edit(lesson(course), "A weight", "A score"),
        '00_start.ipynb: cell "title" differs from the source',
    ),
    "edited source": (
        lambda course: edit(lesson_source(course), "value=3", "value=4"),
        '00_start.ipynb: cell "slider" differs from the source',
    ),
    "edited exercise": (
        lambda course: edit(exercise(course), "your turn", "mine"),
        'exercises/00_start.ipynb: cell "most-attended" was edited in the notebook',
    ),
    "a cell of the source is missing": (
        lambda course: edit(lesson_source(course), "# %% name", '# %% [markdown] name="new"\n# New.\n\n# %% name'),
        'cell "new" of the source is missing',
    ),
    "a cell is not in the source": (
        lambda course: edit(lesson(course), '"id": "figure"', '"id": "1f2e3d"'),
        'cell "1f2e3d" is not in the source',
    ),
    "order": (
        lambda course: lesson(course).write_text(
            json.dumps((book := json.loads(lesson(course).read_text())) | {"cells": book["cells"][::-1]})
        ),
        'cell "figure" is not where the source has it',
    ),
    "tags": (
        lambda course: edit(lesson(course), "nbval-check-output", "nbval-skip"),
        "cell \"stream\" has metadata {'tags': ['nbval-skip']}, the source says {'tags': ['nbval-check-output']}",
    ),
    "time stamps": (
        lambda course: edit_cell(lesson(course), "slider", metadata={"execution": {"iopub.status.busy": "2026"}}),
        "cell \"slider\" has metadata {'execution'",
    ),
    "metadata": (
        lambda course: edit(lesson(course), '"kernelspec"', '"jupytext": {},\n  "kernelspec"'),
        'the metadata hold "jupytext"',
    ),
    "no source": (
        lambda course: lesson_source(course).unlink(),
        "notebooks/00_start.ipynb: has no source notebooks/src/lessons/00_start.py",
    ),
    "no notebook": (
        lambda course: exercise(course).unlink(),
        "notebooks/exercises/00_start.ipynb: is missing; its source is notebooks/src/exercises/00_start.py",
    ),
    "not a notebook": (
        lambda course: edit(lesson(course), "{", "<<<<<<< HEAD\n{"),
        "notebooks/00_start.ipynb: not a notebook",
    ),
    "not executed": (
        lambda course: edit_cell(lesson(course), "slider", outputs=[], execution_count=None),
        'cell "slider" was not executed',
    ),
    "an error": (
        lambda course: edit_cell(lesson(course), "slider", outputs=[ERROR]),
        'cell "slider" holds an error, ValueError: no',
    ),
    "outputs without the data": (
        lambda course: edit_cell(lesson(course), "slider", outputs=[{**OUTPUT, "text": "X cannot be had here: no.\n"}]),
        'cell "slider" was executed without its data set',
    ),
    "outputs in an exercise": (
        lambda course: edit_cell(exercise(course), "setup", outputs=[{**OUTPUT, "text": "x"}]),
        'exercises/00_start.ipynb: cell "setup" was executed',
    ),
    "an uncleaned output": (
        lambda course: edit_cell(lesson(course), "slider", outputs=[{**OUTPUT, "text": "1%\r2%"}]),
        "is not, byte for byte, what a build writes",
    ),
    "another form": (
        lambda course: edit(lesson(course), "\n ", "\n"),
        "is not, byte for byte, what a build writes",
    ),
    "a path in the state of widgets": (
        lambda course: edit(lesson(course), '"description": "temperature"', '"description": "/home/ann/x"'),
        "the state of the widgets shows a path of a machine: /home/ann/x",
    ),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_check_finds(course, tool, case):
    change, finding = FINDINGS[case]
    change(course)
    before = everything(course)
    code, printed = tool("--check")
    assert code == 1
    assert finding in printed
    assert re.search(r"2 notebooks checked: [1-9]\d* findings, 0 warnings\n$", printed)
    assert everything(course) == before


def test_check_finds_a_lesson_without_outputs(course, tool):
    for name in ("stream", "slider", "explorer", "figure"):
        edit_cell(lesson(course), name, outputs=[])
    assert "notebooks/00_start.ipynb: has no outputs" in tool("--check")[1]


@pytest.mark.parametrize(
    "text",
    [
        "/home/ann/course/x.py",
        "saved to '/tmp'",
        "File /root/x",
        "/work/main",
        "/Users/ann",
        r"C:\Users\ann",
        "file:///home/ann",
        "lib/python3.11/site-packages/torch: UserWarning",
        "/var/folders/x",
    ],
)
def test_check_finds_paths_of_a_machine(course, tool, text):
    edit_cell(lesson(course), "slider", outputs=[{**OUTPUT, "text": f"first line\n{text}\n"}])
    assert 'cell "slider" shows a path of a machine: ' in tool("--check")[1]


@pytest.mark.parametrize(
    "text",
    ["and / or", "https://example.org/home/ann", "notebooks/tmp/x", "~/work/x", "cat/dog", "/workers", "1/2 /homes"],
)
def test_check_allows_other_slashes(course, tool, text):
    edit_cell(lesson(course), "slider", outputs=[{**OUTPUT, "text": f"{text}\n"}])
    assert "path" not in tool("--check")[1]


def test_check_passes_and_changes_nothing(course, tool):
    before = everything(course)
    assert tool("--check") == (0, "2 notebooks checked: 0 findings, 0 warnings\n")
    assert everything(course) == before


def test_check_warns_of_a_changed_package(course, tool):
    (course / "attention_course/masks.py").write_text("x = 1\n")  # the lesson has nothing of it
    (course / "attention_course/__init__.py").write_text('"""The course."""\n\n__version__ = "0"  # so far\n')
    assert "0 warnings" in tool("--check")[1]
    (course / "attention_course/__init__.py").write_text('__version__ = "1"\n')
    code, printed = tool("--check")
    assert code == 0
    said = "notebooks/00_start.ipynb: warning: executed before a change of attention_course/__init__.py\n"
    assert printed == f"{said}2 notebooks checked: 0 findings, 1 warnings\n"


def test_who_knows_that_the_outputs_are_the_same_need_not_execute(course, tool, nothing_executes):
    before = nbformat.read(lesson(course), as_version=4)
    (course / "attention_course/__init__.py").write_text('__version__ = "1"\n')
    assert tool("--same-outputs")[0] == 0
    assert tool("--check")[1] == "2 notebooks checked: 0 findings, 0 warnings\n"
    assert nbformat.read(lesson(course), as_version=4).cells == before.cells
    edit(lesson_source(course), "value=3", "value=4")
    with pytest.raises(AssertionError, match="must not execute"):  # not the outputs of this code
        tool("--same-outputs")


def test_check_reads_any_line_ending(course, tool):
    for path in [path for path in course.rglob("*") if path.is_file()]:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert tool("--check") == (0, "2 notebooks checked: 0 findings, 0 warnings\n")


def test_check_works_from_anywhere_without_torch(course, tmp_path):
    program = (
        f"import sys; sys.path.insert(0, {str(TOOLS)!r}); import notebooks; "
        f"assert notebooks.main(['--check', '--root', {str(course)!r}]) == 0; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)


def test_any_console_can_show_what_is_found(course):
    edit(lesson_source(course), 'name="slider"', 'name="naïve"')
    command = [sys.executable, TOOLS / "notebooks.py", "--check", "--root", course]
    plain = {"PYTHONIOENCODING": "ascii", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # the second for older debuggers
    done = subprocess.run(command, env=os.environ | plain, capture_output=True, text=True)
    assert done.returncode == 1 and r'the cell name "na\xefve" must be' in done.stdout and not done.stderr


# Running


def test_run_measures_and_writes_nothing(course, tool):
    (course / "notebooks/src/lessons/01_bad.py").write_text('# %% name="bad"\nassert 1 == 2\n')
    before = everything(course)
    code, printed = tool("--run")
    assert code == 1
    assert re.search(
        r"^lesson +seconds +peak MB\n00_start +\d+\.\d +\d{2,}\n01_bad +failed\ntotal +\d+\.\d +\d{2,}\n",
        printed,
        re.MULTILINE,
    )
    assert '01_bad: cell "bad" failed:' in printed and "AssertionError" in printed
    assert everything(course) == before


# Filling


def the_exercise(course):
    return next(page for page in pages(course) if not page.is_lesson)


def test_filled_notebooks_pass_with_right_solutions_only(course):
    folder = course / "notebooks"
    (folder / "some_checks.py").write_text(CHECKS)
    asked = []

    def right(*problem):
        asked.append(problem)
        return RIGHT

    execute(filled(the_exercise(course), right), folder)
    assert asked == [("00", "most_attended")]
    with pytest.raises(CellFailed, match=r'"all-passed" failed(?s:.)*most_attended'):
        execute(filled(the_exercise(course), lambda *_: WRONG), folder)


def test_filled_writes_the_solutions_of_the_package(course, tmp_path):
    room = course / "attention_course/lessons/lesson_00"
    room.mkdir(parents=True)
    (room / "check.py").write_text(f"class most_attended:\n    def source():\n        return {RIGHT!r}\n")
    command = [sys.executable, TOOLS / "notebooks.py", "--root", course, "--filled", tmp_path / "solved"]
    subprocess.run(command, cwd=tmp_path, check=True)
    notebook = nbformat.read(tmp_path / "solved/00_start.ipynb", as_version=4)
    assert [cell.id for cell in notebook.cells[2:]] == ["most-attended", "check-most-attended", "all-passed"]
    assert notebook.cells[2].source == RIGHT.strip()
    assert notebook.cells[-1].source.startswith("for problem in (check.most_attended,):")


def test_filling_names_what_is_missing(course):
    page = the_exercise(course)
    with pytest.raises(CourseError, match=r'exercises/00_start.py: no solution for the cell "most-attended"'):
        filled(page, lambda *_: object().source())
    edit(page.source, "check.most_attended(", "print(")
    with pytest.raises(CourseError, match=r"no cell calls check.most_attended\(\)"):
        filled(page, lambda *_: RIGHT)
    edit(page.source, ' tags=["exercise"]', "")
    with pytest.raises(CourseError, match='no cell is tagged "exercise"'):
        filled(page, lambda *_: RIGHT)


def test_the_colab_cell_is_not_part_of_the_code(course):
    cells = source.read(pages(course)[0]).cells
    colab = nbformat.v4.new_code_cell("%pip install x", id="colab")
    assert source.code_hash([colab, *cells]) == source.code_hash(cells)
