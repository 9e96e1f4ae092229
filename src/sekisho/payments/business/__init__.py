"""What client bodies do by themselves: bills one by one, searches, links, events. Each verb acts
for the one body that the desk names; row-level security hides all others."""
