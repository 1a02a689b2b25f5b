"""National numbers of persons that carry their own check.

Where the check alone lets too many other numbers through (one in eleven, one in a hundred) the
number must be written in its customary form, or a word for it must stand before it.

Sources: the US Social Security Administration on numbers it never gave out; the German federal tax
office on the steuerliche Identifikationsnummer (ISO 7064 mod 11,10); the NHS Data Dictionary on
the NHS number (mod 11); Spain's interior ministry on the letter of DNI and NIE (mod 23); INSEE on
the NIR (mod 97); the Dutch elfproef; Receita Federal on the CPF (mod 11, twice).
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from sensorium.gateway.guardrails.personal_data.kinds import Kind, digits_of, shape, words

_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def is_us_ssn(text: str) -> bool:
    """No area 000, 666 or from 900 on, no group 00, no serial 0000; two are known from adverts."""
    digits = digits_of(text)
    return (
        digits[:3] not in {"000", "666"}
        and digits[0] != "9"
        and digits[3:5] != "00"
        and digits[5:] != "0000"
        and digits not in {"078051120", "219099999"}
    )


def is_german_tax_id(text: str) -> bool:
    """Eleven digits; of the first ten one comes twice or thrice and the others once at most."""
    digits = digits_of(text)
    counts = sorted(Counter(digits[:10]).values(), reverse=True)
    if digits[0] == "0" or counts[0] not in {2, 3} or counts[1] != 1:
        return False
    product = 10
    for one in digits[:10]:
        total = (int(one) + product) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def is_nhs_number(text: str) -> bool:
    """Ten digits; the last is 11 less the weighted sum mod 11, and never 10."""
    digits = digits_of(text)
    check = 11 - sum(int(one) * (10 - place) for place, one in enumerate(digits[:9])) % 11
    return check % 11 == int(digits[9]) and check != 10 and len(set(digits)) > 1


def is_spanish_id(text: str) -> bool:
    """DNI, or NIE, whose X, Y or Z stands for 0, 1 or 2; the letter is the number mod 23."""
    compact = "".join(filter(str.isalnum, text)).upper()
    number = compact[:-1].translate(str.maketrans("XYZ", "012"))
    return compact[-1] == _DNI_LETTERS[int(number) % 23]


def is_french_nir(text: str) -> bool:
    """Thirteen characters and 97 less their number mod 97; 2A and 2B count as 19 and 18."""
    compact = "".join(filter(str.isalnum, text)).upper()
    number = compact[:13].replace("2A", "19", 1) if compact[5:7] == "2A" else compact[:13]
    number = number.replace("2B", "18", 1) if compact[5:7] == "2B" else number
    month = compact[3:5]
    plausible = "01" <= month <= "12" or month == "20" or month >= "30"
    return number.isdecimal() and plausible and 97 - int(number) % 97 == int(compact[13:])


def is_dutch_bsn(text: str) -> bool:
    """Nine digits weighted 9, 8, ... 2 and -1 come to a multiple of 11."""
    digits = digits_of(text)
    weighted = sum(int(one) * (9 - place) for place, one in enumerate(digits[:8]))
    return (weighted - int(digits[8])) % 11 == 0 and len(set(digits)) > 1


def is_brazilian_cpf(text: str) -> bool:
    """Eleven digits, not all the same; the last two are checks mod 11 of what is before each."""
    digits = digits_of(text)
    for length in (9, 10):
        weighted = sum(int(one) * (length + 1 - place) for place, one in enumerate(digits[:length]))
        if weighted * 10 % 11 % 10 != int(digits[length]):
            return False
    return len(set(digits)) > 1


_NIR = r"[1-478]~?[0-9]{2}~?[0-9]{2}~?(?:[0-9]{2}|2[ABab])~?[0-9]{3}~?[0-9]{3}~?[0-9]{2}"
NATIONAL: Final = (
    Kind("FR_NIR", shape(_NIR), is_french_nir),
    Kind("DE_TAX_ID", shape(r"[1-9][0-9]~?[0-9]{3}~?[0-9]{3}~?[0-9]{3}"), is_german_tax_id),
    Kind("BR_CPF", shape(r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}"), is_brazilian_cpf),
    Kind("BR_CPF", shape(r"(?:[0-9]{3}~?){3}[0-9]{2}"), is_brazilian_cpf, words("cpf", "cadastro")),
    Kind("ES_NIE", shape(r"[XYZxyz][ \-]?[0-9]{7}[ \-]?[A-Za-z]"), is_spanish_id),
    Kind("ES_DNI", shape(r"[0-9]{2}\.?[0-9]{3}\.?[0-9]{3}[ \-]?[A-Za-z]"), is_spanish_id),
    Kind("US_SSN", shape(r"[0-9]{3}-[0-9]{2}-[0-9]{4}"), is_us_ssn),
    Kind(
        "US_SSN",
        shape(r"[0-9]{3}~?[0-9]{2}~?[0-9]{4}"),
        is_us_ssn,
        words("ssn", "social security", "soc sec"),
    ),
    Kind("GB_NHS", shape(r"[0-9]{3}[ \x1f][0-9]{3}[ \x1f][0-9]{4}"), is_nhs_number),
    Kind(
        "GB_NHS",
        shape(r"[0-9]{3}~?[0-9]{3}~?[0-9]{4}"),
        is_nhs_number,
        words("nhs", "national health"),
    ),
    Kind(
        "NL_BSN",
        shape(r"(?:[0-9]{9}|[0-9]{3}~[0-9]{3}~[0-9]{3}|[0-9]{4}~[0-9]{2}~[0-9]{3})"),
        is_dutch_bsn,
        words("bsn", "burgerservice", "sofi"),
    ),
)
