# %% [markdown] name="title"
r"""
# 08 · Stacked attention

*What is in the basket with the cat?* You look for the cat, and then you look around it. You could not look there at once: the question does not say which basket it is. Yang and others (2016) built a network that does the same. It looks at a picture, adds what it has found to the question, and looks again.
"""

# %% name="story" jupyter={"source_hidden": true}
import torch

from attention_course.lessons.lesson_08 import diagrams
from attention_course.page import listing, look_inside, table
from attention_course.widgets import explore, predict

things = ["cat", "key", "boat"]
regions = torch.tensor([[1.0, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]])   # (3, 5)
queries = torch.zeros(3, 8)
queries[:, 0] = 6
queries[1:, 3] = 1
queries[2, 6] = 1
diagrams.two_looks(things, regions, queries, scores=[[6.0, 0, 0], [0, 6, 0]])

# %% [markdown] name="what-for"
r"""
A cat and a key lie in the left basket, a boat lies in the right one. The first look finds the cat, and fetches its basket. The second look finds the other thing in this basket.

To answer questions about pictures is called **visual question answering** (VQA). One look is a **hop**, and several hops are **stacked attention** (or multi-hop attention). You build such a network here. You need lessons 01 to 03. Sections 1 to 3 take twenty minutes, the rest half an hour. The machine works for about a minute.

## 1 · How do two looks answer it?

Each thing is one **region** of the picture. Five numbers describe it: is it a cat, a key, a boat, and is it in the left or in the right basket? The query has eight numbers: which thing the question *names*, which *basket* was found, and which thing is the *answer*. It begins with $q^{(0)} = (6, 0, 0 \mid 0, 0 \mid 0, 0, 0)$.

**Step 1, scores.** Hop 1 compares the named thing with each region. The cat gets 6, the key 0, the boat 0.

**Step 2, weights.** The softmax gives the cat $e^6 / (e^6 + 2) = 403 / 405 = 0.995$, and 0.002 to each of the others.

**Step 3, context.** Hop 1 fetches the basket of what it sees: nearly (1, 0), the left one.

**Step 4, add.** With the context, the query becomes, rounded, $q^{(1)} = (6, 0, 0 \mid 1, 0 \mid 0, 0, 0)$. It says *left basket*, which the question did not say.

Hop 2 takes the same four steps with its own matrices. It gives 6 points to things in the found basket, and takes 6 points from the named thing. So the cat gets 6 − 6 = 0, the key 6, the boat 0. The softmax gives 0.995 to the key. Hop 2 fetches what this thing is, and the last query says *answer: key*.

Each hop has a matrix $W^Q$, which takes from the query what is compared, and a matrix $W^V$, which takes from the regions what is fetched:
"""

# %% name="matrices"
W_q, W_v = torch.zeros(2, 8, 5), torch.zeros(2, 5, 8)               # of hops 1 and 2
W_q[0, :3, :3] = torch.eye(3)                                       # hop 1: look for what is named,
W_v[0, 3:, 3:5] = torch.eye(2)                                      # fetch its basket
W_q[1, 3:5, 3:] = 6 * torch.eye(2)                                  # hop 2: look in this basket,
W_q[1, :3, :3] = -torch.eye(3)                                      # not for what is named,
W_v[1, :3, 5:] = torch.eye(3)                                       # fetch what it is

# %% name="two-looks" tags=["nbval-check-output"]
def look_by_hand(q, regions, m, extra=0.0):                         # (8), (3, 5)
    scores = (q @ W_q[m]) @ regions.T + extra                       # step 1: (3)
    weights = scores.softmax(-1)                                    # step 2: (3)
    context = weights @ (regions @ W_v[m])                          # step 3: (8)
    return q + context, weights                                     # step 4: (8)


q0 = torch.tensor([6.0, 0, 0, 0, 0, 0, 0, 0])
q1, weights1 = look_by_hand(q0, regions, 0)
q2, weights2 = look_by_hand(q1, regions, 1)
rows = [["first look", *weights1, q1.round().int()], ["second look", *weights2, q2.round().int()]]
table(["", *things, "query after it, rounded: named, basket, answer"], rows, digits=3)

# %% name="picture-guard" jupyter={"source_hidden": true}
assert torch.allclose(torch.stack([q0, q1, q2]), queries, atol=0.01)

