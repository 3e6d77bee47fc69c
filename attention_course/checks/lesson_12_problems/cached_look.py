import torch

from ..problem import Problem, mistake


class CachedLook(Problem):
    """One step of self-attention in writing: the new word looks at those before it, which are cached, and at itself."""

    hints = (
        "A word looks at itself as well. What has to happen to the cache before it looks?",
        "keys = torch.cat([keys, key[:, None]], 1), the same with the values; then an attention of one query over n + 1 keys.",
        "weights = (keys @ query[..., None] / D ** 0.5).softmax(1), (B, n + 1, 1); context = (weights * values).sum(1); return context, keys, values.",
    )
    praise = "A step costs as much as there are words so far. Without a cache it would cost as much as making all their keys, values and looks again."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        def step(sentences, before, size):
            new = (randn(sentences, size) for _ in range(3))
            return (*new, randn(sentences, before, size), randn(sentences, before, size))

        yield "the first word: nothing is cached yet", step(1, 0, 2)
        yield "one word of one number before", step(1, 1, 1)
        yield "two words of four numbers before", step(1, 2, 4)
        yield "three sentences, four words before", step(3, 4, 5)

    def answer(query, key, value, keys, values):
        keys, values = torch.cat([keys, key[:, None]], 1), torch.cat([values, value[:, None]], 1)  # (B, n + 1, D)
        weights = (keys @ query[..., None] / query.shape[-1] ** 0.5).softmax(1)  # (B, n + 1, 1)
        return (weights * values).sum(1), keys, values

    @mistake(
        "The new word does not look at itself: it was put into the cache after the look, or not taken into it. Its own key and value come first. For the "
        "first word there would be nothing to look at."
    )
    def looked_too_early(query, key, value, keys, values):
        context = look(query, keys, values)
        return context, *grown(key, value, keys, values)

    @mistake(
        "The cache came back as it was. The next word will not see this one: hand back the keys and values with the new word's among them."
    )
    def cache_not_grown(query, key, value, keys, values):
        return look(query, *grown(key, value, keys, values)), keys, values

    @mistake(
        "The new word stands in front of the others. This context does not mind, for attention without positions has no order; but with them the words would "
        "be numbered backwards."
    )
    def in_front(query, key, value, keys, values):
        keys, values = torch.cat([key[:, None], keys], 1), torch.cat([value[:, None], values], 1)
        return look(query, keys, values), keys, values

    @mistake("The scores were not divided by √D.")
    def without_scale(query, key, value, keys, values):
        keys, values = grown(key, value, keys, values)
        return look(query, keys, values, scale=1.0), keys, values

    @mistake("The key was cached in the place of the value, too. They are two different projections of the word.")
    def key_for_value(query, key, value, keys, values):
        keys, values = grown(key, key, keys, values)
        return look(query, keys, values), keys, values

    @mistake(
        "The new word was written over the last one in the cache. The cache grows by one word a step; all before it are still looked at."
    )
    def written_over(query, key, value, keys, values):
        keys, values = grown(key, value, keys[:, :-1], values[:, :-1])
        return look(query, keys, values), keys, values

    @mistake(
        "The weights were not made to sum to one over the words: the softmax is over the cached words and the new one."
    )
    def without_softmax(query, key, value, keys, values):
        keys, values = grown(key, value, keys, values)
        scores = keys @ query[..., None] / query.shape[-1] ** 0.5
        return (scores * values).sum(1), keys, values


def grown(key, value, keys, values):
    """The cache with the new word."""
    return torch.cat([keys, key[:, None]], 1), torch.cat([values, value[:, None]], 1)


def look(query, keys, values, scale=None):
    """One query over all keys."""
    scores = keys @ query[..., None] / (scale or query.shape[-1] ** 0.5)
    return (scores.softmax(1) * values).sum(1)
