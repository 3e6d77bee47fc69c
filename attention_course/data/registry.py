"""The data files that can be downloaded: where each one comes from, and its verified copy on this machine.

`registry.json` holds for every file its name (`dataset/file`), public URL, SHA-256 sum, size in bytes, licence and
number of lines if it is a text. Two environment variables change where files come from and where they are kept:

- `ATTENTION_COURSE_DATA`: a mirror, that is a folder or a base URL that holds the files under their names. While it is
  set, no public address is asked.
- `ATTENTION_COURSE_CACHE`: the folder that keeps downloads, instead of the user's cache folder.

A folder may begin with ~, or be a URL (file:///x/data).
"""

import difflib
import json
import os
import re
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal, TypedDict
from urllib.parse import quote
from urllib.request import url2pathname

from attention_course.data.unavailable import (
    DatasetUnavailable,
    ask,
    cache_advice,
    download_failure,
    file_fault,
    mirror_advice,
    network_advice,
)

TIMEOUT = (5.0, 20.0)  # seconds to wait for a connection, and for the next bytes

Way = Literal["mirror", "cache", "download"]


class Entry(TypedDict):
    """One file of `registry.json`; its size is in bytes."""

    name: str
    url: str
    sha256: str
    bytes: int
    licence: str
    lines: int | None  # of a text


@cache
def entries() -> dict[str, Entry]:
    """Return the registry: every entry by its file's name."""
    text = Path(__file__).with_name("registry.json").read_text(encoding="utf-8")
    return {entry["name"]: entry for entry in json.loads(text)}


def fetch(name: str) -> Path:
    """Return the absolute path of a verified copy of the file, downloaded into the cache if there is none yet.

    The first of these that has the right SHA-256 sum is taken: the file in the mirror folder, used in place; the file
    in the cache; a download from the mirror URL or, only where no mirror is set, from the public URL. A wrong file in
    the cache stays until the right one has come whole, and is then replaced. A download that fails or is interrupted
    leaves the cache as it was; only a killed process can leave a folder `.partial-*`, which may be deleted.

    Raises `ValueError` for an unknown name, `DatasetUnavailable` where no right file can be had. The error behind the
    latter, if any, is its `__context__`.
    """
    entry = _entry(name)
    if found := _found(entry):
        return found[1]
    mirror, target = _mirror(), _cache() / name
    if not isinstance(mirror, Path):
        _download(_url(entry), target, entry)
        return target
    if os.access(mirror, os.R_OK):
        why = f"in the mirror, {mirror / name} {_fault(mirror / name, entry)}"
    else:
        why = f"the mirror folder {mirror} does not exist or may not be read"
    raise _unavailable(entry, f"{why}; the cache has no right copy either", mirror_advice(entry["url"]))


def where(name: str) -> Way | None:
    """Tell without a download how `fetch` would get the file now, or None if it would fail.

    For a file that must be downloaded, "mirror" and "download" mean that its host answers at all (`unavailable.ask`:
    one request a host and process, 2 seconds at most). Raises `ValueError` for an unknown name.
    """
    return _ways([_entry(name)])[0]


def report() -> list[tuple[str, int, float, Way | None]]:
    """Return a row for each data set: its name, number of files, megabytes (10⁶ bytes), and how to get all its files.

    The last is the least of what `where` says of its files, in the order mirror, cache, download, None.
    """
    ways = dict(zip(entries(), _ways(list(entries().values())), strict=True))
    rows = []
    for dataset, files in _datasets().items():
        least = max((ways[file["name"]] for file in files), key=("mirror", "cache", "download", None).index)
        rows.append((dataset, len(files), sum(file["bytes"] for file in files) / 1e6, least))
    return rows


def licence(dataset: str) -> str:
    """Return the licence of a data set, as the registry states it. Raises `ValueError` for an unknown data set."""
    if dataset not in _datasets():
        raise ValueError(f"dataset: expected one of {', '.join(_datasets())}; got {dataset!r}")
    return "; ".join(dict.fromkeys(file["licence"] for file in _datasets()[dataset]))


def cache_folder() -> Path:
    """Return the folder that keeps downloads, and what else is worth keeping from one session to the next."""
    return _cache()


def _datasets() -> dict[str, list[Entry]]:
    datasets = {}
    for name, entry in entries().items():
        datasets.setdefault(name.partition("/")[0], []).append(entry)
    return datasets


