from ..problem import Choice


class WhatSetsThePace(Choice):
    """What follows from eight query heads being faster with one head of keys."""

    hints = (
        "How many multiplications of a query with a key are there, with eight heads of keys, and with one?",
        "What happens to a key after it has been fetched, in the one case and in the other?",
    )
    right = "C"
    praise = "So what helps is whatever makes one fetched number serve more often: shared heads, several beams that share their beginning, or bytes that hold more numbers."
    replies = {
        "A": "The number of products is the same: eight queries with 16,384 keys each. If multiplying set the pace, nothing would have been gained.",
        "B": "There is one softmax for each query head, and there are eight query heads in both cases.",
        "D": "Both measurements had keys and values ready made. The smaller matrices save something as well, but were not in what was timed.",
        "E": "Their bytes are all that differs here. With other weights the outputs would be others, and the time the same.",
    }
