"""What lesson 05 builds, as it stands there. A test holds both together."""

import torch
from torch import nn

from attention_course.data.vocabulary import PAD
from attention_course.functional import masked_softmax
from attention_course.lessons.lesson_03.built import Encoder
from attention_course.lessons.lesson_04.built import Attention, RNNsearch


class Dot(nn.Module):
    """Luong's score "dot": nothing is learned, and state and annotation have the same size."""

    def __init__(self, D, K):  # D numbers in a state, K in an annotation
        super().__init__()

    def forward(self, s, h):  # (B, D), (B, S, K)
        return (h @ s[:, :, None])[:, :, 0]  # (B, S)


class General(nn.Module):
    """Luong's score "general": one matrix turns the state into something to compare with the annotations."""

    def __init__(self, D, K):
        super().__init__()
        self.W = nn.Linear(D, K, bias=False)

    def forward(self, s, h):  # (B, D), (B, S, K)
        return (h @ self.W(s)[:, :, None])[:, :, 0]  # (B, S)


class Concat(nn.Module):
    """Luong's score "concat", which is the additive one: a matrix for [s, h] is one for s and one for h."""

    def __init__(self, D, K):
        super().__init__()
        self.W_q = nn.Linear(D, D, bias=False)
        self.W_k = nn.Linear(K, D, bias=False)
        self.u = nn.Parameter(torch.randn(D) / D**0.5)

    def forward(self, s, h):  # (B, D), (B, S, K)
        return torch.tanh(self.W_q(s)[:, None] + self.W_k(h)) @ self.u  # (B, S)


class Look(nn.Module):
    """Attention with any score, to all words: the context and the weights."""

    def __init__(self, score):
        super().__init__()
        self.score = score

    def forward(self, s, h, mask):  # mask: False at padding (B, S)
        weights = masked_softmax(self.score(s, h), mask)  # (B, S)
        return (weights[:, None] @ h)[:, 0], weights  # c_t (B, K), weights (B, S)


class LuongDecoder(nn.Module):
    """One step of Luong's decoder: the new state first, then the look, then both are joined."""

    def __init__(self, words, E, K, D, look):  # K: numbers in an annotation
        super().__init__()
        self.embedding = nn.Embedding(words, E)
        nn.init.normal_(self.embedding.weight, std=E**-0.5)
        self.cell, self.look = nn.GRUCell(E + E, D), look
        self.join = nn.Linear(D + K, E)
        self.bias = nn.Parameter(torch.zeros(words))

    def forward(self, previous, s, fed, memory):  # (B), (B, D), (B, E), (h, mask)
        y = self.embedding(previous)  # (B, E)
        s = self.cell(torch.cat([y, fed], -1), s)  # 1: s_t (B, D)
        context, weights = self.look(s, *memory)  # 2: c_t (B, K), (B, S)
        joined = torch.tanh(self.join(torch.cat([s, context], -1)))  # 3: (B, E)
        logits = joined @ self.embedding.weight.T + self.bias  # 4: (B, words)
        return logits, (s, joined), weights


class Luong(nn.Module):
    """The translator of Luong et al. (2015), with global attention."""

    def __init__(self, source_words, target_words, score=General, E=64, H=64, D=128):
        super().__init__()
        self.encoder, self.first_state = Encoder(source_words, E, H), nn.Linear(H, D)
        self.decoder = LuongDecoder(target_words, E, 2 * H, D, Look(score(D, 2 * H)))

    def encode(self, source):  # (B, S)
        right, left = self.encoder(source)
        h = torch.cat([right, left], -1)  # annotations (B, S, 2 H)
        s = torch.tanh(self.first_state(left[:, 0]))  # s_0 (B, D)
        fed = h.new_zeros(len(h), self.decoder.join.out_features)  # nothing yet: (B, E)
        return (h, source != PAD), (s, fed)  # memory, state

    def step(self, previous, state, memory):  # (B), (s, fed), (h, mask)
        return self.decoder(previous, *state, memory)  # logits, state, weights


class LocalM(nn.Module):
    """local-m: the centre of the window moves on by one word in each step."""

    def __init__(self, reach):
        super().__init__()
        self.reach = reach

    def forward(self, s, t, mask):  # (B, D), a number, (B, S)
        last = mask.sum(-1, keepdim=True) - 1  # (B, 1)
        distance = torch.arange(mask.shape[1], device=mask.device) - last.clamp(max=t)
        return mask & (distance.abs() <= self.reach), 1.0


class LocalP(nn.Module):
    """local-p: the state predicts the centre, and a Gaussian curve around it lets the centre be learned."""

    def __init__(self, D, reach):
        super().__init__()
        self.reach, self.W_p = reach, nn.Linear(D, D, bias=False)
        self.u_p = nn.Linear(D, 1, bias=False)

    def forward(self, s, t, mask):  # (B, D), a number, (B, S)
        last = mask.sum(-1, keepdim=True) - 1  # (B, 1)
        centre = last * torch.sigmoid(self.u_p(torch.tanh(self.W_p(s))))  # p_t: (B, 1)
        distance = torch.arange(mask.shape[1], device=mask.device) - centre  # (B, S)
        curve = torch.exp(-(distance**2) / (2 * (self.reach / 2) ** 2))
        return mask & (distance.abs() <= self.reach), curve  # (B, S), (B, S)


class LocalLook(Look):
    """Attention through a window, which says who is inside, and by what the weights are multiplied."""

    def __init__(self, score, window):
        super().__init__(score)
        self.window = window

    def forward(self, s, h, mask, t):  # t: how many words are written
        inside, curve = self.window(s, t, mask)
        weights = masked_softmax(self.score(s, h), inside) * curve  # (B, S)
        return (weights[:, None] @ h)[:, 0], weights  # c_t (B, K), weights (B, S)


class LocalLuong(Luong):
    """Luong's translator with a window. It counts the words that are written, for local-m."""

    def __init__(self, source_words, target_words, window, **options):
        super().__init__(source_words, target_words, **options)
        self.decoder.look = LocalLook(self.decoder.look.score, window)

    def encode(self, source):
        memory, state = super().encode(source)
        return memory, (state, 0)  # t = 0

    def step(self, previous, state, memory):  # (B), (state, t), (h, mask)
        state, t = state
        logits, state, weights = super().step(previous, state, (*memory, t))
        return logits, (state, t + 1), weights


class WordAsksToo(RNNsearch):
    """Bahdanau's translator, with one change: y_{t-1} and s_{t-1} ask together."""

    def __init__(self, source_words, target_words, E=64, H=64, D=128):
        super().__init__(source_words, target_words, E, H, D)
        self.attention = Attention(E + D, 2 * H, D)

    def step(self, previous, state, memory):  # (B), (B, D), (h, mask)
        query = torch.cat([self.decoder.embedding(previous), state], -1)
        context, weights = self.attention(query, *memory)
        logits, state = self.decoder(previous, state, context)
        return logits, state, weights


def model_1(pairs, iterations):
    """IBM Model 1 without NULL: t(f | e) as a dictionary."""
    t = {(e, f): 1.0 for english, french in pairs for e in english for f in french}
    for _ in range(iterations):
        counts, totals = dict.fromkeys(t, 0.0), {}
        for english, french in pairs:
            for f in french:
                together = sum(t[e, f] for e in english)
                for e in english:
                    share = t[e, f] / together  # who made f? shares that sum to 1
                    counts[e, f] += share
                    totals[e] = totals.get(e, 0.0) + share
        t = {(e, f): count / totals[e] for (e, f), count in counts.items()}
    return t
