"""A class that cheats: see `cases`."""
