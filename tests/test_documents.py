"""Documents: numbers stand where their words stood; the reviews are what they say they are; splits share nothing."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest
import torch

from attention_course.data import movie_reviews, registry
from attention_course.data.registry import DatasetUnavailable
from attention_course.data.vocabulary import UNKNOWN, Vocabulary
from attention_course.lessons.lesson_07 import documents
from attention_course.lessons.lesson_07.reviews import BAD, BLAME, GOOD, OTHERS, OWN, PRAISE, UNDECIDED, reviews

MIRROR = os.environ.get("ATTENTION_COURSE_DATA", "")

# Numbers


def test_documents_are_encoded_and_padded():
    some = [[["a", "b"], ["a"]], [["b", "new", "a"]]]
    numbers = documents.encode(some, Vocabulary([["a", "a", "b"]]))
    assert numbers == [[[4, 5], [4]], [[5, UNKNOWN, 4]]]
    assert documents.pad_documents(numbers).tolist() == [[[4, 5, 0], [4, 0, 0]], [[5, 3, 4], [0, 0, 0]]]
    assert documents.flat(numbers[0]) == [[4, 5, 4]]


@pytest.mark.parametrize(("given", "shape"), [([], (0, 1, 1)), ([[]], (1, 1, 1)), ([[[]], [[5], [5]]], (2, 2, 1))])
def test_empty_documents_have_a_place(given, shape):
    tensor = documents.pad_documents(given)
    assert tensor.shape == shape and tensor.dtype == torch.long


def test_a_long_document_keeps_its_beginning_and_its_end():
    assert documents.ends("abcdefg", 4) == ["a", "b", "f", "g"]
    assert documents.ends("abcdefg", 5) == ["a", "b", "c", "f", "g"]
    assert documents.ends("abc", 3) == documents.ends("abc", None) == ["a", "b", "c"]
    assert documents.ends("abc", 1) == ["a"]
    vocabulary = Vocabulary(["abcdefg"])
    long = documents.encode([[["a", "b", "c"], ["d"], ["e", "f", "g"]]], vocabulary, 2, 2)
    assert long == [[vocabulary.encode("ab"), vocabulary.encode("ef")]]


# Generated reviews


def opening(sentence):
    return " ".join(sentence).partition(" the ")[0]


def test_one_sentence_decides_and_says_what_the_label_says():
    for review in reviews(400, undecided=0.3):
        assert 7 <= len(review.sentences) <= 13
        own = [i for i, s in enumerate(review.sentences) if any(" ".join(s).startswith(cue) for cue in OWN)]
        assert own == ([] if review.label == UNDECIDED else [review.decisive])
        assert (review.decisive is None) == (review.label == UNDECIDED)
        for i, sentence in enumerate(review.sentences):
            [opinion] = [word for word in sentence if word in PRAISE or word in BLAME]
            assert i in own or any(" ".join(sentence).startswith(cue) for cue in OTHERS)
            if i == review.decisive:
                assert opinion in (PRAISE if review.label == GOOD else BLAME)


def test_the_kinds_are_as_many_as_asked_for():
    labels = [review.label for review in reviews(3000, undecided=1 / 3)]
    assert all(abs(labels.count(label) - 1000) < 100 for label in (BAD, GOOD, UNDECIDED))
    assert UNDECIDED not in {review.label for review in reviews(300)}


def test_other_opinions_say_nothing_of_the_label():
    counts = {GOOD: 0, BAD: 0}
    for review in reviews(2000):
        others = [w for i, s in enumerate(review.sentences) if i != review.decisive for w in s]
        counts[review.label] += sum((w in PRAISE) - (w in BLAME) for w in others)
    assert all(abs(count) < 400 for count in counts.values())


def test_reviews_repeat_themselves_and_parts_share_none():
    assert reviews(50) == reviews(80)[:50]
    assert not set(reviews(2000)) & set(reviews(2000, "test"))
    assert reviews(5, seed=1) != reviews(5)
    with pytest.raises(ValueError, match="part: expected one of train, test; got 'val'"):
        reviews(1, "val")


# movie_reviews


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A mirror with five tiny reviews of each kind."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("movie_reviews/README", "not a review")
        for folder in ("pos", "neg"):
            for i in range(5):
                archive.writestr(f"movie_reviews/{folder}/cv00{i}.txt", f"it is {folder} . \n . \n\nthe end {i} ! ")
    path = tmp_path / "mirror" / movie_reviews.FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(body := buffer.getvalue())
    entry = registry.entries()[movie_reviews.FILE] | {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)}
    monkeypatch.setattr(registry, "entries", lambda: {movie_reviews.FILE: entry})
    monkeypatch.setenv("ATTENTION_COURSE_DATA", str(tmp_path / "mirror"))
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", str(tmp_path / "cache"))
    return path


def test_a_line_is_a_sentence_unless_it_has_no_word(small):
    first, *_, last = movie_reviews.movie_reviews()
    assert first == ((("it", "is", "neg", "."), ("the", "end", "0", "!")), BAD, "cv000")
    assert (last.label, last.name) == (GOOD, "cv004")


def test_splits_are_balanced_and_tests_share_no_review(small):
    everything = movie_reviews.movie_reviews()
    tests = []
    for fold in range(movie_reviews.FOLDS):
        train, test = movie_reviews.split(everything, fold)
        assert len(train) == 8 and sorted(r.label for r in test) == [BAD, GOOD]
        assert not set(train) & set(test)
        tests += test
    assert sorted(tests) == sorted(everything)
    assert movie_reviews.split(everything, 0) == movie_reviews.split(everything, 0)
    assert any(movie_reviews.split(everything, 0) != movie_reviews.split(everything, 0, seed) for seed in range(1, 4))
    with pytest.raises(ValueError, match="fold: expected 0 to 4, got 5"):
        movie_reviews.split(everything, 5)


def test_a_file_that_cannot_be_had_is_told(small):
    small.unlink()
    with pytest.raises(DatasetUnavailable, match=r"movie_reviews\.zip cannot be had"):
        movie_reviews.movie_reviews()


@pytest.mark.skipif(not Path(MIRROR or "?").is_dir(), reason="needs a mirror folder in ATTENTION_COURSE_DATA")
def test_the_real_reviews():
    found = movie_reviews.movie_reviews()
    assert [review.label for review in found] == [BAD] * 1000 + [GOOD] * 1000
    assert all(review.sentences and all(review.sentences) for review in found)
