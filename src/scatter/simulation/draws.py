"""What a scenario leaves to chance, drawn from its seed."""

from hashlib import sha256

from scatter.simulation.values import Between


def drawn(amount: int | Between, seed: int, label: str) -> int:
    """An amount in base units: itself, or a number between two, the same for the same seed and label whatever else is drawn."""
    if isinstance(amount, int):
        return amount
    choices = (amount.most - amount.least) // amount.step + 1
    word = sha256(f"{seed}/{label}".encode()).digest()
    return amount.least + int.from_bytes(word, "big") % choices * amount.step
