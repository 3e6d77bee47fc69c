"""Training: what is counted, what is drawn, what is the same twice, and that a translator does learn to attend."""

import math
import random
import signal
import threading
from itertools import islice

import pytest
import torch
from factories import SOURCE, TARGET, new_translator, normal, tiny_examples, train_tiny

from attention_course import device
from attention_course.data.batches import encode_pairs, endless
from attention_course.data.vocabulary import EOS, Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.device import seed_everything
from attention_course.masks import PAD
from attention_course.models import seq2seq
from attention_course.training import sequence_loss, train, train_step, translation_loss, warm_up_then_decay


def copy_of(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(state, other):
    return all(tensor.equal(other[name]) for name, tensor in state.items())


# The loss


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_the_words_that_are_no_padding(smoothing):
    logits, target = normal(2, 3, 5, dtype=torch.float32), torch.tensor([[4, 3, EOS], [EOS, PAD, PAD]])
    losses = []
    for row, words in zip(logits.double().tolist(), target.tolist(), strict=True):
        for scores, word in zip(row, words, strict=True):
            logs = [e - math.log(sum(map(math.exp, scores))) for e in scores]
            if word != PAD:
                losses.append(-(1 - smoothing) * logs[word] - smoothing * sum(logs) / len(logs))
    assert len(losses) == 4
    assert math.isclose(sequence_loss(logits, target, smoothing), sum(losses) / 4, rel_tol=1e-6)


def test_what_is_said_at_padding_changes_neither_loss_nor_gradient():
    target = torch.tensor([[4, 3, EOS], [EOS, PAD, PAD]])
    logits = normal(2, 3, 5, dtype=torch.float32).requires_grad_()
    sequence_loss(logits, target).backward()
    assert not logits.grad[target == PAD].any() and logits.grad[target != PAD].any()
    changed = logits.detach().masked_fill((target == PAD)[..., None], 1e6)
    assert sequence_loss(changed, target).equal(sequence_loss(logits, target).detach())


# The run


@pytest.mark.parametrize("progress, factor", [(0.0, 0), (0.05, 0.5), (0.1, 1), (0.55, 0.5), (1.0, 0)])
def test_the_learning_rate_goes_up_to_one_and_down_to_zero(progress, factor):
    assert math.isclose(warm_up_then_decay(progress), factor, abs_tol=1e-12)
    assert math.isclose(warm_up_then_decay(progress, warm_up=0.0), 1 - progress, abs_tol=1e-12)


def test_the_same_seed_gives_the_same_parameters_bit_by_bit():
    parameters = []
    for seed in (5, 5, 6):
        model = new_translator(dropout=0.3)
        run = train_tiny(model, seed=seed)
        parameters.append(copy_of(model) | {"losses": torch.tensor(run.losses)})
    first, again, other = parameters
    assert same(first, again) and not same(first, other)


@pytest.mark.parametrize("budget", [1, 100, 300])
def test_the_budget_counts_the_words_to_predict(budget):
    model = new_translator()
    run = train_tiny(model, target_tokens=budget)
    batches = islice(endless(tiny_examples(), 20, 0), run.steps)
    shown = [(target[:, 1:] != PAD).sum().item() for _, target in batches]
    assert run.used == sum(shown) >= budget > sum(shown[:-1])
    assert len(run.losses) == run.steps and all(map(math.isfinite, run.losses)) and run.seconds > 0
    assert not run.interrupted and not run.validations
    assert not model.training


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"examples": []}, "examples: expected at least one sentence pair, got none"),
        ({"target_tokens": 0}, "target_tokens: expected at least 1, got 0"),
        ({"target_tokens": -5}, "target_tokens: expected at least 1, got -5"),
        ({"batch_tokens": 0}, "batch_tokens: expected at least 1, got 0"),
    ],
)
def test_what_cannot_be_trained_is_told(wrong, message):
    with pytest.raises(ValueError, match=message):
        train_tiny(**wrong)


