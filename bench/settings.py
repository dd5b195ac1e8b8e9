"""What every measurement needs to know."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The program under test, how often each side runs, and the threads that both sides use."""

    program: str
    rounds: int
    threads: int
