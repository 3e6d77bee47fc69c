"""The recurrent parts: an encoder that padding does not touch, a cell that is PyTorch's, dropout shared over time."""

import pytest
import torch
from factories import SOURCE, as_one_gru, normal, widen
from torch import nn
from torch.testing import assert_close

from attention_course.layers.dropout import SharedDropout
from attention_course.masks import PAD
from attention_course.models.recurrent import ContextGRUCell, Encoder, reverse

REAL = (SOURCE != PAD)[..., None]


def new_encoder(**options):
    torch.manual_seed(0)
    return Encoder(12, 8, 6, **options).double()


# The encoder


def test_reading_from_both_ends_is_what_a_packed_bidirectional_gru_does():
    encoder = new_encoder()
    expected, _ = as_one_gru(encoder)(SOURCE)
    assert_close(encoder(SOURCE) * REAL, expected * REAL)


def test_an_annotation_knows_the_words_on_both_sides_of_it():
    encoder, source = new_encoder(), SOURCE[:1]
    before = encoder(source)[0]
    for changed in range(5):
        after = encoder(source.clone().index_fill_(1, torch.tensor(changed), 10))[0]
        ahead, behind = (after != before).view(5, 2, 6).any(-1).T.tolist()
        assert ahead == [i >= changed for i in range(5)]
        assert behind == [i <= changed for i in range(5)]


@pytest.mark.parametrize("training", [False, True])
def test_padding_changes_no_annotation_even_with_dropout(training):
    encoder = new_encoder(dropout=0.5).train(training)
    torch.manual_seed(1)
    narrow = encoder(SOURCE)
    torch.manual_seed(1)
    assert_close(encoder(widen(SOURCE))[:, :5] * REAL, narrow * REAL)


@pytest.mark.parametrize("shape", [(2, 0), (0, 0)])
def test_a_batch_without_a_word_is_told(shape):
    with pytest.raises(ValueError, match=rf"source: expected at least one word .* shape \({shape[0]}, 0\)"):
        new_encoder()(torch.zeros(shape, dtype=torch.int64))


def test_reversing_turns_the_words_and_leaves_the_padding_and_twice_is_nothing():
    sequences, lengths = torch.arange(12.0).view(3, 4, 1), torch.tensor([[4], [3], [0]])
    turned = reverse(sequences, lengths)
    assert turned[..., 0].tolist() == [[3, 2, 1, 0], [6, 5, 4, 7], [8, 9, 10, 11]]
    assert reverse(turned, lengths).equal(sequences)


# The cell


def test_the_cell_is_that_of_pytorch_on_word_and_context_joined():
    torch.manual_seed(0)
    ours, theirs = ContextGRUCell(3, 4, 5).double(), nn.GRUCell(7, 5).double()
    with torch.no_grad():
        theirs.weight_ih.copy_(torch.cat([ours.from_word.weight, ours.from_context.weight], -1))
        theirs.bias_ih.copy_(ours.from_word.bias)
        theirs.weight_hh.copy_(ours.from_state.weight)
        theirs.bias_hh.copy_(ours.from_state.bias)
    inputs = [normal(2, size, seed=size).requires_grad_() for size in (3, 4, 5)]
    word, context, state = inputs
    new, expected = ours(ours.from_word(word), context, state), theirs(torch.cat([word, context], -1), state)
    assert_close(new, expected)
    assert_close(*(torch.autograd.grad(output.square().sum(), inputs) for output in (new, expected)))


def test_a_new_cell_is_as_large_as_a_new_one_of_pytorch():
    torch.manual_seed(0)
    parameters = dict(ContextGRUCell(30, 40, 25).named_parameters())
    assert all(0.19 < p.abs().max() <= 0.2 for p in parameters.values())
    theirs = sum(p.numel() for p in nn.GRUCell(70, 25).parameters())
    assert sum(p.numel() for p in parameters.values()) == theirs


# Dropout


def test_dropout_loses_the_same_features_at_every_word_and_others_in_another_sentence():
    torch.manual_seed(0)
    dropped = SharedDropout(0.4)(torch.ones(50, 7, 100, dtype=torch.float64))
    assert dropped.eq(dropped[:, :1]).all()
    assert set(dropped.unique().tolist()) == {0.0, 1 / 0.6}
    assert len(dropped[:, 0].unique(dim=0)) == 50
    assert abs((dropped == 0).double().mean() - 0.4) < 0.03


def test_without_training_dropout_is_the_identity():
    sequences = normal(2, 3, 4)
    assert SharedDropout(0.9).eval()(sequences).equal(sequences)
    assert SharedDropout(0.0)(sequences).equal(sequences)
