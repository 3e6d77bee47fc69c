# %% [markdown] name="title"
r"""
# 06 · Image captioning

**How does a caption know where to look?**

A decoder that looks back over a sentence needs vectors to average, wherever they come from. Xu and others (2015) took the regions of a picture for the words of a sentence, and described the picture, looking once for each word. In this lesson you train such a captioner on small scenes, and measure whether it looks at what it names: in these scenes we know where everything is.

You need lesson 04. It takes about fifty minutes; the machine needs two or three. Pictures: OpenMoji, CC BY-SA 4.0.
"""

# %% name="imports"
import textwrap

import numpy as np
import torch
from IPython.display import display

from attention_course import claims, device, plots, results
from attention_course.data.scenes import COLOURS, CREDIT, KINDS, Scene, Thing, draw, new_ground, photos, scenes
from attention_course.data.unavailable import DatasetUnavailable
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.metrics import corpus_bleu, inside, pointing
from attention_course.models.captioner import Album, Captioner, doubly_stochastic
from attention_course.models.efficientnet import STAGES
from attention_course.models.region_features import encode_images, region_features
from attention_course.models.small_encoder import an_encoder
from attention_course.training import train
from attention_course.widgets import AttentionExplorer, explore, predict

# %% [markdown] name="by-hand"
r"""
## By hand

Cut a picture into four regions, two above and two below. An apple lies in the first, a cat sits in the last, and the other two are empty. Two numbers describe each region, how much *apple* is in it and how much *cat*:

| | |
|:-:|:-:|
| (2, 0) | (0, 0) |
| (0, 0) | (0, 2) |

A decoder is about to write *apple*, and asks with the query (1, 0). Its dot products with the four regions are 2, 0, 0, 0, so the first gets $e^2 / (e^2 + 3)$ of the attention, and each of the others $1 / (e^2 + 3)$. That is the arithmetic of lesson 01, unchanged.
"""

# %% name="four-regions" tags=["nbval-check-output"]
h = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 2.0]])  # S = 4 regions, row by row
weights = (h @ torch.tensor([1.0, 0.0])).softmax(-1)
print("weights\n", weights.reshape(2, 2).numpy().round(3))
print("context", (weights @ h).numpy().round(3))

# %% [markdown] name="equations"
r"""
Section 2.2 of the survey has lesson 04's Eqs. (6) to (9) again; $x$ is now a picture, and $h_i$ one of its regions.

$$p(y_t \mid y_1, \dots, y_{t-1}, x) = g(y_{t-1}, s_t, c_t) \qquad (10)$$

$$e_{ti} = S(h_i, s_{t-1}) \quad (11) \qquad \alpha_{ti} = \frac{\exp(e_{ti})}{\sum_j \exp(e_{tj})} \quad (12) \qquad c_t = \sum_{i=1}^{T} \alpha_{ti} h_i \quad (13)$$

| survey | is | in this lesson |
|---|---|---|
| $x$ | the picture | 160 × 160 pixels |
| $h_i$ | a vector for region $i$, made by a trained convolutional network | $T$ = 100 regions, S in the shapes; 112 numbers from the network, 192 after a linear layer and a place |
| $s_t$ | the decoder's state | 256 numbers |
| $y_t$ | word $t$ of the caption | one of about a hundred |
| $\alpha_{ti}$ | how much region $i$ counts for word $t$ | a map of 10 × 10 for every word |

## Scenes

Photographs of which one knows where everything is exist: COCO has captions and boxes, and Flickr30k Entities (Plummer and others 2015) ties each phrase to its box. They are too many to train on in two minutes. So we compose scenes of one to four things, of 40 kinds in 6 colours, with one caption each. Of two kinds the larger is said first; of three the middle one, then the others from left to right or from top to bottom. None of the 500 captions to test with occurs in the training.
"""

# %% name="scenes"
known, unseen = scenes(4_000), scenes(500, part="test")
figure = plots.Picture((5.4, 2.5))
for ax, scene in zip(figure.subplots(1, 3), unseen):
    ax.imshow(scene.image() | 15)  # in four bits a colour a grainy ground takes little space
    for left, top, right, bottom in np.array(scene.boxes) * 160:
        ax.plot([left, right, right, left, left], [top, top, bottom, bottom, top], color="#002a48", linewidth=1)
    ax.set(xticks=np.arange(0, 161, 16), yticks=np.arange(0, 161, 16), xticklabels=[], yticklabels=[])
    ax.grid(color="white", linewidth=0.6)
    ax.tick_params(length=0)
    ax.set_title(textwrap.fill(" ".join(scene.words), 34), fontsize=7)
