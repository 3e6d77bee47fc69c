# %% [markdown] name="title"
r"""
# 06 · Image captioning

**How does a caption know where to look?**

A decoder that looks back over a sentence does not care that it is a sentence. It needs vectors to average, and asks no question about where they came from. Xu and others (2015) gave it the regions of a picture instead of the words of a sentence, and it learned to say what it sees, one look a word. In this lesson you put a picture in the place of the sentence, train a captioner on small scenes, and measure whether it looks at what it names: in these scenes we know where everything is.

You need lesson 04. It takes about fifty minutes; the machine needs two or three. Pictures: OpenMoji, CC BY-SA 4.0.
"""

# %% name="imports"
import textwrap

import numpy as np
import torch
from IPython.display import display

from attention_course import claims, device, plots, results
from attention_course.data.scenes import COLOURS, CREDIT, KINDS, Scene, Thing, draw, photos, scenes
from attention_course.data.unavailable import DatasetUnavailable
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.metrics import corpus_bleu, inside, pointing
from attention_course.models.captioner import Album, Captioner, doubly_stochastic
from attention_course.models.efficientnet import pretrained
from attention_course.models.region_features import encode_images, region_features
from attention_course.models.small_encoder import trained_encoder
from attention_course.training import train
from attention_course.widgets import AttentionExplorer, explore, predict

# %% [markdown] name="by-hand"
r"""
## By hand

Cut a picture into four regions, two above and two below. An apple lies in the first, a cat sits in the last, and the other two are empty. Suppose someone has described each region by two numbers, how much *apple* is in it and how much *cat*:

| | |
|:-:|:-:|
| (2, 0) | (0, 0) |
| (0, 0) | (0, 2) |

A decoder is about to write *apple*, and asks with the query (1, 0). Its dot products with the four regions are 2, 0, 0, 0, so the first gets $e^2 / (e^2 + 3)$ of the attention, and each of the others $1 / (e^2 + 3)$. That is lesson 01, and the arithmetic has not noticed that there is a picture.
"""

# %% name="four-regions" tags=["nbval-check-output"]
h = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 2.0]])  # T = 4 regions, row by row
weights = (h @ torch.tensor([1.0, 0.0])).softmax(-1)
print("weights\n", weights.reshape(2, 2).numpy().round(3))
print("context", (weights @ h).numpy().round(3))

# %% [markdown] name="equations"
r"""
Here is section 2.2 of the survey, beside lesson 04's Eqs. (6) to (9). Only the meaning of one letter has changed.

$$p(y_t \mid y_1, \dots, y_{t-1}, x) = g(y_{t-1}, s_t, c_t) \qquad (10)$$

$$e_{ti} = S(h_i, s_{t-1}) \quad (11) \qquad \alpha_{ti} = \frac{\exp(e_{ti})}{\sum_j \exp(e_{tj})} \quad (12) \qquad c_t = \sum_{i=1}^{T} \alpha_{ti} h_i \quad (13)$$

| survey | is | in this lesson |
|---|---|---|
| $x$ | the picture | 160 × 160 pixels |
| $h_i$ | a vector for region $i$, made by a trained convolutional network | $T$ = 100 regions, 192 numbers each |
| $s_t$ | the decoder's state | 256 numbers |
| $y_t$ | word $t$ of the caption | one of about a hundred |
| $\alpha_{ti}$ | how much region $i$ counts for word $t$ | a map of 10 × 10 for every word |

## Scenes

Photographs with captions do not come with a list of where everything is, and to measure where a model looks we need one. So we compose scenes: one to four pictures on a ground, each of 40 kinds in 6 colours, with one caption that is true of it. Two things are said larger first, three with the middle one first.
"""

# %% name="scenes"
known, unseen = scenes(4_000), scenes(500, part="test")  # no caption is in both
figure = plots.Picture((4.9, 2.45))
for ax, scene in zip(figure.subplots(1, 3), unseen):
    ax.imshow(scene.image())
    for left, top, right, bottom in np.array(scene.boxes) * 160:
        ax.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color="#002a48", linewidth=1)
    ax.set(xticks=np.arange(0, 161, 16), yticks=np.arange(0, 161, 16), xticklabels=[], yticklabels=[])
    ax.grid(color="white", linewidth=0.6)
    ax.tick_params(length=0)
    ax.set_title(textwrap.fill(" ".join(scene.words), 28), fontsize=7)
