from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium.errors import UsageError
from sensorium.ingest.table import read_series

START = 1_767_225_600  # 2026-01-01T00:00:00Z
TIMES = [START, START + 60, START + 120]


def csv(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def written(folder: Path, cells: list[str], heading: str = "timestamp") -> Path:
    rows = [f"{heading},value", *(f"{cell},{n}" for n, cell in enumerate(cells))]
    return csv(folder, "\n".join(rows) + "\n")


@pytest.mark.parametrize(
    "form",
    [
        lambda s: datetime.fromtimestamp(s, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        lambda s: datetime.fromtimestamp(s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        lambda s: datetime.fromtimestamp(s, UTC).strftime("%Y-%m-%d %H:%M:%S.000000"),
        lambda s: (datetime.fromtimestamp(s, UTC) + timedelta(hours=2)).strftime(
            "%Y-%m-%dT%H:%M:%S+02:00"
        ),
        str,
        lambda s: f"{s}.0",
        lambda s: f"{s}000",
        lambda s: f"{s}000000",
        lambda s: f"{s}000000000",
    ],
)
def test_times_are_told_by_their_form_and_size(form, tmp_path: Path) -> None:
    table = read_series(written(tmp_path, [form(second) for second in TIMES]))
    assert table.time_name == "timestamp"
    assert table.times is not None
    assert table.times.tolist() == [second * 10**9 for second in TIMES]
    assert list(table.columns) == ["value"]


def test_a_time_column_is_found_by_its_content(tmp_path: Path) -> None:
    path = csv(tmp_path, f"host,when,n\na,{TIMES[0]},1\nb,{TIMES[1]},2\n")
    table = read_series(path)
    assert table.time_name == "when"


def test_numbers_that_are_no_times_make_rows_without_time(tmp_path: Path) -> None:
    table = read_series(csv(tmp_path, "a,b\n1,1e9\n2,5\n3,7\n"))
    assert (table.times, table.time_name) == (None, "")
    assert list(table.columns) == ["a", "b"]


def test_the_time_column_and_the_values_may_be_named(tmp_path: Path) -> None:
    path = csv(tmp_path, f"time,seen,a,b\nx,{START},1,2\ny,{START + 1},3,4\n")
    table = read_series(path, time="seen", wanted=("b",))
    assert table.time_name == "seen"
    assert {name: x.tolist() for name, x in table.columns.items()} == {"b": [2, 4]}


def test_missing_values_are_nan_and_text_is_left_out_with_a_note(tmp_path: Path) -> None:
    table = read_series(
        csv(tmp_path, "time,host,a\n2026-01-01,x,1\n2026-01-02,y,\n2026-01-03,,N/A\n")
    )
    np.testing.assert_array_equal(table.columns["a"], [1, np.nan, np.nan])
    assert table.notes == ["not numbers, and left out: 'host'"]


def test_rows_are_put_in_order_and_those_without_time_are_counted(tmp_path: Path) -> None:
    table = read_series(csv(tmp_path, "time,a\n2026-01-02,2\n,9\n2026-01-01,1\n2026-01-02,3\n"))
    assert table.columns["a"].tolist() == [1, 2, 3]
    assert table.notes == [
        "rows without a time, and left out: 1",
        "rows put in order of time: time went back 1×",
    ]


def test_lines_of_another_width_are_skipped_and_counted(tmp_path: Path) -> None:
    table = read_series(csv(tmp_path, "a,b\n1,2\n3\n4,5\n6,7,8\n"))
    assert table.columns["a"].tolist() == [1, 4]
    assert table.notes == ["lines with another number of columns, and skipped: 2"]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_file_without_header_and_any_usual_separator_is_read(
    separator: str, tmp_path: Path
) -> None:
    lines = ["2026-01-01 00:00:00,1.5,2", "2026-01-01 00:01:00,2.5,3"]
    table = read_series(csv(tmp_path, "\n".join(lines).replace(",", separator)))
    assert table.time_name == "column_1"
    assert table.columns["column_2"].tolist() == [1.5, 2.5]
    assert "no header line" in table.notes[0]


def test_compressed_files_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbftime,a\r\n2026-01-01,1\r\n2026-01-02,2\r\n"
    assert read_series(csv(tmp_path, text)).time_name == "time"
    assert read_series(csv(tmp_path, gzip.compress(text), "a.csv.gz")).time_name == "time"


def test_parquet_is_told_by_its_content(tmp_path: Path) -> None:
    when = pa.array([datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)])
    path = tmp_path / "a.data"
    pq.write_table(pa.table({"at": when, "up": [True, False], "n": pa.array([1, None])}), path)
    table = read_series(path)
    assert table.time_name == "at"
    np.testing.assert_array_equal(table.columns["up"], [1, 0])
    np.testing.assert_array_equal(table.columns["n"], [1, np.nan])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"a,b\n", "has no rows"),
        (b"a\nx\ny\n", "has no column of numbers"),
        (b"PAR1 and no more", "neither Parquet nor CSV"),
        (b"\xff\xfe\x00\x01" * 20, "neither Parquet nor CSV|no column of numbers|has no rows"),
        (b"a,a\n1,2\n", "two columns of one name"),
        (b"time,a\n,1\n,2\n", "no column of numbers|has no rows|no time"),
    ],
)
def test_files_that_cannot_be_used_are_told(content: bytes, said: str, tmp_path: Path) -> None:
    path = csv(tmp_path, content)
    if content.startswith(b"time,a"):
        assert read_series(path).times is None
        return
    with pytest.raises(UsageError, match=said):
        read_series(path)


