"""A sequence said twice, and the small decoder that says it again."""

import pytest
import torch

from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.efficient.hashing import HashingAttention
from attention_course.lessons.lesson_19.copy_model import CopyModel
from attention_course.lessons.lesson_19.copy_task import MARK, copy_task


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_sequence_is_said_twice_with_a_mark_before_each():
    said = copy_task(50, 4, 6, generator())
    assert said.shape == (50, 10) and (said[:, [0, 5]] == MARK).all()
    assert said[:, 1:5].equal(said[:, 6:]) and set(said[:, 1:5].unique().tolist()) == {1, 2, 3, 4, 5}
    assert said.equal(copy_task(50, 4, 6, generator()))
    with pytest.raises(ValueError, match="length and words: expected at least 1 and 2, got 0 and 6"):
        copy_task(1, 0, 6, generator())


def test_it_is_asked_for_the_second_half_and_sees_no_word_too_early():
    torch.manual_seed(0)
    model = CopyModel(4, words=6).eval()
    (heard,), said = model.draw(3, generator())
    logits, _ = model(heard)
    assert logits.shape == (3, 4, 6)
    changed = heard.clone()
    changed[:, -1] = (changed[:, -1] + 1) % 6
    assert model(changed)[0][:, :-1].equal(logits[:, :-1]) and not model(changed)[0].equal(logits)
    assert said.equal(copy_task(3, 4, 6, generator())[:, -4:])


def test_sequences_are_drawn_to_where_the_model_is():
    (heard,), said = CopyModel(4, words=6).to("meta").draw(3, generator())
    assert heard.device.type == said.device.type == "meta"


def test_what_is_asked_is_what_its_attention_gets():
    torch.manual_seed(0)
    model, caught = CopyModel(4, words=6).eval(), []
    (heard,), _ = model.draw(3, generator())

    def listen(queries, keys, values, mask=None, causal=False, need_weights=True):
        caught.append((queries, keys, values))
        return attention_to_others(queries, keys, values, mask, causal, need_weights)

    before, _ = model(heard)
    model.use(listen)
    assert model(heard)[0].equal(before)
    keys, values = model.asked(heard)
    assert all(x.equal(keys) for x in caught[0][:2]) and caught[0][2].equal(values)
    assert keys.shape == (3, 2, 9, 32)


def test_its_attention_can_be_exchanged_function_for_module_and_back():
    torch.manual_seed(0)
    model = CopyModel(4, words=6).eval()
    (heard,), _ = model.draw(3, generator())
    full, _ = model(heard)
    hashing = HashingAttention(32, 2, rounds=1, window=9)
    hashing.rotations.zero_()  # all in one bucket
    model.use(hashing)
    torch.testing.assert_close(model(heard)[0], full)
    model.use(attention_to_others)
    assert model(heard)[0].equal(full)


def test_it_learns():
    torch.manual_seed(0)
    model = CopyModel(2, words=4)
    losses = model.train_for(60, seed=0, progress=False)
    assert losses[-1] < losses[0] and 0 <= model.words_right(20, seed=1) <= 1
