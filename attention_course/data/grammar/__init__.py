"""English-French sentence pairs with gold word links, as many as wanted, from a small grammar.

Every rule writes both languages at once, so a link needs no annotator: words that a rule writes together are linked
(`phrase` says how). There are about 300 words a side, far more than a million sentences, and one translation for each.
French l', d', s' are words of their own.

All words are linked, and as an annotator would link them:

- A French compound tense goes with its English verb as a whole: "sat" with s', est and assis. So do an English verb's
  particle ("looked for" with cherché) and the à of répondre ("answered").
- "Not" goes with ne and pas, "never" with ne and jamais.
- "Do", "does", "did" go with the French verb that bears the tense. In "did not see", n' a pas vu, "did" goes with a and
  "see" with vu; in "does not see", ne voit pas, both go with voit.
- A contraction goes with all that it contains: du with what de and le go with. Where des vanishes into a preposition
  (près de + des oiseaux gives près d' oiseaux), d' goes with "near" and with "some".
- In "the king 's cat", le chat du roi, 's goes with le and with de, and "the" with the le in du.
- In "spoke to him", lui a parlé, both "to" and "him" go with lui.
- Phrases are linked whole: "next to" with à, côté and de; "potato" with pomme, de and terre.
"""

import hashlib
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from attention_course.data.grammar import english, french, rules
from attention_course.data.grammar.phrase import Phrase

PARTS = ("train", "test")
PATIENCE = 20_000  # sentences in a row that bring nothing new


class Pair(NamedTuple):
    """A sentence and its translation, in lower case, with the full stop; links are (English, French) positions."""

    english: tuple[str, ...]
    french: tuple[str, ...]
    links: frozenset[tuple[int, int]]


class TooFewSentences(ValueError):
    """There are not as many sentences as wanted, or they are too rare; `found` holds those that were found."""

    def __init__(self, message: str, found: list[Pair]):
        super().__init__(message)
        self.found = found

    def __reduce__(self):
        return type(self), (str(self), self.found)


def pairs(n: int, seed: int = 0, part: str = "train", min_length: int = 1, max_length: int = 15) -> list[Pair]:
    """Return `n` pairs with different English sides of `min_length` to `max_length` words, full stop included.

    The same arguments give the same pairs everywhere. No sentence is in both parts, whatever the other arguments (see
    `part_of`). Raises `ValueError` for a wrong argument, and its subclass `TooFewSentences` where the range of lengths
    is so narrow that `n` sentences are not found.
    """
    if n < 0:
        raise ValueError(f"n: expected 0 or more pairs; got {n}")
    if part not in PARTS:
        raise ValueError(f"part: expected 'train' or 'test'; got {part!r}")
    if min_length > max_length:
        raise ValueError(f"min_length: expected at most max_length = {max_length}; got {min_length}")
    random = Random(seed).random
    found: dict[tuple[str, ...], Pair] = {}
    fruitless = 0
    while len(found) < n:
        size = min_length + int(random() * (max_length - min_length + 1))
        phrase = rules.sentence(random, size)
        words = _english_side(phrase)
        if min_length <= len(words) <= max_length and words not in found and part_of(words) == part:
            found[words] = _pair(words, phrase)
            fruitless = 0
        elif (fruitless := fruitless + 1) == PATIENCE:
            raise TooFewSentences(
                f"n: expected at most {len(found)}, which is how many different {part} sentences of {min_length} to "
                f"{max_length} words were found (the last {PATIENCE} tries brought no other); got {n}",
                list(found.values()),
            )
    return list(found.values())


def part_of(words: Sequence[str]) -> str:
    """Tell which part an English sentence belongs to, given as its words or as a string with spaces between them.

    One sentence in ten is for testing, by a hash of its words alone, and so is "the cat sat on the mat .": a model that
    translates it has never seen it.
    """
    sentence = words if isinstance(words, str) else " ".join(words)
    if sentence == "the cat sat on the mat .":
        return "test"
    return "test" if hashlib.sha256(sentence.encode()).digest()[0] < 26 else "train"


def the_cat_sat_on_the_mat() -> Pair:
    """Return the pair "the cat sat on the mat ." and "le chat s' est assis sur le tapis ."."""
    phrase = rules.the_cat_sat_on_the_mat()
    return _pair(_english_side(phrase), phrase)


def _english_side(phrase: Phrase) -> tuple[str, ...]:
    return tuple(english.articles([token.word for token in phrase.english]))


def _pair(words: tuple[str, ...], phrase: Phrase) -> Pair:
    """Finish the French side, and read the links off the numbers that the two sides share."""
    french_tokens = french.join(phrase.french)
    places: dict[int, list[int]] = {}
    for position, token in enumerate(phrase.english):
        for link in token.links:
            places.setdefault(link, []).append(position)
    links = frozenset(
        (english_position, french_position)
        for french_position, token in enumerate(french_tokens)
        for link in token.links
        for english_position in places.get(link, ())
    )
    return Pair(words, tuple(token.word for token in french_tokens), links)
