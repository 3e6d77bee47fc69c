"""A notebook as the site shows it: the outputs stand still, but explorers, which need no kernel, live.

Figures become files with their alternative text and size. A widget that needs a kernel gives way to the picture or the
words that it carries for readers without one.
"""

import base64
import json
from copy import deepcopy
from html import escape
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_output

VIEW, STATE = "application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"


def copy(notebook: NotebookNode, name: str, static: Path, up: str) -> NotebookNode:
    """The copy of a notebook. Its figures go to `static/figures`; `up` leads from the page to the site's root."""
    made = deepcopy(notebook)
    models = notebook.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in made.cells:
        if cell.cell_type != "code":
            continue
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            cell.metadata["tags"] = [*cell.metadata.get("tags", []), "hide-input"]
        cell.outputs = [
            _shown(output, models, static, f"{name}-{cell.id}-{number}", up)
            for number, output in enumerate(cell.outputs)
        ]
    made.metadata.pop("widgets", None)
    return made


def explorer(notebook: NotebookNode, cell_id: str, static: Path, up: str) -> str:
    """The explorer that a cell shows, as HTML."""
    models = notebook.metadata["widgets"][STATE]["state"]
    [cell] = [cell for cell in notebook.cells if cell.id == cell_id]
    [found] = [output for output in cell.outputs if _is_explorer(output, models)]
    return _explorer(found, models, _picture(found, static, f"landing-{cell_id}", up))


def _shown(output: NotebookNode, models: dict, static: Path, name: str, up: str) -> NotebookNode:
    data = output.get("data", {})
    if "image/png" in data:
        html = _picture(output, static, name, up)
        if _is_explorer(output, models):
            html = _explorer(output, models, html)
        return new_output("display_data", {"text/html": html})
    if VIEW in data:
        kept = {kind: value for kind, value in data.items() if kind != VIEW}
        return new_output("display_data", kept)
    return output


def _picture(output: NotebookNode, static: Path, name: str, up: str) -> str:
    """A figure as a file, and the element that shows it."""
    (static / "figures").mkdir(parents=True, exist_ok=True)
    (static / "figures" / f"{name}.png").write_bytes(base64.b64decode(output.data["image/png"]))
    facts = output.metadata.get("image/png", {})
    alt = facts.get("alt") or output.data.get("text/plain", "")
    size = "".join(f' {side}="{facts[side]}"' for side in ("width", "height") if side in facts)
    source = f"{up}_static/figures/{name}.png"
    return f'<img class="plate" src="{source}" alt="{escape(alt)}"{size} loading="lazy">'


def _is_explorer(output: NotebookNode, models: dict) -> bool:
    shown = output.get("data", {}).get(VIEW, {}).get("model_id")
    return models.get(shown, {}).get("model_name") == "AnyModel"


def _explorer(output: NotebookNode, models: dict, picture: str) -> str:
    """An explorer's picture with all that `site.js` needs to put the explorer in its place."""
    model = models[output.data[VIEW]["model_id"]]
    state = model["state"]
    kept = {name: state[name] for name in state if not name.startswith("_") or name in ("_esm", "_css")}
    told = json.dumps({"state": kept, "buffers": model.get("buffers", [])}).replace("</", "<\\/")
    return f'<div class="explorer">{picture}<script type="application/json">{told}</script></div>'
