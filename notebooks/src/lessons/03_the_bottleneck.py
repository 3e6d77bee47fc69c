# %% [markdown] name="title"
r"""
# 03 · The bottleneck

Read this sentence once, cover it, and translate it from memory: *the old queen who sees her black cat does not sleep*. The first neural translators worked like this. One network read the sentence and kept a single vector. A second network wrote the translation, and saw nothing but this vector.
"""

# %% name="story"
import torch

from attention_course.lessons.lesson_03 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

diagrams.one_vector()

# %% [markdown] name="what-for"
r"""
The picture shows such an **encoder-decoder** (also **sequence-to-sequence** model). On the right stand the shapes: B sentences in a batch, S English words, L French words with the end mark `<eos>`, and vectors of 64 or 128 numbers. In this lesson you build it whole: encoder, decoder, batches, loss, training loop and translation. All later lessons use these parts. Then you test it on long sentences. What happens there is the reason why attention was invented.

You need lesson 01 and basic PyTorch. The lesson takes about forty-five minutes. Sections 2 to 6 build the translator, sections 7 to 9 test it. The training takes less than half a minute.

## 1 · How much fits into one number?

Let a language have two words, 0 and 1. A reader keeps a single number $h$. At each word it halves what it has and adds the word:

$$h_j = \tfrac12 h_{j-1} + x_j .$$

Read the sentence 1 0 1 1. The number becomes 1, then 0.5, then 1.25, then 1.625. Now give 1.625 to a friend, and say that there were four words. All earlier words together are always less than 1. The number is at least 1, so the last word was 1. Take it away and double the rest: (1.625 − 1) · 2 = 1.25. Go on: 1.25, 0.5, 1. Your friend gets the whole sentence back, last word first.
"""

# %% name="one-number"
def read_number(sentence, bits=24):                 # a 32-bit float has 24 binary digits
    h, scale = 0.0, 2 ** (bits - 1)                 # one digit stands before the point
    for x in sentence:
        h = int((h / 2 + x) * scale) / scale        # what does not fit is cut off
    return h


def recall(h, length):
    sentence = []
    for _ in range(length):
        x = int(h >= 1)
        sentence.insert(0, x)
        h = 2 * (h - x)
    return sentence


assert read_number([1, 0, 1, 1]) == 1.625 and recall(1.625, 4) == [1, 0, 1, 1]

# %% [markdown] name="one-number-text"
r"""
But a computer's number has a fixed number of binary digits, and every halving pushes the oldest word one digit further down. Give the number fewer digits, or the sentence more words. Shaded words come back right.
"""

# %% name="explorer" jupyter={"source_hidden": true}
from attention_course import plots


def remembered(words, digits):
    generator = torch.Generator().manual_seed(1)
    sentence = torch.randint(2, (words,), generator=generator).tolist()
    found = recall(read_number(sentence, digits), words)
    right = [float(a == b) for a, b in zip(sentence, found)]
    title = f"{sum(right):.0f} of {words} words came back"
    return plots.shaded_sentence(sentence, right, title=title)


describe = {"digits": "binary digits"}
explore(remembered, words=(4, 32, 20), digits=(4, 24, 11), describe=describe)

# %% [markdown] name="one-number-answer"
r"""
The beginning is lost. (A digit that was cut off reads as 0, so a lost 0 looks right by luck.)

**Answer: as many words as the number has digits. What was read first is lost first.**

## 2 · How does a network read?

A **recurrent neural network** (RNN) does the same with a vector and a learned rule. It reads word by word, and carries a vector along, its **hidden state** $h$. We use a **GRU** (gated recurrent unit). For each number of the state, the GRU decides how much of the old number to keep. Here is a state of three numbers, with meanings that we invented:
"""

# %% name="gru-picture" jupyter={"source_hidden": true}
names = ["subject", "last word", "mood"]
diagrams.gru_step(names, keep=[1, 0, 0.5], before=[0.5, -0.8, 0.2], new=[0.9, 0.3, 0.6])

