"""BLEU and AER agree with what a hand counts, the floor is where brute force finds it, and entropy is entropy."""

import inspect
import math
import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from random import Random

import pytest
import torch
from factories import normal
from torch.testing import assert_close

import attention_course
from attention_course.data import grammar
from attention_course.metrics import (
    alignment_error_rate,
    bleu_by_length,
    corpus_bleu,
    diagonal_links,
    entropy,
    hard_links,
    one_link_floor,
)

FRENCH = [pair.french for pair in grammar.pairs(40, part="test", min_length=5)]
# Matches of one to four words: 5 of 6, 3 of 5, 2 of 4, 1 of 3 (the second "the" is one too many), ...
SAT = ["the", "cat", "sat", "on", "the", "mat"], ["the", "cat", "sat", "on", "a", "mat", "today"]
# ... and 4 of 5, 2 of 4, 0 of 3, 0 of 2.
ATE = ["he", "ate", "the", "fish", "."], ["he", "ate", "some", "fish", "."]


def split(pairs):
    hypotheses, references = zip(*pairs, strict=True)
    return list(hypotheses), list(references)


def slipped(sentences):
    """Translations that are not quite right: two words of each have changed places, and every third lost its end."""
    changed = [[*words[:1], words[2], words[1], *words[3:]] for words in sentences]
    return [words[:-2] if i % 3 == 0 else words for i, words in enumerate(changed)]


# BLEU


def test_bleu_is_what_a_hand_counts():
    # 9 of 11, 5 of 9, 2 of 7, 1 of 5: a product of 2/77. The 11 words are one short of the references' 12.
    expected = 100 * math.exp(1 - 12 / 11) * (9 / 11 * 5 / 9 * 2 / 7 * 1 / 5) ** (1 / 4)
    assert corpus_bleu(*split([SAT, ATE])).score == pytest.approx(expected, abs=1e-9)
    assert expected == pytest.approx(36.656, abs=1e-3)


def test_the_brevity_penalty_alone():
    reference = ["the", "cat", "sat", "on", "the", "mat", "all", "day"]
    assert corpus_bleu([reference[:6]], [reference]).score == pytest.approx(100 * math.exp(1 - 8 / 6), abs=1e-9)


def test_too_long_a_translation_pays_by_its_precision_alone():
    reference = ["the", "cat", "sat", "on", "the", "mat"]
    expected = 100 * (6 / 8 * 5 / 7 * 4 / 6 * 3 / 5) ** (1 / 4)
    assert corpus_bleu([[*reference, "all", "day"]], [reference]).score == pytest.approx(expected, abs=1e-9)


def test_equal_sentences_have_100_and_others_less():
    assert corpus_bleu(FRENCH, FRENCH).score == pytest.approx(100)
    assert 0 < corpus_bleu(slipped(FRENCH), FRENCH).score < 90


def test_without_any_match_it_is_0():
    assert corpus_bleu([["a", "b", "c", "d"]], [["e", "f", "g", "h"]]).score == 0


def test_an_empty_translation_is_no_error():
    assert 0 < corpus_bleu([[], SAT[0]], [ATE[1], SAT[1]]).score < corpus_bleu([SAT[0]], [SAT[1]]).score


def test_translations_and_references_may_not_be_swapped():
    hypotheses, references = split([SAT, ATE])
    assert abs(corpus_bleu(references, hypotheses).score - corpus_bleu(hypotheses, references).score) > 1


def test_the_order_of_the_sentences_does_not_matter():
    hypotheses, order = slipped(FRENCH), Random(0).sample(range(len(FRENCH)), len(FRENCH))
    shuffled = corpus_bleu([hypotheses[i] for i in order], [FRENCH[i] for i in order])
    assert shuffled == corpus_bleu(hypotheses, FRENCH)


