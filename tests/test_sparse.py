"""The sparse forms: each computes what its mask allows, for whole texts and with a cache, and never makes a square."""

import pytest
import torch
from factories import DeviceIsGiven, normal, some_mask
from test_efficient import LENGTHS, NoSquares, inputs
from torch.testing import assert_close

from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention, dilated_mask
from attention_course.efficient.fixed import FixedAttention, fixed_mask
from attention_course.efficient.global_tokens import GlobalTokenAttention, global_mask
from attention_course.efficient.local import LocalAttention, in_windows, local_mask
from attention_course.efficient.reach import layers_needed
from attention_course.efficient.strided import StridedAttention, strided_mask
from attention_course.functional import scaled_dot_product_attention
from attention_course.masks import causal_mask, padding_mask
from attention_course.models.transformer import Config, Stack, TransformerDecoder

FORMS = {
    "window, both sides": lambda: LocalAttention(3, chunk=4),
    "dilated, both sides": lambda: DilatedAttention(2, 3),
    "global token": lambda: GlobalTokenAttention(3, chunk=4),
    "no global token": lambda: GlobalTokenAttention(3, positions=()),
    "blocks": lambda: BlockAttention(3),
    "random blocks": lambda: BlockAttention(2, neighbours=0, everywhere=0, random=2),
}
CAUSAL = {
    "window": lambda: LocalAttention(4, chunk=3),
    "dilated": lambda: DilatedAttention(3, 4, chunk=2),
    "strided": lambda: StridedAttention(4),
    "fixed": lambda: FixedAttention(4, 2),
    "global tokens, looking back": lambda: GlobalTokenAttention(3, positions=(1, 9), chunk=4),
    "blocks, looking back": lambda: BlockAttention(3),
    "random blocks, looking back": lambda: BlockAttention(2, neighbours=0, everywhere=0, random=2),
}
FORMS |= CAUSAL


def run(name, queries, keys, values, mask=None, need_weights=False):
    """That form on these tensors."""
    return FORMS[name]()(queries, keys, values, mask, name in CAUSAL, need_weights)


SEES_ALL = [  # a window, block or stride of at least the text's nine words
    (LocalAttention(9), causal_mask(9)),
    (LocalAttention(20), None),
    (DilatedAttention(9, 1), causal_mask(9)),
    (DilatedAttention(30, 1), None),
    (StridedAttention(9), causal_mask(9)),
    (StridedAttention(1), causal_mask(9)),
    (FixedAttention(9), causal_mask(9)),
    (FixedAttention(1), causal_mask(9)),
    (FixedAttention(3, 3), causal_mask(9)),
    (GlobalTokenAttention(9), None),
    (GlobalTokenAttention(1, positions=range(9)), None),
    (BlockAttention(9, everywhere=0, random=0), None),
]
every_form = pytest.mark.parametrize("name", FORMS)


@every_form
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("shape", [None, "texts", "heads", "one row"])
def test_what_is_computed_is_full_attention_under_the_mask(name, length, shape):
    queries, keys, values = inputs(length)
    counts = {
        None: None,
        "texts": some_mask(2, 1, 1, length, seed=1),
        "heads": some_mask(2, 3, 1, length, seed=2),
        "one row": some_mask(2, length, seed=3)[1],
    }[shape]
    pattern = FORMS[name]().allowed(length, length, name in CAUSAL)
    expected, weights = scaled_dot_product_attention(
        queries, keys, values, pattern if counts is None else pattern & counts
    )
    assert_close(run(name, queries, keys, values, counts), (expected, None))
    assert_close(run(name, queries, keys, values, counts, need_weights=True), (expected, weights))


