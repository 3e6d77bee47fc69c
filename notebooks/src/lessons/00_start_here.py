# %% [markdown] name="title"
r"""
# 00 · Start here

The first neural translators read an English sentence into **one vector**. From this vector alone they wrote the French sentence. Details of long sentences got lost. Then translators learned to look back. They keep a vector for *each* English word, and mix these vectors anew before each French word. This is **attention**.
"""

# %% name="story"
from attention_course.lessons.lesson_00 import diagrams
from attention_course.page import look_inside, table
from attention_course.widgets import explore, predict

diagrams.looking_back()

# %% [markdown] name="what-for"
r"""
In this lesson your machine trains both kinds of translators, each in about half a minute on a quiet core. Then the second one shows where it looks. Nothing is downloaded. You need basic PyTorch, no French, and about twenty minutes. Run each cell with **Shift + Enter**, also the folded ones.

## 1 · What is wrong with one vector?

A small grammar writes our sentences in English and French, with about three hundred words on each side. We take 30,000 pairs for training and 500 others for testing.
"""

# %% name="data"
from attention_course.data import grammar

pairs = grammar.pairs(30_000, part="train")
unseen = grammar.pairs(500, part="test")

source = "the cat sat on the mat .".split()
queen = "the old queen who sees her black cat does not sleep .".split()
assert not {tuple(source), tuple(queen)} & {pair.english for pair in pairs}
table(["English", "French"], [[" ".join(p.english), " ".join(p.french)] for p in pairs[:3]])

# %% [markdown] name="without-text"
r"""
The first translator is an **encoder-decoder** (also *sequence-to-sequence* or *seq2seq* model). Its **encoder** reads the English sentence into one vector of 128 numbers. Its **decoder** writes the French, one word at a time, and gets this same vector before every word. Lesson 03 builds it, line by line.
"""

# %% name="without"
from attention_course import device
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch
from attention_course.training import train

english = Vocabulary(pair.english for pair in pairs)      # numbers for the words
french = Vocabulary(pair.french for pair in pairs)
examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)
settings = {"target_tokens": 400_000, "batch_tokens": 320, "learning_rate": 1e-2}

device.use_threads(1)                                     # a small model: one core is enough
device.seed_everything(0)
one_vector = EncoderDecoder(len(english), len(french))
run = train(one_vector, examples, **settings)             # until it has seen 400,000 French words

# %% [markdown] name="exact-text"
r"""
What share of the test sentences comes out without a mistake? (The full stop counts as a word.)
"""

# %% name="exact"
from attention_course.decoding import translate

lengths = {"all 500": (1, 15), "3 to 6 words": (3, 6), "7 to 11": (7, 11), "12 to 15": (12, 15)}


def exact(model):
    written = translate(model, [pair.english for pair in unseen], english, french)
    right = [w.words == list(pair.french) for w, pair in zip(written, unseen)]
    shares = []
    for low, high in lengths.values():
        group = [r for r, pair in zip(right, unseen) if low <= len(pair.english) <= high]
        shares.append(sum(group) / len(group))
    return shares


without = exact(one_vector)
table(["share without a mistake", *lengths], [["one vector", *without]])

# %% name="queen-without"
print(" ".join(queen))
print(" ".join(translate(one_vector, [queen], english, french)[0].words))

# %% name="queen-guard" jupyter={"source_hidden": true}
assert without[3] < 0.3 and without[1] > 0.7

# %% [markdown] name="without-after"
r"""
Short sentences mostly come out right, long ones hardly ever. The French above says *the old queen who sees her shy cat does not run*. (Another machine may make another mistake.) A longer training helps (section 2 shows how much). But it has to pack every sentence into the same 128 numbers.

**Answer: everything must pass through it. After this training, long sentences lose details.**

## 2 · Can a network learn where to look?

[Bahdanau, Cho and Bengio (2015)](https://arxiv.org/abs/1409.0473) mended this: keep a vector at *every* word.
"""

# %% name="annotations-picture" jupyter={"source_hidden": true}
diagrams.annotations()

