"""DotProduct: what its numbers are, what is not defined, and the plane by mouse, touch and keyboard."""

import numpy as np
import pytest

from cnnmath.figures import DotProduct, StateError
from tests.figures.contract import text


@pytest.fixture
def figure(live):
    element = live(DotProduct())
    element.settle()
    return element


def end(element, name):
    """Centre of the handle at the end of a vector, in page pixels."""
    return element.ask("""(() => { const box = [...el.shadowRoot.querySelectorAll('.handle')]
        .find((one) => one.getAttribute('aria-label').startsWith('end of ' + a)).getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]; })()""", name)


def press(element, name):
    element.page.get_by_role("button", name=name, exact=True).click()
    element.settle()


def test_the_first_state_is_clean():
    """45° between (1, 3) and (4, 2); the projection is half of b."""
    values = DotProduct().values()
    assert values["products"].tolist() == [4, 6] and values["dot"] == 10
    np.testing.assert_allclose([values["angle"], values["cosine"]], [45, np.sqrt(0.5)])
    np.testing.assert_allclose(values["projection"], [2, 1])
    np.testing.assert_allclose(values["shadow"], np.sqrt(5))


@pytest.mark.parametrize("size", [2, 3, 9])
def test_algebra_is_geometry(rng, size):
    for a, b in rng.normal(size=(50, 2, size)):
        v = DotProduct(a=a, b=b).values()
        np.testing.assert_allclose(v["dot"], v["norm_a"] * v["norm_b"] * np.cos(np.radians(v["angle"])), atol=1e-12)
        np.testing.assert_allclose((a - v["projection"]) @ b, 0, atol=1e-12)
        np.testing.assert_allclose(np.linalg.norm(v["projection"]), abs(v["shadow"]), atol=1e-12)
        assert abs(v["dot"]) <= v["bound"]


@pytest.mark.parametrize("a, angle", [([2.1, 0.7], 0), ([-2.1, -0.7], 180), ([3, 1 + 1e-9], np.degrees(3e-10))])
def test_the_angle_keeps_its_digits_where_the_arc_cosine_loses_them(a, angle):
    v = DotProduct(a=a, b=[3, 1]).values()
    np.testing.assert_allclose(v["angle"], angle, rtol=1e-6, atol=1e-13)


@pytest.mark.parametrize("a, b, undefined", [
    ([0, 0], [4, 2], {"cosine", "angle"}),
    ([1, 3], [0, 0], {"cosine", "angle", "shadow", "projection"}),
    ([0, 0, 0], [0, 0, 0], {"cosine", "angle", "shadow", "projection"}),
    ([1e-170, 0], [1e-170, 0], {"cosine", "angle", "shadow", "projection"}),
])
def test_what_is_not_defined_is_said_in_words(figure, a, b, undefined):
    """None in Python, null in JavaScript, "not defined" in the picture: NaN and Infinity nowhere."""
    values = DotProduct(a=a, b=b).values()
    assert {name for name, value in values.items() if value is None} == undefined
    figure.ask("el.state = a", {"a": a, "b": b})
    figure.settle()
    assert set(figure.ask("Object.entries(el.values).filter(([, value]) => value === null).map(([name]) => name)")) == undefined
    assert figure.ask("JSON.stringify(el.values).match(/NaN|Infinity/)") is None
    shown = figure.ask("el.shadowRoot.querySelector('.figure').innerText")
    assert shown.count("= not defined") == len(undefined - {"projection"})
    assert "A vector of length 0 has no direction" in shown
    assert figure.ask("/NaN|∞|not a number|undefined/.test(el.shadowRoot.innerHTML)") is False


def test_vectors_of_different_length_are_refused():
    with pytest.raises(StateError, match=r"^DotProduct: b must have as many entries as a, which has 3; got \[4, 2\]\.$"):
        DotProduct(a=[1, 2, 3])
    with pytest.raises(StateError, match=r"^DotProduct: a must have 2 to 9 entries; got \[1\]\.$"):
        DotProduct(a=[1], b=[2])


def test_dragging_an_end_changes_its_vector(figure):
    """Four units are as far in the page as from 0 to 4 on the axis; the end keeps to quarters."""
    (x, y), (right, up) = end(figure, "a"), end(figure, "b")
    unit = (right - x) / 3  # from a = (1, 3) to b = (4, 2)
    assert up - y == pytest.approx(unit, abs=0.1)
    figure.page.mouse.move(x, y)
    figure.page.mouse.down()
    figure.page.mouse.move(x - 2.2 * unit, y + 1.1 * unit, steps=4)
    assert figure.state["a"] == [-1.25, 2] and figure.state["b"] == [4, 2]
    figure.page.mouse.move(x + 40 * unit, y, steps=2)
    figure.page.mouse.up()
    assert figure.state["a"] == [5, 3]


