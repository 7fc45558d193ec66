"""One number held against one bound: the atom of every explanation."""

from msgspec import Struct


class Finding(Struct, frozen=True, array_like=True):
    """A test that was made: `what` was `value`, `bound` was asked for, `holds` or not.

    `value` and `bound` are words ("0.9423 %", ">= 0.94 %"), ready to be read.
    """

    what: str
    value: str
    bound: str
    holds: bool
