"""Memory of batches: no more than their rows take, used again once nobody has them."""

from __future__ import annotations

import threading

from sensorium.ingest.netflow import layout as at
from sensorium.ingest.netflow.batch import Arenas, BatchBuilder

_USED = 1 << at.BYTES | 1 << at.SRC_PORT
_EACH = at.SIZES[at.BYTES] + at.SIZES[at.SRC_PORT]
_WHOLE = 1 << 12


def test_a_batch_of_any_size_has_the_memory_that_its_rows_take() -> None:
    builder = BatchBuilder()
    for count in (1, 30, 5_000, 300_000):
        rows = builder.allocate(count, _USED, partial=0)
        column = builder.build(rows).column("bytes").buffers()[1]
        assert column.address == rows.columns[at.BYTES]
        assert column.address % 64 == 0
        assert column.size == count * at.SIZES[at.BYTES]
        most = count * _EACH + (256 if count * _EACH < 1 << 20 else 1 << 20)
        assert rows.buffer.size <= most


def test_what_is_held_is_not_written_to_again_and_what_was_let_go_is() -> None:
    arenas = Arenas(whole=_WHOLE)
    first, _ = arenas.take(_WHOLE)
    second, _ = arenas.take(_WHOLE)
    address = first.address
    part = first.slice(100, 8)
    del first
    third, _ = arenas.take(_WHOLE)
    assert len({address, second.address, third.address}) == 3, "a slice of the first is held"
    del part
    assert arenas.take(_WHOLE)[0].address == address


def test_no_more_than_so_much_unused_memory_is_kept() -> None:
    arenas = Arenas(keep_bytes=4 * _WHOLE, whole=_WHOLE)
    held = [arenas.take(_WHOLE)[0] for _ in range(32)]
    del held
    assert 0 < sum(len(arena) for arena in arenas._free) <= 4 * _WHOLE


def test_threads_that_let_go_while_others_take_never_share_memory() -> None:
    arenas, wrong = Arenas(keep_bytes=1 << 20, whole=_WHOLE), list[bytes]()

    def turn(mark: int) -> None:
        for _ in range(300):
            taken = [arenas.take(_WHOLE) for _ in range(8)]
            for n, (_, memory) in enumerate(taken):
                memory[:8] = mark * 8 + n
            for n, (buffer, _) in enumerate(taken):
                found = buffer.slice(0, 8).to_pybytes()
                wrong.extend([found] * (found != bytes([mark * 8 + n] * 8)))

    threads = [threading.Thread(target=turn, args=(mark,)) for mark in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
