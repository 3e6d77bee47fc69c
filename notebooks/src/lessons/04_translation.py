# %% [markdown] name="title"
r"""
# 04 · Translation

In lesson 03, the translator had to keep a whole sentence in one vector, and long sentences were lost. A human translator does something simpler: before writing the next word, she looks back at the sentence. Bahdanau, Cho and Bengio (2015) let the decoder do the same. Their translator searches the sentence anew for every word, hence its name, **RNNsearch**. It made attention known.
"""

# %% name="story"
import torch

from attention_course.lessons.lesson_04 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

words = ["the", "cat", "sleeps"]
h = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])      # encoder states: noun, verb (3, 2)
s = torch.tensor([-1.0, -3.0])                              # decoder state (2)
u = torch.tensor([3.0, 3.0])                                # of the additive score
scores = torch.tanh(s + h) @ u                              # step 1: (3)
weights = scores.softmax(-1)                                # step 2: (3)
context = weights @ h                                       # step 3: (2)
diagrams.look_back(words, h, s, scores, weights, context)

# %% [markdown] name="what-for"
r"""
The picture shows one step: the decoder has written *le*, and must write the next word. The state that wrote *le* asks all three states of the encoder (steps 1 to 3). The answer goes into its next state (step 4), and the next state says *chat* (step 5).

You need lessons 01 to 03. You build RNNsearch on top of lesson 03, train it on the grammar, and then train it on 29,000 real sentences. Sections 1 to 4 take twenty minutes, the rest half an hour. The machine works for about four minutes.

## 1 · What changes?

One letter gets an index. In lesson 03 the decoder used the same vector $c$ at every step. Now it gets a new context vector $c_t$ at each step $t$:

$$p(y_t) = \mathrm{softmax}(\mathrm{logits}(s_t, c_t, y_{t-1})), \qquad s_t = \mathrm{GRU}([y_{t-1}, c_t], s_{t-1}) \qquad (6)$$

The context vector comes from attention (lesson 01). The query is the decoder's last state $s_{t-1}$. The encoder's states $h_1 \dots h_S$ are keys and values at the same time. Bahdanau and others call them **annotations**:

$$z_{ti} = \mathrm{score}(s_{t-1}, h_i) \quad (7) \qquad a_{ti} = \frac{\exp z_{ti}}{\sum_j \exp z_{tj}} \quad (8) \qquad c_t = \sum_i a_{ti} \, h_i \quad (9)$$

Equations (6) to (9) are numbered as in the survey ([What the two sources say](../docs/sources.md)).

**Answer: the decoder asks the sentence anew before each word. One vector for all steps becomes one vector per step.**

## 2 · What does one step do, with numbers?

Let the encoder states have two numbers: is this word a *noun*, is it a *verb*? *Cat* is (2, 0), *sleeps* is (0, 2), *the* is (0, 0). After an article, French needs a noun. The decoder's state, which has just written *le*, is (−1, −3).

**Step 1.** The score is the additive score of lesson 02, here without its matrices: $z_i = \tanh(s + h_i) \cdot u$ with $u = (3, 3)$. For *cat*, $s + h_i$ is (1, −3), and the score is 3 · 0.762 + 3 · (−0.995) = −0.70. *Sleeps* gets −4.57, and *the* gets −5.27. The function tanh is steep around 0 and flat elsewhere. The noun's 2 lifts −1 to +1, right across the steep part. The verb's 2 lifts −3 to −1 only.

This bend is what makes the score choose. Without tanh, the score would be $s \cdot u + h_i \cdot u$. The state would add the same number to all scores, and a softmax does not notice that. So every step would look at the same word.

**Step 2.** The softmax gives *cat* the weight 0.97, *sleeps* 0.02, *the* 0.01.

**Step 3.** The context vector is 0.01 · (0, 0) + 0.97 · (2, 0) + 0.02 · (0, 2) = (1.94, 0.04). It says "a noun, and it is *cat*", as far as two numbers can.

**Answer: the state says what is needed next, the scores find it, and the context vector brings it.**

## 3 · How is it programmed?

First attention, with the learned matrices and with a mask, so that nothing is asked of the padding. `masked_softmax` is from lesson 01. The letters are those of lesson 03. A batch has B sentences, of S source words and L target words with `<eos>`. A word's vector has E numbers, the state of each encoder GRU has H, and that of the decoder D.
"""

