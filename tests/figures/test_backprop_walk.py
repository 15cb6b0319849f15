"""BackpropWalk: the numbers of the book's network and of PyTorch's rules, its formulas, and what walking, pointing and editing show."""

import math
import re

import numpy as np
import pytest

from cnnmath import gradcheck, layers, losses
from cnnmath.figures import BackpropWalk, StateError
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD
from tests.figures.contract import random_states

STAGES = BackpropWalk.class_traits()["stage"].options
GRIDS = "I dI K dK b db O dO A dA M dM W dW c dc z dz p y L".split()  # in the order in which they stand
GRID = "el.shadowRoot.querySelectorAll('.grid')"
NUMBERS = 9 + 9 + 4 + 2 + 2 + 1 + 2 + 10 + 4 + 9 + 9 + 10 + 25 + 20 + 27


def network(state):
    """The same network from layers, with the state's weights."""
    net = Sequential(layers.Conv2d(1, 1, 3), layers.ReLU(), layers.MaxPool2d(2, stride=1), layers.Flatten(), layers.Linear(4, 2))
    kernel, bias, weight, shift = net.parameters()
    kernel.data, bias.data = np.array([[state["kernel"]]]), np.array([state["bias"]])
    weight.data, shift.data = np.array(state["linear"]), np.ravel(state["linear_bias"])
    return net


def loss_of(net, state):
    logits = net.forward(np.array(state["image"], dtype=float)[None, None])
    return losses.cross_entropy(logits, [state["label"]]), losses.cross_entropy_backward(logits, [state["label"]])


def test_the_running_example():
    v = BackpropWalk().values()
    np.testing.assert_array_equal(v["O"], [[-6, 0, 6]] * 3)
    np.testing.assert_array_equal(v["A"], [[0, 0, 6]] * 3)
    np.testing.assert_array_equal(v["M"], [[0, 6]] * 2)
    np.testing.assert_array_equal(v["z"], [[0.5], [1]])
    p = 1 / (1 + math.exp(0.5))
    np.testing.assert_allclose(v["dz"], [[p - 1], [1 - p]])
    assert v["L"] == pytest.approx(-math.log(p))
    np.testing.assert_array_equal(v["winners"], [[0, 2], [3, 5]])  # of equal ones the first
    np.testing.assert_allclose(v["dA"], (1 - p) * np.array([[-0.75, 0, -0.75], [0.75, 0, 1], [0, 0, 0]]))
    np.testing.assert_allclose(v["dO"], (1 - p) * np.array([[0, 0, -0.75], [0, 0, 1], [0, 0, 0]]))  # ReLU is shut at −6 and at 0


@pytest.mark.parametrize("state", [BackpropWalk().state, *random_states(BackpropWalk, 20, seed=8)])
def test_it_is_a_step_of_sgd_on_the_network_of_layers(state):
    v, net = BackpropWalk(**state).values(), network(state)
    loss, dlogits = loss_of(net, state)
    image_gradient = net.backward(dlogits)
    assert loss == pytest.approx(v["L"], abs=1e-12)
    np.testing.assert_allclose(v["dI"], image_gradient[0, 0], atol=1e-9)
    for parameter, name in zip(net.parameters(), "KbWc"):
        np.testing.assert_allclose(np.ravel(v[f"d{name}"]), parameter.grad.ravel(), atol=1e-9)
    SGD(net.parameters(), lr=state["eta"]).step()
    for parameter, name in zip(net.parameters(), "KbWc"):
        np.testing.assert_allclose(np.ravel(v[f"{name}1"]), parameter.data.ravel(), atol=1e-9)
    assert loss_of(net, state)[0] == pytest.approx(v["L1"], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("field", "name"), [("image", "dI"), ("kernel", "dK"), ("bias", "db"), ("linear", "dW"), ("linear_bias", "dc")])
def test_gradients_are_measured_slopes(field, name, rng):
    smooth = {"image": rng.normal(size=(5, 5)).tolist(), "kernel": rng.normal(size=(3, 3)).tolist(), "bias": 0.7}
    start = np.array(BackpropWalk(**smooth).state[field])
    slopes = gradcheck.numerical_gradient(lambda x: BackpropWalk(**smooth | {field: x.tolist()}).values()["L"], start)
    np.testing.assert_allclose(BackpropWalk(**smooth).values()[name], slopes, atol=1e-7)


def test_first_order_holds_until_the_step_crosses_a_kink():
    """With label 1 all four maxima change: by hand, the loss falls by 185.25 instead of 240.375, both times η p₀²."""
    for label, rerouted, share in ((0, 0, 1), (1, 4, 185.25 / 240.375)):
        v = BackpropWalk(label=label, eta=1e-6).values()
        assert v["rerouted"] == rerouted
        assert v["change"] / v["predicted"] == pytest.approx(share, abs=1e-4)
    errors = [abs(v["change"] - v["predicted"]) for v in (BackpropWalk(eta=eta).values() for eta in (1e-4, 1e-5))]
    assert errors[0] / errors[1] == pytest.approx(100, rel=0.02)  # of second order


