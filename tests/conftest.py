"""The shapes that stand in the types are enforced here, and only here: beartype checks every call of the package."""

import os
import pkgutil
import signal
from pathlib import Path

import jaxtyping
import pytest
import simulated
import torch

import attention_course
import attention_course.data.grammar  # before the hook: it has no shapes, and many small calls to check

pytest.register_assert_rewrite("every_problem")
os.environ["ATTENTION_COURSE_PROGRESS"] = "off"
simulated.reserve()  # a place for `sim` among PyTorch's devices, which are counted at the first backward pass
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what is to run in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)
torch.set_num_threads(1)  # the models here are small, and threads that wait for a busy core cost most of all
UNCHECKED = "checks", "check", "problems"  # they have no shapes, and call much
PACKAGE = Path(attention_course.__file__).parent
places = {"attention_course": PACKAGE}
places |= {f"attention_course.lessons.{room.name}": room for room in (PACKAGE / "lessons").glob("lesson_*")}
CHECKED = [
    f"{package}.{part.name}"
    for package, folder in places.items()
    for part in pkgutil.iter_modules([str(folder)])
    if part.name not in (*UNCHECKED, "lessons")
]
jaxtyping.install_import_hook(CHECKED, "beartype.beartype")


@pytest.fixture
def unchecked():
    """Without the check of shapes: as the package is for its readers."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def sim():
    """A pretended accelerator: `torch.device("sim")`, which refuses what CUDA refuses. See `simulated`."""
    if reason := simulated.unfit():
        pytest.skip(reason)
    with simulated.switched_on() as device:
        yield device


@pytest.fixture
def as_on_a_gpu(sim, monkeypatch):
    """What is decided by the kind of device is decided alike on the CPU and on `sim`, or the last bits would differ."""
    monkeypatch.setattr("attention_course.functional.empty_rows_give_zero", lambda device: False)
    monkeypatch.setattr("attention_course.functional.fused_is_faster", lambda queries, keys: True)
    monkeypatch.setattr("attention_course.device.bfloat16_pays", lambda kind="cpu": False)
    monkeypatch.setattr("attention_course.training.recipe.FUSED", ("cpu", sim.type))
