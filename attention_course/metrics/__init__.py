"""How good a translation is, how well links agree with gold links, and how attention is spread or points."""

from attention_course.metrics.alignment import alignment_error_rate, diagonal_links, hard_links, one_link_floor
from attention_course.metrics.bleu import Bleu, Group, bleu_by_length, corpus_bleu
from attention_course.metrics.entropy import entropy
from attention_course.metrics.pointing import Pointing, inside, pointing

__all__ = [
    "Bleu",
    "Group",
    "Pointing",
    "alignment_error_rate",
    "bleu_by_length",
    "corpus_bleu",
    "diagonal_links",
    "entropy",
    "hard_links",
    "inside",
    "one_link_floor",
    "pointing",
]
