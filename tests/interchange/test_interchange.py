"""Round trips of `.sdfg` files between DaCe and dacec.

Run with an interpreter that has DaCe 1.0.2; `cargo xtask test` makes one. For each program:

- DaCe saves it, dacec loads it and runs it, interpreted and compiled: the numbers of NumPy;
- dacec saves it in turn, DaCe loads and validates it;
- DaCe compiles and runs both files: the same numbers. Its compiler takes seconds for each, so this is done for a dozen
  programs, and for all with `DACEC_TEST_INTERCHANGE=full`.

`DACEC` names the dacec command.
"""

import ctypes
import functools
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest
import warnings

import dace
import numpy as np

import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]
DACEC = os.environ.get("DACEC", str(ROOT / "target" / "debug" / "dacec"))
FULL = os.environ.get("DACEC_TEST_INTERCHANGE") == "full"
FOLDER = tempfile.TemporaryDirectory(prefix="dacec-interchange-")
PLACE = pathlib.Path(FOLDER.name)

# Tasklets in another language have no meaning but what a compiler makes of them.
FOREIGN = {"in_cpp", "with_own_code", "keeps_count", "by_address", "by_handle"}

# Of these files of its own, DaCe 1.0.2 loads branches without what they are in, and cannot compile them then.
LOST = {"choices_in_regions", "jumps_in_regions", "returns_in_regions"}

# What DaCe compiles by default: one of each kind.
COMPILED_BY_DEFAULT = {
    "axpy", "single", "slices", "column_sums", "product", "transposed", "branch_in_loop", "leave_loop", "conflict_sum",
    "tasklet_statements", "columns_are_near", "nested_graph", "viewed", "referred", "consumed", "with_constants",
    "member_by_view", "counted_from_one", "rows_of_data", "zeros_first", "with_own_code", "timed", "consumed_in_pairs",
    "in_tiles", "keeps_count", "choices_in_regions", "jumps_in_regions", "returns_in_regions", "every_number",
    "every_place", "read_records", "write_records", "half_numbers", "by_address", "by_handle", "in_lanes",
}

warnings.simplefilter("ignore")
# DaCe starts cmake, which is installed beside the interpreter.
os.environ["PATH"] = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ.get("PATH", "")])
dace.Config.set("default_build_folder", value=str(PLACE / "dacecache"))
dace.Config.set("compiler", "cpu", "args", value="-std=c++14 -fPIC -O1 -w")
dace.Config.set("cache", value="unique")


def stand_in():
    """The module that gives annotated functions their meaning under plain Python."""
    path = ROOT / "frontend-python" / "oracle" / "dace.py"
    spec = importlib.util.spec_from_file_location("stand_in", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["stand_in"] = module
    spec.loader.exec_module(module)
    return module


STAND_IN = stand_in()


def plain(function):
    """The function with numbers in place of symbols, and without DaCe."""
    values = {**function.__globals__, **programs.SIZES, "dace": STAND_IN}
    for name, value in list(values.items()):
        if isinstance(value, dace.frontend.python.parser.DaceProgram):
            values[name] = types.FunctionType(value.f.__code__, values)
    return types.FunctionType(function.__code__, values)


@functools.lru_cache(None)
def sdfg_of(name):
    """The program as DaCe makes it, and its file."""
    sdfg = programs.PROGRAMS[name].make()
    sdfg.name = name
    path = PLACE / f"{name}.sdfg"
    sdfg.save(str(path))
    return sdfg, path


@functools.lru_cache(None)
def saved_by_dacec(name):
    """The file that dacec makes of DaCe's."""
    path = PLACE / f"{name}_again.sdfg"
    path.write_text(dacec("emit", sdfg_of(name)[1], "--as", "sdfg", "-O0"))
    return path


@functools.lru_cache(None)
def expected(name):
    """What the program writes and returns."""
    entry = programs.PROGRAMS[name]
    arguments = entry.inputs()
    returned = plain(entry.reference)(**arguments)
    changed = written(name)
    arrays = {key: value for key, value in arguments.items() if isinstance(value, np.ndarray)}
    results = {key: value for key, value in arrays.items() if key in changed}
    # DaCe tells of a structure that something in it changes, not what.
    members = {key: value for key, value in arrays.items() if key.partition(".")[0] in changed and "." in key}
    before = entry.inputs()
    results.update({key: value for key, value in members.items() if not np.array_equal(value, before[key])})
    if isinstance(returned, tuple):
        results.update({f"__return_{at}": np.asarray(value) for at, value in enumerate(returned)})
    elif returned is not None:
        results["__return"] = np.asarray(returned)
    return results


def written(name):
    """Containers that the caller sees changed."""
    sdfg = sdfg_of(name)[0]
    found = set()
    for state in sdfg.all_states():
        found |= state.read_and_write_sets()[1]
    return {it for it in found if not sdfg.arrays[it].transient}


def dacec(*arguments):
    """Runs the dacec command; its output."""
    command = [DACEC, *map(str, arguments)]
    if any(name in command[2] for name in FOREIGN):
        command.append("--trust-code")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def run_dacec(name, path, *options):
    """Runs a file with dacec; what it wrote and returned."""
    words = []
    for key, value in programs.PROGRAMS[name].inputs().items():
        if isinstance(value, np.ndarray):
            np.save(PLACE / f"{key}.npy", value)
            value = PLACE / f"{key}.npy"
        words.append(f"{key}={value}")
    symbols = sdfg_of(name)[0].free_symbols
    words += [f"--set={key}={value}" for key, value in programs.SIZES.items() if key in symbols]
    names = expected(name)
    words += [f"--save={key}={PLACE / f'result_{key}.npy'}" for key in names]
    dacec("run", path, *words, *options)
    return {key: np.load(PLACE / f"result_{key}.npy") for key in names}


def with_structures(sdfg, arguments):
    """The arguments as DaCe takes them: members of structures by their addresses, arrays of structures by theirs."""
    values = {key: value for key, value in arguments.items() if "." not in key}
    for structure in {key.partition(".")[0] for key in arguments if "." in key}:
        members = {key.partition(".")[2]: arguments[key] for key in arguments if key.startswith(f"{structure}.")}
        data = sdfg.arrays[structure]
        made = data.dtype._typeclass.as_ctypes()
        if isinstance(data, dace.data.ContainerArray):
            length = len(next(iter(members.values())))
            records = [made(**{key: address(value[at]) for key, value in members.items()}) for at in range(length)]
            pointers = (ctypes.POINTER(made) * length)(*map(ctypes.pointer, records))
            values[structure] = ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(made)))
        else:
            values[structure] = made(**{key: address(value) for key, value in members.items()})
    return values


