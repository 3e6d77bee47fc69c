"""Self-attention and r hops without a query: their equations pair by pair, order, masks; the models built on them."""

import doctest
import sys
from random import Random

import pytest
import torch
from factories import DeviceIsGiven, loop_attention, normal, some_mask, widen
from torch import nn
from torch.testing import assert_close

from attention_course.layers import (
    AttentionLayer,
    AttentionPooling,
    SelfAttention,
    StructuredAttention,
    hop_penalty,
    self_attention,
)
from attention_course.lessons.lesson_09 import aspects, entailment, passages
from attention_course.lessons.lesson_09 import same_different_task as distance
from attention_course.lessons.lesson_09.entailer import Entailer
from attention_course.lessons.lesson_09.reader import Reader
from attention_course.lessons.lesson_09.same_different_classifier import (
    AverageClassifier,
    RecurrentClassifier,
    SelfAttentiveClassifier,
)
from attention_course.lessons.lesson_09.sentence_embedding import SentenceEmbedding
from attention_course.masks import others_mask, padding_mask
from attention_course.metrics import accuracy
from attention_course.scores import dot_score
from attention_course.training import train_classifier


def new(family, *sizes, dtype=torch.float64):
    torch.manual_seed(0)
    return family(*sizes).to(dtype)


# SelfAttention


def test_contexts_are_equations_15_to_17_pair_by_pair():
    relate, x, mask = new(SelfAttention, 6, 5), normal(2, 4, 6), some_mask(2, 4, 4)
    W_q, W_k, u = relate.score.project_query.weight, relate.score.project_key.weight, relate.score.u
    scores = [[[(u @ torch.tanh(W_k @ key + W_q @ query)).item() for key in xs] for query in xs] for xs in x]
    values = normal(2, 4, 3, seed=1)
    expected = loop_attention(torch.tensor(scores, dtype=torch.float64).numpy(), values.numpy(), mask.numpy())
    for ours, theirs in zip(relate(x, mask, values), expected, strict=True):
        assert_close(ours.detach(), torch.tensor(theirs), rtol=0, atol=1e-12)


def test_it_is_the_attention_layer_with_one_set_on_both_sides():
    relate, x = new(SelfAttention, 6, 5), normal(2, 4, 6)
    for ours, theirs in zip(relate(x), AttentionLayer(relate.score)(x, x), strict=True):
        assert ours.equal(theirs)


@pytest.mark.parametrize("score", [None, dot_score])
def test_permuted_words_give_the_same_contexts_permuted(score):
    score, x, order = score or new(SelfAttention, 6, 5).score, normal(2, 5, 6), torch.tensor([3, 0, 4, 1, 2])
    mask = others_mask(5)
    contexts, weights = self_attention(x, score, mask=mask)
    permuted, their_weights = self_attention(x[:, order], score, mask=mask[order][:, order])
    assert_close(permuted, contexts[:, order], rtol=0, atol=1e-12)
    assert_close(their_weights, weights[:, order][:, :, order], rtol=0, atol=1e-12)


def test_padding_changes_no_bit_and_an_empty_row_gives_zeros_and_finite_gradients():
    relate, x = new(SelfAttention, 6, 5), normal(2, 4, 6).requires_grad_()
    mask = padding_mask(torch.tensor([[5, 5, 5, 0], [0, 0, 0, 0]]))
    contexts, weights = relate(x, mask)
    assert not contexts[1].any() and not weights[1].any() and not weights[..., 3].any()
    contexts.square().sum().backward()
    assert x.grad.isfinite().all() and all(p.grad.isfinite().all() and p.grad.any() for p in relate.parameters())
    changed = x.detach().clone()
    changed[0, 3] = 1e6
    assert relate(changed, mask)[0][0, :3].equal(contexts[0, :3])


def test_a_word_alone_that_may_not_ask_itself_gets_nothing():
    contexts, weights = new(SelfAttention, 6, 5)(normal(2, 1, 6), others_mask(1))
    assert not contexts.any() and not weights.any()


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_types_follow_and_nothing_is_made_without_a_device(dtype):
    relate, attend, x = (
        new(SelfAttention, 6, 5, dtype=dtype),
        new(StructuredAttention, 6, 5, 3, dtype=dtype),
        normal(2, 4, 6, dtype=dtype),
    )
    mask = some_mask(2, 4)
    with DeviceIsGiven():
        contexts, weights = relate(x, others_mask(4, x.device))
        embeddings, hops = attend(x, mask)
        penalty = hop_penalty(hops)
    assert {t.dtype for t in (contexts, weights, embeddings, hops, penalty)} == {dtype}


