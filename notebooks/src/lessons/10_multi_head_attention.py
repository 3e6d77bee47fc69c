# %% [markdown] name="title"
r"""
# 10 · Multi-head attention

*The cat sat on the mat.* The word *sat* raises two questions: who sits, and where? One attention can look at both answers, but it returns a single average. **Multi-head attention** looks several times at once, keeps the answers apart, and joins them at the end.
"""

# %% name="story"
import torch
from torch import nn

from attention_course.lessons.lesson_10 import diagrams
from attention_course.page import listing, look_inside, table

diagrams.overview()

# %% [markdown] name="what-for"
r"""
The picture shows two **heads** side by side. Each is one attention with three small matrices of its own (steps 2 to 6). A last matrix joins their results (step 7). The smallest GPT-2 (Radford and others 2019) has 768 numbers per word and 12 heads of 64.

You need lessons 01, 02 and 09, for section 11 also 03 to 05. Sections 1 to 6 build the layer (twenty minutes), the others test it.

## 1 · Why is one average not enough?

A **value** is what a word hands over when another word looks at it. Let *cat* have the value (1, 0), and *mat* the value (0, 1). If *sat* looks at both with weight ½, it receives (½, ½).

> **Guess first.** Exchange the nouns: *the mat sat on the cat*. What does *sat* receive now?
"""

# %% name="swap" jupyter={"source_hidden": true}
nouns = {"cat": torch.tensor([1.0, 0.0]), "mat": torch.tensor([0.0, 1.0])}
one_look, two_looks = {}, {}
for sentence in ("the cat sat on the mat", "the mat sat on the cat"):
    who, where = nouns[sentence.split()[1]], nouns[sentence.split()[5]]
    one_look[sentence] = 0.5 * who + 0.5 * where
    two_looks[sentence] = torch.cat([who, where])
diagrams.swap(nouns, one_look, two_looks)

# %% [markdown] name="swap-answer"
r"""
One head brings (½, ½) both times. Which of them sits? Try uneven weights, ⅔ for the one who acts and ⅓ for the place. *Dog* has the value of *cat*, *box* that of *mat*:
"""

# %% name="uneven" jupyter={"source_hidden": true}
kinds = {"cat": nouns["cat"], "dog": nouns["cat"], "mat": nouns["mat"], "box": nouns["mat"]}
fours = ["the cat sat on the dog", "the cat sat on the mat"]
fours += ["the mat sat on the cat", "the box sat on the mat"]
rows = []
for sentence in fours:
    who, where = (kinds[sentence.split()[place]] for place in (1, 5))
    rows.append([sentence, (2 * who + where)[0] / 3, int(who[0])])
table(["", "first number of the average", "wanted: does a being act?"], rows)

# %% [markdown] name="uneven-answer"
r"""
A matrix that follows can only stretch and shift the average. No straight line turns 1, ⅔, ⅓, 0 into 1, 1, 0, 0. Weights α and 1 − α give 1, α, 1 − α, 0, so only α = 1 works. But then the place is lost. Two heads bring both. (Section 7: weights that depend on words.)

**Answer: one softmax gives one average, and an average blends. Several heads give several.**

## 2 · What does one head do?

We wrote these word vectors by hand: living *being*, *thing*, *verb*, and *role*. The role is +1 for the one who acts, −1 for the place, +0.5 for little words before the verb, and −0.5 after it.

Three matrices turn each word vector into three others (step 2). The **query** says what this word looks for. The **key** says what it can be found by. The **value** says what it hands over. Such a product is a **linear map**, or **projection**. A network learns the matrices; here we choose them. In head 1, a verb looks for the one who acts, and a noun for the verb.
"""

# %% name="toy"
words, features = "the cat sat on the mat".split(), ["being", "thing", "verb", "role"]
X = torch.tensor([[0, 0, 0, 0.5], [1, 0, 0, 1], [0, 0, 1, 0],         # the, cat, sat
                  [0, 0, 0, -0.5], [0, 0, 0, -0.5], [0, 1, 0, -1]])   # on, the, mat
W_Q = torch.tensor([[[0, 2], [0, 2], [3, 0], [0, 0]],                 # head 1, a row per feature
                    [[0, 2], [0, 2], [3, 0], [0, 0.0]]])              # head 2
W_K = torch.tensor([[[0, 0], [0, 0], [0, 3], [2, 0]],
                    [[0, 0], [0, 0], [0, 3], [-2, 0.0]]])
W_V = torch.tensor([[[1, 0], [0, 1], [0, 0], [0, 0]],
                    [[1, 0], [0, 1], [0, 0], [0, 0.0]]])

Q, K, V = X @ W_Q[0], X @ W_K[0], X @ W_V[0]                          # (6, 4) @ (4, 2) -> (6, 2)
diagrams.project(words, features, X, {"query": W_Q[0], "key": W_K[0], "value": W_V[0]})

# %% [markdown] name="look-text"
r"""
*Sat* (framed) is a verb, so its query is (3, 0): "I look for the one who acts". The key of *cat* is (2, 0): "I act". Its value is (1, 0): "a being".

How well does the query fit each key? Multiply number by number and add up (step 3). For *cat*, this **dot product** is 3 · 2 + 0 · 0 = 6. Divide it by √2, because a key has 2 numbers (step 4, lesson 02). The softmax makes weights that add up to 1 (step 5). The values times their weights, added up, are the **context** of *sat* (step 6).
"""

# %% name="look"
scores = K @ Q[2]                          # step 3: (6, 2) @ (2) -> (6)
weights = (scores / 2**0.5).softmax(-1)    # steps 4 and 5: (6)
diagrams.look(words, Q[2], K, V, scores, weights)

# %% [markdown] name="attend-text"
r"""
*Cat* leads *the* by 4.24 − 2.12 = 2.12, so its weight is $e^{2.12} \approx 8$ times as large. For all queries at once, this is one function. Its mask says where to look (section 8). A hidden score becomes the lowest number there is, so its weight is 0. But if *all* are hidden, the scores are equal, and so are the weights. The product with the mask makes them 0. (Scores of −∞ would give NaN.)
"""