def test_wrong_names_are_told_with_those_that_there_are(tmp_path: Path) -> None:
    path = csv(tmp_path, "time,a\n2026-01-01,1\n")
    with pytest.raises(UsageError, match=r"no column 'b'\nit has 'time', 'a'"):
        read_series(path, wanted=("b",))
    with pytest.raises(UsageError, match=r"'a' of .* does not hold times"):
        read_series(path, time="a")
    with pytest.raises(UsageError, match=r"'time' of .* does not hold numbers"):
        read_series(path, wanted=("time",), time="time")


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_what_cannot_be_opened_is_told(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read|is a folder"):
        read_series(tmp_path / name)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("30.12.2025 23:55:00", "31.12.2025 00:05:00"),
        ("30.12.2025 23:55", "31.12.2025 00:05"),
        ("12/30/2025 23:55", "12/31/2025 00:05"),
        ("30/12/2025 23:55", "31/12/2025 00:05"),
    ],
)
def test_days_as_people_write_them_are_times(first: str, second: str, tmp_path: Path) -> None:
    table = read_series(csv(tmp_path, f"when,a\n{first},1\n{second},2\n"))
    assert table.time_name == "when"
    assert table.times is not None
    moments = [str(np.datetime64(int(t), "ns"))[:16] for t in table.times]
    assert moments == ["2025-12-30T23:55", "2025-12-31T00:05"]


def test_days_that_can_be_read_in_two_ways_are_not_guessed(tmp_path: Path) -> None:
    table = read_series(csv(tmp_path, "when,a\n01/02/2026,1\n03/02/2026,2\n"))
    assert table.times is None
    assert "'when' may be month/day or day/month" in table.notes[0]


def test_a_column_where_one_row_is_no_day_holds_no_times(tmp_path: Path) -> None:
    assert read_series(csv(tmp_path, "when,a\n31.12.2026,1\nnever,2\n")).times is None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_a_spreadsheet_of_another_country_is_read(encoding: str, tmp_path: Path) -> None:
    text = "Zeit;Größe;Anzahl\r\n31.12.2026 10:00;1,5;3\r\n31.12.2026 10:05;-2,25;4\r\n"
    table = read_series(csv(tmp_path, text.encode(encoding)))
    assert table.columns["Größe"].tolist() == [1.5, -2.25]
    assert table.columns["Anzahl"].tolist() == [3, 4]
    assert table.time_name == "Zeit"
    assert table.notes == ["the file is not in UTF-8, and read as Latin-1"] * (
        encoding == "latin-1"
    )


def test_a_character_that_the_head_of_a_file_cuts_is_no_reason_for_latin_1(tmp_path: Path) -> None:
    text = "a,bcdef\n" + "1,é\n" * 20_000
    assert len(text.encode()[:65_536].decode("utf-8", "ignore").encode()) < 65_536, "it is cut"
    assert not any("Latin-1" in note for note in read_series(csv(tmp_path, text)).notes)
