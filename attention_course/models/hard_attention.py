"""Hard attention: one region is drawn for every word, and the draw is learned by trial and reward (Xu et al. 2015).

A draw has no derivative, but its probability has. Of a function f of draws s,

    d/dW E[f(s)] = E[ f'(s) + f(s) d/dW log p(s) ],

so each caption gives an estimate from the draws that were made: REINFORCE (Williams 1992). To take from f(s) a baseline
that does not depend on the draw leaves the expectation as it is, and makes the estimates scatter less.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course.device import at_least_float32
from attention_course.masks import PAD
from attention_course.models.captioner import Captioner


class HardCaptioner(Captioner):
    """A captioner whose context is the annotation of one region, drawn by its weight; when it is not being trained, of
    the region with the largest weight."""

    def look(self, word, state, regions):
        _, weights = super().look(word, state, regions)
        if self.training:
            chosen = torch.multinomial(at_least_float32(weights.detach()), 1).squeeze(1)
        else:
            chosen = weights.argmax(-1)
        return annotation(regions.annotations, chosen), weights

    def follow(
        self,
        features: Float[Tensor, "batch regions channels"],
        previous: Int[Tensor, "batch target"],
        chosen: Int[Tensor, "batch target"] | None = None,
    ) -> tuple[Float[Tensor, "batch target words"], Float[Tensor, "batch target"]]:
        """Teacher forcing along draws, made here unless they are given: logits, and each draw's log probability."""
        regions, state = self.encode(features)
        embedded = self.dropout(self.embedding(previous))
        states, contexts, logs = [], [], []
        for t, (word, gates) in enumerate(
            zip(embedded.unbind(1), self.cell.from_word(embedded).unbind(1), strict=True)
        ):
            _, weights = super().look(word, state, regions)
            weights = at_least_float32(weights)
            drawn = torch.multinomial(weights.detach(), 1).squeeze(1) if chosen is None else chosen[:, t]
            context = annotation(regions.annotations, drawn)
            state = self.cell(gates, context, state)
            states.append(state)
            contexts.append(context)
            logs.append(weights.gather(1, drawn.unsqueeze(1)).squeeze(1).clamp(min=1e-12).log())
        return self.words(embedded, torch.stack(states, 1), torch.stack(contexts, 1)), torch.stack(logs, 1)


def annotation(
    annotations: Float[Tensor, "batch regions size"], chosen: Int[Tensor, " batch"]
) -> Float[Tensor, "batch size"]:
    """The annotation of the chosen region of each picture."""
    return annotations[torch.arange(len(chosen), device=chosen.device), chosen]


def reinforce(
    log_words: Float[Tensor, "batch target"],
    log_draws: Float[Tensor, "batch target"],
    baseline: Float[Tensor, " target"],
) -> Float[Tensor, " batch"]:
    """What to raise, for each caption: its gradient is the estimate of the gradient of E[log p(words | draws)].

    log_words, log_draws: of each word given the draws, and of each draw; zero at padding. A draw is rewarded with the
    log probability of its own word and of those that follow, less the baseline: it has no influence on earlier ones.
    """
    rewards = log_words.detach().flip(-1).cumsum(-1).flip(-1)  # (B, L): from word t to the end
    return (log_words + (rewards - baseline) * log_draws).sum(-1)


class Reinforce(nn.Module):
    """The loss of a `HardCaptioner` in an `Album`, for `training.train`: minus `reinforce` a word.

    The baseline of word t is a running average of the rewards that draws for word t have had, `momentum` of it old.
    max_length: the words that a caption may have, `<eos>` included. ValueError for one with more.
    """

    def __init__(self, max_length: int = 20, momentum: float = 0.95):
        super().__init__()
        self.momentum = momentum
        self.register_buffer("baseline", torch.zeros(max_length))

    def forward(
        self, album: nn.Module, source: Int[Tensor, "batch 1"], target: Int[Tensor, "batch words"]
    ) -> Float[Tensor, ""]:
        previous, target = target[:, :-1], target[:, 1:]
        length = target.shape[1]
        if length > len(self.baseline):
            raise ValueError(
                f"target: expected at most max_length = {len(self.baseline)} words a caption, got {length}"
            )
        counts = (target != PAD).float()
        logits, log_draws = album.captioner.follow(album.features[source[:, 0]], previous)
        logs = at_least_float32(logits).log_softmax(-1)
        log_words = logs.gather(-1, target.unsqueeze(-1)).squeeze(-1) * counts
        baseline, later = self.baseline.to(log_words).tensor_split([length])
        value = reinforce(log_words, log_draws * counts, baseline)
        rewards = log_words.detach().flip(-1).cumsum(-1).flip(-1)
        seen = counts.sum(0)
        new = torch.where(seen > 0, (rewards * counts).sum(0) / seen.clamp(min=1), baseline)
        new = torch.lerp(new, baseline, self.momentum)
        self.baseline = torch.cat([new, later]).to(self.baseline.dtype)  # another tensor: nothing is written in place
        return -value.sum() / counts.sum()
