from attention_course.checks.problem import Choice


class WhatAerSays(Choice):
    """What follows from a low and a high alignment error rate of two good translators."""

    hints = (
        "The rate compares the largest weights with an annotator's links. What else would one have to measure for each of the statements?",
        "What does the lesson's table of random starts say of trainings that differ in nothing else? And what did lesson 00 do to find out whether "
        "le needed cat?",
    )
    right = "E"
    praise = "The cells below do it for ne: they take an annotation out of the average, or a word out of the sentence, and look at what is written."
    replies = {
        "A": "The links are made by someone who thinks of words; a decoder mixes annotations, and each of these has heard the whole sentence. So the largest "
        "weight may lie where no annotator would have drawn a link, and what is needed still be in the average. Nor can unseen sentences have been learned by heart.",
        "B": "A low rate says that the largest weights lie where an annotator would have drawn the links, and nothing about what becomes of the word "
        "without them. It is the answer of lesson 00 once more: le looked at cat, and did not need to.",
        "C": "The rate is no share of wrong words. It counts the links that were missed, too, and where a French word has two sure links, a single largest weight "
        "always misses one. In the lesson's first example, with all six links sure, one wrong link in five comes to 0.27.",
        "D": "It may be so, but these two numbers can't tell. Two trainings of the same network that differ in nothing but the random start link some words "
        "differently, as the lesson's table of random starts shows; to blame the architecture one would have to train each of them several times.",
    }
