"""OptimizerRace: paths to the last bit, limits of the learning rate, the map by mouse, touch and keyboard."""

import re

import numpy as np
import pytest

from cnnmath import optimizers, surfaces
from cnnmath.figures import OptimizerRace, StateError
from cnnmath.parameters import Parameter
from tests.figures.contract import text

NAMES = ("SGD", "momentum", "Nesterov", "RMSprop", "Adam", "AdamW")
QUADRATIC = ("bowl", "valley", "tilted_valley")
# Rates near or beyond their limit: what is different in the last bit becomes visible within 200 steps.
WILD = [{"surface": "saddle", "start": [2.7, -1.3], "lr": 1.35, "adaptive_lr": 0.9, "momentum": 0.4, "beta2": 0.3},
        {"surface": "rosenbrock", "start": [-1.2, 1], "lr": 0.0021, "adaptive_lr": 0.7, "beta1": 0.2, "beta2": 0.6},
        {"surface": "cnn", "start": [1.93, 0.51], "lr": 0.317, "adaptive_lr": 0.091, "momentum": 0.4, "beta1": 0.3, "beta2": 0.1},
        {"surface": "tilted_valley", "start": [0.3, 2.9], "lr": 0.0999, "adaptive_lr": 2, "beta1": 0.5, "beta2": 0.1}]


@pytest.fixture
def race(live):
    element = live(OptimizerRace())
    element.settle()
    return element


def place(element, x, y):
    """A point of the map, in page pixels: its clip is the rectangle from −3 to 3."""
    left, top, size = element.ask("(() => { const [svg, clip] = ['.map svg', '.map clipPath rect'].map((s) => el.shadowRoot.querySelector(s));"
                                  "const at = svg.getBoundingClientRect(); const of = (n) => Number(clip.getAttribute(n));"
                                  "return [at.x + of('x'), at.y + of('y'), of('width')]; })()")
    return [left + (x + 3) / 6 * size, top + (3 - y) / 6 * size]


# numbers

@pytest.mark.parametrize("state", WILD, ids=lambda state: state["surface"])
def test_200_steps_in_javascript_are_cnnmaths_to_the_last_bit(live, state):
    figure = OptimizerRace(**state, steps=200)
    paths = np.array(live(figure).ask("el.values.paths"))
    assert np.ptp(paths[:, -20:], axis=1).max() > 0.1, "some path is still moving"
    np.testing.assert_array_equal(paths, figure.values()["paths"])


def rules(kind, one, adaptive, mu, beta1, beta2, decay):
    """The six optimisers, of cnnmath or of PyTorch, whose arguments have the same names."""
    return {"SGD": lambda p: kind.SGD(p, lr=one), "momentum": lambda p: kind.SGD(p, lr=one, momentum=mu),
            "Nesterov": lambda p: kind.SGD(p, lr=one, momentum=mu, nesterov=True),
            "RMSprop": lambda p: kind.RMSprop(p, lr=adaptive, alpha=beta2), "Adam": lambda p: kind.Adam(p, lr=adaptive, betas=(beta1, beta2)),
            "AdamW": lambda p: kind.AdamW(p, lr=adaptive, betas=(beta1, beta2), weight_decay=decay)}


SETTINGS = {"lr": 0.03, "adaptive_lr": 0.07, "momentum": 0.8, "beta1": 0.7, "beta2": 0.95, "weight_decay": 0.2}


@pytest.mark.parametrize("surface", surfaces.NAMES)
def test_paths_are_those_of_the_optimisers_step_by_step(surface):
    values = OptimizerRace(surface=surface, start=[1.5, -2], steps=200, **SETTINGS | ({"lr": 0.0003} if surface == "rosenbrock" else {})).values()
    rate = 0.0003 if surface == "rosenbrock" else 0.03
    for k, rule in enumerate(rules(optimizers, rate, *list(SETTINGS.values())[1:]).values()):
        weights = Parameter([1.5, -2.0])
        optimizer = rule([weights])
        for point in values["paths"][k]:
            np.testing.assert_array_equal(weights.data, point)
            weights.grad = surfaces.surface(surface).gradient(weights.data)
            optimizer.step()


