"""What live trading is armed for: one program, host and account, for a while."""

from datetime import datetime

from msgspec import Struct


class Identity(Struct, frozen=True, kw_only=True):
    """What runs where: whatever of it changes, nobody has armed the result.

    `config` and `build` are digests of the configuration and of the program's source.
    """

    mode: str = ""
    account: str = ""
    host: str = ""
    config: str = ""
    build: str = ""

    def changed(self, other: "Identity") -> tuple[str, ...]:
        """Return the names of the parts that `other` has otherwise.

        >>> Identity(host="a", build="1").changed(Identity(host="a", build="2"))
        ('build',)
        """
        names = self.__struct_fields__
        return tuple(n for n in names if getattr(self, n) != getattr(other, n))


class Arm(Struct, frozen=True, kw_only=True):
    """That a person let this program trade live, who it was, and until when."""

    identity: Identity
    by: str
    at: datetime
    expires: datetime
