"""RNNsearch and the Transformer on Multi30k, English to French: how well they translate, how fast they train and write.

    python benchmarks/translation.py quality [--model NAME]     BLEU after two budgets, three seeds
    python benchmarks/translation.py peer                       BLEU of d2l's after the smaller one; needs d2l, too
    python benchmarks/translation.py speed [--rounds 5]         RNNsearch beside d2l's: 8 minutes; needs d2l
    python benchmarks/translation.py transformer [--rounds 5]   the Transformer beside torch.nn.Transformer: 15 minutes
    python benchmarks/translation.py muon [--rounds 5]          a step of Muon beside one of AdamW: three minutes
    python benchmarks/translation.py cache                      writing with a cache and without: two minutes
    python benchmarks/translation.py table                      results/translation.md from what is kept

Quality takes about an hour for each model. What has been measured of it is kept after every training and not measured
again. Each part keeps its figures in results/translation.json, by the kind of processor, and writes
results/translation.md anew.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TYPE_CHECKING

import keeping

if TYPE_CHECKING:
    from torch import nn

SEEDS = (0, 1, 2)
SIZES = {"embedding_size": 192, "hidden_size": 192, "decoder_size": 384, "score_size": 192}
DROPOUT = 0.3
MENDED = "Transformer, lesson 13"  # with half the first numbers, and Muon
CONFIG = {"size": 256, "heads": 8, "hidden": 512, "layers": 3, "dropout": 0.1}
MENDED_CONFIG = CONFIG | {"dropout": 0.2}
RECIPES = {  # what they are trained with
    "RNNsearch": {"learning_rate": 4e-3, "batch_tokens": 500, "label_smoothing": 0.1, "autocast": True},
    "Transformer": {"learning_rate": 1.5e-3, "batch_tokens": 500, "label_smoothing": 0.1, "autocast": True},
    MENDED: {"learning_rate": 3e-3, "batch_tokens": 500, "label_smoothing": 0.1, "autocast": True},
}
BUDGETS = {  # target tokens
    "RNNsearch": (1_800_000, 3_600_000),
    "Transformer": (1_850_000, 3_700_000),
    MENDED: (3_700_000,),
}
TEST = "test_2016_flickr"


def new_model(name: str, source_words: int, target_words: int) -> "nn.Module":
    """One of those that `RECIPES` names."""
    if name in ("Transformer", MENDED):
        from attention_course.lessons.lesson_13.built import smaller_start
        from attention_course.models.transformer import Config, Transformer

        config = MENDED_CONFIG if name == MENDED else CONFIG
        model = Transformer(source_words, target_words, Config(**config))
        if name == MENDED:
            smaller_start(model)
        return model
    from rnnsearch import new_rnnsearch

    return new_rnnsearch(source_words, target_words, **SIZES, dropout=DROPOUT)


def descent_of(name: str, model: "nn.Module") -> dict:
    """The optimizer of a model of `RECIPES` and what it is given, as `train` takes them."""
    from attention_course.training import muon

    return {"optimizer": muon.MuonWithAdamW, "parameters": muon.for_muon(model)} if name == MENDED else {}


def quality_of(job: tuple[str, int, int]) -> dict:
    """Train with one seed on one budget; the best of four checkpoints on val is scored on the test set."""
    import torch

    from attention_course import device
    from attention_course.data import multi30k
    from attention_course.data.batches import encode_pairs
    from attention_course.data.vocabulary import Vocabulary
    from attention_course.decoding import copy_unknown, translate
    from attention_course.metrics import bleu_by_length, corpus_bleu
    from attention_course.training import train

    name, seed, budget = job
    torch.set_num_threads(1)
    pairs, val, test = multi30k.pairs("train"), multi30k.pairs("val"), multi30k.pairs(TEST)
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    device.seed_everything(seed)
    model = new_model(name, len(english), len(french))

    def written(part):
        return translate(model, [source for source, _ in part], english, french)

    run = train(
        model,
        encode_pairs(pairs, english, french),
        target_tokens=budget,
        seed=seed,
        progress=False,
        validate=lambda _: corpus_bleu([t.words for t in written(val)], [target for _, target in val]).score,
        **descent_of(name, model),
        **RECIPES[name],
    )
    translations, references = written(test), [target for _, target in test]
    words = [t.words for t in translations]
    copied = [copy_unknown(t.words, s, t.weights) for t, (s, _) in zip(translations, test, strict=True)]
    bleu = corpus_bleu(words, references)
    groups = bleu_by_length(words, references, [len(source) for source, _ in test])
    found = {
        "model": name,
        "seed": seed,
        "budget": budget,
        "target_tokens": run.used,
        "val": run.validations,
        "bleu": bleu.score,
        "with_copies": corpus_bleu(copied, references).score,
        "by_length": [list(group) for group in groups],
        "signature": bleu.signature,
        "words": [len(english), len(french)],
        "precision": "bfloat16 autocast" if device.bfloat16_pays() else "float32",
        "machine": device.describe(),
    }
    print({key: found[key] for key in ("model", "seed", "budget", "bleu", "with_copies", "val")}, flush=True)
    return found


def quality(name: str, processes: int) -> None:
    """All seeds and budgets that are not kept yet for this kind of processor, the long ones first."""
    from attention_course.device import pick_device

    where = pick_device().type  # these models are large enough for any GPU
    done = {(run["model"], run["seed"], run["budget"]) for run in keeping.here("translation", where).get("quality", [])}
    jobs = [(name, seed, budget) for budget in sorted(BUDGETS[name], reverse=True) for seed in SEEDS]
    jobs = [job for job in jobs if job not in done]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for training in as_completed([pool.submit(quality_of, job) for job in jobs]):
            runs = [*keeping.here("translation", where).get("quality", []), training.result()]
            keep("quality", sorted(runs, key=lambda run: (run["model"], run["budget"], run["seed"])), where)


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
    model.train(batches, min(BUDGETS["RNNsearch"]), autocast=device.bfloat16_pays())
    # One by one, for its encoder reads padding as if it were words.
    written = translate(WordByWord(model.model, PAD), [source for source, _ in test], english, french, batch=1)
    bleu = corpus_bleu([t.words for t in written], [target for _, target in test])
    print(bleu, flush=True)
    keep("peer", {"budget": min(BUDGETS["RNNsearch"]), "bleu": bleu.score, "batch_tokens": BATCH * 16})


def speed(rounds: int) -> None:
    """Beside d2l's, in one process."""
    from translation_speed import measure

    keep("speed", measure(SIZES, DROPOUT, RECIPES["RNNsearch"], rounds))


