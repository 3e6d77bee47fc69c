"""Whole programs on the pretended device: modules, optimizers, mixed precision, saving, and what autograd offers."""

import copy
import gc
import io
import threading
import weakref

import pytest
import torch
import torch.nn.functional as F
from factories import normal
from simulated.agreeing import assert_agree, bits
from simulated.operators import CHANGING, PURE, compute, operands_of
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint


def numbers(*shape, seed=0):
    return normal(*shape, dtype=torch.float32, seed=seed)


WORDS = torch.tensor([[1, 2, 0], [3, 3, 4]])
MODULES = {
    "linear": lambda: (nn.Linear(4, 5), numbers(2, 3, 4)),
    "bilinear": lambda: (nn.Bilinear(4, 4, 2), numbers(3, 4), numbers(3, 4, seed=1)),
    "convolution": lambda: (nn.Conv2d(2, 3, 3, padding=1, bias=False), numbers(2, 2, 6, 6)),
    "depthwise": lambda: (nn.Conv2d(4, 4, 3, groups=4), numbers(2, 4, 6, 6)),
    "transposed": lambda: (nn.ConvTranspose1d(4, 2, 3), numbers(2, 4, 6)),
    "batch norm": lambda: (nn.BatchNorm1d(4), numbers(6, 4)),
    "layer norm": lambda: (nn.LayerNorm(4), numbers(2, 3, 4)),
    "group norm": lambda: (nn.GroupNorm(2, 4), numbers(2, 4, 3)),
    "embedding": lambda: (nn.Embedding(6, 4, padding_idx=0), WORDS),
    "dropout": lambda: (nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.3), nn.Dropout1d(0.3)), numbers(2, 3, 4)),
    "GRU": lambda: (nn.GRU(4, 5, batch_first=True), numbers(2, 3, 4)),
    "GRU, both ways": lambda: (nn.GRU(4, 5, 2, dropout=0.3, bidirectional=True), numbers(3, 2, 4)),
    "LSTM": lambda: (nn.LSTM(4, 5, 2), numbers(3, 2, 4)),
    "RNN": lambda: (nn.RNN(4, 5), numbers(3, 2, 4)),
    "GRU cell": lambda: (nn.GRUCell(4, 5), numbers(3, 4), numbers(3, 5)),
    "LSTM cell": lambda: (nn.LSTMCell(4, 5), numbers(3, 4)),
    "attention": lambda: (nn.MultiheadAttention(4, 2, batch_first=True), *[numbers(2, 3, 4, seed=s) for s in range(3)]),
    "encoder": lambda: (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), numbers(2, 3, 4)),
    "decoder": lambda: (nn.TransformerDecoderLayer(4, 2, 8, dropout=0.2), numbers(3, 2, 4), numbers(5, 2, 4, seed=1)),
}


def run_module(name, device="cpu", learning=True):
    """What a module gives, the gradients of its parameters, its buffers, and what it gives without gradients."""
    torch.manual_seed(0)
    module, *inputs = MODULES[name]()
    module.train(learning).to(device)
    torch.manual_seed(1)
    found = module(*[x.to(device) for x in inputs])
    outputs = [x for part in (found if isinstance(found, tuple) else [found]) for x in part]
    sum(x.square().sum() for x in outputs).backward()
    with torch.no_grad():
        again = module(*[x.to(device) for x in inputs])
    with torch.inference_mode():
        once_more = module(*[x.to(device) for x in inputs])
    return found, [p.grad for p in module.parameters()], list(module.buffers()), again, once_more


