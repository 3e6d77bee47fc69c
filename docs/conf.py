"""The settings of Sphinx. `tools/website.py` prepares what it reads; the repository's address brings the buttons."""

import os

repository = os.environ.get("COURSE_REPOSITORY", "")  # owner/name, "" while it has none

project = "Attention, hands on"
author = "The authors of Attention, hands on"
extensions = ["myst_nb", "sphinx-mathjax-offline"]
html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_context = {"default_mode": "auto"}  # light or dark, as the reader's machine is
html_copy_source = True
html_sourcelink_suffix = ""
html_theme_options = {
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "home_page_in_toc": True,
    "navbar_persistent": [],  # one search box, that of the sidebar
}
if repository:
    html_theme_options |= {
        "repository_url": f"https://github.com/{repository}",
        "repository_branch": "HEAD",
        "path_to_docs": "",
        "use_repository_button": True,
        "use_issues_button": True,
        "launch_buttons": {
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
            "notebook_interface": "jupyterlab",
        },
    }

root_doc = "index"

nb_execution_mode = "off"
nb_render_markdown_format = "myst"  # tables and formulas in what a cell shows
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type", "myst.header"]
