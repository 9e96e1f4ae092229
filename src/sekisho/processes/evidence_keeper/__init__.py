"""The process of evidence_keeper."""
