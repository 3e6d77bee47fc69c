"""The grammar corpus: its French is checked by rules and tables of this file's own, its promises by sampling."""

import hashlib
import json
import subprocess
import sys
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from attention_course.data import grammar
from attention_course.data.grammar import Pair, TooFewSentences, pairs, part_of, the_cat_sat_on_the_mat

# Singular and plural.
MASCULINE = """homme hommes roi rois garçon garçons enfant enfants professeur professeurs médecin médecins
    étudiant étudiants boulanger boulangers ami amis voisin voisins frère frères oncle oncles chat chats chien chiens
    cheval chevaux âne ânes oiseau oiseaux renard renards ours ours hérisson hérissons gâteau gâteaux œuf œufs
    livre livres chapeau chapeaux parapluie parapluies panier paniers miroir miroirs tapis tapis banc bancs
    château châteaux hôtel hôtels hôpital hôpitaux jardin jardins village villages pont ponts arbre arbres"""
FEMININE = """femme femmes reine reines fille filles infirmière infirmières chanteuse chanteuses sœur sœurs
    tante tantes chèvre chèvres souris souris tortue tortues pomme pommes noix noix orange oranges lettre lettres
    clé clés horloge horloges fleur fleurs chaise chaises table tables maison maisons école écoles église églises
    forêt forêts rue rues île îles"""
# Masculine and feminine singular, masculine and feminine plural.
BEFORE_NOUN = """petit petite petits petites | grand grande grands grandes | vieux vieille vieux vieilles
    | vieil - - - | jeune jeune jeunes jeunes | beau belle beaux belles | bel - - -
    | nouveau nouvelle nouveaux nouvelles | nouvel - - -"""
AFTER_NOUN = """énorme énorme énormes énormes | rouge rouge rouges rouges | noir noire noirs noires
    | gris grise gris grises | heureux heureuse heureux heureuses | triste triste tristes tristes
    | calme calme calmes calmes | timide timide timides timides | honnête honnête honnêtes honnêtes
    | célèbre célèbre célèbres célèbres | malade malade malades malades | sale sale sales sales | vide vide vides vides
    | délicieux délicieuse délicieux délicieuses"""
ARTICLES = """le la les les | l' l' - - | un une des des | ce cette ces ces | cet - - - | son sa ses ses | - son - -
    | leur leur leurs leurs | du - des des | au - aux aux | de de de de | d' d' d' d'"""
NUMBERS = ["deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix"]
OBJECT_BEFORE = ["vu", "cherché", "aidé", "acheté"]  # participles
PRESENT = ["voit", "voient", "cherche", "cherchent", "aide", "aident", "achète", "achètent"]  # of the same verbs
WITH_ETRE = ["assis", "promené", "allé", "arrivé", "arrêté"]
ADVERBS = ["pas", "jamais", "souvent", "parfois"]
CLITICS = ["le", "la", "l'", "les", "lui", "leur", "se", "s'"]


def forms(table):
    """Each word's columns: ms, fs, mp, fp."""
    found = {}
    for row in table.split("|"):
        for column, word in zip(("ms", "fs", "mp", "fp"), row.split(), strict=True):
            found.setdefault(word, set()).add(column)
    found.pop("-", None)
    return found


def nouns():
    found = {}
    for gender, table in (("m", MASCULINE), ("f", FEMININE)):
        words = table.split()
        for singular, plural in zip(words[::2], words[1::2], strict=True):
            found.setdefault(singular, set()).add(gender + "s")
            found.setdefault(plural, set()).add(gender + "p")
    return found


NOUNS, EARLY, LATE, DETERMINERS = nouns(), forms(BEFORE_NOUN), forms(AFTER_NOUN), forms(ARTICLES)


def vowel(word):
    """Whether it begins with a vowel by ear: every h of the lexicon but that of hérisson and huit is silent."""
    letter = unicodedata.normalize("NFD", word.replace("œ", "oe"))[0]
    return letter in "aeiou" or (letter == "h" and not word.startswith(("hérisson", "huit")))


