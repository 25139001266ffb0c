"""Jobs: where each is, its rounds and scores, and who was paid what and why."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scatter.learning.aggregation import Rule
from scatter.web.record.record import RunRecord
from scatter.web.views.text import chain_time, contribution, duration, exact, sct, words

TERMINAL = ("Settled", "Defaulted", "Cancelled")


@dataclass(frozen=True, slots=True)
class JobHead:
    """A job in a list. `awaited`: who has not yet done what the state asks of it."""

    number: int
    name: str
    requestor: str
    state: str
    phase: str
    round: int
    rounds: int
    deadline: str
    reason: str
    awaited: Sequence[str]
    metric: str
    challenges: int
    pool: str
    claimed: bool
    been: Sequence[str]
    """The states that it has been in, in the order in which it first was."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.state in TERMINAL

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {**asdict(self), "over": self.over}


def job_heads(record: RunRecord) -> list[JobHead]:
    """All jobs of a run, in the order of posting."""
    states: dict[int, Mapping[str, Any]] = {}
    been: dict[int, list[str]] = {}
    reached: dict[int, int] = {}
    for entered in record["states"]:
        states[entered["job"]] = entered
        been.setdefault(entered["job"], []).append(entered["state"])
        # Judging is in no round of its own.
        reached[entered["job"]] = max(reached.get(entered["job"], 0), entered["round"])
    metrics = {row["job"]: row["metric"] for row in record["metrics"]}
    filed = [row["job"] for row in record["challenges"] if row["side"] == "filer"]
    made = []
    for row in record["jobs"]:
        job = row["job"]
        state: Mapping[str, Any] = states.get(job, _NO_STATE)
        made.append(
            JobHead(
                job,
                row["name"],
                row["requestor"],
                state["state"],
                words(state["phase"] or ""),
                reached.get(job, 0),
                row["rounds"],
                chain_time(state["deadline"]) if state["deadline"] else "",
                words(state["reason"] or ""),
                tuple(record.awaited.get(job, ())),
                f"{metrics[job]:.4f}" if job in metrics else "",
                filed.count(job),
                sct(row["round_pool"] * row["rounds"]),
                state["state"] in TERMINAL and job not in record.awaited,
                tuple(dict.fromkeys(been.get(job, ()))),
            )
        )
    return made


_NO_STATE: Mapping[str, Any] = {"state": "Open", "phase": None, "round": 0, "deadline": None, "reason": None}


@dataclass(frozen=True, slots=True)
class Passed:
    """A state that a job was in."""

    state: str
    round: int
    entered: str
    lasted: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Score:
    """What a trainer's update was worth: as settled, and as judged where a verdict changed it."""

    trainer: str
    settled: str
    judged: str
    accepted: bool
    opened: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SeatSeen:
    """A seat in a round."""

    node: str
    part: str
    said: str
    standing: str
    deviating: bool
    aggregate: str


@dataclass(frozen=True, slots=True)
class RoundSeen:
    """A round of a job."""

    number: int
    scores: Sequence[Score]
    seats: Sequence[SeatSeen]
    metric: str
    model: str
    closed: str
    disputes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Payment:
    """What a job came to for a node, in one sentence."""

    node: str
    part: str
    amount: int
    text: str
    exact: str


@dataclass(frozen=True, slots=True)
class JobDetail:
    """A job with all that is known of it."""

    head: JobHead
    id: str
    terms: Sequence[tuple[str, str]]
    parts: Mapping[str, Sequence[str]]
    passed: Sequence[Passed]
    rounds: Sequence[RoundSeen]
    payments: Sequence[Payment]


def job_detail(record: RunRecord, number: int) -> JobDetail:
    """One job. LookupError when there is none of that number."""
    head = next((one for one in job_heads(record) if one.number == number), None)
    if head is None:
        raise LookupError(f"this run has no job {number}")
    row = record["jobs"].row(record["jobs"].column("job").index(number))
    parts: dict[str, list[str]] = {}
    for part in _of(record, "parts", number):
        parts.setdefault(part["part"], []).append(part["node"])
    return JobDetail(
        head,
        row["id"],
        _terms(row),
        parts,
        [
            Passed(
                words(one["state"]).capitalize(),
                one["round"],
                chain_time(one["entered"]),
                duration(one["seconds"]),
                one["seconds"],
            )
            for one in _of(record, "durations", number)
        ],
        [_round(record, number, round_) for round_ in range(1, max(head.round, 0) + 1)],
        _payments(record, number),
    )


def _of(record: RunRecord, table: str, job: int) -> list[dict[str, Any]]:
    return [row for row in record[table] if row["job"] == job]


