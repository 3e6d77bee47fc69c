"""What memory a window needs: for a whole text at once, and word by word.

Three repetitions in fresh processes. Writes attention_course/results/17_memory.json. A minute or two on Linux. With the
name of a way to compute and a number of words it only prints the megabytes that one run takes.
"""

import subprocess
import sys

import torch

from attention_course import device, results
from attention_course.efficient.local import LocalAttention

REPETITIONS = range(3)
LENGTHS = (1024, 4096, 16384)
WINDOW, HEADS, SIZE = 128, 4, 32


@torch.no_grad()
def run(how: str, n: int) -> None:
    """n words through a window: the whole text at once, or word by word."""
    attend = LocalAttention(WINDOW)
    if how == "whole":
        attend(*(torch.randn(1, HEADS, n, SIZE) for _ in range(3)), causal=True)
        return
    keys = values = torch.empty(1, HEADS, 0, SIZE)
    for _ in range(n):
        query, key, value = torch.randn(3, 1, HEADS, 1, SIZE)
        keys, values = (torch.cat([old, new], -2)[..., -WINDOW:, :] for old, new in ((keys, key), (values, value)))
        attend(query, keys, values, causal=True)


def memory(how: str, n: int) -> float:
    """Megabytes that a fresh process needs for n words, beyond what 256 words need."""
    command = [sys.executable, __file__, how, str(n)]
    used = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    print(how, n, f"{used:.1f} MB", flush=True)
    return used


def main() -> None:
    used = {how: [[memory(how, n) for n in LENGTHS] for _ in REPETITIONS] for how in ("whole", "word by word")}
    values = {
        "lengths": LENGTHS,
        "megabytes": used,
        "whole_growth": [row[-1] - row[0] for row in used["whole"]],
        "word_by_word_growth": [row[-1] - row[0] for row in used["word by word"]],
    }
    results.save("17_memory", values, command="python experiments/17_memory.py", seeds=REPETITIONS)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        torch.set_num_threads(1)
        run(sys.argv[1], 256)
        before = device.peak_memory()
        run(sys.argv[1], int(sys.argv[2]))
        print((device.peak_memory() - before) / 1e6)
    else:
        main()
