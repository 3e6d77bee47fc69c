# %% [markdown] name="title"
r"""
# 18 · Linear and low-rank attention

**What if all of the past had to fit into one matrix?**

Attention keeps every word and compares each with each. Move one pair of brackets, and it keeps a single matrix instead, whose size does not depend on how much has been read. You build that in its three forms, see what it saves, and then find out what it forgets.

You need lessons 01, 02 and 09, and 10 for heads. It takes about an hour, of which the machine needs less than a minute.
"""

# %% name="imports"
import numpy as np
import torch
import torch.nn.functional as F

from attention_course import claims, device, plots, results
from attention_course.efficient import linear
from attention_course.efficient.gated import decay_matrix, gated_linear_attention
from attention_course.efficient.linear import LinearAttention
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import PositiveRandomFeatures, RandomFeatureAttention
from attention_course.efficient.unnormalised import unnormalised
from attention_course.functional import scaled_dot_product_attention
from attention_course.lessons.lesson_18.associative_recall import AssociativeRecall
from attention_course.lessons.lesson_18.recall_task import recall
from attention_course.lessons.lesson_18.share_curves import share_curves
from attention_course.training import train_classifier
from attention_course.widgets import explore, predict

device.use_threads(1)
measured = results.load("18_linear_and_low_rank")

# %% [markdown] name="by-hand"
r"""
## The cat sat on the mat, the dog on the sofa

Two facts, and two questions: where is the cat, and where is the dog? Let the animals be keys, *cat* = (1, 0) and *dog* = (0, 1), and the places values. With no softmax for the moment, attention multiplies three matrices, $Q K^\top V$, and a product of three matrices may be taken from either end:
"""

# %% name="brackets" tags=["nbval-check-output"]
K = torch.tensor([[1.0, 0], [0, 1]])  # cat, dog
V = torch.tensor([[1.0, 0, 0], [0, 1, 0]])  # mat, sofa (the third place is the roof)
Q = torch.tensor([[0.0, 1]])  # where is the dog?

print("(Q Kᵀ) V =", ((Q @ K.T) @ V).tolist(), "  by way of the weights", (Q @ K.T).tolist())
print("Q (Kᵀ V) =", (Q @ (K.T @ V)).tolist(), "  by way of the state", (K.T @ V).tolist())

# %% [markdown] name="brackets-text"
r"""
The first way compares the query with every word. The second never does: it has made a table of all that was said, $S = K^\top V = \sum_j k_j v_j^\top$, with a row for each number of a key, and reads from it the row of *dog*. More words do not make the table larger. Tell it a third fact, *the bird on the roof*, with a key that leans on both of the others since two numbers leave no other room:
"""

# %% name="third-fact" tags=["nbval-check-output"]
bird, roof = torch.tensor([[0.6, 0.8]]), torch.tensor([[0.0, 0, 1]])
S = K.T @ V + bird.T @ roof
for name, x in {"the state": S, "the dog is on": Q @ S, "the bird is on": bird @ S}.items():
    print(f"{name:<15}", x.double().numpy().round(2).tolist())

# %% [markdown] name="equation-text"
r"""
The dog is now almost as much on the roof as on the sofa, and the bird is on all three. Keep that in mind; it is the price.

## A softmax is a kernel

The exponential stands between $Q K^\top$ and $V$, and holds the brackets where they are. Attention is $c_i = \sum_j \alpha_{ij} v_j$ with $\alpha_{ij} = e^{s_{ij}} / \sum_l e^{s_{il}}$, Eqs. (1) and (2) of lesson 01. Write $\kappa$ for the exponential of the score, and suppose that $\kappa$ could be split into a product of something of the query and something of the key:

$$c_i = \frac{\sum_j \kappa(q_i, k_j)\, v_j}{\sum_j \kappa(q_i, k_j)}
\qquad \kappa(q, k) = \phi(q)^\top \phi(k)
\qquad\Longrightarrow\qquad
c_i = \frac{\big(\sum_j v_j \phi(k_j)^\top\big)\, \phi(q_i)}{\big(\sum_j \phi(k_j)\big)^\top \phi(q_i)} = \frac{S^\top \phi(q_i)}{z^\top \phi(q_i)}$$

| | is | shape |
|---|---|---|
| $n$ | words, each a query and a key | |
| $D, D_v$ | the size of a query or key, and of a value | |
| $\kappa$ | a kernel: how much a key counts for a query; for the softmax $\exp(q^\top k / \sqrt{D})$ | |
| $\phi$ | the feature map | from (D) to (F) |
| $S, z$ | the state: sums over the keys, the same for all queries | (F, D_v) and (F) |

That is the linear attention of Katharopoulos and others (2020). A weight must not be negative, so features are made positive; they chose $\phi(x) = \mathrm{elu}(x) + 1$, which is $x + 1$ above zero and $e^x$ below, number by number, so that $F = D$.
"""

# %% name="linear"
def phi(x):
    return F.elu(x) + 1


def linear_attention(q, k, v):  # of features: (n, F), (n, F), (n, D_v)
    S, z = k.mT @ v, k.sum(-2)  # (F, D_v) and (F)
    return (q @ S) / (q @ z).unsqueeze(-1)


