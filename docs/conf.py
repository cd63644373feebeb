"""How Sphinx builds the documentation: `make docs`."""

project = "quadlaw"
author = "the authors of quadlaw"
html_title = "quadlaw"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_show_copyright = False

# Headings can be linked to; links to files of the project become copies that can be opened.
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say them in words
napoleon_numpy_docstring = True
napoleon_google_docstring = False
# Every reference of a docstring to a module or a function must lead somewhere; types are words.
nitpicky = True
nitpick_ignore_regex = [("py:class", ".*")]


def setup(app):
    """The ledger's page holds figures/claims.md: there, links to a claim stay on the page."""

    def on_the_page(app, name, source):
        source[0] = source[0].replace("(../figures/claims.md#", "(#")

    app.connect("source-read", on_the_page)
