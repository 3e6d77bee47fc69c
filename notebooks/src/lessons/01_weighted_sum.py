# %% [markdown] name="title"
r"""
# 01 · A weighted sum

**How do you look something up when you do not know its exact name?**

A Python dictionary has two answers: the value, or `KeyError`. Attention has a third. It compares what you ask for with every key there is, and gives you a mixture of all the values, in which the keys that fit best count most. Two equations say how. By the end of this lesson you will have written them down by hand, read a century of the Nile with them, and seen the one mistake that makes a model look perfect while it learns nothing.

You need arrays, and the chain rule for one section. It takes about forty minutes; the machine needs a few seconds.
"""

# %% name="imports"
import numpy as np
import torch

from attention_course import claims, plots
from attention_course.data.nile import nile
from attention_course.functional import attention_weights, context_vector, masked_softmax
from attention_course.scores import dot_score
from attention_course.widgets import explore, predict

# %% [markdown] name="by-hand"
r"""
## By hand

Take three words of our sentence, and say with two numbers what we know of each: how much it is *someone*, and how much it is *something done*. Our question is a vector too. (1, 0) asks "who?".

|     | someone | done |
|-----|--------:|-----:|
| cat | 2 | 0 |
| sat | 1 | 2 |
| mat | 0 | −1 |

A word fits the question as well as its vector points the same way, so let the score be the dot product: 2 for *cat*, 1 for *sat*, 0 for *mat*. Now make the scores into shares of a whole. Take their exponentials, which are positive, and divide by the sum:

$$e^2 \approx 7.39, \qquad e^1 \approx 2.72, \qquad e^0 = 1, \qquad \text{together } 11.11,$$

so *cat* gets 7.39 / 11.11, about two thirds, *sat* a quarter, *mat* the rest. The answer is the average of the three vectors with these shares. Four lines of NumPy agree:
"""

# %% name="numpy" tags=["nbval-check-output"]
h = np.array([[2.0, 0.0], [1.0, 2.0], [0.0, -1.0]])  # cat, sat, mat: (3, 2)
s = np.array([1.0, 0.0])  # who?  (2,)

scores = h @ s  # one a word: (3,)
weights = np.exp(scores) / np.exp(scores).sum()
c = weights @ h  # (2,)

print("scores ", scores)
print("weights", weights.round(3), "sum", weights.sum().round(6))
print("context", c.round(3))

# %% [markdown] name="equations"
r"""
That was attention. In the survey that this course follows (Nishida and Saito, "Latest trends of attention mechanisms in deep learning") it is the first two equations:

$$c = \sum_{i=1}^{T} \alpha_i h_i \qquad (1)$$

$$\alpha_i = \frac{\exp S(h_i, s)}{\sum_{j=1}^{T} \exp S(h_j, s)} \qquad (2)$$

Equation (2) is what you know as softmax. The survey's letters and the words and shapes used in our code meet here once; the rest of the course keeps to the right-hand side.

| survey | is | name in code | shape |
|---|---|---|---|
| $T$ | how many things there are to look at | `S` (keys) | |
| $s$ | what is asked | query | (L, query size) |
| $h_i$, inside $S$ | what the question is compared with | keys | (S, key size) |
| $S(h_i, s)$ | how well they fit | score, or energy | (L, S) |
| $\alpha_i$ | how much each thing counts | weights | (L, S) |
| $h_i$, in the sum (1) | what is averaged | values | (S, value size) |
| $c$ | the answer | context | (L, value size) |

`L` counts the queries, for one seldom asks only one thing. With two of them, "who?" and "what was done?", the weights become a small map: a row for each query, every row a distribution of its own.
"""

# %% name="pytorch"
keys = torch.tensor(h, dtype=torch.float32)  # (S, E) = (3, 2)
queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # (L, E) = (2, 2)

energies = queries @ keys.T  # (L, S)
weights = energies.exp() / energies.exp().sum(-1, keepdim=True)  # Eq. (2)
context = weights @ keys  # Eq. (1): (L, E)

