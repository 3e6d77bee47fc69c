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
x = torch.tensor([[numbers[word] for word in headline] for headline in headlines])  # (2, 3, 2)
weights = (x @ x.mT).softmax(-1)                                    # (2, 3, 3)
contexts = weights @ x                                              # (2, 3, 2)
diagrams.headlines(headlines, numbers, weights[:, 1], contexts[:, 1])

# %% [markdown] name="what-for"
r"""
In the picture each word is two numbers: how much it is about a dog, and how much about a man. *Bites* receives (0.79, 0.79), as much dog as man. Who bites whom is lost.

So a model must be told the order. What tells it is called a **positional encoding**. You build the six best-known ones. Then models learn from short texts and read texts four times as long.

You need lessons 01, 02 and 10. Sections 1 to 8 take twenty-five minutes, the rest twenty.

## 1 · Why is attention blind to order?

The query, key and value of each word are its two numbers. *Bites* scores 1 · 1 + 1 · 0 = 1 with *dog*, 1 with *man*, and 2 with itself. The softmax makes the weights 0.21, 0.21 and 0.58. The answer is

0.21 · (1, 0) + 0.58 · (1, 1) + 0.21 · (0, 1) = (0.79, 0.79).

In the other headline the same three terms are added in another order. That changes no sum.

Learned matrices and several heads do not help, because they treat all words alike. If the words are reordered, so are the outputs. Such a function is **permutation equivariant**. (Often it is called permutation *invariant*. This is true only of a query from outside, as in lesson 01.)
"""

# %% name="equivariant"
from attention_course.lessons.lesson_10.built import MultiHeadAttention

torch.manual_seed(0)
attention, x = MultiHeadAttention(E=16, H=4), torch.randn(1, 6, 16)
order = [5, 0, 3, 1, 2, 4]
outputs, _ = attention(x)                                           # (1, 6, 16)
reordered, _ = attention(x[:, order])
assert torch.allclose(reordered, outputs[:, order], atol=1e-6)      # equivariant

query = torch.randn(1, 1, 16)
assert torch.allclose(attention(query, x[:, order])[0], attention(query, x)[0], atol=1e-6)

# %% name="inside-10" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_10 import built as built_10

look_inside(built_10.split, built_10.merge, built_10.attend, MultiHeadAttention)

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
Schemes of kind 1 tell each word its place. They are **absolute**. Kinds 2 and 3 tell each score how far apart query and key are. They are **relative**.

| letter | meaning |
|---|---|
| $t$, $j$ | places of a query and of a key; the first place is 0 |
| $j - t$ | distance from query to key, negative where the key comes earlier |
| $E$, $D$ | numbers per word, numbers per word in one head |
| $\omega_m$ | angle by which clock hand $m$ turns from place to place |
| $r_{j-t}$ | learned vector of a distance |

Each scheme comes in four parts: idea, picture, code, and a property that a cell checks.

## 3 · Sinusoidal: can a clock tell the place?

**Idea.** Add to each word a vector that says where the word stands (Vaswani and others 2017). It is read off a clock. The hand moves on by the same angle at every place. It shows two numbers, the sine and the cosine of its angle.

Take a quarter turn per place. The hand shows (0, 1) at place 0, then (1, 0), (0, −1) and (−1, 0). Let our words stand at places 1, 2 and 3. *Dog* becomes (1, 0) + (1, 0) = (2, 0), *bites* (1, 1) + (0, −1) = (1, 0), and *man* (−1, 1). *Bites* scores 2 with *dog* and −1 with *man*. In the other headline it scores 1 with *man* and 0 with *dog*.
"""

# %% name="by-hand"
hand = torch.tensor([[1.0, 0.0], [0.0, -1.0], [-1.0, 0.0]])         # at places 1, 2, 3
rows = []
for headline in headlines:
    with_places = torch.tensor([numbers[word] for word in headline]) + hand     # (3, 2)
    scores = with_places @ with_places[1]                           # of "bites": (3)
    rows.append([" ".join(headline), with_places, scores, scores.softmax(-1) @ with_places])
table(["headline", "words with places", "scores of bites", "bites receives"], rows)

# %% [markdown] name="clocks-text"
r"""
The answers differ. But at place 4 the hand is back where it began. So the clock gets slower hands, too.

