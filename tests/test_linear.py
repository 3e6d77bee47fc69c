"""Linear, gated, random-feature and low-rank attention: caches, masks, numbers, and the state of the recurrent form."""

import pytest
import torch
from factories import normal
from test_efficient import NoSquares
from torch.testing import assert_close

from attention_course.efficient import gated, linear
from attention_course.efficient.gated import Retention, gated_linear_attention
from attention_course.efficient.linear import LinearAttention, elu_plus_one
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import PositiveRandomFeatures, RandomFeatureAttention
from attention_course.efficient.sums import quotient
from attention_course.efficient.unnormalised import fading, unnormalised
from attention_course.functional import scaled_dot_product_attention
from attention_course.lessons.lesson_18.associative_recall import AssociativeRecall
from attention_course.lessons.lesson_18.recall_task import NAMES, PLACES, recall
from attention_course.masks import causal_mask
from attention_course.models.transformer import Config, TransformerDecoder

CAUSAL = {
    "linear": lambda: LinearAttention(chunk=4),
    "random features": lambda: RandomFeatureAttention(4, 16, chunk=4),
    "retention": lambda: Retention(heads=3, chunk=4),
}
EVERY = CAUSAL | {
    "linear, both sides": lambda: LinearAttention(),
    "random features, both sides": lambda: RandomFeatureAttention(4, 16),
    "low rank": lambda: LowRankAttention(40, 4),
}
each_causal = pytest.mark.parametrize("name", CAUSAL)
every_form = pytest.mark.parametrize("name", EVERY)


def run(name, attend, *tensors, **options):
    return attend(*tensors, causal=name in CAUSAL, **options)


def inputs(length, dtype=torch.float64, size=4):
    return [normal(2, 3, length, size, dtype=dtype, seed=seed) for seed in range(3)]


def some_gates(*shape):
    return torch.nn.functional.logsigmoid(normal(*shape, seed=7) + 1)


@each_causal
@pytest.mark.parametrize("queries", [1, 3, 4, 9, 23])
def test_with_a_past_the_last_rows_of_the_whole_are_given(name, queries):
    attend, (q, k, v) = CAUSAL[name]().double(), inputs(23)
    whole, weights = attend(q, k, v, causal=True, need_weights=True)
    assert_close(attend(q, k, v, causal=True)[0], whole)
    last = q[..., -queries:, :]
    assert_close(attend(last, k, v, causal=True)[0], whole[..., -queries:, :])
    output, looked = attend(last, k, v, causal=True, need_weights=True)
    assert_close(output, whole[..., -queries:, :])
    assert_close(looked, weights[..., -queries:, :])


@each_causal
def test_fewer_keys_than_queries_are_an_error(name):
    q, k, v = inputs(9)
    with pytest.raises(ValueError, match="keys: expected at least as many as the 9 queries, got 5"):
        CAUSAL[name]().double()(q, k[..., :5, :], v[..., :5, :], causal=True)


@each_causal
def test_a_decoder_decodes_with_a_cache_as_without(name):
    torch.manual_seed(0)
    config = Config(size=12, heads=3, hidden=16, layers=2, dropout=0.0, attend=CAUSAL[name])
    model = TransformerDecoder(11, config).eval()
    tokens = torch.randint(1, 11, (2, 10))
    whole, *_ = model(tokens)
    first, _, state = model.step(tokens[:, :4])
    steps = [first]
    for i in range(4, 10):
        logits, _, state = model.step(tokens[:, i : i + 1], state)
        steps.append(logits)
    assert_close(torch.cat(steps, 1), whole, rtol=1e-4, atol=1e-5)


def test_what_cannot_be_causal_and_what_cannot_be_otherwise_say_so():
    tensors = inputs(5)
    with pytest.raises(ValueError, match="causal: expected False, as LowRankAttention mixes words from the whole text"):
        LowRankAttention(40, 4).double()(*tensors, causal=True)
    with pytest.raises(ValueError, match="causal: expected True, as Retention only looks back, got False"):
        Retention(heads=3)(*tensors)


@every_form
def test_a_mask_for_each_query_is_an_error(name):
    q, k, v = inputs(9)
    with pytest.raises(ValueError, match="mask: expected a shape that broadcasts to"):
        run(name, EVERY[name]().double(), q, k, v, causal_mask(9))