@pytest.mark.parametrize("learning", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_modules(name, learning, sim):
    assert_agree(run_module(name, sim, learning), run_module(name, "cpu", learning))


@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_packed_sentences(name, sim):
    def read(device):
        torch.manual_seed(0)
        module, x = getattr(nn, name)(4, 5, bidirectional=True).to(device), numbers(3, 4, 4).to(device).requires_grad_()
        packed = pack_padded_sequence(x, torch.tensor([2, 4, 1]), batch_first=True, enforce_sorted=False)
        states, last = module(packed)
        states, lengths = pad_packed_sequence(states, batch_first=True)
        states.square().sum().backward()
        return states, last, x.grad, [p.grad for p in module.parameters()], lengths.to(device)

    assert_agree(read(sim), read("cpu"))
    rows = [numbers(3, 2), numbers(1, 2)]
    assert_agree(pad_sequence([x.to(sim) for x in rows]), pad_sequence(rows))
    assert_agree(pack_sequence([x.to(sim) for x in rows]).data, pack_sequence(rows).data)


def test_a_cell_called_again_and_again(sim):
    """Its gradients are added up over the steps, in the CPU's order."""

    def read(device):
        torch.manual_seed(0)
        cell, state, x = nn.GRUCell(4, 5).to(device), torch.zeros(2, 5, device=device), numbers(20, 2, 4).to(device)
        for word in x:
            state = cell(word, state)
        state.sum().backward()
        return [p.grad for p in cell.parameters()]

    assert_agree(read(sim), read("cpu"))


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "SGD, fused": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, fused=True),
    "Adam": lambda p: torch.optim.Adam(p, 0.1),
    "Adam, fused": lambda p: torch.optim.Adam(p, 0.1, amsgrad=True, fused=True),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.1, foreach=False),
    "AdamW, foreach": lambda p: torch.optim.AdamW(p, 0.1, foreach=True),
    "AdamW, fused": lambda p: torch.optim.AdamW(p, 0.1, betas=(0.9, 0.98), fused=True),
    "AdamW, capturable": lambda p: torch.optim.AdamW(p, 0.1, foreach=False, capturable=p[0].device.type == "sim"),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.1),
    "LBFGS": lambda p: torch.optim.LBFGS(p, 0.1),
}


def learn(device, make, model=None, steps=4):
    """The losses, the parameters and the optimizer's state after a few steps with gradients clipped."""
    torch.manual_seed(0)
    model = (model or nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.2), nn.Linear(6, 3))).to(device)
    torch.manual_seed(1)
    optimizer = make(list(model.parameters()))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    x, target, losses = numbers(8, 4).to(device), torch.arange(8, device=device) % 3, []

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).detach())
        schedule.step()
    return losses, list(model.parameters()), optimizer


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if "capturable" not in name])
def test_trainings(name, sim):
    (losses, parameters, optimizer), its = learn(sim, OPTIMIZERS[name]), learn("cpu", OPTIMIZERS[name])
    assert losses[0] != losses[-1]
    assert_agree((losses, parameters), its[:2])
    for state, its_state in zip(optimizer.state.values(), its[2].state.values(), strict=True):
        assert state.keys() == its_state.keys()
        assert all(bits(x) == bits(its_state[key]) for key, x in state.items() if isinstance(x, torch.Tensor))


def test_a_training_may_keep_its_count_on_the_device(sim):
    losses, _, optimizer = learn(sim, OPTIMIZERS["AdamW, capturable"])
    assert all(state["step"].device.type == "sim" for state in optimizer.state.values())
    assert losses[-1] < losses[0]


# Moving and keeping


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


# Mixed precision


def test_under_autocast_matrices_are_half_as_wide(sim):
    x, w = numbers(3, 4).to(sim), numbers(4, 4, seed=1).to(sim).requires_grad_()
    with torch.autocast("sim", torch.bfloat16):
        assert torch.is_autocast_enabled("sim") and torch.get_autocast_dtype("sim") == torch.bfloat16
        product = x @ w
        assert product.dtype == F.linear(x, w).dtype == torch.bfloat16
        assert torch.equal(product, (x.bfloat16() @ w.bfloat16()))
        assert product.softmax(-1).dtype == product.exp().dtype == product.sum().dtype == torch.float32
        assert torch.cat([product, x]).dtype == (product + x).dtype == torch.float32
        assert product.relu().dtype == product.mean().dtype == torch.bfloat16
        assert F.scaled_dot_product_attention(x, x, x).dtype == torch.bfloat16
        assert (x.double() @ x.double().mT).dtype == torch.float64
        with torch.autocast("sim", enabled=False):
            assert (x @ w).dtype == torch.float32
    product.sum().backward()
    assert w.grad.dtype == torch.float32 and w.grad.any()
    assert (x @ w).dtype == torch.float32


