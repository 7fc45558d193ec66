"""Whatever a client sends, the gateway stands and nobody else notices.

`scripts/fuzz-gateway` does the same for hours.
"""

import gc
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from alvh_trader.gateway.session import Session
from alvh_trader.wire.account_reply import ManagedAccounts
from alvh_trader.wire.frame import frame
from alvh_trader.wire.request import RequestManagedAccounts
from tests.gateway.hostile import Hostility, World
from tests.gateway.peer import Peer, floor
from tests.gateway.storm import storm


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_mangled_requests_harm_nobody(seed: int) -> None:
    world = World(Hostility(seed))
    for _ in range(10):
        world.attack(20)
    assert world.frames == 400


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=200), max_size=20))
def test_frames_of_noise_harm_nobody(payloads: list[bytes]) -> None:
    on = floor()
    witness, peer = Peer(on, 1), Peer(on, 2)
    peer.read(peer.raw(b"".join(frame(it) for it in payloads)))
    (answer,) = witness.ask(RequestManagedAccounts())
    assert isinstance(answer, ManagedAccounts)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_noise_instead_of_a_greeting_harms_nobody(noise: bytes) -> None:
    on = floor()
    witness, stranger = Peer(on, 1), Peer(on, 2, start=False)
    stranger.raw(noise)
    (answer,) = witness.ask(RequestManagedAccounts())
    assert isinstance(answer, ManagedAccounts)


def test_a_client_that_leaves_leaves_nothing_behind() -> None:
    world = World(Hostility(1))
    for _ in range(50):
        world.attack(5)
    gc.collect()
    sessions = [it for it in gc.get_objects() if type(it) is Session]
    here = [it for it in sessions if it.floor is world.floor]
    assert {id(it) for it in here} == {id(it) for it in world.floor.clients.values()}


def test_a_gateway_outlives_hostile_sockets(tmp_path: Path) -> None:
    frames, _ = storm("test", 1_000, tmp_path)
    assert frames == 1_000
