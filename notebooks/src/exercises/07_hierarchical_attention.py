# %% [markdown] name="title"
r"""
# Exercises 07 · Hierarchical attention

Four problems on [lesson 07](../07_hierarchical_attention.ipynb), about forty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.two_levels.hint()` gives a hint, a more explicit one each time. `check.two_levels.solution()` shows one solution.

**Rules for all problems.** Vectors, masks and weights are PyTorch tensors; documents and sizes are Python's lists and numbers. Write in PyTorch, NumPy or plain Python, as you like. Return a new result, and do not change the inputs. A mask is `True` where something counts. Letters in brackets are shapes, as in the lesson: B documents, S sentences, T words of a sentence, E numbers per vector.

**Names.** The letters are the lesson's. `W_k` is its `W_k.weight`, stored as `nn.Linear` stores it: (size that comes out, size that goes in). So $h\,W^K$ is `h @ W_k.T` here. `u` is the learned vector, and D is the number of its entries.
"""

# %% name="imports"
import random

import numpy as np
import torch

from attention_course.checks import lesson_07 as check

# %% [markdown] name="two-levels-text"
r"""
## 1 · Two levels, with padding

★★☆, 10 minutes: writes the mechanism

There are the vectors of the words, `words` (B, S, T, E), and their `mask` (B, S, T). Padding may stand anywhere in a sentence, and so may sentences of nothing but padding. The level of the words has the parameters `W_k` (D, E) and `u` (D), the level of the sentences `W_k_s` (D, E) and `u_s` (D). Return the vectors of the documents (B, E), by Eqs. (18) to (20) at both levels, without a GRU.

Padding must change nothing. Where there is nothing to share among, all weights are 0, so a document without any word becomes the vector 0. You may import `masked_softmax` from `attention_course.functional`. It is better to write it yourself.
"""

# %% name="two-levels" tags=["exercise"]
def two_levels(words, mask, W_k, u, W_k_s, u_s):
    raise NotImplementedError("your turn")


# %% name="two-levels-check"
check.two_levels(two_levels)

# %% [markdown] name="keep-top-text"
r"""
## 2 · What the weights would keep

★☆☆, 6 minutes: writes the mechanism

`document` is a list of sentences, and each sentence is a list of word numbers. `weights` holds its sentence weights. The tensor may be longer than the document, because other documents of the batch are longer; the weights behind the document's own are 0. Return the document with only the `count` sentences that have the largest weights, as a list of sentences in the order of the document. A document that has no more than `count` sentences stays whole.

No two sentences have the same weight, but two may have the same words.
"""

# %% name="keep-top" tags=["exercise"]
def keep_top(document, weights, count):
    raise NotImplementedError("your turn")


# %% name="keep-top-check"
check.keep_top(keep_top)

# %% [markdown] name="what-it-shows-text"
r"""
## 3 · Right, and looking elsewhere

★☆☆, 15 minutes with the experiment: breaks something and explains

Two networks were trained on generated reviews, good and bad ones. Both are right about 99 % of the unseen reviews of either kind. In the first network, the deciding sentence has the largest weight in 98 % of the good and in 97 % of the bad reviews. In the second, it has it in 99 % of the good and in 12 % of the bad ones. Nothing else has been measured. Which statement follows from these numbers?

- **A** The second network has not learned to tell bad reviews, and guesses.
- **B** In bad reviews, the second network takes its answer from what the sentence with the largest weight says.
- **C** The second network's largest weight is hardly any help in finding the sentence that makes a review bad.
- **D** The first network will be right about more reviews that are written in another way.
- **E** Trained for longer, the second network would come to look at the deciding sentence in bad reviews, too.
"""

# %% name="what-it-shows" tags=["exercise"]
what_it_shows = ...  # "A", "B", "C", "D" or "E"

# %% name="what-it-shows-check"
check.what_it_shows(what_it_shows)

# %% [markdown] name="try-text"
r"""
Does a network need the sentence that it overlooks? The next cells train three small networks without GRUs, from three random starts. Then they remove from every review the deciding sentence, or another one, and ask again. What do you expect where a network does not look at what is removed?
"""

# %% name="try-train"
from attention_course.data.vocabulary import Vocabulary
from attention_course.device import seed_everything, use_threads
from attention_course.lessons.lesson_07.built import HierarchicalAttention, read, train
from attention_course.lessons.lesson_07.reviews import BAD, GOOD, reviews

learned, unseen = reviews(2000, "train", seed=1), reviews(1000, "test", seed=1)
vocabulary = Vocabulary(sentence for review in learned for sentence in review.sentences)
numbers, asked = (
    [[vocabulary.encode(sentence) for sentence in review.sentences] for review in some]
    for some in (learned, unseen)
)

# %% name="try-networks"
def trained(seed):
    seed_everything(seed)
    network = HierarchicalAttention(len(vocabulary), classes=2, gru=(False, False))
    train(network, numbers, [review.label for review in learned], passes=4, seed=seed)
    return network


use_threads(1)
networks = {seed: trained(seed) for seed in (0, 1, 2)}

# %% name="try-remove"
from attention_course.page import table

rng = random.Random(0)
decisive = [review.decisive for review in unseen]
another = [rng.choice([j for j in range(len(d)) if j != k]) for d, k in zip(asked, decisive)]
labels = torch.tensor([review.label for review in unseen])


def still_right(network, places, label):
    left = [[s for j, s in enumerate(d) if j != place] for d, place in zip(asked, places)]
    hit = read(network, left).logits.argmax(-1) == labels
    return hit[labels == label].float().mean()

# %% name="try-table"
rows = []
for seed, network in networks.items():
    on_top = read(network, asked).sentence_weights.argmax(-1) == torch.tensor(decisive)
    for name, label in {"good": GOOD, "bad": BAD}.items():
        shares = [on_top[labels == label].float().mean()]
        shares += [still_right(network, places, label) for places in (decisive, another)]
        rows.append([seed, name, *(f"{share:.0%}" for share in shares)])
table(["seed", "reviews", "deciding one on top", "right without it", "right without another"], rows)

# %% [markdown] name="try-after"
r"""
Look for a row in which nothing is lost when the deciding sentence goes. This kind of review is recognised by what is *not* found in it. The deciding sentence may be overlooked there, or it may be on top all the same. Then train other seeds, and train with `reviews(2000, "train", undecided=1 / 3)` and `classes=3`.
"""

# %% [markdown] name="patch-rows-text"
r"""
## 4 · A picture as a document

★★☆, 10 minutes: extends

A picture is made of rows, and each row of patches. So two levels can read it, too. Cut a grey `image` (height, width) into square patches of `side` · `side` pixels. A row of patches is a sentence, and a patch is a word: a vector of its pixels, line by line. Return (rows, columns, side · side). Height and width are multiples of `side`.
"""

# %% name="patch-rows" tags=["exercise"]
def patch_rows(image, side):
    raise NotImplementedError("your turn")


# %% name="patch-rows-check"
check.patch_rows(patch_rows)
