# %% [markdown] name="title"
r"""
# Exercises 19 · Hashing

Six problems on [lesson 19](../19_hashing.ipynb), about forty minutes. Write in PyTorch or NumPy, as you like. `check.buckets.hint()` gives a hint, each time a more explicit one; `check.buckets.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import plots
from attention_course.checks import lesson_19 as check
from attention_course.efficient.hashing import addresses, hashing_mask

# %% [markdown] name="buckets-text"
r"""
## 1 · Buckets

Writes the mechanism · ★☆☆, 5 minutes

`x` is (n, D) and `R`, random axes for every round, (rounds, D, b / 2). Return the bucket of each vector in each round, (rounds, n): the place of the largest number in $[xR;\, -xR]$, a whole number from 0 to b − 1.
"""

# %% name="buckets" tags=["exercise"]
def buckets(x, R):
    raise NotImplementedError("your turn")


# %% name="buckets-check"
check.buckets(buckets)

# %% [markdown] name="rounds-needed-text"
r"""
## 2 · How many rounds?

Extends · ★☆☆, 5 minutes

Two vectors share a bucket with the chance `p` in one round, and rounds are independent. Return the smallest number of rounds in which they meet at least once with a chance of at least `wanted`. Both numbers lie strictly between 0 and 1; where `p` is small it takes thousands of rounds.
"""

# %% name="rounds-needed" tags=["exercise"]
def rounds_needed(p, wanted):
    raise NotImplementedError("your turn")


# %% name="rounds-needed-check"
check.rounds_needed(rounds_needed)

# %% [markdown] name="who-meets-text"
r"""
## 3 · Who meets whom

Writes the mechanism · ★★☆, 12 minutes

`buckets` is (n,), the buckets of one round, in the order of the words. Return the Boolean mask (n, n): row i is True at the last `window` words before i that share its bucket, and at i itself only where there are none.
"""

# %% name="who-meets" tags=["exercise"]
def who_meets(buckets, window):
    raise NotImplementedError("your turn")


# %% name="who-meets-check"
check.who_meets(who_meets)

# %% [markdown] name="one-softmax-text"
r"""
## 4 · Rounds put together

Extends · ★★☆, 8 minutes

Every round has made a softmax of its own among the keys it found. `outputs` (rounds, n, D) are their weighted sums, and `sums` (rounds, n) the logarithms of their sums of exponentials, some in the hundreds; where a round found nothing the output is 0 and the sum −∞. No pair has met twice, and every query has found something in some round. Return what a single softmax over all keys found would have given, (n, D).
"""

# %% name="one-softmax" tags=["exercise"]
def one_softmax(outputs, sums):
    raise NotImplementedError("your turn")


# %% name="one-softmax-check"
check.one_softmax(one_softmax)

# %% [markdown] name="what-recall-says-text"
r"""
## 5 · What was found

Explains · ★☆☆, 4 minutes

In the lesson, among 1,024 random vectors of 64 numbers, eight rounds with 32 buckets compared a quarter of all pairs and found the nearest vector about two times in three. What follows from that?

- **A** With 128 buckets the nearest would have been found more often.
- **B** A Transformer with hashing cannot learn a task whose words are drawn at random.
- **C** In two cases of three hashing would have kept most of the weight that full attention gives.
- **D** With sixteen rounds the nearest would have been found always.
- **E** With 32 buckets, to find the nearest of such vectors most of the time takes a large share of all scores.
"""

# %% name="what-recall-says" tags=["exercise"]
what_recall_says = ...  # "A", "B", "C", "D" or "E"

# %% name="what-recall-says-check"
check.what_recall_says(what_recall_says)

# %% [markdown] name="way-back-text"
r"""
## 6 · The way back

Writes the mechanism · ★☆☆, 4 minutes

A reversible layer has computed $y_1 = x_1 + F(x_2)$ and $y_2 = x_2 + G(y_1)$. Return $x_1$ and $x_2$. This one breaks easily: each line needs what the line before has recovered.
"""

# %% name="way-back" tags=["exercise"]
def way_back(F, G, y1, y2):
    raise NotImplementedError("your turn")


# %% name="way-back-check"
check.way_back(way_back)

# %% [markdown] name="try-text"
r"""
## Your buckets at work

The next cells use your `buckets` of problem 1 (the solution's, until yours is right): 512 vectors, each with one partner at an angle that you choose, and the share of partners found against the number of buckets. Before you run them, draw the curves that you expect for one round, for four and for sixteen. All fall. Which falls first?
"""

# %% name="try-recall"
def partners_found(angle, rounds, b, seed, n=512, size=32):
    generator = torch.Generator().manual_seed(seed)
    first, across = torch.randn(2, n // 2, size, generator=generator)
    across = across - (across * first).sum(-1, keepdim=True) * first / first.square().sum(-1, keepdim=True)  # at right angles
    across = across * first.norm(dim=-1, keepdim=True) / across.norm(dim=-1, keepdim=True)
    x = torch.cat([first, np.cos(np.radians(angle)) * first + np.sin(np.radians(angle)) * across])
    right_already = check.buckets.last.outcome == "correct"
    hashed = (buckets if right_already else type(check.buckets).answer)(x, torch.randn(rounds, size, b // 2, generator=generator))
    mask = hashing_mask(addresses(torch.as_tensor(hashed), window=n), window=n, causal=True)
    return mask[n // 2 :, : n // 2].diagonal().float().mean().item()

# %% name="try-curves"
ANGLE = 30
numbers = [2, 4, 8, 16, 32, 64]
curves = {}
for rounds in (1, 4, 16):
    draws = [[partners_found(ANGLE, rounds, b, seed) for seed in range(3)] for b in numbers]
    curves[f"rounds: {rounds}"] = [(sum(shares) / 3, min(shares), max(shares)) for shares in draws]
plots.bands(numbers, curves, x_label="buckets", y_label=f"share of partners found, {ANGLE}° away", log="x")

# %% name="try-guard" jupyter={"source_hidden": true}
assert curves["rounds: 16"][-1][0] > curves["rounds: 1"][-1][0] + 0.3

# %% [markdown] name="try-after"
r"""
What is paid for the same share? With $b$ buckets and $r$ rounds a vector makes about $r\,n / b$ comparisons, repetitions counted. Put the share of the one-round curve into your `rounds_needed(share, 0.9)` of problem 2 (the solution's, until yours is right), and see which $b$ compares the fewest to find nine partners in ten. Then set `ANGLE` to 67, where the lesson's random vectors had their nearest.
"""

# %% name="try-price"
right_already = check.rounds_needed.last.outcome == "correct"
needed = rounds_needed if right_already else type(check.rounds_needed).answer
for b, (share, _, _) in zip(numbers, curves["rounds: 1"]):
    if 0 < share < 1:
        r = needed(share, 0.9)
        print(f"{b:>2} buckets: {share:>4.0%} found in one round, nine in ten in {r}, with {r * 512 / b:.0f} comparisons")
