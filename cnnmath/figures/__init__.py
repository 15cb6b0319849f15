"""Live figures: each works in a built page without a kernel, and in a notebook where Python sets its state."""

from cnnmath.figures._base import FIGURES, Figure
from cnnmath.figures._fields import StateError
from cnnmath.figures._live import live
from cnnmath.figures.answer_box import AnswerBox
from cnnmath.figures.convolution_matrix import ConvolutionMatrix
from cnnmath.figures.kernel_slider import KernelSlider
from cnnmath.figures.photo_filter import PhotoFilter

__all__ = ["AnswerBox", "ConvolutionMatrix", "FIGURES", "Figure", "KernelSlider", "PhotoFilter", "StateError", "live"]
