"""Files that banks, the card network and tax systems write and read: 総合振込, the clearing, 消込.
Pure; what a format can't say is refused, never cut."""
