# %% [markdown] name="title"
r"""
# 11 · Positions

**How does attention know what comes first?**

It does not. You see that first, and mend it in six ways, each in a few lines. A causal mask turns out to bring in some order by itself. Then models learn from short texts, with each of the six and with none, and read texts four times as long. Which of them can?

You need lessons 01, 02 and 10. It takes about fifty minutes, of which the machine needs one.
"""

# %% name="imports"
import copy
import math

import numpy as np
import torch

from attention_course import claims, device, plots, positions, results
from attention_course.data import docstrings
from attention_course.data.vocabulary import Vocabulary
from attention_course.functional import masked_softmax
from attention_course.lessons.lesson_11.length_panels import length_panels
from attention_course.masks import causal_mask
from attention_course.models.transformer import Config, TransformerDecoder, TransformerEncoder
from attention_course.training import sequence_loss, train
from attention_course.widgets import explore, predict

device.use_threads(1)

# %% [markdown] name="by-hand"
r"""
## Two sentences, one set

*The cat sat on the mat. The mat sat on the cat.* Describe each word by how much of a noun and how much of a verb it is, numbers made up as usual: *the* (0, 0), *cat* (2, 0), *sat* (0, 2), *on* (0, 1), *mat* (1, 0). Let every word ask all others by a plain dot product.

In the first sentence *cat* scores 4 with itself, 2 with *mat*, and 0 with the four others. So its weights are $e^4 : e^2 : 1 : 1 : 1 : 1$, which is 0.83 for itself and 0.11 for *mat*. In the second sentence it meets the same six words, and 4, 2, 0, 0, 0, 0 are added up in another order. That changes no sum.
"""

# %% name="two-sentences" tags=["nbval-check-output"]
numbers = {"the": [0, 0], "cat": [2, 0], "sat": [0, 2], "on": [0, 1], "mat": [1, 0]}
first, second = "the cat sat on the mat".split(), "the mat sat on the cat".split()


def self_attention(x):
    return (x @ x.T).softmax(-1) @ x


for sentence in (first, second):
    contexts = self_attention(torch.tensor([numbers[word] for word in sentence]).float())
    print("  ".join(f"{word} ({c[0]:.2f}, {c[1]:.2f})" for word, c in zip(sentence, contexts)))

# %% [markdown] name="equivariant-text"
r"""
Every word comes out as it did, wherever it stands. Write a change of order as a matrix $P$ with a single 1 in each row and column. The scores of $PX$ are those of $X$ with rows and columns reordered, softmax works within a row, and so

$$\mathrm{Attention}(P X) = P \, \mathrm{Attention}(X) .$$

Such a function is called *equivariant*. It is often said that attention is permutation *invariant*; that is what its answer to one query from outside is, as in lesson 01. Matrices for queries, keys and values, norms and feed-forward networks change nothing, since they treat each word alone. Nor do several heads, each of which is such an attention. Here is a whole encoder of two layers, as lesson 12 will build it. Words come to it as numbers: 1 is *the*, 2 *cat*, 3 *sat*, 4 *on*, 5 *mat*.
"""

# %% name="encoder"
device.seed_everything(0)
encoder = TransformerEncoder(10, Config(size=16, heads=4, hidden=32, layers=2, dropout=0.0, positions=None))
ids = torch.tensor([[1, 2, 3, 4, 1, 5]])  # the cat sat on the mat
swapped = [0, 5, 2, 3, 4, 1]  # where each word of "the mat sat on the cat" stands in it
assert torch.allclose(encoder(ids[:, swapped])[0], encoder(ids)[0][:, swapped], atol=1e-5)

# %% [markdown] name="order-text"
r"""
## Telling the order

So order has to be told. It can be written into the words, or into the scores. Each way below is a function that gives the scores of the words `x`, one a row, which stand at `places`. We begin with the one that knows nothing: queries, keys, one head of 16 numbers.

| | is | shape |
|---|---|---|
| `x` | the words | (L, E) |
| `places` | where they stand, in text $p$ | (L,) |
| $q_i$, $k_j$ | the query of word $i$, the key of word $j$; a head has size $D$, here $D = E = 16$ | (D,) |
| $j - i$ | the distance from query to key, negative where the key comes earlier | (L, L) |
| $\omega_m$ | how far clock hand $m$ turns from one place to the next, in radians; $m$ counts from 0 | (E / 2,) |

(The survey that numbers our equations says nothing of positions, so those below have no numbers.)
"""

