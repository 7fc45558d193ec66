from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alvh_trader.alerts.throttle import Letter, Throttle
from alvh_trader.engine.command import RaiseAlert, Severity

START = datetime(2018, 2, 5, 14, 30, tzinfo=UTC)
WINDOW = timedelta(minutes=5)


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def letter(
    seq: int,
    second: float,
    *,
    case: str = "C1",
    code: str = "stale",
    severity: Severity = Severity.WARNING,
) -> Letter:
    alert = RaiseAlert(code=code, severity=severity, case=case, text=f"no {seq}")
    return Letter(seqs=(seq,), at=at(second), alert=alert)


def test_the_first_goes_out_and_repeats_are_held() -> None:
    throttle = Throttle(WINDOW)
    assert throttle.admit(letter(1, 0))
    assert not throttle.admit(letter(2, 10))
    assert not throttle.admit(letter(3, 299))


def test_the_last_goes_out_with_a_count_when_the_window_closes() -> None:
    throttle = Throttle(WINDOW)
    for seq in (1, 2, 3):
        throttle.admit(letter(seq, seq))
    assert throttle.release(at(300)) == []
    (released,) = throttle.release(at(301))
    assert released.seqs == (2, 3)
    assert released.repeats == 1
    assert released.alert.text == "no 3"


def test_a_release_opens_a_window_of_its_own() -> None:
    throttle = Throttle(WINDOW)
    throttle.admit(letter(1, 0))
    throttle.admit(letter(2, 1))
    assert len(throttle.release(at(300))) == 1
    assert not throttle.admit(letter(3, 310))
    assert throttle.release(at(599)) == []
    assert [r.seqs for r in throttle.release(at(600))] == [(3,)]


def test_after_a_quiet_window_the_next_is_a_first_again() -> None:
    throttle = Throttle(WINDOW)
    assert throttle.admit(letter(1, 0))
    assert throttle.release(at(300)) == []
    assert throttle.admit(letter(2, 301))


def test_another_case_code_or_severity_is_no_repeat() -> None:
    throttle = Throttle(WINDOW)
    assert throttle.admit(letter(1, 0))
    assert throttle.admit(letter(2, 1, case="C2"))
    assert throttle.admit(letter(3, 2, code="refused"))
    assert throttle.admit(letter(4, 3, severity=Severity.INFO))


@pytest.mark.covers("F133")
def test_a_critical_alert_is_never_held() -> None:
    throttle = Throttle(WINDOW)
    for seq in range(10):
        assert throttle.admit(letter(seq, seq, severity=Severity.CRITICAL))


def test_without_a_window_nothing_is_held() -> None:
    throttle = Throttle(timedelta(0))
    assert all(throttle.admit(letter(seq, 0)) for seq in range(5))


def test_a_clock_that_went_back_holds_nothing_for_ever() -> None:
    throttle = Throttle(WINDOW)
    throttle.admit(letter(1, 1000))
    throttle.admit(letter(2, 1001))
    assert [r.seqs for r in throttle.release(at(0))] == [(2,)]


def test_a_flush_gives_everything_out() -> None:
    throttle = Throttle(WINDOW)
    for seq in (1, 2, 3):
        throttle.admit(letter(seq, seq))
    throttle.admit(letter(4, 4, case="C2"))
    assert [r.seqs for r in throttle.flush()] == [(2, 3)]
    assert throttle.flush() == []


@pytest.mark.covers("F133")
@given(
    st.lists(
        st.tuples(
            st.integers(0, 400),
            st.sampled_from(["C1", "C2"]),
            st.sampled_from(list(Severity)),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_every_alert_goes_out_exactly_once_as_itself_or_in_a_count(
    steps: list[tuple[int, str, Severity, bool]],
) -> None:
    throttle = Throttle(WINDOW)
    sent: list[Letter] = []
    now = 0
    for seq, (pause, case, severity, releases) in enumerate(steps):
        now += pause
        each = letter(seq, now, case=case, severity=severity)
        if throttle.admit(each):
            sent.append(each)
        if releases:
            sent += throttle.release(at(now))
    sent += throttle.flush()
    assert Counter(seq for each in sent for seq in each.seqs) == Counter(
        range(len(steps))
    )
    for each in sent:
        assert each.alert.text == f"no {each.seqs[-1]}"
