# %% [markdown] name="title"
r"""
# Exercises 04 · Translation

Five problems on [lesson 04](../04_translation.ipynb), about an hour.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.greedy.hint()` gives a hint, a more explicit one each time. `check.greedy.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, unless a problem says otherwise. Write in PyTorch, NumPy or plain Python, as you like. Return a new result, and do not change the inputs. Where a result is true or false it must be Boolean, and where it is a whole number it must be an integer type. Letters in brackets are shapes: M words in the vocabulary, W beginnings in the beam.
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

★★☆, 12 minutes: writes the mechanism

A trained decoder comes as three functions:

- `look(state)` gives the context vector, Eqs. (7) to (9);
- `advance(word, state, context)` gives the next state;
- `read(word, state, context)` gives the probabilities (M) of all words, Eq. (6).

`word` is the previous word $y_{t-1}$ in both. `look` and `advance` are given the old state, `read` is given the new one. Write the loop around them. Begin with `state`, take the most probable word at every step, and return the list of their numbers. Before the first word stands `BOS` = 1, which is never the most probable. `EOS` = 2 ends the sentence and is not returned. No sentence has more than `longest` words.

In the check, states and contexts are whole numbers, and the functions are sums that print themselves. So you can follow the decoder with a pencil.
"""

# %% name="greedy" tags=["exercise"]
def greedy(look, advance, read, state, longest):
    raise NotImplementedError("your turn")


# %% name="greedy-check"
check.greedy(greedy)

# %% [markdown] name="same-rows-text"
r"""
## 2 · Every word looks at the same

★★☆, 6 minutes: breaks something and explains

A colleague changed one thing in the lesson's model and trained it. Its loss falls. But in the map of a sentence of four English words, all rows are the same to the last digit: (0.02, 0.91, 0.05, 0.02), whatever French word they belong to. Another sentence has another row. What was the change? (The last cell of the problem lets you try.)

- **A** The tanh has been left out of the scores.
- **B** The query is $s_t$ instead of $s_{t-1}$: the decoder moves on first and looks then.
- **C** The mask has been left out.
- **D** The vector $u$ was drawn so small that all scores are close to zero.
"""

# %% name="same-rows" tags=["exercise"]
same_rows = ...  # "A", "B", "C" or "D"

# %% name="same-rows-check"
check.same_rows(same_rows)

# %% name="same-rows-try"
generator = torch.Generator().manual_seed(0)
k = 2 * torch.randn(1, 4, 8, generator=generator)  # of four English words
q = 2 * torch.randn(3, 1, 8, generator=generator)  # of three decoder states
scores = torch.tanh(q + k).sum(-1)  # with a u of ones: change this line
scores.softmax(-1)

# %% [markdown] name="bleu-text"
r"""
## 3 · BLEU

★★★, 18 minutes: writes the mechanism

`translations` and `references` are two lists of sentences, and each sentence is a list of words. Return the BLEU of the whole corpus, from 0 to 100.

An n-gram is n words in a row (*The* is another word than *the*). For each n from 1 to 4, divide the n-grams of the translations that match by all n-grams of the translations. An n-gram matches if it stands in the reference of its own sentence. A repeated n-gram matches at most as often as it stands there. Count over all sentences before you divide. Then take the geometric mean of the four shares. If the translations have fewer words than the references in all, multiply the mean by $\exp(1 - \text{words in references} / \text{words in translations})$. Where nothing matches for some n, or there are no n-grams, BLEU is 0; the translations may even be empty.
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

★★★, 12 minutes: writes the mechanism

One sentence is being translated with a beam of W beginnings. `scores` (W) holds the sum of the log probabilities of each beginning. (In the very first step there is only one beginning, and the others have −inf.) `logs` (W, M) holds the log probability of every next word after each beginning. M is at least W.

Return the tuple `(scores, beams, words)` of the W best continuations, each (W), the best first: their sums, which beginning they continue (0 to W − 1), and with which word (0 to M − 1). Nothing has ended yet, so no word is special.
"""

# %% name="beam-step" tags=["exercise"]
def beam_step(scores, logs):
    raise NotImplementedError("your turn")


# %% name="beam-step-check"
check.beam_step(beam_step)

# %% [markdown] name="rank-text"
r"""
## 5 · Which of them is best?

★☆☆, 8 minutes: extends

A beam ends with several sentences, long ones and short ones. `hypotheses` is a list of pairs `(words, log_probability)`. `words` is a list that ends in `<eos>`. This mark counts as a word, since its log probability is in the sum, too. Return the lists of words, the best first, by `log_probability / len(words) ** power`. Of two that are equally good, either may come first. A power of 0 is the sum of the lesson, a power of 1 is the mean, and there is room between them.
"""

# %% name="rank" tags=["exercise"]
def rank(hypotheses, power):
    raise NotImplementedError("your turn")


# %% name="rank-check"
check.rank(rank)
