# %% [markdown] name="title"
r"""
# 04 · Translation

**What if the decoder could look back?**

In lesson 03 a whole sentence had to pass through one vector, and long ones got lost. [Bahdanau, Cho and Bengio (2015)](https://arxiv.org/abs/1409.0473) did away with the one vector. Their decoder keeps the states of the encoder at *all* words, and before it writes a word it mixes them anew. Here you take one such step with a pencil, write it in PyTorch, teach it the grammar, and then train a translator on twenty-nine thousand real sentences, on this machine, in a few minutes.

You need lessons 01 to 03. It takes about an hour; the machine works for about four minutes of it.
"""

# %% name="imports"
import random
from collections import Counter

import torch

from attention_course import claims, device, plots, results
from attention_course.data import grammar, multi30k
from attention_course.data.batches import encode_pairs
from attention_course.data.unavailable import DatasetUnavailable
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.decoding import align, beam, copy_unknown, translate
from attention_course.functional import masked_softmax
from attention_course.metrics import alignment_error_rate, bleu_by_length, corpus_bleu, diagonal_links, hard_links
from attention_course.models.seq2seq import RNNsearch
from attention_course.training import train
from attention_course.widgets import explore, predict

# %% [markdown] name="equations"
r"""
## A context for every word

Compare with Eq. (5) of the last lesson. One letter has got an index:

$$p(y_t \mid y_1, \dots, y_{t-1}, x) = g(y_{t-1}, s_t, c_t) \qquad (6)$$

$$e_{ti} = S(h_i, s_{t-1}) \quad (7) \qquad \alpha_{ti} = \frac{\exp(e_{ti})}{\sum_j \exp(e_{tj})} \quad (8) \qquad c_t = \sum_i \alpha_{ti} h_i \quad (9)$$

Equations (8) and (9) are (2) and (1) of lesson 01, for every target word $t$, and $S$ is a score of lesson 02. What is new is who asks: the query is $s_{t-1}$, the decoder's state before it writes word $t$. The decoder asks the sentence, gets an average of its annotations, and the average goes into the next state, $s_t = \mathrm{GRU}([y_{t-1}, c_t], s_{t-1})$, which will ask the next question. The first state, $s_0$, is made from that of the encoder's GRU that reads from right to left, when it has arrived at the first word.

| survey | is | name in code | shape |
|---|---|---|---|
| $h_i$ | annotation: the states of both of the encoder's GRUs at word $i$ | annotations | (B, S, 2H) |
| $s_{t-1}$ | decoder state, the query | state | (B, D) |
| $e_{ti}$ | energy, or score | energies | (B, S) |
| $\alpha_{ti}$ | weight of source word $i$ for target word $t$ | weights | (B, S) |
| $c_t$ | context for target word $t$ | context | (B, 2H) |

Among the shapes, B is the number of sentences in a batch, S that of their English words, H the size of each GRU of the encoder and D that of the decoder's. The model is called RNNsearch, as in the paper.

Take a step with a pencil. Three annotations, $h_1 = (1, 0)$, $h_2 = (0, 1)$, $h_3 = (1, 1)$, the state $s = (1, -1)$, and the additive score of lesson 02 with identities for its matrices and $v = (2, 2)$: $e_i = 2 \tanh(h_{i1} + 1) + 2 \tanh(h_{i2} - 1)$.

The first energy is $2 \tanh 2 + 2 \tanh(-1) = 1.928 - 1.523 = 0.405$, the second $2 \tanh 1 + 0 = 1.523$, the third $2 \tanh 2 + 0 = 1.928$. Their exponentials are 1.50, 4.59 and 6.88, so the weights are 0.12, 0.35 and 0.53, and the context is $0.12\, h_1 + 0.35\, h_2 + 0.53\, h_3 = (0.65, 0.88)$.

In PyTorch, for a batch of sentences, with a mask so that nothing is asked of the padding:
"""

# %% name="look"
def look(state, annotations, mask, W_1, W_2, v):
    keys, query = annotations @ W_1.mT, state @ W_2.mT  # (B, S, k), (B, k)
    energies = torch.tanh(keys + query.unsqueeze(1)) @ v  # Eq. (7): (B, S)
    weights = masked_softmax(energies, mask)  # Eq. (8): (B, S)
    context = (weights.unsqueeze(1) @ annotations).squeeze(1)  # Eq. (9): (B, 2H)
    return context, weights

