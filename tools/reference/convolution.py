"""Write tests/reference/convolution.npz: random convolutions and their gradients, as PyTorch computes them.

On integers every sum is exact, so that the tests can ask for equality.
"""

import json
import sys

import numpy as np
import torch
from _save import REFERENCE, save

sys.path.insert(0, str(REFERENCE.parents[1]))

from tests.convolution_cases import random_case, small_integer  # noqa: E402

COUNT = 100


def results(x, weight, bias, dout, settings):
    """PyTorch's output and its gradients with respect to x, weight and bias."""
    tensors = [torch.from_numpy(array).requires_grad_() for array in (x, weight, bias)]
    out = torch.nn.functional.conv2d(*tensors, **settings)
    return [
        out.detach().numpy(),
        *(g.numpy() for g in torch.autograd.grad(out, tensors, torch.from_numpy(dout))),
    ]


def packed(arrays, dtype):
    """All numbers in one vector of small integers; refused if a number does not survive."""
    numbers = np.concatenate([array.ravel() for array in arrays])
    if not np.array_equal(numbers, numbers.astype(dtype)):
        raise ValueError(f"packed: numbers must fit {dtype.__name__}; got one that does not.")
    return numbers.astype(dtype)


def main():
    rng = np.random.default_rng(0)
    cases = [random_case(rng, small_integer) for _ in range(COUNT)]
    save(
        "convolution",
        settings=np.array([json.dumps(settings) for *_, settings in cases]),
        shapes=np.array([json.dumps([array.shape for array in inputs]) for *inputs, _ in cases]),
        inputs=packed([array for *inputs, _ in cases for array in inputs], np.int8),
        results=packed(
            [array for *inputs, settings in cases for array in results(*inputs, settings)], np.int32
        ),
    )


if __name__ == "__main__":
    main()
