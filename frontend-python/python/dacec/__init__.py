"""dacec: annotated Python and NumPy functions as parallel native code.

>>> import numpy as np
>>> import dacec as dace
>>> N = dace.symbol("N")

    @dace.program
    def axpy(a: dace.float64, x: dace.float64[N], y: dace.float64[N]):
        y[:] = a * x + y

    axpy(2.0, np.ones(1000), np.zeros(1000))     # compiled now, and not again

The names are those of DaCe: programs written for it run unchanged, after :func:`install_as_dace` or with
`python -m dacec script.py`.
"""

import math

from dacec import data, dtypes, errors, nodes
from dacec._native import __version__
from dacec.alias import install_as_dace
from dacec.builder import SDFGState
from dacec.configuration import Config
from dacec.data import Array, Scalar, Structure, callback, ndarray, struct
from dacec.dtypes import (
    AllocationLifetime,
    DeviceType,
    Language,
    ScheduleType,
    StorageType,
    bool_,
    compiletime,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    typeclass,
    uint8,
    uint16,
    uint32,
    uint64,
)
from dacec.errors import (
    ArgumentError,
    BoundsError,
    CompilationError,
    DacecError,
    ExecutionError,
    InvalidSDFGError,
    OutOfMemoryError,
    PerformanceWarning,
    SourceError,
)
from dacec.memlet import Memlet
from dacec.nodes import InterstateEdge
from dacec.plain import (
    define_local,
    define_local_scalar,
    elementwise,
    in_program,
    map,
    mapscope,
    nounroll,
    reduce,
    tasklet,
    unroll,
)
from dacec.program import Program, function, method, program
from dacec.sdfg import SDFG, CompiledSDFG, passes
from dacec.settings import config
from dacec.symbols import symbol

# As in DaCe, `dace.bool` is a type of compiled programs.
bool = bool_

__all__ = [name for name in dir() if not name.startswith("_")] + ["__version__"]