# %% name="attention"
from torch import nn

from attention_course.functional import masked_softmax
from attention_course.lessons.lesson_03.built import PAD, Decoder, Encoder


class Attention(nn.Module):
    def __init__(self, query_size, key_size, D):
        super().__init__()
        self.W_q = nn.Linear(query_size, D, bias=False)
        self.W_k = nn.Linear(key_size, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)

    def forward(self, state, h, mask):                              # (B, D), (B, S, 2 H), (B, S)
        q, k = self.W_q(state)[:, None], self.W_k(h)                # (B, 1, D), (B, S, D)
        scores = torch.tanh(q + k) @ self.u                         # Eq. (7): (B, S)
        weights = masked_softmax(scores, mask)                      # Eq. (8): (B, S)
        context = (weights[:, None] @ h)[:, 0]                      # Eq. (9): (B, 2 H)
        return context, weights

# %% [markdown] name="model-text"
r"""
Encoder and decoder are those of lesson 03, unchanged: the decoder takes whatever vector it is given for $c$. RNNsearch keeps all encoder states, and looks back in every step. The first state of the decoder is made from the right-to-left reader at the first word, because there it has read the whole sentence.
"""

# %% name="model"
class RNNsearch(nn.Module):
    def __init__(self, source_words, target_words, E=64, H=64, D=128):
        super().__init__()
        self.encoder = Encoder(source_words, E, H)
        self.first_state = nn.Linear(H, D)
        self.attention = Attention(D, 2 * H, D)
        self.decoder = Decoder(target_words, E, 2 * H, D)

    def encode(self, source):                                       # (B, S)
        right, left = self.encoder(source)
        h = torch.cat([right, left], -1)                            # annotations (B, S, 2 H)
        return (h, source != PAD), torch.tanh(self.first_state(left[:, 0]))

    def step(self, previous, state, memory):                        # (B), (B, D), (h, mask)
        context, weights = self.attention(state, *memory)           # c_t: it asks with s_{t-1}
        logits, state = self.decoder(previous, state, context)
        return logits, state, weights

# %% name="inside-03" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_03 import built

look_inside(built.pad, built.read, Encoder, Decoder, built.batches, built.train)

# %% [markdown] name="training-text"
r"""
Training is that of lesson 03, too: teacher forcing, cross-entropy without padding, and the same loop. We also keep the weights, to look at them later.
"""

# %% name="training"
import torch.nn.functional as F


def teacher_forcing(model, source, target):                         # (B, S), (B, L + 1)
    memory, state = model.encode(source)
    logits, weights = [], []
    for previous in target[:, :-1].unbind(1):
        step, state, looked = model.step(previous, state, memory)
        logits.append(step)
        weights.append(looked)
    return torch.stack(logits, 1), torch.stack(weights, 1)          # (B, L, words), (B, L, S)


def translation_loss(model, source, target):
    logits, _ = teacher_forcing(model, source, target)
    return F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD)

# %% [markdown] name="code-answer"
r"""
**Answer: ten lines of attention between the encoder and the decoder that you know.**

## 4 · Does it find the right words?

The grammar of lesson 03 has something that real sentences lack: it knows which words belong together. So we can ask more than whether *chat* looks at *cat*. We let the model read the true French, link each French word to the English word with the largest weight, and compare with the true links.
"""

# %% name="train-grammar"
from attention_course.data import grammar
from attention_course.data.vocabulary import BOS, EOS, Vocabulary
from attention_course.device import seed_everything, use_threads
from attention_course.lessons.lesson_03.built import pad, train

sentences = grammar.pairs(40_000, part="train")
english = Vocabulary(pair.english for pair in sentences)
french = Vocabulary(pair.french for pair in sentences)
examples = [(english.encode(p.english), [BOS, *french.encode(p.french), EOS]) for p in sentences]

use_threads(1)
seed_everything(0)
small = RNNsearch(len(english), len(french))
losses = train(small, examples, translation_loss)
print(f"mean loss of the last hundred batches: {losses[-100:].mean():.2f} per word")

# %% name="guess-links"
guess = predict(
    "It saw sentence pairs only, and no links. Of the French words, how many will look most at an "
    "English word that they belong to?",
    ["about half", "about three in four", "about nine in ten"],
)

