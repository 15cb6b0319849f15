"""Write tests/reference/optimizers.npz: 200 steps of each optimiser, as PyTorch takes them.

Every case starts from the same weights and sees the same gradients, so that only the rule differs.
"""

import json

import numpy as np
import torch
from _save import save

STEPS = 200
CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"lr": 0.1, "momentum": 0.5, "nesterov": True, "weight_decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.05, "alpha": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.05, "betas": [0.5, 0.9], "eps": 1e-3, "weight_decay": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.05, "betas": [0.5, 0.9], "weight_decay": 0.5}),
]


def trajectory(rule, options, start, gradients):
    """The weights after each step, (STEPS, n)."""
    weights = torch.nn.Parameter(torch.from_numpy(start.copy()))
    optimizer = getattr(torch.optim, rule)([weights], **options)
    path = []
    for gradient in gradients:
        weights.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        path.append(weights.detach().numpy().copy())
    return np.array(path)


def main():
    rng = np.random.default_rng(0)
    start = rng.normal(size=5)
    # gradients of very different scale, one of them mostly zero, one that changes sign at every step
    gradients = rng.normal(size=(STEPS, 5)) * [1, 1e3, 1e-3, 1, 1]
    gradients[:, 3] *= rng.random(STEPS) < 0.1
    gradients[:, 4] = (-1.0) ** np.arange(STEPS)
    save(
        "optimizers",
        start=start,
        gradients=gradients,
        cases=np.array([json.dumps(case) for case in CASES]),
        paths=np.array([trajectory(*case, start, gradients) for case in CASES]),
    )


if __name__ == "__main__":
    main()
