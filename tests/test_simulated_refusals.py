"""The pretended device refuses what CUDA refuses, and nothing else; and it leaves nothing behind."""

import numpy
import pytest
import simulated
import torch
import torch.nn.functional as F
from simulated.operators import CHANGING, PURE, compute, operands_of
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.checkpoint import DefaultDeviceType, checkpoint

TWO_DEVICES = "Expected all tensors to be on the same device, but found at least two devices, sim:0 and cpu!"
NOT_THE_SAME = "Expected all tensors to be on the same device, but got {} is on {}, different from other tensors on {}"
NO_NUMPY = r"can't convert sim:0 device type tensor to numpy. Use Tensor.cpu\(\) to copy the tensor to host memory"
NO_MASK = "expected self and mask to be on the same device, but got mask on {} and self on {}"
NO_GRADIENT = "invalid gradient at index 0 - expected device sim:0 but got cpu"
GENERATOR = "Expected a '{}' device type for generator but found '{}'"

# Here x is on the device, and y on the CPU.
REFUSED = {
    "x + y": TWO_DEVICES,
    "y + x": TWO_DEVICES,
    "y.sum().add_(x[0, 0])": TWO_DEVICES,
    "y.add_(x)": TWO_DEVICES,
    "x.mul_(y)": TWO_DEVICES,
    "x == y": TWO_DEVICES,
    "torch.add(x, x, out=y)": TWO_DEVICES,
    "torch.where(x > 0, x, y)": TWO_DEVICES,
    "torch.where(y > 0, x, x)": TWO_DEVICES,
    "x.addcmul(y[0, 0], y[0, 0])": "Trying to pass too many CPU scalars to non-CPU kernel!",
    "x.clamp(min=y[0, 0])": NOT_THE_SAME.format("min", "cpu", "sim:0"),
    "x @ y": NOT_THE_SAME.format("mat2", "cpu", "sim:0"),
    "y @ x": NOT_THE_SAME.format("mat2", "sim:0", "cpu"),
    "torch.cat([x, y])": NOT_THE_SAME.format("tensors", "cpu", "sim:0"),
    "torch.stack([y, x])": NOT_THE_SAME.format("tensors", "sim:0", "cpu"),
    "torch.equal(x, y)": NOT_THE_SAME.format("other", "cpu", "sim:0"),
    "torch.allclose(x, y)": "Expected all tensors to be on the same device",
    "torch.einsum('ij,jk->ik', x, y)": NOT_THE_SAME.format("mat2", "cpu", "sim:0"),
    "torch.outer(x[0], y[0])": TWO_DEVICES,
    "torch.cdist(x, y)": NOT_THE_SAME.format("x2", "cpu", "sim:0"),
    "torch.bucketize(x, y[0])": "Expected all tensors to be on the same device",
    "torch.isin(x, y)": NOT_THE_SAME.format("test_elements", "cpu", "sim:0"),
    "torch.linalg.solve(x, y)": NOT_THE_SAME.format("B", "cpu", "sim:0"),
    "F.linear(x, y)": NOT_THE_SAME.format("mat2", "cpu", "sim:0"),
    "F.layer_norm(x, (3,), y[0], y[0])": NOT_THE_SAME.format("weight", "cpu", "sim:0"),
    "F.cross_entropy(x, y.argmax(-1))": NOT_THE_SAME.format("target", "cpu", "sim:0"),
    "F.mse_loss(x, y)": TWO_DEVICES,
    "F.conv1d(x[None], y[None])": NOT_THE_SAME.format("weight", "cpu", "sim:0"),
    "F.scaled_dot_product_attention(x, x, x, y > 0)": NOT_THE_SAME.format("attn_mask", "cpu", "sim:0"),
    "F.scaled_dot_product_attention(x, y, x)": NOT_THE_SAME.format("key", "cpu", "sim:0"),
    "F.embedding(y.long().abs(), x)": NOT_THE_SAME.format("indices", "cpu", "sim:0"),
    "F.embedding(x.long().abs(), y)": NOT_THE_SAME.format("indices", "sim:0", "cpu"),
    "nn.Embedding(3, 2)(x.long().abs())": NOT_THE_SAME.format("indices", "sim:0", "cpu"),
    "nn.Linear(3, 2).to(x.device)(y)": NOT_THE_SAME.format("mat1", "cpu", "sim:0"),
    "nn.Linear(3, 2)(x)": "Expected all tensors to be on the same device",
    "nn.GRU(3, 2).to(x.device)(x, y[:1, :2])": NOT_THE_SAME.format("hx", "cpu", "sim:0"),
    "nn.GRU(3, 2)(x)": "Expected all tensors to be on the same device|same device as the input",
    # indices and masks
    "y[x.long()]": r"indices should be either on cpu or on the same device as the indexed tensor \(cpu\)",
    "y[x > 0]": r"indices should be either on cpu or on the same device as the indexed tensor \(cpu\)",
    "y.index_put_((x.long(),), y)": "indices should be either on cpu",
    "y.__setitem__(x > 0, 1.0)": "indices should be either on cpu",
    "x.__setitem__(x > 0, y[0])": TWO_DEVICES,
    "x.index_put_((y.long(),), y[0])": TWO_DEVICES,
    "x.masked_fill(y > 0, 0)": NO_MASK.format("cpu", "sim:0"),
    "y.masked_fill_(x > 0, 0)": NO_MASK.format("sim:0", "cpu"),
    "y.masked_fill_(y > 0, x[0, 0])": "same device",
    "y.index_put_((y.long(),), x[0])": TWO_DEVICES,
    "x.masked_select(y > 0)": NOT_THE_SAME.format("mask", "cpu", "sim:0"),
    "x.masked_scatter(y > 0, x)": "same device",
    "x.gather(0, y.long())": NOT_THE_SAME.format("index", "cpu", "sim:0"),
    "x.scatter(0, y.long(), 1.0)": NOT_THE_SAME.format("index", "cpu", "sim:0"),
    "x.scatter_add(0, x.long(), y)": NOT_THE_SAME.format("src", "cpu", "sim:0"),
    "x.index_select(0, y[0].long())": NOT_THE_SAME.format("index", "cpu", "sim:0"),
    "x.take_along_dim(y.long(), 0)": "Expected tensor to have sim:0 Device, but got tensor with cpu Device",
    "x.repeat_interleave(y[:, 0].long().abs(), 0)": "Expected all tensors to be on the same device",
    "x.index_add_(0, y[0].long(), x)": NOT_THE_SAME.format("index", "cpu", "sim:0"),
    # NumPy
    "x.numpy()": NO_NUMPY,
    "x[0, 0].numpy()": NO_NUMPY,
    "numpy.asarray(x)": NO_NUMPY,
    "numpy.add(numpy.zeros((3, 3)), x)": NO_NUMPY,
    "numpy.concatenate([x, x])": NO_NUMPY,
    "numpy.array([x[0], x[1]])": NO_NUMPY,
    # random numbers
    "torch.rand(2, device=x.device, generator=torch.Generator())": GENERATOR.format("sim", "cpu"),
    "torch.randperm(2, device=x.device, generator=torch.Generator())": GENERATOR.format("sim", "cpu"),
    "torch.randint(2, (3,), device=x.device, generator=torch.default_generator)": GENERATOR.format("sim", "cpu"),
    "torch.multinomial(x.abs(), 1, generator=torch.Generator())": GENERATOR.format("sim", "cpu"),
    "x.normal_(generator=torch.Generator())": GENERATOR.format("sim", "cpu"),
    "nn.init.normal_(x, generator=torch.Generator())": GENERATOR.format("sim", "cpu"),
    "torch.rand(2, generator=torch.Generator(x.device))": GENERATOR.format("cpu", "sim"),
    "torch.randperm(2, generator=torch.Generator(x.device))": GENERATOR.format("cpu", "sim"),
    "y.uniform_(generator=torch.Generator(x.device))": GENERATOR.format("cpu", "sim"),
    "torch.randn(2, device='cpu', generator=torch.Generator(x.device))": GENERATOR.format("cpu", "sim"),
    # whole numbers
    "x.long() @ x.long()": "\"addmm_cuda\" not implemented for 'Long'",
    "x.int() @ x.int()": "\"addmm_cuda\" not implemented for 'Int'",
    "x.bool() @ x.bool()": "\"addmm_cuda\" not implemented for 'Bool'",
    "x[None].long() @ x[None].long()": "\"baddbmm_cuda\" not implemented for 'Long'",
    "x.long() @ x[0].long()": "\"addmv_impl_cuda\" not implemented for 'Long'",
    "x[0].long() @ x[0].long()": "\"dot\" not implemented for 'Long'",
    "torch.einsum('ij,kj->ik', x.long(), x.long())": "\"baddbmm_cuda\" not implemented for 'Long'",
    "F.conv1d(x[None].long(), x[None].long())": "\"slow_conv2d_cuda\" not implemented for 'Long'",
    # what counts words stays on the CPU
    "pack_padded_sequence(x[None], torch.tensor([2], device=x.device), batch_first=True)": (
        "'lengths' argument should be a 1D CPU int64 tensor, but got 1D sim:0 Long tensor"
    ),
    "x.tensor_split(torch.tensor([1], device=x.device))": "to be on cpu, but it's on sim:0",
    # gradients
    "(x.requires_grad_() * 2).backward(y)": NO_GRADIENT,
    "torch.autograd.grad(x.requires_grad_() * 2, x, y)": NO_GRADIENT,
    "setattr(x, 'grad', y)": "device",
    "torch.optim.AdamW([nn.Parameter(x)], fused=True).param_groups[0]['params'][0].data.add_(y)": TWO_DEVICES,
}

