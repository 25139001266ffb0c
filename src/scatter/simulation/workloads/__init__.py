"""What the jobs of a simulation train: the data that trainers hold, the jobs that requestors post, and where their code runs."""

from scatter.simulation.workloads.machine import Machine
from scatter.simulation.workloads.workload import Owner, Workload

__all__ = ["Machine", "Owner", "Workload"]
