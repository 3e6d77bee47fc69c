"""Hierarchical attention: what is padded changes nothing, what is empty is clear, and the levels are what they say."""

import pytest
import torch
from factories import DeviceIsGiven
from torch import nn
from torch.testing import assert_close

from attention_course.layers import AttentionPooling, MeanPooling
from attention_course.lessons.lesson_07.document_training import accuracy, read, train
from attention_course.lessons.lesson_07.documents import pad_documents
from attention_course.masks import PAD
from attention_course.models.hierarchical import BidirectionalGRU, HierarchicalAttention, Identity, Level

DOCUMENT = [[5, 4, 9], [8], [3, 7, 6, 2]]
SHORT = [[6, 5]]


def with_attention(encoder):
    return Level(encoder, AttentionPooling(6, 5))


LEVELS = {
    "both GRUs": lambda: (with_attention(BidirectionalGRU(6)), with_attention(BidirectionalGRU(6))),
    "sentence GRU": lambda: (with_attention(Identity()), with_attention(BidirectionalGRU(6))),
    "no GRUs": lambda: (with_attention(Identity()), with_attention(Identity())),
    "means": lambda: (Level(Identity(), MeanPooling()), Level(Identity(), MeanPooling())),
}
each = pytest.mark.parametrize("name", LEVELS)


def new(name, dtype=torch.float64):
    torch.manual_seed(0)
    model = HierarchicalAttention(12, *LEVELS[name](), size=6, classes=3).to(dtype).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        assert_close(a, b, rtol=0, atol=1e-6)


@each
def test_padded_words_and_sentences_change_nothing(name):
    model, tokens = new(name), pad_documents([DOCUMENT, SHORT])
    logits, sentences, words = model(tokens)
    wide = model(nn.functional.pad(tokens, (0, 4, 0, 3), value=PAD))
    assert_same((logits, sentences, words), (wide.logits, wide.sentence_weights[:, :3], wide.word_weights[:, :3, :4]))
    assert not wide.sentence_weights[:, 3:].any() and not wide.word_weights[:, 3:].any()
    assert not wide.word_weights[:, :, 4:].any()
    assert_same(model(pad_documents([SHORT])).logits, logits[1:])


@each
def test_an_empty_sentence_weighs_nothing_wherever_it_stands(name):
    model = new(name)
    logits, sentences, words = model(pad_documents([DOCUMENT]))
    for place in range(4):
        holed = model(pad_documents([[*DOCUMENT[:place], [], *DOCUMENT[place:]]]))
        kept = [i for i in range(4) if i != place]
        assert not holed.sentence_weights[:, place].any() and not holed.word_weights[:, place].any()
        assert_same(
            (logits, sentences, words), (holed.logits, holed.sentence_weights[:, kept], holed.word_weights[:, kept])
        )


@each
def test_an_empty_document_gets_the_bias_and_finite_gradients(name):
    model = new(name)
    reading = model(pad_documents([[], [[], []], DOCUMENT]))
    assert_close(reading.logits[:2], model.classify.bias.expand(2, -1))
    assert not reading.sentence_weights[:2].any() and not reading.word_weights[:2].any()
    reading.logits.square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters())


@each
def test_one_word_gets_all_the_weight(name):
    reading = new(name)(pad_documents([[[7]]]))
    assert_close(reading.sentence_weights, torch.ones(1, 1).double())
    assert_close(reading.word_weights, torch.ones(1, 1, 1).double())


@each
def test_five_hundred_sentences(name):
    many = [[1 + i % 11, 1 + i % 7] for i in range(500)]
    reading = new(name)(pad_documents([many]))
    assert reading.logits.isfinite().all()
    assert_close(reading.sentence_weights.sum(), torch.tensor(1.0).double())


@each
def test_weights_are_shares_at_both_levels(name):
    reading = new(name)(pad_documents([DOCUMENT, SHORT]))
    assert_close(reading.sentence_weights.sum(-1), torch.ones(2).double())
    assert_close(reading.word_weights.sum(-1), torch.tensor([[1.0, 1, 1], [1, 0, 0]]).double())


