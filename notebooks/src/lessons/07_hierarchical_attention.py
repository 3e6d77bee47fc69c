# %% [markdown] name="title"
r"""
# 07 · Hierarchical attention

*Friends: superb. Me: dull. Long.* That is a bad review. Swap two words, *Friends: dull. Me: superb. Long.*, and it is a good one. Both have the same words, so whoever weighs word by word cannot tell them apart. Yang and others (2016) built a network that weighs twice: the words of each sentence, and then the sentences.
"""

# %% name="story"
import torch

from attention_course.lessons.lesson_07 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict


def average(x, scores):                                             # (n, 2), step 1: (n)
    return scores, scores.softmax(0), scores.softmax(0) @ x         # steps 2 and 3


numbers = {"friends": (0, 0), "superb": (0, 2), "me": (10, 0), "dull": (0, -2), "long": (0, -1)}
review = [["friends", "superb"], ["me", "dull"], ["long"]]
x = [torch.tensor([numbers[word] for word in sentence]).float() for sentence in review]
level_1 = [average(part, part[:, 1].abs()) for part in x]           # how strong an opinion is it?
c = torch.stack([vector for _, _, vector in level_1])               # one vector a sentence
level_2 = average(c, c[:, 0])                                       # is it my own opinion?
diagrams.two_levels(review, x, level_1, level_2)

# %% [markdown] name="what-for"
r"""
The picture shows **hierarchical attention**. On the left, attention makes one vector of the words of each sentence: the **sentence vector**. On the right, the same three steps make one vector of the sentences. You build this network, with padding at both levels. Then you ask where it looks, and whether its answer depends on that.

You need lessons 01 to 03. Sections 1 to 4 take twenty minutes, the rest half an hour. The machine works for about a minute.

## 1 · What happens, with numbers?

Each word has two numbers: does it say whose opinion this is (*mine*), and how much *praise*. *Me* is (10, 0), *superb* is (0, 2), *dull* is (0, −2), *long* is (0, −1), *friends* is (0, 0).

**Step 1.** There is no query. The score looks at a word alone. On level 1 it asks how strong the opinion is, for or against: *me* gets 0, *dull* gets 2.

**Step 2.** The softmax gives $e^0 = 1$ and $e^2 = 7.39$ their shares of 8.39: 0.12 and 0.88.

**Step 3.** The average is 0.12 · (10, 0) + 0.88 · (0, −2) = (1.19, −1.76). This is the vector of sentence 2. It holds both: the opinion, and that it is mine.

The other two sentences become (0, 1.76) and (0, −1). Now the same steps once more. On level 2 the score asks whether the opinion is mine. It is the first number: 0, 1.19 and 0. The weights are 0.19, 0.62 and 0.19, and the review becomes (0.74, −0.95). Its praise is below 0: a bad review.

The control is one level, over all words at once:
"""

# %% name="by-hand" tags=["nbval-check-output"]
swapped = [["friends", "dull"], ["me", "superb"], ["long"]]
rows = []
for name, some in {"Me: dull": review, "Me: superb": swapped}.items():
    x = [torch.tensor([numbers[word] for word in sentence]).float() for sentence in some]
    c = torch.stack([average(part, part[:, 1].abs())[2] for part in x])
    words = torch.cat(x)                                            # all words as one sentence
    by_levels, at_once = average(c, c[:, 0])[2], average(words, words[:, 1].abs())[2]
    rows.append([name, by_levels[1], at_once[1]])
table(["praise of the review", "two levels", "one level"], rows)

# %% [markdown] name="by-hand-answer"
r"""
One level gives both reviews the same number, and would do so with any scores: same words, same scores, same average. (Reading the words in order would help, too. Section 5 tries it.) With two levels, *dull* counts for 0.62 · 0.88 = 0.55 of the review: the two weights are multiplied.

**Answer: each level scores, shares out and averages. Level 1 says what a sentence is about, and level 2 which sentence counts.**

## 2 · How is it written down?

What makes a word strong must be learned. So the score is the additive score of lesson 02 without the query:

$$z_i = \tanh(h_i W^K) \, u^\top \quad (18) \qquad a_i = \frac{\exp z_i}{\sum_j \exp z_j} \quad (19) \qquad c = \sum_i a_i \, h_i \quad (20)$$

This is **query-less attention** (also **attention pooling**). The learned vector $u$ asks every word: *are you important?* Yang and others call $u$ a **context vector** (not to be mixed up with $c$), and add a bias to $W^K$. Without the tanh, $W^K u^\top$ would be a single vector, and $W^K$ would be of no use.

Hierarchical attention uses the three equations twice. Word $i$ of sentence $t$ has the vector $h_{ti}$, and each level has its own $W^K$ and $u$:

$$c_t = \sum_i a_{ti} \, h_{ti} \quad \text{(words of sentence } t\text{)} \qquad c = \sum_t a_t \, h_t \quad \text{(sentences)}$$

Here $h_{ti}$ is the word's embedding, and $h_t = c_t$. In section 4, a GRU comes before each level.

**Answer: attention with a learned vector in place of the query, used twice.**

## 3 · How do reviews of all lengths fit into one tensor?

With padding at both levels. Sentences are filled up with PAD (`<pad>`, number 0), and reviews with sentences of nothing but PAD. A batch has B reviews of S sentences of T words.
"""

