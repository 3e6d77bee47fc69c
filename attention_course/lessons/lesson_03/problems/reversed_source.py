from attention_course.checks.problem import Choice


class ReversedSource(Choice):
    """Where the line of the lesson's figure lies if one reader, from right to left, has all the numbers."""

    hints = (
        "The lesson's h / 2 + x forgets at a fixed pace. A GRU has an update gate; who decides what it keeps?",
        "The loss counts every French word, those that translate the end of the sentence too. And now only this reader can have kept them.",
        "Suppose that a vector told you all the words of a sentence and nothing about their order. Which places would be hardest to fill?",
    )
    right = "D"
    praise = (
        "One reader does nearly what two did. Before any training its line does fall, as recency would have it; trained, it has learned to "
        "keep the end of the sentence as well. The cells below show both."
    )
    replies = {
        "A": "So it lies before training, and so it would lie for a reader that forgets at a fixed pace, as h / 2 + x does. But the loss asks "
        "for the end of the sentence too, nobody else has read it, and a GRU can learn to keep what is old. The cells below show both lines.",
        "B": "That would suit an untrained reader that goes from left to right. This one has read the first word last, and its first words "
        "are among the best.",
        "C": "Even a vector that told all the words of a sentence, and nothing about their order, would give no flat line: the first and the "
        "last places can be guessed from the words better than those between.",
    }
