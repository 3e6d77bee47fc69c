"""Change every solution a little, in many ways, and see that its check refuses each: `make mutants`.

Writes the table `tests/mutants.md`. A mutant that is let through has to stand in `tests/equivalent_mutants.toml` with
a sentence that says why it is as right as the solution; then it is compared with the solution on 200 admissible inputs.
What is let through otherwise is printed, and makes an exit status of 1.
"""

import argparse
import inspect
import os
import signal
import sys
import textwrap
import tomllib
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

os.environ["ATTENTION_COURSE_PROGRESS"] = "off"

import torch
from mutating.edits import mutants
from mutating.tables import table

from attention_course import checks
from attention_course.checks.comparing import other_kind
from attention_course.checks.session import neutral

ROOT = Path(__file__).parents[1]
EQUIVALENT, TABLE = ROOT / "tests" / "equivalent_mutants.toml", ROOT / "tests" / "mutants.md"
ADMISSIBLE = 200
COLUMNS = ["problems", "mutants made", "refused", "equivalent"]
HEAD = """\
# Mutants

Each solution of the exercises, changed a little in many ways (`tools/mutating/edits.py`), and what its check
said of it. Written by `make mutants`. Why the equivalent ones are as right as the solution stands in
[equivalent_mutants.toml](equivalent_mutants.toml).
"""
PATIENCE = 60  # seconds of processor time for one mutant


class Endless(BaseException):
    """A mutant does not come to its end."""


def written() -> list[checks.Problem]:
    """The problems with code for an answer."""
    found = [problem for lesson in checks.lessons() for problem in checks.problems(lesson).values()]
    return [problem for problem in found if not isinstance(problem, checks.Choice)]


def examine(title: str) -> dict:
    """What became of the mutants of one problem: {"refused": number, "equivalent": [...], "faults": [...]}."""
    torch.set_num_threads(1)
    problem = next(p for p in written() if f"{p.lesson}.{p.name}" == title)
    reasons = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get(problem.lesson, {}).get(problem.name, {})
    solution, module = type(problem).answer, sys.modules[type(problem).__module__]
    kinds = any(other_kind(case.right.value * 1.0, case.right.value) for case in problem.cases(0) if is_array(case))
    report = {"title": title, "made": 0, "refused": 0, "equivalent": [], "faults": []}
    for mutant in mutants(textwrap.dedent(inspect.getsource(solution)), kinds):
        report["made"] += 1
        # As a learner's own code: the checks look on only there.
        namespace = {**vars(module), "__name__": "__main__"}
        try:
            with limited():
                exec(mutant.code, namespace)
                outcome = problem.judge(namespace[solution.__name__], seed=0).outcome
                different = None if outcome == "wrong" else first_difference(problem, namespace[solution.__name__])
        except Endless:
            outcome = "wrong"
        if outcome == "wrong":
            report["refused"] += 1
            if mutant.change in reasons:
                report["faults"].append(f"listed as equivalent, and refused: {mutant.change}")
        elif different is not None:
            report["faults"].append(f"let through ({outcome}), and wrong on {different}: {mutant.change}")
        elif mutant.change not in reasons:
            report["faults"].append(f"let through ({outcome}), and not explained: {mutant.change}")
        else:
            report["equivalent"].append(mutant.change)
    known = {*report["equivalent"], *(fault.partition(": ")[2] for fault in report["faults"])}
    report["faults"] += [f"listed as equivalent, and not made any more: {change}" for change in reasons.keys() - known]
    return report


def first_difference(problem: checks.Problem, answer) -> str | None:
    """Where an answer and the solution are not alike, of many admissible inputs; None where they are."""
    generator = torch.Generator().manual_seed(1)
    for i in range(ADMISSIBLE):
        with neutral():
            arguments = problem.admissible(generator)
        right, tried = (problem.attempt(function, arguments) for function in (type(problem).answer, answer))
        same_kind = problem.any_kind or tried.error or not other_kind(tried.value, right.value)
        if not tried.equals(right) or not same_kind:
            return f"admissible input {i}"
    return None


def is_array(case) -> bool:
    """Whether the solution gives numbers that can be made real."""
    return hasattr(case.right.value, "dtype") or isinstance(case.right.value, int)


class limited:
    """Raises `Endless` where what is done within takes more than PATIENCE of processor time."""

    def __enter__(self):
        def stop(number, frame):
            raise Endless

        self.before = signal.signal(signal.SIGVTALRM, stop)
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)

    def __exit__(self, *_):
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, self.before)


def by_lesson(reports: list[dict]) -> dict[str, Counter]:
    rows = {}
    for report in reports:
        row = rows.setdefault(report["title"].partition(".")[0].removeprefix("lesson_"), Counter())
        row.update({"problems": 1, "mutants made": report["made"], "refused": report["refused"]})
        row.update(equivalent=len(report["equivalent"]))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wanted", nargs="*", help="a lesson or a problem, such as 04 or lesson_04.bleu; all if none")
    wanted = parser.parse_args().wanted
    titles = [f"{p.lesson}.{p.name}" for p in written()]
    chosen = [t for t in titles if not wanted or any(w in (t, t.partition(".")[0][-2:]) for w in wanted)]
    with ProcessPoolExecutor(max_workers=2) as pool:
        reports = []
        for report in pool.map(examine, chosen):
            reports.append(report)
            print(f"{report['title']}: {report['made']} made, {report['refused']} refused", flush=True)
            for fault in report["faults"]:
                print(f"    {fault}", flush=True)
    if not wanted:
        TABLE.write_text(table(HEAD, "lesson", COLUMNS, by_lesson(reports)), encoding="utf-8")
    return int(any(report["faults"] for report in reports))


if __name__ == "__main__":
    sys.exit(main())
