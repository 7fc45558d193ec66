"""What all tests share: how long an example may take, and that the library is there."""

from hypothesis import Phase, settings

# The broker's library asks for the thread's event loop when it is imported, and
# asyncio.run leaves none behind: the order of tests must not decide.
import alvh_trader.broker.library  # noqa: F401

# A busy machine makes single examples slow, which says nothing about the code; the
# suite's own timeout catches what hangs. The same examples every time, so that a change
# is judged by what it changed; `--hypothesis-profile explore` looks for new ones.
settings.register_profile("project", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.register_profile(
    # A mutant that is found need not be made small.
    "mutants",
    deadline=None,
    derandomize=True,
    max_examples=50,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile("project")
