"""Lesson 04: translation."""

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

import torch

from .problem import Choice, Problem, mistake


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


class TooOften(Exception):
    """A function of a decoder has been called without end."""


@dataclass
class Rule:
    """A function of a decoder made of whole numbers: a weighted sum of what it is given, modulo a size."""

    name: str
    takes: tuple[str, ...]
    weights: tuple[int, ...]
    plus: int
    size: int
    called: int = field(default=0, compare=False)

    def __call__(self, *values):
        self.called += 1
        if self.called > 200:
            raise TooOften(f"{self.name} has been called 200 times; does the loop ever end?")
        total = sum(weight * int(value) for weight, value in zip(self.weights, values, strict=True))
        return (total + self.plus) % self.size

    def __repr__(self) -> str:
        terms = [name if w == 1 else f"{w} {name}" for w, name in zip(self.weights, self.takes, strict=True) if w]
        if not terms:
            return f"always {self.plus}"
        return f"({' + '.join([*terms, *([str(self.plus)] if self.plus else [])])}) mod {self.size}"


class Reading(Rule):
    """The same as probabilities (V,), largest at 2 (EOS) or above it."""

    def __call__(self, *values):
        shares = 0.01 * torch.arange(self.size + 2)  # no two words are equally probable
        shares[2 + super().__call__(*values)] += 1
        return shares / shares.sum()

    def __repr__(self) -> str:
        return f"probabilities, largest at {super().__repr__().removeprefix('always ')} + 2"


def look(weight: int, plus: int, size: int) -> Rule:
    """A look(state)."""
    return Rule("look", ("state",), (weight,), plus, size)


def advance(weights: tuple[int, int, int], plus: int, size: int) -> Rule:
    """An advance(word, state, context)."""
    return Rule("advance", ("word", "state", "context"), weights, plus, size)


def read(weights: tuple[int, int, int], plus: int, size: int) -> Rule:
    """A read(word, state, context)."""
    return Reading("read", ("word", "state", "context"), weights, plus, size)


def best(probabilities: torch.Tensor) -> int:
    """The most probable word."""
    return int(probabilities.argmax())


def step_of(look, advance, read):
    """One right step, (word, state) -> (word, state)."""

    def step(word, state):
        context = look(state)
        state = advance(word, state, context)
        return best(read(word, state, context)), state

    return step


def loop(step, state, longest, end=2) -> list[int]:
    """Step after step up to the end, from BOS on."""
    words, word = [], 1
    while len(words) < longest:
        word, state = step(word, state)
        if word == end:
            break
        words.append(word)
    return words


class SameRows(Choice):
    """Why all rows of a map are the same."""

    hints = (
        "One row of the map belongs to one state. What of the state has to get into the energies, so that two rows can differ?",
        "Softmax does not see a number that is added to all energies of a row. In which of the four is that all the state does?",
    )
    right = "C"
    praise = (
        "Without tanh, v · (W_1 h_i + W_2 s) is a number of the word plus a number of the state. The second is the same for all words i of the "
        "sentence, and softmax takes it away."
    )
    replies = {
        "A": "Then padding gets weight, which would show as further columns that are not white. The states still ask different questions.",
        "B": "Then another state asks for each row than in the lesson. But the states still differ from word to word, and so do the rows.",
        "D": "Very small energies do make the rows alike: each gives about 1/4 to each of four words. Here one word has 0.91, so its energy is "
        "well above the others.",
    }


