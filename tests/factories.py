"""What several tests need: numbers, scores with their formulas, loops to compare with, translators, a device guard."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from attention_course.cache import KeyValueCache
from attention_course.data.vocabulary import BOS, EOS, pad
from attention_course.lessons.lesson_10.multi_head_translator import MultiHeadTranslator
from attention_course.masks import PAD
from attention_course.models.luong import Luong, MonotonicWindow, PredictiveWindow
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch
from attention_course.models.transformer import Config, Transformer
from attention_course.scores import AdditiveScore, BilinearScore, DotScore, MultiplicativeScore, ScaledScore
from attention_course.training import train

QUERY_SIZE = 6


def normal(*shape, dtype=torch.float64, seed=0):
    """The same normal numbers every time, as a leaf that wants gradients where the test asks for them."""
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(dtype)


def some_mask(*shape, seed=0):
    """A mask with allowed and forbidden positions, whose first row allows nothing and whose last allows all."""
    mask = torch.rand(shape, generator=torch.Generator().manual_seed(seed)) < 0.6
    rows = mask.view(-1, shape[-1])
    rows[0], rows[-1] = False, True
    return mask


class Case(NamedTuple):
    make: Callable  # a new Score
    key_size: int
    formula: Callable  # the score of one key a with one query b, given the parameters p


SCORES = {
    "dot": Case(DotScore, QUERY_SIZE, lambda p, a, b: a @ b),
    "additive": Case(
        lambda: AdditiveScore(QUERY_SIZE, 4, 5),
        4,
        lambda p, a, b: p["u"] @ np.tanh(p["project_key.weight"] @ a + p["project_query.weight"] @ b),
    ),
    "multiplicative": Case(
        lambda: MultiplicativeScore(QUERY_SIZE, 4, 5),
        4,
        lambda p, a, b: (p["project_key.weight"] @ a) @ (p["project_query.weight"] @ b),
    ),
    "scaled": Case(
        lambda: ScaledScore(QUERY_SIZE, 4, 5),
        4,
        lambda p, a, b: (p["project_key.weight"] @ a) @ (p["project_query.weight"] @ b) / np.sqrt(5),
    ),
    "bilinear": Case(lambda: BilinearScore(QUERY_SIZE, 4), 4, lambda p, a, b: a @ p["project_key.weight"].T @ b),
}


def new_score(name, dtype=torch.float64):
    torch.manual_seed(0)
    return SCORES[name].make().to(dtype)


def loop_scores(name, score, queries, keys):
    """The scores by the formula, one pair at a time."""
    p = {name: parameter.detach().numpy() for name, parameter in score.named_parameters()}
    formula, pairs = SCORES[name].formula, zip(queries.detach().numpy(), keys.detach().numpy(), strict=True)
    return np.array([[[formula(p, a, b) for a in its_keys] for b in its_queries] for its_queries, its_keys in pairs])


def loop_attention(scores, values, mask):
    """Eqs. (2) and (1), one query and one allowed key at a time. Gives (contexts, weights)."""
    batch, queries, keys = scores.shape
    weights, contexts = np.zeros((batch, queries, keys)), np.zeros((batch, queries, values.shape[-1]))
    for b in range(batch):
        for i in range(queries):
            allowed = [j for j in range(keys) if mask[b, i, j]]
            total = sum(np.exp(scores[b, i, j]) for j in allowed)
            for j in allowed:
                weights[b, i, j] = np.exp(scores[b, i, j]) / total
                contexts[b, i] += weights[b, i, j] * values[b, j]
    return contexts, weights


# Translators of 12 source words and 11 target words, and three sentences for them

SOURCE = pad([[5, 4, 9, 11, 3], [8, 3, 7], [6]])
PREVIOUS = pad([[BOS, 4, 5, 10], [BOS, 7], [BOS, 3, 9]])
TARGET = pad([[4, 5, 10, EOS], [7, EOS], [3, 9, EOS]])
SIZES = {"embedding_size": 8, "hidden_size": 6, "decoder_size": 10}
FITTING = {  # scores for states of 10 and annotations of 12 numbers, the dot product excepted
    "dot": DotScore,
    "additive": lambda: AdditiveScore(10, 12, 5),
    "multiplicative": lambda: MultiplicativeScore(10, 12, 5),
    "scaled": lambda: ScaledScore(10, 12, 5),
    "bilinear": lambda: BilinearScore(10, 12),
}


class LastWordQuery(RNNsearch):
    """Its query is the state and the last word."""

    def query(self, word, state):
        return torch.cat([state, word], -1)


def with_score(family, name, **options):
    """A translator with the score of that name; for a dot product, states are as large as annotations."""
    return family(score=FITTING[name](), **options | ({"decoder_size": 12} if name == "dot" else {}))


def small_transformer(source_words, target_words, embedding_size, hidden_size, decoder_size, dropout=0.0):
    """With the sizes of the others."""
    config = Config(size=decoder_size, heads=2, hidden=hidden_size, layers=2, dropout=dropout)
    return Transformer(source_words, target_words, config)


MODELS = {  # each is called with the numbers of words and the sizes
    "encoder-decoder": EncoderDecoder,
    **{f"RNNsearch, {s}": lambda *words, s=s, **o: with_score(partial(RNNsearch, *words), s, **o) for s in FITTING},
    "last word in the query": lambda *words, **o: LastWordQuery(*words, score=AdditiveScore(18, 12, 5), **o),
    **{f"Luong, {s}": lambda *words, s=s, **o: with_score(partial(Luong, *words), s, **o) for s in FITTING},
    "Luong, local-m": lambda *words, **o: Luong(*words, window=MonotonicWindow(1), **o),
    "Luong, local-p": lambda *words, **o: Luong(*words, window=PredictiveWindow(10, 2), **o),
    "multi-head": partial(MultiHeadTranslator, heads=2),
    "Transformer": small_transformer,
}
ATTENTIVE = [name for name in MODELS if name != "encoder-decoder"]
# One of each kind, for what does not depend on the score.
FAMILIES = ["encoder-decoder", "RNNsearch, additive", "last word in the query"]
FAMILIES += ["Luong, bilinear", "Luong, local-m", "Luong, local-p", "multi-head", "Transformer"]


def new_model(name, dtype=torch.float64, target_words=11, **options):
    """One of `MODELS`, with much to say: one as PyTorch makes it repeats a word, and looks everywhere alike."""
    torch.manual_seed(0)
    model = MODELS[name](12, target_words, **SIZES | options).to(dtype).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    nn.init.zeros_(word_bias(model))
    for layer in model.modules():
        if isinstance(layer, nn.LayerNorm):  # or its bias alone would choose the words
            layer.reset_parameters()
    return model


def word_bias(model):
    """What a translator adds to its logits, one number a word."""
    return model.decoder.bias if isinstance(model, Transformer) else model.bias


def as_one_gru(encoder):
    """An `Encoder` as PyTorch's own bidirectional GRU on packed sentences: source -> (annotations, the last states)."""
    sizes = encoder.forwards.input_size, encoder.forwards.hidden_size
    both = nn.GRU(*sizes, batch_first=True, bidirectional=True).to(encoder.embedding.weight.dtype)
    theirs = {name: parameter.detach() for name, parameter in encoder.forwards.named_parameters()}
    theirs |= {f"{name}_reverse": parameter.detach() for name, parameter in encoder.backwards.named_parameters()}
    both.load_state_dict(theirs)

    def read(source):
        lengths = (source != PAD).sum(-1)
        packed = nn.utils.rnn.pack_padded_sequence(encoder.embedding(source), lengths, batch_first=True)
        annotations, last = both(packed)
        return nn.utils.rnn.pad_packed_sequence(annotations, batch_first=True)[0], last

    return read


