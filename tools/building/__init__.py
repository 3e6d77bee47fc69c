"""How a notebook is made from its source: one step a file."""
