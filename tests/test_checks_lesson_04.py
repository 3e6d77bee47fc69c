"""Lesson 04's problems: answers in other styles, slips as learners make them, and what the sentences promise."""

import math
from collections import Counter

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course import decoding
from attention_course.checks import lesson_04 as check
from attention_course.data.vocabulary import BOS, EOS, pad
from attention_course.functional import masked_softmax
from attention_course.lessons.lesson_04.problems.counting import grams
from attention_course.metrics import corpus_bleu
from attention_course.models.seq2seq import RNNsearch


def greedy_for(look, advance, read, state, longest):
    sentence = [torch.tensor(BOS)]
    for _ in range(longest):
        c = look(state)
        state = advance(sentence[-1], state, c)
        p = read(sentence[-1], state, c)
        sentence.append(torch.argmax(p))
        if sentence[-1] == EOS:
            return sentence[1:-1]
    return sentence[1:]


def greedy_numpy(look, advance, read, state, longest):
    word, words = BOS, np.array([], dtype=int)
    while True:
        context = look(state)
        state = advance(word, state, context)
        word = np.asarray(read(word, state, context)).argmax()
        if word == EOS or len(words) == longest:
            return words
        words = np.append(words, word)


def bleu_dictionaries(translations, references):
    right, written = [0] * 4, [0] * 4
    for t, r in zip(translations, references, strict=True):
        for n in range(4):
            left = {}
            for i in range(len(r) - n):
                gram = " ".join(r[i : i + n + 1])
                left[gram] = left.get(gram, 0) + 1
            for i in range(len(t) - n):
                gram = " ".join(t[i : i + n + 1])
                written[n] += 1
                if left.get(gram, 0) > 0:
                    left[gram] -= 1
                    right[n] += 1
    if min(right) == 0:
        return 0
    t, r = sum(len(s) for s in translations), sum(len(s) for s in references)
    return 100 * math.exp(sum(math.log(a / b) for a, b in zip(right, written, strict=True)) / 4 + min(0, 1 - r / t))


def bleu_numpy(translations, references):
    grams = lambda s, n: Counter(zip(*(s[i:] for i in range(n)), strict=False))
    with np.errstate(all="ignore"):
        logs = np.log([
            np.divide(*np.sum([
                [sum((grams(t, n) & grams(r, n)).values()), max(len(t) - n + 1, 0)]
                for t, r in zip(translations, references, strict=True)
            ], axis=0))
            for n in range(1, 5)
        ])  # fmt: skip
    c, r = (np.sum([len(s) for s in some]) for some in (translations, references))
    return np.nan_to_num(100 * np.exp(logs.mean() + np.minimum(0, 1 - r / c)))


def beam_step_sorted(scores, logs):
    candidates = [
        (float(s + log), beam, word)
        for beam, (s, row) in enumerate(zip(scores, logs, strict=True))
        for word, log in enumerate(row)
    ]
    best = sorted(candidates, reverse=True)[: len(scores)]
    return [list(column) for column in zip(*best, strict=True)]


def beam_step_numpy(scores, logs):
    return beam_step_numpy_of(np.asarray(scores)[:, np.newaxis] + np.asarray(logs))


def beam_step_numpy_of(totals):
    places = np.argsort(-totals, axis=None, kind="stable")[: len(totals)]
    beams, words = np.unravel_index(places, totals.shape)
    return totals[beams, words], beams, words


def rank_pairs(hypotheses, power):
    scored = [(log / len(words) ** power, words) for words, log in hypotheses]
    return tuple(words for _, words in sorted(scored)[::-1])


def rank_numpy(hypotheses, power):
    logs, lengths = np.array([[log, len(words)] for words, log in hypotheses]).T
    return [hypotheses[i][0] for i in np.argsort(-logs / lengths**power)]


def greedy_cut_afterwards(look, advance, read, state, longest):
    words = [BOS]
    for _ in range(longest):
        context = look(state)
        state = advance(words[-1], state, context)
        words.append(int(read(words[-1], state, context).argmax()))
    return words[1 : words.index(EOS) if EOS in words else None]


