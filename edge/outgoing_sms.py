"""A message that is sent, as it is kept on disk until its end is known."""

from datetime import datetime

from pydantic import BaseModel, Field


class OutgoingSms(BaseModel):
    """A message on its way, as it is kept on disk until its end is known."""

    sms_id: str
    number: str
    text: str
    line: str
    cmd_id: str | None = None
    status_report: bool = False
    validity_s: float | None = None
    parts: int = 1
    references: list[int] = Field(default_factory=list)
    delivered: set[int] = Field(default_factory=set)
    at: datetime

    @property
    def sent(self) -> bool:
        """Whether the network took every part."""
        return len(self.references) == self.parts
