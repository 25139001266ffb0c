"""What whole honest jobs cost in gas, one JSON line a size: `python tools/gas.py [--claims single] 6/3/2/1 10/5/3/1`.

A size is trainers/validators/challengers/rounds. Real nodes play each job on a development chain that has the transaction gas
cap; src/scatter/simulation/gas.py says what is counted. With --calls each function of the protocol follows, with how often it
was called, and the mean and the most that a call took.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from statistics import mean

from scatter.simulation.gas import JobGas, Size, job_gas

SIZES = ("6/3/2/1", "10/5/3/1", "50/10/5/1", "63/31/5/1")


def main() -> int:
    """Measure and print."""
    arguments = _parser().parse_args()
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            measured = asyncio.run(job_gas(size, arguments.claims, Path(folder)))
        print(json.dumps(measured.to_json()), flush=True)
        if arguments.calls:
            _print_calls(measured)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=_size, default=[Size.parse(size) for size in SIZES], metavar="SIZE")
    parser.add_argument("--claims", choices=("paged", "single"), default="paged", help="what nodes do, or each its own")
    parser.add_argument("--calls", action="store_true", help="each function too")
    return parser


def _size(text: str) -> Size:
    try:
        return Size.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _print_calls(measured: JobGas) -> None:
    for function, gas in measured.by_function().items():
        print(json.dumps({"function": function, "calls": len(gas), "mean": round(mean(gas)), "max": max(gas)}))


if __name__ == "__main__":
    sys.exit(main())
