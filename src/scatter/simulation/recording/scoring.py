"""Scores in the recording: what seats opened, what is settled of it before and after disputes, and what models are made of it."""

from collections.abc import Sequence

from scatter.ports import ChainEvent
from scatter.protocol.scores import COPY, METRIC_SCALE, ZERO, SettledRound, abstains, are_scores, is_special, unpack
from scatter.protocol.states import ChallengeKind, SeatKind
from scatter.protocol.view import JobView, RoundView
from scatter.simulation.recording.book import Scene

SETTLED = "settled"
JUDGED = "judged"
FINAL = "final"


def see_scores(scene: Scene, event: ChainEvent) -> None:
    """Follow one event."""
    match event.name:
        case "ScoresOpened":
            _opened(scene, event)
        case "RoundSettled":
            number, view = scene.job(event)
            made = view.rounds[event.values["round"]]
            if made.settled is not None:
                scene.add("metrics", job=number, round=made.number, source=SETTLED, metric=made.settled.metric)
                _settled(scene, number, view, made, SETTLED, made.settled)
        case "VerdictReached" if event.values["kind"] == ChallengeKind.SCORES and event.values["changed"]:
            number, view = scene.job(event)
            made = view.rounds[event.values["round"]]
            judged = view.judged(made)
            if judged is not None:
                _settled(scene, number, view, made, JUDGED, judged)
        case "AggregatePosted":
            number, view = scene.job(event)
            seat, digest = event.values["seat"], event.values["aggregate"]
            node = scene.book.name(view.seats[seat])
            round_ = event.values["round"]
            scene.add("aggregates", job=number, round=round_, seat=seat, node=node, digest=f"0x{digest.hex()}")


def _opened(scene: Scene, event: ChainEvent) -> None:
    number, view = scene.job(event)
    kind, words = SeatKind(event.values["kind"]), event.values["words"]
    seat = event.values["seat"] + (view.terms.members if kind is SeatKind.AUDITOR else 0)
    made = view.rounds[event.values["round"]]
    where = {"job": number, "round": made.number, "seat": seat, "node": scene.book.name(view.seats[seat])}
    lanes = unpack(words, len(view.trainers)) if are_scores(words) else []
    metric = lanes[0] / METRIC_SCALE if lanes else None
    silent = {"refused": not words, "abstained": abstains(words)}
    scene.add("openings", **where, part=kind.name.lower(), **silent, metric=metric)
    for slot in sorted(made.published) if lanes else ():
        scene.add("opened_scores", **where, trainer=scene.book.name(view.trainers[slot]), **_word(lanes, slot))


def _settled(scene: Scene, number: int, view: JobView, made: RoundView, stage: str, settled: SettledRound) -> None:
    where = {"job": number, "round": made.number, "stage": stage}
    for slot in sorted(settled.published):
        trainer = scene.book.name(view.trainers[slot])
        scene.add(
            "settled_scores",
            **where,
            trainer=trainer,
            **_word(settled.lanes, slot),
            accepted=slot in settled.accepted,
        )
    for seat in made.scored:
        standing = "left out" if seat in settled.left_out else "panel" if seat in settled.panel else "compared"
        node, deviating = scene.book.name(view.seats[seat]), seat in settled.deviating
        scene.add("settled_seats", **where, seat=seat, node=node, standing=standing, deviating=deviating)


def _word(lanes: Sequence[int], slot: int) -> dict[str, int | str | None]:
    """A lane as a contribution in units of 1e-5, or as the special word that it is."""
    lane = lanes[slot + 1]
    if is_special(lane):
        return {"contribution": None, "special": "copy" if lane == COPY else "unreadable"}
    return {"contribution": lane - ZERO, "special": None}
