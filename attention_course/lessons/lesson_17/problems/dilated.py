import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.watching import watch


class Dilated(Problem):
    """A dilated window, by rearranging what a window without gaps is given."""

    hints = (
        "Which words can word 0 ever see, directly or through others, if all steps are multiples of the dilation? Those words make a text of their own.",
        "Words 0, g, 2g, … are one text, words 1, g + 1, 2g + 1, … another: g texts of n / g words. `window` takes any number of texts, (..., n, D). Bring x to (g, n / g, D), and the result back.",
        "texts = lambda x: x.unflatten(0, (-1, g)).transpose(0, 1); window(texts(Q), texts(K), texts(V), w).transpose(0, 1).flatten(0, 1)",
    )
    praise = "So every trick that makes a window cheap makes a dilated one cheap, too."

    def inputs(self, generator):
        def some(n, size):
            return [torch.randn(n, size, generator=generator) for _ in range(3)]

        yield "a dilation of 1, which is no gap at all", (*some(4, 1), window, 3, 1)
        yield "a window of 1, in which each word sees itself", (*some(4, 1), window, 1, 2)
        yield "four words, a window of 2 and a dilation of 2", (*some(4, 1), window, 2, 2)
        yield "eight words, a window of 2 and a dilation of 2", (*some(8, 1), window, 2, 2)
        yield "six words, a window of 2 and a dilation of 3", (*some(6, 2), window, 2, 3)
        yield "a window that is longer than each of the texts", (*some(6, 2), window, 9, 2)
        yield "eight words, a window of 3 and a dilation of 2", (*some(8, 3), window, 3, 2)
        yield "fifteen words, a window of 4 and a dilation of 3", (*some(15, 2), window, 4, 3)

    def admissible(self, generator):
        g, each, w, size = (int(torch.randint(1, most, (1,), generator=generator)) for most in (5, 6, 7, 4))
        drawn = (8 * torch.randn(3, g * each, size, generator=generator)).round() / 8  # some words are equal
        return *drawn.unbind(), window, w, g

    def disobeys(self, answer):
        used = watch(answer, (*torch.rand(3, 6, 2), window, 2, 3)).used
        return (
            None
            if 3 in used
            else "But `window` was not called: the dilated one is to be made of it, by what it is given."
        )

    def answer(Q, K, V, window, w, g):
        def texts(x):
            return x.unflatten(0, (-1, g)).transpose(0, 1)  # (n, D) -> (n / g, g, D) -> (g, n / g, D)

        return window(texts(Q), texts(K), texts(V), w).transpose(0, 1).flatten(0, 1)

    order = (
        "The output has the order of the texts, first every g-th word from 0 on, then from 1 on. Bring the words back to their places: transpose, "
        "then flatten."
    )
    not_a_text = "The output has three axes: n / g words of g texts, in whatever order. Bring it back to (n, D)."
    off_by_one = (
        "The window has not `w` words. The word itself is the first of them: the last one stands (w - 1) · g back."
    )

    @mistake(
        "The text was cut into g pieces of neighbours. A text of its own is every g-th word: cut into rows of g, and take the columns."
    )
    def pieces(Q, K, V, window, w, g):
        return window(*(x.unflatten(0, (g, -1)) for x in (Q, K, V)), w).flatten(0, 1)

    @mistake(
        "The texts were cut, but not turned: here each row of g neighbours is a text. Transpose, so that every column is one."
    )
    def rows_for_columns(Q, K, V, window, w, g):
        return window(*(x.unflatten(0, (-1, g)) for x in (Q, K, V)), w).flatten(0, 1)

    @mistake(
        "The text was cut into g rows, and its columns are words n / g apart: the gap is n / g. Cut into rows of g words, unflatten(0, (-1, g))."
    )
    def rows_and_columns_swapped(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, w, len(Q) // g)

    @mistake(order)
    def not_brought_back(Q, K, V, window, w, g):
        return window(*(columns(x, g) for x in (Q, K, V)), w).flatten(0, 1)

    @mistake(order)
    def brought_back_by_the_same_cut(Q, K, V, window, w, g):
        return columns(window(*(columns(x, g) for x in (Q, K, V)), w).flatten(0, 1), g).flatten(0, 1)

    @mistake(not_a_text)
    def left_as_texts(Q, K, V, window, w, g):
        return window(*(columns(x, g) for x in (Q, K, V)), w)

    @mistake(not_a_text)
    def not_flattened(Q, K, V, window, w, g):
        return window(*(columns(x, g) for x in (Q, K, V)), w).transpose(0, 1)

    @mistake("Only the first text came back, words 0, g, 2g, … There are g of them, one for each beginning.")
    def first_text_only(Q, K, V, window, w, g):
        return window(Q[::g], K[::g], V[::g], w)

    @mistake(
        "The window was made g times as wide, without gaps. Then it costs g times as much, too, and that was to be avoided."
    )
    def wider_window(Q, K, V, window, w, g):
        return window(Q, K, V, g * w)

    @mistake("There are no gaps: this is the plain window.")
    def no_gaps(Q, K, V, window, w, g):
        return window(Q, K, V, w)

    divided = (
        "The window of w words was divided by g. It is `w` words in all, and they stretch over g times as many places."
    )

    @mistake(divided)
    def narrower_window(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, max(1, w // g), g)

    @mistake(divided)
    def gaps_inside_the_window(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, -(-w // g), g)

    @mistake("Each text was given g times as many words. The gaps come from the cut; the window of a text is `w`.")
    def wider_window_in_each_text(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, g * w, g)

    @mistake(off_by_one)
    def one_word_less(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, max(1, w - 1), g)

    @mistake(off_by_one)
    def one_word_more(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, w + 1, g)

    @mistake("Every g-th word of the past is seen. The window ends after `w` of them.")
    def all_of_the_text(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, len(Q), g)

    @mistake("The window is g words, and not w: two numbers have changed places. `w` words, with steps of g.")
    def window_of_g(Q, K, V, window, w, g):
        return Dilated.answer(Q, K, V, window, g, g)

    @mistake("The steps are one too long. A dilation of g goes to i - g, i - 2g, …, and leaves g - 1 words out.")
    def one_gap_too_wide(Q, K, V, window, w, g):
        return look(Q, K, V, lambda i: range(i, max(-1, i - w * (g + 1)), -g - 1))

    @mistake("Words to come are seen. The window looks back: i, i - g, i - 2g and so on.")
    def both_sides(Q, K, V, window, w, g):
        return look(Q, K, V, lambda i: [j for j in range(i - (w - 1) * g, i + w * g, g) if 0 <= j < len(Q)])

    @mistake("The window looks ahead: i, i + g, i + 2g, … It should look back.")
    def forwards(Q, K, V, window, w, g):
        return Dilated.answer(Q.flip(0), K.flip(0), V.flip(0), window, w, g).flip(0)

    @mistake("The word does not see itself. It is the first of the `w` words, before i - g.")
    def without_itself(Q, K, V, window, w, g):
        return look(Q, K, V, lambda i: range(i - g, max(-1, i - g - w * g), -g) or [i])

    @mistake("Keys stand at fixed places, the multiples of g. They should stand g, 2g, … behind the word that asks.")
    def fixed_places(Q, K, V, window, w, g):
        return look(Q, K, V, lambda i: sorted({i, *range(i - i % g, -1, -g)}, reverse=True)[:w])

    @mistake("Queries and keys have changed places: window(Q, K, V, w), in this order.")
    def queries_and_keys_swapped(Q, K, V, window, w, g):
        return Dilated.answer(K, Q, V, window, w, g)

    @mistake("Keys and values have changed places: window(Q, K, V, w), in this order.")
    def keys_and_values_swapped(Q, K, V, window, w, g):
        return Dilated.answer(Q, V, K, window, w, g)

    @mistake("The values were left as they stood, while the keys were cut into texts. All three go the same way.")
    def values_not_cut(Q, K, V, window, w, g):
        return window(columns(Q, g), columns(K, g), V.unflatten(0, (g, -1)), w).transpose(0, 1).flatten(0, 1)


def columns(x, g):
    """Every g-th word as a text of its own."""
    return x.unflatten(0, (-1, g)).transpose(0, 1)


def look(Q, K, V, places):
    """Attention of each word i to the words at `places(i)`."""
    seen = [list(places(i)) for i in range(len(Q))]
    return torch.stack([(K[j] @ q / Q.shape[-1] ** 0.5).softmax(0) @ V[j] for q, j in zip(Q, seen, strict=True)])


def window(Q, K, V, w):
    """Causal attention of each word to the last w, itself included; any axes in front."""
    Q, K, V = (torch.as_tensor(x) for x in (Q, K, V))
    i = torch.arange(Q.shape[-2])
    behind = i[:, None] - i
    scores = Q @ K.mT / Q.shape[-1] ** 0.5
    return scores.masked_fill((behind < 0) | (behind >= w), -torch.inf).softmax(-1) @ V
