"""Every helper that takes a model: what is frozen in it stays so, and the surroundings change nothing."""

import contextlib
import copy
import functools
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import pytest
import torch
from factories import SOURCE, DeviceIsGiven, new_translator, train_tiny
from torch import nn

from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.decoding import align, beam, greedy, translate
from attention_course.layers import AttentionPooling
from attention_course.lessons.lesson_07 import document_training
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.built import StackedAttention
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank, drawing_banks
from attention_course.lessons.lesson_08.examining import evaluate
from attention_course.lessons.lesson_09 import same_different_task as distance
from attention_course.lessons.lesson_09.same_different_classifier import SelfAttentiveClassifier
from attention_course.metrics import accuracy
from attention_course.models import small_encoder
from attention_course.models.captioner import Album, Captioner
from attention_course.models.hard_attention import HardCaptioner, Reinforce
from attention_course.models.hierarchical import BidirectionalGRU, HierarchicalAttention, Level
from attention_course.models.region_features import encode_images
from attention_course.models.small_encoder import SmallEncoder, trained_encoder
from attention_course.modes import evaluating, start_training
from attention_course.training import train, train_classifier

FEATURES = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0))
VOCABULARY = Vocabulary(["abcdef"])
DOCUMENTS = [[[4 + i % 5] * (1 + i % 3)] * (1 + i % 4) for i in range(12)]
LOSS = Reinforce(8)
PIXELS = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)


def matcher():
    return nn.Sequential(SelfAttentiveClassifier(len(distance.WORDS)), Untouched())


class Untouched(nn.Dropout):
    """Passes on what it gets, tuples too."""

    def forward(self, given):
        return given


def sentences(generator):
    words, same = distance.same_or_different(8, 3, generator)
    return (words,), same


def stacked():
    return StackedAttention(len(vqa.WORDS), 32, len(vqa.ANSWERS), 2)


def symbols():
    kind, colour = torch.eye(len(vqa.KINDS)), torch.eye(len(vqa.COLOURS))
    kinds, colours = kind[:, None, None].expand(-1, len(colour), 1, -1), colour[None, :, None]
    return DrawingBank(None, 4 * torch.cat([kinds, colours.expand(len(kind), -1, 1, -1)], -1))


SYMBOLS = symbols()


def album(kind):
    sizes = {"size": 8, "embedding_size": 6, "decoder_size": 10, "score_size": 7, "dropout": 0.2}
    return Album(kind(FEATURES, 11, **sizes), FEATURES)


def train_album(model, loss=None):
    examples = [([i % 4], [BOS, *[3 + i % 5] * (1 + i % 4), EOS]) for i in range(20)]
    return train(
        model, examples, target_tokens=60, learning_rate=1e-2, batch_tokens=20, loss=loss, progress=False
    ).losses


def reader():
    words, all_sentences = (Level(BidirectionalGRU(8), AttentionPooling(8, 8)) for _ in range(2))
    return HierarchicalAttention(12, words, all_sentences, size=8, dropout=0.2)


def train_reader(model):
    labels = [i % 2 for i in range(len(DOCUMENTS))]
    options = {"passes": 1, "learning_rate": 1e-2, "batch": 5, "word_dropout": 0.3, "progress": False}
    return document_training.train(model, DOCUMENTS, labels, **options).losses


class Helper(NamedTuple):
    new: Callable  # a model
    use: Callable  # does something with it, and gives what can be compared
    part: str  # of the model: what is frozen
    last: str  # of the model: what the output comes from
    trains: bool = False
    pads: bool = False  # sentences, on the default device


PAIRS = [(["a", "b"], ["c"]), (["d"], ["e", "f"])]


def translator():
    return new_translator(dropout=0.3)


def train_and_validate(model):
    return train_tiny(model, target_tokens=60, validate=lambda m: -float(greedy(m, SOURCE, 3)[0].sum())).validations


def train_matcher(model):
    draw = partial(sentences, torch.Generator().manual_seed(0))
    return train_classifier(model, draw, steps=3, learning_rate=1e-2, progress=False).losses


def beside(model):
    return SOURCE.to(next(model.parameters()).device)


def translated(model):
    return [tuple(t) for t in translate(model, [source for source, _ in PAIRS], VOCABULARY, VOCABULARY, 4)]


