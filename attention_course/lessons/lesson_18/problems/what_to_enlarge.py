from attention_course.checks.problem import Choice


class WhatToEnlarge(Choice):
    """What lets a linear attention recall more."""

    hints = (
        "Which of the five make the state larger? And does anything else in the lesson's measurements change how much is recalled?",
        "Count the numbers of the state in each case, and look at the right half of the lesson's figure.",
    )
    right = "A"
    praise = "Nearly four times the numbers, and more than three times the pairs of which half are recalled. A softmax would need nothing: its cache grows with what it is told."
    replies = {
        "B": "Random features of the same number are a state of the same size, and one that spends its numbers on imitating a softmax. Put in "
        "afterwards they got less in the lesson, and a memory trained with them recalled no more than one with elu + 1.",
        "C": "What is told ten times as slowly is not more to remember: the state is as large as before. Chunks change how the sums are computed, and not what they are.",
        "D": "Twice the features with values of half the size is a state as large as before, near enough. In the lesson that shape recalls somewhat more, as "
        "features of elu + 1 count for more than columns, but not several times as much.",
        "E": "A gate that lets the old fade makes room for what is new, at the price of the old. All pairs are asked for here, so it can only shift what is lost.",
    }
