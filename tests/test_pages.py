"""What the pages say of each other, of their sources and of their questions, read from notebooks/src."""

import ast
import json
import math
import re
import sys
import tomllib
from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest

from attention_course import checks, claims, results
from attention_course.lessons.lesson_00.diagrams import PARTS

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from building import source
from building.course import pages

ROOT = Path(__file__).parents[1]
PAGES = pages(ROOT)
LESSONS = [page for page in PAGES if page.is_lesson]
CELLS = {page: source.read(page).cells for page in PAGES}
each_lesson = pytest.mark.parametrize("page", LESSONS, ids=lambda page: page.name)


def text(page, *kinds):
    return "\n".join(cell.source for cell in CELLS[page] if cell.cell_type in (kinds or ("markdown", "code")))


def numbers(listed):
    """The numbers in "(15) to (17)" or "1-2"."""
    found = [int(number) for number in re.findall(r"\d+", listed)]
    return range(found[0], found[-1] + 1) if re.search(r"to|[-–]", listed) else found


# Which lessons are there, how large, and what a notebook must not show


def test_no_notebook_is_too_large_to_open_in_a_browser():
    sizes = {path.name: path.stat().st_size for path in (ROOT / "notebooks").rglob("*.ipynb")}
    assert not {name: size for name, size in sizes.items() if size > 700_000}


def test_no_notebook_shows_a_warning():
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            for output in cell.get("outputs", []):
                assert output.get("name") != "stderr", f"{path.name}, {cell['id']}: {''.join(output['text'])[:200]}"


def told_of_lessons():
    """Where a lesson is named: in the pages, in what checks say, and in what stands beside the course."""
    yield from ((page.shown(page.source), text(page)) for page in PAGES)
    for folder in ("attention_course", "experiments", "docs"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".md"):
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_a_lesson_that_is_not_there_is_said_to_be_planned():
    there = {page.number for page in LESSONS}
    for where, what in told_of_lessons():
        what = re.sub(r'"\s*\n\s*"', "", what)  # sentences that are broken over lines of code
        for named in re.finditer(r"\b[Ll]essons? (\d\d)(?: (?:to|and) (\d\d))?\b", what):
            missing = {number for number in named.groups() if number} - there
            after = what[named.end() : named.end() + 20]
            assert not missing or re.match(r",? (?:to come|planned)", after), f"{where}: {named[0]}{after!r}"


def test_the_map_of_the_course_is_the_syllabus():
    def span(numbers):
        return f"{min(numbers)}–{max(numbers)}" if numbers else ""

    listed = tomllib.loads((ROOT / "notebooks" / "syllabus.toml").read_text(encoding="utf-8"))["part"]
    expected = []
    for part in listed:
        there = [lesson["name"][:2] for lesson in part["lessons"] if "name" in lesson and not lesson.get("draft")]
        planned = [
            lesson.get("number") or lesson["name"][:2]
            for lesson in part["lessons"]
            if lesson.get("draft", "name" not in lesson)
        ]
        expected.append((part["number"], part["title"], span(there), span(planned)))
    assert [part[:4] for part in PARTS] == expected


def test_no_number_of_lessons_is_promised():
    for where, what in told_of_lessons():
        assert not re.search(r"(?i)\b(?:\d\d|(?:twenty|thirty)[\w-]*) (?:more )?lessons", what), where


def test_a_link_leads_to_a_page_that_is_there():
    beside = [(path.name, path.parent, path.read_text(encoding="utf-8")) for path in (ROOT / "docs").glob("*.md")]
    for name, folder, what in [(page.name, page.notebook.parent, text(page)) for page in PAGES] + beside:
        for target in re.findall(r"\]\(([^):#]+\.(?:ipynb|md))\)", what):
            assert (folder / target).is_file(), f"{name}: {target}"


# Equations, by their numbers in the survey

HOME = dict.fromkeys((1, 2), "01") | dict.fromkeys(range(3, 6), "03") | dict.fromkeys(range(6, 10), "04")
HOME |= dict.fromkeys(range(10, 14), "06") | {14: "10"} | dict.fromkeys(range(15, 21), "09")
LISTED = r"\((\d+)\)(?:(?:,| and| to|[-–]) ?\((\d+)\))*"