device.seed_everything(0)
q, k, v = phi(torch.randn(50, 8)), phi(torch.randn(50, 8)), torch.randn(50, 6)
weights = (q @ k.mT) / (q @ k.mT).sum(-1, keepdim=True)  # the definition: all n² of them
assert torch.allclose(linear_attention(q, k, v), weights @ v, atol=1e-5)
assert torch.allclose(linear_attention(q, k, v), linear.linear_attention(q, k, v), atol=1e-6)

# %% name="guess-cross"
guess = predict("Count multiplications, with D = F = D_v = 64. From how many words on does moving the brackets pay?",
                ["from 2 words on", "from about 64 words on", "from some thousands of words on"])

# %% name="count" tags=["nbval-check-output"]
def multiplications(n, size=64):
    return n * n * size * 2, n * size * size * 2 + n * size  # Q Kᵀ and its product with V; S, its reading, and z


for n in (16, 64, 256, 1024, 4096, 16384):
    compared, summed = multiplications(n)
    print(f"{n:>6} words: all pairs {compared:>15,}   by the state {summed:>13,}   ratio {compared / summed:7.2f}")

# %% name="reveal-cross" jupyter={"source_hidden": true}
guess.reveal("from about 64 words on", "n² times two sizes against n times F times two sizes: they meet where n is about F.")

# %% [markdown] name="time-text"
r"""
Four times the words, sixteen times the comparisons, and four times the work on a state. Whether a processor agrees we measured beforehand, in seconds that one thread of it works: a batch of one, four heads of 64 numbers, forward and backward. Each of five rounds times every form once, PyTorch's own softmax attention among them. The exponent is the slope in the log-log plot over the last four lengths: 2 for time that grows with the square, 1 for time in proportion. The figure has the forms without a mask, two of which come further down; bands go from the fastest round to the slowest.
"""

# %% name="time-figure"
lengths, seconds = measured["lengths"], measured["seconds"]
shown = ["softmax", "linear", "random features, 64", "low rank, 64"]
print(measured.provenance)
for name, rounds in measured["exponents"].items():
    mean = {n: 1000 * np.mean(seconds[name], 0)[lengths.index(n)] for n in (1024, 8192)}
    print(f"{name:<20} exponent {np.mean(rounds):.2f} ({min(rounds):.2f} to {max(rounds):.2f}); {mean[1024]:5.0f} ms at 1,024 words, {mean[8192]:6.0f} ms at 8,192")
for mask in (", causal", ""):
    gain = np.mean(seconds["softmax" + mask], 0) / np.mean(seconds["linear" + mask], 0)
    print(f"softmax{mask} takes {gain[0]:.1f} times as long as linear{mask} at {lengths[0]:,} words, {gain[-1]:.1f} times at {lengths[-1]:,}")
counted = [compared / summed for compared, summed in map(multiplications, lengths)]
print(f"multiplications, counted without a mask: {counted[0]:.1f} times, {counted[-1]:.1f} times; at {lengths[-1]:,} words the processor grants {gain[-1] / counted[-1]:.0%} of them")
exponents = {name: rounds for name, rounds in measured["exponents"].items() if not name.startswith("softmax")}
steepest = [max(exponents, key=lambda name: exponents[name][i]) for i in range(len(exponents["linear"]))]
print(f"largest exponent of a round: {'; '.join(steepest)}")
plots.bands(lengths, {name: [(x.mean(), x.min(), x.max()) for x in np.array(seconds[name]).T] for name in shown},
            x_label="words", y_label="processor seconds, forward and backward", log="xy")

# %% name="time-claim"
claims.verdict("linear-forms-scale-linearly")

# %% [markdown] name="time-after"
r"""
The count of multiplications is exactly linear; this is time, and time is rough. The largest exponent of a round is most often that of the causal form, whose five differ as the range above says.

Of the saving that was counted the processor grants a good third, and with a causal mask far less: the mask spares the softmax half of the pairs and gives the state more to do, as comes next.
"""

# %% [markdown] name="causal-text"
r"""
## Three ways to look only back

A decoder's word $i$ may look at words up to $i$. Then $S$ and $z$ are not the same for all, but they are *running* sums, and a network that keeps running sums is a recurrent one: add the new word, read, go on. "Transformers are RNNs" is the title of the paper.
"""

# %% name="recurrent"
def recurrent(q, k, v):
    S, z, outputs = torch.zeros(8, 6), torch.zeros(8), []
    for t in range(len(q)):
        S, z = S + k[t, :, None] * v[t], z + k[t]  # all that is kept
        outputs.append((q[t] @ S) / (q[t] @ z))
    return torch.stack(outputs)


masked = (q @ k.mT).tril()  # the definition: all pairs, the future struck out
by_definition = masked @ v / masked.sum(-1, keepdim=True)
assert torch.allclose(recurrent(q, k, v), by_definition, atol=1e-5)

# %% [markdown] name="chunks-text"
r"""
A loop over words keeps a processor waiting, and all pairs are what we wanted to get rid of. In between lies the form that is used for training: cut the text into chunks, compare all pairs *within* a chunk, and give each chunk the sums of those before it. These are shifted by a chunk and then added up; to add a chunk's own and take it away again would let a trace of the future in, by rounding.
"""