# %% name="attend"
def attend(Q, K, V, mask=None):
    scores = Q @ K.mT / Q.shape[-1] ** 0.5                           # steps 3, 4: (..., L, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)                                     # step 5: each row adds up to 1
    if mask is not None:
        weights = weights * mask                                     # a row that hides all: zeros
    return weights @ V, weights                                      # step 6: (..., L, D)

# %% [markdown] name="second-text"
r"""
**Answer: a head is one attention with three matrices of its own.**

## 3 · What does a second head add?

Head 2 has the queries and values of head 1, but its keys turn the role around: −2 instead of 2. So *sat* finds the place.

> **Guess first.** In both heads, the query of *the* is (0, 0): it looks for nothing. Which weights will it get?
"""

# %% name="two-heads"
contexts, maps = [], []
for h in range(2):
    context, weights = attend(X @ W_Q[h], X @ W_K[h], X @ W_V[h])
    contexts.append(context)                                         # (6, 2)
    maps.append(weights)                                             # (6, 6)
diagrams.both_heads(words, maps)

# %% [markdown] name="two-heads-answer"
r"""
Head 1 looks at *cat*, and head 2 at *mat*: a little less, because two little words share its side. *The* gives 1/6 to each word: whoever looks for nothing averages over everything.

**Answer: a second look at the same words, with a result of its own.**

## 4 · How do two results become one output?

Side by side, the contexts of *sat* are (0.88, 0.00, 0.00, 0.80). In step 8, the output is *added* to the word's own vector, place by place (a **residual connection**). Without a further matrix, the 0.80 would be added to *role*. So $W^O$ says where each result is written. A verb is neither being nor thing, so its first two numbers are free. Ours writes *who* into the first, and *where* into the second: plus for a being, minus for a thing.
"""

# %% name="join"
W_O = torch.tensor([[1.0, 0, 0, 0], [-1, 0, 0, 0], [0, 1, 0, 0], [0, -1, 0, 0]])
output = torch.cat(contexts, -1) @ W_O                               # (6, 4) @ (4, 4) -> (6, 4)
assert torch.allclose(output, contexts[0] @ W_O[:2] + contexts[1] @ W_O[2:])   # a sum of heads
diagrams.join(words, features, ["who", "where"], X, contexts, W_O)

# %% [markdown] name="join-text"
r"""
*Sat* is still a verb, and now says that a being acts (0.88), on a thing (−0.80). The others find as much being as thing, and receive 0. (Nouns find the verb, whose value is (0, 0).) The four sentences come apart:
"""

# %% name="exchanged" tags=["nbval-check-output"]
def output_of_sat(first, last):                                      # rows of X for the two nouns
    x = X.clone()
    x[1, :2], x[5, :2] = X[first, :2], X[last, :2]                   # the roles stay
    found = [attend(x @ W_Q[h], x @ W_K[h], x @ W_V[h])[0] for h in range(2)]
    return (torch.cat(found, -1) @ W_O)[2]


cat, mat = 1, 5                                                      # dog as cat, box as mat
outputs = [output_of_sat(cat, cat), output_of_sat(cat, mat),
           output_of_sat(mat, cat), output_of_sat(mat, mat)]
table(["sentence", "who", "where", "verb", "role"],
      [[sentence, *found] for sentence, found in zip(fours, outputs)])

# %% [markdown] name="equation"
r"""
After the sum, **layer normalisation** brings each word's numbers to mean 0 and variance 1, then to a learned scale and shift (lesson 12).

| letter | meaning | here |
|---|---|---|
| $X$, $Y$ (`x`, `source`) | vectors of the words that ask, and that are looked at; so far $Y = X$ | (6, 4) |
| $L$, $S$ | how many ask, how many are looked at | 6, 6 |
| $E$ | numbers per word (`embed_dim`, the **model size**) | 4 |
| $H$, $D$ | heads, numbers per word in one head (usually $E / H$) | 2, 2 |
| $B$ | sentences in a batch | 1 |
| $Z$, $A$ | scaled scores, weights ($Z_h$, $A_h$: of head $h$) | (6, 6) |
| $C$, $O$ | contexts ($C_h$: of head $h$), output | (6, 2), (6, 4) |

Head $h$ computes **scaled dot-product attention**, and all heads together give $O$:

$$Q_h = X W^Q_h, \quad K_h = Y W^K_h, \quad V_h = Y W^V_h, \quad Z_h = \frac{Q_h K_h^\top}{\sqrt{D}}, \quad A_h = \mathrm{softmax}(Z_h), \quad C_h = A_h V_h ,$$

$$O = [\,C_1 \;\; C_2 \;\cdots\; C_H\,]\; W^O = \sum_{h=1}^{H} C_h W^O_h . \qquad (14)$$

$W^O_h$ are the $D$ rows of $W^O$ for head $h$. So **the output is a sum, with one summand per head**. To **prune** a head is to leave out its summand (section 11). The survey says that the heads of Eq. (14) learn independently ([our sources](../docs/sources.md)). They share no matrix, but one loss trains them all.

**Answer: side by side, and then through $W^O$, which writes each result where it belongs.**

## 5 · How are all heads computed at once?

There are three ways. `W_Q`, `W_K`, `W_V` are (H, E, D), and `W_O` is (H · D, E). **A loop**, as above:
"""

# %% name="by-loop"
def by_loop(x, source, W_Q, W_K, W_V, W_O):
    contexts = []
    for h in range(len(W_Q)):
        Q, K, V = x @ W_Q[h], source @ W_K[h], source @ W_V[h]       # (B, L, D), (B, S, D) twice
        contexts.append(attend(Q, K, V)[0])                          # (B, L, D)
    return torch.cat(contexts, -1) @ W_O                             # (B, L, H·D) -> (B, L, E)

# %% [markdown] name="by-split-text"
r"""
**All heads' matrices, stored side by side, are one matrix**, (E, H · D). One large product gives all queries. **`view` and `transpose`** cut them apart (the₁: the first number of *the*):
"""

# %% name="cut-picture" jupyter={"source_hidden": true}
import numpy as np

named = np.array([[f"{word}$_{i}$" for i in (1, 2, 3, 4)] for word in ("the", "cat", "sat")])
diagrams.cut_into_heads(named.reshape(3, 2, 2))

