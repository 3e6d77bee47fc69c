"""Multi30k, English to French, with attention and without, at equal time: BLEU by length, beams, alignments.

Three seeds each. Writes attention_course/results/04_translation.json; needs Multi30k. About half an hour on two cores.
After the word figures nothing is trained, and what the claim tests is worked out anew from the BLEU that is there.
"""

from concurrent.futures import ProcessPoolExecutor

import torch
from in_parts import measure

from attention_course import device
from attention_course.data import multi30k
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.decoding import align, beam, copy_unknown, in_batches, translate
from attention_course.metrics import bleu_by_length, corpus_bleu, diagonal_links, hard_links
from attention_course.models.ibm1 import Ibm1
from attention_course.models.seq2seq import EncoderDecoder, RNNsearch
from attention_course.training import train

SEEDS = range(3)
SIZES = {"embedding_size": 128, "hidden_size": 128, "decoder_size": 256, "dropout": 0.2}
MODELS = {"with": RNNsearch, "without": EncoderDecoder}
BUDGETS = {"with": 800_000, "without": 1_100_000}  # target tokens; the model without attention trains faster
BEAMS = [(width, power) for power in (0.0, 1.0) for width in (4, 16)]
SHOWN = 4  # sentences whose maps are kept


def train_and_translate(job: tuple[str, int]) -> dict:
    """Train one model with one seed, on one thread, and translate the test set."""
    name, seed = job
    torch.set_num_threads(1)
    pairs, test = multi30k.pairs("train"), multi30k.pairs("test_2016_flickr")
    sources, references = (list(side) for side in zip(*test, strict=True))
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    device.seed_everything(seed)
    model = MODELS[name](len(english), len(french), **SIZES)
    run = train(
        model,
        encode_pairs(pairs, english, french),
        target_tokens=BUDGETS[name],
        batch_tokens=500,
        learning_rate=5e-3,
        label_smoothing=0.1,
        seed=seed,
        progress=False,
    )
    translations = translate(model, sources, english, french)
    words = [t.words for t in translations]
    found = {
        "bleu": corpus_bleu(words, references).score,
        "by_length": bleu_by_length(words, references, [len(source) for source in sources]),
        "seconds": run.seconds,
    }
    if name == "with":
        copied = [copy_unknown(t.words, s, t.weights) for t, s in zip(translations, sources, strict=True)]
        found["bleu_with_copies"] = corpus_bleu(copied, references).score
        found["beam"] = [by_beam(model, english, french, sources, references, *how) for how in BEAMS]
        found |= against_ibm1(pairs, test, align(model, test, english, french))
    print(name, seed, {key: found[key] for key in ("bleu", "by_length", "seconds")}, flush=True)
    return found


def by_beam(model, english, french, sources, references, width: int, power: float) -> dict:
    """BLEU, length and log probability of the best translations that a beam finds."""
    best = {}
    for places in in_batches(sources, 50):
        found = beam(model, pad([english.encode(sources[i]) for i in places]), width, 40, power)
        best |= {i: hypotheses[0] for i, hypotheses in zip(places, found, strict=True)}
    written = [french.decode(best[i].words) for i in range(len(sources))]
    return {
        "width": width,
        "power": power,
        "bleu": corpus_bleu(written, references).score,
        "words": sum(map(len, written)) / len(written),
        "log_probability": sum(h.log_probability for h in best.values()) / len(best),
    }


def against_ibm1(pairs, test, weights) -> dict:
    """How often attention's link of a French word is that of IBM Model 1, and how often the diagonal's is."""
    ibm1 = Ibm1(pairs)
    same = diagonal = words = 0
    for (source, target), looked in zip(test, weights, strict=True):
        theirs = ibm1.links(source, target)
        words += len(theirs)
        same += len(theirs & hard_links(looked))
        diagonal += len(theirs & diagonal_links(len(source), len(target)))
    shown = [i for i, (source, _) in enumerate(test) if 9 <= len(source) <= 12][:SHOWN]
    return {
        "agrees_with_ibm1": same / words,
        "diagonal_agrees_with_ibm1": diagonal / words,
        "shown": [{"english": test[i][0], "french": test[i][1], "weights": weights[i]} for i in shown],
    }


def trainings() -> dict:
    """Both models, all seeds, two at a time."""
    jobs = [(name, seed) for name in MODELS for seed in SEEDS]
    with ProcessPoolExecutor(2) as pool:
        measured = dict(zip(jobs, pool.map(train_and_translate, jobs), strict=True))
    values = {"budgets": BUDGETS}
    for name in MODELS:
        runs = [measured[name, seed] for seed in SEEDS]
        values |= {f"{key}_{name}": [run[key] for run in runs] for key in runs[0] if key != "shown"}
    return values | {"shown": measured["with", SEEDS[0]]["shown"]}


def figures(values: dict) -> dict:
    """What attention gains on the shortest and on the longest quarter, and the second less the first, one a seed.

    The claim is that attention helps where sentences are long. At first the gain on the longest quarter alone was its
    test. But on the shortest the gain was large as well, so that the test said nothing of length. When that was seen,
    the difference of the two gains took its place.
    """
    pairs = zip(values["by_length_with"], values["by_length_without"], strict=True)
    # each quarter is (shortest, longest, number of captions, BLEU)
    gains = [[ours[quarter][3] - theirs[quarter][3] for quarter in (0, -1)] for ours, theirs in pairs]
    shortest, longest = zip(*gains, strict=True)
    return {
        "gap_on_shortest": shortest,
        "gap_on_longest": longest,
        "gap_longest_less_shortest": [b - a for a, b in gains],
    }


if __name__ == "__main__":
    measure("04_translation", {"trainings": trainings}, SEEDS, figures=figures)
