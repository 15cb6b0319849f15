"""What the contract tests share: random states, and a handle on a figure's element in the browser."""

import numpy as np


def random_states(kind, count, seed=0):
    """`count` states that the figure accepts, drawn by its own fields."""
    rng = np.random.default_rng(seed)
    fields = [(name, kind.class_traits()[name]) for name in kind.field_names]
    states = []
    while len(states) < count:
        state = {name: field.random(rng) for name, field in fields}
        try:
            kind.check_together(state)
        except ValueError:
            continue
        states.append(state)
    return states


def unfit_states(kind, count, seed=1):
    """Up to `count` states whose fields are good alone but do not fit each other."""
    rng = np.random.default_rng(seed)
    fields = [(name, kind.class_traits()[name]) for name in kind.field_names]
    states = []
    for _ in range(20 * count):
        state = {name: field.random(rng) for name, field in fields}
        try:
            kind.check_together(state)
        except ValueError:
            states.append(state)
    return states[:count]


def assert_equal(expected, actual, where):
    """Two dicts of arrays agree to 1e-9, absolute and relative."""
    assert list(expected) == list(actual), where
    for name, value in expected.items():
        np.testing.assert_allclose(np.array(actual[name], dtype=float), np.array(value, dtype=float),
                                   rtol=1e-9, atol=1e-9, err_msg=f"{name} of {where}")


class Live:
    """The element of one figure in an open page."""

    def __init__(self, page, figure):
        self.page, self.figure = page, figure
        self.tag = figure.tag

    def ask(self, expression, argument=None):
        """Evaluate `expression` of `el` (the element) and `a` (the argument) in the page."""
        script = f"([tag, a]) => {{ const el = document.querySelector(tag); return {expression}; }}"
        return self.page.evaluate(script, [self.tag, argument])

    def settle(self):
        """Wait until what was asked is painted and the live line has spoken."""
        self.page.wait_for_timeout(350)

    @property
    def state(self):
        return self.ask("el.state")

    def focusable(self):
        """Everything in the figure that Tab should reach; a group of radio buttons counts once."""
        return self.ask("""[...el.shadowRoot.querySelectorAll('button, input, select, textarea, summary, [tabindex="0"]')]
            .filter((node) => node.checkVisibility() && !node.disabled && !(node.type === "radio" && !node.checked)
                && !(node.type === "file" && node.tabIndex < 0))
            .map((node) => node.getAttribute("aria-label") || node.textContent.trim() || node.labels?.[0]?.textContent.trim() || "")""")


def cell_centre(element, label, i, j):
    """Centre of cell (i, j) of the grid whose label begins with `label`, in page pixels."""
    return element.ask("""(() => {
        const grid = [...el.shadowRoot.querySelectorAll('.grid')].find((one) => one.getAttribute('aria-label').startsWith(a[0]));
        const box = grid.querySelectorAll('[role=row]')[a[1]].children[a[2]].getBoundingClientRect();
        return [box.x + box.width / 2, box.y + box.height / 2]; })()""", [label, i, j])


def text(element, selector, k=0):
    """Text of the k-th node that the selector meets."""
    return element.ask("el.shadowRoot.querySelectorAll(a[0])[a[1]].textContent", [selector, k])
