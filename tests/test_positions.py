"""Each way of telling attention the order, by the property it is known for."""

import math

import pytest
import torch
from factories import DeviceIsGiven, normal
from torch.testing import assert_close

from attention_course.functional import scaled_dot_product_attention
from attention_course.masks import causal_mask
from attention_course.models.transformer import Config, TransformerEncoder
from attention_course.positions import (
    AlibiAttention,
    LearnedPositions,
    RotaryAttention,
    SequenceTooLong,
    ShawAttention,
    SinusoidalPositions,
    T5Attention,
)
from attention_course.positions.alibi import slopes
from attention_course.positions.by_distance import gathered, index_of, spread
from attention_course.positions.rotary import rotate
from attention_course.positions.sinusoidal import sinusoids
from attention_course.positions.t5 import bucket

HEADS, SIZE = 2, 8
SCHEMES = {
    "rotary": RotaryAttention,
    "alibi": lambda: AlibiAttention(HEADS),
    "t5": lambda: T5Attention(HEADS, buckets=8, max_distance=20),
    "shaw": lambda: ShawAttention(SIZE, max_distance=3),
}
ADDED = {"sinusoidal": lambda: SinusoidalPositions(SIZE), "learned": lambda: LearnedPositions(SIZE, max_length=12)}
every_scheme = pytest.mark.parametrize("name", SCHEMES)


def scheme(name, dtype=torch.float64):
    """With parameters that are not zero, so that they matter."""
    torch.manual_seed(0)
    made = SCHEMES[name]().to(dtype)
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made


def inputs(length=7, keys=None, dtype=torch.float64):
    return [
        normal(2, HEADS, n, SIZE, dtype=dtype, seed=s) for s, n in enumerate([length, keys or length, keys or length])
    ]


@every_scheme
def test_weights_depend_on_distances_alone(name):
    queries, keys, values = (x[:, :, :1].expand(-1, -1, 9, -1) for x in inputs())  # the same word nine times
    attend = scheme(name)
    band = causal_mask(9) & ~causal_mask(9).tril(-4)  # each looks at itself and the three before it
    _, weights = attend(queries, keys, values, band)
    rows = torch.stack([weights[..., i, i - 3 : i + 1] for i in range(3, 9)], -2)
    assert_close(rows, rows[..., :1, :].expand_as(rows))


@every_scheme
def test_order_matters_now(name):
    queries, keys, values = inputs()
    moved = torch.arange(7).flip(0)
    there, _ = scheme(name)(queries, keys, values)
    back, _ = scheme(name)(queries, keys[:, :, moved], values[:, :, moved])
    assert (there - back).abs().max() > 0.01
    without = scaled_dot_product_attention(queries, keys[:, :, moved], values[:, :, moved])[0]
    assert_close(without, scaled_dot_product_attention(queries, keys, values)[0])


@every_scheme
def test_the_last_query_alone_gets_what_it_gets_among_the_others(name):
    queries, keys, values = inputs()
    attend = scheme(name)
    every, _ = attend(queries, keys, values, causal_mask(7))
    last, _ = attend(queries[:, :, -1:], keys, values)
    assert_close(last, every[:, :, -1:])


@every_scheme
def test_rows_sum_to_one_and_an_empty_one_gives_zeros_and_finite_gradients(name):
    tensors = [x.requires_grad_() for x in inputs()]
    mask = causal_mask(7).clone()
    mask[0] = False
    output, weights = (attend := scheme(name))(*tensors, mask)
    assert_close(weights.sum(-1), mask.any(-1).double().expand(2, HEADS, 7))
    assert (output[:, :, 0] == 0).all()
    output.square().sum().backward()
    assert all(x.grad.isfinite().all() for x in [*tensors, *attend.parameters()])


@every_scheme
def test_without_weights_the_output_is_the_same(name):
    attend, tensors = scheme(name), inputs()
    output, weights = attend(*tensors, causal_mask(7), need_weights=False)
    assert weights is None
    assert_close(output, attend(*tensors, causal_mask(7))[0])


@every_scheme
def test_gradients_reach_every_parameter_and_are_right(name):
    attend = scheme(name)
    tensors = [x[:1, :, :4].clone().requires_grad_() for x in inputs()]
    attend(*tensors)[0].square().sum().backward()
    used = {"t5": 7, "shaw": 7}.get(name, 0)  # distances -3 to 3
    assert all((p.grad != 0).flatten(0, -2).any() for p in attend.parameters())
    assert all((p.grad.flatten() != 0).sum() >= used for p in attend.parameters())
    torch.autograd.gradcheck(lambda *x: attend(*x)[0], tensors)


