"""The words of duties: a duty, who owes it, what is already there, and when it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from scatter.protocol.ids import Address, Digest, JobId, Round, Timestamp
from scatter.protocol.states import ChallengeKind, Role
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView


class DutyKind(StrEnum):
    """What can be owed. The first group makes something here, the second sends one transaction."""

    FETCH = "fetch"
    EXAMINE = "examine"
    SEAL_KEYS = "seal-keys"
    OPEN_KEYS = "open-keys"
    TRAIN = "train"
    SCORE = "score"
    AGGREGATE = "aggregate"
    AUDIT = "audit"
    FETCH_KEYS = "fetch-keys"
    JUDGE = "judge"

    REGISTER = "register"
    DEPOSIT = "deposit"
    JOIN = "join"
    PUBLISH_KEYS = "publish-keys"
    PUBLISH_UPDATE = "publish-update"
    REVEAL = "reveal"
    COMMIT = "commit"
    OPEN = "open"
    SETTLE_ROUND = "settle-round"
    POST_AGGREGATE = "post-aggregate"
    CHALLENGE = "challenge"
    COMMIT_VERDICT = "commit-verdict"
    OPEN_VERDICT = "open-verdict"
    TALLY = "tally"
    POKE = "poke"
    CLAIM = "claim"
    MINT_JOB = "mint-job"
    MINT_MODEL = "mint-model"
    RECORD_DEEDS = "record-deeds"


class Artefact(StrEnum):
    """What a node makes once and keeps."""

    JOB_SECRETS = "job-secrets"
    """Requestor: the job key and the shard keys."""
    CONSENT = "consent"
    """Trainer: the job suits its data and its operator."""
    REFUSAL = "refusal"
    """Trainer: it does not, and why."""
    JOB_KEY = "job-key"
    """Trainer, member, auditor, juror: the opened job key."""
    BUNDLE = "bundle"
    """Requestor: digest of the job key sealed to all participants."""
    UPDATE = "update"
    """Trainer: digest of the manifest of a round's update."""
    SCORES = "scores"
    """Member, auditor: the words it commits to; none where the round cannot be scored, which refuses; an abstention where it lacks
    what it needs."""
    SALT = "salt"
    """Member, auditor: what hides them until they are opened."""
    AGGREGATE = "aggregate"
    """Member, auditor: digest of the manifest of a round's aggregate."""
    AUDIT = "audit"
    """Member, auditor, trainer, requestor, of an item: it has looked at what stands."""
    FINDING = "finding"
    """Member, auditor, trainer, requestor, of an item: it is wrong. Kept before the audit is."""
    UPDATE_KEYS = "update-keys"
    """Juror: the content keys of a round's updates, as far as others passed them on."""
    VERDICT = "verdict"
    """Juror, of an item: the words that it commits to, as those of seats, or the digest."""
    VERDICT_SALT = "verdict-salt"
    """Juror, of an item: what hides it until it is opened."""


def artefact_key(kind: Artefact, job: JobId, round_: Round = Round(0)) -> str:  # noqa: B008 — a NewType of int is immutable
    """The key under which an artefact of a job and round is kept."""
    return f"{kind}/{job.hex()}/{round_}"


def item_key(kind: Artefact, job: JobId, item: Item) -> str:
    """The key under which an artefact about one thing that is, or might be, challenged is kept."""
    return f"{artefact_key(kind, job, item.round)}/{item.kind.name.lower()}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who owes: an account with the role it declares, how deep a block must lie before this node discloses anything, and what
    its operator wants tokens of.

    Those of a job are asked for unless the operator says otherwise: two, once, beside a posting that costs far more gas.
    Those of models are one transaction for each, which may cost more than the model earned. What it did in a job becomes part
    of its reputation when it, or somebody else, asks for that: `record_deeds`.
    """

    address: Address
    role: Role
    confirmations: int = 0
    mint_jobs: bool = True
    mint_models: bool = False
    record_deeds: bool = False


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is here. `content`: digests of manifests that are here with everything they list; `made`: artefact keys."""

    content: frozenset[Digest] = frozenset()
    made: frozenset[str] = frozenset()

    def has(self, kind: Artefact, job: JobId, round_: Round = Round(0)) -> bool:  # noqa: B008
        """Whether an artefact has been made."""
        return artefact_key(kind, job, round_) in self.made

    def missing(self, needed: Iterable[Digest]) -> list[Digest]:
        """What of the content is not here, each once, in order."""
        return [digest for digest in dict.fromkeys(needed) if digest not in self.content]

    def has_on(self, kind: Artefact, job: JobId, item: Item) -> bool:
        """Whether an artefact about an item has been made."""
        return item_key(kind, job, item) in self.made


@dataclass(frozen=True, slots=True)
class Now:
    """The head block: its number and timestamp."""

    block: int
    timestamp: Timestamp


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to do. `subject` tells duties of a kind apart (a digest, an account, an item); after `deadline` it is void."""

    job: JobId
    round: Round
    kind: DutyKind
    subject: str = ""
    deadline: Timestamp | None = None

    @property
    def key(self) -> str:
        """Unique among the duties of a node."""
        return f"{self.job.hex()}/{self.round}/{self.kind}/{self.subject}"

    @property
    def item(self) -> Item:
        """What the duty is about: of AUDIT, CHALLENGE, JUDGE, COMMIT_VERDICT, OPEN_VERDICT and TALLY."""
        return Item(ChallengeKind[self.subject.upper()], self.round)


def owe(view: JobView, kind: DutyKind, subject: str = "", *, until_deadline: bool = True) -> Duty:
    """A duty of the job's present round, void after the state's deadline unless said otherwise."""
    return Duty(view.id, view.round, kind, subject, view.deadline if until_deadline else None)


def owe_item(view: JobView, kind: DutyKind, item: Item, *, until_deadline: bool = True) -> Duty:
    """A duty about one thing that is, or might be, challenged."""
    deadline = view.deadline if until_deadline else None
    return Duty(view.id, item.round, kind, item.kind.name.lower(), deadline)


def fetch(view: JobView, digest: Digest) -> Duty:
    """The duty to fetch a manifest and everything it lists."""
    return owe(view, DutyKind.FETCH, digest.hex(), until_deadline=False)


def in_time(view: JobView, now: Now) -> bool:
    """Whether the state's window is still open."""
    return view.deadline is None or now.timestamp <= view.deadline


def hurried(view: JobView, now: Now, reserve: int) -> bool:
    """Whether so many seconds of the state or fewer are left."""
    return view.deadline is not None and now.timestamp >= view.deadline - reserve


def confirmed(view: JobView, me: Identity, now: Now) -> bool:
    """Whether the state lies deep enough for this node to disclose what the state permits."""
    return now.block - view.entered_block >= me.confirmations
