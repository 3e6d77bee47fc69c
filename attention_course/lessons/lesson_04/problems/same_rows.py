from attention_course.checks.problem import Choice


class SameRows(Choice):
    """Why all rows of a map are the same."""

    hints = (
        "One row of the map belongs to one state. What of the state has to get into the scores, so that two rows can differ?",
        "Softmax does not see a number that is added to all scores of a row. In which of the four is that all the state does?",
    )
    right = "A"
    praise = (
        "Without tanh, (W_q(s) + W_k(h_i)) · u is a number of the state plus a number of the word. The first is the same for all words i of the "
        "sentence, and softmax takes it away."
    )
    replies = {
        "B": "Then another state asks for each row than in the lesson. But the states still differ from word to word, and so do the rows.",
        "C": "Then padding gets weight, which would show as further columns that are not white. The states still ask different questions.",
        "D": "Very small scores do make the rows alike: each gives about 1/4 to each of four words. Here one word has 0.91, so its score is "
        "well above the others.",
    }