def noun_phrases(french):
    """For each noun: where its noun phrase begins and ends, and the columns on which all its words agree."""
    for noun, word in enumerate(french):
        if word not in NOUNS:
            continue
        columns, first = set(NOUNS[word]), noun
        while french[first - 1] in EARLY:
            first -= 1
            columns &= EARLY[french[first]]
        if numbered := french[first - 1] in NUMBERS:
            first -= 1
            columns &= {"mp", "fp"}
        if not numbered or french[first - 1] in DETERMINERS:
            first -= 1
            columns &= DETERMINERS.get(french[first], set())
        last = noun + 2 if french[noun + 1 : noun + 3] == ("de", "terre") else noun
        if french[last + 1] in LATE:
            last += 1
            columns &= LATE[french[last]]
        yield first, last, columns


def agreed(participle, columns):
    """The forms a participle may take: assis, assise, assis, assises."""
    endings = {"ms": "", "fs": "e", "mp": "" if participle.endswith("s") else "s", "fp": "es"}
    return {participle + endings[column] for column in columns}


def says(pair):
    return f"{' '.join(pair.english)} | {' '.join(pair.french)}"


DRAW = """
import json, sys
from attention_course.data.grammar import pairs
json.dump([[*pair[:2], sorted(pair.links)] for pair in pairs(**json.load(sys.stdin))], sys.stdout)
"""


