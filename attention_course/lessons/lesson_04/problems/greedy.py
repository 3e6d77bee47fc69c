import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.lessons.lesson_04.problems.small_decoders import advance, best, drawn, look, loop, read, step_of


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
        def number(low, high):
            return int(torch.randint(low, high, (), generator=generator))

        blind, count = look(0, 0, 7), advance((0, 1, 0), 1, 7)
        yield "a decoder that ends at once", (blind, count, read((0, 0, 0), 0, 5), 0, 5)
        yield "a decoder that counts its steps", (blind, count, read((0, 1, 0), 2, 5), 0, 6)
        yield "a decoder that never ends", (blind, count, read((0, 2, 0), 1, 4), 0, 4)
        yield "a decoder that says one word without end", (blind, count, read((0, 0, 0), number(1, 5), 5), 0, 3)
        yield "a decoder that hears itself", (blind, advance((1, 0, 0), 0, 7), read((0, 1, 0), 3, 6), 0, 6)
        yield "a decoder that speaks after its last word", (blind, count, read((2, 0, 0), 3, 7), 0, 5)
        yield "a decoder that says what it looks at", (look(2, 1, 7), count, read((0, 0, 1), 0, 7), 0, 6)
        yield (
            "a decoder that becomes what it looks at",
            (look(3, 1, 7), advance((0, 0, 1), 0, 7), read((0, 1, 0), 1, 8), 0, 6),
        )
        for which in ("first", "second"):
            words = []
            while not 4 <= len(words) < 11:  # others end too early, or not at all
                arguments = (*drawn(generator), 12)
                words = Greedy.answer(*arguments)
            yield f"the {which} of two decoders in which everything counts", arguments

    def admissible(self, generator):
        return *drawn(generator), int(torch.randint(1, 10, (), generator=generator))

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

    after_the_step = (
        "The word was read with a context that the new state had asked for: look came after advance. In Eq. (7) it is s_{t−1} that asks, "
        "before the step. Some later decoders do it afterwards, but a network has to translate as it was trained."
    )

    @mistake(after_the_step)
    def looks_after_the_step(look, advance, read, state, longest):
        def step(word, state):
            state = advance(word, state, look(state))
            return best(read(word, state, look(state))), state

        return loop(step, state, longest)

    @mistake(after_the_step)
    def looks_only_after_the_step(look, advance, read, state, longest):
        def step(word, both):
            state, context = both
            state = advance(word, state, context)
            context = look(state)
            return best(read(word, state, context)), (state, context)

        return loop(step, (state, 0), longest)

    @mistake(
        "All words got the same context, the one that the first state asked for. That is a decoder of lesson 03, Eq. (5): look again at every word."
    )
    def looks_once(look, advance, read, state, longest):
        context = look(state)
        return Greedy.answer(lambda state: context, advance, read, state, longest)

    @mistake("The last word was given to look. What asks for the context is the state: look(state).")
    def looks_with_the_word(look, advance, read, state, longest):
        def step(word, state):
            context = look(word)
            state = advance(word, state, context)
            return best(read(word, state, context)), state

        return loop(step, state, longest)

    old_state = (
        "The word was read from the state before the step. In Eq. (6) stands s_t: the decoder first takes in the last word and the context, "
        "and then speaks."
    )

    @mistake(old_state)
    def reads_from_the_old_state(look, advance, read, state, longest):
        def step(word, state):
            context = look(state)
            return best(read(word, state, context)), advance(word, state, context)

        return loop(step, state, longest)

    @mistake(old_state)
    def reads_before_the_step(look, advance, read, state, longest):
        def step(word, state):
            context = look(state)
            word = best(read(word, state, context))
            return word, advance(word, state, context)

        return loop(step, state, longest)

    @mistake(
        "The new state was used for one word and then forgotten: every step starts from the first state again. Put what advance returns "
        "back into state."
    )
    def state_forgotten(look, advance, read, state, longest):
        first = state
        return Greedy.answer(
            lambda _: look(first), lambda word, _, context: advance(word, first, context), read, first, longest
        )

    twice = "The state was moved on once too often: advance is called once for a word, with the word before it, and what it gives is read and kept."

    @mistake(twice)
    def advanced_twice(look, advance, read, state, longest):
        def step(word, state):
            context = look(state)
            state = advance(word, state, context)
            word = best(read(word, state, context))
            return word, advance(word, state, context)

        return loop(step, state, longest)

    @mistake(twice)
    def advanced_again_with_the_new_word(look, advance, read, state, longest):
        def step(word, state):
            context = look(state)
            word = best(read(word, advance(word, state, context), context))
            return word, advance(word, state, context)

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
        return Greedy.answer(look, lambda _, state, context: advance(1, state, context), read, state, longest)

    @mistake(
        "At every step read was given BOS. It is read, too, that has to hear the last word, and not advance alone."
    )
    def only_advance_hears(look, advance, read, state, longest):
        return Greedy.answer(look, advance, lambda _, state, context: read(1, state, context), state, longest)

    other_beginning = "Before the first word stands BOS, which is 1. The decoder was told something else to begin with."

    @mistake(other_beginning)
    def begins_with_the_end(look, advance, read, state, longest):
        return loop(step_of(look, advance, read), state, longest, word=2)

    @mistake(other_beginning)
    def begins_with_zero(look, advance, read, state, longest):
        return loop(step_of(look, advance, read), state, longest, word=0)

    other_order = (
        "The arguments are in another order than the functions take them: for advance and for read it is the word, then the state, then the "
        "context, as in Eq. (6)."
    )

    @mistake(other_order)
    def state_and_context_swapped(look, advance, read, state, longest):
        return Greedy.answer(look, lambda w, s, c: advance(w, c, s), lambda w, s, c: read(w, c, s), state, longest)

    @mistake(other_order)
    def word_and_state_swapped(look, advance, read, state, longest):
        return Greedy.answer(look, lambda w, s, c: advance(s, w, c), lambda w, s, c: read(s, w, c), state, longest)

    @mistake(other_order)
    def state_and_context_swapped_in_advance(look, advance, read, state, longest):
        return Greedy.answer(look, lambda w, s, c: advance(w, c, s), read, state, longest)

    @mistake(other_order)
    def word_and_state_swapped_in_advance(look, advance, read, state, longest):
        return Greedy.answer(look, lambda w, s, c: advance(s, w, c), read, state, longest)

    @mistake(other_order)
    def state_and_context_swapped_in_read(look, advance, read, state, longest):
        return Greedy.answer(look, advance, lambda w, s, c: read(w, c, s), state, longest)

    @mistake(
        "EOS is among the words. It says that the sentence is over, and is not part of it: break before you append."
    )
    def end_included(look, advance, read, state, longest):
        words = Greedy.answer(look, advance, read, state, longest)
        return words if len(words) == longest else [*words, 2]

    @mistake("BOS is among the words. It tells the decoder to begin, and nobody has written it.")
    def beginning_included(look, advance, read, state, longest):
        return [1, *Greedy.answer(look, advance, read, state, longest)]

    @mistake("BOS and EOS are among the words. They say where a sentence begins and ends, and are no part of it.")
    def both_included(look, advance, read, state, longest):
        return [1, *Greedy.end_included(look, advance, read, state, longest)]

    went_on = "The loop went on after EOS. In training nothing ever came after it, so the decoder has not learned what to say there. Stop."

    @mistake(went_on)
    def end_ignored(look, advance, read, state, longest):
        return loop(step_of(look, advance, read), state, longest, end=None)

    @mistake(went_on)
    def end_left_out(look, advance, read, state, longest):
        return [word for word in loop(step_of(look, advance, read), state, longest, end=None) if word != 2]

    @mistake(went_on)
    def end_passed_over(look, advance, read, state, longest):
        words, step, word = [], step_of(look, advance, read), 1
        while len(words) < longest:
            word, state = step(word, state)
            words += [word] if word != 2 else []
        return words

    @mistake(
        "The loop has no regard for `longest`. Some decoders say EOS late, or never, and the loop would not come to an end (the check has stopped it). "
        "Badly trained networks do this, too: that is what longest is for."
    )
    def longest_ignored(look, advance, read, state, longest):
        return loop(step_of(look, advance, read), state, 10**6)

    @mistake(
        "That is one word too few where no EOS comes: `longest` words may be written, and neither BOS nor EOS is one of them."
    )
    def one_too_few(look, advance, read, state, longest):
        return Greedy.answer(look, advance, read, state, longest - 1)

    @mistake("That is one word too many: stop as soon as there are `longest` words.")
    def one_too_many(look, advance, read, state, longest):
        return Greedy.answer(look, advance, read, state, longest + 1)

    @mistake("That is the first word alone: the function returns from inside the loop. Return the words after it.")
    def first_word_alone(look, advance, read, state, longest):
        return Greedy.answer(look, advance, read, state, longest)[:1]

    @mistake(
        "The first word has been lost. It is one that the decoder has written; BOS is not among the words to begin with."
    )
    def first_word_lost(look, advance, read, state, longest):
        return Greedy.answer(look, advance, read, state, longest)[1:]

    @mistake("That is the last word alone. Keep them all, in a list.")
    def last_word_alone(look, advance, read, state, longest):
        return Greedy.answer(look, advance, read, state, longest)[-1:]

    @mistake("That is the least probable word of each step: argmin for argmax.")
    def least_probable(look, advance, read, state, longest):
        return loop(step_of(look, advance, read, choose=lambda p: int(p.argmin())), state, longest)

    @mistake(
        "The words were drawn at random, with their probabilities. That is called sampling; greedy always takes the most probable one, argmax."
    )
    def sampled(look, advance, read, state, longest):
        return loop(step_of(look, advance, read, choose=lambda p: int(torch.multinomial(p, 1))), state, longest)

    as_words = "The probability of the best word stands in the place of its number. It is argmax that says which word it is; max says how probable."

    @mistake(as_words)
    def probabilities_as_words(look, advance, read, state, longest):
        return loop(step_of(look, advance, read, choose=lambda p: float(p.max())), state, longest)

    @mistake(as_words)
    def probabilities_returned(look, advance, read, state, longest):
        told = []

        def noted(word, state, context):
            told.append(read(word, state, context))
            return told[-1]

        words = Greedy.answer(look, advance, noted, state, longest)
        return [float(p.max()) for p in told[: len(words)]]
