# %% [markdown] name="title"
r"""
# 01 · A weighted sum

*The cat sat on the chair because **it** was tired.* Who was tired? The cat, of course. A translator has to know this, too. French has two words for *it*: *il* for a masculine noun such as *le chat* (the cat), and *elle* for a feminine noun such as *la chaise* (the chair). Change one word, *because it was soft*, and *it* means the chair.
"""

# %% name="story"
import numpy as np
import torch

from attention_course.lessons.lesson_01 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

diagrams.two_sentences()

# %% [markdown] name="what-for"
r"""
So the word *it* must fetch something from another word, and which word that is depends on the sentence. **Attention** is how a neural network fetches. It compares what it looks for with every word, and takes most from the words that fit best.

You need Python and basic PyTorch. Sections 1 to 5 are the core and take about twenty minutes. Sections 6 to 9 sharpen it, put it to work, break it and train it. They take as long again.

## 1 · What is a soft look-up?

A Python dictionary looks things up by an exact match. If no key is exactly the same, it finds nothing:
"""

# %% name="dictionary" tags=["nbval-check-output"]
gender = {"cat": "masculine", "chair": "feminine"}
print(gender.get("something that can be tired"))

# %% [markdown] name="three-vectors"
r"""
Attention looks things up by *how well they fit*. It needs three kinds of vectors:

- the **query** says what is looked for;
- each word has a **key**, which says what this word can be found by;
- each word has a **value**, which says what this word hands over when it is found.

The look-up takes three steps. This picture shows them with the numbers of section 2. Follow the framed row.
"""

# %% name="overview" jupyter={"source_hidden": true}
words = ["cat", "sat", "chair"]
query = torch.tensor([1.0, 0.0])
keys = torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
values = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
diagrams.soft_look_up(words, query, keys, values)

# %% [markdown] name="three-steps"
r"""
1. **Compare** the query with every key. This gives one number per word, its **score** (also called *energy*; numbers that go into a softmax are also called *logits*).
2. Turn the scores into **attention weights** with a **softmax**. They are positive and add up to 1.
3. Multiply each value by its weight, and **add up**. The result is the **context vector**.

Why not simply take the best match? Because a choice cannot be trained. A small change of the query changes nothing, until the choice suddenly jumps. An average changes a little with every small change, so gradient descent can improve it.

**Answer: a soft look-up compares the query with all keys, and returns an average of all values. The values whose keys fit best count most.**

## 2 · What does it do, with numbers?

We choose the vectors by hand, so that every number has a meaning. (We leave out the little words to keep the arithmetic short.)

A key has two numbers: is this word about something *living*, and is it about a *thing*? *Cat* has (2, 0) and *chair* has (0, 2). *Sat* has (1, 0), since it says a little about somebody living. A value has two numbers as well: *masculine* and *feminine*. The verb has no gender and hands over (0, 0). The query of *it* in "because it was tired" is (1, 0): "I look for something living".

**Step 1.** The score is a **dot product**: multiply number by number and add up. For *cat* this is 1 · 2 + 0 · 0 = 2, for *sat* 1, and for *chair* 0.

**Step 2.** The softmax takes the exponential of each score, and divides by the sum of all:

$$e^2 \approx 7.39, \qquad e^1 \approx 2.72, \qquad e^0 = 1, \qquad \text{sum } 11.11.$$

So *cat* gets 7.39 / 11.11 = 0.67, *sat* 0.24, *chair* 0.09.

**Step 3.** The context vector is 0.67 · (1, 0) + 0.24 · (0, 0) + 0.09 · (0, 1) = (0.67, 0.09). It says "mostly masculine", so the translator writes *il*. In NumPy:
"""

# %% name="numpy" tags=["nbval-check-output"]
q = np.array([1, 0])                             # query (2)
K = np.array([[2, 0], [1, 0], [0, 2]])           # keys   (3, 2): cat, sat, chair
V = np.array([[1, 0], [0, 0], [0, 1]])           # values (3, 2)