# %% [markdown] name="model-text"
r"""
Each word has a learned vector of 64 numbers, its **embedding**. The encoder has two GRUs that read them. A **GRU** is a recurrent network: it reads word by word and carries a vector along, its state. One GRU reads from left to right, the other from right to left. Their two states at word $j$, side by side, are its **annotation** $h_j$ (also *hidden state* of the encoder). Take $h_1$, at *the*: one half has read *the* alone, the other half the whole sentence.

The decoder is a third GRU. Its first state is made, by one layer, from the state in which the right-to-left GRU ends: at the first word, with the whole sentence read. Before each French word, the decoder compares its **state** with all annotations. Each English word gets an **attention weight**: the share of its annotation in a mixture, which goes to the decoder. The weights are never negative and add up to 1. (Later lessons call the decoder's state a **query**. The annotations are **keys** when they are compared, and **values** when they are mixed.)

In training, the decoder sees the right French words so far and is asked for the next one (**teacher forcing**). The loss is the cross-entropy of this next word. Nobody tells the model which words belong together.
"""

# %% name="train"
from attention_course.decoding import align

device.seed_everything(0)
model = RNNsearch(len(english), len(french))              # with attention; lesson 04 builds it
reference = "le chat s' est assis sur le tapis .".split()
untrained = align(model, [(source, reference)], english, french)[0]  # its weights now: (9, 7)

run = train(model, examples, **settings)                  # the same words as before
last = sum(run.losses[-100:]) / 100
table(["loss of the first batch", "mean of the last 100"], [[run.losses[0], last]])

# %% [markdown] name="guess-text"
r"""
(5.92 is about ln 364: at first, all 364 French words are about equally probable.)

Now guess. The French sentence will be *le chat s' est assis sur le tapis*. French has two words for *the*: *le* before a masculine noun (*le chat*, the cat), *la* before a feminine one (*la souris*, the mouse).
"""

# %% name="guess"
guess = predict(
    "Before the model writes the first “le”, where will most of the weight be?",
    ["on “cat”: it decides between le and la", "on “the”", "on both alike", "on all words alike"],
)

# %% [markdown] name="write-text"
r"""
The model writes word by word, each time the most probable one, until it chooses an end mark (**greedy decoding**).
"""

# %% name="write"
translation, weights = translate(model, [source], english, french)[0]   # 9 words; (9, 7)
print(" ".join(translation))

# %% name="translate"
from attention_course import plots

names = {"query_label": "French", "key_label": "English"}
plots.attention_map(weights, translation, source, values=True, colour_bar=False, **names)

# %% name="reveal" jupyter={"source_hidden": true}
assert translation == reference and source[weights[0].argmax()] == "the"
assert all(source[row.argmax()] == "sat" for row in weights[2:5])
guess.reveal(
    "on “the”",
    f"“The” has {weights[0, 0]:.2f}, “cat” {weights[0, 1]:.2f}. So how does the model know that it "
    "must be le? Section 4 finds out.",
)

# %% [markdown] name="read-the-map"
r"""
This is an **attention map**. Each row is a French word, its numbers are the weights of the English words, and dark means much. The row of *chat* has nearly all its weight at *cat*. The three words *s' est assis* say *sat*, and their rows are dark there. (A row adds up to 1 before its numbers are rounded.)

Did training do this? Here is the row of *chat*, before training and after:
"""

# %% name="learned"
table(["row of “chat”", *source], [["before", *untrained[1]], ["after", *weights[1]]])

# %% [markdown] name="learned-after"
r"""
At first, each word gets about 1/7 = 0.14. But *chat* is easier to predict with more of the annotation of *cat* in the mixture. All steps from weights to loss can be differentiated, so gradient descent raises the weight of *cat*.

Does it help? Here are both translators, each trained once on the same words:
"""

# %% name="both"
rows = [["one vector", *without], ["attention", *exact(model)]]
table(["share without a mistake", *lengths], rows)

# %% name="both-longer" jupyter={"source_hidden": true}
from attention_course import results

assert rows[1][1] >= 0.75 and rows[1][4] > 0.5
found = results.load("03_the_bottleneck")
shares = [[round(100 * share) for share in found[f"exact_{way}"]] for way in ("without", "with")]
ranges = [f"{min(share)} to {max(share)} %" for share in shares]
print(f"Lesson 03 trains each five times, for {found['budget']:,} French words.")
print(f"Without a mistake: {ranges[0]} without attention, {ranges[1]} with attention.")

# %% [markdown] name="own-sentence-text"
r"""
And this is the sentence of the old queen, with attention:
"""

# %% name="queen-with"
print(" ".join(queen))
print(" ".join(translate(model, [queen], english, french)[0].words))

# %% [markdown] name="order-text"
r"""
The map above is almost a staircase. Here is a sentence whose order changes:
"""

# %% name="own-sentence"
mine = "the black cat does not sleep .".split()

