"""What a page weighs beside the same page with Jupyter's widgets in place of our figures; `benchmarks/pages.py` times both in a browser."""

from benchmarks.pages import FIGURE, weigh


def test_a_page_with_figures_weighs_at_most_half_of_one_with_widgets(book, pages):
    weighed = {path: weigh(book, path) for path in pages if FIGURE.search((book / path).read_text(encoding="utf-8"))}
    assert weighed
    heavy = {path: round(ours / theirs, 3) for path, (ours, theirs) in weighed.items() if ours > 0.5 * theirs}
    assert not heavy, heavy