def test_the_cpus_autocast_is_not_the_devices(sim):
    x = numbers(3, 3).to(sim).requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        assert (x @ x).dtype == F.scaled_dot_product_attention(x, x, x).dtype == torch.float32
    with torch.autocast("sim", torch.bfloat16):
        assert (numbers(3, 3) @ numbers(3, 3)).dtype == torch.float32


# Autograd


class Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 2 * x

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return gradient * 2 + 0 * x


class Failing(Double):
    @staticmethod
    def backward(ctx, gradient):
        return gradient * torch.ones(3, device="cpu")


def test_what_autograd_offers(sim):
    def gradients(device):
        x = numbers(3).to(device).requires_grad_()
        seen = []
        y = x * x
        y.register_hook(lambda g: seen.append(g) or g * 2)
        y.retain_grad()
        z = (Double.apply(y) + checkpoint(torch.tanh, y, use_reentrant=False)).sum()
        z.backward(retain_graph=True)
        z.backward()
        (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(first.sum(), x)
        return x.grad, y.grad, seen, first, second

    assert_agree(gradients(sim), gradients("cpu"))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
def test_transformed_functions(sim):
    def found(device):
        x, w = numbers(5, 3).to(device), numbers(3, 3, seed=1).to(device)
        of_one = lambda row: (row @ w).tanh().sum()
        return (
            torch.vmap(of_one)(x),
            torch.func.grad(lambda x: torch.vmap(of_one)(x).sum())(x),
            torch.func.jvp(of_one, (x[0],), (x[1],)),
            torch.vmap(torch.func.grad(of_one))(x),
        )

    assert_agree(found(sim), found("cpu"))


def test_an_error_in_a_backward_pass_is_raised_and_the_next_pass_is_well(sim):
    x = torch.ones(3, device=sim, requires_grad=True)
    for _ in range(3):
        with pytest.raises(RuntimeError, match="at least two devices, sim:0 and cpu!"):
            Failing.apply(x).sum().backward()
        (x * 2).sum().backward()
    assert x.grad.tolist() == [6, 6, 6]


def test_what_was_changed_in_place_is_noticed(sim):
    for function in (torch.exp, lambda x: F.scaled_dot_product_attention(x, x, x)):
        y = torch.ones(2, 3, device=sim, requires_grad=True) * 1
        z = function(y)
        (z if function is torch.exp else y).add_(1)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            z.sum().backward()


def test_backward_passes_in_other_threads(sim):
    x = torch.ones(3, device=sim, requires_grad=True)
    threads = [threading.Thread(target=lambda: (x * 2).sum().backward()) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad.tolist() == [8, 8, 8]


# Tensors


def test_views_see_what_is_written(sim):
    x = torch.zeros(2, 3, device=sim)
    x[0].fill_(1)
    x.view(-1)[3] = 2
    x.mT[1, 0] = 5
    x.detach()[1, 2] = 7
    x.data[1, 1] = 8
    assert x.tolist() == [[1, 5, 1], [2, 8, 7]] and x._version > 0
    y = torch.ones(2, device=sim)
    x.data = y
    assert x.shape == (2,) and x.data_ptr() == y.data_ptr()
    y.mul_(3)
    assert x.tolist() == [3, 3]
    x.set_(torch.zeros(4, device=sim))
    assert x.tolist() == [0, 0, 0, 0]


def test_numbers_can_be_read(sim):
    x = torch.tensor([[1.5, -2.0]], device=sim)
    assert x[0, 0].item() == float(x[0, 0]) == 1.5 and int(x[0, 1]) == -2 and bool(x[0, 0])
    assert x.tolist() == [[1.5, -2.0]] and [row.tolist() for row in x] == x.tolist() and len(x) == 1
    assert f"{x[0, 0]:.2f}" == "1.50" and -2.0 in x and [1, 2, 3][torch.tensor(1, device=sim)] == 2
    assert repr(x) == "tensor([[ 1.5000, -2.0000]], device='sim:0')"
    assert x.detach().cpu().numpy().tolist() == x.tolist() and x.numpy(force=True).tolist() == x.tolist()
    with torch.no_grad():
        assert x.sum() == -0.5 and (x > 0).any()


def test_the_default_device(sim):
    with torch.device(sim):
        assert torch.zeros(2).is_sim and nn.Linear(2, 2).weight.is_sim and torch.tensor([1, 2]).is_sim
    torch.set_default_device(sim)
    try:
        assert torch.zeros(2).is_sim and torch.get_default_device().type == "sim"
    finally:
        torch.set_default_device(None)
    assert torch.zeros(2).is_cpu


def test_modes_see_what_is_done_there(sim):
    class Names(TorchDispatchMode):
        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            seen.append(func.overloadpacket.__name__)
            return func(*args, **(kwargs or {}))

    seen, x = [], numbers(3, 3).to(sim).requires_grad_()
    with Names():
        y = (x @ x)[[0, 2]] + torch.tensor([1.0, 2.0, 3.0], device=sim) + F.dropout(x[:2], 0.5)
        y.sum().backward()
    assert {"mm", "index", "add"} <= set(seen) and x.grad.is_sim


def test_graphs_across_devices(sim):
    """A parameter on the CPU that is used on the device, and the other way round, gets its gradient where it is."""
    here, there = numbers(3).requires_grad_(), numbers(3, seed=1).to(sim).requires_grad_()
    number = torch.tensor(2.0, requires_grad=True)
    loss = (here.to(sim) * there * number).sum().cpu() + (there.cpu() * here).sum()
    loss.backward()
    assert (here.grad.device.type, there.grad.device.type, number.grad.device.type) == ("cpu", "sim", "cpu")
    assert bits(here.grad) == bits(2 * there + there) and bits(there.grad) == bits(2 * here + here)


def test_random_numbers(sim):
    there, here = (torch.Generator(device).manual_seed(3) for device in (sim, "cpu"))
    assert there.device == torch.device("sim", 0) and here.device == torch.device("cpu")
    assert isinstance(there, torch.Generator) and isinstance(torch.default_generator, torch.Generator)
    state = there.get_state()
    for draw in (
        lambda **k: torch.rand(3, **k),
        lambda **k: torch.randn(3, **k),
        lambda **k: torch.randint(0, 9, (4,), **k),
        lambda **k: torch.randperm(5, **k),
        lambda device, generator: torch.multinomial(torch.ones(3, 4, device=device), 2, generator=generator),
        lambda device, generator: torch.bernoulli(torch.full((5,), 0.3, device=device), generator=generator),
        lambda device, generator: torch.empty(5, device=device).normal_(generator=generator),
        lambda device, generator: nn.init.uniform_(torch.empty(5, device=device), generator=generator),
    ):
        assert_agree(draw(device=sim, generator=there), draw(device="cpu", generator=here))
    there.set_state(state)
    again = torch.rand(3, device=sim, generator=torch.Generator(sim).manual_seed(3))
    assert bits(torch.rand(3, device=sim, generator=there)) == bits(again)


@pytest.mark.parametrize("expression", [e for e in PURE + CHANGING if "rand" in e or "dropout" in e or "normal_" in e])
def test_the_devices_random_numbers_leave_the_cpus_alone(expression, sim):
    operands = {name: x.to(sim) for name, x in operands_of(expression).items()}
    torch.manual_seed(3)
    before = torch.get_rng_state(), torch.sim.get_rng_state()
    compute(expression, operands)
    after = torch.get_rng_state(), torch.sim.get_rng_state()
    assert torch.equal(before[0], after[0])
    assert torch.equal(before[1], after[1]) == ("training=False" in expression)


def test_the_devices_stream_is_kept_and_put_back(sim):
    torch.manual_seed(0)
    with torch.random.fork_rng([0], device_type="sim"):
        one = torch.rand(2, device=sim)
    assert bits(one) == bits(torch.rand(2, device=sim))
    x = torch.ones(5, device=sim, requires_grad=True)
    checkpoint(lambda x: F.dropout(F.dropout(x, 0.5), 0.5), x, use_reentrant=False).sum().backward()
    torch.manual_seed(0)
    torch.rand(2, device=sim)
    assert bits(x.grad) == bits(F.dropout(F.dropout(torch.ones(5, device=sim), 0.5), 0.5))
