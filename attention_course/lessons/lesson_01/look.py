"""What the sliders of lesson 01 move: a query among keys, and the average of the values that it gets."""

from matplotlib.figure import Figure

from attention_course.plots.arguments import as_labels, as_numbers, as_weights
from attention_course.plots.picture import Picture, describe
from attention_course.plots.roles import ROLES
from attention_course.plots.text import LITERAL, NORMAL, looks

LIMIT = 3.2


def look(words, query, keys, values, weights) -> Figure:
    """Two planes side by side: the query (2,) among the keys (keys, 2), and the values (keys, 2) with their average.

    weights is (keys,), and `words` names the keys. A disc is as large, and a line as thick, as the weight. ValueError
    where shapes do not fit or a weight is not in 0 to 1.
    """
    weights = as_weights(weights, "keys")
    words = as_labels("words", words, len(weights), "key")
    query, keys, values = as_numbers(query), as_numbers(keys), as_numbers(values)
    if query.shape != (2,) or keys.shape != (len(words), 2) or values.shape != keys.shape:
        got = f"{query.shape}, {keys.shape} and {values.shape}"
        wanted = f"(2,), ({len(words)}, 2) and ({len(words)}, 2)"
        raise ValueError(f"query, keys and values: expected {wanted}, got {got}")
    context = weights @ values
    left, right = Picture((6.0, 3.3)).subplots(1, 2)

    arrow = {"arrowstyle": "-|>", "color": ROLES["query"].edge, "linewidth": 2, "shrinkA": 0, "shrinkB": 0}
    left.annotate("", query, xytext=(0, 0), arrowprops=arrow, zorder=3)
    _points(left, "key", keys, [f"{word}  {weight:.2f}" for word, weight in zip(words, weights, strict=True)], weights)
    _frame(left, "keys, and the query", "living", "thing", (-LIMIT, LIMIT))

    colour = ROLES["context"].edge
    if len(values) == 3:
        right.fill(*values.T, color="#e4e4e4", zorder=0)  # where averages of the values lie
    for value, weight in zip(values, weights, strict=True):
        line = {"color": ROLES["weight"].edge, "alpha": 0.45, "zorder": 1}
        right.plot(*zip(context, value, strict=True), linewidth=0.3 + 7 * weight, **line)
    _points(right, "value", values, words, weights)
    right.plot(*context, "D", color=colour, markersize=9, zorder=4)
    below = {"xytext": (0, 12), "textcoords": "offset points", "ha": "center"}
    right.annotate("context", context, color=colour, fontsize=NORMAL, **below, **LITERAL)
    _frame(right, "values, and their average", "masculine", "feminine", (-0.4, 1.4))

    at = ", ".join(f"{number:.2f}" for number in context)
    asks = ", ".join(f"{number:.2f}" for number in query)
    return describe(left, f"The query ({asks}) looks {looks(weights, words)}. The context vector is ({at}).")


def _points(ax, role, points, names, weights):
    for number, (point, name, weight) in enumerate(zip(points, names, weights, strict=True)):
        ax.plot(*point, "o", color=ROLES[role].edge, markersize=4 + 14 * weight, zorder=3)
        aside = {"xytext": (0, -20 if number % 2 else 11), "textcoords": "offset points", "ha": "center"}
        ax.annotate(name, point, fontsize=NORMAL, **aside, **LITERAL)


def _frame(ax, title, across, up, limits):
    ax.set_title(title, fontsize=NORMAL, **LITERAL)
    ax.set(xlim=limits, ylim=limits, aspect="equal")
    ax.set_xlabel(across, fontsize=NORMAL)
    ax.set_ylabel(up, fontsize=NORMAL)
    ax.axhline(0, color="#d0d0d0", linewidth=0.8, zorder=0)
    ax.axvline(0, color="#d0d0d0", linewidth=0.8, zorder=0)
    ax.tick_params(labelsize=NORMAL - 1, length=3, color="#888888")
    ax.spines[:].set_color("#888888")
