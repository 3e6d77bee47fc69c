"""The one colour map of attention weights, and what can be read on it."""

from matplotlib.colors import LinearSegmentedColormap, to_rgb

ATTENTION_COLOURS = LinearSegmentedColormap.from_list(
    "attention", ["#ffffff", "#9dc6ff", "#458fd8", "#2a598c", "#002a48"]
)
"""White (0) to dark blue (1). Lightness falls evenly, so that grey print and colour-blind eyes keep the order."""

BAR = ATTENTION_COLOURS(0.6)
LINES = "#d0d0d0"


def luminance(colour) -> float:
    """Relative luminance of a colour by WCAG 2, from 0 (black) to 1 (white)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def readable_on(colour) -> str:
    """Black or white, whichever contrasts more with `colour`: always at least 4.5 to 1."""
    background = luminance(colour)
    return "black" if (background + 0.05) / 0.05 >= 1.05 / (background + 0.05) else "white"