print("it does not know:", ", ".join(w for w in mine if w not in english.numbers) or "–")
words_of_mine, weights_of_mine = translate(model, [mine], english, french)[0]
plots.attention_map(
    weights_of_mine, words_of_mine, mine, values=True, colour_bar=False, **names
)

# %% [markdown] name="own-sentence-after"
r"""
*Noir* (black) comes after *chat*: here the staircase turns back. Some rows of *ne … pas* (not) and *dort* (sleeps) are less sharp: each spreads over *does*, *not* and *sleep*. Try a sentence of your own. Then leave out the full stop, which the model has never seen, and watch what it does.

One sentence proves little. A glossary article claims that the decoder focuses on *cat* when it writes *chat* ([What the two sources say](../docs/sources.md)). We trained this model from ten random starts (*seeds*), and counted:
"""

# %% name="claim"
from attention_course import claims

claims.verdict("chat-looks-at-cat")

# %% [markdown] name="claim-after"
r"""
The 1 means: every time, in all ten trainings. (In our grammar, *chat* is always *cat*. Lesson 04 takes real sentences.)

**Answer: yes. The network was only asked for the right French words, and learned by itself where to look.**

## 3 · What happens before each French word?

Here is the moment before *chat*. Shapes stand in brackets; Z marks scores and A weights. Where the notebook runs, you can choose another moment.
"""

# %% name="one-step" jupyter={"source_hidden": true}
import torch

from attention_course.data.vocabulary import BOS, pad

memory, state = model.encode(pad([english.encode(source)]))
previous, moments = BOS, {}
for number, word in enumerate(translation, 1):
    found = model.score(state, memory.annotations[0])[0]
    sizes = (memory.annotations.shape[-1], state.shape[-1], len(french))
    logits, state, looked = model.step(torch.tensor([previous]), state, memory)
    share = logits.softmax(-1).max().item()
    before_it = translation[number - 2] if number > 1 else "(start)"
    moments[f"{number}  {word}"] = (source, before_it, word, found, looked[0], share, sizes)
    previous = french.numbers[word]

order = [*list(moments)[1:], *list(moments)[:1]]
explore(lambda writing: diagrams.one_step(*moments[writing]), writing=order)

# %% [markdown] name="equations"
r"""
1. **Compare** each annotation with the state. This gives one number per word, its **score** $z_j$. *Cat* gets the highest.
2. **Softmax.** Take the exponential of each score, and divide it by the sum of all seven exponentials. This gives the attention weights $a_j$.
3. **Mix.** Multiply each annotation by its weight, and add up. This gives the **context vector** $c$, here nearly $h_2$.
4. **New state.** The GRU makes it from the context vector, the old state and the last French word.
5. **Write.** Two layers read the new state, the context vector and the last word. They give one number (**logit**) for each of the 364 French words, and a softmax makes probabilities of them.

Steps 1 to 3 are attention. For the next word, everything begins again with the new state.

What compares two vectors? A small network that is trained with the rest, the **additive score**. It has two learned matrices, $W^Q$ and $W^K$, and a learned vector $u$. With $s$ for the old state:

$$c = \sum_j a_j \, h_j \qquad (1) \qquad\qquad a_j = \frac{\exp z_j}{\sum_i \exp z_i} \quad\text{with } z_j = \tanh(s\,W^Q + h_j W^K)\, u^\top \qquad (2)$$

Lesson 02 compares it with other scores. In code:
"""

# %% name="by-hand"
import torch

from attention_course.data.vocabulary import BOS, pad

numbers = pad([english.encode(source)])                 # a batch of one sentence: (1, 7)
memory, state = model.encode(numbers)                   # annotations and mask; first state
start = torch.tensor([BOS])                             # the mark before the first word
_, state, _ = model.step(start, state, memory)          # gives logits, new state, weights
h = memory.annotations[0]                               # (7, 128)

W_q, W_k, u = model.score.project_query, model.score.project_key, model.score.u
scores = torch.tanh(W_q(state) + W_k(h)) @ u            # step 1: (7, 128) @ (128) -> (7)
a = scores.exp() / scores.exp().sum()                   # step 2: (7)
c = a @ h                                               # step 3: (7) @ (7, 128) -> (128)

assert torch.allclose(a, weights[1], atol=1e-5)         # the row of "chat" in the map
table(["word", "score", "exp(score)", "weight"], zip(source, scores, scores.exp(), a), digits=3)

# %% [markdown] name="by-hand-after"
r"""
Check one line: divide its third number by the sum of the third column.

The fold holds the whole translator, as lesson 04 builds it: attention, and the steps around it. Its equations (7) and (8) are our (2), once for each French word, and (9) is our (1).
"""

