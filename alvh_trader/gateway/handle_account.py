"""Answers to requests about accounts: values, positions, profit and loss."""

from alvh_trader.gateway import account_reply, publisher
from alvh_trader.gateway.notices import TOO_MANY_SUMMARIES, account_problem
from alvh_trader.gateway.session import Session
from alvh_trader.gateway.streams import PnlStream, SummaryStream, ValueStream
from alvh_trader.gateway.view import View
from alvh_trader.wire import account_reply as wire
from alvh_trader.wire import request

SUMMARIES_MAX = 2
"""Summaries that one client may have at a time [doc]."""


def account_updates(session: Session, asked: request.RequestAccountUpdates) -> None:
    """Send every account and portfolio value once, then keep them up to date.

    One account at a time: another one's subscription takes the place of the first
    [doc: tws-api account_updates, positions].
    """
    streams = session.streams
    streams.account = None
    account = _found(session, -1, asked.account) if asked.subscribe else None
    if account is None:
        return
    streams.account = ValueStream(account)
    publisher.send_account(session, streams.account, View(session.floor.exchange))
    session.send(wire.AccountDownloadEnd(account))


def account_updates_multi(
    session: Session, asked: request.RequestAccountUpdatesMulti
) -> None:
    """Send the account values once, then keep them up to date."""
    account = _found(session, asked.req_id, asked.account)
    if account is None:
        return
    stream = session.streams.account_multi[asked.req_id] = ValueStream(account)
    publisher.send_multi(session, asked.req_id, stream, View(session.floor.exchange))
    session.send(wire.AccountUpdateMultiEnd(asked.req_id))


def cancel_account_multi(
    session: Session, asked: request.CancelAccountUpdatesMulti
) -> None:
    """Stop a stream of account values."""
    session.streams.account_multi.pop(asked.req_id, None)


def account_summary(session: Session, asked: request.RequestAccountSummary) -> None:
    """Send the values asked for once, of every account, then keep them up to date."""
    summaries = session.streams.summaries
    if asked.req_id not in summaries and len(summaries) >= SUMMARIES_MAX:
        session.error(asked.req_id, *TOO_MANY_SUMMARIES)
        return
    tags = tuple(tag.strip() for tag in asked.tags.split(",") if tag.strip())
    stream = summaries[asked.req_id] = SummaryStream(tags)
    publisher.send_summary(session, asked.req_id, stream, View(session.floor.exchange))
    session.send(wire.AccountSummaryEnd(asked.req_id))


def cancel_summary(session: Session, asked: request.CancelAccountSummary) -> None:
    """Stop an account summary."""
    session.streams.summaries.pop(asked.req_id, None)


def positions(session: Session, _: request.RequestPositions) -> None:
    """Send every holding of every account once, then each that changes."""
    floor = session.floor
    session.streams.positions = True
    view = View(floor.exchange)
    for account in floor.accounts:
        for listing, value in publisher.holdings(floor, view, account):
            session.send(account_reply.position(listing, value, account))
    session.send(wire.PositionEnd())


def cancel_positions(session: Session, _: request.CancelPositions) -> None:
    """Stop the stream of positions."""
    session.streams.positions = False


def positions_multi(session: Session, asked: request.RequestPositionsMulti) -> None:
    """Send every holding of one account once, then each that changes."""
    floor, req_id = session.floor, asked.req_id
    account = _found(session, req_id, asked.account)
    if account is None:
        return
    session.streams.positions_multi[req_id] = account
    for listing, value in publisher.holdings(floor, View(floor.exchange), account):
        session.send(account_reply.position_multi(listing, value, account, req_id))
    session.send(wire.PositionMultiEnd(req_id))


def cancel_positions_multi(
    session: Session, asked: request.CancelPositionsMulti
) -> None:
    """Stop a stream of positions."""
    session.streams.positions_multi.pop(asked.req_id, None)


def pnl(session: Session, asked: request.RequestPnl) -> None:
    """Stream an account's profit and loss."""
    account = _found(session, asked.req_id, asked.account)
    if account is not None:
        session.streams.pnl[asked.req_id] = PnlStream(account)
        publisher.send_pnl(session, View(session.floor.exchange))


def cancel_pnl(session: Session, asked: request.CancelPnl) -> None:
    """Stop a stream of profit and loss."""
    session.streams.pnl.pop(asked.req_id, None)


def pnl_single(session: Session, asked: request.RequestPnlSingle) -> None:
    """Stream one holding's profit and loss."""
    account = _found(session, asked.req_id, asked.account)
    if account is not None:
        session.streams.pnl_single[asked.req_id] = PnlStream(account, asked.con_id)
        publisher.send_pnl(session, View(session.floor.exchange))


def cancel_pnl_single(session: Session, asked: request.CancelPnlSingle) -> None:
    """Stop a stream of one holding's profit and loss."""
    session.streams.pnl_single.pop(asked.req_id, None)


def _found(session: Session, req_id: int, account: str) -> str | None:
    """Return the account that a request names; None, and an error, if there is none."""
    name = account or session.floor.account_id
    problem = account_problem(name, session.floor.accounts)
    if problem is not None:
        session.error(req_id, *problem)
        return None
    return name
