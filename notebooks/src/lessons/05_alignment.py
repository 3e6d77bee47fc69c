# %% [markdown] name="title"
r"""
# 05 · Alignment

You read a shopping list to a friend, who translates it: *tea, milk*. She may begin with either word, and she says *lait* (milk). Where should she look next? Bahdanau's decoder (lesson 04) looks *before* it has taken in the word just said. In 2015, Luong, Pham and Manning turned the order round.
"""

# %% name="story"
import torch

from attention_course.lessons.lesson_05 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

wanted = ["tea", "milk"]
h = torch.tensor([[1.0, 0.0], [0.0, 1.0]])                  # encoder states of tea and milk (2, 2)
s_1 = torch.tensor([4.0, 4.0])                              # both goods are wanted (2)
s_2 = s_1 - torch.tensor([0.0, 4.0])                        # "lait" was said: milk is done (2)


def look(s):
    scores = h @ s                                          # (2)
    weights = scores.softmax(-1)                            # (2)
    return scores, weights, weights @ h                     # the context (2)


diagrams.who_asks(wanted, s_1, s_2, look(s_1), look(s_2))

# %% [markdown] name="what-for"
r"""
Above, the look comes before the update; below, after it.

You will build Luong's decoder. Then you read its weights as an **alignment**: links between words that stand for each other.

You need lessons 03 and 04. Sections 1 to 4 take twenty minutes.

## 1 · Who asks?

Let a state say how much each word of the list is still wanted: $s_1$ = (4, 4). The encoder states are *tea* = (1, 0) and *milk* = (0, 1). The score is the dot product.

**Bahdanau.** $s_1$ asks. The scores are 4 and 4, so the weights are 0.50 and 0.50. At $s_1$ neither good was said, so this look cannot tell them apart. Then *lait* comes in, crosses out milk, and gives $s_2$ = (4, 0). In this toy, the state alone names the next word, *thé*. The look was no help.

**Luong.** First *lait* comes in and gives $s_2$ = (4, 0). Now $s_2$ asks. The scores are 4 and 0, and the weight of *tea* is $e^4 / (e^4 + 1)$ = 0.98.

**Answer: Bahdanau asks with $s_{t-1}$, which has not taken in the word just said, $y_{t-1}$. Luong asks with $s_t$, which has.**

## 2 · How do the variants differ?

Here is one step of each decoder. The marks a to d show the differences. B is the number of sentences, and S of English words. The vector of a word has E numbers. A state of one encoder GRU has H, so an annotation $h_i$ has 2H. A state of the decoder has D.
"""

# %% name="family" jupyter={"source_hidden": true}
diagrams.family()

# %% [markdown] name="family-text"
r"""
Luong's context comes too late to change $s_t$. So a further layer joins the two (step 3):

$$s_t = \mathrm{GRU}([y_{t-1}, \tilde s_{t-1}], s_{t-1}) \qquad z_{ti} = \mathrm{score}(s_t, h_i) \qquad a_t = \mathrm{softmax}(z_t)$$

$$c_t = \sum_i a_{ti}\, h_i \qquad \tilde s_t = \tanh([s_t, c_t]\, W)$$

Here $z_{ti}$ is the score of English word $i$ at step $t$, and $a_{ti}$ is its weight.

The **attentional vector** $\tilde s_t$ (Luong's $\tilde h_t$) is compared with the vectors of all French words, so it has E numbers. At the next step it goes into the GRU, too. This is **input feeding**: the decoder is told what it has seen. First, zeros are fed.

| | a: who asks | b: score, over which words | c: fed back | d: word read from |
|---|---|---|---|---|
| **Bahdanau** (RNNsearch) | $s_{t-1}$ | additive, all words | – ($c_t$ goes in at once) | $s_t, c_t, y_{t-1}$ |
| **Luong, global** | $s_t$ | *dot*, *general* or *concat*, all words | $\tilde s_{t-1}$ | $\tilde s_t$ |
| **Luong, local-m** (monotonic) | $s_t$ | the same, a window around word $t$ | $\tilde s_{t-1}$ | $\tilde s_t$ |
| **Luong, local-p** (predictive) | $s_t$ | the same, a window around a predicted place $p_t$ | $\tilde s_{t-1}$ | $\tilde s_t$ |

**Global attention** looks at all words, **local attention** at a few (section 8). The scores are those of lesson 02, here not scaled:

| Luong's name | score | in lesson 02 |
|---|---|---|
| *dot* | $s_t\, h_i^\top$ | dot product; needs D = 2H |
| *general* | $s_t W h_i^\top$ | bilinear |
| *concat* | $\tanh(s_t W^Q + h_i W^K) \cdot u$ | additive |

(Luong stacks LSTMs. We keep lesson 03's GRU and encoder.)

**Answer: in who asks, which score over which words, what is fed back, and what the word is read from.**

## 3 · How is Luong's decoder programmed?

First the three scores.
"""

