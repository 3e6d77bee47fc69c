from attention_course.checks.problem import Choice


class WhatRecallSays(Choice):
    """What follows from the share of nearest vectors that hashing found."""

    hints = (
        "Two numbers were counted: how often the nearest was found, and how many were compared. Which statement needs no other number?",
        "Four of the statements need something that was not measured: other buckets, a trained model, more rounds, or weights.",
    )
    right = "E"
    praise = "How much that matters is another question: where the nearest is hardly nearer than others, its weight is hardly larger."
    replies = {
        "A": "More buckets make fewer vectors meet, near ones among them: in the lesson's curves the line of 32 buckets lies below that of 8 everywhere. "
        "They save comparisons, and find less.",
        "B": "These vectors were drawn and stayed as they were. A model learns its vectors, and can turn the ones that belong together towards each other, as "
        "the one that says things twice did.",
        "C": "No weight was computed here, and finding the nearest is not finding the weight. It stands at more than sixty degrees and many others not much farther, "
        "so that with queries of this length all scores are alike: a quarter of the keys holds little more than a quarter of the weight, the nearest among them "
        "or not.",
        "D": "Chances do not add up. What eight rounds miss, eight more find with the same chance as the first eight found it, and something is always left.",
    }
