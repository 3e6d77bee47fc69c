"""The web site: the notebooks as they stand, outputs included, and a few pages beside them."""

project = "Attention, hands on"
author = "The authors of Attention, hands on"
extensions = ["myst_nb"]
html_theme = "sphinx_book_theme"
html_title = project
html_extra_path = ["extra"]  # the way from the site's root to docs/index

# The source folder is the repository: the site shows the same files that GitHub does.
root_doc = "docs/index"
include_patterns = ["docs/*.md", "notebooks/*.ipynb", "notebooks/exercises/*.ipynb"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header"]
