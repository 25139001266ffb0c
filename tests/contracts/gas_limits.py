"""What jobs may cost: the project's limits."""

from scatter.protocol.scores import words_for
from scatter.protocol.states import Role
from scatter.simulation.gas import Claims, JobGas

MOST_TOTAL: dict[Claims, dict[str, int]] = {
    "single": {"6/3/2/1": 2_900_000, "10/5/3/1": 4_300_000, "50/10/5/1": 14_000_000, "63/31/5/1": 22_500_000},
    "paged": {"6/3/2/1": 2_600_000, "10/5/3/1": 3_700_000, "50/10/5/1": 11_500_000},
}
MOST_OF_A_TRANSACTION = 1_200_000


def beyond(measured: JobGas, claims: Claims) -> list[str]:
    """What of a job is beyond a limit, as sentences."""
    size = measured.size
    further = size.rounds - 1
    bounds = {
        "everything": (measured.total, MOST_TOTAL[claims].get(str(size), 10**9)),
        "a trainer": (measured.of(Role.TRAINER, size.trainers), 205_000 + 50_000 * further),
        "a validator": (
            measured.of(Role.VALIDATOR, size.validators),
            (265_000 if words_for(size.trainers) == 1 else 310_000) + 180_000 * further,
        ),
        measured.largest.function: (measured.largest.gas, MOST_OF_A_TRANSACTION),
    }
    return [
        f"{size}, {claims}: {what} takes {gas:,}, at most {most:,}"
        for what, (gas, most) in bounds.items()
        if gas > most
    ]
