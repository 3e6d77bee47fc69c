# %% [markdown] name="title"
r"""
# 09 · Self-attention

*The cat sat on the chair because **it** was tired.* You know that *it* is the cat: *tired* says that *it* is alive, and *cat* names something alive. In **self-attention** (intra-attention), a network does the same: each word asks the words of its own sentence.
"""

# %% name="story"
import torch

from attention_course.lessons.lesson_09 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

diagrams.two_rounds(0.96, 0.98)

# %% [markdown] name="what-for"
r"""
We keep four words of the sentence. In round 1, *it* looks at *tired*, in round 2 at *cat*. The numbers are attention weights from section 4; the other words share the rest.

You need lessons 01 and 02. Sections 1 to 5 are the core (twenty minutes).

## 1 · Why must words look at each other?

A network takes each word's vector from a table (the **embedding**). So *it* has the same vector in every sentence.

Let a word have E = 5 numbers. Is it about something *living*, or a *thing*? Is it a *pronoun*, an *adjective*? Has it *fur* (1), or is it of wood (−1)? So *cat* is (1, 0, 0, 0, 1), and *chair* is (0, 1, 0, 0, −1). *It* is (0, 0, 1, 0, 0). *Tired* is said of the living: (1, 0, 0, 1, 0).

What does *it* find with these vectors?
"""

# %% name="plain" tags=["nbval-check-output"]
words = ["cat", "chair", "it", "tired"]
X = torch.tensor([                                      # (L, E) = (4, 5)
    [1.0, 0, 0, 0, 1], [0, 1, 0, 0, -1], [0, 0, 1, 0, 0], [1, 0, 0, 1, 0]
])
weights = (X @ X.mT).softmax(-1)                        # (4, 4): each word with each word
table(["weights: who asks", *words], [[word, *row] for word, row in zip(words, weights)])

# %% name="plain-guard" jupyter={"source_hidden": true}
assert weights.argmax(-1).tolist() == [0, 1, 2, 3] and (X @ X.mT)[2].tolist() == [0, 0, 1, 0]

# %% [markdown] name="plain-after"
r"""
Each word looks most at itself. Dot products look for what is *alike*, and *it* has nothing in common with *tired*. So what a word asks with must differ from what it is found by.

**Answer: a word's vector does not know its sentence. And here, a word that looks for its like mostly finds itself.**

## 2 · What does one round do, with numbers?

**Step 1.** Three matrices make three vectors out of each word, as in lesson 01. The **query** says what the word looks for, the **key** what it can be found by, the **value** what it hands over. A network learns the matrices. We choose them:

- A pronoun looks for an adjective: its query is (3, 0). The key of an adjective is (2, 0). (Any large product will do.)
- An adjective looks for a pronoun: its query is (0, 3). The key of a pronoun is (0, 2).
- Each word hands over whether it is living or a thing, in a value of 5 numbers, like a word. (Section 4 adds the two.)

So queries and keys have D = 2 numbers, the first about adjectives and the second about pronouns.
"""

# %% name="matrices"
W_Q = torch.tensor([[0.0, 0], [0, 0], [3, 0], [0, 3], [0, 0]])  # (E, D): a row for each number
W_K = torch.tensor([[0.0, 0], [0, 0], [0, 2], [2, 0], [0, 0]])  # (E, D)
W_V = torch.diag(torch.tensor([1.0, 1, 0, 0, 0]))               # (E, E)

Q, K, V = X @ W_Q, X @ W_K, X @ W_V                     # step 1: (4, 2), (4, 2), (4, 5)
diagrams.project(words, X, {"query": W_Q, "key": W_K, "value": W_V})

# %% [markdown] name="steps"
r"""
**Step 2.** Each query meets each key. *It* with *tired* is 3 · 2 + 0 · 0 = 6, and with the other words 0. We divide by √D = 1.41, so that a larger D does not give larger scores (lesson 02): 4.24.

**Step 3.** The softmax of each row: $e^{4.24} = 70$ and $e^0 = 1$. So *it* gives *tired* 70 of 73 shares, which is 0.96, and 0.01 to each of the others.

**Step 4.** The context of *it* is the average of the values: 0.96 · (1, 0, 0, 0, 0) from *tired*, plus little from the others. This gives (0.97, 0.01, 0, 0, 0): "it is something living".
"""

# %% name="round"
scores = Q @ K.mT / 2**0.5                              # step 2: (4, 2) @ (2, 4) -> (4, 4)
weights = scores.softmax(-1)                            # step 3: each row adds up to 1
contexts = weights @ V                                  # step 4: (4, 4) @ (4, 5) -> (4, 5)
diagrams.look(words, Q, K, V, scores, weights, contexts)

# %% [markdown] name="round-after"
r"""
All four words ask at the same time. The queries of *cat* and *chair* are 0, so they get the plain average of all values, (0.50, 0.25, 0, 0, 0): a softmax cannot say "nothing".

**Answer: each query meets all keys of the sentence, and brings back an average of the values.**

## 3 · How is it programmed?

One line for each step:

$$Q = X W^Q, \quad K = X W^K, \quad V = X W^V, \qquad Z = \frac{Q K^\top}{\sqrt D}, \qquad A = \mathrm{softmax}(Z), \qquad C = A V$$

A batch has B sentences of L words. A **mask**, (L, L) or (B, L, L), says who may ask whom: True means "may". Forbidden scores become −∞ *before* the softmax, so their weights are exactly 0. `masked_softmax` of lesson 01 does this, and gives zeros where a row may ask nobody.
"""

