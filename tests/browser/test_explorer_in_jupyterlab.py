"""The explorer in JupyterLab itself: from the saved notebook before anything has run, and run by a kernel."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

import attention_course

ROOT = Path(attention_course.__file__).parents[1]

pytest.importorskip("jupyterlab")


@pytest.fixture(scope="module")
def lab(browser, notebook, tmp_path_factory):
    """The address of a JupyterLab of its own, at the folder of the notebook."""
    own = tmp_path_factory.mktemp("jupyter")
    names = ["CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"]
    environment = os.environ | {"IPYTHONDIR": str(own), "PYTHONPATH": str(ROOT)}
    environment |= {f"JUPYTER_{name}": str(own / name) for name in names}
    environment |= {f"JUPYTERLAB_{name}_DIR": str(own / name) for name in ("SETTINGS", "WORKSPACES")}
    settings = own / "SETTINGS" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    subprocess.run([sys.executable, "-m", "jupyter", "trust", notebook], env=environment, check=True)
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--port-retries=0",
        f"--ServerApp.root_dir={notebook.parent}", "--IdentityProvider.token=", "--LabApp.news_url=None",
    ]  # fmt: skip
    with (own / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        address, end = f"http://localhost:{port}/", time.monotonic() + 1_800
        while True:
            try:
                urlopen(f"{address}api/status")
                break
            except URLError:
                assert time.monotonic() < end and server.poll() is None, (own / "log").read_text()
                time.sleep(0.2)
        yield f"{address}lab/tree/{notebook.name}?reset"
    finally:
        server.terminate()
        server.wait(1_800)


@pytest.fixture
def opened(lab, page):
    page.goto(lab)
    page.get_by_text(re.compile(r"\| Idle$")).wait_for(timeout=1_800_000)
    return page


def drive(page):
    """By mouse and keyboard, with the notebook's own shortcuts for the arrow keys in the way."""
    explorer = page.locator(".attention-explorer").first
    status, lines = explorer.get_by_role("status"), explorer.locator("svg line")
    assert lines.count() == 3 and "“cat” looks most at “the” (0.50)" in status.text_content()
    explorer.locator("ul.queries li").nth(0).click()
    assert lines.count() == 1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert lines.count() == 4 and "“sat” looks at all 4 evenly" in status.text_content()
    explorer.get_by_text("layer 2").click()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert status.text_content() == "layer 2, head 3: “sat” looks most at “sat” (1.00)."
    assert explorer.locator("img").count() == 0


def test_a_saved_notebook_shows_it_before_a_cell_has_run(opened):
    opened.locator(".attention-explorer").nth(1).wait_for(timeout=1_800_000)
    drive(opened)
    assert opened.wrong == []


def test_a_kernel_shows_it(opened):
    opened.get_by_text("Run", exact=True).click()
    opened.get_by_text("Run All Cells", exact=True).click()
    live = ".attention-explorer:not(.jupyter-widgets-disconnected *)"
    opened.wait_for_function(f"document.querySelectorAll({live!r}).length === 2", timeout=1_800_000)
    drive(opened)
    assert opened.wrong == []
