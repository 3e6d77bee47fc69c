"""Nothing in the package is decided by a clock: the same machine gives the same numbers, idle or busy."""

import ast
from pathlib import Path

import attention_course

PACKAGE = Path(attention_course.__file__).parent
CLOCKS = {"perf_counter", "monotonic", "process_time", "thread_time", "time"}
CLOCKS |= {f"{name}_ns" for name in CLOCKS}
CLOCKS |= {"default_timer", "clock_gettime", "getrusage", "times", "now", "utcnow", "today", "Event", "Timer"}
REPORTING = {  # say how long it took, or on which day; save now and then; wait for a network; limit what is graded
    "training/loop.py: fit",
    "training/saving.py: Saver",
    "results/__init__.py: save",
    "checks/progress.py: record",
    "data/unavailable.py: ask",
    "grading/course.py: _tell",
    "grading/running.py: run",
    "grading/running.py: Client",
}


def readers(code: str) -> set[str]:
    """The outermost functions and classes in a piece of code that read a clock; "" for what stands outside of them."""
    found = set()
    for statement in ast.parse(code).body:
        for node in ast.walk(statement):
            called = node.func if isinstance(node, ast.Call) else None
            if getattr(called, "attr", getattr(called, "id", None)) in CLOCKS:
                found.add(getattr(statement, "name", ""))
    return found


def test_a_clock_is_found():
    code = "def f():\n    return time.time() - 3\ndef g():\n    x.sleep(1)\n"
    code += "class C:\n    def h(self):\n        monotonic_ns()\n"
    assert readers(code) == {"f", "C"} and readers("START = time.perf_counter()") == {""}


def test_clocks_are_read_to_report_and_to_save():
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if path.parent.name != "problems"]
    found = {f"{p.relative_to(PACKAGE).as_posix()}: {name}" for p in paths for name in readers(p.read_text("utf-8"))}
    assert found == REPORTING
