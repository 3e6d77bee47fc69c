import torch

from attention_course.data.baskets import COLOURS, KINDS

from ..problem import Problem, mistake


class Follow(Problem):
    """Follow a question's chain through the cells."""

    hints = (
        "In which order are the relations followed? Read “the thing in the basket with the thing with the colour of the cat” and say what you look for "
        "first.",
        "Start at the cell of the kind that is named, and take the relations from the last to the first. Each leads to another cell: to the other one "
        "of that colour, or to the other one in that basket, and never to where you stand.",
        "cell = kinds.index(named); for relation in reversed(relations): cell = the c that is not cell and has colours[c] == colours[cell], or "
        "c // 2 == cell // 2.",
    )
    praise = "A loop finds it without learning anything: this is what the hops have to find out by themselves."

    def inputs(self, generator):
        def drawn(cells, *relations):
            kinds = [KINDS[i] for i in torch.randperm(len(KINDS), generator=generator)[:cells]]
            while True:
                colours = [COLOURS[i // 2] for i in torch.randperm(cells, generator=generator)]
                if all(a != b for a, b in zip(colours[::2], colours[1::2], strict=True)):
                    break
            return kinds, colours, kinds[int(torch.randint(cells, (1,), generator=generator))], list(relations)

        yield "a question of one step", drawn(12)
        for i in range(4):
            yield f"the thing with the colour of, picture {i}", drawn(12, "colour")
        for i in range(4):
            yield f"the thing in the basket with, picture {i}", drawn(12, "basket")
        for i in range(4):
            yield f"the basket of what has the colour, picture {i}", drawn(12, "basket", "colour")
            yield f"the colour of what is in the basket, picture {i}", drawn(12, "colour", "basket")
        for i in range(4):
            yield f"three relations, picture {i}", drawn(12, "basket", "colour", "basket")
            yield f"four relations, picture {i}", drawn(12, "colour", "basket", "colour", "basket")

    def answer(kinds, colours, named, relations):
        cell = kinds.index(named)
        for relation in reversed(relations):
            others = [c for c in range(len(kinds)) if c != cell]
            same = [c for c in others if (colours[c] == colours[cell] if relation == "colour" else c // 2 == cell // 2)]
            cell = same[0]
        return cell

    @mistake(
        "The relations were followed as they are read. The one that stands last, next to the name, comes first: from the cat to what has its colour, "
        "and from there to what is in the basket with it."
    )
    def from_left_to_right(kinds, colours, named, relations):
        return Follow.answer(kinds, colours, named, relations[::-1])

    @mistake(
        "The thing itself was found again: it has its own colour and is in its own basket. What is asked for is the other one."
    )
    def finds_itself(kinds, colours, named, relations):
        cell = kinds.index(named)
        for relation in reversed(relations):
            cell = colours.index(colours[cell]) if relation == "colour" else cell // 2 * 2
        return cell

    @mistake(
        "The neighbour was always sought to the right. What stands on the right side of a basket has its neighbour on the left."
    )
    def always_to_the_right(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, lambda cell: (cell + 1) % len(kinds))

    @mistake("Only one relation was followed. Go on from where it leads.")
    def one_relation(kinds, colours, named, relations):
        return Follow.answer(kinds, colours, named, relations[-1:])

    @mistake(
        "Every relation was followed from the thing that is named. The next one begins where the last one has led."
    )
    def always_from_the_name(kinds, colours, named, relations):
        return Follow.answer(kinds, colours, named, relations[:1])

    @mistake("This is the kind of the thing. Asked for is its cell, counted from 0.")
    def kind_not_cell(kinds, colours, named, relations):
        return kinds[Follow.answer(kinds, colours, named, relations)]


def walked(kinds, colours, named, relations, beside):
    """The chain with another idea of who stands beside whom."""
    cell = kinds.index(named)
    for relation in reversed(relations):
        if relation == "colour":
            cell = next(c for c in range(len(kinds)) if c != cell and colours[c] == colours[cell])
        else:
            cell = beside(cell)
    return cell
