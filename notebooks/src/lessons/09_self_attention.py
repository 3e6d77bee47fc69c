# %% [markdown] name="title"
r"""
# 09 · Self-attention

**How far is it from one word to another?**

For a recurrent network the answer is: as many steps as the words are places apart. In self-attention it is one step, always. In this lesson you build it, turn the distance up until recurrent networks fail, find out that this proves less than it seems to, and look for a task that needs self-attention.

You need lessons 01 and 02. It takes about an hour; the machine needs about one minute.
"""

# %% name="imports"
from random import Random

import torch

from attention_course import claims, device, plots, results
from attention_course.layers import AttentionPooling, SelfAttention, StructuredAttention, hop_penalty
from attention_course.lessons.lesson_09 import aspects, entailment, passages
from attention_course.lessons.lesson_09.reader import Reader
from attention_course.lessons.lesson_09.same_different_classifier import (
    AverageClassifier,
    RecurrentClassifier,
    SelfAttentiveClassifier,
)
from attention_course.lessons.lesson_09.same_different_task import KEYS, WORDS, same_or_different
from attention_course.lessons.lesson_09.sentence_embedding import SentenceEmbedding
from attention_course.masks import others_mask
from attention_course.metrics import accuracy
from attention_course.training import train_classifier
from attention_course.widgets import explore, predict

device.use_threads(1)

# %% [markdown] name="by-hand"
r"""
## The sentence asks itself

Until now the query came from elsewhere: a decoder asked a source sentence. Let the words of *one* sentence be the queries as well as the keys. Describe each by two numbers, how much of a noun it is and how much of a verb, made up as usual:

| | the | cat | sat | on | the | mat |
|---|--:|--:|--:|--:|--:|--:|
| noun | 0 | 2 | 0 | 0 | 0 | 1 |
| verb | 0 | 0 | 2 | 1 | 0 | 0 |

Take the additive score of lesson 02 with both matrices the identity and $v = (3, 3)$. For the word that asks, $x_i$, and the word that is asked, $x_j$, it is 3 tanh(nouns added) + 3 tanh(verbs added). Let *cat* ask. With *sat* that is 3 tanh(2 + 0) + 3 tanh(0 + 2) = 5.78. With itself it is 3 tanh(4) + 3 tanh(0) = 3.00, because tanh has no room left for still more noun. So *cat* looks for what it has not got.
"""

# %% name="by-hand-code" tags=["nbval-check-output"]
sentence = "the cat sat on the mat".split()
x = torch.tensor([[0.0, 0], [2, 0], [0, 2], [0, 1], [0, 0], [1, 0]])
v = torch.tensor([3.0, 3.0])

energies = torch.tanh(x[1] + x) @ v  # cat asks all six: (6,)
weights = energies.softmax(0)
for word, energy, weight in zip(sentence, energies, weights):
    print(f"{word:>4}: energy {energy:.2f}   weight {weight:.2f}")
print("what comes back to cat:", (weights @ x).numpy().round(2))

# %% [markdown] name="equations"
r"""
More than half of the weight falls on *sat*. Every word asks in this way, and each gets an answer of its own. In the survey's section 3.3, where the score is Bahdanau's additive one with both of its sides from one sentence:

$$S(x_j, x_i) = v^\top \tanh(W_1 x_j + W_2 x_i) \qquad (15)$$

$$\alpha_{ij} = \frac{\exp S(x_j, x_i)}{\sum_{j'} \exp S(x_{j'}, x_i)} \qquad (16)$$

$$c_i = \sum_j \alpha_{ij} h_j \qquad (17)$$

| survey | is | name in code | shape |
|---|---|---|---|
| $x_i$ | the word that asks, and that is asked | x | (T, size) |
| $W_1, W_2$ | matrices of the word asked and of the word that asks | W_1, W_2 | (k, size) |
| $v$ | weights of the $k$ tanhs in the score | v | (k,) |
| $h_j$ | what is averaged; often $x_j$ itself | values | (T, value size) |
| $\alpha_{ij}$ | how much of word j goes into word i | weights | (T, T) |
| $c_i$ | word i, having asked | contexts | (T, value size) |

A set goes in, and a new set of the same number comes out.
"""

