"""The pretended device gives the CPU's bits, in every mode of PyTorch, and what happens there is noted by autograd."""

import pytest
import torch
from simulated.agreeing import assert_agree, bits
from simulated.operators import CHANGING, PURE, compute, operands_of
from torch import Tensor
from torch.utils._pytree import tree_flatten


def leaf(x, device):
    x = x.to(device) if device else x.clone()
    return x.requires_grad_(x.is_floating_point())


def with_gradients(expression, device=None):
    """The results, and the gradients of all that is a real number."""
    operands = {name: leaf(x, device) for name, x in operands_of(expression).items()}
    torch.manual_seed(1)
    found = compute(expression, operands)
    outputs = [x for x in tree_flatten(found)[0] if isinstance(x, Tensor) and x.requires_grad]
    leaves = [x for x in operands.values() if x.requires_grad]
    if not outputs:
        return found, []
    generator = torch.Generator("cpu").manual_seed(2)
    changes = [torch.randn(x.shape, dtype=x.dtype, generator=generator).to(x.device) for x in outputs]
    return found, torch.autograd.grad(outputs, leaves, changes, allow_unused=True)


@pytest.mark.parametrize("expression", PURE)
def test_results_and_gradients_are_the_cpus_to_the_last_bit(expression, sim):
    found, gradients = with_gradients(expression, sim)
    its_found, its_gradients = with_gradients(expression)
    assert_agree(found, its_found)
    for gradient, its in zip(gradients, its_gradients, strict=True):
        assert (gradient is None) == (its is None)
        assert gradient is None or bits(gradient) == bits(its)


@pytest.mark.parametrize("expression", PURE)
def test_without_gradients_too(expression, sim):
    for learned in (False, True):  # as parameters are
        for mode in (torch.no_grad, torch.inference_mode):
            here = operands_of(expression)
            for x in here.values():
                x.requires_grad_(learned and x.is_floating_point())
            with mode():
                assert_computed_alike(expression, here, sim)


@pytest.mark.parametrize("expression", CHANGING)
def test_what_is_changed_in_place_is_changed_alike(expression, sim):
    for mode in (torch.enable_grad, torch.inference_mode):
        with mode():
            assert_computed_alike(expression, operands_of(expression), sim)


def assert_computed_alike(expression, here, device):
    with torch.inference_mode(any(x.is_inference() for x in here.values())):
        there = {name: x.detach().to(device).requires_grad_(x.requires_grad) for name, x in here.items()}
    torch.manual_seed(1)
    found = compute(expression, there)
    torch.manual_seed(1)
    assert_agree(found, compute(expression, here))
    assert_agree(there, here)
