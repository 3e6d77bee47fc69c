"""The Transformer: PyTorch's own with the same weights; no future, no padding; a cache that changes nothing."""

import io
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from factories import PREVIOUS, SOURCE, DeviceIsGiven, gradients, widen
from torch import nn
from torch.testing import assert_close

from attention_course.data.vocabulary import BOS, pad
from attention_course.decoding import greedy
from attention_course.efficient.blocks import BlockAttention
from attention_course.efficient.fixed import FixedAttention
from attention_course.efficient.gated import Retention
from attention_course.efficient.linear import LinearAttention
from attention_course.efficient.local import LocalAttention
from attention_course.efficient.low_rank import LowRankAttention
from attention_course.efficient.random_features import PositiveRandomFeatures
from attention_course.efficient.strided import StridedAttention
from attention_course.efficient.tiled import TiledAttention
from attention_course.functional import scaled_dot_product_attention
from attention_course.layers.from_torch import from_torch
from attention_course.layers.residual import post_norm, pre_norm
from attention_course.masks import PAD, causal_mask
from attention_course.models.transformer import Config, Transformer, TransformerDecoder, TransformerEncoder
from attention_course.positions import (
    AlibiAttention,
    LearnedPositions,
    RotaryAttention,
    SequenceTooLong,
    ShawAttention,
    T5Attention,
)

HEADS, HEAD_SIZE, WORDS, LONGEST = 2, 4, 12, 40
SIZES = {"size": HEADS * HEAD_SIZE, "heads": HEADS, "hidden": 14, "layers": 2, "dropout": 0.0}
SENTENCES = pad([[5, 4, 9, 11, 3, 7, 6, 10, 8], [8, 3, 7, 4, 5], [6]])


SCHEMES = {  # what each position scheme, or another place of the norm, changes of a `Config`
    "none": {"positions": None},
    "sinusoidal": {},
    "learned": {"positions": lambda size: LearnedPositions(size, LONGEST)},
    "rotary": {"positions": None, "attend": RotaryAttention},
    "alibi": {"positions": None, "attend": lambda: AlibiAttention(HEADS)},
    "t5": {"positions": None, "attend": lambda: T5Attention(HEADS, buckets=8, max_distance=20)},
    "shaw": {"positions": None, "attend": lambda: ShawAttention(HEAD_SIZE, max_distance=3)},
    "post-norm": {"residual": post_norm, "last_norm": nn.Identity},
}
CAUSAL = {  # for hashing see test_hashing
    "tiled": lambda: TiledAttention(4),
    "local": lambda: LocalAttention(4, chunk=3),
    "blocks": lambda: BlockAttention(2, random=0),
    "strided": lambda: StridedAttention(3),
    "fixed": lambda: FixedAttention(3),
    "linear": lambda: LinearAttention(chunk=3),
    "random features": lambda: LinearAttention(PositiveRandomFeatures(HEAD_SIZE, 8), chunk=3),
}
BOTH_WAYS = {
    "tiled": lambda: TiledAttention(4),
    "local": lambda: LocalAttention(4, chunk=3),
    "blocks": lambda: BlockAttention(2, random=0),
    "linear": lambda: LinearAttention(),
    "random features": lambda: LinearAttention(PositiveRandomFeatures(HEAD_SIZE, 8)),
    "low rank": lambda: LowRankAttention(LONGEST, 4),
}


def with_rotary(make):
    return {"positions": None, "attend": lambda: RotaryAttention(attend=make())}


WRITERS = SCHEMES | {f"{name}, sinusoidal": {"attend": make} for name, make in CAUSAL.items()}
WRITERS |= {f"{name}, rotary": with_rotary(make) for name, make in CAUSAL.items()}
READERS = SCHEMES | {f"{name}, sinusoidal": {"attend": make} for name, make in BOTH_WAYS.items()}
READERS |= {f"{name}, rotary": with_rotary(make) for name, make in BOTH_WAYS.items()}
FAMILIES = {
    "encoder": (TransformerEncoder, READERS),
    "decoder": (TransformerDecoder, WRITERS),
    "encoder-decoder": (partial(Transformer, WORDS), WRITERS),
}
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)
every_family = pytest.mark.parametrize("family", FAMILIES)
every_model = pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, (_, ways) in FAMILIES.items() for name in ways]
)


def new_model(family, name="sinusoidal", dtype=torch.float64, seed=0, **sizes):
    """One with much to say. The encoder of a translator reads in both directions, with the positions of its decoder."""
    torch.manual_seed(seed)
    make, ways = FAMILIES[family]
    config = Config(**SIZES | sizes | ways[name])
    if family == "encoder-decoder" and name not in SCHEMES:
        model = make(WORDS, config, Config(**SIZES | sizes))
    else:
        model = make(WORDS, config)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            nn.init.normal_(parameter, std=0.5)
    return model.to(dtype).eval()


