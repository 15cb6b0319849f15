"""Boxes: their overlap, which of many detections are kept, and how they are counted against the truth.

A box is (top, left, bottom, right) in pixels. It holds the rows top ≤ a < bottom and the columns left ≤ b < right, so
that the window at (i, j) of a K_h×K_w kernel is (i, j, i + K_h, j + K_w), and its area is height times width.
"""

import numpy as np

from cnnmath import _check
from cnnmath.windows import output_size

_BOX = "hold boxes (top, left, bottom, right) with top < bottom and left < right"


def window_boxes(image_shape, window, stride=1):
    """The boxes of all windows of an image, row by row: one for each cell of a heat map.

    Parameters
    ----------
    image_shape : pair of int
        H and W.
    window : int or pair of int
        Height and width of the window; no larger than the image.
    stride : int or pair of int

    Returns
    -------
    int64 array, (H_out · W_out, 4)

    Raises
    ------
    ValueError, TypeError
        As `windows.output_size`.

    Examples
    --------
    >>> window_boxes((4, 4), 3).tolist()
    [[0, 0, 3, 3], [0, 1, 3, 4], [1, 0, 4, 3], [1, 1, 4, 4]]
    """
    (high, wide), (down, right) = (_check.pair("window_boxes", name, x, 1) for name, x in (("window", window), ("stride", stride)))
    rows, cols = output_size(_check.pair("window_boxes", "image_shape", image_shape, 1), (high, wide), (down, right))
    i, j = np.mgrid[:rows, :cols].reshape(2, -1) * np.array([[down], [right]])
    return np.stack([i, j, i + high, j + wide], axis=1)


def iou(a, b):
    r"""Intersection over union of every box of `a` with every box of `b`.

    .. math:: \operatorname{IoU}(A, B) = \frac{|A \cap B|}{|A \cup B|} = \frac{|A \cap B|}{|A| + |B| - |A \cap B|}

    Parameters
    ----------
    a : array_like, (N, 4)
    b : array_like, (M, 4)
        Boxes; none is ``np.empty((0, 4))`` or ``[]``.

    Returns
    -------
    float64 array, (N, M)
        From 0, where no pixel is shared, to 1, where the boxes are one.

    Raises
    ------
    ValueError
        If an array is not (N, 4), or a box is empty or not finite.
    TypeError
        If an array holds anything but real numbers.

    Notes
    -----
    The equation is `eq-app-iou` of chapter 13.

    References
    ----------
    Jaccard, The distribution of the flora in the alpine zone, New Phytologist 11 (1912), 37–50: there for sets of species.

    Examples
    --------
    >>> iou([[0, 0, 2, 2]], [[0, 1, 2, 3], [5, 5, 6, 6]]).round(3)
    array([[0.333, 0.   ]])
    """
    a, b = _boxes("iou", "a", a), _boxes("iou", "b", b)
    low, high = (pick(a[:, None, part], b[None, :, part]) for pick, part in
                 ((np.maximum, slice(0, 2)), (np.minimum, slice(2, 4))))  # fmt: skip
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    return shared / (_areas(a)[:, None] + _areas(b)[None] - shared)


