"""Training: what is counted, what is drawn, what is the same twice, and that a translator does learn to attend."""

import math
import random
from itertools import islice

import pytest
import torch
from factories import new_translator, normal

from attention_course.data.vocabulary import BOS, EOS, UNKNOWN, Vocabulary, pad
from attention_course.decoding import greedy
from attention_course.device import seed_everything
from attention_course.masks import PAD
from attention_course.models import seq2seq
from attention_course.training import batches, encode_pairs, endless, sequence_loss, train, warm_up_then_decay


def some_examples(count, seed=0):
    """Sentences of 1 to 20 words and their targets; the first source word is the example's own number."""
    generator = random.Random(seed)
    lengths = [generator.randint(1, 20) for _ in range(count)]
    return [([100 + i] + [4] * (n - 1), [BOS] + [5] * n + [EOS]) for i, n in enumerate(lengths)]


def tiny_examples():
    return [([4 + i % 8] * (1 + i % 3), [BOS, *[4 + i % 7] * (1 + i % 4), EOS]) for i in range(40)]


def train_tiny(model=None, **options):
    defaults = {"target_tokens": 300, "learning_rate": 1e-2, "batch_size": 8, "progress": False}
    return train(model or new_translator(), options.pop("examples", tiny_examples()), **defaults | options)


# The loss


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_is_the_mean_over_the_words_that_are_no_padding(smoothing):
    logits, target = normal(2, 3, 5, dtype=torch.float32), torch.tensor([[4, 3, EOS], [EOS, PAD, PAD]])
    losses = []
    for row, words in zip(logits.double().tolist(), target.tolist(), strict=True):
        for energies, word in zip(row, words, strict=True):
            logs = [e - math.log(sum(map(math.exp, energies))) for e in energies]
            if word != PAD:
                losses.append(-(1 - smoothing) * logs[word] - smoothing * sum(logs) / len(logs))
    assert len(losses) == 4
    assert math.isclose(sequence_loss(logits, target, smoothing), sum(losses) / 4, rel_tol=1e-6)


def test_what_is_said_at_padding_changes_neither_loss_nor_gradient():
    target = torch.tensor([[4, 3, EOS], [EOS, PAD, PAD]])
    logits = normal(2, 3, 5, dtype=torch.float32).requires_grad_()
    sequence_loss(logits, target).backward()
    assert not logits.grad[target == PAD].any() and logits.grad[target != PAD].any()
    changed = logits.detach().masked_fill((target == PAD)[..., None], 1e6)
    assert sequence_loss(changed, target).equal(sequence_loss(logits, target).detach())


# Batches


@pytest.mark.parametrize("pool", [1, 2, 50])
@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_a_pass_shows_each_example_exactly_once(size, pool):
    examples = some_examples(100)
    shown = []
    for source, target in batches(examples, size, random.Random(0), pool):
        assert len(source) == len(target) <= size
        for s, t in zip(source.tolist(), target.tolist(), strict=True):
            number = s[0] - 100
            assert ([w for w in s if w != PAD], [w for w in t if w != PAD]) == examples[number]
            shown.append(number)
    assert sorted(shown) == list(range(100))


def test_a_batch_of_like_lengths_has_little_padding():
    examples = some_examples(1000)
    padding = lambda batch: (batch == PAD).double().mean().item()
    ours = [padding(target) for _, target in batches(examples, 20, random.Random(0))]
    at_random = [padding(pad([t for _, t in examples[i : i + 20]])) for i in range(0, 1000, 20)]
    assert sum(ours) < 0.2 * sum(at_random)


def test_the_batches_are_those_of_the_seed_and_each_pass_has_its_own_order():
    numbers = lambda seed: [tuple(s[:, 0].tolist()) for s, _ in islice(endless(some_examples(100), 10, seed), 20)]
    assert numbers(3) == numbers(3) != numbers(4)
    first, second = numbers(3)[:10], numbers(3)[10:]
    assert sorted(sum(first, ())) == sorted(sum(second, ()))
    assert set(first).isdisjoint(second)  # other company each time


def test_short_and_long_sentences_come_in_turns():
    widths = [target.shape[1] for _, target in batches(some_examples(1000), 20, random.Random(0))]
    assert widths not in (sorted(widths), sorted(widths, reverse=True))


def test_targets_stand_between_beginning_and_end():
    vocabulary = Vocabulary([["b", "a", "b"]])
    assert encode_pairs([(["a", "x"], ["b"]), ([], [])], vocabulary, vocabulary) == [
        ([5, UNKNOWN], [BOS, 4, EOS]),
        ([], [BOS, EOS]),
    ]


# The run


@pytest.mark.parametrize("progress, factor", [(0.0, 0), (0.05, 0.5), (0.1, 1), (0.55, 0.5), (1.0, 0)])
def test_the_learning_rate_goes_up_to_one_and_down_to_zero(progress, factor):
    assert math.isclose(warm_up_then_decay(progress), factor, abs_tol=1e-12)
    assert math.isclose(warm_up_then_decay(progress, warm_up=0.0), 1 - progress, abs_tol=1e-12)