# %% name="layer" jupyter={"source_hidden": true}
diagrams.layer()

# %% name="module"
from torch import nn

from attention_course.functional import masked_softmax


def attend(Q, K, V, mask=None):
    scores = Q @ K.mT / Q.shape[-1] ** 0.5              # (B, L, D) @ (B, D, L) -> (B, L, L)
    weights = masked_softmax(scores, mask)              # forbidden scores hidden first
    return weights @ V, weights                         # (B, L, L) @ (B, L, E) -> (B, L, E)

# %% name="inside-01" jupyter={"source_hidden": true}
look_inside(masked_softmax)

# %% name="self-attention"
class SelfAttention(nn.Module):
    def __init__(self, E, D):
        super().__init__()
        self.W_Q = nn.Linear(E, D, bias=False)
        self.W_K = nn.Linear(E, D, bias=False)
        self.W_V = nn.Linear(E, E, bias=False)

    def forward(self, x, mask=None):                    # (B, L, E)
        Q, K, V = self.W_Q(x), self.W_K(x), self.W_V(x)  # (B, L, D), (B, L, D), (B, L, E)
        return attend(Q, K, V, mask)                    # (B, L, E), (B, L, L)

# %% [markdown] name="same-text"
r"""
In lesson 04, a decoder's state asked the words of the other language (**cross-attention**). Here everything comes from the same x.

Two checks: the layer gives our numbers, and `attend` agrees with PyTorch. (`nn.Linear` stores its matrix as (out, in), hence the transpose.)
"""

# %% name="same"
import torch.nn.functional as F

by_hand = SelfAttention(5, 2)
with torch.no_grad():
    for linear, W in zip((by_hand.W_Q, by_hand.W_K, by_hand.W_V), (W_Q, W_K, W_V)):
        linear.weight.copy_(W.mT)
assert torch.allclose(by_hand(X)[0], contexts)

torch.manual_seed(0)
q, k, v = torch.randn(2, 5, 8), torch.randn(2, 5, 8), torch.randn(2, 5, 6)
causal = torch.ones(5, 5).tril().bool()                 # section 5 explains this mask
for mask in (None, causal):
    built_in = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    assert torch.allclose(attend(q, k, v, mask)[0], built_in, atol=1e-6)

# %% [markdown] name="code-answer"
r"""
**Answer: three linear maps of one x, then attention.**

## 4 · Is one round enough?

Exchange the last word: *… because it was **soft***. *Soft* is said of things: (0, 1, 0, 1, 0). Now *it* must be the chair.
"""

# %% name="guess-round"
guess = predict(
    "One round, but with the best matrices there are. Can *it* look more at cat in the first "
    "sentence, and more at chair in the second?",
    ["no, no matrices can do this", "yes, training would find them", "yes, if D is large enough"],
)

# %% name="ratio"
sentences = {"tired": X, "soft": torch.cat([X[:3], torch.tensor([[0.0, 1, 0, 1, 0]])])}
rows = []
for seed in range(3):                                   # any matrices, here random ones
    torch.manual_seed(seed)
    layer = SelfAttention(5, 8)
    looks = [layer(x)[1][2] for x in sentences.values()]            # the row of "it"
    rows.append([f"random matrices {seed + 1}", *[look[0] / look[1] for look in looks]])
table(["weight of cat ÷ weight of chair", *(f"… {word}" for word in sentences)], rows)

# %% name="reveal-round" jupyter={"source_hidden": true}
assert all(abs(a - b) < 1e-5 for _, a, b in rows)
guess.reveal(
    "no, no matrices can do this",
    "The score of *it* with cat is made of these two words alone. Both words have the same "
    "vectors in both sentences, so both have the same score. The same holds for chair.",
)

# %% [markdown] name="rounds-text"
r"""
So *it* must first learn what is said about it. A second round can then ask for a noun. Between the rounds we *add* the context to the word, so that the word is not lost (a **residual connection**). After round 1, *it* is (0.97, 0.01, 1, 0, 0): a pronoun for something living.

In round 2, the living looks for the living, and a thing for a thing. So *it* asks with 3 · (0.972, 0.014) = (2.92, 0.04). We look for nouns, so the keys of pronouns and adjectives are lowered by 2. *Cat*, which has added (0.50, 0.25), has the key 2 · (1.50, 0.25) = (3.00, 0.50). *Chair* has (1.00, 2.50). The scores are 6.2 and 2.1. A word now hands over its last number: fur or wood.
"""

# %% name="rounds"
W_Q2 = torch.tensor([[3.0, 0], [0, 3], [0, 0], [0, 0], [0, 0]])
W_K2 = torch.tensor([[2.0, 0], [0, 2], [-2, -2], [-2, -2], [0, 0]])
W_V2 = torch.diag(torch.tensor([0.0, 0, 0, 0, 1]))


def two_rounds(x):                                      # (L, E)
    context, weights1 = attend(x @ W_Q, x @ W_K, x @ W_V)
    once = x + context                                  # residual connection
    context, weights2 = attend(once @ W_Q2, once @ W_K2, once @ W_V2)
    return [x, once, once + context], [weights1, weights2]


