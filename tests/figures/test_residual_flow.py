"""ResidualFlow: what its numbers are, what it shows, and how it is used."""

import numpy as np
import pytest

from cnnmath.figures import ResidualFlow, _text
from cnnmath.figures.residual_flow import _batch, _linear
from cnnmath.losses import cross_entropy
from cnnmath.normalization import batch_norm
from tests.figures.contract import random_states

NAMES = ["plain", "batch norm", "skips", "both"]


def test_small_gradients_agree_in_every_digit(live):
    """The contract allows 1e-9 absolute, which a vanished gradient would meet by being 0."""
    element = live(ResidualFlow())
    states = [*random_states(ResidualFlow, 60, seed=8), ResidualFlow(depth=50, init="Glorot / 2").state]
    for state, values in zip(states, element.ask("a.map((state) => (el.state = state, el.values))", states), strict=True):
        for name, expected in ResidualFlow(**state).values().items():
            np.testing.assert_allclose(np.array(values[name]), expected, rtol=1e-9, atol=0, err_msg=f"{name} of {state}")
    assert np.array(values["gradient"])[0, 0] < 1e-12


def _forward(figure, skip, normal, weights):
    """h_0 … h_L and the loss, written out with the weights W_0 … W_L and those of the logits."""
    x, y = _batch()
    one, zero = np.ones(32), np.zeros(32)

    def active(h):
        return np.maximum(batch_norm(h, one, zero)[0] if normal else h, 0)

    h = [x @ weights[0].T]
    for W in weights[1:-1]:
        h.append(skip * h[-1] + active(h[-1]) @ W.T)
    return h, cross_entropy(active(h[-1]) @ weights[-1].T, y)


@pytest.mark.parametrize("row, skip, normal", [(0, False, False), (1, False, True), (2, True, False), (3, True, True)])
def test_the_numbers_are_those_of_the_equations(row, skip, normal):
    """Sizes and loss by the formula of the figure; norms of gradients by small steps along them."""
    figure = ResidualFlow(depth=3, init="He", seed=4)
    places = [(64, 32, 1, 0), *((32, 32, 2, 2048 + 1024 * l) for l in range(3)), (32, 10, 1, 2048 + 1024 * 50)]
    weights = [_linear(4, *place).weight.data for place in places]
    values = figure.values()
    h, loss = _forward(figure, skip, normal, weights)
    np.testing.assert_allclose(values["rms"][row], [np.sqrt(np.mean(a**2)) for a in h], rtol=1e-12)
    np.testing.assert_allclose(values["loss"][row], loss, rtol=1e-12)
    rng = np.random.default_rng(0)
    for l in range(4):
        slopes = []
        for _ in range(400):  # the mean square of slopes along random directions is that of the gradient
            step = rng.normal(size=weights[l].shape)
            losses = []
            for h_step in (1e-6, -1e-6):
                moved = [W + h_step * step if k == l else W for k, W in enumerate(weights)]
                losses.append(_forward(figure, skip, normal, moved)[1])
            slopes.append((losses[0] - losses[1]) / 2e-6)
        np.testing.assert_allclose(values["weight_gradient"][row, l], np.sqrt(np.mean(np.square(slopes))), rtol=0.15)


def test_the_images_have_mean_0_and_mean_square_1():
    x, y = _batch()
    np.testing.assert_allclose(x.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.mean(x**2), 1)
    assert np.bincount(y).tolist() == [2] * 10


@pytest.mark.parametrize("init, gain", [("Glorot / 2", 0.5), ("Glorot", 1), ("He", 2), ("2 × He", 4)])
def test_the_weights_have_the_variance_of_the_rule(init, gain):
    weights = np.stack([_linear(3, 32, 32, gain, 2048 + 1024 * l).weight.data for l in range(20)])
    assert abs(weights.mean()) < 0.01 and abs(32 * weights.var() / gain - 1) < 0.05


def test_the_start_shows_what_each_part_does():
    """By orders of magnitude: the plain gradient vanishes, batch norm or skips alone explode, both keep it."""
    gradient = ResidualFlow().values()["gradient"]
    plain, normal, skips, both = gradient[:, 0] / gradient[:, -1]
    assert plain < 1e-4 and normal > 50 and skips > 50 and 0.1 < both < 20
    plain, normal, skips, both = np.log10(ResidualFlow(init="He").values()["gradient"][:, 0])
    assert abs(plain) < 1.5 < normal and skips > 3 and abs(both) < 1
    weights = ResidualFlow().values()["weight_gradient"][0]
    assert weights.max() < 10 * weights.min() < 1e-3, "in a plain network all layers suffer alike"


def test_deeper_networks_begin_with_the_same_layers():
    short, long = ResidualFlow(depth=10).values()["rms"], ResidualFlow(depth=40).values()["rms"]
    np.testing.assert_allclose(long[:, :11], short, rtol=1e-12)


def test_buttons_choose_the_network_that_is_told(live):
    element = live(ResidualFlow())
    for name, changes in (("Skips", {"skip": False}), ("Batch norm", {"batch_norm": False}), ("New weights", {"seed": 1})):
        element.page.get_by_role("button", name=name, exact=True).click()
        assert changes.items() <= element.state.items()
    element.settle()
    assert element.page.get_by_role("button", name="Skips", exact=True).get_attribute("aria-pressed") == "false"
    assert element.page.locator(".panel tr.on th").inner_text() == "plain"


def test_a_press_on_a_plot_tells_that_layer(live):
    element = live(ResidualFlow())
    element.settle()
    for k in (0, 1):
        box = element.page.locator(".plot svg").nth(k).bounding_box()
        element.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
        assert 12 < element.state["layer"] < 20
        element.ask("el.state = {layer: 0}")


def test_fewer_layers_take_the_layer_along(live):
    element = live(ResidualFlow(depth=40, layer=35))
    element.ask("""(() => { const range = el.shadowRoot.querySelector('input[aria-label="layers L"]'); range.value = 20;
        range.dispatchEvent(new Event('input')); })()""")
    assert element.ask("el.error") == "" and element.state["layer"] == element.state["depth"] == 20


@pytest.mark.parametrize("by", ["activations", "weights"])
def test_the_table_has_the_values(live, by):
    element = live(ResidualFlow(by=by, layer=7, seed=3))
    element.settle()
    values = element.figure.values()
    gradient = values["gradient" if by == "activations" else "weight_gradient"]
    rows = [row.split("\t") for row in element.page.locator(".panel tbody tr").all_inner_texts()]
    assert [row[0] for row in rows] == NAMES
    for r, (_, *words) in enumerate(rows):
        numbers = values["rms"][r, 7], gradient[r, 7], gradient[r, 7] / gradient[r, -1], values["loss"][r]
        assert words == [_text.number(float(f"{number:.3g}")) for number in numbers], NAMES[r]
