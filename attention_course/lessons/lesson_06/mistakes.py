"""What is wrong with a caption: the first of these that fits, from the things that are said to the words between."""

from collections.abc import Sequence

from attention_course.data.scenes import KINDS
from attention_course.data.scenes.captions import PLURALS

KIND = {kind: kind for kind in KINDS} | {PLURALS.get(kind, f"{kind}s"): kind for kind in KINDS}
RELATIONS = {"left", "right", "above", "below"}


def mistake(said: Sequence[str], true: Sequence[str]) -> str:
    """How a caption differs from the true one, in words; empty where it does not."""
    if tuple(said) == tuple(true):
        return ""
    kinds, wanted = ([KIND[word] for word in words if word in KIND] for words in (said, true))
    if len(set(kinds)) < len(kinds):
        return "one kind is said twice"
    if set(kinds) != set(wanted):
        return "a kind is wrong or left out"
    if kinds != wanted:
        return "the kinds change places"
    differing = {word for pair in zip(said, true, strict=False) if len(set(pair)) > 1 for word in pair}
    if len(said) == len(true) and differing <= RELATIONS:
        return "only the relation is wrong"
    return "a colour or a number is wrong"
