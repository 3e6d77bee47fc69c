"""The site as a reader sees it, with no network: every page, wide and narrow, light and dark."""

import re
import subprocess
import sys
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import unquote, urlparse

import pytest

ROOT = Path(__file__).parents[2]
pytest.importorskip("sphinx", reason="needs Sphinx: make test-browser")

AXE = {"resultTypes": ["violations"], "preload": False}  # preloading asks for style sheets at wrong addresses

# What reaches beyond the page's right edge, where the page can be scrolled to it.
TOO_WIDE = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) return [];
  const inside = (node) => !node.closest(".wide, pre, .bd-sidebar-secondary, .bd-sidebar-primary");
  const beyond = (node) => inside(node) && node.getBoundingClientRect().right > wide;
  return [...document.body.querySelectorAll("*")].filter(beyond).slice(-1).map((node) => node.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, ROOT / "tools" / "website.py", folder], check=True)
    return folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address(site):
    """Of the site, served on this machine."""
    with ThreadingHTTPServer(("localhost", 0), partial(Quiet, directory=site)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()


class Page(HTMLParser):
    """The links, names and pictures of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.names, self.pictures = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.names |= {found[name] for name in ("id", "name") if found.get(name)}
        if tag == "img":
            self.pictures.append(found)
        for name in ("href", "src"):
            if tag != "link" and found.get(name):
                self.links.append(found[name])


def html(site):
    there = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    return {path.relative_to(site).as_posix(): Page(path) for path in there}


def test_every_link_within_leads_somewhere(site):
    pages = html(site)
    for name, page in pages.items():
        for link in page.links:
            address = urlparse(link)
            if address.scheme or address.netloc:
                continue
            target = (site / name).parent / unquote(address.path) if address.path else site / name
            assert target.exists(), f"{name}: {link}"
            other = target.resolve().relative_to(site.resolve()).as_posix()
            if address.fragment and other in pages:
                assert unquote(address.fragment) in pages[other].names, f"{name}: {link}"


def test_every_figure_says_in_words_what_it_shows(site):
    for name, page in html(site).items():
        for picture in page.pictures:
            assert picture.get("alt", "").strip() or "logo" in picture.get("class", ""), f"{name}: {picture.get('src')}"


def test_what_a_cell_shows_is_set_and_not_left_as_markdown(site):
    for name in html(site):
        left = re.search(r"\|\s*:?-{2,}:?\s*\|", (site / name).read_text(encoding="utf-8"))
        assert not left, f"{name}: {left}"


def test_every_lesson_and_exercise_can_be_downloaded_as_it_is(site):
    for notebook in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("notebooks/exercises/*.ipynb")]:
        there = site / "_sources" / notebook.relative_to(ROOT)
        assert there.read_bytes() == notebook.read_bytes()
        page = (site / notebook.relative_to(ROOT)).with_suffix(".html").read_text(encoding="utf-8")
        assert re.search(rf'href="[^"]*_sources/[^"]*{notebook.name}"', page), notebook.name


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_every_page_is_whole_and_can_be_read_by_all(site, address, page, width, scheme):
    """No error, no request to another machine, nothing that scrolls sideways, no serious finding of axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    faults = []
    for name in html(site):
        page.goto(f"{address}/{name}")
        page.wait_for_function("!window.MathJax?.startup || MathJax.startup.promise.then(() => true)")
        if explorers := page.locator(".explorer").count():
            page.wait_for_function(f"document.querySelectorAll('.attention-explorer').length === {explorers}")
        faults += [f"{name}: too wide: {tag}" for tag in page.evaluate(TOO_WIDE)]
        for found in axe.run(page, options=AXE).response["violations"]:
            if found["impact"] in ("serious", "critical"):
                faults.append(f"{name}: {found['id']}: {found['nodes'][0]['html'][:120]}")
        faults += [f"{name}: {wrong}" for wrong in page.wrong]
        page.wrong.clear()
    assert not faults, "\n".join(faults)


def test_the_explorer_of_the_first_page_answers_even_from_a_disk(site, page):
    page.goto((site / "index.html").as_uri())
    explorer = page.locator(".attention-explorer")
    before = explorer.inner_html()
    explorer.get_by_text("head 2", exact=True).click()
    assert explorer.inner_html() != before


def test_search_finds(address, page):
    page.goto(f"{address}/search.html?q=softmax")
    page.locator("ul.search li").first.wait_for()
    assert page.wrong == []


def test_no_line_of_a_cell_is_cut_beside_both_side_bars(site, page):
    """Of at most 100 letters, in a window of 1280, whose scroll bar takes 15."""
    page.set_viewport_size({"width": 1265, "height": 900})
    cut = """() => [...document.querySelectorAll(".cell_input pre")].filter((code) => {
      code.closest("details")?.setAttribute("open", "");
      const longest = Math.max(...code.textContent.split("\\n").map((line) => line.length));
      return longest <= 100 && code.scrollWidth > code.clientWidth;
    }).map((code) => code.textContent.slice(0, 60))"""
    faults = []
    for path in sorted((site / "notebooks").glob("*.html")):
        page.goto(path.as_uri())
        faults += [f"{path.stem}: {code!r}" for code in page.evaluate(cut)]
    assert not faults, "\n".join(faults)


def test_long_names_do_not_push_the_results_of_a_search_off_a_telephone(address, page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/search.html?q=scaled_dot_product_attention")
    page.locator("ul.search li p.context").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate(TOO_WIDE) == []
