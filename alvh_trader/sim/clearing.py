"""Clearing: the account at its marks, what orders would do to it, and settlements."""

from decimal import Decimal

from alvh_trader.sim import rules
from alvh_trader.sim.board import Board
from alvh_trader.sim.cents import rounded
from alvh_trader.sim.ledger import Ledger, Position, commission
from alvh_trader.sim.market import Market
from alvh_trader.sim.model import (
    AccountValues,
    Listing,
    MarginPreview,
    Refusal,
    SimOrder,
)
from alvh_trader.sim.products import OPTIONS, STOCK
from alvh_trader.sim.start import condor

LEAST_EXERCISED = 0.01
"""In the money by this much, an option that delivers is exercised (OCC rule 805)."""


class Clearing:
    """Stands between the ledger, which knows no prices, and the board."""

    def __init__(self, market: Market, board: Board, ledger: Ledger) -> None:
        self._market = market
        self._board = board
        self._ledger = ledger

    def values(self) -> AccountValues:
        """Return the account marked to the market."""
        return self._ledger.values(self.marks(), self._board.levels())

    def marks(self) -> dict[int, Decimal]:
        """Return the fair price of everything held, by contract id."""
        return self._board.marks([held.listing for held in self._ledger.positions])

    def begin_day(self, marks: dict[int, Decimal]) -> None:
        """Begin a day's accounts; `marks` are last night's."""
        self._ledger.begin_day(marks)

    def open_position(self) -> None:
        """Book the starting position at the prices of the evening before."""
        legs = condor(self._market, self._board, self._board.listed)
        for leg in legs:
            fee = commission(leg.listing, leg.quantity)
            self._ledger.book(leg.listing, leg.quantity, leg.price, fee)
        self._ledger.begin_day({leg.listing.con_id: leg.price for leg in legs})

    def settle(self, *, at_open: bool) -> None:
        """Pay out holdings that settle now: AM series at the open, PM at the close.

        Options on SPY deliver shares, the others cash. What settles on VIX does so at
        its special opening quotation; that of SPX is its opening print (assumption).
        """
        tape = self._board.session.tape
        levels = self._board.levels(0 if at_open else -1)
        if at_open:
            levels["VIX"] = levels["VXM"] = self._board.vix_settlement()
        for held in self._ledger.positions:
            listing = held.listing
            is_pm = listing.sec_type == "OPT" and listing.expiry == listing.last_trade
            if listing.expiry != tape.day or is_pm == at_open or not held.quantity:
                continue
            final = _final(listing, levels[listing.symbol])
            if listing.sec_type == "OPT" and OPTIONS[listing.trading_class].is_american:
                self._deliver(held, exercised=final >= LEAST_EXERCISED)
                continue
            self._ledger.book(listing, -held.quantity, rounded(final), Decimal(0))

    def _deliver(self, held: Position, *, exercised: bool) -> None:
        """End an option that delivers: its stock changes hands at the strike."""
        option, quantity = held.listing, held.quantity
        self._ledger.book(option, -quantity, Decimal(0), Decimal(0))
        if exercised:
            shares = quantity * option.multiplier * (1 if option.right == "C" else -1)
            strike = Decimal(str(option.strike))
            self._ledger.book(STOCK, shares, strike, Decimal(0))

    def preview(self, order: SimOrder) -> MarginPreview | Refusal:
        """Return what the order, filled whole, would do to margin and equity."""
        refusal = rules.refused(order, self._board.listed.by_id)
        if refusal is not None:
            return refusal
        trades = self._trades(order)
        ledger, levels = self._ledger, self._board.levels()
        held = [it.listing for it in ledger.positions]
        marks = self._board.marks([*held, *(listing for listing, _ in trades)])
        before = ledger.requirement(marks, levels)
        after = ledger.requirement(marks, levels, trades)
        fees = sum((commission(o, q) for o, q in trades), Decimal(0))
        equity = ledger.equity(marks)
        return MarginPreview(
            init_before=before.initial,
            init_after=after.initial,
            maint_before=before.maintenance,
            maint_after=after.maintenance,
            equity_before=equity,
            equity_after=equity - self._premium(order) - fees,
            commission=fees,
        )

    def _trades(self, order: SimOrder) -> list[tuple[Listing, int]]:
        """Return what the rest of the order would trade, by leg."""
        sign = 1 if order.action == "BUY" else -1
        trades = []
        for leg, listing in rules.leg_listings(order, self._board.listed.by_id):
            side = -sign if order.sec_type == "BAG" and leg.action == "SELL" else sign
            trades.append((listing, side * leg.ratio * order.remaining))
        return trades

    def _premium(self, order: SimOrder) -> Decimal:
        """Return the cash that the order, filled whole, pays (negative: gets)."""
        (first, _), *_rest = self._trades(order)
        if first.sec_type == "FUT":
            return Decimal(0)
        price = order.limit
        if order.order_type == "MKT" or price is None:
            is_combo = order.sec_type == "BAG"
            board, legs = self._board, order.legs
            top = board.combo(legs) if is_combo else board.tops([legs[0].con_id])[0]
            price = (top.ask if order.action == "BUY" else top.bid) or Decimal(0)
        sign = 1 if order.action == "BUY" else -1
        return sign * price * first.multiplier * order.remaining

    def unaffordable(self, order: SimOrder) -> Refusal | None:
        """Return a refusal if the order would need funds that are not there."""
        after = self.preview(order)
        if isinstance(after, Refusal) or after.equity_after >= after.init_after:
            return None
        free_after = after.equity_after - after.init_after
        if free_after >= after.equity_before - after.init_before:
            # What frees more than it costs is never refused for lack of funds.
            return None
        return rules.short_of_funds(order, after.equity_after, after.init_after)


def _final(listing: Listing, level: float) -> float:
    """Return the settlement value of one unit in points."""
    if listing.sec_type == "FUT":
        return level
    sign = 1.0 if listing.right == "C" else -1.0
    return max(0.0, sign * (level - listing.strike))
