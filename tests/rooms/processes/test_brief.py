"""A briefing tells a process what the table of permits makes its business, and nothing else."""

from pathlib import Path

import pytest

from sekisho.crossings.permits import PERMITS
from sekisho.processes.supervisor.brief import SUPERVISOR, TERMINAL, BriefingDesk, Party
from sekisho.processes.supervisor.data_folder import DataFolder
from sekisho.processes.supervisor.roster import SEATS, seats
from sekisho.processes.supervisor.site_files import site_settings
from sekisho.transport.briefing import Briefing
from sekisho.transport.keys import CROSSING_KEY

PARTIES = [*(Party(seat.process, seat.zone, seat.name) for seat in SEATS)]


@pytest.fixture
def desk(tmp_path: Path) -> BriefingDesk:
    names = [*(seat.process for seat in SEATS), TERMINAL, SUPERVISOR]
    keys = {name: {CROSSING_KEY: name.encode().ljust(32, b".")} for name in names}
    keys["vault"]["seal"] = b"v" * 32
    return BriefingDesk(DataFolder(tmp_path), SEATS, keys, site_settings)


def brief(desk: BriefingDesk, party: Party) -> Briefing:
    return desk.brief(party, folder="/nowhere")


@pytest.mark.parametrize("party", PARTIES, ids=lambda party: party.process)
def test_a_socket_is_told_only_to_who_may_send(desk: BriefingDesk, party: Party) -> None:
    may_send_to = {
        message.receiver for message, callers in PERMITS.items() if party.zone in callers
    }
    for peer in brief(desk, party).peers:
        assert (peer.socket is not None) == (peer.zone in may_send_to), peer.process


def test_a_payer_site_knows_no_other_site(desk: BriefingDesk) -> None:
    for party in PARTIES:
        if party.zone == "payer_site":
            peers = {peer.process for peer in brief(desk, party).peers}
            assert peers == {"payments", TERMINAL, SUPERVISOR}


def test_everybody_can_seal_to_the_vault(desk: BriefingDesk) -> None:
    assert brief(desk, PARTIES[0]).public_keys == {"vault.seal": b"v" * 32}


def test_site_settings_go_to_who_needs_them(desk: BriefingDesk) -> None:
    told = {party.zone: brief(desk, party).settings for party in PARTIES}
    assert set(told["payments"]["sites"]) == {"metropolitan_tax", "group_life_premium"}
    assert set(told["payments"]["sites"]["metropolitan_tax"]) == {"payments"}
    assert set(told["vault"]["accents"]) == {"metropolitan_tax", "group_life_premium"}
    assert told["payer_site"] == {}
    assert told["card_network"] == {}


def test_a_port_base_moves_every_port_alike() -> None:
    for seat, moved in zip(SEATS, seats(port_base=100), strict=True):
        assert moved.ports == {use: port + 100 for use, port in seat.ports.items()}
    with pytest.raises(ValueError, match="port-base"):
        seats(port_base=60_000)


def test_no_two_processes_share_a_port_or_a_schema() -> None:
    ports = [port for seat in SEATS for port in seat.ports.values()]
    schemas = [seat.schema for seat in SEATS if seat.schema]
    assert len(set(ports)) == len(ports)
    assert len(set(schemas)) == len(schemas)
