"""Write the web site: prepare copies of the notebooks and pages, and have Sphinx make HTML of them.

    python tools/website.py [FOLDER]     (default: site)

Nothing that it writes needs a network, neither Sphinx nor a reader's browser.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from building.course import pages, repository
from publishing import claims_page, copies, equations, mistakes_page
from sphinx.cmd.build import main as sphinx

ROOT = Path(__file__).parents[1]
LANDING = ("12_transformer", "explore-across")  # whose explorer stands on the first page
BADGES = ("badges", "colab")  # cells that the site's own buttons replace


def main() -> int:
    """Write the site; Sphinx's exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", default=ROOT / "site", type=Path)
    site = parser.parse_args().folder
    os.environ["COURSE_REPOSITORY"] = repository(ROOT)  # for docs/conf.py
    with tempfile.TemporaryDirectory() as work:
        source, made = Path(work) / "source", Path(work) / "site"
        prepare(source)
        if failed := sphinx(["-q", "-W", "--keep-going", str(source), str(made)]):
            return failed
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(made, site, ignore=shutil.ignore_patterns(".doctrees", ".buildinfo"))
    for page in pages(ROOT):  # what is downloaded is the notebook, not the copy
        place = site / "_sources" / page.shown(page.notebook)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page.notebook, place)
    (site / ".nojekyll").touch()  # GitHub leaves out what begins with _ otherwise
    return 0


def prepare(source: Path) -> None:
    """Write all that Sphinx reads into a folder."""
    docs = ROOT / "docs"
    for path in docs.glob("*.md"):
        if path.name != "index.md":
            _write(source / "docs" / path.name, path.read_text(encoding="utf-8"))
    _write(source / "docs/equations.md", equations.page(ROOT))
    _write(source / "docs/claims.md", claims_page.page(ROOT / "notebooks"))
    _write(source / "docs/mistakes.md", mistakes_page.page())
    for path in sorted((ROOT / "benchmarks/results").glob("*.md")):
        _write(source / "docs/benchmarks" / path.name, path.read_text(encoding="utf-8"))
    for path in [*(ROOT / "benchmarks/results").glob("*.png")]:
        shutil.copyfile(path, source / "docs/benchmarks" / path.name)
    shutil.copytree(docs / "_static", source / "_static")
    shutil.copyfile(docs / "picture.png", source / "_static/picture.png")
    shutil.copyfile(docs / "conf.py", source / "conf.py")
    notebooks = {}
    for page in pages(ROOT):
        notebook = nbformat.read(page.notebook, as_version=4)
        notebook.cells = [cell for cell in notebook.cells if cell.id not in BADGES]
        notebooks[page.name] = notebooks.get(page.name, notebook)  # the lesson, not its exercises
        up = "../" * page.shown(page.notebook).count("/")
        made = copies.copy(notebook, f"{page.kind}-{page.name}", source / "_static", up)
        place = source / page.shown(page.notebook)
        place.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, place)
    name, cell = LANDING
    alive = copies.explorer(notebooks[name], cell, source / "_static", "")
    _write(source / "explorer.html", alive)
    _write(source / "index.md", (docs / "index.md").read_text(encoding="utf-8").replace("../notebooks/", "notebooks/"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