figure.supxlabel(f"boxes, and the borders of the 100 regions. {CREDIT}", fontsize=7)
figure.alt = "Three scenes with their captions, boxes round the things: " + "; ".join(" ".join(scene.words) for scene in unseen[:3])
figure

# %% [markdown] name="encoder"
r"""
## Regions as vectors

The survey's encoder is "a trained CNN". Ours is EfficientNet-Lite0 (Tan and Le 2019), with weights that learned to tell a thousand classes of photographs apart on ImageNet. Its last layer says *one* thing of the whole picture, so we stop at the eleventh block of sixteen, where the picture has become 10 × 10 vectors of 112 numbers. Each has seen its own 16 × 16 pixels and a good deal around them. The network has never seen our drawings, and is not trained any further: its vectors are computed once and kept on disk.
"""

# %% name="features"
device.seed_everything(0)
try:
    encoder = pretrained()
except ImportError:
    print("EfficientNet's weights are not installed here; a small CNN, trained now on single pictures, takes their place.")
    encoder = trained_encoder()
features, unseen_features = region_features(encoder, known), region_features(encoder, unseen)
print(f"{type(encoder).__name__}: {tuple(features.shape)}, (scenes, regions, numbers a region)")

# %% [markdown] name="mechanism-text"
r"""
## The decoder

First, in `encode`, each region's vector goes through one linear layer, and a learned vector for its *place* is added. Without that, a captioner could see an apple and a cat, and not which of them is on the left: a set has no order, as lesson 01 found. Then comes the step of lesson 04. The query joins the state $s_{t-1}$ with the last word $y_{t-1}$, which Eq. (11) does not have; lesson 05 tried the same on sentences.
"""

# %% name="mechanism"
def caption_step(model, previous, state, regions):
    word = model.embedding(previous)  # y_{t-1}: (B, 96)
    query = torch.cat([state, word], -1)
    keys = regions.annotations @ model.score.project_key.weight.T  # W_1 h_i: (B, T, 64)
    energies = torch.tanh(keys + (query @ model.score.project_query.weight.T).unsqueeze(1)) @ model.score.v  # (11)
    weights = energies.softmax(-1)  # (12): (B, T)
    context = (weights.unsqueeze(1) @ regions.annotations).squeeze(1)  # (13): (B, 192)
    state = model.cell(model.cell.from_word(word), context, state)  # s_t
    return model.readout(torch.cat([state, context, word], -1)), state, weights  # (10)


vocabulary = Vocabulary(scene.words for scene in known)
captioner = Captioner(features, len(vocabulary)).eval()
regions, state = captioner.encode(unseen_features[:3])
previous = torch.full((3,), BOS)
for ours, theirs in zip(caption_step(captioner, previous, state, regions), captioner.step(previous, state, regions)):
    assert torch.allclose(ours, theirs, atol=1e-5)

# %% [markdown] name="train-text"
r"""
An `Album` hands the captioner the features of the picture whose number it is told. So a picture can stand where lesson 04 had a sentence, and the same training and the same greedy search will do.
"""

# %% name="train"
WORDS = 400_000  # to predict, all told
examples = [([i], [BOS, *vocabulary.encode(scene.words), EOS]) for i, scene in enumerate(known)]
run = train(Album(captioner, features), examples, target_tokens=WORDS, batch_tokens=256, learning_rate=2e-3)

device.give_back_memory()
album, parts = Album(captioner, unseen_features).eval(), torch.arange(len(unseen)).unsqueeze(1).split(50)  # 50 at once
said = [tuple(vocabulary.decode(row)) for part in parts for row in greedy(album, part, longest=20)[0].tolist()]
exact = sum(a == scene.words for a, scene in zip(said, unseen)) / len(unseen)
print(f"{run.seconds:.0f} s in float32: {exact:.1%} of {len(unseen)} captions exactly right, "
      f"{corpus_bleu(said, [scene.words for scene in unseen])}")
enough = {"EfficientNetLite0": (0.60, 0.88, 0.70), "SmallEncoder": (0.20, 0.70, 0.55)}[type(encoder).__name__]
assert exact > enough[0]

