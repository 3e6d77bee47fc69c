"""What the benchmark of translation found, as Markdown."""

import statistics
from collections.abc import Iterator

from side_by_side import measured_on, side_by_side, with_part

from attention_course.data.multi30k import WORDS


def write(kept: dict, *, sizes: dict, dropout: float, config: dict, mended: dict, recipes: dict, test: str) -> str:
    """kept: the figures of the parts that have been run, by kind."""
    rnnsearch, transformer = (
        f"AdamW with learning rate {recipe['learning_rate']}, label smoothing {recipe['label_smoothing']}, batches of "
        f"up to {recipe['batch_tokens']} tokens of sentences of like length"
        for recipe in (recipes["RNNsearch"], recipes["Transformer"])
    )
    parts = [
        "# RNNsearch and the Transformer on Multi30k, English to French",
        f"RNNsearch is `attention_course.models.seq2seq.RNNsearch` with an embedding of {sizes['embedding_size']}, a "
        f"bidirectional GRU of 2 × {sizes['hidden_size']} as encoder, a decoder of {sizes['decoder_size']} and an "
        f"additive score of {sizes['score_size']}; dropout {dropout}, {rnnsearch}.",
        f"The Transformer is `attention_course.models.transformer.Transformer` of size {config['size']} with "
        f"{config['heads']} heads, feed-forward networks of {config['hidden']}, {config['layers']} blocks on each side "
        f"and sinusoidal positions; dropout {config['dropout']}, {transformer}.",
    ]
    quality = with_part(kept, "quality")
    if any(run["model"] == "Transformer, lesson 13" for runs in quality.values() for run in runs):
        parts.append(
            'What lesson 13 found is used in the rows "Transformer, lesson 13": the first numbers of all matrices of '
            "linear maps are half as large, and Muon trains these matrices, AdamW the rest, both with learning rate "
            f"{recipes['Transformer, lesson 13']['learning_rate']} and dropout {mended['dropout']}. All else is as "
            "with the Transformer. Rate, start and dropout were chosen with one seed by BLEU on `val`, among three of "
            "each; rate and start after a quarter of the budget."
        )
    if quality:
        parts += _quality(quality, test)
    if peer := with_part(kept, "peer"):
        parts.append(_peer(peer))
    for part, section in SECTIONS.items():
        if kinds := with_part(kept, part):
            parts += section(kinds)
            parts.append(measured_on({kind: found["machine"] for kind, found in kinds.items()}))
    return "\n\n".join(parts) + "\n"


def _quality(kinds: dict, test: str) -> list[str]:
    runs = [run for of_kind in kinds.values() for run in of_kind]
    first, seeds = runs[0], sorted({run["seed"] for run in runs})
    groups = [f"{shortest}–{longest} words" for shortest, longest, *_ in first["by_length"]]
    head = ["", "target tokens", "BLEU", *(f"seed {seed}" for seed in seeds), "with copies", *groups]
    rows = {kind: list(_of_quality(runs, seeds)) for kind, runs in kinds.items()}
    english, french = (pattern.pattern for pattern in (WORDS["en"], WORDS["fr"]))
    return [
        "## Quality",
        f"`{test}`, greedy search. Sentences are lower-cased and cut into words by the regular expressions "
        f"`{english}` (English) and `{french}` (French); references are scored as they are, never with `<unk>` for a "
        f"word. The vocabularies have the words that occur at least twice in the training part ({first['words'][0]:,} "
        f"and {first['words'][1]:,}, with four special ones). Of the checkpoints at 0.7, 0.8, 0.9 and 1.0 of the "
        "budget, the one with the best BLEU on `val` is scored. BLEU is sacreBLEU's, mean and standard deviation over "
        f"{len(seeds)} seeds; its signature: `{first['signature']}`.",
        side_by_side(head, rows, 2),
        '"With copies" puts, for each `<unk>` in a translation, the source word that it looked at most. The last '
        "columns are BLEU, without copies, of the test sentences by the length of their source; both are means over "
        "the seeds.",
        *(measured_on({kind: runs[0]["machine"]}, f"with {runs[0]['precision']} ") for kind, runs in kinds.items()),
    ]


def _of_quality(runs: list[dict], seeds: list[int]) -> Iterator[list[str]]:
    for name, budget in sorted({(run["model"], run["budget"]) for run in runs}):
        same = {run["seed"]: run for run in runs if (run["model"], run["budget"]) == (name, budget)}
        scores = [run["bleu"] for run in same.values()]
        groups = zip(*(run["by_length"] for run in same.values()), strict=True)
        means = [statistics.fmean(bleu for *_, bleu in group) for group in groups]
        spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
        copies = statistics.fmean(run["with_copies"] for run in same.values())
        each = [f"{same[seed]['bleu']:.1f}" if seed in same else "" for seed in seeds]
        numbers = [f"{x:.1f}" for x in (copies, *means)]
        yield [name, f"{budget:,}", f"**{statistics.fmean(scores):.1f}**{spread}", *each, *numbers]


def _peer(kinds: dict) -> str:
    peer = next(iter(kinds.values()))
    scores = [f"{found['bleu']:.1f}" + (f" on {kind}" if len(kinds) > 1 else "") for kind, found in kinds.items()]
    return (
        f"For comparison: d2l's model (see below) reaches BLEU {' and '.join(scores)} after {peer['budget']:,} target "
        f"tokens, with one seed, in the same precision, in batches of up to {peer['batch_tokens']:,} tokens of "
        "sentences of like length, and with the learning rate warmed up and then brought down to zero as ours is. "
        "(Its own is constant.) It translates one sentence at a time, since its encoder reads padding as if it "
        "were words."
    )