def test_the_example_of_the_docstring_is_right():
    module = sys.modules["attention_course.layers.self_attention"]  # the name in the package is the function's
    assert doctest.testmod(module, extraglobs={"torch": torch}) == (0, 3)


# StructuredAttention


def test_every_hop_is_a_pooling_of_its_own():
    attend, h, mask = new(StructuredAttention, 6, 5, 3), normal(2, 4, 6), some_mask(2, 4)
    embeddings, weights = attend(h, mask)
    for r in range(3):
        pool = new(AttentionPooling, 6, 5)
        with torch.no_grad():
            pool.project.weight.copy_(attend.project.weight)
            pool.u.copy_(attend.questions[r])
        pooled, shares = pool(h, mask)
        assert_close(embeddings[:, r], pooled, rtol=0, atol=1e-12)
        assert_close(weights[:, r], shares, rtol=0, atol=1e-12)
    assert not mask[0].any() and not embeddings[0].any() and not weights[0].any()


def test_the_embedding_does_not_depend_on_the_order():
    attend, h, order = new(StructuredAttention, 6, 5, 3), normal(2, 4, 6), torch.tensor([2, 3, 0, 1])
    assert_close(attend(h[:, order])[0], attend(h)[0], rtol=0, atol=1e-12)


def test_the_penalty_is_the_loop_s():
    weights = normal(3, 4, 7).softmax(-1)
    for A, ours in zip(weights, hop_penalty(weights), strict=True):
        theirs = sum((float(A[i] @ A[j]) - (i == j)) ** 2 for i in range(4) for j in range(4))
        assert ours.item() == pytest.approx(theirs, abs=1e-12)


def test_the_penalty_is_zero_only_for_sharp_hops_on_different_words():
    assert hop_penalty(torch.eye(5)[:3]) == 0
    assert hop_penalty(torch.eye(5)[[0, 0]]) == 2
    assert hop_penalty(torch.full((1, 4), 0.25)) > 0  # one hop, not sharp


def test_hops_are_at_least_one():
    with pytest.raises(ValueError, match="hops: expected at least 1, got 0"):
        StructuredAttention(6, 5, 0)


# The data


def test_two_colours_stand_the_distance_apart_and_half_are_alike():
    words, same = distance.same_or_different(4000, 7, torch.Generator().manual_seed(0))
    colours = words < len(distance.KEYS)
    assert words.shape == (4000, 8 + distance.MARGIN) and (colours.sum(1) == 2).all()
    first, second = colours.nonzero()[:, 1].unflatten(0, (-1, 2)).unbind(1)
    assert (second - first == 7).all() and set(first.tolist()) == set(range(distance.MARGIN + 1))
    rows = torch.arange(4000)
    assert ((words[rows, first] == words[rows, second]) == same.bool()).all()
    assert abs(same.double().mean() - 0.5) < 0.03
    for colour in range(4):  # neither colour alone tells the label
        for place in (first, second):
            assert abs(same[words[rows, place] == colour].double().mean() - 0.5) < 0.06
    with pytest.raises(ValueError, match="distance: expected at least 1, got 0"):
        distance.same_or_different(1, 0, torch.Generator())


def test_answers_are_where_an_independent_solver_finds_them():
    random = Random(0)
    for _ in range(300):
        p = passages.passage(random)
        sentences = [s.split() for s in " ".join(p.words).split(" .") if s]
        [thing] = [s[-1] for s in sentences if s[0] == p.question[2]]
        [place] = [s[3:] for s in sentences if s[1] == thing]
        assert list(p.answer) == place
        assert not any(p.question[2] in s and set(place) <= set(s) for s in sentences)


def holds(premise, hypothesis):
    """The label by reading: what is said of the animal's size or colour?"""
    _, noun, _, value = hypothesis
    kind = next(k for k in entailment.KINDS if value in k)
    clause = next(c for c in " ".join(premise).replace(" and ", " , ").split(" , ") if noun in c.split())
    told = set(clause.split()) & set(kind)
    return 0 if value in told else 1 if told else 2


def test_labels_are_an_independent_reader_s_and_no_half_gives_them_away():
    random, told = Random(0), {}
    for _ in range(3000):
        claims = entailment.three_claims(random)
        assert [c.label for c in claims] == [0, 1, 2] == [holds(c.premise, c.hypothesis) for c in claims]
        assert len({c.premise for c in claims}) == 1
        for c in claims:
            assert set(c.hypothesis) - {"is"} <= set(c.premise)
            told.setdefault((c.hypothesis[1], c.hypothesis[3]), []).append(c.label)
    for labels in told.values():
        assert max(labels.count(label) for label in range(3)) / len(labels) < 0.45


