"""The table of what became of many small faults."""

from collections import Counter


def table(head: str, first: str, columns: list[str], rows: dict[str, Counter]) -> str:
    """In Markdown, under a head: a row for each name, with the counts of its columns, and one for all of them."""
    total = sum(rows.values(), Counter())
    lines = [f"| {' | '.join([first, *columns])} |", "|" + "---|" * (1 + len(columns))]
    for name, row in [*sorted(rows.items()), ("all", total)]:
        lines.append(f"| {' | '.join([name, *(str(row[column]) for column in columns)])} |")
    return "\n".join([head, *lines]) + "\n"
