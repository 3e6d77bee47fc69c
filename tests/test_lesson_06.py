"""What lesson 06 has for itself: its captioner, used softly and hard, and its figures."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from attention_course.data.scenes import scenes
from attention_course.data.vocabulary import BOS, EOS, pad
from attention_course.lessons.lesson_04.built import beam_search, greedy, teacher_forcing, translation_loss
from attention_course.lessons.lesson_06 import shown
from attention_course.lessons.lesson_06.built import Captioner, HardAttention
from attention_course.lessons.lesson_06.mistakes import KIND, mistake
from attention_course.models import captioner
from attention_course.training import sequence_loss

FEATURES = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0))
CAPTIONS = pad([[BOS, 4, 5, 6, EOS], [BOS, 7, EOS], [BOS, 3, 9, EOS], [BOS, 8, 8, EOS]])


def new():
    torch.manual_seed(0)
    return Captioner(FEATURES, 11).eval()


def used_hard(model, draws):
    hard = Captioner(FEATURES, 11).eval()
    hard.attention = HardAttention(352, 192, 64)
    hard.load_state_dict(model.state_dict())
    hard.attention.draws = draws
    return hard


@torch.no_grad()
def as_in_the_package(built):
    """`models.captioner.Captioner` of the same sizes, with the same weights."""
    regions, attention, writer = built.regions, built.attention, built.writer
    weights = {f"readout.{key}": value for key, value in writer.readout.state_dict().items()}
    weights |= {f"first_state.{key}": value for key, value in built.first_state.state_dict().items()}
    weights |= regions.state_dict() | {
        "embedding.weight": writer.embedding.weight,
        "score.project_query.weight": attention.W_q.weight,
        "score.project_key.weight": attention.W_k.weight,
        "score.u": attention.u,
        "cell.from_word.weight": writer.cell.weight_ih[:, :96],
        "cell.from_word.bias": writer.cell.bias_ih,
        "cell.from_context.weight": writer.cell.weight_ih[:, 96:],
        "cell.from_state.weight": writer.cell.weight_hh,
        "cell.from_state.bias": writer.cell.bias_hh,
    }
    made = captioner.Captioner(FEATURES, 11).eval()
    made.load_state_dict(weights)
    return made


def test_the_package_s_captioner_computes_the_same():
    model = new()
    package = as_in_the_package(model)
    logits, weights = teacher_forcing(model, FEATURES, CAPTIONS)
    expected = package(FEATURES, CAPTIONS[:, :-1])
    assert_close(logits, expected[0])
    assert_close(weights, expected[1])
    assert_close(translation_loss(model, FEATURES, CAPTIONS), sequence_loss(expected[0], CAPTIONS[:, 1:]))


def test_used_hard_it_gets_the_annotation_of_one_region():
    model = new()
    (h, k), state = model.encode(FEATURES)
    query = torch.cat([state, model.writer.embedding(CAPTIONS[:, 0])], -1)
    soft, weights = model.attention(query, h, k)
    largest, same = used_hard(model, draws=False).attention(query, h, k)
    assert_close(same, weights)
    assert_close(largest, h[torch.arange(4), weights.argmax(-1)])
    hard = used_hard(model, draws=True).attention
    torch.manual_seed(0)
    draws = [hard(query[:1], h[:1], k[:1])[0][0] for _ in range(3000)]
    assert all(torch.cdist(draw[None], h[0]).min() < 1e-4 for draw in draws[:20])
    assert_close(torch.stack(draws).mean(0), soft[0], atol=0.1, rtol=0)


def test_the_beam_is_never_less_probable_than_greedy_when_it_holds_all():
    model = new()
    numbers = greedy(model, FEATURES[:1], longest=3)[0].tolist()
    logits, _ = teacher_forcing(model, FEATURES[:1], torch.tensor([[BOS, *numbers]]))
    chosen = logits[0].log_softmax(-1)[torch.arange(3), numbers].sum().item()
    ended = [found for found in beam_search(model, FEATURES[:1], width=11, longest=3) if len(found[1]) == 4]
    assert max(found[0] for found in ended) >= chosen - 1e-5


def test_gradients_reach_every_parameter():
    model = new()
    translation_loss(model, FEATURES, CAPTIONS).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.abs().max() > 0, name


def test_all_maps_of_a_figure_are_on_one_scale():
    image = np.zeros((20, 20, 3), np.uint8)
    maps = np.array([[[0.8, 0.2], [0.0, 0.0]], [[0.4, 0.2], [0.2, 0.2]]])
    figure = shown.word_maps(image, maps, ["a", "cat"])
    one, other = (ax.get_images()[0].get_array()[0, 0, 0] for ax in figure.axes)
    assert one == 0 and other == round(255 * (1 - shown.PALE) / 2)
    assert "full colours mean a weight of 0.80" in figure.alt
    assert "“cat” most at row 1, column 1 (0.40)" in figure.alt


def test_a_title_for_each_picture():
    with pytest.raises(ValueError, match="titles: expected 2, one for each image, got 1"):
        shown.pictures([np.zeros((4, 4, 3), np.uint8)] * 2, ["a"])


@pytest.mark.parametrize(("said", "what"), [
    ("a red apple above two blue cats", ""),
    ("a red apple above two blue apples", "one kind is said twice"),
    ("a red apple above a red apple", "one kind is said twice"),
    ("a red apple", "a kind is wrong or left out"),
    ("a red apple above two blue dogs", "a kind is wrong or left out"),
    ("two blue cats below a red apple", "the kinds change places"),
    ("a red apple below two blue cats", "only the relation is wrong"),
    ("a red apple to the left of two blue cats", "a colour or a number is wrong"),
    ("a red apple above two green cats", "a colour or a number is wrong"),
])  # fmt: skip
def test_a_mistake_is_told_by_the_first_thing_that_is_wrong(said, what):
    assert mistake(said.split(), ["a", "red", "apple", "above", "two", "blue", "cats"]) == what


def test_words_for_things_are_known_in_the_plural_too():
    some = [scene for scene in scenes(200, part="test") if len(scene.names) > 1]
    for scene in some:
        assert sum(word in KIND for word in scene.words) == len(scene.names), scene.words
