"""Operations that PyTorch computes in one way on a CPU and in another elsewhere: here they stay whole.

On an accelerator dropout draws its numbers in another way, and recurrent networks and attention have kernels of their
own, which would not give the CPU's last bits, or are not there. The gradients of some others take another way for
tensors that are written in Python. So the CPU computes these operations as one, and their gradients.
"""

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.utils._pytree import tree_flatten, tree_unflatten

from .randomness import drawing
from .refusals import check

aten = torch.ops.aten
RECURRENT = aten.gru, aten.lstm, aten.rnn_tanh, aten.rnn_relu
WHOLE = {op for network in RECURRENT for op in (network.input, network.data)}
WHOLE |= {aten.gru_cell.default, aten.lstm_cell.default, aten.scaled_dot_product_attention.default}
WHOLE |= {aten.dropout.default, aten.prod.default, aten.prod.dim_int, aten.masked_fill.Tensor}
WHOLE |= {aten.linalg_svdvals.default, aten.linalg_eigvalsh.default}
FORGET = {aten.dropout.default, aten.masked_fill.Tensor}  # their gradients depend neither on what came nor on what went


class AsOne(torch.autograd.Function):
    """An operation as one step of autograd: the CPU's own graph is kept, and asked for the gradients."""

    @staticmethod
    def forward(ctx, func, wrap, form, *leaves):
        held = [getattr(x, "held", x).detach() if isinstance(x, Tensor) else x for x in leaves]
        wanted = ctx.needs_input_grad[3:]
        ctx.inputs = [x.requires_grad_() for x, wants in zip(held, wanted, strict=True) if wants]
        ctx.wanted, ctx.wrap = wanted, wrap
        args, kwargs = tree_unflatten(held, form)
        with torch.enable_grad(), drawing(func), torch._C._DisableAutocast():
            found = func(*args, **kwargs)
        ctx.outputs = found if isinstance(found, tuple) else (found,)
        outputs = tuple(wrap(x.detach()) for x in ctx.outputs)
        if func not in FORGET:
            ctx.save_for_backward(*[x for x in leaves if isinstance(x, Tensor)], *outputs)
        return outputs if isinstance(found, tuple) else outputs[0]

    @staticmethod
    @once_differentiable
    def backward(ctx, *gradients):
        ctx.saved_tensors  # noqa: B018 autograd looks whether they have been changed in place
        known = [(x, g.held) for x, g in zip(ctx.outputs, gradients, strict=True) if x.requires_grad]
        outputs, given = zip(*known, strict=True)
        found = iter(torch.autograd.grad(outputs, ctx.inputs, given, retain_graph=True, allow_unused=True))
        of_leaves = [next(found) if wants else None for wants in ctx.wanted]
        return None, None, None, *(g if g is None else ctx.wrap(g) for g in of_leaves)


def keep_whole(library, run, wrap) -> None:
    """Hand these operations to the CPU as one. `run` computes without gradients, `wrap` makes tensors of the device."""

    def kernel(func):
        def whole(*args, **kwargs):
            leaves, form = tree_flatten((args, kwargs))
            idle = func is aten.dropout.default and (not args[1] or not args[2])  # it gives what it is given
            wanted = any(isinstance(x, Tensor) and x.requires_grad for x in leaves)
            if idle or not wanted or not torch.is_grad_enabled():
                return args[0] if idle else run(func, *args, **kwargs)
            check(func, args, kwargs)
            return AsOne.apply(func, wrap, form, *leaves)

        return whole

    for func in WHOLE:
        library.impl(func, kernel(func), "AutogradPrivateUse1")
