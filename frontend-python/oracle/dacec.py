"""The stand-in module under its other name: `import dacec as dace` is the same module as `import dace`."""

import sys

import dace

sys.modules[__name__] = dace
