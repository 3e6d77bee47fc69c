"""Every family of models on the pretended device: what they compute, learn and say is what they do on the CPU."""

import signal

import pytest
import torch
import torch.nn.functional as F
from everything import FORMS
from factories import FAMILIES, MODELS, PREVIOUS, SOURCE, TARGET, new_model, new_translator, normal, train_tiny
from simulated.agreeing import assert_agree, assert_same_bits, bits
from torch import nn

from attention_course.decoding import beam, greedy
from attention_course.layers import AttentionPooling, MeanPooling
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.lessons.lesson_08.built import StackedAttention
from attention_course.models.captioner import Album, Captioner, MeanCaptioner, doubly_stochastic
from attention_course.models.hierarchical import BidirectionalGRU, HierarchicalAttention, Identity, Level
from attention_course.models.transformer import Config, Transformer
from attention_course.training import train_classifier

pytestmark = pytest.mark.usefixtures("as_on_a_gpu")
FEATURES = normal(3, 9, 5)
LEVELS = {
    "GRUs": lambda: [Level(BidirectionalGRU(6), AttentionPooling(6, 5)) for _ in range(2)],
    "no order": lambda: [Level(Identity(), AttentionPooling(6, 5)) for _ in range(2)],
    "means": lambda: [Level(Identity(), MeanPooling()) for _ in range(2)],
}


def gradients(model):
    return [p.grad for p in model.parameters()]


@pytest.mark.parametrize("name", MODELS)
def test_translators(name, sim):
    """With dropout; in the sources there is padding."""

    def learn(device):
        model = new_model(name, dropout=0.3).to(device).train()
        torch.manual_seed(1)
        logits, weights = model(SOURCE.to(device), PREVIOUS.to(device))
        F.cross_entropy(logits.flatten(0, 1), TARGET.to(device).flatten(), ignore_index=0).backward()
        return logits, weights, gradients(model)

    assert_same_bits(learn)


@pytest.mark.parametrize("name", FAMILIES)
def test_translations(name, sim):
    def translate(device):
        model, source = new_model(name).to(device), SOURCE.to(device)
        found = beam(model, source, width=3, max_length=6)
        said = [(h.words, h.log_probability, h.score) for of_one in found for h in of_one]
        return greedy(model, source, max_length=6), said, [h.weights for of_one in found for h in of_one]

    assert_same_bits(translate)


@pytest.mark.parametrize("form", ["rotary", "t5", "local", "linear", "hashing", "tiled, causal"])
def test_transformers_with_another_attention(form, sim):
    shared = SharedQueryKey if form == "hashing" else Config().attention

    def learn(device):
        torch.manual_seed(0)
        config = Config(16, 4, 12, 2, attend=FORMS[form].make, attention=shared)
        model = Transformer(12, 11, config, encoder=Config(16, 4, 12, 1)).to(device)
        torch.manual_seed(1)
        logits, _ = model(SOURCE.to(device), PREVIOUS.to(device))
        logits.square().mean().backward()
        return logits, gradients(model), greedy(model.eval(), SOURCE.to(device), max_length=5)

    assert_same_bits(learn)


def test_a_training(sim):
    def learn(device):
        model = new_translator(dropout=0.2).to(device)
        torch.manual_seed(1)
        run = train_tiny(model, validate=lambda model: model.bias.sum().item(), validate_at=(0.5, 1.0))
        return run.losses, run.validations, list(model.parameters())

    assert_same_bits(learn)


@pytest.mark.parametrize("kind", [Captioner, MeanCaptioner])
def test_captioners(kind, sim):
    def learn(device):
        torch.manual_seed(0)
        sizes = {"size": 8, "embedding_size": 6, "decoder_size": 10, "score_size": 7}
        album = Album(kind(FEATURES, 11, **sizes, dropout=0.3).double(), FEATURES).to(device)
        pictures = torch.tensor([[2], [0], [1]], device=device)
        torch.manual_seed(1)
        logits, weights = album(pictures, PREVIOUS.to(device))
        counts = (TARGET != 0).double().to(device)
        loss = (logits.log_softmax(-1).amax(-1) * counts).sum() + doubly_stochastic(weights, counts)
        loss.backward()
        said = [[h.words for h in of_one] for of_one in beam(album, pictures, width=2, max_length=4)]
        return logits, weights, loss, gradients(album), greedy(album, pictures, max_length=4), said

    assert_same_bits(learn)