scores = K @ q                                   # step 1: (3, 2) @ (2) -> (3)
weights = np.exp(scores) / np.exp(scores).sum()  # step 2: (3)
context = weights @ V                            # step 3: (3) @ (3, 2) -> (2)
print("weights", weights.round(2), "  context", context.round(2))

# %% [markdown] name="soft-and-old"
r"""
In "because it was soft", *it* asks (0, 1): "I look for a thing". In "because it was old", *it* asks (1, 1), since cats and chairs can both be old.
"""

# %% name="guess-old"
guess = predict(
    "“Because it was old”: the query is (1, 1). What is the context vector?",
    ["(0.42, 0.42), a blend", "(1, 1), since both fit", "(0.67, 0.09), as before"],
)

# %% name="three-queries" jupyter={"source_hidden": true}
queries = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
asking = ["it (tired)", "it (soft)", "it (old)"]
diagrams.three_queries(asking, words, queries, keys, values)

# %% name="reveal-old" jupyter={"source_hidden": true}
guess.reveal(
    "(0.42, 0.42), a blend",
    "Cat and chair both have the score 2, and sat has 1. So cat and chair get 0.42 each, "
    "and sat gets 0.16.",
)

# %% [markdown] name="blend"
r"""
Each row is one query, and the numbers are rounded. With *soft*, the context says "mostly feminine": *elle*. With *old*, masculine and feminine come back equally strong. Attention cannot decide, and neither can we: the sentence does not say what was old.

In a network, nobody writes these vectors. Learned matrices make them out of the vectors of the words: $q = x W^Q$, $k = x W^K$, $v = x W^V$ (lesson 10). And before *it* asks, its vector must have been mixed with *tired*. A recurrent network can do that (lesson 04), or attention itself (lesson 09).

**Answer: the better one key fits, the more of its value comes back. If several fit equally, a blend comes back.**

## 3 · How is it written down?

For one query $q$, keys $k_1 \dots k_S$ and values $v_1 \dots v_S$:

$$c = \sum_{i=1}^{S} a_i \, v_i \qquad (1) \qquad\qquad a_i = \frac{\exp z_i}{\sum_{j=1}^{S} \exp z_j} \quad\text{with } z_i = \mathrm{score}(q, k_i) \qquad (2)$$

Equation (2) is the softmax of the scores. Here the score is the dot product, $z_i = q \cdot k_i$; lesson 02 compares it with others. Several queries at once are the rows of a matrix. Then the softmax is taken of each row:

$$Z = Q K^\top, \qquad A = \mathrm{softmax}(Z), \qquad C = A V .$$

| letter | meaning | shape | in code |
|---|---|---|---|
| $L$, $S$, $B$ | number of queries, of keys, of sentences in a batch | | |
| $D$, $D_v$ | numbers in a key (and a query), numbers in a value | | |
| $q$, $Q$ | query, all queries | $(D)$, $(L, D)$ | `queries` |
| $k_i$, $K$ | key of word $i$, all keys | $(D)$, $(S, D)$ | `keys` |
| $v_i$, $V$ | value of word $i$, all values | $(D_v)$, $(S, D_v)$ | `values` |
| $z_i$, $Z$ | score of word $i$, all scores | number, $(L, S)$ | `scores` |
| $a_i$, $A$ | attention weight of word $i$, all weights | number, $(L, S)$ | `weights` |
| $c$, $C$ | context vector, all context vectors | $(D_v)$, $(L, D_v)$ | `context` |

These letters keep their meaning through the whole course ([Notation](../docs/notation.md)). The course follows a survey by Nishida and Saito (2018) and numbers equations as they do ([What the two sources say](../docs/sources.md)).

**Answer: a softmax of the scores gives the weights (2), and the weights average the values (1).**

## 4 · How is it programmed?

One line per step. `@` multiplies matrices, and `.mT` transposes the last two axes, so the same lines work with a batch axis in front.
"""