# %% name="from-scratch"
def relate(x, W_1, W_2, v, mask=None):
    asked, asking = x @ W_1.mT, x @ W_2.mT  # (T, k) each
    energies = torch.tanh(asking[:, None] + asked[None]) @ v  # (T, T, k) @ (k) = (T, T)
    if mask is not None:
        energies = energies.masked_fill(~mask, float("-inf"))
    weights = energies.softmax(-1)
    return weights @ x, weights


device.seed_everything(0)
layer, some = SelfAttention(size=6, score_size=5), torch.randn(7, 6)
ours = relate(some, layer.score.project_key.weight, layer.score.project_query.weight, layer.score.v, others_mask(7))
for mine, theirs in zip(ours, layer(some, others_mask(7))):
    assert torch.allclose(mine, theirs, atol=1e-6)

# %% [markdown] name="explore-text"
r"""
`others_mask` forbids each word to ask itself. The survey's equations allow it. Where $c_i$ is *joined* with $x_i$, as below, the word is there anyway, and its weight may be better spent on others. Try both, and make $v$ larger or smaller.
"""

# %% name="explorer"
def look(each_of_v, may_ask_itself):
    mask = None if may_ask_itself else others_mask(6)
    weights = relate(x, torch.eye(2), torch.eye(2), torch.full((2,), float(each_of_v)), mask)[1]
    return plots.attention_map(weights, sentence, sentence, values=True, query_label="asks", key_label="is asked")


explore(look, each_of_v=(0, 6, 3), may_ask_itself=True, describe={"each_of_v": "each number of v"})

# %% [markdown] name="dial-text"
r"""
## A dial for distance

Each sentence has two colours, a given number of places apart, among filler words that mean nothing. Is it the same colour twice?
"""

# %% name="dial-example"
words, same = same_or_different(3, 6, torch.Generator().manual_seed(1))
for numbers, label in zip(words, same):
    print(" ".join(WORDS[n] for n in numbers), "→", "same" if label else "different")

# %% [markdown] name="networks-text"
r"""
A recurrent network reads from left to right and answers at the end. In the other network every word asks all others, Eqs. (15) to (17), and a layer with a ReLU, applied to $x_i$ and $c_i$ joined, compares the two. The set becomes one vector by a kind of attention that the survey counts as self-attention, too. In place of a query it has a learned vector $v$:

$$S(x_i) = v^\top \tanh(W x_i) \quad (18) \qquad \alpha_i = \frac{\exp S(x_i)}{\sum_j \exp S(x_j)} \quad (19) \qquad c = \sum_i \alpha_i h_i \quad (20)$$

A linear layer reads the answer off $c$. `DISTANCE` is yours to turn: try 10 here and with the GRU, then set it back.
"""

# %% name="train-dial"
STEPS, DISTANCE = 500, 40


def sentences(count, distance, seed):
    words, same = same_or_different(count, distance, torch.Generator().manual_seed(seed))
    return (words,), same


def trained(model, steps):
    batches = iter(range(steps))
    train_classifier(model, lambda: sentences(64, DISTANCE, next(batches)), steps=steps, learning_rate=5e-3)
    return model


device.seed_everything(0)
matcher = trained(SelfAttentiveClassifier(len(WORDS)), STEPS)
unseen = sentences(200, DISTANCE, seed=10_000)
print(f"self-attention, {DISTANCE} places apart, {STEPS} steps: {accuracy(matcher, unseen):.1%} right")
assert accuracy(matcher, unseen) > 0.95

# %% name="guess-gru"
guess = predict(
    "A GRU, whose gates exist to keep what it has read, trains for twice as many steps. How often is it right at distance 40?",
    ["nearly always", "about three times in four", "no more often than a coin"],
)

# %% name="train-gru"
gru = trained(RecurrentClassifier(len(WORDS)), 2 * STEPS)
print(f"GRU, {DISTANCE} places apart, {2 * STEPS} steps: {accuracy(gru, unseen):.1%} right")

# %% [markdown] name="dial-figure-text"
r"""
Beforehand we trained three kinds of network from three random starts, at three distances: self-attention for 800 steps, the recurrent ones for 1,600. One dot is one training; bands go from the worst to the best.
"""