# %% name="by-groups"
for groups in (1, 2, 3):
    some = [a == scene.words for a, scene in zip(said, unseen) if len(scene.names) == groups]
    print(f"scenes with {groups} kind{'s' * (groups > 1)} of thing: {sum(some) / len(some):.0%} of {len(some)} exactly right")
for a, scene in [pair for pair in zip(said, unseen) if pair[0] != pair[1].words][:4]:
    print(f"\n  it is    {' '.join(scene.words)}\n  it said  {' '.join(a)}")

# %% [markdown] name="figure-text"
r"""
"Exactly right" is strict: one wrong colour in thirteen words, and a caption counts as wrong. No unseen caption was in the training.

## One look a word

The survey's Fig. 3 shows a woman throwing a frisbee, and beside her the map of each word. Here is ours. The picture is strongest where the word looked. (The captioner saw it on its own ground; here it is drawn on a plain one.)
"""

# %% name="one-look-a-word"
def told(image):
    """What the captioner says of an image, and the map of each word: (words, 10, 10)."""
    numbers, weights = greedy(Album(captioner, encode_images(encoder, image[None])), torch.tensor([[0]]), longest=20)
    said = vocabulary.decode(numbers[0].tolist())
    return said, weights[0, : len(said)].reshape(-1, 10, 10)


right = [scene for a, scene in zip(said, unseen) if a == scene.words]
shown = next((scene for scene in right if "left" in scene.words and len(scene.things) == 3), unseen[0])
said_of_it, maps_of_it = told(shown.image())
plain = np.full((160, 160, 3), 238, np.uint8)  # a ground on which the maps are easier to see
print(" ".join(said_of_it))
plots.picture_grid(draw(shown.things, plain), maps_of_it, said_of_it)

# %% name="guess-pointing"
guess = predict(
    "Take every noun of the 500 unseen captions. How often does the region with its largest weight lie on the thing it names? "
    "(A region taken at random lies there in fewer than one case in ten.)",
    ["about half of the time", "about three times in four", "more than nine times in ten"],
)

# %% name="pointing"
truth = pad([[BOS, *vocabulary.encode(scene.words)] for scene in unseen])  # the true captions are said
with torch.no_grad():
    maps = torch.cat([album(part, truth[part[:, 0]])[1] for part in parts])  # (scenes, words, regions)
nouns = [(i, position) for i, scene in enumerate(unseen) for position in scene.names]


def pointed(shift=0):  # the map of the word so many places before the noun
    return pointing(torch.stack([maps[i, position - shift] for i, position in nouns]),
                    [unseen[i].named(position) for i, position in nouns], [unseen[i].boxes for i, _ in nouns])


found = pointed()
print(f"the peak is on the thing: {found.rate:.1%} of {len(nouns)} nouns; weight that lies there: {found.mass:.1%}")
print(f"by chance: {found.random_region:.1%} for a region at random, {found.random_thing:.1%} for a thing at random")
assert found.rate > enough[1] and found.mass > enough[2]

# %% name="reveal-pointing" jupyter={"source_hidden": true}
guess.reveal("more than nine times in ten" if found.rate > 0.9 else "about three times in four" if found.rate > 0.63 else "about half of the time",
             f"{found.rate:.0%}. Nobody told it where things are: the only error it was ever shown was that of its words.")

# %% [markdown] name="pointing-text"
r"""
Two numbers are needed, since each can be had cheaply. A map that is nearly even can still have its peak in the right place, and a map can put most of its weight on a thing and its one largest value beside it. And each needs its chance: with attention switched off, when every region gets 1 / 100, the weight on the thing is simply the thing's share of the picture.

Fig. 3 invites the reading that a word looks at its object *when it is said*. Our captions have the object's number, its colour and its name in a row: *two red apples*.
"""

# %% name="guess-when"
guess = predict(
    "At which of the three words does attention first lie on the object in most captions?",
    ["at the noun", "at the colour", "already at a, an or two"],
)

# %% name="when"
for name, shift in (("a, an or two", 2), ("the colour", 1), ("the noun", 0)):
    here = pointed(shift)
    print(f"{name:>12}: peak on the object {here.rate:.0%}, weight on it {here.mass:.0%}")

