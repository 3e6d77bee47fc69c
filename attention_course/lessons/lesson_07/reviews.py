"""Generated reviews in which one sentence decides, and it is known which.

A review reports what everybody else thought of a film, and says once what the reviewer thinks: *overall the music was
really charming .* Only that sentence makes the review good or bad. All sentences are built alike and praise or blame at
random, so that it can be told by its opening words alone, and the words of praise and blame counted over the whole
review say little.
"""

import random
from typing import NamedTuple

OTHERS = (
    "the posters promise that", "my neighbour swears that", "the newspapers wrote that", "a friend told me that",
    "the couple behind me whispered that", "some will say that", "for my sister", "fans of the book insist that",
)  # fmt: skip
OWN = ("overall", "all in all", "in the end", "to sum up ,", "my verdict :")
ASPECTS = (
    "story", "cast", "music", "camera", "dialogue", "villain", "heroine", "ending", "pace", "humour", "light", "plot",
)  # fmt: skip
DEGREES = ("really", "rather", "quite", "simply", "truly", "utterly")
PRAISE = ("charming", "gripping", "clever", "touching", "superb", "witty", "dazzling", "original")
BLAME = ("dull", "clumsy", "tedious", "silly", "bland", "awful", "shallow", "stale")

PARTS = ("train", "test")
BAD, GOOD, UNDECIDED = LABELS = range(3)


class Review(NamedTuple):
    """A review: its sentences, its label, and the place of the sentence that decides it, None in an undecided one."""

    sentences: tuple[tuple[str, ...], ...]
    label: int
    decisive: int | None


def reviews(count: int, part: str = "train", seed: int = 0, undecided: float | int = 0) -> list[Review]:
    """The first `count` reviews of a part, "train" or "test", each of 7 to 13 sentences: the same every time.

    undecided: the share of reviews that keep what the reviewer thinks to themselves, and report what others thought;
        the rest is good or bad, as often the one as the other.

    Another seed gives other reviews. ValueError for another part.
    """
    if part not in PARTS:
        raise ValueError(f"part: expected one of {', '.join(PARTS)}; got {part!r}")
    generator = random.Random(f"{part} {seed}")
    return [_review(generator, undecided) for _ in range(count)]


def _review(generator: random.Random, undecided: float | int) -> Review:
    sentences = [_sentence(generator, OTHERS, generator.random() < 0.5) for _ in range(generator.randint(7, 13))]
    if generator.random() < undecided:
        return Review(tuple(sentences), UNDECIDED, None)
    label, decisive = generator.choice((BAD, GOOD)), generator.randrange(len(sentences))
    sentences[decisive] = _sentence(generator, OWN, label == GOOD)
    return Review(tuple(sentences), label, decisive)


def _sentence(generator: random.Random, openings: tuple[str, ...], praise: bool) -> tuple[str, ...]:
    opening, aspect, degree = (generator.choice(words) for words in (openings, ASPECTS, DEGREES))
    opinion = generator.choice(PRAISE if praise else BLAME)
    return (*opening.split(), "the", aspect, "was", degree, opinion, ".")