def stand():
    """The lessons in which an equation stands, by its number."""
    found = {}
    for page in LESSONS:
        for formula in re.findall(r"\$\$.*?\$\$", text(page, "markdown"), re.DOTALL):
            for listed in re.findall(r"(?<=[ }])\(\d+\)(?:\\text\{–\}\(\d+\))?", formula):
                for number in numbers(listed):
                    found.setdefault(number, set()).add(page.number)
    return found


def test_the_equations_stand_where_they_are_at_home():
    found = stand()
    assert set(found) == set(HOME) == set(range(1, 21))
    assert all(home in found[number] for number, home in HOME.items())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.kind}-{page.name}")
def test_an_equation_is_where_a_page_says(page):
    found, prose = stand(), text(page)
    listed, lesson = rf"(?P<listed>{LISTED})", r"lesson (?P<lesson>\d\d)"
    for pattern in (rf"{listed},? (?:of|in|are in) {lesson}", rf"{lesson}(?:'s|,) Eqs?\. {listed}"):
        for named in re.finditer(pattern, prose):
            assert all(named["lesson"] in found[number] for number in numbers(named["listed"])), named[0]
    for named in re.finditer(rf"\bEq(?:s\.|\.|uations?) {listed}", prose):
        for number in numbers(named["listed"]):
            assert min(found[number]) <= page.number, f"{named[0]}: no lesson so far has it"


def test_the_syllabus_gives_each_equation_to_the_lesson_that_has_it():
    rows = re.findall(r"(?m)^\| (\d\d) \| .*?\bEqs?\. (\d+(?:–\d+)?)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert {number: lesson for lesson, listed in rows for number in numbers(listed)} == HOME


# Sources


def sources(page):
    prose = text(page, "markdown")
    head = re.search(r"(?m)^### (?:Sources|References)$", prose)
    assert head, f"{page.name} has no list of sources"
    return prose[: head.start()], prose[head.end() :]


@each_lesson
@pytest.mark.parametrize("name, title", [("survey", "Nishida"), ("glossary", "アテンションメカニズム")])
def test_the_survey_and_the_glossary_are_listed_where_they_are_named(page, name, title):
    said, listed = sources(page)
    of_claims = [claim.source for claim in claims.load().values() if claim.lesson == page.name]
    if name in said.lower() or any(name in cited.partition(",")[0] for cited in of_claims):
        assert title in listed


def test_what_the_survey_is_said_to_say_was_read_there():
    """One sentence so far, on section 3.2; whoever adds one has read the place."""
    said = [found for page in PAGES for found in re.findall(r"[Tt]he survey says.*?(?=[.:])", text(page, "markdown"))]
    assert said == ["The survey says that the heads of Eq"]


@each_lesson
def test_whoever_is_cited_with_a_year_is_listed(page):
    said, listed = sources(page)
    listed = re.sub(r"arXiv:\d+\.\d+", "", listed)  # whose numbers look like years
    word = r"[A-ZÉŁ][\w’'-]+"
    cited = re.findall(rf"({word}(?:(?:, | and |, and ){word})*)(?: and others| et al\.)?,? \(?\[?\(?(\d{{4}})\b", said)
    for names, year in cited:
        names = [n for n in re.findall(word, names) if n not in ("In", "Google", "Based", "Zoology")]
        there = [re.search(rf"\b{name}\b[^·\n]*?\b{year}\b", listed) for name in names]
        assert not names or any(there), f"{', '.join(names)} {year}"


# Questions


def choices():
    problems = [problem for lesson in checks.lessons() for problem in checks.problems(lesson).values()]
    return [problem for problem in problems if isinstance(problem, checks.Choice)]


def test_the_right_letters_are_spread():
    right = [problem.right for problem in choices()]
    assert max(Counter(right).values()) <= math.ceil(len(right) / 4) + 1, Counter(right)
    assert max(len(list(same)) for _, same in groupby(right)) < 3, "".join(right)
    assert set(right) == set("ABCDE")


def test_the_letters_of_a_question_are_those_of_its_check():
    asked = {}
    for page in PAGES:
        for cell in CELLS[page]:
            if letters := re.findall(r"(?m)^- \*\*([A-G])\*\* ", cell.source):
                asked[page.number, cell.id.removesuffix("-text").replace("-", "_")] = letters
    checked = {(p.lesson[-2:], p.name): sorted([p.right, *p.replies]) for p in choices()}
    assert asked == checked


def predictions():
    """(lesson, place of the right answer, number of options), the answers taken from the outputs of the notebooks."""
    for page in LESSONS:
        built = {cell["id"]: cell for cell in json.loads(page.notebook.read_text(encoding="utf-8"))["cells"]}
        asked = []
        for cell in CELLS[page]:
            if cell.cell_type != "code":
                continue
            for call in ast.walk(ast.parse(cell.source)):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "predict":
                    asked.append(ast.literal_eval(call.args[1]))
            for output in built.get(cell.id, {}).get("outputs", []):
                said = "".join(output.get("data", {}).get("text/plain", ""))
                if said.startswith("The answer: "):
                    right = [(o, a) for o in reversed(asked) for a in o if said.startswith(f"The answer: {a}.")]
                    assert right, f"{page.name}, {cell.id}: {said}"
                    options, answer = right[0]
                    yield page.name, options.index(answer), len(options)


def test_the_right_predictions_are_spread():
    places = Counter(place for _, place, _ in predictions())
    total = places.total()
    assert total > 40
    assert all(0.2 * total < places[place] < 0.4 * total for place in (0, 1, 2)), places


def test_an_exercise_does_not_tell_what_is_to_be_guessed():
    """Exercises are not executed, so that an assertion is all that could give an outcome away: it is folded."""
    for page in PAGES:
        if page.is_lesson:
            continue
        for cell in CELLS[page]:
            folded = cell.metadata.get("jupyter", {}).get("source_hidden")
            if cell.cell_type == "code" and "assert" in cell.source and not folded:
                for asserted in (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Assert)):
                    compares = any(isinstance(node, ast.Compare) for node in ast.walk(asserted.test))
                    assert not compares, f"{page.name}, {cell.id}: {ast.unparse(asserted)}"