# %% name="dial-figure"
measured = results.load("09_self_attention")
curves = {
    name: [(sum(seeds) / len(seeds), min(seeds), max(seeds)) for seeds in rows]
    for name, rows in measured["matched"].items()
}
curves.pop("average")  # its turn comes
print(measured.provenance)
figure = plots.bands(measured["distances"], curves, x_label="places from one colour to the other", y_label="share right")
for name in curves:
    figure.axes[0].plot(measured["distances"], measured["matched"][name], ".", color="black", markersize=5)
figure

# %% name="reveal-gru" jupyter={"source_hidden": true}
shares = measured["matched"]["GRU"][-1]
mean = sum(shares) / len(shares)
guess.reveal(
    "nearly always" if mean > 0.9 else "about three times in four" if mean > 0.62 else "no more often than a coin",
    f"At distance 40 the three trainings end at {', '.join(f'{share:.0%}' for share in shares)}.",
)

# %% [markdown] name="sentence-text"
r"""
A GRU *can* hold a colour for forty words, but within this budget gradient descent has not found the weights that do it. At 20 it found them in one training of three, and for the plain RNN not even at 10. The race was not quite fair, either: we tried several forms of the self-attentive network, on some of these random starts, before one trained reliably, and took the recurrent ones as they are, with one learning rate for all. Another rate, more steps, or distances that grow may find those weights.

Of 200 unseen sentences, here is the one in which the first colour looks hardest at the second; the averages stand below.
"""

# %% name="sentence-figure"
(words,), _ = unseen
with torch.no_grad():
    pair_weights, pooled = matcher(words)[1]  # (200, T, T) and (200, T)
first, second = (words < len(KEYS)).nonzero()[:, 1].view(-1, 2).unbind(1)  # where the two colours stand
to_the_other = pair_weights[torch.arange(200), first, second]
row = to_the_other.argmax()
shown = [WORDS[n] for n in words[row]]
title = f"What word {first[row] + 1}, “{shown[first[row]]}” in the frame, looks at"
plots.shaded_sentence(shown, pair_weights[row, first[row]], title=title, framed=int(first[row]))

# %% name="sentence-number"
for number, colour in enumerate(KEYS):
    asking = words[torch.arange(200), first] == number
    print(f"{colour:>6} looks at the other colour with {to_the_other[asking].mean():.2f} on average")
print(f"(an even share would be {1 / (len(shown) - 1):.2f})")
print(f"the second attention gives the two colours {pooled.gather(1, torch.stack([first, second], 1)).sum(1).mean():.2f} of its weight")

# %% [markdown] name="sentence-after"
r"""
One colour hardly looks at its fellow, and the network is right all the same. Keep that in mind.

## Paths

Take untrained networks. How much does the last vector change when a word $d$ places before it is nudged? In a recurrent network the nudge passes through $d$ cells, each of which multiplies it by a matrix, so that it shrinks or, with larger weights, explodes (Bengio, Simard and Frasconi 1994). A GRU also carries something past the matrix, but before training about half at each step. In self-attention the nudge goes through one weight.
"""

# %% name="paths"
places = [1, 10, 20, 30, 40, 50]


def reach(network):
    x = torch.randn(16, 60, 32, requires_grad=True)
    (network(x)[0][:, -1] * torch.randn(16, 32)).sum().backward()
    norms = x.grad.norm(dim=-1).flip(1)[:, places]  # at place 0, after the flip, stands the last word itself
    return torch.stack([norms.mean(0), *norms.aminmax(dim=0)], -1)  # of 16 sentences


device.seed_everything(0)
recurrent = {"GRU": RecurrentClassifier(len(WORDS)).read, "RNN": RecurrentClassifier(len(WORDS), torch.nn.RNN).read}
paths = {name: reach(network) for name, network in {"self-attention": SelfAttention(32, 16), **recurrent}.items()}
assert paths["self-attention"][4, 0] > 1e4 * paths["GRU"][4, 0]
plots.bands(places, paths, x_label="places apart", y_label="gradient of the last vector", log="y")

# %% [markdown] name="paths-after"
r"""
One weight, but at first one part in $T$: that is what length costs self-attention, and for close words it starts out worse.
"""