# %% [markdown] name="gru-equations"
r"""
Where *keep* is 1, the old number stays: the GRU still remembers the subject. Where *keep* is 0, the new number takes its place. The word $x$ and the old state $h$ decide both what to keep and what is new:

$$\mathrm{reset} = \sigma(x W_1 + h U_1), \qquad \mathrm{keep} = \sigma(x W_2 + h U_2), \qquad \mathrm{new} = \tanh\!\big(x W_3 + \mathrm{reset} \times (h U_3)\big),$$

$$h' = \mathrm{keep} \times h + (1 - \mathrm{keep}) \times \mathrm{new} .$$

The matrices $W$ and $U$ are learned; each product also has a bias, which is left out here. × multiplies number by number. σ is the sigmoid, which gives numbers between 0 and 1. *Keep* and *reset* are the two **gates** of a GRU. *Reset* decides how much of the old state the new numbers may see, so that a GRU can start afresh.

In short, with $x_j$ for word $j$ and $h_j$ for the state behind it,

$$h_j = \mathrm{GRU}(x_j, h_{j-1}) . \qquad (3)$$

Equations are numbered as in the survey that the course follows ([What the two sources say](../docs/sources.md)).
"""

# %% name="gru"
from torch import nn


class GRUCell(nn.Module):
    def __init__(self, inputs, size):
        super().__init__()
        self.W = nn.Linear(inputs, 3 * size)        # for reset, keep and new, side by side
        self.U = nn.Linear(size, 3 * size)

    def forward(self, x, h):                        # (B, inputs), (B, size)
        reset_x, keep_x, new_x = self.W(x).chunk(3, -1)
        reset_h, keep_h, new_h = self.U(h).chunk(3, -1)
        reset = torch.sigmoid(reset_x + reset_h)
        keep = torch.sigmoid(keep_x + keep_h)
        new = torch.tanh(new_x + reset * new_h)
        return keep * h + (1 - keep) * new          # (B, size)

# %% [markdown] name="gru-same-text"
r"""
With the same weights, it gives what PyTorch's `nn.GRUCell` gives. We use PyTorch's from now on, because it is faster.
"""

# %% name="gru-same"
ours, theirs = GRUCell(4, 3), nn.GRUCell(4, 3)
ours.W.load_state_dict({"weight": theirs.weight_ih, "bias": theirs.bias_ih})
ours.U.load_state_dict({"weight": theirs.weight_hh, "bias": theirs.bias_hh})
x, h = torch.randn(2, 4), torch.randn(2, 3)
assert torch.allclose(ours(x, h), theirs(x, h), atol=1e-6)

# %% [markdown] name="gru-answer"
r"""
**Answer: word by word. A GRU keeps a part of its state and replaces the rest, and it learns what to keep.**

## 3 · How does the encoder read a batch?

Words become numbers first. A **vocabulary** gives each word a number. Four numbers are reserved: 0 for padding, 1 for `<bos>` (beginning of sentence), 2 for `<eos>` (end of sentence) and 3 for unknown words. The sentences come from a small grammar that writes English and French at once.
"""

# %% name="data"
from attention_course.data import grammar
from attention_course.data.vocabulary import BOS, EOS, PAD, Vocabulary

pairs = grammar.pairs(40_000, part="train")         # sentences of up to 15 words
english = Vocabulary(pair.english for pair in pairs)
french = Vocabulary(pair.french for pair in pairs)
examples = [
    (english.encode(pair.english), [BOS, *french.encode(pair.french), EOS]) for pair in pairs
]
print(" ".join(pairs[0].english), "->", examples[0][0])
print(" ".join(pairs[0].french), "->", examples[0][1])

# %% name="inside-vocabulary" jupyter={"source_hidden": true}
look_inside(Vocabulary)

# %% [markdown] name="padding-text"
r"""
A batch is a rectangle of numbers, so short sentences are filled up with PAD. The GRU must not read the padding. At a PAD, `torch.where` simply keeps the old state:
"""

# %% name="read"
def pad(sentences):
    longest = max(len(sentence) for sentence in sentences)
    rows = [sentence + [PAD] * (longest - len(sentence)) for sentence in sentences]
    return torch.tensor(rows)                                       # (B, longest)


