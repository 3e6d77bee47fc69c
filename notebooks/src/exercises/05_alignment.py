# %% [markdown] name="title"
r"""
# Exercises 05 · Alignment

Five problems on [lesson 05](../05_alignment.ipynb), about fifty-five minutes.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.error_rate.hint()` gives a hint, a more explicit one each time. `check.error_rate.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors, unless a problem says otherwise. Write in PyTorch, NumPy or plain Python, as you like. Return a new result, and do not change the inputs. Letters in brackets are shapes: B sentences, S source words, L target words, E numbers in a vector (here the lesson's D, E and 2H are all equal to E). Places are counted from 0.
"""

# %% name="imports"
import torch

from attention_course.checks import lesson_05 as check
from attention_course.data import grammar
from attention_course.data.vocabulary import BOS, EOS, UNKNOWN, Vocabulary
from attention_course.device import seed_everything, use_threads
from attention_course.lessons.lesson_03.built import pad, train
from attention_course.lessons.lesson_04.built import RNNsearch, translation_loss

# %% [markdown] name="error-rate-text"
r"""
## 1 · The alignment error rate of a corpus

★☆☆, 8 minutes: writes the mechanism

`predicted` (the links that were found), `sure` and `possible` are three lists with one set of links for each sentence pair. A link is a pair of numbers, and a set may be empty. There is at least one found or sure link. Return one number for the whole corpus: the error rate of the lesson, where all sizes are added up over all sentences before you divide. With A for the found links, S for the sure and P for the possible ones, it is

$$\mathrm{AER} = 1 - \frac{|A \cap S| + |A \cap P|}{|A| + |S|}.$$

Some annotators list their sure links among the possible ones again, some do not. A sure link is possible either way.
"""

# %% name="error-rate" tags=["exercise"]
def error_rate(predicted, sure, possible):
    raise NotImplementedError("your turn")


# %% name="error-rate-check"
check.error_rate(error_rate)

# %% [markdown] name="luong-decoder-text"
r"""
## 2 · Luong's decoder, with input feeding

★★☆, 12 minutes: writes the mechanism

Here you write the loop. The trained parts are given:

- `cell(word, attentional, hidden)` gives the next state (B, E). All three arguments are (B, E);
- `score(hidden, annotations)` gives the scores (B, S) of the annotations (B, S, E) for a state (B, E);
- `W` (E, 2E) makes the attentional vector. It is kept as `nn.Linear` keeps its matrix, so the lesson's $[s_t, c_t]\, W$ is `[s, c] @ W.T` here.

`words` (B, L, E) holds the vectors of the words that the decoder is given, $y_0$ first. `hidden` (B, E) is the state before the first of them. Before the first word, zeros are fed. There is no padding. Return the attentional vectors of all words, (B, L, E). Try it without looking at the lesson.
"""

# %% name="luong-decoder" tags=["exercise"]
def luong_decoder(words, hidden, annotations, cell, score, W):
    raise NotImplementedError("your turn")


# %% name="luong-decoder-check"
check.luong_decoder(luong_decoder)

# %% [markdown] name="window-weights-text"
r"""
## 3 · Through a window

★★☆, 10 minutes: writes the mechanism

One step of local-p, for one sentence. `scores` (S) holds a score for each word, `centre` is a float, and `reach` is a whole number of at least 1. The centre lies inside the sentence. It may lie between two words, and the window may stick out at either end.

Return the weights (S). Outside the window they are exactly zero. Inside they are a softmax over the words $i$ that are at most `reach` away from the centre $p$, times $e^{-(i - p)^2 / (2 \sigma^2)}$, where σ is half of the reach.
"""

# %% name="window-weights" tags=["exercise"]
def window_weights(scores, centre, reach):
    raise NotImplementedError("your turn")


# %% name="window-weights-check"
check.window_weights(window_weights)

# %% [markdown] name="em-step-text"
r"""
## 4 · Model 1, with a matrix

★★★, 15 minutes: writes the mechanism

The lesson kept its table in a dictionary. Here words are numbers, and the table `t` is a matrix (English words, French words). Row $e$, column $f$ holds $t(f \mid e)$, and every row sums to one. `pairs` is a list of sentence pairs `(english, french)`, and each of the two is a list of numbers. Return the matrix after one turn.

There is no NULL. Every English word of the table is in some pair. A word may stand in its sentence more than once, and a pair in the list, too. Each occurrence counts.
"""

# %% name="em-step" tags=["exercise"]
def em_step(t, pairs):
    raise NotImplementedError("your turn")


# %% name="em-step-check"
check.em_step(em_step)

