"""Attention by hashing: its definition, its cheaper form, what it promises, and its place in a Transformer."""

import pytest
import torch
from factories import DeviceIsGiven, normal, some_mask
from test_efficient import NoSquares
from torch import nn
from torch.nn.functional import normalize
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.efficient.hashing import (
    HashingAttention,
    addresses,
    hash_vectors,
    hashing_attention,
    hashing_mask,
)
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.masks import causal_mask, others_mask
from attention_course.models.transformer import Block, Config, TransformerDecoder, TransformerEncoder

LENGTHS = [1, 5, 16, 37]
SETTINGS = [(2, 1, 4), (8, 3, 4), (8, 3, 16), (2, 2, 64)]  # buckets, rounds, window
both_ways = pytest.mark.parametrize("causal", [True, False])


def inputs(length, dtype=torch.float64, size=4):
    return [normal(2, 3, length, size, dtype=dtype, seed=seed) for seed in range(2)]


def by_loops(x, values, buckets, window, causal):
    """One sequence, one position at a time, in words: x (n, size), buckets (rounds, n)."""
    outputs, keys = [], normalize(x, dim=-1)
    for i in range(len(x)):
        seen = set()
        for bucket in buckets.tolist():
            before = [j for j in range(i) if bucket[j] == bucket[i]]
            after = [j for j in range(i + 1, len(x)) if bucket[j] == bucket[i]]
            seen |= set(before[-window:]) | (set() if causal else set(after[:window]))
        seen = sorted(seen) or [i]
        weights = (x[i] @ keys[seen].mT / x.shape[-1] ** 0.5).softmax(-1)
        outputs.append(weights @ values[seen])
    return torch.stack(outputs)


@both_ways
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("buckets", "rounds", "window"), SETTINGS)
def test_all_forms_agree(buckets, rounds, window, length, causal):
    x, values = inputs(length)
    attend = HashingAttention(4, buckets, rounds, window).double()
    output, _ = attend(x, x, values, causal=causal)
    expected, weights = attend(x, x, values, causal=causal, need_weights=True)
    assert_close(output, expected)
    assert_close(weights.sum(-1), torch.ones(2, 3, length, dtype=torch.float64))
    loops = by_loops(x[0, 0], values[0, 0], hash_vectors(x[0, 0], attend.rotations), window, causal)
    assert_close(output[0, 0], loops)


@pytest.mark.parametrize(("buckets", "rounds", "window"), SETTINGS)
def test_no_buckets_but_one_and_a_window_for_all_is_full_attention_to_the_others(buckets, rounds, window):
    x, values = inputs(9)
    for causal, mask in ((True, causal_mask(9)), (False, None)):
        attend = HashingAttention(4, buckets, rounds, max(window, 8)).double()
        attend.rotations.zero_()  # all products are equal: all fall into the first bucket
        assert_close(attend(x, x, values, causal=causal)[0], attention_to_others(x, x, values, mask)[0])


def test_vectors_that_point_one_way_share_their_bucket_and_opposite_ones_do_not():
    x, rotations = normal(50, 4), normal(3, 4, 8, seed=1)
    buckets = hash_vectors(x, rotations)
    assert buckets.equal(hash_vectors(3 * x, rotations))
    assert (buckets != hash_vectors(-x, rotations)).all()
    assert buckets.min() >= 0 and buckets.max() < 16


def test_vectors_closer_in_angle_share_buckets_more_often():
    rotations, shares = normal(4000, 8, 4), []
    for angle in torch.tensor([0.1, 0.5, 1.0, 2.0], dtype=torch.float64):
        pair = torch.zeros(2, 8, dtype=torch.float64)
        pair[0, 0], pair[1, 0], pair[1, 1] = 1, angle.cos(), angle.sin()
        a, b = hash_vectors(pair, rotations).unbind(-1)
        shares.append((a == b).double().mean())
    assert shares[0] > 0.9 and shares == sorted(shares, reverse=True) and shares[-1] < 0.05