@every_scheme
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_dtype_follows_the_input(name, dtype):
    attend = scheme(name, dtype)
    output, weights = attend(*inputs(dtype=dtype))
    assert output.dtype == weights.dtype == dtype


@every_scheme
def test_tensors_are_made_on_the_device_of_the_input(name):
    attend, tensors = scheme(name), inputs()
    with DeviceIsGiven():
        attend(*tensors)


@every_scheme
def test_more_queries_than_keys_are_told(name):
    with pytest.raises(ValueError, match="keys: expected at least as many as the 7 queries, got 3"):
        scheme(name)(*inputs(7, 3))


@every_scheme
def test_lengths_never_seen_are_no_obstacle(name):
    assert scheme(name)(*inputs(60))[0].isfinite().all()


def test_rotation_keeps_lengths_and_turns_by_the_distance():
    q, k = normal(1, 16, seed=1), normal(1, 16, seed=2)

    def product(p, r):
        return (rotate(q, torch.tensor([p])) * rotate(k, torch.tensor([r]))).sum()

    assert_close(rotate(q, torch.tensor([123])).norm(), q.norm())
    assert_close(product(3, 7), product(1003, 1007))
    assert abs(product(3, 7) - product(3, 8)) > 1e-3
    assert_close(rotate(q, torch.tensor([0])), q)


def test_rotation_is_multiplication_by_a_complex_number():
    x = normal(5, 6)
    positions = torch.arange(5)
    rates = torch.tensor([1, 10_000 ** (-2 / 6), 10_000 ** (-4 / 6)], dtype=torch.float64)
    turns = torch.polar(torch.ones(5, 3, dtype=torch.float64), positions[:, None] * rates)
    assert_close(
        rotate(x, positions), torch.view_as_real(torch.view_as_complex(x.unflatten(-1, (3, 2))) * turns).flatten(-2)
    )


def test_sinusoids_are_those_of_the_paper_and_one_linear_map_moves_them_all():
    table = sinusoids(torch.arange(50), SIZE, dtype=torch.float64)
    for p, i in [(0, 0), (3, 1), (49, 3)]:
        angle = p / 10_000 ** (2 * i / SIZE)
        assert_close(table[p, 2 * i : 2 * i + 2].tolist(), [math.sin(angle), math.cos(angle)])
    move = torch.linalg.lstsq(table[:-5], table[5:]).solution
    assert_close(table[:-5] @ move, table[5:])
    assert_close(table @ table.T, (table @ table.T).T)
    products = table @ table.T
    assert_close(products.diagonal(7), products[0, 7].expand(43))  # the dot product knows the distance alone


@pytest.mark.parametrize("name", ADDED)
def test_added_positions_begin_where_they_are_told(name):
    add, x = ADDED[name]().double(), normal(2, 9, SIZE)
    assert_close(add(x[:, 6:], start=6), add(x)[:, 6:])
    assert add(x.bfloat16() if name == "sinusoidal" else x).dtype == (
        torch.bfloat16 if name == "sinusoidal" else x.dtype
    )
    with DeviceIsGiven():
        add(x)


def test_every_position_of_a_row_gets_its_own_vector_and_every_row_the_same():
    added = LearnedPositions(SIZE, 12)(torch.zeros(3, 9, SIZE))  # the batch comes first: no row is a position
    assert_close(added[0], added[1])
    assert len(added[0].unique(dim=0)) == 9


def test_learned_positions_begin_as_large_as_the_embeddings_that_arrive():
    config = Config(size=64, heads=4, layers=1, positions=lambda size: LearnedPositions(size, 500))
    model, arrived = TransformerEncoder(500, config), []
    model.positions.register_forward_pre_hook(lambda _, given: arrived.append(given[0]))
    model(torch.arange(500)[None])
    assert_close(model.positions.vectors.std(), arrived[0].std(), atol=0.05, rtol=0)


def test_a_sequence_beyond_the_learned_positions_is_told():
    with pytest.raises(SequenceTooLong, match="expected at most 12 positions, got 13"):
        LearnedPositions(SIZE, 12)(torch.zeros(1, 4, SIZE), start=9)


def test_odd_sizes_are_told():
    with pytest.raises(ValueError, match="size: expected an even number, got 7"):
        SinusoidalPositions(7)(torch.zeros(1, 2, 7))
    with pytest.raises(ValueError, match="size: expected an even number, got 3"):
        rotate(torch.zeros(2, 3), torch.arange(2))