@pytest.mark.parametrize("positions", [(0,), (3,), (8, 0, 5)])
def test_global_tokens_may_stand_anywhere(positions):
    attend, (queries, keys, values) = GlobalTokenAttention(2, positions, chunk=4), inputs(9)
    pattern = attend.allowed(9, 9, False)
    assert pattern[list(positions)].all() and pattern[:, list(positions)].all()
    others = [i for i in range(9) if i not in positions]
    assert pattern[others][:, others].equal(local_mask(9, 2)[others][:, others])
    counts = some_mask(2, 1, 1, 9, seed=1)
    assert_close(
        attend(queries, keys, values, counts)[0],
        scaled_dot_product_attention(queries, keys, values, pattern & counts)[0],
    )


@pytest.mark.parametrize(("attend", "mask"), SEES_ALL)
def test_a_pattern_that_leaves_nothing_out_is_full_attention(attend, mask):
    queries, keys, values = inputs(9)
    causal = mask is not None
    assert_close(
        attend(queries, keys, values, None, causal)[0], scaled_dot_product_attention(queries, keys, values, mask)[0]
    )


@every_form
def test_the_words_that_a_longer_text_begins_with_see_each_other_as_in_a_shorter_one(name):
    whole = FORMS[name]().allowed(40, 40, name in CAUSAL)
    for length in range(1, 40):
        assert FORMS[name]().allowed(length, length, name in CAUSAL).equal(whole[:length, :length])


@every_form
@pytest.mark.parametrize("length", [1, 2, 5])
def test_fewer_queries_than_keys_are_the_last_ones(name, length):
    queries, keys, values = inputs(16)
    counts = some_mask(2, 1, 1, 16, seed=1)
    for mask in (None, counts):
        expected, weights = run(name, queries, keys, values, mask, need_weights=True)
        last = queries[..., -length:, :]
        assert_close(run(name, last, keys, values, mask)[0], expected[..., -length:, :])
        assert_close(run(name, last, keys, values, mask, need_weights=True)[1], weights[..., -length:, :])


@every_form
def test_a_mask_of_another_shape_is_refused(name):
    tensors = inputs(9)
    for mask in (causal_mask(9), torch.ones(2, 3, 9, 9, dtype=torch.bool), torch.ones(1, 8, dtype=torch.bool)):
        with pytest.raises(ValueError, match=r"mask: expected a shape that broadcasts to \(2, 3, 1, 9\)"):
            run(name, *tensors, mask)
    with pytest.raises(ValueError, match="mask: expected"):
        run(name, tensors[0][..., -1:, :], *tensors[1:], torch.ones(1, 10, dtype=torch.bool))
    with pytest.raises(TypeError):
        run(name, *tensors, torch.ones(1, 9))


@every_form
def test_more_queries_than_keys_are_refused(name):
    queries, keys, values = inputs(9)
    with pytest.raises(ValueError, match="expected at least as many as the 9 queries, got 8"):
        run(name, queries, keys[..., 1:, :], values[..., 1:, :])


@pytest.mark.parametrize("name", CAUSAL)
@pytest.mark.parametrize("heads", [1, 2])
def test_a_decoder_writes_with_a_cache_as_without(name, heads):
    torch.manual_seed(0)
    config = Config(size=8, heads=heads, hidden=16, layers=2, dropout=0.0, attend=FORMS[name])
    decoder = TransformerDecoder(20, config).double().eval()
    words = torch.randint(1, 20, (2, 19), generator=torch.Generator().manual_seed(0))
    whole, _ = decoder(words)
    state, pieces = None, []
    for piece in words.split([1, 3, 1, 9, 1, 1, 3], 1):
        logits, _, state = decoder.step(piece, state)
        pieces.append(logits)
    assert_close(torch.cat(pieces, 1), whole)


@pytest.mark.parametrize("name", CAUSAL)
def test_the_future_changes_nothing(name):
    queries, keys, values = inputs(20)
    assert not (FORMS[name]().allowed(20, 20, True) & ~causal_mask(20)).any()
    before, _ = run(name, queries, keys, values)
    for x in (queries, keys, values):
        x[..., 11:, :] = 7
    after, _ = run(name, queries, keys, values)
    assert_close(before[..., :11, :], after[..., :11, :])
    assert not torch.allclose(before[..., 11:, :], after[..., 11:, :])


