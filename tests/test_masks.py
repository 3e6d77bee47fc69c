"""Masks against loops: True stands exactly where a query may attend to a key."""

import pytest
import torch
from factories import DeviceIsGiven

from attention_course.masks import PAD, causal_mask, length_mask, padding_mask


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_padding_is_what_nobody_may_attend_to(dtype):
    tokens = torch.tensor([[5, 3, 9], [7, PAD, PAD], [PAD, PAD, PAD]], dtype=dtype)
    mask = padding_mask(tokens)
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[[token != PAD for token in sentence]] for sentence in tokens.tolist()]


@pytest.mark.parametrize("max_length", [None, 4, 6])
def test_the_first_keys_up_to_the_length_may_be_attended_to(max_length):
    lengths = [3, 0, 4]
    mask = length_mask(torch.tensor(lengths), max_length)
    assert mask.dtype == torch.bool
    assert mask.tolist() == [[[j < length for j in range(max_length or 4)]] for length in lengths]


def test_lengths_and_padding_give_one_mask():
    tokens = torch.tensor([[5, 3, 9, PAD], [7, PAD, PAD, PAD]])
    assert length_mask(torch.tensor([3, 1]), max_length=4).equal(padding_mask(tokens))


@pytest.mark.parametrize("queries, keys", [(1, 1), (4, 4), (1, 5), (3, 5), (0, 0), (0, 3)])
def test_a_query_may_attend_to_itself_and_the_past_and_the_last_is_level_with_the_last_key(queries, keys):
    mask = causal_mask(queries, keys)
    assert mask.dtype == torch.bool and mask.shape == (queries, keys)
    past = keys - queries
    assert mask.tolist() == [[j <= i + past for j in range(keys)] for i in range(queries)]


def test_without_a_number_of_keys_there_are_as_many_as_queries():
    assert causal_mask(4).equal(causal_mask(4, 4))


def test_the_last_rows_of_a_causal_mask_are_the_mask_of_a_later_step():
    assert causal_mask(2, 5).equal(causal_mask(5)[-2:])


def test_a_batch_of_nothing_has_a_mask():
    assert padding_mask(torch.empty(0, 3, dtype=torch.int64)).shape == (0, 1, 3)
    assert length_mask(torch.empty(0, dtype=torch.int64)).shape == (0, 1, 0)
    assert length_mask(torch.tensor([0, 0])).shape == (2, 1, 0)


def test_masks_are_made_on_the_device_of_their_input():
    tokens, lengths = torch.ones(2, 3, dtype=torch.int64, device="meta"), torch.tensor([1, 3])
    assert padding_mask(tokens).device == tokens.device
    assert causal_mask(2, device="meta").device == tokens.device
    with DeviceIsGiven():
        length_mask(lengths, 4)


@pytest.mark.parametrize(
    "lengths, max_length, message",
    [
        ([3, 5], 4, r"lengths: expected 0 to 4, got \[3, 5\]"),
        ([2, -1], None, r"lengths: expected 0 to 2, got \[2, -1\]"),
    ],
)
def test_a_length_that_cannot_be_is_told(lengths, max_length, message):
    with pytest.raises(ValueError, match=message):
        length_mask(torch.tensor(lengths), max_length)


def test_fewer_keys_than_queries_are_told():
    with pytest.raises(ValueError, match="keys: expected at least as many as the 3 queries, got 2"):
        causal_mask(3, 2)
