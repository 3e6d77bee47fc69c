# %% [markdown] name="title"
r"""
# 11 · Positions

*Dog bites man* is no news. *Man bites dog* is. The two headlines differ only in the order of their words. Self-attention does not see this order: the word *bites* receives the same answer in both.
"""

# %% name="story"
import torch

from attention_course.lessons.lesson_11 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

headlines = ["dog bites man".split(), "man bites dog".split()]
numbers = {"dog": [1.0, 0.0], "bites": [1.0, 1.0], "man": [0.0, 1.0]}
words = torch.tensor([[numbers[word] for word in headline] for headline in headlines])  # (2, 3, 2)
scores = words @ words.mT                                           # (2, 3, 3)
weights = scores.softmax(-1)                                        # (2, 3, 3)
diagrams.headlines(headlines, words, scores[:, 1], weights[:, 1], (weights @ words)[:, 1])

# %% [markdown] name="what-for"
r"""
In the picture each word is two numbers: how much it is about a dog, and how much about a man. In both headlines *bites* receives (0.79, 0.79), as much dog as man. Who bites whom is lost.

So the model must be told the order. Whatever does this is a **positional encoding**. You build the six best-known ones. Then small models learn from short texts and read texts four times as long. Some break, and you find out why.

You need lessons 01, 02, 09 and 10, and for sections 10 to 13 also 03. Sections 1 to 9 are the core.

## 1 · Why is attention blind to order?

Let the query, key and value of each word be its two numbers. *Bites* scores 1 · 1 + 1 · 0 = 1 with *dog*, 1 with *man* and 2 with itself. The softmax makes the weights 0.21, 0.21 and 0.58. So *bites* receives

$$0.21 \cdot (1, 0) + 0.58 \cdot (1, 1) + 0.21 \cdot (0, 1) = (0.79, 0.79) .$$

In the other headline the same three terms are added in another order. The sum is the same.

Learned matrices and several heads do not help, because they treat all words alike. Reorder the words, and the outputs are reordered in the same way: attention is **permutation equivariant** (loosely called *invariant*).
"""

# %% name="equivariant"
from attention_course.lessons.lesson_10.built import MultiHeadAttention

torch.manual_seed(0)
attention, x = MultiHeadAttention(E=16, H=4), torch.randn(1, 6, 16)
order = [5, 0, 3, 1, 2, 4]
outputs, _ = attention(x)                                           # (1, 6, 16)
reordered, _ = attention(x[:, order])
assert torch.allclose(reordered, outputs[:, order], atol=1e-6)      # equivariant

query = torch.randn(1, 1, 16)                   # one query from outside: its output is invariant
assert torch.allclose(attention(query, x[:, order])[0], attention(query, x)[0], atol=1e-6)

# %% name="inside-10" jupyter={"source_hidden": true}
from attention_course import functional
from attention_course.lessons.lesson_10 import built as built_10

parts = [built_10.split, built_10.merge, functional.masked_softmax, built_10.attend]
look_inside(*parts, MultiHeadAttention)

# %% name="encoder-guard" jupyter={"source_hidden": true}
from attention_course.models.transformer import Config, TransformerEncoder

none = Config(size=16, heads=4, hidden=32, layers=2, dropout=0.0, positions=None)
encoder, ids = TransformerEncoder(10, none), torch.tensor([[1, 2, 3, 4, 1, 5]])
assert torch.allclose(encoder(ids[:, order])[0], encoder(ids)[0][:, order], atol=1e-5)

# %% [markdown] name="blind-answer"
r"""
**Answer: attention adds up over all words, and a sum has no order.**

## 2 · Where can the order come in?

At three points:
"""

# %% name="where" jupyter={"source_hidden": true}
diagrams.where_order_enters()

# %% [markdown] name="where-text"
r"""
| kind | tells | enters | schemes are called |
|---|---|---|---|
| 1 | each word its place | once, before the first layer; reaches the values, too | **absolute** |
| 2, 3 | each score how far apart query and key are | in every layer; leaves the values as they are | **relative** |

| letter | meaning |
|---|---|
| $t$, $j$ | places of a query and of a key; the first place is 0 |
| $j - t$ | distance from query to key, negative where the key comes earlier; where a model looks only back, we name it without the sign |
| $z_{tj}$ | score of query $t$ with key $j$ |
| $B$, $L$, $H$ | sentences, words in each, heads |
| $E$, $D$ | numbers per word, numbers per word in one head: $D = E / H$ |
| $W^Q$, $W^K$ | matrices that make queries and keys of the words |
| $\omega_m$ | angle by which clock hand $m$ turns from place to place |
| $r_{j-t}$ | learned vector of a distance |

## 3 · Sinusoidal: can a clock tell the place?

**Idea.** Add to each word a vector that says where the word stands (Vaswani and others 2017). A bare 500 would drown the word, so read the place off a clock. The hand turns by the same angle from place to place. Its sine and cosine say where it points, and never exceed 1.

Take a quarter turn per place. The hand shows (0, 1) at place 0, then (1, 0), (0, −1) and (−1, 0). Let our words stand at places 1, 2 and 3:

$$\begin{aligned}
\text{dog} &: (1, 0) + (1, 0) = (2, 0) \\
\text{bites} &: (1, 1) + (0, -1) = (1, 0) \\
\text{man} &: (0, 1) + (-1, 0) = (-1, 1)
\end{aligned}$$

Now *bites* scores 2 with *dog* and −1 with *man*. In the other headline it scores 1 with *man* and 0 with *dog*.
"""

# %% name="by-hand"
hand = torch.tensor([[1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]])         # at places 1, 2, 3
with_places = words + hand                                          # (2, 3, 2)
scores = with_places @ with_places.mT                               # (2, 3, 3)
weights = scores.softmax(-1)
contexts = weights @ with_places
numbers_are = ("dog\n+ sin", "man\n+ cos")
diagrams.headlines(headlines, with_places, scores[:, 1], weights[:, 1], contexts[:, 1], numbers_are)

