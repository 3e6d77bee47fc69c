import torch

from attention_course.checks.problem import Problem, mistake


class Summary(Problem):
    """Eq. (4) for a padded batch: the last state of each of two GRUs."""

    hints = (
        "Which place of from_left has read all the words and no padding? Which place of from_right?",
        "The first place of from_right serves all sentences. From from_left each sentence needs another place: index it with two vectors of "
        "length B, the row and the place.",
        "last = from_left[torch.arange(len(lengths)), lengths - 1], and then torch.cat([last, from_right[:, 0]], -1).",
    )
    praise = "This is the whole of what the decoder will ever know of the sentence, however long it was."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one sentence of one word", (randn(1, 1, 2), randn(1, 1, 2), torch.tensor([1]))
        yield "one sentence of three words", (randn(1, 3, 2), randn(1, 3, 2), torch.tensor([3]))
        yield "two sentences of three words", (randn(2, 3, 2), randn(2, 3, 2), torch.tensor([3, 3]))
        yield "a sentence of two words and two places of padding", (randn(1, 4, 2), randn(1, 4, 2), torch.tensor([2]))
        yield "a sentence of two words and one of three", (randn(2, 3, 2), randn(2, 3, 2), torch.tensor([2, 3]))
        yield (
            "four sentences of one to five words in six places",
            (randn(4, 6, 3), randn(4, 6, 3), torch.tensor([4, 1, 5, 2])),
        )

    def admissible(self, generator):
        batch, places, size = torch.randint(1, 6, (3,), generator=generator).tolist()
        lengths = torch.randint(1, places + 1, (batch,), generator=generator)
        from_left, from_right = 3 * torch.randn(2, batch, places, size, generator=generator)
        return from_left, from_right, lengths

    def answer(from_left, from_right, lengths):
        last = from_left[torch.arange(len(lengths)), lengths - 1]  # (B, H)
        return torch.cat([last, from_right[:, 0]], -1)

    @mistake(
        "The GRU that reads from the left was asked at the last place of the row. In a shorter sentence that is padding, which it has read as if it were "
        "words, and c then depends on how long the other sentences of the batch are."
    )
    def last_place_of_the_row(from_left, from_right, lengths):
        return torch.cat([from_left[:, -1], from_right[:, 0]], -1)

    @mistake(
        "The GRU that reads from the right was asked at the last place. It began there: at that place it has read one word, or padding. It has read the "
        "whole sentence when it comes to the first."
    )
    def right_reader_at_the_end(from_left, from_right, lengths):
        rows = torch.arange(len(lengths))
        return torch.cat([from_left[rows, lengths - 1], from_right[:, -1]], -1)

    @mistake(
        "The GRU that reads from the right was asked at the last word. It began there and has read nothing else. It has read the whole sentence when it "
        "comes to the first."
    )
    def right_reader_at_the_last_word(from_left, from_right, lengths):
        rows = torch.arange(len(lengths))
        return torch.cat([from_left[rows, lengths - 1], from_right[rows, lengths - 1]], -1)

    @mistake(
        "Both GRUs were asked at the place where they began. Each of them has read one word there; take the place where it ends."
    )
    def both_where_they_begin(from_left, from_right, lengths):
        return torch.cat([from_left[:, 0], from_right[torch.arange(len(lengths)), lengths - 1]], -1)

    @mistake("The halves have changed places: the state of the GRU that reads from the left comes first.")
    def halves_swapped(from_left, from_right, lengths):
        return Summary.answer(from_left, from_right, lengths).roll(from_left.shape[-1], -1)

    @mistake(
        "That is one place too far. Counting begins at zero: the last of n words stands at place n − 1, and behind it is padding, or the "
        "end of the row."
    )
    def one_too_far(from_left, from_right, lengths):
        return torch.cat([from_left[torch.arange(len(lengths)), lengths], from_right[:, 0]], -1)

    one_for_all = "One place was taken for all sentences. Each has its own last word: index with two vectors, the rows and the places."

    @mistake(one_for_all)
    def place_of_the_first_sentence(from_left, from_right, lengths):
        return torch.cat([from_left[:, lengths[0] - 1], from_right[:, 0]], -1)

    @mistake(one_for_all)
    def place_of_the_longest_sentence(from_left, from_right, lengths):
        return torch.cat([from_left[:, lengths.max() - 1], from_right[:, 0]], -1)

    @mistake(
        "That is the mean over all places, padding among them. Asked for is the usual q of Eq. (4): the state in which each GRU ends."
    )
    def mean_of_all_places(from_left, from_right, lengths):
        return torch.cat([from_left, from_right], -1).mean(1)

    @mistake(
        "That is the mean over the words. It is a q, too, but asked for is the usual one of Eq. (4): the state in which each GRU ends."
    )
    def mean_of_the_words(from_left, from_right, lengths):
        real = torch.arange(from_left.shape[1]) < lengths[:, None]
        return (torch.cat([from_left, from_right], -1) * real[..., None]).sum(1) / lengths[:, None]

    @mistake("The two states were added. Joined, each keeps its own H numbers: c has the shape (B, 2H).")
    def added(from_left, from_right, lengths):
        return from_left[torch.arange(len(lengths)), lengths - 1] + from_right[:, 0]

    @mistake(
        "Only the GRU that reads from the left was asked. Behind its state comes the other's: c has the shape (B, 2H)."
    )
    def left_reader_alone(from_left, from_right, lengths):
        return from_left[torch.arange(len(lengths)), lengths - 1]

    @mistake(
        "The two states were joined along the batch, one sentence below the other. Join them along the last axis: (B, 2H)."
    )
    def joined_along_the_batch(from_left, from_right, lengths):
        return torch.cat([from_left[torch.arange(len(lengths)), lengths - 1], from_right[:, 0]], 0)

    @mistake(
        "Of the GRU that reads from the left the mean over the words was taken. Asked for is the state in which it ends."
    )
    def mean_of_the_left_reader(from_left, from_right, lengths):
        real = torch.arange(from_left.shape[1]) < lengths[:, None]
        return torch.cat([(from_left * real[..., None]).sum(1) / lengths[:, None], from_right[:, 0]], -1)
