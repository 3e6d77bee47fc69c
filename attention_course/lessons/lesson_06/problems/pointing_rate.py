import torch

from attention_course.checks.problem import Problem, mistake


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
        corner = torch.tensor([[[0.1, 0.1], [0.6, 0.2]]]) + 0.01 * torch.rand(1, 2, 2, generator=generator)
        yield "one map of two by two, whose peak is below on the left", (corner, [[(0.0, 0.5, 0.5, 1.0)]])
        yield "a box near the corner of the peak's region, and not at its centre", (corner, [[(0.0, 0.5, 0.2, 0.7)]])
        yield (
            "a noun that names two things, of which the second is looked at",
            (
                corner,
                [[(0.6, 0.1, 0.9, 0.4), (0.1, 0.6, 0.4, 0.9)]],
            ),
        )
        yield (
            "a peak between the two things that the noun names",
            (
                corner,
                [[(0.0, 0.0, 0.2, 0.9), (0.3, 0.6, 0.8, 1.0)]],
            ),
        )
        yield "a peak level with one thing and below another", (corner, [[(0.6, 0.6, 0.9, 0.9), (0.1, 0.1, 0.4, 0.4)]])
        yield "a peak on two things, one before the other", (corner, [[(0.1, 0.6, 0.4, 0.9), (0.2, 0.7, 0.3, 0.8)]])
        yield "thirteen maps of two rows and five columns, with a box each", drawn(generator, 13, 2, 5, 1)
        yield "twenty-three maps of five rows and three columns, with up to three boxes", drawn(generator, 23, 5, 3, 3)
        yield "forty maps of four rows and six columns, with up to three boxes", drawn(generator, 40, 4, 6, 3)

    def admissible(self, generator):
        count, rows, columns, boxes = (int(torch.randint(1, n, (), generator=generator)) for n in (16, 7, 7, 4))
        return drawn(generator, count, rows, columns, boxes)

    def answer(maps, boxes):
        rows, columns = maps.shape[1:]
        hits = 0
        for map, its_boxes in zip(maps, boxes, strict=True):
            row, column = divmod(int(map.argmax()), columns)
            x, y = (column + 0.5) / columns, (row + 0.5) / rows
            hits += any(left <= x <= right and top <= y <= bottom for left, top, right, bottom in its_boxes)
        return hits / len(maps)

    across = "Rows were taken for x and columns for y. A row says how far down, a column how far to the right, and a box begins with its left side."
    by_rows = (
        "The place in the flattened map was divided by the number of rows. A row takes as many places as there are columns: the row is place // columns, the column "
        "place % columns."
    )
    each_box = "The boxes were counted. A map hits once or not at all, however many of its boxes hold the peak, and the rate is a share of the maps."
    another_peak = (
        "Row and column were sought separately. They are those of one region, the one with the largest weight of all."
    )
    whole_region = "A hit asks for the centre of the region alone, and not for the whole of it."
    one_axis = (
        "Left and right are looked at, or top and bottom, and not both. The centre lies in a box when x and y do."
    )

    @mistake(across)
    def rows_across(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: ((row + 0.5) / rows, (column + 0.5) / columns))

    @mistake(across)
    def row_and_column_swapped(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: ((row + 0.5) / columns, (column + 0.5) / rows))

    @mistake("The sizes have changed places: x is divided by the number of columns, and y by that of rows.")
    def sizes_swapped(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: ((column + 0.5) / rows, (row + 0.5) / columns))

    @mistake(by_rows)
    def divided_by_rows(maps, boxes):
        return rate(maps, boxes, peak=lambda map: divmod(int(map.argmax()), len(map)))

    @mistake(by_rows)
    def rest_by_rows(maps, boxes):
        return rate(maps, boxes, peak=lambda map: divmod(int(map.argmax()), len(map))[::-1])

    @mistake(by_rows)
    def row_by_rows(maps, boxes):
        return rate(maps, boxes, peak=lambda map: (int(map.argmax()) // len(map), int(map.argmax()) % map.shape[1]))

    @mistake(by_rows)
    def column_by_rows(maps, boxes):
        return rate(maps, boxes, peak=lambda map: (int(map.argmax()) // map.shape[1], int(map.argmax()) % len(map)))

    @mistake(
        "That is the upper left corner of the region. Its centre lies half a region further: (column + 0.5) / columns."
    )
    def corner_of_the_region(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: (column / columns, row / rows))

    @mistake(
        "That is the lower right corner of the region. Its centre lies half a region before it: (column + 0.5) / columns, as columns are counted from 0."
    )
    def lower_corner_of_the_region(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: ((column + 1) / columns, (row + 1) / rows))

    @mistake("Half the picture was added instead of half a region: (column + 0.5) / columns, with the brackets.")
    def half_a_picture(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: (column / columns + 0.5, row / rows + 0.5))

    @mistake(
        "The outer regions were laid on the picture's edges. There are `columns` regions side by side, and the first centre is half a region away from the edge: "
        "(column + 0.5) / columns, and not column / (columns - 1)."
    )
    def stretched_to_the_edges(maps, boxes):
        return rate(
            maps, boxes, lambda row, column, rows, columns: (column / max(1, columns - 1), row / max(1, rows - 1))
        )

    @mistake("The picture was turned upside down. Boxes and rows are both counted from the top.")
    def upside_down(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: ((column + 0.5) / columns, 1 - (row + 0.5) / rows))

    @mistake(
        "The centre was counted in regions. Boxes are in shares of the picture: divide by the number of columns, or of rows."
    )
    def in_regions(maps, boxes):
        return rate(maps, boxes, lambda row, column, rows, columns: (column + 0.5, row + 0.5))

    @mistake("A box was read as (left, top, width, height). It is (left, top, right, bottom).")
    def width_and_height(maps, boxes):
        return rate(maps, [[(a, b, a + c, b + d) for a, b, c, d in its] for its in boxes])

    @mistake("A box was read as (left, right, top, bottom). It is (left, top, right, bottom).")
    def sides_in_pairs(maps, boxes):
        return rate(maps, [[(a, c, b, d) for a, b, c, d in its] for its in boxes])

    @mistake("Only the first box was looked at. “Two cats” has two boxes, and to look at either is a hit.")
    def first_box_alone(maps, boxes):
        return rate(maps, [its_boxes[:1] for its_boxes in boxes])

    @mistake("Only the last box counts here. “Two cats” has two boxes, and to look at either is a hit.")
    def last_box_alone(maps, boxes):
        return rate(maps, [its_boxes[-1:] for its_boxes in boxes])

    @mistake("The centre had to lie in all the boxes of a noun. One of them is enough: any, not all.")
    def in_all_boxes(maps, boxes):
        return rate(maps, boxes, hit=lambda found: all(found))

    @mistake(
        "One box was drawn around all boxes of a noun. What lies between two cats is no cat: look at each box by itself."
    )
    def one_box_around_all(maps, boxes):
        return rate(maps, [[around(its)] for its in boxes])

    @mistake("The x was looked for in one box and y in another. Both have to lie in the same box.")
    def each_axis_in_a_box_of_its_own(maps, boxes):
        across = [[(a, 0, c, 1) for a, _, c, _ in its] for its in boxes]
        down = [[(0, b, 1, d) for _, b, _, d in its] for its in boxes]
        return mean([x and y for x, y in zip(hits(maps, across), hits(maps, down), strict=True)])

    @mistake(one_axis)
    def x_alone(maps, boxes):
        return rate(maps, [[(a, 0, c, 1) for a, _, c, _ in its] for its in boxes])

    @mistake(one_axis)
    def y_alone(maps, boxes):
        return rate(maps, [[(0, b, 1, d) for _, b, _, d in its] for its in boxes])

    @mistake("It is enough here that x or y lies between the sides of a box. Both must.")
    def x_or_y(maps, boxes):
        return rate(maps, [[box for a, b, c, d in its for box in ((a, 0, c, 1), (0, b, 1, d))] for its in boxes])

    @mistake("Any overlap of region and box was counted. " + whole_region)
    def overlap(maps, boxes):
        return by_regions(
            maps,
            boxes,
            lambda left, top, right, bottom, box: box[0] < right and left < box[2] and box[1] < bottom and top < box[3],
        )

    @mistake("The whole region had to lie in the box. " + whole_region)
    def region_within(maps, boxes):
        return by_regions(
            maps,
            boxes,
            lambda left, top, right, bottom, box: (
                box[0] <= left and right <= box[2] and box[1] <= top and bottom <= box[3]
            ),
        )

    @mistake("That is the number of hits. Divide it by the number of maps.")
    def not_divided(maps, boxes):
        return sum(hits(maps, boxes))

    @mistake(each_box)
    def boxes_that_are_hit(maps, boxes):
        return rate(maps, boxes, hit=sum)

    @mistake(each_box)
    def share_of_the_boxes(maps, boxes):
        return sum(hits(maps, boxes, hit=sum)) / sum(map(len, boxes))

    @mistake(each_box)
    def hits_by_the_boxes(maps, boxes):
        return sum(hits(maps, boxes)) / sum(map(len, boxes))

    @mistake(each_box)
    def mean_share_of_the_boxes(maps, boxes):
        return rate(maps, boxes, hit=mean)

    @mistake("That is the share of the maps that miss.")
    def misses(maps, boxes):
        return 1 - rate(maps, boxes)

    @mistake("That is in per cent. A share lies between 0 and 1.")
    def per_cent(maps, boxes):
        return 100 * rate(maps, boxes)

    @mistake("These are the hits, one a map. Return their share, one number.")
    def one_a_map(maps, boxes):
        return hits(maps, boxes)

    @mistake("The division was rounded down. The share is a fraction: take / and not //.")
    def rounded_down(maps, boxes):
        return float(rate(maps, boxes) // 1)

    @mistake("That says whether any map hits. Asked for is the share of the maps that do.")
    def any_map(maps, boxes):
        return float(any(hits(maps, boxes)))

    @mistake("The smallest weight was looked for. A map points where its weight is largest.")
    def smallest_weight(maps, boxes):
        return rate(-maps, boxes)

    @mistake("One place, where the largest weight of all maps is, was taken for every map. Each has a peak of its own.")
    def one_peak_for_all(maps, boxes):
        return rate(maps.flatten(1)[maps.flatten(1).amax(1).argmax()].view_as(maps[:1]).expand_as(maps), boxes)

    @mistake("The sum of all maps was looked at for every map. Each has a peak of its own.")
    def peak_of_the_sum(maps, boxes):
        return rate(maps.sum(0, keepdim=True).expand_as(maps), boxes)

    @mistake(another_peak)
    def fullest_row_and_column(maps, boxes):
        return rate(maps, boxes, peak=lambda map: (int(map.sum(1).argmax()), int(map.sum(0).argmax())))

    @mistake(
        "That is the map's centre of mass. A map points at the region with its largest weight; between two cats that share the weight there is none."
    )
    def centre_of_mass(maps, boxes):
        def peak(map):
            shares = map / map.sum()
            rows, columns = (torch.arange(n, dtype=map.dtype) for n in map.shape)
            return float(shares.sum(1) @ rows), float(shares.sum(0) @ columns)

        return rate(maps, boxes, peak=peak)

    @mistake("That is the mean weight inside the boxes. The rate asks of each map only where its largest weight is.")
    def weight_inside(maps, boxes):
        return mean(inside(maps, boxes))

    @mistake(
        "A map was taken to hit where at least half of its weight lies inside. It hits where its largest weight is inside."
    )
    def half_the_weight_inside(maps, boxes):
        return mean([weight >= 0.5 for weight in inside(maps, boxes)])


def hits(maps, boxes, centre=None, peak=None, hit=any):
    """What comes of each map, with a place for each mistake."""
    centre = centre or (lambda row, column, rows, columns: ((column + 0.5) / columns, (row + 0.5) / rows))
    peak = peak or (lambda map: divmod(int(map.argmax()), map.shape[1]))
    found = []
    for map, its_boxes in zip(maps, boxes, strict=True):
        x, y = centre(*peak(map), *map.shape)
        found.append(hit([left <= x <= right and top <= y <= bottom for left, top, right, bottom in its_boxes]))
    return found


def rate(maps, boxes, centre=None, peak=None, hit=any):
    return mean(hits(maps, boxes, centre, peak, hit))


def mean(numbers):
    return sum(numbers) / len(numbers)


def around(boxes):
    """The smallest box that holds them."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def by_regions(maps, boxes, hit):
    """The share of maps of which the peak's region, (left, top, right, bottom), hits a box."""
    rows, columns = maps.shape[1:]
    found = []
    for map, its in zip(maps, boxes, strict=True):
        row, column = divmod(int(map.argmax()), columns)
        region = column / columns, row / rows, (column + 1) / columns, (row + 1) / rows
        found.append(any(hit(*region, box) for box in its))
    return mean(found)


def inside(maps, boxes):
    """Of each map the weight of the regions whose centres lie in a box."""
    rows, columns = maps.shape[1:]
    centres = [((column + 0.5) / columns, (row + 0.5) / rows) for row in range(rows) for column in range(columns)]
    within = [[any(a <= x <= c and b <= y <= d for a, b, c, d in its) for x, y in centres] for its in boxes]
    return (maps.flatten(1) * torch.tensor(within)).sum(1).tolist()


def drawn(generator, count, rows, columns, most):
    """Maps with up to `most` boxes each: around the peak's centre, where a slip would look for it, or anywhere."""

    def rand():
        return float(torch.rand((), generator=generator))

    def box(x, y):
        across, down = (0.45 + 0.5 * rand()) / columns, (0.45 + 0.5 * rand()) / rows
        sides = [x - across * (0.2 + rand()), y - down * (0.2 + rand()), x + across, y + down]
        return tuple(round(min(1.0, max(0.0, side)), 4) for side in sides)

    def places(row, column):
        x, y = (column + 0.5) / columns, (row + 0.5) / rows
        slips = [(y, x), (column / columns, row / rows), (x, 1 - y), (1 - x, y), (x, rand()), (rand(), y)]
        while True:
            drawn = rand()
            yield (x, y) if drawn < 0.4 else slips[int(rand() * len(slips))] if drawn < 0.8 else (rand(), rand())

    maps = (2 * torch.randn(count, rows, columns, generator=generator)).flatten(1).softmax(-1).view(-1, rows, columns)
    found = []
    for map in maps:
        row, column = divmod(int(map.argmax()), columns)
        x, y = (column + 0.5) / columns, (row + 0.5) / rows
        its: list[tuple[float, ...]] = []
        for place in places(row, column):
            new = box(*place)
            edges = (abs(side - at) for side, at in zip(new, (x, y, x, y), strict=True))
            if new[0] < new[2] and new[1] < new[3] and min(edges) > 1e-3:  # nobody need say what lies on an edge
                its.append(new)
            if len(its) > rand() * most:
                break
        found.append(its[:most])
    return maps, found
