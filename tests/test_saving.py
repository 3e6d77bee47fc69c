"""What a user would save, pickled, copied and saved by PyTorch: it comes back as it was."""

import copy
import inspect
import io
import pickle
from functools import partial

import pytest
import torch
from everything import FORMS, LAYERS, modules
from torch import nn

from attention_course import claims, results, scores
from attention_course.cache import KeyValueCache
from attention_course.checks.result import Note, Result
from attention_course.data.grammar import TooFewSentences
from attention_course.data.movie_reviews import MovieReview
from attention_course.efficient.gated import Faded
from attention_course.efficient.grouped_query import GroupedQueryAttention
from attention_course.efficient.linear import LinearAttention, State, Sums
from attention_course.efficient.pattern import PatternAttention
from attention_course.efficient.random_features import PositiveRandomFeatures, ScaledSums
from attention_course.layers import AttentionPooling, MeanPooling, SelfAttention, StructuredAttention
from attention_course.layers.dropout import SharedDropout
from attention_course.layers.reversible import ReversibleStack
from attention_course.lessons.lesson_03 import built as built_03
from attention_course.lessons.lesson_04 import built as built_04
from attention_course.lessons.lesson_05 import built as built_05
from attention_course.lessons.lesson_06 import built as built_06
from attention_course.lessons.lesson_07 import built as built_07
from attention_course.lessons.lesson_08 import built as built_08
from attention_course.lessons.lesson_08 import controls as controls_08
from attention_course.lessons.lesson_09 import built as built_09
from attention_course.lessons.lesson_09 import same_different_classifier
from attention_course.lessons.lesson_09.entailer import Entailer
from attention_course.lessons.lesson_09.neighbours import Neighbours
from attention_course.lessons.lesson_09.reader import Reader
from attention_course.lessons.lesson_09.sentence_embedding import SentenceEmbedding
from attention_course.lessons.lesson_10 import built as built_10
from attention_course.lessons.lesson_10 import one_head
from attention_course.lessons.lesson_10.multi_head_translator import MultiHeadTranslator
from attention_course.lessons.lesson_11 import built as built_11
from attention_course.lessons.lesson_12 import built as built_12
from attention_course.lessons.lesson_12 import without
from attention_course.lessons.lesson_13 import built as built_13
from attention_course.lessons.lesson_17.long_range_qa import LongRangeQA
from attention_course.lessons.lesson_18.associative_recall import AssociativeRecall
from attention_course.lessons.lesson_19.copy_model import CopyModel
from attention_course.models import captioner, efficientnet, hard_attention, hierarchical, ibm1, luong, recurrent
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch, Translator
from attention_course.models.small_encoder import SmallEncoder
from attention_course.models.transformer import (
    Block,
    Config,
    DecoderState,
    Stack,
    Transformer,
    TransformerDecoder,
    TransformerEncoder,
    Weights,
)
from attention_course.positions import LearnedPositions, RotaryAttention, SinusoidalPositions
from attention_course.positions.relative import RelativeAttention
from attention_course.positions.rotary import RotaryState
from attention_course.scores import AdditiveScore, BilinearScore, DotScore, MultiplicativeScore, ScaledScore, Score
from attention_course.training import Training