# %% name="pencil" tags=["nbval-check-output"]
h = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]])
s = torch.tensor([[1.0, -1.0]])
context, weights = look(s, h, torch.ones(1, 3, dtype=torch.bool), torch.eye(2), torch.eye(2), torch.tensor([2.0, 2.0]))
print("weights", [round(w, 2) for w in weights[0].tolist()], "  context", [round(c, 2) for c in context[0].tolist()])

# %% [markdown] name="step-text"
r"""
Around it goes the decoder. One step of Eq. (6): look, move to the next state, and read a word off it. In lesson 03 the context was made once, before the loop; here it is made in every step, and the two lines that do so are marked.
"""

# %% name="step"
def decoder_step(model, previous, state, annotations, mask):
    word = model.embedding(previous)  # y_{t-1}: (B, E)
    W_1, W_2, v = model.score.project_key.weight, model.score.project_query.weight, model.score.v  # new
    context, weights = look(state, annotations, mask, W_1, W_2, v)  # new
    gates = model.cell.from_word(word)  # the word's part of the GRU, which needs no context
    state = model.cell(gates, context, state)  # s_t = GRU([y_{t-1}, c_t], s_{t-1})
    logits = model.words(word[:, None], state[:, None], context[:, None])[:, 0]  # g(y_{t-1}, s_t, c_t)
    return logits, state, weights

# %% name="same-as-package"
device.seed_everything(0)
tiny = RNNsearch(12, 11, embedding_size=8, hidden_size=6, decoder_size=10)  # 12 English and 11 French words
source, previous = pad([[5, 4, 9, 11], [8, 3]]), torch.tensor([1, 7])
memory, state = tiny.encode(source)  # the annotations with their mask, and s_0

ours = decoder_step(tiny, previous, state, memory.annotations, source != 0)
theirs = tiny.step(previous, state, memory)
assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(ours, theirs))
print("weights of the second sentence, which has two words:", [round(w, 3) for w in ours[2][1].tolist()])

# %% [markdown] name="grammar-text"
r"""
## The grammar, once more

First the sentences of lessons 00 and 03. They have something that real ones lack: the grammar knows which words belong together. So we can ask more than whether "chat" looks at "cat"; we can ask it of every word. While the model writes the *true* French, link each French word to the English word with the largest weight, and compare with the grammar's links.

The usual figure for this is the **alignment error rate** of Och and Ney (2003). With our links $A$ and the true ones $G$ it is $1 - 2|A \cap G| \,/\, (|A| + |G|)$: 0 when they are the same, 1 when they have nothing in common. (With one link for each French word, 0 is out of reach here: *du* stands for two English words, *of the*, and has two links.)
"""

# %% name="train-grammar"
device.use_threads(1)  # so small a model gains little from a second core
sentences = grammar.pairs(30_000, part="train")
unseen = grammar.pairs(500, part="test")
english, french = Vocabulary(pair.english for pair in sentences), Vocabulary(pair.french for pair in sentences)
examples = encode_pairs([(pair.english, pair.french) for pair in sentences], english, french)

device.seed_everything(0)
small = RNNsearch(len(english), len(french))
run = train(small, examples, target_tokens=400_000, batch_tokens=320, learning_rate=1e-2)
print(f"{run.used:,} French words in {run.seconds:.0f} s on {run.device}")

# %% name="guess-links"
guess = predict(
    "It was trained on sentence pairs only. Of the French words, how many will look most at an English word they are linked to?",
    ["about nine in ten", "about three in four", "about half"],
)

# %% name="links"
weights = align(small, [(pair.english, pair.french) for pair in unseen], english, french)
links = [hard_links(rows) for rows in weights]
pointing = sum(len(ours & pair.links) for ours, pair in zip(links, unseen)) / sum(map(len, links))
error_rate = alignment_error_rate(links, [pair.links for pair in unseen])
exact = sum(t.words == list(pair.french) for t, pair in zip(translate(small, [p.english for p in unseen], english, french), unseen))
print(f"{exact / len(unseen):.0%} of {len(unseen)} unseen sentences exact; {pointing:.0%} of words look right; "
      f"alignment error rate {error_rate:.3f}")
