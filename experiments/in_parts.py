"""Experiments that can be measured again part by part: what is kept says from which commit it comes."""

import json
import sys
from collections.abc import Callable, Iterable

from attention_course import results


def measure(
    name: str,
    parts: dict[str, Callable[[], dict]],
    seeds: Iterable[int],
    note: str = "",
    figures: Callable[[dict], dict] = lambda values: {},
) -> None:
    """Measure the parts that the command line names, or all, and save them as results `name`.

    `figures` works out the rest from the values of all parts, those that are kept included. It does so in every run,
    and alone where the command line has only the word figures.
    """
    named = sys.argv[1:]
    if unknown := set(named) - {*parts, "figures"}:
        raise SystemExit(f"expected names among {', '.join(parts)}, figures; got {', '.join(sorted(unknown))}")
    values = {}
    if kept := [part for part in parts if named and part not in named]:
        record = json.loads((results.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        values, last = record["values"], record["provenance"]["commit"]
        values["kept_from"] = {part: values.get("kept_from", {}).get(part, last) for part in kept}
        commits = ", ".join(f"{part} ({at})" for part, at in values["kept_from"].items())
        note = f"{note} Kept from earlier commits: {commits}.".strip()
    for part, run in parts.items():
        if part not in kept:
            values |= run()
    command = " ".join(["python", f"experiments/{name}.py", *named])
    results.save(name, values | figures(values), command=command, seeds=seeds, note=note)