# %% [markdown] name="average-text"
r"""
## What did it prove?

Before believing that *relating* words did it, take it away. Pool the bare word vectors by Eqs. (18) to (20); no word knows of any other. Since something must still compare, the layer with the ReLU moves behind the pooling.
"""

# %% name="guess-pooled"
guess = predict(
    "Pooling only, trained at distance 40 for 800 steps: how often is it right?",
    ["no more often than a coin, like the GRU", "about three times in four", "nearly always"],
)

# %% name="train-pooled"
class PoolingMatcher(AverageClassifier):  # embeds, takes the plain average, and classifies
    def __init__(self, words, size=32):
        super().__init__(words, size)
        self.pool = AttentionPooling(size, 16)

    def forward(self, words):
        vector, shares = self.pool(self.embedding(words))  # in the average's place
        return self.classify(vector), shares


tried, pooled_right = (DISTANCE, *measured["beyond"]), []
for seed in range(3):
    device.seed_everything(seed)
    pooling = trained(PoolingMatcher(len(WORDS)), 800)
    pooled_right.append([accuracy(pooling, sentences(1000, distance, seed=10_000)) for distance in tried])
    assert pooled_right[-1][0] > 0.95

# %% name="beyond-numbers"
rows = {"pooling only": zip(*pooled_right)}
for name in ("self-attention", "average"):
    rows[name] = [measured["matched"][name][-1], *measured["matched_beyond"][name]]
print(" " * 16 + "".join(f"{f'tried {distance} apart':^22}" for distance in tried))
for name, row in rows.items():
    print(f"{name:<16}" + "".join(f"{'  '.join(f'{share:.2f}' for share in seeds):^22}" for seeds in row))

# %% name="reveal-pooled" jupyter={"source_hidden": true}
worst = min(right[0] for right in pooled_right)
guess.reveal(
    "nearly always" if worst > 0.9 else "about three times in four" if worst > 0.6 else "no more often than a coin, like the GRU",
    f"The worst of three trainings is right in {worst:.1%} of 1,000 unseen sentences.",
)

# %% [markdown] name="average-after"
r"""
No word had to be related to any other. The weights drop the fillers, two colours fit into one vector, and the layer behind it compares them. At other distances, too, pooling only does no worse. It misses something at 160 in one training of three; self-attention drops at 20 and 80 in one, and at 160 in two.

Even the plain average, in which every word counts alike, solves the task in part. Tried at 20, two of its three trainings lose next to nothing; at 80 and 160 all three are a coin. (Equal numbers there mean one answer to all of 200 sentences.)

So the dial shows that a recurrent network pays for distance. It does not show that one needs self-attention to stop paying.
"""

# %% name="dial-claim"
claims.verdict("self-attention-relates-distant-words")

# %% [markdown] name="dial-claim-after"
r"""
That was decided before the control, and holds against networks that read in order. (The interval has no width: each time it is 1.000, less what one answer to the same 1,000 sentences scores.)

Having no order has its price. Shuffle the words of a sentence, and self-attention gives the same vectors, shuffled.
"""

# %% name="shuffle"
order = torch.randperm(6, generator=torch.Generator().manual_seed(0))
contexts, _ = relate(x, torch.eye(2), torch.eye(2), v)
shuffled, _ = relate(x[order], torch.eye(2), torch.eye(2), v)
assert torch.allclose(shuffled, contexts[order])
print("the same vectors for:", " ".join(sentence), "/", " ".join(sentence[i] for i in order))

# %% [markdown] name="shuffle-after"
r"""
Such functions are called *equivariant*. For this one, "the dog bit the man" and "the man bit the dog" are one sentence; order has to come from elsewhere. Cheng et al. (2016) attend inside an LSTM, Wang et al. (2017) between recurrent layers, Lin et al. (2017) after one; Parikh et al. (2016) do without, but for an optional bias by distance; Vaswani et al. (2017) write the positions into the words, as lesson 11 will. Ours below have convolutions: for each word, one linear layer over it and its neighbours in order.

And room: every pair of words has $k$ tanhs of its own, and training keeps them all.
"""

