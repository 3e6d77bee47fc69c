"""What is said of a subject, in both languages: a verb with its auxiliaries, negation and pronouns; to be."""

from collections.abc import Sequence

from attention_course.data.grammar import english, french
from attention_course.data.grammar.lexicon import FREQUENCIES, NEGATIONS
from attention_course.data.grammar.noun_phrases import NounPhrase
from attention_course.data.grammar.phrase import Phrase, Token, new_link, tokens
from attention_course.data.grammar.words import Verb

AUXILIARIES = {"avoir": ("a", "ont"), "être": ("est", "sont"), "se": ("est", "sont")}  # singular, plural


def verb_group(
    verb: Verb,
    subject: NounPhrase,
    past: bool,
    modifier: str = "",
    clitic: Sequence[Token] = (),
    earlier_object: NounPhrase | None = None,
) -> Phrase:
    """Write a verb without what follows it.

    `modifier` is a word of `lexicon.NEGATIONS` or `FREQUENCIES`. `clitic` is the French pronoun before the verb. With
    avoir the participle agrees with an `earlier_object`, be it a clitic or what a relative clause is about; with être
    and in a reflexive it agrees with the subject.
    """
    meaning, modifying, tense = new_link(), new_link(), new_link()
    ne, after = _modifier(modifier, modifying)
    if modifier == "not":
        support = "did" if past else "do" if subject.plural else "does"
        english_words = tokens(support, tense) + tokens("not", modifying) + tokens(verb.base, meaning)
    else:
        tense = meaning
        finite = verb.past if past else verb.base if subject.plural else english.third_person(verb.base)
        english_words = tokens(modifier, modifying) + tokens(finite, meaning)

    agreeing = earlier_object if verb.auxiliary == "avoir" else subject
    if past:
        finite_word = tokens(AUXILIARIES[verb.auxiliary][subject.plural], tense)
        participle = verb.participle
        if agreeing:
            participle = french.agree(participle, participle + "e", agreeing.gender, agreeing.plural)
        after = after + tokens(participle, meaning)
    else:
        finite_word = tokens(verb.plural if subject.plural else verb.singular, meaning, tense)
    reflexive = tokens("se", meaning) if verb.auxiliary == "se" else []
    return Phrase(
        english_words + tokens(verb.particle, meaning),
        [*ne, *clitic, *reflexive, *finite_word, *after],
    )


def to_be(subject: NounPhrase, past: bool, modifier: str, complement: Phrase) -> Phrase:
    """The cat is not black: le chat n' est pas noir. The past is the imparfait: a state, not an event."""
    being, modifying = new_link(), new_link()
    ne, after = _modifier(modifier, modifying)
    if past:
        be, être = ("were", "étaient") if subject.plural else ("was", "était")
    else:
        be, être = ("are", "sont") if subject.plural else ("is", "est")
    return Phrase(
        tokens(be, being) + tokens(modifier, modifying) + complement.english,
        ne + tokens(être, being) + after + complement.french,
    )


def _modifier(word: str, link: int) -> tuple[list[Token], list[Token]]:
    """What a modifier puts before and after the French finite verb."""
    if word in NEGATIONS:
        return tokens("ne", link), tokens(NEGATIONS[word], link)
    return [], tokens(FREQUENCIES.get(word, ""), link)