**Picture.** Three hands, each three times as slow as the one above.
"""

# %% name="clocks" jupyter={"source_hidden": true}
diagrams.clocks(range(6), {"first hand": 90, "second hand": 30, "third hand": 10})

# %% [markdown] name="sinusoids-text"
r"""
**Code.** The paper takes $E / 2$ hands. Hand $m = 0, 1, \dots$ shows at place $t$

$$\big(\sin(t\,\omega_m),\ \cos(t\,\omega_m)\big), \qquad \omega_m = 10000^{-2m/E} .$$

The first hand turns by 1 radian (57°) per place. The last one needs nearly 62,800 places for a round.
"""

# %% name="sinusoids"
def sinusoids(L, E):
    rates = 10_000 ** (-torch.arange(0, E, 2) / E)                  # (E / 2): radians per place
    angles = torch.arange(L)[:, None] * rates                       # (L, E / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)  # (L, E)


def sinusoidal(x):                                                  # (B, L, E)
    return x + sinusoids(*x.shape[1:]).to(x)

# %% [markdown] name="move-text"
r"""
**Property.** To go three places on, each hand turns by a fixed angle, wherever it stands. So *one* matrix of rotations moves every place. The product of two places depends only on their distance. And if $W^Q$ moves by −3 and $W^K$ changes nothing, every place looks most at the place three before it.
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

scores = places @ move(-3, 32) @ places.T
assert torch.equal(scores[3:].argmax(-1), torch.arange(125))        # looks three places back

# %% name="package-sinusoids" jupyter={"source_hidden": true}
from attention_course import positions

theirs = positions.sinusoidal.sinusoids(torch.arange(100), 32)
assert torch.allclose(sinusoids(100, 32), theirs, atol=1e-5)

# %% [markdown] name="sinusoidal-answer"
r"""
**Answer: yes, with many hands. A step in the text is a rotation, the same at every place.**

## 4 · Learned: why not a table?

**Idea.** Make the vectors parameters, one for each place, and let training find them (Gehring and others 2017). BERT and GPT-2 do this.

**Picture.** Here the numbers are made up.
"""

# %% name="table-picture" jupyter={"source_hidden": true}
learned_rows = [[0.3, -1.1], [1.2, 0.4], [-0.7, 0.9]]
diagrams.table_of_places(headlines[0], [numbers[word] for word in headlines[0]], learned_rows)

# %% [markdown] name="learned-text"
r"""
**Code** and **property.** Behind the last row there is nothing.
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
**Answer: a table is the simplest scheme, and it ends with its last row.**

## 5 · Shaw: what if only the distance counts?

**Idea.** A phrase means the same at place 3 and at place 300. So leave the words alone, and tell each score the distance. Shaw, Uszkoreit and Vaswani (2018) learn a vector $r$ for each distance, which joins the key:

$$z_{tj} = q_t \cdot (k_j + r_{j-t}) / \sqrt{D} .$$

With $q_t = (2, 1)$ and $k_j = (1, 2)$ the product is 4. If the key stands one place before, and $r_{-1} = (1, 0)$, it becomes (2, 1) · (2, 2) = 6. (The paper's second vector, for the value, is left out.)

**Picture.** Rows ask, columns are asked. Beyond distance 2 all share a vector.
"""

# %% name="shaw-picture" jupyter={"source_hidden": true}
five = "dog bites man in park".split()
vectors = [[f"$r_{{{max(-2, min(2, j - t))}}}$" for j in range(5)] for t in range(5)]
said = "equal distances,\nequal vectors"
diagrams.by_distance(vectors, five, "Shaw: the vector that joins the key.", "(L, L)", said)

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
**Property.** Put 20 other words in front. The scores among the last six words stay the same.
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
**Answer: then each distance gets a vector, which is added to the key.**

## 6 · T5: how many distances must be told apart?

**Idea.** 3 or 4 words back is a difference, 103 or 104 hardly. T5 (Raffel and others 2020) sorts distances into 32 **buckets**, half of them for each side. Each bucket has one learned number per head, which is added to the score.

