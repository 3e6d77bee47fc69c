from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..problem import Problem, mistake


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
        "Three things have to be ready before a_t: the new state, then the weights that this state asks for, then the context. Two things are "
        "carried to the next word.",
        "Before the first word attentional is torch.zeros_like(hidden). In the loop: hidden = cell(word, attentional, hidden), a softmax of "
        "score(hidden, annotations) over the source, and the context in one product: (weights.unsqueeze(1) @ annotations).squeeze(1).",
        "for word in words.unbind(1): after these lines attentional = torch.tanh(torch.cat([hidden, context], -1) @ W.mT), where hidden is the "
        "new one, with weights = score(hidden, annotations).softmax(-1). Keep every attentional in a list, and torch.stack them, 1.",
    )
    praise = "Give it a real cell and a real score, read words off its vectors, and it is the translator of the lesson."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        def drawn(sentences, words, source, size):
            W = randn(size, 2 * size) / (2 * size) ** 0.5
            return (
                randn(sentences, words, size),
                randn(sentences, size),
                2 * randn(sentences, source, size),
                CELL,
                SCORE,
                W,
            )

        yield "one word to write and one annotation, so that the weight is 1", drawn(1, 1, 1, 2)
        yield "one word to write and three annotations", drawn(1, 1, 3, 2)
        yield "two words to write", drawn(1, 2, 3, 2)
        yield "five words to write", drawn(1, 5, 4, 3)
        yield "three sentences of four words", drawn(3, 4, 5, 3)

    def answer(words, hidden, annotations, cell, score, W):
        attentional = torch.zeros_like(hidden)
        written = []
        for word in words.unbind(1):
            hidden = cell(word, attentional, hidden)  # s_t
            weights = score(hidden, annotations).softmax(-1)  # (B, S)
            context = (weights.unsqueeze(1) @ annotations).squeeze(1)
            attentional = torch.tanh(torch.cat([hidden, context], -1) @ W.mT)  # a_t
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

    @mistake(
        "State and attentional vector have changed places in the call of the cell: cell(word, attentional, hidden)."
    )
    def cell_turned_round(words, hidden, annotations, cell, score, W):
        return decode(words, hidden, annotations, lambda word, fed, state: cell(word, state, fed), score, W)

    @mistake(
        "The loop runs over the first axis of `words`, which is that of the sentences. All sentences are written at once, one word after the "
        "other: words.unbind(1)."
    )
    def loop_over_sentences(words, *others):
        return decode(words.transpose(0, 1), *others)

    @mistake("Context and state were joined the wrong way round. The first columns of W are for the state: [s_t, c_t].")
    def context_first(*arguments):
        return decode(*arguments, join=lambda state, context: torch.cat([context, state], -1))

    @mistake(
        "The tanh is missing. Without it a_t is not kept between −1 and 1, and it goes back into the cell at every word."
    )
    def without_tanh(*arguments):
        return decode(*arguments, bend=lambda x: x)

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

    @mistake(
        "The state was fed in the place of the attentional vector. The cell has the state already, as its third argument; what it needs to be "
        "told is a_t, which knows of the context."
    )
    def state_fed(*arguments):
        return decode(*arguments, feeds=lambda state, context, attentional: state)

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
        return decode(*arguments, weigh=lambda energies: energies.softmax(0))

    @mistake("The energies mixed the annotations as they are. Softmax makes weights of them first, Eq. (2).")
    def without_softmax(*arguments):
        return decode(*arguments, weigh=lambda energies: energies)

    @mistake("The annotations were averaged evenly: the energies have not been used.")
    def even_weights(*arguments):
        return decode(*arguments, weigh=lambda energies: torch.ones_like(energies) / energies.shape[-1])

    @mistake(
        "These are the contexts. Asked for is what they are made into together with the states: a_t = tanh(W [s_t, c_t])."
    )
    def contexts_returned(*arguments):
        return decode(*arguments, gives=lambda state, context, attentional: context)

    @mistake("These are the states. Asked for is a_t = tanh(W [s_t, c_t]), in which the state has met the context.")
    def states_returned(*arguments):
        return decode(*arguments, gives=lambda state, context, attentional: state)

    @mistake("That is the last attentional vector alone. Each word is read off its own: stack all of them, (B, L, E).")
    def last_word_alone(*arguments):
        return decode(*arguments)[:, -1]

    @mistake(
        "Sentences and words have changed places: stacked along axis 0, the result is (T, B, E). Stack along axis 1."
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
    weigh=lambda energies: energies.softmax(-1),
    join=lambda state, context: torch.cat([state, context], -1),
    bend=torch.tanh,
    feeds=lambda state, context, attentional: attentional,
    keeps=lambda first, state, attentional: state,
    gives=lambda state, context, attentional: attentional,
):
    """Luong's decoder, with one place for each mistake."""
    first, fed, written = hidden, torch.zeros_like(hidden), []
    for word in words.unbind(1):
        state = cell(word, fed, hidden)
        weights = weigh(score(asks(hidden, state), annotations))
        context = (weights.unsqueeze(1) @ annotations).squeeze(1)
        attentional = bend(join(state, context) @ W.mT)
        fed, hidden = feeds(state, context, attentional), keeps(first, state, attentional)
        written.append(gives(state, context, attentional))
    return torch.stack(written, 1)
