"""Checkpoints with every kind of loss: its state goes on, too, and another loss is another training."""

import functools
import random
import signal

import numpy
import pytest
import torch
from factories import new_translator, tiny_examples
from torch import nn

from attention_course import checkpoint
from attention_course.data.vocabulary import BOS, EOS
from attention_course.fingerprint import fingerprint
from attention_course.masks import PAD
from attention_course.models.captioner import Album, Captioner, doubly_stochastic
from attention_course.models.hard_attention import HardCaptioner, Reinforce
from attention_course.training import saving, sequence_loss, train

FEATURES = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0))
CAPTIONS = [([i % 4], [BOS, *[3 + i % 5] * (1 + i % 4), EOS]) for i in range(20)]


def album(kind=Captioner):
    sizes = {"size": 8, "embedding_size": 6, "decoder_size": 10, "score_size": 7, "dropout": 0.2}
    torch.manual_seed(0)
    return Album(kind(FEATURES, 11, **sizes), FEATURES)


def translator():
    return new_translator(dropout=0.3)


def with_penalty(model, source, target):
    logits, weights = model(source, target[:, :-1])
    return sequence_loss(logits, target[:, 1:]) + doubly_stochastic(weights, (target[:, 1:] != PAD).float())


def cross_entropy(model, source, target):
    return sequence_loss(model(source, target[:, :-1])[0], target[:, 1:])


def weighted(factor, model, source, target):
    return factor * cross_entropy(model, source, target)


def with_everybodys_numbers(model, source, target):
    """Numbers from the generators that all share (but for Python's, which beartype draws from as well)."""
    noise = numpy.random.rand() + torch.rand(())  # noqa: NPY002
    return (1 + 0.1 * noise) * cross_entropy(model, source, target)


class Curriculum(nn.Module):
    """What a loss may keep: a running mean, a step, a generator of its own, and a part with a buffer."""

    def __init__(self, momentum=0.9):
        super().__init__()
        self.momentum = momentum
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("step", torch.tensor(0))
        self.norm = nn.BatchNorm1d(11, affine=False)
        self.generator = torch.Generator().manual_seed(3)

    def forward(self, model, source, target):
        logits, _ = model(source, target[:, :-1])
        smooth = self.norm(logits.flatten(0, 1)).abs().mean()
        value = sequence_loss(logits, target[:, 1:]) + 0.01 * smooth
        self.mean.lerp_(value.detach(), 1 - self.momentum)
        self.step += 1
        draw = torch.rand((), generator=self.generator)
        return value * (1 + 0.1 * torch.tanh(value.detach() - self.mean)) * (1 + draw / (1 + self.step))


class Counting(nn.Module):
    """A part of a model that draws from a generator of its own."""

    def __init__(self):
        super().__init__()
        self.model, self.generator = translator(), torch.Generator().manual_seed(1)

    def forward(self, source, previous):
        logits, weights = self.model(source, previous)
        return logits + 0.1 * torch.randn(logits.shape, generator=self.generator), weights


LOSSES = {  # a model, a loss and options
    "plain": lambda: (translator(), None, {}),
    "label smoothing": lambda: (translator(), None, {"label_smoothing": 0.1}),
    "Reinforce": lambda: (album(HardCaptioner), Reinforce(8), {}),
    "the doubly stochastic penalty": lambda: (album(), with_penalty, {}),
    "a state of its own": lambda: (translator(), Curriculum(), {}),
    "a partial": lambda: (translator(), functools.partial(weighted, 0.5), {}),
    "everybody's numbers": lambda: (translator(), with_everybodys_numbers, {}),
    "a model with a generator": lambda: (Counting(), None, {}),
}


class Crash(Exception):
    """The power goes off."""


def crash():
    raise Crash


def interrupt():
    signal.raise_signal(signal.SIGINT)


def run(model, loss, options, path=None):
    defaults = {"target_tokens": 120, "learning_rate": 1e-2, "batch_tokens": 20, "progress": False}
    examples = CAPTIONS if isinstance(model, Album) else tiny_examples()
    validate = {"validate": lambda m: sum(p.sum().item() for p in m.parameters()), "validate_at": (0.3, 0.6, 0.9)}
    return train(model, examples, loss=loss, checkpoint=path, **defaults | validate | options)


