"""The data registry against a server on this machine: what comes is right, and what goes wrong leaves no trace."""

import _thread
import errno
import hashlib
import io
import os
import pickle
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pooch.downloaders
import pytest

from attention_course.data import registry, unavailable
from attention_course.data.registry import DatasetUnavailable, fetch, licence, report, where

MIRROR = os.environ.get("ATTENTION_COURSE_DATA", "")
PUBLIC = registry.entries()
PATIENCE = unavailable.PATIENCE
HANGS = 1_800  # seconds
NAME = "letters/train.en.gz"
FILES = {  # big enough to be sent in many pieces
    "letters/train.en.gz": hashlib.shake_256(b"en").digest(300_000),
    "letters/train.fr.gz": hashlib.shake_256(b"fr").digest(200_000),
    "digits/all.csv": hashlib.shake_256(b"1").digest(1_000),
}
RIGHT = FILES[NAME]
ROOT = Path(registry.__file__).parents[2]
PAGE = b"\n<!DOCTYPE html><html><body>Sign in to the network of this school</body></html>"


class Server(ThreadingHTTPServer):
    """Serves FILES; `behave`, when set, answers a GET in their place. `over` is set when the test ends."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests, self.behave, self.over = [], None, threading.Event()
        self.host = f"127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """Say nothing: the clients of these tests go away in the middle on purpose."""


class Handler(BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.server.requests.append(f"HEAD {self.path}")
        self.send(200, length=0)

    def do_GET(self):
        self.server.requests.append(f"GET {self.path}")
        name = self.path.removeprefix("/public/").removeprefix("/mirror/")
        if self.server.behave:
            self.server.behave(self)
        elif name in FILES:
            self.send(200, FILES[name])
        else:
            self.send(404, PAGE)

    def send(self, status, body=b"", length=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    server = Server()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def small_world(monkeypatch, tmp_path, server):
    """A registry of three files on the server, an empty cache, and no way out of this machine."""
    monkeypatch.setattr(registry, "entries", lambda: entries_at(f"http://{server.host}/public"))
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", str(tmp_path / "new" / "cache"))
    monkeypatch.delenv("ATTENTION_COURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(registry, "TIMEOUT", (HANGS, HANGS))  # a busy machine is slow
    monkeypatch.setattr(unavailable, "PATIENCE", HANGS)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    look_up = socket.getaddrinfo

    def look_up_here(host, *args, **kwargs):
        if host != "127.0.0.1":
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is outside of this test")
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
    unavailable.ask.cache_clear()
    yield
    unavailable.ask.cache_clear()


def entries_at(base):
    return {
        name: registry.Entry(
            name=name,
            url=f"{base}/{name}",
            sha256=hashlib.sha256(body).hexdigest(),
            bytes=len(body),
            licence="CC0",
            lines=1,
        )
        for name, body in FILES.items()
    }


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "new" / "cache"


@pytest.fixture(params=["no cache", "a wrong file and another"])
def untouched(request, cache, tmp_path):
    """Prepare the cache, and hold that the test leaves it and the folder for temporary files as they were."""
    if request.param != "no cache":
        put(cache / NAME, RIGHT[:-1] + b"?")
        put(cache / "digits/all.csv", FILES["digits/all.csv"])
    before = tree(tmp_path)
    yield
    assert tree(tmp_path) == before


def put(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)


def tree(folder):
    """Everything below a folder: the bytes of each file, None for a folder."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def refused(*said, name=NAME):
    """Fetch a file that cannot be had; hold what the message must say."""
    with pytest.raises(DatasetUnavailable) as caught:
        fetch(name)
    message = str(caught.value)
    for words in (name, registry.entries()[name]["url"], "ATTENTION_COURSE_", *said):
        assert words in message
    assert len(message.splitlines()) <= 3
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None  # no second traceback for the reader
    assert str(pickle.loads(pickle.dumps(caught.value))) == message
    return message


# What comes is right


def test_a_file_comes_once_and_stays(server, cache):
    assert where(NAME) == "download"
    assert fetch(NAME) == cache / NAME
    assert (cache / NAME).read_bytes() == RIGHT
    assert [path for path in cache.rglob("*") if path.is_file()] == [cache / NAME]
    assert fetch(NAME) == cache / NAME
    assert where(NAME) == "cache"
    assert server.requests == ["HEAD /", f"GET /public/{NAME}"]


