"""Attention in tiles: the whole's output and gradients, one number kept for each query, and no square of the length."""

import pytest
import torch
import torch.nn.functional as F
from factories import DeviceIsGiven, normal, some_mask
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from attention_course.efficient.tiled import TiledAttention, tiled_attention
from attention_course.functional import scaled_dot_product_attention
from attention_course.masks import causal_mask


def inputs(queries, keys=None, dtype=torch.float64, scale=1.0):
    lengths = queries, keys or queries, keys or queries
    tensors = [normal(2, 3, n, 4, dtype=dtype, seed=seed) for seed, n in enumerate(lengths)]
    tensors[0] *= scale
    return [x.requires_grad_() for x in tensors]


def both(tensors, mask, tile, causal):
    """(output, gradients) of the tiles and of the whole, for the same gradient of the output."""
    queries, keys, _ = tensors
    allowed = mask
    if causal:
        back = causal_mask(queries.shape[-2], keys.shape[-2])
        allowed = back if mask is None else mask & back
    found = []
    for output in (
        tiled_attention(*tensors, mask, causal, tile),
        scaled_dot_product_attention(*tensors, allowed)[0],
    ):
        found.append((output, torch.autograd.grad(output, tensors, normal(*output.shape, dtype=output.dtype, seed=9))))
    return found


MASKS = {
    "none": lambda L, S: None,
    "pairs": lambda L, S: some_mask(2, 3, L, S),
    "pairs, one for all heads": lambda L, S: some_mask(2, 1, L, S),
    "padding": lambda L, S: some_mask(2, 1, 1, S),
    "keys": lambda L, S: some_mask(1, S)[0].logical_or(torch.arange(S) == 0),
    "queries": lambda L, S: some_mask(2, 1, L, 1),
}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("name", MASKS)
@pytest.mark.parametrize("tile", [1, 4, 7, 100])
@pytest.mark.parametrize(("L", "S"), [(1, 1), (13, 13), (5, 13), (1, 13)])
def test_tiles_give_output_and_gradients_of_the_whole(L, S, tile, name, causal):
    tiled, whole = both(inputs(L, S), MASKS[name](L, S), tile, causal)
    assert_close(tiled, whole)


@pytest.mark.parametrize("scale", [100.0, 10_000.0])
def test_scores_whose_exponential_overflows(scale):
    for causal in (False, True):
        tiled, whole = both(inputs(13, scale=scale), None, 4, causal)
        assert all(x.isfinite().all() for x in (tiled[0], *tiled[1]))
        assert_close(tiled, whole)


def test_more_queries_than_keys():
    assert_close(*both(inputs(13, 5), None, 2, False))


def test_a_query_that_sees_nothing_gets_zero_and_gives_zero():
    tensors, mask = inputs(9), torch.ones(9, 9, dtype=torch.bool)
    mask[4] = False
    output = tiled_attention(*tensors, mask, tile=4)
    gradients = torch.autograd.grad(output.square().sum(), tensors)
    assert (output[..., 4, :] == 0).all() and (gradients[0][..., 4, :] == 0).all()
    assert all(g.isfinite().all() for g in gradients)


@pytest.mark.parametrize("causal", [False, True])
def test_gradients_are_right(causal):
    tensors = [x[:1, :2, :, :2].detach().requires_grad_() for x in inputs(6)]
    assert torch.autograd.gradcheck(lambda *x: tiled_attention(*x, some_mask(6, 6, seed=3), causal, 4), tensors)


class Largest(TorchDispatchMode):
    """The most numbers in one tensor that an operation gives."""

    numbers = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        for x in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(x, torch.Tensor):
                self.numbers = max(self.numbers, x.numel())
        return result


def largest(length, causal, forward=tiled_attention):
    tensors = [normal(1, length, 8, dtype=torch.float32, seed=seed).requires_grad_() for seed in range(3)]
    with Largest() as seen:
        forward(*tensors, tile=16, causal=causal).sum().backward()
    return seen.numbers


@pytest.mark.parametrize("causal", [False, True])
def test_no_tensor_grows_with_the_square_of_the_length_forwards_or_backwards(causal):
    assert largest(512, causal) == 512 * 16
    assert largest(1024, causal) == 1024 * 16


def test_the_guard_sees_a_square():
    plain = lambda q, k, v, tile, causal: scaled_dot_product_attention(q, k, v)[0]
    assert largest(512, False, plain) == 512**2


def test_what_is_kept_for_the_backward_pass_is_the_output_and_one_number_a_query():
    tensors, kept = inputs(40), []
    with torch.autograd.graph.saved_tensors_hooks(lambda x: kept.append(x) or x, lambda x: x):
        output = tiled_attention(*tensors, tile=8)
    ours = [x for x in kept if all(x is not given for given in tensors)]
    assert sorted(tuple(x.shape) for x in ours) == [(2, 3, 40, 1), tuple(output.shape)]
    log_sums = min(ours, key=torch.Tensor.numel)
    scores = tensors[0] @ tensors[1].mT / 2
    assert_close(log_sums, scores.logsumexp(-1, keepdim=True))


