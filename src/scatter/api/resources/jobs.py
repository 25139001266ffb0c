"""Federated jobs: those on the chain, with the node's part in them."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path as FilePath
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from scatter.api.asking import Node
from scatter.api.models import (
    Job,
    JobSummary,
    Page,
    Part,
    RoundAnswer,
    Seat,
    StateName,
    Terms,
    TrainerSlot,
    state_name,
)
from scatter.api.operated import Operated
from scatter.api.pages import After, Limit, page
from scatter.api.problems import (
    BAD_JOB,
    NO_CHAIN,
    NOT_FOUND,
    REFUSED,
    REVERTED,
    TOO_LARGE,
    UNAUTHORIZED,
    Problem,
    answers,
)
from scatter.api.uploads import uploaded
from scatter.content.cids import raw_cid
from scatter.jobs.check import Severity, check_job
from scatter.jobs.folder import JOB_LIMITS, JobPackage, load_job
from scatter.node.orders import order_to_join, start_job
from scatter.node.posting import post_job
from scatter.p2p.identity import peer_id
from scatter.protocol.ids import NO_DIGEST, Address, JobId
from scatter.protocol.states import Reason, SeatKind
from scatter.protocol.view import JobView, NetworkView, RoundView

router = APIRouter(prefix="/jobs", tags=["jobs"], responses=answers(UNAUTHORIZED))

JobName = Annotated[str, Path(pattern="^[0-9a-f]{64}$", description="the job's id, 64 hex digits")]
_ONE = answers(NOT_FOUND)


@router.get("")
async def jobs(
    node: Node,
    limit: Limit = 50,
    after: After = None,
    part: Annotated[
        Literal["any", "own", "joined"] | None,
        Query(description="own: posted by this node; joined: with another part in it; any: either; else all"),
    ] = None,
    state: Annotated[StateName | None, Query(description="only those in this state")] = None,
) -> Page[JobSummary]:
    """Published jobs, the newest first."""
    me, network = node.parts.identity.address, node.parts.view.network
    wanted = [
        view
        for view in reversed(list(network.jobs.values()))
        if _wanted(view, me, part) and (state is None or state_name(view.state) == state)
    ]
    return page(wanted, lambda view: view.id.hex(), lambda view: _summary(view, me), limit, after)


@router.post(
    "",
    status_code=201,
    responses=answers(BAD_JOB, TOO_LARGE, REVERTED, NO_CHAIN),
    max_body_size=JOB_LIMITS.total,
)
async def post(request: Request, response: Response, node: Node) -> Job:
    """Post a job: the body is a tar, or a gzipped one, of its folder. Answers when the chain has it. A job that was interrupted, or
    has been posted, may be posted again: it is the same one."""
    async with uploaded(request, node, "job.tar") as place:
        package = await asyncio.to_thread(_checked, place, node.minimum_duration)
    job = await post_job(node.parts, package)
    response.headers["Location"] = f"{request.url.path}/{job.hex()}"
    return _job(_found(node, job.hex()), node.parts.identity.address)


@router.get("/{job}", responses=_ONE)
async def one(node: Node, job: JobName) -> Job:
    """One job."""
    return _job(_found(node, job), node.parts.identity.address)


@router.get("/{job}/trainers", responses=_ONE)
async def trainers(node: Node, job: JobName, limit: Limit = 100, after: After = None) -> Page[TrainerSlot]:
    """Who trains, by slot."""
    view, network = _found(node, job), node.parts.view.network
    slots = list(enumerate(view.trainers))
    return page(
        slots,
        lambda slot: f"{slot[0]:03}",
        lambda slot: TrainerSlot(
            slot=slot[0], account=slot[1], dropped=slot[0] in view.dropped, peer=_peer(network, slot[1])
        ),
        limit,
        after,
    )


@router.get("/{job}/committee", responses=_ONE)
async def committee(node: Node, job: JobName, limit: Limit = 100, after: After = None) -> Page[Seat]:
    """Who scores: members, then auditors; then the jurors, if there is a jury."""
    view, network = _found(node, job), node.parts.view.network
    seats = [(view.kind_of(number), number, account) for number, account in enumerate(view.seats)]
    seats += [(SeatKind.JUROR, number, account) for number, account in enumerate(view.jurors)]
    return page(
        seats,
        lambda seat: f"{seat[0]:d}{seat[1]:03}",
        lambda seat: Seat(seat=seat[1], kind=_seat_kind(seat[0]), account=seat[2], peer=_peer(network, seat[2])),
        limit,
        after,
    )


@router.post("/{job}/join", status_code=202, responses=answers(NOT_FOUND, REFUSED))
async def join(node: Node, job: JobName) -> Job:
    """Tell a trainer to join the job, whatever its rule says. It examines it first: see its tasks."""
    await order_to_join(node.parts, _found(node, job))
    node.look_again()
    return _job(_found(node, job), node.parts.identity.address)


@router.post("/{job}/start", responses=answers(NOT_FOUND, REFUSED, REVERTED, NO_CHAIN))
async def start(node: Node, job: JobName) -> Job:
    """Start a job of one's own before all its slots are taken. Answers when the chain has it."""
    await start_job(node.parts, _found(node, job))
    return _job(_found(node, job), node.parts.identity.address)


