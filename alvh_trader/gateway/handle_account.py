"""Answers to requests about the account: values, positions, profit and loss."""

from alvh_trader.gateway import account_reply, publisher
from alvh_trader.gateway.notices import invalid_account
from alvh_trader.gateway.session import Session
from alvh_trader.gateway.view import View
from alvh_trader.wire import account_reply as wire
from alvh_trader.wire import request


def account_updates(session: Session, asked: request.RequestAccountUpdates) -> None:
    """Send every account and portfolio value once, then keep them up to date."""
    streams, account = session.streams, session.floor.account_id
    streams.account = asked.subscribe
    streams.account_sent.clear()
    if not asked.subscribe:
        return
    if asked.account not in ("", account):
        streams.account = False
        session.error(-1, *invalid_account(asked.account))
        return
    publisher.send_account(session, View(session.floor.exchange))
    session.send(wire.AccountDownloadEnd(account))


def account_updates_multi(
    session: Session, asked: request.RequestAccountUpdatesMulti
) -> None:
    """Send the account values once, then keep them up to date."""
    account = session.floor.account_id
    if asked.account not in ("", account):
        session.error(asked.req_id, *invalid_account(asked.account))
        return
    view = View(session.floor.exchange)
    sent = session.streams.account_multi[asked.req_id] = {}
    for key, value, currency in account_reply.account_rows(view.account):
        sent[key, currency] = value
        session.send(
            wire.AccountUpdateMulti(asked.req_id, account, "", key, value, currency)
        )
    session.send(wire.AccountUpdateMultiEnd(asked.req_id))


def cancel_account_multi(
    session: Session, asked: request.CancelAccountUpdatesMulti
) -> None:
    """Stop a stream of account values."""
    session.streams.account_multi.pop(asked.req_id, None)


def account_summary(session: Session, asked: request.RequestAccountSummary) -> None:
    """Send the values asked for once, then keep them up to date."""
    tags = tuple(tag.strip() for tag in asked.tags.split(",") if tag.strip())
    session.streams.summaries[asked.req_id] = tags
    session.streams.summaries_sent.pop(asked.req_id, None)
    publisher.send_summary(session, asked.req_id, View(session.floor.exchange))
    session.send(wire.AccountSummaryEnd(asked.req_id))


def cancel_summary(session: Session, asked: request.CancelAccountSummary) -> None:
    """Stop an account summary."""
    session.streams.summaries.pop(asked.req_id, None)


def positions(session: Session, _: request.RequestPositions) -> None:
    """Send every holding once, then each that changes."""
    floor = session.floor
    session.streams.positions = True
    for listing, value in publisher.holdings(floor, View(floor.exchange)):
        session.send(account_reply.position(listing, value, floor.account_id))
    session.send(wire.PositionEnd())


def cancel_positions(session: Session, _: request.CancelPositions) -> None:
    """Stop the stream of positions."""
    session.streams.positions = False


def positions_multi(session: Session, asked: request.RequestPositionsMulti) -> None:
    """Send every holding once, then each that changes."""
    floor = session.floor
    if asked.account not in ("", floor.account_id):
        session.error(asked.req_id, *invalid_account(asked.account))
        return
    session.streams.positions_multi.add(asked.req_id)
    for listing, value in publisher.holdings(floor, View(floor.exchange)):
        session.send(
            account_reply.position_multi(listing, value, floor.account_id, asked.req_id)
        )
    session.send(wire.PositionMultiEnd(asked.req_id))


def cancel_positions_multi(
    session: Session, asked: request.CancelPositionsMulti
) -> None:
    """Stop a stream of positions."""
    session.streams.positions_multi.discard(asked.req_id)


def pnl(session: Session, asked: request.RequestPnl) -> None:
    """Stream the account's profit and loss."""
    if asked.account not in ("", session.floor.account_id):
        session.error(asked.req_id, *invalid_account(asked.account))
        return
    session.streams.pnl[asked.req_id] = ()
    publisher.send_pnl(session, View(session.floor.exchange))


def cancel_pnl(session: Session, asked: request.CancelPnl) -> None:
    """Stop a stream of profit and loss."""
    session.streams.pnl.pop(asked.req_id, None)


def pnl_single(session: Session, asked: request.RequestPnlSingle) -> None:
    """Stream one holding's profit and loss."""
    session.streams.pnl_single[asked.req_id] = asked.con_id
    session.streams.pnl_single_sent.pop(asked.req_id, None)
    publisher.send_pnl(session, View(session.floor.exchange))


def cancel_pnl_single(session: Session, asked: request.CancelPnlSingle) -> None:
    """Stop a stream of one holding's profit and loss."""
    session.streams.pnl_single.pop(asked.req_id, None)
