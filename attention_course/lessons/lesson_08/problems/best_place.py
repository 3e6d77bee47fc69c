import torch

from attention_course.checks.problem import Problem, mistake


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
        def numbers(n):
            return torch.randperm(20, generator=generator)[:n].tolist()

        yield "one question about two cells", drawn(generator, numbers(1), [3], [4], 2)
        yield "one question about four cells", drawn(generator, numbers(1), [5], [7], 4)
        yield "two questions, one of them asked seldom", drawn(generator, numbers(2), [9, 2], [2, 7], 3)
        yield (
            "three questions, one of which is not among the unseen",
            drawn(generator, numbers(3), [3, 5, 9], [6, 0, 9], 4),
        )
        yield "five questions and six cells", drawn(generator, numbers(5), [4, 12, 7, 1, 9], [14, 3, 5, 8, 1], 6)
        yield "four questions, numbered from 0", drawn(generator, [0, 1, 2, 3], [8, 3, 12, 5], [3, 9, 4, 13], 5)

    def admissible(self, generator):
        questions, cells = (int(n) for n in torch.randint(1, 6, (2,), generator=generator))
        seen, unseen = (torch.randint(start, 9, (questions,), generator=generator).tolist() for start in (1, 0))
        unseen[0] += 1
        return drawn(generator, torch.randperm(20, generator=generator)[:questions].tolist(), seen, unseen, cells)

    def answer(seen_hits, seen, unseen_hits, unseen):
        right = 0
        for question in seen.unique().tolist():
            best = seen_hits[seen == question].sum(0).argmax()
            right += unseen_hits[unseen == question, best].sum().item()
        return right / len(unseen)

    first_cell = "Only the first cell that is True of each picture was counted. The answer may stand in several cells: count them all."
    one_picture = (
        "One seen picture of each question decided where to look. Count over all of them. With counts[seen] += hits, too, one picture for each question is added and "
        "the others are lost: index_add_ adds all."
    )
    two_sides = "Seen and unseen pictures were counted together. The place is to be chosen among the seen ones alone; the unseen are there to be tested with."
    each_question = "The shares of the questions were averaged. Every unseen picture counts the same, so that a question that is asked often counts more."
    other_divisor = "The number of hits was divided by another number. Divide it by that of the unseen questions."
    how_often = "That says how often the answer stands in the best place among the seen pictures. Look into that place in the unseen ones."
    no_choice = "No place was chosen: the share is weighted by how often the answer stood in each cell. Take the one cell where it stood most often."

    @mistake(
        "The best place was sought among the unseen pictures, where it is also tested. That is no baseline but a peep at the answers."
    )
    def chosen_on_the_unseen(seen_hits, seen, unseen_hits, unseen):
        return share(unseen_hits, unseen, unseen_hits, unseen)

    @mistake(two_sides)
    def chosen_on_both(seen_hits, seen, unseen_hits, unseen):
        return share(torch.cat([seen_hits, unseen_hits]), torch.cat([seen, unseen]), unseen_hits, unseen)

    @mistake(two_sides)
    def chosen_and_tested_on_both(seen_hits, seen, unseen_hits, unseen):
        hits, asked = torch.cat([seen_hits, unseen_hits]), torch.cat([seen, unseen])
        return share(hits, asked, hits, asked)

    @mistake("Seen and unseen have changed places: choose on the seen ones, and test on the unseen.")
    def sides_exchanged(seen_hits, seen, unseen_hits, unseen):
        known = [i for i, question in enumerate(seen.tolist()) if question in unseen.tolist()]
        return sum(found(unseen_hits, unseen, seen_hits[known], seen[known])) / len(seen)

    @mistake(
        "The share was taken on the pictures in which the places were chosen. There it also counts what happened to stand in them."
    )
    def tested_on_the_seen(seen_hits, seen, unseen_hits, unseen):
        return share(seen_hits, seen, seen_hits, seen)

    @mistake(how_often)
    def mean_of_the_largest(seen_hits, seen, unseen_hits, unseen):
        return mean([float(seen_hits[seen == q].float().mean(0).max()) for q in seen.unique()])

    @mistake(how_often)
    def mean_of_the_largest_by_the_unseen(seen_hits, seen, unseen_hits, unseen):
        return mean([float(seen_hits[seen == q].float().mean(0).max()) for q in unseen])

    @mistake("There is one place for all questions. The question may decide: choose a place for each.")
    def one_place_for_all(seen_hits, seen, unseen_hits, unseen):
        return unseen_hits[:, seen_hits.sum(0).argmax()].float().mean().item()

    @mistake("There is one place for all questions. The question may decide: choose a place for each.")
    def place_of_the_last_question(seen_hits, seen, unseen_hits, unseen):
        return unseen_hits[:, seen_hits[seen == seen.amax()].sum(0).argmax()].float().mean().item()

    @mistake(
        "This is the mean over all cells, which is a look at a place by chance. Take the best one for each question."
    )
    def any_place(seen_hits, seen, unseen_hits, unseen):
        return unseen_hits.float().mean().item()

    @mistake("That is the share of pictures in which the answer stands anywhere at all. Look into one cell alone.")
    def in_any_cell(seen_hits, seen, unseen_hits, unseen):
        return unseen_hits.any(1).float().mean().item()

    @mistake("The place was chosen where the answer stood least often: take the largest count.")
    def worst_place(seen_hits, seen, unseen_hits, unseen):
        return share(seen_hits, seen, unseen_hits, unseen, lambda hits: hits.sum(0).argmin())

    @mistake("The second best place was taken. The best is the cell with the largest count.")
    def second_place(seen_hits, seen, unseen_hits, unseen):
        return share(seen_hits, seen, unseen_hits, unseen, lambda hits: hits.sum(0).argsort(descending=True)[:2][-1])

    @mistake(
        "The hits were summed over the cells, so that the largest sum is that of a picture. Sum over the pictures: axis 0."
    )
    def summed_over_the_cells(seen_hits, seen, unseen_hits, unseen):
        return share(seen_hits, seen, unseen_hits, unseen, lambda hits: hits.sum(1).argmax() % hits.shape[1])

    @mistake("A cell was taken where the answer stood at all. Take the one where it stood most often: count.")
    def any_instead_of_a_count(seen_hits, seen, unseen_hits, unseen):
        return share(seen_hits, seen, unseen_hits, unseen, lambda hits: hits.any(0).float().argmax())

    @mistake(first_cell)
    def first_cell_counted(seen_hits, seen, unseen_hits, unseen):
        def often(hits):
            return torch.bincount(hits.float().argmax(1), minlength=hits.shape[1]).argmax()

        return share(seen_hits, seen, unseen_hits, unseen, often)

    @mistake(first_cell)
    def first_cell_tested(seen_hits, seen, unseen_hits, unseen):
        first = torch.nn.functional.one_hot(unseen_hits.float().argmax(1), unseen_hits.shape[1])
        return share(seen_hits, seen, first, unseen)

    @mistake(one_picture)
    def last_picture(seen_hits, seen, unseen_hits, unseen):
        return share(seen_hits, seen, unseen_hits, unseen, lambda hits: hits[-1].float().argmax())

    @mistake(one_picture)
    def first_picture(seen_hits, seen, unseen_hits, unseen):
        return share(seen_hits, seen, unseen_hits, unseen, lambda hits: hits[0].float().argmax())

    @mistake(
        "The numbers of the questions were taken for places in a list of all questions. They need not run from 0 without gaps: keep the places in a dict."
    )
    def numbers_for_places(seen_hits, seen, unseen_hits, unseen):
        best = torch.stack([seen_hits[seen == question].sum(0).argmax() for question in seen.unique()])
        return unseen_hits[torch.arange(len(unseen)), best[unseen]].float().mean().item()

    @mistake(
        "Picture i of the unseen got the place of picture i of the seen. They belong together by their question: unseen[i]."
    )
    def questions_of_the_seen(seen_hits, seen, unseen_hits, unseen):
        return mean([float(hits[seen_hits[seen == seen[i]].sum(0).argmax()]) for i, hits in enumerate(unseen_hits)])

    @mistake(each_question)
    def averaged_over_questions(seen_hits, seen, unseen_hits, unseen):
        hits = torch.tensor(found(seen_hits, seen, unseen_hits, unseen)).float()
        return mean([float(hits[unseen == question].mean()) for question in unseen.unique()])

    @mistake(each_question)
    def averaged_over_the_seen_questions(seen_hits, seen, unseen_hits, unseen):
        hits = torch.tensor(found(seen_hits, seen, unseen_hits, unseen)).float()
        return mean([float(hits[unseen == question].mean().nan_to_num()) for question in seen.unique()])

    @mistake(each_question)
    def weighted_by_the_seen(seen_hits, seen, unseen_hits, unseen):
        hits = torch.tensor(found(seen_hits, seen, unseen_hits, unseen)).float()
        return mean([float(hits[unseen == question].mean().nan_to_num()) for question in seen])

    @mistake("That is the best question's share. Asked for is the share over all unseen pictures.")
    def best_question(seen_hits, seen, unseen_hits, unseen):
        hits = torch.tensor(found(seen_hits, seen, unseen_hits, unseen)).float()
        return max(float(hits[unseen == question].mean()) for question in unseen.unique())

    @mistake("That is one share a question. Asked for is one number: the share over all unseen pictures.")
    def one_a_question(seen_hits, seen, unseen_hits, unseen):
        hits = torch.tensor(found(seen_hits, seen, unseen_hits, unseen)).float()
        return [float(hits[unseen == question].mean()) for question in unseen.unique()]

    @mistake("That is one share a question. Asked for is one number: the share over all unseen pictures.")
    def one_a_question_in_a_dict(seen_hits, seen, unseen_hits, unseen):
        hits = torch.tensor(found(seen_hits, seen, unseen_hits, unseen)).float()
        return {question: float(hits[unseen == question].mean().nan_to_num()) for question in seen.unique().tolist()}

    @mistake("These are the best places. Asked for is the share of the unseen questions whose answer stands there.")
    def places(seen_hits, seen, unseen_hits, unseen):
        return [int(seen_hits[seen == question].sum(0).argmax()) for question in seen.unique()]

    @mistake("These are the hits, one a picture. Return their share, one number.")
    def one_a_picture(seen_hits, seen, unseen_hits, unseen):
        return [bool(hit) for hit in found(seen_hits, seen, unseen_hits, unseen)]

    @mistake("This is the number of questions answered rightly. Divide it by the number of unseen ones.")
    def count_not_share(seen_hits, seen, unseen_hits, unseen):
        return sum(found(seen_hits, seen, unseen_hits, unseen))

    @mistake(other_divisor)
    def divided_by_the_seen(seen_hits, seen, unseen_hits, unseen):
        return sum(found(seen_hits, seen, unseen_hits, unseen)) / len(seen)

    @mistake(other_divisor)
    def divided_by_the_questions(seen_hits, seen, unseen_hits, unseen):
        return sum(found(seen_hits, seen, unseen_hits, unseen)) / len(seen.unique())

    @mistake(other_divisor)
    def divided_by_the_unseen_questions(seen_hits, seen, unseen_hits, unseen):
        return sum(found(seen_hits, seen, unseen_hits, unseen)) / len(unseen.unique())

    @mistake(other_divisor)
    def divided_by_the_cells(seen_hits, seen, unseen_hits, unseen):
        return sum(found(seen_hits, seen, unseen_hits, unseen)) / unseen_hits.numel()

    @mistake(other_divisor)
    def divided_by_the_hits(seen_hits, seen, unseen_hits, unseen):
        return sum(found(seen_hits, seen, unseen_hits, unseen)) / max(1, int(unseen_hits.sum()))

    @mistake("That is the share of the answers that are missed.")
    def missed(seen_hits, seen, unseen_hits, unseen):
        return 1 - share(seen_hits, seen, unseen_hits, unseen)

    @mistake("That is in per cent. A share lies between 0 and 1.")
    def per_cent(seen_hits, seen, unseen_hits, unseen):
        return 100 * share(seen_hits, seen, unseen_hits, unseen)

    @mistake(no_choice)
    def weighted_by_shares(seen_hits, seen, unseen_hits, unseen):
        shares = {q: seen_hits[seen == q].float().mean(0) for q in seen.unique().tolist()}
        return mean([float(shares[q] @ hits.float()) for hits, q in zip(unseen_hits, unseen.tolist(), strict=True)])


