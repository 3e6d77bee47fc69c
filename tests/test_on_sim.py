"""Every mechanism on the pretended device: nothing is refused there, and results and gradients are the CPU's bits."""

import pytest
import torch
from everything import FORMS, HEAD_SIZE, HEADS, LAYERS, PAIRS, SIZE, lively, new_layer, one_vector
from factories import SCORES, new_score, normal, some_mask
from simulated.agreeing import assert_agree, assert_same_bits
from torch import nn

from attention_course import masks
from attention_course.efficient.blocks import block_mask
from attention_course.efficient.grouped_query import grouped
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.unnormalised import fading, unnormalised
from attention_course.functional import attention_weights, context_vector, masked_softmax
from attention_course.layers import (
    AttentionLayer,
    AttentionPooling,
    SelfAttention,
    StructuredAttention,
    hop_penalty,
    prune_heads,
)
from attention_course.layers.attends import innermost
from attention_course.layers.reversible import ReversibleStack
from attention_course.positions import LearnedPositions, SinusoidalPositions

pytestmark = pytest.mark.usefixtures("as_on_a_gpu")
B, N = 2, 11
every_form = pytest.mark.parametrize("form", FORMS)
# Where a layer makes its tensors does not depend on the form, nor the other way round.
SOME_PAIRS = [
    (layer, form) for layer, form in PAIRS if layer == "multi-head" or form.split(",")[0] in ("t5", "hashing")
]


def of_keys(*batch):
    """Which keys count: padding behind, and for the last text nothing but padding."""
    counts = torch.arange(N) < torch.tensor([7, 0]).view(-1, 1)
    return counts.view(B, *[1] * (len(batch) + 1), N)


def learned(results, *sources):
    """The results, and the gradients that the sum of their squares gives each source."""
    sum(x.square().sum() for x in results if x is not None).backward()
    leaves = [x for source in sources for x in (source.parameters() if isinstance(source, nn.Module) else [source])]
    return results, [x.grad for x in leaves]


def leaf(*shape, device, seed=0, dtype=torch.float32):
    return normal(*shape, dtype=dtype, seed=seed).to(device).requires_grad_()


# Attention functions


def new_form(form, device):
    torch.manual_seed(0)
    attend = FORMS[form].make()
    return lively(attend).to(device) if isinstance(attend, nn.Module) else attend


@every_form
def test_attention(form, sim):
    every_mask = [None, of_keys(HEADS)] + [some_mask(B, HEADS, N, N)] * FORMS[form].any_mask

    def attend(device):
        function, found = new_form(form, device), []
        for mask in every_mask:
            mask = None if mask is None else mask.to(device)
            for need_weights in (True, False):
                q, k, v = (leaf(B, HEADS, N, HEAD_SIZE, device=device, seed=seed) for seed in range(3))
                results = function(q, q if one_vector(form) else k, v, mask, FORMS[form].causal, need_weights)
                assert (results[1] is not None) == need_weights
                found.append(learned(results, q, v, *[function] * isinstance(function, nn.Module)))
        return found

    assert_same_bits(attend)


@every_form
def test_half_width(form, sim):
    """Under autocast nothing is refused either, and gradients are as wide as what they are for."""
    function = new_form(form, sim)
    q, k, v = (leaf(B, HEADS, N, HEAD_SIZE, device=sim, seed=seed) for seed in range(3))
    with torch.autocast("sim", torch.bfloat16):
        output, _ = function(q, q if one_vector(form) else k, v, of_keys(HEADS).to(sim), FORMS[form].causal, False)
    output.float().square().sum().backward()
    assert output.device == q.grad.device == v.grad.device
    assert q.grad.dtype == torch.float32 and q.grad.isfinite().all() and v.grad.isfinite().all()


@every_form
def test_who_sees_whom(form, sim):
    """Masks of a form are made where it is told."""

    def allowed(device):
        attend, causal = innermost(new_form(form, device)), FORMS[form].causal
        if not hasattr(attend, "allowed"):
            return []
        seen = [attend.allowed(queries, N, causal, device) for queries in (N, 3)]
        return [*seen, layers_needed(seen[:1] * 2)]

    assert_same_bits(allowed)


def test_masks(sim):
    words = torch.tensor([[3, 1, 0], [2, 0, 0]])
    assert_same_bits(
        lambda device: [
            masks.padding_mask(words.to(device)),
            masks.length_mask(torch.tensor([2, 0], device=device), 4),
            masks.causal_mask(3, 5, device),
            masks.others_mask(4, device),
            block_mask(torch.eye(3, dtype=torch.bool, device=device), 2, 5),
        ]
    )


