"""What is said of a subject: the random choices of verbs, objects, places, qualities and relative clauses."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from attention_course.data.grammar import french, lexicon
from attention_course.data.grammar.noun_phrases import NounPhrase
from attention_course.data.grammar.noun_rules import ANY, ARTICLES, DEFINITE, INDEFINITE_TOO, NounRules
from attention_course.data.grammar.phrase import NOTHING, Phrase, tokens, translation
from attention_course.data.grammar.verb_phrases import to_be, verb_group
from attention_course.data.grammar.words import MOVED_BY, PEOPLE, PLACES, PREDICATES, SUBJECT_OF, Noun, Verb

# The more often a choice stands here, the likelier it is. "Always danced" would want the imparfait: dansait toujours.
MODIFIERS = ("",) * 5 + ("not", "not", "never", *lexicon.FREQUENCIES)
MODIFIERS_OF_PAST_EVENTS = tuple(modifier for modifier in MODIFIERS if modifier != "always")
MODIFIERS_OF_THINGS = ("", "", "", "not")


class Clause(NamedTuple):
    """What all parts of a predicate must know. A `closing` one may end in a relative clause."""

    subject: NounPhrase
    modifier: str
    closing: bool

    @property
    def negated(self) -> bool:
        return self.modifier in lexicon.NEGATIONS


class PredicateRules(NounRules):
    """Draws predicates, and the relative clauses that are made of them, in one tense."""

    def __init__(self, random: Callable[[], float], size: int):
        super().__init__(random, size)
        self.past = self.chance(0.6)
        self.has_a_reason = True  # what was said last: "the tree is tall because ..." is not said

    def predicate(self, subject: NounPhrase, plain: bool = False, closing: bool = True) -> Phrase:
        """What the subject does or, unless that is to be `plain`, does not or often do, or is."""
        verbs = shared(SUBJECT_OF, subject)
        state = not verbs or (not plain and self.chance(0.35))
        if plain:
            modifier = ""
        elif not verbs:
            modifier = self.pick(MODIFIERS_OF_THINGS)
        else:
            modifier = self.pick(MODIFIERS if state else self.modifiers_of_events())
        self.room -= length(modifier)
        self.has_a_reason = bool(verbs)
        clause = Clause(subject, modifier, closing)
        phrase = self.state(clause) if state else self.event(self.fresh(verbs), clause)
        self.them_is_clear = False
        return phrase

    def modifiers_of_events(self) -> Sequence[str]:
        return MODIFIERS_OF_PAST_EVENTS if self.past else MODIFIERS

    def state(self, clause: Clause) -> Phrase:
        self.room -= 1
        complement = self.place(setting(clause.subject), clause) if self.chance(0.35) else self.quality(clause)
        return to_be(clause.subject, self.past, clause.modifier, complement)

    def quality(self, clause: Clause) -> Phrase:
        subject, adjectives = clause.subject, shared(PREDICATES, clause.subject)
        if clause.modifier not in ("", "not"):
            adjectives = [adjective for adjective in adjectives if "often" in adjective.adverbs]
        adjective = self.describing(subject.nouns, adjectives)
        self.has_a_reason = "often" in adjective.adverbs
        degrees = {word: lexicon.DEGREES[word] for word in adjective.adverbs if word in lexicon.DEGREES}
        degree = self.any_of(degrees) if degrees and self.chance(0.25) else NOTHING
        form = french.agree(adjective.masculine, adjective.feminine, subject.gender, subject.plural)
        return degree + self.counted(translation(adjective.english, form))

    def event(self, verb: Verb, clause: Clause) -> Phrase:
        self.room -= 1 + (verb.particle != "")
        said = (verb, clause.subject, self.past, clause.modifier)
        if verb.frame in ("giving", "addressing"):
            return self.to_somebody(verb, clause)
        if verb.frame == "movable" and PEOPLE[0] in verb.objects and self.chance(0.2):
            pronoun = self.object_pronoun("direct")
            phrase = verb_group(*said, clitic=pronoun.french, earlier_object=pronoun)
            return Phrase(phrase.english + pronoun.english, phrase.french)
        phrase = verb_group(*said)
        if verb.frame == "bare":
            return phrase + self.circumstances(verb, clause)
        if verb.frame == "oblique":
            phrase = phrase + self.counted(translation(*verb.preposition))
            return phrase + self.last(verb.objects, clause, clause.negated)
        return phrase + self.direct_object(verb.objects, clause)

    def to_somebody(self, verb: Verb, clause: Clause) -> Phrase:
        """Talk to somebody, or give something to somebody. A pronoun is last in English, but before the French verb."""
        word, french_word = verb.preposition
        pronoun = self.object_pronoun("indirect", word) if self.chance(0.2) else None
        phrase = verb_group(verb, clause.subject, self.past, clause.modifier, pronoun.french if pronoun else [])
        verb_links = phrase.english[-1].links
        if verb.frame == "giving":
            determiners = INDEFINITE_TOO if clause.negated else ANY
            phrase = phrase + self.any_noun_phrase(verb.objects, determiners, clause.negated)
        if pronoun:
            return Phrase(phrase.english + pronoun.english, phrase.french)
        # "Answer" has no preposition in English: à is a part of répondre.
        to = self.counted(translation(word, french_word)) if word else Phrase([], tokens(french_word, *verb_links))
        return phrase + to + self.last(PEOPLE, clause, clause.negated)

    def circumstances(self, verb: Verb, clause: Clause) -> Phrase:
        """How, or where, or neither."""
        manners = [word for word, (_, verbs) in lexicon.MANNERS.items() if verb.base in verbs.split()]
        if manners and not clause.modifier and self.chance(0.25):
            word = self.pick(manners)
            if word != "together" or clause.subject.plural:
                return self.counted(translation(word, lexicon.MANNERS[word][0]))
        if verb.setting == "going" or (self.room >= 3 and self.chance(0.8)):
            return self.place(verb.setting, clause)
        return NOTHING

    def place(self, setting: str, clause: Clause) -> Phrase:
        preposition = self.pick(PLACES[setting])
        phrase = self.counted(translation(preposition.english, preposition.french))
        if preposition.landmarks[0] in PEOPLE and self.chance(0.15):
            return phrase + self.object_pronoun("strong")
        definite = clause.negated or preposition.french == "à"
        return phrase + self.last(preposition.landmarks, clause, definite)

    # What may end a clause, and grow.

    def may_grow(self, clause: Clause) -> bool:
        return clause.closing and self.room >= 5 and self.chance(0.5)

    def last(self, nouns: Sequence[Noun], clause: Clause, definite: bool) -> NounPhrase:
        if self.may_grow(clause):
            return self.with_relative(nouns, ("the",) if definite else ARTICLES)
        return self.any_noun_phrase(nouns, DEFINITE if definite else ANY)

    def direct_object(self, nouns: Sequence[Noun], clause: Clause) -> NounPhrase:
        if self.may_grow(clause):
            return self.with_relative(nouns, ("the",) if clause.negated else ARTICLES)
        if clause.negated:
            return self.any_noun_phrase(nouns, INDEFINITE_TOO, of_negation=True)
        return self.paired(self.any_noun_phrase(nouns), nouns)

    def with_relative(self, nouns: Sequence[Noun], determiners: Sequence[str], closing: bool = True) -> NounPhrase:
        """The cat that slept, the cat that the dog saw. "My sister who slept" is not said."""
        head = self.any_noun_phrase([noun for noun in nouns if noun.kind != "relative"], determiners)
        noun = head.nouns[0]
        acts = bool(SUBJECT_OF[noun.english])
        self.room -= 1
        if MOVED_BY[noun.english] and (self.chance(0.3) or not (acts or closing)):
            phrase = head + translation("that", "que") + self.what_is_done_to(head)
        else:
            who = translation("who" if noun in PEOPLE else "that", "qui")
            phrase = head + who + self.predicate(head, plain=not acts, closing=closing)
        return NounPhrase(phrase.english, phrase.french, head.gender, head.plural, head.nouns)

    def what_is_done_to(self, head: NounPhrase) -> Phrase:
        """... that the dog saw: a clause without its object. It may look back from a sentence about the present."""
        verb = self.fresh(MOVED_BY[head.nouns[0].english])
        if self.chance(0.3):
            subject = self.any_subject_pronoun(("he", "she"))
        else:
            subject = self.any_noun_phrase(verb.subjects, DEFINITE)
        modifier = self.pick(self.modifiers_of_events())
        self.room -= 1 + length(modifier) + (verb.particle != "")
        past = self.past or (modifier != "always" and self.chance(0.5))
        return subject + verb_group(verb, subject, past, modifier, earlier_object=head)


def length(modifier: str) -> int:
    """The English words that a modifier adds: "not" needs a "do"."""
    return 2 if modifier == "not" else len(modifier.split())


def setting(subject: NounPhrase) -> str:
    """Where it may simply be, in the words of `lexicon.PREPOSITIONS`."""
    if SUBJECT_OF[subject.nouns[0].english]:
        return "still"
    return "object" if subject.nouns[0].kind in ("food", "thing") else "fixed"


def shared(table: dict[str, list], subject: NounPhrase) -> list:
    """What may be said of every one of the subject's nouns."""
    first, *others = (table[noun.english] for noun in subject.nouns)
    return [entry for entry in first if all(entry in other for other in others)] if others else first