# %% name="chunks"
def in_chunks(q, k, v, size=10):
    v = torch.cat([v, torch.ones(len(v), 1)], -1)  # a column of ones carries z along with S
    q, k, v = (x.unflatten(0, (-1, size)) for x in (q, k, v))  # (chunks, size, ...)
    S = k.mT @ v  # of each chunk alone: (chunks, F, D_v + 1)
    before = torch.cat([torch.zeros_like(S[:1]), S[:-1]]).cumsum(0)  # sums over those before it
    sums = (q @ before + (q @ k.mT).tril() @ v).flatten(0, 1)
    return sums[:, :-1] / sums[:, -1:]


assert torch.allclose(in_chunks(q, k, v), by_definition, atol=1e-5)
assert torch.allclose(linear.causal_linear_attention(q, k, v, chunk=16), by_definition, atol=1e-5)

# %% [markdown] name="bytes-text"
r"""
For writing, the recurrent form is what one wants. A decoder with ordinary attention keeps the keys and values of all words it has seen (a cache); with linear attention it keeps $S$ and $z$. Eight heads of 64 numbers, in float32, one layer:
"""

# %% name="bytes" tags=["nbval-check-output"]
cache_of_a_word, state = 8 * 2 * 64 * 4, 8 * 64 * (64 + 1) * 4
for n in (16, 128, 1024, 8192, 65536):
    print(f"after {n:>6,} words: cache {n * cache_of_a_word:>12,} bytes, state {state:,} bytes")
print(f"they are level at {state / cache_of_a_word:.1f} words")

# %% [markdown] name="forgotten-text"
r"""
## What is forgotten

Back to the cat. Here are the names of 512 animals, as numbers, and 64 places. A sequence tells who is where, then asks. This task is called associative recall.
"""

# %% name="recall-example"
told = recall(1, 5, torch.Generator().manual_seed(1), questions=3)
print("told: ", ", ".join(f"{name} is in {place}" for name, place in zip(told.names[0].tolist(), told.places[0].tolist())))
for name, place in zip(told.asked[0].tolist(), told.answers[0].tolist()):
    print(f"asked: where is {name}? answer: {place}")

# %% [markdown] name="recall-text"
r"""
Two small memories learn this, from 4 to 256 pairs at a time. A name is embedded and becomes a key or a query of 16 numbers, a place becomes a value of 16, and what attention finds is read off by a linear layer. One compares by softmax, and keeps 32 numbers for every pair. The other keeps $S$ and $z$: 16 times 17 = 272 numbers, whatever it is told.
"""

# %% name="guess-recall"
guess = predict("They are told 64 pairs. How many of 64 questions does each get right?",
                ["both nearly all", "softmax nearly all, linear about half", "softmax nearly all, linear about one in five", "neither more than half"])

# %% name="recall-train"
STEPS, PAIRS = 300, (4, 8, 16, 32, 64, 128, 256)


def trained(attend, features=16, value_size=16):
    device.seed_everything(0)
    memory, generator = AssociativeRecall(features, value_size, attend), torch.Generator().manual_seed(0)

    def draw():
        told = recall(32, PAIRS[int(torch.randint(len(PAIRS), (), generator=generator))], generator)
        return (told.names, told.places, told.asked), told.answers

    train_classifier(memory, draw, steps=STEPS, learning_rate=3e-3)
    return memory


memories = {"softmax": trained(scaled_dot_product_attention), "linear": trained(LinearAttention())}

# %% name="recall-tested"
@torch.no_grad()
def share(memory, pairs):
    told = recall(64, pairs, torch.Generator().manual_seed(1), questions=64)
    return (memory(told.names, told.places, told.asked)[0].argmax(-1) == told.answers).float().mean().item()


right = {name: {n: share(memory, n) for n in PAIRS} for name, memory in memories.items()}
print("pairs told" + "".join(f"{n:>7}" for n in PAIRS))
for name, shares in right.items():
    print(f"{name:<10}" + "".join(f"{x:>7.0%}" for x in shares.values()))
assert right["softmax"][64] > 0.95 and right["linear"][4] > 0.8 and right["linear"][64] < 0.5

# %% name="reveal-recall" jupyter={"source_hidden": true}
answer = "both nearly all" if right["linear"][64] > 0.9 else "softmax nearly all, linear about half" if right["linear"][64] > 0.35 else "softmax nearly all, linear about one in five"
guess.reveal(answer, f"Softmax {right['softmax'][64]:.0%}, linear {right['linear'][64]:.0%}; a guess among the places would get {1 / 64:.1%}.")

# %% [markdown] name="shape-text"
r"""
How does it depend on the state? One may give the state more rows (features) or more columns (larger values). The keys of $N$ pairs can be kept apart entirely only if there are at least $N$ features, as Schlag, Irie and Schmidhuber (2021) point out; so rows should be what counts.
"""

# %% name="guess-shape"
guess = predict("Three states of about the same size: 32 features by values of 8, 16 by 16, and 8 by 32. Which recalls most?",
                ["32 by 8, with the most features", "16 by 16", "8 by 32, with the fewest", "they differ little"])

# %% [markdown] name="figure-text"
r"""
Beforehand we trained such memories of eight shapes from three random starts each, for 800 steps, with up to 512 pairs. On the left is how much they recall, by what they were told; a mark is a size of state, its filling and the dash a shape. On the right the same points stand by how many numbers the memory has for each pair: the state divided by the pairs, and for softmax what its cache keeps of a pair (4+4: a key of 4 numbers and a value of 4).
"""