# %% name="attention"
queries = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # tired, soft, old: (3, 2)
keys = torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 2.0]])     # cat, sat, chair: (3, 2)
values = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])   # masculine, feminine: (3, 2)


def attention(queries, keys, values):
    scores = queries @ keys.mT                  # (L, D) @ (D, S) -> (L, S)
    weights = scores.softmax(-1)                # over the keys: each row adds up to 1
    return weights @ values, weights            # (L, S) @ (S, D_v) -> (L, D_v)


context, weights = attention(queries, keys, values)
table(["it was …", "weights", "context"], zip(["tired", "soft", "old"], weights, context))

# %% [markdown] name="the-axis"
r"""
Mind the `-1`: the softmax runs over the *keys*, the last axis. With `softmax(0)` the queries compete with each other, and no error tells you. The sums of the rows do:
"""

# %% name="wrong-axis" tags=["nbval-check-output"]
wrong = (queries @ keys.mT).softmax(0)
rows = [["keys (-1)", weights.sum(-1)], ["queries (0)", wrong.sum(-1)]]
table(["softmax over", "sum of each row"], rows)

# %% [markdown] name="answer-code"
r"""
**Answer: `scores = queries @ keys.mT`, `weights = scores.softmax(-1)`, `context = weights @ values`.**

## 5 · What if sentences have different lengths?

A **batch** holds several sentences in one tensor, so all must have the same length. Shorter ones are filled up with **padding**. Our second sentence is *the dog slept because it was tired*. It gives two words, *dog* and *slept*, and the first sentence gave three. So we add a PAD. A network gives it a key and a value like any other word; let them be (0, 0) and (0, 1).
"""

# %% name="guess-pad"
guess = predict(
    "The key of PAD is (0, 0), so its score is 0. How much attention does it get?",
    ["none: its score is 0", "as much as chair got: 0.09", "a third"],
)

# %% name="wrong-and-right" jupyter={"source_hidden": true}
scores = torch.tensor([2.0, 1.0, 0.0])                                   # dog, slept, PAD
dog_values = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]])
real = torch.tensor([True, True, False])
ways = {
    "no mask": scores.softmax(-1),
    "weight set to 0\nafter the softmax": scores.softmax(-1) * real,
    "score set to −∞\nbefore the softmax": scores.masked_fill(~real, float("-inf")).softmax(-1),
}
diagrams.padding(["dog", "slept", "PAD"], scores, ways, dog_values)

# %% name="reveal-pad" jupyter={"source_hidden": true}
many = torch.cat([scores, torch.zeros(97)]).softmax(-1)
guess.reveal(
    "as much as chair got: 0.09",
    "A score of 0 is not a weight of 0, since e⁰ = 1. If the sentence is padded to 100 words, "
    f"98 PADs share {many[2:].sum():.0%} of the attention, and dog keeps {many[0]:.0%}. "
    "The dog turns feminine.",
)

# %% [markdown] name="why-before"
r"""
- **No mask** is wrong: a filler speaks. The more PADs, the louder.
- **Setting its weight to 0 after the softmax** is wrong, too. The weights add up to 0.91 only, so the whole context shrinks, and it shrinks more with every PAD.
- **Setting its score to −∞ before the softmax** is right, as $e^{-\infty} = 0$. PAD gets nothing, and the others share everything: these are the weights of the sentence without PAD.

A **mask** is a tensor of truth values that says who may attend to what. In this course, **True means "may attend"**.

One trap is left. If a row has no True at all, every score is −∞, and the softmax is 0 / 0:
"""

# %% name="empty-row" tags=["nbval-check-output"]
print(torch.full((3,), float("-inf")).softmax(-1))

# %% [markdown] name="empty-row-text"
r"""
A single NaN reaches the loss, and through its gradient every parameter. So we fill in the lowest finite number instead of −∞, and multiply by the mask at the end. Where something may be attended to, the result is the same. An empty row gets zeros, and a finite gradient. (PyTorch's own function does so, too.) This is the one to keep:
"""