# %% name="reveal-when" jupyter={"source_hidden": true}
early = [pointed(shift).rate > 0.5 for shift in (2, 1)]
guess.reveal("already at a, an or two" if early[0] else "at the colour" if early[1] else "at the noun",
             "Whether it is one or two, and which colour, has to be seen as well: the object is looked at before it is named.")

# %% [markdown] name="between-nouns"
r"""
And between the nouns, at words such as *to the left of*, which name nothing?
"""

# %% name="where-words"
before, after = [], []
for i, scene in enumerate(unseen):
    if len(scene.names) == 2:
        one, other = sorted(scene.names)  # the positions of the two nouns
        for t in range(one + 1, other - 2):
            peak = maps[i, t].argmax()
            before.append(inside(scene.named(one), 10, 10)[peak].item())
            after.append(inside(scene.named(other), 10, 10)[peak].item())
print(f"words that say where: peak on the thing named before {np.mean(before):.0%}, on the one named next {np.mean(after):.0%}")

# %% [markdown] name="explorer-text"
r"""
So the word above a map and what the map shows need not be the same thing: this decoder looks ahead. Here is another scene. Walk through its words with the mouse or the arrow keys, and see where *between* looks, and *and*, which name nothing.
"""

# %% name="explorer"
another = next((scene for scene in right if "between" in scene.words), unseen[0])
said_of_another, maps_of_another = told(another.image())
AttentionExplorer(maps_of_another, said_of_another, image=draw(another.things, plain))

# %% [markdown] name="compose-text"
r"""
## Compose a scene

Choose two things and where the larger one is. Then make it hard. The same kind twice in two colours is something the grammar never drew, so no caption that the model has met could describe it.
"""

# %% name="compose"
PLACES = {"left": (0.27, 0.5), "right": (0.73, 0.5), "above": (0.5, 0.27), "below": (0.5, 0.73)}


def tell(larger, its_colour, place, smaller, the_other_colour):
    x, y = PLACES[place]
    things = Thing(larger, its_colour, x, y, 0.36), Thing(smaller, the_other_colour, 1 - x, 1 - y, 0.2)
    image = draw(things, plain)
    return plots.picture_grid(image, *told(image)[::-1])


kinds, colours = list(KINDS), list(COLOURS)
explore(tell, larger=["apple", *kinds], its_colour=["red", *colours], place=list(PLACES), smaller=["cat", *kinds],
        the_other_colour=["blue", *colours])

# %% [markdown] name="photographs-text"
r"""
## What breaks it

The captioner has learned from drawings. Its encoder has learned from photographs. Does it know a photograph when it sees one? Here are cut-out photographs of things that it has words for, one at a time, each in four places, and the drawings of the same kinds in the same places.
"""

# %% name="guess-photographs"
guess = predict(
    "Of a single thing it names the drawing nearly always. How often will it name the photograph?",
    ["as often as the drawing", "about half of the time", "seldom"],
)

# %% name="photographs"
FOUR = [(0.3, 0.3, 0.3), (0.7, 0.35, 0.4), (0.4, 0.7, 0.4), (0.7, 0.7, 0.3)]  # x, y, size


def named_and_pointed(images, boxes, kinds):
    """How often the noun is right, and how often its map's peak lies on the thing."""
    words, weights = greedy(Album(captioner, encode_images(encoder, np.stack(images))), torch.arange(len(images))[:, None], 20)
    right = [vocabulary.words[row[2]] == kind for row, kind in zip(words.tolist(), kinds)]  # "a red apple": the third word
    on_it = [bool(inside([box], 10, 10)[weights[i, 2].argmax()]) for i, box in enumerate(boxes)]
    return np.mean(right), np.mean(on_it)


wanted = [(kind, name) for kind, names in photos.PHOTOS.items() for name in names]
drawn = [Scene((Thing(kind, "red", x, y, size),), ground=i) for kind, _ in wanted for i, (x, y, size) in enumerate(FOUR)]
kinds_of_four = [kind for kind, _ in wanted for _ in FOUR]
drawings = named_and_pointed([scene.image() for scene in drawn], [scene.boxes[0] for scene in drawn], kinds_of_four)
print(f"drawings:    {drawings[0]:.0%} named, {drawings[1]:.0%} pointed at")

# %% name="real-photographs"
try:
    taken = [photos.photo_scene(name, *where, ground=i) for _, name in wanted for i, where in enumerate(FOUR)]