def found(seen_hits, seen, unseen_hits, unseen, choose=lambda hits: hits.sum(0).argmax()):
    """Of each unseen picture, whether the answer stands in the place that was chosen for its question."""
    best = {question: int(choose(seen_hits[seen == question])) for question in seen.unique().tolist()}
    return [int(hits[best[question]]) for hits, question in zip(unseen_hits, unseen.tolist(), strict=True)]


def share(*arguments):
    return mean(found(*arguments))


def mean(numbers):
    return sum(numbers) / len(numbers)


def drawn(generator, numbers, seen, unseen, cells):
    """Pictures of the questions with these numbers, so many of each; where the past misleads in every other question.

    One cell of each question is ahead of all others among the seen ones.
    """
    sides: tuple[list, list] = ([], [])
    for i, sizes in enumerate(zip(seen, unseen, strict=True)):
        likely = torch.randperm(cells, generator=generator)[:2]
        while True:
            chances = torch.full((2, cells), 0.3)
            chances[0, likely[0]] = chances[1, likely[-1 if i % 2 else 0]] = 0.7
            hits = [
                torch.rand(n, cells, generator=generator) < chance for n, chance in zip(sizes, chances, strict=True)
            ]
            counts = hits[0].sum(0).sort(descending=True).values.tolist()
            if cells == 1 or counts[0] > counts[1]:
                break
        for side, its in zip(sides, hits, strict=True):
            side += [(row, numbers[i]) for row in its]
    made = []
    for side in sides:
        order = torch.randperm(len(side), generator=generator).tolist()
        made += [torch.stack([side[i][0] for i in order]), torch.tensor([side[i][1] for i in order])]
    return tuple(made)
