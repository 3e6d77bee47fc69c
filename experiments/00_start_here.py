"""Does "chat" look at "cat"? And what does "le" look at? The translator of lesson 00, from ten random starts.

Writes attention_course/results/00_start_here.json. About six minutes on two cores.
"""

import torch

from attention_course import device, results
from attention_course.data import grammar
from attention_course.data.vocabulary import Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.models.seq2seq import RNNsearch
from attention_course.training import encode_pairs, train

SEEDS = range(10)
CATS = {"chat": "cat", "chats": "cats"}
ARTICLES = ("le", "la")


def words_after_articles(pair: grammar.Pair) -> list[tuple[int, int]]:
    """For each le or la: the place of the English word whose translation follows it, and of the article itself."""
    places = [f for f, word in enumerate(pair.french) if word in ARTICLES]
    return [(e, f) for f in places for e, g in sorted(pair.links) if g == f + 1 and (e, f) not in pair.links]


def main() -> None:
    """Train with each seed; measure on 2,000 unseen sentences."""
    torch.set_num_threads(1)
    pairs = grammar.pairs(30_000, part="train")
    unseen = grammar.pairs(2_000, part="test")
    english = Vocabulary(pair.english for pair in pairs)
    french = Vocabulary(pair.french for pair in pairs)
    examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

    values = {"chat_on_cat": [], "chats_written": [], "article_on_next": [], "exact": []}
    for seed in SEEDS:
        device.seed_everything(seed)
        model = RNNsearch(len(english), len(french))
        train(model, examples, target_tokens=400_000, batch_size=32, learning_rate=1e-2, seed=seed, progress=False)
        words, weights = greedy(model, pad([english.encode(pair.english) for pair in unseen]))
        exact, on_cat, on_next = 0, [], []
        for pair, numbers, rows in zip(unseen, words.tolist(), weights, strict=True):
            written = french.decode(numbers)
            if written == list(pair.french):
                exact += 1
                on_next += [rows[f, e].item() for e, f in words_after_articles(pair)]
            for place, word in enumerate(written):
                if word in CATS and CATS[word] in pair.english:
                    on_cat.append(pair.english[rows[place, : len(pair.english)].argmax()] in CATS.values())
        values["chat_on_cat"].append(sum(on_cat) / len(on_cat))
        values["chats_written"].append(len(on_cat))
        values["article_on_next"].append(sum(on_next) / len(on_next))
        values["exact"].append(exact / len(unseen))
        print(seed, {name: round(v[-1], 4) for name, v in values.items()}, flush=True)
    results.save("00_start_here", values, command="python experiments/00_start_here.py", seeds=list(SEEDS))


if __name__ == "__main__":
    main()
