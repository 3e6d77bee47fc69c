# %% [markdown] name="title"
r"""
# 06 · Image captioning

Describe a photograph aloud, and watch your eyes. They jump from thing to thing, and each word has its own look. Xu and others (2015) let a network do the same: their captioner looks at the picture anew before each word. They called it *Show, attend and tell*.
"""

# %% name="story"
import numpy as np
import torch

from attention_course.data.scenes import Thing, draw
from attention_course.lessons.lesson_06 import diagrams, shown
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

things = [Thing("apple", "red", 0.25, 0.25, 0.4), Thing("cat", "blue", 0.75, 0.75, 0.4)]
h = torch.tensor([[2.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 2.0]])  # 4 regions: apple, cat
query, u = torch.tensor([-1.0, -3.0]), torch.tensor([1.0, 1.0])     # u: of the additive score
scores = torch.tanh(query + h) @ u                                  # step 2: (4)
weights = scores.softmax(-1)                                        # step 3: (4)
context = weights @ h                                               # step 4: (2)
ground = np.full((160, 160, 3), 238, np.uint8)
diagrams.look_at(draw(things, ground), h, query, scores, weights, context)

# %% [markdown] name="what-for"
r"""
The picture shows one step. The captioner has written *a red*, and must write the next word. The image is cut into four regions, and each region has become a vector (step 1). The decoder's state and its last word ask all regions (steps 2 to 4). The answer goes into the next state. This state, the context and the last word give *apple* (step 5). It is the translator of lesson 04, with regions of a picture in place of the words of a sentence. Only the question is fuller: the last word asks, too (lesson 05).

You need lessons 03 to 05. You build the captioner, train it on small scenes, and measure whether it looks at what it names. Sections 1 to 5 take twenty minutes, the rest fifteen. The machine works for about two minutes. Pictures: OpenMoji, CC BY-SA 4.0.

## 1 · Why not one vector for the picture?

Early neural captioners had only that (Vinyals and others 2015). Describe a region by four numbers: *apple*, *cat*, *red*, *blue*. Region 1 holds a red apple, region 4 a blue cat. Take the mean of the four regions. Then swap the colours, and take it again:
"""

# %% name="one-vector"
red_apple, blue_cat = torch.tensor([1.0, 0, 1, 0]), torch.tensor([0, 1.0, 0, 1])
blue_apple, red_cat = torch.tensor([1.0, 0, 0, 1]), torch.tensor([0, 1.0, 1, 0])
nothing = torch.zeros(4)
pictures = {"red apple, blue cat": [red_apple, nothing, nothing, blue_cat]}
pictures["blue apple, red cat"] = [blue_apple, nothing, nothing, red_cat]
rows = [[name, torch.stack(regions).mean(0)] for name, regions in pictures.items()]
table(["picture", "mean of its regions"], rows)

# %% [markdown] name="one-vector-text"
r"""
The means are equal, so no decoder can tell the two pictures apart. What does this cost? We trained the captioner of this lesson three times, and three times the same captioner with the plain mean in place of attention. They describe scenes of one to three kinds of thing. A caption is right if every word is.
"""

# %% name="one-vector-measured"
from attention_course import results

measured = results.load("06_image_captioning")
names = {"attention": "soft", "the plain mean": "none (mean of the regions)"}
rows = [[n, measured["exact"][key]] for n, key in names.items()]
alone = [[part["1"] for part in measured["by_groups"][key]] for key in names.values()]
columns = ["the decoder gets", "captions exactly right", "where the scene has one kind"]
table(columns, [[*row, one] for row, one in zip(rows, alone)])

# %% [markdown] name="one-vector-answer"
r"""
Each bracket holds three trainings. (Their settings stand in section 6. They are not those of section 5.) The mean loses even with one kind of thing, where nothing can be mixed up. So mixing up is not its only trouble, and we did not find out what else is.

**Answer: a mean does not say which colour belongs to which thing. With a mean in place of attention, our captioner was far worse.**

## 2 · What does one look do, with numbers?

**Step 1.** Region 1 holds the apple and is (2, 0). Region 4 holds the cat and is (0, 2). The other two are (0, 0).

**Step 2.** The score is the additive one of lesson 04, again without its matrices: $z_i = \tanh(q + h_i) \cdot u$ with $u = (1, 1)$. The query (−1, −3) asks for an apple. For region 1, $q + h_1$ is (1, −3), and the score is 0.762 − 0.995 = −0.23. The cat gets −1.52, and empty regions get −1.76. At −1 the tanh is steep, so the 2 of the apple adds much. At −3 it is flat, so the 2 of the cat adds little.

**Step 3.** The softmax gives the apple 0.58, the cat 0.16, and each empty region 0.13.

**Step 4.** The context is 0.58 · (2, 0) + 0.16 · (0, 2) = (1.17, 0.32): mostly apple.

Written down, with the numbers of the equations as in the survey ([What the two sources say](../docs/sources.md)):

$$p(y_t) = \mathrm{softmax}(\mathrm{logits}(y_{t-1}, s_t, c_t)), \qquad s_t = \mathrm{GRU}([y_{t-1}, c_t], s_{t-1}) \qquad (10)$$

$$z_{ti} = \mathrm{score}([s_{t-1}, y_{t-1}], h_i) \quad (11) \qquad a_{ti} = \frac{\exp z_{ti}}{\sum_j \exp z_{tj}} \quad (12) \qquad c_t = \sum_i a_{ti} \, h_i \quad (13)$$

In the survey, $s_{t-1}$ asks alone. We let $y_{t-1}$ ask, too, because $s_{t-1}$ was made before this word was chosen (lesson 05).

**Answer: the query finds the region that holds what is needed, and the context brings it.**

## 3 · Where do the vectors come from?

First, the pictures. Photographs with a box around each thing exist (COCO, Lin and others 2014), but take too long to train on. So we compose scenes of one to four drawings, of 40 kinds in 6 colours, each with one caption. Of two kinds, the larger is said first. Of three, the middle one is first, then the others from left to right or from top to bottom. No caption of the 500 test scenes occurs in training.
"""