# %% [markdown] name="hand-answer"
r"""
As a formula, with $r_i$ for region $i$, and $z_i$ and $a_i$ for its score and its weight in hop $m$:

$$z_i^{(m)} = \mathrm{score}(q^{(m-1)}, r_i), \qquad a^{(m)} = \mathrm{softmax}(z^{(m)}), \qquad c^{(m)} = \sum_i a_i^{(m)} \, r_i W^V, \qquad q^{(m)} = q^{(m-1)} + c^{(m)}$$

Yang and others write $u$ for the query: $u^{(m)} = u^{(m-1)} + c^{(m)}$. They have no $W^V$, and add up the regions themselves. Here that would mix the named thing and the finds: (6, 0, 0) + (1, 0, 0) + (0, 1, 0) = (7, 1, 0) for cat, key and boat. $W^V$ puts each find into a place of its own.

**Answer: the first look fetches what the question does not say. It is added to the query, and the second look can use it.**

## 2 · Could one look do it?

Perhaps a better score would send the first look to the key at once. Compare two pictures. In the first, the cat lies beside the key. In the second, the cat has moved into the basket of the boat, so the answer is now *boat*. Key and boat have not changed. To tell their weights apart, let the score of the boat be larger by 1.
"""

# %% name="guess-odds"
guess = predict(
    "In the first look, key and boat have some share of the weights. What happens to the ratio "
    "of these two weights when the cat moves?",
    ["it turns round: the boat is now beside the cat", "nothing, to the last digit",
     "it depends on the score function"],
)

# %% name="odds" tags=["nbval-check-output"]
moved = regions.clone()
moved[0] = torch.tensor([1.0, 0, 0, 0, 1])                          # the cat, in the right basket

rows = []
for name, picture in {"cat beside the key": regions, "cat beside the boat": moved}.items():
    q1, weights1 = look_by_hand(q0, picture, 0, extra=torch.tensor([0, 0, 1.0]))
    _, weights2 = look_by_hand(q1, picture, 1)
    rows.append([name, weights1[1] / weights1[2], weights2[1] / weights2[2]])
table(["key : boat, ratio of weights", "first look", "second look"], rows, digits=4)

# %% name="reveal-odds" jupyter={"source_hidden": true}
assert rows[0][1] == rows[1][1]
guess.reveal(
    "nothing, to the last digit",
    "The ratio is exp(score of the key − score of the boat). Each of these scores compares the "
    "question with one region. The cat is in neither of them.",
)

# %% [markdown] name="odds-answer"
r"""
The softmax divides all weights by the same sum, so the ratio is $a_i / a_j = \exp(z_i - z_j)$. In the first look, $z_i$ depends on the question and on region $i$ alone. As long as a region's vector knows nothing of its neighbours, no training and no score function can change that. In the second look, the query has been at the cat.

One objection is left. A first look may fetch a little of everything, and a large network behind it may work out the answer from this mixture. Section 7 trains such networks.

**Answer: one look cannot prefer the thing beside the cat, because it compares each region with the question alone.**

## 3 · How is it programmed?

A hop is attention with one query. We use the additive score of lesson 02, as Yang and others do. Its learned vector is $u$, as in lesson 02 (not the query of Yang and others). A batch has B questions about B pictures of S regions. Queries and regions have E = 64 numbers, and they are compared in D = 64 numbers. `masked_softmax` is from lesson 01: where the mask is False, the weight is 0.
"""

# %% name="hop-imports"
from torch import nn

from attention_course.functional import masked_softmax


# %% name="hop"
class Hop(nn.Module):
    def __init__(self, E, D):
        super().__init__()
        self.norm = nn.LayerNorm(E)
        self.W_q = nn.Linear(E, D, bias=False)
        self.W_k = nn.Linear(E, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)
        self.W_v = nn.Linear(E, E, bias=False)

    def forward(self, q, regions, mask=None):                       # (B, E), (B, S, E), (B, S)
        asked = self.W_q(self.norm(q))[:, None]                     # (B, 1, D)
        scores = torch.tanh(asked + self.W_k(regions)) @ self.u     # step 1: (B, S)
        weights = masked_softmax(scores, mask)                      # step 2: (B, S)
        context = (weights[:, None] @ self.W_v(regions))[:, 0]      # step 3: (B, E)
        return q + context, weights                                 # step 4: (B, E)

# %% [markdown] name="network-text"
r"""
`nn.LayerNorm` standardises the numbers of each query, with a learned scale and shift. So a query that several contexts were added to is compared like a fresh one. Stacked attention is a loop over hops, which all look at the same regions:
"""

# %% name="loop-of-hops"
def look_again(hops, q, regions, mask=None):
    maps = []
    for hop in hops:
        q, weights = hop(q, regions, mask)
        maps.append(weights)
    return q, torch.stack(maps, 1)                                  # (B, E), (B, hops, S)

