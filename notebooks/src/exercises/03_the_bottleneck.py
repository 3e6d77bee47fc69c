# %% [markdown] name="title"
r"""
# Exercises 03 · The bottleneck

Five problems on [lesson 03](../03_the_bottleneck.ipynb), about fifty minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.shift.hint()` gives a hint, a more explicit one each time. `check.shift.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, unless a problem says otherwise. Write in PyTorch, NumPy or plain Python, as you like. Return a new result, and do not change the inputs. Where a result is true or false it must be Boolean, and where it is a whole number it must be an integer type. Letters in brackets are shapes, as in the lesson: B sentences, S source words, L target words with `<eos>`, H numbers in a state.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import device, plots
from attention_course.checks import lesson_03 as check
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary
from attention_course.decoding import translate
from attention_course.lessons.lesson_03.probe import read_off
from attention_course.models.seq2seq import EncoderDecoder
from attention_course.training import train

# %% [markdown] name="shift-text"
r"""
## 1 · What the decoder is given, and what it has to say

★☆☆, 8 minutes: writes the mechanism

In teacher forcing, the decoder is given the true words, each of them one step late. `sentences` (B, N) holds the numbers of words; shorter sentences are filled up with `PAD` = 0. Return the tuple `(previous, target)`, both (B, L) with L = N + 1. `previous` is `BOS` = 1 and then the words. `target` is the words and then `EOS` = 2. What is left of a row is `PAD`. For example, the sentence 7 5 in a row of three gives 1 7 5 0 and 7 5 2 0.
"""

# %% name="shift" tags=["exercise"]
def shift(sentences):
    raise NotImplementedError("your turn")


# %% name="shift-check"
check.shift(shift)

# %% [markdown] name="summary-text"
r"""
## 2 · One vector for each sentence of a batch

★★☆, 8 minutes: writes the mechanism

Two GRUs have read a batch of padded sentences. `from_left` (B, S, H) holds the states of the GRU that starts at the first word. At place `j` it has read the words up to `j`. Unlike in the lesson, it goes on into the padding. `from_right` (B, S, H) holds the states of the GRU that starts at each sentence's last word. At place `j` it has read the words from the last one back to `j`. Both are in the order of the words. States at padded places mean nothing. `lengths` (B) says how many words each sentence has.

Return $c$ of Eq. (4), (B, 2H): the state of the first GRU when it has read the whole sentence, joined with that of the second.
"""

# %% name="summary" tags=["exercise"]
def summary(from_left, from_right, lengths):
    raise NotImplementedError("your turn")


# %% name="summary-check"
check.summary(summary)

# %% [markdown] name="exact-by-length-text"
r"""
## 3 · Right, by length

★☆☆, 8 minutes: measures

`translations` and `references` are lists of sentences, a sentence is a list of words, and `lengths` holds the number of words in each *source* sentence. `bins` is a list of pairs `(a, b)`, such as `[(4, 6), (7, 9)]`; both ends belong to the bin. Return a list with one entry for each bin: the share of its sentences that are translated exactly, or `None` if it has no sentence.
"""

# %% name="exact-by-length" tags=["exercise"]
def exact_by_length(translations, references, lengths, bins):
    raise NotImplementedError("your turn")


# %% name="exact-by-length-check"
check.exact_by_length(exact_by_length)

# %% [markdown] name="two-readers-text"
r"""
## 4 · Two readers

★★★, 14 minutes: extends

