"""Residual layers that can be run backwards (Gomez, Ren, Urtasun and Grosse 2017), as in Reformer (Kitaev et al. 2020).

    y1 = x1 + F(x2)        x2 = y2 - G(y1)
    y2 = x2 + G(y1)        x1 = y1 - F(x2)

Training usually keeps what every layer has computed until its gradients are due. Here the inputs of a layer follow from
its outputs, so that only the last outputs are kept, and each layer is computed once more. In a Transformer F is
attention and G the feed-forward network.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from itertools import zip_longest

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.utils.checkpoint import get_device_states, set_device_states


def run_forwards(layers: Iterable[Callable], x1: Tensor, x2: Tensor) -> tuple[Tensor, Tensor]:
    """F, G, F, G, ...: each changes one stream by what it makes of the other, and then the streams change places."""
    for layer in layers:
        x1, x2 = x2, x1 + layer(x2)
    return x1, x2


def run_backwards(layers: Sequence[Callable] | nn.ModuleList, y1: Tensor, y2: Tensor) -> tuple[Tensor, Tensor]:
    """The inputs that gave these outputs, up to rounding."""
    for layer in reversed(layers):
        y1, y2 = y2 - layer(y1), y1
    return y1, y2


class ReversibleStack(nn.Module):
    """`run_forwards`, of which training keeps the outputs alone, however many layers there are.

    layers: F, G, F, G, ..., modules of one tensor that keep its shape. They are computed twice, the second time with
        the same random numbers; what they change on the way, such as a running mean, they would change twice.

    Gradients are those of ordinary backpropagation up to rounding: what is computed again differs in its last digits.
    They need the parameters of the forward pass: RuntimeError where others stand there when the gradients are due.
    """

    def __init__(self, layers: Iterable[nn.Module]):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(
        self, x1: Float[Tensor, "..."], x2: Float[Tensor, "..."]
    ) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
        if x1.shape != x2.shape:
            raise ValueError(f"x1 and x2: expected one shape, got {tuple(x1.shape)} and {tuple(x2.shape)}")
        return Reversible.apply(tuple(self.layers), x1, x2, *self.layers.parameters())


class Reversible(torch.autograd.Function):
    """All layers as one step of autograd. Parameters are arguments, or autograd would not know of them."""

    @staticmethod
    def forward(ctx, layers: Sequence[nn.Module], x1: Tensor, x2: Tensor, *parameters: Tensor):
        ctx.layers, ctx.parameters, ctx.surroundings = layers, parameters, []
        ctx.versions = versions(parameters)
        for layer in layers:
            ctx.surroundings.append(Surroundings(x1))
            x1, x2 = run_forwards([layer], x1, x2)
        ctx.save_for_backward(x1, x2)
        return x1, x2

    @staticmethod
    @once_differentiable
    def backward(ctx, d1: Tensor, d2: Tensor):
        """From the gradients of the outputs, d1 and d2, to those of the inputs, undoing one layer after the other."""
        y1, y2 = ctx.saved_tensors
        now = tuple(dict.fromkeys(p for layer in ctx.layers for p in layer.parameters()))
        if any(p is not q for p, q in zip_longest(now, ctx.parameters)) or versions(now) != ctx.versions:
            raise RuntimeError(
                "ReversibleStack: expected the parameters of the forward pass, got others, or changed ones; "
                "call backward before the optimizer's step, and before loading or changing parameters"
            )
        gradients = {}
        for layer, surroundings in zip(reversed(ctx.layers), reversed(ctx.surroundings), strict=True):
            x2 = y1.detach().requires_grad_()
            with torch.enable_grad(), surroundings.again():
                change = layer(x2)
            own = [p for p in layer.parameters() if p.requires_grad]
            through, *found = torch.autograd.grad(change, [x2, *own], d2, allow_unused=True, materialize_grads=True)
            for parameter, gradient in zip(own, found, strict=True):
                gradients[parameter] = gradients[parameter] + gradient if parameter in gradients else gradient
            y1, y2 = y2 - change.detach(), x2.detach()
            d1, d2 = d2, d1 + through
        return None, d1, d2, *[gradients.get(p) for p in ctx.parameters]


def versions(parameters: Sequence[Tensor]) -> list[int]:
    """How often each has been changed in place, as autograd counts it. Those of an inference mode are not counted."""
    return [-1 if p.is_inference() else p._version for p in parameters]


class Surroundings:
    """The random numbers to come, and the precision, as they were when a layer was computed."""

    def __init__(self, like: Tensor):
        self.kind = like.device.type
        self.precision = {
            "device_type": self.kind,
            "dtype": torch.get_autocast_dtype(self.kind),
            "enabled": torch.is_autocast_enabled(self.kind),
        }
        self.random = torch.get_rng_state()
        self.devices, self.random_there = get_device_states(like)

    @contextmanager
    def again(self):
        with torch.random.fork_rng(self.devices, device_type=self.kind), torch.autocast(**self.precision):
            torch.set_rng_state(self.random)
            set_device_states(self.devices, self.random_there, device_type=self.kind)
            yield
