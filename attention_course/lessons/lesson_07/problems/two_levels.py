import torch

from attention_course.checks.problem import Problem, mistake


class TwoLevels(Problem):
    """Query-less attention over the words of each sentence, then over the sentences."""

    hints = (
        "Write a function that pools vectors under a mask, and call it twice. What is the mask of the sentences?",
        "A sentence counts where any of its words does: mask.any(-1). In a sentence without words the softmax must stay finite: fill with a very low number "
        "instead of minus infinity, and multiply by the mask afterwards.",
        "def pool(x, allowed, W_k, u): scores = (torch.tanh(x @ W_k.mT) @ u).masked_fill(~allowed, torch.finfo(x.dtype).min); weights = scores.softmax(-1) * "
        "allowed; return (weights.unsqueeze(-1) * x).sum(-2). Then pool(pool(words, mask, W_k, u), mask.any(-1), W_k_s, u_s).",
    )
    praise = "The same function twice: nothing in it knows whether it pools words or sentences."

    def inputs(self, generator):
        def sized(mask, E, D, shift=0.0):
            return drawn(generator, torch.tensor(mask).bool(), E, D, shift)

        yield "one sentence of one word", sized([[[1]]], 1, 2)
        yield "one sentence of two words", sized([[[1, 1]]], 1, 2)
        yield "two sentences of one word", sized([[[1], [1]]], 1, 2)
        yield "three sentences of three words, all sizes alike", sized([[[1, 1, 1]] * 3], 3, 3)
        yield "a word and one of padding", sized([[[1, 0]]], 1, 2)
        yield "a word behind one of padding", sized([[[0, 1]]], 1, 2)
        yield "two words and one of padding, scores far below zero", sized([[[1, 1, 0]]], 1, 2, -14.0)
        yield "two sentences and one without words", sized([[[1], [1], [0]]], 1, 2)
        yield "a sentence behind one without words, scores far below zero", sized([[[0], [1]]], 1, 2, -14.0)
        yield "a document without words", sized([[[0, 0]]], 1, 2)
        yield "sentences of different lengths", sized([[[1, 1, 1, 1], [1, 0, 0, 0], [1, 1, 0, 0]]], 4, 5)
        yield (
            "two documents, with padding anywhere",
            sized([[[1, 0, 1], [0, 1, 1], [1, 1, 1], [0, 0, 1]], [[0, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0]]], 2, 3),
        )
        yield (
            "three documents of three sentences, one of them without words",
            sized([[[1, 1, 0], [1, 1, 1], [1, 0, 0]], [[0, 0, 0]] * 3, [[1, 0, 1], [1, 1, 1], [1, 1, 0]]], 2, 3),
        )

    def admissible(self, generator):
        B, S, T, E, D = (int(n) for n in torch.randint(1, 5, (5,), generator=generator))
        often = torch.tensor([0.3, 0.7, 1.0])[torch.randint(0, 3, (B, S, 1), generator=generator)]
        some = torch.rand(B, S, 1, generator=generator) < 0.8
        mask = (torch.rand(B, S, T, generator=generator) < often) & some
        mask &= torch.rand(B, 1, 1, generator=generator) < 0.8
        return drawn(generator, mask, E, D, float(-14 * (torch.rand((), generator=generator) < 0.3)))

    def answer(words, mask, W_k, u, W_k_s, u_s):
        def pool(x, allowed, W_k, u):
            scores = (torch.tanh(x @ W_k.mT) @ u).masked_fill(~allowed, torch.finfo(x.dtype).min)
            weights = scores.softmax(-1) * allowed
            return (weights.unsqueeze(-1) * x).sum(-2)

        return pool(pool(words, mask, W_k, u), mask.any(-1), W_k_s, u_s)

    nothing = (
        "Where there is no word, 0 is divided by 0 here, which gives NaN (so does the softmax of nothing but −inf), and NaN times 0 is NaN still. Fill with a very low "
        "number, and multiply the weights by the mask after the softmax."
    )
    evenly = (
        "Where there is nothing to share among, all scores are equally low, and softmax shares evenly among padding. The softmax of nothing is to be all zeros: "
        "multiply the weights by the mask."
    )
    afterwards = (
        "The mask was laid on the weights alone. By then padding had taken its share in the softmax, and the other weights no longer sum to one: mask the "
        "scores."
    )
    not_low_enough = "Padding was given a score that is not low enough. Zero or −10 is a score like any other, and those of real words may lie below it."
    zero_score = (
        "Padding has got a score of zero, as a vector of zeros has, and so a share that words then lack: their scores may lie below it. Fill with a very low "
        "number."
    )
    at_the_end = "Padding was taken to stand at the end. The mask says where it stands, which may be anywhere, and so may sentences without words."
    inverted = "The mask is the wrong way round: True stands where there is a word."
    levels_alone = (
        "That is the first level alone, a vector for each sentence. Pool these, too: the documents are (B, E)."
    )
    another_bend = "Another function stands in the place of the tanh."
    projected = "What was summed is not the vectors themselves but what the scores are made of. The average is one of the vectors x."
    small_sum = "A small number was added to the sum of the exponentials. Where all scores are low it is not small any more: take off the maximum first."
    no_levels = (
        "There are no levels: one softmax ran over all words of the document. Each sentence has a softmax of its own, whose weights sum to one, and then the "
        "sentences have theirs."
    )
    one_question = "Both levels ask the same question. What makes a word important need not make a sentence so: W_k and u are for the words, W_k_s and u_s for the sentences."
    no_softmax = "The scores were used as weights. A softmax makes them shares: positive, and one in sum."

    @mistake(
        "Sentences of padding took part. Their vectors may be zero, but a score of zero is a score like any other, and gets a share: mask the second softmax, "
        "too."
    )
    def sentences_not_masked(*arguments):
        return levels(*arguments, there=lambda mask: torch.ones_like(mask[..., 0]))

    @mistake(
        "Words of padding took part: the first softmax ran over all places of a sentence, and not only over its words."
    )
    def words_not_masked(*arguments):
        return levels(*arguments, of_words=unmasked)

    @mistake("Padding took part at both levels. The softmax is to run over words, and over sentences that have any.")
    def nothing_masked(*arguments):
        return levels(*arguments, of_words=unmasked, of_sentences=unmasked)

    @mistake(
        "Sentences were counted only where all their places are filled. A sentence counts as soon as it has one word: any, not all."
    )
    def full_sentences_only(*arguments):
        return levels(*arguments, there=lambda mask: mask.all(-1))

    @mistake(
        "Whether there is a sentence was read off its first place. It may be padding: a sentence counts as soon as any of its places has a word."
    )
    def first_place_decides(*arguments):
        return levels(*arguments, there=lambda mask: mask[..., 0])

    @mistake("Sentences of one word were left out. A sentence counts as soon as it has one word.")
    def more_than_one_word(*arguments):
        return levels(*arguments, there=lambda mask: mask.sum(-1) > 1)

    how_many = "How many words a sentence has went into its weight. A sentence counts or does not: mask.any(-1)."

    @mistake(how_many)
    def times_the_words(words, mask, *parameters):
        return levels(words, mask, *parameters, of_sentences=times(mask.float().sum(-1, keepdim=True)))

    @mistake(how_many)
    def times_the_share_of_words(words, mask, *parameters):
        return levels(words, mask, *parameters, of_sentences=times(mask.float().mean(-1, keepdim=True)))

    @mistake(at_the_end)
    def empty_sentences_last(*arguments):
        return levels(*arguments, there=lambda mask: to_the_front(mask.any(-1)))

    @mistake(at_the_end)
    def padding_last(words, mask, *parameters):
        return levels(words, to_the_front(mask), *parameters)

    @mistake(at_the_end)
    def all_padding_last(words, mask, *parameters):
        return levels(words, to_the_front(mask), *parameters, there=lambda mask: to_the_front(mask.any(-1)))

    @mistake("The first document's mask was used for all of them.")
    def mask_of_the_first_document(words, mask, *parameters):
        return levels(words, mask[:1].expand_as(mask), *parameters)

    @mistake(inverted)
    def turned_round(words, mask, *parameters):
        return levels(words, ~mask, *parameters)

    @mistake(inverted)
    def turned_round_with_a_low_number(words, mask, *parameters):
        return levels(words, ~mask, *parameters, of_words=unzeroed, of_sentences=unzeroed)

    @mistake(inverted)
    def words_turned_round(*arguments):
        return levels(*arguments, of_words=lambda x, allowed, W_k, u: pool(x, ~allowed, W_k, u))

    @mistake(inverted)
    def words_turned_round_with_a_low_number(*arguments):
        return levels(*arguments, of_words=lambda x, allowed, W_k, u: unzeroed(x, ~allowed, W_k, u))

    @mistake("The mask of the sentences is the wrong way round: True stands where there is a word.")
    def sentences_turned_round(*arguments):
        return levels(*arguments, there=lambda mask: ~mask.any(-1))

    @mistake(nothing)
    def infinity(*arguments):
        return levels(*arguments, of_words=endless, of_sentences=endless)

    @mistake(nothing)
    def infinity_for_sentences_alone(*arguments):
        return levels(*arguments, of_sentences=endless)

    @mistake(nothing)
    def only_a_batch_without_words(words, mask, *parameters):
        if not mask.any():
            return words[:, 0, 0] * 0
        return levels(words, mask, *parameters, of_words=endless, of_sentences=endless)

    @mistake(
        "NaN was replaced by 0 at the end. By then one sentence without words had made its whole document NaN: give zeros for the softmax of nothing at both levels."
    )
    def replaced_at_the_end(*arguments):
        return levels(*arguments, of_words=endless, of_sentences=endless).nan_to_num()

    @mistake(evenly)
    def shared_among_padding(*arguments):
        return levels(*arguments, of_words=unzeroed, of_sentences=unzeroed)

    @mistake(afterwards)
    def masked_after_softmax(*arguments):
        return levels(*arguments, of_words=late, of_sentences=late)

    @mistake(afterwards)
    def words_masked_after_softmax(*arguments):
        return levels(*arguments, of_words=late)

    @mistake(afterwards)
    def words_masked_after_softmax_with_infinity(*arguments):
        return levels(*arguments, of_words=late, of_sentences=endless)

    @mistake(not_low_enough)
    def score_of_zero(*arguments):
        return levels(*arguments, of_words=filled(0.0), of_sentences=filled(0.0))

    @mistake(not_low_enough)
    def words_score_of_zero(*arguments):
        return levels(*arguments, of_words=filled(0.0))

    @mistake(not_low_enough)
    def score_of_minus_ten(*arguments):
        return levels(*arguments, of_words=filled(-10.0), of_sentences=filled(-10.0))

    @mistake(not_low_enough)
    def score_of_minus_ten_made_zero(*arguments):
        return levels(*arguments, of_words=filled(-10.0, zeroed=True), of_sentences=filled(-10.0, zeroed=True))

    @mistake("The mask was added to the scores. That lifts words by one, and leaves padding in the game.")
    def mask_added(*arguments):
        def pooled(x, allowed, W_k, u):
            return averaged(x, scores_of(x, W_k, u) + allowed)

        return levels(*arguments, of_words=pooled, of_sentences=pooled)

    @mistake("The mask was added to the scores. That lifts words by one, and leaves padding in the game.")
    def mask_added_to_words(*arguments):
        return levels(*arguments, of_words=lambda x, allowed, W_k, u: averaged(x, scores_of(x, W_k, u) + allowed))

    @mistake(zero_score)
    def padding_made_zero(words, mask, *parameters):
        return levels(words * mask.unsqueeze(-1), mask, *parameters, of_words=unmasked, of_sentences=unmasked)

    @mistake(zero_score)
    def padding_of_words_made_zero(words, mask, *parameters):
        return levels(words * mask.unsqueeze(-1), mask, *parameters, of_words=unmasked)

    @mistake(one_question)
    def one_question_for_both(words, mask, W_k, u, W_k_s, u_s):
        return levels(words, mask, W_k, u, W_k, u)

    @mistake(one_question)
    def the_sentences_question_for_both(words, mask, W_k, u, W_k_s, u_s):
        return levels(words, mask, W_k_s, u_s, W_k_s, u_s)

    @mistake(one_question)
    def one_matrix_for_both(words, mask, W_k, u, W_k_s, u_s):
        return levels(words, mask, W_k, u, W_k, u_s)

    @mistake(one_question)
    def one_vector_for_both(words, mask, W_k, u, W_k_s, u_s):
        return levels(words, mask, W_k, u, W_k_s, u)

    @mistake("The parameters of the two levels changed places: W_k and u are the words', W_k_s and u_s the sentences'.")
    def levels_exchanged(words, mask, W_k, u, W_k_s, u_s):
        return levels(words, mask, W_k_s, u_s, W_k, u)

    @mistake("The matrices were applied the wrong way round. They are (D, E), and act on the last axis as x @ W_k.mT.")
    def matrices_transposed(words, mask, W_k, u, W_k_s, u_s):
        return levels(words, mask, W_k.mT, u, W_k_s.mT, u_s)

    @mistake("The sentences were averaged with equal weights. The second level attends, too.")
    def sentences_averaged(*arguments):
        return levels(*arguments, of_sentences=even)

    @mistake(
        "The sentences were averaged with equal weights, those without words among them. The second level attends, too."
    )
    def all_sentences_averaged(*arguments):
        return levels(*arguments, of_sentences=lambda x, *_: x.mean(-2))

    @mistake("The sentences were added up. The second level attends, too: its weights are a softmax.")
    def sentences_summed(*arguments):
        return levels(*arguments, of_sentences=lambda x, *_: x.sum(-2))

    @mistake("The words of a sentence were averaged with equal weights. The first level attends, too.")
    def words_averaged(*arguments):
        return levels(*arguments, of_words=even)

    @mistake(
        "The words of a sentence were averaged with equal weights, padding among them. The first level attends, too."
    )
    def all_words_averaged(*arguments):
        return levels(*arguments, of_words=lambda x, *_: x.mean(-2))

    @mistake("Every word of the document got the same weight. Both levels attend.")
    def everything_averaged(*arguments):
        words, mask = (part.flatten(1, 2) for part in arguments[:2])
        return even(words, mask)

    @mistake("Words and sentences were averaged with equal weights. Both levels attend.")
    def averaged_twice(*arguments):
        return levels(*arguments, of_words=even, of_sentences=even)

    @mistake("The largest number of each was taken. Both levels take an average, under weights of their own.")
    def largest_of_each(*arguments):
        return levels(*arguments, of_words=largest)

    @mistake("The largest number of each was taken. Both levels take an average, under weights of their own.")
    def largest_of_each_at_both_levels(*arguments):
        return levels(*arguments, of_words=largest, of_sentences=largest)

    @mistake(no_levels)
    def flat(words, mask, W_k, u, W_k_s, u_s):
        return pool(words.flatten(1, 2), mask.flatten(1, 2), W_k, u)

    @mistake(no_levels)
    def flat_by_the_sentences(words, mask, W_k, u, W_k_s, u_s):
        return pool(words.flatten(1, 2), mask.flatten(1, 2), W_k_s, u_s)

    @mistake(
        "The levels were taken the other way round: the first pooled the sentences at each place of a word. Words stand on axis 2, sentences on axis 1."
    )
    def sentences_first(words, mask, *parameters):
        return levels(words.transpose(1, 2), mask.transpose(1, 2), *parameters)

    @mistake(
        "The tanh is missing: the score of x is tanh(x @ W_k.mT) @ u. Without it W_k and u are one vector, and half of the parameters are for nothing."
    )
    def without_tanh(*arguments):
        return bent(*arguments, lambda x: x, lambda x: x)

    @mistake("The tanh is missing at the second level: the score of x is tanh(x @ W_k.mT) @ u.")
    def sentences_without_tanh(*arguments):
        return bent(*arguments, torch.tanh, lambda x: x)

    @mistake("The tanh is missing at the first level: the score of x is tanh(x @ W_k.mT) @ u.")
    def words_without_tanh(*arguments):
        return bent(*arguments, lambda x: x, torch.tanh)

    @mistake(another_bend)
    def relu(*arguments):
        return bent(*arguments, torch.relu, torch.relu)

    @mistake(another_bend)
    def sigmoid(*arguments):
        return bent(*arguments, torch.sigmoid, torch.sigmoid)

    @mistake("The vector went into the tanh. It stands outside, and adds up D tanhs.")
    def vector_inside(*arguments):
        return scored(*arguments, lambda x, W_k, u: torch.tanh(x @ W_k.mT @ u))

    @mistake("The vectors u and u_s are missing: they say how much each of the D tanhs counts in the score.")
    def without_the_vector(*arguments):
        return scored(*arguments, lambda x, W_k, u: torch.tanh(x @ W_k.mT).sum(-1))

    @mistake("The scores were divided by √D. Eq. (18) has no scale: that is for dot products.")
    def scaled(*arguments):
        return scored(*arguments, lambda x, W_k, u: torch.tanh(x @ W_k.mT) @ u / len(u) ** 0.5)

    @mistake(no_softmax)
    def without_softmax(*arguments):
        return shared(*arguments, lambda scores, allowed: scores.masked_fill(~allowed, 0))

    @mistake(no_softmax)
    def exponentials(*arguments):
        return shared(*arguments, lambda scores, allowed: scores.exp() * allowed)

    @mistake("The scores were divided by their sum, where softmax takes exp first. Scores may be negative.")
    def without_exp(*arguments):
        def weights(scores, allowed):
            scores = scores.masked_fill(~allowed, 0)
            return (scores / scores.sum(-1, keepdim=True)).nan_to_num()

        return shared(*arguments, weights)

    @mistake("Every score went through a sigmoid by itself. Weights are shares: softmax makes them sum to one.")
    def sigmoid_for_softmax(*arguments):
        return shared(*arguments, lambda scores, allowed: scores.sigmoid() * allowed)

    @mistake(small_sum)
    def sum_and_a_millionth(*arguments):
        return shared(*arguments, with_a_small_number(1e-6))

    @mistake(small_sum)
    def sum_and_a_billionth(*arguments):
        return shared(*arguments, with_a_small_number(1e-9))

    @mistake(small_sum)
    def sum_and_a_hundredth_of_a_millionth(*arguments):
        return shared(*arguments, with_a_small_number(1e-8))

    @mistake("Only the one with the largest score counts. That is hard attention; Eq. (20) averages all of them.")
    def largest_alone(*arguments):
        def weights(scores, allowed):
            scores = scores.masked_fill(~allowed, torch.finfo(scores.dtype).min)
            return (scores == scores.amax(-1, keepdim=True)) * allowed * 1.0

        return shared(*arguments, weights)

    @mistake(
        "The softmax of the words ran over the sentences. Each sentence's weights sum to one over its own words: the last axis of (B, S, T)."
    )
    def softmax_over_sentences(*arguments):
        return levels(*arguments, of_words=lambda x, allowed, W_k, u: pool(x, allowed, W_k, u, axis=1))

    @mistake(
        "The softmax ran over the documents. Weights sum to one over the words of a sentence, and over the sentences of a document: the last axis."
    )
    def softmax_over_documents(*arguments):
        def over_documents(x, allowed, W_k, u):
            return pool(x, allowed, W_k, u, axis=0)

        return levels(*arguments, of_words=over_documents, of_sentences=over_documents)

    @mistake("The weighted vectors were averaged, which divides once more. The weights sum to one: take the sum.")
    def weighted_mean(words, mask, *parameters):
        return levels(words, mask, *parameters, of_words=halfway, of_sentences=halfway)

    @mistake(projected)
    def projected_values(words, mask, W_k, u, W_k_s, u_s):
        return levels(words, mask, W_k, u, W_k_s, u_s) @ W_k_s.mT

    @mistake(projected)
    def tanhs_averaged(words, mask, W_k, u, W_k_s, u_s):
        def pooled(x, allowed, W_k, u):
            hidden = torch.tanh(x @ W_k.mT)
            return averaged(hidden, (hidden @ u).masked_fill(~allowed, torch.finfo(x.dtype).min), allowed)

        return levels(words, mask, W_k, u, W_k_s, u_s, of_words=pooled, of_sentences=pooled)

    @mistake("The sentences were weighted and not added up: a document is their sum, (B, E).")
    def not_added_up(*arguments):
        def weighted(x, allowed, W_k, u):
            scores = scores_of(x, W_k, u).masked_fill(~allowed, torch.finfo(x.dtype).min)
            return (scores.softmax(-1) * allowed).unsqueeze(-1) * x

        return levels(*arguments, of_sentences=weighted)

    @mistake(levels_alone)
    def sentences_returned(*arguments):
        return levels(*arguments, of_sentences=lambda x, *_: x)

    @mistake("The documents are right, but the sentences came with them. Return the documents alone.")
    def sentences_returned_as_well(*arguments):
        return levels(*arguments), levels(*arguments, of_sentences=lambda x, *_: x)

    @mistake("The values are right, but stand in (B, 1, E). The documents are (B, E): drop the axis of one.")
    def axis_left(*arguments):
        return levels(*arguments).unsqueeze(1)