def run(model, tokens, source=SOURCE):
    """What each family makes of words: states, logits, logits."""
    return model(source, tokens)[0] if isinstance(model, Transformer) else model(tokens)[0]


def by_steps(decoder, tokens, lengths, **looks):
    """The logits when a decoder is given so many words at a time."""
    state, logits = None, []
    for words in tokens.split(lengths, -1):
        now, _, state = decoder.step(words, state, **looks)
        logits.append(now)
    assert state.length == tokens.shape[-1]
    return torch.cat(logits, 1)


# PyTorch's own

quiet = pytest.mark.filterwarnings("ignore:enable_nested_tensor")  # it says so of every encoder with the norms first


def as_pytorch_s(config, dtype=torch.float32):
    """A `nn.Transformer`, and our stacks with its weights."""
    torch.manual_seed(0)
    sizes = config.size, config.heads, config.layers, config.layers, config.hidden, 0.0
    theirs = nn.Transformer(*sizes, norm_first=config.residual is pre_norm, batch_first=True).to(dtype).eval()
    for parameter in theirs.parameters():
        nn.init.normal_(parameter, std=0.3)
    ours = Transformer(WORDS, WORDS, config).to(dtype).eval()
    for stack, side in ((ours.encoder, theirs.encoder), (ours.decoder, theirs.decoder)):
        stack.norm.load_state_dict(side.norm.state_dict())
        for block, layer in zip(stack.blocks, side.layers, strict=True):
            block.self_attention = from_torch(layer.self_attn)
            block.norm_self_attention, block.norm_mlp = layer.norm1, layer.norm2
            block.mlp[0], block.mlp[2] = layer.linear1, layer.linear2
            if hasattr(layer, "multihead_attn"):
                block.cross_attention = from_torch(layer.multihead_attn)
                block.norm_cross_attention, block.norm_mlp = layer.norm2, layer.norm3
    return ours, theirs


def embedded(stack, tokens):
    return stack.positions(stack.embedding(tokens) * stack.embedding.embedding_dim**0.5)


@quiet
@pytest.mark.parametrize(("dtype", "within"), [(torch.float32, 1e-5), (torch.float64, 1e-12)])
@pytest.mark.parametrize("residual", [pre_norm, post_norm])
def test_it_is_pytorch_s_transformer_wherever_the_norms_stand(residual, dtype, within):
    ours, theirs = as_pytorch_s(Config(**SIZES, residual=residual), dtype)
    may_not = SOURCE == PAD
    states = theirs(
        embedded(ours.encoder, SOURCE), embedded(ours.decoder, PREVIOUS), src_key_padding_mask=may_not,
        memory_key_padding_mask=may_not, tgt_mask=~causal_mask(PREVIOUS.shape[-1]),
    )  # fmt: skip
    logits, _ = ours(SOURCE, PREVIOUS)
    assert_close(logits, states @ ours.decoder.embedding.weight.T, rtol=0, atol=within * logits.abs().max().item())


@quiet
def test_its_parts_are_pytorch_s_alone_as_well():
    ours, theirs = as_pytorch_s(Config(**SIZES))
    within = {"rtol": 0, "atol": 1e-5}
    x = embedded(ours.encoder, SENTENCES)
    assert_close(ours.encoder.blocks[0](x)[0], theirs.encoder.layers[0](x), **within)
    states, weights = ours.encoder(SENTENCES, need_weights=True)
    expected = theirs.encoder(x, src_key_padding_mask=SENTENCES == PAD)
    assert_close(states[SENTENCES != PAD], expected[SENTENCES != PAD], rtol=1e-5, atol=1e-5)
    layer = theirs.encoder.layers[0]
    normed = layer.norm1(x)
    _, expected = layer.self_attn(normed, normed, normed, key_padding_mask=SENTENCES == PAD, average_attn_weights=False)
    assert_close(weights.self_attention[0], expected, **within)


@every_family
def test_any_attention_function_of_the_same_mathematics_gives_the_same(family):
    def pytorch_s(queries, keys, values, mask=None, causal=False, need_weights=True):
        return F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, is_causal=causal), None

    own, theirs = (
        new_model(family, dtype=torch.float32),
        new_model(family, dtype=torch.float32, attend=lambda: pytorch_s),
    )
    seen = SENTENCES != PAD
    assert_close(run(own, SENTENCES)[seen], run(theirs, SENTENCES)[seen], rtol=0, atol=1e-5)


# The future and the padding


