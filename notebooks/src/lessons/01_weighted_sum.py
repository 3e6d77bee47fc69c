# %% [markdown] name="title"
r"""
# 01 · A weighted sum

**How do you look something up when you do not know its exact name?**

A Python dictionary gives you the value that belongs to a key, or `KeyError`. Attention compares what you ask for with every key there is, and gives you a mixture of all the values, in which those whose keys fit best count most. Two equations say how. You will work them out by hand, read a century of the Nile with them, and find out in which ways they break.

You need arrays, and the chain rule for one section. It takes about forty minutes; the machine needs a few seconds.
"""

# %% name="imports"
import numpy as np
import torch
import torch.nn.functional as F

from attention_course import plots
from attention_course.functional import attention_weights, context_vector, masked_softmax
from attention_course.lessons.lesson_01.measurements import measurements
from attention_course.lessons.lesson_01.nile import nile
from attention_course.lessons.lesson_01.plane import plane
from attention_course.scores import dot_score
from attention_course.widgets import explore, predict

# %% [markdown] name="by-hand"
r"""
## By hand

Take three words of our sentence, and describe each by two numbers: how much it is *someone*, and how much it is *something done*. The numbers are made up so that the arithmetic stays easy; a network would learn its own. Our question is a vector too: (1, 0) asks "who?".

|     | someone | done |
|-----|--------:|-----:|
| cat | 2 | 0 |
| sat | 1 | 2 |
| mat | 0 | −1 |

Let the score of a word be the dot product of the two vectors, which is large where they point the same way and are long: 2 for *cat*, 1 for *sat*, 0 for *mat*. Now turn the scores into shares of a whole. Take their exponentials, which are positive, and divide by the sum:

$$e^2 \approx 7.39, \qquad e^1 \approx 2.72, \qquad e^0 = 1, \qquad \text{together } 11.11,$$

so *cat* gets 7.39 / 11.11, about two thirds, *sat* a quarter, *mat* the rest. The answer is the average of the three vectors with these shares. NumPy agrees:
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
That was attention. In the survey by Nishida and Saito that this course follows it is the first two equations:

$$c = \sum_{i=1}^{T} \alpha_i h_i \qquad (1)$$

$$\alpha_i = \frac{\exp S(h_i, s)}{\sum_{j=1}^{T} \exp S(h_j, s)} \qquad (2)$$

Equation (2) is what you know as softmax. The survey calls $s$ the *query*. The words *key*, for what a query is compared with, and *value*, for what is averaged, stand in the key-value memory networks of Miller and others (2016), and with the Transformer (Vaswani and others 2017) all three became everybody's. Formulas in this course keep the survey's letters; code uses these names:

| survey | is | name in code | shape |
|---|---|---|---|
| $s$ | what is asked | queries | (L, query size) |
| $h_i$, inside $S$ | what the question is compared with | keys | (S, key size) |
| $S(h_i, s)$ | how well they fit | scores, or energies | (L, S) |
| $\alpha_i$ | how much each counts | weights | (L, S) |
| $h_i$, in the sum (1) | what is averaged | values | (S, value size) |
| $c$ | the answer | context | (L, value size) |

In shapes, S is the number of keys (the survey's $T$) and L the number of queries, for one seldom asks only one thing. (Only with brackets behind it, as in $S(h_i, s)$, is S the score.) With two, "who?" and "what was done?", the weights become a small map in which every row is a distribution of its own. Further axes in front, such as a batch, change nothing.
"""

# %% name="pytorch"
keys = torch.tensor(h, dtype=torch.float32)  # (S, E) = (3, 2)
queries = torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # (L, E) = (2, 2)

scores = queries @ keys.T  # (L, S)
weights = scores.exp() / scores.exp().sum(-1, keepdim=True)  # Eq. (2)
context = weights @ keys  # Eq. (1): (L, E)

assert torch.allclose(weights, attention_weights(queries, keys, dot_score))
assert torch.allclose(context, context_vector(weights, keys))
assert torch.allclose(context, F.scaled_dot_product_attention(queries, keys, keys, scale=1.0))
plots.attention_map(
    weights, ["who?", "what was done?"], ["cat", "sat", "mat"], values=True, query_label="query", key_label="key"
)

# %% [markdown] name="the-package"
r"""
The `assert` lines compare what we wrote with this course's package and with PyTorch's own attention. Every mechanism is built in front of you once, compared like this, and imported from then on.
"""

