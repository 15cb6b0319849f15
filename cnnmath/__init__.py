"""The mathematics of convolutional neural networks."""
