"""Overfitting: a translator on 500 pairs of Multi30k, and what helps; dropout and label smoothing on 4,000 pairs.

Three seeds. The loss on unseen captions is without label smoothing; BLEU is greedy, on the first 500 of the test set.
Writes attention_course/results/13_little_data.json; needs Multi30k; about half an hour on two cores. It goes on where
it was broken off.
"""

from functools import partial

from mean_loss import mean_loss
from one_by_one import kept_from, measure_all

from attention_course import device, results
from attention_course.data import multi30k
from attention_course.data.batches import encode_pairs, endless
from attention_course.data.vocabulary import Vocabulary
from attention_course.decoding import translate
from attention_course.metrics import corpus_bleu
from attention_course.models.transformer import Config, Transformer
from attention_course.training import adamw, fit, translation_loss
from attention_course.training.translators import words_to_predict

SEEDS = range(3)
PEAK, PLACES, UNSEEN = 2e-3, 500, 500
FEW, WORDS = 500, 240_000  # pairs, and French words of training: over 30 passes
MORE, LONGER = 4_000, 480_000  # over 8 passes
AT = [0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]  # where the loss on unseen captions is taken
SETTINGS = {
    "nothing": {},
    "dropout 0.3": {"dropout": 0.3},
    "label smoothing 0.1": {"smoothing": 0.1},
    "weight decay 1": {"decay": 1.0},
    "a quarter of the size": {"size": 32},
    "twice the data": {"pairs": 2 * FEW},
    "eight times the data": {"pairs": 8 * FEW},
    "dropout and smoothing": {"dropout": 0.3, "smoothing": 0.1},
}
REGULARISED = {
    "neither": {},
    "dropout": {"dropout": 0.3},
    "label smoothing": {"smoothing": 0.1},
    "both": {"dropout": 0.3, "smoothing": 0.1},
}


def trained(seed, pairs, words, dropout=0.0, smoothing=0.0, decay=0.01, size=128):
    """The model at the end, its vocabularies, and the course of both losses."""
    captions, val = multi30k.pairs("train"), multi30k.pairs("val")[:UNSEEN]
    english, french = (Vocabulary(side, minimum=2) for side in zip(*captions, strict=True))  # as if all were known
    examples, unseen = (encode_pairs(some, english, french) for some in (captions[:pairs], val))
    device.seed_everything(seed)
    model = Transformer(
        len(english), len(french), Config(size=size, hidden=2 * size, layers=3, heads=8, dropout=dropout)
    )
    course = []

    def note(model):
        course.append(mean_loss(model, unseen))
        return float(len(course))  # the last model is kept, whatever its loss

    groups = [{"params": list(model.parameters()), "weight_decay": decay}]
    run = fit(
        model, endless(examples, PLACES, seed), partial(translation_loss, label_smoothing=smoothing), budget=words,
        learning_rate=PEAK, count=words_to_predict, unit="words", optimizer=adamw, parameters=groups, validate=note,
        validate_at=AT, progress=False,
    )  # fmt: skip
    seen = mean_loss(model, examples[:FEW])
    return model, english, french, {"seen": seen, "course": course, "used": [used for used, _ in run.validations]}


def bleu(model, english, french) -> float:
    test = multi30k.pairs("test_2016_flickr")[:UNSEEN]
    written = translate(model, [source for source, _ in test], english, french)
    return corpus_bleu([t.words for t in written], [target for _, target in test]).score


def with_few(setting: str, seed: int) -> dict:
    """500 pairs, or more where the setting says so; as many steps for all."""
    how = {"pairs": FEW} | SETTINGS[setting]
    model, english, french, found = trained(seed, words=WORDS, **how)
    return found | {"last": found["course"][-1], "best": min(found["course"]), "bleu": bleu(model, english, french)}


def with_more(setting: str, seed: int) -> dict:
    """4,000 pairs."""
    model, english, french, found = trained(seed, MORE, LONGER, **REGULARISED[setting])
    return {"seen": found["seen"], "last": found["course"][-1], "bleu": bleu(model, english, french)}


def gathered(settings: dict, found: list[dict]) -> dict:
    runs = {setting: found[i :: len(settings)] for i, setting in enumerate(settings)}
    return {setting: {key: [run[key] for run in of] for key in of[0]} for setting, of in runs.items()}


def main() -> None:
    few = measure_all("13_few", with_few, [(setting, seed) for seed in SEEDS for setting in SETTINGS])
    more = measure_all("13_more", with_more, [(setting, seed) for seed in SEEDS for setting in REGULARISED])
    few, more = gathered(SETTINGS, few), gathered(REGULARISED, more)
    values = {
        "few": few,
        "more": more,
        "regularised_gain": [a - b for a, b in zip(more["both"]["bleu"], more["neither"]["bleu"], strict=True)],
        "overfitting": [last - best for last, best in zip(few["nothing"]["last"], few["nothing"]["best"], strict=True)],
    }
    command, note = "python experiments/13_little_data.py", kept_from("13_few", "13_more")
    results.save("13_little_data", values, command=command, seeds=SEEDS, note=note)


if __name__ == "__main__":
    main()