def _speed(kinds: dict) -> list[str]:
    found = next(iter(kinds.values()))  # sizes are the same for all
    head = ["", "precision", "our sizes", "times d2l", "lowest to highest", "best", "tokens/s", "d2l's tokens/s"]
    rows = {kind: [_of_speed(row) for row in of_kind["rows"]] for kind, of_kind in kinds.items()}
    peer, shipped, small = (f"{count / 1e6:.1f}" for count in found["parameters"].values())
    small_row = list(found["parameters"])[2]
    return [
        "## RNNsearch: training speed beside d2l",
        "The peer is the model of *Dive into Deep Learning*, section 11.4: embedding 256, two layers of 256 in "
        f"encoder and decoder, dropout 0.2, Adam, clipping at 1, masked loss; {peer} million parameters on our "
        f'vocabularies. Ours has the sizes above ({shipped} million) or, in the rows "{small_row}", 256 for embedding, '
        f"annotations, decoder and score as well ({small} million), with one layer and a bidirectional encoder.",
        "A step is forward, loss, backward, clipping and optimizer; speed is in target tokens, padding not counted. "
        "All run in one process and take turns, batch by batch. Each round gives one ratio; the table has the median "
        f'of {_rounds(kinds)} rounds, the lowest and the highest. "Best" is the ratio where each batch counts with '
        "the fastest of its rounds. Tokens a second are medians, too, and say more about the machine than the code.",
        f'"Same batches": {found["batch"]} sentences of like length, the same for all, without label smoothing, which '
        f'd2l does not have. "Each as shipped": for d2l {found["batch"]} random sentences in float32, padded to the '
        "longest of the batch; for us batches by tokens, with label smoothing, in bfloat16 where that pays. d2l's own "
        "data module pads or cuts every sentence to one length for the whole corpus; in the last rows that is the "
        "longest of all, so that nothing is cut. It is always spared the plotting of its loss.",
        side_by_side(head, rows, 3, same=lambda row: (row[0], row[2], row[1] == "bfloat16")),
    ]


def _of_speed(row: dict) -> list[str]:
    return [
        row["setting"],
        row["precision"],
        row["sizes"],
        f"**{statistics.median(row['ratios']):.2f}**",
        f"{min(row['ratios']):.2f}–{max(row['ratios']):.2f}",
        f"{row['ratio_of_best']:.2f}",
        f"{row['tokens_per_second']:,.0f}",
        f"{row['of_d2l']:,.0f}",
    ]


def _beside_pytorch(kinds: dict) -> list[str]:
    found = next(iter(kinds.values()))  # sizes are the same for all
    head = ["batches", "precision", "dropout", "times nn.Transformer", "lowest to highest", "tokens/s", "PyTorch's"]
    rows = {kind: [_of_pytorch(row) for row in of_kind["rows"]] for kind, of_kind in kinds.items()}
    ours, theirs = (f"{count / 1e6:.2f}" for count in found["parameters"].values())
    return [
        "## The Transformer: training speed beside torch.nn.Transformer",
        "The peer is `torch.nn.Transformer` with `norm_first=True`, with embeddings, positions, a tied output "
        f"and sizes as ours ({theirs} million parameters, ours {ours}), given only the masks that it needs. A step is "
        "forward, loss, backward, clipping and optimizer, on the same batches in turns; the table has the median ratio "
        f"of {_rounds(kinds)} rounds. PyTorch's drops single numbers, and attention weights as well; ours drops the "
        "same features at all words of a sentence. The rows without dropout show what is left without this difference.",
        side_by_side(head, rows, 3),
    ]


def _of_pytorch(row: dict) -> list[str]:
    return [
        row["batches"],
        row["precision"],
        f"{row['dropout']}",
        f"**{statistics.median(row['ratios']):.2f}**",
        f"{min(row['ratios']):.2f}–{max(row['ratios']):.2f}",
        f"{row['tokens_per_second']:,.0f}",
        f"{row['of_pytorch']:,.0f}",
    ]


def _rounds(kinds: dict) -> str:
    return " or ".join(sorted({str(found["rounds"]) for found in kinds.values()}))


def _muon(kinds: dict) -> list[str]:
    said = []
    for kind, found in kinds.items():
        ratios = found["ratios"]
        said.append(
            (f"On {kind}, a" if len(kinds) > 1 else "A")
            + f" training step with Muon takes **{statistics.median(ratios):.2f} times** as long as one with AdamW "
            f"({min(ratios):.2f}–{max(ratios):.2f} over {found['rounds']} rounds, in turns on the same batches of the "
            f"recipe, in {found['precision']})."
        )
    return ["## The Transformer: what Muon costs", *said]


def _cache(kinds: dict) -> list[str]:
    said = [
        (f"On {kind}, a" if len(kinds) > 1 else "A")
        + f" decoder of the sizes above writes {found['length']:,} words, one at a time: "
        f"{found['seconds']['with']:.1f} s with a cache of keys and values, {found['seconds']['without']:.1f} s when "
        f"it reads everything again for every word. That is **{found['ratio']:.0f} times** as fast; "
        f"{found['same_words']:.0%} of the words are the same."
        for kind, found in kinds.items()
    ]
    return ["## The Transformer: writing with a cache", *said]


SECTIONS = {"speed": _speed, "transformer": _beside_pytorch, "muon": _muon, "cache": _cache}