# %% name="none"
SIZE = 16
device.seed_everything(0)
W_Q, W_K = torch.randn(2, SIZE, SIZE) / SIZE**0.5
x = torch.randn(6, SIZE)
here = torch.arange(6)


def none(x, places):
    return (x @ W_Q.T) @ (x @ W_K.T).T / SIZE**0.5  # W_Q x and W_K x, a row for each word

# %% [markdown] name="clock-text"
r"""
### Clock hands: sinusoidal positions

Give every place a vector, and add it to the word that stands there. Which vector? The hand of a clock says what time it is by two numbers, its sine and cosine. One hand that turns by one radian a place is back near its start after six places. So a clock has a slower hand, and Vaswani and others (2017) take many, each slower than the one before by the same factor. At place $p$, hand $m$ of $E/2$ stands at

$$\big(\sin(p\,\omega_m),\ \cos(p\,\omega_m)\big), \qquad \omega_m = 10000^{-2m/E} .$$
"""

# %% name="sinusoidal"
def sinusoids(places, size):
    rates = 10_000 ** (-torch.arange(0, size, 2) / size)  # one a hand
    angles = places[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)  # (places, size)


def sinusoidal(x, places):
    return none(x + sinusoids(places, SIZE), places)


assert torch.allclose(sinusoids(torch.arange(100), 32), positions.sinusoidal.sinusoids(torch.arange(100), 32), atol=1e-5)

# %% [markdown] name="move-text"
r"""
Why hands and not, say, the number of the place? To go $n$ places on, hand $m$ turns by $n\,\omega_m$, from wherever it stands. Turning is a linear map. So one matrix moves *every* place by $n$. And since turning both changes no product, the product of two places depends on their distance alone.
"""

# %% name="move"
def move(n, size):  # hand after hand, the matrix that turns it
    blocks = []
    for rate in 10_000 ** (-np.arange(0, size, 2) / size):
        sin, cos = math.sin(n * rate), math.cos(n * rate)
        blocks.append(torch.tensor([[cos, sin], [-sin, cos]]))
    return torch.block_diag(*blocks)


table = sinusoids(torch.arange(128), 32)
assert torch.allclose(table[:-3] @ move(3, 32).T, table[3:], atol=1e-4)
products = table @ table.T
assert torch.allclose(products.diagonal(20), products[0, 20].expand(108), atol=1e-4)

# %% name="table-figure"
figure = plots.Picture((8.6, 3.2))
left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
left.imshow(table.T, cmap="Greys", vmin=-1, vmax=1, aspect="auto", interpolation="nearest")
left.set(xlabel="place", ylabel="number (sine, cosine, sine, ...)", title="The table: white -1, black 1")
right.plot(range(-64, 64), products[64], color="#2a598c")
right.set(xlabel="places away", ylabel="product", title="Products with place 64")
figure.alt = f"Sines and cosines of 128 places as stripes that widen downwards; the product of place 64 with others falls from {products[64, 64]:.0f} at distance 0 to {products[64, 0]:.1f} at 64, in waves, alike on both sides."
figure

# %% [markdown] name="three-back-text"
r"""
On the right, a place is most like itself. So let $W^Q$ be the matrix that moves by $-3$, $W^K$ the identity, and leave the words out altogether. (The factor 4 makes the weights sharper.) From the fourth word on, each asks the one three places back; the first three have none there and make do.
"""

# %% name="three-back"
words = "the cat sat on the mat and the dog sat by it".split()
places = table[:12]
looks_back = (4 * (places @ move(-3, 32).T) @ places.T).softmax(-1)
assert torch.equal(looks_back[3:].argmax(-1), torch.arange(9))
plots.attention_map(looks_back, words, words, query_label="asks", key_label="is asked")

# %% [markdown] name="learned-text"
r"""
### A table: learned positions

Or make the vectors parameters and let training find them, as Gehring and others (2017) did before, and BERT and GPT after. Its limit is plain: beyond the last row there is nothing.
"""

