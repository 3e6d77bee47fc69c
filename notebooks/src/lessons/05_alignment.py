# %% [markdown] name="title"
r"""
# 05 · Alignment

**Does attention know which words belong together?**

The maps of lesson 04 look as if it did. People who translate with statistics have drawn such maps by hand since the 1990s and called them *alignments*, so the question has a precise form and a measure. In this lesson you measure it, change where the question is asked from, look through windows, and meet the method that found alignments twenty years before attention did, without any network.

You need lesson 04. It takes about fifty minutes; the machine needs one or two.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import claims, device, plots, results
from attention_course.data import grammar, multi30k
from attention_course.data.batches import encode_pairs
from attention_course.data.unavailable import DatasetUnavailable
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.decoding import align
from attention_course.functional import masked_softmax
from attention_course.metrics import alignment_error_rate, diagonal_links, hard_links, one_link_floor
from attention_course.models.ibm1 import Ibm1
from attention_course.models.luong import Luong, MonotonicWindow, PredictiveWindow
from attention_course.models.seq2seq import RNNsearch
from attention_course.scores import AdditiveScore
from attention_course.training import train
from attention_course.widgets import explore, predict

device.use_threads(1)

# %% [markdown] name="links"
r"""
## Links

An annotator who aligns a sentence pair draws a link between words that stand for each other. For *he does not sleep .* and *il ne dort pas .* the grammar draws these:

| | he | does | not | sleep | . |
|---|---|---|---|---|---|
| il | • | | | | |
| ne | | | • | | |
| dort | | • | | • | |
| pas | | | • | | |
| . | | | | | • |

Six links. Suppose a model that may link each French word to one English word gives *ne* to *does* and *dort* to *sleep*, and is right about the rest. It has five links, four of them true. People who annotate real text are not always sure, and mark some links as *sure*, $G$, and others as merely *possible*, $P$, which include the sure ones. The **alignment error rate** of links $A$ (Och and Ney 2003, who write $S$ for our $G$), of which lesson 04 had the short form, holds two things against us: a sure link left out, and a link drawn that is not even possible:

$$\mathrm{AER} = 1 - \frac{|A \cap G| + |A \cap P|}{|A| + |G|}$$

Our grammar is sure of everything, so here it is $1 - (4 + 4) / (5 + 6) = 0.27$.
"""

# %% name="by-hand" tags=["nbval-check-output"]
true = {(0, 0), (2, 1), (1, 2), (3, 2), (2, 3), (4, 4)}  # (English place, French place)
model_links = {(0, 0), (1, 1), (3, 2), (2, 3), (4, 4)}
print(f"AER {alignment_error_rate([model_links], [true]):.3f}")
best = {(0, 0), (2, 1), (3, 2), (2, 3), (4, 4)}
print(f"the best that one link a word can do here: {alignment_error_rate([best], [true]):.3f}")

# %% [markdown] name="floor-text"
r"""
Even the best choice is not at zero, because *dort* belongs to two words and a largest weight is only one. On the sentences of the grammar, that alone costs:
"""

# %% name="floor"
sentences = grammar.pairs(30_000, part="train")
unseen = grammar.pairs(500, part="test")
gold = [pair.links for pair in unseen]
floor = one_link_floor(gold, [len(pair.french) for pair in unseen])
print(f"no model with one link a word gets below {floor:.3f}")

# %% [markdown] name="luong-text"
r"""
## Who asks?

Bahdanau's decoder asks with $s_{t-1}$, the state it was in *before* the new word. In the same year Luong, Pham and Manning (2015) turned it round: first make the new state, then let it ask.

| | Bahdanau | Luong |
|---|---|---|
| first | look, with $s_{t-1}$ | $s_t = \mathrm{GRU}([y_{t-1}, a_{t-1}], s_{t-1})$ |
| then | $s_t = \mathrm{GRU}([y_{t-1}, c_t], s_{t-1})$ | look, with $s_t$ |
| the word is read off | $s_t, c_t, y_{t-1}$ | $a_t = \tanh(W\,[s_t, c_t])$ |