assert exact / len(unseen) > 0.75 and error_rate < 0.2

straight = [diagonal_links(len(pair.english), len(pair.french)) for pair in unseen]
diagonal = sum(len(ours & pair.links) for ours, pair in zip(straight, unseen)) / sum(map(len, straight))
print(f"(straight along the diagonal, {diagonal:.0%} of words would look right)")
misses = Counter(pair.french[place] for ours, pair in zip(links, unseen) for _, place in ours - pair.links)
print("most of the misses:", ", ".join(f"{word} {count}" for word, count in misses.most_common(5)), f"of {misses.total()}")

# %% [markdown] name="links-text"
r"""
Two sentences of the test set: the cat, and the one in which the most links cross. A dark square is a large weight, and a ring a link of the grammar, which the model has never seen.
"""

# %% name="links-figure"
def crossings(pair):
    pairs_of_links = [(a, b, c, d) for a, b in pair.links for c, d in pair.links]
    return sum(a < c and b > d for a, b, c, d in pairs_of_links) / len(pair.english) ** 2


cat, crossing = grammar.the_cat_sat_on_the_mat(), max(unseen, key=crossings)
figure = plots.Picture((11, 4.6))
for ax, pair in zip(figure.subplots(1, 2), [cat, crossing]):
    [rows] = align(small, [(pair.english, pair.french)], english, french)
    plots.attention_map(rows, pair.french, pair.english, links=pair.links, query_label="French", key_label="English", colour_bar=False, ax=ax)
    assert pair is crossing or pair.english[rows[pair.french.index("chat")].argmax()] == "cat"
figure

# %% name="reveal-links" jupyter={"source_hidden": true}
guess.reveal("about nine in ten" if pointing > 0.85 else "about three in four",
             f"It is {pointing:.0%}. Where the links cross, most of the dark squares do, too. The words missed most often are "
             f"{', '.join(word for word, _ in misses.most_common(3))}.")

# %% [markdown] name="real-text"
r"""
## Real sentences

[Multi30k](https://github.com/multi30k/dataset) has captions of photographs, written in English by people who looked at them and later translated into French (Young and others 2014; Elliott and others 2016, 2017). We lower-case them and cut them into words and punctuation marks, with one regular expression for each language. A word that occurs only once gets no number of its own; it becomes `<unk>`, for *unknown*.
"""

# %% name="real"
try:
    pairs, test = multi30k.pairs("train"), multi30k.pairs("test_2016_flickr")
    corpus = "Multi30k"
except DatasetUnavailable as why:
    print(f"Multi30k cannot be had here ({str(why).splitlines()[0]}), so we go on with the grammar.")
    pairs, test = ([(list(p.english), list(p.french)) for p in some] for some in (sentences[:10_000], unseen))
    corpus = "the grammar"
del sentences, examples  # to have room for what follows

english, french = Vocabulary((e for e, _ in pairs), minimum=2), Vocabulary((f for _, f in pairs), minimum=2)
print(f"{corpus}: {len(pairs):,} pairs to learn from, {len(test):,} to test; {len(english):,} English and {len(french):,} French words")
for source, target in random.Random(1).sample(test, 3):
    print("\n", " ".join(source), "\n", " ".join(target))

# %% [markdown] name="train-text"
r"""
The model is twice as wide now, takes more words at a time and smaller steps, and there are two additions that real data ask for: **dropout**, which sets some features to zero while it learns, and **label smoothing**, which asks for 90 % of the probability on the right word instead of all of it. Both are meant to keep it from learning captions by heart. This is the long cell of the lesson.
"""

# %% name="train"
TARGET_WORDS = {"Multi30k": 700_000, "the grammar": 300_000}[corpus]
sizes = {"embedding_size": 128, "hidden_size": 128, "decoder_size": 256, "dropout": 0.2}

device.use_threads()
device.seed_everything(0)
model = RNNsearch(len(english), len(french), **sizes)
examples = encode_pairs(pairs, english, french)
run = train(model, examples, target_tokens=TARGET_WORDS, batch_tokens=500, learning_rate=5e-3, label_smoothing=0.1)
print(f"{run.used:,} French words in {run.seconds:.0f} s, in {run.precision} on {run.device}")

