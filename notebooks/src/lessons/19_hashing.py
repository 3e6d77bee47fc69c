# %% [markdown] name="title"
r"""
# 19 · Hashing

**How do you find the largest scores without computing them all?**

Full attention computes every score, and softmax then often gives nearly everything to a few keys. Reformer sorts vectors by their direction, so that the keys which matter stand next to the query. You build this, count what it finds and what it misses, and then save memory with layers that can be run backwards.

You need lesson 10; of the Transformer's decoder (lesson 12) it is enough to know that each word looks back at those before it. It takes about an hour, the machine half a minute.
"""

# %% name="imports"
import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from attention_course import claims, device, plots, results
from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.efficient.hashing import (
    HashingAttention,
    addresses,
    hash_vectors,
    hashing_attention,
    hashing_mask,
)
from attention_course.functional import masked_softmax
from attention_course.layers.reversible import ReversibleStack, run_forwards
from attention_course.lessons.lesson_19.bucket_circle import bucket_circle
from attention_course.lessons.lesson_19.copy_model import CopyModel
from attention_course.masks import causal_mask
from attention_course.widgets import explore, predict

device.use_threads(1)

# %% [markdown] name="twice-text"
r"""
## Said twice

Take a sequence of random words, say it, and say it again, with a mark before each: 0 *w* 0 *w*. Kitaev, Kaiser and Levskaya (2020) gave their Reformer this test. In the second half every word can be known: it stands as many places back from the word that asks for it as *w* is long. A decoder of one layer with two heads, and sines for positions, learns it in a few seconds.
"""

# %% name="train"
LENGTH, STEPS = 31, 400

device.seed_everything(0)
model = CopyModel(LENGTH)
model.train_for(STEPS, seed=0)
right = model.words_right(200, seed=10_000)
print(f"{right:.1%} of the words right, when they are said again")
assert right > 0.95

# %% [markdown] name="few-keys-text"
r"""
How many of the keys did it need? Sort the weights of each query, and count how many it takes to hold nine tenths of the whole.
"""

# %% name="few-keys"
(heard,), said = model.draw(100, torch.Generator().manual_seed(10_000))
x, values = model.asked(heard)  # (100, 2, 63, 32): of each word and head
second = slice(-LENGTH, None)
_, weights = attention_to_others(x, x, values, causal=True)
largest, at = weights[..., second, :].sort(descending=True)
needed = (largest.cumsum(-1) < 0.9).sum(-1) + 1
wanted = torch.arange(x.shape[-2])[second] - LENGTH  # where the word stands that comes next
print(f"nine tenths of the weight: on {needed.float().mean():.1f} keys of up to {x.shape[-2]}, on average")
print(f"the largest weight is {largest[..., 0].mean():.2f} on average, and at the right word {(at[..., 0] == wanted).float().mean():.0%} of the time")

# %% [markdown] name="shared-text"
r"""
All the other scores were computed to find out that they do not matter. It would be better to know in advance where the large ones are.

## One vector asks and is found

Reformer has one matrix where the Transformer has two: the vector $q_i$ with which a word asks is also, brought to length one, the key by which it is found, $k_i = q_i / |q_i|$. The score is then

$$\frac{q_i \cdot k_j}{\sqrt{D}} = \frac{|q_i|}{\sqrt{D}} \cos\theta_{ij} ,$$

with $\theta_{ij}$ the angle between the two vectors. For one query everything but the cosine is constant. The largest score is the smallest angle, and the question has become: who points my way?

One word always does, the query itself, at an angle of zero. No other can score higher. So a word may look at itself only if it has nothing else to look at, as `attention_to_others` has it. Our decoder was trained that way. Here is what happens when the rule is dropped, after training and before it:
"""

# %% name="itself"
def with_itself(Q, K, V, mask=None, causal=False, need_weights=True):
    mask = causal_mask(Q.shape[-2]) if causal else mask
    weights = masked_softmax(Q @ F.normalize(K, dim=-1).mT / Q.shape[-1] ** 0.5, mask)
    return weights @ V, weights


at_itself = with_itself(x, x, values, causal=True)[1].diagonal(dim1=-2, dim2=-1)
print(f"weight at itself, in the second half: {at_itself[..., second].mean():.2f} on average")
model.use(with_itself)
print(f"{model.words_right(200, seed=10_000):.1%} of the words right, where {right:.1%} were")
model.use(attention_to_others)
measured = results.load("19_hashing")
print("trained with itself from the start, as many steps, three seeds:", ", ".join(f"{share:.1%}" for share in measured["with_itself"]))

# %% [markdown] name="circle-text"
r"""
So a decoder can learn to do without the rule, but in as many steps it does not always get there.

## Cutting the circle

In two dimensions the idea can be drawn. Give *the cat sat on the mat* six vectors of length one, made up as usual, with *cat* and *mat* close together:

| | the | cat | sat | on | the | mat |
|---|--:|--:|--:|--:|--:|--:|
| angle | 20° | 100° | 200° | 290° | 20° | 118° |

Turn a cross by some angle and ask of every word which of the four arms is nearest. That is its **bucket**. To find it, multiply by the two axes of the cross; the arms are the two axes and their negatives, and the largest product belongs to the nearest arm.
"""

