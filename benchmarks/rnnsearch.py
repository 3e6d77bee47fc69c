"""RNNsearch with a score size of its own, as the benchmarks of translation use it."""

from attention_course.models.seq2seq import RNNsearch
from attention_course.scores import AdditiveScore


def new_rnnsearch(source_words: int, target_words: int, *, score_size: int, **sizes) -> RNNsearch:
    """The sizes are those of `Translator`; `score_size` is the k of the additive score."""
    score = AdditiveScore(sizes["decoder_size"], 2 * sizes["hidden_size"], score_size)
    return RNNsearch(source_words, target_words, score, **sizes)