def _checked(place: FilePath, minimum_duration: int) -> JobPackage:
    package = load_job(place)
    findings = check_job(package, minimum_duration=minimum_duration)
    errors = [finding.message for finding in findings if finding.severity is Severity.ERROR]
    if errors:
        raise Problem(BAD_JOB, errors[0])
    return package


def _found(node: Operated, job: str) -> JobView:
    view = node.parts.view.network.jobs.get(JobId(bytes.fromhex(job)))
    if view is None:
        raise Problem(NOT_FOUND, f"there is no job {job}", "List the jobs: GET /api/v1/jobs.")
    return view


def _wanted(view: JobView, me: Address, part: str | None) -> bool:
    if part is None:
        return True
    own, joined = view.requestor == me, me in view.participants[1:]
    return (own and part != "joined") or (joined and part != "own")


def _part(view: JobView, me: Address) -> Part | None:
    if view.requestor == me:
        return "requestor"
    if view.slot_of(me) is not None:
        return "trainer"
    seat = view.seat_of(me)
    if seat is not None:
        return "member" if view.kind_of(seat) is SeatKind.MEMBER else "auditor"
    return "juror" if me in view.jurors else None


def _seat_kind(kind: SeatKind) -> Literal["member", "auditor", "juror"]:
    return "member" if kind is SeatKind.MEMBER else "auditor" if kind is SeatKind.AUDITOR else "juror"


def _peer(network: NetworkView, account: Address) -> str | None:
    known = network.nodes.get(account)
    return peer_id(known.peer_key) if known else None


def _summary(view: JobView, me: Address) -> JobSummary:
    return JobSummary(
        id=view.id.hex(),
        name=view.name,
        requestor=view.requestor,
        state=state_name(view.state),
        round=view.round,
        rounds=view.terms.rounds,
        deadline=view.deadline,
        trainers=len(view.trainers),
        part=_part(view, me),
    )


def _job(view: JobView, me: Address) -> Job:
    terms = view.terms
    return Job(
        **_summary(view, me).model_dump(),
        reason=view.reason.name.lower() if view.reason is not Reason.NONE else None,
        terms=Terms(
            round_pool=terms.round_pool,
            slot_stake=terms.slot_stake,
            rounds=terms.rounds,
            members=terms.members,
            auditors=terms.auditors,
            min_trainers=terms.min_trainers,
            max_trainers=terms.max_trainers,
            min_jury=terms.min_jury,
            training_job=raw_cid(terms.training_job),
            evaluation_job=raw_cid(terms.evaluation_job),
            durations=asdict(terms.durations),
        ),
        rounds_made=_rounds([made for _, made in sorted(view.rounds.items())]),
    )


def _rounds(rounds: Sequence[RoundView]) -> list[RoundAnswer]:
    return [
        RoundAnswer(
            number=made.number,
            updates=len(made.updates),
            starting_score=made.settled.metric if made.settled else None,
            accepted=sorted(made.settled.accepted) if made.settled else None,
            global_model=raw_cid(made.global_model) if made.global_model != NO_DIGEST else None,
        )
        for made in rounds
    ]
