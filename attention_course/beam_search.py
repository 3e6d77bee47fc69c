"""Beam search: several beginnings of a sentence are kept, and what has ended is kept aside.

For what a model is here, see `decoding`.
"""

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.data.vocabulary import BOS, EOS
from attention_course.device import at_least_float32
from attention_course.modes import evaluating
from attention_course.moving import mapped


class Hypothesis(NamedTuple):
    """A translation that beam search has found."""

    words: list[int]  # `<eos>` included, where it came to an end
    weights: Float[Tensor, "words source"] | None
    log_probability: float  # of the words, in nats
    score: float  # the log probability over the number of words to the power `length_power`


class Step(NamedTuple):
    """What beam search did at one step, for each row of the new beam."""

    words: Int[Tensor, " rows"]
    rows: Int[Tensor, " rows"]  # of the beam before: whose beginning was continued
    looked: Float[Tensor, "rows source"] | None  # the weights of the beam before


class Aside(NamedTuple):
    """The best sentences so far that have ended, for each source. Where there are fewer, scores are -inf."""

    scores: Float[Tensor, "batch width"]
    totals: Float[Tensor, "batch width"]  # log probabilities
    rows: Int[Tensor, "batch width"]  # of the beam that `<eos>` was said by
    lengths: Int[Tensor, "batch width"]

    def better_of(self, other: "Aside") -> "Aside":
        """The best of both."""
        both = [torch.cat(pair, 1) for pair in zip(self, other, strict=True)]
        best = both[0].topk(self.scores.shape[1], -1).indices
        return Aside(*(part.gather(1, best) for part in both))


@torch.no_grad()
def beam(
    model: nn.Module,
    source: Int[Tensor, "batch source"],
    width: int = 4,
    max_length: int = 50,
    length_power: float = 1.0,
) -> list[list[Hypothesis]]:
    """Keep the `width` best beginnings at every step. Gives the best sentences found for each source, the best first.

    Beginnings are compared by log probability / number of words ** length_power. A power of 0 compares the plain
    probabilities, which favours short sentences: every word more can only lower them.

    A sentence that has ended stays in the beam as long as fewer than `width` others are better, and the search is over
    when all in the beam have ended. It is also kept aside: unfinished ones that push it out may get worse later. Kept
    aside, too, is a sentence that does not get into the beam, but ends where `<eos>` is the most probable word: so none
    of those found is worse than what greedy search makes of one of the beginnings.

    Raises ValueError for a `max_length` or a `width` below 1.
    """
    if max_length < 1 or width < 1:
        raise ValueError(f"max_length and width: expected at least 1, got {max_length} and {width}")
    with evaluating(model):
        memory, state = model.encode(source)
        rows = torch.arange(len(source), device=source.device).repeat_interleave(width)
        memory, state = pick(memory, rows), pick(state, rows)
        first = torch.arange(len(source), device=source.device).unsqueeze(1) * width  # each sentence's first row
        slots = torch.arange(width, device=source.device)
        here = first + slots

        words = torch.full((len(rows),), BOS, device=source.device)
        # At first all beginnings of a sentence are the same: let one of them speak.
        total = torch.full((len(source), width), -torch.inf, dtype=torch.float32, device=source.device)
        total[:, 0] = 0
        ended = torch.zeros_like(total, dtype=torch.bool)
        lengths = torch.zeros_like(total)
        nothing = torch.full_like(total, -torch.inf)
        aside, steps = Aside(nothing, nothing, here, here), []
        for length in range(1, max_length + 1):
            logits, state, looked = model.step(words, state, memory)
            logs = at_least_float32(logits).log_softmax(-1).unflatten(0, (-1, width))  # (B, width, V)
            greedy_ends = logs[..., EOS] >= logs.amax(-1)
            # What has ended goes on in one way only, and at no cost.
            only_end = torch.full_like(logs[:1, :1], -torch.inf)
            only_end[..., EOS] = 0
            logs = torch.where(ended.unsqueeze(-1), only_end, logs)
            longer = lengths + (~ended).float()
            totals = total.unsqueeze(-1) + logs
            scores = (totals / longer.unsqueeze(-1) ** length_power).flatten(1)  # (B, width * V)
            places = scores.topk(width, -1).indices
            beams, chosen = places // logs.shape[-1], places % logs.shape[-1]

            chosen_ends = (places.unsqueeze(1) == (slots * logs.shape[-1] + EOS).unsqueeze(-1)).any(-1)
            log = torch.where(~ended & (greedy_ends | chosen_ends), totals[..., EOS], -torch.inf)
            aside = aside.better_of(Aside(log / length**length_power, log, here, torch.full_like(here, length)))
            rows, words = (first + beams).flatten(), chosen.flatten()
            state = pick(state, rows)
            steps.append(Step(words, rows, looked))
            total, lengths = totals.flatten(1).gather(1, places), longer.gather(1, beams)
            ended = ended.gather(1, beams) | (chosen == EOS)
            if ended.all():
                break
    unfinished = Aside(total, total.masked_fill(ended, -torch.inf), here, torch.full_like(here, len(steps)))
    found = _sentences(steps, aside, True, length_power), _sentences(steps, unfinished, False, length_power)
    return [sorted(a + b, key=lambda h: -h.score)[:width] for a, b in zip(*found, strict=True)]


def _sentences(steps: list[Step], found: Aside, ended: bool, length_power: float) -> list[list[Hypothesis]]:
    """Follow the words back from the last row to the first."""
    words, rows = (torch.stack([step[i] for step in steps]).tolist() for i in (0, 1))  # of each step, each row
    looked = None if steps[0].looked is None else torch.stack([step.looked for step in steps])  # (steps, rows, S)
    sentences = []
    for of_one in zip(*(part.tolist() for part in found[1:]), strict=True):
        sentences.append([])
        for log, row, length in zip(*of_one, strict=True):
            if log == -math.inf:  # there may be fewer sentences than `width`
                continue
            said, places = ([EOS], [row]) if ended else ([], [])
            for i in reversed(range(length - ended)):
                said.append(words[i][row])
                row = rows[i][row]
                places.append(row)
            weights = None if looked is None else looked[range(length), places[::-1]]
            sentences[-1].append(Hypothesis(said[::-1], weights, log, log / length**length_power))
    return sentences


def pick(tree: Any, rows: Int[Tensor, " rows"]) -> Any:
    """The given rows of a tensor, or of what has a `pick` of its own, or of all in a tuple; numbers and None stay."""

    def of_one(part: Any) -> Any:
        if hasattr(part, "pick"):
            return part.pick(rows)
        return part[rows] if isinstance(part, Tensor) else part

    return mapped(of_one, tree)
