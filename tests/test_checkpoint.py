"""Checkpoints: a training that was broken off ends as if it had not been, and no other training takes its place."""

import inspect
import math
import signal
from types import SimpleNamespace

import pytest
import torch
from factories import SIZES, SOURCE, tiny_examples, train_tiny
from tqdm import tqdm

from attention_course import checkpoint, device
from attention_course.decoding import greedy
from attention_course.models.luong import Luong
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch
from attention_course.training import saving

MODELS = [RNNsearch, EncoderDecoder, Luong]


class Crash(Exception):
    """The power goes off."""


def new(family=RNNsearch, **options):
    torch.manual_seed(0)
    return family(12, 11, **SIZES | {"dropout": 0.3} | options)


def score(model):
    """One that goes up and down."""
    return math.sin(1e3 * model.bias.sum().item())


def run(model, path=None, **options):
    shares = (0.2, 0.4, 0.6, 0.8, 1.0)
    return train_tiny(
        model, **{"target_tokens": 150, "checkpoint": path, "validate": score, "validate_at": shares} | options
    )


def break_at(model, step, how):
    """Have `how` called in the given step of a training."""
    steps = []

    def count(module, inputs):
        steps.append(module.training)
        if sum(steps) == step:
            how()

    model.register_forward_pre_hook(count)
    return model


def interrupt():
    signal.raise_signal(signal.SIGINT)


def crash():
    raise Crash


def everything(model, run):
    """What two trainings that went the same way have in common, bit by bit."""
    return [p.tolist() for p in model.parameters()], run._replace(seconds=0.0)


def other_numbers(family=RNNsearch):
    """A model of the same form, and random numbers that have been drawn."""
    model = new(family)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model


def resumed(path, family=RNNsearch):
    """Another model, trained from the checkpoint."""
    model = other_numbers(family)
    return model, run(model, path)


def contents(model):
    return {name: tensor.tolist() for name, tensor in model.state_dict().items()}


# Going on


@pytest.mark.parametrize("family", MODELS)
@pytest.mark.parametrize("step", [1, 6])
def test_an_interrupted_training_goes_on_as_if_it_had_not_been(family, step, tmp_path):
    unbroken = new(family)
    expected = everything(unbroken, run(unbroken))
    broken = run(break_at(new(family), step, interrupt), tmp_path / "run.pt")
    assert broken.interrupted and broken.steps == step
    assert everything(*resumed(tmp_path / "run.pt", family)) == expected


@pytest.mark.parametrize("step", [2, 6])
def test_after_a_crash_training_goes_on_from_the_last_checkpoint(step, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "SAVE_EVERY", 0)
    unbroken = new()
    expected = everything(unbroken, run(unbroken))
    with pytest.raises(Crash):
        run(break_at(new(), step, crash), tmp_path / "run.pt")
    assert everything(*resumed(tmp_path / "run.pt")) == expected


def test_a_training_may_be_broken_off_again_and_again_and_while_it_validates(tmp_path):
    unbroken = new()
    expected = everything(unbroken, run(unbroken))
    for make in (new, other_numbers, other_numbers, other_numbers):
        assert run(make(), tmp_path / "run.pt", validate=lambda model: interrupt() or score(model)).interrupted
    assert everything(*resumed(tmp_path / "run.pt")) == expected


def test_an_interruption_between_two_steps_is_saved_too(tmp_path, monkeypatch):
    update = tqdm.set_postfix
    monkeypatch.setattr(tqdm, "set_postfix", lambda bar, **what: interrupt() or update(bar, **what))
    broken = run(new(), tmp_path / "run.pt")
    assert broken.interrupted and broken.steps == 1
    monkeypatch.undo()
    assert torch.load(tmp_path / "run.pt", weights_only=True)["run"]["losses"] == broken.losses


def test_without_interruptions_a_checkpoint_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "SAVE_EVERY", 0)
    without = new()
    expected = everything(without, run(without))
    model = new()
    assert everything(model, run(model, tmp_path / "folder" / "run.pt")) == expected
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["run.pt"]


def test_a_training_that_has_ended_is_not_repeated(tmp_path):
    path, model = tmp_path / "run.pt", new()
    first = run(model, path)
    file = path.read_bytes()
    other = break_at(other_numbers(), 1, crash)
    again = run(other, path)
    assert everything(other, again) == everything(model, first) and path.read_bytes() == file
    assert not other.training and greedy(other, SOURCE)[0].equal(greedy(model, SOURCE)[0])