def address(array):
    """Where the elements are."""
    return array.__array_interface__["data"][0]


def run_dace(name, path):
    """Loads, validates, compiles and runs a file with DaCe; what it wrote and returned."""
    unloadable = name in LOST and path == sdfg_of(name)[1]
    sdfg = programs.PROGRAMS[name].make() if unloadable else dace.SDFG.from_file(str(path))
    sdfg.validate()
    arguments = programs.PROGRAMS[name].inputs()
    known = set(sdfg.arglist()) | set(sdfg.symbols)
    sizes = {key: value for key, value in programs.SIZES.items() if key in known}
    values = {**sizes, **with_structures(sdfg, arguments)}
    returned = sdfg(**values)
    results = {key: arguments[key] for key in expected(name) if key in arguments}
    many = isinstance(returned, (tuple, list))
    for key in expected(name):
        if key not in results:
            results[key] = returned[int(key.removeprefix("__return_"))] if many else returned
    return results


class Interchange(unittest.TestCase):
    """One test for each program and direction."""

    def agree(self, name, found):
        for key, value in expected(name).items():
            np.testing.assert_allclose(
                np.asarray(found[key]).reshape(-1), value.reshape(-1), rtol=1e-5 if value.dtype.itemsize == 4 else 1e-9
            )

    def interpreted(self, name):
        self.agree(name, run_dacec(name, sdfg_of(name)[1], "--interpret"))

    def compiled(self, name):
        self.agree(name, run_dacec(name, sdfg_of(name)[1]))

    def returned(self, name):
        saved = saved_by_dacec(name)
        dace.SDFG.from_file(str(saved)).validate()
        self.written_again(saved)
        newer = PLACE / f"{name}_newer.sdfg"
        newer.write_text(dacec("emit", sdfg_of(name)[1], "--as", "sdfg", "-O0", "--sdfg-version", "2"))
        self.written_again(newer, "--sdfg-version", "2")
        self.agree(name, run_dacec(name, newer, *([] if name in FOREIGN else ["--interpret"])))

    def written_again(self, path, *options):
        """What dacec has written, it writes again, byte for byte."""
        self.assertEqual(dacec("emit", path, "--as", "sdfg", "-O0", *options), path.read_text())

    def run_by_dace(self, name):
        self.agree(name, run_dace(name, sdfg_of(name)[1]))
        self.agree(name, run_dace(name, saved_by_dacec(name)))


def add_tests():
    for name in programs.PROGRAMS:
        legs = ["compiled", "returned"]
        if name not in FOREIGN:
            legs.append("interpreted")
        if FULL or name in COMPILED_BY_DEFAULT:
            legs.append("run_by_dace")
        for leg in legs:
            setattr(Interchange, f"test_{name}_{leg}", lambda self, leg=leg, name=name: getattr(self, leg)(name))


add_tests()


