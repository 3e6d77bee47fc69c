# %% [markdown] name="title"
r"""
# 02 · Score functions

**How should a query be compared with a key?**

In lesson 01 a score was a dot product, because it was at hand. There are others. Here are five. We write them, see what shapes they can take, and find out why some of them fail on long vectors and what it takes to mend that. Then we test five things that are said about them.

You need lessons 00 and 01. It takes about fifty minutes; the machine needs less than one.
"""

# %% name="imports"
import time

import torch

from attention_course import claims, device, plots, results
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.lessons.lesson_02.landscape import landscape
from attention_course.models.seq2seq import RNNsearch
from attention_course.scores import AdditiveScore, BilinearScore, DotScore, MultiplicativeScore, ScaledScore
from attention_course.training import train
from attention_course.widgets import explore, predict

device.use_threads(1)  # for times that can be compared

# %% [markdown] name="five"
r"""
## Five ways to compare

Write $S(a, b)$ for the score of a key $a$ for a query $b$, the $S$ of Eq. (2). The survey's section 3.1 knows two families. They differ in how the two vectors meet: they are multiplied, or they are added.

| | $S(a, b)$ | learned | who |
|---|---|---|---|
| dot | $a^\top b$ | nothing | Luong and others (2015) |
| bilinear | $a^\top W b$ | $W$ | Luong and others (2015), as "general" |
| multiplicative | $(W_1 a)^\top (W_2 b)$ | $W_1, W_2$ | the survey's form of the two above |
| scaled | $\frac{1}{\sqrt{k}} (W_1 a)^\top (W_2 b)$ | $W_1, W_2$ | Vaswani and others (2017) |
| additive | $v^\top \tanh(W_1 a + W_2 b)$ | $W_1, W_2, v$ | Bahdanau and others (2015) |

$W_1$ belongs to the key and $W_2$ to the query, and both lead to vectors of size $k$: their shapes are ($k$, key size) and ($k$, query size). The tanh is taken of each number, and $v$ has $k$ of them.

Take the words of lesson 01, with *someone* and *done* as their two numbers, and the query (1, 0), "who?". The dot product gives *cat* 2, *sat* 1 and *mat* 0. Now put a matrix between them that swaps the two numbers of the query,

$$W = \begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix}, \qquad W b = (0, 1),$$

and the same query finds what was done: *cat* 0, *sat* 2, *mat* −1. A matrix decides which part of a key answers to which part of a query, and it lets the two have different sizes.

In the additive score nothing is multiplied with anything of the other side. With $W_1$ and $W_2$ the identity and $v = (1, 1)$, *sat* gets $\tanh(1 + 1) + \tanh(2 + 0) \approx 1.93$ and *cat* $\tanh(2 + 1) + \tanh(0 + 0) \approx 1.00$. There is nothing of "who?" or "what?" in that; it takes trained matrices to make it a useful score.
"""

# %% name="products"
def dot_score(queries, keys):  # (L, E), (S, E)
    return queries @ keys.mT  # (L, S)


def bilinear_score(queries, keys, W):
    return dot_score(queries @ W.mT, keys)  # a^T (W b)


def multiplicative_score(queries, keys, W_1, W_2):  # W_1: (k, key size), W_2: (k, query size)
    return dot_score(queries @ W_2.mT, keys @ W_1.mT)


def scaled_dot_score(queries, keys):
    return dot_score(queries, keys) / queries.shape[-1] ** 0.5

# %% [markdown] name="additive-text"
r"""
All keys for all queries at once are one matrix product, whatever matrices stand in front of it. Sums need more room: every query has to be added to every key, and each of these L × S sums is a vector of $k$ numbers that goes through the tanh. Two extra axes let PyTorch form them without a loop:
"""

# %% name="additive"
def additive_score(queries, keys, v):  # queries W_2 b: (L, k), keys W_1 a: (S, k)
    sums = queries.unsqueeze(-2) + keys.unsqueeze(-3)  # (L, 1, k) + (1, S, k) = (L, S, k)
    return torch.tanh(sums) @ v  # (L, S)

# %% name="by-hand" tags=["nbval-check-output"]
words = ["cat", "sat", "mat"]
keys = torch.tensor([[2.0, 0.0], [1.0, 2.0], [0.0, -1.0]])
who = torch.tensor([[1.0, 0.0]])
swap = torch.tensor([[0.0, 1.0], [1.0, 0.0]])

