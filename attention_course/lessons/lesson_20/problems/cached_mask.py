import torch

from attention_course.checks.problem import Problem, mistake


class CachedMask(Problem):
    """Who may see whom when the earlier keys come from a cache."""

    hints = (
        "Five keys, two queries: the cache had three. Which key is level with the first query, and which with the last?",
        "The last query is level with the last key. So query i stands at the place S − L + i, and may look at the keys up to there.",
        "places = torch.arange(S - L, S); return torch.arange(S) <= places[:, None]. Or torch.ones(L, S, dtype=torch.bool).tril(S - L).",
    )
    praise = (
        "PyTorch has it as torch.nn.attention.bias.causal_lower_right; what is_causal=True means is the upper left. Keep "
        "it Boolean: a mask of numbers is added to the scores, and with 0 and 1 every query would see everything."
    )

    def inputs(self, generator):
        yield "one query and one key", (1, 1)
        yield "one query, two keys in the cache and its own", (1, 3)
        yield "two queries and no cache", (2, 2)
        yield "two queries, one key in the cache", (2, 3)
        yield "two queries, three keys in the cache", (2, 5)
        yield "three queries, two keys in the cache", (3, 5)
        yield "four queries, one key in the cache", (4, 5)
        yield "three queries, five keys in the cache", (3, 8)
        queries, cached = torch.randint(6, 20, (2,), generator=generator).tolist()
        yield "many queries, many keys in the cache", (queries, cached + queries)

    def admissible(self, generator):
        queries, cached = torch.randint(0, 12, (2,), generator=generator).tolist()
        return queries + 1, cached + queries + 1

    def answer(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril(S - L)

    @mistake(
        "The first query was laid beside the first key, as is_causal=True does. With a cache the queries are the last words: the last one is level with the last key."
    )
    def upper_left(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril()

    @mistake(
        "This is turned round: True where a query may not look. In this course and in F.scaled_dot_product_attention, True means: may attend."
    )
    def turned_round(L, S):
        return ~CachedMask.answer(L, S)

    @mistake("A word does not see itself here. It may: its own key is the newest one.")
    def not_itself(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril(S - L - 1)

    to_be_added = "That is a mask of numbers, to be added to the scores. F.scaled_dot_product_attention would take one, too; asked for is the Boolean one, in which True lets through."
    new_ones = "Of the new words, which are the last L keys, a query sees itself and those before it, and none behind."
    shape = "The mask has a wrong shape. It is (L, S): one row for each query, one column for each key, those in the cache first."
    wrong_place = "The cache stands in front of the new keys. The columns are in the order of the words: first those S − L from the cache, then the L new ones."
    diagonal = "The diagonal begins in the wrong column. Query i is word S − L + i, so the triangle is moved by S − L."
    reversed_order = "The order is turned round. The first row belongs to the first of the new queries, and the first column to the oldest key."
    no_cache = "The queries do not see the cache. It was kept for them: all its keys are earlier than any query."
    itself_alone = "Every query sees one key alone. It may look at its own and at all before it."

    @mistake(
        "Every query sees everything, the queries behind it included: several words at once must still not look ahead."
    )
    def everything(L, S):
        return torch.ones(L, S, dtype=torch.bool)

    @mistake(
        "Every query sees one key ahead of its own. Query i is word S − L + i, and its own key is the last that it may see."
    )
    def one_ahead(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril(S - L + 1)

    @mistake("The queries see what stands ahead of them and not what stands behind: the triangle is the upper one.")
    def upper_triangle(L, S):
        return torch.ones(L, S, dtype=torch.bool).triu(S - L)

    @mistake(
        "The queries see what stands ahead of them, as if the first one stood beside the first key. They may look back, and the last one is level with the last key."
    )
    def upper_triangle_from_the_left(L, S):
        return torch.ones(L, S, dtype=torch.bool).triu()

    @mistake(
        "Both are wrong: True stands where a query may not look, and the first query was laid beside the first key. The last query is level with the last key."
    )
    def upper_left_turned_round(L, S):
        return torch.ones(L, S, dtype=torch.bool).triu(1)

    @mistake("The mask has keys in its rows and queries in its columns. It is (L, S): one row for each query.")
    def transposed(L, S):
        return CachedMask.answer(L, S).mT

    @mistake(to_be_added)
    def infinity_to_be_added(L, S):
        return torch.zeros(L, S).masked_fill(~CachedMask.answer(L, S), -torch.inf)

    @mistake(to_be_added)
    def low_number_to_be_added(L, S):
        return torch.zeros(L, S).masked_fill(~CachedMask.answer(L, S), -1e9)

    @mistake(to_be_added)
    def infinity_from_the_left_to_be_added(L, S):
        return torch.full((L, S), -torch.inf).triu(1)

    @mistake(to_be_added)
    def one_or_infinity(L, S):
        return torch.ones(L, S).masked_fill(~CachedMask.answer(L, S), -torch.inf)

    @mistake(itself_alone)
    def own_key_alone(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril(S - L).triu(S - L)

    @mistake(itself_alone)
    def diagonal_from_the_left(L, S):
        return torch.eye(L, S, dtype=torch.bool)

    @mistake("Only the cache is seen. A query sees its own key as well, and those of the new queries before it.")
    def cache_alone(L, S):
        return (torch.arange(S) < S - L).expand(L, S)

    @mistake(
        "A query sees the cache and itself, and not the new queries before it. These are earlier words, like those of the cache."
    )
    def cache_and_itself(L, S):
        places = torch.arange(S)
        return (places < S - L) | (places == torch.arange(S - L, S)[:, None])

    @mistake(no_cache)
    def without_the_cache(L, S):
        return CachedMask.answer(L, S) & (torch.arange(S) >= S - L)

    @mistake(no_cache)
    def all_new_ones(L, S):
        return (torch.arange(S) >= S - L).expand(L, S)

    @mistake(
        "The oldest keys are out of sight for the later queries, as with a window. Nothing is asked for but that no query looks ahead."
    )
    def with_a_window(L, S):
        return CachedMask.answer(L, S).triu()

    @mistake(new_ones)
    def new_ones_upwards(L, S):
        return torch.cat([torch.ones(L, S - L), torch.ones(L, L).triu()], 1).bool()

    @mistake(new_ones)
    def new_ones_turned_round(L, S):
        return torch.cat([torch.ones(L, S - L), torch.ones(L, L).triu(1)], 1).bool()

    @mistake(wrong_place)
    def cache_behind(L, S):
        return torch.cat([torch.ones(L, L).tril(), torch.ones(L, S - L)], 1).bool()

    @mistake(diagonal)
    def moved_by_the_queries(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril(L)

    @mistake(diagonal)
    def moved_backwards(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril(L - S)

    @mistake(diagonal)
    def moved_as_if_half_were_cached(L, S):
        return torch.ones(L, S, dtype=torch.bool).tril(L - 1)

    @mistake(reversed_order)
    def keys_reversed(L, S):
        return CachedMask.answer(L, S).flip(1)

    @mistake(reversed_order)
    def queries_reversed(L, S):
        return CachedMask.answer(L, S).flip(0)

    @mistake(shape)
    def of_all_words(L, S):
        return torch.ones(S, S, dtype=torch.bool).tril()

    @mistake(shape)
    def of_the_new_words(L, S):
        return torch.ones(L, L, dtype=torch.bool).tril()

    @mistake(shape)
    def sizes_swapped(L, S):
        return torch.ones(S, L, dtype=torch.bool).tril(S - L)

    @mistake(shape)
    def last_query_alone(L, S):
        return CachedMask.answer(L, S)[-1]

    @mistake(shape)
    def with_more_axes(L, S):
        return CachedMask.answer(L, S)[None, None]

    @mistake(shape)
    def with_one_more_axis(L, S):
        return CachedMask.answer(L, S)[None]
