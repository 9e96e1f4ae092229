"""The process of sim_mailbox."""
