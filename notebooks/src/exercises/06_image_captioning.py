# %% [markdown] name="title"
r"""
# Exercises 06 · Image captioning

Five problems on [lesson 06](../06_image_captioning.ipynb), about fifty minutes. Write in PyTorch, NumPy or plain Python, as you like. `check.look.hint()` gives a hint, each time a more explicit one; `check.look.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import device
from attention_course.checks import lesson_06 as check
from attention_course.data.scenes import draw, new_ground, scenes
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.metrics import inside
from attention_course.models.captioner import Album, Captioner
from attention_course.models.region_features import encode_images, region_features
from attention_course.models.small_encoder import an_encoder
from attention_course.training import train

# %% [markdown] name="look-text"
r"""
## 1 · One look

Writes the mechanism · ★☆☆, 8 minutes

Eqs. (11) to (13) for several pictures at once, one query each, with the additive score $S(h_i, q) = v^\top \tanh(W_1 h_i + W_2 q)$. `query` is (B, query size), `regions` (B, S, size), `W_1` (k, size), `W_2` (k, query size) and `v` (k,). Return the context (B, size) and the weights (B, S), in this order.
"""

# %% name="look" tags=["exercise"]
def look(query, regions, W_1, W_2, v):
    raise NotImplementedError("your turn")


# %% name="look-check"
check.look(look)

# %% [markdown] name="pointing-rate-text"
r"""
## 2 · The pointing rate

Writes the measure · ★★☆, 12 minutes

`maps` (N, rows, columns) holds one map for each of N nouns, and `boxes` a list for each: the boxes of what the noun names, as `(left, top, right, bottom)`, in shares of the picture's width and height from the upper left corner. A map hits when the *centre* of the region with its largest weight lies in one of its boxes; none lies on a box's edge. Return the share of maps that hit.
"""

# %% name="pointing-rate" tags=["exercise"]
def pointing_rate(maps, boxes):
    raise NotImplementedError("your turn")


# %% name="pointing-rate-check"
check.pointing_rate(pointing_rate)

# %% [markdown] name="penalty-text"
r"""
## 3 · The doubly stochastic penalty

Writes the mechanism · ★☆☆, 5 minutes

`weights` (B, L, S) are the maps of B captions of at most L words, and `lengths` (B,) says how many words each caption has; the rest is padding. Return the mean over pictures and regions of $\left(1 - \sum_t \alpha_{ti}\right)^2$.
"""

# %% name="penalty" tags=["exercise"]
def penalty(weights, lengths):
    raise NotImplementedError("your turn")


# %% name="penalty-check"
check.penalty(penalty)

# %% [markdown] name="leave-one-out-text"
r"""
## 4 · Each draw's baseline is the others

Extends the lesson · ★★☆, 12 minutes

A baseline must not depend on the draw, or the estimate is wrong on average. When the same look is drawn several times, there is a good one at hand: for each draw, the mean reward of the *other* draws.

`energies` (S,) are those of one look, $\alpha = \mathrm{softmax}(e)$. `draws` (N,) holds the numbers of the regions drawn, N at least 2, and `rewards` (N,) what each was rewarded with. Return REINFORCE's estimate of the gradient of the expected reward with respect to the energies, (S,): the mean over the draws, each with its own baseline. Use no autograd: the lesson has the derivative of $\log \alpha_k$.
"""

# %% name="leave-one-out" tags=["exercise"]
def leave_one_out(energies, draws, rewards):
    raise NotImplementedError("your turn")


# %% name="leave-one-out-check"
check.leave_one_out(leave_one_out)

# %% [markdown] name="what-pointing-proves-text"
r"""
## 5 · What it proves

Breaks something and explains · ★★☆, 15 minutes with the experiments