def read(cell, x, real, order):                                     # (B, S, E), (B, S)
    h, states = x.new_zeros(len(x), cell.hidden_size), {}
    for j in order:
        h = torch.where(real[:, j, None], cell(x[:, j], h), h)      # a PAD changes nothing
        states[j] = h
    return torch.stack([states[j] for j in range(x.shape[1])], 1)   # (B, S, H)

# %% [markdown] name="encoder-text"
r"""
The encoder has an **embedding**, a table with one learned vector for each word (step 1 in the picture), and two GRUs. One reads from left to right (step 2), the other from right to left (step 3). Such an encoder is called **bidirectional**. E is the number of numbers in a word's vector, and H that in the state of each GRU; both are 64.
"""

# %% name="encoder"
class Encoder(nn.Module):
    def __init__(self, words, E, H):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)         # vectors of length about 1
        self.rightward = nn.GRUCell(E, H)
        self.leftward = nn.GRUCell(E, H)

    def forward(self, source):                                      # (B, S)
        x, real, S = self.embedding(source), source != PAD, source.shape[1]
        right = read(self.rightward, x, real, range(S))             # (B, S, H)
        left = read(self.leftward, x, real, reversed(range(S)))     # (B, S, H)
        return right, left

# %% [markdown] name="encoder-same-text"
r"""
PyTorch's `nn.GRU` does the same in one call, if the batch is *packed*, so that it knows where each sentence ends. You will meet this form in other people's code. With the same weights, the states are ours:
"""

# %% name="encoder-same"
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

encoder, source = Encoder(9, E=4, H=3), torch.tensor([[4, 5, 6], [7, 8, PAD]])      # (2, 3)
right, left = encoder(source)                                       # (2, 3, 3) each
gru = nn.GRU(4, 3, bidirectional=True, batch_first=True)
gru.load_state_dict(
    {f"{name}_l0": value for name, value in encoder.rightward.state_dict().items()}
    | {f"{name}_l0_reverse": value for name, value in encoder.leftward.state_dict().items()}
)
lengths = (source != PAD).sum(1)
packed = pack_padded_sequence(encoder.embedding(source), lengths, batch_first=True)
states, _ = pad_packed_sequence(gru(packed)[0], batch_first=True)   # (2, 3, 6)
assert torch.allclose(states[source != PAD], torch.cat([right, left], -1)[source != PAD], atol=1e-6)

# %% [markdown] name="encoder-answer"
r"""
When all is read, the first GRU stands at the last word, and the second at the first word. These two states, side by side, are the one vector $c$ (step 4):

$$c = [\,h_S \text{ of the first}, \; h_1 \text{ of the second}\,] . \qquad (4)$$

**Answer: from both ends, word by word, and PAD changes no state.**

## 4 · How does the decoder write?

The decoder is a third GRU, with a state of D = 128 numbers. At step $t$ it gets the previous word $y_{t-1}$ and the vector $c$, joined into one vector, and moves to its next state $s_t$. Then it gives one number to each French word of the vocabulary, its **logit**. A softmax turns the logits into probabilities:

$$s_t = \mathrm{GRU}([y_{t-1}, c], s_{t-1}), \qquad p(y_t) = \mathrm{softmax}(\mathrm{logits}(s_t, c, y_{t-1})) . \qquad (5)$$
"""

# %% name="decoder"
class Decoder(nn.Module):
    def __init__(self, words, E, C, D):                             # C: numbers in c
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.cell = nn.GRUCell(E + C, D)
        self.readout = nn.Linear(D + C + E, E)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, previous, state, c):                          # (B), (B, D), (B, C)
        y = self.embedding(previous)                                # (B, E)
        state = self.cell(torch.cat([y, c], -1), state)             # (B, D)
        wish = torch.tanh(self.readout(torch.cat([state, c, y], -1)))       # (B, E)
        return wish @ self.embedding.weight.T + self.bias, state    # logits (B, words)

# %% [markdown] name="decoder-text"
r"""
`wish` is a vector of the size of a word. Its dot product with each word's embedding is the logit of that word. So the decoder's table serves twice: for the previous word, and for the next (**weight tying**, Press and Wolf 2017).

The whole model is short. The decoder also needs a first state, $s_0$. As in Bahdanau's translator, it is made from the state in which the right-to-left reader ends.
"""