# %% name="scores"
from torch import nn


class Dot(nn.Module):
    def __init__(self, D, K):                               # D numbers in a state, K = 2 H in an h
        super().__init__()                                  # nothing is learned; K must be D

    def forward(self, s, h):                                # (B, D), (B, S, K)
        return (h @ s[:, :, None])[:, :, 0]                 # (B, S)


class General(nn.Module):
    def __init__(self, D, K):
        super().__init__()
        self.W = nn.Linear(D, K, bias=False)

    def forward(self, s, h):                                # (B, D), (B, S, K)
        return (h @ self.W(s)[:, :, None])[:, :, 0]         # (B, S)

# %% name="concat"
class Concat(nn.Module):
    def __init__(self, D, K):
        super().__init__()
        self.W_q = nn.Linear(D, D, bias=False)
        self.W_k = nn.Linear(K, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)

    def forward(self, s, h):                                # (B, D), (B, S, K)
        return torch.tanh(self.W_q(s)[:, None] + self.W_k(h)) @ self.u  # (B, S)

# %% [markdown] name="look-text"
r"""
The look takes any of the three.
"""

# %% name="look"
from attention_course.functional import masked_softmax


class Look(nn.Module):
    def __init__(self, score):
        super().__init__()
        self.score = score

    def forward(self, s, h, mask):                          # mask: False at padding (B, S)
        weights = masked_softmax(self.score(s, h), mask)                # (B, S)
        return (weights[:, None] @ h)[:, 0], weights        # c_t (B, K), weights (B, S)

# %% [markdown] name="decoder-text"
r"""
The decoder's four commented lines are the picture's four steps.
"""

# %% name="decoder"
class LuongDecoder(nn.Module):
    def __init__(self, words, E, K, D, look):               # K: numbers in an annotation
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.cell, self.look = nn.GRUCell(E + E, D), look
        self.join = nn.Linear(D + K, E)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, previous, s, fed, memory):            # (B), (B, D), (B, E), (h, mask)
        y = self.embedding(previous)                                    # (B, E)
        s = self.cell(torch.cat([y, fed], -1), s)                       # 1: s_t (B, D)
        context, weights = self.look(s, *memory)                        # 2: c_t (B, K), (B, S)
        joined = torch.tanh(self.join(torch.cat([s, context], -1)))     # 3: (B, E)
        logits = joined @ self.embedding.weight.T + self.bias           # 4: (B, words)
        return logits, (s, joined), weights

# %% [markdown] name="model-text"
r"""
The translator has `encode` and `step`, as in lesson 04, so loss, loop and greedy decoding stay. The state is now a pair: $s_t$ and what is fed back.
"""

# %% name="model"
from attention_course.lessons.lesson_03.built import PAD, Encoder


class Luong(nn.Module):
    def __init__(self, source_words, target_words, score=General, E=64, H=64, D=128):
        super().__init__()
        self.encoder, self.first_state = Encoder(source_words, E, H), nn.Linear(H, D)
        self.decoder = LuongDecoder(target_words, E, 2 * H, D, Look(score(D, 2 * H)))

    def encode(self, source):                               # (B, S)
        right, left = self.encoder(source)
        h = torch.cat([right, left], -1)                    # annotations (B, S, 2 H)
        s = torch.tanh(self.first_state(left[:, 0]))        # s_0 (B, D)
        fed = h.new_zeros(len(h), self.decoder.join.out_features)       # nothing yet: (B, E)
        return (h, source != PAD), (s, fed)                 # memory, state

    def step(self, previous, state, memory):                # (B), (s, fed), (h, mask)
        return self.decoder(previous, *state, memory)       # logits, state, weights

# %% name="inside-04" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_03 import built as built_03
from attention_course.lessons.lesson_04 import built as built_04

parts = [built_04.Attention, built_04.RNNsearch, built_04.teacher_forcing]
look_inside(Encoder, built_03.Decoder, *parts, built_04.translation_loss, built_03.train)

# %% [markdown] name="code-answer"
r"""
**Answer: the GRU's line moves above the look, and one line joins state and context.**

## 4 · What changes when $s_t$ asks?

Now train on lists. There are 16 goods, so 120 pairs. A pair makes two lists, and each list has two right translations, one for each order. We train on 90 pairs, and test on the other 30.
"""

# %% name="goods" jupyter={"source_hidden": true}
goods = dict(tea="thé", milk="lait", bread="pain", cheese="fromage", butter="beurre", rice="riz")
goods |= dict(salt="sel", sugar="sucre", honey="miel", wine="vin", water="eau", beer="bière")
goods |= dict(meat="viande", fish="poisson", eggs="œufs", apples="pommes")

# %% name="lists"
import random
from itertools import combinations

from attention_course.data.vocabulary import BOS, EOS, Vocabulary
from attention_course.lessons.lesson_03.built import pad, train