# %% name="by-split"
def split(x, H):
    B, L, E = x.shape
    return x.view(B, L, H, E // H).transpose(1, 2)                   # (B, L, H, D) -> (B, H, L, D)


def merge(x):
    return x.transpose(1, 2).flatten(2)                              # (B, H, L, D) -> (B, L, H·D)


def by_split(x, source, W_Q, W_K, W_V, W_O):
    side_by_side = [torch.cat(list(W), -1) for W in (W_Q, W_K, W_V)]           # (E, H·D) each
    made = [y @ W for y, W in zip((x, source, source), side_by_side)]          # (B, L or S, H·D)
    Q, K, V = (split(y, len(W_Q)) for y in made)                     # (B, H, L or S, D)
    return merge(attend(Q, K, V)[0]) @ W_O                           # (B, H, L, D) -> (B, L, E)

# %% [markdown] name="by-einsum-text"
r"""
**`einsum`** names each axis, and sums over names missing behind the arrow:
"""

# %% name="by-einsum"
def by_einsum(x, source, W_Q, W_K, W_V, W_O):
    H, E, D = W_Q.shape
    Q = torch.einsum("ble,hed->bhld", x, W_Q)
    K = torch.einsum("bse,hed->bhsd", source, W_K)
    V = torch.einsum("bse,hed->bhsd", source, W_V)
    weights = (torch.einsum("bhld,bhsd->bhls", Q, K) / D**0.5).softmax(-1)
    contexts = torch.einsum("bhls,bhsd->bhld", weights, V)
    return torch.einsum("bhld,hde->ble", contexts, W_O.view(H, D, E))

# %% [markdown] name="three-ways-text"
r"""
All three give the same, also for two sentences with L = 3 and S = 5:
"""

# %% name="three-ways"
matrices = W_Q, W_K, W_V, W_O
x, source = torch.randn(2, 3, 4), torch.randn(2, 5, 4)               # (B, L, E), (B, S, E)
for way in (by_loop, by_split, by_einsum):
    assert torch.allclose(way(X[None], X[None], *matrices), output, atol=1e-6)
    assert torch.allclose(way(x, source, *matrices), by_loop(x, source, *matrices), atol=1e-6)

Q, K = split(x @ torch.cat(list(W_Q), -1), 2), split(source @ torch.cat(list(W_K), -1), 2)
scores = Q @ K.mT                                                    # of all heads at once
assert torch.allclose(scores[1, 0], (x[1] @ W_Q[0]) @ (source[1] @ W_K[0]).mT, atol=1e-6)
shapes = {"queries (B, H, L, D)": Q, "keys (B, H, S, D)": K, "scores (B, H, L, S)": scores}
table(["", "shape here"], [[name, str(tuple(made.shape))] for name, made in shapes.items()])

# %% [markdown] name="view-text"
r"""
`x.view(B, H, L, D)` alone gives this shape, too. Take three words of ones, twos and threes:
"""

# %% name="view-trap" tags=["nbval-check-output"]
three = torch.tensor([[1, 1, 1, 1], [2, 2, 2, 2], [3, 3, 3, 3]])[None]         # (1, 3, 4)
ways = {"view, then transpose": split(three, 2), "view alone": three.view(1, 2, 3, 2)}
table(["", "head 1", "head 2"], [[name, *map(str, cut[0].tolist())] for name, cut in ways.items()])

# %% [markdown] name="view-answer"
r"""
“Head 1” gets the first word and half of the second, and no error tells you.

**Answer: one large product, then `view` and `transpose`. `merge` is the way back.**

## 6 · So what do I write?

Each `nn.Linear` holds the matrices of all heads, and a bias:
"""

# %% name="layer"
class MultiHeadAttention(nn.Module):
    def __init__(self, E, H):
        super().__init__()
        assert E % H == 0, f"H: expected a divisor of {E}, got {H}"
        self.H = H
        self.W_Q, self.W_K, self.W_V, self.W_O = (nn.Linear(E, E) for _ in range(4))

    def forward(self, x, source=None, mask=None):                    # (B, L, E), (B, S, E)
        source = x if source is None else source                     # no source: self-attention
        Q = split(self.W_Q(x), self.H)                               # step 2: (B, H, L, D)
        K = split(self.W_K(source), self.H)                          # (B, H, S, D)
        V = split(self.W_V(source), self.H)                          # (B, H, S, D)
        contexts, weights = attend(Q, K, V, mask)                    # steps 3 to 6
        return self.W_O(merge(contexts)), weights                    # step 7: (B, L, E), weights

# %% name="layer-picture" jupyter={"source_hidden": true}
diagrams.layer()

# %% [markdown] name="layer-text"
r"""
`nn.Linear` stores (out, in). So the heads lie on top of each other in `weight`. Cut out and transposed, their matrices give the same in the loop:
"""

# %% name="on-top"
layer = MultiHeadAttention(E=4, H=2)
for linear in layer.children():
    nn.init.zeros_(linear.bias)                                      # the loop has no biases
W = [linear.weight.view(2, 2, 4).mT for linear in (layer.W_Q, layer.W_K, layer.W_V)]  # (H, E, D)
assert torch.allclose(layer(x, source)[0], by_loop(x, source, *W, layer.W_O.weight.T), atol=1e-6)

# %% [markdown] name="layer-answer"
r"""
**Answer: four linear maps, split, attention, merge.**

## 7 · Could one head do it after all?

Six words have six roles. Of a word's 16 numbers, 8 random ones say what it is, 6 mark its role, 2 are empty. The verb must bring back what the one who acts is, and what the place is: 16 numbers. They have variance 1, so always answering 0 has a mean squared error of 1.
"""

# %% name="task"
def who_and_where(count, n=8):                                       # n random numbers per word
    source = torch.zeros(count, 6, 16)
    source[..., :n] = torch.randn(count, 6, n)                       # what the word is
    source[..., 8:14] = torch.eye(6)                                 # its role
    answer = source[:, :2, :n].flatten(1)                            # roles 1, 2: who and where
    return source[:, 2:3], source, answer                            # role 3, the verb, asks


def error(model, verb, source, answer):
    found, _ = model(verb, source)                                   # (count, 1, 16)
    return nn.functional.mse_loss(found[:, 0, : answer.shape[1]], answer)

# %% [markdown] name="count-text"
r"""
What should one head lose? It returns one blend of the two words, with weights α and 1 − α: 8 numbers of 16. The role marks are blended as well, and show α. All words meet the same query and key matrix, so α depends on one sum of their numbers: one number more. So 9 of 16 numbers arrive, and the error is 7/16 = 0.44. With $n$ random numbers per word, it should be $(n - 1) / 2n$.
"""

# %% name="train-heads"
from attention_course.device import seed_everything, use_threads
from attention_course.training import fit


def error_after(model, n=8, steps=600):                              # on 10,000 new sentences
    # An AdamW step per batch (betas 0.9, 0.98), gradients clipped to norm 1. The learning rate
    # rises to 0.01 during the first tenth of the steps, and then falls to 0, both in a line.
    batches = (who_and_where(128, n) for _ in range(steps))
    fit(model, batches, error, budget=steps, learning_rate=1e-2, progress=False)
    with torch.no_grad():
        return error(model, *who_and_where(10_000, n)).item()

# %% name="behind-mlp" jupyter={"source_hidden": true}
class BehindMLP(nn.Module):  # of the stored controls
    def __init__(self, attention):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(16, 128), nn.ReLU(), nn.Linear(128, 16))
        self.attention = attention

    def forward(self, x, source):
        return self.attention(self.mlp(x), self.mlp(source))

