import torch

from attention_course.checks.problem import Problem, mistake


class BeamStep(Problem):
    """One step of beam search: the best continuations of all beginnings."""

    hints = (
        "W beginnings with M words each are W · M candidates, and all of them compete. What is the score of one of them?",
        "The score of a candidate is that of its beginning plus the log probability of its word: scores[:, None] + logs, (W, M). Flatten it and "
        "take the W largest. A flat place is row · M + word, so how do you get row and word back?",
        "totals = scores[:, None] + logs; scores, places = totals.flatten().topk(len(scores)); with M = logs.shape[1], return "
        "scores, places // M, places % M.",
    )
    praise = "Around it goes a loop, which carries along the states of the chosen beams and sets aside the sentences that have ended."

    def inputs(self, generator):
        yield "three beams and five words", apart(generator, 3, 5)
        yield "a single beam, which is greedy search", (torch.tensor([-3.0]), torch.tensor([[0.2, 0.1, 0.7]]).log())
        yield (
            "two beams, each of which goes on once",
            (torch.tensor([-1.0, -1.2]), torch.tensor([[0.1, 0.8, 0.1], [0.2, 0.1, 0.7]]).log()),
        )
        yield (
            "two beams, of which the worse one goes on better",
            (torch.tensor([-1.0, -1.5]), torch.tensor([[0.3, 0.4, 0.1, 0.2], [0.02, 0.9, 0.05, 0.03]]).log()),
        )
        yield (
            "two beams, and both best sentences come from the second",
            (torch.tensor([-4.0, -1.0]), torch.tensor([[0.8, 0.1, 0.1], [0.3, 0.2, 0.5]]).log()),
        )
        yield (
            "two beams that go on best with the same word",
            (torch.tensor([-1.0, -1.3]), torch.tensor([[0.1, 0.2, 0.7], [0.15, 0.05, 0.8]]).log()),
        )
        yield (
            "the first step, where there is one beginning only and the others have a score of −inf",
            apart(generator, 2, 3, first_step=True),
        )
        yield "long sentences, with scores far below zero", apart(generator, 2, 3, far=150.0)
        yield "three beams and three words", apart(generator, 3, 3)
        yield "six beams and fifty words", apart(generator, 6, 50)

    def admissible(self, generator):
        beams, more, digits = (int(torch.randint(n, (), generator=generator)) for n in (5, 8, 3))
        first_step = torch.rand((), generator=generator) < 0.2
        return apart(generator, beams + 1, max(beams + 1 + more, 2), far=10.0**digits, first_step=bool(first_step))

    def answer(scores, logs):
        totals = scores[:, None] + logs  # (W, M)
        best, places = totals.flatten().topk(len(scores))
        M = logs.shape[1]
        return best, places // M, places % M

    def run(self, answer, scores, logs):
        """The three of them, whether in a tuple or in a list."""
        found = answer(scores, logs)
        return tuple(found) if isinstance(found, list) else found

    @mistake(
        "Each beam was continued with its own best word. Then no beam ever gives way to another, and you have W greedy searches. All W · M "
        "candidates compete, and two of them may come from one beam."
    )
    def best_word_of_each(scores, logs):
        best, words = (scores[:, None] + logs).max(1)
        order = best.argsort(descending=True)
        return best[order], order, words[order]

    @mistake(
        "Each beam was continued with its own best word, in the order of the beams. All W · M candidates compete, two of them may come from "
        "one beam, and the best comes first."
    )
    def best_word_of_each_in_order(scores, logs):
        best, words = (scores[:, None] + logs).max(1)
        return best, torch.arange(len(scores)), words

    @mistake(
        "The past is missing: a candidate's score is that of its beginning plus the log probability of the word. A good word after a bad "
        "beginning is no good sentence."
    )
    def past_forgotten(scores, logs):
        return BeamStep.answer(torch.zeros_like(scores), logs)

    @mistake(
        "The right candidates were chosen, but the scores returned are those of the last word alone. The next step needs the sums."
    )
    def score_of_the_word(scores, logs):
        _, beams, words = BeamStep.answer(scores, logs)
        return logs[beams, words], beams, words

    @mistake(
        "Score and log probability were multiplied. Probabilities are multiplied; their logarithms are added. Two negative numbers even make a "
        "positive one, and so the least probable candidate wins."
    )
    def logs_multiplied(scores, logs):
        return chosen(scores[:, None] * logs)

    @mistake(
        "The scores were turned into probabilities. The order is the same, but a long sentence soon has a probability that float32 takes for 0. Stay "
        "with logarithms and add."
    )
    def probabilities(scores, logs):
        return chosen((scores[:, None] + logs).exp())

    added = (
        "Probabilities were added. The probability of a sentence is the product of those of its words, so it is the logarithms that add up: "
        "add them as they are."
    )

    @mistake(added)
    def probabilities_added(scores, logs):
        return chosen((scores[:, None].exp() + logs.exp()).log())

    @mistake(added)
    def probabilities_of_words_added(scores, logs):
        return chosen(scores[:, None] + logs.exp())

    @mistake(added)
    def sums_of_probabilities(scores, logs):
        return chosen(scores[:, None].exp() + logs.exp())

    @mistake(
        "The continuations were chosen by their last word alone, and the scores added afterwards. Add them first: it is whole sentences that "
        "compete."
    )
    def chosen_by_the_last_word(scores, logs):
        best, beams, words = chosen(logs)
        return scores[beams] + best, beams, words

    @mistake(
        "The right candidates were chosen, but the scores returned are those of their beginnings. The last word's log probability belongs to the sum."
    )
    def score_of_the_beginning(scores, logs):
        _, beams, words = BeamStep.answer(scores, logs)
        return scores[beams], beams, words

    width = (
        "The flat place was divided by the number of beams W. In a flattened (W, M) a row takes M places: the beam is places // M, the "
        "word places % M."
    )

    @mistake(width)
    def rest_by_the_width(scores, logs):
        best, places = (scores[:, None] + logs).flatten().topk(len(scores))
        return best, places % len(scores), places // len(scores)

    @mistake(width)
    def divided_by_the_width(scores, logs):
        best, places = (scores[:, None] + logs).flatten().topk(len(scores))
        return best, places // len(scores), places % len(scores)

    @mistake(
        "Beams and words have changed places: the scores, then which beam (places // M), then which word (places % M)."
    )
    def beams_and_words_swapped(scores, logs):
        best, beams, words = BeamStep.answer(scores, logs)
        return best, words, beams

    @mistake("The scores come first of the three: scores, beams, words.")
    def scores_last(scores, logs):
        best, beams, words = BeamStep.answer(scores, logs)
        return beams, words, best

    @mistake("The words are still flat places, among all W · M candidates. The word's number is the rest: places % M.")
    def flat_places(scores, logs):
        best, beams, words = BeamStep.answer(scores, logs)
        return best, beams, beams * logs.shape[1] + words

    @mistake(
        "These are two things: scores and flat places. A place stands for a beam, places // M, and a word, places % M."
    )
    def places_not_taken_apart(scores, logs):
        return (scores[:, None] + logs).flatten().topk(len(scores))

    @mistake(
        "The candidates were flattened column by column, and the places read as if it had been row by row. Leave (W, M) as it is."
    )
    def turned_before_flattening(scores, logs):
        best, places = (scores[:, None] + logs).T.flatten().topk(len(scores))
        return best, places // logs.shape[1], places % logs.shape[1]

    @mistake(
        "These are the W worst. Log probabilities are negative, and the best is the largest, the one nearest to zero."
    )
    def the_worst(scores, logs):
        best, places = (scores[:, None] + logs).flatten().topk(len(scores), largest=False)
        return best, places // logs.shape[1], places % logs.shape[1]

    @mistake("The right ones, but the worst of them comes first. argsort goes up, unless it is told descending=True.")
    def worst_first(scores, logs):
        return tuple(part.flip(0) for part in BeamStep.answer(scores, logs))

    @mistake("The right ones, but in the order of the beams. The best comes first.")
    def in_the_order_of_the_beams(scores, logs):
        best, beams, words = BeamStep.answer(scores, logs)
        order = (beams * logs.shape[1] + words).argsort()
        return best[order], beams[order], words[order]

    @mistake(
        "The scores were laid along the words: scores + logs adds score j to word j, where it does anything at all. Each score belongs to a "
        "row; give it an axis, scores[:, None]."
    )
    def scores_along_the_words(scores, logs):
        return chosen(scores + logs)

    one = "That is the best continuation alone. W of them go on to the next step."

    @mistake(one)
    def only_the_best(scores, logs):
        return tuple(part[:1] for part in BeamStep.answer(scores, logs))

    @mistake(one)
    def only_the_best_as_numbers(scores, logs):
        return tuple(part[0] for part in BeamStep.answer(scores, logs))

    too_many = (
        "There are more than W. As many continuations go on as there are scores, or the beam would grow at every step."
    )

    @mistake(too_many)
    def all_candidates(scores, logs):
        return chosen(scores[:, None] + logs, logs.numel())

    @mistake(too_many)
    def as_many_as_words(scores, logs):
        return chosen(scores[:, None] + logs, logs.shape[1])

    @mistake(too_many)
    def twice_as_many(scores, logs):
        return chosen(scores[:, None] + logs, min(2 * len(scores), logs.numel()))

    @mistake(too_many)
    def w_of_each(scores, logs):
        best, words = (scores[:, None] + logs).topk(len(scores), 1)
        return best, torch.arange(len(scores))[:, None].expand_as(words), words

    @mistake(too_many)
    def w_of_each_in_a_row(scores, logs):
        return tuple(part.flatten() for part in BeamStep.w_of_each(scores, logs))

    @mistake("Only the best beginning was continued. Another one may go on better: all W · M candidates compete.")
    def from_the_best_beginning(scores, logs):
        best, words = logs[scores.argmax()].topk(len(scores))
        return scores.max() + best, torch.full_like(words, int(scores.argmax())), words

    @mistake(
        "Every word was kept once, with the beam that suits it best. Two beams may go on with the same word: it is the W · M pairs that compete."
    )
    def each_word_once(scores, logs):
        best, beams = (scores[:, None] + logs).max(0)
        best, words = best.topk(len(scores))
        return best, beams[words], words

    @mistake(
        "The flat place was divided with /, which gives fractions. // gives the whole number below, and that is the row."
    )
    def fractions(scores, logs):
        best, places = (scores[:, None] + logs).flatten().topk(len(scores))
        return best, places / logs.shape[1], places % logs.shape[1]

    @mistake(
        "There is a triple for each continuation. Asked for are three rows of W: all scores, then all beams, then all words. zip(*triples) turns one "
        "into the other."
    )
    def triples(scores, logs):
        return [(float(s), int(b), int(w)) for s, b, w in zip(*BeamStep.answer(scores, logs), strict=True)]

    @mistake("The logarithm was taken once more. `logs` holds logarithms already, and a negative number has none.")
    def logarithm_taken_twice(scores, logs):
        return chosen(scores[:, None] + logs.log())

    by_way = (
        "The sums went through probabilities and back. A long sentence has a probability that float32 takes for 0, and the logarithm of 0 is "
        "−inf. Stay with logarithms and add."
    )

    @mistake(by_way)
    def by_way_of_probabilities(scores, logs):
        return chosen((scores[:, None].exp() * logs.exp()).log())

    @mistake(by_way)
    def by_way_of_probabilities_sorted(scores, logs):  # of many that are −inf, sort takes others than topk
        totals = (scores[:, None].exp() * logs.exp()).log().flatten()
        places = (-totals).argsort(stable=True)[: len(scores)]
        return totals[places], places // logs.shape[1], places % logs.shape[1]

    divided = "The sums were divided. Nothing asks for a mean here: scores are the sums of log probabilities."

    @mistake(divided)
    def halved(scores, logs):
        return chosen((scores[:, None] + logs) / 2)

    @mistake("The scores were made to sum to one again, as probabilities. They are asked for as they are: the sums.")
    def normalised(scores, logs):
        return chosen((scores[:, None] + logs).flatten().log_softmax(0).view_as(logs))


def chosen(totals: torch.Tensor, number: int | None = None) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The best of the candidates (W, M), as many as beams if no number is given: scores, beams, words."""
    best, places = totals.flatten().topk(number or len(totals))
    return best, places // totals.shape[1], places % totals.shape[1]


def apart(
    generator, beams: int, words: int, far: float = 3.0, first_step: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores and logs, drawn at random until no two of the best candidates are equal but for rounding."""
    while True:
        scores = -far * (1 + torch.rand((), generator=generator)) - 2 * torch.rand(beams, generator=generator)
        if first_step:
            scores = torch.tensor([0.0, *[-torch.inf] * (beams - 1)])
        logs = (2 * torch.randn(beams, words, generator=generator)).log_softmax(-1)
        best = (scores[:, None] + logs).flatten().sort(descending=True).values[: beams + 1]
        if (best.diff().abs() > 1e-3).all():
            return scores, logs
