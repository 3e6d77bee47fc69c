"""Multi-head attention: a loop over heads, PyTorch's layer, masks that leak nothing, and heads that can be removed."""

import doctest
from functools import partial

import pytest
import torch
from everything import lively
from factories import DeviceIsGiven, normal, some_mask
from torch import nn
from torch.testing import assert_close

from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention, multi_head, prune_heads
from attention_course.layers.from_torch import from_torch
from attention_course.layers.heads import merge_heads, split_heads
from attention_course.masks import causal_mask, padding_mask

B, H, L, S, E = 2, 4, 3, 5, 8
exactly = {torch.float64: dict(rtol=0, atol=1e-12), torch.float32: dict(rtol=0, atol=1e-6)}
both_types = pytest.mark.parametrize("dtype", exactly)
either_way = pytest.mark.parametrize("need_weights", [True, False])
SIZES = {  # of queries, keys and values; the arguments of ours, and of PyTorch's
    "one size": ((E, E, E), {}, {}),
    "other sizes": ((E, 6, 7), {"key_size": 6, "value_size": 7}, {"kdim": 6, "vdim": 7}),
}
every_size = pytest.mark.parametrize("sizes", SIZES)


def layer(sizes="one size", dtype=torch.float64, **options):
    return lively(MultiHeadAttention(E, H, **SIZES[sizes][1] | options)).to(dtype)


def inputs(sizes="one size", dtype=torch.float64):
    """Queries, keys and values."""
    return [
        normal(B, n, d, dtype=dtype, seed=i) for i, (n, d) in enumerate(zip((L, S, S), SIZES[sizes][0], strict=True))
    ]


def loop(attention, queries, keys, values, mask):
    """Eq. (14), one sentence, head and query at a time; `mask` is (B, H, L, S)."""
    D, (query, key, value, output) = attention.head_size, attention.projections
    found, maps = torch.zeros(B, L, E).double(), torch.zeros(B, attention.heads, L, S).double()
    for b in range(B):
        for i in range(L):
            contexts = []
            for h in range(attention.heads):
                rows = slice(h * D, (h + 1) * D)
                q = query.weight[rows] @ queries[b, i] + query.bias[rows]
                allowed = [j for j in range(S) if mask[b, h, i, j]]
                context = torch.zeros(D).double()
                ks = {j: key.weight[rows] @ keys[b, j] + key.bias[rows] for j in allowed}
                total = sum(torch.exp(q @ k / D**0.5) for k in ks.values())
                for j, k in ks.items():
                    maps[b, h, i, j] = torch.exp(q @ k / D**0.5) / total
                    context = context + maps[b, h, i, j] * (value.weight[rows] @ values[b, j] + value.bias[rows])
                contexts.append(context)
            if mask[b, :, i].any():
                found[b, i] = output.weight @ torch.cat(contexts) + output.bias
    return found, maps


# The equation


@every_size
@torch.no_grad()
def test_it_is_equation_14(sizes):
    attention, mask = layer(sizes), some_mask(B, H, L, S)
    for ours, expected in zip(attention(*inputs(sizes), mask), loop(attention, *inputs(sizes), mask), strict=True):
        assert_close(ours, expected, **exactly[torch.float64])


