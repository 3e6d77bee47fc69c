"""float16 ends at 65,504: no attention function may leave it on the way to an output that lies within."""

import pytest
import torch
from everything import FORMS, one_vector
from factories import normal
from torch import nn
from torch.testing import assert_close

HEADS, SIZE = 2, 64


def alike():
    """Every product of a query and a key is 102,400, and 12,800 when it is divided by 8."""
    return [torch.full((1, HEADS, 4, SIZE), 40.0) for _ in range(3)]


def unlike():
    """Every word finds itself: its product with itself is 102,400, with any other far less."""
    words = 40 * normal(1, HEADS, 13, SIZE, dtype=torch.float32).sign()
    return [words, words, normal(1, HEADS, 13, SIZE, dtype=torch.float32, seed=1)]


@pytest.mark.parametrize("given", [alike, unlike])
@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("name", FORMS)
def test_products_beyond_float16_do_no_harm(name, need_weights, given):
    torch.manual_seed(0)
    attend = FORMS[name].make(HEADS, SIZE)
    tensors = [x.half() for x in given()]
    if isinstance(attend, nn.Module):
        attend.half().float()  # both with the same numbers
    expected, _ = attend(*[x.float() for x in tensors], causal=FORMS[name].causal, need_weights=need_weights)
    if isinstance(attend, nn.Module):
        attend.half()
    for x in tensors:
        x.requires_grad_()
    queries, keys, values = tensors
    output, _ = attend(
        queries, queries if one_vector(name) else keys, values, causal=FORMS[name].causal, need_weights=need_weights
    )
    output.sum().backward()
    assert output.dtype == torch.float16
    assert_close(output.float(), expected, rtol=0.02, atol=0.02)
    assert all(x.grad.isfinite().all() for x in tensors if x.grad is not None)
