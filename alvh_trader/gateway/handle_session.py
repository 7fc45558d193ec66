"""Answers to requests about the session itself."""

from alvh_trader.gateway.notices import invalid
from alvh_trader.gateway.session import Session
from alvh_trader.wire import account_reply, request


def current_time(session: Session, _: request.RequestCurrentTime) -> None:
    """Answer with the simulated time; in lockstep, this is what moves it.

    The question says that the client has dealt with everything before it. So what
    happens until the new time is sent first, and the time itself last.
    """
    session.floor.pulse()
    session.send(account_reply.CurrentTime(int(session.floor.clock().timestamp())))


def managed_accounts(session: Session, _: request.RequestManagedAccounts) -> None:
    """Answer with all accounts."""
    session.send(account_reply.ManagedAccounts(",".join(session.floor.accounts)))


def next_ids(session: Session, _: request.RequestIds) -> None:
    """Answer with the next order number, which asking does not use up."""
    next_id = session.floor.next_id(session.client_id)
    session.send(account_reply.NextValidId(next_id))


def family_codes(session: Session, _: request.RequestFamilyCodes) -> None:
    """Answer with the accounts, which belong to no family."""
    rows = [account_reply.FamilyCode(name, "") for name in session.floor.accounts]
    session.send(account_reply.FamilyCodes(tuple(rows)))


def soft_dollar_tiers(session: Session, asked: request.RequestSoftDollarTiers) -> None:
    """Answer that there are none."""
    session.send(account_reply.SoftDollarTiers(asked.req_id))


def news_providers(session: Session, _: request.RequestNewsProviders) -> None:
    """Answer that there are none."""
    session.send(account_reply.NewsProviders())


def user_info(session: Session, asked: request.RequestUserInfo) -> None:
    """Answer that there is no white branding."""
    session.send(account_reply.UserInfo(asked.req_id))


def start_again(session: Session, _: request.StartApi) -> None:
    """Refuse a second start."""
    session.error(-1, *invalid("The API is already started"))


def nothing(_session: Session, _asked: object) -> None:
    """Take note; nothing is answered."""