for name, scores in {
    "dot": dot_score(who, keys),
    "bilinear": bilinear_score(who, keys, swap),
    "scaled": scaled_dot_score(who, keys),
    "additive": additive_score(who, keys, torch.ones(2)),
}.items():
    print(f"{name:>8}:", "   ".join(f"{word} {score:5.2f}" for word, score in zip(words, scores[0])))

# %% [markdown] name="package-text"
r"""
In the package each is a module that holds its matrices. Ours and theirs agree, here for four queries of size 6 and five keys of size 8, with $k = 3$:
"""

# %% name="package"
device.seed_everything(0)
queries, keys = torch.randn(4, 6), torch.randn(5, 8)
same_size = torch.randn(5, 6)  # keys for the dot product, which has no matrix between two sizes
assert torch.allclose(DotScore()(queries, same_size), dot_score(queries, same_size))

bilinear = BilinearScore(6, 8)
assert torch.allclose(bilinear(queries, keys), bilinear_score(queries, keys, bilinear.project_key.weight.mT))

multiplicative, scaled, additive = (score(6, 8, 3) for score in (MultiplicativeScore, ScaledScore, AdditiveScore))
W_1, W_2 = multiplicative.project_key.weight, multiplicative.project_query.weight
assert torch.allclose(multiplicative(queries, keys), multiplicative_score(queries, keys, W_1, W_2), atol=1e-6)
W_1, W_2 = scaled.project_key.weight, scaled.project_query.weight
assert torch.allclose(scaled(queries, keys), scaled_dot_score(queries @ W_2.mT, keys @ W_1.mT))
W_1, W_2, v = additive.project_key.weight, additive.project_query.weight, additive.v
assert torch.allclose(additive(queries, keys), additive_score(queries @ W_2.mT, keys @ W_1.mT, v))

# %% [markdown] name="parameters-text"
r"""
What do they cost in parameters? For queries and keys of size 128, as in the translator of lesson 00, at three sizes $k$:
"""

# %% name="parameters" tags=["nbval-check-output"]
def count(module):
    return sum(p.numel() for p in module.parameters())


print(f"dot {count(DotScore())}   bilinear {count(BilinearScore(128, 128)):,}")
for k in (16, 64, 256):
    made = {score.__name__.removesuffix("Score").lower(): count(score(128, 128, k)) for score in (MultiplicativeScore, ScaledScore, AdditiveScore)}
    print(f"k = {k:3}  ", "   ".join(f"{name} {number:,}" for name, number in made.items()))

# %% [markdown] name="parameters-after"
r"""
Adding costs $k$ parameters more than multiplying, those of $v$. And a multiplicative score is a bilinear one in disguise, since its two matrices can be multiplied out into one $W$, whose rank is at most $k$. (Which $W$ that is, you will find in the exercises.)

## Landscapes

Keep the query where it is and let the key move over a plane. What does the score look like as a landscape? The matrices here are chosen by hand: the bilinear score swaps as before, the multiplicative one has $k = 1$ and adds the two numbers of each vector up, and the additive one has four tanh, $\tanh(2a_1) - \tanh(2a_1 - 4b_1) + \tanh(2a_2) - \tanh(2a_2 - 4b_2)$. Move the query, the arrow.
"""

# %% name="landscape-scores"
grid = torch.linspace(-3, 3, 61)
plane = torch.stack(torch.meshgrid(grid, grid, indexing="xy"), -1).view(-1, 2)  # 61 * 61 keys
add_up = torch.tensor([[1.0, 1.0]])  # W_1 and W_2 of the multiplicative score
hill_keys = 2 * torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])  # W_1, W_2 and v of the additive one
hill_queries = 4 * torch.tensor([[0.0, 0], [-1, 0], [0, 0], [0, -1]])
hill_v = torch.tensor([1.0, -1, 1, -1])

LANDSCAPES = {
    "dot": dot_score,
    "scaled": scaled_dot_score,
    "bilinear": lambda query, keys: bilinear_score(query, keys, swap),
    "multiplicative": lambda query, keys: multiplicative_score(query, keys, add_up, add_up),
    "additive": lambda query, keys: additive_score(query @ hill_queries.mT, keys @ hill_keys.mT, hill_v),
}

