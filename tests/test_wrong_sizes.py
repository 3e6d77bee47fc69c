"""Wrong sizes, told with the name, what was expected and what came, whether or not shapes are checked beside."""

import inspect

import pytest
import torch
from everything import layers
from factories import normal

from attention_course import layers as public
from attention_course.data.vocabulary import pad
from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.efficient.grouped_query import GroupedQueryAttention
from attention_course.layers import (
    AttentionLayer,
    AttentionPooling,
    DropoutAttention,
    MeanPooling,
    MultiHeadAttention,
    SelfAttention,
    StructuredAttention,
    self_attention,
)
from attention_course.layers.shared_query_key import SharedQueryKey
from attention_course.models.transformer import (
    Block,
    Config,
    DecoderState,
    Stack,
    Transformer,
    TransformerDecoder,
    TransformerEncoder,
)
from attention_course.scores import AdditiveScore, BilinearScore, DotScore, MultiplicativeScore, ScaledScore, dot_score

pytestmark = pytest.mark.usefixtures("unchecked")
SMALL = Config(size=8, heads=2, hidden=8, layers=2, dropout=0.0)
TOKENS = pad([[3, 4, 5], [6]])
MADE = {  # how a thing is made, by its name and that of what is wrong
    (MultiHeadAttention, "size"): lambda: MultiHeadAttention(0, 1),
    (MultiHeadAttention, "heads"): lambda: MultiHeadAttention(8, 0),
    (MultiHeadAttention, "head_size"): lambda: MultiHeadAttention(8, 2, head_size=0),
    (GroupedQueryAttention, "key_size"): lambda: GroupedQueryAttention(8, 2, key_size=-1),
    (SharedQueryKey, "value_size"): lambda: SharedQueryKey(8, 2, value_size=0),
    (AttentionPooling, "size"): lambda: AttentionPooling(0, 5),
    (AttentionPooling, "score_size"): lambda: AttentionPooling(6, 0),
    (SelfAttention, "size"): lambda: SelfAttention(0, 5),
    (SelfAttention, "score_size"): lambda: SelfAttention(6, -2),
    (StructuredAttention, "size"): lambda: StructuredAttention(0, 5, 2),
    (StructuredAttention, "score_size"): lambda: StructuredAttention(6, 0, 2),
    (StructuredAttention, "hops"): lambda: StructuredAttention(6, 5, 0),
    (AdditiveScore, "query_size"): lambda: AdditiveScore(0, 4, 5),
    (AdditiveScore, "score_size"): lambda: AdditiveScore(6, 4, 0),
    (MultiplicativeScore, "key_size"): lambda: MultiplicativeScore(6, 0, 5),
    (BilinearScore, "key_size"): lambda: BilinearScore(6, 0),
    (Config, "size"): lambda: Config(size=0),
    (Config, "heads"): lambda: Config(heads=0),
    (Config, "hidden"): lambda: Config(hidden=-1),
    (Config, "layers"): lambda: Config(layers=0),
    (Stack, "words"): lambda: Stack(0, SMALL),
    (TransformerEncoder, "words"): lambda: TransformerEncoder(0, SMALL),
    (TransformerDecoder, "words"): lambda: TransformerDecoder(0, SMALL),
}
CALLED = {  # what is wrong in a call, and what is told
    "multi-head, queries": (
        lambda: MultiHeadAttention(8, 2)(torch.ones(2, 3, 7), torch.ones(2, 4, 8)),
        r"queries: expected a last size of 8, got the shape \(2, 3, 7\)",
    ),
    "multi-head, source": (
        lambda: MultiHeadAttention(8, 2).step(
            torch.ones(2, 3, 8), MultiHeadAttention(8, 4).init_state(torch.ones(2, 4, 8))
        ),
        r"state: expected 2 heads of size 4, got keys of the shape \(2, 4, 4, 2\)",
    ),
    "grouped, keys": (
        lambda: GroupedQueryAttention(8, 4, 2, key_size=6).init_state(torch.ones(2, 3, 8)),
        r"keys: expected a last size of 6, got the shape \(2, 3, 8\)",
    ),
    "grouped, values": (
        lambda: GroupedQueryAttention(8, 4, 2, value_size=5)(torch.ones(2, 3, 8)),
        r"values: expected a last size of 5, got the shape \(2, 3, 8\)",
    ),
    "grouped, source": (
        lambda: GroupedQueryAttention(8, 4, 2).step(
            torch.ones(2, 3, 8), MultiHeadAttention(8, 4).init_state(torch.ones(2, 4, 8))
        ),
        r"state: expected 2 heads of size 2, got keys of the shape \(2, 4, 4, 2\)",
    ),
    "shared, words": (
        lambda: SharedQueryKey(8, 2, attend=attention_to_others)(torch.ones(2, 3, 6)),
        r"keys: expected a last size of 8, got the shape \(2, 3, 6\)",
    ),
    "any score, sizes": (
        lambda: AttentionLayer(dot_score)(torch.ones(2, 3, 6), torch.ones(2, 4, 5)),
        r"queries and keys: expected the same last size, got \(2, 3, 6\) and \(2, 4, 5\)",
    ),
    "any score, numbers": (
        lambda: AttentionLayer(dot_score)(torch.ones(2, 3, 6), torch.ones(2, 4, 6), torch.ones(2, 5, 6)),
        r"keys and values: expected the same number, got \(2, 4, 6\) and \(2, 5, 6\)",
    ),
    "pooling, values": (
        lambda: AttentionPooling(6, 5)(torch.ones(2, 4, 7)),
        r"values: expected a last size of 6, got the shape \(2, 4, 7\)",
    ),
    "self-attention, words": (
        lambda: SelfAttention(6, 5)(torch.ones(2, 4, 7)),
        r"words: expected a last size of 6, got the shape \(2, 4, 7\)",
    ),
    "self-attention, values": (
        lambda: self_attention(torch.ones(2, 4, 7), dot_score, torch.ones(2, 3, 7)),
        r"keys and values: expected the same number, got \(2, 4, 7\) and \(2, 3, 7\)",
    ),
    "structured, values": (
        lambda: StructuredAttention(6, 5, 2)(torch.ones(2, 4, 7)),
        r"values: expected a last size of 6, got the shape \(2, 4, 7\)",
    ),
    "to others, sizes": (
        lambda: attention_to_others(torch.ones(3, 6), torch.ones(4, 5), torch.ones(4, 5)),
        r"queries and keys: expected the same last size, got \(3, 6\) and \(4, 5\)",
    ),
    "encoder, tokens": (
        lambda: TransformerEncoder(9, SMALL)(TOKENS[0]),
        r"tokens: expected the shape \(batch, words\), got \(3,\)",
    ),
    "decoder, state": (
        lambda: TransformerDecoder(9, SMALL).step(TOKENS, DecoderState((None,), 0)),
        "state: expected 2 parts, one for each block, got 1",
    ),
    "decoder, source": (
        lambda: TransformerDecoder(9, SMALL, source_size=8)(TOKENS, (None,) * 3),
        "source: expected 2 parts, one for each block, got 3",
    ),
    "block, x": (lambda: Block(SMALL)(torch.ones(2, 3, 7)), "8.*7"),  # the first to see it is PyTorch's norm
    "Transformer, memory": (
        lambda: Transformer(9, 9, SMALL).decoder(TOKENS, Transformer(9, 9, SMALL).encode(TOKENS[[0, 0, 1]])[0]),
        r"queries, keys, values: expected axes in front that broadcast, got \(2,\), \(3,\), \(3,\)",
    ),
    "Transformer, source": (
        lambda: Transformer(9, 9, SMALL)(TOKENS[0], TOKENS),
        r"source: expected the shape \(batch, words\), got \(3,\)",
    ),
}
SCORES = {  # with queries of 6 and keys of 4 numbers
    "additive": lambda: AdditiveScore(6, 4, 5),
    "multiplicative": lambda: MultiplicativeScore(6, 4, 5),
    "scaled": lambda: ScaledScore(6, 4, 5),
    "bilinear": lambda: BilinearScore(6, 4),
}


