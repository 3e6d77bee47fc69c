import torch

from ..problem import Problem, mistake


class CountParameters(Problem):
    """How many numbers a Transformer has to learn."""

    hints = (
        "Count an attention, a feed-forward network and a norm first. How many of each has a block of the encoder, and how many one of the decoder?",
        "An attention has four matrices (E, E) and four biases of E, whatever the number of heads. A feed-forward network has (F, E), F, (E, F) and E. A norm has a gain and "
        "a bias. An encoder's block has one attention and two norms, a decoder's two and three; behind each stack stands one more norm.",
        "attention = 4 * (E * E + E); feed = 2 * E * F + F + E; norm = 2 * E; reader = attention + feed + 2 * norm; writer = 2 * attention + feed + 3 * norm; return "
        "(english + french) * E + french + N * (reader + writer) + 2 * norm.",
    )
    praise = "In the lesson's translators most of these numbers are embeddings: there are many words, and the blocks are small."

    def inputs(self, generator):
        yield "no blocks at all: two embeddings, the bias of the words, two norms", (3, 2, 1, 1, 0)
        yield "no blocks, vectors of four numbers", (30, 20, 4, 8, 0)
        yield "one block on each side, of size 1", (3, 2, 1, 1, 1)
        yield "one block on each side", (30, 20, 4, 8, 1)
        yield "the translator of the lesson", (5898, 6439, 128, 256, 3)
        english, french, E, F = torch.randint(50, 1000, (4,), generator=generator).tolist()
        yield "four blocks on each side, all sizes drawn at random", (english, french, E, F, 4)

    def answer(english, french, E, F, N):
        attention, feed_forward, norm = 4 * (E * E + E), 2 * E * F + F + E, 2 * E
        reader = attention + feed_forward + 2 * norm
        writer = 2 * attention + feed_forward + 3 * norm
        return (english + french) * E + french + N * (reader + writer) + 2 * norm

    @mistake("The decoder's cross-attention is missing: each of its blocks has two attentions and three norms.")
    def no_cross_attention(english, french, E, F, N):
        return count(english, french, E, F, N, looks=1, writer_norms=2)

    @mistake(
        "The decoder's blocks have two attentions, and therefore three norms: the one before the cross-attention is missing."
    )
    def a_norm_missing(english, french, E, F, N):
        return count(english, french, E, F, N, writer_norms=2)

    @mistake("The biases of the linear maps are missing. Each of them adds as many numbers as it gives.")
    def no_biases(english, french, E, F, N):
        return count(english, french, E, F, N, bias=0)

    @mistake("The norm behind each stack is missing: with the norms in front, the last sum needs one of its own.")
    def no_last_norms(english, french, E, F, N):
        return count(english, french, E, F, N, last=0)

    @mistake("A norm has two numbers for each place, a gain and a bias.")
    def half_a_norm(english, french, E, F, N):
        return count(english, french, E, F, N, norm=1)

    @mistake(
        "The output has a matrix of its own in your count. It is tied: words are read off by the matrix that embeds them. Only the bias of the words comes on "
        "top."
    )
    def untied(english, french, E, F, N):
        return count(english, french, E, F, N) + french * E

    @mistake("The bias of the output is missing, one number for each word that can be written.")
    def no_word_bias(english, french, E, F, N):
        return count(english, french, E, F, N) - french

    @mistake("The matrix that joins the heads, W_O, is missing: an attention has four matrices.")
    def three_matrices(english, french, E, F, N):
        return count(english, french, E, F, N, matrices=3)


def count(english, french, E, F, N, looks=2, writer_norms=3, bias=1, last=2, norm=2, matrices=4):
    """The count, with one place for each mistake."""
    attention = matrices * (E * E + bias * E)
    feed_forward, norm = 2 * E * F + bias * (F + E), norm * E
    reader = attention + feed_forward + 2 * norm
    writer = looks * attention + feed_forward + writer_norms * norm
    return (english + french) * E + french + N * (reader + writer) + last * norm
