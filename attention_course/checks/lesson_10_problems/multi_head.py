import torch

from ..problem import Problem, mistake


class MultiHead(Problem):
    """Eq. (14) with all heads in one product, a mask, and two sources."""

    hints = (
        "Four things in a row: three products with the matrices, the cut into heads, attention in each head, and the way back through W_O. After each, "
        "write down the shape.",
        "After the cut everything is (B, H, words, D), and the scores are Q @ K.mT, (B, H, L, S). The mask is (B, L, S) and has to meet them without a "
        "word about heads: mask[:, None]. What is the size of the vectors that are compared?",
        "cut = lambda x: x.unflatten(-1, (H, -1)).transpose(1, 2); Q, K, V = cut(queries @ W_Q.mT), cut(source @ W_K.mT), cut(source @ W_V.mT); scores = Q @ "
        "K.mT / Q.shape[-1] ** 0.5; scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1) @ V; then transpose(1, 2).flatten(2) @ W_O.mT.",
    )
    praise = "With source = queries it is self-attention, and that is all the difference there is."

    def inputs(self, generator):
        def drawn(sentences, queries, source, size, heads):
            x = torch.randn(sentences, queries, size, generator=generator)
            words = torch.randn(sentences, source, size, generator=generator)
            W = [torch.randn(size, size, generator=generator) * 1.5 / size**0.5 for _ in range(4)]
            return x, words, *W, heads

        def everything(x, words, *others):
            return x, words, *others, torch.ones(len(x), x.shape[1], words.shape[1]).bool()

        def some(x, words, *others):
            mask = torch.rand(len(x), x.shape[1], words.shape[1], generator=generator) < 0.6
            mask[..., 0] = True
            mask[:, -1, -1] = False
            return x, words, *others, mask

        yield "a single head and a single word to look at, so that the weight is 1", everything(*drawn(1, 1, 1, 2, 1))
        yield "two heads and a single word to look at", everything(*drawn(1, 1, 1, 4, 2))
        yield "two queries and a single word to look at", everything(*drawn(1, 2, 1, 4, 2))
        yield "a single head and three words to look at", everything(*drawn(1, 1, 3, 4, 1))
        yield "two heads, three words to look at", everything(*drawn(1, 1, 3, 4, 2))
        yield "two heads, four queries and three words to look at", everything(*drawn(1, 4, 3, 4, 2))
        yield "a mask", some(*drawn(1, 3, 3, 4, 2))
        yield "as many sentences as heads, with a mask", some(*drawn(2, 3, 4, 6, 2))
        yield "four sentences, three heads, a mask", some(*drawn(4, 3, 5, 6, 3))

    def answer(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        def cut(x):
            return x.unflatten(-1, (H, -1)).transpose(1, 2)  # (B, H, words, D)

        Q, K, V = cut(queries @ W_Q.mT), cut(source @ W_K.mT), cut(source @ W_V.mT)
        scores = Q @ K.mT / Q.shape[-1] ** 0.5  # (B, H, L, S)
        weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return (weights @ V).transpose(1, 2).flatten(2) @ W_O.mT

    @mistake(
        "The scores were divided by √E. What is compared in a head has D = E / H numbers, and it is their products that are added up: √D. With √E the "
        "weights of many heads are too flat."
    )
    def scaled_by_the_whole_size(*arguments):
        return look(*arguments, scale=lambda D, H: (D * H) ** 0.5)

    @mistake("The scale is missing. Divide the scores by √D, D being the size of a head.")
    def without_scale(*arguments):
        return look(*arguments, scale=lambda D, H: 1)

    @mistake("The scores were divided by D, and not by its root.")
    def divided_by_the_size(*arguments):
        return look(*arguments, scale=lambda D, H: D)

    @mistake(
        "The softmax ran over the heads. Then heads compete for a word, where they should look without knowing of each other; each head's weights sum to "
        "one over the words of the source, the last axis."
    )
    def softmax_over_the_heads(*arguments):
        return look(
            *arguments,
            weigh=lambda scores, may: scores.masked_fill(~may, torch.finfo(scores.dtype).min).softmax(1) * may,
        )

    @mistake("The softmax ran over the queries. For each query the weights sum to one over the source, the last axis.")
    def softmax_over_the_queries(*arguments):
        return look(
            *arguments,
            weigh=lambda scores, may: scores.masked_fill(~may, torch.finfo(scores.dtype).min).softmax(2) * may,
        )

    @mistake(
        "The mask is the wrong way round. True means: may attend, so fill where it is False. (What you have is right for nn.MultiheadAttention.) Where a query may "
        "look everywhere, nothing is left to it, and a softmax over −inf alone is NaN."
    )
    def mask_inverted(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(may, -torch.inf).softmax(-1))

    @mistake(
        "The mask is the wrong way round: True means that a query may look there, and it is the others that are filled with a number below all scores."
    )
    def mask_inverted_with_a_finite_number(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(may, -1e9).softmax(-1))

    @mistake(
        "The weights were masked after the softmax. What is forbidden had then taken its share, and the rest no longer sums to one. Mask the scores, with "
        "−inf, before it."
    )
    def masked_afterwards(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.softmax(-1) * may)

    @mistake(
        "Forbidden scores were set to zero. Zero is a score like any other, and exp(0) is 1; only −inf gives a weight of zero."
    )
    def score_zero(*arguments):
        return look(*arguments, weigh=lambda scores, may: (scores * may).softmax(-1))

    @mistake("The mask has not been used.")
    def without_mask(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.softmax(-1))

    @mistake(
        "The heads were cut by a reshape straight to (B, H, words, D), which has the right shape and tears the words apart. Cut the last axis, then "
        "transpose."
    )
    def cut_by_reshape(*arguments):
        return look(*arguments, cut=lambda x, H: x.reshape(len(x), H, x.shape[1], -1))

    @mistake(
        "The heads were joined by a reshape straight from (B, H, L, D), which puts heads of different words side by side. Transpose back to "
        "(B, L, H, D) first, then flatten."
    )
    def joined_by_reshape(*arguments):
        return look(*arguments, join=lambda x: x.reshape(len(x), x.shape[2], -1))

    @mistake(
        "The product with W_O is missing: c' = W_O [c_1, …, c_H]. Without it no output number sees more than one head."
    )
    def without_output_matrix(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, torch.eye(len(W_O)), H, mask)

    @mistake("W_O was applied the wrong way round. Here as in nn.Linear a matrix W acts on rows as x @ W.mT.")
    def output_matrix_transposed(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, W_O.mT, H, mask)

    @mistake("The matrices were applied the wrong way round. Here as in nn.Linear a matrix W acts on rows as x @ W.mT.")
    def all_matrices_transposed(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q.mT, W_K.mT, W_V.mT, W_O.mT, H, mask)

    @mistake("The keys took the values' place: what is handed over has a matrix of its own, W_V.")
    def keys_for_values(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_K, W_O, H, mask)

    @mistake("W_Q and W_K have changed places: the query is W_Q times what asks, the key W_K times what is looked at.")
    def queries_and_keys_swapped(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_K, W_Q, W_V, W_O, H, mask)

    @mistake(
        "There is only one head: all E numbers were compared at once. Cut queries, keys and values into H pieces before they are compared."
    )
    def one_head(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, W_O, 1, mask)


def look(
    queries,
    source,
    W_Q,
    W_K,
    W_V,
    W_O,
    H,
    mask,
    cut=lambda x, H: x.unflatten(-1, (H, -1)).transpose(1, 2),
    scale=lambda D, H: D**0.5,
    weigh=lambda scores, may: scores.masked_fill(~may, -torch.inf).softmax(-1),
    join=lambda x: x.transpose(1, 2).flatten(2),
):
    """Multi-head attention, with one place for each mistake."""
    Q, K, V = cut(queries @ W_Q.mT, H), cut(source @ W_K.mT, H), cut(source @ W_V.mT, H)
    scores = Q @ K.mT / scale(Q.shape[-1], H)
    return join(weigh(scores, mask[:, None]) @ V) @ W_O.mT
