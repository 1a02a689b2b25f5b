"""A file is what its content says; what it is not is said clearly."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from sensorium.ingest.files import InputFileError, open_datagrams
from sensorium.model.address import UNSPECIFIED
from tests.ingest.netflow.packets import a_set, ipfix
from tests.ingest.pcap import captures as c


def test_a_payload_file_is_one_datagram_that_came_when_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "packet.bin"
    path.write_bytes(b"\x00\x05payload")
    os.utime(path, ns=(0, 1_700_000_000_000_000_000))
    (slab,) = open_datagrams(path)
    assert slab.payload(0) == b"\x00\x05payload"
    assert slab.arrival_ns.tolist() == [1_700_000_000_000_000_000]
    assert slab.src_addr[0].tobytes() == UNSPECIFIED


def test_an_ipfix_file_is_its_messages_which_came_when_they_were_exported(tmp_path: Path) -> None:
    path = tmp_path / "flows.ipfix"
    messages = [ipfix(b"", sequence=number, export_s=1_700_000_000 + number) for number in range(3)]
    path.write_bytes(b"".join(messages))
    (slab,) = open_datagrams(path)
    assert [slab.payload(number) for number in range(3)] == messages
    assert slab.arrival_ns.tolist() == [(1_700_000_000 + n) * 10**9 for n in range(3)]
    assert {address.tobytes() for address in slab.src_addr} == {UNSPECIFIED}


def test_what_an_ipfix_file_was_cut_in_is_a_datagram_too(tmp_path: Path) -> None:
    path = tmp_path / "flows.ipfix"
    message = ipfix(a_set(300, bytes(60)))
    path.write_bytes(message + message[:-1])
    os.utime(path, ns=(0, 5))
    (slab,) = open_datagrams(path)
    assert [slab.payload(0), slab.payload(1)] == [message, message[:-1]]
    assert slab.arrival_ns[1] == 5


@pytest.mark.parametrize("rest", [b"", b"\x00" * 20, ipfix(b"", sequence=1)])
def test_a_small_payload_is_one_datagram_whatever_stands_behind_its_first_message(
    tmp_path: Path, rest: bytes
) -> None:
    path = tmp_path / "packet.bin"
    path.write_bytes(ipfix(b"") + rest)
    (slab,) = open_datagrams(path)
    assert [slab.payload(number) for number in range(len(slab))] == [ipfix(b"") + rest]


@pytest.mark.parametrize("name", ["flows.ipfix", "FLOWS.YAF", "flows.ipfix.gz"])
def test_one_message_in_an_ipfix_file_came_when_it_was_exported(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    message = ipfix(b"", export_s=1_700_000_000)
    path.write_bytes(gzip.compress(message) if name.endswith("gz") else message)
    (slab,) = open_datagrams(path)
    assert slab.payload(0) == message
    assert slab.arrival_ns.tolist() == [1_700_000_000 * 10**9]


def test_an_ipfix_file_may_be_larger_than_a_datagram(tmp_path: Path) -> None:
    path = tmp_path / "flows.bin"
    path.write_bytes(ipfix(a_set(300, bytes(40_000))) * 3)
    (slab,) = open_datagrams(path)
    assert len(slab) == 3


def test_a_capture_is_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    path = tmp_path / "packet.bin"
    path.write_bytes(c.pcap(c.ethernet(c.ipv4(c.udp(b"hello")))))
    (slab,) = open_datagrams(path)
    assert slab.payload(0) == b"hello"


def test_a_missing_file_says_what_can_be_given(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"manifest\.json.*pcap") as caught:
        open_datagrams(tmp_path / "absent")
    assert caught.value.exit_code == 2


def test_a_folder_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"manifest\.json"):
        open_datagrams(tmp_path)


def test_a_file_too_large_for_a_payload_names_what_was_tried(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(70_000))
    with pytest.raises(InputFileError, match="pcapng"):
        open_datagrams(path)


def test_a_capture_without_a_whole_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(c.pcap()[:10])
    with pytest.raises(InputFileError, match="no pcap header"):
        list(open_datagrams(path))
