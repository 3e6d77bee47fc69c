import torch

from ..problem import Problem, mistake
from .stand_in import StandIn

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
    praise = "One backward pass ranks all heads, where removing them one by one takes a run for each."

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        yield "one head of one number, and a loss that is its sum", (torch.tensor([[[[-2.0]]]]), LOSSES["sum"])
        yield "one head of two numbers with different signs", (torch.tensor([[[[-2.0, 1.0]]]]), LOSSES["sum"])
        yield "two heads", (torch.tensor([[[[1.0, 2.0]], [[-3.0, 1.0]]]]), LOSSES["squares"])
        yield (
            "two sentences that pull in opposite directions",
            (torch.tensor([[[[1.0]], [[2.0]]], [[[-1.0]], [[1.0]]]]), LOSSES["sum"]),
        )
        yield "three heads and four words", (randn(1, 3, 4, 2), LOSSES["waves"])
        yield "five sentences, three heads, four words", (randn(5, 3, 4, 2), LOSSES["waves"])

    def answer(contexts, loss):
        gates = torch.ones(contexts.shape[:2], requires_grad=True)  # (B, H)
        total = loss(contexts * gates[..., None, None]).sum()
        (slopes,) = torch.autograd.grad(total, gates)
        return slopes.abs().mean(0)

    @mistake(
        "The absolute values came after the mean over the sentences. A head that lowers the loss of one sentence and raises that of another would seem to do "
        "nothing: take them for each sentence first."
    )
    def signs_cancel(contexts, loss):
        return slopes_of(contexts, loss).mean(0).abs()

    @mistake("The absolute values are missing. A head matters also where a larger gate would lower the loss.")
    def signed(contexts, loss):
        return slopes_of(contexts, loss).mean(0)

    @mistake(
        "Absolute values were taken of single numbers before the sum. One gate moves all numbers of a head together, and where they pull in opposite "
        "directions nothing changes: sum over words and numbers first."
    )
    def absolute_too_early(contexts, loss):
        return (contexts * slope(contexts, loss)).abs().sum((2, 3)).mean(0)

    @mistake(
        "That is the gradient of the contexts alone. A gate multiplies the context, so by the chain rule its slope is gradient times context."
    )
    def gradient_alone(contexts, loss):
        return slope(contexts, loss).sum((2, 3)).abs().mean(0)

    @mistake("These are sums over the sentences. Michel and his colleagues take the mean.")
    def summed(contexts, loss):
        return slopes_of(contexts, loss).abs().sum(0)

    @mistake(
        "Only the contexts were looked at, and the loss not at all. A large context that changes nothing is not important."
    )
    def contexts_alone(contexts, loss):
        return contexts.sum((2, 3)).abs().mean(0)

    @mistake(
        "That is what happens to the loss when a head is removed altogether. It is a fair measure, and takes a run for each head; asked for is the slope at "
        "a gate of 1."
    )
    def removed(contexts, loss):
        found = []
        for head in range(contexts.shape[1]):
            without = contexts.clone()
            without[:, head] = 0
            found.append((loss(contexts) - loss(without)).abs().mean())
        return torch.stack(found)

    @mistake("One number for each sentence and head came back, (B, H). Take the mean over the sentences: (H,).")
    def for_each_sentence(contexts, loss):
        return slopes_of(contexts, loss).abs()


def slope(contexts, loss):
    """The gradient of the loss with respect to the contexts."""
    contexts = contexts.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(contexts).sum(), contexts)
    return found


def slopes_of(contexts, loss):
    """The slope of each gate, (B, H)."""
    return (contexts * slope(contexts, loss)).sum((2, 3))