def _entry(name: str) -> Entry:
    if name in entries():
        return entries()[name]
    like = difflib.get_close_matches(name, entries(), n=4)
    expected = f"perhaps {' or '.join(like)}" if like else f"a file of {', '.join(_datasets())}"
    raise ValueError(f"name: expected a name in the registry, {expected}; got {name!r}")


def _folder(given: str) -> Path:
    """Return the absolute path of a folder, given as a path, from the user's home (~) or as a file:/// URL."""
    url = re.fullmatch(r"file:(?://(?:localhost)?)?(/.*)", given, re.IGNORECASE)
    path = url2pathname(url[1]) if url else given
    return Path(os.path.expanduser(path)).absolute()  # noqa: PTH111 (Path.expanduser raises for an unknown ~user)


def _cache() -> Path:
    folder = os.environ.get("ATTENTION_COURSE_CACHE", "")
    if folder.strip():
        return _folder(folder)
    import pooch

    return pooch.os_cache("attention_course")


def _mirror() -> Path | str | None:
    """Return the mirror, a folder as a `Path` or a base URL as a `str`, if one is set."""
    mirror = os.environ.get("ATTENTION_COURSE_DATA", "")
    if not mirror.strip():
        return None
    return mirror if mirror.lower().startswith(("http://", "https://")) else _folder(mirror)


def _url(entry: Entry) -> str:
    """Return the URL to download a file from: in the mirror if there is one, else public."""
    mirror = _mirror()
    return f"{mirror.rstrip('/')}/{quote(entry['name'])}" if mirror else entry["url"]


def _found(entry: Entry) -> tuple[Way, Path] | None:
    """Return the right copy of a file that needs no download, and which one it is."""
    mirror, name = _mirror(), entry["name"]
    if isinstance(mirror, Path) and not _fault(mirror / name, entry):
        return "mirror", mirror / name
    return ("cache", _cache() / name) if not _fault(_cache() / name, entry) else None


def _fault(path: Path, entry: Entry) -> str | None:
    return file_fault(path, entry["sha256"], entry["bytes"])


def _unavailable(entry: Entry, why: str, advice: str) -> DatasetUnavailable:
    return DatasetUnavailable(f"{entry['name']} cannot be had: {why}.\n{advice}")


def _download(url: str, target: Path, entry: Entry) -> None:
    """Download beside the target, verify, and put in place in one step; leave nothing else behind."""
    import requests
    from pooch import HTTPDownloader
    from tqdm.auto import tqdm

    name, public = entry["name"], entry["url"]
    host = url.split("/")[2].rpartition("@")[2] or url  # never a password, which a notebook would keep
    source = host if url == public else f"the mirror {host}"
    advice = network_advice(name, public, target) if url == public else mirror_advice(public)
    new = []
    try:
        new = [folder for folder in target.parents if not folder.exists()]
        target.parent.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix=".partial-", dir=target.parent) as folder,
            tqdm(desc=name, total=entry["bytes"], unit="B", unit_scale=True, leave=False) as bar,
        ):
            partial = Path(folder, target.name)
            # Not pooch.retrieve: it deletes what came before one could see that it was a web page or cut off. Identity,
            # because requests unpacks what a server packs on the way, and then lengths no longer hold.
            plain = {"Accept-Encoding": "identity"}
            download = HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=TIMEOUT, headers=plain)
            try:
                download(url, str(partial), None)
            except (requests.RequestException, ValueError) as error:  # ValueError: a malformed address
                why = download_failure(error, source, partial.stat().st_size, entry["bytes"])
                raise _unavailable(entry, why, advice) from None
            if fault := _fault(partial, entry):
                raise _unavailable(entry, f"what {source} sent {fault}", advice)
            partial.replace(target)
    except OSError as error:
        why = f"the cache folder {_cache()} cannot be written to ({error.strerror or error})"
        raise _unavailable(entry, why, cache_advice(name, public)) from None
    finally:
        for folder in new:
            with suppress(OSError):  # the download is in it
                folder.rmdir()


def _ways(wanted: Sequence[Entry]) -> list[Way | None]:
    """Return `where` for each file. All hosts are asked before any is waited for."""
    mirror, found = _mirror(), [_found(entry) for entry in wanted]
    if isinstance(mirror, Path):
        return [here and here[0] for here in found]
    roots = ["/".join([*_url(entry).split("/")[:3], ""]) for entry in wanted]
    answers = [here or ask(root) for here, root in zip(found, roots, strict=True)]
    far = "mirror" if mirror else "download"
    return [here[0] if here else far if answer() else None for here, answer in zip(found, answers, strict=True)]
