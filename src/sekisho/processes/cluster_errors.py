"""What can go wrong with the embedded PostgreSQL, each with what to do about it."""


class ClusterError(Exception):
    """The embedded PostgreSQL can't do what was asked; the message says what to do."""


class ClusterFolderError(ClusterError):
    """The data folder holds something that is not ours to use."""


class ClusterStartError(ClusterError):
    """PostgreSQL did not come up."""
