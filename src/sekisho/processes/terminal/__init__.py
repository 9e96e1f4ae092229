"""The `sekisho` command. It crosses as the zone `terminal`, with a key of its own that lies in the
data folder's `secrets`, so only who may read that folder has a terminal.

A command is a module with `add_arguments(parser)` and `run(arguments) -> int`, and a row in
`commands.COMMANDS`.
"""
