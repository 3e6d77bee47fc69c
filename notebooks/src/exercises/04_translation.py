# %% [markdown] name="title"
r"""
# Exercises 04 · Translation

Five problems on [lesson 04](../04_translation.ipynb), about an hour. Write in PyTorch, NumPy or plain Python, as you like. `check.greedy.hint()` gives a hint, each time a more explicit one; `check.greedy.solution()` shows one solution.
"""

# %% name="imports"
import math
from collections import Counter

import numpy as np
import torch

from attention_course.checks import lesson_04 as check
from attention_course.metrics import corpus_bleu

# %% [markdown] name="greedy-text"
r"""
## 1 · Word by word

Writes the mechanism · ★★☆, 12 minutes

A trained decoder comes in three functions. `look(state)` gives the context (Eqs. 7 to 9), `advance(word, state, context)` the next state, and `read(word, state, context)` the probabilities (V,) of all words (Eq. 6); the `word` is $y_{t-1}$ in both. Write the loop around them: `look` and `advance` are given the old state, `read` the new one. From the first `state` on, take the most probable word at every step, and return the list of their numbers, whole numbers. Before the first word stands `BOS` = 1, which is never the most probable. `EOS` = 2 ends the sentence and is not returned, and no sentence has more than `longest` words.

In the check, states and contexts are whole numbers and the functions are sums that print themselves, so that you can follow a decoder with a pencil.
"""

# %% name="greedy" tags=["exercise"]
def greedy(look, advance, read, state, longest):
    raise NotImplementedError("your turn")


# %% name="greedy-check"
check.greedy(greedy)

# %% [markdown] name="same-rows-text"
r"""
## 2 · Every word looks at the same

Breaks something and explains · ★★☆, 6 minutes

A colleague changed one thing in the lesson's model and trained it. Its loss falls, but in the map of a sentence of four English words all rows are the same to the last digit, (0.02, 0.91, 0.05, 0.02), whatever French word they belong to. For another sentence it is another row. What was the change? (The last cell of the problem lets you try.)

- **A** The tanh has been left out of the energies.
- **B** The query is $s_t$ instead of $s_{t-1}$: the decoder moves on first and looks then.
- **C** The mask has been left out.
- **D** The vector $v$ was drawn so small that all energies are close to zero.
"""

# %% name="same-rows" tags=["exercise"]
same_rows = ...  # "A", "B", "C" or "D"

# %% name="same-rows-check"
check.same_rows(same_rows)

# %% name="same-rows-try"
generator = torch.Generator().manual_seed(0)
words, states = 2 * torch.randn(1, 4, 8, generator=generator), 2 * torch.randn(3, 1, 8, generator=generator)  # W_1 h_i, W_2 s
energies = torch.tanh(words + states).sum(-1)  # three rows, four words, and a v of ones: change this line
energies.softmax(-1)

# %% [markdown] name="bleu-text"
r"""
## 3 · BLEU

Writes the mechanism · ★★★, 18 minutes

From `translations` and `references`, two lists of sentences, each a list of words, return the BLEU of the whole corpus, from 0 to 100.

An n-gram is n words in a row (*The* is another word than *the*). For each n from 1 to 4, divide the n-grams of the translations that match by all n-grams of the translations. An n-gram matches if it stands in the reference of its own sentence, and a repeated one at most as often as it stands there. Count over all sentences before you divide. Take the geometric mean of the four shares. If the translations have fewer words than the references in all, multiply it by $\exp(1 - \text{words in references} / \text{words in translations})$. Where nothing matches for some n, or there are no n-grams, BLEU is 0; the translations may even be empty.
"""

# %% name="bleu" tags=["exercise"]
def bleu(translations, references):
    raise NotImplementedError("your turn")


# %% name="bleu-check"
check.bleu(bleu)

# %% [markdown] name="bleu-after"
r"""
sacreBLEU finds the same, except where nothing matches for some n. There it puts a small share in the place of the zero, which it calls smoothing, and which a corpus of a thousand sentences hardly ever needs:
"""

# %% name="bleu-try"
print(corpus_bleu(["a man in the red shirt".split()], ["a man in a red shirt runs".split()]))

# %% [markdown] name="beam-step-text"
r"""
## 4 · One step of a beam

Writes the mechanism · ★★★, 12 minutes

One sentence is being translated with a beam of W beginnings. `scores` (W,) holds the sum of log probabilities of each so far (in the very first step there is only one beginning, and the others have −inf), `logs` (W, V) the log probability of every next word after each of them. V is at least W. Return the tuple `(scores, beams, words)` of the W best continuations, each (W,), the best first: their sums, which beginning they continue (0 to W − 1), and with which word (0 to V − 1), in whole numbers. Nothing has ended yet, so no word is special.
"""

# %% name="beam-step" tags=["exercise"]
def beam_step(scores, logs):
    raise NotImplementedError("your turn")


# %% name="beam-step-check"
check.beam_step(beam_step)

# %% [markdown] name="rank-text"
r"""
## 5 · Which of them is best?

Extends · ★☆☆, 8 minutes

A beam ends with several different sentences, long ones and short ones. `hypotheses` is a list of pairs `(words, log_probability)`, where `words` is a list and ends in `<eos>`, which counts as a word: its log probability is in the sum, too. Return the lists of words, the best first, by `log_probability / len(words) ** power`; of two that are equally good, either may come first. A power of 0 is the sum of the lesson, 1 the mean, and there is room between them.
"""

# %% name="rank" tags=["exercise"]
def rank(hypotheses, power):
    raise NotImplementedError("your turn")


# %% name="rank-check"
check.rank(rank)