# %% name="scenes"
from attention_course.data.scenes import scenes

known, unseen = scenes(4_000), scenes(500, part="test")
some = unseen[:3]
captions = [" ".join(scene.words) for scene in some]
shown.pictures([scene.image() for scene in some], captions, [scene.boxes for scene in some])

# %% [markdown] name="encoder-text"
r"""
The boxes are only for judging. The captioner never sees them.

The vectors come from a network for photographs, EfficientNet-Lite0 (after Tan and Le 2019). It was trained on ImageNet (Deng and others 2009) to say what a photograph shows. Its last layer says one thing about the whole image, so we stop after block 11 of 16. There, its output is a **feature map** of shape (112, 10, 10). Think of 112 sheets of 10 × 10 numbers (also **channels**). Each number belongs to 16 × 16 pixels. The vector of a region has its numbers on all 112 sheets.
"""

# %% name="encoder"
from attention_course.models.region_features import as_images, region_features
from attention_course.models.small_encoder import an_encoder

encoder = an_encoder()                                              # not trained any further
image = unseen[1].image()                                           # (160, 160, 3)
with torch.no_grad():
    sheets = encoder(as_images(image[None]))[0]                     # (112, 10, 10)
vectors = sheets.flatten(1).T                                       # (100, 112)
row, column = 3, 3                                                  # counted from 0
assert torch.equal(vectors[10 * row + column], sheets[:, row, column])

features = region_features(encoder, known)                          # (4000, 100, 112)
unseen_features = region_features(encoder, unseen)                  # (500, 100, 112)

# %% name="regions-picture" jupyter={"source_hidden": true}
some = features[:500].float().flatten(0, 1)                         # (50000, 112)
standard = ((vectors - some.mean(0)) / (some.std(0) + 1e-3)).T.view_as(sheets)
del some
three = standard.flatten(1).var(1).topk(3).indices.tolist()         # they vary most in this image
diagrams.regions(image, standard, row, column, three)

# %% name="inside-encoder" jupyter={"source_hidden": true}
from attention_course.models import efficientnet

look_inside(efficientnet.InvertedResidual, efficientnet.EfficientNetLite0, as_images)

# %% [markdown] name="regions-text"
r"""
The three sheets are those that vary most in this image; dark means a large number, on one scale. The numbers are already standardised, as section 4 explains. The framed region is followed into its vector.

How much of the image has one vector seen? Each convolution looks at neighbours, so it adds up:
"""

# %% name="field-of-view"
field, step = 3, 2                                                  # after the first convolution
for _, _, blocks, stride, kernel in efficientnet.STAGES:
    for block in range(blocks):
        field, step = field + (kernel - 1) * step, step * (stride if block == 0 else 1)
rows = [[step, f"{field} × {field}", "160 × 160"]]
table(["pixels from region to region", "a vector can have seen", "the image"], rows)

# %% [markdown] name="regions-answer"
r"""
That is more than the whole image. So a map of weights tells where a vector stands, and not what in the image made it.

**Answer: from an inner layer of an image network. Its feature map is 10 × 10 regions of 112 numbers each.**

## 4 · How is it programmed?

The comments show the shapes, for B pictures of S = 100 regions.

**Regions.** Some sheets have large numbers, others small ones. So each is *standardised*: minus its mean, divided by its standard deviation. A linear layer, the *projection*, makes 192 numbers of the 112. Attention has no order, so a learned vector for the region's place is added. LayerNorm brings each vector to mean 0 and standard deviation 1. A ReLU sets its negative numbers to 0.
"""

# %% name="regions"
from torch import nn


