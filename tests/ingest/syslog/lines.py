"""Hypothesis strategies for syslog messages: lawful, nearly lawful, and noise."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.ingest.syslog.oracle_times import MONTHS

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
        "2016-02-21T04:32:57,5+0100",
        "2016-02-21 04:32:57:",
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
            "Feb 30 00:00:00",
            "Feb 30 2026 00:00:00.5",
            "Nov 23 24:00:00 UTC",
            "23 Nov 10:00:00",
            "3 November 2026 10:00:00.5",
            "32 Nov 10:00:00",
            "30 Feb 10:00:00",
            "0000-00-00T00:00:00Z",
            "2026-11-23 25:00:00,5+0100",
            "2026-11-23T10:61:00+99:00",
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
            *("NOV 22 1:02:03", "december 2 16:31:03.", "July 22 2016 13:00:00 PM", "Mayo 2 1:1:1"),
            *(
                "Dec  2 12:31:03 AM.5",
                "Dec  2 11:31:03.25 PM",
                "Dec  2 0:31:03 AM",
                "May 2 1:02:03 PM",
            ),
            *("Dec  2 16:31:03:123", "Dec  2 16:31:03:123 2016", "Dec  2 16:31:03,5+01:00"),
            *(
                "Fri Dec  2 16:31:03 2016",
                "Fri Dec  2 16:31:03 CET 2016",
                "Dec  2 2016 16:31:03+0130",
            ),
            *(
                "2016/12/02 16:31:03",
                "2016:12:02-16:31:03.5",
                "02/12/2016:16:31:03",
                "11/23/2016:1",
            ),
            *("13/01/2016 16:31:03Z", "01/13/2016-16:31:03+2500", "2016/13/02 16:31:03"),
            *("Fri Dec  2 16:31:03 2016\t", "2016-12-02 16:31:03,5\ta", "Dec  2 16:31:03 UTC\tb"),
            *("[2016-12-02 16:31:03,5: a: b]", "[Fri Dec  2 16:31:03.5 2016]", "[2016-12-02]"),
            *(
                "[Dec  2 16:31:03 CET] [x]",
                "[Dec  2 16:31:03",
                "[Dec  2 16:31:03 " + 70 * "x" + "]",
            ),
            "Dec  2",
            "Dec",
            "",
        ]
    ),
)
name = st.one_of(st.text("abc@.019", min_size=1, max_size=6), st.just("n" * 64), st.just("n" * 65))
value = st.text('ab"]\\ =é', max_size=6)
escaped = value.map(lambda v: v.replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]"))
parameter = st.builds(
    "{}{}={}".format,
    st.sampled_from([" ", "  "]),
    name,
    st.one_of(
        (escaped | value).map('"{}"'.format), (escaped | value).map(' "{}"'.format), value | name
    ),
)
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
    st.builds("{}:{}".format, plain, word),
    st.sampled_from(
        [
            *("su:'x' failed", "a[1]:x", "a[1] : x", "a[1] :x", '{"a": 1}', '"a: b', "aa:bb:cc d"),
            *(
                "CISE_Alarm WARN: x",
                "CISE_ x",
                "CISE_A: x",
                "<30>a[1]: x",
                "<192>a: x",
                "<30>  7: x",
            ),
            *("A1 (2026-11-23T10:00:00) a[1]: x", "A1 (2026-11-31T10:00:00) a: x", "A1 (2026"),
            *("info tmm[1]: x", "notice a:b", "kern.info kernel: x", "x.info a: x", "info: x"),
            *("00077 ports: x", "00077 x", "0007 ports: x", "MSWinEventLog\t1\tx"),
            *("(Stack) %%10A/3/B: x", "(St ack) %%10A/3/B: x", "(Stack) %%", " x: y"),
            *("%%01SHELL/5/CMD(s)[1]:x", "%%10A/9/B: x", "%%10A/3/B_C: x", "%%1A/3/B: x"),
            *("ASM:CEF:0|F5|x", "a:LEEF:1.0|x", "a:CEF", "a:CEFx:", "a1:LEEF:"),
            *("1 1794686400.25 MX84 flows x", "1 1794686400. MX84 flows x", "authpriv.debug a[b]:"),
        ]
    ),
    word,
)
legacy = st.builds(
    lambda p, stamp, gap, host, t, message, end: p + stamp + gap + host + t + message + end,
    pri,
    st.one_of(bsd, iso),
    st.sampled_from([" ", " ", "", "  "]),
    st.one_of(
        plain.map(lambda h: h + " "),
        st.just(""),
        word.map(lambda h: h + " "),
        st.sampled_from(
            [
                *("From h1: ", "Message forwarded from h1: ", "From h1 ", "host\t", "h:\t"),
                *("[10.0.0.1] ", "[::1] ", "[1.2] ", "[abc] ", "a,b,c: ", "a,b: ", '{"a":1} '),
                *("h: h: ", "h:  h: ", "h: h:", "[n:e.f:notice]: ", "[n:e:]: ", "[a:b]: ", "h  "),
                *("0a1b,v4.0: ", "a,b,v1: ", ",v1: ", "(a,v1: ", "h : ", "h :  "),
                *("10.0.0.1:9 ", "10.0.0.1:x ", "10.0.1:9 ", "1.0.0.0.1:9 ", "10.0.0.1:", "...:9:"),
                *(
                    "<30> ",
                    "<30>x ",
                    "<local0.info> h ",
                    "<local0.info>h ",
                    "<a.info> ",
                    "<info> h ",
                ),
                *(
                    "h: %A-1-B: ",
                    "h:  %A-W-B: ",
                    "h[1]: %A-1-B: ",
                    "h <30>",
                    "h <30>45: Dec  2 1:1:1: ",
                ),
                *("- ", "INFO ", "NOTICE  ", "WARN: ", "FATAL x: "),
                *("CEF:0|a b|c ", "h,CEF:0|a ", "a|b: ", "a|b=c,d ", '"a b" ', '"a": '),
                *("a=b c=d ", "h,a=b,c=d ", ",a=b ", "a=b: ", "a,b:c=d "),
                *("UTC+1 h ", "GMT-05:30 h ", "AEST h ", "CET 2016 h ", "PM h ", "AM: h "),
            ]
        ),
    ),
    tag,
    word,
    tail,
)
number = st.sampled_from(["", "", "45: ", "000123: ", ": ", "45: 000123: ", "12345678901: ", "7:"])
origin = st.sampled_from(
    [
        "",
        "",
        "core1: ",
        "2001:db8::1: ",
        "c1: *task1: ",
        "*task1: ",
        "RP/0/CPU0:2016 ",
        "RP/0/CPU0:",
        "core1 RP/0/CPU0:",
        "a/b: ",
    ]
)
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
            *("00:46", "99:99", "0:46", "00:4x"),
        ]
    ),
)
zoned = st.sampled_from(
    [
        *("", "", " UTC", " CEST", " AEDT", " +0100", " -05:30", " Z", " +2500", " ABCDEF"),
        *(" mdt", " MeSZ", " Ab", " ABCDEFGHI"),
    ]
)
mnemonic = st.sampled_from(
    [
        *(
            "%SYS-5-CONFIG_I: ",
            "%ASA-session-6-302013: ",
            "%PKT_INFRA-LINK-3-UPDOWN : ",
            "%A-8-B: ",
            "%A-W-B: ",
            "%A-W-1-B: ",
            "%A-W-3-: ",
            "%A-X-B: ",
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
        *("%U0-M:CP %A-1-B: ", "%U0-M:CP x", "%U0: %A-1-B: ", "%:CP %A-1-B: ", "%U:C  %A-1-B: "),
        *("h1: %U0-M:CP %A-1-B: ", "h1: %A-1-B: ", "h1:  %A-W-B: ", "%U[1:C %A-1-B: "),
        *("#A-1-B: ", "%A-1-B [x", "%$ V-1 %$ %A-1-B: ", "%$ V %$ x", "p[1]: 7: %A-1-B: "),
        *("host o1: Dec  2 16:31:03 UTC: %A-1-B: ", "h o1: *t: 2016 Dec  2 16:31:03: #A-1-B: "),
        *("h : 2016 Dec  2 16:31:03 UTC: %A-1-B: ", "h o1: 000045: .Dec  2 16:31:03: %A-1-B: "),
        *(
            "h 45: Dec  2 16:31:03: x y",
            "h R/0:Dec  2 16:31:03: a[1]: %A-1-B: ",
            "h R/0:Dec  2 1:1:1: ",
        ),
        *("h : 2016 Dec  2 16:31:03 UTC: last message repeated 3 time", "h 45: 1d02h: x"),
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
    "{}{}".format,
    pri,
    st.lists(
        st.sampled_from(
            [
                *("date=2026-11-23", "date=2026-02-30", "date=26-11-23", 'date="2026-11-23"'),
                *("time=10:00:00", "time=25:00:00", "time=10:00:00x", "time=10:00:00.25"),
                *('time="2026-11-23 10:00:00 UTC"', 'time="2026-11-23 10:00:00"', "time=x"),
                *('time="2026-11-23T10:00:00+01:00 "', 'time="2026-11-23 10:00:00 +0100"'),
                *('devname="fg 1"', "devname=fg1", "devname=", 'devname=""', 'devname="fg'),
                *('fw="n 1"', "fw=10.0.0.1", "fw=", 'fw="::1"', "fw=a.b", "fw=a.b.c"),
                *('device_name="x 1"', "device_name=", "device_nama=x", "timestamp=1"),
                *('timestamp="2026-11-23T10:00:00+0100"', "timestamp=2026-11-23T10:00:00Z"),
                *('tz="+0100"', 'tz="-0530"', 'tz="+9900"', 'tz="x', 'tz="UTC+1:00"', "tz=UTC-24"),
                *('timezone="CET"', "timezone=+01:00", "timezone=XYZ", "a=b", "text", 'm="a tz=b"'),
            ]
        ),
        max_size=6,
    ).flatmap(lambda parts: st.sampled_from([" ", ","]).map(lambda gap: gap.join(parts))),
)
barred = st.builds(
    "{}time={}|{}".format,
    pri | st.just(""),
    st.sampled_from(["1794686400", "9214646400", "179468640", "17946864000", "179468640x", ""]),
    st.lists(
        st.sampled_from(["hostname=gw 1", "hostname=", "hostname", "action=Drop", "time=1", ""]),
        max_size=3,
    ).map("|".join),
)
counted = st.builds("{} {}".format, st.sampled_from(["12", "0", "12345678"]), legacy | modern)
spaced = st.builds(
    "{}<13>{}{}".format,
    st.sampled_from(["", " ", "   "]),
    st.sampled_from(["", " ", "\ufeff", "\ufeff ", "1 "]),
    legacy | modern | cisco | word,
)
cut = st.builds(
    lambda text, n: text[:n], st.one_of(modern, legacy, cisco, forti), st.integers(0, 60)
)
kiwi = st.builds(
    "<13>Original Address={}{}".format,
    st.sampled_from(["192.0.2.9 ", "192.0.2.9", " ", "a ", "h  "]),
    st.one_of(modern, legacy, cisco, word),
)
message = st.one_of(
    modern, legacy, cisco, forti, barred, counted, spaced, cut, kiwi, word
).map(str.encode)  # fmt: skip
several = st.lists(message, min_size=1, max_size=3).map(b"\n".join)
noise = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda m, b, i: m[:i] + b + m[i:], message, st.binary(max_size=3), st.integers(0, 40)
    ),
)
payload = st.one_of(message, several, noise)
