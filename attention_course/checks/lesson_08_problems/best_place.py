import torch

from ..problem import Problem, mistake


class BestPlace(Problem):
    """The baseline that looks at a place which the question alone decides."""

    hints = (
        "For one question: in which cell has the answer stood most often, among the pictures that may be looked at? And how often does it stand there "
        "in the others?",
        "Count with `seen` and test with `unseen`: for each question the sum of the rows of seen_hits that belong to it, the cell with the largest sum, "
        "and that column of unseen_hits.",
        "best = {q: seen_hits[seen == q].sum(0).argmax() for q in seen.unique().tolist()}, then the mean of unseen_hits[i, best[unseen[i]]] over i.",
    )
    praise = "If this is far above chance, a network may do without following any chain, and its maps will show it."

    def inputs(self, generator):
        def drawn(questions, cells, n):
            best = torch.randperm(cells, generator=generator)[torch.arange(questions) % cells]
            sides, often = [], (0.7, 0.4)  # elsewhere the answer stands in the next cell more often: the past misleads
            for size in (n, n // 2):
                asked = torch.arange(size) % questions
                asked = asked[torch.randperm(size, generator=generator)]
                places = torch.stack([best[asked], (best[asked] + 1) % cells], 1)
                chance = torch.full((size, cells), 0.15).scatter(1, places, torch.tensor(often).expand(size, 2))
                sides += [torch.rand(size, cells, generator=generator) < chance, asked]
                often = (0.4, 0.55)
            return tuple(sides)

        yield "one question", drawn(1, 3, 80)
        yield "two questions", drawn(2, 4, 240)
        yield "five questions and six cells", drawn(5, 6, 600)
        yield "another draw", drawn(4, 6, 500)

    def answer(seen_hits, seen, unseen_hits, unseen):
        right = 0
        for question in seen.unique().tolist():
            best = seen_hits[seen == question].sum(0).argmax()
            right += unseen_hits[unseen == question, best].sum().item()
        return right / len(unseen)

    @mistake(
        "The best place was sought among the unseen pictures, where it is also tested. That is no baseline but a peep at the answers."
    )
    def chosen_on_the_unseen(seen_hits, seen, unseen_hits, unseen):
        found = [unseen_hits[unseen == q].float().mean(0).max() * (unseen == q).sum() for q in unseen.unique().tolist()]
        return (sum(found) / len(unseen)).item()

    @mistake(
        "The share was taken on the pictures in which the places were chosen. There it also counts what happened to stand in them."
    )
    def tested_on_the_seen(seen_hits, seen, unseen_hits, unseen):
        return BestPlace.answer(seen_hits, seen, seen_hits, seen)

    @mistake("There is one place for all questions. The question may decide: choose a place for each.")
    def one_place_for_all(seen_hits, seen, unseen_hits, unseen):
        return unseen_hits[:, seen_hits.sum(0).argmax()].float().mean().item()

    @mistake(
        "This is the mean over all cells, which is a look at a place by chance. Take the best one for each question."
    )
    def any_place(seen_hits, seen, unseen_hits, unseen):
        return unseen_hits.float().mean().item()

    @mistake("The place was chosen where the answer stood least often: take the largest count.")
    def worst_place(seen_hits, seen, unseen_hits, unseen):
        return BestPlace.answer(~seen_hits, seen, unseen_hits, unseen)

    @mistake("This is the number of questions answered rightly. Divide it by the number of unseen ones.")
    def count_not_share(seen_hits, seen, unseen_hits, unseen):
        return BestPlace.answer(seen_hits, seen, unseen_hits, unseen) * len(unseen)