def test_splitting_cuts_vectors_and_merging_joins_them():
    x = normal(B, L, E)
    heads = split_heads(x, H)
    assert heads.shape == (B, H, L, E // H)
    assert all(heads[:, h].equal(x[..., 2 * h : 2 * h + 2]) for h in range(H))
    assert merge_heads(heads).equal(x)


def test_one_head_is_one_attention_between_four_matrices():
    attention, (queries, keys, values) = lively(MultiHeadAttention(E, 1)).double(), inputs()
    query, key, value, output = attention.projections
    context, weights = scaled_dot_product_attention(query(queries), key(keys), value(values))
    assert_close(attention(queries, keys, values), (output(context), weights.unsqueeze(1)))


def test_self_attention_and_cross_attention_are_one_function():
    attention, (queries, keys, _) = layer(), inputs()
    assert attention(queries)[0].equal(attention(queries, queries, queries)[0])
    assert attention(queries, keys)[0].equal(attention(queries, keys, keys)[0])


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_any_number_of_axes_may_stand_in_front(batch):
    attention, queries, keys = layer(), normal(*batch, L, E), normal(*batch, S, E, seed=1)
    mask = torch.ones(*batch, L, S).bool().tril()
    output, weights = attention(queries, keys, mask=mask)
    assert output.shape == (*batch, L, E) and weights.shape == (*batch, H, L, S)
    first = (0,) * len(batch)
    assert_close(output[first], attention(queries[first], keys[first], mask=mask[first])[0])


@either_way
def test_a_source_projected_once_gives_the_same_and_stays_as_it_is(need_weights):
    attention, (queries, keys, values), mask = layer(), inputs(), some_mask(B, 1, S)
    state = attention.init_state(keys, values, mask)
    assert state.keys.shape == state.values.shape == (B, H, S, E // H)
    for _ in range(2):
        output, weights, state = attention.step(queries, state, need_weights=need_weights, append=False)
        assert_close((output, weights), attention(queries, keys, values, mask, need_weights=need_weights))
        assert state.length == S
    assert_close(
        attention.step(queries[:1], state, append=False)[0],  # one text asks every source
        attention(queries[:1], keys, values, mask, need_weights=False)[0],
    )


# Beside PyTorch's layer


def theirs_and_ours(sizes, dtype, bias=True):
    theirs = nn.MultiheadAttention(E, H, bias=bias, batch_first=True, **SIZES[sizes][2])
    theirs = lively(theirs).to(dtype).eval()
    return partial(theirs, average_attn_weights=False), from_torch(theirs)


@every_size
@both_types
@pytest.mark.parametrize("bias", [True, False])
def test_it_is_pytorch_s_layer(sizes, dtype, bias):
    theirs, ours = theirs_and_ours(sizes, dtype, bias)
    assert_close(ours(*inputs(sizes, dtype)), theirs(*inputs(sizes, dtype)), **exactly[dtype])


@every_size
@both_types
def test_it_is_pytorch_s_layer_with_masks_that_say_the_opposite(sizes, dtype):
    theirs, ours = theirs_and_ours(sizes, dtype)
    mask = some_mask(L, S, seed=1) | torch.eye(L, S).bool()  # nobody's row is empty: there PyTorch's gives NaN
    assert_close(ours(*inputs(sizes, dtype), mask), theirs(*inputs(sizes, dtype), attn_mask=~mask), **exactly[dtype])
    by_head = some_mask(B, H, L, S, seed=2) | torch.eye(L, S).bool()
    expected = theirs(*inputs(sizes, dtype), attn_mask=~by_head.flatten(0, 1))
    assert_close(ours(*inputs(sizes, dtype), by_head), expected, **exactly[dtype])


@every_size
@both_types
def test_it_is_pytorch_s_layer_with_padding(sizes, dtype):
    theirs, ours = theirs_and_ours(sizes, dtype)
    tokens = torch.tensor([[4, 5, 6, 7, 8], [4, 5, 0, 0, 0]])
    expected = theirs(*inputs(sizes, dtype), key_padding_mask=tokens == 0)
    assert_close(ours(*inputs(sizes, dtype), padding_mask(tokens)), expected, **exactly[dtype])


@both_types
def test_its_gradients_are_those_of_pytorch_s_layer(dtype):
    theirs, ours = theirs_and_ours("other sizes", dtype)
    for attention in (theirs, ours):
        attention(*inputs("other sizes", dtype))[0].square().sum().backward()
    packed = torch.cat([p.bias.grad for p in ours.projections[:3]])
    module = theirs.func
    assert_close(packed, module.in_proj_bias.grad, rtol=1e-5, atol=1e-5)
    names = ("q_proj_weight", "k_proj_weight", "v_proj_weight")
    for ours_, name in zip(ours.projections, names, strict=False):
        assert_close(ours_.weight.grad, getattr(module, name).grad, rtol=1e-5, atol=1e-5)


def test_the_mask_trap():
    """The same mask handed to both means the opposite: what one may look at, the other may not."""
    theirs, ours = theirs_and_ours("one size", torch.float64)
    mask = causal_mask(L, S)
    _, weights = ours(*inputs(), mask)
    _, trapped = theirs(*inputs(), attn_mask=mask)
    assert not weights.masked_select(~mask).any() and not trapped[..., :-1, :].masked_select(mask[:-1]).any()
    assert trapped[..., -1, :].isnan().all()  # the last may look everywhere: in PyTorch's, nowhere


def test_what_ours_has_not_is_told():
    with pytest.raises(ValueError, match="add_bias_kv"):
        from_torch(nn.MultiheadAttention(E, H, add_bias_kv=True))
    with pytest.raises(ValueError, match=r"theirs: expected batch_first=True, .* got batch_first=False"):
        from_torch(nn.MultiheadAttention(E, H))


# Masks


@either_way
def test_who_may_attend_to_nothing_gets_zeros_and_finite_gradients(need_weights):
    attention, leaves, mask = layer(), [t.requires_grad_() for t in inputs()], some_mask(B, L, S)
    output, weights = attention(*leaves, mask, need_weights=need_weights)
    assert not mask[0, 0].any() and not output[0, 0].any() and output[-1, -1].any()
    assert weights is None or not weights[0, :, 0].any()
    output.square().sum().backward()
    assert all(t.grad.isfinite().all() for t in [*leaves, *attention.parameters()])
    assert not leaves[0].grad[0, 0].any()


@either_way
def test_masked_words_change_no_bit(need_weights):
    attention, (queries, keys, values) = layer(), inputs()
    mask = torch.tensor([True, True, False, True, True])
    output, _ = attention(queries, keys, values, mask, need_weights=need_weights)
    keys[:, 2], values[:, 2] = 1e3, -1e6
    assert attention(queries, keys, values, mask, need_weights=need_weights)[0].equal(output)


def test_more_padding_changes_nothing():
    attention, (queries, keys, values), mask = layer(), inputs(), torch.ones(B, 1, S).bool()
    wide = [nn.functional.pad(x, (0, 0, 0, 3), value=7.0) for x in (keys, values)]
    output, weights = attention(queries, keys, values, mask)
    wide_output, wide_weights = attention(queries, *wide, nn.functional.pad(mask, (0, 3)))
    assert_close(wide_output, output, **exactly[torch.float64])
    assert_close(wide_weights[..., :S], weights, **exactly[torch.float64])


def test_a_causal_mask_keeps_the_future_out():
    attention, x = layer(), normal(B, S, E)
    output, _ = attention(x, mask=causal_mask(S))
    changed = x.clone()
    changed[:, 3:] = 9
    assert attention(changed, mask=causal_mask(S))[0][:, :3].equal(output[:, :3])


def test_a_mask_of_three_axes_is_one_for_all_heads_also_where_there_are_as_many_sentences_as_heads():
    attention, x = layer(), normal(H, L, E)
    mask = torch.ones(H, 1, L).bool()
    mask[1, :, 1:] = False  # sentence 1 has one word
    _, weights = attention(x, mask=mask)
    assert_close(weights[1, :, :, 0], torch.ones(H, L).double())
    assert (weights[[0, 2, 3]] > 0).all()


def test_a_mask_for_each_head():
    mask = torch.ones(H, L, S).bool()
    mask[2] = False
    _, weights = layer()(*inputs(), mask.unsqueeze(0))
    assert not weights[:, 2].any() and (weights[:, [0, 1, 3]] > 0).all()


# Order, heads, other attentions


def test_keys_may_stand_in_any_order_and_queries_take_their_outputs_with_them():
    attention, (queries, keys, values), order = layer(), inputs(), torch.tensor([3, 1, 4, 0, 2])
    output, weights = attention(queries, keys, values)
    permuted, their_weights = attention(queries[:, [2, 0, 1]], keys[:, order], values[:, order])
    assert_close(permuted, output[:, [2, 0, 1]], **exactly[torch.float64])
    assert_close(their_weights, weights[:, :, [2, 0, 1]][..., order], **exactly[torch.float64])


@pytest.mark.parametrize("keep", [[0], [1, 3], [0, 1, 2], [0, 1, 2, 3]])
@pytest.mark.parametrize("bias", [True, False])
def test_pruning_by_mask_is_removing_the_heads(keep, bias):
    attention, mask = layer("other sizes", bias=bias), some_mask(B, L, S)
    stays = torch.tensor([head in keep for head in range(H)])
    smaller = prune_heads(attention, keep)
    output, weights = attention(*inputs("other sizes"), mask, head_mask=stays)
    assert_close(smaller(*inputs("other sizes"), mask), (output, weights[:, keep]), **exactly[torch.float64])
    removed = (H - len(keep)) * 2 * (E + 6 + 7 + E + 3 * bias)
    count = [sum(p.numel() for p in a.parameters()) for a in (attention, smaller)]
    assert count[0] - count[1] == removed


@pytest.mark.parametrize("mask", [None, torch.ones(L, S).bool()])
def test_with_all_heads_left_out_there_is_nothing_to_see(mask):
    output, _ = layer()(*inputs(), mask, head_mask=torch.tensor([[0, 0, 0, 0], [0, 1, 0, 0]]))
    assert not output[0].any() and output[1].all()


def test_a_head_mask_may_differ_from_sentence_to_sentence_and_is_a_gate_with_a_gradient():
    attention = layer()
    gate = torch.ones(B, H, dtype=torch.float64, requires_grad=True)
    output, _ = attention(*inputs(), head_mask=gate)
    assert_close(output, attention(*inputs())[0])
    output.square().sum().backward()
    assert gate.grad.shape == (B, H) and gate.grad.all()
    first = attention(*inputs(), head_mask=torch.tensor([[1, 0, 0, 1], [1, 1, 1, 1]]))[0]
    assert_close(first[1], output[1]) and not first[0].allclose(output[0])


def test_a_pruned_layer_is_of_its_own_and_can_be_pruned_again():
    attention = layer()
    smaller = prune_heads(attention, [3, 1, 0])
    nn.init.zeros_(smaller.project_query.weight)
    assert attention.project_query.weight.any()
    again, directly = prune_heads(prune_heads(attention, [3, 1, 0]), [0, 1]), prune_heads(attention, [1, 3])
    assert_close(again(*inputs())[0], directly(*inputs())[0])


@pytest.mark.parametrize("keep", [[], [0, 0], [4], [-1]])
def test_heads_that_cannot_be_kept(keep):
    with pytest.raises(ValueError, match="keep: expected different heads among 0 to 3"):
        prune_heads(layer(), keep)


def test_any_attention_may_be_handed_in_and_its_parameters_are_the_layer_s():
    class Biased(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(H, 1, 1))

        def forward(self, queries, keys, values, mask=None, causal=False, need_weights=True):
            weights = (queries @ keys.mT / queries.shape[-1] ** 0.5 + self.bias).softmax(-1)
            return weights @ values, weights if need_weights else None

    attention = layer(attend=Biased())
    assert "attend.bias" in dict(attention.named_parameters())
    assert_close(attention(*inputs())[0], layer()(*inputs())[0])
    assert attention(*inputs(), need_weights=False)[1] is None


# Gradients, types, sizes


@either_way
def test_gradients_reach_every_parameter(need_weights):
    attention = layer()
    attention(*inputs(), need_weights=need_weights)[0].square().sum().backward()
    grads = {name: p.grad for name, p in attention.named_parameters()}
    # A number added to all scores of a query changes no weight: the keys' bias has a gradient of zero.
    assert all(g.abs().max() > 1e-9 for name, g in grads.items() if name != "project_key.bias")
    assert grads["project_key.bias"].abs().max() < 1e-12


def test_gradients_are_right():
    attention, mask = layer(), some_mask(B, L, S)
    leaves = [t.requires_grad_() for t in inputs()]
    assert torch.autograd.gradcheck(lambda *x: attention(*x, mask)[0], leaves)


@either_way
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_the_type_follows_the_input_and_nothing_is_made_without_a_device(dtype, need_weights):
    attention, tensors, mask = layer(dtype=dtype), inputs(dtype=dtype), some_mask(B, L, S)
    gate = torch.tensor([1.0, 0.5, 0.0, 1.0])
    with DeviceIsGiven():
        output, weights = attention(*tensors, mask, need_weights=need_weights, head_mask=gate)
    assert output.dtype == dtype and (weights is None or weights.dtype == dtype)


@either_way
def test_with_and_without_weights_the_output_is_the_same(need_weights):
    mask = some_mask(B, L, S)
    with torch.no_grad():
        output, weights = layer()(*inputs(), mask, need_weights=need_weights)
    assert (weights is not None) == need_weights
    assert_close(output, layer()(*inputs(), mask)[0], **exactly[torch.float64])


def test_heads_have_to_divide_the_size_unless_they_are_given_one():
    with pytest.raises(ValueError, match="heads: expected a divisor of the size 8, or a head_size, got 3"):
        MultiHeadAttention(8, 3)
    with pytest.raises(ValueError, match="heads: expected at least 1, got 0"):
        MultiHeadAttention(8, 0)
    output, weights = MultiHeadAttention(8, 3, head_size=5)(torch.randn(1, 2, 8))
    assert output.shape == (1, 2, 8) and weights.shape == (1, 3, 2, 2)


def test_the_number_of_heads_does_not_change_the_number_of_parameters():
    counts = {sum(p.numel() for p in MultiHeadAttention(16, heads).parameters()) for heads in (1, 2, 4, 8, 16)}
    assert counts == {4 * (16 * 16 + 16)}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (torch.ones(L, S + 1).bool(), r"mask: .* broadcasts to \(2, 3, 5\), got \(3, 6\)"),
        (torch.ones(B, 3, L, S).bool(), r"mask: .* broadcasts to \(2, 4, 3, 5\), got \(2, 3, 3, 5\)"),
        (torch.ones(H, L, S).bool(), r"mask: .* broadcasts to \(2, 3, 5\), got \(4, 3, 5\)"),
    ],
)
def test_masks_that_do_not_fit_are_told(wrong, message):
    with pytest.raises(ValueError, match=message):
        layer()(*inputs(), wrong)