ACCEPTED = [
    "x + y[0, 0]",
    "y[0, 0] * x",
    "x.mul_(y[0, 0])",
    "x > y[0, 0]",
    "x[0, 0] + y[0, 0]",
    "x.where(x > 0, y[0, 0])",
    "torch.where(x > 0, y[0, 0], y[1, 1])",
    "torch.where(x > 0, 1.0, 0.0)",
    "x.masked_fill(x > 0, y[0, 0])",
    "x.fill_(y[0, 0])",
    "y.fill_(x[0, 0])",
    "y.__setitem__(y > 0, x[0, 0])",
    "y.__setitem__(0, x[0, 0])",
    "torch.full((2,), x[0, 0])",
    "torch.arange(x[0, 2])",
    "y[: x[0, 2].int()]",
    "[row * 2 for row in x] + sorted(x[0])",
    "x.lerp(x, y[0, 0])",
    "x.addcmul(x, y[0, 0])",
    "x.addcdiv_(x, x, value=2)",
    "torch.maximum(x, y[0, 0])",
    "x.pow(y[0, 0])",
    "x[y.long()]",
    "x[y > 0]",
    "x[y[0].long(), x[0].long()]",
    "x.__setitem__(y > 0, 1.0)",
    "x.__setitem__(y > 0, y[0, 0])",
    "x.__setitem__(0, y[0])",
    "x.index_put_((y.long(),), x[0].clone())",
    "y.__setitem__(0, x[0])",
    "x.copy_(y)",
    "y.copy_(x)",
    "x.to(y)",
    "y.to(x)",
    "x.type_as(y)",
    "x.expand_as(y)",
    "x.view_as(y)",
    "torch.as_tensor(x, device='cpu')",
    "torch.empty_like(y, device=x.device)",
    "torch.broadcast_tensors(x, y)",
    "torch.atleast_2d(x, y)",
    "x.slice_scatter(y[:1], 0, 0, 1)",
    "x.long() * x.long()",
    "(x.long().unsqueeze(-1) * x.long()).sum(1)",
    "torch.outer(x[0].long(), x[0].long())",
    "nn.GRU(3, 2).to(x.device)(pack_padded_sequence(x[None], torch.tensor([2]), batch_first=True))",
    "torch.rand(2, device=x.device, generator=torch.Generator(x.device))",
    "(x * y[0, 0].requires_grad_()).sum().backward()",
    "nn.utils.clip_grad_norm_([nn.Parameter(x), nn.Parameter(y)], 1.0)",
    "numpy.float32(2) * float(x[0, 0])",
    "x.numpy(force=True)",
    "x.cpu().numpy() + y.numpy()",
]