# %% name="links"
unseen = grammar.pairs(500, part="test")
source = pad([english.encode(pair.english) for pair in unseen])
target = pad([[BOS, *french.encode(pair.french), EOS] for pair in unseen])
with torch.no_grad():
    weights = teacher_forcing(small, source, target)[1]             # (500, L, S)

def share_right(links):                                             # sets of pairs of places
    right = sum(len(found & pair.links) for found, pair in zip(links, unseen))
    return right / sum(map(len, links))

# %% name="links-table"
from attention_course.metrics import alignment_error_rate, diagonal_links, hard_links

links = [hard_links(rows[: len(p.french), : len(p.english)]) for rows, p in zip(weights, unseen)]
straight = [diagonal_links(len(p.english), len(p.french)) for p in unseen]
gold = [pair.links for pair in unseen]
rows = [
    [name, f"{share_right(found):.0%}", alignment_error_rate(found, gold)]
    for name, found in {"largest weight": links, "straight along the diagonal": straight}.items()
]
table(["links", "French words that look right", "alignment error rate"], rows)

# %% name="misses"
from collections import Counter

missed = Counter(p.french[t] for found, p in zip(links, unseen) for _, t in found - p.links)
rows = [[word, count, f"{count / missed.total():.0%}"] for word, count in missed.most_common(5)]
table(["missed most often", "times", "of all misses"], rows)

# %% name="links-guard" jupyter={"source_hidden": true}
assert share_right(links) > 0.85 and alignment_error_rate(links, gold) < 0.2

# %% name="reveal-links" jupyter={"source_hidden": true}
share = f"{share_right(links):.0%}"
guess.reveal(
    "about nine in ten",
    f"It is {share}, though it has never seen a link. Looking at the right word makes the next "
    "word more probable, so the gradient raises that weight.",
)

# %% [markdown] name="links-text"
r"""
The **alignment error rate** (Och and Ney 2003) is the usual figure. It is $1 - 2\,|\text{found} \cap \text{true}| / (|\text{found}| + |\text{true}|)$: 0 if they are the same, 1 if they have nothing in common. It is not 0.08, because a few French words, such as *du* (of the), have two true links, and we make one link per word. The diagonal is the control: English and French have much the same order, so it is not bad by itself. Most misses are little words. An article has to agree with its noun, so it has a reason to look at the noun.

Here are two sentences that the model has not seen. Dark cells are large weights, and a ring is a true link. The second is the test sentence whose links cross most often for its length.
"""

# %% name="links-figure" jupyter={"source_hidden": true}
from attention_course import plots


def crossings(pair):
    crossed = [(a, b) for a in pair.links for b in pair.links if a[0] < b[0] and a[1] > b[1]]
    return len(crossed) / len(pair.english) ** 2


def draw(pair):
    source = pad([english.encode(pair.english)])
    target = pad([[BOS, *french.encode(pair.french), EOS]])
    with torch.no_grad():
        rows = teacher_forcing(small, source, target)[1][0, : len(pair.french)]
    labels = {"query_label": "French", "key_label": "English"}
    return plots.attention_map(rows, pair.french, pair.english, links=pair.links, **labels)


draw(grammar.the_cat_sat_on_the_mat())

# %% name="links-crossing" jupyter={"source_hidden": true}
draw(max(unseen, key=crossings))

# %% [markdown] name="quality-text"
r"""
And the translations? Here is greedy decoding, as in lesson 03, for any model with `encode` and `step`. As a control, we also train lesson 03's translator, on the same data with the same loop.
"""

# %% name="greedy"
@torch.no_grad()
def greedy(model, source, longest=30):                              # (B, S)
    memory, state = model.encode(source)
    previous, words = torch.full((len(source),), BOS), []
    for _ in range(longest):
        logits, state, _ = model.step(previous, state, memory)
        previous = logits.argmax(-1)
        words.append(previous)
    return torch.stack(words, 1)                                    # (B, longest)

# %% name="by-length"
from attention_course.lessons.lesson_03.same import one_vector

seed_everything(0)
plain = built.EncoderDecoder(len(english), len(french))
train(plain, examples)
plain = one_vector(plain, len(english), len(french))                # with `step`, as in the package