def test_without_progress_nothing_is_printed_and_with_it_nothing_on_stderr(capsys):
    train_tiny(target_tokens=50)
    assert capsys.readouterr() == ("", "")
    train_tiny(target_tokens=50, progress=True)
    out, err = capsys.readouterr()
    assert "loss=" in out and not err


def test_float64_stays_float64():
    model = new_translator().double()
    with torch.no_grad():
        expected = sequence_loss(model(SOURCE, TARGET[:, :-1])[0], TARGET[:, 1:]).item()
    loss = train_step(model, torch.optim.SGD(model.parameters(), lr=0.1), translation_loss, (SOURCE, TARGET))
    assert loss == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_training_and_changes_nothing(wrong):
    model, seen = new_translator(), []

    def spoil(module, inputs, outputs):
        seen.append(copy_of(model))
        return (outputs[0] * wrong, outputs[1]) if len(seen) == 4 else None

    model.register_forward_hook(spoil)
    with pytest.raises(ArithmeticError, match=r"loss: expected a finite number, got .*; the learning rate"):
        train_tiny(model)
    assert same(copy_of(model), seen[3]) and not same(seen[2], seen[3])


def test_autocast_computes_in_bfloat16_where_it_pays_and_learns_the_same(monkeypatch):
    losses, used = {}, []
    for pays in (True, False):
        monkeypatch.setattr(device, "bfloat16_pays", lambda device_type, pays=pays: pays)
        model = new_translator()
        model.register_forward_hook(lambda module, inputs, outputs: used.append(outputs[0].dtype))
        losses[pays] = train_tiny(model, autocast=True).losses
        assert set(used) == {torch.bfloat16 if pays else torch.float32}
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        used.clear()
    assert max(abs(a - b) for a, b in zip(losses[True], losses[False], strict=True)) < 0.05
    assert losses[False] == train_tiny().losses


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("pays", [False, True])
def test_the_precision_is_told(pays, autocast, monkeypatch):
    monkeypatch.setattr(device, "bfloat16_pays", lambda device_type: pays)
    run = train_tiny(autocast=autocast, target_tokens=20)
    assert run.precision == ("bfloat16" if pays and autocast else "float32")
    assert train_tiny(new_translator().double(), target_tokens=20).precision == "float64"


# Validation


def test_the_model_is_left_as_it_was_when_it_scored_best():
    model, states, scores = new_translator(dropout=0.3), [], iter([1.0, 3.0, 2.0, 3.0])

    def validate(validated):
        assert validated is model and not model.training
        states.append(copy_of(model))
        return next(scores)

    run = train_tiny(model, validate=validate)
    assert [score for _, score in run.validations] == [1, 3, 2, 3]
    assert same(copy_of(model), states[1]) and not same(states[1], states[3])
    assert not model.training


@pytest.mark.parametrize("shares", [(0.7, 0.8, 0.9, 1.0), (0.25,), ()])
def test_validations_are_taken_at_the_first_step_behind_their_share(shares):
    run = train_tiny(validate=lambda model: 0.5, validate_at=shares)
    batches = islice(endless(tiny_examples(), 20, 0), run.steps)
    seen = torch.tensor([(target[:, 1:] != PAD).sum().item() for _, target in batches]).cumsum(0)
    assert run.validations == [(seen[seen >= share * 300][0].item(), 0.5) for share in shares]


def test_shares_that_are_passed_in_one_step_take_one_validation():
    run = train_tiny(target_tokens=1, validate=lambda model: 0.5)
    assert [score for _, score in run.validations] == [0.5] and run.steps == 1


def test_validation_does_not_disturb_the_training():
    without = train_tiny(new_translator(dropout=0.3))
    model = new_translator(dropout=0.3)
    run = train_tiny(
        model, validate=lambda model: -float(greedy(model, SOURCE, 5)[0].sum()), validate_at=(0.1, 0.5, 1.0)
    )
    assert run.losses == without.losses and len(run.validations) == 3


# Interruptions


def interrupt_at(model, step):
    """Press Ctrl-C in the given step. Gives the parameters at every step's beginning."""
    seen = []

    def press(module, inputs):
        if module.training:
            seen.append(copy_of(model))
        if len(seen) == step:
            signal.raise_signal(signal.SIGINT)

    model.register_forward_pre_hook(press)
    return seen