# %% name="inside" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_04 import built

look_inside(built.Attention, built.RNNsearch)

# %% [markdown] name="answer-step"
r"""
**Answer: a score for each annotation, a softmax, a weighted average. From it come the new state and the next word.**

## 4 · Does the map say why?

Before *le*, nearly all weight is on *the*. But *the* does not say whether *le* or *la* is right. The noun does.

So we cover the noun. We take the test sentences that begin with *the* and become *le …* or *la …* in French. A **mask** allows the decoder to look at one word only: all other scores become −∞ before the softmax, so the one word gets all the weight.
"""

# %% name="masks"
chosen = [p for p in unseen if p.english[0] == "the" and p.french[0] in ("le", "la")]
batch = pad([english.encode(pair.english) for pair in chosen])      # B sentences: (B, S)
memory, first_state = model.encode(batch)

every = memory.mask                                                 # (B, 1, S), True = may look
only_the = every & (torch.arange(batch.shape[1]) == 0)              # the first word
only_stop = every & (batch == english.numbers["."])[:, None, :]     # the full stop

# %% name="guess-cover"
guess = predict(
    "The decoder may look at “the” only. How often will it still write le and la rightly?",
    ["half of the time: it has to guess", "about two times in three", "nearly always"],
)

# %% name="cover"
ways = {"every word": every, "“the” alone": only_the, "the full stop alone": only_stop}
rows = []
for name, mask in ways.items():
    covered = memory._replace(mask=mask)                            # the same, with another mask
    logits, _, _ = model.step(start.expand(len(chosen)), first_state, covered)
    wrote = [french.words[i] for i in logits.argmax(-1)]
    right = [word == pair.french[0] for word, pair in zip(wrote, chosen)]
    rows.append([name, len(chosen), sum(word in ("le", "la") for word in wrote), sum(right)])

always = sum(pair.french[0] == "le" for pair in chosen)
rows.append(["(no model: always le)", len(chosen), len(chosen), always])
table(["the decoder looks at", "sentences", "it writes le or la", "the right one"], rows)

# %% name="reveal-cover" jupyter={"source_hidden": true}
assert min(rows[0][3], rows[1][3]) > 0.7 * len(chosen) > rows[2][3]
shares = results.load("00_start_here")["article_from_the"]
guess.reveal(
    "nearly always",
    f"And that was no luck: in {len(shares)} earlier trainings it was right in "
    f"{min(shares):.0%} to {max(shares):.0%} of the cases with “the” alone.",
)

# %% [markdown] name="cover-after"
r"""
The noun is covered, and the article is right. (With the full stop alone, the decoder gets a vector that it never gets at the beginning of a sentence. It often writes neither *le* nor *la*, and so falls below *always le*. Where it writes one of them, it is mostly the right one.)

How does the noun come through? There are two routes:
"""

# %% name="route" jupyter={"source_hidden": true}
diagrams.two_routes()

# %% [markdown] name="route-text"
r"""
When the right-to-left GRU comes to *the*, it has passed *cat*. Route 1 goes on through the annotation $h_1$, which has all the weight. Route 2 goes on through the first state, which no mask covers. To separate them, we take the first state from one sentence and the annotations from another:
"""

# %% name="swap"
def probability_of_le(state_of, annotations_of):
    noun_1, noun_2 = ([english.encode(["the", n, *source[2:]])] for n in (state_of, annotations_of))
    _, state = model.encode(pad(noun_1))
    memory, _ = model.encode(pad(noun_2))
    only_the = memory.mask & (torch.arange(len(source)) == 0)
    logits, _, _ = model.step(start, state, memory._replace(mask=only_the))
    return logits.softmax(-1)[0, french.numbers["le"]]


nouns = ("cat", "mouse")
rows = [[f"state of “the {n} …”", *(probability_of_le(n, m) for m in nouns)] for n in nouns]
table(["probability of le", *(f"annotations of “the {m} …”" for m in nouns)], rows)

# %% [markdown] name="swap-after"
r"""
The columns differ, the rows do not. So in this model *le* follows the annotations, whatever the state says: route 1. What the decoder looks at is not the word *the*. It is $h_1$, which stands at *the* and also holds the gender of the noun. ($h_2$ has read both words, too, and might have served as well. A map shows what training chose, not why.)

Without a mask, we now change one word at a time:
"""

# %% name="swap-guard" jupyter={"source_hidden": true}
assert [[bool(p > 0.5) for p in row[1:]] for row in rows] == [[True, False], [True, False]]