found = {last: two_rounds(x) for last, x in sentences.items()}
diagrams.two_maps(words, {last: maps for last, (_, maps) in found.items()})

# %% name="rounds-vectors" tags=["nbval-check-output"] jupyter={"source_hidden": true}
when = ["at first", "after round 1", "after round 2"]
rows = [
    [f"… {last}", time, *vectors[2]]
    for last, (all_vectors, _) in found.items()
    for time, vectors in zip(when, all_vectors)
]
table(["sentence", "it", "living", "thing", "pronoun", "adjective", "fur"], rows)

# %% name="rounds-guard" jupyter={"source_hidden": true}
(first, second), (_, other) = found["tired"][1], found["soft"][1]
assert f"{first[2, 3]:.2f} {second[2, 0]:.2f}" == "0.96 0.98" and other[2, 1] > 0.97
_, once, twice = found["tired"][0]
said = [once[2] @ W_Q2, once[0] @ W_K2, once[1] @ W_K2]
said.append((once @ W_K2)[:2] @ said[0] / 2**0.5)
assert [[round(float(n), 2) for n in vector] for vector in said] == [
    [2.92, 0.04], [3.0, 0.5], [1.0, 2.5], [6.2, 2.14]
]
assert f"{once[2, 0]:.3f} {once[2, 1]:.3f}" == "0.972 0.014"
assert f"{twice[2, 4]:.2f} {found['soft'][0][2][2, 4]:.2f}" == "0.96 -0.96"

# %% [markdown] name="rounds-after"
r"""
In round 2, *it* gives 0.98 to *cat* in the first sentence, and to *chair* in the second. This brings something new: *it* has fur (0.96), or is of wood (−0.96). Such a vector, which depends on its sentence, is a **contextual vector**.

And a last word that is said of both, such as *old*?
"""

# %% name="old"
def last_word(living, thing):                           # try other words: from 0 to 1
    x = torch.cat([X[:3], torch.tensor([[living, thing, 0, 1, 0]])])
    return diagrams.two_maps(words, {"old": two_rounds(x)[1]})


said_of = {"living": "said of the living", "thing": "said of things"}
explore(last_word, living=(0.0, 1.0, 1.0, 0.1), thing=(0.0, 1.0, 1.0, 0.1), describe=said_of)

# %% name="old-guard" jupyter={"source_hidden": true}
vectors, (_, old) = two_rounds(torch.cat([X[:3], torch.tensor([[1.0, 1, 0, 1, 0]])]))
assert abs(old[2, 0] - old[2, 1]) < 1e-5 and old[2, 0] > 0.49 and abs(vectors[2][2, 4]) < 1e-5

# %% [markdown] name="rounds-answer"
r"""
*It* cannot decide: half a look for each, and fur and wood cancel. The Transformer's encoder (Vaswani and others 2017) has six rounds.

**Answer: no. Each round is one step of a search, and what it finds makes the next question.**

## 5 · What if the next word is to be guessed?

A language model guesses the next word: its output at word $t$ predicts word $t + 1$. In training, it could simply look at word $t + 1$. The **causal mask** (look-ahead mask) forbids this: word $t$ may look at words 1 to $t$ only.
"""

# %% name="causal"
mask = torch.ones(4, 4).tril().bool()                   # True on and below the diagonal
_, causal_weights = attend(Q, K, V, mask)
diagrams.causal(words, Q @ K.mT / 2**0.5, mask, causal_weights)

# %% [markdown] name="causal-text"
r"""
The price: *it* cannot see *tired*, and looks equally at the three words so far. Only *tired*, which looks back at *it*, can connect the two.

Could we set the forbidden *weights* to 0 after the softmax?
"""

# %% name="guess-leak"
guess = predict(
    "Set the forbidden weights to 0 after the softmax, and leave the rest. Then change the last "
    "words of a sentence. Do the outputs of the first words change?",
    ["no, their weights on the last words are 0", "yes, though those weights are 0",
     "only that of the very first word"],
)

# %% name="leak"
def mask_after(Q, K, V, mask):                          # wrong
    weights = (Q @ K.mT / Q.shape[-1] ** 0.5).softmax(-1) * mask
    return weights @ V, weights


torch.manual_seed(0)
layer, x = SelfAttention(8, 4), 3 * torch.randn(1, 6, 8)
changed = torch.cat([x[:, :3], 3 * torch.randn(1, 3, 8)], 1)    # words 4 to 6 are others
causal, everybody, rows = torch.ones(6, 6).tril().bool(), torch.ones(6, 6).bool(), []
forms = [("no mask", attend, everybody), ("0 after the softmax", mask_after, causal)]
for name, form, mask in [*forms, ("−∞ before the softmax", attend, causal)]:
    outputs = [form(layer.W_Q(y), layer.W_K(y), layer.W_V(y), mask)[0] for y in (x, changed)]
    rows.append([name, (outputs[0] - outputs[1])[:, :3].abs().max()])
table(["form", "largest change of the first three outputs"], rows)

# %% name="reveal-leak" jupyter={"source_hidden": true}
assert rows[0][1] > 0.01 and rows[1][1] > 0.01 and rows[2][1] == 0
guess.reveal(
    "yes, though those weights are 0",
    "The softmax divides by a sum over all words, also the later ones. So the future leaks into "
    "every weight. Before the softmax, the change is exactly 0.",
)