# %% name="main-figure"
pairs, states = measured["pairs"], measured["states"]
mean = {name: np.mean(seeds, 0) for name, seeds in measured["linear"].items()}
caches = {f"softmax {name}": (np.mean(seeds, 0), sum(int(size) for size in name.split("+")))
          for name, seeds in measured["softmax"].items()}
share_curves(pairs, mean, states, caches, x_label="pairs told", y_label="questions answered right",
             share_label="numbers kept for each pair", amount_label="features x value size: numbers")

# %% name="main-numbers"
half = {shape: np.array(values) for shape, values in measured["half_points"].items()}
for shape, values in half.items():
    features, size = shape.split("x")
    if values.max() < pairs[-1]:  # else more than half is right of all that was told
        print(f"{features:>2} features, values of {size:>2}: {states[shape]:>5,} numbers; half right at {values.mean():5.1f} pairs "
              f"({values.min():.1f} to {values.max():.1f}), {states[shape] / values.mean():4.1f} numbers a pair")

# %% name="main-shapes"
for what, changes in {"features": ("8x8 32x8", "8x32 32x32", "16x16 64x16", "16x64 64x64"),
                      "value size": ("8x8 8x32", "16x16 16x64", "32x8 32x32", "64x16 64x64")}.items():
    gains = [half[after].mean() / half[before].mean() for before, after in map(str.split, changes)]
    print(f"four times the {what}: half right at {min(gains):.1f} to {max(gains):.1f} times as many pairs")

# %% name="reveal-shape" jupyter={"source_hidden": true}
three = {"32 by 8, with the most features": half["32x8"], "16 by 16": half["16x16"], "8 by 32, with the fewest": half["8x32"]}
means = {name: values.mean() for name, values in three.items()}
best = max(means, key=means.get)
guess.reveal("they differ little" if max(means.values()) < 1.35 * min(means.values()) else best,
             "Half of the questions are right at " + ", ".join(f"{value:.0f} pairs ({name.split(',')[0]})" for name, value in means.items()) + ".")

# %% name="recall-claim"
claims.verdict("recall-grows-with-the-state")

# %% [markdown] name="figure-after"
r"""
On the right, states of all sizes draw together into one band: what counts first is how many numbers there are for a pair. Within it shape counts too: at about the same size the best recalls up to about twice as many pairs as the worst. A number spent on features buys recall about in proportion, one spent on values clearly less, and the exponent above mixes both (its interval is over seeds, not over shapes). Keys need not be kept apart entirely, since it is enough that the right place comes out on top.

Is it the feature map that sets the price? elu + 1 makes positive numbers, and positive vectors cannot point away from each other. Here are the two extreme shapes with it, and without map and divisor, $Q (K^\top V)$: one start each, 300 steps as above.
"""

# %% name="signed"
print("right of" + "".join(f"{n:>9} pairs" for n in (16, 32, 64)))
for kind, attend in {"elu + 1": LinearAttention(), "without map and divisor": unnormalised}.items():
    for features, size in ((8, 32), (32, 8)):
        memory = trained(attend, features, size)
        row = "".join(f"{share(memory, n):>15.0%}" for n in (16, 32, 64))
        print(f"        {row}   {features}x{size}, {kind}")

# %% [markdown] name="crosses-text"
r"""
Without map and divisor the same numbers recall more, in both shapes. But look at the shapes: after 300 steps the one with more features is behind with elu + 1 too, while after 800 it is ahead. It learns more slowly, and so this short trial cannot say whether features would keep their lead without the map.

Now look at the crosses. How many numbers does each kind of memory need for a pair?
"""

# %% name="per-pair"
for wanted in (0.9, 0.99):
    enough = {shape: states[shape] / max(n for n, share in zip(pairs, shares) if share >= wanted)
              for shape, shares in mean.items() if shares[0] >= wanted}
    print(f"elu + 1, {wanted:.0%} right or more: " + ", ".join(f"{shape} with {kept:.0f}" for shape, kept in enough.items()) + " numbers a pair")
for name, (shares, kept) in caches.items():
    print(f"{name}: {kept} numbers a pair, {shares.min():.1%} right or more with up to {pairs[-1]} pairs")

# %% [markdown] name="per-pair-text"
r"""
A cache of 16 numbers a pair recalls whatever it was told. With elu + 1 a state needs about two to four times as many for nine questions in ten, by its shape, and eight times or more for nearly all (the numbers of pairs tried are a factor of two apart, and so are these). In what we tried, then, the matrix that does not grow is not the better way to store. Told little, it is larger than a cache would be; told much, it blurs. It saves memory by forgetting, and that is a good bargain only where most of the past is never asked for.

Larger language models show something similar. Arora and others (Zoology, 2024) compared language models with attention to others without, built from gates and convolutions, and found that 82 % of the gap between them came from recalling what the text had said before. In a second study (Based, 2024) they show recall following the size of the state. Ours is one layer, one task, and small sizes.
"""

# %% [markdown] name="features-text"
r"""
## Can features imitate the softmax?

With elu + 1 we have another attention. Is there a $\phi$ that gives the softmax itself? Not with finitely many numbers, but nearly, and by drawing lots. For a vector $w$ of independent normal numbers,

$$e^{q^\top k} = \mathbb{E}_w\!\left[ e^{w^\top q - |q|^2/2} \; e^{w^\top k - |k|^2/2} \right],$$

since the exponent is $w^\top(q + k)$ less a constant, and $\mathbb{E}\, e^{w^\top x} = e^{|x|^2/2}$. Draw $R$ such vectors and average: these are the positive random features of the Performer (Choromanski and others 2021). To have the scale in, each vector is first divided by $D^{1/4}$.

Below, keys stand on half a circle and the query points at 0°. Each curve is a kernel, as weights over those keys. Make the vectors longer, and watch the random one.
"""