@every_form
@pytest.mark.parametrize("weights", [False, True])
def test_what_does_not_count_changes_nothing_and_gets_no_gradient(name, weights):
    attend, (q, k, v) = EVERY[name]().double(), inputs(9)
    mask = torch.tensor([True] * 3 + [False] + [True] * 3 + [False] * 2)
    expected, _ = run(name, attend, q, k, v, mask, need_weights=weights)
    k[..., ~mask, :], v[..., ~mask, :] = torch.nan, torch.inf
    k.requires_grad_(), v.requires_grad_()
    output, _ = run(name, attend, q, k, v, mask, need_weights=weights)
    assert_close(output, expected)
    output.square().sum().backward()
    assert not k.grad[..., ~mask, :].any() and not v.grad[..., ~mask, :].any()
    assert k.grad.isfinite().all() and v.grad.isfinite().all()


@every_form
def test_without_any_key_the_output_is_zero_and_gradients_are_finite(name):
    attend, tensors = EVERY[name]().double(), inputs(9)
    mask = torch.tensor([[[[False] * 9]], [[[True] * 9]]])
    for x in tensors:
        x.requires_grad_()
    output, _ = run(name, attend, *tensors, mask)
    assert not output[0].any() and output[1].any()
    output.sum().backward()
    assert all(x.grad.isfinite().all() for x in tensors)


@every_form
@pytest.mark.parametrize("length", [1, 5, 16])
def test_gradients_are_right(name, length):
    attend = EVERY[name]().double()
    tensors = [x[:1].requires_grad_() for x in inputs(length)]
    torch.autograd.gradcheck(lambda *x: run(name, attend, *x)[0], tensors, fast_mode=True)


@each_causal
@pytest.mark.parametrize("queries", [1, 100, 256])
def test_no_square_of_the_length_is_made_with_or_without_a_past(name, queries):
    attend = CAUSAL[name]()
    attend.chunk = 16
    q, k, v = [x.requires_grad_() for x in inputs(256, torch.float32)]
    with NoSquares(256):
        attend(q[..., -queries:, :], k, v, causal=True)[0].sum().backward()
    assert all(x.grad.isfinite().all() for x in (q, k, v))


@every_form
def test_saved_and_loaded_it_gives_the_same(name, tmp_path):
    first, second = (EVERY[name]() for _ in range(2))
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    tensors = inputs(9, torch.float32)
    assert_close(run(name, first, *tensors)[0], run(name, second, *tensors)[0])


@every_form
def test_half_precision_stays_near_the_truth(name):
    """Inputs are rounded to bfloat16 on both sides, so that only the computation differs."""
    attend = EVERY[name]()
    tensors = [x / 2 for x in inputs(40, torch.bfloat16)]
    half = run(name, attend.to(torch.bfloat16), *tensors)[0]
    exact = run(name, attend.double(), *(x.double() for x in tensors))[0]
    assert half.dtype == torch.bfloat16
    assert (half - exact).square().mean().sqrt() < 0.03 * exact.square().mean().sqrt()


@pytest.mark.parametrize("causal", [True, False])
def test_half_precision_does_not_stop_counting(causal):
    """A plain sum of ones in bfloat16 stays at 256, and the mean of what follows would be wrong."""
    ones = torch.ones(1, 2000, 1, dtype=torch.bfloat16)
    values = (torch.arange(2000) >= 1000).to(torch.bfloat16)[None, :, None]
    output, _ = LinearAttention(chunk=16)(ones, ones, values, causal=causal)
    assert_close(output[0, -1, 0].float(), torch.tensor(0.5), rtol=0.01, atol=0)
    state, last = None, None
    for value in values[0]:
        last, state = linear.step(ones[0, 0], ones[0, 0], value, state)
    assert_close(last.float(), torch.tensor([0.5]), rtol=0.01, atol=0)
    assert state.products.dtype == torch.float32


def test_the_state_of_the_recurrent_form_does_not_grow():
    q, k, v = (elu_plus_one(x) for x in inputs(50))
    state, sizes = None, set()
    for i in range(50):
        _, state = linear.step(q[..., i, :], k[..., i, :], v[..., i, :], state)
        sizes.add(state.products.numel() + state.sums.numel())
    assert sizes == {2 * 3 * 4 * (4 + 1)}


@pytest.mark.parametrize("chunk", [1, 4, 64])
@pytest.mark.parametrize("length", [1, 5, 37])
def test_gated_forms_are_one(length, chunk):
    (q, k, v), gates = inputs(length), some_gates(2, 3, length)
    expected = gated.by_definition(q, k, gates) @ v
    assert_close(gated_linear_attention(q, k, v, gates, chunk), expected)
    state, one_by_one = None, []
    for i in range(length):
        output, state = gated.step(q[..., i, :], k[..., i, :], v[..., i, :], gates[..., i], state)
        one_by_one.append(output)
    assert_close(torch.stack(one_by_one, -2), expected)


