"""Positions by distance on every attention that takes them: what it gives is its definition with that added."""

from functools import partial

import pytest
import torch
from everything import FORMS, HEAD_SIZE, HEADS, MAKERS, ONLY_BACK, SIZE, TAKE_RELATIVE, lively, visible
from factories import DeviceIsGiven, normal, some_mask
from test_efficient import NoSquares
from torch.nn.functional import normalize
from torch.testing import assert_close

from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.grouped_query import GroupedQueryAttention
from attention_course.efficient.local import LocalAttention
from attention_course.functional import masked_softmax
from attention_course.layers import DropoutAttention, MultiHeadAttention
from attention_course.masks import others_mask
from attention_course.positions import AlibiAttention, RotaryAttention, ShawAttention, T5Attention
from attention_course.positions.rotary import rotate
from attention_course.positions.t5 import bucket

N = 23
SCHEMES = {
    "alibi": partial(AlibiAttention, HEADS),
    "t5": partial(T5Attention, HEADS, 8, 12),
    "shaw, near": partial(ShawAttention, HEAD_SIZE, 3),
    "shaw, far": partial(ShawAttention, HEAD_SIZE, 40),
    "shaw, one vector": partial(ShawAttention, HEAD_SIZE, 0),
}
CALLS = [(form, causal) for form in TAKE_RELATIVE for causal in (False, True) if causal or form not in ONLY_BACK]
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def made(scheme, attend):
    return lively(SCHEMES[scheme](attend=attend)).double()


def inputs(queries=N, keys=N):
    return [normal(2, HEADS, n, HEAD_SIZE, seed=seed) for seed, n in enumerate((queries, keys, keys))]


def by_definition(scheme, queries, keys, values, may, to_others=False):
    """The whole, pair by pair of places."""
    distance = torch.arange(keys.shape[-2]) - torch.arange(keys.shape[-2] - queries.shape[-2], keys.shape[-2])[:, None]
    scores = queries @ (normalize(keys, dim=-1) if to_others else keys).mT / HEAD_SIZE**0.5
    vectors = None
    if isinstance(scheme, AlibiAttention):
        scores = scores - scheme.slopes[:, None, None] * distance.abs()
    elif isinstance(scheme, T5Attention):
        scores = scores + scheme.bias[:, bucket(distance, scheme.buckets, scheme.max_distance)]
    else:
        index = distance.clamp(-scheme.max_distance, scheme.max_distance) + scheme.max_distance
        scores = scores + torch.einsum("...id,ijd->...ij", queries, scheme.to_keys[index]) / HEAD_SIZE**0.5
        vectors = scheme.to_values[index]
    weights = masked_softmax(scores, may)
    output = weights @ values
    return (output if vectors is None else output + torch.einsum("...ij,ijd->...id", weights, vectors)), weights


@pytest.mark.parametrize(("form", "causal"), CALLS)
@every_scheme
def test_it_is_the_definition_with_what_the_distance_adds(scheme, form, causal):
    attend = made(scheme, MAKERS[form](HEADS, HEAD_SIZE))
    key_masks = [None, some_mask(2, 1, 1, N, seed=1)]
    for mask in [*key_masks, some_mask(2, HEADS, N, N, seed=2)] if FORMS[f"{form}, causal"].any_mask else key_masks:
        for queries in (N, 4, 1):
            if mask is not None and mask.shape[-2] > 1:
                mask = mask[..., -queries:, :]
            tensors = inputs()
            tensors[0] = tensors[0][..., -queries:, :]
            may = visible(attend, torch.ones(1, N).bool() if mask is None else mask, queries, causal)
            if form == "to others":
                others = may & others_mask(N)[-queries:]
                may = others | (may & ~others.any(-1, keepdim=True) & ~others_mask(N)[-queries:])
            expected, weights = by_definition(attend, *tensors, may, form == "to others")
            assert_close(attend(*tensors, mask, causal), (expected, weights))
            assert_close(attend(*tensors, mask, causal, need_weights=False), (expected, None))


PIECES = {
    "local": lambda: LocalAttention(4, chunk=8),
    "local, wide": lambda: LocalAttention(30, chunk=16),
    "dilated": lambda: DilatedAttention(3, 4, chunk=8),
}


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("form", PIECES)
@every_scheme
def test_in_windows_no_square_is_made_and_gradients_are_those_of_the_definition(scheme, form, causal):
    attend = made(scheme, PIECES[form]())
    tensors = [x.requires_grad_() for x in inputs(256, 256)]
    may = attend.attend.allowed(256, 256, causal)
    wanted = [*tensors, *attend.parameters()]
    expected, _ = by_definition(attend, *tensors, may)
    expected = expected, *torch.autograd.grad(expected.square().sum(), wanted)
    with NoSquares(256):
        output, _ = attend(*tensors, None, causal, need_weights=False)
        gradients = torch.autograd.grad(output.square().sum(), wanted)
    assert_close((output, *gradients), expected)


