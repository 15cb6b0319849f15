"""Write tests/reference/pooling.npz: 200 poolings of small integers, with ties, as PyTorch computes them."""

import sys

import numpy as np
import torch
from _save import REFERENCE, save

sys.path.insert(0, str(REFERENCE.parent))

from math_cases import join, pooling_case  # noqa: E402

COUNT = 200


def results(x, dout, kernel_size, stride, padding):
    """PyTorch's maxima, their flat indices and gradient, means and their gradient."""
    functional, x, dout = torch.nn.functional, torch.from_numpy(x).requires_grad_(), torch.from_numpy(dout)
    largest, indices = functional.max_pool2d(x, kernel_size, stride, padding, return_indices=True)
    mean = functional.avg_pool2d(x, kernel_size, stride, padding)
    gradients = (torch.autograd.grad(out, x, dout)[0].numpy() for out in (largest, mean))
    return largest.detach().numpy(), indices.numpy(), next(gradients), mean.detach().numpy(), next(gradients)


def main():
    rng = np.random.default_rng(0)
    cases = [pooling_case(rng) for _ in range(COUNT)]
    names, types = ("max", "index", "max_dx", "mean", "mean_dx"), (np.int8, np.int16, np.int16, float, float)
    fields = {"x": [x.astype(np.int8) for x, _, _ in cases], "dout": [dout.astype(np.int8) for _, dout, _ in cases]}
    found = zip(*(results(x, dout, *settings) for x, dout, settings in cases))
    fields |= {name: [a.astype(dtype) for a in arrays] for name, dtype, arrays in zip(names, types, found)}
    joined = {name: join(arrays) for name, arrays in fields.items()}
    arrays = {name: array for name, (array, _) in joined.items()}
    save(
        "pooling",
        settings=np.array([settings for *_, settings in cases], dtype=np.int8),
        x_shapes=joined["x"][1],
        dout_shapes=joined["dout"][1],
        **arrays,
    )


if __name__ == "__main__":
    main()
