import torch

from attention_course.checks.problem import Problem, mistake


class CacheBytes(Problem):
    """What the cache of a decoder holds."""

    hints = (
        "For one word, one layer and one head of keys: how many numbers are kept? Then count words, layers and heads of keys.",
        "A key and a value of `head_size` numbers each, in each of `groups` heads of each layer, in `bytes_a_number` bytes. How many words: all of them, or with a window those that the "
        "next word can still see besides itself.",
        "kept = words if window is None else min(words, window - 1); return 2 * layers * groups * head_size * bytes_a_number * kept.",
    )
    praise = "The number of query heads does not occur in it."
    any_kind = True

    def inputs(self, generator):
        yield "three layers, three query heads in one group, two words", (3, 3, 1, 5, 4, 2, None)
        yield "ten heads in two groups", (3, 10, 2, 7, 4, 3, None)
        yield "as many groups as heads", (2, 3, 3, 5, 4, 7, None)
        yield "a window of five, and ten words", (2, 6, 2, 7, 4, 10, 5)
        yield "a window of five, and three words", (2, 6, 2, 7, 4, 3, 5)
        yield "a window of five, and five words", (2, 6, 2, 7, 4, 5, 5)
        yield "a window of five, and four words", (2, 6, 2, 7, 4, 4, 5)
        yield "a window of one, so that nothing need be kept", (2, 6, 2, 7, 4, 3, 1)
        layers, groups, size, words = torch.randint(2, 50, (4,), generator=generator).tolist()
        yield "any sizes, without a window", (layers, 4 * groups, groups, size, 2, words, None)
        yield "as large as Mistral 7B", (32, 32, 8, 128, 2, 20_000, 4_096)

    def admissible(self, generator):
        layers, groups, each, size, number, words, window = torch.randint(1, 9, (7,), generator=generator).tolist()
        no_window = torch.rand((), generator=generator) < 0.3
        return layers, groups * each, groups, size, number, words, None if no_window else window

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

    too_many = "Queries were counted as well. Nobody looks them up again: what is kept are the keys and the values."
    counted = "The word that is to come was counted, or one that has been was not. After `words` words so many keys are there, and the next brings its own."
    without_a_window = "None has not been taken for what it is: no window, so that all words are kept."
    factor = "Too much was multiplied: a byte is a byte, and the keys and values of a word are kept once for each group in each layer."
    left_out = "Something is missing in the product: 2 · layers · groups · head_size · bytes_a_number, for each word that is kept."
    outside = "These are the words that have left the window. Those in it are kept."
    unit = "Asked for are bytes, and no larger unit."

    @mistake(
        "The heads in a group were counted, H / G. Each group has one head of keys and values: `groups` of them in all."
    )
    def heads_in_a_group(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, heads // groups, head_size, bytes_a_number, words, window)

    @mistake("Heads and groups were multiplied. Each group has one head of keys and values: `groups` of them in all.")
    def heads_times_groups(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, heads * groups, head_size, bytes_a_number, words, window)

    @mistake(
        "That is what as many heads of keys and values as of queries keep, or half of it. There are `groups` of them, and of each keys and values."
    )
    def heads_counted_and_keys_alone(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, heads, head_size, bytes_a_number, words, window) // 2

    @mistake(too_many)
    def three_for_two(*given):
        return CacheBytes.answer(*given) // 2 * 3

    @mistake(too_many)
    def all_queries(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, heads + 2 * groups, head_size, bytes_a_number, words, window) // 2

    @mistake(too_many)
    def queries_for_values(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, heads + groups, head_size, bytes_a_number, words, window) // 2

    @mistake(counted)
    def the_next_word_too(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words + 1, window)

    @mistake(counted)
    def the_next_word_and_its_place(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words + 1, window and window + 1)

    @mistake(counted)
    def one_word_too_few(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words - 1, window)

    @mistake(
        "The window was counted whole, and one more. Of a window the next word takes one place itself: window − 1 are kept."
    )
    def window_and_one(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words, window and window + 2)

    @mistake("The window has lost two. The next word takes one place itself: window − 1 are kept.")
    def window_less_two(layers, heads, groups, head_size, bytes_a_number, words, window):
        kept = words if window is None else min(words, max(window - 2, 0))
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, kept, None)

    @mistake(
        "The window counts as full before it is: where there are as many words as it holds, one of them has left the next one's sight. It is min(words, window − 1)."
    )
    def window_from_the_wrong_word(layers, heads, groups, head_size, bytes_a_number, words, window):
        kept = words if window is None or words <= window else window - 1
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, kept, None)

    @mistake(
        "The larger of the two was taken. Kept are no more than there are, and no more than are seen: the smaller."
    )
    def the_larger(layers, heads, groups, head_size, bytes_a_number, words, window):
        kept = words if window is None else max(words, window - 1)
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, kept, None)

    @mistake(
        "A window was counted full and whole, though there are fewer words. Kept are no more than there are, and at most window − 1."
    )
    def window_always_full_and_whole(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, window or words, None)

    @mistake(outside)
    def outside_the_window(layers, heads, groups, head_size, bytes_a_number, words, window):
        kept = words if window is None else max(0, words - window)
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, kept, None)

    @mistake(outside)
    def before_the_window(layers, heads, groups, head_size, bytes_a_number, words, window):
        kept = words if window is None else words - window + 1
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, kept, None)

    @mistake(without_a_window)
    def none_subtracted_from(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, min(words, window - 1), None)

    @mistake(without_a_window)
    def none_compared(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, min(words, window), None)

    @mistake(without_a_window)
    def none_as_nothing(layers, heads, groups, head_size, bytes_a_number, words, window):
        return (
            0 if window is None else CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words, window)
        )

    @mistake(factor)
    def bits(*given):
        return 8 * CacheBytes.answer(*given)

    @mistake(factor)
    def twice_as_much(*given):
        return 2 * CacheBytes.answer(*given)

    @mistake(factor)
    def once_for_each_pair_of_words(*given):
        return CacheBytes.answer(*given) * given[5]

    @mistake(left_out)
    def one_number_a_head(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, 1, bytes_a_number, words, window)

    @mistake(left_out)
    def one_group(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, 1, head_size, bytes_a_number, words, window)

    @mistake(left_out)
    def one_word(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, 1, None)

    @mistake(unit)
    def kibibytes(*given):
        return CacheBytes.answer(*given) / 1024

    @mistake(unit)
    def kilobytes(*given):
        return CacheBytes.answer(*given) / 1000

    @mistake("The size of a head was divided by the heads. `head_size` is that of each head already.")
    def size_divided(layers, heads, groups, head_size, bytes_a_number, words, window):
        return CacheBytes.answer(layers, heads, groups, head_size, bytes_a_number, words, window) / heads
