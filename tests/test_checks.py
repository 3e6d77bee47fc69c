"""The machinery of the checks, tried as a learner would who has a bad day, and as one who means mischief."""

import inspect
import linecache
import math
import random
import re
import subprocess
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import torch
from ipykernel.compiler import XCachingCompiler

from attention_course import checks
from attention_course.checks import Choice, Problem, Result, lesson_01, mistake
from attention_course.checks.comparing import fresh, same
from attention_course.checks.showing import show
from attention_course.functional import masked_softmax


class Shares(Problem):
    """Each number's share of the sum."""

    hints = ("gentle", "clearer", "x / x.sum()")
    praise = "So they sum to one."

    def inputs(self, generator):
        yield "one number", (torch.tensor([2.0]), ["a"])
        yield "two <b>numbers</b>", (torch.tensor([1.0, 3.0]), ["a", "b"])
        yield "nine numbers", (torch.rand(9, generator=generator) + 1, list("abcdefghi"))

    def answer(x, names):
        return x / x.sum()

    @mistake("Not divided by the sum.")
    def not_divided(x, names):
        return x.clone()

    @mistake("Divided by the largest, not by the sum.")
    def by_the_largest(x, names):
        return x / x.max()

    @mistake("Rounded.")
    def rounded(x, names):
        return (x / x.sum()).round()


class Pick(Choice):
    """A question."""

    hints = ("b",)
    right = "B"
    praise = "Yes."
    replies = {"A": "Not A.", "C": "Not C."}  # noqa: RUF012


shares = Shares()
pick = Pick()


class Balanced(HTMLParser):
    """The text of a piece of HTML, whose tags must match."""

    def __init__(self, html):
        super().__init__()
        self.open, self.tags, self.text = [], [], ""
        self.feed(html)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def looks_well(result):
    """A result that reads as text and as HTML, and gives nothing away of this machine."""
    assert isinstance(result, Result)
    text, html = repr(result), Balanced(result._repr_html_())
    assert set(html.tags) <= {"div", "b", "pre"}
    assert text[0] in "✓✗○" and len(text) < 3000
    assert "".join(text.split()) == "".join(html.text.split())
    assert not re.search(r"\.py\b|-packages|File \"|/tmp/|ipykernel", text)
    return result


def wrong(answer, *parts, problem=shares, name=None):
    result = looks_well(problem(answer))
    assert (result.outcome, result.mistake) == ("wrong", name), result
    for part in parts:
        assert part in result.message, result
    return result.message


def in_a_notebook(code, name="answer", **names):
    """What the cell of a notebook defines, compiled as Jupyter does it."""
    namespace = {"__name__": "__main__", "torch": torch, "np": np, **names}
    file = XCachingCompiler().cache(code)
    exec(compile(code, file, "exec"), namespace)
    assert linecache.getline(file, 1)
    return namespace[name]


# Nothing done yet


def raises_with_a_message(x, names):
    raise NotImplementedError("your turn")


def raises_without(x, names):
    raise NotImplementedError


def nothing(x, names): ...


def a_docstring(x, names):
    """What it should do."""


def returns_dots(x, names):
    return ...


STUBS = [None, ..., raises_with_a_message, raises_without, nothing, a_docstring, returns_dots, lambda x, names: None]


@pytest.mark.parametrize("stub", STUBS)
def test_a_stub_is_not_attempted(stub):
    for result in (shares(stub), shares.grade(stub, 3)):
        assert looks_well(result).outcome == "not attempted"
        assert "check.shares.hint()" in result.message
    assert shares.last.outcome == "not attempted"


def test_a_stub_that_has_no_source():
    namespace = {"__name__": "__main__"}
    exec("def answer(x, names):\n    raise NotImplementedError('your turn')", namespace)
    assert shares(namespace["answer"]).outcome == "not attempted"


