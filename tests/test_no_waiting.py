"""No model waits in a forward or backward pass for the numbers that a device has computed.

On `meta` there are none: what asks for one there fails (`.item()`, a condition on `.any()`, `.tolist()`, a copy to the
processor), and on a GPU it would keep the processor waiting.
"""

from contextlib import nullcontext
from functools import partial

import pytest
import torch
from everything import FORMS, LAYERS, one_vector
from factories import MODELS, PREVIOUS, SIZES, SOURCE
from torch.utils._python_dispatch import TorchDispatchMode

from attention_course.efficient.attention_to_others import attention_to_others
from attention_course.layers import AttentionPooling, MeanPooling
from attention_course.lessons.lesson_08 import built as built_08
from attention_course.lessons.lesson_09.entailer import Entailer
from attention_course.lessons.lesson_09.reader import Reader
from attention_course.lessons.lesson_09.same_different_classifier import (
    AverageClassifier,
    RecurrentClassifier,
    SelfAttentiveClassifier,
)
from attention_course.lessons.lesson_09.sentence_embedding import SentenceEmbedding
from attention_course.lessons.lesson_17.long_range_qa import LongRangeQA
from attention_course.lessons.lesson_18.associative_recall import AssociativeRecall
from attention_course.lessons.lesson_19.copy_model import CopyModel
from attention_course.models.captioner import Album, Captioner, MeanCaptioner
from attention_course.models.efficientnet import EfficientNetLite0
from attention_course.models.hard_attention import HardCaptioner, Reinforce
from attention_course.models.hierarchical import BidirectionalGRU, HierarchicalAttention, Identity, Level
from attention_course.models.small_encoder import SmallEncoder
from attention_course.models.transformer import Config, TransformerDecoder, TransformerEncoder

WORDS = torch.tensor([[5, 4, 9, 11], [8, 3, 0, 0]])
PICTURES = torch.ones(3, 4, 5)


def summed(given):
    """One number of all that a model gives."""
    if isinstance(given, torch.Tensor):
        return given.float().sum()
    return sum(summed(part) for part in given if part is not None)


def small(**options):
    return Config(size=8, heads=2, hidden=8, layers=2, **options)


def hierarchy(encoder, pool):
    return HierarchicalAttention(12, Level(encoder(), pool()), Level(encoder(), pool()), size=6)


BATCHES = {  # a model, and what it is given
    **{name: (partial(make, 12, 11, **SIZES), SOURCE, PREVIOUS) for name, make in MODELS.items()},
    "encoder": (lambda: TransformerEncoder(12, small()), WORDS),
    "decoder": (lambda: TransformerDecoder(12, small()), WORDS),
    "fact reader": (lambda: LongRangeQA(12, 3, small()), WORDS, WORDS[:, :2] % 4),
    "recaller": (lambda: AssociativeRecall(4, 5, FORMS["linear"].make()), WORDS, WORDS, WORDS),
    "repeater": (lambda: CopyModel(2, 12, attend=attention_to_others), WORDS),
    "captioner": (lambda: Captioner(PICTURES, 12), PICTURES, PREVIOUS),
    "mean captioner": (lambda: MeanCaptioner(PICTURES, 12), PICTURES, PREVIOUS),
    "hard captioner": (lambda: HardCaptioner(PICTURES, 12), PICTURES, PREVIOUS),
    "hierarchy": (partial(hierarchy, lambda: BidirectionalGRU(6), lambda: AttentionPooling(6, 5)), WORDS[:, None]),
    "hierarchy of means": (partial(hierarchy, Identity, MeanPooling), WORDS[:, None]),
    "stacked": (lambda: built_08.StackedAttention(12, 5, 3, 3), PICTURES[:2], WORDS),
    "reader": (lambda: Reader(12), WORDS, WORDS),
    "entailer": (lambda: Entailer(12), WORDS),
    "sentence embedding": (lambda: SentenceEmbedding(12, 2, 3), WORDS),
    "matcher": (lambda: SelfAttentiveClassifier(12), WORDS),
    "recurrent matcher": (lambda: RecurrentClassifier(12), WORDS),
    "average": (lambda: AverageClassifier(12), WORDS),
    "small encoder": (SmallEncoder, torch.ones(2, 3, 32, 32)),
    "efficientnet": (EfficientNetLite0, torch.ones(2, 3, 32, 32)),
}


@pytest.mark.parametrize("name", BATCHES)
def test_no_model_waits_for_the_numbers(name):
    make, *given = BATCHES[name]
    model = make().to("meta")
    loss = summed(model(*(x.to("meta") for x in given)))
    if loss.requires_grad:
        loss.backward()
    assert loss.device.type == "meta"


def test_to_learn_from_rewards_waits_for_no_number():
    album, loss = Album(HardCaptioner(PICTURES, 12).train(), PICTURES).to("meta"), Reinforce(8).to("meta")
    loss(album, torch.zeros(3, 1, dtype=torch.long, device="meta"), PREVIOUS.to("meta")).backward()


@pytest.mark.parametrize("name", MODELS)
@torch.no_grad()
def test_no_step_of_a_translator_waits_for_the_numbers(name):
    model = MODELS[name](12, 11, **SIZES).to("meta")
    memory, state = model.encode(SOURCE.to("meta"))
    for words in PREVIOUS.to("meta").unbind(1):
        logits, state, _ = model.step(words, state, memory)
    assert logits.device.type == "meta"


class NoWaiting(TorchDispatchMode):
    """Raises where a number has to come back from the device before the program can go on."""

    WAITS = frozenset({"_local_scalar_dense", "equal", "nonzero", "is_nonzero", "masked_select"})

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        assert function.overloadpacket.__name__ not in self.WAITS, function
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize("form", FORMS)
def test_no_transformer_waits_with_whatever_attention(form):
    """Hashing sorts, which `meta` cannot; so that is tried on the processor, where all that waits is one operation."""
    there = "cpu" if "hashing" in form else "meta"
    layer = {"attention": LAYERS["shared"]} if one_vector(form) else {}
    config = Config(16, 4, 16, layers=1, attend=lambda: FORMS[form].make(), **layer)
    model = (TransformerDecoder if FORMS[form].causal else TransformerEncoder)(12, config).to(there)
    words, mask = WORDS.to(there), torch.ones(2, 1, 4, dtype=torch.bool, device=there)
    with NoWaiting() if there == "cpu" else nullcontext():
        summed(model(words, **({"mask": mask} if FORMS[form].causal else {}))[0]).backward()
    if FORMS[form].causal:
        with NoWaiting() if there == "cpu" else nullcontext(), torch.no_grad():
            _, _, state = model.step(words, mask=mask)
            model.step(words[:, :1], state, mask=mask[..., :1])


def test_the_guard_sees_who_waits():
    for waits in (lambda x: x.sum().item(), lambda x: bool(x.any())):
        with pytest.raises(AssertionError), NoWaiting():
            waits(torch.ones(3))
