# %% [markdown] name="title"
r"""
# Exercises 12 · The Transformer

Six problems on [lesson 12](../12_transformer.ipynb), about an hour.

**How it works.** Write your answer in the cell under a problem, run this cell, then run the check below it. `check.block.hint()` gives a hint, a more explicit one each time. `check.block.solution()` shows one solution.

**Rules for all problems.** Inputs are PyTorch tensors. Write in PyTorch or NumPy, as you like. Return a new result, and do not change the inputs. Letters in brackets are shapes: B sentences, L words, E numbers per word, D numbers per head. F (`hidden`) are the numbers inside a feed-forward network, N the blocks on each side.
"""

# %% name="imports"
import torch

from attention_course import plots
from attention_course.checks import lesson_12 as check
from attention_course.efficient.local import LocalAttention
from attention_course.models.transformer import Config, TransformerDecoder, TransformerEncoder

# %% [markdown] name="layer-norm-text"
r"""
## 1 · The norm

★☆☆, 8 minutes: writes the mechanism

`x` (B, L, E) are words; `gain` (E) and `bias` (E) are learned. Bring the E numbers of each word to mean 0 and standard deviation 1. Then multiply by `gain` and add `bias`. Return (B, L, E).

The variance is the mean of the squared deviations (PyTorch: `correction=0`). Add 1e-5 to the variance before you take its root, so that a word whose numbers are all the same does no harm. Write it out, without `LayerNorm` or `layer_norm`.
"""

# %% name="layer-norm" tags=["exercise"]
def layer_norm(x, gain, bias):
    raise NotImplementedError("your turn")


# %% name="layer-norm-check"
check.layer_norm(layer_norm)

# %% [markdown] name="block-text"
r"""
## 2 · The block

★☆☆, 6 minutes: writes the mechanism

The block of an encoder in pre-norm form, without looking at the lesson and without dropout. `x` (L, E) is one sentence. The other four are functions from (L, E) to (L, E); in a model they have been trained, and `look` is self-attention. Return (L, E).
"""

# %% name="block" tags=["exercise"]
def block(x, norm_1, look, norm_2, feed_forward):
    raise NotImplementedError("your turn")


# %% name="block-check"
check.block(block)

# %% [markdown] name="cached-look-text"
r"""
## 3 · A step with a KV cache

★★☆, 12 minutes: writes the mechanism

One head of a decoder's self-attention while it writes. `query`, `key` and `value` (B, D) are those of the new word in each sentence. `keys` and `values` (B, n, D) are those of the n words before it, the earliest first. For the first word, n is 0. The scores are divided by √D.

Return the tuple `(context, keys, values)`: the context of the new word (B, D), and the keys and values to keep for the next step, (B, n + 1, D) each.
"""

# %% name="cached-look" tags=["exercise"]
def cached_look(query, key, value, keys, values):
    raise NotImplementedError("your turn")


# %% name="cached-look-check"
check.cached_look(cached_look)

# %% [markdown] name="sees-text"
r"""
## 4 · Who sees whom?

★★☆, 12 minutes: extends

Write a test for any function `f` from words (L, E) to words (L, E), whatever is inside. `x` (L, E) are some words. Return a matrix (L, L) of True and False. Row i, column j is True where output i changes when input j changes. `f` takes and gives PyTorch tensors.

Replace word j by a vector drawn at random. (A norm does not notice when all numbers of a word grow alike, or double.) A number has changed if it differs by more than 1e-6. For a decoder, nothing above the diagonal may be True.
"""

# %% name="sees" tags=["exercise"]
def sees(f, x):
    raise NotImplementedError("your turn")


# %% name="sees-check"
check.sees(sees)

# %% [markdown] name="count-parameters-text"
r"""
## 5 · How many numbers?

★★☆, 12 minutes: extends

The lesson counts the parameters of its parts. Put them together for any size: `english` and `french` are the numbers of words of the two languages, `E`, `F` and `N` are as above. Return the number of parameters of the whole model, a whole number.

All linear maps have biases. Each norm has a gain and a bias, and each stack ends with a norm. The logits are tied to the embeddings of the French words, and have a bias for each word. The positions are sinusoids, which learn nothing.
"""

# %% name="count-parameters" tags=["exercise"]
def count_parameters(english, french, E, F, N):
    raise NotImplementedError("your turn")


# %% name="count-parameters-check"
check.count_parameters(count_parameters)

# %% [markdown] name="what-went-wrong-text"
r"""
## 6 · A loss that is too good, again

★★☆, 5 minutes: breaks something and explains

A colleague has written a translator. After 300 steps its loss is 0.001. Your `sees` says that every output depends on its own input and on those before it, and on none after it. When the model writes by itself, it gives `<bos> <bos> <bos> <bos>` and so on. What is wrong in the training?

- **A** The causal mask is missing, or turned round.
- **B** Padding is counted in the loss.
- **C** The decoder does not look at the encoder.
- **D** The learning rate is too high.
- **E** The decoder is given the very words that it has to write, not moved by one place.
"""

# %% name="what-went-wrong" tags=["exercise"]
what_went_wrong = ...  # "A", "B", "C", "D" or "E"

# %% name="what-went-wrong-check"
check.what_went_wrong(what_went_wrong)

# %% [markdown] name="try-text"
r"""
The next cells run your `sees` on the package's encoder and decoder, untrained, with three kinds of self-attention. (Until yours is right, they run the solution's.) `Config(attend=...)` is where another attention goes in. `LocalAttention(3)`, of lesson 17, lets a word see itself and the two words before it. Which picture do you expect for each? What would a second block of the last kind see, and a fourth?
"""

# %% name="try-models"
torch.manual_seed(0)
sizes = {"size": 16, "heads": 2, "hidden": 32, "layers": 1, "dropout": 0.0}
local = Config(**sizes, attend=lambda: LocalAttention(3))
models = {
    "encoder": TransformerEncoder(20, Config(**sizes)),
    "decoder": TransformerDecoder(20, Config(**sizes)),
    "decoder, at most 3 words": TransformerDecoder(20, local),
}

# %% name="try-pictures"
words = [f"word {i}" for i in range(1, 9)]
right_already = check.sees.last.outcome == "correct"
test = sees if right_already else type(check.sees).answer


def through(model):  # from the vectors before the blocks to those behind them
    model.requires_grad_(False)

    def f(x):
        y = x[None]
        for block in model.blocks:
            y = block(y, causal=isinstance(model, TransformerDecoder))[0]
        return y[0]

    return f

# %% name="try-show"
figure, pictures = plots.Picture((13, 4)), {}
for ax, (name, model) in zip(figure.subplots(1, 3), models.items()):
    seen = torch.as_tensor(test(through(model), torch.randn(8, 16)))
    pictures[name] = seen
    labels = {"title": name, "query_label": "output", "key_label": "input"}
    plots.attention_map(seen.float(), words, words, **labels, colour_bar=False, ax=ax)
figure

# %% name="try-guard" jupyter={"source_hidden": true}
for name, seen in pictures.items():
    assert seen.diagonal().all() and (name == "encoder") == bool(seen.triu(1).any())

# %% [markdown] name="try-after"
r"""
Raise `layers` in `sizes` and run the cells again. With every further block of the last kind, a word sees two words further back: two blocks see five words, four would see nine, here all eight. Then break something, a mask or a residual connection, and see whether your test notices. Not every fault changes who sees whom.
"""