# %% name="by-hand-guard" jupyter={"source_hidden": true}
assert with_places[1, 2].tolist() == [0, 0]                         # dog at place 3
assert torch.allclose(contexts[:, 1], torch.tensor([[1.64, 0.04], [0.84, 0.42]]), atol=6e-3)

# %% [markdown] name="clocks-text"
r"""
*Bites* receives (1.64, 0.04) in the first headline and (0.84, 0.42) in the second. But there *dog* has become (1, 0) + (−1, 0) = (0, 0). Adding changes the word. Section 8 avoids this.

At place 4 the hand points where it began. So the clock gets slower hands, too.

**Picture.** Three hands, each three times as slow as the one above.
"""

# %% name="clocks" jupyter={"source_hidden": true}
diagrams.clocks(range(6), {"first hand": 90, "second hand": 30, "third hand": 10})

# %% [markdown] name="sinusoids-text"
r"""
**Code.** The paper takes $E / 2$ hands. Hand $m = 0, 1, \dots$ shows at place $t$

$$\big(\sin(t\,\omega_m),\ \cos(t\,\omega_m)\big), \qquad \omega_m = 10000^{-2m/E} .$$

The first hand turns by 1 radian (57°) per place. With $E = 512$ the last one needs some 60,600 places for a round.
"""

# %% name="sinusoids"
def sinusoids(L, E):
    rates = 10_000 ** (-torch.arange(0, E, 2) / E)                  # (E / 2): radians per place
    angles = torch.arange(L)[:, None] * rates                       # (L, E / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)  # (L, E)


def sinusoidal(x):                                                  # (B, L, E)
    return x + sinusoids(*x.shape[1:]).to(x)

# %% name="sinusoids-map" jupyter={"source_hidden": true}
diagrams.map_of_places(sinusoids(64, 32))

# %% [markdown] name="move-text"
r"""
On the left, each row is added to the word at that place. The fast hands come first. On the right are the products of places 0 and 32 with all places: one curve.

**Property.** To get three places on, each hand turns by a fixed angle, wherever it stands. So *one* matrix of rotations does it for every place. All hands have one length, so the product of two places depends only on their distance.
"""

# %% name="move"
def move(n, E):
    angles = n * 10_000 ** (-torch.arange(0, E, 2) / E)
    turns = [[[a.cos(), -a.sin()], [a.sin(), a.cos()]] for a in angles]
    return torch.block_diag(*map(torch.tensor, turns))              # (E, E)


places = sinusoids(128, 32)
assert torch.allclose(places[:-3] @ move(3, 32), places[3:], atol=1e-4)         # one matrix for all

products = places @ places.T
assert torch.allclose(products.diagonal(20), products[0, 20].expand(108), atol=1e-4)

scores = places @ move(-3, 32) @ places.T       # places without words; W_Q is the turn by -3
assert torch.equal(scores[3:].argmax(-1), torch.arange(125))        # looks three places back

# %% name="package-sinusoids" jupyter={"source_hidden": true}
from attention_course import positions

theirs = positions.sinusoidal.sinusoids(torch.arange(100), 32)
assert torch.allclose(sinusoids(100, 32), theirs, atol=1e-5)
assert round(2 * torch.pi * 10_000 ** (510 / 512), -2) == 60_600

# %% [markdown] name="sinusoidal-answer"
r"""
**Answer: yes, with many hands. A step in the text is a rotation, the same at every place.**

## 4 · Learned: why not a table?

**Idea.** Make the vectors parameters, one for each place, and let training find them (Gehring and others 2017). BERT and GPT-2 do so.

**Picture.** The numbers are made up.
"""

# %% name="table-picture" jupyter={"source_hidden": true}
learned_rows = [[0.3, -1.1], [1.2, 0.4], [-0.7, 0.9]]
diagrams.table_of_places(headlines[0], [numbers[word] for word in headlines[0]], learned_rows)

# %% [markdown] name="learned-text"
r"""
**Code** and **property.** After the last row there is nothing to add.
"""

# %% name="learned"
from torch import nn


class Learned(nn.Module):
    def __init__(self, E, longest):
        super().__init__()
        self.table = nn.Parameter(torch.randn(longest, E))

    def forward(self, x):                                           # (B, L, E)
        L = x.shape[1]
        if len(self.table) < L:
            raise ValueError(f"expected at most {len(self.table)} places, got {L}")
        return x + self.table[:L]


try:
    Learned(E=16, longest=64)(torch.zeros(1, 65, 16))
except ValueError as error:
    print("ValueError:", error)

# %% [markdown] name="learned-answer"
r"""
**Answer: a table is simplest, but ends with its last row.**

## 5 · Shaw: what if only the distance counts?

**Idea.** A phrase means the same at place 3 and at place 300, but absolute schemes have to learn this. So tell each score the distance instead. Shaw, Uszkoreit and Vaswani (2018) learn a vector $r$ for each distance and add it to the key:

$$z_{tj} = q_t \cdot (k_j + r_{j-t}) / \sqrt{D} .$$

Take $q_t = (2, 1)$ and $k_j = (1, 2)$, one place earlier. Their product is 4. With $r_{-1} = (1, 0)$ it becomes $(2, 1) \cdot (2, 2) = 6$. (We leave out the paper's second vector, for the value.)

**Picture.** Each row is a query, each column a key. Distances beyond 2 share a vector.
"""

# %% name="shaw-picture" jupyter={"source_hidden": true}
five = "dog bites man in park".split()
vectors = [[f"$r_{{{max(-2, min(2, j - t))}}}$" for j in range(5)] for t in range(5)]
said = "framed: the key one\nplace before the query.\nEqual distances,\nequal vectors"
title = "Shaw: the vector that joins the key."
diagrams.by_distance(vectors, five, title, "(L, L, D)", said, reach=2)