def new_translator(**options):
    """An RNNsearch as PyTorch makes it."""
    torch.manual_seed(0)
    return RNNsearch(12, 11, **SIZES | options).eval()


def tiny_examples(count=40):
    """Sentence pairs of 1 to 4 words, fit for the translators here."""
    return [([4 + i % 8] * (1 + i % 3), [BOS, *[4 + i % 7] * (1 + i % 4), EOS]) for i in range(count)]


def train_tiny(model=None, **options):
    """A short training, of 15 steps or so."""
    defaults = {"target_tokens": 300, "learning_rate": 1e-2, "batch_tokens": 20, "progress": False}
    examples = options.pop("examples", tiny_examples())
    return train(model or new_translator(), examples, **defaults | options)


def widen(tokens, by=4):
    """The same sentences with more padding."""
    return nn.functional.pad(tokens, (0, by), value=PAD)


def leaves(tree):
    """The tensors of a state or memory, which may be a tuple of tuples, with numbers and caches among them."""
    if isinstance(tree, int) or tree is None:
        return []
    if isinstance(tree, KeyValueCache):
        return leaves((tree.keys, tree.values, tree.mask))
    return [tree] if isinstance(tree, torch.Tensor) else [leaf for part in tree for leaf in leaves(part)]


def state_after(model, source, previous):
    """The state of a decoder that has been told the words `previous`."""
    memory, state = model.encode(source)
    for words in previous.unbind(1):
        _, state, _ = model.step(words, state, memory)
    return leaves(state)


def gradients(model, loss):
    """Of every parameter, by name; what has none is left out."""
    found = torch.autograd.grad(loss, list(model.parameters()), retain_graph=True, allow_unused=True)
    return {name: g for (name, _), g in zip(model.named_parameters(), found, strict=True) if g is not None}


class DeviceIsGiven(TorchFunctionMode):
    """Raises where a tensor is made without a word on its device: on a GPU it would be on the wrong one."""

    MAKERS = frozenset(
        {torch.arange, torch.empty, torch.eye, torch.full, torch.linspace, torch.ones, torch.rand, torch.randint}
        | {torch.randn, torch.randperm, torch.scalar_tensor, torch.tensor, torch.zeros}
    )

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in self.MAKERS and (kwargs or {}).get("device") is None:
            raise AssertionError(f"torch.{function.__name__} without device=")
        return function(*args, **(kwargs or {}))