# %% name="learned"
rows = torch.randn(64, SIZE)  # to be trained


def learned(x, places):
    return none(x + rows[places], places)


try:
    positions.LearnedPositions(SIZE, max_length=64)(torch.zeros(1, 65, SIZE))
except positions.SequenceTooLong as error:
    print("SequenceTooLong:", error)

# %% [markdown] name="distance-text"
r"""
### Only distances: Shaw, T5, ALiBi

What a sentence means does not hang on whether it begins at place 3 or at place 300. The next three leave the words alone and add to the score something that depends on the distance $j - i$ from the query to the key. What they differ in is how much they learn.

Shaw, Uszkoreit and Vaswani (2018) learn a vector $a_{j-i}$ for every distance up to a farthest one, beyond which all share the last. It joins the key, $q_i \cdot (k_j + a_{j-i})$. (A second one joins the value; it is in the package, and left out here.)
"""

# %% name="shaw"
FARTHEST = 4
vectors = torch.randn(2 * FARTHEST + 1, SIZE)  # to be trained


def distances(places):
    return places[None] - places[:, None]  # [i, j]: from query i to key j, negative where it comes earlier


def shaw(x, places):
    a = vectors[distances(places).clamp(-FARTHEST, FARTHEST) + FARTHEST]  # (L, L, size)
    return none(x, places) + torch.einsum("id,ijd->ij", x @ W_Q.T, a) / SIZE**0.5

# %% [markdown] name="t5-text"
r"""
In T5, Raffel and others (2020) learn one number for each distance and head. To need few, they put distances into buckets: near ones have a bucket each, far ones share, in steps that grow with the logarithm.
"""

# %% name="t5"
def bucket(distance, buckets=32, max_distance=128):
    half, exact = buckets // 2, buckets // 4  # half of them for earlier keys, half for later ones
    far = distance.abs()
    grown = exact + ((far.clamp(min=1) / exact).log() / math.log(max_distance / exact) * (half - exact)).long()
    return torch.where(far < exact, far, grown.clamp(max=half - 1)) + half * (distance > 0)


biases = torch.randn(32)  # to be trained


def t5(x, places):
    return none(x, places) + biases[bucket(distances(places))]


assert torch.equal(bucket(torch.arange(-500, 500)), positions.t5.bucket(torch.arange(-500, 500)))

# %% [markdown] name="alibi-text"
r"""
ALiBi learns nothing (Press, Smith and Lewis 2022). Each head loses in proportion to the distance, and the slopes of the heads are fixed: $\frac12, \frac14, \dots, \frac1{256}$ where there are eight. So a steep head leans to its neighbours, while to a flat one distance matters little.
"""

# %% name="alibi"
def slopes(heads):  # for a power of two
    return 2.0 ** (-8 * torch.arange(1, heads + 1) / heads)


def alibi(x, places, slope=1 / 256):  # 1/256 is the slope of the flattest head, and of an only one
    return none(x, places) - slope * distances(places).abs()


assert torch.allclose(slopes(8), positions.alibi.slopes(8))

# %% [markdown] name="rotary-text"
r"""
### Turned vectors: rotary positions

The last one goes back to the clock. Instead of adding a hand to the word, Su and others (2021) turn the word: the numbers of each query and each key are taken as pairs, and pair $m$ of a query $q$ at place $p$ becomes

$$\begin{pmatrix} \cos p\,\omega_m & -\sin p\,\omega_m \\ \sin p\,\omega_m & \cos p\,\omega_m \end{pmatrix} \begin{pmatrix} q_{2m} \\ q_{2m+1} \end{pmatrix}, \qquad \omega_m = 10000^{-2m/D},$$

now with $D$, since it happens inside a head. Turn a query by $p$ steps and a key by $r$, and the angle between them has changed by $p - r$ steps. Nothing else is left of $p$ and $r$ in their product.
"""

# %% name="rotary"
def turn(x, places):
    table = sinusoids(places, x.shape[-1])
    sin, cos = table[:, 0::2], table[:, 1::2]
    even, odd = x[:, 0::2], x[:, 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], -1).flatten(1)


def rotary(x, places):
    return turn(x @ W_Q.T, places) @ turn(x @ W_K.T, places).T / SIZE**0.5