def scores_of(x, W_k, u):
    return torch.tanh(x @ W_k.mT) @ u


def averaged(x, scores, allowed=True):
    """The average under a softmax of the scores."""
    return ((scores.softmax(-1) * allowed).unsqueeze(-1) * x).sum(-2)


def pool(x, allowed, W_k, u, axis=-1):
    """One level."""
    scores = scores_of(x, W_k, u).masked_fill(~allowed, torch.finfo(x.dtype).min)
    return ((scores.softmax(axis) * allowed).unsqueeze(-1) * x).sum(-2)


def unmasked(x, allowed, W_k, u):
    return averaged(x, scores_of(x, W_k, u))


def late(x, allowed, W_k, u):
    return averaged(x, scores_of(x, W_k, u), allowed)


def times(factor):
    """A level whose weights are multiplied by something."""

    def pooled(x, allowed, W_k, u):
        return averaged(factor * x, scores_of(x, W_k, u).masked_fill(~allowed, torch.finfo(x.dtype).min))

    return pooled


def endless(x, allowed, W_k, u):
    return filled(-torch.inf)(x, allowed, W_k, u)


def unzeroed(x, allowed, W_k, u):
    return filled(-1e9)(x, allowed, W_k, u)


def filled(number, zeroed=False):
    """A level where padding has got a score of that number."""

    def pooled(x, allowed, W_k, u):
        return averaged(x, scores_of(x, W_k, u).masked_fill(~allowed, number), allowed if zeroed else True)

    return pooled