@every_model
def test_padding_changes_nothing(family, name):
    model, seen = new_model(family, name), SENTENCES != PAD
    before, wide = run(model, SENTENCES), run(model, widen(SENTENCES), widen(SOURCE))
    assert_close(wide[:, : SENTENCES.shape[1]][seen], before[seen])
    tables = [stack for stack in model.modules() if isinstance(stack, nn.Embedding)]
    readout = getattr(model, "decoder", model).embedding.weight  # its row for the padding makes the logits of padding
    with torch.no_grad():
        for table in tables:
            table.weight[PAD] = 50 * table.weight[PAD].sign()
    kept = slice(None) if isinstance(model, TransformerEncoder) else slice(1, len(readout))
    assert_close(run(model, SENTENCES)[seen][:, kept], before[seen][:, kept])


@pytest.mark.parametrize("family", ["decoder", "encoder-decoder"])
@pytest.mark.parametrize("name", WRITERS)
def test_the_future_changes_nothing(family, name):
    model, changed = new_model(family, name), SENTENCES.clone()
    changed[:, 5:] = torch.tensor([[3, 10, 4, 4], [11, 9, 9, 3], [7, 7, 10, 5]])
    before, after = run(model, SENTENCES), run(model, changed)
    assert_close(after[:, :5], before[:, :5])
    assert (after[:, 5:] - before[:, 5:]).abs().amax(-1).min() > 1e-4


@every_scheme
def test_an_encoder_sees_what_comes_before_and_after(scheme):
    model, changed = new_model("encoder", scheme), SENTENCES[:1].clone()
    changed[:, 4] = 11
    moved = (run(model, changed) - run(model, SENTENCES[:1])).abs().amax(-1)
    assert (moved > 1e-4).all()


@every_scheme
def test_only_without_positions_is_the_order_of_no_matter_to_an_encoder(scheme):
    model, mixed = new_model("encoder", scheme), torch.tensor([3, 1, 0, 2, 4, 8, 7, 6, 5])
    there, back = run(model, SENTENCES[:1])[:, mixed], run(model, SENTENCES[:1, mixed])
    assert torch.allclose(there, back) == (scheme == "none")


def test_blocks_may_differ_in_their_attention():
    ways = [scaled_dot_product_attention, LocalAttention(4, chunk=3)]
    for order in (ways, ways[::-1]):
        decoder = new_model("decoder", attend=iter(order).__next__)
        changed = SENTENCES.clone()
        changed[:, 5:] = 4
        assert_close(run(decoder, changed)[:, :5], run(decoder, SENTENCES)[:, :5])


# The cache


@pytest.mark.parametrize("lengths", [[1] * 9, [3, 1, 1, 4], [8, 1]])
@every_scheme
def test_with_a_cache_it_says_what_it_says_without(scheme, lengths):
    decoder = new_model("decoder", scheme, torch.float32)
    assert_close(by_steps(decoder, SENTENCES, lengths), decoder(SENTENCES)[0], rtol=0, atol=1e-5)
    model = new_model("encoder-decoder", scheme, torch.float32)
    memory, _ = model.encode(SOURCE)
    assert_close(by_steps(model.decoder, SENTENCES, lengths, source=memory), run(model, SENTENCES), rtol=0, atol=1e-5)


@every_scheme
def test_greedy_words_are_those_of_a_decoder_that_reads_everything_again(scheme):
    model = new_model("encoder-decoder", scheme)
    words, _ = greedy(model, SOURCE, max_length=12)
    said = torch.full((len(SOURCE), 1), BOS)
    for _ in range(words.shape[1]):
        said = torch.cat([said, run(model, said)[:, -1:].argmax(-1)], 1)
    assert words.equal(said[:, 1:])


# Sides of two sizes

OTHER = Config(size=12, heads=3, hidden=10, layers=3, dropout=0.0, positions=None, attend=lambda: T5Attention(3))


def test_the_two_sides_may_have_other_sizes_heads_and_blocks():
    torch.manual_seed(0)
    model = Transformer(WORDS, WORDS, Config(**SIZES), OTHER).double().eval()
    logits, looked = model(SOURCE, PREVIOUS)
    memory, cache = model.encode(SOURCE)
    assert logits.shape == (3, 4, WORDS) and looked.shape == (3, 4, 5)
    for i, word in enumerate(PREVIOUS.unbind(1)):
        step, cache, _ = model.step(word, cache, memory)
        assert_close(step, logits[:, i])
    reached = gradients(model, logits.square().sum())
    assert all(g.isfinite().all() for g in reached.values())
    assert {name for name, _ in model.named_parameters()} == set(reached)
    assert greedy(model, SOURCE, max_length=5)[0].shape[0] == 3


