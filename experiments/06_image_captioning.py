"""Soft, hard and no attention over the regions of a picture, and the doubly stochastic penalty: captions and pointing.

Four captioners on the OpenMoji scenes, three seeds each. Writes attention_course/results/06_image_captioning.json.
About twenty minutes on one core, the features of the scenes included.
"""

import time
from functools import cache

import torch

from attention_course import device, results
from attention_course.data.scenes import Scene, scenes
from attention_course.data.vocabulary import BOS, EOS, Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.masks import PAD
from attention_course.metrics import corpus_bleu, pointing
from attention_course.models.captioner import Album, Captioner, MeanCaptioner, doubly_stochastic
from attention_course.models.efficientnet import pretrained
from attention_course.models.hard_attention import HardCaptioner, Reinforce
from attention_course.models.region_features import region_features
from attention_course.training import sequence_loss, train

SEEDS = range(3)
SCENES, UNSEEN = 4_000, 500
BUDGET = 400_000  # words
LEARNING_RATE, BATCH = 3e-3, 512  # BATCH: words


def with_penalty(album, source, target):
    """Cross-entropy and Xu et al.'s penalty, with lambda = 1."""
    logits, weights = album(source, target[:, :-1])
    counts = (target[:, 1:] != PAD).float()
    penalty = doubly_stochastic(device.at_least_float32(weights), counts)
    return sequence_loss(device.at_least_float32(logits), target[:, 1:]) + penalty


VARIANTS = {
    "soft": (Captioner, lambda: None),
    "soft, with the penalty": (Captioner, lambda: with_penalty),
    "hard": (HardCaptioner, Reinforce),
    "none (mean of the regions)": (MeanCaptioner, lambda: None),
}


@cache
def corpus():
    """Training and unseen scenes, their features, and the vocabulary."""
    encoder = pretrained()
    parts = scenes(SCENES), scenes(UNSEEN, part="test")
    features = [region_features(encoder, part, progress=False) for part in parts]
    return *parts, *features, Vocabulary(scene.words for scene in parts[0])


def measure(name: str, seed: int) -> dict:
    """Train one variant with one seed, and measure it on the unseen scenes."""
    known, unseen, known_features, unseen_features, vocabulary = corpus()
    new, loss = VARIANTS[name]
    device.seed_everything(seed)
    captioner = new(known_features, len(vocabulary))
    examples = [([i], [BOS, *vocabulary.encode(scene.words), EOS]) for i, scene in enumerate(known)]
    album = Album(captioner, known_features)
    start = time.process_time()
    train(
        album, examples, target_tokens=BUDGET, learning_rate=LEARNING_RATE, batch_tokens=BATCH, autocast=True,
        loss=loss(), seed=seed, progress=False,
    )  # fmt: skip
    seconds = time.process_time() - start
    return captions(Album(captioner, unseen_features).eval(), unseen, vocabulary) | {"processor_seconds": seconds}


@torch.no_grad()
def captions(album: Album, unseen: list[Scene], vocabulary: Vocabulary) -> dict:
    """Exact captions and BLEU of what is said freely; pointing while the true caption is said."""
    numbers = torch.arange(len(unseen)).unsqueeze(1)
    words, _ = greedy(album, numbers, max_length=20)
    said = [tuple(vocabulary.decode(row)) for row in words.tolist()]
    right = [words == scene.words for words, scene in zip(said, unseen, strict=True)]
    _, maps = album(numbers, pad([[BOS, *vocabulary.encode(scene.words)] for scene in unseen]))
    nouns = [(i, position) for i, scene in enumerate(unseen) for position in scene.names]
    pointed = pointing(
        torch.stack([maps[i, position] for i, position in nouns]),
        [unseen[i].named(position) for i, position in nouns],
        [unseen[i].boxes for i, _ in nouns],
    )
    by_groups = {}
    for groups in (1, 2, 3):
        some = [ok for ok, scene in zip(right, unseen, strict=True) if len(scene.names) == groups]
        by_groups[str(groups)] = sum(some) / len(some)
    counts = torch.tensor([[1.0] * len(s.words) + [0.0] * (maps.shape[1] - len(s.words)) for s in unseen])
    totals = (maps * counts.unsqueeze(-1)).sum(1)  # of each region over the caption
    return {
        "exact": sum(right) / len(right),
        "bleu": corpus_bleu(said, [scene.words for scene in unseen]).score,
        **pointed._asdict(),
        "by_groups": by_groups,
        "regions_hardly_seen": (totals < 0.01).float().mean().item(),
    }


def main() -> None:
    """All variants and seeds, one after the other, on one thread."""
    torch.set_num_threads(1)
    measured = {}
    for seed in SEEDS:
        for name in VARIANTS:
            measured[name, seed] = measure(name, seed)
            print(name, seed, measured[name, seed], flush=True)
    values = {"variants": list(VARIANTS), "budget": BUDGET, "scenes": SCENES, "unseen": UNSEEN}
    for key in ("exact", "bleu", "rate", "mass", "regions_hardly_seen", "by_groups", "processor_seconds"):
        values[key] = {name: [measured[name, seed][key] for seed in SEEDS] for name in VARIANTS}
    values |= {key: measured["soft", 0][key] for key in ("random_region", "random_thing")}
    values["soft_rate"] = values["rate"]["soft"]
    # Pairs of one seed: the same order of batches and, but for what the variant changes, the same start.
    for name, key in (("hard", "hard"), ("soft, with the penalty", "penalty"), ("none (mean of the regions)", "none")):
        pairs = zip(values["exact"]["soft"], values["exact"][name], strict=True)
        values[f"soft_less_{key}"] = [soft - other for soft, other in pairs]
    precision = "bfloat16 autocast" if device.bfloat16_pays() else "float32"
    results.save(
        "06_image_captioning", values, command="python experiments/06_image_captioning.py", seeds=SEEDS,
        precision=precision,
    )  # fmt: skip


if __name__ == "__main__":
    main()
