"""What lesson 12 builds: as the package's with the same weights, no future, and a cache that changes nothing."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention_course.data.vocabulary import pad
from attention_course.decoding import beam
from attention_course.lessons.lesson_04.built import beam_search, greedy
from attention_course.lessons.lesson_12 import built
from attention_course.lessons.lesson_12.chain import chain
from attention_course.lessons.lesson_12.looks import looks
from attention_course.lessons.lesson_12.reach import reach
from attention_course.lessons.lesson_12.without import CHANGES, without
from attention_course.models import seq2seq
from attention_course.models import transformer as package

SOURCE, PREVIOUS = pad([[5, 4, 9, 11], [8, 3]]), pad([[1, 7, 4], [1, 10]])
NAMES = {"look.": "self_attention.", "cross.": "cross_attention.", "feed.": "mlp.", "norm_1.": "norm_self_attention."}
NAMES |= {"norm_2.": "norm_cross_attention.", "norm_3.": "norm_mlp.", "W_Q": "project_query", "W_K": "project_key"}
NAMES |= {"W_V": "project_value", "W_O": "project_output"}


@pytest.fixture
def model():
    torch.manual_seed(0)
    made = built.Transformer(12, 11, E=16, H=4, hidden=32, N=2).eval()
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))  # biases and gains count, too
    return made


def renamed(name):
    for ours, theirs in NAMES.items():
        name = name.replace(ours, theirs)
    return name


def test_it_is_the_package_s_with_the_same_weights(model):
    theirs = package.Transformer(12, 11, package.Config(size=16, heads=4, hidden=32, layers=2)).eval()
    theirs.load_state_dict({renamed(name): value for name, value in model.state_dict().items()})
    real = PREVIOUS != 0
    assert_close(model(SOURCE, PREVIOUS)[real], theirs(SOURCE, PREVIOUS)[0][real])


def test_no_word_sees_a_later_one_and_none_sees_padding(model):
    later, padded = PREVIOUS.clone(), torch.cat([SOURCE, torch.zeros(2, 3, dtype=torch.long)], 1)
    later[:, 2] = 9
    assert_close(model(SOURCE, later)[:, :2], model(SOURCE, PREVIOUS)[:, :2])
    assert_close(model(padded, PREVIOUS), model(SOURCE, PREVIOUS))


def test_the_cache_changes_nothing(model):
    cached = built.WithCache(model)
    assert greedy(cached, SOURCE).equal(built.write(model, SOURCE))
    best = beam(cached, SOURCE[:1], width=3, max_length=12, length_power=0.0)[0][0].words
    assert beam_search(cached, SOURCE[:1], width=3, longest=12)[0][1][1:] == best


def test_the_learning_rate_warms_up_and_comes_to_nothing():
    assert [built.warm_up(done) for done in (0, 0.05, 0.1, 0.55, 1)] == pytest.approx([0, 0.5, 1, 0.5, 0])


def test_where_it_looks(model):
    weights = looks(model, SOURCE[:1], PREVIOUS[:1])
    assert weights.shape == (2, 4, 3, 4)
    assert_close(weights.sum(-1), torch.ones(2, 4, 3))
    assert not any(block.cross._forward_hooks for block in model.decoder.blocks)


def test_a_chain_that_grows_with_the_sentence_and_one_that_does_not():
    ours, theirs = built.Transformer(50, 50, E=8, H=2, hidden=8, N=1), seq2seq.EncoderDecoder(50, 50)
    assert chain(ours, 4) == chain(ours, 8)
    assert chain(theirs, 8) > chain(theirs, 4)


def test_a_gradient_halves_where_states_do():
    def halving(x):
        state, states = torch.zeros_like(x[:, 0]), []
        for t in range(x.shape[1]):
            state = state / 2 + x[:, t]
            states.append(state)
        return torch.stack(states, 1)

    assert reach(halving, [1, 3], 5, size=4) == pytest.approx([1 / 2, 1 / 8])
    assert reach(nn.Identity(), [2], 5, size=4) == [0]


@pytest.mark.parametrize("part", CHANGES)
def test_a_model_that_lacks_a_part_lacks_this_part(part):
    def make():
        torch.manual_seed(0)
        return built.Transformer(12, 11, E=16, H=4, hidden=32, N=2, dropout=0).eval()

    whole, before = make(), (built.Block, built.enter, built.sinusoids, built.warm_up)
    context, model = without(part, make)
    with context:
        said = model(SOURCE, PREVIOUS)
        turned = model(SOURCE.flip(1), PREVIOUS)
        assert built.warm_up(0.0) == (1 if part == "the warm-up" else 0)
    alike = torch.allclose(said, whole(SOURCE, PREVIOUS))
    assert alike == (part in ("nothing", "the warm-up"))
    assert torch.allclose(said, turned, atol=1e-5) == (part == "the positions")
    sizes = [sum(p.numel() for p in made.parameters()) for made in (whole, model)]
    assert (sizes[0] > sizes[1]) == (part in ("the encoder's self-attention", "the feed-forward networks", "the norms"))
    assert before == (built.Block, built.enter, built.sinusoids, built.warm_up)