assert torch.allclose(weights, attention_weights(queries, keys, dot_score))
assert torch.allclose(context, context_vector(weights, keys))
plots.attention_map(
    weights, ["who?", "what was done?"], ["cat", "sat", "mat"], values=True, query_label="query", key_label="key"
)

# %% [markdown] name="the-package"
r"""
The two `assert` lines compare what we wrote with the package's own `attention_weights` and `context_vector`. Every mechanism of this course is built in front of you once, held against the package so, and imported from then on.
"""

# %% [markdown] name="soft-dictionary"
r"""
## A soft dictionary

A dictionary returns the best match and nothing else; an average returns everything alike. Attention can be either, and all that lies between. Divide the scores by a number $\tau$, the *temperature*, before the softmax.
"""

# %% name="guess-temperature"
guess = predict(
    "At a temperature of 1000, what comes back for “who?”",
    ["the vector of cat", "the plain average of the three vectors", "a vector close to zero"],
)

# %% name="temperature" tags=["nbval-check-output"]
for temperature in (0.01, 0.5, 1, 2, 1000):
    weights = masked_softmax(keys @ queries[0] / temperature)
    shares = "  ".join(f"{w:.3f}" for w in weights)
    print(f"temperature {temperature:>7}   weights {shares}   context {(weights @ keys).numpy().round(2)}")

# %% name="reveal-temperature" jupyter={"source_hidden": true}
guess.reveal(
    "the plain average of the three vectors",
    "Divided by 1000 all scores are nearly equal, and so are the weights. At 0.01 the lead of cat is a hundred times as "
    "large, and you have Python's dictionary back.",
)

# %% [markdown] name="explore-text"
r"""
Move the query yourself. Turn it, and watch the context wander from key to key. Make it longer, and see that a long query is a decided one: its length multiplies all scores at once, which is to say that it divides the temperature. And try to bring the context outside the triangle of the three keys.
"""

# %% name="explorer"
def look(direction, length, temperature):
    angle = np.deg2rad(direction)
    query = length * torch.tensor([np.cos(angle), np.sin(angle)], dtype=torch.float32)
    weights = masked_softmax(keys @ query / temperature)
    return plots.plane(query, keys, weights, ["cat", "sat", "mat"])


explore(look, direction=(-180, 180, 0, 5), length=(0.0, 3.0, 1.0, 0.1), temperature=(0.1, 3.0, 1.0, 0.1))

# %% [markdown] name="inside"
r"""
It can't be done. Weights that are positive and sum to one give an average, and an average lies among the things averaged. Attention fetches and mixes; making something new is left to the layers around it. Keep that in mind for the year 2100, below.
"""

# %% [markdown] name="nile"
r"""
## A hundred years of the Nile

So far the same vectors were keys and values. They need not be: in a table you compare with one column and read off another. Here is a table of real measurements, the water that passed Aswan in each year from 1871 to 1970 (Cobb 1978). The keys are the years, the values are the flows, and the query is any year you like, also one in between.

A year fits a query as well as it is near, so let the score fall with the squared distance, over a *width* $w$ in years:

$$S(x_i, x) = -\frac{(x_i - x)^2}{2 w^2}.$$

With this score Eqs. (1) and (2) are older than deep learning by half a century: they are the kernel regression of Nadaraya (1964) and Watson (1964). And $w^2$ is nothing but a temperature.
"""

# %% name="kernel-regression"
years, flows = nile()  # keys (100,), values (100,)


def distance_score(queries, keys, width):
    return -((queries[:, None] - keys[None, :]) ** 2) / (2 * width**2)  # (L, S)


asked = torch.linspace(1871, 1970, 400)
curve = masked_softmax(distance_score(asked, years, 5.0)) @ flows
look_of_1899 = masked_softmax(distance_score(torch.tensor([1899.0]), years, 5.0))[0]
plots.measurements(
    years, flows, curve=(asked, curve), query=1899.0, weights=look_of_1899,
    x_label="year", y_label="flow at Aswan (10⁸ m³)",
)