@pytest.mark.parametrize("stub", [None, ..., "", "  "])
def test_a_choice_not_made(stub):
    assert looks_well(pick(stub)).outcome == "not attempted"
    assert "Write your answer" in pick(stub).message


def test_half_done_is_attempted():
    def half(x, names):
        if len(x) == 1:
            return x / x
        raise NotImplementedError("the rest")

    wrong(half, "Your code stopped on two", "NotImplementedError: the rest")


def test_a_kernel_that_pytorch_has_not_is_no_stub():
    def of_truths(x, names):
        return (x > 0).softmax(0)  # RuntimeError up to PyTorch 2.8, NotImplementedError from 2.9

    def of_a_sparse_tensor(x, names):
        return x.to_sparse().softmax(0)

    wrong(of_truths, "return (x > 0).softmax(0)", "Error:", "not implemented for 'Bool'")
    wrong(of_a_sparse_tensor, "return x.to_sparse().softmax(0)", "NotImplementedError: Could not run")


def test_nor_is_anything_else_that_is_not_raised_by_hand():
    wrong(lambda x, names: memoryview(np.zeros(2, [("a", float)]))[0], "NotImplementedError: memoryview")


def test_a_layer_without_forward_is_no_stub():
    wrong(lambda x, names: torch.nn.Module()(x), "NotImplementedError:", 'missing the required "forward"')


def test_no_return():
    def answer(x, names):
        shared = x / x.sum()  # noqa: F841

    wrong(answer, "On one number your function returned None. Does it end in a return?", name="nothing_returned")


def test_a_branch_without_return():
    def answer(x, names):
        if len(x) < 3:
            return x / x.sum()

    wrong(answer, "On nine numbers your function returned None", name="nothing_returned")


# Right, in whatever style

RIGHT = {
    "torch": lambda x, names: x / x.sum(),
    "float64": lambda x, names: x.double() / x.double().sum(),
    "bfloat16": lambda x, names: x.bfloat16() / x.bfloat16().sum(),
    "float16": lambda x, names: (x / x.sum()).half(),
    "needs a gradient": lambda x, names: (x / x.sum()).requires_grad_(),
    "a parameter": lambda x, names: torch.nn.Parameter(x / x.sum()),
    "sparse": lambda x, names: (x / x.sum()).to_sparse(),
    "complex, with nothing imaginary": lambda x, names: (x / x.sum()).to(torch.complex64).conj(),
    "a negative view": lambda x, names: torch.complex(x, -x / x.sum()).conj().imag,
    "numpy on tensors": lambda x, names: np.divide(x, np.sum(np.asarray(x))),
    "only on arrays": lambda x, names: x.astype(np.float32) / np.add.reduce(x, axis=0, keepdims=True),
    "a list": lambda x, names: [float(a) / float(sum(x)) for a in x],
    "a tuple": lambda x, names: tuple(a / sum(x) for a in x.tolist()),
    "a list of tensors": lambda x, names: [a / x.sum() for a in x],
    "a list of arrays and numbers": lambda x, names: [np.float64(x[0] / x.sum()), *(x[1:] / x.sum()).tolist()],
    "an array of objects": lambda x, names: np.array((x / x.sum()).tolist(), dtype=object),
    "a matrix, flattened": lambda x, names: np.asarray(np.matrix(x / x.sum())).ravel(),
    "einsum": lambda weights, _: torch.einsum("i,->i", weights, 1 / weights.sum()),
    "defaults": lambda x, names, scale=1.0: scale * x / x.sum(),
    "any arguments": lambda *args: args[0] / args[0].sum(),
}


@pytest.mark.parametrize("style", RIGHT)
def test_another_style_is_right(style):
    result = looks_well(shares(RIGHT[style]))
    assert (result.outcome, result.message) == ("correct", "So they sum to one."), result
    assert repr(result) == "✓ Correct. So they sum to one."


def test_warnings_are_not_passed_on():
    def answer(x, names):
        warnings.warn("softmax has guessed a dimension", UserWarning, stacklevel=1)
        return x / x.sum()

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert shares(answer).outcome == "correct"


