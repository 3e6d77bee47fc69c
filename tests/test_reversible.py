"""Reversible layers: they come back to where they started, and train as ordinary ones do, with less kept."""

import pytest
import torch
from factories import DeviceIsGiven, normal
from torch import nn
from torch.testing import assert_close

from attention_course.layers import MultiHeadAttention
from attention_course.layers.reversible import ReversibleStack, run_backwards, run_forwards

SIZE = 8


class Attends(nn.Module):
    """Attention as a module of one tensor."""

    def __init__(self):
        super().__init__()
        self.norm, self.attention = nn.LayerNorm(SIZE), MultiHeadAttention(SIZE, 2)

    def forward(self, x):
        return self.attention(self.norm(x))[0]


def stack(depth=3, dropout=0.0, dtype=torch.float64):
    torch.manual_seed(0)
    layers = []
    for _ in range(depth):
        layers += [nn.Sequential(Attends(), nn.Dropout(dropout))]
        layers += [nn.Sequential(nn.LayerNorm(SIZE), nn.Linear(SIZE, SIZE), nn.GELU(), nn.Dropout(dropout))]
    return ReversibleStack(layers).to(dtype)


def inputs(dtype=torch.float64):
    return [normal(2, 5, SIZE, dtype=dtype, seed=seed).requires_grad_() for seed in (1, 2)]


def outputs_and_gradients(stack, run):
    streams = inputs(next(stack.parameters()).dtype)
    torch.manual_seed(1)
    outputs = run(*streams)
    loss = (outputs[0] * outputs[1]).sum() + outputs[1].square().sum()
    return outputs, torch.autograd.grad(loss, [*streams, *stack.parameters()])


def test_two_layers_are_the_equations():
    x1, x2 = inputs()
    f, g = stack(1).layers
    y1 = x1 + f(x2)
    assert_close(run_forwards([f, g], x1, x2), (y1, x2 + g(y1)))


def test_run_backwards_gives_the_inputs_back():
    layers, streams = stack(4).layers, tuple(inputs())
    assert_close(run_backwards(layers, *run_forwards(layers, *streams)), streams)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("depth", [1, 4])
def test_gradients_are_those_of_ordinary_backpropagation(depth, dropout):
    reversible = stack(depth, dropout)
    ours, our_gradients = outputs_and_gradients(reversible, reversible)
    theirs, their_gradients = outputs_and_gradients(reversible, lambda *x: run_forwards(reversible.layers, *x))
    assert_close(ours, theirs)
    assert_close(our_gradients, their_gradients)


def test_float32_loses_little_over_many_layers():
    reversible = stack(16, dtype=torch.float32)
    _, ours = outputs_and_gradients(reversible, reversible)
    _, theirs = outputs_and_gradients(reversible, lambda *x: run_forwards(reversible.layers, *x))
    assert_close(ours, theirs, rtol=1e-3, atol=1e-4)


def test_gradcheck():
    reversible = stack(2)
    assert torch.autograd.gradcheck(reversible, [x[:1, :2].detach().requires_grad_() for x in inputs()])


def test_random_numbers_after_the_backward_pass_are_those_that_would_have_come():
    reversible = stack(2, dropout=0.5)
    after = []
    for run in (reversible, lambda *x: run_forwards(reversible.layers, *x)):
        outputs_and_gradients(reversible, run)
        after.append(torch.rand(3))
    assert after[0].equal(after[1])


def test_a_shared_parameter_gets_both_gradients_and_a_frozen_one_none():
    torch.manual_seed(0)
    shared, frozen = nn.Linear(SIZE, SIZE).double(), nn.Linear(SIZE, SIZE).double().requires_grad_(False)
    reversible = ReversibleStack([shared, frozen, shared])
    found = []
    for run in (reversible, lambda *x: run_forwards(reversible.layers, *x)):
        reversible.zero_grad()
        sum(run(*inputs())).square().sum().backward()
        found.append(shared.weight.grad)
    assert_close(*found)
    assert frozen.weight.grad is None


def kept(run, streams):
    """Bytes that autograd keeps for the backward pass; a tensor that is kept twice counts once."""
    sizes = {}

    def count(tensor):
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        outputs = run(*streams)  # bound, or storages would be used again for the next
    del outputs
    return sum(sizes.values())


def test_what_is_kept_does_not_grow_with_depth():
    streams = [normal(2, 50, SIZE, seed=seed).requires_grad_() for seed in (1, 2)]
    reversible = [kept(stack(depth), streams) for depth in (1, 4)]
    assert reversible[0] == reversible[1] == sum(x.nbytes for x in streams)
    ordinary = [kept(lambda *x, d=d: run_forwards(stack(d).layers, *x), streams) for d in (1, 4)]
    assert ordinary[1] > 3 * ordinary[0]


def test_the_precision_of_autocast_is_that_of_the_forward_pass():
    reversible = stack(2, dtype=torch.float32)
    found = []
    for run in (reversible, lambda *x: run_forwards(reversible.layers, *x)):
        with torch.autocast("cpu", torch.bfloat16):
            outputs = run(*inputs(torch.float32))
        found.append(torch.autograd.grad(outputs[0].sum() + outputs[1].sum(), reversible.layers[0][0].norm.weight)[0])
    assert_close(*found, rtol=2e-2, atol=2e-2)


def scale_first(layers, times):
    with torch.no_grad():
        next(layers.parameters()).mul_(times)


CHANGES = {
    "a step of the optimizer": lambda layers: torch.optim.SGD(layers.parameters(), lr=0.1).step(),
    "one in place": lambda layers: scale_first(layers, 2),
    "loaded": lambda layers: layers.load_state_dict(stack(2).layers.state_dict()),
    "loaded, other tensors": lambda layers: layers.load_state_dict(stack(2).layers.state_dict(), assign=True),
    "another layer": lambda layers: setattr(layers[0], "0", nn.Linear(SIZE, SIZE)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_parameters_that_changed_before_the_backward_pass_are_told(change, autocast, frozen):
    reversible = stack(2, dtype=torch.float32)
    if frozen:
        reversible.layers[0].requires_grad_(False)
    for parameter in reversible.parameters():
        parameter.grad = torch.ones_like(parameter)  # for the optimizer, which passes by those without
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        loss = sum(reversible(*inputs(torch.float32))).square().sum()
    loss.backward(retain_graph=True)
    CHANGES[change](reversible.layers)
    with pytest.raises(RuntimeError, match="ReversibleStack: expected the parameters of the forward pass, got others"):
        loss.backward()


def test_nothing_is_made_without_a_device():
    reversible, streams = stack(2), inputs()
    with DeviceIsGiven():
        sum(reversible(*streams)).sum().backward()


def test_streams_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="x1 and x2: expected one shape"):
        stack()(torch.zeros(1, 2, SIZE), torch.zeros(1, 3, SIZE))
