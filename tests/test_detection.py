"""Boxes against their definitions: sets of pixels, the greedy rule word by word, counts one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnmath.detection import draw_scene, iou, match, non_maximum_suppression, precision_recall, window_boxes
from cnnmath.windows import output_size

corner = st.tuples(st.integers(-3, 6), st.integers(-3, 6), st.integers(1, 5), st.integers(1, 5))
box = corner.map(lambda c: (c[0], c[1], c[0] + c[2], c[1] + c[3]))
boxes = st.lists(box, max_size=8)
limit = st.sampled_from([0, 0.1, 0.25, 1 / 3, 0.5, 0.75, 1])


def pixels(one):
    top, left, bottom, right = one
    return {(a, b) for a in range(top, bottom) for b in range(left, right)}


def iou_of_sets(a, b):
    return len(pixels(a) & pixels(b)) / len(pixels(a) | pixels(b))


@given(boxes, boxes)
def test_iou_is_that_of_the_sets_of_pixels(a, b):
    result = iou(a, b)
    assert result.shape == (len(a), len(b)) and result.dtype == np.float64
    for n, m in np.ndindex(result.shape):
        assert result[n, m] == iou_of_sets(a[n], b[m])


@given(box, box, st.tuples(st.integers(-9, 9), st.integers(-9, 9)), st.integers(1, 4))
def test_iou_is_symmetric_and_keeps_when_both_move_or_grow(a, b, by, factor):
    value = iou([a], [b])
    assert 0 <= value <= 1 and (value == 1) == (a == b) and value == iou([b], [a])
    both = np.array([a, b])
    for changed in (both + np.array(by + by), both * factor):
        np.testing.assert_allclose(iou(changed[:1], changed[1:]), value, rtol=1e-15)


@given(box, box, box)
def test_one_minus_iou_keeps_the_triangle_inequality(a, b, c):
    ab, bc, ac = (1 - iou([one], [other]).item() for one, other in ((a, b), (b, c), (a, c)))
    assert ac <= ab + bc + 1e-12


@given(st.tuples(st.integers(3, 9), st.integers(3, 9)), st.tuples(st.integers(1, 3), st.integers(1, 3)), st.integers(1, 3))
def test_window_boxes_are_the_windows_row_by_row(size, window, stride):
    rows, cols = output_size(size, window, stride)
    expected = [(i * stride, j * stride, i * stride + window[0], j * stride + window[1]) for i in range(rows) for j in range(cols)]
    assert window_boxes(size, window, stride).tolist() == [list(one) for one in expected]


def kept_by_definition(boxes, scores, overlap):
    """Each box in the order of its score is asked, against all that were kept."""
    order = sorted(range(len(boxes)), key=lambda n: (-scores[n], n))
    kept = []
    for n in order:
        if not any(iou_of_sets(boxes[n], boxes[m]) > overlap for m in kept):
            kept.append(n)
    return kept


scored = boxes.flatmap(lambda b: st.tuples(st.just(b), st.lists(st.integers(0, 3), min_size=len(b), max_size=len(b))))


@given(scored, limit)
def test_suppression_is_the_greedy_rule_with_its_ties(given_boxes, overlap):
    found, scores = given_boxes
    kept = non_maximum_suppression(found, scores, overlap)
    assert kept.dtype == np.int64 and kept.tolist() == kept_by_definition(found, scores, overlap)


@given(scored, limit)
def test_kept_boxes_are_apart_and_each_dropped_one_has_a_better_near_it(given_boxes, overlap):
    found, scores = given_boxes
    kept = non_maximum_suppression(found, scores, overlap).tolist()
    for n in range(len(found)):
        near = [m for m in kept if m != n and iou_of_sets(found[n], found[m]) > overlap]
        assert not near if n in kept else any(scores[m] >= scores[n] for m in near)


@given(scored, limit, st.integers(0, 4))
def test_threshold_and_suppression_commute(given_boxes, overlap, threshold):
    found, scores = given_boxes
    above = [n for n in range(len(found)) if scores[n] >= threshold]
    first = [above[k] for k in non_maximum_suppression([found[n] for n in above], [scores[n] for n in above], overlap)]
    last = [n for n in non_maximum_suppression(found, scores, overlap).tolist() if scores[n] >= threshold]
    assert first == last


def test_suppression_at_the_limit_keeps():
    """A shift of four columns has the IoU 32/96, which is not above one third."""
    pair = [(0, 0, 8, 8), (0, 4, 8, 12)]
    assert non_maximum_suppression(pair, [1, 2], 32 / 96).tolist() == [1, 0]
    assert non_maximum_suppression(pair, [1, 2], np.nextafter(32 / 96, 0)).tolist() == [1]


def matched_by_definition(boxes, truth, overlap, classes, true_classes):
    found, free = [], list(range(len(truth)))
    for n, one in enumerate(boxes):
        able = [m for m in free if classes[n] == true_classes[m]]
        best = max(able, key=lambda m: (iou_of_sets(one, truth[m]), -m), default=None)
        if best is None or iou_of_sets(one, truth[best]) < overlap:
            found.append(-1)
        else:
            free.remove(best)
            found.append(best)
    return found


@given(boxes, boxes, limit, st.integers(1, 3), st.randoms(use_true_random=False))
def test_match_takes_the_best_free_box_of_its_class(found, truth, overlap, count, random):
    classes, true_classes = ([random.randrange(count) for _ in many] for many in (found, truth))
    result = match(found, truth, overlap, classes, true_classes)
    assert result.tolist() == matched_by_definition(found, truth, overlap, classes, true_classes)
    if count == 1:
        assert match(found, truth, overlap).tolist() == result.tolist()


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 5))
def test_precision_and_recall_are_counts(right, missed):
    total = max(1, sum(right) + missed)
    precision, recall = precision_recall(right, total)
    for n in range(1, len(right) + 1):
        assert precision[n - 1] == sum(right[:n]) / n and recall[n - 1] == sum(right[:n]) / total
    assert precision.shape == recall.shape == (len(right),)


def test_a_scene_holds_its_images_where_it_says():
    rng = np.random.default_rng(2)
    images, labels = rng.random((9, 3, 4)) + 0.1, np.arange(9)
    for overlap in (0, 0.4, 1):
        scene, places, classes = draw_scene(images, labels, rng, (20, 21), 7, overlap)
        assert scene.shape == (20, 21) and classes.shape == (7,)
        expected = np.zeros((20, 21))
        for (top, left, bottom, right), number in zip(places, classes):
            part = expected[top:bottom, left:right]
            part[...] = np.maximum(part, images[number])
        np.testing.assert_array_equal(scene, expected)
        shared = iou(places, places) - np.eye(7)
        assert shared.max() <= overlap
    scene, places, classes = draw_scene(images, labels, rng, count=0)
    assert not scene.any() and places.shape == (0, 4) and classes.shape == (0,)


def test_inputs_stay_and_float32_stays():
    images = np.ones((2, 2, 2), np.float32)
    scene, *_ = draw_scene(images, [0, 1], np.random.default_rng(0), (8, 8), 2)
    assert scene.dtype == np.float32 and (images == 1).all()
    found, scores = np.array([[0, 0, 2, 2], [0, 1, 2, 3]]), np.array([0.2, 0.1])
    before = found.copy(), scores.copy()
    non_maximum_suppression(found, scores), match(found, found), iou(found, found)
    assert (found == before[0]).all() and (scores == before[1]).all()


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: iou([[0, 0, 1]], []), ValueError, "iou: a must be (N, 4) boxes"),
        (lambda: iou([], [[0, 0, 0, 1]]), ValueError, "iou: b must hold boxes (top, left, bottom, right) with top < bottom"),
        (lambda: iou([[0, 0, 1, np.inf]], []), ValueError, "iou: a must hold boxes"),
        (lambda: iou([["x"] * 4], []), TypeError, "iou: a must be an array of real numbers"),
        (lambda: non_maximum_suppression([[0, 0, 1, 1]], [1, 2]), ValueError, "scores must have shape (1,)"),
        (lambda: non_maximum_suppression([[0, 0, 1, 1]], [np.nan]), ValueError, "scores must be finite; got nan"),
        (lambda: non_maximum_suppression([], [], 1.5), ValueError, "overlap must be a finite number >= 0 and <= 1; got 1.5"),
        (lambda: match([], [], classes=[]), ValueError, "match: true_classes must be given together with classes"),
        (lambda: match([[0, 0, 1, 1]], [], classes=[], true_classes=[]), ValueError, "match: classes must have shape (1,)"),
        (lambda: precision_recall([0.5], 1), ValueError, "right must be one row of True and False"),
        (lambda: precision_recall([True, True], 1), ValueError, "total must be an integer >= 2; got 1"),
        (lambda: precision_recall([], 0), ValueError, "total must be an integer >= 1; got 0"),
        (lambda: window_boxes((4, 4), 5), ValueError, "output_size: kernel height 5 must not exceed"),
        (lambda: draw_scene(np.ones((1, 2, 2)), [0], 0), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: draw_scene(np.ones((1, 2, 2)), [0, 1], np.random.default_rng(0)), ValueError, "labels must have shape (1,)"),
        (lambda: draw_scene(np.ones((1, 2, 2)), [0], np.random.default_rng(0), (2, 2), 2), ValueError,
         "draw_scene: count must leave room for every image; got 2. Draw fewer, or raise size or overlap."),
    ],
)  # fmt: skip
def test_refusals(act, error, words):
    with pytest.raises(error) as caught:
        act()
    assert words in str(caught.value)
