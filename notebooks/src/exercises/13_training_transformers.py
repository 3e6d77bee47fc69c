# %% [markdown] name="title"
r"""
# Exercises 13 · Training Transformers

Six problems on [lesson 13](../13_training_transformers.ipynb), about an hour.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.clip_by_norm.hint()` gives a hint, a more explicit one each time. `check.clip_by_norm.solution()` shows one solution.

**Rules for all problems.** Tensors come as PyTorch tensors, single numbers as Python numbers. Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. Letters in brackets are shapes: B sentences, L words, V words of the vocabulary.
"""

# %% name="imports"
import torch

from attention_course import plots
from attention_course.checks import lesson_13 as check
from attention_course.lessons.lesson_12.built import warm_up as linear
from attention_course.page import table

# %% [markdown] name="learning-rate-text"
r"""
## 1 · Warm-up, and a slow fall

★☆☆, 6 minutes: writes the mechanism

The lesson's schedules take the share of the training that is done. Vaswani and others (2017) went by the number of the step. Their learning rate rises along a straight line through the origin, and is `peak` at step number `warm_up`. From there it falls as 1/√step: at step 4 · `warm_up` it is `peak` / 2. (Their peak depended on the size of the model. Here it is given.)

The first step has the number 1. `step` and `warm_up` are whole numbers from 1 on, and `peak` is above 0. Return the learning rate of this step, a number.
"""


# %% name="learning-rate" tags=["exercise"]
def learning_rate(step, warm_up, peak):
    raise NotImplementedError("your turn")


# %% name="learning-rate-check"
check.learning_rate(learning_rate)

# %% [markdown] name="clip-by-norm-text"
r"""
## 2 · Gradient clipping

★☆☆, 8 minutes: writes the mechanism

`gradients` is a list of tensors, of any shapes: the gradients of all parameters of a model. Think of all their numbers as one long vector. Where this vector is longer than `limit`, multiply all tensors by one factor, the same for all, so that the vector has the length `limit`. Otherwise the tensors stay as they are.

The length is the root of the sum of the squares. `limit` is above 0. Gradients may be zero. Return a new list, with tensors of the same shapes in the same order.
"""


# %% name="clip-by-norm" tags=["exercise"]
def clip_by_norm(gradients, limit):
    raise NotImplementedError("your turn")


# %% name="clip-by-norm-check"
check.clip_by_norm(clip_by_norm)

# %% [markdown] name="adamw-step-text"
r"""
## 3 · A step of AdamW

★★☆, 15 minutes: writes the mechanism

Write one step of AdamW (Loshchilov and Hutter 2019) for one parameter. `parameter`, `gradient`, `m` and `v` are tensors of one shape. `step` is the number of this step. The first step has the number 1, and before it `m` and `v` are zero.

1. `m` is a running mean of the gradients: the new `m` is 0.9 of the old `m` and 0.1 of the gradient. `v` is the same of the squared gradients, with 0.98 and 0.02.
2. Both begin at zero, so at first they are too small. For the movement (and only for it) divide the new `m` by 1 − 0.9^step, and the new `v` by 1 − 0.98^step.
3. The movement is −`rate` · `m` / (√`v` + 1e-8), with these two. So a gradient of zero does no harm.
4. Weight decay does not go through the gradient. The parameter as it came in is multiplied by 1 − `rate` · `decay`, and then moves. A parameter with one axis (a bias or a gain) does not decay. A parameter with more axes does.

Return the tuple `(parameter, m, v)`: the new ones, `m` and `v` without the correction.
"""


# %% name="adamw-step" tags=["exercise"]
def adamw_step(parameter, gradient, m, v, step, rate, decay):
    raise NotImplementedError("your turn")


# %% name="adamw-step-check"
check.adamw_step(adamw_step)

# %% [markdown] name="accumulate-text"
r"""
## 4 · A batch in parts

★☆☆, 6 minutes: writes the mechanism

A batch was too large for the memory. It was cut into n parts, and the gradient of each part was computed by itself. Row i of `gradients` (n, P) is the gradient of the *mean* loss per word of part i, for all P parameters. `words` (n) tells how many words each part has; padding is not counted.

Return the gradient (P) of the mean loss per word of the whole batch. A part may have no words, for it can be nothing but padding: then its row holds zeros. At least one part has words.
"""


# %% name="accumulate" tags=["exercise"]
def accumulate(gradients, words):
    raise NotImplementedError("your turn")


# %% name="accumulate-check"
check.accumulate(accumulate)

# %% [markdown] name="smoothed-loss-text"
r"""
## 5 · Label smoothing

★★☆, 12 minutes: extends

`logits` (B, L, V) are the outputs of a model before the softmax. `target` (B, L) holds the numbers of the right words; 0 is padding. At each place the target is smoothed: the right word gets the weight 1 − `smoothing`. Then every word of the vocabulary gets `smoothing` / V on top, the right word and padding's number 0 as well. So the weights add up to 1.

The loss of one word is its cross-entropy: minus the sum over the vocabulary of weight times log-probability. Return the mean loss of all real words of the batch, one number. Padding does not count, neither in the sum nor in the number of words.

There is at least one real word, and `smoothing` is at least 0 and below 1. Logits may be in the hundreds. Write it out, without `cross_entropy`.
"""


# %% name="smoothed-loss" tags=["exercise"]
def smoothed_loss(logits, target, smoothing):
    raise NotImplementedError("your turn")


# %% name="smoothed-loss-check"
check.smoothed_loss(smoothed_loss)

