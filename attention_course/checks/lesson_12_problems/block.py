import torch

from ..lesson_10_problems.stand_in import StandIn
from ..problem import Problem, mistake

# Simple functions in the places of trained ones, for tensors and for arrays.
NORM_1 = StandIn("x - x[..., :1]", lambda x: x - x[..., :1])
NORM_2 = StandIn("x / 2", lambda x: x / 2)
LOOK = StandIn("x.cumsum(0)", lambda x: x.cumsum(0))  # each word looks at itself and those before
FEED = StandIn("x * x + 1", lambda x: x * x + 1)
ZERO, SAME = StandIn("0 * x", lambda x: 0 * x), StandIn("x", lambda x: x)


class Block(Problem):
    """The block of an encoder: two parts, each of which adds what it finds in the normalised sum so far."""

    hints = (
        "There is one sum that runs through. Each part reads a normalised copy of it, and writes what it finds back onto it.",
        "First x + look(norm_1(x)). The second part reads that sum, not the x that came in.",
        "x = x + look(norm_1(x)); return x + feed_forward(norm_2(x)).",
    )
    praise = "With the norms in front, the sum itself is never normalised inside the stack; that is why a last norm stands behind it."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        x = torch.tensor([[3.0, 1.0]])
        yield "parts that find nothing", (x, NORM_1, ZERO, NORM_2, ZERO)
        yield "an attention that hands the word back, no norms, and a second part that finds nothing", (
            x, SAME, SAME, SAME, ZERO,
        )  # fmt: skip
        yield "a norm before the attention, and a second part that finds nothing", (x, NORM_1, SAME, SAME, ZERO)
        yield "a first part that finds nothing", (x, SAME, ZERO, NORM_2, FEED)
        yield "both parts, without norms", (x, SAME, SAME, SAME, FEED)
        yield "three words", (randn(3, 4), NORM_1, LOOK, NORM_2, FEED)

    def answer(x, norm_1, look, norm_2, feed_forward):
        x = x + look(norm_1(x))
        return x + feed_forward(norm_2(x))

    @mistake(
        "The norms stand behind the sums. That is the block of the paper of 2017 (post-norm), and it trains, with care; asked for is the one of the lesson, "
        "which normalises what a part reads and leaves the sum alone."
    )
    def norms_behind(x, norm_1, look, norm_2, feed_forward):
        x = norm_1(x + look(x))
        return norm_2(x + feed_forward(x))

    @mistake(
        "What came in is lost: the residual connections are missing. Where a part finds nothing, the word is gone for good."
    )
    def without_residual(x, norm_1, look, norm_2, feed_forward):
        return feed_forward(norm_2(look(norm_1(x))))

    @mistake("Only the first part adds to what came in. The feed-forward network does so, too.")
    def one_residual(x, norm_1, look, norm_2, feed_forward):
        return feed_forward(norm_2(x + look(norm_1(x))))

    @mistake(
        "What was found is added to the normalised x, and not to x. The running sum itself is never normalised inside a block."
    )
    def added_to_the_normed(x, norm_1, look, norm_2, feed_forward):
        x = norm_1(x)
        x = x + look(x)
        x = norm_2(x)
        return x + feed_forward(x)

    @mistake(
        "Both parts read the x that came in. (Some models do that, to compute them at the same time.) Here the second reads the sum, with what the first found."
    )
    def side_by_side(x, norm_1, look, norm_2, feed_forward):
        return x + look(norm_1(x)) + feed_forward(norm_2(x))

    @mistake("The feed-forward network came first. The words look, then each thinks for itself.")
    def other_order(x, norm_1, look, norm_2, feed_forward):
        x = x + feed_forward(norm_2(x))
        return x + look(norm_1(x))

    @mistake(
        "The first norm was used for both parts. Each part has a norm of its own, with a gain and a bias of its own."
    )
    def one_norm(x, norm_1, look, norm_2, feed_forward):
        x = x + look(norm_1(x))
        return x + feed_forward(norm_1(x))

    @mistake(
        "The second part was added to the x that came in, and what the attention found is lost, except for what the second part made of it."
    )
    def first_sum_lost(x, norm_1, look, norm_2, feed_forward):
        return x + feed_forward(norm_2(x + look(norm_1(x))))
