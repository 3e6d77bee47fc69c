"""Decoders of whole numbers that one can follow with a pencil, and the loop around them with its steps exchangeable."""

from dataclasses import dataclass, field

import torch


class TooOften(Exception):
    """A function of a decoder has been called without end."""


@dataclass
class Rule:
    """A function of a decoder made of whole numbers: a weighted sum of what it is given, modulo a size."""

    name: str
    takes: tuple[str, ...]
    weights: tuple[int, ...]
    plus: int
    size: int
    called: int = field(default=0, compare=False)

    def __call__(self, *values):
        self.called += 1
        if self.called > 100:
            raise TooOften(f"{self.name} has been called 100 times; does the loop ever end?")
        total = sum(weight * int(value) for weight, value in zip(self.weights, values, strict=True))
        return (total + self.plus) % self.size

    def __repr__(self) -> str:
        terms = [name if w == 1 else f"{w} {name}" for w, name in zip(self.weights, self.takes, strict=True) if w]
        if not terms:
            return f"always {self.plus}"
        return f"({' + '.join([*terms, *([str(self.plus)] if self.plus else [])])}) mod {self.size}"


class Reading(Rule):
    """The same as probabilities (V,), largest at 2 (EOS) or above it."""

    def __call__(self, *values):
        shares = 0.01 * torch.arange(self.size + 2)  # no two words are equally probable
        shares[2 + super().__call__(*values)] += 1
        return shares / shares.sum()

    def __repr__(self) -> str:
        return f"probabilities, largest at {super().__repr__().removeprefix('always ')} + 2"


def look(weight: int, plus: int, size: int) -> Rule:
    """A look(state)."""
    return Rule("look", ("state",), (weight,), plus, size)


def advance(weights: tuple[int, int, int], plus: int, size: int) -> Rule:
    """An advance(word, state, context)."""
    return Rule("advance", ("word", "state", "context"), weights, plus, size)


def read(weights: tuple[int, int, int], plus: int, size: int) -> Rule:
    """A read(word, state, context)."""
    return Reading("read", ("word", "state", "context"), weights, plus, size)


def best(probabilities: torch.Tensor) -> int:
    """The most probable word."""
    return int(probabilities.argmax())


def drawn(generator: torch.Generator) -> tuple[Rule, Rule, Rule, int]:
    """A decoder drawn at random, of any sizes, and its first state."""

    def below(n, low=0):
        return low + int(torch.randint(n - low, (), generator=generator))

    contexts, states, words = below(12, 3), below(12, 3), below(13, 3)
    to_look = look(below(contexts, 1), below(contexts), contexts)
    to_advance = advance((below(states), below(states), below(states)), below(states), states)
    to_read = read((below(words), below(words), below(words)), below(words), words)
    return to_look, to_advance, to_read, below(states)


def step_of(look, advance, read, choose=best):
    """One right step, (word, state) -> (word, state)."""

    def step(word, state):
        context = look(state)
        state = advance(word, state, context)
        return choose(read(word, state, context)), state

    return step


def loop(step, state, longest, end=2, word=1) -> list[int]:
    """Step after step up to the end, from BOS on."""
    words = []
    while len(words) < longest:
        word, state = step(word, state)
        if word == end:
            break
        words.append(word)
    return words
