"""How the learning rate may go, besides `recipe.warm_up_then_decay`: the factor on its peak, given the share of the
budget that is used (0 to 1). Each first rises linearly to one during the share `warm_up`."""

import math


def inverse_root(progress: float, warm_up: float = 0.1) -> float:
    """Falls as 1 / √step (Vaswani et al. 2017, section 5.3). It never reaches zero."""
    return progress / warm_up if progress < warm_up else math.sqrt(warm_up / progress)


def cosine(progress: float, warm_up: float = 0.1) -> float:
    """Falls to zero along half a wave (Loshchilov and Hutter 2017, without restarts)."""
    left = (1 - progress) / (1 - warm_up)
    return progress / warm_up if progress < warm_up else (1 - math.cos(math.pi * left)) / 2


def warm_up_stable_decay(progress: float, warm_up: float = 0.1, decay: float = 0.2) -> float:
    """Stays at one, and falls linearly to zero during the last share `decay` (WSD; Hu et al. 2024)."""
    return progress / warm_up if progress < warm_up else min(1.0, (1 - progress) / decay)