HELPERS = {
    "train": Helper(translator, lambda m: train_tiny(m, target_tokens=60).losses, "encoder", "readout", True, True),
    "train and validate": Helper(translator, train_and_validate, "encoder", "readout", True, True),
    "train a captioner": Helper(
        partial(album, Captioner), train_album, "captioner.norm", "captioner.readout", True, True
    ),
    "train hard attention": Helper(
        partial(album, HardCaptioner),
        lambda m: train_album(m, copy.deepcopy(LOSS)),
        "captioner.score",
        "captioner.readout",
        True,
        True,
    ),
    "train a classifier": Helper(matcher, train_matcher, "1", "0.classify", True),
    "train a reader": Helper(reader, train_reader, "sentences", "classify", True, True),
    "accuracy": Helper(matcher, lambda m: accuracy(m, sentences(torch.Generator().manual_seed(0))), "1", "0.classify"),
    "read": Helper(reader, lambda m: list(document_training.read(m, DOCUMENTS, 5)), "words", "classify", pads=True),
    "examine": Helper(stacked, lambda m: list(evaluate(m, SYMBOLS, 20)[1:]), "see", "answer"),
    "greedy": Helper(translator, lambda m: list(greedy(m, beside(m), 4)), "encoder", "readout"),
    "beam": Helper(
        translator, lambda m: [[tuple(h) for h in found] for found in beam(m, beside(m), 3, 4)], "encoder", "readout"
    ),
    "translate": Helper(translator, translated, "encoder", "readout", pads=True),
    "align": Helper(translator, lambda m: align(m, PAIRS, VOCABULARY, VOCABULARY), "encoder", "readout", pads=True),
    "encode_images": Helper(SmallEncoder, lambda m: encode_images(m, PIXELS), "layers.1", "layers"),
    "drawing_banks": Helper(SmallEncoder, lambda m: [a.features for a in drawing_banks(m, 2)], "layers.1", "layers"),
}
BANK = functools.cache(vqa.bank)  # drawings take long


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch):
    monkeypatch.setattr(vqa, "bank", BANK)


every_helper = pytest.mark.parametrize("name", HELPERS)
every_training = pytest.mark.parametrize("name", [name for name, helper in HELPERS.items() if helper.trains])


def new(name):
    torch.manual_seed(0)
    return HELPERS[name].new().train()


def done(name, model):
    torch.manual_seed(1)
    return HELPERS[name].use(model)


def watched(model, part):
    """The modes in which a part, and the rest of the model, do their work."""
    modes = {"part": set(), "rest": set()}
    for module in model.modules():
        inside = any(module is m for m in part.modules())
        if inside or not any(m is part for m in module.modules()):
            key = "part" if inside else "rest"
            module.register_forward_pre_hook(lambda m, inputs, key=key: modes[key].add(m.training))
    return modes


# Modes


@every_helper
def test_what_is_frozen_stays_frozen_and_the_rest_is_as_it_should(name):
    model, helper = new(name), HELPERS[name]
    part = model.get_submodule(helper.part).eval()
    before, modes = [m.training for m in model.modules()], watched(model, part)
    done(name, model)
    assert modes["part"] <= {False} and (not helper.trains or True in modes["rest"])
    if helper.trains:
        assert not any(m.training for m in model.modules())
    else:
        assert modes["rest"] <= {False}
        assert [m.training for m in model.modules()] == before and any(before) and not all(before)


@every_training
def test_what_learns_no_more_stays_as_it_is_where_the_model_is_in_evaluation_mode(name):
    model = new(name).eval()
    part = model.get_submodule(HELPERS[name].part)
    if any(True for _ in part.parameters()):
        part.requires_grad_(False)
        modes = watched(model, part)
        done(name, model)
        assert modes["part"] <= {False} and True in modes["rest"]


@every_training
def test_a_model_in_evaluation_mode_is_trained_with_dropout_also_inside_a_new_module(name):
    model = new(name).eval()
    start_training(model)
    assert all(m.training for m in model.modules())
    around = nn.Sequential(model.eval())
    start_training(around)
    assert all(m.training for m in around.modules())


def test_a_new_last_layer_freezes_nothing():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(), nn.Linear(2, 2)).eval()
    model[2] = nn.Linear(2, 3)
    start_training(model)
    assert all(m.training for m in model.modules())


def test_a_model_that_keeps_its_own_parts_in_evaluation_mode_is_asked():
    class Careful(nn.Sequential):
        def train(self, mode=True):
            super().train(mode)
            self[0].eval()
            return self

    model = Careful(nn.BatchNorm1d(2), nn.Linear(2, 2)).eval()
    start_training(model)
    assert [m.training for m in model.modules()] == [True, False, True]


@pytest.mark.parametrize("how", [contextlib.nullcontext, lambda: pytest.raises(ZeroDivisionError)])
def test_evaluating_gives_every_part_its_mode_back(how):
    model = nn.Sequential(nn.Dropout(), nn.Sequential(nn.Dropout(), nn.Dropout()))
    model[1][0].eval()
    with how() as failing, evaluating(model):
        assert not any(m.training for m in model.modules())
        if failing is not None:
            raise ZeroDivisionError
    assert [m.training for m in model.modules()] == [True, True, True, False, True]


