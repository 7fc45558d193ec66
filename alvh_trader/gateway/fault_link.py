"""Faults of the link: between client and gateway, and from there to the broker."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct, structs

from alvh_trader.gateway.fault import Active, Fault, OnRequest, Then
from alvh_trader.gateway.session import Session
from alvh_trader.wire.account_reply import CurrentTime, ManagedAccounts, NextValidId
from alvh_trader.wire.handshake import Hello
from alvh_trader.wire.order_request import PlaceOrder
from alvh_trader.wire.request import StartApi

LOST = "Connectivity between IB and Trader Workstation has been lost."
BROKEN = (
    "Connectivity between Trader Workstation and server is broken. "
    "It will be restored automatically."
)
RESTORED = "Connectivity between IB and Trader Workstation has been restored"
FARMS = "All data farms are connected: usfarm; ushmds; secdefil."
FARM_NOTICES = (
    (2103, 2104, "Market data farm connection is {}:usfarm"),
    (2105, 2106, "HMDS data farm connection is {}:ushmds"),
)
IN_USE = (
    "Unable to connect as the client id is already in use. "
    "Retry with a unique client id."
)
TOO_FAST = "Max rate of messages per second has been exceeded:max=50"
ROLLED_BACK = 5

FLOOD_MAX = 10_000


def _lost(it: Active) -> None:
    for _ in range(min(int(it.number), FLOOD_MAX)):
        it.tell(1100, LOST)


def _broken(it: Active) -> None:
    it.tell(2110, BROKEN)


def _restored(it: Active) -> None:
    it.tell(1102, f"{RESTORED} - data maintained. {FARMS}")


def _restored_empty(it: Active) -> None:
    for session in it.sessions():
        _forget_streams(session)
    it.tell(1101, f"{RESTORED} - data lost.")


def _forget_streams(session: Session) -> None:
    streams = session.streams
    for kind in (streams.lines, streams.ticks, streams.bars, streams.real_time):
        kind.clear()


def _lines_lost(it: Active) -> None:
    for session in it.sessions():
        _forget_streams(session)


def _farms_broken(it: Active) -> None:
    for broken, _, text in FARM_NOTICES:
        it.tell(broken, text.format("broken"))


def _farms_ok(it: Active) -> None:
    for _, fine, text in FARM_NOTICES:
        it.tell(fine, text.format("OK"))


def _farms_idle(it: Active) -> None:
    it.tell(
        2108,
        "Market data farm connection is inactive but should be available upon "
        "demand.usfarm",
    )
    it.tell(2119, "Market data farm is connecting:usfarm")


def _drop(it: Active) -> None:
    for session in it.sessions():
        session.tear()


def _die(it: Active) -> None:
    for session in it.sessions():
        session.hears = False
        session.fall_silent()


def _mute(it: Active) -> None:
    for session in it.sessions():
        session.fall_silent()


def _deafen(it: Active) -> None:
    for session in it.sessions():
        session.hears = False


def _roll_back(it: Active) -> None:
    for session in it.sessions():
        it.floor.roll_back_ids(session.client_id, int(it.number))


def _reset_ids(it: Active) -> None:
    for session in it.sessions():
        it.floor.roll_back_ids(session.client_id)


def _restart(it: Active) -> None:
    _roll_back(it)
    _drop(it)


def _drop_before(_it: Active, session: Session, _asked: PlaceOrder) -> bool:
    session.tear()
    return True


def _drop_after(it: Active, session: Session, message: Struct) -> list[Struct]:
    if isinstance(it.asked, PlaceOrder):
        session.tear()
        return []
    return [message]


def _client_in_use(_it: Active, session: Session, _asked: StartApi) -> bool:
    session.error(-1, 326, IN_USE)
    session.close()
    return True


def _too_fast(_it: Active, session: Session, asked: Struct) -> bool:
    if isinstance(asked, Hello):
        return False
    session.error(-1, 100, TOO_FAST)
    session.close()
    return True


def _nothing(_it: Active, _session: Session, _message: Struct) -> list[Struct]:
    return []


def _other_account(
    it: Active, _session: Session, message: ManagedAccounts
) -> list[Struct]:
    del message
    return [ManagedAccounts(it.value)]


def _wrong_time(it: Active, _session: Session, message: CurrentTime) -> list[Struct]:
    return [structs.replace(message, seconds=message.seconds + int(it.number))]


_ORDER: dict[type[Struct], OnRequest] = {PlaceOrder: _drop_before}
_WITHOUT_END: dict[str, Any] = {"lasts": None, "cuts": True, "silences": True}

LINK: Mapping[str, Fault] = MappingProxyType(
    {
        "1100": Fault(
            says="The link to the broker is lost (1100, sent `value` times) until "
            "the fault is ended, or 1101 or 1102 is called for",
            source="[doc]; never restored: reliability.md F28",
            value="1", begins=_lost, ends=_restored, **_WITHOUT_END,
        ),
        "1101": Fault(
            says="The link is lost for a while, then restored with data lost (1101): "
            "every stream has to be asked for again",
            source="[doc]", lasts=60.0, value="1", begins=_lost,
            ends=_restored_empty, cuts=True, silences=True,
        ),
        "1102": Fault(
            says="The link is lost for a while, then restored with data kept (1102)",
            source="[doc]; text of LEAN #251", lasts=60.0, value="1", begins=_lost,
            ends=_restored, cuts=True, silences=True,
        ),
        "2110": Fault(
            says="As 1102, announced by 2110",
            source="[doc]", lasts=60.0, begins=_broken, ends=_restored,
            cuts=True, silences=True,
        ),
        "flood_1100": Fault(
            says="As 1102, and 1100 is sent `value` times",
            source="LEAN #258 (833 times)", lasts=60.0, value="833", begins=_lost,
            ends=_restored, cuts=True, silences=True,
        ),
        "nightly_reset": Fault(
            says="The broker's nightly reset: flood_1100 and farm_flap, then restart",
            source="[doc]; LEAN #242; that they meet in one minute is an assumption",
            story=(Then(0, "flood_1100", 60.0), Then(10, "farm_flap"),
                   Then(60, "restart")),
        ),
        "restart": Fault(
            says="The gateway restarts: connections break, the port stays closed, and "
            f"order numbers roll back by `value` ({ROLLED_BACK})",
            source="LEAN #242 (60 to 80 seconds)", lasts=60.0, by_wall=True,
            value=str(ROLLED_BACK), begins=_restart, refuses=True,
        ),
        "refuse": Fault(
            says="Nobody listens on the port; connections that stand stay",
            source="[doc] 502", lasts=60.0, by_wall=True, refuses=True,
        ),
        "farm_flap": Fault(
            says="The data farms break (2103, 2105) and are back (2104, 2106); no "
            "stream says anything meanwhile",
            source="[cap] pyfutures; nautilus #3968 (3 seconds)", lasts=3.0,
            begins=_farms_broken, ends=_farms_ok, silences=True,
        ),
        "farm_idle": Fault(
            says="Notices that a farm is idle and connecting (2108, 2119)",
            source="[doc]", begins=_farms_idle,
        ),
        "silence": Fault(
            says="No stream says anything, without a notice",
            source="reliability.md F90", lasts=300.0, silences=True,
        ),
        "lines_lost": Fault(
            says="Every stream ends without a word; requests are still answered",
            source="reliability.md F95", begins=_lines_lost,
        ),
        "half_open": Fault(
            says="Black hole: connections stay open, and nothing passes either way "
            "ever again; new ones work",
            source="deepentropy/ibx #113", begins=_die,
        ),
        "mute": Fault(
            says="Connections stay open, and clients hear nothing on them any more; "
            "what they send is carried out",
            source="reliability.md F23", begins=_mute,
        ),
        "deaf": Fault(
            says="Connections stay open, and nothing that clients send on them "
            "arrives any more; they still hear",
            source="reliability.md F23", begins=_deafen,
        ),
        "drop": Fault(
            says="Connections break",
            source="[doc] 1300", begins=_drop,
        ),
        "drop_before_place": Fault(
            says="The connection breaks when an order arrives, which is lost",
            source="reliability.md F19", once=True, requests=_ORDER,
        ),
        "drop_after_place": Fault(
            says="The connection breaks when an order has arrived, before it is "
            "acknowledged; the order is live",
            source="reliability.md F19", once=True, replies={Struct: _drop_after},
        ),
        "326_after_reconnect": Fault(
            says="Connections break, and every client id stays in use (326) for a "
            "while",
            source="nautilus #4412", lasts=10.0, by_wall=True, begins=_drop,
            requests={StartApi: _client_in_use},
        ),
        "100": Fault(
            says="The next request is one too many in its second: error 100, and the "
            "connection is closed",
            source="[doc] order_limitations", once=True, requests={Struct: _too_fast},
        ),
        "no_nextValidId": Fault(
            says="The handshake stops short: no nextValidId",
            source="reliability.md F37", lasts=None, replies={NextValidId: _nothing},
        ),
        "no_managedAccounts": Fault(
            says="The handshake stops short: no managedAccounts",
            source="reliability.md F37", lasts=None,
            replies={ManagedAccounts: _nothing},
        ),
        "other_account": Fault(
            says="Another program has the port: the account is `value`",
            source="reliability.md F43", lasts=None, value="U9999999",
            replies={ManagedAccounts: _other_account},
        ),
        "clock_skew": Fault(
            says="The gateway's clock is `value` seconds ahead",
            source="reliability.md F100", lasts=None, value="30",
            replies={CurrentTime: _wrong_time},
        ),
        "nextid_rollback": Fault(
            says="The next order number of each connected client rolls back by `value`",
            source="LEAN #242", value=str(ROLLED_BACK), begins=_roll_back,
        ),
        "nextid_reset": Fault(
            says="The next order number of each connected client is 1 again",
            source="[doc] Reset API order ID sequence", begins=_reset_ids,
        ),
    }
)  # fmt: skip
