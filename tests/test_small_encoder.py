"""The small encoder that stands in for EfficientNet."""

import torch
from torch import nn

from attention_course.data.scenes import COLOURS, KINDS, scenes
from attention_course.models.region_features import as_images, region_features
from attention_course.models.small_encoder import SmallEncoder, single_pictures, trained_encoder


def test_regions_are_of_the_size_that_is_said(monkeypatch, tmp_path):
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", str(tmp_path))
    encoder = SmallEncoder().eval()
    assert encoder(torch.rand(2, 3, 160, 96)).shape == (2, 112, 10, 6)
    assert region_features(encoder, scenes(2), 64, progress=False).shape == (2, 16, 112)


def test_single_pictures():
    images, kinds, colours = single_pictures(50)
    assert images.shape == (50, 64, 64, 3)
    assert kinds.min() >= 0 and kinds.max() < len(KINDS) and colours.max() < len(COLOURS)
    again, _, _ = single_pictures(50)
    assert (again == images).all() and (single_pictures(50, seed=1)[0] != images).any()


def test_it_learns_kinds_from_images_without_boxes():
    """After a short training a linear reading of its means tells colours that it has not seen in this place."""
    torch.manual_seed(0)
    encoder = trained_encoder(images=400, steps=60, progress=False)
    assert not encoder.training and not any(p.requires_grad for p in encoder.parameters())
    images, _, colours = single_pictures(300, seed=5)
    means = encoder(as_images(images)).mean((2, 3))
    means = (means - means.mean(0)) / (means.std(0) + 1e-3)
    reading = nn.Linear(112, len(COLOURS))
    optimizer = torch.optim.Adam(reading.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(reading(means[:200]), colours[:200]).backward()
        optimizer.step()
    assert (reading(means[200:]).argmax(-1) == colours[200:]).float().mean() > 0.5
