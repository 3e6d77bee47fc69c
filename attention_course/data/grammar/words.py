"""The lexicon's tables as records, and which words go with which nouns."""

from typing import NamedTuple

from attention_course.data.grammar import lexicon


class Noun(NamedTuple):
    english: str
    french: str
    gender: str
    kind: str

    @property
    def lemma(self) -> str:
        return self.french


class Adjective(NamedTuple):
    english: str
    masculine: str
    feminine: str
    theme: str
    before: bool
    adverbs: tuple[str, ...]


class Verb(NamedTuple):
    """`frame` is the table that the verb stands in; `setting` is where it may happen, in the words of PREPOSITIONS."""

    frame: str
    base: str
    past: str
    particle: str
    singular: str
    plural: str
    participle: str
    auxiliary: str
    subjects: tuple[Noun, ...]
    objects: tuple[Noun, ...] = ()
    preposition: tuple[str, str] = ("", "")
    setting: str = ""

    @property
    def lemma(self) -> str:
        return self.singular


class Preposition(NamedTuple):
    english: str
    french: str
    landmarks: tuple[Noun, ...]
    settings: tuple[str, ...]


def rows(table: str) -> list[list[str]]:
    """The cells of each line."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def read_nouns() -> dict[str, Noun]:
    """By English name."""
    nouns = {}
    for first, *others in rows(lexicon.NOUNS):
        kind, first = first.split(maxsplit=1)
        for entry in (first, *others):
            english, *french, gender = entry.split()
            nouns[english] = Noun(english, " ".join(french), gender, kind)
    return nouns


NOUNS = read_nouns()


def select(names: str) -> tuple[Noun, ...]:
    """The nouns that are named, or whose kind is, in the order of the lexicon."""
    wanted = {kind for name in names.split() for kind in lexicon.GROUPS.get(name, name).split()}
    return tuple(noun for noun in NOUNS.values() if noun.english in wanted or noun.kind in wanted)


def read_verb(frame: str, cells: list[str]) -> Verb:
    english, french, subjects, *rest = cells
    base, past, *particle = english.split()
    singular, plural, participle, *auxiliary = french.split()
    preposition = rest[1].replace("-", "").split(" ") if len(rest) == 2 else ("", "")
    return Verb(
        frame,
        base,
        past,
        particle[0] if particle else "",
        singular,
        plural,
        participle,
        auxiliary[0] if auxiliary else "avoir",
        select(subjects),
        objects=() if frame == "bare" else select(rest[0]),
        preposition=(preposition[0], preposition[1]),
        setting=rest[0] if frame == "bare" else "",
    )


FRAMES = ("movable", "direct", "giving", "addressing", "oblique", "bare")
VERBS = tuple(read_verb(frame, cells) for frame in FRAMES for cells in rows(getattr(lexicon, frame.upper())))
OWNED = frozenset(noun.english for noun in select(lexicon.OWNED))
PEOPLE = select("people")
PREPOSITIONS = tuple(
    Preposition(english, french, select(landmarks), tuple(settings.split()))
    for english, french, landmarks, settings in rows(lexicon.PREPOSITIONS)
)


def read_adjectives() -> tuple[dict[str, list[Adjective]], dict[str, list[Adjective]]]:
    """By English noun, those that may stand beside it and those that may be said of it."""
    attributes, predicates = {name: [] for name in NOUNS}, {name: [] for name in NOUNS}
    for english, forms, qualities, beside, said in rows(lexicon.ADJECTIVES):
        place, theme, *adverbs = qualities.split()
        adjective = Adjective(english, *forms.split(), theme, place == "before", tuple(adverbs))
        for noun in select(beside):
            attributes[noun.english].append(adjective)
        for noun in select(beside if said == "same" else said):
            predicates[noun.english].append(adjective)
    return attributes, predicates


ATTRIBUTES, PREDICATES = read_adjectives()
SUBJECT_OF = {name: [verb for verb in VERBS if noun in verb.subjects] for name, noun in NOUNS.items()}
MOVED_BY = {
    name: [verb for verb in VERBS if verb.frame == "movable" and noun in verb.objects] for name, noun in NOUNS.items()
}
PLACES = {
    setting: [preposition for preposition in PREPOSITIONS if setting in preposition.settings]
    for setting in ("lying", "still", "moving", "halting", "going", "object", "fixed")
}
