"""What a node owes now, as a function of what the chain says, who it is and what it holds.

The chain is the log. A node does not react to events one by one: whatever wakes it, it looks at the jobs that concern it
and asks `duties`. A missed event, a reorganisation, a crash or a double delivery change nothing: the next look gives the
right list.

What each rule here has to keep to, so that this is true:

- It asks nothing but its arguments: equal views, holdings and times give equal duties, in the same order.
- A duty that was done changes the view or the holdings so that it is owed no more, and doing it twice does no harm: it
  makes one artefact, which is inserted once, or one transaction, whose key is not sent twice.
- What is owed by time alone is known beforehand (`timing`), so that a clock may jump from turn to turn.
- What discloses something waits for confirmations; what others could do as well is done in a fixed order (`anybody`).

`tests/property/protocol/test_following_duties.py` plays whole jobs by nothing else.

`requestor`, `trainer`, `seat` (members and auditors) and `juror` hold what each part owes; `audit` what seats compare and
challenge; `anybody` what no part owes alone: exits by time, settling, tallying, claims; `minting` the tokens of what was made, and
the record of what was done.
"""

from scatter.protocol.duties.anybody import anybodys_duties
from scatter.protocol.duties.audit import audits
from scatter.protocol.duties.duty import Artefact, Duty, DutyKind, Holdings, Identity, Now, artefact_key, item_key
from scatter.protocol.duties.enrolment import enrolment_duties
from scatter.protocol.duties.juror import jurors_duties
from scatter.protocol.duties.minting import minting_duties, recording_duties
from scatter.protocol.duties.requestor import requestors_duties
from scatter.protocol.duties.seat import seats_duties
from scatter.protocol.duties.trainer import trainers_duties
from scatter.protocol.view import JobView

__all__ = [
    "Artefact",
    "Duty",
    "DutyKind",
    "Holdings",
    "Identity",
    "Now",
    "artefact_key",
    "duties",
    "enrolment_duties",
    "item_key",
]


def duties(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Everything that this node owes to one job now, in the order in which it should be done."""
    return [
        *requestors_duties(view, me, holdings, now),
        *trainers_duties(view, me, holdings, now),
        *seats_duties(view, me, holdings, now),
        *jurors_duties(view, me, holdings, now),
        *anybodys_duties(view, me, now),
        *audits(view, me, holdings, now),
        *minting_duties(view, me),
        *recording_duties(view, me),
    ]
