"""Write docs/picture.png, the README's picture: the attention map that lesson 00 shows."""

import base64
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]


def picture() -> bytes:
    """The map as the committed notebook holds it."""
    notebook = nbformat.read(ROOT / "notebooks/00_start_here.ipynb", as_version=4)
    [cell] = [cell for cell in notebook.cells if cell.id == "translate"]
    [data] = [output.data["image/png"] for output in cell.outputs if "data" in output]
    return base64.b64decode(data)


if __name__ == "__main__":
    (ROOT / "docs/picture.png").write_bytes(picture())