def test_what_is_left_is_the_product_of_the_gates_since():
    gates = torch.tensor([0.5, 0.8, 0.5, 0.1])
    expected = torch.tensor([[1, 0, 0, 0], [0.8, 1, 0, 0], [0.4, 0.5, 1, 0], [0.04, 0.05, 0.1, 1]])
    assert_close(gated.decay_matrix(gates.log()), expected)


GATES = {
    "open and half shut": [-0.1, -2.0, -0.5, 0.0, -0.1, -3.0, -0.2, -0.1],
    "one all but shut": [-0.1, -0.2, -1e5, -0.1, -0.3, -0.1, -0.2, -0.1],
    "one shut": [-0.1, -0.2, -torch.inf, -0.1, -0.3, -0.1, -0.2, -0.1],
    "many all but shut": [-1e5, -0.2, -1e4, -0.1, -1e3, -0.1, -0.2, -0.1],
}


@pytest.mark.parametrize("gates", GATES)
def test_no_digit_is_lost_behind_a_gate_that_shuts(gates):
    """Against products of the gates themselves, in float64."""
    gates = torch.tensor(GATES[gates])
    g = gates.double().exp()
    left = torch.tensor([[g[s + 1 : t + 1].prod() * (s <= t) for s in range(8)] for t in range(8)]).double()
    assert_close(gated.decay_matrix(gates).double(), left, rtol=1e-6, atol=0)
    q, k, v = (normal(8, 4, dtype=torch.float32, seed=seed).abs() for seed in range(3))  # nothing cancels here
    exact = (q.double() @ k.double().mT * left) @ v.double()
    gates.requires_grad_()
    for chunk in (3, 8):
        for queries in (8, 5, 1):
            output = gated_linear_attention(q[-queries:], k, v, gates, chunk)
            assert_close(output.double(), exact[-queries:], rtol=1e-6, atol=0)
            (gradient,) = torch.autograd.grad(output.sum(), gates)
            assert gradient.isfinite().all()
    state = None
    for i in range(8):
        output, state = gated.step(q[i], k[i], v[i], gates[i], state)
        assert_close(output.double(), exact[i], rtol=1e-6, atol=0)


def test_open_gates_are_linear_attention_without_its_divisor():
    q, k, v = (elu_plus_one(x) for x in inputs(20))
    ones = torch.ones_like(v[..., :1])
    sums = gated_linear_attention(q, k, torch.cat([v, ones], -1), torch.zeros(2, 3, 20), chunk=8)
    assert_close(sums[..., :-1] / sums[..., -1:], linear.causal_linear_attention(q, k, v))


def test_gates_that_shut_underflow_to_nothing_and_not_to_nan():
    q, k, v = [x.requires_grad_() for x in inputs(40, torch.float32)]
    gates = torch.full((2, 3, 40), -50.0, requires_grad=True)
    output = gated_linear_attention(q, k, v, gates, chunk=16)
    output.sum().backward()
    assert_close(output, (q * k).sum(-1, keepdim=True) * v)
    assert all(x.grad.isfinite().all() for x in (q, k, v, gates))


def test_a_state_space_model_with_one_decay_is_gated_attention():
    """h_t = a_t h_{t-1} + B_t x_t, y_t = C_t . h_t, one channel of x after the other (Dao and Gu 2024)."""
    (C, B, x), log_a = inputs(12), some_gates(2, 3, 12)
    y = torch.empty_like(x)
    for channel in range(x.shape[-1]):
        h = torch.zeros(2, 3, 4, dtype=torch.float64)
        for t in range(12):
            h = log_a[..., t, None].exp() * h + B[..., t, :] * x[..., t, channel, None]
            y[..., t, channel] = (C[..., t, :] * h).sum(-1)
    assert_close(gated_linear_attention(C, B, x, log_a, chunk=5), y)


def test_retention_keeps_what_the_paper_says_and_tells_of_other_heads():
    attend = Retention(4)
    assert_close(attend.log_gates.exp(), 1 - 2.0 ** -torch.arange(5.0, 9.0))
    with pytest.raises(ValueError, match="queries: expected 4 heads"):
        attend(*inputs(5, torch.float32), causal=True)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("chunk", [4, 64])