def _terms(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    rules = {rule.value: rule.label for rule in Rule}
    return [
        ("Rounds", str(row["rounds"])),
        ("Pays a round", f"{sct(row['round_pool'])} SCT"),
        ("Slot stake", f"{sct(row['slot_stake'])} SCT"),
        ("Trainers", f"{row['min_trainers']} to {row['max_trainers']}"),
        ("Committee", f"{row['members']} members, {row['auditors']} auditors"),
        ("Smallest jury", str(row["min_jury"])),
        ("Fault", f"{row['fault_bps'] / 100:g} % of the slot stake"),
        ("Largest share", f"{row['max_share_bps'] / 100:g} %"),
        ("Tolerance τ", f"{row['tau'] / 100_000:g}, by which scores of honest seats may differ"),
        ("Rule", rules.get(row["rule"], str(row["rule"]))),
    ]


def _round(record: RunRecord, job: int, number: int) -> RoundSeen:
    def rows(table: str) -> list[dict[str, Any]]:
        return [row for row in record[table] if row["job"] == job and row["round"] == number]

    metric = next((f"{row['metric']:.4f}" for row in rows("metrics") if row["source"] != "final"), "")
    closed = next(iter(rows("rounds")), None)
    said = [
        *(f"{row['node']} challenges the {row['kind']}" for row in rows("challenges") if row["side"] == "filer"),
        *(f"verdict on the {row['kind']}: {row['outcome']} ({row['jurors']} jurors)" for row in rows("verdicts")),
    ]
    return RoundSeen(
        number,
        _scores(rows("settled_scores"), rows("opened_scores")),
        _seats(
            rows("openings"),
            rows("settled_seats"),
            rows("aggregates"),
            {row["node"] for row in rows("challenges") if row["side"] == "offender"},
        ),
        metric,
        (closed or {}).get("model") or "",
        "" if closed is None else f"{closed['trainers_accepted']} of {closed['published']} updates accepted",
        said,
    )


def _scores(settled: Sequence[Mapping[str, Any]], opened: Sequence[Mapping[str, Any]]) -> list[Score]:
    made = []
    for trainer in dict.fromkeys(row["trainer"] for row in (*settled, *opened)):
        own = {row["stage"]: row for row in settled if row["trainer"] == trainer}
        last = own.get("judged", own.get("settled"))
        made.append(
            Score(
                trainer,
                contribution(own["settled"]["contribution"], own["settled"]["special"]) if "settled" in own else "",
                contribution(own["judged"]["contribution"], own["judged"]["special"]) if "judged" in own else "",
                bool(last and last["accepted"]),
                [(r["node"], contribution(r["contribution"], r["special"])) for r in opened if r["trainer"] == trainer],
            )
        )
    return made


def _seats(
    openings: Sequence[Mapping[str, Any]],
    settled: Sequence[Mapping[str, Any]],
    posted: Sequence[Mapping[str, Any]],
    offenders: Collection[str],
) -> list[SeatSeen]:
    """`offenders` deviate from what a verdict changed; how seats stand is as the last verdict left it."""
    standing = {row["node"]: row for row in settled}
    digests = {row["node"]: row["digest"] for row in posted}
    made = []
    for row in openings:
        said = "refused" if row["refused"] else "abstained" if row["abstained"] else "scored"
        place = standing.get(row["node"])
        made.append(
            SeatSeen(
                row["node"],
                row["part"],
                said,
                "" if place is None else place["standing"],
                row["node"] in offenders or bool(place and place["deviating"]),
                digests.get(row["node"], ""),
            )
        )
    return made


def _payments(record: RunRecord, job: int) -> list[Payment]:
    made: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in _of(record, "payouts", job):
        made.setdefault((row["node"], row["part"]), {})[row["kind"]] = row
    return [_payment(node, part, kinds) for (node, part), kinds in made.items()]


def _payment(node: str, part: str, kinds: Mapping[str, Mapping[str, Any]]) -> Payment:
    paid = kinds["paid"]["amount"] if "paid" in kinds else 0
    lost = kinds["penalty"]["amount"] if "penalty" in kinds else 0
    said = [
        f"{node} earned {sct(paid)} SCT as {part}: {kinds['paid']['why']}"
        if paid
        else f"{node} earned nothing as {part}"
    ]
    if not paid and "paid" in kinds and kinds["paid"]["why"]:
        said[0] += f": {kinds['paid']['why']}"
    if lost:
        said.append(f"it lost {sct(lost)} SCT: {kinds['penalty']['why']}")
    if "returned" in kinds:
        said.append(f"and {sct(kinds['returned']['amount'])} SCT came back: {kinds['returned']['why']}")
    return Payment(node, part, paid - lost, "; ".join(said) + ".", exact(paid - lost))
