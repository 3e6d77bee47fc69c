"""Where the query comes from, which score, how wide a window: what it does to translation and to alignment.

    python experiments/05_alignment.py          everything, about twenty minutes on two cores
    python experiments/05_alignment.py short    this part; the others keep the values they have

long: eight translators on the grammar corpus, three seeds each. short: the lesson's own models, trained as the lesson
trains them, three seeds each. controls: the diagonal and IBM Model 1, on the data of both.

Writes attention_course/results/05_alignment.json.
"""

from concurrent.futures import ProcessPoolExecutor
from itertools import combinations

import torch
from in_parts import measure
from on_grammar import corpus, exact, trained

from attention_course import device
from attention_course.data import grammar
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.decoding import align
from attention_course.lessons.lesson_03.built import train
from attention_course.lessons.lesson_04 import built as lesson_04
from attention_course.lessons.lesson_05 import built as lesson_05
from attention_course.metrics import alignment_error_rate, diagonal_links, hard_links, one_link_floor
from attention_course.models.ibm1 import Ibm1
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


def measured(job: tuple[str, int]) -> dict:
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


def long() -> dict:
    """All variants and seeds, two at a time."""
    jobs = [(name, seed) for seed in SEEDS for name in VARIANTS]
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(jobs, pool.map(measured, jobs), strict=True))
    unseen = grammar.pairs(1_000, part="test")
    values = {
        "variants": list(VARIANTS),
        "budget": BUDGET,
        "floor": one_link_floor([pair.links for pair in unseen], [len(pair.french) for pair in unseen]),
    }
    for key in ("exact", "aer", "ne_at_not", "words_a_second", "parameters"):
        values[key] = {name: [found[name, seed][key] for seed in SEEDS] for name in VARIANTS}
    # How often two trainings of the same network, from two seeds, link a word differently.
    first = next(iter(VARIANTS))
    values["seeds_differ"] = [
        differing(found[first, a]["links"], found[first, b]["links"]) for a, b in combinations(SEEDS, 2)
    ]
    return values


SHORT = {  # as section 7 of the lesson builds them
    "Bahdanau": lesson_04.RNNsearch,
    "Bahdanau, word asks, too": lesson_05.WordAsksToo,
    "Luong, concat": lambda e, f: lesson_05.Luong(e, f, score=lesson_05.Concat),
}


def lessons_training(job: tuple[str, int]) -> dict:
    """Train one of the lesson's models with one seed: 20,000 pairs once, 500 unseen pairs."""
    name, seed = job
    device.use_threads(1)
    pairs, unseen = grammar.pairs(20_000, part="train"), grammar.pairs(500, part="test")
    english, french = (Vocabulary(getattr(pair, side) for pair in pairs) for side in ("english", "french"))

    def numbers(some):
        return [(english.encode(p.english), [BOS, *french.encode(p.french), EOS]) for p in some]

    device.seed_everything(seed)
    model = SHORT[name](len(english), len(french))
    train(model, numbers(pairs), lesson_04.translation_loss, learning_rate=5e-3)
    source, target = (pad(list(side)) for side in zip(*numbers(unseen), strict=True))
    with torch.no_grad():
        weights = lesson_04.teacher_forcing(model, source, target)[1]
    links = [hard_links(rows[: len(p.french), : len(p.english)]) for rows, p in zip(weights, unseen, strict=True)]
    written = lesson_04.greedy(model, source).tolist()
    right = sum(french.decode(words) == list(p.french) for words, p in zip(written, unseen, strict=True))
    found = {"exact": right / len(unseen), "aer": alignment_error_rate(links, [p.links for p in unseen])}
    print(name, seed, found, flush=True)
    return found


def short() -> dict:
    """The lesson's own training from three starts."""
    jobs = [(name, seed) for name in SHORT for seed in SEEDS]
    with ProcessPoolExecutor(2) as pool:
        found = dict(zip(jobs, pool.map(lessons_training, jobs), strict=True))
    return {
        "short": {name: {key: [found[name, seed][key] for seed in SEEDS] for key in ("exact", "aer")} for name in SHORT}
    }


def controls() -> dict:
    """The alignment error rates of the diagonal and of IBM Model 1."""
    values = {}
    for part, learned, asked in (("short", 20_000, 500), ("long", 30_000, 1_000)):
        pairs, unseen = grammar.pairs(learned, part="train"), grammar.pairs(asked, part="test")
        table = Ibm1([(p.english, p.french) for p in pairs], iterations=5, null=False)
        gold = [p.links for p in unseen]
        values[part] = {
            "diagonal": alignment_error_rate([diagonal_links(len(p.english), len(p.french)) for p in unseen], gold),
            "IBM Model 1": alignment_error_rate([table.links(p.english, p.french) for p in unseen], gold),
        }
    return {"controls": values}


def differing(links: list, others: list) -> float:
    """The share of links that are not the same."""
    same = sum(len(set(map(tuple, a)) & set(map(tuple, b))) for a, b in zip(links, others, strict=True))
    return 1 - same / sum(map(len, links))


if __name__ == "__main__":
    measure("05_alignment", {"long": long, "short": short, "controls": controls}, SEEDS)
