"""A verdict is the same whatever a learner's session has switched on, and the session is left as it was."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch

from attention_course.device import default_device

SEED = 5_077_941  # of what an answer draws: each try of it draws the same, and no learner begins with this one


@contextmanager
def neutral() -> Iterator[None]:
    """float32 on the CPU, with gradients, without autocast or anomaly mode, and random numbers that begin anew.

    An answer may set a seed, a default dtype or a mode for itself: that ends here, too.
    """
    dtype, device = torch.get_default_dtype(), default_device()
    precision = torch.get_float32_matmul_precision()
    deterministic = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 answers draw from the global one
    with ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(torch.autograd.set_detect_anomaly(False))
        for kind in {"cpu", device.type} & {"cpu", "cuda", "mps"}:
            stack.enter_context(torch.autocast(kind, enabled=False))
        stack.enter_context(np.errstate(all="warn"))
        if device.type != "cpu":  # under `torch.device` every function of torch takes a way round
            stack.enter_context(torch.device("cpu"))
        try:
            torch.set_default_dtype(torch.float32)
            torch.set_float32_matmul_precision("highest")
            if deterministic[0]:
                torch.use_deterministic_algorithms(False)
            torch.default_generator.manual_seed(SEED)  # `torch.manual_seed` would seed the GPU as well
            random.seed(SEED)
            np.random.seed(SEED)  # noqa: NPY002
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_float32_matmul_precision(precision)
            if torch.are_deterministic_algorithms_enabled() != deterministic[0]:
                torch.use_deterministic_algorithms(deterministic[0], warn_only=deterministic[1])
            if default_device().type != "cpu":  # the answer has set one
                torch.set_default_device(None if device.type == "cpu" else device)
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
            torch.set_rng_state(states[2])