# %% name="landscapes"
def landscapes(first, second):
    query = torch.tensor([[first, second]])
    picture = plots.Picture((10.5, 2.7))
    for ax, (name, score) in zip(picture.subplots(1, 5, sharey=True), LANDSCAPES.items()):
        landscape(grid, grid, score(query, plane).view(61, 61), query[0], title=name, ax=ax)
    return picture


explore(landscapes, first=(-2.0, 2.0, 1.0, 0.25), second=(-2.0, 2.0, 1.5, 0.25))

# %% [markdown] name="landscapes-text"
r"""
Each line joins keys of equal score, and darker is higher, in each panel on its own scale. The four products are tilted planes: for a given query, the best key is always the one farthest out in some direction, and a longer query makes the plane steeper without end. With $k = 1$ there is only one direction, which no query can turn, only reverse or flatten.

The additive score bends. Each tanh is a step, two steps make a ridge, and two crossing ridges a hill. Its top is at the query and moves with it, and the farther out it is, the higher and broader is the hill. So it can want keys *near* a place instead of far out, as the distance did in lesson 01. (That is so while both numbers of the query are positive. Where one is negative its ridge becomes a trench: there is no bias in the formula, and tanh is odd, so $S(-a, -b) = -S(a, b)$.) And for any vectors it stays within the sum of the absolute values of $v$.

## How large does a score get?

Now to vectors as long as networks use. As before, $k$ is the length of the two vectors that are compared, behind the matrices where there are any, and "scaled" is the dot product divided by $\sqrt{k}$, with matrices or without. Suppose that nothing is trained, and that all numbers are drawn independently, with mean 0 and variance 1. A product $a_i b_i$ of two of them has mean 0 and variance

$$\mathrm{E}[a_i^2 b_i^2] = \mathrm{E}[a_i^2]\, \mathrm{E}[b_i^2] = 1.$$

The dot product is a sum of $k$ such terms. They are independent, so their variances add: the variance is $k$, and the standard deviation $\sqrt{k}$. Does it come out?
"""

# %% name="spread"
device.seed_everything(0)
for k in (4, 16, 64, 256, 1024):
    many_queries, many_keys = torch.randn(2, 5_000, k)
    products = (many_queries * many_keys).sum(-1)  # 5,000 dot products
    print(f"k = {k:4}   standard deviation {products.std():6.2f}   √k = {k**0.5:.0f}")
    assert abs(products.std() / k**0.5 - 1) < 0.05

# %% name="guess-certain"
guess = predict(
    "Eight keys and a query of 1024 random numbers each. Nothing has been learned. How large is the largest of the eight "
    "weights, on average?",
    ["above nine tenths", "about a third", "about an eighth: it cannot prefer any"],
)

# %% name="certain"
for k in (4, 16, 64, 256, 1024):
    random_queries, random_keys = torch.randn(1000, 1, k), torch.randn(1000, 8, k)  # a thousand times
    scores = dot_score(random_queries, random_keys)
    best, second = scores.topk(2).values.mean((0, 1)).tolist()
    plain = scores.softmax(-1).amax(-1).mean()
    divided = scaled_dot_score(random_queries, random_keys).softmax(-1).amax(-1).mean()
    print(f"k = {k:4}   largest weight {plain:.2f}   with scores divided by √k {divided:.2f}")

# %% name="reveal-certain" jupyter={"source_hidden": true}
assert plain > 0.9 and divided < 0.45
guess.reveal(
    "above nine tenths",
    f"At k = 1024 the best of eight scores leads the second by {best - second:.0f} on average, and a lead of 10 already "
    "means a factor of 22,000 between their weights. Divided by √k, scores have a standard deviation of 1 at any k.",
)

# %% [markdown] name="explorer-text"
r"""
Move $k$, and look at one query and its eight keys. The bars above are their scores, those below the weights.
"""