# Numbers of trainings

WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}


@each_lesson
def test_as_many_random_starts_as_were_measured(page):
    code = text(page, "code")
    measured = set()
    for name in re.findall(r'results\.load\("(\w+)"\)', code):
        made = json.loads((results.FOLDER / f"{name}.json").read_text(encoding="utf-8"))["provenance"]
        measured |= {len(made["seeds"]), *map(int, re.findall(r"\bwith (\d+)\b", made["note"]))}
    prose = re.sub(r'"\s*\n\s*"', "", text(page))
    for said in re.findall(r"\b(\w+) (?:random starts|starts each)\b", prose):
        assert said not in WORDS or WORDS[said] in measured, f"{said} random starts, of {sorted(measured)}"


# Lessons told as a first explanation (CONTRIBUTING, "A lesson")

TOLD_ANEW = {f"{number:02}" for number in range(14)}
LONGEST_LINE, MOST_LINES = 100, 15


@pytest.mark.parametrize("page", [page for page in PAGES if page.number in TOLD_ANEW], ids=str)
def test_cells_are_short_and_so_are_their_lines(page):
    for cell in CELLS[page]:
        if cell.cell_type == "code":
            lines = cell.source.splitlines()
            assert max(map(len, lines), default=0) <= LONGEST_LINE, cell.id
            code = [line for line in lines if line.strip() and not line.strip().startswith("#")]
            assert len(code) <= MOST_LINES, cell.id


@pytest.mark.parametrize("page", [page for page in LESSONS if page.number in TOLD_ANEW], ids=lambda page: page.name)
def test_it_begins_with_a_diagram_and_ends_with_what_to_remember(page):
    first = next(cell.source for cell in CELLS[page] if cell.cell_type == "code")
    assert "diagrams." in first
    remembered = re.search(r"^## What to remember$(.*?)(?=^## |\Z)", text(page, "markdown"), re.M | re.S)
    assert remembered and remembered[1].count("<details><summary>") == remembered[1].count("</details>") == 3


def test_letters_mean_in_a_lesson_what_they_mean_in_the_table_of_notation():
    """Every letter of a lesson's table of letters has a row in docs/notation.md."""
    known = (ROOT / "docs" / "notation.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1] for line in known.splitlines() if line.startswith("| $")]
    for page in LESSONS:
        if page.number in TOLD_ANEW:
            for table in re.findall(r"^\| letter \|.*\n(?:\|.*\n)+", text(page, "markdown"), re.M):
                letters = "".join(line.split("|")[1] for line in table.splitlines()[2:])
                for letter in re.findall(r"\$([^$]+)\$", letters):
                    assert any(f"${letter}$" in row for row in rows), f"{page.name}: {letter}"
