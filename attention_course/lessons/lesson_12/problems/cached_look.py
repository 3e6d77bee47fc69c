import torch

from attention_course.checks.problem import Problem, mistake


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
        yield "two words of one number before", step(1, 2, 1)
        yield "one word of two numbers before", step(1, 1, 2)
        yield "two sentences, a word of one number before", step(2, 1, 1)
        yield "two words of four numbers before", step(1, 2, 4)
        yield "three sentences, nothing cached yet", step(3, 0, 2)
        yield "as many sentences as words and numbers", step(3, 2, 3)
        yield "three sentences, four words before", step(3, 4, 5)

    def admissible(self, generator):
        B, n, D = (int(n) for n in torch.randint(1, 6, (3,), generator=generator))
        size = 2.0 ** torch.randint(-2, 2, (), generator=generator)

        def drawn(*sizes):  # in quarters: some are equal
            return size * (4 * torch.randn(sizes, generator=generator)).round() / 4

        return *(drawn(B, D) for _ in range(3)), *(drawn(B, n - 1, D) for _ in range(2))

    def answer(query, key, value, keys, values):
        keys, values = torch.cat([keys, key[:, None]], 1), torch.cat([values, value[:, None]], 1)  # (B, n + 1, D)
        weights = (keys @ query[..., None] / query.shape[1] ** 0.5).softmax(1)  # (B, n + 1, 1)
        return (weights * values).sum(1), keys, values

    not_kept = "The cache came back as it was, or half of it. The next word will not see this one: hand back the keys and the values with the new word's among them."
    in_front_of_others = (
        "The new word stands in front of the others, in the keys or in the values. Without positions the order makes no difference to the context, as long as both have "
        "the same; with them the words would be numbered backwards."
    )
    wrong_number = "The scores were divided by the root of another number, of words or of sentences. It is √D, D being the size of the vectors that are compared."
    not_one = "The weights of a sentence do not sum to one over the words: the softmax is over the cached words and the new one."
    mixed_up = "Keys and values were mixed up: keys are compared with the query, values are what the weights add up."
    order = "The three stand in another order, or some are missing: return (context, keys, values)."
    shapes = "The context has another shape. It is (B, D), one vector for each sentence, also where there is only one."
    crowded = "The cache lost a word: the new one was written over it or took its room. The cache grows by one word a step; all before it are still looked at."
    new_alone = "Only the new word was looked at, or given a weight of one beside the others'. It is one of n + 1 words, whose weights sum to one."

    @mistake(
        "The new word does not look at itself: it was put into the cache after the look, or not taken into it. Its own key and value come first. For the "
        "first word there would be nothing to look at."
    )
    def looked_too_early(query, key, value, keys, values):
        return look(query, keys, values), *grown(key, value, keys, values)

    @mistake(
        "The new word does not look at itself, and the cache came back without it: its own key and value join the cache first."
    )
    def never_joined(query, key, value, keys, values):
        return look(query, keys, values), keys, values

    @mistake(not_kept)
    def cache_not_grown(query, key, value, keys, values):
        return look(query, *grown(key, value, keys, values)), keys, values

    @mistake(not_kept)
    def keys_not_grown(query, key, value, keys, values):
        new_keys, new_values = grown(key, value, keys, values)
        return look(query, new_keys, new_values), keys, new_values

    @mistake(not_kept)
    def values_not_grown(query, key, value, keys, values):
        new_keys, new_values = grown(key, value, keys, values)
        return look(query, new_keys, new_values), new_keys, values

    @mistake("Only the new word's key and value came back. The next step needs all of them, those of the cache first.")
    def new_ones_alone(query, key, value, keys, values):
        return look(query, *grown(key, value, keys, values)), key, value

    @mistake(
        "Only the new word's key and value came back, with an axis of one. The next step needs all, those of the cache first."
    )
    def new_ones_with_an_axis(query, key, value, keys, values):
        return look(query, *grown(key, value, keys, values)), key[:, None], value[:, None]

    @mistake(in_front_of_others)
    def in_front(query, key, value, keys, values):
        keys, values = torch.cat([key[:, None], keys], 1), torch.cat([value[:, None], values], 1)
        return look(query, keys, values), keys, values

    @mistake(in_front_of_others)
    def key_in_front(query, key, value, keys, values):
        keys, values = torch.cat([key[:, None], keys], 1), torch.cat([values, value[:, None]], 1)
        return look(query, keys, values), keys, values

    @mistake("The scores were not divided by √D.")
    def without_scale(query, key, value, keys, values):
        return step(query, key, value, keys, values, scale=1)

    @mistake("The scores were divided by D and not by its root.")
    def divided_by_the_size(query, key, value, keys, values):
        return step(query, key, value, keys, values, scale=query.shape[1])

    @mistake("The scores were multiplied by √D. Divide, to make up for the D products that are added up.")
    def multiplied_by_the_root(query, key, value, keys, values):
        return step(query, key, value, keys, values, scale=query.shape[1] ** -0.5)

    @mistake(wrong_number)
    def scaled_by_the_words(query, key, value, keys, values):
        return step(query, key, value, keys, values, scale=(keys.shape[1] + 1) ** 0.5)

    @mistake(wrong_number)
    def scaled_by_the_cached_words(query, key, value, keys, values):
        return step(query, key, value, keys, values, scale=max(1, keys.shape[1]) ** 0.5)

    @mistake(wrong_number)
    def scaled_by_the_sentences(query, key, value, keys, values):
        return step(query, key, value, keys, values, scale=len(query) ** 0.5)

    @mistake("The weights were divided after the softmax, and no longer sum to one. Divide the scores, before it.")
    def scaled_after_the_softmax(query, key, value, keys, values):
        root = query.shape[1] ** 0.5
        return step(query, key, value, keys, values, scale=1, weigh=lambda scores: scores.softmax(1) / root)

    @mistake("The key was cached in the place of the value, too. They are two different projections of the word.")
    def key_for_value(query, key, value, keys, values):
        return step(query, key, key, keys, values)

    @mistake("The value was cached in the place of the key, too. They are two different projections of the word.")
    def value_for_key(query, key, value, keys, values):
        return step(query, value, value, keys, values)

    @mistake("The new word's key was cached among the values, and its value among the keys.")
    def key_and_value_exchanged(query, key, value, keys, values):
        return step(query, value, key, keys, values)

    @mistake("The query was cached in the place of the key. Later words compare their queries with this word's key.")
    def query_for_key(query, key, value, keys, values):
        return step(query, query, value, keys, values)

    @mistake(mixed_up)
    def keys_added_up(query, key, value, keys, values):
        keys, values = grown(key, value, keys, values)
        return look(query, keys, keys), keys, values

    @mistake(mixed_up)
    def values_compared(query, key, value, keys, values):
        keys, values = grown(key, value, keys, values)
        return look(query, values, values), keys, values

    @mistake(mixed_up)
    def roles_exchanged(query, key, value, keys, values):
        keys, values = grown(key, value, keys, values)
        return look(query, values, keys), keys, values

    @mistake(crowded)
    def written_over(query, key, value, keys, values):
        return step(query, key, value, keys[:, :-1], values[:, :-1])

    @mistake(crowded)
    def earliest_dropped(query, key, value, keys, values):
        return step(query, key, value, keys[:, 1:], values[:, 1:])

    @mistake("The new word was put into the cache twice.")
    def twice_in_the_cache(query, key, value, keys, values):
        return step(query, key, value, *grown(key, value, keys, values))

    @mistake("The new words were put behind the sentences of the batch. They are words: join them along axis 1.")
    def joined_along_the_batch(query, key, value, keys, values):
        keys, values = torch.cat([keys, key[:, None]], 0), torch.cat([values, value[:, None]], 0)
        return look(query, keys, values), keys, values

    @mistake(
        "Here key and value are (B, D), and keys and values (B, n, D): give the new ones an axis of one for the word, key[:, None], before they are joined."
    )
    def axis_forgotten(query, key, value, keys, values):
        keys, values = torch.cat([keys, key], 1), torch.cat([values, value], 1)
        return look(query, keys, values), keys, values

    @mistake(not_one)
    def without_softmax(query, key, value, keys, values):
        return step(query, key, value, keys, values, weigh=lambda scores: scores)

    @mistake(not_one)
    def exponentials(query, key, value, keys, values):
        return step(query, key, value, keys, values, weigh=torch.exp)

    @mistake(not_one)
    def sigmoids(query, key, value, keys, values):
        return step(query, key, value, keys, values, weigh=torch.sigmoid)

    @mistake(
        "The softmax ran over the sentences of the batch, so that they share what each should have for itself. It is over the words."
    )
    def softmax_over_sentences(query, key, value, keys, values):
        return step(query, key, value, keys, values, weigh=lambda scores: scores.softmax(0))

    @mistake("The softmax ran over all words of all sentences. Each sentence has weights of its own, which sum to one.")
    def softmax_over_everything(query, key, value, keys, values):
        return step(query, key, value, keys, values, weigh=lambda scores: scores.flatten().softmax(0).view_as(scores))

    @mistake("The softmax ran over an axis of one, and all weights are 1. It is over the words.")
    def softmax_over_one(query, key, value, keys, values):
        return step(query, key, value, keys, values, weigh=torch.ones_like)

    @mistake("All words got the same weight. The weights come of the query's products with the keys.")
    def all_alike(query, key, value, keys, values):
        return step(query, key, value, keys, values, weigh=lambda scores: torch.full_like(scores, 1 / scores.shape[1]))

    @mistake("Only the best word was looked at. The weights are a softmax of the scores.")
    def best_alone(query, key, value, keys, values):
        def weigh(scores):
            return torch.zeros_like(scores).scatter(1, scores.argmax(1, keepdim=True), 1.0)

        return step(query, key, value, keys, values, weigh=weigh)

    @mistake("The new word's score is zero here, whatever its key. Compare the query with it as with the others.")
    def no_score_of_its_own(query, key, value, keys, values):
        def weigh(scores):
            return torch.cat([scores[:, :-1], torch.zeros_like(scores[:, :1])], 1).softmax(1)

        return step(query, key, value, keys, values, weigh=weigh)

    @mistake(new_alone)
    def itself_alone(query, key, value, keys, values):
        return value, *grown(key, value, keys, values)

    @mistake(new_alone)
    def itself_added(query, key, value, keys, values):
        return look(query, keys, values) + value, *grown(key, value, keys, values)

    @mistake("The first sentence's cache was looked at by all. Each sentence has its own.")
    def first_sentence_s_cache(query, key, value, keys, values):
        keys, values = grown(key, value, keys, values)
        return look(query, keys[:1].expand_as(keys), values[:1].expand_as(values)), keys, values

    @mistake(
        "Every query met the words of every sentence. Each has a cache of its own: give the query an axis for its word, query[:, None], so that B stays the batch."
    )
    def all_sentences(query, key, value, keys, values):
        keys, values = grown(key, value, keys, values)
        return (query @ keys.mT / query.shape[1] ** 0.5).softmax(-1) @ values, keys, values

    @mistake(order)
    def context_last(query, key, value, keys, values):
        context, keys, values = step(query, key, value, keys, values)
        return keys, values, context

    @mistake(order)
    def values_before_keys(query, key, value, keys, values):
        context, keys, values = step(query, key, value, keys, values)
        return context, values, keys

    @mistake(order)
    def context_alone(query, key, value, keys, values):
        return step(query, key, value, keys, values)[0]

    @mistake(shapes)
    def axis_left(query, key, value, keys, values):
        context, keys, values = step(query, key, value, keys, values)
        return context[:, None], keys, values

    @mistake(shapes)
    def axis_left_behind(query, key, value, keys, values):
        context, keys, values = step(query, key, value, keys, values)
        return context[..., None], keys, values

    @mistake(shapes)
    def squeezed(query, key, value, keys, values):
        context, keys, values = step(query, key, value, keys, values)
        return context.squeeze(), keys, values


def grown(key, value, keys, values):
    """The cache with the new word."""
    return torch.cat([keys, key[:, None]], 1), torch.cat([values, value[:, None]], 1)


def look(query, keys, values, scale=None, weigh=None):
    """One query over all keys."""
    scores = (keys * query[:, None]).sum(-1) / (scale or query.shape[-1] ** 0.5)  # (B, words)
    weights = scores.softmax(1) if weigh is None else weigh(scores)
    return (weights[..., None] * values).sum(1)


def step(query, key, value, keys, values, **changed):
    """As it should be, with one step of the look exchanged."""
    keys, values = grown(key, value, keys, values)
    return look(query, keys, values, **changed), keys, values