# %% name="explorer"
def eight_keys(k, divide, draw):
    generator = torch.Generator().manual_seed(draw)
    one_query, its_keys = torch.randn(1, k, generator=generator), torch.randn(8, k, generator=generator)
    scores = (scaled_dot_score if divide else dot_score)(one_query, its_keys)[0]
    picture = plots.Picture((6.4, 4.2))
    above, below = picture.subplots(2, 1)
    plots.weight_bars(scores.softmax(-1), range(1, 9), horizontal=False, weight_label="weight", ax=below)
    above.bar(range(8), scores, width=0.72, color="#888888")
    limit = 4 if divide else 90
    above.set(ylim=(-limit, limit), xlim=(-0.5, 7.5), xticks=[], ylabel="score")
    above.axhline(0, color="black", linewidth=0.6)
    above.spines[["top", "right", "bottom"]].set_visible(False)
    picture.alt = f"Scores of eight keys at k = {k}, from {scores.min():.1f} to {scores.max():.1f}. {picture.alt}"
    return picture


explore(eight_keys, describe={"divide": "divide by √k", "draw": "another draw"}, k=(4, 1024, 512, 4), divide=False, draw=(0, 20, 0))

# %% [markdown] name="shelf"
r"""
## A shelf of coloured things

Does it matter, if all this is before training? Let us see, with the smallest task that needs a look-up.

Eight things stand on a shelf, out of sixteen that there are: a cup, a ball, a book. Each has some colour, different every time. You are told the name of one and must answer with its colour. There is a vector for each of the sixteen things, the keys, and another for each of their names, the queries; the values are the colours, three numbers each. Nothing tells the network which name belongs to which thing. All it ever learns is how far its answer, a mixture of the eight colours, was from the right colour.
"""

# %% name="shelf-code"
def shelves(count):
    shelf = torch.rand(count, 16).argsort(-1)[:, :8]  # eight of sixteen things: (B, 8)
    colours = torch.rand(count, 8, 3)  # red, green and blue of each: (B, 8, 3)
    place = torch.randint(8, (count,))  # where the one that is asked for stands: (B,)
    return shelf, colours, place


def look(score, parameters, shelf, place):
    names, things, *rest = parameters  # queries (16, k), keys (16, k)
    asked = shelf.gather(1, place.unsqueeze(1))  # (B, 1)
    return score(names, things, *rest)[asked, shelf]  # of (16, 16) scores those that are needed: (B, 8)


def mix(scores, colours):
    return (scores.softmax(-1).unsqueeze(1) @ colours).squeeze(1)  # Eqs. (2) and (1): (B, 3)


def untrained(k):
    return [torch.randn(16, k, requires_grad=True) for _ in range(2)]  # names, things

# %% [markdown] name="gradient-text"
r"""
First, what gradient does an untrained network receive? Lesson 01 has the formula: that of the loss with respect to score $i$ is $\alpha_i\, g^\top (h_i - c)$, where $h_i$ is the value, here a colour, $c$ the context, here the answer, and $g$ the gradient with respect to $c$. Where one weight is nearly 1, the context $c$ is nearly that key's value, so its own difference $h_i - c$ is nearly zero; and the other weights $\alpha_i$ are nearly zero themselves. Of 2,000 questions, take the size of the gradient for each, and the median.
"""

# %% name="gradient"
def gradient(score, k):
    shelf, colours, place = shelves(2000)
    scores = look(score, untrained(k), shelf, place)
    scores.retain_grad()
    wanted = colours[torch.arange(2000), place]
    (mix(scores, colours) - wanted).square().sum().backward()  # the sum: each question has its own gradient
    return scores.grad.norm(dim=-1).median().item()


device.seed_everything(0)
gradients = {k: (gradient(dot_score, k), gradient(scaled_dot_score, k)) for k in (4, 16, 64, 256, 1024)}
for k, (plain, scaled) in gradients.items():
    print(f"k = {k:4}   median gradient {plain:.0e}   with scores divided by √k {scaled:.0e}")

# %% [markdown] name="train-text"
r"""
At $k = 1024$ a typical question teaches next to nothing. Not all questions are typical: now and then the two best scores happen to lie close together, and then there is a gradient. Could that be enough? We train with plain gradient descent, for a hundred steps of 128 questions each. The learning rate is 10, because squared differences of colours are small numbers; we will come back to it.
"""

# %% name="guess-trained"
guess = predict(
    "After training with k = 1024: how often will the plain dot product look most at the right thing?",
    ["nearly always", "one time in eight, which is chance", "something in between"],
)

