from attention_course.checks.problem import Choice


class WhatItProves(Choice):
    """What a dark square in an attention map proves."""

    hints = (
        "What exactly is drawn: what the model did with a word, or how much of it entered an average?",
        "The annotation of “sat” was made by a network that had read the whole sentence.",
    )
    right = "C"
    praise = (
        "The map shows how the average was mixed, no more. What the model makes of it, and whether it would "
        "write the same without it, has to be tested: take the word away, and look."
    )
    replies = {
        "A": "The model was never told which words belong together, and it could have learned to write est from the "
        "French words before it. A weight says what was mixed into the average, not what it was used for.",
        "B": "It does depend on the sentence: give the model another one and the map changes. What is in doubt is "
        "something else, namely what a large weight lets you conclude.",
        "D": "A row sums to one, so its weights are shares: shares of the average that was handed to the decoder. How much "
        "of the decision is owed to a word is another question.",
    }