# Other machines


def test_a_training_goes_on_in_the_precision_in_which_it_began(tmp_path, monkeypatch):
    for began in (True, False):
        path, pays = tmp_path / f"{began}.pt", lambda device_type, began=began: began
        monkeypatch.setattr(device, "bfloat16_pays", pays)
        unbroken = new()
        expected = everything(unbroken, run(unbroken, autocast=True))
        run(break_at(new(), 3, interrupt), path, autocast=True)
        monkeypatch.setattr(device, "bfloat16_pays", lambda device_type, began=began: not began)
        model = other_numbers()
        again = run(model, path, autocast=True)
        assert everything(model, again) == expected
        assert again.precision == ("bfloat16" if began else "float32")


def test_a_model_of_another_precision_is_another_model(finished):
    refused(finished, "it belongs to another model", other_numbers().double())


def pretend(monkeypatch, count, module):
    """So many GPUs, whose random numbers a module knows."""
    monkeypatch.setattr(checkpoint, "_accelerators", lambda: [torch.device("cuda", i) for i in range(count)])
    monkeypatch.setattr(torch, "get_device_module", lambda place: module)


@pytest.mark.parametrize("gpus", [0, 1, 2, 3])
def test_a_checkpoint_from_two_gpus_goes_on_with_as_many_as_there_are(gpus, tmp_path, monkeypatch):
    unbroken, found = new(), {}
    expected = everything(unbroken, run(unbroken))
    theirs = SimpleNamespace(
        get_rng_state=lambda place: torch.tensor([7 + place.index], dtype=torch.uint8),
        set_rng_state=lambda state, place: found.update({place.index: state.item()}),
    )
    pretend(monkeypatch, 2, theirs)
    run(break_at(new(), 3, interrupt), tmp_path / "run.pt")
    pretend(monkeypatch, gpus, theirs)
    assert everything(*resumed(tmp_path / "run.pt")) == expected
    assert found == dict([(0, 7), (1, 8)][:gpus])


@pytest.mark.parametrize("kind", ["cuda", "mps", "xpu"])
def test_the_random_numbers_of_every_kind_of_gpu_are_asked_for_alike(kind):
    module, place = torch.get_device_module(kind), torch.device(kind, 0)
    inspect.signature(module.get_rng_state).bind(place)
    inspect.signature(module.set_rng_state).bind(torch.zeros(1), place)


class Tied(torch.nn.Module):
    """As many names and shapes with one table as with two."""

    def __init__(self, tied):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.words = torch.nn.Embedding(12, 12), torch.nn.Linear(12, 12, bias=False)
        if tied:
            self.words.weight = self.embedding.weight

    def forward(self, source, previous):
        return self.words(self.embedding(previous)), None


def test_a_model_that_shares_its_parameters_is_another_model(tmp_path):
    run(Tied(tied=True), tmp_path / "run.pt", validate=None)
    file, model = (tmp_path / "run.pt").read_bytes(), Tied(tied=False)
    before = contents(model)
    with pytest.raises(ValueError, match="it belongs to another model; delete it to train from the start"):
        run(model, tmp_path / "run.pt", validate=None)
    assert contents(model) == before and (tmp_path / "run.pt").read_bytes() == file


def test_nothing_is_written_into_the_model_before_all_else_is_in_its_place(finished):
    state = torch.load(finished, weights_only=True)
    state["random"]["cpu"] = torch.zeros(3, dtype=torch.uint8)
    torch.save(state, finished)
    model = other_numbers()
    before = contents(model)
    with pytest.raises(ValueError, match="this file is broken or no checkpoint"):
        run(model, finished)
    assert contents(model) == before


# Other trainings, broken files


@pytest.fixture
def finished(tmp_path):
    run(new(), tmp_path / "run.pt")
    return tmp_path / "run.pt"


def refused(path, message, model, **options):
    """Training is refused with the message; model, random numbers and file are as they were."""
    file, numbers, random = path.read_bytes(), contents(model), torch.get_rng_state()
    with pytest.raises(ValueError) as told:
        run(model, path, **options)
    assert str(told.value) == f"checkpoint {path}: {message}; delete it to train from the start"
    assert path.read_bytes() == file and contents(model) == numbers and torch.get_rng_state().equal(random)
    assert [p.name for p in path.parent.iterdir()] == ["run.pt"]