# %% [markdown] name="what-aer-says-text"
r"""
## 5 · What the rate says

★★☆, 10 minutes: breaks something and explains

Two translators of the grammar each get 95 % of the same new sentences exactly right. Every French word is linked to the English word with its largest weight. The first translator has an alignment error rate of 0.05, the second one 0.30. Nothing else has been measured. Which statement do the figures support?

- **A** The second often looks away from the word that it needs, so it must have learned many translations by heart.
- **B** In the first, a French word nearly always depends on the English word with the largest weight: cover this word, and the French word goes wrong.
- **C** The second gives its largest weight to a wrong word 30 % of the time.
- **D** The two must be built differently. Train either again from another random start, and it will look at much the same words as before.
- **E** In the second, the largest weights miss the grammar's links more often. Neither rate says which words a translator could do without.
"""

# %% name="what-aer-says" tags=["exercise"]
what_aer_says = ...  # "A", "B", "C", "D" or "E"

# %% name="what-aer-says-check"
check.what_aer_says(what_aer_says)

# %% [markdown] name="try-text"
r"""
To know what a word depends on, take something away. In the lesson, *ne* often looked elsewhere than at *not*. The next cells train Bahdanau's decoder again, which takes less than a minute. The decoder is given the true French words up to each *ne* (teacher forcing). In the step that should write *ne*, something is covered: the annotation with the largest weight, that of *not*, or both. Then they cover that of *not* from the first word on, because the state remembers what it has looked at.

Last, all annotations stay open, but *not* becomes an unknown word before the encoder reads the sentence. The model has never met an unknown word. So for comparison, the first word of the sentence becomes unknown, too. What do you expect of each?
"""

# %% name="try-train"
pairs, unseen = grammar.pairs(20_000, part="train"), grammar.pairs(1_000, part="test")
english = Vocabulary(pair.english for pair in pairs)
french = Vocabulary(pair.french for pair in pairs)
examples = [(english.encode(p.english), [BOS, *french.encode(p.french), EOS]) for p in pairs]

use_threads(1)
seed_everything(0)
model = RNNsearch(len(english), len(french))
losses = train(model, examples, translation_loss, learning_rate=5e-3)

# %% name="try-sentences"
asked = [
    (pair, place)
    for pair in unseen
    for place, word in enumerate(pair.french)
    if word in ("ne", "n'") and "not" in pair.english
]
sources = pad([english.encode(pair.english) for pair, _ in asked])
previous = pad([[BOS, *french.encode(pair.french)] for pair, _ in asked])
places = torch.tensor([place for _, place in asked])

linked = torch.zeros(sources.shape, dtype=torch.bool)  # the “not” that belongs to this “ne”
for row, (pair, place) in enumerate(asked):
    linked[row, [e for e, f in pair.links if f == place]] = True

# %% name="try-cover"
def largest(weights):
    return torch.nn.functional.one_hot(weights.argmax(-1), weights.shape[-1]).bool()


@torch.no_grad()
def still_right(sources, cover, always=False):
    (h, mask), state = model.encode(sources)
    right = torch.zeros(len(asked), dtype=torch.bool)
    for t, word in enumerate(previous[:, :-1].unbind(1)):
        _, next_state, weights = model.step(word, state, (h, mask))     # where it looks
        logits, covered, _ = model.step(word, state, (h, mask & ~cover(weights)))
        right |= (places == t) & (logits.argmax(-1) == previous[:, t + 1])
        state = covered if always else next_state
    return right.float().mean().item()

# %% name="try-covers"
def nothing(weights):
    return linked & False


def the_not(weights):
    return linked


def both(weights):
    return linked | largest(weights)

# %% name="try-shares"
first = torch.zeros_like(linked)
first[:, 0] = True
without_not = sources.masked_fill(linked, UNKNOWN)
shares = {
    "nothing covered": still_right(sources, nothing),
    "the largest weight's annotation covered": still_right(sources, largest),
    "the annotation of “not” covered": still_right(sources, the_not),
    "both covered": still_right(sources, both),
    "that of “not” covered from the first word on": still_right(sources, the_not, always=True),
    "“not” unknown to the encoder": still_right(without_not, nothing),
    "the first word unknown": still_right(sources.masked_fill(first, UNKNOWN), nothing),
}
for what, share in shares.items():
    print(f"{what:<46} {share:.0%} of {len(asked)} are still right")

# %% name="try-guard" jupyter={"source_hidden": true}
assert shares["the annotation of “not” covered"] > shares["“not” unknown to the encoder"] + 0.2

# %% [markdown] name="try-after"
r"""
An annotation can be covered and its word still get through, because the GRUs carry the word into other annotations. Compare "covered from the first word on" with "unknown to the encoder". And two annotations may carry the same thing, so that covering either of them alone does no harm, but covering both does. Compare the fourth line with the second. Then do the same for *pas*, for words of a hypothesis of your own, and with another seed.
"""