def test_words_are_compared_as_they_are():
    assert corpus_bleu([["L'", "homme", "est", "là."]], [["L'", "homme", "est", "là."]]).score == pytest.approx(100)
    assert corpus_bleu([["l'", "homme", "est", "là", "."]], [["L'", "homme", "est", "là", "."]]).score < 100
    assert corpus_bleu([["l'homme", "est", "vu", "là", "."]], [["l'", "homme", "est", "vu", "là", "."]]).score < 100


def test_it_says_how_it_was_counted(caplog):
    bleu = corpus_bleu(*split([SAT, ATE]))
    assert {"nrefs:1", "case:mixed", "tok:none", "smooth:exp"} < set(bleu.signature.split("|"))
    assert str(bleu) == f"BLEU 36.66 ({bleu.signature})"
    corpus_bleu([s.split() for s in ["he sat .", "she sat ."] * 60], [s.split() for s in ["he sat ."] * 120])
    assert not caplog.records, "no warning of tokenized text"


@pytest.mark.parametrize(
    ("hypotheses", "references", "error", "words"),
    [
        ([["a"], ["b"]], [["a"]], ValueError, "hypotheses and references: .* same number, got 2 and 1"),
        ([], [], ValueError, "hypotheses: expected at least one sentence, got none"),
        (["the cat"], [["the", "cat"]], TypeError, "hypotheses: .* got the string 'the cat'"),
        ([["the", "cat"], []], [["the", "cat"], ""], TypeError, "references: .* got the string ''"),
        ("the", "cat", TypeError, "hypotheses: .* got the string 'the'"),
    ],
    ids=["unequal", "none", "a string", "an empty string", "only a string"],
)
def test_bleu_of_what_is_no_corpus(hypotheses, references, error, words):
    for function in (corpus_bleu, lambda h, r: bleu_by_length(h, r, [1] * len(h))):
        with pytest.raises(error, match=words):
            function(hypotheses, references)


@pytest.mark.parametrize("groups", [1, 3, 4, 7, 40])
def test_groups_partition_the_corpus_by_length(groups):
    hypotheses, lengths = slipped(FRENCH), [len(words) for words in FRENCH]
    found = bleu_by_length(hypotheses, FRENCH, lengths, groups)
    sizes = [group.sentences for group in found]
    assert len(found) == groups and sum(sizes) == len(FRENCH) and max(sizes) - min(sizes) <= 1
    ends = [end for group in found for end in (group.shortest, group.longest)]
    assert ends == sorted(ends) and (ends[0], ends[-1]) == (min(lengths), max(lengths))


def test_a_group_has_the_bleu_of_its_sentences_and_ties_are_cut_in_order():
    right, wrong = ["a", "b", "c", "d"], ["e", "f", "g", "h"]
    found = bleu_by_length([right, wrong, right, wrong], [right] * 4, [7, 9, 7, 7], groups=2)
    assert [group[:3] for group in found] == [(7, 7, 2), (7, 9, 2)]
    assert [group.score for group in found] == [pytest.approx(100), 0]
    [everything] = bleu_by_length(*split([SAT, ATE]), [6, 5], groups=1)
    assert everything == (5, 6, 2, pytest.approx(corpus_bleu(*split([SAT, ATE])).score))


def test_groups_that_cannot_be_made_are_refused():
    with pytest.raises(ValueError, match="lengths: expected one for each of the 2 sentences, got 1"):
        bleu_by_length(*split([SAT, ATE]), [6])
    for groups in (0, 3):
        with pytest.raises(ValueError, match=f"groups: expected 1 to 2, the number of sentences, got {groups}"):
            bleu_by_length(*split([SAT, ATE]), [6, 5], groups)


# Links


def test_hard_links_are_source_first():
    weights = torch.tensor([[0.2, 0.7, 0.1], [0.5, 0.1, 0.4]])
    assert hard_links(weights) == {(1, 0), (0, 1)}
    assert hard_links(torch.tensor([[0.5, 0.5]])) == {(0, 0)}, "the first of equals"
    assert hard_links(torch.zeros(0, 3)) == set()


