from ..problem import Choice


class WhatPointingProves(Choice):
    """What follows from a high pointing rate."""

    hints = (
        "The maps were taken while the true captions were being said. What was changed in the picture, or taken away from the model, to get the rate?",
        "Each region's vector has seen its neighbours, and the state s_t remembers what was looked at earlier. Which of the statements would still need a measurement?",
    )
    right = "B"
    praise = "To learn whether it needs the region, cover it. In the cells below you do."
    replies = {
        "A": "The noun may be said from what the state remembers: the object was looked at when its number and its colour were said. To know what the noun needs, "
        "one has to take the region away, and the rate takes nothing away.",
        "C": "The rate was measured while the true caption was said, and so it includes scenes of which the model itself says something else. It can be high where captions are wrong: "
        "the model may look at the right thing and call it by the wrong name.",
        "D": "A region at random would hit as rarely as the boxes are small, but that is chance for someone who does not see the picture at all. Whoever finds the things, and "
        "takes any of them, already hits in about half of the cases, because half of the scenes have two kinds of things.",
        "E": "These maps are fine enough for things of a fifth of the picture's side, in scenes where all things are apart. Nothing was measured where things overlap, or are smaller than a region.",
    }
