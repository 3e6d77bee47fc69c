"""RNNsearch and greedy decoding: padding changes nothing, and step by step gives what a whole sentence gives."""

import pytest
import torch
from factories import SCORES, DeviceIsGiven, new_translator
from torch import nn
from torch.testing import assert_close

from attention_course.data.vocabulary import BOS, EOS, pad
from attention_course.decoding import greedy
from attention_course.masks import PAD
from attention_course.models.seq2seq import RNNsearch, reverse
from attention_course.scores import AdditiveScore, BilinearScore, DotScore, MultiplicativeScore, ScaledScore
from attention_course.training import sequence_loss

SOURCE = pad([[5, 4, 9, 11, 3], [8, 3, 7], [6]])
PREVIOUS = pad([[BOS, 4, 5, 10], [BOS, 7], [BOS, 3, 9]])
TARGET = pad([[4, 5, 10, EOS], [7, EOS], [3, 9, EOS]])
FITTING = {  # scores for a decoder of 10 and annotations of 12 numbers
    "dot": DotScore,
    "additive": lambda: AdditiveScore(10, 12, 5),
    "multiplicative": lambda: MultiplicativeScore(10, 12, 5),
    "scaled": lambda: ScaledScore(10, 12, 5),
    "bilinear": lambda: BilinearScore(10, 12),
}
within = dict(rtol=0, atol=1e-6)


def widen(tokens, by=4):
    return nn.functional.pad(tokens, (0, by), value=PAD)


def losses_by_sentence(logits):
    return torch.stack([sequence_loss(logits[i : i + 1], TARGET[i : i + 1]) for i in range(len(TARGET))])


def words_and_weights(model, source, longest=9):
    """What greedy decoding gives of each sentence, up to its end."""
    words, weights = greedy(model, source, longest)
    ends = [row.index(EOS) + 1 if EOS in row else longest for row in words.tolist()]
    return [(w[:n], a[:n]) for w, a, n in zip(words, weights, ends, strict=True)]


def talkative():
    """A translator with much to say: a new one repeats a word, or says nothing, and looks everywhere alike."""
    model = new_translator(dtype=torch.float64)
    with torch.no_grad():
        for parameter in (model.embedding.weight, model.encoder.embedding.weight, model.score.v):
            parameter.mul_(10)
    return model


# Padding and weights


@pytest.mark.parametrize("model", [new_translator(), new_translator(ScaledScore(10, 12, 5))])
def test_more_padding_changes_no_logits_weights_or_loss(model):
    logits, weights = model(SOURCE, PREVIOUS)
    wide_logits, wide_weights = model(widen(SOURCE), widen(PREVIOUS, 2))
    assert_close(wide_logits[:, :4], logits, **within)
    assert_close(wide_weights[:, :4, :5], weights, **within)
    assert not wide_weights[..., 5:].any()
    assert_close(sequence_loss(wide_logits, widen(TARGET, 2)), sequence_loss(logits, TARGET), **within)


def test_a_sentence_alone_gives_what_it_gives_in_a_batch():
    model = new_translator()
    logits, weights = model(SOURCE, PREVIOUS)
    for i, (words, targets) in enumerate([(5, 4), (3, 2), (1, 3)]):
        its_logits, its_weights = model(SOURCE[i : i + 1, :words], PREVIOUS[i : i + 1, :targets])
        assert_close(logits[i, :targets], its_logits[0], **within)
        assert_close(weights[i, :targets, :words], its_weights[0], **within)
        loss = sequence_loss(its_logits, TARGET[i : i + 1, :targets])
        assert_close(losses_by_sentence(logits)[i], loss, **within)


