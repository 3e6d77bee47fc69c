"""What several kinds of processors have measured, in one Markdown table."""

from collections.abc import Callable, Hashable, Mapping, Sequence

Row = Sequence[str]


def with_part(kept: Mapping[str, Mapping], part: str) -> dict[str, Mapping]:
    """Of the figures of all kinds, {kind: {part: figures}}, those of one part: {kind: figures}."""
    return {kind: figures[part] for kind, figures in kept.items() if part in figures}


def side_by_side(
    head: Row, rows: Mapping[str, Sequence[Row]], named_by: int, same: Callable[[Row], Hashable] | None = None
) -> str:
    """The rows of each kind, those of the same name below each other. Where there is one kind it is not named.

    named_by: how many cells at the left name a row; behind them stands the kind. same: what two rows have alike to
    stand together, where that is not all of these cells.
    """
    same = same or (lambda row: tuple(row[:named_by]))
    together = {}
    for kind, of_kind in rows.items():
        for row in of_kind:
            together.setdefault(same(row), []).append((kind, row))
    if len(rows) == 1:
        return table(head, [row for group in together.values() for _, row in group])
    found = []
    for group in together.values():
        above = [None] * named_by
        for kind, row in group:
            names = ["" if name == before else name for name, before in zip(row[:named_by], above, strict=True)]
            above = row[:named_by]
            found.append([*names, kind, *row[named_by:]])
    return table([*head[:named_by], "processor", *head[named_by:]], found)


def table(head: Row, rows: Sequence[Row]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def measured_on(machines: Mapping[str, str], using: str = "") -> str:
    """A sentence for each kind, from the lines on the machines: {kind: line}."""
    return "\n\n".join(f"Measured {using}on {kind}: {line}." for kind, line in machines.items())