# %% [markdown] name="causal-answer"
r"""
(Dividing each row by its new sum would repair this.) Test every causal model like this.

One pass still makes L predictions in parallel. When the model *writes*, it goes word by word. Without the mask, self-attention is **bidirectional**, as in an encoder.

**Padding** needs a mask, too: no word may ask what only fills up a sentence. Both masks are joined with "and":
"""

# %% name="padding"
numbers = torch.tensor([[4, 7, 5, 9], [6, 8, 0, 0]])    # (B, L) = (2, 4); 0 is padding
real = numbers != 0                                     # (B, L): True for a word
padding_mask = real[:, None, :]                         # (B, 1, L): the same for all that ask
both = padding_mask & torch.ones(4, 4).tril().bool()    # (B, 1, L) & (L, L) -> (B, L, L)

padded, noise = torch.randn(2, 4, 8), torch.randn(2, 4, 8)
refilled = torch.where(real[..., None], padded, noise)  # other vectors where padding stands
for mask in (padding_mask, both):
    before, after = layer(padded, mask)[0], layer(refilled, mask)[0]
    assert torch.allclose(before[real], after[real])    # no word has noticed

# %% [markdown] name="padding-answer"
r"""
Nobody uses what padding itself gets. But with padding *first*, a causal row can be all False. Then it gets zeros.

**Answer: a triangle of True as the mask, before the softmax.**

## 6 · Does it see the order of the words?

Shuffle the words, and compare with the outputs, shuffled.
"""

# %% name="shuffle"
order = torch.tensor([3, 0, 5, 1, 4, 2])
gru, convolution = nn.GRU(8, 8, batch_first=True), nn.Conv1d(8, 8, 3)
layers = {
    "self-attention": lambda x: layer(x)[0],
    "the same, with a causal mask": lambda x: layer(x, causal)[0],
    "recurrent (GRU)": lambda x: gru(x)[0],
    "convolution of three words": lambda x: convolution(F.pad(x.mT, (2, 0))).mT,
}
rows = [[name, (f(x[:, order]) - f(x)[:, order]).abs().max()] for name, f in layers.items()]
table(["layer", "largest difference"], rows, powers=True)

# %% name="shuffle-guard" jupyter={"source_hidden": true}
assert rows[0][1] < 1e-5 and all(row[1] > 0.01 for row in rows[1:])

# %% [markdown] name="shuffle-after"
r"""
Self-attention is **permutation equivariant**: the outputs are the same, shuffled. No formula above says where a word stands. So *the dog bit the man* and *the man bit the dog* are one sentence. Only the causal mask tells something of the order.

Networks supply order by positions (lesson 11), convolutions or recurrent layers.

**Answer: no. Order must be supplied.**

## 7 · What does it cost, and what does it gain?

The **path length** from one word to another counts the steps that information, or a gradient, must take.
"""

# %% name="paths-picture" jupyter={"source_hidden": true}
diagrams.paths(["cat", "sat", "on", "chair", "it"])

# %% [markdown] name="paths-text"
r"""
Here are all three, untrained, with D = E = 64. Two words are $d$ places apart, and a convolution sees $w$ words. The gradient says how much a random sum of the last output depends on an earlier word, in sentences of 60 words (mean of 64). Times are for one sentence, forward, on one CPU thread.
"""

# %% name="measure"
import time

from attention_course.device import use_threads

use_threads(1)
E = 64
torch.manual_seed(0)
relate, gru = SelfAttention(E, E), nn.GRU(E, E, batch_first=True)
convolution = nn.Conv1d(E, E, 3)
forms = {
    "self-attention": lambda x: relate(x)[0],
    "recurrent (GRU)": lambda x: gru(x)[0],
    "convolution (w = 3)": lambda x: convolution(F.pad(x.mT, (2, 0))).mT,   # this word and 2 before
}

# %% name="measure-functions"
def gradient(form, back):                               # how much a word so far back matters
    torch.manual_seed(1)
    x = torch.randn(64, 60, E, requires_grad=True)
    (form(x)[:, -1] * torch.randn(64, E)).sum().backward()
    return x.grad[:, -1 - back].norm(dim=-1).mean()


@torch.no_grad()
def milliseconds(form, L, repeats=3):                   # the best of three, after one to warm up
    x, seconds = torch.randn(1, L, E), []
    for _ in range(repeats + 1):
        start = time.process_time()             # of the processor: waiting does not count
        form(x)
        seconds.append(time.process_time() - start)
    return 1000 * min(seconds[1:])

# %% name="costs" jupyter={"source_hidden": true}
facts = {  # path over d words, steps one after the other, multiplications
    "self-attention": ["1", "1", "2 L² E + 3 L E²"],
    "recurrent (GRU)": ["d", "L", "6 L E²"],
    "convolution (w = 3)": ["d / (w − 1) layers", "1 per layer", "w L E² per layer"],
}
rows = []
for name, form in forms.items():
    gradients = [gradient(form, back) for back in (1, 40)]
    times = [milliseconds(form, L) for L in (256, 768, 2304)]
    rows.append([name, *facts[name], *gradients, *times])
columns = ["layer", "path length", "steps in a row", "multiplications"]
columns += ["gradient, 1 word back", "40 words back", "ms for 256 words", "768", "2,304"]
table(columns, rows, powers=True)

