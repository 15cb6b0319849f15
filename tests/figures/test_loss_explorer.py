"""LossExplorer: known numbers, dragged logits, what stays under a shift, and saturation behind a sigmoid."""

import re

import numpy as np
import pytest

from cnnmath.figures import LossExplorer, StateError
from cnnmath.gradcheck import check_gradients
from tests.figures.contract import text

BARS = """[...el.shadowRoot.querySelectorAll('.parts > :nth-child(a)')].map((part) => [...part.querySelectorAll('.line')]
    .filter((line) => line.checkVisibility()).map((line) => { const [bar, box] = [line.querySelector('i'), line.querySelector('.bar')]
    .map((node) => node.getBoundingClientRect()); return [(bar.left - box.left) / box.width, (bar.right - box.left) / box.width]; }))[0]"""


@pytest.fixture
def explorer(live):
    element = live(LossExplorer())
    element.settle()
    return element


def centre(element, selector, k=0):
    """Centre of the k-th visible node that the selector meets, in page pixels."""
    return element.ask("""(() => { const seen = [...el.shadowRoot.querySelectorAll(a[0])].filter((node) => node.checkVisibility());
        const box = seen[a[1]].getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()""", [selector, k])


def bars(element, part):
    """Both ends of the bars of one part, as shares of their boxes."""
    return np.array(element.ask(BARS.replace("(a)", f"({part})")))


def points(element, plot, look):
    """A drawn curve of one plot, as an array of points in data coordinates."""
    path, clip = element.ask("""(() => { const svg = el.shadowRoot.querySelectorAll('.plot svg')[a[0]];
        return [svg.querySelector(`g[clip-path] path[class="${a[1]}"]`).getAttribute('d'),
        ['x', 'y', 'width', 'height'].map((name) => Number(svg.querySelector('clipPath rect').getAttribute(name)))]; })()""", [plot, look])
    low, high = [(-0.4, 6), (-1.15, 1.15)][plot]
    found = np.array(re.findall(r"[-.\d]+", path), dtype=float).reshape(-1, 2)
    return np.stack([(found[:, 0] - clip[0]) / clip[2] * 21.4 - 10.7, high - (found[:, 1] - clip[1]) / clip[3] * (high - low)], axis=1)


# numbers

def test_probabilities_and_gradients_of_one_two_five():
    v = LossExplorer(logits=np.log([1, 2, 5]), label=1).values()
    np.testing.assert_allclose(v["p"], [1 / 8, 2 / 8, 5 / 8])
    np.testing.assert_allclose(v["gradient"], [1 / 8, -6 / 8, 5 / 8])
    np.testing.assert_allclose([v["cross_entropy"], v["mse"], v["log_sum_exp"]], [np.log(4), (1 + 36 + 25) / 192, np.log(8)])


def test_gradients_are_the_slopes_of_the_losses():
    for loss, gradient in (("cross_entropy", "gradient"), ("mse", "mse_gradient")):
        def at(z, loss=loss):
            return LossExplorer(logits=z, label=2).values()[loss]
        z = [1.0, -0.5, 0.25, 2.0]
        check_gradients(at, z, LossExplorer(logits=z, label=2).values()[gradient])
    for loss in ("bce", "half_square"):
        for target in (0, 1):
            def at(z, loss=loss, target=target):
                return LossExplorer(logit=z.item(), target=target).values()[loss]
            check_gradients(at, 1.5, LossExplorer(logit=1.5, target=target).values()[f"{loss}_slope"])


def test_the_slopes_of_the_sources_example():
    v = LossExplorer().values()
    assert (round(v["bce_slope"].item(), 4), round(v["half_square_slope"].item(), 4)) == (-0.9933, -0.0066)


def test_a_shift_changes_no_loss_and_no_gradient():
    one, other = LossExplorer().values(), LossExplorer(shift=750).values()
    for name in ("p", "cross_entropy", "mse", "gradient", "mse_gradient", "shifted"):
        np.testing.assert_allclose(other[name], one[name], atol=1e-12)
    assert other["log_sum_exp"] == pytest.approx(750 + one["log_sum_exp"])
    assert (one["overflows"], other["overflows"]) == (0, 3)


def test_huge_logits_stay_finite_and_are_counted():
    v = LossExplorer(scale=1000).values()
    assert (v["overflows"], v["underflows"], v["cross_entropy"]) == (1, 2, 5000)
    np.testing.assert_array_equal([v["gradient"], v["mse_gradient"]], [[-1, 1, 0], [0, 0, 0]])


def test_what_does_not_fit_is_refused():
    with pytest.raises(StateError, match="logits must have 2 to 5 entries; got"):
        LossExplorer(logits=[1])
    with pytest.raises(StateError, match="label must be less than 2, the number of logits; got 2"):
        LossExplorer(logits=[1, 2], label=2)


# classes

def test_a_handle_is_dragged_to_its_place(explorer):
    mouse = explorer.page.mouse
    x, y = centre(explorer, ".drag input", 2)
    width = explorer.ask("el.shadowRoot.querySelector('.bar.drag').clientWidth")
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + width / 4, y, steps=4)
    mouse.up()
    assert explorer.state["logits"][:2] == [-2, 3] and explorer.state["logits"][2] == pytest.approx(5, abs=0.15)
    explorer.settle()
    assert bars(explorer, 1)[2] == pytest.approx([0.5, 0.75], abs=0.01)


