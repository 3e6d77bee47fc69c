"""Where a submission runs: apart from the rest of the machine as far as the machine can do it.

With bubblewrap (Debian's package `bubblewrap`), it sees the system's programs, Python and its libraries, all read-only,
and its own folder. It sees no network, no other process and nothing else of the disk: neither the course nor other
submissions. Without bubblewrap, a submission is a process of the same user: it can read and write what this user can,
and reach the network. `kind` says which it is.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import attention_course

SEEN = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc", "/sys/devices/system/cpu")
"""What programs need of a machine."""
OFF = "ATTENTION_COURSE_SANDBOX"
"""The environment variable that, set to `off`, does without bubblewrap."""


def wrapped(folder: Path, package: Path) -> list[str]:
    """What stands before a command that is to run apart; nothing where the machine cannot do it.

    folder: the only one that can be written. package: the folder of the package without solutions.
    """
    if not available():
        return []
    libraries = [path for path in map(Path, sys.path) if path.name in ("site-packages", "dist-packages")]
    seen = {path.resolve() for path in (Path(sys.prefix), Path(sys.base_prefix), *libraries, package)}
    arguments = ["bwrap", "--dev", "/dev", "--proc", "/proc"]
    for place in (*SEEN, *map(str, sorted(seen - {Path("/usr")}))):
        arguments += ["--ro-bind-try", place, place]
    home = Path(attention_course.__file__).resolve().parents[1]
    if home.name in ("site-packages", "dist-packages"):  # the course is installed among the libraries
        arguments += ["--tmpfs", str(home / "attention_course")]
    arguments += ["--bind", str(folder), str(folder)]
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
