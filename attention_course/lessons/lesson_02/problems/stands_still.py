from attention_course.checks.problem import Choice


class StandsStill(Choice):
    """Which of four networks learns least, by the scores of its first batch."""

    hints = (
        "Softmax knows only the differences between scores. In which of the four are these differences large?",
        "Lesson 01: the gradient of score i is its weight times g · (value − context). Where is it nearly zero for all i?",
    )
    right = "A"
    praise = (
        "With differences of 30, one weight is nearly 1 for most questions, the others are nearly 0, and so are the gradients. Only the few "
        "questions whose best scores lie close together teach anything."
    )
    replies = {
        "B": "All scores are about 300, but softmax knows only their differences, and these are about 1. Nothing is wrong with that.",
        "C": "A mean of −300 does not count, since softmax knows only differences, and a spread of 0.1 gives nearly equal weights: "
        "the best of starts.",
        "D": "Equal scores give each of eight values a weight of 1/8, and a gradient. Through queries of zero none reaches the keys in the "
        "first step, but it reaches the queries, which are then zero no longer.",
    }
