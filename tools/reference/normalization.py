"""Write tests/reference/normalization.npz: batch normalizations and their gradients as PyTorch computes them."""

import json
import sys

import numpy as np
import torch
from _save import REFERENCE, save

sys.path.insert(0, str(REFERENCE.parent))

from math_cases import batch_norm_case, join  # noqa: E402

COUNT = 40
INPUTS = ("x", "dout", "gamma", "beta", "running_mean", "running_var")
RESULTS = ("out", "new_mean", "new_var", "dx", "dgamma", "dbeta")


def results(x, dout, gamma, beta, mean, var, options):
    """PyTorch's output, its running statistics after the batch, and the gradients."""
    x, gamma, beta = (torch.from_numpy(array).requires_grad_() for array in (x, gamma, beta))
    mean, var = torch.tensor(mean), torch.tensor(var)
    out = torch.nn.functional.batch_norm(x, mean, var, gamma, beta, **options)
    gradients = torch.autograd.grad(out, (x, gamma, beta), torch.from_numpy(dout))
    return [tensor.detach().numpy() for tensor in (out, mean, var, *gradients)]


def main():
    rng = np.random.default_rng(0)
    cases = [batch_norm_case(rng) for _ in range(COUNT)]
    fields = dict(zip(INPUTS, zip(*(case[:-1] for case in cases))))
    fields |= dict(zip(RESULTS, zip(*(results(*case) for case in cases))))
    arrays = {name: join(values)[0] for name, values in fields.items()}
    save(
        "normalization",
        options=np.array([json.dumps(options) for *_, options in cases]),
        x_shapes=join(fields["x"])[1],
        gamma_shapes=join(fields["gamma"])[1],
        **arrays,
    )


if __name__ == "__main__":
    main()
