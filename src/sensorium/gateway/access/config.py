"""How callers are recognised."""

from __future__ import annotations

from dataclasses import dataclass

from sensorium.component import setting


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcConfig:
    """One identity provider whose tokens are taken as credentials."""

    issuer: str = setting("", "what `iss` must be, to the letter", pattern=r"^https?://\S+$")
    audience: str = setting("", "what `aud` must hold", pattern=r"^\S+$")
    jwks_url: str = setting("", "where the provider's public keys are", pattern=r"^https?://\S+$")
    algorithms: tuple[str, ...] = setting(
        ("RS256", "ES256"), "signatures taken; only asymmetric ones can be named"
    )
    organisation: str = setting("", "id of the organisation that its users belong to")
    user_claim: str = setting("sub", "claim that names the user; matched with users' names")
    create_users: bool = setting(
        False, "make an unknown user a member of the organisation when it first calls"
    )
    team_claim: str = setting(
        "",
        "claim that names the team of the organisation that a user so made joins, or is refused; "
        "empty for none",
    )

    def __post_init__(self) -> None:
        allowed = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"}
        wrong = [name for name in self.algorithms if name not in allowed]
        if wrong or not self.algorithms:
            raise ValueError(f"algorithms may be of {', '.join(sorted(allowed))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessConfig:
    """Keys and tokens."""

    cache_s: float = setting(
        5.0,
        "seconds a credential that was recognised is not looked up again: how long a revoked key "
        "may go on in another process (in this one it ends at once)",
        ge=0,
        le=300,
    )
    oidc: tuple[OidcConfig, ...] = setting((), "identity providers whose tokens are taken")

    def __post_init__(self) -> None:
        issuers = [one.issuer for one in self.oidc]
        twice = sorted({one for one in issuers if issuers.count(one) > 1})
        if twice:
            raise ValueError(f"the issuer {twice[0]} is named twice in oidc")
