import torch

from attention_course.checks.problem import Problem, mistake


class LearningRate(Problem):
    """Warm-up to a peak, then a fall as 1/√step."""

    hints = (
        "There are two curves: a straight line that rises, and a root that falls. At step warm_up both have the value peak.",
        "The line is peak · step / warm_up. The other curve is a number divided by √step: which number makes it peak at step warm_up? Of the two curves, the lower one counts.",
        "peak * min(step / warm_up, (warm_up / step) ** 0.5).",
    )
    praise = "The two curves meet at the peak, and the lower one counts everywhere. So no if is needed."

    def inputs(self, generator):
        peak = 0.5 + 4 * torch.rand((), generator=generator).item()
        yield "the first step", (1, 8, 0.4)
        yield "a step of the warm-up", (3, 8, 2.0)
        yield "the last step of the warm-up", (8, 8, 2.0)
        yield "the step after the peak", (9, 8, 2.0)
        yield "four times as many steps as the warm-up has", (32, 8, 3.0)
        yield "a step far behind the peak", (500, 20, 3.0)
        yield "a warm-up of a single step", (1, 1, 0.7)
        yield "the third step, with a warm-up of a single step", (3, 1, 0.7)
        yield "a step of a long warm-up", (700, 4000, peak)
        yield "a step after a long warm-up", (23_000, 4000, peak)

    def admissible(self, generator):
        def whole(most):
            return 1 + int(most * torch.rand((), generator=generator))

        warm_up = whole(40)
        return (
            whole(3 * warm_up if whole(2) == 1 else 400),
            warm_up,
            0.1 + 5 * torch.rand((), generator=generator).item(),
        )

    def answer(step, warm_up, peak):
        return peak * min(step / warm_up, (warm_up / step) ** 0.5)

    from_zero = "Your first step has the rate 0, and learns nothing: the steps were counted from 0. The first step is 1, so use step as it is."
    one_ahead = "Your rate is one step ahead. The first step is 1 already, so use step and not step + 1."
    off_the_peak = "The line and the root do not meet at step warm_up, where both should be peak. A root that is peak at step warm_up is peak · √(warm_up / step)."
    no_rise = "The warm-up is missing: the rate falls from the first step on. Up to step warm_up it rises, as peak · step / warm_up."
    since_the_peak = "The root counts the steps since the end of the warm-up. It counts from the beginning: at step 4 · warm_up the rate is peak / 2."
    in_one = "The peak is used in one of the two curves only. Both are multiplied by peak."
    other_fall = "After the peak the rate falls along another curve. It falls as 1/√step: four times as many steps, half the rate."

    @mistake(from_zero)
    def counted_from_zero(step, warm_up, peak):
        return LearningRate.answer(step - 1, warm_up, peak) if step > 1 else 0.0

    @mistake(from_zero)
    def counted_from_zero_without_care(step, warm_up, peak):
        return LearningRate.answer(step - 1, warm_up, peak)  # divides by zero

    @mistake(from_zero)
    def rises_from_zero(step, warm_up, peak):
        return peak * min((step - 1) / warm_up, (warm_up / step) ** 0.5)

    @mistake(from_zero)
    def rises_from_zero_to_the_peak(step, warm_up, peak):
        return peak * (step - 1) / (warm_up - 1) if step < warm_up else peak * (warm_up / step) ** 0.5

    @mistake(one_ahead)
    def counted_from_two(step, warm_up, peak):
        return LearningRate.answer(step + 1, warm_up, peak)

    @mistake(one_ahead)
    def rises_from_two(step, warm_up, peak):
        return peak * min((step + 1) / warm_up, (warm_up / step) ** 0.5)

    @mistake("The rise is one step too long: your peak is at step warm_up + 1. Divide step by warm_up.")
    def peak_a_step_late(step, warm_up, peak):
        return LearningRate.answer(step, warm_up + 1, peak)

    @mistake(
        "The rise was divided by warm_up + 1, so that it does not reach the peak at step warm_up. Divide by warm_up."
    )
    def line_too_low(step, warm_up, peak):
        return peak * (step / (warm_up + 1) if step <= warm_up else (warm_up / step) ** 0.5)

    @mistake("The root counts one step too many. At step warm_up it is peak, and at step 4 · warm_up peak / 2.")
    def root_a_step_ahead(step, warm_up, peak):
        return peak * (step / warm_up if step <= warm_up else (warm_up / (step + 1)) ** 0.5)

    @mistake(
        "After the peak the rate falls as 1/step². It falls as 1/√step: take the root, ** 0.5, and not the square."
    )
    def squared(step, warm_up, peak):
        return peak * min(step / warm_up, (warm_up / step) ** 2)

    @mistake(
        "After the peak the rate falls as 1/step. The root is missing: at step 4 · warm_up the rate is still peak / 2."
    )
    def without_the_root(step, warm_up, peak):
        return peak * min(step / warm_up, warm_up / step)

    @mistake(
        "Only √step was meant to be a root, and warm_up has lost its own: at step warm_up the curve is not peak. It is √(warm_up / step), the root of both."
    )
    def root_of_the_step_alone(step, warm_up, peak):
        return peak * min(step / warm_up, warm_up / step**0.5)

    @mistake(off_the_peak)
    def jumps_down(step, warm_up, peak):
        return peak * (step / warm_up if step <= warm_up else step**-0.5)

    @mistake(off_the_peak)
    def never_at_the_peak(step, warm_up, peak):
        return peak * min(step / warm_up, step**-0.5)

    @mistake(off_the_peak)
    def jumps_up(step, warm_up, peak):
        return peak * (step / warm_up if step <= warm_up else warm_up / step**0.5)

    @mistake(off_the_peak)
    def jumps_down_at_the_peak(step, warm_up, peak):
        return peak * (step / warm_up if step < warm_up else step**-0.5)

    @mistake(off_the_peak)
    def jumps_up_at_the_peak(step, warm_up, peak):
        return peak * (step / warm_up if step < warm_up else warm_up / step**0.5)

    @mistake(
        "That is the formula of the paper, min(1/√step, step / warm_up^1.5), times peak. Its highest value is 1/√warm_up: multiply by √warm_up, so that it becomes peak."
    )
    def highest_is_not_the_peak(step, warm_up, peak):
        return peak * min(step**-0.5, step * warm_up**-1.5)

    @mistake(
        "That is the formula of the paper, min(1/√step, step / warm_up^1.5). Its highest value is 1/√warm_up: multiply by peak · √warm_up, so that it becomes peak."
    )
    def as_in_the_paper(step, warm_up, peak):
        return min(step**-0.5, step * warm_up**-1.5)

    @mistake(no_rise)
    def without_warm_up(step, warm_up, peak):
        return peak * (warm_up / step) ** 0.5

    @mistake(no_rise)
    def falls_from_the_first_step(step, warm_up, peak):
        return peak * step**-0.5

    @mistake(
        "Up to step warm_up your rate is peak all along. That is what a warm-up avoids: the rate rises, as peak · step / warm_up."
    )
    def flat_then_falling(step, warm_up, peak):
        return peak * min(1, (warm_up / step) ** 0.5)

    @mistake(since_the_peak)
    def counted_from_the_peak(step, warm_up, peak):
        return peak * (step / warm_up if step <= warm_up else (step - warm_up) ** -0.5)

    @mistake(since_the_peak)
    def counted_from_the_peak_in_one_formula(step, warm_up, peak):
        return peak * min(step / warm_up, (step - warm_up) ** -0.5)  # the root of a number below 0, or of 0

    @mistake(since_the_peak)
    def counted_from_the_peak_and_one(step, warm_up, peak):
        return peak * (step / warm_up if step <= warm_up else (step - warm_up + 1) ** -0.5)

    @mistake(since_the_peak)
    def warm_up_by_what_came_after(step, warm_up, peak):
        return peak * (step / warm_up if step <= warm_up else min(1, (warm_up / (step - warm_up)) ** 0.5))

    @mistake(
        "After the peak the rate falls along a straight line. It falls as 1/√step: fast at first, then more slowly, and never to 0."
    )
    def straight_down(step, warm_up, peak):
        return peak * min(step / warm_up, max(0, 1 - (step - warm_up) / (6 * warm_up)))

    @mistake(other_fall)
    def halved_again_and_again(step, warm_up, peak):
        return peak * (step / warm_up if step <= warm_up else 0.5 ** ((step - warm_up) / (3 * warm_up)))

    @mistake(other_fall)
    def down_a_line_to_nothing(step, warm_up, peak):
        return peak * min(step / warm_up, max(0, 2 - step / warm_up))

    @mistake(
        "The higher of the two curves was taken. During the warm-up the line is lower, after it the root: take min, or turn the condition round."
    )
    def larger_one(step, warm_up, peak):
        return peak * max(step / warm_up, (warm_up / step) ** 0.5)

    @mistake("After the peak your rate goes on rising: the root is upside down. It is √(warm_up / step).")
    def root_upside_down(step, warm_up, peak):
        return peak * min(step / warm_up, (step / warm_up) ** 0.5)

    @mistake(
        "Your rate is peak · √(step / warm_up) at every step: the two curves were multiplied by each other, or the root is upside down. Up to step warm_up the line counts, "
        "behind it √(warm_up / step)."
    )
    def product(step, warm_up, peak):
        return peak * (step / warm_up) * (warm_up / step) ** 0.5

    @mistake("The two curves were added up. One counts before the peak, the other behind it.")
    def added(step, warm_up, peak):
        return peak * (step / warm_up + (warm_up / step) ** 0.5)

    @mistake("The peak is not used: your highest rate is always 1. Multiply by peak.")
    def without_peak(step, warm_up, peak):
        return min(step / warm_up, (warm_up / step) ** 0.5)

    @mistake(in_one)
    def peak_in_the_line(step, warm_up, peak):
        return peak * step / warm_up if step <= warm_up else (warm_up / step) ** 0.5

    @mistake(in_one)
    def peak_in_the_root(step, warm_up, peak):
        return step / warm_up if step <= warm_up else peak * (warm_up / step) ** 0.5

    @mistake(
        "The two curves were compared before both were multiplied by peak. Multiply the lower one by peak at the end, or both before."
    )
    def compared_without_peak(step, warm_up, peak):
        return min(peak * step / warm_up, (warm_up / step) ** 0.5)

    @mistake("After the warm-up your rate stays at the peak. It falls from there, as 1/√step.")
    def stays_at_the_peak(step, warm_up, peak):
        return peak * min(1, step / warm_up)

    @mistake("Your rate rises for ever. After step warm_up it falls, as 1/√step.")
    def only_rises(step, warm_up, peak):
        return peak * step / warm_up

    @mistake("During the warm-up your rate rises as a root. It rises linearly: peak · step / warm_up.")
    def rises_as_a_root(step, warm_up, peak):
        return peak * min((step / warm_up) ** 0.5, (warm_up / step) ** 0.5)

    @mistake("During the warm-up your rate rises as a square. It rises linearly: peak · step / warm_up.")
    def rises_as_a_square(step, warm_up, peak):
        return peak * min((step / warm_up) ** 2, (warm_up / step) ** 0.5)

    @mistake("During the warm-up your rate is 0: step // warm_up drops what is behind the point. Divide with /.")
    def whole_division(step, warm_up, peak):
        return peak * min(step // warm_up, (warm_up / step) ** 0.5)