# %% name="explorer"
degrees = torch.arange(0, 181, 5)
circle = torch.stack([torch.cos(degrees * torch.pi / 180), torch.sin(degrees * torch.pi / 180)], 1)


def look(length, features, draw):
    keys, query = length * circle, torch.tensor([[float(length), 0]])
    random = PositiveRandomFeatures(2, features, seed=draw)
    kernels = {"softmax": (query @ keys.T / 2**0.5).exp(), "elu + 1": phi(query) @ phi(keys).T,
               "random": random(query) @ random(keys).T}
    curves = {name: (row / row.sum())[0] for name, row in kernels.items()}
    return plots.lines(degrees, curves, x_label="key's direction, degrees from the query", y_label="weight")


explore(look, length=(0.5, 6.0, 2.5, 0.5), features=(2, 256, 32, 2), draw=(0, 20, 15))

# %% [markdown] name="error-text"
r"""
The softmax sharpens as vectors grow, since it multiplies lengths in an exponent. elu + 1 does so only up to a point: for long vectors its weights go over into the cosine, with nothing beyond 90°, and no further. As it takes each coordinate by itself, its peak need not lie at 0°. The products of random features are right on average over draws; weights, which are ratios of them, are not quite, and one draw may be far off. Relative to the true value, the root mean square error of one product is

$$\sqrt{\frac{e^{|q + k|^2} - 1}{R}}$$

(Lemma 2 of the paper, for directions drawn independently; $q$ and $k$ already divided by $D^{1/4}$). Look at $|q + k|$: it is largest for a key that points where the query points, the very key that should get the weight.
"""

# %% name="guess-error"
guess = predict("A query and a key are equal, of length 1 after that division. Make both of length 2. How many times as many features are needed for the same error?",
                ["twice", "sixteen times", "more than a hundred thousand times"])

# %% name="error-figure"
features = (16, 64, 256, 1024)


def error(length, R, orthogonal=False):  # of φ(x) · φ(x), where x is so long after the division by 16^(1/4) = 2
    x, draws = torch.full((16,), 2 * length / 4), round(12800 / R**0.5)
    products = torch.stack([PositiveRandomFeatures(16, R, orthogonal, seed=s)(x).square().sum() for s in range(draws)])
    squares = (products / np.exp(length**2) - 1).square()
    within = 2 * squares.std() / draws**0.5  # the root of the mean, and how far it may be off
    return [(squares.mean() + off).clamp_min(1e-9).sqrt().item() for off in (0, -within, within)]


rows = {f"length {length:g}": [error(length, R) for R in features] for length in (0.2, 0.4, 0.6)}
rows["0.6, at right angles"] = [error(0.6, R, orthogonal=True) for R in features]

# %% name="error-numbers"
for name, row in rows.items():
    print(f"{name:<20} exponent {np.polyfit(np.log(features), np.log([mean for mean, *_ in row]), 1)[0]:.2f}, error with 256 features {row[2][0]:.3f}")
print("Lemma 2, 256 features:", ", ".join(f"{np.sqrt((np.exp(4 * n**2) - 1) / 256):.3f}" for n in (0.2, 0.4, 0.6)))
less = 1 - np.mean([at_right[0] / free[0] for at_right, free in zip(rows["0.6, at right angles"], rows["length 0.6"])])
print(f"at right angles the error is {less:.0%} smaller, on average over the numbers of features")
figure = plots.bands(features, rows, x_label="random features", y_label="relative error of one product", log="xy")
ticks = (0.02, 0.05, 0.1, 0.2, 0.4)
figure.axes[0].set_yticks(ticks, [f"{tick:g}" for tick in ticks])
figure

# %% name="reveal-error" jupyter={"source_hidden": true}
times = (np.exp(16) - 1) / (np.exp(4) - 1)
guess.reveal("more than a hundred thousand times", f"|q + k|² goes from 4 to 16, and R has to grow as (e¹⁶ − 1) / (e⁴ − 1) = {times:,.0f} times.")

# %% [markdown] name="error-after"
r"""
The exponent is about −½: four times the features, half the error. So the error falls slowly with R, while the R needed grows exponentially with the square of the length. Directions at right angles to each other, the Performer's own choice, help somewhat. (Bands are two standard errors of the estimate to either side.) We stop at lengths below 1 because for longer vectors a few rare directions carry nearly all of the mean, and most draws miss them. Sharp attention needs long vectors.

Long vectors are trouble for the numbers, too: $e^{-|x|^2/2}$ vanishes in float32, and zero is divided by zero. But a factor on all features of a query stands above and below the fraction bar and cancels, and one feature of all keys may be divided by any number if that feature of the queries is multiplied by it. So before it takes exponentials, `RandomFeatureAttention` subtracts from the keys' exponents the largest of each feature and adds it to the queries', and then it subtracts each query's own largest; no feature is larger than one then, and no divisor smaller.
"""

# %% [markdown] name="substitute-text"
r"""
Can the softmax memory from above be given random features afterwards? That is what an approximation is for. Nothing is trained here: it is told 64 pairs, and `RandomFeatureAttention` takes the softmax's place.
"""

