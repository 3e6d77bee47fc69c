import torch

from ..problem import Problem, mistake


class Prune(Problem):
    """The matrices of a layer with some of its heads."""

    hints = (
        "Head h owns D = E / H numbers in the place where the heads lie side by side. In which axis of each of the four matrices is that place?",
        "W_Q, W_K and W_V make these numbers: they are rows. W_O reads them: there they are columns. Head h owns the numbers h·D to (h + 1)·D − 1.",
        "D = len(W_Q) // H; rows = torch.cat([torch.arange(h * D, (h + 1) * D) for h in keep]); then W_Q[rows], W_K[rows], W_V[rows], W_O[:, rows].",
    )
    praise = "Nothing else changes: the layer takes and gives vectors of the same size as before."

    def inputs(self, generator):
        def matrices(size, source=None):
            sizes = (size, size), (size, source or size), (size, source or size), (size, size)
            return [torch.randn(*s, generator=generator) for s in sizes]

        yield "two heads of one number, the first kept", (*matrices(2), 2, [0])
        yield "two heads of two numbers, the second kept", (*matrices(4), 2, [1])
        yield "three heads of two numbers, two kept", (*matrices(6), 3, [0, 2])
        yield "all heads kept", (*matrices(4), 2, [0, 1])
        yield "keys and values of another size", (*matrices(6, 5), 3, [1, 2])
        yield "four heads of three numbers, kept in another order", (*matrices(12), 4, [3, 0])

    def answer(W_Q, W_K, W_V, W_O, H, keep):
        D = len(W_Q) // H
        rows = torch.cat([torch.arange(h * D, (h + 1) * D) for h in keep])
        return W_Q[rows], W_K[rows], W_V[rows], W_O[:, rows]

    @mistake("Rows were taken of W_O, too. It reads the heads, so there they are columns: W_O[:, rows].")
    def rows_of_the_output_matrix(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows], W_K[rows], W_V[rows], W_O[rows]

    @mistake("Single rows were taken, by the number of the head. A head owns D rows, those from h·D to (h + 1)·D − 1.")
    def one_row_a_head(W_Q, W_K, W_V, W_O, H, keep):
        return W_Q[keep], W_K[keep], W_V[keep], W_O[:, keep]

    @mistake("These are the heads that were to go. `keep` names those that stay.")
    def the_others(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, [h for h in range(H) if h not in keep]))

    @mistake(
        "The other heads were set to zero, and are still there. The outputs are right, but nothing has become smaller: take rows and columns out."
    )
    def set_to_zero(W_Q, W_K, W_V, W_O, H, keep):
        stays = torch.zeros(len(W_Q)).index_fill(0, rows_of(len(W_Q), H, keep), 1)
        return W_Q * stays[:, None], W_K * stays[:, None], W_V * stays[:, None], W_O * stays

    @mistake("W_O is still whole. It reads fewer numbers now: drop the columns of the heads that went.")
    def output_matrix_whole(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows], W_K[rows], W_V[rows], W_O

    @mistake("Every H-th row was taken. The rows of a head lie together: head 0 owns the first D.")
    def every_hth_row(W_Q, W_K, W_V, W_O, H, keep):
        D = len(W_Q) // H
        return cut(W_Q, W_K, W_V, W_O, torch.cat([torch.arange(D) * H + h for h in keep]))

    @mistake(
        "The heads came back in the order they had in the layer. It does no harm to the output; asked for is the order of `keep`."
    )
    def sorted_again(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, sorted(keep)))


def rows_of(size, H, keep):
    """The rows that the heads `keep` own."""
    D = size // H
    return torch.tensor([h * D + d for h in keep for d in range(D)], dtype=torch.long)


def cut(W_Q, W_K, W_V, W_O, rows):
    """The matrices with those rows, and the columns of the last."""
    return W_Q[rows], W_K[rows], W_V[rows], W_O[:, rows]
