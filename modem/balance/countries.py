"""What a country's texts are written in: its currency (ISO 4217) and its order of dates."""

from config.carriers import DateOrder
from modem.balance.tables import table

_TABLE = table("countries")
_CURRENCY = {
    country: currency for currency, countries in _TABLE["currency"].items() for country in countries
}
_ORDER = {
    country: DateOrder(order)
    for order, countries in _TABLE["date_order"].items()
    for country in countries
}
CURRENCY_CODES = frozenset(_TABLE["currency"]) | frozenset(_TABLE["former"])


def currency_of(country: str | None) -> str | None:
    """Return the currency of a country (ISO 3166-1 alpha-2), None for one that is unknown."""
    return _CURRENCY.get((country or "").upper())


def date_order_of(country: str | None) -> DateOrder:
    """Return the order in which a country writes dates; day first where nothing is known."""
    return _ORDER.get((country or "").upper(), DateOrder.DMY)