This is the lesson's one-number reader, $h_j = \tfrac12 h_{j-1} + x_j$. It has as many binary digits as it is given, and one of them stands before the point. What does not fit is cut off:
"""

# %% name="two-readers-reader"
def read(sentence, bits):
    h = 0.0
    for x in sentence:
        h = int((h / 2 + x) * 2 ** (bits - 1)) / 2 ** (bits - 1)
    return h


sentence = [1, 0, 1, 1, 1, 1, 0]
left, right = read(sentence, bits=3), read(sentence[::-1], bits=3)
left, right

# %% [markdown] name="two-readers-more"
r"""
Now two such readers read the same sentence of zeros and ones, one from the left and one from the right. You get the numbers in which they end, `left` and `right`, the `length` of the sentence, and the number of `bits` that each reader has. Return what they still know, a list of `length` numbers: the word, 0 or 1, where at least one reader holds it, and 0.5 where neither does. For the sentence above this is `[1, 0, 1, 0.5, 1, 1, 0]`.
"""

# %% name="two-readers" tags=["exercise"]
def two_readers(left, right, length, bits):
    raise NotImplementedError("your turn")


# %% name="two-readers-check"
check.two_readers(two_readers)

# %% [markdown] name="reversed-source-text"
r"""
## 5 · One reader, from right to left

★★☆, 12 minutes: breaks something and explains

Sutskever, Vinyals and Le had a single reader. They fed each source sentence to it from the last word to the first, and report that BLEU on their test set rose from 25.9 to 30.6 ([2014](https://arxiv.org/abs/1409.3215), section 3.3).

Take the GRU that reads from left to right out of the lesson's translator. Give the other one 128 numbers, and train. Decide before you run anything: what happens to the shares of words that can be read off $c$, by their place? (Forget the full stop at the end, which is always there.)

- **A** It falls. The first words come back best, and the later a word stands the worse.
- **B** It rises. The last words come back best.
- **C** It is flat, for the decoder needs all words alike.
- **D** It sags in the middle, much as with two readers.
"""

# %% name="reversed-source" tags=["exercise"]
reversed_source = ...  # "A", "B", "C" or "D"

# %% name="reversed-source-check"
check.reversed_source(reversed_source)

# %% [markdown] name="try-text"
r"""
See for yourself. The next cells train that translator, which takes about a minute, and read words off its vector, as the lesson did. Its line is drawn before the training and after.
"""

# %% name="try-model"
class OneReader(EncoderDecoder):
    def encode(self, source):
        c, first_state = super().encode(source)
        from_left, from_right = c.chunk(2, -1)
        return torch.cat([0 * from_left, from_right], -1), first_state  # the left half is zero


pairs = grammar.pairs(30_000, part="train")
english = Vocabulary(pair.english for pair in pairs)
french = Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

# %% name="try-probe"
LENGTH = 13
learn = grammar.pairs(4_000, 2, "train", LENGTH, LENGTH)
ask = grammar.pairs(800, 3, "test", LENGTH, LENGTH)
words, unseen = (torch.tensor([english.encode(p.english) for p in part]) for part in (learn, ask))


def by_place(model):
    with torch.no_grad():
        c, c_of_unseen = model.encode(words)[0], model.encode(unseen)[0]
    return read_off(c, words, c_of_unseen, unseen, len(english))

# %% name="try-train"
KIND, NUMBERS = OneReader, 128  # numbers of a reader's state
BUDGET = 300_000  # French words to train on

device.use_threads(1)
device.seed_everything(0)
model = KIND(len(english), len(french), hidden_size=NUMBERS)
lines = {"untrained": by_place(model)}
run = train(model, examples, target_tokens=BUDGET, batch_tokens=320, learning_rate=1e-2)
lines["trained"] = by_place(model)
axes = {"x_label": "place of the word in the sentence", "y_label": "share that is right"}
plots.lines(range(1, LENGTH + 1), lines, **axes)

# %% [markdown] name="try-more"
r"""
Then change things: two readers of 64 numbers again (`EncoderDecoder, 64`), a larger vector, a longer training. Does the line rise everywhere, or only where it is high already? And what becomes of the long sentences?
"""

# %% name="try-by-length"
for a, b in [(4, 6), (7, 9), (10, 12), (13, 15)]:
    some = grammar.pairs(200, 1, "test", a, b)
    written = translate(model, [pair.english for pair in some], english, french)
    share = np.mean([t.words == list(pair.french) for t, pair in zip(written, some)])
    print(f"{a:>2} to {b:>2} words: {share:.0%} exact")

# %% name="try-guard" jupyter={"source_hidden": true}
assert lines["trained"].mean() > lines["untrained"].mean() + 0.1  # with the settings above
