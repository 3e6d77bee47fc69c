# %% [markdown] name="title"
r"""
# Exercises 05 · Alignment

Five problems on [lesson 05](../05_alignment.ipynb), about fifty-five minutes. Write in PyTorch, NumPy or plain Python, as you like. `check.error_rate.hint()` gives a hint, each time a more explicit one; `check.error_rate.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import device
from attention_course.checks import lesson_05 as check
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import BOS, UNKNOWN, Vocabulary, pad
from attention_course.models.seq2seq import RNNsearch
from attention_course.training import train

# %% [markdown] name="error-rate-text"
r"""
## 1 · The alignment error rate of a corpus

Writes the mechanism · ★☆☆, 8 minutes

`predicted`, `sure` and `possible` are lists with one set of links for each sentence pair, which may be empty. Return the one number

$$\mathrm{AER} = 1 - \frac{|A \cap G| + |A \cap P|}{|A| + |G|},$$

where $A$ are the predicted links, $G$ the sure and $P$ the possible ones, and all sizes are counted over the whole corpus. Annotators differ in their habits: some list their sure links among the possible ones again, some do not. A sure link is possible either way.
"""

# %% name="error-rate" tags=["exercise"]
def error_rate(predicted, sure, possible):
    raise NotImplementedError("your turn")


# %% name="error-rate-check"
check.error_rate(error_rate)

# %% [markdown] name="luong-decoder-text"
r"""
## 2 · Luong's decoder, with input feeding

Writes the mechanism · ★★☆, 12 minutes

Here only the order of things is asked for. The trained parts are handed to you: `cell(word, attentional, hidden)` gives the next state from three arguments of shape (B, E), and `score(hidden, annotations)` gives the energies (B, S) of the annotations (B, S, E) for a state. `words` (B, L, E) holds the words that the decoder is told, the first of them $y_0$, and `hidden` (B, E) is the state before it. Return $a_t = \tanh(W\,[s_t, c_t])$ for every word, (B, L, E), with `W` of shape (E, 2E). Before the first word there is no attentional vector, so the cell is told zeros. No sentence has padding. Try it without looking at the lesson.
"""

# %% name="luong-decoder" tags=["exercise"]
def luong_decoder(words, hidden, annotations, cell, score, W):
    raise NotImplementedError("your turn")


# %% name="luong-decoder-check"
check.luong_decoder(luong_decoder)

# %% [markdown] name="window-weights-text"
r"""
## 3 · Through a window

Writes the mechanism · ★★☆, 10 minutes

One word of local-p. From its `energies` (S,), the `centre` of its window and the `reach`, return the weights (S,): zero outside the window, and inside a softmax over the words $i$, counted from 0, that are at most `reach` away from the centre $p$, times $\exp\left(-(i - p)^2 / 2\sigma^2\right)$ with $\sigma$ half of the reach. The reach is a whole number, at least 1. The centre is a float, lies inside the sentence, and need not be at a word; the window may stick out at either end.
"""

# %% name="window-weights" tags=["exercise"]
def window_weights(energies, centre, reach):
    raise NotImplementedError("your turn")


# %% name="window-weights-check"
check.window_weights(window_weights)

# %% [markdown] name="em-step-text"
r"""
## 4 · Model 1, with a matrix

Writes the mechanism · ★★★, 15 minutes

The lesson kept its table in a dictionary. Here words are numbers, and `t` is a matrix: row $e$, column $f$ holds $t(f \mid e)$, and every row sums to one. `pairs` is a list of sentence pairs `(english, french)`, each of the two a list of numbers. Return the matrix after one iteration. There is no NULL, every English word of the table occurs in some pair, and a word may stand in its sentence more than once, or a pair in the list, where each occurrence counts. Leave `t` as it is.
"""

# %% name="em-step" tags=["exercise"]
def em_step(t, pairs):
    raise NotImplementedError("your turn")


# %% name="em-step-check"
check.em_step(em_step)

# %% [markdown] name="what-aer-says-text"
r"""
## 5 · What the rate says

Breaks something and explains · ★★☆, 10 minutes

Two translators of the grammar each get 95 % of the same unseen sentences exactly right. Every French word is linked to the English word with its largest weight, and so the first has an alignment error rate of .05, the second one of .30. Nothing else has been measured. Which statement do the figures bear out?

