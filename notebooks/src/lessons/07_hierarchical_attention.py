# %% [markdown] name="title"
r"""
# 07 · Hierarchical attention

**A network reads a review and says whether it is a good one. Did it look at the sentence that decides?**

A document is made of sentences, and a sentence of words. Yang and others (2016, *Hierarchical attention networks*) built a network in the same shape: attention makes words into a sentence, and attention again makes sentences into a document. You will build it, train it on reviews in which one sentence decides, and ask it where it has looked. Then you will find out why, and put your explanation to the test.

You need lessons 01 to 03. It takes about forty-five minutes; the machine needs about two.
"""

# %% name="imports"
import random

import numpy as np
import torch

from attention_course import claims, device, plots, results
from attention_course.data.movie_reviews import movie_reviews, split
from attention_course.data.unavailable import DatasetUnavailable
from attention_course.data.vocabulary import Vocabulary
from attention_course.functional import masked_softmax
from attention_course.layers import AttentionPooling, MeanPooling
from attention_course.lessons.lesson_07 import documents
from attention_course.lessons.lesson_07.document_map import document_map
from attention_course.lessons.lesson_07.document_training import accuracy, read, train
from attention_course.lessons.lesson_07.reviews import BAD, GOOD, UNDECIDED, reviews
from attention_course.models.hierarchical import BidirectionalGRU, HierarchicalAttention, Identity, Level
from attention_course.widgets import explore, predict

device.use_threads(1)

# %% [markdown] name="by-hand"
r"""
## By hand

The document has two sentences, *cat sat* and *mat red*, and its words have two numbers each: cat (2, 0), sat (1, 2), mat (0, −1), red (0, 1). As in lesson 01 the first number says how much it is *someone*, and we let it be the score.

Nobody asks a question here. The score looks at a word alone, $S(x)$ where it was $S(x, s)$, and that is enough for a softmax. In the first sentence the scores are 2 and 1, so the weights are $e^2$ and $e^1$ over their sum, 0.73 and 0.27, and the sentence becomes the vector (1.73, 0.54). In the second both scores are 0, the weights one half, and the sentence is (0, 0).

Now do the same again. The two sentence vectors have scores of 1.73 and 0, so they get weights of 0.85 and 0.15, and the document becomes (1.47, 0.46).
"""

# %% name="by-hand-code" tags=["nbval-check-output"]
def pooled(vectors):
    weights = vectors[:, 0].softmax(0)  # the first number is the score
    return weights @ vectors, weights


cat_sat = torch.tensor([[2.0, 0.0], [1.0, 2.0]])
mat_red = torch.tensor([[0.0, -1.0], [0.0, 1.0]])
(first, first_words), (second, second_words) = pooled(cat_sat), pooled(mat_red)
document, sentence_weights = pooled(torch.stack([first, second]))
print("sentences", first.numpy().round(2), second.numpy().round(2))
print("sentence weights", sentence_weights.numpy().round(2), "document", document.numpy().round(2))
print("so “cat” counts for", (sentence_weights[0] * first_words[0]).numpy().round(2), "of the document")

# %% [markdown] name="equations"
r"""
That is Fig. 4 of the survey. A score without a query is its Eq. (18), and Eqs. (19) and (20) are the softmax and the sum that you know:

$$S(x_i) = v^\top \tanh(W x_i), \qquad \alpha_i = \frac{\exp S(x_i)}{\sum_j \exp S(x_j)}, \qquad c = \sum_i \alpha_i h_i \qquad (18)\text{–}(20)$$

The vector $v$ has taken the place of the query: one question, learned in training and then asked of everything. What is scored and what is averaged may differ; here both are the state, $x_i = h_i$. The form without a bias is that of Lin and others (2017), and Yang's $W x$ has one. Hierarchical attention uses the three equations twice, with $W_w$ and $v_w$ for words, $W_s$ and $v_s$ for sentences:

$$s_i = \sum_t \alpha_{it} h_{it} \quad \text{(words } t \text{ of sentence } i\text{)}, \qquad d = \sum_i \alpha_i h_i \quad \text{(sentences)}.$$

There will be a GRU before each level. Without it, as in the code below, $h_{it}$ is the word's embedding and $h_i = s_i$.

| survey | is | name in code | shape |
|---|---|---|---|
| $h_{it}$ | state of a word | `words` | (B, S, T, E) |
| $\alpha_{it}$ | its share of its sentence | `word_weights` | (B, S, T) |
| $s_i$, $h_i$ | a sentence ($s_i$ is no decoder's state here), and its state | `sentences` | (B, S, E) |
| $\alpha_i$ | its share of the document | `sentence_weights` | (B, S) |
| $d$ ($v$ in the survey) | the document | `document` | (B, E) |
| $W_w$, $v_w$ and $W_s$, $v_s$ | what the levels learn | `at_words`, `at_sentences` | (K, E), (K,) each |

B documents have room for S sentences of T words. Short ones are filled up with padding, so both levels need a mask: of a word, whether it is one, and of a sentence, whether it has any.
"""

