from attention_course.checks.problem import Choice


class WhatWentWrong(Choice):
    """A loss that is too good, though the mask is right."""

    hints = (
        "How can a decoder know the word it has to write, if it does not look at anything after the place where it stands?",
        "What does it write when all it has read is <bos>? Which rule, followed to the letter, would make it write that?",
    )
    right = "E"
    praise = (
        "It has learned the easiest of all rules, to write the word that it is given, and it keeps to it when it is given <bos>. The mask cannot help: a word may "
        "always look at itself."
    )
    replies = {
        "A": "Then `sees` would show True above the diagonal, where an output depends on a word after it. It does not.",
        "B": "A word that is scored at padding makes the loss look better than it is, for padding is easy to guess. But it would be learned beside everything else, and not "
        "drive the loss of the real words to zero.",
        "C": "Then the decoder would be a language model: it would write good French that has nothing to do with the English. And no loss of such a model comes near zero, for "
        "nobody can know the next word for certain.",
        "D": "With too high a learning rate the loss stays high, or rises. Here it is next to nothing.",
    }
