"""How fast RNNsearch trains beside d2l's sequence-to-sequence model with Bahdanau attention."""

import random
import statistics
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version

import torch
import torch.nn.functional as F
from peers.d2l_bahdanau import BATCH, Peer
from racing import Contender, race
from rnnsearch import new_rnnsearch

from attention_course import device
from attention_course.data import multi30k
from attention_course.data.batches import Batch, cut, encode_pairs
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.masks import PAD
from attention_course.training import train_step, translation_loss

# annotations of 2 x 128
D2L_SIZES = {"embedding_size": 256, "hidden_size": 128, "decoder_size": 256, "score_size": 256}
TURNS = 12  # batches in a round
PEER, SHIPPED, SMALL = "d2l", "as shipped", "d2l's"
PRECISIONS = {(False, False): "float32", (True, True): "bfloat16", (False, True): "bfloat16 against float32"}
"""What a comparison is computed in, by whether d2l and ours are in bfloat16: a row says what was run."""


def measure(sizes: dict, dropout: float, recipe: dict, rounds: int) -> dict:
    """Both on the same batches in the same precision, with the same loss; then each as it is shipped."""
    pairs = multi30k.pairs("train")
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    examples = encode_pairs(pairs, english, french)
    device.seed_everything(0)
    peer = Peer(len(english), len(french), PAD)
    models = {
        name: new_rnnsearch(len(english), len(french), **its_sizes, dropout=dropout)
        for name, its_sizes in ((SHIPPED, sizes), (SMALL, D2L_SIZES))
    }
    optimizers = {
        name: torch.optim.AdamW(model.parameters(), lr=recipe["learning_rate"], betas=(0.9, 0.98), fused=True)
        for name, model in models.items()
    }

    def beside(
        setting: str, theirs: Sequence, ours: Sequence, halves: tuple[bool, bool], smoothing: float = 0.0
    ) -> list[dict]:
        loss = partial(translation_loss, label_smoothing=smoothing)

        def step(name):
            return lambda *batch: train_step(models[name], optimizers[name], loss, batch, half=halves[1])

        them = Contender(lambda s, t: peer.step(s, t, halves[0]), theirs)
        contenders = {PEER: them} | {name: Contender(step(name), ours) for name in models}
        return compare(setting, PRECISIONS[halves], contenders, rounds)

    def batch(places: Sequence[int]) -> Batch:
        return pad([examples[i][0] for i in places]), pad([examples[i][1] for i in places])

    order = sorted(range(len(examples)), key=lambda i: (len(examples[i][1]), len(examples[i][0])))
    middles = [(2 * turn + 1) * len(order) // (2 * TURNS) for turn in range(TURNS)]  # short sentences to long ones
    alike = [[batch(order[i - BATCH // 2 : i + BATCH // 2])] for i in middles]
    fast = device.bfloat16_pays()
    found = beside("same batches", alike, alike, (False, False))
    if fast:
        found += beside("same batches", alike, alike, (True, True))

    generator = random.Random(0)
    mixed = [[batch(generator.sample(order, BATCH))] for _ in range(TURNS // 2)]
    cuts = iter(cut(examples, recipe["batch_tokens"], generator))
    several = 2_000 // recipe["batch_tokens"]  # batches with about as many words
    bucketed = [[batch(next(cuts)) for _ in range(several)] for _ in mixed]
    shipped, smoothing = "each as shipped", recipe["label_smoothing"]
    found += beside(shipped, mixed, bucketed, (False, fast), smoothing)
    lengths = [max(map(len, sides)) for sides in zip(*examples, strict=True)]
    fixed = [[padded(batch, lengths) for batch in batches] for batches in mixed]
    found += beside(f"{shipped}, d2l with one length", fixed, bucketed, (False, fast), smoothing)

    parameters = {name: sum(p.numel() for p in m.parameters()) for name, m in [(PEER, peer.model), *models.items()]}
    versions = f"d2l {version('d2l')}; {device.describe()}"
    return {"rows": found, "rounds": rounds, "batch": BATCH, "parameters": parameters, "machine": versions}


def padded(batch: Batch, lengths: Sequence[int]) -> Batch:
    """Source and target as wide as the longest sentences of the whole corpus."""
    source, target = (
        F.pad(side, (0, length - side.shape[1]), value=PAD) for side, length in zip(batch, lengths, strict=True)
    )
    return source, target


def compare(setting: str, precision: str, contenders: dict[str, Contender], rounds: int) -> list[dict]:
    """How many times as many target tokens a second as d2l each of the others trains."""
    seconds = race(contenders, rounds)
    tokens = {name: contender.target_tokens() for name, contender in contenders.items()}
    speed = {name: [tokens[name] / sum(turns) for turns in seconds[name]] for name in contenders}
    best = {name: tokens[name] / sum(map(min, zip(*seconds[name], strict=True))) for name in contenders}
    rows = [
        {
            "setting": setting,
            "precision": precision,
            "sizes": name,
            "ratios": [ours / theirs for ours, theirs in zip(speed[name], speed[PEER], strict=True)],
            "ratio_of_best": best[name] / best[PEER],
            "tokens_per_second": statistics.median(speed[name]),
            "of_d2l": statistics.median(speed[PEER]),
        }
        for name in contenders
        if name != PEER
    ]
    for row in rows:
        print(row, flush=True)
    return rows