@pytest.mark.parametrize("name", LEVELS)
def test_readers_of_documents(name, sim):
    documents = torch.tensor([[[5, 4, 9], [8, 0, 0]], [[6, 5, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]])

    def learn(device):
        torch.manual_seed(0)
        model = HierarchicalAttention(12, *LEVELS[name](), size=6, classes=3, dropout=0.2).to(device)
        torch.manual_seed(1)
        reading = model(documents.to(device))
        F.cross_entropy(reading.logits, torch.tensor([0, 2, 1], device=device)).backward()
        return reading, gradients(model)

    assert_same_bits(learn)


def test_stacked_attention(sim):
    questions, mask = (
        torch.tensor([[0, 3, 1], [2, 2, 4], [0, 0, 6]]),
        torch.arange(9) < torch.tensor([[9], [4], [0]]),
    )

    def learn(device):
        torch.manual_seed(0)
        model = StackedAttention(7, 5, 4, 3, E=8, D=6).double().to(device)
        logits, maps = model(FEATURES.to(device), questions.to(device), mask.to(device))
        (logits.square().sum() + maps.square().sum()).backward()
        with torch.inference_mode():
            fewer = model(FEATURES.to(device), questions.to(device), hops=1)
        return logits, maps, gradients(model), fewer

    assert_same_bits(learn)


def test_a_model_moves_to_the_device_and_back(sim):
    """What has learned there says the same here."""
    model = new_model("Transformer")
    first = model(SOURCE, PREVIOUS)
    there = model.to(sim)(SOURCE.to(sim), PREVIOUS.to(sim))
    assert_agree(there, first)
    train_tiny(model, target_tokens=60)
    learned = model(SOURCE.to(sim), PREVIOUS.to(sim))
    assert bits(learned[0]) != bits(first[0])
    assert_agree(learned, model.to("cpu")(SOURCE, PREVIOUS))
    assert all(isinstance(p, nn.Parameter) and p.device.type == "cpu" for p in model.parameters())


def test_a_training_is_taken_there_and_brought_back(sim, monkeypatch):
    """Where the device is named, or "auto" finds it, model and loss are there while they learn, and only then."""
    monkeypatch.setenv("ATTENTION_COURSE_DEVICE", sim.type)
    where = []

    def learn(device):
        model = new_translator(dropout=0.2)
        model.register_forward_pre_hook(lambda module, inputs: where.append(inputs[0].device.type))
        torch.manual_seed(1)
        run = train_tiny(model, device=device, validate=lambda model: model.bias.sum().item(), validate_at=(0.5, 1.0))
        return run.device, [p.detach() for p in model.parameters()], run.losses

    kind, there, losses = learn("auto")
    assert kind == sim.type and set(where) == {sim.type}
    kind, here, expected = learn("cpu")
    assert kind == "cpu" and losses == expected
    assert [bits(x) for x in there] == [bits(x) for x in here] and {x.device.type for x in there} == {"cpu"}


def test_a_checkpoint_holds_the_random_numbers_of_the_device(sim, tmp_path):
    """A training that was broken off there goes on with the dropout that it would have had."""

    def learn(name, stop_at=None):
        model, steps = new_translator(dropout=0.4), []

        def stop(module, inputs):
            steps.append(module)
            if len(steps) == stop_at:
                signal.raise_signal(signal.SIGINT)

        model.register_forward_pre_hook(stop)
        torch.manual_seed(1)
        run = train_tiny(model, checkpoint=tmp_path / name, device=sim)
        return run.interrupted, [bits(p) for p in model.parameters()]

    _, whole = learn("whole")
    assert learn("broken", stop_at=6)[0]
    torch.rand(3, device=sim)
    assert learn("broken") == (False, whole)


def test_a_classifier_is_taken_there_and_brought_back(sim):
    def learn(device):
        torch.manual_seed(0)
        model = Pair(nn.Linear(5, 3))
        run = train_classifier(
            model, lambda: ((FEATURES.float(),), torch.zeros(3, 9, dtype=torch.long)), steps=3, learning_rate=0.1,
            penalty=lambda weights: weights.square().sum(), device=device, progress=False,
        )  # fmt: skip
        return run.device, run.losses, [bits(p) for p in model.parameters()]

    assert learn(sim) == (sim.type, *learn("cpu")[1:])


class Pair(nn.Sequential):
    """A model that gives logits and something like weights."""

    def forward(self, x):
        logits = super().forward(x)
        return logits, logits.softmax(-1)