# %% name="train"
def learn(score, parameters, learning_rate, steps=100):
    optimizer = torch.optim.SGD(parameters, lr=learning_rate)
    for _ in range(steps):
        shelf, colours, place = shelves(128)
        wanted = colours[torch.arange(128), place]
        answer = mix(look(score, parameters, shelf, place), colours)
        loss = (answer - wanted).square().sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.no_grad()
def accuracy(score, parameters):
    shelf, _, place = shelves(2000)
    return (look(score, parameters, shelf, place).argmax(-1) == place).float().mean().item()

# %% name="train-both"
shelf, colours, place = shelves(16)  # sixteen questions to look at
rows, shares = {"asked for": colours[torch.arange(16), place]}, {}
for name, score in {"dot": dot_score, "scaled": scaled_dot_score}.items():
    right = []
    for seed in range(5):
        device.seed_everything(seed)
        parameters = untrained(1024)
        before = mix(look(score, parameters, shelf, place), colours).detach()
        learn(score, parameters, learning_rate=10.0)
        after = mix(look(score, parameters, shelf, place), colours).detach()
        right.append(accuracy(score, parameters))
    rows |= {f"{name}, untrained": before, f"{name}, trained": after}
    print(f"{name:>6}: right", ", ".join(f"{share:.0%}" for share in right), "in five trainings")
    shares[name] = sum(right) / 5

# %% name="colours"
picture = plots.Picture((7.6, 2.4))
ax = picture.add_subplot()
ax.imshow(torch.stack(list(rows.values())), aspect="auto")  # (5, 16, 3)
ax.set_yticks(range(len(rows)), rows)
ax.set(xticks=[], xlabel="sixteen questions, k = 1024")
ax.tick_params(length=0)
ax.spines[:].set_visible(False)
ax.hlines([0.5, 2.5], -0.5, 15.5, color="white", linewidth=6)
off = {name: (answers - rows["asked for"]).abs().mean().item() for name, answers in rows.items()}
picture.alt = "Colours asked for and answered. Mean distance: " + ", ".join(f"{name} {d:.2f}" for name, d in off.items())
picture

# %% name="reveal-trained" jupyter={"source_hidden": true}
assert 0.25 < shares["dot"] < 0.65 and shares["scaled"] > 0.85
guess.reveal(
    "something in between",
    "Each column is a question. The dot product starts with pure, confident and mostly wrong colours and keeps many of them. The scaled one starts with something "
    "close to grey, a mixture of everything, from which each colour can be moved a little way towards the right one.",
)

# %% [markdown] name="fair"
r"""
## Is that fair?

All we changed was a factor of 32. But it stands in the gradient, too, so that at the same learning rate the two take steps of different size, and what suits one score need not suit another. Here is the additive score at the same $k$, with a $v$ of $k$ random numbers divided by $\sqrt{k}$, which is about how PyTorch would draw it:
"""

# %% name="learning-rate"
def untrained_additive(k):
    return [*untrained(k), (torch.randn(k) / k**0.5).requires_grad_()]


for learning_rate in (10.0, 0.3):
    device.seed_everything(0)
    parameters = untrained_additive(1024)
    learn(additive_score, parameters, learning_rate)
    print(f"additive, k = 1024, learning rate {learning_rate:>4}: {accuracy(additive_score, parameters):.0%} right")
assert accuracy(additive_score, parameters) > 0.9

# %% [markdown] name="fair-text"
r"""
At our learning rate it does badly, too. With smaller steps it learns.

So the comparison has to be made again, with a learning rate for each score and each size: eleven rates from 0.03 to 3,000 were tried, on other random seeds than those of the figure. The bilinear and the multiplicative score get one and two matrices of size $k$ × $k$ here, between the vectors of names and things, drawn with variance $1/k$. Does a learning rate rescue the dot product?
"""

# %% name="guess-rescue"
guess = predict(
    "With the best of eleven learning rates, the plain dot product at k = 1024 …",
    ["learns the task after all", "gets about half of the answers right", "stays near chance"],
)

# %% name="look-up-figure"
measured = results.load("02_score_functions")
sizes = (4, 16, 64, 256, 1024)


def right_answers(*names):
    curves = {name: [results.interval(measured["look_up"][name][str(k)]["accuracy"]) for k in sizes] for name in names}
    return plots.bands(sizes, curves, x_label="k", y_label="share of right answers", log="x")


print(measured.provenance)
right_answers("additive", "scaled", "multiplicative", "bilinear", "dot")