figure.supxlabel(f"boxes, and the borders of the 100 regions. {CREDIT}", fontsize=7)
figure.alt = "Three scenes with their captions, boxes round the things: " + "; ".join(" ".join(scene.words) for scene in unseen[:3])
figure

# %% [markdown] name="encoder"
r"""
## Regions as vectors

The survey's encoder is "a trained CNN". Ours is EfficientNet-Lite0 (Google 2020, after Tan and Le 2019), trained on the photographs of ImageNet. Its last layer says *one* thing of the whole picture, so we stop at the eleventh block of sixteen, where the picture has become 10 × 10 vectors. It is not trained any further: the vectors are computed once and kept on disk. (Where its weights are not installed, a small network, trained on the spot, takes its place, and less is asked for below.)
"""

# %% name="features"
device.use_threads()
device.seed_everything(0)
encoder = an_encoder()
features, unseen_features = region_features(encoder, known), region_features(encoder, unseen)
print(f"{type(encoder).__name__}: {tuple(features.shape)}, (scenes, regions, numbers a region)")

# %% name="field-of-view"
field, jump = 3, 2  # pixels that one vector has seen, and from one vector to the next, after the first convolution
for _, _, blocks, stride, kernel in STAGES:
    for block in range(blocks):
        field, jump = field + (kernel - 1) * jump, jump * (stride if block == 0 else 1)
print(f"EfficientNet-Lite0, block 11: a vector every {jump} pixels, and each has seen {field} × {field}")

# %% [markdown] name="field-text"
r"""
That is more than the picture has. A map tells where a vector stands, and not what in the picture has made it.
"""

# %% [markdown] name="mechanism-text"
r"""
## The decoder

First, in `encode`, each region's vector goes through one linear layer, and a learned vector for its *place* is added, since attention has no order, as lesson 01 found. The first state $s_0$ is made from the mean of all regions, so the decoder has seen a blur of everything before its first look. Then comes the step of lesson 04, except that the query also contains the last word $y_{t-1}$, which Eq. (11) does not have.
"""

# %% name="mechanism"
def caption_step(model, previous, state, regions):
    word = model.embedding(previous)  # y_{t-1}: (B, 96)
    query = torch.cat([state, word], -1)
    keys = regions.annotations @ model.score.project_key.weight.T  # W_1 h_i: (B, S, 64)
    energies = torch.tanh(keys + (query @ model.score.project_query.weight.T).unsqueeze(1)) @ model.score.v  # (11)
    weights = energies.softmax(-1)  # (12): (B, S)
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
An `Album` finds the features of a picture by its number. So a picture can stand where lesson 04 had a sentence, and the same training and the same greedy search will do.
"""

# %% name="train"
WORDS = 400_000  # to predict, all told
examples = [([i], [BOS, *vocabulary.encode(scene.words), EOS]) for i, scene in enumerate(known)]
run = train(Album(captioner, features), examples, target_tokens=WORDS, batch_tokens=256, learning_rate=2e-3)

device.give_back_memory()
album, parts = Album(captioner, unseen_features).eval(), torch.arange(len(unseen)).unsqueeze(1).split(50)  # 50 at once
said = [tuple(vocabulary.decode(row)) for part in parts for row in greedy(album, part, max_length=20)[0].tolist()]
exact = sum(a == scene.words for a, scene in zip(said, unseen)) / len(unseen)
print(f"{run.seconds:.0f} s in {run.precision} on {run.device}: {exact:.1%} of {len(unseen)} captions exactly right, "
      f"{corpus_bleu(said, [scene.words for scene in unseen])}")
enough = {"EfficientNetLite0": (0.60, 0.88, 0.70), "SmallEncoder": (0.20, 0.75, 0.50)}[type(encoder).__name__]
# least shares: of exact captions here; of peaks, and of weight, on the right thing below
assert exact > enough[0]

# %% name="by-groups"
for groups in (1, 2, 3):
    some = [a == scene.words for a, scene in zip(said, unseen) if len(scene.names) == groups]
    print(f"scenes with {groups} kind{'s' * (groups > 1)} of thing: {sum(some) / len(some):.0%} of {len(some)} exactly right")
for a, scene in [pair for pair in zip(said, unseen) if pair[0] != pair[1].words][:4]:
    print(f"\n  it is    {' '.join(scene.words)}\n  it said  {' '.join(a)}")

# %% [markdown] name="figure-text"
r"""
"Exactly right" is strict: one wrong colour, and a caption counts as wrong.

