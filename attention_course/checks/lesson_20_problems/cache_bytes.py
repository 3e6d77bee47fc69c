import torch

from ..problem import Problem, mistake


class CacheBytes(Problem):
    """What the cache of a decoder holds."""

    hints = (
        "For one word, one layer and one head of keys: how many numbers are kept? Then count words, layers and heads of keys.",
        "A key and a value of `head_size` numbers each, in each of `groups` heads of each layer, in `bytes_a_number` bytes. How many words: all of them, or with a window those that the "
        "next word can still see besides itself.",
        "kept = words if window is None else min(words, window - 1); return 2 * layers * groups * head_size * bytes_a_number * kept.",
    )
    praise = "The number of query heads does not occur in it."

    def inputs(self, generator):
        yield "one layer, one head of one number, one byte, one word", (1, 1, 1, 1, 1, 1, None)
        yield "eight heads in two groups", (1, 8, 2, 4, 1, 1, None)
        yield "two layers, three words, four bytes", (2, 8, 8, 4, 4, 3, None)
        yield "a window of five, and ten words", (1, 2, 2, 4, 1, 10, 5)
        yield "a window of five, and three words", (1, 2, 1, 4, 2, 3, 5)
        layers, groups, size, words = torch.randint(2, 50, (4,), generator=generator).tolist()
        yield "any sizes, without a window", (layers, 4 * groups, groups, size, 2, words, None)
        yield "as large as Mistral 7B", (32, 32, 8, 128, 2, 20_000, 4_096)

    def answer(layers, heads, groups, head_size, bytes_a_number, words, window):
        kept = words if window is None else min(words, window - 1)
        return 2 * layers * groups * head_size * bytes_a_number * kept

    @mistake("These are the keys alone, or the values alone. Both are kept: twice as much.")
    def keys_alone(*given):
        return CacheBytes.answer(*given) // 2

    @mistake(
        "The heads of queries were counted. Queries are not kept; what is kept are the keys and values of each group."
    )
    def heads_counted(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, heads, head_size, bytes_a_number, words, window)

    @mistake(
        "The window was counted whole. The next word is one of those in it, and its key is not there yet: window − 1 are kept."
    )
    def window_whole(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words, window and window + 1)

    @mistake("The window has not been used: what has left it need not be kept.")
    def window_ignored(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words, None)

    @mistake(
        "A window was counted full, though there are fewer words. There is nothing more to keep than has been written."
    )
    def window_always_full(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(
            layers, heads, groups, head_size, bytes_a_number, words if window is None else window - 1, None
        )

    @mistake("One layer was counted. Each layer has keys and values of its own.")
    def one_layer(layers, *given):
        return CacheBytes.answer(1, *given)

    @mistake("These are numbers and not bytes: each takes `bytes_a_number`.")
    def numbers(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, 1, words, window)
