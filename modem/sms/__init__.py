"""SMS in PDU mode (3GPP TS 23.040, 23.038, 27.005)."""
