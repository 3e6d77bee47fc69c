"""Training: one loop, `fit`, and what is short to say with it, `train` for translators and `train_classifier`."""

from attention_course.training.classifiers import train_classifier
from attention_course.training.loop import Training, fit, train_step
from attention_course.training.recipe import adamw, constant, warm_up_then_decay
from attention_course.training.translators import sequence_loss, train, translation_loss

__all__ = [
    "Training",
    "adamw",
    "constant",
    "fit",
    "sequence_loss",
    "train",
    "train_classifier",
    "train_step",
    "translation_loss",
    "warm_up_then_decay",
]
