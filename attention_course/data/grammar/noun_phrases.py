"""Noun phrases in both languages: determiner, number, adjectives, noun, owner; pronouns; "and" between two of them."""

from dataclasses import dataclass

from attention_course.data.grammar import english, french
from attention_course.data.grammar.lexicon import DETERMINERS, ENGLISH_PLURALS, NUMBERS, PRONOUNS
from attention_course.data.grammar.phrase import Phrase, new_link, tokens, translation
from attention_course.data.grammar.words import Adjective, Noun


@dataclass(slots=True)
class NounPhrase(Phrase):
    """A phrase, what agrees with it, and the nouns that it is about."""

    gender: str
    plural: bool
    nouns: tuple[Noun, ...]


def noun_phrase(
    noun: Noun,
    determiner: str = "the",
    plural: bool = False,
    adjectives: tuple[Adjective, ...] = (),
    number: str = "",
    owner: Phrase | None = None,
    negated: bool = False,
) -> NounPhrase:
    """Write a noun and what belongs to it.

    `determiner` is a word of `lexicon.DETERMINERS`, or "" for a number alone; `adjectives` are in English order. An
    `owner` takes the determiner's place. `negated` is for the object of a negated verb, where "a" is "de" in French.
    """
    phrase = translation(
        english.plural(noun.english) if plural else noun.english,
        french.plural(noun.french) if plural else noun.french,
    )
    for adjective in reversed(adjectives):
        phrase = _qualified(phrase, adjective, noun.gender, plural)
    if number:
        phrase = translation(number, NUMBERS[number]) + phrase
    article = _column(noun.gender, plural)
    if owner:
        phrase = _owned(phrase, owner, DETERMINERS["the"][article])
    elif determiner == "a" and negated:  # il n' a pas vu de chat
        phrase = translation("any" if plural else "a", "de") + phrase
    elif determiner == "a" and plural and adjectives and adjectives[0].before:  # de petits chats
        phrase = translation("some", "de") + phrase
    elif determiner:
        word = ENGLISH_PLURALS.get(determiner, determiner) if plural else determiner
        phrase = translation(word, DETERMINERS[determiner][article]) + phrase
    return NounPhrase(phrase.english, phrase.french, noun.gender, plural, (noun,))


def _column(gender: str, plural: bool) -> int:
    """Where a French determiner's form stands: masculine, feminine, plural."""
    return 2 if plural else 1 if gender == "f" else 0


def _qualified(phrase: Phrase, adjective: Adjective, gender: str, plural: bool) -> Phrase:
    """Put an adjective before the noun in English, and where it belongs in French."""
    forms = adjective.masculine, adjective.feminine, gender, plural
    if adjective.before:
        return translation(adjective.english, french.before_noun(*forms, phrase.french[0].word)) + phrase
    word = translation(adjective.english, french.agree(*forms))
    return Phrase(word.english + phrase.english, phrase.french + word.french)


def _owned(phrase: Phrase, owner: Phrase, article: str) -> Phrase:
    """The king 's cat: le chat du roi. The 's does the work of "le" and of "de", and is linked to both."""
    link = new_link()
    return Phrase(
        owner.english + tokens(english.possessive(owner.english[-1].word), link) + phrase.english,
        tokens(article, link) + phrase.french + tokens("de", link) + owner.french,
    )


def subject_pronoun(name: str, gender: str, nouns: tuple[Noun, ...]) -> NounPhrase:
    """He, she or they. "They" is elles where all it stands for is feminine."""
    pronoun = PRONOUNS["they, feminine" if (name, gender) == ("they", "f") else name]
    phrase = translation(name, pronoun["subject"])
    return NounPhrase(phrase.english, phrase.french, gender, name == "they", nouns)


def object_pronoun(name: str, case: str, preposition: str = "") -> NounPhrase:
    """Him, her or them. The case is "direct" (le), "indirect" (lui, for all of "to him") or "strong" (avec lui)."""
    pronoun = PRONOUNS[name]
    phrase = translation(f"{preposition} {pronoun['english']}", pronoun[case])
    return NounPhrase(phrase.english, phrase.french, "f" if name == "she" else "m", name == "they", ())


def both(first: NounPhrase, second: NounPhrase) -> NounPhrase:
    """Two phrases as one: plural, and feminine only if both are."""
    phrase = first + translation("and", "et") + second
    gender = "f" if first.gender == second.gender == "f" else "m"
    return NounPhrase(phrase.english, phrase.french, gender, True, first.nouns + second.nouns)