**Picture.** Eight buckets hold one distance each. The others grow with the logarithm.
"""

# %% name="buckets-picture" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_11 import built

found = [(built.bucket(-torch.arange(400)) == b).nonzero()[:, 0].tolist() for b in range(16)]
ranges = [str(f[0]) if len(f) == 1 else f"{f[0]}–{f[-1]}" for f in found[:-1]]
diagrams.buckets([*ranges, f"{found[-1][0]}+"])

# %% [markdown] name="t5-text"
r"""
**Code.** `share` says how far a distance lies on the way from 8 to 128, by logarithms. (T5 itself does not divide scores by $\sqrt D$.)
"""

# %% name="t5"
import math


def bucket(distance, buckets=32, farthest=128):
    half, exact = buckets // 2, buckets // 4                        # half of them for each side
    far = distance.abs()
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
**Property.** Only the distance counts, and all far distances are one.
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

**Idea.** **ALiBi** (attention with linear biases; Press, Smith and Lewis 2022) learns nothing. Each score loses in proportion to the distance. Each head has a fixed slope, here ¼, 1⁄16, 1⁄64 and 1⁄256. A steep head looks at neighbours. For a flat head distance hardly matters.

**Picture.** What a slope of ½ adds to the scores:
"""

# %% name="alibi-picture" jupyter={"source_hidden": true}
said = "half a point less\nfor each place\nof distance"
lost = [[-0.5 * abs(j - t) for j in range(5)] for t in range(5)]
diagrams.by_distance(lost, five, "What ALiBi adds with the slope ½.", "(L, L)", said)

# %% [markdown] name="alibi-text"
r"""
**Code.** For 2, 4, 8, … heads:
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

# %% [markdown] name="alibi-answer"
r"""
**Answer: no. A fixed preference for near words also tells the order.**

## 8 · Rotary: can the product itself know the distance?

**Idea.** Back to the clock. **Rotary positions** (**RoPE**; Su and others 2021) do not add a hand to the word. They *turn* the query and the key like a hand. LLaMA and most language models of today use them.

A quarter turn to the left makes (−b, a) of (a, b). Let the query be (2, 1), the key (1, 2), and turn both by a quarter per place. A query at place 1 becomes (−1, 2). A key at place 0 stays (1, 2). Their product is −1 + 4 = 3. Three places later, the query at place 4 has made a full round: (2, 1). The key at place 3 has made three quarters: (2, −1). The product is 4 − 1 = 3 again.

**Picture.** Both arrows have turned by the same angle, so the angle between them stays. Move the key alone, and the products change.
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

Values are not turned.
"""

# %% name="rotary"
def turn(x):                                                        # (..., L, D)
    table = sinusoids(*x.shape[-2:]).to(x)                          # (L, D)
    sin, cos = table[:, 0::2], table[:, 1::2]                       # (L, D / 2)
    first, second = x[..., 0::2], x[..., 1::2]                      # of each pair
    return torch.stack([first * cos - second * sin, first * sin + second * cos], -1).flatten(-2)


def rotary(Q, K):
    return dot(turn(Q), turn(K))

# %% [markdown] name="rotary-property-text"
r"""
**Property.** The score of a query and a key depends on their distance alone. No vector changes its length.
"""

# %% name="rotary-property"
q, k = torch.randn(2, 16)
scores = rotary(q.expand(1, 1, 300, 16), k.expand(1, 1, 300, 16))[0, 0]         # (300, 300)
for distance in (-200, -7, 0, 5):
    assert scores.diagonal(distance).std() < 1e-4                   # the same at every place

x = torch.randn(300, 16)
assert torch.allclose(turn(x).norm(dim=-1), x.norm(dim=-1), atol=1e-4)
assert same_anywhere(rotary)
assert torch.allclose(turn(x), positions.rotary.rotate(x, torch.arange(300)), atol=1e-4)

# %% [markdown] name="rotary-answer"
r"""
**Answer: yes. Turning both by the same angle changes no product. Only the difference counts.**

## 9 · What does each scheme know?

Does the second word receive something else if it changes places with the sixth? Do the weights among six words change if 20 words are put in front?
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
x, in_front = torch.randn(6, 64), torch.randn(20, 64)
swapped, rows, changes = x[[0, 5, 2, 3, 4, 1]], [], {}
for name, scheme in schemes.items():
    alone = scores_of(x, *scheme).softmax(-1)                       # (4, 6, 6)
    six = scores_of(torch.cat([in_front, x]), *scheme)[:, 20:, 20:].softmax(-1)
    word = alone[:, 1] @ x - scores_of(swapped, *scheme).softmax(-1)[:, 5] @ swapped
    changes[name] = word.abs().max(), (six - alone).abs().max()
    rows.append([name, *changes[name]])
