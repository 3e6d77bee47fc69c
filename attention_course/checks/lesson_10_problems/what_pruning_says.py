from ..problem import Choice


class WhatPruningSays(Choice):
    """What follows from heads that can be removed one at a time."""

    hints = (
        "Each of the eight numbers was measured with seven heads in their places. What else would one have to measure for each of the statements?",
        "In the lesson, what became of the same translator when heads were removed one after the other? And of one that was trained with a single head?",
    )
    right = "D"
    praise = "The cells below remove the heads in two orders, and the two curves are not the same."
    replies = {
        "A": "Seven other heads stood by each time. What any one of them can make good alone, they cannot make good when they are gone, too: in the lesson's "
        "figure the curve is flat at first and falls all the same.",
        "B": "The seven that are left may do this head's work, at least in part. A head that does something that others do as well is not idle: it is doubled.",
        "C": "A layer that is trained with fewer heads has learned to do with them. These numbers are about one that has learned to have eight; to know the "
        "other, train the other, as the experiment of the lesson does.",
        "E": "That would be about maps, and no map has been looked at here. Heads that look at the same word may hand over different numbers from there, "
        "through their own W_V, and heads that look at different words may hand over much the same.",
    }
