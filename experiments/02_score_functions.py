"""How the five score functions learn a look-up and translation, over the size k, and the time that two of them take.

Writes attention_course/results/02_score_functions.json. About an hour on two cores. After the name of a part (look_up,
spread, translation, twice, times) only that part is measured, and the values of the others are kept.
"""

import statistics
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor

import torch
from in_parts import measure
from on_grammar import corpus, exact, trained
from torch import Tensor, nn

from attention_course import device
from attention_course.data import grammar
from attention_course.data.vocabulary import pad
from attention_course.models.seq2seq import RNNsearch
from attention_course.scores import (
    AdditiveScore,
    BilinearScore,
    DotScore,
    MultiplicativeScore,
    ScaledScore,
    Score,
    additive_score,
    dot_score,
    scaled_dot_score,
)

KINDS = ("dot", "bilinear", "multiplicative", "scaled", "additive")
# Two more for the look-up: is it the score, or how large its parameters are when training begins?
STARTS = ("dot, small vectors", "additive, large v")
# A learning rate is chosen for each score and size with TUNING, and everything else is measured with SEEDS.
SEEDS, TUNING = range(8), range(100, 104)
LOOK_UP_SIZES = (4, 16, 64, 256, 1024)
LOOK_UP_RATES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0)  # the best is not at an end
LIVE_RATE = 10.0  # the one rate of the lesson's own training
THINGS, ON_SHELF, BATCH, STEPS = 16, 8, 128, 100

TRANSLATION_SEEDS, TRANSLATION_TUNING = range(5), range(100, 101)
TRANSLATION_SIZES = (16, 64, 256)
TRANSLATION_RATES, TWICE = (2e-3, 5e-3, 1e-2), 2e-2  # the last where the largest of the three is the best
TARGET_TOKENS = 400_000
LONG_SIZE, LONG_TOKENS, LONG_SEEDS = 64, 1_200_000, range(3)  # is the order the same after three times the training?
STATE = 128  # the size of the decoder's state and of the encoder's annotations

SPREAD_SEEDS, SPREAD_TOKENS, SPREAD_RATE = range(3), 20_000, 1e-2  # the standard deviation of scores early in training

REPETITIONS, REPEATS = 8, 15


class LookUp(nn.Module):
    """The lesson's shelf: which of eight things is asked for? Names (queries) and things (keys) start out as noise.

    They are learned themselves, so that only bilinear and multiplicative scores need matrices of their own.
    """

    def __init__(self, kind: str, k: int):
        super().__init__()
        self.kind, _, start = kind.partition(", ")
        size = k**-0.25 if start == "small vectors" else 1.0  # so that dot products have a variance of 1
        self.names = nn.Parameter(size * torch.randn(THINGS, k))
        self.things = nn.Parameter(size * torch.randn(THINGS, k))
        matrices = {"bilinear": 1, "multiplicative": 2}.get(self.kind, 0)
        self.matrices = nn.ParameterList(torch.randn(k, k) / k**0.5 for _ in range(matrices))
        v = torch.randn(k) if start == "large v" else torch.randn(k) / k**0.5
        self.v = nn.Parameter(v) if self.kind == "additive" else None

    def forward(self, shelf: Tensor, asked: Tensor) -> Tensor:
        """The scores (B, 8) of the things on the shelf."""
        queries, keys = self.names, self.things
        if self.matrices:
            queries = queries @ self.matrices[0]
            keys = keys @ self.matrices[-1] if self.kind == "multiplicative" else keys
        if self.kind == "additive":
            scores = additive_score(queries, keys, self.v)
        else:
            scores = (scaled_dot_score if self.kind == "scaled" else dot_score)(queries, keys)
        return scores[asked.unsqueeze(1), shelf]  # (16, 16) -> (B, 8)


