"""Money: balances, vouchers and top-ups, with an append-only ledger as the only truth."""
