"""Why the decoder could not use something: the closed list, in the order the kernels count it."""

from __future__ import annotations

from enum import StrEnum


class Drop(StrEnum):
    """One reason; ``reason`` label of ``sensorium_ingest_dropped_total``.

    What is lost is at most the thing named: the rest of the datagram is decoded, except where the
    reason says that the rest cannot be found.
    """

    SHORT_HEADER = "short_header"
    """The datagram ends inside its header."""
    UNKNOWN_VERSION = "unknown_version"
    """The version is not 5."""
    BAD_AGENT_ADDRESS = "bad_agent_address"
    """The agent's address is of no known type; nothing is read."""
    TOO_MANY_AGENTS = "too_many_agents"
    """A datagram of a new agent beyond the most that are remembered."""
    DATAGRAM_CUT = "datagram_cut"
    """The datagram ends before its last announced sample; whole ones are read."""
    BYTES_AFTER_SAMPLES = "bytes_after_samples"
    """The datagram goes on after its last announced sample; the rest is not read."""
    UNKNOWN_SAMPLE = "unknown_sample"
    """A sample of a format that is not read, passed over by its length."""
    SAMPLE_CUT = "sample_cut"
    """A sample ends inside its own header; it is passed over."""
    RECORD_CUT = "record_cut"
    """A sample ends before its last announced record; whole ones are read."""
    UNKNOWN_FLOW_RECORD = "unknown_flow_record"
    """A flow record of a format that is not read, passed over by its length."""
    BAD_FLOW_RECORD = "bad_flow_record"
    """A flow record shorter than its structure; it is passed over."""
    UNKNOWN_HEADER_PROTOCOL = "unknown_header_protocol"
    """A sampled header of a protocol that is not read; the row has the frame's length."""
    UNKNOWN_COUNTER_RECORD = "unknown_counter_record"
    """A counter record of a format that is not read, passed over by its length."""
    BAD_COUNTER_RECORD = "bad_counter_record"
    """A counter record shorter than its structure; it is passed over."""
    TOO_MANY_SERIES = "too_many_series"
    """A counter record that would make series beyond the most that are remembered."""
    TOO_MANY_DATA_SOURCES = "too_many_data_sources"
    """A sample whose sequence numbers are not followed, for want of room; it is decoded."""


DROPS = tuple(Drop)
CODE = {drop: index for index, drop in enumerate(DROPS)}
