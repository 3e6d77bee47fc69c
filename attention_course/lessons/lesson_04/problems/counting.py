"""What BLEU is made of, with its parts exchangeable: right and wrong answers are put together from them."""

import math
from collections import Counter


def grams(words: list[str], n: int) -> Counter:
    """How often each n-gram stands in a sentence."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def division_by_zero() -> float:
    """0 / 0."""
    return 0 / 0


def shares(
    translations,
    references,
    orders=(1, 2, 3, 4),
    hits=lambda ours, theirs: (ours & theirs).total(),
    of=grams,
    empty=lambda: 0.0,
) -> list[float]:
    """The share of right n-grams for each n: counted by `hits` among what `of` cuts a sentence into."""
    found = []
    for n in orders:
        pairs = [(of(t, n), of(r, n)) for t, r in zip(translations, references, strict=True)]
        written = sum(ours.total() for ours, _ in pairs)
        found.append(sum(hits(*pair) for pair in pairs) / written if written else empty())
    return found


def mean(shares: list[float]) -> float:
    """The geometric mean, on the scale up to 100."""
    return 100 * math.prod(shares) ** (1 / len(shares))


def brevity(translations, references) -> float:
    """The penalty for translations shorter than their references."""
    written, wanted = sum(map(len, translations)), sum(map(len, references))
    return min(1.0, math.exp(1 - wanted / written)) if written else 0.0


def score(translations, references, penalty=None, **parts) -> float:
    """BLEU with other shares, or with another penalty, a function of the numbers of words written and wanted."""
    each = mean(shares(translations, references, **parts))
    written, wanted = sum(map(len, translations)), sum(map(len, references))
    return each * (penalty(written, wanted) if penalty and written else brevity(translations, references))