assert torch.allclose(turn(x, here), positions.rotary.rotate(x, here), atol=1e-6)

# %% [markdown] name="explore-text"
r"""
Here is one pair of a query and of a key: on the left at the places you choose, on the right with both eight places later. The arrows on the right have gone round, and the product is the same. Move the key and both products change.
"""

# %% name="explorer"
def look(query_place, key_place):
    figure = plots.Picture((6.8, 3.4))
    for ax, later in zip(figure.subplots(1, 2), (0, 8)):
        at = torch.tensor([query_place, key_place]) + later
        pairs = turn(torch.tensor([[1.0, 0.4], [0.8, 0.9]]), at)
        for (a, b), name, style in zip(pairs.tolist(), ("query", "key"), ("-", "--")):
            ax.annotate("", (a, b), (0, 0), arrowprops={"arrowstyle": "->", "linewidth": 2, "linestyle": style})
            ax.annotate(name, (1.25 * a, 1.15 * b), ha="center", va="center")
        ax.set(aspect="equal", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), xlabel="first number", ylabel="second number")
        ax.set_title(f"query at {at[0]}, key at {at[1]}: product {pairs[0] @ pairs[1]:.2f}", fontsize=10)
    figure.alt = "Arrows of a query and a key. " + "; ".join(ax.get_title() for ax in figure.axes) + "."
    return figure


explore(look, query_place=(0, 12, 3), key_place=(0, 12, 1))

# %% [markdown] name="score-board-text"
r"""
## What each of them knows

Three questions to each: Does *cat* get something else when cat and mat change places? Do the weights change when the sentence begins at place 20? Has it an answer when the last word stands at place 1000?
"""

# %% name="score-board"
def change(a, b):
    return f"{(a - b).abs().max():.3f}"


print(f"{'':<11} cat gets another answer   begins at 20   last at 1000")
for scores in (none, sinusoidal, learned, shaw, t5, alibi, rotary):
    weights = scores(x, here).softmax(-1)
    cat = (weights @ x)[1]  # it is the second word, and the sixth when swapped
    moved_cat = (scores(x[swapped], here).softmax(-1) @ x[swapped])[5]
    try:
        far = "yes" if scores(x, torch.tensor([0, 1, 2, 3, 4, 1000])).isfinite().all() else "no"
    except IndexError:
        far = "no"
    print(f"{scores.__name__:<11} {change(cat, moved_cat):>23} {change(weights, scores(x, here + 20).softmax(-1)):>14} {far:>14}")

# %% [markdown] name="score-board-after"
r"""
Two families. What is added to the words is *absolute*: the weights change with where the sentence stands. The other four are *relative* and cannot see it. An absolute scheme has to learn that a phrase means the same everywhere; a relative one has it built in. (At place 1000, T5 and Shaw answer with what they have for their farthest distance.)

Why are sinusoids absolute, when the product of two places depends on their distance alone? Because they are added before the matrices. With $s_p$ for the vector of place $p$, the score of the words at $p$ and $r$ is

$$\big(W^Q (x_p + s_p)\big)^\top\, W^K (x_r + s_r) ,$$

which is four terms: word with word, word with place, place with word, place with place. The two mixed ones contain $p$ or $r$ alone. And even the last is a matter of $p - r$ only for matrices as special as those of the figure above.
"""

# %% [markdown] name="mask-text"
r"""
## What a mask tells

A causal model, which writes, lets every word look at itself and those before it. Drop all positions and keep the mask. Is it blind? Put a full stop (number 6) at the end of our two sentences, and compare what the model expects next.
"""

# %% name="guess-mask"
guess_mask = predict(
    "A causal mask and no positions: does the model expect the same after both sentences?",
    ["the same, with one layer and with two", "the same with one layer, something else with two", "something else with one layer and with two"],
)

# %% name="mask"
both = torch.tensor([[1, 2, 3, 4, 1, 5, 6], [1, 5, 3, 4, 1, 2, 6]])  # the cat sat on the mat . / the mat sat on the cat .
differ = {}
for layers in (1, 2):
    device.seed_everything(0)
    model = TransformerDecoder(10, Config(size=16, heads=4, hidden=32, layers=layers, dropout=0.0, positions=None))
    after_stop = model(both)[0][:, -1].detach()  # scores of the next word, after either sentence
    differ[layers] = float((after_stop[0] - after_stop[1]).abs().max())
    print(f"{layers} layer{'s' * (layers > 1)}: the two differ by {differ[layers]:.6f}")