def test_bars_are_as_long_as_their_numbers(explorer):
    explorer.page.set_viewport_size({"width": 760, "height": 900})  # two parts a row: wide bars
    explorer.ask("el.state = { logits: [-10, 2, 1, 2.5], label: 2 }")
    explorer.settle()
    v = explorer.ask("el.values")
    for part, low, high, one in ((1, 0.5, 0.5, np.array([-1, 0.2, 0.1, 0.25])), (2, 0, 1, v["p"]), (3, 0.5, 0.5, v["gradient"]),
                                 (4, 0.5, 0.5, v["mse_gradient"])):
        ends = np.sort([np.full(4, low), low + high * np.array(one)], axis=0).T
        width = explorer.ask("el.shadowRoot.querySelectorAll('.parts .bar')[a].clientWidth", 5 * (part - 1))
        np.testing.assert_allclose(bars(explorer, part), ends, atol=3.5 / width)  # a box and its bar have borders


def test_the_gap_to_one_is_hatched_at_the_right_class_alone(explorer):
    explorer.ask("el.state = { logits: [1, 0, 0, -1], label: 3 }")
    explorer.settle()
    left, width, line = explorer.ask("""(() => { const [gap, ...more] = [...el.shadowRoot.querySelectorAll('.gap')].filter((one) => one.checkVisibility());
        return more.length ? [] : [gap.style.left, gap.style.width, gap.closest('.line').firstChild.textContent]; })()""")
    p = 100 * LossExplorer(logits=[1, 0, 0, -1], label=3).values()["p"][3]
    assert line == "3✓" and [float(left[:-1]), float(width[:-1])] == pytest.approx([p, 100 - p], abs=1e-3)
    assert explorer.ask("[...el.shadowRoot.querySelectorAll('.line.right')].map((one) => one.firstChild.textContent)") == ["3✓"] * 4


def test_fewer_classes_keep_the_first_logits_and_a_label_that_exists(explorer):
    explorer.ask("el.state = { logits: [1, 2, 3, 4], label: 3 }")
    explorer.page.get_by_label("classes 2").check()
    assert explorer.state["logits"] == [1, 2] and explorer.state["label"] == 1
    explorer.page.get_by_label("classes 5").check()
    assert explorer.state["logits"] == [1, 2, 0, 0, 0]


def test_the_sum_is_written_with_its_numbers_and_the_overflow_is_said(explorer):
    explorer.page.get_by_role("button", name="huge logits").click()
    explorer.settle()
    shown = text(explorer, ".below")
    for words in ("= 3000 + 0 = 3000", "= 3000 − (−2000) = 5000", "∞ for 1 of 3 classes", "rounded to 0 for 2", "m = 3000"):
        assert words in shown, words


def test_pointing_at_a_class_lights_it_in_every_part(explorer):
    explorer.page.mouse.move(*centre(explorer, ".line output", 1))
    explorer.settle()
    lit = explorer.ask("[...el.shadowRoot.querySelectorAll('.lit')].map((one) => one.firstChild.textContent)")
    assert lit == ["1"] * 5
    explorer.page.mouse.move(1, 1)
    explorer.settle()
    assert explorer.ask("el.shadowRoot.querySelectorAll('.lit').length") == 0


def test_the_scale_slider_is_logarithmic(explorer):
    explorer.ask("""(() => { const range = el.shadowRoot.querySelector('[aria-label^="scale s, on"]');
        range.value = 1.5; range.dispatchEvent(new Event('input')); })()""")
    assert explorer.state["scale"] == 31.6


# binary

def test_curves_tangents_and_slopes_are_those_of_the_losses(explorer):
    explorer.ask("el.state = { mode: 'binary', logit: -1, target: 1 }")
    explorer.settle()
    v = explorer.ask("el.values")
    for look, name, tangent in (("", "bce", "accent thin"), ("second dash", "half_square", "accent thin dash")):
        curve, rate = (points(explorer, plot, look) for plot in (0, 1))
        near = np.abs(curve[:, 0] + 1).argmin()
        expected = [LossExplorer(logit=float(z), target=1).values()[name] for z in curve[near - 5 : near + 6, 0]]
        np.testing.assert_allclose(curve[near - 5 : near + 6, 1], expected, atol=0.02)
        (x0, y0), (x1, y1) = points(explorer, 0, tangent)
        assert (y1 - y0) / (x1 - x0) == pytest.approx(v[f"{name}_slope"], abs=1e-3)
        assert np.interp(-1, *rate.T) == pytest.approx(v[f"{name}_slope"], abs=0.01)


def test_the_point_moves_by_mouse_and_keys(explorer):
    explorer.page.get_by_label("mode binary").check()
    explorer.settle()
    explorer.ask("el.shadowRoot.querySelector('.handle').focus()")
    explorer.page.keyboard.press("ArrowRight")
    assert explorer.state["logit"] == -4.9
    explorer.page.keyboard.press("End")
    assert explorer.state["logit"] == 10
    explorer.settle()
    explorer.page.mouse.click(*centre(explorer, ".plot svg"))
    assert abs(explorer.state["logit"]) < 1.5
    explorer.settle()
    assert explorer.ask("Number(el.shadowRoot.querySelector('[aria-label=\"logit z, as a number\"]').value)") == explorer.state["logit"]


def test_static_carries_the_numbers():
    assert "<td>5.055</td><td>0.628</td>" in LossExplorer().static()
    assert "<td>−0.993</td>" in LossExplorer(mode="binary").static()
