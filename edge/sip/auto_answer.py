"""Headers that make a phone answer by itself."""

from edge.sip.dialog import Header

# Each vendor looks for one of these and does not mind the others:
# Call-Info with answer-after: Yealink, Grandstream, Snom; Alert-Info with info=alert-autoanswer:
# Grandstream, Yealink, Snom; "Auto Answer": Polycom; Answer-Mode (RFC 5373): Linphone.
HEADERS: tuple[Header, ...] = (
    ("Call-Info", "<sip:127.0.0.1>;answer-after=0"),
    ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer"),
    ("Alert-Info", "Auto Answer"),
    ("Answer-Mode", "Auto"),
)
