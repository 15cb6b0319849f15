"""KernelSlider by mouse, touch and keyboard; its numbers, its prediction, its sliding."""

import numpy as np
import pytest

from cnnmath.figures import KernelSlider
from tests.figures.contract import cell_centre, text


@pytest.fixture
def slider(live):
    element = live(KernelSlider())
    element.settle()
    return element


def test_the_sources_sum(slider):
    """(1)(1) + (2)(0) + (3)(−1) + … = −6 stands in the page."""
    assert text(slider, ".formula") == "(1)(1) + (2)(0) + (3)(−1) + (4)(1) + (5)(0) + (6)(−1) + (7)(1) + (8)(0) + (9)(−1) = −6"
    assert slider.ask("el.values.output") == [[-6, 0, 6]] * 3


def test_flip_gives_true_convolution(slider):
    slider.page.get_by_role("button", name="flip: true convolution").click()
    assert slider.state["flip"] is True
    assert slider.ask("el.values.output") == [[6, 0, -6]] * 3
    slider.settle()
    assert text(slider, ".formula").endswith("= 6")


def test_dragging_the_window_moves_the_cell(slider):
    page = slider.page
    page.mouse.move(*cell_centre(slider, "image", 1, 1))
    page.mouse.down()
    page.mouse.move(*cell_centre(slider, "image", 2, 3), steps=4)
    page.mouse.up()
    assert slider.state["cell"] == [1, 2]


def test_a_finger_moves_the_window(new_page, tmp_path):
    path = tmp_path / "touch.html"
    KernelSlider().save(path)
    page = new_page(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    box = page.evaluate("""() => { const box = document.querySelector('cnnmath-kernel-slider').shadowRoot.querySelector('.grid').querySelectorAll('[role=gridcell]')[13].getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]; }""")
    page.touchscreen.tap(*box)
    assert page.evaluate("document.querySelector('cnnmath-kernel-slider').state.cell") == [1, 2]


def test_arrow_keys_move_and_stop_at_the_edge(slider):
    slider.ask("el.shadowRoot.querySelector('.grid').focus()")
    for key in ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"]:
        slider.page.keyboard.press(key)
    assert slider.state["cell"] == [1, 2]
    slider.page.keyboard.press("Home")
    slider.page.keyboard.press("PageDown")
    assert slider.state["cell"] == [2, 0]


def test_pointing_at_an_output_shows_its_window_and_leaving_returns(slider):
    page = slider.page
    page.mouse.move(*cell_centre(slider, "output", 0, 2))
    slider.settle()
    assert text(slider, ".formula").endswith("= 6")
    assert slider.state["cell"] == [0, 0]
    page.mouse.move(5, 5)
    slider.settle()
    assert text(slider, ".formula").endswith("= −6")


def test_pointing_at_a_pixel_lights_its_term_and_its_weight(slider):
    slider.page.mouse.move(*cell_centre(slider, "image", 0, 2))
    slider.settle()
    assert text(slider, ".term.lit") == "(3)(−1)"
    assert slider.ask("[...el.shadowRoot.querySelectorAll('.weight')].findIndex((one) => one.classList.contains('lit'))") == 2


def test_the_turned_kernel_is_read_backwards(slider):
    """With the flip, the pixel under the window's last tap meets the weight K[0, 0]."""
    slider.ask("el.update({flip: true})")
    slider.settle()
    slider.page.mouse.move(*cell_centre(slider, "image", 2, 2))
    slider.settle()
    assert slider.ask("[...el.shadowRoot.querySelectorAll('.weight')].findIndex((one) => one.classList.contains('lit'))") == 0


def test_a_slider_and_its_field_change_one_weight(slider):
    slider.page.get_by_label("weight K[0, 2]", exact=True).fill("2")
    assert slider.state["kernel"][0] == [1, 0, 2]
    slider.page.get_by_label("weight K[0, 2], as a number").fill("-0.5")
    slider.page.keyboard.press("Enter")
    assert slider.state["kernel"][0] == [1, 0, -0.5]
    assert slider.ask("el.values.total") == np.sum([1, -1.5, 4, -6, 7, -9])


def test_an_impossible_dilation_keeps_the_last_good_picture(slider):
    slider.ask("el.update({image: [[1, 2, 3], [4, 5, 6], [7, 8, 9]]})")
    slider.page.get_by_label("dilation 2").click(force=True)
    slider.settle()
    assert text(slider, ".problem") == ("KernelSlider: dilated kernel height 5 (K_h=3, dilation=2) must not exceed padded height 3 "
                                        "(H=3, padding=0). Use padding >= 1 or a smaller kernel or dilation.")
    assert slider.state["dilation"] == 1
    assert slider.page.get_by_label("dilation 1").is_checked()


@pytest.mark.parametrize("guess, verdict", [
    ("-6", "Output[0, 0] = −6 is right."),
    ("6", "That is the sum with the kernel turned by 180°."),
    ("10", "Not 10: multiply each marked pixel by the number in its corner, then add."),
    ("", "Type a number first."),
])
def test_predictions_are_judged(slider, guess, verdict):
    slider.page.get_by_role("button", name="Predict the next cell").click()
    slider.settle()
    assert text(slider, ".formula").endswith("= ?")
    field = slider.page.get_by_label("your prediction")
    field.fill(guess)
    field.press("Enter")
    assert slider.ask("el.shadowRoot.querySelector('[role=status]').textContent") == verdict
    assert slider.state["cell"] == ([0, 1] if guess == "-6" else [0, 0])


def test_sliding_fills_the_output_and_ends_at_the_last_cell(slider):
    slider.page.get_by_role("button", name="Slide").click()
    slider.page.wait_for_timeout(400)
    shown = "[...el.shadowRoot.querySelectorAll('.grid')][1].textContent"
    assert slider.ask(shown) == ""
    slider.page.wait_for_timeout(9 * 130 + 9 * 320 + 600)
    assert slider.ask(shown) == "−606" * 3
    assert slider.state["cell"] == [2, 2]


def test_reduced_motion_jumps_to_the_end(slider):
    slider.page.emulate_media(reduced_motion="reduce")
    slider.page.get_by_role("button", name="Slide").click()
    assert slider.state["cell"] == [2, 2]


def test_copy_as_python_shows_the_code(slider):
    slider.page.get_by_role("button", name="Copy as Python").click()
    assert text(slider, ".code") == KernelSlider().as_python()


def test_reset_returns_to_the_first_state(slider):
    slider.ask("el.update({stride: 2, padding: 2, flip: true})")
    slider.page.get_by_role("button", name="Reset").click()
    assert slider.state == KernelSlider().state
