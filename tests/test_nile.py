"""The measurements of the Nile are those that were published."""

from attention_course.lessons.lesson_01.nile import nile


def test_a_hundred_years_without_a_gap():
    years, flows = nile()
    assert years.tolist() == list(range(1871, 1971))
    assert flows.shape == years.shape


def test_values_of_the_published_series():
    years, flows = nile()
    flow = dict(zip(years.int().tolist(), flows.int().tolist(), strict=True))
    assert (flow[1871], flow[1899], flow[1913], flow[1970]) == (1120, 774, 456, 740)
    assert flow[1913] == min(flow.values())
    assert round(sum(flow.values()) / 100, 2) == 919.35