# %% name="pad"
from attention_course.data.vocabulary import PAD


def pad_documents(documents):                       # lists of sentences, which are lists of numbers
    S = max(len(document) for document in documents)
    T = max(len(sentence) for document in documents for sentence in document)
    padded = []
    for document in documents:
        rows = [sentence + [PAD] * (T - len(sentence)) for sentence in document]
        padded.append(rows + [[PAD] * T] * (S - len(document)))
    return torch.tensor(padded)                                     # (B, S, T)

# %% name="batch"
from attention_course.data.vocabulary import Vocabulary

two = [review, [["dull"]]]                                          # a second review: one word
few = Vocabulary(sentence for document in two for sentence in document)
batch = pad_documents([[few.encode(sentence) for sentence in document] for document in two])
names = [[[few.words[i] for i in sentence] for sentence in document] for document in batch]
diagrams.batch(names, (batch != PAD).tolist())

# %% [markdown] name="masks-text"
r"""
So there are two masks. The mask of words is `batch != PAD`. A sentence counts if it has any word: the mask of sentences is `mask.any(-1)`.

The second review hides a trap. Two of its sentences have no word. With all scores at −∞, the softmax divides 0 by 0:
"""

# %% name="nan" tags=["nbval-check-output"]
from attention_course.functional import masked_softmax

nothing = torch.zeros(2, dtype=torch.bool)                          # the mask of an empty sentence
broken = torch.zeros(2).masked_fill(~nothing, float("-inf")).softmax(-1)
table(["softmax of an empty sentence", "weights"],
      [["with −∞", broken], ["masked again by a product", broken * nothing],
       ["masked_softmax of lesson 01", masked_softmax(torch.zeros(2), nothing)]])

# %% name="inside-softmax" jupyter={"source_hidden": true}
look_inside(masked_softmax)

# %% [markdown] name="nan-text"
r"""
A product with 0 does not help, because 0 · NaN is NaN. `masked_softmax` uses the lowest finite number in place of −∞, and then multiplies by the mask. An empty sentence gets the weights 0 and becomes the vector 0. On level 2 its mask is False, so this vector counts for nothing.

**Answer: pad twice, mask twice, with a softmax that survives a sentence without a word.**

## 4 · How is it programmed?

So far, *slow* means the same in *not slow*. So Yang and others let a GRU from both ends (lesson 03) read the words before they are weighed. A second one reads the sentence vectors. Each direction has E/2 numbers, so a state has E numbers again.
"""

# %% name="network-picture" jupyter={"source_hidden": true}
diagrams.network()

# %% [markdown] name="both-ends-text"
r"""
First the GRUs. Packing tells a GRU where each sentence ends, so it does not read padding (lesson 03). PyTorch refuses a length of 0. So an empty sentence counts as one PAD long here, and its state is masked anyway.
"""

# %% name="both-ends"
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