@every_form
@pytest.mark.parametrize("length", [16, 3])
def test_what_does_not_count_changes_no_bit_however_large_it_is(name, length):
    queries, keys, values = inputs(16, torch.float32)
    counts = some_mask(2, 1, 1, 16, seed=1)
    large = [torch.where(counts.mT, x, 1e30 * x) for x in (keys, values)]
    for weights in (False, True):
        before, _ = run(name, queries[..., -length:, :], keys, values, counts, weights)
        assert run(name, queries[..., -length:, :], *large, counts, weights)[0].equal(before)


@every_form
def test_padding_changes_nothing(name):
    torch.manual_seed(0)
    config = Config(size=8, heads=2, hidden=16, layers=2, dropout=0.0, attend=FORMS[name])
    encoder = Stack(20, config).double().eval()
    words = torch.randint(1, 20, (2, 19), generator=torch.Generator().manual_seed(0))
    words[0, 12:] = 0
    before, _ = encoder(words, padding_mask(words), name in CAUSAL)
    with torch.no_grad():
        encoder.embedding.weight[0] += 100
    after, _ = encoder(words, padding_mask(words), name in CAUSAL)
    assert_close(before[words != 0], after[words != 0])


@every_form
def test_a_query_that_may_see_nothing_gets_zero_and_finite_gradients(name):
    tensors = [x.requires_grad_() for x in inputs(7)]
    output, _ = run(name, *tensors, torch.zeros(2, 1, 1, 7, dtype=torch.bool))
    output.sum().backward()
    assert output.eq(0).all() and all(x.grad.isfinite().all() for x in tensors)


@every_form
def test_gradients_are_right(name):
    tensors = [x[:1, :1, :, :2].clone().requires_grad_() for x in inputs(7)]
    torch.autograd.gradcheck(lambda *x: run(name, *x)[0], tensors)


@pytest.mark.parametrize(("chunk", "before", "after"), [(4, 0, 0), (4, 3, 0), (4, 8, 8), (1, 2, 1), (16, 3, 5)])
def test_a_vector_s_gradient_is_the_sum_over_the_windows_that_hold_it(chunk, before, after):
    x = normal(2, 9, 3).requires_grad_()
    padded = torch.nn.functional.pad(x, (0, 0, before, after + -9 % chunk))
    windows = padded.unfold(-2, before + chunk + after, chunk).mT
    gradient = normal(*windows.shape)
    ours = in_windows(x, chunk, before, after)
    assert_close(ours, windows, rtol=0, atol=0)
    assert_close(*(torch.autograd.grad(y, x, gradient) for y in (ours, windows)))
    assert torch.autograd.gradgradcheck(lambda x: in_windows(x, chunk, before, after) ** 2, x)


@every_form
def test_no_square_of_the_length_is_made_forwards_or_backwards(name):
    larger = {"strided": StridedAttention(16), "fixed": FixedAttention(16)}
    larger |= {name: BlockAttention(8) for name in FORMS if name.startswith("random blocks")}
    tensors = [x.requires_grad_() for x in inputs(256, torch.float32)]
    with NoSquares(256):
        (larger.get(name) or FORMS[name]())(*tensors, causal=name in CAUSAL)[0].sum().backward()
    assert all(x.grad.isfinite().all() for x in tensors)


@every_form
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_dtype_follows_the_input(name, dtype):
    assert run(name, *inputs(20, dtype))[0].dtype == dtype


@every_form
def test_tensors_are_made_on_the_device_of_the_input(name):
    queries, keys, values = inputs(20, torch.float32)
    with DeviceIsGiven():
        run(name, queries, keys, values)
        run(name, queries[..., -2:, :], keys, values)


