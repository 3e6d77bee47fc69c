from attention_course.checks.problem import Choice


class WhatPruningSays(Choice):
    """What follows from a head that can be removed at little cost."""

    hints = (
        "Seven other heads stood in their places when the second number was measured. What would one have to measure for each of the statements?",
        "In the lesson, what became of a translator when heads were removed one after the other? And of one that was trained with a single head?",
    )
    right = "D"
    praise = (
        "And B does not follow, since a head can do much and still be missed little, where others do the same. Whether that is so here, this number does "
        "not tell either."
    )
    replies = {
        "A": "The other seven stood by when head 6 went. What they make good for one, they cannot make good when they are gone, too: in the lesson's table "
        "of heads that go together, little is lost at first and nearly everything in the end.",
        "B": "The other seven may do this head's work, at least in part. A head that does something that others do as well is not idle: it is doubled.",
        "C": "A layer that is trained with seven heads has learned to do with them. This number is about one that has learned to have eight; to know the "
        "other, train the other, as the experiment of the lesson does.",
        "E": "That would be about maps, and a count of right sentences looks at no map. Heads that look at the same word may hand over different numbers from "
        "there, through their own W_V, and heads that look at different words may hand over much the same.",
    }
