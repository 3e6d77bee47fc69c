import torch

from attention_course.checks.problem import Problem, mistake


class Prune(Problem):
    """The matrices of a layer with some of its heads."""

    hints = (
        "Head h owns D = E / H numbers in the place where the heads lie side by side. In which axis of each of the four matrices is that place?",
        "W_Q, W_K and W_V make these numbers: they are rows. W_O reads them: there they are columns. Head h owns the numbers h·D to (h + 1)·D − 1.",
        "D = len(W_Q) // H; rows = torch.cat([torch.arange(h * D, (h + 1) * D) for h in keep]); then W_Q[rows], W_K[rows], W_V[rows], W_O[:, rows].",
    )
    praise = "Nothing else changes: the layer takes and gives vectors of the same size as before."

    def inputs(self, generator):
        def matrices(size, keys=None, values=None):
            sizes = (size, size), (size, keys or size), (size, values or size), (size, size)
            return [torch.randn(*s, generator=generator) for s in sizes]

        yield "three heads of two numbers, the last kept", (*matrices(6), 3, [2])
        yield "two heads of two numbers, the second kept", (*matrices(4), 2, [1])
        yield "two heads of one number, the first kept", (*matrices(2), 2, [0])
        yield "four heads of two numbers, two kept", (*matrices(8), 4, [0, 2])
        yield "all heads kept", (*matrices(4), 2, [0, 1])
        yield "keys and values of other sizes", (*matrices(6, 5, 9), 3, [1, 2])
        yield "four heads of three numbers, three kept, in another order", (*matrices(12), 4, [3, 0, 1])

    def admissible(self, generator):
        H, D, keys, values = (int(n) for n in torch.randint(1, 5, (4,), generator=generator))
        keep = torch.randperm(H, generator=generator)[: int(torch.randint(1, H + 1, (), generator=generator))]
        columns = H * D, 2 * keys, 3 * values, H * D
        return *(torch.randn(H * D, n, generator=generator) for n in columns), H, keep.tolist()

    def answer(W_Q, W_K, W_V, W_O, H, keep):
        D = len(W_Q) // H
        rows = torch.cat([torch.arange(h * D, (h + 1) * D) for h in keep])
        return W_Q[rows], W_K[rows], W_V[rows], W_O[:, rows]

    left_whole = "Not all of the first three were cut. Queries, keys and values of a head that goes are no longer made: take its rows out of W_Q, W_K and W_V."
    rows_of_a_head = "One row was taken for each head. A head owns D = E / H of them, those from h·D to (h + 1)·D − 1."
    ends = "A head got one row too few, or one too many. It owns those from h·D up to (h + 1)·D, this one not included, as in a slice or a range."
    wrong_size = "The size of a head was taken from the wrong place. It is D = E / H, with E the rows of W_Q and H the heads there were before."
    still_there = "The other heads were set to zero, and are still there. The outputs are right, but nothing has become smaller: take rows and columns out."
    both_went = "Rows and columns of a matrix went. The layer still takes and gives vectors of the same size: W_Q, W_K and W_V lose rows alone, W_O columns."
    crosswise = "Every H-th row or column was taken. Those of a head lie together: the first head owns the first D."

    @mistake("Rows were taken of W_O, too. It reads the heads, so there they are columns: W_O[:, rows].")
    def rows_of_the_output_matrix(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows], W_K[rows], W_V[rows], W_O[rows]

    @mistake(
        "Columns were taken of all four. W_Q, W_K and W_V make the numbers of a head, each with a row; only W_O reads them, with columns."
    )
    def columns_of_all(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[:, rows], W_K[:, rows], W_V[:, rows], W_O[:, rows]

    @mistake("Rows and columns have changed places: a head owns rows of W_Q, W_K and W_V, and columns of W_O.")
    def rows_and_columns_swapped(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[:, rows], W_K[:, rows], W_V[:, rows], W_O[rows]

    @mistake(both_went)
    def rows_and_columns_of_all(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows][:, rows], W_K[rows][:, rows], W_V[rows][:, rows], W_O[rows][:, rows]

    @mistake(both_went)
    def rows_and_columns_of_both(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows][:, rows], W_K[rows], W_V[rows], W_O[rows][:, rows]

    @mistake(rows_of_a_head)
    def one_row_a_head(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, torch.tensor(keep))

    @mistake(rows_of_a_head)
    def first_row_of_each_head(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, torch.tensor(keep) * (len(W_Q) // H))

    @mistake(ends)
    def one_row_too_few(W_Q, W_K, W_V, W_O, H, keep):
        D = len(W_Q) // H
        return cut(W_Q, W_K, W_V, W_O, torch.tensor([h * D + d for h in keep for d in range(D - 1)], dtype=torch.long))

    @mistake(ends)
    def one_row_too_many(W_Q, W_K, W_V, W_O, H, keep):
        D = len(W_Q) // H
        rows = [
            h * D + d for h in keep for d in range(D + 1) if h * D + d < len(W_Q)
        ]  # a slice ends where the matrix does
        return cut(W_Q, W_K, W_V, W_O, torch.tensor(rows))

    @mistake("These are the heads that were to go. `keep` names those that stay.")
    def the_others(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, [h for h in range(H) if h not in keep]))

    @mistake("These are the heads before those in `keep`: heads are counted from 0.")
    def counted_from_one(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, [(h - 1) % H for h in keep]))

    @mistake("These are as many heads as `keep` names, and the first ones. `keep` says which.")
    def the_first_ones(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, range(len(keep))))

    @mistake(
        "Heads between those in `keep` have stayed as well. Take the rows of each of them, not all from first to last."
    )
    def all_between(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, range(min(keep), max(keep) + 1)))

    @mistake("Only one of the heads in `keep` has stayed.")
    def the_first_of_them(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, keep[:1]))

    @mistake(still_there)
    def set_to_zero_by_the_output_matrix(W_Q, W_K, W_V, W_O, H, keep):
        return W_Q, W_K, W_V, W_O * torch.zeros(len(W_Q)).index_fill(0, rows_of(len(W_Q), H, keep), 1)

    @mistake(still_there)
    def set_to_zero(W_Q, W_K, W_V, W_O, H, keep):
        stays = torch.zeros(len(W_Q)).index_fill(0, rows_of(len(W_Q), H, keep), 1)
        return W_Q * stays[:, None], W_K * stays[:, None], W_V * stays[:, None], W_O * stays

    @mistake("W_O is still whole. It reads fewer numbers now: drop the columns of the heads that went.")
    def output_matrix_whole(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows], W_K[rows], W_V[rows], W_O

    @mistake(left_whole)
    def only_queries_cut(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows], W_K, W_V, W_O[:, rows]

    @mistake(left_whole)
    def values_whole(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows], W_K[rows], W_V, W_O[:, rows]

    @mistake(left_whole)
    def only_the_output_matrix_cut(W_Q, W_K, W_V, W_O, H, keep):
        return W_Q, W_K, W_V, W_O[:, rows_of(len(W_Q), H, keep)]

    @mistake(crosswise)
    def every_hth_row(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, every_hth(len(W_Q), H, keep))

    @mistake(crosswise)
    def every_hth_column_of_the_output_matrix(W_Q, W_K, W_V, W_O, H, keep):
        rows = rows_of(len(W_Q), H, keep)
        return W_Q[rows], W_K[rows], W_V[rows], W_O[:, every_hth(len(W_Q), H, keep)]

    @mistake(wrong_size)
    def size_by_the_heads_kept(W_Q, W_K, W_V, W_O, H, keep):
        D = len(W_Q) // len(keep)
        rows = [h * D + d for h in keep for d in range(D) if h * D + d < len(W_Q)]  # a slice ends where the matrix does
        return cut(W_Q, W_K, W_V, W_O, torch.tensor(rows, dtype=torch.long))

    @mistake(wrong_size)
    def size_by_the_columns(W_Q, W_K, W_V, W_O, H, keep):
        kept = [W[rows_of(W.shape[1], H, keep)] for W in (W_Q, W_K, W_V)]
        return *kept, W_O[:, rows_of(len(W_Q), H, keep)]

    @mistake(
        "The heads came back in the order they had in the layer. It does no harm to the output; asked for is the order of `keep`."
    )
    def sorted_again(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, sorted(keep)))

    @mistake("W_O came back turned round. It acts as x @ W_O.mT: its columns read the heads, so it is (E, rows kept).")
    def output_matrix_turned_round(W_Q, W_K, W_V, W_O, H, keep):
        W_Q, W_K, W_V, W_O = cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, keep))
        return W_Q, W_K, W_V, W_O.mT

    @mistake("Keys and values have changed places: return the matrices in the order in which they came.")
    def keys_and_values_swapped(W_Q, W_K, W_V, W_O, H, keep):
        return cut(W_Q, W_V, W_K, W_O, rows_of(len(W_Q), H, keep))

    @mistake(
        "The heads have an axis of their own. Join their rows again, and the columns of W_O: all four have two axes."
    )
    def axis_for_the_heads(W_Q, W_K, W_V, W_O, H, keep):
        W_Q, W_K, W_V, W_O = cut(W_Q, W_K, W_V, W_O, rows_of(len(W_Q), H, keep))
        n = len(keep)
        return (
            W_Q.unflatten(0, (n, -1)),
            W_K.unflatten(0, (n, -1)),
            W_V.unflatten(0, (n, -1)),
            W_O.unflatten(1, (n, -1)),
        )


def every_hth(size, H, keep):
    """Rows as they would be if the heads took turns."""
    return torch.cat([torch.arange(h, size, H) for h in keep])


def rows_of(size, H, keep):
    """The rows that the heads `keep` own."""
    D = size // H
    return torch.tensor([h * D + d for h in keep for d in range(D)], dtype=torch.long)


def cut(W_Q, W_K, W_V, W_O, rows):
    """The matrices with those rows, and the columns of the last."""
    return W_Q[rows], W_K[rows], W_V[rows], W_O[:, rows]
