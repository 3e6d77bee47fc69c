"""Two words far apart, and three uses of self-attention, each beside networks that lack it.

Three seeds. Writes attention_course/results/09_self_attention.json. About fifteen minutes on one core.
"""

from random import Random

import torch
from torch import nn

from attention_course import device, results
from attention_course.layers import hop_penalty
from attention_course.lessons.lesson_09 import aspects, entailment, passages
from attention_course.lessons.lesson_09.entailer import Entailer
from attention_course.lessons.lesson_09.reader import Reader
from attention_course.lessons.lesson_09.same_different_classifier import (
    AverageClassifier,
    RecurrentClassifier,
    SelfAttentiveClassifier,
)
from attention_course.lessons.lesson_09.same_different_task import WORDS, same_or_different
from attention_course.lessons.lesson_09.sentence_embedding import SentenceEmbedding
from attention_course.metrics import accuracy
from attention_course.training import train_classifier

SEEDS = range(3)
DISTANCES = (10, 20, 40)
BEYOND = (20, 80, 160)  # distances at which what was trained at 40 is tried
MATCHERS = {  # how to make it, and its steps: the recurrent ones train twice as many as self-attention
    "self-attention": (SelfAttentiveClassifier, 800),
    "GRU": (RecurrentClassifier, 1600),
    "RNN": (lambda words: RecurrentClassifier(words, nn.RNN), 1600),
    "average": (AverageClassifier, 800),
}
TEST = 10_000  # the seed of what is tested on
HOPS = {"1 hop": (1, 0.0), "6 hops": (6, 0.0), "6 hops, penalty": (6, 0.1)}


def match(name: str, distance: int, seed: int) -> tuple[float, list[float]]:
    """The share right at the distance trained, and after training at the longest one, elsewhere."""
    make, steps = MATCHERS[name]
    device.seed_everything(seed)
    model, generator = make(len(WORDS)), torch.Generator().manual_seed(seed)

    def draw(count=64, at=distance, generator=generator):
        words, same = same_or_different(count, at, generator)
        return (words,), same

    def tested(count, at):
        return accuracy(model, draw(count, at, torch.Generator().manual_seed(TEST)))

    train_classifier(model, draw, steps=steps, learning_rate=5e-3, progress=False)
    beyond = [tested(200, at) for at in BEYOND] if distance == max(DISTANCES) else []
    print(name, distance, seed, found := tested(1000, distance), beyond, flush=True)
    return found, beyond


def use(make, batch, examples, seed, steps, learning_rate, penalty=None) -> tuple[float, nn.Module, tuple]:
    """Train one of the small models. Gives the share of 600 unseen examples that is right, the model, and those."""
    device.seed_everything(seed)
    model, random, other = make(), Random(seed), Random(TEST)
    train_classifier(
        model, lambda: batch(examples(48, random)), steps=steps, learning_rate=learning_rate, penalty=penalty,
        progress=False,
    )  # fmt: skip
    unseen = batch(examples(600, other))
    found = accuracy(model, unseen)
    print(type(model).__name__, seed, found, flush=True)
    return found, model, unseen


def reading(seed: int) -> dict[str, float]:
    """Exact answers with self-attention, without, and without the question."""

    def examples(count, random):
        return [passages.passage(random) for _ in range(count)]

    def no_question(some):
        (words, questions), places = passages.batch(some)
        return (words, torch.ones_like(questions)), places

    setting = {"examples": examples, "seed": seed, "steps": 400, "learning_rate": 5e-3}
    words = len(passages.VOCABULARY)
    return {
        "self-attention": use(lambda: Reader(words), passages.batch, **setting)[0],
        "no self-attention": use(lambda: Reader(words, relate=False), passages.batch, **setting)[0],
        "question not shown": use(lambda: Reader(words), no_question, **setting)[0],
    }


def inferring(seed: int) -> dict[str, float]:
    """Right labels with self-attention, without, and with one half alone."""

    def examples(count, random):
        return [claim for _ in range(count // 3) for claim in entailment.three_claims(random)]

    def half(cut):
        return lambda claims: entailment.batch([cut(claim) for claim in claims])

    setting = {"examples": examples, "seed": seed, "steps": 1000, "learning_rate": 3e-3}
    words = len(entailment.VOCABULARY)
    return {
        "self-attention": use(lambda: Entailer(words), entailment.batch, **setting)[0],
        "no self-attention": use(lambda: Entailer(words, relate=False), entailment.batch, **setting)[0],
        "hypothesis alone": use(lambda: Entailer(words), half(lambda c: c._replace(premise=())), **setting)[0],
        "premise alone": use(lambda: Entailer(words), half(lambda c: c._replace(hypothesis=())), **setting)[0],
    }


@torch.no_grad()
def embedding(name: str, seed: int) -> dict[str, float]:
    """All three opinions right, and how much two hops of a sentence have in common on average (0 to 1)."""
    hops, coefficient = HOPS[name]
    with torch.enable_grad():
        right, model, ((words,), _) = use(
            lambda: SentenceEmbedding(len(aspects.VOCABULARY), 3, hops),
            aspects.batch, lambda count, random: [aspects.review(random) for _ in range(count)], seed, 400, 5e-3,
            lambda weights: coefficient * hop_penalty(weights).mean(),
        )  # fmt: skip
    weights = model(words)[1]
    first, second = torch.triu_indices(hops, hops, 1)
    shared = torch.minimum(weights[:, first], weights[:, second]).sum(-1)  # (B, pairs of hops)
    return {"right": right, "in_common": shared.mean().item() if hops > 1 else 0.0}


def main() -> None:
    """Everything, one after the other, on one thread."""
    torch.set_num_threads(1)
    matched = {(n, d, s): match(n, d, s) for s in SEEDS for d in DISTANCES for n in MATCHERS}
    read, inferred = [reading(s) for s in SEEDS], [inferring(s) for s in SEEDS]
    embedded = {name: [embedding(name, s) for s in SEEDS] for name in HOPS}
    farthest = max(DISTANCES)
    at_40 = {name: [matched[name, farthest, s][0] for s in SEEDS] for name in MATCHERS}
    values = {
        "distances": DISTANCES,
        "matched": {n: [[matched[n, d, s][0] for s in SEEDS] for d in DISTANCES] for n in MATCHERS},
        "beyond": BEYOND,
        "matched_beyond": {
            n: [[matched[n, farthest, s][1][i] for s in SEEDS] for i in range(len(BEYOND))] for n in MATCHERS
        },
        "lead_at_40": [
            own - max(gru, rnn)
            for own, gru, rnn in zip(at_40["self-attention"], at_40["GRU"], at_40["RNN"], strict=True)
        ],
        "reading": {name: [found[name] for found in read] for name in read[0]},
        "lead_of_stacked": [found["self-attention"] - found["no self-attention"] for found in read],
        "entailment": {name: [found[name] for found in inferred] for name in inferred[0]},
        "embedding": {name: {key: [f[key] for f in found] for key in found[0]} for name, found in embedded.items()},
    }
    results.save("09_self_attention", values, command="python experiments/09_self_attention.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