# What the files of the programs have to have, by the word of the file. `Newer` are regions of files for DaCe 2.
KINDS = {
    "node": {
        "AccessNode", "Tasklet", "MapEntry", "MapExit", "ConsumeEntry", "ConsumeExit", "NestedSDFG", "LibraryNode",
    },
    "region": {
        "SDFGState", "LoopRegion", "ConditionalBlock", "ControlFlowRegion", "BreakBlock", "ContinueBlock", "ReturnBlock",
    },
    "newer region": {"UnstructuredControlFlow", "LoopRegion", "ConditionalBlock", "ControlFlowRegion"},
    "loop": {"for", "while", "do while"},
    "data": {
        "Array", "Scalar", "Stream", "ArrayView", "ArrayReference", "Structure", "StructureView", "ContainerArray", "constant",
    },
    "dtype": {*programs.NUMBERS, "bool", "float16", "vector", "pointer", "opaque"},
    "storage": {"Register", "CPU_Heap"},
    "lifetime": {"State", "SDFG", "Global", "Persistent"},
    "schedule": {"Sequential", "CPU_Multicore"},
    "memlet": {"dynamic", "other_subset", "volume", "wcr", "step", "tile"},
    "code": {"global_code", "init_code", "exit_code", "state_fields"},
    "instrument": {"Timer"},
}  # fmt: skip


def kinds_in(value, found, prefix=""):
    """Adds what occurs in a file."""
    if isinstance(value, list):
        for item in value:
            kinds_in(item, found, prefix)
    if not isinstance(value, dict):
        return
    kind, attributes = value.get("type"), value.get("attributes") or {}
    found.setdefault(prefix + "region", set()).add(kind)
    if not prefix:
        found["node"].add(kind)
        found["data"].add(kind)
        # What is not said is DaCe's default.
        dtype = attributes.get("dtype", "int32" if kind == "Array" else None)
        found["dtype"].add(dtype["type"] if isinstance(dtype, dict) else dtype)
        for key in ("storage", "lifetime", "schedule", "instrument"):
            found[key].add(attributes.get(key) if isinstance(attributes.get(key), str) else None)
        found["memlet"] |= {key for key in ("dynamic", "other_subset", "volume", "wcr") if attributes.get(key)}
        found["memlet"] |= {key for key in ("step", "tile") if value.get(key, "1") != "1"}
        blocks = {key: attributes.get(key) for key in ("global_code", "init_code", "exit_code")}
        found["code"] |= {key for key, all in blocks.items() if any(it["string_data"] for it in (all or {}).values())}
        found["code"] |= {key for key in ("state_fields",) if attributes.get(key)}
        found["data"] |= {"constant"} if attributes.get("constants_prop") else set()
    if kind == "LoopRegion" and not prefix:
        counted = "for" if attributes.get("init_statement") else "while"
        found["loop"].add("do while" if attributes.get("inverted") else counted)
    for item in value.values():
        kinds_in(item, found, prefix)


class Coverage(unittest.TestCase):
    """Every kind of node, region and data is in a program that DaCe saves."""

    def test_every_kind_occurs(self):
        found = {key: set() for key in KINDS}
        for name in programs.PROGRAMS:
            kinds_in(json.loads(sdfg_of(name)[1].read_text()), found)
        for name in ("tangled", "branch_in_loop"):
            newer = dacec("emit", sdfg_of(name)[1], "--as", "sdfg", "-O0", "--sdfg-version", "2")
            kinds_in(json.loads(newer), found, "newer ")
        for key, kinds in KINDS.items():
            self.assertEqual(kinds - found[key], set(), key)


class BFloat16(unittest.TestCase):
    """A type that only dacec has: DaCe 1.0.2 makes nothing of such containers; here nothing is lost."""

    def test_it_survives(self):
        path, again = PLACE / "bfloat.sdfg", PLACE / "bfloat_again.sdfg"
        path.write_text(sdfg_of("half_numbers")[1].read_text().replace("float16", "bfloat16"))
        for version in ("1", "2"):
            options = ("--as", "sdfg", "-O0", "--sdfg-version", version)
            again.write_text(dacec("emit", path, *options))
            arrays = json.loads(again.read_text())["attributes"]["_arrays"]
            self.assertEqual({it["attributes"]["dtype"] for it in arrays.values()}, {"bfloat16"})
            self.assertEqual(dacec("emit", again, *options), again.read_text())
        self.assertNotIsInstance(dace.SDFG.from_file(str(path)).arrays["x"], dace.data.Data)


class Count(unittest.TestCase):
    """The suite is as large as it says."""

    def test_there_are_forty_programs(self):
        self.assertGreaterEqual(len(programs.PROGRAMS), 40)
        self.assertLessEqual(COMPILED_BY_DEFAULT, set(programs.PROGRAMS))


if __name__ == "__main__":
    unittest.main()
