"""The tasks of a web shop; `TASKS=shop` registers all of them."""

from shop import accounts, geocoding, images, imports, mail, newsletter, rates, reports

__all__ = [
    "accounts",
    "geocoding",
    "images",
    "imports",
    "mail",
    "newsletter",
    "rates",
    "reports",
]
