"""Pictures with matplotlib: each function draws on the Axes it is given and returns it.

Images are grey. Kernels, feature maps and gradients share one diverging map, white at 0, blue below and
orange above, with limits symmetric about 0. Values are printed in the cells while H, W <= 8.
"""

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle

from cnnmath import _check

DIVERGING = LinearSegmentedColormap.from_list("cnnmath", ["#3a70c4", "#ffffff", "#ec8a3a"])
"""The map for numbers with a sign."""

_PRINTED = 8
_LINES = {"epoch": ("training", "#245fae", "-"), "validation": ("validation", "#b84a00", "--")}
_STYLES = [("#245fae", "-"), ("#b84a00", "--"), ("#5a6472", ":"), ("#858d99", "-.")]


def show_image(image, ax, low=None, high=None, title=""):
    """Draw an image: grey, or as it stands when it has colours.

    Parameters
    ----------
    image : array_like, (H, W) or (H, W, 3)
        In colour, floats from 0 to 1 or uint8.
    ax : matplotlib.axes.Axes
    low, high : float, optional
        Values drawn black and white; the smallest and largest of the image if not given.
    title : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `image` is neither (H, W) nor (H, W, 3).
    """
    image = np.asarray(image)
    if image.ndim == 3 and image.shape[2] == 3:
        ax.imshow(image)
        return _bare(ax, title)
    image = _check.array("show_image", "image", image, "H, W", hint="Show one channel of one image at a time")
    return _cells(image, ax, "gray", low, high, title)


def show_map(values, ax, limit=None, title=""):
    """Draw a kernel, a feature map or a gradient, in colours symmetric about 0.

    Parameters
    ----------
    values : array_like, (H, W)
    ax : matplotlib.axes.Axes
    limit : float, optional
        The value of full colour, > 0; the largest magnitude if not given.
    title : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `values` is not (H, W), or `limit` is not positive.
    """
    values = _check.array(
        "show_map", "values", values, "H, W", hint="Show one map at a time, or use show_maps"
    )
    limit = _limit("show_map", [values], limit)
    return _cells(values, ax, DIVERGING, -limit, limit, title)


def show_maps(maps, axes, limit=None, titles=None):
    """Draw several maps with one limit for all, so that equal colours mean equal numbers.

    Parameters
    ----------
    maps : sequence of array_like, each (H, W)
    axes : array_like of matplotlib.axes.Axes
        As many as maps, or more; what is left over is blanked.
    limit : float, optional
        As in `show_map`; the largest magnitude of all maps if not given.
    titles : sequence of str, optional
        One for each map.

    Returns
    -------
    list of matplotlib.axes.Axes
        Those that hold a map.

    Raises
    ------
    ValueError
        If there is no map, there are fewer axes than maps, or another number of titles.
    """
    maps, axes = list(maps), list(np.ravel(axes))
    if not maps:
        raise ValueError(_check.message("show_maps", "maps", "hold at least one map", maps))
    if len(axes) < len(maps):
        raise ValueError(
            _check.message("show_maps", "axes", f"hold at least {len(maps)} Axes", f"{len(axes)} Axes")
        )
    titles = [""] * len(maps) if titles is None else list(titles)
    if len(titles) != len(maps):
        raise ValueError(_check.message("show_maps", "titles", f"hold {len(maps)} strings", titles))
    maps = [_check.array("show_maps", "maps", values, "H, W") for values in maps]
    limit = _limit("show_maps", maps, limit)
    for ax in axes[len(maps) :]:
        ax.set_axis_off()
    return [show_map(values, ax, limit, title) for values, ax, title in zip(maps, axes, titles)]


def plot_history(history, ax, quantity="loss"):
    """Draw the learning curves of a `History`: training solid, validation dashed.

    Parameters
    ----------
    history : History
    ax : matplotlib.axes.Axes
    quantity : "loss" or "accuracy"

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `quantity` is neither, or the history holds no such curve.

    Notes
    -----
    The thin line under the losses is that of the single minibatches.
    """
    _check.choice("plot_history", "quantity", quantity, ("loss", "accuracy"))
    curves = {part: getattr(history, f"{part}_{quantity}") for part in _LINES}
    if not any(curves.values()):
        rule, hint = f"hold the {quantity} of at least one epoch", "Train for one epoch or more with fit"
        raise ValueError(_check.message("plot_history", "history", rule, history, hint))
    if quantity == "loss":
        epochs = np.arange(1, len(history.loss) + 1) / history.steps_per_epoch
        ax.plot(epochs, history.loss, color="#858d99", linewidth=0.5, alpha=0.6, label="minibatch")
    for part, (label, color, style) in _LINES.items():
        if curves[part]:
            epochs = np.arange(1, len(curves[part]) + 1)
            ax.plot(epochs, curves[part], color=color, linestyle=style, marker=".", label=label)
    ax.set(xlabel="epoch", ylabel=quantity)
    ax.legend()
    return ax


def plot_confusion(matrix, ax, names=None):
    """Draw a confusion matrix with its counts: rows are right classes, columns predicted ones.

    Parameters
    ----------
    matrix : array_like of integers, (K, K)
        As `evaluation.confusion_matrix` gives it.
    ax : matplotlib.axes.Axes
    names : sequence of str, optional
        The K classes; 0 to K - 1 if not given.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `matrix` is not square, or there are not K names.
    """
    matrix = _check.array("plot_confusion", "matrix", matrix, "K, K")
    _check.same_shape("plot_confusion", "matrix", matrix, (len(matrix), len(matrix)))
    names = [str(number) for number in range(len(matrix))] if names is None else list(names)
    if len(names) != len(matrix):
        raise ValueError(_check.message("plot_confusion", "names", f"hold {len(matrix)} strings", names))
    # errors are few beside what is right: the root makes them visible, the number says how many
    ax.imshow(np.sqrt(matrix), cmap="Blues", vmin=0)
    _print_values(matrix, ax, np.sqrt(matrix) > np.sqrt(matrix).max() / 2)
    ax.set(xlabel="predicted class", ylabel="right class", xticks=range(len(names)), yticks=range(len(names)))
    ax.set_xticklabels(names)
    ax.set_yticklabels(names)
    return ax


