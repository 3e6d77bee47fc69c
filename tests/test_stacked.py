"""Stacked attention: one hop is an attention layer, hops are a loop, maps follow their regions; it learns to chain."""

import pytest
import torch
from factories import DeviceIsGiven
from torch.testing import assert_close

from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.curriculum import evaluate, grow
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank
from attention_course.models.stacked import StackedAttention

REGIONS = torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(0)).double()
QUESTIONS = torch.tensor([[0, 0, 3, 1], [0, 2, 2, 4], [5, 6, 1, 2], [0, 0, 0, 6]])


def new(hops=3):
    torch.manual_seed(0)
    return StackedAttention(7, 5, 4, hops, size=8, score_size=6).double().eval()


def test_one_hop_is_one_attention_layer():
    model = new(1)
    logits, maps = model(REGIONS, QUESTIONS)
    u, seen, hop = model.read(QUESTIONS), model.see(REGIONS), model.hops[0]
    context, weights = hop.attend(hop.norm(u)[:, None], seen, hop.value(seen))
    assert_close(maps, weights)
    assert_close(logits, model.answer(u + context[:, 0]))


def test_hops_are_the_equations_one_region_at_a_time():
    model = new()
    logits, maps = model(REGIONS, QUESTIONS)
    for b in range(4):
        u, seen = model.read(QUESTIONS)[b], model.see(REGIONS)[b]
        for m, hop in enumerate(model.hops):
            score, query = hop.attend.score, hop.norm(u)
            energies = torch.stack(
                [score.v @ torch.tanh(score.project_key.weight @ h + score.project_query.weight @ query) for h in seen]
            )
            alpha = energies.exp() / energies.exp().sum()
            assert_close(maps[b, m], alpha)
            u = sum(a * (hop.value.weight @ h) for a, h in zip(alpha, seen, strict=True)) + u
        assert_close(logits[b], model.answer(u))


def test_each_map_sums_to_one_and_a_mask_leaves_nothing():
    mask = torch.tensor([True, False, True, True, False, False]).expand(4, 1, 6).clone()
    mask[2] = False
    regions = REGIONS.clone().requires_grad_()
    logits, maps = new()(regions, QUESTIONS, mask)
    assert_close(maps.sum(-1)[[0, 1, 3]], torch.ones(3, 3).double())
    assert (maps[..., [1, 4, 5]] == 0).all() and (maps[2] == 0).all()
    assert torch.autograd.grad(logits.sum(), regions)[0].isfinite().all()


def test_regions_permuted_permute_the_maps():
    model, order = new(), torch.tensor([3, 0, 5, 1, 2, 4])
    logits, maps = model(REGIONS, QUESTIONS)
    permuted_logits, permuted = model(REGIONS[:, order], QUESTIONS)
    assert_close(permuted, maps[..., order])
    assert_close(permuted_logits, logits)


def test_fewer_hops_are_the_first_ones():
    model = new()
    assert_close(model(REGIONS, QUESTIONS, hops=2)[1], model(REGIONS, QUESTIONS)[1][:, :2])
    with pytest.raises(ValueError, match="hops"):
        model(REGIONS, QUESTIONS, hops=4)
    with pytest.raises(ValueError, match="hops"):
        StackedAttention(7, 5, 4, 0)


def test_in_the_first_hop_a_third_region_does_not_change_the_odds_of_two():
    model, other = new(), REGIONS.clone()
    other[:, 5] += 3
    before, after = (model(regions, QUESTIONS)[1] for regions in (REGIONS, other))
    odds = [maps[:, :, 0] / maps[:, :, 1] for maps in (before, after)]
    assert_close(odds[0][:, 0], odds[1][:, 0])
    assert not torch.isclose(odds[0][:, 1], odds[1][:, 1]).any()


def test_every_parameter_gets_a_gradient_and_devices_are_given():
    model = new()
    with DeviceIsGiven():
        logits, _ = model(REGIONS, QUESTIONS)
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in model.parameters())


def symbols():
    """An bank of symbols in place of drawings."""
    kinds, colours = len(vqa.KINDS), len(vqa.COLOURS)
    kind = torch.eye(kinds)[:, None, None].expand(-1, colours, 1, -1)
    colour = torch.eye(colours)[None, :, None].expand(kinds, -1, 1, -1)
    return DrawingBank(None, 4 * torch.cat([kind, colour], -1))


def test_growing_learns_one_step_and_keeps_the_same_numbers():
    def trained(updates):
        torch.manual_seed(0)
        model = StackedAttention(len(vqa.WORDS), 32, len(vqa.ANSWERS), 1)
        return model, grow(model, symbols(), updates=updates, progress=False)

    assert trained((5, 5))[1].losses == trained((5, 5))[1].losses
    model, _ = trained((250,))
    examined = evaluate(model, symbols(), 500, (1,))
    assert examined.accuracy(1) > 0.9
    assert examined.on_chain(0, 0, 1) > 0.9
