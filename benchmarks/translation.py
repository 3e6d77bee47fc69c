"""RNNsearch on Multi30k, English to French: how well it translates, and how fast it trains beside d2l's.

    python benchmarks/translation.py quality [--processes 2]    BLEU after two budgets, three seeds; about an hour
    python benchmarks/translation.py peer                       BLEU of d2l's after the smaller one; needs d2l, too
    python benchmarks/translation.py speed [--rounds 5]         about 8 minutes; needs d2l: `make benchmarks`
    python benchmarks/translation.py table                      results/translation.md from what is kept

Each part keeps its figures in results/translation.json, and writes results/translation.md anew.
"""

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
SEEDS = (0, 1, 2)
BUDGETS = (1_800_000, 3_600_000)  # target tokens
SIZES = {"embedding_size": 192, "hidden_size": 192, "decoder_size": 384, "score_size": 192}
RECIPE = {"learning_rate": 4e-3, "batch_tokens": 500, "label_smoothing": 0.1, "autocast": True}
DROPOUT = 0.3
TEST = "test_2016_flickr"


def quality_of(job: tuple[int, int]) -> dict:
    """Train with one seed on one budget; the best of four checkpoints on val is scored on the test set."""
    import torch
    from rnnsearch import new_rnnsearch

    from attention_course import device
    from attention_course.data import multi30k
    from attention_course.data.batches import encode_pairs
    from attention_course.data.vocabulary import Vocabulary
    from attention_course.decoding import copy_unknown, translate
    from attention_course.metrics import bleu_by_length, corpus_bleu
    from attention_course.training import train

    seed, budget = job
    torch.set_num_threads(1)
    pairs, val, test = multi30k.pairs("train"), multi30k.pairs("val"), multi30k.pairs(TEST)
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    device.seed_everything(seed)
    model = new_rnnsearch(len(english), len(french), **SIZES, dropout=DROPOUT)

    def written(part):
        return translate(model, [source for source, _ in part], english, french)

    run = train(
        model,
        encode_pairs(pairs, english, french),
        target_tokens=budget,
        seed=seed,
        progress=False,
        validate=lambda _: corpus_bleu([t.words for t in written(val)], [target for _, target in val]).score,
        **RECIPE,
    )
    translations, references = written(test), [target for _, target in test]
    words = [t.words for t in translations]
    copied = [copy_unknown(t.words, s, t.weights) for t, (s, _) in zip(translations, test, strict=True)]
    bleu = corpus_bleu(words, references)
    groups = bleu_by_length(words, references, [len(source) for source, _ in test])
    found = {
        "seed": seed,
        "budget": budget,
        "target_tokens": run.target_tokens,
        "val": run.validations,
        "bleu": bleu.score,
        "with_copies": corpus_bleu(copied, references).score,
        "by_length": [list(group) for group in groups],
        "signature": bleu.signature,
        "words": [len(english), len(french)],
        "precision": "bfloat16 autocast" if device.bfloat16_pays() else "float32",
        "machine": device.describe(),
    }
    print({key: found[key] for key in ("seed", "budget", "bleu", "with_copies", "val")}, flush=True)
    return found


def quality(processes: int) -> None:
    """All seeds and budgets, the long ones first."""
    jobs = [(seed, budget) for budget in sorted(BUDGETS, reverse=True) for seed in SEEDS]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        keep("quality", list(pool.map(quality_of, jobs)))


def peer() -> None:
    """d2l's model, trained on the smaller budget with our batches and our schedule; one seed."""
    from peers.d2l_bahdanau import BATCH, Peer, WordByWord

    from attention_course import device
    from attention_course.data import multi30k
    from attention_course.data.batches import encode_pairs, endless
    from attention_course.data.vocabulary import Vocabulary
    from attention_course.decoding import translate
    from attention_course.masks import PAD
    from attention_course.metrics import corpus_bleu

    pairs, test = multi30k.pairs("train"), multi30k.pairs(TEST)
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    device.seed_everything(SEEDS[0])
    model = Peer(len(english), len(french), PAD)
    batches = endless(encode_pairs(pairs, english, french), BATCH * 16, SEEDS[0])  # about BATCH sentences each
    model.train(batches, min(BUDGETS), autocast=device.bfloat16_pays())
    # One by one, for its encoder reads padding as if it were words.
    written = translate(WordByWord(model.model, PAD), [source for source, _ in test], english, french, batch=1)
    bleu = corpus_bleu([t.words for t in written], [target for _, target in test])
    print(bleu, flush=True)
    keep("peer", {"budget": min(BUDGETS), "bleu": bleu.score, "batch_tokens": BATCH * 16})


def speed(rounds: int) -> None:
    """Beside d2l's, in one process."""
    from translation_speed import measure

    keep("speed", measure(SIZES, DROPOUT, RECIPE, rounds))


def keep(part: str, figures) -> None:
    """Add the figures of one part to the file, and write the table."""
    path = RESULTS / "translation.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept[part] = figures
    path.write_text(json.dumps(kept, indent=1) + "\n")
    table()


def table() -> None:
    """results/translation.md from what is kept."""
    from translation_table import write

    kept = json.loads((RESULTS / "translation.json").read_text())
    (RESULTS / "translation.md").write_text(write(kept, sizes=SIZES, dropout=DROPOUT, recipe=RECIPE, test=TEST))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["quality", "peer", "speed", "table"])
    parser.add_argument("--processes", type=int, default=2, help="of the quality part, one thread each")
    parser.add_argument("--rounds", type=int, default=5, help="of the speed part, after one that is not counted")
    chosen = parser.parse_args()
    if chosen.part == "quality":
        quality(chosen.processes)
    elif chosen.part == "peer":
        peer()
    elif chosen.part == "speed":
        speed(chosen.rounds)
    else:
        table()
