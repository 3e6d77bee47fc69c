"""Submissions that cheat, break or stumble, and what each must end as."""

from collections.abc import Callable
from dataclasses import dataclass, field

import nbformat
from nbformat.v4 import new_code_cell

from attention_course.checks import lesson_04 as check
from attention_course.checks.catalogue import problems
from attention_course.grading.running import Limits

SOLUTIONS = {name: problem.source() for name, problem in problems(check).items()}
ALL = set(SOLUTIONS)
QUICK = Limits(cell=3.0, whole=25.0, memory=2**30, processes=8, output=20_000)


@dataclass
class Case:
    """One submission. solved: the problems whose points it must get, no more and no fewer.

    says: what a failure must say, or a verdict; where it says nothing, there is no failure. file: the bytes that are
    handed in, in place of a notebook. apart: whether only a sandbox prevents it.
    """

    name: str
    answers: dict[str, str] = field(default_factory=dict)  # in place of the solutions
    first: str = ""  # a cell before all others
    last: str = ""  # and one behind
    solved: set[str] = field(default_factory=lambda: set(ALL))
    says: str = ""
    file: bytes | None = None
    change: Callable | None = None  # of the notebook
    limits: Limits = QUICK
    apart: bool = False
    quick: bool = False  # whether `make test` runs it, too

    def notebook(self, released) -> nbformat.NotebookNode:
        """What is handed in."""
        made = nbformat.from_dict(released)
        for cell in made.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "").replace("-", "_")
            if name in ALL:
                cell.source = self.answers.get(name, SOLUTIONS[name])
        if self.first:
            made.cells.insert(0, new_code_cell(self.first))
        if self.last:
            made.cells.append(new_code_cell(self.last))
        return self.change(made) if self.change else made


def without(*names: str) -> set[str]:
    """All problems but these."""
    return ALL - set(names)


WRONG = {
    "greedy": "def greedy(look, advance, read, state, longest):\n    return []",
    "same_rows": "same_rows = 'D'",
    "bleu": "def bleu(translations, references):\n    return 100.0",
    "beam_step": "def beam_step(scores, logs):\n    return scores, scores, scores",
    "rank": "def rank(hypotheses, power):\n    return [words for words, _ in hypotheses]",
}


def rank(body: str) -> dict[str, str]:
    """An answer to the problem `rank` alone."""
    return {"rank": "def rank(hypotheses, power):\n" + "\n".join(f"    {line}" for line in body.splitlines())}


def _checks(notebook):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


def _no_checks(notebook):
    notebook.cells = [cell for cell in notebook.cells if cell not in _checks(notebook)]
    return notebook


def _no_marks(notebook):
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    return notebook


def _backwards(notebook):
    checks = _checks(notebook)
    notebook.cells = [cell for cell in notebook.cells if cell not in checks] + checks[::-1]
    return notebook


def _no_answer(notebook):
    notebook.cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") != "rank"]
    return notebook


def _changed_checks(notebook):
    for cell in _checks(notebook):
        cell.source = "print('correct')"
    return notebook


def _twice(notebook):
    for cell in _checks(notebook):
        copy = nbformat.from_dict(cell)
        copy.source = "1"
        notebook.cells.append(copy)
    return notebook


def _forged_outputs(notebook):
    for cell in _checks(notebook):
        cell.outputs = [nbformat.v4.new_output("stream", text="✓ Correct.\n")]
        cell.metadata["nbgrader"]["points"] = 1000
    return notebook


def _odd_marks(notebook):
    for cell in notebook.cells:
        cell.metadata["nbgrader"] = "yes" if cell.cell_type == "markdown" else cell.metadata.get("nbgrader", {})
    return notebook


def _wrong_kernel(notebook):
    notebook.metadata = {"kernelspec": {"name": "julia-1.10", "display_name": "Julia", "language": "julia"}}
    return notebook


def _checks_as_text(notebook):
    for cell in _checks(notebook):
        cell.cell_type = "markdown"
        cell.pop("outputs", None)
        cell.pop("execution_count", None)
    return notebook


SPEAK = """
import os, socket, struct
line = socket.socket(socket.AF_UNIX)
line.connect(os.environ["ATTENTION_COURSE_JUDGE"])
"""