# %% name="reveal-rescue" jupyter={"source_hidden": true}
best = measured["look_up"]["dot"]["1024"]
mean = results.interval(best["accuracy"]).mean
answers = ["stays near chance", "gets about half of the answers right", "learns the task after all"]
tried = ", ".join(f"{best['tried'][rate]:.0%} at {float(rate):,.0f}" for rate in ("100", "300", "1000", "3000"))
guess.reveal(answers[(mean > 0.25) + (mean > 0.8)], f"It is {mean:.0%}, at a learning rate of {best['rate']:g}. (On the seeds with which the rate was chosen: {tried}.)")

# %% [markdown] name="figure-text"
r"""
The bands are 95 % intervals over eight trainings. Chance is one in eight. In a hundred steps of gradient descent, whatever multiplies and does not scale learns less the larger $k$ is, from 16 on, with matrices or without. The scaled product and the additive score learn at any size.

## Is it the score?

Vaswani and others (2017) introduce the factor in a few lines (section 3.2.1, with the variance in a footnote). For large $k$, they say, additive attention does better than a dot product that is not scaled, for which they cite Britz and others (2017), and they *suspect* that large products push the softmax to where its gradients are extremely small. If that is the reason, then it is not the formula that matters but how large the scores are when training begins. And that can be changed without touching the formula.

So let us change how the two begin. The dot product gets smaller vectors, drawn with a standard deviation of $k^{-1/4}$, so that its scores have variance 1. The additive score gets a larger $v$, of $k$ random numbers that are *not* divided by $\sqrt{k}$. Both choose their learning rate anew.
"""

# %% name="guess-starts"
guess = predict(
    "Which of these two will learn the look-up at k = 1024?",
    ["both", "only the dot product with small vectors", "only the additive score with a large v", "neither"],
)

# %% name="starts-figure"
right_answers("additive", "dot, small vectors", "dot", "additive, large v")

# %% name="reveal-starts" jupyter={"source_hidden": true}
small, large = (results.interval(measured["look_up"][name]["1024"]["accuracy"]).mean for name in ("dot, small vectors", "additive, large v"))
assert small > 0.9 and large < 0.65
guess.reveal(
    "only the dot product with small vectors",
    f"It gets {small:.0%} right, and the additive score with a large v {large:.0%}. The two have changed places.",
)

# %% [markdown] name="starts-text"
r"""
So the additive score is not immune. Its factor of $1/\sqrt{k}$ stands in how $v$ is drawn. And the plain dot product learns as well as any other, if its vectors are drawn so that its scores begin with a standard deviation of 1. Under plain gradient descent small vectors are even exactly the same thing as division by $\sqrt{k}$, if the learning rate is divided by $\sqrt{k}$, too:
"""

# %% name="same-thing"
for score, size, learning_rate in [(scaled_dot_score, 1, 10), (dot_score, 1024**-0.25, 10 / 1024**0.5)]:
    device.seed_everything(0)
    parameters = [(size * vectors).detach().requires_grad_() for vectors in untrained(1024)]
    learn(score, parameters, learning_rate)
    print(f"{score.__name__:>16}, vectors times {size:.3f}, learning rate {learning_rate:6.3f}: {accuracy(score, parameters):.1%} right")

# %% [markdown] name="same-thing-text"
r"""
What the factor in the formula buys is this: whoever draws vectors of variance 1, at any $k$, gets scores of variance 1.
"""

# %% [markdown] name="cost"
r"""
## What it costs

So the additive score can be as good as the scaled one. Is it as fast?
"""

# %% name="guess-time"
guess = predict(
    "200 queries, 200 keys, k = 64. How many times as long as the dot product does the additive score take?",
    ["more than ten times", "two to ten times", "about as long"],
)

# %% name="time"
def seconds(work, *arguments):
    taken = []
    for _ in range(7):
        start = time.perf_counter()
        work(*arguments)
        taken.append(time.perf_counter() - start)
    return min(taken)


k = 64
for length in (50, 100, 200, 400):
    long_queries, long_keys, v = torch.randn(length, k), torch.randn(length, k), torch.randn(k)
    added, multiplied = seconds(additive_score, long_queries, long_keys, v), seconds(dot_score, long_queries, long_keys)
    if length == 200:
        ratio = added / multiplied
    print(f"{length} × {length}: additive {added * 1e3:6.2f} ms, dot {multiplied * 1e3:.3f} ms, {added / multiplied:.0f} times as long")

