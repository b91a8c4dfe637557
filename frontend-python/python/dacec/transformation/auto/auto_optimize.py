"""The automatic optimization as a function."""

from __future__ import annotations

from dacec.dtypes import DeviceType
from dacec.sdfg import SDFG

__all__ = ["auto_optimize"]


def auto_optimize(sdfg: SDFG, device: DeviceType = DeviceType.CPU, validate: bool = True, **_others) -> SDFG:
    """As :meth:`dacec.SDFG.auto_optimize`. Options that steer DaCe's own heuristics are accepted."""
    return sdfg.auto_optimize(device)
