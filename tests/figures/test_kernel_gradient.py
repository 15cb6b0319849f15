"""KernelGradient: its sums against trying, what lights up where, nudges and kinks, by mouse and keyboard."""

import numpy as np
import pytest

from cnnmath.convolution import conv2d_backward_definition, convolve2d, correlate2d
from cnnmath.figures import KernelGradient
from cnnmath.gradcheck import numerical_gradient

IMAGE, KERNEL, BIAS, OUTPUT, GIVEN, DIMAGE, DKERNEL, DBIAS, DOUTPUT = range(9)  # the grids, in the order in which they stand
CELLS = "[...el.shadowRoot.querySelectorAll('.grid')[a].querySelectorAll('.cell')]"


class Shown:
    """The figure in the browser, its grids by number."""

    def __init__(self, element):
        self.element, self.page = element, element.page
        self.page.wait_for_timeout(450)  # the kernel turns

    def point(self, grid, k):
        self.element.ask(f"(a => {CELLS}[a[1]].scrollIntoView({{block: 'center'}}))".replace("[a]", "[a[0]]") + "(a)", [grid, k])
        box = self.element.ask(f"{CELLS.replace('[a]', '[a[0]]')}[a[1]].getBoundingClientRect().toJSON()", [grid, k])
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.wait_for_timeout(450)

    def leave(self):
        self.page.mouse.move(2, 2)
        self.element.settle()

    def press(self, grid, *keys):
        self.element.ask("el.shadowRoot.querySelectorAll('.grid')[a].focus()", grid)
        for key in keys:
            self.page.keyboard.press(key)
        self.element.settle()

    def numbers(self, grid):
        """{place: number of the term} of the cells that have one."""
        badges = self.element.ask(f"{CELLS}.map((cell) => cell.querySelector('.badge')?.textContent ?? '')", grid)
        return {k: int(text) for k, text in enumerate(badges) if text}

    def marked(self, grid, mark):
        classes = self.element.ask(f"{CELLS}.map((cell) => cell.className.split(' '))", grid)
        return [k for k, names in enumerate(classes) if mark in names]

    def text(self, selector):
        return self.element.ask("el.shadowRoot.querySelector(a).textContent", selector)

    @property
    def turned(self):
        """The angle by which K is drawn, from its matrix: −1 is 180°, 1 is none."""
        return self.element.ask("new DOMMatrix(getComputedStyle(el.shadowRoot.querySelectorAll('.grid')[a]).transform).a", KERNEL)


@pytest.fixture
def shown(live):
    return lambda **state: Shown(live(KernelGradient(**state)))