def plot_curves(x, curves, ax, xlabel="", ylabel=""):
    """Draw curves over one axis, told apart by colour and by the style of the line.

    Parameters
    ----------
    x : array_like, (N,)
    curves : dict of str to array_like, (N,)
        What the legend says, and the heights; at most four. NaN leaves a gap.
    ax : matplotlib.axes.Axes
    xlabel, ylabel : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If there are no curves or more than four, or one has another length than `x`.
    """
    x = _check.array("plot_curves", "x", x, "N")
    if not 1 <= len(curves) <= len(_STYLES):
        rule = f"hold 1 to {len(_STYLES)} curves"
        raise ValueError(_check.message("plot_curves", "curves", rule, list(curves)))
    for (label, y), (color, style) in zip(curves.items(), _STYLES):
        y = _check.array("plot_curves", "curves", y, "N")
        _check.same_shape("plot_curves", "curves", y, x.shape, "Each curve is as long as x")
        ax.plot(x, y, color=color, linestyle=style, label=label)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend()
    return ax


def plot_descent(f, path, ax, title=""):
    """Draw a function of one variable, and the places that a descent visited on it.

    Parameters
    ----------
    f : callable
        Takes an array (N,) and returns one.
    path : array_like, (T,)
        The places in order; the first is marked by a square.
    ax : matplotlib.axes.Axes
    title : str

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `path` is not one row of places.
    """
    path = _check.array("plot_descent", "path", path, "T")
    margin = 0.1 * max(np.ptp(path), 1)
    x = np.linspace(path.min() - margin, path.max() + margin, 200)
    ax.plot(x, f(x), color=_STYLES[2][0])
    ax.plot(path, f(path), color=_STYLES[1][0], linestyle=":", marker="o", markersize=4)
    ax.plot(path[:1], f(path[:1]), color=_STYLES[1][0], marker="s", markersize=8)
    ax.set(xlabel="x", title=title)
    return ax


def draw_boxes(boxes, ax, words=None, look=0):
    """Draw boxes over a picture, each around its pixels, with a word at the upper left corner.

    Parameters
    ----------
    boxes : array_like, (N, 4)
        As in `detection`: (top, left, bottom, right); none is allowed.
    ax : matplotlib.axes.Axes
        Holds a picture from `show_image` or `show_map`.
    words : sequence, optional
        One for each box, written as str.
    look : int
        Which line, 0 to 3: the colours and styles of `plot_curves`.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `boxes` is not (N, 4), there is another number of words, or `look` is none of the four.
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    boxes = boxes.reshape(0, 4) if boxes.size == 0 else _check.array("draw_boxes", "boxes", boxes, "N, 4")
    words = [""] * len(boxes) if words is None else list(words)
    if boxes.shape[1] != 4 or len(words) != len(boxes):
        rule = "be (N, 4), with one word for each box"
        raise ValueError(_check.message("draw_boxes", "boxes", rule, boxes))
    if _check.integer("draw_boxes", "look", look, 0) >= len(_STYLES):
        raise ValueError(_check.message("draw_boxes", "look", f"be 0 to {len(_STYLES) - 1}", look))
    color, style = _STYLES[look]
    for (top, left, bottom, right), word in zip(boxes, words):
        # a pixel reaches half a unit to each side of its centre
        corner, size = (left - 0.5, top - 0.5), (right - left, bottom - top)
        ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor="white", linewidth=4))
        ax.add_patch(Rectangle(corner, *size, fill=False, edgecolor=color, linestyle=style, linewidth=2))
        ground = {"facecolor": "white", "pad": 1, "linewidth": 0} if word != "" else None
        ax.text(*corner, str(word), color=color, weight="bold", va="bottom", bbox=ground)
    return ax


def _limit(function, maps, limit):
    if limit is not None:
        if _check.real(function, "limit", limit, 0) == 0:
            raise ValueError(_check.message(function, "limit", "be > 0", limit))
        return limit
    largest = max(np.abs(values).max() for values in maps)
    return largest if np.isfinite(largest) and largest > 0 else 1.0


def _cells(values, ax, colours, low, high, title):
    picture = ax.imshow(values, cmap=colours, vmin=low, vmax=high)
    if max(values.shape) <= _PRINTED:
        red, green, blue, _ = np.moveaxis(picture.cmap(picture.norm(values)), -1, 0)
        _print_values(values, ax, 0.299 * red + 0.587 * green + 0.114 * blue < 0.5)
    return _bare(ax, title)


def _print_values(values, ax, dark):
    for (i, j), value in np.ndenumerate(values):
        ax.text(j, i, _number(value), ha="center", va="center", color="white" if dark[i, j] else "black")


def _number(value):
    """At most three significant decimals, a real minus sign, and never -0."""
    whole = abs(value) < 1e4 and value == round(value)
    return (f"{value + 0.0:.0f}" if whole else f"{value:.3g}").replace("-", "−")


def _bare(ax, title):
    ax.set(xticks=[], yticks=[], title=title)
    return ax
