"""Lesson 10's problems: they agree with the package and PyTorch, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from torch import nn
from torch.testing import assert_close

from attention_course.checks import lesson_10 as check
from attention_course.layers import MultiHeadAttention, prune_heads
from attention_course.layers.multi_head import merge_heads
from attention_course.layers.multi_head import split_heads as package_split


def split_numpy(x, H):
    return np.stack(np.split(np.asarray(x), H, axis=-1), axis=1)


def split_by_hand(x, H):
    D = x.shape[-1] // H
    heads = torch.empty(len(x), H, x.shape[1], D)
    for h in range(H):
        heads[:, h] = x[..., h * D : (h + 1) * D]
    return heads


def multi_head_loop(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    D, contexts = len(W_Q) // H, []
    for h in range(H):
        rows = slice(h * D, (h + 1) * D)
        scores = (queries @ W_Q[rows].mT) @ (source @ W_K[rows].mT).mT / D**0.5
        scores[~mask] = -torch.inf
        contexts.append(scores.softmax(-1) @ (source @ W_V[rows].mT))
    return torch.cat(contexts, -1) @ W_O.mT


def multi_head_numpy(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    queries, source, W_Q, W_K, W_V, W_O, mask = map(np.asarray, (queries, source, W_Q, W_K, W_V, W_O, mask))
    q, k, v = (split_numpy(x @ W.T, H) for x, W in ((queries, W_Q), (source, W_K), (source, W_V)))
    scores = np.exp(np.einsum("bhld,bhsd->bhls", q, k) / np.sqrt(q.shape[-1])) * mask[:, None]
    contexts = np.einsum("bhls,bhsd->blhd", scores / scores.sum(-1, keepdims=True), v)
    return contexts.reshape(queries.shape) @ W_O.T


def multi_head_sum(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    """No head is joined: each adds its part through its own columns of W_O."""
    q, k, v = (x.view(H, -1, x.shape[-1]) for x in (W_Q, W_K, W_V))
    scores = torch.einsum("ble,hde,hdf,bsf->hbls", queries, q, k, source) / q.shape[1] ** 0.5
    weights = scores.masked_fill(~mask, -torch.inf).softmax(-1)
    return torch.einsum("hbls,bsf,hdf,ehd->ble", weights, source, v, W_O.view(len(W_O), H, -1))


def mask_loop(mask, H):
    return torch.stack([~sentence for sentence in mask for _ in range(H)])


def mask_numpy(mask, H):
    return np.logical_not(np.repeat(np.asarray(mask), H, axis=0))


def prune_reshape(W_Q, W_K, W_V, W_O, H, keep):
    rows = [W.reshape(H, -1, W.shape[1])[keep].reshape(-1, W.shape[1]) for W in (W_Q, W_K, W_V)]
    return (*rows, W_O.reshape(len(W_O), H, -1)[:, keep].reshape(len(W_O), -1))


def prune_pieces(W_Q, W_K, W_V, W_O, H, keep):
    pieces = [torch.cat([W.chunk(H)[h] for h in keep]) for W in (W_Q, W_K, W_V)]
    return [*pieces, torch.cat([W_O.chunk(H, dim=1)[h] for h in keep], 1)]


def importance_backward(contexts, loss):
    contexts = contexts.clone().requires_grad_()
    loss(contexts).sum().backward()
    return (contexts * contexts.grad).sum((-1, -2)).abs().mean(0)


def importance_one_gate_at_a_time(contexts, loss):
    found = []
    for head in range(contexts.shape[1]):
        for sentence in contexts:
            gate = torch.ones((), requires_grad=True)
            gates = torch.stack([gate if h == head else torch.ones(()) for h in range(len(sentence))])
            loss((sentence * gates[:, None, None])[None])[0].backward()
            found.append(gate.grad.abs())
    return torch.stack(found).view(contexts.shape[1], -1).mean(1)


STYLES = {
    check.split_heads: [split_numpy, split_by_hand],
    check.multi_head: [multi_head_loop, multi_head_numpy, multi_head_sum],
    check.pytorch_mask: [mask_loop, mask_numpy],
    check.prune: [prune_reshape, prune_pieces],
    check.head_importance: [importance_backward, importance_one_gate_at_a_time],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def looped_with(scale=lambda D, E: D**0.5, axis=-1):
    def answer(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        D, contexts = len(W_Q) // H, []
        for q, k, v in zip(*(W.chunk(H) for W in (W_Q, W_K, W_V)), strict=True):
            scores = (queries @ q.T) @ (source @ k.T).mT / scale(D, len(W_Q))
            contexts.append(scores.masked_fill(~mask, -torch.inf).softmax(axis) @ (source @ v.T))
        return torch.cat(contexts, -1) @ W_O.T

    return answer


SLIPS = [
    (check.split_heads, "reshaped_at_once", lambda x, H: np.reshape(x, (len(x), H, x.shape[1], -1))),
    (check.split_heads, "not_transposed", lambda x, H: np.stack(np.split(np.asarray(x), H, axis=-1), axis=2)),
    (check.split_heads, "heads_first", lambda x, H: torch.stack(x.chunk(H, -1))),
    (check.multi_head, "scaled_by_the_whole_size", looped_with(lambda D, E: E**0.5)),
    (check.multi_head, "without_scale", looped_with(lambda D, E: 1)),
    (check.multi_head, "mask_inverted", lambda *a: multi_head_loop(*a[:-1], ~a[-1])),
    (check.pytorch_mask, "heads_outside", lambda mask, H: torch.cat([~mask] * H)),
    (check.pytorch_mask, "not_turned_round", lambda mask, H: np.repeat(np.asarray(mask), H, axis=0)),
    (check.prune, "rows_of_the_output_matrix", lambda *a: tuple(
        torch.cat([W.chunk(a[4])[h] for h in a[5]]) for W in a[:4])),
    (check.head_importance, "signs_cancel", lambda contexts, loss: importance_signed(contexts, loss).abs()),
    (check.head_importance, "signed", lambda contexts, loss: importance_signed(contexts, loss)),
]  # fmt: skip


def importance_signed(contexts, loss):
    gate = torch.ones(contexts.shape[1], requires_grad=True)
    loss(contexts * gate[:, None, None]).mean().backward()
    return gate.grad


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_cut_is_the_package_s_and_its_merge_undoes_it():
    for _, (x, H) in check.split_heads.inputs(torch.Generator().manual_seed(0)):
        heads = type(check.split_heads).answer(x, H)
        assert heads.equal(package_split(x, H)) and merge_heads(heads).equal(x)


def with_matrices(size, heads, *matrices):
    layer = MultiHeadAttention(size, heads, bias=False)
    with torch.no_grad():
        for projection, W in zip(layer.projections, matrices, strict=True):
            projection.weight.copy_(W)
    return layer


def test_the_attention_is_the_package_s():
    for _, (queries, source, *W, H, mask) in check.multi_head.inputs(torch.Generator().manual_seed(0)):
        ours = type(check.multi_head).answer(queries, source, *W, H, mask)
        assert_close(ours, with_matrices(len(W[0]), H, *W)(queries, source, mask=mask)[0])


def test_the_mask_is_the_one_that_pytorch_wants():
    torch.manual_seed(0)
    layer = nn.MultiheadAttention(6, 3, batch_first=True)
    mask = torch.rand(2, 4, 5) < 0.6
    mask[..., 0] = True
    _, weights = layer(
        torch.randn(2, 4, 6), s := torch.randn(2, 5, 6), s,
        attn_mask=type(check.pytorch_mask).answer(mask, 3), average_attn_weights=False,
    )  # fmt: skip
    assert ((weights > 0) == mask[:, None]).all()


def test_pruning_is_the_package_s():
    W = [torch.randn(8, 8) for _ in range(4)]
    pruned = prune_heads(with_matrices(8, 4, *W), [2, 0])
    for ours, theirs in zip(type(check.prune).answer(*W, 4, [2, 0]), pruned.projections, strict=True):
        assert ours.equal(theirs.weight)


@pytest.mark.parametrize("head", range(3))
def test_the_importance_is_the_slope_when_a_gate_is_moved(head):
    *_, (_, (contexts, loss)) = check.head_importance.inputs(torch.Generator().manual_seed(0))
    contexts, step = contexts.double(), 1e-6
    moved = [contexts.index_copy(1, torch.tensor([head]), contexts[:, [head]] * (1 + s)) for s in (step, -step)]
    slopes = (loss(moved[0]) - loss(moved[1])) / (2 * step)
    importance = type(check.head_importance).answer(contexts, loss)[head]
    assert_close(importance, slopes.abs().mean(), rtol=1e-4, atol=1e-4, check_dtype=False)
