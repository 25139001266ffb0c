"""One secret, sealed to several accounts."""

from collections.abc import Callable, Iterable

from scatter.content.encryption import EncryptionError
from scatter.node.behaviour import Work
from scatter.node.parts import Parts
from scatter.protocol.ids import Address


def seal_to_each(
    parts: Parts, work: Work, readers: Iterable[Address], secret: bytes, context: Callable[[Address], bytes]
) -> dict[Address, bytes]:
    """The secret sealed to each reader's registered key. Whoever registered a key that nothing can be sealed to is left
    out: one stranger's bad key must not keep the secret from the others."""
    sealed = {}
    for reader in dict.fromkeys(readers):
        told = parts.behaviour.secret_for(reader, secret, work)
        try:
            sealed[reader] = parts.seal(parts.view.network.nodes[reader].sealing_key, told, context(reader))
        except EncryptionError:
            continue
    return sealed
