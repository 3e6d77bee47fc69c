import torch

from attention_course.checks.problem import Problem, mistake


class AdamwStep(Problem):
    """One step of AdamW: two running means, their corrections, a step of about the learning rate, and weight decay beside it."""

    hints = (
        "Three things happen one after the other: the two running means take in the new gradient, their corrected forms give the step, and the matrix is made a little smaller "
        "by itself. The gradient knows nothing of the decay.",
        "m is 0.9 of the old m and 0.1 of the gradient. v is 0.98 of the old v and 0.02 of the squared gradient. For the step, divide m by 1 − 0.9^step and v by 1 − 0.98^step. "
        "The parameter moves by −rate · m / (√v + 1e-8), with these two. m and v are returned as they were before they were corrected.",
        "m = 0.9 * m + 0.1 * gradient; v = 0.98 * v + 0.02 * gradient**2; size = (v / (1 - 0.98**step)).sqrt() + 1e-8; if parameter.ndim > 1: parameter = parameter * (1 - rate * decay); "
        "return parameter - rate * m / (1 - 0.9**step) / size, m, v.",
    )
    praise = "At the first step the corrected m and √v are both as large as the gradient. So every number moves by about the learning rate, however long the gradient is."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        def later(*sizes):  # a gradient, and what m and v may have become
            return randn(*sizes), randn(*sizes), 0.3 + 2 * torch.rand(*sizes, generator=generator)

        numbers, none = torch.tensor, torch.zeros(2)
        bias, matrix = numbers([3.0, -2.0]), numbers([[3.0, -2.0]])
        gradient = numbers([0.5, -2.0])
        yield "the first step of a bias of one number, without decay", (
            bias[:1], gradient[:1], none[:1], none[:1], 1, 0.25, 0.0,
        )  # fmt: skip
        yield "the first step of a bias of one number, with decay for others", (
            bias[:1], gradient[:1], none[:1], none[:1], 1, 0.25, 0.4,
        )  # fmt: skip
        yield "the second step of a bias of one number", (
            bias[:1], numbers([0.8]), numbers([0.15]), numbers([0.05]), 2, 0.25, 0.0,
        )  # fmt: skip
        yield "a matrix of one number, whose gradient is zero", (
            matrix[:, :1], none[None, :1], none[None, :1], none[None, :1], 1, 0.25, 0.4,
        )  # fmt: skip
        yield "the first step of a matrix of one number", (
            matrix[:, :1], gradient[None, :1], none[None, :1], none[None, :1], 1, 0.5, 0.4,
        )  # fmt: skip
        yield "the first step of a bias, without decay", (bias, gradient, none, none, 1, 0.25, 0.0)
        yield "the first step of a bias, with decay for others", (bias, gradient, none, none, 1, 0.25, 0.4)
        yield (
            "the first step of a matrix, without decay",
            (matrix, gradient[None], none[None], none[None], 1, 0.25, 0.0),
        )
        yield "a matrix whose gradient is zero", (matrix, none[None], none[None], none[None], 1, 0.25, 0.4)
        yield "the first step of a matrix", (matrix, gradient[None], none[None], none[None], 1, 0.5, 0.4)
        yield "a tiny gradient", (bias, 1e-7 * numbers([3.0, -0.05]), none, none, 1, 0.25, 0.4)
        yield "a gradient of thousandths", (bias, 1e-3 * numbers([3.0, -0.7]), none, none, 1, 0.25, 0.4)
        yield "the second step of a bias", (
            bias, numbers([0.8, 3.0]), numbers([0.15, -0.2]), numbers([0.05, 0.4]), 2, 0.25, 0.0,
        )  # fmt: skip
        yield (
            "a bias whose gradient has become zero",
            (bias, none, numbers([0.6, -0.2]), numbers([0.5, 3.0]), 9, 0.25, 0.0),
        )
        yield "a late step of a bias", (bias, *later(2), 5000, 0.25, 0.3)
        yield "a late step of a matrix", (randn(2, 2), *later(2, 2), 5000, 0.125, 0.3)
        yield "a late step of a parameter with three axes", (randn(1, 2, 1), *later(1, 2, 1), 5000, 0.125, 0.3)
        yield "the seventh step of a matrix", (3 * randn(2, 3), *later(2, 3), 7, 0.3, 0.5)

    def admissible(self, generator):
        def whole(most):
            return int(torch.randint(0, most, (), generator=generator))

        def drawn(*sizes):
            return torch.randn(sizes, generator=generator)

        sizes = [1 + whole(4) for _ in range(1 + whole(3))]
        step = 1 + whole(20) * whole(3)
        gradient = drawn(*sizes) * (drawn(*sizes) > -1) * 10.0 ** (-8 * (whole(4) == 0))
        m, v = (0 * drawn(*sizes), 0 * drawn(*sizes)) if step == 1 else (drawn(*sizes), 0.2 + drawn(*sizes).square())
        rate, decay = 0.05 + 0.4 * torch.rand((), generator=generator).item(), (0.0, 0.1, 0.4)[whole(3)]
        return 2 * drawn(*sizes), gradient, m, v, step, rate, decay

    def answer(parameter, gradient, m, v, step, rate, decay):
        m = 0.9 * m + 0.1 * gradient
        v = 0.98 * v + 0.02 * gradient**2
        size = (v / (1 - 0.98**step)).sqrt() + 1e-8
        if parameter.ndim > 1:  # a bias or a gain does not decay
            parameter = parameter * (1 - rate * decay)
        return parameter - rate * m / (1 - 0.9**step) / size, m, v

    l2 = (
        "The decay went into the gradient, and from there into m and v. That is Adam with an L2 penalty. AdamW leaves the gradient alone: it multiplies the parameter by "
        "1 − rate · decay."
    )
    uncorrected = "The means are not corrected. They begin at 0 and are too small at first: for the step, divide m by 1 − 0.9^step and v by 1 − 0.98^step."
    step_off = "The corrections belong to another step. The first step is 1, so the exponent is step as it is."
    betas = "The numbers 0.9 and 0.98 have changed places: 0.9 belongs to m, and 0.98 to v."
    old_share = "The shares of old and new are exchanged. Most is kept: 0.9 of the old m and 0.98 of the old v. The gradient brings the rest."
    new_share = "The new gradient came in whole. It has a share of 0.1 in m, and its square has a share of 0.02 in v, so that both stay means."
    too_old = "The step was made with a mean that the new gradient is not in yet. First m and v are brought up to date, then the parameter moves."
    decay_size = "The matrix does not decay by the right amount. It is multiplied by 1 − rate · decay."
    kept_corrected = "The corrected means were returned. They are for this step's movement only: return m and v as they were before the correction."
    epsilon_place = "The 1e-8 was added in another place. It is added to the root of the corrected v, at the very end: where a gradient is tiny, it shows."
    other_epsilon = "Another number than 1e-8 was added to the root of v. Where a gradient is tiny, it shows."
    order = "The three stand in another order. Return (parameter, m, v)."

    @mistake(l2)
    def decay_in_the_gradient(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient + decay * parameter * (parameter.ndim > 1), m, v, step, rate, 0)

    @mistake(
        "The decay went into the gradient, and a bias or a gain decays as well. AdamW leaves the gradient alone, and multiplies matrices only by 1 − rate · decay."
    )
    def decay_in_every_gradient(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient + decay * parameter, m, v, step, rate, 0)

    @mistake(
        "A parameter with one axis decays here, too. That is a bias or a gain: only parameters with more axes decay."
    )
    def vectors_decay(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter * (1 - rate * decay), gradient, m, v, step, rate, 0)

    @mistake("Nothing decays. A parameter with two axes or more is multiplied by 1 − rate · decay.")
    def nothing_decays(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, 0)

    @mistake("The condition is turned round: parameters with one axis decay, and matrices do not.")
    def only_vectors_decay(parameter, gradient, m, v, step, rate, decay):
        shrink = 1 - rate * decay * (parameter.ndim == 1)
        return moved(parameter * shrink, gradient, m, v, step, rate, 0)

    @mistake(
        "The number of rows was asked for, len(parameter), and not the number of axes, parameter.ndim. A bias of three numbers has one axis."
    )
    def rows_counted(parameter, gradient, m, v, step, rate, decay):
        shrink = 1 - rate * decay * (len(parameter) > 1)
        return moved(parameter * shrink, gradient, m, v, step, rate, 0)

    @mistake("Only parameters with exactly two axes decay here. Parameters with three axes or more decay as well.")
    def only_two_axes_decay(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay * (parameter.ndim == 2))

    @mistake("The decay is not multiplied by the learning rate. The parameter is multiplied by 1 − rate · decay.")
    def decay_without_rate(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay / rate)

    @mistake("The decay makes the parameter larger: there is a plus for a minus. It is multiplied by 1 − rate · decay.")
    def grows(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, -decay)

    @mistake(
        "The decay came after the step, and made the step itself smaller. The parameter is multiplied by 1 − rate · decay as it came in; then the step is taken off."
    )
    def decay_last(parameter, gradient, m, v, step, rate, decay):
        new, m, v = moved(parameter, gradient, m, v, step, rate, 0)
        return new * (1 - rate * decay) if parameter.ndim > 1 else new, m, v

    @mistake(decay_size)
    def decay_a_constant(parameter, gradient, m, v, step, rate, decay):
        shift = rate * decay * (parameter.ndim > 1)
        return moved(parameter - shift, gradient, m, v, step, rate, 0)

    @mistake(decay_size)
    def decay_to_a_share(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter * (rate * decay if parameter.ndim > 1 else 1), gradient, m, v, step, rate, 0)

    @mistake(decay_size)
    def decay_alone(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter * (1 - decay * (parameter.ndim > 1)) + 0, gradient, m, v, step, rate, decay)

    @mistake(uncorrected)
    def no_correction(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=1, of_v=1)

    @mistake(
        "The mean m is not corrected. It begins at 0 and is too small at first: for the step, divide it by 1 − 0.9^step."
    )
    def m_not_corrected(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=1)

    @mistake(
        "The mean v is not corrected. It begins at 0 and is too small at first: for the step, divide it by 1 − 0.98^step."
    )
    def v_not_corrected(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, of_v=1)

    @mistake(
        "The means were multiplied by their corrections. They are too small at first: divide by 1 − 0.9^step and by 1 − 0.98^step."
    )
    def corrections_multiplied(parameter, gradient, m, v, step, rate, decay):
        of_m, of_v = 1 / (1 - 0.9**step), 1 / (1 - 0.98**step)
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=of_m, of_v=of_v)

    @mistake(
        "The correction of v was divided by after the root. It belongs to v: divide v by 1 − 0.98^step, and take the root of the quotient."
    )
    def v_corrected_after_the_root(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, of_v=(1 - 0.98**step) ** 2)

    @mistake(
        "The corrections are 1 − 0.9 and 1 − 0.98 at every step. They fade: the exponent is the number of the step, 1 − 0.9^step."
    )
    def correction_of_the_first_step(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=0.1, of_v=0.02)

    @mistake(
        "The corrections are 1 − 0.9 · step and 1 − 0.98 · step. The number of the step is an exponent: 1 − 0.9^step."
    )
    def step_as_a_factor(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=1 - 0.9 * step, of_v=1 - 0.98 * step)

    @mistake(step_off)
    def step_from_zero(parameter, gradient, m, v, step, rate, decay):
        of_m, of_v = (torch.tensor(1 - beta ** (step - 1)) for beta in (0.9, 0.98))
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=of_m, of_v=of_v)

    @mistake(step_off)
    def step_from_two(parameter, gradient, m, v, step, rate, decay):
        of_m, of_v = (1 - beta ** (step + 1) for beta in (0.9, 0.98))
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=of_m, of_v=of_v)

    @mistake(
        "The 1e-8 was added under the root, where it counts for 1e-4. Add it to the root: where gradients are small, it shows."
    )
    def epsilon_under_the_root(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: (v + 1e-8).sqrt())

    @mistake(other_epsilon)
    def epsilon_of_a_millionth(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: v.sqrt() + 1e-6)

    @mistake(other_epsilon)
    def larger_epsilon(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: v.sqrt() + 1e-7)

    @mistake(other_epsilon)
    def large_epsilon(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: v.sqrt() + 1e-5)

    @mistake(other_epsilon)
    def tiny_epsilon(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: v.sqrt() + 1e-12)

    @mistake(epsilon_place)
    def epsilon_before_the_correction(parameter, gradient, m, v, step, rate, decay):
        of_v = 1 - 0.98**step
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: ((v * of_v).sqrt() + 1e-8) / of_v**0.5)

    @mistake(epsilon_place)
    def epsilon_at_least(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: v.sqrt().clamp(min=1e-8))

    @mistake(
        "The 1e-8 is missing: where the gradient has always been zero, 0 is divided by 0. Add it to the root of v."
    )
    def without_epsilon(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=torch.sqrt)

    @mistake("The root is missing: the step was divided by v. Divide by √v + 1e-8.")
    def without_the_root(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: v + 1e-8)

    @mistake(
        "The step was multiplied by √v. Divide by it: numbers with large gradients should not move further than others."
    )
    def times_the_root(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda v: 1 / (v.sqrt() + 1e-8))

    @mistake(
        "The step was not divided by √v, so that v has no effect on it. The parameter moves by −rate · m / (√v + 1e-8), both corrected."
    )
    def v_not_used(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, by=torch.ones_like)

    @mistake(
        "That is a step of descent with momentum: m times the rate, without v and without a correction. Divide m by 1 − 0.9^step, and then by √v + 1e-8, with v corrected as well."
    )
    def momentum_alone(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, of_m=1, by=torch.ones_like)

    @mistake("Your v is a mean of the gradients. It has to be the mean of the squared gradients.")
    def v_without_the_square(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, squares=gradient)

    @mistake("Your v is a mean of the sizes of the gradients. It has to be the mean of the squared gradients.")
    def v_of_the_sizes(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, squares=gradient.abs())

    @mistake("Your v took in the square of m. It takes in the square of the gradient.")
    def v_of_m(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, squares=(0.9 * m + 0.1 * gradient) ** 2)

    @mistake(
        "Your v took in the squared length of the whole gradient. Each number has a v of its own: the square of its own gradient."
    )
    def one_v_for_all(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, squares=(gradient**2).sum())

    @mistake("The means m and v have changed places in the step: it is rate · m / (√v + 1e-8).")
    def v_over_m(parameter, gradient, m, v, step, rate, decay):
        _, m, v = moved(parameter, gradient, m, v, step, rate, decay)
        kept = parameter * (1 - rate * decay * (parameter.ndim > 1))
        return kept - rate * v / (1 - 0.98**step) / ((m / (1 - 0.9**step)).sqrt() + 1e-8), m, v

    @mistake(betas)
    def betas_exchanged(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, betas=(0.98, 0.9))

    @mistake(
        "Your v keeps another share than 0.98. PyTorch's own is 0.999; here β₂ is 0.98, as Transformers are trained."
    )
    def pytorch_s_beta(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, betas=(0.9, 0.999))

    @mistake("Both means keep 0.9. β₂ is 0.98: v keeps 0.98 of what it was.")
    def one_beta_for_both(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, betas=(0.9, 0.9))

    @mistake(old_share)
    def shares_exchanged(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, keep=(0.1, 0.02), take=(0.9, 0.98))

    @mistake(old_share)
    def shares_of_m_exchanged(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, keep=(0.1, 0.98), take=(0.9, 0.02))

    @mistake(new_share)
    def gradient_whole(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, take=(1, 0.02))

    @mistake(new_share)
    def gradient_and_square_whole(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, take=(1, 1))

    @mistake(
        "The old means were forgotten, and the step was made with this gradient alone. m and v remember: keep 0.9 and 0.98 of them."
    )
    def nothing_kept(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, keep=(0, 0))

    @mistake(too_old)
    def old_m(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, used=m)

    @mistake(too_old)
    def old_m_and_v(parameter, gradient, m, v, step, rate, decay):
        before = v / (1 - 0.98**step)
        return moved(parameter, gradient, m, v, step, rate, decay, used=m, by=lambda _: before.sqrt() + 1e-8)

    @mistake(too_old)
    def old_v(parameter, gradient, m, v, step, rate, decay):
        before = v / (1 - 0.98**step)
        return moved(parameter, gradient, m, v, step, rate, decay, by=lambda _: before.sqrt() + 1e-8)

    @mistake("The step was made with the gradient itself. It is made with m, the running mean of the gradients.")
    def gradient_for_m(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, used=gradient, of_m=1)

    @mistake("The parameter moves uphill: take the step off, with a minus.")
    def uphill(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, sign=-1)

    @mistake("The step was not multiplied by the learning rate.")
    def without_rate(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay, sign=1 / rate)

    @mistake(
        "Every number moved by the whole learning rate, in the direction of the sign of its gradient. So it looks at the first step only: later, m and √v are not equally large."
    )
    def sign_alone(parameter, gradient, m, v, step, rate, decay):
        _, m, v = moved(parameter, gradient, m, v, step, rate, decay)
        return parameter * (1 - rate * decay * (parameter.ndim > 1)) - rate * gradient.sign(), m, v

    @mistake(kept_corrected)
    def corrected_returned(parameter, gradient, m, v, step, rate, decay):
        new, m, v = moved(parameter, gradient, m, v, step, rate, decay)
        return new, m / (1 - 0.9**step), v / (1 - 0.98**step)

    @mistake(
        "The means m and v came back as they were. Return the new ones, with this gradient in them: the next step needs them."
    )
    def old_ones_returned(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay)[0], m, v

    @mistake("Only the movement was returned. Take it off the parameter, and return the new parameter.")
    def movement_alone(parameter, gradient, m, v, step, rate, decay):
        return moved(torch.zeros_like(parameter), gradient, m, v, step, rate, decay)

    @mistake(order)
    def v_before_m(parameter, gradient, m, v, step, rate, decay):
        new, m, v = moved(parameter, gradient, m, v, step, rate, decay)
        return new, v, m

    @mistake(order)
    def parameter_last(parameter, gradient, m, v, step, rate, decay):
        new, m, v = moved(parameter, gradient, m, v, step, rate, decay)
        return m, v, new

    @mistake("The new parameter alone was returned. The next step needs m and v as well: return (parameter, m, v).")
    def parameter_alone(parameter, gradient, m, v, step, rate, decay):
        return moved(parameter, gradient, m, v, step, rate, decay)[0]


def moved(
    parameter, gradient, m, v, step, rate, decay,
    *, betas=(0.9, 0.98), keep=None, take=None, squares=None, of_m=None, of_v=None, by=None, used=None, sign=1,
):  # fmt: skip
    """As it should be, with one thing exchanged."""
    keep, take = keep or betas, take or tuple(1 - beta for beta in betas)
    m = keep[0] * m + take[0] * gradient
    v = keep[1] * v + take[1] * (gradient**2 if squares is None else squares)
    corrected_m = (m if used is None else used) / (1 - betas[0] ** step if of_m is None else of_m)
    corrected_v = v / (1 - betas[1] ** step if of_v is None else of_v)
    size = corrected_v.sqrt() + 1e-8 if by is None else by(corrected_v)
    kept = parameter * (1 - rate * decay) if parameter.ndim > 1 else parameter
    return kept - sign * rate * corrected_m / size, m, v