english, french = Vocabulary([goods]), Vocabulary([goods.values()])
pairs = list(combinations(goods, 2))
random.Random(0).shuffle(pairs)
examples = []                                               # pairs of lists of numbers
for pair in pairs:
    for listed in (pair, pair[::-1]):
        for said in (listed, listed[::-1]):                 # both orders are right
            words = french.encode([goods[good] for good in said])
            examples.append((english.encode(listed), [BOS, *words, EOS]))
learn, new = examples[: 4 * 90] * 20, examples[4 * 90 :]    # 20 times through the lists

# %% [markdown] name="control-text"
r"""
With *concat*, Luong's decoder differs in a, c and d at once. So we need a control: Bahdanau's decoder with one change. The word just said, $y_{t-1}$, and the state $s_{t-1}$ ask together.
"""

# %% name="control"
from attention_course.lessons.lesson_04.built import Attention, RNNsearch


class WordAsksToo(RNNsearch):
    def __init__(self, source_words, target_words, E=64, H=64, D=128):
        super().__init__(source_words, target_words, E, H, D)
        self.attention = Attention(E + D, 2 * H, D)

    def step(self, previous, state, memory):                # (B), (B, D), (h, mask)
        query = torch.cat([self.decoder.embedding(previous), state], -1)
        context, weights = self.attention(query, *memory)
        logits, state = self.decoder(previous, state, context)
        return logits, state, weights

# %% name="guess-lists"
guess = predict(
    "Bahdanau's decoder has written the first word of a new list. How often is its largest weight "
    "on the good that is still missing? And how often does it then write the right word?",
    ["looks right in half of the lists, and writes the right word in nearly all",
     "looks right in half of the lists, and writes the right word in half of them",
     "looks right in nearly all lists, and writes the right word in nearly all"],
)

# %% name="train-lists"
from functools import partial

from attention_course.device import seed_everything, use_threads
from attention_course.lessons.lesson_04.built import teacher_forcing, translation_loss

decoders = {"Bahdanau": RNNsearch, "Bahdanau, word asks, too": WordAsksToo}
decoders |= {"Luong, concat": partial(Luong, score=Concat), "Luong, general": Luong}
source, target = pad([x for x, _ in new]), pad([y for _, y in new])     # (120, 2), (120, 4)
missing = torch.tensor([1, 0] * 60)                         # the place of the second good

use_threads(1)                                              # such small steps run best on one
runs = {name: [] for name in decoders}
for name, new_model in decoders.items():
    for seed in range(3):                                   # three random starts
        seed_everything(seed)
        model = new_model(len(english), len(french), E=32, H=32, D=64)
        train(model, learn, translation_loss)
        runs[name].append(teacher_forcing(model, source, target))       # logits, weights

# %% name="lists-table"
rows = []
for name, three in runs.items():
    looks = [(a[:, 1].argmax(-1) == missing).float().mean() for _, a in three]
    writes = [(z[:, 1].argmax(-1) == target[:, 2]).float().mean() for z, _ in three]
    larger = [a[:, 1, :2].max(-1).values.mean() for _, a in three]      # of the two weights
    rows.append([name, *[torch.stack(found) for found in (looks, writes, larger)]])
columns = ["second word of 120 new examples", "largest weight on the missing good"]
table([*columns, "writes the right word", "mean of the larger weight"], rows)

# %% name="lists-guard" jupyter={"source_hidden": true}
blind, wrote = rows[0][1:3]
assert ((blind - 0.5).abs() < 0.03).all() and all((row[2] > 0.95).all() for row in rows)
assert all((row[1] > 0.6).all() for row in rows[1:]) and rows[0][3].max() < 0.6

# %% name="reveal-lists" jupyter={"source_hidden": true}
guess.reveal(
    "looks right in half of the lists, and writes the right word in nearly all",
    f"In three trainings it looks right in {', '.join(f'{x:.0%}' for x in blind)} of the cases, "
    f"and writes the right word in {', '.join(f'{x:.0%}' for x in wrote)}.",
)

# %% [markdown] name="lists-text"
r"""
The 50 % can be predicted. Each list is tested with both answers. In both, $s_1$ is the same, so Bahdanau's largest weight is on the same good. It is right in one and wrong in the other. No larger model and no longer training can change that. When the word just said asks, too, the share rises. So the reason is *who asks*.

All four write the right word. The last column shows how Bahdanau's decoder can: its larger weight is just above 0.50, so its context holds both goods. The GRU then gets the word just said.

**Answer: where a sentence can go on in two ways, $s_{t-1}$ cannot aim, and $s_t$ can. Both can translate.**

## 5 · How is an alignment scored?

An annotator draws **links**:

| | he | does | not | sleep | . |
|---|---|---|---|---|---|
| il | • | | | | |
| ne | | | • | | |
| dort | | ? | | • | |
| pas | | | • | | |
| . | | | | | • |

Five links are **sure** (•). The sixth is only **possible** (?). Sure links count as possible, too. A model links *ne* to *does*, and each other word to its sure word. Four of its five links are sure, and the same four are possible.

The **alignment error rate** (AER; Och and Ney 2003) counts two faults: a found link that is not even possible, and a sure link that was not found.

$$\mathrm{AER} = 1 - \frac{|\text{found} \cap \text{sure}| + |\text{found} \cap \text{possible}|}{|\text{found}| + |\text{sure}|}$$

Where all true links are sure, this is the formula of lesson 04.

Here it is 1 − (4 + 4) / (5 + 5) = 0.20. A model that only links *dort* to *does* misses a sure link, but finds a possible one. That costs half as much:
"""