# %% name="costs-guard" jupyter={"source_hidden": true}
assert rows[0][5] > 1e4 * rows[1][5] and rows[2][5] == 0
assert 0.75 < rows[0][4] / rows[0][5] < 1.33 and rows[1][4] > rows[0][4]
assert [round(2 * L / E + 3) for L in (256, 2304)] == [11, 75] and 40 / (3 - 1) * 3 == 60

# %% [markdown] name="costs-after"
r"""
- **Path length.** In self-attention, nothing depends on the distance. In the GRU, the gradient shrinks with every cell, a **vanishing gradient** (Bengio and others 1994). One convolution does not reach that far.
- **Waiting.** The cells of a GRU wait for each other. The others compute all words in parallel. What a GPU gains from this, one thread cannot show.
- **Cost.** A GRU has six E × E matrices, self-attention three. Its scores and averages add 2 L² E: three times the words, nine times the pairs. (Time also depends on memory, lesson 20.)
- **Convolution is cheap**, but 40 words back takes 20 layers, or 60 L E². Self-attention takes 11 L E² for 256 words, and 75 L E² for 2,304.

**Answer: path length 1 and no waiting, paid for with L² comparisons.**

## 8 · Which other forms are there?

This course follows a survey (Nishida and Saito 2018). Its form is **additive self-attention**, with the score of lesson 02. Word $t$ asks, word $i$ is asked:

$$z_{ti} = \tanh(q_t + k_i)\, u^\top \quad (15) \qquad a_{ti} = \frac{\exp z_{ti}}{\sum_j \exp z_{tj}} \quad (16) \qquad c_t = \sum_i a_{ti}\, v_i \quad (17)$$

with $q_t = x_t W^Q$, $k_i = x_i W^K$ and $v_i = x_i W^V$. Vectors are rows, so $u^\top$ is `@ u` in the code.

**Query-less attention** (attention pooling; lesson 07) makes one vector of a sentence. A learned vector $u$ takes the query's place:

$$z_i = \tanh(h_i W^K) \, u^\top \quad (18) \qquad a_i = \frac{\exp z_i}{\sum_j \exp z_j} \quad (19) \qquad c = \sum_i a_i \, h_i \quad (20)$$

**Structured self-attention** (Lin and others 2017) asks $r$ learned questions at once, the rows of a matrix $U$. Each gives a row of weights, called a *hop* (side by side, unlike the hops of lesson 08). The $r$ vectors are a **sentence embedding**.
"""

# %% name="forms"
def additive_attend(Q, K, V, u, mask=None):
    scores = torch.tanh(Q[..., :, None, :] + K[..., None, :, :]) @ u    # (B, L, L, D) @ (D)
    weights = masked_softmax(scores, mask)              # (B, L, L)
    return weights @ V, weights

# %% name="query-less"
class QuerylessAttention(nn.Module):
    def __init__(self, E, D, r=1):
        super().__init__()
        self.W_K = nn.Linear(E, D, bias=False)
        self.U = nn.Parameter(torch.randn(r, D) / D**0.5)               # a question in each row

    def forward(self, h, mask=None):                    # (B, L, E), (B, L)
        scores = self.U @ torch.tanh(self.W_K(h)).mT    # (r, D) @ (B, D, L) -> (B, r, L)
        weights = masked_softmax(scores, mask if mask is None else mask[:, None])
        return weights @ h, weights                     # (B, r, E), (B, r, L)

# %% [markdown] name="penalty-text"
r"""
Nothing keeps two hops from asking the same. So Lin and others add a penalty to the loss, $\lVert A A^\top - I \rVert_F^2$, the sum of all squares. Off its diagonal, $A A^\top$ holds the dot product of two rows of weights: what two hops share.
"""

# %% name="forms-same" jupyter={"source_hidden": true}
from attention_course import layers as package

torch.manual_seed(0)
theirs, x = package.SelfAttention(size=6, score_size=5), torch.randn(2, 7, 6)
Q, K, u = theirs.score.project_query(x), theirs.score.project_key(x), theirs.score.u
# the package has no W_V: the words are the values
assert torch.allclose(additive_attend(Q, K, x, u)[0], theirs(x)[0], atol=1e-6)

structured, ours = package.StructuredAttention(6, 5, hops=3), QuerylessAttention(6, 5, r=3)
ours.load_state_dict({"W_K.weight": structured.project.weight, "U": structured.questions})
M, A = ours(x)                                          # (2, 3, 6), (2, 3, 7)
assert torch.allclose(M, structured(x)[0], atol=1e-6)
penalty = (A @ A.mT - torch.eye(3)).square().sum((-2, -1))
assert torch.allclose(penalty, package.hop_penalty(A))

# %% [markdown] name="memory-text"
r"""
The additive score costs memory: D values of tanh for each *pair* of words.
"""

# %% name="memory" tags=["nbval-check-output"] jupyter={"source_hidden": true}
megabytes = [[L, L * L * 4 / 1e6, L * L * 64 * 4 / 1e6] for L in (100, 1000, 10_000)]
table(["words (D = 64)", "MB for dot products", "MB for additive scores"], megabytes)

# %% [markdown] name="forms-answer"
r"""
**Answer: another score, or a learned question in place of the query.**

## 9 · Does a short path help a network to learn?

Each sentence has two colour words (of *red, blue, green, white*), $d$ places apart, and $d + 4$ fillers (*and, so, then, but*). Are both colours the same? The label is 1 for "same" (one half).
"""

