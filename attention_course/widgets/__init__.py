"""Things to move in a notebook: pictures under sliders, and predictions made before a result is shown."""

from attention_course.widgets.attention_explorer import AttentionExplorer
from attention_course.widgets.explorer import Explorer, explore
from attention_course.widgets.prediction import Prediction, Reveal, predict

__all__ = ["AttentionExplorer", "Explorer", "Prediction", "Reveal", "explore", "predict"]