# %% name="by-hand" tags=["nbval-check-output"]
sure = {(0, 0), (2, 1), (3, 2), (2, 3), (4, 4)}             # (English place, French place)
possible = sure | {(1, 2)}                                  # perhaps: does - dort


def error_rate(found, sure, possible):                      # of one sentence
    return 1 - (len(found & sure) + len(found & possible)) / (len(found) + len(sure))


tries = {"ne - does": sure - {(2, 1)} | {(1, 1)}, "dort - does": sure - {(3, 2)} | {(1, 2)}}
rows = [[name, error_rate(found, sure, possible)] for name, found in tries.items()]
rows.append(["ne - does, all six being sure", error_rate(tries["ne - does"], possible, possible)])
rows.append(["no mistake, all six being sure", error_rate(sure, possible, possible)])
table(["found", "alignment error rate"], rows)

# %% [markdown] name="floor-text"
r"""
The last line shows a **floor**. Suppose that all six links are sure. With one link for each French word, even the best model has 1 − (5 + 5) / (5 + 6) = 0.09. In our grammar all links are sure, and some words have two.

**Answer: by wrong found links and missed sure links, beside the floor.**

## 6 · Who could align without attention?

We need two controls. The first is the **diagonal**: each French word belongs to the English word that is as far along in its sentence.

The second is **IBM Model 1** (Brown and others 1993). Its table has the probability $t(f \mid e)$ that the English word $e$ makes the French word $f$. Links would give us the table, by counting. The table would give us the links. So start with equal numbers, and take turns (**expectation maximisation**).

Take two pairs: *the house* – *la maison*, *the flower* – *la fleur*. At first each English word has half a share in each French word of its pair. The shares of *the* are 1 in *la* (two pairs), 0.5 in *maison*, 0.5 in *fleur*, together 2. So $t(\textit{maison} \mid \textit{the})$ is 0.5 / 2 = 0.25. *House* has 0.5 for each of its two. So in the second turn, *house* has the larger share in *maison*: 0.5 / (0.25 + 0.5) = 0.67.
"""

# %% name="model-1"
def model_1(pairs, iterations):
    t = {(e, f): 1.0 for english, french in pairs for e in english for f in french}
    for _ in range(iterations):
        counts, totals = dict.fromkeys(t, 0.0), {}
        for english, french in pairs:
            for f in french:
                together = sum(t[e, f] for e in english)
                for e in english:
                    share = t[e, f] / together              # who made f? shares that sum to 1
                    counts[e, f] += share
                    totals[e] = totals.get(e, 0.0) + share
        t = {(e, f): count / totals[e] for (e, f), count in counts.items()}
    return t

# %% name="model-1-tiny" tags=["nbval-check-output"]
tiny = [("the house".split(), "la maison".split()), ("the flower".split(), "la fleur".split())]
asked = [("la", "the"), ("maison", "the"), ("la", "house"), ("maison", "house")]
rows = []
for turns in (1, 2, 10):
    t = model_1(tiny, turns)
    rows.append([turns, *[t[e, f] for f, e in asked]])
table(["turns", *[f"t({f} | {e})" for f, e in asked]], rows)

# %% [markdown] name="model-1-text"
r"""
*The* explains *la* best, because both are in both pairs. So *house* is left for *maison*.

The shares are positive numbers divided by their sum: attention, with the scores $\log t(f \mid e)$. Model 1 sees no sentence. But when it links $f$, it knows $f$. A decoder looks before it knows the word that it will write.

**Answer: the diagonal knows the order, and Model 1 the words. A decoder may use both, so it should beat each of them.**

## 7 · How well do the two decoders align?

The grammar of lesson 03 knows all true links. We train Bahdanau's decoder and Luong's, with the same score, by lesson 03's loop. It makes one pass through 20,000 pairs, in batches of 32, with AdamW at the learning rate 0.005. Gradients are clipped at 1, without dropout. For the AER, the models are given the true French of 500 new pairs (teacher forcing), even where they would write something else. Each word is linked to the one with its largest weight.
"""

# %% name="grammar"
from attention_course.data import grammar

sentences = grammar.pairs(20_000, part="train")
unseen = grammar.pairs(500, part="test")
english = Vocabulary(pair.english for pair in sentences)
french = Vocabulary(pair.french for pair in sentences)


