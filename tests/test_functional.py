"""The two equations of attention: what a mask forbids leaves no trace, and what is left is a softmax."""

import importlib.util
import inspect

import pytest
import torch
import torch.nn.functional as F
from factories import QUERY_SIZE, SCORES, loop_attention, loop_scores, new_score, normal, some_mask
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from attention_course import functional
from attention_course.functional import (
    attention_weights,
    check_sizes,
    context_vector,
    masked_softmax,
    scaled_dot_product_attention,
)
from attention_course.masks import causal_mask

DTYPES = {torch.float64: 1e-12, torch.float32: 1e-6, torch.float16: 2e-3, torch.bfloat16: 1e-2}
BROADCAST = [(), (1,), (5,), (1, 1), (1, 5), (4, 1), (4, 5), (1, 4, 5), (2, 1, 5), (2, 1, 1), (2, 4, 1)]
# The shape checks of the tests would speak first: the messages are those of the bare functions.
bare_softmax, bare_attention = inspect.unwrap(masked_softmax), inspect.unwrap(scaled_dot_product_attention)


@pytest.fixture(params=["written out", "fused", "fused, empty rows dropped"])
def kernel(request, monkeypatch):
    """Which of its ways `scaled_dot_product_attention` goes when nobody needs the weights; the last is a GPU's."""
    monkeypatch.setattr(functional, "fused_is_faster", lambda queries, keys: request.param != "written out")
    monkeypatch.setattr(functional, "empty_rows_give_zero", lambda device: request.param == "fused")


def gradients(function, *tensors):
    """The function's output, and the gradients of a random weighting of it."""
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    output = function(*leaves)
    output.backward(normal(*output.shape, dtype=output.dtype, seed=9))
    return output.detach(), [leaf.grad for leaf in leaves]


def only_finite(tensors):
    return all(tensor.isfinite().all() for tensor in tensors)