# %% name="distance-data"
from attention_course.lessons.lesson_09.same_different_task import WORDS, same_or_different

numbers, same = same_or_different(3, 6, torch.Generator().manual_seed(1))    # (3, 12), (3)
table(["sentence, d = 6", "label"], [
    [" ".join(WORDS[n] for n in row), int(label)] for row, label in zip(numbers, same)
])

# %% [markdown] name="matcher-text"
r"""
In our network, each word asks all *other* words. A layer compares the word with what came back, query-less attention pools, and a linear layer answers. The loss is the cross-entropy. We use Adam, clip gradients to length 1, and keep PyTorch's own initial values.
"""

# %% name="matcher"
class Matcher(nn.Module):
    def __init__(self, words, E=64, D=32):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        self.relate = SelfAttention(E, D)
        self.compare = nn.Sequential(nn.Linear(2 * E, E), nn.ReLU(), nn.LayerNorm(E))  # lesson 12
        self.pool = QuerylessAttention(E, D)
        self.classify = nn.Linear(E, 2)

    def forward(self, words, mask=None):                # (B, L), all of one length: no padding
        mask = ~torch.eye(words.shape[1], device=words.device).bool() if mask is None else mask
        x = self.embedding(words)                       # (B, L, E)
        contexts, weights = self.relate(x, mask)        # (B, L, E), (B, L, L)
        h = self.compare(torch.cat([x, contexts], -1))  # (B, L, 2 E) -> (B, L, E)
        vector, shares = self.pool(h)                   # (B, 1, E), (B, 1, L)
        return self.classify(vector[:, 0]), (weights, shares)

# %% name="train"
from attention_course.device import seed_everything
from attention_course.metrics import accuracy
from attention_course.training import train_classifier

DISTANCE = 40


def draw(count, d, seed):
    words, same = same_or_different(count, d, torch.Generator().manual_seed(seed))
    return (words,), same                               # what the network gets, the labels


def trained(model, steps, learning_rate):               # 64 new sentences in each step
    seeds = iter(range(steps))
    settings = {"steps": steps, "learning_rate": learning_rate}
    train_classifier(model, lambda: draw(64, DISTANCE, next(seeds)), **settings)
    return model

# %% name="train-matcher"
unseen = draw(500, DISTANCE, 10_000)
seed_everything(0)
matcher = trained(Matcher(len(WORDS)), 600, 3e-3)
print(f"self-attention, {DISTANCE} places apart: {accuracy(matcher, unseen):.1%} right")

# %% name="train-guard" jupyter={"source_hidden": true}
assert accuracy(matcher, unseen) > 0.95

# %% name="inside-task" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_09.same_different_classifier import (
    AverageClassifier,
    PooledClassifier,
    PooledRecurrentClassifier,
    RecurrentClassifier,
)

parts = [RecurrentClassifier, PooledRecurrentClassifier, PooledClassifier, AverageClassifier]
look_inside(same_or_different, train_classifier, *parts)

# %% name="learned" jupyter={"source_hidden": true}
with torch.no_grad():
    weights, _ = matcher(numbers[1:2])[1]
assert weights[0, 0, 6] > 0.95 and [WORDS[numbers[1, i]] for i in (0, 6)] == ["blue", "red"]
diagrams.learned([WORDS[number] for number in numbers[1]], weights[0], frame=0)

# %% [markdown] name="gru-text"
r"""
This is the second sentence above ($d$ = 6, not met in training; a plain 0 is masked). *Blue* gives nearly all its weight to *red*: one look brings both colours together.

The control is a GRU, which answers from its last state. So it must carry the first colour over 40 words.
"""

# %% name="guess-gru"
guess = predict(
    "The GRU trains for 800 steps. How often is it right at distance 40?",
    ["no more often than a coin", "about three times in four", "nearly always"],
)

# %% name="train-gru"
gru = trained(RecurrentClassifier(len(WORDS)), 800, 5e-3)
print(f"GRU, {DISTANCE} places apart: {accuracy(gru, unseen):.1%} right")

# %% name="reveal-gru" jupyter={"source_hidden": true}
share = accuracy(gru, unseen)
outcome = "nearly always" if share > 0.9 else "about three times in four"
guess.reveal(
    "no more often than a coin" if share < 0.62 else outcome,
    f"It is right in {share:.1%} of the sentences.",
)

# %% [markdown] name="controls-text"
r"""
Is the long path the reason? Then a short one should help the *same* GRU: query-less attention pools all its states. And must words ask each other? In *pooling only*, query-less attention pools the bare words. Linear, ReLU, linear answer, as in the GRU.
"""

# %% name="guess-pooled"
guess = predict(
    "Pooling only, 800 steps on the same sentences, three random starts: "
    "how often is it right at distance 40?",
    ["no more often than a coin, like the GRU", "nearly always", "about three times in four"],
)

# %% name="train-pooled"
pooled = []
for seed in range(3):
    seed_everything(seed)
    network = trained(PooledClassifier(len(WORDS)), 800, 5e-3)
    pooled.append([accuracy(network, draw(1000, d, 10_000)) for d in (DISTANCE, 20, 80, 160)])

# %% name="reveal-pooled" jupyter={"source_hidden": true}
worst = min(tried[0] for tried in pooled)
with torch.no_grad():
    shares = network(unseen[0][0])[1].flatten(1)