A captioner is given the true captions of unseen scenes, word by word. At 96 % of the nouns the region with its largest weight lies on the thing that the noun names. Which statement does that bear out?

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
To know what a noun depends on, take something away. The next cells train a smaller captioner on fewer scenes, which takes about a minute, and feed it the true captions of scenes with two or three kinds. They take regions out of its average: those of the thing that a noun names, or those of *another* thing; when the noun is due, or from the first word on. What do you expect of each?
"""

# %% name="try-train"
device.use_threads()
device.seed_everything(0)
encoder = an_encoder()
known, unseen = scenes(1_500), scenes(200, part="test")
features, unseen_features = region_features(encoder, known), region_features(encoder, unseen)
vocabulary = Vocabulary(scene.words for scene in known)
examples = [([i], [BOS, *vocabulary.encode(scene.words), EOS]) for i, scene in enumerate(known)]
captioner = Captioner(features, len(vocabulary), size=128, decoder_size=192)
run = train(Album(captioner, features), examples, target_tokens=150_000, batch_tokens=256, learning_rate=3e-3)

# %% name="try-cover"
rows = [(i, position) for i, scene in enumerate(unseen) if len(scene.names) > 1 for position in scene.names]
places = torch.tensor([position for _, position in rows])  # of the nouns
true = pad([[BOS, *vocabulary.encode(unseen[i].words)] for i, _ in rows])
as_it_is = unseen_features[[i for i, _ in rows]]


@torch.no_grad()
def nouns_right(covered=None, always=False, scaled=True, features=as_it_is):
    """covered: for each row, which of the 100 regions to take out of the average."""
    regions, state = captioner.encode(features)
    right = torch.zeros(len(rows), dtype=torch.bool)
    for t, previous in enumerate(true[:, :-1].unbind(1)):
        word = captioner.embedding(previous)
        _, weights = captioner.look(word, state, regions)
        if covered is not None:
            weights = weights.masked_fill(covered & (always | (places == t)).unsqueeze(1), 0)
            weights = weights / weights.sum(-1, keepdim=True) if scaled else weights  # what is left shares everything
        context = (weights.unsqueeze(1) @ regions.annotations).squeeze(1)
        state = captioner.cell(captioner.cell.from_word(word), context, state)
        logits = captioner.readout(torch.cat([state, context, word], -1))
        right |= (places == t) & (logits.argmax(-1) == true[:, t + 1])
    return f"{right.float().mean():.0%} of {len(rows)} nouns are right"


# %% name="try-shares"
thing = torch.stack([inside(unseen[i].named(position), 10, 10) for i, position in rows])
another = [next(p for p in unseen[i].names if p != position) for i, position in rows]
another = torch.stack([inside(unseen[i].named(p), 10, 10) for (i, _), p in zip(rows, another)])

print("nothing covered                       ", nouns_right())
print("another thing, when the noun is due   ", nouns_right(another))
print("the thing, when the noun is due       ", nouns_right(thing))
print("  and the other weights as they were  ", nouns_right(thing, scaled=False))
print("another thing, from the first word on ", nouns_right(another, always=True))
print("the thing, from the first word on     ", nouns_right(thing, always=True))

# %% [markdown] name="try-paint"
r"""
Covering gives the decoder a context of a kind that it has never met. And it takes a region out of the average and not out of the picture: neighbouring regions have seen it, too, and so has the first state, which is made from the mean of all. So take the thing out of the picture itself.
"""

# %% name="try-painted-over"
def without(scene, position):
    others = [thing for i, thing in enumerate(scene.things) if i not in scene.names[position]]
    return draw(others, new_ground(scene.ground, 160))


painted = encode_images(encoder, np.stack([without(unseen[i], position) for i, position in rows]))
print("the thing painted over                ", nouns_right(features=painted))

# %% [markdown] name="try-after"
r"""
With us 91 % of the nouns were right, 94 % where another thing was covered, and 8 % where their own was, even when it was covered for the noun alone. So these nouns depend on what is looked at when they are due, which the pointing rate could not tell. Some of the harm came of the scaling: where the other weights stay as they were, 17 % survive. They were read from somewhere else, for with the thing out of the picture none is right.
"""
