"""Batches: every example once a pass, no more tokens than asked for, little padding, and the same again."""

import random
from itertools import islice, pairwise

import pytest
from factories import tiny_examples

from attention_course.data.batches import cut, encode_pairs, endless
from attention_course.data.vocabulary import BOS, EOS, UNKNOWN, Vocabulary
from attention_course.masks import PAD


def some_examples(count, max_length=20, seed=0):
    """Sentences of 1 to `max_length` words with targets of about the same length; the first word is their number."""
    generator = random.Random(seed)
    lengths = [generator.randint(1, max_length) for _ in range(count)]
    return [
        ([100 + i] + [4] * (n - 1), [BOS] + [5] * (n + generator.randint(0, 2)) + [EOS]) for i, n in enumerate(lengths)
    ]


def size(examples, batch):
    """What the wider side of a batch holds, padding included; of the target, what is to be predicted."""
    return len(batch) * max(max(len(examples[i][0]), len(examples[i][1]) - 1) for i in batch)


def firsts(batches):
    """The numbers of the examples in each batch of `some_examples`."""
    return [tuple((source[:, 0] - 100).tolist()) for source, _ in batches]


EXAMPLES = some_examples(200)


# One pass


@pytest.mark.parametrize("tokens", [1, 7, 64, 1000, 100_000])
def test_a_pass_has_each_example_exactly_once_and_no_batch_has_too_many_tokens(tokens):
    batches = cut(EXAMPLES, tokens, random.Random(0))
    assert sorted(i for batch in batches for i in batch) == list(range(200))
    for batch in batches:
        assert size(EXAMPLES, batch) <= tokens or len(batch) == 1
    if tokens == 1:
        assert len(batches) == 200
    if tokens == 100_000:
        assert len(batches) == 1


@pytest.mark.parametrize("source, target", [(30, 3), (3, 30)])
def test_the_wider_side_counts(source, target):
    examples = [([4] * source, [BOS, *[4] * (target - 1), EOS])] * 10
    assert sorted(map(len, cut(examples, 90, random.Random(0)))) == [1, 3, 3, 3]


def test_a_sentence_longer_than_a_batch_is_a_batch_of_its_own():
    examples = [([4] * 50, [BOS, EOS]), *[([4], [BOS, 5, EOS])] * 10]
    assert sorted(map(len, cut(examples, 20, random.Random(0)))) == [1, 10]


def test_batches_are_as_full_as_they_can_be():
    batches = sorted(cut(EXAMPLES, 100, random.Random(0)), key=lambda b: [len(EXAMPLES[i][1]) for i in b])
    for batch, following in pairwise(batches):
        assert size(EXAMPLES, [*batch, following[0]]) > 100


def test_sentences_of_like_length_are_together():
    padding = lambda batches: sum(size(EXAMPLES, b) - sum(len(EXAMPLES[i][1]) - 1 for i in b) for b in batches)
    at_random = [list(range(i, i + 8)) for i in range(0, 200, 8)]
    assert padding(cut(EXAMPLES, 100, random.Random(0))) < 0.2 * padding(at_random)


def test_short_and_long_sentences_come_in_turns():
    lengths = [len(EXAMPLES[batch[0]][1]) for batch in cut(EXAMPLES, 100, random.Random(0))]
    assert lengths not in (sorted(lengths), sorted(lengths, reverse=True))


# Pass after pass


def test_the_batches_are_those_of_the_seed_and_each_pass_has_its_own():
    one_pass = len(cut(EXAMPLES, 100, random.Random(3)))
    two = lambda seed: firsts(islice(endless(EXAMPLES, 100, seed), 2 * one_pass))
    assert two(3) == two(3) != two(4)
    first, second = two(3)[:one_pass], two(3)[one_pass:]
    assert sorted(sum(first, ())) == sorted(sum(second, ())) == list(range(200))
    assert len(set(first) & set(second)) < 0.2 * one_pass  # other company each time


def test_a_batch_has_the_words_of_its_examples_and_padding():
    for source, target in islice(endless(EXAMPLES, 100, seed=0), 30):
        for s, t in zip(source.tolist(), target.tolist(), strict=True):
            assert ([w for w in s if w != PAD], [w for w in t if w != PAD]) == EXAMPLES[s[0] - 100]
        assert (source != PAD).any(0).all() and (target != PAD).any(0).all()  # and not more of it than needed


def test_the_examples_are_left_as_they_are():
    examples = tiny_examples()
    list(islice(endless(examples, 20, seed=0), 30))
    assert examples == tiny_examples()


@pytest.mark.parametrize("tokens", [0, -1])
def test_a_batch_of_no_tokens_is_told(tokens):
    with pytest.raises(ValueError, match=f"batch_tokens: expected at least 1, got {tokens}"):
        cut(EXAMPLES, tokens, random.Random(0))


def test_no_examples_are_told():
    with pytest.raises(ValueError, match="examples: expected at least one sentence pair, got none"):
        next(endless([], 100, seed=0))


# Sentences as numbers


def test_targets_stand_between_beginning_and_end():
    vocabulary = Vocabulary([["b", "a", "b"]])
    assert encode_pairs([(["a", "x"], ["b"]), ([], [])], vocabulary, vocabulary) == [
        ([5, UNKNOWN], [BOS, 4, EOS]),
        ([], [BOS, EOS]),
    ]