def test_a_callable_that_is_no_function():
    class Answer(torch.nn.Module):
        def forward(self, x, names):
            return x / x.sum()

    assert shares(Answer()).outcome == "correct"
    assert shares(Answer().forward).outcome == "correct"


def test_several_values():
    pair = (torch.ones(2), torch.zeros(2))
    assert same([np.ones(2), [0, 0]], pair) and same(pair, torch.stack(pair)) and same(torch.stack(pair), pair)
    assert same(((1.0, 2.0), ["a"]), (torch.tensor([1, 2]), ("a",)))
    assert same([(torch.ones(2) * 1.01).half(), torch.zeros(2)], pair)
    assert not same(pair[:1], pair) and not same((pair[0], None), pair) and not same(pair[0], pair)
    assert not same([1.01, 1.0], [1.0, 1.0])


# Wrong


@pytest.mark.parametrize("name", shares.mistakes)
@pytest.mark.parametrize("seed", range(5))
def test_a_known_mistake_is_named(name, seed):
    result = shares.grade(shares.mistakes[name], seed)
    assert (result.outcome, result.mistake) == ("wrong", name)
    assert result.message == shares.mistakes[name].sentence


def test_two_mistakes_at_once():
    message = wrong(lambda x, names: x.round(), name="not_divided").splitlines()
    assert message == [
        "Not divided by the sum.",
        "So it looks on one number; elsewhere there may be more to mend.",
        "Expected [1.]",
        "Got      [2.]",
    ]
    shown = "Expected [0.25 0.75]\nGot      [0.3333 1.    ]"
    wrong(lambda x, names: x / x.max() * (len(x) < 9), "Divided by the largest", shown, name="by_the_largest")


def test_what_may_be_chance_is_not_named():
    wrong(lambda x, names: x + 5 * (len(x) > 1), "It fails on one number.", "Got      [2.]")
    wrong(lambda x, names: x / x.max() if len(x) == 9 else x / x.sum() + (len(x) == 2), "It fails on two")
    wrong(lambda x, names: x / x.max() if len(x) == 2 else 5 * x + x * x, "It fails on one number.")


def test_the_nearest_of_several_mistakes_is_named():
    def by_the_largest_but_once(x, names):  # on two numbers: 1/3 and 1, which round to 0 and 1
        return (x / x.sum()).round() if len(x) == 2 else x / x.sum() + 1e-2 * (len(x) == 9)

    wrong(by_the_largest_but_once, "Rounded.", name="rounded")


def test_an_unknown_mistake_shows_the_smallest_input():
    message = wrong(lambda x, names: x.flip(0) / x.sum(), name="reversed_order").splitlines()
    assert message == [
        "All is there, but in the reverse order.",
        "It fails on two <b>numbers</b>.",
        "x = [1. 3.]",
        "names = ['a', 'b']",
        "Expected [0.25 0.75]",
        "Got      [0.75 0.25]",
    ]


@pytest.mark.parametrize(
    ("turn", "shape"),
    [
        (lambda y: y[None], "(1, 1)"),
        (lambda y: y[:0], "(0,)"),
        (lambda y: y.sum(), "()"),
        (lambda y: [[[0.5]]], "(1, 1, 1)"),
        (lambda y: y.expand(10**12), "(1000000000000,)"),
        (lambda y: torch.zeros(3000, 3000), "(3000, 3000)"),
    ],
)
def test_another_shape_is_said(turn, shape):
    result = looks_well(shares(lambda x, names: turn(x / x.sum())))
    assert f"one number: the shape should be (1,), and is {shape}." in result.message
    assert (result.outcome, result.mistake) in (("wrong", None), ("wrong", "other_shape"))


def test_lines_stand_below_each_other():
    message = wrong(lambda x, names: torch.ones(2, 2))
    assert "Got      [[1. 1.]\n          [1. 1.]]  shape (2, 2)" in message


