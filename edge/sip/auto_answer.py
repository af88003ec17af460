"""Headers that make a phone answer by itself, where its owner allows that."""

from edge.sip.dialog import Header

# Each phone looks for one of them and passes over the others. By the vendors' manuals:
# Call-Info answer-after: Grandstream, Snom, Gigaset, AudioCodes; Alert-Info alert-autoanswer:
# Yealink, Snom, Mitel, Gigaset; Alert-Info Ring Answer: Polycom; Answer-Mode is of RFC 5373, and
# read by baresip. Linphone has no header for it: it answers by its own setting alone.
HEADERS: tuple[Header, ...] = (
    ("Call-Info", "<sip:trunkline.invalid>;answer-after=0"),
    ("Alert-Info", "<http://trunkline.invalid>;info=alert-autoanswer;delay=0"),
    ("Alert-Info", "Ring Answer"),
    ("Answer-Mode", "Auto"),
)
