from datetime import timedelta
from pathlib import Path

import pytest

from alvh_trader.journal.read import Reader
from alvh_trader.journal.store import Journal
from tests.journal.samples import START, alert, market, started


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "j.db"


def states(path: Path) -> dict[tuple[int, str], tuple[str, int, str | None]]:
    with Reader.open(path) as reader:
        return {
            (found.seq, d.channel): (d.state, d.attempts, d.error)
            for found in reader.alerts()
            for d in found.deliveries
        }


def test_an_alert_is_owed_to_every_channel(path: Path) -> None:
    with Journal.open(path, channels=("mail", "web")) as journal:
        journal.append(started())
        seq = journal.append(alert())
        ((owed, _, body, channels),) = journal.deliveries.owed()
        assert (owed, body, sorted(channels)) == (seq, alert(), ["mail", "web"])
        assert journal.deliveries.owed(after=seq) == []


def test_without_channels_nothing_is_owed(path: Path) -> None:
    with Journal.open(path) as journal:
        journal.append(started())
        journal.append(alert())
        assert journal.deliveries.owed() == []


def test_what_is_owed_survives_a_restart(path: Path) -> None:
    with Journal.open(path, channels=("mail", "web")) as journal:
        journal.append(started())
        journal.append(alert())
        journal.deliveries.delivered((2,), "mail")
        journal.deliveries.failed((2,), "web", "error 500")
    with Journal.open(path, channels=("mail", "web")) as journal:
        ((_, _, _, channels),) = journal.deliveries.owed()
        assert channels == ["web"]
    assert states(path) == {
        (2, "mail"): ("delivered", 1, None),
        (2, "web"): ("pending", 1, "error 500"),
    }


def test_repeats_are_merged_into_the_one_that_was_delivered(path: Path) -> None:
    with Journal.open(path, channels=("mail",)) as journal:
        journal.append(started())
        for _ in range(3):
            journal.append(alert())
        journal.deliveries.delivered((2, 3, 4), "mail")
        assert journal.deliveries.owed() == []
    assert [state for state, _, _ in states(path).values()] == [
        "merged",
        "merged",
        "delivered",
    ]


@pytest.mark.covers("F132")
def test_the_oldest_alert_that_nobody_has_taken_is_known(path: Path) -> None:
    with Journal.open(path, channels=("mail", "web")) as journal:
        due = journal.deliveries
        assert due.unheard_since() is None
        for second in range(3):
            journal.append(market(second))
            journal.append(alert())
        assert due.unheard_since() == START
        due.failed((2,), "mail", "error 500")
        assert due.unheard_since() == START
        due.delivered((2,), "web")
        assert due.unheard_since() == START + timedelta(seconds=1)
        due.delivered((4, 6), "mail")
        assert due.unheard_since() is None


def test_a_delivery_is_durable_at_once(path: Path) -> None:
    with Journal.open(path, channels=("mail",)) as journal:
        journal.append(started())
        journal.append(alert())
        journal.commit()
        journal.deliveries.delivered((2,), "mail")
        assert states(path)[2, "mail"] == ("delivered", 1, None)


def test_a_removed_channel_leaves_its_debts_to_the_others(path: Path) -> None:
    with Journal.open(path, channels=("old", "mail")) as journal:
        journal.append(started())
        journal.append(alert())
        journal.append(alert())
        journal.deliveries.delivered((2,), "mail")
    with Journal.open(path, channels=("mail", "new")) as journal:
        owed = {seq: sorted(to) for seq, _, _, to in journal.deliveries.owed()}
        assert owed == {2: ["new"], 3: ["mail", "new"]}
    assert states(path)[2, "old"][0] == "retired"
    assert states(path)[2, "mail"][0] == "delivered"


def test_a_run_without_channels_forgives_nothing(path: Path) -> None:
    with Journal.open(path, channels=("mail",)) as journal:
        journal.append(started())
        journal.append(alert())
    Journal.open(path).close()
    with Journal.open(path, channels=("mail",)) as journal:
        assert [seq for seq, _, _, _ in journal.deliveries.owed()] == [2]


def test_a_late_answer_to_a_delivered_alert_changes_nothing(path: Path) -> None:
    with Journal.open(path, channels=("mail",)) as journal:
        journal.append(started())
        journal.append(alert())
        journal.deliveries.delivered((2,), "mail")
        journal.deliveries.failed((2,), "mail", "too late")
        journal.deliveries.delivered((2,), "mail")
    assert states(path) == {(2, "mail"): ("delivered", 1, None)}


def test_a_delivery_of_what_is_no_alert_is_damage(tmp_path: Path) -> None:
    with Journal.open(tmp_path / "j.db") as journal:
        journal._write(
            "INSERT INTO deliveries (seq, channel) VALUES (?, 'mail')",
            (journal.append(started()),),
        )
        with pytest.raises(ValueError, match="record 1 is owed to a channel"):
            journal.deliveries.owed()


def test_what_was_merged_is_not_delivered_as_well(path: Path) -> None:
    with Journal.open(path, channels=("mail",)) as journal:
        journal.append(started())
        for _ in range(4):
            journal.append(alert())
        journal.deliveries.delivered((2, 3, 4, 5), "mail")
    assert [states(path)[n, "mail"][0] for n in (2, 3, 4, 5)] == [
        *("merged", "merged", "merged", "delivered")
    ]
    assert [states(path)[n, "mail"][1] for n in (2, 3, 4, 5)] == [0, 0, 0, 1]