# %% [markdown] name="shaw-text"
r"""
**Code.** A relative scheme makes scores of queries and keys. `dot` is the one without positions.
"""

# %% name="shaw"
def distances(L):
    place = torch.arange(L)
    return place - place[:, None]                                   # [t, j] is j - t: (L, L)


def dot(Q, K):                                                      # (B, H, L, D) each
    return Q @ K.mT / Q.shape[-1] ** 0.5                            # (B, H, L, L)


class Shaw(nn.Module):
    def __init__(self, D, farthest=16):
        super().__init__()
        self.farthest = farthest
        self.vectors = nn.Parameter(0.02 * torch.randn(2 * farthest + 1, D))

    def forward(self, Q, K):
        near = distances(Q.shape[-2]).clamp(-self.farthest, self.farthest)
        r = self.vectors[near + self.farthest]                      # (L, L, D)
        extra = torch.einsum("bhtd,tjd->bhtj", Q, r)
        return (Q @ K.mT + extra) / Q.shape[-1] ** 0.5

# %% [markdown] name="shaw-property-text"
r"""
**Property.** Put 20 other words in front of six words. The scores among the six stay the same.
"""

# %% name="shaw-property"
def same_anywhere(scores, before=20, L=6):
    Q, K = torch.randn(2, 1, 4, before + L, 16)                     # 4 heads of 16 numbers
    alone = scores(Q[..., before:, :], K[..., before:, :])
    return torch.allclose(scores(Q, K)[..., before:, before:], alone, atol=1e-5)


shaw = Shaw(D=16)
nn.init.normal_(shaw.vectors)                                       # as if it had learned
assert same_anywhere(shaw)

# %% [markdown] name="shaw-answer"
r"""
**Answer: then each distance gets a learned vector, which is added to the key.**

## 6 · T5: how many distances must be told apart?

**Idea.** Shaw takes all far distances as one. But 30 is not 300, though 103 and 104 are nearly alike. So T5 (Raffel and others 2020) sorts the distances into 32 **buckets**, half of them for each side. Each bucket has one learned number per head, which is added to the score.

**Picture.** Each of the first eight buckets holds one distance. After that, each bucket begins about 1.4 times as far away as the one before.
"""

# %% name="buckets-picture" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_11 import built

found = [(built.bucket(-torch.arange(400)) == b).nonzero()[:, 0].tolist() for b in range(16)]
ranges = [str(f[0]) if len(f) == 1 else f"{f[0]}–{f[-1]}" for f in found[:-1]]
diagrams.buckets([*ranges, f"{found[-1][0]}+"])

# %% [markdown] name="t5-text"
r"""
**Code.** T5 does not divide scores by $\sqrt D$, and its layers share the biases.
"""

# %% name="t5"
import math


def bucket(distance, buckets=32, farthest=128):
    half, exact = buckets // 2, buckets // 4                        # half of them for each side
    far = distance.abs()
    # how far a distance lies on the way from 8 to 128, by logarithms
    share = (far.clamp(min=1) / exact).log() / math.log(farthest / exact)
    shared = (exact + (half - exact) * share).long().clamp(max=half - 1)
    return torch.where(far < exact, far, shared) + half * (distance > 0)


class T5(nn.Module):
    def __init__(self, H, farthest=128):
        super().__init__()
        self.farthest = farthest
        self.bias = nn.Parameter(torch.zeros(H, 32))

    def forward(self, Q, K):
        index = bucket(distances(Q.shape[-2]), farthest=self.farthest)
        return dot(Q, K) + self.bias[:, index]                      # (B, H, L, L) + (H, L, L)

# %% [markdown] name="t5-property-text"
r"""
**Property.** Only the distance counts, and all distances from 91 on are treated as one.
"""

# %% name="t5-property"
t5 = T5(H=4)
nn.init.normal_(t5.bias)
assert same_anywhere(t5)
assert bucket(-torch.arange(91, 10_000)).unique().tolist() == [15]
assert torch.equal(bucket(torch.arange(-500, 500)), positions.t5.bucket(torch.arange(-500, 500)))

# %% [markdown] name="t5-answer"
r"""
**Answer: few. 32 numbers per head reach any distance.**

## 7 · ALiBi: must anything be learned?

**Idea.** A bucket that no training text reaches stays untrained. **ALiBi** (attention with linear biases; Press, Smith and Lewis 2022) learns nothing. Each score is lowered in proportion to the distance. Each head has a fixed slope, here ¼, 1⁄16, 1⁄64 and 1⁄256. A steep head looks at its neighbours. For a flat head, distance hardly matters.

**Picture.** This is what the slope ¼ adds to the scores:
"""

# %% name="alibi-picture" jupyter={"source_hidden": true}
said = "a quarter less\nfor each place\nof distance;\nframed: one place\nbefore the query"
lost = [[-0.25 * abs(j - t) for j in range(5)] for t in range(5)]
diagrams.by_distance(lost, five, "What ALiBi adds with the slope ¼.", "(L, L)", said)

# %% [markdown] name="alibi-text"
r"""
**Code.** The number of heads is a power of two.
"""

# %% name="alibi"
class ALiBi(nn.Module):
    def __init__(self, H):
        super().__init__()
        self.slopes = 2.0 ** (-8 * torch.arange(1, H + 1) / H)

    def forward(self, Q, K):
        lost = self.slopes[:, None, None] * distances(Q.shape[-2]).abs()
        return dot(Q, K) - lost.to(Q)                               # (B, H, L, L) - (H, L, L)

# %% [markdown] name="alibi-property-text"
r"""
**Property.** From key to key the score falls by the slope, at any distance.
"""

