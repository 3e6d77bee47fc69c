"""The ten practices of the glossary as rows of one table: what was compared, and what it came to."""

from collections.abc import Callable
from statistics import fmean

from attention_course import claims, results

BATCHES = {80: (0.003, 0.006, 0.012), 320: (0.003, 0.012), 1280: (0.003, 0.006, 0.012)}


def practices() -> list[list[str]]:
    """Practice, what the glossary says of it, what was compared, difference with its interval, and what was found."""
    runs = results.load("13_practices")["settings"]
    loss = {name: fmean(of["loss"]) for name, of in runs.items()}
    base, more = loss["as it is"], results.load("13_little_data")["more"]
    memory = results.load("13_memory")["savings"]
    batches = {size: min(losses.values()) for size, losses in batch_losses(loss).items()}
    other = min((80, 1280), key=batches.get)
    positions, heads = named(of_kind(loss, "positions")), named(of_kind(loss, "heads"))
    positions.pop("none")
    heads["4"] = base
    post = min(of_kind(loss, "norm, PostNorm").values())
    pre = min([batches[320], *of_kind(loss, "norm, PreNorm").values()])
    weakest = min(("checkpointing", "bfloat16", "fused attention"), key=lambda way: fmean(memory[way]))
    rows = [
        ("initialisation", f"loss: Xavier {base:.2f}, normal numbers of size 1 {loss['start, normal, 1']:.2f}",
         "initialisation-matters"),
        ("warm-up", f"loss: with {base:.2f}, without {loss['schedule, decay alone']:.2f}", "warm-up-helps"),
        ("dropout, label smoothing", f"BLEU, 4,000 captions: both {fmean(more['both']['bleu']):.1f}, "
         f"neither {fmean(more['neither']['bleu']):.1f}", "dropout-and-smoothing-help"),
        ("gradient clipping", f"loss: to 1 {base:.2f}, none {loss['clip, none']:.2f}", "clipping-helps"),
        ("memory", f"peak: as it is, over {weakest} (which saves least)", "three-ways-save-memory-in-training"),
        ("batch size", f"loss, best of three rates: 320 places {batches[320]:.2f}, {other:,} {batches[other]:.2f}",
         "middle-batches-are-best"),
        ("positions", f"loss: {extreme(positions, min)}, {extreme(positions, max)}", "positions-are-to-be-chosen"),
        ("number of heads", f"loss: {extreme(heads, min)}, {extreme(heads, max)}", "heads-are-to-be-chosen"),
        ("place of the norm", f"loss, best of four rates: pre-norm {pre:.2f}, post-norm {post:.2f}",
         "pre-norm-trains-better"),
        ("metrics", "rank correlation of loss and alignment error rate, over all settings",
         "task-metrics-do-not-tell-of-attention"),
    ]  # fmt: skip
    wording = {name: claim.wording for name, claim in claims.load().items()}
    return [
        [practice, wording[claim], compared, measured(claim), claims.verdict(claim).outcome]
        for practice, compared, claim in rows
    ]


def variants() -> list[list[str]]:
    """What else was tried of four practices, with the losses."""
    loss = {name: fmean(of["loss"]) for name, of in results.load("13_practices")["settings"].items()}
    base = loss["as it is"]
    rows = {
        "first random numbers": {"Xavier": base} | named(of_kind(loss, "start")),
        "schedule": {"linear": base} | named(of_kind(loss, "schedule")),
        "clipping": {"1": base} | named(of_kind(loss, "clip")),
        "places in a batch": {f"{size:,}": min(losses.values()) for size, losses in batch_losses(loss).items()},
        "positions": named(of_kind(loss, "positions")),
        "heads": dict(sorted(({"4": base} | named(of_kind(loss, "heads"))).items(), key=lambda item: int(item[0]))),
    }
    return [[kind, " · ".join(f"{name}: {x:.2f}" for name, x in of.items())] for kind, of in rows.items()]


def batch_losses(loss: dict[str, float]) -> dict[int, dict[float, float]]:
    """For each batch size, the loss at each learning rate."""
    found = {size: {peak: loss[f"batch, {size}, {peak}"] for peak in peaks} for size, peaks in BATCHES.items()}
    found[320][0.006] = loss["as it is"]
    return found


def measured(claim: str) -> str:
    verdict = claims.verdict(claim)
    low, high = verdict.interval
    return f"{verdict.figure:.2f} ({low:.2f} to {high:.2f})".replace("-", "−")


def of_kind(loss: dict[str, float], kind: str) -> dict[str, float]:
    return {name: x for name, x in loss.items() if name.startswith(kind)}


def named(losses: dict[str, float]) -> dict[str, float]:
    """Without their kind."""
    return {name.split(", ", 1)[1]: x for name, x in losses.items()}


def extreme(losses: dict[str, float], which: Callable) -> str:
    """That with the lowest loss (`min`), or with the highest (`max`)."""
    name = which(losses, key=losses.get)
    return f"{name} {losses[name]:.2f}"
