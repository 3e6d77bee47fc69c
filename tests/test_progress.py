"""What is remembered of the exercises, where, and that nothing can make a check fail or lose what was there."""

import contextlib
import errno
import json
import os
import subprocess
import sys
import threading

import platformdirs
import pytest

from attention_course import checks
from attention_course.checks import lesson_01, lesson_02, progress

CHECK = lesson_01.multiplied_mask


@pytest.fixture
def store(monkeypatch, tmp_path):
    path = tmp_path / "folder" / "progress.json"
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", str(path))
    return path


def tree(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def entry(store):
    return json.loads(store.read_text())["lesson_01"]["multiplied_mask"]


def test_an_outcome_is_kept(store):
    CHECK(None)
    assert (entry(store)["outcome"], entry(store)["tries"]) == ("not attempted", 0)
    CHECK("A")
    assert (entry(store)["outcome"], entry(store)["tries"]) == ("wrong", 1)
    CHECK("B")
    assert (entry(store)["outcome"], entry(store)["tries"]) == ("correct", 2)
    assert entry(store)["last"].count("-") == 2
    lesson_01.soft_look_up(len)
    assert progress.load()["lesson_01"].keys() == {"multiplied_mask", "soft_look_up"}
    assert tree(store.parent) == {"progress.json"}


@pytest.mark.parametrize("later", ["A", "nonsense", None])
def test_correct_stays_correct(later, store):
    CHECK("B")
    CHECK(later)
    assert entry(store)["outcome"] == "correct"
    assert CHECK.last.outcome != "correct"


def noted(outcome, tries):
    return {"outcome": outcome, "tries": tries, "last": "2026-01-01"}


def test_a_problem_keeps_what_was_noted_under_its_former_name(store):
    store.parent.mkdir()
    store.write_text(json.dumps({"lesson_02": {"additive_energies": noted("correct", 3)}, "lesson_01": {}}))
    assert progress.load() == {"lesson_02": {"additive_scores": noted("correct", 3)}, "lesson_01": {}}
    lesson_02.additive_scores(len)
    (name, kept), *others = json.loads(store.read_text())["lesson_02"].items()
    assert (name, kept["outcome"], kept["tries"], others) == ("additive_scores", "correct", 4, [])


@pytest.mark.parametrize("before, now, both", [
    ("correct", "wrong", "correct"), ("wrong", "correct", "correct"), ("not attempted", "wrong", "wrong"),
])  # fmt: skip
def test_what_was_noted_under_both_names_is_one(before, now, both, store):
    store.parent.mkdir()
    store.write_text(json.dumps({"lesson_02": {"cosine_energies": noted(before, 3), "cosine_scores": noted(now, 2)}}))
    assert progress.load() == {"lesson_02": {"cosine_scores": noted(both, 5)}}


def test_every_renamed_problem_is_there():
    for (lesson, former), name in progress.RENAMED.items():
        names = checks.problems(getattr(checks, lesson)).keys()
        assert name in names and former not in names


def test_a_grader_leaves_no_trace(store):
    CHECK.grade("B", 1)
    assert not store.exists()


@pytest.mark.parametrize("off", ["off", "OFF"])
def test_off(off, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", off)
    assert CHECK("B").outcome == "correct"
    assert progress.file() is None and progress.load() == {} and not tree(tmp_path)


def test_where_it_is_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(platformdirs, "user_data_path", lambda name: tmp_path / name)
    monkeypatch.delenv("ATTENTION_COURSE_PROGRESS")
    monkeypatch.setenv("CI", "true")
    assert progress.file() is None
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", str(tmp_path / "named"))
    assert progress.file() == tmp_path / "named", "who names a file means it, in CI as well"
    monkeypatch.delenv("CI")
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", "")
    assert progress.file() == tmp_path / "attention-course" / "progress.json"
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", str(tmp_path))
    assert progress.file() == tmp_path / "progress.json", "a folder holds the file"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", "~/mine.json")
    CHECK("B")
    assert (tmp_path / "mine.json").exists()


def test_a_home_that_is_none(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", "~no-such-user/progress.json")
    assert CHECK("B").outcome == "correct"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "[1, 2]",
        "3",
        "null",
        '"text"',
        '{"lesson_01": 3}',
        '{"lesson_01": ["multiplied_mask"]}',
        '{"lesson_01": {"multiplied_mask": "correct"}}',
        '{"lesson_01": {"multiplied_mask": {"outcome": "correct"}}}',
        '{"lesson_01": {"multiplied_mask": {"outcome": "correct", "tries": "2"}}}',
        '{"lesson_01": {"multiplied_mask": {"outcome": [], "tries": 2}}}',
        '{"lesson_01": {"multiplied_mask": {"outcome": "correct", "tries": 1',
        "[" * 100_000,
        b"\xff\xfe\x00",
    ],
    ids=repr,
)
def test_a_broken_file_is_set_aside(text, store):
    store.parent.mkdir()
    content = text if isinstance(text, bytes) else text.encode()
    for n in (1, 2):
        store.write_bytes(content)
        assert progress.load() is None
        assert CHECK("B").outcome == "correct"
        assert entry(store)["tries"] == 1
        assert (store.parent / f"progress.unreadable-{n}.json").read_bytes() == content
    assert len(tree(store.parent)) == 3


def test_what_others_wrote_is_kept(store):
    """Nothing is set aside that can be read: lessons that are not there, and keys we do not know."""
    store.parent.mkdir()
    before = {"lesson_99": {"x": {"outcome": "correct", "tries": 2, "note": "é"}}, "empty": {}}
    store.write_text(json.dumps(before, ensure_ascii=False), encoding="utf-8")
    CHECK("B")
    assert {k: v for k, v in progress.load().items() if k in before} == before
    store.write_text("{}")
    CHECK("B")
    assert tree(store.parent) == {"progress.json"}


@pytest.mark.parametrize(
    "step", ["pathlib.Path.mkdir", "tempfile.mkdtemp", "pathlib.Path.write_text", "pathlib.Path.replace"]
)
@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_what_cannot_be_written_is_let_go(step, code, store, monkeypatch):
    CHECK("A")
    before = store.read_bytes()

    def deny(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(step, deny)
    assert CHECK("B").outcome == "correct"
    assert store.read_bytes() == before
    assert tree(store.parent) == {"progress.json"}


def test_a_broken_file_that_cannot_be_set_aside_stays(store, monkeypatch):
    store.parent.mkdir()
    store.write_text("precious")

    def deny(*args):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.rename", deny)
    assert CHECK("B").outcome == "correct"
    assert store.read_text() == "precious"


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
def test_a_file_that_cannot_be_read(code, store, monkeypatch):
    CHECK("A")
    before = store.read_text()

    def deny(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.read_text", deny)
        assert CHECK("B").outcome == "correct"
    assert (store.parent / "progress.unreadable-1.json").read_text() == before
    assert entry(store)["outcome"] == "correct"


@pytest.mark.parametrize("place", ["file/progress.json", "x" * 5000])
def test_an_impossible_place(place, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", str(tmp_path / place))
    assert CHECK("B").outcome == "correct"
    assert progress.load() is None
    assert tree(tmp_path) == {"file"} and (tmp_path / "file").read_text() == "mine"


def test_a_folder_is_not_taken_for_a_broken_file(monkeypatch, tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("precious")
    monkeypatch.setenv("ATTENTION_COURSE_PROGRESS", str(tmp_path / "home"))
    CHECK("B")
    assert tree(tmp_path) == {"home", "home/thesis.txt", "home/progress.json"}


WRITER = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("progress", sys.argv[1])
progress = importlib.util.module_from_spec(spec)
spec.loader.exec_module(progress)
print("ready", flush=True)
sys.stdin.readline()
for n in range(200):
    progress.record("lesson_01", f"{sys.argv[2]}-{n % 40}", "wrong")
"""


@contextlib.contextmanager
def processes(program, *names):
    """Some that run a program, each told its own name, and begin at one moment."""
    with contextlib.ExitStack() as stack:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        commands = [[sys.executable, "-c", program, progress.__file__, name] for name in names]
        started = [stack.enter_context(subprocess.Popen(command, **pipes)) for command in commands]
        for process in started:
            assert process.stdout.readline() == "ready\n"
        for process in started:
            process.stdin.write("go\n")
            process.stdin.flush()
        yield started


def test_processes_at_once_lose_nothing_and_always_leave_a_valid_file(store):
    with processes(WRITER, "a", "b", "c") as writers:
        seen = 0
        while any(writer.poll() is None for writer in writers):
            found = progress.load()
            assert found is not None
            seen = max(seen, len(found.get("lesson_01", {})))
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    kept = progress.load()["lesson_01"]
    assert seen > 1 and set(kept) == {f"{name}-{n}" for name in "abc" for n in range(40)}
    assert {entry["tries"] for entry in kept.values()} == {5}
    assert tree(store.parent) == {"progress.json"}


def test_threads_at_once_lose_nothing(store):
    def write(name):
        for n in range(20):
            progress.record("lesson_01", f"{name}-{n % 10}", "wrong")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = progress.load()["lesson_01"]
    assert len(kept) == 30 and {entry["tries"] for entry in kept.values()} == {2}
    assert tree(store.parent) == {"progress.json"}


HOLDER = (
    WRITER.partition("for n in")[0]
    + """
with progress.alone(progress.file()):
    print("held", flush=True)
    sys.stdin.readline()
"""
)


def test_a_process_that_dies_with_the_lock_holds_up_nobody(store):
    CHECK("A")
    with processes(HOLDER, "a") as [holder]:
        assert holder.stdout.readline() == "held\n"
        holder.kill()
    assert tree(store.parent) == {"progress.json", ".progress.json.lock"}
    CHECK("B")
    assert (entry(store)["outcome"], entry(store)["tries"]) == ("correct", 2)
    assert tree(store.parent) == {"progress.json"}


def test_a_check_does_not_wait_for_ever(store, monkeypatch):
    CHECK("A")
    monkeypatch.setattr(progress, "TRIES", 3)
    with processes(HOLDER, "a") as [holder]:
        assert holder.stdout.readline() == "held\n"
        assert CHECK("B").outcome == "correct"
        assert entry(store)["tries"] == 1
        holder.stdin.write("go\n")
    CHECK("B")
    assert entry(store)["tries"] == 2


@pytest.mark.skipif(not progress.fcntl, reason="Windows locks otherwise")
@pytest.mark.parametrize("code", [errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_folder_that_knows_no_locks_is_written_to_without(code, store, monkeypatch):
    def deny(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(progress.fcntl, "flock", deny)
    CHECK("A")
    CHECK("B")
    assert entry(store)["tries"] == 2 and tree(store.parent) == {"progress.json"}