# %% name="masked-attention"
def attention(queries, keys, values, mask=None):
    """Dot-product attention. mask: True = may attend; broadcasts to (B, L, S)."""
    scores = queries @ keys.mT                  # (B, L, D) @ (B, D, S) -> (B, L, S)
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = scores.softmax(-1)                # (B, L, S), over the keys
    if mask is not None:
        weights = weights * mask                # only a row that is empty changes
    return weights @ values, weights            # (B, L, S) @ (B, S, D_v) -> (B, L, D_v)

# %% [markdown] name="batch-text"
r"""
Both sentences as one batch, with B = 2 sentences, L = 1 query each and S = 3 keys:
"""

# %% name="batch"
both_keys = torch.stack([keys, torch.tensor([[2.0, 0], [1, 0], [0, 0]])])    # (2, 3, 2)
both_values = torch.stack([values, torch.tensor([[1.0, 0], [0, 0], [0, 1]])])  # (2, 3, 2)
both_queries = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]])                    # (2, 1, 2)

lengths = torch.tensor([3, 2])                            # real words per sentence
real = torch.arange(3) < lengths[:, None]                 # (3) < (2, 1) -> (B, S) = (2, 3)
mask = real[:, None, :]                                   # (B, 1, S): for every query
context, weights = attention(both_queries, both_keys, both_values, mask)

alone, _ = attention(both_queries[1], both_keys[1, :2], both_values[1, :2])
assert torch.allclose(context[1], alone)                  # the dog without PAD: the same

# %% name="batch-picture" jupyter={"source_hidden": true}
scores = both_queries @ both_keys.mT
sentences = [words, ["dog", "slept", "PAD"]]
diagrams.batch(sentences, scores, mask, weights, context)

# %% [markdown] name="mask-conventions"
r"""
PyTorch has attention built in. Ours agrees with it, and with the function of this course's package. (`scale=1.0` is needed because PyTorch divides the scores by √D. Lesson 02 explains why.)
"""

# %% name="same"
import torch.nn.functional as F

from attention_course.functional import attention_weights, context_vector, masked_softmax
from attention_course.scores import dot_score

built_in = F.scaled_dot_product_attention(
    both_queries, both_keys, both_values, attn_mask=mask, scale=1.0
)
assert torch.allclose(context, built_in)
assert torch.equal(weights, attention_weights(both_queries, both_keys, dot_score, mask))
assert torch.equal(context, context_vector(weights, both_values))

# %% name="inside-masked-softmax" jupyter={"source_hidden": true}
look_inside(masked_softmax)

# %% [markdown] name="answer-mask"
r"""
**Libraries disagree about True.** `F.scaled_dot_product_attention` means "may attend", as we do. `nn.MultiheadAttention` means the opposite: True is *hidden*.

**Answer: pad, and hide the padding with a mask: its scores become −∞ before the softmax.**

## 6 · How sharp is the look-up?

If one weight is 1, attention is a dictionary. If all weights are equal, it is a plain average, of however many keys there are. The distance between the scores decides where it stands. To control this, divide the scores by a number τ, the **temperature**.
"""

# %% name="guess-temperature"
guess = predict(
    "At a temperature of 1000, what comes back for “tired”?",
    ["the plain average of the three values", "the value of cat", "a vector close to zero"],
)

# %% name="temperature" tags=["nbval-check-output"]
rows = []
for temperature in (0.01, 0.5, 1, 2, 1000):
    weights = (queries[0] @ keys.mT / temperature).softmax(-1)
    rows.append([str(temperature), weights, weights @ values])
table(["temperature", "weights", "context"], rows)

# %% name="reveal-temperature" jupyter={"source_hidden": true}
guess.reveal(
    "the plain average of the three values",
    "Divided by 1000, all scores are nearly equal, and so are the weights. At 0.01 the scores are "
    "a hundred times as far apart, and only the best match counts.",
)

# %% [markdown] name="explore-text"
r"""
Now move the query yourself. On the left it meets the keys; a larger disc is a larger weight. On the right the same weights average the values. A longer query multiplies all scores, so it sharpens the look-up, as a lower temperature does. Try to move the context out of the grey triangle.
"""

