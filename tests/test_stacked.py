"""Stacked attention: one hop is an attention layer, hops are a loop, maps follow their regions; it learns to chain."""

import torch
from factories import DeviceIsGiven
from torch.testing import assert_close

from attention_course.layers import AttentionLayer
from attention_course.lessons.lesson_08 import multi_hop_vqa as vqa
from attention_course.lessons.lesson_08.built import StackedAttention, Stage, grow, one_batch
from attention_course.lessons.lesson_08.controls import OneLook, SideBySide
from attention_course.lessons.lesson_08.drawing_bank import DrawingBank
from attention_course.lessons.lesson_08.examining import evaluate
from attention_course.scores import AdditiveScore

REGIONS = torch.randn(4, 6, 5, generator=torch.Generator().manual_seed(0)).double()
QUESTIONS = torch.tensor([[0, 0, 3, 1], [0, 2, 2, 4], [5, 6, 1, 2], [0, 0, 0, 6]])


def new(hops=3):
    torch.manual_seed(0)
    return StackedAttention(7, 5, 4, hops, E=8, D=6).double().eval()


def parts_of(model):
    """The question as a query, and the regions as the hops see them."""
    q = model.encoder(model.embedding(QUESTIONS))[1][0]
    return q, model.see(REGIONS)


def test_one_hop_is_one_attention_layer():
    model = new(1)
    logits, maps = model(REGIONS, QUESTIONS)
    (q, regions), hop = parts_of(model), model.hops[0]
    score = AdditiveScore(8, 8, 6).double()
    score.load_state_dict({"u": hop.u, "project_query.weight": hop.W_q.weight, "project_key.weight": hop.W_k.weight})
    context, weights = AttentionLayer(score)(hop.norm(q)[:, None], regions, hop.W_v(regions))
    assert_close(maps, weights)
    assert_close(logits, model.answer(q + context[:, 0]))


def test_hops_are_the_equations_one_region_at_a_time():
    model = new()
    logits, maps = model(REGIONS, QUESTIONS)
    for b in range(4):
        q, regions = (part[b] for part in parts_of(model))
        for m, hop in enumerate(model.hops):
            asked = hop.W_q.weight @ hop.norm(q)
            z = torch.stack([hop.u @ torch.tanh(hop.W_k.weight @ r + asked) for r in regions])
            a = z.exp() / z.exp().sum()
            assert_close(maps[b, m], a)
            q = q + sum(share * (hop.W_v.weight @ r) for share, r in zip(a, regions, strict=True))
        assert_close(logits[b], model.answer(q))


def test_each_map_sums_to_one_and_a_mask_leaves_nothing():
    mask = torch.tensor([True, False, True, True, False, False]).expand(4, 6).clone()
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


def test_looks_side_by_side_have_all_parameters_and_depend_on_none_before():
    model, other = new(), SideBySide(7, 5, 4, 3, E=8, D=6).double()
    other.load_state_dict(model.state_dict())
    (_, maps), (_, apart) = model(REGIONS, QUESTIONS), other(REGIONS, QUESTIONS)
    assert_close(apart[:, 0], maps[:, 0])
    (q, regions), found = parts_of(model), 0
    for m, hop in enumerate(model.hops):
        after, weights = hop(q, regions)
        assert_close(apart[:, m], weights)
        found = found + after - q
    assert_close(other(REGIONS, QUESTIONS)[0], model.answer(q + found))


def test_the_larger_answer_has_about_as_many_parameters_as_a_second_hop():
    sizes = len(vqa.WORDS), 120, len(vqa.ANSWERS)
    two, one = (sum(p.numel() for p in m.parameters()) for m in (StackedAttention(*sizes, 2), OneLook(*sizes)))
    assert two <= one < 1.001 * two


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
    def trained(*plan):
        torch.manual_seed(0)
        model = StackedAttention(len(vqa.WORDS), 32, len(vqa.ANSWERS), 1)
        return model, grow(model, symbols(), plan).tolist()

    short = Stage(5, 1, 150), Stage(5, 2, 300, joins=True, still=3, slow=0.1)
    assert trained(*short)[1] == trained(*short)[1]
    model, _ = trained(Stage(250, 1, 150))
    examined = evaluate(model, symbols(), 500, (1,))
    assert examined.accuracy(1) > 0.9
    assert examined.on_chain(0, 0, 1) > 0.9


def test_where_a_hop_joins_the_older_parts_keep_still_and_it_begins_with_the_values_of_the_last():
    torch.manual_seed(0)
    model = StackedAttention(len(vqa.WORDS), 32, len(vqa.ANSWERS), 2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    grow(model, symbols(), [Stage(2, 2, 4, joins=True, still=2)], size=16)
    changed = {name.partition(".")[0] for name, value in model.state_dict().items() if (value != before[name]).any()}
    assert changed == {"hops", "answer"}
    assert all(torch.equal(value, before[f"hops.0.{name}"]) for name, value in model.hops[0].state_dict().items())
    assert torch.allclose(model.hops[1].W_v.weight, model.hops[0].W_v.weight, atol=1e-3)


def test_at_first_a_picture_holds_little_more_than_the_chain():
    generator = torch.Generator().manual_seed(0)
    stage, scenes = Stage(9, 2, 8), vqa.random_scenes(500, generator)
    few, all_of_them = (one_batch(symbols(), scenes, stage, i, generator)[2] for i in (0, 8))
    assert 1.5 / vqa.CELLS < few.float().mean() < 0.3
    assert all_of_them.all()
