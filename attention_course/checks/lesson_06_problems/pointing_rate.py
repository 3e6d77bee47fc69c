import torch

from ..problem import Problem, mistake


class PointingRate(Problem):
    """How often the peak of a map lies in a box."""

    hints = (
        "First find row and column of the largest weight, then where the centre of that region is, as a share of the picture. x goes with the columns.",
        "divmod(place, columns) turns a place in the flattened map into a row and a column. The centre of column c of n lies at (c + 0.5) / n.",
        "For each map: row, column = divmod(int(map.argmax()), columns), x = (column + 0.5) / columns, y = (row + 0.5) / rows. It is a hit when "
        "left <= x <= right and top <= y <= bottom for any of its boxes. Return hits / len(maps).",
    )
    praise = "The number says where the largest weight is, and nothing of the rest: that is why the lesson prints the weight on the object beside it."

    def inputs(self, generator):
        def rand(*sizes):
            return torch.rand(*sizes, generator=generator)

        def square(x, y, half):
            return tuple(round(float(side), 4) for side in (x - half, y - half, x + half, y + half))

        def drawn(count, rows, columns, boxes):
            maps = rand(count, rows, columns)
            maps = maps / maps.sum((1, 2), keepdim=True)
            found = []
            for i in range(count):
                places = [(float(rand(1)), float(rand(1))) for _ in range(boxes)]
                if i % 2 == 0:  # on every other map one box holds the peak's centre
                    row, column = divmod(int(maps[i].argmax()), columns)
                    places[-1] = (column + 0.5) / columns, (row + 0.5) / rows
                found.append([square(x, y, 0.35 / max(rows, columns)) for x, y in places])
            return maps, found

        corner = torch.tensor([[[0.1, 0.1], [0.6, 0.2]]]) + 0.01 * rand(1, 2, 2)
        yield "one map of two by two, whose peak is below on the left", (corner, [[(0.0, 0.5, 0.5, 1.0)]])
        yield "a box near the corner of the peak's region, and not at its centre", (corner, [[(0.0, 0.5, 0.2, 0.7)]])
        yield "a map of two rows and five columns", drawn(1, 2, 5, 1)
        yield "a noun that names two things, of which the second is looked at", drawn(1, 4, 4, 2)
        yield "six maps", drawn(6, 4, 4, 1)
        yield "eleven maps of five rows and three columns, with two boxes each", drawn(11, 5, 3, 2)

    def answer(maps, boxes):
        rows, columns = maps.shape[1:]
        hits = 0
        for map, its_boxes in zip(maps, boxes, strict=True):
            row, column = divmod(int(map.argmax()), columns)
            x, y = (column + 0.5) / columns, (row + 0.5) / rows
            hits += any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in its_boxes)
        return hits / len(maps)

    @mistake(
        "Rows were taken for x and columns for y. A row says how far down, a column how far to the right, and a box begins with its left side."
    )
    def rows_across(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: ((row + 0.5) / rows, (column + 0.5) / columns))

    @mistake(
        "That is the upper left corner of the region. Its centre lies half a region further: (column + 0.5) / columns."
    )
    def corner_of_the_region(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: (column / columns, row / rows))

    @mistake(
        "The outer regions were laid on the picture's edges. There are `columns` regions side by side, and the first centre is half a region away from the edge: "
        "(column + 0.5) / columns, and not column / (columns - 1)."
    )
    def stretched_to_the_edges(maps, boxes):
        return rate(
            maps, boxes, lambda row, column, rows, columns: (column / max(1, columns - 1), row / max(1, rows - 1))
        )

    @mistake("Only the first box was looked at. “Two cats” has two boxes, and to look at either is a hit.")
    def first_box_alone(maps, boxes):
        return PointingRate.answer(maps, [its_boxes[:1] for its_boxes in boxes])

    @mistake("That is the number of hits. Divide it by the number of maps.")
    def not_divided(maps, boxes):
        return PointingRate.answer(maps, boxes) * len(maps)

    @mistake("That is the mean weight inside the boxes. The rate asks of each map only where its largest weight is.")
    def weight_inside(maps, boxes):
        rows, columns = maps.shape[1:]
        total = 0.0
        for map, its_boxes in zip(maps, boxes, strict=True):
            for row in range(rows):
                for column in range(columns):
                    x, y = (column + 0.5) / columns, (row + 0.5) / rows
                    total += float(map[row, column]) * any(a <= x <= c and b <= y <= d for a, b, c, d in its_boxes)
        return total / len(maps)


def rate(maps, boxes, centre):
    rows, columns = maps.shape[1:]
    hits = 0
    for map, its_boxes in zip(maps, boxes, strict=True):
        x, y = centre(*divmod(int(map.argmax()), columns), rows, columns)
        hits += any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in its_boxes)
    return hits / len(maps)
