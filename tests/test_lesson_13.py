"""What lesson 13 builds: the package's Transformer in both forms; instruments that say what they should."""

import math
import re
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention_course import claims, results
from attention_course.data.vocabulary import pad
from attention_course.layers.residual import post_norm, pre_norm
from attention_course.lessons.lesson_12 import built as lesson_12
from attention_course.lessons.lesson_13 import built
from attention_course.lessons.lesson_13.budget import advised, predicted
from attention_course.lessons.lesson_13.practices import practices, variants
from attention_course.lessons.lesson_13.two_words import two_words
from attention_course.models import transformer as package

SOURCE, TARGET = pad([[5, 4, 9, 11], [8, 3]]), pad([[1, 7, 4, 2], [1, 10, 2]])
NAMES = {"look.": "self_attention.", "cross.": "cross_attention.", "feed.": "mlp.", "W_Q": "project_query"}
NAMES |= {"join_1.norm": "norm_self_attention", "join_2.norm": "norm_cross_attention", "join_3.norm": "norm_mlp"}
NAMES |= {"W_K": "project_key", "W_V": "project_value", "W_O": "project_output"}
SIZES = {"E": 16, "H": 4, "hidden": 32}


def new(N=2, join=built.PreNorm):
    torch.manual_seed(0)
    return built.stack((12, 11), N, join, **SIZES)


def renamed(name):
    for ours, theirs in NAMES.items():
        name = name.replace(ours, theirs)
    return name


@pytest.mark.parametrize(("join", "residual"), [(built.PreNorm, pre_norm), (built.PostNorm, post_norm)])
def test_it_is_the_package_s_with_the_same_weights(join, residual):
    model = new(join=join).eval()
    config = package.Config(size=16, heads=4, hidden=32, layers=2, residual=residual)
    theirs = package.Transformer(12, 11, config).eval()
    theirs.load_state_dict({renamed(name): value for name, value in model.state_dict().items()})
    previous = TARGET[:, :-1]
    assert_close(model(SOURCE, previous)[previous != 0], theirs(SOURCE, previous)[0][previous != 0])


def test_pre_norm_is_lesson_12_s_block():
    torch.manual_seed(0)
    theirs = lesson_12.Transformer(12, 11, N=2, dropout=0, **SIZES)
    assert_close(new()(SOURCE, TARGET[:, :-1]), theirs(SOURCE, TARGET[:, :-1]))


@pytest.mark.parametrize("join", [built.PostNorm, built.PreNorm, built.NoResidual])
def test_no_word_sees_a_later_one_and_none_sees_padding(join):
    model, previous = new(join=join), TARGET[:, :-1]
    padded = torch.cat([SOURCE, torch.zeros(2, 3, dtype=torch.long)], 1)
    later = torch.cat([previous[:, :-1], previous[:, :1]], 1)
    assert_close(model(SOURCE, later)[:, :-1], model(SOURCE, previous)[:, :-1])
    assert_close(model(padded, previous), model(SOURCE, previous))


@pytest.mark.parametrize("join", [built.PostNorm, built.PreNorm])
def test_gradients_reach_every_parameter(join):
    model = new(6, join)
    built.translation_loss(model, SOURCE, TARGET).backward()
    silent = [name for name, p in model.named_parameters() if not p.grad.any()]
    assert all(name.endswith("W_K.bias") for name in silent)  # which no softmax notices


def test_a_joining_keeps_gives_back_and_forgets():
    x = torch.tensor([[[1.0, -1, 1, -1]]])
    ten = lambda x: 10 * torch.ones_like(x)
    assert_close(built.PreNorm(4)(x, ten), x + 10)
    assert_close(built.PostNorm(4)(x, ten), x)  # its norm takes away what is the same everywhere
    assert_close(built.NoResidual(4)(x, ten), ten(x))
    assert_close(built.PreNorm(4)(100 * x, lambda x: x) - 100 * x, x)  # the part gets a normalised copy


