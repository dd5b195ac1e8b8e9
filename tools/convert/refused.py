"""The one error that a person should read: what was tried, on what, and why it ended."""


class Refused(Exception):
    """Weights, settings or a graph that cannot become a package."""