# %% name="change"
rows = []
for changed in ("the cat", "a cat", "the dog", "the mouse"):
    words, looked = translate(model, [changed.split() + source[2:]], english, french)[0]
    rows.append([f"{changed} sat …", words[0], looked[0, 0], looked[0, 1], words[1]])
columns = ["English", "first word", "its weight on word 1", "on word 2", "second word"]
table(columns, rows)

# %% [markdown] name="change-after"
r"""
If *the* becomes *a*, *le* becomes *un*: the large weight is on a word that matters. But if *cat* becomes *mouse*, *le* becomes *la*, although the noun has a small weight. The information about the noun has come through $h_1$, and $h_1$ has nearly all the weight. So a weight belongs to an annotation, and not to a word alone.

Here are the three shortest sentences with a mistake:
"""

# %% name="wrong"
written = translate(model, [pair.english for pair in unseen], english, french)
rows = []
for pair, (words, looked) in sorted(zip(unseen, written), key=lambda both: len(both[0].english)):
    differ = [i for i, both in enumerate(zip(words, pair.french)) if both[0] != both[1]]
    if differ:
        at = differ[0]                                                  # the first wrong word
        seen = pair.english[looked[at].argmax()]
        rows.append([" ".join(pair.english), " ".join(words), pair.french[at], seen])
table(["English", "it writes", "where it should write", "and looks at"], rows[:3])

# %% [markdown] name="wrong-after"
r"""
All three are one kind of mistake. The French participle must be feminine, because *she*, *girls* and *goats* are. Most weight is on the annotation of the verb. Whether the gender is missing there, the map cannot tell.

**Answer: only in part. An annotation carries more than its own word. To find out whether a word matters, change it.**

## 5 · How does this course work?
"""

# %% name="course" jupyter={"source_hidden": true}
diagrams.course()

# %% [markdown] name="course-text"
r"""
The shortest way to the Transformer is 01, 02, 03, 04, 09, 10, 11, 12. [Terms](../docs/terms.md) and [Notation](../docs/notation.md) explain words and letters.

Each lesson has a page of exercises, whose checks try to say what went wrong. Here is a first one. For each French word, the function should return the English word that it looks at most. It has a mistake:
"""

# %% name="first-exercise"
from attention_course.checks import lesson_00 as check


def most_attended(weights, english):
    return [english[i] for i in weights.argmax(0)]


check.most_attended(most_attended)

# %% [markdown] name="first-exercise-text"
r"""
Change one character and run the cell again, until it says *Correct*. `check.most_attended.hint()` gives a hint, and `check.most_attended.solution()` a solution.

Your numbers may differ a little, since processors round differently. If an `assert` fails, please report it, with what `attention-course doctor` prints in a terminal.

**Answer: it builds each mechanism, trains it, and tests what is claimed about it.**

## What to remember

- With one vector, long sentences lose details. Attention keeps one annotation for each source word.
- Before each word that it writes, the decoder scores all annotations. A softmax turns the scores into weights. The weighted average is the context vector.
- Nobody says where to look. The model learns it from the words that it has to write.
- To find out whether a word matters, change the word.

Worth knowing by heart:

```
scores = torch.tanh(W_q(s) + W_k(h)) @ u   # (S): one for each of S annotations h (S, 128)
a = scores.softmax(-1)                     # (S): attention weights, which add up to 1
c = a @ h                                  # (128): the context vector
```

<details><summary>1. Twelve English words become fifteen French words. What shape does the attention map have?</summary>

(15, 12): a row for each French word, a column for each English word.

</details>

<details><summary>2. Three annotations are (4, 0), (0, 4) and (4, 4). Their scores are 0, 0 and 0.69, which is ln 2. What is the context vector?</summary>

The exponentials are 1, 1 and 2, so the weights are ¼, ¼ and ½. The context vector is (3, 3).

</details>

<details><summary>3. In section 4, why was it not enough to cover the noun?</summary>

A mask hides annotations from the decoder, not words from the encoder. The encoder can carry the gender in another annotation, or in the first state.

</details>

## Exercises, and where to go next

The [exercises](exercises/00_start_here.ipynb) work on attention maps (three problems, about twenty minutes). Then comes **[01 · A weighted sum](01_weighted_sum.ipynb)**, which builds attention from three small vectors.

### Sources

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473) ·
Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese: the survey whose numbers the equations have ·
アテンションメカニズム (Attention mechanism, 2025), in Japanese: the glossary article
"""
