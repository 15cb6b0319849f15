"""Convolution: cnnmath beside PyTorch, scipy.signal and the loop definition, on one thread.

Every round times all candidates once, in an order drawn anew, so that a busy machine slows all of them alike and none always
finds the cache as the same other left it, and counts the processor time of this process; a figure is the
median over the rounds of time ÷ PyTorch's time. Candidates that are not installed are left out.
"""

from benchmarks import _processor  # isort: skip  # noqa: F401

import argparse
import functools
import statistics
import time
import tracemalloc

import numpy as np

from cnnmath import _scratch, convolution

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None
try:
    import scipy.signal as signal
except ImportError:
    signal = None

# (input, weight, stride, padding)
SHAPES = [
    ((1, 1, 256, 256), (1, 1, 3, 3), 1, 0),
    ((64, 1, 28, 28), (8, 1, 3, 3), 1, 0),
    ((64, 8, 14, 14), (16, 8, 3, 3), 1, 1),
    ((32, 64, 32, 32), (64, 64, 3, 3), 1, 1),
    ((1, 3, 512, 512), (16, 3, 7, 7), 2, 0),
]

SQUARE = 1024  # side of the matrices at which numpy.dot is at its best


class Case:
    """One shape and dtype: the arrays, and a function of no arguments for each candidate."""

    def __init__(self, shape, dtype, rng):
        self.x_shape, self.w_shape, self.stride, self.padding = shape
        self.x = rng.standard_normal(self.x_shape).astype(dtype)
        self.weight = rng.standard_normal(self.w_shape).astype(dtype)
        self.dout = np.ones_like(self.forward())
        self.flops = 2 * self.dout.size * self.weight[0].size
        if torch:
            self.tensors = [torch.from_numpy(array).requires_grad_() for array in (self.x, self.weight)]
            self.torch_dout = torch.from_numpy(self.dout)

    def forward(self):
        return convolution.conv2d(self.x, self.weight, None, self.stride, self.padding)

    def both(self):
        self.forward()
        return convolution.conv2d_backward(self.dout, self.x, self.weight, self.stride, self.padding)

    def torch_forward(self):
        with torch.no_grad():
            return torch.nn.functional.conv2d(*self.tensors, None, self.stride, self.padding)

    def torch_both(self):
        out = torch.nn.functional.conv2d(*self.tensors, None, self.stride, self.padding)
        return torch.autograd.grad(out, self.tensors, self.torch_dout)

    def scipy_forward(self):
        """All filters over the first image."""
        image = np.pad(self.x[0], ((0, 0), (self.padding,) * 2, (self.padding,) * 2))
        steps = slice(None, None, self.stride)
        return [signal.correlate(image, kernel, "valid")[0, steps, steps] for kernel in self.weight]

    @functools.cached_property
    def matrices(self):
        """The factors of the one matrix product that the convolution amounts to."""
        columns = np.ones((self.weight[0].size, self.dout[:, 0].size), self.x.dtype)
        return self.weight.reshape(len(self.weight), -1), columns

    def product(self):
        return np.dot(*self.matrices)

    @functools.cached_property
    def square(self):
        return np.ones((SQUARE, SQUARE), self.x.dtype)

    def best_product(self):
        """numpy.dot where it is at its best."""
        return np.dot(self.square, self.square)


def interleaved(candidates, seconds):
    """{name: times}, every round calling each of `candidates` (a dict of functions) once, in random order."""
    rng = np.random.default_rng(0)
    times = {name: [] for name in candidates}
    for function in candidates.values():
        function()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or min(map(len, times.values())) < 5:
        for name in rng.permutation(list(candidates)):
            begin = time.process_time()
            candidates[name]()
            times[name].append(time.process_time() - begin)
    return times


def ratio(times, name, to):
    """Median over the rounds of time `name` ÷ time `to`."""
    return statistics.median(a / b for a, b in zip(times[name], times[to]))


def scratch_bytes(function):
    """Peak of the memory allocated while `function` runs, beyond what it returns; what is kept for later calls counts."""
    vars(_scratch._kept).clear()
    tracemalloc.start()
    result = function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    results = result if isinstance(result, tuple) else (result,)
    return peak - sum(array.nbytes for array in results)


def loops_per_product():
    """Seconds that the loop definition takes for one multiply-add."""
    x, weight = np.ones((1, 2, 12, 12)), np.ones((2, 2, 3, 3))
    begin = time.process_time()
    out = convolution.conv2d_definition(x, weight)
    return (time.process_time() - begin) / (out.size * weight[0].size)


def row(shape, dtype, seconds, rng):
    case = Case(shape, dtype, rng)
    forward = {"cnnmath": case.forward, "product": case.product, "best": case.best_product}
    both = {"cnnmath": case.both}
    if torch:
        forward["torch"], both["torch"] = case.torch_forward, case.torch_both
    if signal:
        forward["scipy"] = case.scipy_forward
    times = interleaved(forward, seconds)
    loops = loops_per_product() * case.flops / 2 / statistics.median(times["cnnmath"])
    cells = ["×".join(map(str, case.x_shape)) + " * " + "×".join(map(str, case.w_shape))]
    cells += [f"{case.stride}, {case.padding}", np.dtype(dtype).name]
    cells.append(f"{ratio(times, 'cnnmath', 'torch'):.2f}" if torch else "–")
    both_times = interleaved(both, seconds)
    cells.append(f"{ratio(both_times, 'cnnmath', 'torch'):.2f}" if torch else "–")
    cells.append(f"{ratio(times, 'product', 'cnnmath'):.2f}")
    cells.append(f"{case.flops / (2 * SQUARE**3) * ratio(times, 'best', 'cnnmath'):.2f}")
    cells.append(f"{len(case.x) * ratio(times, 'scipy', 'cnnmath'):.0f}" if signal else "–")
    cells.append(f"{loops:,.0f}")
    cells += [f"{scratch_bytes(function) / 2**20:.1f}" for function in (case.forward, case.both)]
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=4, help="time for each measurement")
    parser.add_argument("--shapes", type=int, nargs="*", default=range(1, 6), help="which of the five shapes")
    arguments = parser.parse_args()
    heads = ["input * weight", "stride, padding", "dtype", "forward ÷ torch", "forward+backward ÷ torch",
             "same product by numpy.dot ÷ forward", "numpy.dot at its best ÷ forward", "scipy ÷ forward", "loops ÷ forward",
             "scratch forward MiB", "scratch backward MiB"]  # fmt: skip
    print("| " + " | ".join(heads) + " |")
    print("|" + " --- |" * len(heads))
    rng = np.random.default_rng(0)
    for number in arguments.shapes:
        for dtype in (np.float32, np.float64):
            print(
                "| " + " | ".join(row(SHAPES[number - 1], dtype, arguments.seconds, rng)) + " |", flush=True
            )


if __name__ == "__main__":
    main()