@pytest.mark.parametrize("surface", ["tilted_valley", "saddle", "cnn"])
def test_paths_are_pytorchs(torch, surface):
    """At rates that do not enlarge the last bit, in which PyTorch's order of operations differs."""
    calm = SETTINGS | {"adaptive_lr": 0.02, "beta2": 0.99}
    values = OptimizerRace(surface=surface, start=[0, 2], steps=200, **calm).values()
    for k, rule in enumerate(rules(torch.optim, *calm.values()).values()):
        weights = torch.nn.Parameter(torch.tensor([0.0, 2.0], dtype=torch.float64))
        optimizer = rule([weights])
        for _ in range(200):
            weights.grad = torch.from_numpy(surfaces.surface(surface).gradient(weights.detach().numpy()))
            optimizer.step()
        np.testing.assert_allclose(weights.detach().numpy(), values["paths"][k][-1], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("momentum", [0, 0.5, 0.9])
@pytest.mark.parametrize("surface", QUADRATIC)
def test_below_the_limit_a_path_comes_nearer_and_above_it_goes_away(surface, momentum):
    common = {"surface": surface, "start": [-1, 1], "momentum": momentum, "steps": 200}
    limits = OptimizerRace(**common).values()["limits"]
    for k, limit in enumerate(limits):
        losses = [OptimizerRace(**common, lr=share * limit).values()["losses"][k] for share in (0.97, 1.03)]
        assert losses[0][-1] < 1e-2 * losses[0][0] and losses[1][-1] > 10 * losses[1][0], NAMES[k]


@pytest.mark.parametrize("optimizer, step, change", [
    ("SGD", 1, [0.15, -1.2]), ("momentum", 1, [0.15, -1.2]), ("Nesterov", 1, [0.285, -2.28]),  # (1 + μ) times as long
    ("RMSprop", 1, [1, -1]), ("Adam", 1, [0.1, -0.1]), ("AdamW", 1, [0.1 + 0.025, -0.1 - 0.01])])
def test_first_steps_known_by_hand(optimizer, step, change):
    """From (−2.5, 1) the gradient is (−2.5, 20): RMSprop's first step is 1/√(1 − α) times η long, Adam's is η."""
    values = OptimizerRace(optimizer=optimizer, step=step).values()
    np.testing.assert_allclose(values["gradient"], [-2.5, 20])
    np.testing.assert_allclose(values["change"], change, rtol=1e-6)


@pytest.mark.parametrize("optimizer", NAMES)
def test_the_terms_before_are_those_of_the_step_before(optimizer):
    now, last = (OptimizerRace(optimizer=optimizer, step=step).values() for step in (7, 6))
    for name in ("velocity", "square", "mean"):
        assert (now[name] is None) == (last[name] is None)
        if now[name] is not None:
            np.testing.assert_array_equal(now[f"{name}_before"], last[name])
    np.testing.assert_array_equal(last["point"] + last["change"], now["point"])


@pytest.mark.parametrize("surface", surfaces.NAMES)
def test_nothing_is_ever_nan_and_a_path_ends_at_the_bound(race, surface):
    state = {"surface": surface, "start": [3, -3], "lr": 4, "adaptive_lr": 4, "momentum": 0.99, "steps": 200, "step": 200, "beta2": 0.9999}
    values = OptimizerRace(**state).values()
    for k, (path, taken) in enumerate(zip(values["paths"], values["taken"])):
        inside = np.abs(path).max(axis=1) <= 100
        assert np.isfinite(path).all() and np.isfinite(values["losses"][k]).all()
        assert inside[:taken].all() and inside[taken] == (not values["left"][k]) and (path[taken:] == path[taken]).all()
    race.ask("el.state = a", state)
    race.settle()
    assert race.ask("/NaN|not a number|Infinity|∞|undefined/.test(el.shadowRoot.innerHTML)") is False
    told = text(race, ".fate").split("cannot converge. ")[-1]
    if any(values["left"]):
        fled = ", ".join(name for name, left in zip(NAMES, values["left"]) if left)
        assert told.endswith(f"{fled} diverged: the path ends where it left ±100.")
    else:
        assert "diverged" not in told


def test_a_start_has_two_numbers():
    with pytest.raises(StateError, match=r"^OptimizerRace: start must hold two numbers; got \[1\]\.$"):
        OptimizerRace(start=[1])


# what it says

def test_it_says_whose_limit_is_passed(race):
    assert "below 2/λₘₐₓ = 0.1 for SGD, 0.19 with momentum, 0.0679 for Nesterov" in text(race, ".fate")
    assert "cannot converge" not in text(race, ".fate")
    race.ask("el.state = { lr: 0.1 }")
    race.settle()
    assert "η = 0.1 is not: SGD, Nesterov cannot converge." in text(race, ".fate")
    assert "Nesterov diverged: the path ends where it left ±100." in text(race, ".fate")


def test_a_term_stands_as_a_sum_with_its_numbers(race):
    """v = 0.9 · 0 + g at the first step, −0.06 times that is the change."""
    race.ask("el.state = { step: 1 }")
    race.settle()
    rows = race.ask("[...el.shadowRoot.querySelectorAll('.terms tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))")
    assert rows[2] == ["v = μ v + g", "0.9 · 0 + (−2.5) = −2.5", "0.9 · 0 + 20 = 20"]
    assert rows[3] == ["Δ = −η v", "−0.06 · (−2.5) = 0.15", "−0.06 · 20 = −1.2"]
    assert rows[4] == ["θₜ = θₜ₋₁ + Δ", "−2.5 + 0.15 = −2.35", "1 + (−1.2) = −0.2"]


@pytest.mark.parametrize("optimizer, lines", list(zip(NAMES, [4, 5, 6, 6, 9, 10])))
def test_each_optimiser_shows_its_terms(race, optimizer, lines):
    race.page.get_by_label(f"show the terms of {optimizer}", exact=True).check()
    race.settle()
    assert race.state["optimizer"] == optimizer
    assert text(race, ".terms thead th") == f"step 4 of {optimizer}"
    assert race.ask("el.shadowRoot.querySelectorAll('.terms tbody tr').length") == lines


def test_pointing_at_a_row_shows_its_terms_until_the_pointer_leaves(race):
    race.page.get_by_text("AdamW", exact=True).hover()
    race.settle()
    assert text(race, ".terms thead th") == "step 4 of AdamW" and race.state["optimizer"] == "momentum"
    race.page.mouse.move(2, 2)
    race.settle()
    assert text(race, ".terms thead th") == "step 4 of momentum"


@pytest.mark.parametrize("where", [".map svg", "tbody svg"])
def test_paths_differ_without_colour(race, where):
    """Six dashes and six marks, in the map as in the legend."""
    dashes, marks = race.ask("""[0, 1].map((mark) => [...el.shadowRoot.querySelectorAll(a + ' path')]
        .filter((one) => /^o[0-5]/.test(one.getAttribute('class')) && one.classList.contains('mark') === Boolean(mark)))
        .map((all, mark) => all.map((one) => mark ? one.getAttribute('d') : getComputedStyle(one).strokeDasharray))""", where)
    assert len(set(dashes)) == 6
    numbers = [np.array(re.findall(r"-?[.0-9]+(?:e-?[0-9]+)?", mark), dtype=float).reshape(-1, 2) for mark in marks]
    shapes = {tuple(np.round(corners[:4] - corners[:4].mean(axis=0)).ravel()) + (len(corners),) for corners in numbers}
    assert len(marks) == len(shapes) == 6


# the map

def test_a_mark_stands_at_the_shown_step(race):
    point = OptimizerRace().values()["paths"][3][4]  # RMSprop, in the middle of its mark
    box = race.ask("(() => { const box = el.shadowRoot.querySelector('.map .o3.mark').getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()")
    np.testing.assert_allclose(box, place(race, *point), atol=1)


@pytest.mark.parametrize("surface", surfaces.NAMES)
def test_the_contours_lie_under_the_axes(race, surface):
    """Along a line between two pixels of the canvas that are contours, the loss passes a power of the factor."""
    race.ask("el.state = a", {"surface": surface})
    race.settle()
    corner, size, lines = race.ask("""(() => { const canvas = el.shadowRoot.querySelector('.map canvas');
        const box = canvas.getBoundingClientRect(), n = canvas.width;
        const { data } = canvas.getContext('2d').getImageData(0, 0, n, n);
        const line = el.ramps.grey(0.68)[0];
        const found = []; for (let k = 0; k < n * n; k++) if (data[4 * k] === line) found.push(k);
        return [[box.x, box.y, n], n, found]; })()""")
    np.testing.assert_allclose(corner[:2], place(race, -3, 3), atol=0.6)
    ratio = {"rosenbrock": 4, "cnn": 1.25, "saddle": 1.5}.get(surface, 2)
    rows, columns = np.divmod(np.array(lines), size)
    inner = (rows > 0) & (columns > 0)
    at = lambda i, j: surfaces.surface(surface).loss(np.stack([(j + 0.5) / size * 6 - 3, 3 - (i + 0.5) / size * 6], -1))  # noqa: E731
    band = lambda i, j: np.floor(np.log(at(i[inner], j[inner])) / np.log(ratio))  # noqa: E731
    here = band(rows, columns)
    crossed = (here != band(rows - 1, columns)) | (here != band(rows, columns - 1))
    assert len(lines) > 500 and crossed.mean() > 0.99


def test_dragging_the_start_moves_every_path(race):
    mouse = race.page.mouse
    mouse.move(*place(race, -2.5, 1))
    mouse.down()
    mouse.move(*place(race, 1.02, -2), steps=4)
    mouse.up()
    assert race.state["start"] == [1, -2]
    assert {tuple(path[0]) for path in race.ask("el.values.paths")} == {(1, -2)}


def test_a_press_on_the_map_and_arrow_keys_move_the_start(race):
    race.page.mouse.click(*place(race, 2, 2))
    assert race.state["start"] == [2, 2]
    race.page.get_by_role("slider", name="start").focus()
    for key, start in [("ArrowLeft", [1.95, 2]), ("Shift+ArrowUp", [1.95, 2.5]), ("End", [3, 2.5]), ("ArrowRight", [3, 2.5])]:
        race.page.keyboard.press(key)
        assert race.state["start"] == start, key


def test_a_surface_brings_a_start_and_rates_that_fit_it(race):
    for name in ("Bowl", "Tilted valley", "Saddle", "Rosenbrock's valley", "Loss of a small CNN", "Narrow valley"):
        race.page.get_by_role("button", name=name).click()
        assert sum(race.ask("el.values.left")) == 0, name
    assert race.state == OptimizerRace().state


def test_from_one_start_on_the_cnn_they_end_in_different_places(race):
    race.page.get_by_role("button", name="Loss of a small CNN").click()
    losses = np.array(race.ask("el.values.losses"))[:, -1]
    good, bad = sorted(surfaces.surface("cnn").loss(surfaces.surface("cnn").minima))
    assert abs(losses[0] - bad) < 0.01 and abs(losses[3] - good) < 0.01 and abs(losses[1] - 1.063) < 0.001


# running

def test_run_shows_step_after_step_and_stops_when_told(race):
    race.ask("el.state = { steps: 10 }")
    race.page.get_by_role("button", name="Run").click()
    race.page.wait_for_timeout(900)
    assert race.state["step"] == 10 and race.page.get_by_role("button", name="Run").is_visible()
    race.ask("el.state = { steps: 200 }")
    race.page.get_by_role("button", name="Run").click()
    race.page.wait_for_timeout(200)
    race.page.get_by_role("button", name="Stop").click()
    step = race.state["step"]
    race.page.wait_for_timeout(200)
    assert 1 < step < 200 and race.state["step"] == step


def test_with_reduced_motion_run_goes_to_the_end_at_once(race):
    race.page.emulate_media(reduced_motion="reduce")
    race.page.get_by_role("button", name="Run").click()
    assert race.state["step"] == 60


def test_the_rate_moves_on_a_logarithmic_scale(race):
    race.page.get_by_label("η of SGD, momentum, Nesterov", exact=True).focus()
    for _ in range(5):
        race.page.keyboard.press("ArrowRight")
    assert race.state["lr"] == pytest.approx(0.06 * 10**0.1, rel=0.03)
