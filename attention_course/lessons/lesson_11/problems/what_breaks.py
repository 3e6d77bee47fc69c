from attention_course.checks.problem import Choice


class WhatBreaks(Choice):
    """Positions that were counted along the batch."""

    hints = (
        "Write the shapes down: x is (B, L, E). What is x.size(0), and which shape has pe[: x.size(0)].unsqueeze(1)?",
        "(B, 1, E) is added to (B, L, E): what do two words of one sentence get, and what the first words of two sentences?",
    )
    right = "A"
    praise = (
        "It was written for tensors with the words in front, (L, B, E), where it is right. Nothing fails until it is compared with what it should be; "
        "the test for it: a batch of zeros must come back with different rows, and equal sentences."
    )
    replies = {
        "B": "They would, if the first axis were the words, as in PyTorch's older layers. In this course the batch comes first.",
        "C": "It would, if the shapes did not fit. (B, 1, E) and (B, L, E) do: a size of 1 is spread over all words, without a word said. Only a batch larger than "
        "the table is long would fail.",
        "D": "That would need a vector that differs from word to word. (B, 1, E) has a single one for each sentence.",
        "E": "The encoder sees no order, but something did change: which sentence of the batch it is now shifts every word of it, so that the same sentence gets "
        "other states in another batch.",
    }