except DatasetUnavailable:
    print("The photographs (tuxpaint_stamps) cannot be had here: this section goes without them.")
    taken = []
if taken:
    photographs = named_and_pointed(*zip(*taken), kinds_of_four)
    print(f"photographs: {photographs[0]:.0%} named, {photographs[1]:.0%} pointed at; by chance {1 / len(KINDS):.0%} would be named")
    assert photographs[0] < drawings[0]
    figure = plots.Picture((7, 1.9))
    for ax, i in zip(figure.subplots(1, 5), (5, 26, 53, 69, 90)):
        left, top, right, bottom = (round(160 * side) for side in taken[i][1])
        ax.imshow(taken[i][0][top:bottom, left:right])  # as the encoder saw it
        ax.set_title(textwrap.fill(" ".join(told(taken[i][0])[0]), 26), fontsize=8)
        ax.axis("off")
    figure.alt = "Five photographs, with what the captioner says of them on one of the grounds: " + "; ".join(ax.get_title() for ax in figure.axes)
    display(figure)

# %% name="reveal-photographs" jupyter={"source_hidden": true}
share = photographs[0] if taken else 0.0
guess.reveal("as often as the drawing" if share > 0.75 else "about half of the time" if share > 0.35 else "seldom",
             f"{share:.0%}, where a guess would be right once in {len(KINDS)}.") if taken else None

# %% [markdown] name="hard-text"
r"""
## Hard attention

Xu and his colleagues proposed two decoders. The *soft* one averages the regions, and is what we have built. The *hard* one draws a single region $k$ with the probabilities $\alpha_t$, and looks at nothing else. A draw has no derivative. But its probability has one, and for any reward $r$

$$\frac{\partial}{\partial W} \sum_i \alpha_i r_i = \sum_i \alpha_i \, r_i \, \frac{\partial \log \alpha_i}{\partial W} \approx (r_k - b)\, \frac{\partial \log \alpha_k}{\partial W} \quad \text{for a draw } k.$$

The reward is the log probability of the words that follow. The middle is an expectation, so one draw estimates it: this is REINFORCE (Williams 1992). A baseline $b$ that does not depend on the draw changes nothing on average, for the derivatives of probabilities that sum to one sum to zero. It is there because of this:
"""

# %% name="reinforce"
energies, rewards = torch.tensor([0.5, 0.0, -0.5]), torch.tensor([-5.1, -6.0, -7.0])  # log p(word), by region
alpha = energies.softmax(-1)
exact_gradient = alpha * (rewards - alpha @ rewards)  # lesson 01's, with the mean as the context
torch.manual_seed(0)
drawn = torch.multinomial(alpha, 10_000, replacement=True)
scores = torch.nn.functional.one_hot(drawn, 3) - alpha  # d log alpha_k / d energies: (draws, 3)
print(f"exact                  {exact_gradient.numpy().round(3)}")
for name, b in (("no baseline", 0.0), ("their mean as baseline", (alpha @ rewards).item())):
    estimates = (rewards[drawn] - b).unsqueeze(1) * scores
    print(f"{name:<22} {estimates.mean(0).numpy().round(3)}, one draw scatters by {estimates.std(0).norm():.2f}")
    assert torch.allclose(estimates.mean(0), exact_gradient, atol=0.15)

# %% [markdown] name="penalty-text"
r"""
Their soft decoder came with a wish: over the whole caption, every region should get a total weight of about one, so that nothing in the picture is left out. They added $\lambda \sum_i (1 - \sum_t \alpha_{ti})^2$ to the loss, and called it *doubly stochastic* attention. Count before you train. A caption of $L$ words has a weight of $L$ to give, and we have 100 regions.
"""

# %% name="penalty" tags=["nbval-check-output"]
L, T = 7, 100
even, sharp = torch.full((1, L, T), 1 / T), torch.eye(T)[:L].unsqueeze(0)
for name, some in (("all weights even", even), ("each word at a region of its own", sharp)):
    print(f"{name:<33} penalty a region {doubly_stochastic(some, torch.ones(1, L)):.3f}")

# %% [markdown] name="experiment-text"
r"""
It cannot be met, and it pulls the other way: the least penalty is that of a map that looks nowhere in particular. With the 196 regions of Xu and captions of a dozen words that is no different. What does it do to a captioner? Beforehand we trained four, three times each, on the same scenes, with as many words in batches twice as large: soft, soft with the penalty ($\lambda = 1$), hard, and one whose context is always the plain mean of the regions.
"""

