"""The end of a demonstration as a person reads it: who earned what, and why; where things are."""

from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scatter.localnet.outcome import Outcome
from scatter.protocol.ids import SCT


def print_summary(outcome: Outcome, folder: Path) -> None:
    """Print it on stderr."""
    console = Console(stderr=True, highlight=False)
    console.print(f"\nThe job {outcome.state.lower()} after {len(outcome.rounds)} rounds.", style="bold")
    console.print(_rounds(outcome))
    console.print(f"The final model scores {outcome.final_accuracy:.3f} on the whole evaluation set.\n")
    console.print(_earnings(outcome))
    console.print(
        f"{outcome.transactions} transactions, {outcome.gas_used:,} gas, {outcome.seconds:.1f} s. "
        f"Supply of tokens: {tokens(outcome.supply_before)} before, {tokens(outcome.supply_after)} after.\n"
    )
    console.print(f"global model    {folder / 'model.safetensors'}", soft_wrap=True)
    console.print(f"learning curve  {folder / 'learning-curve.png'}", soft_wrap=True)
    console.print(f"all of this     {folder / 'result.json'}", soft_wrap=True)


def tokens(amount: int) -> str:
    """Base units as tokens, with two digits."""
    return f"{Decimal(amount) / SCT:,.2f} SCT"


def _rounds(outcome: Outcome) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("round", "started from", "accepted", "aggregate"):
        table.add_column(column)
    for result in outcome.rounds:
        table.add_row(
            str(result.round),
            f"{result.starting_score:.3f}",
            str(result.accepted),
            result.aggregate or "kept its model",
        )
    return table


def _earnings(outcome: Outcome) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("who", "role"):
        table.add_column(column)
    for column in ("tokens", "stake", "earned"):
        table.add_column(column, justify="right")
    table.add_column("why")
    for participant in outcome.participants:
        table.add_row(
            participant.name,
            participant.role,
            tokens(participant.balance_after),
            tokens(participant.stake_after),
            f"{Decimal(participant.earned) / SCT:+,.2f}",
            participant.why,
        )
    return table
