"""Every problem of every lesson: the solution passes, each mistake goes by its name, and other styles are right too."""

import inspect
import math
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from attention_course import checks
from attention_course.checks import Choice, lesson_00, lesson_01
from attention_course.checks.comparing import fresh, same
from attention_course.checks.trial import attempt

ALL = [problem for lesson in checks.lessons() for problem in checks.problems(lesson).values()]
WRITTEN = [problem for problem in ALL if not isinstance(problem, Choice)]
MISTAKES = [(problem, name) for problem in ALL for name in problem.mistakes]
SEEDS = range(3)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """A second one only waits here, for the inputs are small."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def title(value):
    return f"{value.lesson}.{value.name}" if isinstance(value, checks.Problem) else None


each = pytest.mark.parametrize("problem", ALL, ids=title)
each_written = pytest.mark.parametrize("problem", WRITTEN, ids=title)


def right(problem):
    return problem.right if isinstance(problem, Choice) else type(problem).answer


def tried(problem, seed=0):
    return list(problem.inputs(torch.Generator().manual_seed(seed)))


def outputs(problem, function, seed=0):
    return [attempt(lambda *args: problem.run(function, *args), arguments) for _, arguments in tried(problem, seed)]


def test_the_lessons_are_found():
    assert [lesson.__name__.rpartition(".")[2] for lesson in checks.lessons()][:2] == ["lesson_00", "lesson_01"]
    for lesson in checks.lessons():
        number = lesson.__name__[-2:]
        assert re.match(rf"Lesson {number}: .+\.$", lesson.__doc__.splitlines()[0]), (
            "attention-course progress shows it"
        )
        assert 3 <= len(checks.problems(lesson)) <= 6
        assert checks.problems(lesson) == {n: p for n, p in vars(lesson).items() if isinstance(p, checks.Problem)}


@each
def test_the_solution_passes(problem):
    for seed in SEEDS:
        result = problem.grade(right(problem), seed)
        assert (result.outcome, result.message) == ("correct", problem.praise)


@pytest.mark.parametrize(("problem", "name"), MISTAKES, ids=lambda v: v if isinstance(v, str) else title(v))
def test_a_mistake_goes_by_its_name(problem, name):
    function = problem.mistakes[name]
    for seed in SEEDS:
        result = problem.grade(name if isinstance(problem, Choice) else function, seed)
        assert (result.outcome, result.mistake, result.message) == ("wrong", name, function.sentence)


@each
def test_mistakes_are_several_and_differ(problem):
    assert len(problem.mistakes) >= 3
    for function in problem.mistakes.values():
        assert re.fullmatch(r"[A-Z“].*[.?]", function.sentence, re.DOTALL)
        assert "\n" not in function.sentence and "  " not in function.sentence
    if isinstance(problem, Choice):
        assert problem.right not in problem.mistakes
        assert sorted([problem.right, *problem.mistakes]) == list("ABCDEFG"[: 1 + len(problem.mistakes)])
        return
    made = {name: outputs(problem, f) for name, f in {"": type(problem).answer, **problem.mistakes}.items()}
    for one in made:
        for other in made:
            if one < other:
                pairs = zip(made[one], made[other], strict=True)
                assert not all(a.equals(b) for a, b in pairs), f"{one} does what {other} does"


@each_written
def test_names_of_mistakes_are_unique(problem):
    names = re.findall(r"@mistake\((?:.|\n)*?\)\n    def (\w+)", inspect.getsource(type(problem)))
    assert names == list(problem.mistakes), "a name that is defined twice hides a mistake"


@each
def test_hints(problem):
    assert problem.hints
    assert all(re.fullmatch(r"\S(.|\n)*\S", hint) for hint in problem.hints)
    if not isinstance(problem, Choice):
        assert len(problem.hints) >= 3
        code = problem.source().partition(":\n")[2]
        names = {word for word in re.findall(r"[^\W\d]\w+", code) if word not in ("return", "for", "in")}
        told = [len({word for word in names if word in hint}) for hint in problem.hints]
        assert told[-1] >= min(4, len(names)), "the last hint leaves too much open"
        assert told[-1] == max(told), "the last hint is not the most explicit"


@each
def test_the_source_stands_on_its_own(problem):
    namespace = {"__name__": "__main__"}
    exec(f"import torch\n\n{problem.source()}", namespace)
    for seed in SEEDS:
        assert problem.grade(namespace[problem.name], seed).outcome == "correct"
    assert "answer" not in problem.source()


@each_written
def test_inputs_are_described_and_vary(problem):
    names = list(inspect.signature(type(problem).answer).parameters)
    for description, arguments in tried(problem):
        assert re.fullmatch(r"[a-z].*[^.]", description), "it stands in “It fails on …”"
        assert len(arguments) == len(names)
    for one, other in ((0, 1), (1, 2)):
        assert not same([a for _, a in tried(problem, one)], [a for _, a in tried(problem, other)])
    assert same([a for _, a in tried(problem, 5)], [a for _, a in tried(problem, 5)])


@each_written
def test_memorised_answers_fail_with_another_seed(problem):
    known = [(a, t.value) for (_, a), t in zip(tried(problem), outputs(problem, type(problem).answer), strict=True)]

    def recite(*args):
        return next((value for arguments, value in known if same(args, arguments)), 0)

    assert problem.grade(recite, 0).outcome == "correct"
    for seed in range(1, 5):
        assert problem.grade(recite, seed).outcome == "wrong"


@each_written
@pytest.mark.parametrize("turn", ["double", "numpy", "list", "bfloat16", "requires grad", "not contiguous"])
def test_the_same_values_in_another_make(problem, turn):
    def turned(value):
        if isinstance(value, (tuple, list)):
            return type(value)(turned(v) for v in value)
        if not isinstance(value, torch.Tensor):
            return value
        return {
            "double": lambda: value.double(),
            "numpy": lambda: value.detach().numpy(),
            "list": lambda: value.tolist(),
            "bfloat16": lambda: value.bfloat16(),
            "requires grad": lambda: value.detach().float().requires_grad_(),
            "not contiguous": lambda: (
                value.mT.contiguous().mT if value.ndim > 1 else value.expand(2, -1).T.clone()[:, 0]
            ),
        }[turn]()

    if inspect.isclass(type(problem).answer):
        pytest.skip("the answer is a class")
    function = type(problem).answer
    assert problem.grade(lambda *args: turned(function(*args)), 3).outcome == "correct"


@each_written
def test_doubles_pass(problem):
    if inspect.isclass(type(problem).answer):
        pytest.skip("the answer is a class")

    def doubled(*args):
        floating = [isinstance(a, torch.Tensor) and a.is_floating_point() for a in args]
        return type(problem).answer(*(a.double() if f else a for a, f in zip(args, floating, strict=True)))

    assert problem.grade(doubled, 4).outcome == "correct"


@each_written
def test_arguments_are_lent(problem):
    def scribble(*args):
        value = type(problem).answer(*fresh(args))
        for a in args:
            if isinstance(a, torch.Tensor):
                a.zero_() if a.dtype != torch.bool else a.logical_not_()
        return value

    if any(isinstance(a, torch.Tensor) for _, arguments in tried(problem) for a in arguments):
        assert problem.grade(scribble, 0).mistake == "writes_into_arguments"


@each
def test_stubs(problem):
    def stub(*args):
        raise NotImplementedError("your turn")

    for nothing in [None, ...] + [stub] * (not isinstance(problem, Choice)):
        assert problem.grade(nothing, 0).outcome == "not attempted"


# Solutions as others would write them


def soft_look_up_numpy(query, keys, values):
    e = np.dot(keys, query)
    e = np.exp(e - np.max(e))
    return np.dot(e / np.sum(e), values)


def soft_look_up_arrays_only(query, keys, values):
    s = np.einsum("sd,d->s", keys, query)
    w = np.exp(s - s.max(axis=0, keepdims=True))
    return (w[:, np.newaxis] * values).sum(axis=0) / w.sum(axis=0, initial=0.0)


def soft_look_up_tolist(query, keys, values):
    q, k, v = query.tolist(), keys.tolist(), values.tolist()
    energies = [sum(a * b for a, b in zip(q, key, strict=True)) for key in k]
    weights = [math.exp(e - max(energies)) for e in energies]
    return [sum(w * row[d] for w, row in zip(weights, v, strict=True)) / sum(weights) for d in range(len(v[0]))]


def soft_look_up_loops(q, K, V):
    scores = []
    for k in K:
        total = 0
        for i in range(len(q)):
            total += q[i] * k[i]
        scores.append(total)
    top = max(scores)
    shares = [math.exp(s - top) for s in scores]
    context = [0.0] * len(V[0])
    for share, value in zip(shares, V, strict=True):
        for d in range(len(context)):
            context[d] += share / sum(shares) * value[d]
    return context


def soft_look_up_einsum(q, k, v):
    return torch.einsum("s,sd->d", torch.einsum("sd,d->s", k, q).softmax(0), v)


def soft_look_up_columns(query, keys, values):
    scores = keys.mm(query.view(-1, 1))
    return (torch.softmax(scores, 0).T @ values).squeeze(0)


def soft_look_up_logsumexp(query, keys, values):
    e = (keys * query).sum(-1)
    return (torch.exp(e - torch.logsumexp(e, 0))[:, None] * values).sum(0)


def soft_look_up_doubles(query, keys, values):
    return torch.softmax(keys.double() @ query.double(), 0) @ values.double()


def soft_look_up_attention(query, keys, values):
    return torch.nn.functional.scaled_dot_product_attention(query[None], keys, values, scale=1.0)[0]


def masked_weights_numpy(scores, mask):
    low = np.where(mask, scores, -np.inf)
    top = np.max(low, axis=-1, keepdims=True)
    e = np.where(mask, np.exp(low - np.where(np.isfinite(top), top, 0)), 0)
    total = e.sum(axis=-1, keepdims=True)
    return np.divide(e, total, out=np.zeros_like(e), where=total > 0)


def masked_weights_nan_to_num(scores, mask):
    return torch.nan_to_num(torch.where(mask, scores, -torch.inf).softmax(dim=-1), nan=0.0)


def masked_weights_rows(scores, mask):
    rows = []
    for row, allowed in zip(scores, mask, strict=True):
        e = [math.exp(s) if a else 0.0 for s, a in zip(row, allowed, strict=True)]
        rows.append([x / (sum(e) or 1) for x in e])
    return rows


def masked_weights_lists(scores, mask):
    out = torch.zeros(scores.shape)
    for i in range(scores.shape[0]):
        if mask[i].any():
            out[i, mask[i]] = torch.softmax(scores[i][mask[i]], 0)
    return out


def masked_weights_renormalised(scores, mask):
    allowed = scores.masked_fill(~mask, -1e9)
    e = (allowed - allowed.max(-1, keepdim=True).values).exp() * mask
    return e / e.sum(-1, keepdim=True).clamp(min=1e-30)


def score_gradient_autograd(weights, values, gradient):
    energies = torch.log(weights + 1e-30).requires_grad_()
    (energies.softmax(0) @ values @ gradient).backward()
    return energies.grad


def score_gradient_numpy(weights, values, gradient):
    w, v, g = (np.asarray(a, dtype=np.float64) for a in (weights, values, gradient))
    return (np.diag(w) - np.outer(w, w)) @ (v @ g)


def score_gradient_lists(w, v, g):
    gain = [float(sum(a * b for a, b in zip(row, g, strict=True))) for row in v]
    mean = sum(float(a) * b for a, b in zip(w, gain, strict=True))
    return [float(a) * (b - mean) for a, b in zip(w, gain, strict=True)]


def score_gradient_einsum(weights, values, gradient):
    jacobian = torch.diag(weights) - torch.einsum("i,j->ij", weights, weights)
    return torch.einsum("ij,jd,d->i", jacobian, values, gradient)


def leave_one_out_numpy(x, y, width):
    x, y = np.array(x), np.array(y)
    k = np.exp(-(np.subtract.outer(x, x) ** 2) / (2 * width**2))
    np.fill_diagonal(k, 0)
    return k @ y / k.sum(axis=1)


def leave_one_out_arrays_only(x, y, width):
    scores = -((x[:, np.newaxis] - x) ** 2) / (2 * width**2)
    scores[np.eye(x.size, dtype=bool)] = -np.inf
    k = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-1e9))
    return (k / k.sum(axis=1, keepdims=True)).dot(y)


def leave_one_out_loops(x, y, w):
    predictions = []
    for i, here in enumerate(x):
        others = [(float(a), float(b)) for j, (a, b) in enumerate(zip(x, y, strict=True)) if i != j]
        k = [math.exp(-((float(here) - a) ** 2) / 2 / w**2) for a, _ in others]
        predictions.append(sum(s * b for s, (_, b) in zip(k, others, strict=True)) / sum(k))
    return predictions


def leave_one_out_fill_diagonal(x, y, width):
    scores = -torch.cdist(x[:, None], x[:, None]).square() / (2 * width**2)
    return scores.fill_diagonal_(-torch.inf).softmax(1).matmul(y)


def most_attended_numpy(weights, english):
    return np.array(english)[np.argmax(weights, axis=1)]


def most_attended_loops(weights, english):
    found = []
    for row in weights:
        best = 0
        for i in range(len(row)):
            if row[i] > row[best]:
                best = i
        found.append(english[best])
    return tuple(found)


def most_attended_tolist(weights, english):
    return [max(zip(row, english, strict=True))[1] for row in weights.tolist()]


def points_right_numpy(weights, links):
    return np.mean([(e, f) in links for f, e in enumerate(np.argmax(np.asarray(weights), axis=-1))])


def points_right_tensor(weights, links):
    gold = torch.zeros(weights.shape[1] + 9, weights.shape[0] + 9)
    for e, f in links:
        gold[e, f] = 1
    return gold[weights.argmax(1), torch.arange(len(weights))].mean()


def points_right_loop(weights, links):
    hits = 0
    for f in range(len(weights)):
        row = [float(w) for w in weights[f]]
        hits += (row.index(max(row)), f) in links
    return hits / len(weights)


def how_many_numpy(weights):
    w = np.where(np.asarray(weights) > 0, weights, 1)
    return np.exp(-np.sum(w * np.log(w), axis=1))


def how_many_arrays_only(weights):
    return np.prod(weights**-weights, axis=1, initial=1.0)


def how_many_epsilon(weights):
    return torch.exp(-(weights * torch.log(weights + 1e-12)).sum(dim=1))


def how_many_bits(weights):
    return 2 ** torch.special.entr(weights).sum(1).div(math.log(2))


def how_many_distribution(weights):
    return torch.distributions.Categorical(weights).entropy().exp()


def how_many_lists(weights):
    return [math.prod(float(w) ** -float(w) for w in row) for row in weights]


STYLES = [
    (problem, function)
    for lesson in (lesson_00, lesson_01)
    for problem in checks.problems(lesson).values()
    for name, function in list(globals().items())
    if name.startswith(f"{problem.name}_") and inspect.isfunction(function)
]


def test_every_problem_has_been_solved_in_other_styles():
    for problem in WRITTEN:
        if problem.lesson in ("lesson_00", "lesson_01"):
            assert sum(p is problem for p, _ in STYLES) >= 3


@pytest.mark.parametrize(("problem", "function"), STYLES, ids=lambda v: getattr(v, "__name__", ""))
def test_another_style_is_right(problem, function):
    for seed in SEEDS:
        result = problem.grade(function, seed)
        assert result.outcome == "correct", result


@each_written
def test_half_precision_is_near_enough(problem):
    if problem.lesson not in ("lesson_00", "lesson_01"):
        pytest.skip("not every mechanism bears it")

    def halved(*args):
        floating = [isinstance(a, torch.Tensor) and a.is_floating_point() for a in args]
        return type(problem).answer(*(a.bfloat16() if f else a for a, f in zip(args, floating, strict=True)))

    for seed in range(8):
        result = problem.grade(halved, seed)
        assert result.outcome == "correct", result


# Mistakes as learners write them, not quite as the lesson's module does


def distances(x):
    return (x[:, None] - x[None, :]) ** 2


def found(best, links):
    return np.mean([(place, f) in links for f, place in enumerate(best)])


def turned(links):
    return {link[::-1] for link in links}


SLIPS = [
    (lesson_00.most_attended, "down_the_columns", lambda w, english: [english[int(i)] for i in np.argmax(w, axis=0)]),
    (lesson_00.most_attended, "places_not_words", lambda w, english: [int(row.argmax()) for row in w]),
    (lesson_00.most_attended, "one_for_all", lambda w, english: english[int(w.argmax())]),
    (lesson_00.points_right, "tensor_among_numbers", lambda w, links: found(w.argmax(1), links)),
    (lesson_00.points_right, "links_turned_round", lambda w, links: found(w.argmax(1).tolist(), turned(links))),
    (lesson_00.how_many, "nan_at_zero", lambda w: np.exp(-np.sum(np.array(w) * np.log(np.array(w)), -1))),
    (lesson_00.how_many, "sign_missing", lambda w: torch.special.entr(w).sum(-1).neg().exp()),
    (lesson_01.soft_look_up, "overflows", lambda q, k, v: np.exp(k @ q) / np.exp(k @ q).sum() @ v),
    (lesson_01.soft_look_up, "weights_returned", lambda q, k, v: (k @ q).softmax(0).tolist()),
    (lesson_01.soft_look_up, "scaled", lambda q, k, v: F.scaled_dot_product_attention(q[None], k, v)[0]),
    (lesson_01.soft_look_up, "hard_look_up", lambda q, k, v: v[int(np.argmax(np.dot(k, q)))]),
    (lesson_01.masked_weights, "mask_inverted_with_inf", lambda s, m: torch.where(m, -torch.inf, s).softmax(1)),
    (lesson_01.masked_weights, "mask_inverted_with_low_number", lambda s, m: (s - 1e10 * m).softmax(1)),
    (lesson_01.masked_weights, "nan_in_empty_row", lambda s, m: s.exp() * m / (s.exp() * m).sum(-1, keepdim=True)),
    (lesson_01.masked_weights, "equal_shares_in_empty_row", lambda s, m: (s + (m.float() - 1) * 1e12).softmax(-1)),
    (lesson_01.masked_weights, "scores_multiplied", lambda s, m: s.masked_fill(~m, 0.0).softmax(-1)),
    (lesson_01.leave_one_out, "looks_at_itself", lambda x, y, w: (distances(x) / (-2 * w**2)).softmax(1) @ y),
]


@pytest.mark.parametrize(
    ("problem", "name", "function"), SLIPS, ids=lambda v: v if isinstance(v, str) else title(v) or ""
)
def test_a_slip_goes_by_its_name(problem, name, function):
    for seed in SEEDS:
        result = problem.grade(function, seed)
        assert (result.outcome, result.mistake) == ("wrong", name), result