class Regions(nn.Module):
    def __init__(self, features, size):                             # (pictures, S, 112)
        super().__init__()
        some = features[:500].float()
        self.register_buffer("mean", some.mean((0, 1)))             # of each of the 112 numbers
        self.register_buffer("std", some.std((0, 1)) + 1e-3)
        self.project = nn.Linear(features.shape[2], size)
        self.places = nn.Parameter(0.1 * torch.randn(features.shape[1], size))
        self.norm = nn.LayerNorm(size)

    def forward(self, features):                                    # (B, S, 112)
        standard = (features - self.mean) / self.std
        return torch.relu(self.norm(self.project(standard) + self.places))  # h: (B, S, 192)

# %% [markdown] name="attention-text"
r"""
**Attention.** This is lesson 04's, without a mask, because every picture has 100 regions. The keys `k` are the same for all words, so they are computed once, outside.
"""

# %% name="attention"
class Attention(nn.Module):
    def __init__(self, query_size, key_size, D):
        super().__init__()
        self.W_q = nn.Linear(query_size, D, bias=False)
        self.W_k = nn.Linear(key_size, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)

    def forward(self, query, h, k):                 # (B, 352), (B, S, 192), (B, S, 64)
        scores = torch.tanh(self.W_q(query)[:, None] + k) @ self.u  # Eq. (11): (B, S)
        weights = scores.softmax(-1)                                # Eq. (12): (B, S)
        context = (weights[:, None] @ h)[:, 0]                      # Eq. (13): (B, 192)
        return context, weights

# %% [markdown] name="writer-text"
r"""
**Writer.** The GRU cell makes the next state. A linear layer makes the logits. Dropout sets a tenth of its inputs to zero in training.
"""

# %% name="writer"
class Writer(nn.Module):
    def __init__(self, words, E, C, D):                             # C: numbers in the context
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        self.cell = nn.GRUCell(E + C, D)
        self.dropout = nn.Dropout(0.1)
        self.readout = nn.Linear(D + C + E, words)

    def forward(self, y, state, context):                           # (B, 96), (B, 256), (B, 192)
        state = self.cell(torch.cat([y, context], -1), state)       # s_t
        joined = torch.cat([state, context, y], -1)
        return self.readout(self.dropout(joined)), state            # logits (B, words)

# %% [markdown] name="captioner-text"
r"""
**Captioner.** It joins the three. The first state is made from the mean of all regions, so the decoder begins with a blurred view of everything.
"""

# %% name="captioner"
class Captioner(nn.Module):
    def __init__(self, features, words, E=96, C=192, D=256):
        super().__init__()
        self.regions = Regions(features, C)
        self.first_state = nn.Linear(C, D)
        self.attention = Attention(D + E, C, 64)
        self.writer = Writer(words, E, C, D)

    def encode(self, features):                                     # (B, S, 112)
        h = self.regions(features)                                  # (B, S, C)
        return (h, self.attention.W_k(h)), torch.tanh(self.first_state(h.mean(1)))

    def step(self, previous, state, memory):                        # (B), (B, D), (h, k)
        y = self.writer.embedding(previous)                         # y_{t-1}: (B, E)
        context, weights = self.attention(torch.cat([state, y], -1), *memory)
        logits, state = self.writer(y, state, context)
        return logits, state, weights

# %% [markdown] name="captioner-answer"
r"""
It has `encode` and `step` like the translator of lesson 04. (Its readout is simpler: one linear layer of its own.) So teacher forcing, loss, greedy decoding and beam search of that lesson take it as it is.

**Answer: standardise, project, attend, GRU cell, word. The regions and the first state are new; the rest is the translator.**

## 5 · Does it look at what it names?

An example is the number of a picture, and its caption between `<bos>` and `<eos>`. The loss fetches the features of the pictures. The loop is lesson 04's for real sentences: AdamW, a learning rate that rises over the first tenth and then falls to zero, gradients clipped at length 1. A batch has room for at most 256 words, padding included. The training shows 290,000 words.
"""

# %% name="loss"
from attention_course.lessons.lesson_04.built import (
    beam_search,
    greedy,
    teacher_forcing,
    translation_loss,
)


def caption_loss(features):
    def loss(model, picture, caption):                              # (B, 1), (B, L + 1)
        given = features[picture[:, 0].cpu()].to(picture.device)    # (B, S, 112)
        return translation_loss(model, given, caption)
    return loss

# %% name="train"
from attention_course.data.vocabulary import BOS, EOS, Vocabulary
from attention_course.device import seed_everything, use_threads
from attention_course.training import train

vocabulary = Vocabulary(scene.words for scene in known)
examples = [([i], [BOS, *vocabulary.encode(s.words), EOS]) for i, s in enumerate(known)]
settings = {"target_tokens": 290_000, "batch_tokens": 256, "learning_rate": 2e-3}

use_threads()
seed_everything(0)
captioner = Captioner(features, len(vocabulary))
run = train(captioner, examples, loss=caption_loss(features), **settings)
passes = run.used / sum(len(caption) - 1 for _, caption in examples)
print(f"{run.steps:,} steps, {passes:.1f} passes, {run.seconds:.0f} s,", run.precision, run.device)
del known, features, examples                                       # to have room for what follows

