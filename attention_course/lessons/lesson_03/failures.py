"""How translations go wrong."""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np


def kinds(wrong: Sequence[tuple], training: Iterable[Sequence[str]]) -> tuple[float, list[tuple[str, str]]]:
    """What wrong translations look like. wrong: (pair, what was written); training: the target sentences learned from.

    Gives the share of neighbouring words, as written, that stand side by side somewhere in the training as well, and
    the rows of a table.
    """
    known = {two for sentence in training for two in neighbours(sentence)}
    short = np.mean([len(written) <= len(pair.french) - 2 for pair, written in wrong])
    disorder = np.mean([sorted(written) == sorted(pair.french) for pair, written in wrong])
    first = np.median([first_difference(written, pair.french) for pair, written in wrong])
    fluent = share_known((written for _, written in wrong), known)
    true = share_known((pair.french for pair, _ in wrong), known)
    return fluent, [
        ("too short by two words or more", f"{short:.0%}"),
        ("the right words in another order", f"{disorder:.0%}"),
        ("neighbouring words known from the training", f"{fluent:.1%}"),
        ("the same in the true translations", f"{true:.1%}"),
        ("the first wrong word is, in the median, word", f"{first:.0f}"),
    ]


def gloss(words: Sequence[str], pairs: Iterable) -> list[str]:
    """Each French word as the English words that it belongs to most often in the grammar's pairs."""
    counts: dict[str, Counter] = {}
    for pair in pairs:
        english: dict[int, list[str]] = {}
        for e, f in sorted(pair.links):
            english.setdefault(f, []).append(pair.english[e])
        for f, linked in english.items():
            counts.setdefault(pair.french[f], Counter())[" ".join(linked)] += 1
    return [counts[word].most_common(1)[0][0] if word in counts else word for word in words]


def neighbours(sentence: Sequence[str]) -> list[tuple[str, str]]:
    return list(zip(["<bos>", *sentence], [*sentence, "<eos>"], strict=True))


def share_known(sentences: Iterable[Sequence[str]], known: set[tuple[str, str]]) -> float:
    return float(np.mean([two in known for sentence in sentences for two in neighbours(sentence)]))


def first_difference(written: Sequence[str], true: Sequence[str]) -> int:
    """The place, counted from 1, of the first word that differs."""
    return next((i for i, (a, b) in enumerate(zip(written, true, strict=False), 1) if a != b), len(written))