def test_the_same_seed_gives_the_same_parameters_bit_by_bit():
    parameters = []
    for seed in (5, 5, 6):
        seed_everything(5)
        model = new_translator(dropout=0.3)
        run = train_tiny(model, seed=seed)
        parameters.append([*model.parameters(), torch.tensor(run.losses)])
    first, again, other = parameters
    assert all(a.equal(b) for a, b in zip(first, again, strict=True))
    assert not all(a.equal(b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("budget", [1, 100, 300])
def test_the_budget_counts_the_words_to_predict(budget):
    examples = tiny_examples()
    model = new_translator()
    run = train_tiny(model, target_tokens=budget)
    shown = [(target[:, 1:] != PAD).sum().item() for _, target in islice(endless(examples, 8, 0), run.steps)]
    assert run.target_tokens == sum(shown) >= budget > sum(shown[:-1])
    assert len(run.losses) == run.steps and all(map(math.isfinite, run.losses)) and run.seconds > 0
    assert not model.training


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"examples": []}, "examples: expected at least one sentence pair, got none"),
        ({"target_tokens": 0}, "target_tokens: expected at least 1, got 0"),
        ({"target_tokens": -5}, "target_tokens: expected at least 1, got -5"),
        ({"batch_size": 0}, "batch size: expected at least 1, got 0"),
        ({"batch_size": -1}, "batch size: expected at least 1, got -1"),
    ],
)
def test_what_cannot_be_trained_is_told(wrong, message):
    with pytest.raises(ValueError, match=message):
        train_tiny(**wrong)


def test_without_progress_nothing_is_printed_and_with_it_nothing_on_stderr(capsys):
    train_tiny(target_tokens=50)
    assert capsys.readouterr() == ("", "")
    train_tiny(target_tokens=50, progress=True)
    out, err = capsys.readouterr()
    assert "loss=" in out and not err


def accuracy_at_reversing():
    """Train a translator to say 5 to 9 letters in reverse: the share that it gets right of those it has not seen."""
    letters = random.Random(0)
    pairs = [((word := letters.choices("abcdefgh", k=letters.randint(5, 9))), word[::-1]) for _ in range(2000)]
    vocabulary = Vocabulary(word for word, _ in pairs)
    examples = encode_pairs(pairs, vocabulary, vocabulary)
    seed_everything(0)
    model = seq2seq.RNNsearch(len(vocabulary), len(vocabulary), embedding_size=32, hidden_size=32, decoder_size=32)
    train(model, examples[100:], target_tokens=60_000, learning_rate=1e-2, batch_size=32, progress=False)
    said, _ = greedy(model, pad([source for source, _ in examples[:100]]), longest=10)
    return sum(vocabulary.decode(s) == t for s, (_, t) in zip(said.tolist(), pairs, strict=False)) / 100


def test_it_learns_to_reverse_and_without_attention_it_does_not(monkeypatch):
    assert accuracy_at_reversing() >= 0.8
    uniform = lambda scores, mask: mask.expand_as(scores) / mask.sum(-1, keepdim=True)
    monkeypatch.setattr(seq2seq, "masked_softmax", uniform)
    assert accuracy_at_reversing() <= 0.5


# The vocabulary


SENTENCES = [["b", "a", "c"], ["b", "c"], ["d"]]


def test_words_stand_by_frequency_then_alphabet_behind_the_special_ones():
    vocabulary = Vocabulary(SENTENCES)
    assert vocabulary.words == ["<pad>", "<bos>", "<eos>", "<unk>", "b", "c", "a", "d"]
    assert [vocabulary.words[n] for n in (PAD, BOS, EOS, UNKNOWN)] == vocabulary.words[:4]
    assert len(vocabulary) == 8
    assert Vocabulary(SENTENCES[::-1]).words == vocabulary.words


def test_words_come_back_as_they_went():
    vocabulary = Vocabulary(iter(SENTENCES))
    assert [vocabulary.decode(vocabulary.encode(s)) for s in SENTENCES] == SENTENCES


@pytest.mark.parametrize("minimum, known", [(1, "abcd"), (2, "bc"), (3, "")])
def test_rare_and_foreign_words_are_unknown(minimum, known):
    vocabulary = Vocabulary(SENTENCES, minimum)
    assert [word for word in "abcdx" if vocabulary.encode([word]) != [UNKNOWN]] == list(known)
    assert vocabulary.decode(vocabulary.encode(["x"])) == ["<unk>"]


def test_decoding_stops_at_the_end_and_leaves_padding_and_beginning_out():
    assert Vocabulary(SENTENCES).decode([BOS, 4, PAD, 5, EOS, 6]) == ["b", "c"]
    assert Vocabulary([]).decode([]) == []


@pytest.mark.parametrize(
    "sentences, rows",
    [([[4], [5, 6, 7]], [[4, PAD, PAD], [5, 6, 7]]), ([[], [4]], [[PAD], [4]]), ([[4, 5]], [[4, 5]])],
)
def test_short_sentences_are_filled_up_on_the_right(sentences, rows):
    assert pad(sentences).tolist() == rows
    assert pad(sentences).dtype == torch.int64


def test_no_sentences_and_empty_sentences_are_padded_to_nothing():
    assert pad([]).shape == (0, 0) and pad([]).dtype == torch.int64
    assert pad([[], []]).shape == (2, 0)


def test_padding_writes_into_no_sentence():
    sentences = [[4], [5, 6]]
    pad(sentences)
    assert sentences == [[4], [5, 6]]
