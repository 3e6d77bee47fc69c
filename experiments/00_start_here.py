"""Does "chat" look at "cat", and is "the" enough to choose "le"? The translator of lesson 00, from ten random starts.

Writes attention_course/results/00_start_here.json. About six minutes on two cores.
"""

import torch

from attention_course import device, results
from attention_course.data import grammar
from attention_course.data.batches import encode_pairs
from attention_course.data.vocabulary import BOS, Vocabulary, pad
from attention_course.decoding import translate
from attention_course.models.seq2seq import RNNsearch
from attention_course.training import train

SEEDS = range(10)
CATS = {"chat": "cat", "chats": "cats"}
ARTICLES = ("le", "la")


@torch.no_grad()
def articles_right(model: RNNsearch, english: Vocabulary, french: Vocabulary, pairs: list[grammar.Pair]) -> float:
    """The share of sentences "the ..." whose first word, le or la, is right although only "the" may be looked at."""
    starts = [pair for pair in pairs if pair.english[0] == "the" and pair.french[0] in ARTICLES]
    memory, state = model.encode(pad([english.encode(pair.english) for pair in starts]))
    only_the = torch.arange(memory.mask.shape[-1]) == 0
    logits, _, _ = model.step(torch.full((len(starts),), BOS), state, memory._replace(mask=memory.mask & only_the))
    return sum(french.words[i] == pair.french[0] for i, pair in zip(logits.argmax(-1), starts, strict=True)) / len(
        starts
    )


def main() -> None:
    """Train with each seed; measure on 2,000 unseen sentences."""
    torch.set_num_threads(1)
    pairs = grammar.pairs(30_000, part="train")
    unseen = grammar.pairs(2_000, part="test")
    english = Vocabulary(pair.english for pair in pairs)
    french = Vocabulary(pair.french for pair in pairs)
    examples = encode_pairs([(pair.english, pair.french) for pair in pairs], english, french)

    values = {"chat_on_cat": [], "chats_written": [], "article_from_the": [], "exact": []}
    for seed in SEEDS:
        device.seed_everything(seed)
        model = RNNsearch(len(english), len(french))
        train(model, examples, target_tokens=400_000, batch_tokens=320, learning_rate=1e-2, seed=seed, progress=False)
        exact, on_cat = 0, []
        translations = translate(model, [pair.english for pair in unseen], english, french)
        for pair, translation in zip(unseen, translations, strict=True):
            exact += translation.words == list(pair.french)
            for word, weights in zip(translation.words, translation.weights, strict=True):
                if word in CATS and CATS[word] in pair.english:
                    on_cat.append(pair.english[weights.argmax()] in CATS.values())
        values["chat_on_cat"].append(sum(on_cat) / len(on_cat))
        values["chats_written"].append(len(on_cat))
        values["article_from_the"].append(articles_right(model, english, french, unseen))
        values["exact"].append(exact / len(unseen))
        print(seed, {name: round(v[-1], 4) for name, v in values.items()}, flush=True)
    results.save("00_start_here", values, command="python experiments/00_start_here.py", seeds=list(SEEDS))


if __name__ == "__main__":
    main()