# %% name="inside-training" jupyter={"source_hidden": true}
from attention_course import training
from attention_course.training import recipe

decoding = [teacher_forcing, translation_loss, greedy, beam_search]
look_inside(*decoding, recipe.adamw, recipe.warm_up_then_decay, training.train_step)

# %% [markdown] name="tell-text"
r"""
`tell` gives the captions of some pictures by greedy decoding, and the map of each word. A caption is right if every word is.
"""

# %% name="tell"
import torch.nn.functional as F


@torch.no_grad()
def tell(model, features):                                          # (B, S, 112)
    said, maps = [], []
    for some in features.split(50):                                 # to save memory
        numbers = greedy(model, some, longest=14)                   # (50, 14)
        maps.append(teacher_forcing(model, some, F.pad(numbers, (1, 0), value=BOS))[1])
        said += [tuple(vocabulary.decode(row)) for row in numbers.tolist()]
    return said, torch.cat(maps)                                    # maps: (B, 14, S)


def right(said):                                                    # one truth value a caption
    return torch.tensor([a == scene.words for a, scene in zip(said, unseen)]).float()


# %% name="exact"
said, _ = tell(captioner, unseen_features)
kinds = torch.tensor([len(scene.names) for scene in unseen])
rows = [[n, (kinds == n).sum().item(), f"{right(said)[kinds == n].mean():.0%}"] for n in (1, 2, 3)]
rows += [["all", len(unseen), f"{right(said).mean():.1%}"]]
table(["kinds of thing in the scene", "scenes", "captions exactly right"], rows)

# %% name="tell-guard" jupyter={"source_hidden": true}
enough = {"EfficientNetLite0": (0.60, 0.88, 0.70), "SmallEncoder": (0.20, 0.75, 0.50)}
enough = enough[type(encoder).__name__]                             # exact, peaks, weight
assert right(said).mean() > enough[0]

# %% name="beam"
part = range(0, len(unseen), 3)                                     # every third scene
wide = {}
for i in part:
    best = beam_search(captioner, unseen_features[i : i + 1], width=4, power=1, longest=14)[0]
    wide[i] = tuple(vocabulary.decode(best[1]))
one, four = (sum(found[i] == unseen[i].words for i in part) for found in (said, wide))
rows = [["greedy", one / len(part)], ["beam of 4", four / len(part)]]
table([f"every third scene, {len(part)} in all", "exactly right"], rows)

# %% name="wrong" jupyter={"source_hidden": true}
wrong = [i for i in part if said[i] != unseen[i].words][:3]
for i in wrong:
    print("it is", *unseen[i].words, "\n  greedy ", *said[i], "\n  beam   ", *wide[i])

# %% name="mistakes" jupyter={"source_hidden": true}
from collections import Counter

from attention_course.lessons.lesson_06.mistakes import mistake

counted = Counter(mistake(a, scene.words) for a, scene in zip(said, unseen))
del counted[""]                                                     # the right ones
table(["mistakes of greedy decoding, all scenes", "captions"], counted.most_common())

# %% [markdown] name="maps-text"
r"""
The beam gains hardly anything here. The last table counts the mistakes: each wrong caption once, beginning with the things that it names.

Now the maps of one scene. (It is the first one with three drawings whose caption is right and says *left*.) A region is as strong as its weight, and all maps share one scale. A frame marks the largest weight; its size stands beside the word. Compare the words of one thing (*two red …*) with the words between the things (*to the left of*).
"""

# %% name="maps" jupyter={"source_hidden": true}
from attention_course.models.region_features import encode_images


def map_of(things, image):                                          # drawn on a plain ground
    [words], maps = tell(captioner, encode_images(encoder, image[None]))
    return shown.word_maps(draw(things, ground), maps[0, : len(words)].reshape(-1, 10, 10), words)


fits = [s for s, a in zip(unseen, said) if a == s.words and "left" in a and len(s.things) == 3]
one_scene = (fits or unseen)[0]
map_of(one_scene.things, one_scene.image())

# %% name="guess-pointing"
guess = predict(
    "We feed in the 500 true captions of unseen scenes. At every noun, how often is the centre of "
    "the region with the largest weight inside a box of what the noun names?",
    ["about half of the time", "about three times in four", "more than nine times in ten"],
)

# %% [markdown] name="pointing-text"
r"""
Two chance levels stand beside the answer. A *random region* knows nothing. A *random object* finds the things, but not which one is meant. To find the right thing, a map has to beat the second.
"""

# %% name="pointing"
from attention_course.data.vocabulary import pad
from attention_course.metrics import pointing

target = pad([[BOS, *vocabulary.encode(scene.words)] for scene in unseen])
with torch.no_grad():                                               # the true captions are said
    parts = zip(unseen_features.split(50), target.split(50))
    maps = torch.cat([teacher_forcing(captioner, *part)[1] for part in parts])  # (500, L, 100)
