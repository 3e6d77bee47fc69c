"""Forget one word about devices in the package, one at a time, and see that tests on the pretended device fail.

Writes the table `tests/device_faults.md`. A fault that passes has to stand in `tests/harmless_device_faults.toml`, with
a sentence that says why nothing comes of it. What passes otherwise is printed, and makes an exit status of 1.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutating.devices import device_faults
from mutating.tables import table

ROOT = Path(__file__).parents[1]
HARMLESS, TABLE = ROOT / "tests" / "harmless_device_faults.toml", ROOT / "tests" / "device_faults.md"
PACKAGE = ROOT / "attention_course"
PARTS = PACKAGE.name, "tests", "conftest.py", "pyproject.toml", "constraints.txt"  # all that a run needs
LEARNERS = re.compile(r"/problems/|/checks/|cli\.py|claims\.py")  # what they run stays on the CPU
COLUMNS = ["forgotten", "caught", "harmless"]
HEAD = """\
# Device faults

One word about devices forgotten in the package at a time: a `device=`, a `.to(...)`, a `.cpu()`
(`tools/mutating/devices.py`); and whether the tests on the pretended device fail. Written by
`make device-faults`. Why nothing comes of the harmless ones stands in
[harmless_device_faults.toml](harmless_device_faults.toml).
"""
PATIENCE = 600  # seconds
LIKELY = {"lessons/": "test_rooms", "plots/": "test_plots", "masks": "test_on", "layers/": "test_on"}
LIKELY |= {"efficient/": "test_on", "positions/": "test_on", "metrics/": "test_rooms", "region_": "test_rooms"}
LIKELY |= {"encoder": "test_rooms", "hard_": "test_rooms", "decoding": "test_rooms", "fingerprint": "test_rooms"}
"""The tests that catch a fault in such a file, as a rule; the others come after them."""


def faults() -> list[tuple[str, str, str]]:
    """The file, what is changed in it, and its text then."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not LEARNERS.search(f"/{name}"):
            found += [(name, fault.change, fault.code) for fault in device_faults(path.read_text(encoding="utf-8"))]
    return found


def caught(fault: tuple[str, str, str]) -> str:
    """The first test that fails; empty where none does."""
    name, _, text = fault
    with tempfile.TemporaryDirectory() as folder:
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, Path(folder, part))
        Path(folder, PACKAGE.name, name).write_text(text, encoding="utf-8")
        return first_failure(Path(folder), next((test for part, test in LIKELY.items() if part in name), "test_models"))


def first_failure(root: Path, likely: str = "") -> str:
    """Of the tests on the device, with the package that stands beside them. likely: the beginning of the first file."""
    tests = [path for path in (root / "tests").glob("test_*on_sim.py") if path.stem != "test_lessons_on_sim"]
    tests.sort(key=lambda path: (not path.stem.startswith(likely), path.stem))
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *map(str, tests)]
    environment = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, cwd=root, capture_output=True, text=True, timeout=PATIENCE)
    told = re.search(r"^(FAILED|ERROR) \S*?(test_\S+)", done.stdout, re.MULTILINE)
    return told[2] if told else "a run that ended" if done.returncode else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wanted", nargs="*", help="parts of files' names, such as efficient/; all files if none")
    wanted = parser.parse_args().wanted
    reasons = tomllib.loads(HARMLESS.read_text(encoding="utf-8"))
    chosen = [fault for fault in faults() if not wanted or any(part in fault[0] for part in wanted)]
    if broken := first_failure(ROOT):
        sys.exit(f"the package as it is fails, in {broken}")
    rows, wrong = {}, []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for (name, change, _), by in zip(chosen, pool.map(caught, chosen), strict=True):
            known = change in reasons.get(name, {})
            rows.setdefault(name, Counter()).update(forgotten=1, caught=int(bool(by)), harmless=int(not by))
            if bool(by) == known:
                wrong.append(f"{name}: {change}")
            said = ("caught by " + by if by else "passes") + (", and stands among the harmless" if known else "")
            print(f"{name}: {change}: {said}", flush=True)
    known = {(name, change) for name, changes in reasons.items() for change in changes}
    if gone := known - {(name, change) for name, change, _ in faults()}:
        wrong += [f"{name}: listed as harmless, and not made any more: {change}" for name, change in sorted(gone)]
    print("\n".join(["", *wrong]))
    if not wanted:
        TABLE.write_text(table(HEAD, "file", COLUMNS, rows), encoding="utf-8")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
