"""Hypothesis strategies for messages of the field table."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from sekisho.simulators.card_network.packing import LAYOUTS

NUMERIC = frozenset(string.digits)


def _text(number: int) -> st.SearchStrategy[str]:
    layout = LAYOUTS[number]
    least = 1 if layout.length_digits else layout.size
    return st.text(sorted(layout.characters), min_size=least, max_size=layout.size)


kinds = st.builds(
    lambda version, group, act: f"{version}{group}{act}",
    st.just("0"),
    st.sampled_from("12468"),
    st.sampled_from(["00", "01", "10", "20", "21", "30"]),
)

fields = st.fixed_dictionaries({}, optional={number: _text(number) for number in LAYOUTS})