assert differ[1] < 1e-5 and differ[2] > 1e-3

# %% name="reveal-mask" jupyter={"source_hidden": true}
guess_mask.reveal("the same with one layer, something else with two", "With one layer the full stop looks at a set of bare words. With two it looks at words each of which has looked at those before itself.")

# %% [markdown] name="mask-after"
r"""
In the first layer the full stop sees a bag of words, for the mask hides nothing from the last. But *cat* as second word has seen one other, and as sixth word five: after one layer it is not the same *cat*. The second layer looks at these.

A word can even count. Let the first word be marked, say as the start of the text, with value 1, and all others have value 0. If the word at place $i$ looks at all $i$ words evenly, it gets $1/i$.
"""

# %% name="count"
marked = torch.tensor([1.0, 0, 0, 0, 0, 0])
even = torch.ones(6, 6).tril()
even /= even.sum(-1, keepdim=True)  # each row: 1/i for the first i words
print("what comes back:", "  ".join(f"{c:.3f}" for c in even @ marked))
print("without a mark: ", "  ".join(f"{c:.3f}" for c in even @ torch.ones(6)))

# %% [markdown] name="docstrings-text"
r"""
So the mask brings in order, given a second layer, and places, given a mark. Without a mark six equal words stay equal, as the last line shows. Haviv and others (2022) found language models without any positions competitive with those that have them.

## At work

There is a text on every machine with Python: the docstrings of its standard library. Small causal models of two layers read pieces of 64 characters, and learn to predict each next one. A piece begins anywhere, often in the middle of a word, and nothing marks its start.
"""

# %% name="data"
characters = Vocabulary(docstrings.text("train"))
learning, unseen = (characters.encode(docstrings.text(part)) for part in ("train", "test"))
examples = [([], piece) for piece in docstrings.pieces(learning, 64)]  # (source, target), and there is no source
print(f"{len(learning):,} characters to learn from, {len(unseen):,} unseen, {len(characters)} different ones")
print(repr("".join(characters.decode(examples[100][1]))))

# %% name="train"
BUDGET = 250_000  # characters to predict


def next_character(model, _, text):
    return sequence_loss(model(text[:, :-1])[0], text[:, 1:])


def trained(**scheme):
    device.seed_everything(0)
    model = TransformerDecoder(len(characters), Config(size=64, heads=4, hidden=256, layers=2, dropout=0.0, positions=None, **scheme))
    train(model, examples, target_tokens=BUDGET, batch_tokens=1024, learning_rate=4e-3, loss=next_character)
    return model


live = {"none": trained(), "rotary": trained(attend=positions.RotaryAttention), "ALiBi": trained(attend=lambda: positions.AlibiAttention(4))}

# %% name="guess-beyond"
measured = results.load("11_positions")
guess_beyond = predict(
    "Rotary scores depend on distance alone. Trained on 64 characters, the model reads 256. Does it predict better, having more to go by?",
    ["yes, better", "as well as before", "no, worse"],
)

# %% [markdown] name="live-text"
r"""
The test asks for the same characters twice: with 48 to 63 characters before them, as in training, and with 240 to 255.
"""

# %% name="live"
windows = torch.tensor(docstrings.pieces(unseen[:6_000], 256, 16))


@torch.no_grad()
def loss_of_last(model, length, windows=windows):  # of the last 16 of each window, read from `length` characters before its end
    logits = torch.cat([model(part[:, -length - 1 : -1])[0][:, -16:] for part in windows.split(4)])
    return sequence_loss(logits, windows[:, -16:]).item()


found = {name: [loss_of_last(model, length) for length in (64, 256)] for name, model in live.items()}
for name, (near, far) in found.items():
    print(f"{name:<7} {near:.2f} nats a character as in training, {far:.2f} with four times as much before them")