nouns = [(i, place) for i, scene in enumerate(unseen) for place in scene.names]


def pointed(nouns, earlier=0):                                      # words before the noun
    looked = torch.stack([maps[i, place - earlier] for i, place in nouns])
    named = [unseen[i].named(place) for i, place in nouns]
    return pointing(looked, named, [unseen[i].boxes for i, _ in nouns])

# %% name="pointing-table"
rows = []
for n in (1, 2, 3, None):
    chosen = [noun for noun in nouns if n in (None, kinds[noun[0]].item())]
    p = pointed(chosen)
    shares = [f"{x:.1%}" for x in (p.rate, p.random_region, p.random_thing, p.mass)]
    rows.append([n or "all", len(chosen), *shares])
columns = ["kinds in the scene", "nouns", "largest weight on the thing"]
columns += ["random region", "random object", "share of weight on the thing"]
table(columns, rows)

# %% name="pointing-guard" jupyter={"source_hidden": true}
found = pointed(nouns)
assert found.rate > enough[1] and found.mass > enough[2]
assert found.rate > found.random_thing + 0.2

# %% name="reveal-pointing" jupyter={"source_hidden": true}
bands = ((0.63, "about half of the time"), (0.9, "about three times in four"))
answer = next((name for most, name in bands if found.rate < most), "more than nine times in ten")
guess.reveal(answer, f"{found.rate:.0%}. It was never told where things are, only the right words.")

# %% name="inside-pointing" jupyter={"source_hidden": true}
from attention_course.metrics import inside

look_inside(inside, pointing)

# %% [markdown] name="enlarged-text"
r"""
The first measure is the pointing game (Zhang and others 2016), the last is attention correctness (Liu and others 2017).

Papers show smooth blobs. A blob is the same 100 weights, enlarged to 25,600 pixels. It looks finer than it is, and enlarging can move the peak. This is the noun whose peak moves furthest:
"""

# %% name="enlarged" jupyter={"source_hidden": true}
def enlarge(maps):                                                  # (B, 100)
    small = maps.reshape(-1, 1, 10, 10)
    return F.interpolate(small, size=160, mode="bilinear")[:, 0]    # (B, 160, 160)


def peak(grid):                                                     # in pixels: x, y
    y, x = divmod(grid.argmax().item(), grid.shape[1])
    return (x + 0.5) * 160 / grid.shape[1], (y + 0.5) * 160 / grid.shape[1]


def moved(i, place):                                                # how far, in pixels
    grid = maps[i, place].reshape(10, 10)
    (a, b), (c, d) = peak(grid), peak(enlarge(grid)[0])
    return max(abs(a - c), abs(b - d))


far = {noun: moved(*noun) for noun in nouns}
i, place = max(far, key=far.get)
grid = maps[i, place].reshape(10, 10)
shown.cells_and_blobs(draw(unseen[i].things, ground), grid, enlarge(grid)[0])

# %% name="enlarged-count" jupyter={"source_hidden": true}
other = sum(distance > 8.5 for distance in far.values())            # half a region, and a little
rows = [["nouns", len(far)], ["peak in another region once enlarged", other]]
table(["", ""], rows)

# %% [markdown] name="enlarged-after"
r"""
Enlarging mixes neighbours, so a region with heavy neighbours can overtake the largest. This is rare here, as the count says. Still, we draw squares, and judge by the centres of regions.

Does a word look at its thing only when it is said? Captions have number, colour and noun in a row: *two red apples*.
"""

# %% name="when"
rows = []
for name, earlier in {"a, an, two": 2, "the colour": 1, "the noun": 0}.items():
    p = pointed(nouns, earlier)
    rows.append([name, f"{p.rate:.0%}", f"{p.mass:.0%}"])
table(["at this word", "largest weight on the thing", "share of weight on it"], rows)

# %% [markdown] name="learned-answer"
r"""
It looks there two words earlier already. Number and colour must be seen, too. And the map of a noun is made before the noun is given. So it cannot be found by the noun. The order in which captions name things may be enough to find it; we did not test this. (With three kinds, the maps are right far more often than whole captions.)

**Answer: yes, far more often than chance. But the map tells where it looks, and not whether the word depends on it. The last exercise tests that.**

Compose your own scenes. No training scene had one kind in two colours.
"""

# %% name="compose" jupyter={"source_hidden": true}
from attention_course.data.scenes import COLOURS, KINDS, new_ground


def scene_of(larger, its_colour, smaller, other_colour):
    one = Thing(larger, its_colour, 0.27, 0.5, 0.36)
    other = Thing(smaller, other_colour, 0.73, 0.5, 0.2)
    return map_of([one, other], draw([one, other], new_ground(11, 160)))


choices = {"larger": ["apple", *KINDS], "its_colour": ["red", *COLOURS]}
explore(scene_of, **choices, smaller=["cat", *KINDS], other_colour=["blue", *COLOURS])

