"""The modem language, pure: bytes to lines, answers, URCs, PDUs, USSD, call states."""