def test_a_wrong_file_in_the_cache_is_replaced(server, cache):
    put(cache / NAME, PAGE)
    assert where(NAME) == "download"
    assert fetch(NAME).read_bytes() == RIGHT


def test_an_unreadable_file_in_the_cache_is_no_file(cache):
    (cache / NAME).mkdir(parents=True)
    assert where(NAME) == "download"
    refused("cache folder", "directory")


def test_a_file_in_the_cache_needs_no_network(server, cache):
    put(cache / NAME, RIGHT)
    server.server_close()
    assert where(NAME) == "cache"
    assert fetch(NAME) == cache / NAME


def test_two_at_once_do_not_disturb_each_other(server, cache):
    both = threading.Barrier(2, timeout=HANGS)

    def meet_half_way(handler):
        handler.send(200, RIGHT[:150_000], len(RIGHT))
        both.wait()
        handler.wfile.write(RIGHT[150_000:])

    server.behave, came = meet_half_way, []
    pair = [threading.Thread(target=lambda: came.append(fetch(NAME))) for _ in range(2)]
    for one in pair:
        one.start()
    for one in pair:
        one.join()
    assert came == [cache / NAME] * 2
    assert tree(cache) == {cache / "letters": None, cache / NAME: RIGHT}


def test_without_a_variable_the_cache_is_the_user_s(monkeypatch, tmp_path):
    monkeypatch.delenv("ATTENTION_COURSE_CACHE")
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / "user" / project)
    assert fetch(NAME) == tmp_path / "user" / "attention_course" / NAME


def test_the_server_is_asked_not_to_pack(server):
    asked = []

    def pack(handler):
        asked.append(handler.headers["Accept-Encoding"])
        handler.send(200, RIGHT)

    server.behave = pack
    fetch(NAME)
    assert asked == ["identity"]


# What goes wrong on the way: the server's answers, and what the message says of each


def half_then_close(handler):
    handler.send(200, RIGHT[:150_000], len(RIGHT))


def half_then_reset(handler):
    half_then_close(handler)
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def half_then_silence(handler):
    half_then_close(handler)
    handler.server.over.wait(HANGS)


def headers_only(handler):
    handler.send(200, length=len(RIGHT))


def silence(handler):
    handler.server.over.wait(HANGS)


ANSWERS = {
    "wrong sum": (lambda handler: handler.send(200, RIGHT[:-1] + b"?"), "wrong SHA-256 sum"),
    "too long": (lambda handler: handler.send(200, RIGHT + b"?"), "wrong SHA-256 sum"),
    "short": (lambda handler: handler.send(200, RIGHT[:150_000]), "is cut off: 150,000 of 300,000 bytes"),
    "empty": (lambda handler: handler.send(200), "is cut off: 0 of 300,000 bytes"),
    "closed half way": (half_then_close, "was cut off after"),
    "closed before the first byte": (headers_only, "was cut off after 0 of 300,000 bytes"),
    "died half way": (half_then_reset, "was cut off after"),
    "silent half way": (half_then_silence, "was cut off after"),
    "silent": (silence, "did not answer"),
    "no HTTP": (lambda handler: handler.wfile.write(b"220 mail.example ready\r\n"), "could not be reached"),
    "web page": (lambda handler: handler.send(200, PAGE), "is a web page instead of the file"),
    "404": (lambda handler: handler.send(404, PAGE), "answered 404 (Not Found)"),
    "500": (lambda handler: handler.send(500), "answered 500 (Internal Server Error)"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_bad_answer(answer, server, cache, monkeypatch, untouched):
    server.behave, reason = ANSWERS[answer]
    if "silent" in answer:
        monkeypatch.setattr(registry, "TIMEOUT", (HANGS, 0.2))
    refused(server.host, reason, "Try again later", f"save it as {cache / NAME}")


def closed_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "data.example"])
def test_no_network(host, monkeypatch, untouched):
    elsewhere = entries_at(f"http://{host}:{closed_port()}")
    monkeypatch.setattr(registry, "entries", lambda: elsewhere)
    assert where(NAME) is None
    refused(host, "could not be reached (is there a network?)", "Try again later")


