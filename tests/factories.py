"""What several tests need: numbers, the five scores with their formulas, loops to compare with, a device guard."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from attention_course.models.seq2seq import RNNsearch
from attention_course.scores import AdditiveScore, BilinearScore, DotScore, MultiplicativeScore, ScaledScore

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
    formula: Callable  # the energy of one key a with one query b, given the parameters p


SCORES = {
    "dot": Case(DotScore, QUERY_SIZE, lambda p, a, b: a @ b),
    "additive": Case(
        lambda: AdditiveScore(QUERY_SIZE, 4, 5),
        4,
        lambda p, a, b: p["v"] @ np.tanh(p["project_key.weight"] @ a + p["project_query.weight"] @ b),
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


def loop_energies(name, score, queries, keys):
    """The energies by the formula, one pair at a time."""
    p = {name: parameter.detach().numpy() for name, parameter in score.named_parameters()}
    formula, pairs = SCORES[name].formula, zip(queries.detach().numpy(), keys.detach().numpy(), strict=True)
    return np.array([[[formula(p, a, b) for a in its_keys] for b in its_queries] for its_queries, its_keys in pairs])


def loop_attention(energies, values, mask):
    """Eqs. (2) and (1), one query and one allowed key at a time. Gives (contexts, weights)."""
    batch, queries, keys = energies.shape
    weights, contexts = np.zeros((batch, queries, keys)), np.zeros((batch, queries, values.shape[-1]))
    for b in range(batch):
        for i in range(queries):
            allowed = [j for j in range(keys) if mask[b, i, j]]
            total = sum(np.exp(energies[b, i, j]) for j in allowed)
            for j in allowed:
                weights[b, i, j] = np.exp(energies[b, i, j]) / total
                contexts[b, i] += weights[b, i, j] * values[b, j]
    return contexts, weights


def new_translator(score=None, dtype=torch.float32, **options):
    """A small RNNsearch of 12 source words and 11 target words."""
    torch.manual_seed(0)
    sizes = {"embedding_size": 8, "hidden_size": 6, "decoder_size": 10} | options
    return RNNsearch(12, 11, score=score, **sizes).to(dtype).eval()


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
