"""What holds for every translator: padding changes nothing, and word by word gives what a whole sentence gives."""

import pytest
import torch
from factories import (
    ATTENTIVE,
    MODELS,
    PREVIOUS,
    SIZES,
    SOURCE,
    TARGET,
    DeviceIsGiven,
    as_one_gru,
    gradients,
    leaves,
    new_model,
    new_translator,
    state_after,
    widen,
)
from torch import nn
from torch.testing import assert_close

from attention_course.decoding import greedy
from attention_course.masks import PAD
from attention_course.models.luong import Luong
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch
from attention_course.scores import AdditiveScore, BilinearScore, DotScore
from attention_course.training import sequence_loss

every_model = pytest.mark.parametrize("name", MODELS)
every_model_of_attention = pytest.mark.parametrize("name", ATTENTIVE)
within = dict(rtol=0, atol=1e-9)


# Padding


@every_model
def test_more_padding_changes_no_logits_weights_or_state(name):
    model = new_model(name)
    logits, weights = model(SOURCE, PREVIOUS)
    wide_logits, wide_weights = model(widen(SOURCE), widen(PREVIOUS, 2))
    assert_close(wide_logits[:, :4], logits, **within)
    if weights is not None:
        assert_close(wide_weights[:, :4, :5], weights, **within)
    assert_close(state_after(model, widen(SOURCE), PREVIOUS), state_after(model, SOURCE, PREVIOUS), **within)


@every_model
def test_more_padding_changes_neither_loss_nor_gradient(name):
    model = new_model(name)
    loss = sequence_loss(model(SOURCE, PREVIOUS)[0], TARGET)
    wide = sequence_loss(model(widen(SOURCE), widen(PREVIOUS, 2))[0], widen(TARGET, 2))
    assert_close(wide, loss, **within)
    assert_close(gradients(model, wide), gradients(model, loss), **within)


@every_model
def test_a_sentence_alone_gives_what_it_gives_in_a_batch(name):
    model = new_model(name)
    logits, weights = model(SOURCE, PREVIOUS)
    for i, (words, targets) in enumerate([(5, 4), (3, 2), (1, 3)]):
        its_source, its_previous = SOURCE[i : i + 1, :words], PREVIOUS[i : i + 1, :targets]
        its_logits, its_weights = model(its_source, its_previous)
        assert_close(logits[i, :targets], its_logits[0], **within)
        if weights is not None:
            assert_close(weights[i, :targets, :words], its_weights[0], **within)
        together = state_after(model, SOURCE, PREVIOUS[:, :targets])
        assert_close([s[i] for s in together], [s[0] for s in state_after(model, its_source, its_previous)], **within)

        alone = sequence_loss(its_logits, TARGET[i : i + 1, :targets])
        in_the_batch = sequence_loss(logits[i : i + 1], TARGET[i : i + 1])
        assert_close(in_the_batch, alone, **within)
        assert_close(gradients(model, in_the_batch), gradients(model, alone), **within)


@every_model
def test_more_padding_changes_no_dropout(name):
    model = new_model(name, dropout=0.5).train()
    torch.manual_seed(1)
    logits, _ = model(SOURCE, PREVIOUS)
    torch.manual_seed(1)
    assert_close(model(widen(SOURCE), widen(PREVIOUS))[0][:, :4], logits, **within)
    assert not model(SOURCE, PREVIOUS)[0].allclose(logits)


@every_model_of_attention
def test_padding_gets_no_weight_and_the_words_share_one(name):
    _, weights = new_model(name)(widen(SOURCE), PREVIOUS)
    assert not weights.masked_select((widen(SOURCE) == PAD)[:, None]).any()
    assert (weights >= 0).all()
    if name != "Luong, local-p":  # its weights sum to less, see test_luong
        assert_close(weights.sum(-1), torch.ones(3, 4, dtype=torch.float64), **within)
    if name != "Luong, local-m":  # it may have no choice
        assert weights[0].std(0).sum() > 0.1  # it looks elsewhere for another word


@every_model
def test_a_sentence_without_words_leaves_everything_finite_and_the_others_alone(name):
    model, source = new_model(name), torch.cat([SOURCE, torch.full((1, 5), PAD)])
    previous = torch.cat([PREVIOUS, PREVIOUS[:1]])
    logits, weights = model(source, previous)
    if weights is not None:
        assert not weights[3].any()
    assert_close(logits[:3], model(SOURCE, PREVIOUS)[0], **within)
    assert logits.isfinite().all()
    assert all(g.isfinite().all() for g in gradients(model, logits.square().sum()).values())


