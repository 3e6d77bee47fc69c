"""What moves to the pretended device, comes back, is saved, loaded and copied."""

import copy
import gc
import io
import weakref

import torch
from simulated.agreeing import bits, numbers
from test_simulated_modules import OPTIMIZERS, learn
from torch import nn


def tied():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3), nn.BatchNorm1d(3))
    model[1].weight = model[0].weight
    return model


def test_a_parameter_that_moves_stays_what_it_is(sim):
    model = tied()
    before = list(model.parameters())
    for device in (sim, "cpu", "sim:0"):
        assert model.to(device) is model
        assert all(p is q for p, q in zip(model.parameters(), before, strict=True))
        assert all(isinstance(p, nn.Parameter) and p.requires_grad and p.is_leaf for p in model.parameters())
        assert {x.device for x in [*model.parameters(), *model.buffers()]} == {torch.zeros(1, device=device).device}
    assert model[0].weight is model[1].weight
    assert model.double()[0].weight is before[0] and before[0].dtype == torch.float64


def test_an_optimizer_goes_on_with_a_model_that_has_moved(sim):
    model = tied()
    optimizer = torch.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for device in (sim, "cpu", sim):
        before = model.to(device)[0].weight.detach().clone()
        optimizer.state.clear()
        optimizer.zero_grad()
        model(numbers(4, 3).to(device)).square().mean().backward()
        optimizer.step()
        assert not torch.equal(before, model[0].weight) and model[0].weight is model[1].weight


def test_what_is_done_with_is_freed_at_once(sim):
    model, freed = nn.Sequential(nn.Linear(3, 3), nn.GRU(3, 3)).to(sim), []
    gc.disable()
    try:
        x = numbers(4, 3).to(sim).requires_grad_()
        weakref.finalize(x, freed.append, True)
        model(x * 2)[0].square().sum().backward()
        del x
        torch.zeros((), device=sim, requires_grad=True).clone().backward()  # the engine forgets the pass before
        assert freed
    finally:
        gc.enable()


def test_there_is_one_way_to_be_there(sim):
    x = numbers(3).to(sim)
    assert x.to(sim) is x and x.to("sim:0") is x and x.to(x) is x and x.contiguous() is x
    assert x.sim() is x and x.is_sim and not x.is_cpu and x.get_device() == 0
    assert x.cpu().is_cpu and x.to("cpu").to(x).is_sim and numbers(2).type_as(x).is_sim
    assert torch.zeros(2).to(x.device, torch.float64, non_blocking=True).dtype == torch.float64
    assert torch.empty_like(x, device="cpu").is_cpu and torch.empty_like(numbers(2), device=sim).is_sim
    assert torch.sim.is_available() and torch.accelerator.current_accelerator() == sim


def test_what_is_saved_comes_back(sim):
    _, _, optimizer = learn(sim, OPTIMIZERS["AdamW, fused"])
    model = tied().to(sim)
    kept = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "tensor": numbers(2, 3).mT.to(sim)}
    file = io.BytesIO()
    torch.save(kept, file)
    for where, device in ((None, "sim"), ("cpu", "cpu"), (sim, "sim")):
        file.seek(0)
        loaded = torch.load(file, map_location=where, weights_only=True)
        assert loaded["tensor"].device.type == device and bits(loaded["tensor"]) == bits(kept["tensor"])
        for new in (tied(), tied().to(sim)):
            new.load_state_dict(loaded["model"])
            assert [bits(p) for p in new.parameters()] == [bits(p) for p in model.parameters()]
        _, _, other = learn(sim, OPTIMIZERS["AdamW, fused"], steps=1)
        other.load_state_dict(loaded["optimizer"])
        for state, its in zip(other.state.values(), optimizer.state.values(), strict=True):
            assert all(bits(state[key]) == bits(x) and state[key].device == x.device for key, x in its.items())


def test_copies_are_copies(sim):
    model = nn.GRU(2, 3).to(sim)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.weight_ih_l0.zero_()
    assert model.weight_ih_l0.any() and isinstance(other.weight_ih_l0, nn.Parameter)
    assert other.weight_ih_l0.device == model.weight_ih_l0.device
    state = copy.deepcopy(model.state_dict())
    model.load_state_dict(other.state_dict())
    assert not model.weight_ih_l0.any() and state["weight_ih_l0"].any()
