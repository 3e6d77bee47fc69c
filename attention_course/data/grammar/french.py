"""French inflection: plurals, agreement, elision and contraction. Nothing here knows about English."""

from functools import cache
from itertools import pairwise

from attention_course.data.grammar.phrase import Token

VOWELS = "aeiouhéèêâîôœ"
ASPIRATED = {"hérisson", "hérissons", "huit"}  # le hérisson, but l' homme
ELIDED = {"le": "l'", "la": "l'", "de": "d'", "ne": "n'", "se": "s'", "que": "qu'", "sa": "son", "ce": "cet"}
CONTRACTED = {
    ("de", "le"): "du",
    ("de", "les"): "des",
    ("à", "le"): "au",
    ("à", "les"): "aux",
    ("de", "des"): "de",  # près de + des lits: près de lits
    ("de", "de"): "de",  # près de + de petits lits: près de petits lits
}
BEFORE_VOWEL = {"beau": "bel", "nouveau": "nouvel", "vieux": "vieil"}


def begins_with_vowel(word: str) -> bool:
    """By ear: a silent h counts, an aspirated one does not."""
    return word[0] in VOWELS and word not in ASPIRATED


@cache
def plural(noun: str) -> str:
    """château → châteaux, hôpital → hôpitaux, souris → souris, pomme de terre → pommes de terre."""
    head, *rest = noun.split(" ")
    if head.endswith("eau"):
        head += "x"
    elif head.endswith("al"):
        head = head[:-1] + "ux"
    elif not head.endswith(("s", "x", "z")):
        head += "s"
    return " ".join((head, *rest))


@cache
def agree(masculine: str, feminine: str, gender: str, is_plural: bool) -> str:
    """The form of an adjective or participle."""
    form = feminine if gender == "f" else masculine
    return plural(form) if is_plural else form


def before_noun(masculine: str, feminine: str, gender: str, is_plural: bool, following: str) -> str:
    """The form of an adjective that stands before `following`: le bel oiseau, le beau chat, les beaux oiseaux."""
    if gender == "m" and not is_plural and begins_with_vowel(following):
        return BEFORE_VOWEL.get(masculine, masculine)
    return agree(masculine, feminine, gender, is_plural)


def elide(tokens: list[Token]) -> list[Token]:
    """le + oiseau → l' oiseau; sa + école → son école; ce + arbre → cet arbre."""
    elided = list(tokens)
    for position, (token, following) in enumerate(pairwise(tokens)):
        if token.word in ELIDED and begins_with_vowel(following.word):
            elided[position] = Token(ELIDED[token.word], token.links)
    return elided


def contract(tokens: list[Token]) -> list[Token]:
    """de + le → du, which carries the links of both."""
    contracted: list[Token] = []
    for token in tokens:
        last = contracted[-1] if contracted else None
        if last and (last.word, token.word) in CONTRACTED:
            contracted[-1] = Token(CONTRACTED[last.word, token.word], last.links + token.links)
        else:
            contracted.append(token)
    return contracted


def join(tokens: list[Token]) -> list[Token]:
    """Elide, so that de + le + âne keeps its l'; contract; elide again what then meets: près de + des oiseaux."""
    return elide(contract(elide(tokens)))