def test_equal_vectors_meet_however_many_buckets_there_are():
    x = normal(1, 1, 4).expand(1, 6, 4)
    attend = HashingAttention(4, 32, rounds=1, window=8).double()
    _, weights = attend(x, x, x, causal=True, need_weights=True)
    expected = causal_mask(6).tril(-1) / torch.arange(6).clamp(min=1).unsqueeze(-1)
    expected[0, 0] = 1
    assert_close(weights[0], expected, check_dtype=False)


def test_a_full_bucket_shows_the_nearest_members_only():
    buckets = torch.zeros(1, 6, dtype=torch.long)
    seen = hashing_mask(addresses(buckets, 2), 2, causal=True)
    assert seen.sum(-1).tolist() == [1, 2, 3, 3, 3, 3]  # itself among them
    assert seen[5].nonzero().flatten().tolist() == [3, 4, 5]


def test_addresses_keep_buckets_a_window_apart():
    buckets = torch.tensor([[1, 0, 1, 3, 0]])
    where = addresses(buckets, 10)
    apart = (where.mT - where).abs()
    assert ((apart <= 10) == (buckets.mT == buckets)).all()
    assert where.min() > 10


@pytest.mark.parametrize("window", [1, 4])
def test_the_future_changes_nothing(window):
    """Not even through the cuts between buckets: the words to come fall into any of them."""
    for seed in range(10):
        attend = HashingAttention(4, 8, rounds=2, window=window, seed=seed).double()
        x, values = inputs(40)
        before, _ = attend(x, x, values, causal=True)
        x[..., 21:, :], values[..., 21:, :] = normal(19, 4, seed=100 + seed), 7
        after, _ = attend(x, x, values, causal=True)
        assert_close(before[..., :21, :], after[..., :21, :])
        assert not torch.allclose(before[..., 21:, :], after[..., 21:, :])


@both_ways
def test_what_does_not_count_changes_nothing_and_sees_nothing(causal):
    x, values = inputs(12)
    mask = torch.ones(2, 1, 1, 12, dtype=torch.bool)
    mask[0, ..., 9:] = False
    attend = HashingAttention(4, 4, rounds=2, window=3).double()
    output, _ = attend(x, x, values, mask, causal)
    assert_close(output, attend(x, x, values, mask, causal, need_weights=True)[0])
    assert_close(output[0, :, :9], attend(x[0, :, :9], x[0, :, :9], values[0, :, :9], causal=causal)[0])
    assert not output[0, :, 9:].any()
    x[0, :, 9:], values[0, :, 9:] = torch.nan, torch.nan
    assert_close(attend(x, x, values, mask, causal)[0], output)


def test_padding_in_front_hides_nothing():
    x, values = inputs(12)
    mask = (torch.arange(12) >= 3).expand(2, 1, 1, 12)
    attend = HashingAttention(4, 4, rounds=2, window=3).double()
    short = attend(x[..., 3:, :], x[..., 3:, :], values[..., 3:, :], causal=True)[0]
    assert_close(attend(x, x, values, mask, causal=True)[0][..., 3:, :], short)


@pytest.mark.parametrize("queries", [1, 4, 12])
def test_fewer_queries_than_keys_get_the_last_rows(queries):
    x, values = inputs(12)
    attend = HashingAttention(4, 4, rounds=2, window=3).double()
    for mask in (None, some_mask(2, 1, 1, 12)):
        whole, weights = attend(x, x, values, mask, causal=True, need_weights=True)
        output, rows = attend(x[..., -queries:, :], x, values, mask, causal=True, need_weights=True)
        assert_close(output, whole[..., -queries:, :])
        assert_close(rows, weights[..., -queries:, :])
        assert_close(attend(x[..., -queries:, :], x, values, mask, causal=True)[0], output)


