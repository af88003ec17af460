"""Money in the simulated world: tariffs, accounts, vouchers, and carriers that bar."""
