"""IBM Model 1 is what a hand and plain dictionaries count, its likelihood never falls, its posterior is attention."""

import math
from collections import defaultdict
from itertools import pairwise
from random import Random

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from attention_course.data import grammar
from attention_course.functional import masked_softmax
from attention_course.metrics import alignment_error_rate, hard_links
from attention_course.models.ibm1 import Ibm1

# Twice, "the" stands with "la": so "la" must be "the", and what is left over are "house" and "flower".
HOUSE = ["the", "house"], ["la", "maison"]
FLOWER = ["the", "flower"], ["la", "fleur"]
TINY = [HOUSE, FLOWER]
GRAMMAR = [(pair.english, pair.french) for pair in grammar.pairs(300)]


def random_pairs(seed, pairs=12):
    """Sentences of 1 to 6 words, some of them twice in one sentence."""
    random = Random(seed)

    def sentence(letters):
        return [random.choice(letters) for _ in range(random.randint(1, 6))]

    return [(sentence("abcde"), sentence("vwxyz")) for _ in range(pairs)]


def with_dictionaries(pairs, iterations, null):
    """t(f | e), and the log-likelihood before each iteration, one word at a time."""
    words = {f for _, target in pairs for f in target}
    t = defaultdict(lambda: 1 / len(words))
    log_likelihoods = []
    for _ in range(iterations):
        counts, sums, log_likelihood = defaultdict(float), defaultdict(float), 0.0
        for source, target in pairs:
            makers = [*source, None] if null else source
            for f in target:
                total = sum(t[f, e] for e in makers)
                log_likelihood += math.log(total / len(makers))
                for e in makers:
                    counts[f, e] += t[f, e] / total
                    sums[e] += t[f, e] / total
        t = {(f, e): count / sums[e] for (f, e), count in counts.items()}
        log_likelihoods.append(log_likelihood)
    return t, log_likelihoods


def vocabularies(pairs):
    return {e for source, _ in pairs for e in source}, {f for _, target in pairs for f in target}


def test_one_iteration_by_hand():
    # At first either English word has made half of "la" and of "maison", and so in the other pair.
    model = Ibm1(TINY, iterations=1, null=False)
    assert model.probability("la", "the") == pytest.approx(1 / 2)
    assert model.probability("maison", "the") == model.probability("fleur", "the") == pytest.approx(1 / 4)
    assert model.probability("la", "house") == model.probability("maison", "house") == pytest.approx(1 / 2)
    assert model.log_likelihoods == pytest.approx([4 * math.log(1 / 3)])


def test_a_second_iteration_by_hand():
    # "the" has made half of each "la" and a third of "maison" and of "fleur" (1/4 against 1/2): 1, 1/3, 1/3.
    model = Ibm1(TINY, iterations=2, null=False)
    assert model.probability("la", "the") == pytest.approx(3 / 5)
    assert model.probability("maison", "the") == pytest.approx(1 / 5)
    # "house" has made half of a "la" and two thirds of "maison".
    assert model.probability("la", "house") == pytest.approx(3 / 7)
    assert model.probability("maison", "house") == pytest.approx(4 / 7)
    assert model.log_likelihoods[1] == pytest.approx(2 * math.log(1 / 2) + 2 * math.log(3 / 8))


def test_with_null_by_hand():
    # NULL stands in both sentences, as "the" does; each of the three has made a third of a word.
    model = Ibm1(TINY, iterations=1)
    assert model.probability("la", None) == model.probability("la", "the") == pytest.approx(1 / 2)
    assert model.probability("maison", "house") == pytest.approx(1 / 2)
    assert_allclose(model.weights(*HOUSE), [[1 / 3, 1 / 3], [1 / 4, 1 / 2]])  # NULL has the third, and the other 1/4


def test_many_iterations_find_the_words():
    model = Ibm1(TINY, iterations=100, null=False)
    assert model.probability("la", "the") > 0.99
    assert model.probability("maison", "house") > 0.99
    assert model.links(*HOUSE) == {(0, 0), (1, 1)}


