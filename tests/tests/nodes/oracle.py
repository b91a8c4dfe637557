"""What the operations are, said in NumPy.

Reads a folder: `cases.json` with operations, their properties and operands, `inputs.npz` with containers. Writes `outputs.npz`
with the results.
"""

import json
import sys

import numpy as np


def scan(case, x):
    ufunc = {"sum": np.add, "product": np.multiply, "min": np.minimum, "max": np.maximum}[case["wcr"]]
    result = ufunc.accumulate(x, axis=-1, dtype=x.dtype)
    if case.get("exclusive"):
        first = np.full_like(x[..., :1], 1 if case["wcr"] == "product" else 0)
        result = np.concatenate([first, result[..., :-1]], axis=-1) if x.shape[-1] else result
    return result


def windows(x, window, strides):
    """The windows of the last dimensions, as dimensions behind them."""
    axes = tuple(range(2, x.ndim))
    if any(x.shape[axis] < size for axis, size in zip(axes, window)):
        return None
    view = np.lib.stride_tricks.sliding_window_view(x, window, axis=axes)
    return view[(slice(None), slice(None), *(slice(None, None, step) for step in strides))]


def convolution(case, get, out):
    pad = [(0, 0), (0, 0)] + [(size, size) for size in case["padding"]]
    x, weights = np.pad(get("_in"), pad), get("_filter")
    view = windows(x, weights.shape[2:], case["strides"])
    spatial = weights.ndim - 2
    if view is None:
        return out
    dims = [1, *range(2 + spatial, 2 + 2 * spatial)]
    result = np.tensordot(view, weights, (dims, list(range(1, 2 + spatial))))
    return np.moveaxis(result, -1, 1)


def pooling(case, x, out):
    view = windows(x, case["window"], case["strides"])
    if view is None:
        return out
    dims = tuple(range(x.ndim, view.ndim))
    return view.mean(axis=dims, dtype=x.dtype) if case.get("mean") else view.max(axis=dims)


def stencil(case, x, out):
    rank = case.get("rank", 1)
    points = [case["offsets"][at : at + rank] for at in range(0, len(case["offsets"]), rank)]
    first = [max(0, -min(p[dim] for p in points)) for dim in range(rank)]
    last = [x.shape[dim] - max(0, max(p[dim] for p in points)) for dim in range(rank)]
    place = lambda point: tuple(slice(a + by, max(a, b) + by) for a, b, by in zip(first, last, point))
    values = {f"p{k}": x[place(point)] for k, point in enumerate(points)}
    out = out.copy()
    out[place([0] * rank)] = eval(case["code"], values)
    return out


def mixed(seed, count):
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(11)) * 2.0**-53


def compute(case, get):
    """The result of one operation; `get` gives an operand."""
    op, out = case["op"], get("_out")
    if op == "Transpose":
        return get("_inp").transpose(case["axes"])
    if op == "Scan":
        return scan(case, get("_in"))
    if op == "Sort":
        sort = np.argsort if case.get("positions") else np.sort
        return sort(get("_in"), axis=-1, kind="stable")
    if op == "SearchSorted":
        return np.searchsorted(get("_a"), get("_v"), side="right" if case.get("right") else "left")
    if op == "Histogram":
        return np.histogram(get("_in")[~np.isnan(get("_in"))], get("_edges"))[0]
    if op == "Fill":
        return np.full_like(out, case["value"])
    if op == "Copy":
        return get("_in")
    if op == "Convolution":
        return convolution(case, get, out)
    if op == "Pooling":
        return pooling(case, get("_in"), out)
    if op == "Stencil":
        return stencil(case, get("_in"), get("_old"))
    if op == "Random":
        return mixed(get("_seed")[0], len(out)).astype(out.dtype)
    operands = [get(f"_in{k}") for k in range(case["subscripts"].split("->")[0].count(",") + 1)]
    return np.einsum(case["subscripts"], *operands)


def main(folder):
    with open(f"{folder}/cases.json") as file:
        cases = json.load(file)
    arrays = dict(np.load(f"{folder}/inputs.npz"))
    results = {}
    for case in cases["cases"]:
        symbols = dict(cases["symbols"])
        get = lambda name: eval(f"array[{case['operands'][name][1]}]", symbols, {"array": arrays[case["operands"][name][0]]})
        container, subset = case["operands"]["_out"]
        result = arrays[container].copy()
        exec(f"result[{subset}] = value", symbols, {"result": result, "value": compute(case, get)})
        results[container] = result
    np.savez(f"{folder}/outputs.npz", **results)


if __name__ == "__main__":
    main(sys.argv[1])