# %% name="alibi-property"
alibi = ALiBi(H=4)
bias = alibi(torch.zeros(1, 4, 300, 16), torch.zeros(1, 4, 300, 16))[0, :, 0]   # (4, 300)
assert torch.allclose(bias.diff(), -alibi.slopes[:, None].expand(4, 299), atol=1e-4)
assert same_anywhere(alibi) and torch.allclose(alibi.slopes, positions.alibi.slopes(4))

Q, K, V = torch.randn(3, 1, 4, 6, 16)           # PyTorch's own function takes biases as attn_mask
bias = alibi(torch.zeros_like(Q), K)            # (1, 4, 6, 6): numbers, not truth values
fused = nn.functional.scaled_dot_product_attention(Q, K, V, attn_mask=bias)
assert torch.allclose(fused, alibi(Q, K).softmax(-1) @ V, atol=1e-5)

# %% [markdown] name="alibi-answer"
r"""
ALiBi does not tell our two headlines apart: both neighbours of *bites* lose the same.

**Answer: no. Where a model looks only back, a fixed preference for near words tells the order.**

## 8 · Rotary: can the product itself know the distance?

**Idea.** Back to the clock. Adding its hand made (0, 0) of *dog*. **Rotary positions** (**RoPE**; Su and others 2021) add nothing. They *turn* the query and the key like a hand, and turning keeps the length. LLaMA does so (Touvron and others 2023).

A quarter turn, now to the left, makes (−b, a) of (a, b). Let the query be (2, 1), the key (1, 2), and turn both by a quarter per place. Place 4 is a full round:

| turned query | turned key | product |
|---|---|---|
| at place 1: (−1, 2) | at place 0: (1, 2) | −1 + 4 = 3 |
| at place 4: (2, 1) | at place 3: (2, −1) | 4 − 1 = 3 |

**Picture.** Dotted arrows have not turned yet. On the right, both stand three places later: the angle between them stays, and so does the product. Move the key alone, and the product changes.
"""

# %% name="explorer" jupyter={"source_hidden": true}
def turned(query_place, key_place, degrees):
    return diagrams.in_the_plane([2, 1], [1, 2], query_place, key_place, degrees, later=3)


label = {"degrees": "degrees per place"}
explore(turned, query_place=(0, 8, 1), key_place=(0, 8, 0), degrees=(0, 90, 90), describe=label)

# %% [markdown] name="rotary-text"
r"""
**Code.** The $D$ numbers of a query or key are taken as $D / 2$ pairs. Pair $m$ at place $t$ turns like hand $m$, by the angle $t\,\omega_m$:

$$(a, b) \;\to\; (a \cos t\omega_m - b \sin t\omega_m,\;\; a \sin t\omega_m + b \cos t\omega_m), \qquad \omega_m = 10000^{-2m/D} .$$

Values are not turned. With a **KV cache** (lesson 12) there are more keys than queries. The last of both stand at one place.
"""

# %% name="rotary"
def turn(x, start=0):                                               # (..., L, D)
    L, D = x.shape[-2:]
    table = sinusoids(start + L, D)[start:].to(x)                   # (L, D)
    sin, cos = table[:, 0::2], table[:, 1::2]                       # (L, D / 2)
    first, second = x[..., 0::2], x[..., 1::2]                      # of each pair
    return torch.stack([first * cos - second * sin, first * sin + second * cos], -1).flatten(-2)


def rotary(Q, K):
    start = K.shape[-2] - Q.shape[-2]                               # 0 without a cache
    return dot(turn(Q, start), turn(K))

# %% [markdown] name="rotary-property-text"
r"""
**Property.** Of a given query and key, the score depends only on the distance. Let $R_t$ be the turn by $t$ places. To turn both vectors back by $t$ places changes no product:

$$(R_t\, q) \cdot (R_j\, k) = q \cdot (R_{j-t}\, k) .$$
"""

# %% name="rotary-property"
q, k = torch.randn(2, 16)
scores = rotary(q.expand(1, 1, 300, 16), k.expand(1, 1, 300, 16))[0, 0]         # (300, 300)
for distance in (-200, -7, 0, 5):
    assert scores.diagonal(distance).std() < 1e-4                   # the same at every place

Q, K = torch.randn(2, 1, 4, 6, 16)
assert torch.allclose(rotary(Q[..., -1:, :], K), rotary(Q, K)[..., -1:, :], atol=1e-5)   # a cache

x = torch.randn(300, 16)
assert torch.allclose(turn(x).norm(dim=-1), x.norm(dim=-1), atol=1e-4)          # lengths stay
assert same_anywhere(rotary)
assert torch.allclose(turn(x), positions.rotary.rotate(x, torch.arange(300)), atol=1e-4)

# %% [markdown] name="rotary-answer"
r"""
**Answer: yes. Turning both by the same angle changes no product, so only the difference counts.**

## 9 · What does each scheme know?

Two tests. Reverse three words: does the middle one receive something else? Put 20 words in front of six: do the weights among the six change?
"""

# %% name="score-board"
schemes = {                                                         # added to words, scores
    "none": (nn.Identity(), dot), "sinusoidal": (sinusoidal, dot),
    "learned": (Learned(64, 256), dot), "Shaw": (nn.Identity(), shaw), "T5": (nn.Identity(), t5),
    "ALiBi": (nn.Identity(), alibi), "rotary": (nn.Identity(), rotary),
}
torch.manual_seed(0)
W_Q, W_K = torch.randn(2, 64, 64) / 8


def scores_of(x, add, scores):                                      # (L, 64) -> (4, L, L)
    x = add(x[None])
    Q, K = (built_10.split(x @ W, 4) for W in (W_Q, W_K))           # (1, 4, L, 16)
    return scores(Q, K)[0]

