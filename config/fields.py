"""The value types that every table of ours is made of: gateway.toml and the profiles."""

import re
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints


def _digits(pin: SecretStr) -> SecretStr:
    """Refuse what is no PIN: 4 to 8 digits. Source: 3GPP TS 31.101, 9.5.1."""
    if not re.fullmatch(r"[0-9]{4,8}", pin.get_secret_value()):
        raise ValueError("a PIN is 4 to 8 digits")
    return pin


def _known_zone(name: str) -> str:
    """Refuse a zone that this machine has no data of. Source: IANA tz database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; one reads like Europe/Vienna") from error
    return name


Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]  # ISO 3166-1 alpha-2
Iccid = Annotated[str, StringConstraints(pattern=r"^[0-9A-F]{18,20}$")]  # ITU-T E.118
E164 = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]  # ITU-T E.164
Pin = Annotated[SecretStr, AfterValidator(_digits)]
CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]  # ISO 4217
Zone = Annotated[str, AfterValidator(_known_zone)]  # IANA name
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=4, allow_inf_nan=False)]
TcpPort = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A table of a TOML file of ours: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
