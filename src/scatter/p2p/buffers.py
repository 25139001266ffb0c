"""Memory of large buffers goes back to the system when they are freed.

Pieces of content have 4 MiB. glibc serves buffers that large from the heap once it has seen a few of them, a heap for each thread,
and what is freed in their midst stays with the process: some 50 MB for a peer that hands out content. With a fixed threshold each
large buffer is mapped for itself. See mallopt(3), M_MMAP_THRESHOLD.
"""

import ctypes
import sys
from contextlib import suppress

_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 1 << 20


def return_large_buffers() -> None:
    """From now on, in this process; nothing happens where the system's allocator is another one."""
    if sys.platform == "linux":
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