class Bleu(Problem):
    """BLEU of a corpus, with one reference for each sentence and no smoothing."""

    hints = (
        "For n = 1, 2, 3 and 4 you need two numbers of the whole corpus: how many n-grams were written, and how many of these match. "
        "Divide when all sentences have been counted.",
        "Count the n-grams of a sentence with a Counter of tuples. Of two Counters, ours & theirs keeps the smaller count of each n-gram: each "
        "matches as often as it stands in its reference, and no more.",
        "grams = lambda words, n: Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)). Sum (ours & theirs).total() over the "
        "pairs for `matching`, ours.total() for what was written; return 0.0 if matching is 0. Then "
        "100 * min(1.0, exp(1 - wanted / written)) * product**0.25, where written and wanted are numbers of words.",
    )
    praise = "So you know what it cannot see: a synonym is an error to it, and so is any good translation that the one reference did not choose."

    def inputs(self, generator):
        def below(n):
            return int(torch.randint(n, (), generator=generator))

        words = str.split

        def sentence(length):
            return [["a", "man", "dog", "in", "the", "red", "and", "runs"][below(8)] for _ in range(length)]

        def spoilt(right):
            """With one word dropped, doubled or replaced, and at times without its end."""
            i = below(len(right))
            instead = [[], [right[i], right[i]], sentence(1), sentence(1)][below(4)]
            return right[:i] + instead + right[i + 1 : len(right) - (below(5) == 0)]

        reference = words("a man in a red shirt runs in the park")
        yield "a translation that is its reference", ([reference], [reference])
        yield "a translation with one wrong word", ([words("a man in a blue shirt runs in the park")], [reference])
        yield (
            "a translation that says some words too often",
            ([words("a man in a man in a man in the park")], [reference]),
        )
        yield "a translation that is too short", ([words("a man in a red shirt")], [reference])
        yield "a translation that is too long", ([[*reference, "with", "a", "red", "dog"]], [reference])
        yield (
            "a translation in which no four words in a row are right",
            ([words("a man in the red shirt")], [reference]),
        )
        short = [["a", "man"], ["the", "red", "dog"]]
        yield "translations of two and three words, all of them right", (short, short)
        yield (
            "two translations, one of them good",
            ([["two", "dogs", "run"], reference[:9]], [words("two small dogs are in the snow"), reference]),
        )
        yield "two translations, one of them empty", ([[], reference], [["a", "dog"], reference])
        references = [sentence(6 + below(8)) for _ in range(12)]
        yield "twelve sentences", ([spoilt(spoilt(r)) for r in references], references)
        shorter = [spoilt(r[1:]) for r in references]
        yield "twelve sentences whose first word is missing", (shorter, references)

    def answer(translations, references):
        from collections import Counter
        from math import exp

        def grams(words, n):
            return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))

        product = 1.0
        for n in (1, 2, 3, 4):
            pairs = [(grams(t, n), grams(r, n)) for t, r in zip(translations, references, strict=True)]
            matching = sum((ours & theirs).total() for ours, theirs in pairs)
            if matching == 0:
                return 0.0
            product *= matching / sum(ours.total() for ours, _ in pairs)
        written, wanted = sum(map(len, translations)), sum(map(len, references))
        return 100 * min(1.0, exp(1 - wanted / written)) * product**0.25

    @mistake(
        "An n-gram was counted as right however often it was written, as long as the reference has it somewhere. “the the the the” would then "
        "be four right words wherever the reference has one “the”. Each counts at most as often as it stands in its reference."
    )
    def not_clipped(translations, references):
        hits = lambda ours, theirs: sum(k for gram, k in ours.items() if gram in theirs)
        return mean(shares(translations, references, hits=hits)) * brevity(translations, references)

    @mistake(
        "Each n-gram was counted once, as in a set. One that is written twice, and stands in the reference twice, is right twice."
    )
    def sets(translations, references):
        distinct = lambda words, n: Counter(set(grams(words, n)))
        return mean(shares(translations, references, of=distinct)) * brevity(translations, references)

    @mistake(
        "Every sentence got a BLEU of its own, and these were averaged. A sentence without four right words in a row is then worth 0, "
        "however good the rest of it. Count over the whole corpus, and divide afterwards."
    )
    def averaged_over_sentences(translations, references):
        each = [Bleu.answer([t], [r]) for t, r in zip(translations, references, strict=True)]
        return sum(each) / len(each)

    @mistake(
        "The shares were taken in each sentence and then averaged, so that an n-gram of a short sentence counts for more than one of a long "
        "sentence. Count over the whole corpus, and divide afterwards."
    )
    def shares_averaged_over_sentences(translations, references):
        each = [shares([t], [r]) for t, r in zip(translations, references, strict=True)]
        return mean([sum(column) / len(each) for column in zip(*each, strict=True)]) * brevity(translations, references)

    @mistake(
        "The sentences were joined, and some n-grams begin in one sentence and end in the next. Cut each sentence into n-grams for itself."
    )
    def across_sentences(translations, references):
        return Bleu.answer([list(chain(*translations))], [list(chain(*references))])

    @mistake(
        "The n-grams of all sentences were put together before they were compared, so that a word may find its match in the reference of "
        "another sentence. Compare sentence by sentence, and add up what matches."
    )
    def compared_as_one(translations, references):
        together = lambda sentences, n: sum((grams(words, n) for words in sentences), Counter())
        return mean(shares([translations], [references], of=together)) * brevity(translations, references)

    @mistake(
        "That is the arithmetic mean of the four shares. BLEU takes the geometric one, the fourth root of their product: what is bad at one n "
        "is not made good by another."
    )
    def arithmetic_mean(translations, references):
        each = shares(translations, references)
        return 100 * sum(each) / 4 * brevity(translations, references) * (min(each) > 0)

    @mistake("The four shares were multiplied, and the fourth root left out.")
    def without_the_root(translations, references):
        return 100 * math.prod(shares(translations, references)) * brevity(translations, references)

    @mistake("Only single words were counted, so the words might stand in any order.")
    def words_only(translations, references):
        return mean(shares(translations, references, orders=(1,))) * brevity(translations, references)

    @mistake("The n-grams end at three words. BLEU goes up to four, and range(1, 4) does not reach it.")
    def up_to_three(translations, references):
        return mean(shares(translations, references, orders=(1, 2, 3))) * brevity(translations, references)

    @mistake(
        "The last n-gram of every sentence is missing. A sentence of L words has L − n + 1 of them, and range(L - n) gives one fewer."
    )
    def last_one_missing(translations, references):
        all_but_one = lambda words, n: Counter(tuple(words[i : i + n]) for i in range(len(words) - n))
        return mean(shares(translations, references, of=all_but_one)) * brevity(translations, references)

    @mistake(
        "The penalty is missing. A translator that writes only the few words it is sure of gets nearly all of them right and leaves out the rest."
    )
    def without_penalty(translations, references):
        return mean(shares(translations, references))

    @mistake(
        "The penalty fell on translations that are too long. These are punished already, by the words that do not match. It is there for "
        "the short ones."
    )
    def penalty_for_long_ones(translations, references):
        return mean(shares(translations, references)) * brevity(references, translations)

    @mistake(
        "The penalty was not held at 1, so that translations gain by being too long. exp(1 − wanted / written) counts only "
        "where it is below 1."
    )
    def bonus_for_long_ones(translations, references):
        written, wanted = sum(map(len, translations)), sum(map(len, references))
        return mean(shares(translations, references)) * (math.exp(1 - wanted / written) if written else 0)

    @mistake(
        "The penalty was the ratio of the lengths itself. Papineni and his colleagues take exp(1 − wanted / written)."
    )
    def ratio_for_penalty(translations, references):
        written, wanted = sum(map(len, translations)), sum(map(len, references))
        return mean(shares(translations, references)) * min(1, written / wanted)

    @mistake(
        "The penalty was taken of every sentence by itself. A sentence may be short if others make up for it: compare the lengths of the "
        "whole corpus."
    )
    def penalty_by_sentence(translations, references):
        each = [brevity([t], [r]) for t, r in zip(translations, references, strict=True)]
        return mean(shares(translations, references)) * sum(each) / len(each)

    @mistake(
        "You divided by the n-grams of the references. That asks how much of the reference was found; BLEU asks how much of what was written "
        "is right, and leaves the rest to the penalty."
    )
    def recall(translations, references):
        return mean(shares(references, translations)) * brevity(translations, references)

    @mistake(
        "Translations and references have changed places. It is of the translations' n-grams that the right share is asked for, and it is for short translations that there is a penalty."
    )
    def swapped(translations, references):
        return Bleu.answer(references, translations)

    @mistake("That is BLEU from 0 to 1. Asked for is the usual scale, on which 100 is the reference itself.")
    def from_zero_to_one(translations, references):
        return Bleu.answer(translations, references) / 100

    @mistake(
        "Where no four words in a row are right, that share was left out, and the mean taken of the others. That rewards the worst "
        "translations. With a share of 0 the product is 0."
    )
    def zeros_left_out(translations, references):
        return mean([s for s in shares(translations, references) if s]) * brevity(translations, references)

    @mistake(
        "Where no four words in a row are right, a small share was put in the place of the zero, as sacreBLEU does. Here it is to be 0."
    )
    def smoothed(translations, references):
        each, smaller = [], 1
        for n, share in enumerate(shares(translations, references), 1):
            written = sum(max(0, len(t) - n + 1) for t in translations)
            smaller *= 1 if share or not written else 2
            each.append(share or (written and 1 / (smaller * written)))
        return mean(each) * brevity(translations, references)

    @mistake(
        "Where no four words in a row are right, your code stopped at the logarithm of 0. The geometric mean is 0 then: return that before you "
        "take logarithms, or multiply the shares and take the fourth root."
    )
    def logarithm_of_zero(translations, references):
        logs = [math.log(s) for s in shares(translations, references, empty=division_by_zero)]
        return 100 * math.exp(sum(logs) / 4) * brevity(translations, references)

    @mistake(
        "Sentences of two and three words have no four words in a row, and your code stopped at a division by zero. Where nothing can match, "
        "the answer is 0."
    )
    def stopped_by_short_ones(translations, references):
        return mean(shares(translations, references, empty=division_by_zero)) * brevity(translations, references)