# %% name="mechanism"
def pool(x, mask, W, v):  # Eqs. (18)-(20)
    scores = torch.tanh(x @ W.mT) @ v
    weights = masked_softmax(scores, mask)
    return (weights.unsqueeze(-2) @ x).squeeze(-2), weights


def hierarchical(words, mask, at_words, at_sentences):
    sentences, word_weights = pool(words, mask, *at_words)  # (B, S, T, E) to (B, S, E)
    document, sentence_weights = pool(sentences, mask.any(-1), *at_sentences)  # to (B, E)
    return document, sentence_weights, word_weights


# %% [markdown] name="mechanism-text"
r"""
Words enter this as plain embeddings, and so no word knows its neighbours. Yang and his colleagues put a bidirectional GRU before the attention of each level: $h_{it}$ has heard the other words of its sentence, and $h_i$ the other sentences. Each direction has half the size, so that the two side by side have E numbers again. In the package a `Level` is an encoder and a pool, and the network has two of them.
"""

# %% name="equality"
def attentive(size, encoder):
    return Level(encoder, AttentionPooling(size, size))


device.seed_everything(0)
plain = HierarchicalAttention(20, attentive(8, Identity()), attentive(8, Identity()), size=8)
tokens = documents.pad_documents([[[5, 4, 9], [8]], [[3, 7, 6, 2], [], [11, 12]]])
parts = [(level.pool.project.weight, level.pool.v) for level in (plain.words, plain.sentences)]
ours = hierarchical(plain.embedding(tokens), tokens != 0, *parts)
theirs = plain(tokens)
assert torch.allclose(plain.classify(ours[0]), theirs.logits, atol=1e-6)
assert torch.allclose(ours[1], theirs.sentence_weights, atol=1e-6) and torch.allclose(ours[2], theirs.word_weights, atol=1e-6)
assert theirs.sentence_weights[1, 1] == 0  # the empty sentence

# %% [markdown] name="reviews"
r"""
## Reviews in which one sentence decides

To know whether attention finds what matters, one has to know what matters. So we make the reviews ourselves. Each reports what everyone else thought of a film, and in one sentence what the reviewer thinks, which makes it a good or a bad one. All sentences praise or blame, at random. Only their opening words tell whose opinion it is.
"""

# %% name="show-review" tags=["nbval-check-output"]
learned, unseen = reviews(2000, "train"), reviews(1000, "test")
shown = unseen[0]
for place, sentence in enumerate(shown.sentences):
    print("→" if place == shown.decisive else " ", " ".join(sentence))
print("a good one" if shown.label == GOOD else "a bad one")

# %% [markdown] name="mean-text"
r"""
Words of praise, counted over all sentences, say little. A network that averages the words of each sentence, and then the sentences, shows how little. (`train` is AdamW on the cross-entropy of the label.)
"""

# %% name="mean"
vocabulary = Vocabulary(sentence for review in learned for sentence in review.sentences)
BUDGET = dict(passes=8, learning_rate=5e-3)  # passes through the 2,000 reviews


def trained(level, some, seed=0):
    device.seed_everything(seed)
    labels = [r.label for r in some]
    model = HierarchicalAttention(len(vocabulary), level(), level(), size=32, classes=1 + max(labels))
    run = train(model, documents.encode([r.sentences for r in some], vocabulary), labels, seed=seed, **BUDGET)
    print(f"{run.used:,} documents read in {run.seconds:.0f} s on {run.device}")
    return model


