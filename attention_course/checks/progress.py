"""What has been solved, in a small file of the user's, for `attention-course progress`."""

import contextlib
import datetime
import errno
import itertools
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import platformdirs

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

    fcntl = None

RENAMED = {  # (lesson, a problem's former name): its name
    ("lesson_02", "additive_energies"): "additive_scores",
    ("lesson_02", "cosine_energies"): "cosine_scores",
}
TRIES, PAUSE = 5_000, 0.002  # how often a lock is asked for, and the seconds in between


def file() -> Path | None:
    """Where progress is kept: ATTENTION_COURSE_PROGRESS, a file or a folder, or else the user's data folder.

    None where it is off: the variable says `off`, or it is not set and this is a CI machine (CI is set).
    """
    chosen = os.environ.get("ATTENTION_COURSE_PROGRESS", "")
    if chosen.lower() == "off" or (not chosen and os.environ.get("CI")):
        return None
    if not chosen:
        return platformdirs.user_data_path("attention-course") / "progress.json"
    path = Path(os.path.expanduser(chosen))  # noqa: PTH111 (Path.expanduser raises for an unknown ~user)
    return path / "progress.json" if os.path.isdir(path) else path  # noqa: PTH112 (Path.is_dir may raise)


def load() -> dict[str, dict[str, dict]] | None:
    """{lesson: {problem: {"outcome", "tries", "last"}}}, or None where the file can't be read as that."""
    path = file()
    try:
        lessons = json.loads(path.read_text(encoding="utf-8")) if path else {}
        entries = [entry for problems in lessons.values() for entry in problems.values()]
        fits = all(isinstance(entry["outcome"], str) and isinstance(entry["tries"], int) for entry in entries)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return _renamed(lessons) if fits else None


def _renamed(lessons: dict[str, dict[str, dict]]) -> dict[str, dict[str, dict]]:
    """What was noted under a problem's former name counts under its present one."""
    for (lesson, former), name in RENAMED.items():
        before = lessons.get(lesson, {}).pop(former, None)
        if before is None:
            continue
        entry = lessons[lesson].setdefault(name, before)
        if entry is not before:
            entry["tries"] += before["tries"]
            if before["outcome"] == "correct":
                entry["outcome"] = "correct"
    return lessons


def record(lesson: str, problem: str, outcome: str) -> None:
    """Note the outcome of a check. A problem once correct stays so.

    Where several notebooks do so at once, one waits for the other, and nothing is lost. What can't be written is let
    go: no check fails for it. A file that can't be read is set aside, not overwritten.
    """
    path = file()
    if path is None:
        return
    with contextlib.suppress(OSError), alone(path):
        solved = load()
        if solved is None:
            names = (path.with_name(f"{path.stem}.unreadable-{n}{path.suffix}") for n in itertools.count(1))
            path.rename(next(name for name in names if not name.exists()))
            solved = {}
        entry = solved.setdefault(lesson, {}).setdefault(problem, {"outcome": outcome, "tries": 0})
        entry["tries"] += outcome != "not attempted"
        if entry["outcome"] != "correct":
            entry["outcome"] = outcome
        entry["last"] = datetime.date.today().isoformat()
        with tempfile.TemporaryDirectory(prefix=".progress-", dir=path.parent) as folder:
            written = Path(folder, path.name)
            written.write_text(json.dumps(solved, indent=1), encoding="utf-8")
            written.replace(path)  # in one step: who reads meanwhile finds the old file or the new one


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep others from changing `path`, by a lock that the system takes back from a process however it ends.

    It is on a file beside it, which goes when the lock goes (on Windows it stays). Raises OSError where no file can be
    made there, or where another does not let go of the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.lock")
    for _ in range(TRIES):
        file = beside.open("ab")
        if _lock(file) and _is_there(file, beside):
            break
        file.close()
        time.sleep(PAUSE)
    else:
        raise TimeoutError(f"{beside} is locked")
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
        file.close()


def _lock(file: BinaryIO) -> bool:
    """Lock it, unless another has. Where the folder knows no locks, go on without."""
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except OSError as error:
        return error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return True


def _is_there(file: BinaryIO, path: Path) -> bool:
    """Whether the open file is the one of that name: who had the lock before may have removed it."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
