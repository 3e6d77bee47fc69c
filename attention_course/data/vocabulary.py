"""Words as numbers, and sentences as rows of a tensor."""

from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from attention_course.masks import PAD

BOS, EOS, UNKNOWN = 1, 2, 3
SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")


class Vocabulary:
    """The words of a language, the most frequent first, behind the four special ones.

    sentences: the training sentences, each a sequence of words.
    minimum: how often a word must occur to get a number of its own; the others are all `<unk>`.
    """

    def __init__(self, sentences: Iterable[Sequence[str]], minimum: int = 1):
        counts = Counter(word for sentence in sentences for word in sentence)
        frequent = sorted((word for word, n in counts.items() if n >= minimum), key=lambda w: (-counts[w], w))
        self.words = [*SPECIAL, *frequent]
        self.numbers = {word: number for number, word in enumerate(frequent, len(SPECIAL))}

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, sentence: Iterable[str]) -> list[int]:
        """The numbers of the words; 3 (`<unk>`) for a word the vocabulary does not have."""
        return [self.numbers.get(word, UNKNOWN) for word in sentence]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """The words up to the first `<eos>`, without padding and `<bos>`."""
        words = []
        for number in numbers:
            if number == EOS:
                break
            if number not in (PAD, BOS):
                words.append(self.words[number])
        return words


def pad(sentences: Sequence[Sequence[int]]) -> Int[Tensor, "batch longest"]:
    """Put sentences of different lengths in the rows of one tensor, filled up with `PAD` on the right."""
    longest = max(map(len, sentences), default=0)
    rows = [[*s, *[PAD] * (longest - len(s))] for s in sentences]
    return torch.tensor(rows, dtype=torch.long).reshape(len(rows), longest)
