"""OptimizerRace: six optimisers from one start on one surface, and every term of one of their steps."""

import numpy as np

from cnnmath import _check, surfaces
from cnnmath.figures import _fields, _text
from cnnmath.figures._base import Figure
from cnnmath.optimizers import SGD, Adam, AdamW, RMSprop

_REACH, _BOUND = 3, 100
_NAMES = {"bowl": "Bowl", "valley": "Narrow valley", "tilted_valley": "Tilted valley", "saddle": "Saddle",
          "rosenbrock": "Rosenbrock's valley", "cnn": "Loss of a small CNN"}
_TERMS = ("gradient", "velocity", "square", "mean", "mean_hat", "square_hat", "direction", "decay", "change")
_MEMORIES = ("velocity", "square", "mean")
_RULES = """rules = {{
    "SGD": lambda p: SGD(p, {lr}),
    "momentum": lambda p: SGD(p, {lr}, momentum={momentum}),
    "Nesterov": lambda p: SGD(p, {lr}, momentum={momentum}, nesterov={nesterov}),
    "RMSprop": lambda p: RMSprop(p, {adaptive_lr}, alpha={beta2}),
    "Adam": lambda p: Adam(p, {adaptive_lr}, betas=({beta1}, {beta2})),
    "AdamW": lambda p: AdamW(p, {adaptive_lr}, betas=({beta1}, {beta2}), weight_decay={weight_decay}),
}}"""


class _Start(_fields.List):
    """Two numbers."""

    def random(self, rng):
        return [self.item.random(rng) for _ in range(2)]


class _Rate(_fields.Real):
    """A number above 0 that matters by its order of magnitude."""

    def random(self, rng):
        return float(f"{np.exp(rng.uniform(np.log(self.minimum), np.log(self.maximum))):.3g}")


class _Decay(_fields.Real):
    """A number below 1 that matters by its distance from 1."""

    def random(self, rng):
        return 1 - round(float((1 - self.maximum) ** rng.random()), 4)


