from attention_course.checks.problem import Choice


class GlobalInADecoder(Choice):
    """What a global token at the front does for a decoder."""

    hints = (
        "Draw the pattern with window and global token, and then strike out everything that looks ahead. What is left of the token's row, and what of its column?",
        "In two layers, news goes from a word to the token and from there to another word. Which words may the first position of a causal model ask?",
    )
    right = "B"
    praise = "The column is left and the row is gone: all may ask the first word, but it has asked nobody. So the decoders of the papers use windows, strides and gaps instead, and the fixed pattern puts its gathering places behind what they gather."
    replies = {
        "A": "That is what it does in an encoder. Here the first half of the way is missing: which words may the token at the front ask, if none may look ahead?",
        "C": "It is of no use as a relay, but the column is still there: one word is in everybody's reach that was not before.",
        "D": "It is the other step that is left. All may ask the first word; whom may the first word ask, if nobody looks ahead?",
        "E": "In an encoder's window it would have heard its neighbours. This window looks back, and before the first word there is nothing.",
    }
