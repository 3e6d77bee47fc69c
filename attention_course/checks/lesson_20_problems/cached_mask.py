import torch

from ..problem import Problem, mistake


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
        yield "one query, four keys in the cache and its own", (1, 5)
        yield "three queries and no cache", (3, 3)
        yield "two queries, three keys in the cache", (2, 5)
        yield "four queries, one key in the cache", (4, 5)
        queries, cached = torch.randint(6, 40, (2,), generator=generator).tolist()
        yield "many queries, many keys in the cache", (queries, cached + queries)

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

    @mistake(
        "Every query sees everything, the queries behind it included: several words at once must still not look ahead."
    )
    def everything(L, S):
        return torch.ones(L, S, dtype=torch.bool)

    @mistake("The queries see what stands ahead of them and not what stands behind: the triangle is the upper one.")
    def upper_triangle(L, S):
        return torch.ones(L, S, dtype=torch.bool).triu(S - L)

    @mistake("The mask has keys in its rows and queries in its columns. It is (L, S): one row for each query.")
    def transposed(L, S):
        return CachedMask.answer(L, S).mT