# %% name="explorer" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_01.look import look as draw_look


def look(direction, length, temperature):
    angle = np.deg2rad(direction)
    query = length * torch.tensor([np.cos(angle), np.sin(angle)], dtype=torch.float32)
    weights = (query @ keys.mT / temperature).softmax(-1)
    return draw_look(words, query, keys, values, weights)


explore(
    look, direction=(-180, 180, 0, 5), length=(0.0, 3.0, 1.0, 0.1), temperature=(0.1, 3.0, 1.0, 0.1)
)

# %% [markdown] name="inside-triangle"
r"""
It cannot be done. Weights that are never negative and add up to 1 give an average, and an average lies among the things that are averaged. Attention fetches and mixes. To make something new is the job of the layers around it.

**Answer: the farther apart the scores, the sharper. A temperature divides them.**

## 7 · Does it work on real data?

Nothing here is special to words. The Nile carried a different amount of water past Aswan in each year from 1871 to 1970 (Cobb 1978). Let the keys be the years and the values the amounts. The query is any year, also one between two measurements.

A year should count more the closer it is to the query. So the score falls with the squared distance, over a *width* σ in years:

$$\mathrm{score}(q, k_i) = -\frac{(q - k_i)^2}{2 \sigma^2} .$$

With this score, equations (1) and (2) are **kernel regression**, half a century older than attention in translation (Nadaraya 1964, Watson 1964). σ² acts as a temperature.

How wide should σ be? Here is a plan: ask for each of the hundred years, compare the answers with the measurements, and take the width with the smallest error.
"""

# %% name="guess-width"
guess = predict(
    "Of these widths, which has the smallest error on the hundred years?",
    ["50 years, to average out the weather", "5 years", "1 year", "a fifth of a year"],
)

# %% name="self-look"
from attention_course.lessons.lesson_01.nile import nile

years, flows = nile()                           # keys (100), values (100), in 10⁸ m³


def distance_score(queries, keys, width):       # (L), (S) -> (L, S)
    return -((queries[:, None] - keys) ** 2) / (2 * width**2)


def error(width, mask=None):                    # root mean square, in the unit of the flows
    weights = masked_softmax(distance_score(years, years, width), mask)  # (100, 100)
    return (weights @ flows - flows).square().mean().sqrt()


rows = [[width, error(width)] for width in (50.0, 5.0, 1.0, 0.2)]
table(["width in years", "error"], rows, digits=1)

# %% name="reveal-width" jupyter={"source_hidden": true}
guess.reveal(
    "a fifth of a year", "Each year then attends to itself alone. The model has copied the table."
)

# %% [markdown] name="leak"
r"""
The error is zero, and nothing was learned. Each query saw the very answer that it was tested on. This is a **leak**. A language model that sees the word it must predict has the same symptom: a loss that is too good to be true. A mask mends it: it hides each year from itself.
"""

# %% name="leave-one-out"
others = ~torch.eye(100, dtype=torch.bool)      # False on the diagonal
widths = torch.logspace(-0.7, 2, 80)
honest = torch.stack([error(width, others) for width in widths])
best = widths[honest.argmin()].item()
rows = [["the mean of all other years", error(1e6, others)], ["σ = 50 years", error(50.0, others)]]
rows += [["σ = 0.2: the two neighbours alone", error(0.2, others)]]
rows += [[f"σ = {best:.1f}: the best", error(best, others)]]
table(["each year answered by the others", "error"], rows, digits=1)

# %% name="maps" jupyter={"source_hidden": true}
twenty = years[:20]
leaking = masked_softmax(distance_score(twenty, twenty, 0.2))
masked = masked_softmax(distance_score(twenty, twenty, best), others[:20, :20])
diagrams.year_maps(twenty, {"leak: σ = 0.2, no mask": leaking, f"masked: σ = {best:.1f}": masked})