# %% name="memory" tags=["nbval-check-output"]
for T in (10, 100, 1000, 10_000):
    print(f"{T:>6} words, k = 64: {T * T * 64 * 4 / 1e6:>9,.2f} MB for the additive score, {T * T * 4 / 1e6:>7,.2f} MB for a dot product")

# %% [markdown] name="reading-text"
r"""
## A span found in a passage

Where is relating needed? The survey names four uses: machine reading, textual entailment, sentence embeddings and translation. In reading, the answer to a question is a span of a passage. In ours, three people have a thing each, and each thing is somewhere. No sentence names both the person asked about and the place.
"""

# %% name="passage"
example = passages.passage(Random(18))
print(" ".join(example.words))
print(" ".join(example.question), "→", " ".join(example.answer))

# %% [markdown] name="reader-text"
r"""
The network is a small `Reader`. A convolution over five words to either side makes $h_j$. Self-attention averages these; its score is the scaled dot product of two words' embeddings. Equal words score high even before training: we hand the network the idea that they belong together. A second convolution follows. On top stands ordinary attention with the question as its query, once for the first word of the answer and once for the last. Its weights *are* the answer, as in the pointer networks of Vinyals et al. (2015).
"""

# %% name="train-reader"
device.seed_everything(0)
reader, random = Reader(len(passages.VOCABULARY)), Random(0)
train_classifier(reader, lambda: passages.batch([passages.passage(random) for _ in range(32)]),
                 steps=250, learning_rate=5e-3)
test = passages.batch([passages.passage(Random(10_000 + i)) for i in range(300)])
print(f"answers found exactly: {accuracy(reader, test):.1%}")
assert accuracy(reader, test) > 0.9

# %% name="reader-figure"
inputs, _ = passages.batch([example])
with torch.no_grad():
    logits, reader_weights = reader(*inputs)
thing = example.words[example.first - 2]
here = example.first - 2
print("found:", " ".join(example.words[logits[0, 0].argmax() : logits[0, 1].argmax() + 1]))
plots.shaded_sentence(example.words, reader_weights[0, here], title=f"What “{thing}” in the frame looks at", framed=here)

# %% [markdown] name="entailment-text"
r"""
In entailment a hypothesis follows from a premise, contradicts it, or is left open. Our animals have at most one size and one colour; another one contradicts, and where none is given the matter is open. The `Entailer` makes one set of both sentences, which asks itself and is pooled; its convolution sees three words to either side. All three trainings of each network, measured beforehand:
"""

# %% name="uses-numbers"
for claim in entailment.three_claims(Random(2)):
    print(" ".join(claim.premise), "|", " ".join(claim.hypothesis), "→", entailment.LABELS[claim.label])
for task, said in {"reading": "answers found exactly", "entailment": "labels right"}.items():
    print(f"\n{task}, {said}:")
    for name, seeds in measured[task].items():
        print(f"    {name:<20}{', '.join(f'{share:.2f}' for share in seeds)}")
away = [abs(p.first - p.words.index(p.question[2])) for p in map(passages.passage, map(Random, range(10_000, 10_300)))]
print(f"\nthe person asked about is within ten words of the answer in {sum(d <= 10 for d in away) / len(away):.0%} of the passages")

# %% name="stacked-claim"
claims.verdict("attention-stacks-on-self-attention")

# %% [markdown] name="hops-text"
r"""
Guessing gives a third of the labels, and about a ninth of the answers where first and last word are guessed separately among three places. Without self-attention the reader hardly beats the one that is not shown the question, although its convolutions could join person and place in the passages counted last. The entailer is a little above chance; its pooling sees all words.

Here, without relating, the network fails. But its convolutions have no way to the rest of the text, and whether a recurrent reader would find one is not shown.

## Several questions at once

Back to attention without a query, Eqs. (18) to (20). One vector comes out for the whole set: a **sentence embedding**. Lin and his colleagues (2017) ask $r$ such questions at once and get a small matrix. With the words as rows of $H$, and the vectors $v$ as rows of $W_2$,

$$A = \mathrm{softmax}(W_2 \tanh(W_1 H^\top)), \qquad M = A H.$$

Each row of $A$ is called a hop. Nothing prevents two hops from asking the same, so the loss gets a penalty, $\lVert A A^\top - I \rVert_F^2$: off the diagonal stands what two hops share, on it how sharp each one is.
"""