class BothEnds(nn.Module):
    def __init__(self, E):
        super().__init__()
        self.gru = nn.GRU(E, E // 2, bidirectional=True, batch_first=True)

    def forward(self, x, mask):                                     # (B, n, E), (B, n)
        lengths = mask.sum(1).clamp(min=1).cpu()                    # nothing but PAD: read one
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, _ = self.gru(packed)
        return pad_packed_sequence(states, batch_first=True, total_length=x.shape[1])[0]

# %% [markdown] name="level-text"
r"""
Both panels of the picture are the same, so one class serves for both.
"""

# %% name="level"
class Level(nn.Module):
    def __init__(self, E, gru=True):
        super().__init__()
        self.gru = BothEnds(E) if gru else None
        self.W_k = nn.Linear(E, E, bias=False)
        self.u = nn.Parameter(torch.randn(E) / E**0.5)

    def forward(self, x, mask):                                     # (B, n, E), (B, n)
        h = self.gru(x, mask) if self.gru else x                    # states (B, n, E)
        scores = torch.tanh(self.W_k(h)) @ self.u                   # step 1: (B, n)
        weights = masked_softmax(scores, mask)                      # step 2: (B, n)
        c = (weights[:, None] @ h)[:, 0]                            # step 3: (B, E)
        return c, weights, h

# %% [markdown] name="network-text"
r"""
Level 1 reads every sentence by itself. `flatten(0, 1)` makes B · S sentences of B reviews, and `unflatten` puts them back.
"""

# %% name="reading"
from typing import NamedTuple


class Reading(NamedTuple):
    logits: torch.Tensor                                            # (B, classes)
    sentence_weights: torch.Tensor                                  # (B, S)
    word_weights: torch.Tensor                                      # (B, S, T)
    states: torch.Tensor                                            # of the sentences (B, S, E)

# %% name="network"
class HierarchicalAttention(nn.Module):
    def __init__(self, words, classes, E=32, gru=(True, True), dropout=0.0):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.words, self.sentences = Level(E, gru[0]), Level(E, gru[1])
        self.dropout, self.classify = nn.Dropout(dropout), nn.Linear(E, classes)

    def forward(self, documents):                                   # (B, S, T)
        mask, B = documents != PAD, len(documents)                  # (B, S, T)
        x = self.dropout(self.embedding(documents))                 # (B, S, T, E)
        c, word_weights, _ = self.words(x.flatten(0, 1), mask.flatten(0, 1))        # (B·S, E)
        c, word_weights = c.unflatten(0, (B, -1)), word_weights.unflatten(0, (B, -1))
        document, weights, h = self.sentences(c, mask.any(-1))      # (B, E)
        return Reading(self.classify(self.dropout(document)), weights, word_weights, h)

# %% [markdown] name="check-text"
r"""
`gru` says which levels have a GRU. In a batch, a review must give the same as alone:
"""

# %% name="check"
torch.manual_seed(0)
small = HierarchicalAttention(len(few), classes=2, E=8)
together, alone = small(batch), small(batch[1:, :1, :1])            # the second review, unpadded
assert torch.allclose(together.logits[1], alone.logits[0], atol=1e-6)
assert torch.equal(together.sentence_weights[1], torch.tensor([1.0, 0, 0]))
together.logits.sum().backward()
assert all(p.grad.isfinite().all() for p in small.parameters())     # no NaN on the way back, either

# %% [markdown] name="code-answer"
r"""
**Answer: one `Level` of a dozen lines, used twice. Between the levels, only the shapes change.**

## 5 · Does it learn?

We want to know what decides, so we generate reviews. Each reports what other people think of a film. One sentence says what the reviewer thinks, and it alone makes the review good or bad. The others praise or blame at random. The arrow marks the sentence that decides.
"""

# %% name="show-review" tags=["nbval-check-output"]
from attention_course.lessons.lesson_07.reviews import BAD, GOOD, reviews

learned, unseen = reviews(1000, "train"), reviews(500, "test")
shown = unseen[0]
for place, sentence in enumerate(shown.sentences):
    print("→" if place == shown.decisive else " ", " ".join(sentence))
print("a good one" if shown.label == GOOD else "a bad one")

# %% [markdown] name="train-text"
r"""
The loop is that of lesson 03 with other batches: 32 reviews at a time, in random order. The share `lost` of the words is read as `<unk>` (for section 9).
"""

# %% name="batches"
import random

from attention_course.data.vocabulary import UNKNOWN


def batches(documents, labels, passes, generator, size=32, lost=0.0):
    order = list(range(len(documents)))
    for _ in range(passes):
        generator.shuffle(order)
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            batch = pad_documents([documents[i] for i in chosen])
            if lost:
                batch[(torch.rand(batch.shape) < lost) & (batch != PAD)] = UNKNOWN
            yield batch, torch.tensor([labels[i] for i in chosen])  # (B, S, T), (B)

# %% name="train"
import torch.nn.functional as F

from attention_course.device import pick_device


def train(model, documents, labels, passes, learning_rate=1e-2, seed=0, size=32, lost=0.0):
    device = pick_device(model)
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    for batch, label in batches(documents, labels, passes, random.Random(seed), size, lost):
        loss = F.cross_entropy(model(batch.to(device)).logits, label.to(device))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.to("cpu").eval()

# %% name="read"
@torch.no_grad()
def read(model, documents):                                         # twenty at a time
    parts = [model(part) for part in pad_documents(documents).split(20)]
    return Reading(*map(torch.cat, zip(*parts, strict=True)))


def right(reading, labels):                                         # share of right answers
    return (reading.logits.argmax(-1) == torch.tensor(labels)).float().mean().item()

# %% [markdown] name="seeds-text"
r"""
A result may depend on the random start. So we train five networks, with the seeds 0 to 4, and show all five. Each has 1,000 reviews, four passes and a learning rate of 0.02. We chose these numbers so that every network learns its task in a few seconds. The control averages the vectors of all words, without attention or GRUs.
"""

# %% name="mean-of-words" jupyter={"source_hidden": true}
class MeanOfWords(nn.Module):
    def __init__(self, words, classes, E=32):
        super().__init__()
        self.embedding, self.classify = nn.Embedding(words, E), nn.Linear(E, classes)

    def forward(self, documents):
        words = documents.flatten(1)                                # (B, S·T)
        real = (words != PAD)[..., None]
        mean = (self.embedding(words) * real).sum(1) / real.sum(1)  # (B, E)
        return Reading(self.classify(mean), *[mean] * 3)            # it has no weights

# %% name="train-five"
from attention_course.device import seed_everything, use_threads

vocabulary = Vocabulary(sentence for review in learned for sentence in review.sentences)


def encoded(some):
    return [[vocabulary.encode(sentence) for sentence in review.sentences] for review in some]


def trained(make, some, seed, classes=2):
    seed_everything(seed)
    model = make(len(vocabulary), classes)
    labels = [review.label for review in some]
    train(model, encoded(some), labels, passes=4, learning_rate=2e-2, seed=seed)
    return model

# %% name="five"
use_threads(1)
SEEDS = range(5)
asked, labels = encoded(unseen), [review.label for review in unseen]
counters = [trained(MeanOfWords, learned, seed) for seed in SEEDS]
networks = [trained(HierarchicalAttention, learned, seed) for seed in SEEDS]
counted, readings = ([read(model, asked) for model in some] for some in (counters, networks))
rows = [
    [name, *(f"{right(reading, labels):.0%}" for reading in some)]
    for name, some in {"mean of all words": counted, "hierarchical": readings}.items()
]
table(["right, of 500 unseen", *(f"seed {seed}" for seed in SEEDS)], rows)

# %% name="five-guard" jupyter={"source_hidden": true}
assert all(right(reading, labels) >= 0.95 for reading in readings)
assert all(right(reading, labels) <= 0.7 for reading in counted)

# %% [markdown] name="which-part-text"
r"""
Averaging words fails. Which part of the network helps? We took parts away, in longer trainings (2,000 reviews, 8 passes, a learning rate of up to 0.005 that rises and then falls, other reviews for each seed). One level means that the review is one long sentence. All states have 32 numbers.
"""

# %% name="which-part"
from attention_course import results

measured = results.load("07_hierarchical_attention")
starts = measured["generated"]["two labels"] | {"flat GRU": measured["flat_gru"]}
parts = {"mean of all words": "means of all words", "flat attention": "one level, no GRU"}
parts |= {"flat GRU": "one level, GRU", "sentence attention": "means of words, then level 2"}
parts |= {"no GRUs": "two levels, no GRU", "both GRUs": "two levels, two GRUs"}
rows = [[what, *starts[name]["accuracy"]] for name, what in parts.items()]
table(["right, of 1,000 unseen", *(f"seed {seed}" for seed in SEEDS)], rows)

# %% [markdown] name="which-part-answer"
r"""
This is the example of section 1 again. A word alone does not know whose opinion it is, so one level without a GRU fails. A sentence vector holds both, even as a plain mean: here the levels help. But one level with a GRU knows it, too, because it reads words in order. (Plain means of words do as well as attention on level 1. So these reviews test level 2 only.)

**Answer: yes, with every seed. It needs levels or a GRU to connect an opinion with its owner.**

## 6 · Does it look at the sentence that decides?

The reviews have 7 to 13 sentences. A sentence picked at random would be the deciding one in about one review of ten.
"""

# %% name="guess-top"
guess = predict(
    "In how many unseen reviews does the deciding sentence have the largest weight?",
    ["in nearly all, for each of the five networks",
     "in nearly all for some networks; others often overlook it",
     "in about one of ten, for each of the five networks"],
)

# %% name="on-top"
decisive = torch.tensor([review.decisive for review in unseen])
is_good = torch.tensor(labels) == GOOD


def on_top(reading):                                                # of bad and of good reviews
    tops = reading.sentence_weights.argmax(-1) == decisive
    return [tops[of_kind].float().mean().item() for of_kind in (~is_good, is_good)]


def without_gru(words, classes):
    return HierarchicalAttention(words, classes, gru=(False, False))


no_gru = [trained(without_gru, learned, seed) for seed in SEEDS]

# %% name="on-top-table"
rows = []
for name, models in {"both GRUs": networks, "no GRUs": no_gru}.items():
    for seed, model in enumerate(models):
        reading = read(model, asked)
        shares = [f"{share:.0%}" for share in (right(reading, labels), *on_top(reading))]
        rows.append([name, seed, *shares])
table(["", "seed", "right", "on top: bad reviews", "on top: good reviews"], rows)

# %% name="reveal-top" jupyter={"source_hidden": true}
lowest = [min(on_top(reading)) for reading in readings]
overlooked = sum(share < 0.5 for share in lowest)
guess.reveal(
    "in nearly all for some networks; others often overlook it",
    f"{overlooked} of the 5 networks overlook the deciding sentence in one kind of review. Which "
    "kind, and whether, depends on the seed. All are right about the label.",
)

# %% [markdown] name="both-text"
r"""
Here are the sentence weights of all five networks, for the first unseen bad review and the first good one with seven sentences. A row is a network. The ring marks the sentence that decides.
"""

# %% name="five-maps" jupyter={"source_hidden": true}
from attention_course import plots


def first(label):
    return next(i for i, r in enumerate(unseen) if r.label == label and len(r.sentences) == 7)


def map_of_five(number, kind):
    rows = torch.stack([reading.sentence_weights[number, :7] for reading in readings])
    names = [f"seed {seed}" for seed in SEEDS], [str(place + 1) for place in range(7)]
    labels = {"query_label": "network", "key_label": f"sentences of a {kind} review"}
    rings = {(unseen[number].decisive, seed) for seed in SEEDS}
    return plots.attention_map(rows, *names, links=rings, **labels)


map_of_five(first(BAD), "bad")

# %% name="five-maps-good" jupyter={"source_hidden": true}
map_of_five(first(GOOD), "good")

# %% [markdown] name="draw-text"
r"""
Here is the bad review with its words. The triangle marks the sentence that decides. The network is the one that overlooks it most often in bad reviews.
"""

# %% name="draw" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_07.document_map import document_map

NAMES = {BAD: "bad", GOOD: "good", 2: "undecided"}


def look(seed):
    number, reading = first(BAD), readings[seed]
    said = NAMES[reading.logits[number].argmax().item()]
    weights = reading.sentence_weights[number], reading.word_weights[number]
    place, title = unseen[number].decisive, f"A bad review. The network of seed {seed} says {said}"
    return document_map(unseen[number].sentences, *weights, mark=place, title=title)


most_often = min(SEEDS, key=lambda seed: on_top(readings[seed])[0])
explore(look, seed=(0, 4, most_often))

# %% [markdown] name="top-answer"
r"""
The longer trainings of section 5 overlook sentences, too. Here is the share on top after their 8 passes:
"""

# %% name="longer" jupyter={"source_hidden": true}
kinds = ("both GRUs", "no GRUs", "sentence attention")
rows = [[parts[name], *starts[name]["on_top"]] for name in kinds]
table(["on top, all reviews", *(f"seed {seed}" for seed in SEEDS)], rows)

# %% [markdown] name="top-answer-text"
r"""
Networks without a GRU overlook sentences, too. With plain means of words none does here, and we do not know why.

**Answer: not always. A network can be right about every review, and overlook what decides.**

## 7 · Then what decides?

To learn what an answer *depends on*, change the review and ask again. We remove the deciding sentence, or keep only this sentence. The control does the same with another sentence, picked at random.
"""

# %% name="changes"
rng = random.Random(0)
another = [
    rng.choice([i for i in range(len(review.sentences)) if i != review.decisive])
    for review in unseen
]


def without(document, place):
    return document[:place] + document[place + 1 :]


def only(document, place):
    return [document[place]]


def after(model, change, places):                                   # right, of bad and of good
    changed = [change(document, int(place)) for document, place in zip(asked, places)]
    hit = read(model, changed).logits.argmax(-1) == torch.tensor(labels)
    return torch.stack([hit[~is_good].float().mean(), hit[is_good].float().mean()])

# %% name="changes-table"
tried = [(without, decisive), (without, another), (only, decisive), (only, another)]
found = torch.stack([                                               # (seeds, kinds, 5 shares)
    torch.stack([torch.tensor(on_top(reading)), *(after(model, *how) for how in tried)], 1)
    for model, reading in zip(networks, readings)
])
rows = [
    [seed, kind, *(f"{share:.0%}" for share in found[seed, i])]
    for seed in SEEDS for i, kind in enumerate(("bad", "good"))
]
columns = ["seed", "reviews", "deciding one on top", "right without the deciding one"]
columns += ["without another", "with only the deciding one", "with only another"]
table(columns, rows)

# %% name="changes-guard" jupyter={"source_hidden": true}
tops, left = found[..., 0], found[..., 1]                           # (seeds, kinds)
assert (left.amax(1) >= 0.9).all() and (left.amin(1) <= 0.1).all()
assert ((tops >= 0.98) & (left >= 0.9)).any()

# %% [markdown] name="why"
r"""
For each seed, the two kinds of reviews behave in opposite ways. One kind does not need its deciding sentence: without it, and even with only another sentence, the answer stays right. The other kind is lost without it.

There are only two labels. So a network can look for one kind of evidence, say the reviewer's blame. If it finds blame, it says *bad*. If it finds none, the answer must be *good*, and it need not find the praise. This is reasoning by *elimination*. The loss does not mind, because the answers are right. The random start, or the order of the batches, decides which evidence is looked for.

Can the weights tell the cases apart? Not always. Compare the columns *on top* and *without the deciding one*. Some rows have nearly 100 % in both: such a network looks at a sentence that it does not need.

There is a second reason for caution. After a GRU, the state of a sentence has read its neighbours, so its weight may be owed to one of them. Let the last layer answer from the state of another sentence *alone*, for the kind of review whose evidence is looked for:
"""

# %% name="mixing"
def from_another_state(model):
    reading, rows = read(model, asked), torch.arange(len(asked))
    said = model.classify(reading.states[rows, torch.tensor(another)]).argmax(-1)
    hit = (said == torch.tensor(labels)).float()
    return min(hit[~is_good].mean().item(), hit[is_good].mean().item())


mixed = {
    name: [from_another_state(model) for model in models]
    for name, models in {"both GRUs": networks, "no GRUs": no_gru}.items()
}
rows = [[name, *(f"{share:.0%}" for share in shares)] for name, shares in mixed.items()]
table(["right from another sentence's state", *(f"seed {seed}" for seed in SEEDS)], rows)

# %% name="mixing-guard" jupyter={"source_hidden": true}
assert max(mixed["no GRUs"]) <= 0.2 and sum(share >= 0.3 for share in mixed["both GRUs"]) >= 2

# %% [markdown] name="mixing-answer"
r"""
Without GRUs, a state holds only the words of its own sentence, and is seldom right. With GRUs, some networks are right far more often: the state knows what another sentence says. So a weight is no proof that its own sentence mattered.

**Answer: removing and keeping tell, with a random sentence as control. The weights do not.**

## 8 · Can the task make it look?

If elimination is the reason, it should stop when *nothing found* gets a label of its own. So a third of the training reviews are now *undecided*: the reviewer only reports the others. A network must now find blame and praise. There are 1,500 reviews, so that 1,000 are good or bad as before. To save time, we train with the first two seeds only.
"""

# %% name="guess-third"
guess = predict(
    "Trained with undecided reviews, how often will the deciding sentence of a good or bad review "
    "be on top?",
    ["in nearly all, for each seed", "as before: it depends on the seed",
     "less often, because the task is harder"],
)

# %% name="third"
with_third = reviews(1500, "train", undecided=1 / 3)
three_labels = reviews(500, "test", undecided=1 / 3)
asked_three, labels_three = encoded(three_labels), [review.label for review in three_labels]
networks_3 = [trained(HierarchicalAttention, with_third, seed, 3) for seed in SEEDS[:2]]
rows = []
for seed, model in enumerate(networks_3):
    shares = [right(read(model, asked_three), labels_three), *on_top(read(model, asked))]
    shares += [*after(model, without, decisive), *after(model, without, another)]
    rows.append([seed, *(f"{float(share):.0%}" for share in shares)])
columns = ["seed", "right, three labels", "on top: bad", "on top: good", "bad without the deciding"]
columns += ["good without it", "bad without another", "good without another"]
table(columns, rows)

# %% name="third-longer" jupyter={"source_hidden": true}
rows = []
for name in ("both GRUs", "no GRUs"):
    found = measured["generated"]["with undecided"][name]
    rows.append([f"{parts[name]}: right, three labels", *found["accuracy"]])
    rows.append([f"{parts[name]}: on top, good and bad", *found["on_top"]])
table(["8 passes", *(f"seed {seed}" for seed in SEEDS)], rows)

# %% name="third-guard" jupyter={"source_hidden": true}
assert all(right(read(model, asked_three), labels_three) >= 0.95 for model in networks_3)
assert all(min(on_top(read(model, asked))) >= 0.95 for model in networks_3)

# %% name="reveal-third" jupyter={"source_hidden": true}
guess.reveal(
    "in nearly all, for each seed",
    "The same good and bad reviews, and the same network. The task decides what must be looked at.",
)

# %% [markdown] name="third-answer"
r"""
The second table has the longer trainings of section 5. Two networks without GRUs are right about two reviews of three only, and the deciding sentence is still on top. So weights may also point rightly when the answer is wrong.

**Answer: yes. A network learns to look at what its task needs.**

## 9 · Does it work on real reviews?

Pang and Lee (2004) collected 2,000 film reviews, half of them good. We train on 1,600 and test on 400. To save time, we keep the first and last 15 sentences of a review, and 30 words of a sentence. A word that occurs fewer than five times becomes `<unk>`. Against learning by heart, half of the numbers are dropped (dropout), and a fifth of the words are read as `<unk>`. Level 1 has no GRU, to save time again.
"""

# %% name="movies-data"
from attention_course.data.movie_reviews import movie_reviews, split
from attention_course.data.unavailable import DatasetUnavailable

try:
    learned_real, unseen_real = split(movie_reviews(), 0)           # the first of five splits
    real_reviews, passes = True, 2
except DatasetUnavailable:
    print("movie_reviews cannot be had here: generated reviews take their place.")
    learned_real, unseen_real = with_third, three_labels
    real_reviews, passes = False, 6
words = Vocabulary((s for r in learned_real for s in r.sentences), minimum=5)


def shortened(some):
    ends = [[*r.sentences[:15], *r.sentences[15:][-15:]] for r in some]
    return [[words.encode(sentence[:30]) for sentence in document] for document in ends]

# %% name="movies-train"
seed_everything(0)
truth = [review.label for review in unseen_real]
documents = shortened(unseen_real)
reader = HierarchicalAttention(len(words), 1 + max(truth), E=50, gru=(False, True), dropout=0.5)
labels_real = [review.label for review in learned_real]
train(reader, shortened(learned_real), labels_real, passes, lost=0.2)
reading = read(reader, documents)
print(f"right about {right(reading, truth):.1%} of {len(truth)} unseen reviews")

# %% name="movies-guard" jupyter={"source_hidden": true}
assert right(reading, truth) >= (0.78 if real_reviews else 0.5)

# %% name="movies-draw" jupyter={"source_hidden": true}
i = min((i for i, d in enumerate(documents) if len(d) >= 8), key=lambda i: len(documents[i]))
read_words = [sentence[:30] for sentence in unseen_real[i].sentences]
weights, shades = reading.sentence_weights[i], reading.word_weights[i]
said, true = (NAMES[int(label)] for label in (reading.logits[i].argmax(), truth[i]))
title = f"A {true} review; it says {said}"
document_map(read_words, weights[: len(read_words)], shades, title=title)

# %% [markdown] name="deletion-text"
r"""
This is the shortest unseen review with at least eight sentences, with the words that the network reads. Do the weights show what matters? We keep or remove the three sentences with the largest weights. The controls are three random ones, the three longest and the last three.
"""

# %% name="deletion"
rng = random.Random(0)
order = reading.sentence_weights.argsort(descending=True).tolist()  # padding has 0, and is last
chosen = {
    "three largest weights": [places[:3] for places in order],
    "three random": [rng.sample(range(len(d)), 3) for d in documents],
    "three longest": [sorted(range(len(d)), key=lambda i: -len(d[i]))[:3] for d in documents],
    "last three": [list(range(len(d)))[-3:] for d in documents],
}
rows = {}
for name, places in chosen.items():
    kept = [[d[i] for i in sorted(p)] for d, p in zip(documents, places)]
    left = [[s for i, s in enumerate(d) if i not in p] for d, p in zip(documents, places)]
    rows[name] = [right(read(reader, some), truth) for some in (kept, left)]
shown = [[name, *(f"{share:.0%}" for share in shares)] for name, shares in rows.items()]
table(["sentences", "right with only these", "right without these"], shown)

# %% name="deletion-guard" jupyter={"source_hidden": true}
if real_reviews:
    top, last = rows["three largest weights"], rows["last three"]
    assert top[1] > right(reading, truth) - 0.03 and last[0] > top[0]

# %% [markdown] name="movies-experiment-text"
r"""
Without the top three, hardly anything is lost: other sentences say the same. And the last three sentences tell more than the top three. Are the top three better than random ones? This is one short training. Here are seven, on the same split. The second is this page's:
"""

# %% name="movies-short"
short = measured["short"]
shown_short = {"accuracy": "right", "only_top": "only top 3", "only_random": "only random 3"}
rows = []
for i, (ends, width, times, rate, size) in enumerate(short["settings"]):
    setting = f"{ends} sentences, {width} words; {times} passes, {rate}, {size} a batch"
    rows.append([setting, *(f"{short[key][i]:.0%}" for key in shown_short)])
table(["ends, words; passes, learning rate, batch", *shown_short.values()], rows)

# %% [markdown] name="movies-short-text"
r"""
All seven are about equally often right. But the top three sentences are worse than random ones in some and better in others. So after a short training, the weights do not say what is enough. Here are longer trainings, with six passes, on five splits, and other readers. **Bag of words** is a logistic regression on weighted counts of words (tf-idf). It knows no order and no sentences.
"""

# %% name="movies-experiment"
movies = measured["movies"]
shown = shown_short | {"without_top": "without top 3", "without_random": "without random 3"}


def mean_and_range(values):
    mean, low, high = 100 * sum(values) / len(values), 100 * min(values), 100 * max(values)
    return f"{mean:.0f} % ({low:.0f} to {high:.0f})"


rows = [
    [name, *(mean_and_range(found[key]) if key in found else "" for key in shown)]
    for name, found in movies.items()
]
table(["five splits: mean (range)", *shown.values()], rows)

# %% name="movies-experiment-guard" jupyter={"source_hidden": true}
said = {name: mean_and_range(found["accuracy"])[:2] for name, found in movies.items()}
assert said["bag of words"] == "88" and said["sentence GRU"] == "86"
assert said["no GRUs"] == said["flat attention"] == "84"
gru_shares = [mean_and_range(movies["sentence GRU"][key])[:2] for key in list(shown)[1:]]
assert gru_shares[:3] == ["81", "68", "81"]
better = [top > other for top, other in zip(short["only_top"], short["only_random"])]
assert any(better) and not all(better)

# %% [markdown] name="movies-after"
r"""
The bag of words wins, with 88 % on average. It also reads the whole review, which our networks do not. And the learning rate of our networks was chosen on test reviews, which flatters them. (Yang and others had 335,000 to 3.65 million documents, and their networks did beat such baselines.)

Two levels without GRUs are no better than flat attention (84 % both). The GRU over sentences reaches 86 %. We trained no flat GRU here, so this may not be due to the levels.

After six passes, the weights do say something. With only the three top sentences, the network with a GRU is right about 81 %, with three random ones about 68 %. But without the top three it is right about 81 %, too.
"""

# %% name="claims"
from attention_course import claims

claims.table("07_hierarchical_attention")

# %% [markdown] name="real-answer"
r"""
The first row is about the 8 passes of section 6. Its five values lie around a half and around one, so their mean describes none of them.

**Answer: it works, but on so few reviews a bag of words works better. After a longer training, the sentences with large weights are enough for most answers, but most answers do not need them.**

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_07 import built

imports = "import random\nfrom typing import NamedTuple\n\nimport torch\n"
imports += "import torch.nn.functional as F\nfrom torch import nn\n"
imports += "from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence\n\n"
imports += "from attention_course.device import pick_device  # the GPU where it pays\n"
imports += "from attention_course.functional import masked_softmax  # lesson 01\n\n"
imports += "PAD, UNKNOWN = 0, 3"
parts = [pad_documents, BothEnds, Level, built.Reading, HierarchicalAttention]
parts += [batches, train, read]
listing(*parts, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- **Hierarchical attention** uses one level twice: words become **sentence vectors**, sentence vectors become a document.
- The score needs no query: a learned vector $u$ takes its place (**query-less attention**, **attention pooling**).
- Pad at both levels, mask at both levels. A sentence without words must get weights of 0 and not NaN.
- A network can be right every time and overlook what decides. With two labels it may work by elimination.
- To learn what an answer depends on, remove sentences or keep only some, with random ones as a control.

Worth knowing by heart:

```
scores = torch.tanh(W_k(h)) @ u                                 # (B, n)
weights = masked_softmax(scores, mask)                          # (B, n)
c = (weights[:, None] @ h)[:, 0]                                # (B, E)
```

<details><summary>1. A batch has 4 reviews, with room for 10 sentences of 20 words, and E = 50. What shapes do the word weights, the sentence vectors and the sentence weights have?</summary>

The word weights are (4, 10, 20). The sentence vectors are (4, 10, 50). The sentence weights are (4, 10).

</details>

<details><summary>2. Review 1 has three sentences, review 2 has one. What happens to the two empty sentences of review 2?</summary>

All their words are masked, so their word weights are 0 and their vectors are 0. The mask of sentences is False for them, so their sentence weights are 0, too. They change nothing.

</details>

<details><summary>3. A network puts the largest weight on a sentence. You remove this sentence, and the answer stays the same. What does this tell you?</summary>

The answer did not depend on this sentence alone. The evidence may stand elsewhere as well, or the label may be the one that the network gives when it finds nothing.

</details>

## Exercises, and where to go next

In the [exercises](exercises/07_hierarchical_attention.ipynb) you write both levels with their masks, and the choice of sentences for the test. Jain and Wallace (2019) and Serrano and Smith (2019) ask of other networks whether attention explains an answer. Then comes **[08 · Stacked attention](08_stacked_attention.ipynb)**: attention looks at the same picture again, with a better question.

### Sources

Yang, Yang, Dyer, He, Smola, Hovy: Hierarchical attention networks for document classification. NAACL-HLT 2016 · Pang, Lee: A sentimental education: sentiment analysis using subjectivity summarization based on minimum cuts. ACL 2004 · The form of the score without a bias: Lin, Feng, dos Santos, Yu, Xiang, Zhou, Bengio: A structured self-attentive sentence embedding. ICLR 2017, [arXiv:1703.03130](https://arxiv.org/abs/1703.03130) · Jain, Wallace: Attention is not explanation. NAACL-HLT 2019, [arXiv:1902.10186](https://arxiv.org/abs/1902.10186) · Serrano, Smith: Is attention interpretable? ACL 2019, [arXiv:1906.03731](https://arxiv.org/abs/1906.03731) · Passages marked by people, and tests of explanations on them: Zaidan, Eisner, Piatko: Using “annotator rationales” to improve machine learning for text categorization. NAACL-HLT 2007 · DeYoung, Jain, Rajani, Lehman, Xiong, Socher, Wallace: ERASER: a benchmark to evaluate rationalized NLP models. ACL 2020, [arXiv:1911.03429](https://arxiv.org/abs/1911.03429) · Equations (18) to (20) are numbered as in the survey: Nishida, Saito: Latest trends of attention mechanisms in deep learning. 電子情報通信学会誌 101 (2018), in Japanese, section 3.2.

Reviews: polarity dataset 2.0 of Pang and Lee, as distributed with NLTK.
"""
