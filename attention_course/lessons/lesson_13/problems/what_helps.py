from attention_course.checks.problem import Choice


class WhatHelps(Choice):
    """A deep post-norm stack whose loss stands still, and the best first change."""

    hints = (
        "What does Adam do with a gradient that is ten times shorter? And on which sentences does the loss stand still: on new sentences, or on the training sentences?",
        "Follow the vector of a word from the bottom to the top, and the gradient back down. What does every block do to what comes from below?",
    )
    right = "D"
    praise = (
        "With the norms in front, x runs through all the blocks as a sum, to which every part only adds. The gradient comes back down the same way, and no block's norm stands in it. "
        "A post-norm stack needs more care: a warm-up, and parts whose contribution is small at first."
    )
    replies = {
        "A": "Adam's first step has the size of the learning rate, however long the gradient is, so a gradient that is clipped to a tenth gives the same step. Clipping protects "
        "against a single batch with a very long gradient, and here the trouble is the same with every batch.",
        "B": "A warm-up makes the first steps short, and the words become alike some steps later. With so many post-norm blocks and so high a rate there is still no way back: each "
        "block shrinks what tells the words apart. In the lesson's map, twelve such blocks learn at none of six rates, with the warm-up or without.",
        "C": "More sentences help where a model is good on its training sentences and bad on new sentences. This model is bad on its training sentences: it has not yet learned from "
        "what is there.",
        "E": "Dropout and label smoothing keep a model from becoming too sure of its training sentences, which is overfitting. This model knows nothing of its sentences but "
        "how frequent each word is, so there is nothing that it could be too sure of.",
    }
