"""A small CNN in the place of EfficientNet, where its weights are not installed: trained here, on single pictures."""

from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from attention_course.data.scenes import COLOURS, KINDS, Scene, Thing
from attention_course.models.efficientnet import pretrained
from attention_course.models.region_features import as_images
from attention_course.training import adamw, fit

SIDE = 64  # pixels of the images it is trained on


class SmallEncoder(nn.Module):
    """Images (B, 3, H, W) from 0 to 1 → (B, 112, H / 16, W / 16), by four convolutions that halve the sides."""

    channels, stride = 112, 16

    def __init__(self):
        super().__init__()
        layers, before = [], 3
        for channels in (32, 64, 96, self.channels):
            layers += [nn.Conv2d(before, channels, 5 if before == 3 else 3, 2, 2 if before == 3 else 1, bias=False)]
            layers += [nn.BatchNorm2d(channels), nn.ReLU()]
            before = channels
        self.layers = nn.Sequential(*layers)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 112 rows columns"]:
        return self.layers(images * 2 - 1)


def single_pictures(
    n: int, seed: int = 0
) -> tuple[UInt8[np.ndarray, "n side side 3"], Int[Tensor, " n"], Int[Tensor, " n"]]:
    """Images of one picture each, with its kind and its colour as numbers: what there is to see, and not where."""
    random = np.random.default_rng(seed)
    kinds, colours = random.integers(len(KINDS), size=n), random.integers(len(COLOURS), size=n)
    images = np.empty((n, SIDE, SIDE, 3), np.uint8)
    for i, (kind, colour) in enumerate(zip(kinds, colours, strict=True)):
        size = random.uniform(0.42, 0.95)
        x, y = random.uniform(size / 2, 1 - size / 2, 2)
        thing = Thing(list(KINDS)[kind], list(COLOURS)[colour], x, y, size)
        images[i] = Scene((thing,), int(random.integers(2**32))).image(SIDE)
    return images, torch.from_numpy(kinds), torch.from_numpy(colours)


def an_encoder(device: torch.device | str = "cpu") -> nn.Module:
    """EfficientNet-Lite0 as it was trained on ImageNet or, where its weights are not installed, `trained_encoder`.

    Where it is the second, a line says so.
    """
    try:
        return pretrained().to(device)
    except ImportError:
        print(
            "EfficientNet's weights are not installed here;",
            "a small CNN, trained now on single pictures, takes their place.",
        )
        return trained_encoder(device=device)


@torch.inference_mode(False)
def trained_encoder(
    images: int = 6_000, steps: int = 900, batch: int = 64, progress: bool = True, device: torch.device | str = "cpu"
) -> SmallEncoder:
    """An encoder that has learned to tell kinds and colours of single pictures, and is ready to be used on scenes.

    It is given no boxes. Like a network that was trained on ImageNet it answers once an image, from the mean over all
    regions, and is then used for its regions. device: where it is used.
    """
    with torch.device("cpu"):  # it starts alike wherever it is trained
        learner = nn.ModuleList([SmallEncoder(), nn.Linear(SmallEncoder.channels, len(KINDS) + len(COLOURS))])
    dtype = learner[1].weight.dtype
    pixels, kinds, colours = single_pictures(images)
    order = torch.cat([torch.randperm(images, device="cpu") for _ in range(-(-steps * batch // images))]).split(batch)
    fit(
        learner.to(device),
        ((as_images(pixels[some.numpy()]).to(dtype), kinds[some], colours[some]) for some in order),
        kind_and_colour,
        budget=steps,
        learning_rate=3e-3,
        optimizer=partial(adamw, betas=(0.9, 0.999)),
        clip=None,
        progress=progress,
    )
    return learner[0].requires_grad_(False)


def kind_and_colour(
    learner: nn.ModuleList,
    images: Float[Tensor, "batch 3 height width"],
    kinds: Int[Tensor, " batch"],
    colours: Int[Tensor, " batch"],
) -> Float[Tensor, ""]:
    """Cross-entropies in nats an image; the learner is an encoder, and a layer that answers from its mean."""
    encoder, answers = learner
    kind, colour = answers(encoder(images).mean((2, 3))).split([len(KINDS), len(COLOURS)], -1)
    return F.cross_entropy(kind, kinds) + F.cross_entropy(colour, colours)