def test_the_future_changes_nothing():
    tensors = [x.detach() for x in inputs(20)]
    before = tiled_attention(*tensors, tile=8, causal=True)
    for x in tensors:
        x[..., 11:, :] = 7
    after = tiled_attention(*tensors, tile=8, causal=True)
    assert before[..., :11, :].equal(after[..., :11, :])


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_dtype_follows_the_input(dtype):
    tensors = inputs(20, dtype=dtype)
    tensors = [x.detach().requires_grad_() for x in tensors]
    output = tiled_attention(*tensors, tile=8)
    output.sum().backward()
    assert output.dtype == dtype and all(x.grad.dtype == dtype for x in tensors)


def test_bfloat16_is_summed_in_float32():
    """Over 4,096 keys of like weight, sums of bfloat16 would stop growing at 256."""
    queries, keys = torch.zeros(2, 1, 8, dtype=torch.bfloat16), torch.zeros(2, 4096, 8, dtype=torch.bfloat16)
    values = torch.ones(2, 4096, 8, dtype=torch.bfloat16)
    assert (tiled_attention(queries, keys, values, tile=1) == 1).all()


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_at_least_as_exact_as_pytorch_s_own(dtype, autocast):
    """Against float64, output and gradients; the kernel and the whole written out, in half precision or autocast."""
    tensors = [normal(1, 2, 512, 64, dtype=torch.float64, seed=seed) for seed in range(4)]

    def run(attend, exact=False):
        given = [x.to(torch.float64 if exact else torch.float32 if autocast else dtype) for x in tensors[:3]]
        given = [x.requires_grad_() for x in given]
        with torch.autocast("cpu", dtype, enabled=autocast and not exact):
            output = attend(*given)
        return output, *torch.autograd.grad(output, given, tensors[3].to(output.dtype))

    whole = lambda *x: scaled_dot_product_attention(*x)[0]
    exact = run(whole, exact=True)

    def errors(attend):
        return [((ours - right).norm() / right.norm()).item() for ours, right in zip(run(attend), exact, strict=True)]

    ours = errors(lambda *x: tiled_attention(*x, tile=64))
    for theirs in (errors(whole), errors(F.scaled_dot_product_attention)):
        assert all(a <= b for a, b in zip(ours, theirs, strict=True))


def test_autocast_around_the_backward_pass_changes_nothing():
    tensors = [normal(1, 2, 20, 8, dtype=torch.float32, seed=seed).requires_grad_() for seed in range(3)]
    output = tiled_attention(*tensors, tile=8)
    expected = torch.autograd.grad(output.sum(), tensors, retain_graph=True)
    with torch.autocast("cpu", torch.bfloat16):
        assert_close(torch.autograd.grad(output.sum(), tensors), expected, rtol=0, atol=0)


@pytest.mark.parametrize("batches", [((2,), (1,), (1,)), ((), (3,), (3,)), ((1,), (1,), (2,)), ((2, 1), (3,), (2, 3))])
def test_axes_in_front_broadcast_with_and_without_weights(batches):
    tensors = [normal(*batch, 9, 4, seed=seed).requires_grad_() for seed, batch in enumerate(batches)]
    attend, found = TiledAttention(4), []
    for need_weights in (False, True):
        output, _ = attend(*tensors, some_mask(9, 9), need_weights=need_weights)
        gradient = normal(*output.shape, seed=9)
        found.append((output, torch.autograd.grad(output, tensors, gradient)))
    assert_close(*found)


def test_the_module_is_an_attention_function():
    tensors, mask = inputs(13), some_mask(2, 3, 13, 13)
    for causal in (False, True):
        attend = TiledAttention(4)
        output, weights = attend(*tensors, mask, causal)
        expected, expected_weights = attend(*tensors, mask, causal, need_weights=True)
        assert weights is None and expected_weights.shape == (2, 3, 13, 13)
        assert_close(output, expected)


def test_tensors_are_made_on_the_device_of_the_input():
    tensors = [x.detach() for x in inputs(13)]
    with DeviceIsGiven():
        tiled_attention(*tensors, tile=4, causal=True)


def test_wrong_input_is_named():
    queries, keys, values = inputs(5)
    with pytest.raises(ValueError, match="tile: expected at least 1, got 0"):
        tiled_attention(queries, keys, values, tile=0)
    with pytest.raises(ValueError, match="keys: expected at least as many as the 5 queries, got 4"):
        tiled_attention(queries, keys[..., :4, :], values[..., :4, :], causal=True)
    with pytest.raises(ValueError, match="mask"):
        tiled_attention(queries, keys, values, torch.ones(4, 4, dtype=torch.bool))