# Surroundings


@contextlib.contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def plain(thing):
    """Tensors as numbers, so that they can be compared bit by bit."""
    if isinstance(thing, torch.Tensor):
        return str(thing.dtype), thing.tolist()
    return [plain(part) for part in thing] if isinstance(thing, list | tuple) else thing


SURROUNDINGS = {
    "no gradients": torch.no_grad,
    "inference mode": torch.inference_mode,
    "float64 by default": lambda: default_dtype(torch.float64),
    "bfloat16 by default": lambda: default_dtype(torch.bfloat16),
    "anomaly mode": lambda: torch.autograd.set_detect_anomaly(True, check_nan=False),
}


@pytest.mark.filterwarnings("ignore:Anomaly Detection")
@pytest.mark.parametrize("around", SURROUNDINGS)
@every_helper
def test_the_surroundings_change_no_number(name, around):
    expected = plain(done(name, new(name)))
    model = new(name)
    with SURROUNDINGS[around]():
        assert plain(done(name, model)) == expected


@every_helper
def test_autocast_around_it_changes_no_precision_that_was_chosen_and_stops_nothing(name):
    expected = plain(done(name, new(name)))
    model = new(name)
    with torch.autocast("cpu", torch.bfloat16):
        found = plain(done(name, model))
    assert not HELPERS[name].trains or name == "train and validate" or found == expected


@every_helper
def test_a_model_in_float64_is_used_in_float64(name):
    model = new(name).double()
    if isinstance(model, Album):
        model.features = model.features.double()
    done(name, model)
    assert {p.dtype for p in model.parameters()} == {torch.float64}


def adam_counts_on_the_default_device():
    """As that of PyTorch 2.6 does, where it is not fused."""
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer, weight.grad = torch.optim.Adam([weight]), torch.ones(1)
    with torch.device("meta"), contextlib.suppress(RuntimeError):
        optimizer.step()
    return optimizer.state[weight]["step"].is_meta


@pytest.mark.parametrize("name", [name for name, helper in HELPERS.items() if not helper.pads])
def test_the_default_device_changes_nothing(name):
    """There is nothing on this default device: who leans on it falls."""
    if name in ("train a classifier", "grow") and adam_counts_on_the_default_device():
        pytest.skip("this PyTorch's Adam counts its steps on the default device")
    expected = plain(done(name, new(name)))
    model = new(name)
    with torch.device("meta"):
        assert plain(done(name, model)) == expected


class InThePackage(DeviceIsGiven):
    """Lets sentences be padded, and optimizers count, with `torch.tensor`."""

    MAKERS = DeviceIsGiven.MAKERS - {torch.tensor}


@every_helper
def test_all_is_made_on_a_given_device(name):
    model = new(name)
    with InThePackage():
        done(name, model)


class Reached(Exception):
    """All that came so far was on one device."""


@every_helper
def test_a_model_on_another_device_gets_what_it_needs_there(name):
    """On this device there are no numbers, but all operations, and none takes tensors of two devices."""

    def reach(module, inputs, output):
        assert output.device.type == "meta"
        raise Reached

    model = new(name).to("meta")
    model.get_submodule(HELPERS[name].last).register_forward_hook(reach)
    with pytest.raises(Reached):
        done(name, model)


def test_an_encoder_starts_and_learns_alike_whatever_the_surroundings():
    def trained():
        torch.manual_seed(0)
        state = trained_encoder(images=16, steps=2, batch=8, progress=False).state_dict()
        return {key: value.tolist() for key, value in state.items()}

    expected = trained()
    for around in (torch.no_grad, torch.inference_mode, lambda: torch.device("meta")):
        with around():
            assert trained() == expected


def test_an_encoder_is_trained_on_another_device(monkeypatch):
    def reach(learner, *batch):
        assert {t.device.type for t in [*learner.parameters(), *learner.buffers(), *batch]} == {"meta"}
        raise Reached

    monkeypatch.setattr(small_encoder, "kind_and_colour", reach)
    with pytest.raises(Reached):
        trained_encoder(images=8, steps=1, batch=4, progress=False, device="meta")


def test_padding_is_made_where_the_default_is():
    with torch.device("meta"):
        assert pad([[4]]).device.type == "meta"


def test_features_of_pictures_can_be_trained_on():
    features = encode_images(SmallEncoder().eval(), PIXELS)
    assert not features.is_inference()
