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
from attention_course.data.scenes import scenes
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.metrics import inside
from attention_course.models.captioner import Album, Captioner
from attention_course.models.efficientnet import pretrained
from attention_course.models.region_features import region_features
from attention_course.models.small_encoder import trained_encoder
from attention_course.training import train

# %% [markdown] name="look-text"
r"""
## 1 · One look

Writes the mechanism · ★★☆, 10 minutes

Eqs. (11) to (13) for several pictures at once, one query each, with the additive score $S(h_i, q) = v^\top \tanh(W_1 h_i + W_2 q)$. `query` is (B, query size), `regions` (B, T, size), `W_1` (k, size), `W_2` (k, query size) and `v` (k,). Return the context (B, size) and the weights (B, T), in this order.
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

`maps` (N, rows, columns) holds one map for each of N nouns, and `boxes` a list for each: the boxes of what the noun names, as `(left, top, right, bottom)`, in shares of the picture's width and height from the upper left corner. A map hits when the *centre* of the region with its largest weight lies in one of its boxes. Return the share of maps that hit.
"""

# %% name="pointing-rate" tags=["exercise"]
def pointing_rate(maps, boxes):
    raise NotImplementedError("your turn")


# %% name="pointing-rate-check"
check.pointing_rate(pointing_rate)

# %% [markdown] name="penalty-text"
r"""
## 3 · The doubly stochastic penalty

Writes the mechanism · ★★☆, 8 minutes

`weights` (B, L, T) are the maps of B captions of at most L words, and `lengths` (B,) says how many words each caption has; the rest is padding. Return the mean over pictures and regions of $\left(1 - \sum_t \alpha_{ti}\right)^2$.
"""

# %% name="penalty" tags=["exercise"]
def penalty(weights, lengths):
    raise NotImplementedError("your turn")


# %% name="penalty-check"
check.penalty(penalty)

# %% [markdown] name="reinforce-estimate-text"
r"""
## 4 · An estimate from draws

Extends the lesson · ★★★, 12 minutes

`energies` (T,) are those of one look. Regions were drawn with the weights $\alpha = \mathrm{softmax}(e)$: `draws` (N,) holds their numbers, `rewards` (N,) what each draw was rewarded with, and `baseline` is a number. Return REINFORCE's estimate, from these draws, of the gradient of the expected reward with respect to the energies, (T,). Use no autograd: the derivative of $\log \alpha_k$ is short.
"""

# %% name="reinforce-estimate" tags=["exercise"]
def reinforce_estimate(energies, draws, rewards, baseline):
    raise NotImplementedError("your turn")


# %% name="reinforce-estimate-check"
check.reinforce_estimate(reinforce_estimate)

# %% [markdown] name="what-pointing-proves-text"
r"""
## 5 · What it proves

Breaks something and explains · ★★☆, 8 minutes

A captioner says the true captions of unseen scenes, and in 96 % of the nouns the region with the largest weight lies on the thing that the noun names. Which statement does that bear out?

- **A** It needs that region to say the noun: cover it, and the noun goes wrong.
- **B** When the noun is said, the largest weight is nearly always on the thing. Whether the noun depends on it has not been measured.
- **C** At least 96 % of its nouns are right when it captions these scenes by itself.
- **D** It does twelve times as well as chance, since a region at random lies on the thing in 8 % of the cases. There is no stronger opponent to beat.
- **E** It would point as well at things that overlap.
"""

# %% name="what-pointing-proves" tags=["exercise"]
what_pointing_proves = ...  # "A", "B", "C", "D" or "E"

# %% name="what-pointing-proves-check"
check.what_pointing_proves(what_pointing_proves)

# %% [markdown] name="try-text"
r"""
To know what a noun depends on, cover something. The next cells train a smaller captioner on fewer scenes, which takes about a minute. While it says the true caption, they take regions out of the average: for the noun alone, those of the thing it names; for the noun alone, as many others; and the thing's from the first word on. What do you expect of each?
"""

# %% name="try-train"
device.seed_everything(0)
try:
    encoder = pretrained()
except ImportError:
    encoder = trained_encoder()
known, unseen = scenes(1_500), scenes(200, part="test")
features, unseen_features = region_features(encoder, known), region_features(encoder, unseen)
vocabulary = Vocabulary(scene.words for scene in known)
examples = [([i], [BOS, *vocabulary.encode(scene.words), EOS]) for i, scene in enumerate(known)]
captioner = Captioner(features, len(vocabulary), size=128, decoder_size=192)
run = train(Album(captioner, features), examples, target_tokens=150_000, batch_tokens=256, learning_rate=3e-3)

# %% name="try-cover"
@torch.no_grad()
def nouns_still_right(cover, always=False):
    """cover: for a scene and the position of a noun, which of the 100 regions to take out of the average."""
    rows = [(i, position) for i, scene in enumerate(unseen) for position in scene.names]
    covered = torch.stack([cover(unseen[i], position) for i, position in rows])
    places = torch.tensor([position for _, position in rows])
    true = pad([[BOS, *vocabulary.encode(unseen[i].words)] for i, _ in rows])
    regions, state = captioner.encode(unseen_features[[i for i, _ in rows]])
    right = torch.zeros(len(rows), dtype=torch.bool)
    for t, previous in enumerate(true[:, :-1].unbind(1)):
        word = captioner.embedding(previous)
        _, weights = captioner.look(word, state, regions)
        out = covered & (always | (places == t)).unsqueeze(1)
        weights = weights.masked_fill(out, 0)
        weights = weights / weights.sum(-1, keepdim=True)  # what is left shares everything
        context = (weights.unsqueeze(1) @ regions.annotations).squeeze(1)
        state = captioner.cell(captioner.cell.from_word(word), context, state)
        logits = captioner.readout(torch.cat([state, context, word], -1))
        right |= (places == t) & (logits.argmax(-1) == true[:, t + 1])
    return right.float().mean().item()


# %% name="try-shares"
def thing(scene, position):
    return inside(scene.named(position), 10, 10)


def others(scene, position):
    elsewhere = (~thing(scene, position)).nonzero().flatten()
    chosen = elsewhere[torch.randperm(len(elsewhere))[: int(thing(scene, position).sum())]]
    return torch.zeros(100, dtype=torch.bool).index_fill(0, chosen, True)


shares = {
    "nothing covered": nouns_still_right(lambda scene, position: torch.zeros(100, dtype=torch.bool)),
    "the thing, at the noun": nouns_still_right(thing),
    "as many other regions, at the noun": nouns_still_right(others),
    "the thing, from the first word on": nouns_still_right(thing, always=True),
}
for what, share in shares.items():
    print(f"{what:<36} {share:.0%} of the nouns are right")

# %% [markdown] name="try-after"
r"""
Covering takes a region out of the decoder's average and not out of the picture: the vectors of neighbouring regions have seen it, too, and so has the first state, which is made from the mean of all. Paint over the thing in the image instead, and compare.
"""
