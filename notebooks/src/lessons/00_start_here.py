# %% [markdown] name="title"
r"""
# 00 · Start here

In half a minute this machine will have learned to translate simple English into French, and will show you where it looks while it writes. Nothing is downloaded and nothing was trained beforehand. Press **Shift + Enter** in each grey cell, from the top.
"""

# %% name="imports"
import torch

from attention_course import claims, device, plots, results
from attention_course.checks import lesson_00 as check
from attention_course.data import grammar, registry
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.models.seq2seq import RNNsearch
from attention_course.training import train
from attention_course.widgets import explore, predict

# %% [markdown] name="guess-text"
r"""
One guess before it starts. The sentence will be *the cat sat on the mat*, in French *le chat s' est assis sur le tapis*. The model writes one French word after the other, and before each it decides how much to look at every English word. Take *est*, which means *is*, and no English word here means that.
"""

# %% name="guess"
guess = predict(
    "When the model writes “est”, which English word will it look at most?",
    ["cat", "sat", "on", "all of them about alike"],
)

# %% [markdown] name="train-text"
r"""
The sentences come from a small grammar that writes English and French at once: 30,000 pairs to learn from, and 500 that are kept apart. The model is the one of [Bahdanau, Cho and Bengio (2015)](https://arxiv.org/abs/1409.0473), which made attention known. It has two halves. An **encoder** reads the English sentence in both directions and leaves a vector at every word, its *annotation*, which speaks of that word but has heard the whole sentence. A **decoder** writes the French words one by one; a vector called its *state* carries what it has written so far. Between the two stands attention. Nobody tells the model which word belongs to which.
"""

# %% name="train"
pairs = grammar.pairs(30_000, part="train")
unseen = grammar.pairs(500, part="test")

english = Vocabulary(pair.english for pair in pairs)
french = Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

device.use_threads(1)  # so small a model gains little from a second core
device.seed_everything(0)
model = RNNsearch(len(english), len(french))
run = train(model, examples, target_tokens=400_000, batch_tokens=320, learning_rate=1e-2)
print(f"{run.used:,} French words in {run.seconds:.0f} s on {run.device}; loss from {run.losses[0]:.1f} to {run.losses[-1]:.2f}")

# %% name="translate"
def translate(sentence):
    words, weights = greedy(model, pad([english.encode(sentence)]))
    translation = french.decode(words[0].tolist())
    return translation, weights[0, : len(translation)]  # the words, and a row of weights for each


source = "the cat sat on the mat .".split()
translation, weights = translate(source)
languages = {"query_label": "French", "key_label": "English"}
plots.attention_map(weights, translation, source, title="Where the translator looks", **languages)

# %% [markdown] name="read-the-map"
r"""
This is attention. Read it row by row. Before the decoder writes a French word it is handed an average of the seven English annotations, and the row says how the average was mixed. Every row sums to one; white is nothing, the darkest blue is everything.

The model had never met this sentence: the grammar holds it back. And it was never shown a staircase like this one. It was only ever told the right French words, and these weights are what it came to use.
"""

# %% name="reveal" jupyter={"source_hidden": true}
est = weights[translation.index("est")]
assert source[est.argmax()] == "sat"
guess.reveal("sat", f"“est” takes {est.max():.0%} of its average there. French says “has seated himself” where English says “sat”, "
             "and all three words, s' est assis, look at the one.")

# %% [markdown] name="one-row-text"
r"""
## One row, taken apart

Here is the row of *chat* once more, as shades behind the English words. Choose another French word to see its row.
"""

# %% name="one-row"
rows = dict(zip([f"{number}  {word}" for number, word in enumerate(translation, 1)], weights))


def row(writing):
    return plots.shaded_sentence(source, rows[writing], title=f"writing {writing}", values=True)


explore(row, writing=[*list(rows)[1:], *list(rows)[:1]])

# %% [markdown] name="equations"
r"""
Where do the numbers come from? Call the annotations $h_1$ to $h_7$ and the decoder's state $s$. A small learned function $S$ gives each annotation a *score*: how much is this one wanted now? The scores are turned into weights that sum to one, and the weights mix the annotations:

$$c = \sum_i \alpha_i h_i \qquad (1) \qquad\qquad \alpha_i = \frac{\exp S(h_i, s)}{\sum_j \exp S(h_j, s)} \qquad (2)$$

These are the first two equations of the survey that this course follows, and the core of all that comes. (What $S$ is may wait until lesson 02.) Let us do them by hand for the first French word, and compare with the model:
"""

# %% name="by-hand"
memory, state = model.encode(pad([english.encode(source)]))
h = memory.annotations[0]  # seven vectors of 128 numbers: (7, 128)

scores = model.score(state, h)[0]  # (7,)
alpha = scores.exp() / scores.exp().sum()  # Eq. (2)
c = alpha @ h  # Eq. (1): (128,)

first = torch.tensor([BOS])  # the mark that stands before the first word
context, _ = model.look(model.embedding(first), state, memory)
assert torch.allclose(alpha, weights[0], atol=1e-5) and torch.allclose(c, context[0], atol=1e-5)
for word, score, share in zip(source, scores, alpha):
    print(f"{word:>4}  score {score:6.2f}   weight {share:.3f}")