def test_training_is_lesson_12_s_with_its_recipe():
    batches = [(SOURCE, TARGET), (SOURCE.flip(0), TARGET.flip(0))] * 5
    model, seen = new(), []
    losses = built.train(model, batches, built.adamw(0.01), built.warm_up, note=seen.append)
    theirs, expected = new(), []
    optimizer = torch.optim.AdamW(theirs.parameters(), betas=(0.9, 0.98), fused=True)
    for i, batch in enumerate(batches):
        optimizer.param_groups[0]["lr"] = 0.01 * lesson_12.warm_up((i + 0.5) / len(batches))
        expected.append(lesson_12.one_step(theirs, optimizer, batch, 0))
    assert_close(losses, torch.stack(expected))
    assert seen == list(range(10)) and not model.training


@pytest.mark.parametrize("schedule", [built.warm_up, built.inverse_root, built.cosine, built.stable])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.5])
def test_every_schedule_rises_to_one_and_falls_again(schedule, share):
    factors, peak = [schedule(done / 1000, share=share) for done in range(1001)], round(1000 * share)
    assert factors[0] == 0 and factors[peak // 2] == pytest.approx(peak // 2 / peak)
    assert factors[peak] == pytest.approx(1) and max(factors) <= 1 + 1e-9
    assert factors[:peak] == sorted(factors[:peak]) and factors[peak:] == sorted(factors[peak:], reverse=True)
    assert factors[-1] == pytest.approx(math.sqrt(share) if schedule is built.inverse_root else 0, abs=1e-9)


def test_the_middle_of_each_schedule():
    assert built.inverse_root(0.4) == pytest.approx(0.5)
    assert built.cosine(0.55) == pytest.approx(0.5)
    assert [built.stable(done) for done in (0.2, 0.8, 0.9)] == pytest.approx([1, 1, 0.5])
    assert built.decay(0.25) == 0.75


def test_how_alike_words_are():
    x, real = torch.randn(2, 3, 5), torch.tensor([[True, True, False], [True, True, True]])
    words = list(x[real])
    pairs = [torch.cosine_similarity(a, b, dim=0).item() for a in words for b in words if a is not b]
    assert built.alike(x, real) == pytest.approx(sum(pairs) / len(pairs), abs=1e-6)
    x[~real] = torch.nan  # padding counts for nothing
    assert built.alike(x, real) == pytest.approx(sum(pairs) / len(pairs), abs=1e-6)
    assert built.alike(x[:1, :1].expand(1, 4, 5), torch.ones(1, 4, dtype=torch.bool)) == pytest.approx(1)


def test_what_is_watched_is_the_model_s_own():
    model, seen = new(3), []
    for block in model.decoder.blocks:
        block.register_forward_hook(lambda _, given, out: seen.append(out))
    similar, gradients = built.watch(model, SOURCE, TARGET)
    watched, real = seen[:3], TARGET[:, :-1] != 0
    seen.clear()
    model.zero_grad()
    built.translation_loss(model, SOURCE, TARGET, 0).backward()
    for above, own in zip(watched, seen, strict=True):
        assert_close(above, own)
    assert similar[1:] == pytest.approx([built.alike(x, real) for x in watched])
    lengths = [math.hypot(*(p.grad.norm() for p in block.parameters())) for block in model.decoder.blocks]
    assert gradients == pytest.approx(lengths) and len(similar) == 4


def test_a_smaller_start_halves_the_matrices_alone():
    model, before = new(), new().state_dict()
    built.smaller_start(model)
    for name, value in model.state_dict().items():
        halved = value.dim() == 2 and "embedding" not in name
        assert_close(value, before[name] / 2 if halved else before[name])


@pytest.mark.parametrize("join", [built.PostNorm, built.PreNorm])
def test_what_parts_add_is_measured_beside_what_comes_in(join):
    model = new(3, join)
    similar, size = built.added(model, SOURCE, TARGET)
    assert similar.shape == size.shape == (3,)
    for block in model.decoder.blocks:
        with torch.no_grad():
            last = (block.look.W_O, block.cross.W_O, block.feed[2])
            for linear in last:  # the same for all words, twice as long as what post-norm hands on
                linear.weight.zero_()
                linear.bias.copy_(2 * torch.tensor([1.0, -1]).repeat(8))
    similar, size = built.added(model, SOURCE, TARGET)
    assert_close(similar, torch.ones(3))
    if join is built.PostNorm:  # x comes out of a norm, but at the very first join
        assert_close(size[1:], torch.full((2,), 2.0), rtol=1e-3, atol=0)
    else:  # x grows with every part
        assert size[0] > size[1] > size[2]
    shorter, longer = TARGET[1:], torch.cat([TARGET[1:], torch.zeros(1, 4, dtype=torch.long)], 1)
    assert_close(built.added(model, SOURCE[1:], longer), built.added(model, SOURCE[1:], shorter))
    assert not any(module._forward_pre_hooks for module in model.modules())  # nothing is left behind


def test_two_words_are_what_the_page_s_joinings_make_of_them():
    average = lambda x: x.mean(-2, keepdim=True).expand_as(x)
    post, pre = built.PostNorm(4), built.PreNorm(4)
    x = y = torch.tensor([[[1, -1, 1, -1], [1, -1, -1, 1.0]]])
    for blocks, level in enumerate(two_words(5)):
        assert level.share[0] == pytest.approx(0.5**blocks, rel=1e-3)  # halved by each block
        assert_close(level.post, x[0])
        assert_close(level.pre, y[0])
        assert level.share == pytest.approx([(z[0, 0, 2] / z[0, 0, 0]).item() for z in (x, y)], rel=1e-4)
        with torch.no_grad():
            x, y = post(x, average), pre(y, average)


@pytest.mark.parametrize("join", [built.PostNorm, built.PreNorm])
def test_a_block_without_dropout_draws_nothing(join):
    model = new(join=join).train()
    assert_close(model(SOURCE, TARGET[:, :-1]), model(SOURCE, TARGET[:, :-1]), rtol=0, atol=0)
    assert isinstance(model.encoder.blocks[0].join_1, join) and isinstance(model.decoder.blocks[1].join_2, nn.Module)


def test_the_advised_size_is_the_best_for_its_computation():
    fitted = (1.2, 0.8, 0.6, 1.5, 0.4)
    size, words, loss = advised(fitted, compute=1e12)
    assert 6 * size * words == pytest.approx(1e12)
    for factor in (0.5, 0.9, 1.1, 2):
        assert predicted(fitted, factor * size, words / factor) > loss
    more = advised(fitted, compute=2e12)
    assert more[0] > size and more[1] > words and 1.2 < more[2] < loss


def test_a_law_is_found_again_from_its_points(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "experiments"))
    fitted = (1.2, 0.8, 0.6, 1.5, 0.4)
    points = [(N, D, predicted(fitted, N, D)) for N in (2e5, 5e5, 1.3e6) for D in (5e4, 1e5, 2e5, 4e5)]
    assert list(import_module("13_budget").fit_curve(points)) == pytest.approx(fitted, rel=1e-3)


def test_each_of_the_ten_practices_stands_beside_its_verdict():
    rows = practices()
    assert len(rows) == 10 and all(len(row) == 5 for row in rows)
    said = {claims.verdict(claim.id).outcome for claim in claims.load().values() if "best practices" in claim.source}
    assert {row[4] for row in rows} <= said
    warm_up = rows[1]
    losses = [float(number) for number in re.findall(r"\d\.\d\d", warm_up[2])]
    assert float(warm_up[3].split()[0]) == pytest.approx(losses[1] - losses[0], abs=0.011)


def test_what_else_was_tried_has_the_usual_setting_in_every_row_but_that_of_positions():
    usual = f"{sum(of := results.load('13_practices')['settings']['as it is']['loss']) / len(of):.2f}"
    assert [usual in said for kind, said in variants() if kind != "positions"] == [True] * 5