def test_a_mask_of_numbers_is_told(unchecked):
    with pytest.raises(TypeError, match=r"mask: expected torch.bool \(True = may attend\), got torch.float32"):
        layer()(*inputs(), torch.ones(L, S))


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, H), (B, 3), (B, H, 1)])
def test_a_number_for_each_head_has_to_be_one_for_each_head(shape):
    with pytest.raises(ValueError, match=r"head_mask: expected the shape \(4,\) or \(2, 4\), got"):
        layer()(*inputs(), head_mask=torch.ones(shape))


def test_a_source_of_another_layer_is_told(unchecked):
    attention, (queries, keys, values) = layer(), inputs()
    state = lively(MultiHeadAttention(E, 2)).double().init_state(keys, values)
    with pytest.raises(ValueError, match=r"state: expected 4 heads of size 2, got keys of the shape \(2, 2, 5, 4\)"):
        attention.step(queries, state, append=False)


@pytest.mark.parametrize("name", ["size", "heads", "key_size", "value_size", "head_size"])
def test_sizes_of_nothing_are_told(name):
    with pytest.raises(ValueError, match=f"{name}: expected at least 1, got 0"):
        MultiHeadAttention(**{"size": E, "heads": H} | {name: 0})


# Axes in front that broadcast


@either_way
@pytest.mark.parametrize(
    ("asking", "asked"), [((1,), (3,)), ((3,), (1,)), ((2, 1), (1, 3)), ((), (3,)), ((3,), ()), ((2, 1), (3,))]
)
def test_axes_in_front_broadcast_with_weights_and_without(asking, asked, need_weights):
    attention, queries, keys = layer(), normal(*asking, L, E), normal(*asked, S, E, seed=1)
    batch = torch.broadcast_shapes(asking, asked)
    mask = some_mask(*batch, L, S)
    expected = attention(queries.expand(*batch, L, E), keys.expand(*batch, S, E), mask=mask)
    output, weights = attention(queries, keys, mask=mask, need_weights=need_weights)
    assert_close(output, expected[0])
    assert weights is None or weights.equal(expected[1])
    assert_close(attention(queries, keys, need_weights=need_weights)[0], attention(queries, keys)[0])


@either_way
def test_axes_in_front_that_do_not_broadcast_are_told(need_weights, unchecked):
    with pytest.raises(ValueError, match=r"queries, keys, values: expected axes .* got \(2,\), \(3,\), \(3,\)"):
        layer()(normal(2, L, E), normal(3, S, E), need_weights=need_weights)


@pytest.mark.parametrize("name", ["queries", "keys", "values"])
def test_vectors_of_another_size_are_told(name):
    attention = layer("other sizes")
    tensors = dict(zip(("queries", "keys", "values"), inputs("other sizes"), strict=True))
    tensors[name] = normal(B, S, 5)
    right = {"queries": 8, "keys": 6, "values": 7}[name]
    with pytest.raises(ValueError, match=rf"{name}: expected a last size of {right}, got the shape \(2, 5, 5\)"):
        attention(**tensors)


def test_keys_and_values_of_different_number_are_told(unchecked):
    queries, keys, values = inputs()
    with pytest.raises(ValueError, match=r"keys and values: expected the same number"):
        layer()(queries, keys, values[:, :3])


def test_the_example_of_the_docstring_is_right():
    assert doctest.testmod(multi_head, extraglobs={"torch": torch}) == (0, 3)