## One look a word

The survey's Fig. 3 shows a woman throwing a frisbee, and beside her the map of each word. Here is ours, of a scene whose caption came out right. The picture is strongest where the word looked; each map has a scale of its own. The frame is round the region with the largest weight, which is the small number. (The captioner saw the scene on its own ground.)
"""

# %% name="told"
def told(image):
    """What the captioner says of an image, and the map of each word: (words, 10, 10)."""
    numbers, weights = greedy(Album(captioner, encode_images(encoder, image[None])), torch.tensor([[0]]), max_length=20)
    said = vocabulary.decode(numbers[0].tolist())
    return said, weights[0, : len(said)].reshape(-1, 10, 10)


plain = np.full((160, 160, 3), 238, np.uint8)  # a ground on which the maps are easier to see


def grid(things, maps, words):
    figure = plots.picture_grid(draw(things, plain), maps, words)
    for ax, weights in zip(figure.axes, maps):  # a frame round the largest weight
        side = ax.get_images()[0].get_array().shape[0] / len(weights)
        top, left = (side * place - 0.5 for place in divmod(weights.argmax().item(), len(weights)))
        ax.plot(left + side * np.array([0, 1, 1, 0, 0]), top + side * np.array([0, 0, 1, 1, 0]), color="#d1495b", linewidth=1.5)
    return figure


# %% name="one-look-a-word"
right = [scene for a, scene in zip(said, unseen) if a == scene.words]
shown = next((scene for scene in right if "left" in scene.words and len(scene.things) == 3), unseen[0])
said_of_it, maps_of_it = told(shown.image())
print(" ".join(said_of_it))
grid(shown.things, maps_of_it, said_of_it)

# %% name="guess-pointing"
guess = predict(
    "Take every noun of the 500 unseen captions. How often does the region with its largest weight lie on what it names, "
    "with its centre in a box of the thing, or of either of two? (A region at random lies there in fewer than one case in ten.)",
    ["more than nine times in ten", "about three times in four", "about half of the time"],
)

# %% name="pointing"
truth = pad([[BOS, *vocabulary.encode(scene.words)] for scene in unseen])  # the true captions are said
with torch.no_grad():
    maps = torch.cat([album(part, truth[part[:, 0]])[1] for part in parts])  # (scenes, words, regions)
nouns = [(i, position) for i, scene in enumerate(unseen) for position in scene.names]


def pointed(shift=0, nouns=nouns):  # the map of the word so many places before the noun
    return pointing(torch.stack([maps[i, position - shift] for i, position in nouns]),
                    [unseen[i].named(position) for i, position in nouns], [unseen[i].boxes for i, _ in nouns])


found = pointed()
print(f"the peak is on the thing: {found.rate:.1%} of {len(nouns)} nouns; weight that lies there: {found.mass:.1%}")
print(f"by chance: {found.random_region:.1%} for a region at random, {found.random_thing:.1%} for a thing at random")
for groups in (1, 2, 3):
    some = [(i, position) for i, position in nouns if len(unseen[i].names) == groups]
    of_these = pointed(nouns=some)
    print(f"  kinds in the scene: {groups}   {of_these.rate:.1%} of {len(some)}; a thing at random {of_these.random_thing:.1%}")
assert found.rate > enough[1] and found.mass > enough[2]

# %% name="reveal-pointing" jupyter={"source_hidden": true}
guess.reveal("more than nine times in ten" if found.rate > 0.9 else "about three times in four" if found.rate > 0.63 else "about half of the time",
             f"{found.rate:.0%}. Nobody told it where things are: the only error it was ever shown was that of its words.")

# %% [markdown] name="pointing-text"
r"""
The rate is the pointing game of Zhang and others (2016), the weight the attention correctness of Liu and others (2017). The opponent to beat is the second chance: whoever finds the things, and not which is meant, is always right where there is one kind, and half of the time where there are two.

