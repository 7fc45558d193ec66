"""The defaults are those of the specification's parameter index (alvh.md §13.4)."""

import msgspec

from alvh_trader.strategy.params import Params


def test_defaults_are_those_of_the_index() -> None:
    p = Params()
    levels = p.edr.levels
    assert (p.edr.day_basis, p.edr.delta_ref) == (365, 0.18)
    assert (levels.arm, levels.breach, levels.red) == (0.85, 0.94, 1.10)
    assert (levels.extreme, levels.clear, levels.breach_count) == (1.20, 0.80, 3)
    assert (p.hedge.share_low, p.hedge.share_high) == (0.01, 0.02)
    assert (p.hedge.dte_low, p.hedge.dte_high, p.hedge.delta) == (7, 14, 0.45)
    bands = (p.bands.normal, p.bands.red, p.bands.call)
    assert [b.offset_low for b in bands] == [0.40, 0.25, 0.15]
    assert [b.offset_after_roll for b in bands] == [0.30, 0.20, 0.15]
    assert [b.offset_high for b in bands] == [1.10] * 3
    assert [b.delta for b in bands] == [2.5, 5.0, 10.0]
    assert [b.gamma for b in bands] == [1.0, 2.0, 2.0]
    assert (p.condor.sds, p.condor.dte_low, p.condor.dte_high) == (1.75, 45, 60)
    assert (p.roll.irr_over_wacc, p.stress.limit) == (3.0, 6.0)
    assert p.hedge.annual_cost == 0.02


def test_parameters_survive_being_written_down() -> None:
    text = msgspec.json.encode(Params())
    assert msgspec.json.decode(text, type=Params) == Params()
