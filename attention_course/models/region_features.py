"""What an image encoder makes of scenes, region by region: computed once, and kept on disk."""

import hashlib
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float16, UInt8
from torch import Tensor, nn

from attention_course import device
from attention_course.bar import bar
from attention_course.data import registry
from attention_course.data.scenes import Scene
from attention_course.modes import evaluating

BATCH = 16  # images that are encoded at once: the first layers take some 10 MB each


def as_images(pixels: UInt8[np.ndarray, "batch height width 3"]) -> Float[Tensor, "batch 3 height width"]:
    """Pixels from 0 to 255 as an encoder takes them."""
    return torch.tensor(pixels, device="cpu").permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def encode_images(
    encoder: nn.Module, pixels: UInt8[np.ndarray, "images height width 3"]
) -> Float16[Tensor, "images regions channels"]:
    """One vector a region, row by row from the upper left, in half precision.

    encoder: (B, 3, H, W) → (B, C, rows, columns), such as `efficientnet.EfficientNetLite0`.
    """
    like, found = next(encoder.parameters()), []
    with evaluating(encoder), device.autocast(like.device):
        for start in range(0, len(pixels), BATCH):
            maps = encoder(as_images(pixels[start : start + BATCH]).to(like))
            found.append(maps.flatten(2).mT.half().cpu())
    with torch.autocast("cpu", enabled=False):  # which cannot join half precision
        return torch.cat(found)


def region_features(
    encoder: nn.Module, scenes: Sequence[Scene], size: int = 160, progress: bool = True
) -> Float16[Tensor, "scenes regions channels"]:
    """`encode_images` of every scene, drawn `size` pixels wide.

    They are kept in the user's cache folder (`data.registry`), under a name made of the scenes, the size and the
    encoder's weights, and taken from there the next time. A file that is broken is made anew; one is put
    in place only when it is whole; and where none can be written, all goes on without.

    Raises ValueError for no scenes, or where `size` is no multiple of the encoder's stride.
    """
    if not len(scenes):
        raise ValueError("scenes: expected at least one, got none")
    if size % encoder.stride:
        raise ValueError(f"size: expected a multiple of the encoder's stride, {encoder.stride}, got {size}")
    shape = (len(scenes), (size // encoder.stride) ** 2, encoder.channels)
    path = registry.cache_folder() / "region_features" / f"{_key(encoder, scenes, size)}.bin"
    if (kept := _load(path, shape)) is not None:
        return kept
    features = torch.empty(shape, dtype=torch.float16, device="cpu")
    with bar(total=len(scenes), unit="images", shown=progress) as moving:
        for start in range(0, len(scenes), BATCH):
            pixels = np.stack([scene.image(size) for scene in scenes[start : start + BATCH]])
            features[start : start + BATCH] = encode_images(encoder, pixels)
            moving.update(len(pixels))
    with suppress(OSError):
        _save(path, features)
    return features


def _key(encoder: nn.Module, scenes: Sequence[Scene], size: int) -> str:
    """A name that changes with whatever changes the features."""
    made = hashlib.sha256()
    for name, tensor in encoder.state_dict().items():
        made.update(name.encode())
        made.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    precision = "bfloat16" if device.bfloat16_pays(next(encoder.parameters()).device.type) else "float32"
    made.update(repr((type(encoder).__name__, size, precision, [(s.things, s.ground) for s in scenes])).encode())
    return made.hexdigest()[:32]


def _load(path: Path, shape: tuple[int, ...]) -> Float16[Tensor, "scenes regions channels"] | None:
    """What `_save` has written, or None where that is missing, of another shape or not what it was."""
    try:
        with path.open("rb") as file:
            digest = file.read(32)
            numbers = np.fromfile(file, np.float16)
    except OSError:
        return None
    if numbers.size != np.prod(shape) or hashlib.sha256(numbers).digest() != digest:
        return None
    return torch.from_numpy(numbers).view(shape)


def _save(path: Path, features: Float16[Tensor, "scenes regions channels"]) -> None:
    """The SHA-256 sum of the numbers, then the numbers; written beside the file and put in its place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=path.parent) as folder:
        partial = Path(folder, path.name)
        numbers = features.numpy()
        with partial.open("wb") as file:
            file.write(hashlib.sha256(numbers).digest())
            file.write(numbers)
        partial.replace(path)
