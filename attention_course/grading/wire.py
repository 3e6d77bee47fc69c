"""What judge and submission say to each other: messages over a stream, each a length and that many bytes.

The judge's messages are pickles, so that an input can be anything, a function too. A submission's are not: whoever
loads a pickle runs what its writer likes. They hold numbers, text, tensors, and lists, sets and dictionaries of these,
and are read by PyTorch's loader for weights, which builds nothing else.
"""

import io
import pickle
import re
import struct
import sys
from typing import Any

import cloudpickle
import numpy as np
import torch

MOST_BYTES = 64 * 2**20
"""The longest message of a submission that is read. No answer has need of more."""
DEEPEST = 30
"""How many lists may stand in each other."""
PROBLEMS = re.compile(r"attention_course\.lessons\.lesson_\d\d\.problems\.\w+")
KIND = "attention_course"
"""The key of a dictionary that stands for something else: an array, `...`, or a thing that cannot be sent."""


class Broken(BaseException):
    """The other side has gone, or has sent what is no message. No check takes this for an exception of the answer."""


class Unsendable:
    """In the place of a thing of this type, which a submission returned and which cannot be sent. It equals nothing."""

    def __init__(self, kind: str):
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def send(stream: io.BufferedIOBase, payload: bytes) -> None:
    """Send one message."""
    try:
        stream.write(struct.pack(">Q", len(payload)) + payload)
        stream.flush()
    except (OSError, ValueError) as error:
        raise Broken("the other side has gone") from error


def receive(stream: io.BufferedIOBase, most: int | None = None) -> bytes:
    """The next message. Raises Broken where none comes, or one of more than `most` bytes."""
    (length,) = struct.unpack(">Q", _exactly(stream, 8))
    if most and length > most:
        raise Broken(f"a message of {length:,} bytes, and at most {most:,} are read")
    return _exactly(stream, length)


def _exactly(stream: io.BufferedIOBase, length: int) -> bytes:
    try:
        found = stream.read(length)
    except (OSError, ValueError) as error:
        raise Broken("the other side has gone") from error
    if len(found or b"") < length:
        raise Broken("the other side has gone")
    return found


def of_judge(message: Any) -> bytes:
    """A message of the judge: anything that can be pickled. Functions and classes of the problems go by their code,
    since a submission cannot import them."""
    for name, module in list(sys.modules.items()):
        if PROBLEMS.fullmatch(name):
            cloudpickle.register_pickle_by_value(module)
    return cloudpickle.dumps(message)


def from_judge(payload: bytes) -> Any:
    """What the judge has said. Only a submission reads this way: it may trust the judge."""
    return pickle.loads(payload)


def of_submission(message: dict[str, Any]) -> bytes:
    """A message of a submission; of what cannot be sent, the name of its type."""
    buffer = io.BytesIO()
    torch.save({key: _packed(value) for key, value in message.items()}, buffer)
    return buffer.getvalue()


def from_submission(payload: bytes) -> dict[str, Any]:
    """What a submission has said. Raises Broken where it is not what such a message may hold."""
    try:
        message = torch.load(io.BytesIO(payload), map_location="cpu", weights_only=True)
        return {str(key): _unpacked(value) for key, value in message.items()}
    except (Exception, RecursionError) as error:
        raise Broken(f"a message that cannot be read ({type(error).__name__})") from error


def _packed(value: Any, deep: int = 0) -> Any:
    if value is None or type(value) in (bool, int, float, complex, str):
        return value
    if value is ...:
        return {KIND: "ellipsis"}
    if isinstance(value, torch.Tensor):
        dense = value.detach() if value.layout == torch.strided else value.detach().to_dense()
        return dense.resolve_conj().resolve_neg().clone()
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind == "U":
            return _packed(value.tolist(), deep)
        if value.dtype.kind in "biufc" and value.dtype.itemsize <= 16:
            return {KIND: "array", "numbers": torch.from_numpy(np.array(value, order="C"))}
    if deep < DEEPEST:
        if isinstance(value, list | tuple | set | frozenset):
            make = tuple if isinstance(value, tuple) else set if isinstance(value, set | frozenset) else list
            return make(_packed(item, deep + 1) for item in value)
        if isinstance(value, dict):
            return {_packed(key, DEEPEST): _packed(item, deep + 1) for key, item in value.items()}
    return {KIND: "unsendable", "type": type(value).__name__}


def _unpacked(value: Any) -> Any:
    if isinstance(value, list | tuple | set):
        return type(value)(map(_unpacked, value))
    if not isinstance(value, dict):
        return value
    if KIND not in value:
        return {key: _unpacked(item) for key, item in value.items()}
    if value[KIND] == "ellipsis":
        return ...
    if value[KIND] == "array":
        return value["numbers"].numpy()
    return Unsendable(str(value.get("type"))[:80])
