"""Challenges in the recording: who filed what, what the jury made of it, and who was on which side."""

from scatter.ports import ChainEvent
from scatter.protocol.ids import Address, Round
from scatter.protocol.states import ChallengeKind
from scatter.protocol.verdicts import Item, Verdict
from scatter.protocol.view import ItemView, JobView
from scatter.simulation.recording.book import Scene


def see_disputes(scene: Scene, event: ChainEvent) -> None:
    """Follow one event."""
    match event.name:
        case "Challenged":
            number, _ = scene.job(event)
            _side(scene, number, _item(event), event.values["challenger"], "filer")
        case "VerdictReached":
            number, view = scene.job(event)
            item = _item(event)
            _reached(scene, number, view, item, view.items[item])
        case "JuryVoid":
            number, view = scene.job(event)
            for item in sorted(view.items):
                _verdict(scene, number, item, "void", event.values["jurors"])


def _item(event: ChainEvent) -> Item:
    return Item(ChallengeKind(event.values["kind"]), Round(event.values["round"]))


def _reached(scene: Scene, number: int, view: JobView, item: Item, seen: ItemView) -> None:
    verdict = seen.verdict
    if verdict is None:
        return
    outcome = "changed" if verdict.changed else "stands" if verdict.counts else "no verdict"
    _verdict(scene, number, item, outcome, len(view.jurors))
    for seat in sorted(verdict.lost):
        _side(scene, number, item, view.seats[seat], "offender")
    for juror, account in enumerate(view.jurors):
        _side(scene, number, item, account, _side_of(juror, seen, verdict))


def _side_of(juror: int, seen: ItemView, verdict: Verdict) -> str:
    if juror not in seen.openings:
        return "silent"
    if juror in verdict.agreed:
        return "agreed"
    return "outside" if juror in verdict.outside else "nothing"


def _verdict(scene: Scene, number: int, item: Item, outcome: str, jurors: int) -> None:
    scene.add("verdicts", job=number, kind=item.kind.name.lower(), round=item.round, outcome=outcome, jurors=jurors)


def _side(scene: Scene, number: int, item: Item, account: Address, side: str) -> None:
    node = scene.book.name(account)
    scene.add("challenges", job=number, kind=item.kind.name.lower(), round=item.round, node=node, side=side)
