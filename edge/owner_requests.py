"""What a request of the owner may hold, checked before anything is done."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config.fields import Amount, CurrencyCode, Iccid
from edge.control import Refused

VOUCHERS_MAX = 1_000_000  # characters of a file of vouchers
NUMBERS_MAX = 1000
ENTRIES_MAX = 1000

M = TypeVar("M", bound="Request")


class Request(BaseModel):
    """What they all share: unknown fields are errors, what was sent is in no error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class ImportVouchers(Request):
    """A whole file, and what holds for lines that do not say it."""

    text: Annotated[str, Field(max_length=VOUCHERS_MAX, repr=False)]
    carrier: Annotated[str, Field(max_length=60)] | None = None
    amount: Amount | None = None
    currency: CurrencyCode | None = None


class ReadLedger(Request):
    """The last entries, of a SIM, of a line's SIM, or of all."""

    sim: Iccid | None = None
    line: str | None = None
    limit: Annotated[int, Field(ge=1, le=ENTRIES_MAX)] = 20


class Numbers(Request):
    """Numbers as people write them."""

    numbers: Annotated[list[str], Field(min_length=1, max_length=NUMBERS_MAX)]


class ExportSim(Request):
    """A SIM by its ICCID."""

    iccid: Iccid


class ImportSim(Request):
    """A file of `sim export`; `force` lowers counters."""

    file: dict[str, Any]
    force: bool = False


def read(kind: type[M], payload: dict[str, Any]) -> M:
    """Read a request; raises Refused with what is wrong first."""
    try:
        return kind.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Refused(f"{place}: {first['msg']}.") from None