# %% [markdown] name="around-text"
r"""
Around it stands a small network:
"""

# %% name="network-picture" jupyter={"source_hidden": true}
diagrams.network()

# %% [markdown] name="network-after"
r"""
A GRU (lesson 03) reads the question, and its last state is $q^{(0)}$. After the last hop, one matrix gives a logit to each of 30 possible answers.
"""

# %% name="network"
class StackedAttention(nn.Module):
    def __init__(self, words, region_size, answers, hops, E=64, D=64):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        self.encoder = nn.GRU(E, E, batch_first=True)
        self.see = nn.Sequential(nn.Linear(region_size, E), nn.Tanh(), nn.LayerNorm(E))
        self.hops = nn.ModuleList(Hop(E, D) for _ in range(hops))
        self.answer = nn.Linear(E, answers)

    def forward(self, regions, words, mask=None, hops=None):        # (B, S, 120), (B, 17), (B, S)
        q = self.encoder(self.embedding(words))[1][0]               # the GRU's last state: (B, E)
        q, maps = look_again(self.hops[:hops], q, self.see(regions), mask)
        return self.answer(q), maps                                 # (B, answers), (B, hops, S)

# %% [markdown] name="code-answer"
r"""
With `hops=1` only the first hop looks. We need this in section 5. (The paper has an LSTM or a convolutional network in place of the GRU, a bias in the score, and no normalisation.)

**Answer: a hop is attention that ends in `q + context`, and the network is a loop over hops.**

## 4 · What do we ask?

We make the pictures ourselves, so that no question can be answered with fewer steps than it seems to take. Six baskets with two things in each give twelve cells. A picture shows twelve of 18 kinds of things. Each of six colours comes twice, but never twice in one basket.
"""

# %% name="data"
from attention_course.data.scenes import CREDIT
from attention_course.device import seed_everything, use_threads
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.drawing_bank import drawing_banks
from attention_course.models.small_encoder import an_encoder

use_threads(1)
seed_everything(0)
train_bank, test_bank = drawing_banks(an_encoder())                 # two sets of drawings
generator = torch.Generator().manual_seed(1)
scenes = vqa.random_scenes(1000, generator)                         # kinds and colours (1000, 12)
drawings = test_bank.variants(1000, generator)                      # which drawing: (1000, 12)

# %% name="picture" jupyter={"source_hidden": true}
from attention_course import plots


def in_cells(i):
    pairs = zip(scenes.kinds[i], scenes.colours[i])
    return [f"{vqa.COLOURS[colour]} {vqa.KINDS[kind]}" for kind, colour in pairs]


print(CREDIT)
figure = plots.Picture((1.5, 1.45), alt=f"Cell by cell: {', '.join(in_cells(0))}.")
ax = figure.subplots()
ax.imshow(test_bank.picture(scenes, drawings, 0), interpolation="nearest")
ax.set_axis_off()
figure

# %% [markdown] name="questions-text"
r"""
So each thing has exactly one other thing of its colour, and exactly one other thing in its basket. Questions are chains of these two relations:
"""

# %% name="questions" tags=["nbval-check-output"]
rows = [[form.steps, f"{' '.join(form.words('bicycle'))}?"] for form in vqa.FORMS]
table(["steps", "question"], rows)

# %% [markdown] name="example-text"
r"""
What is one example? Each cell goes through EfficientNet, a network that was trained on photographs. It goes by itself, so that its vector knows nothing of its neighbours. Its 112 output channels are averaged over the cell and standardised (mean 0, standard deviation 1). Eight more numbers tell the place: six for the basket, two for left or right in it, each 0 or 3.

A question is the numbers of up to 17 words, with 0 for the empty places *in front*. The GRU reads these zeros, too, but it ends at the last word. The answer is a number from 0 to 29: 18 kinds, 6 colours, 6 baskets. Each step of a question leads to one cell. These cells are its **chain**, three numbers; a shorter question repeats its last cell. The network is never given the chain. We use it to judge the maps, and the curriculum of section 5 uses it for its masks.
"""

# %% name="example"
asked = vqa.random_questions(scenes, (2,), generator)               # one about each picture
parts_of_it = {"regions": test_bank.regions(scenes, drawings), "words": asked.tokens}
parts_of_it |= {"answer": asked.answer, "chain": asked.chain}
rows = [[name, list(part.shape), str(part.dtype)] for name, part in parts_of_it.items()]
print(" ".join(vqa.WORDS[word] for word in asked.tokens[0] if word), "->",
      vqa.ANSWERS[asked.answer[0]], "| chain", asked.chain[0].tolist())
