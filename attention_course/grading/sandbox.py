"""Where a submission runs: apart from the rest of the machine as far as the machine can do it.

With bubblewrap (Debian's package `bubblewrap`), it sees a read-only system, its own folder, no network, no other
process, and neither the course nor the other submissions. Without it, a submission is a process of the same user:
it can read and write what this user can, and reach the network. `kind` says which it is.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import attention_course

HIDDEN = ("/home", "/root", "/mnt", "/media", "/srv", "/tmp", "/var/tmp", "/run")
"""Where users, and the machine, keep what is theirs."""
OFF = "ATTENTION_COURSE_SANDBOX"
"""The environment variable that, set to `off`, does without bubblewrap."""


def wrapped(folder: Path, package: Path, hidden: tuple[Path, ...] = ()) -> list[str]:
    """What stands before a command that is to run apart; nothing where the machine cannot do it.

    folder: the only one that can be written. package: the folder of the package without solutions. hidden: folders that
    are not to be seen, besides the usual places of users and the course itself.
    """
    if not available():
        return []
    home = Path(attention_course.__file__).resolve().parents[1]
    installed = home.name in ("site-packages", "dist-packages")
    hidden = (*map(Path, HIDDEN), *hidden, *(() if installed else (home,)))
    libraries = [path for path in map(Path, sys.path) if path.name in ("site-packages", "dist-packages")]
    seen = {path.resolve() for path in (Path(sys.prefix), Path(sys.base_prefix), *libraries, package)}
    arguments = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    for place in hidden:
        if place.is_dir():
            arguments += ["--tmpfs", str(place.resolve())]
    for place in sorted(seen - {Path("/usr"), Path("/")}):
        arguments += ["--ro-bind", str(place), str(place)]
    if installed:
        arguments += ["--tmpfs", str(home / "attention_course")]
    arguments += ["--bind", str(folder), str(folder), "--chdir", str(folder)]
    return [*arguments, "--unshare-all", "--new-session", "--die-with-parent", "--cap-drop", "ALL", "--"]


def available() -> bool:
    """Whether bubblewrap is here, may do its work, and is not switched off."""
    return os.environ.get(OFF, "").lower() != "off" and _works()


@cache
def _works() -> bool:
    if not shutil.which("bwrap"):
        return False
    tried = ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "--die-with-parent", "true"]
    try:
        return subprocess.run(tried, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def kind() -> str:
    """How far apart submissions run here, a sentence for the instructor."""
    if available():
        return "Submissions run apart (bubblewrap): no network, no other process, nothing of the course in sight."
    return (
        "Submissions run as processes of your own user, within limits. A hostile one can read and write your files: "
        "install bubblewrap, or grade in a container."
    )
