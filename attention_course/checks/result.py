"""What a check answers, and how it looks."""

import codecs
import html
import sys
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["correct", "wrong", "not attempted", "not judged"]

GREY = "#767676"
COLOURS = {
    "correct": "#2a7f62",
    "wrong": "#b5532a",
    "not attempted": GREY,
    "not judged": GREY,
    "hint": "#3b6ea8",
}
SIGNS = {"correct": "✓", "wrong": "✗", "not attempted": "○", "not judged": "!", "hint": "→"}
PLAINER = {"✓": "+", "✗": "x", "○": "o", "→": ">", "−": "-", "√": "sqrt", "…": "...", "“": '"', "”": '"', "·": "*"}


@dataclass(frozen=True)
class Result:
    """The outcome of a check. mistake: the name of the known mistake that the answer makes, if it makes one."""

    outcome: Outcome
    mistake: str | None
    message: str

    def __repr__(self) -> str:
        return showable(f"{SIGNS[self.outcome]} {self.outcome.capitalize()}. {self.message}".rstrip())

    def _repr_html_(self) -> str:
        return box(self.outcome, f"{self.outcome.capitalize()}.", self.message)


@dataclass(frozen=True)
class Note:
    """A hint or a solution, as text and in a notebook."""

    title: str
    text: str

    def __repr__(self) -> str:
        return showable(f"{SIGNS['hint']} {self.title}\n{self.text}")

    def _repr_html_(self) -> str:
        return box("hint", self.title, self.text)


def box(kind: str, title: str, text: str) -> str:
    """A title and a text beside a coloured line; the first paragraph is prose, what follows keeps its spaces.

    It sets no background and no text colour of its own, so that it reads in dark themes too.
    """
    first, _, rest = text.partition("\n")
    kept = f'<pre style="margin:.4em 0 0;white-space:pre-wrap">{html.escape(rest)}</pre>' if rest else ""
    return (
        f'<div style="border-left:4px solid {COLOURS[kind]};padding:.2em .8em;max-width:46em">'
        f"<b>{SIGNS[kind]} {html.escape(title)}</b> {html.escape(first)}{kept}</div>"
    )


def showable(text: str) -> str:
    """The text with something plainer for each character that the console does not know, so that it can be printed."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "plainer").decode(encoding)


def _plainer(error: UnicodeEncodeError) -> tuple[str, int]:
    return "".join(PLAINER.get(character, "?") for character in error.object[error.start : error.end]), error.end


codecs.register_error("plainer", _plainer)