# %% name="model"
class EncoderDecoder(nn.Module):
    def __init__(self, source_words, target_words, E=64, H=64, D=128):
        super().__init__()
        self.encoder = Encoder(source_words, E, H)
        self.first_state = nn.Linear(H, D)
        self.decoder = Decoder(target_words, E, 2 * H, D)

    def encode(self, source):                                       # (B, S)
        right, left = self.encoder(source)
        c = torch.cat([right[:, -1], left[:, 0]], -1)               # Eq. (4): (B, 2 H)
        return c, torch.tanh(self.first_state(left[:, 0]))          # c and s_0 (B, D)

# %% [markdown] name="forcing-text"
r"""
**Teacher forcing.** In training, the decoder is given the *true* previous word at each step, whatever it would have written itself. So a mistake at one word does not spoil the rest of the sentence. The target sentence is used twice, shifted by one place:
"""

# %% name="forcing-picture" jupyter={"source_hidden": true}
diagrams.teacher_forcing(["the", "cat", "sleeps"], ["le", "chat", "dort"])

# %% name="forcing"
def teacher_forcing(model, source, target):                         # (B, S), (B, L + 1)
    c, state = model.encode(source)
    logits = []
    for previous in target[:, :-1].unbind(1):                       # <bos> le chat dort
        step, state = model.decoder(previous, state, c)
        logits.append(step)
    return torch.stack(logits, 1)                                   # (B, L, words)

# %% [markdown] name="decoder-answer"
r"""
**Answer: one word at a time, from the previous word, its own state, and the one vector $c$.**

## 5 · What does it learn from?

From **cross-entropy**: minus the logarithm of the probability that the model gives to the right word. A probability of 1 costs 0, one of ½ costs 0.69, one of ¼ costs 1.39. The probability of a whole sentence is the product of the probabilities of its words, so the costs of its words add up.

Padding is no word to be learned, so it must not count. Here are four places of one target sentence, *le chat* `<eos>` PAD, early in training:
"""

# %% name="loss-by-hand" tags=["nbval-check-output"]
import torch.nn.functional as F

p_right = torch.tensor([0.5, 0.25, 0.8, 0.01])                      # for le, chat, <eos>, PAD
costs = -p_right.log()
table(["", "le", "chat", "<eos>", "PAD", "mean"],
      [["probability", *p_right, ""], ["cost", *costs, costs.mean()],
       ["cost without PAD", *costs[:3], "", costs[:3].mean()]])

# %% [markdown] name="loss-text"
r"""
With the padding, the mean is 1.73 instead of 0.77. And later it would be too good: the model soon learns to write PAD, which is easy, and the mean hides what it does with words. `ignore_index` leaves the padding out. (`F.cross_entropy` takes logits; it does the softmax itself.)
"""

# %% name="loss"
def translation_loss(model, source, target):
    logits = teacher_forcing(model, source, target)                 # (B, L, words)
    wanted = target[:, 1:]                                          # le chat dort <eos>
    return F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD)

# %% [markdown] name="batches-text"
r"""
A batch should hold sentences of about the same length, or much of it is padding. So we sort by length, cut into groups of 32, and shuffle the groups.
"""

# %% name="batches"
import random


def batches(examples, size, generator):
    order = generator.sample(range(len(examples)), len(examples))           # shuffled
    order.sort(key=lambda i: len(examples[i][1]))                           # equals stay shuffled
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    generator.shuffle(groups)
    for group in groups:
        sources, targets = zip(*(examples[i] for i in group), strict=True)
        yield pad(sources), pad(targets)                                    # (B, S), (B, L + 1)

# %% [markdown] name="loop-text"
r"""
The training loop is the usual one. Gradients are clipped to length 1, because an RNN sometimes gives a very large one.
"""

# %% name="for-training"
from attention_course.bar import bar
from attention_course.device import pick_device, seed_everything, use_threads


