"""Multi-head attention: several attentions at once, each in a smaller space of its own."""

from collections.abc import Callable
from typing import Any

from jaxtyping import Bool, Float, Shaped
from torch import Tensor, nn

from attention_course.cache import KeyValueCache, joined_mask
from attention_course.functional import check_positive, check_size, scaled_dot_product_attention
from attention_course.layers.attends import sees_something
from attention_course.layers.fitting import check_cache, check_head_mask, for_heads, of_one_batch
from attention_course.layers.heads import merge_heads, split_heads
from attention_course.state import init_state, innermost, step

Attention = Callable[..., tuple[Tensor, Tensor | None]]
"""A function or module: (queries, keys, values, mask, causal, need_weights) -> (contexts, weights or None)."""


class MultiHeadAttention(nn.Module):
    """Eq. (14): c' = W_O [c_1, ..., c_H], where each head h looks with matrices of its own (Vaswani et al. 2017).

        c_h = attend(queries W_h^Q, keys W_h^K, values W_h^V)

    The W_h of all heads stand below each other in one matrix, so that one product serves them all.

    size: of the queries and of the output (d_model, E).
    heads: their number H. Each works in `head_size` numbers (d_k = d_v, D), which is size / heads if not given.
    key_size, value_size: of keys and values where they are not `size`.
    attend: what each head does; it gets tensors (B, H, words, D) and a mask that broadcasts to (B, H, L, S). Give a
        function or module of your own for other scores, positions, dropout or a cheaper approximation.

    Three ways to call it: attention(x) is self-attention, attention(x, memory) cross-attention, and
    attention(queries, keys, values) the general form. All weights are given, one map a head, and not their mean.

    Raises ValueError where `heads` does not divide `size` and no `head_size` is given.

    >>> attention = MultiHeadAttention(size=8, heads=2, key_size=6)
    >>> output, weights = attention(torch.randn(3, 4, 8), torch.randn(3, 5, 6))
    >>> output.shape, weights.shape
    (torch.Size([3, 4, 8]), torch.Size([3, 2, 4, 5]))
    """

    def __init__(
        self,
        size: int,
        heads: int,
        *,
        key_size: int | None = None,
        value_size: int | None = None,
        head_size: int | None = None,
        bias: bool = True,
        attend: Attention = scaled_dot_product_attention,
    ):
        super().__init__()
        check_positive(size=size, heads=heads, key_size=key_size, value_size=value_size, head_size=head_size)
        if head_size is None and size % heads:
            raise ValueError(f"heads: expected a divisor of the size {size}, or a head_size, got {heads}")
        self.heads, self.head_size = heads, head_size or size // heads
        self.groups = heads  # heads of keys and values; in `GroupedQueryAttention` there are fewer
        key_size = key_size or size
        together = self.heads * self.head_size
        self.project_query = nn.Linear(size, together, bias)  # W^Q of all heads
        self.project_key = nn.Linear(key_size, together, bias)  # W^K
        self.project_value = nn.Linear(value_size or key_size, together, bias)  # W^V
        self.project_output = nn.Linear(together, size, bias)  # W_O
        self.attend = attend
        for layer in self.projections:
            nn.init.xavier_uniform_(layer.weight)
            if bias:
                nn.init.zeros_(layer.bias)

    @property
    def projections(self) -> tuple[nn.Linear, nn.Linear, nn.Linear, nn.Linear]:
        """W^Q, W^K, W^V and W_O."""
        return self.project_query, self.project_key, self.project_value, self.project_output

    def project(
        self,
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"] | None = None,
    ) -> tuple[Float[Tensor, "*batch groups keys head_size"], Float[Tensor, "*batch groups keys head_size"]]:
        """Keys and values of all heads. Without `values` the keys are the values, too."""
        values = keys if values is None else values
        check_size("keys", keys, self.project_key.in_features)
        check_size("values", values, self.project_value.in_features)
        return split_heads(self.project_key(keys), self.groups), split_heads(self.project_value(values), self.groups)

    def ask(self, queries: Float[Tensor, "*batch queries size"]) -> Float[Tensor, "*batch heads queries head_size"]:
        """Queries of all heads."""
        check_size("queries", queries, self.project_query.in_features)
        return split_heads(self.project_query(queries), self.heads)

    def forward(
        self,
        queries: Float[Tensor, "*#batch queries size"],
        keys: Float[Tensor, "*#batch keys key_size"] | None = None,
        values: Float[Tensor, "*#batch keys value_size"] | None = None,
        mask: Bool[Tensor, "..."] | None = None,
        causal: bool = False,
        need_weights: bool = True,
        head_mask: Shaped[Tensor, "..."] | None = None,
    ) -> tuple[Float[Tensor, "*#batch queries size"], Float[Tensor, "*#batch heads queries places"] | None]:
        """Give (output, weights). Without keys the queries attend to themselves; without values the keys are averaged.

        mask: True = may attend, unlike in `nn.MultiheadAttention`. One for all heads broadcasts to (B, L, S), as those
            of `masks` do; one with an axis more has a map for each head, (B, H, L, S).
        causal: no query sees a later key; the last query is level with the last key.
        need_weights: False gives (output, None), see `scaled_dot_product_attention`.
        head_mask: multiplies the contexts, (H,) or (B, H): False or 0 leaves a head out, which then sees nothing. With
            numbers that want gradients it is the gate of Michel et al. (2019).

        Axes in front may broadcast: queries (1, L, E) ask every source of a batch. A query that may attend to nothing
        in any head, whether the mask or `attend` forbids it, gets an output of exactly zero, bias or no bias. Raises
        ValueError where sizes or masks do not fit, TypeError for a mask that is not boolean.
        """
        asked, keys, values = of_one_batch(*self._projected(queries, queries if keys is None else keys, values))
        if mask is not None:
            mask = for_heads(mask, asked, keys.shape[-2])
        contexts, weights = self.attend(asked, keys, values, mask, causal, need_weights)  # (B, H, L, D), (B, H, L, S)
        return self._output(contexts, mask, causal, head_mask), weights

    def init_state(
        self,
        keys: Float[Tensor, "*batch keys key_size"],
        values: Float[Tensor, "*batch keys value_size"] | None = None,
        mask: Bool[Tensor, "..."] | None = None,
    ) -> Any:
        """What `step` looks at: these keys and values, projected once. mask: which of them count, as in `forward`."""
        keys, values = self.project(keys, values)
        return init_state(self.attend, keys, values, None if mask is None else for_heads(mask, keys, keys.shape[-2]))

    def step(
        self,
        queries: Float[Tensor, "*#batch queries size"],
        state: Any = None,
        mask: Bool[Tensor, "..."] | None = None,
        need_weights: bool = False,
        head_mask: Shaped[Tensor, "..."] | None = None,
        append: bool = True,
    ) -> tuple[Float[Tensor, "*#batch queries size"], Float[Tensor, "*#batch heads queries places"] | None, Any]:
        """The next words of a text: give (output, weights, state). They see what is in `state`, and none looks ahead.

        Word by word, or some at a time, it is what `forward` with `causal=True` gives for all of them at once.

        state: of `init_state`, or of an earlier step; None: these are the first words.
        mask: which of these words count, (B, 1, L). need_weights: raises where the state has no keys to show them for.
        append: False asks the source that `init_state` was given, all of it, and adds nothing.
        """
        if append:
            asked, keys, values = self._projected(queries, queries)
            if state is None:
                state = init_state(self.attend, keys[..., :0, :], values[..., :0, :])
        else:
            asked, keys, values = self.ask(queries), None, None
            self._check_vectors()
        if isinstance(state, KeyValueCache):
            check_cache(state, asked, self.groups)
        if mask is not None:
            mask = for_heads(mask, asked, asked.shape[-2])
        if not append:
            seen = state.mask
        elif mask is None:  # a word that counts sees itself
            seen = None
        else:
            seen = joined_mask(state.mask, state.length, mask, asked.shape[-2])
        contexts, weights, state = step(self.attend, asked, keys, values, state, mask, need_weights)
        return self._output(contexts, seen, append, head_mask), weights, state

    def _projected(self, queries: Tensor, keys: Tensor, values: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values of all heads; where queries and keys are one, they are projected once."""
        self._check_vectors()
        its_keys, its_values = self.project(keys, values)
        once = keys is queries and self.project_key is self.project_query
        return its_keys if once else self.ask(queries), its_keys, its_values

    def _check_vectors(self) -> None:
        if getattr(innermost(self.attend), "one_vector", False) and self.project_key is not self.project_query:
            raise ValueError(f"attend: expected a `SharedQueryKey` around it, got a `{type(self).__name__}`")

    def _output(self, contexts: Tensor, mask: Tensor | None, causal: bool, head_mask: Tensor | None) -> Tensor:
        """What the heads have found, put together; who sees nothing gets nothing, not even the bias of W_O.

        mask: which keys each query may see, (..., H or 1, L or 1, S).
        """
        sees = None if mask is None else sees_something(self.attend, mask, contexts.shape[-2], causal)
        if head_mask is not None:
            check_head_mask(head_mask, contexts)
            contexts = contexts * head_mask.to(contexts.dtype)[..., None, None]
            left = (head_mask != 0).unsqueeze(-1)  # a head left out sees nothing
            sees = left if sees is None else sees & left
        output = self.project_output(merge_heads(contexts))
        return output if sees is None else output * sees.any(-2).unsqueeze(-1)