# %% [markdown] name="cover-text"
r"""
## Cover the cat

In this training *le* takes part of its average from *cat*. There is an obvious reason: French wants *le* before *chat* and *la* before *souris*, so to choose the article the model has to look ahead at the noun. Obvious reasons can be tested. We cover every English word but the first, so that all attention must go to *the*, and see which article it writes.
"""

# %% name="guess-cover"
guess = predict(
    "The decoder may look at “the” only. How often will it still write the right one of le and la?",
    ["half of the time: it has to guess", "about two times in three", "nearly always"],
)

# %% name="cover"
starts = [pair for pair in unseen if pair.english[0] == "the" and pair.french[0] in ("le", "la")]
memory, state = model.encode(pad([english.encode(pair.english) for pair in starts]))
first = torch.full((len(starts),), BOS)
place = torch.arange(memory.mask.shape[-1])
last = memory.mask.sum(-1, keepdim=True) - 1  # where the full stop stands

for seen, allowed in {"every word": place >= 0, "“the” alone": place == 0, "the full stop alone": place == last}.items():
    logits, _, _ = model.step(first, state, memory._replace(mask=memory.mask & allowed))
    right = sum(french.words[i] == pair.french[0] for i, pair in zip(logits.argmax(-1), starts)) / len(starts)
    print(f"looking at {seen}: {right:.0%} of {len(starts)} articles are right")
    assert right > 0.7 or seen == "the full stop alone"

shares = results.load("00_start_here")["article_from_the"]
print(f"“the” alone, over {len(shares)} trainings, measured beforehand: {min(shares):.0%} to {max(shares):.0%}")

# %% name="reveal-cover" jupyter={"source_hidden": true}
guess.reveal("nearly always", "The annotation of “the” was made by a network that had read the noun, too, and it has kept the gender. "
             "(The full stop's has not, and the decoder's first state does not know it either.)")

# %% [markdown] name="cover-after"
r"""
So *le* looked at *cat* and did not need to. A weight says what went into the average. It does not say what the model would have done without it; for that you have to take it away and look. Keep this when you see attention maps offered as explanations, here or elsewhere. Lesson 28, to come, is about little else.
"""

# %% [markdown] name="own-sentence-text"
r"""
## Your own sentence

Change the sentence and run the cell again. The model knows three hundred English words, of people, animals, food, things and places. Try a relative clause, a negation, an adjective that moves behind its noun. Then break it: leave the full stop away, or go on and on.
"""

# %% name="own-sentence"
mine = "the old queen who sees her black cat does not sleep .".split()

unknown = [word for word in mine if word not in english.numbers]
print("words it does not know:", ", ".join(unknown) or "none")
print("some that it knows:", ", ".join(english.words[10:200:12]))
translation_of_mine, weights_of_mine = translate(mine)
plots.attention_map(weights_of_mine, translation_of_mine, mine, **languages)

# %% [markdown] name="how-good-text"
r"""
## How good is it?

Count, on the 500 sentences that were kept apart, how many it translates word for word as the grammar does.
"""

# %% name="how-good"
written, _ = greedy(model, pad([english.encode(pair.english) for pair in unseen]))
exact = sum(french.decode(w.tolist()) == list(pair.french) for w, pair in zip(written, unseen)) / len(unseen)
print(f"{exact:.0%} of {len(unseen)} unseen sentences are translated exactly")
assert exact >= 0.75

# %% [markdown] name="claim-text"
r"""
One picture of one sentence proves little. A glossary article from which this course takes many of its claims says that the decoder, while it writes *chat*, focuses on *cat*. Before measuring we wrote down what would count as true, at least 95 % of all cases, and then trained this model from ten random starts.
"""

# %% name="claim"
claims.verdict("chat-looks-at-cat")

# %% [markdown] name="claim-after"
r"""
That is so for this translator and this grammar, in which every *cat* is a *chat*. Real sentences come in lesson 04.

## A first exercise

Every lesson has exercises, with checks that try to say what went wrong, not only that something did. Here is one, with a mistake in it:

*Write a function that takes a map of weights and the English words, and returns for each French word the English word it looks at most.*
"""

# %% name="first-exercise"
def most_attended(weights, english):
    return [english[i] for i in weights.argmax(0)]


check.most_attended(most_attended)

# %% [markdown] name="first-exercise-text"
r"""
Change one character and run the cell again, until it says *Correct*. If you are stuck, `check.most_attended.hint()` helps, more than once if you like, and `check.most_attended.solution()` at last.

## This machine

The lessons are made for two processor cores, and run without a network. Some are better with real data, which is downloaded once and kept; where it can't be had, the lesson says so in one line and goes on with what it can make itself. When a number differs from the page, this is what to tell us:
"""

# %% name="machine"
print(device.describe())
for name, files, megabytes, where in registry.report():
    print(f"{name}: {files} files, {megabytes:.1f} MB: {where or 'out of reach just now'}")

# %% [markdown] name="next"
r"""
## Where to go next

The [exercises](exercises/00_start_here.ipynb) of this lesson take twenty minutes. Then comes **[01 · A weighted sum](01_weighted_sum.ipynb)**, which takes the two equations and shows what they can do without any network at all.

### Sources

The equations are numbered as in 西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向 (Nishida and Saito: Latest trends of attention mechanisms in deep learning), 電子情報通信学会誌 101 (2018), in Japanese. The claims come from it and from the glossary article アテンションメカニズム (Attention mechanism, 2025), also in Japanese.
Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473).
"""
