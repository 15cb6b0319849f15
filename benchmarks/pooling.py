"""Pooling: cnnmath beside PyTorch and the loop definition, on one thread.

As in the benchmark of convolution, all candidates take turns, and a figure
is the median over the rounds of time ÷ PyTorch's time.
"""

import argparse
import statistics
import time

from benchmarks.convolution import interleaved, ratio, scratch_bytes, torch  # first: it sets one thread

import numpy as np

from cnnmath import pooling

# (input, kernel_size, stride, padding)
SHAPES = [
    ((64, 8, 28, 28), 2, 2, 0),
    ((64, 16, 14, 14), 2, 2, 0),
    ((1, 1, 512, 512), 2, 2, 0),
    ((8, 16, 56, 56), 3, 2, 1),
    ((8, 16, 32, 32), 3, 1, 0),
    ((32, 16, 31, 31), 5, 3, 2),
]


class Case:
    """One shape, dtype and kind ("max" or "avg"): the arrays, and a function of no arguments for each candidate."""

    def __init__(self, kind, shape, dtype, rng):
        self.kind, (self.shape, *self.placed) = kind, shape
        self.x = rng.standard_normal(self.shape).astype(dtype)
        self.dout = np.ones_like(self.forward())
        if torch:
            self.function = getattr(torch.nn.functional, f"{kind}_pool2d")
            self.tensor, self.upstream = torch.from_numpy(self.x).requires_grad_(), torch.from_numpy(self.dout)

    def forward(self):
        return getattr(pooling, f"{self.kind}_pool2d")(self.x, *self.placed)

    def both(self):
        """As the layers do it: max pooling hands the winners on."""
        if self.kind == "avg":
            return self.forward(), pooling.avg_pool2d_backward(self.dout, self.x, *self.placed)
        out, winners = pooling.max_pool2d_with_winners(self.x, *self.placed)
        return out, winners, pooling.max_pool2d_backward(self.dout, self.x, *self.placed, winners=winners)

    def torch_forward(self):
        with torch.no_grad():
            return self.function(self.tensor, *self.placed)

    def torch_both(self):
        return torch.autograd.grad(self.function(self.tensor, *self.placed), self.tensor, self.upstream)

    def windows_per_second(self):
        """How many windows the loop definition pools in a second."""
        definition, part = getattr(pooling, f"{self.kind}_pool2d_definition"), self.x[:1, :1]
        begin = time.perf_counter()
        return definition(part, *self.placed).size / (time.perf_counter() - begin)


def row(kind, shape, dtype, seconds, rng):
    case = Case(kind, shape, dtype, rng)
    forward, both = {"cnnmath": case.forward}, {"cnnmath": case.both}
    if torch:
        forward["torch"], both["torch"] = case.torch_forward, case.torch_both
    times = interleaved(forward, seconds)
    loops = case.dout.size / case.windows_per_second() / statistics.median(times["cnnmath"])
    kernel, stride, padding = case.placed
    cells = [kind, "×".join(map(str, case.shape)), f"{kernel}, {stride}, {padding}", np.dtype(dtype).name]
    cells.append(f"{ratio(times, 'cnnmath', 'torch'):.2f}" if torch else "–")
    cells.append(f"{ratio(interleaved(both, seconds), 'cnnmath', 'torch'):.2f}" if torch else "–")
    return [*cells, f"{loops:,.0f}", f"{scratch_bytes(case.both) / 2**20:.1f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1, help="time for each measurement")
    arguments = parser.parse_args()
    heads = ["kind", "input", "kernel, stride, padding", "dtype", "forward ÷ torch", "forward+backward ÷ torch",
             "loops ÷ forward", "scratch MiB"]  # fmt: skip
    print("| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))
    rng = np.random.default_rng(0)
    for kind in ("max", "avg"):
        for shape in SHAPES:
            for dtype in (np.float32, np.float64):
                print("| " + " | ".join(row(kind, shape, dtype, arguments.seconds, rng)) + " |", flush=True)


if __name__ == "__main__":
    main()
