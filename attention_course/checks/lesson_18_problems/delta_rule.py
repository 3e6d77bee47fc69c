import torch

from ..problem import Problem, mistake


class DeltaRule(Problem):
    """A state that corrects what it holds before it adds (Schlag et al. 2021)."""

    hints = (
        "Before a pair is added, ask the state what it already says for this key, and add only what is missing.",
        "What it says is k[t] @ S, with the S of before this word. The difference to v[t], times beta[t], goes where the product with v[t] went.",
        "for t in range(len(k)): said = k[t] @ S, and then S = S + k[t, :, None] * (beta[t] * (v[t] - said)). S begins as k.new_zeros(k.shape[1], v.shape[1]).",
    )
    praise = (
        "With keys of length 1 and beta = 1 the state says exactly the new value for a key that it has just been told."
    )

    def inputs(self, generator):
        def randn(*sizes):
            return torch.randn(*sizes, generator=generator)

        def keys(words, size):
            return torch.nn.functional.normalize(randn(words, size), dim=-1)

        same = keys(1, 3).expand(2, 3).contiguous()
        yield "a single pair", (keys(1, 3), randn(1, 2), torch.ones(1))
        yield "a single pair that is added by half", (keys(1, 3), randn(1, 2), torch.tensor([0.5]))
        yield "one key told twice, with another value the second time", (same, randn(2, 2), torch.ones(2))
        yield "one key told twice, the second time by half", (same, randn(2, 2), torch.tensor([1.0, 0.5]))
        yield "three keys", (keys(3, 3), randn(3, 2), torch.ones(3))
        yield (
            "six keys of three numbers, strengths of their own",
            (
                keys(6, 3),
                randn(6, 3),
                torch.rand(6, generator=generator),
            ),
        )

    def answer(k, v, beta):
        S = k.new_zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            said = k[t] @ S
            S = S + k[t, :, None] * (beta[t] * (v[t] - said))
        return S

    @mistake(
        "The pairs were only added, as in plain linear attention. What the state says for the key already has to go."
    )
    def only_added(k, v, beta):
        return k.mT @ (beta[:, None] * v)

    @mistake(
        "The correction has the wrong sign: v − said is what is missing. With said − v the state learns the opposite of every value."
    )
    def sign_turned(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * (said - v))

    @mistake(
        "The share beta was applied to the new value alone, and what the state said was taken away in full. Both go by the same share: beta · (v − said)."
    )
    def beta_on_the_value(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * v - said)

    @mistake("The share beta was not used: a pair with beta = 0.5 goes in by half.")
    def without_beta(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: v - said)

    @mistake(
        "The whole state faded, by 1 − beta, before the pair was added. That is a gate, and it forgets all keys alike; the delta rule takes away what is said "
        "for this key alone."
    )
    def a_gate_instead(k, v, beta):
        S = k.new_zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            S = (1 - beta[t]) * S + beta[t] * k[t, :, None] * v[t]
        return S

    @mistake(
        "All corrections were made against an empty or a finished state, at once. Each word has to ask the state as the words before it have left it."
    )
    def all_at_once(k, v, beta):
        S = k.mT @ (beta[:, None] * v)
        return S + k.mT @ (beta[:, None] * (v - k @ S))


def told(k, v, beta, change):
    """The state after all pairs, with another change to it."""
    S = k.new_zeros(k.shape[1], v.shape[1])
    for t in range(len(k)):
        S = S + k[t, :, None] * change(v[t], k[t] @ S, beta[t])
    return S
