"""BLEU (Papineni et al. 2002), as sacreBLEU counts it (Post 2018), of sentences that are in words already."""

from collections.abc import Sequence
from typing import NamedTuple

Sentences = Sequence[Sequence[str]]


class Bleu(NamedTuple):
    """A score from 0 to 100, and sacreBLEU's signature, which says exactly how it was counted."""

    score: float
    signature: str

    def __str__(self) -> str:
        return f"BLEU {self.score:.2f} ({self.signature})"


class Group(NamedTuple):
    """Sentences of similar source length: the range of lengths in words, how many they are, and their BLEU."""

    shortest: int
    longest: int
    sentences: int
    score: float


def corpus_bleu(hypotheses: Sentences, references: Sentences) -> Bleu:
    """BLEU of translations, with one reference for each.

    Matches of one to four words are counted over the whole corpus before anything is divided, so this is no average
    over sentences. Words are compared as they are: another tokenization or lower-casing gives another score, and only
    scores with the same words and signature can be compared. Without a single match the score is 0, and so it is where
    no translation has four words.

    Raises ValueError for unequal numbers of sentences or none, TypeError for a sentence that is not in words.
    """
    _check(hypotheses, references)
    from sacrebleu import BLEU

    # force: sacreBLEU warns of text that looks tokenized, as this is meant to be.
    bleu = BLEU(tokenize="none", force=True)
    score = bleu.corpus_score([" ".join(words) for words in hypotheses], [[" ".join(words) for words in references]])
    return Bleu(score.score, str(bleu.get_signature()))


def bleu_by_length(
    hypotheses: Sentences, references: Sentences, lengths: Sequence[int], groups: int = 4
) -> list[Group]:
    """BLEU of short sentences, of longer ones, and so on.

    lengths: of each source sentence, in words. The corpus is sorted by them, sentences of one length as they stood,
        and cut into `groups` parts whose numbers of sentences differ by one at most.

    Raises ValueError for unequal numbers of sentences, or fewer sentences than groups; see also `corpus_bleu`.
    """
    _check(hypotheses, references)
    n = len(hypotheses)
    if len(lengths) != n:
        raise ValueError(f"lengths: expected one for each of the {n} sentences, got {len(lengths)}")
    if not 1 <= groups <= n:
        raise ValueError(f"groups: expected 1 to {n}, the number of sentences, got {groups}")
    order = sorted(range(n), key=lambda i: lengths[i])
    found = []
    for g in range(groups):
        part = order[g * n // groups : (g + 1) * n // groups]
        score = corpus_bleu([hypotheses[i] for i in part], [references[i] for i in part]).score
        found.append(Group(lengths[part[0]], lengths[part[-1]], len(part), score))
    return found


def _check(hypotheses: Sentences, references: Sentences) -> None:
    if len(hypotheses) != len(references):
        raise ValueError(
            f"hypotheses and references: expected the same number, got {len(hypotheses)} and {len(references)}"
        )
    if not hypotheses:
        raise ValueError("hypotheses: expected at least one sentence, got none")
    for name, sentences in (("hypotheses", hypotheses), ("references", references)):
        # A string is a sequence, too: its letters would be taken for words, and give a score that looks like one.
        for sentence in (sentences, *sentences):
            if isinstance(sentence, str):
                raise TypeError(f"{name}: expected sentences as sequences of words, got the string {sentence!r}")