# %% [markdown] name="hard-text"
r"""
## 6 · Must it average?

So far the context was the average, **soft attention**. Xu and others also tried **hard attention**: draw one region by its weight, and look at nothing else. Scores and weights are the same. Only their use differs:
"""

# %% name="hard-picture" jupyter={"source_hidden": true}
diagrams.two_uses(h, weights, context)

# %% name="hard-by-hand"
torch.manual_seed(0)
drawn = torch.multinomial(weights, 10_000, replacement=True)        # numbers of regions
rows = [["soft: expected vector", context], ["hard: first draw", h[drawn[0]]]]
rows += [["hard: mean of 10,000 draws", h[drawn].mean(0)]]
table(["context", "apple, cat"], rows)

# %% [markdown] name="hard-class-text"
r"""
The soft context is the expected value of the hard one. But no region is (1.17, 0.32), and each draw is a region that exists, though perhaps the wrong one: the first draw is the cat. Here is hard attention with the same parameters. In use, it may also take the region with the largest weight.
"""

# %% name="hard-attention"
class HardAttention(Attention):
    def __init__(self, query_size, key_size, D, draws=True):
        super().__init__(query_size, key_size, D)
        self.draws = draws

    def forward(self, query, h, k):
        _, weights = super().forward(query, h, k)
        chosen = torch.multinomial(weights, 1)[:, 0] if self.draws else weights.argmax(-1)
        rows = torch.arange(len(h), device=h.device)
        return h[rows, chosen], weights                             # one region's vector: (B, 192)

# %% name="hard-loaded"
import copy

hard = copy.deepcopy(captioner)
hard.attention = HardAttention(352, 192, 64)
hard.load_state_dict(captioner.state_dict())                        # trained softly, used hard
hard.attention.draws = False                                        # first: the largest weight

# %% name="guess-hard"
guess = predict(
    "The captioner was trained with averages. Now it sees one region per word, the one with the "
    "largest weight. How many captions stay right?",
    ["hardly any", "about half of those that were right", "more than two thirds of those"],
)

# %% name="same-weights"
uses = {"soft: average": right(said)}                               # one truth value a caption
uses["hard: largest weight"] = right(tell(hard, unseen_features)[0])
hard.attention.draws = True
uses["hard: drawn"] = right(tell(hard, unseen_features)[0])
soft = uses["soft: average"]
rows = [
    [use, *(f"{x:.1%}" for x in (found.mean(), (found * soft).sum() / soft.sum()))]
    for use, found in uses.items()
]
table(["the same parameters", "captions exactly right", "of those that soft has right"], rows)

# %% name="reveal-hard" jupyter={"source_hidden": true}
kept = ((uses["hard: largest weight"] * soft).sum() / soft.sum()).item()
bands = ((0.25, "hardly any"), (0.67, "about half of those that were right"))
answer = next((name for most, name in bands if kept < most), "more than two thirds of those")
guess.reveal(answer, f"It keeps {kept:.0%} of them.")

# %% [markdown] name="reinforce-text"
r"""
*Training* hard attention is difficult, because a draw has no derivative. But its probability has one. Take one word. Let the **reward** $r_k$ be the log probability of the true word when region $k$ is drawn. It does not depend on the parameters of the score, and $\nabla$ is the gradient with respect to these. Then the expected reward has the gradient

$$\begin{aligned} \nabla \sum_k a_k r_k &= \sum_k r_k \nabla a_k && \text{only the weights depend on them} \\ &= \sum_k a_k \, r_k \, \nabla \log a_k && \text{because } \nabla a_k = a_k \nabla \log a_k \\ &= \sum_k a_k \, (r_k - b) \, \nabla \log a_k && \text{because } \textstyle\sum_k a_k \nabla \log a_k = \nabla \sum_k a_k = \nabla 1 = 0 . \end{aligned}$$

The last line is an average over draws. So one draw $k$ gives $(r_k - b)\, \nabla \log a_k$, which is right on average. This is **REINFORCE** (Williams 1992). The **baseline** $b$ may be any number that does not depend on the draw. It changes nothing on average, and much for one draw. With respect to the scores, $\nabla \log a_k$ is $1 - a_k$ at $k$, and $-a_j$ elsewhere:
"""

# %% name="reinforce"
z, r = torch.tensor([0.5, 0.0, -0.5]), torch.tensor([-5.1, -6.0, -7.0])
a = z.softmax(-1)
torch.manual_seed(0)
drawn = torch.multinomial(a, 10_000, replacement=True)
slopes = F.one_hot(drawn, 3) - a                                    # of log a_k: (draws, 3)
rows = [["exact", a * (r - a @ r), None]]
for name, b in {"no baseline": 0.0, "b = the mean reward": a @ r}.items():
    estimates = (r[drawn] - b)[:, None] * slopes
    rows.append([name, estimates.mean(0), estimates.std(0).norm()])