# %% [markdown] name="maps-text"
r"""
Each row of these **attention maps** is a year that asks, and dark cells are large weights. On the left a dark diagonal: every year looks at itself. On the right the diagonal is hidden. Now there is a best width, and this is its curve:
"""

# %% name="kernel-regression"
from attention_course.lessons.lesson_01.measurements import measurements

asked = torch.linspace(1871, 1970, 400)
curve = distance_score(asked, years, best).softmax(-1) @ flows           # (400)
look_of_1899 = distance_score(torch.tensor([1899.0]), years, best).softmax(-1)[0]
measurements(
    years, flows, curve=(asked, curve), query=1899.0, weights=look_of_1899,
    x_label="year", y_label="water at Aswan (10⁸ m³)",
)

# %% [markdown] name="answer-nile"
r"""
The diamond answers the query 1899, and the darker a year, the more it counts there. The red line answers 400 queries. It falls around 1900 and does not recover; Cobb finds a sudden change about 1898.

**Answer: yes. Keys, values and scores can be anything. But what a query must predict has to be hidden from it.**

## 8 · Where does it break?

**Far from all keys.** Let us ask for the year 2100. The nearest key is 130 years away.
"""

# %% name="year-2100" tags=["nbval-check-output"]
scores = distance_score(torch.tensor([2100.0]), years, 5.0)[0]
naive = scores.exp() / scores.exp().sum()
shifted = (scores - scores.max()).exp()
safe = shifted / shifted.sum()
rows = [["as in (2)", scores.max(), scores.exp().max(), naive @ flows]]
rows += [["largest score subtracted", 0.0, shifted.max(), safe @ flows]]
rows += [["the measurement of 1970", "", "", flows[-1]]]
table(["", "largest score", "its exponential", "answer for 2100"], rows)

# %% [markdown] name="overflow-text"
r"""
$e^{-338}$ is too small for a 32-bit number. Every exponential becomes 0, and 0 / 0 is NaN. (Above $e^{88}$ they overflow, and ∞ / ∞ is NaN, too.) The cure is to subtract the largest score from all scores. This multiplies numerator and denominator of (2) by the same factor, so the weights do not change. PyTorch's softmax does it for you.

The answer shows another weakness. It is the measurement of the last year, without a sign of doubt. The weights tell which key is *nearest*. They do not tell that none is near.

**Order.** Shuffle the table. A sum does not care about the order of its terms:
"""

# %% name="shuffle"
shuffled = torch.randperm(100, generator=torch.Generator().manual_seed(0))
again = distance_score(asked, years[shuffled], best).softmax(-1) @ flows[shuffled]
print(f"largest change of 400 answers: {(again - curve).abs().max():.0e}")
assert torch.allclose(again, curve)

# %% [markdown] name="order-text"
r"""
For years this is fine. For words it is a problem: if a key depends on its word alone, *the cat sat on the mat* and *the mat sat on the cat* are the same set of keys. A model has to put the order into the keys. Lessons 03 and 04 do it with a recurrent network, lesson 11 with position vectors.

**Answer: far from all keys it answers without doubt, and it does not see order.**

## 9 · How does it learn where to look?

By gradient descent, like everything else. Let us forget the keys, start them at zero, and ask for the right gender: "tired" must bring back masculine, "soft" feminine.
"""

# %% name="learn-keys"
learned = torch.zeros(3, 2, requires_grad=True)                  # keys of cat, sat, chair
wanted = torch.tensor([[1.0, 0.0], [0.0, 1.0]])                  # for tired, soft
optimizer = torch.optim.SGD([learned], lr=1.0)
for _ in range(300):
    context, weights = attention(queries[:2], learned, values)
    loss = (context - wanted).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
table(["word", "learned key", "weight for tired", "weight for soft"], zip(words, learned, *weights))

