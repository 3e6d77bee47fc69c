from attention_course.checks.problem import Choice


class WhatItShows(Choice):
    """What follows from two networks that are as good and look differently."""

    hints = (
        "What was measured is how often each is right, and where the largest weight lies. Which statement needs nothing else?",
        "There are two labels. How can one know that a review is bad without having found the sentence that says so?",
    )
    right = "C"
    praise = "To know what an answer rests on, take something away and ask again. The cells below do."
    replies = {
        "A": "It is right about 99 % of the bad ones. Whoever guessed would be right about half of them.",
        "B": "That is what the weights seem to say, and nothing here bears it out. Most of those sentences report what somebody else thought, at random praise or blame; an answer that "
        "came from them would be wrong half of the time.",
        "D": "It may be so, but both were measured on the same reviews, and are as good there. How they do on others has to be measured on others.",
        "E": "What would move it? It is right already, and the loss knows nothing of where the weights lie. What did move such a network, in the lesson, was another question.",
    }