table(["1,000 examples", "shape", "numbers"], rows)

# %% name="inside-data" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank

look_inside(vqa.random_scenes, vqa.random_questions, vqa.ask, DrawingBank)

# %% [markdown] name="data-answer"
r"""
Every kind in every colour was drawn 12 times for training, and 6 more times for testing, with other sizes, places and light. Each batch has new random pictures.

**Answer: questions of one, two and three steps, each of which leads to exactly one thing.**

## 5 · How is it trained?

The loss is the cross-entropy of the right answer. So why not take all questions and train? We tried it with two hops, on 1,100 batches of 256 questions of one or two steps. *Hop 1 follows* says how often its largest weight lies on the named thing in questions of two steps. A look at random does this in one of twelve cases, 8 %.
"""

# %% name="failure"
from attention_course import results

controls = results.load("08_controls")


def row_of(name, key):
    right = torch.tensor(controls[key]["accuracy"])                 # (3 trainings, 2)
    hop_1 = torch.tensor(controls[key]["follows"])[:, 0]
    seeds = [", ".join(f"{share:.0%}" for share in part) for part in (*right.T, hop_1)]
    return [name, *seeds]


columns = ["two hops, three trainings", "1 step", "2 steps", "hop 1 follows"]
names = {"all at once": "two hops, all at once"}
names["few things in the pictures first"] = "two hops, few things first"
table(columns, [row_of(*pair) for pair in names.items()])

# %% [markdown] name="why-grow"
r"""
In the first row the network guesses, even where one step is enough. At the beginning a hop spreads its weights nearly evenly over twelve cells, so the cell that matters makes a twelfth of the context.

In the second row most cells are masked at first, but never those of the chain. Over 300 updates the pictures fill up. Now even a look at random finds what matters, and questions of one step are learned. Those of two steps are not. A likely reason is that the two hops need each other. As long as hop 2 looks at random, it is of no use that hop 1 finds the named thing. As long as hop 1 does not, hop 2 has nothing to follow. Hop 1 even avoids the named thing, which is never the answer. (Longer training, or another rate, may yet get there. We did not find out.)

The remedy is old: begin with what is easy (Elman 1993). It is called **curriculum learning** (Bengio and others 2009). Here the network **grows**. Hop 1 is trained first, on questions of one step, and learns to find what is named. Then hop 2 joins, with questions of two steps, and two more things help it:

- **A good start.** The new hop begins with a copy of the last hop's $W^V$. So it fetches things in a form that the answer's matrix knows. In training the two matrices move apart.
- **The others keep still.** For 400 updates only the new hop and the answer's matrix learn. Otherwise its wrong answers would teach hop 1 to look elsewhere. After that, the older parts learn at a fiftieth of the rate.
"""

# %% name="plan-picture" jupyter={"source_hidden": true}
diagrams.growing()

# %% name="plan"
class Stage:
    def __init__(self, updates, steps, filling=0, joins=False, still=0, slow=1.0):
        self.updates = updates          # how many batches
        self.steps = steps              # of the longest questions; so often the model looks
        self.filling = filling          # updates in which the pictures fill up
        self.joins = joins              # whether a new hop joins
        self.still = still              # updates in which the new hop learns alone
        self.slow = slow                # the older parts' share of the learning rate after that


plan = [Stage(updates=200, steps=1, filling=150),
        Stage(updates=900, steps=2, filling=300, joins=True, still=400, slow=0.02)]

# %% [markdown] name="batch-text"
r"""
A batch has new pictures, new questions, and the mask. At first a cell that is not in the chain is there with probability 0.1, and in the end always.
"""

# %% name="batch"
def one_batch(bank, scenes, stage, i, generator):
    asked = vqa.random_questions(scenes, tuple(range(1, stage.steps + 1)), generator)
    filled = i / stage.filling if i < stage.filling else 1.0
    there = torch.rand(asked.tokens.shape[0], vqa.CELLS, generator=generator) < 0.1 + 0.9 * filled
    mask = there.scatter(1, asked.chain, True)                      # the chain is always there
    drawings = bank.variants(len(mask), generator)
    return bank.regions(scenes, drawings), asked.tokens, mask, asked.answer

# %% [markdown] name="rates-text"
r"""
The optimizer gets the parts as groups, each with its own rate: group 0 reads and sees, group $m$ is hop $m$, the last group is the answer's matrix. When hop $m$ joins, the groups before $m$ are older.
"""

