"""Attention weights to walk through: words in two columns joined by lines, or the maps of words over a picture."""

import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import traitlets
from PIL import Image

from attention_course.plots.arguments import as_heads, as_labels, as_names
from attention_course.plots.colours import ATTENTION_COLOURS
from attention_course.plots.head_grid import head_grid
from attention_course.plots.picture_grid import picture_grid
from attention_course.plots.png import with_palette
from attention_course.widgets.shown import Shown

try:
    from anywidget import AnyWidget
except ModuleNotFoundError:  # then the static picture is all there is to see

    class AnyWidget(traitlets.HasTraits):
        def _repr_mimebundle_(self, **kwargs):
            return {}, {}


HERE = Path(__file__).parent
MOST_WEIGHTS, MOST_WORDS = 150_000, 100  # a notebook carries them all (200 kB), and a page shows them all


class AttentionExplorer(Shown, AnyWidget):
    """Choose a word with the mouse or the arrow keys, and see where it looks, in each head and layer.

    `weights` is (queries, keys), (heads, queries, keys) or (layers, heads, queries, keys), each from 0 to 1; rows need
    not sum to one. Without `keys` the queries are the keys as well. With `image`, an array (height, width, 3) of uint8,
    `weights` ends in (queries, rows, columns), and each word's map is seen on the picture. `layers` and `heads` name
    them, as hops for instance; `layer`, `head` and `query` are the positions to start at, where without `query` the
    weights of all words are shown. ValueError when shapes, numbers of words or weights do not fit, and for more than
    100 words in a column or 150,000 weights.

    All of it runs in the browser, on weights rounded to 1/255: a saved notebook needs no kernel. Its readers without
    widgets (GitHub, print), and those without the package anywidget, see the heads side by side instead.
    """

    _esm = HERE / "attention_explorer.js"
    _css = HERE / "attention_explorer.css"

    levels = traitlets.Bytes().tag(sync=True)  # 0 to 255, deflated
    colours = traitlets.Bytes(bytes(ATTENTION_COLOURS(np.arange(256), bytes=True)[:, :3])).tag(sync=True)
    picture = traitlets.Bytes().tag(sync=True)
    content = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        weights,
        queries,
        keys=None,
        *,
        image=None,
        layers=None,
        heads=None,
        layer=0,
        head=0,
        query=None,
        query_label: str = "query",
        key_label: str = "key",
    ):
        axes = ("queries", "keys") if image is None else ("queries", "rows", "columns")
        weights = as_heads(weights, *axes)
        queries = as_labels("queries", queries, weights.shape[2], "row")
        layers = as_names("layers", layers, weights.shape[0])
        heads = as_names("heads", heads, weights.shape[1])
        for name, position, among in [("layer", layer, layers), ("head", head, heads), ("query", query or 0, queries)]:
            if not 0 <= position < len(among):
                raise ValueError(f"{name}: expected a position from 0 to {len(among) - 1}, got {position}")
        if weights.size > MOST_WEIGHTS:
            raise ValueError(f"weights: expected at most {MOST_WEIGHTS:,} numbers, got {weights.size:,}; choose heads")
        if image is None:
            name, keys = ("queries", queries) if keys is None else ("keys", keys)
            keys = as_labels(name, keys, weights.shape[3], "column")
            figure = head_grid(
                weights, queries, keys, layers=layers, heads=heads, query_label=query_label, key_label=key_label
            )
        elif keys is None:
            image, keys = _as_image(image), []
            figure = picture_grid(image, weights, queries, layers=layers, heads=heads)
        else:
            raise ValueError("keys: expected none with an image, whose regions are the keys")
        for name, words in [("queries", queries), ("keys", keys)]:
            if len(words) > MOST_WORDS:
                raise ValueError(f"{name}: expected at most {MOST_WORDS} words, got {len(words)}; show a part of them")
        # An even map over a thousand regions must not vanish: over a picture, levels are shares of each map's peak.
        peaks = np.ones(weights.shape[:3]) if image is None else weights.max(axis=(3, 4))
        levels = np.rint(255 * weights / np.where(peaks > 0, peaks, 1)[(..., *[None] * (weights.ndim - 3))])
        self.static = figure._repr_mimebundle_()  # a figure kept would keep some MB of axes
        super().__init__(
            levels=zlib.compress(levels.astype(np.uint8).tobytes(), 9),
            picture=b"" if image is None else _encoded(image),
            content={
                "shape": weights.shape,
                "peaks": [] if image is None else peaks.ravel().tolist(),
                "queries": queries,
                "keys": keys,
                "labels": [query_label, key_label],
                "layers": layers,
                "heads": heads,
                "start": {"layer": int(layer), "head": int(head), "query": None if query is None else int(query)},
            },
        )

    def _repr_mimebundle_(self, **kwargs):
        live, _ = super()._repr_mimebundle_(**kwargs)
        static, metadata = self.static
        return live | static, metadata


def _as_image(image) -> np.ndarray:
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"image: expected uint8 of shape (height, width, 3), got {image.dtype} of {image.shape}")
    return image


def _encoded(image: np.ndarray) -> bytes:
    """The picture in the smaller of two forms: drawings do better as PNG, photographs as JPEG."""
    forms = BytesIO(), BytesIO()
    for buffer, form in zip(forms, ("PNG", "JPEG"), strict=True):
        Image.fromarray(image).save(buffer, form, quality=90)
    return min(with_palette(forms[0].getvalue()), forms[1].getvalue(), key=len)