# %% name="circle" tags=["nbval-check-output"]
words = "the cat sat on the mat".split()
angles = torch.tensor([20.0, 100, 200, 290, 20, 118])
vectors = torch.stack([angles.deg2rad().cos(), angles.deg2rad().sin()], -1)  # (6, 2)


def axes(turn, arms=4):  # half of the arms, one a column: (2, arms / 2)
    directions = torch.deg2rad(turn + torch.arange(arms // 2) * 360 / arms)
    return torch.stack([directions.cos(), directions.sin()])


def bucket_of(x, R):
    turned = x @ R  # (n, arms / 2)
    return torch.cat([turned, -turned], -1).argmax(-1)


for word, bucket in zip(words, bucket_of(vectors, axes(10))):
    print(f"{word:<4}{'ABCD'[bucket]}")

# %% [markdown] name="circle-figure-text"
r"""
Now sort the words by bucket, and within a bucket by time. Those that share a bucket have become neighbours, and only neighbours are compared: each looks back at no more than `window` words of its own bucket. Turn the cross, and see when *cat* and *mat* lose each other.
"""

# %% name="explorer"
def look(turn, arms, window):
    return bucket_circle(angles, bucket_of(vectors, axes(turn, arms)), words, turn=turn, sectors=arms, window=window)


explore(look, turn=(0, 90, 10), arms=[4, 8, 2], window=(1, 5, 2), describe={"turn": "turned by (degrees)", "arms": "buckets"})

# %% name="separated"
look(turn=70, arms=4, window=5)

# %% [markdown] name="chance-text"
r"""
They are 18° apart, and are separated when a cut falls between them, as here at 70°. Cuts come every 90°. If the cross is turned at random, *cat* and *mat* meet with probability 1 − 18/90 = 0.8, words $\theta$ apart with probability $1 - \theta/90°$; beyond 90° they never meet.

One turn in five goes wrong. So do it several times, in **rounds**, each with a cross of its own, and compare those who meet in any round. After $r$ rounds the chance that the two have never met is $0.2^r$.
"""

# %% name="chance" tags=["nbval-check-output"]
turns = torch.arange(90) + 0.5
meet = [bool(bucket_of(vectors[[1, 5]], axes(turn)).diff() == 0) for turn in turns]
print(f"cat and mat share a bucket in {sum(meet)} of {len(meet)} turns")
for rounds in (1, 2, 4):
    print(f"{rounds} round{'s' * (rounds > 1)}: {1 - (1 - sum(meet) / len(meet)) ** rounds:.4f}")

# %% [markdown] name="many-text"
r"""
## In more than two dimensions

The cross has more arms and stands in a space of $D$ dimensions. Its axes are the columns of a matrix $R$ of $D \times b/2$ random normal numbers, so that they are only nearly at right angles. The bucket of $x$ among $b$ is

$$h(x) = \arg\max\,[\,xR;\; -xR\,] .$$

Hash functions for which near things collide more often than far ones are called **locality-sensitive**; this one was studied by Andoni and others (2015), who let the cross have as many axes as the space. How often do two vectors of 64 numbers meet, by the angle between them? For two buckets the answer is known exactly: $h$ asks on which side of a random plane they lie, and the plane separates them with probability $\theta/180°$. The black squares say so. Shaded: the least and the most of five draws.
"""

# %% name="collisions"
def shares_that_meet(angle, buckets, size=64, rounds=2000):
    pair = torch.zeros(2, size)
    pair[0, 0], pair[1, 0], pair[1, 1] = 1, math.cos(angle), math.sin(angle)
    first, other = hash_vectors(pair, torch.randn(rounds, size, buckets // 2)).unbind(-1)
    shares = (first == other).float().view(5, -1).mean(-1)  # of five draws
    return shares.mean(), shares.min(), shares.max()


device.seed_everything(0)
degrees = torch.arange(0, 91, 10)
curves = {f"{buckets} buckets": [shares_that_meet(math.radians(d), buckets) for d in degrees] for buckets in (2, 8, 32)}
figure = plots.bands(degrees, curves, x_label="angle between two vectors (degrees)", y_label="share of rounds in which they meet")
figure.axes[0].plot(degrees, 1 - degrees / 180, "s", color="black", markersize=3)
assert torch.allclose(torch.tensor(curves["2 buckets"])[:, 0], 1 - degrees / 180, atol=0.05)
figure.alt += " Black squares: one less the angle over 180 degrees, on the curve of two buckets."
figure

# %% [markdown] name="many-after"
r"""
More buckets cost the near ones something and the far ones almost everything.
"""

# %% name="guess-random"
guess = predict(
    "1,024 vectors of 64 random numbers, 32 buckets. In one round each vector meets about one in thirty of the others. How often is the one nearest to it among them?",
    ["about once in thirty, too", "about once in seven", "about half of the time", "nearly always"],
)

# %% name="recall"
def sets_of_vectors(n=1024, size=64):
    some, partners = torch.randn(n, size), torch.randn(n // 2, size).repeat(2, 1)
    return {"all at random": some, "with a partner, half as much noise": partners + 0.5 * some, "with a partner, a tenth": partners + 0.1 * some}


def recall(vectors, rounds, buckets=32, window=64):
    where = addresses(hash_vectors(vectors, torch.randn(rounds, vectors.shape[-1], buckets // 2)), window)
    met = hashing_mask(where, window)  # (n, n)
    nearest = cosines(vectors).argmax(-1, keepdim=True)
    return met.gather(-1, nearest).float().mean(), met.float().mean()


def cosines(vectors):
    return (F.normalize(vectors, dim=-1) @ F.normalize(vectors, dim=-1).mT).fill_diagonal_(-1)

# %% name="recall-numbers"
device.seed_everything(0)
shares = {}
print("                                     nearest at    its share found in 1, 2, 4, 8 rounds    met in 8")
for name, some in sets_of_vectors().items():
    angle = cosines(some).max(-1).values.acos().rad2deg().mean()
    shares[name], met = zip(*(recall(some, rounds) for rounds in (1, 2, 4, 8)))
    print(f"{name:<36} {angle:>6.0f}°        {'   '.join(f'{s:>4.0%}' for s in shares[name])} {met[-1]:>24.0%}")
assert shares["all at random"][0] < 0.25 and shares["with a partner, a tenth"][0] > 0.8

# %% name="reveal-random" jupyter={"source_hidden": true}
share = shares["all at random"][0]
options = guess.options
guess.reveal(options[0] if share < 0.06 else options[1] if share < 0.25 else options[2] if share < 0.75 else options[3],
             f"{share:.0%}. Better than chance, and far from enough.")

# %% [markdown] name="recall-after"
r"""
Among random vectors even the nearest is far away, at almost seventy degrees, and hashing finds it badly: eight rounds compute a quarter of all scores, and still miss a third of the largest. A partner at forty degrees takes four to eight rounds, one at ten degrees a round or two.

So it depends on how near the nearest is. Whether finding it is enough depends on how peaked the weights are; we shall see.
"""

# %% [markdown] name="equation-text"
r"""
## The mechanism

Let $\mathcal{P}_i$ be the words before $i$ that share its bucket in some round, at most the nearest `window` of them in each. Where there are none, $\mathcal{P}_i$ is the word itself. Our form of Reformer's attention (in one point it differs, see below) is that of Eqs. (16) and (17) of lesson 09 with both sums over $\mathcal{P}_i$ alone:

$$c_i = \sum_{j \in \mathcal{P}_i} \alpha_{ij} v_j , \qquad \alpha_{ij} = \frac{\exp(q_i \cdot k_j / \sqrt{D})}{\sum_{j' \in \mathcal{P}_i} \exp(q_i \cdot k_{j'} / \sqrt{D})} .$$

| | is | shape |
|---|---|---|
| $n, D$ | words, and numbers in a query | |
| $q_i$, $k_i$ | the vector of word $i$, and the same at length one | (D) |
| $v_j$, $c_i$ | the value of word $j$, and the output for word $i$ | (D) |
| $\alpha_{ij}$ | the weight of word $j$ for word $i$ | a number |
| $R$ | random axes, others in every round | (rounds, D, b / 2) |
| $b$ | the number of buckets | |
| $\mathcal{P}_i$ | row $i$ of a mask | (n, n), made only to check |

First what it means, as a mask. Going back from word $i$, count the words of its bucket.
"""

# %% name="definition"
def may_see(x, R, window):
    mask = torch.zeros(len(x), len(x), dtype=torch.bool)
    for axes_of_round in R:
        buckets = bucket_of(x, axes_of_round)
        together = (buckets[:, None] == buckets).tril()  # in one bucket, and not later
        steps_back = together.flip(-1).cumsum(-1).flip(-1) - 1  # 0 at the word itself, 1 at the one before in its bucket
        mask = mask | (together & (steps_back <= window))
    return mask  # True at the word itself, too: `attention_to_others` uses that only where there is no other


device.seed_everything(0)
some, its_values, R = torch.randn(50, 16), torch.randn(50, 16), torch.randn(3, 16, 4)
by_mask, _ = attention_to_others(some, some, its_values, may_see(some, R, window=4))

attend = HashingAttention(16, buckets=8, rounds=3, window=4)
attend.rotations.copy_(R)
assert torch.allclose(attend(some, some, its_values, causal=True)[0], by_mask, atol=1e-6)

# %% [markdown] name="sorted-text"
r"""
That still costs $n^2$. Now the same for one round without the square: sort, look at the `window` places before each, sort back.
"""

# %% name="sorted"
def one_round(x, values, R, window):
    buckets = bucket_of(x, R)
    order = buckets.argsort(stable=True)  # by bucket, and within one by time
    Q, K, V = x[order] / x.shape[-1] ** 0.5, F.normalize(x[order], dim=-1), values[order]

    def before(y):  # (n, D) -> (n, window + 1, D): of each place, those before it and itself
        return F.pad(y, (0, 0, window, 0)).unfold(0, window + 1, 1).mT  # unfold puts the window last

    numbers = buckets[order][:, None] + 1  # from 1 on: the places before the first are padded with 0
    same = before(numbers).squeeze(-1) == numbers  # (n, window + 1)
    alone = ~same[:, :-1].any(-1, keepdim=True)
    allowed = torch.cat([same[:, :-1], alone], -1)  # itself, where there is no other
    weights = masked_softmax((before(K) @ Q[:, :, None]).squeeze(-1), allowed)
    output = (weights[:, None] @ before(V)).squeeze(1)
    return output[order.argsort()]


by_mask, _ = attention_to_others(some, some, its_values, may_see(some, R[:1], window=4))
assert torch.allclose(one_round(some, its_values, R[0], window=4), by_mask, atol=1e-6)

# %% [markdown] name="rounds-text"
r"""
With several rounds, each gives an output $c_i^r$ of its own, and the logarithm $z_i^r$ of the sum of exponentials by which it divided. From these follows what one softmax over all keys found would have given:

$$c_i = \frac{\sum_r e^{z_i^r} c_i^r}{\sum_r e^{z_i^r}} .$$

A round that found nothing has $z_i^r = -\infty$, and adds nothing. One care: a pair that meets in three rounds would count three times, so in each of them its exponential is divided by three, which takes $\log 3$ from its score. To check the formula, the rounds are made by masks here.
"""

# %% name="rounds-joined"
met = torch.stack([may_see(some, one[None], window=4) for one in R]) & ~torch.eye(50, dtype=torch.bool)  # (rounds, n, n)
scores = some @ F.normalize(some, dim=-1).mT / 16**0.5 - met.sum(0).log()
scores = scores.where(met, torch.tensor(-math.inf))

z = scores.logsumexp(-1, keepdim=True)  # (rounds, n, 1)
c = scores.softmax(-1).nan_to_num() @ its_values  # (rounds, n, D); a round that found nothing gives 0
joined = (z.softmax(0) * c).sum(0)  # e^z over the sum of all e^z is a softmax over the rounds

by_mask, _ = attention_to_others(some, some, its_values, may_see(some, R, window=4))
others = met.any(0).any(-1)  # not those that met nobody, and see themselves
assert torch.allclose(joined[others], by_mask[others], atol=1e-6)

# %% [markdown] name="future-text"
r"""
## The future shifts the cuts

Here is the point in which we have left the paper. Reformer cuts the sorted sequence into chunks of $m$ and lets each word look at those of its bucket in its own chunk and the one before. That is handier to compute. But where do the cuts fall? The paper takes $m = 2n/b$, twice what a bucket holds on average, so that only in a crowded bucket can two words be more than a chunk apart. Buckets are crowded when vectors have something in common. So we add one vector to all, change the last word, and look whether an earlier one sees others.
"""

# %% name="chunks"
def in_chunks(x, R, m):
    buckets = bucket_of(x, R)
    chunk = buckets.argsort(stable=True).argsort() // m  # in which each word ends up
    back = chunk[:, None] - chunk
    return ((buckets[:, None] == buckets) & (back >= 0) & (back <= 1)).tril()


def that_change(rule, shared, n=50, b=8, size=16):
    """Of 100 sequences, those in which another last word changes whom an earlier one sees."""
    changed = 0
    for _ in range(100):
        x, R = torch.randn(n, size) + shared * torch.randn(size), torch.randn(size, b // 2)
        other = torch.cat([x[:-1], -x[-1:]])
        changed += bool((rule(x, R, 2 * n // b)[:-1] != rule(other, R, 2 * n // b)[:-1]).any())
    return changed


device.seed_everything(0)
for shared in (0, 0.5, 1):
    chunks, ours = that_change(in_chunks, shared), that_change(lambda x, R, window: may_see(x, R[None], window), shared)
    print(f"{shared} times a shared vector: {chunks} of 100 sequences change with chunks, {ours} with our window")

# %% [markdown] name="chunks-after"
r"""
The mask is causal; no word looks ahead. Still the last word, by the bucket into which it falls, moves those that stand behind it by one place, and some of them across a cut. A model that writes word by word would not always compute what it was trained on. Counted back from the word, nothing later can change what is seen, and a cache of keys gives exactly what the whole sequence gives.

## At work

Back to the decoder that says things twice. It was trained with all scores. Give it hashing instead, and change nothing else: eight buckets for 63 words, windows of eight.
"""

# %% name="swap"
def trial(rounds, seed):
    attend = HashingAttention(32, buckets=8, rounds=rounds, window=8, seed=seed)
    met = hashing_mask(addresses(hash_vectors(x, attend.rotations), 8), 8, causal=True)[..., second, :]
    top = weights[..., second, :].argmax(-1, keepdim=True)
    compared = met.float().mean() / causal_mask(x.shape[-2])[second].float().mean()
    model.use(attend)
    return compared, met.gather(-1, top).float().mean(), model.words_right(200, seed=10_000)


for rounds in (1, 2, 4, 8):
    compared, found, said_right = torch.tensor([trial(rounds, seed) for seed in range(3)]).mean(0)
    print(f"{rounds} round{'s' * (rounds > 1)}: {compared:.0%} of the keys compared, the largest weight found {found:.1%} of the time, {said_right:.1%} of the words right")
model.use(attention_to_others)

# %% [markdown] name="search-text"
r"""
At 63 words this saves little; the point is that the key is found. The same three shares for three trained decoders, measured beforehand over five draws of the rotations each, and two lines more: how much of the weight lies on the keys that were found, and the error of the attention's output (the length of the difference, over the length of what it should be).
"""

# %% name="search"
rounds_tried, search = measured["tried"][1:], measured["search"]
named = {"recall": "key of the largest weight found", "weight": "weight found", "seen": "keys compared", "error": "error of the output", "right": "words right"}
runs = {said: [seed[-len(rounds_tried):] for seed in search[key]] for key, said in named.items()}  # "right" begins with all scores
curves = {said: [(sum(seeds) / len(seeds), min(seeds), max(seeds)) for seeds in zip(*rows)] for said, rows in runs.items()}
print(measured.provenance)
plots.bands([int(r) for r in rounds_tried], curves, x_label="rounds", y_label="share, or relative error", log="x")

# %% [markdown] name="search-after"
r"""
One round finds the key of the largest weight more often than not, but only about half of the weight, and the output is off by nearly as much as it is long. What is missed goes to keys that were found, however low their scores: softmax always gives away everything. Four rounds nearly always find that key, and still the output is off by a fifth, since some of the weight lies on others.

So hashing does not approximate attention as such. It needs the key at the peak to be close to the query in angle, and the less weight lies beside the peak, the less is lost with what it misses.

There is one more source of error, in half precision. Whatever is rounded comes out a little different; but a vector near the border of two buckets comes out in the other one, and meets others.
"""

# %% name="half-precision"
def error_in_bfloat16(x, values, attend):
    x, values, attend = x.bfloat16(), values.bfloat16(), attend.bfloat16()  # what is rounded here is so on both sides
    half, half_buckets = attend(x, x, values, causal=True)[0], hash_vectors(x, attend.rotations)
    x, values, attend = x.double(), values.double(), attend.double()
    exact, buckets = attend(x, x, values, causal=True)[0], hash_vectors(x, attend.rotations)
    rounded = hashing_attention(x.bfloat16(), values.bfloat16(), addresses(buckets, attend.window), attend.window, causal=True)
    errors = [((output - exact).norm() / exact.norm()).item() for output in (half, rounded)]
    print(f"error against float64 {errors[0]:.1%}, with the buckets of float64 {errors[1]:.1%}; "
          f"{(half_buckets != buckets).float().mean():.2%} of the buckets are others")


error_in_bfloat16(x, values, HashingAttention(32, buckets=8, rounds=4, window=8))
device.seed_everything(0)
error_in_bfloat16(*torch.randn(2, 6, 1024, 64), HashingAttention(64, buckets=32, rounds=4, window=32))

# %% [markdown] name="half-precision-after"
r"""
The first line is our decoder's, the second that of random vectors, where one key is nearly as good as another and which of them are met decides everything.

## Learning with hashing

So far hashing searched vectors that had been learned without it. Kitaev and his colleagues train with it, and their code draws other rotations at every step. We did so too, with a shorter *w*, of fifteen words from a vocabulary of fifteen, with six buckets and windows of six: decoders with all scores and with one, two and four rounds, from three random starts each.
"""

# %% name="guess-learned"
guess = predict(
    "At first a single round shows a word about one in six of the others. How many steps does it take until the loss is half that of guessing, compared with all scores?",
    ["about as many", "several times as many", "it never gets there"],
)

# %% name="learned"
print("steps until the loss is half that of guessing, three trainings each:")
for trained, steps in measured["halved"].items():
    print(f"   trained with {'all' if trained == 'full' else trained:<4}: {', '.join('never' if step is None else str(step) for step in steps)}")

# %% name="reveal-learned" jupyter={"source_hidden": true}
all_scores, one_round_only = (measured["halved"][trained] for trained in ("full", "1"))
times = [step for step in one_round_only if step is not None]
guess.reveal(guess.options[2] if len(times) < 2 else guess.options[0] if min(times) < 1.5 * max(all_scores) else guess.options[1],
             f"{len(times)} of three trainings got there, of {measured['steps']['1']:,} steps each.")

# %% [markdown] name="trained-text"
r"""
A weight that was not computed has no gradient, so a step learns only from the pairs that met. That may be why fewer rounds learn later; we have not tested it.

Each of these decoders was then tried with other numbers of rounds, and with rotations that it had not seen. Guessing has one word in fifteen right.
"""

# %% name="trained-table"
print("share of words right, three trainings each\n\n                      tried with")
print("trained with          " + "".join(f"{('all' if r == 'full' else r + ' round' + 's' * (r != '1')):<19}" for r in measured["tried"]))
for trained, row in measured["right"].items():
    cells = ["  ".join(f"{share:.2f}" for share in row[tried]) for tried in measured["tried"]]
    budget = f"{'all' if trained == 'full' else trained:<4} ({measured['steps'][trained]:,} steps)"
    print(f"{budget:<20}  " + "".join(f"{cell:<19}" for cell in cells))

# %% [markdown] name="trained-after"
r"""
All have learned the task. They do it almost perfectly with eight rounds, whatever they were trained with, and get worse with fewer than four.
"""

# %% name="rounds-claim"
claims.verdict("more-rounds-than-trained")

# %% [markdown] name="rounds-claim-after"
r"""
This agrees with the paper (*w* of 511 words, 150,000 steps; Table 2), but it is nearly an empty test. With all scores every decoder is perfect, and for so few words eight rounds are not far from all scores: by the first line below they compare more than half of the pairs. In a long sequence they would be a smaller share. So the decoders trained with all scores and with one round were trained once more, and tried with eight rounds of more buckets and shorter windows, which compare fewer.
"""

# %% name="fewer-compared"
controls = results.load("19_controls")
print(controls.provenance, "\n\nbuckets  window   trained with   pairs compared in 8 rounds   words right")
for at, (buckets, window) in enumerate(controls["tried"]):
    for trained in ("full", "1"):
        shares, right = ([seed[at] for seed in controls[name][trained]] for name in ("compared", "right"))
        print(f"{buckets:>7}  {window:>6}   {'all' if trained == 'full' else '1 round':<14} {'  '.join(f'{s:.0%}' for s in shares):<28} {'  '.join(f'{s:.2f}' for s in right)}")

# %% [markdown] name="fewer-compared-after"
r"""
Trained with one round, a decoder still does well when its eight rounds compare a little more than a quarter of the pairs, and no longer at a fifth. The decoders trained with all scores do about as well, and at a fifth better than two of the three. What eight rounds of a long sequence would do, where they compare far fewer, these numbers do not tell.

Two things do not agree with the paper. There, training with hashing made a decoder better at being searched: tried with one round, the one trained with all scores had 52.5 % right, those trained with one, two and four rounds 77.9, 86.8 and 91.9 %. Ours do not differ by more than the starts do. And tried with all scores, the paper's that were trained with hashing had 0.8 %, which is guessing, where ours are perfect. We do not know why. The share that is compared is a candidate, which we have not tested at the paper's size.

## What it costs

Count multiplications for one head of $D$ numbers. Full causal attention has $n^2/2$ scores and as many weights to apply, $n^2 D$ in all. Hashing computes, a round, $n$ times $2w$ scores and their sums with windows of $w$ in blocks of $w$, $4 n w D$, and the hash itself, $n D b / 2$. With $b = n/w$ buckets, so that a bucket about fills a window, the hash grows with $n^2$ as well, but divided by $2w$.
"""

# %% name="cost-count" tags=["nbval-check-output"]
D, window, rounds = 64, 64, 4
for n in (256, 1024, 4096, 16_384, 65_536):
    full, compare, hashing = n * n * D, rounds * 4 * n * window * D, rounds * n * D * (n // window) // 2
    print(f"{n:>6} words: full {full / 1e6:>9,.0f} million, hashing {(compare + hashing) / 1e6:>7,.0f} ({hashing / (compare + hashing):>3.0%} of it the hash), {full / (compare + hashing):>5.2f} times less")

# %% [markdown] name="cost-figure-text"
r"""
Below a thousand words hashing computes more than full attention. Sorting and moving come on top. The times, of a forward and a backward pass, are against PyTorch's own fused kernel for causal attention.
"""

# %% name="cost-figure"
curves = {
    {"full": "full, fused kernel", "hashing": "hashing, 4 rounds"}[name]: [(sum(s) / len(s), min(s), max(s)) for s in zip(*runs)]
    for name, runs in measured["seconds"].items()
}
for name, slopes in measured["exponents"].items():
    print(f"{name}: time grows with length to the power {', '.join(f'{slope:.2f}' for slope in slopes)} (from 1,024 words on)")
for i, n in enumerate(measured["lengths"]):
    ratios = [full[i] / hashing[i] for full, hashing in zip(measured["seconds"]["full"], measured["seconds"]["hashing"])]
    print(f"{n:>5} words: full attention takes {', '.join(f'{ratio:.2f}' for ratio in ratios)} times as long as hashing")
plots.bands(measured["lengths"], curves, x_label="words", y_label="seconds, 4 heads of 64", log="xy")

# %% name="cost-claim"
claims.verdict("hashing-is-nearly-linear")

# %% [markdown] name="cost-after"
r"""
Over these lengths the time of hashing grows in proportion or a little faster; three runs do not say which. It starts so high that the lines cross only at several thousand words. Further out the hash itself would make it quadratic, unless it is made of two smaller ones, as the authors' code can make it. Full attention has the better kernel, and is exact. The vectors here were random, and buckets about equally full. In a crowded bucket the cost stays what it is, and its older members, behind the window, are no longer seen.
"""

# %% [markdown] name="reversible-text"
r"""
## Layers that run backwards

The other half of Reformer is about memory. Training keeps what every layer has computed, since gradients need it, and so memory grows with depth. Gomez and others (2017) made residual layers whose inputs can be computed from their outputs. The stream of vectors is split in two, $x_1$ and $x_2$; $F$ is attention and $G$ the feed-forward network.

$$y_1 = x_1 + F(x_2), \quad y_2 = x_2 + G(y_1) \qquad\Longleftrightarrow\qquad x_2 = y_2 - G(y_1), \quad x_1 = y_1 - F(x_2)$$

By hand, with $F(x) = x^2$ and $G(x) = 3x$: from $(x_1, x_2) = (1, 2)$ come $y_1 = 1 + 4 = 5$ and $y_2 = 2 + 15 = 17$. Back: $x_2 = 17 - 15 = 2$ and $x_1 = 5 - 4 = 1$. $F$ is not inverted, and need not be invertible. It is computed again and subtracted.
"""

# %% name="reversible-code" tags=["nbval-check-output"]
def forwards(layers, x1, x2):
    for change in layers:  # F, G, F, G, ...
        x1, x2 = x2, x1 + change(x2)  # change one stream, and let the two change places
    return x1, x2


def backwards(layers, y1, y2):
    for change in reversed(layers):
        y1, y2 = y2 - change(y1), y1
    return y1, y2


by_hand = [lambda x: x**2, lambda x: 3 * x]
print(forwards(by_hand, 1, 2), backwards(by_hand, *forwards(by_hand, 1, 2)))
assert forwards(by_hand, 1, 2) == run_forwards(by_hand, 1, 2)  # the package's

# %% [markdown] name="backward-text"
r"""
Two steps of the loop are one layer. For training, walk backwards from the outputs: at each step compute the change once more, this time with a graph, take its gradients, subtract it, and throw the graph away. `ReversibleStack` does this within PyTorch's autograd. Its gradients should be those of the ordinary way.
"""

# %% name="backward"
def stack_of(depth, size=32, dropout=0.0):
    return [nn.Sequential(nn.LayerNorm(size), nn.Linear(size, 4 * size), nn.ReLU(), nn.Linear(4 * size, size), nn.Dropout(dropout))
            for _ in range(2 * depth)]


def gradients(run, layers, x1, x2, seed=0):
    device.seed_everything(seed)
    y1, y2 = run(x1, x2)
    parameters = [p for layer in layers for p in layer.parameters()]
    return torch.cat([g.flatten() for g in torch.autograd.grad((y1 * y2).mean(), parameters)])


device.seed_everything(0)
x1, x2 = torch.randn(2, 16, 20, 32)
for depth in (1, 8, 32):
    layers = stack_of(depth)
    ordinary = gradients(partial(forwards, layers), layers, x1, x2)
    reversible = gradients(ReversibleStack(layers), layers, x1, x2)
    again = backwards(layers, *forwards(layers, x1, x2))[0]
    print(f"{depth:>2} layers: gradients differ by {(ordinary - reversible).norm() / ordinary.norm():.0e} of their size, "
          f"inputs come back to {(again - x1).norm() / x1.norm():.0e}")
    assert (ordinary - reversible).norm() < 1e-3 * ordinary.norm()

# %% [markdown] name="dropout-text"
r"""
The price is a second forward pass, about a third more work, and rounding, which here grows slowly with depth. And there is a trap. What is computed again must be *the same*: with dropout, the same random numbers. `ReversibleStack` writes down the state of the generator before each step. Without that:
"""

# %% name="dropout"
layers = stack_of(4, dropout=0.1)
device.seed_everything(0)
outputs = forwards(layers, x1, x2)
again = backwards(layers, *outputs)[0]  # with random numbers of its own
print(f"with other random numbers the inputs come back with an error of {(again - x1).norm() / x1.norm():.0%}")
ordinary = gradients(partial(forwards, layers), layers, x1, x2)
reversible = gradients(ReversibleStack(layers), layers, x1, x2)
print(f"with the same ones, gradients differ by {(ordinary - reversible).norm() / ordinary.norm():.0e}")

# %% name="guess-memory"
guess = predict(
    "Sixteen layers instead of two: by how much do the tensors grow that autograd saves between forward and backward pass, with reversible layers?",
    ["not at all", "about twice", "eight times"],
)

# %% name="kept"
def kept(run, *inputs):  # MiB that autograd saves; what is saved twice counts once
    sizes = {}

    def count(tensor):
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        outputs = run(*inputs)
    del outputs  # held until here, so that no place was used again
    return sum(sizes.values()) / 2**20


for depth in (2, 4, 8, 16):
    layers = stack_of(depth)
    print(f"{depth:>2} layers: {kept(partial(forwards, layers), x1, x2):.2f} MiB saved, reversible {kept(ReversibleStack(layers), x1, x2):.2f} MiB")

# %% name="reveal-memory" jupyter={"source_hidden": true}
two, sixteen = (kept(ReversibleStack(stack_of(depth)), x1, x2) for depth in (2, 16))
guess.reveal("not at all" if sixteen == two else "about twice" if sixteen < 4 * two else "eight times",
             f"Only the last outputs are saved. Beside them stand states of the random generator, which do grow: {2 * 16 * len(torch.get_rng_state()) / 2**20:.2f} MiB for sixteen layers.")

# %% [markdown] name="peak-text"
r"""
That is what autograd saves. What a whole process adds at its highest, parameters not counted, is another question, since their gradients still grow with depth. Measured beforehand in fresh processes, with attention and feed-forward layers of size 256 on four sentences of 512 words, and with the C library told to give back what is freed, which it otherwise keeps:
"""

# %% name="peak-figure"
depths, peaks = measured["depths"], measured["peaks"]
curves = {name: [(sum(p) / len(p), min(p), max(p)) for p in zip(*runs)] for name, runs in peaks.items()}
for name, runs in peaks.items():
    slopes = [(run[-1] - run[0]) / (depths[-1] - depths[0]) for run in runs]
    print(f"{name}: {', '.join(f'{slope:.1f}' for slope in slopes)} MiB more for each layer")
parameters = 4 * (256 + 1) * 256 + (256 + 1) * 1024 + (1024 + 1) * 256 + 4 * 256
print(f"the gradients of its parameters alone: {4 * parameters / 2**20:.1f} MiB")
gaps = [reversible - ordinary for ordinary, reversible in zip(*(torch.tensor(peaks[name]).mean(0) for name in ("ordinary", "reversible")))]
crossing = depths[0] + (depths[1] - depths[0]) * gaps[0] / (gaps[0] - gaps[1])
print(f"with {depths[0]} layers the reversible stack takes {gaps[0]:.0f} MiB more; the lines cross at {crossing:.1f}")
figure = plots.bands(depths, curves, x_label="layers", y_label="peak memory above the start (MiB)")
figure.axes[0].set_ylim(bottom=0)
figure

# %% name="memory-claim"
claims.verdict("reversible-layers-keep-one")

# %% [markdown] name="memory-after"
r"""
What still grows is about the size of the parameters' gradients. But why does the reversible stack begin so much higher? Either the walk back needs that room at every step, or a process pays for it once, the first time. So measure again in processes that have run one layer of each kind before:
"""

# %% name="peak-again"
for name, runs in controls["peaks"].items():
    print(f"{name:<11}", ", ".join(f"{sum(peak) / len(peak):.0f}" for peak in zip(*runs)), "MiB with", ", ".join(map(str, controls["depths"])), "layers")
warm = {name: torch.tensor(runs).mean(0) for name, runs in controls["peaks"].items()}
at = [controls["depths"].index(depth) for depth in depths]
for name, runs in peaks.items():
    print(f"{name}: {(torch.tensor(runs).mean(0) - warm[name][at]).mean():.0f} MiB less than in a fresh process")

# %% [markdown] name="peak-again-after"
r"""
Much of it was paid once, and of that the ordinary stack had little. In such processes the reversible stack takes less from the first layer on.

## Where to go next

In the [exercises](exercises/19_hashing.ipynb) you write the buckets, the window and the way back, and put rounds together (six problems, about forty minutes). Hashing approximates, and does so well only where the weights are peaked. [Lesson 20](20_exact_and_cheaper.ipynb) asks what can be saved while computing *exactly* what full attention computes; the sums of exponentials that joined our rounds come back there.

### Sources

Andoni, Indyk, Laarhoven, Razenshteyn, Schmidt: Practical and optimal LSH for angular distance. NIPS 2015, [arXiv:1509.02897](https://arxiv.org/abs/1509.02897) · Gomez, Ren, Urtasun, Grosse: The reversible residual network: backpropagation without storing activations. NIPS 2017, [arXiv:1707.04585](https://arxiv.org/abs/1707.04585) · Kitaev, Kaiser, Levskaya: Reformer: the efficient Transformer. ICLR 2020, [arXiv:2001.04451](https://arxiv.org/abs/2001.04451)
"""
