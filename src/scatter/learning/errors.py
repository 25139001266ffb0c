"""What can be wrong with content that comes from others. Each message is one sentence that a user can read."""


class LearningError(ValueError):
    """Root of all refusals of this package."""


class ModelError(LearningError):
    """A model file, or the tensors of a model, cannot be used: whoever made the model is at fault."""


class AggregationError(LearningError):
    """Updates cannot be aggregated as asked: unknown rule, no updates, or addresses and contributions that do not match."""


class PredictionError(LearningError):
    """What `predict` wrote for a model cannot be scored: the job's code, or the model it was given, is at fault."""


class TruthError(LearningError):
    """The expected outputs of an evaluation shard cannot be scored against: the requestor is at fault."""


def shown(text: object, limit: int = 120) -> str:
    """Text from strangers, safe to put into a message: unprintable characters replaced, cut after `limit` characters."""
    raw = str(text)
    cut = "".join(character if character.isprintable() else "?" for character in raw[:limit])
    return cut if len(raw) <= limit else f"{cut}…"
