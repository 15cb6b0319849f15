"""Live figures: each works in a built page without a kernel, and in a notebook where Python sets its state."""

from cnnmath.figures._base import FIGURES, Figure
from cnnmath.figures._fields import StateError
from cnnmath.figures._live import live
from cnnmath.figures.activation_explorer import ActivationExplorer
from cnnmath.figures.answer_box import AnswerBox
from cnnmath.figures.backprop_walk import BackpropWalk
from cnnmath.figures.convolution_matrix import ConvolutionMatrix
from cnnmath.figures.detector import Detector
from cnnmath.figures.dot_product import DotProduct
from cnnmath.figures.feature_maps import FeatureMaps
from cnnmath.figures.gradient_check import GradientCheck
from cnnmath.figures.kernel_gradient import KernelGradient
from cnnmath.figures.kernel_slider import KernelSlider
from cnnmath.figures.loss_explorer import LossExplorer
from cnnmath.figures.optimizer_race import OptimizerRace
from cnnmath.figures.photo_filter import PhotoFilter
from cnnmath.figures.pixel_explorer import PixelExplorer
from cnnmath.figures.pooling_explorer import PoolingExplorer
from cnnmath.figures.receptive_field import ReceptiveField
from cnnmath.figures.regularization_explorer import RegularizationExplorer
from cnnmath.figures.residual_flow import ResidualFlow
from cnnmath.figures.size_check import SizeCheck
from cnnmath.figures.slope_check import SlopeCheck
from cnnmath.figures.sum_check import SumCheck
from cnnmath.figures.train_network import TrainNetwork
from cnnmath.figures.transfer_explorer import TransferExplorer
from cnnmath.figures.worksheet import Worksheet

__all__ = ["ActivationExplorer", "AnswerBox", "BackpropWalk", "ConvolutionMatrix", "Detector", "DotProduct", "FIGURES", "FeatureMaps", "Figure", "GradientCheck", "KernelGradient", "KernelSlider", "LossExplorer", "OptimizerRace", "PhotoFilter", "PixelExplorer", "PoolingExplorer", "ReceptiveField", "RegularizationExplorer", "ResidualFlow", "SizeCheck", "SlopeCheck", "StateError", "SumCheck", "TrainNetwork", "TransferExplorer", "Worksheet", "live"]
