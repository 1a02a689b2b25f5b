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
    """The version word is not 1, 5, 7, 8, 9 or 10, or v8's aggregation is none."""
    BAD_RECORD_COUNT = "bad_record_count"
    """NetFlow v1, v5, v7, v8: more records announced than a datagram may have; nothing is read."""
    RECORDS_CUT = "records_cut"
    """The same: records announced that the datagram ends before; whole ones are read."""
    MESSAGE_CUT = "message_cut"
    """IPFIX: the datagram is shorter than the message's length; nothing is read."""
    BAD_MESSAGE_LENGTH = "bad_message_length"
    """IPFIX: the message's length is less than its header; nothing is read."""
    BAD_SET_LENGTH = "bad_set_length"
    """A set is shorter than its header or ends after the datagram; of v9 the sets before it are
    read, of an IPFIX message nothing."""
    RESERVED_SET = "reserved_set"
    """A set whose id is neither template nor data."""
    BAD_TEMPLATE = "bad_template"
    """A template that cannot be: an id below 256, no fields, cut short, or records of no length."""
    TEMPLATE_TOO_LARGE = "template_too_large"
    """A template of more fields than the setting allows."""
    TOO_MANY_TEMPLATES = "too_many_templates"
    """A template beyond the most that one source may have."""
    RECORD_BEYOND_SET = "record_beyond_set"
    """The set ends inside a record; whole records before it are read. Of an IPFIX message in which
    a value of variable length is longer than its set nothing is."""
    TOO_MANY_SAMPLERS = "too_many_samplers"
    """A sampling rate beyond the most that one source may have."""
    TOO_MANY_ELEMENTS = "too_many_elements"
    """An element's definition (RFC 5610) beyond the most that one source may have."""
    BAD_ELEMENT = "bad_element"
    """An element's definition (RFC 5610) with a name or number that cannot be."""
    BAD_LIST = "bad_list"
    """A list (RFC 6313) that does not fit its own head; its octets are kept."""
    DATA_BEFORE_TEMPLATE = "data_before_template"
    """Data whose template did not come before the room for keeping it ran out; a set apiece."""
    WITHDRAWAL = "withdrawal"
    """IPFIX: a template withdrawn over UDP, which is ignored (RFC 7011 section 8.4)."""


DROPS = tuple(Drop)
CODE = {drop: index for index, drop in enumerate(DROPS)}

SHORT_HEADER = CODE[Drop.SHORT_HEADER]
UNKNOWN_VERSION = CODE[Drop.UNKNOWN_VERSION]
BAD_RECORD_COUNT = CODE[Drop.BAD_RECORD_COUNT]
RECORDS_CUT = CODE[Drop.RECORDS_CUT]
MESSAGE_CUT = CODE[Drop.MESSAGE_CUT]
BAD_MESSAGE_LENGTH = CODE[Drop.BAD_MESSAGE_LENGTH]
BAD_SET_LENGTH = CODE[Drop.BAD_SET_LENGTH]
RESERVED_SET = CODE[Drop.RESERVED_SET]
RECORD_BEYOND_SET = CODE[Drop.RECORD_BEYOND_SET]
