from collections.abc import Callable
from dataclasses import dataclass

import torch

from attention_course.checks.problem import Problem, mistake


@dataclass(frozen=True)
class StandIn:
    """A small function in the place of a trained part. It equals its copies, and shows as its formula."""

    formula: str
    function: Callable

    def __call__(self, *arguments, **named):
        return self.function(*arguments, **named)

    def __repr__(self):
        return self.formula


CELL = StandIn("hidden / 2 + word - attentional", lambda word, attentional, hidden: hidden / 2 + word - attentional)


SCORE = StandIn(
    "(hidden[:, None] * annotations).sum(-1)", lambda hidden, annotations: (hidden[:, None] * annotations).sum(-1)
)


class LuongDecoder(Problem):
    """Luong's decoder over the words of a sentence: the order of cell, look and readout, and what is fed on."""

    hints = (
        "Three things have to be ready before the attentional vector: the new state, then the weights that this state asks for, then the context. Two things are "
        "carried to the next word.",
        "Before the first word attentional is torch.zeros_like(hidden). In the loop: hidden = cell(word, attentional, hidden), a softmax of "
        "score(hidden, annotations) over the source, and the context in one product: (weights.unsqueeze(1) @ annotations).squeeze(1).",
        "for word in words.unbind(1): after these lines attentional = torch.tanh(torch.cat([hidden, context], -1) @ W.mT), where hidden is the "
        "new one, with weights = score(hidden, annotations).softmax(-1). Keep every attentional in a list, and torch.stack them, 1.",
    )
    praise = "Give it a real cell and a real score, read words off its vectors, and it is the translator of the lesson."

    def inputs(self, generator):
        yield "two sentences of two words", drawn(generator, 2, 2, 4, 3)
        yield "one sentence of two words, with two annotations", drawn(generator, 1, 2, 2, 1)
        yield "one word to write and three annotations", drawn(generator, 1, 1, 3, 2)
        yield "one annotation, so that its weight is 1", drawn(generator, 1, 3, 1, 2)
        yield "four sentences of two words", drawn(generator, 4, 2, 3, 2)
        yield "three sentences of five words", drawn(generator, 3, 5, 4, 2)

    def admissible(self, generator):
        return drawn(generator, *(int(n) for n in 1 + torch.randint(0, 4, (4,), generator=generator)))

    def answer(words, hidden, annotations, cell, score, W):
        attentional = torch.zeros_like(hidden)
        written = []
        for word in words.unbind(1):
            hidden = cell(word, attentional, hidden)  # s_t
            weights = score(hidden, annotations).softmax(-1)  # (B, S)
            context = (weights.unsqueeze(1) @ annotations).squeeze(1)
            attentional = torch.tanh(torch.cat([hidden, context], -1) @ W.mT)
            written.append(attentional)
        return torch.stack(written, 1)

    @mistake(
        "The old state asked. That is Bahdanau's order; in Luong's the cell comes first, and the new state s_t, which has taken in the last "
        "word, is the query."
    )
    def old_state_asks(*arguments):
        return decode(*arguments, asks=lambda old, new: old)

    @mistake(
        "That is Bahdanau's order: look with the old state, give the cell the context. In Luong's the cell comes first and is given the last "
        "attentional vector, and it is the new state that looks."
    )
    def bahdanau(words, hidden, annotations, cell, score, W):
        written = []
        for word in words.unbind(1):
            context = (score(hidden, annotations).softmax(-1).unsqueeze(1) @ annotations).squeeze(1)
            hidden = cell(word, context, hidden)
            written.append(torch.tanh(torch.cat([hidden, context], -1) @ W.mT))
        return torch.stack(written, 1)

    turned_round = "The arguments of the cell are in another order than it takes them: cell(word, attentional, hidden)."

    @mistake(turned_round)
    def cell_turned_round(words, hidden, annotations, cell, score, W):
        return decode(words, hidden, annotations, lambda word, fed, state: cell(word, state, fed), score, W)

    @mistake(turned_round)
    def word_and_attentional_swapped(words, hidden, annotations, cell, score, W):
        return decode(words, hidden, annotations, lambda word, fed, state: cell(fed, word, state), score, W)

    @mistake(turned_round)
    def state_first(words, hidden, annotations, cell, score, W):
        return decode(words, hidden, annotations, lambda word, fed, state: cell(state, word, fed), score, W)

    @mistake(turned_round)
    def attentional_first(words, hidden, annotations, cell, score, W):
        return decode(words, hidden, annotations, lambda word, fed, state: cell(fed, state, word), score, W)

    @mistake(turned_round)
    def word_last(words, hidden, annotations, cell, score, W):
        return decode(words, hidden, annotations, lambda word, fed, state: cell(state, fed, word), score, W)

    over_sentences = (
        "The loop runs over the first axis of `words`, which is that of the sentences. All sentences are written at once, one word after the "
        "other: words.unbind(1)."
    )

    @mistake(over_sentences)
    def loop_over_sentences(words, *others):
        return decode(words.transpose(0, 1), *others)

    @mistake(over_sentences)
    def as_many_steps_as_sentences(words, *others):
        return decode(torch.stack([words[:, t] for t in range(len(words))], 1), *others)

    @mistake(
        "The first word was passed over. It is y_0, BOS, and the first attentional vector comes of it: there are as many as words."
    )
    def first_word_passed_over(words, *others):
        return decode(words[:, 1:], *others)

    @mistake("Context and state were joined the wrong way round. The first columns of W are for the state: [s_t, c_t].")
    def context_first(*arguments):
        return decode(*arguments, join=lambda state, context: torch.cat([context, state], -1))

    @mistake(
        "The tanh is missing. Without it the attentional vector is not kept between −1 and 1, and it goes back into the cell at every word."
    )
    def without_tanh(*arguments):
        return decode(*arguments, bend=lambda x: x)

    @mistake("The tanh was taken before W. In tanh([s_t, c_t] W) it comes last.")
    def tanh_before_W(*arguments):
        return decode(*arguments, join=lambda s, c: torch.cat([s, c], -1).tanh(), bend=lambda x: x)

    another_function = "Another function stands in the place of tanh, whose numbers lie between −1 and 1."

    @mistake(another_function)
    def sigmoid(*arguments):
        return decode(*arguments, bend=torch.sigmoid)

    @mistake(another_function)
    def relu(*arguments):
        return decode(*arguments, bend=torch.relu)

    @mistake(
        "The context was fed to the cell. That is what Bahdanau's cell is told; Luong feeds the whole attentional vector, in which context and "
        "state are joined."
    )
    def context_fed(*arguments):
        return decode(*arguments, feeds=lambda state, context, attentional: context)

    @mistake(
        "The cell is given zeros at every word. Only the first has no attentional vector before it; the others are fed the one of the word "
        "before, or the decoder does not know where it has looked."
    )
    def nothing_fed(*arguments):
        return decode(*arguments, feeds=lambda state, context, attentional: torch.zeros_like(attentional))

    something_first = "The cell was given something else than zeros at the first word. Before it nothing has been looked at, and there is no attentional vector."

    @mistake(something_first)
    def state_fed_first(*arguments):
        return decode(*arguments, begins=lambda hidden, look: hidden)

    @mistake(something_first)
    def looked_before_the_first_word(*arguments):
        return decode(*arguments, begins=lambda hidden, look: look(hidden))

    @mistake(something_first)
    def ones_fed_first(*arguments):
        return decode(*arguments, begins=lambda hidden, look: torch.ones_like(hidden))

    state_instead = (
        "The state was fed in the place of the attentional vector. The cell has the state already, as its third argument; what it needs to be "
        "told is the attentional vector, which knows of the context."
    )

    @mistake(state_instead)
    def state_fed(*arguments):
        return decode(*arguments, feeds=lambda state, context, attentional: state)

    @mistake(state_instead)
    def state_fed_from_the_start(*arguments):
        return decode(*arguments, begins=lambda hidden, look: hidden, feeds=lambda state, context, attentional: state)

    @mistake(
        "What was fed had not been through tanh. It is the attentional vector itself that goes back into the cell."
    )
    def fed_before_tanh(*arguments):
        W = arguments[-1]
        return decode(*arguments, feeds=lambda state, context, attentional: torch.cat([state, context], -1) @ W.mT)

    @mistake(
        "The attentional vector took the place of the state. Both go on to the next word, each in its own place: cell(word, attentional, hidden)."
    )
    def attentional_becomes_the_state(*arguments):
        return decode(*arguments, keeps=lambda first, state, attentional: attentional)

    @mistake(
        "Every word started from the first state. s_t is made from s_{t-1}: keep what the cell returned for the next word."
    )
    def state_not_kept(*arguments):
        return decode(*arguments, keeps=lambda first, state, attentional: first)

    @mistake(
        "The softmax runs over the sentences of the batch. The weights of one sentence sum to one over its annotations: take the last axis."
    )
    def softmax_over_the_batch(*arguments):
        return decode(*arguments, weigh=lambda scores: scores.softmax(0))

    @mistake("The scores mixed the annotations as they are. Softmax makes weights of them first, Eq. (2).")
    def without_softmax(*arguments):
        return decode(*arguments, weigh=lambda scores: scores)

    @mistake(
        "The exponentials were not divided by their sum. The weights of one sentence sum to one over its annotations."
    )
    def not_normalised(*arguments):
        return decode(*arguments, weigh=torch.exp)

    @mistake("The scores were divided by their sum. Softmax takes exp of them first, for they may be negative.")
    def without_exp(*arguments):
        return decode(*arguments, weigh=lambda scores: scores / scores.sum(-1, keepdim=True))

    @mistake("The softmax was taken twice, which makes the weights nearly even.")
    def softmax_twice(*arguments):
        return decode(*arguments, weigh=lambda scores: scores.softmax(-1).softmax(-1))

    @mistake(
        "The scores were divided by the square root of the vectors' size. Here the softmax takes them as `score` gives them."
    )
    def scaled(*arguments):
        size = arguments[1].shape[-1]
        return decode(*arguments, weigh=lambda scores: (scores / size**0.5).softmax(-1))

    @mistake("The annotations were added up, each with a weight of one. The weights are a softmax of the scores.")
    def annotations_added(*arguments):
        return decode(*arguments, weigh=torch.ones_like)

    @mistake("The best annotation was taken for the context. It is a mixture of all of them, by their weights.")
    def best_annotation_alone(*arguments):
        return decode(*arguments, weigh=lambda scores: torch.eye(scores.shape[-1])[scores.argmax(-1)])

    @mistake(
        "All words got one context, the one that the first state asked for. In this decoder every new state looks: score belongs into the loop."
    )
    def looks_once(words, hidden, *others):
        return decode(words, hidden, *others, asks=lambda old, new: hidden)

    @mistake("The attentional vector asked. In Luong's decoder it is the new state s_t that is the query.")
    def attentional_asks(words, hidden, annotations, cell, score, W):
        fed, written = torch.zeros_like(hidden), []
        for word in words.unbind(1):
            hidden = cell(word, fed, hidden)
            context = (score(fed, annotations).softmax(-1).unsqueeze(1) @ annotations).squeeze(1)
            fed = torch.tanh(torch.cat([hidden, context], -1) @ W.mT)
            written.append(fed)
        return torch.stack(written, 1)

    @mistake("The annotations were averaged evenly: the scores have not been used.")
    def even_weights(*arguments):
        return decode(*arguments, weigh=lambda scores: torch.ones_like(scores) / scores.shape[-1])

    @mistake(
        "These are the contexts. Asked for is what they are made into together with the states: tanh([s_t, c_t] W)."
    )
    def contexts_returned(*arguments):
        return decode(*arguments, gives=lambda state, context, attentional: context)

    @mistake("These are the states. Asked for is tanh([s_t, c_t] W), in which the state has met the context.")
    def states_returned(*arguments):
        return decode(*arguments, gives=lambda state, context, attentional: state)

    @mistake("These are the weights. Asked for is what comes of them: tanh([s_t, c_t] W).")
    def weights_returned(*arguments):
        found = []
        decode(*arguments, weigh=lambda scores: found.append(scores.softmax(-1)) or found[-1])
        return torch.stack(found, 1)

    @mistake("Words and features have changed places: the result is (B, E, L). Stack along axis 1.")
    def words_last(*arguments):
        return decode(*arguments).transpose(1, 2)

    joined = "The vectors were joined with torch.cat, which makes no new axis. Stack them along axis 1: (B, L, E)."

    @mistake(joined)
    def joined_side_by_side(*arguments):
        return decode(*arguments).flatten(1)

    @mistake(joined)
    def joined_one_below_the_other(*arguments):
        return decode(*arguments).transpose(0, 1).flatten(0, 1)

    @mistake("The last state came with them. Return the attentional vectors alone.")
    def state_returned_as_well(*arguments):
        last = []
        vectors = decode(*arguments, feeds=lambda state, context, attentional: last.append(state) or attentional)
        return vectors, last[-1]

    @mistake("That is the last attentional vector alone. Each word is read off its own: stack all of them, (B, L, E).")
    def last_word_alone(*arguments):
        return decode(*arguments)[:, -1]

    @mistake(
        "Sentences and words have changed places: stacked along axis 0, the result is (L, B, E). Stack along axis 1."
    )
    def words_first(*arguments):
        return decode(*arguments).transpose(0, 1)