@pytest.mark.parametrize("need_weights", [True, False])
def test_of_the_queries_only_the_number_counts(need_weights):
    """Rows that were projected by themselves may be rounded otherwise; which words ask, the layer knows."""
    x, values = inputs(6)
    attend = HashingAttention(4, 4, window=2).double()
    for queries in (6, 2):
        expected, _ = attend(x[..., -queries:, :], x, values, causal=True, need_weights=need_weights)
        assert attend(x[..., -queries:, :] + 1e-9, x, values, causal=True, need_weights=need_weights)[0].equal(expected)
        assert attend(torch.full_like(x[..., -queries:, :], torch.nan), x, values, causal=True)[0].isfinite().all()


def test_shapes_that_cannot_be_those_of_the_keys_and_other_masks_are_refused(unchecked):
    x, values = inputs(6)
    attend = HashingAttention(4, 4).double()
    told = r"queries: expected the keys or the last of them, which have the shape \(2, 3, 6, 4\), got the shape "
    with pytest.raises(ValueError, match=told + r"\(2, 3, 7, 4\)"):
        attend(normal(2, 3, 7, 4), x, values)
    with pytest.raises(ValueError, match=told + r"\(2, 1, 6, 4\)"):
        attend(x[:, :1], x, values)
    with pytest.raises(ValueError, match="queries and keys: expected the same last size"):
        attend(x[..., :3], x, values)
    with pytest.raises(ValueError, match=r"mask: expected a shape that broadcasts to \(2, 3, 1, 6\)"):
        attend(x, x, values, causal_mask(6))
    with pytest.raises(ValueError, match="buckets: expected an even number, got 3"):
        HashingAttention(4, 3)
    with pytest.raises(ValueError, match="rounds and window: expected at least 1, got 0 and 64"):
        HashingAttention(4, 4, rounds=0)


class NoWaiting(TorchDispatchMode):
    """Raises where a number has to come back from the device before the program can go on."""

    WAITS = frozenset({"_local_scalar_dense", "equal", "nonzero", "is_nonzero", "masked_select"})

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        assert function.overloadpacket.__name__ not in self.WAITS, function
        return function(*arguments, **(keywords or {}))


@both_ways
@pytest.mark.parametrize("need_weights", [True, False])
def test_nothing_waits_for_the_device(causal, need_weights):
    x, layer = (
        normal(2, 12, 8).requires_grad_(),
        SharedQueryKey(8, 2, attend=HashingAttention(4, 4, 2, 3)).double(),
    )
    mask = torch.arange(12) < 9
    with NoWaiting():
        layer(x, mask=mask, causal=causal, need_weights=need_weights)[0].sum().backward()
        layer(x[:, -1:], x, None, mask, causal, need_weights)
        layer.step(x, layer.init_state(x, mask=mask), mask, need_weights)
    with pytest.raises(AssertionError), NoWaiting():
        x.equal(x)


@both_ways
@pytest.mark.parametrize("need_weights", [True, False])
def test_nan_comes_out_as_nan_and_what_does_not_count_as_zero(causal, need_weights):
    layer, x = SharedQueryKey(8, 2, attend=HashingAttention(4, 4, 2, 3)).double(), normal(2, 12, 8)
    nn.init.normal_(layer.project_output.bias)
    before, _ = layer(x[:, :9], causal=causal, need_weights=need_weights)
    x[:, 10] = torch.nan
    assert layer(x, causal=causal, need_weights=need_weights)[0][:, 10].isnan().all()
    output, _ = layer(x, mask=torch.arange(12) < 9, causal=causal, need_weights=need_weights)
    assert_close(output[:, :9], before)
    assert (output[:, 9:] == 0).all()


