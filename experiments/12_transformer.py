"""The Transformer beside the translators of lessons 03 and 04: quality, speed, and how far gradients reach.

Three seeds each. On Multi30k with the budget of RNNsearch in experiment 04, beside whose results these stand, and the
speed of all three side by side; gradients before any training. Writes attention_course/results/12_transformer.json;
needs Multi30k. About twenty minutes on one core.
"""

import math
import time
from functools import partial

import torch
from torch import nn

from attention_course import device, results
from attention_course.data import multi30k
from attention_course.data.batches import encode_pairs, endless
from attention_course.data.vocabulary import Vocabulary
from attention_course.decoding import translate
from attention_course.masks import PAD
from attention_course.metrics import bleu_by_length, corpus_bleu
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch
from attention_course.models.transformer import Block, Config, Transformer
from attention_course.training import train, train_step, translation_loss

SEEDS = range(3)
BUDGET = 800_000  # target tokens of Multi30k, those of RNNsearch in experiment 04
SIZES = {"embedding_size": 128, "hidden_size": 128, "decoder_size": 256, "dropout": 0.2}  # of lessons 03 and 04
CONFIG = Config(size=128, hidden=256, layers=3)  # about as many parameters
LEARNING_RATE = 3e-3
ROUNDS, BATCHES = 5, 8  # of the comparison of speed

DISTANCES = [1, 2, 4, 8, 16, 32, 64, 128, 256]
FAR = 64  # the distance of the claim
WIDTH, SENTENCES = 128, 16


def on_multi30k(seed: int) -> dict:
    """Train with one seed, and translate the test set."""
    pairs, test = multi30k.pairs("train"), multi30k.pairs("test_2016_flickr")
    sources, references = (list(side) for side in zip(*test, strict=True))
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    device.seed_everything(seed)
    model = Transformer(len(english), len(french), CONFIG)
    run = train(
        model,
        encode_pairs(pairs, english, french),
        target_tokens=BUDGET,
        batch_tokens=500,
        learning_rate=LEARNING_RATE,
        label_smoothing=0.1,
        seed=seed,
        progress=False,
    )
    words = [t.words for t in translate(model, sources, english, french)]
    return {
        "bleu": corpus_bleu(words, references).score,
        "by_length": bleu_by_length(words, references, [len(source) for source in sources]),
        "seconds": run.seconds,
    }


def speeds() -> dict:
    """Words a second in training, of all three on the same batches in turns, one number a round."""
    pairs = multi30k.pairs("train")
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    words = len(english), len(french)
    models = {
        "transformer": Transformer(*words, CONFIG),
        "with": RNNsearch(*words, **SIZES),
        "without": EncoderDecoder(*words, **SIZES),
    }
    optimizers = {
        name: torch.optim.AdamW(m.parameters(), lr=1e-4, betas=(0.9, 0.98), fused=True) for name, m in models.items()
    }
    stream = endless(encode_pairs(pairs, english, french), 500, seed=0)
    loss, found = partial(translation_loss, label_smoothing=0.1), {name: [] for name in models}
    for number in range(ROUNDS + 1):  # the first warms up
        batches = [next(stream) for _ in range(BATCHES)]
        tokens = sum(int((target[:, 1:] != PAD).sum()) for _, target in batches)
        taken = dict.fromkeys(models, 0.0)
        for source, target in batches:
            for name, model in models.items():
                start = time.process_time()
                train_step(model, optimizers[name], loss, (source, target))
                taken[name] += time.process_time() - start
        if number:
            for name, seconds in taken.items():
                found[name].append(tokens / seconds)
    return found | {"parameters": {name: sum(p.numel() for p in m.parameters()) for name, m in models.items()}}


# How far a gradient reaches


def reach(kind: str, seed: int) -> list[float]:
    """The gradient that the last output sends to the word so far behind, over that to the last word itself.

    Networks as PyTorch (or this course) makes them, before any training, on vectors drawn at random.
    """
    torch.manual_seed(seed)
    recurrent = {"RNN": nn.RNN, "GRU": nn.GRU}
    if kind in recurrent:
        network = recurrent[kind](WIDTH, WIDTH, batch_first=True)
    else:
        network = nn.ModuleList(Block(Config(size=WIDTH, hidden=2 * WIDTH, dropout=0.0)) for _ in range(3))
    network.double()
    found = []
    for distance in DISTANCES:
        # In double precision: a single one ends at 1e-45.
        x = torch.randn(SENTENCES, distance + 1, WIDTH, dtype=torch.float64, requires_grad=True)
        if kind in recurrent:
            last = network(x)[0][:, -1]
        else:
            y = x
            for block in network:
                y = block(y, causal=True)[0]
            last = nn.functional.layer_norm(y[:, -1], (WIDTH,))
        (gradient,) = torch.autograd.grad((last * torch.randn_like(last)).sum(), x)
        first, here = gradient[:, 0].norm(dim=-1).mean(), gradient[:, -1].norm(dim=-1).mean()
        found.append((first / here).item())
    return found


def main() -> None:
    """All seeds, one after the other."""
    torch.set_num_threads(1)
    values = {"budget": BUDGET, "distances": DISTANCES}
    values["reach"] = {kind: [reach(kind, seed) for seed in SEEDS] for kind in ("RNN", "GRU", "Transformer")}
    far = DISTANCES.index(FAR)
    values["reach_gain"] = [
        math.log10(ours[far] / theirs[far])
        for ours, theirs in zip(values["reach"]["Transformer"], values["reach"]["GRU"], strict=True)
    ]
    values["speeds"] = speeds()
    pairs = zip(values["speeds"]["transformer"], values["speeds"]["with"], strict=True)
    values["speed_over_rnnsearch"] = [ours / theirs for ours, theirs in pairs]
    print(values, flush=True)
    runs = []
    for seed in SEEDS:
        runs.append(on_multi30k(seed))
        print(seed, runs[-1], flush=True)
    values |= {f"{key}_multi30k": [run[key] for run in runs] for key in runs[0]}
    theirs = results.load("04_translation")["bleu_with"]
    values["lead_over_rnnsearch"] = [a - b for a, b in zip(values["bleu_multi30k"], theirs, strict=True)]
    results.save("12_transformer", values, command="python experiments/12_transformer.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
