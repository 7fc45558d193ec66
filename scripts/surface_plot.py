"""Plain SVG charts: dots, and lines with a band, on two axes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 640, 320
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 44
COLOURS = ("#1b6ca8", "#c8553d", "#4a7c59", "#8d6a9f")


@dataclass
class Chart:
    """A chart over fixed ranges; `save` writes it."""

    title: str
    across: str
    up: str
    x: tuple[float, float]
    y: tuple[float, float]
    parts: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def line(
        self, name: str, x: Sequence[float], rows: Sequence[Sequence[float]]
    ) -> None:
        """Draw the middles of (low, middle, high) rows, and the band around them."""
        colour = self._colour(name)
        low, middle, high = zip(*rows, strict=True)
        there = [*zip(x, low, strict=True)]
        back = [*zip(x, high, strict=True)][::-1]
        band = self._points([*there, *back])
        self.parts.append(
            f'<polygon points="{band}" fill="{colour}" fill-opacity="0.12"/>'
        )
        points = self._points([*zip(x, middle, strict=True)])
        self.parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" '
            'stroke-width="2"/>'
        )

    def dots(self, name: str, x: Sequence[float], y: Sequence[float]) -> None:
        """Draw a dot for each pair."""
        colour = self._colour(name)
        for a, b in zip(x, y, strict=True):
            self.parts.append(
                f'<circle cx="{self._at_x(a):.1f}" cy="{self._at_y(b):.1f}" r="3" '
                f'fill="{colour}" fill-opacity="0.7"/>'
            )

    def save(
        self, path: Path, x_ticks: Sequence[float], y_ticks: Sequence[float]
    ) -> None:
        """Write the chart with these marks on its axes."""
        out = [
            (
                '<svg xmlns="http://www.w3.org/2000/svg" '
                f'viewBox="0 0 {WIDTH} {HEIGHT}" '
                'font-family="sans-serif" font-size="12" fill="#333">'
            ),
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
            f'<text x="{LEFT}" y="18" font-size="14">{escape(self.title)}</text>',
        ]
        out += [self._grid(tick, None) for tick in x_ticks]
        out += [self._grid(None, tick) for tick in y_ticks]
        out += self.parts
        for i, name in enumerate(self.names):
            at = LEFT + 10 + 130 * i
            out.append(
                f'<text x="{at}" y="{TOP + 14}" fill="{COLOURS[i]}">'
                f"{escape(name)}</text>"
            )
        out.append(
            f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
            f"{escape(self.across)}</text>"
        )
        out.append(
            f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" '
            f'transform="rotate(-90 14 {HEIGHT / 2})">{escape(self.up)}</text>'
        )
        path.write_text("\n".join([*out, "</svg>", ""]))

    def _grid(self, x: float | None, y: float | None) -> str:
        if x is not None:
            at, end = self._at_x(x), HEIGHT - BOTTOM
            return (
                f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{end}" '
                f'stroke="#ddd"/><text x="{at:.1f}" y="{end + 16}" '
                f'text-anchor="middle">{x:g}</text>'
            )
        assert y is not None, "a grid line is of one axis"
        at = self._at_y(y)
        colour = "#888" if y == 0 else "#ddd"
        return (
            f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" '
            f'stroke="{colour}"/><text x="{LEFT - 6}" y="{at + 4:.1f}" '
            f'text-anchor="end">{y:g}</text>'
        )

    def _colour(self, name: str) -> str:
        if name not in self.names:
            self.names.append(name)
        return COLOURS[self.names.index(name)]

    def _points(self, pairs: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{self._at_x(a):.1f},{self._at_y(b):.1f}" for a, b in pairs)

    def _at_x(self, value: float) -> float:
        share = (value - self.x[0]) / (self.x[1] - self.x[0])
        return LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT)

    def _at_y(self, value: float) -> float:
        share = (value - self.y[0]) / (self.y[1] - self.y[0])
        return HEIGHT - BOTTOM - min(max(share, 0), 1) * (HEIGHT - TOP - BOTTOM)