@both_ways
@pytest.mark.parametrize("mask", [None, torch.arange(60) < 50])
@pytest.mark.parametrize("need_weights", [True, False])
def test_float32_under_autocast_gives_what_it_gives_without_but_for_rounding(causal, mask, need_weights):
    x, values = (y.requires_grad_() for y in inputs(60, torch.float32, size=8))
    attend = HashingAttention(8, 4, window=4)
    attend.rotations = attend.rotations.bfloat16().float()
    exact, _ = attend(x.bfloat16().float(), x.bfloat16().float(), values, mask, causal, need_weights)
    with torch.autocast("cpu", torch.bfloat16):
        output, _ = attend(x, x, values, mask, causal, need_weights)
    output.float().sum().backward()
    assert (output - exact).norm() < 0.05 * exact.norm()
    assert x.grad.isfinite().all() and values.grad.isfinite().all()


@both_ways
def test_alone_under_autocast_it_has_its_own_value(causal):
    """Every vector in a bucket of its own: none sees another."""
    x, values = torch.eye(4).expand(2, 3, 4, 4), normal(2, 3, 4, 5, dtype=torch.float32)
    attend = HashingAttention(4, 8, rounds=2)
    attend.rotations.copy_(torch.eye(4))
    for dtype in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", torch.bfloat16):
            output, _ = attend(x.to(dtype), x.to(dtype), values.to(dtype), causal=causal)
            assert_close(output, values.to(dtype), check_dtype=False)


@both_ways
def test_no_square_of_the_length_is_made_forwards_or_backwards(causal):
    x, values = (y.requires_grad_() for y in inputs(256, torch.float32))
    with NoSquares(256):
        HashingAttention(4, 16, rounds=2, window=16)(x, x, values, causal=causal)[0].sum().backward()
    assert x.grad.isfinite().all() and values.grad.isfinite().all()


@both_ways
def test_gradients_are_right(causal):
    x, values = (y[:1, :1, :, :2].clone().requires_grad_() for y in inputs(7))
    attend = HashingAttention(2, 4, rounds=2, window=2).double()
    mask = torch.arange(7) != 3
    assert torch.autograd.gradcheck(lambda x, values: attend(x, x, values, causal=causal)[0], (x, values))
    assert torch.autograd.gradcheck(lambda x, values: attend(x, x, values, mask, causal)[0], (x, values))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_dtype_and_device_follow_the_input(dtype):
    (x, values), attend = inputs(20, dtype), HashingAttention(4, 4, window=4).to(dtype)
    with DeviceIsGiven():
        output, _ = attend(x, x, values, torch.arange(20, device="cpu") < 15)
    assert output.dtype == dtype and output.isfinite().all()


@both_ways
def test_half_precision_stays_near_the_truth_among_the_same_buckets(causal):
    """Inputs are rounded to bfloat16 on both sides. Buckets too would differ where a vector is near a border."""
    x, values = inputs(200, torch.bfloat16, size=64)
    attend = HashingAttention(64, 8, window=16).double()
    where = addresses(hash_vectors(x.double(), attend.rotations), 16)
    exact, _ = attend(x.double(), x.double(), values.double(), causal=causal)
    half = hashing_attention(x, values, where, 16, causal)
    assert half.dtype == torch.bfloat16
    assert (half - exact).norm() < 0.01 * exact.norm()


def test_a_copy_with_the_saved_state_gives_the_same(tmp_path):
    x, values = inputs(20)
    attend, other = (HashingAttention(4, 8, window=4, seed=seed).double() for seed in (0, 1))
    assert not torch.equal(attend(x, x, values)[0], other(x, x, values)[0])
    torch.save(attend.state_dict(), tmp_path / "state.pt")
    other.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    assert attend(x, x, values)[0].equal(other(x, x, values)[0])


def hashing(window=3):
    return Config(
        size=16, heads=2, hidden=16, layers=2, dropout=0.0,
        attend=lambda: HashingAttention(8, 4, rounds=2, window=window), attention=SharedQueryKey,
    )  # fmt: skip


def new(model, config):
    torch.manual_seed(0)
    return model(11, config).double().eval()