# %% [markdown] name="guess-heads"
r"""
> **Guess first.** One head should lose 0.44. And two heads?
"""

# %% name="errors"
use_threads(1)
errors = {}
for H in (1, 2):
    seed_everything(0)
    errors[H] = error_after(MultiHeadAttention(16, H))
columns = ["heads", "counted", "error on new sentences"]
table(columns, [[1, 7 / 16, errors[1]], [2, 0.0, errors[2]]], digits=3)

# %% name="errors-guard" jupyter={"source_hidden": true}
assert abs(errors[1] - 7 / 16) < 0.02 and errors[2] < 0.001
assert sum(p.numel() for p in MultiHeadAttention(16, 1).parameters()) == sum(
    p.numel() for p in MultiHeadAttention(16, 2).parameters()
)

# %% [markdown] name="controls-text"
r"""
Next to nothing. The controls, with three random starts each:
"""

# %% name="controls"
from attention_course import results

controls, rows = results.load("10_one_head"), []
for name, found in controls["errors"].items():
    mean, least, most = sum(found) / 3, min(found), max(found)
    rows.append([name, controls["counted"].get(name, ""), mean, least, most])
table(["", "counted", "mean error", "lowest", "highest"], rows, digits=3)

# %% name="controls-guard" jupyter={"source_hidden": true}
assert all(abs(row[2] - row[1]) < 0.02 for row in rows if row[1])
assert abs(rows[3][2] - rows[2][2]) < 0.01 and rows[4][4] < 0.1
assert controls["errors"].keys() - controls["counted"].keys() > {"2 heads, n = 8"}

# %% [markdown] name="heads-answer"
r"""
The count is right, and twice the training changes next to nothing. Behind an **MLP**, a small network that changes each word by itself, one head nearly suffices. It can write *who* into some numbers, and *where* into others.

**Answer: not with linear maps alone. Two heads can, with as many parameters.**

## 8 · How do I hide a word?

The **padding mask** hides PAD, the filler after short sentences. The **causal mask** hides later words from a model that writes word by word. True means *may look*, and `&` joins masks.
"""

# %% name="masks"
causal = torch.ones(5, 5).tril().bool()                              # (L, S)
real = torch.tensor([[1, 1, 1, 1, 0]]).bool()                        # (B, S): no PAD
padding = real[:, None, None]                                        # (B, 1, 1, S)
diagrams.masks(["the", "cat", "sat", ".", "PAD"], padding[0, 0], causal)

# %% [markdown] name="masks-text"
r"""
`attend` hides the score *before* the softmax, so the other weights still add up to 1.

With it, neither another last word nor two PADs change what *sat* finds:
"""

# %% name="mask-test" tags=["nbval-check-output"]
def sat(x, mask=None):
    Q, K, V = x @ W_Q, x @ W_K, x @ W_V                              # (6, 4) @ (H, 4, D): all heads
    return attend(Q, K, V, mask)[0][:, 2]                            # (H, D)


causal = torch.ones(6, 6).tril().bool()
padding = torch.tensor([1, 1, 1, 1, 1, 1, 0, 0]).bool()
other, padded = torch.cat([X[:5], X[1:2]]), torch.cat([X, torch.ones(2, 4)])
changes = [["another last word", sat(other) - sat(X), sat(other, causal) - sat(X, causal)],
           ["two PADs", sat(padded) - sat(X), sat(padded, padding) - sat(X)]]
table(["contexts of sat change by at most", "without a mask", "with the mask"],
      [[name, *(difference.abs().max() for difference in both)] for name, *both in changes])

# %% [markdown] name="mask-answer"
r"""
**Answer: with a Boolean mask, before the softmax.**

## 9 · What does True mean elsewhere?

PyTorch has two opposite conventions:

| function | True means | shape of the mask | float mask | a row that hides all (older PyTorch may differ) |
|---|---|---|---|---|
| our `attend` | **may** look | broadcasts to (B, H, L, S) | TypeError | zeros |
| `F.scaled_dot_product_attention` | **may** look | broadcasts to (B, H, L, S) | added to the scores | zeros |
| `nn.MultiheadAttention`, `attn_mask` | may **not** look | (L, S) or (B · H, L, S) | added to the scores | NaN, or silently the bias of $W^O$ (with `need_weights=False`, unless in eval without gradients) |
| `nn.MultiheadAttention`, `key_padding_mask` | is PAD: may **not** be looked at | (B, S) | added to the scores | the same |

With the mask inverted, the layers agree. All parameters are random: biases of 0, PyTorch's start, cannot show a mix-up.
"""

