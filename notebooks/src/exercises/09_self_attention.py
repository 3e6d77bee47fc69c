# %% [markdown] name="title"
r"""
# Exercises 09 · Self-attention

Four problems on [lesson 09](../09_self_attention.ipynb), about forty minutes. Write in PyTorch or NumPy, as you like. `check.penalty.hint()` gives a hint, each time a more explicit one; `check.penalty.solution()` shows one solution.

Three rules hold in all problems:

- B is the number of sentences in the batch, and L the number of words in each, padding included.
- A mask is Boolean, and True means "may ask". Rows are the words that ask, columns the words that are asked.
- Padding may stand anywhere in a sentence unless a problem says where.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_09 as check

# %% [markdown] name="batch-relate-text"
r"""
## 1 · Self-attention for a batch

Writes the mechanism · ★★☆, 12 minutes

Write additive self-attention, Eqs. (15) to (17), for a batch with padding. Try it without looking at the lesson. Word $t$ asks, word $i$ is asked, and the score is $z_{ti} = \tanh(x_t W^Q + x_i W^K)\, u^\top$.

| in | what it is | shape |
|---|---|---|
| `x` | words, which make the scores | (B, L, E) |
| `V` | values, which are averaged | (B, L, D_v) |
| `W_Q`, `W_K` | matrices of the word that asks, of the word that is asked | (E, D) |
| `u` | vector of the score | (D,) |
| `real` | True for a word, False for padding | (B, L) |

Return the contexts (B, L, D_v). Every word may ask itself, and no word may ask padding. What padding gets when it asks does not matter. No loops.
"""

# %% name="batch-relate" tags=["exercise"]
def batch_relate(x, V, W_Q, W_K, u, real):
    raise NotImplementedError("your turn")


# %% name="batch-relate-check"
check.batch_relate(batch_relate)

# %% [markdown] name="penalty-text"
r"""
## 2 · The penalty for hops that agree

Writes the mechanism · ★☆☆, 6 minutes

`A` (B, r, L) holds the weights of $r$ hops over the L words of each sentence. Return the penalty of structured self-attention, $\lVert A A^\top - I \rVert_F^2$, for each sentence: (B,). This norm is Frobenius's. It is the square root of the sum of all squared elements, so here the root and the square cancel.
"""

# %% name="penalty" tags=["exercise"]
def penalty(A):
    raise NotImplementedError("your turn")


# %% name="penalty-check"
check.penalty(penalty)

# %% [markdown] name="what-shuffling-does-text"
r"""
## 3 · A shuffled sentence

Breaks something and explains · ★★☆, 7 minutes

A network embeds the words. Then comes self-attention in which no word asks itself. Query-less attention, Eqs. (18) to (20), makes one vector of the contexts, and a linear layer reads the answer off this vector. The network has been trained on sentences. What does it say of a sentence whose words have been shuffled?

- **A** Something else, because the map of weights is another one.
- **B** Something else, because the contexts come in another order.
- **C** The same answer as a rule, but with less certainty: it has never met such a sentence.
- **D** The same answer, with the same logits up to rounding.
- **E** The same answer only if words may ask themselves; here they may not.
"""

# %% name="what-shuffling-does" tags=["exercise"]
what_shuffling_does = ...  # "A", "B", "C", "D" or "E"

# %% name="what-shuffling-does-check"
check.what_shuffling_does(what_shuffling_does)

# %% [markdown] name="may-ask-text"
r"""
## 4 · Who may ask whom

Extends · ★★☆, 12 minutes

How far must a word be able to see? Make the mask that finds out. Sentence $b$ has `lengths[b]` words, and all sentences are padded at the end to `longest` = L words, which may be more than any of them has.

Return a Boolean mask (B, L, L). Word $i$ may ask word $j$ where three things hold:

- word $j$ is no padding;
- word $j$ is not word $i$ itself;
- word $j$ is at most `reach` places away, on either side.

Padding follows the same three rules when it asks. Far behind the end it finds nobody, and its row is all False. In the lesson's `attend`, as in the package's layers, such a row gives zeros.
"""

# %% name="may-ask" tags=["exercise"]
def may_ask(lengths, longest, reach):
    raise NotImplementedError("your turn")


# %% name="may-ask-check"
check.may_ask(may_ask)

# %% [markdown] name="try-text"
r"""
Use your mask. The network below is the lesson's `Matcher`. The two colours stand six places apart, and words may ask only as far as a given reach: 6, where the colours see each other; 5, where every word between them sees both; 3, where only the filler in the middle sees both; and 2, where no word sees both. What do you expect of each?
"""

# %% name="try-reach"
from attention_course import device
from attention_course.lessons.lesson_09.built import Matcher
from attention_course.lessons.lesson_09.same_different_task import WORDS, same_or_different
from attention_course.metrics import accuracy
from attention_course.training import train_classifier

device.use_threads(1)


class Nearsighted(Matcher):
    def __init__(self, mask):
        super().__init__(len(WORDS))
        self.mask = mask

    def forward(self, words):
        return super().forward(words, self.mask)

# %% name="try-data"
generator = torch.Generator().manual_seed(0)


def draw(count=64):
    words, same = same_or_different(count, 6, generator)        # (count, 12), (count)
    return (words,), same

# %% name="try-train"
for reach in (6, 5, 3, 2):
    device.seed_everything(0)
    try:
        network = Nearsighted(torch.as_tensor(may_ask(torch.tensor([12]), 12, reach)))
    except NotImplementedError:
        print("write the mask first")
        break
    train_classifier(network, draw, steps=300, learning_rate=3e-3)
    with torch.no_grad():
        found = accuracy(network, draw(1000))
    print(f"reach {reach}: {found:.1%} right")

# %% name="try-guard" jupyter={"source_hidden": true}
from attention_course import results

measured = results.load("09_distance")["reach"]
assert min(measured["6"]) == 1
assert sorted(round(100 * share) for share in measured["5"]) == [80, 91, 91]
assert all(0.645 < share < 0.695 for reach in "32" for share in measured[reach])

# %% [markdown] name="try-after"
r"""
We trained three times (`experiments/09_distance.py`). At 6, all answers were right. At 5, the words between the colours can bring them together: 80, 91 and 91 % were right. At 3 and at 2, 65 to 69 % were right. So at 3, the one word that could help has not learned to. Other random starts give other numbers.

What is right at 2 comes from the query-less attention on top, which sees all words. But it only adds, as does the linear layer behind it, and adding does not compare. (The lesson's *pooling only* has a ReLU behind the pool.) The network can say "same" whenever both colours are among a certain two. How often is that right?

<details><summary>The answer</summary>

If the colours are the same, both are among the two in one half of the sentences. If they differ, they are not both among the two in 5 of 6 sentences. Together: ½ · ½ + ½ · ⅚ = ⅔.

</details>
"""
