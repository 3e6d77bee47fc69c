"""A second way to the answers, which shares nothing with the first: read the question's words, and search the cells."""

from collections.abc import Sequence

from attention_course.lessons.lesson_08.multi_hop_vqa.scenes import BASKETS


def solve(question: str, things: Sequence[tuple[str, str]]) -> set[str]:
    """All answers to a question, given (kind, colour) of every cell. A fair question has one.

    Raises ValueError for a question that cannot be read.
    """
    head, _, rest = question.removesuffix("?").strip().partition(" is the ")
    cells = _meant("the " + rest, things)
    if head == "what":
        return {things[i][0] for i in cells}
    if head == "what colour":
        return {things[i][1] for i in cells}
    if head == "where":
        return {BASKETS[i // 2] for i in cells}
    raise ValueError(f"question: expected what is, what colour is or where is, got {question!r}")


def _meant(phrase: str, things: Sequence[tuple[str, str]]) -> set[int]:
    """The cells that a phrase can mean."""
    cells = range(len(things))
    if (inner := phrase.removeprefix("the thing with the colour of ")) != phrase:
        return {j for i in _meant(inner, things) for j in cells if j != i and things[j][1] == things[i][1]}
    if (inner := phrase.removeprefix("the thing in the basket with ")) != phrase:
        return {j for i in _meant(inner, things) for j in cells if j != i and j // 2 == i // 2}
    return {i for i in cells if "the " + things[i][0] == phrase}
