"""Sphinx extension: the one setting `repository.url` turns on the buttons that lead to it.

With an address every page links to the repository, to its own source and to its issues, and a notebook's page opens
in Binder and, from GitHub, in Colab. While the address is empty there is no such button.
"""


def turn_on(app, config):
    """Set the theme's options for buttons where there is a repository."""
    options = config.html_theme_options
    url = (options.get("repository_url") or "").rstrip("/")
    if not url:
        return
    options["repository_url"] = url
    options.update(use_repository_button=True, use_edit_page_button=True, use_issues_button=True)
    options["launch_buttons"] = {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
    if "//github.com/" in url:
        options["launch_buttons"]["colab_url"] = "https://colab.research.google.com"


def setup(app):
    """Called by Sphinx."""
    app.connect("config-inited", turn_on)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