def test_a_small_difference_is_seen():
    assert "Expected [0.25 0.75]\nGot      [0.25004 0.75   ]" in wrong(
        lambda x, names: x / x.sum() + torch.tensor([4e-5, 0])[: len(x)] * (len(x) == 2)
    )


def test_show():
    assert show(torch.tensor([[True, False]])) == "[[ True False]]  shape (1, 2)"
    assert show(torch.tensor([1, 2])) == "[1 2]" and show(3) == "3" and show(True) == "True"
    assert show(1 / 3) == "0.3333" and show(np.float32(2)) == "2" and show(math.nan) == "nan"
    assert show(torch.tensor([-0.0, 1e-9])) == "[0. 0.]"
    assert show((torch.ones(1), ["a"])) == "[[1.],\n ['a']]"
    assert show([[1], [1, 2]] * 9).endswith(",\n …]")
    assert show("x" * 10**6).endswith("…") and len(show("x" * 10**6)) < 400
    assert len(show(torch.rand(100, 100))) < 600 and "shape (100, 100)" in show(torch.rand(100, 100))


def test_an_input_that_should_be_refused():
    class Root(Problem):
        refuses = (ValueError,)

        def inputs(self, generator):
            yield "a negative number", (-1.0,)

        def answer(x):
            if x < 0:
                raise ValueError(f"x: expected a positive number, got {x}")
            return x**0.5

        @mistake("Negative numbers are let through.")
        def let_through(x):
            return abs(x) ** 0.5

    root = Root()
    expected = "On a negative number your function should raise ValueError: x: expected a positive number, got -1.0"
    assert wrong(lambda x: -1, problem=root) == wrong(lambda x: print(), problem=root) == expected
    wrong(lambda x: 1.0, problem=root, name="let_through")
    wrong(lambda x: [][1], "Your code stopped on a negative number.", "IndexError", problem=root)

    def answer(x):
        raise ValueError("no")

    assert root(answer).outcome == "correct"


# Exceptions


def test_an_exception_shows_the_line_of_the_learner():
    answer = in_a_notebook("def answer(x, names):\n    y = x\n    return y / undefined  # here\n")
    assert wrong(answer).splitlines() == [
        "Your code stopped on one number.",
        "line 3, in answer: return y / undefined  # here",
        "NameError: name 'undefined' is not defined",
    ]


def test_nested_functions_and_libraries():
    code = """
import json, functools
def inner(x):
    return masked_softmax(x, mask="none")
def answer(x, names):
    return sorted([x], key=lambda y: functools.reduce(lambda a, b: inner(b), [y, y]))
"""
    lines = wrong(in_a_notebook(code, masked_softmax=masked_softmax)).splitlines()
    assert [line.partition(":")[0] for line in lines[:-1] if line.startswith("line")] == [
        "line 6, in answer",
        "line 6, in <lambda>",
        "line 6, in <lambda>",
        "line 4, in inner",
    ]
    code = "def answer(x, names):\n    return torch.nn.functional.multi_head_attention_forward(*[x] * 13, 1)"
    assert wrong(in_a_notebook(code)).splitlines()[1].startswith("line 2, in answer: return torch.nn")
    code = "import json\ndef answer(x, names):\n    return json.loads('{')"
    assert [line[:6] for line in wrong(in_a_notebook(code)).splitlines()] == ["Your c", "line 3", "JSONDe"]
    code = "def answer(x, names):\n    return np.linalg.inv(np.zeros((2, 2)))"
    assert [line[:6] for line in wrong(in_a_notebook(code)).splitlines()] == ["Your c", "line 2", "LinAlg"]


