"""How good a translation is, how well links agree with gold links, and how widely attention is spread."""

from attention_course.metrics.alignment import alignment_error_rate, diagonal_links, hard_links, one_link_floor
from attention_course.metrics.bleu import Bleu, Group, bleu_by_length, corpus_bleu
from attention_course.metrics.entropy import entropy

__all__ = [
    "Bleu",
    "Group",
    "alignment_error_rate",
    "bleu_by_length",
    "corpus_bleu",
    "diagonal_links",
    "entropy",
    "hard_links",
    "one_link_floor",
]
