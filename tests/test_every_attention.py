"""Every layer of several heads with every attention function: who sees nothing, heads removed, sources prepared."""

import inspect

import pytest
import torch
from everything import (
    FORMS,
    HEADS,
    LAYERS,
    MISFITS,
    NOT_HERE,
    PAIRS,
    SIZE,
    attention_functions,
    layers,
    new_layer,
    visible,
)
from factories import normal, some_mask
from test_efficient import NoSquares
from torch import nn
from torch.testing import assert_close

from attention_course.layers import MultiHeadAttention, prune_heads
from attention_course.layers.attends import sees_something
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.state import innermost

B, N = 3, 11
every_pair = pytest.mark.parametrize(("layer", "form"), PAIRS)
every_form = pytest.mark.parametrize("form", FORMS)


def paddings():
    """Which keys count, (B, 1, N): padding behind, in front, and a text of padding alone; and words here and there."""
    place = torch.arange(N)
    ends = torch.stack([place < 6, place >= 7, place < 0]).unsqueeze(1)
    return [ends, *(some_mask(B, 1, N, seed=seed) for seed in range(3))]


def test_every_attention_function_and_every_layer_is_here():
    """A new one fails here until it has a maker in `everything`."""
    made = [form.make() for form in FORMS.values()]
    known = {type(attend) for attend in made} | {innermost(attend) for attend in made if inspect.isfunction(attend)}
    missing = [thing for thing in attention_functions() if thing not in known | NOT_HERE]
    assert not missing
    assert {getattr(layer, "func", layer) for layer in LAYERS.values()} == set(layers())


# Who sees nothing


@every_pair
def test_who_sees_nothing_gets_exactly_zero_and_everything_has_finite_gradients(layer, form):
    attention = new_layer(layer, form)
    masks = [*paddings(), some_mask(B, HEADS, 1, N, seed=4)]
    if FORMS[form].any_mask:
        masks += [some_mask(B, N, N, seed=5), some_mask(B, HEADS, N, N, seed=6), some_mask(N, N, seed=7)]
    empties = 0
    for number, mask in enumerate(masks):
        for queries, need_weights in ((N, number % 2 == 0), (3, number % 2 == 1)):
            if mask.shape[-2] > 1:
                mask = mask[..., -queries:, :]
            x = normal(B, N, SIZE).requires_grad_()
            output, _ = attention(x[:, -queries:], x, None, mask, FORMS[form].causal, need_weights)
            of_heads = mask if mask.dim() == 4 else mask.expand(B, *mask.shape[-2:]).unsqueeze(1)
            empty = ~visible(attention.attend, of_heads, queries, FORMS[form].causal).any(-1).any(1)
            assert (output == 0).all(-1).equal(empty)
            output.square().sum().backward()
            assert x.grad.isfinite().all()
            empties += int(empty.sum())
    assert empties > 0
    assert all(p.grad.isfinite().all() for p in attention.parameters() if p.grad is not None)


@every_pair
def test_who_sees_values_of_zero_gets_the_bias_and_passes_gradients_on(layer, form):
    attention, mask = new_layer(layer, form), paddings()[0]
    nn.init.zeros_(attention.project_value.weight)
    nn.init.zeros_(attention.project_value.bias)
    if form.startswith("shaw"):
        nn.init.zeros_(
            attention.attend.to_values if layer in ("multi-head", "shared") else attention.attend.attend.to_values
        )
    x = normal(B, N, SIZE)
    output, _ = attention(x, mask=mask, causal=FORMS[form].causal, need_weights=False)
    seen = visible(attention.attend, mask, N, FORMS[form].causal).any(-1)
    assert_close(output[seen], attention.project_output.bias.expand(int(seen.sum()), -1), rtol=0, atol=0)
    output.sum().backward()
    if not form.startswith("retention"):  # whose contexts are brought to one length
        assert attention.project_value.weight.grad.any()


@every_form
def test_to_know_who_sees_something_makes_no_square(form):
    attend, counts, causal = FORMS[form].make(), torch.arange(256) % 3 == 1, FORMS[form].causal
    with NoSquares(256):
        sees = sees_something(attend, counts.expand(B, 1, 1, 256), 256, causal)
    assert sees.expand(B, 1, 256).equal(visible(attend, counts.expand(B, 1, 1, 256), 256, causal).any(-1))


# Heads removed