def test_opinions_go_with_their_nouns():
    random = Random(0)
    for _ in range(200):
        words, liked = aspects.review(random)
        for nouns, good in zip(aspects.ASPECTS.values(), liked, strict=True):
            at = next(i for i, word in enumerate(words) if word in nouns)
            opinion = next(w for w in words[at:] if w in (*aspects.OPINIONS[0], *aspects.OPINIONS[1]))
            assert opinion in aspects.OPINIONS[good]


@pytest.mark.parametrize(
    ("vocabulary", "examples"),
    [
        (passages.VOCABULARY, lambda r: [(p := passages.passage(r)).words, p.question]),
        (entailment.VOCABULARY, lambda r: [w for c in entailment.three_claims(r) for w in (c.premise, c.hypothesis)]),
        (aspects.VOCABULARY, lambda r: [aspects.review(r).words]),
    ],
)
def test_no_word_is_unknown(vocabulary, examples):
    random = Random(0)
    assert all(word in vocabulary.numbers for _ in range(200) for words in examples(random) for word in words)


# The models

TEXTS = {
    "reader": (
        lambda: Reader(len(passages.VOCABULARY)),
        lambda n, r: passages.batch([passages.passage(r) for _ in range(n)]),
    ),
    "entailer": (
        lambda: Entailer(len(entailment.VOCABULARY)),
        lambda n, r: entailment.batch([c for _ in range(n // 3) for c in entailment.three_claims(r)]),
    ),
    "sentence embedding": (
        lambda: SentenceEmbedding(len(aspects.VOCABULARY), 3, 2),
        lambda n, r: aspects.batch([aspects.review(r) for _ in range(n)]),
    ),
}


@pytest.mark.parametrize("name", TEXTS)
def test_padding_changes_nothing_and_nothing_is_made_without_a_device(name):
    make, batch = TEXTS[name]
    model, (inputs, _) = new(make), batch(6, Random(0))
    with DeviceIsGiven():
        logits, _ = model(*inputs)
    wider, _ = model(*[widen(words) for words in inputs])
    assert_close(wider[..., : logits.shape[-1]], logits, rtol=0, atol=1e-9)
    assert not (wider[..., logits.shape[-1] :] > -1e30).any()


@pytest.mark.parametrize(("name", "steps", "wanted"), [("reader", 200, 0.9), ("sentence embedding", 300, 0.9)])
def test_the_small_models_learn(name, steps, wanted):
    make, batch = TEXTS[name]
    model, random = new(make, dtype=torch.float32), Random(0)
    losses = train_classifier(model, lambda: batch(32, random), steps=steps, learning_rate=5e-3, progress=False).losses
    assert losses[-1] < losses[0] and accuracy(model, batch(300, Random(1))) > wanted


@pytest.mark.parametrize("family", [SelfAttentiveClassifier, RecurrentClassifier, AverageClassifier])
def test_matchers_learn_a_short_distance(family):
    torch.manual_seed(0)
    model, generator = family(len(distance.WORDS)), torch.Generator().manual_seed(0)

    def draw(count=64):
        words, same = distance.same_or_different(count, 1, generator)
        return (words,), same

    train_classifier(model, draw, steps=400, learning_rate=5e-3, progress=False)
    assert accuracy(model, draw(500)) > 0.9


def test_the_matcher_cannot_tell_a_sentence_from_its_words_shuffled():
    model = new(SelfAttentiveClassifier, len(distance.WORDS))
    words, _ = distance.same_or_different(5, 6, torch.Generator().manual_seed(0))
    order = torch.randperm(words.shape[1], generator=torch.Generator().manual_seed(1))
    assert_close(model(words[:, order])[0], model(words)[0], rtol=0, atol=1e-12)


def test_every_parameter_is_trained():
    for make, batch in TEXTS.values():
        model, (inputs, _) = new(make), batch(6, Random(0))
        model(*inputs)[0].clamp(min=-1e9).square().sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in model.parameters())


def test_a_loss_that_is_not_finite_stops_the_training():
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.tensor([[float("nan"), 0.0]]))

        def forward(self, x):
            return x @ self.w, None

    with pytest.raises(ArithmeticError, match="expected a finite number"):
        train_classifier(
            Broken(),
            lambda: ((torch.ones(2, 1),), torch.tensor([0, 1])),
            steps=1,
            learning_rate=1e-3,
            progress=False,
        )


def test_an_answer_of_two_parts_is_right_when_both_are():
    class Fixed(nn.Module):
        def forward(self, x):
            return x, None

    logits = torch.eye(3)[torch.tensor([[0, 1], [2, 2]])]  # (B, 2, 3)
    assert accuracy(Fixed(), ((logits,), torch.tensor([[0, 1], [2, 0]]))) == 0.5