SIZES = {"embedding_size": 8, "hidden_size": 6, "decoder_size": 10}
SMALL = Config(size=8, heads=2, hidden=8, layers=2)
OTHERWISE = Config(
    size=8, heads=2, attend=RotaryAttention, positions=None, attention=partial(GroupedQueryAttention, groups=1)
)
LEVEL = partial(hierarchical.Level, hierarchical.BidirectionalGRU(6), AttentionPooling(6, 5))
MODULES = {
    **{f"attention function, {name}": form.make for name, form in FORMS.items() if isinstance(form.make(), nn.Module)},
    **{f"layer, {name}": partial(layer, 16, 4, attend=FORMS["rotary, local"].make()) for name, layer in LAYERS.items()},
    "pooling": lambda: AttentionPooling(6, 5),
    "self-attention": lambda: SelfAttention(6, 5),
    "structured": lambda: StructuredAttention(6, 5, 2),
    "random features": lambda: LinearAttention(PositiveRandomFeatures(4, 8)),
    "reversible": lambda: ReversibleStack([nn.Linear(4, 4), nn.Linear(4, 4)]),
    "scores": lambda: nn.ModuleList(
        [DotScore(), AdditiveScore(6, 4, 5), MultiplicativeScore(6, 4, 5), ScaledScore(6, 4, 5), BilinearScore(6, 4)]
    ),
    "positions": lambda: nn.ModuleList([LearnedPositions(8, 5), SinusoidalPositions(8)]),
    "encoder": lambda: TransformerEncoder(9, SMALL),
    "decoder": lambda: TransformerDecoder(9, OTHERWISE),
    "Transformer": lambda: Transformer(9, 8, SMALL),
    "fact reader": lambda: LongRangeQA(9, 3, SMALL),
    "repeater": lambda: CopyModel(3),
    "repeater, hashing": lambda: CopyModel(3, attend=FORMS["hashing"].make()),
    "recaller": lambda: AssociativeRecall(4, 5, FORMS["linear"].make()),
    "encoder-decoder": lambda: EncoderDecoder(12, 11, **SIZES),
    "encoder-decoder of lesson 03": lambda: built_03.EncoderDecoder(12, 11),
    "RNNsearch of lesson 04": lambda: built_04.RNNsearch(12, 11),
    "translators of lesson 05": lambda: nn.ModuleList(
        [
            built_05.LocalLuong(12, 11, built_05.LocalM(1), score=built_05.Dot),
            built_05.LocalLuong(12, 11, built_05.LocalP(128, 2), score=built_05.Concat),
            built_05.Luong(12, 11),
            built_05.WordAsksToo(12, 11),
        ]
    ),
    "matcher of lesson 09": lambda: built_09.Matcher(9),
    "readers of lesson 11": lambda: nn.ModuleList(
        [
            built_11.Reader(9, add=built_11.Learned(64, 5), scores=lambda: built_11.Shaw(16)),
            built_11.Reader(9, scores=lambda: built_11.T5(4)),
            built_11.Reader(9, scores=lambda: built_11.ALiBi(4)),
        ]
    ),
    "Transformer of lesson 12": lambda: built_12.WithCache(built_12.Transformer(9, 8, E=8, H=2, hidden=8, N=1)),
    "in the place of parts of a block": lambda: nn.ModuleList([without.Nothing(), without.FindsNothing()]),
    "stacks of lesson 13": lambda: nn.ModuleList(
        [
            built_13.stack((9, 8), 1, join, E=8, H=2, hidden=8)
            for join in (built_13.PostNorm, built_13.PreNorm, built_13.NoResidual)
        ]
    ),
    "multi-head attention of lesson 10": lambda: built_10.MultiHeadAttention(4, 2),
    "behind an MLP": lambda: one_head.BehindMLP(built_10.MultiHeadAttention(16, 2)),
    "RNNsearch": lambda: RNNsearch(12, 11, **SIZES),
    "Luong": lambda: luong.Luong(12, 11, window=luong.MonotonicWindow(1), **SIZES),
    "Luong, local-p": lambda: luong.Luong(12, 11, window=luong.PredictiveWindow(10, 2), **SIZES),
    "multi-head translator": lambda: MultiHeadTranslator(12, 11, heads=2, **SIZES),
    "captioner of lesson 06": lambda: built_06.Captioner(torch.ones(3, 4, 5), 9),
    "hard attention of lesson 06": lambda: built_06.HardAttention(6, 5, 4),
    "captioner": lambda: captioner.Captioner(torch.ones(3, 4, 5), 9),
    "mean captioner": lambda: captioner.MeanCaptioner(torch.ones(3, 4, 5), 9),
    "hard captioner": lambda: hard_attention.HardCaptioner(torch.ones(3, 4, 5), 9),
    "album": lambda: captioner.Album(captioner.Captioner(torch.ones(3, 4, 5), 9), torch.ones(2, 4, 5)),
    "reinforce": hard_attention.Reinforce,
    "hierarchical": lambda: hierarchical.HierarchicalAttention(9, LEVEL(), LEVEL(), size=6),
    "hierarchical, plain": lambda: hierarchical.Level(hierarchical.Identity(), MeanPooling()),
    "hierarchical attention of lesson 07": lambda: built_07.HierarchicalAttention(9, 2, E=4),
    "stacked": lambda: built_08.StackedAttention(9, 5, 3, 3),
    "side by side": lambda: controls_08.SideBySide(9, 5, 3, 3),
    "one look": lambda: controls_08.OneLook(9, 5, 3),
    "reader": lambda: Reader(9),
    "entailer": lambda: Entailer(9),
    "sentence embedding": lambda: SentenceEmbedding(9, 2, 3),
    "matchers": lambda: nn.ModuleList(
        [
            same_different_classifier.SelfAttentiveClassifier(9),
            same_different_classifier.RecurrentClassifier(9),
            same_different_classifier.PooledRecurrentClassifier(9),
            same_different_classifier.PooledClassifier(9),
            same_different_classifier.AverageClassifier(9),
        ]
    ),
    "small encoder": SmallEncoder,
    "efficientnet": efficientnet.EfficientNetLite0,
}
INSIDE_OTHERS = {PatternAttention, RelativeAttention, Stack, Block, Translator, Score, Neighbours, built_08.Hop}
INSIDE_OTHERS |= {recurrent.Encoder, recurrent.ContextGRUCell, SharedDropout}
INSIDE_OTHERS |= {efficientnet.InvertedResidual, efficientnet.SameConv2d}
some = torch.ones(1, 2, 3, 4)
THINGS = {
    "Config": Config(),
    "Config, otherwise": OTHERWISE,
    "cache": KeyValueCache.of(some, some, torch.ones(1, 3).bool()),
    "decoder state": DecoderState((KeyValueCache.of(some, some),), 3),
    "rotary state": RotaryState(3, KeyValueCache.of(some, some)),
    "sums": Sums(some, torch.ones(1, 2, 1, 1).bool()),
    "faded sums": Faded(some, torch.ones(1, 2, 1, 1).bool()),
    "scaled sums": ScaledSums(some, torch.ones(1, 2, 1), torch.ones(1, 2, 1, 1).bool()),
    "weights": Weights((None,), (some,)),
    "linear state": State(some, some),
    "training": Training(*range(len(Training._fields))),
    "threshold": claims.Threshold(">", 0.5),
    "results": results.Results("00", {"a": [1.0]}, "measured"),
    "interval": results.Interval(1.0, 0.5, 1.5),
    "result of a check": Result("correct", None, "so it is"),
    "note": Note("a", "b"),
    "review": MovieReview([["a"]], 1, "b"),
    "too few sentences": TooFewSentences("there are not as many", []),
    "IBM model 1": ibm1.Ibm1([(["a", "b"], ["c"]), (["a"], ["d"])]),
}