# %% [markdown] name="map-text"
r"""
Here is where it looks while it translates a caption it has never seen. Of those that it translates word for word like the reference, this is the one in which it jumps most. Bahdanau and his colleagues printed four such maps, and the survey shows one of them as its Fig. 2.
"""

# %% name="map"
sources, references = [source for source, _ in test], [target for _, target in test]
translations = translate(model, sources, english, french)


def far(translation):  # how much a translation jumps: the mean distance between places looked at one after the other
    looked = translation.weights.argmax(-1)
    return (looked.diff().abs().float().mean() + 1e-3 * len(looked)).item()


fitting = [i for i, (t, s) in enumerate(zip(translations, sources)) if 8 <= len(s) <= 14 and "<unk>" not in t.words and len(t.words) > 6] or [0]
chosen = max((i for i in fitting if translations[i].words == references[i]), key=lambda i: far(translations[i]), default=fitting[0])
plots.attention_map(
    translations[chosen].weights, translations[chosen].words, sources[chosen], query_label="French", key_label="English"
)

# %% [markdown] name="map-after"
r"""
For the most part a diagonal, for English and French have much the same order. It leaves the diagonal where an adjective changes sides with its noun. An article often looks at the noun behind it as well, whose gender it must have. Leaf through some others, those with the largest jumps first:
"""

# %% name="explorer"
some = sorted(fitting, key=lambda i: -far(translations[i]))[:40]


def caption(number):
    i = some[number - 1]
    return plots.attention_map(translations[i].weights, translations[i].words, sources[i], query_label="French", key_label="English")


explore(caption, number=(1, len(some), 2))

# %% [markdown] name="bleu-text"
r"""

## How good is it?

There is no one right translation of a real sentence, so counting exact matches would be unfair. **BLEU** (Papineni and others 2002) counts how many of the words, pairs, triples and quadruples of words in the translation also occur in the reference, each at most as often as it does there. It takes the geometric mean of the four shares, and a penalty when the translations are shorter than the references. 100 is the reference itself. You will write it in the exercises; here sacreBLEU counts, and its signature says how. The signature does not know that we cut the words ourselves and lower-cased them, so the figure cannot be compared with published ones.
"""

# %% name="guess-long"
guess = predict(
    "Lesson 03's model lost long sentences. This one looks back. How will its BLEU change from the shortest quarter of the captions to the longest?",
    ["it falls below half", "it falls by more than a third, to more than half", "it falls by less than a third", "it rises"],
)

# %% name="bleu"
written = [t.words for t in translations]
bleu = corpus_bleu(written, references)
print(bleu)
quarters = bleu_by_length(written, references, [len(source) for source in sources])
for quarter in quarters:
    print(f"{quarter.shortest:>2} to {quarter.longest} English words: BLEU {quarter.score:.1f}")
assert bleu.score >= {"Multi30k": 35, "the grammar": 60}[corpus]

# %% name="reveal-long" jupyter={"source_hidden": true}
kept = quarters[-1].score / quarters[0].score
guess.reveal("it falls below half" if kept < 0.5 else "it rises" if kept >= 1 else "it falls by less than a third" if kept > 2 / 3 else "it falls by more than a third, to more than half",
             f"The longest quarter keeps {kept:.0%} of the BLEU of the shortest.")

# %% [markdown] name="beside-text"
r"""
And the model without attention? Beforehand we trained both on the same captions, three times each. The one without attention takes less time a word, and so it got more words, to make the times of training alike.
"""

# %% name="beside"
measured = results.load("04_translation")


def mean(values):
    return sum(values) / len(values)


names = {"attention": "with", "one vector": "without"}
for name, key in names.items():
    words, seconds = measured["budgets"][key], mean(measured[f"seconds_{key}"])
    print(f"{name:>10}: BLEU {mean(measured[f'bleu_{key}']):.1f} after {words:,} words in {seconds:.0f} s")
gaps = [[a[3] - b[3] for a, b in zip(*both)] for both in zip(measured["by_length_with"], measured["by_length_without"])]
shortest, longest = (mean([by_quarter[place] for by_quarter in gaps]) for place in (0, -1))
print(f"attention gains {shortest:.1f} on the shortest quarter and {longest:.1f} on the longest; "
      f"the difference in the three pairs of trainings: {', '.join(f'{g[-1] - g[0]:.1f}' for g in gaps)}")
