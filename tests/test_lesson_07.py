"""What lesson 07 builds is the package's network; padding changes nothing; a training repeats itself."""

import random

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention_course.layers import AttentionPooling
from attention_course.lessons.lesson_07 import built, documents
from attention_course.models import hierarchical as package

DOCUMENT, SHORT = [[5, 4, 9], [8], [3, 7, 6, 2]], [[6, 5]]
GRUS = {"both GRUs": (True, True), "sentence GRU": (False, True), "no GRUs": (False, False)}
each = pytest.mark.parametrize("gru", GRUS.values(), ids=GRUS)


def new(gru):
    torch.manual_seed(0)
    return built.HierarchicalAttention(12, 3, E=6, gru=gru).eval()


def same(network, gru):
    """The package's network with the same weights."""
    levels = {"words": gru[0], "sentences": gru[1]}
    encoders = [package.BidirectionalGRU(6) if reads else package.Identity() for reads in gru]
    parts = [package.Level(encoder, AttentionPooling(6, 6)) for encoder in encoders]
    made = package.HierarchicalAttention(12, *parts, size=6, classes=3).eval()
    given, taken = network.state_dict(), {}
    for level, reads in levels.items():
        taken[f"{level}.pool.project.weight"], taken[f"{level}.pool.u"] = (
            given[f"{level}.W_k.weight"],
            given[f"{level}.u"],
        )
        for name in [key for key in given if key.startswith(f"{level}.gru.gru.")] if reads else []:
            way = "backwards" if name.endswith("_reverse") else "forwards"
            taken[f"{level}.encoder.{way}.{name.removeprefix(f'{level}.gru.gru.').removesuffix('_reverse')}"] = given[
                name
            ]
    taken |= {name: given[name] for name in ("embedding.weight", "classify.weight", "classify.bias")}
    made.load_state_dict(taken)
    return made


@each
def test_it_is_the_package_s_network(gru):
    network, tokens = new(gru), built.pad_documents([DOCUMENT, SHORT])
    for ours, theirs in zip(network(tokens), same(network, gru)(tokens), strict=False):
        assert_close(ours, theirs, rtol=0, atol=1e-6)


@each
def test_padding_changes_nothing_and_no_gradient_is_nan(gru):
    network, tokens = new(gru), built.pad_documents([DOCUMENT, SHORT])
    wide = network(nn.functional.pad(tokens, (0, 4, 0, 3)))
    narrow = network(tokens)
    assert_close(narrow.logits, wide.logits, rtol=0, atol=1e-6)
    assert not wide.sentence_weights[:, 3:].any() and not wide.word_weights[:, :, 4:].any()
    assert_close(network(built.pad_documents([SHORT])).logits, narrow.logits[1:], rtol=0, atol=1e-6)
    wide.logits.square().sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters())


def test_documents_are_padded_as_in_the_room():
    assert built.pad_documents([DOCUMENT, SHORT]).equal(documents.pad_documents([DOCUMENT, SHORT]))


def test_every_document_comes_once_a_pass_with_its_label():
    given = [[[4 + i]] for i in range(7)]
    found = list(built.batches(given, range(7), 2, random.Random(0), size=3))
    assert [len(batch) for batch, _ in found] == [3, 3, 1] * 2
    for part in (found[:3], found[3:]):
        assert sorted(label for _, labels in part for label in labels.tolist()) == list(range(7))
        assert all((batch.flatten() - 4).equal(labels) for batch, labels in part)


def test_lost_words_are_unknown_and_padding_stays():
    torch.manual_seed(0)
    [(batch, _)] = built.batches([DOCUMENT, SHORT], [0, 1], 1, random.Random(0), lost=1.0)
    assert set(batch.flatten().tolist()) == {0, 3} and (batch == 3).sum() == 10


def test_a_training_learns_and_repeats_itself():
    given = [[[5 + i % 6, 5 + i % 4], [4 if i % 2 else 6, 5 + i % 3]] for i in range(40)]
    labels, found = [i % 2 for i in range(40)], []
    for _ in range(2):
        network = new((False, True)).train()
        built.train(network, given, labels, passes=30)
        found.append(built.read(network, given).logits)
    assert found[0].equal(found[1]) and not network.training
    assert found[0].argmax(-1).tolist() == labels
