"""The cells of a matrix in a diagram: what stands in them, and how dark they are."""

import numpy as np


def as_text(entry, digits: int = 2) -> str:
    """How a number, a truth value or a word is written in a cell: whole numbers without a point, a true minus sign."""
    if isinstance(entry, str):
        return entry
    if isinstance(entry, (bool, np.bool_)):
        return "T" if entry else "F"
    if not np.isfinite(entry):
        return "NaN" if np.isnan(entry) else "∞" if entry > 0 else "−∞"
    whole = abs(entry - round(entry)) < 1e-6 and (abs(entry) >= 0.5 or entry == 0)
    return (f"{round(entry)}" if whole else f"{entry:.{digits}f}").replace("-", "−")


def as_table(entries) -> np.ndarray:
    """A vector or a matrix of numbers, truth values or words, from arrays, tensors of any device or lists of them."""
    table = np.asarray(_plain(entries))
    if table.dtype.kind not in "biufU" or table.ndim not in (1, 2) or not table.size:
        wanted = "a vector or a matrix of numbers, truth values or words"
        raise ValueError(f"entries: expected {wanted}, got {str(entries)[:60]}")
    return table


def _plain(given):
    if isinstance(given, list | tuple):
        return [_plain(part) for part in given]
    return given.detach().cpu().numpy() if hasattr(given, "detach") else given


def shades(table: np.ndarray, role: str) -> np.ndarray:
    """How dark each cell is: weights by their value, other numbers by their size beside the largest."""
    if table.dtype.kind in "Ub" or role == "score":
        return np.full(table.shape, 0.0 if role == "mask" else 0.35)
    size = np.nan_to_num(np.abs(table.astype(float)), posinf=0)
    return size.clip(max=1) if role == "weight" else 0.15 + 0.85 * size / max(size.max(), 1e-9)