sums = long_queries.unsqueeze(-2) + long_keys.unsqueeze(-3)
bent = torch.tanh(sums)
steps = {
    "sums": seconds(lambda: long_queries.unsqueeze(-2) + long_keys.unsqueeze(-3)),
    "tanh": seconds(torch.tanh, sums),
    "product with v": seconds(torch.matmul, bent, v),
}

# %% name="reveal-time" jupyter={"source_hidden": true}
guess.reveal(
    ["about as long", "two to ten times", "more than ten times"][(ratio >= 2) + (ratio >= 10)],
    f"Here, on one thread, it is {ratio:.0f} times. At 400 × 400 the time goes to: "
    + ", ".join(f"{name} {taken / sum(steps.values()):.0%}" for name, taken in steps.items()) + ".",
)

# %% [markdown] name="cost-text"
r"""
Count what each computes for $L$ queries and $S$ keys. The dot product takes $L S k$ multiplications and additions, in one call of a routine that has been tuned for decades, and writes $L S$ numbers. The additive score takes $L S k$ additions, as many tanh, and then the $L S k$ multiplications and additions with $v$. So it does all that the product does, and more; and on the way it writes $L S k$ numbers to memory twice, the sums and their tanh, which for long sentences do not fit into the processor's cache. This is why Transformers, which compare all with all, multiply:
"""

# %% name="memory" tags=["nbval-check-output"]
for length in (400, 1000):
    print(f"{length} × {length}: {2 * 4 * length**2 * k / 1e6:.0f} MB on the way to {4 * length**2 / 1e6:.1f} MB of scores")

# %% [markdown] name="translation-text"
r"""
That is for one sentence and one layer, without gradients. A decoder that asks one query at a time, as in lesson 00, has $L = 1$ at every step.

## In a translator

The look-up is a toy, and its vectors were drawn with variance 1. A translator makes its own. So we put each score into the translator of lesson 00 and trained it on 400,000 words, with the best of three learning rates for each and five random starts. (Where the largest of the three was the best, twice as much was tried as well, and did worse.)
"""

# %% name="translation"
translated, sizes = measured["translation"], (16, 64, 256)
for name in ("dot", "bilinear"):
    exact = results.interval(translated[name]["128"]["exact"])
    print(f"{name}, size 128: {exact.mean:.0%} of unseen sentences exactly right (95 % interval {exact.low:.0%} to {exact.high:.0%})")
curves = {
    name: [results.interval(translated[name][str(k)]["exact"]) for k in sizes] for name in ("additive", "scaled", "multiplicative")
}
plots.bands(sizes, curves, x_label="k", y_label="sentences exactly right", log="x")

# %% [markdown] name="why-text"
r"""
The additive score does as well at any $k$. The plain product falls behind as $k$ grows, and dividing by $\sqrt{k}$ makes up for much of that, though not for all. Matrices do not help the plain product here: the dot product, which has none, does about as well as the scaled product with them.

Why does the plain product fall behind? Here is the standard deviation of the eight scores of a sentence of eight words, for the first French word, before training and a little later, with $k = 256$ and a learning rate of 0.01.
"""

# %% name="why"
pairs = grammar.pairs(5_000, part="train")  # the grammar of lesson 00
english, french = Vocabulary(pair.english for pair in pairs), Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)
eight_words = pad([english.encode(pair.english) for pair in pairs if len(pair.english) == 8])


@torch.no_grad()
def std(model):
    memory, state = model.encode(eight_words)
    return model.score(state.unsqueeze(1), memory.annotations).std(-1).mean().item()


for score in (AdditiveScore, ScaledScore, MultiplicativeScore):
    device.seed_everything(0)
    model = RNNsearch(len(english), len(french), score=score(128, 128, 256))
    start = std(model)
    train(model, examples, target_tokens=20_000, batch_tokens=320, learning_rate=1e-2, progress=False)
    print(f"{score.__name__}: standard deviation {start:.2f} at the start, {std(model):.1f} after 20,000 words")

# %% name="why-sizes"
print("after 20,000 words, in three trainings measured beforehand")
for name, by_size in measured["spread"].items():
    print(f"{name:>14}: ", "   ".join(f"k = {k}: {', '.join(f'{std:.1f}' for std in found['later'])}" for k, found in by_size.items()))