# %% name="score-board-table"
three, six, in_front = torch.randn(3, 64), torch.randn(6, 64), torch.randn(20, 64)
rows, changes = [], {}
for name, scheme in schemes.items():
    middle = scores_of(three, *scheme).softmax(-1)[:, 1] @ three    # (4, 64)
    mirrored = scores_of(three.flip(0), *scheme).softmax(-1)[:, 1] @ three.flip(0)
    alone = scores_of(six, *scheme).softmax(-1)                     # (4, 6, 6)
    later = scores_of(torch.cat([in_front, six]), *scheme)[:, 20:, 20:].softmax(-1)
    changes[name] = (middle - mirrored).abs().max(), (later - alone).abs().max()
    modules = [part for part in scheme if isinstance(part, nn.Module)]
    learned = sum(p.numel() for module in modules for p in module.parameters())
    rows.append([name, learned, *changes[name]])
table(["scheme", "learned numbers", "reversed: changes by", "words in front: by"], rows, digits=3)

# %% name="score-board-guard" jupyter={"source_hidden": true}
relative = ("Shaw", "T5", "ALiBi", "rotary")
assert all(changes[name][0] < 1e-4 for name in ("none", "ALiBi"))
assert all(changes[name][0] > 0.1 for name in schemes if name not in ("none", "ALiBi"))
assert all(changes[name][1] < 1e-4 for name in relative)
assert all(changes[name][1] > 0.1 for name in ("sinusoidal", "learned"))

# %% [markdown] name="score-board-after"
r"""
The vectors are random, so only zero or not zero counts. The reversal changes nothing without positions, and with ALiBi. Only absolute schemes notice where the text begins.

Why are sinusoids absolute, although the product of two places depends only on their distance? They are added *before* the matrices:

$$\big((x_t + \mathrm{place}_t)\, W^Q\big) \cdot \big((x_j + \mathrm{place}_j)\, W^K\big) .$$

Multiplied out, this contains $x_t W^Q \cdot \mathrm{place}_j W^K$, which depends on the place $j$, whatever the distance.

**Answer: absolute schemes know where each word stands, relative ones only how far apart two words are.**

## 10 · Which model shall test them?

A small **language model** reads characters and predicts each next one. A **causal mask** keeps every character from looking ahead. Each of two layers has attention with one of our schemes, then a small network for each character by itself. What each returns is added to what came in. Lesson 12 explains this, the norms and the factor $\sqrt E$.
"""

# %% name="linear"
from attention_course.functional import masked_softmax  # lesson 01
from attention_course.lessons.lesson_10.built import merge, split


def linear(E):
    layer = nn.Linear(E, E)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer

# %% name="layer"
class Layer(nn.Module):
    def __init__(self, E, H, scores):
        super().__init__()
        self.H, self.scores = H, scores
        self.W_Q, self.W_K, self.W_V, self.W_O = (linear(E) for _ in range(4))
        self.norm_1, self.norm_2 = nn.LayerNorm(E), nn.LayerNorm(E)
        self.mlp = nn.Sequential(nn.Linear(E, 4 * E), nn.ReLU(), nn.Linear(4 * E, E))

    def forward(self, x, mask):                                     # (B, L, E), (L, L)
        normed = self.norm_1(x)
        Q, K, V = (split(W(normed), self.H) for W in (self.W_Q, self.W_K, self.W_V))
        weights = masked_softmax(self.scores(Q, K), mask)           # (B, H, L, L)
        x = x + self.W_O(merge(weights @ V))
        return x + self.mlp(self.norm_2(x))

# %% name="reader"
class Reader(nn.Module):
    def __init__(self, characters, add=None, scores=lambda: dot, layers=2, E=64, H=4):
        super().__init__()
        self.embedding = nn.Embedding(characters, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.add = add or nn.Identity()
        # scores() makes the scheme of one layer: layers share nothing
        self.layers = nn.ModuleList(Layer(E, H, scores()) for _ in range(layers))
        self.norm, self.bias = nn.LayerNorm(E), nn.Parameter(torch.zeros(characters))

    def forward(self, text, back=10_000):       # (B, L); back: how far a character looks back
        x = self.add(self.embedding(text) * self.embedding.embedding_dim**0.5)      # (B, L, E)
        distance = distances(text.shape[1]).to(text.device)
        mask = (distance <= 0) & (distance > -back)                 # (L, L): True = may attend
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x) @ self.embedding.weight.T + self.bias   # (B, L, characters)

# %% [markdown] name="reader-text"
r"""
**Answer: two layers of causal attention, with any scheme.**

## 11 · Does the causal mask tell the order?

Drop all positions and keep the mask. An untrained model reads *dog bites man .* or *man bites dog .*, and predicts what comes next.
"""

# %% name="guess-mask"
guess_mask = predict(
    "A causal mask and no positions: does the model expect the same after both headlines?",
    ["the same, with one layer and with two", "the same with one layer, something else with two",
     "something else with one layer and with two"],
)

# %% name="mask"
both = torch.tensor([[1, 2, 3, 4], [3, 2, 1, 4]])                   # 4 is the full stop
differ, rows = {}, []
for layers in (1, 2):
    torch.manual_seed(0)
    expected = Reader(5, layers=layers)(both)[:, -1]                # (2, 5) logits
    differ[layers] = (expected[0] - expected[1]).abs().max().item()
    rows.append([layers, differ[layers]])
table(["layers", "logits differ by up to"], rows, digits=6)

# %% name="reveal-mask" jupyter={"source_hidden": true}
assert differ[1] < 1e-5 and differ[2] > 1e-3
guess_mask.reveal(
    "the same with one layer, something else with two",
    "With one layer the full stop looks at a set of bare words. But 'dog' as first word sees only "
    "itself, and as third word all three. So after one layer its vector differs, and the second "
    "layer sees this.",
)

# %% [markdown] name="mask-after"
r"""
Haviv and others (2022) found large models without positions close to those with them.
"""