def test_the_package_outside_the_tests():
    """Without beartype, which the tests put around everything, the message is the package's own."""
    code = """
from attention_course.checks import lesson_01
from attention_course.functional import masked_softmax
def answer(x, y, width):
    return masked_softmax(x, y.double()) @ y
import numpy, random
before = random.getstate(), repr(numpy.random.get_state())
print(lesson_01.leave_one_out(answer).message)
assert before == (random.getstate(), repr(numpy.random.get_state()))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, line, last = run.stdout.splitlines()
    assert first == "Your code stopped on two points, each with only the other to look at."
    assert line.startswith("line 5, in answer")
    assert "mask" in last


def test_a_recursion_without_end():
    answer = in_a_notebook("def answer(x, names):\n    return answer(x, names)")
    message = wrong(answer, "more …", "RecursionError").splitlines()
    assert len(message) == 9


class Speechless(Exception):
    def __str__(self):
        raise ValueError


@pytest.mark.parametrize(
    ("error", "last"),
    [
        (ValueError("<img src=x onerror=alert(1)>"), "ValueError: <img src=x onerror=alert(1)>"),
        (ValueError(), "ValueError"),
        (ValueError("two\nlines"), "lines"),
        (Speechless(), "Speechless"),
        (SystemExit(1), "SystemExit: 1"),
        (MemoryError(), "MemoryError"),
        (ValueError("x" * 10**6), "…"),
        (ImportError("no x in torch (/lib/torch/__init__.py)", path="/lib/torch/__init__.py"), "Error: no x in torch"),
    ],
)
def test_messages(error, last):
    def answer(x, names):
        raise error

    assert wrong(answer).endswith(last)


def test_an_interrupt_passes():
    def answer(x, names):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shares(answer)


def test_html_is_escaped():
    nasty = "<img src=x onerror=alert(1)>"
    results = [
        shares(lambda x, names: nasty),
        shares(nasty),
        shares(in_a_notebook(f"def answer(x, names):\n    raise ValueError('{nasty}')")),
        pick(nasty),
    ]
    for result in results:
        assert "<img" not in looks_well(result)._repr_html_() and nasty in repr(result)
    assert "<b>numbers" not in shares(lambda x, names: x.flip(0) / x.sum())._repr_html_()


# Hands off


def test_writing_into_an_argument():
    def answer(x, names):
        x /= x.sum()
        return x

    wrong(answer, "The values are right, but", "writes into x,", name="writes_into_arguments")

    def answer(x, names):
        names.clear()
        return x / x.sum()

    wrong(answer, "writes into names,", name="writes_into_arguments")

    def answer(x, names):
        y = x.astype(float)  # an array's method: the learner means arrays
        x[:], names[0] = 0, "z"
        return y / y.sum()

    wrong(answer, "writes into x and names,", name="writes_into_arguments")


def test_writing_into_an_array_spoils_no_later_input():
    one = torch.tensor([1.0, 2.0])

    class Twice(Problem):
        def inputs(self, generator):
            yield "an input", (one,)
            yield "the same input", (one,)

        def answer(x):
            return x + 1

    def answer(x):
        x += 1
        return x.astype(float) + 0.5

    result = Twice()(answer)
    assert "x = [1. 2.]\nExpected [2. 3.]\nGot      [2.5 3.5]" in result.message
    assert one.tolist() == [1.0, 2.0]


def test_an_argument_that_cannot_be_compared_is_not_said_to_be_changed():
    class Apply(Problem):
        def inputs(self, generator):
            yield "a layer", (torch.nn.Linear(2, 2, bias=False), torch.ones(2))

        def answer(layer, x):
            return layer(x)

    assert Apply()(lambda layer, x: x @ layer.weight.T).outcome == "correct"


def test_the_state_of_the_session_is_left_alone():
    torch.manual_seed(1)
    before = torch.get_rng_state()
    shares(lambda x, names: x / x.sum())
    shares(lambda x, names: torch.nn.functional.dropout(x, 0.5))
    shares(lambda x, names: [torch.manual_seed(7), x][1])
    for check in (lesson_01.soft_look_up, lesson_01.leave_one_out):
        check(check.mistakes[next(iter(check.mistakes))])
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_another_default_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        assert shares(Shares.answer).outcome == "correct"
        assert shares(RIGHT["only on arrays"]).outcome == "correct"
        assert shares(Shares.by_the_largest).mistake == "by_the_largest"
    finally:
        torch.set_default_dtype(torch.float32)


def test_another_default_device():
    torch.set_default_device("meta")  # as set_default_device("cuda"), which Colab's users like
    try:
        assert shares(lambda x, names: x / (x.sum() + torch.zeros(1))).outcome == "correct"
    finally:
        torch.set_default_device(None)


def test_what_an_answer_sets_for_itself_ends_with_it():
    def sets(x, names):
        torch.set_default_device("meta")
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        np.seterr(all="raise")
        torch.set_grad_enabled(False)
        return x / x.sum()

    assert shares(sets).outcome == "correct"
    assert torch.zeros(1).device.type == "cpu" and torch.zeros(1).dtype == torch.float32
    assert torch.is_grad_enabled() and not torch.are_deterministic_algorithms_enabled()
    assert np.geterr()["divide"] == "warn"


def test_modes_of_the_session():
    with torch.inference_mode(), np.errstate(all="raise"), np.printoptions(precision=1):
        assert shares(Shares.answer).outcome == "correct"
        assert "[0.25 0.75]" in shares(lambda x, names: x.flip(0) / x.sum()).message
        wrong(lambda x, names: x * torch.nan, name="not_a_number")


# Another seed, and a grader


def test_another_seed_gives_other_inputs():
    known = {}

    def learn(x, names):
        known[tuple(x.tolist())] = x / x.sum()
        return known[tuple(x.tolist())]

    def recite(x, names):
        return known.get(tuple(x.tolist()), torch.zeros_like(x))

    assert shares(learn).outcome == "correct" == shares(recite).outcome
    assert shares.grade(recite, 1).outcome == "wrong"
    assert shares.grade(learn, 1) == shares.grade(learn, 2) == shares(learn)


def test_grading_leaves_no_trace(monkeypatch):
    monkeypatch.setattr("attention_course.checks.progress.record", mock.Mock(side_effect=AssertionError))
    problem = Shares()
    assert problem.grade(Shares.answer, 12345).outcome == "correct"
    assert Pick().grade("B", 1).outcome == "correct"
    assert problem.last is None


# What no one would hand in


@pytest.mark.parametrize("answer", [3, 0.5, "x", torch.ones(2), [1], {"a": 1}, torch.ones(3, 3), True, b"", object()])
def test_no_function(answer):
    wrong(answer, "Hand over the function itself, not what it returns: check.shares(shares).\nGot ")


@pytest.mark.parametrize("answer", [lambda: 1, lambda x: x, lambda x, y, z: x, lambda x, *, names: x])
def test_another_number_of_parameters(answer):
    wrong(answer, "Your function should take x and names.\nTypeError: ", "argument")


def test_a_type_error_inside_is_not_taken_for_it():
    wrong(lambda x, names: x + names, "Your code stopped on one number.\nline ", "TypeError")


@pytest.mark.parametrize("answer", ["B", "b", " b ", "b)", "(B)", "B."])
def test_a_choice(answer):
    assert looks_well(pick(answer)).outcome == "correct"


@pytest.mark.parametrize("answer", ["Z", 3, ["B"], "AB", "B, C", torch.ones(3), pick, Pick, math.nan, b"B", {"B": 1}])
def test_no_letter(answer):
    wrong(answer, "Expected one of the letters A, B, C; got ", problem=pick)


def test_a_wrong_letter():
    assert wrong("c", problem=pick, name="C") == "Not C."


class Contrary:
    """It refuses whatever it is asked."""

    def _no(self, *args):
        raise ValueError("no")

    __eq__ = __bool__ = __len__ = __iter__ = __repr__ = __str__ = __float__ = __array__ = __getattr__ = _no
    __hash__ = None


class Impostor:
    """It says that it is a tensor."""

    __class__ = torch.Tensor


class Sullen(torch.Tensor):
    """A tensor with which nothing can be done."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise RuntimeError("no")