# %% name="exact"
def exact(model, pairs):
    found = greedy(model, pad([english.encode(pair.english) for pair in pairs])).tolist()
    right = [french.decode(row) == list(pair.french) for row, pair in zip(found, pairs)]
    return sum(right) / len(right)


lengths = ((4, 6), (7, 9), (10, 12), (13, 15))
groups = [grammar.pairs(300, 1, "test", *length) for length in lengths]
shares = [exact(small, group) for group in groups]
without = [exact(plain, group) for group in groups]
per_word = shares[0] ** (1 / 5)                                     # 5 words on average
rows = [
    [f"{a} to {b}", f"{w:.0%}", f"{s:.0%}", f"{per_word ** ((a + b) / 2):.0%}"]
    for (a, b), w, s in zip(lengths, without, shares)
]
columns = ["English words", "exactly right: one vector", "attention"]
table([*columns, "attention, if each word were as safe as in short ones"], rows)

# %% name="by-length-guard" jupyter={"source_hidden": true}
assert shares[0] > 0.75 and shares[3] > 0.4 and without[3] < 0.2

# %% [markdown] name="grammar-answer"
r"""
Data, encoder, decoder, loop and number of steps are the same. The only difference is that the second decoder may look back, with the few parameters that it needs for this. A longer sentence still has more words that can go wrong, and the last column counts that. But the cliff is gone.

**Answer: yes. Nine words in ten look where they should, though nobody told the model. And most long sentences come out right.**

## 5 · Does it work on real sentences?

[Multi30k](https://github.com/multi30k/dataset) has captions of photographs, written in English and translated into French by people (Young and others 2014; Elliott and others 2016, 2017). We lower-case them and cut them into words and punctuation marks. A word that occurs only once gets no number of its own and becomes `<unk>`, for *unknown*.
"""

# %% name="real"
from attention_course.data import multi30k
from attention_course.data.unavailable import DatasetUnavailable

try:
    pairs, test = multi30k.pairs("train"), multi30k.pairs("test_2016_flickr")
    corpus = "Multi30k"
except DatasetUnavailable as why:
    print(f"Multi30k cannot be had here ({str(why).splitlines()[0]}), so we use the grammar.")
    learn = [(list(p.english), list(p.french)) for p in sentences[:10_000]]
    pairs, test = learn, [(list(p.english), list(p.french)) for p in unseen]
    corpus = "the grammar"
english = Vocabulary((source for source, _ in pairs), minimum=2)
french = Vocabulary((target for _, target in pairs), minimum=2)
rows = [[corpus, len(pairs), len(test), len(english), len(french)]]
table(["corpus", "pairs to learn from", "to test", "English words", "French words"], rows)

# %% [markdown] name="package-text"
r"""
For thirty thousand captions we use the package's RNNsearch and its training loop. It is the same model, but faster: whatever does not depend on the decoder's last state is computed for all words at once. With our weights, it gives our logits:
"""

# %% name="same"
from attention_course.lessons.lesson_04.same import as_in_the_package

package = as_in_the_package(small, small.encoder.embedding.num_embeddings, len(small.decoder.bias))
with torch.no_grad():
    ours, theirs = teacher_forcing(small, source, target), package(source, target[:, :-1])
assert torch.allclose(ours[0], theirs[0], atol=1e-4)                # logits
assert torch.allclose(ours[1], theirs[1], atol=1e-5)                # weights
del sentences, examples, ours, theirs, weights                      # to have room for what follows

# %% [markdown] name="train-text"
r"""
Real data ask for two additions. **Dropout** sets some numbers to zero at random in training. Here these are numbers of the word vectors, of the encoder's states and of the decoder's `wish`. At every step of a sentence they are the same ones. **Label smoothing** asks for 90 % of the probability on the right word, and spreads the rest over all words. Both keep the model from learning captions by heart. Dropout is for training only: `model.eval()` switches it off, and the package's loop calls it at its end. In your own loop, do not forget it. Everything would run, and the translations would be worse.

The loop is that of lesson 03 with three changes. A batch holds as many captions of like length as fit into 500 places. The learning rate rises linearly over the first tenth of the words, and then falls linearly to zero. And AdamW forgets old gradients sooner. The next cell takes most of the lesson's time.
"""


# %% name="train"
from attention_course import training
from attention_course.data.batches import encode_pairs
from attention_course.models import seq2seq
from attention_course.size import pick