def test_scaled_random_features_give_what_the_plain_ones_give(causal, chunk):
    attend = RandomFeatureAttention(4, 32, chunk).double()
    plain = LinearAttention(attend.features)
    tensors = inputs(23)
    mask = torch.tensor([False] * 2 + [True] * 15 + [False] * 6)
    for given in (None, mask):
        assert_close(attend(*tensors, given, causal)[0], plain(*tensors, given, causal)[0])
        assert_close(*(form(*tensors, given, causal, need_weights=True)[1] for form in (attend, plain)))


@pytest.mark.parametrize("causal", [True, False])
def test_long_queries_and_keys_do_not_vanish(causal):
    q, k, v = inputs(20, torch.float32)
    attend = RandomFeatureAttention(4, 32, chunk=8)
    output, _ = attend(20 * q, 20 * k, v, causal=causal)
    exact, _ = attend.double()(20 * q.double(), 20 * k.double(), v.double(), causal=causal)
    assert output.isfinite().all() and output.any(-1).all()
    assert (output - exact).abs().mean() < 0.01
    plain, _ = LinearAttention(attend.float().features)(20 * q, 20 * k, v, causal=causal)
    assert not plain.any(-1).all()  # that is what the scaling is for


def test_a_long_key_does_not_reach_back_through_the_scaling():
    q, k, v = inputs(20, torch.float32)
    attend = RandomFeatureAttention(4, 32, chunk=8)
    before, _ = attend(q, 20 * k, v, causal=True)
    later = 20 * k
    later[..., 15:, :] = 0  # whose features are the largest by far
    after, _ = attend(q, later, v, causal=True)
    assert before[..., :15, :].equal(after[..., :15, :])


def test_the_error_of_random_features_is_that_of_the_paper():
    size, number = 8, 32
    q, k = normal(size, seed=1), normal(size, seed=2)
    true = (q @ k / size**0.5).exp()
    found = torch.stack([
        (features(q) * features(k)).sum() / true - 1
        for features in (PositiveRandomFeatures(size, number, False, seed).double() for seed in range(3000))
    ])  # fmt: skip
    predicted = (((q + k).square().sum() / size**0.5).exp() - 1) / number
    assert 0.6 < found.square().mean() / predicted < 1.6


def by_logarithms(attend, queries, keys, values, causal):
    """What random features give by their definition, in float64 and without an exponential that could vanish."""
    of_queries, of_keys = (attend.features.exponents(x).double() for x in (queries, keys))
    products = (of_queries.unsqueeze(-2) + of_keys.unsqueeze(-3)).logsumexp(-1)  # (..., L, S)
    if causal:
        products = products.masked_fill(~causal_mask(*products.shape[-2:]), -torch.inf)
    return products.softmax(-1) @ values.double()


