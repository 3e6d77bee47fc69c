"""A decoder whose attention sees a window keeps no more than the window, and writes as if it had kept all."""

from functools import partial

import pytest
import torch
from torch.testing import assert_close

from attention_course.efficient.grouped_query import GroupedQueryAttention
from attention_course.efficient.local import LocalAttention
from attention_course.layers import MultiHeadAttention
from attention_course.models.transformer import Config, TransformerDecoder
from attention_course.positions import RotaryAttention

WORDS = torch.randint(1, 12, (2, 23), generator=torch.Generator().manual_seed(0))
LAYERS = {"all heads": MultiHeadAttention, "two groups": partial(GroupedQueryAttention, groups=2)}
WAYS = {
    "sinusoidal": lambda window: {"attend": lambda: LocalAttention(window, chunk=4)},
    "rotary": lambda window: {
        "positions": None, "attend": lambda: RotaryAttention(attend=LocalAttention(window, chunk=4))
    },
}  # fmt: skip


def words_kept(state):
    cache = getattr(state, "inner", state)
    assert cache.keys.shape[-2] == cache.values.shape[-2] == cache.length
    return cache.length


def new_decoder(window, layer, way):
    torch.manual_seed(0)
    config = Config(16, 4, 8, 2, dropout=0.0, attention=LAYERS[layer], **WAYS[way](window))
    return TransformerDecoder(12, config).double().eval()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layer", LAYERS)
@pytest.mark.parametrize("window", [1, 2, 5, 40])
@pytest.mark.parametrize("parts", [[1] * 23, [9, 1, 1, 12], [2, 21]])
def test_a_cut_cache_changes_nothing(window, layer, way, parts):
    decoder = new_decoder(window, layer, way)
    state, logits, seen = None, [], 0
    for words in WORDS.split(parts, -1):
        now, _, state = decoder.step(words, state)
        logits.append(now)
        seen += words.shape[-1]
        assert state.length == seen
        assert all(words_kept(block) == min(window - 1, seen) for block in state.blocks)
    assert_close(torch.cat(logits, 1), decoder(WORDS)[0])


def test_what_sees_everything_keeps_everything():
    layer = MultiHeadAttention(16, 4)
    _, _, state = layer.step(torch.randn(2, 1, 16), layer.init_state(torch.randn(2, 9, 16)))
    assert words_kept(state) == 10


@torch.no_grad()
def test_the_room_of_a_window_does_not_grow_with_the_words():
    decoder, state, rooms = new_decoder(5, "all heads", "rotary"), None, []
    for words in (WORDS[:, :20].repeat(1, 20), *WORDS.repeat(1, 20).split(1, -1)):
        _, _, state = decoder.step(words, state)
        rooms.append(state.blocks[0].inner.room.keys.shape[-2])
    assert max(rooms[1:]) <= 4 * 16


def test_the_words_behind_the_window_are_forgotten():
    decoder = new_decoder(5, "all heads", "sinusoidal")
    _, _, state = decoder.step(WORDS[:, :20])
    other = WORDS[:, :20].clone()
    other[:, :9] = 3  # two layers of a window of five see eight words back, so the last four rows of keys are the same
    _, _, changed = decoder.step(other)
    assert_close(state.blocks[1].keys, changed.blocks[1].keys)
