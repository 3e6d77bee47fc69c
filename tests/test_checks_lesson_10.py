"""Lesson 10's problems: they agree with the package and PyTorch, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch import nn
from torch.testing import assert_close

from attention_course.checks import lesson_10 as check
from attention_course.functional import masked_softmax
from attention_course.layers import MultiHeadAttention, prune_heads
from attention_course.layers.multi_head import merge_heads
from attention_course.layers.multi_head import split_heads as package_split


def split_numpy(x, H):
    return np.stack(np.split(np.asarray(x), H, axis=-1), axis=1)


def fused_numpy(x, H):
    return [
        np.stack(parts, axis=1) for parts in zip(*[np.split(head, 3, -1) for head in np.split(x, H, -1)], strict=True)
    ]


def fused_by_hand(x, H):
    D = x.shape[-1] // H // 3
    heads = torch.empty(3, len(x), H, x.shape[1], D)
    for h in range(H):
        for which in range(3):
            start = (3 * h + which) * D
            heads[which, :, h] = x[..., start : start + D]
    return tuple(heads)


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


def multi_head_pytorch(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    layer = nn.MultiheadAttention(len(W_O), H, bias=False, batch_first=True)
    layer.load_state_dict({"in_proj_weight": torch.cat([W_Q, W_K, W_V]), "out_proj.weight": W_O})
    return layer(queries, source, source, attn_mask=(~mask).repeat_interleave(H, 0))[0]


def multi_head_mapped(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    def head(W_Q, W_K, W_V, columns):
        scores = (queries @ W_Q.mT) @ (source @ W_K.mT).mT / len(W_Q) ** 0.5
        return scores.masked_fill(~mask, -1e9).softmax(-1) @ (source @ W_V.mT) @ columns

    return torch.vmap(head)(*(W.unflatten(0, (H, -1)) for W in (W_Q, W_K, W_V, W_O.mT))).sum(0)


def mask_expanded(mask, H):
    return (~mask).unsqueeze(1).expand(-1, H, -1, -1).reshape(-1, *mask.shape[1:])


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


def importance_jacobian(contexts, loss):
    gated = lambda gates: loss(contexts * gates[..., None, None])
    slopes = torch.autograd.functional.jacobian(gated, torch.ones(contexts.shape[:2]))  # (B, B, H)
    return slopes.diagonal().mT.abs().mean(0)


def importance_forwards(contexts, loss):
    def slopes(head):
        moved = torch.zeros_like(contexts)
        moved[:, head] = contexts[:, head]
        return torch.func.jvp(loss, (contexts,), (moved,))[1]

    return [slopes(head).abs().mean() for head in range(contexts.shape[1])]


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
    check.split_fused: [fused_numpy, fused_by_hand],
    check.multi_head: [multi_head_numpy, multi_head_sum, multi_head_pytorch, multi_head_mapped],
    check.pytorch_mask: [mask_loop, mask_numpy, mask_expanded],
    check.prune: [prune_reshape, prune_pieces],
    check.head_importance: [
        importance_backward,
        importance_one_gate_at_a_time,
        importance_jacobian,
        importance_forwards,
    ],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def multi_head_with(weigh):
    def answer(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        Q, K, V = (package_split(x @ W.T, H) for x, W in ((queries, W_Q), (source, W_K), (source, W_V)))
        return merge_heads(weigh(Q @ K.mT / Q.shape[-1] ** 0.5, mask) @ V) @ W_O.T

    return answer


def multi_head_comprehension(queries, source, W_Q, W_K, W_V, W_O, H, mask):
    looks = [F.scaled_dot_product_attention(queries @ q.T, source @ k.T, source @ v.T, attn_mask=mask)
             for q, k, v in zip(W_Q.chunk(H), W_K.chunk(H), W_V.chunk(H), strict=True)]  # fmt: skip
    return torch.cat(looks, -1) @ W_O.T


def rows(D, keep):
    return [h * D + d for h in keep for d in range(D)]


def looped_with(scale=lambda D, E: D**0.5, axis=-1):
    def answer(queries, source, W_Q, W_K, W_V, W_O, H, mask):
        D, contexts = len(W_Q) // H, []
        for q, k, v in zip(*(W.chunk(H) for W in (W_Q, W_K, W_V)), strict=True):
            scores = (queries @ q.T) @ (source @ k.T).mT / scale(D, len(W_Q))
            contexts.append(scores.masked_fill(~mask, -torch.inf).softmax(axis) @ (source @ v.T))
        return torch.cat(contexts, -1) @ W_O.T

    return answer


SLIPS = [
    (check.split_fused, "thirds_first", lambda x, H: [split_numpy(y, H) for y in np.split(np.asarray(x), 3, -1)]),
    (check.split_fused, "reshaped_at_once", lambda x, H: np.split(np.reshape(x, (len(x), H, x.shape[1], -1)), 3, -1)),
    (check.split_fused, "not_transposed", lambda x, H: [y.transpose(1, 2) for y in fused_by_hand(x, H)]),
    (check.split_fused, "heads_first", lambda x, H: torch.stack(x.chunk(H, -1)).chunk(3, -1)),
    (check.split_fused, "keys_first", lambda x, H: [fused_by_hand(x, H)[i] for i in (1, 0, 2)]),
    (check.split_fused, "heads_inside_thirds", lambda x, H: [
        y.unflatten(-1, (-1, H)).permute(0, 3, 1, 2) for y in x.chunk(3, -1)]),
    (check.split_fused, "reshaped_with_three_before_heads", lambda x, H: np.reshape(
        x, (len(x), 3, H, x.shape[1], -1)).swapaxes(0, 1)),
    (check.multi_head, "against_the_statement", multi_head_loop),
    (check.multi_head, "against_the_statement", multi_head_comprehension),
    (check.multi_head, "score_zero", multi_head_with(lambda s, mask: s.masked_fill(~mask[:, None], 0).softmax(-1))),
    (check.multi_head, "score_minus_ten", multi_head_with(
        lambda s, mask: s.masked_fill(~mask[:, None], -10).softmax(-1))),
    (check.multi_head, "mask_added", multi_head_with(lambda s, mask: (s + mask[:, None].float()).softmax(-1))),
    (check.multi_head, "mask_without_an_axis", multi_head_with(
        lambda s, mask: s.masked_fill(~mask, -torch.inf).softmax(-1))),
    (check.multi_head, "mask_inverted_and_empty_rows_zero", multi_head_with(
        lambda s, mask: masked_softmax(s, ~mask[:, None]))),
    (check.multi_head, "scaled_by_the_whole_size", looped_with(lambda D, E: E**0.5)),
    (check.multi_head, "without_scale", looped_with(lambda D, E: 1)),
    (check.multi_head, "mask_inverted", lambda *a: multi_head_loop(*a[:-1], ~a[-1])),
    (check.pytorch_mask, "heads_outside", lambda mask, H: torch.cat([~mask] * H)),
    (check.pytorch_mask, "not_turned_round", lambda mask, H: np.repeat(np.asarray(mask), H, axis=0)),
    (check.pytorch_mask, "another_kind_of_number", lambda mask, H: 1 - mask.float().repeat_interleave(H, 0)),
    (check.pytorch_mask, "another_kind_of_number", lambda mask, H: np.repeat(np.where(mask, 0, 1), H, axis=0)),
    (check.pytorch_mask, "infinity_to_be_added", lambda mask, H: torch.where(
        mask, 0.0, -torch.inf).repeat_interleave(H, 0)),
    (check.pytorch_mask, "empty_rows_opened", lambda mask, H: mask_expanded(mask | ~mask.any(-1, keepdim=True), H)),
    (check.prune, "first_row_of_each_head", lambda *a: prune_rows(*a, [h * (len(a[0]) // a[4]) for h in a[5]])),
    (check.prune, "size_by_the_columns", lambda *a: [
        *(W[rows(W.shape[1] // a[4], a[5])] for W in a[:3]),
        prune_pieces(*a)[3]]),
    (check.prune, "sorted_again", lambda *a: prune_pieces(*a[:5], sorted(a[5]))),
    (check.prune, "rows_of_the_output_matrix", lambda *a: tuple(
        torch.cat([W.chunk(a[4])[h] for h in a[5]]) for W in a[:4])),
    (check.head_importance, "averaged_twice", lambda contexts, loss: importance_backward(
        contexts, lambda contexts: loss(contexts) / len(contexts))),
    (check.head_importance, "absolute_gradient_alone", lambda contexts, loss: torch.func.grad(
        lambda contexts: loss(contexts).sum())(contexts).abs().sum((2, 3)).mean(0)),
    (check.head_importance, "gates_at_zero", lambda contexts, loss: torch.func.grad(lambda gates: loss(
        contexts * gates[..., None, None]).sum())(torch.zeros(contexts.shape[:2])).abs().mean(0)),
    (check.head_importance, "least_important_first", lambda *a: importance_backward(*a).argsort()),
    (check.head_importance, "signs_cancel", lambda contexts, loss: importance_signed(contexts, loss).abs()),
    (check.head_importance, "signed", lambda contexts, loss: importance_signed(contexts, loss)),
]  # fmt: skip


def prune_rows(W_Q, W_K, W_V, W_O, H, keep, rows):
    return W_Q[rows], W_K[rows], W_V[rows], W_O[:, rows]


def importance_signed(contexts, loss):
    gate = torch.ones(contexts.shape[1], requires_grad=True)
    loss(contexts * gate[:, None, None]).mean().backward()
    return gate.grad


@pytest.mark.parametrize("mode", [torch.no_grad, lambda: torch.autograd.set_detect_anomaly(True)])
def test_an_importance_is_judged_with_gradients(mode):
    def only_raises(contexts, loss):
        raise RuntimeError("element 0 of tensors does not require grad and does not have a grad_fn")

    with mode():
        problem = type(check.head_importance)()  # one that has computed nothing yet
        assert problem.grade(only_raises, 0).outcome == "wrong"
        assert problem.grade(importance_backward, 0).outcome == "correct"


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def test_the_cut_is_the_package_s_and_its_merge_undoes_it():
    for _, (x, H) in check.split_fused.inputs(torch.Generator().manual_seed(0)):
        together = torch.cat(type(check.split_fused).answer(x, H), -1)
        assert together.equal(package_split(x, H)) and merge_heads(together).equal(x)


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
