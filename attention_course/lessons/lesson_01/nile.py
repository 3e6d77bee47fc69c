"""A hundred measurements: how much water the Nile carried past Aswan, year by year."""

import csv
from importlib.resources import files

import torch
from jaxtyping import Float
from torch import Tensor


def nile() -> tuple[Float[Tensor, "100"], Float[Tensor, "100"]]:
    """The years 1871 to 1970, and the volume of each in 10^8 cubic metres.

    From Cobb, "The problem of the Nile", Biometrika 65 (1978); in the public domain.
    """
    with files(__package__).joinpath("nile.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return torch.tensor([float(r["year"]) for r in rows]), torch.tensor([float(r["flow"]) for r in rows])
