import torch

from attention_course.checks.problem import Problem, mistake


class StridedPattern(Problem):
    """Who may attend to whom: the last few positions, and before them every so many."""

    hints = (
        "The rule speaks only of how far j stands behind i. Make that table first, n by n, and then ask it three questions.",
        "With i = torch.arange(n), the table is behind = i[:, None] - i. One question is whether j is not in the future, one whether it is near, one whether it is in i's column.",
        "i = torch.arange(n); behind = i[:, None] - i; then (behind >= 0) & ((behind < stride) | (behind % stride == 0)).",
    )
    praise = "In two layers every earlier word is in reach: a column's step takes you near it, and a near step onto it."

    def inputs(self, generator):
        yield "two positions and a stride of 1, which allows all of the past", (2, 1)
        yield "a stride longer than the text", (3, 5)
        yield "four positions and a stride of 2", (4, 2)
        yield "five positions and a stride of 3", (5, 3)
        yield "nine positions and a stride of 3", (9, 3)
        n = int(torch.randint(15, 30, (1,), generator=generator))
        yield f"a text of {n} words and a stride of 4", (n, 4)

    def admissible(self, generator):
        n = int(torch.randint(1, 20, (1,), generator=generator))
        return n, int(torch.randint(1, n // 2 + 3, (1,), generator=generator))

    def answer(n, stride):
        i = torch.arange(n)
        behind = i[:, None] - i
        return (behind >= 0) & ((behind < stride) | (behind % stride == 0))

    ahead = (
        "Later positions are in reach. The pattern looks back only, near and far: both need behind >= 0. A negative distance is smaller than the stride, "
        "too, and & binds more tightly than |, so the “or” stands in brackets."
    )
    one_off = "The far keys are one place off: they stand where the distance i - j itself is a multiple of the stride."
    fixed = (
        "Here the far keys stand at fixed places, wherever the query is: it is i - j that has to be a multiple of the stride, and not j or j + 1. That is nearer to the "
        "*fixed* pattern."
    )

    @mistake(ahead)
    def future_seen(n, stride):
        return (behind(n) < stride) | (behind(n) % stride == 0)

    @mistake(ahead)
    def both_sides(n, stride):
        return (behind(n).abs() < stride) | (behind(n) % stride == 0)

    @mistake(ahead)
    def far_to_both_sides(n, stride):
        return (behind(n) >= 0) & (behind(n) < stride) | (behind(n) % stride == 0)

    @mistake(ahead)
    def near_to_both_sides(n, stride):
        return (behind(n).abs() < stride) | (behind(n) >= 0) & (behind(n) % stride == 0)

    @mistake("A position does not see itself here. It is the first of its last `stride` positions, at a distance of 0.")
    def itself_left_out(n, stride):
        return pattern(n, stride) & (behind(n) > 0)

    @mistake(
        "The near keys are one too few. The last `stride` positions, itself included, have distances from 0 to stride - 1."
    )
    def one_near_key_too_few(n, stride):
        return pattern(n, stride, near=lambda i, j: i - j < stride - 1)

    @mistake(
        "The near keys are too many: distances from 0 to stride - 1 are the last `stride` positions, itself included."
    )
    def near_keys_too_many(n, stride):
        return pattern(n, stride, near=lambda i, j: i - j <= stride + 1)

    @mistake(
        "The near keys are those of one's own block of `stride` positions. Here they are the last `stride` positions, wherever a block begins."
    )
    def own_block(n, stride):
        return pattern(n, stride, near=lambda i, j: i // stride == j // stride)

    @mistake(
        "This is the fixed pattern: one's own block, and the last position of each block. The strided one goes by the distance i - j alone."
    )
    def fixed_pattern(n, stride):
        return pattern(n, stride, lambda i, j: i // stride == j // stride, lambda i, j: (j + 1) % stride == 0)

    @mistake(
        "The first `stride` positions of the text were taken as near. Near are the last ones before the query, i - j < stride."
    )
    def first_positions(n, stride):
        return pattern(n, stride, near=lambda i, j: (j < stride) | (i == j))

    @mistake(fixed)
    def fixed_places(n, stride):
        return pattern(n, stride, far=lambda i, j: j % stride == 0)

    @mistake(fixed)
    def last_places_of_blocks(n, stride):
        return pattern(n, stride, far=lambda i, j: (j + 1) % stride == 0)

    @mistake(
        "Whether a query has far keys depends here on where it stands itself: i is asked to be a multiple of the stride. It is the distance i - j that has to be one."
    )
    def places_of_queries(n, stride):
        return pattern(n, stride, far=lambda i, j: i % stride == 0)

    @mistake(
        "Both i and j are asked to be multiples of the stride. It is their distance i - j alone that has to be one."
    )
    def places_of_both(n, stride):
        return pattern(n, stride, far=lambda i, j: (i % stride == 0) & (j % stride == 0))

    @mistake("Places were added. How far j stands behind i is the difference, i - j.")
    def sum_of_places(n, stride):
        return pattern(n, stride, far=lambda i, j: (i + j) % stride == 0)

    @mistake(one_off)
    def one_step_too_near(n, stride):
        return pattern(n, stride, far=lambda i, j: (i - j + 1) % stride == 0)

    @mistake(one_off)
    def one_step_too_far(n, stride):
        return pattern(n, stride, far=lambda i, j: (i - j - 1) % stride == 0)

    @mistake("The steps are too long by one: a stride of 4 goes to distances 4, 8, 12, and leaves three words out.")
    def a_longer_stride(n, stride):
        return pattern(n, stride, far=lambda i, j: (i - j) % (stride + 1) == 0)

    @mistake(
        "There is only one far key, `stride` positions back. Every multiple of the stride is seen, as far as the text goes: behind % stride == 0, and not "
        "stride % behind."
    )
    def a_single_step(n, stride):
        return pattern(n, stride, far=lambda i, j: i - j == stride)

    @mistake(
        "Position 0 is never seen as a far key. Ranges and slices stop before their end: going down to 0 the end is -1."
    )
    def first_position_left_out(n, stride):
        return pattern(n, stride, far=lambda i, j: ((i - j) % stride == 0) & (j > 0))

    @mistake(
        "Positions near the beginning have lost their near keys: i - stride + 1 is negative there, and in a slice that counts from the end. Begin at max(0, i - stride + 1)."
    )
    def counted_from_the_end(n, stride):
        made = pattern(n, stride, near=lambda i, j: i != i)
        for i in range(n):
            made[i, i - stride + 1 : i + 1] = True
        return made

    @mistake("Only the far keys are there. The last `stride` positions, with no gaps, belong to the pattern, too.")
    def far_only(n, stride):
        return pattern(n, stride, near=lambda i, j: i != i)

    @mistake("Only the near keys are there: this is a window. Further back every stride-th position is seen as well.")
    def near_only(n, stride):
        return pattern(n, stride, far=lambda i, j: i != i)

    @mistake("All of the past is allowed. Further back than `stride` positions only every stride-th is seen.")
    def all_of_the_past(n, stride):
        return behind(n) >= 0

    @mistake(
        "The two conditions are joined with “and”, which leaves the word itself alone. A key may be near *or* in the column."
    )
    def joined_with_and(n, stride):
        return torch.eye(n).bool()

    @mistake("Rows and columns have changed places: a row is a query, and a query looks back.")
    def transposed(n, stride):
        return pattern(n, stride).mT

    @mistake("The table is turned round: True means *may attend*.")
    def inverted(n, stride):
        return ~pattern(n, stride)

    @mistake("These numbers are to be added to scores. Asked for is a table of True and False.")
    def to_be_added(n, stride):
        return torch.zeros(n, n).masked_fill(~pattern(n, stride), -torch.inf)

    @mistake("These are lists of the places that each position sees. Asked for is a table (n, n) of True and False.")
    def places_listed(n, stride):
        return [row.nonzero().flatten().tolist() for row in pattern(n, stride)]


def behind(n):
    """How far each key stands behind each query."""
    i = torch.arange(n)
    return i[:, None] - i


def pattern(n, stride, near=None, far=None):
    """The pattern, with other conditions for its near keys j of a query i, or for its far ones."""
    i, j = torch.arange(n)[:, None], torch.arange(n)
    near = near(i, j) if near else i - j < stride
    return (i >= j) & (near | (far(i, j) if far else (i - j) % stride == 0))