def test_the_document_is_the_loop_of_the_equations():
    model = new("no GRUs")
    sentences = []
    for sentence in DOCUMENT:
        words = model.embedding.weight[sentence]
        alphas = (torch.tanh(words @ model.words.pool.project.weight.T) @ model.words.pool.u).softmax(0)
        sentences.append(sum(alpha * word for alpha, word in zip(alphas, words, strict=True)))
    scores = [model.sentences.pool.u @ torch.tanh(model.sentences.pool.project.weight @ s) for s in sentences]
    document = sum(b * s for b, s in zip(torch.stack(scores).softmax(0), sentences, strict=True))
    assert_close(model(pad_documents([DOCUMENT])).logits[0], model.classify(document))


def test_only_the_gru_knows_the_order_of_sentences():
    turned = [DOCUMENT[::-1]]
    for name, matters in {"no GRUs": False, "sentence GRU": True}.items():
        model = new(name)
        one, other = model(pad_documents([DOCUMENT])).logits, model(pad_documents(turned)).logits
        assert torch.allclose(one, other) is not matters


def test_both_ways_is_pytorch_s_bidirectional_gru():
    torch.manual_seed(0)
    ours = BidirectionalGRU(6)
    theirs = nn.GRU(6, 3, batch_first=True, bidirectional=True)
    named = dict(ours.forwards.named_parameters())
    theirs.load_state_dict(named | {f"{name}_reverse": p for name, p in ours.backwards.named_parameters()})
    values, lengths = torch.randn(3, 5, 6), torch.tensor([5, 2, 4])
    packed = nn.utils.rnn.pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
    expected, _ = nn.utils.rnn.pad_packed_sequence(theirs(packed)[0], batch_first=True)
    assert_close(ours(values, torch.arange(5) < lengths[:, None]), expected, rtol=0, atol=1e-6)


def test_what_is_masked_is_not_read():
    torch.manual_seed(0)
    gru, values = BidirectionalGRU(6), torch.randn(1, 5, 6)
    mask = torch.tensor([[True, False, True, True, False]])
    states = gru(values, mask)
    assert_close(states[mask], gru(values[:, [0, 2, 3]], torch.ones(1, 3).bool())[0])
    assert not states[~mask].any()


@each
def test_every_tensor_is_made_on_the_input_s_device(name):
    tokens, model = pad_documents([DOCUMENT, SHORT]), new(name, torch.float32)
    with DeviceIsGiven():
        model(tokens)


def test_wrong_input_is_told():
    with pytest.raises(ValueError, match=r"documents: expected room for at least one word, got the shape \(1, 0, 3\)"):
        new("means")(torch.zeros(1, 0, 3, dtype=torch.long))
    with pytest.raises(ValueError, match="size: expected an even number, half for each direction, got 5"):
        BidirectionalGRU(5)


# Training


def parity(count):
    """Documents that are good where word 4 occurs."""
    return [[[5 + i % 6, 5 + i % 4], [4 if i % 2 else 6, 5 + i % 3]] for i in range(count)], [
        i % 2 for i in range(count)
    ]


def test_a_training_learns_and_repeats_itself():
    numbers, labels = parity(40)
    found = []
    for _ in range(2):
        model = new("no GRUs", torch.float32)
        run = train(model, numbers, labels, passes=20, learning_rate=2e-2, batch=8, word_dropout=0.1, progress=False)
        found.append((run.losses, read(model, numbers).logits))
    assert found[0][0] == found[1][0] and found[0][1].equal(found[1][1])
    assert run.used == 800 and len(run.losses) == 100 and not model.training
    assert accuracy(read(model, numbers, batch=7), labels) == 1.0


def test_reading_in_batches_is_reading_at_once():
    model, numbers = new("both GRUs"), [DOCUMENT, SHORT, DOCUMENT[:2], []]
    assert_same(read(model, numbers, batch=2), read(model, numbers))


def test_trainings_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="expected as many of both, got 1 and 2"):
        train(new("means"), [DOCUMENT], [0, 1], passes=1, learning_rate=1e-3)
    broken = new("means", torch.float32)
    nn.init.constant_(broken.embedding.weight, float("inf"))
    with pytest.raises(ArithmeticError, match="loss: expected a finite number"):
        train(broken, [DOCUMENT], [0], passes=1, learning_rate=1e-3, progress=False)