def test_more_padding_changes_nothing_in_greedy_decoding():
    model = talkative()
    for (words, weights), (wide_words, wide_weights), (alone, its_weights) in zip(
        words_and_weights(model, SOURCE),
        words_and_weights(model, widen(SOURCE)),
        [words_and_weights(model, SOURCE[i : i + 1, :n])[0] for i, n in enumerate([5, 3, 1])],
        strict=True,
    ):
        assert len(set(words.tolist())) > 2
        assert wide_words.equal(words) and alone.equal(words)
        assert_close(wide_weights[:, :5], weights, **within)
        assert not wide_weights[:, 5:].any()
        assert_close(its_weights, weights[:, : its_weights.shape[1]], **within)


def test_padding_gets_no_weight_and_the_words_share_one():
    _, weights = new_translator()(SOURCE, PREVIOUS)
    assert not weights.masked_select((SOURCE == PAD)[:, None]).any()
    assert_close(weights.sum(-1), torch.ones(3, 4), **within)


def test_a_sentence_without_words_gets_no_weight_and_leaves_everything_finite_and_the_others_alone():
    model, source = new_translator(), torch.cat([SOURCE, torch.full((1, 5), PAD)])
    previous = torch.cat([PREVIOUS, PREVIOUS[:1]])
    logits, weights = model(source, previous)
    assert not weights[3].any()
    assert_close(logits[:3], model(SOURCE, PREVIOUS)[0], **within)
    logits.square().sum().backward()
    assert logits.isfinite().all() and all(p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize("shape", [(2, 0), (0, 0)])
def test_a_batch_without_a_word_is_told(shape):
    source = torch.zeros(shape, dtype=torch.int64)
    for read in (new_translator().encode, lambda source: greedy(new_translator(), source)):
        with pytest.raises(ValueError, match=rf"source: expected at least one word .* shape \({shape[0]}, 0\)"):
            read(source)


# The two ways of decoding, and of reading


@pytest.mark.parametrize("name", SCORES)
def test_teacher_forcing_and_step_by_step_give_the_same_with_any_score(name):
    model = new_translator(FITTING[name](), decoder_size=12 if name == "dot" else 10)
    logits, weights = model(SOURCE, PREVIOUS)
    memory, state = model.encode(SOURCE)
    for t, previous in enumerate(PREVIOUS.unbind(1)):
        step_logits, state, step_weights = model.step(previous, state, memory)
        assert_close(step_logits, logits[:, t], **within)
        assert_close(step_weights, weights[:, t], **within)


def test_greedy_words_are_the_most_probable_ones_under_teacher_forcing():
    model = talkative()
    words, weights = greedy(model, SOURCE, longest=9)
    previous = torch.cat([torch.full((3, 1), BOS), words[:, :-1]], 1)
    logits, expected = model(SOURCE, previous)
    assert logits.argmax(-1).equal(words)
    assert_close(weights, expected.detach(), **within)


def test_reading_backwards_is_what_a_packed_bidirectional_gru_does():
    encoder = new_translator().encoder
    both = nn.GRU(8, 6, batch_first=True, bidirectional=True)
    theirs = {name: parameter.detach() for name, parameter in encoder.forwards.named_parameters()}
    theirs |= {f"{name}_reverse": parameter.detach() for name, parameter in encoder.backwards.named_parameters()}
    both.load_state_dict(theirs)
    lengths = (SOURCE != PAD).sum(-1)
    packed = nn.utils.rnn.pack_padded_sequence(encoder.embedding(SOURCE), lengths, batch_first=True)
    expected, _ = nn.utils.rnn.pad_packed_sequence(both(packed)[0], batch_first=True)
    real = (SOURCE != PAD)[..., None]
    assert_close(encoder(SOURCE) * real, expected * real, **within)


def test_reversing_turns_the_words_and_leaves_the_padding_and_twice_is_nothing():
    sequences, lengths = torch.arange(12.0).view(3, 4, 1), torch.tensor([[4], [3], [0]])
    turned = reverse(sequences, lengths)
    assert turned[..., 0].tolist() == [[3, 2, 1, 0], [6, 5, 4, 7], [8, 9, 10, 11]]
    assert reverse(turned, lengths).equal(sequences)


# Gradients, types, devices


@pytest.mark.parametrize("name", SCORES)
def test_gradients_reach_every_parameter(name):
    model = new_translator(FITTING[name](), decoder_size=12 if name == "dot" else 10)
    sequence_loss(model(SOURCE, PREVIOUS)[0], TARGET).backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert not without


def test_padding_changes_no_gradient():
    grads = []
    for source in (SOURCE, widen(SOURCE)):
        model = new_translator()
        sequence_loss(model(source, PREVIOUS)[0], TARGET).backward()
        grads.append([p.grad for p in model.parameters()])
    assert_close(*grads, **within)


def test_the_type_follows_the_model_and_nothing_is_made_without_a_device():
    model = new_translator(dtype=torch.float64)
    with DeviceIsGiven():
        logits, weights = model(SOURCE, PREVIOUS)
        memory, state = model.encode(SOURCE)
        step_logits, state, _ = model.step(PREVIOUS[:, 0], state, memory)
        _, greedy_weights = greedy(model, SOURCE)
    for tensor in (logits, weights, *memory[:2], step_logits, state, greedy_weights):
        assert tensor.dtype == torch.float64
    assert memory.mask.dtype == torch.bool


# Greedy decoding


class Speller(nn.Module):
    """Says the given words by heart, one sentence a row, and gives attention to nothing."""

    def __init__(self, *sentences):
        super().__init__()
        self.sentences = torch.tensor(sentences)

    def encode(self, source):
        assert not self.training
        return None, torch.zeros(len(source), dtype=torch.int64)

    def step(self, previous, state, memory):
        said = nn.functional.one_hot(self.sentences[torch.arange(len(state)), state], 11).float()
        return said, state + 1, torch.zeros(len(state), 1)


SPELLER = Speller([4, EOS, 5, 5, 5, 5], [6, 7, 8, EOS, 5, 5])


def test_greedy_stops_when_every_sentence_has_ended():
    words, weights = greedy(SPELLER, torch.ones(2, 1, dtype=torch.int64))
    assert words.tolist() == [[4, EOS, 5, 5], [6, 7, 8, EOS]]
    assert weights.shape == (2, 4, 1)


@pytest.mark.parametrize("longest", [1, 3])
def test_greedy_stops_at_the_longest(longest):
    assert greedy(SPELLER, torch.ones(2, 1, dtype=torch.int64), longest)[0].shape == (2, longest)


@pytest.mark.parametrize("longest", [0, -1])
def test_greedy_cannot_say_less_than_a_word(longest):
    with pytest.raises(ValueError, match=f"longest: expected at least 1 word, got {longest}"):
        greedy(SPELLER, torch.ones(2, 1, dtype=torch.int64), longest)


def test_a_batch_without_sentences_has_no_translations():
    words, weights = greedy(new_translator(), torch.ones(0, 5, dtype=torch.int64))
    assert len(words) == len(weights) == 0
    assert new_translator()(SOURCE[:0], PREVIOUS[:0])[0].shape == (0, 4, 11)


@pytest.mark.parametrize("training", [True, False])
def test_greedy_leaves_the_mode_and_the_gradients_as_they_were(training):
    model = new_translator(dropout=0.5).train(training)
    words, weights = greedy(model, SOURCE)
    assert words.equal(greedy(model, SOURCE)[0])  # no dropout, though the model may be in training
    assert not weights.requires_grad
    assert all(module.training == training for module in model.modules())
    assert torch.is_grad_enabled()


def test_greedy_leaves_the_mode_as_it_was_when_the_model_raises():
    model = new_translator().train()
    with pytest.raises(IndexError):
        greedy(model, torch.tensor([[99]]))
    assert all(module.training for module in model.modules())


def test_without_a_score_it_is_the_additive_one():
    assert isinstance(new_translator().score, AdditiveScore)
    assert isinstance(RNNsearch(5, 5, score=DotScore()).score, DotScore)
