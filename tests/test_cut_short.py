"""A source is run with less of everything, and what fails in it is told."""

import cut_short
import jupytext
import pytest

EXERCISE = """
# %% name="promise"
from attention_course.data import grammar
pairs = grammar.pairs(5000)
assert len(pairs) == 5000, "a promise"

# %% name="wrong"
1 / 0

# %% name="shown"
class Shown:
    def _repr_mimebundle_(self):
        print("shown")

Shown()
"""


@pytest.mark.parametrize("count", [1, 2])
def test_every_cell_is_run_and_what_fails_is_told(tmp_path, count):
    toys = [tmp_path / f"0{number}_toy.py" for number in range(count)]
    for toy in toys:
        toy.write_text(EXERCISE, encoding="utf-8")
    found = cut_short.each_in_a_process(toys, tmp_path)
    for toy in toys:
        failed, said = found[toy.name]
        assert failed == {f"{toy.stem}:wrong": f"ZeroDivisionError at {toy.stem}:wrong:1: division by zero"}
        assert "shown" in said


@pytest.mark.parametrize("source", sorted(cut_short.SOURCES.glob("*/[0-9]*.py")), ids=lambda source: source.stem)
def test_cells_are_those_that_jupytext_reads(source):
    read = [cell for cell in jupytext.read(source).cells if cell.cell_type == "code"]
    named = [(cell.metadata["name"], cell.source.strip()) for cell in read]
    assert [(name, code.strip()) for name, code in cut_short.cells(source)] == named


def test_budgets_and_data_are_cut():
    with cut_short.replaced("attention_course.data.grammar:pairs", lambda pairs: cut_short.with_less({"n": 3}, pairs)):
        from attention_course.data import grammar

        assert len(grammar.pairs(5000)) == 3 and len(grammar.pairs(2)) == 2
    assert cut_short.less((5, 2, 9), 3) == (3, 2, 3) and cut_short.less(["a", "b"], 1) == ["a"]
    assert cut_short.less(None, 3) is None and cut_short.less(7, None) == 7


def test_every_function_that_is_cut_is_there():
    for place, most in (cut_short.DATA | cut_short.TRAININGS).items():
        with cut_short.replaced(place, lambda function, most=most: cut_short.with_less(most, function)):
            pass


def test_a_function_that_has_moved_is_told():
    with (
        pytest.raises(AttributeError, match="no_such"),
        cut_short.replaced("attention_course.training:no_such", lambda function: function),
    ):
        pass
