"""Features of regions: computed once, kept, and computed again wherever the kept ones cannot be trusted."""

import numpy as np
import pytest
import torch
from torch import nn

from attention_course import device
from attention_course.data.scenes import scenes
from attention_course.models.region_features import encode_images, region_features

SCENES = scenes(5)


class Encoder(nn.Module):
    """Means over patches of 16 pixels; it counts how many images it has seen, and can be stopped."""

    channels, stride = 3, 16

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(3, 1, 1))
        self.seen, self.stop = 0, False

    def forward(self, images):
        if self.stop and self.seen:
            raise KeyboardInterrupt
        self.seen += len(images)
        return nn.functional.avg_pool2d(images, 16) * self.gain


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("attention_course.models.region_features.BATCH", 2)
    monkeypatch.setenv("ATTENTION_COURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "region_features"


def features(encoder, some=SCENES, size=64, **options):
    return region_features(encoder, some, size, progress=False, **options)


def test_regions_run_row_by_row_from_the_upper_left():
    pixels = np.zeros((1, 32, 48, 3), np.uint8)
    pixels[0, :16, 16:32] = 255
    assert encode_images(Encoder(), pixels)[0, :, 0].tolist() == [0, 1, 0, 0, 0, 0]


def test_the_second_time_nothing_is_computed(cache):
    encoder = Encoder()
    first = features(encoder)
    assert first.shape == (5, 16, 3) and first.dtype == torch.float16 and encoder.seen == 5
    pixels = np.stack([scene.image(64) for scene in SCENES])
    assert torch.equal(first, encode_images(encoder, pixels))
    encoder.seen = 0
    assert torch.equal(features(encoder), first) and encoder.seen == 0
    assert len(list(cache.iterdir())) == 1


def test_other_scenes_sizes_and_weights_are_other_features():
    encoder = Encoder()
    features(encoder)
    for change in (
        lambda: features(encoder, SCENES[1:]),
        lambda: features(encoder, size=32),
        lambda: features(encoder, [scene._replace(ground=1) for scene in SCENES]),
        lambda: encoder.gain.data.fill_(2) is not None and features(encoder),
    ):
        encoder.seen = 0
        change()
        assert encoder.seen


def test_features_of_another_precision_are_other_features(cache, monkeypatch):
    encoder, kept = Encoder(), []
    for pays in (True, False):
        monkeypatch.setattr(device, "bfloat16_pays", lambda device_type, pays=pays: pays)
        features(encoder)
        kept.append(len(list(cache.iterdir())))
    assert kept == [1, 2]


@pytest.mark.parametrize(
    "harm",
    [lambda data: data[:-2], lambda data: b"", lambda data: b"<html>", lambda data: data[:40] + b"xx" + data[42:]],
    ids=["cut off", "empty", "a web page", "changed"],
)
def test_a_broken_file_is_made_anew(cache, harm):
    encoder = Encoder()
    first = features(encoder)
    [file] = cache.iterdir()
    whole = file.read_bytes()
    file.write_bytes(harm(whole))
    assert torch.equal(features(encoder), first) and encoder.seen == 10
    assert file.read_bytes() == whole


def test_an_interruption_leaves_nothing_behind(cache):
    encoder = Encoder()
    encoder.stop = True
    with pytest.raises(KeyboardInterrupt):
        features(encoder)
    assert not cache.exists()
    encoder.stop = False
    features(encoder)


def test_where_nothing_can_be_written_all_goes_on(cache):
    cache.parent.write_text("a file where the folder should be")
    assert features(Encoder()).shape == (5, 16, 3)


def test_what_is_read_can_be_written_to():
    features(Encoder())
    kept = features(Encoder())
    kept[0] = 0
    assert not torch.equal(kept, features(Encoder()))


def test_errors():
    with pytest.raises(ValueError, match="expected at least one, got none"):
        features(Encoder(), [])
    with pytest.raises(ValueError, match="multiple of the encoder's stride, 16, got 60"):
        features(Encoder(), size=60)
