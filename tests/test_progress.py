"""What is remembered of the exercises, where, and that nothing can make a check fail or lose what was there."""

import contextlib
import errno
import json
import os
import subprocess
import sys

import platformdirs
import pytest

from attention_course.checks import lesson_01, progress

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


def test_two_processes_at_once_leave_a_valid_file(store):
    command = [sys.executable, "-c", WRITER, progress.__file__]
    with contextlib.ExitStack() as stack:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        writers = [stack.enter_context(subprocess.Popen([*command, name], **pipes)) for name in "ab"]
        for writer in writers:
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            writer.stdin.write("go\n")
            writer.stdin.flush()
        seen = 0
        while any(writer.poll() is None for writer in writers):
            found = progress.load()
            assert found is not None
            seen = max(seen, len(found.get("lesson_01", {})))
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen > 1 and len(progress.load()["lesson_01"]) >= 40
    assert tree(store.parent) == {"progress.json"}
