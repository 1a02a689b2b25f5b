"""Files of edges and features as people have them."""

from __future__ import annotations

import gzip
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from pyarrow import parquet

from sensorium.errors import UsageError
from sensorium.links.graph.describing import read_features
from sensorium.links.graph.names import Names
from sensorium.links.graph.reading import read_edges


def _edges(read) -> set[tuple[str, str]]:
    source, target = read.graph.pairs()
    pairs = zip(read.names.many(source), read.names.many(target), strict=True)
    return {tuple(sorted(pair)) for pair in pairs}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("edges.csv", "source,target\nann,bob\nbob,cid\n"),
        ("edges.csv", "since,friend,user\n2024-01-01,ann,bob\n2024-01-02,bob,cid\n"),
        ("edges.csv", "ann,bob\nbob,cid\n"),
        ("edges.tsv", "ann\tbob\nbob\tcid\n"),
        ("edges.txt", "# from somewhere\n# FromNode ToNode\nann bob\nbob cid\n"),
        ("edges.edges", "ann   bob\nbob  cid\n"),
        ("edges.csv", "\ufeffsource,target\nann,bob\nbob,cid\n"),
        ("edges.txt", "\ufeffann  bob\nbob  cid\n"),
        ("edges.csv", "person,knows\nann,bob\nbob,cid\n"),
        ("edges.csv", '"ann","bob"\n"bob","cid"\n# the end\n'),
        ("edges.csv", "when,who,whom\n2024-01-01,ann,bob\n2024-01-02,bob,cid\n"),
        ("edges.csv", "id,FromNodeId,ToNodeId\n1,ann,bob\n2,bob,cid\n"),
        ("edges.csv", "bytes,src_ip,dst_ip\n7,ann,bob\n9,bob,cid\n"),
        ("edges.csv", "nr,source_user_id,destination\n7,ann,bob\n9,bob,cid\n"),
        ("edges.csv", ",0,1\n0,ann,bob\n1,bob,cid\n"),
        ("edges.csv", ",who,knows,since\n0,ann,bob,2024-01-01\n1,bob,cid,2024-01-02\n"),
        ("edges.csv", "2024-01-01,ann,bob\n2024-01-02,bob,cid\n"),
        ("edges.csv", "who;whom\nann;bob\nbob;cid\nbob;ann\ncid;cid\n;ann\n"),
    ],
)
def test_edges_are_read_in_the_forms_that_there_are(tmp_path, name, text):
    columns = ("who", "whom") if "whom" in text else None
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    if columns:
        path.write_text(text.replace("who;whom", "source;target"), encoding="utf-8")
    assert _edges(read_edges(path)) == {("ann", "bob"), ("bob", "cid")}


def test_compressed_files_and_parquet_are_read(tmp_path):
    packed = tmp_path / "edges.csv.gz"
    packed.write_bytes(gzip.compress(b"source,target\nann,bob\n"))
    assert _edges(read_edges(packed)) == {("ann", "bob")}
    table = pa.table({"target": ["b"], "source": pa.array(["a"]).dictionary_encode()})
    parquet.write_table(table, tmp_path / "edges.parquet")
    assert _edges(read_edges(tmp_path / "edges.parquet")) == {("a", "b")}