Luong's context comes too late for the state $s_t$, so it is joined with it in $a_t$, the *attentional vector* (he writes it $\tilde h_t$). And so that the decoder remembers where it has looked, $a_{t-1}$ goes into the GRU with the next word, which he calls **input feeding**. With any score of lesson 02:
"""

# %% name="luong"
def luong_step(model, previous, hidden, attentional, source):
    word = model.cell.from_word(model.embedding(previous))  # y_{t-1}
    hidden = model.cell(word, attentional, hidden)  # s_t = GRU([y_{t-1}, a_{t-1}], s_{t-1})
    energies = model.score.compare(hidden.unsqueeze(1), source.prepared)  # S(h_i, s_t): (B, 1, S)
    weights = masked_softmax(energies, source.mask)
    context = (weights @ source.annotations).squeeze(1)
    attentional = torch.tanh(model.readout(torch.cat([hidden, context], -1)))  # a_t = tanh(W [s_t, c_t])
    logits = attentional @ model.embedding.weight.mT + model.bias
    return logits, hidden, attentional, weights.squeeze(1)


english, french = Vocabulary(pair.english for pair in sentences), Vocabulary(pair.french for pair in sentences)
examples = encode_pairs([(pair.english, pair.french) for pair in sentences], english, french)
device.seed_everything(0)
luong = Luong(len(english), len(french), score=AdditiveScore(128, 128, 128))
memory, state = luong.encode(pad([english.encode(pair.english) for pair in unseen[:3]]))
ours = luong_step(luong, torch.tensor([1, 1, 1]), state.hidden, state.attentional, memory)
theirs, _, their_weights = luong.step(torch.tensor([1, 1, 1]), state, memory)
assert torch.allclose(ours[0], theirs, atol=1e-6) and torch.allclose(ours[3], their_weights, atol=1e-6)

# %% [markdown] name="train-text"
r"""
We train one of each, both with the additive score. They differ in who asks, in what goes back into the GRU and in what the word is read off. (250,000 words are few; what was measured beforehand had a million.)
"""

# %% name="train"
device.seed_everything(0)
bahdanau = RNNsearch(len(english), len(french))
translators = {"Bahdanau": bahdanau, "Luong": luong}
maps = {}
for name, model in translators.items():
    run = train(model, examples, target_tokens=250_000, batch_tokens=320, learning_rate=1e-2)
    maps[name] = align(model, [(pair.english, pair.french) for pair in unseen], english, french)
    rate = alignment_error_rate([hard_links(rows) for rows in maps[name]], gold)
    print(f"{name:>8}: {run.seconds:.0f} s on {run.device}, alignment error rate {rate:.3f}")
    assert rate < 0.25

# %% name="guess-ne"
guess = predict(
    "French negates with two words, and “ne” comes before the verb: he does not sleep, il ne dort pas. "
    "Which English word does Bahdanau's decoder look at when it writes “ne”?",
    ["not", "does (or do, or did)", "another word"],
)

# %% name="ne"
KINDS = {"not": "not", "do": "do, does, did", "does": "do, does, did", "did": "do, does, did"}


def looked_at(words, rows):  # while the true French is written
    counts = {"not": 0, "do, does, did": 0, "another word": 0}
    for pair, weights in zip(unseen, rows):
        for place, written in enumerate(pair.french):
            if written in words and "not" in pair.english:
                found = pair.english[weights[place].argmax()]
                counts[KINDS.get(found, "another word")] += 1
    return counts


for name, rows in maps.items():
    for words in (("ne", "n'"), ("pas",)):
        counts = looked_at(words, rows)
        shares = "   ".join(f"{kind} {count / sum(counts.values()):>4.0%}" for kind, count in counts.items())
        print(f"{name:>8}, writing {' or '.join(words):<8} looks at   {shares}")

# %% name="ne-maps"
i = next(i for i, pair in enumerate(unseen) if "did" in pair.english and "not" in pair.english and len(pair.english) <= 9)
figure = plots.Picture((11, 4.6))
for ax, (name, rows) in zip(figure.subplots(1, 2), maps.items()):
    plots.attention_map(rows[i], unseen[i].french, unseen[i].english, links=gold[i], title=name,
                        query_label="French", key_label="English", colour_bar=False, ax=ax)
figure

# %% name="reveal-ne" jupyter={"source_hidden": true}
counts = looked_at(("ne", "n'"), maps["Bahdanau"])
most = max(counts, key=counts.get)
guess.reveal({"not": "not", "do, does, did": "does (or do, or did)"}.get(most, "another word"),
             f"In this training, {counts[most] / sum(counts.values()):.0%} of the time. Other trainings: below.")

# %% [markdown] name="why-ne"
r"""
Each of the encoder's annotations was made by two GRUs one of which has passed *not*, so another word's annotation may carry the negation as well. But what decides where a decoder goes?