print(measured.provenance)

curves = {
    name: [results.interval([group[3] for group in quarter]) for quarter in zip(*measured[f"by_length_{key}"])]
    for name, key in names.items()
}
figure = plots.bands(range(1, 5), curves, x_label="English words, in quarters of the captions", y_label="BLEU (bands: 95 %, 3 trainings)")
figure.axes[0].set_xticks(range(1, 5), [f"{group[0]} to {group[1]}" for group in measured["by_length_with"][0]])
figure

# %% name="claim"
claims.verdict("attention-helps-long-sentences")

# %% [markdown] name="beam-text"
r"""
The gap is wide for short captions, too. So it has two parts. With as little training as this, two or three times through the captions, the model with attention may simply have learned more; and the rest, by which the gap is wider for long captions than for short ones, is what lesson 03 was about, and what the verdict tests.

## Looking further ahead

So far each step took the most probable word and never reconsidered it. That is called *greedy*, and it can walk into a dead end: a word that is best now may leave only bad words to follow. **Beam search** keeps the best few beginnings instead of one, continues each of them with every word, and keeps the best few of all those. Its score for a sentence is the sum of the log probabilities of its words.
"""

# %% name="guess-beam"
guess = predict(
    "A wider beam finds sentences that the model thinks more probable. Does that make them better translations?",
    ["yes, the wider the better", "somewhat, but it also makes them shorter", "it makes no difference"],
)

# %% name="beam"
for sentence in sources[:3]:
    [hypotheses] = beam(model, pad([english.encode(sentence)]), width=4, length_power=0.0)
    print("\n", " ".join(sentence))
    for hypothesis in hypotheses:
        print(f"   {hypothesis.log_probability:6.2f}  {' '.join(french.decode(hypothesis.words))}")

# %% [markdown] name="beam-measured-text"
r"""
Over all test captions, with the models trained beforehand, and with the best sentence judged by the sum of its log probabilities or by their mean, the sum divided by the number of words:
"""

# %% name="beam-measured"
if corpus == "Multi30k":
    print(f"the references                          {mean(list(map(len, references))):.2f} words a sentence")
print(f"greedy                     BLEU {mean(measured['bleu_with']):.1f}")
for runs in zip(*measured["beam_with"]):  # one setting, three seeds
    judged_by = "mean" if runs[0]["power"] else "sum "
    print(f"width {runs[0]['width']:>2}, judged by {judged_by}    BLEU {mean([r['bleu'] for r in runs]):.1f}   "
          f"{mean([r['words'] for r in runs]):.2f} words a sentence   log probability {mean([r['log_probability'] for r in runs]):.2f}")

# %% name="reveal-beam" jupyter={"source_hidden": true}
by_sum = [{key: mean([runs[place][key] for runs in measured["beam_with"]]) for key in ("bleu", "words")} for place in (0, 1)]  # 4, 16
gained = by_sum[0]["bleu"] - mean(measured["bleu_with"])
shorter = by_sum[0]["words"] - by_sum[1]["words"]
guess.reveal("yes, the wider the better" if by_sum[1]["bleu"] > by_sum[0]["bleu"] else
             "somewhat, but it also makes them shorter" if gained > 0.5 and shorter > 0.3 else "it makes no difference",
             f"A beam of 4 gains {gained:.1f} BLEU, and one of 16 has {by_sum[0]['bleu'] - by_sum[1]['bleu']:.1f} less than that, for its sentences "
             f"are {shorter:.1f} words shorter. Every further word makes a sum of log probabilities smaller, so a search for the largest sum finds "
             "short sentences, and the wider the shorter. The mean takes nearly all of that away.")

# %% [markdown] name="unknown-text"
r"""
## Words it does not know

The model can only write words that have a number, and sometimes the best it can write is `<unk>`. Attention offers a way out that Jean and others (2015) and Luong and others (2015) used: look up which English word had the largest weight at that moment, and copy it. That can only be right for words that both languages spell alike, such as names and numbers. How often is it?
"""

