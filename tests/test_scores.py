"""The five scores against their formulas, one pair of a key and a query at a time."""

import inspect

import pytest
import torch
from factories import QUERY_SIZE, SCORES, DeviceIsGiven, loop_scores, new_score, normal
from torch.testing import assert_close

from attention_course.scores import Score, additive_score, dot_score, scaled_dot_score

every_score = pytest.mark.parametrize("name", SCORES)


def queries_and_keys(name, dtype=torch.float64):
    return normal(2, 3, QUERY_SIZE, dtype=dtype), normal(2, 4, SCORES[name].key_size, dtype=dtype, seed=1)


@every_score
def test_scores_follow_the_formula(name):
    score, (queries, keys) = new_score(name), queries_and_keys(name)
    expected = torch.tensor(loop_scores(name, score, queries, keys))
    assert_close(score(queries, keys).detach(), expected, rtol=0, atol=1e-12)


def test_the_functions_follow_the_formulas_too():
    queries, keys, u = normal(2, 3, 5), normal(2, 4, 5, seed=1), normal(5, seed=2)
    pairs = [(n, i, j) for n in range(2) for i in range(3) for j in range(4)]
    for scores, formula in [
        (dot_score(queries, keys), lambda a, b: a @ b),
        (scaled_dot_score(queries, keys), lambda a, b: a @ b / 5**0.5),
        (additive_score(queries, keys, u), lambda a, b: u @ torch.tanh(a + b)),
    ]:
        expected = torch.stack([formula(keys[n, j], queries[n, i]) for n, i, j in pairs]).view(2, 3, 4)
        assert_close(scores, expected, rtol=0, atol=1e-12)


@every_score
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_any_number_of_batch_dimensions_will_do(name, batch):
    score = new_score(name)
    queries, keys = normal(*batch, 3, QUERY_SIZE), normal(*batch, 4, SCORES[name].key_size, seed=1)
    scores = score(queries, keys)
    flat = score(queries.reshape(-1, 3, QUERY_SIZE), keys.reshape(-1, 4, keys.shape[-1]))
    assert_close(scores.reshape(-1, 3, 4), flat, rtol=0, atol=1e-12)


@every_score
def test_preparing_the_keys_first_changes_no_bit(name):
    score, (queries, keys) = new_score(name), queries_and_keys(name)
    prepared = score.prepare(keys)
    assert score.compare(queries, prepared).equal(score(queries, keys))
    for i in range(3):  # as a decoder does, one query at a time
        assert_close(score.compare(queries[:, i : i + 1], prepared), score(queries, keys)[:, i : i + 1])


@every_score
def test_permuting_keys_or_queries_permutes_the_scores(name):
    score, (queries, keys) = new_score(name), queries_and_keys(name)
    scores, rows, columns = score(queries, keys), torch.tensor([2, 0, 1]), torch.tensor([3, 1, 0, 2])
    assert_close(score(queries, keys[:, columns]), scores[..., columns], rtol=0, atol=1e-12)
    assert_close(score(queries[:, rows], keys), scores[:, rows], rtol=0, atol=1e-12)


@every_score
def test_no_key_or_no_query_is_no_error(name):
    score, (queries, keys) = new_score(name), queries_and_keys(name)
    assert score(queries, keys[:, :0]).shape == (2, 3, 0)
    assert score(queries[:, :0], keys).shape == (2, 0, 4)


@every_score
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_scores_have_the_type_of_the_input(name, dtype):
    assert new_score(name, dtype)(*queries_and_keys(name, dtype)).dtype == dtype


@every_score
def test_nothing_is_made_without_a_device(name):
    score, (queries, keys) = new_score(name), queries_and_keys(name)
    with DeviceIsGiven():
        score(queries, keys)


def test_the_guard_of_the_device_does_guard():
    with DeviceIsGiven(), pytest.raises(AssertionError, match=r"torch\.zeros without device="):
        torch.zeros(2)


@every_score
def test_gradients_reach_queries_keys_and_every_parameter_and_are_right(name):
    score, inputs = new_score(name), [tensor.requires_grad_() for tensor in queries_and_keys(name)]
    score(*inputs).square().sum().backward()
    for tensor in [*inputs, *score.parameters()]:
        assert tensor.grad.isfinite().all() and tensor.grad.any()
    assert torch.autograd.gradcheck(score, inputs)


@pytest.mark.parametrize("function", [dot_score, scaled_dot_score, lambda q, k: bare(additive_score)(q, k, normal(6))])
def test_sizes_that_do_not_fit_are_told(function):
    with pytest.raises(ValueError, match=r"queries and keys: .* same last size, got \(2, 3, 6\) and \(2, 4, 5\)"):
        bare(function)(normal(2, 3, 6), normal(2, 4, 5))


def bare(function):
    """The function without the shape checks of the tests, which would speak first."""
    return inspect.unwrap(function)


@pytest.mark.parametrize("name", ["additive", "multiplicative", "scaled", "bilinear"])
def test_keys_of_another_size_than_the_score_was_made_for_are_told_with_both_sizes(name):
    with pytest.raises(ValueError, match=r"keys: expected a last size of 4, got the shape \(2, 4, 7\)"):
        new_score(name)(normal(2, 3, QUERY_SIZE), normal(2, 4, 7))


def test_a_score_must_say_how_it_compares():
    with pytest.raises(NotImplementedError):
        Score()(normal(2, 3, 6), normal(2, 4, 6))
