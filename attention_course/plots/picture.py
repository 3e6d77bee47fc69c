"""The figure that every plot returns: shown once, sharp, and with words for who cannot see it."""

from base64 import b64encode
from io import BytesIO

from matplotlib.figure import Figure

from attention_course.plots.png import with_palette

DPI = 96  # a CSS pixel is 1/96 inch: at this density 9 pt in the figure are 9 pt on the page
SHARPNESS = 2


class Picture(Figure):
    """A matplotlib figure with alternative text, unknown to pyplot, so that a cell ending in it shows it once.

    `alt` is the alternative text; each plot drawn into the picture adds its own. The PNG has twice the displayed
    density; width and height, which JupyterLab reads from the metadata, bring it back to size.
    """

    def __init__(self, figsize=(6.4, 4.0), *, alt: str = "", layout="constrained", **kwargs):
        super().__init__(figsize, DPI, layout=layout, **kwargs)
        self.alt = alt

    def png(self) -> bytes:
        """The picture as PNG: the same bytes for the same drawing."""
        buffer = BytesIO()
        self.savefig(buffer, format="png", dpi=SHARPNESS * DPI, metadata={"Software": None})
        return with_palette(buffer.getvalue())

    def _repr_mimebundle_(self, include=None, exclude=None):
        width, height = (round(side * DPI) for side in self.get_size_inches())
        data = {"image/png": b64encode(self.png()).decode("ascii"), "text/plain": self.alt or repr(self)}
        return data, {"image/png": {"alt": self.alt, "width": width, "height": height}}

    def _ipython_display_(self):
        # The inline backend registers a printer for every Figure, which would win over our bundle and drop the text.
        from IPython.display import display

        data, metadata = self._repr_mimebundle_()
        display(data, metadata=metadata, raw=True)


def describe(ax, sentence: str) -> Figure:
    """Adds `sentence` to the alternative text of the figure that holds `ax`, and returns that figure."""
    figure = ax.figure.figure  # of a subfigure, the whole
    figure.alt = f"{getattr(figure, 'alt', '')} {sentence}".strip()
    return figure


def has_room(ax, height: float | int) -> None:
    """ValueError where `height` points, from the top of `ax` down, are more than there are to the figure's end."""
    box, dpi = ax.get_window_extent(), ax.figure.figure.dpi
    if height > box.y1 * 72 / dpi + 0.5:
        raise ValueError(f"ax: expected a figure with {height:.0f} points below its top, got {box.y1 * 72 / dpi:.0f}")


def size_in_points(ax) -> tuple[float, float]:
    """Width and height that `ax` has once its figure is laid out."""
    figure = ax.figure.figure
    figure.draw_without_rendering()
    box = ax.get_window_extent()
    return box.width * 72 / figure.dpi, box.height * 72 / figure.dpi