def cases(rng):
    """Random figures of every stride and padding with kernels from 1×1 to 5×5; no entry at a kink."""
    for k in range(60):
        height, width = rng.integers(1, 6, 2)
        image = rng.normal(size=(rng.integers(height, 8), rng.integers(width, 8)))
        yield KernelGradient(image=image, kernel=rng.normal(size=(height, width)), bias=float(rng.normal()), given=rng.normal(size=(3, 2)),
                             stride=1 + k % 3, padding=k // 3 % 3, relu=bool(k % 2), loss=("weighted sum", "squared error")[k // 2 % 2])


def test_all_gradients_equal_the_product_rule_and_trying(rng):
    for figure in cases(rng):
        v = figure.values()
        x, w = np.array(figure.image)[None, None], np.array(figure.kernel)[None, None]
        dx, dw, db = conv2d_backward_definition(v["doutput"][None, None], x, w, figure.stride, figure.padding)
        for name, expected in (("dimage", dx[0, 0]), ("dkernel", dw[0, 0]), ("dbias", db[None])):
            np.testing.assert_allclose(v[name], expected, rtol=1e-12, atol=1e-12)

        def loss(of, array):
            o = correlate2d(x[0, 0] if of != "image" else array, w[0, 0] if of != "kernel" else array, figure.stride, figure.padding)
            o = o + (array if of == "bias" else figure.bias)
            a = np.maximum(o, 0) if figure.relu else o
            return (v["given"] * a).sum() if figure.loss == "weighted sum" else ((a - v["given"]) ** 2).sum() / 2

        for of, array in (("image", x[0, 0]), ("kernel", w[0, 0]), ("bias", np.array(figure.bias))):
            tried = numerical_gradient(lambda array, of=of: loss(of, array), array, 1e-6)
            np.testing.assert_allclose(v[f"d{of}"].reshape(tried.shape), tried, rtol=1e-5, atol=1e-5, err_msg=str(figure.state))


def test_the_terms_of_every_entry_add_up_and_stand_where_they_say(rng):
    for figure in cases(rng):
        s, p = figure.stride, figure.padding
        for of in ("image", "kernel", "bias", "output"):
            shape = {"image": np.shape(figure.image), "kernel": np.shape(figure.kernel), "bias": (1, 1)}.get(of, figure.values()["output"].shape)
            for cell in np.ndindex(shape):
                figure.update(of=of, cell=list(cell))
                v = figure.values()
                assert v["total"] == pytest.approx(v["output"][cell] if of == "output" else v["gradient"], abs=1e-9)
                for r, k, q in zip(v["outputs"], v["weights"], v["pixels"]):
                    if of == "bias":
                        continue
                    (i, j), (m, n) = np.unravel_index(r, v["output"].shape), np.unravel_index(k, np.shape(figure.kernel))
                    assert (s * i + m - p, s * j + n - p) == np.unravel_index(q, np.shape(figure.image))


def test_the_gradients_are_a_correlation_and_a_full_convolution():
    v = KernelGradient().values()
    image, kernel = np.array(KernelGradient().image), np.array(KernelGradient().kernel)
    np.testing.assert_array_equal(v["dkernel"], correlate2d(image, v["doutput"]))
    np.testing.assert_array_equal(v["dimage"], convolve2d(v["doutput"], kernel, padding=2))


def test_squared_error_sends_back_the_difference():
    v = KernelGradient(loss="squared error", given=[[1.0]]).values()
    np.testing.assert_array_equal(v["doutput"], v["output"] - 1)
    assert v["loss"] == ((v["output"] - 1) ** 2).sum() / 2


@pytest.mark.parametrize(("state", "slopes", "gradient", "verdict"), [
    ({}, [-1, -1, -1], -1, "L is straight here, and all agree."),
    ({"of": "kernel", "cell": [1, 1], "relu": True}, [-3, 4.5, 12], -3, "Kink: O[0, 1], O[1, 1], O[2, 1] at 0,"),
    ({"of": "kernel", "cell": [1, 1], "relu": True, "bias": 0.5, "halvings": 3}, [5, 8.5, 12], 12, "Kink within h: O[0, 1], O[1, 1], O[2, 1] on the way through 0."),
    ({"of": "kernel", "cell": [1, 1], "relu": True, "bias": 0.5, "halvings": 5}, [12, 12, 12], 12, "L is straight here, and all agree."),
    ({"of": "bias", "loss": "squared error", "halvings": 0}, [-9.5, -5, -0.5], -5, "L is curved:"),
])
def test_measured_slopes_and_kinks(state, slopes, gradient, verdict):
    figure = KernelGradient(**state)
    v = figure.values()
    assert (list(v["slopes"]), v["gradient"]) == (slopes, gradient)
    assert verdict in figure.describe()


def test_an_unseen_output_makes_no_kink():
    """G[0, 1] = G[1, 1] = G[2, 1] = 0: the loss does not look at the outputs that stand at 0."""
    figure = KernelGradient(of="kernel", cell=[1, 1], relu=True, given=[[1, 0, 1]])
    assert len(figure.values()["crossed"]) == 0
    assert "straight" in figure.describe()


def test_a_pixel_that_the_stride_skips_has_no_terms():
    figure = KernelGradient(image=np.ones((3, 6)), stride=2, of="image", cell=[0, 5])
    assert figure.values()["gradient"] == 0
    assert figure.describe().startswith("∂L/∂I[0, 5] is a sum without terms: 0.")


def test_pointing_at_a_weight_numbers_the_pixels_that_met_it(shown):
    figure = shown(turn=False)
    figure.point(KERNEL, 2)  # K[0, 2]
    places = [r * 5 + c for r in range(3) for c in range(2, 5)]
    assert figure.numbers(IMAGE) == {place: t + 1 for t, place in enumerate(places)}
    assert figure.numbers(OUTPUT) == figure.numbers(DOUTPUT) == {t: t + 1 for t in range(9)}
    assert figure.marked(DKERNEL, "at") == figure.marked(KERNEL, "at") == [2]
    assert figure.text(".formula") == ("∂L/∂K[0, 2] = Σ δ[i, j] I[i, j + 2] = 1(1)(3) + 2(−2)(2) + 3(0)(1) + 4(2)(6) + 5(1)(5) + 6(−1)(4) "
                                       "+ 7(0)(9) + 8(3)(8) + 9(1)(7) = 43")
    assert figure.turned == 1
    figure.leave()
    assert figure.text(".formula").startswith("∂L/∂I[1, 1] =")


def test_pointing_at_a_pixel_reads_the_kernel_backwards(shown):
    figure = shown(of="kernel")
    assert figure.turned == 1
    figure.point(IMAGE, 12)  # I[2, 2], which all nine outputs used
    figure.page.wait_for_timeout(200)
    assert figure.numbers(KERNEL) == {8 - t: t + 1 for t in range(9)}
    assert figure.numbers(DOUTPUT) == {t: t + 1 for t in range(9)}
    assert figure.turned == -1
    assert "K[2 − i, 2 − j]" in figure.text(".formula")
    figure.point(DIMAGE, 0)  # I[0, 0], which one output used
    assert figure.numbers(KERNEL) == {0: 1} == figure.numbers(OUTPUT)


def test_the_turn_can_be_switched_off_and_jumps_without_motion(shown):
    figure = shown()
    assert figure.turned == pytest.approx(-1, abs=1e-2)
    figure.page.get_by_role("button", name="turn K").click()
    figure.page.wait_for_timeout(450)
    for _ in range(40):  # on a busy machine the last frame comes later
        if figure.turned != 1:
            figure.page.wait_for_timeout(50)
    assert figure.turned == 1
    figure.page.emulate_media(reduced_motion="reduce")
    figure.element.ask("new Promise((done) => { el.update({turn: true}); requestAnimationFrame(() => requestAnimationFrame(done)); })")
    assert figure.turned == -1


def test_a_turned_kernel_gives_the_weight_that_is_seen(shown):
    """Pointing leaves K turned; the cell drawn in the upper left is K[2, 2], and a click chooses it."""
    figure = shown()
    figure.point(KERNEL, 8)
    assert figure.text(".formula").startswith("∂L/∂K[2, 2] =")
    assert figure.turned == pytest.approx(-1, abs=1e-2)
    figure.page.mouse.down()
    figure.page.wait_for_timeout(450)
    assert (figure.element.state["of"], figure.element.state["cell"]) == ("kernel", [2, 2])
    assert figure.turned == pytest.approx(1, abs=1e-2)


def test_stride_and_padding_stand_in_the_formula(shown):
    figure = shown(of="kernel", cell=[0, 0], stride=2, padding=1)
    assert "I[2i − 1, 2j − 1]" in figure.text(".formula")
    assert "5 met padding" in figure.text(".note")
    figure.element.ask("el.update({of: 'image', cell: [1, 2]})")
    figure.element.settle()
    assert "K[2 − 2i, 3 − 2j]" in figure.text(".formula")


def test_pointing_at_a_term_lights_its_pair(shown):
    figure = shown()
    figure.page.locator(".term").nth(1).hover()
    figure.element.settle()
    assert figure.text(".term.lit") == "2(−2)(1)"
    assert (figure.marked(KERNEL, "lit"), figure.marked(DOUTPUT, "lit"), figure.marked(OUTPUT, "lit")) == ([3], [1], [1])
    assert figure.text(".note") == "2: output O[0, 1] read I[1, 1] through K[1, 0]."


def test_keys_choose_entries_and_the_grids_agree(shown):
    figure = shown(of="kernel", cell=[0, 0])
    figure.press(DKERNEL, "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight")
    assert (figure.element.state["of"], figure.element.state["cell"]) == ("kernel", [1, 2])
    assert figure.marked(KERNEL, "at") == [5]
    figure.press(DOUTPUT, "End", "PageDown")
    assert (figure.element.state["of"], figure.element.state["cell"]) == ("output", [2, 2])


def test_a_slider_changes_the_chosen_entry(shown):
    figure = shown(of="kernel", cell=[1, 1])
    field = figure.page.get_by_label("the chosen entry, as a number")
    field.fill("2.5")
    field.press("Enter")
    assert figure.element.state["kernel"] == [[1, 0, -1], [1, 2.5, -1], [1, 0, -1]]
    figure.element.ask("el.update({of: 'output', cell: [0, 2]})")
    figure.element.settle()
    field.fill("7")
    field.press("Enter")
    assert figure.element.ask("el.values.given")[0] == [1, -2, 7]
    assert figure.element.ask("el.values.doutput")[0] == [1, -2, 7]


def test_halving_h_leaves_a_kink_behind(shown):
    figure = shown(of="kernel", cell=[1, 1], relu=True, bias=0.5)
    assert figure.marked(OUTPUT, "kink") == [1, 4, 7]
    assert "Kink within h" in figure.text(".nudge + .note")
    figure.page.get_by_label("halvings of h", exact=True).fill("5")
    figure.element.settle()
    assert figure.marked(OUTPUT, "kink") == []
    assert figure.text(".nudge + .note") == "L is straight here, and all agree."


@pytest.mark.parametrize("size", [1, 2, 4, 5])
def test_any_size_of_kernel_shows_the_full_sum(shown, size):
    figure = shown(image=np.arange(49).reshape(7, 7), of="kernel", cell=[0, 0])
    figure.page.get_by_label(f"kernel size {size}", exact=True).check(force=True)
    figure.element.settle()
    kernel = figure.element.state["kernel"]
    assert np.shape(kernel) == (size, size)
    terms = figure.element.ask("[...el.shadowRoot.querySelectorAll('.term')].map((one) => one.lastChild.textContent)")
    assert len(terms) == (8 - size) ** 2
    total = sum(np.prod([float(x) for x in term.replace("−", "-").strip("()").split(")(")]) for term in terms)
    assert total == figure.element.ask("el.values.total")