TARGET_WORDS = {"Multi30k": pick(700_000, large=3_600_000), "the grammar": 300_000}[corpus]
usual = {"embedding_size": 128, "hidden_size": 128, "decoder_size": 256, "dropout": 0.2}
large = {"embedding_size": 192, "hidden_size": 192, "decoder_size": 384, "dropout": 0.3}
sizes = pick(usual, large)                                          # large ones for a GPU
settings = {"batch_tokens": 500, "learning_rate": 5e-3, "label_smoothing": 0.1}

use_threads()
seed_everything(0)
model = seq2seq.RNNsearch(len(english), len(french), **sizes)
examples = encode_pairs(pairs, english, french)
run = training.train(model, examples, target_tokens=TARGET_WORDS, **settings)
print(f"{run.used:,} French words in {run.seconds:.0f} s, in {run.precision} on {run.device}")

# %% name="inside-training" jupyter={"source_hidden": true}
from attention_course.data import batches
from attention_course.training import recipe, translators

look_inside(batches.cut, translators.sequence_loss, recipe.adamw, recipe.warm_up_then_decay)

# %% [markdown] name="bleu-text"
r"""
A real sentence has more than one right translation, so counting exact matches would be unfair. **BLEU** (Papineni and others 2002) counts how many words, pairs, triples and quadruples of words also occur in the reference. It takes the geometric mean of the four shares, and lowers it if the translations are too short. 100 is the reference itself. (We cut and lower-cased the words ourselves, so our figures cannot be compared with published ones.)
"""

# %% name="guess-long"
guess = predict(
    "Lesson 03's model lost long sentences. How will the BLEU of this one change from the shortest "
    "quarter of the captions to the longest?",
    ["it rises", "it falls by more than a third", "it falls by less than a third"],
)

# %% name="bleu"
from attention_course.decoding import translate
from attention_course.metrics import bleu_by_length, corpus_bleu

sources, references = [source for source, _ in test], [target for _, target in test]
translations = translate(model, sources, english, french)           # greedy, in batches
written = [translation.words for translation in translations]
bleu = corpus_bleu(written, references)
quarters = bleu_by_length(written, references, [len(source) for source in sources])
rows = [[f"{q.shortest} to {q.longest}", q.score] for q in quarters]
table(["English words", "BLEU"], [*rows, ["all captions", bleu.score]], digits=1)

# %% name="bleu-guard" jupyter={"source_hidden": true}
print(bleu)
assert bleu.score >= {"Multi30k": pick(35, large=50), "the grammar": 60}[corpus]

# %% name="reveal-long" jupyter={"source_hidden": true}
kept = quarters[-1].score / quarters[0].score
falls = "it falls by less than a third" if kept > 2 / 3 else "it falls by more than a third"
said = f"The longest quarter keeps {kept:.0%} of the BLEU of the shortest."
guess.reveal("it rises" if kept >= 1 else falls, said)

# %% [markdown] name="beside-text"
r"""
And without attention? We trained both models on the same captions, three times each, and longer than above. The model without attention is faster, so it was shown more words, to make the times about equal.
"""

# %% name="beside"
from attention_course import claims, results

measured = results.load("04_translation")
rows = []
for name, key in {"attention": "with", "one vector": "without"}.items():
    by_quarter = torch.tensor(measured[f"by_length_{key}"])[..., 3].mean(0)      # BLEU
    score = torch.tensor(measured[f"bleu_{key}"]).mean()
    rows.append([name, measured["budgets"][key], score, *by_quarter])
columns = ["", "words of training", "BLEU", "shortest quarter", "second", "third", "longest"]
table(columns, rows, digits=1)

# %% name="beside-guard" jupyter={"source_hidden": true}
left = [row[-1] / row[3] for row in rows]                           # longest by shortest quarter
assert 0.8 < left[0] < 0.86 and left[1] < 0.66

# %% name="claim"
claims.verdict("attention-helps-long-sentences")

# %% [markdown] name="real-answer"
r"""
Attention gains on short captions, too. Some of this gain has nothing to do with length: after so short a training, the model with attention may just have learned more. But the gain is larger where captions are long, and this is what the verdict tests.

**Answer: yes. From the shortest quarter to the longest it loses a sixth of its BLEU. One vector loses more than a third.**

## 6 · Where does it look, and how does it fail?

Here is a caption that it has never seen. Translate one of your own, too. The captions are about people, animals, sports and streets.
"""

