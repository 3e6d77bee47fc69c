"""A question asked before its answer is shown. Nothing waits for the reader: all cells run with or without a click."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from IPython.display import display
from ipywidgets import HTML, ToggleButtons, VBox

from attention_course.widgets.shown import Shown

PLAIN = 'class="tex2jax_ignore mathjax_ignore"'  # two dollar signs are no formula here


def predict(question: str, options: Sequence[str]) -> "Prediction":
    """Shows `question` with a button for each of `options`, and returns the prediction, to be revealed later."""
    prediction = Prediction(question, options)
    display(prediction)
    return prediction


class Prediction(Shown, VBox):
    """What `predict` returns. `choice` is the option that the reader has clicked, or None."""

    def __init__(self, question: str, options: Sequence[str]):
        if isinstance(options, str) or len(set(options)) < 2 or len(set(options)) < len(options):
            raise ValueError(f"options: expected two or more different answers, got {options!r}")
        self.question, self.options = question, list(options)
        self.buttons = ToggleButtons(options=self.options, value=None, style={"button_width": "auto"})
        super().__init__([HTML(f"<b>{escape(question)}</b>"), self.buttons])

    @property
    def choice(self) -> str | None:
        return self.buttons.value

    def reveal(self, answer: str, why: str = "") -> "Reveal":
        """The prediction beside the `answer`, and a sentence `why`. ValueError when `answer` is none of the options."""
        if answer not in self.options:
            raise ValueError(f"answer: expected one of {self.options}, got {answer!r}")
        return Reveal(self.choice, answer, why)

    def __repr__(self):
        return f"{self.question}\nYour prediction: {' / '.join(self.options)}"

    def _repr_mimebundle_(self, **kwargs):
        options = "".join(f"<li>{escape(option)}</li>" for option in self.options)
        html = f"<div {PLAIN}><p><b>{escape(self.question)}</b> Your prediction:</p><ul>{options}</ul></div>"
        listed = "\n".join(f"- {option}" for option in self.options)
        markdown = f"**{self.question}** Your prediction:\n\n{listed}"
        words = {"text/plain": repr(self), "text/html": html, "text/markdown": markdown}
        return {**self._living(), **words}


@dataclass(frozen=True, repr=False)
class Reveal:
    """A prediction (None when the reader made none), the answer and why."""

    predicted: str | None
    answer: str
    why: str = ""

    @property
    def agreed(self) -> bool:
        return self.predicted == self.answer

    def _verdict(self) -> str:
        if self.predicted is None:
            return f"The answer: {self.answer}."
        return f"You predicted {self.predicted}{', and' if self.agreed else ';'} it is {self.answer}."

    def __repr__(self):
        return f"{self._verdict()} {self.why}".strip()

    def _repr_markdown_(self):
        return f"**{self._verdict()}** {self.why}".strip()

    def _repr_html_(self):
        return f"<p {PLAIN}><b>{escape(self._verdict())}</b> {escape(self.why)}</p>"
