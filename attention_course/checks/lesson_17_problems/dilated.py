import torch

from ..problem import Problem, mistake


class Dilated(Problem):
    """A dilated window, by rearranging what a window without gaps is given."""

    hints = (
        "Which words can word 0 ever see, directly or through others, if all steps are multiples of the dilation? Those words make a text of their own.",
        "Words 0, g, 2g, … are one text, words 1, g + 1, 2g + 1, … another: g texts of n / g words. `window` takes any number of texts, (..., n, D). Bring x to (g, n / g, D), and the result back.",
        "texts = lambda x: x.unflatten(0, (-1, g)).transpose(0, 1); window(texts(Q), texts(K), texts(V), w).transpose(0, 1).flatten(0, 1)",
    )
    praise = "So every trick that makes a window cheap makes a dilated one cheap, too."

    def inputs(self, generator):
        def some(n, size=3):
            return [torch.randn(n, size, generator=generator) for _ in range(3)]

        yield "a dilation of 1, which is no gap at all", (*some(4), window, 2, 1)
        yield (
            "values that name their places, four words, dilation 2",
            (torch.zeros(4, 2), torch.zeros(4, 2), torch.arange(8.0).view(4, 2), window, 2, 2),
        )
        yield "six words, a window of 2 and a dilation of 3", (*some(6), window, 2, 3)
        yield "a window that is longer than each of the texts", (*some(6), window, 9, 2)
        yield "twelve words, a window of 3 and a dilation of 2", (*some(12), window, 3, 2)

    def answer(Q, K, V, window, w, g):
        def texts(x):
            return x.unflatten(0, (-1, g)).transpose(0, 1)  # (n, D) -> (n / g, g, D) -> (g, n / g, D)

        return window(texts(Q), texts(K), texts(V), w).transpose(0, 1).flatten(0, 1)

    @mistake(
        "The text was cut into g pieces of neighbours. A text of its own is every g-th word: cut into rows of g, and take the columns."
    )
    def pieces(Q, K, V, window, w, g):
        return window(*(x.unflatten(0, (g, -1)) for x in (Q, K, V)), w).flatten(0, 1)

    @mistake(
        "The output has the order of the texts, first every g-th word from 0 on, then from 1 on. Bring the words back to their places: transpose, then flatten."
    )
    def not_brought_back(Q, K, V, window, w, g):
        return window(*(columns(x, g) for x in (Q, K, V)), w).flatten(0, 1)

    @mistake(
        "The texts were cut, but not turned: here each row of g neighbours is a text. Transpose, so that every column is one."
    )
    def rows_for_columns(Q, K, V, window, w, g):
        return window(*(x.unflatten(0, (-1, g)) for x in (Q, K, V)), w).flatten(0, 1)

    @mistake(
        "The window was made g times as wide, without gaps. Then it costs g times as much, too, and that was to be avoided."
    )
    def wider_window(Q, K, V, window, w, g):
        return window(Q, K, V, g * w)

    @mistake("There are no gaps: this is the plain window.")
    def no_gaps(Q, K, V, window, w, g):
        return window(Q, K, V, w)

    @mistake("Each text of its own has the whole window of w words. It is not to be divided by g.")
    def narrower_window(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, max(1, w // g), g)


def columns(x, g):
    """Every g-th word as a text of its own."""
    return x.unflatten(0, (-1, g)).transpose(0, 1)


def window(Q, K, V, w):
    """Causal attention of each word to the last w, itself included; any axes in front."""
    Q, K, V = (torch.as_tensor(x) for x in (Q, K, V))
    i = torch.arange(Q.shape[-2])
    behind = i[:, None] - i
    scores = Q @ K.mT / Q.shape[-1] ** 0.5
    return scores.masked_fill((behind < 0) | (behind >= w), -torch.inf).softmax(-1) @ V
