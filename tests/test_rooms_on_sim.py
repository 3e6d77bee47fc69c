"""What lessons bring along, on the pretended device: tasks that are drawn there, and models that a reader moves."""

from functools import partial

import numpy as np
import pytest
import torch
from factories import PREVIOUS, TARGET, new_model, normal
from simulated.agreeing import assert_agree, assert_same_bits, bits
from torch import nn

from attention_course.data.scenes import scenes
from attention_course.data.vocabulary import Vocabulary
from attention_course.decoding import align, translate
from attention_course.fingerprint import fingerprint
from attention_course.layers import AttentionPooling
from attention_course.layers.from_torch import from_torch
from attention_course.lessons.lesson_03 import built, probe
from attention_course.lessons.lesson_06 import built as built_06
from attention_course.lessons.lesson_07 import built as built_07
from attention_course.lessons.lesson_07 import document_training
from attention_course.lessons.lesson_08 import built as built_08
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.drawing_bank import drawing_banks
from attention_course.lessons.lesson_08.examining import evaluate
from attention_course.lessons.lesson_08.multi_hop_vqa import baselines
from attention_course.lessons.lesson_09.same_different_task import same_or_different
from attention_course.lessons.lesson_12 import built as built_12
from attention_course.lessons.lesson_13 import built as built_13
from attention_course.lessons.lesson_17.facts import facts
from attention_course.lessons.lesson_18.recall_task import recall
from attention_course.lessons.lesson_19.copy_model import CopyModel
from attention_course.lessons.lesson_19.copy_task import copy_task
from attention_course.metrics.pointing import pointing
from attention_course.models import small_encoder
from attention_course.models.captioner import Album
from attention_course.models.hard_attention import HardCaptioner, Reinforce
from attention_course.models.hierarchical import HierarchicalAttention, Identity, Level
from attention_course.models.region_features import encode_images, region_features
from attention_course.models.small_encoder import SmallEncoder, trained_encoder

pytestmark = pytest.mark.usefixtures("as_on_a_gpu")
TASKS = {
    "same or different": lambda generator: same_or_different(4, 3, generator),
    "facts": lambda generator: facts(3, 5, generator, per_text=2, length=20),
    "facts, each its distance": lambda generator: facts(2, torch.tensor([5, 9]), generator, length=20),
    "recall": lambda generator: recall(2, 5, generator, questions=3),
    "copies": lambda generator: copy_task(3, 4, 9, generator),
}


@pytest.mark.parametrize("name", TASKS)
def test_tasks_are_drawn_where_their_generator_is(name, sim):
    assert_same_bits(lambda device: TASKS[name](torch.Generator(device).manual_seed(3)))


def asked(count, steps, seed, device):
    generator = torch.Generator(device).manual_seed(seed)
    scenes = vqa.random_scenes(count, generator)
    return scenes, vqa.random_questions(scenes, steps, generator)


def test_questions_about_pictures(sim):
    def ask(device):
        seen, unseen = (asked(30, (1, 2, 3), seed, device) for seed in range(2))
        said = baselines.question_only(seen[1], unseen[1]), baselines.position_only(seen, unseen)
        return seen, unseen[1].steps, said, baselines.read_off(unseen[0]), vqa.places(device)

    assert_same_bits(ask)


def test_questions_are_asked_where_the_scenes_are(sim):
    """Whatever the generator's device is."""
    there, here = vqa.random_scenes(5, torch.Generator(sim).manual_seed(0)), torch.Generator("cpu").manual_seed(1)
    assert {part.device.type for part in vqa.random_questions(there, (1, 2), here)} == {sim.type}


def test_the_loop_that_lesson_03_writes_takes_the_model_there_and_back(sim, monkeypatch):
    examples = [([5, 4, 3], [1, 6, 3, 2]), ([4, 5], [1, 4, 2]), ([3, 5], [1, 5, 2])]

    def learn(device):
        monkeypatch.setenv("ATTENTION_COURSE_DEVICE", device)
        torch.manual_seed(0)
        model, where = built.EncoderDecoder(7, 8, E=4, H=3, D=5), set()

        def loss(model, source, target):
            where.update(part.device.type for part in (source, target, *model.parameters()))
            return built.translation_loss(model, source, target)

        results = [built.train(model, examples, loss, size=2), *model.parameters()]
        assert where == {device} and {x.device.type for x in results} == {"cpu"}
        return [bits(x) for x in results]

    assert learn(sim.type) == learn("cpu")


def test_the_loop_that_lesson_12_writes_takes_the_model_there_and_back(sim, monkeypatch):
    examples = [([5, 4, 3], [1, 6, 3, 2]), ([4, 5], [1, 4, 2]), ([3, 5], [1, 5, 2])]

    def learn(device):
        monkeypatch.setenv("ATTENTION_COURSE_DEVICE", device)
        torch.manual_seed(0)
        model = built_12.Transformer(7, 8, E=4, H=2, hidden=6, N=1, dropout=0)
        results = [built_12.train(model, examples, passes=2, peak=1e-2, size=6), *model.parameters()]
        assert {x.device.type for x in results} == {"cpu"} and not model.training
        return [bits(x) for x in results]

    assert learn(sim.type) == learn("cpu")