on_colours = shares[unseen[0][0] < 4].sum() / len(shares)
assert worst > 0.95 and on_colours > 0.9
guess.reveal(
    "nearly always",
    f"The worst of the three is right in {worst:.1%} of the sentences. In the last training, the "
    f"two colours get {on_colours:.1%} of the weight. So the pooled vector is a mixture of both, "
    "another one for each pair of colours. The layers behind it learn which pairs are equal.",
)

# %% [markdown] name="controls-more"
r"""
The controls also have fewer numbers (32 per word, not 64), another learning rate, and a ReLU behind the pool. Ours has none there, so it must compare before. In a **curriculum** (lesson 08), $d$ grows from 1 to 40.
"""

# %% name="controls" jupyter={"source_hidden": true}
from attention_course import claims, results

after, before = results.load("09_distance"), results.load("09_self_attention")
right, far = before["matched"], before["matched_beyond"]
tests = [[draw(100, d, seed) for seed in range(10_000, 10_005)] for d in after["beyond"]]
beyond = [sum(accuracy(matcher, test) for test in five) / 5 for five in tests]


def row(name, path, steps, shares, worst):
    return [name, path, steps, ", ".join(f"{share:.2f}" for share in shares), *map(min, worst)]


def measured(key, path, name=None):
    found = after[key]
    return row(name or found["name"], path, found["steps"], found["right"], found["beyond"])

# %% name="controls-table" jupyter={"source_hidden": true}
here = [tried[0] for tried in pooled]
rows = [
    row("self-attention, trained here", "short", 600, [accuracy(matcher, unseen)], zip(beyond)),
    measured("attention", "short", "self-attention, other sentences"),
    row("GRU, last state", "long", 1600, right["GRU"][-1], far["GRU"]),
    measured("growing_gru", "long", "GRU, last state, curriculum"),
    measured("pooled_gru", "short"),
    row("pooling only, trained here", "short", 800, here, list(zip(*pooled))[1:]),
    measured("pooling", "short"),
]
columns = ["network", "path to the answer", "steps", "right at 40, each training"]
assert min(beyond) < accuracy(matcher, unseen) - 0.05
table([*columns, *(f"worst at {d}" for d in after["beyond"])], rows)

# %% [markdown] name="controls-after"
r"""
- **Long path.** The GRU stays a coin. With a curriculum it learns every time. So it *can* carry a colour that far, but this is hard to learn.
- **Short path.** With its states pooled, the same GRU learns in two of three trainings, to 83 and 91 %.
- **No word asks another.** *Pooling only* learns in five of six trainings.
- **Our network**, trained here, is worse at other distances.

So a short path is easier to learn. The task does *not* show that self-attention is needed: both colours must meet in one vector, and a pool can do that. (*Our* network does need its looks: exercise 4.)

<details><summary>Five more networks</summary>

| network | three trainings, right at 40 |
|---|---|
| ours with the additive score, 800 steps (as in the claim below) | 1.00, 1.00, 1.00 |
| ours with E = 32, D = 16 | 0.91, 1.00, 1.00 |
| ours, words may ask themselves (one falls to 0.49 at 160) | 1.00, 1.00, 1.00 |
| GRU, last state, 64 numbers, 3,200 steps | 0.50, 0.50, 1.00 |
| plain average of the words | 0.75, 0.83, 1.00 |

</details>
"""

# %% name="controls-guard" jupyter={"source_hidden": true}
def of(key):
    return sorted(after[key]["right"])


assert min(right["self-attention"][-1]) > 0.995
assert of("attention")[0] > 0.95 and of("pooling")[1] > 0.95 and of("pooling")[0] < 0.55
assert [f"{share:.2f}" for share in sorted(right["average"][-1])] == ["0.75", "0.83", "1.00"]
assert of("growing_gru")[0] > 0.95 and max(right["GRU"][2]) < 0.52
assert [f"{share:.2f}" for share in of("large_gru")] == ["0.50", "0.50", "1.00"]
assert [f"{share:.2f}" for share in of("pooled_gru")] == ["0.50", "0.83", "0.91"]
assert [f"{share:.2f}" for share in of("attention_small")] == ["0.91", "1.00", "1.00"]
itself = after["attention_itself"]
assert of("attention_itself")[0] > 0.995 and f"{min(itself['beyond'][2]):.2f}" == "0.49"
assert max(at[1] for at in itself["beyond"]) < 0.62
assert all(0.645 < share < 0.695 for share in after["reach"]["2"])
assert min(share for at in itself["beyond"] for share in (at[0], at[2])) > 0.95

# %% name="distance-claim"
claims.verdict("self-attention-relates-distant-words")

# %% [markdown] name="uses-text"
r"""
(The interval has no width, since RNN and GRU never learned.)

**Answer: yes. But other networks have short paths, too.**

## 10 · Where is it needed?

The survey names translation (lesson 12) and three other uses, for which we made small tasks. In reading, no sentence names both person and place.
"""

# %% name="uses-examples" jupyter={"source_hidden": true}
from random import Random

from attention_course.lessons.lesson_09 import aspects, entailment, passages

