"""Hypothesis strategies for syslog messages: lawful, nearly lawful, and noise."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.ingest.syslog.oracle import MONTHS

word = st.text('abcXYZ019._-/%()[]:="\\]é\ufeff日', max_size=8)
plain = st.text("abcXYZ019._-/", min_size=1, max_size=8)
pri = st.one_of(
    st.integers(0, 191).map(lambda n: f"<{n}>"),
    st.sampled_from(["<13>", "<013>", "<192>", "<999>", "<>", "<1", "<-1>", "", "<1234>", "< 1>"]),
)
iso = st.sampled_from(
    [
        "2016-02-21T04:32:57+00:00",
        "2017-12-31T23:59:59.999999+00:00",
        "2003-10-11T22:14:15.003Z",
        "2003-08-24T05:14:15.000003-07:00",
        "2024-02-29T00:00:60.1234567891z",
        "2023-02-29T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+14:00",
        "2261-12-31T23:59:59Z",
        "2262-01-01T00:00:00Z",
        "2016-02-21t04:32:57.Z",
        "2016-02-21T04:32:57",
        "2016-02-21T04:32:57+24:00",
        "2016-02-21T24:32:57Z",
        "2016-13-21T04:32:57Z",
        "2016-00-21T04:32:57Z",
        "2016-02-00T04:32:57Z",
        "2016-02-21 04:32:57Z",
        "2016-",
        "-",
        "--",
    ]
)
bsd = st.one_of(
    st.builds(
        "{} {:>2} {:02}:{:02}:{:02}".format,
        st.sampled_from([*MONTHS, "Foo"]),
        st.integers(0, 32),
        st.integers(0, 24),
        st.integers(0, 60),
        st.integers(0, 61),
    ),
    st.sampled_from(
        [
            "Feb 29 00:00:00",
            "Dec 31 23:59:60",
            "Dec  2 2016 16:31:03",
            "Dec  2 2262 16:31:03",
            "Feb 29 2015 16:31:03",
            "Dec  2 16:31:03.123456789012",
            "Dec  2 16:31:03.",
            "Dec 2 16:31:03",
            "Dec   2 16:31:03",
            "Dec  2 6:31:03",
            "Dec  2 16:31:03:",
            "Dec  2",
            "Dec",
            "",
        ]
    ),
)
name = st.one_of(st.text("abc@.019", min_size=1, max_size=6), st.just("n" * 64), st.just("n" * 65))
value = st.text('ab"]\\ =é', max_size=6)
escaped = value.map(lambda v: v.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]"))
parameter = st.builds('{}{}="{}"'.format, st.sampled_from([" ", "  "]), name, escaped | value)
element = st.builds("[{}{}]".format, name, st.lists(parameter, max_size=3).map("".join))
data = st.one_of(
    st.lists(element, min_size=1, max_size=3).map("".join),
    st.sampled_from(["-", "", "-x", "[", "[]", "[a", "[a b]", '[a b="c', "[a ]", '[a b="c"d="e"]']),
)
tail = st.sampled_from(["", "\n", "\r\n", "\x00", "\n\n", " ", "\t"])

modern = st.builds(
    lambda p, version, fields, sd, gap, message, end: (
        p + " ".join([version, *fields, sd]) + gap + message + end
    ),
    pri,
    st.sampled_from(["1", "1", "1", "999", "0", "01", "1000", ""]),
    st.tuples(iso, *[st.one_of(word, st.just("-"), plain)] * 4),
    data,
    st.sampled_from([" ", " ", " \ufeff", "", "  "]),
    word,
    tail,
)
tag = st.one_of(
    st.builds("{}: ".format, plain),
    st.builds("{}[{}]: ".format, plain, plain),
    st.builds("{}[{}] ".format, plain, word),
    st.builds("{}:{}".format, word, word),
    word,
)
legacy = st.builds(
    lambda p, stamp, gap, host, t, message, end: p + stamp + gap + host + t + message + end,
    pri,
    st.one_of(bsd, iso),
    st.sampled_from([" ", " ", "", "  "]),
    st.one_of(plain.map(lambda h: h + " "), st.just(""), word.map(lambda h: h + " ")),
    tag,
    word,
    tail,
)
number = st.sampled_from(["", "", "45: ", "000123: ", ": ", "45: 000123: ", "12345678901: ", "7:"])
origin = st.sampled_from(["", "", "core1: ", "RP/0/CPU0:", "core1 RP/0/CPU0:", "a/b: "])
mark = st.sampled_from(["", "*", ".", "**"])
stamp = st.one_of(
    bsd,
    iso,
    st.sampled_from(
        [
            *(
                "2016 Dec  2 16:31:03",
                "2016 Foo  2 16:31:03",
                "Dec  2 16:31:03 2016",
                "1d02h",
                "00:00:46",
            ),
            *(
                "2016-02-21 04:32:57,25",
                "2016-02-21T04:32:57+0100",
                "1w2d",
                "99:00:00",
                "1d",
                "y2d3h",
            ),
            *("2016-02-21T04:32:57", "2016-02-21 04:32:57.5Z", "Dec  2 16:31:03.5 9999"),
        ]
    ),
)
zoned = st.sampled_from(
    ["", "", " UTC", " CEST", " AEDT", " +0100", " -05:30", " Z", " +2500", " ABCDEF"]
)
mnemonic = st.sampled_from(
    [
        *(
            "%SYS-5-CONFIG_I: ",
            "%ASA-session-6-302013: ",
            "%PKT_INFRA-LINK-3-UPDOWN : ",
            "%A-8-B: ",
        ),
        *(
            "%A-1-: ",
            "%-1-B: ",
            "%A-1-2-3-B:",
            "%A-1-B:x",
            "",
            "ifmgr[1]: %A-B-0-C: ",
            "host : %A-1-B: ",
        ),
        *("host 45: *Dec  2 16:31:03: %A-1-B: ", "%A-1-B ", "45: 1d02h: %A-1-B: ", "host app: "),
        *(
            "last message repeated 3 times",
            "message repeated 4 times: [",
            "x: message repeated 5 time",
        ),
        *("system,info,account ", "system,info, ", "a,b ", "info,! ", "host firewall,debug x "),
    ]
)
cisco = st.builds(
    lambda p, n, o, m, s, z, colon, tag_, b: p + n + o + m + s + z + colon + tag_ + b,
    pri, number, origin, mark, stamp, zoned, st.sampled_from([": ", " ", "", " : "]), mnemonic,
    word,
)  # fmt: skip
forti = st.builds(
    "{}date={} time={}{}{}".format,
    pri,
    st.sampled_from(["2026-11-23", "2026-02-30", "26-11-23"]),
    st.sampled_from(["10:00:00", "25:00:00", "10:00:00x"]),
    st.sampled_from(["", ' devname="fg 1"', " devname=fg1", " devname=", ' devname=""']),
    st.sampled_from(["", ' tz="+0100"', ' a=b tz="-0530" c=d', ' tz="+9900"', ' tz="x']),
)
counted = st.builds("{} {}".format, st.sampled_from(["12", "0", "12345678"]), legacy | modern)
cut = st.builds(
    lambda text, n: text[:n], st.one_of(modern, legacy, cisco, forti), st.integers(0, 60)
)
message = st.one_of(modern, legacy, cisco, forti, counted, cut, word).map(str.encode)
several = st.lists(message, min_size=1, max_size=3).map(b"\n".join)
noise = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda m, b, i: m[:i] + b + m[i:], message, st.binary(max_size=3), st.integers(0, 40)
    ),
)
payload = st.one_of(message, several, noise)