class Sly(torch.Tensor):
    pass


def array_of(thing):
    array = np.empty(1, dtype=object)
    array[0] = thing
    return array


def endless():
    own = []
    own.append(own)
    return own


async def later():
    return 1


ODD = {
    "string": lambda: "hello",
    "dict": lambda: {"a": torch.ones(2)},
    "ragged list": lambda: [[1.0], [1.0, 2.0]],
    "ragged tensors": lambda: [torch.ones(1), torch.ones(2)],
    "list that holds itself": endless,
    "huge view": lambda: torch.zeros(1).expand(10**12),
    "huge view of 16 bits": lambda: torch.zeros(1, dtype=torch.bfloat16).expand(10**12),
    "big tensor": lambda: torch.zeros(10**7),
    "huge sparse": lambda: torch.sparse_coo_tensor(torch.zeros(1, 1, dtype=torch.long), torch.ones(1), (10**13,)),
    "sparse": lambda: torch.eye(3).to_sparse(),
    "gradient": lambda: torch.ones(2, requires_grad=True),
    "meta": lambda: torch.ones(2, device="meta"),
    "complex": lambda: torch.tensor([1j]),
    "complex number": lambda: 1j,
    "nan": lambda: torch.tensor([math.nan, math.inf]),
    "integers": lambda: 10**400,
    "empty": lambda: torch.empty(0, 3),
    "many axes": lambda: torch.ones([1] * 60),
    "contrary": Contrary,
    "list of the contrary": lambda: [Contrary(), torch.ones(2)],
    "array of the contrary": lambda: array_of(Contrary()),
    "impostor": Impostor,
    "sullen": lambda: torch.ones(2).as_subclass(Sullen),
    "sly": lambda: torch.ones(2).as_subclass(Sly),
    "generator": lambda: (i for i in range(3)),
    "mock": mock.MagicMock,
    "mock of a tensor": lambda: mock.MagicMock(spec=torch.Tensor),
    "class": lambda: torch.Tensor,
    "function": lambda: len,
    "exception": lambda: ValueError("returned, not raised"),
    "not implemented": lambda: NotImplemented,
    "set": lambda: {1, 2},
    "bytes": lambda: b"\xff",
    "surrogate": lambda: "\udc80",
    "dates": lambda: np.array(["2020-01-01"], dtype="datetime64[D]"),
    "records": lambda: np.zeros(2, dtype=[("a", float)]),
    "masked array": lambda: np.ma.masked_array([1.0, 2.0], mask=[True, False]),
    "characters": lambda: np.array(["a", "b"]),
    "layer": lambda: torch.nn.Linear(2, 2),
    "size": lambda: torch.Size([1]),
    "dtype": lambda: torch.float32,
    "none in a list": lambda: [None, None],
    "nested deeply": lambda: [[[[[[[1]]]]]]],
    "quantized": lambda: torch._empty_affine_quantized([2], scale=1.0, zero_point=0, dtype=torch.qint8),
}