def test_interrupted(server, untouched):
    def interrupt(handler):
        half_then_close(handler)
        _thread.interrupt_main()
        for byte in RIGHT[150_000:]:  # so that the one who waits for it wakes up
            if handler.server.over.wait(0.01):
                break
            handler.wfile.write(bytes([byte]))

    server.behave = interrupt
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME)


# What goes wrong on this machine


@pytest.fixture
def failing_write(monkeypatch):
    """Let writing a download fail with this error after its first piece, as a full disk does."""

    def fail_with(error):
        class Disk(io.FileIO):
            def write(self, piece):
                if self.tell():
                    raise error
                return super().write(piece)

        monkeypatch.setattr(pooch.downloaders, "open", Disk, raising=False)

    return fail_with


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_full_disk(code, failing_write, cache, untouched):
    failing_write(OSError(code, os.strerror(code)))
    refused(str(cache), os.strerror(code), "Set ATTENTION_COURSE_CACHE to a folder that has room")


def test_interrupted_while_writing(failing_write, untouched):
    failing_write(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch(NAME)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
@pytest.mark.parametrize("step", ["pathlib.Path.mkdir", "tempfile.mkdtemp", "pathlib.Path.replace"])
def test_read_only_cache(step, code, monkeypatch, cache, untouched):
    def deny(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(step, deny)
    refused(str(cache), os.strerror(code), "Set ATTENTION_COURSE_CACHE to a folder that has room")


@pytest.mark.parametrize("inside", ["a file", "/proc"])
def test_a_cache_that_nobody_can_write(inside, monkeypatch, tmp_path, untouched):
    if inside == "a file":
        inside = tmp_path / "tmp" / "file"
        inside.write_bytes(b"")
    elif not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", f"{inside}/cache")
    try:
        refused(f"{inside}/cache", "cannot be written to", "Set ATTENTION_COURSE_CACHE")
    finally:
        (tmp_path / "tmp" / "file").unlink(missing_ok=True)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="modes do not bind root")
def test_a_cache_without_the_right_to_write(cache, tmp_path):
    cache.mkdir(parents=True)
    cache.chmod(0o500)
    refused(str(cache), os.strerror(errno.EACCES), "Set ATTENTION_COURSE_CACHE")
    cache.chmod(0o700)
    assert not tree(cache)


DISK = """
import os, subprocess, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_registry import NAME, entries_at, registry
disk, base, options = sys.argv[2:]
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], check=True)
if options == "ro":
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
registry.entries = lambda: entries_at(base)
try:
    registry.fetch(NAME)
except registry.DatasetUnavailable as error:
    print(error)
print(sorted(Path(disk).rglob("*")))
"""


@pytest.mark.parametrize(("options", "code"), [("ro", errno.EROFS), ("rw", errno.ENOSPC)])
def test_a_disk_that_is_truly_full_or_read_only(options, code, server, cache):
    """A tiny disk in a mount namespace of its own, which ends with the process."""
    own = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*own, "true"], capture_output=True).returncode:
        pytest.skip("no mount namespaces on this system")
    cache.mkdir(parents=True)
    arguments = [str(Path(__file__).parent), str(cache), f"http://{server.host}/public", options]
    run = subprocess.run(
        [*own, sys.executable, "-c", DISK, *arguments], capture_output=True, text=True, check=True, cwd=ROOT
    )
    *message, left = run.stdout.splitlines()
    assert f"the cache folder {cache} cannot be written to ({os.strerror(code)})" in message[0]
    assert "Set ATTENTION_COURSE_CACHE" in message[1]
    assert left == "[]"


# Mirrors


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """A mirror folder that has one file of the three."""
    put(tmp_path / "mirror" / NAME, RIGHT)
    monkeypatch.setenv("ATTENTION_COURSE_DATA", str(tmp_path / "mirror"))
    return tmp_path / "mirror"


def test_a_mirror_folder_is_used_in_place(mirror, server, cache):
    put(cache / NAME, RIGHT)
    before = tree(cache)
    assert where(NAME) == "mirror"
    assert fetch(NAME) == mirror / NAME
    assert tree(cache) == before
    assert not server.requests