@every_model
def test_a_batch_without_sentences_and_one_without_words(name):
    model = new_model(name)
    assert model(SOURCE[:0], PREVIOUS[:0])[0].shape == (0, 4, 11)
    with pytest.raises(ValueError, match=r"source: expected at least one word a sentence, got the shape \(3, 0\)"):
        model(SOURCE[:, :0], PREVIOUS)


# The two ways of writing


@every_model
def test_teacher_forcing_and_word_by_word_give_the_same(name):
    model = new_model(name)
    logits, weights = model(SOURCE, PREVIOUS)
    memory, state = model.encode(SOURCE)
    for t, previous in enumerate(PREVIOUS.unbind(1)):
        step_logits, state, step_weights = model.step(previous, state, memory)
        assert_close(step_logits, logits[:, t], **within)
        if weights is None:
            assert step_weights is None
        else:
            assert_close(step_weights, weights[:, t], **within)


@every_model
def test_a_word_knows_the_words_before_it_and_none_after(name):
    model, changed = new_model(name), PREVIOUS.clone()
    changed[:, 2] = 8
    (logits, weights), (other_logits, other_weights) = model(SOURCE, PREVIOUS), model(SOURCE, changed)
    assert other_logits[:, :2].equal(logits[:, :2])
    assert (other_logits[:, 2:] != logits[:, 2:]).any(-1).all()
    if weights is not None:
        assert other_weights[:, :2].equal(weights[:, :2])


# Gradients, types, devices


@every_model
def test_gradients_reach_every_parameter(name):
    model = new_model(name)
    reached = gradients(model, sequence_loss(model(SOURCE, PREVIOUS)[0], TARGET))
    assert [name for name, p in model.named_parameters() if name not in reached or not reached[name].any()] == []


@every_model
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_type_follows_the_model_and_nothing_is_made_without_a_device(name, dtype):
    model = new_model(name, dtype)
    with DeviceIsGiven():
        logits, weights = model(SOURCE, PREVIOUS)
        memory, state = model.encode(SOURCE)
        step_logits, state, step_weights = model.step(PREVIOUS[:, 0], state, memory)
    tensors = [logits, step_logits, *leaves(memory), *leaves(state)]
    tensors += [] if weights is None else [weights, step_weights]
    assert {t.dtype for t in tensors if t.is_floating_point()} == {dtype}


@every_model
def test_bfloat16_is_near_float32(name):
    model = new_model(name, torch.float32)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    logits, _ = model(SOURCE, PREVIOUS)
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = model(SOURCE, PREVIOUS)
        words, _ = greedy(model, SOURCE)
    assert half.dtype == torch.bfloat16 and len(words) == 3
    assert_close(half.float(), logits, rtol=0, atol=0.05 * logits.std().item())
    loss, half_loss = (sequence_loss(x.float(), TARGET) for x in (logits, half))
    full, reduced = (torch.cat([g.flatten() for g in gradients(model, x).values()]) for x in (loss, half_loss))
    assert torch.cosine_similarity(full, reduced, dim=0) > 0.99


# Each for itself


def test_without_attention_all_that_is_known_of_a_sentence_is_one_vector_of_the_last_states():
    model = new_model("encoder-decoder")
    _, last = as_one_gru(model.encoder)(SOURCE)
    summary, state = model.encode(SOURCE)
    assert_close(summary, torch.cat([*last], -1))
    assert_close(state, torch.tanh(model.first_state(last[1])))


def test_a_query_with_the_last_word_looks_elsewhere_after_another_word():
    other = torch.cat([PREVIOUS[:, :3], torch.full((3, 1), 8)], 1)
    weights = {}
    for name in ("RNNsearch, additive", "last word in the query"):
        model = new_model(name)
        weights[name] = [model(SOURCE, previous)[1][:, 3] for previous in (PREVIOUS, other)]
    with_state, with_word = weights.values()
    assert with_state[0].equal(with_state[1])  # s_{t-1} does not know y_{t-1} yet
    assert not with_word[0].allclose(with_word[1])


def test_without_a_score_each_has_that_of_its_paper():
    assert isinstance(new_translator().score, AdditiveScore)
    assert isinstance(Luong(5, 5).score, BilinearScore)
    assert isinstance(RNNsearch(5, 5, score=DotScore()).score, DotScore)


@pytest.mark.parametrize("model", [EncoderDecoder, RNNsearch, Luong])
def test_the_output_matrix_is_the_embedding_of_the_target(model):
    sizes = {name: tuple(p.shape) for name, p in model(31, 37, **SIZES).named_parameters()}
    assert [name for name, size in sizes.items() if 37 in size] == ["bias", "embedding.weight"]
