from attention_course.checks.problem import Choice


class WhatShufflingDoes(Choice):
    """What a network of self-attention and query-less attention says of a shuffled sentence."""

    hints = (
        "Follow one word through Eqs. (15) to (17). Does anything in them say where it stands?",
        "The contexts are permuted with their words, as the lesson shows. What do Eqs. (18) to (20) make of a permuted set?",
    )
    right = "D"
    praise = "Equivariant layers keep who is who, and the weighted sum at the end forgets the places: together they are invariant."
    replies = {
        "A": "The weights do change places, but with the words: row and column i of the map go where word i goes. Nothing else happens to them.",
        "B": "The contexts are the same vectors in another order, as the lesson shows. A sum does not mind in which order it is added up, and Eq. (20) is a sum.",
        "C": "Nothing here is more or less likely than before, since the network has no way to notice. Only a network that reads in order could find it strange.",
        "E": "Attending to itself or not makes no difference to this: forbidding the diagonal forbids it before and after shuffling, for the same words.",
    }