- **A** The second often looks away from the word that it needs, so it must have learned many translations by heart.
- **B** In the first, a French word nearly always depends on the English word with the largest weight: cover that one, and the French word goes wrong.
- **C** The second gives its largest weight to a wrong word 30 % of the time.
- **D** The two must be built differently. Train either again from another random start, and it will look at much the same words as before.
- **E** In the second, the largest weights miss the grammar's links more often. Neither rate says which words it could do without.
"""

# %% name="what-aer-says" tags=["exercise"]
what_aer_says = ...  # "A", "B", "C", "D" or "E"

# %% name="what-aer-says-check"
check.what_aer_says(what_aer_says)

# %% [markdown] name="try-text"
r"""
To know what a word depends on, take something away. In the lesson Bahdanau's decoder often looked elsewhere than at *not* when it wrote *ne*. The next cells train it again, which takes less than a minute, bring it to each *ne* with the true words before it, and cover something just there: the annotation with the largest weight, that of *not*, or both. Then they cover that of *not* from the first word on, since the decoder's state remembers what it has looked at. Last, they leave all annotations open and put an unknown word in the place of *not* before the encoder reads the sentence; and because the model has met few unknown words, do the same to the first word of the sentence, for comparison. What do you expect of each?
"""

# %% name="try-train"
pairs, unseen = grammar.pairs(30_000, part="train"), grammar.pairs(1_000, part="test")
english, french = Vocabulary(pair.english for pair in pairs), Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

device.use_threads(1)
device.seed_everything(0)
model = RNNsearch(len(english), len(french))
run = train(model, examples, target_tokens=250_000, batch_tokens=320, learning_rate=1e-2)

# %% name="try-sentences"
asked = [(pair, place) for pair in unseen for place, word in enumerate(pair.french) if word in ("ne", "n'") and "not" in pair.english]
sources = pad([english.encode(pair.english) for pair, _ in asked])
previous = pad([[BOS, *french.encode(pair.french)] for pair, _ in asked])
places = torch.tensor([place for _, place in asked])

linked = torch.zeros(sources.shape, dtype=torch.bool)  # where the “not” stands that belongs to this “ne”
for row, (pair, place) in enumerate(asked):
    linked[row, [e for e, f in pair.links if f == place]] = True

# %% name="try-cover"
def largest(weights):
    return torch.nn.functional.one_hot(weights.argmax(-1), weights.shape[-1]).bool()


@torch.no_grad()
def still_right(sources, cover, always=False):
    memory, state = model.encode(sources)
    right = torch.zeros(len(asked), dtype=torch.bool)
    for t, word in enumerate(previous[:, :-1].unbind(1)):
        _, next_state, weights = model.step(word, state, memory)  # where it looks
        open_words = memory.mask & ~cover(weights).unsqueeze(1)
        logits, covered_state, _ = model.step(word, state, memory._replace(mask=open_words))  # what it then writes
        right |= (places == t) & (logits.argmax(-1) == previous[:, t + 1])
        state = covered_state if always else next_state
    return right.float().mean().item()


# %% name="try-shares"
first = torch.zeros_like(linked)
first[:, 0] = True
shares = {
    "nothing covered": still_right(sources, lambda weights: linked & False),
    "the largest weight's annotation covered": still_right(sources, largest),
    "the annotation of “not” covered": still_right(sources, lambda weights: linked),
    "both covered": still_right(sources, lambda weights: linked | largest(weights)),
    "that of “not” covered from the first word on": still_right(sources, lambda weights: linked, always=True),
    "“not” unknown to the encoder": still_right(sources.masked_fill(linked, UNKNOWN), lambda weights: linked & False),
    "the first word unknown to the encoder": still_right(sources.masked_fill(first, UNKNOWN), lambda weights: linked & False),
}
for what, share in shares.items():
    print(f"{what:<46} {share:.0%} of {len(asked)} are still right")

# %% name="try-guard" jupyter={"source_hidden": true}
assert shares["the annotation of “not” covered"] > shares["“not” unknown to the encoder"] + 0.2

# %% [markdown] name="try-after"
r"""
An annotation can be covered and its word still get through, since the GRUs carry it into other annotations: compare "covered from the first word on" with "unknown to the encoder". And an annotation without which nothing is lost may stand in for another: compare the fourth with the second. Then do the same for *pas*, for words of a hypothesis of your own, and with another seed.
"""
