from attention_course.checks.problem import Choice


class WhatPointingProves(Choice):
    """What follows from a high pointing rate."""

    hints = (
        "The maps were taken while the true captions were being said. What was changed in the picture, or taken away from the model, to get the rate?",
        "Each region's vector has seen its neighbours, and the state s_t remembers what was looked at earlier. Which of the statements say more than where one weight is?",
    )
    right = "B"
    praise = (
        "It says where the largest weight is while the true words are fed in, and no more. Whether the noun needs that region is another question: "
        "in the cells below you cover it."
    )
    replies = {
        "A": "The noun may be said from what the state remembers: the thing was looked at when its number and its colour were said. To know what makes the captioner say "
        "the noun, one has to take the region away, and the rate takes nothing away. In the cells below you do.",
        "C": "The rate was measured with the true caption fed in, also in scenes of which the model itself says something else. It can be high where captions are wrong: "
        "the model may look at the right thing and call it by the wrong name, as it did with photographs.",
        "D": "A region at random lies on the thing as rarely as boxes are small: that is chance for someone who does not see the picture at all. Whoever finds the things, and "
        "takes any of them, hits in about half of the cases, since most scenes have two kinds of things. To tell which is meant, one has to beat that.",
        "E": "The rate asks where the largest weight is, and nothing of the rest. A map with 0.1 on the thing and 0.9 in crumbs elsewhere counts as a hit; the share of the "
        "weight is another measure, and the lesson prints it beside the rate.",
    }
