"""FXO voice modems (V.253) and the analogue exchange behind them.

`Loop` is the line as its exchange sees it, `Device` the modem at its end, `Stream` the sound on the
modem's one port. Facts of chips: field notes of their users and the makers' command references.
"""
