# %% [markdown] name="title"
r"""
# 13 · Training Transformers

In lesson 12, a small Transformer learned at once. It had two blocks on each side. The paper has six, with the norms in another place. So we stack six blocks, put the norms where the paper puts them, and train. No error is raised. The loss falls for some ten steps, and then it stands still. This lesson finds out why, and mends it.
"""

# %% name="story"
from attention_course.lessons.lesson_13 import diagrams
from attention_course.lessons.lesson_13.two_words import two_words
from attention_course.page import listing, look_inside, table
from attention_course.widgets import predict

levels = two_words(12)
diagrams.on_the_way_up({n: levels[n] for n in (0, 1, 2, 12)})

# %% [markdown] name="what-for"
r"""
Here two words go up through twelve blocks. Two of their numbers are shared, and two are their own. Each block adds the average of both words to each, as attention does that looks everywhere alike. At the left the norm stands behind the sum (**post-norm**): each block halves what is a word's own, beside what is shared. At the right (**pre-norm**) it fades much more slowly.

You need lessons 03, 10 and 12. Sections 1 to 6 take an hour. Sections 7 to 9 are what we measured, to look up when you need it.

## 1 · How does it look when training fails?

A block's parts are self-attention, in the decoder cross-attention, and a feed-forward network. How a part **joins** the word's vector $x$ is passed in:
"""

# %% name="joins"
from torch import nn


class PostNorm(nn.Module):                                          # 2017
    def __init__(self, E):
        super().__init__()
        self.norm = nn.LayerNorm(E)

    def forward(self, x, part):             # part: a function from (B, L, E) to (B, L, E)
        return self.norm(x + part(x))


class PreNorm(PostNorm):                                            # later
    def forward(self, x, part):
        return x + part(self.norm(x))

# %% name="block"
from attention_course.lessons.lesson_10.built import MultiHeadAttention


class Block(nn.Module):
    def __init__(self, E, H, hidden, dropout, cross=False, join=PostNorm):
        super().__init__()
        self.look, self.join_1 = MultiHeadAttention(E, H), join(E)
        if cross:
            self.cross, self.join_2 = MultiHeadAttention(E, H), join(E)
        self.feed = nn.Sequential(nn.Linear(E, hidden), nn.ReLU(), nn.Linear(hidden, E))
        self.join_3, self.drop = join(E), nn.Dropout(dropout)

    def forward(self, x, mask, h=None, h_mask=None):                # (B, L, E), h (B, S, E)
        x = self.join_1(x, lambda x: self.drop(self.look(x, mask=mask)[0]))
        if h is not None:
            x = self.join_2(x, lambda x: self.drop(self.cross(x, h, mask=h_mask)[0]))
        return self.join_3(x, lambda x: self.drop(self.feed(x)))    # (B, L, E)

# %% [markdown] name="stack-text"
r"""
All else is lesson 12's `Transformer`: sinusoids, Xavier's first random numbers, tied embeddings, and a norm at the end of each stack (which post-norm does not need). Everything is smaller, so that a training takes seconds:
"""

# %% name="stack"
from functools import partial

from attention_course.lessons.lesson_12.built import Transformer


def stack(words, N, join, E=32, H=4, hidden=64):                    # words: English, French
    block = partial(Block, join=join)
    return Transformer(*words, E=E, H=H, hidden=hidden, N=N, dropout=0, block=block)

# %% name="inside-12" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_12 import built as lesson_12

names = "enter causal_mask Encoder Decoder Transformer translation_loss write"
look_inside(MultiHeadAttention, *(getattr(lesson_12, name) for name in names.split()))

# %% [markdown] name="train-text"
r"""
The loop is lesson 12's, with optimizer, clipping and **schedule** passed in. A schedule takes the share of the training that is done, and gives a factor on the learning rate. `note` lets us look in between.
"""

# %% name="train"
import torch
from torch.optim.lr_scheduler import LambdaLR

from attention_course.device import pick_device
from attention_course.lessons.lesson_12.built import translation_loss


def decay(done):                                                    # no warm-up
    return 1 - done


def adamw(peak):                            # from a model to its optimizer; weight decay 0.01
    return lambda model: torch.optim.AdamW(model.parameters(), peak, (0.9, 0.98), fused=True)

# %% name="loop"
def train(model, batches, optimizer, schedule, clip=1.0, smoothing=0, note=lambda step: None):
    device = pick_device(model)
    descent, losses, steps = optimizer(model.to(device).train()), [], len(batches)
    rate = LambdaLR(descent, lambda step: schedule((step + 0.5) / steps))
    for step, batch in enumerate(batches):
        note(step)
        loss = translation_loss(model, *(part.to(device) for part in batch), smoothing)
        descent.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        descent.step()
        rate.step()                                                 # the rate of the next step
        losses.append(loss.detach())
    model.to("cpu").eval()
    return torch.stack(losses).cpu()

# %% [markdown] name="data-text"
r"""
The data are lesson 03's grammar, in 250 batches of at most 320 places on each side. No sentence comes twice, so each loss is one on unseen sentences, in nats per word.
"""

# %% name="data"
from itertools import islice

from attention_course.data import grammar
from attention_course.data.batches import encode_pairs, endless
from attention_course.data.vocabulary import Vocabulary
from attention_course.device import seed_everything, use_threads

pairs = grammar.pairs(15_000, part="train")
english, french = Vocabulary(p.english for p in pairs), Vocabulary(p.french for p in pairs)
examples = encode_pairs([(p.english, p.french) for p in pairs], english, french)
STEPS, PEAK, words = 250, 0.008, (len(english), len(french))
batches = list(islice(endless(examples, 320, seed=0), STEPS))

# %% name="guess-deep" jupyter={"source_hidden": true}
guess = predict(
    "Two post-norm blocks on each side come to a loss below 3. And six?",
    ["lower: more blocks can do more", "about the same", "to what the frequencies of words give"],
)

# %% name="fail"
use_threads(1)
courses, final, first = {}, {}, batches[0]
for N in (2, 6):
    seed_everything(0)
    model = stack(words, N, PostNorm)
    courses[N] = train(model, batches, adamw(PEAK), decay)
    final[N] = courses[N][-50:].mean().item()

# %% name="fail-table" jupyter={"source_hidden": true}
counts = sum(torch.bincount(target[:, 1:].flatten(), minlength=words[1]) for _, target in batches)
shares = counts[1:] / counts[1:].sum()                              # without padding
frequencies = -torch.special.xlogy(shares, shares).sum().item()
rows = [["2 blocks", final[2]], ["6 blocks", final[6]]]
table(["", "loss of the last 50 steps"], [*rows, ["only how frequent each word is", frequencies]])