def test_sums_that_are_equal_on_paper_tie():
    """0.1 + 0.4 + 0.7 − 0.1 − … is 0 in O, whatever the order of the terms: the ReLU stays shut, the first wins."""
    tenth = [[0.1, 0, -0.1]] * 3
    np.testing.assert_array_equal(BackpropWalk(kernel=tenth).values()["O"][:, 1], [0, 0, 0])
    np.testing.assert_array_equal(BackpropWalk(kernel=tenth).values()["winners"], [[0, 2], [3, 5]])


def test_arrays_of_another_size_are_refused():
    with pytest.raises(StateError, match=r"^BackpropWalk: kernel must have 3 rows and 3 columns; got \[2, 2\]\.$"):
        BackpropWalk(kernel=[[1, 2], [3, 4]])


def spoken(piece, v):
    return piece if isinstance(piece, str) else repr(float(np.ravel(v[piece[0]])[int(piece[1])]))


@pytest.mark.parametrize("state", [BackpropWalk().state, *random_states(BackpropWalk, 3, seed=9)])
def test_each_formula_gives_its_number(live, state):
    """The sum, maximum or quotient that stands in the page, computed from the numbers in it, is the number it is said to be."""
    element = live(BackpropWalk(**state | {"eta": 0.25}))
    seen = 0
    for stage in STAGES:
        v = BackpropWalk(**state | {"eta": 0.25, "stage": stage}).values()
        names = {"dW": ["dW", "dc"], "dK": ["dK", "db"], "update": ["K1", "b1", "W1", "c1"], "again": ["O1", "A1", "M1", "z1", "p1", "L1"]}
        for name in names.get(stage, [stage]):
            count = np.size(v[name])
            every = element.ask("Array.from({ length: a[1] }, (_, k) => el.constructor.pieces(a[0], k, el.computed, el.state))", [name, count])
            for k, pieces in enumerate(every):
                text = "".join(spoken(piece, v) for piece in pieces).replace("−", "-").replace(")(", ")*(")
                text = re.sub(r"\)\[(.*) > 0\]", r")*(\1 > 0)", text)
                result = eval(text or "0", {"max": max, "exp": math.exp, "log": math.log})
                assert result == pytest.approx(np.ravel(v[name])[k], rel=1e-9, abs=1e-9), (name, k, text)
                seen += 1
    assert seen == NUMBERS


class Walk:
    """The figure in the browser, its grids by the names of their arrays."""

    def __init__(self, element):
        self.element, self.page = element, element.page
        element.settle()

    def at(self, name, k):
        return self.element.ask(f"""(() => {{ const box = {GRID}[a[0]].querySelectorAll('.cell')[a[1]].getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()""", [GRIDS.index(name), k])

    def point(self, name, k):
        self.page.mouse.move(*self.at(name, k))
        self.element.settle()

    def click(self, name, k):
        self.page.mouse.click(*self.at(name, k))
        self.page.mouse.move(2, 2)
        self.element.settle()

    def press(self, name, *keys):
        self.element.ask(f"{GRID}[a].focus()", GRIDS.index(name))
        for key in keys:
            self.page.keyboard.press(key)
        self.element.settle()

    def marked(self, name, mark):
        classes = self.element.ask(f"[...{GRID}[a].querySelectorAll('.cell')].map((cell) => cell.className.split(' '))", GRIDS.index(name))
        return [k for k, names in enumerate(classes) if mark in names]

    def texts(self, name):
        return self.element.ask(f"[...{GRID}[a].querySelectorAll('.cell')].map((cell) => cell.textContent)", GRIDS.index(name))

    def text(self, selector):
        return self.element.ask("el.shadowRoot.querySelector(a).textContent", selector)

    @property
    def place(self):
        return self.element.state["stage"], self.element.state["cell"]


@pytest.fixture
def walk(live):
    return lambda **state: Walk(live(BackpropWalk(**state)))


def test_it_starts_where_delta_enters_the_convolution(walk):
    figure = walk()
    assert figure.text(".rule").startswith("∂L/∂K[0, 0] = (∂L/∂O[0, 0])(I[0, 0]) + (∂L/∂O[0, 1])(I[0, 1]) + ")
    assert figure.text(".formula") == "(0)(1) + (0)(2) + (−0.467)(3) + (0)(4) + (0)(5) + (0.622)(6) + (0)(7) + (0)(8) + (0)(9) = 2.334"
    assert figure.marked("I", "ref") == [0, 1, 2, 5, 6, 7, 10, 11, 12]
    assert figure.marked("dO", "ref") == list(range(9))
    assert figure.marked("dK", "at") == [0]


def test_the_gradient_at_the_image_reads_the_kernel_backwards(walk):
    figure = walk(stage="dI", cell=12)
    assert re.findall(r"K\[(\d), (\d)\]", figure.text(".rule")) == [(str(m), str(n)) for m in (2, 1, 0) for n in (2, 1, 0)]


def test_what_is_not_yet_computed_is_blank(walk):
    figure = walk(stage="z")
    assert figure.texts("z") == ["0.5", "1"]
    for name in ("p", "L", "dz", "dK", "dI"):
        assert set(figure.texts(name)) == {""}
    figure.point("dK", 0)
    assert figure.text(".formula").endswith("= 0.5")  # nothing to see there: still z[0]