def decode(
    words,
    hidden,
    annotations,
    cell,
    score,
    W,
    asks=lambda old, new: new,
    weigh=lambda scores: scores.softmax(-1),
    join=lambda state, context: torch.cat([state, context], -1),
    bend=torch.tanh,
    begins=lambda hidden, look: torch.zeros_like(hidden),
    feeds=lambda state, context, attentional: attentional,
    keeps=lambda first, state, attentional: state,
    gives=lambda state, context, attentional: attentional,
):
    """Luong's decoder, with one place for each mistake."""

    def context_for(query):
        return (weigh(score(query, annotations)).unsqueeze(1) @ annotations).squeeze(1)

    def look(state):
        return bend(join(state, context_for(state)) @ W.mT)

    first, fed, written = hidden, begins(hidden, look), []
    for word in words.unbind(1):
        state = cell(word, fed, hidden)
        context = context_for(asks(hidden, state))
        attentional = bend(join(state, context) @ W.mT)
        fed, hidden = feeds(state, context, attentional), keeps(first, state, attentional)
        written.append(gives(state, context, attentional))
    return torch.stack(written, 1)


def drawn(generator, sentences: int, words: int, source: int, size: int) -> tuple:
    """Arguments of these sizes."""

    def randn(*sizes):
        return torch.randn(*sizes, generator=generator)

    W = randn(size, 2 * size) / (2 * size) ** 0.5
    return randn(sentences, words, size), randn(sentences, size), 2 * randn(sentences, source, size), CELL, SCORE, W
