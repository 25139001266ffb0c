"""Trainers that publish something else than what training made."""

from pydantic import Field

from scatter.behaviours.bent import Bent, Options
from scatter.behaviours.models import each
from scatter.learning.models import Model
from scatter.node.behaviour import Work
from scatter.protocol.states import Role

TRAINERS = frozenset({Role.TRAINER})


class Lazy(Bent[Options]):
    """Publishes the model that the round started from. A copy: its update is struck out, and it loses a part of its slot stake,
    ⌊s / R⌋, each round."""

    roles = TRAINERS

    def update(self, start: Model, trained: Model, work: Work) -> Model:
        """The starting model, unchanged."""
        del trained, work
        return start


class NoiseOptions(Options):
    """How much noise."""

    scale: float = Field(100.0, gt=0, le=1e6, description="standard deviation of what is added to each number")


class Noise(Bent[NoiseOptions]):
    """Publishes the starting model with a lot of noise. Its step is clipped to the others', so that it does little harm; its
    contribution is near nothing or below, and it is paid next to nothing."""

    roles = TRAINERS
    takes = NoiseOptions

    def update(self, start: Model, trained: Model, work: Work) -> Model:
        """The starting model, and a draw from a normal distribution on each number."""
        generator = self.persona.generator(work, "noise")
        scale = self.options.scale
        return each(start, trained, lambda old, _: old + generator.normal(0, scale, old.shape))


class LazyNoiseOptions(NoiseOptions):
    """How little noise."""

    scale: float = Field(0.001, gt=0, le=1, description="standard deviation of what is added to each number")


class LazyNoise(Noise):
    """Publishes the starting model with a little noise, so that it is no exact copy. It contributes next to nothing and is paid
    next to nothing; with `fault` in the job's terms it loses that part of its slot stake when nothing of it was ever accepted."""

    takes = LazyNoiseOptions


class SignFlip(Bent[Options]):
    """Trains, and publishes the step in the opposite direction. Its contribution is negative: it is not accepted and not paid,
    and loses `fault` of its slot stake when it was judged in three rounds."""

    roles = TRAINERS

    def update(self, start: Model, trained: Model, work: Work) -> Model:
        """The starting model less the step."""
        del work
        return each(start, trained, lambda old, new: 2 * old - new)


class ScalingOptions(Options):
    """How far."""

    factor: float = Field(-10.0, ge=-1e6, le=1e6, description="what the step is multiplied with")


class Scaling(Bent[ScalingOptions]):
    """Publishes its step many times as long, backwards unless told otherwise, to drown the others. Steps are clipped to the
    median length, so length gains nothing: backwards it is not accepted, forwards it is paid as an honest one."""

    roles = TRAINERS
    takes = ScalingOptions

    def update(self, start: Model, trained: Model, work: Work) -> Model:
        """The starting model and a multiple of the step."""
        del work
        factor = self.options.factor
        return each(start, trained, lambda old, new: old + factor * (new - old))