# %% [markdown] name="nile-figure"
r"""
Each point is as dark as its weight when the question is "1899?", and a line runs from each to the answer, the diamond. Ask for every year in turn and the diamond draws the curve. It has found what the eye suspects: about 1899 the river fell, and it did not recover.
"""

# %% [markdown] name="overflow"
r"""
## What breaks it

Let us be unreasonable and ask for the year 2100. The nearest key is 130 years away.
"""

# %% name="year-2100" tags=["nbval-check-output"]
scores = distance_score(torch.tensor([2100.0]), years, 5.0)[0]
naive = scores.exp() / scores.exp().sum()
print(f"largest score {scores.max():.0f}, its exponential {scores.exp().max():.0f}, the answer {naive @ flows:.0f}")

shifted = scores - scores.max()
weights = shifted.exp() / shifted.exp().sum()
print(f"largest subtracted: the answer {weights @ flows:.0f}, with a weight of {weights[-1]:.3f} on 1970")

# %% [markdown] name="overflow-text"
r"""
$e^{-338}$ is smaller than the smallest number that 32 bits can hold. Every exponential becomes 0, and 0 / 0 is not a number. With large positive scores the same happens at the other end: infinity over infinity. The cure costs nothing. Subtract the largest score from all of them: numerator and denominator of Eq. (2) shrink by one common factor, the weights stay what they are, and the largest exponential is exactly $e^0 = 1$. Every softmax in PyTorch does this for you.

Look at the answer, too. Asked about a year it knows nothing of, attention does not hesitate. It puts nearly all its weight on the last year of the table, and says what that year said. The weights tell you which key was *nearest*. They do not tell you that none was near.
"""

# %% [markdown] name="perfect"
r"""
## The perfect model

How wide should the kernel be? A sensible plan: ask for each of the hundred years, compare the answers with what was measured, and take the width with the smallest error.
"""

# %% name="guess-width"
guess = predict(
    "Which width gives the smallest error on the hundred years?",
    ["half a century: wide enough to average out the weather", "some five years", "as narrow as can be"],
)

# %% name="self-look"
def error(width, mask=None):
    weights = masked_softmax(distance_score(years, years, width), mask)  # every year asks: (100, 100)
    return (weights @ flows - flows).square().mean().sqrt()


for width in (50.0, 5.0, 1.0, 0.2):
    print(f"width {width:>4} years: error {error(width):6.1f}")
assert error(0.2) < 0.01

# %% name="reveal-width" jupyter={"source_hidden": true}
guess.reveal(
    "as narrow as can be",
    "At a width of 0.2 years there is no error at all. Each year looks at itself, and itself only. "
    "The model is perfect on every year it has seen, and can say nothing about any other.",
)

# %% [markdown] name="mask"
r"""
This is the mistake promised at the beginning. A query must not see the answer it is to be tested on. In later lessons the same leak will be a decoder that sees the word it has to predict, and its symptom will be the same: a loss too good to be true.

The remedy is a **mask**: a table of Booleans that says which query may attend to which key. Ours forbids the diagonal, so that each year is answered by the other ninety-nine. (Throughout this course `True` means *may attend*, as in `F.scaled_dot_product_attention`. `nn.MultiheadAttention` reads it the other way round, which has cost the world some evenings.)
"""

# %% name="leave-one-out"
others = ~torch.eye(100, dtype=torch.bool)
widths = torch.logspace(-0.7, 2, 80)
curves = {
    "itself included": torch.stack([error(w) for w in widths]),
    "the others alone": torch.stack([error(w, others) for w in widths]),
}
best = widths[curves["the others alone"].argmin()].item()
assert 1.4 < best < 2.0
plots.lines(
    widths, curves, x_label="width (years)", y_label="error (10⁸ m³)", log="x", low="the others alone"
)

