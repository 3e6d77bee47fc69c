"""English inflection: plurals, the third person, a or an. Nothing here knows about French."""

from functools import cache

VOWELS = "aeiou"
ENDINGS_WITH_ES = ("s", "x", "ch", "sh", "o")
SILENT_H = {"honest"}
PLURALS = {"man": "men", "woman": "women", "child": "children", "mouse": "mice"}


@cache
def plural(noun: str) -> str:
    """bench → benches, potato → potatoes, man → men."""
    return PLURALS.get(noun) or add_s(noun)


def third_person(base: str) -> str:
    """go → goes, watch → watches."""
    return add_s(base)


def add_s(word: str) -> str:
    if word.endswith("y") and word[-2] not in VOWELS:
        return word[:-1] + "ies"
    return word + ("es" if word.endswith(ENDINGS_WITH_ES) else "s")


def possessive(word: str) -> str:
    """The ending of an owner, a word of its own: the king 's, the kings ', the children 's."""
    return "'" if word.endswith("s") else "'s"


def begins_with_vowel(word: str) -> bool:
    return word[0] in VOWELS or word in SILENT_H


def articles(words: list[str]) -> list[str]:
    """Every "a" as the word after it wants it: an egg, a red egg."""
    following = zip(words, [*words[1:], ""], strict=True)
    return ["an" if word == "a" and begins_with_vowel(after) else word for word, after in following]
