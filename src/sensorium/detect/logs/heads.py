"""The head of a line in a log file: when, and which program on which host.

What a collector of logs gives in columns of their own stands before the text in a file. Known are
the times of ISO 8601 and of C's ``ctime``, bracketed or not, and after them the sender as RFC
3164 has it (``host app[pid]:``).
"""

from __future__ import annotations

import re

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_CTIME = rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?{_MONTH} [ \d]\d {_CLOCK}(?: \d{{4}})?"
_ISO = rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?"
_LEVEL = r"(?i:trace|debug|info|notice|warn|warning|err|error|crit|critical|fatal|alert|emerg)\b"
_SENDER = rf"(?!{_LEVEL})[\w.:-]+ (?P<app>[\w./()-]+)(?:\[\d+\])?: "
_HEAD = re.compile(rf"(?:\[(?:{_CTIME}|{_ISO})\][ ,]*|(?:{_CTIME}|{_ISO})[ ,]+(?:{_SENDER})?)")


def split_head(line: str) -> tuple[str, str]:
    """The application (empty if none is named) and the text of a line without its head."""
    found = _HEAD.match(line)
    if found is None:
        return "", line
    return found["app"] or "", line[found.end() :]
