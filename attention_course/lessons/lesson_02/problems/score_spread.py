import torch

from attention_course.checks.problem import Problem, mistake


class ScoreSpread(Problem):
    """The standard deviation of a dot product whose numbers have any spread, and repeat."""

    hints = (
        "First without repeats: what is the variance of one product of a query's number with a key's, and what that of the sum of D of them?",
        "Variances add only where the terms are independent. Here D / repeats terms are; each stands there `repeats` times, and a "
        "variable times r has r² times its variance.",
        "The variance is (D / repeats) * repeats ** 2 * query_std ** 2 * key_std ** 2, and the result its root: "
        "(D * repeats) ** 0.5 * query_std * key_std.",
    )
    praise = "Dividing by √D is right for one case of many. The spread of the scores is what counts."

    def inputs(self, generator):
        def number(low, high):
            return low + (high - low) * torch.rand((), generator=generator).item()

        def integer(low, high):
            return int(torch.randint(low, high, (), generator=generator))

        yield "numbers of standard deviation one, and no repeats", (4 * integer(2, 300), 1.0, 1.0, 1)
        yield "small numbers, and no repeats", (64, number(0.05, 0.15), number(0.2, 0.4), 1)
        yield "numbers that stand in the vector twice", (2 * integer(10, 90), 1.0, 1.0, 2)
        yield "the general case", (12 * integer(2, 40), number(0.3, 0.8), number(1.5, 3.0), 4)

    def admissible(self, generator):
        repeats, independent = torch.randint(1, 9, (2,), generator=generator).tolist()
        query_std, key_std = (0.1 + 3 * torch.rand(2, generator=generator)).tolist()
        return repeats * independent, query_std, key_std, repeats

    def answer(D, query_std, key_std, repeats):
        independent = D / repeats
        variance = independent * repeats**2 * query_std**2 * key_std**2
        return variance**0.5

    @mistake("That is the variance. The standard deviation is its square root.")
    def variance(D, query_std, key_std, repeats):
        return D * repeats * query_std**2 * key_std**2

    @mistake(
        "That is √D, right for numbers of variance 1 and for no others. Where the query's numbers are a tenth as large, so are the "
        "scores; if the key's are, too, the scores are a hundredth."
    )
    def root_of_D(D, query_std, key_std, repeats):
        return D**0.5

    @mistake(
        "Repeats were left out. Variances add only for independent terms, and a number that stands there twice is not independent "
        "of itself: it brings four variances, where two independent numbers bring two."
    )
    def repeats_ignored(D, query_std, key_std, repeats):
        return D**0.5 * query_std * key_std

    @mistake(
        "Repeated numbers were dropped, so that only D / repeats terms are left. They are in the sum, each `repeats` times, and make the "
        "scores larger."
    )
    def repeats_dropped(D, query_std, key_std, repeats):
        return (D / repeats) ** 0.5 * query_std * key_std

    @mistake(
        "The repeats were taken out of the root, but D terms were left in it. Only D / repeats of them are independent."
    )
    def repeats_outside(D, query_std, key_std, repeats):
        return D**0.5 * repeats * query_std * key_std

    @mistake("The standard deviations stand under the root. It is the variances, their squares, that belong there.")
    def not_squared(D, query_std, key_std, repeats):
        return (D * repeats * query_std * key_std) ** 0.5

    @mistake(
        "The variance of a product of two independent numbers of mean zero is the product of their variances, not their mean."
    )
    def spreads_added(D, query_std, key_std, repeats):
        return (D * repeats * (query_std**2 + key_std**2) / 2) ** 0.5

    @mistake("The two standard deviations were added. A product of independent numbers has the product of theirs.")
    def deviations_added(D, query_std, key_std, repeats):
        return (D * repeats) ** 0.5 * (query_std + key_std)

    @mistake("The key's standard deviation is missing.")
    def key_forgotten(D, query_std, key_std, repeats):
        return (D * repeats) ** 0.5 * query_std

    @mistake("The query's standard deviation is missing.")
    def query_forgotten(D, query_std, key_std, repeats):
        return (D * repeats) ** 0.5 * key_std

    @mistake("The result was cut to a whole number.")
    def cut_off(D, query_std, key_std, repeats):
        return int((D * repeats) ** 0.5 * query_std * key_std)

    @mistake("A square was left outside the root: repeats² belongs to the variance, and its root is repeats.")
    def square_outside(D, query_std, key_std, repeats):
        return repeats**2 * (D / repeats) ** 0.5 * query_std * key_std
