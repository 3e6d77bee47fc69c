"""What lesson 12 builds, as it stands there: other lessons import it. A test holds both together."""

import random
from itertools import islice

import torch
import torch.nn.functional as F
from torch import nn

from attention_course.bar import bar
from attention_course.data.batches import cut, endless
from attention_course.data.vocabulary import BOS, PAD
from attention_course.device import give_back_memory, pick_device
from attention_course.lessons.lesson_10.built import MultiHeadAttention, attend, merge, split
from attention_course.lessons.lesson_11.built import sinusoids


class Block(nn.Module):
    """One block, pre-norm: each part reads a normalised copy of x, and what it finds is added to x."""

    def __init__(self, E, H, hidden, dropout, cross=False):
        super().__init__()
        self.look, self.norm_1 = MultiHeadAttention(E, H), nn.LayerNorm(E)
        if cross:
            self.cross, self.norm_2 = MultiHeadAttention(E, H), nn.LayerNorm(E)
        self.feed = nn.Sequential(nn.Linear(E, hidden), nn.ReLU(), nn.Linear(hidden, E))
        self.norm_3, self.drop, self.H = nn.LayerNorm(E), nn.Dropout(dropout), H

    def forward(self, x, mask, h=None, h_mask=None):  # (B, L, E), h (B, S, E)
        x = x + self.drop(self.look(self.norm_1(x), mask=mask)[0])
        if h is not None:
            x = x + self.drop(self.cross(self.norm_2(x), h, mask=h_mask)[0])
        return x + self.drop(self.feed(self.norm_3(x)))  # (B, L, E)


def enter(embedding, words, start=0):  # (B, L)
    """Embeddings times the root of E, plus the positions from `start` on."""
    E, end = embedding.embedding_dim, start + words.shape[1]
    places = sinusoids(end, E)[start:].to(words.device)  # (L, E)
    return embedding(words) * E**0.5 + places  # (B, L, E)


class Encoder(nn.Module):
    """Reads: every word looks at every word of its sentence."""

    def __init__(self, words, E, H, hidden, N, dropout, block=Block):
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        self.blocks = nn.ModuleList(block(E, H, hidden, dropout) for _ in range(N))
        self.norm, self.drop = nn.LayerNorm(E), nn.Dropout(dropout)

    def forward(self, source):  # (B, S)
        mask = (source != PAD)[:, None, None]  # (B, 1, 1, S)
        x = self.drop(enter(self.embedding, source))  # (B, S, E)
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x), mask


def causal_mask(words):  # (B, L)
    """True where a word may look: at itself and at the words before it."""
    L = words.shape[1]
    return torch.ones(L, L, dtype=torch.bool, device=words.device).tril()


class Decoder(nn.Module):
    """Writes: every word looks at itself and those before it, and at the encoder's states h."""

    def __init__(self, words, E, H, hidden, N, dropout, block=Block):
        super().__init__()
        self.embedding, self.mask = nn.Embedding(words, E), causal_mask
        self.blocks = nn.ModuleList(block(E, H, hidden, dropout, cross=True) for _ in range(N))
        self.norm, self.drop = nn.LayerNorm(E), nn.Dropout(dropout)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, previous, h, h_mask):  # (B, L), (B, S, E), (B, 1, 1, S)
        y = self.drop(enter(self.embedding, previous))  # (B, L, E)
        for block in self.blocks:
            y = block(y, self.mask(previous), h, h_mask)
        return self.logits(y)

    def logits(self, y):  # (B, L, words)
        return nn.functional.linear(self.norm(y), self.embedding.weight, self.bias)


class Transformer(nn.Module):
    """Encoder and decoder, with their first random numbers."""

    def __init__(self, source_words, target_words, E=128, H=8, hidden=256, N=3, dropout=0.1, block=Block):
        super().__init__()
        sizes = E, H, hidden, N, dropout, block
        self.encoder, self.decoder = Encoder(source_words, *sizes), Decoder(target_words, *sizes)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.xavier_uniform_(part.weight)
                nn.init.zeros_(part.bias)
            if isinstance(part, nn.Embedding):
                nn.init.normal_(part.weight, std=E**-0.5)  # vectors of length about 1

    def forward(self, source, previous):  # (B, S), (B, L)
        return self.decoder(previous, *self.encoder(source))  # logits (B, L, target words)


