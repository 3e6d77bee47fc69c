"""Luong's translators: windows that are where they should be, and input feeding that feeds."""

from functools import partial

import numpy as np
import pytest
import torch
from factories import FITTING, PREVIOUS, SIZES, SOURCE, TARGET, gradients, new_model, normal, with_score
from torch import nn
from torch.testing import assert_close

from attention_course.masks import PAD
from attention_course.models.luong import Luong, MonotonicWindow, PredictiveWindow
from attention_course.training import sequence_loss

LENGTHS = (SOURCE != PAD).sum(-1)


def with_window(window, score="bilinear"):
    """A `Luong` whose parameters are the same whatever the window, but for the window's own."""
    model = with_score(partial(Luong, 12, 11), score, window=window, **SIZES).double().eval()
    generator = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        if not name.startswith("window"):
            nn.init.normal_(parameter, std=0.7, generator=generator)
    return model


class Centred(nn.Module):
    """A window around a given place, with a given curve."""

    def __init__(self, centre, reach, width):
        super().__init__()
        self.centre, self.reach, self.width = centre, reach, width

    def forward(self, hidden, position, lengths):
        return self.centre.expand(len(hidden)), self.width


# The equations


@pytest.mark.parametrize("score", FITTING)
def test_a_step_is_the_one_of_the_paper(score):
    model = with_window(None, score)
    memory, state = model.encode(SOURCE)
    for word in (4, 7):
        previous = model.embedding.weight[[word] * 3]
        gates = model.cell.from_word(previous)
        hidden = model.cell(gates, state.attentional, state.hidden)
        scores = model.score(hidden[:, None], memory.annotations)[:, 0].masked_fill(SOURCE == PAD, -torch.inf)
        weights = scores.softmax(-1)
        context = sum(w[:, None] * h for w, h in zip(weights.T, memory.annotations.unbind(1), strict=True))
        attentional = torch.tanh(model.readout(torch.cat([hidden, context], -1)))
        logits, state, looked = model.step(torch.full((3,), word), state, memory)
        assert_close(looked, weights)
        assert_close(state.hidden, hidden)
        assert_close(state.attentional, attentional)
        assert_close(logits, attentional @ model.embedding.weight.T + model.bias)
    assert state.position.tolist() == [2, 2, 2]


def test_the_attentional_vector_is_fed_to_the_next_word_unless_nothing_is():
    class Unfed(Luong):
        def advance(self, word, state, source):
            return super().advance(word, state._replace(attentional=torch.zeros_like(state.attentional)), source)

    fed = with_window(None)
    unfed = Unfed(12, 11, **SIZES).double()
    unfed.load_state_dict(fed.state_dict())
    memory, state = fed.encode(SOURCE)
    other = state._replace(attentional=normal(3, 8))
    for model, depends in ((fed, True), (unfed, False)):
        (logits, after, weights), (other_logits, other_after, other_weights) = (
            model.step(PREVIOUS[:, 0], s, memory) for s in (state, other)
        )
        assert logits.equal(other_logits) == after.hidden.equal(other_after.hidden) == (not depends)
        assert weights.equal(other_weights) == (not depends)
    # Before the first word there is nothing to feed; from the second word on it makes a difference.
    (logits, _), (others, _) = fed(SOURCE, PREVIOUS), unfed(SOURCE, PREVIOUS)
    assert_close(logits[:, 0], others[:, 0])
    assert not (logits[:, 1:] - others[:, 1:]).abs().amax(-1).lt(1e-3).any()
    assert "cell.from_context.weight" in gradients(fed, sequence_loss(logits, TARGET))


# local-m


@pytest.mark.parametrize("score", FITTING)
def test_a_window_over_the_whole_sentence_is_global_attention(score):
    logits, weights = with_window(None, score)(SOURCE, PREVIOUS)
    local_logits, local_weights = with_window(MonotonicWindow(5), score)(SOURCE, PREVIOUS)
    assert local_weights.equal(weights) and local_logits.equal(logits)


@pytest.mark.parametrize("reach", [0, 1, 2])
def test_the_window_moves_on_with_the_words_and_stays_at_the_end(reach):
    _, weights = with_window(MonotonicWindow(reach))(SOURCE, PREVIOUS)
    for its_weights, length in zip(weights, LENGTHS.tolist(), strict=True):
        for t, row in enumerate(its_weights):
            centre = min(t, length - 1)
            seen = [i for i in range(length) if abs(i - centre) <= reach]
            assert row.nonzero().flatten().tolist() == seen
            assert_close(row.sum(), torch.tensor(1.0, dtype=torch.float64))


