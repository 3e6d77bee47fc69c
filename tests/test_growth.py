"""Exponents and crossovers: found where they were put, with intervals that hold them as often as they say."""

import numpy as np
import pytest

from attention_course.metrics import crossover, fit_exponent

SIZES = [1024, 2048, 4096, 8192, 16384]


@pytest.mark.parametrize("power", [-0.5, 0, 1, 1.5, 2])
def test_a_power_without_noise_is_found_exactly(power):
    found = fit_exponent(SIZES, [3e-4 * n**power for n in SIZES])
    assert np.allclose(found, power, atol=1e-6)


def test_the_interval_holds_the_true_exponent_as_often_as_it_says():
    generator = np.random.default_rng(0)
    sizes = np.repeat(SIZES, 2)
    held = 0
    for _ in range(2000):
        noise = np.exp(0.2 * generator.standard_normal(len(sizes)))
        found = fit_exponent(sizes, sizes**1.3 * noise)
        assert found.low < found.value < found.high
        held += found.low <= 1.3 <= found.high
    assert 0.935 < held / 2000 < 0.965


def test_growth_that_is_no_power_has_a_wide_interval():
    straight = fit_exponent(SIZES, [n**1.5 for n in SIZES])
    bent = fit_exponent(SIZES, [1e6 * n + n**2.5 for n in SIZES])
    assert bent.high - bent.low > 0.3 > straight.high - straight.low


@pytest.mark.parametrize(
    ("sizes", "costs"),
    [([1, 2], [1, 2]), ([2, 2, 2], [1, 2, 3]), ([1, 2, 3], [1, 2]), ([1, 2, 3], [0, 1, 2]), ([0, 1, 2], [1, 2, 3])],
)
def test_what_no_line_can_be_drawn_through_raises(sizes, costs):
    with pytest.raises(ValueError, match="sizes"):
        fit_exponent(sizes, costs)


def test_two_powers_cross_where_they_are_equal():
    square, line = [n**2 for n in SIZES], [3000.0 * n for n in SIZES]
    assert crossover(SIZES, line, square) == pytest.approx(3000)
    assert crossover(SIZES, square, line) is None


def test_who_is_always_cheaper_is_so_from_the_smallest_size():
    assert crossover(SIZES, [1] * 5, [2] * 5) == 1024
    assert crossover(SIZES, [2] * 5, [2] * 5) is None


def test_the_last_crossing_counts():
    ours, theirs = [1, 3, 1, 3, 1], [2] * 5
    assert 8192 < crossover(SIZES, ours, theirs) < 16384


def test_a_crossover_wants_growing_sizes():
    with pytest.raises(ValueError, match="grow"):
        crossover([2, 1], [1, 1], [2, 2])
