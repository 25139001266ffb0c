"""What a job's last global model is worth, measured by its requestor over the whole evaluation."""

from scatter.jobs.examples import Examples
from scatter.learning.metrics import FULL_REPORT, report_value
from scatter.learning.models import Model
from scatter.node.models import global_model
from scatter.node.packages import package_of
from scatter.node.parts import Parts
from scatter.protocol.ids import Round
from scatter.protocol.view import JobView


async def final_model(requestor: Parts, job: JobView) -> Model:
    """The global model that a job ended with, from its requestor's node."""
    made_in, name = job.starting_model(Round(job.terms.rounds + 1))
    return await global_model(requestor, job, made_in, name)


async def final_metric(requestor: Parts, job: JobView, model: Model, evaluation: Examples) -> float:
    """The job's report metric of a model, 0..1; 0 when nothing can be predicted with it."""
    package = await package_of(requestor, job)
    predictions = await requestor.runner.predict(package, evaluation, [model])
    if predictions[0] is None:
        return 0.0
    return report_value(package.definition.report, predictions[0], evaluation.truth) / FULL_REPORT