def answers(model, some):
    return read(model, documents.encode([r.sentences for r in some], vocabulary))


means = trained(lambda: Level(Identity(), MeanPooling()), learned)
labels = [r.label for r in unseen]
print(f"right about {accuracy(answers(means, unseen), labels):.1%} of unseen reviews")
assert accuracy(answers(means, unseen), labels) <= 0.7

# %% [markdown] name="han-text"
r"""
And now the whole network, with GRUs and attention at both levels.
"""

# %% name="han"
def with_gru():
    return attentive(32, BidirectionalGRU(32))


network = trained(with_gru, learned)
reading = answers(network, unseen)
print(f"right about {accuracy(reading, labels):.1%} of unseen reviews")
assert accuracy(reading, labels) >= 0.95

# %% [markdown] name="guess-text"
r"""
It has learned the task. These reviews have 7 to 13 sentences, so a sentence picked at random decides in about one of ten.
"""

# %% name="guess-top"
guess = predict(
    "In how many of the unseen reviews has the decisive sentence the largest weight?",
    ["nearly all", "between half and two thirds", "about one in ten"],
)

# %% name="on-top"
def on_top(reading, some, label=None):
    asked = [i for i, r in enumerate(some) if r.decisive is not None and label in (None, r.label)]
    tops = reading.sentence_weights.argmax(-1)
    return sum(tops[i].item() == some[i].decisive for i in asked) / len(asked)


share = on_top(reading, unseen)
print(f"the decisive sentence is on top in {share:.1%} of the reviews")

# %% name="reveal-top" jupyter={"source_hidden": true}
guess.reveal("nearly all" if share > 0.83 else "between half and two thirds" if share > 0.3 else "about one in ten",
             "In this training. Other random starts: below.")

# %% [markdown] name="both-text"
r"""
How can a network be right nearly always, and overlook what decides so often? Separate the good reviews from the bad, and look at one of each. A bar is the weight of a sentence, the shade of a word its weight within its sentence, from white for 0 to dark blue for 1.
"""

# %% name="by-label"
for name, label in {"good": GOOD, "bad": BAD}.items():
    its = [reading.sentence_weights[i, r.decisive].item() for i, r in enumerate(unseen) if r.label == label]
    print(f"{name:>4} reviews: on top in {on_top(reading, unseen, label):.1%}, with a mean weight of {np.mean(its):.2f}")
hard = min((BAD, GOOD), key=lambda label: on_top(reading, unseen, label))  # the kind that it overlooks