# %% name="parity"
seed_everything(0)
ours = MultiHeadAttention(16, 4)
theirs = nn.MultiheadAttention(16, 4, batch_first=True)              # else x is (L, B, E)
for parameter in theirs.parameters():
    nn.init.normal_(parameter, std=0.3)
parts = zip(theirs.in_proj_weight.chunk(3), theirs.in_proj_bias.chunk(3))
for linear, (weight, bias) in zip((ours.W_Q, ours.W_K, ours.W_V), parts):
    linear.load_state_dict({"weight": weight, "bias": bias})
ours.W_O.load_state_dict(theirs.out_proj.state_dict())

x, source, every = torch.randn(2, 4, 16), torch.randn(2, 5, 16), {"average_attn_weights": False}
causal = torch.ones(4, 4).tril().bool()
real = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]).bool()       # sentence 2 has two PADs

# %% name="parity-table"
pairs = {
    "self-attention": (ours(x), theirs(x, x, x, **every)),
    "causal": (ours(x, mask=causal), theirs(x, x, x, attn_mask=~causal, **every)),
    "cross-attention, padding": (ours(x, source, real[:, None, None]),
                                 theirs(x, source, source, key_padding_mask=~real, **every)),
}
rows = []
for name, (mine, other) in pairs.items():
    far = max((a - b).abs().max().item() for a, b in zip(mine, other))     # outputs and weights
    assert far < 1e-5
    rows.append([name, str(tuple(mine[0].shape)), str(tuple(mine[1].shape)), far < 1e-5])
table(["", "output", "weights", "the same within 0.00001"], rows)

# %% name="parity-guard" jupyter={"source_hidden": true}
from attention_course.layers.from_torch import from_torch

packaged = from_torch(theirs)(x, mask=causal)  # the package's layer
assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(packaged, pairs["causal"][0]))

nothing, one, four = torch.zeros(4, 4).bool(), torch.randn(1, 4, 8), torch.randn(2, 2, 4, 8)
by_sentence = torch.rand(2, 4, 4) > 0.5  # B = H = 2: taken for a mask of heads
wrong, by_head = (attend(four, four, four, mask)[1] for mask in (by_sentence, by_sentence[None]))
assert wrong.equal(by_head)

# %% name="hidden-guard" jupyter={"source_hidden": true}
assert attend(one, one, one, nothing)[0].eq(0).all()
assert nn.functional.scaled_dot_product_attention(one, one, one, nothing).eq(0).all()
for hidden in ({"attn_mask": ~nothing}, {"key_padding_mask": torch.ones(2, 4).bool()}):
    assert theirs(x, x, x, **hidden)[0].isnan().all()
    silent, _ = theirs(x, x, x, need_weights=False, **hidden)
    assert torch.allclose(silent, theirs.out_proj.bias.expand_as(silent), atol=1e-6)
try:
    refused = not attend(one, one, one, torch.ones(4, 4).tril())
except TypeError:
    refused = True
assert refused

# %% [markdown] name="trap-text"
r"""
And if you forget the `~`? Or pass `tril()` as a **float mask**? Then 1 is added to the allowed scores, and 0 to the others.
"""

# %% name="trap" jupyter={"source_hidden": true}
F = nn.functional
Q, K, V = torch.randn(3, 1, 4, 8)                                    # three times (1, 4, 8)
shows = torch.eye(4)[None]                                           # values that show the weights
looks = {
    "attend": lambda mask: attend(Q, K, V, mask)[1],
    "F.scaled_dot_product_attention":
        lambda mask: F.scaled_dot_product_attention(Q, K, shows, attn_mask=mask),
    "nn.MultiheadAttention": lambda mask: theirs(x, x, x, attn_mask=mask)[1],
}
tril, rows = torch.ones(4, 4).tril(), []
for name, look in looks.items():
    found = [look(mask)[0, 0, 1:].sum() for mask in (tril.bool(), ~tril.bool())]
    added = "TypeError" if name == "attend" else f"{look(tril)[0, 0, 1:].sum():.2f}"
    rows.append([name, *found, added])
table(["weight of word 1 on later words", "tril().bool()", "~tril().bool()", "tril()"], rows)

# %% [markdown] name="leak-text"
r"""
The wrong way round, each word sees only the future (the last one nothing: see the first table). A float mask hides nothing. You notice only that the loss is too good. On random digits, it should be ln 10 = 2.30. But 7 of 8 next digits stand in the input, and a model that peeks gets 2.30 / 8 = 0.29.
"""

# %% name="leak-model"
class NextDigit(nn.Module):
    def __init__(self, mask):
        super().__init__()
        self.digit, self.place = nn.Embedding(10, 32), nn.Embedding(8, 32)
        self.attention = nn.MultiheadAttention(32, 2, batch_first=True)
        self.logits = nn.Linear(32, 10)
        self.register_buffer("mask", mask)                           # it moves with the model

    def forward(self, digits):                                       # (B, 8)
        x = self.digit(digits) + self.place.weight
        found, _ = self.attention(x, x, x, attn_mask=self.mask, need_weights=False)
        return self.logits(x + found)

# %% name="leak"
def surprise(model, digits):                                         # (B, 9)
    return nn.functional.cross_entropy(model(digits[:, :-1]).mT, digits[:, 1:])


tril, rows = torch.ones(8, 8).tril(), []
masks = {"~tril().bool()": ~tril.bool(), "tril().bool()": tril.bool(), "tril()": tril}
for name, mask in masks.items():
    seed_everything(0)
    model, batches = NextDigit(mask), (torch.randint(10, (32, 9)) for _ in range(200))
    run = fit(model, batches, surprise, budget=200, learning_rate=1e-2, progress=False)
    rows.append([name, sum(run.losses[-50:]) / 50])                  # every batch is new
table(["attn_mask of nn.MultiheadAttention", "loss, the last 50 batches"], rows)

# %% name="leak-guard" jupyter={"source_hidden": true}
right, inverted, added = (row[1] for row in rows)
assert abs(right - 2.30) < 0.03 and abs(inverted - 0.29) < 0.1 and abs(added - 0.29) < 0.1

