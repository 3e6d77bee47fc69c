"""Premises with hypotheses that follow from them, contradict them, or are left open; no half gives the label away."""

from random import Random
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from attention_course.data.vocabulary import Vocabulary, pad

LABELS = ("entailed", "contradicted", "open")
NOUNS = ("dog", "cat", "fox", "horse", "hen", "goat")
VERBS = ("runs", "sleeps", "eats", "waits")
KINDS = (("small", "large", "tall"), ("black", "white", "brown"))
"""Sizes and colours: as many of one as of the other."""

MARK = "|"
"""It stands between premise and hypothesis."""

VOCABULARY = Vocabulary([NOUNS, VERBS, *KINDS, ("the", "is", ",", "and", MARK)])


class Claim(NamedTuple):
    """A premise, a hypothesis, and the number of its label in `LABELS`."""

    premise: tuple[str, ...]
    hypothesis: tuple[str, ...]
    label: int


def three_claims(random: Random) -> list[Claim]:
    """One premise three times, with a hypothesis of every label.

    Of "the black dog runs , the small white cat sleeps and the tall fox waits" they may be "the dog is black", "the dog
    is white" and "the fox is black".

    So the premise alone tells nothing. Nor does the hypothesis, for animals, sizes and colours are interchangeable; nor
    do words that both have, since a hypothesis always has an animal and an adjective of the premise. What counts is
    which adjective goes with which animal. Of one animal the premise tells no size, or no colour.
    """
    nouns = random.sample(NOUNS, 3)
    kind = random.randrange(2)  # what the hypotheses speak of: two animals have it, with different values
    one, other = random.sample(KINDS[kind], 2)
    values = [[None, None] for _ in nouns]
    values[0][kind], values[1][kind] = one, other
    for value in values:  # the other kind is told of some, whatever it is
        value[1 - kind] = random.choice(KINDS[1 - kind]) if random.random() < 0.5 else None
    clauses = [
        ("the", *(word for word in value if word), noun, random.choice(VERBS))
        for noun, value in zip(nouns, values, strict=True)
    ]
    random.shuffle(clauses)
    premise = (*clauses[0], ",", *clauses[1], "and", *clauses[2])
    asked = random.randrange(2)
    about = [
        (nouns[asked], values[asked][kind]),
        (nouns[asked], values[1 - asked][kind]),
        (nouns[2], random.choice((one, other))),
    ]
    return [Claim(premise, ("the", noun, "is", value), label) for label, (noun, value) in enumerate(about)]


def batch(claims: list[Claim]) -> tuple[tuple[Int[Tensor, "batch words"]], Int[Tensor, " batch"]]:
    """Premise, mark and hypothesis as numbers of `VOCABULARY`, and the labels."""
    words = pad([VOCABULARY.encode((*claim.premise, MARK, *claim.hypothesis)) for claim in claims])
    return (words,), torch.tensor([claim.label for claim in claims])
