"""An accelerator that is only pretended, for machines without one: what CUDA refuses about devices is refused here.

    simulated.reserve()                         # before the process computes its first gradients
    with simulated.switched_on() as device:     # torch.device("sim"), to be used as "cuda" is
        model.to(device)

A tensor on "sim" holds an ordinary one, on which the CPU computes. So results are the CPU's to the last bit, those of
random numbers too, and what remains to be seen is whether a program keeps its devices apart. Refused are, in CUDA's
words,

- tensors of two devices in one operation, unless CUDA allows it (`refusals`);
- `.numpy()`, and whatever calls it (`tensor`);
- a generator of the CPU for numbers on the device, and one of the device for numbers on the CPU (`randomness`);
- products of matrices of whole numbers, which CUDA lacks; with `wide=False` float64, which Apple's devices lack.

    with simulated.noted() as refusals: ...     # nothing is refused; what would have been is counted

(What comes after may then fail for reasons of its own.)

What it cannot show: speed; asynchrony, and what makes the processor wait; memory, and what does not fit into it; other
rounding, other random numbers, sums in any order; kernels that CUDA lacks, limits or fails in, except those products;
pinned memory; more than one device; sparse, nested and quantised tensors; `torch.compile`, and what else knows devices
by name; a gradient that a function of one's own gives on the wrong device, unless one compares. Under `torch.autocast`
the casts are CUDA's, but what is cast is not kept for another time, so that gradients may be rounded elsewhere.

It stands on a hook of PyTorch that is private and may change with any version. `unfit` says so under another version
than the one that `constraints.txt` pins, and tests are to be skipped then.
"""

from .refusals import NAME, noted
from .switch import reserve, switched_on, unfit

__all__ = ["NAME", "noted", "reserve", "switched_on", "unfit"]
