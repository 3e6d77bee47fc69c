"""Where the query comes from, which score, how wide a window: what it does to translation and to alignment.

Eight translators on the grammar corpus, three seeds each. Writes attention_course/results/05_alignment.json. About
fifteen minutes on two cores.
"""

from concurrent.futures import ProcessPoolExecutor
from itertools import combinations

import torch
from on_grammar import corpus, exact, trained

from attention_course import results
from attention_course.data import grammar
from attention_course.decoding import align
from attention_course.metrics import alignment_error_rate, hard_links, one_link_floor
from attention_course.models.luong import Luong, MonotonicWindow, PredictiveWindow
from attention_course.models.seq2seq import RNNsearch
from attention_course.scores import AdditiveScore, DotScore

SEEDS = range(3)
BUDGET = 1_000_000  # target tokens
REACH = 3  # words on either side, for the local variants


class WordInQuery(RNNsearch):
    """RNNsearch whose query joins s_{t-1} with the embedding of y_{t-1}."""

    def query(self, word, state):
        return torch.cat([word, state], -1)


class WithoutFeeding(Luong):
    """Luong's translator whose cell is not told where it looked."""

    def advance(self, word, state, source):
        return super().advance(word, state._replace(attentional=torch.zeros_like(state.attentional)), source)


VARIANTS = {
    "Bahdanau, s(t-1)": RNNsearch,
    "Bahdanau, s(t-1) and y(t-1)": lambda e, f: WordInQuery(e, f, score=AdditiveScore(192, 128, 128)),
    "Luong concat, s(t)": lambda e, f: Luong(e, f, score=AdditiveScore(128, 128, 128)),
    "Luong concat, no feeding": lambda e, f: WithoutFeeding(e, f, score=AdditiveScore(128, 128, 128)),
    "Luong general": Luong,
    "Luong dot": lambda e, f: Luong(e, f, score=DotScore()),
    "Luong local-m": lambda e, f: Luong(e, f, window=MonotonicWindow(REACH)),
    "Luong local-p": lambda e, f: Luong(e, f, window=PredictiveWindow(128, REACH)),
}


def measure(job: tuple[str, int]) -> dict:
    """Train one variant with one seed. `links` are those of 1,000 unseen sentences, for comparing seeds."""
    name, seed = job
    model, run = trained(VARIANTS[name], seed, BUDGET)
    english, french, _ = corpus()
    unseen = grammar.pairs(1_000, part="test")
    weights = align(model, [(pair.english, pair.french) for pair in unseen], english, french)
    links = [hard_links(w) for w in weights]
    # "ne ... pas" is one negation: does its first half look at "not", as its second does?
    looked = [
        pair.english[rows[place].argmax()]
        for pair, rows in zip(unseen, weights, strict=True)
        for place, word in enumerate(pair.french)
        if word in ("ne", "n'") and "not" in pair.english
    ]
    found = {
        "exact": exact(model, unseen),
        "aer": alignment_error_rate(links, [pair.links for pair in unseen]),
        "ne_at_not": sum(word == "not" for word in looked) / len(looked),
        "words_a_second": run.used / run.seconds,
        "parameters": sum(p.numel() for p in model.parameters()),
    }
    print(name, seed, found, flush=True)
    return found | {"links": [sorted(some) for some in links]}


def main() -> None:
    """All variants and seeds, two at a time."""
    jobs = [(name, seed) for seed in SEEDS for name in VARIANTS]
    with ProcessPoolExecutor(2) as pool:
        measured = dict(zip(jobs, pool.map(measure, jobs), strict=True))
    unseen = grammar.pairs(1_000, part="test")
    values = {
        "variants": list(VARIANTS),
        "budget": BUDGET,
        "floor": one_link_floor([pair.links for pair in unseen], [len(pair.french) for pair in unseen]),
    }
    for key in ("exact", "aer", "ne_at_not", "words_a_second", "parameters"):
        values[key] = {name: [measured[name, seed][key] for seed in SEEDS] for name in VARIANTS}
    # How often two trainings of the same network, from two seeds, link a word differently.
    first = next(iter(VARIANTS))
    values["seeds_differ"] = [
        differing(measured[first, a]["links"], measured[first, b]["links"]) for a, b in combinations(SEEDS, 2)
    ]
    results.save("05_alignment", values, command="python experiments/05_alignment.py", seeds=SEEDS)


def differing(links: list, others: list) -> float:
    """The share of links that are not the same."""
    same = sum(len(set(map(tuple, a)) & set(map(tuple, b))) for a, b in zip(links, others, strict=True))
    return 1 - same / sum(map(len, links))


if __name__ == "__main__":
    main()