def non_maximum_suppression(boxes, scores, overlap=0.5):
    r"""The greedy choice among boxes that overlap: the numbers of those that are kept, best first.

    Go through the boxes from the highest score to the lowest, equal scores in the order in which they are given. Keep a
    box if its IoU with every box kept before is at most `overlap`.

    Parameters
    ----------
    boxes : array_like, (N, 4)
    scores : array_like, (N,)
        Finite; only their order matters, so that logits serve as well as probabilities.
    overlap : float
        From 0 to 1. At 1 every box is kept, at 0 only boxes that share no pixel.

    Returns
    -------
    int64 array, (kept,)
        Numbers of boxes, from 0, in the order in which they were kept.

    Raises
    ------
    ValueError
        If `boxes` is not (N, 4), `scores` not N finite numbers, or `overlap` not from 0 to 1.
    TypeError
        If an argument holds anything but real numbers.

    Notes
    -----
    At most N · kept overlaps are computed. Whether a box is kept depends on boxes with higher scores alone: see
    `thm-app-commute` of chapter 13.

    References
    ----------
    Girshick et al., Rich feature hierarchies for accurate object detection and semantic segmentation, CVPR 2014: there for each
    class alone.

    Examples
    --------
    >>> non_maximum_suppression([[0, 0, 8, 8], [0, 1, 8, 9], [0, 8, 8, 16]], [0.7, 0.9, 0.8]).tolist()
    [1, 2]
    """
    boxes = _boxes("non_maximum_suppression", "boxes", boxes)
    scores = _scores("non_maximum_suppression", scores, len(boxes))
    overlap = _check.real("non_maximum_suppression", "overlap", overlap, 0, 1)
    left, kept = np.argsort(-scores, kind="stable"), []
    while len(left):
        first, left = left[0], left[1:]
        kept.append(first)
        left = left[iou(boxes[left], boxes[first][None])[:, 0] <= overlap]
    return np.array(kept, dtype=np.int64)


def match(boxes, truth, overlap=0.5, classes=None, true_classes=None):
    r"""Which true box each detection has found, if any.

    In the order given, best first, a detection takes the true box with which its IoU is largest, among those that no detection
    has taken before and that are of its class. If that IoU is below `overlap`, it has found nothing. Of equal IoUs the first
    true box counts.

    Parameters
    ----------
    boxes : array_like, (N, 4)
        Detections, in the order of their scores.
    truth : array_like, (M, 4)
    overlap : float
        From 0 to 1.
    classes, true_classes : array_like, (N,) and (M,), optional
        Both or neither.

    Returns
    -------
    int64 array, (N,)
        The number of the true box, or −1: a false positive.

    Raises
    ------
    ValueError
        If an array has another shape, a box is empty, `overlap` is not from 0 to 1, or only one of the classes is given.
    TypeError
        If an argument holds anything but real numbers.

    Examples
    --------
    >>> match([[0, 0, 8, 8], [1, 0, 9, 8]], [[0, 0, 8, 8]]).tolist()
    [0, -1]
    """
    shared = iou(_boxes("match", "boxes", boxes), _boxes("match", "truth", truth))
    overlap = _check.real("match", "overlap", overlap, 0, 1)
    if (classes is None) != (true_classes is None):
        rule, hint = "be given together with classes", "Give both, or neither"
        raise ValueError(_check.message("match", "true_classes", rule, true_classes, hint))
    if classes is not None:
        classes, true_classes = np.asarray(classes), np.asarray(true_classes)
        for name, array, length in (("classes", classes, len(shared)), ("true_classes", true_classes, shared.shape[1])):
            _check.same_shape("match", name, array, (length,), "Give one class for each box")
        shared[classes[:, None] != true_classes[None]] = -1
    found = np.full(len(shared), -1)
    for n, row in enumerate(shared):
        if row.size and row.max() >= overlap:
            found[n] = row.argmax()
            shared[:, found[n]] = -1
    return found


def precision_recall(right, total):
    r"""Precision and recall when only the n best detections count, for n = 1, 2, …

    .. math:: P_n = \frac{\mathrm{TP}_n}{n}, \qquad R_n = \frac{\mathrm{TP}_n}{M}, \qquad \mathrm{TP}_n = \sum_{k \le n} t_k

    Parameters
    ----------
    right : array_like of bool, (N,)
        :math:`t_k`: whether detection k is a true positive, in the order of the scores.
    total : int
        M >= 1, the number of true boxes.

    Returns
    -------
    precision, recall : float64 arrays, (N,)

    Raises
    ------
    ValueError
        If `right` is not one row of 0 and 1, or `total` is less than the detections that are right.
    TypeError
        If `total` is no integer.

    Examples
    --------
    >>> precision, recall = precision_recall([True, False, True], 4); precision.round(3), recall
    (array([1.   , 0.5  , 0.667]), array([0.25, 0.25, 0.5 ]))
    """
    right = np.asarray(right)
    if right.ndim != 1 or not np.isin(right, (0, 1)).all():
        raise ValueError(_check.message("precision_recall", "right", "be one row of True and False", right))
    found = np.cumsum(right, dtype=np.int64)
    hint = "It counts all true boxes, found or not"
    total = _check.integer("precision_recall", "total", total, max(1, int(found[-1]) if len(found) else 1), hint)
    return found / np.arange(1, len(found) + 1), found / total