CASES = [
    Case("all right", quick=True),
    Case("all wrong", WRONG, solved=set()),
    Case("nothing done", dict.fromkeys(ALL, "..."), solved=set(), says="No answer"),
    # Time
    Case(
        "endless loop in an answer",
        rank("while True:\n    pass"),
        solved=without("rank"),
        says="longer than 3",
        quick=True,
    ),
    Case("endless loop before all", first="while True:\n    pass", says="Cell 1 took longer"),
    Case(
        "endless loop that hears no interrupt",
        rank("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n    pass"),
        solved=without("rank"),
        says="longer than",
    ),
    Case("sleeps", rank("import time\ntime.sleep(1000)"), solved=without("rank"), says="longer than 3"),
    Case("endless recursion", rank("return rank(hypotheses, power)"), solved=without("rank"), says="RecursionError"),
    Case(
        "a thread without end", first="import threading, time\nthreading.Thread(target=lambda: time.sleep(1e6)).start()"
    ),
    Case(
        "a pattern that takes for ever",
        rank("import re\nre.match('(a+)+$', 'a' * 60 + 'b')"),
        solved=without("rank"),
        says="longer than",
    ),
    # Memory, disk, output
    Case("memory at once", rank("bytearray(10**11)"), solved=without("rank"), says="MemoryError"),
    Case(
        "memory bit by bit",
        rank("kept = []\nwhile True:\n    kept.append('x' * 10**7)"),
        solved=without("rank"),
        quick=True,
    ),
    Case("memory of torch", rank("import torch\ntorch.ones(10**11)"), solved=without("rank")),
    Case(
        "memory of children",
        first="import os, time\nfor _ in range(4):\n    if not os.fork():\n        x = bytearray(4 * 10**8)\n"
        "        for i in range(0, len(x), 4096): x[i] = 1\n        time.sleep(100)\ntime.sleep(2.5)",
        solved=set(),
        says="memory",
    ),
    Case("a huge file", first="with open('big', 'wb') as file:\n    file.truncate(10**12)"),
    Case("much output", first="for _ in range(20_000):\n    print('x' * 1000)"),
    Case("one huge line", first="print('x' * 10**8)"),
    Case("a huge display", first="from IPython.display import HTML\nHTML('x' * 10**8)"),
    Case("a huge answer", rank("return 'x' * 10**9"), solved=without("rank")),
    Case("a large answer", rank("return [['x' * 10**8]] * 8"), solved=without("rank")),
    # The end of the kernel
    Case("sys.exit", rank("import sys\nsys.exit(0)"), solved=without("rank")),
    Case("os._exit", rank("import os\nos._exit(0)"), solved=without("rank"), says="The kernel ended", quick=True),
    Case("os._exit before all", first="import os\nos._exit(0)", solved=set(), says="The kernel ended in cell 1"),
    Case("a crash", rank("import ctypes\nctypes.string_at(0)"), solved=without("rank"), says="The kernel ended"),
    Case("KeyboardInterrupt", rank("raise KeyboardInterrupt"), solved=without("rank")),
    Case(
        "kills its parent",
        first="import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
        apart=True,
    ),
    # Cells
    Case("no checks", change=_no_checks),
    Case("no marks at all", change=_no_marks),
    Case("another order", change=_backwards),
    Case("an answer deleted", change=_no_answer, solved=without("rank"), says="No answer"),
    Case("checks changed", WRONG, change=_changed_checks, solved=set()),
    Case("checks twice", change=_twice),
    Case("checks as text", WRONG, change=_checks_as_text, solved=set()),
    Case("forged outputs and points", WRONG, change=_forged_outputs, solved=set(), quick=True),
    Case("odd marks", change=_odd_marks),
    Case("another kernel", change=_wrong_kernel),
    # Files
    Case("broken JSON", file=b'{"cells": [', solved=set(), says="not a notebook", quick=True),
    Case("an empty file", file=b"", solved=set(), says="empty"),
    Case("a picture", file=b"\x89PNG\r\n\x1a\n" + bytes(100), solved=set(), says="not a notebook"),
    Case(
        "no cells",
        file=b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        solved=set(),
        says="no cells",
    ),
    Case("a list", file=b"[1, 2, 3]", solved=set(), says="not a notebook"),
    Case("a huge notebook", file=b" " * (21 * 2**20), solved=set(), says="at most 20"),
    # Forgeries
    Case(
        "patched torch",
        WRONG,
        first="import torch\ntorch.equal = torch.allclose = lambda *a, **k: True\n"
        "torch.Tensor.__eq__ = lambda a, b: torch.tensor(True)",
        solved=set(),
    ),
    Case(
        "patched numpy and builtins",
        WRONG,
        first="import builtins, numpy\nnumpy.allclose = numpy.array_equal = lambda *a, **k: True\n"
        "builtins.all = builtins.any = lambda *a: True",
        solved=set(),
    ),
    Case(
        "patched check",
        WRONG,
        first="from attention_course.checks import lesson_04 as check\n"
        "for name in ('greedy', 'bleu', 'rank', 'beam_step', 'same_rows'):\n"
        "    setattr(check, name, type('Right', (), {'grade': lambda *a: 'Correct'})())",
        solved=set(),
        says="No answer",
    ),
    Case(
        "patched client",
        WRONG,
        first="from attention_course.grading import client\nclient._hand_over = lambda *a: None",
        solved=set(),
        quick=True,
    ),
    Case(
        "the judge's own words",
        WRONG,
        first='import json, os\nline = json.dumps({"name": "rank", "outcome": "correct", '
        '"mistake": None, "message": ""})\n'
        'for number in range(3):\n    os.write(min(number, 2) or 1, (line + "\\n").encode())',
        solved=set(),
    ),
    Case(
        "speaks to the judge itself",
        WRONG,
        first=SPEAK
        + """
from attention_course.grading import wire
with line.makefile("rwb") as stream:
    told = {"lesson": "lesson_04", "name": "rank", "callable": True, "outcome": "correct"}
    wire.send(stream, wire.of_submission(told))
    wire.receive(stream)
    for _ in range(100):
        wire.send(stream, wire.of_submission({"value": True, "outcome": "correct", "arguments": [1, 2, 3]}))
""",
        solved=set(),
    ),
    Case(
        "a pickle for the judge",
        WRONG,
        first=SPEAK
        + """
import pickle
class Bomb:
    def __reduce__(self):
        return os.system, ("touch %s/bomb; kill $PPID" % os.environ["HOME"],)
bomb = pickle.dumps(Bomb())
line.sendall(struct.pack(">Q", len(bomb)) + bomb)
line.close()
""",
        solved=set(),
    ),
    Case("an endless message", first=SPEAK + "line.sendall(struct.pack('>Q', 2**60) + b'x' * 1000)\nline.close()"),
    Case("half a message", first=SPEAK + "line.sendall(b'xx')\nline.close()"),
    Case(
        "a problem that is not there",
        first=SPEAK
        + """
from attention_course.grading import wire
with line.makefile("rwb") as stream:
    wire.send(stream, wire.of_submission({"lesson": "../lesson_04", "name": "__class__", "callable": False}))
line.close()
""",
    ),
    Case(
        "lists in lists",
        rank("made = []\nfor _ in range(10_000):\n    made = [made]\nreturn made"),
        solved=without("rank"),
    ),
    Case(
        "answers that lie",
        rank(
            "class Liar(list):\n    __eq__ = lambda a, b: True\n    __len__ = lambda a: 3\n"
            "    __repr__ = lambda a: 1 / 0\nreturn Liar([1])"
        ),
        solved=without("rank"),
    ),
    Case(
        "a tensor that lies",
        {
            "beam_step": """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return torch.tensor(True)
def beam_step(scores, logs):
    return torch.ones(2).as_subclass(Liar), torch.ones(2), torch.ones(2)
"""
        },
        solved=without("beam_step"),
    ),
    Case("a generator", rank("yield hypotheses"), solved=without("rank")),
    Case(
        "writes into its arguments",
        rank(
            "hypotheses.sort(key=lambda p: p[1] / len(p[0]) ** power, reverse=True)\n"
            "return [words for words, _ in hypotheses]"
        ),
        solved=without("rank"),
        says="writes into",
    ),
    # Looking for the answers
    Case(
        "imports the solutions",
        {"rank": "from attention_course.lessons.lesson_04.problems.rank import Rank\nrank = Rank.answer"},
        solved=without("rank"),
        says="No answer",
        quick=True,
    ),
    Case(
        "looks for the secret",
        first="""
import os, glob
found = [os.environ]
for place in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ"):
    try:
        found.append(open(place, "rb").read())
    except OSError:
        pass
print(found)
""",
        says="",
    ),
    Case(
        "reads the solutions from the disk",
        {
            "rank": """
import os
for folder, _, files in os.walk("/"):
    if folder.endswith("lesson_04/problems") and "rank.py" in files:
        exec(open(folder + "/rank.py").read())
        rank = Rank.answer
        break
"""
        },
        solved=without("rank"),
        limits=Limits(cell=20.0, whole=60.0, memory=2**30, processes=8),
        apart=True,
    ),
    # Processes, network, files
    Case(
        "leaves a process behind",
        first="import os, time\nif not os.fork():\n    os.setsid()\n    time.sleep(1e6)",
        quick=True,
    ),
    Case(
        "a fork bomb",
        first="import os, time\nfor _ in range(6):\n    os.fork()\ntime.sleep(2)",
        solved=set(),
        says="processes",
    ),
    Case(
        "uses the network",
        first="import socket\nsocket.create_connection(('127.0.0.1', {port}), 2).close()",
        apart=True,
    ),
    Case(
        "removes its folder",
        first="import os, shutil\nshutil.rmtree(os.environ['HOME'], ignore_errors=True)",
    ),
    Case("asks for input", first="input('points? ')"),
    Case("shell commands", first="!rm -rf ./* /no-such-place\n!kill -9 1"),
    Case(
        "changes folder and paths",
        first="import os, sys\nos.chdir('/')\nsys.path.clear()\nos.environ.clear()",
        solved=set(),
    ),
    Case("not in ASCII", first="größe = 'あ𝔛\\ud800'\nprint(größe.encode('utf-8', 'surrogatepass'))\nprint('𝔛あ')"),
]