def test_a_window_with_a_cache_touches_its_last_keys_only():
    queries, keys, values = inputs(16)
    expected, _ = LocalAttention(4)(queries, keys, values, causal=True)
    keys[..., :11, :], values[..., :11, :] = torch.nan, torch.nan
    assert_close(LocalAttention(4)(queries[..., -2:, :], keys, values, causal=True)[0], expected[..., -2:, :])


@pytest.mark.parametrize("form", [StridedAttention(4), FixedAttention(4)])
def test_a_form_that_only_looks_back_is_not_taken_for_one_that_looks_both_ways(form):
    with pytest.raises(ValueError, match=f"causal: expected True, as {type(form).__name__} only looks back, got False"):
        form(*inputs(9))


def test_wrong_settings_are_named():
    for make, sentence in [
        (lambda: LocalAttention(0), "window and chunk: expected at least 1, got 0 and 128"),
        (lambda: DilatedAttention(2, 0), "dilation: expected at least 1, got 0"),
        (lambda: StridedAttention(0), "stride: expected at least 1, got 0"),
        (lambda: FixedAttention(4, 5), "summaries: expected 1 to 4, the block's size, got 5"),
        (lambda: BlockAttention(0), "block: expected at least 1, got 0"),
        (lambda: GlobalTokenAttention(0), "window and chunk: expected at least 1, got 0 and 128"),
        (lambda: GlobalTokenAttention(2, (1, 1)), r"positions: expected different numbers from 0 on, got \[1, 1\]"),
        (lambda: GlobalTokenAttention(2, (9,))(*inputs(9)), r"positions: expected less than the length 9, got \[9\]"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            make()


PATTERNS = {
    "window": [local_mask(40, 5, causal=True)],
    "dilated": [local_mask(40, 5, causal=True), dilated_mask(40, 8, 5, causal=True)],
    "strided": [strided_mask(40, 6)],
    "fixed": [fixed_mask(40, 6)],
    "global token": [global_mask(40, 4, (7,))],
}


@pytest.mark.parametrize("name", PATTERNS)
def test_layers_needed_counts_the_steps_of_the_shortest_path(name):
    patterns = [PATTERNS[name][layer % len(PATTERNS[name])] for layer in range(3)]
    needed = layers_needed(patterns)
    for i in range(40):
        expected = {}
        for number in range(4):  # from the top down: whom i asks, whom those ask, and so on
            asked = {i}
            for pattern in reversed(patterns[:number]):
                asked |= {j for k in asked for j in pattern[k].nonzero().flatten().tolist()}
            expected = dict.fromkeys(asked, number) | expected
        assert {j: int(n) for j, n in enumerate(needed[i]) if n >= 0} == expected


def test_what_two_layers_reach():
    past = causal_mask(40)
    for name in ("dilated", "strided", "fixed"):
        patterns = [PATTERNS[name][layer % len(PATTERNS[name])] for layer in range(2)]
        assert (layers_needed(patterns) >= 0).equal(past)
    assert (layers_needed(PATTERNS["global token"] * 2) >= 0).all()
    window = layers_needed(PATTERNS["window"] * 3)
    assert (window >= 0).equal(local_mask(40, 3 * 4 + 1, causal=True))  # three windows of five, less the overlaps


def test_gradients_reach_as_far_as_the_pattern_s_powers():
    forms = [LocalAttention(5, chunk=4), DilatedAttention(3, 4), StridedAttention(6)]
    torch.manual_seed(0)
    config = Config(size=8, heads=2, hidden=16, layers=3, dropout=0.0, attend=iter(forms).__next__)
    encoder = Stack(5, config).double().eval()
    x = normal(1, 30, 8).requires_grad_()
    states = x
    for block in encoder.blocks:
        states, _ = block(states, causal=True)
    seen = torch.autograd.grad(states[0, -1].square().sum(), x)[0][0].abs().sum(-1) > 0
    assert seen.equal(layers_needed([form.allowed(30, 30, True) for form in forms])[-1] >= 0)
