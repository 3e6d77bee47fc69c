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
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.models.seq2seq import RNNsearch
from attention_course.training import encode_pairs, train
from attention_course.widgets import explore, predict

# %% [markdown] name="train-text"
r"""
The sentences come from a small grammar that writes English and French at once: 30,000 pairs to learn from, and 500 that are kept apart. The model is the translator with which attention in its present form began, [Bahdanau, Cho and Bengio (2015)](https://arxiv.org/abs/1409.0473). It is told nothing about which word belongs to which.
"""

# %% name="train"
pairs = grammar.pairs(30_000, part="train")
unseen = grammar.pairs(500, part="test")

english = Vocabulary(pair.english for pair in pairs)
french = Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

torch.set_num_threads(1)  # so small a model gains little from a second core
device.seed_everything(0)
model = RNNsearch(len(english), len(french))
run = train(model, examples, target_tokens=400_000, batch_size=32, learning_rate=1e-2)
print(f"{run.target_tokens:,} French words in {run.seconds:.0f} s; loss from {run.losses[0]:.1f} to {run.losses[-1]:.2f}")

# %% [markdown] name="guess-text"
r"""
While it trains, make a guess. French has three words, *s' est assis*, where English has the one word *sat*. The model writes them one after the other, and for each it decides anew how much of every English word to look at.
"""

# %% name="guess"
guess = predict(
    "When it writes “est”, the second of the three, which English word will it look at most?",
    ["cat, the one who sat", "sat, though it has just been used", "on, the next word to come", "all of them alike"],
)

# %% name="translate"
def translate(sentence):
    words, weights = greedy(model, pad([english.encode(sentence)]))
    translation = french.decode(words[0].tolist())
    return translation, weights[0, : len(translation)]  # the words, and a row of weights for each: (L, S)


source = "the cat sat on the mat .".split()
translation, weights = translate(source)
languages = {"query_label": "French", "key_label": "English"}
plots.attention_map(weights, translation, source, title="Where the translator looks", **languages)

# %% [markdown] name="read-the-map"
r"""
This is attention. Read it row by row: each row belongs to a French word, and shows which shares of the English words went into it. Every row sums to one. White is nothing, the darkest blue is everything.

The model had never met this sentence; the grammar holds it back. Nor had anyone drawn this diagonal for it. To predict the next French word it needed something from the English side, and it learned where to fetch it.
"""

# %% name="reveal" jupyter={"source_hidden": true}
est = weights[translation.index("est")]
assert source[est.argmax()] == "sat"
guess.reveal(
    "sat, though it has just been used",
    f"“est” puts {est.max():.0%} of its attention there. Nothing is used up by being looked at.",
)

# %% [markdown] name="one-row-text"
r"""
## One row, taken apart

Here is the row of *chat*, with the English sentence shaded by its weights. Choose another French word to see its row.
"""

# %% name="one-row"
def row(word):
    return plots.shaded_sentence(source, weights[int(word.split()[0]) - 1], title=f"writing “{word.split()[1]}”")


explore(row, word=[f"{i} {w}" for i, w in enumerate(translation, 1)][1:])

# %% [markdown] name="equations"
r"""
Where do the numbers come from? The encoder turns each English word into a vector $h_i$, its *annotation*. Before each French word the decoder, in the state $s$ it has reached, gives every annotation a *score* $S(h_i, s)$: how much do I need you now? Softmax makes shares of the scores, and the answer is the average of the annotations with these shares:

$$\alpha_i = \frac{\exp S(h_i, s)}{\sum_j \exp S(h_j, s)} \qquad (2) \qquad\qquad c = \sum_i \alpha_i h_i \qquad (1)$$

These two equations are the whole mechanism. We can do them by hand for the first French word, and compare with what the model itself does:
"""

# %% name="by-hand"
memory, state = model.encode(pad([english.encode(source)]))
h = memory.annotations[0]  # one vector of 128 numbers a word: (7, 128)

scores = model.score(state.unsqueeze(1), memory.annotations)[0, 0]  # one number a word: (7,)
alpha = scores.exp() / scores.exp().sum()  # Eq. (2)
c = (alpha.unsqueeze(1) * h).sum(0)  # Eq. (1): (128,)

first_word = model.embedding(torch.tensor([BOS]))  # what stands before the first word
_, context, _ = model.advance(first_word, state, memory)
assert torch.allclose(alpha, weights[0], atol=1e-5)
assert torch.allclose(c, context[0], atol=1e-5)
for word, score, share in zip(source, scores, alpha):
    print(f"{word:>4}  score {score:6.2f}   weight {share:.3f}")

# %% [markdown] name="article-text"
r"""
Did you expect *the* to get all of it? An article is easy to translate, but not to choose: French wants *le* before *chat* and *la* before *souris*, and only the noun can tell. So the model looks ahead.
"""

# %% name="article"
measured = results.load("00_start_here")
shares = measured["article_on_next"]
print(f"le and la give {sum(shares) / len(shares):.0%} of their weight to the word that comes next "
      f"({min(shares):.0%} to {max(shares):.0%} over {len(shares)} trainings)")

# %% [markdown] name="own-sentence-text"
r"""
## Your own sentence

Change the sentence and run the cell again. The model knows some three hundred English words, of people, animals, food, things and places, and likes a full stop at the end. Try a relative clause, a negation, an adjective that moves behind its noun. Try to break it, too: long sentences will do that, and lesson 03 asks why.
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
One picture of one sentence proves little. Our sources claim that a translator, while it writes *chat*, focuses on *cat*. Before measuring we wrote down what would count as true: at least 95 % of all cases, over several trainings. The same experiment that gave the figure for *le* and *la* tested it, on ten trainings from ten random starts.
"""

# %% name="claim"
claims.verdict("chat-looks-at-cat")

# %% [markdown] name="how-it-works"
r"""
## How these lessons work

You have met most of it already. You are asked for a **prediction** before a result is shown; being wrong is the best way to remember. What is being taught is **built in front of you**, and then compared with the package by an `assert`. What takes long was **measured beforehand**, and says so. And there are **exercises** with checks that try to say what went wrong, not only that something did. Here is a first one, with a mistake in it:

*Write a function that takes a map of weights and the English words, and returns for each French word the English word it looks at most.*
"""

# %% name="first-exercise"
def most_attended(weights, english):
    return [english[i] for i in weights.argmax(0)]


check.most_attended(most_attended)

# %% [markdown] name="first-exercise-text"
r"""
The check has recognised the mistake. Change one character and run the cell again, until it says *Correct*. (Stuck? `check.most_attended.hint()`, more than once if you like, and at last `check.most_attended.solution()`.)

## This machine

Lessons are made for two processor cores without a graphics card, and go faster where there is one. All of them run without a network. Some are better with real data, which is downloaded once and kept; if a file can't be had, the lesson says so in one line and goes on with what it can make itself.
"""

# %% name="machine"
print(device.describe())
for name, files, megabytes, where in registry.report():
    print(f"{name}: {files} files, {megabytes:.1f} MB: {where or 'out of reach just now'}")

# %% [markdown] name="next"
r"""
## Where to go next

The [exercises](exercises/00_start_here.ipynb) of this lesson take twenty minutes. Then comes **[01 · A weighted sum](01_weighted_sum.ipynb)**, which takes the two equations and builds everything else on them.

The course follows a survey by Nishida and Saito, whose Eqs. (1) to (20) keep their numbers throughout, and a glossary article on attention; their claims are put to the test where they come up.
"""
