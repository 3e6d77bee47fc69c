"""Muon beside AdamW, as one optimizer for one loop."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from attention_course.training import fit, muon

needs_muon = pytest.mark.skipif(not muon.THERE, reason="this PyTorch has no Muon")


def new():
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(9, 4), nn.Linear(4, 6), nn.LayerNorm(6), nn.Linear(6, 3))


def test_matrices_of_linear_maps_are_for_muon_and_all_else_for_adamw():
    model = new()
    matrices, others = muon.for_muon(model)
    assert [tuple(p.shape) for p in matrices["params"]] == [(6, 4), (3, 6)]
    assert sum(p.numel() for g in (matrices, others) for p in g["params"]) == sum(p.numel() for p in model.parameters())


@needs_muon
def test_its_steps_are_muon_s_and_adamw_s_own():
    model, alone = new(), new()
    both = muon.MuonWithAdamW(muon.for_muon(model), lr=0.02, weight_decay=0.1)
    matrices, others = muon.for_muon(alone)
    first = torch.optim.Muon(matrices["params"], lr=0.02, weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    second = torch.optim.AdamW(others["params"], lr=0.02, betas=(0.9, 0.98))
    for _ in range(3):
        for network, optimizers in ((model, [both]), (alone, [first, second])):
            for optimizer in optimizers:
                optimizer.zero_grad()
            network(torch.tensor([[1, 2, 5]])).square().sum().backward()
            for optimizer in optimizers:
                optimizer.step()
    for ours, theirs in zip(model.parameters(), alone.parameters(), strict=True):
        assert_close(ours, theirs)


@needs_muon
def test_the_loop_sets_the_rate_of_both_and_a_training_goes_on_where_it_was_broken_off(tmp_path, monkeypatch):
    monkeypatch.setattr("attention_course.training.saving.SAVE_EVERY", 0)

    def loss(model, words):
        return (model(words) - 1).square().mean()

    def run(model, batches, **more):
        return fit(
            model, [(torch.tensor([[1, 2, 5]]),)] * batches, loss, budget=8, learning_rate=0.05, progress=False,
            optimizer=muon.MuonWithAdamW, parameters=muon.for_muon(model), **more,
        )  # fmt: skip

    whole, broken = new(), new()
    losses = run(whole, 8).losses
    assert losses[-1] < losses[0] / 2
    before = {name: value.clone() for name, value in broken.state_dict().items()}
    with pytest.raises(ValueError, match="batches"):
        run(broken, 4, checkpoint=tmp_path / "kept")
    assert (tmp_path / "kept").exists()
    broken.load_state_dict(before)
    run(broken, 8, checkpoint=tmp_path / "kept")
    for ours, theirs in zip(whole.parameters(), broken.parameters(), strict=True):
        assert_close(ours, theirs)


def test_where_pytorch_has_none_it_says_so(monkeypatch):
    monkeypatch.setattr(muon, "THERE", False)
    with pytest.raises(RuntimeError, match=r"torch\.optim\.Muon: expected PyTorch 2\.9 or newer, got "):
        muon.MuonWithAdamW(muon.for_muon(new()), lr=0.1)
