"""What each kind must find, written here and checked against the rules' sources by hand.

Numbers are the published examples of their issuers, or made from their check digits.
"""

from __future__ import annotations

PERSONAL = {
    "CARD": (
        "4111 1111 1111 1111",
        "4111111111111111",
        "5555-5555-5555-4444",
        "378282246310005",
        "3782 822463 10005",
        "6011111111111117",
        "3530111333300000",
        "4222222222222",
        "2223003122003222",
    ),
    "IBAN": (
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "GB29 NWBK 6016 1331 9268 19",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NL91ABNA0417164300",
        "mt84malt011000012345mtlcast001s",
    ),
    "EMAIL": ("ann@example.org", "jörg.müller+x@büro.example.de", "o'neill@mail.example.co.uk"),
    "PHONE": ("+49 30 901820", "+1 (212) 555-0147", "(212) 555-0147", "0044 20 7946 0958"),
    "US_SSN": ("219-09-1234", "078-05-1121"),
    "DE_TAX_ID": ("86095742719", "86 095 742 719"),
    "GB_NHS": ("943 476 5919",),
    "ES_DNI": ("12345678Z", "12.345.678-Z"),
    "ES_NIE": ("X1234567L", "X-1234567-L"),
    "FR_NIR": ("255081416802538", "2 55 08 14 168 025 38"),
    "BR_CPF": ("529.982.247-25",),
}
WITH_WORDS = {
    "US_SSN": ("SSN: 219091234",),
    "GB_NHS": ("NHS number 9434765919",),
    "NL_BSN": ("bsn 111222333", "Burgerservicenummer: 1112.22.333"),
    "BR_CPF": ("CPF 52998224725",),
    "PHONE": ("Telefon: 030 / 901820",),
}
NOT_PERSONAL = (
    "4111 1111 1111 1112",
    "9111111111111111",
    "DE89370400440532013001",
    "XX89370400440532013000",
    "000-12-3456",
    "666-12-3456",
    "078-05-1120",
    "86095742718",
    "943 476 5918",
    "12345678A",
    "X1234567A",
    "255081416802539",
    "529.982.247-26",
    "111222333",
    "52998224725",
    "2024-01-02 10:11:12",
    "1234567890123",
    "ann@localhost",
    "v4.111111111111111",
    "0.4111111111111111",
    "550e8400-e29b-41d4-a716-446655440000",
    "10.0.0.1 and fe80::1",
)
_BODY = "\n".join(["MIIEpAIBAAKCAQEA7bq0nZ1ue2mNZ5x8Z4kq0c1YxQW3l6Jp8VtR5nUo2LsKd9fG"] * 3)
SECRETS = {
    "AWS_KEY": ("AKIAIOSFODNN7EXAMPLE",),
    "GCP_KEY": ("AIza" + "SyA1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q",),
    "GCP_SECRET": ("GOCSPX-" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9b",),
    "GITHUB_TOKEN": ("ghp_" + "a1B2" * 9, "github_pat_" + "11ABCDE0Y" * 3 + "_" + "a1B2" * 10),
    "GITLAB_TOKEN": ("glpat-" + "x1Y2z3A4b5C6d7E8f9G0",),
    "SLACK_TOKEN": ("xoxb-" + "123456789012-abcdefABCDEF",),
    "SLACK_WEBHOOK": ("hooks.slack.com/" + "services/T00000000/B00000000/" + "X1" * 12,),
    "STRIPE_KEY": ("sk_" + "live_" + "4eC39HqLyjWDarjtT1zdp7dc", "rk_" + "test_" + "a1" * 12),
    "GATEWAY_KEY": ("sk-sens-" + "0123456789ab-" + "aB3dE5gH7j" * 4,),
    "ANTHROPIC_KEY": ("sk-ant-" + "api03-" + "aB3_" * 20,),
    "OPENAI_KEY": ("sk-" + "proj-" + "aB3" * 20, "sk-" + "a1B2" * 12),
    "HUGGINGFACE_TOKEN": ("hf_" + "a1B2c3D4e5" * 3 + "a1B2",),
    "NPM_TOKEN": ("npm_" + "a1B2" * 9,),
    "SENDGRID_KEY": ("SG." + "a1B2" * 5 + "xy." + "a1B2" * 10,),
    "AZURE_KEY": ("AccountKey=" + "a1B2" * 21 + "ab==",),
    "JWT": (
        "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmNHl0w5N_XgL0n",
    ),
    "URL_PASSWORD": ("postgresql://app:pa55w0rd@db.example.org/x",),
    "PRIVATE_KEY": (
        f"-----BEGIN RSA PRIVATE KEY-----\n{_BODY}\nabc=\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY-----\n{_BODY}\n-----END PRIVATE KEY-----",
        f"-----BEGIN OPENSSH PRIVATE KEY-----\\n{_BODY}\\n".replace("\n", "\\n")
        + "-----END OPENSSH PRIVATE KEY-----",
    ),
    "SECRET": (
        'password = "hunter2Xy9qqB"',
        "api_key: 9f8a7b6c5d4e3f2a1b0c",
        "Authorization: Bearer zX9yW8vU7tS6rQ5p",
        '"client_secret": "q1W2e3R4t5Y6u7I8"',
    ),
}
NOT_SECRET = (
    "the token is in the vault",
    "password = ${DB_PASSWORD}",
    "password: changeme-please-1",
    "api_key = os.environ['API_KEY_1']",
    "task-force-0123456789-and-more",
    "sk-learn is a library",
    "https://example.org/a:b",
    "-----BEGIN CERTIFICATE-----",
    "author: someone important",
    "AKIA is a prefix",
)