table(["scheme", "its answer changes by", "the weights change by"], rows, digits=3)

# %% name="score-board-guard" jupyter={"source_hidden": true}
relative = ("Shaw", "T5", "ALiBi", "rotary")
assert changes["none"][0] < 1e-4
assert all(changes[name][0] > 1e-3 for name in (*relative, "sinusoidal", "learned"))
assert all(changes[name][1] < 1e-4 for name in relative)
assert all(changes[name][1] > 0.1 for name in ("sinusoidal", "learned"))

# %% [markdown] name="score-board-after"
r"""
Absolute schemes see where the text begins. They have to learn that a phrase means the same everywhere; relative ones have it built in.

Why are sinusoids absolute, although the product of two places depends on their distance alone? They are added *before* the matrices:

$$\big((x_t + \mathrm{place}_t)\, W^Q\big) \cdot \big((x_j + \mathrm{place}_j)\, W^K\big) .$$

Multiplied out, this has mixed terms, a word with a place. They contain one place alone.

**Answer: all six know the order. The relative ones know only distances.**

## 10 · Which model shall test them?

A small **language model**: it reads characters, and predicts each next one. A **causal mask** keeps every character from looking ahead. Each of two layers has attention with one of our schemes, and a small network for each character alone. Each is added to what came in (lesson 12 explains why).
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
        self.layers = nn.ModuleList(Layer(E, H, scores()) for _ in range(layers))
        self.norm, self.bias = nn.LayerNorm(E), nn.Parameter(torch.zeros(characters))

    def forward(self, text, back=10_000):                           # (B, L)
        x = self.add(self.embedding(text) * self.embedding.embedding_dim**0.5)      # (B, L, E)
        distance = distances(text.shape[1]).to(text.device)
        mask = (distance <= 0) & (distance > -back)                 # (L, L): True = may attend
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x) @ self.embedding.weight.T + self.bias   # (B, L, characters)

# %% [markdown] name="reader-text"
r"""
`scores` makes a scheme for each layer, so that layers share nothing. `back` limits how far a character looks back.

**Answer: two layers of causal attention, into which each scheme fits.**

## 11 · Does the causal mask tell the order?

Drop all positions and keep the mask. An untrained model reads *dog bites man .* and *man bites dog .*, and predicts what comes after the full stop.
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
    "With one layer the full stop looks at a set of bare words. With two it looks at words each of "
    "which has looked at those before itself.",
)

# %% [markdown] name="mask-after"
r"""
With one layer the full stop sees a bag of words. But *dog* as first word sees only itself, as third word all three. After one layer it is another *dog*, and the second layer sees the difference.

A word can even count. Give the first word the value 1 as a mark, all others 0. A word that looks evenly at itself and all before it receives:
"""

# %% name="count"
even = torch.ones(6, 6).tril()
even = even / even.sum(-1, keepdim=True)                            # a row per word
marked, unmarked = torch.tensor([1.0, 0, 0, 0, 0, 0]), torch.ones(6)
table(["", "received"], [["first word marked", even @ marked], ["no mark", even @ unmarked]])

# %% [markdown] name="mask-answer"
r"""
Without a mark, six equal words stay equal. Haviv and others (2022) found large models without positions close to those with them.

**Answer: yes, a little, from the second layer on. Section 12 measures how much.**

## 12 · What happens beyond the training length?

The text is the docstrings of Python's standard library, cut anywhere into pieces. An example is 65 numbers: 64 characters to read, and for each of them the next one to predict.
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
`sequence_loss` is the mean cross-entropy in nats per character. The optimiser is AdamW (β 0.9 and 0.98, weight decay 0.01). Its learning rate rises to 0.004 in the first tenth of the steps, then falls to 0. Gradients are clipped to norm 1.
"""

# %% name="inside-train" jupyter={"source_hidden": true}
from attention_course.data.batches import endless
from attention_course.training import loop, recipe

look_inside(
    docstrings.docstrings, docstrings.text, docstrings.pieces, endless, sequence_loss, recipe.adamw,
    recipe.warm_up_then_decay, loop.train_step,
)  # fmt: skip