Fig. 3 invites the reading that a word looks at its thing *when it is said*. Our captions have the thing's number, its colour and its name in a row: *two red apples*.
"""

# %% name="guess-when"
guess = predict(
    "At which of the three words does the largest weight first lie on the thing for more than half of the nouns?",
    ["already at a, an or two", "at the colour", "at the noun"],
)

# %% name="when"
for name, shift in (("a, an or two", 2), ("the colour", 1), ("the noun", 0)):
    here = pointed(shift)
    print(f"{name:>12}: peak on the thing {here.rate:.0%}, weight on it {here.mass:.0%}")

# %% name="reveal-when" jupyter={"source_hidden": true}
early = [pointed(shift).rate > 0.5 for shift in (2, 1)]
guess.reveal("already at a, an or two" if early[0] else "at the colour" if early[1] else "at the noun",
             "Perhaps because number and colour have to be seen as well; this was not tested.")

# %% [markdown] name="between-nouns"
r"""
And between two nouns, at *above* or *to the left of*?
"""

# %% name="where-words"
tally = {}
for i, scene in enumerate(unseen):
    if len(scene.names) == 2:
        nouns_of_it = sorted(scene.names)  # where the two nouns stand
        one, other = (inside(scene.named(position), 10, 10) for position in nouns_of_it)
        for t in range(nouns_of_it[0] + 1, nouns_of_it[1] - 2):
            peak = maps[i, t].argmax()
            tally.setdefault(scene.words[t], []).append((one[peak].item(), other[peak].item()))
            tally.setdefault("chance", []).append((one.float().mean().item(), other.float().mean().item()))
print("peak on the thing          said before   next   neither")
for word in sorted(tally, key=["to", "the", "left", "right", "of", "above", "below", "chance"].index):
    before, after = np.mean(tally[word], 0)
    print(f"{word:>6} ({len(tally[word]):>4,} times)   {before:>16.0%} {after:>6.0%} {1 - before - after:>9.0%}")

# %% [markdown] name="explorer-text"
r"""
Often the peak is already on the thing that will be named next: the word above a map and what the map shows need not be the same. One would like to say that the other thing must be seen to choose the relation. But the choice falls first at *to*, *above* or *below*, where the peak is on it in about half of the cases; at *the* and *of*, which choose nothing, it is on it in about nine of ten. We have no explanation.

Here is a scene of three kinds, again one whose caption came out right. Walk through its words with the mouse or the arrow keys. Where does it look at *between* and at *and*, which name nothing?
"""

# %% name="explorer"
another = next((scene for scene in right if "between" in scene.words), unseen[0])
said_of_another, maps_of_another = told(another.image())
AttentionExplorer(maps_of_another, said_of_another, image=draw(another.things, plain))

# %% [markdown] name="compose-text"
r"""
## Compose a scene

Choose two things and where the larger one is. Then make it hard: one kind in two colours was in no scene of the training. The second cell tries all 40 kinds, each large and red on the left, small and blue on the right.
"""

# %% name="compose"
PLACES = {"left": (0.27, 0.5), "right": (0.73, 0.5), "above": (0.5, 0.27), "below": (0.5, 0.73)}


def tell(larger, its_colour, place, smaller, the_other_colour):
    x, y = PLACES[place]
    things = Thing(larger, its_colour, x, y, 0.36), Thing(smaller, the_other_colour, 1 - x, 1 - y, 0.2)
    said, maps = told(draw(things, new_ground(11, 160)))  # seen on a ground like those of the training
    return grid(things, maps, said)


kinds, colours = list(KINDS), list(COLOURS)
explore(tell, larger=["apple", *kinds], its_colour=["red", *colours], place=list(PLACES), smaller=["cat", *kinds],
        the_other_colour=["blue", *colours])

# %% name="two-colours"
twice = [draw([Thing(kind, "red", 0.27, 0.5, 0.36), Thing(kind, "blue", 0.73, 0.5, 0.2)], new_ground(11, 160)) for kind in KINDS]
answers = [" ".join(told(image)[0]) for image in twice]
true = [f"a red {kind} to the left of a blue {kind}" for kind in KINDS]
print(f"{sum(map(str.__eq__, answers, true))} of {len(true)} are right; the first two:", *answers[:2], sep="\n  ")

# %% [markdown] name="photographs-text"
r"""
## What breaks it

