"""Pointing: which regions lie in a box, and how often a map's peak is one of them."""

import pytest
import torch

from attention_course.data.scenes import scenes
from attention_course.metrics import inside, pointing


def test_regions_with_their_centre_in_a_box():
    assert inside([(0, 0, 0.5, 0.5)], 2, 2).tolist() == [True, False, False, False]
    assert inside([(0.3, 0, 1, 0.2)], 3, 3).tolist() == [False, True, True, *[False] * 6]
    assert inside([(0, 0, 0.2, 0.2), (0.8, 0.8, 1, 1)], 3, 3).nonzero().flatten().tolist() == [0, 8]
    assert not inside([], 2, 2).any()


def test_against_a_loop_over_scenes():
    for scene in scenes(20):
        for position in scene.names:
            boxes = scene.named(position)
            wanted = [
                any(box.holds((x + 0.5) / 10, (y + 0.5) / 10) for box in boxes) for y in range(10) for x in range(10)
            ]
            assert inside(boxes, 10, 10).tolist() == wanted


def test_rate_mass_and_chance():
    box, other = (0, 0, 0.5, 0.5), (0.5, 0.5, 1, 1)
    maps = torch.tensor([[0.4, 0.3, 0.3, 0.0], [0.4, 0.0, 0.0, 0.6]])
    found = pointing(maps, [[box], [box]], [[box, other], [box]])
    assert found == pytest.approx((0.5, 0.4, 0.25, 0.75))


def test_even_weights_have_the_mass_of_chance():
    some = [(scene, position) for scene in scenes(30) for position in scene.names]
    named, things = [s.named(p) for s, p in some], [s.boxes for s, _ in some]
    found = pointing(torch.full((len(some), 100), 0.01), named, things)
    assert found.mass == pytest.approx(found.random_region)
    perfect = torch.stack([inside(boxes, 10, 10).float() for boxes in named])
    found = pointing(perfect / perfect.sum(-1, keepdim=True), named, things)
    assert found.rate == 1 and found.mass == pytest.approx(1)


def test_errors():
    with pytest.raises(ValueError, match="expected one for each noun, got 1, 0 and 1"):
        pointing(torch.ones(1, 4), [], [[]])
    with pytest.raises(ValueError, match="square number of regions, got 5"):
        pointing(torch.ones(1, 5), [[(0, 0, 1, 1)]], [[(0, 0, 1, 1)]])


def test_maps_on_another_device_stay_there():
    """On this one there are no numbers: all goes well up to the first that is asked for."""
    with pytest.raises(RuntimeError, match=r"item\(\) cannot be called on meta tensors"):
        pointing(torch.ones(1, 4, device="meta"), [[(0, 0, 1, 1)]], [[(0, 0, 1, 1)]])
    with torch.device("meta"):
        assert inside([(0, 0, 1, 1)], 2, 2).device.type == "cpu"
