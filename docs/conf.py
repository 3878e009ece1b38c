"""The documentation as a site: ``make docs`` builds it into ``docs/_build/html``."""

import chatd

project = "chatd"
author = "the chatd developers"
project_copyright = author
version = release = chatd.__version__

root_doc = "index"
exclude_patterns = ["_build"]
nitpicky = True
highlight_language = "none"
language = "en"

html_theme = "furo"
html_title = f"chatd {release}"
html_static_path = ["_static"]
html_css_files = ["chatd.css"]
html_copy_source = False
html_show_sphinx = False