def test_the_loop_that_lesson_13_writes_takes_the_model_there_and_back_and_watches_it_there(sim, monkeypatch):
    batches = [(torch.tensor([[5, 4], [3, 0]]), torch.tensor([[1, 6, 2], [1, 4, 2]]))] * 3

    def learn(device):
        monkeypatch.setenv("ATTENTION_COURSE_DEVICE", device)
        torch.manual_seed(0)
        model, seen = built_13.stack((7, 8), 2, built_13.PostNorm, E=4, H=2, hidden=6), []

        def note(step):
            assert next(model.parameters()).device.type == device
            seen.append(built_13.watch(model, *batches[0]))

        losses = built_13.train(model, batches, built_13.adamw(0.01), built_13.warm_up, note=note)
        assert {x.device.type for x in (losses, *model.parameters())} == {"cpu"} and len(seen) == 3
        return [bits(x) for x in (losses, *model.parameters())], seen

    assert learn(sim.type) == learn("cpu")


def test_the_probe_of_lesson_03_learns_there(sim, monkeypatch):
    monkeypatch.setattr(probe, "STEPS", 3)
    vectors, words = normal(8, 3, dtype=torch.float32), torch.arange(16).reshape(8, 2) % 5

    def learn(device):
        monkeypatch.setenv("ATTENTION_COURSE_DEVICE", device)
        return probe.read_off(vectors, words, vectors[:4], words[:4], 5)

    assert bits(learn(sim.type)) == bits(learn("cpu"))


@pytest.mark.parametrize("moved", ["encoder and model", "model", "nothing"])
def test_drawings_and_the_curriculum(moved, sim, monkeypatch):
    """A reader moves some by hand; the training takes the rest there."""

    plan = [built_08.Stage(1, 1, 4), built_08.Stage(2, 2, 4, joins=True, still=1, slow=0.1)]

    def learn(device):
        monkeypatch.setenv("ATTENTION_COURSE_DEVICE", str(device))
        torch.manual_seed(0)
        train, test = drawing_banks(SmallEncoder().to(device if "encoder" in moved else "cpu"), 2)
        sizes = len(vqa.WORDS), train.features.shape[-1] + 8, len(vqa.ANSWERS)
        model = built_08.StackedAttention(*sizes, hops=2, E=8, D=6)
        model.to(device if "model" in moved else "cpu")
        losses = built_08.grow(model, train, plan, size=6)
        found = evaluate(model, test, n=12)
        assert {part.device.type for part in (found.right, found.maps)} == {"cpu"}
        drawings = test.variants(3, torch.Generator(device).manual_seed(0))
        picture = test.picture(vqa.random_scenes(3, torch.Generator(device).manual_seed(0)), drawings, 2)
        return list(model.to(device).parameters()), losses.tolist(), [found.right.tolist(), picture.tolist()]

    assert_same_bits(learn)


@pytest.mark.parametrize("word_dropout", [0.0, 0.4])
def test_documents(word_dropout, sim):
    documents = [[[5, 4, 9], [8]], [[6, 5]], [[3], [3, 4]]]

    def learn(device):
        torch.manual_seed(0)
        levels = [Level(Identity(), AttentionPooling(6, 5)) for _ in range(2)]
        model = HierarchicalAttention(12, *levels, size=6, classes=3).to(device)
        settings = {"passes": 2, "batch": 2, "learning_rate": 0.01, "word_dropout": word_dropout}
        run = document_training.train(model.to("cpu"), documents, [0, 2, 1], **settings, device=device, progress=False)
        assert run.device == device.type
        model.to(device)
        reading = document_training.read(model, documents, batch=2)
        return reading, run.losses, document_training.accuracy(reading, [0, 2, 1])

    assert_same_bits(learn)


@pytest.mark.parametrize("gru", [True, False])
def test_the_loop_that_lesson_07_writes_takes_the_model_there_and_back(gru, sim, monkeypatch):
    def learn(device):
        monkeypatch.setenv("ATTENTION_COURSE_DEVICE", device)
        torch.manual_seed(0)
        network = built_07.HierarchicalAttention(12, 3, E=6, gru=(gru, gru))
        built_07.train(network, [[[5, 4, 9], [8]], [[6, 5]], [[3], [3, 4]]], [0, 2, 1], passes=2, lost=0.4)
        assert {x.device.type for x in network.parameters()} == {"cpu"}
        return [bits(x) for x in network.parameters()]

    assert learn(sim.type) == learn("cpu")


@pytest.mark.parametrize("device_of_defaults", [None, "sim"])
def test_documents_with_another_default_device(device_of_defaults, sim):
    """Batches are made where PyTorch makes what does not say where, and go where the model is."""
    torch.set_default_device(device_of_defaults)
    batch = next(document_training.batches([[[5, 4]], [[6]]], [0, 1], 1, 2, 0.5, 0))
    assert {part.device.type for part in batch} == {device_of_defaults or "cpu"}


