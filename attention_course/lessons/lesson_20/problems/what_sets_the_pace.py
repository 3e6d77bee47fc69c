from attention_course.checks.problem import Choice


class WhatSetsThePace(Choice):
    """How much of what shared keys save reading could account for, from four times."""

    hints = (
        "Taken as nothing but reading, what does adding up say? How many milliseconds does one head of keys save there, and how many in attention?",
        "7.56 − 2.21 ms were saved, and 3.99 − 0.45 ms of reading. Divide.",
    )
    right = "C"
    praise = (
        "3.54 of 5.35 ms, and less if adding up takes time of its own. What the rest is these four times do not say; "
        "it may be that eight queries with the same keys are one product of matrices."
    )
    replies = {
        "A": "The number of multiplications is the same, so something else was saved: look at how long the reading took.",
        "B": "That is what remains of the reading. Asked is what it saved, beside what was saved in all.",
        "D": "So much fewer are the bytes. How much fewer milliseconds they make is in the four times.",
        "E": "Then as many milliseconds would have to be saved in adding up as in attention.",
    }
