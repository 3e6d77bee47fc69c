import torch

from ..problem import Problem, mistake
from .small_decoders import advance, best, look, loop, read, step_of


class Greedy(Problem):
    """The loop around Eqs. (6) to (9): look, move on, read a word."""

    hints = (
        "Go through one word with a pencil. Which state asks for the context, and from which state is the word read? Which of the three "
        "calls makes the one into the other?",
        "Three lines, in the order look, advance, read. On the way `state` goes from the old one to the new one, and at the end `word` from "
        "the last one to the next.",
        "context = look(state); state = advance(word, state, context); word = int(read(word, state, context).argmax()). Begin with "
        "word = BOS and words = [], and go on while len(words) < longest: if word == EOS, break, otherwise words.append(word).",
    )
    praise = "With the three functions of a trained network, this loop wrote the translations of the lesson."

    def inputs(self, generator):
        def some(n, below):
            return torch.randint(1, below, (n,), generator=generator).tolist()

        blind, count = look(0, 0, 7), advance((0, 1, 0), 1, 7)
        yield "a decoder that ends at once", (blind, count, read((0, 0, 0), 0, 5), 0, 8)
        yield "a decoder that counts its steps", (blind, count, read((0, 1, 0), 2, 5), 0, 8)
        yield "a decoder that never ends", (blind, count, read((0, 2, 0), 1, 4), 0, 4)
        yield "a decoder that says what it looks at", (look(2, 1, 7), count, read((0, 0, 1), 0, 7), 0, 8)
        yield "a decoder that hears itself", (blind, advance((1, 0, 0), 0, 7), read((0, 1, 0), 3, 6), 0, 8)
        for which in ("first", "second", "third"):
            words = []
            while not 4 <= len(words) < 11:  # others end too early, or not at all
                (a, b), (c, d, e, f), (g, h, i, j), (state,) = some(2, 11), some(4, 11), some(4, 13), some(1, 11)
                arguments = look(a, b, 11), advance((c, d, e), f, 11), read((g, h, i), j, 13), state, 12
                words = Greedy.answer(*arguments)
            yield f"the {which} of three decoders in which everything counts", arguments

    def answer(look, advance, read, state, longest):
        BOS, EOS = 1, 2
        words, word = [], BOS
        while len(words) < longest:
            context = look(state)
            state = advance(word, state, context)
            word = int(read(word, state, context).argmax())
            if word == EOS:
                break
            words.append(word)
        return words

    @mistake(
        "The word was read with a context that the new state had asked for: look came after advance. In Eq. (7) it is s_{t−1} that asks, "
        "before the step. Some later decoders do it afterwards, but a network has to translate as it was trained."
    )
    def looks_after_the_step(look, advance, read, state, longest):
        def step(word, state):
            state = advance(word, state, look(state))
            return best(read(word, state, look(state))), state

        return loop(step, state, longest)

    @mistake(
        "All words got the same context, the one that the first state asked for. That is a decoder of lesson 03, Eq. (5): look again at every word."
    )
    def looks_once(look, advance, read, state, longest):
        context = look(state)

        def step(word, state):
            state = advance(word, state, context)
            return best(read(word, state, context)), state

        return loop(step, state, longest)

    @mistake(
        "The word was read from the state before the step. In Eq. (6) stands s_t: the decoder first takes in the last word and the context, "
        "and then speaks."
    )
    def reads_from_the_old_state(look, advance, read, state, longest):
        def step(word, state):
            context = look(state)
            return best(read(word, state, context)), advance(word, state, context)

        return loop(step, state, longest)

    @mistake(
        "The new state was used for one word and then forgotten: every step starts from the first state again. Put what advance returns "
        "back into state."
    )
    def state_forgotten(look, advance, read, state, longest):
        def step(word, _):
            context = look(state)
            return best(read(word, advance(word, state, context), context)), state

        return loop(step, state, longest)

    @mistake(
        "Every step was given BOS. Only the first word has BOS before it; from then on the decoder hears the word it has just written."
    )
    def always_told_to_begin(look, advance, read, state, longest):
        def step(_, state):
            context = look(state)
            state = advance(1, state, context)
            return best(read(1, state, context)), state

        return loop(step, state, longest)

    @mistake(
        "The state moves on with BOS at every step. It is advance, too, that has to hear the last word, and not read alone."
    )
    def only_read_hears(look, advance, read, state, longest):
        def step(word, state):
            context = look(state)
            state = advance(1, state, context)
            return best(read(word, state, context)), state

        return loop(step, state, longest)

    @mistake(
        "State and context have changed places: both functions take the word, then the state, then the context, in the order of Eq. (6)."
    )
    def state_and_context_swapped(look, advance, read, state, longest):
        turned = (lambda word, state, context, rule=rule: rule(word, context, state) for rule in (advance, read))
        return Greedy.answer(look, *turned, state, longest)

    @mistake(
        "EOS is among the words. It says that the sentence is over, and is not part of it: break before you append."
    )
    def end_included(look, advance, read, state, longest):
        words = Greedy.answer(look, advance, read, state, longest)
        return words if len(words) == longest else [*words, 2]

    @mistake("BOS is among the words. It tells the decoder to begin, and nobody has written it.")
    def beginning_included(look, advance, read, state, longest):
        return [1, *Greedy.answer(look, advance, read, state, longest)]

    @mistake(
        "The loop went on after EOS. In training nothing ever came after it, so the decoder has not learned what to say there. Stop."
    )
    def end_ignored(look, advance, read, state, longest):
        return loop(step_of(look, advance, read), state, longest, end=None)

    @mistake(
        "This decoder never says EOS, and the loop would never have come to an end (the check has stopped it). Badly trained networks do this, "
        "too: that is what longest is for."
    )
    def longest_ignored(look, advance, read, state, longest):
        return loop(step_of(look, advance, read), state, 10**6)

    @mistake("That is one word too few: `longest` words may be written, and BOS is none of them.")
    def one_too_few(look, advance, read, state, longest):
        return Greedy.answer(look, advance, read, state, longest - 1)

    @mistake("That is one word too many: stop as soon as there are `longest` words.")
    def one_too_many(look, advance, read, state, longest):
        return Greedy.answer(look, advance, read, state, longest + 1)
