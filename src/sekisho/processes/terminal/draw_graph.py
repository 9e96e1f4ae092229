"""`sekisho payments graph`."""

import argparse
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sekisho.payments.lifecycle import Edge

START = "start"
"""The point from which a payment is born."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `sekisho payments graph`."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--dot", action="store_true", help="for Graphviz")
    form.add_argument("--mermaid", action="store_true", help="for Mermaid, as Markdown pages show")


def run(arguments: argparse.Namespace) -> int:
    """Draw the states of a payment and every edge between them; needs no running platform."""
    from sekisho.payments.lifecycle import EDGES

    draw = as_dot if arguments.dot else as_mermaid if arguments.mermaid else as_text
    print("\n".join(draw(EDGES)))
    return 0


def stages() -> dict[str, list[str]]:
    """Every state under its stage: what is asked of whom, and what the payer is told at the end."""
    from sekisho.payments.lifecycle import HOLDING, OPEN, PAID, State

    found: dict[str, list[str]] = {}
    for state in State:
        if state in OPEN:
            stage = "the payer decides"
        elif state in PAID:
            stage = "paid"
        elif state in HOLDING:
            stage = "under way; the bill is held"
        else:
            stage = "over; nothing was taken"
        found.setdefault(stage, []).append(state.value)
    return found


def as_text(edges: "tuple[Edge, ...]") -> list[str]:
    """By stage, each state with the edges that leave it; one line for each target."""
    lines = [START, *_leaving("", edges)]
    for stage, states in stages().items():
        lines += ["", f"-- {stage} " + "-" * max(0, 76 - len(stage))]
        for state in states:
            lines += [state, *(_leaving(state, edges) or ["    (end)"])]
    return lines


def _leaving(state: str, edges: "tuple[Edge, ...]") -> list[str]:
    targets: dict[str, list[str]] = {}
    for edge in edges:
        if edge.source == state:
            targets.setdefault(edge.target.value, []).append(edge.event)
    width = max((len(target) for target in targets), default=0)
    return [f"    -> {target:<{width}}  {', '.join(events)}" for target, events in targets.items()]


def as_dot(edges: "tuple[Edge, ...]") -> list[str]:
    """The DOT language of Graphviz: a cluster for each stage, an arrow for each pair of states."""
    lines = [
        "digraph payment {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="sans-serif"];',
        '  edge [fontname="sans-serif", fontsize=10];',
        f'  "{START}" [shape=point];',
    ]
    for number, (stage, states) in enumerate(stages().items(), 1):
        lines += [f"  subgraph cluster_{number} {{", f'    label="{stage}";', "    color=gray;"]
        lines += [f'    "{state}";' for state in states]
        lines.append("  }")
    lines += [
        f'  "{source}" -> "{target}" [label="{_events(events, chr(92) + "n")}"];'
        for source, target, events in _pairs(edges)
    ]
    return [*lines, "}"]


def as_mermaid(edges: "tuple[Edge, ...]") -> list[str]:
    """A Mermaid state diagram, with a composite state for each stage."""
    lines = ["stateDiagram-v2", "  direction LR"]
    for number, (stage, states) in enumerate(stages().items(), 1):
        lines += [f'  state "{stage}" as stage_{number} {{', *(f"    {name}" for name in states)]
        lines.append("  }")
    lines += [
        f"  {'[*]' if source == START else source} --> {target}: {_events(events, ', ')}"
        for source, target, events in _pairs(edges)
    ]
    return lines


def _pairs(edges: "tuple[Edge, ...]") -> list[tuple[str, str, list[str]]]:
    def pair(edge: "Edge") -> tuple[str, str]:
        return (str(edge.source) or START, edge.target.value)

    ordered = sorted(edges, key=pair)
    return [
        (source, target, [edge.event for edge in same])
        for (source, target), same in groupby(ordered, key=pair)
    ]


def _events(events: list[str], between: str) -> str:
    return between.join(events)