Here is a suspicion. When Bahdanau's decoder asks, it is in the state $s_{t-1}$, and that was made from the word before last: the word $y_{t-1}$, just written, is not in it yet. It knows what it was likely to write, but not what was written. Luong's $s_t$ has taken that word in. If this is why *ne* looks elsewhere, it should help to tell Bahdanau's query what $y_{t-1}$ was, and change nothing else. It takes three lines:
"""

# %% name="word-in-query"
class WordInQuery(RNNsearch):
    def query(self, word, state):
        return torch.cat([word, state], -1)  # y_{t-1} and s_{t-1} ask together


# %% name="guess-cause"
guess = predict(
    "Both trained on a million words, from three random starts each: does “ne” look at “not” more often where the query knows y(t-1)?",
    ["yes, by more than the random starts differ among themselves", "no, or by less than they differ"],
)

# %% [markdown] name="experiment-text"
r"""
Beforehand we trained it, with seven others, on a million words each, from three random starts. One of the others is Bahdanau's own, and six are Luong's: three scores (*dot*, *general*, which is bilinear, and *concat*, which is the additive one), *concat* without input feeding, and *general* looking through two kinds of window, of which more below. The dotted line is the error rate that one link a word cannot avoid.
"""

# %% name="figure"
measured = results.load("05_alignment")
names = measured["variants"]
figure = plots.Picture((10, 3.8))
panels = {"exact": "sentences exactly right", "aer": "alignment error rate", "ne_at_not": "“ne” looks at “not”"}
for ax, (key, label) in zip(figure.subplots(1, 3, sharey=True), panels.items()):
    for row, name in enumerate(names):
        seeds = measured[key][name]
        ax.plot([min(seeds), max(seeds)], [row, row], color="#2a598c", linewidth=1.5)
        apart = [row + 0.12 * (i - (len(seeds) - 1) / 2) for i in range(len(seeds))]  # so that equal figures are all seen
        ax.plot(seeds, apart, "o", color="#2a598c", markersize=5, alpha=0.7)
    ax.set(xlabel=label, yticks=range(len(names)), yticklabels=names)
    if key == "aer":
        ax.set(xscale="log", xticks=[0.03, 0.05, 0.1, 0.2, 0.4], xticklabels=["0.03", "0.05", "0.1", "0.2", "0.4"])
        ax.minorticks_off()
        ax.axvline(measured["floor"], color="#4d4d4d", linestyle=":")
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="y", color="#eeeeee")
ax.invert_yaxis()  # of all three, which share it
mean = {key: {name: float(np.mean(measured[key][name])) for name in names} for key in panels}
figure.alt = "Three panels, one row a variant, one dot a training. Means: " + "; ".join(
    f"{name} {mean['exact'][name]:.2f}, {mean['aer'][name]:.3f}, {mean['ne_at_not'][name]:.2f}" for name in names)
print(measured.provenance)
figure

# %% name="word-numbers"
before, after, luongs = names[:3]
for name in names[:3]:
    print(f"{name:<28} exact {mean['exact'][name]:.1%}   alignment error rate {mean['aer'][name]:.3f}   “ne” at “not” {mean['ne_at_not'][name]:.0%}")
print(f"the least that one link a word can have: {measured['floor']:.3f}")

# %% name="reveal-cause" jupyter={"source_hidden": true}
ne = {name: measured["ne_at_not"][name] for name in (before, after)}
apart = max(max(shares) - min(shares) for shares in ne.values())
guess.reveal("yes, by more than the random starts differ among themselves" if mean["ne_at_not"][after] - mean["ne_at_not"][before] > apart else "no, or by less than they differ",
             f"Bahdanau's: {', '.join(f'{share:.0%}' for share in ne[before])}. Where the query is told the word: {', '.join(f'{share:.0%}' for share in ne[after])}.")

# %% [markdown] name="figure-text"
r"""
Three trainings do not bear the suspicion out. The same network, trained on the same sentences, looks at *not* half of the time or hardly ever, as its random start will have it. The score may matter, too: with *general*, whose query has taken in the word, it never does. A network can find the negation in more than one annotation, and training asks it to write *ne*, not to look at any particular place.