def test_hard_links_of_weights_on_the_gold_are_the_gold():
    pair = grammar.the_cat_sat_on_the_mat()
    weights = torch.zeros(len(pair.french), len(pair.english))
    for english, french in pair.links:
        weights[french, english] = 1
    assert hard_links(weights) == pair.links


def test_hard_links_do_not_depend_on_the_scale():
    weights = normal(5, 7).softmax(-1)
    assert hard_links(weights) == hard_links(weights / 3) == hard_links(weights.log())
    assert len(hard_links(weights)) == 5


SURE = [{(0, 0), (1, 1), (2, 1)}, {(0, 0)}]
POSSIBLE = [{(0, 0), (1, 1), (2, 1), (3, 2)}, {(0, 0), (1, 0)}]
PREDICTED = [{(0, 0), (1, 1), (3, 2), (3, 3)}, {(1, 0)}]


def test_aer_is_what_a_hand_counts():
    # |A| = 4 + 1, |S| = 3 + 1, |A and S| = 2 + 0, |A and P| = 3 + 1
    assert alignment_error_rate(PREDICTED, SURE, POSSIBLE) == pytest.approx(1 - (2 + 4) / (5 + 4))
    assert alignment_error_rate(PREDICTED, SURE) == pytest.approx(1 - (2 + 2) / (5 + 4))


def test_sure_links_are_possible_without_being_listed_again():
    only = [possible - sure for possible, sure in zip(POSSIBLE, SURE, strict=True)]
    assert alignment_error_rate(PREDICTED, SURE, only) == alignment_error_rate(PREDICTED, SURE, POSSIBLE)
    assert one_link_floor(SURE, [4, 1], only) == one_link_floor(SURE, [4, 1], POSSIBLE)


def test_aer_is_0_from_all_sure_links_up_to_all_possible_ones_and_1_without_a_match():
    for predicted in (SURE, POSSIBLE, [POSSIBLE[0], SURE[1]]):
        assert alignment_error_rate(predicted, SURE, POSSIBLE) == 0
    assert alignment_error_rate([{(9, 9)}, set()], SURE, POSSIBLE) == 1
    assert alignment_error_rate([set(), set()], SURE, POSSIBLE) == 1


def test_aer_of_sure_links_alone_is_symmetric_and_knows_no_direction():
    turned = lambda corpus: [{(target, source) for source, target in links} for links in corpus]
    rate = alignment_error_rate(PREDICTED, SURE)
    assert alignment_error_rate(SURE, PREDICTED) == alignment_error_rate(turned(PREDICTED), turned(SURE)) == rate
    assert alignment_error_rate(PREDICTED[::-1], SURE[::-1]) == rate


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((PREDICTED, SURE[:1]), "predicted and sure: expected the same number, got 2 and 1"),
        ((PREDICTED, SURE, POSSIBLE[:1]), "sure and possible: expected the same number, got 2 and 1"),
        (([], []), "at least one link, got none"),
        (([set()], [set()], [{(0, 0)}]), "at least one link, got none"),
    ],
)
def test_links_that_cannot_be_compared(arguments, words):
    with pytest.raises(ValueError, match=words):
        alignment_error_rate(*arguments)


# The diagonal


def test_the_diagonal_goes_from_the_first_words_to_the_last_and_never_back():
    assert diagonal_links(4, 4) == {(0, 0), (1, 1), (2, 2), (3, 3)}
    assert diagonal_links(3, 5) == {(0, 0), (0, 1), (1, 2), (2, 3), (2, 4)}
    assert diagonal_links(5, 1) == {(0, 0)} and diagonal_links(5, 0) == frozenset()
    for source, target in product(range(1, 9), range(2, 9)):
        sources = [s for s, _ in sorted(diagonal_links(source, target), key=lambda link: link[1])]
        assert sources == sorted(sources) and (sources[0], sources[-1]) == (0, source - 1)


# The floor


def some_links(random, source, target, share):
    return {link for link in product(range(source), range(target)) if random.random() < share}