# %% name="rates"
def parts(model):
    reading = nn.ModuleList([model.embedding, model.encoder, model.see])
    return [{"params": list(part.parameters())} for part in (reading, *model.hops, model.answer)]


def set_rates(model, optimizer, stage, i, rate):
    older = 1.0
    if stage.joins and stage.steps <= len(model.hops):
        older = 0.0 if i < stage.still else stage.slow
        if i == 0:                                                  # a good start
            new, last = model.hops[stage.steps - 1], model.hops[stage.steps - 2]
            new.W_v.load_state_dict(last.W_v.state_dict())
    for number, part in enumerate(optimizer.param_groups):
        part["lr"] = rate * (older if number < stage.steps else 1.0)
        for weights in part["params"]:
            weights.requires_grad_(part["lr"] > 0)                  # at rest: no gradient

# %% [markdown] name="loop-text"
r"""
The rest is the loop of lesson 03, with AdamW and with gradients clipped at length 1. The learning rate rises to 0.005 over 100 updates, and falls to zero in the last fifth.
"""

# %% name="step"
import torch.nn.functional as F

from attention_course.bar import bar
from attention_course.device import pick_device


def train_step(model, optimizer, batch, hops):
    *given, answer = batch
    loss = F.cross_entropy(model(*given, hops)[0], answer)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()

# %% name="loop"
def grow(model, bank, plan, seed=0, size=256):
    device = pick_device(model)
    model.to(device)
    optimizer = torch.optim.AdamW(parts(model))
    generator, losses = torch.Generator().manual_seed(seed), []
    updates = [(stage, i) for stage in plan for i in range(stage.updates)]
    drawn = bar(vqa.scene_batches(len(updates), size, generator), len(updates), "updates")
    for (stage, i), scenes in zip(updates, drawn, strict=False):
        done, left = len(losses) + 1, len(updates) - len(losses)
        rate = 5e-3 * min(1.0, done / 100, left / (0.2 * len(updates)))
        set_rates(model, optimizer, stage, i, rate)
        batch = [part.to(device) for part in one_batch(bank, scenes, stage, i, generator)]
        losses.append(train_step(model, optimizer, batch, min(stage.steps, len(model.hops))))
    model.to("cpu").requires_grad_(True)
    return torch.tensor(losses)

# %% name="train"
seed_everything(0)
model = StackedAttention(len(vqa.WORDS), 120, len(vqa.ANSWERS), hops=2)
losses = grow(model, train_bank, plan)
print(f"mean loss of the last hundred updates: {losses[-100:].mean():.3f}")

# %% name="examine"
from attention_course.lessons.lesson_08.examining import evaluate
from attention_course.lessons.lesson_08.multi_hop_vqa.baselines import chance

examined = evaluate(model, test_bank, steps=(1, 2))                 # 6,000 new questions
rows = [
    ["1 step", examined.accuracy(1), chance(1), examined.on_chain(0, 0, 1), ""],
    ["2 steps", examined.accuracy(2), chance(2), *(examined.on_chain(m, m, 2) for m in (0, 1))],
]
table(["unseen drawings", "right", "by guessing", "hop 1 follows", "hop 2 follows"], rows)

# %% name="train-guard" jupyter={"source_hidden": true}
assert examined.accuracy(1) > 0.95 and examined.accuracy(2) > 0.8
print(f"1 step {examined.accuracy(1):.1%}, 2 steps {examined.accuracy(2):.1%}")

# %% name="inside-evaluate" jupyter={"source_hidden": true}
look_inside(evaluate)

# %% [markdown] name="grown-text"
r"""
*By guessing* means: one of the eleven other things in the picture, one of six colours, or one of six baskets. Nearly all answers are right, after as many batches as in the failures above. Is the order enough? As a control, we began with easy questions and few things, but let all parts learn all the time:
"""

# %% name="order-alone" jupyter={"source_hidden": true}
name = "two hops, easy questions, too"
assert all(two < 0.2 for _, two in controls[name]["accuracy"])
table(columns, [row_of("easy questions first, all parts learn", name)])

# %% [markdown] name="order-text"
r"""
The order is not enough. Questions of two steps are guessed again, and hop 1 does not look at what they name.

**Answer: the first hop learns alone, on questions that one look can answer. Then it keeps still while the next hop learns to follow.**

## 6 · Where does it look?

Ask the trained network. The picture is shown once for each hop. The stronger the colours of a cell, the larger its weight. The scale below is the same for all maps. A red frame shows where the step should lead.
"""

# %% name="ask" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_08.hop_maps import hop_maps
from attention_course.lessons.lesson_08.multi_hop_vqa.drawing import SIDE, corner