# %% name="hops"
def hops(H, W_1, W_2):
    A = (W_2 @ torch.tanh(W_1 @ H.mT)).softmax(-1)  # (r, T)
    return A @ H, A


structured, H = StructuredAttention(size=6, score_size=5, hops=3), torch.randn(7, 6)
M, A = hops(H, structured.project.weight, structured.questions)
assert torch.allclose(M, structured(H)[0], atol=1e-6)
assert torch.allclose((A @ A.mT - torch.eye(3)).square().sum(), hop_penalty(A))

single, pool = StructuredAttention(6, 5, hops=1), AttentionPooling(6, 5)
pool.load_state_dict({"project.weight": single.project.weight, "v": single.questions[0]})
assert torch.allclose(single(H)[0][0], pool(H)[0], atol=1e-6)

# %% [markdown] name="embedding-text"
r"""
From the embedding of a restaurant review a linear layer has to tell three opinions, on food, service and price; a bidirectional GRU reads the words first. This trains six hops with the penalty, at a tenth of its size.
"""

# %% name="train-embedding"
def reviews(count, random):
    return aspects.batch([aspects.review(random) for _ in range(count)])


device.seed_everything(0)
embedder, random = SentenceEmbedding(len(aspects.VOCABULARY), aspects=3, hops=6), Random(0)
train_classifier(embedder, lambda: reviews(48, random), steps=300, learning_rate=5e-3,
                 penalty=lambda A: 0.1 * hop_penalty(A).mean())
print(f"all three opinions right: {accuracy(embedder, reviews(300, Random(10_000))):.1%}")
assert accuracy(embedder, reviews(300, Random(10_000))) > 0.9

# %% name="embedding-figure"
review = aspects.review(Random(8))
print(" ".join(review.words), "→", ", ".join(f"{name} {('bad', 'good')[liked]}" for name, liked in zip(aspects.ASPECTS, review.liked)))
with torch.no_grad():
    _, A = embedder(*aspects.batch([review])[0])
plots.attention_map(A[0], [f"hop {i + 1}" for i in range(6)], review.words, query_label="", key_label="")

# %% name="embedding-numbers"
for name, found in measured["embedding"].items():
    right, common = (", ".join(f"{value:.2f}" for value in found[key]) for key in ("right", "in_common"))
    print(f"{name:<16} all three right: {right}" + (f"   in common: {common}" if name != "1 hop" else ""))

# %% [markdown] name="embedding-after"
r"""
"In common" is $\sum_t \min(A_{it}, A_{jt})$, averaged over pairs of hops: the share of weight that two put on the same words. With the penalty it is next to nothing. Some hops sit on words like *was*, to which the GRU has brought the neighbours. The answers got no better by it: for a task as small as this a single hop is enough.

## Where to go next

In the [exercises](exercises/09_self_attention.ipynb) you also find out how far a word must see. Translation, the fourth use, comes in lesson 12; the next one, 10, lets several attentions look at once.

### Sources

Bengio, Simard, Frasconi: Learning long-term dependencies with gradient descent is difficult. IEEE Transactions on Neural Networks 5 (1994) · Cheng, Dong, Lapata: Long short-term memory-networks for machine reading. EMNLP 2016, [arXiv:1601.06733](https://arxiv.org/abs/1601.06733) · Lin et al.: A structured self-attentive sentence embedding. ICLR 2017, [arXiv:1703.03130](https://arxiv.org/abs/1703.03130) · Nishida, Saito: Latest trends of attention mechanisms in deep learning, section 3.3. 電子情報通信学会誌 101 (2018), in Japanese · Parikh, Täckström, Das, Uszkoreit: A decomposable attention model for natural language inference. EMNLP 2016, [arXiv:1606.01933](https://arxiv.org/abs/1606.01933) · Vaswani et al.: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762) · Vinyals, Fortunato, Jaitly: Pointer networks. NIPS 2015, [arXiv:1506.03134](https://arxiv.org/abs/1506.03134) · Wang, Yang, Wei, Chang, Zhou: Gated self-matching networks for reading comprehension and question answering. ACL 2017
"""
