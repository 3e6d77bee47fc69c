"""Causality, bit for bit: whatever stands in the future, what comes before it stays as it is."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from factories import FAMILIES, PREVIOUS, SOURCE, new_model, normal

from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.dilated import DilatedAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.gated import Retention, gated_linear_attention
from attention_course.efficient.global_tokens import GlobalTokenAttention
from attention_course.efficient.grouped_query import GroupedQueryAttention
from attention_course.efficient.linear import LinearAttention, causal_linear_attention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.random_features import PositiveRandomFeatures, RandomFeatureAttention
from attention_course.efficient.strided import StridedAttention
from attention_course.efficient.tiled import TiledAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers import MultiHeadAttention
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.positions import AlibiAttention, RotaryAttention, ShawAttention, T5Attention


def some_gates(queries, keys, values, mask=None, causal=True, need_weights=False):
    """Gated linear attention with a gate for each word, computed from its key."""
    return gated_linear_attention(queries, keys, values, F.logsigmoid(keys[..., 0]), chunk=4), None


STATE = {  # sums over the past
    "linear": lambda: LinearAttention(chunk=4),
    "linear, one chunk": lambda: LinearAttention(),
    "linear with random features": lambda: LinearAttention(PositiveRandomFeatures(4, 8), chunk=4),
    "random features": lambda: RandomFeatureAttention(4, 8, chunk=4),
    "retention": lambda: Retention(heads=3, chunk=4),
    "rotary, linear": lambda: RotaryAttention(attend=LinearAttention(chunk=4)),
}
SOFTMAX = {  # averages, in which the future has weights of zero
    "window": lambda: LocalAttention(4, chunk=3),
    "window, one chunk": lambda: LocalAttention(50),
    "dilated": lambda: DilatedAttention(3, 4, chunk=2),
    "strided": lambda: StridedAttention(4),
    "fixed": lambda: FixedAttention(4, 2),
    "tiled": lambda: TiledAttention(4),
    "rotary, window": lambda: RotaryAttention(attend=LocalAttention(4, chunk=3)),
    "blocks": lambda: BlockAttention(3),
    "global tokens": lambda: GlobalTokenAttention(3, positions=(1, 9), chunk=4),
    "plain": lambda: scaled_dot_product_attention,
    "ALiBi": lambda: AlibiAttention(3),
    "T5": lambda: T5Attention(3),
    "Shaw": lambda: ShawAttention(4, max_distance=3),
    "rotary": lambda: RotaryAttention(),
}
FINITE = {"2000 times": lambda x: 2000 * x, "1e30 times": lambda x: 1e30 * x}
NOT_FINITE = {
    "infinity": lambda x: x.sign() * torch.inf,
    "NaN": lambda x: x * torch.nan,
}
FUTURES = FINITE | NOT_FINITE
SIZES = [(2, 5), (9, 9), (16, 16), (23, 23), (9, 23)]  # queries, and keys
QUERIES, KEYS, VALUES = range(3)
each_state = pytest.mark.parametrize("name", STATE)
each_part = pytest.mark.parametrize("part", [QUERIES, KEYS, VALUES], ids=["queries", "keys", "values"])


def made(name):
    """The form of that name, which looks only back."""
    torch.manual_seed(0)
    return (STATE | SOFTMAX)[name]()


def assert_nothing_reaches_back(attend, part, future, weights=(False, True)):
    for queries, keys in SIZES:
        texts = [normal(2, 3, keys, 4, dtype=torch.float32, seed=seed) for seed in range(3)]
        texts[QUERIES] = texts[QUERIES][..., -queries:, :]
        for mask in (None, torch.arange(keys) % 5 != 2):
            for need_weights in weights:
                before, _ = attend(*texts, mask, True, need_weights)
                assert before.isfinite().all()
                for row in {1, queries // 2, queries - 1}:
                    later = [x.clone() for x in texts]
                    ahead = later[part][..., row - queries :, :]
                    ahead.copy_(future(ahead))
                    after, _ = attend(*later, mask, True, need_weights)
                    assert after[..., :row, :].equal(before[..., :row, :]), (queries, keys, row, need_weights)
                    if part == VALUES and mask is None:
                        assert not after[..., row:, :].equal(before[..., row:, :])


@each_state
@each_part
@pytest.mark.parametrize("future", FUTURES)
def test_nothing_reaches_back_into_a_state(name, part, future):
    assert_nothing_reaches_back(made(name), part, FUTURES[future])


@each_part
@pytest.mark.parametrize("future", FUTURES)
def test_nothing_reaches_back_into_a_state_with_gates(part, future):
    assert_nothing_reaches_back(some_gates, part, FUTURES[future], weights=[False])


@pytest.mark.parametrize("name", SOFTMAX)
@each_part
def test_nothing_that_is_finite_reaches_back_past_a_softmax(name, part):
    for future in FINITE.values():
        assert_nothing_reaches_back(made(name), part, future)


@pytest.mark.parametrize("name", SOFTMAX)
def test_queries_and_keys_reach_back_past_no_softmax(name):
    """Values do where they are not finite, see `context_vector`; and a kernel that is given a mask adds -inf to NaN."""
    for future in NOT_FINITE.values():
        assert_nothing_reaches_back(made(name), QUERIES, future)
        assert_nothing_reaches_back(made(name), KEYS, future, weights=[True])


@each_state
@pytest.mark.parametrize("future", NOT_FINITE)
def test_who_sees_a_value_that_is_not_finite_is_told(name, future):
    for queries, keys in SIZES:
        texts = [normal(2, 3, keys, 4, dtype=torch.float32, seed=seed) for seed in range(3)]
        first = texts[VALUES][..., 0, 1]
        first.copy_(NOT_FINITE[future](first))
        for need_weights in (False, True):
            output, _ = made(name)(texts[QUERIES][..., -queries:, :], *texts[1:], None, True, need_weights)
            assert not output.isfinite().all(-1).any()


def test_a_large_key_and_an_infinite_value_leave_earlier_outputs_as_they_are():
    torch.manual_seed(0)
    q, k = (F.elu(torch.randn(128, 8) - 12) + 1 for _ in "qk")
    v = torch.randn(128, 4)
    before = causal_linear_attention(q, k, v)
    large, infinite = k.clone(), v.clone()
    large[127], infinite[127] = 2000, torch.inf
    for after in (causal_linear_attention(q, large, v), causal_linear_attention(q, k, infinite)):
        assert after[:127].equal(before[:127])


@pytest.mark.parametrize(
    "layer", [MultiHeadAttention, partial(GroupedQueryAttention, groups=1)], ids=["heads", "groups"]
)
@pytest.mark.parametrize("name", STATE | SOFTMAX)
def test_the_future_changes_no_bit_of_what_a_decoder_writes(name, layer):
    config = Config(size=12, heads=3, hidden=16, layers=2, attend=(STATE | SOFTMAX)[name], attention=layer)
    torch.manual_seed(0)
    decoder = TransformerDecoder(9, config).eval()
    words = torch.randint(1, 8, (2, 14), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        decoder.embedding.weight[8] *= torch.nan if name in STATE else 1e10  # the ninth word stands in the future only
    before, *_ = decoder(words)
    for row in (1, 7, 13):
        later = words.clone()
        later[:, row:] = 8
        after, *_ = decoder(later)
        assert after[:, :row, :8].equal(before[:, :row, :8])  # its own logits are read off the same vector
        assert not after[:, row:, :8].equal(before[:, row:, :8])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_future_changes_no_bit_of_what_a_translator_writes(name):
    model = new_model(name, torch.float32)
    before, _ = model(SOURCE, PREVIOUS)
    for row in range(1, PREVIOUS.shape[1]):
        later = PREVIOUS.clone()
        later[:, row:] = 9
        after, _ = model(SOURCE, later)
        assert after[:, :row].equal(before[:, :row]) and not after[:, row:].equal(before[:, row:])
