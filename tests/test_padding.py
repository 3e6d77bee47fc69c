"""Padding fills a batch up: how much of it there is, and what stands there, changes nothing for the words."""

import pytest
import torch
from everything import FORMS, one_vector
from factories import MODELS, PREVIOUS, SOURCE, new_model, normal, widen
from torch import nn
from torch.testing import assert_close

from attention_course.data.vocabulary import pad
from attention_course.layers import AttentionPooling, MeanPooling, MultiHeadAttention
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.lessons.lesson_09.entailer import Entailer
from attention_course.lessons.lesson_09.reader import Reader
from attention_course.lessons.lesson_09.sentence_embedding import SentenceEmbedding
from attention_course.lessons.lesson_17.long_range_qa import LongRangeQA
from attention_course.masks import PAD
from attention_course.models.hierarchical import BidirectionalGRU, HierarchicalAttention, Identity, Level
from attention_course.models.transformer import Config, TransformerDecoder, TransformerEncoder

AMOUNTS = [1, 7, 16, 64]
WORDS = 20
SENTENCES = pad([[1 + i * i % 19 for i in range(n)] for n in (19, 12, 1)])
DOCUMENTS = torch.stack([SENTENCES[:, :5], SENTENCES[:, 2:7]])  # whose last sentences have one word and none
every_form = pytest.mark.parametrize("name", FORMS)
every_amount = pytest.mark.parametrize("more", AMOUNTS)


def reader(name):
    """(tokens) -> states or logits, of a Transformer with this form: an encoder, or a decoder where it looks back."""
    torch.manual_seed(0)
    attention = SharedQueryKey if one_vector(name) else MultiHeadAttention
    config = Config(
        16, heads=2, hidden=16, layers=2, dropout=0.0, attend=lambda: FORMS[name].make(2, 8), attention=attention
    )
    return (TransformerDecoder if FORMS[name].causal else TransformerEncoder)(WORDS, config).double().eval()


@every_form
@every_amount
def test_more_padding_changes_no_state_of_a_word(name, more):
    model = reader(name)
    before, after = model(SENTENCES)[0], model(widen(SENTENCES, more))[0]
    real = SENTENCES != PAD
    assert_close(after[:, : SENTENCES.shape[1]][real], before[real])


@every_form
def test_what_stands_at_padding_changes_no_state_of_a_word(name):
    model, real = reader(name), SENTENCES != PAD
    before = model(SENTENCES)[0][..., 1:]  # without the logit of `PAD` itself, where it gives logits
    with torch.no_grad():
        model.embedding.weight[PAD] = 1e6
    assert_close(model(SENTENCES)[0][..., 1:][real], before[real])


# These set what is masked to zero before they compute with it; elsewhere 0 times NaN is NaN.
SUMS = ("linear", "random features", "low rank", "retention")
SET_TO_ZERO = [name for name in FORMS if name.startswith(SUMS) or name.startswith("hashing")]


@pytest.mark.parametrize("name", SET_TO_ZERO)
@pytest.mark.parametrize("foreign", [float("nan"), float("inf"), -float("inf")])
def test_masked_keys_and_values_may_be_anything_where_they_are_set_to_zero(name, foreign):
    torch.manual_seed(0)
    attend = FORMS[name].make(2, 8).double()
    tensors = [normal(1, 2, 19, 8, seed=seed) for seed in range(3)]
    counts = (torch.arange(19) < 12).unsqueeze(0)

    def attended():
        queries, keys, values = tensors
        output, _ = attend(keys if one_vector(name) else queries, keys, values, counts, FORMS[name].causal)
        return output[..., :12, :]

    before = attended()
    for x in tensors[1:]:
        x[..., 12:, :] = foreign
    assert_close(attended(), before)


@pytest.mark.parametrize("name", MODELS)
@every_amount
def test_more_padding_changes_no_logit_of_a_translator(name, more):
    model = new_model(name)
    logits, weights = model(SOURCE, PREVIOUS)
    wide_logits, wide_weights = model(widen(SOURCE, more), widen(PREVIOUS, more))
    real = PREVIOUS != PAD
    assert_close(wide_logits[:, : PREVIOUS.shape[1]][real], logits[real])
    if weights is not None:
        narrow = wide_weights[:, : PREVIOUS.shape[1], : SOURCE.shape[1]]
        assert_close(narrow[real], weights[real])


def hierarchy(encoder, pool):
    return HierarchicalAttention(WORDS, Level(encoder(), pool()), Level(encoder(), pool()), size=6)


READERS = {
    "sentence embedding": lambda: SentenceEmbedding(WORDS, aspects=2, hops=3, size=6, score_size=5),
    "entailer": lambda: Entailer(WORDS, size=6),
    "entailer, without self-attention": lambda: Entailer(WORDS, size=6, relate=False),
    "hierarchy": lambda: hierarchy(lambda: BidirectionalGRU(6), lambda: AttentionPooling(6, 5)),
    "hierarchy of means": lambda: hierarchy(Identity, MeanPooling),
}


@pytest.mark.parametrize("name", READERS)
@every_amount
def test_more_padding_changes_no_answer(name, more):
    torch.manual_seed(0)
    model = READERS[name]().double().eval()
    if name.startswith("hierarchy"):
        before, after = model(DOCUMENTS), model(nn.functional.pad(DOCUMENTS, (0, more, 0, more), value=PAD))
        assert_close(after.sentence_weights[:, :3], before.sentence_weights)
        assert_close(after.word_weights[:, :3, :5], before.word_weights)
        assert_close(after.logits, before.logits)
    else:
        assert_close(model(widen(SENTENCES, more))[0], model(SENTENCES)[0])


@every_amount
def test_more_padding_changes_nothing_for_a_reader_of_passages(more):
    torch.manual_seed(0)
    model, questions = Reader(WORDS, size=6).double().eval(), SENTENCES[:, :4]
    logits, _ = model(SENTENCES, questions)
    wide, _ = model(widen(SENTENCES, more), widen(questions, more))
    assert_close(wide[..., : SENTENCES.shape[1]], logits)


@every_amount
def test_more_padding_changes_nothing_for_a_reader_of_facts(more):
    torch.manual_seed(0)
    config = Config(16, heads=2, hidden=16, layers=2, dropout=0.0)
    model, asked = LongRangeQA(WORDS, 4, config).double().eval(), torch.tensor([[3, 18], [0, 11], [0, 0]])
    assert_close(model(widen(SENTENCES, more), asked)[0], model(SENTENCES, asked)[0])
