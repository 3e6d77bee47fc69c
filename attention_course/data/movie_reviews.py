"""2,000 film reviews of the 1990s, half of them bad and half good, as NLTK distributes them.

From Pang and Lee, "A Sentimental Education: Sentiment Analysis Using Subjectivity Summarization Based on Minimum Cuts"
(ACL 2004), polarity dataset 2.0: lower-cased, one sentence a line, words and marks separated by spaces. The labels were
made from the stars or grades that the reviewers gave.
"""

import random
import re
import sys
import zipfile
from typing import NamedTuple

from attention_course.data import registry

FILE = "nltk_movie_reviews/movie_reviews.zip"
BAD, GOOD = LABELS = range(2)
FOLDS = 5
MARKS = re.compile(r"[a-z0-9]")


class MovieReview(NamedTuple):
    """A review: its sentences, each a tuple of words and marks, its label, and the name of its file."""

    sentences: tuple[tuple[str, ...], ...]
    label: int
    name: str


class Split(NamedTuple):
    """Reviews to train on and reviews to test on."""

    train: list[MovieReview]
    test: list[MovieReview]


def movie_reviews() -> list[MovieReview]:
    """All reviews, the 1,000 bad ones first, in the order of their files. A line without a letter or digit is no
    sentence, and is left out.

    Raises `registry.DatasetUnavailable` where the file cannot be had.
    """
    found = []
    with zipfile.ZipFile(registry.fetch(FILE)) as archive:
        for label, folder in ((BAD, "neg"), (GOOD, "pos")):
            start = f"movie_reviews/{folder}/"
            names = sorted(name for name in archive.namelist() if name.startswith(start) and name.endswith(".txt"))
            for name in names:
                lines = archive.read(name).decode("utf-8", "replace").split("\n")
                sentences = tuple(tuple(map(sys.intern, line.split())) for line in lines if MARKS.search(line))
                found.append(MovieReview(sentences, label, name.removeprefix(start).removesuffix(".txt")))
    return found


def split(reviews: list[MovieReview], fold: int, seed: int = 0) -> Split:
    """One of five ways to test on a fifth of the reviews and train on the others, with as many good as bad in both.

    fold: 0 to 4. No review is in the tests of two folds of one seed. Raises ValueError for another fold.
    """
    if not 0 <= fold < FOLDS:
        raise ValueError(f"fold: expected 0 to {FOLDS - 1}, got {fold}")
    train, test = [], []
    for label in LABELS:
        chosen = [review for review in reviews if review.label == label]
        random.Random(seed).shuffle(chosen)
        for i, review in enumerate(chosen):
            (test if i % FOLDS == fold else train).append(review)
    return Split(train, test)