Telling the query what $y_{t-1}$ was does lower the error rate a little. But look at the first three rows as a whole: who asks makes next to no difference to the translations. And the ranking of our two short trainings does not last: after a million words Luong's *concat* is ahead in two starts and far behind in one.

## Windows

Luong's *local* attention looks through a window of a few words on each side of a centre $p_t$. In **local-m** (monotonic) the centre simply moves on, $p_t = t$. In **local-p** (predictive) the state says where, as a share of the sentence's length, and the weights fall off to both sides so that this centre can be learned:

$$p_t = (T - 1)\, \mathrm{sigmoid}(v_p^\top \tanh(W_p s_t)), \qquad \alpha_{ti} \leftarrow \alpha_{ti} \exp\left(-\frac{(i - p_t)^2}{2 \sigma^2}\right), \quad \sigma = \tfrac{1}{2}\, \text{reach}$$

$T$ is the number of source words, S in the shapes below. (Luong has it where we have $T - 1$, since our words are counted from 0.) After the second formula the weights sum to less than one.
"""

# %% name="local"
def local_weights(energies, centre, reach, curve):
    distance = torch.arange(energies.shape[-1]) - centre  # of each source word from the centre: (S,)
    weights = masked_softmax(energies, distance.abs() <= reach)
    return weights * torch.exp(-(distance**2) / (2 * (reach / 2) ** 2)) if curve else weights


for window, curve in [(MonotonicWindow(2), False), (PredictiveWindow(128, 2), True)]:
    local = Luong(len(english), len(french), window=window)
    memory, state = local.encode(pad([english.encode(unseen[0].english)]))
    position, length = torch.tensor([3]), torch.tensor([len(unseen[0].english)])
    energies = local.score.compare(state.hidden.unsqueeze(1), memory.prepared)[0, 0]
    centre, _ = window(state.hidden, position, length)
    assert torch.allclose(local_weights(energies, centre[0], 2, curve), local.look(state.hidden, position, memory)[1][0], atol=1e-6)

# %% name="explorer"
shown = max((pair for pair in unseen if len(pair.english) == 10), key=lambda pair: max(abs(a - b) for a, b in pair.links))
energies = maps["Luong"][unseen.index(shown)].clamp(min=1e-6).log()  # their softmax gives global attention's weights again


def through_a_window(reach, curve):
    rows = [local_weights(row, min(t, len(shown.english) - 1), reach, curve) for t, row in enumerate(energies)]
    return plots.attention_map(torch.stack(rows), shown.french, shown.english, links=shown.links, query_label="French",
                               key_label="English", title=f"Luong's weights, cut to {reach} words on either side of the diagonal")


explore(through_a_window, reach=(1, 9, 2), curve=False)

# %% [markdown] name="window-text"
r"""
What is left inside the window is scaled up to sum to one (before the curve, if there is one), so the rows that look most certain may be those that had least to choose from. Widen the window until every ring has come into reach. Where French and English order their words differently, or one of them needs more words, the diagonal is the wrong place to look. What that costs can be read off the figure with three panels, in its last two rows, and here:
"""

# %% name="window-numbers"
for name in ("Luong general", "Luong local-m", "Luong local-p"):
    seeds = ", ".join(f"{share:.0%}" for share in measured["exact"][name])
    print(f"{name:<14} exact {mean['exact'][name]:.0%} ({seeds})   alignment error rate {mean['aer'][name]:.3f}")
print(f"input feeding: exact {mean['exact']['Luong concat, s(t)']:.1%} with it, {mean['exact']['Luong concat, no feeding']:.1%} without")

# %% [markdown] name="window-after"
r"""
Both windows reach three words to each side and use the *general* score, which is the first line. The window that moves along by itself loses a few sentences in a hundred: an annotation speaks of its neighbours, too, so a decoder that may not look at a word can often look beside it. With the window that has to be aimed, one training does as well as without a window, and another gets less than half of the sentences right. A possible reason is that what lies outside of a window gets no gradient, so that nothing pulls the window there; we have not looked at $p_t$. (Windows save nothing here, where sentences are short and all scores are computed before they are masked. Lesson 17 makes windows that are really cheaper.)