# %% [markdown] name="what-helps-text"
r"""
## 6 · A loss that stands still

★★☆, 6 minutes: breaks something and explains

A colleague trains a language model: a stack of 24 post-norm blocks, with the norm behind each sum. All matrices are started by Xavier's rule. The optimizer is AdamW, with a learning rate of 0.006 from the first step to the last. The gradient's norm is clipped at 1.

After 300 steps, the loss on the training sentences stands still. It is no lower than what the frequencies of the words alone give. At the top of the stack, the vectors of any two words have a cosine similarity of 1.000. The gradient of the first block is less than a hundred-thousandth of the gradient of the last block.

Your colleague makes one of these changes, leaves everything else as it is, and starts again. Which is the best first change?

- **A** Clip the gradient's norm at 0.1.
- **B** Let the learning rate rise during the first tenth of the steps, and leave it at 0.006 then.
- **C** Train on ten times as many sentences.
- **D** Build the blocks pre-norm: the norm in front of each part, and a last norm behind the stack.
- **E** Train with more dropout, and with label smoothing.
"""

# %% name="what-helps" tags=["exercise"]
what_helps = ...  # "A", "B", "C", "D" or "E"

# %% name="what-helps-check"
check.what_helps(what_helps)

# %% [markdown] name="try-text"
r"""
## Try it

The next cells run what you have written. (Until yours is right, they run the solution.) The first picture shows two schedules over 1000 steps: yours, with 100 steps of warm-up, and the schedule of lesson 12, which falls along a straight line. Which of the two has the higher rate in the middle of the training, and which at its end?
"""


# %% name="try-yours"
def yours(problem, answer):
    """Your answer where it is right, else the solution."""
    right = problem.last is not None and problem.last.outcome == "correct"
    return answer if right else type(problem).answer


schedule = yours(check.learning_rate, learning_rate)
clip = yours(check.clip_by_norm, clip_by_norm)
adamw = yours(check.adamw_step, adamw_step)

# %% name="try-schedules"
steps = range(1, 1001)
curves = {
    "1 / √step": [float(schedule(step, 100, 0.3)) for step in steps],
    "straight line": [0.3 * linear(step / 1000) for step in steps],
}
plots.lines(list(steps), curves, x_label="step", y_label="learning rate")

# %% [markdown] name="try-first-step-text"
r"""
Now a loss with two numbers to learn: f(w) = scale · (w₁² + 9 w₂²) / 2, from w = (3, 1). Its gradient is scale · (w₁, 9 w₂). The table shows how far the first step goes, with a learning rate of 0.1: by gradient descent, by AdamW, and by AdamW with the gradient clipped at a length of 1. Which columns depend on the scale?
"""

# %% name="try-first-step"
start, none = torch.tensor([3.0, 1.0]), torch.zeros(2)


def first_step(gradient):  # how far each number goes
    new = adamw(start, gradient, none, none, 1, 0.1, 0.0)[0]
    return start - torch.as_tensor(new)


rows = []
for scale in (0.01, 1.0, 100.0):
    g = scale * torch.tensor([1.0, 9.0]) * start
    clipped = torch.as_tensor(clip([g], 1.0)[0])
    rows.append([scale, g.norm(), 0.1 * g, first_step(g), first_step(clipped)])
table(["scale", "length of gradient", "descent", "AdamW", "AdamW, clipped"], rows)

# %% name="try-guard" jupyter={"source_hidden": true}
for *_, plain, clipped in rows:
    assert torch.allclose(plain, clipped, atol=1e-4)
    assert torch.allclose(plain, torch.full((2,), 0.1), atol=1e-4)

# %% [markdown] name="try-run-text"
r"""
Gradients of batches are noisy. So the last cell learns a hundred numbers from noisy gradients, with 1000 steps of AdamW. It does so three times: with a constant rate of 0.3, with your schedule, and with the straight line, both of which have their peak at 0.3. From step 100 on, the curves show how far the numbers are from the minimum, as means of 50 steps. Which curve do you expect to end lowest?
"""


# %% name="try-run"
def distances(rate):
    """How far 100 numbers are from the minimum, every 50 steps from step 100 on."""
    noise, found = torch.Generator().manual_seed(13), []
    w, m, v = torch.full((100,), 3.0), torch.zeros(100), torch.zeros(100)
    for step in steps:
        g = w + 3 * torch.randn(100, generator=noise)
        w, m, v = map(torch.as_tensor, adamw(w, g, m, v, step, rate(step), 0.0))
        found.append(w.square().mean().sqrt())
    return torch.stack(found[100:]).view(18, 50).mean(1)


runs = {"constant": distances(lambda step: 0.3)}
runs["1 / √step"] = distances(lambda step: schedule(step, 100, 0.3))
runs["straight line"] = distances(lambda step: 0.3 * linear(step / 1000))
plots.lines(range(125, 1000, 50), runs, x_label="step", y_label="distance from the minimum")

# %% name="try-run-guard" jupyter={"source_hidden": true}
last = {name: run[-1] for name, run in runs.items()}
assert last["straight line"] < last["1 / √step"] < last["constant"]

# %% [markdown] name="try-after"
r"""
A step of AdamW is about as long as the learning rate, and near the minimum the noise decides where it goes. With a constant rate the distance stays about the same. With a falling rate it becomes smaller, and it is smallest where the rate goes to 0. Now change the peak, or the 100 steps of warm-up: what does a longer warm-up cost, in a problem as simple as this?
"""
