"""The pages that the site adds to the notebooks: built from tables and results, and true."""

import ast
import re
import sys
from html import escape
from pathlib import Path
from pydoc import locate

import nbformat
import pytest

from attention_course import claims
from attention_course.checks import catalogue

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from building.course import pages
from publishing import claims_page, copies, equations, mistakes_page

ROOT = Path(__file__).parents[1]
GROUPS = equations.load(ROOT)
NAMES = [page.name for page in pages(ROOT) if page.is_lesson]


def test_all_twenty_equations_are_in_the_index():
    assert [number for group in GROUPS for number, *_ in group.rows] == list(range(1, 21))


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: str(group.rows[0][0]))
def test_the_code_and_the_tests_of_an_equation_are_there(group):
    assert all(locate(f"attention_course.{name}") for name in group.code)
    assert group.code and group.tests
    for test in group.tests:
        file, name = test.split("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_the_lessons_of_an_equation_are_there():
    for address in re.findall(r"\(\.\./(notebooks/[^)]+)\)", equations.page(ROOT)):
        assert (ROOT / address).is_file(), address


def test_every_claim_is_on_the_page_with_its_verdict():
    page = claims_page.page(ROOT / "notebooks")
    for claim in claims.load().values():
        assert escape(claim.wording) in page, claim.id
    assert all(f"../notebooks/{claim.lesson}.ipynb" in page for claim in claims.load().values())


def test_the_page_of_claims_shows_the_weaker_threshold():
    page = claims_page.page(ROOT / "notebooks")
    for claim in claims.load().values():
        row = next(row for row in page.split("<tr>") if escape(claim.wording) in row and escape(claim.measure) in row)
        *_, holds, part, _, _ = re.findall(r"<td[^>]*>(.*?)</td>", row)
        assert holds == escape(str(claim.holds)), claim.id
        asked = escape(f"{'interval' if claim.in_part.is_direction else 'mean'} {claim.in_part}")
        assert part == ("–" if claim.in_part == claim.holds and claim.in_part.is_direction else asked), claim.id
        assert (claim.decided == "Decided beforehand") is ("Thresholds: " not in row), claim.id


def test_badges_at_the_head_of_a_lesson_do_not_hide_its_title(tmp_path):
    for page in pages(ROOT):
        if not page.is_lesson:
            continue
        notebook = nbformat.read(page.notebook, as_version=4)
        notebook.cells.insert(0, nbformat.v4.new_markdown_cell("[![Open on Binder](badge.svg)](https://mybinder.org)"))
        nbformat.write(notebook, tmp_path / page.notebook.name)
    assert claims_page.page(tmp_path) == claims_page.page(ROOT / "notebooks")


def test_every_problem_is_on_the_page_of_mistakes():
    page = mistakes_page.page()
    for lesson in catalogue.names():
        for name, problem in catalogue.problems(catalogue.lesson(lesson)).items():
            assert f"### {name}\n" in page and problem.name in page


def test_a_copy_has_pictures_as_files_and_no_widget_that_needs_a_kernel(tmp_path):
    for page in pages(ROOT, ["01", "12"]):
        notebook = nbformat.read(page.notebook, as_version=4)
        before = nbformat.writes(notebook)
        made = copies.copy(notebook, page.name, tmp_path, "../")
        assert nbformat.writes(notebook) == before
        text = nbformat.writes(made)
        assert "image/png" not in text and "widget-view" not in text and "widgets" not in made.metadata
        for name in re.findall(r'src=\\"\.\./_static/(figures/[^"\\]+)', text):
            assert (tmp_path / name).read_bytes().startswith(b"\x89PNG"), name
    assert len(list((tmp_path / "figures").iterdir())) > 10


def test_syllabi_name_lessons_that_are_there_and_the_longer_one_all():
    text = (ROOT / "docs/instructors.md").read_text(encoding="utf-8")
    weeks = {5: [], 12: []}
    for length, name in ((5, "five"), (12, "twelve")):
        part = re.search(rf"## A syllabus for {name} weeks\n(.*?)(?=\n## |\Z)", text, re.DOTALL)[1]
        for row in re.findall(r"(?m)^\| \d+ \| ([\d, ]+) \|", part):
            weeks[length].append(row.split(", "))
    numbers = [name[:2] for name in NAMES]
    for length, rows in weeks.items():
        assert len(rows) == length
        assert all(number in numbers for row in rows for number in row)
    taught = {number for row in weeks[12] for number in row}
    assert taught == set(numbers)