def evaluate(expression, sim):
    y = torch.tensor([[0.5, 1, 2], [1, 0, 1.5], [0, 2, 1]])
    names = {"torch": torch, "F": F, "nn": nn, "numpy": numpy, "pack_padded_sequence": pack_padded_sequence}
    return eval(expression, names | {"x": y.to(sim), "y": y})


@pytest.mark.parametrize("expression", REFUSED)
def test_what_is_refused(expression, sim):
    with pytest.raises((RuntimeError, TypeError), match=REFUSED[expression]):
        evaluate(expression, sim)


@pytest.mark.parametrize("expression", ACCEPTED)
def test_what_is_not(expression, sim):
    evaluate(expression, sim)


AT_HOME_ANYWHERE = {  # operands that may be left on the CPU: indices, what is copied, and what only has a shape
    "x[:, j % 3]": "j",
    "x[j % 2, j % 3]": "j",
    "x[b]": "b",
    "x[k == 1]": "k",
    "x[torch.arange(2, device=x.device), k[:, 0]]": "k",
    "x.index_put((j % 2, j % 3), w)": "j",
    "x.index_put((j % 2, j % 3), w, accumulate=True)": "j",
    "x.index_put_((j % 2, j % 3), w, accumulate=True)": "j",
    "x.__setitem__(b, 0.5)": "b",
    "x.__setitem__(b, n)": "b",
    "x.__setitem__((slice(None), j[:2] % 3), 0.5)": "j",
    "x.__setitem__((0, 1), v)": "xv",
    "x.copy_(y)": "xy",
    "v.expand_as(x)": "xv",
    "x.type_as(i)": "xi",
    "x.fill_(n)": "x",
    "torch.broadcast_tensors(x, v)": "xv",
    "F.ctc_loss(x.log_softmax(-1), k.T + 1, (2, 2, 2), (1, 1, 1))": "xk",
}