def test_slopes_are_those_of_the_paper():
    assert_close(slopes(8), 0.5 ** torch.arange(1.0, 9.0))
    assert_close(slopes(4), 0.25 ** torch.arange(1.0, 5.0))
    assert_close(slopes(6), torch.tensor([2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3]))
    assert all(len(slopes(h)) == h for h in range(1, 20))


def test_alibi_takes_from_each_score_in_proportion_to_the_distance():
    queries = keys = torch.zeros(1, 2, 5, 4)
    _, weights = AlibiAttention(2)(queries, keys, keys, causal_mask(5))
    for head, slope in enumerate([2**-4, 2**-8]):
        expected = torch.exp(-slope * (4 - torch.arange(5.0)))
        assert_close(weights[0, head, 4], expected / expected.sum())


def test_buckets_are_exact_when_near_and_logarithmic_when_far():
    near = torch.arange(-7, 8)
    assert bucket(near).tolist() == [7, 6, 5, 4, 3, 2, 1, 0, 17, 18, 19, 20, 21, 22, 23]
    far = [
        (-8, 8),
        (-15, 9),
        (-16, 10),
        (-31, 11),
        (-32, 12),
        (-63, 13),
        (-64, 14),
        (-127, 15),
        (-128, 15),
        (-5000, 15),
    ]
    assert [bucket(torch.tensor(distance)).item() for distance, _ in far] == [expected for _, expected in far]
    assert (bucket(torch.arange(0, -300, -1)).diff() >= 0).all()
    assert bucket(torch.arange(-5000, 5000)).unique().tolist() == [*range(16), *range(17, 32)]


def test_t5_adds_to_each_score_the_bias_of_its_bucket():
    attend = T5Attention(2)
    torch.nn.init.normal_(attend.bias)
    queries, keys = torch.randn(2, 1, 2, 40, 4)
    at = torch.arange(40)
    scores = queries @ keys.mT / 2 + attend.bias[:, bucket(at[None] - at[:, None])]
    assert_close(attend(queries, keys, keys)[1], scores.softmax(-1))


def test_rotary_turns_queries_and_keys_before_they_meet():
    queries, keys = torch.randn(2, 1, 2, 40, 4)
    turned, met = rotate(queries, torch.arange(40)), rotate(keys, torch.arange(40))
    assert_close(RotaryAttention()(queries, keys, keys), scaled_dot_product_attention(turned, met, keys))


@pytest.mark.parametrize(("buckets", "max_distance"), [(32, 8), (3, 20)])
def test_buckets_that_cannot_be_are_told(buckets, max_distance):
    with pytest.raises(ValueError, match=f"got {buckets} and {max_distance}"):
        T5Attention(HEADS, buckets, max_distance)(*inputs(dtype=torch.float32))


def test_shaw_agrees_with_a_loop():
    attend = scheme("shaw")
    queries, keys, values = (x[0, 0] for x in inputs())
    output, weights = attend(queries, keys, values)
    for i in range(7):
        at = [max(-3, min(3, j - i)) + 3 for j in range(7)]
        scores = torch.stack([queries[i] @ (keys[j] + attend.to_keys[at[j]]) for j in range(7)]) / SIZE**0.5
        assert_close(weights[i], scores.softmax(-1))
        expected = sum(scores.softmax(-1)[j] * (values[j] + attend.to_values[at[j]]) for j in range(7))
        assert_close(output[i], expected)


@pytest.mark.parametrize(("L", "S", "max_distance"), [(7, 7, 3), (3, 9, 2), (1, 5, 2), (6, 6, 0), (4, 4, 9)])
def test_from_distances_to_pairs_and_back_are_each_the_other_s_gradient(L, S, max_distance):
    index = index_of(torch.arange(S) - torch.arange(S - L, S).unsqueeze(-1), max_distance)
    by_distance, pairs = normal(2, L, 2 * max_distance + 1).requires_grad_(), normal(2, L, S, seed=1).requires_grad_()
    there, back = spread(by_distance, index, L - S), gathered(pairs, index, max_distance, L - S)
    assert there.equal(by_distance.gather(-1, index.expand(2, -1, -1)))
    assert_close(back, torch.zeros_like(by_distance).scatter_add(-1, index.expand(2, -1, -1), pairs))
    assert_close((there * pairs).sum(), (back * by_distance).sum())
    for check in (torch.autograd.gradcheck, torch.autograd.gradgradcheck):
        assert check(lambda x: spread(x, index, L - S), by_distance)
        assert check(lambda x: gathered(x, index, max_distance, L - S), pairs)
