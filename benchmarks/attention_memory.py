"""The most memory that one attention needs, measured in a process of its own.

python benchmarks/attention_memory.py tiled 4096 backward     prints bytes
"""

import os
import resource
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

STATUS = Path("/proc/self/status")


def resident(key: str) -> int:
    """Bytes: "VmRSS" now, "VmHWM" at most so far. Where there is no /proc, both are the most so far."""
    if STATUS.exists():
        return next(1024 * int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(key))
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most


def extra(name: str, length: int, backward: bool, heads: int) -> int:
    """What the peak of a forward (and backward) pass has above what was there before it, inputs included."""
    import torch
    from attention_forms import FORMS, HEAD_SIZE, definition, made
    from attention_race import contender, inputs

    def one(length: int):
        function, module = made(name, length) if name in FORMS else (definition, None)
        return contender(function, inputs(1, heads, length, HEAD_SIZE), module)

    torch.set_num_threads(1)
    small, whole = one(64), one(length)
    small.backward()  # what the libraries need in any case
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    before = resident("VmRSS")
    whole.backward() if backward else whole.forward()
    return resident("VmHWM") - before


def in_fresh_process(name: str, length: int, backward: bool) -> int:
    """`extra`, for which nothing has been computed before.

    The C library gives back at once what is freed, down to small pieces: the peak is that of what is in use.
    """
    command = [sys.executable, __file__, name, str(length), "backward" if backward else "forward"]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    own["MALLOC_MMAP_THRESHOLD_"] = "65536"
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=own).stdout)


HEADS = 8

if __name__ == "__main__":
    _, name, length, passes = sys.argv
    print(extra(name, int(length), passes == "backward", HEADS))