@pytest.mark.parametrize(("sigma", "causal"), [(1, False), (10, False), (1, True), (5, True)])
def test_random_features_of_long_vectors_are_what_their_logarithms_say(sigma, causal):
    for seed in range(4):
        attend = RandomFeatureAttention(64, 64, chunk=16, seed=seed)
        q, k, v = (normal(5, 64, 64, dtype=torch.float32, seed=3 * seed + part) for part in range(3))
        exact = by_logarithms(attend, sigma * q, sigma * k, v, causal)
        for weights in (False, True):
            output, _ = attend(sigma * q, sigma * k, v, causal=causal, need_weights=weights)
            assert_close(output.double(), exact, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("causal", [True, False])
def test_very_long_vectors_have_finite_outputs_and_gradients(causal):
    for seed in range(10):
        attend = RandomFeatureAttention(64, 64, seed=seed)
        q, k, v = (normal(20, 64, 64, dtype=torch.float32, seed=3 * seed + part) for part in range(3))
        tensors = [x.requires_grad_() for x in (10 * q, 10 * k, v)]
        output, _ = attend(*tensors, causal=causal)
        output.square().sum().backward()
        assert output.isfinite().all() and all(x.grad.isfinite().all() for x in tensors)


def test_elu_plus_one_is_the_exponential_as_far_as_float32_goes():
    x = torch.cat([torch.linspace(-87, 5, 1000), torch.tensor([-torch.inf, -1e4, 0.0, 1e4])]).requires_grad_()
    exact = torch.where(x > 0, x.double() + 1, x.double().clamp(max=0).exp())
    assert_close(elu_plus_one(x).double(), exact, rtol=1e-6, atol=0)
    (slope,) = torch.autograd.grad(elu_plus_one(x).sum(), x)
    assert_close(slope.double(), exact.clamp(max=1), rtol=1e-6, atol=0)
    assert 0 < elu_plus_one(torch.tensor([-100.0])) < 1e-43 and elu_plus_one(torch.tensor([torch.nan])).isnan()
    assert elu_plus_one(x.to(torch.bfloat16)).dtype == torch.bfloat16
    some = normal(50).requires_grad_()
    assert torch.autograd.gradcheck(elu_plus_one, some) and torch.autograd.gradgradcheck(elu_plus_one, some)


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("least", [-20, -40])
def test_queries_and_keys_far_below_zero_have_averages_too(causal, least):
    q, k, v = (normal(1, 70, 8, dtype=torch.float32, seed=seed) for seed in range(3))
    attend = LinearAttention()
    assert_close(attend(q + least, k, torch.ones_like(v), causal=causal)[0], torch.ones_like(v))
    for queries, keys in ((q + least, k), (q, k + least), (q + least, k + least)):
        exact, _ = attend(queries.double(), keys.double(), v.double(), causal=causal, need_weights=True)
        for weights in (False, True):
            assert_close(
                attend(queries, keys, v, causal=causal, need_weights=weights)[0].double(), exact, rtol=1e-5, atol=1e-5
            )


def test_what_is_tiny_cancels():
    tiny, value = torch.tensor([[1e-20]], requires_grad=True), torch.tensor([[3.0]])
    for output in (
        linear.linear_attention(tiny, tiny, value),
        linear.causal_linear_attention(tiny, tiny, value),
        linear.by_definition(tiny, tiny) @ value,
        linear.step(tiny[0], tiny[0], value[0])[0].unsqueeze(0),
    ):
        assert_close(output, value, rtol=1e-5, atol=0)  # a product of 1e-40 has no more digits
        (gradient,) = torch.autograd.grad(output.sum(), tiny)
        assert gradient.isfinite().all()
    assert_close(linear.linear_attention(tiny, tiny, value), value, rtol=1e-7, atol=0)


def test_a_quotient_has_the_gradients_of_a_quotient_and_bears_zero():
    sums, divisor = normal(4, 3).requires_grad_(), normal(4, 1, seed=1).requires_grad_()
    assert_close(quotient(sums, divisor), sums / divisor, rtol=0, atol=0)
    assert torch.autograd.gradcheck(quotient, (sums, divisor))
    assert torch.autograd.gradgradcheck(quotient, (sums, divisor))
    nothing = torch.zeros(1, 1, requires_grad=True)
    output = quotient(torch.zeros(1, 3), nothing)
    output.sum().backward()
    assert not output.any() and not nothing.grad.any()


def test_recall_asks_for_what_was_told():
    told = recall(50, 20, torch.Generator().manual_seed(0))
    assert told.names.shape == told.places.shape == (50, 20) and told.asked.shape == told.answers.shape == (50, 32)
    assert all(len(set(names)) == 20 for names in told.names.tolist())
    at = 19 - told.ages
    assert told.names.gather(1, at).equal(told.asked) and told.places.gather(1, at).equal(told.answers)
    assert told.names.max() < NAMES and told.places.max() < PLACES
    again = recall(50, 20, torch.Generator().manual_seed(0))
    assert again.places.equal(told.places)
    for pairs in (0, NAMES + 1):
        with pytest.raises(ValueError, match=f"pairs: expected 1 to {NAMES}, got {pairs}"):
            recall(1, pairs, torch.Generator())


def test_a_memory_answers_a_place_for_each_question_and_does_not_mind_the_order():
    torch.manual_seed(0)
    told = recall(3, 10, torch.Generator().manual_seed(0))
    for attend in (scaled_dot_product_attention, LinearAttention(), unnormalised):
        model = AssociativeRecall(4, 6, attend)
        logits, _ = model(told.names, told.places, told.asked)
        assert logits.shape == (3, 32, PLACES)
        assert_close(model(told.names.flip(1), told.places.flip(1), told.asked)[0], logits, rtol=1e-4, atol=1e-4)


def test_fading_is_gated_attention_read_at_the_end():
    q, k, v = inputs(9)
    gates = torch.full((2, 3, 9), 0.7, dtype=torch.float64).log()
    last = gated_linear_attention(q[..., -1:, :], k, v, gates)
    assert_close(fading(0.7)(q[..., -1:, :], k, v)[0], last)
