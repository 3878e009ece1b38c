"""chatd: chat for people who share a network and nothing else."""

__version__ = "0.1.0"
