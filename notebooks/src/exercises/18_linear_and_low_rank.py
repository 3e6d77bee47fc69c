# %% [markdown] name="title"
r"""
# Exercises 18 · Linear and low-rank attention

Five problems on [lesson 18](../18_linear_and_low_rank.ipynb), about three quarters of an hour. Write in PyTorch or NumPy, as you like. `check.running.hint()` gives a hint, each time a more explicit one; `check.running.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch
import torch.nn.functional as F

from attention_course import plots
from attention_course.checks import lesson_18 as check

# %% [markdown] name="running-text"
r"""
## 1 · A past that fades

Writes the mechanism · ★★☆, 10 minutes

`q` and `k` are features, (n, F) and positive, `v` is (n, D_v), and `g` (n) holds gates between 0 and 1. Return causal linear attention with a gate *and* a divisor, (n, D_v): word t averages the values of the words s up to t, itself included, with weights in proportion to $q_t^\top k_s$ times $g_{s+1} \cdots g_t$. A matrix and a vector, carried from word to word, are enough: make no (n, n) and no (n, F, D_v) array, and no loop over earlier words.
"""

# %% name="running" tags=["exercise"]
def running(q, k, v, g):
    raise NotImplementedError("your turn")


# %% name="running-check"
check.running(running)

# %% [markdown] name="next-chunk-text"
r"""
## 2 · The next chunk

Writes the mechanism · ★★☆, 12 minutes

`S` (F, D_v) and `z` (F) are the sums over all words before this chunk, $\sum k v^\top$ and $\sum k$. `q`, `k` (c, F) and `v` (c, D_v) are the chunk's. Return three things: the outputs of its words, (c, D_v), each divided by its sum of products so that it is an average over all words up to its own, those of the chunk included; and S and z as the next chunk needs them. Without a loop over words; products of all pairs in the chunk are allowed.
"""

# %% name="next-chunk" tags=["exercise"]
def next_chunk(S, z, q, k, v):
    raise NotImplementedError("your turn")


# %% name="next-chunk-check"
check.next_chunk(next_chunk)

# %% [markdown] name="random-features-text"
r"""
## 3 · Features by lot

Extends · ★☆☆, 8 minutes

`x` is (..., D), and `W`, (R, D), holds R random directions, rows of independent standard normal numbers. Return positive random features, (..., R), the same function for queries and keys, such that the product of two, φ(q) · φ(k), is a mean over the R directions whose expected value is $e^{q^\top k / \sqrt{D}}$.
"""

# %% name="random-features" tags=["exercise"]
def random_features(x, W):
    raise NotImplementedError("your turn")


# %% name="random-features-check"
check.random_features(random_features)

# %% [markdown] name="delta-rule-text"
r"""
## 4 · The dog has moved

Extends · ★★☆, 10 minutes

*The dog is on the sofa. The dog is on the roof.* Linear attention adds both, and the dog is half here and half there. Schlag, Irie and Schmidhuber (2021) let the state correct itself: it is asked what it says for the new key, and only the difference goes in, by a share $\beta_t$:

$$S_t = S_{t-1} + \beta_t\, k_t \,\big(v_t - S_{t-1}^\top k_t\big)^\top$$

`k` is (n, F), its rows of length 1, `v` is (n, D_v) and `beta` (n). Return the last state, (F, D_v), having begun with zeros.
"""

# %% name="delta-rule" tags=["exercise"]
def delta_rule(k, v, beta):
    raise NotImplementedError("your turn")


# %% name="delta-rule-check"
check.delta_rule(delta_rule)

# %% [markdown] name="what-to-enlarge-text"
r"""
## 5 · What to enlarge

Breaks something and explains · ★☆☆, 4 minutes

A memory by linear attention, with 16 features and values of 16, gets half of its answers right when it is told about 31 pairs, which are asked for in any order. Which change should, by the lesson's measurements, take that to more than three times as many pairs? Say why before you check.

- **A** 32 features and values of 32.
- **B** 16 random features in the place of elu + 1.
- **C** Tell it in smaller chunks.
- **D** 32 features and values of 8.
- **E** A gate that lets old pairs fade.
"""

# %% name="what-to-enlarge" tags=["exercise"]
what_to_enlarge = ...  # "A", "B", "C", "D" or "E"

# %% name="what-to-enlarge-check"
check.what_to_enlarge(what_to_enlarge)

# %% [markdown] name="try-text"
r"""
The next cell tells a state with 32 features random pairs, then half of them once more with other places, by plain adding and by your `delta_rule` (the solution's, until yours is right). Before you look: which of the two holds more *old* pairs, those told only once, and which more new ones?
"""

# %% name="try"
correct = check.delta_rule.last.outcome == "correct"
rule = delta_rule if correct else type(check.delta_rule).answer
generator = torch.Generator().manual_seed(0)
places = F.normalize(torch.randn(64, 32, generator=generator), dim=-1)
told = [4, 8, 12, 16, 24, 32, 48, 64]
curves = {"adding, once": [], "adding, moved": [], "delta rule, once": [], "delta rule, moved": []}
for n in told:
    right = {name: [] for name in curves}
    for _ in range(20):
        k = F.normalize(torch.randn(n, 32, generator=generator), dim=-1)
        first, second = torch.randint(0, 64, (2, n), generator=generator)
        keys, where = torch.cat([k, k[: n // 2]]), torch.cat([first, second[: n // 2]])
        last = torch.cat([second[: n // 2], first[n // 2 :]])
        for name, S in {"adding": keys.mT @ places[where], "delta rule": rule(keys, places[where], torch.ones(len(keys)))}.items():
            hit = (k @ torch.as_tensor(np.asarray(S), dtype=torch.float32) @ places.mT).argmax(-1) == last
            right[f"{name}, moved"].append(hit[: n // 2].float().mean())
            right[f"{name}, once"].append(hit[n // 2 :].float().mean())
    for name in curves:
        shares = torch.stack(right[name])
        mean, within = shares.mean().item(), 2 * shares.std().item() / 20**0.5
        curves[name].append((mean, mean - within, mean + within))
plots.bands(told, curves, x_label="names told", y_label="places right")

# %% name="try-guard" jupyter={"source_hidden": true}
assert curves["delta rule, moved"][0][0] > curves["adding, moved"][0][0] + 0.2

# %% [markdown] name="try-after"
r"""
Adding cannot tell the place of now from that of before. The delta rule can, and pays with the pairs that were told only once: each correction disturbs keys that are not at right angles to the one corrected. Try keys that are (`torch.linalg.qr`, with up to 32 names), and a β of one half. Yang and others (NeurIPS 2024, [arXiv:2406.06484](https://arxiv.org/abs/2406.06484)) found a way to train this rule in chunks.
"""
