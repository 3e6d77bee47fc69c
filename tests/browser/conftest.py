"""A headless Chromium, a notebook with explorers, and what went wrong in the page; skipped where they cannot be had."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
NOTEBOOK = """\
# %% name="words"
import numpy as np
from attention_course.widgets import AttentionExplorer

words = ["the", "cat", "<img src=x onerror=alert(1)>", "sat"]
heads = np.zeros((2, 3, 4, 4))
heads[0, 0] = [[1, 0, 0, 0], [0.5, 0.3, 0.2, 0], [0, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]]
heads[1, 2] = np.eye(4)
AttentionExplorer(heads, words, query=1)

# %% name="picture"
image = np.zeros((40, 60, 3), np.uint8) + np.array([200, 30, 30], np.uint8)
maps = np.array([[[1, 0, 0], [0, 0, 0]], [[0.05, 0.1, 0.2], [0.4, 0.05, 0.2]]])
AttentionExplorer(maps, ["a", "cat"], image=image)
"""


@pytest.fixture(scope="session")
def notebook(tmp_path_factory):
    """The path of a notebook built as the lessons are: executed, with the widgets' state."""
    root = tmp_path_factory.mktemp("course")
    for name, text in {
        "pyproject.toml": '[tool.course]\nrepository = ""\n',
        "attention_course/__init__.py": "",
        "notebooks/src/lessons/00_start.py": NOTEBOOK,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    build = [sys.executable, ROOT / "tools" / "notebooks.py", "--root", root]
    subprocess.run(build, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    return root / "notebooks" / "00_start.ipynb"


@pytest.fixture(scope="module")  # while it lives, no other test of this process may run an event loop
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright: make test-browser")
    found = [path for name in ("chromium", "google-chrome") if (path := shutil.which(name))]
    if not found:
        pytest.skip("needs Chromium: make test-browser")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=found[0], args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page that may reach this machine only. `page.wrong` fills with errors, and requests to other hosts."""
    page = browser.new_page(viewport={"width": 1000, "height": 1000})
    page.set_default_timeout(1_800_000)  # ms: for what hangs, not for what is slow
    page.wrong = []

    def route(route):
        address = urlparse(route.request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.hostname not in ("localhost", "course.test"):
            page.wrong.append(f"request to {route.request.url}")
            route.abort()
        else:
            route.fallback()

    page.route("**/*", route)
    page.on("pageerror", lambda error: page.wrong.append(f"error: {error}"))
    page.on("console", lambda line: line.type == "error" and page.wrong.append(f"console: {line.text}"))
    page.on("dialog", lambda dialog: (page.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    page.close()