So arranged, one kind in two colours does not break it. The captioner has learned from drawings, and its encoder from photographs. Does it know a photograph when it sees one? Here are cut-out photographs of things that it has words for, one at a time, and red drawings of the same kinds in the same places. Its third word and third map are scored, whatever that word is: a caption that begins with *two* is wrong.
"""

# %% name="guess-photographs"
guess = predict(
    "Of a single thing it names the drawing nearly always. How often will it name the photograph?",
    ["more than half of the time", "about a third of the time", "hardly above chance"],
)

# %% name="photographs"
FOUR = [(0.3, 0.3, 0.3), (0.7, 0.35, 0.4), (0.4, 0.7, 0.4), (0.7, 0.7, 0.3)]  # x, y, size


def named_and_pointed(images, boxes, kinds):
    """How often the noun is right, and how often its map's peak lies on the thing."""
    features = torch.cat([encode_images(encoder, image[None]) for image in images])  # one by one takes less memory
    words, weights = greedy(Album(captioner, features), torch.arange(len(images))[:, None], 20)
    right = [vocabulary.words[row[2]] == kind for row, kind in zip(words.tolist(), kinds)]  # "a red apple": the third word
    on_it = [bool(inside([box], 10, 10)[weights[i, 2].argmax()]) for i, box in enumerate(boxes)]
    return np.mean(right), np.mean(on_it)


wanted = [(kind, name) for kind, names in photos.PHOTOS.items() for name in names]
drawn = [Scene((Thing(kind, "red", x, y, size),), ground=i) for kind, _ in wanted for i, (x, y, size) in enumerate(FOUR)]
kinds_of_four = [kind for kind, _ in wanted for _ in FOUR]
drawings = named_and_pointed([scene.image() for scene in drawn], [scene.boxes[0] for scene in drawn], kinds_of_four)
print(f"{len(wanted)} photographs of {len(photos.PHOTOS)} kinds, in four places each: {len(drawn)} scenes")
print(f"drawings:    {drawings[0]:.0%} named, {drawings[1]:.0%} pointed at")

# %% name="real-photographs"
try:
    taken = [photos.photo_scene(name, *where, ground=i) for _, name in wanted for i, where in enumerate(FOUR)]
except DatasetUnavailable:
    print("The photographs (tuxpaint_stamps) cannot be had here: this section goes without them.")
    taken = []
if taken:
    photographs = named_and_pointed(*zip(*taken), kinds_of_four)
    print(f"photographs: {photographs[0]:.0%} named, {photographs[1]:.0%} pointed at; by chance {1 / len(KINDS):.1%} would be named")
    assert photographs[0] < drawings[0]
    figure = plots.Picture((7, 1.75))
    for ax, i in zip(figure.subplots(1, 5), range(0, len(taken), 25)):
        ax.imshow(taken[i][0][::2, ::2] | 15)  # half as fine, in four bits a colour
        ax.set_title(" ".join(told(taken[i][0])[0]), fontsize=8)
        ax.axis("off")
    figure.alt = "Every 25th photograph on its ground, with what the captioner says of it: " + "; ".join(ax.get_title() for ax in figure.axes)
    display(figure)

# %% name="reveal-photographs" jupyter={"source_hidden": true}
share = photographs[0] if taken else 0.0
guess.reveal("more than half of the time" if share > 0.5 else "about a third of the time" if share > 0.15 else "hardly above chance",
             f"{share:.0%}, where a guess would be right once in {len(KINDS)}.") if taken else None

# %% [markdown] name="photographs-after"
r"""
Every 25th of them is shown. To point at them is no feat, where there is nothing else; most it calls something else. Colours fail, too: see the green apple. (They are not scored, since few photographs have one of the six.) A map can be in the right place while the word is wrong.
"""