def numbers(pairs):
    return [(english.encode(p.english), [BOS, *french.encode(p.french), EOS]) for p in pairs]


source, target = [pad(list(side)) for side in zip(*numbers(unseen))]    # (500, S), (500, L + 1)

# %% name="train"
models = {}
for name in ("Bahdanau", "Luong, concat"):
    seed_everything(0)
    models[name] = decoders[name](len(english), len(french))            # E = H = 64, D = 128
    train(models[name], numbers(sentences), translation_loss, learning_rate=5e-3)

# %% name="evaluate"
from attention_course.lessons.lesson_04.built import greedy


def links_of(weights):                                      # a map (L, S), without padding
    return {(int(e), f) for f, e in enumerate(weights.argmax(-1))}      # (English, French)


def look_and_write(model):
    with torch.no_grad():
        weights = teacher_forcing(model, source, target)[1]             # (500, L, S)
    maps = [rows[: len(p.french), : len(p.english)] for rows, p in zip(weights, unseen)]
    written = greedy(model, source).tolist()
    right = [french.decode(w) == list(p.french) for w, p in zip(written, unseen)]
    return maps, sum(right) / len(right)                    # exactly right: all words are


evaluated = {name: look_and_write(model) for name, model in models.items()}

# %% name="grammar-table"
from attention_course.metrics import alignment_error_rate, diagonal_links, one_link_floor
from attention_course.models.ibm1 import Ibm1

gold = [pair.links for pair in unseen]
word_table = Ibm1([(p.english, p.french) for p in sentences], iterations=5, null=False)
straight = [diagonal_links(len(p.english), len(p.french)) for p in unseen]
by_table = [word_table.links(p.english, p.french) for p in unseen]
rows = [["diagonal", "", alignment_error_rate(straight, gold)]]
rows += [["IBM Model 1", "", alignment_error_rate(by_table, gold)]]
for name, (maps, right) in evaluated.items():
    links = [links_of(weights) for weights in maps]
    rows.append([name, f"{right:.0%}", alignment_error_rate(links, gold)])
rows += [["floor", "", one_link_floor(gold, [len(p.french) for p in unseen])]]
table(["", "sentences exactly right", "alignment error rate"], rows, digits=3)

# %% name="grammar-guard" jupyter={"source_hidden": true}
assert all(row[2] < 0.25 for row in rows[2:4])
small_table = Ibm1(tiny, iterations=10, null=False)         # the same as ours, and faster
assert all(abs(small_table.probability(f, e) - p) < 1e-9 for (e, f), p in t.items())

# %% [markdown] name="ne-text"
r"""
(`Ibm1` is `model_1` in NumPy.) In the printed run, both decoders beat both controls, on the same data. But one training says little. Here are three random starts, each trained as on this page:
"""

# %% name="short-starts"
from attention_course import results

measured = results.load("05_alignment")
rows = [
    [name, *(torch.tensor(found[kind]) for kind in ("exact", "aer"))]
    for name, found in measured["short"].items()
]
rows += [[name, "", found] for name, found in measured["controls"]["short"].items()]
table(["three random starts each", "sentences exactly right", "alignment error rate"], rows)

# %% name="short-starts-guard" jupyter={"source_hidden": true}
by_words = measured["controls"]["short"]["IBM Model 1"]
assert sum(aer > by_words for aer in measured["short"]["Bahdanau"]["aer"]) == 2
assert max(measured["short"]["Luong, concat"]["aer"]) < by_words
assert max(measured["short"]["Bahdanau, word asks, too"]["aer"]) < by_words
assert all(0.59 < right < 0.72 for found in measured["short"].values() for right in found["exact"])

# %% [markdown] name="longer-text"
r"""
Bahdanau's decoder aligns worse than Model 1 from two starts of three. With the word in the question, or with Luong's order, the decoder beats Model 1 from all three. But no decoder has learned all it can: about a third of the sentences have a mistake.

So we also trained longer. Each decoder saw a million French words from 30,000 pairs, again from three starts. It was tested on 1,000 other pairs. First a question. *Not* is two words in French, *ne* (or *n'*) before the verb and *pas* after it. Does *ne* look at *not*?
"""

# %% name="guess-ne"
guess = predict(
    "Of the “ne” in new sentences, how many look most at “not”? Compare three starts of Bahdanau's "
    "decoder with three of Luong's, with the same score.",
    ["all of Luong's are higher", "the two ranges overlap", "all of Bahdanau's are higher"],
)

# %% name="starts"
keys = ["Bahdanau, s(t-1)", "Bahdanau, s(t-1) and y(t-1)", "Luong concat, s(t)", "Luong general"]
kinds = ["exact", "aer", "ne_at_not"]
rows = [
    [name, *[torch.tensor(measured[kind][key]) for kind in kinds]]
    for name, key in zip(decoders, keys)
]
rows += [[name, "", aer, ""] for name, aer in measured["controls"]["long"].items()]
columns = ["three random starts each", "sentences exactly right", "alignment error rate"]
table([*columns, "“ne” that look at “not”"], rows)

