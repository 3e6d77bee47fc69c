import torch

from attention_course.checks.problem import Problem, mistake
from attention_course.checks.stand_in import StandIn

LOSSES = {
    "sum": StandIn("contexts.sum((1, 2, 3))", lambda contexts: contexts.sum((1, 2, 3))),
    "squares": StandIn("contexts.square().sum((1, 2, 3))", lambda contexts: contexts.square().sum((1, 2, 3))),
    "waves": StandIn(
        "(2 * contexts).sin().sum((2, 3)).cumsum(1).square().sum(1)",
        lambda contexts: (2 * contexts).sin().sum((2, 3)).cumsum(1).square().sum(1),
    ),
}


class HeadImportance(Problem):
    """How much a loss changes when a gate on a head is moved (Michel et al. 2019)."""

    hints = (
        "A gate ξ stands before each head of each sentence, and is 1: the loss is that of ξ · context. What does the chain rule say of its derivative?",
        "Either make gates = torch.ones(B, H, requires_grad=True), multiply the contexts by gates[..., None, None] and take the gradient; or multiply "
        "contexts and their gradient, and sum over words and numbers. Absolute values come then, for each sentence, and the mean over sentences last.",
        "gates = torch.ones(contexts.shape[:2], requires_grad=True); total = loss(contexts * gates[..., None, None]).sum(); slopes, = "
        "torch.autograd.grad(total, gates); return slopes.abs().mean(0).",
    )
    praise = "A single backward pass is enough to rank all heads, where removing them one by one takes a run for each."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "two heads", (torch.tensor([[[[1.0, 2.0]], [[-3.0, 1.0]]]]), LOSSES["squares"])
        yield "one head of two numbers with different signs", (torch.tensor([[[[-2.0, 1.0]]]]), LOSSES["sum"])
        yield (
            "two sentences that pull in opposite directions",
            (torch.tensor([[[[1.5]], [[2.5]]], [[[-1.0]], [[3.0]]]]), LOSSES["sum"]),
        )
        yield "three heads and four words", (randn(1, 3, 4, 2), LOSSES["waves"])
        yield "five sentences, three heads, four words", (randn(5, 3, 4, 2), LOSSES["waves"])

    def admissible(self, generator):
        sizes = [int(n) for n in torch.randint(1, 5, (4,), generator=generator)]
        which = list(LOSSES)[int(torch.randint(0, len(LOSSES), (), generator=generator))]
        return torch.randn(sizes, generator=generator), LOSSES[which]

    def answer(contexts, loss):
        gates = torch.ones(contexts.shape[:2], requires_grad=True)  # (B, H)
        total = loss(contexts * gates[..., None, None]).sum()
        (slopes,) = torch.autograd.grad(total, gates)
        return slopes.abs().mean(0)

    before_the_sum = (
        "Absolute values were taken of single numbers or words before the sum. One gate moves all numbers of a head together, and where they pull in opposite "
        "directions nothing changes: sum over words and numbers first."
    )
    signs = (
        "The sentences were put together before the absolute values were taken. A head that lowers the loss of one sentence and raises that of another would "
        "seem to do nothing: take them for each sentence first."
    )
    gradient_only = "That is the gradient of the contexts alone. A gate multiplies the context, so by the chain rule its slope is gradient times context."
    loss_unused = "Only the contexts were looked at, and the loss not at all. A large context that changes nothing is not important."
    without_it = (
        "That is what happens to the loss when a head is removed altogether. It is a fair measure, and takes a run for each head; asked for is the slope at "
        "a gate of 1."
    )
    squares = "Squares were taken in the place of absolute values. The importance is the mean of |∂L/∂ξ|."
    mean_over_numbers = (
        "A mean was taken over the words, or the numbers, of a head. Its gate moves all of them at once: add them up."
    )
    scaled_afterwards = "The importances were scaled to a sum or a length of one. That keeps their order; asked for are the means as they are."
    order = "That is the heads' order. Asked for is the importance of each; order it afterwards."
    moved = "The gates do not stand at 1. At 1 a gate changes nothing, and there the slope is asked for."

    @mistake(signs)
    def signs_cancel(contexts, loss):
        return slopes_of(contexts, loss).mean(0).abs()

    @mistake(signs)
    def signs_cancel_in_a_sum(contexts, loss):
        return slopes_of(contexts, loss).sum(0).abs()

    @mistake("The absolute values are missing. A head matters also where a larger gate would lower the loss.")
    def signed(contexts, loss):
        return slopes_of(contexts, loss).mean(0)

    @mistake(before_the_sum)
    def absolute_too_early(contexts, loss):
        return (contexts * slope(contexts, loss)).abs().sum((2, 3)).mean(0)

    @mistake(before_the_sum)
    def absolute_for_each_word(contexts, loss):
        return (contexts * slope(contexts, loss)).sum(3).abs().sum(2).mean(0)

    @mistake(before_the_sum)
    def absolute_for_each_number(contexts, loss):
        return (contexts * slope(contexts, loss)).sum(2).abs().sum(2).mean(0)

    @mistake(before_the_sum)
    def absolute_mean(contexts, loss):
        return (contexts * slope(contexts, loss)).abs().mean((0, 2, 3))

    @mistake(gradient_only)
    def gradient_alone(contexts, loss):
        return slope(contexts, loss).sum((2, 3)).abs().mean(0)

    @mistake(gradient_only)
    def absolute_gradient_alone(contexts, loss):
        return slope(contexts, loss).abs().sum((2, 3)).mean(0)

    @mistake(gradient_only)
    def mean_of_the_gradient(contexts, loss):
        return slope(contexts, loss).abs().mean((0, 2, 3))

    @mistake(gradient_only)
    def length_of_the_gradient(contexts, loss):
        return slope(contexts, loss).norm(dim=(2, 3)).mean(0)

    @mistake(loss_unused)
    def contexts_alone(contexts, loss):
        return contexts.sum((2, 3)).abs().mean(0)

    @mistake(loss_unused)
    def size_of_the_contexts(contexts, loss):
        return contexts.abs().sum((2, 3)).mean(0)

    @mistake(loss_unused)
    def length_of_the_contexts(contexts, loss):
        return contexts.norm(dim=(2, 3)).mean(0)

    @mistake("Contexts and gradient were added up before they met. Multiply number by number, then add.")
    def product_of_sums(contexts, loss):
        return (contexts.sum((2, 3)) * slope(contexts, loss).sum((2, 3))).abs().mean(0)

    @mistake(mean_over_numbers)
    def mean_over_words(contexts, loss):
        return (slopes_of(contexts, loss) / contexts.shape[2]).abs().mean(0)

    @mistake(mean_over_numbers)
    def mean_over_words_and_numbers(contexts, loss):
        return (contexts * slope(contexts, loss)).mean((2, 3)).abs().mean(0)

    @mistake("These are sums over the sentences. Michel and his colleagues take the mean.")
    def summed(contexts, loss):
        return slopes_of(contexts, loss).abs().sum(0)

    @mistake(
        "The result is too small by the number of sentences: a mean was taken twice, of the losses and of the slopes. Add the losses up, .sum(), before the backward pass."
    )
    def averaged_twice(contexts, loss):
        return slopes_of(contexts, loss).abs().mean(0) / len(contexts)

    @mistake(
        "One sentence's slope was added to the next one's: .grad adds up over backward passes. Set it to None before each."
    )
    def added_up(contexts, loss):
        return slopes_of(contexts, loss).cumsum(0).abs().mean(0)

    @mistake("The largest of the sentences' slopes was taken. The importance is their mean.")
    def largest(contexts, loss):
        return slopes_of(contexts, loss).abs().amax(0)

    @mistake(squares)
    def squared(contexts, loss):
        return slopes_of(contexts, loss).square().mean(0)

    @mistake(squares)
    def root_of_squares(contexts, loss):
        return slopes_of(contexts, loss).square().mean(0).sqrt()

    @mistake(without_it)
    def removed(contexts, loss):
        return change(contexts, loss).abs().mean(0)

    @mistake(without_it)
    def removed_signed(contexts, loss):
        return change(contexts, loss).mean(0)

    @mistake(without_it)
    def removed_and_signs_cancel(contexts, loss):
        return change(contexts, loss).mean(0).abs()

    @mistake(moved)
    def gates_at_zero(contexts, loss):
        return (contexts * slope(0 * contexts, loss)).sum((2, 3)).abs().mean(0)

    @mistake(moved)
    def gates_at_a_half(contexts, loss):
        return (contexts * slope(contexts / 2, loss)).sum((2, 3)).abs().mean(0)

    @mistake(scaled_afterwards)
    def sum_of_one(contexts, loss):
        return HeadImportance.answer(contexts, loss) / HeadImportance.answer(contexts, loss).sum()

    @mistake(scaled_afterwards)
    def length_of_one(contexts, loss):
        return torch.nn.functional.normalize(HeadImportance.answer(contexts, loss), dim=0)

    @mistake(order)
    def least_important_first(contexts, loss):
        return HeadImportance.answer(contexts, loss).argsort()

    @mistake(order)
    def most_important_first(contexts, loss):
        return HeadImportance.answer(contexts, loss).argsort(descending=True)

    @mistake("One number for each sentence and head came back, (B, H). Take the mean over the sentences: (H,).")
    def for_each_sentence(contexts, loss):
        return slopes_of(contexts, loss).abs()

    @mistake(
        "The mean was taken over the heads, and leaves a number for each sentence. Take it over the sentences: (H,)."
    )
    def mean_over_heads(contexts, loss):
        return slopes_of(contexts, loss).abs().mean(1)

    @mistake("That is one number for all heads. Take the mean over the sentences alone: (H,).")
    def mean_over_everything(contexts, loss):
        return slopes_of(contexts, loss).abs().mean()


def change(contexts, loss):
    """By how much each sentence's loss rises without each head, (B, H)."""
    heads = range(contexts.shape[1])
    without = [contexts.index_fill(1, torch.tensor([head]), 0) for head in heads]
    return torch.stack([loss(one) - loss(contexts) for one in without], 1)


def slope(contexts, loss):
    """The gradient of the loss with respect to the contexts."""
    contexts = contexts.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(contexts).sum(), contexts)
    return found


def slopes_of(contexts, loss):
    """The slope of each gate, (B, H)."""
    return (contexts * slope(contexts, loss)).sum((2, 3))
