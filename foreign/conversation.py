"""Hold one and the same conversation with a gateway, through whichever library is here.

Runs in the environment of one client library, in which alvh_trader is not.
usage: python conversation.py PORT

All four libraries name requests and answers alike, for they follow IB's own; so a step
is a request's name and its arguments. The gateway is in lockstep: each step ends with
`reqCurrentTime`, whose answer comes after every other one. Prints one line of JSON:
what was heard how often, and what could not be decoded.
"""

import json
import logging
import sys

from libraries import Complaints, Heard, installed


class Talk:
    """The conversation, in parts that follow each other."""

    def __init__(self, via, heard):
        self.via = via
        self.heard = heard
        self.index = self.contract(symbol="SPX", secType="IND", exchange="CBOE")
        option = {"secType": "OPT", "exchange": "SMART", "multiplier": "100"}
        self.call = self.contract(
            symbol="VIX", tradingClass="VIX", strike=15.0, right="C",
            lastTradeDateOrContractMonth="20180417", **option,
        )  # fmt: skip
        self.puts = [
            self.contract(
                symbol="SPX", tradingClass="SPXW", strike=strike, right="P",
                lastTradeDateOrContractMonth="20180223", **option,
            )
            for strike in (2700.0, 2675.0)
        ]  # fmt: skip
        self.bag = self.contract(symbol="SPX", secType="BAG", exchange="SMART")
        self.account = ""
        self.call_id = 0

    def contract(self, **values):
        """Return a contract in dollars."""
        return self.via.new("Contract", **{"currency": "USD", **values})

    def limit(self, action, price, **more):
        """Return a limit order, or what `more` makes of it."""
        values = {"orderType": "LMT", "tif": "DAY", "lmtPrice": price, **more}
        return self.via.new("Order", action=action, totalQuantity=2, **values)

    def step(self, name, *args):
        """Ask something and hear all the answers."""
        self.via.ask(name, *args)
        self.via.wait()

    def reference(self):
        """Ask what there is."""
        self.via.wait()
        for number, it in enumerate((self.index, self.call, *self.puts), start=1):
            self.step("reqContractDetails", number, it)
        told = self.heard.values["contractDetails"]
        ids = {int(args[0]): args[1].contract.conId for args in told}
        self.call_id = ids[2]
        self.bag.comboLegs = [
            self.via.new("ComboLeg", conId=it, ratio=1, action=side, exchange="SMART")
            for it, side in ((ids[3], "BUY"), (ids[4], "SELL"))
        ]
        futures = self.contract(symbol="VIX", secType="FUT", exchange="CFE")
        self.step("reqContractDetails", 5, futures)
        nothing = self.contract(symbol="NOSUCH", secType="STK")
        self.step("reqContractDetails", 6, nothing)
        self.step("reqSecDefOptParams", 10, "SPX", "", "IND", ids[1])
        self.step("reqMatchingSymbols", 11, "VIX")
        self.step("reqMarketRule", 109)
        self.step("reqSmartComponents", 12, "9c0001")
        self.step("reqMktDepthExchanges")
        self.step("reqNewsProviders")

    def money(self):
        """Ask for the account."""
        account = self.heard.values["managedAccounts"][0][-1]
        if not isinstance(account, str):
            account = account[0]
        self.account = account = account.split(",")[0]
        self.step("reqManagedAccts")
        self.step("reqIds", 1)
        self.step("reqFamilyCodes")
        self.step("reqSoftDollarTiers", 13)
        self.step("reqUserInfo", 14)
        tags = "NetLiquidation,BuyingPower,Cushion"
        self.step("reqAccountSummary", 15, "All", tags)
        self.step("reqAccountUpdates", True, account)
        self.step("reqAccountUpdatesMulti", 16, account, "", True)
        self.step("reqPositions")
        self.step("reqPositionsMulti", 17, account, "")
        self.step("reqPnL", 18, account, "")
        self.step("reqPnLSingle", 19, account, "", self.call_id)

    def prices(self):
        """Ask for prices, now and in the past."""
        step, index, call = self.step, self.index, self.call
        step("reqMarketDataType", 1)
        step("reqMktData", 20, index, "", False, False, [])
        step("reqMktData", 21, call, "100,101,106", False, False, [])
        step("reqMktData", 22, self.bag, "", False, False, [])
        step("reqMktData", 23, call, "", True, False, [])
        kinds = ("Last", "AllLast", "BidAsk", "MidPoint")
        for number, kind in enumerate(kinds, start=24):
            step("reqTickByTickData", number, call, kind, 0, False)
        step("reqRealTimeBars", 28, index, 5, "TRADES", True, [])
        daily = ("", "5 D", "1 day", "TRADES", True, 1, False, [])
        step("reqHistoricalData", 30, index, *daily)
        step("reqHistoricalData", 31, index, "", "1 D", "1 hour", "TRADES", 1, 2, 0, [])
        step("reqHistoricalData", 32, index, "", "1 D", "5 mins", "TRADES", 1, 1, 1, [])
        step(
            "reqHistoricalData", 33, index, "", "3 D", "1 day", "SCHEDULE", 1, 1, 0, []
        )
        step("reqHistoricalData", 34, call, *daily)
        step("reqHeadTimeStamp", 35, index, "TRADES", 1, 1)
        for number, kind in enumerate(("TRADES", "BID_ASK", "MIDPOINT"), start=36):
            now = "20180122 10:00:00 US/Eastern"
            step("reqHistoricalTicks", number, call, "", now, 10, kind, 1, False, [])
        step("calculateImpliedVolatility", 40, call, 2.0, 12.0, [])
        step("calculateOptionPrice", 41, call, 0.9, 12.0, [])

    def orders(self):
        """Rest, change, cancel and fill: a call, a spread, and what is told of them."""
        step, call, bag, limit = self.step, self.call, self.bag, self.limit
        step("placeOrder", 1, call, limit("BUY", 1.0, whatIf=True))
        step("placeOrder", 1, call, limit("BUY", 0.05, orderRef="resting"))
        step("placeOrder", 1, call, limit("BUY", 0.1, orderRef="resting"))
        step("placeOrder", 2, call, limit("BUY", 1.111))
        step("reqOpenOrders")
        step("reqAllOpenOrders")
        step("reqAutoOpenOrders", True)
        step("cancelOrder", 1)
        step("cancelOrder", 77)
        step("placeOrder", 3, call, limit("BUY", 0, orderType="MKT"))
        step("placeOrder", 4, bag, limit("BUY", 20.0, orderRef="spread"))
        for _ in range(40):
            self.via.wait()
        self.kinds_of_orders()
        step("placeOrder", 30, bag, limit("SELL", 30.0, tif="GTC"))
        step("reqOpenOrders")
        step("reqGlobalCancel")
        step("reqExecutions", 50, self.via.new("Filter"))
        step("reqCompletedOrders", False)

    def kinds_of_orders(self):
        """Place one order of each kind that IB knows for options, and a bracket."""
        stop = {"orderType": "STP", "auxPrice": 0.05}
        for number, more in enumerate(
            (
                stop,
                {"orderType": "STP LMT", "auxPrice": 0.1, "lmtPrice": 0.05},
                {"orderType": "TRAIL", "auxPrice": 0.5, "trailStopPrice": 0.2},
                {"orderType": "LOC", "lmtPrice": 9.0},
                {"orderType": "MOC"},
                {"tif": "GTC", "lmtPrice": 9.0},
                {
                    "tif": "GTD",
                    "lmtPrice": 9.0,
                    "goodTillDate": "20180126 16:00:00 EST",
                },
                {"tif": "IOC", "lmtPrice": 9.0},
                {"tif": "OPG", "lmtPrice": 9.0},
                {"lmtPrice": 9.0, "outsideRth": True},
                {"lmtPrice": 9.0, "ocaGroup": "one", "ocaType": 1},
                {"lmtPrice": 9.5, "ocaGroup": "one", "ocaType": 1},
                {"orderType": "PEG MID", "lmtPrice": 9.0},
            ),
            start=10,
        ):
            self.step("placeOrder", number, self.call, self.limit("SELL", 9.0, **more))
        parent = self.limit("BUY", 0.1, transmit=False)
        self.step("placeOrder", 24, self.call, parent)
        profit = self.limit("SELL", 9.0, parentId=24, transmit=False)
        self.step("placeOrder", 25, self.call, profit)
        loss = self.limit("SELL", 0, parentId=24, **stop)
        self.step("placeOrder", 26, self.call, loss)

    def refusals(self):
        """Ask for what there is not."""
        self.step("reqMktDepth", 60, self.call, 5, False, [])
        self.step("reqFundamentalData", 61, self.index, "ReportSnapshot", [])
        self.step("requestFA", 1)
        self.step("reqNewsBulletins", True)
        self.step("reqScannerParameters")
        self.step("reqHistogramData", 62, self.index, 1, "3 days")
        self.step("reqWshMetaData", 63)

    def farewell(self):
        """Cancel what still streams, and one that does not."""
        for name, number in (
            ("cancelMktData", 20), ("cancelMktData", 21), ("cancelMktData", 999),
            ("cancelTickByTickData", 26), ("cancelRealTimeBars", 28),
            ("cancelHistoricalData", 32), ("cancelAccountSummary", 15),
            ("cancelPositionsMulti", 17), ("cancelPnL", 18), ("cancelPnLSingle", 19),
        ):  # fmt: skip
            self.step(name, number)
        self.step("cancelPositions")
        self.step("reqAccountUpdates", False, self.account)

    def all(self):
        """Say everything."""
        for part in (
            self.reference, self.money, self.prices, self.orders, self.refusals,
            self.farewell,
        ):  # fmt: skip
            part()


def main(port):
    """Talk, and say how it went."""
    complaints = Complaints()
    logging.getLogger().addHandler(complaints)
    heard = Heard()
    via = installed(heard)
    via.connect(port)
    version = via.version
    try:
        Talk(via, heard).all()
    finally:
        via.close()
    # A library also logs the gateway's own errors; those are no decode errors.
    said = {str(text) for error in heard.errors for text in error}
    strange = [
        line for line in complaints.lines if not any(s and s in line for s in said)
    ]
    print(
        json.dumps(
            {
                "version": version,
                "decoded": via.decoded,
                "heard": dict(sorted(heard.counts.items())),
                "errors": heard.errors,
                "failures": [*via.failures, *strange],
                "left_over": dict(via.left_over),
            }
        )
    )
    return 1 if via.failures or strange else 0


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1])))