# %% name="reveal-ne" jupyter={"source_hidden": true}
bahdanau, luong = rows[0][3], rows[2][3]
assert bahdanau.max() > luong.min() and bahdanau.min() < luong.max()
guess.reveal(
    "the two ranges overlap",
    f"Bahdanau: {', '.join(f'{x:.0%}' for x in bahdanau)}. "
    f"Luong: {', '.join(f'{x:.0%}' for x in luong)}.",
)

# %% [markdown] name="maps-text"
r"""
Here is a new sentence, by this page's two models. A ring is a true link, white is 0, dark is 1. (*Ont … attendu* is *have … waited*.) In the printed run, Bahdanau's *n'* and *pas* look most at *did*, and Luong's at *not*.
"""

# %% name="maps" jupyter={"source_hidden": true}
from attention_course import plots


def fits(pair):
    return {"did", "not"} <= set(pair.english) and len(pair.english) <= 9


i = next(i for i, pair in enumerate(unseen) if fits(pair))
shown = plots.Picture((6.05, 3.4))
for ax, (name, (maps, _)) in zip(shown.subplots(1, 2), evaluated.items()):
    pair, labels = unseen[i], {"query_label": "French", "key_label": "English"}
    kind = {"title": name, "colour_bar": False, "links": pair.links, "ax": ax}
    plots.attention_map(maps[i], pair.french, pair.english, **labels, **kind)
shown

# %% name="claim" jupyter={"source_hidden": true}
from attention_course import claims

claims.verdict("attention-learns-to-align")

# %% [markdown] name="starts-text"
r"""
On the lists, the word just said changed everything. In these long trainings on the grammar it changes little. There, each sentence has *one* translation, so $s_{t-1}$ may nearly know the word already. We did not test this reason. (From its first start, *concat* aligns no better than Model 1, though its translations are as good as the others.)

And *ne* need not look at *not*. With *general*, it never does. The encoder's GRUs read the whole sentence, so other annotations may carry the negation, too.

**Answer: far better than the diagonal. But *ne* may look elsewhere after another start.**

## 8 · What does a window change?

Luong's **local attention** looks only at words that are at most $r$ places from a centre: a **window**. In **local-m** the centre moves on by one word in each step. In **local-p** the state predicts the centre $p_t$, as a share of the sentence. The softmax runs over the words inside. Then a **Gaussian** curve multiplies each weight:

$$p_t = (S - 1)\; \mathrm{sigmoid}(\tanh(s_t W_p) \cdot u_p) \qquad a_{ti} \leftarrow a_{ti}\; e^{-(i - p_t)^2 / (2 \sigma^2)}, \qquad \sigma = r / 2$$

Places count from 0 to $S - 1$. Take six words and a sigmoid of 0.5. The centre is 5 · 0.5 = 2.5. With $r$ = 2, σ is 1.
"""

# %% name="local-p" jupyter={"source_hidden": true}
sentence = ["the", "cat", "does", "not", "sleep", "."]
likes = [1, 1, 3, 4, 2, 1]                                  # exp(score) of each word


def window(centre, reach):
    return diagrams.local_p(sentence, likes, centre, reach)


explore(window, centre=(0.0, 5.0, 2.5, 0.1), reach=(1, 3, 2))

# %% [markdown] name="curve-text"
r"""
Four words are inside, from 0.5 to 4.5. Their numbers add up to 1 + 3 + 4 + 2 = 10, so *not* has the share 4 / 10. It is half a place from the centre, where the curve is $e^{-1/8}$ = 0.88. So its weight is 0.4 · 0.88 = 0.35. The weights now add up to 0.72, not 1.

What is the curve for? Move the centre to 2.9. The same words are inside, with the same shares. Without the curve no weight would change, so the centre would get no gradient. But the curve at *not* rises from 0.88 to 0.995, and the weight from 0.35 to 0.40. So if *not* helps, the gradient pulls the centre there.
"""

# %% name="windows"
class LocalM(nn.Module):
    def __init__(self, reach):
        super().__init__()
        self.reach = reach

    def forward(self, s, t, mask):                          # (B, D), a number, (B, S)
        last = mask.sum(-1, keepdim=True) - 1               # (B, 1)
        distance = torch.arange(mask.shape[1], device=mask.device) - last.clamp(max=t)
        return mask & (distance.abs() <= self.reach), 1.0

# %% name="local-p-code"
class LocalP(nn.Module):
    def __init__(self, D, reach):
        super().__init__()
        self.reach, self.W_p = reach, nn.Linear(D, D, bias=False)
        self.u_p = nn.Linear(D, 1, bias=False)

    def forward(self, s, t, mask):                          # (B, D), a number, (B, S)
        last = mask.sum(-1, keepdim=True) - 1               # (B, 1)
        centre = last * torch.sigmoid(self.u_p(torch.tanh(self.W_p(s))))    # p_t: (B, 1)
        distance = torch.arange(mask.shape[1], device=mask.device) - centre     # (B, S)
        curve = torch.exp(-(distance**2) / (2 * (self.reach / 2) ** 2))
        return mask & (distance.abs() <= self.reach), curve                 # (B, S), (B, S)

