"""What can be read off a vector: a linear classifier for each place of a sentence."""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from attention_course import device

STEPS = 200


def read_off(
    vectors: Float[Tensor, "sentences size"],
    words: Int[Tensor, "sentences places"],
    unseen: Float[Tensor, "others size"],
    words_of_unseen: Int[Tensor, "others places"],
    count: int,
) -> Float[Tensor, " places"]:
    """Train a linear classifier to say from a sentence's vector which word stands at each place.

    words: the words of each sentence as numbers below `count`. Gives, for each place, the share of the unseen
        sentences whose word is named rightly.
    """
    device.seed_everything(0)
    places = words.shape[1]
    probe = nn.Linear(vectors.shape[1], places * count)
    nn.init.zeros_(probe.weight)  # it begins by naming the commonest words
    where = device.pick_device(probe)
    probe.to(where)
    optimizer = torch.optim.Adam(probe.parameters(), lr=0.03)
    mean, deviation = vectors.mean(0), vectors.std(0) + 1e-6
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 0.03 * (1 - step / STEPS)
        few = torch.randperm(len(vectors))[:400]
        logits = probe(((vectors[few] - mean) / deviation).to(where)).view(-1, places, count)
        optimizer.zero_grad()
        F.cross_entropy(logits.flatten(0, 1), words[few].flatten().to(where)).backward()
        optimizer.step()
    probe.to("cpu")
    said = probe((unseen - mean) / deviation).view(-1, places, count).argmax(-1)
    return (said == words_of_unseen).float().mean(0)
