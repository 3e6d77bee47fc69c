"""Lesson 13's problems: they agree with PyTorch and with autograd, and with answers and slips in other styles."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from answers import assert_goes_by_its_name, assert_right, each_slip, each_style
from every_problem import *  # noqa: F403
from torch.testing import assert_close

from attention_course.checks import lesson_13 as check


def rate_with_an_if(step, warm_up, peak):
    if step < warm_up:
        return peak * step / warm_up
    return peak * warm_up**0.5 / step**0.5


def rate_of_the_paper(step, warm_up, peak):
    return peak * warm_up**0.5 * min(step**-0.5, step * warm_up**-1.5)


def rate_numpy(step, warm_up, peak):
    return np.minimum(peak * step / warm_up, peak / np.sqrt(step / warm_up))


def rate_torch(step, warm_up, peak):
    done = torch.tensor(step / warm_up)
    return peak * torch.where(done <= 1, done, done.rsqrt())


def clip_in_one_vector(gradients, limit):
    length = torch.cat([g.flatten() for g in gradients]).norm()
    return [g * (limit / length).clamp(max=1) for g in gradients]


def clip_numpy(gradients, limit):
    gradients = [np.asarray(g) for g in gradients]
    length = np.sqrt(sum(np.sum(g**2) for g in gradients))
    return [g if length <= limit else g * (limit / length) for g in gradients]


def clip_norm_of_norms(gradients, limit):
    length = torch.stack([torch.linalg.vector_norm(g) for g in gradients]).norm()
    return tuple(g * min(1, limit / (length + 1e-6)) for g in gradients)


def clip_in_a_loop(gradients, limit):
    squares = 0.0
    for g in gradients:
        for number in g.flatten():
            squares += number.item() ** 2
    if squares <= limit**2:
        return [g.clone() for g in gradients]
    found = []
    for g in gradients:
        found.append(g * limit / squares**0.5)
    return found


def clip_by_pytorch(gradients, limit):
    parameters = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g.clone()
    torch.nn.utils.clip_grad_norm_(parameters, limit)
    return [p.grad for p in parameters]


def adamw_numpy(parameter, gradient, m, v, step, rate, decay):
    parameter, gradient, m, v = map(np.asarray, (parameter, gradient, m, v))
    m, v = m + 0.1 * (gradient - m), v + 0.02 * (gradient**2 - v)
    movement = rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.98**step)) + 1e-8)
    shrink = 1 - rate * decay if parameter.ndim >= 2 else 1
    return parameter * shrink - movement, m, v


def adamw_by_pytorch(parameter, gradient, m, v, step, rate, decay):
    p = torch.nn.Parameter(parameter.clone())
    p.grad = gradient.clone()
    settings = {"betas": (0.9, 0.98), "weight_decay": decay if parameter.dim() > 1 else 0.0}
    optimizer = torch.optim.AdamW([p], rate, **settings)
    state = {"step": torch.tensor(step - 1.0), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    optimizer.state[p] = state
    optimizer.step()
    return p.detach(), state["exp_avg"], state["exp_avg_sq"]


def adamw_as_in_the_paper(parameter, gradient, m, v, step, rate, decay):
    if len(parameter.shape) == 1:
        decay = 0
    beta_1, beta_2 = 0.9, 0.98
    m = beta_1 * m + (1 - beta_1) * gradient
    v = beta_2 * v + (1 - beta_2) * gradient * gradient
    m_hat, v_hat = m / (1 - beta_1**step), v / (1 - beta_2**step)
    return [parameter - rate * (m_hat / (torch.sqrt(v_hat) + 1e-8) + decay * parameter), m, v]


def adamw_in_place(parameter, gradient, m, v, step, rate, decay):
    parameter, m, v = parameter.clone(), m.clone(), v.clone()
    m.mul_(0.9).add_(gradient, alpha=0.1)
    v.mul_(0.98).addcmul_(gradient, gradient, value=0.02)
    if parameter.dim() != 1:
        parameter.mul_(1 - rate * decay)
    size = v.sqrt() / (1 - 0.98**step) ** 0.5 + 1e-8
    return parameter.addcdiv_(m, size, value=-rate / (1 - 0.9**step)), m, v


def accumulate_numpy(gradients, words):
    return np.average(np.asarray(gradients), axis=0, weights=np.asarray(words))


def accumulate_by_a_product(gradients, words):
    return (words / words.sum()) @ gradients


def accumulate_in_a_loop(gradients, words):
    total, seen = torch.zeros(gradients.shape[1]), 0
    for row, number in zip(gradients, words, strict=True):
        total += row * number
        seen += number
    return total / seen


def accumulate_as_it_goes(gradients, words):
    mean, seen = 0 * gradients[0], 0
    for row, number in zip(gradients, words.tolist(), strict=True):
        seen += number
        if number:
            mean = mean + (row - mean) * number / seen
    return mean


def smoothed_target(logits, target, smoothing):
    return F.one_hot(target, logits.shape[-1]) * (1 - smoothing) + smoothing / logits.shape[-1]


def loss_with_the_whole_target(logits, target, smoothing):
    losses = -(smoothed_target(logits, target, smoothing) * F.log_softmax(logits, 2)).sum(2)
    real = (target > 0).float()
    return (losses * real).sum() / real.sum()


def loss_numpy(logits, target, smoothing):
    logits, target = np.asarray(logits, dtype=np.float64), np.asarray(target)
    logits = logits - logits.max(-1, keepdims=True)
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    right = np.take_along_axis(logs, target[..., None], -1)[..., 0]
    return -((1 - smoothing) * right + smoothing * logs.mean(-1))[target != 0].mean()


def loss_of_the_real_words(logits, target, smoothing):
    logits, target = logits[target != 0], target[target != 0]
    logs = logits - logits.logsumexp(-1, keepdim=True)
    right = logs[torch.arange(len(target)), target]
    return -(1 - smoothing) * right.mean() - smoothing * logs.mean()


def loss_in_a_loop(logits, target, smoothing):
    losses = []
    for sentence, words in zip(logits, target, strict=True):
        for scores, word in zip(sentence, words.tolist(), strict=True):
            if word == 0:
                continue
            weights = torch.full_like(scores, smoothing / len(scores))
            weights[word] += 1 - smoothing
            losses.append(-(weights * scores.log_softmax(0)).sum())
    return sum(losses) / len(losses)


STYLES = {
    check.learning_rate: [rate_with_an_if, rate_of_the_paper, rate_numpy, rate_torch],
    check.clip_by_norm: [clip_in_one_vector, clip_numpy, clip_norm_of_norms, clip_in_a_loop, clip_by_pytorch],
    check.adamw_step: [adamw_numpy, adamw_by_pytorch, adamw_as_in_the_paper, adamw_in_place],
    check.accumulate: [accumulate_numpy, accumulate_by_a_product, accumulate_in_a_loop, accumulate_as_it_goes],
    check.smoothed_loss: [loss_with_the_whole_target, loss_numpy, loss_of_the_real_words, loss_in_a_loop],
}


@each_style(STYLES)
def test_other_styles_are_right(problem, answer):
    assert_right(problem, answer)


def clip_with(length, compare=None):
    def answer(gradients, limit):
        found = length(gradients)
        return [g / found * limit if (compare or length)(gradients) > limit else g for g in gradients]

    return answer


def clip_always(gradients, limit):
    length = sum((g**2).sum() for g in gradients).sqrt()
    return [g / length * limit for g in gradients]


def clip_numbers(gradients, limit):
    return [torch.where(g.abs() > limit, limit * g.sign(), g) for g in gradients]


def clip_each(gradients, limit):
    found = []
    for g in gradients:
        length = g.pow(2).sum().sqrt()
        found.append(g * limit / length if length > limit else g)
    return found


def adamw_of_a_learner(correct=True, decoupled=True, root=torch.sqrt, epsilon=1e-8, axes=2, count=0):
    def answer(parameter, gradient, m, v, step, rate, decay):
        decays = decay if parameter.ndim >= axes else 0
        if not decoupled:
            gradient = gradient + decays * parameter
        m, v = torch.lerp(gradient, m, 0.9), torch.lerp(gradient.square(), v, 0.98)
        m_hat = m / (1 - 0.9 ** (step + count)) if correct else m
        v_hat = v / (1 - 0.98 ** (step + count)) if correct else v
        movement = rate * m_hat / (root(v_hat) + epsilon)
        return parameter - movement - (rate * decays * parameter if decoupled else 0), m, v

    return answer


def adamw_with_l2_in_pytorch(parameter, gradient, m, v, step, rate, decay):
    p = torch.nn.Parameter(parameter.clone())
    p.grad = gradient.clone()
    optimizer = torch.optim.Adam([p], rate, betas=(0.9, 0.98), weight_decay=decay if parameter.dim() > 1 else 0.0)
    optimizer.state[p] = {"step": torch.tensor(step - 1.0), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    optimizer.step()
    return p.detach(), optimizer.state[p]["exp_avg"], optimizer.state[p]["exp_avg_sq"]


def loss_with(
    weights=smoothed_target, logs=lambda logits: logits.log_softmax(-1), reduce=lambda x, real: x[real].mean()
):
    def answer(logits, target, smoothing):
        return reduce(-(weights(logits, target, smoothing) * logs(logits)).sum(-1), target != 0)

    return answer


def others_share(logits, target, smoothing):
    right = F.one_hot(target, logits.shape[-1]).bool()
    return torch.where(right, 1 - smoothing, smoothing / (logits.shape[-1] - 1))


def loss_by_pytorch(logits, target, smoothing):
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=0, label_smoothing=smoothing)


def loss_by_pytorch_s_layer(logits, target, smoothing):
    return torch.nn.CrossEntropyLoss(ignore_index=0, label_smoothing=smoothing)(logits.mT, target)


SLIPS = [
    (check.learning_rate, "counted_from_zero", lambda step, w, peak: (
        peak * (step - 1) / w if step - 1 <= w else peak * (w / (step - 1)) ** 0.5)),
    (check.learning_rate, "counted_from_zero_without_care", lambda step, w, peak: (
        peak * w**0.5 * min((step - 1) ** -0.5, (step - 1) * w**-1.5))),
    (check.learning_rate, "never_at_the_peak", lambda step, w, peak: min(peak * step / w, peak / step**0.5)),
    (check.learning_rate, "jumps_down", lambda step, w, peak: peak * step / w if step <= w else peak / step**0.5),
    (check.learning_rate, "highest_is_not_the_peak", lambda step, w, peak: rate_of_the_paper(step, w, peak) / w**0.5),
    (check.learning_rate, "without_the_root", lambda step, w, peak: peak * min(step / w, w / step)),
    (check.learning_rate, "counted_from_the_peak", lambda step, w, peak: (
        peak * step / w if step <= w else peak / (step - w) ** 0.5)),
    (check.learning_rate, "larger_one", lambda step, w, peak: (
        peak * step / w if step > w else peak * (w / step) ** 0.5)),
    (check.learning_rate, "without_peak", lambda step, w, peak: rate_numpy(step, w, 1)),
    (check.clip_by_norm, "by_value", clip_numbers),
    (check.clip_by_norm, "each_alone", clip_each),
    (check.clip_by_norm, "sum_of_lengths", clip_with(lambda gs: sum(g.norm() for g in gs))),
    (check.clip_by_norm, "squared_length", clip_with(lambda gs: sum((g * g).sum() for g in gs))),
    (check.clip_by_norm, "square_compared", clip_with(
        lambda gs: sum((g * g).sum() for g in gs) ** 0.5, lambda gs: sum((g * g).sum() for g in gs))),
    (check.clip_by_norm, "always_scaled", clip_always),
    (check.clip_by_norm, "largest_number", clip_with(lambda gs: torch.cat([g.abs().ravel() for g in gs]).max())),
    (check.clip_by_norm, "root_mean_square", clip_with(
        lambda gs: (sum((g * g).sum() for g in gs) / sum(g.numel() for g in gs)) ** 0.5)),
    (check.clip_by_norm, "unchanged", lambda gradients, limit: [g.clone() for g in gradients]),
    (check.clip_by_norm, "one_vector", lambda gs, limit: torch.cat([g.flatten() for g in clip_numpy_made(gs, limit)])),
    (check.adamw_step, "decay_in_the_gradient", adamw_of_a_learner(decoupled=False)),
    (check.adamw_step, "decay_in_the_gradient", adamw_with_l2_in_pytorch),
    (check.adamw_step, "vectors_decay", adamw_of_a_learner(axes=1)),
    (check.adamw_step, "no_correction", adamw_of_a_learner(correct=False)),
    (check.adamw_step, "step_from_zero", adamw_of_a_learner(count=-1)),
    (check.adamw_step, "step_from_two", adamw_of_a_learner(count=1)),
    (check.adamw_step, "epsilon_under_the_root", adamw_of_a_learner(root=lambda v: (v + 1e-8).sqrt(), epsilon=0)),
    (check.adamw_step, "without_epsilon", adamw_of_a_learner(epsilon=0)),
    (check.adamw_step, "without_the_root", adamw_of_a_learner(root=lambda v: v)),
    (check.adamw_step, "v_before_m", lambda *a: [adamw_numpy(*a)[i] for i in (0, 2, 1)]),
    (check.adamw_step, "betas_exchanged", lambda p, g, m, v, step, rate, decay: (
        p * (1 - rate * decay * (p.ndim > 1)) - rate * (0.98 * m + 0.02 * g) / (1 - 0.98**step)
        / (((0.9 * v + 0.1 * g * g) / (1 - 0.9**step)) ** 0.5 + 1e-8), 0.98 * m + 0.02 * g, 0.9 * v + 0.1 * g * g)),
    (check.accumulate, "added_up", lambda gradients, words: sum(gradients)),
    (check.accumulate, "plain_mean", lambda gradients, words: sum(gradients) / len(gradients)),
    (check.accumulate, "not_divided", lambda gradients, words: words.float() @ gradients),
    (check.accumulate, "divided_by_the_parts", lambda gradients, words: (gradients.mT * words).mean(1)),
    (check.accumulate, "sum_over_all_words", lambda gradients, words: sum(gradients) / sum(words)),
    (check.accumulate, "over_their_words_without_care", lambda gradients, words: sum(
        row / number for row, number in zip(gradients, words, strict=True))),
    (check.accumulate, "softmax_of_words", lambda gradients, words: words.double().softmax(0).float() @ gradients),
    (check.accumulate, "words_on_the_columns", lambda gradients, words: sum(gradients * words) / words.sum()),
    (check.smoothed_loss, "padding_counted", loss_with(reduce=lambda x, real: x.mean())),
    (check.smoothed_loss, "divided_by_all_places", loss_with(reduce=lambda x, real: x.masked_fill(~real, 0).mean())),
    (check.smoothed_loss, "summed", loss_with(reduce=lambda x, real: (x * real).sum())),
    (check.smoothed_loss, "mean_of_means", loss_with(reduce=lambda x, real: (
        x.where(real, torch.nan).nanmean(1).mean()))),
    (check.smoothed_loss, "others_alone", loss_with(others_share)),
    (check.smoothed_loss, "exchanged", loss_with(lambda z, t, s: smoothed_target(z, t, 1 - s))),
    (check.smoothed_loss, "not_taken", loss_with(lambda z, t, s: F.one_hot(t, z.shape[-1]) + s / z.shape[-1])),
    (check.smoothed_loss, "not_smoothed", lambda z, t, s: F.nll_loss(
        z.log_softmax(-1).flatten(0, 1), t.flatten(), ignore_index=0)),
    (check.smoothed_loss, "softmax_over_the_places", loss_with(logs=lambda z: z.log_softmax(1))),
    (check.smoothed_loss, "without_the_log", loss_with(logs=lambda z: z.softmax(-1))),
    (check.smoothed_loss, "log_of_softmax", loss_with(logs=lambda z: z.softmax(-1).log())),
    (check.smoothed_loss, "log_of_a_sum", loss_with(logs=lambda z: z - z.exp().sum(-1, keepdim=True).log())),
    (check.smoothed_loss, "log_with_a_floor", loss_with(logs=lambda z: z.softmax(-1).clamp(min=1e-9).log())),
    (check.smoothed_loss, "divergence", lambda z, t, s: F.kl_div(
        z.log_softmax(-1), smoothed_target(z, t, s), reduction="none").sum(-1)[t != 0].mean()),
    (check.smoothed_loss, "against_the_statement", loss_by_pytorch),
    (check.smoothed_loss, "against_the_statement", loss_by_pytorch_s_layer),
]  # fmt: skip


def clip_numpy_made(gradients, limit):
    return [torch.as_tensor(g) for g in clip_numpy(gradients, limit)]


@each_slip(SLIPS)
def test_a_slip_goes_by_its_name(problem, name, answer):
    assert_goes_by_its_name(problem, name, answer)


def solution(problem, *arguments):
    return type(problem).answer(*arguments)


@pytest.mark.parametrize("warm_up", [1, 7, 4000])
def test_the_rate_rises_to_the_peak_and_then_falls(warm_up):
    assert solution(check.learning_rate, warm_up, warm_up, 0.3) == 0.3
    assert solution(check.learning_rate, 4 * warm_up, warm_up, 0.3) == pytest.approx(0.15)
    rates = [solution(check.learning_rate, step, warm_up, 0.3) for step in range(1, 3 * warm_up)]
    assert max(range(len(rates)), key=rates.__getitem__) == warm_up - 1


def test_the_clipped_gradients_are_pytorch_s():
    for _, (gradients, limit) in check.clip_by_norm.inputs(torch.Generator().manual_seed(0)):
        assert_close(solution(check.clip_by_norm, gradients, limit), clip_by_pytorch(gradients, limit))


@pytest.mark.parametrize("shape", [(3,), (4, 3)])
def test_the_steps_are_those_of_pytorch_s_adamw(shape):
    """Twenty steps of one parameter, each with the m and v of the step before."""
    torch.manual_seed(0)
    p = torch.nn.Parameter(torch.randn(shape))
    parameter, m, v = p.detach().clone(), torch.zeros(shape), torch.zeros(shape)
    optimizer = torch.optim.AdamW([p], 0.1, betas=(0.9, 0.98), weight_decay=0.2 if len(shape) > 1 else 0.0)
    for step in range(1, 21):
        p.grad = 10 ** torch.randn(()) * torch.randn(shape)
        optimizer.step()
        parameter, m, v = solution(check.adamw_step, parameter, p.grad, m, v, step, 0.1, 0.2)
        assert_close(parameter, p.detach())


def test_the_gradient_of_the_parts_is_that_of_the_whole_batch():
    torch.manual_seed(0)
    x, y, w = torch.randn(12, 3), torch.randn(12), torch.randn(3, requires_grad=True)

    def gradient(part):
        return torch.autograd.grad((x[part] @ w - y[part]).square().mean(), w)[0]

    parts, words = [slice(0, 7), slice(7, 8), slice(8, 12)], torch.tensor([7, 1, 4])
    assert_close(solution(check.accumulate, torch.stack([gradient(p) for p in parts]), words), gradient(slice(12)))


def test_the_loss_is_pytorch_s():
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        for arguments in [a for _, a in check.smoothed_loss.inputs(generator)] + [
            check.smoothed_loss.admissible(generator)
        ]:
            assert_close(solution(check.smoothed_loss, *arguments), loss_by_pytorch(*arguments))
