"""What each part of lesson 12's Transformer is there for: the small translator of the lesson with one part left out.

As the lesson trains it (15,000 pairs of the grammar, 3 passes), three seeds each; 300 unseen sentences are translated.
Writes attention_course/results/12_parts.json. About a quarter of an hour on one core.
"""

from concurrent.futures import ProcessPoolExecutor

from attention_course import results
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.device import seed_everything, use_threads
from attention_course.lessons.lesson_12 import built
from attention_course.lessons.lesson_12.without import CHANGES, without

SEEDS = range(3)


def measure(part: str, seed: int) -> dict:
    """The last losses and the share of exact translations of one training."""
    use_threads(1)
    pairs, unseen = grammar.pairs(15_000, part="train"), grammar.pairs(300, part="test")
    english, french = Vocabulary(p.english for p in pairs), Vocabulary(p.french for p in pairs)
    examples = encode_pairs([(p.english, p.french) for p in pairs], english, french)

    def small():
        seed_everything(seed)
        return built.Transformer(len(english), len(french), E=64, H=4, hidden=128, N=2, dropout=0)

    context, model = without(part, small)
    with context:
        losses = built.train(model, examples, passes=3, peak=6e-3, size=320, smoothing=0)
        said = built.write(model, pad([english.encode(p.english) for p in unseen])).tolist()
    right = [french.decode(row) == list(p.french) for row, p in zip(said, unseen, strict=True)]
    return {"loss": losses[-50:].mean().item(), "exact": sum(right) / len(right)}


def main() -> None:
    """All parts and all seeds, two at a time."""
    with ProcessPoolExecutor(2) as pool:
        started = {part: [pool.submit(measure, part, seed) for seed in SEEDS] for part in CHANGES}
        values = {}
        for part, runs in started.items():
            found = [run.result() for run in runs]
            values[part] = {key: [run[key] for run in found] for key in found[0]}
            print(part, values[part], flush=True)
    results.save("12_parts", values, command="python experiments/12_parts.py", seeds=SEEDS)


if __name__ == "__main__":
    main()