# %% name="own-sentence"
mine = "a young man with a black dog is sitting on a bench ."

asked = multi30k.tokenize(mine, "en")
[found] = translate(model, [asked], english, french)
print(" ".join(found.words), "\nunknown:", [w for w in asked if w not in english.numbers] or "none")
labels = {"query_label": "French", "key_label": "English"}
plots.attention_map(found.weights, found.words, asked, **labels)

# %% [markdown] name="own-text"
r"""
The dark cells follow the diagonal, and leave it where French has another order: *a black dog* is *un chien noir*, a dog black. Now leaf through other captions, those with the largest jumps first. Where a row is smeared over many words, the model is not sure, and the translation is often wrong there.
"""

# %% name="explorer" jupyter={"source_hidden": true}
def jumps(i):  # the mean distance between places that are looked at one after the other
    return translations[i].weights.argmax(-1).diff().abs().float().mean().item()


every = range(len(translations))
fit = [i for i in every if 8 <= len(sources[i]) <= 14 and len(written[i]) > 6] or every
some = [i for i in fit if "<unk>" not in written[i]] or every       # of a model that knows little
some = sorted(some, key=lambda i: -jumps(i))[:40]


def caption(number):
    i = some[number - 1]
    return plots.attention_map(translations[i].weights, written[i], sources[i], **labels)


explore(caption, number=(1, len(some), 2))

# %% [markdown] name="unknown-text"
r"""
The model can only write words of its vocabulary, so at times it writes `<unk>`. Attention offers a way out: copy the English word with the largest weight (Jean and others 2015; Luong and others 2015). This can only be right for words that are the same in both languages, such as names and numbers.
"""

# %% name="copies"
from attention_course.decoding import copy_unknown

copied = [copy_unknown(t.words, source, t.weights) for t, source in zip(translations, sources)]
places = [(i, k) for i, ours in enumerate(written) for k, w in enumerate(ours) if w == "<unk>"]
good = sum(copied[i][k] in references[i] for i, k in places)
rows = [["<unk> written", len(places)], ["copied word is in the reference", good]]
rows += [["BLEU without copies", bleu.score]]
rows += [["BLEU with copies", corpus_bleu(copied, references).score]]
table(["", ""], rows, digits=1)

# %% [markdown] name="unknown-after"
r"""
That is rarely of use. Today's answer to `<unk>` is the **subword**: rare words are cut into pieces, and with a fixed list of pieces every word can be written (Sennrich, Haddow and Birch 2016). Lesson 15, to come, uses them.

A score of a corpus hides what went wrong, so read some errors. These captions are among those with the fewest words in common with their reference. For readers without French, one line shows where the model usually looks when it writes the word above, if there is such a place. The last line counts how often each missed word occurs in the training captions.
"""

# %% name="gloss" jupyter={"source_hidden": true}
seen = {}
for translation, source in zip(translations, sources):
    for word, place in zip(translation.words, translation.weights.argmax(-1).tolist()):
        seen.setdefault(word, Counter())[source[place]] += 1


def gloss(sentence):
    best = {word: seen[word].most_common(1)[0] for word in sentence}
    sure = {word: count / seen[word].total() > 0.4 for word, (_, count) in best.items()}
    return [best[word][0] if sure[word] and word != "<unk>" else "…" for word in sentence]

# %% name="errors"
def common(i):
    shared = Counter(written[i]) & Counter(references[i])
    return shared.total() / max(len(written[i]), len(references[i]))


worst = sorted(range(len(test)), key=common)
learned = Counter(word for _, target in pairs for word in target)
for i in (worst[0], worst[40], worst[80]):
    missed = [f"{w} {learned[w]}" for w in references[i] if w not in written[i]]
    print("English  ", *sources[i], "\nreference", *references[i])
    print("written  ", *written[i], "\nlooks at ", *gloss(written[i]))
    print("missed   ", ", ".join(missed), "\n")