# %% [markdown] name="soft-dictionary"
r"""
## A soft dictionary

One extreme is to return the value of the best key and nothing else; the other is to return the average of all. Attention can be either, and everything in between. Divide the scores by a number $\tau$, the *temperature*, before the softmax.
"""

# %% name="guess-temperature"
guess = predict(
    "At a temperature of 1000, what comes back for “who?”",
    ["the vector of cat", "the plain average of the three vectors", "a vector close to zero"],
)

# %% name="temperature" tags=["nbval-check-output"]
for temperature in (0.01, 0.5, 1, 2, 1000):
    weights = (keys @ queries[0] / temperature).softmax(-1)
    shares = "  ".join(f"{w:.3f}" for w in weights)
    print(f"temperature {temperature:>7}   weights {shares}   context {(weights @ keys).numpy().round(2)}")

# %% name="reveal-temperature" jupyter={"source_hidden": true}
guess.reveal(
    "the plain average of the three vectors",
    "Divided by 1000 all scores are nearly equal, and so are the weights. At 0.01 the lead of cat is a hundred times as "
    "large, and only the best match counts: a dictionary, but one that never says KeyError.",
)

# %% [markdown] name="explore-text"
r"""
Move the query yourself. Turn it, and watch the context wander from key to key. Make it longer: its length multiplies all scores at once, which does the same as lowering the temperature. And try to bring the context outside the triangle of the three keys.
"""

# %% name="explorer"
def look(direction, length, temperature):
    angle = np.deg2rad(direction)
    query = length * torch.tensor([np.cos(angle), np.sin(angle)], dtype=torch.float32)
    weights = (keys @ query / temperature).softmax(-1)
    return plane(query, keys, weights, ["cat", "sat", "mat"])


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

With this score Eqs. (1) and (2) are older than deep learning by half a century: they are the kernel regression of Nadaraya (1964) and Watson (1964), and $w^2$ is a temperature. (Multiply the square out and you find the dot product $x_i x / w^2$ in it. Among keys of equal length the two scores give the same weights.)
"""

# %% name="kernel-regression"
years, flows = nile()  # keys (100,), values (100,)


def distance_score(queries, keys, width):
    return -((queries[:, None] - keys[None, :]) ** 2) / (2 * width**2)  # (L, S)


asked = torch.linspace(1871, 1970, 400)
curve = distance_score(asked, years, 5.0).softmax(-1) @ flows
look_of_1899 = distance_score(torch.tensor([1899.0]), years, 5.0).softmax(-1)[0]
measurements(
    years, flows, curve=(asked, curve), query=1899.0, weights=look_of_1899,
    x_label="year", y_label="flow at Aswan (10⁸ m³)",
)

# %% [markdown] name="nile-figure"
r"""
The query here is 1899. The darker a year, the more it counts, and the diamond is the average. Ask for every year in turn and the diamond draws the curve. It shows what the eye suspects, that the river fell about the turn of the century and did not recover, and it shows it too gently: a window of some years on either side turns any step into a slope.
"""

# %% [markdown] name="overflow"
r"""
## What breaks it

Let us be unreasonable and ask for the year 2100. The nearest key is 130 years away.
"""

# %% name="year-2100" tags=["nbval-check-output"]
scores = distance_score(torch.tensor([2100.0]), years, 5.0)[0]
weights = scores.exp() / scores.exp().sum()
print(f"largest score {scores.max():.0f}, its exponential {scores.exp().max():.0f}, the answer {weights @ flows:.0f}")

shifted = scores - scores.max()
weights = shifted.exp() / shifted.exp().sum()
print(f"largest subtracted: the answer {weights @ flows:.0f}, with a weight of {weights[-1]:.3f} on 1970")

# %% [markdown] name="overflow-text"
r"""
$e^{-338}$ is smaller than the smallest number that 32 bits can hold. Every exponential becomes 0, and 0 / 0 is not a number. Large positive scores end the same way, as infinity over infinity.

The cure costs nothing, because softmax only knows differences: add one number to all scores, and numerator and denominator of Eq. (2) are multiplied by the same factor. So subtract the largest score. The weights stay what they are, and the largest exponential is exactly $e^0 = 1$. Every softmax in PyTorch does this for you.

