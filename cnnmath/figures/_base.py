"""The base of every figure: state → values → picture.

State is plain JSON, held in traits that a notebook reads and sets. `values` computes from it, with
`cnnmath`, every number the figure shows; the figure's JavaScript computes the same numbers again so
that the built page needs no kernel, and the tests prove the two equal.
"""

import html
import re
from pathlib import Path

import anywidget
import traitlets

from cnnmath import _check
from cnnmath.figures import _assets, _text
from cnnmath.figures._fields import Field, StateError, copy

FIGURES = {}


class Figure(anywidget.AnyWidget):
    """A live figure. A subclass declares its fields, and four methods without arguments:

    ``values()``    every number the figure shows, computed by cnnmath: a dict of arrays
    ``describe()``  one sentence with the numbers, as the figure's live line says it
    ``as_python()`` runnable code; each name in `values` is a variable of it
    ``static()``    HTML with the same numbers for readers without JavaScript: tables or a picture

    Set a trait (``figure.stride = 2``), several at once (``figure.update(stride=2, padding=1)``) or the
    whole `state`; a bad value raises StateError, a ValueError, and changes nothing.
    """

    name = traitlets.Unicode("", help="keeps the links of several figures on one page apart")
    scripts = ()  # JavaScript files of this figure, besides the core's
    data = ()  # names of bundled data that it reads

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        fields = [name for name, value in vars(cls).items() if isinstance(value, Field)]
        if not fields:
            return
        cls.tag = "cnnmath-" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", cls.__name__).lower()
        cls.field_names = tuple(fields)
        cls._esm = _assets.module(cls)
        cls._check_together = traitlets.validate(*fields)(_check_together)
        FIGURES[cls.__name__] = cls

    def __init__(self, *, name="", **state):
        self._refuse_unknown(state)
        super().__init__(name=name, **state)

    @property
    def state(self):
        """The state as plain JSON: a dict of every field."""
        return {name: copy(getattr(self, name)) for name in self.field_names}

    @state.setter
    def state(self, changes):
        if not isinstance(changes, dict):
            raise StateError(_check.message(type(self).__name__, "state", "be a dict of fields", changes))
        self.update(**changes)

    def update(self, **changes):
        """Change several fields at once: they are checked together, and all or none are kept."""
        self._refuse_unknown(changes)
        with self.hold_sync(), self.hold_trait_notifications():  # one check, one message to the views
            for name, value in changes.items():
                setattr(self, name, value)

    @classmethod
    def _refuse_unknown(cls, changes):
        for name in changes:
            if name not in cls.field_names:
                raise StateError(_check.message(cls.__name__, "state", f"hold only the fields {', '.join(cls.field_names)}", name))

    @classmethod
    def check_together(cls, state):
        """Raise ValueError where fields that are good alone do not fit each other."""

    def to_html(self):
        """The figure as one HTML element with its state and the static form inside."""
        name = f' name="{html.escape(self.name)}"' if self.name else ""
        inside = f'<div class="cnnmath-fallback">{self.static()}<p>{html.escape(self.describe())}</p></div>'
        return f'<{self.tag}{name} state="{_text.attribute(self.state)}">{inside}</{self.tag}>'

    def save(self, path):
        """Write the live figure as one HTML file that works by double-click, without Python or a network."""
        Path(path).write_text(self.page([self]), encoding="utf-8")

    @staticmethod
    def page(figures, title="cnnmath"):
        """The text of a complete HTML page with these figures, which needs no other file."""
        return _assets.page(figures, title)

    def _repr_mimebundle_(self, **options):
        """The live view for a notebook, the element for a page, and a fixed text for a diff."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": type(self).__name__, "text/html": self.to_html()}, metadata


def _check_together(figure, proposal):
    state = {**{name: getattr(figure, name) for name in figure.field_names}, proposal["trait"].name: proposal["value"]}
    try:
        figure.check_together(state)
    except StateError:
        raise
    except ValueError as problem:
        raise StateError(str(problem)) from None
    return proposal["value"]