def everything(model, loss, result):
    """What two trainings that went the same way have in common, bit by bit."""
    state = loss.state_dict() if isinstance(loss, nn.Module) else {}
    return (
        {name: tensor.tolist() for name, tensor in model.state_dict().items()},
        {name: tensor.tolist() for name, tensor in state.items()},
        result._replace(seconds=0.0),
    )


def trained(name, path=None, step=None, how=None):
    torch.manual_seed(0), random.seed(0), numpy.random.seed(0)  # noqa: NPY002
    model, loss, options = LOSSES[name]()
    seen = []
    part = model.captioner.project if isinstance(model, Album) else model  # called once a step

    def count(module, inputs):
        seen.append(module.training)
        if len(seen) == step:
            how()

    if step:
        part.register_forward_pre_hook(count)
    return everything(model, loss, run(model, loss, options, path))


def elsewhere():
    """Another process, in which numbers have been drawn."""
    torch.rand(7), random.random(), numpy.random.rand()  # noqa: NPY002


@pytest.mark.parametrize("step", [1, 2, 5])
@pytest.mark.parametrize("name", LOSSES)
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(name, step, tmp_path):
    expected = trained(name)
    broken = trained(name, tmp_path / "run.pt", step, interrupt)
    assert broken[2].interrupted and broken[2].steps < expected[2].steps
    elsewhere()
    assert trained(name, tmp_path / "run.pt") == expected


@pytest.mark.parametrize("name", LOSSES)
def test_after_a_crash_it_goes_on_from_the_last_checkpoint(name, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "SAVE_EVERY", 0)
    expected = trained(name)
    with pytest.raises(Crash):
        trained(name, tmp_path / "run.pt", 4, crash)
    assert (tmp_path / "run.pt").exists()
    elsewhere()
    assert trained(name, tmp_path / "run.pt") == expected


def test_all_that_can_be_seeded_is_kept(tmp_path):
    def draw():
        return random.random(), numpy.random.rand(), torch.rand(()).item()  # noqa: NPY002

    model = translator()
    optimizer = torch.optim.AdamW(model.parameters())
    checkpoint.save(tmp_path / "run.pt", model, optimizer, {}, {})
    expected = draw()
    elsewhere()
    checkpoint.restore(tmp_path / "run.pt", checkpoint.read(tmp_path / "run.pt", model, {}), model, optimizer)
    assert draw() == expected


def test_the_state_of_the_loss_is_that_of_the_last_step(tmp_path):
    loss = Curriculum()
    first = run(translator(), loss, {}, tmp_path / "run.pt")
    again = Curriculum()
    run(translator(), again, {}, tmp_path / "run.pt")
    assert again.step.item() == first.steps and again.mean.equal(loss.mean)
    assert again.generator.get_state().equal(loss.generator.get_state())


# Other losses

FACTOR = 1.0


def with_constant(model, source, target):
    return FACTOR * cross_entropy(model, source, target)


def closing_over(factor):
    return lambda *batch: factor * cross_entropy(*batch)


class Weighted:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, *batch):
        return self.factor * cross_entropy(*batch)

    def method(self, *batch):
        return self(*batch)