# %% [markdown] name="mask-answer"
r"""
**Answer: yes, a little, from the second layer on. Section 12 measures how much.**

## 12 · What happens beyond the training length?

Reading texts longer than all texts of the training is called **extrapolation**. Our text is the docstrings of Python's standard library; every tenth is kept for the test. The others are joined and cut into examples of 65 characters: 64 to read, each with the next one to predict.
"""

# %% name="data"
from attention_course.data import docstrings
from attention_course.data.vocabulary import Vocabulary

characters = Vocabulary(docstrings.text("train"))
learning, unseen = (characters.encode(docstrings.text(part)) for part in ("train", "test"))
examples = [([], piece) for piece in docstrings.pieces(learning, 64)]       # no source, 65 numbers
print(f"{len(learning):,} characters to learn from, {len(unseen):,} unseen")
print(f"{len(characters)} kinds", repr("".join(characters.decode(examples[100][1]))))

# %% name="train"
from attention_course.device import seed_everything, use_threads
from attention_course.training import sequence_loss, train


def next_character(model, _, text):                                 # text: (16, 65)
    return sequence_loss(model(text[:, :-1]), text[:, 1:])


def trained(**scheme):
    seed_everything(0)
    model = Reader(len(characters), **scheme)
    settings = {"target_tokens": 250_000, "batch_tokens": 16 * 64, "learning_rate": 4e-3}
    train(model, examples, loss=next_character, **settings)         # 245 steps of 16 pieces
    return model


use_threads(1)
live = {"none": trained(), "rotary": trained(scores=lambda: rotary)}
live["ALiBi"] = trained(scores=lambda: ALiBi(4))

# %% [markdown] name="train-text"
r"""
`sequence_loss` is the mean cross-entropy in **nats** per character: it takes natural logarithms.

| part of the training | setting |
|---|---|
| optimiser | AdamW, β 0.9 and 0.98, weight decay 0.01 |
| learning rate | rises to 0.004 in the first tenth of the steps, then falls evenly to 0 |
| gradients | clipped to norm 1 |
| numbers of characters | from 4 on, the most frequent first; 0 to 3 are special |
"""

# %% name="inside-train" jupyter={"source_hidden": true}
from attention_course.data.batches import cut, endless
from attention_course.training import loop, recipe

look_inside(
    docstrings.docstrings, docstrings.text, docstrings.pieces, cut, endless, sequence_loss,
    recipe.adamw, recipe.warm_up_then_decay, loop.train_step,
)  # fmt: skip

# %% name="guess-beyond"
guess_beyond = predict(
    "Rotary scores depend on distance alone. Trained on 64 characters, the model reads 256. "
    "Does it predict better, having more to go by?",
    ["yes, better", "as well as before", "no, worse"],
)

# %% [markdown] name="live-text"
r"""
The same characters are predicted three times. The third time, each character looks only at the latest 64.
"""

# %% name="live"
windows = torch.tensor(docstrings.pieces(unseen[:6_000], 256, 48))  # (120, 257)


@torch.no_grad()
def loss_of_last(model, length, back=10_000, windows=windows):      # of the last 16 characters
    total = 0
    for part in windows.split(4):
        logits = model(part[:, -length - 1 : -1], back)[:, -16:]    # (4, 16, kinds)
        total += sequence_loss(logits, part[:, -16:]).item() * len(part)
    return total / len(windows)


found = {
    name: [loss_of_last(model, 64), loss_of_last(model, 256), loss_of_last(model, 256, back=64)]
    for name, model in live.items()
}
columns = ["48 to 63 before", "240 to 255 before", "240 to 255, looking back 64"]
table(["positions", *columns], [[name, *losses] for name, losses in found.items()])

# %% name="live-guard" jupyter={"source_hidden": true}
assert found["rotary"][0] < found["ALiBi"][0] - 0.05 and found["ALiBi"][0] < found["none"][0]
assert found["rotary"][0] < found["none"][0] - 0.1
assert found["rotary"][1] > found["rotary"][0] + 0.1
assert all(found[name][1] < found[name][0] + 0.1 for name in ("none", "ALiBi"))
assert found["rotary"][2] < found["rotary"][0] + 0.1

# %% [markdown] name="experiment-text"
r"""
In this run rotary is best at its training length, and loses most beyond. Beforehand we trained all six schemes, and models without positions, on 1,000,000 characters, from three random starts. Three of them in detail:

| scheme | as measured |
|---|---|
| Shaw | with the paper's second vector, which is added to the value |
| T5 | with `farthest=32` instead of 128: distances from 27 on share the last bucket, and training meets every bucket for earlier keys |
| learned | with 256 rows, of which training reaches 64; the others stay random |

A window of 256 moves over the first 12,512 unseen characters, 16 at a time. Lines are means, and bands span the three starts.
"""

# %% name="experiment" jupyter={"source_hidden": true}
from attention_course import claims, results
from attention_course.lessons.lesson_11.beyond import beyond

measured = results.load("11_positions")
loss = measured["loss"]
groups = {
    "#666666": {"no positions": loss["none"]},
    "#b5481b": {name: loss[name] for name in ("sinusoidal", "learned")},
    "#2a598c": {name: loss[name] for name in relative},
}
axes = {"x_label": "characters read", "y_label": "nats per character"}
beyond(measured["ends"], groups, mark=64, mark_label="training length", **axes)

# %% name="reveal-beyond" jupyter={"source_hidden": true}
rises = measured["rise"]["rotary"]
assert min(rises) > 0.1
guess_beyond.reveal(
    "no, worse",
    "With four times as much to read, rotary's loss rises by "
    + ", ".join(f"{rise:.2f}" for rise in rises) + " nats per character in three trainings.",
)

