"""The transformations that DaCe has in `dace.transformation.dataflow`, by name."""

from dacec.transformation import named as __getattr__  # noqa: F401
