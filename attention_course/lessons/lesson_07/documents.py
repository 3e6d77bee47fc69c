"""Documents as numbers: a list of sentences, each a list of words, in the places of one tensor."""

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from attention_course.data.vocabulary import Vocabulary
from attention_course.masks import PAD

Words = Sequence[Sequence[str]]
Numbers = list[list[int]]


def encode(
    documents: Sequence[Words], vocabulary: Vocabulary, sentences: int | None = None, words: int | None = None
) -> list[Numbers]:
    """The numbers of the words, sentence by sentence.

    sentences: how many of a longer document are kept, from its beginning and its end in equal parts.
    words: how many of a longer sentence are kept, from its beginning.
    """
    return [[vocabulary.encode(sentence[:words]) for sentence in ends(document, sentences)] for document in documents]


def ends(document: Sequence, most: int | None) -> list:
    """The beginning and the end of a document that has more than `most` sentences; the whole of any other."""
    if most is None or len(document) <= most:
        return list(document)
    return [*document[: most - most // 2], *document[len(document) - most // 2 :]]


def flat(document: Numbers) -> Numbers:
    """The same words as one long sentence: what is left of a document without its hierarchy."""
    return [[word for sentence in document for word in sentence]]


def pad_documents(documents: Sequence[Numbers]) -> Int[Tensor, "batch sentences words"]:
    """Put documents of different sizes into one tensor, filled up with `PAD` behind words and behind sentences.

    There is room for at least one word, also where all documents are empty.
    """
    most = max([1, *map(len, documents)])
    longest = max([1, *(len(sentence) for document in documents for sentence in document)])
    empty = [PAD] * longest
    rows = [
        [*([*sentence, *empty[len(sentence) :]] for sentence in document), *[empty] * (most - len(document))]
        for document in documents
    ]
    return torch.tensor(rows, dtype=torch.long).reshape(len(documents), most, longest)
