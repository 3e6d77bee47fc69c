"""What sentences say, from the sentence down: `predicate_rules` and `noun_rules` choose the rest.

Some rules keep a sentence natural and its translation unique:

- The subject of a negation, of "often" and the like, and of "to be" is definite: "a cat is not black" is not said.
- A relative clause comes last in its clause, or follows the subject; nothing is coordinated inside it or with it. "She
  saw the girls who slept and danced" would have two translations.
- "They" is elles where it takes up the feminine subject of the clause before, and ils elsewhere. "Them" is masculine,
  and only said where it cannot stand for anything in the sentence.
- A sentence has one tense, but a relative clause in a present sentence may look back.
"""

from collections.abc import Callable

from attention_course.data.grammar.lexicon import CONJUNCTIONS, CONJUNCTIONS_AND_BECAUSE
from attention_course.data.grammar.noun_phrases import NounPhrase, noun_phrase
from attention_course.data.grammar.noun_rules import ANIMATE, ANY, ARTICLES, DEFINITE, INANIMATE
from attention_course.data.grammar.phrase import Phrase, translation
from attention_course.data.grammar.predicate_rules import PredicateRules
from attention_course.data.grammar.verb_phrases import verb_group
from attention_course.data.grammar.words import NOUNS, PREPOSITIONS, VERBS

FULL_STOP = (".", ".")


class SentenceRules(PredicateRules):
    """Draws one sentence."""

    def sentence(self) -> Phrase:
        subject, text = self.clause(None)
        while self.room >= 4 and self.chance(0.9):
            conjunction = self.conjunction()
            subject, clause = self.clause(subject)
            text = text + conjunction + clause
        return text + translation(*FULL_STOP)

    def conjunction(self) -> Phrase:
        """And, but or, once in a sentence, because."""
        may_be_because = self.has_a_reason and "because" not in self.said
        conjunction = self.any_of(CONJUNCTIONS_AND_BECAUSE if may_be_because else CONJUNCTIONS)
        self.said.add(conjunction.english[0].word)
        return conjunction

    def clause(self, previous: NounPhrase | None) -> tuple[NounPhrase, Phrase]:
        """The subject alone, and the clause. `previous` is the subject of the clause before, if there is one."""
        plain = self.chance(0.5)
        subject = self.subject(previous, plain)
        if not plain or self.room < 5 or self.chance(0.8):
            return subject, subject + self.predicate(subject, plain)
        first = self.predicate(subject, plain, closing=False)
        conjunction = self.counted(translation("and", "et"))
        return subject, subject + first + conjunction + self.predicate(subject, plain)

    def subject(self, previous: NounPhrase | None, plain: bool) -> NounPhrase:
        if previous is None and self.chance(0.12):
            return self.any_subject_pronoun()
        if previous and self.chance(0.5) and (pronoun := self.pronoun_for(previous)):
            return pronoun
        nouns, determiners = (ANIMATE, ANY) if plain else (self.pick((ANIMATE, ANIMATE, INANIMATE)), DEFINITE)
        if self.room >= 9 and self.chance(0.25):
            return self.with_relative(nouns, ARTICLES if plain else ("the",), closing=False)
        return self.paired(self.any_noun_phrase(nouns, determiners), nouns, determiners)


def sentence(random: Callable[[], float], size: int) -> Phrase:
    """Draw a sentence of about `size` English words; `random` draws uniformly from [0, 1)."""
    return SentenceRules(random, size).sentence()


def the_cat_sat_on_the_mat() -> Phrase:
    cat, mat = noun_phrase(NOUNS["cat"]), noun_phrase(NOUNS["mat"])
    sit = next(verb for verb in VERBS if verb.base == "sit")
    on = next(preposition for preposition in PREPOSITIONS if preposition.english == "on")
    return cat + verb_group(sit, cat, past=True) + translation(on.english, on.french) + mat + translation(*FULL_STOP)