def test_a_finger_drags_an_end(new_page, tmp_path):
    path = tmp_path / "touch.html"
    DotProduct().save(path)
    page = new_page(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page.goto(path.as_uri())
    page.wait_for_timeout(300)
    box = page.locator("cnnmath-dot-product .handle").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, dx in [("touchStart", 0), ("touchMove", -30), ("touchMove", -60), ("touchEnd", None)]:
        points = [] if dx is None else [{"x": x + dx, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    a, b = page.evaluate("(() => { const { a, b } = document.querySelector('cnnmath-dot-product').state; return [a, b]; })()")
    assert a == [1, 3] and b[0] < 3 and b[1] == 2


def test_arrow_keys_move_an_end_and_stop_at_the_edge(figure):
    figure.page.get_by_role("slider", name="end of b").focus()
    for key in ["ArrowUp", "ArrowLeft", "Shift+ArrowLeft"]:
        figure.page.keyboard.press(key)
    assert figure.state["b"] == [2.75, 2.25]
    figure.page.keyboard.press("End")
    figure.page.keyboard.press("ArrowRight")
    assert figure.state["b"] == [5, 2.25]


def test_a_field_reaches_further_than_the_plane_did(figure):
    figure.page.get_by_label("b[1]").fill("8")
    figure.page.keyboard.press("Enter")
    figure.settle()
    assert figure.state["b"] == [4, 8]
    assert "10" in figure.ask("[...el.shadowRoot.querySelectorAll('.axes text')].map((one) => one.textContent)")
    press(figure, "Reset")
    assert "10" not in figure.ask("[...el.shadowRoot.querySelectorAll('.axes text')].map((one) => one.textContent)")


PRESETS = {"45°": (10, 45), "same direction": (10, 0), "perpendicular": (0, 90), "opposite": (-10, 180)}


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_what_they_say(figure, name):
    press(figure, name)
    dot, angle = PRESETS[name]
    values = figure.ask("el.values")
    assert values["dot"] == dot and values["angle"] == pytest.approx(angle, abs=1e-9)
    assert figure.page.get_by_role("button", name=name, exact=True).get_attribute("aria-pressed") == "true"


def test_longer_and_less_aligned_scores_more(figure):
    press(figure, "same direction")
    aligned = figure.ask("el.values")
    press(figure, "longer, less aligned")
    longer = figure.ask("el.values")
    assert longer["dot"] > aligned["dot"] and longer["cosine"] < aligned["cosine"]


def test_window_and_kernel_give_the_books_first_sum(figure):
    press(figure, "window and kernel")
    assert text(figure, ".formula") == "(1)(1) + (2)(0) + (3)(−1) + (4)(1) + (5)(0) + (6)(−1) + (7)(1) + (8)(0) + (9)(−1) = −6"
    assert figure.ask("el.shadowRoot.querySelector('.plot').checkVisibility()") is False
    assert figure.ask("el.shadowRoot.querySelectorAll('tbody tr').length") == 9


def test_more_entries_are_zeros_and_fewer_are_cut(figure):
    figure.page.get_by_label("entries 4").check(force=True)
    assert figure.state == {"a": [1, 3, 0, 0], "b": [4, 2, 0, 0]}
    figure.page.get_by_label("entries 2").check(force=True)
    assert figure.state == {"a": [1, 3], "b": [4, 2]}


def test_pointing_at_a_row_lights_its_term_and_its_parts(figure):
    assert figure.ask("el.shadowRoot.querySelectorAll('.plot .dash:not([hidden])').length") == 1  # the dashed rest alone
    figure.page.get_by_label("b[1]").hover()
    figure.settle()
    assert text(figure, ".term.lit") == "(3)(2)"
    assert figure.ask("el.shadowRoot.querySelectorAll('.plot .dash:not([hidden])').length") == 3
    figure.page.mouse.move(2, 2)
    figure.settle()
    assert figure.ask("el.shadowRoot.querySelector('.lit')") is None


@pytest.mark.parametrize("state", [{}, {"a": [-1, 2]}, {"a": [-2, -1]}, {"a": [1, 0, 2], "b": [3, 4, -1]}])
def test_the_pointer_of_the_scale_stands_at_the_cosine(figure, state):
    """At the left end for −1, in the middle for 0, at the right end for 1."""
    figure.ask("el.state = a", state)
    figure.settle()
    share = figure.ask("""(() => { const [track, needle] = ['.track', '.track b'].map((one) => el.shadowRoot.querySelector(one).getBoundingClientRect());
        return (needle.x + needle.width / 2 - track.x) / track.width; })()""")
    cosine = DotProduct(**state).values()["cosine"]
    assert share == pytest.approx((1 + cosine) / 2, abs=0.005)


def test_bars_point_to_the_side_of_their_sign(figure):
    figure.ask("el.state = a", {"a": [1, 3], "b": [4, -2]})
    figure.settle()
    sides = figure.ask("""[...el.shadowRoot.querySelectorAll('.bar')].map((cell) => {
        const [outer, bar] = [cell, cell.firstElementChild].map((one) => one.getBoundingClientRect());
        return [bar.x + bar.width / 2 > outer.x + outer.width / 2, bar.width]; })""")
    assert [right for right, _ in sides] == [True, False]
    assert sides[0][1] / sides[1][1] == pytest.approx(4 / 6, rel=0.1)


def test_a_figure_that_is_moved_in_the_page_keeps_its_table(figure):
    figure.ask("(document.body.append(el), null)")
    figure.settle()
    assert figure.ask("el.shadowRoot.querySelectorAll('tbody tr').length") == 2
    figure.page.get_by_label("a[0]").fill("2")
    figure.page.keyboard.press("Enter")
    assert figure.state["a"] == [2, 3]