# %% [markdown] name="learn-keys-text"
r"""
Training found keys like ours: *cat* answers to *living*, *chair* to *thing*. *Sat* learned to be found by nobody.

What drives this? Let $g$ be the gradient of the loss $\mathcal{L}$ with respect to the context $c$. The softmax has the derivative $\partial a_j / \partial z_i = a_j(\delta_{ij} - a_i)$, where $\delta_{ij}$ is 1 for $i = j$ and 0 otherwise. So

$$\frac{\partial \mathcal{L}}{\partial z_i} = \sum_j (g \cdot v_j)\, a_j (\delta_{ij} - a_i) = a_i \; g \cdot (v_i - c).$$

The last factor compares value $i$ with the blend $c$ that is there already. If moving towards this value lowers the loss, the score rises. But everything is multiplied by $a_i$: **a score with little attention learns little**, however right its value would be.
"""

# %% name="gradient-check"
scores = torch.tensor([2.0, 1.0, 0.0], requires_grad=True)
weights = scores.softmax(-1)
context = weights @ values
(context - wanted[1]).square().sum().backward()                  # the wish: feminine

g = 2 * (context - wanted[1])
formula = weights * ((values - context) @ g)
assert torch.allclose(scores.grad, formula)
table(["word", "weight", "gradient of its score"], zip(words, weights, scores.grad))

# %% [markdown] name="descent-text"
r"""
The gradient of *chair* is negative, so its score will rise. But it has a weight of 0.09 only. Now let *chair* start at 0, −2, −5 or −20, and train the three scores for 1,000 steps.
"""

# %% name="guess-descent"
guess = predict(
    "Feminine is wanted, and only chair has it. From which starts will chair win?",
    ["from all of them", "from 0, −2 and −5", "from 0 and −2 only", "from none"],
)

# %% name="descent"
rows = []
for start in (0.0, -2.0, -5.0, -20.0):
    scores = torch.tensor([2.0, 1.0, start], requires_grad=True)
    optimizer = torch.optim.SGD([scores], lr=0.1)
    for _ in range(1000):
        optimizer.zero_grad()
        (scores.softmax(-1) @ values - wanted[1]).square().sum().backward()
        optimizer.step()
    weights = scores.softmax(-1)
    rows.append([start, scores[2], weights[0], weights[1], weights[2]])
table(["chair's score at the start", "at the end", "cat", "sat", "chair"], rows, powers=True)

# %% name="reveal-descent" jupyter={"source_hidden": true}
ends = {row[0]: row[4] for row in rows}
assert min(ends[0.0], ends[-2.0]) > 0.9 and max(ends[-5.0], ends[-20.0]) < 0.01
guess.reveal(
    "from 0 and −2 only",
    "From lower down, chair has too little attention to be heard. Its score rises, but sat's rises "
    "faster, because handing over nothing is better than handing over masculine.",
)

# %% [markdown] name="saturated"
r"""
A softmax that has put nearly all its weight in one place is **saturated**: each $a_i\,(v_i - c)$ is nearly zero, and learning stops. So scores must not be far apart before the model knows what it wants. Lesson 02 shows what drives them apart.

The Nile shows both cases. From a width of 30 years, gradient descent finds the best width. From a fifth of a year, where the nearest years have all the weight, it does not move:
"""

