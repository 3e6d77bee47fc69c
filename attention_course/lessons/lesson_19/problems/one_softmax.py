import torch

from attention_course.checks.problem import Problem, mistake


class OneSoftmax(Problem):
    """Outputs of several rounds put together, as if all keys had stood in one softmax."""

    hints = (
        "Round r's output is its weighted values divided by exp(sums[r]). What would you multiply by to have them undivided again, and divide by then?",
        "The share of round r is exp(sums[r]) / Σ exp(sums). Which function gives that, without exponentials that overflow?",
        "shares = sums.softmax(0); return (shares[..., None] * outputs).sum(0).",
    )
    praise = "FlashAttention joins its tiles by the same two numbers, an output and the logarithm of a sum."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        nothing = -torch.inf
        yield "a single round", (torch.tensor([[[3.0]]]), torch.tensor([[2.0]]))
        yield "a single round and two queries", (torch.tensor([[[3.0], [-5.0]]]), torch.tensor([[2.0, 0.5]]))
        yield "two rounds of equal sums", (torch.tensor([[[1.0]], [[4.0]]]), torch.tensor([[0.7], [0.7]]))
        yield (
            "two rounds, the second with three times the sum",
            (torch.tensor([[[-2.0]], [[4.0]]]), torch.tensor([[1.5], [4.5]]).log()),
        )
        yield "sums of less than one, whose logarithms are negative", (randn(2, 1, 2), torch.tensor([[-2.0], [-0.5]]))
        yield "a round that found nothing", (torch.tensor([[[2.0]], [[0.0]]]), torch.tensor([[0.5], [nothing]]))
        yield (
            "two queries, each with a round that found nothing",
            (torch.tensor([[[2.0], [0.0]], [[0.0], [7.0]]]), torch.tensor([[0.5, nothing], [nothing, -1.5]])),
        )
        yield "three rounds and a query", (randn(3, 1, 2), randn(3, 1))
        yield "two rounds, three queries, values of three numbers", (randn(2, 3, 3), randn(2, 3))
        yield "three rounds, four queries, values of two numbers", (randn(3, 4, 2), randn(3, 4))
        yield "logarithms of several hundred", (randn(2, 3, 2), 300 + randn(2, 3))
        yield "logarithms far below zero", (randn(2, 3, 2), -300 + randn(2, 3))
        yield "queries that differ in size", (randn(3, 2, 2), torch.tensor([200.0, -50.0]) + randn(3, 2))

    def admissible(self, generator):
        rounds, n, D = (int(i) for i in torch.randint(1, 5, (3,), generator=generator))
        size = 100.0 * torch.randint(-3, 4, (n,), generator=generator)
        found = torch.rand(rounds, n, generator=generator) < 0.7
        found[torch.randint(0, rounds, (n,), generator=generator), torch.arange(n)] = True
        outputs = torch.randn(rounds, n, D, generator=generator).masked_fill(~found[..., None], 0)
        sums = size + 2 * torch.randn(rounds, n, generator=generator)
        return outputs, sums.masked_fill(~found, -torch.inf)

    def answer(outputs, sums):
        shares = sums.softmax(0)  # (rounds, n)
        return (shares[..., None] * outputs).sum(0)

    alike = "The rounds were averaged. One that found a key with a large score should count for more than one that found none."
    logarithms = "The rounds count in proportion to `sums`. These are logarithms, which may be negative: take their exponentials first."
    over_others = "The shares sum to one over the queries. They should sum to one over the rounds, for each query: the first axis."
    undivided = "The outputs were weighted by the exponentials and not divided by their sum."
    best_one = "The best round alone was kept. The keys of the others belong to the softmax, too."
    for_all = "The rounds got one share for all queries. A round may have found much for one query and little for another: each has its own shares."
    divided_again = "The shares sum to one already. Add up what they weight; to take the mean divides once more, by the number of rounds."
    not_carried_on = (
        "The rounds were joined one after the other, and the sum was not carried on rightly. After two rounds their sums have been added, and `sums` holds logarithms: "
        "torch.logaddexp."
    )
    scaled = "The logarithms were divided by the root of a size. Scores are scaled before the softmax of a round; here nothing is."
    outputs_exponentiated = (
        "A softmax was taken of the outputs. They are what softmaxes have weighted; shares follow from `sums`."
    )
    more = "Only the joined outputs are asked for, (n, D)."

    @mistake(alike)
    def averaged(outputs, sums):
        return outputs.mean(0)

    @mistake(alike)
    def averaged_where_found(outputs, sums):
        found = sums > -torch.inf
        return outputs.sum(0) / found.sum(0)[:, None]

    @mistake(alike)
    def averaged_in_turn(outputs, sums):
        return in_turn(lambda a, t, b, u: ((a + b) / 2, t))(outputs, sums)

    @mistake(
        "The outputs were added up as they are. Each is a mean of values; only shares that sum to one make a mean of them again."
    )
    def added_up(outputs, sums):
        return outputs.sum(0)

    @mistake(logarithms)
    def in_proportion_to_logarithms(outputs, sums):
        return ((sums / sums.sum(0))[..., None] * outputs).sum(0)

    @mistake(logarithms)
    def in_proportion_to_logarithms_that_are_there(outputs, sums):
        sums = sums.masked_fill(sums == -torch.inf, 0)
        return ((sums / sums.sum(0))[..., None] * outputs).sum(0)

    @mistake(logarithms)
    def times_the_logarithms(outputs, sums):
        return (sums[..., None] * outputs).sum(0)

    @mistake("The shares are logarithms still: log_softmax, or `sums` less their logsumexp, needs an exponential.")
    def logarithms_of_the_shares(outputs, sums):
        return (sums.log_softmax(0)[..., None] * outputs).sum(0)

    @mistake("The logarithm was taken of `sums`. They are logarithms already: take the exponential.")
    def logarithm_once_more(outputs, sums):
        return joined(outputs, sums.log())

    @mistake("The sign of `sums` was turned: a round with a large sum should count for more, and not for less.")
    def sign_turned(outputs, sums):
        return joined(outputs, -sums)

    @mistake(over_others)
    def over_the_queries(outputs, sums):
        return (sums.softmax(1)[..., None] * outputs).sum(0)

    over_all = (
        "The shares of all queries together sum to one. For each query those of its own rounds should: the first axis."
    )

    @mistake(over_all)
    def over_everything(outputs, sums):
        return (sums.flatten().softmax(0).view_as(sums)[..., None] * outputs).sum(0)

    @mistake(over_all)
    def divided_by_the_sum_of_everything(outputs, sums):
        exponentials = (sums - sums.amax(0)).exp()
        return (exponentials[..., None] * outputs).sum(0) / exponentials.sum()

    @mistake(undivided)
    def not_divided(outputs, sums):
        return (sums.exp()[..., None] * outputs).sum(0)

    @mistake(undivided)
    def not_divided_after_the_maximum(outputs, sums):
        return ((sums - sums.amax(0)).exp()[..., None] * outputs).sum(0)

    @mistake(undivided)
    def divided_by_the_number(outputs, sums):
        return (sums.exp()[..., None] * outputs).mean(0)

    @mistake("The sum was divided by the logarithm of the sum of the exponentials. Divide by the sum itself.")
    def divided_by_the_logarithm(outputs, sums):
        return (sums.exp()[..., None] * outputs).sum(0) / sums.logsumexp(0)[:, None]

    @mistake("The exponential was taken twice: softmax takes it by itself.")
    def exponential_of_the_exponential(outputs, sums):
        return joined(outputs, sums.exp())

    @mistake("The softmax was taken twice. The second one makes the shares nearly equal.")
    def softmax_twice(outputs, sums):
        return joined(outputs, sums.softmax(0))

    @mistake(
        "Right, until logarithms are large: exp(300) is infinite in float32, and infinity over infinity is NaN. Take the largest off before the exponential, "
        "as softmax does."
    )
    def overflows(outputs, sums):
        exponentials = sums.exp()
        return ((exponentials / exponentials.sum(0))[..., None] * outputs).sum(0)

    @mistake(
        "The same largest number was taken off for all queries. Where another query's logarithms lie far below it, all its exponentials are 0, and 0 / 0 is NaN. "
        "Each query has its own largest: sums.amax(0)."
    )
    def one_maximum_for_all(outputs, sums):
        exponentials = (sums - sums.max()).exp()
        return ((exponentials / exponentials.sum(0))[..., None] * outputs).sum(0)

    @mistake(
        "Where a round found nothing, −∞ was made 0. The exponential of 0 is 1, and such a round gets a share; that of −∞ is 0, as it should be."
    )
    def nothing_counts_as_one(outputs, sums):
        return joined(outputs, sums.masked_fill(sums == -torch.inf, 0))

    @mistake(best_one)
    def best_round_only(outputs, sums):
        best = sums.argmax(0)  # (n,)
        return outputs[best, torch.arange(outputs.shape[1])]

    @mistake(best_one)
    def one_best_round_for_all(outputs, sums):
        return outputs[sums.sum(1).argmax()]

    @mistake("That is the first round. All of them count.")
    def first_round(outputs, sums):
        return outputs[0]

    @mistake(for_all)
    def shares_of_the_summed(outputs, sums):
        return (sums.sum(1).softmax(0)[:, None, None] * outputs).sum(0)

    @mistake(for_all)
    def shares_of_the_mean(outputs, sums):
        return (sums.mean(1).softmax(0)[:, None, None] * outputs).sum(0)

    @mistake(divided_again)
    def mean_of_the_shares(outputs, sums):
        return (sums.softmax(0)[..., None] * outputs).mean(0)

    @mistake(
        "The shares were laid along the numbers of the values. They belong to rounds and queries: shares[..., None]."
    )
    def along_the_numbers(outputs, sums):
        return (sums.softmax(0)[:, None] * outputs).sum(0)

    @mistake("The sum was taken over the queries. What is put together are the rounds: the first axis.")
    def summed_over_the_queries(outputs, sums):
        return (sums.softmax(0)[..., None] * outputs).sum(1)

    @mistake("The sum was taken over the numbers of the values. What is put together are the rounds: the first axis.")
    def summed_over_the_numbers(outputs, sums):
        return (sums.softmax(0)[..., None] * outputs).sum(-1)

    @mistake("The rounds are weighted and still apart. Add them up: the sum over the first axis.")
    def not_summed(outputs, sums):
        return sums.softmax(0)[..., None] * outputs

    @mistake("The axis of the rounds is still there. Asked for is (n, D).")
    def axis_kept(outputs, sums):
        return joined(outputs, sums)[None]

    @mistake("These are the shares. Weight the outputs by them.")
    def shares_alone(outputs, sums):
        return sums.softmax(0)

    @mistake(more)
    def sums_as_well(outputs, sums):
        return joined(outputs, sums), sums.logsumexp(0)

    @mistake(not_carried_on)
    def the_first_sum_kept(outputs, sums):
        return in_turn(lambda a, t, b, u: (weighted(a, t, b, u), t))(outputs, sums)

    @mistake(not_carried_on)
    def the_last_sum_kept(outputs, sums):
        return in_turn(lambda a, t, b, u: (weighted(a, t, b, u), u))(outputs, sums)

    @mistake(not_carried_on)
    def the_largest_sum_kept(outputs, sums):
        return in_turn(lambda a, t, b, u: (weighted(a, t, b, u), torch.maximum(t, u)))(outputs, sums)

    @mistake(not_carried_on)
    def logarithms_added(outputs, sums):
        return in_turn(lambda a, t, b, u: (weighted(a, t, b, u), t + u))(outputs, sums)

    @mistake(scaled)
    def scaled_by_the_queries(outputs, sums):
        return joined(outputs, sums / sums.shape[1] ** 0.5)

    @mistake(scaled)
    def scaled_by_the_values(outputs, sums):
        return joined(outputs, sums / outputs.shape[-1] ** 0.5)

    @mistake(scaled)
    def scaled_by_the_rounds(outputs, sums):
        return joined(outputs, sums / len(sums) ** 0.5)

    @mistake(outputs_exponentiated)
    def softmax_of_the_outputs(outputs, sums):
        return outputs.softmax(0).sum(0)

    @mistake(outputs_exponentiated)
    def softmax_of_the_result(outputs, sums):
        return joined(outputs, sums).softmax(-1)


def joined(outputs, sums):
    return (sums.softmax(0)[..., None] * outputs).sum(0)


def weighted(output, total, its_output, its_sum):
    """Two rounds joined, and shares of 0 where none of them found anything."""
    share = torch.sigmoid(its_sum - total).nan_to_num()[:, None]
    return (1 - share) * output + share * its_output


def in_turn(join):
    """One round after the other: `join` gives output and sum from those so far and those of the next round."""

    def put_together(outputs, sums):
        output, total = outputs[0], sums[0]
        for its_output, its_sum in zip(outputs[1:], sums[1:], strict=True):
            output, total = join(output, total, its_output, its_sum)
        return output

    return put_together
