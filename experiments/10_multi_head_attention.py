"""How many heads, and which of them are needed: translators of one size with 1, 2, 4, 8 and 16 heads.

Five seeds each, on the grammar corpus. Of each trained translator single heads are removed, all but one are removed,
and all heads are given the same map; of those with eight, heads are removed one after the other. Writes
attention_course/results/10_multi_head_attention.json. About twenty minutes on one core.
"""

import copy
from collections.abc import Sequence

import torch
from on_grammar import corpus, error_rate, exact, trained
from torch import Tensor

from attention_course import results
from attention_course.data import grammar
from attention_course.data.vocabulary import BOS, pad
from attention_course.functional import masked_softmax
from attention_course.layers import prune_heads
from attention_course.lessons.lesson_10.multi_head_translator import MultiHeadTranslator
from attention_course.masks import PAD

SEEDS = range(5)
HEADS = (1, 2, 4, 8, 16)
IN_FULL = 8  # the number of heads that are also removed one after the other
BUDGET = 500_000  # target tokens
UNSEEN, CHOOSING = 1_000, 300  # sentences to measure with, and to choose heads with


def one_map(queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, causal=False, need_weights=True):
    """Attention where every head looks with the mean of all maps."""
    weights = masked_softmax(queries @ keys.mT / queries.shape[-1] ** 0.5, mask)
    weights = weights.mean(-3, keepdim=True).expand_as(weights)
    return weights @ values, weights


def with_heads(model: MultiHeadTranslator, keep: Sequence[int]) -> MultiHeadTranslator:
    """A copy with some of the heads."""
    smaller = copy.deepcopy(model)
    smaller.attention = prune_heads(model.attention, keep)
    return smaller


def with_one_map(model: MultiHeadTranslator) -> MultiHeadTranslator:
    """A copy whose heads share their maps' mean."""
    sharing = copy.deepcopy(model)
    sharing.attention.attend = one_map
    return sharing


@torch.no_grad()
def apart(model: MultiHeadTranslator, pairs: Sequence[grammar.Pair]) -> float:
    """The share of French words at which two heads have their largest weight on different words, over all twos."""
    english, french, _ = corpus()
    source = pad([english.encode(pair.english) for pair in pairs])
    previous = pad([[BOS, *french.encode(pair.french)] for pair in pairs])
    _, weights = model.heads(source, previous)
    looked_at = weights.argmax(-1).transpose(0, 1)[:, previous != PAD]  # (H, words)
    first, second = torch.triu_indices(len(looked_at), len(looked_at), 1)
    return (looked_at[first] != looked_at[second]).float().mean().item()


def removed_one_by_one(model: MultiHeadTranslator, choosing: Sequence, unseen: Sequence) -> list[float]:
    """Exact translations with all heads, then with one fewer each time, down to one.

    The one to go is that without which most of the sentences `choosing` are right.
    """
    left = list(range(model.attention.heads))
    shares = [exact(model, unseen)]
    while len(left) > 1:
        fewer = [[head for head in left if head != gone] for gone in left]
        left = max(fewer, key=lambda keep: exact(with_heads(model, keep), choosing))
        shares.append(exact(with_heads(model, left), unseen))
    return shares


def measure(heads: int, seed: int) -> dict:
    """Train one translator, and take its heads apart."""
    model, run = trained(lambda e, f: MultiHeadTranslator(e, f, heads=heads), seed, BUDGET)
    sentences = grammar.pairs(UNSEEN + CHOOSING, part="test")
    unseen, choosing = sentences[:UNSEEN], sentences[UNSEEN:]
    found = {
        "exact": exact(model, unseen),
        "aer": error_rate(model, unseen),
        "attention_parameters": sum(p.numel() for p in model.attention.parameters()),
        "words_a_second": run.used / run.seconds,
    }
    if heads > 1:
        every = range(heads)
        without = [with_heads(model, [h for h in every if h != gone]) for gone in every]
        alone = [with_heads(model, [h]) for h in every]
        found |= {
            "apart": apart(model, unseen),
            "exact_without": [exact(m, unseen) for m in without],
            "exact_alone": [exact(m, unseen) for m in alone],
            "aer_alone": [error_rate(m, unseen) for m in alone],
            "exact_one_map": exact(with_one_map(model), unseen),
        }
    if heads == IN_FULL:
        found["exact_removed"] = removed_one_by_one(model, choosing, unseen)
    print(heads, seed, found, flush=True)
    return found


def main() -> None:
    """All numbers of heads and all seeds, one after the other."""
    measured = {(heads, seed): measure(heads, seed) for seed in SEEDS for heads in HEADS}
    values = {"heads": HEADS, "in_full": IN_FULL, "budget": BUDGET, "size": 128}
    for key in measured[IN_FULL, 0]:
        values[key] = {
            str(heads): [measured[heads, seed][key] for seed in SEEDS]
            for heads in HEADS
            if key in measured[heads, SEEDS[0]]
        }
    values["eight_less_one"] = [measured[8, seed]["exact"] - measured[1, seed]["exact"] for seed in SEEDS]
    values["eight_apart"] = values["apart"]["8"]
    values["parameters_sixteen_over_one"] = [
        measured[16, seed]["attention_parameters"] / measured[1, seed]["attention_parameters"] for seed in SEEDS
    ]
    results.save(
        "10_multi_head_attention", values, command="python experiments/10_multi_head_attention.py", seeds=SEEDS
    )


if __name__ == "__main__":
    main()
