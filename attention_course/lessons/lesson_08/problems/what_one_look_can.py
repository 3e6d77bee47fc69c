from attention_course.checks.problem import Choice


class WhatOneLookCan(Choice):
    """What one hop can do, and what it cannot."""

    hints = (
        "Write down the ratio of two weights of one hop. Which regions occur in it?",
        "Scores of the first hop know the question and one region each. But weights need not be sharp, and what is behind the sum may be large.",
    )
    right = "B"
    praise = "What a layer cannot select it may still carry along, and that is why the lesson measures and does not only argue."
    replies = {
        "A": "The softmax divides all weights by one sum, in which the cat occurs, so it does change them, all by the same factor. What stays is their ratio: "
        "no region comes out ahead of another because of a third.",
        "C": "Heads of one layer all ask with the same query, side by side. None of them has seen what another one found, so the same ratio is out of reach for each; "
        "they can look at several things that the question names.",
        "D": "A finer score still compares one region with one query. Whatever its form, another region does not occur in it.",
        "E": "That would follow only if the weights had to be sharp and the network behind them simple. Spread evenly over vectors that say enough, a sum holds "
        "all things of the picture at once, and a large network may take it apart.",
    }
