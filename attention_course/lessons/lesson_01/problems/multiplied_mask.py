from attention_course.checks.problem import Choice


class MultipliedMask(Choice):
    """What happens where scores are multiplied by a mask before the softmax."""

    hints = ("What is exp(0)?", "Compare a masked key, with score zero, to an allowed key with a negative score.")
    right = "B"
    praise = "exp(0) = 1: a masked key with score 0 counts for more than an allowed one with a negative score."
    replies = {
        "A": "A score of zero is not a weight of zero. Work out exp(0), and compare it to exp(-2).",
        "C": "Every row still sums to one: softmax sees to that, whatever the scores. The trouble is who gets the shares.",
        "D": "NaN would need a row in which every exp is zero or one is infinite. Here a masked key has exp(0) = 1.",
    }
