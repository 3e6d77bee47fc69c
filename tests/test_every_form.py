"""What every attention function owes to whoever runs it on a GPU, as far as a CPU can tell."""

import jaxtyping
import pytest
import torch
from everything import FORMS, one_vector
from factories import normal
from torch import nn
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

HEADS, SIZE, LENGTH = 2, 8, 70
HASHING = [name for name in FORMS if "hashing" in name]
CUMULATIVE = [
    f"{name}, causal" for name in ("linear", "linear, random", "random features", "retention")
]  # sums over the text so far


def called(name, device="cpu", dtype=torch.float32, masked=True):
    """The output of a masked call, and the gradients of its sum."""
    torch.manual_seed(0)
    attend = FORMS[name].make(HEADS, SIZE)
    if isinstance(attend, nn.Module):
        attend.to(device)
    queries, keys, values = (
        normal(2, HEADS, LENGTH, SIZE, dtype=dtype, seed=s).to(device).requires_grad_() for s in range(3)
    )
    mask = (torch.arange(LENGTH) < torch.tensor([50, 0]).view(2, 1, 1, 1)).to(device)
    output, _ = attend(
        queries, queries if one_vector(name) else keys, values, mask, FORMS[name].causal, need_weights=False
    )
    output.sum().backward()
    return output, queries.grad


@pytest.mark.parametrize("name", [name for name in FORMS if name not in HASHING])  # it compares them
def test_nothing_waits_for_the_numbers(name):
    """On `meta` there are none: what is decided by them fails there, and keeps the processor waiting on a GPU."""
    output, gradient = called(name, "meta")
    assert output.shape == gradient.shape == (2, HEADS, LENGTH, SIZE)


@pytest.fixture
def other_shapes():
    """Without the shape checks of the tests: not every form says in its types that axes in front broadcast."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


FIRST_AXES = [  # of queries, keys and values
    ((2, 2), (1, 2), (1, 2)),
    ((1, 2), (3, 2), (3, 2)),
    ((2, 2), (2, 2), (1, 2)),
    ((2,), (3, 2), (3, 2)),
    ((4, 1, 2), (3, 2), (3, 2)),
]


@pytest.mark.parametrize("axes", FIRST_AXES)
@pytest.mark.parametrize("name", [name for name in FORMS if not one_vector(name)])
def test_axes_in_front_broadcast_with_and_without_weights(name, axes, other_shapes):
    torch.manual_seed(0)
    attend = FORMS[name].make(HEADS, SIZE)
    tensors = [normal(*first, 13, SIZE, dtype=torch.float32, seed=seed) for seed, first in enumerate(axes)]
    mask = torch.arange(13) < 9
    outputs = [attend(*tensors, mask, FORMS[name].causal, need_weights)[0] for need_weights in (False, True)]
    assert outputs[0].shape == (*torch.broadcast_shapes(*axes), 13, SIZE)
    assert_close(*outputs)


class AnyOrder(TorchDispatchMode):
    """Raises for operations that on a GPU add to one place in any order, so that their last digits differ."""

    NAMES = ("scatter_add", "index_add", "scatter_reduce", "put_", "bincount", "histc", "cumsum", "cumprod")

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        name = function.overloadpacket.__name__
        integers = not any(x.is_floating_point() for x in arguments if isinstance(x, torch.Tensor))
        if not integers and any(name.startswith(other) for other in self.NAMES):
            raise AssertionError(f"{name} adds in any order")
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize("name", [name for name in FORMS if name not in HASHING + CUMULATIVE])  # it permutes
def test_nothing_is_added_in_any_order(name):
    with AnyOrder():
        called(name)


def test_the_guard_sees_an_addition_in_any_order():
    index = torch.zeros(1, 5, dtype=torch.long)
    with pytest.raises(AssertionError, match="scatter_add"), AnyOrder():
        torch.zeros(1, 3, requires_grad=True).gather(-1, index).sum().backward()
