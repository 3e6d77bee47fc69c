# %% [markdown] name="title"
r"""
# 09 · Self-attention

**How far is it from one word to another?**

For a recurrent network the answer is: as many steps as there are words between them. In self-attention it is one step, always. In this lesson you build it, turn the distance up until recurrent networks fail, find out what that does and does not prove, and put ordinary attention on top.

You need lessons 01 and 02. It takes about forty-five minutes; the machine needs about one.
"""

# %% name="imports"
from random import Random

import torch

from attention_course import claims, device, plots, results
from attention_course.data import aspects, entailment, passages
from attention_course.data.distance import KEYS, WORDS, same_or_different
from attention_course.layers import AttentionPooling, SelfAttention, StructuredAttention, hop_penalty
from attention_course.masks import others_mask
from attention_course.models.fitting import fit, share_right
from attention_course.models.matcher import AverageMatcher, RecurrentMatcher, SelfAttentiveMatcher
from attention_course.models.reader import Reader
from attention_course.models.sentence_embedding import SentenceEmbedding
from attention_course.widgets import explore, predict

torch.set_num_threads(1)

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
More than half of the weight falls on *sat*. Every word asks in this way, and each gets an answer of its own. In the survey's section 3.3:

$$S(x_j, x_i) = v^\top \tanh(W_1 x_j + W_2 x_i) \qquad (15)$$

$$\alpha_{ij} = \frac{\exp S(x_j, x_i)}{\sum_{j'} \exp S(x_{j'}, x_i)} \qquad (16)$$

$$c_i = \sum_j \alpha_{ij} h_j \qquad (17)$$

| survey | is | name in code | shape |
|---|---|---|---|
| $x_i$ | the word that asks, and that is asked | words | (T, size) |
| $h_j$ | what is averaged; often $x_j$ itself | values | (T, value size) |
| $\alpha_{ij}$ | how much of word j goes into word i | weights | (T, T) |
| $c_i$ | word i, having asked | contexts | (T, value size) |

There is one $c_i$ for each $x_i$: a set goes in, and a new set of the same number comes out.
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
`others_mask` forbids each word to ask itself. The survey's equations allow it, and where what comes back replaces the word, they must. Where $c_i$ is *joined* with $x_i$, as below, the word is there anyway, and its weight is better spent on others. Try both, and make $v$ longer or shorter.
"""

# %% name="explorer"
def look(length_of_v, may_ask_itself):
    mask = None if may_ask_itself else others_mask(6)
    weights = relate(x, torch.eye(2), torch.eye(2), torch.full((2,), float(length_of_v)), mask)[1]
    return plots.attention_map(weights, sentence, sentence, values=True, query_label="asks", key_label="is asked")


explore(look, length_of_v=(0, 6, 3), may_ask_itself=True, describe={"length_of_v": "each number of v"})

# %% [markdown] name="dial-text"
r"""
## A dial for distance

