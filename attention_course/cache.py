"""Keys and values of the words so far, in room that is set apart for those to come."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attention_course.functional import check_mask, check_sizes

LEAST = 16
"""Words that the smallest room has space for."""


@dataclass(eq=False)
class Room:
    """Keys and values with free places behind them, shared by the caches that were made of one another.

    taken: how many places are. Who stands at their end writes behind it; nobody writes over what another one reads.
    """

    keys: Tensor
    values: Tensor
    taken: int

    @classmethod
    def with_space(cls, keys: Tensor, values: Tensor, more: int) -> "Room":
        """A copy with as many places again as are needed for `more` words."""
        length = keys.shape[-2]
        size = max(LEAST, 2 * (length + more))
        made = cls(*(x.new_empty(*x.shape[:-2], size, x.shape[-1]) for x in (keys, values)), taken=0)
        made.write(keys, values)
        return made

    def write(self, keys: Tensor, values: Tensor) -> None:
        """Into the next places, in place."""
        end = self.taken + keys.shape[-2]
        self.keys[..., self.taken : end, :] = keys
        self.values[..., self.taken : end, :] = values
        self.taken = end

    def takes(self, keys: Tensor, end: int) -> bool:
        """Whether these may be written behind `end`: it is free, and made for such numbers."""
        free = self.taken == end and end + keys.shape[-2] <= self.keys.shape[-2]
        own = torch.is_inference_mode_enabled() or not self.keys.is_inference()
        return free and own and self.keys.dtype == keys.dtype and self.keys.shape[:-2] == keys.shape[:-2]


@dataclass(frozen=True, eq=False)
class KeyValueCache:
    """The keys and values of the words so far, and which of them count.

    A new word is written into room set apart for it, and nothing is copied; where the room is full, a room twice as
    large is made. A cache does not change: who goes on twice from the same one has two, of which the second is given a
    room of its own. Where gradients are wanted, autograd may need each of them as it was: there they are copied.
    """

    room: Room
    start: int  # where its own words begin in the room
    end: int
    mask: Bool[Tensor, "*some 1 length"] | None  # which of them count; None: all

    @classmethod
    def of(
        cls,
        keys: Float[Tensor, "*batch length key_size"],
        values: Float[Tensor, "*batch length value_size"],
        mask: Bool[Tensor, "..."] | None = None,
    ) -> "KeyValueCache":
        """These keys and values as they are. mask: which of them count, (..., 1, length)."""
        check_sizes(keys, keys, values)
        length = keys.shape[-2]
        return cls(Room(keys, values, length), 0, length, joined_mask(None, 0, mask, length))

    @property
    def length(self) -> int:
        """How many words it holds."""
        return self.end - self.start

    @property
    def keys(self) -> Float[Tensor, "*batch length key_size"]:
        return self.room.keys[..., self.start : self.end, :]

    @property
    def values(self) -> Float[Tensor, "*batch length value_size"]:
        return self.room.values[..., self.start : self.end, :]

    def append(self, keys: Tensor, values: Tensor, mask: Bool[Tensor, "..."] | None = None) -> "KeyValueCache":
        """One with these words behind its own."""
        check_sizes(keys, keys, values)
        mask = joined_mask(self.mask, self.length, mask, keys.shape[-2])  # small beside the keys, and so copied
        if torch.is_grad_enabled():
            keys, values = torch.cat([self.keys, keys], -2), torch.cat([self.values, values], -2)
            return KeyValueCache(Room(keys, values, keys.shape[-2]), 0, keys.shape[-2], mask)
        room, start = self.room, self.start
        if not room.takes(keys, self.end):
            pairs = (self.keys, keys), (self.values, values)
            kept = (x.to(torch.promote_types(x.dtype, new.dtype)) for x, new in pairs)
            room, start = Room.with_space(*kept, keys.shape[-2]), 0
        room.write(keys, values)
        return KeyValueCache(room, start, room.taken, mask)

    def last(self, count: int) -> "KeyValueCache":
        """One of the last `count` words alone, in a room that does not grow with those that are forgotten."""
        if self.length <= count:
            return self
        start, mask = self.end - count, None if self.mask is None else self.mask[..., self.length - count :]
        if torch.is_grad_enabled() or self.room.keys.shape[-2] <= 4 * max(LEAST, count):
            return KeyValueCache(self.room, start, self.end, mask)
        keys, values = (x[..., start : self.end, :] for x in (self.room.keys, self.room.values))
        return KeyValueCache(Room.with_space(keys, values, 1), 0, count, mask)

    def pick(self, rows: Int[Tensor, " rows"]) -> "KeyValueCache":
        """Those rows of the batch, with the same room behind them: of beam search, say, which beginnings go on."""
        room = Room(self.room.keys[rows], self.room.values[rows], self.end)
        mask = self.mask
        if mask is not None and mask.dim() == room.keys.dim() and mask.shape[0] > 1:  # not one for all
            mask = mask[rows]
        return KeyValueCache(room, self.start, self.end, mask)


def joined_mask(
    earlier: Bool[Tensor, "*some 1 before"] | None, before: int, mask: Bool[Tensor, "..."] | None, new: int
) -> Bool[Tensor, "*some 1 keys"] | None:
    """Which of the `before` earlier keys and of the `new` ones count; None where all do."""
    if mask is not None:
        check_mask(mask, (*mask.shape[:-2], 1, new))
        mask = torch.atleast_2d(mask).expand(*mask.shape[:-2], 1, new)
    if earlier is None and mask is None:
        return None
    if earlier is None:
        earlier = mask.new_ones(*mask.shape[:-1], before)
    elif mask is None:
        mask = earlier.new_ones(*earlier.shape[:-1], new)
    front = torch.broadcast_shapes(earlier.shape[:-1], mask.shape[:-1])
    return torch.cat([earlier.expand(*front, -1), mask.expand(*front, -1)], -1)