# %% [markdown] name="where-to-mask"
r"""
Now there is a best width, under two years: the river remembers last year and the year before, and little more.

A mask belongs *before* the softmax. Set a weight to zero afterwards and the forbidden key has already taken its share: the rest no longer sum to one. Set the score to $-\infty$ before, and its exponential is zero and the others share everything.

That leaves one trap. Suppose each year may look at earlier years only. What does 1871 do?
"""

# %% name="empty-row" tags=["nbval-check-output"]
earlier = torch.ones(100, 100, dtype=torch.bool).tril(-1)  # query i may attend to key j where j < i
scores = distance_score(years, years, 2.0)

naive = scores.masked_fill(~earlier, float("-inf")).softmax(-1)
ours = masked_softmax(scores, earlier)
for name, weights in {"-inf and softmax": naive, "masked_softmax": ours}.items():
    print(f"{name:>16}: 1871 gets {(weights @ flows)[0]:.0f} from weights that sum to {weights[0].sum():.0f};"
          f" 1872 gets {(weights @ flows)[1]:.0f}")

# %% [markdown] name="empty-row-text"
r"""
1871 may look nowhere. Its row is empty, and $-\infty$ everywhere is once more 0 / 0. One such NaN in a batch reaches the loss, and through the loss every parameter. In this course an empty row gets weights of exactly zero, an answer of zero, and gradients that are finite; `masked_softmax` sees to it in three lines that are worth reading (`masked_softmax??`). You will write them yourself in the exercises.
"""

# %% [markdown] name="order"
r"""
## Order does not matter

Shuffle the table. The sum in Eq. (1) does not care in which order it is added up, as long as every key keeps its value.
"""

# %% name="shuffle"
shuffled = torch.randperm(100, generator=torch.Generator().manual_seed(0))
weights = masked_softmax(distance_score(asked, years[shuffled], 5.0))
assert torch.allclose(weights @ flows[shuffled], curve)
claims.verdict("order-blind")

# %% [markdown] name="order-text"
r"""
The box is how this course deals with what its sources assert. The claim, its measure and its threshold were written down first; an experiment then measured it over many random cases, and the verdict is computed from the file it left.

For a table of years this blindness is a blessing: the year stands in the key. For a sentence it is a problem. If keys said only which *word* stands there, "the cat sat on the mat" and "the mat sat on the cat" would be one and the same to a query. In the translator of lesson 00 the recurrent encoder wove the order into the annotations; models without one must add it by other means, which is lesson 11.
"""

# %% [markdown] name="gradient"
r"""
## What the gradient rewards

We found the width by trying eighty of them. A network finds its scores by following a gradient, so it is worth knowing what that gradient says. Let $g$ be the derivative of the loss with respect to the context $c$. From the derivative of softmax, $\partial \alpha_j / \partial e_i = \alpha_j (\mathbb{1}[i = j] - \alpha_i)$, it takes two lines to find that the score $e_i$ receives

$$\frac{\partial \mathcal{L}}{\partial e_i} = \alpha_i \; g^\top (h_i - c).$$

Read it from the right. A value is compared with $c$, the mixture there is already. If it would have lowered the loss more than the average did, the derivative is negative and gradient descent raises its score; if it would have done worse, the score falls. And all of it is multiplied by $\alpha_i$. **A key that gets no attention learns nothing, however right it would have been.**
"""

# %% name="gradient-check"
energies = torch.tensor([2.0, 1.0, 0.0, -20.0], requires_grad=True)
values = torch.tensor([[2.0, 0.0], [1.0, 2.0], [0.0, -1.0], [9.0, 9.0]])
wanted = torch.tensor([9.0, 9.0])  # the fourth value is exactly right, and hardly looked at

weights = energies.softmax(-1)
context = weights @ values
loss = (context - wanted).square().sum()
loss.backward()

g = 2 * (context - wanted)
formula = (weights * ((values - context) @ g)).detach()
assert torch.allclose(energies.grad, formula)
for name, weight, slope in zip(["cat", "sat", "mat", "right"], weights, energies.grad):
    print(f"{name:>6}: weight {weight:.1e}   gradient {slope:+.1e}")

