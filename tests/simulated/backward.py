"""What PyTorch's engine asks of a device in a backward pass, and how errors come out of there.

While an error of a tensor written in Python leaves the engine's thread, C++ asks the guard for its type, in places
where not to answer ends the process. Python, for its part, answers no call while an error is under way: it makes a
SystemError of the two. So the guard puts the error aside, and the engine, which has lost it then, raises it.
"""

import torch

from .refusals import refuse


class Guard(torch._C._acc.DeviceGuard):
    aside: BaseException | None = None

    def type_(self):
        try:
            raise StopIteration  # a call, which fails where an error is under way
        except StopIteration:
            pass
        except SystemError as complaint:
            Guard.aside = complaint.__cause__
        return torch._C._autograd.DeviceType.PrivateUse1


class Hooks(torch._C._acc.PrivateUse1Hooks):
    """Whether there is a device."""

    def __init__(self, is_on):
        super().__init__()
        self.is_on = is_on

    def is_built(self):
        return True

    def is_available(self):
        return self.is_on()

    def has_primary_context(self, index):
        return self.is_on()


class Engine(torch._C._ImperativeEngine):
    def run_backward(self, tensors, gradients, *args, **kwargs):
        for x, gradient in zip(tensors, gradients, strict=True):
            if gradient is not None and gradient.dim() and gradient.device != x.device:
                expected = f"expected device {x.device} but got {gradient.device}"
                refuse(RuntimeError(f"Function returned an invalid gradient at index 0 - {expected}"))
        try:
            return super().run_backward(tensors, gradients, *args, **kwargs)
        except SystemError:
            error, Guard.aside = Guard.aside, None
            if error is None:
                raise
        raise error
