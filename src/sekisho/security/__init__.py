"""The zone that answers a breach. So far it publishes notices."""
