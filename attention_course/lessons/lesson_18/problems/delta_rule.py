import torch

from attention_course.checks.problem import Problem, mistake


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

        def shares(words):
            return 0.2 + 0.6 * torch.rand(words, generator=generator)

        same = keys(1, 3).expand(2, 3).contiguous()
        yield "three keys of two numbers, strengths of their own", (keys(3, 2), randn(3, 3), shares(3))
        yield "a single pair that is added by half", (keys(1, 2), randn(1, 1), torch.tensor([0.5]))
        yield "a single pair", (keys(1, 2), randn(1, 1), torch.ones(1))
        yield "one key told twice, with another value the second time", (same, randn(2, 2), torch.ones(2))
        yield "one key told twice, the second time by half", (same, randn(2, 2), torch.tensor([1.0, 0.5]))
        yield "three keys", (keys(3, 3), randn(3, 2), torch.ones(3))
        yield "six keys of three numbers, strengths of their own", (keys(6, 3), randn(6, 3), shares(6))

    def admissible(self, generator):
        words, features, size = (int(torch.randint(1, most, (1,), generator=generator)) for most in (8, 5, 5))
        k = torch.nn.functional.normalize(torch.randn(words, features, generator=generator), dim=-1)
        k = k[torch.randint(0, words, (words,), generator=generator)]  # some are told several times
        v = torch.randn(words, size, generator=generator) * 4.0 ** torch.randint(-1, 2, (1,), generator=generator)
        return k, v, (1.4 * torch.rand(words, generator=generator) - 0.2).clamp(0, 1)

    def answer(k, v, beta):
        S = k.new_zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            said = k[t] @ S
            S = S + k[t, :, None] * (beta[t] * (v[t] - said))
        return S

    wrong_share = "Both the new value and what the state said go by the same share, beta itself: beta · (v − said). Here one of them, or both, go by another."
    a_gate = (
        "The whole state faded before the pair was added. That is a gate, and it forgets all keys alike; the delta rule takes away what is said "
        "for this key alone."
    )
    at_once = "All corrections were made at once, against a state that does not change on the way. Each word has to ask the state as the words before it have left it."
    begins = "The state does not begin with zeros. Before the first pair it knows nothing."
    other_share = "A pair went in by another's share: each word t has its own, beta[t]."
    sides = "Keys and values have changed sides: k[t] @ S is what the state says, and the product of key and correction is (F, D_v), with k[t, :, None]."

    @mistake(
        "The pairs were only added, as in plain linear attention. What the state says for the key already has to go."
    )
    def only_added(k, v, beta):
        return k.mT @ (beta[:, None] * v)

    @mistake(
        "The pairs were only added, as in plain linear attention, and beta was not used. What the state says for the key already has to go, and the difference goes in by a share."
    )
    def only_added_without_beta(k, v, beta):
        return k.mT @ v

    @mistake(
        "The correction has the wrong sign: v − said is what is missing. With said − v the state learns the opposite of every value."
    )
    def sign_turned(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * (said - v))

    @mistake("What the state said was added where it should be taken away: v − said is what is missing.")
    def said_added(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * (v + said))

    @mistake(
        "The share beta was applied to the new value alone, and what the state said was taken away in full. Both go by the same share: beta · (v − said)."
    )
    def beta_on_the_value(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * v - said)

    @mistake(
        "The share beta was applied to what the state said alone, and the new value went in whole. Both go by the same share: beta · (v − said)."
    )
    def beta_on_what_was_said(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: v - beta * said)

    @mistake("The share beta was not used: a pair with beta = 0.5 goes in by half.")
    def without_beta(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: v - said)

    @mistake(wrong_share)
    def the_rest(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: (1 - beta) * (v - said))

    @mistake(wrong_share)
    def beta_twice(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * beta * (v - said))

    @mistake(wrong_share)
    def rest_of_what_was_said(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * v - (1 - beta) * said)

    @mistake(wrong_share)
    def rest_of_what_was_said_added(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * v + (1 - beta) * said)

    @mistake(wrong_share)
    def root_of_beta(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta.sqrt() * (v - said))

    @mistake(wrong_share)
    def beta_on_the_key(k, v, beta):
        return told(k * beta[:, None], v, beta, lambda v, said, beta: v - said)

    @mistake("The correction was divided by beta. It goes in by this share: multiply.")
    def divided_by_beta(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: (v - said) / beta)

    @mistake(a_gate)
    def a_gate_instead(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * v, lambda S, beta: (1 - beta) * S)

    @mistake(a_gate)
    def a_gate_and_the_whole_value(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: v, lambda S, beta: (1 - beta) * S)

    @mistake(a_gate)
    def beta_as_a_gate(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: v, lambda S, beta: beta * S)

    @mistake(a_gate)
    def a_gate_as_well(k, v, beta):
        return told(k, v, beta, fade=lambda S, beta: (1 - beta) * S)

    @mistake("The state was replaced at every word. The correction is added to what is there.")
    def replaced(k, v, beta):
        return told(k, v, beta, fade=lambda S, beta: 0 * S)

    @mistake("Only the last pair is there. The correction is added to what is there, and nothing is thrown away.")
    def last_pair_only(k, v, beta):
        return beta[-1] * torch.outer(k[-1], v[-1])

    @mistake(at_once)
    def all_at_once(k, v, beta):
        S = k.mT @ (beta[:, None] * v)
        return S + k.mT @ (beta[:, None] * (v - k @ S))

    @mistake(at_once)
    def all_at_once_after_adding_whole(k, v, beta):
        S = k.mT @ v
        return S + k.mT @ (beta[:, None] * (v - k @ S))

    @mistake("The state was asked as it stood one word earlier. Each word asks it as the word before has left it.")
    def one_word_late(k, v, beta):
        S = before = k.new_zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            S, before = S + k[t, :, None] * (beta[t] * (v[t] - k[t] @ before)), S
        return S

    @mistake(
        "The state was asked when the new value was in it already, so that it takes a part of that away again. Ask first, with the S of before this word."
    )
    def asked_after_adding(k, v, beta):
        S = k.new_zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            S = S + beta[t] * torch.outer(k[t], v[t])
            S = S - beta[t] * torch.outer(k[t], k[t] @ S)
        return S

    @mistake("The value before was taken away. What has to go is what the state says for this key, k[t] @ S.")
    def difference_to_the_value_before(k, v, beta):
        return k.mT @ (beta[:, None] * (v - torch.cat([0 * v[:1], v[:-1]])))

    @mistake("The pairs were told from the last to the first. What came later corrects what came before.")
    def backwards(k, v, beta):
        return told(k.flip(0), v.flip(0), beta.flip(0))

    @mistake("The first pair is missing: words count from 0.")
    def first_left_out(k, v, beta):
        return told(k[1:], v[1:], beta[1:])

    @mistake("The last pair is missing. range(len(k)) ends with it.")
    def last_left_out(k, v, beta):
        return told(k[:-1], v[:-1], beta[:-1])

    @mistake("The first pair went in whole. It goes in by its share beta, too.")
    def first_without_beta(k, v, beta):
        return told(k, v, torch.cat([torch.ones(1), beta[1:]]))

    @mistake(other_share)
    def first_share_for_all(k, v, beta):
        return told(k, v, beta[:1].expand(len(k)))

    @mistake(other_share)
    def mean_share(k, v, beta):
        return told(k, v, beta.mean().expand(len(k)))

    @mistake(other_share)
    def share_of_the_word_before(k, v, beta):
        return told(k, v, beta.roll(1))

    @mistake(other_share)
    def share_of_the_next_word(k, v, beta):
        return told(k, v, beta.roll(-1))

    @mistake(begins)
    def begins_with_ones(k, v, beta):
        return told(k, v, beta, start=torch.ones)

    @mistake(begins)
    def begins_with_the_identity(k, v, beta):
        return told(k, v, beta, start=torch.eye)

    @mistake("The state is transposed: (F, D_v), a row for each feature.")
    def transposed(k, v, beta):
        return told(k, v, beta).mT

    @mistake(sides)
    def product_the_other_way_round(k, v, beta):
        S = k.new_zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            S = S + beta[t] * torch.outer(v[t] - k[t] @ S, k[t])
        return S

    @mistake(sides)
    def asked_from_the_other_side(k, v, beta):
        S = k.new_zeros(k.shape[1], v.shape[1])
        for t in range(len(k)):
            S = S + beta[t] * torch.outer(k[t], v[t] - S @ k[t])
        return S

    @mistake("These are all states. Asked for is the last, (F, D_v).")
    def all_states(k, v, beta):
        return torch.stack([told(k[:t], v[:t], beta[:t]) for t in range(1, len(k) + 1)])

    @mistake("These are all states. Asked for is the last, (F, D_v).")
    def all_states_and_the_zeros(k, v, beta):
        return torch.stack([told(k[:t], v[:t], beta[:t]) for t in range(len(k) + 1)])

    @mistake("This is what the state says for the keys. Asked for is the state itself, (F, D_v).")
    def what_it_says(k, v, beta):
        return k @ told(k, v, beta)

    @mistake("This is what the state says for the keys. Asked for is the state itself, (F, D_v).")
    def what_it_says_word_by_word(k, v, beta):
        return torch.stack([k[t] @ told(k[: t + 1], v[: t + 1], beta[: t + 1]) for t in range(len(k))])

    @mistake(
        "What the state says was divided by a sum of products, as in an average. Here the state is asked as it is, k[t] @ S."
    )
    def with_a_divisor(k, v, beta):
        S, z = k.new_zeros(k.shape[1], v.shape[1]), k.new_zeros(k.shape[1])
        for t in range(len(k)):
            S, z = S + torch.outer(k[t], beta[t] * (v[t] - (k[t] @ S / (k[t] @ z) if t else 0))), z + k[t]
        return S

    @mistake("The difference was squared. What goes in is the difference itself, with its sign.")
    def squared(k, v, beta):
        return told(k, v, beta, lambda v, said, beta: beta * (v - said) ** 2)


def told(k, v, beta, change=lambda v, said, beta: beta * (v - said), fade=lambda S, beta: S, start=torch.zeros):
    """The state after all pairs, with another change to it."""
    S = start(k.shape[1], v.shape[1])
    for t in range(len(k)):
        S = fade(S, beta[t]) + k[t, :, None] * change(v[t], k[t] @ S, beta[t])
    return S
