"""A picture under sliders, which is also a plain picture where nothing can be moved."""

import math
import sys
from base64 import b64encode
from collections.abc import Callable
from html import escape
from io import BytesIO

from ipywidgets import HTML, Checkbox, Dropdown, FloatSlider, Image, IntSlider, VBox
from matplotlib.figure import Figure

from attention_course.widgets.shown import Shown

HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"  # read aloud, not seen


def explore(
    figure_function: Callable[..., Figure], *, describe: dict[str, str] | None = None, **controls
) -> "Explorer":
    """Controls above the figure that `figure_function` draws with their values, redrawn at every move.

    Each keyword is an argument of `figure_function`: `(low, high, start)` or `(low, high, start, step)` makes a slider,
    of whole numbers where all are; a list makes a drop-down that starts at its first element; a bool makes a check box.
    `describe` gives an argument its label. A function that fails at the start raises; one that fails later shows its
    error in place of the picture until the next move. ValueError names the keyword that fits none of these.
    """
    describe = describe or {}
    if unknown := sorted(describe.keys() - controls.keys()):
        raise ValueError(f"describe: expected names among {sorted(controls)}, got {', '.join(unknown)}")
    labels = {name: describe.get(name, name.replace("_", " ")) for name in controls}
    widest = max(map(len, labels.values()), default=0) * 0.6 + 1  # em
    made = {name: _control(name, given, labels[name], widest) for name, given in controls.items()}
    return Explorer(figure_function, made)


class Explorer(Shown, VBox):
    """What `explore` returns. `controls` are the widgets by name, `values` what they say now.

    Readers without a kernel (GitHub, print) see the picture as it was at the start: it goes with the widget as PNG,
    and its alternative text as plain text.
    """

    def __init__(self, figure_function, controls: dict):
        self.figure_function = figure_function
        self.controls = controls
        self.start = self._draw()
        self.image = Image(format="png")
        self.words = HTML()
        self._show(*self.start)
        super().__init__([*controls.values(), self.image, self.words])
        for control in controls.values():
            control.observe(self._moved, "value")

    @property
    def values(self) -> dict:
        return {name: control.value for name, control in self.controls.items()}

    def _draw(self) -> tuple[bytes, dict]:
        settings = ", ".join(f"{control.description} = {control.value}" for control in self.controls.values())
        return _as_png(self.figure_function(**self.values), f"Figure with {settings}")

    # Drawing at once makes no backlog: while we draw, the browser holds back all but the newest value of a slider.
    def _moved(self, _change):
        try:
            self._show(*self._draw())
        except Exception as error:
            self.image.layout.display = "none"
            self.words.value = f'<pre role="alert">{escape(f"{type(error).__name__}: {error}")}</pre>'

    def _show(self, png: bytes, facts: dict):
        self.image.value, self.image.width = png, str(facts["width"])
        self.image.layout.display = None
        self.words.value = f'<div role="status" style="{HIDDEN}">{escape(facts["alt"])}</div>'

    def _repr_mimebundle_(self, **kwargs):
        png, facts = self.start
        picture = {"image/png": b64encode(png).decode("ascii"), "text/plain": facts["alt"]}
        return {**self._living(), **picture}, {"image/png": facts}


def _control(name: str, given, label: str, label_width: float):
    look = {"description": label, "style": {"description_width": f"{label_width:.0f}em"}}
    if isinstance(given, bool):
        return Checkbox(given, indent=True, **look)
    if isinstance(given, list) and given:
        return Dropdown(options=given, value=given[0], **look)
    if not isinstance(given, tuple) or len(given) not in (3, 4):
        raise ValueError(
            f"{name}: expected (low, high, start), (low, high, start, step), a list or a bool, got {given!r}"
        )
    low, high, start, *step = given
    if not low <= start <= high or low == high or (step and step[0] <= 0):
        raise ValueError(f"{name}: expected low < high with start between them and step above 0, got {given!r}")
    look["layout"] = {"width": f"{label_width + 30:.0f}em", "max_width": "100%"}
    if all(isinstance(number, int) for number in given):
        return IntSlider(start, low, high, *step or (1,), **look)
    step = step[0] if step else (high - low) / 100
    digits = f".{_digits(low, start, step)}f"
    return FloatSlider(value=start, min=low, max=high, step=step, readout_format=digits, **look)


def _digits(low: float | int, start: float | int, step: float | int) -> int:
    """How many digits after the point show every value as it is, or, where no few do, tell neighbours apart."""
    least = max(0, math.ceil(-math.log10(step) - 1e-9))
    for digits in range(least, least + 3):
        if all(math.isclose(round(number, digits), number, abs_tol=1e-9 * step) for number in (low, start, step)):
            return digits
    return least + 1


def _as_png(figure, unnamed: str) -> tuple[bytes, dict]:
    """The figure at twice the density it is displayed at, with its displayed size and alternative text."""
    if not isinstance(figure, Figure):
        raise TypeError(f"figure_function: expected it to return a matplotlib figure, got {type(figure).__name__}")
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close(figure)  # else a figure of pyplot's would stay in memory, and be shown a second time
    if hasattr(figure, "png"):
        png = figure.png()
    else:
        figure.savefig(buffer := BytesIO(), format="png", dpi=2 * figure.dpi)
        png = buffer.getvalue()
    width, height = (round(side * figure.dpi) for side in figure.get_size_inches())
    return png, {"alt": getattr(figure, "alt", "") or unnamed, "width": width, "height": height}
