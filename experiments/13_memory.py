"""What three ways to save memory bring in training: checkpointing, mixed precision and a fused kernel.

Six pre-norm blocks of lesson 13 (E = 128, 8 heads), forward and backward over four texts. Peak memory in a fresh
process each time; processor time in turns in one process. Three repetitions. Writes
attention_course/results/13_memory.json. About ten minutes on one core; needs Linux.
"""

import ctypes
import multiprocessing
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from attention_course import device, results
from attention_course.lessons.lesson_10.built import MultiHeadAttention, merge, split
from attention_course.lessons.lesson_13 import built

REPEATS = range(3)
LENGTHS = (128, 512, 1_024)
TEXTS, BLOCKS, E, H = 4, 6, 128, 8
MMAP_THRESHOLD = -3  # malloc's own number for it: freed memory is given back at once, or it would be counted, too


class Fused(MultiHeadAttention):
    """Lesson 10's attention, whose weights are never written down."""

    def forward(self, x, source=None, mask=None):
        Q, K, V = (split(W(x), self.H) for W in (self.W_Q, self.W_K, self.W_V))
        return self.W_O(merge(F.scaled_dot_product_attention(Q, K, V, attn_mask=mask))), None


def blocks(attention: type[nn.Module] = MultiHeadAttention) -> nn.ModuleList:
    """The same first random numbers for both kinds of attention."""
    torch.manual_seed(0)
    made = nn.ModuleList(built.Block(E, H, 4 * E, 0, join=built.PreNorm) for _ in range(BLOCKS))
    for block in made:
        block.look.__class__ = attention
    return made


def run(stack: nn.ModuleList, x: torch.Tensor, save: bool = False, half: bool = False) -> torch.Tensor:
    """Forward and backward. Gives the loss."""
    mask = torch.ones(1, 1, 1, x.shape[1], dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        for block in stack:
            x = checkpoint(block, x, mask, use_reentrant=False) if save else block(x, mask)
        loss = x.float().square().mean()
    loss.backward()
    return loss.detach()


WAYS = {
    "as it is": (MultiHeadAttention, {}),
    "checkpointing": (MultiHeadAttention, {"save": True}),
    "bfloat16": (MultiHeadAttention, {"half": True}),
    "fused attention": (Fused, {}),
    "all three": (Fused, {"save": True, "half": True}),
}


def memory(way: str, length: int) -> float:
    """Megabytes at the peak, beyond model and input."""
    torch.set_num_threads(1)
    attention, how = WAYS[way]
    ctypes.CDLL(None).mallopt(MMAP_THRESHOLD, 16_384)
    stack, x = blocks(attention), torch.randn(TEXTS, length, E)
    run(stack, x[:, :8], **how)
    device.forget_peak_memory()
    before = device.peak_memory()
    run(stack, x, **how)
    return (device.peak_memory() - before) / 1e6


def in_a_fresh_process(way: str, length: int) -> float:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(memory, (way, length))
    print(way, length, f"{found:.1f} MB", flush=True)
    return found


def seconds(length: int) -> dict[str, list[float]]:
    """Processor time of each way over that as it is, in turns; the first round warms up."""
    torch.set_num_threads(1)
    x, ready = torch.randn(TEXTS, length, E), {way: (blocks(a), how) for way, (a, how) in WAYS.items()}
    found = {way: [] for way in WAYS}
    for _ in range(1 + len(REPEATS)):
        for way, (stack, how) in ready.items():
            start = time.process_time()
            run(stack, x, **how)
            found[way].append(time.process_time() - start)
    return {way: [a / b for a, b in zip(taken[1:], found["as it is"][1:], strict=True)] for way, taken in found.items()}


def same_gradients() -> dict[str, float]:
    """The largest difference of a gradient from that as it is, over the largest gradient."""
    x, gradients = torch.randn(TEXTS, 32, E), {}
    for way, (attention, how) in WAYS.items():
        stack = blocks(attention)
        run(stack, x, **how)
        gradients[way] = torch.cat([p.grad.flatten() for p in stack.parameters()])
    whole = gradients["as it is"]
    return {way: ((g - whole).abs().max() / whole.abs().max()).item() for way, g in gradients.items()}


def main() -> None:
    megabytes = {
        way: {str(length): [in_a_fresh_process(way, length) for _ in REPEATS] for length in LENGTHS} for way in WAYS
    }
    longest = str(LENGTHS[-1])
    savings = {
        way: [a / b for a, b in zip(megabytes["as it is"][longest], megabytes[way][longest], strict=True)]
        for way in WAYS
    }
    values = {
        "lengths": list(LENGTHS),
        "megabytes": megabytes,
        "savings": savings,
        "least_saving": [min(savings[way][i] for way in list(WAYS)[1:4]) for i in REPEATS],
        "time": {str(length): seconds(length) for length in LENGTHS},
        "gradient_difference": same_gradients(),
        "bfloat16_pays_here": device.bfloat16_pays(),
    }
    results.save("13_memory", values, command="python experiments/13_memory.py", seeds=REPEATS)


if __name__ == "__main__":
    main()
