"""ActivationExplorer: known numbers, dragging along the curve, maps, layers; and the plot that it draws on."""

import re

import numpy as np
import pytest

from cnnmath.figures import ActivationExplorer
from tests.figures.contract import text

SMOOTH = ["sigmoid", "tanh", "gelu"]


@pytest.fixture
def explorer(live):
    element = live(ActivationExplorer())
    element.settle()
    return element


def centre(element, selector, k=0):
    """Centre of the k-th node that the selector meets, in page pixels."""
    return element.ask("""(() => { const box = el.shadowRoot.querySelectorAll(a[0])[a[1]].getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]; })()""", [selector, k])


def place(element, x, y):
    """A point of the curve's axes, in page pixels: its clip is the rectangle that x and y span."""
    box = element.ask("(() => { const [svg, clip] = ['svg', 'svg clipPath rect'].map((s) => el.shadowRoot.querySelector(s));"
                      "const at = svg.getBoundingClientRect(); const of = (n) => Number(clip.getAttribute(n));"
                      "return [at.x + of('x'), at.y + of('y'), of('width'), of('height')]; })()")
    low, high = element.ask("el.state.activation") in ("sigmoid", "tanh") and (-1.25, 1.25) or (-2, 6)
    return [box[0] + (x + 6.6) / 13.2 * box[2], box[1] + (high - y) / (high - low) * box[3]]


def line(element, look, k=0):
    """The k-th drawn path of a class, as points in data coordinates of the first plot; [] if hidden."""
    path = element.ask("(() => { const one = el.shadowRoot.querySelector('svg').querySelectorAll(a[0])[a[1]];"
                       "return one.hasAttribute('hidden') ? '' : one.getAttribute('d'); })()", [look, k])
    numbers = np.array(re.findall(r"[-.\d]+", path), dtype=float).reshape(-1, 2)
    (x0, y0), (x1, y1) = place(element, 0, 0), place(element, 1, 1)
    corner = element.ask("(({x, y}) => [x, y])(el.shadowRoot.querySelector('svg').getBoundingClientRect())")
    return (numbers + corner - [x0, y0]) / [x1 - x0, y1 - y0]


# numbers

def test_at_the_kink_there_are_two_slopes_and_a_convention():
    for activation, slope in (("relu", 0), ("leaky_relu", 0.1)):
        values = ActivationExplorer(activation=activation, x=0).values()
        assert (values["left"], values["slope"], values["right"], values["kink"]) == (slope, slope, 1, 1)
        assert values["central"] == pytest.approx((slope + 1) / 2)


def test_nowhere_else_is_a_kink():
    kinks = [ActivationExplorer(activation=name, x=x).values()["kink"] for name in SMOOTH for x in (-6, 0, 1e-9, 6)]
    kinks += [ActivationExplorer(x=x).values()["kink"] for x in (-1e-9, 1e-9, 6)]
    kinks.append(ActivationExplorer(activation="leaky_relu", negative_slope=1, x=0).values()["kink"])
    assert not any(kinks)


def test_relu_erases_the_minus_six_and_the_kernel_minus_k_keeps_it():
    lost, kept = ActivationExplorer().values(), ActivationExplorer(negated=True).values()
    np.testing.assert_array_equal(lost["after"], [[0, 0, 6]] * 3)
    np.testing.assert_array_equal(kept["after"], [[6, 0, 0]] * 3)
    np.testing.assert_array_equal(lost["after"] - kept["after"], lost["before"])
    assert (lost["zeros_before"], lost["zeros"], lost["erased"]) == (3, 6, 3)


def test_zeros_of_the_photo_are_counted_without_rounding():
    values = ActivationExplorer(map="photo").values()
    both = ActivationExplorer(map="photo", negated=True).values()
    assert values["erased"] + both["erased"] + values["zeros_before"] == 126 * 126
    assert values["zeros"] == values["erased"] + values["zeros_before"]


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", *SMOOTH])
def test_no_slope_is_larger_than_the_bound(activation):
    slopes = [ActivationExplorer(activation=activation, layers=20, inputs=part.tolist()).values()["slopes"]
              for part in np.linspace(-6, 6, 1200).reshape(-1, 20)]
    bound = ActivationExplorer(activation=activation, layers=1).values()["bounds"][0]
    assert np.max(slopes) <= bound <= np.max(slopes) + 1e-4


