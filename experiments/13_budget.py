"""What more parameters and more words of training bring: three sizes, four budgets, on Multi30k. Small, and meant as a
sketch.

Three seeds; each budget is a training of its own, with its own fall of the learning rate. A curve through all is
fitted, and what it says of twice the compute is tried. Writes attention_course/results/13_budget.json; needs
Multi30k; about half an hour on two cores. It goes on where it was broken off.
"""

from itertools import product

import numpy as np
from mean_loss import mean_loss
from one_by_one import kept_from, measure_all
from scipy.optimize import least_squares

from attention_course import device, results
from attention_course.data import multi30k
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary
from attention_course.lessons.lesson_13.budget import advised, predicted
from attention_course.models.transformer import Config, Transformer
from attention_course.training import train

SEEDS = range(3)
RATES = {32: 8e-3, 64: 5e-3, 128: 3e-3}  # the learning rate of each size
WORDS = (50_000, 100_000, 200_000, 400_000)  # French words; all captions have 445,000, so that no caption comes twice
TRIED = ((128, 800_000), (64, 800_000))  # with more


def loss_of(size: int, words: int, seed: int) -> float:
    """On the captions of val, in nats per word."""
    pairs, val = multi30k.pairs("train"), multi30k.pairs("val")
    english, french = (Vocabulary(side, minimum=2) for side in zip(*pairs, strict=True))
    device.seed_everything(seed)
    model = Transformer(len(english), len(french), config(size))
    examples, settings = encode_pairs(pairs, english, french), {"learning_rate": RATES[size], "batch_tokens": 500}
    train(model, examples, target_tokens=words, seed=seed, progress=False, **settings)
    return mean_loss(model, encode_pairs(val, english, french))


def config(size: int) -> Config:
    return Config(size=size, heads=size // 16, hidden=2 * size, layers=3, dropout=0.0)


def parameters(size: int) -> int:
    """Those that each word is multiplied with: all but the English embeddings, which are only looked up."""
    pairs = multi30k.pairs("train")
    words = (len(Vocabulary(side, minimum=2)) for side in zip(*pairs, strict=True))
    model = Transformer(*words, config(size))
    return sum(p.numel() for p in model.parameters()) - model.encoder.embedding.weight.numel()


def fit_curve(points: list[tuple[int, int, float]]) -> np.ndarray:
    """`predicted`'s five numbers, by least squares in the logarithm of the loss."""

    def off(fitted):
        return [np.log(predicted(list(fitted), N, D)) - np.log(loss) for N, D, loss in points]

    return least_squares(off, [1.0, 1.0, 0.5, 1.0, 0.5], bounds=([0, 0, 0.01, 0, 0.01], [4, 20, 3, 20, 3])).x


def main() -> None:
    settings = [*product(RATES, WORDS), *TRIED]
    found = measure_all("13_budget", loss_of, [(*setting, seed) for seed in SEEDS for setting in settings])
    sizes, losses = {size: parameters(size) for size in RATES}, {}
    for i, (size, words) in enumerate(settings):
        losses.setdefault(str(size), {})[str(words)] = found[i :: len(settings)]
    points = [(sizes[E], D, float(np.mean(losses[str(E)][str(D)]))) for E, D in product(RATES, WORDS)]
    fitted = fit_curve(points).tolist()
    values = {
        "parameters": {str(size): n for size, n in sizes.items()},
        "words": list(WORDS),
        "losses": losses,
        "fitted": fitted,
        "off": [predicted(fitted, N, D) - loss for N, D, loss in points],
        "predicted": {f"{size}, {words}": predicted(fitted, sizes[size], words) for size, words in TRIED},
        "advised": [[float(x) for x in advised(fitted, factor * 6 * sizes[128] * WORDS[-1])] for factor in (1, 2)],
    }
    command, note = "python experiments/13_budget.py", kept_from("13_budget")
    results.save("13_budget", values, command=command, seeds=SEEDS, note=note)


if __name__ == "__main__":
    main()
