"""Guards: the rules that can refuse a call for what it is, whichever line it would take."""