def transformer(rounds: int) -> None:
    """The Transformer's training beside that of `torch.nn.Transformer`, in one process."""
    from transformer_speed import measure

    keep("transformer", measure(RECIPES["Transformer"], rounds))


def muon(rounds: int) -> None:
    """A training step with Muon beside one with AdamW, in one process."""
    from transformer_speed import optimizers

    keep("muon", optimizers(RECIPES["Transformer"], rounds))


def cache() -> None:
    """Writing with a cache and without."""
    from transformer_speed import cache

    keep("cache", cache())


def keep(part: str, figures, where: str = "cpu") -> None:
    """Keep the figures of one part, and write the table."""
    keeping.keep("translation", {part: figures}, where)
    table()


def table() -> None:
    """results/translation.md from what is kept."""
    from translation_table import write

    recipes = {
        "sizes": SIZES,
        "dropout": DROPOUT,
        "config": CONFIG,
        "mended": MENDED_CONFIG,
        "recipes": RECIPES,
        "test": TEST,
    }
    keeping.write("translation", write(keeping.kept("translation"), **recipes))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["quality", "peer", "speed", "transformer", "muon", "cache", "table"])
    parser.add_argument("--model", choices=list(RECIPES), default="RNNsearch", help="of the quality part")
    parser.add_argument("--processes", type=int, default=2, help="of the quality part, one thread each")
    parser.add_argument("--rounds", type=int, default=5, help="of a speed part, after one that is not counted")
    chosen = parser.parse_args()
    keeping.kind()  # a setting that it refuses is told before anything is measured
    if chosen.part == "quality":
        quality(chosen.model, chosen.processes)
    elif chosen.part == "peer":
        peer()
    elif chosen.part == "speed":
        speed(chosen.rounds)
    elif chosen.part == "transformer":
        transformer(chosen.rounds)
    elif chosen.part == "muon":
        muon(chosen.rounds)
    elif chosen.part == "cache":
        cache()
    else:
        table()
