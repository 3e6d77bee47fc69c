"""Attention as layers: a mean of a set under weights, whatever the score, and whatever is masked."""

import doctest
import inspect

import pytest
import torch
from factories import QUERY_SIZE, SCORES, DeviceIsGiven, loop_attention, loop_scores, new_score, normal, some_mask
from torch.testing import assert_close

from attention_course import scores
from attention_course.layers import AttentionLayer, AttentionPooling, attention_layer

every_score = pytest.mark.parametrize("name", SCORES)


def inputs(name, dtype=torch.float64):
    """Queries, keys and values."""
    key_size = SCORES[name].key_size
    return [normal(2, n, d, dtype=dtype, seed=s) for s, (n, d) in enumerate([(3, QUERY_SIZE), (4, key_size), (4, 7)])]


def new_pooling(dtype=torch.float64):
    torch.manual_seed(0)
    return AttentionPooling(6, 5).to(dtype)


@every_score
def test_contexts_and_weights_are_equations_1_and_2(name):
    attend, (queries, keys, values), mask = AttentionLayer(new_score(name)), inputs(name), some_mask(2, 3, 4)
    expected = loop_attention(loop_scores(name, attend.score, queries, keys), values.numpy(), mask.numpy())
    for ours, theirs in zip(attend(queries, keys, values, mask), expected, strict=True):
        assert_close(ours.detach(), torch.tensor(theirs), rtol=0, atol=1e-12)


@every_score
def test_permuting_keys_and_values_together_leaves_the_contexts_unchanged(name):
    attend, (queries, keys, values), mask = AttentionLayer(new_score(name)), inputs(name), some_mask(2, 3, 4)
    order = torch.tensor([3, 1, 0, 2])
    context, weights = attend(queries, keys, values, mask)
    permuted, their_weights = attend(queries, keys[:, order], values[:, order], mask[..., order])
    assert_close(permuted, context, rtol=0, atol=1e-12)
    assert_close(their_weights, weights[..., order], rtol=0, atol=1e-12)


@every_score
def test_a_query_that_may_attend_to_nothing_gets_zeros_and_finite_gradients(name):
    attend, leaves = AttentionLayer(new_score(name)), [tensor.requires_grad_() for tensor in inputs(name)]
    context, weights = attend(*leaves, some_mask(2, 3, 4))
    assert not context[0, 0].any() and not weights[0, 0].any()
    (context.square().sum() + weights.square().sum()).backward()
    assert all(t.grad.isfinite().all() for t in [*leaves, *attend.parameters()])
    assert not leaves[0].grad[0, 0].any()


@every_score
def test_masked_keys_and_values_change_no_bit(name):
    attend, (queries, keys, values) = AttentionLayer(new_score(name)), inputs(name)
    mask = torch.tensor([True, True, False, True])
    context, weights = attend(queries, keys, values, mask)
    keys[:, 2], values[:, 2] = 1e4, -1e9
    changed, their_weights = attend(queries, keys, values, mask)
    assert changed.equal(context) and their_weights.equal(weights)
    assert not weights[..., 2].any()


@pytest.mark.parametrize("name", [name for name in SCORES if name != "dot"])  # which has none
def test_gradients_reach_every_parameter(name):
    attend = AttentionLayer(new_score(name))
    attend(*inputs(name))[0].square().sum().backward()
    assert all(p.grad.any() for p in attend.parameters())


@every_score
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_type_follows_the_input_and_nothing_is_made_without_a_device(name, dtype):
    attend, tensors, mask = AttentionLayer(new_score(name, dtype)), inputs(name, dtype), some_mask(2, 3, 4)
    with DeviceIsGiven():
        context, weights = attend(*tensors, mask)
    assert context.dtype == weights.dtype == dtype


def test_without_values_the_keys_are_averaged():
    attend, (queries, keys, _) = AttentionLayer(scores.dot_score), inputs("dot")  # a function will do for a score
    assert attend(queries, keys)[0].equal(attend(queries, keys, keys)[0])


def test_who_needs_no_weights_gets_none_and_the_same_context():
    attend, tensors = AttentionLayer(new_score("dot")), inputs("dot")
    context, weights = attend(*tensors, need_weights=False)
    assert weights is None and context.equal(attend(*tensors)[0])


def test_the_example_of_the_docstring_is_right():
    assert doctest.testmod(attention_layer, extraglobs=vars(scores) | {"torch": torch}) == (0, 3)


# AttentionPooling


def test_pooling_is_a_mean_under_the_weights_of_a_learned_question():
    pool, values, mask = new_pooling(), normal(2, 4, 6), some_mask(2, 4)
    by_hand = torch.stack([torch.stack([pool.u @ torch.tanh(pool.project.weight @ x) for x in xs]) for xs in values])
    expected = loop_attention(by_hand.detach()[:, None].numpy(), values.numpy(), mask[:, None].numpy())
    for ours, theirs in zip(pool(values, mask), expected, strict=True):
        assert_close(ours.detach(), torch.tensor(theirs[:, 0]), rtol=0, atol=1e-12)


def test_the_pooled_vector_does_not_depend_on_the_order():
    pool, values, mask, order = new_pooling(), normal(2, 4, 6), some_mask(2, 4), torch.tensor([2, 3, 0, 1])
    pooled, weights = pool(values, mask)
    permuted, their_weights = pool(values[:, order], mask[:, order])
    assert_close(permuted, pooled, rtol=0, atol=1e-12)
    assert_close(their_weights, weights[:, order], rtol=0, atol=1e-12)


def test_an_empty_set_gives_zeros_and_finite_gradients():
    pool, values, mask = new_pooling(), normal(2, 4, 6).requires_grad_(), some_mask(2, 4)
    pooled, weights = pool(values, mask)
    assert not mask[0].any() and not pooled[0].any() and not weights[0].any()
    pooled.square().sum().backward()
    assert not values.grad[0].any()
    assert all(t.grad.isfinite().all() and t.grad.any() for t in [values, *pool.parameters()])
    assert pool(normal(2, 0, 6))[0].equal(torch.zeros(2, 6, dtype=torch.float64))


def test_what_pooling_masks_changes_no_bit():
    pool, values, mask = new_pooling(), normal(2, 4, 6), some_mask(2, 4)
    pooled, _ = pool(values, mask)
    assert pool(values.masked_fill(~mask[..., None], 1e6), mask)[0].equal(pooled)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_pooling_keeps_type_and_device(dtype):
    pool, values, mask = new_pooling(dtype), normal(2, 4, 6, dtype=dtype), some_mask(2, 4)
    with DeviceIsGiven():
        pooled, weights = pool(values, mask)
    assert pooled.dtype == weights.dtype == dtype


def test_a_mask_that_does_not_fit_the_set_is_told():
    with pytest.raises(ValueError, match=r"mask: .* broadcasts to \(2, 4\), got \(2, 3\)"):
        inspect.unwrap(AttentionPooling.forward)(new_pooling(), normal(2, 4, 6), torch.ones(2, 3).bool())