OTHERS = {
    "none": (lambda: None, lambda: cross_entropy),
    "a function": (lambda: cross_entropy, lambda: with_everybodys_numbers),
    "another lambda": (lambda: lambda *b: cross_entropy(*b), lambda: lambda *b: 2 * cross_entropy(*b)),
    "a partial": (lambda: functools.partial(weighted, 0.5), lambda: functools.partial(weighted, 0.25)),
    "a default": (lambda: lambda *b, by=1: by * cross_entropy(*b), lambda: lambda *b, by=2: by * cross_entropy(*b)),
    "what it closes over": (lambda: closing_over(1), lambda: closing_over(2)),
    "a tensor": (lambda: closing_over(torch.ones(())), lambda: closing_over(2 * torch.ones(()))),
    "an attribute": (lambda: Weighted(1), lambda: Weighted(2)),
    "the object of a method": (lambda: Weighted(1).method, lambda: Weighted(2).method),
    "a setting": (lambda: Curriculum(0.9), lambda: Curriculum(0.8)),
    "a module of another class": (lambda: Curriculum(), lambda: Reinforce()),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_loss_is_another_training(name, tmp_path):
    first, other = OTHERS[name]
    path = tmp_path / "run.pt"
    kept = run(translator(), first(), {}, path)
    model = translator()
    before, file = {n: t.clone() for n, t in model.state_dict().items()}, path.read_bytes()
    with pytest.raises(ValueError, match=r"it belongs to a training with loss = .+, not .+; delete it to train from"):
        run(model, other(), {}, path)
    assert all(t.equal(before[n]) for n, t in model.state_dict().items()) and path.read_bytes() == file
    assert run(translator(), first(), {}, path)._replace(seconds=0) == kept._replace(seconds=0)


def test_a_longer_baseline_is_another_loss(tmp_path):
    run(album(HardCaptioner), Reinforce(8), {}, tmp_path / "run.pt")
    with pytest.raises(ValueError, match=r"loss = Reinforce, checksum \d+, not Reinforce, checksum \d+;"):
        run(album(HardCaptioner), Reinforce(9), {}, tmp_path / "run.pt")


def test_a_global_constant_is_a_setting(monkeypatch, tmp_path):
    run(translator(), with_constant, {}, tmp_path / "run.pt")
    monkeypatch.setitem(globals(), "FACTOR", 2.0)
    with pytest.raises(ValueError, match="loss = with_constant"):
        run(translator(), with_constant, {}, tmp_path / "run.pt")


def test_without_a_checkpoint_any_loss_will_do():
    count = iter(range(1_000))
    assert run(translator(), lambda *batch: (1 + next(count)) * cross_entropy(*batch), {}).steps > 5


class Forgetful(nn.Module):
    """A module whose state is no buffer."""

    def __init__(self):
        super().__init__()
        self.mean = 0.0

    def forward(self, *batch):
        value = cross_entropy(*batch)
        self.mean = 0.9 * self.mean + 0.1 * value.item()
        return value - self.mean


def remembering():
    seen = []

    def loss(*batch):
        seen.append(cross_entropy(*batch).item())
        return cross_entropy(*batch) * sum(seen)

    return loss


class Weakening(Weighted):
    def __call__(self, *batch):
        self.factor *= 0.9
        return super().__call__(*batch)


@pytest.mark.parametrize("new", [Forgetful, remembering, lambda: Weakening(1)], ids=["module", "closure", "object"])
def test_a_state_that_a_checkpoint_cannot_hold_is_told_at_once(new, tmp_path):
    with pytest.raises(ValueError, match=r"loss: .+ has a state that a checkpoint cannot hold; see `fit`"):
        run(translator(), new(), {}, tmp_path / "run.pt")
    assert not (tmp_path / "run.pt").exists()


def test_a_fingerprint_is_the_same_for_the_same_and_takes_anything():
    def again(n):  # closes over itself
        return n if n < 1 else again(n - 1)

    things = [again, again, Curriculum(), Curriculum(), Weighted(1), Weighted(1), functools.partial(weighted, 1)]
    found = [fingerprint(thing) for thing in things]
    assert found[0] == found[1] != found[2] == found[3] and found[4] == found[5] and len(set(found)) == 4
    for thing in (torch.sigmoid, nn.functional.cross_entropy, nn.CrossEntropyLoss(torch.ones(3)), max, dict, print):
        assert fingerprint(thing) == fingerprint(thing)


def test_a_loss_that_runs_changes_no_fingerprint():
    for loss in (nn.CrossEntropyLoss(), Reinforce(), Curriculum()):
        before = fingerprint(loss)
        if isinstance(loss, Reinforce):
            loss(album(HardCaptioner), torch.tensor([[0]]), torch.tensor([[BOS, 4, EOS]]))
        elif isinstance(loss, Curriculum):
            loss(translator(), torch.tensor([[4, 5]]), torch.tensor([[BOS, 4, EOS]]))
        assert fingerprint(loss.eval()) == before
