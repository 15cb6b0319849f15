"""Live figures: each works in a built page without a kernel, and in a notebook where Python sets its state."""

from cnnmath.figures._base import FIGURES, Figure
from cnnmath.figures._fields import StateError
from cnnmath.figures._live import live
from cnnmath.figures.kernel_slider import KernelSlider

__all__ = ["FIGURES", "Figure", "KernelSlider", "StateError", "live"]