# %% [markdown] name="errors-after"
r"""
Take the three that are printed here. Each has words that training hardly showed: *mcdo* twice, *scanne* once, *centrales* never. The model writes `<unk>` or a more frequent word in their place, and then the words around them go wrong, too. The boys, who should eat their lunch, fight for it (*se battent*). In the third caption the protest is gone. But not everything in the list is an error: *beaucoup de gens* and *de nombreuses personnes* both mean *many people*. BLEU cannot tell them from errors.

**Answer: it looks along the diagonal and jumps where the order changes. It fails on rare words.**

## 7 · Can it look ahead?

So far each step took the most probable word and never reconsidered it. This can lead into a dead end. Here greedy decoding takes *le*, but the most probable pair of words begins with *un*:
"""

# %% name="beam-picture" jupyter={"source_hidden": true}
tree = {"le": (0.55, {"petit": 0.4, "vieux": 0.35}), "un": (0.45, {"chat": 0.9, "chien": 0.05})}
diagrams.beam_tree(tree)

# %% [markdown] name="beam-text"
r"""
**Beam search** keeps the best few beginnings instead of one, continues each with every word, and again keeps the best few. Probabilities are multiplied, so their logarithms are added. Sentences that have ended are put aside, and those without an end come last. With `power=0` the best sentence is that with the largest sum. `power=1` is **length normalisation**: the sum is divided by the number of words.
"""

# %% name="beam"
@torch.no_grad()                                                    # the model is in eval mode
def beam_search(model, source, width=4, power=0, longest=50):       # one sentence: (1, S)
    memory, state = model.encode(source)
    beam, ended = [(0.0, [BOS], state)], []
    for _ in range(longest):
        longer = []
        for total, words, state in beam:
            logits, state, _ = model.step(torch.tensor(words[-1:]), state, memory)
            best = logits[0].log_softmax(-1).topk(width)
            for log_p, word in zip(best.values.tolist(), best.indices.tolist()):
                longer.append((total + log_p, [*words, word], state))
        longer = sorted(longer, key=lambda found: -found[0])[:width]
        ended += [found for found in longer if found[1][-1] == EOS]
        beam = [found for found in longer if found[1][-1] != EOS]
    return sorted(ended, key=lambda found: -found[0] / len(found[1]) ** power) + beam

# %% name="beam-try"
def by_beam(i, power=1):                                            # of caption i, the best
    best = beam_search(model, pad([english.encode(sources[i])]), power=power)[0]
    return french.decode(best[1])


def words_right(sentence, i):
    return (Counter(sentence) & Counter(references[i])).total()


i = next((i for i in fit if words_right(by_beam(i), i) > words_right(written[i], i)), fit[0])
print("English  ", *sources[i], "\nreference", *references[i])
print("greedy   ", *written[i], "\nbeam of 4", *by_beam(i))

# %% [markdown] name="beam-measured-text"
r"""
In the run that is printed here, *font du toit* (make of the roof) becomes *traversent le toit* (cross the roof). This is better French, but still not *réparent* (repair). We show the first caption in which the beam finds more words of the reference than greedy decoding does. In others it finds fewer, so one caption proves nothing.

A sum of logarithms gets smaller with every word. So the largest sum favours short sentences. What does this do to the translations of all captions?
"""

# %% name="guess-beam"
guess = predict(
    "A wider beam finds sentences that the model thinks more probable. Judged by their sums, are "
    "they better translations?",
    ["it makes no difference", "yes, the wider the better",
     "a narrow beam helps, a wide one harms"],
)

# %% name="beam-measured"
def mean(numbers):
    return sum(numbers) / len(numbers)


rows = [["greedy", "", mean(measured["bleu_with"]), ""]]
for runs in zip(*measured["beam_with"]):                            # one setting, three trainings
    judged = "mean" if runs[0]["power"] else "sum"
    bleus, words = mean([r["bleu"] for r in runs]), mean([r["words"] for r in runs])
    rows.append([f"beam of {runs[0]['width']}", judged, bleus, words])
rows.append(["references", "", "", mean(list(map(len, references)))])
table(["all test captions, 3 trainings", "judged by", "BLEU", "words per sentence"], rows, digits=1)

# %% name="reveal-beam" jupyter={"source_hidden": true}
four, sixteen = ([r[place]["bleu"] for r in measured["beam_with"]] for place in (0, 1))
gained, lost = mean(four) - mean(measured["bleu_with"]), mean(four) - mean(sixteen)
assert gained > 0.5 and lost > gained
guess.reveal(
    "a narrow beam helps, a wide one harms",
    f"A beam of 4 gains {gained:.1f} BLEU over greedy decoding. A beam of 16, judged by sums, has "
    f"{lost:.1f} less than that, and is worse than greedy: its sentences are too short. Judged by "
    "the mean, the wide beam is as good as the narrow one.",
)

