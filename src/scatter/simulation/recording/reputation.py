"""What jobs that ended add to reputations."""

from scatter.ports import ChainEvent
from scatter.protocol.reputation import deeds
from scatter.protocol.states import TERMINAL, State
from scatter.simulation.recording.book import Scene

PARTS = ("rounds", "contribution", "silences", "slashes", "won", "lost")


def see_deeds(scene: Scene, event: ChainEvent) -> None:
    """Follow one event: whoever had a part in a job that ends."""
    if event.name != "StateEntered" or State(event.values["state"]) not in TERMINAL:
        return
    number, job = scene.job(event)
    for account in dict.fromkeys(job.participants):
        done = deeds(job, account)
        scene.add(
            "reputation", job=number, node=scene.book.name(account), **{part: getattr(done, part) for part in PARTS}
        )