@pytest.mark.parametrize("name", ["mirror", "my mirror", "it's 5$ (ä), 100%"])
@pytest.mark.parametrize(
    "form", ["{path}", "file://{url}", "file://localhost{url}", "file:{url}", "FILE://{url}", "{path}/"]
)
def test_a_folder_in_every_form_is_the_mirror_and_the_cache(name, form, monkeypatch, tmp_path, server):
    folder = tmp_path / name
    given = form.format(path=folder, url=quote(str(folder)))
    put(folder / NAME, RIGHT)
    monkeypatch.setenv("ATTENTION_COURSE_DATA", given)
    assert where(NAME) == "mirror" and fetch(NAME) == folder / NAME
    monkeypatch.delenv("ATTENTION_COURSE_DATA")
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", given)
    assert registry.cache_folder() == folder
    assert where(NAME) == "cache" and fetch(NAME) == folder / NAME
    assert not server.requests


@pytest.mark.parametrize("given", ["ftp://a.org/data", "s3://data", "file://data", "file://a.org/data", "file:"])
def test_a_mirror_of_another_kind_is_refused_with_what_may_stand_there(given, mirror, monkeypatch):
    monkeypatch.setenv("ATTENTION_COURSE_DATA", given)
    assert where(NAME) is None
    refused("the mirror folder", "does not exist", "(a folder, file:///folder or http://host/folder)")


@pytest.mark.parametrize("given", ["", " "])
def test_an_empty_variable_is_none(given, server, monkeypatch, tmp_path):
    monkeypatch.setenv("ATTENTION_COURSE_DATA", given)
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", given)
    monkeypatch.setattr(pooch, "os_cache", lambda project: tmp_path / project)
    assert where(NAME) == "download" and fetch(NAME) == tmp_path / "attention_course" / NAME


def test_a_relative_mirror_and_one_at_home(mirror, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTENTION_COURSE_DATA", "mirror")
    assert fetch(NAME) == mirror / NAME
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("ATTENTION_COURSE_DATA", "~/mirror")
    assert fetch(NAME) == mirror / NAME
    monkeypatch.setenv("ATTENTION_COURSE_DATA", "~no-such-user/mirror")
    assert where(NAME) is None
    refused("the mirror folder", "~no-such-user")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda mirror: put(mirror / NAME, RIGHT[:-1] + b"?"), "wrong SHA-256 sum"),
        (lambda mirror: put(mirror / NAME, RIGHT[:7]), "is cut off: 7 of 300,000 bytes"),
        (lambda mirror: put(mirror / NAME, PAGE), "is a web page"),
        (lambda mirror: (mirror / NAME).unlink(), "does not exist"),
        (shutil.rmtree, "the mirror folder"),
    ],
    ids=["wrong sum", "cut off", "web page", "no file", "no folder"],
)
def test_a_mirror_without_the_right_file(spoil, reason, mirror, server, cache):
    spoil(mirror)
    assert where(NAME) is None
    refused(str(mirror), reason, "the cache has no right copy either", "unset it")
    assert not server.requests, "a mirror is set: the public address is not asked"
    put(cache / NAME, RIGHT)
    assert where(NAME) == "cache"
    assert fetch(NAME) == cache / NAME


def test_a_mirror_url_fills_the_cache(server, cache, monkeypatch):
    monkeypatch.setenv("ATTENTION_COURSE_DATA", f"http://{server.host}/mirror/")
    assert where(NAME) == "mirror"
    assert fetch(NAME) == fetch(NAME) == cache / NAME
    assert where(NAME) == "cache"
    assert server.requests == ["HEAD /", f"GET /mirror/{NAME}"]


def test_a_mirror_url_without_the_file(server, monkeypatch, untouched):
    monkeypatch.setenv("ATTENTION_COURSE_DATA", f"http://pupil:secret@{server.host}/empty")
    message = refused(f"the mirror {server.host} answered 404", "unset it")
    assert "secret" not in message
    assert server.requests == [f"GET /empty/{NAME}"]


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("address", ["http://", "https://a..b/data", "http://[::1/data"])
def test_a_mirror_url_that_is_none(address, monkeypatch, untouched):
    monkeypatch.setenv("ATTENTION_COURSE_DATA", address)
    assert where(NAME) is None
    refused("the mirror", "could not be asked", "Correct ATTENTION_COURSE_DATA")


# What can be had, and the registry itself