def test_a_model_that_copies(sim):
    def learn(device):
        torch.manual_seed(0)
        model = CopyModel(4, 9).to(device)
        losses = model.train_for(2, seed=0, progress=False)
        return list(model.parameters()), losses, model.words_right(5, seed=1)

    assert_same_bits(learn)


@pytest.mark.parametrize("default", ["cpu", "sim"])
def test_encoders_of_pictures(default, sim, tmp_path, monkeypatch):
    torch.set_default_device(default)
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", str(tmp_path / "cache"))
    pixels = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3), np.uint8)

    def look(device):
        torch.manual_seed(0)
        encoder = trained_encoder(images=8, steps=2, batch=4, progress=False, device=device)
        here = encode_images(encoder, pixels), region_features(encoder, scenes(2), 32, progress=False)
        assert {found.device.type for found in here} == {"cpu"}
        monkeypatch.setenv("ATTENTION_COURSE_CACHE", str(tmp_path / device.type))
        return list(encoder.parameters()), [found.tolist() for found in here]

    assert_same_bits(look)


@pytest.mark.parametrize("installed", [True, False])
def test_an_encoder_is_made_where_it_is_wanted(installed, sim, monkeypatch):
    def pretrained():
        if not installed:
            raise ImportError
        return SmallEncoder()

    monkeypatch.setattr(small_encoder, "pretrained", pretrained)
    monkeypatch.setattr(small_encoder, "trained_encoder", partial(trained_encoder, 4, 1, 4, False))
    assert {p.device.type for p in small_encoder.an_encoder(sim).parameters()} == {sim.type}


@pytest.mark.parametrize("default", ["cpu", "sim"])
def test_pointing(default, sim):
    box, maps = (0.0, 0.0, 0.5, 0.5), normal(2, 9).softmax(-1)
    torch.set_default_device(default)
    assert pointing(maps.to(sim), [[box]] * 2, [[box]] * 2) == pointing(maps, [[box]] * 2, [[box]] * 2)


@pytest.mark.parametrize("moved", [True, False])
def test_hard_attention(moved, sim):
    """The loss goes with the model, as it does in a training, or finds out where it is."""
    features = normal(3, 9, 5, dtype=torch.float32)

    def learn(device):
        torch.manual_seed(0)
        sizes = {"size": 8, "embedding_size": 6, "decoder_size": 10, "score_size": 7}
        album, loss = Album(HardCaptioner(features, 11, **sizes), features).to(device), Reinforce(8)
        loss.to(device if moved else "cpu")
        pictures, target = torch.tensor([[2], [0], [1]]), torch.cat([PREVIOUS[:, :1], TARGET], 1)
        pictures, target = pictures.to(device), target.to(device)
        torch.manual_seed(1)
        value = loss(album, pictures, target)
        value.backward()
        said = album.step(PREVIOUS[:, 0].to(device), *reversed(album.encode(pictures)))
        return value, loss.baseline, [p.grad for p in album.parameters()], said[0], said[2]

    assert_same_bits(learn)


@pytest.mark.parametrize("draws", [None, False, True])
def test_the_captioner_that_lesson_06_builds(draws, sim):
    """Soft, with the largest weight, and drawn."""
    features, words = normal(3, 4, 5, dtype=torch.float32), torch.tensor([1, 5, 7])

    def learn(device):
        torch.manual_seed(0)
        model = built_06.Captioner(features, 9, E=4, C=6, D=5).to(device).eval()
        if draws is not None:
            model.attention = built_06.HardAttention(9, 6, 64, draws).to(device)
        memory, state = model.encode(features.to(device))
        torch.manual_seed(1)
        logits, state, weights = model.step(words.to(device), state, memory)
        logits.sum().backward()
        return logits, state, weights, [p.grad for p in model.writer.parameters()]

    assert_same_bits(learn)


def test_translations_and_alignments_are_given_on_the_cpu(sim):
    model = new_model("Luong, bilinear", dtype=torch.float32)
    source = Vocabulary(["abcdefgh"])
    target = Vocabulary(["stuvwxy"])
    sentences = [list("abc"), list("d"), list("hg")]
    look = partial(translate, model, sentences, source, target, max_length=4, batch=2)
    compare = partial(
        align, model, list(zip(sentences, [list("st"), list("u"), list("vw")], strict=True)), source, target
    )
    here = [(said.words, said.weights.tolist()) for said in look()], [weights.tolist() for weights in compare()]
    model.to(sim)
    there = look(), compare()
    assert {weights.device.type for weights in [*(said.weights for said in there[0]), *there[1]]} == {"cpu"}
    assert ([(said.words, said.weights.tolist()) for said in there[0]], [w.tolist() for w in there[1]]) == here


def test_layers_of_pytorch_come_over_where_they_are(sim):
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    x = normal(2, 5, 8, dtype=torch.float32)
    here = from_torch(theirs)(x)
    assert_agree(from_torch(theirs.to(sim))(x.to(sim)), here)


def test_a_loss_with_numbers_of_the_device_is_known_again(sim):
    def loss(device):
        factor = torch.tensor([2.0, 3.0], device=device)
        return lambda model: factor.sum()

    assert fingerprint(loss(sim)) == fingerprint(loss(sim))
