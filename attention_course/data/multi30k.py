"""Real sentence pairs: captions of photographs, in English, German and French.

The German is from Elliott, Frank, Sima'an and Specia, "Multi30K: Multilingual English-German Image Descriptions"
(2016), the French from Elliott, Frank, Barrault, Bougares and Specia, "Findings of the Second Shared Task on Multimodal
Machine Translation and Multilingual Image Description" (2017). The text derives from Flickr30k and is for
non-commercial research and education: `registry.licence("multi30k")`.
"""

import gzip
import re
import sys

from attention_course.data import registry

PARTS = ("train", "val", "test_2016_flickr")
WORDS = {
    "en": re.compile(r"\w+|[^\w\s]"),
    "de": re.compile(r"\w+|[^\w\s]"),
    "fr": re.compile(r"\w+['’]|\w+|[^\w\s]"),  # l', d', qu' keep their apostrophe
}


def pairs(part: str, source: str = "en", target: str = "fr") -> list[tuple[list[str], list[str]]]:
    """Return the pairs of a part, each the words of a sentence and of its translation, in the order of the files.

    part: "train" (29,000 pairs), "val" (1,014) or "test_2016_flickr" (1,000).
    source, target: "en", "de" or "fr".

    Raises `ValueError` for another part or language, and `registry.DatasetUnavailable` where a file cannot be had.
    """
    if part not in PARTS:
        raise ValueError(f"part: expected one of {', '.join(PARTS)}; got {part!r}")
    for name, language in (("source", source), ("target", target)):
        if language not in WORDS:
            raise ValueError(f"{name}: expected one of {', '.join(WORDS)}; got {language!r}")
    sources, targets = _sentences(part, source), _sentences(part, target)
    if len(sources) != len(targets):
        raise ValueError(
            f"multi30k/{part}: expected as many lines in {source} as in {target}, got {len(sources)} and {len(targets)}"
        )
    return list(zip(sources, targets, strict=True))


def tokenize(text: str, language: str) -> list[str]:
    """Return the words and punctuation marks of a sentence, in lower case.

    Every punctuation mark stands alone, but a French apostrophe, which stays with the word before it: "l'", "homme".
    Raises `ValueError` for a language that is not in `WORDS`.
    """
    if language not in WORDS:
        raise ValueError(f"language: expected one of {', '.join(WORDS)}; got {language!r}")
    return [sys.intern(word) for word in WORDS[language].findall(text.lower())]  # each word once in memory


def _sentences(part: str, language: str) -> list[list[str]]:
    path = registry.fetch(f"multi30k/{part}.{language}.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        return [tokenize(line, language) for line in file]