# masked_softmax


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_sum_to_one_among_the_allowed_keys_and_masked_keys_get_exactly_zero(dtype):
    mask = some_mask(2, 4, 5)
    weights = masked_softmax(normal(2, 4, 5, dtype=dtype), mask)
    assert weights.dtype == dtype
    assert (weights[~mask] == 0).all()
    assert (weights[mask] > 0).all()
    assert_close(weights.double().sum(-1), mask.any(-1).double(), rtol=0, atol=DTYPES[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_empty_row_gives_exact_zeros_and_leaves_the_gradients_finite(dtype):
    scores, mask = normal(3, 4, 5, dtype=dtype), some_mask(3, 4, 5)
    mask[1] = False
    weights, (gradient,) = gradients(lambda s: masked_softmax(s, mask), scores)
    empty = ~mask.any(-1)
    assert (weights[empty] == 0).all()
    assert (gradient[empty] == 0).all()
    assert gradient.isfinite().all()
    assert gradient[~empty].any()


@pytest.mark.parametrize("foreign", [float("nan"), float("inf"), -float("inf"), 3e38])
def test_what_stands_at_a_masked_position_changes_no_bit_and_gets_no_gradient(foreign):
    scores, mask = normal(2, 4, 5, dtype=torch.float32), some_mask(2, 4, 5)
    weights, (gradient,) = gradients(lambda s: masked_softmax(s, mask), scores)
    changed, (its_gradient,) = gradients(lambda s: masked_softmax(s, mask), scores.masked_fill(~mask, foreign))
    assert changed.equal(weights)
    assert its_gradient.equal(gradient)
    assert (gradient[~mask] == 0).all()


@pytest.mark.parametrize("constant", [-1000.0, 0.5, 1000.0])
def test_adding_a_constant_to_the_scores_changes_nothing(constant):
    scores, mask = normal(2, 4, 5), some_mask(2, 4, 5)
    assert_close(masked_softmax(scores + constant, mask), masked_softmax(scores, mask), rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype, large", [(t, a) for t in DTYPES for a in (1e4, 1e30) if a < torch.finfo(t).max])
def test_large_scores_are_fine(dtype, large):
    a = large
    scores = torch.tensor([[a, a, -a], [-a, -a, a], [-a, a, 0], [-a, -a, -a]], dtype=dtype)
    mask = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]).bool()
    weights, (gradient,) = gradients(lambda s: masked_softmax(s, mask), scores)
    assert weights.tolist() == [[0.5, 0.5, 0], [0.5, 0.5, 0], [1, 0, 0], [0, 0, 0]]
    assert gradient.isfinite().all()


@pytest.mark.parametrize("mask", [None, torch.ones(4, 5, dtype=torch.bool)])
def test_without_a_mask_or_with_all_allowed_it_is_the_softmax(mask):
    scores = normal(2, 4, 5, dtype=torch.float32)
    assert masked_softmax(scores, mask).equal(scores.softmax(-1))


@pytest.mark.parametrize("shape", BROADCAST)
def test_a_mask_of_fewer_dimensions_broadcasts(shape):
    scores, mask = normal(2, 4, 5), normal(*shape) > 0
    assert masked_softmax(scores, mask).equal(masked_softmax(scores, mask.expand(2, 4, 5)))


@pytest.mark.parametrize("shape", [(2, 4, 0), (2, 0, 5), (0, 4, 5), (0,)])
def test_nothing_to_attend_to_or_nobody_to_attend_is_no_error(shape):
    for mask in (None, torch.ones(shape, dtype=torch.bool), torch.ones(1, dtype=torch.bool)):
        assert masked_softmax(normal(*shape), mask).shape == shape


@pytest.mark.parametrize("shape", [(4,), (2, 5), (3, 4, 5), (1, 2, 4, 5), (2, 4, 0)])
def test_a_mask_of_the_wrong_shape_is_told_both_shapes(shape):
    with pytest.raises(ValueError) as told:
        bare_softmax(normal(2, 4, 5), torch.ones(shape, dtype=torch.bool))
    assert str(told.value) == f"mask: expected a shape that broadcasts to (2, 4, 5), got {shape}"


@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.uint8])
def test_a_mask_that_is_not_boolean_is_told_both_types(dtype):
    with pytest.raises(TypeError) as told:
        bare_softmax(normal(2, 4, 5), torch.ones(4, 5, dtype=dtype))
    assert str(told.value) == f"mask: expected torch.bool (True = may attend), got {dtype}"


def test_the_scores_and_the_mask_are_not_written_into():
    scores, mask = normal(2, 4, 5), some_mask(2, 4, 5)
    before = scores.clone(), mask.clone()
    masked_softmax(scores, mask)
    assert scores.equal(before[0]) and mask.equal(before[1])


def test_the_gradient_of_the_softmax_is_right():
    mask = some_mask(2, 3, 4)
    assert torch.autograd.gradcheck(lambda s: masked_softmax(s, mask), normal(2, 3, 4).requires_grad_())


# attention_weights and context_vector


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("name", SCORES)
def test_weights_and_contexts_are_equations_2_and_1(name, masked):
    score = new_score(name)
    queries, keys = normal(2, 3, QUERY_SIZE), normal(2, 4, SCORES[name].key_size, seed=1)
    values = normal(2, 4, 7, seed=2)
    mask = some_mask(2, 3, 4) if masked else None
    allowed = torch.ones(2, 3, 4).bool() if mask is None else mask
    contexts, weights = loop_attention(loop_scores(name, score, queries, keys), values.numpy(), allowed.numpy())
    ours = attention_weights(queries, keys, score, mask)
    assert_close(ours.detach(), torch.tensor(weights), rtol=0, atol=1e-12)
    assert_close(context_vector(ours, values).detach(), torch.tensor(contexts), rtol=0, atol=1e-12)


# scaled_dot_product_attention


def queries_keys_values(batch, dtype=torch.float64, queries=4, keys=5):
    return [normal(*batch, n, d, dtype=dtype, seed=s) for s, (n, d) in enumerate([(queries, 6), (keys, 6), (keys, 3)])]


