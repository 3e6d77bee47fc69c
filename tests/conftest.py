"""The shapes that stand in the types are enforced here, and only here: beartype checks every call of the package."""

import os

import jaxtyping

import attention_course.data.grammar  # noqa: F401 before the hook: it has no shapes, and many small calls to check

os.environ["ATTENTION_COURSE_PROGRESS"] = "off"
jaxtyping.install_import_hook("attention_course", "beartype.beartype")