assert found["rotary"][0] < found["none"][0] - 0.1 and found["rotary"][1] > found["rotary"][0] + 0.1
assert found["ALiBi"][1] < found["ALiBi"][0] + 0.1

# %% [markdown] name="far-text"
r"""
Where does a character look that has 255 before it? Here are the weights of the last one, a mean over layers, heads and windows, summed over 16 places each. Beyond the line at 64 lie three quarters of what it can see.
"""

# %% name="far"
@torch.no_grad()
def weight_by_distance(model, windows=windows[::16]):
    maps = torch.stack(model(windows[:, :-1], need_weights=True)[1].self_attention)  # (layers, B, heads, L, S)
    return maps[..., -1, :].flip(-1).mean((0, 1, 2)).view(-1, 16).sum(-1)


looks = {name: weight_by_distance(live[name]) for name in ("rotary", "ALiBi")}
for name, weights in looks.items():
    print(f"{name}: {weights[4:].sum():.0%} of the weight lies farther back than training ever looked")

# %% name="far-figure"
figure = plots.Picture((7.4, 3.2))
ax = figure.add_subplot(xlabel="places back", ylabel="weight on 16 places", xticks=range(0, 257, 64))
ax.axvline(64, color="#888888", linewidth=1)
for (name, weights), colour, dash in zip(looks.items(), ("#2a598c", "#c4622d"), ("-", "--")):
    ax.plot(range(8, 256, 16), weights, dash, color=colour, linewidth=2, label=name)  # at the middle of each 16
ax.legend(frameon=False, loc=(0.27, 0.75))
figure.alt = "Weight by distance: " + "; ".join(f"{name} {weights[0]:.2f} on the nearest 16 places, {weights[7]:.2f} at 112 to 127, "
                                                f"{weights[11]:.2f} at 176 to 191, {weights[15]:.2f} at 240 to 255" for name, weights in looks.items())
figure

# %% [markdown] name="shapes-text"
r"""
ALiBi's weight thins out, though it need not: a score can outweigh the slope of a flat head. Rotary's comes back, in two heaps, and keeps nearly as much beyond the line as if it were spread evenly. What does distance do in these schemes, to the left of the line, where training saw it, and to the right?
"""

# %% name="shapes-figure"
away = torch.arange(0, 257)
shapes = {
    "Rotary: cosine of the angle": {f"m = {m}": (away * 10_000 ** (-2 * m / SIZE)).cos() for m in (2, 3, 4)},
    "T5: bucket (farthest 32)": {"": bucket(-away, max_distance=32)},
    "ALiBi: added to the score": {f"1/{1 / slope:g}": -slope * away for slope in slopes(2)},
}
figure = plots.Picture((9.4, 2.7))
panels = figure.subplots(1, 3)
for ax, (title, curves) in zip(panels, shapes.items()):
    ax.axvline(64, color="#888888", linewidth=1)
    for (name, y), dash in zip(curves.items(), ["-", "--", "-."]):
        ax.plot(away, y, dash, color="#2a598c")
        ax.annotate(name, (256, y[-1]), (3, 0), textcoords="offset points", va="center", fontsize=9)
    ax.set_title(title, loc="left", fontsize=10)
    ax.set(xlabel="places back", xlim=(0, 320 if any(curves) else 256), xticks=range(0, 257, 64))
panels[1].set_yticks(range(0, 16, 5))
figure.alt = ". ".join(f"{title}, " + ", ".join(f"{name} {y[0]:.1f} at 0, {y[64]:.1f} at 64 and {y[-1]:.1f} at 256 places back" for name, y in curves.items())
                       for title, curves in shapes.items())
figure

# %% [markdown] name="held-text"
r"""
To the right of the line T5 and ALiBi go on with what they gave before, or with more of it. The rotary pairs turn on, and which of them bring the heaps? Pair $m = 2$ needs $2\pi \cdot 10000^{4/16} \approx 63$ places for a round, so that training has seen all its angles. Pair 3 needs $2\pi \cdot 10000^{6/16} \approx 199$. So let some pairs turn no farther than in training: beyond 63 places they stay at their angle for 63.
"""

