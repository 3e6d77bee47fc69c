"""Mixed precision, autograd, tensors and random numbers on the pretended device."""

import threading

import pytest
import torch
import torch.nn.functional as F
from simulated.agreeing import assert_agree, bits, numbers
from simulated.operators import CHANGING, PURE, compute, operands_of
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

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
