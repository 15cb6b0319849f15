"""Write tests/reference/losses.npz: losses and their gradients as PyTorch computes them, in float64."""

import sys

import numpy as np
import torch
from _save import REFERENCE, save

sys.path.insert(0, str(REFERENCE.parent))

from math_cases import cross_entropy_case, join  # noqa: E402

COUNT = 100


def loss_and_gradient(function, first, second):
    first = torch.from_numpy(first).requires_grad_()
    loss = function(first, torch.from_numpy(second))
    return loss.item(), torch.autograd.grad(loss, first)[0].numpy()


def main():
    rng, functional = np.random.default_rng(0), torch.nn.functional
    cases = [cross_entropy_case(rng) for _ in range(COUNT)]
    losses, gradients = zip(*(loss_and_gradient(functional.cross_entropy, *case) for case in cases))
    (logits, logits_shapes), (labels, labels_shapes) = join([z for z, _ in cases]), join([y for _, y in cases])
    x = rng.standard_normal((6, 5)) * [1, 10, 100, 1000, 10000]
    target = rng.standard_normal(x.shape)
    probability = rng.choice([0, 0.25, 0.5, 1], x.shape)
    mse, mse_dx = loss_and_gradient(functional.mse_loss, x, target)
    bce, bce_dx = loss_and_gradient(functional.binary_cross_entropy_with_logits, x, probability)
    save(
        "losses",
        logits=logits, logits_shapes=logits_shapes, labels=labels.astype(np.int8), labels_shapes=labels_shapes,
        cross_entropy=np.array(losses), cross_entropy_dx=join(gradients)[0],
        x=x, target=target, mse_loss=mse, mse_loss_dx=mse_dx,
        probability=probability, binary_cross_entropy_with_logits=bce, binary_cross_entropy_with_logits_dx=bce_dx,
    )  # fmt: skip


if __name__ == "__main__":
    main()