def shelves(count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Things on shelves (B, 8), their colours (B, 8, 3), and the place of the one that is asked for (B,)."""
    shelf = torch.rand(count, THINGS).argsort(-1)[:, :ON_SHELF]
    return shelf, torch.rand(count, ON_SHELF, 3), torch.randint(ON_SHELF, (count,))


def look_up(kind: str, k: int, rate: float, seed: int) -> dict[str, float]:
    """Train one look-up, as the lesson does; then ask it 2,000 times."""
    device.seed_everything(seed)
    model = LookUp(kind, k)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    measured = {}
    for step in range(STEPS):
        shelf, colours, place = shelves(BATCH)
        rows = torch.arange(BATCH)
        scores = model(shelf, shelf[rows, place])
        scores.retain_grad()
        weights = scores.softmax(-1)
        answer = (weights.unsqueeze(1) @ colours).squeeze(1)
        loss = (answer - colours[rows, place]).square().sum(-1).mean()
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            measured["largest_weight"] = weights.max(-1).values.mean().item()
            measured["gradient"] = (scores.grad * BATCH).norm(dim=-1).median().item()
        optimizer.step()
    with torch.no_grad():
        shelf, _, place = shelves(2_000)
        scores = model(shelf, shelf[torch.arange(2_000), place])
    return measured | {"accuracy": (scores.argmax(-1) == place).float().mean().item()}


def tried(learn: Callable[[float, int], float], rates: Iterable[float], seeds: Iterable[int]) -> dict[float, float]:
    """What each learning rate comes to, the mean over the seeds."""
    return {rate: statistics.fmean(learn(rate, seed) for seed in seeds) for rate in rates}


def measure_look_up(setting: tuple[str, int]) -> dict:
    """One score at one size: at its best learning rate, and at the lesson's."""
    torch.set_num_threads(1)
    kind, k = setting
    by_rate = tried(lambda rate, seed: look_up(kind, k, rate, seed)["accuracy"], LOOK_UP_RATES, TUNING)
    rate = max(by_rate, key=by_rate.get)
    runs = [look_up(kind, k, rate, seed) for seed in SEEDS]
    live = [look_up(kind, k, LIVE_RATE, seed)["accuracy"] for seed in SEEDS]
    found = {"rate": rate, "tried": {f"{rate:g}": share for rate, share in by_rate.items()}}
    return {key: [run[key] for run in runs] for key in runs[0]} | found | {"accuracy_at_live_rate": live}


def new_score(kind: str, k: int) -> Score:
    """The package's score between a decoder's state and the annotations, with the weights PyTorch draws."""
    if kind == "dot":
        return DotScore()
    if kind == "bilinear":
        return BilinearScore(STATE, STATE)
    made = {"multiplicative": MultiplicativeScore, "scaled": ScaledScore, "additive": AdditiveScore}
    return made[kind](STATE, STATE, k)


def translate(kind: str, k: int, rate: float, seed: int, target_tokens: int = TARGET_TOKENS) -> float:
    """Train the translator of lesson 00 with this score; the share of 1,000 unseen sentences translated exactly.

    The learning rate is chosen with other sentences than those on which it is measured.
    """
    unseen = grammar.pairs(2_000, part="test")
    unseen = unseen[1_000:] if seed in TRANSLATION_TUNING else unseen[:1_000]
    model, _ = trained(lambda e, f: RNNsearch(e, f, score=new_score(kind, k)), seed, target_tokens, rate)
    return exact(model, unseen)


def measure_translation(setting: tuple[str, int]) -> dict:
    """One score at one size, at the better learning rate; at LONG_SIZE after a longer training, too."""
    torch.set_num_threads(1)
    by_rate = tried(lambda rate, seed: translate(*setting, rate, seed), TRANSLATION_RATES, TRANSLATION_TUNING)
    rate = max(by_rate, key=by_rate.get)
    measured = {"exact": [translate(*setting, rate, seed) for seed in TRANSLATION_SEEDS], "rate": rate}
    if setting[1] == LONG_SIZE:
        measured["exact_after_longer"] = [translate(*setting, rate, seed, LONG_TOKENS) for seed in LONG_SEEDS]
    return measured


@torch.no_grad()
def std(model: RNNsearch, sources: Tensor) -> float:
    """The standard deviation among the scores of a sentence, for its first word; mean over sentences of one length."""
    memory, state = model.encode(sources)
    return model.score(state.unsqueeze(1), memory.annotations).std(-1).mean().item()


def measure_spread(setting: tuple[str, int]) -> dict[str, list[float]]:
    """Before training and a little later."""
    torch.set_num_threads(1)
    english, french, examples = corpus()
    sources = pad([source for source, _ in examples if len(source) == 8][:1_000])
    found = {"untrained": [], "later": []}
    for seed in SPREAD_SEEDS:
        device.seed_everything(seed)
        untrained = RNNsearch(len(english), len(french), score=new_score(*setting))
        found["untrained"].append(std(untrained, sources))
        model, _ = trained(lambda e, f: RNNsearch(e, f, score=new_score(*setting)), seed, SPREAD_TOKENS, SPREAD_RATE)
        found["later"].append(std(model, sources))
    return found


def seconds(score: Score, queries: Tensor, keys: Tensor, backward: bool) -> float:
    """Median of some repeats, after one that does not count."""
    taken = []
    for _ in range(REPEATS + 1):
        start = time.perf_counter()
        with torch.set_grad_enabled(backward):
            total = score(queries, keys).sum()
        if backward:
            total.backward()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken[1:])


def measure_time(backward: bool) -> list[float]:
    """Seconds of the additive score over those of the multiplicative one: 32 x 50 queries and keys, k = 64."""
    torch.set_num_threads(1)
    ratios = []
    for repetition in range(REPETITIONS):
        device.seed_everything(repetition)
        queries, keys = torch.randn(2, 32, 50, STATE)
        additive, multiplicative = (
            seconds(new_score(kind, 64), queries, keys, backward) for kind in ("additive", "multiplicative")
        )
        ratios.append(additive / multiplicative)
    return ratios