def even(x, allowed, *parameters):
    return (x * allowed.unsqueeze(-1)).sum(-2) / allowed.sum(-1, keepdim=True).clamp(min=1)


def largest(x, allowed, *parameters):
    return x.masked_fill(~allowed.unsqueeze(-1), -1e9).amax(-2) * allowed.any(-1, keepdim=True)


def halfway(x, allowed, W_k, u):
    return pool(x, allowed, W_k, u) / x.shape[-2]


def with_a_small_number(number):
    return lambda scores, allowed: scores.exp() * allowed / ((scores.exp() * allowed).sum(-1, keepdim=True) + number)


def to_the_front(mask):
    """As many as there are, at the beginning."""
    return torch.arange(mask.shape[-1]) < mask.sum(-1, keepdim=True)


def levels(words, mask, W_k, u, W_k_s, u_s, of_words=pool, of_sentences=pool, there=lambda mask: mask.any(-1)):
    """Both levels, with a place for each mistake."""
    return of_sentences(of_words(words, mask, W_k, u), there(mask), W_k_s, u_s)


def shared(words, mask, W_k, u, W_k_s, u_s, weights):
    """Both levels with other weights than a softmax."""

    def pooled(x, allowed, W_k, u):
        return (weights(scores_of(x, W_k, u), allowed).unsqueeze(-1) * x).sum(-2)

    return levels(words, mask, W_k, u, W_k_s, u_s, pooled, pooled)