# %% name="guess-substitute"
guess = predict("With 1,024 random features (a state of more than 17,000 numbers, where a cache of 2,048 does it): how many questions are right?",
                ["nearly all", "about half to three quarters", "less than a third"])

# %% name="substitute"
memory, told = memories["softmax"], recall(16, 64, torch.Generator().manual_seed(1))
found = {}
with torch.no_grad():
    Q, K, V = memory.look_up(told.names, told.places, told.asked)
    sharpest = (Q @ K.mT / 4).softmax(-1).amax(-1).mean()
    for number in (16, 64, 256, 1024, 4096):
        draws = [RandomFeatureAttention(16, number, seed=seed)(Q, K, V)[0] for seed in range(3)]
        found[number] = [(memory.read(x).argmax(-1) == told.answers).float().mean().item() for x in draws]
length = Q.norm(dim=-1).mean() / 16**0.25
print(f"queries are {length:.1f} long after the division by 16^(1/4); the largest weight is {sharpest:.2f} on average")
for number, shares in found.items():
    print(f"{number:>5} random features, {number * 17:>6,} numbers: " + "  ".join(f"{share:.0%}" for share in shares))

# %% name="reveal-substitute" jupyter={"source_hidden": true}
middle = np.mean(found[1024])
guess.reveal("nearly all" if middle > 0.85 else "about half to three quarters" if middle > 0.33 else "less than a third",
             f"{middle:.0%}, the mean of three draws.")

# %% name="substitute-why"
with torch.no_grad():
    drawn = PositiveRandomFeatures(16, 1024)
    ratios = drawn(Q) @ drawn(K).mT / (Q @ K.mT / 4).exp()  # each product over its true value
    asked = told.asked[:, :, None] == told.names[:, None]  # where the right key is
    sums = (Q[:, :, None] + K[:, None]).norm(dim=-1) / 16**0.25
for name, which in {"right key": asked, "other keys": ~asked}.items():
    length = sums[which].median()
    print(f"{name:<10} |q + k| {length:.1f}, error by Lemma 2 {((length**2).exp() / 1024).sqrt():.0e}, product over its true value {ratios[which].median():.4f} (medians)")

# %% [markdown] name="substitute-why-text"
r"""
An error of millions, and more than half are right? A root mean square so large is made by draws that practically never come. In a usual draw products come out too small, those with the right key most of all; but often theirs is still the largest, and then the answer is right.
"""

# %% name="trained-features"
memories["random"] = trained(RandomFeatureAttention(16, 16))
with torch.no_grad():
    for name in ("softmax", "random"):
        Q, K, _ = memories[name].look_up(told.names, told.places, told.asked)
        sharpest = (Q @ K.mT / 4).softmax(-1).amax(-1).mean()
        print(f"trained with {name:<8} queries {Q.norm(dim=-1).mean() / 2:.1f} long, keys {K.norm(dim=-1).mean() / 2:.1f}, largest weight by softmax {sharpest:.2f}")
print(f"64 pairs, 300 steps: trained with 16 random features {share(memories['random'], 64):.0%}, with 16 of elu + 1 {right['linear'][64]:.0%}")
for what, shares in {"random": measured["maps"]["random, 16"], "elu + 1": measured["linear"]["16x16"]}.items():
    row = np.array(shares)[:, pairs.index(64)]
    print(f"beforehand, 800 steps, {what}: {row.mean():.0%} ({row.min():.0%} to {row.max():.0%})")

# %% [markdown] name="trained-features-text"
r"""
Trained *with* 16 random features, a memory gets what it takes about 64 to get when they are put in afterwards. The softmax memory has learned to look sharply, and sharp looks are what random features render badly. This one has made its queries and keys shorter, and a softmax of the same scores would look bluntly, too. It recalls no more than one with 16 features of elu + 1: imitating the softmax gains it nothing here.
"""

# %% [markdown] name="low-rank-text"
r"""
## Low rank

There is another way out of $n^2$. If the matrix of weights had only a few independent rows, one would not need all keys. Linformer (Wang and others 2020) mixes the $n$ keys down to $r$ with a learned matrix $E$, the values with another one $E'$ (the paper's $F$), and then uses the softmax as it is: $\mathrm{softmax}\big(Q (E K)^\top / \sqrt{D}\big)\, (E' V)$.
"""

# %% name="linformer"
def linformer(Q, K, V, mix_keys, mix_values):  # E and E', each (r, n)
    scores = Q @ (mix_keys @ K).mT / Q.shape[-1] ** 0.5  # (n, r)
    return scores.softmax(-1) @ (mix_values @ V)


layer = LowRankAttention(max_length=50, rank=6)
Q, K, V = torch.randn(50, 8), torch.randn(50, 8), torch.randn(50, 6)
assert torch.allclose(layer(Q, K, V)[0], linformer(Q, K, V, layer.mix_keys, layer.mix_values), atol=1e-5)
try:
    layer(torch.randn(51, 8), torch.randn(51, 8), torch.randn(51, 6))
except ValueError as refusal:
    print("51 words:", refusal)