def test_layers_take_their_inputs_and_then_x():
    values = ActivationExplorer(activation="sigmoid", x=1, layers=3, inputs=[0, 0]).values()
    np.testing.assert_array_equal(values["z"], [0, 0, 1])
    assert values["product"] == pytest.approx(0.25 * 0.25 * values["slope"])
    assert values["bounds"].tolist() == [4.0**-1, 4.0**-2, 4.0**-3]


# the point on the curve

def test_dragging_moves_x_in_steps_and_stops_at_the_ends(explorer):
    mouse = explorer.page.mouse
    mouse.move(*centre(explorer, ".plot .handle"))
    mouse.down()
    mouse.move(*place(explorer, 1.52, 4), steps=5)
    assert explorer.state["x"] == 1.5
    mouse.move(*place(explorer, 40, 0))
    mouse.up()
    assert explorer.state["x"] == 6
    mouse.move(*place(explorer, 0, 0))
    assert explorer.state["x"] == 6


def test_a_press_beside_the_point_brings_it_there(explorer):
    explorer.page.mouse.click(*place(explorer, -3.04, 5))
    assert explorer.state["x"] == -3
    explorer.settle()
    np.testing.assert_allclose(centre(explorer, ".plot .handle"), place(explorer, -3, 0), atol=0.6)


def test_keys_move_by_small_and_large_steps_and_to_the_ends(explorer):
    explorer.ask("el.shadowRoot.querySelector('.plot .handle').focus()")
    for key, x in [("ArrowRight", -5.9), ("Shift+ArrowRight", -4.9), ("PageUp", -3.9), ("ArrowUp", -3.8), ("ArrowDown", -3.9),
                   ("PageDown", -4.9), ("ArrowLeft", -5), ("End", 6), ("ArrowRight", 6), ("Home", -6)]:
        explorer.page.keyboard.press(key)
        assert explorer.state["x"] == x, key
    explorer.settle()
    knob = explorer.ask("['role', 'aria-valuenow', 'aria-valuemin', 'aria-valuemax', 'aria-valuetext'].map((n) => el.shadowRoot.querySelector('.plot .handle').getAttribute(n))")
    assert knob == ["slider", "-6", "-6", "6", "x = −6, f(x) = 0, slope 0"]


def test_a_finger_holds_the_point_and_the_page_scrolls_elsewhere(explorer):
    assert explorer.ask("getComputedStyle(el.shadowRoot.querySelector('.plot .handle')).touchAction") == "none"
    assert explorer.ask("getComputedStyle(el.shadowRoot.querySelector('.plot svg')).touchAction") == "pan-y"


@pytest.mark.parametrize("activation", SMOOTH)
def test_the_tangent_touches_with_the_slope(live, activation):
    element = live(ActivationExplorer(activation=activation, x=1.3))
    element.settle()
    values = element.ask("el.values")
    tangent = line(element, "path.accent")
    rise = (tangent[1] - tangent[0])[1] / (tangent[1] - tangent[0])[0]
    assert rise == pytest.approx(values["slope"], rel=1e-3)
    assert tangent[0][1] + rise * (1.3 - tangent[0][0]) == pytest.approx(values["value"], abs=0.02)
    assert line(element, "path.accent", 1).size == 0


def test_at_the_kink_two_lines_and_the_words(explorer):
    explorer.ask("el.state = { x: 0 }")
    explorer.settle()
    lines = [line(explorer, "path.accent", k) for k in (0, 1)]
    rises = [(to[1] - at[1]) / (to[0] - at[0]) for at, to in lines]
    assert rises == pytest.approx([0, 1], abs=1e-3)
    for words in ("No derivative", "0 on the left, 1 on the right", "[0, 1]", "Convention: 0", "Central difference: 0.5"):
        assert words in text(explorer, ".reading")


def test_the_slope_breaks_at_the_kink(explorer):
    path = explorer.ask("el.shadowRoot.querySelector('path.second').getAttribute('d')")
    assert path.count("M") == 2
    explorer.ask("el.state = { activation: 'tanh' }")
    explorer.settle()
    assert explorer.ask("el.shadowRoot.querySelector('path.second').getAttribute('d')").count("M") == 1


# the maps

def test_pointing_at_a_number_shows_it_on_the_curve_and_a_click_keeps_it(explorer):
    explorer.page.mouse.move(*centre(explorer, ".cell", 2))
    explorer.settle()
    assert explorer.state["x"] == -6 and "f(6) = 6" in text(explorer, ".reading")
    np.testing.assert_allclose(centre(explorer, ".plot .handle"), place(explorer, 6, 6), atol=0.6)
    explorer.page.mouse.move(2, 2)
    explorer.settle()
    assert "f(−6) = 0" in text(explorer, ".reading")
    explorer.page.mouse.click(*centre(explorer, ".cell", 2))
    assert explorer.state["x"] == 6