@pytest.mark.parametrize(
    "name, was, value",
    [
        ("target_tokens", 150, 151),
        ("learning_rate", 0.01, 0.02),
        ("batch_tokens", 20, 21),
        ("label_smoothing", 0.0, 0.1),
        ("autocast", False, True),
        ("seed", 0, 1),
        ("validate_at", [0.2, 0.4, 0.6, 0.8, 1.0], [0.5]),
    ],
)
def test_a_training_with_another_setting_is_another_training(name, was, value, finished):
    message = f"it belongs to a training with {name} = {was}, not {value}"
    refused(finished, message, other_numbers(), **{name: value})


def test_a_training_that_validates_is_another_than_one_that_does_not(finished):
    refused(
        finished,
        "it belongs to a training with validate_at = [0.2, 0.4, 0.6, 0.8, 1.0], not None",
        new(),
        validate=None,
    )


def test_the_time_of_all_sessions_counts(tmp_path):
    before = run(break_at(new(), 6, interrupt), tmp_path / "run.pt").seconds
    after = run(other_numbers(), tmp_path / "run.pt").seconds
    assert 0 < before < after == run(other_numbers(), tmp_path / "run.pt").seconds


@pytest.mark.parametrize("number", [40, 41])
def test_a_training_with_other_examples_is_another_training(finished, number):
    others = [(source, [*target[:-1], 4, target[-1]]) for source, target in tiny_examples(number)]
    with pytest.raises(ValueError, match=rf"a training with examples = 40, checksum \d+, not {number}, checksum \d+"):
        run(other_numbers(), finished, examples=others)


@pytest.mark.parametrize(
    "model", [new(Luong), new(EncoderDecoder), new(embedding_size=7), new(decoder_size=11)], ids=range(4)
)
def test_a_checkpoint_of_another_model_is_told_before_anything_is_written(model, finished):
    refused(finished, "it belongs to another model", model)


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.3, 0.6, 0.9, 0.99])
def test_half_a_checkpoint_is_told(kept, finished):
    file = finished.read_bytes()
    finished.write_bytes(file[: int(kept * len(file))])
    refused(finished, "this file is broken or no checkpoint", other_numbers())


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("content", [b"hello", b"\x80\x04.", b"PK\x03\x04", b"<html>", "é".encode("latin-1"), b"."])
def test_a_file_that_is_no_checkpoint_is_told(content, tmp_path):
    (tmp_path / "run.pt").write_bytes(content)
    refused(tmp_path / "run.pt", "this file is broken or no checkpoint", other_numbers())


@pytest.mark.parametrize("part", ["settings", "run", "random", "optimizer", "loss", "model"])
def test_a_checkpoint_that_lacks_a_part_is_told(part, finished):
    state = torch.load(finished, weights_only=True)
    del state[part]
    torch.save(state, finished)
    refused(finished, "this file is broken or no checkpoint", other_numbers())


@pytest.mark.parametrize("content", [torch.zeros(3), [1], {"settings": {}}, new().state_dict(), None], ids=range(5))
def test_another_file_of_pytorch_is_no_checkpoint(content, tmp_path):
    torch.save(content, tmp_path / "run.pt")
    refused(tmp_path / "run.pt", "this file is broken or no checkpoint", other_numbers())


def test_a_checkpoint_is_replaced_when_the_new_one_is_whole(tmp_path, monkeypatch):
    path, unbroken, write = tmp_path / "run.pt", new(), torch.save
    expected = everything(unbroken, run(unbroken))
    run(break_at(new(), 3, interrupt), path)
    file = path.read_bytes()

    def fill_the_disk(state, partial):
        write(state, partial)
        partial.write_bytes(partial.read_bytes()[:1000])
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", fill_the_disk)
    with pytest.raises(OSError, match="No space left"):
        run(break_at(other_numbers(), 3, interrupt), path)
    assert path.read_bytes() == file
    monkeypatch.undo()
    assert everything(*resumed(path)) == expected


def test_a_finished_training_is_not_lost_where_its_checkpoint_cannot_be_written(tmp_path, monkeypatch):
    def full(state, partial):
        raise OSError("No space left on device")

    unbroken = new()
    expected = everything(unbroken, run(unbroken))
    monkeypatch.setattr(torch, "save", full)
    model = new()
    with pytest.warns(UserWarning, match=r"run.pt: not written, but the training is done \(No space left on device\)"):
        assert everything(model, run(model, tmp_path / "run.pt")) == expected
    assert not model.training
