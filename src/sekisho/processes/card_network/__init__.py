"""The process of the zone card_network."""