# %% [markdown] name="hard-text"
r"""
## Hard attention

Xu and his colleagues proposed two decoders. The *soft* one averages the regions; ours is like it, but for a gate that can turn the context down where a word needs no look. The *hard* one draws a single region $k$ with the probabilities $\alpha_t$, and looks at nothing else; when ours is tested, it takes the one with the largest weight. Take one word. Let $r_k$ be its log probability once $k$ is drawn, and $W$ the parameters of the score, on which $r_k$ does not depend. A draw has no derivative, but its probability has one:

$$\frac{\partial}{\partial W} \sum_i \alpha_i r_i = \sum_i \alpha_i \, r_i \, \frac{\partial \log \alpha_i}{\partial W} \approx (r_k - b)\, \frac{\partial \log \alpha_k}{\partial W} \quad \text{for a draw } k.$$

The middle is an expectation, so one draw estimates it: this is REINFORCE (Williams 1992). Over a caption the same holds for all its draws together. What makes words of a draw is trained on their log probability, as always; Xu's gradient is the sum of the two. A baseline $b$ that does not depend on the draw changes nothing on average, for the derivatives of the $\alpha_i$ sum to zero. It is there because of this:
"""

# %% name="reinforce"
energies, rewards = torch.tensor([0.5, 0.0, -0.5]), torch.tensor([-5.1, -6.0, -7.0])  # log p(word), by region
alpha = energies.softmax(-1)
exact_gradient = alpha * (rewards - alpha @ rewards)  # the derivative of the softmax, as in lesson 01
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
## A penalty for looking unevenly

Over a caption every region should get a total weight of about one, so that nothing is left out. To the loss of the soft decoder they added $\lambda \sum_i (1 - \sum_t \alpha_{ti})^2$, called it *doubly stochastic* attention, and report better BLEU and richer captions. Count before you train. A caption of $L$ words has a weight of $L$ to give, and we have 100 regions. We take means over regions and words where the formula has sums, so that the same $\lambda$ is weaker.
"""

# %% name="penalty" tags=["nbval-check-output"]
L, S = 7, 100
even, sharp = torch.full((1, L, S), 1 / S), torch.eye(S)[:L].unsqueeze(0)
rows = {"all weights even": even, "each word at a region of its own": sharp, "all words at one region": sharp[:, :1].expand(1, L, S)}
for name, some in rows.items():
    print(f"{name:<33} penalty a region {doubly_stochastic(some, torch.ones(1, L)):.3f}")
words = np.mean([len(scene.words) + 1 for scene in known])  # of a caption, its end among them
print(f"our λ = 1 is λ = {words:.1f} / {S} = {words / S:.2f} in the formula")

# %% [markdown] name="experiment-text"
r"""
It cannot be met, nor can it be with Xu's 196 regions and captions of a dozen words. (The paper's third version asks for $\tau$ instead of one.) It sees totals alone: it is least where they are even, and highest for looks at one place again and again.

## Four captioners

Beforehand we trained four, three times each, on the same scenes: soft, soft with the penalty (our $\lambda = 1$), hard, and one whose context is always the plain mean of the regions. They had as many words as yours, but half as many steps, a higher learning rate and bfloat16, and even "soft" comes out worse than yours. In the hard one the reward of a draw is the log probability of its own word and those that follow, and $b$ its running average at that position; Xu and his colleagues reward all draws with the whole caption.
"""

# %% name="guess-hard"
guess = predict("Which of these will put the most weight on the thing at its noun?", ["soft", "soft, with the penalty", "hard"])

# %% name="experiment"
measured = results.load("06_image_captioning")
variants = measured["variants"]
panels = {"exact": "captions exactly right", "bleu": "BLEU", "rate": "peak on the thing", "mass": "weight on the thing"}
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
    ax.set(xlabel=label, yticks=range(len(variants)), yticklabels=variants, xlim=(0, 100 if key == "bleu" else 1), xticks=(0, 40, 80) if key == "bleu" else (0, 0.4, 0.8))
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#eeeeee")
ax.invert_yaxis()
figure.get_layout_engine().set(wspace=0.06)
mean = {key: {name: float(np.mean(measured[key][name])) for name in variants} for key in panels}
figure.alt = "Four panels, one row a variant, one dot a training; the dotted line is a region at random. Means: " + "; ".join(
    f"{name} {mean['exact'][name]:.2f}, BLEU {mean['bleu'][name]:.0f}, {mean['rate'][name]:.2f}, {mean['mass'][name]:.2f}" for name in variants)
print(measured.provenance)
figure

# %% name="reveal-hard" jupyter={"source_hidden": true}
best = max(variants[:3], key=lambda name: mean["mass"][name])
guess.reveal(best, "Seed by seed: " + "; ".join(f"{name} {', '.join(f'{mass:.2f}' for mass in measured['mass'][name])}" for name in variants[:3]) + ".")

# %% name="one-kind"
for name in ("soft", "none (mean of the regions)"):
    print(f"scenes with one kind, exactly right: {', '.join(format(seed['1'], '.0%') for seed in measured['by_groups'][name])}  {name}")

# %% [markdown] name="experiment-after"
r"""
One dot is one training, with seeds 0, 1 and 2 from top to bottom in each row. The dotted line is a region at random. The mean weighs all regions alike, and has no peak.