def draw_scene(images, labels, rng, size=(24, 40), count=6, overlap=0.25):
    """A black picture with some of `images` at random places: something to detect, with its truth.

    Parameters
    ----------
    images : array_like, (N, h, w)
        Where two meet, the brighter pixel stays.
    labels : array_like, (N,)
    rng : numpy.random.Generator
        Draws the images and their places, one after the other; a place that overlaps one before by more than `overlap` is
        drawn again.
    size : pair of int
        H and W of the picture, no smaller than the images.
    count : int
        How many, >= 0.
    overlap : float
        From 0 to 1.

    Returns
    -------
    scene : array, (H, W), of the dtype of `images`
    boxes : int64 array, (count, 4)
    classes : array, (count,)
        The labels of the images that were drawn.

    Raises
    ------
    ValueError
        If an image is larger than the picture, lengths differ, or no place is found in 1,000 trials.
    TypeError
        If an argument is of the wrong kind.

    Examples
    --------
    >>> scene, boxes, classes = draw_scene(np.ones((1, 2, 2)), [7], np.random.default_rng(0), (3, 5), 1)
    >>> boxes.tolist(), classes.tolist(), int(scene.sum())
    ([[1, 2, 3, 4]], [7], 4)
    """
    images, labels = _check.array("draw_scene", "images", images, "N, h, w"), np.asarray(labels)
    _check.same_shape("draw_scene", "labels", labels, images.shape[:1], "Give one label for each image")
    _check.generator("draw_scene", "rng", rng)
    count, overlap = _check.integer("draw_scene", "count", count, 0), _check.real("draw_scene", "overlap", overlap, 0, 1)
    size, (high, wide) = _check.pair("draw_scene", "size", size, 1), images.shape[1:]
    rows, cols = output_size(size, (high, wide))
    scene, boxes, classes = np.zeros(size, images.dtype), np.empty((0, 4), np.int64), []
    for _ in range(count):
        for _ in range(1000):
            i, j = rng.integers(rows), rng.integers(cols)
            box = np.array([[i, j, i + high, j + wide]])
            if not len(boxes) or iou(box, boxes).max() <= overlap:
                break
        else:
            rule, hint = "leave room for every image", "Draw fewer, or raise size or overlap"
            raise ValueError(_check.message("draw_scene", "count", rule, count, hint))
        drawn = rng.integers(len(images))
        part = scene[i : i + high, j : j + wide]
        np.maximum(part, images[drawn], out=part)
        boxes, classes = np.concatenate([boxes, box]), [*classes, drawn]
    return scene, boxes, labels[np.array(classes, dtype=np.int64)]


def _areas(boxes):
    return np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)


def _boxes(function, name, boxes):
    boxes = _check.array(function, name, boxes, dtype=np.float64)
    if boxes.size == 0:
        return boxes.reshape(0, 4)
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise ValueError(_check.message(function, name, "be (N, 4) boxes (top, left, bottom, right)", boxes))
    bad = ~(np.isfinite(boxes).all(axis=1) & (boxes[:, :2] < boxes[:, 2:]).all(axis=1))
    if bad.any():
        raise ValueError(_check.message(function, name, _BOX, boxes[bad][0].tolist()))
    return boxes


def _scores(function, scores, count):
    scores = _check.array(function, "scores", scores)
    _check.same_shape(function, "scores", scores, (count,), "Give one score for each box")
    if not np.isfinite(scores).all():
        raise ValueError(_check.message(function, "scores", "be finite", scores[~np.isfinite(scores)][0]))
    return scores