forms = {" ".join(form.words("…")): form for form in vqa.FORMS if form.steps == 2}
corners = [corner(cell) for cell in range(vqa.CELLS)]


def answered(picture, question, about):
    only = vqa.Scenes(*(part[picture : picture + 1] for part in scenes))
    form = torch.tensor([vqa.FORMS.index(forms[question])])
    asked = vqa.ask(only, form, torch.tensor([about]))
    with torch.no_grad():
        logits, maps = model(test_bank.regions(only, drawings[[picture]]), asked.tokens)
    return asked, vqa.ANSWERS[logits[0].argmax()], maps[0]

# %% name="explorer" jupyter={"source_hidden": true}
def ask(picture, question, about):
    asked, said, maps = answered(picture, question, about)
    right = vqa.ANSWERS[asked.answer[0]]
    words = question.replace("…", vqa.KINDS[scenes.kinds[picture, about]])
    heading = f"{words}? Answer: {said} ({'right' if said == right else f'it is {right}'})"
    image, steps = test_bank.picture(scenes, drawings, picture), asked.chain[0, :2].tolist()
    named = in_cells(picture)
    return hop_maps(image, maps, corners, SIDE, named, expected=steps, heading=heading)


choices = [*list(forms)[1:], next(iter(forms))]
describe = {"about": "about cell"}
explore(ask, picture=(0, 99, 3), question=choices, about=(0, 11, 4), describe=describe)

# %% [markdown] name="cover-text"
r"""
Hop 1 goes to the thing that is named. Hop 2 goes where the relation leads.

Does the second look depend on the first? We mask the named thing in hop 1 only. Hop 2 may see everything, so it could still find the way by itself. Two controls: we mask the named thing in hop 2 only, or another thing in both.
"""

# %% name="guess-cover"
guess = predict(
    "Hop 1 cannot see the thing that is named, hop 2 can. How many questions of two steps are "
    "answered rightly?",
    ["fewer than one in five", "about half", "nearly as many as before"],
)

# %% name="cover"
named = asked.chain[:, :1]
is_free = torch.ones(1000, vqa.CELLS).scatter(1, asked.chain, 0.0)  # not in the chain
another = is_free.multinomial(1, generator=generator)               # (1000, 1)


@torch.no_grad()
def right_without(cells, masked_hops):
    everything = torch.ones(1000, vqa.CELLS, dtype=torch.bool)
    seen = model.see(parts_of_it["regions"])
    q = model.encoder(model.embedding(asked.tokens))[1][0]
    for m, hop in enumerate(model.hops, 1):
        q, _ = hop(q, seen, everything.scatter(1, cells, m not in masked_hops))
    return (model.answer(q).argmax(-1) == asked.answer).float().mean().item()

# %% name="cover-table"
covered = right_without(named, [1])
rows = [["the named thing, in hop 1", covered]]
rows += [["the named thing, in hop 2", right_without(named, [2])]]
rows += [["another thing, in both", right_without(another, [1, 2])]]
table(["masked", "right answers, 2 steps"], rows)

# %% name="reveal-cover" jupyter={"source_hidden": true}
right = ["fewer than one in five", "about half", "nearly as many as before"]
guess.reveal(
    right[0 if covered < 0.2 else 1 if covered < 0.7 else 2],
    f"It is {covered:.0%}, and guessing gets {chance(2):.0%}. The network does not complain: it "
    "gives an answer as always.",
)

# %% [markdown] name="cover-answer"
r"""
**Answer: hop 1 looks at what is named, hop 2 at what the relation leads to. Without the find of hop 1, hop 2 is lost.**

## 7 · Is it the second look that helps?

Two hops have more parameters than one, and fetch more. Perhaps that is all. Three controls take these reasons away, each trained three times:

- **Side by side.** Two hops that both ask with $q^{(0)}$. All parameters are there, and both contexts are added, but no look knows what the other has found.
- **One look, larger answer.** One hop, and a hidden layer of 152 ReLUs before the logits. It has as many parameters as two hops.
- **One look, very large, longer.** The same with 2,000 ReLUs, and 4,200 updates in place of 1,100.
"""

# %% name="controls" jupyter={"source_hidden": true}
names = ["side by side, grown", "one look, larger answer", "one look, very large, longer"]
rows = [[*row_of(name, name), controls[name]["parameters"][0]] for name in names]
live = [examined.accuracy(1), examined.accuracy(2), examined.on_chain(0, 0, 2)]
size = sum(parameter.numel() for parameter in model.parameters())
rows.append(["your two hops", *(f"{share:.0%}" for share in live), size])
table(["three trainings each", *columns[1:], "parameters"], rows)

