import json
import logging
from pathlib import Path

import pytest

from scatter.p2p.address_book import AddressBook

HERE = ("/ip4/127.0.0.1/tcp/4001", "/ip6/::1/tcp/4001")


def test_addresses_are_there_the_next_time(tmp_path: Path) -> None:
    book = AddressBook(tmp_path / "new" / "book.json")
    book.note("first", HERE)
    book.note("second", HERE[:1])
    book.note("first", HERE[1:])
    book.note("nowhere", ())
    book.save()
    again = AddressBook(tmp_path / "new" / "book.json")
    assert list(again.peers.items()) == [("second", HERE[:1]), ("first", HERE[1:])]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["book.json"]


def test_only_so_many_are_remembered_the_latest_ones(tmp_path: Path) -> None:
    book = AddressBook(tmp_path / "book.json")
    for number in range(2000):
        book.note(f"peer {number}", HERE * 20)
    book.save()
    again = AddressBook(tmp_path / "book.json")
    assert len(again.peers) == 500
    assert list(again.peers)[-1] == "peer 1999"
    assert {len(addresses) for addresses in again.peers.values()} == {8}


def test_without_a_file_nothing_is_kept() -> None:
    book = AddressBook(None)
    book.note("first", HERE)
    book.save()
    assert book.peers == {"first": HERE}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        json.dumps({"format": 2, "peers": {}}),
        json.dumps({"format": 1}),
        json.dumps({"format": 1, "peers": []}),
        json.dumps({"format": 1, "peers": {"first": 1}}),
        json.dumps({"format": 1, "peers": {"first": ["/ip4/1.2.3.4/udp/1"]}}),
        "[" * 100_000,
    ],
)
def test_a_damaged_file_is_an_empty_one(tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "book.json"
    path.write_text(content)
    with caplog.at_level(logging.WARNING):
        book = AddressBook(path)
    assert book.peers == {}
    assert "unreadable" in caplog.text
    book.note("first", HERE)
    book.save()
    assert AddressBook(path).peers == {"first": HERE}


def test_a_file_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")
    book = AddressBook(tmp_path / "file" / "book.json")
    book.note("first", HERE)
    with caplog.at_level(logging.WARNING):
        book.save()
    assert "not remembered" in caplog.text