# %% [markdown] name="beam-answer"
r"""
**Answer: yes, beam search keeps several beginnings. Divide by the length, or a wide beam writes short sentences.**

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = "import random\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import nn\n\n"
imports += "from attention_course.bar import bar  # a progress bar\n"
imports += "from attention_course.device import pick_device  # the GPU where it pays\n"
imports += "from attention_course.functional import masked_softmax  # lesson 01\n\n"
imports += "PAD, BOS, EOS = 0, 1, 2"
parts = [pad, built.read, Encoder, Decoder, Attention, RNNsearch, teacher_forcing]
parts += [translation_loss, built.batches, train, greedy, beam_search]
listing(*parts, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- **RNNsearch**: before each word, the decoder's state asks all encoder states, and gets a new **context vector**.
- The decoder's state is the query. The encoder's states (**annotations**) are keys and values.
- Nobody tells the model which words belong together. The weights become a soft **alignment** by themselves.
- Attention keeps long sentences, which one vector loses.
- **BLEU** counts words and short runs of words that are also in the reference.
- **Beam search** keeps several beginnings. It needs **length normalisation**.

Worth knowing by heart:

```
scores = torch.tanh(W_q(state)[:, None] + W_k(h)) @ u           # (B, S)
weights = masked_softmax(scores, mask)                          # (B, S)
context = (weights[:, None] @ h)[:, 0]                          # (B, key size)
```

<details><summary>1. A batch has 8 sentences of 12 English words. The encoder's states have 128 numbers. What shapes do weights and context have in one step?</summary>

The weights are (8, 12), one share for each English word. The context is (8, 128), as large as one encoder state.

</details>

<details><summary>2. Why can the products W_k(h) be computed once per sentence, and W_q(state) not?</summary>

The encoder's states stay the same during the translation. The decoder's state changes with every word.

</details>

<details><summary>3. A map of weights shows that "bank" looked at the right word, and the translation is still wrong. How can that be?</summary>

Attention only brings the vector of the word. The decoder has to choose among French words from it, and may know none that fits.

</details>

## Exercises, and where to go next

In the [exercises](exercises/04_translation.ipynb) you write the greedy loop, BLEU and a step of beam search. Then comes **[05 · Alignment](05_alignment.ipynb)**, which asks whether the words that the maps point to are the words that belong together.

### Sources

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, [arXiv:1409.0473](https://arxiv.org/abs/1409.0473) · Elliott, Frank, Sima'an, Specia: Multi30K: Multilingual English-German image descriptions. VL 2016, [arXiv:1605.00459](https://arxiv.org/abs/1605.00459) · Elliott, Frank, Barrault, Bougares, Specia: Findings of the second shared task on multimodal machine translation and multilingual image description. WMT 2017, [arXiv:1710.07177](https://arxiv.org/abs/1710.07177) · Jean, Cho, Memisevic, Bengio: On using very large target vocabulary for neural machine translation. ACL 2015, [arXiv:1412.2007](https://arxiv.org/abs/1412.2007) · Luong, Pham, Manning: Effective approaches to attention-based neural machine translation. EMNLP 2015, [arXiv:1508.04025](https://arxiv.org/abs/1508.04025) · Och, Ney: A systematic comparison of various statistical alignment models. Computational Linguistics 29 (2003) · Papineni, Roukos, Ward, Zhu: BLEU: a method for automatic evaluation of machine translation. ACL 2002 · Post: A call for clarity in reporting BLEU scores. WMT 2018, [arXiv:1804.08771](https://arxiv.org/abs/1804.08771) · Sennrich, Haddow, Birch: Neural machine translation of rare words with subword units. ACL 2016, [arXiv:1508.07909](https://arxiv.org/abs/1508.07909) · Young, Lai, Hodosh, Hockenmaier: From image descriptions to visual denotations. TACL 2 (2014). Equations (6) to (9) are numbered as in the survey of Nishida and Saito (2018), section 2.1.

Captions: Multi30k, derived from Flickr30k, for non-commercial research and education.
"""
