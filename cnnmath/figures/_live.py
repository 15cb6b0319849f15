"""A control that needs a kernel, with a picture of its result for pages that have none."""

NOTE = "This control runs in a live notebook."


class live:
    """Show `widget` in a notebook; elsewhere `picture` and one line that says where the control runs.

    Parameters
    ----------
    widget : ipywidgets.Widget
        What a notebook shows: a slider, or a box with a slider and a figure.
    picture : Figure or str
        What a page shows in its place: a figure, drawn by its static form, or HTML.
    note : str
        The line under the picture.
    """

    def __init__(self, widget, picture, note=NOTE):
        self.widget, self.picture, self.note = widget, picture, note

    def to_html(self):
        inside = self.picture if isinstance(self.picture, str) else self.picture.static()
        return f'<div class="cnnmath-fallback cnnmath-needs-kernel">{inside}<p><em>{self.note}</em></p></div>'

    def _repr_mimebundle_(self, **options):
        bundle = self.widget._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        return {**data, "text/plain": type(self.widget).__name__, "text/html": self.to_html()}, metadata
