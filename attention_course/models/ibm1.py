"""IBM Model 1: which source word made which target word, learned from sentence pairs alone, with no network."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from jaxtyping import Float

Words = Sequence[str]


class Ibm1:
    """Word translation probabilities t(f | e) by expectation maximisation (Brown et al. 1993, section 4.1).

    Every target word f_j was made by one word of its source sentence, each of the l + 1 as likely a maker as any other:

        P(f_1 .. f_m | e_1 .. e_l) = prod_j sum_{i=0..l} t(f_j | e_i) / (l + 1)

    (but for the factor for the length m, which nothing here depends on). e_0 is NULL, an empty word that every source
    sentence has, for target words that have no source word. The order of the words plays no part.

    The probability that e_i made f_j, t(f_j | e_i) / sum_k t(f_j | e_k), is a softmax over the source words of
    log t(f_j | e_i): attention (Eq. 2) whose score is looked up in a table. It knows two words, and no sentence.

    pairs: (source words, target words).
    iterations: of EM. The table starts out uniform, and each iteration counts who made whom as the present table has it
        (E), then divides the counts of a source word by their sum (M).
    null: whether there is a NULL; without it, 1 / (l + 1) is 1 / l.

    `log_likelihoods` has one number an iteration, sum log P over the pairs in nats, with the table that the iteration
    started from. They never fall.

    Raises ValueError for no pairs, a sentence without words, and fewer iterations than one.
    """

    def __init__(self, pairs: Sequence[tuple[Words, Words]], iterations: int = 5, null: bool = True):
        if not pairs:
            raise ValueError("pairs: expected at least one sentence pair, got none")
        if iterations < 1:
            raise ValueError(f"iterations: expected at least 1, got {iterations}")
        for number, (source, target) in enumerate(pairs):
            if not source or not target:
                raise ValueError(f"pairs: expected words on both sides, got none on one of pairs[{number}]")
        sources = [[*source, None] if null else source for source, _ in pairs]
        targets = [target for _, target in pairs]
        # Words are numbered from 1; 0 is any word that is not here, and None is NULL.
        self._sources = {word: n for n, word in enumerate(dict.fromkeys(chain.from_iterable(sources)), 1)}
        self._targets = {word: n for n, word in enumerate(dict.fromkeys(chain.from_iterable(targets)), 1)}

        # A row for every target word with every word of its source sentence: 6 million for the 29,000 of Multi30k.
        numbers = [np.array([self._sources[word] for word in words]) for words in sources]
        source = np.concatenate([np.tile(e, len(words)) for e, words in zip(numbers, targets, strict=True)])
        candidates = np.repeat([len(words) for words in sources], [len(words) for words in targets])
        made = np.repeat(np.arange(len(candidates)), candidates)  # which target word of the corpus a row is about
        target = np.array([self._targets[word] for word in chain.from_iterable(targets)])[made]
        # Most words never meet: the table has the pairs that do.
        self._keys, pair = np.unique(self._key(source, target), return_inverse=True)
        source_of = self._keys // (len(self._targets) + 1)

        table = np.full(len(self._keys), 1 / len(self._targets))
        self.log_likelihoods: list[float] = []
        for _ in range(iterations):
            t = table[pair]
            total = np.bincount(made, t)  # sum_i t(f_j | e_i)
            self.log_likelihoods.append(float(np.log(total / candidates).sum()))
            counts = np.bincount(pair, t / total[made])
            table = counts / np.bincount(source_of, counts)[source_of]
        self._table = table

    def probability(self, target_word: str, source_word: str | None) -> float:
        """t(target_word | source_word); a source word of None is NULL. 0 for words that never met."""
        return float(self._look_up([source_word], [target_word])[0, 0])

    def weights(self, source: Words, target: Words) -> Float[np.ndarray, "target source"]:
        """The probability that each target word was made by each source word, given both sentences.

        A row sums to one together with what NULL has, which is left out. It is zero throughout for a target word that
        has met neither NULL nor any of the source words.
        """
        return self._posterior(source, target)[:, :-1]

    def links(self, source: Words, target: Words) -> frozenset[tuple[int, int]]:
        """(source, target) positions: each target word with its likeliest maker (the first of equals).

        A word that NULL made more likely than any other is left unlinked, and so is one whose `weights` are zero.
        """
        weights = self._posterior(source, target)
        best = weights.argmax(-1).tolist()
        return frozenset((i, j) for j, i in enumerate(best) if i < len(source) and weights[j, i] > 0)

    def _posterior(self, source: Words, target: Words) -> Float[np.ndarray, "target source_and_null"]:
        t = self._look_up([*source, None], target)
        total = t.sum(-1, keepdims=True)
        return np.divide(t, total, out=np.zeros_like(t), where=total > 0)

    def _look_up(self, source: Sequence[str | None], target: Words) -> Float[np.ndarray, "target source"]:
        """t(f | e) of every target word f with every source word e."""
        e = np.array([self._sources.get(word, 0) for word in source], dtype=np.int64)
        f = np.array([self._targets.get(word, 0) for word in target], dtype=np.int64)
        keys = self._key(e, f[:, None])
        places = np.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        return np.where(self._keys[places] == keys, self._table[places], 0.0)

    def _key(self, source, target):
        """One number for two: no pair in the table has that of a pair with a 0."""
        return source * (len(self._targets) + 1) + target