@pytest.mark.parametrize("odd", ODD)
def test_whatever_comes_back(odd):
    make = ODD[odd]
    for problem in (shares, lesson_01.masked_weights):
        result = looks_well(problem(lambda *args: make()))
        assert result.outcome == "wrong" and result.mistake is None, result
        assert "returned None" not in result.message
    for result in (shares(make()), pick(make())):
        assert looks_well(result).outcome == "wrong"
        assert "\n" in result.message or "Expected one of" in result.message


def test_a_coroutine():
    async def answer(x, names):
        return x / x.sum()

    with pytest.warns(RuntimeWarning, match="never awaited"):
        wrong(answer, "coroutine")


@pytest.mark.parametrize("seed", range(12))
def test_whatever_comes_back_in_whatever_order(seed):
    """Structures at random, from the odd things and from right ones."""
    draw = random.Random(seed)

    def build(depth, right):
        kind = draw.choice(["odd", "right", "list", "tuple", "dict", "array"] if depth else ["odd", "right"])
        items = [build(depth - 1, right) for _ in range(draw.randrange(4))] if depth else []
        match kind:
            case "odd":
                return ODD[draw.choice(list(ODD))]()
            case "right":
                return right
            case "array":
                array = np.empty(len(items), dtype=object)
                for i, item in enumerate(items):
                    array[i] = item
                return array
            case "dict":
                return dict(enumerate(items))
        return items if kind == "list" else tuple(items)

    def answer(x, names):
        if draw.random() < 0.1:
            raise draw.choice([ValueError, Speechless, StopIteration, SystemExit, AssertionError])(len(x))
        if draw.random() < 0.3:
            names.append(build(1, x))
        return build(draw.randrange(3), x / x.sum())

    for _ in range(5):
        looks_well(shares(answer))


