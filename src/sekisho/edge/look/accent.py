"""A client body's one colour, made into a stylesheet: white words on it stay readable."""

from __future__ import annotations

import re

MIN_CONTRAST_RATIO = 4.5
"""WCAG 2.2 success criterion 1.4.3 (AA), against white; no unit."""

_COLOUR = re.compile(r"#[0-9a-f]{6}")


class AccentUnreadable(ValueError):
    """The accent is no colour, or too light for white words on it."""


def _channels(colour: str) -> tuple[int, int, int]:
    if not _COLOUR.fullmatch(colour):
        raise AccentUnreadable(f"{colour!r} is not a colour like #4f3a8a (lower case)")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def contrast_with_white(colour: str) -> float:
    """Return the contrast ratio of ``colour`` (``#rrggbb``) and white (WCAG 2.2, definition of
    contrast ratio). Raises ``AccentUnreadable``."""
    linear = []
    for channel in _channels(colour):
        part = channel / 255
        linear.append(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return 1.05 / (luminance + 0.05)


def _mixed(colour: str, other: int, share: float) -> str:
    parts = [round(channel * (1 - share) + other * share) for channel in _channels(colour)]
    return "#" + "".join(f"{part:02x}" for part in parts)


def accent_stylesheet(colour: str) -> bytes:
    """Return the stylesheet that makes ``colour`` (``#rrggbb``) the page's accent.

    Raises ``AccentUnreadable`` if white on it has less than ``MIN_CONTRAST_RATIO``."""
    ratio = contrast_with_white(colour)
    if ratio < MIN_CONTRAST_RATIO:
        raise AccentUnreadable(
            f"{colour} is too light: white on it has contrast {ratio:.1f},"
            f" at least {MIN_CONTRAST_RATIO} is needed; choose a darker colour"
        )
    strong, wash = _mixed(colour, 0, 0.28), _mixed(colour, 255, 0.93)
    return (f":root{{--accent:{colour};--accent-strong:{strong};--accent-wash:{wash}}}\n").encode()


def accent_address(colour: str) -> str:
    """Return the address of the accent's stylesheet. Raises ``AccentUnreadable``."""
    accent_stylesheet(colour)
    return f"/look/accent/{colour[1:]}.css"
