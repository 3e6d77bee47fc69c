"""Short passages with a question whose answer is a span of the passage, and takes two facts to find."""

from random import Random
from typing import NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from attention_course.data.vocabulary import Vocabulary, pad

PEOPLE = ("anna", "ben", "clara", "emil", "nora")
THINGS = ("lamp", "ring", "coin", "book", "cup")
PREPOSITIONS = ("in", "under", "behind", "beside")
ADJECTIVES = ("old", "red", "small", "round")
FURNITURE = ("box", "chair", "table", "bed", "chest")
OWNERS = 3
"""How many people have a thing in one passage: who guesses among the places is right once in so many times."""

VOCABULARY = Vocabulary(
    [(*PEOPLE, *THINGS, *PREPOSITIONS, *ADJECTIVES, *FURNITURE), ("has", "the", "is", ".", "where", "'s", "thing", "?")]
)


class Passage(NamedTuple):
    """The words of a passage and of a question, and the places of the answer's first and last word."""

    words: tuple[str, ...]
    question: tuple[str, ...]
    first: int
    last: int

    @property
    def answer(self) -> tuple[str, ...]:
        return self.words[self.first : self.last + 1]


def passage(random: Random) -> Passage:
    """One passage, such as "anna has the lamp . […] the lamp is under the old bed .", asked "where is anna 's thing ?".

    Three people have a thing each, and each thing is somewhere. No sentence names both an owner and a place, and the
    six stand in random order, so that neither the question alone nor a place's position tells the answer.
    """
    people, things = random.sample(PEOPLE, OWNERS), random.sample(THINGS, OWNERS)
    places = [_place(random, piece) for piece in random.sample(FURNITURE, OWNERS)]
    owned = [(person, "has", "the", thing, ".") for person, thing in zip(people, things, strict=True)]
    found = [("the", thing, "is", *place, ".") for thing, place in zip(things, places, strict=True)]
    asked = random.randrange(OWNERS)
    sentences = owned + found
    random.shuffle(sentences)
    before = sum(len(sentence) for sentence in sentences[: sentences.index(found[asked])])
    first = before + len(("the", "thing", "is"))
    return Passage(
        tuple(word for sentence in sentences for word in sentence),
        ("where", "is", people[asked], "'s", "thing", "?"),
        first,
        first + len(places[asked]) - 1,
    )


def _place(random: Random, piece: str) -> tuple[str, ...]:
    """Three or four words."""
    adjective = (random.choice(ADJECTIVES),) if random.random() < 0.5 else ()
    return (random.choice(PREPOSITIONS), "the", *adjective, piece)


def batch(
    passages: list[Passage],
) -> tuple[tuple[Int[Tensor, "batch words"], Int[Tensor, "batch asked"]], Int[Tensor, "batch 2"]]:
    """Passages and questions as numbers of `VOCABULARY`, and the answers' first and last words."""
    words = pad([VOCABULARY.encode(p.words) for p in passages])
    questions = pad([VOCABULARY.encode(p.question) for p in passages])
    return (words, questions), torch.tensor([(p.first, p.last) for p in passages])