Input feeding, which helped Luong and his colleagues on long newspaper sentences, does not help on ours.

## Alignment without attention

In 1993 Brown and his colleagues at IBM asked the question the other way round. Suppose each French word was made by one English word, each with a probability $t(f \mid e)$ that is the same in every sentence. If we knew who made whom, we could count and have $t$. If we knew $t$, we could say who made whom. So guess, and take turns. The assumption is **IBM Model 1**, and the taking of turns is called expectation maximisation.
"""

# %% name="ibm1"
def model_1(pairs, iterations):
    t = {(e, f): 1.0 for english, french in pairs for e in english for f in french}  # any equal start will do
    for _ in range(iterations):
        counts, totals = dict.fromkeys(t, 0.0), {}
        for english, french in pairs:
            for f in french:
                together = sum(t[e, f] for e in english)
                for e in english:
                    share = t[e, f] / together  # how likely it is that e made f: weights that sum to one
                    counts[e, f] += share
                    totals[e] = totals.get(e, 0.0) + share
        t = {(e, f): count / totals[e] for (e, f), count in counts.items()}
    return t

# %% name="ibm1-tiny" tags=["nbval-check-output"]
tiny = [("the house".split(), "la maison".split()), ("the flower".split(), "la fleur".split())]
for iterations in (1, 2, 10):
    t = model_1(tiny, iterations)
    print(f"after {iterations:>2}: " + "   ".join(f"t({f} | {e}) = {t[e, f]:.2f}" for e, f in [("the", "la"), ("house", "la"), ("house", "maison")]))
reference = Ibm1(tiny, iterations=10, null=False)
assert all(abs(reference.probability(f, e) - p) < 1e-9 for (e, f), p in t.items())

# %% [markdown] name="ibm1-text"
r"""
Here is how it finds out what *maison* means: *la* occurs with both nouns, *the* explains it best, and what is left of *house* goes to *maison*. Look at the line with `share`: positive numbers, divided by their sum, one for each English word. These are the weights of Eq. (2) in lesson 01, with scores $\log t(f \mid e)$ that are looked up in a table. This attention knows the word it is about to write, which no decoder does, and it knows nothing of the sentence.