def translation_loss(model, source, target, smoothing=0.1):  # (B, S), (B, L + 1)
    """The cross-entropy of the next words, with label smoothing; padding does not count."""
    logits = model(source, target[:, :-1])  # it is given <bos> le chat ...
    wanted = target[:, 1:].flatten()  # it must say le chat ... <eos>
    settings = {"ignore_index": PAD, "label_smoothing": smoothing}
    return F.cross_entropy(logits.flatten(0, 1), wanted, **settings)


def warm_up(done):
    """The factor on the learning rate when this share of the training is done."""
    return done / 0.1 if done < 0.1 else (1 - done) / 0.9


def one_step(model, optimizer, batch, smoothing):
    """One batch, one step. Gives the loss."""
    loss = translation_loss(model, *batch, smoothing)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)  # gradient clipping
    optimizer.step()
    return loss.detach()


def train(model, examples, passes, peak, size=500, smoothing=0.1):
    """So many passes through the examples. Gives the loss of each batch."""
    device = pick_device(model)
    model.to(device).train()
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.98), fused=True)
    losses, steps = [], round(passes * len(cut(examples, size, random.Random(0))))
    for i, batch in enumerate(bar(islice(endless(examples, size, seed=0), steps), steps, "steps")):
        optimizer.param_groups[0]["lr"] = peak * warm_up((i + 0.5) / steps)
        batch = [part.to(device) for part in batch]
        losses.append(one_step(model, optimizer, batch, smoothing))
        if i % 20 == 0:
            give_back_memory()  # holes left by batches
    model.to("cpu").eval()
    return torch.stack(losses).cpu()


@torch.no_grad()
def write(model, source, longest=30):  # (B, S)
    """Greedy decoding without a cache: all words so far go through the decoder again for each new word."""
    h, mask = model.encoder(source)
    said = torch.full((len(source), 1), BOS)
    for _ in range(longest):
        logits = model.decoder(said, h, mask)[:, -1]
        said = torch.cat([said, logits.argmax(-1, keepdim=True)], 1)
    return said[:, 1:]  # (B, longest)


def keys_values(attention, source, H):  # (B, S, E)
    """What a KV cache keeps."""
    return split(attention.W_K(source), H), split(attention.W_V(source), H)  # (B, H, S, D)


def ask(attention, x, H, K, V, mask=None):  # (B, 1, E)
    """Multi-head attention to keys and values that are there already."""
    contexts, weights = attend(split(attention.W_Q(x), H), K, V, mask)
    return attention.W_O(merge(contexts)), weights  # (B, 1, E), (B, H, 1, S)


def block_step(block, y, past, source):  # (B, 1, E): the new word
    """A decoder's block for one new word. past: the cache so far, or None. source: keys, values and mask."""
    new = block.norm_1(y)
    K, V = keys_values(block.look, new, block.H)  # of the new word
    if past is not None:
        K, V = torch.cat([past[0], K], 2), torch.cat([past[1], V], 2)  # of all words so far
    y = y + ask(block.look, new, block.H, K, V)[0]
    found, weights = ask(block.cross, block.norm_2(y), block.H, *source)
    y = y + found
    return y + block.feed(block.norm_3(y)), (K, V), weights


class WithCache(nn.Module):
    """A trained Transformer with a KV cache, as `greedy` and `beam_search` of lesson 04 take it."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def encode(self, source):  # once per sentence
        h, mask = self.model.encoder(source)
        return tuple((*keys_values(b.cross, h, b.H), mask) for b in self.model.decoder.blocks), None

    def step(self, previous, state, memory):  # (B): one word further
        decoder, state = self.model.decoder, state or (None,) * len(memory)
        start = 0 if state[0] is None else state[0][0].shape[2]
        y, kept = enter(decoder.embedding, previous[:, None], start), []
        for block, past, source in zip(decoder.blocks, state, memory, strict=True):
            y, cache, weights = block_step(block, y, past, source)
            kept.append(cache)
        return decoder.logits(y)[:, 0], tuple(kept), weights.mean(1)[:, 0]