@pytest.mark.parametrize(
    ("when", "unit"),
    [
        (pa.array(["2024-01-01", "2024-01-02"], pa.large_string()), 86_400),
        (pa.array(["2024-01-01", "2024-01-02"]).dictionary_encode(), 86_400),
        (pa.array([Decimal("1704067200"), Decimal("1704067201")]), 1),
        (pa.array([1_704_067_200, 1_704_067_201], pa.uint64()), 1),
        (pa.array([19_723, 19_724], pa.date32()), 86_400),
    ],
)
def test_times_of_parquet_files_are_of_many_types(tmp_path, when, unit):
    path = tmp_path / "edges.parquet"
    parquet.write_table(pa.table({"source": ["a", "b"], "target": ["b", "c"], "time": when}), path)
    times = np.unique(read_edges(path).graph.times)
    assert np.allclose(times, (1_704_067_200 + np.array([0, unit])) * 1e9)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("time", pa.array([1.0, float("nan")]), "1 edges without a time"),
        ("time", pa.array([True, False]), "2 edges without a time"),
        ("time", pa.array([["a"], ["b"]]), "2 edges without a time"),
        ("kind", pa.array([["a"], ["b"]]), "column kind .* which is no text"),
        ("source", pa.array([b"a", b"\xff"]), "column source .* which is no text"),
        ("target", pa.array([{"a": 1}, {"a": 2}]), "column target .* which is no text"),
    ],
)
def test_columns_of_types_that_say_nothing_are_refused(tmp_path, column, values, said):
    path = tmp_path / "edges.parquet"
    ends = {"source": pa.array(["a", "b"]), "target": pa.array(["b", "c"])}
    parquet.write_table(pa.table({**ends, column: values}), path)
    with pytest.raises(UsageError, match=said):
        read_edges(path)


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("source,source\na,b\n", encoding="utf-8")
    with pytest.raises(UsageError, match="two columns 'source'"):
        read_edges(path)


def test_an_id_is_what_stands_in_the_file(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("source,target\n007,7\n7,NA\n", encoding="utf-8")
    assert _edges(read_edges(path)) == {("007", "7"), ("7", "NA")}


def test_what_was_left_out_is_said(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("a,b\nb,a\na,a\n,b\n", encoding="utf-8")
    read = read_edges(path)
    assert read.graph.edges == 1
    assert any("1 rows without one of the two ids" in note for note in read.notes)
    assert any("2 rows that repeat an edge or link a node to itself" in n for n in read.notes)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("2024-01-01T00:00:00Z", 1_704_067_200_000_000_000),
        ("1704067200", 1_704_067_200_000_000_000),
        ("1704067200123", 1_704_067_200_123_000_000),
        ("1704067200.5", 1_704_067_200_500_000_000),
        ("50000000000", 50_000_000_000_000_000),
    ],
)
def test_times_are_told_by_their_form_and_size(tmp_path, column, expected):
    path = tmp_path / "edges.csv"
    path.write_text(f"source,target,time\na,b,{column}\n", encoding="utf-8")
    assert read_edges(path).graph.times.tolist() == [expected, expected]


