# %% [markdown] name="title"
r"""
# Exercises 06 · Image captioning

Five problems on [lesson 06](../06_image_captioning.ipynb), about fifty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.look.hint()` gives a hint, a more explicit one each time. `check.look.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, unless a problem says otherwise. Write in PyTorch, NumPy or plain Python, as you like. Return a new result, and do not change the inputs. Letters in brackets are shapes: B pictures, S regions in each, L words, N nouns or draws.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import device
from attention_course.checks import lesson_06 as check

# %% [markdown] name="look-text"
r"""
## 1 · One look

★☆☆, 8 minutes: writes the mechanism

Write Eqs. (11) to (13) for B pictures at once, with one query for each. The score is additive, as in the lesson: $z_i = \tanh(q\,W_q^\top + h_i\,W_k^\top) \cdot u$. The matrices are stored as `nn.Linear` stores them, (size that comes out, size that goes in): they are the lesson's `W_q.weight` and `W_k.weight`.

- in: `query` (B, Q), `regions` (B, S, E), `W_q` (D, Q), `W_k` (D, E), `u` (D)
- out: the context (B, E) and the weights (B, S), in this order
"""

# %% name="look" tags=["exercise"]
def look(query, regions, W_q, W_k, u):
    raise NotImplementedError("your turn")


# %% name="look-check"
check.look(look)

# %% [markdown] name="pointing-rate-text"
r"""
## 2 · The pointing rate

★★☆, 12 minutes: writes the measure

How often does the largest weight of a noun's map lie on what the noun names? A map hits when the *centre* of the region with its largest weight lies in one of the boxes. No centre lies on a box's edge.

- in: `maps` (N, rows, columns), one map for each noun, and `boxes`, a list of N lists. Each holds the boxes of what one noun names, as `(left, top, right, bottom)`. They are shares of the picture's width and height, counted from the upper left corner.
- out: the share of the maps that hit, one number
"""

# %% name="pointing-rate" tags=["exercise"]
def pointing_rate(maps, boxes):
    raise NotImplementedError("your turn")


# %% name="pointing-rate-check"
check.pointing_rate(pointing_rate)

# %% [markdown] name="penalty-text"
r"""
## 3 · The penalty for uneven totals

★☆☆, 5 minutes: writes the mechanism

Xu and others call it *doubly stochastic* attention. Over a caption, each region should get a total weight of one.

- in: `weights` (B, L, S), the maps of B captions, and `lengths` (B), how many words each caption has. What stands behind them is padding and does not count.
- out: the mean of $\left(1 - \sum_t a_{ti}\right)^2$ over pictures and regions, one number
"""

# %% name="penalty" tags=["exercise"]
def penalty(weights, lengths):
    raise NotImplementedError("your turn")


# %% name="penalty-check"
check.penalty(penalty)

# %% [markdown] name="leave-one-out-text"
r"""
## 4 · Each draw's baseline is the others

★★☆, 12 minutes: extends the lesson

A baseline must not depend on the draw, or the estimate is wrong on average. When the same look is drawn several times, there is a good baseline at hand: for each draw, the mean reward of the *other* draws. Write REINFORCE with it. Use no autograd: the lesson has the gradient of $\log a_k$ with respect to the scores.

- in: `scores` (S), the scores $z$ of one look, with weights $a = \mathrm{softmax}(z)$; `draws` (N), the numbers of the regions that were drawn, N at least 2; `rewards` (N), what each draw was rewarded with
- out: the estimate of the gradient of the expected reward with respect to the scores, (S). It is the mean over the draws, each with its own baseline.
"""

# %% name="leave-one-out" tags=["exercise"]
def leave_one_out(scores, draws, rewards):
    raise NotImplementedError("your turn")


# %% name="leave-one-out-check"
check.leave_one_out(leave_one_out)

# %% [markdown] name="what-pointing-proves-text"
r"""
## 5 · What it proves

★★☆, 15 minutes with the experiments: breaks something and explains

A captioner is given the true captions of unseen scenes, word by word. At 96 % of the nouns, the region with the largest weight lies on the thing that the noun names. Which statement follows from this?

