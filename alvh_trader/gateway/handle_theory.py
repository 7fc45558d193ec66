"""Answers to questions what an option is worth, or what volatility it implies."""

from decimal import Decimal

from alvh_trader.gateway.handle_market import only_listing
from alvh_trader.gateway.notices import invalid
from alvh_trader.gateway.session import Session
from alvh_trader.sim.model import Listing, OptionGreeks
from alvh_trader.wire import market_request
from alvh_trader.wire.contract import ContractSpec
from alvh_trader.wire.market_reply import TickOptionComputation

ASKED_FOR = 53
"""The kind of tick that answers [cap]."""

_NOT_POSITIVE = invalid("Option price, volatility and underlying must be positive")


def option_price(session: Session, asked: market_request.RequestOptionPrice) -> None:
    """Send price and greeks at the volatility and underlying price asked for."""
    option = _option(session, asked.req_id, asked.contract)
    if option is None:
        return
    volatility, underlying = _number(asked.volatility), _number(asked.underlying_price)
    if volatility is None or underlying is None:
        session.error(asked.req_id, *_NOT_POSITIVE)
        return
    theory = session.floor.exchange.theory(option)
    session.send(_computed(asked.req_id, theory.at(volatility, underlying)))


def implied_volatility(
    session: Session, asked: market_request.RequestImpliedVolatility
) -> None:
    """Send the volatility that explains a price; where none does, unknown values."""
    option = _option(session, asked.req_id, asked.contract)
    if option is None:
        return
    price, underlying = _number(asked.option_price), _number(asked.underlying_price)
    if price is None or underlying is None:
        session.error(asked.req_id, *_NOT_POSITIVE)
        return
    theory = session.floor.exchange.theory(option)
    volatility = theory.implied(price, underlying)
    if volatility is None:
        unknown = TickOptionComputation(
            req_id=asked.req_id, kind=ASKED_FOR, price=price, underlying=underlying
        )
        session.send(unknown)
        return
    session.send(_computed(asked.req_id, theory.at(volatility, underlying)))


def _option(session: Session, req_id: int, spec: ContractSpec) -> Listing | None:
    listing = only_listing(session, req_id, spec)
    if listing is None or listing.sec_type == "OPT":
        return listing
    session.error(req_id, *invalid("The contract is not an option"))
    return None


def _number(value: float | Decimal | None) -> float | None:
    return float(value) if value is not None and value > 0 else None


def _computed(req_id: int, theory: OptionGreeks) -> TickOptionComputation:
    return TickOptionComputation(
        req_id=req_id,
        kind=ASKED_FOR,
        implied_volatility=theory.implied_volatility,
        delta=theory.delta,
        price=theory.price,
        gamma=theory.gamma,
        vega=theory.vega,
        theta=theory.theta,
        underlying=theory.underlying,
    )
