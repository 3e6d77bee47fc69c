from ..problem import Choice


class GlobalInADecoder(Choice):
    """What a global token at the front does for a decoder."""

    hints = (
        "Draw the pattern with window and global token, and then strike out everything that looks ahead. What is left of the token's row, and what of its column?",
        "In two layers, news goes from a word to the token and from there to another word. Which words may the first position of a causal model ask?",
    )
    right = "C"
    praise = "The column is left and the row is gone: all may ask the first word, but it has asked nobody. So the decoders of the papers use windows, strides and gaps instead, and the fixed pattern puts its gathering places behind what they gather."
    replies = {
        "A": "That is what it does in an encoder. Here the first half of the way is missing: which words may the token at the front ask, if none may look ahead?",
        "B": "It is no use as a relay, but the column is still there: one word is in everybody's reach that was not before.",
        "D": "There are no more steps than there are keys: one more key a query, at the front. The row of the token, which would have been long, is masked.",
        "E": "A causal mask joins the pattern with “and”, and takes away from it. What looked ahead is gone, so nothing can leak.",
    }