# %% name="guess-beyond"
guess_beyond = predict(
    "Rotary scores depend on distance alone. Trained on 64 characters, the model reads 256. "
    "Does it predict better, having more to go by?",
    ["yes, better", "as well as before", "no, worse"],
)

# %% [markdown] name="live-text"
r"""
The test asks for the same characters three times: with 48 to 63 characters before them, as in training; with 240 to 255; and with 240 to 255 where each character looks only at the latest 64.
"""

# %% name="live"
windows = torch.tensor(docstrings.pieces(unseen[:6_000], 256, 32))  # (180, 257)


@torch.no_grad()
def loss_of_last(model, length, back=10_000, windows=windows):      # of the last 16 characters
    parts = [part[:, -length - 1 :] for part in windows.split(20)]
    logits = torch.cat([model(part[:, :-1], back)[:, -16:] for part in parts])
    return sequence_loss(logits, windows[:, -16:]).item()


found = {
    name: [loss_of_last(model, 64), loss_of_last(model, 256), loss_of_last(model, 256, back=64)]
    for name, model in live.items()
}
columns = ["positions", "as in training", "4 times as long", "4 times, looking back 64"]
table(columns, [[name, *losses] for name, losses in found.items()])

# %% name="live-guard" jupyter={"source_hidden": true}
assert found["rotary"][0] < found["none"][0] - 0.1
assert found["rotary"][1] > found["rotary"][0] + 0.1
assert found["ALiBi"][1] < found["ALiBi"][0] + 0.1
assert found["rotary"][2] < found["rotary"][0] + 0.1

# %% [markdown] name="experiment-text"
r"""
Rotary is best where it was trained, and breaks beyond. Beforehand we trained the model with each scheme and with none, from three random starts, on 1,000,000 characters. The learned table got 256 rows, of which training reaches 64. Shaw's farthest distance was 16 and T5's 32, so training meets every vector and bucket. (Shaw's got vectors for the values, too.) Lines are means, bands go from the best start to the worst.
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
beyond(measured["ends"], groups, mark=64, mark_label="training ends here", **axes)

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
Each point is a mean over 16 places, of the same characters. Left of the line, all schemes beat no positions. Right of it, sinusoidal and learned positions break at once. Rotary holds for a while and then breaks as badly, though it knows only distances. T5 loses slowly. Shaw and ALiBi stay.

With one layer and no positions, a character sees those before it as a bag. The last row predicts from the current character alone, by counts of pairs.
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
table(["positions", "48 to 63 before", "240 to 255 before", "240 to 255, looking back 64"], rows)

# %% name="experiment-guard" jupyter={"source_hidden": true}
assert all(min(seed[4:]) > seed[3] for seeds in loss.values() for seed in seeds)  # no gain
near = {name: mean(measured["near"][name], -1) - mean(loss[name], 3) for name in schemes}
assert near["rotary"] < 0.05 and near["T5"] < 0.05 and near["sinusoidal"] > 0.5 < near["learned"]

# %% [markdown] name="numbers-after"
r"""
The mask alone brings little: without positions, the second layer gains 0.1. One layer *with* rotary positions is far ahead.

If no character looks farther back than in training (last column), rotary and T5 are as good as before, at any place. So it is distances that are strange to them. To the absolute schemes the places are strange, and they stay broken.

No model that learned from 64 gains from more. Three things were decided before measuring:
"""

# %% name="claims" jupyter={"source_hidden": true}
claims.table("11_positions")

# %% [markdown] name="beyond-answer"
r"""
All this holds for small models and short texts. In tasks of reasoning, Kazemnejad and others (2023) found that models without positions **extrapolate** best.

**Answer: what training has not met, breaks. For absolute schemes this is every new place.**

## 13 · Why does rotary break?