table(["gradient of three scores", "mean of 10,000 draws", "spread of one draw"], rows)

# %% name="reinforce-guard" jupyter={"source_hidden": true}
assert all(torch.allclose(row[1], rows[0][1], atol=0.15) for row in rows[1:])
assert rows[2][2] < rows[1][2] / 5

# %% [markdown] name="four-text"
r"""
We trained four captioners, with three seeds each: soft, hard, the plain mean, and soft with a *penalty* of Xu and others, $\lambda \sum_i (1 - \sum_t a_{ti})^2$. The penalty asks each region to get a total weight of 1 over the caption. (It cannot be met: $L$ words have only $L$ to give to 100 regions.) The settings are those above, but with 400,000 words in batches of 512, a learning rate of 0.003, bfloat16, and $\lambda = 1/100$. In the hard one, a draw is rewarded with the log probability of its word and of all later words, and $b$ is a running average.
"""

# %% name="four"
rows = []
for name in measured["variants"]:
    rate = None if name.startswith("none") else measured["rate"][name]
    rows.append([name, measured["exact"][name], rate, measured["mass"][name]])
region, thing = measured["random_region"], measured["random_thing"]
rows += [["chance: random region", None, region, region]]
rows += [["chance: random object", None, thing, None]]
columns = ["three trainings", "captions exactly right", "largest weight on the thing"]
table([*columns, "share of weight on the thing"], rows)

# %% name="four-guard" jupyter={"source_hidden": true}
soft, hard_ones = measured["rate"]["soft"], measured["rate"]["hard"]
assert min(soft) > 0.88 and sum(rate < region for rate in hard_ones) == 2
assert max(measured["mass"]["soft, with the penalty"]) < min(measured["mass"]["soft"])
assert max(measured["exact"]["hard"]) < min(measured["exact"]["none (mean of the regions)"])

# %% [markdown] name="four-after"
r"""
Hard attention has not learned to look. Two of its three trainings point less often than a random region. Looking hard is not what fails, as the earlier table shows: learning it from draws is. Xu and others helped in two ways that we left out. Half of the time they used the average in place of the draw, and they rewarded even weights. In their Table 1, hard attention is slightly ahead in BLEU-4. So our row shows plain REINFORCE in this budget, and no more. The penalty takes weight off the things, with every seed.

Xu's soft decoder has one more part, a **gate** $\beta_t$ between 0 and 1:

$$\beta_t = \mathrm{sigmoid}(\mathrm{linear}(s_{t-1})), \qquad c_t = \beta_t \sum_i a_{ti} \, h_i .$$

A word like *of*, which needs no look, can turn the context down. It needs an `nn.Linear(D, 1)` and one product. We left it out, untested.
"""

# %% name="claims"
from attention_course import claims

claims.table(lesson="06_image_captioning")

# %% [markdown] name="hard-answer"
r"""
**Answer: no. One region per word keeps most captions right. But an average has a derivative, and was far easier to learn here.**

## 7 · Does it know a photograph?

The captioner has learned from drawings, its encoder from photographs. So we show cut-out photographs of things that it has words for, one at a time, in four places each, and red drawings of the same kinds in the same places. Its third word counts, and the map of this word.
"""

# %% name="guess-photographs"
guess = predict(
    "It names a single drawing nearly always. How often will it name the photograph?",
    ["more than half of the time", "about a third of the time", "hardly ever"],
)

# %% name="photographs"
from attention_course.data.scenes import Scene, photos
from attention_course.data.unavailable import DatasetUnavailable

places = [(0.3, 0.3, 0.3), (0.7, 0.35, 0.4), (0.4, 0.7, 0.4), (0.7, 0.7, 0.3)]  # x, y, size
wanted = [(kind, name) for kind, names in photos.PHOTOS.items() for name in names]
cases = [(i % 4, kind, name, *places[i % 4]) for kind, name in wanted for i in range(4)]
drawings = [Scene((Thing(kind, "red", x, y, size),), ground=i) for i, kind, _, x, y, size in cases]
sets = {"drawings": [(scene.image(), scene.boxes[0]) for scene in drawings]}
try:
    taken = [photos.photo_scene(name, x, y, size, ground=i) for i, _, name, x, y, size in cases]
    sets["photographs"] = taken
except DatasetUnavailable:
    print("The photographs cannot be had here, so this section goes without them.")

# %% name="named"
results_of, rows = {}, []
for name, pairs in sets.items():
    seen = torch.cat([encode_images(encoder, image[None]) for image, _ in pairs])
    words, looked = tell(captioner, seen)
    named = [w[2:3] == (case[1],) for w, case in zip(words, cases)]
    hit = [inside([box], 10, 10)[m[2].argmax()].item() for m, (_, box) in zip(looked, pairs)]
    chance = np.mean([inside([box], 10, 10).float().mean() for _, box in pairs])
    results_of[name] = [np.mean(named), np.mean(hit), chance]
    rows.append([name, len(pairs), *(f"{share:.0%}" for share in results_of[name])])
