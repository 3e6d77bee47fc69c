"""A widget that is a plain picture or text, too, where nothing can be moved. It serves ipywidgets 8 and Colab's 7."""


class Shown:
    """Goes before the widget's own class. The plain forms are added to `_living()` in `_repr_mimebundle_`."""

    _ipython_display_ = None  # ipywidgets 7 has one, which is asked first and knows no plain form

    def _living(self) -> dict:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.model_id}
        return {"application/vnd.jupyter.widget-view+json": view}