class OptimizerRace(Figure):
    """Six optimisers of `cnnmath.optimizers` on a surface of `cnnmath.surfaces`, all from one start.

    Fields: `surface`; `start`, two weights from −3 to 3; `lr` for SGD, momentum and Nesterov, `adaptive_lr` for RMSprop, Adam
    and AdamW; `momentum`; `beta1`; `beta2`, which is also RMSprop's alpha; `weight_decay` of AdamW; `steps` and `step`,
    the one that is shown of `optimizer`, held to those it took.

    A path ends with its first point beyond ±100. In `values`, `paths` and `losses` repeat that point to the end, `taken`
    counts the steps and `left` marks the paths that ended so. `point` is where the shown step begins; the optimiser's terms follow,
    what it kept from the step before under names in `_before`, and None for terms that it does not have. `curvatures`
    are the eigenvalues of the Hessian at `point`, and `limits` what the larger allows as `lr` of SGD, momentum and Nesterov.

    Examples
    --------
    >>> values = OptimizerRace(surface="bowl", start=[2, 1], lr=0.5, steps=2).values()
    >>> values["paths"][0].tolist(), values["limits"]
    ([[2.0, 1.0], [1.0, 0.5], [0.5, 0.25]], [2.0, 3.8, 1.3571428571428572])
    """

    scripts = ("plot.js", "optimizer-values.js")

    surface = _fields.Choice("valley", surfaces.NAMES)
    start = _Start([-2.5, 1.0], _fields.Real(0.0, -_REACH, _REACH), 2)
    lr = _Rate(0.06, 0.0001, 4)
    adaptive_lr = _Rate(0.1, 0.0001, 4)
    momentum = _Decay(0.9, 0, 0.99)
    beta1 = _Decay(0.9, 0, 0.99)
    beta2 = _Decay(0.99, 0, 0.9999)
    weight_decay = _fields.Real(0.1, 0, 1)
    steps = _fields.Integer(60, 1, 200)
    step = _fields.Integer(4, 1, 200)
    optimizer = _fields.Choice("momentum", ("SGD", "momentum", "Nesterov", "RMSprop", "Adam", "AdamW"))

    @classmethod
    def check_together(cls, state):
        if len(state["start"]) != 2:
            raise ValueError(_check.message(cls.__name__, "start", "hold two numbers", state["start"]))

    def values(self):
        surface = surfaces.surface(self.surface)
        runs = {name: surfaces.descend(surface, self.start, rule, self.steps, _BOUND) for name, rule in self._rules().items()}
        taken = [len(terms) for _, terms in runs.values()]
        paths = np.array([path[np.minimum(np.arange(self.steps + 1), len(path) - 1)] for path, _ in runs.values()])
        path, terms = runs[self.optimizer]
        step = min(self.step, len(terms))
        point, now, before = path[step - 1], terms[step - 1], terms[step - 2] if step > 1 else {}
        shown = {name: now.get(name) for name in _TERMS}
        if self.optimizer not in ("momentum", "Nesterov"):
            shown["velocity"] = None
        kept = {f"{name}_before": None if shown[name] is None else before.get(name, np.zeros(2)) for name in _MEMORIES}
        curvatures = surface.curvatures(point)
        return {"paths": paths, "losses": surface.loss(paths), "taken": taken,
                "left": [int(np.abs(path[-1]).max() > _BOUND) for path, _ in runs.values()], "minima": surface.minima,
                "step": step, "point": point, **kept, **shown, "curvatures": curvatures, "limits": self._limits(curvatures[1])}

    def _rules(self):
        lr, adaptive_lr, betas = self.lr, self.adaptive_lr, (self.beta1, self.beta2)
        return {
            "SGD": lambda p: SGD(p, lr),
            "momentum": lambda p: SGD(p, lr, momentum=self.momentum),
            "Nesterov": lambda p: SGD(p, lr, momentum=self.momentum, nesterov=self.momentum > 0),
            "RMSprop": lambda p: RMSprop(p, adaptive_lr, alpha=self.beta2),
            "Adam": lambda p: Adam(p, adaptive_lr, betas=betas),
            "AdamW": lambda p: AdamW(p, adaptive_lr, betas=betas, weight_decay=self.weight_decay),
        }

    def _limits(self, curvature):
        mu = self.momentum
        factors = (1, 1 + mu, (1 + mu) / (1 + 2 * mu))
        return [2 * factor / float(curvature) for factor in factors] if curvature > 0 else None

    def describe(self):
        v, number, told = self.values(), _text.number, _text.told
        fates = [f"{name} left ±{_BOUND} at step {count}" if left else f"{name} {number(loss)}"
                 for name, count, left, loss in zip(self._rules(), v["taken"], v["left"], v["losses"][:, -1])]
        text = f"{_NAMES[self.surface]} from ({_list(self.start)}), loss after {_steps(self.steps)}: {', '.join(fates)}."
        if surfaces.surface(self.surface).quadratic:
            above = [name for name, limit in zip(self._rules(), v["limits"]) if self.lr >= limit]
            text += f" η = {number(self.lr)} is {'not below the limit of ' + ', '.join(above) if above else 'below every limit'}: "
            text += f"2/λₘₐₓ = {told(v['limits'][0])} for SGD, {told(v['limits'][1])} with momentum, {told(v['limits'][2])} for Nesterov."
        return f"{text} Step {v['step']} of {self.optimizer}: gradient ({_list(v['gradient'])}), change ({_list(v['change'])})."

    def as_python(self):
        names = ("lr", "adaptive_lr", "momentum", "beta1", "beta2", "weight_decay")
        rules = _RULES.format(nesterov=self.momentum > 0, **{name: _check.literal(getattr(self, name)) for name in names})
        return f"""import numpy as np
from cnnmath.optimizers import SGD, Adam, AdamW, RMSprop
from cnnmath.surfaces import descend, surface

L = surface("{self.surface}")
{rules}
start, steps = {_text.rows_text(self.start)}, {self.steps}
runs = {{name: descend(L, start, rule, steps, bound={_BOUND}) for name, rule in rules.items()}}
taken = [len(terms) for _, terms in runs.values()]
left = [int(np.abs(path[-1]).max() > {_BOUND}) for path, _ in runs.values()]
paths = np.array([path[np.minimum(np.arange(steps + 1), len(path) - 1)] for path, _ in runs.values()])
losses, minima = L.loss(paths), L.minima

optimizer = "{self.optimizer}"
path, terms = runs[optimizer]
step = min({self.step}, len(terms))
point, now, before = path[step - 1], terms[step - 1], (terms[step - 2] if step > 1 else {{}})
gradient, square, mean, mean_hat, square_hat, direction, decay, change = (
    now.get(name) for name in "gradient square mean mean_hat square_hat direction decay change".split())
velocity = now["velocity"] if optimizer in ("momentum", "Nesterov") else None
velocity_before, square_before, mean_before = (
    None if term is None else before.get(name, np.zeros(2))
    for name, term in (("velocity", velocity), ("square", square), ("mean", mean)))

curvatures, mu = L.curvatures(point), {_check.literal(self.momentum)}
limits = [2 * factor / curvatures[1] for factor in (1, 1 + mu, (1 + mu) / (1 + 2 * mu))] if curvatures[1] > 0 else None"""

    def static(self):
        v = self.values()
        steps = sorted({0, 1, self.steps // 2, self.steps})
        caption = f"{_NAMES[self.surface]}: step, then the losses of {', '.join(self._rules())} after it"
        terms = [[*pair] for pair in (v["point"], v["gradient"], v["change"])]
        return (_text.table([[t, *v["losses"][:, t]] for t in steps], caption)
                + _text.table(terms, f"step {v['step']} of {self.optimizer}: point, gradient, change"))


def _list(numbers):
    return ", ".join(map(_text.told, numbers))


def _steps(count):
    return f"{count} step{'s' if count > 1 else ''}"