columns = ["", "pictures", "named", "largest weight on it", "random region"]
table(columns, rows)

# %% name="photographs-shown" jupyter={"source_hidden": true}
few = range(0, len(cases), 30)
images = [sets["photographs"][i][0] for i in few] if "photographs" in sets else []
answers = [" ".join(words[i]) for i in few]
shown.pictures(images, answers, columns=5) if images else None

# %% name="reveal-photographs" jupyter={"source_hidden": true}
share = results_of["photographs"][0] if images else 0.0
assert share < results_of["drawings"][0]
answer = "more than half of the time" if share > 0.5 else "about a third of the time"
answer = answer if share > 0.15 else "hardly ever"
said_of_it = f"{share:.0%}. A guess would be right once in {len(KINDS)}."
guess.reveal(answer, said_of_it) if images else None

# %% [markdown] name="photographs-answer"
r"""
These are every 30th photograph, just as the captioner saw them, and what it said. Pointing is no feat here, because there is nothing else in the picture. Most photographs get another name, and the colours are often wrong, too.

**Answer: seldom. A map can be in the right place while the word is wrong.**

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = "import torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n"
imports += "PAD, BOS, EOS = 0, 1, 2"
parts = [Regions, Attention, HardAttention, Writer, Captioner, teacher_forcing, translation_loss]
listing(*parts, caption_loss, greedy, beam_search, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- A captioner with attention is a translator whose encoder gives regions of a picture.
- The regions are the places of a **feature map**, from an inner layer of an image network.
- **Soft attention** averages the regions. **Hard attention** draws one. The weights are the same.
- A draw has no derivative. **REINFORCE** learns from rewards, and a **baseline** makes its steps less noisy.
- Pointing needs two chance levels beside it: a random region, and a random object.
- A map shows where the model looked. It does not show that the word is right, or that it depends on that place.

Worth knowing by heart:

```
soft = weights @ h                                              # (S) @ (S, C): the expected vector
hard = h[torch.multinomial(weights, 1)[0]]                      # one region
loss = -(log_p_word + (log_p_word.detach() - b) * log_p_draw)   # REINFORCE, for one word
```

<details><summary>1. An image of 224 × 224 pixels goes through a network whose feature map is (512, 14, 14). What are S, the numbers per region, and the shape of the weights of 9 words?</summary>

S = 14 · 14 = 196 regions of 512 numbers. The weights are (9, 196). This is the setting of Xu and others.

</details>

<details><summary>2. Why may the baseline be the mean of earlier rewards, but not the reward of the draw itself?</summary>

It must not depend on the draw. The reward itself as a baseline would make every step zero.

</details>

<details><summary>3. A map lies on the dog when the model says "dog". May you conclude that it says "dog" because of this region?</summary>

No. Each vector has seen much of the image, and the state remembers earlier looks. Cover the region and see whether the word changes.

</details>

## Exercises, and where to go next

In the [exercises](exercises/06_image_captioning.ipynb) you write the look, the pointing rate, the penalty and a better baseline, and cover regions to see what a noun depends on. Then comes **[07 · Hierarchical attention](07_hierarchical_attention.ipynb)**, which goes back to text and attends on two levels.

### Sources

Xu, Ba, Kiros, Cho, Courville, Salakhutdinov, Zemel, Bengio: Show, attend and tell: neural image caption generation with visual attention. ICML 2015, [arXiv:1502.03044](https://arxiv.org/abs/1502.03044) · Vinyals, Toshev, Bengio, Erhan: Show and tell: a neural image caption generator. CVPR 2015, [arXiv:1411.4555](https://arxiv.org/abs/1411.4555) · Zhang, Lin, Brandt, Shen, Sclaroff: Top-down neural attention by excitation backprop. ECCV 2016, [arXiv:1608.00507](https://arxiv.org/abs/1608.00507) · Liu, Mao, Sha, Yuille: Attention correctness in neural image captioning. AAAI 2017, [arXiv:1605.09553](https://arxiv.org/abs/1605.09553) · Lin and others: Microsoft COCO: common objects in context. ECCV 2014, [arXiv:1405.0312](https://arxiv.org/abs/1405.0312) · Williams: Simple statistical gradient-following algorithms for connectionist reinforcement learning. Machine Learning 8 (1992) 229–256 · Tan, Le: EfficientNet: rethinking model scaling for convolutional neural networks. ICML 2019, [arXiv:1905.11946](https://arxiv.org/abs/1905.11946) · Deng, Dong, Socher, Li, Li, Fei-Fei: ImageNet: a large-scale hierarchical image database. CVPR 2009. Equations (10) to (13) are numbered as in the survey of Nishida and Saito (2018), section 2.2.

Pictures: OpenMoji, CC BY-SA 4.0. Photographs: stamps of Tux Paint, GPL 2 or later.
"""