# %% name="held"
class Held(torch.nn.Module):
    """Rotary attention in which some pairs turn no farther than at 63 places."""

    def __init__(self, pairs):
        super().__init__()
        self.pairs = pairs

    def forward(self, Q, K, V, mask=None, causal=False, need_weights=True):
        back, scores = -distances(torch.arange(Q.shape[-2])), 0
        for m in range(Q.shape[-1] // 2):
            angles = back.clamp(max=63 if m in self.pairs else None, min=0) * 10_000 ** (-2 * m / Q.shape[-1])
            q, k = Q[..., 2 * m : 2 * m + 2], K[..., 2 * m : 2 * m + 2]
            across = q[..., :1] * k.mT[..., 1:, :] - q[..., 1:] * k.mT[..., :1, :]
            scores = scores + (q @ k.mT) * angles.cos() + across * angles.sin()  # turned by the angle, then multiplied
        weights = masked_softmax(scores / Q.shape[-1] ** 0.5, causal_mask(Q.shape[-2]))  # it is a decoder's
        return weights @ V, weights

# %% name="held-losses"
plain, at_256, quarter = copy.deepcopy(live["rotary"]), {}, windows[::4]  # a quarter is enough here
for name, pairs in {"none": (), "0, 1, 2": (0, 1, 2), "3": (3,)}.items():
    for block in plain.blocks:
        block.self_attention.attend = Held(pairs)
    at_256[name] = loss_of_last(plain, 256, quarter)
    print(f"held: {name:<8} {at_256[name]:.2f} nats a character, {weight_by_distance(plain, quarter[::16])[4:].sum():.0%} of the weight beyond 64")
print(f"as in training: {loss_of_last(live['rotary'], 64, quarter):.2f}")
assert abs(at_256["none"] - loss_of_last(live["rotary"], 256, quarter)) < 1e-3
assert at_256["3"] < min(at_256["none"], at_256["0, 1, 2"])

# %% [markdown] name="held-after"
r"""
To hold the pairs whose angles training has seen does harm. To hold pair 3 alone mends most of the damage: it is the angles that were never met, though to a scheme of distances each of them is only a distance.
"""

# %% [markdown] name="experiment-text"
r"""
Beforehand we trained two layers with each of the six schemes and with none, from three random starts, on four times as many characters. The learned table got 256 rows, so that there is something to add after the 64th: rows that no training has touched. Shaw's farthest distance was 16 and T5's 32, so that training met every vector and every bucket. Each panel has a line for each start. The dashed line goes on at the height reached with 48 to 63 characters before, all that training ever gave.
"""

# %% name="experiment"
print(measured.provenance)
length_panels(measured["ends"], measured["loss"], x_label="characters read (each point is the mean of the last 16 places; at every point the same characters)",
             y_label="nats a character", mark=64, mark_label="trained up to here")

# %% name="reveal-beyond" jupyter={"source_hidden": true}
rises = measured["rise"]["rotary"]
guess_beyond.reveal("yes, better" if max(rises) < -0.02 else "no, worse" if min(rises) > 0.02 else "as well as before",
                    f"Its loss with 240 to 255 characters before, less that with 48 to 63, in three trainings: {', '.join(f'{rise:+.2f}' for rise in rises)} nats a character.")

# %% name="experiment-numbers"
print(f"{'':<19}{'48 to 63 before':>18}{'240 to 255':>20}{'looking back 64':>20}")
for name, seeds in measured["loss"].items():
    columns = [seed[3] for seed in seeds], [seed[-1] for seed in seeds], [seed[-1] for seed in measured["near"][name]]
    print(f"{name:<19}" + "".join(f"{'  '.join(f'{loss:.2f}' for loss in column):>{width}}" for column, width in zip(columns, (18, 20, 20))))
for name, seeds in measured["loss_one_layer"].items():
    print(f"{name + ', one layer':<19}{'  '.join(f'{seed[3]:.2f}' for seed in seeds):>18}{'  '.join(f'{seed[-1]:.2f}' for seed in seeds):>20}")
assert all(min(seed[4:]) > seed[3] for seeds in measured["loss"].values() for seed in seeds)  # no gain beyond 64

# %% [markdown] name="experiment-after"
r"""
All that follows is about small models trained on 64 characters of docstrings.

Left of the line, order pays: without positions they lose about half a nat a character, and with one layer instead of two a little more. The mask brings order to the second layer, but our models make little of it: one layer with rotary positions is far ahead of two with none. Among the six, rotary and Shaw's are ahead, and the learned table comes last, though its rows begin as large as the embeddings.

Right of the line the order changes. Sinusoidal and learned positions break within the first 16 places that training has not seen. Vaswani and others chose sinusoids because they might carry over to longer texts than those in training; here they do not. Rotary ones hold on for a while and then break as badly, though no place is known to them, and end worse than no positions at all. Being relative is not enough: a distance can be as strange as a place. The last column bears it out. Keep every query from looking farther back than in training, and rotary is what it was, at any place. The absolute ones stay broken.

T5 meets no strange distance, since all from 32 on share a bucket. It loses a little with every place all the same, and next to nothing when it looks back 64. So it is probably the number of keys: each far one has a small weight, and there are more and more of them. Shaw's suffers less. ALiBi hardly loses at all, probably because what is farther counts for less.

In none of the trainings is the loss anywhere beyond 64 below that at 64. The schemes that hold gain nothing from what lies far back.
"""

# %% name="claim-order"
claims.verdict("order-has-to-be-supplied")

# %% [markdown] name="claim-order-after"
r"""
The verdict is about the second half of the sentence, and measures it by what positions are worth to a causal model. The first half needs a word. Self-attention is equivariant, as the two sentences showed, and its answer to one query from outside is invariant. With a causal mask it is neither: some order comes in by itself, and positions are a help. How large a help depends on the model. Haviv and others found little, with far larger ones; Kazemnejad and others (2023) found models without positions to be the best at going beyond the training length, in tasks of reasoning and arithmetic. Ours are not, on these texts.
"""

# %% name="claim-long"
claims.verdict("positions-fail-on-long-sequences")

# %% [markdown] name="claim-long-after"
r"""
Four of six lose: sinusoidal, learned, T5 and rotary. That is a count at four times the training's length, and no proof that the problem is unsolved; the other two show that reading on can be had. But they read on without gaining from it.
"""

# %% name="claim-alibi"
claims.verdict("alibi-extrapolates")

# %% [markdown] name="next"
r"""
## Where to go next

In the [exercises](exercises/11_positions.ipynb) you turn vectors in the layout of LLaMA, write Shaw's scores without a large array and T5's buckets for a writer, and squeeze the places of a long text into those of the training, as is done with large rotary models (five problems, about forty minutes). All that the Transformer needs is now there: lesson 12 puts it together. The window that saved the rotary model comes back in lesson 17, where it also saves time.

### Sources

Vaswani et al.: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762), section 3.5 · Gehring, Auli, Grangier, Yarats, Dauphin: Convolutional sequence to sequence learning. ICML 2017, [arXiv:1705.03122](https://arxiv.org/abs/1705.03122) · Shaw, Uszkoreit, Vaswani: Self-attention with relative position representations. NAACL 2018, [arXiv:1803.02155](https://arxiv.org/abs/1803.02155) · Raffel et al.: Exploring the limits of transfer learning with a unified text-to-text transformer. JMLR 21 (2020), [arXiv:1910.10683](https://arxiv.org/abs/1910.10683) · Su, Lu, Pan, Murtadha, Wen, Liu: RoFormer: enhanced transformer with rotary position embedding. 2021, [arXiv:2104.09864](https://arxiv.org/abs/2104.09864) · Press, Smith, Lewis: Train short, test long: attention with linear biases enables input length extrapolation. ICLR 2022, [arXiv:2108.12409](https://arxiv.org/abs/2108.12409) · Haviv, Ram, Press, Izsak, Levy: Transformer language models without positional encodings still learn positional information. Findings of EMNLP 2022, [arXiv:2203.16634](https://arxiv.org/abs/2203.16634) · Kazemnejad, Padhi, Natesan Ramamurthy, Das, Reddy: The impact of positional encoding on length generalization in transformers. NeurIPS 2023, [arXiv:2305.19466](https://arxiv.org/abs/2305.19466) · Chen, Wong, Chen, Tian: Extending context window of large language models via positional interpolation. 2023, [arXiv:2306.15595](https://arxiv.org/abs/2306.15595) · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese
"""
