"""What somebody thought of a restaurant, in one sentence: an opinion on each of three things, in any order."""

from random import Random
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from attention_course.data.vocabulary import Vocabulary, pad

ASPECTS = {
    "food": ("soup", "bread", "fish", "salad"),
    "service": ("waiter", "host", "cook", "barman"),
    "price": ("bill", "price", "offer", "wine"),
}
OPINIONS = (("bad", "awful", "poor", "dreadful"), ("good", "lovely", "fine", "excellent"))
"""The same words are said of all three, so that an opinion is worth nothing without its noun."""

OPENERS = ((), ("yesterday",), ("last", "week"), ("once", "again"))
ADVERBS = ((), ("really",), ("quite",))

VOCABULARY = Vocabulary([*ASPECTS.values(), *OPINIONS, *OPENERS, *ADVERBS, ("the", "was", ",", "and")])


class Review(NamedTuple):
    """The words, and for each of `ASPECTS` 1 where it was liked and 0 where not."""

    words: tuple[str, ...]
    liked: tuple[int, ...]


def review(random: Random) -> Review:
    """One sentence, such as "yesterday the waiter was really awful , the soup was fine and the bill was good"."""
    liked = tuple(random.randrange(2) for _ in ASPECTS)
    clauses = [
        ("the", random.choice(nouns), "was", *random.choice(ADVERBS), random.choice(OPINIONS[good]))
        for nouns, good in zip(ASPECTS.values(), liked, strict=True)
    ]
    random.shuffle(clauses)
    return Review((*random.choice(OPENERS), *clauses[0], ",", *clauses[1], "and", *clauses[2]), liked)


def batch(reviews: list[Review]) -> tuple[tuple[Int[Tensor, "batch words"]], Int[Tensor, "batch aspects"]]:
    """Reviews as numbers of `VOCABULARY`, and for each of `ASPECTS` whether it was liked."""
    words = pad([VOCABULARY.encode(review.words) for review in reviews])
    return (words,), torch.tensor([review.liked for review in reviews])