# %% [markdown] name="figure-after"
r"""
Relative schemes are blue, absolute ones red. Each point is a mean over 16 places, always of the same characters. Left of the line every scheme beats no positions. Right of it, absolute schemes break at once. Rotary holds up to 96 characters and then breaks as badly, though it knows only distances. T5 loses slowly. Shaw and ALiBi hardly change.

The table adds models with one layer. Its last row predicts from the current character alone, by counts of pairs (**bigrams**).
"""

# %% name="pairs" jupyter={"source_hidden": true}
text, M = torch.tensor(learning), len(characters)
counts = torch.bincount(text[:-1] * M + text[1:], minlength=M * M).view(M, M) + 0.1
test = torch.tensor(unseen[:12_512])
by_pairs = -(counts / counts.sum(-1, keepdim=True)).log()[test[:-1], test[1:]].mean().item()

# %% name="experiment-numbers"
def mean(losses, place):                                            # over the three starts
    return torch.tensor(losses)[:, place].mean()


rows = [
    [name, mean(loss[name], 3), mean(loss[name], -1), mean(measured["near"][name], -1)]
    for name in schemes
]
for name, losses in measured["loss_one_layer"].items():
    rows.append([f"{name}, one layer", mean(losses, 3), mean(losses, -1), None])
rows.append(["pairs of characters, counted", by_pairs, by_pairs, None])
table(["positions", *columns], rows)

# %% name="experiment-guard" jupyter={"source_hidden": true}
starts = {name: torch.tensor(seeds) for name, seeds in loss.items()}            # (3, 16)
assert all((seeds[:, 4:] > seeds[:, 3:4]).all() for seeds in starts.values())   # no gain
near = {name: torch.tensor(measured["near"][name]) - starts[name][:, 3:4] for name in schemes}
assert all(near[name][:, 4:].abs().max() < 0.02 for name in ("rotary", "T5"))
assert all(near[name][:, 4:].min() > 0.5 for name in ("sinusoidal", "learned"))
rise = {name: seeds[:, 3:].diff() for name, seeds in starts.items()}            # (3, 12)
assert all((starts[name][:, :4] < starts["none"][:, :4]).all() for name in starts if name != "none")
assert all(rise[name][:, 0].min() > 0.5 for name in ("sinusoidal", "learned"))
assert rise["rotary"][:, :2].max() < 0.05 and starts["rotary"][:, -1].min() > 2.9
assert rise["T5"].min() > 0 and rise["T5"].max() < 0.05 < 0.3 < rise["T5"].sum(-1).min()
assert all(rise[name].sum(-1).max() < 0.06 for name in ("Shaw", "ALiBi"))
shallow = {name: torch.tensor(seeds)[:, 3] for name, seeds in measured["loss_one_layer"].items()}
assert 0.08 < (shallow["none"] - starts["none"][:, 3]).mean() < 0.1
assert (shallow["rotary"] < starts["none"][:, 3] - 0.4).all()

# %% name="keys-guard" jupyter={"source_hidden": true}
back = torch.arange(256)
last = built.bucket(-back, farthest=32) == 15
assert torch.equal(last, back >= 27) and (last[:64].sum(), last.sum()) == (37, 229)
assert len(built.bucket(-back[:64], farthest=32).unique()) == 16

# %% [markdown] name="numbers-after"
r"""
The mask alone brings little: without positions, the second layer gains 0.09. *With* rotary positions, one layer is already far ahead.

The last column is the control: no character looks farther back than in training. Then rotary and T5 are as good as before, at any place. So new places do not break them. To absolute schemes the places are new, and they stay broken.

But looking back 64 limits both the distances and the number of keys. T5 met all buckets in training. New is how many keys share the last one: 37 at most in training, 229 at the end. Without positions, too, more keys raise the loss. Yet Shaw's far keys also share a vector, and Shaw holds; we do not know why. For rotary, section 13 tells the two apart.

No model that learned from 64 characters gains from more. Three claims were fixed before measuring:
"""

# %% name="claims" jupyter={"source_hidden": true}
claims.table("11_positions")

# %% [markdown] name="beyond-answer"
r"""
All this holds for small models and short texts. In tasks of reasoning, Kazemnejad and others (2023) found models without positions best.

**Answer: what training has not met can break: new places for absolute schemes, new distances or more keys for some relative ones.**

## 13 · Why does rotary break?

In training, distances go up to 63. A pair that makes a full round within 63 places has shown all its angles. A slower pair shows new ones beyond.
"""

# %% name="rounds"
rows = []
for m in range(8):                                                  # D = 16
    places_per_round = 2 * math.pi * 10_000 ** (2 * m / 16)
    rows.append([m, round(places_per_round), 63 / places_per_round, 255 / places_per_round])
table(["pair", "places for a round", "rounds at distance 63", "rounds at distance 255"], rows)

# %% [markdown] name="held-text"
r"""
Pair 3 makes a third of its first round in training, and the rest beyond. Does this break the model? We *hold* some pairs: beyond distance 63 they keep the angle that they have there. The number of keys stays 256.
"""

