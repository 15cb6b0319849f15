"""The mathematics of convolutional neural networks, in numpy: each function beside the equation it computes.

Import what you need from its module: ``from cnnmath.convolution import conv2d``. Importing cnnmath itself
needs numpy alone; `cnnmath.plots` brings matplotlib and `cnnmath.figures` brings anywidget.
"""

__version__ = "0.1.0"
