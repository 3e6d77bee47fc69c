import torch

from ..problem import Problem, mistake


class KeepTop(Problem):
    """What is left of a document when only its sentences with the largest weights are kept."""

    hints = (
        "Which sentences are kept is decided by the weights, in which order they stand by the document. And how many weights belong to it?",
        "Behind the document's own weights there is room for those of longer ones: look at weights[:len(document)]. argsort(descending=True) gives places, the "
        "best first.",
        "best = weights[: len(document)].argsort(descending=True)[:count]; then [document[i] for i in sorted(best.tolist())].",
    )
    praise = "Half of the deletion test. The other half is the same with random places, without which the first says nothing."

    def inputs(self, generator):
        def document(*lengths):
            return [torch.randint(4, 99, (n,), generator=generator).tolist() for n in lengths]

        def weights(sentences, room):
            some = torch.zeros(room)
            some[:sentences] = (2 * torch.randn(sentences, generator=generator)).softmax(0)
            return some

        yield "one sentence of three", (document(2, 3, 1), torch.tensor([0.2, 0.5, 0.3]), 1)
        yield "two sentences of three", (document(2, 3, 1), torch.tensor([0.3, 0.2, 0.5]), 2)
        yield (
            "weights with room for longer documents",
            (document(3, 1, 2, 2), torch.tensor([0.1, 0.2, 0.3, 0.4, 0.0, 0.0]), 3),
        )
        yield (
            "a document with fewer sentences than are to be kept",
            (document(3, 1), torch.tensor([0.4, 0.6, 0.0, 0.0]), 3),
        )
        yield "a random document of nine sentences", (document(*[1 + i % 4 for i in range(9)]), weights(9, 12), 4)

    def answer(document, weights, count):
        best = weights[: len(document)].argsort(descending=True)[:count]
        return [document[i] for i in sorted(best.tolist())]

    @mistake(
        "The sentences are the right ones, in the order of their weights. A recurrent encoder would read them in an order that nobody wrote: put them back in the "
        "document's."
    )
    def in_the_order_of_weights(document, weights, count):
        return [document[i] for i in weights[: len(document)].argsort(descending=True)[:count].tolist()]

    @mistake("These have the smallest weights. argsort begins with the smallest unless it is told descending=True.")
    def smallest(document, weights, count):
        return [document[i] for i in sorted(weights[: len(document)].argsort()[:count].tolist())]

    @mistake("These are the sentences to be left out. Here the top ones are kept, and nothing else.")
    def taken_away(document, weights, count):
        best = weights[: len(document)].argsort(descending=True)[:count].tolist()
        return [sentence for i, sentence in enumerate(document) if i not in best]

    @mistake("These are the first sentences of the document, whatever their weights.")
    def the_first(document, weights, count):
        return document[:count]

    @mistake("These are the places of the sentences. What is wanted is the sentences.")
    def places(document, weights, count):
        return sorted(weights[: len(document)].argsort(descending=True)[:count].tolist())

    @mistake("The sentences came all in one. A document is a list of sentences, each of them a list.")
    def joined(document, weights, count):
        return [word for sentence in KeepTop.answer(document, weights, count) for word in sentence]

    @mistake("The others were emptied and stayed. Leave them out: what is to be read is a shorter document.")
    def emptied(document, weights, count):
        best = weights[: len(document)].argsort(descending=True)[:count].tolist()
        return [sentence if i in best else [] for i, sentence in enumerate(document)]

    @mistake(
        "Every sentence with more than an equal share was kept. That may be more or fewer than asked for, and random sentences to compare with must be as many."
    )
    def above_the_mean(document, weights, count):
        return [s for s, w in zip(document, weights, strict=False) if w > torch.as_tensor(1 / len(document))]