def bleu_crossed_out(translations, references):
    log = 0.0
    for n in (1, 2, 3, 4):
        right = written = 0
        for t, r in zip(translations, references, strict=True):
            left = [r[i : i + n] for i in range(len(r) - n + 1)]
            for i in range(len(t) - n + 1):
                written += 1
                if t[i : i + n] in left:
                    left.remove(t[i : i + n])
                    right += 1
        if right == 0:
            return 0
        log += math.log(right / written) / 4
    return 100 * math.exp(log + min(0, 1 - sum(map(len, references)) / sum(map(len, translations))))


def beam_step_best_of_each_first(scores, logs):
    W = len(scores)
    best, words = logs.topk(W, 1)
    best, places = (scores[:, None] + best).view(-1).topk(W)
    return best, torch.div(places, W, rounding_mode="floor"), words.reshape(-1)[places]


def rank_one_by_one(hypotheses, power):
    left, ranked = list(hypotheses), []
    while left:
        best = max(left, key=lambda pair: pair[1] * len(pair[0]) ** -power)
        left.remove(best)
        ranked.append(tuple(best[0]))
    return ranked


STYLES = {
    check.greedy: [greedy_for, greedy_numpy, greedy_cut_afterwards],
    check.bleu: [bleu_dictionaries, bleu_numpy, bleu_crossed_out],
    check.beam_step: [beam_step_sorted, beam_step_numpy, beam_step_best_of_each_first],
    check.rank: [rank_pairs, rank_numpy, rank_one_by_one],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def never_stops(look, advance, read, state, longest):
    words, word = [], BOS
    while word != EOS:
        context = look(state)
        state = advance(word, state, context)
        word = read(word, state, context).argmax().item()
        words.append(word)
    return words[:-1]


def fed_from_its_context(look, advance, read, state, longest):
    words, word, context = [], BOS, look(state)
    for _ in range(longest):
        state = advance(word, state, context)
        context = look(state)
        word = read(word, state, context).argmax().item()
        if word == EOS:
            break
        words.append(word)
    return words


def logs_of_all_shares(translations, references):
    total = 0
    for n in range(1, 5):
        pairs = [(grams(t, n), grams(r, n)) for t, r in zip(translations, references, strict=True)]
        total += math.log(sum((a & b).total() for a, b in pairs) / sum(a.total() for a, _ in pairs))
    t, r = sum(map(len, translations)), sum(map(len, references))
    return 100 * math.exp(total / 4 + min(0, 1 - r / t))


def loop(step, state, longest):
    """The loop with another step, (word, state) -> (word, state)."""
    words, word = [], BOS
    for _ in range(longest):
        word, state = step(word, state)
        if word == EOS:
            break
        words.append(word)
    return words


def step_in_another_order(look, advance, read, state, longest):
    def step(word, state):
        context = look(state)
        word = int(read(word, state, context).argmax())
        return word, advance(word, state, context)

    return loop(step, state, longest)


def drawn_at_random(look, advance, read, state, longest):
    def step(word, state):
        context = look(state)
        state = advance(word, state, context)
        return torch.multinomial(read(word, state, context), 1).item(), state

    return loop(step, state, longest)


def with_both_ends(look, advance, read, state, longest):
    words = [BOS]
    while words[-1] != EOS and len(words) <= longest:
        context = look(state)
        state = advance(words[-1], state, context)
        words.append(int(read(words[-1], state, context).argmax()))
    return words


def all_words_with_all_references(translations, references):
    product = 1.0
    for n in range(1, 5):
        counts = [[grams(words, n) for words in sentences] for sentences in (translations, references)]
        written = sum(ours.total() for ours in counts[0])
        product *= sum((a & b).total() for a in counts[0] for b in counts[1]) / written if written else 0
    lengths = sum(map(len, references)), sum(map(len, translations))
    return 100 * product**0.25 * math.exp(min(0, 1 - lengths[0] / lengths[1])) if lengths[1] else 0.0


def negative_numbers_of_grams(translations, references):
    shares = []
    for n in range(1, 5):
        right = sum((grams(t, n) & grams(r, n)).total() for t, r in zip(translations, references, strict=True))
        if not right:
            return 0.0
        shares.append(right / sum(len(t) - n + 1 for t in translations))
    lengths = sum(map(len, references)), sum(map(len, translations))
    return 100 * math.prod(shares) ** 0.25 * math.exp(min(0, 1 - lengths[0] / lengths[1]))


def by_keys(key):
    return lambda some, power: [words for words, _ in sorted(some, key=lambda h: key(*h, power), reverse=True)]


SLIPS = [
    (check.greedy, "longest_ignored", never_stops),
    (check.greedy, "reads_before_the_step", step_in_another_order),
    (check.greedy, "sampled", drawn_at_random),
    (check.greedy, "both_included", with_both_ends),
    (check.greedy, "one_too_few", lambda look, advance, read, state, longest: greedy_for(
        look, advance, read, state, longest + 1)[:longest - 1]),
    (check.greedy, "another_kind_of_number", lambda *arguments: [float(word) for word in greedy_for(*arguments)]),
    (check.bleu, "compared_with_all", all_words_with_all_references),
    (check.bleu, "fewer_than_none", negative_numbers_of_grams),
    (check.bleu, "in_small_letters", lambda t, r: bleu_numpy(
        *([[word.lower() for word in words] for words in sentences] for sentences in (t, r)))),
    (check.beam_step, "by_way_of_probabilities_sorted", lambda scores, logs: (
        lambda best, beams, words: (np.log(best), beams, words))(*beam_step_numpy_of(
            np.exp(np.asarray(scores))[:, None] * np.exp(np.asarray(logs))))),
    (check.beam_step, "triples", lambda scores, logs: list(zip(*beam_step_sorted(scores, logs), strict=True))),
    (check.beam_step, "fractions", lambda scores, logs: (
        lambda best, places: (best, places / logs.shape[1], places % logs.shape[1]))(
            *(scores[:, None] + logs).flatten().topk(len(scores)))),
    (check.beam_step, "from_the_best_beginning", lambda scores, logs: (
        lambda best, words: (scores.max() + best, [int(scores.argmax())] * len(words), words))(
            *logs[scores.argmax()].topk(len(scores)))),
    (check.rank, "probability_divided", by_keys(lambda words, log, power: log - power * math.log(len(words)))),
    (check.rank, "quotient_raised", by_keys(lambda words, log, power: (log / len(words)) ** power)),
    (check.rank, "end_not_counted_but_alone", by_keys(
        lambda words, log, power: log / max(1, len([w for w in words if w != "<eos>"])) ** power)),
    (check.rank, "letters_and_spaces_counted", by_keys(lambda words, log, power: log / len(" ".join(words)) ** power)),
    (check.rank, "places_returned", lambda some, power: np.argsort(
        [-log / len(words) ** power for words, log in some], kind="stable")),
    (check.greedy, "looks_after_the_step", fed_from_its_context),
    (check.bleu, "logarithm_of_zero", logs_of_all_shares),
    (check.bleu, "from_zero_to_one", lambda t, r: bleu_dictionaries(t, r) / 100),
    (check.bleu, "smoothed", lambda t, r: corpus_bleu(t, r).score),
    (check.bleu, "swapped", lambda t, r: bleu_numpy(r, t)),
    (check.beam_step, "best_word_of_each_in_order",
     lambda scores, logs: (scores + logs.amax(1), np.arange(len(logs)), logs.argmax(1))),
    (check.beam_step, "past_forgotten", lambda scores, logs: beam_step_numpy(0 * np.ones(len(scores)), logs)),
    (check.rank, "worst_first", lambda some, power: rank_numpy(some, power)[::-1]),
    (check.rank, "power_ignored", lambda some, power: [words for words, _ in sorted(some, key=lambda h: -h[1])]),
]  # fmt: skip


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = RNNsearch(12, 15, embedding_size=8, hidden_size=6, decoder_size=10).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
        model.readout.weight.mul_(4)
        model.readout.weight[:, -8:] *= -1  # away from the last word, so that words change and some sentences end
    return model


@torch.no_grad()
@pytest.mark.parametrize("seed", range(8))
def test_the_greedy_answer_is_the_package_s(model, seed):
    source = torch.randint(4, 12, (1, 5), generator=torch.Generator().manual_seed(seed))
    memory, state = model.encode(source)
    word = lambda number: model.embedding(torch.tensor([number]))
    words = type(check.greedy).answer(
        lambda state: model.look(word(BOS), state, memory)[0],
        lambda y, state, context: model.cell(model.cell.from_word(word(y)), context, state),
        lambda y, state, context: model.words(word(y)[:, None], state[:, None], context[:, None]).softmax(-1).flatten(),
        state,
        12,
    )
    [expected] = decoding.greedy(model, source, 12)[0].tolist()
    assert words == (expected[: expected.index(EOS)] if EOS in expected else expected)
    assert len(set(words)) > 2


def test_bleu_is_sacrebleu_s_wherever_all_orders_match():
    compared = 0
    for seed in range(5):
        for _, (translations, references) in check.bleu.inputs(torch.Generator().manual_seed(seed)):
            if score := type(check.bleu).answer(translations, references):
                assert score == pytest.approx(corpus_bleu(translations, references).score)
                compared += 1
    assert compared > 30


@torch.no_grad()
def test_steps_of_a_beam_are_the_package_s_beam(model):
    model.bias[EOS] = -torch.inf  # nothing ends
    source, width, steps = pad([[5, 4, 9, 11]]), 4, 5
    memory, state = model.encode(source.expand(width, -1))
    scores, words = torch.tensor([0.0, *[-torch.inf] * (width - 1)]), torch.full((width, 1), BOS)
    for _ in range(steps):
        logits, state, _ = model.step(words[:, -1], state, memory)
        scores, beams, chosen = type(check.beam_step).answer(scores, logits.log_softmax(-1))
        state, words = state[beams], torch.cat([words[beams], chosen[:, None]], 1)
    [found] = decoding.beam(model, source, width, max_length=steps, length_power=0.0)
    assert words[:, 1:].tolist() == [h.words for h in found]
    assert_close(scores, torch.tensor([h.log_probability for h in found]))


@torch.no_grad()
def test_of_the_four_changes_only_the_first_makes_equal_rows(model):
    source = pad([[5, 4, 9, 11], [8, 3]])
    memory, state = model.encode(source)
    states = [state]
    for previous in ([BOS, BOS], [7, 5], [9, 6], [4, 12]):
        states.append(model.step(torch.tensor(previous), states[-1], memory)[1])
    before, after = torch.stack(states[:-1], 1), torch.stack(states[1:], 1)  # (B, L, D)
    score, mask = model.score, memory.mask
    added = (score.project_query(before).unsqueeze(2) + memory.prepared.unsqueeze(1)) @ score.u
    maps = {
        "the lesson's": masked_softmax(score.compare(before, memory.prepared), mask),
        "A": masked_softmax(added, mask),
        "B": masked_softmax(score.compare(after, memory.prepared), mask),
        "C": score.compare(before, memory.prepared).softmax(-1),
        "D": masked_softmax(1e-3 * score.compare(before, memory.prepared), mask),
    }
    spread = {name: (rows - rows[:, :1]).abs().amax().item() for name, rows in maps.items()}
    assert spread["A"] < 1e-5 and maps["A"].amax() > 0.5
    assert min(spread[name] for name in ("the lesson's", "B", "C")) > 0.01
    assert maps["D"][0].amax() < 0.26  # alike, and a quarter for each of four words
    assert check.same_rows.right == "A"