def test_sides_of_one_size_draw_the_same_numbers_however_they_are_given():
    torch.manual_seed(0)
    one = Transformer(WORDS, WORDS, Config(**SIZES))
    torch.manual_seed(0)
    other = Transformer(WORDS, WORDS, Config(**SIZES), Config(**SIZES))
    assert all(a.equal(b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


# Weights


@every_scheme
def test_the_weights_of_every_block_are_given_where_they_are_asked_for(scheme):
    model = new_model("encoder-decoder", scheme)
    memory, _ = model.encode(SOURCE)
    logits, weights = model.decoder(PREVIOUS, memory, need_weights=True)
    plain, without = model.decoder(PREVIOUS, memory)
    assert_close(logits, plain)
    assert without.self_attention == (None, None)
    assert [w.shape for w in weights.self_attention] == [(3, HEADS, 4, 4)] * 2
    assert [w.shape for w in weights.cross_attention] == [(3, HEADS, 4, 5)] * 2
    assert_close(model(SOURCE, PREVIOUS)[1], weights.cross_attention[-1].mean(1))
    for looked in (*weights.self_attention, *weights.cross_attention):
        assert_close(looked.sum(-1), torch.ones(3, HEADS, 4, dtype=torch.float64))
    assert not any(w.masked_select(~causal_mask(4)).any() for w in weights.self_attention)
    assert not any(w.masked_select((SOURCE == PAD)[:, None, None]).any() for w in weights.cross_attention)
    _, reading = model.encoder(SOURCE, need_weights=True)
    assert not any(w.masked_select((SOURCE == PAD)[:, None, None]).any() for w in reading.self_attention)
    assert model.encoder(SOURCE)[1].self_attention == (None, None)


# Gradients, types, devices, state


@every_model
def test_gradients_reach_every_parameter(family, name):
    model = new_model(family, name)
    reached = gradients(model, run(model, SENTENCES)[SENTENCES != PAD].square().sum())
    silent = [name for name, p in model.named_parameters() if name not in reached or not reached[name].any()]
    # A bias of all keys adds one number to all scores of a query: no weight changes.
    excused = "project_key.bias"
    assert [name for name in silent if not name.endswith(excused)] == []
    assert all(g.isfinite().all() for g in reached.values())


@every_model
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_the_type_follows_the_model_and_nothing_is_made_without_a_device(family, name, dtype):
    model = new_model(family, name, dtype)
    with DeviceIsGiven():
        output = run(model, SENTENCES)
    assert output.dtype == dtype and output[SENTENCES != PAD].isfinite().all()


@every_scheme
@every_family
def test_a_saved_state_gives_the_same(family, scheme):
    model, other = new_model(family, scheme), new_model(family, scheme, seed=1)
    torch.save(model.state_dict(), file := io.BytesIO())
    file.seek(0)
    assert not run(other, SENTENCES).allclose(run(model, SENTENCES))
    other.load_state_dict(torch.load(file, weights_only=True))
    assert run(other, SENTENCES).equal(run(model, SENTENCES))


def test_dropout_is_one_mask_for_all_words_and_none_when_it_writes():
    model = new_model("encoder", dropout=0.5)
    assert run(model, SENTENCES).equal(run(model, SENTENCES))
    assert not run(model.train(), SENTENCES).allclose(run(model, SENTENCES))


# What does not fit


@every_family
def test_sentences_without_words_are_told_and_a_batch_without_sentences_is_none(family):
    model = new_model(family)
    with pytest.raises(ValueError, match=r"tokens: expected at least one word a sentence, got the shape \(3, 0\)"):
        run(model, SENTENCES[:, :0])
    if family == "encoder-decoder":
        with pytest.raises(ValueError, match=r"source: expected at least one word a sentence, got the shape \(3, 0\)"):
            run(model, SENTENCES, SOURCE[:, :0])
    assert run(model, SENTENCES[:0], SOURCE[:0]).shape[:2] == (0, 9)


def test_what_does_not_go_together_is_told():
    with pytest.raises(ValueError, match="layers: expected at least 1, got 0"):
        Config(layers=0)
    with pytest.raises(ValueError, match="heads: expected a divisor of the size 8, or a head_size, got 3"):
        TransformerEncoder(WORDS, Config(**SIZES | {"heads": 3}))
    for attend in (StridedAttention(3), FixedAttention(3), Retention(HEADS)):
        with pytest.raises(ValueError, match=r"causal: expected True, as .* only looks back, got False"):
            TransformerEncoder(WORDS, Config(**SIZES, attend=lambda attend=attend: attend))(SENTENCES)
    with pytest.raises(ValueError, match="causal: expected False, as LowRankAttention mixes words from the whole text"):
        TransformerDecoder(WORDS, Config(**SIZES, attend=lambda: LowRankAttention(LONGEST, 4)))(SENTENCES)
    with pytest.raises(SequenceTooLong, match="expected at most 40 positions, got 41"):
        new_model("decoder", "learned")(torch.full((1, 41), 5))


@every_family
def test_words_that_there_are_not_are_told(family):
    with pytest.raises(IndexError, match="index out of range"):
        run(new_model(family), torch.full((3, 2), WORDS))
