# %% [markdown] name="title"
r"""
# Exercises 20 · Exact and cheaper

Six problems on [lesson 20](../20_exact_and_cheaper.ipynb), about three quarters of an hour. Write in PyTorch or NumPy, as you like. `check.merge.hint()` gives a hint, each time a more explicit one; `check.merge.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_20 as check
from attention_course.functional import scaled_dot_product_attention

# %% [markdown] name="merge-text"
r"""
## 1 · Two halves

Writes the mechanism · ★★☆, 10 minutes

A softmax was computed over the first half of the keys, and apart from it over the second. Of each half there are, for every query, the largest score m, (L, 1), the sum l of exp(score − m), (L, 1), and the sum o of exp(score − m) · value, (L, D). Return the three for all keys together.
"""

# %% name="merge" tags=["exercise"]
def merge(m_a, l_a, o_a, m_b, l_b, o_b):
    raise NotImplementedError("your turn")


# %% name="merge-check"
check.merge(merge)

# %% [markdown] name="try-text"
r"""
The keys of one sentence, spread over four places that do not see each other's. Each computes its own three; your `merge` (the solution's, until yours is right) puts them together, in an order drawn by lot. Try other orders, or merge in a tree in place of a row. And what would m, l and o of a place without any key have to be, so that merging changes nothing?
"""

# %% name="try"
is_right = check.merge.last.outcome == "correct"
put_together = merge if is_right else type(check.merge).answer  # yours, or the solution

Q, K, V = torch.randn(3, 100, 16, generator=torch.Generator().manual_seed(0)).unbind(0)
parts = []
for place in range(4):
    scores = Q @ K[25 * place : 25 * place + 25].mT / 4
    m = scores.amax(-1, keepdim=True)
    parts.append((m, (scores - m).exp().sum(-1, keepdim=True), (scores - m).exp() @ V[25 * place : 25 * place + 25]))

order = np.random.default_rng(0).permutation(4)
whole = parts[order[0]]
for place in order[1:]:
    whole = put_together(*whole, *parts[place])
assert torch.allclose(torch.as_tensor(whole[2] / whole[1]), scaled_dot_product_attention(Q, K, V)[0], atol=1e-5)
print("merged in the order", *order + 1, "it is what attention gives at once")

# %% [markdown] name="no-keys-text"
r"""
Of a place without any key the largest score is −∞, and both sums are 0. Does merging it leave the other three as they were?
"""

# %% name="no-keys"
m, ell, o = (torch.as_tensor(x) for x in whole)
without_keys = torch.full_like(m, -torch.inf), torch.zeros_like(ell), torch.zeros_like(o)
merged = put_together(m, ell, o, *without_keys)
print("unchanged:", all(torch.allclose(torch.as_tensor(x), y) for x, y in zip(merged, (m, ell, o))))

# %% [markdown] name="score-gradient-text"
r"""
## 2 · Back through one tile

Writes the mechanism · ★★☆, 8 minutes

The loss has the gradient `g`, (L, D), with respect to the output of attention. Of the keys you see one tile: their scores, (L, tile), already divided by √D and before the softmax (nothing is to be scaled), and their values `V`, (tile, D). From all keys together there is the `output`, (L, D), and `log_sums`, (L, 1), the logarithm of the sum of the exponentials of all scores of a query; scores may be in the hundreds. Return the gradient of the loss with respect to the scores of this tile, (L, tile).
"""

# %% name="score-gradient" tags=["exercise"]
def score_gradient(scores, V, output, log_sums, g):
    raise NotImplementedError("your turn")


# %% name="score-gradient-check"
check.score_gradient(score_gradient)

# %% [markdown] name="cached-mask-text"
r"""
## 3 · A mask for a decoder with a cache

Breaks something and explains · ★☆☆, 6 minutes

`F.scaled_dot_product_attention(Q, K, V, is_causal=True)` is wrong where K holds S keys, of which S − L come from a cache, and Q the L newest queries. Find out what the last query sees then, and write it into the first line. Return the mask that is meant, Boolean and (L, S), True where a query may look.
"""

# %% name="cached-mask" tags=["exercise"]
# With is_causal=True, L = 2 and S = 5 the last query sees the keys: ...
def cached_mask(L, S):
    raise NotImplementedError("your turn")


# %% name="cached-mask-check"
check.cached_mask(cached_mask)

# %% [markdown] name="cache-bytes-text"
r"""
## 4 · How large is the cache?

Extends · ★☆☆, 6 minutes

A decoder has `layers` layers of `heads` query heads with `groups` heads of keys and values, each of `head_size` numbers of `bytes_a_number` bytes. With a `window` a word sees itself and the window − 1 words before it; `None` means that it sees all. After `words` words have gone through the decoder, how many bytes must be kept so that one more can go through?
"""

# %% name="cache-bytes" tags=["exercise"]
def cache_bytes(layers, heads, groups, head_size, bytes_a_number, words, window):
    raise NotImplementedError("your turn")


# %% name="cache-bytes-check"
check.cache_bytes(cache_bytes)

# %% [markdown] name="average-heads-text"
r"""
## 5 · From many heads to few

Extends · ★★☆, 8 minutes

`W_K`, (H·D, E), makes the keys of `H` heads, the rows of the first head on top. Make the matrix for `G` heads of keys, (G·D, E): each the mean of the heads of its group, and the heads of a group are neighbours.
"""

# %% name="average-heads" tags=["exercise"]
def average_heads(W_K, H, G):
    raise NotImplementedError("your turn")


# %% name="average-heads-check"
check.average_heads(average_heads)

# %% [markdown] name="what-sets-the-pace-text"
r"""
## 6 · What sets the pace

Explains · ★☆☆, 3 minutes

In one run of the lesson's measurement, eight query heads asked 16,384 keys, once with eight heads of keys and values, and once with one. That took 7.56 and 2.21 ms; only to add up all those keys and values took 3.99 and 0.45 ms. Suppose that adding up is nothing but reading. How much of the time that was saved could reading account for, at most?

- **A** Nothing: the number of multiplications is the same.
- **B** About a tenth, since 0.45 ms remain of 3.99.
- **C** About two thirds.
- **D** Seven eighths, as of the bytes.
- **E** All of it.
"""

# %% name="what-sets-the-pace" tags=["exercise"]
what_sets_the_pace = ...  # "A", "B", "C", "D" or "E"

# %% name="what-sets-the-pace-check"
check.what_sets_the_pace(what_sets_the_pace)
