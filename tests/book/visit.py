"""How a test opens a page of the book."""

TYPESET = "() => !window.MathJax || window.MathJax.startup.promise.then(() => true)"


def visit(page, address, path):
    """Open one page of the book and wait until it is loaded and its equations are set."""
    page.goto(f"{address}/{path}")
    if path == "index.html":
        page.wait_for_url("**/book/index.html")
    page.evaluate(TYPESET)