# %% [markdown] name="trap-answer"
r"""
Another silent trap: where B = H, a mask (B, L, S) masks heads instead of sentences. Write `mask[:, None]`. At work, `F.scaled_dot_product_attention` replaces `attend`: it does all in one (**fused**), offers **dropout** on the weights, and does not return them.

**Answer: `nn.MultiheadAttention` hides what is True. Pass Boolean masks, and test one hidden word.**

## 10 · Who asks whom, and what does it cost?

In **self-attention**, `layer(x)`, the same words ask and are looked at (lesson 09). In **cross-attention**, `layer(x, source)`, one sentence asks and another is looked at:
"""

# %% name="cross-attention" jupyter={"source_hidden": true}
diagrams.cross_attention()

# %% [markdown] name="cost-text"
r"""
A Transformer has both (lesson 12).

> **Guess first.** From 1 head to 12, at the same size E = 768: what happens to the number of parameters?
"""

# %% name="count" tags=["nbval-check-output"]
rows, L, S, E = [], 1024, 1024, 768
for H in (1, 12, 48):
    parameters = sum(p.numel() for p in MultiHeadAttention(E, H).parameters())
    rows.append([H, E // H, parameters, 4 * L * E**2, 2 * L * S * E, H * L * S])
columns = ["heads", "D", "parameters", "products of four maps, 4 · L · E²"]
table([*columns, "of scores and contexts, 2 · L · S · E", "weights, H · L · S"], rows)

# %% [markdown] name="cost-answer"
r"""
(For 1,024 words.) Only the number of weights grows: memory that fused code saves (lesson 20). The time of 12 heads, 512 words, E = 768, in this one run:
"""

# %% name="times" jupyter={"source_hidden": true}
import time


def by_fused(x, source, W_Q, W_K, W_V, W_O):
    Q, K, V = (split(y @ torch.cat(list(W), -1), 12) for y, W in
               ((x, W_Q), (source, W_K), (source, W_V)))
    return merge(F.scaled_dot_product_attention(Q, K, V)) @ W_O


def seconds(way, *given):  # the best of five
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        way(*given)
        taken.append(time.perf_counter() - start)
    return min(taken)


# %% name="times-table" jupyter={"source_hidden": true}
large = torch.randn(1, 512, 768)
given = (large, large, *torch.randn(3, 12, 768, 64) / 768**0.5, torch.randn(768, 768) / 768**0.5)
ways = {"loop": by_loop, "view and transpose": by_split, "einsum": by_einsum}
ways["view and transpose, F.scaled_dot_product_attention"] = by_fused
for way in ways.values():
    assert torch.allclose(way(*given), by_loop(*given), atol=1e-3)
took = {name: seconds(way, *given) for name, way in ways.items()}
table(["", "time, the loop = 1"], [[name, one / took["loop"]] for name, one in took.items()])

# %% [markdown] name="times-answer"
r"""
**Answer: one layer serves both. Heads cost no parameters, but H · L · S weights.**

## 11 · What do trained heads do, and what does pruning say?

In this translator, two GRUs read English, and one the French words so far. Between them, 8 heads of 16 numbers let French states ask English ones. (Its layer is the package's, compared with ours in section 9.)
"""

# %% name="train"
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.lessons.lesson_10.multi_head_translator import MultiHeadTranslator
from attention_course.training import train

pairs, unseen = grammar.pairs(30_000, part="train"), grammar.pairs(200, part="test")
english, french = Vocabulary(p.english for p in pairs), Vocabulary(p.french for p in pairs)
examples = encode_pairs([(p.english, p.french) for p in pairs], english, french)

seed_everything(0)
model = MultiHeadTranslator(len(english), len(french), heads=8)
# Optimiser, rise and fall of the rate and clipping as in section 7. The loss skips PAD (lesson 03).
# A batch holds sentences of like length, at most 320 places a side. French words are counted.
run = train(model, examples, target_tokens=240_000, batch_tokens=320, learning_rate=6e-3)

# %% name="inside-translator" jupyter={"source_hidden": true}
from attention_course.models.seq2seq import Translator

look_inside(MultiHeadTranslator, Translator)

# %% name="measures" jupyter={"source_hidden": true}
import copy

from attention_course.decoding import translate
from attention_course.layers import prune_heads
from attention_course.metrics import alignment_error_rate, hard_links

sides = zip(*encode_pairs([(p.english, p.french) for p in unseen], english, french))
sources, targets = (pad(side) for side in sides)


def exact(model):  # the share of unseen sentences translated word for word as the grammar does
    written = translate(model, [p.english for p in unseen], english, french)
    return sum(t.words == list(p.french) for t, p in zip(written, unseen)) / len(unseen)


@torch.no_grad()
def words_right(model):  # the share of words that are right after the true words before them
    right = model(sources, targets[:, :-1])[0].argmax(-1) == targets[:, 1:]
    return right[targets[:, 1:] != 0].float().mean().item()

# %% [markdown] name="steps-text"
r"""
In French, *the cat sat on the mat* begins with an article. *The* and the gender of *cat* decide which:
"""

# %% name="steps"
pair = grammar.the_cat_sat_on_the_mat()
source = pad([english.encode(pair.english)])                         # (1, 7)
previous = pad([[BOS, *french.encode(pair.french)]])                 # (1, 10): <bos> le chat ...
to_Q, to_K, to_V, to_O = model.attention.projections                 # four times nn.Linear
with torch.no_grad():
    annotations, first = model.read(source)                          # step 1: (1, 7, 128)
    states, _ = model.rnn(model.embedding(previous), first[None])    # step 1: (1, 10, 128)
    Q = split(to_Q(states), 8)                                       # step 2: (1, 8, 10, 16)
    K, V = split(to_K(annotations), 8), split(to_V(annotations), 8)  # step 2: (1, 8, 7, 16)
    scores = Q @ K.mT                                                # step 3: (1, 8, 10, 7)
    weights = (scores / 16**0.5).softmax(-1)                         # steps 4, 5
    found = to_O(merge(weights @ V))                                 # steps 6, 7: (1, 10, 128)
    logits = model.words(model.norm(states + found))                 # step 8, then the words
assert torch.allclose(logits, model(source, previous)[0], atol=1e-4)

# %% name="steps-picture" jupyter={"source_hidden": true}
chat, cat = pair.french.index("chat"), pair.english.index("cat")
assert logits[0, chat].argmax() == french.encode(["chat"])[0]
assert weights.mean(1)[0, chat].argmax() == cat
own, ahead = (int(weights[0, :, 0, word].argmax()) for word in (0, cat))  # most on “the”, on “cat”
assert weights[0, own, 0].argmax() == 0 and weights[0, ahead, 0].argmax() == cat != 0
two = {h: (scores[0, h, 0], weights[0, h, 0]) for h in sorted({own, ahead})}
most = [pair.english[int(w.argmax())] for w in weights[0, :, 0]]
likely = logits[0, 0].softmax(-1).topk(2)
guesses = list(zip(french.decode(likely.indices.tolist()), likely.values.tolist()))
assert guesses[0][0] == "le"
diagrams.eight_steps(pair.english, two, most, guesses)

# %% [markdown] name="steps-answer"
r"""
We picked the heads that look most at *the* and at *cat*. Does *le* need them? All weights (rows French, columns English):
"""

# %% name="all-maps" jupyter={"source_hidden": true}
diagrams.all_maps(pair.english, [*pair.french, "(end)"], weights[0])

# %% [markdown] name="prune-text"
r"""
Most maps show the same staircase. Pruning: the summand $C_h W^O_h$ vanishes if the head's rows of $W^O$ are zero (in `weight`: columns).
"""

# %% name="prune"
def keep(model, heads):
    smaller = copy.deepcopy(model)
    columns = smaller.attention.project_output.weight.data.view(128, 8, 16)  # (out, H, D)
    columns[:, [h for h in range(8) if h not in heads]] = 0
    return smaller

# %% [markdown] name="guess-alone"
r"""
> **Guess first.** Keep a single head, the one that aligns best (lesson 05). How many sentences are still right?
"""

# %% name="prune-same" jupyter={"source_hidden": true}
without_4 = [0, 1, 2, 4, 5, 6, 7]
taken = copy.deepcopy(model)
taken.attention = prune_heads(model.attention, without_4)  # rows taken out, and not set to zero
with torch.no_grad():
    both = [m(sources, targets[:, :-1])[0] for m in (keep(model, without_4), taken)]
    maps = model.heads(sources, targets[:, :-1])[1]  # (200, 8, L, S)
assert torch.allclose(*both, atol=1e-4)

# %% name="articles" jupyter={"source_hidden": true}
from attention_course.data.grammar.words import NOUNS

ARTICLES, nouns = ["le", "un", "la", "une"], {noun.french.split()[0] for noun in NOUNS.values()}
places = [  # sentence, place and word of each article directly before a noun
    (s, t, word)
    for s, p in enumerate(unseen)
    for t, (word, after) in enumerate(zip(p.french, p.french[1:]))
    if word in ARTICLES and after in nouns
]


def look_of_articles(rows):  # at their own English word, and at the noun's
    looked, links = rows.argmax(-1).tolist(), [p.links for p in unseen]
    found = [[(looked[s][t], t + step) in links[s] for step in (0, 1)] for s, t, _ in places]
    return torch.tensor(found).float().mean(0).tolist()

# %% name="genders" jupyter={"source_hidden": true}
@torch.no_grad()
def wrong_gender(model):  # articles whose likeliest form is of the other gender
    likeliest = model(sources, targets[:, :-1])[0][..., french.encode(ARTICLES)].argmax(-1)
    return sum(int(likeliest[s, t]) // 2 != ARTICLES.index(word) // 2 for s, t, word in places)


def error_rate(rows):  # of one head's map
    cut = [row[: len(p.french), : len(p.english)] for row, p in zip(rows, unseen)]
    return alignment_error_rate([hard_links(weights) for weights in cut], [p.links for p in unseen])


whole = exact(model)
without = [keep(model, [i for i in range(8) if i != h]) for h in range(8)]
alone = [keep(model, [h]) for h in range(8)]
best = min(range(8), key=lambda h: error_rate(maps[:, h]))

# %% name="prune-table" jupyter={"source_hidden": true}
looks = [look_of_articles(maps[:, h]) for h in range(8)]
exact_without = [exact(m) for m in without]
rows = []
for h, right in enumerate(exact_without):
    name = f"head {h + 1}" + (", aligns best" if h == best else "")
    rows.append([name, *(f"{share:.0%}" for share in (*looks[h], right))])
columns = ["", "articles look at their own English word", "at the noun's"]
table([*columns, f"sentences right without it (all 8: {whole:.0%})"], rows)

# %% [markdown] name="together-text"
r"""
(On 200 new sentences.) In the printed run, most heads look from an article at its own English word. The two that look most at the noun ahead could replace each other, so both go:
"""

# %% name="together" jupyter={"source_hidden": true}
from itertools import combinations


def louder(model, factor):
    loud = copy.deepcopy(model)
    loud.attention.project_output.weight.data *= factor
    return loud


def measured_of(*models):  # the mean of sentences right, words right, wrong genders
    found = [[exact(m), words_right(m), float(wrong_gender(m))] for m in models]
    return torch.tensor(found).mean(0).tolist()


ahead_most = sorted(sorted(range(8), key=lambda h: looks[h][1])[-2:])
others = [h for h in range(8) if h not in ahead_most]
fewer = [keep(model, [h for h in range(8) if h not in two]) for two in combinations(others, 2)]

# %% name="together-table" jupyter={"source_hidden": true}
loudest = max((louder(alone[best], n) for n in (2, 3, 8)), key=words_right)
tried = {"all 8": measured_of(model)}
look_ahead = " and ".join(str(h + 1) for h in ahead_most)
tried[f"without heads {look_ahead}, which look most at the noun"] = measured_of(keep(model, others))
tried[f"without two others (mean of {len(fewer)} pairs)"] = measured_of(*fewer)
tried[f"head {best + 1} alone"] = measured_of(alone[best])
tried[f"head {best + 1} alone, its output as loud as is best"] = measured_of(loudest)
columns = ["sentences right", "words right", f"wrong gender, of {len(places)} articles"]
rows = [[name, f"{a:.0%}", f"{b:.0%}", f"{c:.1f}"] for name, (a, b, c) in tried.items()]
table(["", *columns], rows)

# %% name="prune-guard" jupyter={"source_hidden": true}
own_word, noun_ahead = zip(*looks)
everything, blind, pairs_gone, single, loud = tried.values()
assert whole > 0.6 and max(own_word) > 0.6 and max(noun_ahead) > 0.3
assert sum(share > 0.6 for share in own_word) > 4 and max(exact_without) > whole - 0.03
assert max(map(wrong_gender, without)) < 0.1 * len(places)
assert pairs_gone[2] < blind[2] < 0.15 * len(places)
assert single[0] < 0.05 < whole / 4 and loud[0] < whole / 2 and single[1] < loud[1] < 0.8

# %% [markdown] name="prune-after"
r"""
(Words, genders: teacher forcing.) Without these two, in this training, more genders are wrong than without two others. Most stay right: after the GRUs, other vectors may tell of *cat*, too. The best-aligned head alone is useless, even if louder.
"""

# %% [markdown] name="five-text"
r"""
Five longer trainings (1,000 new sentences; mean, lowest, highest):
"""

# %% name="five-trainings"
from attention_course import claims

measured = results.load("10_multi_head_attention")


def spread(key, H):                                                  # of five trainings
    if H not in measured[key]:
        return "–"
    each = torch.tensor([torch.tensor(one).mean() for one in measured[key][H]])
    return f"{each.mean():.1%} ({each.min():.1%} to {each.max():.1%})"


kinds = {"all heads": "exact", "one head removed (mean of all)": "exact_without"}
kinds |= {"one head left (mean of all)": "exact_alone"}
kinds |= {"all heads look with the mean of their maps": "exact_one_map"}
rows = [[name, *(spread(key, H) for H in ("1", "4", "8", "16"))] for name, key in kinds.items()]
table(["sentences right", "1 head", "4 heads", "8 heads", "16 heads"], rows)

# %% name="five-guard" jupyter={"source_hidden": true}
removed = measured["exact_removed"]["8"]  # five times 8 shares, the cheapest head first
means = [sum(shares) / 5 for shares in zip(*removed)]
assert measured["budget"] == 500_000 and means[0] - means[1] < 0.02 and means[7] < 0.03
assert round(100 * (means[0] - means[2])) == 3 and round(100 * (means[0] - means[4])) == 20
exact_of = {H: sum(found) / 5 for H, found in measured["exact"].items()}
assert 0 < exact_of["8"] - exact_of["1"] < 0.04
eight = {key: torch.tensor(measured[key]["8"]).mean() for key in ("exact_one_map", "exact_alone")}
assert eight["exact_one_map"] > 0.5 and eight["exact_alone"] < 0.05
assert exact_of["1"] < exact_of["4"] < exact_of["8"] < exact_of["16"] < exact_of["1"] + 0.05

# %% [markdown] name="five-answer"
r"""
One head *trained* alone is nearly as good as eight. One head *left* of eight is useless: seven summands are missing.

The last row: **eight heads with one map are one head with 128 value numbers.** They still translate most sentences.

So pruning says how well *the others, as they are, get on without this head*. It does not say that the head does nothing, or how good a network with fewer heads would be. If the cheapest of our eight go first, chosen anew each time, two cost 3 points, and four cost 20. In large Transformers, 20 to 40 % could go (Michel, Levy and Neubig 2019).

Two claims, measured:
"""

# %% name="claims" jupyter={"source_hidden": true}
claims.table("10_multi_head_attention")

# %% [markdown] name="prune-answer"
r"""
**Answer: in this translator, many heads look at the same words. Pruning measures what the others cannot replace.**

## The whole thing to take away

`mask` is Boolean, True = may look, and broadcasts to (B, H, L, S). Use: `y, weights = layer(x, mask=causal)`, then `norm(x + y)`.
"""

# %% name="listing" jupyter={"source_hidden": true}
listing(split, merge, attend, MultiHeadAttention)

# %% [markdown] name="remember"
r"""
## What to remember

- Several heads give several averages, and $W^O$ writes each result where it belongs.
- **When several?** When a word must bring back several things at once, by linear maps (section 7).
- **How many?** More cost no parameters: measure. In our translator, 1 and 16 heads lay within five points, and 16 were better.
- **Query**: what I look for. **Key**: what I am found by. **Value**: what I hand over.
- True means *may look* for `F.scaled_dot_product_attention`, and *may not look* for `nn.MultiheadAttention`.
- **Pruning** a head shows how well the others get on without it.

Worth knowing by heart:

```
Q, K, V = split(W_Q(x), H), split(W_K(source), H), split(W_V(source), H)
weights = (Q @ K.mT / D**0.5).masked_fill(~mask, -inf).softmax(-1)   # no row all False
output  = W_O(merge(weights @ V))
```

<details><summary>1. E = 512, H = 8. Two sentences of 10 words look at 7 words. Which shapes?</summary>

Q (2, 8, 10, 64), weights (2, 8, 10, 7), output (2, 10, 512).

</details>

<details><summary>2. Why W_V, and not just the word's vector?</summary>

So that a word can be found by one thing and hand over another.

</details>

<details><summary>3. A language model uses nn.MultiheadAttention with a mask from tril(), has a wonderful loss, and writes nonsense. Why?</summary>

Floats hide nothing, and `tril().bool()` would hide the past and the word itself. Pass `~tril().bool()`.

</details>

## Exercises, and where to go next

The [exercises](exercises/10_multi_head_attention.ipynb) take about an hour. Attention does not notice order. **[11 · Positions](11_positions.ipynb)** mends this.

### Sources

Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), sections 3.2 and 6.2 · Radford, Wu, Child, Luan, Amodei, Sutskever: Language models are unsupervised multitask learners. OpenAI, 2019 · Michel, Levy, Neubig: Are sixteen heads really better than one? NeurIPS 2019, [arXiv:1905.10650](https://arxiv.org/abs/1905.10650) · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese, section 3.2 · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese, which tells attention in the eight steps of this page.
"""
