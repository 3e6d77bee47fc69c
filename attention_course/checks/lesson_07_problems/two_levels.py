import torch

from ..problem import Problem, mistake


class TwoLevels(Problem):
    """Query-less attention over the words of each sentence, then over the sentences."""

    hints = (
        "Write a function that pools vectors under a mask, and call it twice. What is the mask of the sentences?",
        "A sentence counts where any of its words does: mask.any(-1). In a sentence without words the softmax must stay finite: fill with a very low number "
        "instead of minus infinity, and multiply by the mask afterwards.",
        "def pool(x, allowed, W, v): scores = (torch.tanh(x @ W.mT) @ v).masked_fill(~allowed, torch.finfo(x.dtype).min); weights = scores.softmax(-1) * "
        "allowed; return (weights.unsqueeze(-1) * x).sum(-2). Then pool(pool(words, mask, W, v), mask.any(-1), W_s, v_s).",
    )
    praise = "The same function twice: nothing in it knows whether it pools words or sentences."

    def inputs(self, generator):
        def normal(*shape):
            return torch.randn(shape, generator=generator)

        def parameters():
            return normal(5, 4), normal(5), normal(5, 4), normal(5)

        def lengths(*documents):
            sizes = torch.tensor(documents)  # words of each sentence: (B, S)
            return torch.arange(4) < sizes.unsqueeze(-1)

        yield "one sentence of one word", (normal(1, 1, 1, 4), torch.ones(1, 1, 1).bool(), *parameters())
        yield "one sentence of three words", (normal(1, 1, 3, 4), torch.ones(1, 1, 3).bool(), *parameters())
        yield "three sentences of one word", (normal(1, 3, 1, 4), torch.ones(1, 3, 1).bool(), *parameters())
        yield "three sentences of four words", (normal(1, 3, 4, 4), lengths([4, 4, 4]), *parameters())
        yield "sentences of different lengths", (normal(1, 3, 4, 4), lengths([4, 1, 2]), *parameters())
        yield (
            "a document with two sentences of padding",
            (normal(2, 3, 4, 4), lengths([4, 4, 4], [3, 0, 0]), *parameters()),
        )
        yield "a document without words", (normal(2, 3, 4, 4), lengths([2, 3, 1], [0, 0, 0]), *parameters())

    def answer(words, mask, W, v, W_s, v_s):
        def pool(x, allowed, W, v):
            scores = (torch.tanh(x @ W.mT) @ v).masked_fill(~allowed, torch.finfo(x.dtype).min)
            weights = scores.softmax(-1) * allowed
            return (weights.unsqueeze(-1) * x).sum(-2)

        return pool(pool(words, mask, W, v), mask.any(-1), W_s, v_s)

    @mistake(
        "Sentences of padding took part. Their vectors may be zero, but a score of zero is a score like any other, and gets a share: mask the second softmax, "
        "too."
    )
    def sentences_not_masked(words, mask, W, v, W_s, v_s):
        return pool(pool(words, mask, W, v), torch.ones_like(mask[..., 0]), W_s, v_s)

    @mistake(
        "Words of padding took part: the first softmax ran over all places of a sentence, and not only over its words."
    )
    def words_not_masked(words, mask, W, v, W_s, v_s):
        return pool(pool(words, torch.ones_like(mask), W, v), mask.any(-1), W_s, v_s)

    @mistake(
        "Sentences were counted only where all their places are filled. A sentence counts as soon as it has one word: any, not all."
    )
    def full_sentences_only(words, mask, W, v, W_s, v_s):
        return pool(pool(words, mask, W, v), mask.all(-1), W_s, v_s)

    @mistake(
        "Both levels ask the same question: W and v of the words were used for the sentences as well. What makes a word important need not make a sentence so; "
        "the second level has W_s and v_s."
    )
    def one_question_for_both(words, mask, W, v, W_s, v_s):
        return pool(pool(words, mask, W, v), mask.any(-1), W, v)

    @mistake("The parameters of the two levels changed places: W and v are the words', W_s and v_s the sentences'.")
    def levels_exchanged(words, mask, W, v, W_s, v_s):
        return pool(pool(words, mask, W_s, v_s), mask.any(-1), W, v)

    @mistake("The sentences were averaged with equal weights. The second level attends, too.")
    def sentences_averaged(words, mask, W, v, W_s, v_s):
        some = mask.any(-1, keepdim=True)
        return (pool(words, mask, W, v) * some).sum(-2) / some.sum(-2).clamp(min=1)

    @mistake("The words of a sentence were averaged with equal weights. The first level attends, too.")
    def words_averaged(words, mask, W, v, W_s, v_s):
        sentences = (words * mask.unsqueeze(-1)).sum(-2) / mask.sum(-1, keepdim=True).clamp(min=1)
        return pool(sentences, mask.any(-1), W_s, v_s)

    @mistake(
        "There are no levels: one softmax ran over all words of the document. Each sentence has a softmax of its own, whose weights sum to one, and then the "
        "sentences have theirs."
    )
    def flat(words, mask, W, v, W_s, v_s):
        return pool(words.flatten(1, 2), mask.flatten(1, 2), W, v)

    @mistake(
        "The tanh is missing: S(x) = v·tanh(W x). Without it W and v are one vector, and half of the parameters are for nothing."
    )
    def without_tanh(words, mask, W, v, W_s, v_s):
        return pool(pool(words, mask, W, v, lambda x: x), mask.any(-1), W_s, v_s, lambda x: x)

    @mistake("The scores were used as weights. A softmax makes them shares: positive, and one in sum.")
    def without_softmax(words, mask, W, v, W_s, v_s):
        def mixed(x, allowed, W, v):
            return ((torch.tanh(x @ W.mT) @ v * allowed).unsqueeze(-1) * x).sum(-2)

        return mixed(mixed(words, mask, W, v), mask.any(-1), W_s, v_s)

    @mistake("What was summed is W x. The scores are made of it, but the average is one of the vectors x themselves.")
    def projected_values(words, mask, W, v, W_s, v_s):
        return pool(pool(words, mask, W, v), mask.any(-1), W_s, v_s) @ W_s.mT


def pool(x, allowed, W, v, bend=torch.tanh):
    """One level."""
    scores = (bend(x @ W.mT) @ v).masked_fill(~allowed, torch.finfo(x.dtype).min)
    return ((scores.softmax(-1) * allowed).unsqueeze(-1) * x).sum(-2)