# %% name="copies"
copied = [copy_unknown(t.words, source, t.weights) for t, source in zip(translations, sources)]
unknown = [(i, place) for i, t in enumerate(translations) for place, word in enumerate(t.words) if word == "<unk>"]
good = [(i, place) for i, place in unknown if copied[i][place] in set(references[i]) - {".", ","}]
bad = [found for found in unknown if found not in good]
print(f"{len(unknown)} times <unk>; {len(good)} times the copied word is in the reference; "
      f"BLEU {bleu.score:.1f} without copies and {corpus_bleu(copied, references).score:.1f} with")
for i, place in good[:2] + bad[:2]:
    print("\nEnglish  ", " ".join(sources[i]), "\nreference", " ".join(references[i]), "\ncopied   ", " ".join(copied[i]), f"  [{copied[i][place]}]")

# %% [markdown] name="own-text"
r"""
Try it on a sentence of your own. The captions are about people, animals, sports and streets; stay near them at first.
"""

# %% name="own-sentence"
mine = "a young woman in a red jacket is reading a newspaper near the fountain ."

words = multi30k.tokenize(mine, "en")
[translation] = translate(model, [words], english, french)
print("English words it does not know:", ", ".join(w for w in words if w not in english.numbers) or "none")
print("as written:  ", " ".join(translation.words))
print("with copies: ", " ".join(copy_unknown(translation.words, words, translation.weights)))
plots.attention_map(translation.weights, translation.words, words, query_label="French", key_label="English")

# %% [markdown] name="errors-text"
r"""
## Read the errors

A score of a corpus hides what went wrong. Read some, from the translations with the smallest share of words in common with their reference. Give each a name: a wrong word, an unknown word, a word left out, something said twice, bad French, or a good translation that only differs from the reference.
"""

# %% name="errors"
def common(written, reference):
    return (Counter(written) & Counter(reference)).total() / max(len(written), len(reference))


worst = sorted(range(len(test)), key=lambda i: common(written[i], references[i]))


def error(rank):
    i = worst[rank]
    print("English  ", " ".join(sources[i]), "\nreference", " ".join(references[i]), "\nwritten  ", " ".join(written[i]), "\n")


for rank in range(0, 200, 40):
    error(rank)

# %% [markdown] name="errors-after"
r"""
Put other numbers between 0 and 999 into `error`. You will find captions in which a rare word is replaced by a frequent one of the same kind, and others that a French reader would not complain about. BLEU does not tell these apart.

The maps let you watch all this. Whether the words they point to are the words that *belong* together is a different question, which lesson 05 asks.

## Where to go next

The [exercises](exercises/04_translation.ipynb) have you write the greedy loop, BLEU and a step of beam search. Then comes **[05 · Alignment](05_alignment.ipynb)**.

### Sources

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473) · Elliott, Frank, Sima'an, Specia: Multi30K: Multilingual English-German image descriptions. VL 2016, [arXiv:1605.00459](https://arxiv.org/abs/1605.00459) · Elliott, Frank, Barrault, Bougares, Specia: Findings of the second shared task on multimodal machine translation and multilingual image description. WMT 2017, [arXiv:1710.07177](https://arxiv.org/abs/1710.07177) · Jean, Cho, Memisevic, Bengio: On using very large target vocabulary for neural machine translation. ACL 2015, [arXiv:1412.2007](https://arxiv.org/abs/1412.2007), who also put a looked-up word for `<unk>` · Luong, Pham, Manning: Effective approaches to attention-based neural machine translation. EMNLP 2015, [arXiv:1508.04025](https://arxiv.org/abs/1508.04025) · Och, Ney: A systematic comparison of various statistical alignment models. Computational Linguistics 29 (2003) · Papineni, Roukos, Ward, Zhu: BLEU: a method for automatic evaluation of machine translation. ACL 2002 · Young, Lai, Hodosh, Hockenmaier: From image descriptions to visual denotations. TACL 2 (2014) · Post: A call for clarity in reporting BLEU scores. WMT 2018, [arXiv:1804.08771](https://arxiv.org/abs/1804.08771). Equations (6) to (9) are numbered as in the survey of Nishida and Saito (2018), section 2.1.

Captions: Multi30k, derived from Flickr30k, for non-commercial research and education.
"""
