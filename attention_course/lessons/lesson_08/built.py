"""What lesson 08 builds, as it stands there: its experiment and its exercises import it. A test holds both together."""

import torch
import torch.nn.functional as F
from torch import nn

from attention_course.bar import bar
from attention_course.device import pick_device
from attention_course.functional import masked_softmax
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa


class Hop(nn.Module):
    """One look: q^(m) = q^(m-1) + c^(m), where c^(m) is attention over the regions with q^(m-1) as the query.

    mask: (B, S), True = may be looked at. Gives the next query (B, E) and the weights (B, S).
    """

    def __init__(self, E, D):
        super().__init__()
        self.norm = nn.LayerNorm(E)
        self.W_q = nn.Linear(E, D, bias=False)
        self.W_k = nn.Linear(E, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)
        self.W_v = nn.Linear(E, E, bias=False)

    def forward(self, q, regions, mask=None):  # (B, E), (B, S, E), (B, S)
        asked = self.W_q(self.norm(q))[:, None]  # (B, 1, D)
        scores = torch.tanh(asked + self.W_k(regions)) @ self.u  # step 1: (B, S)
        weights = masked_softmax(scores, mask)  # step 2: (B, S)
        context = (weights[:, None] @ self.W_v(regions))[:, 0]  # step 3: (B, E)
        return q + context, weights  # step 4: (B, E)


def look_again(hops, q, regions, mask=None):
    """One hop after the other: the last query, and the weights of every hop."""
    maps = []
    for hop in hops:
        q, weights = hop(q, regions, mask)
        maps.append(weights)
    return q, torch.stack(maps, 1)  # (B, E), (B, hops, S)


class StackedAttention(nn.Module):
    """Answers a question about the regions of a picture in several hops (Yang et al. 2016, "Stacked attention networks
    for image question answering", CVPR; survey, section 3.2).

    hops: look only that many times. Gives the logits (B, answers) and the weights of every hop (B, hops, S).

    The paper's u is our q, its v_i are our regions. Here differ: the encoder is a GRU (the paper has an LSTM or
    convolutions), queries and regions are normalised, the score has no bias, and every hop has a value matrix of its
    own, where the paper adds up the v_i themselves: without one, what the hops found lies in the sum as if it had been
    found at once.
    """

    def __init__(self, words, region_size, answers, hops, E=64, D=64):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        self.encoder = nn.GRU(E, E, batch_first=True)
        self.see = nn.Sequential(nn.Linear(region_size, E), nn.Tanh(), nn.LayerNorm(E))
        self.hops = nn.ModuleList(Hop(E, D) for _ in range(hops))
        self.answer = nn.Linear(E, answers)

    def forward(self, regions, words, mask=None, hops=None):  # (B, S, 120), (B, 17), (B, S)
        q = self.encoder(self.embedding(words))[1][0]  # the GRU's last state: (B, E)
        q, maps = look_again(self.hops[:hops], q, self.see(regions), mask)
        return self.answer(q), maps  # (B, answers), (B, hops, S)


class Stage:
    """A stage of a curriculum."""

    def __init__(self, updates, steps, filling=0, joins=False, still=0, slow=1.0):
        self.updates = updates  # how many batches
        self.steps = steps  # of the longest questions; so often the model looks
        self.filling = filling  # updates in which the pictures fill up
        self.joins = joins  # whether a new hop joins
        self.still = still  # updates in which the new hop learns alone
        self.slow = slow  # the older parts' share of the learning rate after that


def one_batch(bank, scenes, stage, i, generator):
    """Regions, words, mask and answers of update i of a stage."""
    asked = vqa.random_questions(scenes, tuple(range(1, stage.steps + 1)), generator)
    filled = i / stage.filling if i < stage.filling else 1.0
    there = torch.rand(asked.tokens.shape[0], vqa.CELLS, generator=generator) < 0.1 + 0.9 * filled
    mask = there.scatter(1, asked.chain, True)  # what the question is about is always there
    drawings = bank.variants(len(mask), generator)
    return bank.regions(scenes, drawings), asked.tokens, mask, asked.answer


def parts(model):
    """Parts that learn each at its own rate: what reads and sees, every hop, the answer."""
    reading = nn.ModuleList([model.embedding, model.encoder, model.see])
    return [{"params": list(part.parameters())} for part in (reading, *model.hops, model.answer)]


def set_rates(model, optimizer, stage, i, rate):
    """Learning rates of the parts in update i of a stage: where a hop joins, the older parts keep still at first."""
    older = 1.0
    if stage.joins and stage.steps <= len(model.hops):
        older = 0.0 if i < stage.still else stage.slow
        if i == 0:  # the new hop begins with the values of the one before
            new, last = model.hops[stage.steps - 1], model.hops[stage.steps - 2]
            new.W_v.load_state_dict(last.W_v.state_dict())
    for number, part in enumerate(optimizer.param_groups):
        part["lr"] = rate * (older if number < stage.steps else 1.0)
        for weights in part["params"]:
            weights.requires_grad_(part["lr"] > 0)  # at rest: no gradients, less work


def train_step(model, optimizer, batch, hops):
    """One update. Gives the loss."""
    *given, answer = batch
    loss = F.cross_entropy(model(*given, hops)[0], answer)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def grow(model, bank, plan, seed=0, size=256):
    """Train in the stages of a plan, with new pictures and questions in every batch. Gives the loss of each update."""
    device = pick_device(model)
    model.to(device)
    optimizer = torch.optim.AdamW(parts(model))
    generator, losses = torch.Generator().manual_seed(seed), []
    updates = [(stage, i) for stage in plan for i in range(stage.updates)]
    drawn = bar(vqa.scene_batches(len(updates), size, generator), len(updates), "updates")
    for (stage, i), scenes in zip(updates, drawn, strict=False):
        done, left = len(losses) + 1, len(updates) - len(losses)
        rate = 5e-3 * min(1.0, done / 100, left / (0.2 * len(updates)))  # up, and down at the end
        set_rates(model, optimizer, stage, i, rate)
        batch = [part.to(device) for part in one_batch(bank, scenes, stage, i, generator)]
        losses.append(train_step(model, optimizer, batch, min(stage.steps, len(model.hops))))
    model.to("cpu").requires_grad_(True)
    return torch.tensor(losses)
