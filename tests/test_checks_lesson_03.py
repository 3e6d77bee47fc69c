"""Lesson 03's problems: answers in other styles, slips as learners make them, and agreement with the package."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_03 as check
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.lessons.lesson_03.problems.two_readers import read
from attention_course.masks import PAD, padding_mask
from attention_course.models.seq2seq import EncoderDecoder


def shift_lists(sentences):
    previous, target = [], []
    for row in sentences.tolist():
        words = [w for w in row if w != 0]
        rest = [0] * (len(row) - len(words))
        previous.append([1, *words, *rest])
        target.append([*words, 2, *rest])
    return previous, target


def shift_numpy(sentences):
    s = np.pad(np.asarray(sentences), ((0, 0), (1, 1)))
    previous, target = s[:, :-1].copy(), s[:, 1:].copy()
    previous[:, 0] = 1
    target[np.arange(len(s)), (s > 0).sum(1)] = 2
    return previous, target


def shift_where(sentences):
    column = torch.zeros_like(sentences[:, :1])
    previous = torch.hstack([column + 1, sentences])
    target = torch.hstack([sentences, column])
    return [previous, torch.where((target == 0) & (previous != 0), 2, target)]


def summary_loop(from_left, from_right, lengths):
    return torch.stack([torch.cat([a[n - 1], b[0]]) for a, b, n in zip(from_left, from_right, lengths, strict=True)])


def summary_gather(from_left, from_right, lengths):
    place = (lengths - 1)[:, None, None].expand(-1, 1, from_left.shape[-1])
    return torch.cat([from_left.gather(1, place)[:, 0], from_right[:, 0]], dim=1)


def summary_mask(from_left, from_right, lengths):
    last = np.arange(from_left.shape[1]) == np.asarray(lengths)[:, None] - 1
    return np.concatenate([(np.asarray(from_left) * last[..., None]).sum(1), np.asarray(from_right)[:, 0]], -1)


def exact_counting(translations, references, lengths, bins):
    shares = []
    for a, b in bins:
        right = number = 0
        for i in range(len(lengths)):
            if lengths[i] >= a and lengths[i] <= b:
                number += 1
                right += " ".join(translations[i]) == " ".join(references[i])
        shares.append(right / number if number > 0 else None)
    return shares


def exact_numpy(translations, references, lengths, bins):
    right = np.array([tuple(t) == tuple(r) for t, r in zip(translations, references, strict=True)])
    inside = [(np.array(lengths) >= a) & (np.array(lengths) < b + 1) for a, b in bins]
    return tuple(right[some].mean() if some.any() else None for some in inside)


def readers_recalled(left, right, length, bits):
    def recall(h):
        found = []
        for _ in range(min(bits, length)):
            x = int(h >= 1)
            found.append(x)
            h = 2 * (h - x)
        return found

    unknown = [0.5] * (length - min(bits, length))
    return [b if a == 0.5 else a for a, b in zip(recall(right) + unknown, unknown + recall(left)[::-1], strict=True)]


def readers_digits(left, right, length, bits):
    known = min(bits, length)
    out = np.full(length, 0.5)
    for h, places in ((left, range(length - 1, -1, -1)), (right, range(length))):
        for i, place in zip(range(known), places, strict=False):
            out[place] = math.floor(h * 2**i) % 2
    return out


def readers_fractions(left, right, length, bits):
    return readers_recalled(Fraction(left), Fraction(right), length, bits)


STYLES = {
    check.shift: [shift_lists, shift_numpy, shift_where],
    check.summary: [summary_loop, summary_gather, summary_mask],
    check.exact_by_length: [exact_counting, exact_numpy],
    check.two_readers: [readers_recalled, readers_digits, readers_fractions],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def ended(sentences):
    return shift_where(sentences)[1]


def recalled(h, words):
    found = []
    for _ in range(words):
        found.append(int(h >= 1))
        h = 2 * (h - found[-1])
    return found[::-1]


SLIPS = [
    (check.shift, "not_shifted", lambda s: (torch.nn.functional.pad(s, (0, 1)), ended(s))),
    (check.shift, "end_in_previous", lambda s: (torch.nn.functional.pad(ended(s), (1, 0), value=1)[:, :-1], ended(s))),
    (check.shift, "end_behind_padding",
     lambda s: (torch.nn.functional.pad(s, (1, 0), value=1), torch.nn.functional.pad(s, (0, 1), value=2))),
    (check.summary, "last_place_of_the_row", lambda a, b, n: torch.hstack([a[:, -1], b[:, 0]])),
    (check.summary, "one_too_far", lambda a, b, n: torch.hstack([a[range(len(a)), n], b[:, 0]])),
    (check.exact_by_length, "upper_end_left_out",
     lambda t, r, n, bins: exact_counting(t, r, n, [(a, b - 1) for a, b in bins])),
    (check.exact_by_length, "zero_for_an_empty_bin",
     lambda *args: [0 if share is None else share for share in exact_counting(*args)]),
    (check.exact_by_length, "nan_for_an_empty_bin",
     lambda t, r, n, bins: [
         np.mean([x == y for x, y, m in zip(t, r, n, strict=True) if a <= m <= b]) for a, b in bins
     ]),
    (check.two_readers, "zeros_for_the_forgotten",
     lambda a, b, n, _: recalled(b, n // 2)[::-1] + recalled(a, n - n // 2)),
    (check.two_readers, "readers_swapped", lambda a, b, n, bits: readers_recalled(b, a, n, bits)),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_shift_trains_what_the_package_trains():
    sentences = [["a"], ["a", "b", "c"], ["b", "a"]]
    words = Vocabulary(sentences)
    previous, target = type(check.shift).answer(pad([words.encode(s) for s in sentences]))
    whole = pad([t for _, t in encode_pairs([(s, s) for s in sentences], words, words)])
    assert (PAD, BOS, EOS) == (0, 1, 2)
    assert_close(target, whole[:, 1:])
    counts = target != PAD  # elsewhere nothing is to be said
    assert_close(previous[counts], whole[:, :-1][counts])


def test_summary_is_the_package_s():
    torch.manual_seed(0)
    model = EncoderDecoder(20, 20, embedding_size=4, hidden_size=3, decoder_size=5)
    source = pad([[4, 5, 6], [7], [8, 9]])
    from_left, from_right = model.encoder(source).chunk(2, -1)
    lengths = padding_mask(source).sum(-1).squeeze(-1)
    assert_close(type(check.summary).answer(from_left, from_right, lengths), model.encode(source)[0])


@pytest.mark.parametrize("length, bits", [(1, 1), (5, 8), (8, 4), (9, 4), (20, 7)])
def test_two_readers_hold_both_ends(length, bits):
    sentence = torch.randint(2, (length,), generator=torch.Generator().manual_seed(length)).tolist()
    left, right = read(sentence, bits), read(sentence[::-1], bits)
    known = type(check.two_readers).answer(left, right, length, bits)
    assert known == [x if min(i, length - 1 - i) < bits else 0.5 for i, x in enumerate(sentence)]
