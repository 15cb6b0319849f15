"""What the theme would load and the book does not use is left away, and nothing that it shows is missing."""

import numpy as np
import pytest
from PIL import Image

from tests.book.visit import visit
from tools import lighter_theme

SCRIPT = 'var a={"arrow-up":[384,512,[8593],"f062","M1 2"],moon:[384,512,[127769,9214],"f186","M3 4"],x:[1,2,["xmark"],"f1",["M5","M6"]]},b=1;'


@pytest.mark.parametrize("names, kept", [
    ({"moon"}, 'var a={moon:[384,512,[127769,9214],"f186","M3 4"],},b=1;'),
    ({"xmark", "arrow-up"}, 'var a={"arrow-up":[384,512,[8593],"f062","M1 2"],x:[1,2,["xmark"],"f1",["M5","M6"]]},b=1;'),
    (set(), "var a={},b=1;"),
])
def test_an_icon_is_kept_by_its_name_or_an_alias(names, kept):
    assert lighter_theme.keep(SCRIPT, names) == kept


@pytest.mark.parametrize("alpha, mode", [(255, "RGB"), (254, "RGBA")])
def test_a_picture_loses_its_opacity_only_where_all_of_it_is_opaque(tmp_path, rng, alpha, mode):
    pixels = rng.integers(256, size=(9, 7, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    pixels[4, 4, 3] = alpha
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    lighter_theme.flatten(path)
    with Image.open(path) as picture:
        assert picture.mode == mode
        np.testing.assert_array_equal(np.asarray(picture.convert("RGBA")), pixels)


def test_the_site_ships_a_tenth_of_the_icons(book):
    assert (book / lighter_theme.ICONS).stat().st_size < 150_000


def test_the_index_of_the_book_is_loaded_where_it_is_searched(book, pages):
    """That search works is tested in test_pages.py."""
    assert [path for path in pages if "searchindex.js" in (book / path).read_text(encoding="utf-8")] == ["search.html"]


@pytest.mark.parametrize("path", ["book/02_convolution.html", "book/index.html", "search.html"])
def test_every_icon_is_drawn(book, page, path):
    visit(page, book.as_uri(), path)
    page.wait_for_selector("svg[data-icon]", state="attached")
    drawn = page.eval_on_selector_all("svg[data-icon]", "all => all.map((one) => [one.dataset.icon, one.querySelectorAll('path[d]').length, !!one.querySelector('animate')])")
    # An icon that is missing is drawn as an animated question mark.
    assert [one for one in drawn if one[1] != 1 or one[2]] == []
    assert page.locator("i.fa-solid").count() == 0