def grams(words: list[str], n: int) -> Counter:
    """How often each n-gram stands in a sentence."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def division_by_zero() -> float:
    """0 / 0."""
    return 0 / 0


def shares(
    translations,
    references,
    orders=(1, 2, 3, 4),
    hits=lambda ours, theirs: (ours & theirs).total(),
    of=grams,
    empty=lambda: 0.0,
) -> list[float]:
    """The share of right n-grams for each n: counted by `hits` among what `of` cuts a sentence into."""
    found = []
    for n in orders:
        pairs = [(of(t, n), of(r, n)) for t, r in zip(translations, references, strict=True)]
        written = sum(ours.total() for ours, _ in pairs)
        found.append(sum(hits(*pair) for pair in pairs) / written if written else empty())
    return found


def mean(shares: list[float]) -> float:
    """The geometric mean, on the scale up to 100."""
    return 100 * math.prod(shares) ** (1 / len(shares))


def brevity(translations, references) -> float:
    """The penalty for translations shorter than their references."""
    written, wanted = sum(map(len, translations)), sum(map(len, references))
    return min(1.0, math.exp(1 - wanted / written)) if written else 0.0


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


class Rank(Problem):
    """The sentences of a beam, the best first, by log probability over a power of the length."""

    hints = (
        "What is the score of a sentence with power 0, and with power 1?",
        "The score is log_probability / len(words) ** power. Log probabilities are negative: which end of the sorted list is the best?",
        "ranked = sorted(hypotheses, key=lambda pair: pair[1] / len(pair[0]) ** power, reverse=True), and of each pair only the words.",
    )
    praise = (
        "Which power is best is found out by trying, on sentences that are neither trained on nor kept for the test."
    )

    def inputs(self, generator):
        def hypothesis(length):
            log = -length * (0.3 + 0.5 * torch.rand((), generator=generator).item()) - 0.6
            numbers = torch.randint(8, (length - 1,), generator=generator).tolist()
            return [*(["un", "deux", "homme", "chien", "qui", "court", "dans", "la"][i] for i in numbers), "<eos>"], log

        short = ["un", "homme", "<eos>"]
        middle = ["un", "homme", "court", "<eos>"]
        long = ["un", "homme", "court", "dans", "la", "rue", "<eos>"]
        yield "one sentence", ([(middle, -2.0)], 1.0)
        yield "two sentences of one length", ([(middle, -3.0), (["un", "chien", "court", "<eos>"], -2.0)], 1.0)
        yield "a power of 0, which leaves the sums as they are", ([(long, -3.0), (short, -2.4)], 0.0)
        yield "a power of 1, and a long sentence whose mean is better", ([(short, -2.4), (long, -3.0)], 1.0)
        yield "a power of 1, and a short sentence whose mean is better", ([(long, -4.2), (short, -1.5)], 1.0)
        yield "an empty translation, which is nothing but <eos>", ([(middle, -3.2), (["<eos>"], -1.1)], 1.0)
        yield "a power of one half", ([(short, -2.0), (long, -3.4), (middle, -2.2)], 0.5)
        for power in (0.0, 0.3, 0.6, 1.0, 1.4):
            lengths = torch.randperm(9, generator=generator)[:6] + 2
            yield f"six sentences and a power of {power}", ([hypothesis(n) for n in lengths.tolist()], power)

    def answer(hypotheses, power):
        def score(hypothesis):
            words, log_probability = hypothesis
            return log_probability / len(words) ** power

        ranked = sorted(hypotheses, key=score, reverse=True)
        return [words for words, _ in ranked]

    @mistake(
        "The worst comes first. Log probabilities are negative, and the best is the largest, the one nearest to zero."
    )
    def worst_first(hypotheses, power):
        return Rank.answer(hypotheses, power)[::-1]

    @mistake(
        "The sentences were sorted by the sum of log probabilities alone. Every further word makes the sum smaller, so the short ones win. "
        "Divide by the length to the given power."
    )
    def power_ignored(hypotheses, power):
        return Rank.answer(hypotheses, 0)

    @mistake("The sum was divided by the length itself, whatever the power: len(words) ** power.")
    def always_the_mean(hypotheses, power):
        return Rank.answer(hypotheses, 1)

    @mistake("The sum was multiplied by the length. It is negative, and that makes long sentences worse still.")
    def multiplied(hypotheses, power):
        return Rank.answer(hypotheses, -power)

    @mistake(
        "The length was multiplied by the power. That ranks the sentences by their mean whatever the power is, and at 0 it divides by zero. "
        "The power is an exponent: len(words) ** power."
    )
    def factor(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) * power))

    @mistake(
        "That is the length penalty of Google's translator (Wu and others 2016), ((5 + length) / 6) ** power. Asked for is the plain one, "
        "length ** power."
    )
    def five_more(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / ((5 + len(words)) / 6) ** power)

    @mistake(
        "A reward was added for every word. That is another cure for short sentences, and a usual one. Here the sum is to be divided by the "
        "length to the given power."
    )
    def reward(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log + len(words) * power)

    @mistake(
        "The word <eos> was not counted. Its log probability is in the sum like the others, and a translation that is nothing else would have "
        "the length zero."
    )
    def end_not_counted(hypotheses, power):
        return in_order(hypotheses, lambda words, log: log / (len(words) - 1) ** power)

    @mistake(
        "The log probability was turned into a probability and then divided. Divide it as it is: log_probability / len(words) ** power."
    )
    def probability_divided(hypotheses, power):
        return in_order(hypotheses, lambda words, log: math.exp(log) / len(words) ** power)

    @mistake("The sentences are as they came. Beam search had sorted them by another score.")
    def as_they_came(hypotheses, power):
        return [words for words, _ in hypotheses]

    @mistake("The order is right, but each sentence still has its log probability with it. Return the words alone.")
    def pairs_returned(hypotheses, power):
        ranked = Rank.answer(hypotheses, power)
        return sorted(hypotheses, key=lambda pair: ranked.index(pair[0]))

    @mistake("That is the best sentence. Asked for are all of them, the best first.")
    def only_the_best(hypotheses, power):
        return Rank.answer(hypotheses, power)[0]


def in_order(hypotheses, score) -> list[list[str]]:
    """The sentences by a score (words, log probability) -> number, the largest first."""
    return [words for words, _ in sorted(hypotheses, key=lambda pair: score(*pair), reverse=True)]


greedy = Greedy()
same_rows = SameRows()
bleu = Bleu()
beam_step = BeamStep()
rank = Rank()
