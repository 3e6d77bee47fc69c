import numpy as np
import torch

from attention_course.checks.comparing import plain
from attention_course.checks.problem import Problem, mistake
from attention_course.checks.session import neutral
from attention_course.checks.watching import watch


class BatchRelate(Problem):
    """Eqs. (15)-(17) for a batch of sentences, with padding, without a loop."""

    hints = (
        "Every word meets every word of its own sentence: the sums have four axes, (B, L, L, D). Which of the two axes of words is the query's?",
        "asking = x @ W_Q gets an axis of one behind its words, asked = x @ W_K one before them. The mask says which words are real; as keys "
        "they stand on the last axis of the scores.",
        "scores = torch.tanh(asking.unsqueeze(2) + asked.unsqueeze(1)) @ u; then scores.masked_fill(~real.unsqueeze(1), float('-inf')), "
        "softmax(-1), and weights @ V.",
    )
    praise = (
        "That is the whole of the layer. Its three axes of size L, L and D are why it is seldom built for long texts."
    )

    def inputs(self, generator):
        def drawn(*sizes):  # nothing near zero, lest two mistakes look alike
            return (0.5 + torch.rand(sizes, generator=generator)) * (
                1 - 2 * (torch.rand(sizes, generator=generator) < 0.5)
            )

        def sized(B, L, E, D, D_v, real=None):
            real = torch.ones(B, L).bool() if real is None else torch.tensor(real).bool()
            return drawn(B, L, E), drawn(B, L, D_v), drawn(E, D), drawn(E, D), 2 * drawn(D), real

        def far_below_zero(L, D_v, real):  # scores from -42 to -58; that of a vector of zeros is lower still
            x = 1.5 + torch.rand(1, L, 1, generator=generator)
            W_Q, W_K, u = torch.tensor([[1.0]]), torch.tensor([[-0.25]]), torch.tensor([-60.0])
            return x, drawn(1, L, D_v), W_Q, W_K, u, torch.tensor(real).bool()

        yield "a sentence of one word, so that the weight is 1", sized(1, 1, 1, 1, 1)
        yield "two words of one number each", sized(1, 2, 1, 1, 1)
        yield "two words, and all sizes alike", sized(1, 2, 2, 2, 2)
        yield "one sentence of three words", sized(1, 3, 3, 2, 4)
        yield "a word between two of padding, scores far below zero", far_below_zero(3, 1, [[0, 1, 0]])
        yield "two words and two of padding, scores far below zero", far_below_zero(4, 2, [[1, 0, 1, 0]])
        yield "two words and one of padding", sized(1, 3, 1, 1, 1, [[1, 1, 0]])
        yield "as many sentences as words, padding anywhere", sized(3, 3, 2, 3, 1, [[1, 0, 0], [1, 1, 1], [0, 1, 1]])
        padded = [[1, 1, 1, 1], [0, 0, 1, 1], [1, 0, 1, 1]]
        yield "three sentences of four words, padding anywhere", sized(3, 4, 3, 5, 2, padded)

    def admissible(self, generator):
        B, L, E, D, D_v = (int(n) for n in torch.randint(1, 5, (5,), generator=generator))

        def drawn(*sizes):  # up to sizes of ten, in eighths: sums are exact, and some words are equal
            size = 4.0 ** torch.randint(-1, 2, (1,), generator=generator)
            return (8 * size * torch.randn(sizes, generator=generator)).round() / 8

        real = torch.rand(B, L, generator=generator) < torch.rand(B, 1, generator=generator) + 0.2
        real[torch.arange(B), torch.randint(0, L, (B,), generator=generator)] = True
        return drawn(B, L, E), torch.randn(B, L, D_v, generator=generator), drawn(E, D), drawn(E, D), drawn(D), real

    def answer(x, V, W_Q, W_K, u, real):
        asking, asked = x @ W_Q, x @ W_K  # (B, L, D) each
        scores = torch.tanh(asking.unsqueeze(2) + asked.unsqueeze(1)) @ u  # (B, L, L): who asks, who is asked
        weights = scores.masked_fill(~real.unsqueeze(1), float("-inf")).softmax(-1)
        return weights @ V

    def run(self, answer, x, V, W_Q, W_K, u, real):
        """The contexts, with zeros where padding asks: what it gets does not matter."""
        padding = ~torch.as_tensor(real)
        contexts = answer(x, V, W_Q, W_K, u, real)
        found = contexts.cpu() if isinstance(contexts, torch.Tensor) else plain(contexts)
        found = torch.from_numpy(found) if isinstance(found, np.ndarray) else found
        if not isinstance(found, torch.Tensor) or found.shape[:2] != padding.shape:
            return contexts
        return found.masked_fill(padding.view(*padding.shape, *[1] * (found.ndim - 2)), 0)

    def disobeys(self, answer):
        def steps(B, L, D):
            sizes = (B, L, 4), (B, L, 5), (4, D), (4, D), (D,)
            with neutral():
                return watch(answer, (*map(torch.ones, sizes), torch.ones(B, L).bool())).steps

        if max(steps(15, 3, 14), steps(2, 15, 2)) > steps(2, 3, 2) + 10:
            return "But your code loops: the larger its arguments, the more steps it takes. Let all pairs of words of all sentences meet in one array, (B, L, L, D)."
        return None

    changed_places = (
        "Who asks and who is asked have changed places: W_Q belongs to the word that asks, and W_K to the one that is asked, which stands on the last axis "
        "of the scores."
    )
    inverted = "The mask is the wrong way round: True stands for a word that is there, and may be asked."
    not_low_enough = "Padding was given a score that is not low enough. Zero or −10 is a score like any other, and those of real words may lie below it: fill with −inf."
    dot_product = (
        "That is a dot product of the two words. The score of Eq. (15) is additive: a tanh of their sum, and then u."
    )
    other_bend = "Another function stands in the place of the tanh."
    same_matrix = "Both sides went through the same matrix. The word that asks goes through W_Q, the one that is asked through W_K."
    made_zero = "Padding's vectors were set to zero, and asked all the same: a vector of zeros has a score like any other. Mask the scores."

    @mistake(changed_places)
    def matrices_swapped(x, V, W_Q, W_K, u, real):
        return related(x, V, W_K, W_Q, u, real)

    @mistake(
        "Softmax ran over the words that ask. Every word that asks has a distribution of its own over those asked: the last axis, when queries come first."
    )
    def softmax_over_queries(*arguments):
        return related(*arguments, share=lambda scores: scores.softmax(1))

    @mistake("Softmax ran over the sentences of the batch, so that they share what each should have for itself.")
    def softmax_over_sentences(*arguments):
        return related(*arguments, share=lambda scores: scores.softmax(0))

    @mistake("Softmax ran over all pairs of words at once. Every word that asks has a distribution of its own.")
    def softmax_over_pairs(*arguments):
        return related(*arguments, share=lambda scores: scores.flatten(1).softmax(-1).view_as(scores))

    @mistake("The weights do not sum to one: the exponentials of the scores were not divided by their sum.")
    def not_normalised(*arguments):
        return related(*arguments, share=torch.exp)

    @mistake(
        "The exponentials were divided by the sum of another row: a sum over the last axis that does not keep it, (B, L), falls on the wrong axis of (B, L, L)."
    )
    def sum_without_its_axis(*arguments):
        return related(*arguments, share=lambda scores: scores.exp() / scores.exp().sum(-1))

    @mistake("The softmax is missing: the scores themselves were taken for weights.")
    def without_softmax(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores * real, share=lambda scores: scores)

    @mistake("The scores were divided by their sum, where softmax takes exp first. Scores may be negative.")
    def without_exp(*arguments):
        return related(
            *arguments,
            forbid=lambda e, real: e * real,
            share=lambda scores: scores / scores.sum(-1, keepdim=True),
        )

    @mistake(
        "The words x were averaged. In Eq. (17) they make the weights, and what is averaged are the values V, which may be of another size."
    )
    def words_averaged(x, V, *others):
        return related(x, x, *others)

    @mistake("The values V were compared. The words x make the scores of Eq. (15); the values are only averaged.")
    def values_compared(x, V, *others):
        return related(V, V, *others)

    @mistake(
        "The tanh is missing. Without it every word ranks the others alike: what depends on x_t alone is the same for all keys, and softmax drops it."
    )
    def without_tanh(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking + asked) @ u)

    @mistake(
        "The word that asks has no say in these weights, for what depends on x_t alone drops out of the softmax. Take the tanh of the sum x_t W_Q + x_i W_K, "
        "not of each by itself."
    )
    def tanh_of_each(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking.tanh() + asked.tanh()) @ u)

    @mistake("The vector u went into the tanh. In Eq. (15) it stands outside, and adds up D tanhs.")
    def v_inside(*arguments):
        return related(*arguments, score=lambda asking, asked, u: ((asking + asked) @ u).tanh())

    @mistake(other_bend)
    def relu(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking + asked).relu() @ u)

    @mistake(other_bend)
    def sigmoid(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking + asked).sigmoid() @ u)

    @mistake("The two sides were multiplied. In Eq. (15) they are added, and the tanh is taken of the sum.")
    def multiplied(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking * asked).tanh() @ u)

    @mistake(dot_product)
    def dot_products(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking * asked).sum(-1))

    @mistake(dot_product)
    def scaled_dot_products(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking * asked).sum(-1) / len(u) ** 0.5)

    @mistake("The vector u is missing: it says how much each of the D tanhs counts in the score.")
    def without_v(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking + asked).tanh().sum(-1))

    @mistake("The scores were divided by √D. The additive score of Eq. (15) has no scale: that is for dot products.")
    def scaled(*arguments):
        return related(*arguments, score=lambda asking, asked, u: (asking + asked).tanh() @ u / len(u) ** 0.5)

    @mistake(same_matrix)
    def only_the_first_matrix(x, V, W_Q, W_K, u, real):
        return related(x, V, W_K, W_K, u, real)

    @mistake(same_matrix)
    def only_the_second_matrix(x, V, W_Q, W_K, u, real):
        return related(x, V, W_Q, W_Q, u, real)

    @mistake("The matrices were applied the wrong way round. They are (E, D), and act on the last axis as x @ W.")
    def matrices_transposed(x, V, W_Q, W_K, u, real):
        return related(x, V, W_Q.mT, W_K.mT, u, real)

    @mistake(
        "Words that are not there have been asked, and their vectors averaged. `real` must stand on the axis of those that are asked, the last of the scores: "
        "real[:, None, :]."
    )
    def padding_asked(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores)

    @mistake(inverted)
    def mask_inverted(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores.masked_fill(real, -torch.inf))

    @mistake(inverted)
    def mask_inverted_with_a_low_number(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores.masked_fill(real, -1e9))

    @mistake(not_low_enough)
    def score_of_zero(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores * real)

    @mistake(not_low_enough)
    def score_of_minus_ten(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores.masked_fill(~real, -10))

    @mistake("The mask was added to the scores. That lifts real words by one, and leaves padding in the game.")
    def mask_added(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores + real)

    @mistake(
        "Padding took its share of the softmax, and was left out only afterwards, so that the other weights no longer sum to one. Mask the scores, and what "
        "is left shares everything."
    )
    def masked_after_softmax(x, V, W_Q, W_K, u, real):
        return related(x, V * real.unsqueeze(2), W_Q, W_K, u, torch.ones_like(real))

    @mistake(made_zero)
    def padding_made_zero(x, V, W_Q, W_K, u, real):
        return related(x * real.unsqueeze(2), V, W_Q, W_K, u, torch.ones_like(real))

    @mistake(made_zero)
    def padding_and_its_values_made_zero(x, V, W_Q, W_K, u, real):
        return related(x * real.unsqueeze(2), V * real.unsqueeze(2), W_Q, W_K, u, torch.ones_like(real))

    @mistake("Padding was taken to stand at the end. `real` says where it stands, which may be anywhere.")
    def padding_at_the_end(x, V, W_Q, W_K, u, real):
        return related(x, V, W_Q, W_K, u, torch.arange(x.shape[1]) < real.sum(1, keepdim=True))

    @mistake("One sentence's mask was used for all of them.")
    def mask_of_the_first_sentence(x, V, W_Q, W_K, u, real):
        return related(x, V, W_Q, W_K, u, real[:1].expand_as(real))

    @mistake(
        "The mask, (B, L), was laid on the scores, (B, L, L), without an axis for the words that ask, so that sentences were taken for words. Give it one: "
        "real[:, None, :]."
    )
    def mask_without_an_axis(*arguments):
        return related(*arguments, forbid=lambda scores, real: scores.masked_fill(~real.squeeze(1), -torch.inf))

    @mistake("No word was allowed to ask itself. Here it may, as in Eq. (16), where j runs over all words.")
    def itself_masked(*arguments):
        return related(
            *arguments,
            forbid=lambda e, real: e.masked_fill(~real | torch.eye(e.shape[1], dtype=torch.bool), -torch.inf),
        )

    @mistake("A word asked only itself and those before it. In Eq. (16) j runs over all words, later ones too.")
    def later_words_masked(*arguments):
        return related(*arguments, forbid=lambda e, real: e.masked_fill(~(real & (e == e).tril()), -torch.inf))

    @mistake("Words of other sentences have been asked. Every word meets those of its own sentence alone.")
    def whole_batch_asked(x, V, W_Q, W_K, u, real):
        together = (y.flatten(0, 1)[None] for y in (x, V))
        return related(*together, W_Q, W_K, u, real.view(1, -1)).view_as(V)

    @mistake(
        "This is the line for a single sentence. In a batch words stand on the second axis, so the two axes of one belong behind and before that: "
        "asking[:, :, None] + asked[:, None]."
    )
    def line_for_a_single_sentence(x, V, W_Q, W_K, u, real):
        scores = torch.tanh((x @ W_Q)[:, None] + (x @ W_K)[None]) @ u
        return scores.masked_fill(~real[:, None], -torch.inf).softmax(-1) @ V

    @mistake("Every word got the same weight: what comes out is the plain mean of the values, whatever the words say.")
    def plain_mean(*arguments):
        return related(*arguments, score=lambda asking, asked, u: 0 * (asking + asked) @ u)

    @mistake(
        "The weights were used the wrong way round: c_t is the sum over i of a_ti v_i, a row of the weights times V."
    )
    def weights_transposed(*arguments):
        return related(*arguments, share=lambda scores: scores.softmax(-1).mT)

    @mistake("These are the weights. Asked for are the contexts, the averages of V under them.")
    def weights_returned(x, V, *others):
        return related(x, torch.eye(V.shape[1]), *others)

    @mistake("The contexts are right, but the weights came with them. Return the contexts alone.")
    def weights_returned_as_well(x, V, *others):
        return related(x, V, *others), related(x, torch.eye(V.shape[1]), *others)


def related(
    x,
    V,
    W_Q,
    W_K,
    u,
    real,
    score=lambda asking, asked, u: torch.tanh(asking + asked) @ u,
    forbid=lambda scores, real: scores.masked_fill(~real, -torch.inf),
    share=lambda scores: scores.softmax(-1),
):
    """Self-attention, with a place for each mistake. `asking` is (B, L, 1, D), `asked` (B, 1, L, D), `real` (B, 1, L)."""
    scores = score((x @ W_Q).unsqueeze(2), (x @ W_K).unsqueeze(1), u)
    return share(forbid(scores, real.unsqueeze(1))) @ V