# %% name="draw-good"
def typical(label):  # the middle one of the reviews of seven sentences, by the weight of the decisive one
    some = [i for i, r in enumerate(unseen) if r.label == label and len(r.sentences) == 7]
    return sorted(some, key=lambda i: reading.sentence_weights[i, unseen[i].decisive].item())[len(some) // 2]


def draw(which, reading, title):
    review = unseen[which]
    weights = reading.sentence_weights[which], reading.word_weights[which]
    return document_map(review.sentences, *weights, mark=review.decisive, title=title)


draw(typical(GOOD), reading, "A typical good review; the triangle marks the sentence that decides")

# %% name="draw-bad"
draw(typical(BAD), reading, "A typical bad review, read by the same network")

# %% name="largest-words"
overlooked = [i for i, r in enumerate(unseen) if r.label == hard]
peaks = reading.word_weights.amax(-1)  # (reviews, sentences)
deciding = [peaks[i, unseen[i].decisive].item() for i in overlooked]
others = [peaks[i, j].item() for i in overlooked for j in range(len(unseen[i].sentences)) if j != unseen[i].decisive]
print(f"the largest word weight: {np.mean(deciding):.2f} in the sentence that decides, {np.mean(others):.2f} in the others (means)")

# %% [markdown] name="why"
r"""
The words are not treated alike: in the sentence that decides, one of them has nearly all the weight. It is only the attention over sentences that does not prefer that sentence. Why should it?

There are two labels, and so there are two ways to be right. One is to find the reviewer's sentence and read what it says. The other is to look for *one* kind of evidence, say only for the reviewer's praise or only for the blame. Where it is found, the answer is that. Where it is not, the other label must be right, and the weights can be spread in any way. Nothing in the loss prefers the first way: a sentence that is not needed costs nothing when it is overlooked. Which kind is looked for, the random start and the data decide.

If that is so, the sentence that decides can be cut out of the reviews in which it is overlooked, and nothing will happen.
"""

# %% name="cut-out"
def cut_out(model, label):
    left = [[s for i, s in enumerate(r.sentences) if i != r.decisive] for r in unseen if r.label == label]
    said = read(model, documents.encode(left, vocabulary)).logits.argmax(-1).tolist()
    return ", ".join(f"{name} {said.count(answer) / len(said):.0%}" for name, answer in {"bad": BAD, "good": GOOD, "undecided": UNDECIDED}.items())


for name, label in {"good": GOOD, "bad": BAD}.items():
    print(f"{name:>4} reviews without the sentence that decides are called: {cut_out(network, label)}")
if on_top(reading, unseen, hard) < 0.5:
    print("This network looks for", {BAD: "praise, and calls bad", GOOD: "blame, and calls good"}[hard], "whatever has none.")

# %% [markdown] name="test-text"
r"""
(Should yours have found both kinds, as some starts do, give `trained` another `seed`.)

So let finding nothing have a label of its own. A third of the reviews shall be *undecided*: the reviewer only reports what others thought, and the right answer is a third label. Then "no praise found" no longer means "bad", nor "no blame found" good. Everything else stays as it is.
"""

# %% name="guess-third"
guess = predict(
    "Trained on good, bad and undecided reviews, in how many of the same unseen good and bad ones will the network look most at the decisive sentence?",
    ["nearly all", "between half and two thirds, as before", "fewer than before"],
)

# %% name="third"
with_third = reviews(2000, "train", undecided=1 / 3)
network_3 = trained(with_gru, with_third)
reading_3, third = answers(network_3, unseen), reviews(1000, "test", undecided=1 / 3)
print(f"right about {accuracy(answers(network_3, third), [r.label for r in third]):.1%} of unseen reviews of all three kinds")
for name, label in {"good": GOOD, "bad": BAD}.items():
    print(f"{name:>4} reviews: on top in {on_top(reading_3, unseen, label):.1%}, before {on_top(reading, unseen, label):.1%}")
assert accuracy(answers(network_3, third), [r.label for r in third]) >= 0.95
assert on_top(reading_3, unseen) >= 0.95

# %% name="reveal-third" jupyter={"source_hidden": true}
share_3 = on_top(reading_3, unseen)
guess.reveal("nearly all" if share_3 > 0.83 else "fewer than before" if share_3 < share - 0.05 else "between half and two thirds, as before",
             "On the very reviews that the first network answered as well. The task decides what has to be looked at.")

# %% name="both-networks"
title = "The review over which the first network spread its weights, read by the second"
draw(typical(hard), reading_3, title)

# %% name="cut-out-again"
for name, label in {"good": GOOD, "bad": BAD}.items():
    print(f"{name:>4} reviews without the sentence that decides are now called: {cut_out(network_3, label)}")

# %% [markdown] name="explore-text"
r"""
Look at other reviews with either network. The shades are word weights, and they deserve the same distrust: after a GRU, the state of a word has heard its whole sentence, so that a full stop may speak for *superb*. Sentences have a GRU, too, and the weight of one may be owed to its neighbours. But to cut a sentence out is to change the review itself; and below, readers without any GRU overlook sentences as well. (The exercises cut them out for such a one.)
"""

# %% name="explorer"
def look(review, undecided_too):
    its = reading_3 if undecided_too else reading
    said = ["bad", "good", "undecided"][its.logits[review].argmax()]
    return draw(review, its, f"Review {review}, {'good' if unseen[review].label == GOOD else 'bad'}; the network says {said}")


explore(look, review=(0, 40, 0), undecided_too=False,
        describe={"undecided_too": "trained on undecided ones, too"})

# %% [markdown] name="experiment-text"
r"""
## Other networks, other starts

One training proves little. Beforehand we trained five readers from five random starts each, with and without undecided reviews, every start on reviews of its own. (Their number of updates was raised after a first try, in which those with attention at both levels stayed close to guessing on the two labels.) Each pair of marks is one training. *Flat attention* sees a document as one long sentence, and *sentence attention* averages the words and attends to sentences; neither has a GRU.
"""

# %% name="experiment"
measured = results.load("07_hierarchical_attention")
generated = measured["generated"]
figure = plots.Picture((10, 4.2))
marks = {"bad": dict(marker="s", color="#c4622d"), "good": dict(marker="o", color="#2a598c")}
names = list(generated["two labels"])
looking = [name for name in names if "on_top" in generated["two labels"][name]]
axes = figure.subplots(1, 2, sharey=True)
for ax, kind in zip(axes, generated):
    for row, name in enumerate(looking):
        bad, good = (generated[kind][name][f"on_top_{label}"] for label in ("bad", "good"))
        at = row + np.linspace(-0.3, 0.3, len(bad))  # a start has its own height
        ax.hlines(at, bad, good, color="#888888", linewidth=1)
        for name_of, values in {"bad": bad, "good": good}.items():
            ax.plot(values, at, linestyle="", markersize=6 if name_of == "bad" else 8, markerfacecolor="none", **marks[name_of],
                    label=f"{name_of} reviews" if ax is axes[0] and row == 0 else None)
    ax.set(title=kind, xlabel="decisive sentence on top (share of reviews)", xlim=(-0.05, 1.05), yticks=range(len(looking)), yticklabels=looking)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].invert_yaxis()