@every_pair
@torch.no_grad()
def test_pruned_it_gives_what_the_whole_layer_gives_without_the_other_heads(layer, form):
    attention, x, of_heads = new_layer(layer, form), normal(B, N, SIZE), some_mask(B, HEADS, 1, N, seed=1)
    pairs = [([1], None), ([0, 1], paddings()[0]), ([3, 0], of_heads), ([1, 2, 3], of_heads), ([3, 2, 1, 0], None)]
    for keep, mask in pairs:
        smaller, left = prune_heads(attention, keep), torch.tensor([head in keep for head in range(HEADS)])
        asked = {"causal": FORMS[form].causal, "need_weights": mask is None}
        output, weights = attention(x, mask=mask, head_mask=left, **asked)
        its_output, its_weights = smaller(x, mask=mask[:, keep] if mask is of_heads else mask, **asked)
        assert_close(its_output, output)
        assert_close(its_weights, weights if weights is None else weights[:, keep])
        assert type(smaller) is type(attention) and smaller.heads == len(keep)
        assert (smaller.project_key is smaller.project_query) == isinstance(attention, SharedQueryKey)


@every_pair
def test_a_pruned_layer_shares_no_number_with_the_whole_one_and_can_be_pruned_again(layer, form):
    attention, x = new_layer(layer, form), normal(B, N, SIZE)
    before = [p.clone() for p in attention.parameters()]
    smaller = prune_heads(attention, [3, 1, 0])
    again = prune_heads(smaller, [0, 2])
    causal = FORMS[form].causal
    assert_close(again(x, causal=causal)[0], prune_heads(attention, [0, 3])(x, causal=causal)[0])
    for parameter in smaller.parameters():
        nn.init.zeros_(parameter)
    assert all(p.equal(was) for p, was in zip(attention.parameters(), before, strict=True))


@pytest.mark.parametrize(
    ("keep", "groups"),
    [([0, 1], 1), ([2, 3], 1), ([0, 2], 2), ([1], 1), ([0, 1, 2], 3), ([0, 1, 3, 2], 2), ([0, 2, 1, 3], 4)],
)
def test_heads_go_on_sharing_keys_where_they_still_come_in_groups_of_one_size(keep, groups):
    smaller = prune_heads(new_layer("2 groups", "plain"), keep)
    assert smaller.groups == groups
    assert smaller.project(normal(B, N, SIZE))[0].shape == (B, groups, N, SIZE // HEADS)


def test_what_may_be_of_the_heads_and_is_not_named_is_told():
    class Biased(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(HEADS, 1, 1))

        def forward(self, queries, keys, values, mask=None, causal=False, need_weights=True):
            weights = (queries @ keys.mT + self.bias).softmax(-1)
            return weights @ values, weights

    attention = MultiHeadAttention(SIZE, HEADS, attend=Biased())
    with pytest.raises(
        ValueError, match="Biased: expected `of_heads`, names of what it has for each head; its `bias` has 4"
    ):
        prune_heads(attention, [1])
    Biased.of_heads = ("bias",)
    assert prune_heads(attention, [1]).attend.bias.shape == (1, 1, 1)
    assert attention.attend.bias.shape == (HEADS, 1, 1)


def test_what_is_frozen_stays_frozen_and_what_is_in_evaluation_stays_there():
    attention = new_layer("shared", "t5").eval()
    attention.project_value.requires_grad_(False)
    smaller = prune_heads(attention, [1, 2])
    assert not smaller.training and not any(p.requires_grad for p in smaller.project_value.parameters())
    assert smaller.project_query.weight.requires_grad and smaller.attend.bias.requires_grad


# Fewer queries than keys


@every_pair
@torch.no_grad()
def test_the_last_queries_get_what_they_get_in_the_whole(layer, form):
    attention, x, causal = new_layer(layer, form), normal(B, N, SIZE), FORMS[form].causal
    for queries, mask in ((N, None), (1, None), (4, paddings()[0]), (1, paddings()[1])):
        whole, weights = attention(x, mask=mask, causal=causal)
        output, rows = attention(x[:, -queries:], x, mask=mask, causal=causal)
        assert_close(output, whole[:, -queries:])
        assert_close(rows, weights[..., -queries:, :])
        assert_close(attention(x[:, -queries:], x, mask=mask, causal=causal, need_weights=False)[0], output)


@pytest.mark.parametrize(("layer", "form"), MISFITS)
def test_a_layer_that_cannot_make_one_vector_for_both_says_so(layer, form):
    with pytest.raises(ValueError, match=r"attend: expected a `SharedQueryKey` around it, got a `(Multi|Grouped)"):
        new_layer(layer, form)(normal(B, N, SIZE), causal=FORMS[form].causal)
