"""Let nautilus_trader's adapter connect, load a chain and read the account.

Runs in an environment of its own, in which nautilus_trader is and alvh_trader is not.
usage: python nautilus.py PORT ACCOUNT EXPIRY    (EXPIRY is YYYYMMDD)

Prints one line of JSON with what it has; exit code 1 if that is not a chain and an
account.
"""

import json
import sys

from nautilus_trader.adapters.interactive_brokers.common import IB, IBContract
from nautilus_trader.adapters.interactive_brokers.config import (
    InteractiveBrokersDataClientConfig,
    InteractiveBrokersExecClientConfig,
    InteractiveBrokersInstrumentProviderConfig,
)
from nautilus_trader.adapters.interactive_brokers.factories import (
    InteractiveBrokersLiveDataClientFactory,
    InteractiveBrokersLiveExecClientFactory,
)
from nautilus_trader.config import LoggingConfig, TradingNodeConfig
from nautilus_trader.live.node import TradingNode
from nautilus_trader.model.identifiers import TraderId, Venue
from nautilus_trader.model.instruments import OptionContract
from nautilus_trader.trading.strategy import Strategy

OPTIONS_MIN = 100


class Look(Strategy):
    """Note what the node has loaded by the time a strategy may start."""

    def __init__(self, node: TradingNode) -> None:
        super().__init__()
        self.node = node
        self.seen: dict[str, object] = {}

    def on_start(self) -> None:
        """Look at the instruments and the account, and stop the node."""
        instruments = self.cache.instruments()
        options = [it for it in instruments if isinstance(it, OptionContract)]
        account = self.cache.account_for_venue(Venue(IB)) or next(
            iter(self.cache.accounts()), None
        )
        self.seen = {
            "options": len(options),
            "others": sorted(
                str(it.id) for it in instruments if not isinstance(it, OptionContract)
            ),
            "account": None if account is None else str(account.id),
            "balance": None
            if account is None
            else {str(k): str(v) for k, v in account.balances_total().items()},
            "positions": len(self.cache.positions_open()),
        }
        self.node.kernel.loop.call_soon(self.node.stop)


def main(port: int, account: str, expiry: str) -> int:
    """Run a node until it has started."""
    provider = InteractiveBrokersInstrumentProviderConfig(
        load_all=True,
        # Options come with an empty primary exchange, as from IB; this version of the
        # adapter wants to be told the venue.
        convert_exchange_to_mic_venue=True,
        symbol_to_mic_venue={"SPX": "XCBO"},
        load_contracts=frozenset(
            {
                IBContract(
                    secType="IND",
                    symbol="SPX",
                    exchange="CBOE",
                    currency="USD",
                    build_options_chain=True,
                    options_chain_exchange="SMART",
                    lastTradeDateOrContractMonth=expiry,
                )
            }
        ),
    )
    where = {"ibg_host": "127.0.0.1", "ibg_port": port, "connection_timeout": 60}
    node = TradingNode(
        TradingNodeConfig(
            trader_id=TraderId("PROBE-001"),
            logging=LoggingConfig(log_level="WARNING"),
            data_clients={
                IB: InteractiveBrokersDataClientConfig(
                    ibg_client_id=31, instrument_provider=provider, **where
                )
            },
            exec_clients={
                IB: InteractiveBrokersExecClientConfig(
                    ibg_client_id=31,
                    account_id=account,
                    instrument_provider=provider,
                    **where,
                )
            },
            timeout_connection=90.0,
            timeout_reconciliation=20.0,
            timeout_portfolio=20.0,
            timeout_disconnection=5.0,
            timeout_post_stop=2.0,
        )
    )
    look = Look(node)
    node.trader.add_strategy(look)
    node.add_data_client_factory(IB, InteractiveBrokersLiveDataClientFactory)
    node.add_exec_client_factory(IB, InteractiveBrokersLiveExecClientFactory)
    node.build()
    try:
        node.run()
    finally:
        node.dispose()
    print(json.dumps(look.seen))
    return (
        0 if look.seen.get("options", 0) >= OPTIONS_MIN and look.seen["account"] else 1
    )


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