# %% [markdown] name="local-look-text"
r"""
Now the look multiplies by the curve, and must know how many words are written, $t$.
"""

# %% name="local-look"
class LocalLook(Look):
    def __init__(self, score, window):
        super().__init__(score)
        self.window = window

    def forward(self, s, h, mask, t):                       # t: how many words are written
        inside, curve = self.window(s, t, mask)
        weights = masked_softmax(self.score(s, h), inside) * curve      # (B, S)
        return (weights[:, None] @ h)[:, 0], weights        # c_t (B, K), weights (B, S)

# %% name="local-luong"
class LocalLuong(Luong):
    def __init__(self, source_words, target_words, window, **options):
        super().__init__(source_words, target_words, **options)
        self.decoder.look = LocalLook(self.decoder.look.score, window)

    def encode(self, source):
        memory, state = super().encode(source)
        return memory, (state, 0)                           # t = 0

    def step(self, previous, state, memory):                # (B), (state, t), (h, mask)
        state, t = state
        logits, state, weights = super().step(previous, state, (*memory, t))
        return logits, (state, t + 1), weights

# %% name="gradient"
class Flat(LocalP):
    def forward(self, s, t, mask):
        inside, curve = super().forward(s, t, mask)
        return inside, 0 * curve + 1                        # 1 everywhere; 0 * for a gradient of 0


rows = []
for Window in (LocalP, Flat):
    seed_everything(0)
    local = LocalLuong(len(english), len(french), Window(128, reach=3))
    translation_loss(local, source[:8], target[:8]).backward()
    gradient = local.decoder.look.window.W_p.weight.grad
    rows.append([Window.__name__, gradient.abs().max()])
table(["window", "largest gradient of W_p"], rows, powers=True)

# %% name="same-window" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_05.same import as_in_the_package

with torch.no_grad():
    for window in (None, LocalM(2), LocalP(128, 2)):
        sizes = len(english), len(french)
        ours = LocalLuong(*sizes, window) if window else Luong(*sizes)
        theirs = as_in_the_package(ours, *sizes)
        some, words = source[:20], target[:20]
        a, b = teacher_forcing(ours, some, words), theirs(some, words[:, :-1])
        assert torch.allclose(a[0], b[0], atol=1e-4) and torch.allclose(a[1], b[1], atol=1e-5)

# %% name="all-variants"
named = {"concat": "Luong concat, s(t)", "concat, no input feeding": "Luong concat, no feeding"}
named |= {"general": "Luong general", "dot": "Luong dot"}
named |= {"general, local-m": "Luong local-m", "general, local-p": "Luong local-p"}
rows = [
    [name, torch.tensor(measured["exact"][key]), torch.tensor(measured["aer"][key])]
    for name, key in named.items()
]
columns = ["Luong, three random starts each", "sentences exactly right", "alignment error rate"]
table(columns, rows)

# %% [markdown] name="windows-text"
r"""
Without the curve, the centre gets no gradient. With it, the gradient is small, but AdamW rescales gradients.

- **Input feeding.** Without it, more sentences are right from all starts. Feeding harms on these short sentences. Luong and others report a gain on longer ones.
- ***General* and *dot*.** If $W$ is the identity, *general* is *dot*. Still *dot* is better from all starts, on both measures. We did not look for the reason.
- **Windows** ($r$ = 3, with *general*). The fixed window loses some sentences. The predicted one does as well as no window from one start. From another it gets less than half of the sentences right, and aligns worse than the diagonal. Our windows save no time, because all scores are computed first.

Here *concat* without input feeding gets most sentences right.

**Answer: the fixed window costs accuracy here. The predicted one can learn its centre only through the curve, and two starts of three aimed badly.**

## 9 · What does a map prove?

At each step, mask some English words, and see whether the French word is still right. The open words share the lost weight. Most words have hardly any, so covering a random one would show nothing. We cover the largest weight, the second largest, or all but the largest.
"""

# %% name="cover"
@torch.no_grad()
def still_right(model, cover):                              # cover: from weights to (B, S)
    (h, mask), state = model.encode(source)
    covered, right = [], []
    for t in range(target.shape[1] - 1):
        _, next_state, weights = model.step(target[:, t], state, (h, mask))
        away = cover(weights)
        logits, _, _ = model.step(target[:, t], state, (h, mask & ~away))
        covered.append((weights * away).sum(-1))
        right.append((logits.argmax(-1) == target[:, t + 1]).float())
        state = next_state                                  # the next step sees all words again
    real = target[:, 1:] > EOS                              # neither padding nor <eos>
    return [torch.stack(found, 1)[real].mean() for found in (covered, right)]