def figures(values: dict) -> dict[str, list[float]]:
    """The figures of four claims, one a seed."""
    look_up = {kind: {int(k): m["accuracy"] for k, m in by_k.items()} for kind, by_k in values["look_up"].items()}
    # each (k, seed)
    right = {kind: torch.tensor([m["exact"] for m in by_k.values()]) for kind, by_k in values["translation"].items()}
    additive, multiplicative = right["additive"], right["multiplicative"]

    def best_less_worst(by_size):
        return by_size.amax(0) - by_size.amin(0)

    def gap_closed(scaled, plain, best):  # where there is no gap: whether the scaled score is as good
        return torch.where(best > plain, (scaled - plain) / (best - plain), (scaled >= best).float())

    large = {kind: torch.tensor([look_up[kind][k] for k in (64, 256, 1024)]).mean(0) for kind in KINDS}
    seeds = len(TRANSLATION_SEEDS)
    in_look_up = gap_closed(large["scaled"], large["multiplicative"], large["additive"])[:seeds]
    in_translation = gap_closed(right["scaled"].mean(0), multiplicative.mean(0), additive.mean(0))
    tasks = [[look_up[kind][k][:seeds] for kind in KINDS] for k in LOOK_UP_SIZES]
    tasks.append([right[kind].mean(0).tolist() for kind in KINDS])
    tasks = torch.tensor(tasks)  # (task, kind, seed)
    shortfall = tasks.amax(1, keepdim=True) - tasks
    return {
        "additive_less_multiplicative": additive.mean(0) - multiplicative.mean(0),
        "best_less_worst_size": (best_less_worst(additive) + best_less_worst(multiplicative)) / 2,
        "gap_closed_by_scaling": torch.minimum(in_look_up, in_translation),
        "shortfall_of_the_best_all_round": shortfall.amax(0).amin(0),
    }


def in_pool(measure_one: Callable[[tuple[str, int]], dict], settings: list[tuple[str, int]]) -> dict:
    """What is measured at each setting, two at a time, as {kind: {k: ...}} with strings as keys, for JSON."""
    found = {kind: {} for kind in KINDS + STARTS}
    with ProcessPoolExecutor(2) as pool:
        for (kind, k), measured in zip(settings, pool.map(measure_one, settings), strict=True):
            found[kind][k] = measured
            print(measure_one.__name__, kind, k, measured, flush=True)
    return {kind: {str(k): by_k[k] for k in sorted(by_k)} for kind, by_k in found.items() if by_k}


def measure_twice(setting: tuple[str, int]) -> dict[str, float]:
    """The largest learning rate and twice as much, with the seed and the sentences by which rates are chosen."""
    torch.set_num_threads(1)
    rates = (TRANSLATION_RATES[-1], TWICE)
    by_rate = tried(lambda rate, seed: translate(*setting, rate, seed), rates, TRANSLATION_TUNING)
    return {f"{rate:g}": share for rate, share in by_rate.items()}


PROJECTED = [(kind, k) for kind in KINDS[2:] for k in TRANSLATION_SIZES]
LARGEST_IS_BEST = [("dot", STATE), ("scaled", 16), *[("additive", k) for k in TRANSLATION_SIZES]]


def of_look_up() -> dict:
    settings = [(kind, k) for k in reversed(LOOK_UP_SIZES) for kind in KINDS + STARTS]
    return {"look_up": in_pool(measure_look_up, settings)}


def of_spread() -> dict:
    return {"spread": in_pool(measure_spread, PROJECTED)}


def of_translation() -> dict:
    """What takes longest goes first."""
    settings = [("dot", STATE), ("bilinear", STATE), *PROJECTED]
    return {"translation": in_pool(measure_translation, sorted(settings, key=lambda setting: setting[1] != LONG_SIZE))}


def of_twice() -> dict:
    return {"twice": in_pool(measure_twice, LARGEST_IS_BEST)}


def of_times() -> dict:
    """With the machine to itself."""
    return {
        "additive_over_multiplicative_time": measure_time(backward=True),
        "additive_over_multiplicative_time_forward": measure_time(backward=False),
    }


if __name__ == "__main__":
    measure(
        "02_score_functions",
        {
            "look_up": of_look_up,
            "spread": of_spread,
            "translation": of_translation,
            "twice": of_twice,
            "times": of_times,
        },
        seeds=SEEDS,
        note=f"Translation with {len(TRANSLATION_SEEDS)} of them, the longer with {len(LONG_SEEDS)}; learning rates "
        "were chosen with other seeds.",
        figures=figures,
    )
