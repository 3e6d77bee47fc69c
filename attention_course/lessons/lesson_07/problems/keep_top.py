import torch

from attention_course.checks.problem import Problem, mistake


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

        yield "one sentence of three", (document(2, 3, 1), torch.tensor([0.2, 0.5, 0.3]), 1)
        yield "two sentences of three", (document(2, 3, 1), torch.tensor([0.3, 0.2, 0.5]), 2)
        yield (
            "two sentences of four, the best of them first",
            (document(1, 2, 1, 2), torch.tensor([0.5, 0.1, 0.1, 0.3]), 2),
        )
        same, other = document(2, 3)
        yield "two equal sentences, of which one is kept", ([same, other, same], torch.tensor([0.2, 0.3, 0.5]), 2)
        yield "two equal sentences, both kept", ([same, other, same], torch.tensor([0.4, 0.25, 0.35]), 2)
        yield (
            "weights with room for longer documents",
            (
                document(3, 1, 2, 2),
                torch.tensor([0.1, 0.2, 0.3, 0.4, 0.0, 0.0]),
                3,
            ),
        )
        yield "a document with fewer sentences than are to be kept", (document(3, 1), torch.tensor([0.4, 0.6, 0.0]), 3)
        yield "more sentences to be kept than there are weights", (document(1, 2), torch.tensor([0.7, 0.3]), 4)
        yield "as many sentences as are to be kept", (document(2, 1, 2), torch.tensor([0.2, 0.5, 0.3, 0.0, 0.0]), 3)
        lengths = [1 + i % 4 for i in range(9)]
        yield "a random document of nine sentences", (document(*lengths), weights(generator, 9, 12), 4)

    def admissible(self, generator):
        sentences, room, count, words = (int(n) for n in torch.randint(0, 6, (4,), generator=generator))
        lengths = torch.randint(1, 4, (sentences + 1,), generator=generator).tolist()
        most = 2 + 9 * words  # few words make equal sentences
        document = [torch.randint(1, most, (n,), generator=generator).tolist() for n in lengths]
        return document, weights(generator, len(document), len(document) + room), count + 1

    def answer(document, weights, count):
        best = weights[: len(document)].argsort(descending=True)[:count]
        return [document[i] for i in sorted(best.tolist())]

    equal_sentences = "Sentences were recognised by their words. Two sentences may have the same words, and each has a weight of its own: keep track of their places."
    another_number = "That is another number of sentences than asked for: `count` of them are to be kept, or all where there are no more."
    marks = "That says which sentences are kept. What is wanted is the sentences."
    ranks = "What argsort gives was taken for ranks. It gives places: its first number says where the best sentence stands, and not how good the first sentence is."
    beyond = "The weights behind the document's own, which are zero, belong to no sentence. Look at weights[:len(document)] alone."

    @mistake(equal_sentences)
    def words_compared(document, weights, count):
        kept = [document[i] for i in best(document, weights, count)]
        return [sentence for sentence in document if sentence in kept]

    @mistake(equal_sentences)
    def place_by_words(document, weights, count):
        kept = [document[i] for i in best(document, weights, count)]
        return [document[i] for i in sorted({document.index(sentence) for sentence in kept})]

    @mistake(equal_sentences)
    def sorted_by_words(document, weights, count):
        return sorted([document[i] for i in best(document, weights, count)], key=document.index)

    @mistake(equal_sentences)
    def weights_by_words(document, weights, count):
        weight = {tuple(sentence): float(w) for sentence, w in zip(document, weights, strict=False)}
        kept = sorted(range(len(document)), key=lambda i: -weight[tuple(document[i])])[:count]
        return [document[i] for i in sorted(kept)]

    @mistake(
        "The sentences are the right ones, in the order of their weights. A recurrent encoder would read them in an order that nobody wrote: put them back in the "
        "document's."
    )
    def in_the_order_of_weights(document, weights, count):
        return [document[i] for i in best(document, weights, count)]

    @mistake(
        "The sentences are the right ones, from the smallest weight to the largest. Put them back in the document's order."
    )
    def from_the_smallest_weight(document, weights, count):
        return [document[i] for i in best(document, weights, count)[::-1]]

    @mistake("The sentences are the right ones, from the last to the first. Leave them in the document's order.")
    def backwards(document, weights, count):
        return KeepTop.answer(document, weights, count)[::-1]

    @mistake("The sentences are the right ones, sorted by their words. Sort their places: the document's order stays.")
    def words_sorted(document, weights, count):
        return sorted(KeepTop.answer(document, weights, count))

    smallest_kept = (
        "These have the smallest weights. argsort and sorted begin with the smallest unless they are told to go down."
    )

    @mistake(smallest_kept)
    def smallest(document, weights, count):
        return [document[i] for i in sorted(weights[: len(document)].argsort()[:count].tolist())]

    @mistake(smallest_kept)
    def smallest_in_their_order(document, weights, count):
        return [document[i] for i in weights[: len(document)].argsort()[:count].tolist()]

    @mistake(beyond)
    def smallest_of_all_weights(document, weights, count):
        return [document[i] for i in sorted(weights.argsort()[:count].tolist()) if i < len(document)]

    @mistake(beyond)
    def zeros_taken_along(document, weights, count):
        return [document[i] for i in sorted(weights.argsort(descending=True)[:count].tolist())]

    @mistake("A topk of more than there are raises an error. Take min(count, len(document)).")
    def topk_of_too_many(document, weights, count):
        return [document[i] for i in weights[: len(document)].topk(count).indices.sort().values.tolist()]

    @mistake("A topk of more than there are raises an error. Take min(count, len(document)).")
    def topk_of_too_many_weights(document, weights, count):
        return [document[i] for i in weights.topk(count).indices.sort().values.tolist() if i < len(document)]

    @mistake(ranks)
    def places_for_ranks(document, weights, count):
        places = weights[: len(document)].argsort(descending=True).tolist()
        return [sentence for sentence, place in zip(document, places, strict=True) if place < count]

    @mistake(ranks)
    def places_for_ranks_going_up(document, weights, count):
        places = weights[: len(document)].argsort().tolist()
        return [sentence for sentence, place in zip(document, places, strict=True) if place >= len(document) - count]

    @mistake("These are the sentences to be left out. Here the top ones are kept, and nothing else.")
    def taken_away(document, weights, count):
        return [sentence for i, sentence in enumerate(document) if i not in best(document, weights, count)]

    @mistake("These are the first sentences of the document, whatever their weights.")
    def the_first(document, weights, count):
        return document[:count]

    @mistake("These are the last sentences of the document, whatever their weights.")
    def the_last(document, weights, count):
        return document[-count:]

    @mistake("These are the longest sentences. It is their weights that decide.")
    def the_longest(document, weights, count):
        return [document[i] for i in sorted(sorted(range(len(document)), key=lambda i: -len(document[i]))[:count])]

    @mistake("The first words of each sentence were kept. `count` is a number of sentences, and these stay whole.")
    def words_kept(document, weights, count):
        return [sentence[:count] for sentence in document]

    @mistake(another_number)
    def one_more(document, weights, count):
        return KeepTop.answer(document, weights, count + 1)

    @mistake(another_number)
    def one_less(document, weights, count):
        return KeepTop.answer(document, weights, count - 1)

    @mistake(another_number)
    def heavier_than_the_last(document, weights, count):
        least = weights[: len(document)].sort(descending=True).values[:count][-1]
        return [sentence for sentence, w in zip(document, weights, strict=False) if w > least]

    @mistake("That is the best sentence alone. `count` of them are to be kept.")
    def best_alone(document, weights, count):
        return KeepTop.answer(document, weights, 1)

    @mistake("That is the best sentence alone. `count` of them are to be kept, in a list.")
    def best_alone_without_a_list(document, weights, count):
        return KeepTop.answer(document, weights, 1)[0]

    @mistake("All sentences have been left out of a document that is short enough. It stays whole.")
    def short_ones_emptied(document, weights, count):
        return KeepTop.answer(document, weights, count) if len(document) > count else []

    @mistake("These are the places of the sentences. What is wanted is the sentences.")
    def places(document, weights, count):
        return sorted(best(document, weights, count))

    @mistake("These are the places of the sentences. What is wanted is the sentences.")
    def places_in_the_order_of_weights(document, weights, count):
        return best(document, weights, count)

    @mistake(marks)
    def marked(document, weights, count):
        return [i in best(document, weights, count) for i in range(len(document))]

    @mistake("The weights came along with the sentences. Return the sentences alone.")
    def with_their_weights(document, weights, count):
        return [(document[i], float(weights[i])) for i in sorted(best(document, weights, count))]

    @mistake("The weights came along with the sentences. Return the sentences alone.")
    def and_their_weights(document, weights, count):
        places = sorted(best(document, weights, count))
        return [document[i] for i in places], weights[places]

    @mistake("The places came along with the sentences. Return the sentences alone.")
    def with_their_places(document, weights, count):
        return [(i, document[i]) for i in sorted(best(document, weights, count))]

    @mistake("The sentences came all in one. A document is a list of sentences, each of them a list.")
    def joined(document, weights, count):
        return [word for sentence in KeepTop.answer(document, weights, count) for word in sentence]

    left_empty = "The others were emptied and stayed. Leave them out: what is to be read is a shorter document."

    @mistake(left_empty)
    def emptied(document, weights, count):
        return [sentence if i in best(document, weights, count) else [] for i, sentence in enumerate(document)]

    @mistake(left_empty)
    def made_zero(document, weights, count):
        kept = best(document, weights, count)
        return [sentence if i in kept else [0] * len(sentence) for i, sentence in enumerate(document)]

    @mistake(left_empty)
    def made_none(document, weights, count):
        return [sentence if i in best(document, weights, count) else None for i, sentence in enumerate(document)]

    share = "Every sentence with more than a certain share was kept. That may be more or fewer than asked for, and random sentences to compare with must be as many."

    @mistake(share)
    def above_the_mean(document, weights, count):
        return [s for s, w in zip(document, weights, strict=False) if w > torch.as_tensor(1 / len(document))]

    @mistake(share)
    def above_the_mean_of_all_weights(document, weights, count):
        return [s for s, w in zip(document, weights, strict=False) if w > weights.mean()]

    @mistake(share)
    def above_one_in_count(document, weights, count):
        return [s for s, w in zip(document, weights, strict=False) if w > torch.as_tensor(1 / count)]


def best(document, weights, count):
    """The places of the sentences with the largest weights, the best first."""
    return weights[: len(document)].argsort(descending=True)[:count].tolist()


def weights(generator, sentences, room):
    """Weights that differ, with zeros behind them."""
    while True:
        some = (1.5 * torch.randn(sentences, generator=generator)).softmax(0)
        if sentences == 1 or (some.sort().values.diff() > 1e-6).all():
            return torch.nn.functional.pad(some, (0, room - sentences))