@pytest.mark.parametrize("thing", MADE)
def test_a_size_below_one_is_told_when_a_thing_is_made(thing):
    with pytest.raises(ValueError, match=rf"^{thing[1]}: expected at least 1, got -?\d$"):
        MADE[thing]()


@pytest.mark.parametrize("wrong", CALLED)
def test_sizes_that_do_not_fit_are_told_when_it_is_called(wrong):
    call, message = CALLED[wrong]
    with pytest.raises((ValueError, RuntimeError) if wrong == "block, x" else ValueError, match=message):
        call()


def test_every_class_of_the_layers_is_here():
    tried = {thing for thing, _ in MADE} | {AttentionLayer, DropoutAttention, MeanPooling}  # which have no size
    classes = {thing for name in public.__all__ if inspect.isclass(thing := getattr(public, name))}
    assert classes | set(layers()) <= tried


@pytest.mark.parametrize("name", SCORES)
def test_scores_tell_what_does_not_fit(name):
    score = SCORES[name]()
    with pytest.raises(ValueError, match=r"keys: expected a last size of 4, got the shape \(2, 3, 6\)"):
        AttentionLayer(score)(torch.ones(2, 3, 6), torch.ones(2, 3, 6))
    message = r"expected (a last size of 6|the same last size), got .*\(2, 3, 5\)"
    with pytest.raises(ValueError, match=message):
        AttentionLayer(score)(torch.ones(2, 3, 5), torch.ones(2, 3, 4))
    with pytest.raises(ValueError, match=r"got \(2, 3, 5\) and \(2, 3, 4\)"):
        DotScore()(torch.ones(2, 3, 5), torch.ones(2, 3, 4))


def test_a_dropout_that_is_no_share_is_told():
    with pytest.raises(ValueError, match=r"dropout: expected 0 to 1, got 1\.5"):
        Config(dropout=1.5)


def test_what_is_right_is_not_refused():
    assert MultiHeadAttention(8, 3, head_size=5)(normal(2, 3, 8).float())[0].shape == (2, 3, 8)
    assert Transformer(9, 9, SMALL)(TOKENS, TOKENS)[0].shape == (2, 3, 9)
