"""The judge says of an answer elsewhere what a check says of it at home, and tells that process nothing."""

import io
import pickle
import socket
import threading

import numpy as np
import pytest
import torch

from attention_course.checks import catalogue
from attention_course.grading import judge, wire
from attention_course.grading.client import Handed, _hand_over
from attention_course.grading.remote import Remote

SEED = 4321
PROBLEMS = [(lesson, name) for lesson in catalogue.names() for name in catalogue.problems(catalogue.lesson(lesson))]


def problem_of(lesson, name):
    return catalogue.problems(catalogue.lesson(lesson))[name]


def judged(lesson, name, answer, heard=None) -> dict:
    """The verdict on an answer on the other side of a line. heard: a list that gets all that the judge said."""
    here, there = socket.socketpair()
    with here, there, here.makefile("rwb") as mine, there.makefile("rwb") as theirs:
        stream = Listening(theirs, heard) if heard is not None else theirs
        handing = threading.Thread(target=_hand_over, args=(stream, Handed(lesson, name), answer))
        handing.start()
        verdict = judge.hear(mine, SEED)
        handing.join(60)
    assert not handing.is_alive()
    return verdict


class Listening(io.BufferedIOBase):
    """A stream, and a list of what is read from it."""

    def __init__(self, stream, heard):
        self.stream, self.heard = stream, heard
        self.write, self.flush = stream.write, stream.flush  # as they are

    def read(self, length):
        found = self.stream.read(length)
        self.heard.append(found)
        return found


@pytest.mark.parametrize(("lesson", "name"), PROBLEMS)
def test_the_verdict_is_that_of_the_check(lesson, name):
    problem = problem_of(lesson, name)
    mistakes = list(problem.mistakes.values())
    solution = problem.right if hasattr(problem, "right") else type(problem).answer
    others = [f() for f in mistakes] if hasattr(problem, "right") else mistakes[::4]
    for answer in (solution, *others, ...):
        told, expected = judged(lesson, name, answer), problem.judge(answer, SEED)
        assert (told["outcome"], told["mistake"]) == (expected.outcome, expected.mistake), answer
        assert told["message"].split("\n")[0] == expected.message.split("\n")[0]


@pytest.mark.parametrize(("lesson", "name"), PROBLEMS)
def test_the_submission_hears_inputs_and_nothing_else(lesson, name):
    problem = problem_of(lesson, name)
    if hasattr(problem, "right"):
        pytest.skip("a letter is sent, and nothing comes back")
    heard = []
    judged(lesson, name, next(iter(problem.mistakes.values())), heard)
    said = b"".join(heard)
    sentences = [*problem.hints, *(f.sentence for f in problem.mistakes.values()), problem.praise or "…"]
    assert not [sentence for sentence in sentences if sentence.encode() in said]


def test_a_function_that_is_not_written_is_not_attempted():
    def soft_look_up(query, keys, values):
        raise NotImplementedError("your turn")

    assert judged("lesson_01", "soft_look_up", soft_look_up)["outcome"] == "not attempted"
    assert judged("lesson_01", "soft_look_up", lambda query, keys, values: None)["outcome"] != "correct"


def test_the_learner_s_lines_are_told():
    def soft_look_up(query, keys, values):
        return query / "a"

    message = judged("lesson_01", "soft_look_up", soft_look_up)["message"]
    assert "in soft_look_up" in message and "TypeError" in message


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        "text",
        ...,
        [1, (2, "x"), [None]],
        {"a": [1.5], 3: "b"},
        {(0, 1), (2, 3)},
        torch.eye(3),
        torch.ones(2, 3, dtype=torch.bool),
        torch.arange(3).to_sparse(),
        torch.ones(2, dtype=torch.complex64).conj(),
        np.arange(6).reshape(2, 3),
        np.float32(0.5),
        np.array(["a", "b"]),
        np.zeros(0),
    ],
)
def test_what_is_sent_arrives(value):
    [there] = wire.from_submission(wire.of_submission({"value": value})).values()
    if isinstance(value, torch.Tensor):
        assert torch.equal(there, value.to_dense().resolve_conj())
    elif isinstance(value, np.ndarray | np.generic):
        assert np.array_equal(there, value)
    else:
        assert there == value


@pytest.mark.parametrize("value", [object(), open, (i for i in "ab"), io.StringIO(), torch.nn.Linear(1, 1)])
def test_what_cannot_be_sent_equals_nothing(value):
    [there] = wire.from_submission(wire.of_submission({"value": value})).values()
    assert isinstance(there, wire.Unsendable) and there != wire.Unsendable(there.kind)


def test_a_pickle_is_not_loaded(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path / "bomb").touch, ()

    with pytest.raises(wire.Broken, match="cannot be read"):
        wire.from_submission(pickle.dumps(Bomb()))
    buffer = io.BytesIO()
    torch.save({"value": Bomb()}, buffer)
    with pytest.raises(wire.Broken, match="cannot be read"):
        wire.from_submission(buffer.getvalue())
    assert not (tmp_path / "bomb").exists()


def test_a_message_too_long_is_not_read():
    with pytest.raises(wire.Broken, match="at most"):
        wire.receive(io.BytesIO(b"\0\0\1\0\0\0\0\0" + b"x" * 100), wire.MOST_BYTES)
    with pytest.raises(wire.Broken, match="gone"):
        wire.receive(io.BytesIO(b"\0\0\0\0\0\0\0\5abc"))


def test_gradients_come_from_the_other_side():
    here, there = socket.socketpair()
    with here, there, here.makefile("rwb") as mine, there.makefile("rwb") as theirs:
        handing = threading.Thread(
            target=_hand_over, args=(theirs, Handed("lesson_01", "soft_look_up"), lambda x: x.square().sum(-1))
        )
        handing.start()
        wire.receive(mine)
        remote = Remote(mine, empty=False)
        x = torch.arange(6.0).reshape(2, 3).requires_grad_()
        result = remote(x)
        [slope] = torch.autograd.grad(result.sum(), x)
        assert torch.equal(result, x.square().sum(-1)) and torch.equal(slope, 2 * x)
        wire.send(mine, wire.of_judge({"wish": "done"}))
        handing.join(30)


def test_two_secrets_are_two_seeds():
    assert judge.seed_of("a") != judge.seed_of("b") and judge.seed_of("a") == judge.seed_of("a")