def test_weights_and_kinds_are_kept(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("source,target,weight,kind\na,b,2.5,work\nb,c,1,home\n", encoding="utf-8")
    read = read_edges(path)
    assert sorted(read.graph.weights.tolist()) == [1.0, 1.0, 2.5, 2.5]
    assert sorted(read.kinds) == ["home", "work"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("source\na\n", "one column"),
        ("source,target\n", "has no edges"),
        ("source,target\na,a\n", "no two different nodes"),
        ("source,target,time\na,b,soon\n", "without a time that can be read"),
        ("source,target,time\na,b,99999999999999999999\n", "without a time that can be read"),
        ("a b c\nd  e\n", "has 2 cells, the first one 3"),
        ("source,target\na,b\nc\n", "give every row as many cells as the first one"),
        ("source,target\na,b\0c\n", "holds no text"),
        ("0,1,0,1,1\n" * 5, "as many rows as columns: it looks like a matrix"),
        (",a,b,c,d\na,0,1,0,0\nb,1,0,1,0\nc,0,1,0,1\nd,0,0,1,0\n", "matrix"),
        ("ann -> bob\nbob -> cid\n", "column f1 of .* holds '->' in every row"),
        ("ann bob cid\nbob ann\n", "a row is one edge"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_reason(tmp_path, text, said):
    path = tmp_path / "edges.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_edges(path)


def test_names_with_commas_are_ids_where_there_is_no_line_of_names(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text('"Doe, Ann","Roe, Bob"\n"Roe, Bob","Poe, Cid"\n', encoding="utf-8")
    assert _edges(read_edges(path)) == {("Doe, Ann", "Roe, Bob"), ("Poe, Cid", "Roe, Bob")}


def test_a_first_line_that_no_other_row_refers_to_is_said_to_be_names(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("user,item\nann,tea\nbob,tea\n", encoding="utf-8")
    read = read_edges(path)
    assert read.names.many(range(len(read.names))) == ["ann", "bob", "tea"]
    assert any("(user, item) is read as names" in note for note in read.notes)
    path.write_text("ann,tea\nann,gin\n", encoding="utf-8")
    assert len(read_edges(path).names) == 3


def test_matrix_market_files_are_read_without_their_line_of_sizes(tmp_path):
    path = tmp_path / "graph.mtx"
    head = "%%MatrixMarket matrix coordinate pattern symmetric\n% made by hand\n3 3 2\n"
    path.write_text(head + "2 1\n3 2\n", encoding="utf-8")
    assert _edges(read_edges(path)) == {("1", "2"), ("2", "3")}


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("edges.csv", "source,target\nZoë,Ann\n".encode("latin-1"), "save it as UTF-8"),
        ("edges.csv", "source,target\nZoë,Ann\n".encode("utf-16"), "save it as UTF-8"),
        ("edges.parquet", b"source,target\na,b\n", "is called a Parquet file and is none"),
    ],
)
def test_what_a_file_is_instead_is_said(tmp_path, name, written, said):
    path = tmp_path / name
    path.write_bytes(written)
    with pytest.raises(UsageError, match=said):
        read_edges(path)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ('<?xml version="1.0"?>\n<graphml>\n<graph>\n', "GraphML"),
        ('<gexf version="1.2">\n', "GEXF"),
        ("<html>\n", "XML or HTML"),
        ('{"source": "ann", "target": "bob"}\n{"source": "bob", "target": "cid"}\n', "JSON"),
        ('[\n  {"source": "ann"', "JSON"),
        ('strict digraph "g" {\n"ann" -> "bob";\n}\n', "DOT"),
        ("Creator made by hand\ngraph\n[\n  node\n  [\n    id 1\n", "GML"),
        ("*Vertices 2\n1 ann\n2 bob\n*Edges\n1 2\n", "a Pajek file"),
        ("%%MatrixMarket matrix array real general\n2 2\n0\n1\n", "a dense Matrix Market file"),
        ("<http://a/ann> <http://a/knows> <http://a/bob> .\n", "RDF"),
    ],
)
def test_graphs_in_forms_that_are_not_read_are_told_by_name(tmp_path, text, form):
    path = tmp_path / "graph.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=f"is {form}, which is not read"):
        read_edges(path)


def test_ids_may_look_like_the_beginning_of_other_forms(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("graph,[x]\n<a>b,graph\n{c},graph\n", encoding="utf-8")
    assert _edges(read_edges(path)) == {("[x]", "graph"), ("<a>b", "graph"), ("graph", "{c}")}


def test_lists_of_contacts_that_begin_with_the_time_are_told(tmp_path):
    path = tmp_path / "contacts.tsv"
    rows = "1353303380\t007\t12\t4B\t5A\n1353303400\t12\t13\t5A\t5A\n1353303400\t13\t007\t5A\t4B\n"
    path.write_text(rows, encoding="utf-8")
    read = read_edges(path)
    assert _edges(read) == {("007", "12"), ("12", "13"), ("007", "13")}
    assert read.graph.times.min() == 1_353_303_380_000_000_000
    assert any("column 1 (f0) is read as times" in note for note in read.notes)
    assert _edges(read_edges(path, columns=("f0", "f1"))) > {("007", "1353303380")}
    timed = read_edges(path, columns=("f1", "f2"))
    assert timed.graph.times.tolist() == read.graph.times.tolist()


@pytest.mark.parametrize(
    "rows",
    [
        "4179000001,12,1\n4179000001,13,2\n4179000002,12,3\n",
        "1353303380,1353303381,5\n1353303381,1353303382,5\n",
        "1353303380,12,13\n1353303300,13,12\n",
    ],
)
def test_long_ids_that_come_first_are_not_taken_for_times(tmp_path, rows):
    path = tmp_path / "edges.csv"
    path.write_text(rows, encoding="utf-8")
    assert read_edges(path).names.name(0) == rows.split(",", 1)[0]


def test_dates_beside_ids_without_names_are_times_and_other_numbers_are_not(tmp_path):
    path = tmp_path / "edges.txt"
    path.write_text("1 2 1 1082040961\n2 3 1 1082041961\n", encoding="utf-8")
    read = read_edges(path)
    assert read.graph.times.min() == 1_082_040_961_000_000_000
    assert any("column 4 (f3) is read as times" in note for note in read.notes)
    path.write_text("1 2 17\n2 3 19\n", encoding="utf-8")
    assert read_edges(path).graph.times is None
    assert read_edges(path, time="f2").graph.times.min() == 17_000_000_000


def test_columns_can_be_named_and_must_exist(tmp_path):
    path = tmp_path / "edges.csv"
    path.write_text("when,source,other\n1,a,b\n", encoding="utf-8")
    assert _edges(read_edges(path, columns=("source", "other"))) == {("a", "b")}
    with pytest.raises(UsageError, match="no column 'target'"):
        read_edges(path, columns=("source", "target"))


def test_features_of_all_sorts_become_marks_and_numbers(tmp_path):
    path = tmp_path / "users.csv"
    path.write_text(
        "id,city,likes,member,age\nann,Bern,tea;jazz,true,20\nbob,,jazz,false,40\nzoe,Chur,,,\n",
        encoding="utf-8",
    )
    described = read_features(path)
    features = described.of(Names(["bob", "ann", "eve"]))
    dense = features.matrix.toarray()
    told = [dict(zip(features.columns, row, strict=True)) for row in dense]
    assert told[1]["city: Bern"] == told[1]["likes: tea"] == told[1]["member"] == 1
    assert told[0]["likes: jazz"] == 1
    assert told[0]["likes: tea"] == told[0]["member"] == told[0]["city: Chur"] == 0
    assert told[0]["age"] == -told[1]["age"] == 1
    assert not dense[2].any()
    assert "city: " not in features.columns
    assert dict(zip(features.columns, features.binary, strict=True))["age"] == False  # noqa: E712


def test_names_that_one_node_has_say_nothing_and_dates_are_numbers(tmp_path):
    path = tmp_path / "users.csv"
    rows = [f"u{n},Name {n},{'Bern' if n % 2 else 'Chur'},20{n:02d}-01-01,1" for n in range(10, 40)]
    head = "id,name,city,joined,member\n"
    path.write_text(head + "\n".join(rows), encoding="utf-8")
    described = read_features(path)
    assert described.features.columns == ("city: Chur", "city: Bern", "joined", "member")
    assert described.notes == [
        "column name of users.csv tells no two nodes alike or apart: not used"
    ]
    joined = described.features.matrix[:, 2].toarray().ravel()
    assert (np.diff(joined) > 0).all()
    assert abs(joined.mean()) < 1e-6


def test_lists_in_parquet_and_scipy_files_are_features(tmp_path):
    table = pa.table({"id": ["a", "b"], "tags": [["x", "y", "x"], None]})
    parquet.write_table(table, tmp_path / "users.parquet")
    features = read_features(tmp_path / "users.parquet").of(Names(["a", "b"]))
    assert features.matrix.toarray().tolist() == [[1, 1], [0, 0]]
    sp.save_npz(tmp_path / "users.npz", sp.csr_matrix(np.eye(3, dtype=np.float32)))
    features = read_features(tmp_path / "users.npz").of(Names(["2", "0"]))
    assert features.matrix.toarray().tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("text", "said"),
    [("id\na\n", "says nothing beside ids"), ("id,x\na,1\na,2\n", "there twice")],
)
def test_features_that_cannot_be_used_are_refused(tmp_path, text, said):
    path = tmp_path / "users.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_features(path)