@pytest.mark.parametrize("dtype, tolerance", [(torch.float32, 1e-6), (torch.float64, 1e-12)])
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("batch", [(2,), (2, 3)])
def test_it_is_what_pytorch_computes(batch, masked, need_weights, dtype, tolerance, kernel):
    tensors = queries_keys_values(batch, dtype)
    mask = some_mask(*batch, 4, 5) if masked else None
    if masked:
        mask[..., 0] = True  # PyTorch makes no promise about an empty row
    output, its = gradients(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, mask, need_weights=need_weights)[0], *tensors
    )
    expected, theirs = gradients(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=mask), *tensors)
    assert_close([output, *its], [expected, *theirs], rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape", BROADCAST)
@pytest.mark.parametrize("batch", [(2,), (2, 3)])
def test_with_and_without_weights_the_output_is_the_same(batch, shape, kernel):
    if len(batch) == 2 and len(shape) == 3:
        shape = (shape[0], 1, *shape[1:])  # a mask for each sentence, the same for its heads
    tensors, mask = queries_keys_values(batch), normal(*shape) > 0
    output, weights = scaled_dot_product_attention(*tensors, mask)
    alone, nothing = scaled_dot_product_attention(*tensors, mask, need_weights=False)
    assert nothing is None
    assert_close(alone, output, rtol=0, atol=1e-12)
    assert_close(weights @ tensors[2], output, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("need_weights", [False, True])
def test_a_query_that_may_attend_to_nothing_gives_zeros_and_finite_gradients(need_weights, dtype, kernel):
    mask = some_mask(2, 1, 4, 5)
    output, its = gradients(
        lambda q, k, v: scaled_dot_product_attention(q, k, v, mask, need_weights=need_weights)[0],
        *queries_keys_values((2, 3), dtype),
    )
    assert (output[0, :, 0] == 0).all() and (its[0][0, :, 0] == 0).all()
    assert only_finite([output, *its])


def test_an_empty_row_gives_zeros_even_with_a_kernel_that_would_give_nan(monkeypatch):
    def kernel(queries, keys, values, attn_mask):
        return (queries @ keys.mT).masked_fill(~attn_mask, -float("inf")).softmax(-1) @ values

    monkeypatch.setattr(functional.F, "scaled_dot_product_attention", kernel)
    monkeypatch.setattr(functional, "fused_is_faster", lambda queries, keys: True)
    monkeypatch.setattr(functional, "empty_rows_give_zero", lambda device: False)
    mask = some_mask(2, 4, 5)
    attend = lambda q, k, v: scaled_dot_product_attention(q, k, v, mask, need_weights=False)[0]
    output, its = gradients(attend, *queries_keys_values((2,)))
    assert (output[0, 0] == 0).all() and only_finite([output, *its])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("keys", [1, 63, 512, 513, 1100])  # the CPU's kernel cuts the keys at 512
def test_the_kernel_of_the_cpu_gives_zeros_for_an_empty_row(keys, dtype):
    mask = some_mask(2, 1, 7, keys)
    mask[..., 2, :], mask[1, :, :, : keys - 1] = False, False
    attend = lambda q, k, v: functional.fused_attention(q, k, v, mask)
    output, its = gradients(attend, *queries_keys_values((2, 3), dtype, 7, keys))
    empty = ~mask.any(-1).expand(2, 3, 7)
    assert (output[empty] == 0).all() and (its[0][empty] == 0).all()
    assert only_finite([output, *its])


def test_a_masked_call_is_one_graph_in_which_nothing_is_decided_by_numbers():
    spec = importlib.util.spec_from_file_location("without_shape_checks", functional.__file__)
    spec.loader.exec_module(bare := importlib.util.module_from_spec(spec))
    tensors, mask = queries_keys_values((2, 3), keys=70), some_mask(2, 1, 4, 70)
    for bare.empty_rows_give_zero in (lambda device: True, lambda device: False):
        attend = torch.compile(bare.scaled_dot_product_attention, fullgraph=True, backend="eager")
        assert_close(
            attend(*tensors, mask, need_weights=False), scaled_dot_product_attention(*tensors, mask, need_weights=False)
        )


@pytest.mark.parametrize("need_weights", [False, True])
def test_masked_keys_and_values_change_no_bit_and_get_no_gradient(need_weights, kernel):
    mask = some_mask(2, 4, 5)
    mask[..., 3] = False
    attend = lambda q, k, v: scaled_dot_product_attention(q, k, v, mask, need_weights=need_weights)[0]
    queries, keys, values = queries_keys_values((2,), torch.float32)
    output, its = gradients(attend, queries, keys, values)
    keys[:, 3], values[:, 3] = 1e4, -1e9
    changed, theirs = gradients(attend, queries, keys, values)
    assert changed.equal(output)
    assert all(a.equal(b) for a, b in zip(its, theirs, strict=True))
    assert not its[1][:, 3].any() and not its[2][:, 3].any()


BATCHES = [  # of queries, keys and values
    ((2,), (1,), (1,)),
    ((1,), (2,), (2,)),
    ((), (2,), (2,)),
    ((1,), (1,), (3,)),
    ((2, 3), (3,), (1, 3)),
    ((2, 1), (1, 3), (2, 3)),
    ((2, 1, 3), (1, 4, 3), (2, 4, 1)),
    ((5, 2, 1, 3), (4, 3), (4, 1)),
    ((), (), (2, 2)),
]


@pytest.mark.parametrize("masked", [None, "keys", "pairs", "batch"])
@pytest.mark.parametrize("batches", BATCHES)
@pytest.mark.parametrize("need_weights", [False, True])
def test_axes_in_front_broadcast_with_and_without_weights(need_weights, batches, masked, kernel):
    tensors = [normal(*b, n, d, seed=n) for b, (n, d) in zip(batches, [(4, 6), (5, 6), (5, 3)], strict=True)]
    batch, of_scores = torch.broadcast_shapes(*batches), torch.broadcast_shapes(*batches[:2])
    mask = {
        None: lambda: None,
        "keys": lambda: normal(5) > 0,
        "pairs": lambda: some_mask(4, 5),
        "batch": lambda: some_mask(*of_scores, 4, 5),
    }[masked]()
    attend = lambda q, k, v: scaled_dot_product_attention(q, k, v, mask, need_weights=need_weights)[0]
    whole = lambda q, k, v: scaled_dot_product_attention(*(x.expand(*batch, *x.shape[-2:]) for x in (q, k, v)), mask)[0]
    output, its = gradients(attend, *tensors)
    expected, theirs = gradients(whole, *tensors)
    assert output.shape == (*batch, 4, 3)
    assert_close([output, *its], [expected, *theirs], rtol=0, atol=1e-12)


@pytest.mark.parametrize("need_weights", [False, True])
def test_axes_in_front_that_do_not_broadcast_are_told(need_weights, kernel):
    queries, keys, values = normal(2, 4, 6), normal(3, 5, 6), normal(3, 5, 3)
    with pytest.raises(ValueError, match=r"queries, keys, values: .* that broadcast, got \(2, 4, 6\) and \(3, 5, 6\)"):
        bare_attention(queries, keys, values, None, need_weights=need_weights)
    with pytest.raises(ValueError, match=r"queries, keys, values: .* and \(3, 5, 3\)"):
        bare_attention(queries, keys[:1], values, None, need_weights=need_weights)


@pytest.mark.parametrize("need_weights", [False, True])
def test_a_mask_may_not_have_more_in_front_than_queries_and_keys(need_weights, kernel, monkeypatch):
    monkeypatch.setattr(functional, "masked_softmax", bare_softmax)
    with pytest.raises(ValueError, match=r"mask: .* broadcasts to \(1, 4, 5\), got \(2, 4, 5\)"):
        bare_attention(normal(1, 4, 6), normal(1, 5, 6), normal(2, 5, 3), some_mask(2, 4, 5), need_weights=need_weights)


@pytest.mark.parametrize("mask", [None, torch.ones(4, 0).bool(), torch.ones(4, 1).bool(), torch.ones(1).bool()])
@pytest.mark.parametrize("batch", [(2,), (2, 3)])
def test_without_any_key_the_output_is_zero(batch, mask, kernel):
    for need_weights in (True, False):
        output, _ = scaled_dot_product_attention(*queries_keys_values(batch, keys=0), mask, need_weights=need_weights)
        assert output.shape == (*batch, 4, 3)
        assert not output.any()


def test_sizes_that_do_not_fit_are_told_with_their_names():
    queries, keys, values = queries_keys_values((2,))
    with pytest.raises(ValueError, match=r"queries and keys: .* last size, got \(2, 4, 6\) and \(2, 5, 3\)"):
        bare_attention(queries, values, values)
    with pytest.raises(ValueError, match=r"keys and values: .* number, got \(2, 5, 6\) and \(2, 4, 6\)"):
        bare_attention(queries, keys, queries)
    with pytest.raises(ValueError, match=r"queries and keys"):
        check_sizes(queries, values)


@pytest.mark.parametrize("need_weights", [False, True])
def test_a_mask_that_does_not_fit_is_told_whoever_computes(need_weights, kernel, monkeypatch):
    monkeypatch.setattr(functional, "masked_softmax", bare_softmax)
    monkeypatch.setattr(functional, "fused_attention", inspect.unwrap(functional.fused_attention))
    with pytest.raises(ValueError, match=r"mask: .* broadcasts to \(2, 4, 5\), got \(5, 4\)"):
        bare_attention(*queries_keys_values((2,)), torch.ones(5, 4).bool(), need_weights=need_weights)
    with pytest.raises(TypeError, match=r"mask: expected torch.bool .*, got torch.float32"):
        bare_attention(*queries_keys_values((2,)), torch.ones(4, 5), need_weights=need_weights)


@pytest.mark.parametrize(("L", "S"), [(256, 256), (1, 256)])
@torch.no_grad()
def test_looking_back_reaches_the_fused_kernel_without_a_mask(L, S):
    queries, keys, values = (normal(1, 2, n, 8, dtype=torch.float32, seed=s) for s, n in enumerate((L, S, S)))
    expected, _ = scaled_dot_product_attention(queries, keys, values, causal_mask(L, S))
    with NoMasks():
        output, _ = scaled_dot_product_attention(queries, keys, values, causal=True, need_weights=False)
    assert_close(output, expected)


@pytest.mark.parametrize(("L", "S"), [(4, 4), (3, 7), (1, 7), (1, 1)])
@pytest.mark.parametrize("need_weights", [True, False])
def test_looking_back_is_the_mask_that_says_so_whatever_else_is_masked(L, S, need_weights):
    tensors = [normal(2, 3, n, 8, seed=s) for s, n in enumerate((L, S, S))]
    for mask in (None, some_mask(2, 1, 1, S), some_mask(2, 3, L, S), some_mask(L, S), torch.ones(S).bool()):
        back = causal_mask(L, S) if mask is None else causal_mask(L, S) & mask
        assert_close(
            scaled_dot_product_attention(*tensors, mask, True, need_weights),
            scaled_dot_product_attention(*tensors, back, need_weights=need_weights),
        )
    with pytest.raises(ValueError, match="keys: expected at least as many as the 8 queries, got 7"):
        scaled_dot_product_attention(normal(8, 8), normal(7, 8), normal(7, 8), causal=True, need_weights=need_weights)


class NoMasks(TorchDispatchMode):
    """Raises where a Boolean tensor is made."""

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        for x in result if isinstance(result, (tuple, list)) else [result]:
            assert not (isinstance(x, torch.Tensor) and x.dtype == torch.bool), function
        return result
