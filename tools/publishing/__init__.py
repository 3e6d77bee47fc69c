"""What the web site is made of: copies of the notebooks, and the pages that are built from tables and results."""
