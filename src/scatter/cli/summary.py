"""The end of a demonstration as a person reads it: who earned what, and why; where things are."""

from decimal import Decimal
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scatter.localnet.demonstration import CURVE_FILE, MODEL_FILE, RESULT_FILE
from scatter.localnet.outcome import Outcome
from scatter.protocol.ids import SCT

LOG_WIDTH = 140
"""Columns where there is no terminal to ask."""


def print_summary(outcome: Outcome, folder: Path) -> None:
    """Print it on stderr."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    console.print(f"\nThe job {outcome.state.lower()} after {len(outcome.rounds)} rounds.", style="bold")
    console.print(_rounds(outcome))
    console.print(f"The final model scores {outcome.final_accuracy:.3f} on the whole evaluation set.\n")
    console.print(_earnings(outcome))
    console.print(
        f"{outcome.transactions} transactions, {outcome.gas_used:,} gas, {outcome.seconds:.1f} s. "
        f"Supply of tokens: {tokens(outcome.supply_before)} before, {tokens(outcome.supply_after)} after.\n"
    )
    console.print(f"global model    {folder / MODEL_FILE}", soft_wrap=True)
    console.print(f"learning curve  {folder / CURVE_FILE}", soft_wrap=True)
    console.print(f"all of this     {folder / RESULT_FILE}", soft_wrap=True)


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
    table = Table(box=None, padding=(0, 2, 0, 0), title="Who earned what, in SCT", title_justify="left")
    table.add_column("who", no_wrap=True)
    for column in ("earned", "has now", "staked"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("why")
    for participant in outcome.participants:
        table.add_row(
            participant.name,
            f"{Decimal(participant.earned) / SCT:+,.2f}",
            f"{Decimal(participant.balance_after) / SCT:,.2f}",
            f"{Decimal(participant.stake_after) / SCT:,.0f}",
            participant.why,
        )
    return table