passage, review = passages.passage(Random(18)), aspects.review(Random(8))
claim = entailment.three_claims(Random(2))[0]
said = ["bad", "good"]
opinions = ", ".join(f"{name} {said[i]}" for name, i in zip(aspects.ASPECTS, review.liked))
rows = [
    ["reading", passage.words, passage.question, " ".join(passage.answer)],
    ["entailment", claim.premise, claim.hypothesis, entailment.LABELS[claim.label]],
    ["embedding", review.words, ["three", "opinions"], opinions],
]
rows = [[use, " ".join(text), " ".join(asked), answer] for use, text, asked, answer in rows]
table(["use", "text", "asked", "answer"], rows)

# %% name="uses" jupyter={"source_hidden": true}
rows = []
for use, chance in (("reading", "1 / 9 (two words at random)"), ("entailment", "1 / 3")):
    for name in ("self-attention", "no self-attention"):
        shares = ", ".join(f"{share:.2f}" for share in before[use][name])
        rows.append([use, name, shares, chance])
table(["use", "network", "right, three trainings", "guessing"], rows)

# %% name="uses-guard" jupyter={"source_hidden": true}
assert min(before["reading"]["self-attention"]) > 0.9
assert min(before["entailment"]["self-attention"]) > 0.9
assert max(before["reading"]["no self-attention"]) < 0.3
assert max(before["entailment"]["no self-attention"]) < 0.5
hops = before["embedding"]
assert min(share for found in hops.values() for share in found["right"]) == 1
assert max(hops["6 hops, penalty"]["in_common"]) < 0.01 < 0.3 < min(hops["6 hops"]["in_common"])

# %% name="inside-uses" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_09.entailer import Entailer
from attention_course.lessons.lesson_09.neighbours import Neighbours
from attention_course.lessons.lesson_09.reader import Reader
from attention_course.lessons.lesson_09.sentence_embedding import SentenceEmbedding

look_inside(Neighbours, Reader, Entailer, SentenceEmbedding)

# %% [markdown] name="uses-after"
r"""
Here each word looks for its like: the same name elsewhere. With convolutions alone, both networks fail. We tried no recurrent reader and no stacked hops (lesson 08). In the reader, ordinary attention on top points at both ends of the answer (Vinyals and others 2015). The sentence embedding is always right, even with one hop.
"""

# %% name="stacked-claim"
claims.verdict("attention-stacks-on-self-attention")

# %% [markdown] name="uses-answer"
r"""
**Answer: where facts from different places of a text must be joined.**

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = "import torch\nfrom torch import nn\n\n"
imports += "from attention_course.functional import masked_softmax  # lesson 01"
parts = [attend, SelfAttention, additive_attend, QuerylessAttention, Matcher]
listing(*parts, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- In **self-attention**, each word asks all words of its own sentence.
- One round is one step of a search. What a word has found makes its next question.
- The **causal mask** hides later words *before* the softmax. The output at word $t$ predicts word $t + 1$. A padding mask joins it with "and".
- Self-attention does not see order. It is **permutation equivariant**.
- The **path length** between any two words is 1, and all are computed in **parallel**. The price is L² comparisons.

Worth knowing by heart:

```
Q, K, V = x @ W_Q, x @ W_K, x @ W_V
scores = (Q @ K.mT / D**0.5).masked_fill(~mask, -inf)   # (B, L, L), no row all False
contexts = scores.softmax(-1) @ V
```

<details><summary>1. B = 8, L = 20, E = 64, D = 16. Which shapes have the weights and the contexts? How many numbers are learned?</summary>

(8, 20, 20) and (8, 20, 64). 64 · 16 + 64 · 16 + 64 · 64 = 6,144 numbers.

</details>

<details><summary>2. In one round, can the weight of one word on another depend on a third word?</summary>

Only through the sum in the softmax. The *ratio* of two weights in a row cannot.

</details>

<details><summary>3. Your causal model has a wonderful loss in training and writes nonsense. What do you test first?</summary>

Whether the future leaks: change the last word, and no earlier output may change.

</details>

## Exercises, and where to go next

In the [exercises](exercises/09_self_attention.ipynb) you find out how far a word must see. In **[10 · Multi-head attention](10_multi_head_attention.ipynb)** a word asks several questions in one round.

### Sources

Bengio, Simard, Frasconi: Learning long-term dependencies with gradient descent is difficult. IEEE Transactions on Neural Networks 5 (1994) · Cheng, Dong, Lapata: Long short-term memory-networks for machine reading. EMNLP 2016, [arXiv:1601.06733](https://arxiv.org/abs/1601.06733): attention inside an LSTM · Lin et al.: A structured self-attentive sentence embedding. ICLR 2017, [arXiv:1703.03130](https://arxiv.org/abs/1703.03130): attention after recurrent layers · Nishida, Saito: Latest trends of attention mechanisms in deep learning, section 3.3. 電子情報通信学会誌 101 (2018), in Japanese; equations (15) to (20) are numbered as there · Parikh, Täckström, Das, Uszkoreit: A decomposable attention model for natural language inference. EMNLP 2016, [arXiv:1606.01933](https://arxiv.org/abs/1606.01933): without order, but for an optional bias by distance · Vaswani et al.: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762): positions added to the words · Vinyals, Fortunato, Jaitly: Pointer networks. NIPS 2015, [arXiv:1506.03134](https://arxiv.org/abs/1506.03134) · Wang, Yang, Wei, Chang, Zhou: Gated self-matching networks for reading comprehension and question answering. ACL 2017: attention between recurrent layers
"""