Look at the answer, too. Asked about a year far outside its table, attention does not hesitate: it puts nearly all its weight on the last year, and repeats what that year said. The weights tell which key was *nearest*. They do not tell that none was near.
"""

# %% [markdown] name="width"
r"""
## How wide?

We took a width of 5 years without a reason. A sensible plan for finding a better one: ask for each of the hundred years, compare the answers with what was measured, and take the width with the smallest error.
"""

# %% name="guess-width"
guess = predict(
    "Of these widths, which has the smallest error on the hundred years?",
    ["50 years, to average out the weather", "5 years", "1 year", "a fifth of a year"],
)

# %% name="self-look"
def error(width, mask=None):  # root mean square, in the unit of the flows
    scores = distance_score(years, years, width)  # every year asks: (100, 100)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return (scores.softmax(-1) @ flows - flows).square().mean().sqrt()


for width in (50.0, 5.0, 1.0, 0.2):
    print(f"width {width:>4} years: error {error(width):6.1f}")

# %% name="reveal-width" jupyter={"source_hidden": true}
guess.reveal("a fifth of a year", "There each year looks at itself and nothing else. The model has copied the table.")

# %% [markdown] name="mask"
r"""
An error of zero, and nothing learned: every query saw the answer it was to be tested on. In later lessons the same leak will be a decoder that sees the word it has to predict, with the same symptom, a loss too good to be true.

The remedy is a **mask**, a table of Booleans that says which query may attend to which key. Here are three ways for the first twelve years to look at each other, all with a width of two years.
"""

# %% name="three-masks"
everything = torch.ones(100, 100, dtype=torch.bool)
others = ~torch.eye(100, dtype=torch.bool)
earlier = everything.tril(-1)  # query i may attend to key j where j < i

names = [f"’{year - 1800:.0f}" for year in years[:12]]
figure = plots.Picture((10.5, 3.6))
for ax, (title, mask) in zip(figure.subplots(1, 3), {"everything": everything, "the others": others, "earlier years": earlier}.items()):
    weights = masked_softmax(distance_score(years[:12], years[:12], 2.0), mask[:12, :12])
    plots.attention_map(weights, names, names, title=title, query_label="asks", key_label="", colour_bar=False, ax=ax)
figure

# %% [markdown] name="mask-text"
r"""
A common third case is *padding*: sentences of different lengths share one tensor, the short ones are filled up, and what fills them may be attended to by nobody.

Throughout this course `True` means *may attend*, as in `F.scaled_dot_product_attention`. Beware: a Boolean mask for `nn.MultiheadAttention` means the opposite.

With the middle mask, each year is answered by the other ninety-nine:
"""

# %% name="leave-one-out"
widths = torch.logspace(-0.7, 2, 80)
curves = {
    "itself included": torch.stack([error(width) for width in widths]),
    "the others alone": torch.stack([error(width, others) for width in widths]),
}
lowest = curves["the others alone"].argmin()
best = widths[lowest].item()
print(f"best width {best:.2f} years, error {curves['the others alone'][lowest]:.1f};"
      f" at a fifth of a year {error(0.2, others):.1f}, at 50 years {error(50.0, others):.1f}")
plots.lines(widths, curves, x_label="width (years)", y_label="error (10⁸ m³)", log="x", low="the others alone")

# %% [markdown] name="where-to-mask"
r"""
Now there is a best width, though the valley is shallow: with the two neighbours alone, at the left end, the error is only a few per cent larger. What matters is that the curve can be believed.

The mask was applied *before* the softmax, by a score of $-\infty$, whose exponential is zero: what is left then shares everything. To set weights to zero afterwards is not enough, for they no longer sum to one.

One trap is left. You can see it in the first row of the right-hand map. If each year may look at earlier years only, what does 1871 do?
"""

# %% name="empty-row" tags=["nbval-check-output"]
scores = distance_score(years, years, 2.0)


def safe_softmax(scores, mask):
    lowest = torch.finfo(scores.dtype).min  # not -inf: an empty row must stay finite
    return scores.masked_fill(~mask, lowest).softmax(-1) * mask


naive = scores.masked_fill(~earlier, float("-inf")).softmax(-1)
safe = safe_softmax(scores, earlier)
assert torch.equal(safe, masked_softmax(scores, earlier))
for name, weights in {"-inf": naive, "safe": safe}.items():
    print(f"{name}: the weights of 1871 sum to {weights[0].sum():.0f}, those of 1872 to {weights[1].sum():.0f}")

# %% [markdown] name="empty-row-text"
r"""
1871 may look nowhere. Its row is empty, and $-\infty$ everywhere is 0 / 0 once more. A single NaN in a batch reaches the loss, and through the loss every parameter. So we fill with the lowest finite number, and multiply by the mask at the end: an empty row gets weights of exactly zero, and gradients that are finite. That is the package's `masked_softmax`, which all later lessons use. (Its answer of zero is no measurement, of course. Leave such a row out of the loss.)
"""

# %% [markdown] name="order"
r"""
## Order does not matter

