"""Which function is this? A short text that is another for other code, and for the same code with other settings."""

import functools
import inspect
import zlib
from collections.abc import Callable
from types import CodeType, FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn

PLAIN = (type(None), bool, int, float, complex, str, bytes, type(...), torch.dtype, torch.device)


def fingerprint(function: Callable) -> str:
    """The name of a function, or of the class of a callable object, and a checksum of its code and its settings.

    Settings are its defaults, and the numbers, texts and tensors that it finds in global constants, in enclosing
    functions, in a `partial` or in its attributes. Of an `nn.Module`'s parameters and buffers, which change as it
    learns, only names, shapes and precisions count. Another version of Python may compile the same code otherwise.
    """
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__qualname__}, checksum {zlib.crc32(repr(_traits(function)).encode(errors='replace'))}"


def _traits(thing: Any, above: tuple[int, ...] = ()) -> Any:
    """What tells a thing from others, as lists of plain values. above: the things that it is part of."""
    if isinstance(thing, PLAIN):
        return thing
    kind = type(thing).__qualname__
    if id(thing) in above or isinstance(thing, type):  # a function that calls itself, or a class
        return getattr(thing, "__qualname__", kind)

    def parts(*inside: Any) -> list:
        return [kind, *(_traits(part, (*above, id(thing))) for part in inside)]

    if isinstance(thing, Tensor):
        return parts(*_form(thing), zlib.crc32(thing.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy()))
    if isinstance(thing, list | tuple):
        return parts(*thing)
    if isinstance(thing, dict):
        return parts(*thing, *thing.values())
    if isinstance(thing, CodeType):
        return parts(thing.co_code, *thing.co_names, *thing.co_consts)
    if isinstance(thing, functools.partial):
        return parts(thing.func, thing.args, thing.keywords)
    if isinstance(thing, MethodType):
        return parts(thing.__func__, thing.__self__)
    if isinstance(thing, FunctionType):
        if (inner := inspect.unwrap(thing)) is not thing:  # what `torch.compile` makes changes when it runs
            return parts(inner)
        constants = [(name, thing.__globals__.get(name)) for name in thing.__code__.co_names]
        constants = [pair for pair in constants if isinstance(pair[1], PLAIN)]
        closed = [cell.cell_contents for cell in thing.__closure__ or ()]
        return parts(thing.__code__, thing.__defaults__, thing.__kwdefaults__, constants, closed)
    if not callable(thing):
        return kind
    classes = [base for base in type(thing).__mro__ if base not in nn.Module.__mro__]
    methods = [value for base in classes for value in vars(base).values() if isinstance(value, FunctionType)]
    settings = {name: value for name, value in getattr(thing, "__dict__", {}).items() if name[0] != "_"}
    if isinstance(thing, nn.Module):
        settings.pop("training", None)  # a mode
        settings["state"] = [(name, *_form(value)) for name, value in thing.state_dict().items()]
        settings["parts"] = list(thing.children())
    return parts(getattr(thing, "__qualname__", None), methods, settings)


def _form(value: Any) -> tuple:
    return (value.dtype, *value.shape) if isinstance(value, Tensor) else ()
