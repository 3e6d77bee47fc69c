"""The shapes that stand in the types are enforced here, and only here: beartype checks every call of the package."""

import os

import jaxtyping
import pytest
import torch

import attention_course.data.grammar  # noqa: F401 before the hook: it has no shapes, and many small calls to check

os.environ["ATTENTION_COURSE_PROGRESS"] = "off"
torch.set_num_threads(1)  # the models here are small, and threads that wait for a busy core cost most of all
jaxtyping.install_import_hook("attention_course", "beartype.beartype")


@pytest.fixture
def unchecked():
    """Without the check of shapes: as the package is for its readers."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)
