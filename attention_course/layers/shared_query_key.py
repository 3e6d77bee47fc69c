"""Multi-head attention with one matrix for queries and keys (Reformer: Kitaev, Kaiser and Levskaya 2020)."""

from .multi_head import MultiHeadAttention


class SharedQueryKey(MultiHeadAttention):
    """`MultiHeadAttention` with W^K = W^Q: a word asks with the vector by which it is found.

    Attention by hashing needs it: only equal vectors are sure to fall into one bucket. What words ask each other is
    then symmetric, up to the lengths of their vectors. As keys are made of the queries' words, there is no `key_size`.
    """

    def __init__(self, size: int, heads: int, **options):
        if "key_size" in options:
            raise ValueError("key_size: expected none; keys are made as queries are")
        super().__init__(size, heads, **options)
        self.project_key = self.project_query