# %% name="inside-controls" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_08.controls import OneLook, SideBySide

look_inside(SideBySide, OneLook)

# %% [markdown] name="controls-text"
r"""
All three answer questions of one step, and do little better than guessing in those of two. Side by side, hop 1 often finds the named thing, but no other look can use it.

Now one, two and three hops, each trained three times on questions of all three lengths. The plan has a third stage, and 1,600 updates in which all parts learn alike (`experiments/08_stacked_attention.py`). A model without the hop that would join learns with all its parts.
"""

# %% name="guess-hops"
guess = predict(
    "How well will two hops do on questions of three steps?",
    ["as well as three hops", "clearly better than one hop, and worse than three",
     "hardly better than one hop"],
)

# %% name="hops-figure" jupyter={"source_hidden": true}
measured = results.load("08_stacked_attention")
figure = plots.Picture((6.0, 2.6))
shares = {hops: torch.tensor(measured["accuracy"][str(hops)]) for hops in (1, 2, 3)}    # (3, 3)
for steps, ax in enumerate(figure.subplots(1, 3, sharey=True), 1):
    for hops, of_seeds in shares.items():
        places = [hops - 0.1, hops, hops + 0.1]
        ax.plot(places, of_seeds[:, steps - 1], "o", color="#2a598c", markersize=5, alpha=0.75)
    ax.axhline(chance(steps), color="#4d4d4d", linestyle=":", linewidth=1)
    ax.text(3.5, chance(steps) + 0.03, "guessing", ha="right", fontsize=8, color="#4d4d4d")
    ax.set(title=f"{steps} step{'s' * (steps > 1)}", xlabel="hops", xticks=[1, 2, 3])
    ax.set(xlim=(0.5, 3.5), ylim=(0, 1.04), ylabel="right answers" if steps == 1 else "")
    ax.spines[["top", "right"]].set_visible(False)
means = [f"{h} hops {', '.join(f'{a:.2f}' for a in s.mean(0))}" for h, s in shares.items()]
figure.alt = f"Right answers to 1, 2 and 3 steps, a dot a training. Means: {'; '.join(means)}."
figure

# %% name="reveal-hops" jupyter={"source_hidden": true}
one, two, three = (shares[hops][:, 2].mean().item() for hops in (1, 2, 3))
assert two - one < 0.1 and three - two > 0.5
guess.reveal(
    "hardly better than one hop",
    f"On three steps, one hop gets {one:.0%}, two hops {two:.0%}, three hops {three:.0%} "
    "(means of three trainings).",
)

# %% name="hops-table" jupyter={"source_hidden": true}
baselines = {"the question alone": "question", "a place for each question": "position"}
found = measured["baselines"]
rows = [[name, *(f"{a:.0%}" for a in found[key])] for name, key in baselines.items()]
rows.append(["guessing", *(f"{chance(steps):.0%}" for steps in (1, 2, 3))])
for hops, of_seeds in shares.items():
    by_steps = [", ".join(f"{a:.0%}" for a in part) for part in of_seeds.T]
    rows.append([f"{hops} hop{'s' * (hops > 1)}, three trainings", *by_steps])
table(["right answers", "1 step", "2 steps", "3 steps"], rows)

# %% name="inside-baselines" jupyter={"source_hidden": true}
from attention_course.lessons.lesson_08.multi_hop_vqa.baselines import position_only, question_only

look_inside(question_only, position_only)

# %% [markdown] name="hops-text"
r"""
With as many hops as a question has steps, nearly all answers are right. With one hop less, the network does little better than guessing.

The first two rows of the table are **baselines**. One gives the answer that was right most often for the same question, counted on 400,000 examples. The other chooses a cell for each question, and reads off what stands there. Neither beats guessing, so there is no way round the chain.

One training of three hops is right on only 81 % of the questions of three steps. Its hop 2 has the largest weight on its cell in only 25 %. So many answers are right although the map does not follow the chain: its other weights must carry something. (The plan was tried out on these same drawings, which flatters the figures.) Here are the maps of seed 0 for a question of three steps:
"""

