"""Attention as a word alignment, and how far it is from the links that an annotator drew.

A link is (source, target), two positions that count from 0; in the pairs of `data.grammar` the source is English.
"""

from collections.abc import Sequence, Set

from jaxtyping import Float
from torch import Tensor

Links = Set[tuple[int, int]]


def hard_links(weights: Float[Tensor, "target source"]) -> frozenset[tuple[int, int]]:
    """Link each target word to the one source word that has the largest weight (the first of equals).

    The weights of padding and of `<eos>`, rows as well as columns, are to be cut off before.
    """
    return frozenset((source, target) for target, source in enumerate(weights.argmax(-1).tolist()))


def diagonal_links(source_length: int, target_length: int) -> frozenset[tuple[int, int]]:
    """Link each target word to the source word that is as far along in its sentence: what attention must beat.

    The first words are linked, and the last (a single target word is a first word).
    """
    steps = max(1, target_length - 1)
    return frozenset((round(target * (source_length - 1) / steps), target) for target in range(target_length))


def alignment_error_rate(
    predicted: Sequence[Links], sure: Sequence[Links], possible: Sequence[Links] | None = None
) -> float:
    """AER = 1 - (|A ∩ G| + |A ∩ P|) / (|A| + |G|) of the predicted links A, counted over all sentence pairs.

    sure: G (S in the paper), the links that must be there.
    possible: P, the links that may be there. Every sure link is possible whether it is listed again or not; None means
        that there are no others, and AER is then 1 - F1.

    It is 0 where all sure links are predicted and none that is not possible, and 1 where no predicted link is possible.
    From Och & Ney, "A Systematic Comparison of Various Statistical Alignment Models" (2003), and theirs since 2000.

    Raises ValueError for unequal numbers of sentence pairs, and where there are neither predicted nor sure links.
    """
    possible = _with_possible(sure, possible)
    if len(predicted) != len(sure):
        raise ValueError(f"predicted and sure: expected the same number, got {len(predicted)} and {len(sure)}")
    links = sum(map(len, predicted)) + sum(map(len, sure))
    if not links:
        raise ValueError("predicted and sure: expected at least one link, got none")
    return 1 - sum(len(a & s) + len(a & p) for a, s, p in zip(predicted, sure, possible, strict=True)) / links


def one_link_floor(
    sure: Sequence[Links], target_lengths: Sequence[int], possible: Sequence[Links] | None = None
) -> float:
    """The smallest AER within reach of an alignment that has exactly one link for each target word.

    `hard_links` gives such alignments. They can neither follow two sure links of one target word nor leave a word
    unlinked that has none, so where the gold has such words, even the best attention stays above 0.

    As the number of predicted links is given, every word can be decided by itself: a sure link counts twice, in A ∩ G
    and in A ∩ P, one that is only possible counts once, and any other not at all.

    target_lengths: of each target sentence, in words.

    Raises ValueError for unequal numbers of sentence pairs, a link behind the end of its target sentence, and where
    there are neither words nor sure links.
    """
    possible = _with_possible(sure, possible)
    if len(target_lengths) != len(sure):
        raise ValueError(
            f"sure and target_lengths: expected the same number, got {len(sure)} and {len(target_lengths)}"
        )
    links = sum(target_lengths) + sum(map(len, sure))
    if not links:
        raise ValueError("sure and target_lengths: expected at least one link or word, got none")
    counted = 0
    for s, p, length in zip(sure, possible, target_lengths, strict=True):
        if outside := [link for link in p if not 0 <= link[1] < length]:
            raise ValueError(
                f"sure and possible: expected target positions below {length}, got the link {min(outside)}"
            )
        counted += len({target for _, target in s}) + len({target for _, target in p})
    return 1 - counted / links


def _with_possible(sure: Sequence[Links], possible: Sequence[Links] | None) -> Sequence[Links]:
    """P, which always contains S."""
    if possible is None:
        return sure
    if len(possible) != len(sure):
        raise ValueError(f"sure and possible: expected the same number, got {len(sure)} and {len(possible)}")
    return [s | p for s, p in zip(sure, possible, strict=True)]
