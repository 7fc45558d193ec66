"""The client libraries behind one face: requests by name, and what was answered.

ibapi and whatever redistributes it under the same name, ib_insync, and ib_async.
"""

import asyncio
import importlib
import inspect
import logging
import threading
from collections import Counter
from datetime import UTC

CLIENT_ID = 7
SECONDS = 30


class Complaints(logging.Handler):
    """Everything a library logs as an error."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        """Note one."""
        self.lines.append(record.getMessage())


class Heard:
    """What the gateway answered, as the library calls it."""

    def __init__(self):
        self.counts = Counter()
        self.values = {}
        self.errors = []
        self.time = threading.Event()
        self.on_time = self.time.set

    def take(self, name, args):
        """Note one callback."""
        self.counts[name] += 1
        self.values.setdefault(name, []).append(args)
        if name == "error":
            self.errors.append([x for x in args if isinstance(x, (int, str))][:3])
        if name == "currentTime":
            self.on_time()


class Counted(tuple):  # noqa: SLOT001 - it holds one number more
    """The fields of a message, which knows how many of them were asked for."""

    def __iter__(self):
        self.taken = 0
        for field in super().__iter__():
            self.taken += 1
            yield field


class Official:
    """ibapi, and what redistributes it under the same name."""

    def __init__(self, heard):
        client = importlib.import_module("ibapi.client")
        wrapper = importlib.import_module("ibapi.wrapper")
        self.types = {
            "Contract": importlib.import_module("ibapi.contract").Contract,
            "ComboLeg": importlib.import_module("ibapi.contract").ComboLeg,
            "Order": importlib.import_module("ibapi.order").Order,
            "Filter": importlib.import_module("ibapi.execution").ExecutionFilter,
        }
        self.failures = []
        self.decoded = 0
        self.left_over = Counter()
        names = [n for n in dir(wrapper.EWrapper) if not n.startswith("_")]
        methods = {name: self._method(heard, name) for name in names}
        listener = type("Listener", (wrapper.EWrapper,), methods)()
        self.client = client.EClient(listener)
        self.heard = heard
        self._thread = threading.Thread(target=self._run, daemon=True)

    @staticmethod
    def _method(heard, name):
        plain = getattr(importlib.import_module("ibapi.wrapper").EWrapper, name)

        def method(_self, *args, **named):
            heard.take(name, (*args, *named.values()))

        # One decoder reads the types of the arguments from the signature.
        method.__signature__ = inspect.signature(plain)
        return method

    def _run(self):
        try:
            self.client.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure
            self.failures.append(repr(error))
            self.heard.time.set()

    def connect(self, port):
        """Connect, and count what the decoder reads of each message."""
        self.client.connect("127.0.0.1", port, CLIENT_ID)
        interpret = self.client.decoder.interpret

        def counted(fields):
            fields = Counted(fields)
            interpret(fields)
            self.decoded += 1
            taken = getattr(fields, "taken", len(fields))
            if taken < len(fields):
                self.left_over[int(fields[0])] += 1

        self.client.decoder.interpret = counted
        self._thread.start()

    def new(self, kind, **values):
        """Return one of the library's own objects."""
        it = self.types[kind]()
        for name, value in values.items():
            setattr(it, name, value)
        if kind == "Order":
            # What version 9.81 sets is refused by gateways since 2021.
            it.eTradeOnly = it.firmQuoteOnly = False
        return it

    def ask(self, name, *args):
        """Send a request; one that this version does not know is left out."""
        method = getattr(self.client, name, None)
        if method is None:
            return
        wanted = inspect.signature(method).parameters
        if "orderCancel" in wanted:
            cancel = importlib.import_module("ibapi.order_cancel").OrderCancel()
            args = (*args, cancel)
        method(*args)

    def wait(self):
        """Wait until everything so far is answered."""
        self.heard.time.clear()
        self.client.reqCurrentTime()
        if not self.heard.time.wait(SECONDS):
            raise TimeoutError("no answer to reqCurrentTime")

    def close(self):
        """Leave."""
        self.client.disconnect()
        self._thread.join(5)

    @property
    def version(self):
        """Return the protocol version."""
        return self.client.serverVersion()


class Listener:
    """A wrapper for ib_insync and ib_async that only writes down."""

    def __init__(self, heard, library):
        self.ib = library.IB()
        self.defaultTimezone = UTC
        self._heard = heard

    def __getattr__(self, name):
        return lambda *args: self._heard.take(name, args)


class Insync:
    """ib_insync, and ib_async that continues it."""

    def __init__(self, heard):
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.library = next(filter(None, map(find, ("ib_insync", "ib_async"))))
        self.client = self.library.Client(Listener(heard, self.library))
        self.client.MaxRequests = 0
        self.types = {
            "Contract": self.library.Contract,
            "ComboLeg": self.library.ComboLeg,
            "Order": self.library.Order,
            "Filter": self.library.ExecutionFilter,
        }
        self.failures = []
        self.decoded = 0
        self.left_over = Counter()
        self.heard = heard
        interpret = self.client.decoder.interpret

        def counted(fields):
            interpret(fields)
            self.decoded += 1

        self.client.decoder.interpret = counted

    def connect(self, port):
        """Connect."""
        self.loop.run_until_complete(
            self.client.connectAsync("127.0.0.1", port, CLIENT_ID)
        )

    def new(self, kind, **values):
        """Return one of the library's own objects."""
        return self.types[kind](**values)

    def ask(self, name, *args):
        """Send a request."""
        method = getattr(self.client, name)
        if name == "reqMktDepth" and len(inspect.signature(method).parameters) == 4:
            args = args[:4]
        method(*args)

    def wait(self):
        """Wait until everything so far is answered."""
        answered = self.loop.create_future()
        self.heard.on_time = lambda: answered.set_result(None)
        self.client.reqCurrentTime()
        self.loop.run_until_complete(asyncio.wait_for(answered, SECONDS))

    def close(self):
        """Leave."""
        self.client.disconnect()
        self.loop.run_until_complete(asyncio.sleep(0))

    @property
    def version(self):
        """Return the protocol version."""
        return self.client.serverVersion()


def installed(heard):
    """Return the library that is here."""
    return (Official if find("ibapi") else Insync)(heard)


def find(name):
    """Return a module if it is installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None