# %% [markdown] name="linformer-text"
r"""
Each column of $E$ and $E'$ belongs to a position, so that a longer text has none for its last words. And each mixture takes from all positions, from the end of the text as well: a decoder cannot use it.

*Are* maps of low rank? Beforehand we trained an encoder with two layers of four heads of 16 numbers to fill gaps in Python code, 256 characters at a time, from three starts, and took the singular values of its maps before training and on the way. Last come those of a softmax memory like the one above, which is asked for 256 things it has been told, each once. A band goes from the lowest of all heads to the highest.
"""

# %% name="rank-figure"
ranks, steps = measured["ranks"][:7], measured["gap_steps"]  # up to a quarter of 256
heads = np.array(measured["spectra"]).transpose(1, 0, 2, 3).reshape(len(steps), -1, len(measured["ranks"]))  # of all seeds
rows = {"untrained": heads[0], "trained": heads[-1], "recall": np.array(measured["recall_spectra"])[:, 0]}
print(f"by frequencies alone {np.mean(measured['unigram_loss']):.2f} nats a character")
for n, losses, at in zip(steps, zip(*measured["gap_loss"]), heads):
    print(f"after {n:>5,} steps: gaps filled at {np.mean(losses):.2f} nats ({min(losses):.2f} to {max(losses):.2f}); the largest 64 hold {at[:, 6].mean():.0%} ({at[:, 6].min():.0%} to {at[:, 6].max():.0%})")
print(f"recall: the largest 64 hold {rows['recall'][:, 6].mean():.0%}")
near = np.array(measured["near"])[:, -1].ravel()  # the share of weight within 3 characters
for what, which in {"with more than half of the weight within 3 characters": near > 0.5, "with half of it or less": near <= 0.5}.items():
    print(f"{which.sum()} heads {what}: the largest 64 hold {heads[-1][which, 6].mean():.0%} ({heads[-1][which, 6].min():.0%} to {heads[-1][which, 6].max():.0%})")
curves = {name: [(x.mean(), x.min(), x.max()) for x in of.T[:7]] for name, of in rows.items()}
plots.bands(ranks, curves, x_label="largest singular values, of 256", y_label="share of the sum of all", log="x")

# %% [markdown] name="rank-after"
r"""
Some are, and learning has made them fewer. The better the encoder fills gaps, the less the largest quarter of the singular values hold on average, and it is the heads that have learned to look at characters nearby that need the small ones. A map that always looks one character to the left has its ones beside the diagonal, and singular values that are practically all alike. In the other heads the largest quarter hold about as much as before training.
"""

# %% name="rank-claim"
claims.verdict("attention-is-low-rank")

# %% [markdown] name="rank-built-in"
r"""
So the verdict hangs on the encoder. Our first one, with sinusoids for positions, had learned hardly more than frequencies, and met the mark; its untrained maps did, too. Low rank of that kind is built in. Scores are products of vectors of 16 numbers, and a matrix of them has rank 16 at most; while weights are nearly alike, the softmax keeps much of that. The memory's keys have 16 numbers, too, and nothing is left of the low rank: each question looks at a different single pair, and a map with a single large weight in every row and every column has no small singular values to leave out. Whether attention is of low rank depends on what it is for. (Wang and others looked at RoBERTa, which has more layers, reads pieces of words and has learned a great deal.)
"""

# %% [markdown] name="gates-text"
r"""
## Forgetting on purpose

A full state blurs all that it holds. One may instead let what is old fade, by a gate $0 < g_t \le 1$, before the next word comes in:

$$S_t = g_t\, S_{t-1} + \phi(k_t)\, v_t^\top \qquad\qquad c_t = S_t^\top \phi(q_t)$$

Written out, word $s$ reaches word $t$ multiplied by $g_{s+1} \cdots g_t$. So the all-pairs form has a matrix of these products in the place of the causal mask, and the chunks work as before.
"""

# %% name="gates"
def gated(q, k, v, g):
    S, outputs = torch.zeros(8, 6), []
    for t in range(len(q)):
        S = g[t] * S + k[t, :, None] * v[t]
        outputs.append(q[t] @ S)
    return torch.stack(outputs)


g = torch.rand(50) * 0.3 + 0.7
left = decay_matrix(g.log())  # (t, s): what is left at t of word s
assert torch.allclose(left[9, 6], g[7] * g[8] * g[9])
assert torch.allclose(gated(q, k, v, g), (q @ k.mT * left) @ v, atol=1e-4)
assert torch.allclose(gated(q, k, v, g), gated_linear_attention(q, k, v, g.log(), chunk=16), atol=1e-4)

# %% [markdown] name="gates-models"
r"""
This one line is much of what has become of linear attention. With a constant $g$ for each head it is the core of RetNet's retention (Sun and others 2023), which also turns queries and keys by position. With $g_t$ computed from the word itself the network decides what to let go. That is an old idea, the forget gate of the LSTM; Peng and others (2021) brought it into linear attention, with random features, and Gu and Dao's Mamba made it prominent. In this form it is the core of Mamba-2: Dao and Gu (2024) show that a state-space model whose decay is one number a step *is* this, with other names, $C$ for the query, $B$ for the key and $x$ for the value. With a gate for every row of $S$ it is gated linear attention (Yang and others 2024). All do without $z$, and mostly without $\phi$; the output is normalised instead.

For recall, what does fading do? Memories of 16 by 16, without feature map and divisor, were trained with a constant gate, for 800 steps as before, and are told 256 pairs. Bands go from the worst to the best of three starts.
"""

