import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.lessons.lesson_08.multi_hop_vqa import COLOURS, KINDS


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
        def among(cells, *relations):
            return drawn(generator, cells, list(relations))

        yield "a question of one step", among(4)
        for i in range(4):
            yield f"the thing in the basket with, picture {i}", among(4, "basket")
        for i in range(4):
            yield f"the thing with the colour of, picture {i}", among(4 + 2 * i, "colour")
        for i in range(4):
            yield f"the basket of what has the colour, picture {i}", among(6 + 2 * i, "basket", "colour")
            yield f"the colour of what is in the basket, picture {i}", among(6 + 2 * i, "colour", "basket")
        yield "the same relation twice, which leads back", among(6, "colour", "colour")
        yield "a chain that comes back", drawn(generator, 4, ["basket", "colour", "basket", "colour"])
        yield (
            "a chain that comes back and goes on",
            drawn(generator, 4, ["colour", "basket", "colour", "basket", "colour"]),
        )
        yield "the same relation three times", among(6, "basket", "basket", "basket")
        for i in range(4):
            yield f"three relations, picture {i}", among(12, "basket", "colour", "basket")
            yield f"four relations, picture {i}", among(12, "colour", "basket", "colour", "basket")
        yield "seven relations", among(8, "colour", "basket", "basket", "colour", "basket", "colour", "colour")

    def admissible(self, generator):
        cells, steps = (int(torch.randint(*limits, (), generator=generator)) for limits in ((2, 7), (0, 7)))
        picked = torch.randint(0, 2, (steps,), generator=generator).tolist()
        return drawn(generator, 2 * cells, [("colour", "basket")[i] for i in picked])

    def answer(kinds, colours, named, relations):
        cell = kinds.index(named)
        for relation in reversed(relations):
            others = [c for c in range(len(kinds)) if c != cell]
            same = [c for c in others if (colours[c] == colours[cell] if relation == "colour" else c // 2 == cell // 2)]
            cell = same[0]
        return cell

    itself = "The thing itself was found again: it has its own colour and is in its own basket. What is asked for is the other one."
    not_all = "Not all relations were followed. Go on until none is left, from the last of the list to the first."
    neighbour = "Baskets hold cells 0 and 1, 2 and 3, and so on: an even cell has its neighbour on the right, an odd one on the left."
    one_side = "Of the two cells of a colour the second was always taken, which may be the one where the chain stands. Take the other one."
    not_back = "A cell where the chain has been is shut out for the rest of it. A relation leads to another cell than the one it starts from, which may be one where the chain has been."
    another_order = "The relations were followed in another order. Take them from the last of the list to the first, each as often as it stands there."

    @mistake(
        "The relations were followed as they are read. The one that stands last, next to the name, comes first: from the cat to what has its colour, "
        "and from there to what is in the basket with it."
    )
    def from_left_to_right(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations[::-1])

    @mistake(another_order)
    def sorted_relations(kinds, colours, named, relations):
        return walked(kinds, colours, named, sorted(relations)[::-1])

    @mistake(another_order)
    def each_relation_once(kinds, colours, named, relations):
        return walked(kinds, colours, named, list(dict.fromkeys(relations[::-1]))[::-1])

    @mistake(another_order)
    def each_relation_once_as_read(kinds, colours, named, relations):
        return walked(kinds, colours, named, list(dict.fromkeys(relations))[::-1])

    @mistake(itself)
    def finds_itself(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, lambda at: colours.index(colours[at]), lambda at: at // 2 * 2)

    @mistake(itself)
    def finds_its_colour_again(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, lambda at: colours.index(colours[at]))

    @mistake(itself)
    def finds_its_basket_again(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: at // 2 * 2)

    @mistake(one_side)
    def second_of_the_colour(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, lambda at: len(colours) - 1 - colours[::-1].index(colours[at]))

    @mistake("Things of another colour were looked for: the colours are to be equal.")
    def another_colour(kinds, colours, named, relations):
        return walked(
            kinds, colours, named, relations, lambda at: next(c for c in range(len(kinds)) if colours[c] != colours[at])
        )

    @mistake('The two relations have changed places: "colour" leads to the same colour, "basket" to the same basket.')
    def relations_exchanged(kinds, colours, named, relations):
        other = {"colour": "basket", "basket": "colour"}
        return walked(kinds, colours, named, [other[relation] for relation in relations])

    @mistake(
        "The neighbour was always sought to the right. What stands on the right side of a basket has its neighbour on the left."
    )
    def always_to_the_right(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: (at + 1) % len(kinds))

    @mistake(
        "The neighbour was always sought to the right. What stands on the right side of a basket has its neighbour on the left."
    )
    def always_one_further(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: at + 1)

    @mistake(
        "The neighbour was always sought to the left. What stands on the left side of a basket has its neighbour on the right."
    )
    def always_to_the_left(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: at - 1)

    @mistake(neighbour)
    def odd_and_even_exchanged(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: at - 1 if at % 2 == 0 else at + 1)

    @mistake(neighbour)
    def odd_and_even_exchanged_in_a_ring(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: (at - 1 + 2 * (at % 2)) % len(kinds))

    @mistake(neighbour)
    def baskets_of_halves(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: (at + len(kinds) // 2) % len(kinds))

    @mistake("No relation was followed: that is the cell of the thing that is named.")
    def no_relation(kinds, colours, named, relations):
        return kinds.index(named)

    @mistake("Only one relation was followed. Go on from where it leads.")
    def one_relation(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations[-1:])

    @mistake(not_all)
    def two_relations(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations[-2:])

    @mistake(not_all)
    def three_relations(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations[-3:])

    @mistake(not_all)
    def all_but_the_first(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations[1:])

    @mistake(not_all)
    def all_but_the_last(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations[:-1])

    @mistake(not_all)
    def colours_alone(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, beside=lambda at: at)

    @mistake(not_all)
    def baskets_alone(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, lambda at: at)

    name = "The next relation begins where the last one has led, and not at the thing that is named."

    @mistake(
        "This is where the first relation of the list leads from the thing that is named. It is the last to be followed, and begins where the others have led."
    )
    def always_from_the_name(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations[:1])

    @mistake(name)
    def colours_from_the_name(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations, lambda at: other_of_colour(colours, kinds.index(named)))

    @mistake(name)
    def colour_of_the_name(kinds, colours, named, relations):
        start = kinds.index(named)
        return walked(
            kinds,
            colours,
            named,
            relations,
            lambda at: next(c for c in range(len(kinds)) if c != at and colours[c] == colours[start]),
        )

    excluded = "The cell that is named was shut out. The cell to be left out at each step is the one where the chain stands, and the chain may come back to the thing that was named."

    @mistake(excluded)
    def named_cell_excluded(kinds, colours, named, relations):
        return excluding(kinds, colours, named, relations, lambda start, at, been: {start})

    @mistake(excluded)
    def named_cell_excluded_as_well(kinds, colours, named, relations):
        return excluding(kinds, colours, named, relations, lambda start, at, been: {start, at})

    @mistake(excluded)
    def named_cell_excluded_for_colours(kinds, colours, named, relations):
        start = kinds.index(named)
        return walked(
            kinds,
            colours,
            named,
            relations,
            lambda at: next(c for c in range(len(kinds)) if c != start and colours[c] == colours[at]),
        )

    @mistake(not_back)
    def no_cell_twice(kinds, colours, named, relations):
        return excluding(kinds, colours, named, relations, lambda start, at, been: been)

    @mistake(not_back)
    def no_cell_twice_or_stay(kinds, colours, named, relations):
        return excluding(kinds, colours, named, relations, lambda start, at, been: been, stay=True)

    @mistake("This is the kind of the thing. Asked for is its cell, counted from 0.")
    def kind_not_cell(kinds, colours, named, relations):
        return kinds[walked(kinds, colours, named, relations)]

    @mistake("This is the colour of the thing. Asked for is its cell, counted from 0.")
    def colour_not_cell(kinds, colours, named, relations):
        return colours[walked(kinds, colours, named, relations)]

    @mistake("This is what stands in the cell. Asked for is the cell itself, a number counted from 0.")
    def thing_not_cell(kinds, colours, named, relations):
        at = walked(kinds, colours, named, relations)
        return colours[at], kinds[at]

    @mistake("This is what stands in the cell. Asked for is the cell itself, a number counted from 0.")
    def kind_and_colour_not_cell(kinds, colours, named, relations):
        at = walked(kinds, colours, named, relations)
        return kinds[at], colours[at]

    @mistake("The cells are counted from 1 here. Cells 0 and 1 share a basket, so the first is 0.")
    def counted_from_one(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations) + 1

    @mistake("This is the number of the basket. Asked for is the cell.")
    def basket_not_cell(kinds, colours, named, relations):
        return walked(kinds, colours, named, relations) // 2

    @mistake("The cell is the right one, but it stands in a list. Return the number.")
    def in_a_list(kinds, colours, named, relations):
        return [walked(kinds, colours, named, relations)]

    @mistake("The cell is the right one, but it is a text. Return the number.")
    def as_text(kinds, colours, named, relations):
        return str(walked(kinds, colours, named, relations))

    @mistake("This is the whole way. Asked for is the cell where it ends.")
    def whole_way(kinds, colours, named, relations):
        return [walked(kinds, colours, named, relations[i:]) for i in range(len(relations), -1, -1)]

    @mistake("All cells of the colour came back. The relation leads to the other one of them.")
    def all_of_the_colour(kinds, colours, named, relations):
        return [c for c in range(len(kinds)) if colours[c] == colours[kinds.index(named)]]


def other_of_colour(colours, at):
    return next(c for c in range(len(colours)) if c != at and colours[c] == colours[at])


def walked(kinds, colours, named, relations, alike=None, beside=lambda at: at ^ 1):
    """The chain, with another idea of what has the same colour, or of who stands beside whom."""
    at = kinds.index(named)
    for relation in reversed(relations):
        at = beside(at) if relation == "basket" else alike(at) if alike else other_of_colour(colours, at)
    return at


def excluding(kinds, colours, named, relations, excluded, stay=False):
    """The chain, with other cells left out than the one where it stands."""
    start = at = kinds.index(named)
    been = {start}
    for relation in reversed(relations):
        cells = [c for c in range(len(kinds)) if c not in excluded(start, at, been)]
        cells = [c for c in cells if (colours[c] == colours[at] if relation == "colour" else c // 2 == at // 2)]
        at = cells[0] if cells or not stay else at
        been.add(at)
    return at


def drawn(generator, cells, relations):
    """A picture with every kind once and every colour twice, never twice in a basket; and a thing to begin with."""
    kinds = [KINDS[i] for i in torch.randperm(len(KINDS), generator=generator)[:cells]]
    while True:
        colours = [COLOURS[i // 2] for i in torch.randperm(cells, generator=generator)]
        if all(a != b for a, b in zip(colours[::2], colours[1::2], strict=True)):
            return kinds, colours, kinds[int(torch.randint(cells, (1,), generator=generator))], relations