Shuffle the table. Eq. (1) is a sum, and does not care in which order it is added up as long as every key keeps its value.
"""

# %% name="shuffle"
shuffled = torch.randperm(100, generator=torch.Generator().manual_seed(0))
weights = distance_score(asked, years[shuffled], 5.0).softmax(-1)
assert torch.allclose(weights @ flows[shuffled], curve)

# %% [markdown] name="order-text"
r"""
So the answer to a query is *invariant* under a permutation of keys and values. Permute the queries, and the answers are permuted with them. For a table of years this is as it should be: the year stands in the key. For a sentence it is a problem. If keys said only which word stands there, "the cat sat on the mat" and "the mat sat on the cat" would be the same to any query. The translator of lesson 00 had a recurrent encoder, which weaves the order into the annotations. Models without one must add it by other means: lesson 11.
"""

# %% [markdown] name="gradient"
r"""
## What the gradient rewards

We found the width by trying eighty of them. A network finds its scores by following a gradient, so it is worth knowing what that gradient says. Write $e_i$ for the score $S(h_i, s)$, and $g$ for the gradient of the loss $\mathcal{L}$ with respect to the context $c$. Softmax has the derivative $\partial \alpha_j / \partial e_i = \alpha_j (\delta_{ij} - \alpha_i)$, where $\delta_{ij}$ is 1 for $i = j$ and 0 otherwise. So

$$\frac{\partial \mathcal{L}}{\partial e_i} = \sum_j g^\top h_j \, \alpha_j (\delta_{ij} - \alpha_i) = \alpha_i \, g^\top h_i - \alpha_i \, g^\top \sum_j \alpha_j h_j = \alpha_i \; g^\top (h_i - c).$$

Read it from the right. Each value is compared with $c$, the mixture there is already. If a little more of it would lower the loss, the derivative is negative, and gradient descent raises its score; if a little less would, the score falls. The derivatives sum to zero: what one key gains, others lose. And all of it is multiplied by $\alpha_i$. A key that is hardly looked at is hardly taught, however right it would have been.

Here is one that is exactly right. Its value is what is wanted, and its score starts at −20.
"""

# %% name="gradient-check"
scores = torch.tensor([2.0, 1.0, 0.0, -20.0], requires_grad=True)
values = torch.tensor([[2.0, 0.0], [1.0, 2.0], [0.0, -1.0], [9.0, 9.0]])
wanted = torch.tensor([9.0, 9.0])

weights = scores.softmax(-1)
context = weights @ values
(context - wanted).square().sum().backward()

g = 2 * (context - wanted)
formula = weights * ((values - context) @ g)
assert torch.allclose(scores.grad, formula)
for name, weight, slope in zip(["cat", "sat", "mat", "right"], weights, scores.grad):
    print(f"{name:>5}: weight {weight:.1e}   gradient {slope:+.1e}")

# %% [markdown] name="descent-text"
r"""
The gradient of the right key is a hundred million times smaller than that of *sat*. What happens if we go on?
"""

# %% name="descent"
scores = torch.tensor([2.0, 1.0, 0.0, -20.0], requires_grad=True)
optimizer = torch.optim.SGD([scores], lr=0.1)
for _ in range(1000):
    optimizer.zero_grad()
    (scores.softmax(-1) @ values - wanted).square().sum().backward()
    optimizer.step()
print("weights after 1000 steps:", "  ".join(f"{w:.1e}" for w in scores.softmax(-1)))
assert scores.softmax(-1)[1] > 0.98 and scores.softmax(-1)[3] < 1e-9

# %% [markdown] name="saturated"
r"""
*Sat*, the best of those that were looked at, takes everything, and the right answer ends with less than it began with. A softmax that has put all its weight in one place is called *saturated*: every $\alpha_i (h_i - c)$ is then zero or nearly so, and learning stops. Scores must not grow large before the model knows what it wants. Lesson 02 shows what makes them grow, and why the Transformer divides them by $\sqrt{k}$.

