"""TrainNetwork: that the page trains as cnnmath does, how fast, and how the figure is used."""

import numpy as np
import pytest

from cnnmath.datasets import load_digits
from cnnmath.figures import TrainNetwork
from cnnmath.figures._random import uniform
from cnnmath.gradcheck import numerical_gradient
from cnnmath.layers import Conv2d, Flatten, Linear, MaxPool2d, ReLU
from cnnmath.losses import cross_entropy, cross_entropy_backward
from cnnmath.network import Sequential
from cnnmath.optimizers import SGD, Adam
from cnnmath.training import fit
from tests.figures.contract import assert_equal

RULES = {"SGD": lambda p, lr: SGD(p, lr), "momentum": lambda p, lr: SGD(p, lr, 0.9), "Adam": lambda p, lr: Adam(p, lr)}
SETTINGS = {"filters": 5, "lr": 0.03, "batch_size": 40, "seed": 3}
STEPS = 50


class Given(np.random.Generator):
    """A Generator whose permutations are the orders of the figure's epochs."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(0))
        self.seed, self.start = seed, 4096

    def permutation(self, count):
        """The order of the next epoch."""
        start, self.start = self.start, self.start + count
        return np.argsort(uniform(self.seed, count, start), kind="stable")


def parts():
    """x, y of training and of testing."""
    images, labels = load_digits()
    kept = np.arange(len(images)) % 4 == 3
    return images[~kept], labels[~kept], images[kept], labels[kept]


def fresh(filters, seed):
    """The network before its first step."""
    network = Sequential(Conv2d(1, filters, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(16 * filters, 10))
    network[0].weight.data = np.sqrt(2 / 3) * (2 * uniform(seed, (filters, 1, 3, 3)) - 1)
    network[4].weight.data = np.sqrt(6 / (16 * filters)) * (2 * uniform(seed, (10, 16 * filters), 9 * filters) - 1)
    return network


def vector(network):
    """All parameters one after the other, as the page keeps them."""
    return np.concatenate([parameter.data.ravel() for parameter in network.parameters()])


def settings(optimizer="Adam", **changes):
    return {**SETTINGS, "optimizer": optimizer, **changes}


@pytest.mark.parametrize("optimizer", RULES)
def test_every_step_is_that_of_cnnmath(live, optimizer):
    """All parameters and the loss after each of 50 steps: forward and backward of the layers, and the optimiser."""
    state = settings(optimizer)
    element = live(TrainNetwork())
    run = """(() => { const run = new cnnmath.network.Run(a); const seen = [[...run.theta]];
        for (let k = 1; k <= 50; k++) seen.push([...run.at(k).theta]); return [seen, run.loss]; })()"""
    page, losses = element.ask(run, state)
    x, y, _, _ = parts()
    network, orders = fresh(state["filters"], state["seed"]), Given(state["seed"])
    rule = RULES[optimizer](network.parameters(), state["lr"])
    np.testing.assert_allclose(page[0], vector(network), rtol=0, atol=1e-15)
    step = 0
    while step < STEPS:
        order = orders.permutation(len(x))
        for first in range(0, len(x), state["batch_size"]):
            chosen = order[first : first + state["batch_size"]]
            scores = network.forward(x[chosen])
            if step < STEPS:
                np.testing.assert_allclose(losses[step], cross_entropy(scores, y[chosen]), rtol=0, atol=1e-9)
            network.backward(cross_entropy_backward(scores, y[chosen]))
            rule.step()
            step += 1
            if step <= STEPS:
                np.testing.assert_allclose(page[step], vector(network), rtol=0, atol=1e-9, err_msg=f"step {step}")


def test_fit_gives_the_same_run():
    """Two epochs of `training.fit` on the same weights and orders, the short last batches included."""
    x, y, x_test, y_test = parts()
    network = fresh(4, 9)
    history = fit(network, Adam(network.parameters(), 0.02), x, y, 2, 100, Given(9), (x_test, y_test))
    values = TrainNetwork(filters=4, seed=9, batch_size=100, steps=28).values()
    assert history.steps_per_epoch == 14
    np.testing.assert_allclose(values["loss"], history.loss, rtol=0, atol=1e-12)
    np.testing.assert_allclose(values["filters"], network[0].weight.data[:, 0], rtol=0, atol=1e-12)
    assert values["right"] == round(449 * history.validation_accuracy[-1])


def test_of_equal_sums_the_first_gets_the_gradient(live):
    """With K = 0 and b = 1 all four sums of every window are equal, and the pixels under them are not."""
    network = fresh(2, 0)
    network[0].weight.data, network[0].bias.data = np.zeros((2, 1, 3, 3)), np.ones(2)
    x, y, _, _ = parts()
    chosen = Given(0).permutation(len(x))[:32]
    network.backward(cross_entropy_backward(network.forward(x[chosen]), y[chosen]))
    run = """(() => { const run = new cnnmath.network.Run(a); run.theta.fill(0, 0, 18); run.theta.fill(1, 18, 20);
        run.look(); return [...run.grad]; })()"""
    grad = live(TrainNetwork()).ask(run, settings(filters=2, batch_size=32, seed=0))
    np.testing.assert_allclose(grad, np.concatenate([p.grad.ravel() for p in network.parameters()]), rtol=0, atol=1e-12)


def test_the_gradient_is_the_slope_of_the_next_loss():
    values = TrainNetwork(filters=3, steps=7, batch_size=16).values()
    x, y, _, _ = parts()
    network = fresh(3, 0)
    trained = TrainNetwork(filters=3, steps=7, batch_size=16)._trained()[0]
    network[0].bias.data = values["bias"]
    network[4].weight.data, network[4].bias.data = trained[4].weight.data, trained[4].bias.data
    chosen = Given(0).permutation(len(x))[7 * 16 : 8 * 16]

    def loss(K):
        network[0].weight.data = K[:, None]
        return cross_entropy(network.forward(x[chosen]), y[chosen])

    assert loss(values["filters"]) == pytest.approx(values["next_loss"], abs=1e-12)
    np.testing.assert_allclose(values["gradient"], numerical_gradient(loss, values["filters"], 1e-7), atol=1e-6)


def test_the_page_keeps_back_what_python_keeps_back(live):
    _, _, x_test, y_test = parts()
    element = live(TrainNetwork())
    images = element.ask("Array.from({length: 449}, (_, k) => { const {image, label} = cnnmath.network.test(k); return [...image.data, label]; })")
    np.testing.assert_array_equal(np.array(images)[:, :64], x_test.reshape(449, 64))
    assert np.array(images)[:, 64].tolist() == y_test.tolist()


def test_an_epoch_takes_every_training_image_once(live):
    order = live(TrainNetwork()).ask("(() => { const run = new cnnmath.network.Run(a); run.shuffle(1); return [...run.order]; })()", settings())
    assert sorted(order) == list(range(1348))
    orders = Given(SETTINGS["seed"])
    orders.permutation(1348)
    assert order == orders.permutation(1348).tolist()


def test_values_do_not_depend_on_where_the_run_was(live):
    """Forward, back across a mark, within one, and to the start: always the numbers of a new run."""
    element = live(TrainNetwork(filters=4, steps=3))
    for steps in (70, 44, 41, 0, 60, 20, 67):
        element.ask("el.state = {steps: a}", steps)
        assert_equal(TrainNetwork(filters=4, steps=steps).values(), element.ask("el.values"), steps)


TRAIN = """async ([tag, seed]) => {
    const el = document.querySelector(tag);
    el.state = {seed, steps: 0};
    await new Promise((resolve) => setTimeout(resolve, 100));
    const begin = performance.now();
    [...el.shadowRoot.querySelectorAll("button")].find((one) => one.textContent.includes("Train")).click();
    let reached = 0;
    while (!reached && el.state.steps < 2000) {
        await new Promise(requestAnimationFrame);
        if (el.computed.right >= 0.98 * 449) reached = performance.now() - begin;
    }
    el.stop();
    return reached || 1e9;
}"""


def test_training_in_the_page_reaches_98_percent_within_two_seconds(live):
    """Median over 7 seeds, from the press of Train to a painted accuracy of 98 %."""
    element = live(TrainNetwork())
    times = [element.page.evaluate(TRAIN, [element.tag, seed]) for seed in range(7)]
    assert np.median(times) < 2000, times


def test_the_accuracy_stays_there():
    assert np.median([TrainNetwork(seed=seed, steps=600).values()["right"] for seed in range(7)]) >= 0.98 * 449


SLICES = """async ([tag, goal]) => {
    const el = document.querySelector(tag);
    const slice = el.slice, times = [];
    el.slice = function () { const begin = performance.now(); slice.call(this); times.push(performance.now() - begin); };
    el.run(goal);
    while (el.timer) await new Promise(requestAnimationFrame);
    return times.sort((one, other) => one - other);
}"""


def test_training_leaves_time_for_the_page(live):
    """A slice of training is at most 12 ms, also with the largest network; the median, because others use this machine too."""
    element = live(TrainNetwork(filters=16, batch_size=256, steps=0))
    times = element.page.evaluate(SLICES, [element.tag, 60])
    assert len(times) > 10 and times[len(times) // 2] < 12, times


def button(element, name):
    return element.page.get_by_role("button", name=name, exact=True)


def steps(element):
    return element.state["steps"]


def test_train_pause_step_epoch_and_start_again(live):
    element = live(TrainNetwork(steps=5))
    button(element, "▶ Train").click()
    element.page.wait_for_function("document.querySelector('cnnmath-train-network').state.steps > 30")
    button(element, "❚❚ Pause").click()
    element.settle()
    paused = steps(element)
    element.settle()
    assert steps(element) == paused > 30
    button(element, "Step").click()
    assert steps(element) == paused + 1
    epochs = -(-(paused + 2) // 43)
    button(element, "Epoch").click()
    element.page.wait_for_function(f"document.querySelector('cnnmath-train-network').state.steps === {43 * epochs}")
    button(element, "Start again").click()
    assert steps(element) == 0
    button(element, "Reset").click()
    assert steps(element) == 5


def test_one_step_a_frame(live):
    element = live(TrainNetwork(steps=0))
    element.page.get_by_label("speed 1 step a frame").check()
    seen = element.page.evaluate("""async (tag) => {
        const el = document.querySelector(tag), seen = [];
        el.addEventListener("change", () => seen.push(el.state.steps));
        el.run(12);
        while (el.timer) await new Promise(requestAnimationFrame);
        return seen;
    }""", element.tag)
    assert seen == list(range(1, 13))


def test_other_settings_train_anew_as_far(live):
    element = live(TrainNetwork(steps=150))
    element.page.get_by_label("optimiser SGD").check()
    element.page.wait_for_function("document.querySelector('cnnmath-train-network').state.steps === 150")
    assert element.state["optimizer"] == "SGD"
    assert_equal(TrainNetwork(steps=150, optimizer="SGD").values(), element.ask("el.values"), "SGD")


def test_a_state_that_is_set_while_it_trains_ends_the_training(live):
    element = live(TrainNetwork(steps=0))
    button(element, "▶ Train").click()
    element.page.wait_for_function(f"document.querySelector('{element.tag}').state.steps > 10")
    element.ask("el.state = {steps: 7}")
    element.settle()
    assert steps(element) == 7
    button(element, "▶ Train").wait_for()


def test_drawing_and_pointing_do_not_stop_it(live):
    element = live(TrainNetwork(steps=0))
    element.page.get_by_label("speed 1 step a frame").check()
    button(element, "▶ Train").click()
    button(element, "Clear and draw").click()
    element.page.get_by_role("option", name="filter 3").click()
    before = steps(element)
    element.page.wait_for_function(f"document.querySelector('cnnmath-train-network').state.steps > {before + 5}")
    assert element.state["shown"] == 3 and element.state["drawing"] == [[0] * 8] * 8


def test_it_stops_off_screen_and_when_it_is_removed(live):
    element = live(TrainNetwork(steps=0))
    element.page.get_by_label("speed 1 step a frame").check()
    element.page.evaluate("document.body.style.paddingTop = '9000px'")
    element.ask("el.scrollIntoView()")
    element.page.wait_for_timeout(200)
    button(element, "▶ Train").click()
    element.page.wait_for_function("document.querySelector('cnnmath-train-network').state.steps > 2")
    element.page.evaluate("scrollTo(0, 0)")
    element.page.wait_for_timeout(300)
    away = steps(element)
    element.settle()
    assert steps(element) == away and not element.ask("el.timer")
    taken = element.page.evaluate("""async (tag) => {
        const el = document.querySelector(tag);
        el.run(1000);
        await new Promise((resolve) => setTimeout(resolve, 50));
        el.remove();
        const { step } = el.kept.run;
        await new Promise((resolve) => setTimeout(resolve, 300));
        return [el.kept.run.step - step, el.timer];
    }""", element.tag)
    assert taken == [0, 0]


def test_reduced_motion_shows_few_pictures(live):
    element = live(TrainNetwork(steps=0))
    element.page.emulate_media(reduced_motion="reduce")
    shown = element.page.evaluate("""async (tag) => {
        const el = document.querySelector(tag);
        let shown = 0;
        el.addEventListener("change", () => shown++);
        const begin = performance.now();
        el.run(300);
        while (el.timer) await new Promise(requestAnimationFrame);
        return shown - (performance.now() - begin) / 300;
    }""", element.tag)
    assert shown <= 2 and steps(element) == 300


def test_a_press_on_the_plot_goes_back(live):
    element = live(TrainNetwork(steps=100))
    element.settle()
    box = element.page.locator(".plot svg").first.bounding_box()
    element.page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert 35 < steps(element) < 65


def draw(element, *cells):
    """One stroke with the mouse."""
    box = element.page.get_by_label("the image that is read").bounding_box()
    side = box["width"] / 8
    for k, (i, j) in enumerate(cells):
        element.page.mouse.move(box["x"] + (j + 0.5) * side, box["y"] + (i + 0.5) * side)
        if k == 0:
            element.page.mouse.down()
    element.page.mouse.up()


def test_a_drawing_is_read(live):
    """A bar by the mouse is a 1, and every number of the picture is that of the drawing."""
    element = live(TrainNetwork(steps=300))
    button(element, "Clear and draw").click()
    draw(element, (0, 3), (7, 3))
    draw(element, (0, 4), (7, 4))
    drawing = np.zeros((8, 8), dtype=int)
    drawing[:, 3:5] = 16
    assert element.state["drawing"] == drawing.tolist()
    values = TrainNetwork(steps=300, drawing=drawing).values()
    assert values["predicted"] == element.ask("el.computed.predicted") == 1
    element.settle()
    shown = element.page.locator(".bars > span.on").all_inner_texts()
    assert shown == ["1", f"{values['probabilities'][1]:.3f}"]
    assert element.page.locator(".caption", has_text="your drawing").count() == 1


def test_a_stroke_on_a_test_image_draws_on_a_copy(live):
    element = live(TrainNetwork())
    levels = np.round(16 * parts()[2][104, 0]).astype(int)
    draw(element, (0, 0))
    levels[0, 0] = 16
    assert element.state["drawing"] == levels.tolist()
    button(element, "next ›").click()
    assert element.state["drawing"] == [] and element.state["digit"] == 105


def test_keys_draw(live):
    element = live(TrainNetwork())
    button(element, "Clear and draw").click()
    element.page.get_by_label("the image that is read").focus()
    for key in ("ArrowDown", "ArrowRight", "Enter", "ArrowRight", "9"):
        element.page.keyboard.press(key)
    drawing = np.array(element.state["drawing"])
    assert drawing[1, 1] == 16 and drawing[1, 2] == 9 and drawing.sum() == 25


def test_the_next_mistake_is_the_next_mistake(live):
    element = live(TrainNetwork(steps=200))
    network, (_, _, x_test, y_test) = TrainNetwork(steps=200)._trained()[0], parts()
    wrong = np.flatnonzero(network.forward(x_test).argmax(axis=1) != y_test)
    for expected in (wrong[wrong > 104][0], wrong[wrong > 104][1]):
        button(element, "Next mistake").click()
        assert element.state["digit"] == expected
    element.ask("el.state = {digit: a}", int(wrong[-1]))
    button(element, "Next mistake").click()
    assert element.state["digit"] == wrong[0]


def test_keys_choose_a_filter_and_its_numbers_are_shown(live):
    element = live(TrainNetwork())
    element.page.get_by_role("listbox").focus()
    for key in ("ArrowRight", "ArrowRight", "End", "ArrowLeft"):
        element.page.keyboard.press(key)
    assert element.state["shown"] == 6
    element.settle()
    assert element.page.get_by_role("option", selected=True).get_attribute("aria-label") == "filter 6"
    kernel = TrainNetwork().values()["filters"][6]
    text = element.page.get_by_label("weights of the filter").inner_text().replace("−", "-").split()
    np.testing.assert_allclose([float(word) for word in text], kernel.ravel(), atol=5e-4)


def test_the_sum_of_a_cell_is_the_cell(live):
    element = live(TrainNetwork(shown=2))
    element.page.get_by_role("grid", name="map of the filter: arrow keys").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        element.page.keyboard.press(key)
    element.settle()
    i, j = element.ask("el.at")
    text = element.page.locator(".formula").inner_text()
    value = TrainNetwork().values()["maps"][2, i, j]
    assert f"{abs(value):.3f}".rstrip("0") in text.split("=")[1] and text.count("(") == 20
    assert f"row {i}, column {j}" in element.page.locator(".reading").inner_text()
