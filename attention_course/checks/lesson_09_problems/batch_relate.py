import torch

from ..problem import Problem, mistake


class BatchRelate(Problem):
    """Eqs. (15)-(17) for a batch of sentences, with padding, without a loop."""

    hints = (
        "Every word meets every word of its own sentence: the sums have four axes, (B, T, T, k). Which of the two axes of words is the query's?",
        "asking = x @ W_2.mT gets an axis of one behind its words, asked = x @ W_1.mT one before them. The mask says which words are real; as keys "
        "they stand on the last axis of the energies.",
        "energies = torch.tanh(asking.unsqueeze(2) + asked.unsqueeze(1)) @ v; then energies.masked_fill(~real.unsqueeze(1), float('-inf')), "
        "softmax(-1), and weights @ h.",
    )
    praise = (
        "That is the whole of the layer. Its three axes of size T, T and k are why it is seldom built for long texts."
    )

    def inputs(self, generator):
        def drawn(sentences, words, size, score_size, value_size, real=None):
            def randn(*sizes):
                return torch.randn(*sizes, generator=generator)

            mask = torch.ones(sentences, words, dtype=torch.bool) if real is None else torch.tensor(real)
            W_1, W_2 = randn(score_size, size), randn(score_size, size)
            return (
                randn(sentences, words, size),
                randn(sentences, words, value_size),
                W_1,
                W_2,
                2 * randn(score_size),
                mask,
            )

        yield "a sentence of one word, so that the weight is 1", drawn(1, 1, 2, 2, 2)
        yield "one sentence of two words", drawn(1, 2, 2, 3, 2)
        yield "one sentence of four words", drawn(1, 4, 3, 2, 4)
        yield "a batch of three sentences", drawn(3, 4, 3, 5, 2)
        padded = [[True, True, True, True], [True, True, False, False], [True, True, True, False]]
        yield "three sentences with padding", drawn(3, 4, 3, 5, 2, padded)

    def answer(x, h, W_1, W_2, v, real):
        asking, asked = x @ W_2.mT, x @ W_1.mT  # (B, T, k) each
        energies = torch.tanh(asking.unsqueeze(2) + asked.unsqueeze(1)) @ v  # (B, T, T): who asks, who is asked
        weights = energies.masked_fill(~real.unsqueeze(1), float("-inf")).softmax(-1)
        return weights @ h

    @mistake("The two matrices have changed places: W_1 belongs to the word that is asked, W_2 to the one that asks.")
    def matrices_swapped(x, h, W_1, W_2, v, real):
        return related(x, h, W_2, W_1, v, real)

    @mistake(
        "Softmax ran over the words that ask. Every word that asks has a distribution of its own over those asked: the last axis, when queries come first."
    )
    def softmax_over_queries(*arguments):
        return related(*arguments, axis=1)

    @mistake(
        "The x were averaged. In Eq. (17) the x_i make the weights, and what is averaged are the h_j, which may be of another size."
    )
    def words_averaged(x, h, *others):
        return related(x, x, *others)

    @mistake(
        "The tanh is missing. Without it every word ranks the others alike: what depends on x_i alone is the same for all keys, and softmax drops it."
    )
    def without_tanh(*arguments):
        return related(*arguments, bend=lambda sums: sums)

    @mistake("The padding was not masked: words that are not there have been asked, and their vectors averaged.")
    def padding_asked(x, h, W_1, W_2, v, real):
        return related(x, h, W_1, W_2, v, torch.ones_like(real))

    @mistake("The mask is the wrong way round: True stands for a word that is there, and may be asked.")
    def mask_inverted(x, h, W_1, W_2, v, real):
        energies = torch.tanh((x @ W_2.mT).unsqueeze(2) + (x @ W_1.mT).unsqueeze(1)) @ v
        return energies.masked_fill(real.unsqueeze(1), float("-inf")).softmax(-1) @ h

    @mistake(
        "Weights were set to zero after the softmax, and no longer sum to one. Mask the energies, so that what is left shares everything."
    )
    def masked_after_softmax(x, h, W_1, W_2, v, real):
        energies = torch.tanh((x @ W_2.mT).unsqueeze(2) + (x @ W_1.mT).unsqueeze(1)) @ v
        return (energies.softmax(-1) * real.unsqueeze(1)) @ h

    @mistake("No word was allowed to ask itself. Here it may, as in Eq. (16), where j runs over all words.")
    def itself_masked(x, h, W_1, W_2, v, real):
        energies = torch.tanh((x @ W_2.mT).unsqueeze(2) + (x @ W_1.mT).unsqueeze(1)) @ v
        energies = energies.masked_fill(~real.unsqueeze(1), float("-inf"))
        return energies.masked_fill(torch.eye(x.shape[1], dtype=torch.bool), float("-inf")).softmax(-1) @ h

    @mistake("These are the weights. Asked for are the contexts, the averages of h under them.")
    def weights_returned(x, h, W_1, W_2, v, real):
        energies = torch.tanh((x @ W_2.mT).unsqueeze(2) + (x @ W_1.mT).unsqueeze(1)) @ v
        return energies.masked_fill(~real.unsqueeze(1), float("-inf")).softmax(-1)


def related(x, h, W_1, W_2, v, real, axis=-1, bend=torch.tanh):
    """Self-attention, with a place for some of the mistakes."""
    energies = bend((x @ W_2.mT).unsqueeze(2) + (x @ W_1.mT).unsqueeze(1)) @ v
    return energies.masked_fill(~real.unsqueeze(1), float("-inf")).softmax(axis) @ h
