import torch

from ..problem import Problem, mistake


class Squeezed(Problem):
    """Places between whole numbers, so that a long text has room in those of the training (Chen et al. 2023)."""

    hints = (
        "A text four times as long needs places a quarter apart. And what of a text that is shorter than those of the training?",
        "The step from one place to the next is trained / length for a long text, and 1 for one that fits.",
        "return torch.arange(length) * min(1.0, trained / length).",
    )
    praise = "No weight has changed; what the slow pairs meet now, they have met in training. What the fast pairs meet, a quarter of a step, they have not."

    def inputs(self, generator):
        yield "a text of twice the length", (4, 2)
        yield "a text as in training", (3, 3)
        yield "a text that is shorter", (3, 6)
        yield "a text that is a little longer", (7, 5)
        long, trained = torch.randint(20, 1000, (2,), generator=generator).tolist()
        yield "two lengths drawn at random", (long, trained)
        yield "the same two, exchanged", (trained, long)

    def answer(length, trained):
        return torch.arange(length) * min(1.0, trained / length)

    @mistake("A short text was stretched over all places of the training. It fits as it is: one place a word.")
    def stretched(length, trained):
        return torch.arange(length) * trained / length

    @mistake(
        "The last word stands where the training's last one did, so that the steps are (trained - 1) / (length - 1). Those of the paper are trained / length: "
        "a word after the text would stand where one after the training's would."
    )
    def ends_together(length, trained):
        return torch.linspace(0, min(length, trained) - 1, length)

    @mistake("The places were spread out and not squeezed: the step is trained / length, and not its inverse.")
    def spread(length, trained):
        return torch.arange(length) * max(1.0, length / trained)

    @mistake(
        "The places were made whole numbers, so that several words stand at the same one, and their order is lost. Sines take fractions as well."
    )
    def whole(length, trained):
        return (torch.arange(length) * min(1.0, trained / length)).long()

    @mistake("The places begin again when the training's are used up. Words far apart then seem to stand side by side.")
    def wrapped(length, trained):
        return torch.arange(length) % trained

    @mistake(
        "All words beyond the training's last place stand on it together, and their order is lost. Squeeze the whole text."
    )
    def stopped(length, trained):
        return torch.arange(length).clamp(max=trained - 1)