Where the scores start out mild, descent works. It finds the width of the Nile's kernel without trying eighty:
"""

# %% name="train-width"
log_width = torch.tensor(30.0).log().requires_grad_()  # the logarithm keeps the width positive
optimizer = torch.optim.SGD([log_width], lr=1e-2)
for _ in range(150):
    optimizer.zero_grad()
    error(log_width.exp(), others).backward()
    optimizer.step()
print(f"from 30 years to {log_width.exp():.2f}; the search had found {best:.2f}")
assert abs(log_width.exp() - best) < 0.1

# %% [markdown] name="history"
r"""
## Where the idea comes from

To look at a part instead of the whole is an old wish of computer vision. Koch and Ullman (1985) and Itti, Koch and Niebur (1998) modelled how the primate visual system might find the place in an image that stands out. Larochelle and Hinton (2010) and Mnih and others (2014) trained networks that choose where to look next, one glimpse after the other. A choice of one place can't be differentiated, so Mnih's network learned it by trial and reward.

The other root is a bottleneck. The first neural translators read a sentence into *one* vector of fixed size and wrote the translation from that. Cho and others (2014) measured how their quality falls with the length of the sentence. (Sutskever, Vinyals and Le, 2014, with a far larger network, reported no such trouble.) Bahdanau, Cho and Bengio kept all the vectors, one a word, and let the decoder take a fresh average of them for every word it wrote. The average is soft, so it is trained by plain gradient descent together with everything else, and the input can be any set of vectors, of any size. That is why Eqs. (1) and (2) spread so quickly. Graves (2013) had come close: in his network a soft window, a sum of Gaussians that is not normalised, slides over a text while handwriting is drawn from it.
"""

# %% [markdown] name="next"
r"""
## Where to go next

You have the mechanism: scores, a softmax that is safe and masked, a weighted sum, and what its gradient does. The [exercises](exercises/01_weighted_sum.ipynb) let you write it without looking, and break it on purpose (five problems, about fifty minutes).

What is left open is $S$. We took the dot product once and the distance once, because they suited, and compared raw vectors; a network multiplies queries, keys and values by learned matrices first. **02 · Score functions** asks which function to take, and what happens to each as the vectors grow.

### References

Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015, arXiv:1409.0473 ·
Cho, van Merriënboer, Bahdanau, Bengio: On the properties of neural machine translation: encoder-decoder approaches. SSST-8, 2014, arXiv:1409.1259 ·
Cobb: The problem of the Nile: conditional solution to a changepoint problem. Biometrika 65 (1978) 243–251 ·
Graves: Generating sequences with recurrent neural networks. 2013, arXiv:1308.0850 ·
Itti, Koch, Niebur: A model of saliency-based visual attention for rapid scene analysis. IEEE PAMI 20 (1998) 1254–1259 ·
Koch, Ullman: Shifts in selective visual attention: towards the underlying neural circuitry. Human Neurobiology 4 (1985) 219–227 ·
Larochelle, Hinton: Learning to combine foveal glimpses with a third-order Boltzmann machine. NIPS 2010 ·
Miller, Fisch, Dodge, Karimi, Bordes, Weston: Key-value memory networks for directly reading documents. EMNLP 2016, arXiv:1606.03126 ·
Mnih, Heess, Graves, Kavukcuoglu: Recurrent models of visual attention. NIPS 2014, arXiv:1406.6247 ·
Nadaraya: On estimating regression. Theory of Probability and its Applications 9 (1964) 141–142 ·
Nishida, Saito: Latest trends of attention mechanisms in deep learning (西田京介, 斉藤いつみ: 深層学習におけるアテンション技術の最新動向). 電子情報通信学会誌 101 (2018), in Japanese ·
Sutskever, Vinyals, Le: Sequence to sequence learning with neural networks. NIPS 2014, arXiv:1409.3215 ·
Vaswani and others: Attention is all you need. NIPS 2017, arXiv:1706.03762 ·
Watson: Smooth regression analysis. Sankhyā A 26 (1964) 359–372
"""
