"""What the rules write: the same phrase in both languages, its words marked with what they share.

A token carries the numbers of its links. An English and a French token that carry a common number translate each other,
so that a contraction only has to unite numbers: in "du roi", "du" carries those of "de" and of "le".
"""

from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

new_link = count().__next__  # all that matters about a number is that no other link has it


class Token(NamedTuple):
    word: str
    links: tuple[int, ...]


@dataclass(slots=True)
class Phrase:
    """Tokens of both languages. A sum puts one phrase after the other on both sides."""

    english: list[Token]
    french: list[Token]

    def __add__(self, other: "Phrase") -> "Phrase":
        return Phrase(self.english + other.english, self.french + other.french)


def tokens(words: str, *links: int) -> list[Token]:
    return [Token(word, links) for word in words.split()]


def translation(english: str, french: str) -> Phrase:
    """Words that translate each other as a whole: each English one is linked to each French one."""
    link = new_link()
    return Phrase(tokens(english, link), tokens(french, link))


NOTHING = Phrase([], [])
