"""Outputs that are the same for every execution: what a reader sees, without what the machine left in it."""

import re
from collections.abc import Iterable
from itertools import groupby

from nbformat import NotebookNode
from nbformat.v4 import new_output

ADDRESS = re.compile(r"(?<= at )0x[0-9a-fA-F]{8,}")
FIXED_ADDRESS = "0x…"


def clean(notebook: NotebookNode) -> None:
    """Clean the outputs of every cell, and those that Output widgets hold; count the executed cells from 1."""
    count = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs = cleaned(cell.outputs)
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = cell.execution_count
    for widgets in notebook.metadata.get("widgets", {}).values():
        for model in widgets["state"].values():
            if model["model_name"] == "OutputModel":
                model["state"]["outputs"] = cleaned(model["state"]["outputs"])


def cleaned(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """The outputs with neighbouring streams made one, as a terminal shows them, and without addresses in memory."""
    result = []
    for is_stream, group in groupby(outputs, lambda output: output["output_type"] == "stream"):
        result += (_streams if is_stream else _without_addresses)(group)
    return result


def as_on_a_terminal(text: str) -> str:
    """The text after its carriage returns and cursor movements (tqdm's bars): what was overwritten is gone."""
    if not re.search(r"\r|\x1b\[A", text):
        return text
    lines, row, column = [""], 0, 0
    for part in re.split(r"(\r|\n|\x1b\[A)", text):
        if part == "\r":
            column = 0
        elif part == "\n":
            row, column = row + 1, 0
            lines += [""] * (row == len(lines))
        elif part == "\x1b[A":
            row = max(row - 1, 0)
        else:
            before = lines[row].ljust(column)
            lines[row] = before[:column] + part + before[column + len(part) :]
            column += len(part)
    return "\n".join(line.rstrip() for line in lines)


def _streams(group: Iterable[NotebookNode]) -> list[NotebookNode]:
    """One stdout and one stderr, in this order: the order in which two streams arrive is chance."""
    texts = {"stdout": "", "stderr": ""}
    for output in group:
        texts[output["name"]] += output["text"]
    shown = {name: ADDRESS.sub(FIXED_ADDRESS, as_on_a_terminal(text)) for name, text in texts.items()}
    return [new_output("stream", name=name, text=text) for name, text in shown.items() if text.strip()]


def _without_addresses(group: Iterable[NotebookNode]) -> list[NotebookNode]:
    outputs = list(group)
    for data in (output.get("data", {}) for output in outputs):
        for mime, value in data.items():
            if isinstance(value, str) and (mime.startswith("text/") or mime == "image/svg+xml"):
                data[mime] = ADDRESS.sub(FIXED_ADDRESS, value)
    return outputs
