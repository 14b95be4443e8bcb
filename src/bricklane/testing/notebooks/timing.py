"""Ends code that does not end by itself."""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# Seconds after which code that caught the first interruption gets another.
AGAIN = 5.0


class TimeLimit(BaseException):
    """The time is over; not an ``Exception``, so that user code lets it pass.

    Args:
        seconds: how long it was.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"still running after {seconds:g} seconds")
        self.seconds = seconds


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise in the block when it runs longer than ``seconds``; 0 is no limit.

    Python code, sleeps, waits for Spark and for processes are all interrupted where there are
    POSIX signals and the block runs in the main thread; else Python code only.

    Raises:
        TimeLimit: it did.
    """
    if seconds <= 0:
        yield
        return
    main = threading.current_thread() is threading.main_thread()
    interrupt = _signalled(seconds) if main and hasattr(signal, "SIGUSR2") else _raised(seconds)
    with interrupt as strike:
        ended = threading.Event()
        watch = threading.Thread(target=_watch, args=(ended, seconds, strike), daemon=True)
        watch.start()
        try:
            yield
        finally:
            ended.set()


def _watch(ended: threading.Event, seconds: float, strike: Any) -> None:
    wait = seconds
    while not ended.wait(wait):
        strike(ended)
        wait = AGAIN


@contextmanager
def _signalled(seconds: float) -> Iterator[Any]:
    """Interrupt the main thread by a signal, which also wakes it from a wait.

    SIGALRM is left to pytest-timeout.
    """
    current: list[threading.Event] = []

    def handle(number: int, frame: FrameType | None) -> None:
        # A signal may arrive when the block has just ended.
        if current and not current[0].is_set():
            raise TimeLimit(seconds)
        if callable(before):  # the time of a notebook that runs this one may be over
            before(number, frame)

    def strike(ended: threading.Event) -> None:
        current[:] = [ended]
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR2)

    before = signal.signal(signal.SIGUSR2, handle)
    try:
        yield strike
    finally:
        current.clear()
        signal.signal(signal.SIGUSR2, before)


@contextmanager
def _raised(seconds: float) -> Iterator[Any]:
    """Have Python raise in a thread at its next instruction."""
    thread = ctypes.c_ulong(threading.get_ident())

    class Over(TimeLimit):
        def __init__(self) -> None:
            super().__init__(seconds)

    def strike(_ended: threading.Event) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, ctypes.py_object(Over))

    yield strike
