"""Every figure as a picture file: what is saved shows what the screen shows."""

import io
import re

import numpy as np
import pytest
from matplotlib.pyplot import imread

from cnnmath.figures import FIGURES
from tests.figures.contract import random_states

figures = pytest.mark.parametrize("kind", FIGURES.values(), ids=FIGURES)
MARGIN, BLOCK = 16, 4  # px around a saved figure; pixels are compared as means over blocks, since letters are drawn finer in the file


def blocks(picture):
    rows, cols = (size // BLOCK for size in picture.shape[:2])
    return picture[: rows * BLOCK, : cols * BLOCK].reshape(rows, BLOCK, cols, BLOCK, 3).mean(axis=(1, 3))


def saved(page, action):
    """The file name and the bytes that an action of the foot downloads."""
    with page.expect_download() as download:
        page.get_by_role("button", name=action).click()
    return download.value.suggested_filename, download.value.path().read_bytes()


@figures
def test_the_saved_picture_shows_the_figure(kind, live):
    """Two pixels for each of the screen's: the figure without its actions, in the colours of the page, and its description as a caption."""
    element = live(kind())
    for scheme, paper in (("light", 1), ("dark", 20 / 255)):
        element.page.emulate_media(color_scheme=scheme)
        element.settle()
        screen = imread(io.BytesIO(element.page.locator(kind.tag).screenshot()))[..., :3]
        width, body, foot = element.ask("""(({ top, width }, foot) => [width, foot.top - top, foot.height])(
            el.getBoundingClientRect(), el.shadowRoot.querySelector('.foot').getBoundingClientRect())""")
        name, content = saved(element.page, "Save as PNG")
        assert name == f"{element.ask('el.key')}.png"
        file = imread(io.BytesIO(content))[..., :3]
        assert file.shape[1] == 2 * (width + 2 * MARGIN) and abs(file.shape[0] / 2 - (body + foot + 2 * MARGIN)) < max(foot, 120)
        file = file[: file.shape[0] // 2 * 2].reshape(-1, 2, int(width) + 2 * MARGIN, 2, 3).mean(axis=(1, 3))
        rows, cols = int(body), int(width)
        shown, seen = blocks(file[MARGIN : MARGIN + rows, MARGIN : MARGIN + cols]), blocks(screen[:rows, :cols])
        apart = np.abs(shown - seen).max(axis=2)
        assert seen.std() > 0.04 and apart.mean() < 0.012 and np.mean(apart > 1 / 8) < 0.04, (scheme, seen.std(), apart.mean(), np.mean(apart > 1 / 8))
        caption = file[MARGIN + rows + 8 : -MARGIN]
        assert caption.std() > 0.02 or kind.__name__ == "AnswerBox"  # whose verdict stands beside its entry
        np.testing.assert_allclose(file[: MARGIN - 2, : MARGIN - 2, 0], paper, atol=1 / 255)  # a line at the edge may reach 2 px beyond
        element.ask("el.state = a", random_states(kind, 1, seed=9)[0])  # for the dark one


@figures
def test_the_saved_svg_holds_what_the_controls_say(kind, live):
    element = live(kind(**random_states(kind, 1, seed=9)[0]))
    element.settle()
    name, content = saved(element.page, "Save as SVG")
    text = content.decode()
    assert name == f"{element.ask('el.key')}.svg" and text.startswith("<svg ") and "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", text)
    written = element.ask("""[...new DOMParser().parseFromString(a, 'image/svg+xml').querySelectorAll('input, parsererror')]
        .map((one) => [one.getAttribute('type'), one.getAttribute('value'), one.hasAttribute('checked')])""", text)
    assert written == element.ask("[...el.shadowRoot.querySelectorAll('input:not([type=file])')].map((one) => [one.type, one.value, one.checked])")
    assert element.ask("el.live.textContent") == f"Saved as {name}."
