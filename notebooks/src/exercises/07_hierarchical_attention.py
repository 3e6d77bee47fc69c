# %% [markdown] name="title"
r"""
# Exercises 07 · Hierarchical attention

Four problems on [lesson 07](../07_hierarchical_attention.ipynb), about forty minutes. Write in PyTorch, NumPy or plain Python, as you like. `check.two_levels.hint()` gives a hint, each time a more explicit one; `check.two_levels.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import device
from attention_course.checks import lesson_07 as check
from attention_course.data.vocabulary import Vocabulary
from attention_course.layers import AttentionPooling
from attention_course.lessons.lesson_07 import documents
from attention_course.lessons.lesson_07.document_training import accuracy, read, train
from attention_course.lessons.lesson_07.reviews import BAD, GOOD, reviews
from attention_course.models.hierarchical import HierarchicalAttention, Identity, Level

# %% [markdown] name="two-levels-text"
r"""
## 1 · Two levels, with padding

Writes the mechanism · ★★☆, 10 minutes

`words` (B, S, T, E) holds the vectors of the words of B documents, and `mask` (B, S, T) is `True` where there is a word; padding may stand anywhere, and so may sentences of nothing else. The words have the parameters `W` (K, E) and `v` (K,), the sentences `W_s` (K, E) and `v_s` (K,). Return the documents, (B, E), by Eqs. (18)–(20) at both levels, without any GRU. The lesson's `pool` calls `masked_softmax`, which you may import or, better, write. What is padding may change nothing. The softmax of nothing is to be all zeros, so that a document without words is the vector zero.
"""

# %% name="two-levels" tags=["exercise"]
def two_levels(words, mask, W, v, W_s, v_s):
    raise NotImplementedError("your turn")


# %% name="two-levels-check"
check.two_levels(two_levels)

# %% [markdown] name="keep-top-text"
r"""
## 2 · What the weights would keep

Writes the mechanism · ★☆☆, 6 minutes

`document` is a list of sentences, each a list of word numbers (token ids), and `weights` (S,) holds its sentence weights, with zeros behind them where the tensor had room for longer documents. Return the document that is left when only the `count` sentences with the largest weights are kept, in the order in which the document has them. No two sentences have the same weight, but two may have the same words. A document that has no more than `count` stays whole.
"""

# %% name="keep-top" tags=["exercise"]
def keep_top(document, weights, count):
    raise NotImplementedError("your turn")


# %% name="keep-top-check"
check.keep_top(keep_top)

# %% [markdown] name="what-it-shows-text"
r"""
## 3 · Right, and looking elsewhere

Breaks something and explains · ★☆☆, 15 minutes with the experiment

Two networks were trained on generated reviews, good and bad ones. Both are right about 99 % of unseen reviews of either kind. In the first, the decisive sentence has the largest weight in 98 % of the good and 97 % of the bad ones; in the second, in 99 % of the good and 12 % of the bad ones. Nothing else has been measured. Which statement do the figures bear out?

- **A** The second network has not learned to tell bad reviews, and guesses.
- **B** In bad reviews, the second network draws its answer from what the sentence with the largest weight says.
- **C** The second network's largest weight is hardly any help in finding the sentence that makes a review bad.
- **D** The first network will be right about more reviews that are written in another way.
- **E** Trained for longer, the second network would come to look at the decisive sentence in bad reviews, too.
"""

# %% name="what-it-shows" tags=["exercise"]
what_it_shows = ...  # "A", "B", "C", "D" or "E"

# %% name="what-it-shows-check"
check.what_it_shows(what_it_shows)

# %% [markdown] name="try-text"
r"""
Does the network that looks away need the decisive sentence? The next cells train a small one, without GRUs, take from every review the decisive sentence or another one, and ask again. What do you expect where it does not look at what is taken away?
"""

# %% name="try-train"
learned, unseen = reviews(2000, "train", seed=1), reviews(1000, "test", seed=1)
vocabulary = Vocabulary(sentence for review in learned for sentence in review.sentences)
numbers, asked = (documents.encode([r.sentences for r in some], vocabulary) for some in (learned, unseen))

device.use_threads(1)
device.seed_everything(1)
network = HierarchicalAttention(
    len(vocabulary), *(Level(Identity(), AttentionPooling(32, 32)) for _ in range(2)), size=32
)
run = train(network, numbers, [r.label for r in learned], passes=8, learning_rate=5e-3, seed=1)

# %% name="try-take"
tops = read(network, asked).sentence_weights.argmax(-1).tolist()
for name, label in {"good": GOOD, "bad": BAD}.items():
    of_it = [i for i, review in enumerate(unseen) if review.label == label]
    on_top = sum(tops[i] == unseen[i].decisive for i in of_it) / len(of_it)
    whole = [asked[i] for i in of_it]
    without = [[s for j, s in enumerate(asked[i]) if j != unseen[i].decisive] for i in of_it]
    another = [[s for j, s in enumerate(asked[i]) if j != (unseen[i].decisive + 1) % len(asked[i])] for i in of_it]
    right = [accuracy(read(network, some), [label] * len(of_it)) for some in (whole, without, another)]
    print(f"{name:>4}: decisive one on top {on_top:.0%}   right {right[0]:.0%}   without it {right[1]:.0%}   without another {right[2]:.0%}")

# %% [markdown] name="try-after"
r"""
With us the decisive sentence was on top in all good reviews, and without it every one was called bad; it was on top in a quarter of the bad ones, and without it all of them were still right. Where a kind of review is recognised by what is *not* found in it, nothing is lost when its decisive sentence goes. If both kinds show nearly 100 % on top, this start has found both: take another seed, here and in `reviews`. Then train with other seeds, and with `reviews(2000, "train", undecided=1 / 3)` and `classes=3`.
"""

# %% [markdown] name="patch-rows-text"
r"""
## 4 · A picture as a document

Extends · ★★☆, 10 minutes

Cut a grey image (height, width) into square patches of `side` pixels, so that it becomes a document: a row of patches is a sentence, and a patch is a word, a vector with its pixels line by line. Return (rows, columns, side · side). Both sides of the image are multiples of `side`.
"""

# %% name="patch-rows" tags=["exercise"]
def patch_rows(image, side):
    raise NotImplementedError("your turn")


# %% name="patch-rows-check"
check.patch_rows(patch_rows)
