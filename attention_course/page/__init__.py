"""What a page shows beside pictures: tables of numbers, and the source of what it uses."""

from attention_course.page.source import listing, look_inside
from attention_course.page.table import table

__all__ = ["listing", "look_inside", "table"]