Here is a task that does nothing but measure distance. Each sentence has two colours, a given number of words apart, among filler words that mean nothing. Is it the same colour twice?
"""

# %% name="dial-example"
words, same = same_or_different(3, 6, torch.Generator().manual_seed(1))
for numbers, label in zip(words, same):
    print(" ".join(WORDS[n] for n in numbers), "→", "same" if label else "different")

# %% [markdown] name="networks-text"
r"""
A recurrent network reads from left to right and answers at the end, when it has carried the first colour past all the fillers. The other network lets every word ask all others, Eqs. (15) to (17), compares each $x_i$ with its $c_i$, and makes one vector of the set by the query-less attention of the survey's Eqs. (18) to (20), of which more below: ordinary attention, stacked on self-attention.
"""

# %% name="train-dial"
STEPS, DISTANCE = 500, 40


def sentences(count, distance, seed):
    words, same = same_or_different(count, distance, torch.Generator().manual_seed(seed))
    return (words,), same


def trained(model, steps):
    batches = iter(range(steps))
    fit(model, lambda: sentences(64, DISTANCE, next(batches)), steps=steps, learning_rate=5e-3)
    return model


device.seed_everything(0)
matcher = trained(SelfAttentiveMatcher(len(WORDS)), STEPS)
unseen = sentences(200, DISTANCE, seed=10_000)
print(f"self-attention, {DISTANCE} words apart, {STEPS} steps: {share_right(matcher, unseen):.1%} right")
assert share_right(matcher, unseen) > 0.95

# %% name="guess-gru"
guess = predict(
    "A GRU, made to remember, trains on the same task for twice as many steps. How often is it right at distance 40?",
    ["nearly always", "about three times in four", "no more often than a coin"],
)

# %% name="train-gru"
gru = trained(RecurrentMatcher(len(WORDS)), 2 * STEPS)
print(f"GRU, {DISTANCE} words apart, {2 * STEPS} steps: {share_right(gru, unseen):.1%} right")

# %% [markdown] name="dial-figure-text"
r"""
That was one training of each. Beforehand we trained four kinds of network from three random starts, at three distances: self-attention for 800 steps, the recurrent ones for 1,600. Bands reach from the worst of the three to the best.
"""

# %% name="dial-figure"
measured = results.load("09_self_attention")
curves = {
    name: [(sum(seeds) / len(seeds), min(seeds), max(seeds)) for seeds in rows]
    for name, rows in measured["matched"].items()
}
curves.pop("average")  # its turn comes
print(measured.provenance)
plots.bands(measured["distances"], curves, x_label="words from one colour to the other", y_label="share right")

# %% name="reveal-gru" jupyter={"source_hidden": true}
shares = measured["matched"]["GRU"][-1]
mean = sum(shares) / len(shares)
guess.reveal(
    "nearly always" if mean > 0.9 else "about three times in four" if mean > 0.62 else "no more often than a coin",
    f"At distance 40 the three trainings end at {', '.join(f'{share:.0%}' for share in shares)}.",
)

# %% name="dial-claim"
claims.verdict("self-attention-relates-distant-words")

# %% [markdown] name="sentence-text"
r"""
Be exact about what this shows. A GRU *can* hold a colour for forty words: there are weights that do it. Within this budget gradient descent has not found them, and the curve says where it stopped finding them. With more steps, or a curriculum of growing distances, it may. Nor was the race quite fair. We tried several forms of the self-attentive network before we had one that trained reliably (in two of four trainings the first stayed at a coin's level for 800 steps), on some of the same random starts as in the figure; the recurrent ones were taken as they are, with one learning rate for all.

And here is what a colour looks at, in 200 sentences that the trained network has never seen. The picture has the sentence of these in which the first colour looks hardest at the second; how it is on average, colour by colour, stands below.
"""

# %% name="sentence-figure"
(words,), _ = unseen
with torch.no_grad():
    pair_weights, pooled = matcher(words)[1]  # (200, T, T) and (200, T)
first, second = (words < len(KEYS)).nonzero()[:, 1].view(-1, 2).unbind(1)  # where the two colours stand
to_the_other = pair_weights[torch.arange(200), first, second]
row = to_the_other.argmax()
shown = [WORDS[n] for n in words[row]]
plots.shaded_sentence(shown, pair_weights[row, first[row]], title=f"What word {first[row] + 1}, “{shown[first[row]]}”, looks at")

# %% name="sentence-number"
for number, colour in enumerate(KEYS):
    asking = words[torch.arange(200), first] == number
    print(f"{colour:>6} looks at the other colour with {to_the_other[asking].mean():.2f} on average")
print(f"(an even share would be {1 / (len(shown) - 1):.2f})")
print(f"the second attention gives the two colours {pooled.gather(1, torch.stack([first, second], 1)).sum(1).mean():.2f} of its weight")

# %% [markdown] name="paths-text"
r"""
## Paths

Why should distance matter to one and not to the other? Look at untrained networks. How much does the vector at the end change when a word $d$ places before it is nudged? In a recurrent network the nudge passes through $d$ cells, each of which multiplies it by a matrix, so that it shrinks exponentially (Bengio, Simard and Frasconi 1994). In self-attention it goes through one weight.
"""

# %% name="paths"
def reach(network, count=60, size=32):
    x = torch.randn(16, count, size, requires_grad=True)
    network(x)[:, -1].square().sum().backward()
    norms = x.grad.norm(dim=-1).mean(0).flip(0)[1:]  # by distance from the last word: 1, 2, …
    return norms / norms[0]


device.seed_everything(0)
rnn, new_gru, attention = torch.nn.RNN(32, 32, batch_first=True), torch.nn.GRU(32, 32, batch_first=True), SelfAttention(32, 16)
paths = {"RNN": reach(lambda x: rnn(x)[0]), "GRU": reach(lambda x: new_gru(x)[0]), "self-attention": reach(lambda x: attention(x)[0])}
assert paths["self-attention"][39] > 1e4 * paths["GRU"][39]
plots.lines(range(1, 60), paths, x_label="words between", y_label="gradient, that of the neighbour = 1", log="y")

# %% [markdown] name="average-text"
r"""
## What did it prove?

Before believing that *relating* words is what did it, one should try something that relates nothing. Take the plain average of the word vectors, with neither attention nor order, and a small network that reads the answer off it.
"""

# %% name="guess-average"
guess = predict(
    "The plain average, trained at distance 40 like the others: how often is it right?",
    ["no more often than a coin, like the GRU", "far more often than a coin"],
)

# %% name="train-average"
device.seed_everything(0)
average = trained(AverageMatcher(len(WORDS)), 2 * STEPS)
for distance in (40, 80):
    there = sentences(100, distance, seed=10_000)
    print(f"{distance} words apart: average {share_right(average, there):.1%}, self-attention {share_right(matcher, there):.1%} right")

# %% name="average-numbers"
for name in ("average", "self-attention"):
    print(f"{name}, trained 40 apart:")
    for distance, seeds in zip((40, *measured["beyond"]), (measured["matched"][name][-1], *measured["matched_beyond"][name])):
        print(f"    tried {distance:>3} apart: {', '.join(f'{share:.2f}' for share in seeds)}")

# %% name="reveal-average" jupyter={"source_hidden": true}
guess.reveal(
    "far more often than a coin" if min(measured["matched"]["average"][-1]) > 0.6 else "no more often than a coin, like the GRU",
    "The average of two equal colours differs from that of two unequal ones, and fillers matter little as long as there is always the same number of them.",
)

# %% [markdown] name="average-after"
r"""
So the dial shows that a recurrent network pays for distance. It does not show that one needs self-attention to stop paying: whoever has no order has no distance. What attention adds shows when the sentence has another length than those trained on. In an average each word counts for one part in the number of words, and with another number the average is at a loss. Attention's weights can follow the colours wherever they are. In some of the trainings above they do, four times as far apart as any they have seen; in others they get lost among so many fillers.

That is the price as well. Shuffle the words of a sentence, and self-attention gives the same vectors, shuffled.
"""

# %% name="shuffle"
order = torch.randperm(6, generator=torch.Generator().manual_seed(0))
contexts, _ = relate(x, torch.eye(2), torch.eye(2), v)
shuffled, _ = relate(x[order], torch.eye(2), torch.eye(2), v)
assert torch.allclose(shuffled, contexts[order])
print("the same vectors for:", " ".join(sentence), "/", " ".join(sentence[i] for i in order))

# %% [markdown] name="shuffle-after"
r"""
Functions that permute with their input are called *equivariant*. For this one, "the dog bit the man" and "the man bit the dog" are one sentence. Networks of 2016 and 2017 put self-attention between layers that know order, and so do we below. Lesson 11 writes the positions into the words instead.

The other price is room. Every pair of words has its own tanh, of $k$ numbers, and training keeps them all:
"""

# %% name="memory" tags=["nbval-check-output"]
for T in (10, 100, 1000, 10_000):
    print(f"{T:>6} words, k = 64: {T * T * 64 * 4 / 1e6:>9,.2f} MB for the additive score, {T * T * 4 / 1e6:>7,.2f} MB for a dot product")

# %% [markdown] name="reading-text"
r"""
## A span found in a passage

Where is relating needed? Where no sentence says it all. In **machine reading** the answer to a question is a span of a passage. In ours, three people have a thing each, and each thing is somewhere. No sentence names both the person asked about and the place, so who only guesses among places is right one time in three.
"""

# %% name="passage"
example = passages.passage(Random(3))
print(" ".join(example.words))
print(" ".join(example.question), "→", " ".join(example.answer))

# %% [markdown] name="reader-text"
r"""
The network is a small `Reader`. A convolution makes $h_j$, which knows the five words on either side. Then words ask for their like: the score is the scaled dot product of two words' embeddings, and what is averaged are the $h_j$. So *lamp* in one sentence learns what stands beside *lamp* in another. A second convolution takes the news to the neighbours. On top stands ordinary attention with the question as its query, once for the first word of the answer and once for the last; its weights *are* the answer.
"""

# %% name="train-reader"
device.seed_everything(0)
reader, random = Reader(len(passages.VOCABULARY)), Random(0)
fit(reader, lambda: passages.batch([passages.passage(random) for _ in range(32)]), steps=250, learning_rate=5e-3)
test = passages.batch([passages.passage(Random(10_000 + i)) for i in range(300)])
print(f"answers found exactly: {share_right(reader, test):.1%}")
assert share_right(reader, test) > 0.9

# %% name="reader-figure"
inputs, _ = passages.batch([example])
with torch.no_grad():
    logits, reader_weights = reader(*inputs)
thing = example.words[example.first - 2]
here = example.first - 2
print("found:", " ".join(example.words[logits[0, 0].argmax() : logits[0, 1].argmax() + 1]))
plots.shaded_sentence(example.words, reader_weights[0, here], title=f"What “{thing}”, word {here + 1}, looks at")

# %% [markdown] name="entailment-text"
r"""
## Does it follow?

In **textual entailment** a premise is given and a hypothesis, which follows from it, contradicts it, or is left open. Such data easily leak: in real collections, a classifier that reads the hypothesis alone does far better than chance (Gururangan et al. 2018). Ours are made in threes, one premise with a hypothesis of each label, and every hypothesis names an animal and an adjective that both occur in the premise. What counts is whether they belong together.
"""

# %% name="entailment-example"
for claim in entailment.three_claims(Random(2)):
    print(" ".join(claim.premise), "|", " ".join(claim.hypothesis), "→", entailment.LABELS[claim.label])

# %% [markdown] name="uses-text"
r"""
The `Entailer` joins both sentences into one set that asks itself, in the same way as the reader, compares word by word, and pools. Beforehand we trained reader and entailer, each with self-attention and without, and with part of the input hidden. One dot is one training. The dotted line is at one third: one place among three, one label among three. (Readers that have to guess come out below it, for they choose the first and the last word separately.)
"""

# %% name="uses-figure"
figure = plots.Picture((10, 2.7))
titles = {"reading": "answers found exactly", "entailment": "labels right"}
said = []
for ax, (task, label) in zip(figure.subplots(1, 2), titles.items()):
    for place, (name, seeds) in enumerate(measured[task].items()):
        ax.plot(seeds, [place - 0.12, place, place + 0.12], "o", color="#2a598c", markersize=5, alpha=0.7)
        said.append(f"{task}, {name}: {', '.join(f'{share:.2f}' for share in seeds)}")
    ax.axvline(1 / 3, color="#4d4d4d", linestyle=":")
    ax.set(xlabel=label, xlim=(0, 1.03), yticks=range(len(measured[task])), yticklabels=measured[task])
    ax.invert_yaxis()
    ax.spines[["top", "right"]].set_visible(False)
figure.alt = "Two panels, one row a network, one dot a training. " + "; ".join(said) + "."
figure

# %% name="stacked-claim"
claims.verdict("attention-stacks-on-self-attention")

# %% [markdown] name="hops-text"
r"""
The comparison is fair to attention and hard on the others: without it, a convolution that sees five words to each side, or three, has no way to the rest of the text, and the reader has two of them. So this shows what self-attention carried. It does not show that a recurrent reader could not carry it, too.

## Attention that asks no word

The survey counts one more kind as self-attention, which has no query but a learned vector $v$:

$$S(x_i) = v^\top \tanh(W x_i) \quad (18) \qquad \alpha_i = \frac{\exp S(x_i)}{\sum_j \exp S(x_j)} \quad (19) \qquad c = \sum_i \alpha_i h_i \quad (20)$$

One vector comes out for the whole set: a **sentence embedding**. Lin and his colleagues (2017) ask $r$ such questions at once and get a small matrix. With the words as rows of $H$, and the vectors $v$ as rows of $W_2$,

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
We embed what people write of a restaurant. From the embedding a linear layer has to tell three opinions, on food, service and price, which come in any order; a bidirectional GRU reads the words first. This trains six hops with the penalty, at a tenth of its size.
"""

# %% name="train-embedding"
def reviews(count, random):
    return aspects.batch([aspects.review(random) for _ in range(count)])


device.seed_everything(0)
embedder, random = SentenceEmbedding(len(aspects.VOCABULARY), aspects=3, hops=6), Random(0)
fit(embedder, lambda: reviews(48, random), steps=300, learning_rate=5e-3, penalty=lambda A: 0.1 * hop_penalty(A).mean())
print(f"all three opinions right: {share_right(embedder, reviews(300, Random(10_000))):.1%}")
assert share_right(embedder, reviews(300, Random(10_000))) > 0.9

# %% name="embedding-figure"
review = aspects.review(Random(5))
with torch.no_grad():
    _, A = embedder(*aspects.batch([review])[0])
plots.attention_map(A[0], [f"hop {i + 1}" for i in range(6)], review.words, query_label="", key_label="")

# %% name="embedding-numbers"
for name, found in measured["embedding"].items():
    right, common = (", ".join(f"{value:.2f}" for value in found[key]) for key in ("right", "in_common"))
    print(f"{name:<16} all three right: {right}" + (f"   in common: {common}" if name != "1 hop" else ""))

# %% [markdown] name="embedding-after"
r"""
"In common" is the share of their weight that two hops put on the same words. Without the penalty it is a third or more, with it next to nothing, and the map above is as sharp as the penalty wants it. Some hops sit on words like *was*: the GRU has brought them the news of their neighbours. But the answers got no better by it, since a single hop is enough for a task as small as this one.

## Where to go next

In the [exercises](exercises/09_self_attention.ipynb) you write Eqs. (15) to (17) for a batch without a loop, write the penalty, and find out what shuffling does. Translation, the fourth use that the survey names, is the Transformer's: lesson 12. The next one, 10, splits queries, keys and values, and lets several attentions look at once.

### Sources

Bengio, Simard, Frasconi: Learning long-term dependencies with gradient descent is difficult. IEEE Transactions on Neural Networks 5 (1994) · Cheng, Dong, Lapata: Long short-term memory-networks for machine reading. EMNLP 2016, [arXiv:1601.06733](https://arxiv.org/abs/1601.06733) · Gururangan et al.: Annotation artifacts in natural language inference data. NAACL 2018, [arXiv:1803.02324](https://arxiv.org/abs/1803.02324) · Lin et al.: A structured self-attentive sentence embedding. ICLR 2017, [arXiv:1703.03130](https://arxiv.org/abs/1703.03130) · Nishida, Saito: Latest trends of attention mechanisms in deep learning, section 3.3. 電子情報通信学会誌 101 (2018), in Japanese · Parikh, Täckström, Das, Uszkoreit: A decomposable attention model for natural language inference. EMNLP 2016, [arXiv:1606.01933](https://arxiv.org/abs/1606.01933) · Vaswani et al.: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762) · Vinyals, Fortunato, Jaitly: Pointer networks. NIPS 2015, [arXiv:1506.03134](https://arxiv.org/abs/1506.03134) · Wang, Yang, Wei, Chang, Zhou: Gated self-matching networks for reading comprehension and question answering. ACL 2017
"""
