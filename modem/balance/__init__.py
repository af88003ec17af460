"""Balance texts of the world's carriers, read into amounts, dates and buckets."""

from modem.balance.countries import currency_of, date_order_of
from modem.balance.facts import Balance, Bucket
from modem.balance.reader import read_balance

__all__ = ["Balance", "Bucket", "currency_of", "date_order_of", "read_balance"]
