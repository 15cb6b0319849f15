"""The record of a training run."""

from dataclasses import dataclass, field


@dataclass
class History:
    """What happened in a training run; `plots.plot_history` draws it.

    Attributes
    ----------
    steps_per_epoch : int
    loss : list of float
        Loss of each minibatch, before the step it led to.
    epoch_loss, epoch_accuracy : list of float
        Means over the examples of each finished epoch, taken while the weights moved and in training mode.
        Accuracy is there for `cross_entropy` only.
    validation_loss, validation_accuracy : list of float
        After each epoch, in prediction mode; empty without validation data.
    stopped : str
        Why training ended early, in words; empty when all epochs were done.
    """

    steps_per_epoch: int
    loss: list = field(default_factory=list)
    epoch_loss: list = field(default_factory=list)
    epoch_accuracy: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    stopped: str = ""

    def __repr__(self):
        parts = [f"{len(self.epoch_loss)} epochs, {len(self.loss)} steps"]
        for name in ("epoch_loss", "epoch_accuracy", "validation_loss", "validation_accuracy"):
            values = getattr(self, name)
            if values:
                parts.append(f"{name.replace('_', ' ')} {values[0]:.4g} → {values[-1]:.4g}")
        return "; ".join(parts + [self.stopped] * bool(self.stopped))


class Diverged(ValueError):
    """Raised by `fit` when loss or weights are no longer finite; `history` holds the losses until then."""

    def __init__(self, text, history):
        super().__init__(text)
        self.history = history