@pytest.mark.parametrize("with_possible", [False, True])
def test_no_alignment_with_one_link_a_word_is_below_the_floor_and_one_is_on_it(with_possible):
    random = Random(1)
    rate = inspect.unwrap(alignment_error_rate)  # thousands of calls
    for _ in range(60):
        sizes = [(random.randint(1, 3), random.randint(1, 3)) for _ in range(2)]
        sure = [some_links(random, *size, 0.35) for size in sizes]
        possible = [some_links(random, *size, 0.35) for size in sizes] if with_possible else None
        # All ways to choose a source word for each target word of each sentence.
        choices = [product(range(source), repeat=target) for source, target in sizes]
        alignments = [[{(i, j) for j, i in enumerate(chosen)} for chosen in its] for its in choices]
        lowest = min(rate(list(both), sure, possible) for both in product(*alignments))
        assert one_link_floor(sure, [target for _, target in sizes], possible) == pytest.approx(lowest, abs=1e-12)


def test_the_floor_is_0_where_each_word_has_one_link_and_not_otherwise():
    assert one_link_floor([{(1, 0), (0, 1), (0, 2)}], [3]) == 0
    assert one_link_floor([{(1, 0), (0, 1)}], [3]) == pytest.approx(1 / 5), "a word without a link"
    assert one_link_floor([{(1, 0), (0, 0)}], [1]) == pytest.approx(1 / 3), "a word with two"
    assert one_link_floor([{(1, 0)}], [2], [{(1, 1), (2, 1)}]) == 0, "possible links may be left out"


def test_the_floor_of_the_grammar_is_low_and_its_best_links_reach_it():
    pairs = grammar.pairs(300, part="test")
    gold, lengths = [pair.links for pair in pairs], [len(pair.french) for pair in pairs]
    best = [{min(link for link in pair.links if link[1] == j) for j in range(len(pair.french))} for pair in pairs]
    floor = one_link_floor(gold, lengths)
    assert alignment_error_rate(best, gold) == pytest.approx(floor, abs=1e-12)
    assert 0.01 < floor < 0.05


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((SURE, [4]), "sure and target_lengths: expected the same number, got 2 and 1"),
        ((SURE, [4, 1], POSSIBLE[:1]), "sure and possible: expected the same number, got 2 and 1"),
        ((SURE, [1, 1]), r"target positions below 1, got the link \(1, 1\)"),
        ((SURE, [2, 1], POSSIBLE), r"target positions below 2, got the link \(3, 2\)"),
        (([], []), "at least one link or word, got none"),
    ],
)
def test_a_floor_of_nothing(arguments, words):
    with pytest.raises(ValueError, match=words):
        one_link_floor(*arguments)


# Entropy


def test_entropy_by_hand():
    weights = torch.tensor([[0.5, 0.25, 0.25], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 0.0]])
    assert_close(entropy(weights), torch.tensor([1.5, 0.0, 1.0, 0.0]) * math.log(2))
    assert str(entropy(torch.ones(1, 1))) == "tensor([0.])", "no minus in front"


@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_equal_weights_have_the_most(n):
    assert_close(entropy(torch.full((n,), 1 / n, dtype=torch.float64)).item(), math.log(n), rtol=0, atol=1e-12)
    assert (entropy(normal(50, n).mul(3).softmax(-1)) <= math.log(n) + 1e-12).all()


def test_entropy_knows_rows_and_no_order_and_no_zeros():
    weights = normal(2, 3, 4, 5).softmax(-1)
    its = entropy(weights)
    assert its.shape == (2, 3, 4)
    assert_close(its[1, 2, 3], entropy(weights[1, 2, 3]))
    assert_close(entropy(weights.flip(-1)), its)
    assert_close(entropy(torch.cat([weights, torch.zeros(2, 3, 4, 2)], -1)), its)


# The import


def test_the_import_is_cheap():
    program = "import sys, attention_course, attention_course.metrics; print('sacrebleu' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(Path(attention_course.__file__).parents[1])}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
