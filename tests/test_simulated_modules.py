"""Modules and optimizers on the pretended device: what they give and learn has the CPU's bits."""

import pytest
import torch
import torch.nn.functional as F
from simulated.agreeing import assert_agree, bits, numbers
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence

WORDS = torch.tensor([[1, 2, 0], [3, 3, 4]])
MODULES = {
    "linear": lambda: (nn.Linear(4, 5), numbers(2, 3, 4)),
    "bilinear": lambda: (nn.Bilinear(4, 4, 2), numbers(3, 4), numbers(3, 4, seed=1)),
    "convolution": lambda: (nn.Conv2d(2, 3, 3, padding=1, bias=False), numbers(2, 2, 6, 6)),
    "depthwise": lambda: (nn.Conv2d(4, 4, 3, groups=4), numbers(2, 4, 6, 6)),
    "transposed": lambda: (nn.ConvTranspose1d(4, 2, 3), numbers(2, 4, 6)),
    "batch norm": lambda: (nn.BatchNorm1d(4), numbers(6, 4)),
    "layer norm": lambda: (nn.LayerNorm(4), numbers(2, 3, 4)),
    "group norm": lambda: (nn.GroupNorm(2, 4), numbers(2, 4, 3)),
    "embedding": lambda: (nn.Embedding(6, 4, padding_idx=0), WORDS),
    "dropout": lambda: (nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.3), nn.Dropout1d(0.3)), numbers(2, 3, 4)),
    "GRU": lambda: (nn.GRU(4, 5, batch_first=True), numbers(2, 3, 4)),
    "GRU, both ways": lambda: (nn.GRU(4, 5, 2, dropout=0.3, bidirectional=True), numbers(3, 2, 4)),
    "LSTM": lambda: (nn.LSTM(4, 5, 2), numbers(3, 2, 4)),
    "RNN": lambda: (nn.RNN(4, 5), numbers(3, 2, 4)),
    "GRU cell": lambda: (nn.GRUCell(4, 5), numbers(3, 4), numbers(3, 5)),
    "LSTM cell": lambda: (nn.LSTMCell(4, 5), numbers(3, 4)),
    "attention": lambda: (nn.MultiheadAttention(4, 2, batch_first=True), *[numbers(2, 3, 4, seed=s) for s in range(3)]),
    "encoder": lambda: (nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), numbers(2, 3, 4)),
    "decoder": lambda: (nn.TransformerDecoderLayer(4, 2, 8, dropout=0.2), numbers(3, 2, 4), numbers(5, 2, 4, seed=1)),
}


def run_module(name, device="cpu", learning=True):
    """What a module gives, the gradients of its parameters, its buffers, and what it gives without gradients."""
    torch.manual_seed(0)
    module, *inputs = MODULES[name]()
    module.train(learning).to(device)
    torch.manual_seed(1)
    found = module(*[x.to(device) for x in inputs])
    outputs = [x for part in (found if isinstance(found, tuple) else [found]) for x in part]
    sum(x.square().sum() for x in outputs).backward()
    with torch.no_grad():
        again = module(*[x.to(device) for x in inputs])
    with torch.inference_mode():
        once_more = module(*[x.to(device) for x in inputs])
    return found, [p.grad for p in module.parameters()], list(module.buffers()), again, once_more


@pytest.mark.parametrize("learning", [True, False])
@pytest.mark.parametrize("name", MODULES)
def test_modules(name, learning, sim):
    assert_agree(run_module(name, sim, learning), run_module(name, "cpu", learning))


@pytest.mark.parametrize("name", ["GRU", "LSTM"])
def test_packed_sentences(name, sim):
    def read(device):
        torch.manual_seed(0)
        module, x = getattr(nn, name)(4, 5, bidirectional=True).to(device), numbers(3, 4, 4).to(device).requires_grad_()
        packed = pack_padded_sequence(x, torch.tensor([2, 4, 1]), batch_first=True, enforce_sorted=False)
        states, last = module(packed)
        states, lengths = pad_packed_sequence(states, batch_first=True)
        states.square().sum().backward()
        return states, last, x.grad, [p.grad for p in module.parameters()], lengths.to(device)

    assert_agree(read(sim), read("cpu"))
    rows = [numbers(3, 2), numbers(1, 2)]
    assert_agree(pad_sequence([x.to(sim) for x in rows]), pad_sequence(rows))
    assert_agree(pack_sequence([x.to(sim) for x in rows]).data, pack_sequence(rows).data)


def test_a_cell_called_again_and_again(sim):
    """Its gradients are added up over the steps, in the CPU's order."""

    def read(device):
        torch.manual_seed(0)
        cell, state, x = nn.GRUCell(4, 5).to(device), torch.zeros(2, 5, device=device), numbers(20, 2, 4).to(device)
        for word in x:
            state = cell(word, state)
        state.sum().backward()
        return [p.grad for p in cell.parameters()]

    assert_agree(read(sim), read("cpu"))


OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True),
    "SGD, fused": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, fused=True),
    "Adam": lambda p: torch.optim.Adam(p, 0.1),
    "Adam, fused": lambda p: torch.optim.Adam(p, 0.1, amsgrad=True, fused=True),
    "AdamW": lambda p: torch.optim.AdamW(p, 0.1, foreach=False),
    "AdamW, foreach": lambda p: torch.optim.AdamW(p, 0.1, foreach=True),
    "AdamW, fused": lambda p: torch.optim.AdamW(p, 0.1, betas=(0.9, 0.98), fused=True),
    "AdamW, capturable": lambda p: torch.optim.AdamW(p, 0.1, foreach=False, capturable=p[0].device.type == "sim"),
    "Adagrad": lambda p: torch.optim.Adagrad(p, 0.1),
    "RMSprop": lambda p: torch.optim.RMSprop(p, 0.1),
    "LBFGS": lambda p: torch.optim.LBFGS(p, 0.1),
}


def learn(device, make, model=None, steps=4):
    """The losses, the parameters and the optimizer's state after a few steps with gradients clipped."""
    torch.manual_seed(0)
    model = (model or nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Dropout(0.2), nn.Linear(6, 3))).to(device)
    torch.manual_seed(1)
    optimizer = make(list(model.parameters()))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    x, target, losses = numbers(8, 4).to(device), torch.arange(8, device=device) % 3, []

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), target)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).detach())
        schedule.step()
    return losses, list(model.parameters()), optimizer


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if "capturable" not in name])
def test_trainings(name, sim):
    (losses, parameters, optimizer), its = learn(sim, OPTIMIZERS[name]), learn("cpu", OPTIMIZERS[name])
    assert losses[0] != losses[-1]
    assert_agree((losses, parameters), its[:2])
    for state, its_state in zip(optimizer.state.values(), its[2].state.values(), strict=True):
        assert state.keys() == its_state.keys()
        assert all(bits(x) == bits(its_state[key]) for key, x in state.items() if isinstance(x, torch.Tensor))


def test_a_training_may_keep_its_count_on_the_device(sim):
    losses, _, optimizer = learn(sim, OPTIMIZERS["AdamW, capturable"])
    assert all(state["step"].device.type == "sim" for state in optimizer.state.values())
    assert losses[-1] < losses[0]
