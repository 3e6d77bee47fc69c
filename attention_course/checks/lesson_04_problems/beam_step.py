import torch

from ..problem import Problem, mistake


class BeamStep(Problem):
    """One step of beam search: the best continuations of all beginnings."""

    hints = (
        "W beginnings with V words each are W · V candidates, and all of them compete. What is the score of one of them?",
        "The score of a candidate is that of its beginning plus the log probability of its word: scores[:, None] + logs, (W, V). Flatten it and "
        "take the W largest. A flat place is row · V + word, so how do you get row and word back?",
        "totals = scores[:, None] + logs; scores, places = totals.flatten().topk(len(scores)); with V = logs.shape[1], return "
        "scores, places // V, places % V.",
    )
    praise = "Around it goes a loop, which carries along the states of the chosen beams and sets aside the sentences that have ended."

    def inputs(self, generator):
        def logs(*sizes):
            return (2 * torch.randn(*sizes, generator=generator)).log_softmax(-1)

        def scores(n):
            return -3 - 2 * torch.rand(n, generator=generator)

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
            "the first step, where there is one beginning only and the others have a score of −inf",
            (torch.tensor([0.0, -torch.inf, -torch.inf]), logs(1, 5).expand(3, 5).clone()),
        )
        yield "three beams and three words", (scores(3), logs(3, 3))
        yield "four beams and nine words", (scores(4), logs(4, 9))
        yield "six beams and fifty words", (scores(6), logs(6, 50))

    def answer(scores, logs):
        totals = scores[:, None] + logs  # (W, V)
        best, places = totals.flatten().topk(len(scores))
        V = logs.shape[1]
        return best, places // V, places % V

    @mistake(
        "Each beam was continued with its own best word. Then no beam ever gives way to another, and you have W greedy searches. All W · V "
        "candidates compete, and two of them may come from one beam."
    )
    def best_word_of_each(scores, logs):
        best, words = (scores[:, None] + logs).max(1)
        order = best.argsort(descending=True)
        return best[order], order, words[order]

    @mistake(
        "Each beam was continued with its own best word, in the order of the beams. All W · V candidates compete, two of them may come from "
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

    @mistake(
        "Probabilities were added. The probability of a sentence is the product of those of its words, so it is the logarithms that add up: "
        "add them as they are."
    )
    def probabilities_added(scores, logs):
        return chosen((scores[:, None].exp() + logs.exp()).log())

    @mistake(
        "The flat place was divided by the number of beams W. In a flattened (W, V) a row takes V places: the beam is places // V, the "
        "word places % V."
    )
    def divided_by_the_width(scores, logs):
        best, places = (scores[:, None] + logs).flatten().topk(len(scores))
        return best, places // len(scores), places % len(scores)

    @mistake(
        "Beams and words have changed places: the scores, then which beam (places // V), then which word (places % V)."
    )
    def beams_and_words_swapped(scores, logs):
        best, beams, words = BeamStep.answer(scores, logs)
        return best, words, beams

    @mistake("The scores come first of the three: scores, beams, words.")
    def scores_last(scores, logs):
        best, beams, words = BeamStep.answer(scores, logs)
        return beams, words, best

    @mistake("The words are still flat places, among all W · V candidates. The word's number is the rest: places % V.")
    def flat_places(scores, logs):
        best, beams, words = BeamStep.answer(scores, logs)
        return best, beams, beams * logs.shape[1] + words

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

    @mistake("That is the best continuation alone. W of them go on to the next step.")
    def only_the_best(scores, logs):
        return tuple(part[:1] for part in BeamStep.answer(scores, logs))


def chosen(totals: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The best of the candidates (W, V): scores, beams, words."""
    best, places = totals.flatten().topk(len(totals))
    return best, places // totals.shape[1], places % totals.shape[1]
