"""The search language: text to a frozen syntax tree and back; pure.

    crash "exact phrase" -wontfix status:todo,in_progress -label:"needs review" due:<7d sort:priority

Words and phrases must all be found, and every qualifier must hold; several values by comma mean any of them,
so `label:ui,api` is either label and `label:ui label:api` both. A leading `-` turns a word, a phrase or a
qualifier into its opposite. Whatever is no qualifier by its shape is text: URLs, paths, `12:30`, `a::b`.
`parse(str(parse(q))) == parse(q)` for every text that is a query.
"""

from __future__ import annotations

from rhythm_domain.days import Day
from rhythm_domain.query.help import HELP, ORDERS
from rhythm_domain.query.parser import MAX_CONDITIONS, MAX_LENGTH, MAX_TERMS, parse
from rhythm_domain.query.tokens import QueryError
from rhythm_domain.query.tree import (
    CURRENT,
    DAYS,
    ME,
    NEXT,
    PAST,
    Condition,
    Field,
    Has,
    Is,
    Op,
    Query,
    Sort,
    SortKey,
    Term,
    Value,
)

__all__ = [
    "CURRENT",
    "DAYS",
    "HELP",
    "MAX_CONDITIONS",
    "MAX_LENGTH",
    "MAX_TERMS",
    "ME",
    "NEXT",
    "ORDERS",
    "PAST",
    "Condition",
    "Day",
    "Field",
    "Has",
    "Is",
    "Op",
    "Query",
    "QueryError",
    "Sort",
    "SortKey",
    "Term",
    "Value",
    "parse",
]