def test_a_window_of_one_word_puts_all_weight_on_it():
    _, weights = with_window(MonotonicWindow(0))(SOURCE, PREVIOUS)
    assert weights.argmax(-1).tolist() == [[0, 1, 2, 3], [0, 1, 2, 2], [0, 0, 0, 0]]
    assert weights.amax(-1).eq(1).all()


class At257(PredictiveWindow):
    """Whatever the state is: word 257 of 515."""

    def __init__(self):
        super().__init__(10, 1)
        nn.init.zeros_(self.u.weight)


@pytest.mark.parametrize("window", [MonotonicWindow(0), At257()])
def test_the_window_is_in_its_place_far_into_a_long_text(window):
    source, position = torch.full((1, 515), 5), torch.tensor([257])
    model = with_window(window).bfloat16()  # 257 is no number of bfloat16
    memory, state = model.encode(source)
    _, _, weights = model.step(torch.tensor([4]), state._replace(position=position), memory)
    assert weights.argmax().item() == 257


# local-p


def test_the_predicted_centre_lies_inside_the_sentence():
    torch.manual_seed(0)
    window = PredictiveWindow(10, 3).double()
    hidden = 100 * normal(3000, 10)
    lengths = torch.arange(1, 31).repeat(100)
    nn.init.normal_(window.u.weight, std=5)
    centre, width = window(hidden, torch.zeros(3000, dtype=torch.long), lengths)
    assert (centre >= 0).all() and (centre <= lengths - 1).all()
    assert centre[lengths == 30].min() < 1 and centre[lengths == 30].max() > 28  # and reaches both ends
    assert width == 1.5
    expected = (lengths - 1) / (1 + torch.exp(-torch.tanh(hidden @ window.project.weight.T) @ window.u.weight[0]))
    assert_close(centre, expected)


def test_the_weights_are_those_of_the_window_times_the_curve():
    window = PredictiveWindow(10, 2)
    nn.init.normal_(window.u.weight, std=3)
    model = with_window(window)
    memory, state = model.encode(SOURCE)
    for words in PREVIOUS.unbind(1):
        _, state, weights = model.step(words, state, memory)
        centres = window(state.hidden, state.position, LENGTHS)[0].tolist()
        scores = model.score(state.hidden[:, None], memory.annotations)[:, 0].tolist()
        for b, centre in enumerate(centres):
            inside = [i for i in range(LENGTHS[b]) if abs(i - centre) <= 2]
            total = sum(np.exp(scores[b][i]) for i in inside)
            curve = {i: np.exp(-((i - centre) ** 2) / 2) for i in inside}  # sigma = reach / 2 = 1
            expected = [np.exp(scores[b][i]) / total * curve[i] if i in inside else 0.0 for i in range(5)]
            assert_close(weights[b].tolist(), expected)


def test_predicted_weights_sum_to_at_most_one():
    _, weights = new_model("Luong, local-p")(SOURCE, PREVIOUS)
    sums = weights.sum(-1)
    assert (sums > 0).all() and (sums <= 1 + 1e-12).all() and (sums < 0.95).any()
    assert_close(sums[2], torch.ones(4, dtype=torch.float64))  # the only word of its sentence is the centre


@pytest.mark.parametrize("centre", [0.0, 2.2, 3.4])
def test_the_curve_falls_off_on_both_sides_and_tells_the_centre_where_to_go(centre):
    centre = torch.tensor(centre, dtype=torch.float64, requires_grad=True)
    model = with_window(Centred(centre, 10, 1.5))
    nn.init.zeros_(model.score.project_key.weight)  # all scores are the same
    weights = model(SOURCE[:1], PREVIOUS[:1, :1])[1][0, 0]
    distance = torch.arange(5) - centre
    assert (weights[distance.abs().argsort()].diff() < 0).all()
    assert_close(weights, torch.exp(-(distance**2) / 4.5) / 5)
    slopes = torch.stack([torch.autograd.grad(w, centre, retain_graph=True)[0] for w in weights])
    assert slopes.sign().equal(distance.sign())


# What cannot be


def test_a_window_that_sees_no_word_is_told():
    with pytest.raises(ValueError, match="reach: expected at least 0, got -1"):
        MonotonicWindow(-1)
    with pytest.raises(ValueError, match=r"reach: expected at least 1, .* got 0"):
        PredictiveWindow(10, 0)
