"""What all tests share: how long an example may take, and that the library is there."""

from hypothesis import settings

# The broker's library asks for the thread's event loop when it is imported, and
# asyncio.run leaves none behind: the order of tests must not decide.
import alvh_trader.broker.library  # noqa: F401

# A busy machine makes single examples slow, which says nothing about the code; the
# suite's own timeout catches what hangs.
settings.register_profile("project", deadline=None)
settings.load_profile("project")
