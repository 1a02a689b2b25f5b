"""What ra prints, with dates in it: directions, counts, ICMP and what is no flow of IP."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorium.ingest.exports.problem import ExportFileError
from tests.ingest.exports.reading import read, said
from tests.ingest.netflow.test_softflowd import QUERIES, seen

# Installed, Argus would watch the network: it is only unpacked.
APART = Path(__file__).parents[3] / ".stamps" / "apart"
LIBRARIES = {"LD_LIBRARY_PATH": ":".join(map(str, APART.glob("usr/lib/*-linux-*")))}
SYSTEM = f"/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:{APART}/usr/sbin:{APART}/usr/bin"
ARGUS, RA = (shutil.which(name, path=SYSTEM) for name in ("argus", "ra"))

# As the data sets of Stratosphere have them.
HEAD = (
    "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,"
    "SrcBytes\n"
)
FLOW = (
    "2026/01/02 03:04:05.250000,1.5,tcp,10.0.0.5,51000,  <->,192.0.2.7,443,CON,184,0,12,875,413\n"
)
START_NS = 1_767_323_045_250_000_000


def test_a_flow_is_a_row_for_each_direction() -> None:
    (there, back), refused = read((HEAD + FLOW).encode())
    assert not refused
    ends = ("src_addr", "src_port", "dst_addr", "dst_port", "bytes")
    assert said(there, *ends) == ("10.0.0.5", 51000, "192.0.2.7", 443, 413)
    assert said(back, *ends) == ("192.0.2.7", 443, "10.0.0.5", 51000, 462)
    assert said(there, "type", "proto", "ip_tos", "packets") == ("ARGUS_RA", 6, 184, 12)
    assert said(there, "State", "Dir", "sampling_rate") == ("CON", "<->", 1)
    assert there["time_flow_start_ns"] == START_NS
    assert there["time_flow_end_ns"] == START_NS + 1_500_000_000


def test_counts_of_both_ends_count_and_a_sum_alone_went_there() -> None:
    head = (
        "StartTime|LastTime|Proto|SrcAddr|Sport|DstAddr|Dport|SrcPkts|DstPkts|SrcBytes|DstBytes\n"
    )
    line = "1767323045.250000|1767323047.250000|udp|2001:db8::1|53|2001:db8::2|0x1f90|3|4|30|40\n"
    (there, back), _ = read((head + line).encode())
    assert said(there, "bytes", "packets", "dst_port", "etype") == (30, 3, 8080, 0x86DD)
    assert said(back, "bytes", "packets") == (40, 4)
    assert there["time_flow_end_ns"] == START_NS + 2_000_000_000
    head = "StartTime;Proto;SrcAddr;DstAddr;TotPkts;TotBytes\n"
    (row,), _ = read((head + "1767323045.25;6;10.0.0.5;10.0.0.6;7;700\n").encode())
    assert said(row, "bytes", "packets", "proto") == (700, 7, 6)


def test_of_icmp_the_first_port_is_code_and_type() -> None:
    line = FLOW.replace("tcp", "icmp").replace(",51000,", ",0x0103,").replace(",443,", ",0x5bfd,")
    (row, _), _ = read((HEAD + line).encode())
    assert said(row, "icmp_type", "icmp_code", "src_port", "dst_port") == (3, 1, 0, 0)
    assert row["Dport"] == "0x5bfd"
    over = line.replace("10.0.0.5", "2001:db8::5").replace("192.0.2.7", "2001:db8::7")
    assert read((HEAD + over).encode())[0][0]["proto"] == 58


def test_what_is_no_flow_of_ip_or_has_no_date_is_counted() -> None:
    own = FLOW.replace("tcp", "man").replace("10.0.0.5", "0").replace("192.0.2.7", "0")
    link = FLOW.replace("tcp", "lldp").replace("10.0.0.5", "00:22:2d:81:db:10")
    link = link.replace("192.0.2.7", "01:80:c2:00:00:0e")
    undated = FLOW.replace("2026/01/02 ", "")
    records, refused = read((HEAD + own + link + undated + "short\n" + FLOW).encode())
    assert len(records) == 2
    assert refused == {"no_flow": 2, "no_time": 1, "malformed": 1}


def test_what_argus_says_of_itself_is_no_flow_whatever_its_counts() -> None:
    # Its cells stand as ra has them: drops and sources where addresses and ports would.
    own = FLOW.replace("tcp,10.0.0.5,51000,  <->,192.0.2.7,443", "man,0,0,,23,1")
    records, refused = read((HEAD + own + own.replace("man", "evt") + FLOW).encode())
    assert [record["src_addr"] for record in records] == ["10.0.0.5", "192.0.2.7"]
    assert refused == {"no_flow": 2}


@pytest.mark.parametrize("name", ["arp", "2054"])
def test_arp_between_addresses_is_not_ip(name: str) -> None:
    line = FLOW.replace("tcp", name).replace(",51000,", ",,").replace(",443,", ",,")
    records, refused = read((HEAD + line).encode())
    assert [(r["etype"], r["proto"], r["dst_port"]) for r in records] == [(0x0806, 0, 0)] * 2
    assert not refused


def test_names_of_ports_are_those_of_this_machine_and_others_are_kept() -> None:
    try:
        known = socket.getservbyname("https")
    except OSError:
        pytest.skip("this machine has no names of ports")
    assert known == 443
    (there, back), _ = read((HEAD + FLOW.replace(",443,", ",https,")).encode())
    assert (there["dst_port"], back["src_port"]) == (443, 443)
    assert "Dport" not in there
    (there, _), _ = read((HEAD + FLOW.replace(",443,", ",no-such-name,")).encode())
    assert said(there, "dst_port", "Dport", "src_port") == (0, "no-such-name", 51000)


def test_the_way_back_of_an_echo_is_its_reply() -> None:
    line = FLOW.replace("tcp", "icmp").replace(",51000,", ",0x0008,").replace(",443,", ",0x0700,")
    (there, back), _ = read((HEAD + line).encode())
    assert (there["icmp_type"], back["icmp_type"]) == (8, 0)
    over = line.replace("10.0.0.5", "2001:db8::5").replace("192.0.2.7", "2001:db8::7")
    (there, back), _ = read((HEAD + over.replace("0x0008", "128")).encode())
    assert (there["icmp_type"], back["icmp_type"]) == (128, 129)


def starts(program: str | None) -> bool:
    """Whether it is there, with all the libraries that it wants."""
    if program is None:
        return False
    done = subprocess.run(
        [program, "-h"], check=False, capture_output=True, timeout=30, env=LIBRARIES
    )
    return b"shared libraries" not in done.stderr


def test_what_argus_saw_is_what_its_client_prints_and_we_read(tmp_path: Path) -> None:
    if not (starts(ARGUS) and starts(RA)):
        pytest.skip("Argus is neither installed nor unpacked")
    capture, kept = tmp_path / "seen.pcap", tmp_path / "kept.argus"
    capture.write_bytes(seen())
    subprocess.run(
        [str(ARGUS), "-r", str(capture), "-w", str(kept)], check=True, timeout=30, env=LIBRARIES
    )
    settings = tmp_path / "ra.conf"
    settings.write_text("RA_PRINT_MAN_RECORDS=yes\n")  # as Debian's has it
    # Without -n it prints the names of ports.
    for names in ([], ["-n"]):
        columns = ["-F", str(settings), "-c", ",", "-s", "+dur,spkts,dpkts,sbytes,dbytes"]
        printed = subprocess.run(
            [str(RA), "-r", str(kept), *names, "-u", *columns],
            check=True,
            capture_output=True,
            timeout=30,
            env={"TZ": "UTC", **LIBRARIES},
        ).stdout
        # It begins and ends with what it says of itself.
        assert printed.count(b",man,") == 2
        records, refused = read(printed)
        assert refused == {"no_flow": 2}
        told: Counter[tuple[str, int, int]] = Counter()
        for record in records:
            told[record["dst_addr"], record["dst_port"], record["proto"]] += record["packets"]
        assert told == {
            ("192.0.2.9", 80, 6): 3,
            ("192.0.2.1", 40_000, 6): 3,
            ("192.0.2.9", 53, 17): QUERIES,
        }


def test_columns_for_people_are_refused_with_what_to_print() -> None:
    text = "      StartTime      Flgs  Proto            SrcAddr  Sport   Dir            DstAddr\n"
    with pytest.raises(ExportFileError, match="ra's columns") as refused:
        read((text + "   03:04:05.250000  e   tcp  10.0.0.5.51000  ->  192.0.2.7\n").encode())
    assert "-u -c ," in str(refused.value.next_step)


@given(st.text(alphabet="0123456789abcdefx.:,-/ \n", max_size=200))
def test_any_lines_are_read_or_counted(text: str) -> None:
    read((HEAD + FLOW + text).encode())
