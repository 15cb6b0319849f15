"""The arguments of the functions of `convolution`, checked. `function` is the name that messages open with."""

from cnnmath import _check, windows


def image_and_kernel(function, image, kernel, stride, padding, dilation):
    """The two arrays, and how the kernel lies on the image."""
    image = _check.array(function, "image", image, "H, W", hint="Use conv2d for channels and batches")
    kernel = _check.array(function, "kernel", kernel, "K_h, K_w")
    return image, kernel, windows.geometry(function, image.shape, kernel.shape, stride, padding, dilation)


def batch_and_weight(function, x, weight, stride, padding, dilation, groups):
    """The two arrays, how the filters lie on the images, and the number of groups."""
    x = _check.array(function, "x", x, "N, C_in, H, W", hint="Use image[None, None] for one grey image")
    weight = _check.array(function, "weight", weight, "C_out, C_in / groups, K_h, K_w")
    hint = "Use groups=1 to connect all channels with all filters"
    groups = _check.integer(function, "groups", groups, 1, hint)
    for name, count in (("C_in", x.shape[1]), ("C_out", len(weight))):
        if count % groups:
            hint = f"Use a divisor of {name}"
            raise ValueError(_check.message(function, "groups", f"divide {name}={count}", groups, hint))
    channels = x.shape[1] // groups
    if weight.shape[1] != channels:
        rule = f"have {channels} channels in dimension 1 (C_in={x.shape[1]}, groups={groups})"
        hint = f"Give it the shape {(len(weight), channels, *weight.shape[2:])}"
        raise ValueError(_check.message(function, "weight", rule, weight, hint))
    place = windows.geometry(function, x.shape[2:], weight.shape[2:], stride, padding, dilation)
    return x, weight, place, groups
