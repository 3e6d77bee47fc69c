"""A tensor on the pretended device, and how its operations are computed."""

import functools

import torch

from .randomness import check_generator, drawing, draws
from .refusals import NAME, ON_THE_CPU, PRODUCTS, check, check_width, refuse
from .whole import WHOLE

OF_OTHERS = torch._C.DispatchKey.CompositeImplicitAutograd
PARTICULAR = PRODUCTS.keys() | ON_THE_CPU.keys()  # what is refused of these depends on more than on devices


class SimTensor(torch.Tensor):
    """What PyTorch sees are a shape, a dtype and the device; the numbers are in `held`, a tensor of the CPU.

    Its operations come to `run` when autograd has noted them. What PyTorch does in C++ for tensors of its own class
    alone is done here.
    """

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        check_width(held)
        held = held.clone() if held._is_zerotensor() else held.resolve_conj().resolve_neg()
        form = {"strides": held.stride(), "storage_offset": held.storage_offset(), "dtype": held.dtype}
        with torch.inference_mode(held.is_inference()):  # a view is what it is a view of
            new = torch.Tensor._make_wrapper_subclass(cls, held.size(), **form, device=f"{NAME}:0")
        new.held = held
        return new

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in WHOLE:
            with views_noted(func):
                return run(func, *args, **kwargs)
        if is_compound(func):
            with views_noted(func):
                return func._op_dk(OF_OTHERS, *args, **kwargs)
        return run(func, *args, **kwargs)

    @property
    def data(self):
        return torch.Tensor.data.__get__(self)

    @data.setter
    def data(self, other):
        torch.Tensor.data.__set__(self, other)
        self.held = other.held

    def numpy(self, *, force=False):
        if not force:
            advice = "Use Tensor.cpu() to copy the tensor to host memory first."
            refuse(TypeError(f"can't convert {self.device} device type tensor to numpy. {advice}"))
        return self.detach().cpu().numpy(force=True)

    def tolist(self):
        return self.detach().cpu().tolist()

    def data_ptr(self):
        return self.held.data_ptr()

    def untyped_storage(self):
        return self.held.untyped_storage()

    def __format__(self, form):
        return format(self.item(), form) if self.dim() == 0 else object.__format__(self, form)

    def __repr__(self, **options):
        return f"{self.detach().cpu().__repr__(**options)[:-1]}, device='{self.device}')"

    def __reduce_ex__(self, protocol):
        state = self.detach().cpu(), self.dtype, str(self.device), self.requires_grad
        return torch._utils._rebuild_device_tensor_from_cpu_tensor, state


def run(func, *args, **kwargs):
    """Let the CPU compute `func` on what the device's tensors hold."""
    known = {}  # the tensors of the call, by the id of what the CPU computes on
    where = kwargs.get("device")
    stays = where is None or where.type == NAME
    held, options = inside(args, func, known), {name: inside(x, func, known) for name, x in kwargs.items()}
    ours = [isinstance(x, SimTensor) for x in known.values()]
    if any(ours) and (not all(ours) or func._schema.name.removeprefix("aten::") in PARTICULAR):
        check(func, args, kwargs)
    for x in [*args, *kwargs.values()] if draws(func) else []:
        if isinstance(x, torch._C.Generator):
            check_generator(x, NAME if stays else where.type)
    if where is not None and stays:
        options["device"] = torch.device("cpu")
    with drawing(func), torch._C._DisableAutocast():  # that of the CPU is none of the device's business
        result = func(*held, **options)
    if func is torch.ops.aten._pack_padded_sequence.default:
        return outside(result[0], known, stays), result[1]  # how many words there are at a step is told on the CPU
    result = outside(result, known, stays)
    if func._schema.is_mutable:
        for x in known.values():
            if isinstance(x, SimTensor) and (x.shape != x.held.shape or x.stride() != x.held.stride()):
                x.data = SimTensor(x.held)  # `unsqueeze_`, `out=` and the like give a tensor another shape
    return result


def inside(x, func, known: dict):
    """What the CPU computes on."""
    if isinstance(x, torch.Tensor):
        held = x.held if isinstance(x, SimTensor) else x
        if func in WHOLE and x.requires_grad:  # it matters to the choice of a kernel, gradients or not
            held = held.detach().requires_grad_()
        known[id(held)] = x
        return held
    return type(x)([inside(part, func, known) for part in x]) if isinstance(x, list | tuple) else x


def outside(x, known: dict, stays: bool):
    """What it has computed, on the device if it stays there. What is changed in place is what it was."""
    if isinstance(x, torch.Tensor):
        return known[id(x)] if id(x) in known else SimTensor(x) if stays else x
    return type(x)([outside(part, known, stays) for part in x]) if isinstance(x, list | tuple) else x


@functools.cache
def is_compound(func) -> bool:
    """Whether PyTorch has the operation only as one that is made of others.

    Then it comes here in an inference mode alone: elsewhere autograd has taken it apart.
    """
    there = func.has_kernel_for_dispatch_key
    return there(OF_OTHERS) and not there(torch._C.DispatchKey.CPU)


def views_noted(func):
    """Let PyTorch note views within `func`, unless it has done so for `func` as such: kernels are chosen by them."""
    note = torch._C.DispatchKey.ADInplaceOrView
    without = torch._C._dispatch_tls_local_exclude_set()
    if not func.has_kernel_for_dispatch_key(note):
        without = without.remove(note)
    return torch._C._ForceDispatchKeyGuard(torch._C._dispatch_tls_local_include_set(), without)