@pytest.mark.parametrize("null", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_it_is_what_plain_dictionaries_count(seed, null):
    pairs = random_pairs(seed)
    model = Ibm1(pairs, iterations=4, null=null)
    t, log_likelihoods = with_dictionaries(pairs, 4, null)
    sources, targets = vocabularies(pairs)
    for e in [*sources, None]:
        for f in targets:
            assert model.probability(f, e) == pytest.approx(t.get((f, e), 0), abs=1e-12)
    assert model.log_likelihoods == pytest.approx(log_likelihoods)


@pytest.mark.parametrize("null", [True, False])
def test_the_likelihood_never_falls(null):
    for corpus in [GRAMMAR, *(random_pairs(seed) for seed in range(20))]:
        log_likelihoods = Ibm1(corpus, iterations=30, null=null).log_likelihoods
        assert len(log_likelihoods) == 30
        assert all(b >= a - 1e-9 * abs(a) for a, b in pairwise(log_likelihoods))


def test_the_translations_of_a_word_sum_to_one():
    model = Ibm1(GRAMMAR)
    sources, targets = vocabularies(GRAMMAR)
    for e in [*sorted(sources)[::20], None]:
        assert sum(model.probability(f, e) for f in targets) == pytest.approx(1)


def test_the_order_of_words_and_pairs_changes_nothing():
    pairs = random_pairs(3)
    shuffled = [(source[::-1], target[::-1]) for source, target in reversed(pairs)]
    model, other = Ibm1(pairs), Ibm1(shuffled)
    assert model.log_likelihoods == pytest.approx(other.log_likelihoods)
    for source, target in pairs:
        assert_allclose(other.weights(source[::-1], target[::-1])[::-1, ::-1], model.weights(source, target))


def test_weights_are_a_softmax_of_log_t():
    model = Ibm1(GRAMMAR, null=False)
    for source, target in GRAMMAR[:20]:
        scores = torch.tensor([[model.probability(f, e) for e in source] for f in target]).log()
        assert_allclose(model.weights(source, target), masked_softmax(scores), atol=1e-6)


def test_rows_sum_to_one_with_what_null_has():
    alone, with_null = Ibm1(GRAMMAR, null=False), Ibm1(GRAMMAR)
    for source, target in GRAMMAR[:20]:
        assert_allclose(alone.weights(source, target).sum(-1), 1)
        t = np.array([[with_null.probability(f, e) for e in [*source, None]] for f in target])
        assert_allclose(with_null.weights(source, target).sum(-1), 1 - t[:, -1] / t.sum(-1))


def test_links_are_those_of_the_weights_but_where_null_has_more():
    alone, with_null = Ibm1(GRAMMAR, null=False), Ibm1(GRAMMAR)
    for source, target in GRAMMAR[:50]:
        assert alone.links(source, target) == hard_links(torch.from_numpy(alone.weights(source, target)))
        weights = with_null.weights(source, target)
        null = 1 - weights.sum(-1) - 1e-9  # "." stands in every sentence as NULL does, and is as likely
        kept = {(i, j) for i, j in hard_links(torch.from_numpy(weights)) if weights[j, i] >= null[j]}
        assert with_null.links(source, target) == kept


def test_a_word_that_null_explains_best_is_left_unlinked():
    # "euh" stands everywhere, whatever the source says; "chat" only where "cat" does.
    pairs = [([e], [f, "euh"]) for e, f in [("cat", "chat"), ("dog", "chien"), ("bird", "oiseau"), ("fox", "renard")]]
    model = Ibm1(pairs, iterations=20)
    assert model.links(["cat"], ["chat", "euh"]) == {(0, 0)}
    assert Ibm1(pairs, iterations=20, null=False).links(["cat"], ["chat", "euh"]) == {(0, 0), (0, 1)}


def test_words_never_seen_have_no_weight_and_no_link():
    for null in (True, False):
        model = Ibm1(TINY, null=null)
        assert model.probability("chat", "the") == model.probability("la", "cat") == 0
        assert model.probability("fleur", "house") == 0  # both are known, but never met
        weights = model.weights(["the", "cat"], ["chat", "la"])
        assert not weights[0].any()
        assert weights[1, 0] > 0 == weights[1, 1]
        assert {target for _, target in model.links(["the", "cat"], ["chat", "la"])} <= {1}


def test_without_null_a_null_has_made_nothing():
    assert Ibm1(TINY, null=False).probability("la", None) == 0


def test_empty_sentences_have_empty_weights():
    model = Ibm1(TINY)
    assert model.weights([], ["la"]).shape == (1, 0)
    assert model.weights(["the"], []).shape == (0, 1)
    assert model.links([], ["la"]) == model.links(["the"], []) == frozenset()


def test_it_aligns_the_grammar():
    unseen = grammar.pairs(100, part="test")
    model = Ibm1([(pair.english, pair.french) for pair in grammar.pairs(3_000)])
    links = [model.links(pair.english, pair.french) for pair in unseen]
    assert alignment_error_rate(links, [pair.links for pair in unseen]) < 0.2


@pytest.mark.parametrize(
    ("pairs", "iterations", "message"),
    [
        ([], 5, "pairs: expected at least one sentence pair"),
        ([HOUSE, (["the"], [])], 5, r"words on both sides.*pairs\[1\]"),
        ([([], ["la"])], 5, r"words on both sides.*pairs\[0\]"),
        (TINY, 0, "iterations: expected at least 1, got 0"),
    ],
)
def test_wrong_input_raises(pairs, iterations, message):
    with pytest.raises(ValueError, match=message):
        Ibm1(pairs, iterations=iterations)
