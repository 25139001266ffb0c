import pytest

from scatter.p2p.identity import PeerIdentity, peer_id

# The Ed25519 key of the libp2p specification's test vectors, and the peer id that other implementations give it.
SEED = bytes.fromhex("7e0830617c4a7de83925dfb2694556b12936c477a0e1feb2e148ec9da60fee7d")
PUBLIC = bytes.fromhex("1ed1e8fae2c4a144b8be8fd4b47bf3d3b34b871c3cacf6010f0e42d474fce27e")


def test_the_vector_of_the_specification() -> None:
    identity = PeerIdentity.from_seed(SEED)
    assert identity.public_key == PUBLIC
    assert identity.peer_id == "12D3KooWBtg3aaRMjxwedh83aGiUkwSxDwUZkzuJcfaqUmo7R3pq"


def test_random_identities_differ_and_do_not_show_their_key() -> None:
    one, other = PeerIdentity.random(), PeerIdentity.random()
    assert one.public_key != other.public_key
    assert one.peer_id.startswith("12D3KooW")
    assert one.seed.hex() not in repr(one)
    assert repr(one.seed) not in repr(one)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_have_32_bytes(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        PeerIdentity.from_seed(bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        peer_id(bytes(length))
