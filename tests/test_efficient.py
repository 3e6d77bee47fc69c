"""The cheaper forms: each against the definition that it computes, and against full attention where they must meet."""

import pytest
import torch
from factories import DeviceIsGiven, normal, some_mask
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from attention_course.efficient import linear
from attention_course.efficient.blocks import BlockAttention, block_layout
from attention_course.efficient.fixed import FixedAttention, fixed_mask
from attention_course.efficient.linear import LinearAttention, elu_plus_one
from attention_course.efficient.local import LocalAttention, local_mask
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import PositiveRandomFeatures
from attention_course.efficient.strided import StridedAttention, strided_mask
from attention_course.efficient.tiled import TiledAttention, tiled_attention
from attention_course.functional import scaled_dot_product_attention
from attention_course.masks import causal_mask

LENGTHS = [1, 5, 16, 37]


def inputs(length, dtype=torch.float64, size=4):
    return [normal(2, 3, length, size, dtype=dtype, seed=seed) for seed in range(3)]


def whole(layout, block, length):
    return layout.repeat_interleave(block, 0).repeat_interleave(block, 1)[:length, :length]


class NoSquares(TorchDispatchMode):
    """Raises where a tensor with two axes of `length` or more is made, or one as large as such a one."""

    def __init__(self, length):
        super().__init__()
        self.length = length

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, torch.Tensor):
                assert sum(side >= self.length for side in tensor.shape) < 2, (function, tuple(tensor.shape))
        return result


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("window", [1, 3, 8, 50])
def test_local_attention_in_chunks_is_full_attention_under_its_mask(length, window, causal):
    queries, keys, values = inputs(length)
    counts = some_mask(2, 1, 1, length, seed=1)
    attend = LocalAttention(window, chunk=4)
    for mask in (None, counts):
        allowed = local_mask(length, window, causal) if mask is None else local_mask(length, window, causal) & mask
        expected, _ = scaled_dot_product_attention(queries, keys, values, allowed)
        assert_close(attend(queries, keys, values, mask, causal)[0], expected)
        assert_close(attend(queries, keys, values, mask, causal, need_weights=True)[0], expected)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    ("attend", "pattern"),
    [
        (StridedAttention(1), lambda n: strided_mask(n, 1)),
        (StridedAttention(4), lambda n: strided_mask(n, 4)),
        (StridedAttention(50), lambda n: strided_mask(n, 50)),
        (BlockAttention(1), lambda n: block_layout(n)),
        (BlockAttention(5, random=2), lambda n: whole(block_layout(-(-n // 5), random=2), 5, n)),
        (BlockAttention(4, everywhere=0, random=0), lambda n: whole(block_layout(-(-n // 4), 1, 0, 0), 4, n)),
        (BlockAttention(50), lambda n: torch.ones(n, n, dtype=torch.bool)),
        (FixedAttention(1), lambda n: fixed_mask(n, 1, 1)),
        (FixedAttention(4), lambda n: fixed_mask(n, 4, 1)),
        (FixedAttention(5, 2), lambda n: fixed_mask(n, 5, 2)),
        (FixedAttention(50), lambda n: fixed_mask(n, 50, 1)),
    ],
)
def test_sparse_patterns_are_full_attention_under_their_masks(attend, pattern, length):
    queries, keys, values = inputs(length)
    counts = some_mask(2, 1, 1, length, seed=1)
    for mask in (None, counts):
        allowed = pattern(length) if mask is None else pattern(length) & mask
        expected, _ = scaled_dot_product_attention(queries, keys, values, allowed)
        assert_close(attend(queries, keys, values, mask, attend.only_back)[0], expected)
        assert_close(attend(queries, keys, values, mask, attend.only_back, need_weights=True)[0], expected)


def test_random_blocks_are_other_blocks_and_as_many_as_asked_for():
    without, with_them = block_layout(64, random=0), block_layout(64, random=3)
    assert (with_them | without).equal(with_them)
    assert (with_them.sum(-1) - without.sum(-1))[4:].eq(3).all()  # before the fourth there are fewer others
    assert with_them[0].all() and with_them[:, 0].all()
    assert not with_them.equal(block_layout(64, random=3, seed=1))


@pytest.mark.parametrize("settings", [{}, {"neighbours": 0, "everywhere": 0, "random": 2}, {"seed": 4, "random": 3}])
def test_random_blocks_are_drawn_once_for_texts_of_all_lengths(settings):
    longest = block_layout(70, **settings)
    assert all(block_layout(n, **settings).equal(longest[:n, :n]) for n in range(70))


def test_where_a_text_ends_few_random_blocks_are_lost():
    drawn = block_layout(1024, neighbours=0, everywhere=0, random=1).fill_diagonal_(False)
    for blocks in range(64, 1024, 37):
        assert drawn[:blocks, :blocks].sum() > 0.85 * drawn[:blocks].sum()  # nine in a hundred, and chance
    assert drawn[:512, :512].sum() == drawn[:512].sum()


def test_two_layers_of_the_strided_pattern_reach_everything_before():
    reach = strided_mask(100, 10).float()
    assert ((reach @ reach > 0) == causal_mask(100)).all()


def test_a_window_that_sees_everything_is_full_attention():
    queries, keys, values = inputs(9)
    for causal, mask in ((True, causal_mask(9)), (False, None)):
        expected, _ = scaled_dot_product_attention(queries, keys, values, mask)
        assert_close(LocalAttention(9)(queries, keys, values, causal=causal)[0], expected)


@pytest.mark.parametrize("length", LENGTHS)
def test_the_three_forms_of_linear_attention_agree(length):
    queries, keys, values = inputs(length)
    q, k = elu_plus_one(queries), elu_plus_one(keys)
    assert_close(linear.linear_attention(q, k, values), linear.by_definition(q, k) @ values)
    causal = linear.by_definition(q, k, causal_mask(length)) @ values
    assert_close(linear.causal_linear_attention(q, k, values, chunk=4), causal)
    state, one_by_one = None, []
    for i in range(length):
        output, state = linear.step(q[..., i, :], k[..., i, :], values[..., i, :], state)
        one_by_one.append(output)
    assert_close(torch.stack(one_by_one, -2), causal)


@pytest.mark.parametrize("causal", [True, False])
def test_linear_attention_leaves_out_what_the_mask_leaves_out(causal):
    queries, keys, values = inputs(9)
    mask = torch.ones(2, 1, 1, 9, dtype=torch.bool)
    mask[0, ..., 6:] = False
    attend = LinearAttention(chunk=4)
    output, weights = attend(queries, keys, values, mask, causal, need_weights=True)
    assert_close(attend(queries, keys, values, mask, causal)[0], output)
    assert_close(output[0, :, :6], attend(queries[0, :, :6], keys[0, :, :6], values[0, :, :6], causal=causal)[0])
    assert_close(weights.sum(-1), torch.ones(2, 3, 9, dtype=torch.float64))
    keys[0, :, 6:], values[0, :, 6:] = 100, torch.nan
    assert_close(attend(queries, keys, values, mask, causal)[0], output)


def test_random_features_come_closer_to_the_softmax_as_they_grow():
    queries, keys, values = inputs(16, size=8)
    queries, keys = queries / 2, keys / 2
    exact, _ = scaled_dot_product_attention(queries, keys, values)
    errors = []
    for number in (16, 256, 4096):
        draws = [PositiveRandomFeatures(8, number, seed=seed).double() for seed in range(8)]
        outputs = [LinearAttention(features)(queries, keys, values)[0] for features in draws]
        errors.append(torch.stack([(output - exact).square().mean() for output in outputs]).mean().sqrt())
    assert errors[0] > 2 * errors[1] > 4 * errors[2]
    assert errors[2] < 0.02


def test_random_features_are_right_in_the_mean():
    q, k = normal(1, 8, seed=1), normal(1, 8, seed=2)
    products = [
        (features(q) * features(k)).sum()
        for features in (PositiveRandomFeatures(8, 64, seed=seed).double() for seed in range(400))
    ]
    products = torch.stack(products)
    expected = (q @ k.mT / 8**0.5).exp().squeeze()
    assert abs(products.mean() - expected) < 4 * products.std() / len(products) ** 0.5


def test_low_rank_attention_of_full_rank_can_be_full_attention():
    queries, keys, values = inputs(9)
    attend = LowRankAttention(max_length=9, rank=9).double()
    with torch.no_grad():
        attend.mix_keys.copy_(torch.eye(9))
        attend.mix_values.copy_(torch.eye(9))
    assert_close(attend(queries, keys, values)[0], scaled_dot_product_attention(queries, keys, values)[0])


def test_low_rank_attention_sees_no_padding_and_tells_what_is_too_long():
    queries, keys, values = inputs(9)
    attend = LowRankAttention(max_length=9, rank=3).double()
    mask = torch.ones(2, 1, 1, 9, dtype=torch.bool)
    mask[..., 6:] = False
    output, weights = attend(queries, keys, values, mask, need_weights=True)
    assert weights.shape == (2, 3, 9, 3)
    assert_close(output, attend(queries, keys[..., :6, :], values[..., :6, :])[0])
    with pytest.raises(ValueError, match="keys: expected at most 9, got 10"):
        attend(*inputs(10))


@pytest.mark.parametrize("tile", [1, 4, 7, 100])
@pytest.mark.parametrize("scale", [1, 1000])
def test_tiles_give_what_the_whole_gives(tile, scale):
    queries, keys, values = inputs(37)
    for mask in (None, some_mask(2, 3, 37, 37)):
        expected, _ = scaled_dot_product_attention(queries * scale, keys, values, mask)
        assert_close(tiled_attention(queries * scale, keys, values, mask, tile=tile), expected)


CHEAP = {
    "causal local": lambda: LocalAttention(16, chunk=16),
    "local": lambda: LocalAttention(16, chunk=16),
    "causal strided": lambda: StridedAttention(16),
    "blocks": lambda: BlockAttention(8),
    "causal blocks": lambda: BlockAttention(8),
    "causal fixed": lambda: FixedAttention(16),
    "linear": lambda: LinearAttention(),
    "causal linear": lambda: LinearAttention(chunk=16),
    "causal random features": lambda: LinearAttention(PositiveRandomFeatures(4, 32)),
    "low rank": lambda: LowRankAttention(256, 8),
    "tiled": lambda: TiledAttention(16),
    "causal tiled": lambda: TiledAttention(16),
}


def run(name, attend, tensors):
    return attend(*tensors, causal=name.startswith("causal"))[0]


every_form = pytest.mark.parametrize("name", CHEAP)


@every_form
def test_no_square_of_the_length_is_made_forwards_or_backwards(name):
    tensors = [x.requires_grad_() for x in inputs(256, torch.float32)]
    attend = CHEAP[name]()
    with NoSquares(256):
        run(name, attend, tensors).sum().backward()
    assert all(x.grad.isfinite().all() for x in tensors)


def test_the_guard_sees_a_square():
    with pytest.raises(AssertionError), NoSquares(256):
        scaled_dot_product_attention(*inputs(256, torch.float32))


@every_form
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_dtype_follows_the_input(name, dtype):
    attend = CHEAP[name]()
    if isinstance(attend, torch.nn.Module):
        attend = attend.to(dtype)
    assert run(name, attend, inputs(20, dtype)).dtype == dtype


@every_form
def test_gradients_are_right(name):
    attend = CHEAP[name]()
    if isinstance(attend, torch.nn.Module):
        attend = attend.double()
    tensors = [x[:1, :1, :, :2].clone().requires_grad_() for x in inputs(6)]
    if name == "causal random features":
        attend = LinearAttention(PositiveRandomFeatures(2, 8).double(), chunk=4)
    torch.autograd.gradcheck(lambda *x: run(name, attend, x), tensors)


@every_form
def test_tensors_are_made_on_the_device_of_the_input(name):
    attend, tensors = CHEAP[name](), inputs(20, torch.float32)
    with DeviceIsGiven():
        run(name, attend, tensors)