# %% name="ages-figure"
limits = list(zip(measured["age_limits"], measured["age_limits"][1:]))
curves = {f"g = {float(gate):g}": [(x.mean(), x.min(), x.max()) for x in np.array(seeds).T] for gate, seeds in measured["ages"].items()}
for name, rows in curves.items():
    told_since = "".join(f"  {low}–{high - 1}: {row[0]:.0%}" for (low, high), row in zip(limits, rows))
    in_all = sum(row[0] * (high - low) for (low, high), row in zip(limits, rows))
    print(f"{name:<8} {in_all:3.0f} of 256 in all (4 by guessing); by pairs told since {told_since}")
plots.bands([(low + high) / 2 for low, high in limits], curves, x_label="pairs told since the one asked for", y_label="questions answered right", log="x")

# %% [markdown] name="ages-after"
r"""
A state that keeps everything holds the first pair as badly as the last. With $g = 0.9$ nine of ten among the last eight are right, and what lies some thirty pairs back is gone. With 0.98 as much is remembered as without a gate, only other pairs; with 0.9 less. A gate that is computed from the word can shut out what does not matter, which a constant cannot.

## What breaks it

The divisor is a sum of products of features. If features may have either sign, it may come close to zero.
"""

# %% name="breaks"
x, y, v = torch.randn(3, 1000, 8).unbind(0)
for name, feature in {"elu + 1": phi, "x itself": lambda x: x}.items():
    output = linear.linear_attention(feature(x), feature(y), v)
    print(f"{name:<9} largest output {output.abs().max():10.2f}, where the largest value is {v.abs().max():.2f}")

# %% [markdown] name="next"
r"""
An average of values cannot be larger than the largest of them; the second one is no average. Whoever wants signed features drops the divisor, as the gated forms do.

And a state is a sum that gets longer and longer, which is a danger in half precision. In bfloat16 one added to 256 is 256.
"""

# %% name="half" tags=["nbval-check-output"]
total = torch.zeros((), dtype=torch.bfloat16)
for _ in range(1000):
    total = total + 1
print("a thousand ones in bfloat16:", total.item())

# %% name="half-error"
tensors = [torch.randn(2000, 16).bfloat16() for _ in range(3)]
exact, half = (LinearAttention()(*(x.to(kind) for x in tensors), causal=True)[0] for kind in (torch.float64, torch.bfloat16))
error = (half - exact).square().mean().sqrt() / exact.square().mean().sqrt()
print(f"the package's, which sums in float32 and rounds at the end: {error:.2%} off from float64 after rounding its inputs alike")
assert error < 0.02

# %% [markdown] name="where-next"
r"""
## Where to go next

In the [exercises](exercises/18_linear_and_low_rank.ipynb) you carry a state from chunk to chunk, and let it correct what it holds instead of only adding. One may also mix both kinds of layer, many with a state and a few with a cache, as Jamba does (Lieber and others 2024). Two questions are left. Can one find the few keys that matter without looking at all of them (**19 · Hashing**)? And how far does one get with exact attention, computed with care (**20 · Exact and cheaper**)?

### Sources

Katharopoulos, Vyas, Pappas, Fleuret: Transformers are RNNs: fast autoregressive transformers with linear attention. ICML 2020, [arXiv:2006.16236](https://arxiv.org/abs/2006.16236) · Wang, Li, Khabsa, Fang, Ma: Linformer: self-attention with linear complexity. 2020, [arXiv:2006.04768](https://arxiv.org/abs/2006.04768) · Choromanski and others: Rethinking attention with Performers. ICLR 2021, [arXiv:2009.14794](https://arxiv.org/abs/2009.14794) · Schlag, Irie, Schmidhuber: Linear transformers are secretly fast weight programmers. ICML 2021, [arXiv:2102.11174](https://arxiv.org/abs/2102.11174) · Peng, Pappas, Yogatama, Schwartz, Smith, Kong: Random feature attention. ICLR 2021, [arXiv:2103.02143](https://arxiv.org/abs/2103.02143) · Sun and others: Retentive network: a successor to Transformer for large language models. 2023, [arXiv:2307.08621](https://arxiv.org/abs/2307.08621) · Gu, Dao: Mamba: linear-time sequence modeling with selective state spaces. COLM 2024, [arXiv:2312.00752](https://arxiv.org/abs/2312.00752) · Dao, Gu: Transformers are SSMs: generalized models and efficient algorithms through structured state space duality. ICML 2024, [arXiv:2405.21060](https://arxiv.org/abs/2405.21060) · Yang, Wang, Shen, Panda, Kim: Gated linear attention transformers with hardware-efficient training. ICML 2024, [arXiv:2312.06635](https://arxiv.org/abs/2312.06635) · Lieber and others: Jamba: a hybrid Transformer-Mamba language model. 2024, [arXiv:2403.19887](https://arxiv.org/abs/2403.19887) · Arora, Eyuboglu, Timalsina, Johnson, Poli, Zou, Rudra, Ré: Zoology: measuring and improving recall in efficient language models. ICLR 2024, [arXiv:2312.04927](https://arxiv.org/abs/2312.04927) · Arora, Eyuboglu, Zhang, Timalsina, Alberti, Zinsley, Zou, Rudra, Ré: Simple linear attention language models balance the recall-throughput tradeoff. ICML 2024, [arXiv:2402.18668](https://arxiv.org/abs/2402.18668) · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese
"""
