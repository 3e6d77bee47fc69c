"""Muon (Jordan et al. 2024): steps that are turned into rotations, for the matrices between the layers."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from attention_course.training.recipe import adamw

THERE = hasattr(torch.optim, "Muon")  # from PyTorch 2.9 on


def for_muon(model: nn.Module) -> list[dict[str, Any]]:
    """The parameters in two groups: matrices of linear maps, for Muon, and embeddings and vectors, for AdamW."""
    matrices = [part.weight for part in model.modules() if isinstance(part, nn.Linear)]
    taken = {id(parameter) for parameter in matrices}
    others = [parameter for parameter in model.parameters() if id(parameter) not in taken]
    return [{"params": matrices, "muon": True}, {"params": others, "muon": False}]


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon for the groups that say so, AdamW for the others, in one optimizer for one loop.

    groups: as `for_muon` makes them. lr: of both. Muon's steps are scaled to the size of AdamW's ("match_rms_adamw",
    Liu et al. 2025), so that a learning rate that suits the one is of use for the other.

    Raises RuntimeError where PyTorch has no Muon.
    """

    def __init__(self, groups: Sequence[dict[str, Any]], lr: float, weight_decay: float = 0.01):
        if not THERE:
            raise RuntimeError(f"torch.optim.Muon: expected PyTorch 2.9 or newer, got {torch.__version__}")
        mine, others = ([group for group in groups if group["muon"] == muon] for muon in (True, False))
        self.muon = torch.optim.Muon(mine, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw")
        self.adamw = adamw(others, lr=lr)
        super().__init__([*self.muon.param_groups, *self.adamw.param_groups], {})
        self.muon.param_groups, self.adamw.param_groups = (
            [group for group in self.param_groups if group["muon"] == muon] for muon in (True, False)
        )

    def step(self, closure=None) -> None:
        """One step of both."""
        self.muon.step()
        self.adamw.step()

    def state_dict(self) -> dict[str, Any]:
        """That of both."""
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Of both, from `state_dict`."""
        self.muon.load_state_dict(state["muon"])
        self.adamw.load_state_dict(state["adamw"])
        self.param_groups = [*self.muon.param_groups, *self.adamw.param_groups]
