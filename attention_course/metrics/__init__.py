"""How good a translation is, how often answers are right, how well links agree, how attention is spread or points, how
costs grow."""

from attention_course.metrics.accuracy import accuracy
from attention_course.metrics.alignment import alignment_error_rate, diagonal_links, hard_links, one_link_floor
from attention_course.metrics.bleu import Bleu, Group, bleu_by_length, corpus_bleu
from attention_course.metrics.entropy import entropy
from attention_course.metrics.growth import Exponent, crossover, fit_exponent
from attention_course.metrics.pointing import Pointing, inside, pointing

__all__ = [
    "Bleu",
    "Exponent",
    "Group",
    "Pointing",
    "accuracy",
    "alignment_error_rate",
    "bleu_by_length",
    "corpus_bleu",
    "crossover",
    "diagonal_links",
    "entropy",
    "fit_exponent",
    "hard_links",
    "inside",
    "one_link_floor",
    "pointing",
]
