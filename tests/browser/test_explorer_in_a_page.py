"""The explorer without a kernel, in HTML exported by nbconvert, moved by mouse and keyboard.

Exported HTML keeps the widgets' state, and all of the explorer is in it. What turns that state into widgets,
Jupyter's html-manager and anywidget's loader, nbconvert takes from jsDelivr and cdnjs, as it does for every widget:
a reader of such a file needs a network. Here there is none, so the few lines of STAND_IN do their work.
"""

import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest

STATE = "application/vnd.jupyter.widget-state+json"
STAND_IN = """
async (models) => {
  document.body.replaceChildren();
  for (const { state, buffers } of models) {
    for (const { path, data } of buffers)
      state[path[0]] = new DataView(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
    const style = document.createElement("style");
    style.textContent = state._css;
    const el = document.createElement("div");
    document.body.append(style, el);
    const url = URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" }));
    const widget = (await import(url)).default;
    await widget.render({ model: { get: (name) => state[name] }, el });
  }
}
"""


class StateOf(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.inside, self.text = False, ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "script" and dict(attributes).get("type") == STATE

    def handle_data(self, data):
        self.text += data if self.inside else ""


@pytest.fixture(scope="module")
def models(notebook):
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", "--log-level=ERROR", notebook], check=True)
    html = notebook.with_suffix(".html").read_text(encoding="utf-8")
    state = json.loads(StateOf(html).text)["state"]
    found = [model for model in state.values() if model["model_name"] == "AnyModel"]
    return sorted(found, key=lambda model: len(model["state"]["content"]["keys"]), reverse=True)


@pytest.fixture
def words(page, models):
    return shown(page, models[:1])


@pytest.fixture
def picture(page, models):
    explorer = shown(page, models[1:])
    page.wait_for_function("document.querySelector('canvas.picture').width === 420")
    return explorer


def shown(page, models):
    page.route("http://course.test/", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
    page.goto("http://course.test/")
    page.evaluate(STAND_IN, models)
    return page.locator(".attention-explorer")


def lines(explorer):
    return explorer.locator("svg line").count()


def said(explorer):
    return explorer.get_by_role("status").text_content()


def word(explorer, side, index):
    return explorer.locator(f"ul.{side} li").nth(index)


def weights(explorer, side):
    return [item.get_attribute("data-weight") for item in explorer.locator(f"ul.{side} li").all()]


def test_it_starts_where_it_was_told_to(words, page):
    assert lines(words) == 3 and weights(words, "keys") == ["0.50", "0.30", "0.20", ""]
    attack = "<img src=x onerror=alert(1)>"
    best = f"“the” (0.50), then “cat” (0.30), then “{attack}” (0.20)"
    assert said(words) == f"layer 1, head 1: “cat” looks most at {best}."
    widths = [float(line.get_attribute("stroke-width")) for line in words.locator("svg line").all()]
    assert widths == sorted(widths, reverse=True) and widths[0] > 2 * widths[2] - 0.5
    assert page.wrong == []


def test_words_are_text(words, page):
    assert word(words, "queries", 2).text_content() == "<img src=x onerror=alert(1)>"
    assert words.locator("img").count() == 0 and page.wrong == []


def test_the_mouse_chooses_words_on_both_sides(words, page):
    word(words, "queries", 0).hover()
    assert lines(words) == 1 and "“the” looks most at “the” (1.00)." in said(words)
    word(words, "queries", 2).hover()
    assert lines(words) == 0 and "looks at nothing." in said(words)
    word(words, "queries", 3).hover()
    assert lines(words) == 4 and "looks at all 4 evenly (0.25 each)." in said(words)
    word(words, "keys", 0).hover()
    assert lines(words) == 3 and weights(words, "queries") == ["1.00", "0.50", "", "0.25"]
    assert "“the” is looked at most by “the” (1.00), then “cat” (0.50), then “sat” (0.25)." in said(words)
    assert word(words, "keys", 0).get_attribute("aria-selected") == "true" and page.wrong == []


def test_the_keyboard_reaches_everything(words, page):
    for _ in range(3):  # layer, head, word
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "cat"
    page.keyboard.press("ArrowUp")
    assert lines(words) == 1 and "“the” looks most" in said(words)
    page.keyboard.press("ArrowUp")  # stays at the end
    assert "“the” looks most" in said(words)
    page.keyboard.press("ArrowRight")
    assert "“the” is looked at most by" in said(words)
    page.keyboard.press("End")
    assert lines(words) == 1 and "“sat” is looked at most by “sat” (0.25)." in said(words)
    page.keyboard.press("ArrowLeft")
    assert lines(words) == 4
    outline = "getComputedStyle(document.activeElement.querySelector('span')).outlineStyle"
    assert page.evaluate(outline) == "solid"
    page.keyboard.press("Escape")
    assert lines(words) == 8 and "Point at a word" in said(words)  # all words' lines
    assert page.wrong == []


def test_layers_and_heads_are_chosen_by_mouse_and_keyboard(words, page):
    words.get_by_text("layer 2").click()
    assert lines(words) == 0 and said(words).startswith("layer 2, head 1: “cat” looks at nothing")
    words.get_by_text("head 2").click()
    page.keyboard.press("ArrowRight")
    assert said(words) == "layer 2, head 3: “cat” looks most at “cat” (1.00)." and lines(words) == 1
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowLeft")
    assert said(words).startswith("layer 1, head 3:") and page.wrong == []
    read = """canvas => { const at = (x, y) => canvas.getContext("2d").getImageData(x, y, 1, 1).data.join();
                          return [at(0, 0), at(1, 0)] }"""
    words.get_by_text("layer 2").click()
    assert words.locator("label canvas").nth(2).evaluate(read) == ["0,42,72,255", "255,255,255,255"]


def test_a_picture_is_seen_where_the_word_looks(picture, page):
    alphas = """canvas => [[70, 70], [210, 70], [350, 70], [70, 210], [210, 210], [350, 210]].map(
                ([x, y]) => canvas.getContext("2d").getImageData(x, y, 1, 1).data[3])"""
    canvas = picture.locator("canvas.picture")
    assert canvas.evaluate(alphas) == [255] * 6 and picture.locator("fieldset").count() == 0
    word(picture, "queries", 0).hover()
    assert canvas.evaluate(alphas) == [255] + [51] * 5
    assert said(picture) == "“a” looks most at row 1, column 1 (1.00)."
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    strengths = canvas.evaluate(alphas)
    assert strengths == pytest.approx([255 * (0.2 + 0.8 * w / 0.4) for w in (0.05, 0.1, 0.2, 0.4, 0.05, 0.2)], abs=2)
    assert said(picture).startswith("“cat” looks most at row 2, column 1 (0.40), then row 1, column 3 (0.20) and row 2")
    assert "“cat” looks most at row 2" in canvas.get_attribute("aria-label") and page.wrong == []


def test_two_explorers_on_one_page_do_not_meet(page, models):
    both = shown(page, [models[0], models[0]])
    both.nth(0).get_by_text("layer 2").click()
    both.nth(0).get_by_text("head 3").click()
    assert said(both.nth(0)).startswith("layer 2, head 3") and said(both.nth(1)).startswith("layer 1, head 1")
    checked = both.nth(1).locator("input").evaluate_all("inputs => inputs.map(input => input.checked)")
    assert checked == [True, False, True, False, False] and page.wrong == []


def test_on_a_dark_page_it_keeps_the_page_s_colours(words, page):
    page.evaluate("document.body.style.cssText = 'background: #111; --jp-ui-font-color1: rgb(250, 250, 250)'")
    assert word(words, "queries", 0).evaluate("item => getComputedStyle(item).color") == "rgb(250, 250, 250)"
    assert words.evaluate("root => getComputedStyle(root).backgroundColor") == "rgba(0, 0, 0, 0)"
