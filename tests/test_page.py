"""Tables of numbers, and the source of what a page uses."""

import numpy as np
import pytest
import torch

from attention_course.functional import masked_softmax
from attention_course.page import listing, look_inside, table
from attention_course.page.table import as_cell
from attention_course.scores import DotScore


def test_a_table_as_text_and_as_markdown():
    rows = [["cat", torch.tensor(2 / 3), np.array([0.5, -1])], ["a|b", 1, (0.25, 1e-9)]]
    shown = table(["word", "weight", "context"], rows)
    assert repr(shown) == (
        "word  weight        context\n"
        "cat     0.67  (0.50, −1.00)\n"
        "a|b        1   (0.25, 0.00)"
    )  # fmt: skip
    assert shown._repr_markdown_() == (
        "| word | weight | context |\n| :--- | ---: | ---: |\n"
        "| cat | 0.67 | (0.50, −1.00) |\n| a\\|b | 1 | (0.25, 0.00) |"
    )


@pytest.mark.parametrize(("given", "text"), [
    (1_234_567, "1,234,567"), (-3, "−3"), (0.0, "0.00"), (float("nan"), "NaN"), (-float("inf"), "−∞"), (True, "yes"),
    (None, "–"), (np.int64(7), "7"), (torch.tensor([1, 2]), "(1, 2)"), (1234.5, "1,234.50"), ("x", "x"),
])  # fmt: skip
def test_how_a_cell_is_written(given, text):
    assert as_cell(given) == text


def test_small_numbers_are_powers_where_that_is_asked_for():
    assert as_cell(2e-9) == "0.00" and as_cell(2e-9, powers=True) == "2.0e−09" and as_cell(0.0, powers=True) == "0.00"


def test_a_row_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="rows: expected 2 cells, one for each column, got 1"):
        table(["a", "b"], [[1]])


def test_an_empty_table_has_its_columns():
    assert repr(table(["a", "b"], [])) == "a  b"


def test_look_inside_folds_the_source_of_what_is_imported():
    shown = look_inside(masked_softmax, DotScore)
    folded = "<details><summary>Look inside: masked_softmax, DotScore</summary>\n\n```python"
    assert shown._repr_markdown_().startswith(folded)
    assert "return scores.softmax(-1) * mask" in repr(shown) and "class DotScore(" in repr(shown)


def test_a_listing_begins_with_its_imports_and_runs(tmp_path):
    code = repr(listing(as_cell, imports="import numpy as np"))
    assert code.startswith("import numpy as np\n\n\ndef as_cell(")
    space = {}
    exec(code, space)
    assert space["as_cell"](0.5) == "0.50"


def test_a_class_of_a_notebook_is_listed_whole():
    """`inspect.getsource` does not find a class whose module is a notebook."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    code = "class Small:\n    size = 3\n\n    def __init__(self):\n        self.x = 1"
    assert shell.run_cell(f"{code}\n\n\nclass Other:\n    pass\n").success
    small = shell.user_ns["Small"]
    assert small.__module__ == "__main__"
    assert repr(listing(small, imports="")).strip() == code
