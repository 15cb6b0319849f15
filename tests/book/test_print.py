"""A chapter on paper: what the browser prints, read back from the PDF, and measured on the width of a sheet."""

import re
import unicodedata

import pypdfium2
import pytest

from tests.book.visit import visit

# A4 less the margins that book.css asks for, at 96 px an inch.
SHEET = {"width": 665, "height": 986}
ON_SCREEN_ONLY = ("Copy as Python", "Show code cell", "Print the chapter", "Skip to main content", "Back to top", "Search")
OPEN = "!e.closest('.toggle-hidden, details:not([open])')"
FIGURES = f"[...document.querySelectorAll('article *')].filter(e => e.localName.startsWith('cnnmath-') && e.description && {OPEN})"
# What ends beyond the sheet, or is cut off by its own box. Of a drawing the frame counts, and not what it clips.
WIDER = """() => {
  const found = [];
  const walk = (root) => root.querySelectorAll('*').forEach((one) => {
    if (one.shadowRoot) walk(one.shadowRoot);
    if (one.closest('mjx-assistive-mml') || one.parentElement?.closest('svg')) return;
    const [box, style] = [one.getBoundingClientRect(), getComputedStyle(one)];
    const cut = style.overflowX !== 'visible' && style.display !== 'inline' && one.scrollWidth > one.clientWidth + 1;
    if (box.width && box.height && (cut || box.right > innerWidth + 1 || box.left < -1 && !one.matches('.handle'))) {
      found.push(`${one.localName}.${one.className} ${one.textContent.slice(0, 60)}`);
    }
  });
  walk(document.querySelector('article'));
  return found;
}"""


def bare(text):
    """Text without spaces, line ends and ligatures, which a PDF keeps in its own way."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


@pytest.fixture
def printed(page, tmp_path):
    """printed() is the page as a PDF: how many sheets, and their text without spaces."""

    def run():
        path = tmp_path / "page.pdf"
        page.pdf(path=path, format="A4", prefer_css_page_size=True)
        with pypdfium2.PdfDocument(path) as sheets:
            return len(sheets), bare("".join(sheet.get_textpage().get_text_range() for sheet in sheets))

    return run


@pytest.fixture
def chapters(pages):
    """The pages of the chapters."""
    return [path for path in pages if re.match(r"book/\d\d_", path)]


def test_a_chapter_prints_its_title_its_equations_and_its_figures_without_controls(book, page, chapters, printed):
    for path in chapters:
        visit(page, book.as_uri(), path)
        said = page.evaluate(f"{FIGURES}.filter(e => e.localName !== 'cnnmath-answer-box').map(e => e.description)")
        title, numbers = page.evaluate(
            "[document.querySelector('article h1').textContent.replace('#', ''),"
            f" [...document.querySelectorAll('.eqno')].filter(e => {OPEN}).map(e => e.firstChild.textContent)]"
        )
        sheets, text = printed()
        assert bare(title) in text, path
        assert [number for number in numbers if number not in text] == [], path
        assert said and [words for words in said if bare(words) not in text] == [], path
        assert [words for words in ON_SCREEN_ONLY if bare(words) in text] == [], path
        assert 8 <= sheets <= 70, f"{path}: {sheets} sheets"


def test_a_figure_prints_its_present_numbers(book, page, printed):
    visit(page, book.as_uri(), "book/02_convolution.html")
    page.evaluate("document.querySelector('cnnmath-kernel-slider').state = { stride: 2, cell: [1, 1] }")
    _, text = printed()
    said = page.evaluate("document.querySelector('cnnmath-kernel-slider').description")
    assert "Output row 1, column 1" in said and bare(said) in text
    assert "size⌊(5+2·0−1·(3−1)−1)/2⌋+1=2" in text


def test_nothing_is_wider_than_the_sheet(book, new_page, pages):
    sheet = new_page(viewport=SHEET)
    for path in pages:
        visit(sheet, book.as_uri(), path)
        if not path.startswith("book/"):
            continue
        sheet.emulate_media(media="print")
        sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert sheet.evaluate(WIDER) == [], path


@pytest.mark.parametrize("themed_page", ["dark"], indirect=True)
def test_paper_is_light_and_the_screen_dark_again(book, themed_page):
    visit(themed_page, book.as_uri(), "book/02_convolution.html")
    colours = f"""() => {{
      const figure = {FIGURES}[0];
      const article = getComputedStyle(document.querySelector('article')).color;
      return [document.documentElement.dataset.theme, figure.dataset.scheme, figure.ramps.grey(1)[0], article];
    }}"""
    dark = themed_page.evaluate(colours)
    themed_page.evaluate("dispatchEvent(new Event('beforeprint'))")
    light = themed_page.evaluate(colours)
    themed_page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert dark[:2] == ["dark", "dark"] and light[:2] == ["light", "light"] and light[2] > dark[2]
    assert sum(map(int, re.findall(r"\d+", light[3])[:3])) < 150 < sum(map(int, re.findall(r"\d+", dark[3])[:3]))
    assert themed_page.evaluate(colours) == dark


def test_a_solution_is_printed_where_it_is_open_and_all_are_by_the_button(book, page, printed):
    visit(page, book.as_uri(), "book/02_convolution.html")
    count = page.locator(".solution").count()
    assert count > 2 and printed()[1].count("Solutionto") == 0
    page.locator(".solution .toggle-button").first.click()
    page.mouse.move(0, 0)  # a title under the mouse is printed, but as a picture
    assert printed()[1].count("Solutionto") == 1
    page.evaluate("window.print = () => {}")
    page.get_by_role("button", name="Print it with all solutions").click()
    page.mouse.move(0, 0)
    assert printed()[1].count("Solutionto") == count
    assert page.locator(".solution.toggle-hidden").count() == count - 1, "they close again after printing"
    assert printed()[1].count("Solutionto") == 1


def test_the_address_of_a_link_that_leaves_the_book_is_printed(book, page, printed):
    visit(page, book.as_uri(), "book/index.html")
    assert "CCBY4.0(https://creativecommons.org/licenses/by/4.0/)" in printed()[1]
