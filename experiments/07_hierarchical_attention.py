"""Hierarchical attention on generated reviews, whose decisive sentence is known, and on movie_reviews.

    python experiments/07_hierarchical_attention.py             everything, about twenty-five minutes on one core
    python experiments/07_hierarchical_attention.py flat_gru    this part; the others keep the values they have

Five readers of the generated reviews, with and without undecided ones, five seeds. Five ways to read movie_reviews,
five splits, and what is left of their accuracy when sentences are taken away. flat_gru: one level with a GRU of the
same size over all words of a generated review. short: the lesson's reader of movie_reviews after short trainings of
seven settings, on one split, and what it can tell from its top sentences.

Writes attention_course/results/07_hierarchical_attention.json.
"""

import random

import torch
from in_parts import measure
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from torch import nn

from attention_course import device
from attention_course.data.movie_reviews import FOLDS, movie_reviews, split
from attention_course.data.vocabulary import Vocabulary
from attention_course.layers import AttentionPooling, MeanPooling
from attention_course.lessons.lesson_07 import built, documents
from attention_course.lessons.lesson_07.document_training import accuracy, read, train
from attention_course.lessons.lesson_07.reviews import BAD, GOOD, reviews
from attention_course.models.hierarchical import BidirectionalGRU, HierarchicalAttention, Identity, Level

SEEDS = range(5)
KINDS = {"two labels": 0.0, "with undecided": 1 / 3}
KEPT = 3  # sentences of the deletion test
FLAT = ("mean of all words", "flat attention", "flat GRU")  # without the hierarchy: a document is one long sentence

# Sentences at either end, words of a sentence, passes, learning rate, reviews a batch. The first is the lesson's.
SETTINGS = [
    (15, 30, 3, 1e-2, 32),
    (15, 30, 2, 1e-2, 32),
    (15, 30, 3, 2e-2, 32),
    (15, 30, 2, 2e-2, 32),
    (20, 40, 3, 1e-2, 32),
    (20, 30, 3, 1e-2, 32),
    (20, 40, 2, 1e-2, 16),
]

# Encoder and pool of the words, then of the sentences.
GENERATED = {
    "mean of all words": (Identity, MeanPooling, Identity, MeanPooling),
    "flat attention": (Identity, AttentionPooling, Identity, MeanPooling),
    "sentence attention": (Identity, MeanPooling, Identity, AttentionPooling),
    "no GRUs": (Identity, AttentionPooling, Identity, AttentionPooling),
    "both GRUs": (BidirectionalGRU, AttentionPooling, BidirectionalGRU, AttentionPooling),
}
FLAT_GRU = {"flat GRU": (BidirectionalGRU, AttentionPooling, Identity, MeanPooling)}
MOVIES = {
    "mean of all words": (Identity, MeanPooling, Identity, MeanPooling),
    "flat attention": (Identity, AttentionPooling, Identity, MeanPooling),
    "no GRUs": (Identity, AttentionPooling, Identity, AttentionPooling),
    "sentence GRU": (Identity, AttentionPooling, BidirectionalGRU, AttentionPooling),
}


def reader(words: int, parts: tuple, size: int, **options) -> nn.Module:
    """A reader of those parts."""
    made = [
        part() if part in (Identity, MeanPooling) else part(size) if part is BidirectionalGRU else part(size, size)
        for part in parts
    ]
    return HierarchicalAttention(words, Level(*made[:2]), Level(*made[2:]), size=size, **options)


def on_generated(name: str, kind: str, seed: int) -> dict:
    """Train one reader on 2,000 generated reviews. How often does it look most at the sentence that decides?"""
    shape = documents.flat if name in FLAT else list
    learned, asked = (reviews(n, part, seed, KINDS[kind]) for n, part in ((2000, "train"), (1000, "test")))
    vocabulary = Vocabulary(sentence for review in learned for sentence in review.sentences)
    device.seed_everything(seed)
    model = reader(len(vocabulary), (GENERATED | FLAT_GRU)[name], 32, classes=1 + max(r.label for r in learned))
    numbers, unseen = (
        [shape(d) for d in documents.encode([r.sentences for r in some], vocabulary)] for some in (learned, asked)
    )
    train(model, numbers, [r.label for r in learned], passes=8, learning_rate=5e-3, seed=seed, progress=False)
    reading = read(model, unseen)
    found = {"accuracy": accuracy(reading, [review.label for review in asked])}
    if name not in FLAT:
        top = reading.sentence_weights.argmax(-1).tolist()
        for key, labels in {"on_top": (BAD, GOOD), "on_top_bad": (BAD,), "on_top_good": (GOOD,)}.items():
            right = [i == review.decisive for i, review in zip(top, asked, strict=True) if review.label in labels]
            found[key] = sum(right) / len(right)
    print(name, kind, seed, found, flush=True)
    return found