def drawn(n, **arguments):
    """What `pairs` returns, from another process: there no types are checked, which makes it ten times faster."""
    done = subprocess.run(
        [sys.executable, "-c", DRAW],
        input=json.dumps({"n": n, **arguments}),
        capture_output=True,
        check=True,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    return [
        Pair(tuple(english), tuple(french), frozenset((i, j) for i, j in links))
        for english, french, links in json.loads(done.stdout)
    ]


@pytest.fixture(scope="module")
def sample():
    return drawn(6000, seed=7, max_length=25)


# The French, and a little English.


def test_the_mat():
    pair = the_cat_sat_on_the_mat()
    assert says(pair) == "the cat sat on the mat . | le chat s' est assis sur le tapis ."
    assert pair.links == {(0, 0), (1, 1), (2, 2), (2, 3), (2, 4), (3, 5), (4, 6), (5, 7), (6, 8)}


def test_words_of_a_noun_phrase_agree(sample):
    checked = Counter()
    for pair in sample:
        for _, _, columns in noun_phrases(pair.french):
            assert columns, says(pair)
            checked.update(columns)
    assert min(checked[column] for column in ("ms", "fs", "mp", "fp")) > 500


def test_what_is_said_of_the_first_noun_phrase_agrees_with_it(sample):
    """The verb's number; after être, the adjective or participle. Two subjects are plural, and f only if both are."""
    checked = Counter()
    for pair in sample:
        phrases = {first: (last, columns) for first, last, columns in noun_phrases(pair.french)}
        if 0 not in phrases:
            continue
        last, columns = phrases[0]
        if pair.french[last + 1] == "et" and last + 2 in phrases:
            last, others = phrases[last + 2]
            columns = {"fp"} if columns | others <= {"fs", "fp"} else {"mp"}
        aside = ["ne", "n'", "très", "trop", *CLITICS, *ADVERBS]
        verb, *rest = [word for word in pair.french[last + 1 :] if word not in aside]
        if verb in ("et", "qui", "que", "qu'", "de", "d'", "du", "des"):
            continue
        assert columns & ({"mp", "fp"} if verb.endswith(("ent", "ont")) else {"ms", "fs"}), says(pair)
        if verb in ("est", "était", "sont", "étaient") and rest[0] in EARLY | LATE and rest[1] in (".", "et", "mais"):
            assert columns & (EARLY | LATE)[rest[0]], says(pair)
            checked["adjective"] += 1
        if participle := next((stem for stem in WITH_ETRE if rest[0].startswith(stem)), None):
            assert rest[0] in agreed(participle, columns), says(pair)
            checked["participle"] += 1
        checked[verb] += 1
    assert min(checked[word] for word in ("adjective", "participle", "dort", "dorment")) > 10


def test_participles_with_avoir_agree_with_an_object_before_them_and_no_other(sample):
    checked = Counter()
    for pair in sample:
        french, heads = pair.french, {last: columns for _, last, columns in noun_phrases(pair.french)}
        objects = {}  # position of the auxiliary: columns of the object before it
        for place, word in enumerate(french):
            if word in ("que", "qu'") and french[place - 1] != "parce":
                verb = next(i for i in range(place, len(french)) if french[i] in ("a", "ont", *PRESENT))
                objects[verb] = heads[place - 1]
            elif word in ("a", "ont") and french[place - 1] in ("l'", "les"):
                (english,) = {pair.english[i] for i, j in pair.links if j == place - 1}
                objects[place] = {"him": {"ms"}, "her": {"fs"}, "them": {"mp"}}[english]
        for place, word in enumerate(french):
            if word in ("a", "ont"):
                participle = french[place + 1] if french[place + 1] not in ADVERBS else french[place + 2]
                stem = next((stem for stem in OBJECT_BEFORE if participle.startswith(stem)), participle)
                assert participle in agreed(stem, objects.get(place, {"ms"})), says(pair)
                checked[place in objects, participle == stem] += 1
    assert checked[True, False] > 100 and checked[False, True] > 1000


def test_elision_and_contraction(sample):
    full = {"le", "la", "de", "ne", "se", "que", "ce", "sa"}
    short = {"l'", "d'", "n'", "s'", "qu'", "cet", "bel", "nouvel", "vieil"}
    never = {("de", "le"), ("de", "les"), ("de", "des"), ("de", "de"), ("de", "du"), ("à", "le"), ("à", "les")}
    seen = set()
    for pair in sample:
        for pair_of_words in pairwise(pair.french):
            word, following = pair_of_words
            assert pair_of_words not in never, says(pair)
            assert not (word in full and vowel(following)), says(pair)
            assert word not in short or vowel(following), says(pair)
            if word in ("vieux", "beau", "nouveau") and following in NOUNS:
                assert NOUNS[following] & {"mp"} or not vowel(following), says(pair)
            if word == "son" and NOUNS.get(following, set()) & {"fs"}:
                assert vowel(following), says(pair)
            if word in short:
                seen.add(word)
            if following in ("hérisson", "huit", "homme", "hommes"):
                seen.add(pair_of_words)
    assert short | {("le", "hérisson"), ("l'", "homme")} <= seen


def test_negation_stands_around_the_finite_verb(sample):
    count = Counter()
    for pair in sample:
        french = pair.french
        assert sum(word in ("ne", "n'") for word in french) == sum(word in ("pas", "jamais") for word in french)
        for ne, word in enumerate(french):
            if word not in ("ne", "n'"):
                continue
            verb = ne + 1
            while french[verb] in CLITICS:
                verb += 1
            assert french[verb + 1] in ("pas", "jamais"), says(pair)
            links = [{i for i, j in pair.links if j == place} for place in (ne, verb + 1)]
            assert links[0] == links[1] == {i for i in links[0] if pair.english[i] in ("not", "never")} != set()
            count[french[verb + 1]] += 1
            count["any"] += "any" in pair.english and french[verb + 2] in ("de", "d'")
    assert min(count[word] for word in ("pas", "jamais", "any")) > 5


def test_a_and_an(sample):
    for pair in sample:
        for word, following in pairwise(pair.english):
            if word in ("a", "an"):
                assert (word == "an") == (following[0] in "aeiou" or following == "honest"), says(pair)


def test_some_is_des_but_de_before_an_adjective(sample):
    for pair in sample:
        for place in (i for i, word in enumerate(pair.english) if word == "some"):
            (french,) = {j for i, j in pair.links if i == place}
            in_preposition = len({i for i, j in pair.links if j == french}) > 1  # près de + des
            early = pair.french[french + 1] in EARLY
            assert (pair.french[french] == "des") == (not early and not in_preposition), says(pair)


# The links.


def test_every_word_is_linked_and_every_link_in_range(sample):
    for pair in sample:
        assert {i for i, _ in pair.links} == set(range(len(pair.english))), says(pair)
        assert {j for _, j in pair.links} == set(range(len(pair.french))), says(pair)


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("did", {"a", "ont", "est", "sont"}),
        ("sat", {"s'", "se", "est", "sont", "assis", "assise", "assises"}),
        ("next", {"à", "côté", "de", "d'", "du", "des"}),
        ("potato", {"pomme", "de", "terre"}),
        ("'s", {"le", "la", "l'", "les", "de", "du", "des", "au", "aux"}),
        ("cat", {"chat"}),
    ],
)
def test_links_of_one_word(sample, english, french):
    places = [(pair, place) for pair in sample for place, word in enumerate(pair.english) if word == english]
    found = {pair.french[j] for pair, place in places for i, j in pair.links if i == place}
    assert found <= french | {"d'"} and len(found) >= len(french) - 2


