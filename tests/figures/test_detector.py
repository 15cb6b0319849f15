"""Detector: what its numbers are, and how the figure is used."""

import numpy as np
import pytest

from cnnmath.activations import sigmoid
from cnnmath.datasets import load_digits
from cnnmath.detection import iou
from cnnmath.figures import Detector, _text
from cnnmath.figures.detector import trained
from tests.figures.contract import text


def window_logits(window):
    """The network as it was trained: on one window, with a dense layer at its end."""
    first, _, last = trained()
    maps = [[[np.sum(window[a : a + 3, b : b + 3] * kernel[0]) + bias for b in range(6)] for a in range(6)]
            for kernel, bias in zip(first.weight.data, first.bias.data)]
    return last.weight.data.reshape(10, -1) @ np.maximum(maps, 0).ravel() + last.bias.data


def test_the_heat_map_is_the_classifier_on_every_window():
    figure = Detector(noise=0.4, seed=3)
    values = figure.values()
    for i, j in ((0, 0), (16, 32), (7, 21), (3, 16)):
        chances = sigmoid(window_logits(values["scene"][i : i + 8, j : j + 8]))
        np.testing.assert_allclose(values["heat"][i, j], chances.max(), rtol=1e-9)
        np.testing.assert_allclose(Detector(noise=0.4, seed=3, cell=[i, j]).values()["chances"], chances, rtol=1e-9)
        np.testing.assert_allclose(Detector(noise=0.4, seed=3, shown="4").values()["heat"][i, j], chances[4], rtol=1e-9)


def test_its_sums_are_exact():
    """Weights are 32nds and pixels 16ths: no order of the sums can change a decision."""
    assert all((parameter.data * 32 == np.round(parameter.data * 32)).all() for parameter in trained().parameters())
    z = trained().forward(Detector(noise=0.7, inverted=True).values()["scene"][None, None])
    assert (z * 2**14 == np.round(z * 2**14)).all()


def test_the_digits_are_test_images_where_they_should_be():
    images, labels = load_digits()
    tests = {image.tobytes(): label for image, label in zip(images[3::4, 0], labels[3::4])}
    figure = Detector(seed=5)
    values = figure.values()
    cut = [values["scene"][i : i + 8, j : j + 8].tobytes() for i, j in figure.places]
    known = [(tests[one], digit) for one, digit in zip(cut, values["digits"]) if one in tests]
    assert len(known) >= 4  # the other two meet in a column
    assert all(label == digit for label, digit in known)


def test_it_finds_most_digits():
    """On a hundred scenes of images that it did not learn from."""
    seen = [Detector(seed=seed).values() for seed in range(100)]
    right, wrong, missed = (sum(values[name] for values in seen) for name in ("right", "wrong", "missed"))
    assert right / (right + wrong) > 0.9 and right / (right + missed) > 0.93


def test_the_start_has_one_false_alarm_that_a_threshold_removes():
    start, higher = Detector().values(), Detector(threshold=0.51).values()
    assert (start["right"], start["wrong"], start["missed"]) == (6, 1, 0)
    assert (higher["right"], higher["wrong"], higher["missed"]) == (6, 0, 0)
    i, j = Detector().cell
    assert [i, j] in np.stack([start["tops"], start["lefts"]], axis=1)[start["found"] < 0].tolist()


def test_without_suppression_one_digit_is_counted_once():
    values = Detector(suppress=False).values()
    assert values["candidates"] == len(values["found"]) == values["right"] + values["wrong"] > 20
    assert values["suppressed"].size == 0 and (np.diff(values["scores"]) <= 0).all()
    found = values["found"][values["found"] >= 0]
    assert len(set(found.tolist())) == len(found) == values["right"]


def test_what_is_suppressed_overlaps_a_better_one():
    values = Detector(overlap=0.2).values()
    kept = np.stack([values["tops"], values["lefts"], values["tops"] + 8, values["lefts"] + 8], axis=1)
    places = np.stack(np.divmod(values["suppressed"], 33), axis=1)
    dropped = np.concatenate([places, places + 8], axis=1)
    assert (iou(dropped, kept).max(axis=1) > 0.2).all() and (iou(kept, kept) - np.eye(len(kept))).max() <= 0.2
    assert len(kept) + len(dropped) == values["candidates"]


def test_an_empty_scene_has_no_shares():
    values = Detector(places=[]).values()
    assert values["precision"] is values["recall"] is None and values["nearest"] == -1 and values["cell_iou"] == 0


def centre(element, label):
    """Place and size of the pane with this label, in page pixels."""
    return element.page.locator(f".pane[aria-label^='{label}']").bounding_box()


def test_a_digit_is_dragged_and_the_counts_follow(live):
    element = live(Detector())
    element.settle()
    box = centre(element, "scene")
    pixel = box["width"] / 40
    mouse = element.page.mouse
    mouse.move(box["x"] + 33.5 * pixel, box["y"] + 5.5 * pixel)  # the digit at row 1, column 29
    mouse.down()
    mouse.move(box["x"] + 34.5 * pixel, box["y"] + 8.5 * pixel, steps=4)
    mouse.up()
    assert element.state["places"][2] == [4, 30]
    assert element.state["cell"] == [1, 29]
    element.settle()
    values = Detector(**element.state).values()
    assert text(element, "b", 0) == _text.told(values["precision"])
    assert text(element, "b", 1) == _text.told(values["recall"])


