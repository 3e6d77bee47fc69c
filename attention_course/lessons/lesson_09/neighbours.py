"""A word together with its neighbours: what a network knows of a sentence before any word looks further."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Neighbours(nn.Module):
    """One convolution over the words: h_t is made of x_{t-reach} .. x_{t+reach}, and knows of their order.

    Beyond the ends of a sentence there are zeros, so that padding, which is set to zero by the caller, changes nothing.
    """

    def __init__(self, size: int, hidden_size: int, reach: int):
        super().__init__()
        self.convolution = nn.Conv1d(size, hidden_size, 2 * reach + 1, padding=reach)

    def forward(self, words: Float[Tensor, "batch words size"]) -> Float[Tensor, "batch words hidden_size"]:
        return torch.relu(self.convolution(words.mT).mT)