def test_report(server, cache, monkeypatch, tmp_path):
    assert report() == [("letters", 2, 0.5, "download"), ("digits", 1, 0.001, "download")]
    assert server.requests == ["HEAD /"], "a host is asked once"
    put(cache / NAME, RIGHT)
    put(cache / "digits/all.csv", FILES["digits/all.csv"])
    assert [row[3] for row in report()] == ["download", "cache"]
    put(cache / "letters/train.fr.gz", FILES["letters/train.fr.gz"])
    put(tmp_path / "mirror" / NAME, RIGHT)
    monkeypatch.setenv("ATTENTION_COURSE_DATA", str(tmp_path / "mirror"))
    assert [row[3] for row in report()] == ["cache", "cache"]
    (cache / NAME).unlink()
    assert [row[3] for row in report()] == ["cache", "cache"]
    (cache / "letters/train.fr.gz").unlink()
    assert [row[3] for row in report()] == [None, "cache"]


def test_no_request_when_everything_is_here(server, cache):
    for name, body in FILES.items():
        put(cache / name, body)
    assert [row[3] for row in report()] == ["cache", "cache"]
    assert not server.requests


def test_a_host_that_does_not_answer_is_not_waited_for(server, monkeypatch):
    assert PATIENCE <= 2
    monkeypatch.setattr(unavailable, "PATIENCE", 0.2)
    monkeypatch.setattr(Handler, "do_HEAD", silence)
    assert where(NAME) is None
    assert [row[3] for row in report()] == [None, None]


def test_a_look_up_that_hangs_is_not_waited_for(server, monkeypatch):
    monkeypatch.setattr(unavailable, "PATIENCE", 0.2)
    monkeypatch.setattr(registry, "entries", lambda: entries_at("http://data.example"))

    waited_to_the_end, threads = [], set(threading.enumerate())

    def hang(*args, **kwargs):
        waited_to_the_end.append(not server.over.wait(HANGS))
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert where(NAME) is None
    assert [row[3] for row in report()] == [None, None]
    assert not waited_to_the_end
    assert all(thread.daemon for thread in set(threading.enumerate()) - threads), "the exit must not wait either"


def test_hosts_are_asked_together(server, monkeypatch):
    look_up, together = socket.getaddrinfo, threading.Barrier(2, timeout=HANGS)

    def meet(host, *args, **kwargs):
        together.wait()
        return look_up("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", meet)
    one, two = (entries_at(f"http://{host}.example:{server.server_port}") for host in ("one", "two"))
    monkeypatch.setattr(registry, "entries", lambda: one | {"digits/all.csv": two["digits/all.csv"]})
    assert [row[3] for row in report()] == ["download", "download"]


@pytest.mark.parametrize("ask", [fetch, where])
def test_an_unknown_name(ask, server, untouched):
    with pytest.raises(ValueError, match=r"perhaps letters/train\.en\.gz.*got 'letters/train\.eng\.gz'"):
        ask("letters/train.eng.gz")
    with pytest.raises(ValueError, match="a file of letters, digits; got 'xyz'"):
        ask("xyz")
    assert not server.requests


def test_licence():
    assert licence("letters") == "CC0"
    with pytest.raises(ValueError, match="expected one of letters, digits; got 'letter'"):
        licence("letter")


def test_the_registry_of_the_course(monkeypatch):
    assert len([name for name in PUBLIC if name.startswith("multi30k/")]) == 10
    for name, entry in PUBLIC.items():
        assert entry["name"] == name
        assert entry["url"].startswith("https://")
        assert bytes.fromhex(entry["sha256"]) and len(entry["sha256"]) == 64
        assert entry["bytes"] > 0 and (name.endswith(".png") or entry["lines"] > 0)
    monkeypatch.setattr(registry, "entries", lambda: PUBLIC)
    assert "non-commercial" in licence("multi30k")


def test_the_import_is_cheap():
    program = "import sys, attention_course.data.registry; print({'pooch', 'requests'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout == "set()\n"


@pytest.mark.skipif(not Path(MIRROR or "?").is_dir(), reason="needs a mirror folder in ATTENTION_COURSE_DATA")
@pytest.mark.parametrize("name", [name for name in PUBLIC if name.startswith("multi30k/")])
def test_the_mirror_of_this_machine(name, monkeypatch):
    monkeypatch.setattr(registry, "entries", lambda: PUBLIC)
    monkeypatch.setenv("ATTENTION_COURSE_DATA", MIRROR)
    assert fetch(name) == Path(MIRROR).expanduser().absolute() / name
    assert fetch(name).stat().st_size == PUBLIC[name]["bytes"]