@every_form
def test_with_another_default_device(form, sim):
    """A form is made there, with the numbers that it has on the CPU, and computes where its input is all the same."""
    q, k, v = (normal(B, HEADS, N, HEAD_SIZE, dtype=torch.float32, seed=seed) for seed in range(3))
    k = q if one_vector(form) else k
    torch.manual_seed(0)
    here = FORMS[form].make()
    torch.set_default_device(sim)
    torch.manual_seed(0)
    there = FORMS[form].make()
    if isinstance(there, nn.Module):
        assert_agree(there.state_dict(), here.state_dict())
    outputs = [
        attend(*(x.to(device) for x in (q, k, v)), None, FORMS[form].causal, False)
        for attend, device in ((there, sim), (here, "cpu"))
    ]
    assert_agree(*outputs)


# Scores and the layers of one head


@pytest.mark.parametrize("name", SCORES)
def test_scores(name, sim):
    def compare(device):
        score = new_score(name, torch.float32).to(device)
        queries, keys = leaf(B, 3, 6, device=device), leaf(B, N, SCORES[name].key_size, device=device, seed=1)
        values, mask = leaf(B, N, 5, device=device, seed=2), some_mask(B, 3, N).to(device)
        weights = attention_weights(queries, keys, score, mask)
        results = score(queries, keys), score.compare(queries, score.prepare(keys)), context_vector(weights, values)
        return learned((*results, *AttentionLayer(score)(queries, keys, values, mask)), score, queries, keys, values)

    assert_same_bits(compare)


def test_layers_of_one_head(sim):
    def look(device):
        torch.manual_seed(0)
        parts = [SelfAttention(6, 5), AttentionPooling(6, 5), StructuredAttention(6, 5, 3)]
        relate, pool, structured = parts = [part.to(device) for part in parts]
        x, counts = leaf(B, N, 6, device=device), (torch.arange(N) < torch.tensor([[7], [0]])).to(device)
        maps = structured(x, counts)
        results = *relate(x, counts.unsqueeze(1)), *pool(x, counts), *maps, hop_penalty(maps[1])
        return learned((*results, masked_softmax(x), masked_softmax(x, x > 0)), x, *parts)

    assert_same_bits(look)


def test_linear_attention_as_a_memory(sim):
    def look(device):
        queries, keys, values = (leaf(B, N, 6, device=device, seed=seed) for seed in range(3))
        return learned(
            [attend(queries, keys, values)[0] for attend in (unnormalised, fading(0.8))], queries, keys, values
        )

    assert_same_bits(look)


def test_positions(sim):
    def place(device):
        torch.manual_seed(0)
        x, vectors = leaf(B, N, 6, device=device), LearnedPositions(6, 20).to(device)
        sinusoids = SinusoidalPositions(6).to(device)
        return learned((sinusoids(x), sinusoids(x, 4), vectors(x), vectors(x, 9)), x, vectors)

    assert_same_bits(place)


# Layers of several heads


@pytest.mark.parametrize(("layer", "form"), SOME_PAIRS)
def test_layers(layer, form, sim):
    def attend(device):
        attention, mask, causal = new_layer(layer, form).to(device), of_keys().to(device), FORMS[form].causal
        x, head_mask = leaf(B, N, SIZE, device=device, dtype=torch.float64), torch.arange(HEADS, device=device) != 1
        whole = attention(x, mask=mask, causal=causal)
        results = *whole, *attention(x, mask=mask, causal=causal, need_weights=False, head_mask=head_mask)
        return learned(results, x, attention)

    assert_same_bits(attend)


@pytest.mark.parametrize(("layer", "form"), [pair for pair in SOME_PAIRS if FORMS[pair[1]].causal])
def test_word_by_word(layer, form, sim):
    @torch.inference_mode()
    def decode(device):
        attention, x = new_layer(layer, form).to(device), normal(B, 5, SIZE).to(device)
        state, found = None, []
        for words, mask in zip(x.split([2, 1, 1, 1], 1), (None, True, None, False), strict=True):
            its_mask = None if mask is None else torch.full((B, 1, 1), mask, device=device)
            output, _, state = attention.step(words, state, its_mask)
            found.append(output)
        return found

    assert_same_bits(decode)


@pytest.mark.parametrize("layer", LAYERS)
def test_heads_are_removed(layer, sim):
    form = "t5" if layer != "shared" else "hashing"

    def look(device):
        smaller = prune_heads(new_layer(layer, form).to(device), [3, 0])
        x = leaf(B, N, SIZE, device=device, dtype=torch.float64)
        return learned(smaller(x), x, smaller)

    assert_same_bits(look)


def test_heads_of_keys_are_put_together(sim):
    def look(device):
        smaller = grouped(new_layer("multi-head", "plain").to(device), 2)
        x = leaf(B, N, SIZE, device=device, dtype=torch.float64)
        return learned(smaller(x), x, smaller)

    assert_same_bits(look)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_reversible_layers(dropout, sim):
    def read(device):
        torch.manual_seed(0)
        layers = [nn.Sequential(nn.Linear(6, 6), nn.Tanh(), nn.Dropout(dropout)) for _ in range(4)]
        stack = ReversibleStack(layers).to(device)
        streams = [leaf(B, N, 6, device=device, seed=seed) for seed in range(2)]
        torch.manual_seed(1)
        return learned(stack(*streams), *streams, stack)

    assert_same_bits(read)