figure.legend(loc="outside upper right", ncols=2, frameon=False)
figure.alt = "Two panels, a row for each reader, a mark for each start. Means: " + "; ".join(
    f"{kind}, {name}: bad {np.mean(generated[kind][name]['on_top_bad']):.2f}, good {np.mean(generated[kind][name]['on_top_good']):.2f}"
    for kind in generated for name in looking)
print(measured.provenance)
figure

# %% name="experiment-numbers"
for kind, by_name in generated.items():
    print(kind)
    for name, found_there in by_name.items():
        right, tops = (" ".join(f"{value:.2f}" for value in found_there.get(key, [])) for key in ("accuracy", "on_top"))
        print(f"  {name:<20} right {right}" + f"   on top {tops}" * bool(tops))
pairs = [pair for name in ("no GRUs", "both GRUs")
         for pair in zip(*(generated["two labels"][name][f"on_top_{label}"] for label in ("bad", "good")))]
missed = sorted(1 - min(pair) for pair in pairs if min(pair) < 0.9)
print(f"two labels, attention at both levels: in {len(missed)} of {len(pairs)} trainings the decisive sentence is not on top in",
      *(f"{share:.0%}" for share in missed), "of one kind of review")
least = min(min(found_there["on_top"]) for found_there in generated["with undecided"].values() if "on_top" in found_there)
print(f"with undecided ones it is on top in at least {least:.1%}")

# %% [markdown] name="experiment-after"
r"""
Begin with flat attention: it is no better than the mean of all words, and sentence attention, without a GRU either, is always right. A word by itself cannot tell whose opinion it belongs to; a sentence, once it is a vector, can. That is this lesson's best argument for levels.

Every reader that attends to sentences answers all reviews of two labels rightly. Yet of the ten trainings with attention at both levels, seven overlook one kind of review, some the bad ones and some the good: six of them in most cases, one in a third. Sentence attention did so in none of its five. If it were as prone, that would be rare: of seven put at random into fifteen places, all miss a given five once in fifty times. It has the same loss, so our explanation is not the whole; attention over words has a part in this that we have not explained.

With the third label the decisive sentence is on top in every training. And there is the reverse to see: without GRUs two trainings of five have it on top always, and are right about two reviews of three, as they would be if they told the undecided ones and guessed at the rest. What they answer was not recorded. So weights may point rightly when the answer is wrong, and wrongly when it is right.
"""

# %% [markdown] name="movies"
r"""
## Real reviews

Do weights point at what matters in reviews that people wrote? And are the levels of use there? Pang and Lee (2004) collected two thousand reviews of films, half of them bad and half good. They are some thirty sentences long, and nothing is marked in them. We keep the first twenty and the last twenty sentences of each, and forty words of a sentence. To keep the training short there is a GRU at the level of sentences only.
"""

# %% name="movies-train"
try:
    learned_real, unseen_real = split(movie_reviews(), 0)
    real, passes = "movie_reviews", 3
