"""Widgets' model ids are random: here they become a function of the notebook's name and their order in it."""

import hashlib
import json
import re

from nbformat import NotebookNode, from_dict

STATE = "application/vnd.jupyter.widget-state+json"
MODEL_ID = re.compile(r"[0-9a-f]{32}")


def normalise(notebook: NotebookNode, name: str) -> NotebookNode:
    """The notebook with its own ids, and without the models that no output refers to, be it through other models."""
    widgets = notebook.metadata.get("widgets", {}).get(STATE)
    if widgets is None:
        return notebook
    outputs = [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]
    shown = _shown(outputs, widgets["state"])
    if not shown:
        del notebook.metadata["widgets"]
        return notebook
    widgets["state"] = {model: widgets["state"][model] for model in shown}
    new = {model: hashlib.sha256(f"{name}/{index}".encode()).hexdigest()[:32] for model, index in shown.items()}
    text = MODEL_ID.sub(lambda found: new.get(found[0], found[0]), json.dumps(notebook))
    return from_dict(json.loads(text))


def _shown(outputs: list, state: dict) -> dict[str, int]:
    """The models that outputs refer to, numbered depth first: an order that does not depend on the ids themselves."""
    order: dict[str, int] = {}

    def referred(value) -> list[str]:
        return [model for model in MODEL_ID.findall(json.dumps(value, sort_keys=True)) if model in state]

    def visit(models: list[str]) -> None:
        for model in models:
            if model not in order:
                order[model] = len(order)
                visit(referred(state[model]))

    visit(referred(outputs))
    # Nothing refers to a link, yet without it the widgets it joins would not move together where there is no kernel.
    links = [model for model in state if state[model]["model_name"].endswith("LinkModel")]
    ends = {model: [order.get(end) for end in referred(state[model])] for model in links if model not in order}
    joined = [model for model in ends if None not in ends[model]]
    visit(sorted(joined, key=lambda model: (ends[model], state[model]["state"]["source"][1])))
    return order