The plain mean gets few captions right. In part it lacks places: all are in the mean, whatever stands there, so it hardly tells what is where. But with one kind there is no place to tell, and it is far behind, too.

The penalty, at this strength, takes weight off the things with every seed. The peaks lose a little with every seed, too, though the ranges overlap. What it does to the captions is less than what the random start does, and three starts can't tell.

Hard attention has not learned to look in this budget. Two of its three runs point less often than a region at random, and its captions are worse than without attention. Xu and his colleagues helped theirs along in two ways that we left out: half of the time they put the soft average in the place of the draw, and they rewarded even weights. In their Table 1 hard is ahead in BLEU-4 on all three sets of photographs, by 0.7 to 1.8; by METEOR soft is ahead on COCO (23.90 to 23.04) and level on Flickr30k (18.49, 18.46). Our dots say what REINFORCE and a baseline come to here, and not what hard attention can do.
"""

# %% name="claims"
claims.verdict("words-look-at-their-objects")

# %% name="claims-better"
claims.verdict("attention-captions-better")

# %% [markdown] name="claims-text"
r"""
Both are of these scenes. The first is of nouns alone, while the true caption is fed in, and to point at a thing is not to depend on it (exercise 5). The second is against the mean of the regions, which has lost every place: about the weakest opponent there is.
"""

# %% [markdown] name="next"
r"""
## Where to go next

How does a caption know where to look? State and last word are a query, with which every region is compared. How to ask was learned from the error of the words alone.

In the [exercises](exercises/06_image_captioning.ipynb) you write the look, the pointing rate, the penalty and a better baseline for REINFORCE, and find out what a good pointing rate proves. Lesson 07 goes back to text, where attention has two levels; lesson 08 comes back to such pictures, and looks more than once before it answers.

### Sources

Xu, Ba, Kiros, Cho, Courville, Salakhutdinov, Zemel, Bengio: Show, attend and tell: neural image caption generation with visual attention. ICML 2015, [arXiv:1502.03044](https://arxiv.org/abs/1502.03044) · Zhang, Lin, Brandt, Shen, Sclaroff: Top-down neural attention by excitation backprop. ECCV 2016, [arXiv:1608.00507](https://arxiv.org/abs/1608.00507) · Liu, Mao, Sha, Yuille: Attention correctness in neural image captioning. AAAI 2017, [arXiv:1605.09553](https://arxiv.org/abs/1605.09553) · Lin and others: Microsoft COCO: common objects in context. ECCV 2014, [arXiv:1405.0312](https://arxiv.org/abs/1405.0312) · Plummer, Wang, Cervantes, Caicedo, Hockenmaier, Lazebnik: Flickr30k Entities: collecting region-to-phrase correspondences for richer image-to-sentence models. ICCV 2015, [arXiv:1505.04870](https://arxiv.org/abs/1505.04870) · Williams: Simple statistical gradient-following algorithms for connectionist reinforcement learning. Machine Learning 8 (1992) 229–256 · Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks. ICML 2019, [arXiv:1905.11946](https://arxiv.org/abs/1905.11946) · Deng, Dong, Socher, Li, Li, Fei-Fei: ImageNet: a large-scale hierarchical image database. CVPR 2009 · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese, section 2.2.

Pictures: OpenMoji, CC BY-SA 4.0. Photographs: stamps of Tux Paint, GPL 2 or later.
"""
