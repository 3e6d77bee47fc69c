"""What keeps a data file from being had: a wrong file, a failed download, a silent host; and the error that tells."""

import hashlib
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from pathlib import Path

PATIENCE = 2.0  # seconds in which a host must answer when asked whether it is there


class DatasetUnavailable(RuntimeError):
    """A data file cannot be had: the message says which one, why, and what to do."""


def file_fault(path: Path, sha256: str, size: int) -> str | None:
    """Return what is wrong with a file that should have `size` bytes with this SHA-256 sum, or None."""
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip().lower()
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            length = file.tell()
    except FileNotFoundError:
        return "does not exist"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    if digest == sha256:
        return None
    if start.startswith((b"<!doctype html", b"<html")):
        return "is a web page instead of the file (perhaps the sign-in page of this network)"
    if length < size:
        return f"is cut off: {length:,} of {size:,} bytes"
    return f"has a wrong SHA-256 sum: {digest[:12]}… instead of {sha256[:12]}…"


def download_failure(error: Exception, source: str, came: int, size: int) -> str:
    """Return why a download of `size` bytes from `source` failed, from the error and the bytes that had come."""
    import requests

    if came or isinstance(error, requests.exceptions.ChunkedEncodingError):
        return f"the download from {source} was cut off after {came:,} of {size:,} bytes"
    if isinstance(error, requests.HTTPError):
        return f"{source} answered {error.response.status_code} ({error.response.reason})"
    if isinstance(error, requests.ReadTimeout):
        return f"{source} accepted the connection and then did not answer"
    if type(error) in (requests.ConnectionError, requests.ConnectTimeout):
        return f"{source} could not be reached (is there a network?)"
    return f"{source} could not be asked ({type(error).__name__})"


@cache
def ask(root: str) -> Callable[[], bool]:
    """Send a host a HEAD request, once a process; the function returned waits for the answer until `PATIENCE` is over.

    `root` is the URL of the host with no path. Any answer counts but a server error (500 and above).
    """
    import requests

    answer = Future()
    until = time.monotonic() + PATIENCE

    def send() -> None:
        try:
            answer.set_result(requests.head(root, timeout=PATIENCE, allow_redirects=False).status_code < 500)
        except (requests.RequestException, ValueError):
            answer.set_result(False)

    def answered() -> bool:
        with suppress(TimeoutError):
            return answer.result(max(0.0, until - time.monotonic()))
        return False

    # A thread, because no time-out covers the look-up of a name; a daemon, so that it never holds up the exit.
    threading.Thread(target=send, daemon=True).start()
    return answered


def mirror_advice(url: str) -> str:
    forms = "a folder, file:///folder or http://host/folder"
    return f"Correct ATTENTION_COURSE_DATA ({forms}), or unset it to have the file from its public address,\n{url}"


def network_advice(name: str, url: str, target: Path) -> str:
    return (
        f"Try again later, or set ATTENTION_COURSE_DATA to a folder or base URL that holds {name},\n"
        f"or download {url} by hand and save it as {target}"
    )


def cache_advice(name: str, url: str) -> str:
    return (
        "Set ATTENTION_COURSE_CACHE to a folder that has room and that you may write to,\n"
        f"or ATTENTION_COURSE_DATA to a folder that holds {name}, downloaded by hand from {url}"
    )