- **A** What the captioner sees in that region is what makes it say the noun.
- **B** When a noun is due, the region with the largest weight is nearly always one of the right thing.
- **C** When it captions these scenes by itself, about 96 % of its nouns will be right.
- **D** A region at random lies on the thing in 8 % of the cases, so it tells which thing is meant twelve times as well as chance.
- **E** At a noun, about 96 % of its weight lies on the thing.
"""

# %% name="what-pointing-proves" tags=["exercise"]
what_pointing_proves = ...  # "A", "B", "C", "D" or "E"

# %% name="what-pointing-proves-check"
check.what_pointing_proves(what_pointing_proves)

# %% [markdown] name="try-text"
r"""
To know what a noun depends on, take something away. The next cells train the lesson's captioner, smaller and on fewer scenes, which takes about a minute. It is then fed the true captions of scenes with two or three kinds. Some regions are taken out of its average: those of the thing that a noun names, or those of *another* thing. This is done when the noun is due, or from the first word on. What do you expect of each?
"""

# %% name="try-train"
from attention_course.data.scenes import draw, new_ground, scenes
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.lessons.lesson_04.built import translation_loss
from attention_course.lessons.lesson_06.built import Captioner
from attention_course.models.region_features import encode_images, region_features
from attention_course.models.small_encoder import an_encoder
from attention_course.training import train

device.use_threads()
device.seed_everything(0)
encoder = an_encoder()
known, unseen = scenes(1_500), scenes(200, part="test")
features, unseen_features = region_features(encoder, known), region_features(encoder, unseen)

# %% name="try-train-loop"
vocabulary = Vocabulary(scene.words for scene in known)
examples = [([i], [BOS, *vocabulary.encode(s.words), EOS]) for i, s in enumerate(known)]
captioner = Captioner(features, len(vocabulary), C=128, D=192)


def loss(model, picture, caption):                                  # as in the lesson
    given = features[picture[:, 0].cpu()].to(picture.device)
    return translation_loss(model, given, caption)


settings = {"target_tokens": 150_000, "batch_tokens": 256, "learning_rate": 3e-3}
run = train(captioner, examples, loss=loss, **settings)

# %% name="try-cover"
rows = [(i, t) for i, scene in enumerate(unseen) if len(scene.names) > 1 for t in scene.names]
places = torch.tensor([t for _, t in rows])                         # of the nouns
true = pad([[BOS, *vocabulary.encode(unseen[i].words)] for i, _ in rows])
as_it_is = unseen_features[[i for i, _ in rows]]


def covered_context(weights, h, covered, scaled):
    weights = weights.masked_fill(covered, 0)                       # (nouns, 100)
    if scaled:                                                      # the rest shares everything
        weights = weights / weights.sum(-1, keepdim=True)
    return (weights[:, None] @ h)[:, 0]


# %% name="try-nouns"
@torch.no_grad()
def nouns_right(covered=None, always=False, scaled=True, features=as_it_is):
    """covered: for each noun, which of the 100 regions to take out of the average."""
    memory, state = captioner.encode(features)
    right = torch.zeros(len(rows), dtype=torch.bool)
    for t, previous in enumerate(true[:, :-1].unbind(1)):
        y, due = captioner.writer.embedding(previous), places == t
        context, weights = captioner.attention(torch.cat([state, y], -1), *memory)
        if covered is not None:
            now = covered & (due | always)[:, None]
            context = covered_context(weights, memory[0], now, scaled)
        logits, state = captioner.writer(y, state, context)
        right |= due & (logits.argmax(-1) == true[:, t + 1])
    return f"{right.float().mean():.0%} of {len(rows)} nouns are right"


# %% name="try-shares"
from attention_course.metrics import inside

thing = torch.stack([inside(unseen[i].named(t), 10, 10) for i, t in rows])
others = [next(p for p in unseen[i].names if p != t) for i, t in rows]
another = [inside(unseen[i].named(p), 10, 10) for (i, _), p in zip(rows, others)]
another = torch.stack(another)

print("nothing covered                       ", nouns_right())
print("another thing, when the noun is due   ", nouns_right(another))
print("the thing, when the noun is due       ", nouns_right(thing))
print("  and the other weights as they were  ", nouns_right(thing, scaled=False))
print("another thing, from the first word on ", nouns_right(another, always=True))
print("the thing, from the first word on     ", nouns_right(thing, always=True))

# %% [markdown] name="try-paint"
r"""
Covering gives the decoder a kind of context that it has never met. It also takes a region out of the average only, and not out of the picture. Neighbouring regions have seen it, too, and so has the first state, which is made from the mean of all. So take the thing out of the picture itself.
"""

# %% name="try-painted-over"
def without(scene, position):
    others = [thing for i, thing in enumerate(scene.things) if i not in scene.names[position]]
    return draw(others, new_ground(scene.ground, 160))


painted = encode_images(encoder, np.stack([without(unseen[i], t) for i, t in rows]))
print("the thing painted over                ", nouns_right(features=painted))

# %% [markdown] name="try-after"
r"""
With us, 90 % of the nouns were right. Where another thing was covered, 94 % were right. Where their own thing was covered, only 9 % were right, even when it was covered for the noun alone. So these nouns depend on what is looked at when they are due. The pointing rate could not tell this.

Some of the harm comes from the scaling: where the other weights stay as they were, 20 % are right. These nouns were read from somewhere else, because with the thing out of the picture none is right.
"""
