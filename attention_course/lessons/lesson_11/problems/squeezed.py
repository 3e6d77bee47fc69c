import torch

from attention_course.checks.problem import Problem, mistake


class Squeezed(Problem):
    """Places between whole numbers, so that a long text has room in those of the training (Chen et al. 2023)."""

    hints = (
        "A text four times as long needs places a quarter apart. And what of a text that is shorter than those of the training?",
        "The step from one place to the next is trained / length for a long text, and 1 for one that fits.",
        "return torch.arange(length) * min(1.0, trained / length).",
    )
    praise = "No weight has changed; what the slow pairs meet now, they have met in training. What the fast pairs meet, a quarter of a step, they have not."

    def inputs(self, generator):
        yield "a text of three words, trained on two", (3, 2)
        yield "a text of twice the length", (4, 2)
        yield "a text that is shorter", (2, 5)
        yield "a text as in training", (3, 3)
        yield "a text three times as long", (6, 2)
        yield "a text that is a little longer", (7, 5)
        yield "a text of five words, trained on two", (5, 2)
        yield "a single word", (1, 4)
        yield "a text that is long", (23, 9)
        long, trained = torch.randint(20, 1000, (2,), generator=generator).tolist()
        yield "two lengths drawn at random", (long, trained)
        yield "the same two, exchanged", (trained, long)

    def admissible(self, generator):
        most = 10 ** float(1 + 2 * torch.rand((), generator=generator))
        length, trained = (int(1 + most * torch.rand((), generator=generator)) for _ in range(2))
        return (length, trained) if torch.rand((), generator=generator) < 0.8 else (length, length)

    def answer(length, trained):
        return torch.arange(length) * min(1.0, trained / length)

    whole_places = "The places were made whole numbers, so that several words stand at the same one, and their order is lost. Sines take fractions as well."
    short = "A short text was stretched over all places of the training. It fits as it is: one place a word."
    exchanged = "Long and short were exchanged: a long text is squeezed, and a short one stays as it is."
    ends = (
        "The last word stands where the training's last one did, so that the steps are (trained - 1) / (length - 1). Those of the paper are trained / length: "
        "a word after the text would stand where one after the training's would."
    )
    past_the_end = "The last place is one step too far, and the steps are too large for that: linspace counts its end in. They are trained / length, and 1 in a text that fits."
    inverse = "The places were spread out and not squeezed: the step is trained / length, and not its inverse."
    together = (
        "All words beyond the training's last place stand together, and their order is lost. Squeeze the whole text."
    )
    whole_factor = "The places were divided by a whole number. The step of a long text is trained / length, whatever fraction that is."
    fixed = "The step of a long text is always the same here. It is trained / length: the longer the text, the smaller."
    number = "The places are as many as those of the training. There is one for each of the `length` words."

    @mistake(short)
    def stretched(length, trained):
        return torch.arange(length) * trained / length

    @mistake(ends)
    def ends_together(length, trained):
        return torch.linspace(0, min(length, trained) - 1, length)

    @mistake(
        "The places go from 0 to the training's last, also where a text is short. A text that fits stays as it is; the steps of a long one are trained / length."
    )
    def always_to_the_last(length, trained):
        return torch.linspace(0, trained - 1, length)

    @mistake(past_the_end)
    def past_the_last(length, trained):
        return torch.arange(length) if length <= trained else torch.linspace(0, trained, length)

    @mistake(
        "The places go from 0 to `trained`, also where a text is short. A text that fits stays as it is; the steps of a long one are trained / length."
    )
    def always_past_the_last(length, trained):
        return torch.linspace(0, trained, length)

    @mistake(past_the_end)
    def short_ones_past_the_last(length, trained):
        return torch.linspace(0, min(length, trained), length)

    @mistake(inverse)
    def spread(length, trained):
        return torch.arange(length) * max(1.0, length / trained)

    @mistake(inverse)
    def spread_or_squeezed(length, trained):
        return torch.arange(length) * length / trained

    @mistake(exchanged)
    def short_squeezed(length, trained):
        return torch.arange(length) * min(1.0, length / trained)

    @mistake(exchanged)
    def short_stretched(length, trained):
        return torch.arange(length) * max(1.0, trained / length)

    @mistake("Nothing was squeezed: the words stand at 0, 1, 2 and so on, beyond all places of the training.")
    def as_it_is(length, trained):
        return torch.arange(length)

    @mistake(whole_places)
    def whole(length, trained):
        return (torch.arange(length) * min(1.0, trained / length)).long()

    @mistake(whole_places)
    def rounded(length, trained):
        return (torch.arange(length) * min(1.0, trained / length)).round()

    @mistake(
        "All words of a long text stand at place 0: trained // length is 0. The step is a fraction, trained / length."
    )
    def all_at_zero(length, trained):
        return torch.arange(length) * min(1, trained // length)

    @mistake(whole_factor)
    def divided_by_a_whole_number(length, trained):
        return torch.arange(length) / max(1, length // trained)

    @mistake(whole_factor)
    def divided_by_the_next_whole_number(length, trained):
        return torch.arange(length) / -(-length // trained)

    @mistake("The places begin again when the training's are used up. Words far apart then seem to stand side by side.")
    def wrapped(length, trained):
        return torch.arange(length) % trained

    @mistake(together)
    def stopped(length, trained):
        return torch.arange(length).clamp(max=trained - 1)

    @mistake(together)
    def stopped_one_later(length, trained):
        return torch.arange(length).clamp(max=trained)

    @mistake(
        "Only the words beyond the training's places were squeezed, and they fall among those before. All words of a long text move closer together."
    )
    def late_ones_alone(length, trained):
        places = torch.arange(length)
        return torch.where(places < trained, places, places * trained / length)

    @mistake(
        "Only the words beyond the training's places were squeezed. All words of a long text move closer together, by one step."
    )
    def late_ones_behind(length, trained):
        late = torch.linspace(trained - 1, trained, max(1, length - trained + 1))[1:]
        return torch.cat([torch.arange(min(length, trained)) * 1.0, late])

    @mistake("The places were counted from 1. They count from 0.")
    def from_one(length, trained):
        return (torch.arange(length) + 1) * min(1.0, trained / length)

    @mistake("Every word stands in the middle of its step. The first one stands at 0.")
    def in_the_middle(length, trained):
        return (torch.arange(length) + 0.5) * min(1.0, trained / length)

    @mistake("The places stand in the reverse order. The first word is at 0.")
    def reversed_order(length, trained):
        return torch.arange(length).flip(0) * min(1.0, trained / length)

    @mistake(number)
    def as_many_as_trained(length, trained):
        return torch.arange(trained) * min(1.0, trained / length)

    @mistake(number)
    def at_most_trained(length, trained):
        return torch.arange(min(length, trained))

    @mistake("There is one place too many. The words stand at 0 to length - 1, before they are squeezed.")
    def one_more(length, trained):
        return torch.arange(length + 1) * min(1.0, trained / length)

    @mistake("That is the step from one place to the next. Return the places, one for each word: its multiples from 0.")
    def step_alone(length, trained):
        return min(1.0, trained / length)

    @mistake(fixed)
    def always_halved(length, trained):
        return torch.arange(length) / (1 if length <= trained else 2)

    @mistake(fixed)
    def always_a_quarter(length, trained):
        return torch.arange(length) / (1 if length <= trained else 4)

    @mistake("The places came back as a column. Asked for is (length,).")
    def a_column(length, trained):
        return (torch.arange(length) * min(1.0, trained / length))[:, None]