def test_a_decoder_writes_with_a_cache_as_without():
    decoder = new(TransformerDecoder, hashing())
    tokens = torch.randint(1, 11, (2, 20), generator=torch.Generator().manual_seed(0))
    whole, _ = decoder(tokens)
    state, parts = None, []
    for piece in tokens.split([7, 1, 1, 4, 1, 6], 1):
        logits, _, state = decoder.step(piece, state)
        parts.append(logits)
    assert_close(torch.cat(parts, 1), whole)


def test_padding_changes_nothing_in_an_encoder():
    encoder = new(TransformerEncoder, hashing())
    tokens = torch.randint(1, 11, (2, 20), generator=torch.Generator().manual_seed(0))
    states, _ = encoder(tokens)
    padded, _ = encoder(torch.nn.functional.pad(tokens, (0, 5)))
    assert_close(padded[:, :20], states)


@pytest.mark.parametrize("need_weights", [True, False])
def test_the_last_words_look_as_in_the_whole(need_weights):
    torch.manual_seed(0)
    layer, x = SharedQueryKey(64, 4, attend=HashingAttention(16, 8, window=8)), torch.randn(3, 40, 64)
    whole, _ = layer(x, causal=True)
    for queries in (1, 3, 40):
        output, _ = layer(x[:, -queries:], x, causal=True, need_weights=need_weights)
        assert_close(output, whole[:, -queries:])


def test_shared_query_key_projects_words_that_look_at_each_other_once_and_others_by_themselves():
    layer, x, calls = SharedQueryKey(8, 2).double(), normal(1, 5, 8), []
    layer.project_query.register_forward_hook(lambda *_: calls.append(1))
    output, weights = layer(x)
    assert len(calls) == 1
    assert_close(layer(x, x.clone()), (output, weights))
    assert len(calls) == 3
    assert_close(layer(x, values=x), (output, weights))
    calls.clear()
    layer.step(x, layer.step(x)[2])
    assert len(calls) == 2
    state = layer.init_state(x)
    assert_close(layer(normal(1, 2, 8), x)[0], layer.step(normal(1, 2, 8), state, append=False)[0])


def test_in_a_block_it_projects_once():
    block, calls = Block(hashing()).double(), []
    block.self_attention.project_query.register_forward_hook(lambda *_: calls.append(1))
    block(normal(1, 5, 16), causal=True)
    assert len(calls) == 1
    block.step(normal(1, 5, 16))
    assert len(calls) == 2


def test_shared_query_key_has_one_matrix_for_both():
    layer, x = SharedQueryKey(8, 2).double(), normal(1, 5, 8)
    asking, (keys, _) = layer.project_query(x), layer.project(x)
    assert_close(keys, asking.unflatten(-1, (2, 4)).transpose(1, 2))
    assert sum(p.numel() for p in layer.parameters()) == 3 * (8 * 8 + 8)
    with pytest.raises(ValueError, match="key_size: expected none"):
        SharedQueryKey(8, 2, key_size=4)


def test_attention_to_others_is_the_formula():
    x, values = inputs(6)
    mask = causal_mask(6) & (torch.arange(6) != 2)
    output, weights = attention_to_others(x, x, values, mask)
    scores = torch.einsum("...id,...jd->...ij", x, x / x.norm(dim=-1, keepdim=True)) / 2
    scores = scores.masked_fill(~(mask & others_mask(6)), -torch.inf)
    assert_close(weights[..., 1:, :], scores[..., 1:, :].softmax(-1))
    assert (weights[..., 0, :] == torch.eye(6)[0]).all()
    assert_close(output, weights @ values)
    assert_close(
        attention_to_others(x[..., 4:, :], x, values, mask[4:], need_weights=False), (output[..., 4:, :], None)
    )
    counts = torch.arange(6) != 2
    assert_close(attention_to_others(x, x, values, counts, causal=True), (output, weights))


def test_no_other_looks_as_good_to_a_vector_as_itself():
    x, _ = inputs(37)
    assert ((x @ normalize(x, dim=-1).mT).argmax(-1) == torch.arange(37)).all()