# %% name="guess-hard"
guess = predict("Which of these will point best, with the largest weight on the object?", ["soft", "soft, with the penalty", "hard"])

# %% name="experiment"
measured = results.load("06_image_captioning")
variants = measured["variants"]
panels = {"exact": "captions exactly right", "bleu": "BLEU", "rate": "peak on the object", "mass": "weight on the object"}
figure = plots.Picture((10, 2.6))
for ax, (key, label) in zip(figure.subplots(1, 4, sharey=True), panels.items()):
    for row, name in enumerate(variants):
        if key == "rate" and name.startswith("none"):
            continue  # all weights are equal: there is no peak
        seeds = measured[key][name]
        ax.plot([min(seeds), max(seeds)], [row, row], color="#2a598c", linewidth=1.5)
        ax.plot(seeds, [row + 0.12 * (i - 1) for i in range(len(seeds))], "o", color="#2a598c", markersize=5, alpha=0.7)
    if key in ("rate", "mass"):  # dotted: a region at random
        ax.axvline(measured["random_region"], color="#4d4d4d", linestyle=":")
    ax.set(xlabel=label, yticks=range(len(variants)), yticklabels=variants, xlim=(0, 100 if key == "bleu" else 1), xticks=(0, 50, 100) if key == "bleu" else (0, 0.5, 1))
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#eeeeee")
ax.invert_yaxis()
mean = {key: {name: float(np.mean(measured[key][name])) for name in variants} for key in panels}
figure.alt = "Four panels, one row a variant, one dot a training; dotted: a region at random. Means: " + "; ".join(
    f"{name} {mean['exact'][name]:.2f}, BLEU {mean['bleu'][name]:.0f}, {mean['rate'][name]:.2f}, {mean['mass'][name]:.2f}" for name in variants)
print(measured.provenance)
figure

# %% name="reveal-hard" jupyter={"source_hidden": true}
best = max(variants[:3], key=lambda name: mean["rate"][name])
guess.reveal(best, "; ".join(f"{name}: {', '.join(f'{rate:.3f}' for rate in measured['rate'][name])}" for name in variants[:3]))

# %% [markdown] name="experiment-after"
r"""
With attention switched off few captions are right, and the map, the same for every region, has no peak to point with. The penalty does what we counted: in each of the three pairs it takes weight off the objects. What it does to the captions is less than what the random start does, and three starts can't tell.

Hard attention has hardly begun to learn. One reward for a whole caption has to teach a dozen draws, each among 100 regions, and as long as the draws are bad the decoder that is to profit from them learns to do without. Xu and his colleagues helped theirs along in two more ways, which we left out: half of the time they put the soft average in the place of the draw, and they rewarded even weights. Theirs came out ahead of the soft one, by 0.7 to 1.8 points of BLEU-4 on three sets of photographs (their Table 1). So our dots say what REINFORCE and a baseline come to in this budget, and not what hard attention can.
"""

# %% name="claims"
claims.verdict("words-look-at-their-objects")

# %% name="claims-better"
claims.verdict("attention-captions-better")

# %% [markdown] name="next"
r"""
## Where to go next

In the [exercises](exercises/06_image_captioning.ipynb) you write the look, the pointing rate, the penalty and one estimate of REINFORCE, and say what a good pointing rate proves. Lesson 07 goes back to text, where attention has two levels; lesson 08 comes back to these scenes, and looks more than once before it answers.

### Sources

Xu, Ba, Kiros, Cho, Courville, Salakhutdinov, Zemel, Bengio: Show, attend and tell: neural image caption generation with visual attention. ICML 2015, [arXiv:1502.03044](https://arxiv.org/abs/1502.03044) · Williams: Simple statistical gradient-following algorithms for connectionist reinforcement learning. Machine Learning 8 (1992) 229–256 · Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks. ICML 2019, [arXiv:1905.11946](https://arxiv.org/abs/1905.11946) · Nishida, Saito: the survey, section 2.2.

Pictures: OpenMoji, CC BY-SA 4.0. Photographs: stamps of Tux Paint, GPL 2 or later.
"""
