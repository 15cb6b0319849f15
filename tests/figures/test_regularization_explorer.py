"""RegularizationExplorer: what its numbers are, and how the figure is used."""

import numpy as np
import pytest

from cnnmath import regularization
from cnnmath.datasets import load_digits
from cnnmath.figures import RegularizationExplorer, _text
from cnnmath.figures._random import uniform
from cnnmath.gradcheck import numerical_gradient
from cnnmath.layers import Dropout, Linear
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD


class Given(np.random.Generator):
    """A Generator that gives the figure's numbers, draw after draw."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(0))
        self.seed, self.drawn = seed, 0

    def random(self, shape):
        """The next numbers of the stream."""
        start, self.drawn = self.drawn, self.drawn + int(np.prod(shape))
        return uniform(self.seed, shape, start)


def mulberry32(seed, count):
    """The generator as its author wrote it, one number after the other, in whole numbers."""
    numbers = []
    for _ in range(count):
        seed = (seed + 0x6D2B79F5) % 2**32
        z = (seed ^ seed >> 15) * (seed | 1) % 2**32
        z ^= (z + (z ^ z >> 7) * (z | 61)) % 2**32
        numbers.append((z ^ z >> 14) / 2**32)
    return numbers


@pytest.mark.parametrize("seed", [0, 1, 9999, 2**32 - 1])
def test_the_random_numbers_are_mulberry32(seed):
    assert uniform(seed, 50).tolist() == mulberry32(seed, 50)
    assert uniform(seed, (3, 5), start=20).tolist() == np.reshape(mulberry32(seed, 35)[20:], (3, 5)).tolist()


def test_the_random_numbers_are_those_of_the_page(live):
    element = live(RegularizationExplorer())
    for seed, start in ((0, 0), (77, 5), (9999, 3_000_000)):
        assert element.ask("Array.from({length: 300}, (_, k) => cnnmath.uniform(a[0], a[1] + k))", [seed, start]) == uniform(seed, 300, start).tolist()


def test_the_random_numbers_are_spread_evenly():
    numbers = uniform(3, 100_000)
    counts = np.histogram(numbers, bins=20, range=(0, 1))[0]
    assert np.abs(counts - 5000).max() < 350  # five standard deviations of a count
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.015


def test_the_page_has_all_digits(live):
    images, labels = load_digits()
    element = live(RegularizationExplorer())
    assert element.ask("cnnmath.digits().count") == len(images)
    assert element.ask("[...cnnmath.digits().labels]") == labels.tolist()
    assert element.ask("[...cnnmath.digits().pixels]") == images.ravel().tolist()


@pytest.mark.parametrize("state", [{"lam": 0.1}, {"p": 0.5, "seed": 7}, {"lam": 0.02, "p": 0.3, "wrong": 5, "images": 9}])
def test_a_network_of_layers_learns_the_same(state):
    """Dropout, Linear and SGD with weight decay of cnnmath, in place of the figure's own loop."""
    figure = RegularizationExplorer(steps=30, **state)
    (x, y), (x_validation, y_validation) = figure._examples()
    linear = Linear(64, 3, rng=np.random.default_rng(0))
    linear.weight.data = np.zeros((3, 64))
    network = Sequential(Dropout(figure.p, Given(figure.seed)), linear)
    decayed, free = SGD([linear.weight], 0.4, weight_decay=figure.lam), SGD([linear.bias], 0.4)
    for _ in range(30):
        network.train()
        network.backward(cross_entropy_backward(network.forward(x), y))
        decayed.step()
        free.step()
    network.eval()
    values = figure.values()
    np.testing.assert_allclose(values["weights"].reshape(3, 64), linear.weight.data, atol=1e-12)
    for name, inputs, labels in (("train", x, y), ("validation", x_validation, y_validation)):
        scores = network.forward(inputs)
        np.testing.assert_allclose(values[f"{name}_loss"][-1], cross_entropy(scores, labels), rtol=1e-12)
        assert values[f"{name}_right"][-1] == np.sum(scores.argmax(axis=1) == labels)


def test_the_first_step_goes_down_the_slope_of_loss_and_penalty():
    figure = RegularizationExplorer(lam=0.5, steps=2)
    (x, y), _ = figure._examples()
    W = RegularizationExplorer(lam=0.5, steps=1).values()["weights"].reshape(3, 64)
    b = -0.4 * cross_entropy_backward(np.zeros((18, 3)), y).sum(axis=0)
    slope = numerical_gradient(lambda W: cross_entropy(x @ W.T + b, y) + regularization.l2_penalty(W, 0.5), W)
    np.testing.assert_allclose(figure.values()["weights"].reshape(3, 64), W - 0.4 * slope, atol=1e-8)


def test_what_a_step_sees_is_dropout():
    figure = RegularizationExplorer(p=0.3, seed=5, steps=4)
    (x, _), _ = figure._examples()
    rng = Given(5)
    for _ in range(4):
        out, _ = regularization.dropout(x, 0.3, rng)
    np.testing.assert_allclose(figure.values()["seen"], out[::6].reshape(3, 8, 8), rtol=1e-12)