# %% name="train"
def train(model, examples, loss=translation_loss, size=32, learning_rate=3e-3):     # one pass
    device = pick_device(model)
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    losses = []
    for batch in bar(batches(examples, size, random.Random(0)), len(examples) // size, "batches"):
        value = loss(model, *(part.to(device) for part in batch))
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(value.detach())
    model.to("cpu")
    return torch.stack(losses).cpu()                                # one number per batch

# %% name="train-it"
use_threads(1)                                                      # so small a model needs one
seed_everything(0)
model = EncoderDecoder(len(english), len(french))
losses = train(model, examples)
rows = [["first", losses[:100].mean()], ["last", losses[-100:].mean()]]
table(["hundred batches", "mean loss per word"], rows)

# %% [markdown] name="loss-answer"
r"""
**Answer: from the probability of the true next word, given the true words before it. Padding does not count.**

## 6 · How does it translate?

Now there is no teacher. The decoder's own word becomes the next input. **Greedy decoding** takes the word with the largest logit at every step. We let it write 25 words, and cut at the first `<eos>`.
"""

# %% name="greedy"
@torch.no_grad()
def greedy(model, source, longest=25):                              # (B, S)
    c, state = model.encode(source)
    previous, words = torch.full((len(source),), BOS), []
    for _ in range(longest):
        logits, state = model.decoder(previous, state, c)
        previous = logits.argmax(-1)                                # (B)
        words.append(previous)
    return torch.stack(words, 1)                                    # (B, longest)


# %% name="translate"
def translate(model, sentences):
    source = pad([english.encode(sentence) for sentence in sentences])
    return [french.decode(row) for row in greedy(model, source).tolist()]  # up to <eos>


short = "the cat sleeps ."
long = "the old queen who sees her black cat does not sleep ."
for words in translate(model, [short.split(), long.split()]):
    print(" ".join(words))

# %% name="same" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_03.same import one_vector

source, target = next(batches(examples, 8, random.Random(1)))
package = one_vector(model, len(english), len(french))
with torch.no_grad():
    expected, _ = package(source, target[:, :-1])
    assert torch.allclose(teacher_forcing(model, source, target), expected, atol=1e-4)

# %% [markdown] name="greedy-answer"
r"""
The first is right. The second should be *la vieille reine qui voit son chat noir ne dort pas*.

**Answer: it writes the most probable word, and this word is its next input.**

## 7 · Does it work?

The grammar keeps some sentences apart that are never in the training. We count how many of them are translated exactly, word for word.
"""

# %% name="guess-length"
guess = predict(
    "It has learned from sentences of up to 15 words. How many of the unseen sentences with "
    "13 to 15 words will be exactly right?",
    ["less than a quarter as many as of the short ones", "about half as many", "about as many"],
)

# %% name="by-length"
def exact(model, pairs):
    written = translate(model, [pair.english for pair in pairs])
    return sum(ours == list(pair.french) for ours, pair in zip(written, pairs)) / len(pairs)


LENGTHS = ((4, 6), (7, 9), (10, 12), (13, 15))
groups = [grammar.pairs(300, 1, "test", *length) for length in LENGTHS]
shares = [exact(model, group) for group in groups]
in_training = [sum(a <= len(p.english) <= b for p in pairs) / len(pairs) for a, b in LENGTHS]

# %% name="by-length-table" jupyter={"source_hidden": true}
per_word = shares[0] ** (1 / 5)                                     # 5 words on average
rows = [
    [f"{a} to {b}", f"{known:.0%}", f"{share:.0%}", f"{per_word ** ((a + b) / 2):.0%}"]
    for (a, b), known, share in zip(LENGTHS, in_training, shares)
]
columns = ["English words", "of the training", "exactly right"]
table([*columns, "expected, if each word were as safe as in short ones"], rows)

# %% name="reveal-length" jupyter={"source_hidden": true}
assert shares[0] > 0.7 and shares[3] < 0.2
guess.reveal(
    "less than a quarter as many as of the short ones",
    f"{shares[0]:.0%} of the short ones are right, and {shares[3]:.0%} of the long ones.",
)

# %% [markdown] name="by-length-answer"
r"""
Longer sentences have more words that can go wrong. The last column allows for that: if the words of short sentences are right with a probability $p$ each, a sentence of 14 words is right with $p^{14}$. The true fall is far steeper.

**Answer: on short sentences it does. Long ones are lost.**

## 8 · Why does it fail?

**Does it stumble over its own mistakes?** In training it saw true words only. Let us give it the true words again, and ask for the next word.
"""

# %% name="with-true-words"
@torch.no_grad()
def next_word_right(model, group):
    source = pad([english.encode(pair.english) for pair in group])
    target = pad([[BOS, *french.encode(pair.french), EOS] for pair in group])
    said, wanted = teacher_forcing(model, source, target).argmax(-1), target[:, 1:]
    return (said == wanted)[wanted != PAD].float().mean()


rows = [[f"{a} to {b}", f"{next_word_right(model, g):.0%}"] for (a, b), g in zip(LENGTHS, groups)]
table(["English words", "next word right, given the true words"], rows)

# %% [markdown] name="with-true-words-text"
r"""
The share falls here, too. So the mistakes add up when it writes alone, but already the single word gets worse in long sentences.

**Is there not enough room?** Count. To write down 15 words out of a list of $M$ takes at most $15 \log_2 M$ bits.
"""

# %% name="room" tags=["nbval-check-output"]
import math

needed = round(15 * math.log2(len(english)))
rows = [["15 English words", needed], ["the vector: 128 numbers of 32 bits", 128 * 32]]
table(["", "bits"], rows)

# %% [markdown] name="room-text"
r"""
On paper there is room for more than thirty sentences. In section 1 the digits ran out; here they need not. But gradient descent has to *find* a rule that packs fifteen words into the vector, and a rule that unpacks them.

**What does it write instead?**
"""

# %% name="guess-failure"
guess = predict(
    "What does a wrong translation of a long sentence look like?",
    ["it stops in the middle", "the right words in disorder",
     "words that go together in French, but say something else"],
)

# %% name="failures"
from attention_course.lessons.lesson_03.failures import gloss, kinds

long = grammar.pairs(300, 1, "test", 13, 15)
written = translate(model, [pair.english for pair in long])
wrong = [(pair, ours) for pair, ours in zip(long, written) if ours != list(pair.french)]
for pair, ours in wrong[:3]:
    print("English  ", *pair.english, "\nshould be", *pair.french, "\nwritten  ", *ours)
    print("it means ", *gloss(ours, pairs), "\n")

# %% name="kinds-of-failure" jupyter={"source_hidden": true}
fluent, rows = kinds(wrong, [pair.french for pair in pairs])
table(["of the wrong translations", "share"], rows)

# %% name="reveal-failure" jupyter={"source_hidden": true}
assert fluent > 0.9
guess.reveal(
    "words that go together in French, but say something else",
    "Nearly all neighbouring words also stand side by side in the training sentences. Some do not: "
    "there are slips of grammar, too, many more than in true French.",
)

# %% [markdown] name="probe-text"
r"""
**What is in the vector?** We can ask it. A **probe**, here a linear classifier, gets the vectors $c$ of sentences with 13 words. It must say which word stands first, which second, and so on. It is trained on 6,000 sentences and asked about 800 others. As controls, other probes get the vectors of an untrained encoder, and a list of all words of the sentence without their order.
"""

# %% name="inside-probe" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_03.probe import read_off

look_inside(read_off, kinds)

# %% name="guess-probe"
guess = predict(
    "Which words will be hardest to read off the vector?",
    ["the first ones", "those in the middle", "the last ones", "all alike"],
)

# %% name="probe" jupyter={"source_hidden": true}
PLACES = 12                                                         # the 13th is the full stop
some = grammar.pairs(6_000, 2, "train", 13, 13), grammar.pairs(800, 3, "test", 13, 13)
seen, unseen = (torch.tensor([english.encode(p.english) for p in part]) for part in some)
with torch.no_grad():
    c, c_unseen = model.encode(seen)[0], model.encode(unseen)[0]
    fresh = EncoderDecoder(len(english), len(french))
    raw, raw_unseen = fresh.encode(seen)[0], fresh.encode(unseen)[0]
counts, counts_unseen = (F.one_hot(part, len(english)).sum(1).float() for part in (seen, unseen))

# %% name="probe-table" jupyter={"source_hidden": true}
asked = {
    "the vector c": (c, c_unseen),
    "its half that read →": (c[:, :64], c_unseen[:, :64]),
    "its half that read ←": (c[:, 64:], c_unseen[:, 64:]),
    "c of an untrained encoder": (raw, raw_unseen),
    "list of words, no order": (counts, counts_unseen),
}
answers = {
    name: read_off(a, seen[:, :PLACES], b, unseen[:, :PLACES], len(english))
    for name, (a, b) in asked.items()
}
commonest = seen[:, :PLACES].mode(0).values
answers["always the commonest word"] = (commonest == unseen[:, :PLACES]).float().mean(0)
columns = ["share named rightly", "1st word", "4th", "7th", "10th", "12th"]
table(columns, [[name, *found[[0, 3, 6, 9, 11]]] for name, found in answers.items()])

# %% name="reveal-probe" jupyter={"source_hidden": true}
right = answers["the vector c"]
assert right[0] > right[6] + 0.2 and right[10] > right[6] + 0.2
guess.reveal(
    "those in the middle",
    f"The first word comes back in {right[0]:.0%} of the sentences, the seventh in {right[6]:.0%}, "
    f"the twelfth in {right[11]:.0%}.",
)

# %% [markdown] name="figure-text"
r"""
Read the table from below. The commonest word and the list of words are what can be had without any order: they, too, find the ends easier than the middle. The untrained encoder forgets as in section 1: it knows what it has read last, the two ends, and hardly the middle. Training moves room from the ends to the middle. The two readers share the work, one for each end. But the seventh word is still known in a quarter of the sentences only.

(A probe is no perfect judge. It is linear, and may miss what the decoder finds. And where half of the vector does better than the whole, the probe has not made the best of it.)

**Answer: after this training, the vector says little about the middle of a long sentence. There would be room on paper.**

## 9 · Would a larger vector do? Or longer training?

Perhaps 128 numbers are too few, or our training was too short. So we measured both, with the package's training loop. The training on *a million* French words is more than twice as long as above. The *longer* one has four times as many words. The *wide* vector has 512 numbers, from a larger encoder. Beside them stands the translator of lesson 00, which may look back at every word. Its other sizes are the same.

Some sentences are longer than any in the training, so both models may write up to 50 words here. First the million words, from five random starts. The bands are 95 % intervals.
"""

# %% name="experiment"
from attention_course import claims, results

measured = results.load("03_the_bottleneck")
middle = [(shortest + longest) / 2 for shortest, longest in measured["lengths"]]
curves = {
    name: [results.interval(column) for column in zip(*measured[key])]
    for name, key in {"one vector": "by_length_without", "attention": "by_length_with"}.items()
}
axes = {"x_label": "English words (longest in training: 15)", "y_label": "share translated exactly"}
figure = plots.bands(middle, curves, **axes)
figure.axes[0].axvline(15.5, color="grey", linewidth=1)
print(measured.provenance)
figure

# %% [markdown] name="controls-text"
r"""
The gap is wide. Now all six trainings, the means of five random starts (of three for the longer ones):
"""

# %% name="controls"
rows = []
for name, key in {"one vector": "without", "wide vector": "wide", "attention": "with"}.items():
    for trained in (key, f"{key}_longer"):
        shares = torch.tensor(measured[f"by_length_{trained}"]).mean(0)      # over random starts
        row = [f"{share:.0%}" for share in shares[1:6].tolist()]
        rows.append([name, f"{measured['budgets'][trained]:,}", *row])
columns = [f"{a} to {b}" for a, b in measured["lengths"][1:6]]
table(["exactly right, by English words", "words of training", *columns], rows)

# %% name="controls-guard" jupyter={"source_hidden": true}
kept = {key: torch.tensor(measured[f"by_length_{key}"])[:, 3].mean() for key in measured["budgets"]}
assert kept["wide"] - kept["without"] < 0.15 and kept["wide_longer"] - kept["without_longer"] < 0.1
assert kept["without_longer"] > 2 * kept["without"] and kept["with"] > kept["wide_longer"] + 0.2

# %% [markdown] name="experiment-text"
r"""
Longer training helps much. With it, half of the sentences of 13 to 15 words come out right, instead of a fifth. A larger vector helps less, and after the longer training it hardly helps at all. So the number of places is not what this model lacks most. It has to *learn* to pack a whole sentence into the vector and to find each word in it again, and this takes long. With attention a quarter of that training gives much better translations.

Cho, van Merriënboer, Bahdanau and Bengio (2014) measured how the quality of such translations falls with the length. Bahdanau, Cho and Bengio (2015) suspected that one vector of fixed size is too little for long sentences, and found that attention keeps them. We wrote down what would count as true before we measured, and added a third claim that goes further. All three are about a million words of training:
"""

# %% name="claims"
claims.table("03_the_bottleneck")

# %% [markdown] name="claims-text"
r"""
(*In part*: the mean reaches the threshold, and the lower end of its interval does not.) Longer sentences than those of the training are another matter. Attention helps for a few words more, the more so after longer training, and then fails as well. Bahdanau and his colleagues, who measured BLEU, saw no loss at 50 words and more, but they had trained on sentences of up to 50. Lesson 11 asks the same of texts beyond the training length. And a much larger network without attention can do well, too: Sutskever, Vinyals and Le (2014) reported little trouble with long sentences.

**Answer: longer training helps much, a larger vector less. Attention keeps nearly all sentences of the lengths of the training, and learns this soon.**

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = "import random\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n"
imports += "from attention_course.bar import bar  # a progress bar\n"
imports += "from attention_course.device import pick_device  # the GPU where it pays\n\n"
imports += "PAD, BOS, EOS = 0, 1, 2"
parts = [pad, read, Encoder, Decoder, EncoderDecoder]
parts += [teacher_forcing, translation_loss, batches, train, greedy]
listing(*parts, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- An **encoder** reads a sentence into vectors, a **decoder** writes a sentence from them, word by word.
- A GRU keeps a part of its **hidden state** and replaces the rest.
- **Teacher forcing**: in training the decoder is given the true previous word. In **greedy decoding** it is given its own.
- The loss is the **cross-entropy** of the true next word. **Padding** must count nowhere: not in the state, not in the loss.
- One vector for a whole sentence is a **bottleneck**: the model learns late, or never, to get long sentences through it. The vector knows their ends better than their middle.

Worth knowing by heart:

```
given, wanted = target[:, :-1], target[:, 1:]                   # <bos> le chat, le chat <eos>
loss = F.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=PAD)
```

<details><summary>1. Training goes well with teacher forcing, but the model is poor when it translates. How can that be?</summary>

In training it has only seen true words before the one it writes. When it translates, it sees its own mistakes, and has never learned to go on from those.

</details>

<details><summary>2. Your batches mix short and long sentences, and you forget ignore_index. The loss looks wonderful, and the translations do not. Why?</summary>

Many targets are PAD, and the model soon learns to predict PAD. The mean is low because the padding counts as well-translated words.

</details>

<details><summary>3. Why give the encoder a second GRU that reads from right to left?</summary>

A GRU finds it easiest to keep what it has read last. With two readers, each end of the sentence was read last by one of them.

</details>

## Exercises, and where to go next

The [exercises](exercises/03_the_bottleneck.ipynb) have you write the shift of teacher forcing and the summary of a padded batch. At the end you read words off the vector of a translator with a single reader (five problems, about fifty minutes).

**[04 · Translation](04_translation.ipynb)** removes the bottleneck: the decoder looks back at the sentence for every word.

### Sources

Sutskever, Vinyals, Le: Sequence to sequence learning with neural networks. NeurIPS 2014, [arXiv:1409.3215](https://arxiv.org/abs/1409.3215) · Cho et al.: Learning phrase representations using RNN encoder-decoder for statistical machine translation. EMNLP 2014, [arXiv:1406.1078](https://arxiv.org/abs/1406.1078), who also introduced the GRU · Cho, van Merriënboer, Bahdanau, Bengio: On the properties of neural machine translation. SSST-8, 2014, [arXiv:1409.1259](https://arxiv.org/abs/1409.1259) · Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473) · Press, Wolf: Using the output embedding to improve language models. EACL 2017, [arXiv:1608.05859](https://arxiv.org/abs/1608.05859) · Equations (3) to (5) are numbered as in the survey of Nishida and Saito (2018), section 2.1.
"""