# %% name="chain" jupyter={"source_hidden": true}
shown = measured["shown"]
maps, chain = torch.tensor(shown["maps"]), torch.tensor(shown["chain"])
followed = (maps.argmax(-1) == chain).all(1)                        # (40)
i = int(followed.float().argmax())                                  # the first that is followed
scenes = vqa.Scenes(torch.tensor(shown["kinds"]), torch.tensor(shown["colours"]))
question = vqa.FORMS[shown["form"][i]].words(vqa.KINDS[scenes.kinds[i, chain[i, 0]]])
heading = f"{' '.join(question)}? Answer: {vqa.ANSWERS[shown['said'][i]]}"
image = test_bank.picture(scenes, torch.tensor(shown["variants"]), i)
print(f"{followed.sum()} of {len(followed)} pictures are followed in all three steps.", CREDIT)
hop_maps(image, maps[i], corners, SIDE, in_cells(i), expected=chain[i].tolist(), heading=heading)

# %% name="astray-guard" jupyter={"source_hidden": true}
follows = torch.tensor(measured["chain"]["3"])[:, 2, 1, 1]          # hop 2, in questions of 3 steps
print("hop 2 follows, three trainings:", ", ".join(f"{share:.0%}" for share in follows))
assert sorted(share < 0.5 for share in follows) == [False, False, True]

# %% [markdown] name="claims-text"
r"""
Nishida and Saito make three statements about such networks. We wrote down what would count as true before we measured:
"""

# %% name="claims"
from attention_course import claims

claims.table("08_stacked_attention")

# %% [markdown] name="hops-answer"
r"""
The second row needs care: the masks of the plan all but told hop 1 where to look.

Hops were also stacked over sentences in place of regions, in **memory networks** (Sukhbaatar and others 2015). On photographs the gain is small. Yang and others found that two layers beat one on four data sets, by 0.1 to 1.4 points (on COCO-QA 61.6 % against 60.7 %). A third layer gave no gain.

**Answer: yes. In all these trainings, one step more needed one look more, and a look that knows what the last one has found.**

## The whole thing to take away
"""

# %% name="listing" jupyter={"source_hidden": true}
imports = "import torch\nimport torch.nn.functional as F\n"
imports += "from torch import nn\n\n"
imports += "from attention_course.bar import bar  # a progress bar\n"
imports += "from attention_course.device import pick_device  # the GPU where it pays\n"
imports += "from attention_course.functional import masked_softmax  # lesson 01\n"
imports += "from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa  # section 4"
built = [Hop, look_again, StackedAttention, Stage]
built += [one_batch, parts, set_rates, train_step, grow]
listing(*built, imports=imports)

# %% [markdown] name="remember"
r"""
## What to remember

- **Stacked attention** looks several times at the same regions. Each look is a **hop**.
- After each hop, the context vector is added to the query. The next hop can ask for something that the question does not name.
- In one look, the ratio of two weights depends on the query and on these two regions only.
- Hops that start together can fail: each needs the other. A **curriculum** trains one hop first, and then adds the next.
- Before you believe a result in **visual question answering**, ask what the question alone achieves.

Worth knowing by heart:

```
for hop in hops:
    scores = torch.tanh(hop.W_q(q)[:, None] + hop.W_k(regions)) @ hop.u     # (B, S)
    q = q + (scores.softmax(-1)[:, None] @ hop.W_v(regions))[:, 0]          # (B, E)
```

<details><summary>1. A batch has 32 questions, 49 regions and E = 64. Which shapes have the weights of one hop, and the query after three hops?</summary>

The weights of one hop are (32, 49). The query is (32, 64) before and after every hop.

</details>

<details><summary>2. Three hops look side by side, all with the question as query. Why can they not replace three hops in a row?</summary>

No hop knows what another one has found.

</details>

<details><summary>3. Why are the first hop's parameters kept still while the second hop begins to learn?</summary>

The second hop still looks at random. The gradient of its wrong answers would spoil the first hop.

</details>

## Exercises, and where to go next

In the [exercises](exercises/08_stacked_attention.ipynb) you write the hops, follow a chain without a network, and build the baseline that looks at one place. In **[09 · Self-attention](09_self_attention.ipynb)** all words ask at once, and they ask each other.

### Sources

Yang, He, Gao, Deng, Smola: Stacked attention networks for image question answering. CVPR 2016, [arXiv:1511.02274](https://arxiv.org/abs/1511.02274) · Sukhbaatar, Szlam, Weston, Fergus: End-to-end memory networks. NeurIPS 2015, [arXiv:1503.08895](https://arxiv.org/abs/1503.08895) · Elman: Learning and development in neural networks: the importance of starting small. Cognition 48 (1993) · Bengio, Louradour, Collobert, Weston: Curriculum learning. ICML 2009 · EfficientNet's features: see lesson 06 · Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese, section 3.2.

Pictures: OpenMoji, CC BY-SA 4.0.
"""
