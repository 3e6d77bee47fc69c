"""What CUDA refuses about devices.

Whether CUDA compares the devices of an operation's tensors before it begins stands in the list that PyTorch is built
from ("device_check"), and comes with PyTorch. Where they are not compared, a number of the CPU is taken too, as in
pointwise operations, or there are rules of its own, which are written down here.
"""

import contextlib
import functools
import re
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import torch
import torchgen
from torch import Tensor

NAME = "sim"
SAME = "Expected all tensors to be on the same device"

COPYING = {"copy_", "_to_copy", "_foreach_copy_", "slice_scatter", "select_scatter", "diagonal_scatter"}
FILLING = {"fill", "fill_"}  # with a number, which is read
ASKING = {"is_same_size", "_has_compatible_shallow_copy_type"}  # no number is looked at
INDEXING = {"index", "index_put", "index_put_", "_index_put_impl_", "_unsafe_index", "_unsafe_index_put"}
ON_THE_CPU = {"_pack_padded_sequence": "lengths", "_pack_padded_sequence_backward": "batch_sizes"}
ON_THE_CPU |= dict.fromkeys(("gru", "lstm", "rnn_tanh", "rnn_relu"), "batch_sizes")  # have to be there, in any case
PRODUCTS = {"mm": "addmm_cuda", "addmm": "addmm_cuda", "bmm": "baddbmm_cuda", "baddbmm": "baddbmm_cuda"}
PRODUCTS |= {"addmv": "addmv_impl_cuda", "mv": "addmv_impl_cuda", "dot": "dot", "vdot": "vdot"}
PRODUCTS |= {"convolution": "slow_conv2d_cuda"}
WHOLE_NUMBERS = {torch.uint8: "Byte", torch.int8: "Char", torch.int16: "Short", torch.int32: "Int", torch.int64: "Long"}
WHOLE_NUMBERS |= {torch.bool: "Bool"}
NOT_THEIRS = str(Path(__file__).parent), sysconfig.get_path("stdlib"), sysconfig.get_path("purelib"), "<frozen"


def check(func, args, kwargs) -> None:
    """Refuse what CUDA refuses of this call, one of whose tensors at least is on the device."""
    name = func._schema.name.removeprefix("aten::")
    given = named_tensors(func, args, kwargs)
    first = given[0][1]
    if name in PRODUCTS and first.dtype in WHOLE_NUMBERS:
        refuse(RuntimeError(f"\"{PRODUCTS[name]}\" not implemented for '{WHOLE_NUMBERS[first.dtype]}'"))
    counts = [(argument, x) for argument, x in given if argument == ON_THE_CPU.get(name)]
    given = [(argument, x) for argument, x in given if argument != ON_THE_CPU.get(name)]
    for argument, x in counts:
        if x.device.type != "cpu":
            kind = f"{x.dim()}D {x.device} {WHOLE_NUMBERS[x.dtype]} tensor"
            refuse(RuntimeError(f"'{argument}' argument should be a 1D CPU int64 tensor, but got {kind}"))
    if name in COPYING | ASKING | FILLING or len({x.device for _, x in given}) < 2:
        return
    if name in INDEXING:
        if first.device.type == "cpu" and any(x.device != first.device for name, x in given if name == "indices"):
            either = f"cpu or on the same device as the indexed tensor ({first.device})"
            refuse(RuntimeError(f"indices should be either on {either}"))
        given = [(argument, x) for argument, x in given if argument != "indices" and (x is first or x.dim())]
    if name.startswith("masked_fill"):
        mask = given[1][1].device
        if mask != first.device:
            expected = "expected self and mask to be on the same device"
            refuse(RuntimeError(f"{expected}, but got mask on {mask} and self on {first.device}"))
    if not takes_numbers(name, func._overloadname):
        check_same(name, given)
    else:
        check_numbers(func._schema, given, any_number=name == "where" or name.startswith(("_foreach", "_fused")))


def named_tensors(func, args, kwargs) -> list[tuple[str, Tensor]]:
    """The tensors of a call, and the names of their arguments, in the order of the schema."""
    found = []
    for i, argument in enumerate(func._schema.arguments):
        value = args[i] if i < len(args) else kwargs.get(argument.name)
        parts = value if isinstance(value, list | tuple) else [value]
        found += [(argument.name, part) for part in parts if isinstance(part, Tensor)]
    return found


def check_same(name: str, given: list[tuple[str, Tensor]]) -> None:
    where = given[0][1].device
    for argument, x in given:
        if x.device != where:
            other = f"different from other tensors on {where} (when checking argument in method wrapper_CUDA_{name})"
            refuse(RuntimeError(f"{SAME}, but got {argument} is on {x.device}, {other}"))


def check_numbers(schema, given: list[tuple[str, Tensor]], any_number: bool) -> None:
    """One number (no axes) of the CPU is taken, or any of them; none is written to."""
    written = {argument.name for argument in schema.arguments if argument.is_write}
    strangers = [(argument, x) for argument, x in given if x.device.type == "cpu"]
    if len(strangers) < len(given) and any(x.dim() or argument in written for argument, x in strangers):
        refuse(RuntimeError(f"{SAME}, but found at least two devices, {NAME}:0 and cpu!"))
    elif len(strangers) > 1 and not any_number:
        refuse(RuntimeError("Trying to pass too many CPU scalars to non-CPU kernel!"))


def takes_numbers(name: str, overload: str) -> bool:
    return (f"{name}.{overload}" if overload not in ("", "default") else name) in unchecked()


@functools.cache
def unchecked() -> frozenset[str]:
    """The operations whose devices are not compared before they begin."""
    text = (Path(torchgen.__file__).parent / "packaged/ATen/native/native_functions.yaml").read_text(encoding="utf-8")
    blocks = re.findall(r"^- func: ([\w.]+)\(((?:.*\n(?!- func))*)", text, re.MULTILINE)
    return frozenset(name for name, rest in blocks if "device_check: NoCheck" in rest)


wide = True  # whether the device has numbers of 64 bits, as CUDA has and Apple's devices have not


def check_width(x: Tensor) -> None:
    if not wide and x.dtype in (torch.float64, torch.complex128):
        refuse(TypeError(f"Cannot convert a tensor to {str(x.dtype).removeprefix('torch.')}: MPS does not support it"))


counted: Counter | None = None


def refuse(error: Exception) -> None:
    """Raise it; within `noted` count it, with the lines of code that led here, and go on."""
    if counted is None:
        raise error
    frame, lines = sys._getframe(1), []
    while frame:
        if not frame.f_code.co_filename.startswith(NOT_THEIRS):
            lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
        frame = frame.f_back
    counted[f"{type(error).__name__}: {error}", tuple(lines)] += 1


@contextlib.contextmanager
def noted():
    """What would have been refused: how often, by (what it was, the lines of code, the innermost first).

    In PyTorch's own part of a backward pass there are no lines.
    """
    global counted
    before, counted = counted, Counter()
    try:
        yield counted
    finally:
        counted = before
