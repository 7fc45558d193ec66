"""The account's books: cash, holdings, what was realised, what each trade cost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from alvh_trader.sim import margin
from alvh_trader.sim.margin import Requirement
from alvh_trader.sim.model import AccountValues, Holding, HoldingValue, Listing
from alvh_trader.sim.option_margin import Held

_FEES = {
    # Broker's commission and exchange fees of one contract, in USD.
    "SPX": Decimal("1.35"),
    "SPXW": Decimal("1.35"),
    "VIX": Decimal("1.00"),
    "VIXW": Decimal("1.00"),
    "VX": Decimal("2.37"),
    "VXM": Decimal("0.52"),
    "XSP": Decimal("0.70"),
    "SPY": Decimal("0.70"),
}
_A_SHARE, _A_STOCK_TRADE = Decimal("0.005"), Decimal(1)
"""Of a stock: USD a share, and at least for a trade (the broker's fixed rate)."""

_CENT = Decimal("0.01")


def commission(listing: Listing, quantity: int) -> Decimal:
    """Return what trading `quantity` contracts or shares costs."""
    if listing.sec_type == "STK":
        return max(_A_SHARE * abs(quantity), _A_STOCK_TRADE)
    return _FEES[listing.trading_class] * abs(quantity)


@dataclass(slots=True)
class Position:
    """A signed holding; `cost` is USD per contract, multiplier and fees included.

    `realized` and `spent` are of today: spent is what today's trades took in cash,
    `opening` the value at the last close (of what was held then).
    """

    listing: Listing
    quantity: int
    cost: Decimal
    realized: Decimal = Decimal(0)
    spent: Decimal = Decimal(0)
    opening: Decimal = Decimal(0)

    @property
    def is_future(self) -> bool:
        """Whether only the change of price is worth anything."""
        return self.listing.sec_type == "FUT"

    def value(self, price: Decimal) -> Decimal:
        """Return the market value of the holding in USD."""
        return price * self.listing.multiplier * self.quantity

    def unrealized(self, price: Decimal) -> Decimal:
        """Return the profit that closing at `price` would realise."""
        return self.value(price) - self.cost * self.quantity

    def worth(self, price: Decimal) -> Decimal:
        """Return what the holding adds to net liquidation."""
        return self.unrealized(price) if self.is_future else self.value(price)


class Ledger:
    """Cash and positions of one account."""

    def __init__(self, account: str, cash: Decimal) -> None:
        self.account = account
        self.cash = cash
        self._positions: dict[int, Position] = {}

    @property
    def positions(self) -> tuple[Position, ...]:
        """All positions of today, closed ones (quantity 0) included."""
        return tuple(self._positions.values())

    def quantities(self) -> dict[int, int]:
        """Return what is held, signed, by contract id."""
        return {c: p.quantity for c, p in self._positions.items() if p.quantity}

    def trade(
        self, listing: Listing, quantity: int, price: Decimal
    ) -> tuple[Decimal, Decimal | None]:
        """Book a trade; return its commission and the profit it realised (or None)."""
        fee = commission(listing, quantity)
        realized = self.book(listing, quantity, price, fee)
        return fee, realized

    def book(
        self, listing: Listing, quantity: int, price: Decimal, fee: Decimal
    ) -> Decimal | None:
        """Book a trade or a settlement of signed `quantity` at `price` points."""
        held = self._positions.get(listing.con_id)
        if held is None:
            held = self._positions[listing.con_id] = Position(listing, 0, Decimal(0))
        amount = price * listing.multiplier
        closing = 0
        if held.quantity * quantity < 0:
            closing = max(-abs(held.quantity), min(abs(held.quantity), quantity))
        opening = quantity - closing
        fee_each = fee / abs(quantity)
        realized = None
        if closing:
            # Closing -q of a holding earns its price less its cost, less the fee.
            realized = (held.cost - amount) * closing - fee_each * abs(closing)
            held.realized += realized
            held.quantity += closing
        if opening:
            each = amount + (fee_each if opening > 0 else -fee_each)
            total = held.cost * held.quantity + each * opening
            held.quantity += opening
            held.cost = total / held.quantity
        spent = amount * quantity + fee
        held.spent += spent
        if held.is_future:
            # The fee of opening sits in the cost, and so in the open profit.
            self.cash += realized if realized is not None else Decimal(0)
        else:
            self.cash -= spent
        return realized

    def begin_day(self, marks: Mapping[int, Decimal]) -> None:
        """Forget yesterday's trades; `marks` are last night's prices."""
        for con_id, held in list(self._positions.items()):
            if not held.quantity:
                del self._positions[con_id]
                continue
            held.realized = held.spent = Decimal(0)
            held.opening = held.value(marks[con_id])

    def requirement(
        self,
        marks: Mapping[int, Decimal],
        underlying: Mapping[str, float],
        also: Iterable[tuple[Listing, int]] = (),
    ) -> Requirement:
        """Return the margin of everything held, with the trades `also` done.

        `marks` are prices by contract id, `underlying` levels by symbol.
        """
        net: dict[int, tuple[Listing, int]] = {
            con_id: (p.listing, p.quantity) for con_id, p in self._positions.items()
        }
        for listing, quantity in also:
            _, held = net.get(listing.con_id, (listing, 0))
            net[listing.con_id] = (listing, held + quantity)
        rows = [
            Held(listing=listing, quantity=quantity, price=marks[con_id])
            for con_id, (listing, quantity) in net.items()
            if quantity
        ]
        return margin.required(rows, underlying)

    def equity(self, marks: Mapping[int, Decimal]) -> Decimal:
        """Return equity with loan value: cash, stock, open profit of futures [doc].

        Options of the United States lend nothing: their premium is paid or held in
        cash. The broker takes the margin of futures off before; here it stays in.
        """
        return self.cash + sum(
            (
                p.worth(marks[c])
                for c, p in self._positions.items()
                if p.listing.sec_type != "OPT"
            ),
            Decimal(0),
        )

    def values(
        self, marks: Mapping[int, Decimal], underlying: Mapping[str, float]
    ) -> AccountValues:
        """Return the account with every holding at its mark."""
        rows = tuple(_valued(p, marks[c]) for c, p in self._positions.items())
        worth = dict.fromkeys(("OPT", "STK", "FUT"), Decimal(0))
        gross = Decimal(0)
        for con_id, held in self._positions.items():
            amount = held.worth(marks[con_id])
            worth[held.listing.sec_type] += amount
            gross += Decimal(0) if held.is_future else abs(amount)
        needs = self.requirement(marks, underlying)
        equity = self.equity(marks)
        free = equity - needs.initial
        return AccountValues(
            account=self.account,
            cash=_usd(self.cash),
            net_liquidation=_usd(self.cash + sum(worth.values())),
            equity_with_loan=_usd(equity),
            initial_margin=_usd(needs.initial),
            maintenance_margin=_usd(needs.maintenance),
            available_funds=_usd(free),
            excess_liquidity=_usd(equity - needs.maintenance),
            buying_power=_usd(max(free, Decimal(0)) * 4),
            option_value=_usd(worth["OPT"]),
            stock_value=_usd(worth["STK"]),
            gross_value=_usd(gross),
            futures_profit=_usd(worth["FUT"]),
            daily=sum((row.daily for row in rows), Decimal(0)),
            unrealized=sum((row.unrealized for row in rows), Decimal(0)),
            realized=sum((row.realized for row in rows), Decimal(0)),
            holdings=rows,
        )


def _valued(held: Position, price: Decimal) -> HoldingValue:
    return HoldingValue(
        holding=Holding(
            con_id=held.listing.con_id,
            quantity=held.quantity,
            average_cost=held.cost.quantize(Decimal("0.0001")),
        ),
        price=price,
        value=_usd(held.value(price)),
        unrealized=_usd(held.unrealized(price)),
        realized=_usd(held.realized),
        daily=_usd(held.value(price) - held.opening - held.spent),
    )


def _usd(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT)