def scored(words, mask, W_k, u, W_k_s, u_s, score, score_of_sentences=None):
    """Both levels with another score."""

    def with_score(score):
        def pooled(x, allowed, W_k, u):
            return averaged(x, score(x, W_k, u).masked_fill(~allowed, torch.finfo(x.dtype).min), allowed)

        return pooled

    return levels(words, mask, W_k, u, W_k_s, u_s, with_score(score), with_score(score_of_sentences or score))


def bent(words, mask, W_k, u, W_k_s, u_s, bend, bend_of_sentences):
    """Both levels with another function than the tanh."""

    def by(bend):
        return lambda x, W_k, u: bend(x @ W_k.mT) @ u

    return scored(words, mask, W_k, u, W_k_s, u_s, by(bend), by(bend_of_sentences))


def drawn(generator, mask, E, D, shift):
    """Words and parameters for a mask; nothing near zero, lest two mistakes look alike. With a shift all scores lie about it."""

    def away(*sizes):
        signs = 1 - 2.0 * (torch.rand(sizes, generator=generator) < 0.5)
        return (0.4 + torch.rand(sizes, generator=generator)) * signs

    words, parameters = away(*mask.shape, E), [away(D, E), 1.5 * away(D), away(D, E), 1.5 * away(D)]
    if shift:  # no tanh is negative
        words, parameters = words.abs(), [p.abs() for p in parameters]
        parameters[1::2] = (shift * u / u.sum() for u in parameters[1::2])
    return words, mask, *parameters
