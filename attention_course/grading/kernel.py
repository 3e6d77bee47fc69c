"""The kernel that a submission runs in: IPython's, within limits that it cannot raise.

python -m attention_course.grading.kernel BYTES -f CONNECTION_FILE
"""

import ctypes
import os
import resource
import signal
import sys

MOST_FILE = 256 * 2**20
"""Bytes of the largest file that a submission may write."""


def main() -> None:
    """Set the limits, then be an ordinary kernel."""
    memory = int(sys.argv.pop(1))
    for kind, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, MOST_FILE),
        (resource.RLIMIT_NOFILE, 512),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    # It ends with its parent. The kernel's own way to notice that (is the parent process 1?) errs in a sandbox.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    os.environ.pop("JPY_PARENT_PID", None)
    from ipykernel import kernelapp

    import attention_course.checks  # noqa: F401 (before the first cell, which has little time)

    kernelapp.launch_new_instance()


if __name__ == "__main__":
    main()