# %% name="held-scores" jupyter={"source_hidden": true}
def held(pairs, most=63):
    def scores(Q, K):                                               # each pair by itself
        back, D, total = (-distances(Q.shape[-2])).clamp(min=0), Q.shape[-1], 0
        for m in range(D // 2):
            angle = (back.clamp(max=most) if m in pairs else back) * 10_000 ** (-2 * m / D)
            q, k = Q[..., 2 * m : 2 * m + 2], K[..., 2 * m : 2 * m + 2].mT
            across = q[..., :1] * k[..., 1:, :] - q[..., 1:] * k[..., :1, :]
            total = total + (q @ k) * angle.cos() + across * angle.sin()
        return total / D**0.5

    return scores

# %% name="held"
import copy


def with_scores(model, scores):
    changed = copy.deepcopy(model)
    for layer in changed.layers:
        layer.scores = scores
    return changed


some, model = windows[::3], live["rotary"]                  # a third: other losses than above
pairs = {"none": (), "0 to 2": (0, 1, 2), "3": (3,), "4 to 7": (4, 5, 6, 7)}
at_256 = {
    name: loss_of_last(with_scores(model, held(which)), 256, windows=some)
    for name, which in pairs.items()
}
at_256["as in training"] = loss_of_last(model, 64, windows=some)
rows = [[name, loss, measured["held"][name]] for name, loss in at_256.items()]
table(["pairs held", "loss of this model", "of three trained longer"], rows)

# %% name="held-guard" jupyter={"source_hidden": true}
assert abs(at_256["none"] - loss_of_last(model, 256, windows=some)) < 1e-3
longer = {name: torch.tensor(seeds) for name, seeds in measured["held"].items()}
for losses in (at_256, longer):
    broken = torch.as_tensor(losses["none"] - losses["as in training"])
    assert (torch.as_tensor(losses["none"] - losses["3"]) > 0.5 * broken).all()
    assert torch.as_tensor(losses["0 to 2"] > losses["none"]).all()
    assert torch.as_tensor(losses["3"] < losses["4 to 7"]).all()
assert (longer["none"] - longer["4 to 7"] < 0.1 * (longer["none"] - longer["as in training"])).all()

# %% [markdown] name="held-after"
r"""
To hold pair 3 alone mends most of the damage. In the longer trainings, the slower pairs mend nothing, and to hold pairs 0 to 2, which had shown all their angles, does harm.

**Answer: it meets angles that training never met.** As a remedy, Chen and others (2023) squeeze the places of a long text into those of the training, and train a little more (**position interpolation**). Code Llama raises the base 10000 to 1,000,000 (Rozière and others 2023).

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = "import math\n\nimport torch\nfrom torch import nn\n\n"
imports += "from attention_course.functional import masked_softmax  # lesson 01\n"
imports += "from attention_course.lessons.lesson_10.built import merge, split"
parts = [sinusoids, sinusoidal, Learned, distances, dot, Shaw, bucket, T5, ALiBi, turn, rotary]
listing(*parts, linear, Layer, Reader, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- Self-attention is **permutation equivariant**: it does not see the order of words.
- **Absolute** schemes (**sinusoidal**, **learned**) add a vector to each word, once.
- **Relative** schemes (**Shaw**, **T5**, **ALiBi**, **rotary**) tell each score the distance, in every layer.
- Rotary turns queries and keys like clock hands. This keeps their lengths, and only the distance counts.
- Today, take rotary. For longer texts, interpolate or enlarge its base.
- A causal mask brings in a little order, from the second layer on.
- Beyond the training length, new places, new distances and more keys can break a model.

Worth knowing by heart:

```
x = x + sinusoids(L, E)                                         # sinusoidal
scores = turn(Q) @ turn(K).mT / D**0.5                          # rotary
scores = Q @ K.mT / D**0.5 - slope * distances(L).abs()         # ALiBi
```

<details><summary>1. Rotary, a quarter turn per place: the query (1, 0) stands at place 6, the key (1, 0) at place 4. What is their product?</summary>

Two places are half a turn. So the product is (1, 0) · (−1, 0) = −1.

</details>

<details><summary>2. A learned table has 512 rows, training texts had 100 words. What happens at 300 words, and at 600?</summary>

At 300 it adds rows that no training has touched. At 600 it raises an error.

</details>

<details><summary>3. How do we know that distances break rotary, and not places?</summary>

If each character looks only at the latest 64, the loss is as in training, at any place. To hold one pair mends most, with as many keys.

</details>

## Exercises, and where to go next

In the [exercises](exercises/11_positions.ipynb) you write rotary in LLaMA's layout, and squeeze places. Lesson [12](12_transformer.ipynb) puts the Transformer together.

### Sources

Vaswani et al.: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), section 3.5 · Gehring, Auli, Grangier, Yarats, Dauphin: Convolutional sequence to sequence learning. ICML 2017, [arXiv:1705.03122](https://arxiv.org/abs/1705.03122) · Devlin, Chang, Lee, Toutanova: BERT. NAACL 2019, [arXiv:1810.04805](https://arxiv.org/abs/1810.04805) · Radford et al.: Language models are unsupervised multitask learners (GPT-2). 2019 · Shaw, Uszkoreit, Vaswani: Self-attention with relative position representations. NAACL 2018, [arXiv:1803.02155](https://arxiv.org/abs/1803.02155) · Raffel et al.: Exploring the limits of transfer learning with a unified text-to-text transformer. JMLR 21 (2020), [arXiv:1910.10683](https://arxiv.org/abs/1910.10683) · Su, Lu, Pan, Murtadha, Wen, Liu: RoFormer: enhanced transformer with rotary position embedding. 2021, [arXiv:2104.09864](https://arxiv.org/abs/2104.09864) · Touvron et al.: LLaMA: open and efficient foundation language models. 2023, [arXiv:2302.13971](https://arxiv.org/abs/2302.13971) · Press, Smith, Lewis: Train short, test long: attention with linear biases enables input length extrapolation. ICLR 2022, [arXiv:2108.12409](https://arxiv.org/abs/2108.12409) · Haviv, Ram, Press, Izsak, Levy: Transformer language models without positional encodings still learn positional information. Findings of EMNLP 2022, [arXiv:2203.16634](https://arxiv.org/abs/2203.16634) · Kazemnejad, Padhi, Natesan Ramamurthy, Das, Reddy: The impact of positional encoding on length generalization in transformers. NeurIPS 2023, [arXiv:2305.19466](https://arxiv.org/abs/2305.19466) · Chen, Wong, Chen, Tian: Extending context window of large language models via positional interpolation. 2023, [arXiv:2306.15595](https://arxiv.org/abs/2306.15595) · Rozière et al.: Code Llama: open foundation models for code. 2023, [arXiv:2308.12950](https://arxiv.org/abs/2308.12950) · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese
"""
