"""Multi30k: words are cut as promised, pairs stay pairs, and the real files have the numbers that lessons name."""

import gzip
import hashlib
import os
from pathlib import Path

import pytest

from attention_course.data import multi30k, registry
from attention_course.data.multi30k import PARTS, WORDS, pairs, tokenize
from attention_course.data.registry import DatasetUnavailable
from attention_course.data.vocabulary import Vocabulary

MIRROR = os.environ.get("ATTENTION_COURSE_DATA", "")
TEXTS = {
    "en": "Two Men, aren't they?\nA T-shirt.\n",
    "de": "Zwei Männer, oder?\nEin T-Shirt.\n",
    "fr": "Deux hommes, n'est-ce pas ?\nL’homme d'Été.\n",
}


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A mirror folder with small files; the function given puts another text, or none, in place of one of them."""

    def put(name, text):
        path = tmp_path / "mirror" / name
        if text is None:
            return path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body := gzip.compress(text.encode()))
        entries[name] = registry.entries()[name] | {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}

    entries = {}
    for part in PARTS:
        for language, text in TEXTS.items():
            put(f"multi30k/{part}.{language}.gz", text)
    monkeypatch.setattr(registry, "entries", lambda: entries)
    monkeypatch.setenv("ATTENTION_COURSE_DATA", str(tmp_path / "mirror"))
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", str(tmp_path / "cache"))
    return put


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Two Men, aren't they?", "en", "two men , aren ' t they ?"),
        ("A T-shirt (size_2)...", "en", "a t - shirt ( size_2 ) . . ."),
        ("Zwei Männer – im Schoß.", "de", "zwei männer – im schoß ."),
        ("L'homme qu’Élise aperçoit", "fr", "l' homme qu’ élise aperçoit"),
        ("N'est-ce pas ?", "fr", "n' est - ce pas ?"),
        ("« 'Oui' »", "fr", "« ' oui' »"),
        ("  \t\n", "fr", ""),
    ],
)
def test_words_and_marks(text, language, words):
    assert tokenize(text, language) == words.split()


@pytest.mark.parametrize("language", WORDS)
def test_no_letter_is_lost(language):
    text = "".join(TEXTS.values()) + "\u00a0 «œuvre», 12,5 € ½ ’n'…"
    assert "".join(tokenize(text, language)) == "".join(text.lower().split())


@pytest.mark.parametrize("part", PARTS)
def test_pairs_in_the_order_of_the_files(part, small):
    first, second = pairs(part)
    assert first == (
        ["two", "men", ",", "aren", "'", "t", "they", "?"],
        ["deux", "hommes", ",", "n'", "est", "-", "ce", "pas", "?"],
    )
    assert second == (["a", "t", "-", "shirt", "."], ["l’", "homme", "d'", "été", "."])


def test_each_language_is_read_from_its_own_file(small):
    assert [a for a, _ in pairs("val", "de", "en")] == [b for _, b in pairs("val", target="de")]
    assert pairs("val", "fr", "de") == [(b, a) for a, b in pairs("val", "de", "fr")]
    small("multi30k/val.en.gz", "A new one.\nAnd another.\n")
    assert pairs("val")[0][0] == ["a", "new", "one", "."]
    assert pairs("train")[0][0][0] == "two"


@pytest.mark.parametrize("text", ["A\r\n B\n", "A\x85\x0c\n\u2028B\n", "A\rB\n\n", "\nB"])
def test_a_line_ends_only_where_the_files_end_one(text, small):
    small("multi30k/train.en.gz", text)
    first, second = text.split("\n")[:2]
    assert [source for source, _ in pairs("train")] == [tokenize(first, "en"), tokenize(second, "en")]


def test_files_of_different_lengths_are_refused(small):
    small("multi30k/val.fr.gz", TEXTS["fr"] + "Une de trop.\n")
    with pytest.raises(ValueError, match="multi30k/val: expected as many lines in en as in fr, got 2 and 3"):
        pairs("val")


def test_other_parts_and_languages_are_refused(small):
    with pytest.raises(ValueError, match="part: expected one of train, val, test_2016_flickr; got 'test'"):
        pairs("test")
    with pytest.raises(ValueError, match="source: expected one of en, de, fr; got 'es'"):
        pairs("val", "es")
    with pytest.raises(ValueError, match="target: expected one of en, de, fr; got 'cs'"):
        pairs("val", target="cs")
    with pytest.raises(ValueError, match="language: expected one of en, de, fr; got 'it'"):
        tokenize("ciao", "it")


def test_a_file_that_cannot_be_had_is_told_by_the_registry(small):
    small("multi30k/val.fr.gz", None)
    with pytest.raises(DatasetUnavailable) as told:
        pairs("val")
    with pytest.raises(DatasetUnavailable) as directly:
        registry.fetch("multi30k/val.fr.gz")
    assert str(told.value) == str(directly.value)


def test_the_registry_has_the_files():
    assert {f"multi30k/{part}.{language}.gz" for part in PARTS for language in multi30k.WORDS} < set(registry.entries())


@pytest.mark.skipif(not Path(MIRROR or "?").is_dir(), reason="needs a mirror folder in ATTENTION_COURSE_DATA")
def test_the_real_files():
    train = pairs("train")
    assert [len(train), len(pairs("val")), len(pairs("test_2016_flickr"))] == [29_000, 1_014, 1_000]
    for part in PARTS:
        assert all(english and french for english, french in pairs(part))
        assert all(english and german for english, german in pairs(part, "en", "de"))
    assert [len(Vocabulary(side, minimum=2)) for side in zip(*train, strict=True)] == [5_898, 6_439]
    assert sum(len(french) + 1 for _, french in train) == 445_479, "with <eos>"
    assert " ".join(train[0][1]) == "deux jeunes hommes blancs sont dehors près de buissons ."