except DatasetUnavailable:
    print("movie_reviews cannot be had here: the generated reviews, three kinds of them, take its place.")
    learned_real, unseen_real = with_third, third
    real, passes = "generated", 6
words = Vocabulary((s for r in learned_real for s in r.sentences), minimum=5)
numbers, asked = (documents.encode([r.sentences for r in some], words, 40, 40) for some in (learned_real, unseen_real))
truth = [r.label for r in unseen_real]

device.seed_everything(0)
reader = HierarchicalAttention(len(words), attentive(50, Identity()), attentive(50, BidirectionalGRU(50)), size=50,
                              classes=1 + max(truth), dropout=0.5)
run = train(reader, numbers, [r.label for r in learned_real], passes=passes, learning_rate=1e-2, word_dropout=0.2)
reading_real = read(reader, asked)
print(f"{run.seconds:.0f} s on {run.device}; right about {accuracy(reading_real, truth):.1%} of {len(truth)} unseen reviews")
assert accuracy(reading_real, truth) >= {"movie_reviews": 0.78, "generated": 0.5}[real]

# %% name="movies-draw"
short = [i for i, d in enumerate(unseen_real) if 10 <= len(d.sentences) <= 14 and reading_real.logits[i].argmax() == truth[i]]
i = max(short, key=lambda i: reading_real.sentence_weights[i].max() * len(asked[i]))  # where it chooses most
cut = [s if len(s) <= 20 else (*s[:20], "...") for s in unseen_real[i].sentences]
weights, shades = reading_real.sentence_weights[i], reading_real.word_weights[i].clone()
shades[:, 20:] = 0  # what "..." stands for
largest, equal = weights.max().item(), 1 / len(cut)
print(f"the largest weight is {largest:.2f}, {largest / equal:.1f} times an equal share")
title = f"An unseen review, rightly called {['bad', 'good', 'undecided'][truth[i]]}; bars as shares of the largest weight"
figure = document_map(cut, weights / largest, shades, title=title)
figure.axes[0].texts[1].set_text(f"an equal share: {equal / largest:.2f}")
figure

# %% [markdown] name="deletion-text"
r"""
Even here, where it chooses most among the shorter reviews, all sentences count. Whether the right ones count more can be found out without marks: ask the network again. Give it only the three sentences that it weighed most, and nothing else. If weights show what matters, it should answer better than from three others: random ones, the longest, the last.
"""

# %% name="deletion"
generator = random.Random(0)
choices = {
    "its top three": [w[: len(d)].argsort(descending=True)[:3].tolist() for w, d in zip(reading_real.sentence_weights, asked)],
    "three random ones": [generator.sample(range(len(d)), 3) for d in asked],
    "the three longest": [sorted(range(len(d)), key=lambda place: -len(d[place]))[:3] for d in asked],
    "the last three": [list(range(len(d)))[-3:] for d in asked],
}
for name, chosen in choices.items():
    only = [[d[i] for i in sorted(places)] for d, places in zip(asked, chosen)]
    without = [[s for i, s in enumerate(d) if i not in places] for d, places in zip(asked, chosen)]
    print(f"{name:<18} alone: {accuracy(read(reader, only), truth):.1%}   taken away: {accuracy(read(reader, without), truth):.1%}")

# %% [markdown] name="movies-experiment-text"
r"""
Its top three say more than the longest, and more than the last. What is missed when they are taken away, one short training can't tell. So here are five splits, and other readers beside this one. *Bag of words* is a logistic regression on tf-idf of the uncut reviews, which knows no order and no sentences. (The intervals of the paired differences are too narrow, because the training sets overlap; and the learning rate of the attentive readers was chosen on the test reviews of the first split, which flatters them a little.)
"""

# %% name="movies-experiment"
movies = measured["movies"]
heads = {"accuracy": "whole", "only_top": "only top 3", "only_random": "only random 3", "without_top": "without top 3", "without_random": "without random 3"}
print(f"{'right, mean of 5 splits':<24}" + "".join(f"{head:>18}" for head in heads.values()))
for name, its in movies.items():
    print(f"{name:<24}" + "".join(f"{np.mean(its[key]):>18.3f}" for key in heads if key in its))