def by_torch(thing):
    torch.save(thing, file := io.BytesIO())
    file.seek(0)
    return torch.load(file, weights_only=False)


WAYS = {"pickle": lambda thing: pickle.loads(pickle.dumps(thing)), "deepcopy": copy.deepcopy, "torch.save": by_torch}
every_way = pytest.mark.parametrize("way", WAYS)


def shown(thing):
    """What it says of itself, and what it holds."""
    told = None if type(thing).__repr__ is object.__repr__ else thing
    return repr((type(thing), told, getattr(thing, "__dict__", None)))


@every_way
@pytest.mark.parametrize("name", MODULES)
def test_a_module_comes_back_with_all_its_numbers(name, way):
    torch.manual_seed(0)
    module = MODULES[name]()
    back = WAYS[way](module)
    assert type(back) is type(module) and repr(back) == repr(module)
    ours, theirs = module.state_dict(), back.state_dict()
    assert list(ours) == list(theirs) and all(ours[key].equal(theirs[key]) for key in ours)


@every_way
@pytest.mark.parametrize("name", THINGS)
def test_a_thing_comes_back_as_it_was(name, way):
    assert shown(WAYS[way](THINGS[name])) == shown(THINGS[name])


def test_every_module_of_the_package_is_here():
    tried = {type(part) for make in MODULES.values() for part in make().modules()} | INSIDE_OTHERS
    for module in [*modules(), scores]:
        for thing in vars(module).values():
            if inspect.isclass(thing) and issubclass(thing, nn.Module) and thing.__module__ == module.__name__:
                assert thing in tried, thing