def test_next_walks_through_every_number_and_stops(walk):
    figure = walk(stage="O")
    places = figure.element.ask("""Array.from({ length: a }, () => { const { stage, cell } = el.state; el.step(1); return stage + cell; })""", NUMBERS + 3)
    assert len(set(places)) == NUMBERS
    assert figure.place == ("again", 26)
    figure.element.ask("el.update({ stage: 'dz', cell: 0 })")
    figure.page.get_by_role("button", name="previous number").click()
    assert figure.place == ("L", 0)
    figure.page.get_by_role("button", name="next number").click()
    assert figure.place == ("dz", 0)


def test_arrow_keys_on_the_chips_change_the_stage(walk):
    figure = walk()
    figure.page.get_by_label("stage ⇠ ∂L/∂K, ∂L/∂b").focus()
    figure.page.keyboard.press("ArrowRight")
    assert figure.place == ("dI", 0)
    figure.page.get_by_label("stage ReLU").check(force=True)
    assert figure.place == ("A", 0)


def test_arrow_keys_in_a_grid_choose_the_number(walk):
    figure = walk()
    figure.press("dK", "ArrowDown", "End")
    assert figure.place == ("dK", 5)
    figure.press("dK", "PageDown", "ArrowDown")
    assert figure.place == ("dK", 8)


def test_pointing_shows_how_a_number_was_made_and_who_uses_it(walk):
    figure = walk()
    figure.point("A", 2)
    assert figure.text(".formula") == "max(0, 6) = 6"
    assert figure.marked("O", "ref") == [2]
    assert figure.marked("dK", "use") == []
    figure.point("I", 0)
    assert figure.marked("dK", "use") == [0]
    assert figure.marked("db", "use") == []
    figure.point("dO", 5)
    assert figure.marked("dK", "use") == list(range(9))
    assert figure.marked("db", "use") == [0]
    figure.page.mouse.move(2, 2)
    figure.element.settle()
    assert figure.text(".formula").endswith("= 2.334")
    assert figure.place == ("dK", 0)


def test_pointing_at_a_number_of_the_formula_lights_it(walk):
    figure = walk()
    figure.page.locator(".term").nth(5).hover()
    figure.element.settle()
    assert figure.marked("I", "lit") == [2]


def test_a_click_goes_to_the_stage_that_made_the_number(walk):
    figure = walk()
    figure.click("db", 0)
    assert figure.place == ("dK", 9)
    figure.click("M", 3)
    assert figure.place == ("M", 3)
    assert figure.text(".formula") == "max(0, 6, 0, 6) = 6, first at A[1, 2]"


def test_given_numbers_are_edited_in_one_field(walk):
    figure = walk()
    field = figure.page.get_by_label("the chosen number")
    for name, k, field_name, value in (("K", 5, "kernel", -2.0), ("b", 0, "bias", 0.5), ("W", 6, "linear", 3.0), ("c", 1, "linear_bias", -4.0), ("I", 24, "image", 7.0)):
        figure.click(name, k)
        field.fill(str(value))
        field.press("Enter")
        figure.element.settle()
        assert np.ravel(figure.element.state[field_name])[k] == value
    assert figure.place == ("dK", 0)
    field.fill("1000")
    field.press("Enter")
    figure.element.settle()
    assert figure.text(".problem") == "BackpropWalk: image must hold only numbers from -100 to 100; got 1000."


def test_update_and_second_pass_show_the_new_numbers(walk):
    figure = walk(stage="dI")
    assert figure.texts("W")[1] == "0.5"
    figure.element.ask("el.update({ stage: 'update', cell: 11 })")
    figure.element.settle()
    assert figure.text(".rule") == "W′[0, 1] = W[0, 1] − (0.001)(∂L/∂W[0, 1])"
    assert figure.text(".formula") == "0.5 − (0.001)(−3.735) = 0.504"
    assert figure.texts("W")[1] == "0.504"
    assert figure.texts("O")[2] == "6"
    figure.element.ask("el.update({ stage: 'again', cell: 0 })")
    figure.element.settle()
    assert figure.text(".rule").startswith("O′[0, 0] = (I[0, 0])(K′[0, 0]) + ")
    assert figure.texts("O")[2] == "5.961"  # 6 − η (p₁)(62.5), with p₁ = 0.622
    assert figure.texts("L") == ["0.884"]


def test_the_result_names_the_kink(walk):
    assert walk().text(".formula + div").endswith("change −0.0899, first order −η‖∇L‖² = −(0.001)(93.135) = −0.0931")
    assert walk(label=1).text(".formula + div").endswith("; 4 of 4 numbers of M pass a kink, which first order misses")


def test_a_large_step_is_any_number_the_reader_sets(walk):
    figure = walk()
    field = figure.page.get_by_label("learning rate η")
    field.fill("0.5")
    field.press("Enter")
    assert figure.element.state["eta"] == 0.5
    figure.page.get_by_role("button", name="Reset").click()
    assert figure.element.state == BackpropWalk().state