# %% name="movies-differences"
bag, flat, levels, gru = (movies[name] for name in ("bag of words", "flat attention", "no GRUs", "sentence GRU"))
pairs = {
    "bag of words less sentence GRU": (bag["accuracy"], gru["accuracy"]),
    "sentence GRU less no GRUs": (gru["accuracy"], levels["accuracy"]),
    "no GRUs less flat attention": (levels["accuracy"], flat["accuracy"]),
    "sentence GRU, without random 3 less without top 3": (gru["without_random"], gru["without_top"]),
}
for name, (more, less) in pairs.items():
    mean, low, high = results.interval(np.subtract(more, less))
    print(f"{name:<50} {mean:+.3f} ({low:+.3f} to {high:+.3f})")

# %% [markdown] name="movies-after"
r"""
The weights do mean something. Given only the top three of some thirty sentences, the network with the GRU loses 5 points, and the one without loses 7; given three random ones, both lose 18. Without the top three they lose 5 and 6 points, without three random ones half a point. So the top ones are worth much more than others, and yet most answers can be had without them.

The levels are another matter. Between levels alone and flat attention no difference is shown: the interval lies around zero. A sentence GRU seems to add something, though its interval begins close to zero; what it would add without levels we do not know, for none was trained on flat reviews. And the bag of words is at least as good as any network, with more text to read. (Perhaps a good weight for every word is hard to beat with 1,600 reviews to learn from. Yang and his colleagues, whose networks did beat such baselines, had collections of 335,000 to 3.65 million documents.)
"""

# %% name="claims"
print("first claim, start by start:", *(f"{value:.2f}" for value in measured["decisive_on_top"]))
rules = [claim.rule for claim in claims.load().values() if claim.lesson == "07_hierarchical_attention"]
print("row by row:", *rules, "not decided: some of the interval still meets what is asked", sep="\n    ")
claims.table("07_hierarchical_attention")

# %% [markdown] name="next"
r"""
## Where to go next

The second and third rows were measured on one collection, split in five ways, and say nothing of larger ones. The third is not decided, since 0 lies in its interval: no difference is shown. The first is the one to keep in mind. Its five values lie in two heaps, about a half and one, so that their mean describes none of them, nor does its interval, which reaches beyond one: a network may be right, and its weights may point at nothing that matters, because the task never asked it to look. Jain and Wallace (2019) asked whether attention is explanation and found that other weights often give the same answer; Serrano and Smith (2019) set weights to zero, where we took sentences away, and found them a noisy guide. Lesson 28, to come, will take that up.

The [exercises](exercises/07_hierarchical_attention.ipynb) have you write the two levels, masks included, and the choice of sentences for the deletion test. Levels are not for text only. A picture is made of rows and these of patches, and an exercise cuts one up that way; what became of patches, without levels, is the subject of lesson 16, to come. In lesson 08 attention is stacked in another sense: it looks at the same picture again, with a better question.

### Sources

Yang, Yang, Dyer, He, Smola, Hovy: Hierarchical attention networks for document classification. NAACL-HLT 2016 · Lin, Feng, dos Santos, Yu, Xiang, Zhou, Bengio: A structured self-attentive sentence embedding. ICLR 2017, [arXiv:1703.03130](https://arxiv.org/abs/1703.03130) · Pang, Lee: A sentimental education: sentiment analysis using subjectivity summarization based on minimum cuts. ACL 2004 · Marks of the passages that speak for the label, which the distribution we use does not have, and tests of explanations on them: Zaidan, Eisner, Piatko: Using “annotator rationales” to improve machine learning for text categorization. NAACL-HLT 2007 · DeYoung, Jain, Rajani, Lehman, Xiong, Socher, Wallace: ERASER: a benchmark to evaluate rationalized NLP models. ACL 2020, [arXiv:1911.03429](https://arxiv.org/abs/1911.03429) · Jain, Wallace: Attention is not explanation. NAACL-HLT 2019, [arXiv:1902.10186](https://arxiv.org/abs/1902.10186) · Serrano, Smith: Is attention interpretable? ACL 2019, [arXiv:1906.03731](https://arxiv.org/abs/1906.03731) · Nishida, Saito: Latest trends of attention mechanisms in deep learning. 電子情報通信学会誌 101 (2018), in Japanese, section 3.2.

Reviews: polarity dataset 2.0 of Pang and Lee, as distributed with NLTK.
"""
