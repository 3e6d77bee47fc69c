"""The training loop itself: what it is given, what it uses of it, and how it goes on."""

import math
import random
import signal
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from attention_course import device as machine
from attention_course.training import adamw, constant, fit, saving


def line():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.2), nn.Linear(4, 1))


def batches(seed=0):
    """Sums to be learned, from a generator of their own and from the one that all share."""
    generator = torch.Generator("cpu").manual_seed(seed)
    while True:
        x = torch.randn(5, 3, generator=generator) + 0.1 * torch.randn(5, 3)
        yield x, x.sum(-1, keepdim=True)


def square(model, x, y):
    return (model(x) - y).square().mean()


def run(model, given=None, loss=square, **options):
    defaults = {"budget": 30, "learning_rate": 1e-2, "progress": False}
    return fit(model, batches() if given is None else given, loss, **defaults | options)


def state(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(a[name].equal(b[name]) for name in a)


# What it is given


def test_it_is_the_loop_that_one_would_write():
    model, written = line(), line()
    torch.manual_seed(1)
    losses = run(model).losses
    torch.manual_seed(1)
    optimizer = torch.optim.AdamW(written.parameters(), lr=1e-2, betas=(0.9, 0.98), fused=True)
    expected = []
    for step, (x, y) in zip(range(30), batches(), strict=False):
        middle = (step + 0.5) / 30
        optimizer.param_groups[0]["lr"] = 1e-2 * (middle / 0.1 if middle < 0.1 else (1 - middle) / 0.9)
        loss = square(written.train(), x, y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(written.parameters(), 1.0)
        optimizer.step()
        expected.append(loss.item())
    assert losses == expected and same(state(model), state(written)) and not model.training


class Pair(NamedTuple):
    x: Tensor
    y: Tensor


SHAPES = {  # of a batch, and the loss that takes it
    "a tuple": (lambda x, y: (x, y), square),
    "a list": (lambda x, y: [x, y], square),
    "a named tuple": (Pair, square),
    "a tuple in a tuple": (lambda x, y: ((x,), y), lambda model, inputs, y: square(model, *inputs, y)),
    "a named tuple in a tuple": (
        lambda x, y: (Pair(x, y), 1),
        lambda model, pair, by: by * square(model, pair.x, pair.y),
    ),
    "a tensor": (lambda x, y: torch.cat([x, y], 1), lambda model, both: square(model, *both.split([3, 1], 1))),
    "a dictionary": (lambda x, y: {"x": x, "y": y}, lambda model, named: square(model, **named)),
    "with what is no tensor": (lambda x, y: (x, None, "b", y), lambda model, x, a, b, y: square(model, x, y)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_batch_may_have_any_shape(shape):
    pack, loss = SHAPES[shape]
    torch.manual_seed(1)
    expected = run(line()).losses
    torch.manual_seed(1)
    assert run(line(), (pack(x, y) for x, y in batches()), loss).losses == expected


def test_batches_may_be_a_list_and_are_drawn_no_further_than_they_are_needed():
    given = [next(batches(i)) for i in range(30)]
    assert run(line(), given).steps == 30
    drawn = []
    run(line(), (drawn.append(0) or batch for batch in batches()), budget=7)
    assert len(drawn) == 7


def test_the_budget_is_counted_in_any_unit(capsys):
    sizes = [3, 1, 4, 1, 5, 9, 2, 6]
    given = [(torch.ones(size, 3), torch.ones(size, 1)) for size in sizes]
    result = run(line(), given, budget=12, count=lambda x, y: len(x), unit="points", progress=True)
    assert result.used == 14 and result.steps == 5
    out, err = capsys.readouterr()
    assert "points" in out and "loss=" in out and not err


def test_what_cannot_be_is_told():
    with pytest.raises(ValueError, match="budget: expected at least 1, got 0"):
        run(line(), budget=0)
    model = line()
    with pytest.raises(ValueError, match="batches: expected enough for 30 steps, got 4"):
        run(model, [next(batches())] * 4)
    assert not same(state(model), state(line()))  # what was learned until then stays


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_ends_it_before_the_step(wrong):
    model, states = line(), []

    def loss(model, x, y):
        states.append(state(model))
        return square(model, x, y) * (wrong if len(states) == 3 else 1.0)

    with pytest.raises(ArithmeticError, match=r"loss: expected a finite number, got -?(nan|inf); the learning"):
        run(model, loss=loss)
    assert len(states) == 3 and same(state(model), states[2]) and not same(states[1], states[2])


# Learning rates, clipping


def rates_of(**options):
    """The learning rate of every group at every step, and the norm of the gradients."""
    rates, norms, model = [], [], line()

    class Spied(torch.optim.SGD):
        def step(self):
            rates.append([group["lr"] for group in self.param_groups])
            norms.append(nn.utils.get_total_norm([p.grad for p in model.parameters()]).item())
            super().step()

    run(model, optimizer=Spied, **options)
    return rates, norms


def test_the_schedule_is_asked_halfway_through_a_batch():
    rates, _ = rates_of(budget=4, schedule=lambda used: used)
    assert rates == [[1e-2 * used] for used in (0.125, 0.375, 0.625, 0.875)]
    rates, _ = rates_of(budget=8, count=lambda x, y: 5, schedule=lambda used: used)
    assert rates == [[1e-2 * 2.5 / 8], [1e-2 * 7.5 / 8]]
    assert rates_of(budget=3, schedule=constant)[0] == [[1e-2]] * 3


def test_gradients_are_clipped_or_not():
    far = [(100 * x, y) for x, y in [next(batches(i)) for i in range(30)]]
    for clip in (1.0, 0.1):
        assert max(rates_of(given=far, clip=clip, schedule=lambda used: 0.0)[1]) == pytest.approx(clip, rel=1e-4)
    assert max(rates_of(given=far, clip=None, schedule=lambda used: 0.0)[1]) > 10


def test_a_group_has_its_share_of_the_learning_rate_which_batches_may_change():
    model = line()
    parts = [{"params": model[0].parameters(), "share": 0.0}, {"params": model[2].parameters()}]
    states = []

    def thawing():
        for i, batch in enumerate(batches()):
            states.append(state(model))
            parts[0]["share"] = 0.0 if i < 3 else 0.5
            yield batch

    run(model, thawing(), parameters=parts, optimizer=torch.optim.SGD, budget=6)
    assert states[0]["0.weight"].equal(states[3]["0.weight"]) and not states[0]["2.weight"].equal(states[3]["2.weight"])
    assert not states[3]["0.weight"].equal(states[4]["0.weight"])


def test_adamw_is_fused_where_that_can_be():
    for where, fused in {"cpu": True, "meta": False}.items():
        assert adamw([{"params": [nn.Parameter(torch.ones(2, device=where))]}], 0.1).defaults["fused"] is fused


# Interrupted, broken off, going on


class Noisy(nn.Module):
    """A loss with a state, and with numbers of its own."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))
        self.generator = torch.Generator().manual_seed(3)

    def forward(self, model, x, y):
        value = square(model, x + 0.1 * torch.randn(x.shape, generator=self.generator), y)
        self.mean = torch.lerp(self.mean, value.detach(), 0.1)
        return value * (1 + torch.tanh(self.mean))


class Pressed(Exception):
    """The power goes off."""


def crash():
    raise Pressed


def curriculum(model, parts, step=None, how=None):
    """Batches that freeze, thaw and write into the model, from Python's numbers, PyTorch's, and their own."""
    shuffle, stream = random.Random(1), batches()
    for i in range(20):
        if i == 8:
            with torch.no_grad():
                model[2].weight.copy_(model[0].weight[:1].mean() + torch.zeros(1, 4))
        parts[0]["share"] = 0.1 if 8 <= i < 13 else 1.0
        if i == step:
            how()
        x, y = next(stream)
        yield x * shuffle.uniform(0.9, 1.1), y


def trained(path=None, step=None, how=None):
    torch.manual_seed(0)
    model, loss = line(), Noisy()
    parts = [{"params": list(model[0].parameters())}, {"params": list(model[2].parameters())}]
    scores = {"validate": lambda m: math.sin(1e3 * m[0].weight.sum().item()), "validate_at": (0.2, 0.5, 0.8, 1.0)}
    given = curriculum(model, parts, step, how)
    result = run(model, given, loss, budget=20, parameters=parts, checkpoint=path, **scores)
    return state(model), state(loss), loss.generator.get_state().tolist(), result._replace(seconds=0)


def equal(a, b):
    return same(a[0], b[0]) and same(a[1], b[1]) and a[2:] == b[2:]


@pytest.mark.parametrize("step", [1, 8, 9, 15, 19])
def test_an_interrupted_curriculum_goes_on_as_if_it_had_not_been(step, tmp_path):
    expected = trained()
    broken = trained(tmp_path / "run.pt", step, lambda: signal.raise_signal(signal.SIGINT))
    assert broken[3].interrupted and broken[3].steps == step + 1  # the step is finished
    torch.rand(7)  # elsewhere
    found = trained(tmp_path / "run.pt")
    assert equal(found, expected)


@pytest.mark.parametrize("step", [1, 8, 15])
def test_after_a_crash_it_goes_on_from_the_last_checkpoint(step, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "SAVE_EVERY", 0)
    expected = trained()
    with pytest.raises(Pressed):
        trained(tmp_path / "run.pt", step, crash)
    torch.rand(7)
    assert equal(trained(tmp_path / "run.pt"), expected)
    assert equal(trained(tmp_path / "run.pt"), expected)  # that has ended, and is not repeated


OTHERS = {
    "budget": ({"budget": 31}, "budget = 30, not 31"),
    "learning_rate": ({"learning_rate": 0.1}, "learning_rate = 0.01, not 0.1"),
    "clip": ({"clip": None}, "clip = 1.0, not None"),
    "autocast": ({"autocast": True}, "autocast = False, not True"),
    "validate_at": ({"validate": lambda m: 0.0}, r"validate_at = None, not \[0.7, 0.8, 0.9, 1.0\]"),
    "optimizer": ({"optimizer": torch.optim.Adam}, "optimizer = adamw, .*, not Adam, "),
    "schedule": ({"schedule": constant}, "schedule = warm_up_then_decay, .*, not constant, "),
    "loss": ({"loss": lambda model, x, y: 2 * square(model, x, y)}, "loss = square, .*, not .*lambda.*, "),
    "its own": ({"settings": {"seed": 1}}, "seed = 0, not 1"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_training_is_told(other, tmp_path):
    path, (options, message) = tmp_path / "run.pt", OTHERS[other]
    run(line(), checkpoint=path, settings={"seed": 0})
    model, file = line(), path.read_bytes()
    with pytest.raises(ValueError, match=f"it belongs to a training with {message}.*; delete it to train from the"):
        run(model, **{"checkpoint": path, "settings": {"seed": 0}} | options)
    assert same(state(model), state(line())) and path.read_bytes() == file


# Devices


@pytest.fixture
def moves(monkeypatch):
    """Where modules were taken; none of them goes there, for there are no numbers on "meta"."""
    found = []
    to = nn.Module.to
    monkeypatch.setattr(nn.Module, "to", lambda module, where: found.append((module, str(where))) or to(module, "cpu"))
    return found


def test_model_batch_and_loss_are_taken_to_the_device_and_brought_back(moves):
    model, loss, taken = line(), Noisy(), []

    class Told(nn.Module):
        def forward(self, model, *batch):
            taken.extend(tensor.device.type for tensor in batch)
            raise Pressed

    told = Told()
    with pytest.raises(Pressed):
        run(model, loss=told, device="meta")
    assert taken == ["meta", "meta"]
    assert moves == [(model, "meta"), (told, "meta"), (model, "cpu"), (told, "cpu")]  # also after an error
    moves.clear()
    assert run(model, loss=loss, device="cpu").device == "cpu"
    assert moves == [(model, "cpu"), (loss, "cpu")] * 2


def test_the_training_says_where_it_was_and_auto_asks_for_the_model(monkeypatch):
    asked = []
    monkeypatch.setattr(machine, "pick_device", lambda model: asked.append(model) or torch.device("cpu"))
    model = line()
    assert run(model).device == "cpu" and asked == [model]
    assert run(model, device="cpu").device == run(model, device=torch.device("cpu")).device == "cpu"
    with pytest.raises(
        ValueError, match="device: expected a device of this machine, such as cpu, cuda or mps; got 'gpu'"
    ):
        run(model, device="gpu")
    assert asked == [model]
