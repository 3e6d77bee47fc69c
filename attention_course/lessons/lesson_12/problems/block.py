import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.stand_in import StandIn

# Simple functions in the places of trained ones, for tensors and for arrays; sums do not pass through them unchanged.
NORM_1 = StandIn("x / (1 + x * x)", lambda x: x / (1 + x * x))
NORM_2 = StandIn("x / (1 + abs(x))", lambda x: x / (1 + abs(x)))
LOOK = StandIn("(x * x + x).cumsum(0)", lambda x: (x * x + x).cumsum(0))  # each word looks at itself and those before
FEED = StandIn("x * x + 1", lambda x: x * x + 1)
ZERO, SAME = StandIn("0 * x", lambda x: 0 * x), StandIn("1 * x", lambda x: 1 * x)


class Block(Problem):
    """The block of an encoder: two parts, each of which adds what it finds in the normalised sum so far."""

    hints = (
        "There is one sum that runs through. Each part reads a normalised copy of it, and writes what it finds back onto it.",
        "First x + look(norm_1(x)). The second part reads that sum, not the x that came in.",
        "x = x + look(norm_1(x)); return x + feed_forward(norm_2(x)).",
    )
    praise = "With the norms in front, the sum itself is never normalised inside the stack; that is why a last norm stands behind it."

    def inputs(self, generator):
        def word():
            return 0.5 + torch.rand(1, 2, generator=generator)

        yield "parts that find nothing", (word(), NORM_1, ZERO, NORM_2, ZERO)
        yield "no norms, and a second part that finds nothing", (word(), SAME, LOOK, SAME, ZERO)
        yield "a norm before the attention, and a second part that finds nothing", (word(), NORM_1, LOOK, SAME, ZERO)
        yield "a first part that finds nothing", (word(), SAME, ZERO, NORM_2, FEED)
        yield "both parts, without norms", (word(), SAME, LOOK, SAME, FEED)
        yield "one word", (word(), NORM_1, LOOK, NORM_2, FEED)
        yield "three words", (torch.randn(3, 4, generator=generator), NORM_1, LOOK, NORM_2, FEED)

    def admissible(self, generator):
        def one_of(*functions):
            return functions[int(torch.randint(0, len(functions), (), generator=generator))]

        L, E = (int(n) for n in torch.randint(1, 5, (2,), generator=generator))
        norms, parts = (NORM_1, NORM_2, SAME), (LOOK, FEED, SAME, ZERO)
        return torch.randn(L, E, generator=generator), *(one_of(*f) for f in (norms, parts, norms, parts))

    def answer(x, norm_1, look, norm_2, feed_forward):
        x = x + look(norm_1(x))
        return x + feed_forward(norm_2(x))

    lost = "What came in is lost: the residual connections are missing. Where a part finds nothing, the word is gone for good."
    found_alone = (
        "The second part was handed what the attention found, and not the sum. It reads norm_2(x + look(norm_1(x)))."
    )
    to_the_normed = "What was found is added to the normalised x, and not to x. The running sum itself is never normalised inside a block."
    unnormed = "A norm is missing. Each part reads a normalised copy of the sum: look(norm_1(x)), then feed_forward(norm_2(x))."
    one_for_both = (
        "One norm was used for both parts. Each part has a norm of its own, with a gain and a bias of its own."
    )
    behind = (
        "The norms stand behind the sums. That is the block of the paper of 2017 (post-norm), and it trains, with care; asked for is the one of the lesson, "
        "which normalises what a part reads and leaves the sum alone."
    )
    half_behind = "One of the two norms stands behind its sum, and the other in front of its part. Both stand in front: the sum itself is never normalised."
    one_part = "A part is missing: first look, then feed_forward, and each adds what it finds."

    @mistake(behind)
    def norms_behind(x, norm_1, look, norm_2, feed_forward):
        x = norm_1(x + look(x))
        return norm_2(x + feed_forward(x))

    @mistake(half_behind)
    def first_norm_behind(x, norm_1, look, norm_2, feed_forward):
        x = norm_1(x + look(x))
        return x + feed_forward(norm_2(x))

    @mistake(half_behind)
    def second_norm_behind(x, norm_1, look, norm_2, feed_forward):
        x = x + look(norm_1(x))
        return norm_2(x + feed_forward(x))

    @mistake(
        "What the parts found was normalised. Norms stand in front of the parts, on what they read: x + look(norm_1(x))."
    )
    def found_normalised(x, norm_1, look, norm_2, feed_forward):
        x = x + norm_1(look(x))
        return x + norm_2(feed_forward(x))

    @mistake("The result was normalised once more. A last norm stands behind the whole stack, and not in a block.")
    def normalised_again(x, norm_1, look, norm_2, feed_forward):
        return norm_2(Block.answer(x, norm_1, look, norm_2, feed_forward))

    @mistake(lost)
    def without_residual(x, norm_1, look, norm_2, feed_forward):
        return feed_forward(norm_2(look(norm_1(x))))

    @mistake("Only the first part adds to what came in. The feed-forward network does so, too.")
    def one_residual(x, norm_1, look, norm_2, feed_forward):
        return feed_forward(norm_2(x + look(norm_1(x))))

    @mistake("Only the second part adds to what came in. The attention does so, too: x + look(norm_1(x)).")
    def second_residual_alone(x, norm_1, look, norm_2, feed_forward):
        x = look(norm_1(x))
        return x + feed_forward(norm_2(x))

    @mistake(to_the_normed)
    def added_to_the_normed(x, norm_1, look, norm_2, feed_forward):
        x = norm_1(x)
        x = x + look(x)
        x = norm_2(x)
        return x + feed_forward(x)

    @mistake(to_the_normed)
    def first_added_to_the_normed(x, norm_1, look, norm_2, feed_forward):
        x = norm_1(x)
        x = x + look(x)
        return x + feed_forward(norm_2(x))

    @mistake(to_the_normed)
    def second_added_to_the_normed(x, norm_1, look, norm_2, feed_forward):
        x = norm_2(x + look(norm_1(x)))
        return x + feed_forward(x)

    @mistake(
        "Both parts read the x that came in. (Some models do that, to compute them at the same time.) Here the second reads the sum, with what the first found."
    )
    def side_by_side(x, norm_1, look, norm_2, feed_forward):
        return x + look(norm_1(x)) + feed_forward(norm_2(x))

    @mistake(found_alone)
    def second_reads_what_was_found(x, norm_1, look, norm_2, feed_forward):
        found = look(norm_1(x))
        return x + found + feed_forward(norm_2(found))

    @mistake(found_alone)
    def only_one_sum(x, norm_1, look, norm_2, feed_forward):
        return x + feed_forward(norm_2(look(norm_1(x))))

    @mistake("The feed-forward network came first. The words look, then each thinks for itself.")
    def other_order(x, norm_1, look, norm_2, feed_forward):
        x = x + feed_forward(norm_2(x))
        return x + look(norm_1(x))

    @mistake(
        "The feed-forward network came first, and the norms stand where they stood. The words look, then each thinks for itself."
    )
    def parts_exchanged(x, norm_1, look, norm_2, feed_forward):
        return Block.answer(x, norm_1, feed_forward, norm_2, look)

    @mistake(
        "The norms have changed places: norm_1 stands in front of the attention, norm_2 in front of the feed-forward network."
    )
    def norms_exchanged(x, norm_1, look, norm_2, feed_forward):
        return Block.answer(x, norm_2, look, norm_1, feed_forward)

    @mistake(one_for_both)
    def one_norm(x, norm_1, look, norm_2, feed_forward):
        return Block.answer(x, norm_1, look, norm_1, feed_forward)

    @mistake(one_for_both)
    def second_norm_for_both(x, norm_1, look, norm_2, feed_forward):
        return Block.answer(x, norm_2, look, norm_2, feed_forward)

    @mistake("The second part reads a sum that has gone through both norms. Each part has one norm in front of it.")
    def both_norms(x, norm_1, look, norm_2, feed_forward):
        x = x + look(norm_1(x))
        return x + feed_forward(norm_2(norm_1(x)))

    @mistake(unnormed)
    def without_norms(x, norm_1, look, norm_2, feed_forward):
        return Block.answer(x, SAME, look, SAME, feed_forward)

    @mistake(unnormed)
    def without_the_first_norm(x, norm_1, look, norm_2, feed_forward):
        return Block.answer(x, SAME, look, norm_2, feed_forward)

    @mistake(unnormed)
    def without_the_second_norm(x, norm_1, look, norm_2, feed_forward):
        return Block.answer(x, norm_1, look, SAME, feed_forward)

    @mistake(
        "The second part was added to the x that came in, and what the attention found is lost, except for what the second part made of it."
    )
    def first_sum_lost(x, norm_1, look, norm_2, feed_forward):
        return x + feed_forward(norm_2(x + look(norm_1(x))))

    @mistake("The x that came in was added twice. It is in the first sum already: the second part adds to that.")
    def added_twice(x, norm_1, look, norm_2, feed_forward):
        return x + Block.answer(x, norm_1, look, norm_2, feed_forward)

    @mistake(one_part)
    def without_feed_forward(x, norm_1, look, norm_2, feed_forward):
        return x + look(norm_1(x))

    @mistake(one_part)
    def without_look(x, norm_1, look, norm_2, feed_forward):
        return x + feed_forward(norm_2(x))

    @mistake("What the parts found was multiplied by what came in. It is added.")
    def multiplied(x, norm_1, look, norm_2, feed_forward):
        x = x * look(norm_1(x))
        return x * feed_forward(norm_2(x))

    @mistake("What the parts found was subtracted. It is added.")
    def subtracted(x, norm_1, look, norm_2, feed_forward):
        x = x - look(norm_1(x))
        return x - feed_forward(norm_2(x))

    @mistake("Self-attention, `look`, takes one thing: it makes queries, keys and values of it by itself.")
    def three_handed_over(x, norm_1, look, norm_2, feed_forward):
        normed = norm_1(x)
        return x + look(normed, normed, normed)