def on_movies(name: str, fold: int, learned: list, asked: list) -> dict:
    """Train one reader on four fifths of movie_reviews. What can it tell from its top sentences, what without them?"""
    shape = documents.flat if name in FLAT else list
    vocabulary = Vocabulary((s for review in learned for s in review.sentences), minimum=5)
    device.seed_everything(fold)
    model = reader(len(vocabulary), MOVIES[name], 50, dropout=0.5)
    numbers, unseen = (
        [shape(d) for d in documents.encode([r.sentences for r in some], vocabulary, 40, 40)]
        for some in (learned, asked)
    )
    labels = [review.label for review in asked]
    train(
        model,
        numbers,
        [r.label for r in learned],
        passes=6,
        learning_rate=1e-2,
        word_dropout=0.2,
        seed=fold,
        progress=False,
    )
    reading = read(model, unseen)
    found = {"accuracy": accuracy(reading, labels)}
    if name not in FLAT:
        generator = random.Random(fold)
        tops = [
            w[: len(d)].argsort(descending=True)[:KEPT].tolist()
            for w, d in zip(reading.sentence_weights, unseen, strict=True)
        ]
        others = [generator.sample(range(len(d)), min(KEPT, len(d))) for d in unseen]
        for key, chosen in {"top": tops, "random": others}.items():
            only = [[d[i] for i in sorted(places)] for d, places in zip(unseen, chosen, strict=True)]
            without = [
                [s for i, s in enumerate(d) if i not in places] for d, places in zip(unseen, chosen, strict=True)
            ]
            found |= {
                f"only_{key}": accuracy(read(model, only), labels),
                f"without_{key}": accuracy(read(model, without), labels),
            }
        found["largest_weight"] = reading.sentence_weights.max(-1).values.mean().item()
    print(name, fold, found, flush=True)
    return found


def after_short_training(ends: int, width: int, passes: int, learning_rate: float, size: int) -> dict:
    """Train the lesson's reader with this setting as section 9 does: seed 0, first split."""
    learned, asked = split(movie_reviews(), 0)
    vocabulary = Vocabulary((s for review in learned for s in review.sentences), minimum=5)

    def numbers(some):
        kept = [[*review.sentences[:ends], *review.sentences[ends:][-ends:]] for review in some]
        return [[vocabulary.encode(sentence[:width]) for sentence in document] for document in kept]

    device.seed_everything(0)
    unseen, labels = numbers(asked), torch.tensor([review.label for review in asked])
    model = built.HierarchicalAttention(len(vocabulary), 2, E=50, gru=(False, True), dropout=0.5)
    taught = [review.label for review in learned]
    built.train(model, numbers(learned), taught, passes, learning_rate, size=size, lost=0.2)
    reading, generator = built.read(model, unseen), random.Random(0)
    places = {
        "top": [order[:KEPT] for order in reading.sentence_weights.argsort(descending=True).tolist()],
        "random": [generator.sample(range(len(document)), KEPT) for document in unseen],
    }
    found = {"accuracy": (reading.logits.argmax(-1) == labels).float().mean().item()}
    for key, chosen in places.items():
        only = [[document[i] for i in sorted(some)] for document, some in zip(unseen, chosen, strict=True)]
        found[f"only_{key}"] = (built.read(model, only).logits.argmax(-1) == labels).float().mean().item()
    print(ends, width, passes, learning_rate, size, found, flush=True)
    return found


def short() -> dict:
    """Short trainings on movie_reviews, one for each setting."""
    found = {"settings": [after_short_training(*setting) for setting in SETTINGS]}
    return {"short": {"settings": SETTINGS} | gathered(found)["settings"]}


def bag_of_words(learned: list, asked: list) -> float:
    """Logistic regression on tf-idf, of words that occur in two reviews or more."""
    tf_idf = TfidfVectorizer(
        analyzer=lambda review: [w for s in review.sentences for w in s], min_df=2, sublinear_tf=True
    )
    regression = LogisticRegression(C=10, max_iter=1000).fit(tf_idf.fit_transform(learned), [r.label for r in learned])
    return regression.score(tf_idf.transform(asked), [review.label for review in asked])


def generated() -> dict:
    """All readers of the generated reviews, with and without undecided ones."""
    measured = {
        kind: {name: [on_generated(name, kind, seed) for seed in SEEDS] for name in GENERATED} for kind in KINDS
    }
    return {"generated": {kind: gathered(by_name) for kind, by_name in measured.items()}}


def flat_gru() -> dict:
    """The control of one level with a GRU, on generated reviews of two labels."""
    found = {"flat GRU": [on_generated("flat GRU", "two labels", seed) for seed in SEEDS]}
    return {"flat_gru": gathered(found)["flat GRU"]}


def movies() -> dict:
    """All readers of movie_reviews."""
    splits = [split(movie_reviews(), fold) for fold in range(FOLDS)]
    found = {name: [on_movies(name, fold, *parts) for fold, parts in enumerate(splits)] for name in MOVIES}
    return {"movies": {"bag of words": {"accuracy": [bag_of_words(*parts) for parts in splits]}} | gathered(found)}


def figures(values: dict) -> dict:
    """What the claims ask for."""
    flat, levels, kept = (values["movies"][name] for name in ("flat attention", "no GRUs", "sentence GRU"))
    return {
        "decisive_on_top": values["generated"]["two labels"]["both GRUs"]["on_top"],
        "kept_top_less_random": less(kept["only_top"], kept["only_random"]),
        "hierarchy_less_flat": less(kept["accuracy"], flat["accuracy"]),
        "levels_less_flat": less(levels["accuracy"], flat["accuracy"]),
    }


def less(more: list, fewer: list) -> list:
    """The differences, one by one."""
    return [a - b for a, b in zip(more, fewer, strict=True)]


def gathered(by_name: dict) -> dict:
    """{name: [{key: value}, ...]} turned into {name: {key: [value, ...]}}."""
    return {name: {key: [one[key] for one in found] for key in found[0]} for name, found in by_name.items()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    measure(
        "07_hierarchical_attention",
        {"generated": generated, "flat_gru": flat_gru, "movies": movies, "short": short},
        SEEDS,
        note="On movie_reviews the seeds are the five splits of a cross-validation. levels_less_flat was worked out "
        "afterwards, from the accuracies above.",
        figures=figures,
    )