# %% [markdown] name="why-after"
r"""
A GRU's states are small when training begins, so here the unscaled score was as mild as the others at first. Its own first steps made it wild, in all trainings at $k = 256$ and in some at smaller sizes. One reason may be that the optimizer, AdamW, moves every number by about the learning rate, however small its gradient; a product of two projections is a sum over $k$ components, and $k$ small moves in the same direction add up. (We have not tested that.) In the translator, then, the factor does not mend the start. It keeps the score from leaping later.

This is what three times the training makes of it, at $k = 64$, with the same learning rates and three random starts:
"""

# %% name="longer"
longer = {}
for name in ("additive", "scaled", "multiplicative"):
    run = translated[name]["64"]
    short, longer[name] = (results.interval(run[key]) for key in ("exact", "exact_after_longer"))
    print(f"{name:>14}: {short.mean:.1%} after 400,000 words, {longer[name].mean:.1%} after 1,200,000 ({longer[name].low:.1%} to {longer[name].high:.1%})")
assert longer["scaled"].mean > longer["additive"].mean - 0.01 and longer["additive"].low > longer["multiplicative"].high

# %% [markdown] name="britz"
r"""
The gaps close a good deal, and the scaled score has caught up with the additive one at this $k$. A comparison of scores is also a comparison of how fast they learn, and should say when it stopped.

Britz and others (2017), to whom the survey owes its first two findings, trained far larger translators, from English to German, and for much longer. They found additive attention slightly but consistently better, and little effect of $k$. This is their table, in BLEU, where higher is better; each figure is a mean over four runs, whose spread they give as 0.03 to 0.28:

| k | 128 | 256 | 512 | 1024 |
|---|----:|----:|----:|----:|
| additive | 22.23 | 22.33 | 22.47 | 22.10 |
| multiplicative | 22.03 | 22.33 | 21.78 | 18.22 |

What they say of the size is true of the first row. In the second row the product, which is not scaled, is as good at 256 and loses four points at 1024. This is what Vaswani and others had before them when they introduced $\sqrt{k}$.
"""

# %% [markdown] name="claims-text"
r"""
## Five findings, tested

For each finding that the survey reports we wrote down what would count as true before we ran the experiment, though by then we had seen trial runs of the look-up and of the times. Translation means the short training of 400,000 words.
"""

# %% name="claims"
claims.table(lesson="02_score_functions")

# %% [markdown] name="claims-after"
r"""
*In part* means that the mean reaches a weaker threshold, which was also set beforehand: half of the gap for the fourth, 0.02 for the fifth. (The fifth is a largest shortfall, so that chance alone makes it a little larger than 0.) The ratio of times is smaller than in the cell above, since projections and the backward pass are counted and the sentences are short.

Read the verdicts with what was measured. That the additive score is ahead holds for a short training and by far more than "slightly". That the size hardly matters is true of the additive score alone. And the fourth is about the short training, too; in the longer one, at $k = 64$, the scaled score has caught up.
"""

# %% [markdown] name="which"
r"""
## Which one to take

Where many queries meet many keys, take the scaled product: it is fast, and if its queries and keys start with variance 1, so do its scores, at any $k$. Where one query is asked at a time and the training is short, the additive score did best here and costs little. The plain dot product will do for vectors whose length something else keeps in bounds, as the GRUs of our small translator did. And whichever you take, look at the scores themselves, before training and a few hundred steps into it.

The [exercises](exercises/02_score_functions.ipynb) let you write the additive score for batches, find the matrix that hides in a multiplicative one, and diagnose a training that stands still (five problems, about fifty minutes).

Then comes **[03 · The bottleneck](03_the_bottleneck.ipynb)**, which takes attention away from the translator altogether, to see what it was good for.

### Sources

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, arXiv:1409.0473 ·
Britz, Goldie, Luong, Le: Massive exploration of neural machine translation architectures. EMNLP 2017, arXiv:1703.03906 ·
Luong, Pham, Manning: Effective approaches to attention-based neural machine translation. EMNLP 2015, arXiv:1508.04025 ·
Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), section 3.1, in Japanese ·
Vaswani and others: Attention is all you need. NIPS 2017, arXiv:1706.03762, section 3.2.1
"""