@pytest.mark.parametrize("expression", [e for e in PURE + CHANGING if len(operands_of(e)) > 1])
def test_whatever_is_left_on_the_cpu_is_refused(expression, sim):
    """One operand after the other, unless it is a number."""
    for name in operands_of(expression):
        operands = {other: x if other == name else x.to(sim) for other, x in operands_of(expression).items()}
        if name == "n" or name in AT_HOME_ANYWHERE.get(expression, ""):
            compute(expression, operands)
        else:
            with pytest.raises(RuntimeError, match=r"[Dd]evice"):
                compute(expression, operands)


def test_what_would_be_refused_can_be_counted(sim):
    x, y = torch.ones(2, device=sim, requires_grad=True), torch.ones(2)
    with simulated.noted() as found:
        for _ in range(3):
            (x + y).sum().backward()
        assert x.detach().numpy().tolist() == [1, 1]
        torch.rand(1, device=sim, generator=torch.Generator())
    assert sorted(found.values()) == [1, 1, 3]
    (what, lines), times = found.most_common(1)[0]
    assert what == f"RuntimeError: {TWO_DEVICES}" and times == 3
    assert lines[0].startswith(f"{__file__}:") and not any("torch" in line for line in lines)
    with pytest.raises(RuntimeError, match="two devices"):
        x + y


def test_a_device_without_wide_numbers():
    if reason := simulated.unfit():
        pytest.skip(reason)
    with simulated.switched_on(wide=False) as device:
        x = torch.ones(2, device=device)
        assert (x.half() + x.long() / 3).dtype == torch.float32
        for make in (
            x.double,
            lambda: torch.ones(2).double().to(device),
            lambda: x.new_zeros(2, dtype=torch.complex128),
        ):
            with pytest.raises(TypeError, match="MPS does not support it"):
                make()
    with simulated.switched_on() as device:
        assert torch.ones(2, device=device).double().dtype == torch.float64


# Nothing is left behind


def surroundings():
    engine = torch.autograd.Variable._execution_engine
    modes = torch.overrides._get_current_function_mode_stack()
    kept = DefaultDeviceType._default_device_type
    return torch.Generator, nn.Module._apply, engine, modes, torch.get_default_device(), kept


def test_switched_off_it_has_changed_nothing():
    if reason := simulated.unfit():
        pytest.skip(reason)
    before = surroundings()
    with pytest.raises(KeyError), simulated.switched_on() as device:
        assert surroundings() != before and torch.sim.is_available() and torch.sim.device_count() == 1
        torch.set_default_device(device)
        x = torch.ones(2, device=device, requires_grad=True)
        checkpoint(torch.exp, x, use_reentrant=False).sum().backward()
        raise KeyError
    assert surroundings() == before
    assert not torch.sim.is_available() and torch.sim.device_count() == 0 and not torch.accelerator.is_available()
    x = torch.ones(2, requires_grad=True)
    (x @ x).backward()
    assert type(torch.Generator("cpu")) is torch.Generator and x.grad.tolist() == [2, 2]


def test_the_version_is_the_one_that_is_pinned(monkeypatch):
    simulated.unfit.cache_clear()
    monkeypatch.setattr(torch, "__version__", "2.6.0+cpu")
    try:
        assert "private hook of PyTorch 2." in simulated.unfit() and simulated.unfit().endswith("this is 2.6.0")
        simulated.reserve.cache_clear()
        simulated.reserve()  # does nothing
    finally:
        simulated.unfit.cache_clear()