On the grammar, with the package's class, which computes the same in NumPy and adds what Brown and his colleagues had: a word NULL in each English sentence, for French words that no other word made.
"""

# %% name="ibm1-grammar"
table = Ibm1([(pair.english, pair.french) for pair in sentences[:10_000]], iterations=10)
theirs = [table.links(pair.english, pair.french) for pair in unseen]
straight = [diagonal_links(len(pair.english), len(pair.french)) for pair in unseen]
print(f"straight along the diagonal: alignment error rate {alignment_error_rate(straight, gold):.3f}")
print(f"IBM Model 1, from 10,000 pairs: {alignment_error_rate(theirs, gold):.3f}")
for name in (before, luongs):
    print(f"{name}, from 30,000 pairs: {', '.join(f'{rate:.3f}' for rate in measured['aer'][name])}, measured beforehand")

# %% [markdown] name="ibm1-after"
r"""
Bahdanau's attention aligns better than the table in all its trainings, Luong's in two of three, though the table had a third of the pairs.
"""

# %% name="guess-agree"
guess = predict(
    "On the real captions nobody has drawn links. Of the links that IBM Model 1 draws there, how many does the attention of lesson 04 draw, too?",
    ["about a third", "about two thirds", "nearly all"],
)

# %% name="agreement"
try:
    real = multi30k.pairs("train")
except DatasetUnavailable:
    print("Multi30k cannot be had here: the table below is that of the grammar, and knows few of these words.")
    real = [(pair.english, pair.french) for pair in sentences]
captions = Ibm1(real[:10_000])  # for the figure; the table of all captions takes some hundred MB
translation = results.load("04_translation")
agreement, diagonal = (results.interval(translation[f"{key}agrees_with_ibm1_with"]) for key in ("", "diagonal_"))
print(f"attention draws {agreement.mean:.0%} of Model 1's links, a plain diagonal {diagonal.mean:.0%} (Model 1 from all captions)")
print(translation.provenance)
example = translation["shown"][0]
plots.attention_map(example["weights"], example["french"], example["english"], links=captions.links(example["english"], example["french"]),
                    title="Attention (shades) and IBM Model 1 (rings)", query_label="French", key_label="English")

# %% name="reveal-agree" jupyter={"source_hidden": true}
guess.reveal("about a third" if agreement.mean < 0.5 else "about two thirds" if agreement.mean < 0.83 else "nearly all",
             f"It is {agreement.mean:.0%}, where the diagonal draws {diagonal.mean:.0%}. That is agreement and not accuracy: nobody has drawn the true links, and in the figure Model 1 errs, too.")

# %% [markdown] name="what-it-is"
r"""
## What alignment weights are

Attention weights are the shares of an average, and the average is what helped this network, trained from this start, to say the next word. Often the largest share is that of the word's own translation. Two trainings that differ in nothing but the random start need not agree in this; here they nearly do:
"""

# %% name="seeds"
print(f"exact: {', '.join(f'{share:.1%}' for share in measured['exact'][before])}")
print(f"links that differ, in the three pairs of trainings: {', '.join(f'{share:.1%}' for share in measured['seeds_differ'])}")

# %% name="claim"
claims.verdict("attention-learns-to-align")

# %% [markdown] name="next"
r"""
On this grammar, then, the largest weights align well, though on a single word such as *ne* two trainings may differ widely. Elsewhere nothing ensures even that much. Luong and his colleagues measured error rates of 0.34 to 0.39 on links that people had drawn between English and German sentences, where a statistical aligner had 0.32, and Koehn and Knowles (2017) found the attention of their German-English translator one word off. If you need an alignment that you can rely on, measure it on links that someone has drawn, or train for it. And if you want to know what a word depends on, cover something and see, as the last exercise does.

## Where to go next

In the [exercises](exercises/05_alignment.ipynb) you write the error rate, Luong's step and the counting of Model 1, and break them. That ends section 2.1 of the survey. The next lesson, 06, will keep the decoder and exchange the sentence for a picture.

### Sources

Brown, Della Pietra, Della Pietra, Mercer: The mathematics of statistical machine translation. Computational Linguistics 19 (1993) · Luong, Pham, Manning: Effective approaches to attention-based neural machine translation. EMNLP 2015, [arXiv:1508.04025](https://arxiv.org/abs/1508.04025) · Och, Ney: A systematic comparison of various statistical alignment models. Computational Linguistics 29 (2003) · Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473) · Koehn, Knowles: Six challenges for neural machine translation. WNMT 2017, [arXiv:1706.03872](https://arxiv.org/abs/1706.03872), section 3.5 · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese, section 2.1.

Captions: Multi30k, derived from Flickr30k, for non-commercial research and education.
"""
