"""What lesson 13 builds, as it stands there. A test holds both together."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from attention_course.data.vocabulary import PAD
from attention_course.device import pick_device
from attention_course.lessons.lesson_10.built import MultiHeadAttention
from attention_course.lessons.lesson_12.built import Transformer, causal_mask, enter, translation_loss


class PostNorm(nn.Module):
    """The norm stands behind the sum (2017)."""

    def __init__(self, E):
        super().__init__()
        self.norm = nn.LayerNorm(E)

    def forward(self, x, part):  # part: a function from (B, L, E) to (B, L, E)
        return self.norm(x + part(x))


class PreNorm(PostNorm):
    """The norm stands in front of the part (later)."""

    def forward(self, x, part):
        return x + part(self.norm(x))


class NoResidual(PostNorm):
    """What the part found goes on alone."""

    def forward(self, x, part):
        return part(self.norm(x))


class Block(nn.Module):
    """Lesson 12's block, with the way in which a part joins x passed in."""

    def __init__(self, E, H, hidden, dropout, cross=False, join=PostNorm):
        super().__init__()
        self.look, self.join_1 = MultiHeadAttention(E, H), join(E)
        if cross:
            self.cross, self.join_2 = MultiHeadAttention(E, H), join(E)
        self.feed = nn.Sequential(nn.Linear(E, hidden), nn.ReLU(), nn.Linear(hidden, E))
        self.join_3, self.drop = join(E), nn.Dropout(dropout)

    def forward(self, x, mask, h=None, h_mask=None):  # (B, L, E), h (B, S, E)
        x = self.join_1(x, lambda x: self.drop(self.look(x, mask=mask)[0]))
        if h is not None:
            x = self.join_2(x, lambda x: self.drop(self.cross(x, h, mask=h_mask)[0]))
        return self.join_3(x, lambda x: self.drop(self.feed(x)))  # (B, L, E)


def stack(words, N, join, E=32, H=4, hidden=64):
    """A translator with N blocks on each side. words: of both vocabularies."""
    block = partial(Block, join=join)
    return Transformer(*words, E=E, H=H, hidden=hidden, N=N, dropout=0, block=block)


@torch.no_grad()
def smaller_start(model):
    """Halve the first random numbers of all matrices in the blocks."""
    for part in model.modules():
        if isinstance(part, nn.Linear):
            part.weight *= 0.5


def decay(done):
    """The factor on the learning rate when this share of the training is done: linearly to zero."""
    return 1 - done


def warm_up(done, share=0.1):
    """First linearly up, then linearly to zero."""
    return done / share if done < share else (1 - done) / (1 - share)


def inverse_root(done, share=0.1):
    """First up, then as 1 / √step."""
    return done / share if done < share else math.sqrt(share / done)


def cosine(done, share=0.1):
    """First up, then down along half a wave."""
    left = (1 - done) / (1 - share)
    return done / share if done < share else (1 - math.cos(math.pi * left)) / 2


def stable(done, share=0.1, end=0.2):
    """First up, then level, at the end down (WSD)."""
    return done / share if done < share else min(1, (1 - done) / end)


def adamw(peak):
    """From a model to its optimizer."""
    return lambda model: torch.optim.AdamW(model.parameters(), peak, (0.9, 0.98), fused=True)


def train(model, batches, optimizer, schedule, clip=1.0, smoothing=0, note=lambda step: None):
    """One step for each batch of a list. Gives the losses. note: is called before each step with its number."""
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
        rate.step()  # the rate of the next step
        losses.append(loss.detach())
    model.to("cpu").eval()
    return torch.stack(losses).cpu()


@torch.no_grad()
def alike(x, real):  # (B, L, E), (B, L)
    """The mean cosine similarity of the vectors at two different places."""
    vectors = F.normalize(x[real], dim=-1)  # (n, E), each of length 1
    n = len(vectors)
    cosines = vectors.sum(0).square().sum() - n  # without each with itself
    return (cosines / (n * (n - 1))).item()


def watch(model, source, target):  # (B, S), (B, L + 1)
    """The decoder: how alike its words are below and above each block, and how long each block's gradient is."""
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


@torch.no_grad()
def added(model, source, target):  # (B, S), (B, L + 1)
    """What the parts of each decoder block add, on average: how alike it is for all words, how large beside x."""
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
    return torch.tensor(found).view(-1, 3, 2).mean(1).T  # (2, N)