def test_training_and_validation_share_no_image_and_labels_are_right():
    images, digits = load_digits()
    for state in ({}, {"digits": "0 4 6", "images": 16}, {"digits": "1 4 8", "images": 4, "wrong": 6}):
        figure = RegularizationExplorer(**state)
        (x, y), (x_validation, y_validation) = figure._examples()
        assert not {row.tobytes() for row in x} & {row.tobytes() for row in x_validation}
        known = {image.tobytes(): digit for image, digit in zip(images.reshape(-1, 64), digits)}
        true, classes = [known[row.tobytes()] for row in x], np.array(figure._classes)
        assert np.sum(classes[y] != true) == figure.wrong
        assert classes[y_validation].tolist() == [known[row.tobytes()] for row in x_validation]
        assert np.bincount(y, minlength=3).sum() == 3 * figure.images and np.bincount(y_validation).tolist() == [30] * 3


def test_the_start_shows_overfitting_and_each_remedy_helps():
    plain = RegularizationExplorer().values()
    end, best = plain["validation_loss"][-1], plain["best"]
    assert plain["train_right"][-1] == 18 and plain["validation_right"][-1] < plain["validation_right"][best]
    assert 0 < best < 100 and end > 1.2 * plain["validation_loss"][best]
    assert plain["train_loss"][-1] < 0.1 * end
    for state in ({"lam": 0.1}, {"p": 0.5}, {"steps": 25}, {"images": 16}):
        assert RegularizationExplorer(**state).values()["validation_loss"][-1] < end, state
    assert RegularizationExplorer(wrong=4).values()["validation_loss"][-1] > end


def test_a_large_penalty_keeps_the_weights_small():
    norms = [RegularizationExplorer(lam=lam).values()["norm"][-1] for lam in (0, 0.01, 0.1, 1)]
    assert norms == sorted(norms, reverse=True) and norms[3] < norms[0] / 5


def test_the_least_loss_is_the_first_of_equal_ones():
    """With λ = 1 the run stands still at its end; rounding must not choose the step."""
    values = RegularizationExplorer(digits="0 4 6", lam=1).values()
    loss, best = values["validation_loss"], values["best"]
    assert loss[best] - loss.min() <= 1e-9 < loss[best - 1] - loss.min() and best < 190


def test_the_slider_of_lambda_is_logarithmic_and_ends_in_zero(live):
    element = live(RegularizationExplorer(lam=0.1))
    move = """(() => { const range = el.shadowRoot.querySelector('input[aria-label^=L2]'); const at = range.value; range.value = a;
        range.dispatchEvent(new Event('input')); return [at, el.state.lam]; })()"""
    assert element.ask(move, 40) == ["30", 1]
    assert [element.ask(move, stop)[1] for stop in (0, 1, 10, 25)] == [0, 0.000126, 0.001, 0.0316]
    element.settle()
    assert element.ask(move, 0)[0] == "25"


def test_stop_at_the_least_loss(live):
    element = live(RegularizationExplorer(steps=10))
    element.page.get_by_role("button", name="Stop at the minimum").click()
    assert element.state["steps"] == RegularizationExplorer().values()["best"]


def test_new_masks_change_the_run_and_need_dropout(live):
    element = live(RegularizationExplorer())
    button = element.page.get_by_role("button", name="New masks")
    assert button.is_disabled()
    element.ask("el.state = {p: 0.5}")
    element.settle()
    before = element.ask("el.values.weights")
    button.click()
    assert element.state["seed"] == 1 and element.ask("el.values.weights") != before


def test_a_press_on_the_plot_sets_the_last_step(live):
    element = live(RegularizationExplorer())
    element.settle()
    box = element.page.locator(".plot svg").bounding_box()
    element.page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert 80 < element.state["steps"] < 120
    element.settle()
    text = element.page.locator(".panel table").inner_text()
    assert f"step {element.state['steps']}" in text


def test_the_table_has_the_values(live):
    element = live(RegularizationExplorer(p=0.5, lam=0.03, steps=60))
    values = element.figure.values()
    element.settle()
    words = element.page.locator(".panel table").inner_text().split()
    for name in ("train_right", "validation_right", "plain_right"):
        assert str(int(values[name][-1])) in words, name
    for name in ("train_loss", "validation_loss", "plain_loss", "norm"):
        assert _text.told(values[name][-1]) in words, name


def test_keys_move_the_pixel_that_is_read(live):
    element = live(RegularizationExplorer())
    element.page.locator(".pane[aria-label^='weights, 1']").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight"):
        element.page.keyboard.press(key)
    element.settle()
    text = element.page.locator(".reading").inner_text()
    weights = element.figure.values()["weights"][:, 4, 5]
    assert text.startswith("Pixel row 4, column 5") and text.endswith(f"weights {', '.join(map(_text.told, weights))}.")


def test_presets_set_all_but_the_digits(live):
    element = live(RegularizationExplorer(digits="4 7 9", lam=0.3, wrong=2, images=9, p=0.2, steps=7))
    element.page.get_by_role("button", name="dropout", exact=True).click()
    assert element.state == {**RegularizationExplorer(digits="4 7 9", p=0.5).state}
    element.settle()
    assert element.page.get_by_role("button", name="dropout", exact=True).get_attribute("aria-pressed") == "true"
