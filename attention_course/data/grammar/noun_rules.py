"""What noun phrases say: the random choices of nouns, numbers, determiners, adjectives, owners and pronouns."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from attention_course.data.grammar import lexicon
from attention_course.data.grammar.noun_phrases import NounPhrase, both, noun_phrase, object_pronoun, subject_pronoun
from attention_course.data.grammar.phrase import Phrase, translation
from attention_course.data.grammar.words import ATTRIBUTES, NOUNS, OWNED, PEOPLE, Adjective, Noun, Verb, select

Choice = TypeVar("Choice")
Word = TypeVar("Word", Noun, Verb)

# The more often a choice stands in a tuple, the likelier it is.
DEFINITE = ("the",) * 12 + ("this",) * 2 + ("possessive", "owner") * 4 + ("the, number",)
ARTICLES = ("the",) * 3 + ("a",) * 2
INDEFINITE_TOO = (*DEFINITE, *("a",) * 10)
ANY = (*INDEFINITE_TOO, *("number",) * 4)

ANIMATE = select("people animals")
INANIMATE = select("food thing seat places tree")
MOSTLY_ONE = ("seat", "home", "building", "open", "ground", "tree")
OWNERS = select("adult youth role relative")
GROWN_OWNERS = select("adult role")  # of a sister or a son
STANDING_FOR = {"he": (NOUNS["man"],), "she": (NOUNS["woman"],), "they": (NOUNS["man"],)}
NUMBERS = tuple(lexicon.NUMBERS)
COUNTS = tuple(number for number in NUMBERS if number != "many")


class NounRules:
    """Draws noun phrases for one sentence of about `size` English words; `random` is uniform on [0, 1)."""

    def __init__(self, random: Callable[[], float], size: int):
        self.random = random
        self.room = size - 1  # English words that are still wanted before the full stop
        self.said: set[str] = set()
        self.them_is_clear = True  # until a predicate has said what "them" could stand for

    def chance(self, probability: float) -> bool:
        return self.random() < probability

    def pick(self, choices: Sequence[Choice]) -> Choice:
        return choices[int(self.random() * len(choices))]

    def fresh(self, words: Sequence[Word]) -> Word:
        """A word that this sentence has not said yet, unless that is hard to find."""
        for _ in range(5):
            word = self.pick(words)
            if word.lemma not in self.said:
                break
        self.said.add(word.lemma)
        return word

    def counted(self, phrase: Phrase) -> Phrase:
        self.room -= len(phrase.english)
        return phrase

    def any_of(self, table: dict[str, str]) -> Phrase:
        english = self.pick(tuple(table))
        return self.counted(translation(english, table[english]))

    def any_noun_phrase(
        self, nouns: Sequence[Noun], determiners: Sequence[str] = ANY, of_negation: bool = False
    ) -> NounPhrase:
        noun = self.fresh(nouns)
        plural = self.chance(0.1 if noun.kind in MOSTLY_ONE else 0.35)
        determiner, number, owner = self.pick(determiners), "", None
        not_owned = determiner in ("owner", "possessive") and noun.english not in OWNED
        not_counted = "number" in determiner and noun.kind in MOSTLY_ONE
        if noun.kind == "relative" and determiner != "owner":
            determiner = "possessive"
        elif not_owned or not_counted:
            determiner = "the"
        if determiner == "the, number":
            determiner, plural, number = "the", True, self.pick(COUNTS)
        elif determiner == "number":
            determiner, plural, number = "", True, self.pick(NUMBERS)
        elif determiner == "owner":
            owner = self.owner(noun)
        elif determiner == "possessive":
            determiner = self.pick(lexicon.POSSESSIVES)
        phrase = noun_phrase(noun, determiner, plural, self.adjectives(noun), number, owner, of_negation)
        self.counted(phrase)
        return phrase

    def owner(self, noun: Noun) -> NounPhrase:
        owner = self.fresh(GROWN_OWNERS if noun.kind == "relative" else OWNERS)
        determiner = self.pick(lexicon.POSSESSIVES) if owner.kind == "relative" else "the"
        return noun_phrase(owner, determiner, plural=self.chance(0.2))

    def adjectives(self, noun: Noun) -> tuple[Adjective, ...]:
        """None, one, or one that stands before the French noun and a colour: the small black cat."""
        if not self.chance(0.3):
            return ()
        adjective = self.describing((noun,), ATTRIBUTES[noun.english])
        colours = [other for other in ATTRIBUTES[noun.english] if other.theme == "colour"]
        if adjective.before and colours and self.chance(0.3):
            return adjective, self.describing((noun,), colours)
        return (adjective,)

    def describing(self, nouns: tuple[Noun, ...], adjectives: Sequence[Adjective]) -> Adjective:
        """An adjective on whose theme nothing has been said of these nouns, unless that is hard to find."""
        for _ in range(5):
            adjective = self.pick(adjectives)
            themes = {f"{noun.lemma}: {adjective.theme}" for noun in nouns}
            if self.said.isdisjoint(themes):
                break
        self.said |= themes
        return adjective

    def paired(self, phrase: NounPhrase, nouns: Sequence[Noun], determiners: Sequence[str] = ANY) -> NounPhrase:
        """Now and then, the phrase and another about the same kind of noun."""
        if self.room < 4 or not self.chance(0.15):
            return phrase
        kin = [noun for noun in nouns if noun.kind == phrase.nouns[0].kind and noun.lemma not in self.said]
        if not kin:
            return phrase
        self.room -= 1
        return both(phrase, self.any_noun_phrase(kin, determiners))

    def any_subject_pronoun(self, names: Sequence[str] = ("he", "she", "they")) -> NounPhrase:
        self.room -= 1
        name = self.pick(names)
        return subject_pronoun(name, "f" if name == "she" else "m", STANDING_FOR[name])

    def pronoun_for(self, subject: NounPhrase) -> NounPhrase | None:
        """The pronoun that takes up the subject of the clause before: there is none for one animal or thing."""
        if not subject.plural and subject.nouns[0] not in PEOPLE:
            return None
        self.room -= 1
        name = "they" if subject.plural else "she" if subject.gender == "f" else "he"
        return subject_pronoun(name, subject.gender, subject.nouns)

    def object_pronoun(self, case: str, preposition: str = "") -> NounPhrase:
        name = self.pick(("he", "she", "they") if self.them_is_clear else ("he", "she"))
        pronoun = object_pronoun(name, case, preposition)
        self.counted(pronoun)
        return pronoun
