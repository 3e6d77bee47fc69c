"""Grouped and multi-query heads: multi-head attention where the groups are the heads, copied keys elsewhere."""

from functools import partial

import pytest
import torch
from factories import DeviceIsGiven, normal, some_mask
from torch.nn import functional as F
from torch.testing import assert_close

from attention_course.efficient.grouped_query import GroupedQueryAttention, grouped, grouped_attention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.tiled import TiledAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.masks import causal_mask
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.positions import AlibiAttention, RotaryAttention, ShawAttention, T5Attention

HEADS, SIZE = 4, 16
every_group = pytest.mark.parametrize("groups", [1, 2, 4])


def inputs(groups, queries=5, keys=7):
    return normal(2, HEADS, queries, 4), normal(2, groups, keys, 4, seed=1), normal(2, groups, keys, 4, seed=2)


def copied(x, heads=HEADS):
    """The keys of a group, once for each of its heads."""
    return x.repeat_interleave(heads // x.shape[-3], -3)


MASKS = [None, (2, HEADS, 5, 7), (2, 1, 5, 7), (2, 1, 1, 7), (5, 7), (1, 7), (2, HEADS, 1, 7), (2, 1, 5, 1)]


@every_group
@pytest.mark.parametrize("shape", MASKS)
def test_shared_keys_are_copied_keys(groups, shape):
    queries, keys, values = inputs(groups)
    mask = shape and some_mask(*shape)
    expected, expected_weights = scaled_dot_product_attention(queries, copied(keys), copied(values), mask)
    output, weights = grouped_attention(queries, keys, values, mask)
    assert_close(output, expected)
    assert_close(weights, expected_weights)
    output, weights = grouped_attention(queries, keys, values, mask, need_weights=False)
    assert_close(output, expected)
    assert weights is None


@every_group
def test_it_is_pytorch_s_enable_gqa(groups):
    queries, keys, values = inputs(groups)
    expected = F.scaled_dot_product_attention(queries, keys, values, enable_gqa=True)
    assert_close(grouped_attention(queries, keys, values)[0], expected)


def new_layer(groups, **options):
    torch.manual_seed(0)
    layer = GroupedQueryAttention(SIZE, HEADS, groups, **options).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return layer


def with_copied_heads(layer):
    """The multi-head layer in which all heads of a group have the same keys and values."""
    whole = MultiHeadAttention(SIZE, HEADS, attend=layer.attend).double()
    whole.project_query.load_state_dict(layer.project_query.state_dict())
    whole.project_output.load_state_dict(layer.project_output.state_dict())
    for name in ("project_key", "project_value"):
        for part in ("weight", "bias"):
            rows = getattr(getattr(layer, name), part).detach().unflatten(0, (layer.groups, layer.head_size))
            rows = rows.repeat_interleave(HEADS // layer.groups, 0).flatten(0, 1)
            getattr(getattr(whole, name), part).data.copy_(rows)
    return whole


ATTENDS = {
    "plain": lambda: scaled_dot_product_attention,
    "rotary": RotaryAttention,
    "alibi": lambda: AlibiAttention(HEADS).double(),
    "t5": lambda: T5Attention(HEADS, buckets=8, max_distance=20).double(),
    "shaw": lambda: ShawAttention(4, max_distance=3).double(),
    "tiled": lambda: TiledAttention(3),
    "local": lambda: LocalAttention(3, chunk=2),
}


@every_group
@pytest.mark.parametrize("name", ATTENDS)
def test_a_group_is_heads_with_the_same_keys_and_values(groups, name):
    layer, x = new_layer(groups, attend=ATTENDS[name]()), normal(2, 6, SIZE)
    assert_close(layer(x)[0], with_copied_heads(layer)(x)[0])


def test_as_many_groups_as_heads_is_multi_head_attention():
    layer, x, memory = new_layer(HEADS), normal(2, 5, SIZE), normal(2, 7, SIZE, seed=1)
    whole = MultiHeadAttention(SIZE, HEADS).double()
    whole.load_state_dict(layer.state_dict())
    for mask in (None, some_mask(2, 5, 7), some_mask(2, HEADS, 5, 7)):
        assert_close(layer(x, memory, mask=mask), whole(x, memory, mask=mask))


@every_group
def test_keys_and_values_of_groups_are_all_that_is_kept(groups):
    layer = new_layer(groups)
    state = layer.init_state(normal(2, 7, SIZE))
    assert state.keys.shape == state.values.shape == (2, groups, 7, 4)
    whole = sum(p.numel() for p in MultiHeadAttention(SIZE, HEADS).parameters())
    missing = 2 * (HEADS - groups) * 4 * (SIZE + 1)
    assert sum(p.numel() for p in layer.parameters()) == whole - missing


def test_a_trained_layer_is_grouped_by_means():
    whole, x = MultiHeadAttention(SIZE, HEADS).double(), normal(2, 5, SIZE)
    for layer in whole.projections:
        torch.nn.init.normal_(layer.bias)
    assert_close(grouped(whole, HEADS)(x), whole(x))
    one = grouped(whole, 1)
    for ours, theirs in ((one.project_key, whole.project_key), (one.project_value, whole.project_value)):
        assert_close(ours.weight, sum(theirs.weight.chunk(HEADS)) / HEADS)
        assert_close(ours.bias, sum(theirs.bias.chunk(HEADS)) / HEADS)
    assert one.project_query.weight.equal(whole.project_query.weight)
    alike = with_copied_heads(new_layer(2))
    assert_close(grouped(alike, 2)(x), alike(x))


@pytest.mark.parametrize("attend", [scaled_dot_product_attention, AlibiAttention(HEADS).double()])
def test_a_layer_with_groups_is_grouped_further(attend):
    layer, x = new_layer(2, attend=attend), normal(2, 5, SIZE)
    assert_close(grouped(layer, 2)(x), layer(x))
    one = grouped(layer, 1)
    assert one.attend.attend is attend
    assert_close(one(x), grouped(with_copied_heads(layer), 1)(x))


def test_what_cannot_be_grouped_is_told():
    with pytest.raises(ValueError, match="groups: expected a divisor of the 4 heads of keys, got 3"):
        grouped(MultiHeadAttention(SIZE, HEADS), 3)
    with pytest.raises(ValueError, match="groups: expected a divisor of the 2 heads of keys, got 4"):
        grouped(new_layer(2), 4)
    with pytest.raises(ValueError, match="groups: expected a divisor of the 4 heads of keys, got 0"):
        grouped(MultiHeadAttention(SIZE, HEADS), 0)
    with pytest.raises(ValueError, match="attention: expected keys with a matrix of their own, got a `SharedQueryKey`"):
        grouped(SharedQueryKey(SIZE, HEADS), 2)


def test_a_query_that_sees_nothing_gets_zero():
    layer, x = new_layer(2), normal(2, 5, SIZE)
    mask = torch.ones(5, 5, dtype=torch.bool)
    mask[2] = False
    output, _ = layer(x, mask=mask)
    assert (output[:, 2] == 0).all() and (output[:, 1] != 0).any()


CONFIG = {"size": SIZE, "heads": HEADS, "hidden": 8, "layers": 2, "dropout": 0.0}


@every_group
@pytest.mark.parametrize("attend", [lambda: scaled_dot_product_attention, RotaryAttention])
def test_a_decoder_takes_it_and_writes_with_a_cache_as_without(groups, attend):
    torch.manual_seed(0)
    config = Config(**CONFIG, attend=attend, attention=partial(GroupedQueryAttention, groups=groups))
    decoder, words = TransformerDecoder(12, config).double().eval(), torch.arange(1, 11).view(1, -1)
    whole, state, parts = decoder(words)[0], None, []
    for part in words.split([1, 4, 1, 1, 3], -1):
        logits, _, state = decoder.step(part, state)
        parts.append(logits)
    assert_close(torch.cat(parts, 1), whole)
    cache = getattr(state.blocks[0], "inner", state.blocks[0])
    assert state.length == 10 and cache.keys.shape == (1, groups, 10, 4)


def test_gradients_reach_every_weight():
    layer, x = new_layer(2), normal(1, 3, SIZE)
    layer(x, mask=causal_mask(3))[0].square().sum().backward()
    assert all(p.grad.isfinite().all() for p in layer.parameters())
    queries, keys, values = (t[:1].requires_grad_() for t in inputs(2, 2, 3))
    assert torch.autograd.gradcheck(lambda *t: grouped_attention(*t, causal_mask(2, 3))[0], (queries, keys, values))


def test_wrong_numbers_are_named():
    with pytest.raises(ValueError, match="groups: expected a divisor of the 4 heads, got 3"):
        GroupedQueryAttention(SIZE, HEADS, 3)
    with pytest.raises(ValueError, match="keys: expected a number of heads that divides the queries' 4, got 3"):
        grouped_attention(*inputs(3))


def test_tensors_are_made_on_the_device_of_the_input():
    layer, x = new_layer(2), normal(1, 3, SIZE)
    with DeviceIsGiven():
        layer(x)
