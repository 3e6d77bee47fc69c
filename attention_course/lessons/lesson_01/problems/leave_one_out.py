import torch

from attention_course.checks.problem import Problem, mistake


class LeaveOneOut(Problem):
    """Kernel regression in which no point may look at itself."""

    hints = (
        "scores[i, j] = -(x_i - x_j)^2 / (2 width^2). Which entries of this square are a point looking at itself?",
        "Mask the diagonal of the scores with -inf, then softmax along the rows, then average the values. torch.eye gives the "
        "diagonal; fill_diagonal_ on scores you have just made is fine too.",
        'scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y',
    )
    praise = "Each point is now predicted by the others alone, so the error says something about points not seen."

    def inputs(self, generator):
        yield (
            "two points, each with only the other to look at",
            (torch.tensor([0.0, 1.0]), torch.tensor([5.0, 7.0]), 1.0),
        )
        yield "three points", (torch.tensor([0.0, 1.0, 3.0]), torch.tensor([0.0, 6.0, 1.0]), 1.0)
        yield "a width of two", (torch.tensor([0.0, 1.0, 3.0]), torch.tensor([0.0, 6.0, 1.0]), 2.0)
        yield "two points in one place", (torch.tensor([1.0, 1.0, 3.0]), torch.tensor([0.0, 6.0, 1.0]), 1.0)
        yield "a point far from the others", (torch.tensor([0.0, 1.0, 80.0]), torch.tensor([3.0, 6.0, 1.0]), 1.0)
        x = 5 * torch.rand(8, generator=generator)
        yield "eight points", (x, torch.randn(8, generator=generator), 0.7)

    def admissible(self, generator):
        n = int(torch.randint(2, 9, (1,), generator=generator))
        x = (
            torch.randint(0, 6, (n,), generator=generator) + torch.rand(n, generator=generator).round()
        )  # some in one place
        width = 0.5 + 2 * torch.rand(1, generator=generator).item()
        return x, 10 * torch.randn(n, generator=generator), width

    def answer(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
        scores = scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf"))
        return scores.softmax(-1) @ y

    @mistake(
        "Every point looks at itself, and is its own best answer: the narrower the kernel, the smaller the error, down to zero. "
        "Mask the diagonal with -inf. A score of zero is no mask: zero is the best score that this kernel gives."
    )
    def looks_at_itself(x, y, width):
        return (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).softmax(-1) @ y

    @mistake(
        "The diagonal was set to zero after the softmax, so the rows no longer sum to one and the predictions are drawn "
        "towards zero. Mask the scores."
    )
    def masked_after_softmax(x, y, width):
        weights = (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).softmax(-1)
        return weights.masked_fill(torch.eye(len(x), dtype=torch.bool), 0.0) @ y

    @mistake(
        "Scores of zero were masked. Two points in one place have a score of zero as well, and may look at each other: "
        "mask the diagonal by its place, with torch.eye."
    )
    def masked_by_value(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
        return scores.masked_fill(scores == 0, float("-inf")).softmax(-1) @ y

    @mistake("Softmax down the columns: each point asks along its row, so the rows should sum to one.")
    def wrong_axis(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width**2)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(0) @ y

    @mistake(
        "Division comes before multiplication: / 2 * width ** 2 multiplies by the squared width. Put 2 * width ** 2 in brackets."
    )
    def brackets_missing(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / 2 * width**2
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The 2 is missing in the kernel: 2 * width ** 2.")
    def two_missing(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / width**2
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The width is squared in the kernel: 2 * width ** 2. At a width of one the slip does not show.")
    def width_not_squared(x, y, width):
        scores = -((x[:, None] - x[None, :]) ** 2) / (2 * width)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The distance is not squared: this is Laplace's kernel, not Gauss's.")
    def distance_not_squared(x, y, width):
        scores = -(x[:, None] - x[None, :]).abs() / (2 * width**2)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake("The sign of the score is missing: the farthest points get the most attention. Scores fall with distance.")
    def farthest_first(x, y, width):
        scores = (x[:, None] - x[None, :]) ** 2 / (2 * width**2)
        return scores.masked_fill(torch.eye(len(x), dtype=torch.bool), float("-inf")).softmax(-1) @ y

    @mistake(
        "The sum was divided by a number of points. The weights of each point have to sum to one: divide by their sum."
    )
    def divided_by_the_others(x, y, width):
        kernel = (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).exp().fill_diagonal_(0)
        return kernel @ y / (len(x) - 1)

    @mistake("The kernels have not been divided by their sum: the weights of a point do not sum to one.")
    def not_normalised(x, y, width):
        return (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).exp().fill_diagonal_(0) @ y

    @mistake(
        "For a point far from all others every kernel is rounded to zero, and zero divided by zero is NaN. Softmax subtracts the "
        "largest score first: then the nearest point has the kernel 1."
    )
    def underflows(x, y, width):
        kernel = (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).double().exp().fill_diagonal_(0)
        return (kernel @ y.double() / kernel.sum(-1)).float()

    @mistake(
        "For a point far from all others every kernel is rounded to zero, and the answer with it. Softmax subtracts the largest "
        "score first: then the nearest point has the kernel 1."
    )
    def vanishes(x, y, width):
        kernel = (-((x[:, None] - x[None, :]) ** 2) / (2 * width**2)).double().exp().fill_diagonal_(0)
        return (kernel @ y.double() / kernel.sum(-1).clamp(min=1e-300)).float()
