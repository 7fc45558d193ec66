"""Answers to requests about contracts, option chains and market rules."""

from alvh_trader.gateway import listing_reply
from alvh_trader.gateway.moment import day_text
from alvh_trader.gateway.notices import NOT_FOUND, invalid
from alvh_trader.gateway.session import Session
from alvh_trader.sim import products
from alvh_trader.sim.model import Listing
from alvh_trader.wire import contract_reply, request

_SEC_TYPES = frozenset(
    {"STK", "OPT", "FUT", "IND", "CONTFUT", "FOP", "CASH", "BOND", "CFD", "WAR",
     "FUND", "CMDTY", "NEWS", "CRYPTO", "BAG", "FUT+CONTFUT", "IOPT", ""}
)  # fmt: skip


def contract_details(session: Session, asked: request.RequestContractDetails) -> None:
    """Describe each listing that matches, or say that there is none."""
    spec = asked.contract
    if spec.sec_type == "BAG":
        cause = "'BAG' isn't supported for contract data request."
        session.error(asked.req_id, *invalid(cause))
        return
    if spec.sec_type not in _SEC_TYPES:
        cause = "Please enter a valid security type"
        session.error(asked.req_id, *invalid(cause))
        return
    exchange = session.floor.exchange
    found = listing_reply.find(exchange, spec, include_expired=asked.include_expired)
    if not found:
        session.error(asked.req_id, *NOT_FOUND)
        return
    for listing in found:
        session.send(
            listing_reply.contract_data(exchange, listing, asked.req_id, spec.exchange)
        )
    session.send(contract_reply.ContractDataEnd(asked.req_id))


def option_parameters(session: Session, asked: request.RequestOptionParameters) -> None:
    """List each class of options on the underlying at each exchange."""
    classes = session.floor.exchange.option_parameters(asked.symbol)
    for row in classes:
        if asked.exchange not in ("", row.exchange):
            continue
        if asked.con_id not in (0, row.underlying):
            session.error(asked.req_id, *invalid("Invalid contract id"))
            return
        session.send(
            contract_reply.OptionParameters(
                req_id=asked.req_id,
                exchange=row.exchange,
                under_con_id=row.underlying,
                trading_class=row.trading_class,
                multiplier=str(row.multiplier),
                expirations=tuple(day_text(day) for day in row.expirations),
                strikes=row.strikes,
            )
        )
    session.send(contract_reply.OptionParametersEnd(asked.req_id))


def market_rule(session: Session, asked: request.RequestMarketRule) -> None:
    """Send the price increments of a rule."""
    rows = products.market_rule(asked.rule_id)
    if not rows:
        session.error(-1, *invalid("Invalid market rule id"))
        return
    increments = tuple(contract_reply.PriceIncrement(low, step) for low, step in rows)
    session.send(contract_reply.MarketRule(asked.rule_id, increments))


def matching_symbols(session: Session, asked: request.RequestMatchingSymbols) -> None:
    """Send the indexes and stocks whose symbol begins with the pattern."""
    exchange = session.floor.exchange
    pattern = asked.pattern.upper()
    rows = tuple(
        contract_reply.SymbolSample(
            con_id=listing.con_id,
            symbol=listing.symbol,
            sec_type=listing.sec_type,
            primary_exchange=listing.primary_exchange,
            currency="USD",
            derivatives=_derivatives(session, listing),
            description=listing.long_name,
        )
        for sec_type in ("IND", "STK")
        for listing in exchange.find(sec_type=sec_type)
        if pattern and listing.symbol.startswith(pattern)
    )
    session.send(contract_reply.SymbolSamples(asked.req_id, rows))


def _derivatives(session: Session, listing: Listing) -> tuple[str, ...]:
    exchange = session.floor.exchange
    options = ("OPT", "BAG") if exchange.option_parameters(listing.symbol) else ()
    futures = exchange.find(symbol=listing.symbol, sec_type="FUT")
    return (*(("FUT",) if futures else ()), *options)


def smart_components(session: Session, asked: request.RequestSmartComponents) -> None:
    """Send the one exchange behind every quote."""
    row = contract_reply.SmartComponent(0, "CBOE", "B")
    session.send(contract_reply.SmartComponents(asked.req_id, (row,)))


def depth_exchanges(session: Session, _: request.RequestDepthExchanges) -> None:
    """Answer that no exchange has depth."""
    session.send(contract_reply.DepthExchanges())
