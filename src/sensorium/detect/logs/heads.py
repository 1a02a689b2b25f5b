"""The head of a line in a log file: when, and which program on which host.

What a collector of logs gives in columns of their own stands before the text in a file. Known are
the times of ISO 8601 and of C's ``ctime``, bracketed or not, Android's (``06-14 15:16:01.2``) and
Spark's (``17/06/14 15:16:01``). After them comes the sender as RFC 3164 has it
(``host app[pid]:``), or what loggers in the manner of log4j and Python write: numbers of processes,
a level, a thread in brackets, and the name of the logger.
"""

from __future__ import annotations

import re

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_CTIME = rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?{_MONTH} [ \d]\d {_CLOCK}(?: \d{{4}})?"
_ISO = rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]{_CLOCK}(?:Z| ?[+-]\d\d:?\d\d)?"
_SHORT = rf"(?:\d\d/)?\d\d[-/]\d\d {_CLOCK}"
_LEVEL = r"(?i:trace|debug|info|notice|warn|warning|err|error|crit|critical|fatal|alert|emerg)\b"
_SENDER = rf"(?!{_LEVEL})[\w.:-]+ (?P<app>[\w./()-]+)(?:\[\d+\])?: "
# Brackets within brackets, once.
_BRACKETS = r"\[[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]"
# The name of a class or module, which no word before a colon is taken for.
_LOGGER = r"[A-Za-z_][\w$-]*(?:[.$][\w$-]+)+|[A-Z][a-z]+[A-Z]\w*"
_LOG4J = (
    rf"(?:- +)?(?:\d+ +){{0,2}}(?:{_BRACKETS} +)?(?:{_LEVEL}|[VDIWEF]\b)[ ,]+(?:{_BRACKETS} +)?"
    rf"(?:- +|(?P<logger>{_LOGGER})(?:: +| +- +| +{_BRACKETS} +))?"
)
_PYTHON = rf"- +(?P<name>[\w.-]+) +- +{_LEVEL} +- +"
_HEAD = re.compile(
    rf"(?:\[(?:{_CTIME}|{_ISO})\][ ,]*"
    rf"|(?:{_CTIME}|{_ISO}|{_SHORT}|{_CLOCK}(?= \[))[ ,]+(?:{_SENDER}|{_PYTHON}|{_LOG4J})?)"
)


def split_head(line: str) -> tuple[str, str]:
    """The application (empty if none is named) and the text of a line without its head."""
    found = _HEAD.match(line)
    if found is None:
        return "", line
    app = found["app"] or found["logger"] or found["name"] or ""
    return app, line[found.end() :]
