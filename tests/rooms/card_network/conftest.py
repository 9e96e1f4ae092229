from tests.rooms.open_room import open_room

open_room("card_network")