def test_arguments_turned_into_something_odd():
    def answer(x, names):
        y = x / x.sum()
        names[:] = [Contrary(), endless()]
        x.resize_(0)
        return y

    wrong(answer, "writes into x and names", name="writes_into_arguments")


def test_the_check_itself_as_an_answer():
    wrong(shares, "Your function should take x and names.", "TypeError")
    wrong(Shares, "Your function should take x and names.", "TypeError")
    wrong(pick, "TypeError")


# Hints and solutions


def test_hints_proceed_and_stay_at_the_last():
    problem = Shares()
    notes = [problem.hint() for _ in range(5)]
    assert [note.text for note in notes] == ["gentle", "clearer", "x / x.sum()", "x / x.sum()", "x / x.sum()"]
    assert [note.title for note in notes][-2:] == ["Hint 3 of 3."] * 2
    assert repr(notes[0]) == "→ Hint 1 of 3.\ngentle"
    assert Balanced(notes[0]._repr_html_()).text == "→ Hint 1 of 3. gentle"
    assert Problem().hint().title == "No hint."


def test_the_solution():
    assert shares.source() == "def shares(x, names):\n    return x / x.sum()"
    assert pick.source() == 'pick = "B"'
    note = shares.solution()
    assert note.text.strip() == shares.source() and "def shares" in repr(note)
    assert "<pre" in note._repr_html_() and "def shares" in Balanced(note._repr_html_()).text


@pytest.mark.parametrize("off", ["off", "OFF"])
def test_no_solution_in_an_assignment(off, monkeypatch):
    monkeypatch.setenv("ATTENTION_COURSE_SOLUTIONS", off)
    for problem in (shares, pick):
        assert problem.solution().text == "In an assignment the solution is not shown."
    assert inspect.isfunction(Shares.answer) and shares(Shares.answer).outcome == "correct"


def test_copies_are_copies():
    arguments = (torch.ones(2), [1], {"a": torch.ones(1)})
    for one, other in zip(arguments, fresh(arguments), strict=True):
        assert one is not other


# The lessons' own


def test_the_lessons_are_found_by_name():
    found = [lesson.__name__.split(".")[-2] for lesson in checks.lessons()]
    assert found == sorted(path.parent.name for path in Path(checks.__file__).parents[1].glob("lessons/*/check.py"))
    assert checks.lesson_01 is checks.lessons()[1] and {"lesson_00", "Problem"} <= set(dir(checks))
    with pytest.raises(AttributeError, match="no attribute 'lesson_99'; lessons with exercises: lesson_00, lesson_01"):
        _ = checks.lesson_99


def test_a_lesson_is_imported_only_when_it_is_asked_for():
    program = (
        "import sys; from attention_course import checks; "
        "assert not [name for name in sys.modules if '.lessons' in name]; checks.lesson_00; "
        "assert {name.split('.')[2] for name in sys.modules if '.lessons.' in name} == {'lesson_00'}"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