# %% name="covers"
def nothing(weights):                                       # (B, S)
    return weights < 0


def largest(weights):
    return weights == weights.max(-1, keepdim=True).values


def second_largest(weights):
    return largest(weights.masked_fill(largest(weights), -1.0))


def all_but_the_largest(weights):
    return ~largest(weights)

# %% name="guess-cover"
guess = predict(
    "With nothing covered, nearly all words are right. Now only the English word with the largest "
    "weight stays open in this step. How many French words are right?",
    ["less than half", "between half and 85 %", "more than 85 %"],
)

# %% name="cover-table"
rows = []
for cover in (nothing, second_largest, all_but_the_largest, largest):
    shares = [f"{x:.0%}" for model in models.values() for x in still_right(model, cover)]
    rows.append([cover.__name__.replace("_", " "), *shares])
columns = [f"{name}: {what}" for name in models for what in ("weight covered", "words right")]
table(["covered in this step", *columns], rows)

# %% name="reveal-cover" jupyter={"source_hidden": true}
assert all(int(share[:-1]) > 85 for share in rows[2][2::2])
said = " and ".join(rows[2][2::2])
guess.reveal("more than 85 %", f"It is {said}, for Bahdanau's decoder and for Luong's.")

# %% [markdown] name="cover-text"
r"""
With the largest weight covered, most words go wrong. Covering the second largest does little harm, but it has little weight, too. The largest is nearly enough on its own. So the map is no accident. But:

- Covering the largest weight moves its share to words that the softmax had rejected. Some of the harm may come from so strange a context.
- A mask hides an annotation and not the word (lesson 00). Other annotations and the state may carry the word, and some French words survive.
- On the lists, half of Bahdanau's largest weights were on the wrong good, and the words right.

Real sentences are harder. On English and German sentences linked by people, Luong and others (2015) measured AERs of 0.34 to 0.39, and 0.32 for a statistical aligner. Koehn and Knowles (2017) found a translator whose attention was one word off.

**Answer: the largest weight is a good hint at a word's translation. It is no proof of what the model uses. To find out whether a word matters, change the word, as exercise 5 does with *not*.**

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = "import random\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n"
imports += "from attention_course.bar import bar  # a progress bar\n"
imports += "from attention_course.device import pick_device  # the GPU where it pays\n"
imports += "from attention_course.functional import masked_softmax  # lesson 01\n\n"
imports += "PAD, BOS, EOS = 0, 1, 2"
parts = [pad, built_03.read, Encoder, Dot, General, Concat, Look, LuongDecoder, Luong]
parts += [LocalM, LocalP, LocalLook, LocalLuong, teacher_forcing, translation_loss]
parts += [built_03.batches, train, greedy, links_of, error_rate, model_1]
listing(*parts, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- Bahdanau asks with $s_{t-1}$, before the word just said is taken in. Luong asks with $s_t$, after it.
- Luong joins state and context, reads the word from both, and feeds them back (**input feeding**).
- **Global attention** looks at all words, **local attention** at a window.
- The **alignment error rate** needs the floor, the diagonal and IBM Model 1 beside it.
- The largest weight is a hint. To find out whether a word matters, change the word.

Worth knowing by heart:

```
s = cell(torch.cat([y, fed], -1), s)                        # Luong: the state first,
context, weights = look(s, h, mask)                         # then the look,
fed = torch.tanh(join(torch.cat([s, context], -1)))         # then both are joined
```

<details><summary>1. Local-p, 11 words (0 to 10), a sigmoid of 0.3, a reach of 2: which words are inside?</summary>

The centre is 10 · 0.3 = 3. The words 1 to 5 are inside.

</details>

<details><summary>2. Two decoders write the same words, with AERs of 0.06 and 0.15. Which translates better?</summary>

Neither. The AER says nothing about the words that are written.

</details>

<details><summary>3. Why does Luong's decoder need the attentional vector?</summary>

Its context comes too late to change $s_t$, so a layer must join the two.

</details>

## Exercises, and where to go next

In the [exercises](exercises/05_alignment.ipynb) you find out what *ne* depends on. In **[06 · Image captioning](06_image_captioning.ipynb)**, a picture replaces the sentence.

### Sources

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473) · Brown, Della Pietra, Della Pietra, Mercer: The mathematics of statistical machine translation. Computational Linguistics 19 (1993) · Koehn, Knowles: Six challenges for neural machine translation. WNMT 2017, [arXiv:1706.03872](https://arxiv.org/abs/1706.03872), section 3.5 · Luong, Pham, Manning: Effective approaches to attention-based neural machine translation. EMNLP 2015, [arXiv:1508.04025](https://arxiv.org/abs/1508.04025) · Och, Ney: A systematic comparison of various statistical alignment models. Computational Linguistics 29 (2003) · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese, section 2.1.
"""
