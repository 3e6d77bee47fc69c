# %% [markdown] name="title"
r"""
# Exercises 09 · Self-attention

Four problems on [lesson 09](../09_self_attention.ipynb), about forty minutes. Write in PyTorch or NumPy, as you like. `check.penalty.hint()` gives a hint, each time a more explicit one; `check.penalty.solution()` shows one solution.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course.checks import lesson_09 as check

# %% [markdown] name="batch-relate-text"
r"""
## 1 · Self-attention for a batch

Writes the mechanism · ★★☆, 12 minutes

From words `x` (B, T, E), values `h` (B, T, D), `W_1` and `W_2` (k, E), `v` (k,) and `real` (B, T), which is True where a word is there and False where there is padding, anywhere in the sentence, return the contexts $c_i$ of Eqs. (15) to (17), (B, T, D), with the energies $e_{ij} = v^\top \tanh(W_1 x_j + W_2 x_i)$: word $i$ asks, and word $j$ is asked. Every word may ask itself, none may ask padding. Padding asks as well; what it gets does not matter, and need not be removed. No loops.
"""

# %% name="batch-relate" tags=["exercise"]
def batch_relate(x, h, W_1, W_2, v, real):
    raise NotImplementedError("your turn")


# %% name="batch-relate-check"
check.batch_relate(batch_relate)

# %% [markdown] name="penalty-text"
r"""
## 2 · The penalty for hops that agree

Writes the mechanism · ★☆☆, 6 minutes

`A` (B, r, T) holds $r$ hops over the $T$ words of each sentence. Return $\lVert A A^\top - I \rVert_F^2$ for each sentence, (B,). The norm is Frobenius's: the square root of the sum of all squared elements.
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

A network embeds the words, applies self-attention in which no word asks itself, then makes one vector of the contexts with query-less attention, Eqs. (18) to (20), and a linear layer reads the answer off it. It has been trained on sentences. What does it say of a sentence whose words have been shuffled?

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

How far must a word be able to see? Make the mask that finds out. Sentence $b$ has `lengths[b]` words, and all are padded to `longest` $= T$, which may be more than any of them has. Return a Boolean mask (B, T, T), rows for who asks and columns for who is asked, in which True allows: word $i$ may ask word $j$ where $j$ is no padding, is not $i$ itself, and is at most `reach` places away on either side. (Let padding follow the same three rules when it asks. Far behind the end it then finds nobody, and its row is all False: a softmax over minus infinities alone gives NaN, as `relate` in the lesson would. The package's layers give zeros.)
"""

# %% name="may-ask" tags=["exercise"]
def may_ask(lengths, longest, reach):
    raise NotImplementedError("your turn")


# %% name="may-ask-check"
check.may_ask(may_ask)

# %% [markdown] name="try-text"
r"""
Use your mask. Below, a network trains on two colours six places apart, with words that may ask only as far as a given reach: 6, where the colours see each other; 5, where every word between sees both; 3, where only the filler in the middle does; and 2, where no word does. What do you expect of each? The four trainings take about ten seconds.
"""

# %% name="try-reach"
from attention_course import device
from attention_course.lessons.lesson_09.same_different_classifier import SelfAttentiveClassifier
from attention_course.lessons.lesson_09.same_different_task import WORDS, same_or_different
from attention_course.metrics import accuracy
from attention_course.training import train_classifier

device.use_threads(1)


class Nearsighted(SelfAttentiveClassifier):
    def __init__(self, mask):
        super().__init__(len(WORDS))
        self.mask = mask

    def forward(self, words):
        x = self.embedding(words)
        contexts, weights = self.relate(x, self.mask)
        vector, shares = self.pool(self.compare(torch.cat([x, contexts], -1)))
        return self.classify(vector), (weights, shares)


generator = torch.Generator().manual_seed(0)


def draw(count=64):
    words, same = same_or_different(count, 6, generator)
    return (words,), same


for reach in (6, 5, 3, 2):
    device.seed_everything(0)
    try:
        network = Nearsighted(torch.as_tensor(may_ask(torch.tensor([12]), 12, reach)))
    except NotImplementedError:
        print("write the mask first")
        break
    train_classifier(network, draw, steps=300, learning_rate=5e-3)
    with torch.no_grad():
        found = accuracy(network, draw(1000))
    print(f"reach {reach}: {found:.1%} right")

# %% [markdown] name="try-after"
r"""
We found all right at 6, nearly all at 5, two in three at 3 and at 2. At 5 the words between bring the colours together. At 3 the one word that could has not learned to. At 2 what is still right comes from the attention on top, which sees all words; but it adds, and so does the linear layer behind it, and adding does not compare. It can say "same" whenever both colours are among a certain two. How often is that right? In the lesson, a layer with a ReLU behind the pooling made up for all of self-attention.
"""
