# %% [markdown] name="title"
r"""
# Exercises 12 · The Transformer

Six problems on [lesson 12](../12_transformer.ipynb), about an hour. Write in PyTorch or NumPy, as you like. `check.block.hint()` gives a hint, each time a more explicit one; `check.block.solution()` shows one solution.
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

Writes the mechanism · ★☆☆, 8 minutes

`x` is (B, L, E). Bring the numbers of each word to mean 0 and standard deviation 1, then multiply by `gain` and add `bias`, both (E,). Add 1e-5 to the variance before you take its root, so that a word whose numbers are all the same does no harm; the variance is the mean of the squared deviations (PyTorch: `correction=0`). Write it out, without `LayerNorm` or `layer_norm`.
"""

# %% name="layer-norm" tags=["exercise"]
def layer_norm(x, gain, bias):
    raise NotImplementedError("your turn")


# %% name="layer-norm-check"
check.layer_norm(layer_norm)

# %% [markdown] name="block-text"
r"""
## 2 · The block

Writes the mechanism · ★☆☆, 6 minutes

The block of an encoder, with the norms in front as in the lesson, without looking there. `x` is (L, E). The other four are functions from (L, E) to (L, E); in a model they have been trained, and `look` is self-attention. Return (L, E).
"""

# %% name="block" tags=["exercise"]
def block(x, norm_1, look, norm_2, feed_forward):
    raise NotImplementedError("your turn")


# %% name="block-check"
check.block(block)

# %% [markdown] name="cached-look-text"
r"""
## 3 · A step with a cache

Writes the mechanism · ★★☆, 12 minutes

One head of a decoder's self-attention while it writes. `query`, `key` and `value` are those of the new word in each sentence, (B, D). `keys` and `values`, (B, n, D), are those of the n words before it, the earliest first; for the first word n is 0. Scores are divided by √D. Return `(context, keys, values)`: the new word's context, (B, D), and the keys and values to keep for the next step, (B, n + 1, D).
"""

# %% name="cached-look" tags=["exercise"]
def cached_look(query, key, value, keys, values):
    raise NotImplementedError("your turn")


# %% name="cached-look-check"
check.cached_look(cached_look)

# %% [markdown] name="sees-text"
r"""
## 4 · Who sees whom?

Extends · ★★☆, 12 minutes

A test for any function `f` from words (L, E) to words (L, E), whatever is inside. Return a matrix (L, L) of True and False: row i, column j is True where output i changes when input j does. `f` takes and gives PyTorch tensors. Put a vector drawn at random in the place of word j: a norm does not notice when all of its numbers grow alike, or double. A number has changed if it differs by more than 1e-6. Of a decoder, nothing above the diagonal may be True.
"""

# %% name="sees" tags=["exercise"]
def sees(f, x):
    raise NotImplementedError("your turn")


# %% name="sees-check"
check.sees(sees)

# %% [markdown] name="count-parameters-text"
r"""
## 5 · How many numbers?

Extends · ★★☆, 12 minutes

The lesson's Transformer, which knows `english` words on one side and `french` words on the other, of size `E`, with feed-forward networks of size `F` and `N` blocks on each side. All linear maps have biases; each norm has a gain and a bias, and each stack ends with a norm; the output is tied to the embedding of the target words and has a bias for each word; the positions are sinusoids. How many parameters does it have?
"""

# %% name="count-parameters" tags=["exercise"]
def count_parameters(english, french, E, F, N):
    raise NotImplementedError("your turn")


# %% name="count-parameters-check"
check.count_parameters(count_parameters)

# %% [markdown] name="what-went-wrong-text"
r"""
## 6 · A loss that is too good, again

Breaks something and explains · ★★☆, 5 minutes

A colleague has written a translator. After 300 steps its loss is 0.001. Your `sees` says that every output depends on its own input and those before it, and on none after. Left to write for itself, the model gives `<bos> <bos> <bos> <bos>` and so on. What is wrong in the training?

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
The next cells run your `sees` (the solution's, until yours is right) on the package's encoder and decoder, untrained, with three kinds of self-attention. `Config(attend=...)` is where another one goes in; `LocalAttention(3)`, of lesson 17, lets a word see itself and the two before. Which picture do you expect for each? What would a second block of the last kind see, and a fourth?
"""

# %% name="try-models"
torch.manual_seed(0)
sizes = {"size": 16, "heads": 2, "hidden": 32, "layers": 1, "dropout": 0.0}
models = {
    "encoder": TransformerEncoder(20, Config(**sizes)),
    "decoder": TransformerDecoder(20, Config(**sizes)),
    "decoder, at most 3 words": TransformerDecoder(20, Config(**sizes, attend=lambda: LocalAttention(3))),
}

# %% name="try-pictures"
words = [f"word {i}" for i in range(1, 9)]
right_already = check.sees.last.outcome == "correct"
test = sees if right_already else type(check.sees).answer


def through(model):  # from vectors in front of the blocks to vectors behind them, as a decoder or an encoder would
    model.requires_grad_(False)

    def f(x):
        y = x[None]
        for block in model.blocks:
            y = block(y, causal=isinstance(model, TransformerDecoder))[0]
        return y[0]

    return f


figure, pictures = plots.Picture((13, 4)), {}
for ax, (name, model) in zip(figure.subplots(1, 3), models.items()):
    seen = torch.as_tensor(test(through(model), torch.randn(8, 16)))
    pictures[name] = seen
    plots.attention_map(seen.float(), words, words, title=name, query_label="output", key_label="input", colour_bar=False, ax=ax)
figure

# %% name="try-guard" jupyter={"source_hidden": true}
for name, seen in pictures.items():
    assert seen.diagonal().all() and (name == "encoder") == bool(seen.triu(1).any())

# %% [markdown] name="try-after"
r"""
Raise `layers` in `sizes` and run the cells again: with every block the words that are seen through others reach two further back: two blocks see five words, four see nine, here all eight. Then break something, a mask or a residual connection, and see whether your test notices. Not every fault changes who sees whom.
"""