# The corpus.


def test_the_same_arguments_give_the_same_pairs_everywhere():
    text = "\n".join(f"{says(pair)} {sorted(pair.links)}" for pair in pairs(200))
    checksum = "c76018321f263b662377b106eee6f968e9059cd122febba3765791650aedc8c5"
    assert hashlib.sha256(text.encode()).hexdigest() == checksum
    assert drawn(200) == pairs(200)
    assert pairs(20, seed=1) != pairs(20) == pairs(200)[:20]


def test_one_translation_a_sentence():
    """Short sentences, because other seeds draw them again."""
    translations = {}
    again = 0
    for seed in range(3):
        for pair in drawn(2000, seed=seed, max_length=6):
            again += pair.english in translations
            assert translations.setdefault(pair.english, pair.french) == pair.french
    assert again > 200


def test_no_sentence_is_in_both_parts():
    train = {pair.english for seed in (0, 1) for pair in drawn(2000, seed=seed, part="train", max_length=9)}
    test = {pair.english for seed in (0, 2) for pair in drawn(300, seed=seed, part="test", max_length=7)}
    assert not train & test
    assert {part_of(words) for words in train} == {"train"} and {part_of(words) for words in test} == {"test"}
    assert all(part_of(" ".join(words)) == "test" for words in test)
    assert 0.08 < sum(part_of(f"sentence {i} .") == "test" for i in range(5000)) / 5000 < 0.12


def test_the_mat_is_for_testing():
    assert part_of(the_cat_sat_on_the_mat().english) == part_of("the cat sat on the mat .") == "test"


def test_lengths_and_numbers_of_words(sample):
    default = drawn(3000)
    assert all(len(pair.english) <= 15 for pair in default)
    assert 8.5 < sum(len(pair.french) for pair in default) / len(default) < 10
    english = {word for pair in sample for word in pair.english}
    assert {"men", "women", "children", "mice", "potatoes", "benches", "churches", "goes", "wait", "waits"} <= english
    assert 280 <= len(english) <= 310
    assert 330 <= len({word for pair in sample for word in pair.french}) <= 365
    assert all(word == word.lower() and " " not in word for pair in default for word in pair.english + pair.french)
    assert all(pair.english[-1] == pair.french[-1] == "." for pair in default)


def test_more_than_a_million_sentences():
    """Two samples of n of N equally likely sentences share n²/N; where some are likelier they share more, so that
    n² / shared is too low an estimate of N."""
    first, second = ({pair.english for pair in drawn(3000, seed=seed, min_length=9)} for seed in (11, 12))
    assert 3000**2 / max(len(first & second), 1) > 1_000_000


def test_relative_clauses_of_any_length():
    long = drawn(100, seed=3, min_length=60, max_length=60)
    assert {len(pair.english) for pair in long} == {60}
    assert max(sum(word in ("who", "that") for word in pair.english) for pair in long) >= 5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"n": -1}, "n: expected 0 or more pairs; got -1"),
     ({"n": 1, "part": "dev"}, "part: expected 'train' or 'test'; got 'dev'"),
     ({"n": 1, "min_length": 9, "max_length": 8}, "min_length: expected at most max_length = 8; got 9")],
)  # fmt: skip
def test_wrong_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        pairs(**arguments)


def test_too_few_sentences_are_said_and_kept(monkeypatch):
    monkeypatch.setattr(grammar, "PATIENCE", 100)
    with pytest.raises(TooFewSentences, match="different train sentences of 1 to 3 words were found") as caught:
        pairs(1000, max_length=3)
    found = caught.value.found
    assert 5 < len(found) < 100 and str(len(found)) in str(caught.value)
    assert pairs(len(found), max_length=3) == found and pairs(0) == []