def test_cells_at_x_are_marked_and_erased_ones_hatched(explorer):
    marks = explorer.ask("[...el.shadowRoot.querySelectorAll('.cell')].slice(0, 18).map((cell) => cell.className.slice(5).trim())")
    assert marks == ["at", "", ""] * 3 + ["at erased", "", ""] * 3


def test_keys_take_the_next_number_to_x(explorer):
    explorer.ask("el.shadowRoot.querySelector('.grid').focus()")
    for key, x in [("ArrowRight", 6), ("ArrowLeft", 0), ("Home", -6), ("End", 6)]:
        explorer.page.keyboard.press(key)
        assert explorer.state["x"] == x, key


def test_erased_pixels_are_hatched_and_counted(live):
    element = live(ActivationExplorer(map="photo"))
    element.settle()
    hatched = element.ask("""[...el.shadowRoot.querySelectorAll('.hatch:is(canvas)')[1].getContext('2d')
        .getImageData(0, 0, 126, 126).data].filter((x, k) => k % 4 === 3 && x > 0).length""")
    erased = ActivationExplorer(map="photo").values()["erased"]
    assert hatched == erased and f"{erased} negative numbers erased" in element.ask("el.shadowRoot.textContent")


# the layers

def test_enter_puts_x_into_a_layer_and_the_button_takes_it_back(explorer):
    explorer.ask("el.state = { activation: 'sigmoid', x: 0, layers: 3 }")
    explorer.settle()
    assert text(explorer, ".formula").startswith("(0.25)(0.25)(0.25) = 0.0156")
    explorer.ask("el.state = { inputs: [0, 0, 0], x: 6 }")
    explorer.settle()
    explorer.ask("el.shadowRoot.querySelectorAll('.grid')[2].focus()")
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        explorer.page.keyboard.press(key)
    assert explorer.state["inputs"] == [0, 0, 6]
    explorer.page.get_by_role("button", name="all layers at x").click()
    assert explorer.state["inputs"] == [] and explorer.ask("el.values.z") == [6, 6, 6]


def test_a_dead_layer_is_named(explorer):
    explorer.ask("el.state = { inputs: [1, 2, -1, 3] }")
    explorer.settle()
    assert "exactly 0 from layer 3 on" in explorer.ask("el.shadowRoot.textContent")
    assert explorer.ask("[...el.shadowRoot.querySelectorAll('circle.accent')].filter((one) => !one.hasAttribute('hidden')).length") == 2


def test_drawn_inputs_are_good_ones_for_every_layer(explorer):
    explorer.page.get_by_role("button", name="normal inputs").click()
    drawn = explorer.state["inputs"]
    assert len(drawn) == 8 and len(set(drawn)) > 1 and explorer.ask("el.error") == ""


# the plot

@pytest.mark.parametrize("span, most, expected", [((-6, 6), 7, [-6, -4, -2, 0, 2, 4, 6]), ((0, 1), 5, [0, 0.2, 0.4, 0.6, 0.8, 1]),
                                                   ((-1.25, 1.25), 5, [-1, -0.5, 0, 0.5, 1]), ((0, 0.003), 3, [0, 0.001, 0.002, 0.003])])
def test_ticks_are_round_numbers(explorer, span, most, expected):
    assert explorer.ask("cnnmath.plot.ticks(...a)", [span, most]) == expected


@pytest.mark.parametrize("width", [300, 680])
def test_the_curve_fits_its_axes_at_any_width(explorer, width):
    explorer.page.set_viewport_size({"width": width, "height": 900})
    explorer.settle()
    curve = line(explorer, "path[class='']", explorer.ask("[...el.shadowRoot.querySelector('svg').querySelectorAll('path')]"
                 ".filter((one) => one.getAttribute('class') === '').findIndex((one) => one.getAttribute('d').length > 500)"))
    np.testing.assert_allclose(curve[:, 1], np.maximum(curve[:, 0], 0), atol=0.05)
    assert explorer.page.evaluate("document.documentElement.scrollWidth") <= width


def test_static_carries_the_numbers():
    text = ActivationExplorer(activation="sigmoid", x=0, layers=2).static()
    assert "<td>0</td><td>0.5</td><td>0.25</td>" in text and "<td>0.25</td><td>0.0625</td>" in text
    assert text.count("<td>") == 3 + 9 + 9 + 6
