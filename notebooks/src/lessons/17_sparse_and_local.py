# %% [markdown] name="title"
r"""
# 17 · Sparse and local attention

**How little may a word look at, and still hear of everything?**

In self-attention every word looks at every other. Twice the text is four times the work. Here a word looks at some sixteen others, however long the text is, and the rest has to reach it by hearsay. You build this so that the cost really falls, draw what each word can know, and find the place where a model goes blind, to the word.

You need lessons 09, 10 and 12. It takes about an hour, of which the machine needs one minute.
"""

# %% name="imports"
import math
import time

import torch

from attention_course import claims, device, plots, results
from attention_course.data.recall import COLOURS, WORDS, recall
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.strided import StridedAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.models.fitting import fit
from attention_course.models.recaller import Recaller
from attention_course.models.transformer import Config
from attention_course.widgets import explore, predict

torch.set_num_threads(1)

# %% [markdown] name="by-hand"
r"""
## Hearsay

Let every word look only at itself and at the word before it, with half of its weight on each. (The first word has only itself.) One word knows some news, written as 1. What has each of the six heard after one layer, two, three?
"""

# %% name="by-hand-code" tags=["nbval-check-output"]
sentence = "the cat sat on the mat".split()
news = torch.tensor([0.0, 1, 0, 0, 0, 0])  # the cat knows
weights = torch.tensor([[1.0, 0, 0, 0, 0, 0]] + [[0.5 * (j in (i - 1, i)) for j in range(6)] for i in range(1, 6)])

print(" " * 9 + "".join(f"{word:>7}" for word in sentence))
for layer in range(4):
    print(f"layer {layer}: " + "".join(f"{share:>7.3f}" for share in news))
    news = weights @ news

# %% [markdown] name="by-hand-after"
r"""
Each layer takes the news one word further, and no layer takes it two. After three, *the* has heard of the cat and *mat* has not. What arrives is also thin: one part in eight, for there is a single path to *the* and each step halves. The first is a wall. The second need not stay so, since trained weights are not even.

## Fewer keys

Let $A_i$ be the set of keys that query $i$ may see. Then attention is what it was in Eqs. (2) and (1) of lesson 01, over a smaller set (Child and others, 2019, write it so):

$$\alpha_{ij} = \frac{\exp(q_i^\top k_j / \sqrt{D})}{\sum_{j' \in A_i} \exp(q_i^\top k_{j'} / \sqrt{D})}, \qquad c_i = \sum_{j \in A_i} \alpha_{ij} v_j .$$

| | is | shape or number |
|---|---|---|
| $n$ | words in the text (the survey's $T$) | |
| $q_i, k_j, v_j$ | query, key and value | (D,) |
| $A_i$ | whom word $i$ may see: its **pattern** | of $k$ keys, on average |
| $w$ | size of a window: $A_i = \{i - w + 1, \dots, i\}$ | $k \approx w$ |
| $\alpha_{ij}, c_i$ | weight, and what comes back | $n \cdot k$ numbers; (D,) |

Full attention makes $n^2$ scores, a window $n \cdot w$. Written as a mask, though, it saves nothing:
"""

# %% name="definition"
def by_definition(Q, K, V, allowed):
    scores = Q @ K.mT / Q.shape[-1] ** 0.5  # all n x n of them
    return scores.masked_fill(~allowed, float("-inf")).softmax(-1) @ V


def window(n, w):
    i = torch.arange(n)
    behind = i[:, None] - i  # how far key j stands behind query i
    return (behind >= 0) & (behind < w)

# %% [markdown] name="chunks-text"
r"""
All scores are computed, and most are thrown away. To save, one must never make them. Cut the text into chunks of $w$ words. The window of a query begins in the chunk before its own at the earliest, so a chunk of queries needs two chunks of keys. That is $n / w$ small tables of $w \times 2w$, together $2nw$ scores: twice what the window asks for, but as a few matrix products, which processors like.
"""

# %% name="chunks"
def in_chunks(Q, K, V, w):
    n, D = Q.shape
    Q, K, V = (x.view(n // w, w, -1) for x in (Q, K, V))  # (chunks, w, D)
    K, V = (torch.cat([torch.zeros_like(x[:1]), x])[:-1] for x in (K, V)), (K, V)
    before, own = K, V
    K, V = (torch.cat([b, o], 1) for b, o in zip(before, own))  # (chunks, 2 w, D)
    a, b = torch.arange(w)[:, None], torch.arange(-w, w)  # places of queries and keys, from the chunk's start
    allowed = (a - b >= 0) & (a - b < w) & (torch.arange(0, n, w)[:, None, None] + b >= 0)
    scores = Q @ K.mT / D**0.5  # (chunks, w, 2 w)
    return (scores.masked_fill(~allowed, float("-inf")).softmax(-1) @ V).view(n, -1)