# %% name="train-width"
rows = []
for start in (30.0, 0.2):
    log_width = torch.tensor(start).log().requires_grad_()  # the logarithm keeps the width positive
    optimizer = torch.optim.SGD([log_width], lr=1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        error(log_width.exp(), others).backward()
        optimizer.step()
    rows.append([start, log_width.exp(), best])
table(["width at the start", "after 150 steps", "best"], rows)

# %% name="train-width-guard" jupyter={"source_hidden": true}
assert abs(rows[0][1] - best) < 0.1 and rows[1][1] < 0.25

# %% [markdown] name="answer-gradient"
r"""
**Answer: the scores of useful values rise, in proportion to the attention they have already.**

## The whole thing to take away

This is what the page has built, printed from the code that ran:
"""

# %% name="listing" jupyter={"source_hidden": true}
listing(attention, imports="import torch")

# %% [markdown] name="remember"
r"""
## What to remember

- **Query**: what is looked for. **Key**: what a word can be found by. **Value**: what it hands over.
- Attention compares a query with all keys, turns the scores into weights with a softmax, and averages the values.
- An average mixes what is there. It makes nothing new, it does not see order, and it answers even if no key fits.
- Padding is hidden *before* the softmax. Ask what True means in a mask.
- A query must not see what it has to predict.
- A score with little attention learns little. So scores should start close together.

Worth knowing by heart:

```
weights = (Q @ K.mT).masked_fill(~mask, -inf).softmax(-1)     # (B, L, S), no row all False
context = weights @ V                                         # (B, L, D_v)
```

<details><summary>1. Eight sentences ask 5 queries each and look at 12 words each. A key has 64 numbers, a value 32. What shapes do the scores, the weights and the context have?</summary>

Scores and weights are (8, 5, 12): one number for each pair of query and key. The context is (8, 5, 32): one value-sized vector per query.

</details>

<details><summary>2. You pass a mask that is True on the padding to F.scaled_dot_product_attention. What happens?</summary>

True means "may attend" there. So each query attends to the padding and to nothing else. No error is raised.

</details>

<details><summary>3. You double every query. What changes in the weights, and what does not?</summary>

All scores double. The weights become sharper, as with half the temperature. Their order stays: the key that fitted best still fits best.

</details>

## Exercises, and where to go next

The [exercises](exercises/01_weighted_sum.ipynb) let you write the look-up and the mask yourself, and break them on purpose (five problems, about forty-five minutes).

One question stays open: which score? We used the dot product once and a distance once, because they suited. **02 · Score functions** compares five.

## Where the idea comes from

Bahdanau, Cho and Bengio (2015) brought attention into translation. Before, one vector had to hold the whole sentence, and Cho and others (2014) had measured how quality falls as sentences grow. (Sutskever, Vinyals and Le, 2014, with a far larger network, reported no such fall.) Graves (2013) had come close with a soft window over a text. Older models of vision choose one place to look at (Koch and Ullman 1985; Itti, Koch and Niebur 1998; Larochelle and Hinton 2010). A choice has no gradient, so Mnih and others (2014) learned it by trial and reward. The words *key* and *value* came with Miller and others (2016), and the Transformer (Vaswani and others 2017) made them common.

### Sources

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473) ·
Cho, van Merriënboer, Bahdanau, Bengio: On the properties of neural machine translation: encoder-decoder approaches. SSST-8, 2014, [arXiv:1409.1259](https://arxiv.org/abs/1409.1259) ·
Cobb: The problem of the Nile: conditional solution to a changepoint problem. Biometrika 65 (1978) 243–251 ·
Graves: Generating sequences with recurrent neural networks. 2013, [arXiv:1308.0850](https://arxiv.org/abs/1308.0850) ·
Itti, Koch, Niebur: A model of saliency-based visual attention for rapid scene analysis. IEEE PAMI 20 (1998) 1254–1259 ·
Koch, Ullman: Shifts in selective visual attention: towards the underlying neural circuitry. Human Neurobiology 4 (1985) 219–227 ·
Larochelle, Hinton: Learning to combine foveal glimpses with a third-order Boltzmann machine. NIPS 2010 ·
Miller, Fisch, Dodge, Karimi, Bordes, Weston: Key-value memory networks for directly reading documents. EMNLP 2016, [arXiv:1606.03126](https://arxiv.org/abs/1606.03126) ·
Mnih, Heess, Graves, Kavukcuoglu: Recurrent models of visual attention. NIPS 2014, [arXiv:1406.6247](https://arxiv.org/abs/1406.6247) ·
Nadaraya: On estimating regression. Theory of Probability and its Applications 9 (1964) 141–142 ·
Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese ·
Sutskever, Vinyals, Le: Sequence to sequence learning with neural networks. NIPS 2014, [arXiv:1409.3215](https://arxiv.org/abs/1409.3215) ·
Vaswani and others: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762) ·
Watson: Smooth regression analysis. Sankhyā A 26 (1964) 359–372
"""
