"""Write tests/reference/activations.npz: every activation and its gradient as PyTorch computes them, in float64."""

import numpy as np
import torch
from _save import save

FUNCTIONS = {
    "relu": torch.relu,
    "leaky_relu": torch.nn.functional.leaky_relu,
    "leaky_relu_2": lambda x: torch.nn.functional.leaky_relu(x, 2),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    "softmax": lambda x: torch.softmax(x, -1),
    "softmax_0": lambda x: torch.softmax(x, 0),
    "log_softmax": lambda x: torch.log_softmax(x, -1),
    "log_softmax_0": lambda x: torch.log_softmax(x, 0),
}


def main():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((16, 8)) * 10.0 ** np.arange(-4, 4)  # from 1e-4 in the first column to 1e3 in the last
    x[0] = [0, -0.0, 1e4, -1e4, 1e-300, -1e-300, 30, -30]
    x[1] = 3  # eight equal entries
    dout = rng.standard_normal(x.shape)
    arrays = {"x": x, "dout": dout}
    for name, function in FUNCTIONS.items():
        tensor = torch.from_numpy(x).requires_grad_()
        out = function(tensor)
        arrays[name] = out.detach().numpy()
        arrays[f"{name}_dx"] = torch.autograd.grad(out, tensor, torch.from_numpy(dout))[0].numpy()
    save("activations", **arrays)


if __name__ == "__main__":
    main()