@pytest.mark.parametrize("form", [name for name in MAKERS if name not in TAKE_RELATIVE])
@every_scheme
def test_what_cannot_add_it_refuses_when_it_is_made(scheme, form):
    with pytest.raises(ValueError, match=r"attend: expected one that adds to its scores \(`relative=`\), got `"):
        SCHEMES[scheme](attend=MAKERS[form](HEADS, HEAD_SIZE))


@pytest.mark.parametrize("form", ["plain", "local", "dilated", "strided", "blocks"])
@pytest.mark.parametrize("groups", [1, 2])
@every_scheme
@torch.no_grad()
def test_a_group_of_queries_is_heads_with_the_same_keys(scheme, groups, form):
    attend = made(scheme, MAKERS[form](HEADS, HEAD_SIZE))
    layer, x = lively(GroupedQueryAttention(SIZE, HEADS, groups, attend=attend)).double(), normal(2, 9, SIZE)
    whole = MultiHeadAttention(SIZE, HEADS, attend=attend).double()
    for name, projection in whole.named_children():
        if name.startswith("project_"):
            smaller = getattr(layer, name)
            for part, numbers in smaller.named_parameters():
                if name in ("project_key", "project_value"):
                    numbers = numbers.unflatten(0, (groups, -1)).repeat_interleave(HEADS // groups, 0).flatten(0, 1)
                getattr(projection, part).copy_(numbers)
    assert_close(layer(x, causal=True)[0], whole(x, causal=True)[0])


@every_scheme
def test_turned_by_place_and_then_by_distance(scheme):
    inner, (queries, keys, values) = made(scheme, LocalAttention(4, chunk=4)), inputs()
    places = torch.arange(N)
    turned = rotate(queries, places), rotate(keys, places)
    assert_close(
        RotaryAttention(attend=inner)(queries, keys, values, None, True, False),
        inner(*turned, values, None, True, False),
    )


@every_scheme
def test_tensors_are_made_on_the_device_of_the_input(scheme):
    attend, tensors = made(scheme, DilatedAttention(3, 4, chunk=8)), inputs()
    with DeviceIsGiven():
        attend(*tensors, need_weights=False)


# Dropout of the weights


def test_dropped_weights_are_pytorch_s_with_the_same_seed():
    tensors, attend = inputs(), DropoutAttention(0.3)
    for mask, causal in ((None, False), (some_mask(2, 1, N, N, seed=1) | torch.eye(N).bool(), False), (None, True)):
        torch.manual_seed(0)
        expected = torch.nn.functional.scaled_dot_product_attention(
            *tensors, attn_mask=mask, dropout_p=0.3, is_causal=causal
        )
        torch.manual_seed(0)
        assert_close(attend(*tensors, mask, causal, need_weights=False)[0], expected)


@every_scheme
def test_dropped_weights_are_right_in_the_mean_with_positions_too(scheme):
    tensors, attend = inputs(), made(scheme, DropoutAttention(0.2))
    exact, weights = attend.eval()(*tensors, causal=True)
    torch.manual_seed(0)
    with torch.no_grad():
        drawn = torch.stack([attend.train()(*tensors, causal=True, need_weights=False)[0] for _ in range(400)])
    error = (drawn.mean(0) - exact).abs() / (drawn.std(0) / 400**0.5 + 1e-9)
    assert error.mean() < 1.2 and drawn.std(0).mean() > 0.01
    assert_close(attend(*tensors, causal=True)[1], weights)  # those before


def test_in_evaluation_and_with_nothing_to_drop_no_number_is_drawn():
    tensors = inputs()
    for attend in (DropoutAttention(0.3).eval(), DropoutAttention(0.0)):
        state = torch.get_rng_state()
        assert_close(attend(*tensors, need_weights=False), MAKERS["plain"](1, 1)(*tensors, need_weights=False))
        assert torch.get_rng_state().equal(state)
    with pytest.raises(ValueError, match=r"probability: expected 0 to 1, got 1\.5"):
        DropoutAttention(1.5)