# %% name="fail-picture" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_13 import figures

curves = {f"{N} blocks": course.view(-1, 10).mean(1).tolist() for N, course in courses.items()}
curves["frequencies alone"] = [frequencies] * (STEPS // 10)
figures.losses(range(5, STEPS, 10), curves)                         # means of ten steps

# %% name="reveal-deep" jupyter={"source_hidden": true}
assert final[2] < 3 and abs(final[6] - frequencies) < 0.15
guess.reveal(
    "to what the frequencies of words give",
    "Four blocks more, and nothing is left: the model could as well not read the sentence.",
)

# %% [markdown] name="fail-answer"
r"""
**Answer: no error, no NaN. The loss stands still where the frequencies of words alone would put it.**

## 2 · Where does it fail?

Two instruments say more than the loss. `alike` is the mean **cosine similarity** of the vectors at any two places of a batch: 0 for right angles, 1 for the same direction. `watch` sends a batch up through the decoder, and takes the length of each block's gradient.
"""

# %% name="alike"
import torch.nn.functional as F


@torch.no_grad()
def alike(x, real):                                                 # (B, L, E), (B, L)
    vectors = F.normalize(x[real], dim=-1)                          # (n, E), each of length 1
    n = len(vectors)
    cosines = vectors.sum(0).square().sum() - n                     # without each with itself
    return (cosines / (n * (n - 1))).item()

# %% name="watch"
from attention_course.data.vocabulary import PAD
from attention_course.lessons.lesson_12.built import causal_mask, enter


def watch(model, source, target):                                   # (B, S), (B, L + 1)
    source, target = (part.to(model.decoder.bias.device) for part in (source, target))
    decoder, previous, wanted = model.decoder, target[:, :-1], target[:, 1:].flatten()
    h, mask = model.encoder(source)
    levels = [enter(decoder.embedding, previous)]
    for block in decoder.blocks:
        levels.append(block(levels[-1], causal_mask(previous), h, mask))
    logits = decoder.logits(levels[-1]).flatten(0, 1)
    model.zero_grad()
    F.cross_entropy(logits, wanted, ignore_index=PAD).backward()
    blocks = [[p.grad.flatten() for p in block.parameters()] for block in decoder.blocks]
    gradients = [torch.cat(parts).norm().item() for parts in blocks]
    return [alike(x, previous != PAD) for x in levels], gradients

# %% name="watch-failed"
seed_everything(0)
new = stack(words, 6, PostNorm)
rows = []
for name, watched in {"before training": new, "after": model}.items():
    similar, gradients = watch(watched, *first)
    rows += [[f"{name}: alike", *similar[1:]], [f"{name}: gradient", *gradients]]
table(["decoder", *(f"block {n}" for n in range(1, 7))], rows, powers=True)

# %% name="watch-guard" jupyter={"source_hidden": true}
assert min(rows[2][2:]) > 0.99 > 0.9 > max(rows[0][1:])
assert rows[3][1] < 1e-5 * rows[3][6] and rows[1][1] > 0.1 * rows[1][6]

# %% [markdown] name="watch-text"
r"""
After the training, all words are the same vector from block 2 on. So every place must give the same answer, and the best single answer is how frequent each word is. And the gradient of block 1 is a tiny part of that of block 6. When does this happen?
"""

# %% name="first-steps"
rows = []
train(new, batches[:6], adamw(PEAK), lambda done: 1.0,
      note=lambda step: rows.append([step, watch(new, *first)]))
rows = [[step, similar[-1], gradients[0]] for step, (similar, gradients) in rows]
table(["steps done", "alike at the top", "gradient of block 1"], rows, powers=True)

# %% name="first-steps-guard" jupyter={"source_hidden": true}
assert rows[0][1] < 0.9 and rows[1][1] > 0.98 and rows[-1][2] < rows[0][2] / 100

# %% [markdown] name="where-answer"
r"""
**Answer: a single step makes all words alike at the top, and then the gradient fades.** (**Rank collapse**: Dong and others 2021 and Noci and others 2022 describe it before any training. Here the first step does it.)

## 3 · Why do the words become alike, and why is there no way back?

A third instrument looks at what the parts *add*: how alike it is for all words, and how large beside $x$. PyTorch calls `note` whenever $x$ and a part come to a join:
"""

# %% name="added"
@torch.no_grad()
def added(model, source, target):                                   # (B, S), (B, L + 1)
    previous, found = target[:, :-1], []

    def note(join, given):
        x, part = given
        y = part(join.norm(x) if isinstance(join, PreNorm) else x)
        real = previous != PAD
        found.append((alike(y, real), (y[real].norm() / x[real].norm()).item()))

    joins = [j for b in model.decoder.blocks for j in (b.join_1, b.join_2, b.join_3)]
    hooks = [join.register_forward_pre_hook(note) for join in joins]
    model(source, previous)
    for hook in hooks:
        hook.remove()
    return torch.tensor(found).view(-1, 3, 2).mean(1).T             # (2, N)

# %% name="added-table"
seed_everything(0)
new, rows = stack(words, 6, PostNorm), []
for when in ("before training", "after one step"):
    similar, size = added(new, *first)
    rows += [[f"{when}: alike", *similar], [f"{when}: size, x = 1", *size]]
    train(new, batches[:1], adamw(PEAK), lambda done: 1.0)
table(["what the parts add", *(f"block {n}" for n in range(1, 7))], rows)

# %% name="added-guard" jupyter={"source_hidden": true}
assert max(rows[0][1:]) < 0.9 and min(rows[2][2:]) > 0.9
assert min(rows[1][1:]) > 0.6 and 0.8 < min(rows[3][1:]) < max(rows[3][1:]) < 1.1

# %% [markdown] name="by-hand-text"
r"""
So the first step turns the parts into one thing: from block 2 on they add nearly the same vector to every word, as large as $x$. (Why one step can do this is section 5.)

What that does to a stack can be worked out with four numbers. *Cat* is (1, −1, 1, −1) and *mat* is (1, −1, −1, 1). Each has mean 0 and variance 1, so a layer norm leaves it as it is. Each block has one part, which gives all words the same: their average, here (1, −1, 0, 0).

- **Post-norm.** *Cat* becomes (2, −2, 1, −1), and the norm divides by the standard deviation, √2.5: (1.26, −1.26, 0.63, −0.63). What is shared was doubled, what is *cat*'s own was not. So each block halves the ratio of own to shared. After $n$ blocks it is 1 / 2ⁿ.
- **Pre-norm.** *Cat* becomes (2, −2, 1, −1), and stays so. The next block adds the average of a normalised *copy*: 1.26. So each block *adds* about as much to what is shared, and what is own stays 1. The ratio falls only as 1 / n: after twelve blocks it is 1 / 17.
"""

# %% name="guess-own" jupyter={"source_hidden": true}
guess = predict(
    "After twelve blocks in post-norm, what is left of cat's third number, which was 1?",
    ["about 1 / 12", "about 1 / 144", "about 1 / 3,000"],
)

# %% name="by-hand"
def average(x):                                         # attention that looks everywhere
    return x.mean(-2, keepdim=True).expand_as(x)


def climb(join, blocks):
    own = torch.ones(1, requires_grad=True)
    shared = torch.tensor([1.0, -1.0])
    cat, mat = torch.cat([shared, own, -own]), torch.cat([shared, -own, own])
    x = torch.stack([cat, mat])[None]                               # (1, 2, 4)
    for _ in range(blocks):
        x = join(x, average)
    top = F.layer_norm(x, (4,))[0, 0, 2]                            # the norm at the end; cat's own
    return top.item(), torch.autograd.grad(top, own)[0].item()

# %% name="by-hand-table"
rows = []
for blocks in (1, 2, 3, 6, 12):
    post, pre = climb(PostNorm(4), blocks), climb(PreNorm(4), blocks)
    rows.append([blocks, *post, *pre])
names = ["post-norm: own", "post-norm: gradient", "pre-norm: own", "pre-norm: gradient"]
table(["blocks", *names], rows, digits=4)

# %% name="reveal-own" jupyter={"source_hidden": true}
own = rows[-1][1]
assert abs(1 / own - 2_900) < 50 and all(abs(x - 1 / 12) < 0.005 for x in rows[-1][3:])
guess.reveal(
    "about 1 / 3,000",
    f"{own:.5f}: the ratio is 1 / 2¹², and the shared numbers have become √2. In pre-norm it is "
    f"{rows[-1][3]:.2f}, about 1 / 12.",
)

# %% [markdown] name="gradient-text"
r"""
(Both stacks end with a norm, which changes nothing in post-norm.) The gradient says how much the top changes when what tells the words apart changes at the bottom. Post-norm halves it, too, with every block that is added. In pre-norm it falls as 1 / n.

And with no $x$ in the sum at all? Here is the gradient of block 1 over that of the last block, in our decoder before any training:
"""

# %% name="vanishing"
class NoResidual(PostNorm):
    def forward(self, x, part):
        return part(self.norm(x))


rows, deep = [], (2, 6, 12)
for join in (NoResidual, PostNorm, PreNorm):
    row = [join.__name__]
    for N in deep:
        seed_everything(0)
        gradients = watch(stack(words, N, join), *first)[1]
        row.append(gradients[0] / gradients[-1])
    rows.append(row)
table(["gradient of block 1 / last block", *(f"{N} blocks" for N in deep)], rows, powers=True)

# %% name="vanishing-guard" jupyter={"source_hidden": true}
assert rows[0][2] < 1e-12 and rows[1][3] < 0.15 and all(1 < ratio < 3 for ratio in rows[2][1:])

# %% [markdown] name="vanishing-after"
r"""
**Without residual connections** the gradient is gone (**vanishing gradient**). Post-norm weakens it with depth, pre-norm does not. (Before training the parts add something else to each word, so this is milder than with our four numbers.)

**Answer: after one step the parts add nearly the same to every word. Then each post-norm block halves what is a word's own, and its gradient. In pre-norm both fall only as 1 / n, for $n$ blocks.**

## 4 · What mends it?

We try a **warm-up**, and then three cures, each together with the warm-up alone. In a warm-up the learning rate begins near zero, and rises to its peak during the first tenth of the training.
"""

# %% name="warm-up-schedule"
def warm_up(done, share=0.1):
    return done / share if done < share else (1 - done) / (1 - share)


AT = (0, 1, 2, 3, 5, 8, 12, 20, 30, 50, 100, 150, 200, STEPS)
tried, noted, sizes = {}, {}, {}

# %% name="attempt"
def attempt(name, join, schedule, peak=PEAK, start=lambda model: None):
    seed_everything(0)
    model, noted[name] = stack(words, 6, join), []
    start(model)
    sizes[name] = added(model, *first)[1].mean()                    # before training

    def note(step):
        if step in AT:
            similar, gradients = watch(model, *first)
            noted[name].append((step, similar[-1], gradients[0]))

    tried[name] = train(model, batches, adamw(peak), schedule, note=note)
    note(STEPS)
    print(f"{name}: {tried[name][-50:].mean():.2f}")
    return model

# %% name="warm-up"
warmed = attempt("warm-up", PostNorm, warm_up)

# %% [markdown] name="slower-text"
r"""
That is no better. Next, a quarter of this rate, 0.002:
"""

# %% name="slower"
slower = attempt("+ lower rate", PostNorm, warm_up, PEAK / 4)

# %% [markdown] name="smaller-text"
r"""
Now it learns, but slowly. Or is the first step too large because the parts are? We halve the first random numbers of all matrices in the blocks, and take the old rate:
"""

# %% name="smaller"
@torch.no_grad()
def smaller_start(model):
    for part in model.modules():
        if isinstance(part, nn.Linear):
            part.weight *= 0.5


smaller = attempt("+ smaller start", PostNorm, warm_up, start=smaller_start)

# %% [markdown] name="pre-text"
r"""
And last the other place of the norm, with the old start and the old rate:
"""

# %% name="pre"
mended = attempt("+ pre-norm", PreNorm, warm_up)

# %% name="cures-table" jupyter={"source_hidden": true}
rows = [["as in section 1", final[6], sizes["warm-up"]]]
rows += [[name, losses[-50:].mean(), sizes[name]] for name, losses in tried.items()]
table(["six blocks", "loss of the last 50 steps", "parts beside x, at the start"], rows)

# %% name="cures-guard" jupyter={"source_hidden": true}
warm, slow, small, pre = (row[1].item() for row in rows[1:])
assert abs(warm - frequencies) < 0.2 and frequencies - 1 < slow < frequencies - 0.3
assert small < slow - 0.5 and pre < slow - 0.5
assert sizes["warm-up"] > 0.7 and max(sizes["+ smaller start"], sizes["+ pre-norm"]) < 0.4

# %% name="watch-mended" jupyter={"source_hidden": true}
similar, gradients = watch(mended, *first)
rows = [["pre-norm: alike", *similar[1:]], ["pre-norm: gradient", *gradients]]
table(["decoder, after training", *(f"block {n}" for n in range(1, 7))], rows, powers=True)

# %% name="watch-mended-guard" jupyter={"source_hidden": true}
assert max(similar) < 0.4 and max(gradients) < 10 * min(gradients)

# %% [markdown] name="way-text"
r"""
In a stack that learns, the words differ at every block, and all gradients are of about one size. On the way, at the top and in block 1, the instruments saw this:
"""

# %% name="way"
figures.on_the_way(noted)

# %% name="way-guard" jupyter={"source_hidden": true}
top = {name: [a for _, a, _ in rows] for name, rows in noted.items()}
assert all(max(values) > 0.95 for values in top.values())           # all become alike
assert top["+ pre-norm"][-1] < 0.3 and top["+ smaller start"][-1] < 0.3
lowest = {name: min(g for *_, g in rows) for name, rows in noted.items()}
assert lowest["+ pre-norm"] > noted["+ pre-norm"][0][2] / 10 and lowest["warm-up"] < 1e-4
once = {step: (similar, gradient) for step, similar, gradient in noted["warm-up"]}
assert once[100][1] > 5 * once[30][1] and once[100][0] > 0.98      # up once more, and down again
quarter = noted["+ lower rate"]
assert min(g for *_, g in quarter) > 1e-3 and quarter[-1][1] < 0.7

# %% [markdown] name="way-after"
r"""
This is a surprise: in *every* training the words become alike within twenty steps. The frequencies of words are learned first, and they are the same at all places. What differs is the way back. In pre-norm the gradient of block 1 stays above a tenth of its first length, and the words part again. With the warm-up alone it falls by orders of magnitude, comes up once more, and falls for good.

The two best cures have one thing in common: **at the start, what a part adds is small beside $x$** (last column above). Then no block halves what is a word's own. A smaller start makes the parts small, pre-norm lets $x$ grow. (GPT-2, ReZero and DeepNorm begin with small parts, too: Radford and others 2019, Bachlechner and others 2021, Wang and others 2022.) A lower rate goes more slowly into the same hole, and the gradient does not fade as far.

Your own recipe (change it):
"""

# %% name="your-own"
yours = attempt("your own", PreNorm, warm_up, peak=PEAK, start=smaller_start)

# %% [markdown] name="mend-answer"
r"""
**Answer: with a warm-up, pre-norm or a smaller start keeps the way back open. The warm-up alone does not.**

## 5 · Why does one step do so much, and what does a warm-up do?

**Adam** (Kingma and Ba 2015; AdamW adds weight decay) divides the mean of past gradients by the root of the mean of their squares. (Both means are corrected for having begun at zero.) At the first step there is one gradient $g$, so the step is $g / \sqrt{g^2}$ times the learning rate: the sign of $g$.
"""

# %% name="guess-clip" jupyter={"source_hidden": true}
guess = predict(
    "Clipping multiplies all gradients by one factor, so that their length is at a limit. We clip "
    "to a hundredth of their length. How long is Adam's first step then?",
    ["a hundredth", "a tenth", "as long as before"],
)

# %% name="first-step"
def first_step(gradient, clip=None):
    number = nn.Parameter(torch.zeros(1))
    number.grad = torch.tensor([gradient])
    if clip:
        nn.utils.clip_grad_norm_([number], clip)
    torch.optim.Adam([number], lr=PEAK).step()
    return number.item()


rows = [[gradient, first_step(gradient), first_step(gradient, clip=gradient / 100)]
        for gradient in (1_000.0, 1.0, 0.001)]
table(["gradient", "Adam's first step", "clipped to a hundredth"], rows, digits=3)

# %% name="reveal-clip" jupyter={"source_hidden": true}
assert all(abs(step + PEAK) < 1e-5 for row in rows for step in row[1:])
guess.reveal(
    "as long as before",
    "Clipping multiplies all gradients by one factor, and Adam divides it out again. So clipping "
    "cannot soften the first step. A lower learning rate can.",
)

# %% [markdown] name="first-step-text"
r"""
So at the first step *each* number of the model moves by 0.008. What the first batch asks for is the same at all places: say what is frequent. A number computed from 32 others of size 1 moves by up to 32 · 0.008 = 0.26 then. As the words share much before any training (alike is 0.6 to 0.8), it moves in much the same direction at all places. Every matrix of every block does so at once, and what block 1 adds is passed on by the others. That is how one step makes the parts alike. With the warm-up it takes ten steps: the first of its 25 steps is 0.02 times the peak.

But if Adam divides by the size of the gradient, why does a small gradient matter? It divides by the size that it *remembers*. We compare the gradient of block 1 with Adam's root (medians over all numbers), in the training of section 1:
"""

# %% name="memory-of-adam"
seed_everything(0)
new, made, rows = stack(words, 6, PostNorm), [], []


def keep(model):                                                    # the optimizer within reach
    made.append(adamw(PEAK)(model))
    return made[0]


def look(step):
    if step in (1, 10, 30, 100):
        watch(new, *first)                                          # gradients in p.grad
        block, state = [*new.decoder.blocks[0].parameters()], made[0].state
        g = torch.cat([p.grad.flatten() for p in block]).abs().median()
        v = torch.cat([state[p]["exp_avg_sq"].flatten() for p in block]).median()
        root = (v / (1 - 0.98**step)).sqrt()
        rows.append([step, g, root, g / root])

# %% name="memory-of-adam-table"
train(new, batches[:101], keep, lambda done: 1 - done * 101 / STEPS, note=look)     # as above
table(["steps done", "gradient", "Adam's root", "gradient / root"], rows, powers=True)

# %% name="memory-of-adam-guard" jupyter={"source_hidden": true}
assert rows[0][3] > 0.05 and rows[1][3] < 1e-3 and rows[3][3] < 1e-4
assert rows[0][1] / rows[1][1] > 300 > 5 > rows[0][2] / rows[1][2]

# %% [markdown] name="chain"
r"""
The gradient falls to about a thousandth in ten steps. Adam's root, an average over some fifty steps, falls to a third. So block 1 stands still. The whole chain:

1. Adam's first steps move each number as far as the learning rate says, in the direction that all places share.
2. So the parts add nearly the same to every word.
3. If that is as large as $x$, each post-norm block halves what is a word's own, and its gradient.
4. The gradient at the bottom falls faster than Adam forgets. The lower blocks stand still.

Pre-norm and a smaller start break the chain at 3, a much lower rate at 1. Even there a warm-up saves steps, since the words need not part again from so far: section 6 has 2.7 with it and 3.0 without, for six pre-norm blocks. (Xiong and others 2020 see the danger of the first steps in the large gradients near the top of a post-norm stack, and show that pre-norm has none.)

After the warm-up the rate falls, and the model settles. Besides the straight line there are **inverse root** (the paper's), **cosine** (Loshchilov and Hutter 2017), and **warm-up, stable, decay** (WSD; Hu and others 2024), which may stay at its peak for as long as one likes.
"""

# %% name="schedules"
import math


def inverse_root(done, share=0.1):
    return done / share if done < share else math.sqrt(share / done)


def cosine(done, share=0.1):
    left = (1 - done) / (1 - share)                                 # 1 at the peak, 0 at the end
    return done / share if done < share else (1 - math.cos(math.pi * left)) / 2


def stable(done, share=0.1, end=0.2):
    return done / share if done < share else min(1, (1 - done) / end)

# %% name="schedules-picture" jupyter={"source_hidden": true}
named = {"linear": warm_up, "inverse root": inverse_root, "cosine": cosine, "stable": stable}
figures.schedules(named)

# %% [markdown] name="warm-up-answer"
r"""
**Answer: Adam's first step is as long as the learning rate, for every number. A warm-up makes it short; clipping does not.**

## 6 · Where is the border?

Was 0.008 an unlucky rate, or six an unlucky depth? We trained 288 stacks for 250 steps: six rates, four depths, both places of the norm, with and without a warm-up, three seeds.
"""

# %% name="guess-map" jupyter={"source_hidden": true}
guess = predict(
    "Twelve post-norm blocks on each side, with a warm-up: at which of the six rates do they learn "
    "more than frequencies?",
    ["at the lowest alone", "at the two or three lowest", "at none"],
)

# %% name="map"
from attention_course import results

measured = results.load("13_map")
peaks, depths = measured["peaks"], measured["depths"]
panels = {
    f"{join}, {'warm-up' if schedule == 'warm-up' else 'no warm-up'}":
        torch.tensor([list(row.values()) for row in of_depth.values()]).mean(-1).numpy()
    for join in ("post-norm", "pre-norm")
    for schedule, of_depth in measured["losses"][join].items()
}
figures.the_map(peaks, depths, panels, frequencies)

# %% name="reveal-map" jupyter={"source_hidden": true}
best = {name: panel.min(1) for name, panel in panels.items()}       # of each depth
assert min(best["post-norm, warm-up"][-1], best["post-norm, no warm-up"][-1]) > frequencies - 0.1
assert panels["pre-norm, warm-up"].max() < frequencies - 0.5 > panels["pre-norm, no warm-up"].max()
assert all((panels[f"{join}, warm-up"] < panels[f"{join}, no warm-up"] + 0.1).all()
           for join in ("post-norm", "pre-norm"))
six = [best[f"pre-norm, {name}"][depths.index(6)] for name in ("warm-up", "no warm-up")]
assert [f"{x:.1f}" for x in six] == ["2.7", "3.0"]
assert (best["pre-norm, warm-up"][1:] > best["pre-norm, warm-up"][:-1]).all()
for name in ("pre-norm, warm-up", "pre-norm, no warm-up"):
    for losses in panels[name]:
        assert losses[losses.argmin() - 3] > losses.min() + 0.49    # an eighth of the best rate
halved = measured["losses"]["post-norm, halved"]["warm-up"]["12"]
assert max(halved["0.002"]) < frequencies - 1 and min(halved["0.008"]) > frequencies - 0.1
guess.reveal("at none", "The lowest loss of the whole row is that of the frequencies.")

# %% [markdown] name="map-after"
r"""
Each number is a final loss (mean of three), dark is low. The best rate of a row is bold, where the stack learned more than frequencies. With twelve blocks, post-norm learns at none of the rates, and pre-norm at all. The smaller start moves the border: twelve post-norm blocks then learn at 0.002, and not at 0.008.

Yet the paper's model did train: with a peak of 0.0007, 4,000 steps of warm-up, and 100,000 in all. So we also trained for four times the steps, on as many more sentences, with a warm-up and three rates, for post-norm lower ones:
"""

# %% name="longer" jupyter={"source_hidden": true}
rows, long = [], {}
for join, of_depth in measured["longer"].items():
    for N, of_peak in of_depth.items():
        means = {peak: sum(runs) / 3 for peak, runs in of_peak.items()}
        peak = min(means, key=means.get)
        short = [sum(runs) / 3 for runs in measured["losses"][join]["warm-up"][N].values()]
        long[join, N] = means[peak]
        rows.append([f"{N} blocks, {join}", min(short), means[peak], peak])
table(["", "250 steps, best rate of six", "1,000 steps, best of three", "that is"], rows)

# %% name="longer-guard" jupyter={"source_hidden": true}
assert 1 < long["post-norm", "6"] < frequencies - 1.5 < 4 < long["post-norm", "12"]
assert abs(long["pre-norm", "2"] - long["pre-norm", "6"]) < 0.1 and long["pre-norm", "6"] < 0.4

# %% [markdown] name="longer-text"
r"""
So six post-norm blocks do learn, given a low rate and time, but stay far behind pre-norm. Twelve only begin to. And two pre-norm blocks do as well as six: this grammar needs no more depth.

Do such numbers come again? One row of the map, live:
"""

# %% name="row"
row = {PEAK: final[2]}
for peak in (0.001, 0.002, 0.004, 0.016, 0.032):
    seed_everything(0)
    row[peak] = train(stack(words, 2, PostNorm), batches, adamw(peak), decay)[-50:].mean().item()
before = measured["losses"]["post-norm"]["none"]["2"]
rows = [["now", *(row[peak] for peak in peaks)]]
rows += [["beforehand, the same seed", *(before[str(peak)][0] for peak in peaks)]]
table(["two post-norm blocks, no warm-up", *(f"{peak:g}" for peak in peaks)], rows)

# %% name="row-guard" jupyter={"source_hidden": true}
assert all(abs(a - b) < 0.3 for a, b in zip(rows[0][1:3], rows[1][1:3]))

# %% [markdown] name="map-answer"
r"""
**Answer: a deeper post-norm stack needs a lower rate, and so more steps. Pre-norm has no such border here.**

So when *your* loss stands still: (1) Compute the loss of the frequencies. (2) Look at `alike` at the top for some hundred steps: does it come down again? (3) Look at the gradient by block: does the bottom fall to a thousandth of the top? (4) Quarter the rate; warm up. (5) Halve the start, or put the norms in front.

## 7 · What are the ten practices worth?

The glossary article that this course follows recommends ten practices. Two need a word first. **Gradient accumulation** cuts a batch that is too large for memory into parts, and adds up their gradients. Each part must count by its words:
"""

# %% name="accumulate"
def total_loss(model, source, target):                              # of all real words
    return translation_loss(model, source, target, 0) * (target[:, 1:] != PAD).sum()


model, (source, target) = stack(words, 2, PreNorm), first
n = (target[:, 1:] != PAD).sum()
model.zero_grad()
(total_loss(model, source, target) / n).backward()                  # the whole batch
whole = [p.grad.clone() for p in model.parameters()]
model.zero_grad()
for some, wanted in zip(source.split(8), target.split(8)):          # eight sentences at a time
    (total_loss(model, some, wanted) / n).backward()                # adds to p.grad
assert all(torch.allclose(a, p.grad, atol=1e-6) for a, p in zip(whole, model.parameters()))

# %% [markdown] name="memory-text"
r"""
**Memory** holds what the backward pass needs. *Gradient checkpointing* keeps the inputs of the blocks, and computes the rest again. *Mixed precision* (bfloat16) keeps half the bytes. *Fused attention* never writes the weights down. Six blocks, four texts of 1,024 words, on a CPU with bfloat16:
"""

# %% name="memory" jupyter={"source_hidden": true}
memory = results.load("13_memory")
rows = []
for way, runs in memory["megabytes"].items():
    time = memory["time"]["1024"][way]
    megabytes = round(sum(runs["1024"]) / len(runs["1024"]))
    rows.append([way, megabytes, sum(time) / len(time)])
table(["", "peak, MB", "processor time, as it is = 1"], rows)

# %% [markdown] name="practices-text"
r"""
All ten, changed one at a time. The translator has four pre-norm blocks on each side: E = 64, H = 4, hidden = 128. It is trained with a peak of 0.006 for 500 steps of at most 320 places on each side, with five seeds. Losses are per word, on 500 unseen sentences. (Dropout was tried on captions, as in section 9.) The last column says whether the sentence holds *here*, by a threshold set beforehand:
"""

# %% name="guess-practice" jupyter={"source_hidden": true}
guess = predict(
    "Three of these pieces of advice do not hold in this training. Which one does?",
    ["clip the gradient", "take middle-sized batches", "use dropout and smoothing", "warm up"],
)

# %% name="practices" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_13.practices import practices

names = ["practice", "the glossary says", "compared", "difference or ratio, 95 %", "here"]
table(names, practices())

# %% name="reveal-practice" jupyter={"source_hidden": true}
runs = results.load("13_practices")["settings"]
loss = {name: sum(of["loss"]) / len(of["loss"]) for name, of in runs.items()}
usual = loss["as it is"]
cold = loss["schedule, decay alone"] - usual
assert cold > 0.2 and abs(loss["clip, none"] - usual) < 0.05
guess.reveal("warm up", f"Without it the loss is higher by {cold:.2f} nats per word.")

# %% [markdown] name="variants-text"
r"""
What else was tried, as losses (batches at the best of three rates, positions in the package's own Transformer, "decay alone" and "constant" without a warm-up, "He" and "normal" for the matrices of the blocks):
"""

# %% name="variants" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_13.practices import variants

table(["", "mean loss on unseen sentences"], variants())

# %% name="variants-guard" jupyter={"source_hidden": true}
assert loss["start, Xavier halved"] < usual and loss["start, as nn.Linear"] < usual
assert loss["start, normal, 0.02"] > usual + 1 < loss["start, normal, 1"] - 1
halved = sorted(runs["halved post-norm"]["loss"])
assert halved[2] < 0.4 < 1 < halved[3] and max(runs["start, Xavier halved"]["loss"]) < 0.4
falls = [loss[f"schedule, {name}"] for name in ("inverse root", "cosine", "stable")]
assert all(abs(fall - usual) < 0.15 for fall in falls)
assert loss["batch, 80, 0.003"] < usual < loss["batch, 1280, 0.006"] - 1
assert loss["positions, none"] > usual + 0.2 and (2 / (64 + 64)) ** 0.5 == 0.125
more = results.load("13_little_data")["more"]
last, bleu = ([sum(more[name][key]) for name in ("neither", "dropout")] for key in ("last", "bleu"))
assert last[1] < last[0] and bleu[1] < bleu[0] - 3

# %% [markdown] name="practices-after"
r"""
- **The usual start is not the best.** Halved, Xavier's numbers come to 0.29, not 0.38, as section 4 would have it. With them, post-norm at the same rate does as well in three seeds of five, and fails in two: pre-norm is what makes it safe. Numbers of size 0.02, as GPT-2 starts with at a width of 768, are too small at 64, where Xavier's √(2 / (inputs + outputs)) is 0.125.
- **Clipping changes nothing here.** It is for gradients that are suddenly large, and none comes in this training.
- **The smallest batches are best** for the same number of words: they make four times as many steps.
- **Dropout** lowers the loss on unseen captions after eight passes over 4,000 pairs, and yet costs BLEU. With 500 pairs it helps both (section 9).

**Answer: the place of the norm, the start, the warm-up and the size of the batch decide. The rest is fine-tuning, at this size.**

## 8 · Does another optimizer help, and can a learning rate be carried to a larger model?

**SGD** steps along the gradient, averaged over some ten steps (*momentum*; Nesterov's looks one step ahead). **AdamW** also makes matrices a little smaller at each step (**weight decay**, here 0.1). **Muon** (Jordan and others 2024) sets all singular values of a matrix's averaged gradient to about 1, and steps along that; the rest stays with AdamW. Each at the best of four rates (two in the last row), with three seeds; only in the last row the best is at the edge. *Exact* is the share of unseen sentences translated as the grammar does, processor time is beside AdamW's:
"""

# %% name="guess-optimizer" jupyter={"source_hidden": true}
guess = predict(
    "SGD with Nesterov's momentum, clipped to length 1: how does it compare with Adam?",
    ["it learns hardly anything", "it is clearly worse", "it is about as good"],
)

# %% name="optimizers" jupyter={"source_hidden": true}
optimizers = results.load("13_optimizers")
rows, seconds = [], {}
for name, peak in optimizers["best"].items():
    runs = optimizers["optimizers"][name][peak]
    seconds[name] = sum(runs["seconds"])
    span = f"{min(runs['loss']):.2f} to {max(runs['loss']):.2f}"
    rows.append([name, float(peak), sum(runs["loss"]) / 3, span, f"{sum(runs['exact']) / 3:.0%}"])
rows = [[*row, f"{seconds[row[0]] / seconds['AdamW']:.1f}"] for row in rows]
table(["", "best rate", "loss", "of the seeds", "exact", "processor time"], rows, digits=3)

# %% name="reveal-optimizer" jupyter={"source_hidden": true}
came = {name: x for name, _, x, *_ in rows}
assert abs(came["SGD, Nesterov momentum"] - came["Adam"]) < 0.1
assert came["AdamW, twice the steps"] < came["Muon"] < came["AdamW"] - 0.1
assert came["SGD, Nesterov, not clipped"] > came["SGD, Nesterov momentum"] + 0.05
diverged = optimizers["optimizers"]["SGD, Nesterov, not clipped"]["1.0"]["loss"]
assert min(diverged) == 99 and words[1] == 364                      # 99 stands for more
guess.reveal(
    "it is about as good",
    f"{came['SGD, Nesterov momentum']:.2f} against {came['Adam']:.2f} here. Not clipped it gets to "
    f"{came['SGD, Nesterov, not clipped']:.2f}, and at the highest rate it diverges. With plain "
    f"momentum it gets to {came['SGD, momentum']:.2f}.",
)

# %% [markdown] name="widths-text"
r"""
That SGD of one kind keeps up may be due to our 364 French words. On real text, with many rare words, Kunstner and others (2024) find it far behind Adam.

From the same words Muon learns most. In a little more time AdamW makes twice the steps, on twice as many sentences, and comes lower still. But where there are no more sentences, Muon pays.

Can a learning rate be found on a small model? When Adam moves every number of a row by the rate, a sum over the row moves by the rate times the width. So in **μP** (Yang and others 2022) the rate of the matrices of linear maps is divided by the width: here, multiplied by 32 / E. (μP has more rules.) Two pre-norm blocks, heads of 8 numbers, hidden = 2 E, 300 steps, three seeds:
"""

# %% name="widths" jupyter={"source_hidden": true}
by_width = {"one rate for all": optimizers["widths"]["one rate"],
            "μP: matrices, rate / width": optimizers["widths"]["μP"]}
by_width = {rule: {E: [sum(runs) / 3 for runs in row.values()] for E, row in of.items()}
            for rule, of in by_width.items()}
figures.widths(optimizers["peaks"], by_width)

# %% name="widths-guard" jupyter={"source_hidden": true}
one, muP = by_width.values()
at = {rule: [optimizers["peaks"][values.index(min(values))] for values in of.values()]
      for rule, of in by_width.items()}
assert list(at.values()) == [[0.016, 0.008, 0.004], [0.016, 0.016, 0.008]]
assert min(muP["128"]) < min(one["128"]) and muP["128"][4] < 0.6 < 2 < one["128"][4]

# %% [markdown] name="widths-after"
r"""
With one rate for all, the best rate halves when the width doubles. With μP it moves by one step in all.

**Answer: where there is more text, take more steps; where there is none, Muon pays. μP carries a rate to wider models.**

## 9 · What if data are few, or there is more compute?

A translator (E = 128, three blocks on each side, peak 0.002) learns from 500 captions of Multi30k, for over thirty passes, three seeds.
"""

# %% name="guess-few" jupyter={"source_hidden": true}
guess = predict(
    "At the end of the training, what has lowered the loss on unseen captions most?",
    ["a quarter of the width", "twice the data, as many steps", "dropout with label smoothing"],
)

# %% name="few" jupyter={"source_hidden": true}
few = results.load("13_little_data")["few"]
rows = []
for name, runs in few.items():
    rows.append([name, *(sum(runs[key]) / 3 for key in ("seen", "best", "last", "bleu"))])
table(["", "loss on these captions", "unseen: lowest", "unseen: end", "BLEU"], rows)

# %% name="reveal-few" jupyter={"source_hidden": true}
of = {name: dict(zip(("seen", "best", "last", "bleu"), numbers)) for name, *numbers in rows}
cures = ("a quarter of the size", "twice the data", "dropout and smoothing")
assert min(cures, key=lambda name: of[name]["last"]) == "dropout and smoothing"
assert of["nothing"]["seen"] < 0.1 and of["nothing"]["last"] > of["nothing"]["best"] + 0.5
assert of["a quarter of the size"]["last"] > of["nothing"]["last"]
others = [of[name]["bleu"] for name in of if name != "eight times the data"]
assert of["eight times the data"]["bleu"] > 1.5 * max(others)
same = [name for name in of if not name.endswith("data")]
assert max(same, key=lambda name: of[name]["bleu"]) == "weight decay 1"
assert of["dropout 0.3"]["bleu"] > of["nothing"]["bleu"] + 1.5
guess.reveal(
    "dropout with label smoothing",
    f"{of['dropout and smoothing']['last']:.2f} with both, and with neither "
    f"{of['nothing']['last']:.2f}.",
)

# %% name="few-courses" jupyter={"source_hidden": true}
chosen = ["nothing", "dropout and smoothing", "eight times the data"]
curves = {name: [sum(values) / 3 for values in zip(*few[name]["course"])] for name in chosen}
figures.courses(few["nothing"]["used"][0], curves)

# %% [markdown] name="few-after"
r"""
Without a cure, the model knows its captions by heart, and its loss on others falls and then rises: **overfitting**. **Early stopping** keeps the model of the lowest point. Of what uses these 500 captions alone, dropout with label smoothing ends with the lowest loss, weight decay with the best BLEU. A quarter of the width is no cure, at least at the same rate. No cure comes near eight times the data.

**And with more compute: more parameters, or more words?** We trained three sizes (E = 32, 64, 128, three pre-norm blocks on each side) on four amounts of words, with peaks of 0.008, 0.005 and 0.003, three seeds. Up to 400,000 words, no caption comes twice; 800,000 are nearly two passes. The dots are mean losses on unseen captions:
"""

# %% name="guess-budget" jupyter={"source_hidden": true}
guess = predict(
    "A model of 0.7 million parameters has seen 400,000 words. What lowers its loss more?",
    ["2.7 times the parameters", "twice the words", "both alike"],
)

# %% name="budget" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_13.budget import predicted

budget = results.load("13_budget")
D, law, losses = [*budget["words"], 800_000], budget["fitted"], budget["losses"]
named = {size: f"{N / 1e6:.1f} million" for size, N in budget["parameters"].items()}
seen = {named[size]: [sum(runs) / 3 for runs in losses[size].values()] for size in named}
drawn = {named[size]: [predicted(law, N, n) for n in D] for size, N in budget["parameters"].items()}
figures.budget(D, seen, drawn)

# %% name="twice" jupyter={"source_hidden": true}
N, rows = budget["parameters"], []
for name, size, words_seen in (("as it was", "64", 400_000), ("twice the words", "64", 800_000),
                               ("more parameters", "128", 400_000)):
    compute = N[size] * words_seen / (N["64"] * 400_000)
    mean = sum(losses[size][str(words_seen)]) / 3
    rows.append([name, f"{N[size] / 1e6:.1f} million", words_seen, f"{compute:.1f}", mean])
table(["", "parameters", "words", "compute, as it was = 1", "loss"], rows)

# %% name="reveal-budget" jupyter={"source_hidden": true}
assert rows[1][4] < rows[2][4] - 0.2 < rows[0][4] - 0.3
off = max(map(abs, budget["off"]))
assert 0.1 < off < 0.25 and len(seen[named["64"]]) == len(D) == len(seen[named["32"]]) + 1
beyond = [drawn[named[size]][-1] - seen[named[size]][-1] for size in ("64", "128")]
assert 0.05 < min(beyond) < max(beyond) < 0.2
guess.reveal(
    "twice the words",
    f"{rows[1][4]:.2f} against {rows[2][4]:.2f}, and for less compute.",
)

# %% [markdown] name="budget-after"
r"""
Compute is parameters times words. The curves are a **scaling law** (Hoffmann and others 2022): the loss is $c + A / P^a + B / W^b$ for $P$ parameters and $W$ words, fitted to the dots up to 400,000 words. Ours is a sketch: it misses dots by up to 0.2. But it says the same: so small a training is short of words. Of large models, Hoffmann and others found that both should grow together.

**Answer: dropout, weight decay and early stopping help; more data help more. With more compute, look which is short: here it is the words.**

## The whole thing to take away

Paste this below lesson 12's listing and delete the imports of `attention_course`: then it needs PyTorch alone. It replaces `Block`, `train` and `warm_up`; such a model writes with `write`, not with the cache. `batches` is a list of pairs `(source, target)`: word numbers (B, S) and (B, L + 1).
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = """import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from attention_course.data.vocabulary import PAD
from attention_course.device import pick_device
from attention_course.lessons.lesson_10.built import MultiHeadAttention
from attention_course.lessons.lesson_12.built import (
    Transformer, causal_mask, enter, translation_loss
)"""
parts = [PostNorm, PreNorm, Block, stack, smaller_start, decay, warm_up, inverse_root, cosine]
listing(*parts, stable, adamw, train, alike, watch, added, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- A training can fail without an error. Compare its loss with that of **the frequencies of words**, and look at vectors and gradients **by block**.
- In a deep **post-norm** stack all words become alike, and the gradient that could tell them apart fades.
- **Pre-norm** and a smaller start keep what a part adds small beside $x$. A **warm-up** helps beside them.
- **Adam's first step is as long as the learning rate**, for every number. Clipping does not change it.

Worth knowing by heart:

```
x = norm(x + part(x))        # post-norm: deep stacks need care
x = x + part(norm(x))        # pre-norm
rate = peak * min(done / 0.1, (1 - done) / 0.9)     # warm-up for a tenth, then down
```

<details><summary>1. A language model's loss has stood at 7.2 for an hour. How do you find out whether the model reads its input at all?</summary>

Compute the loss of the frequencies alone. If it is 7.2 too, look at `alike` at the top and at the gradients by block.

</details>

<details><summary>2. Why can a pre-norm stack be deeper than a post-norm stack?</summary>

Where the parts add the same to every word, each post-norm block halves what is a word's own, and its gradient. In pre-norm both fall only as 1 / n.

</details>

<details><summary>3. Your loss jumps up at step 3. You clip the gradients to a tenth. Why may nothing change?</summary>

Adam divides by the size of the gradients, so a common factor falls out. Lower the rate, or warm up for longer.

</details>

## Exercises, and where to go next

In the [exercises](exercises/13_training_transformers.ipynb) you write a schedule, clipping, AdamW, accumulation and label smoothing, and help a colleague whose loss stands still. Then go on with **[17 · Sparse and local attention](17_sparse_and_local.ipynb)**. Lessons 14 to 16, to come, train such stacks as BERT, GPT and ViT.

### Sources

Bachlechner, Majumder, Mao, Cottrell, McAuley: ReZero is all you need: fast convergence at large depth. UAI 2021, [arXiv:2003.04887](https://arxiv.org/abs/2003.04887) · Dong, Cordonnier, Loukas: Attention is not all you need: pure attention loses rank doubly exponentially with depth. ICML 2021, [arXiv:2103.03404](https://arxiv.org/abs/2103.03404) · Hoffmann et al.: Training compute-optimal large language models. NeurIPS 2022, [arXiv:2203.15556](https://arxiv.org/abs/2203.15556) · Hu et al.: MiniCPM: unveiling the potential of small language models with scalable training strategies. 2024, [arXiv:2404.06395](https://arxiv.org/abs/2404.06395) · Jordan et al.: Muon: an optimizer for hidden layers in neural networks. 2024, [kellerjordan.github.io/posts/muon](https://kellerjordan.github.io/posts/muon/) · Kingma, Ba: Adam: a method for stochastic optimization. ICLR 2015, [arXiv:1412.6980](https://arxiv.org/abs/1412.6980) · Kunstner, Yadav, Milligan, Schmidt, Bietti: Heavy-tailed class imbalance and why Adam outperforms gradient descent on language models. NeurIPS 2024, [arXiv:2402.19449](https://arxiv.org/abs/2402.19449) · Loshchilov, Hutter: SGDR: stochastic gradient descent with warm restarts. ICLR 2017, [arXiv:1608.03983](https://arxiv.org/abs/1608.03983) · Loshchilov, Hutter: Decoupled weight decay regularization. ICLR 2019, [arXiv:1711.05101](https://arxiv.org/abs/1711.05101) · Noci, Anagnostidis, Biggio, Orvieto, Singh, Lucchi: Signal propagation in Transformers: theoretical perspectives and the role of rank collapse. NeurIPS 2022, [arXiv:2206.03126](https://arxiv.org/abs/2206.03126) · Radford, Wu, Child, Luan, Amodei, Sutskever: Language models are unsupervised multitask learners. OpenAI, 2019 · Vaswani et al.: Attention is all you need. NIPS 2017, [arXiv:1706.03762](https://arxiv.org/abs/1706.03762) · Wang, Ma, Dong, Huang, Zhang, Wei: DeepNet: scaling Transformers to 1,000 layers. 2022, [arXiv:2203.00555](https://arxiv.org/abs/2203.00555) · Xiong et al.: On layer normalization in the Transformer architecture. ICML 2020, [arXiv:2002.04745](https://arxiv.org/abs/2002.04745) · Yang et al.: Tensor programs V: tuning large neural networks via zero-shot hyperparameter transfer. 2022, [arXiv:2203.03466](https://arxiv.org/abs/2203.03466) · the glossary article アテンションメカニズム (Attention mechanism, 2025), in Japanese.

Captions: Multi30k (see lesson 04), derived from Flickr30k, for non-commercial research and education.
"""
