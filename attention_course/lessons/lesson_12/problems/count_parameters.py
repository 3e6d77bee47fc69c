import torch

from attention_course.checks.problem import Problem, mistake


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

    any_kind = True

    def inputs(self, generator):
        def drawn(least, most, *sizes):
            return torch.randint(least, most, sizes, generator=generator).tolist()

        yield "one block on each side, of size 8", (3, 2, 8, 5, 1)
        yield "one block on each side", (30, 20, 16, 9, 1)
        yield "more French words than English ones", (20, 50, 8, 16, 2)
        yield "two blocks on each side", (40, 30, 16, 24, 2)
        yield "the translator of the lesson", (5898, 6439, 128, 256, 3)
        yield (
            "four blocks on each side, all sizes drawn at random",
            (*drawn(50, 1000, 2), 8 * drawn(2, 20, 1)[0], *drawn(50, 500, 1), 4),
        )

    def admissible(self, generator):
        english, french, E, F, N = (1 + int(most * torch.rand((), generator=generator)) for most in (99, 99, 4, 40, 5))
        return english, french, 8 * E, F, N  # a size that can be cut into eight heads, for those who build the model

    def answer(english, french, E, F, N):
        attention, feed_forward, norm = 4 * (E * E + E), 2 * E * F + F + E, 2 * E
        reader = attention + feed_forward + 2 * norm
        writer = 2 * attention + feed_forward + 3 * norm
        return (english + french) * E + french + N * (reader + writer) + 2 * norm

    word_biases = "The output has a bias for each word that it can write, `french` in all, and no other word has one."
    biases = "Some biases are missing, or there are too many. A linear map has one for each number that it gives: E in each of an attention's four, F and E in the feed-forward network."
    matrices = "A feed-forward network has two matrices, (F, E) and (E, F)."
    embeddings = "There are two embeddings: `english` vectors of E numbers on the one side, and `french` on the other."
    places = "Positions were counted. Sinusoids are computed, and nothing of them is learned."
    last = "Each of the two stacks ends with one norm, of 2 E numbers. With the norms in front, the last sum needs one of its own."
    norms = "A norm is missing in the blocks, or there is one too many: two in each of the encoder's, one before each part, and three in each of the decoder's."
    norm_sizes = "A norm has a gain and a bias for each of the E numbers: 2 E."
    blocks = "There are `N` blocks on each side: what is in a block counts `N` times, embeddings and last norms do not."
    output = "The output has a matrix of its own in your count. It is tied: words are read off by the matrix that embeds them. Only the bias of the words comes on top."
    heads = "The number of heads makes no difference: they share out the E rows of each matrix."

    @mistake("The decoder's cross-attention is missing: each of its blocks has two attentions and three norms.")
    def no_cross_attention(english, french, E, F, N):
        return count(english, french, E, F, N, looks=1, writer_norms=2)

    @mistake("The decoder's cross-attention is missing, and its norm is there: each of the blocks has two attentions.")
    def norm_without_cross_attention(english, french, E, F, N):
        return count(english, french, E, F, N, looks=1)

    @mistake("The encoder's blocks have one attention each: only a decoder looks at two things.")
    def encoder_as_decoder(english, french, E, F, N):
        return count(english, french, E, F, N, reader_looks=2, reader_norms=3)

    @mistake(
        "For every block of the decoder 2 E numbers are missing: its third norm, before the cross-attention, if not the last biases of the feed-forward networks, E on either side."
    )
    def a_norm_missing(english, french, E, F, N):
        return count(english, french, E, F, N, writer_norms=2)

    @mistake(norms)
    def three_norms_everywhere(english, french, E, F, N):
        return count(english, french, E, F, N, reader_norms=3)

    @mistake(norms)
    def one_norm_everywhere(english, french, E, F, N):
        return count(english, french, E, F, N, reader_norms=1, writer_norms=1)

    @mistake(norms)
    def one_norm_too_few(english, french, E, F, N):
        return count(english, french, E, F, N, reader_norms=1, writer_norms=2)

    @mistake(norms)
    def no_norms_in_the_blocks(english, french, E, F, N):
        return count(english, french, E, F, N, reader_norms=0, writer_norms=0)

    @mistake("The norms are missing. Each has a gain and a bias, 2 E numbers.")
    def no_norms(english, french, E, F, N):
        return count(english, french, E, F, N, norm=0)

    @mistake("The biases of the linear maps are missing. Each of them adds as many numbers as it gives.")
    def no_biases(english, french, E, F, N):
        return count(english, french, E, F, N, bias=0, feed_bias=(0, 0))

    @mistake("All biases are missing, those of the linear maps and those of the words.")
    def no_biases_at_all(english, french, E, F, N):
        return count(english, french, E, F, N, bias=0, feed_bias=(0, 0)) - french

    @mistake(biases)
    def attention_without_biases(english, french, E, F, N):
        return count(english, french, E, F, N, bias=0)

    @mistake(biases)
    def attention_with_one_bias(english, french, E, F, N):
        return count(english, french, E, F, N, bias=0.25)

    @mistake(biases)
    def output_of_attention_without_bias(english, french, E, F, N):
        return count(english, french, E, F, N, bias=0.75)

    @mistake(biases)
    def feed_forward_without_biases(english, french, E, F, N):
        return count(english, french, E, F, N, feed_bias=(0, 0))

    @mistake(biases)
    def first_feed_forward_bias_missing(english, french, E, F, N):
        return count(english, french, E, F, N, feed_bias=(0, 1))

    @mistake(biases)
    def both_feed_forward_biases_wide(english, french, E, F, N):
        return count(english, french, E, F, N, feed_bias=(2, 0))

    @mistake(biases)
    def both_feed_forward_biases_narrow(english, french, E, F, N):
        return count(english, french, E, F, N, feed_bias=(0, 2))

    @mistake(matrices)
    def one_feed_forward_matrix(english, french, E, F, N):
        return count(english, french, E, F, N, feed=1)

    @mistake(matrices)
    def one_feed_forward_layer(english, french, E, F, N):
        return count(english, french, E, F, N, feed=1, feed_bias=(1, 0))

    @mistake(matrices)
    def square_feed_forward_matrix(english, french, E, F, N):
        return count(english, french, E, F, N) + 2 * N * (F * F - E * F)

    @mistake("The decoder's feed-forward networks are missing: every block has one.")
    def feed_forward_on_one_side(english, french, E, F, N):
        return count(english, french, E, F, N) - N * (2 * E * F + E + F)

    @mistake(last)
    def no_last_norms(english, french, E, F, N):
        return count(english, french, E, F, N, last=0)

    @mistake(last)
    def one_last_norm(english, french, E, F, N):
        return count(english, french, E, F, N, last=1)

    @mistake(last)
    def last_norms_in_every_block(english, french, E, F, N):
        return count(english, french, E, F, N, last=2 * N)

    @mistake(norm_sizes)
    def half_a_norm(english, french, E, F, N):
        return count(english, french, E, F, N, norm=1)

    @mistake(norm_sizes)
    def two_numbers_a_norm(english, french, E, F, N):
        return count(english, french, E, F, N, norm=2 / E)

    @mistake(output)
    def untied(english, french, E, F, N):
        return count(english, french, E, F, N) + french * E

    @mistake(output)
    def untied_without_bias(english, french, E, F, N):
        return count(english, french, E, F, N) + french * E - french

    @mistake("The bias of the output is missing, one number for each word that can be written.")
    def no_word_bias(english, french, E, F, N):
        return count(english, french, E, F, N) - french

    @mistake(word_biases)
    def bias_for_english_words(english, french, E, F, N):
        return count(english, french, E, F, N) - french + english

    @mistake(word_biases)
    def bias_for_all_words(english, french, E, F, N):
        return count(english, french, E, F, N) + english

    @mistake(word_biases)
    def bias_of_size_e(english, french, E, F, N):
        return count(english, french, E, F, N) - french + E

    @mistake(word_biases)
    def one_bias_for_all_words(english, french, E, F, N):
        return count(english, french, E, F, N) - french + 1

    @mistake("The embeddings are missing. They are learned as well: E numbers for each word of either side.")
    def no_embeddings(english, french, E, F, N):
        return count(english, french, E, F, N) - (english + french) * E

    @mistake(embeddings)
    def english_embedding_alone(english, french, E, F, N):
        return count(english, french, E, F, N) - french * E

    @mistake(embeddings)
    def french_embedding_alone(english, french, E, F, N):
        return count(english, french, E, F, N) - english * E

    @mistake(embeddings)
    def one_embedding_for_both(english, french, E, F, N):
        return count(english, french, E, F, N) - min(english, french) * E

    @mistake("The matrix that joins the heads, W_O, is missing: an attention has four matrices.")
    def three_matrices(english, french, E, F, N):
        return count(english, french, E, F, N, matrices=3)

    @mistake("Attentions were counted as if each had a single matrix. It has four: W_Q, W_K, W_V and W_O.")
    def one_matrix(english, french, E, F, N):
        return count(english, french, E, F, N, matrices=1)

    @mistake(heads)
    def times_eight_heads(english, french, E, F, N):
        return count(english, french, E, F, N, matrices=32)

    @mistake(heads)
    def times_four_heads(english, french, E, F, N):
        return count(english, french, E, F, N, matrices=16)

    @mistake(blocks)
    def a_single_block(english, french, E, F, N):
        return count(english, french, E, F, 1)

    @mistake(blocks)
    def one_block_more(english, french, E, F, N):
        return count(english, french, E, F, N + 1)

    @mistake(blocks)
    def everything_n_times(english, french, E, F, N):
        return N * count(english, french, E, F, 1)

    @mistake(blocks)
    def blocks_shared_out(english, french, E, F, N):
        return count(english, french, E, F, N / 2)

    @mistake("The decoder is missing: it has `N` blocks of its own, with two attentions each.")
    def encoder_alone(english, french, E, F, N):
        return count(english, french, E, F, N, looks=0, writer_norms=0) - N * (2 * E * F + E + F)

    @mistake(places)
    def positions_of_one_side(english, french, E, F, N):
        return count(english, french, E, F, N) + 512 * E

    @mistake(places)
    def positions_of_both_sides(english, french, E, F, N):
        return count(english, french, E, F, N) + 1024 * E

    @mistake(places)
    def positions_of_a_long_table(english, french, E, F, N):
        return count(english, french, E, F, N) + 5000 * E


def count(
    english, french, E, F, N, *, looks=2, writer_norms=3, reader_looks=1, reader_norms=2, bias=1, feed=2, feed_bias=(1, 1),
    last=2, norm=2, matrices=4,
):  # fmt: skip
    """The count, with one place for each mistake."""
    attention, norm = matrices * (E * E + bias * E), norm * E
    feed_forward = feed * E * F + feed_bias[0] * F + feed_bias[1] * E
    reader = reader_looks * attention + feed_forward + reader_norms * norm
    writer = looks * attention + feed_forward + writer_norms * norm
    return (english + french) * E + french + N * (reader + writer) + last * norm