A pair that makes a full round within 64 places has met all its angles in training. A slower pair meets new ones beyond. So we hold some pairs of the trained model: beyond 63 places they turn no farther.
"""

# %% name="rounds"
rows = []
for m in range(8):                                                  # D = 16
    places_per_round = 2 * math.pi * 10_000 ** (2 * m / 16)
    rows.append([m, places_per_round, f"{min(1, 63 / places_per_round):.0%}"])
table(["pair", "places for a round", "of its round seen in training"], rows, digits=0)

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


some = windows[::4]
trained_level = loss_of_last(live["rotary"], 64, windows=some)
at_256 = {
    pairs: loss_of_last(with_scores(live["rotary"], held(pairs)), 256, windows=some)
    for pairs in ((), (0, 1, 2), (3,), (3, 4, 5, 6, 7))
}
rows = [[f"held: {', '.join(map(str, pairs)) or 'none'}", loss] for pairs, loss in at_256.items()]
table(["rotary, 4 times as long", "loss"], [*rows, ["as in training", trained_level]])

# %% name="held-guard" jupyter={"source_hidden": true}
assert abs(at_256[()] - loss_of_last(live["rotary"], 256, windows=some)) < 1e-3
assert at_256[3,] < at_256[()] < at_256[0, 1, 2]
assert at_256[()] - at_256[3,] > 0.5 * (at_256[()] - trained_level)

# %% [markdown] name="held-after"
r"""
To hold the fast pairs, whose angles training has seen, does harm. To hold pair 3 alone mends most of the damage.

**Answer: it meets angles that training never met. Chen and others (2023) squeeze the places of a long text into those of the training, and train a little more (position interpolation).**

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
- **Absolute** schemes (**sinusoidal**, **learned**) add a vector to each word.
- **Relative** schemes (**Shaw**, **T5**, **ALiBi**, **rotary**) tell each score the distance.
- Rotary turns queries and keys like clock hands: their product depends only on the distance.
- A causal mask brings in a little order, from the second layer on.
- Beyond the training length, what was never met breaks. Being relative is not enough.

Worth knowing by heart:

```
x = x + sinusoids(L, E)                                         # sinusoidal
scores = turn(Q) @ turn(K).mT / D**0.5                          # rotary
scores = Q @ K.mT / D**0.5 - slope * distances(L).abs()         # ALiBi
```

<details><summary>1. A hand turns a quarter per place. With turned queries and keys, q = (1, 0) stands at place 6 and k = (1, 0) at place 4. What is their product?</summary>

Two places are half a turn. So the product is that of (1, 0) and (−1, 0), which is −1.

</details>

<details><summary>2. A learned table has 512 rows, and training texts had 100 words. What happens at 300 words, and at 600?</summary>

At 300 words the model adds rows that no training has touched. At 600 words it raises an error.

</details>

<details><summary>3. ALiBi and T5 both add a number per distance. Why does T5 lose beyond the training length, and ALiBi hardly?</summary>

In T5 all far distances share one number, and there are more and more far words. In ALiBi, farther words get less and less.

</details>

## Exercises, and where to go next

In the [exercises](exercises/11_positions.ipynb) you write rotary in LLaMA's layout, and squeeze places. Lesson [12](12_transformer.ipynb) puts the Transformer together.

### Sources

Vaswani et al.: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), section 3.5 · Gehring, Auli, Grangier, Yarats, Dauphin: Convolutional sequence to sequence learning. ICML 2017, [arXiv:1705.03122](https://arxiv.org/abs/1705.03122) · Shaw, Uszkoreit, Vaswani: Self-attention with relative position representations. NAACL 2018, [arXiv:1803.02155](https://arxiv.org/abs/1803.02155) · Raffel et al.: Exploring the limits of transfer learning with a unified text-to-text transformer. JMLR 21 (2020), [arXiv:1910.10683](https://arxiv.org/abs/1910.10683) · Su, Lu, Pan, Murtadha, Wen, Liu: RoFormer: enhanced transformer with rotary position embedding. 2021, [arXiv:2104.09864](https://arxiv.org/abs/2104.09864) · Press, Smith, Lewis: Train short, test long: attention with linear biases enables input length extrapolation. ICLR 2022, [arXiv:2108.12409](https://arxiv.org/abs/2108.12409) · Haviv, Ram, Press, Izsak, Levy: Transformer language models without positional encodings still learn positional information. Findings of EMNLP 2022, [arXiv:2203.16634](https://arxiv.org/abs/2203.16634) · Kazemnejad, Padhi, Natesan Ramamurthy, Das, Reddy: The impact of positional encoding on length generalization in transformers. NeurIPS 2023, [arXiv:2305.19466](https://arxiv.org/abs/2305.19466) · Chen, Wong, Chen, Tian: Extending context window of large language models via positional interpolation. 2023, [arXiv:2306.15595](https://arxiv.org/abs/2306.15595) · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese
"""