def test_an_interrupted_training_finishes_its_step_and_keeps_what_it_has_learned():
    before = signal.getsignal(signal.SIGINT)
    unbroken = new_translator(dropout=0.3)
    steps = interrupt_at(unbroken, None)
    full = train_tiny(unbroken)
    model = new_translator(dropout=0.3)
    interrupt_at(model, 4)
    scores = iter([2.0, 1.0])
    run = train_tiny(model, validate=lambda model: next(scores), validate_at=(0.1, 0.2))
    assert run.interrupted and run.steps == 4 and run.losses == full.losses[:4]
    assert same(copy_of(model), steps[4])  # not the state that scored best
    assert signal.getsignal(signal.SIGINT) is before
    assert not model.training and len(greedy(model, SOURCE)[0]) == 3


def test_an_interruption_while_validating_is_one_too():
    before = signal.getsignal(signal.SIGINT)
    run = train_tiny(validate=lambda model: signal.raise_signal(signal.SIGINT) or 1.0, validate_at=(0.3, 0.9))
    assert run.interrupted and len(run.validations) == 1 and run.used < 150
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interruption_does_not_wait():
    def press_twice(model):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train_tiny(validate=press_twice, validate_at=(0.3,))
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interruption_after_the_last_step_keeps_the_best_model():
    scores, states = iter([2.0, 1.0]), []

    def score(model):
        states.append(copy_of(model))
        if len(states) == 2:
            signal.raise_signal(signal.SIGINT)
        return next(scores)

    model = new_translator()
    run = train_tiny(model, validate=score, validate_at=(0.5, 1.0))
    assert run.interrupted and len(states) == 2 and same(copy_of(model), states[0])


def test_after_an_error_ctrl_c_is_what_it_was():
    before, model = signal.getsignal(signal.SIGINT), new_translator()
    with pytest.raises(IndexError):
        train_tiny(model, examples=[([99], [1, 2])])
    assert signal.getsignal(signal.SIGINT) is before
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_where_ctrl_c_was_set_by_another_language_it_is_left_alone(monkeypatch):
    """Then `getsignal` gives None, which could not be set again."""
    before = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        patch.setattr(signal, "getsignal", lambda number: None)
        run = train_tiny()
    assert run.losses == train_tiny().losses and not run.interrupted
    assert signal.getsignal(signal.SIGINT) is before


def test_it_runs_outside_the_main_thread():
    found = []
    thread = threading.Thread(target=lambda: found.append(train_tiny(new_translator())))
    thread.start()
    thread.join()
    assert found[0].losses == train_tiny(new_translator()).losses


# It learns


def accuracy_at_reversing():
    """Train a translator to say 5 to 9 letters in reverse: the share that it gets right of those it has not seen."""
    letters = random.Random(0)
    pairs = [((word := letters.choices("abcdefgh", k=letters.randint(5, 9))), word[::-1]) for _ in range(2000)]
    vocabulary = Vocabulary(word for word, _ in pairs)
    examples = encode_pairs(pairs, vocabulary, vocabulary)
    seed_everything(0)
    model = seq2seq.RNNsearch(len(vocabulary), len(vocabulary), embedding_size=32, hidden_size=32, decoder_size=32)
    train(model, examples[100:], target_tokens=40_000, learning_rate=1e-2, batch_tokens=250, progress=False)
    said, _ = greedy(model, pad([source for source, _ in examples[:100]]), max_length=10)
    return sum(vocabulary.decode(s) == t for s, (_, t) in zip(said.tolist(), pairs, strict=False)) / 100


def test_it_learns_to_reverse_and_without_attention_it_does_not(monkeypatch):
    assert accuracy_at_reversing() >= 0.5
    uniform = lambda scores, mask: mask.expand_as(scores) / mask.sum(-1, keepdim=True)
    monkeypatch.setattr(seq2seq, "masked_softmax", uniform)
    assert accuracy_at_reversing() <= 0.2
