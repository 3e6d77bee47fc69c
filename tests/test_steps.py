"""Word by word, or some at a time, every attention gives what it gives for all words at once; and what it keeps."""

from itertools import pairwise

import pytest
import torch
from everything import FORMS, HEADS, LAYERS, LONGEST, PAIRS, SIZE, new_layer, one_vector
from factories import leaves, normal, some_mask
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from attention_course.beam_search import pick
from attention_course.cache import LEAST, KeyValueCache
from attention_course.efficient.gated import Retention
from attention_course.efficient.linear import LinearAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.random_features import RandomFeatureAttention
from attention_course.layers import MultiHeadAttention
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.positions import RotaryAttention

B, N = 3, 23
MIXED = [9, 1, 1, 12]
SPLITS = [[1] * N, MIXED, [5, 18]]
CAUSAL = [pair for pair in PAIRS if FORMS[pair[1]].causal]
every_causal_pair = pytest.mark.parametrize(("layer", "form"), CAUSAL)
SUMS = {
    "linear": lambda: LinearAttention(chunk=4),
    "random features": lambda: RandomFeatureAttention(SIZE // HEADS, 8, chunk=4),
    "retention": lambda: Retention(HEADS, chunk=4),
}
every_sum = pytest.mark.parametrize("name", SUMS)


def masks():
    """Which words count, (B, 1, N): padding behind, in front, and a text of padding alone; and words here and there."""
    place = torch.arange(N)
    return [None, torch.stack([place < 16, place >= 7, place < 0]).unsqueeze(1), some_mask(B, 1, N, seed=1)]


def by_steps(attention, x, mask, lengths, **options):
    """The outputs, and the last state."""
    state, outputs = None, []
    parts = [None] * len(lengths) if mask is None else mask.split(lengths, -1)
    for words, its_mask in zip(x.split(lengths, 1), parts, strict=True):
        output, _, state = attention.step(words, state, its_mask, **options)
        outputs.append(output)
    return torch.cat(outputs, 1), state


@pytest.mark.parametrize(
    ("layer", "form", "lengths"),
    [(*pair, lengths) for pair in CAUSAL for lengths in (SPLITS if pair[0] == "multi-head" else [MIXED])],
    ids=str,
)
@torch.no_grad()
def test_step_by_step_it_is_what_it_is_at_once(layer, form, lengths):
    attention, x = new_layer(layer, form), normal(B, N, SIZE)
    for mask in masks():
        whole, _ = attention(x, mask=mask, causal=True, need_weights=False)
        assert_close(by_steps(attention, x, mask, lengths)[0], whole)


@every_causal_pair
@torch.no_grad()
def test_it_goes_on_from_words_that_asked_nothing(layer, form):
    attention, x = new_layer(layer, form), normal(B, N, SIZE)
    for mask in masks():
        whole, _ = attention(x, mask=mask, causal=True, need_weights=False)
        past, new = (None, None) if mask is None else mask.split([17, 6], -1)
        output, _, _ = attention.step(x[:, 17:], attention.init_state(x[:, :17], mask=past), new)
        assert_close(output, whole[:, 17:])
    mask[..., :17] = True  # so that nothing need be said of them
    whole, _ = attention(x, mask=mask, causal=True, need_weights=False)
    for state in (attention.init_state(x[:, :17]), attention.step(x[:, :17])[2]):
        output, _, _ = attention.step(x[:, 17:], state, mask[..., 17:])
        assert_close(output, whole[:, 17:])


@every_causal_pair
def test_gradients_of_the_steps_are_those_of_the_whole(layer, form):
    attention, x = new_layer(layer, form), normal(B, N, SIZE).requires_grad_()
    whole, _ = attention(x, causal=True, need_weights=False)
    steps, _ = by_steps(attention, x, None, [9, 1, 1, 12])
    wanted = [x, *(p for p in attention.parameters() if p.requires_grad)]
    both = [torch.autograd.grad(y.square().sum(), wanted, allow_unused=True) for y in (steps, whole)]
    assert_close(*both)


@every_causal_pair
@torch.no_grad()
def test_two_who_go_on_from_one_state_do_not_disturb_each_other(layer, form):
    attention, x = new_layer(layer, form), normal(2, B, N, SIZE)
    x[1, :, :12] = x[0, :, :12]
    _, state = by_steps(attention, x[0, :, :12], None, [11, 1])  # a cache with room for more
    states, outputs = [state, state], [[], []]
    for i in range(12, N):
        for which in (0, 1):
            output, _, states[which] = attention.step(x[which, :, i : i + 1], states[which])
            outputs[which].append(output)
    for which in (0, 1):
        assert_close(torch.cat(outputs[which], 1), attention(x[which], causal=True)[0][:, 12:])


@every_causal_pair
@torch.no_grad()
def test_rows_that_are_picked_go_on_as_they_would_have(layer, form):
    attention, x, rows = new_layer(layer, form), normal(B, N, SIZE), torch.tensor([2, 0, 0, 1, 2])
    for mask in masks():
        past, new = (None, None) if mask is None else mask.split([17, 6], -1)
        _, state = by_steps(attention, x[:, :17], past, [16, 1])  # a cache with room for more
        whole, _ = attention(x, mask=mask, causal=True, need_weights=False)
        for _ in range(2):  # whoever picked has spoilt nothing
            picked = pick(state, rows)
            for i in range(6):
                word, counts = x[rows, 17 + i, None], None if new is None else new[rows, :, i, None]
                output, _, picked = attention.step(word, picked, counts)
                assert_close(output, whole[rows, 17 + i, None])


READS = [pair for pair in PAIRS if not FORMS[pair[1]].causal and "local" not in pair[1]]


@pytest.mark.parametrize(("layer", "form"), READS)
@torch.no_grad()
def test_a_source_that_is_projected_once_is_asked_as_in_the_whole_and_does_not_grow(layer, form):
    attention, source = new_layer(layer, form), normal(B, N, SIZE)
    queries, mask = source[:, -3:], masks()[1]
    state = attention.init_state(source, mask=mask)
    expected, _ = attention(queries, source, mask=mask, need_weights=False)
    for _ in range(2):
        output, _, state = attention.step(queries, state, append=False)
        assert_close(output, expected)


@torch.no_grad()
def test_the_weights_of_a_step_are_rows_of_the_whole():
    attention, x = new_layer("multi-head", "plain, causal"), normal(B, N, SIZE)
    _, rows = attention(x, causal=True)
    _, state = by_steps(attention, x[:, :20], None, [20])
    _, weights, _ = attention.step(x[:, 20:], state, need_weights=True)
    assert_close(weights, rows[..., 20:, :])


# What is kept


@every_sum
@torch.no_grad()
def test_sums_do_not_grow_and_hold_no_weights(name):
    attention = MultiHeadAttention(SIZE, HEADS, attend=SUMS[name]())
    state, sizes = attention.init_state(torch.randn(B, 0, SIZE)), set()
    for words in (1, 1, 1, 40, 1):
        sizes.add(sum(x.numel() for x in leaves(state)))
        _, _, state = attention.step(torch.randn(B, words, SIZE), state)
    assert len(sizes) == 1
    with pytest.raises(ValueError, match="need_weights: expected False, as sums hold no keys to show weights of"):
        attention.step(torch.randn(B, 1, SIZE), state, need_weights=True)


@pytest.mark.parametrize("foreign", [torch.nan, torch.inf])
@every_sum
@torch.no_grad()
def test_a_value_that_is_not_finite_is_seen_from_there_on_and_not_before(name, foreign):
    attend, (queries, keys, values) = (
        SUMS[name](),
        (normal(2, HEADS, 9, 4, dtype=torch.float32, seed=s) for s in range(3)),
    )
    values[..., 5, 1] = foreign
    state, finite = attend.init_state(keys[..., :0, :], values[..., :0, :]), []
    for i in range(9):
        output, _, state = attend.step(*(x[..., i : i + 1, :] for x in (queries, keys, values)), state)
        finite.append(bool(output.isfinite().all()))
    assert finite == [True] * 5 + [False] * 4


def test_who_only_looks_back_is_no_source():
    for attend in (Retention(HEADS), LocalAttention(3)):
        attention = MultiHeadAttention(SIZE, HEADS, attend=attend)
        with pytest.raises(ValueError, match="keys: expected some, as"):
            attention.step(torch.randn(B, 2, SIZE), attention.init_state(torch.randn(B, 5, SIZE)), append=False)


# The room of keys and values


def some_cache(length, dtype=torch.float32, seed=0):
    return KeyValueCache.of(*(normal(2, 3, length, 4, dtype=dtype, seed=seed + s) for s in range(2)))


def words(count, seed):
    return [normal(2, 3, count, 4, dtype=torch.float32, seed=seed + s) for s in range(2)]


@torch.no_grad()
def test_a_word_is_written_in_place_and_the_room_doubles():
    cache, rooms = some_cache(3), []
    given = cache.keys.data_ptr()
    for i in range(200):
        cache = cache.append(*words(1, i))
        rooms.append((cache.room.keys.data_ptr(), cache.room.keys.shape[-2]))
        assert cache.length == 4 + i and cache.keys.shape == (2, 3, 4 + i, 4)
        assert_close([cache.keys[..., -1:, :], cache.values[..., -1:, :]], words(1, i))
    assert given not in {place for place, _ in rooms}  # which is not ours to write into
    sizes = sorted({size for _, size in rooms})
    assert len(sizes) == 5 and sizes[0] == LEAST and all(b > 2 * a for a, b in pairwise(sizes))


class Largest(TorchDispatchMode):
    """The most numbers that an operation puts into memory of its own."""

    numbers = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        result = function(*arguments, **(keywords or {}))
        known = {x.untyped_storage().data_ptr() for x in arguments if isinstance(x, torch.Tensor)}
        for x in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(x, torch.Tensor) and x.untyped_storage().data_ptr() not in known:
                self.numbers = max(self.numbers, x.numel())
        return result


@pytest.mark.parametrize("groups", ["multi-head", "2 groups"])
@torch.no_grad()
def test_a_decoder_copies_nothing_that_it_has_kept(groups):
    config = Config(SIZE, HEADS, 8, 2, 0.0, positions=None, attend=RotaryAttention, attention=LAYERS[groups])
    decoder = TransformerDecoder(9, config).eval()
    _, _, state = decoder.step(torch.ones(1, 4000, dtype=torch.long))
    _, _, state = decoder.step(torch.ones(1, 1, dtype=torch.long), state)  # which finds the room full
    with Largest() as seen:
        decoder.step(torch.ones(1, 1, dtype=torch.long), state)
    assert seen.numbers <= HEADS * 4002  # scores and weights of one word


def test_the_guard_sees_a_copy():
    x = torch.randn(10, 10)
    with Largest() as seen:
        torch.cat([x, x])
        _ = x[1:].mT
    assert seen.numbers == 200


@torch.no_grad()
def test_the_second_of_two_gets_a_room_of_its_own():
    first = some_cache(3).append(*words(1, 5))
    one, other = first.append(*words(2, 7)), first.append(*words(2, 9))
    assert one.room is first.room and other.room is not first.room
    assert_close(one.keys[..., 4:, :], words(2, 7)[0])
    assert_close(other.keys[..., 4:, :], words(2, 9)[0])
    assert first.length == 4 and first.keys.equal(one.keys[..., :4, :]) and first.keys.equal(other.keys[..., :4, :])


def test_where_gradients_are_wanted_nothing_is_written_in_place():
    new = [x.requires_grad_() for x in words(1, 5)]
    with torch.no_grad():
        cache = some_cache(3).append(*words(1, 7))
    longer = cache.append(*new)
    squares = longer.keys.square().sum()
    with torch.no_grad():
        longer.append(*words(1, 9))
        cache.append(*words(1, 11))
    squares.backward()
    assert_close(new[0].grad, 2 * new[0])


def test_what_was_kept_in_inference_mode_goes_on_outside():
    with torch.inference_mode():
        cache = some_cache(3).append(*words(1, 5))
    with torch.no_grad():
        assert_close(cache.append(*words(1, 7)).keys[..., -1:, :], words(1, 7)[0])


@torch.no_grad()
def test_another_type_of_numbers_gets_a_room_of_its_own():
    half = some_cache(3, torch.bfloat16).append(*(x.bfloat16() for x in words(1, 5)))
    longer = half.append(*words(1, 7))
    assert longer.keys.dtype == torch.float32 and longer.keys[..., -1:, :].equal(words(1, 7)[0])


def test_a_mask_says_which_of_the_new_words_count():
    cache = some_cache(3).append(*words(2, 5), torch.tensor([True, False]))
    assert cache.mask.tolist() == [[True, True, True, True, False]]
    assert cache.append(*words(1, 7)).mask.tolist() == [[True, True, True, True, False, True]]
    assert cache.last(2).mask.tolist() == [[True, False]]
    with pytest.raises(ValueError, match=r"mask: expected a shape that broadcasts to \(1, 2\), got \(5,\)"):
        cache.append(*words(2, 5), torch.ones(5).bool())


# A whole decoder, with padding


@pytest.mark.parametrize("form", [form for form in FORMS if FORMS[form].causal])
@torch.no_grad()
def test_a_decoder_writes_with_padding_as_at_once(form):
    layer = {"attention": LAYERS["shared"]} if one_vector(form) else {}
    torch.manual_seed(0)
    config = Config(SIZE, HEADS, 16, layers=2, dropout=0.0, attend=lambda: FORMS[form].make(HEADS, 4), **layer)
    decoder = TransformerDecoder(11, config).double().eval()
    tokens = torch.randint(1, 11, (B, N), generator=torch.Generator().manual_seed(0))
    assert N < LONGEST
    for number, mask in enumerate(masks()):
        whole, _ = decoder(tokens, mask=mask)
        for lengths in SPLITS if number == 1 else [MIXED]:
            state, pieces = None, []
            parts = [None] * len(lengths) if mask is None else mask.split(lengths, -1)
            for piece, its_mask in zip(tokens.split(lengths, 1), parts, strict=True):
                logits, _, state = decoder.step(piece, state, mask=its_mask)
                pieces.append(logits)
            assert_close(torch.cat(pieces, 1), whole)
            assert state.length == N
