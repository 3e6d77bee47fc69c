import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.session import neutral
from attention_course.checks.watching import watch


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
        def drawn(B, L, S, H, D):
            x, words = (torch.randn(B, n, H * D, generator=generator) for n in (L, S))
            W = [torch.randn(H * D, H * D, generator=generator) * 1.5 / (H * D) ** 0.5 for _ in range(4)]
            return x, words, *W, H

        def everything(x, words, *others):
            return x, words, *others, torch.ones(len(x), x.shape[1], words.shape[1]).bool()

        def some(x, words, *others):
            mask = torch.rand(len(x), x.shape[1], words.shape[1], generator=generator) < 0.6
            mask[..., 0] = True
            mask[:, -1, -1] = False
            return x, words, *others, mask

        def far_below_zero(mask, H, D):  # scores from −60 to −40
            mask = torch.tensor(mask).bool()
            x, words, W_Q, W_K, *others = drawn(*mask.shape, H, D)
            x, words, W_Q, W_K = (1 + 0.05 * torch.rand(y.shape, generator=generator) for y in (x, words, W_Q, W_K))
            size = H * D
            return 48 * x / size**2 / D**0.5, -words, W_Q, W_K, *others, mask

        yield "a single head and a single word to look at, so that the weight is 1", everything(*drawn(1, 1, 1, 1, 2))
        yield "two heads and a single word to look at", everything(*drawn(1, 1, 1, 2, 2))
        yield "two queries and a single word to look at", everything(*drawn(1, 2, 1, 2, 2))
        yield "two heads of three numbers, four queries and four words", everything(*drawn(1, 4, 4, 2, 3))
        yield "two heads of three numbers, four queries and five words", everything(*drawn(1, 4, 5, 2, 3))
        yield "two words to look at, and all sizes one", everything(*drawn(1, 1, 2, 1, 1))
        yield "scores far below zero, and one word of three to look at", far_below_zero([[[0, 1, 0]]], 1, 2)
        yield "scores far below zero, two heads and a mask", far_below_zero([[[0, 1, 0], [1, 0, 0]]], 2, 2)
        yield "a mask", some(*drawn(1, 3, 4, 2, 2))
        yield "as many sentences as heads, with a mask", some(*drawn(2, 3, 4, 2, 3))
        yield "four sentences, three heads, a mask", some(*drawn(4, 3, 5, 3, 2))

    def admissible(self, generator):
        B, L, S, H, D = (int(n) for n in torch.randint(1, 5, (5,), generator=generator))

        def drawn(*sizes):  # in eighths: sums are nearly exact, and some words are equal
            return (8 * torch.randn(sizes, generator=generator)).round() / 8

        x = 4.0 ** torch.randint(-1, 2, (1,), generator=generator) * drawn(B, L, H * D)
        W = [drawn(H * D, H * D) / 2 ** round((H * D) ** 0.5 / 2) for _ in range(4)]
        mask = torch.rand(B, L, S, generator=generator) < torch.rand(B, L, 1, generator=generator) + 0.2
        mask = mask.scatter(2, torch.randint(0, S, (B, L, 1), generator=generator), True)
        return x, drawn(B, S, H * D), *W, H, mask

    def answer(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        def cut(x):
            return x.unflatten(-1, (H, -1)).transpose(1, 2)  # (B, H, words, D)

        Q, K, V = cut(queries @ W_Q.mT), cut(source @ W_K.mT), cut(source @ W_V.mT)
        scores = Q @ K.mT / Q.shape[-1] ** 0.5  # (B, H, L, S)
        weights = scores.masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return (weights @ V).transpose(1, 2).flatten(2) @ W_O.mT

    def disobeys(self, answer):
        def steps(H):
            sizes = (2, 3, 32), (2, 5, 32), *[(32, 32)] * 4
            with neutral():
                return watch(answer, (*(torch.full(s, 0.1) for s in sizes), H, torch.ones(2, 3, 5).bool())).steps

        if steps(16) > steps(2) + 10:
            return "But your code loops over the heads. Cut the last axis, bring the heads in front of the words, and to the product they are one more batch."
        return None

    wrong_number = "The scores were divided by the root of another number, of heads or of words. It is √D, D being the size of the vectors that are compared in a head."
    wrong_way_round = "The mask is the wrong way round. True means: may attend, so fill where it is False. What you have is right for nn.MultiheadAttention."
    not_low_enough = "Forbidden scores were set to zero, or to a number not low enough. Zero or −10 is a score like any other, and those allowed may lie below it; only −inf gives a weight of zero."
    sentences_for_heads = "Sentences were taken for heads where the mask was laid on: in (B, H, L, S) it needs an axis of one behind the batch, mask[:, None]."
    torn = (
        "The heads were cut by a reshape straight to (B, H, words, D), which has the right shape and tears the words apart. Cut the last axis, then "
        "transpose."
    )
    crosswise = "Heads and numbers have changed places where the last axis was cut or joined. The D numbers of a head lie side by side: (H, D), not (D, H)."
    transposed = "A matrix was applied the wrong way round. Here as in nn.Linear a matrix W acts on rows as x @ W.mT."
    single = "There is only one head: all E numbers were compared at once. Cut queries, keys and values into H pieces before they are compared."

    @mistake(
        "The scores were divided by √E. What is compared in a head has D = E / H numbers, and it is their products that are added up: √D. With √E the "
        "weights of many heads are too flat."
    )
    def scaled_by_the_whole_size(*arguments):
        return look(*arguments, scale=lambda Q, K: (Q.shape[1] * Q.shape[-1]) ** 0.5)

    @mistake("The scale is missing. Divide the scores by √D, D being the size of a head.")
    def without_scale(*arguments):
        return look(*arguments, scale=lambda Q, K: 1)

    @mistake("The scores were divided by D in all, and not by its root.")
    def divided_by_the_size(*arguments):
        return look(*arguments, scale=lambda Q, K: Q.shape[-1])

    @mistake("The scores were multiplied by √D. Divide, to make up for the D products that are added up.")
    def multiplied_by_the_root(*arguments):
        return look(*arguments, scale=lambda Q, K: Q.shape[-1] ** -0.5)

    @mistake(wrong_number)
    def scaled_by_the_heads(*arguments):
        return look(*arguments, scale=lambda Q, K: Q.shape[1] ** 0.5)

    @mistake(wrong_number)
    def scaled_by_the_words(*arguments):
        return look(*arguments, scale=lambda Q, K: K.shape[2] ** 0.5)

    @mistake("The weights were divided after the softmax, and no longer sum to one. Divide the scores, before it.")
    def scaled_after_the_softmax(queries, source, W_Q, *others):
        head_size = len(W_Q) // others[-2]
        scale = head_size**0.5
        return look(queries, source, W_Q * scale, *others) / scale

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

    @mistake("The softmax ran over the sentences of the batch. For each query the weights sum to one over the source.")
    def softmax_over_the_sentences(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(~may, -1e9).softmax(0))

    @mistake(
        "The softmax ran over everything, sentences, heads and queries too. For each query in each head the weights sum to one."
    )
    def softmax_over_everything(*arguments):
        return look(
            *arguments,
            weigh=lambda scores, may: scores.masked_fill(~may, -torch.inf).flatten().softmax(-1).view_as(scores),
        )

    @mistake("The softmax is missing: the scores themselves were taken for weights.")
    def without_softmax(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores * may)

    @mistake("The weights do not sum to one: the exponentials of the scores were not divided by their sum.")
    def not_normalised(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.exp() * may)

    @mistake(wrong_way_round)
    def mask_inverted(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(may, -torch.inf).softmax(-1))

    @mistake(wrong_way_round)
    def mask_inverted_with_a_finite_number(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(may, -1e9).softmax(-1))

    @mistake(wrong_way_round)
    def mask_inverted_and_empty_rows_zero(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(may, -torch.inf).softmax(-1).nan_to_num())

    @mistake(
        "The weights were masked after the softmax. What is forbidden had then taken its share, and the rest no longer sums to one. Mask the scores, with "
        "−inf, before it."
    )
    def masked_afterwards(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.softmax(-1) * may)

    @mistake(not_low_enough)
    def score_zero(*arguments):
        return look(*arguments, weigh=lambda scores, may: (scores * may).softmax(-1))

    @mistake(not_low_enough)
    def score_minus_ten(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(~may, -10).softmax(-1))

    @mistake("The mask was added to the scores. That lifts what is allowed by one, and leaves the rest in the game.")
    def mask_added(*arguments):
        return look(*arguments, weigh=lambda scores, may: (scores + may).softmax(-1))

    @mistake("The mask has not been used.")
    def without_mask(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.softmax(-1))

    @mistake(sentences_for_heads)
    def mask_without_an_axis(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(~may.squeeze(1), -torch.inf).softmax(-1))

    @mistake(sentences_for_heads)
    def mask_repeated_heads_outside(*arguments):
        def weigh(scores, may):
            may = may.repeat(scores.shape[1], 1, 1, 1).view_as(scores)
            return scores.masked_fill(~may, -torch.inf).softmax(-1)

        return look(*arguments, weigh=weigh)

    @mistake("One sentence's mask was used for all of them.")
    def mask_of_the_first_sentence(*arguments):
        return look(*arguments, weigh=lambda scores, may: scores.masked_fill(~may[:1], -torch.inf).softmax(-1))

    @mistake(torn)
    def cut_by_reshape(*arguments):
        return look(*arguments, cut=lambda x, H: x.reshape(len(x), H, x.shape[1], -1))

    @mistake(torn)
    def cut_and_joined_by_reshape(*arguments):
        return look(
            *arguments,
            cut=lambda x, H: x.reshape(len(x), H, x.shape[1], -1),
            join=lambda x: x.reshape(len(x), x.shape[2], -1),
        )

    @mistake(
        "The heads were joined by a reshape straight from (B, H, L, D), which puts heads of different words side by side. Transpose back to "
        "(B, L, H, D) first, then flatten."
    )
    def joined_by_reshape(*arguments):
        return look(*arguments, join=lambda x: x.reshape(len(x), x.shape[2], -1))

    @mistake(crosswise)
    def cut_crosswise(*arguments):
        return look(*arguments, cut=lambda x, H: x.unflatten(-1, (-1, H)).permute(0, 3, 1, 2))

    @mistake(crosswise)
    def heads_of_h_numbers(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, W_O, len(W_O) // H, mask)

    @mistake(crosswise)
    def joined_crosswise(*arguments):
        return look(*arguments, join=lambda x: x.permute(0, 2, 3, 1).flatten(2))

    @mistake(crosswise)
    def cut_and_joined_crosswise(*arguments):
        return look(
            *arguments,
            cut=lambda x, H: x.unflatten(-1, (-1, H)).permute(0, 3, 1, 2),
            join=lambda x: x.permute(0, 2, 3, 1).flatten(2),
        )

    @mistake(
        "The product with W_O is missing: c' = W_O [c_1, …, c_H]. Without it no output number sees more than one head."
    )
    def without_output_matrix(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, torch.eye(len(W_O)), H, mask)

    @mistake(
        "The heads have not been joined: (B, H, L, D). Bring them back behind the words, side by side, and apply W_O."
    )
    def not_joined(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        together = MultiHead.without_output_matrix(queries, source, W_Q, W_K, W_V, W_O, H, mask)
        return together.unflatten(-1, (H, -1)).transpose(1, 2)

    @mistake("W_O was applied the wrong way round. Here as in nn.Linear a matrix W acts on rows as x @ W.mT.")
    def output_matrix_transposed(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, W_O.mT, H, mask)

    @mistake("The matrices were applied the wrong way round. Here as in nn.Linear a matrix W acts on rows as x @ W.mT.")
    def all_matrices_transposed(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q.mT, W_K.mT, W_V.mT, W_O.mT, H, mask)

    @mistake(transposed)
    def three_matrices_transposed(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q.mT, W_K.mT, W_V.mT, W_O, H, mask)

    @mistake(transposed)
    def query_matrix_transposed(queries, source, W_Q, *others):
        return look(queries, source, W_Q.mT, *others)

    @mistake(transposed)
    def key_matrix_transposed(queries, source, W_Q, W_K, *others):
        return look(queries, source, W_Q, W_K.mT, *others)

    @mistake(transposed)
    def value_matrix_transposed(queries, source, W_Q, W_K, W_V, *others):
        return look(queries, source, W_Q, W_K, W_V.mT, *others)

    @mistake("W_V is missing: what is handed over is W_V times what is looked at.")
    def values_as_they_are(queries, source, W_Q, W_K, W_V, *others):
        return look(queries, source, W_Q, W_K, torch.eye(len(W_V)), *others)

    @mistake("The keys took the values' place: what is handed over has a matrix of its own, W_V.")
    def keys_for_values(queries, source, W_Q, W_K, W_V, *others):
        return look(queries, source, W_Q, W_K, W_K, *others)

    @mistake("W_K and W_V have changed places: keys are compared with the queries, values are averaged.")
    def keys_and_values_swapped(queries, source, W_Q, W_K, W_V, *others):
        return look(queries, source, W_Q, W_V, W_K, *others)

    @mistake("W_Q and W_K have changed places: the query is W_Q times what asks, the key W_K times what is looked at.")
    def queries_and_keys_swapped(queries, source, W_Q, W_K, *others):
        return look(queries, source, W_K, W_Q, *others)

    @mistake("The source has not been used. Keys and values are made of it, and only the queries of `queries`.")
    def source_unused(queries, source, *others):
        return look(queries, queries, *others)

    @mistake("Queries and source have changed places: what asks is `queries`, and there is a row of output for each.")
    def source_asks(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(source, queries, W_Q, W_K, W_V, W_O, H, mask.mT)

    @mistake(single)
    def one_head(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, W_O, 1, mask)

    @mistake(single)
    def one_head_with_the_scale_of_many(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        return look(queries, source, W_Q, W_K, W_V, W_O, 1, mask, scale=lambda Q, K: (Q.shape[-1] / H) ** 0.5)

    @mistake("The output is right, but the weights came with it. Return the output alone.")
    def weights_returned_as_well(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        Q, K = cut(queries @ W_Q.mT, H), cut(source @ W_K.mT, H)
        weights = (Q @ K.mT / Q.shape[-1] ** 0.5).masked_fill(~mask[:, None], -torch.inf).softmax(-1)
        return look(queries, source, W_Q, W_K, W_V, W_O, H, mask), weights


def cut(x, H):
    """The last axis cut into heads, which come in front of the words."""
    return x.unflatten(-1, (H, -1)).transpose(1, 2)


def look(
    queries,
    source,
    W_Q,
    W_K,
    W_V,
    W_O,
    H,
    mask,
    cut=cut,
    scale=lambda Q, K: Q.shape[-1] ** 0.5,
    weigh=lambda scores, may: scores.masked_fill(~may, -torch.inf).softmax(-1),
    join=lambda x: x.transpose(1, 2).flatten(2),
):
    """Multi-head attention, with one place for each mistake."""
    Q, K, V = cut(queries @ W_Q.mT, H), cut(source @ W_K.mT, H), cut(source @ W_V.mT, H)
    return join(weigh(Q @ K.mT / scale(Q, K), mask[:, None]) @ V) @ W_O.mT