def test_a_press_beside_the_digits_moves_the_window(live):
    element = live(Detector(places=[[0, 0]]))
    element.settle()
    box = centre(element, "scene")
    pixel = box["width"] / 40
    element.page.mouse.click(box["x"] + 20.5 * pixel, box["y"] + 12.5 * pixel)
    assert element.state == {**Detector(places=[[0, 0]]).state, "cell": [8, 16]}


def test_keys_move_the_marked_digit_and_enter_takes_the_next(live):
    element = live(Detector())
    element.page.locator(".pane[aria-label^=scene]").focus()
    for key in ("ArrowDown", "ArrowLeft", "Enter", "ArrowUp", "Shift+ArrowRight"):
        element.page.keyboard.press(key)
    places = Detector().places
    assert element.state["places"] == [[3, 2], [2, 24], *places[2:]]


def test_the_window_is_moved_on_the_heat_map_and_its_iou_told(live):
    element = live(Detector())
    element.page.locator(".pane[aria-label^=heat]").focus()
    for key in ("Home", "PageUp", "ArrowDown", "ArrowDown", "ArrowRight", "ArrowRight"):
        element.page.keyboard.press(key)
    assert element.state["cell"] == [2, 2]
    element.settle()
    words = element.ask("el.shadowRoot.querySelector('.near').nextSibling.textContent")
    assert words.endswith("IoU = 56 / (64 + 64 − 56) = 56 / 72 = 0.778")
    assert element.figure.describe() != element.ask("el.description")


def test_pointing_at_the_heat_map_shows_and_does_not_keep(live):
    element = live(Detector())
    element.settle()
    before = element.state
    box = centre(element, "heat")
    cell = box["width"] / 33
    element.page.mouse.move(box["x"] + 3.5 * cell, box["y"] + 2.5 * cell)
    element.settle()
    words = element.ask("el.shadowRoot.querySelector('.near').nextSibling.textContent")
    assert words.startswith("Window at row 2, column 3,") and words.endswith("= 1") and element.state == before


def test_the_boxes_drawn_are_those_of_the_values(live):
    element = live(Detector())
    element.settle()
    values = element.figure.values()
    drawn = element.ask("Object.fromEntries([...el.shadowRoot.querySelectorAll('.pane path')].map((one) => [one.getAttribute('class'), one.getAttribute('d')]))")
    corner = "M{1} {0}h8v8h-8z".format
    marks = {"kept wrong": values["found"] < 0}
    for look, chosen in marks.items():
        assert drawn[look] == "".join(corner(top, left) for top, left in zip(values["tops"][chosen], values["lefts"][chosen]))
    assert drawn["less"] == "".join(corner(*divmod(int(n), 33)) for n in values["suppressed"])
    words = element.ask("[...el.shadowRoot.querySelectorAll('.pane text')].map((one) => one.textContent)")
    assert words == [f"{digit} {'✓' if number >= 0 else '✗'}" for digit, number in zip(values["classes"], values["found"])]


def test_digits_are_added_and_removed(live):
    element = live(Detector())
    press = lambda name: element.page.get_by_role("button", name=name).click()  # noqa: E731
    for _ in range(2):
        press("Add a digit")
        element.settle()
    state = element.state
    assert len(state["places"]) == 8 and element.page.get_by_role("button", name="Add a digit").is_disabled()
    press("Remove the marked one")  # the last added
    assert element.state["places"] == state["places"][:7]


def test_the_network_runs_only_when_the_scene_changes(live):
    element = live(Detector())
    element.ask("(el.before = el.seen, el.state = {threshold: 0.7, overlap: 0.1, cell: [0, 0], shown: '3', suppress: false}, el.values)")
    assert element.ask("el.before === el.seen")
    element.ask("(el.state = {noise: 0.1}, el.values)")
    assert not element.ask("el.before === el.seen")


@pytest.mark.parametrize("place", [[17, 0], [0, 33]])
def test_a_digit_stays_inside(live, place):
    words = f"Detector: places must keep each digit inside: rows 0 to 16, columns 0 to 32; got {place}."
    with pytest.raises(ValueError, match="keep each digit inside") as refused:
        Detector(places=[place])
    assert str(refused.value) == words == live(Detector()).ask("(el.state = {places: [a]}, el.error)", place)


def test_overlapping_loses_a_digit_that_a_higher_limit_brings_back(live):
    element = live(Detector())
    element.page.get_by_role("button", name="overlapping").click()
    missed = [Detector(**{**element.state, "overlap": limit}).values()["missed"] for limit in (0.3, 0.4)]
    assert element.state["overlap"] == 0.3 and missed == [1, 0]
