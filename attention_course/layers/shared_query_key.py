"""One vector asks and is found (Reformer: Kitaev, Kaiser and Levskaya 2020, "shared-QK")."""

from attention_course.layers.multi_head import MultiHeadAttention


class SharedQueryKey(MultiHeadAttention):
    """`MultiHeadAttention` with W^K = W^Q, for `attention_to_others` and for attention by hashing.

    Keys are made as queries are, so there is no `key_size`. For both of those the words that ask are the source's last.
    """

    def __init__(self, size: int, heads: int, **options):
        if "key_size" in options:
            raise ValueError("key_size: expected none; keys are made as queries are")
        super().__init__(size, heads, **options)
        self.project_key = self.project_query