# %% [markdown] name="learn-width"
r"""
The right key would end all error, and gets a gradient a hundred million times smaller than that of *sat*. Whoever starts out cold stays where they are. We can see it happen on the Nile: let gradient descent find the width, starting once from 30 years and once from a tenth of a year.
"""

# %% name="train-width"
def learn(width, steps=150):
    log_width = torch.tensor(width).log().requires_grad_()  # the logarithm keeps it positive
    optimizer = torch.optim.SGD([log_width], lr=1e-2)
    for _ in range(steps):
        optimizer.zero_grad()
        error(log_width.exp(), others).backward()
        optimizer.step()
    return log_width.exp().item()


for start in (30.0, 0.1):
    print(f"from {start:>4} years to {learn(start):.2f}")
assert abs(learn(30.0) - best) < 0.1 and abs(learn(0.1) - 0.1) < 0.01

# %% [markdown] name="saturated"
r"""
From 30 years it walks to the width that the search had found. From a tenth of a year it does not take a single step: all weight lies on the two neighbouring years, half and half, no other year gets any, and so there is nothing to tell the model that looking wider would help. Such a softmax is called *saturated*. How to keep scores from ever growing so large is the business of the next lesson, and the reason for the famous $\sqrt{k}$.
"""

# %% [markdown] name="history"
r"""
## Where the idea comes from

To look at a part instead of the whole is an old wish of computer vision. Itti, Koch and Niebur (1998) computed from an image a map of how much each place stands out, after what was known of the eyes of primates; Larochelle and Hinton (2010) and Mnih and others (2014) trained networks that choose where to look next, one glimpse after the other. Choosing one place is a hard decision, which gives no gradient; Mnih's network had to learn it by trial and reward.

The other root is a bottleneck. The translators of 2014 read a sentence into *one* vector of fixed size and wrote the translation from that (Cho and others; Sutskever, Vinyals and Le), and they did badly on long sentences. Bahdanau, Cho and Bengio kept all the vectors instead, one a word, and let the decoder take a fresh average of them for every word it wrote. The average was soft, so it could be trained by plain gradient descent together with everything else; and the number of vectors could be any. This is why Eqs. (1) and (2) spread so quickly: they connect an input of any length with an output of any length, and ask of the input only that it be a set of vectors. Graves (2013) had done something alike a year earlier, with a soft window that slid over a text while a network wrote it down in handwriting.
"""

# %% [markdown] name="next"
r"""
## Where to go next

You have the whole mechanism: scores, a softmax that is safe and masked, a weighted sum, and what its gradient does. The [exercises](exercises/01_weighted_sum.ipynb) let you write it without looking, and break it on purpose (five problems, about fifty minutes).

What is left open is $S$. We took the dot product once and the distance once, because they suited. **02 · Score functions** asks which to take, and what happens to each as the vectors grow.

### References

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, arXiv:1409.0473 ·
Cho et al.: Learning phrase representations using RNN encoder-decoder. EMNLP 2014, arXiv:1406.1078 ·
Cobb: The problem of the Nile. Biometrika 65 (1978) 243–251 ·
Graves: Generating sequences with recurrent neural networks. 2013, arXiv:1308.0850 ·
Itti, Koch, Niebur: A model of saliency-based visual attention for rapid scene analysis. IEEE PAMI 20 (1998) 1254–1259 ·
Larochelle, Hinton: Learning to combine foveal glimpses with a third-order Boltzmann machine. NIPS 2010 ·
Mnih et al.: Recurrent models of visual attention. NIPS 2014, arXiv:1406.6247 ·
Nadaraya: On estimating regression. Theory of Probability and its Applications 9 (1964) 141–142 ·
Sutskever, Vinyals, Le: Sequence to sequence learning with neural networks. NIPS 2014, arXiv:1409.3215 ·
Watson: Smooth regression analysis. Sankhyā A 26 (1964) 359–372 ·
西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向. 電子情報通信学会誌 101 (2018)
"""
