"""What BLAS operations are, said in NumPy.

Reads a folder: `cases.json` with operations, their properties and operands, `inputs.npz` with containers. Writes `outputs.npz`
with the containers as they are after all operations.
"""

import json
import sys

import numpy as np

FORMS = {"N": lambda x: x, "T": lambda x: x.T, "H": lambda x: x.conj().T}


def triangle(a, case, unit=False):
    a = np.triu(a) if case.get("upper") else np.tril(a)
    if unit:
        np.fill_diagonal(a, 1)
    return a


def symmetric(a, case):
    strict = np.triu(a, 1) if case.get("upper") else np.tril(a, -1)
    diagonal = np.diag(np.diag(a))
    if case.get("hermitian"):
        return strict + strict.conj().T + diagonal.real
    return strict + strict.T + diagonal


def columns(x):
    return x.reshape(-1, 1) if x.ndim == 1 else x


def rank_update(case, a, b, c, alpha, beta):
    if case.get("transposed"):
        a, b = a.T, b.T
        if case.get("hermitian"):
            a, b = a.conj(), b.conj()
    adjoint = (lambda x: x.conj().T) if case.get("hermitian") else (lambda x: x.T)
    if case["op"] == "Syrk":
        value = alpha * a @ adjoint(a)
    else:
        second = np.conj(alpha) if case.get("hermitian") else alpha
        value = alpha * a @ adjoint(b) + second * b @ adjoint(a)
    old = c.copy()
    if case.get("hermitian"):
        np.fill_diagonal(old, np.diag(old).real)
    value = value if beta is None else value + beta * old
    if case.get("hermitian"):
        np.fill_diagonal(value, np.diag(value).real)
    inside = np.tri(len(c), dtype=bool)
    return np.where(inside.T if case.get("upper") else inside, value, c)


def compute(case, get):
    """The result of one operation; `get` gives an operand."""
    op = case["op"]
    alpha, beta = case.get("alpha", 1), case.get("beta", 0)
    alpha = get("_alpha") if alpha == "operand" else alpha
    beta = get("_beta") if beta == "operand" else beta
    form = FORMS[case.get("trans_a", "N")]
    plus = lambda value, old: value if isinstance(beta, (int, float)) and beta == 0 else value + beta * get(old)
    if op == "Gemm":
        return plus(alpha * form(get("_a")) @ FORMS[case.get("trans_b", "N")](get("_b")), "_c")
    if op == "Gemv":
        return plus(alpha * form(get("_A")) @ get("_x"), "_y")
    if op == "Ger":
        y = get("_y").conj() if case.get("conjugate") else get("_y")
        return alpha * np.outer(get("_x"), y) + get("_A")
    if op == "Dot":
        return np.vdot(get("_x"), get("_y")) if case.get("conjugate") else np.dot(get("_x"), get("_y"))
    if op == "Axpy":
        return alpha * get("_x") + get("_y")
    if op == "Scal":
        return alpha * get("_x")
    if op == "Nrm2":
        return np.linalg.norm(get("_x"))
    if op in ("Syrk", "Syr2k"):
        a = columns(get("_a"))
        b = columns(get("_b")) if op == "Syr2k" else a
        beta = None if isinstance(beta, (int, float)) and beta == 0 else beta
        return rank_update(case, a, b, get("_c"), alpha, beta)
    if op == "Symm":
        s, b = symmetric(get("_a"), case), columns(get("_b"))
        value = b @ s if case.get("right") else s @ b
        return plus(alpha * value.reshape(get("_b").shape), "_c")
    if op == "CholeskyInPlace":
        return np.linalg.cholesky(get("_a")) + np.triu(get("_a"), 1)
    if op == "LuInPlace":
        a = get("_a").copy()
        for k in range(len(a)):
            a[k + 1 :, k] /= a[k, k]
            a[k + 1 :, k + 1 :] -= np.outer(a[k + 1 :, k], a[k, k + 1 :])
        return a
    a, b = form(triangle(get("_a"), case, case.get("unit"))), columns(get("_b"))
    if op == "Trmm":
        value = b @ a if case.get("right") else a @ b
    elif case.get("right"):
        value = np.linalg.solve(a.T, b.T).T
    else:
        value = np.linalg.solve(a, b)
    return (alpha * value).reshape(get("_b").shape)


def main(folder):
    with open(f"{folder}/cases.json") as file:
        plan = json.load(file)
    arrays = dict(np.load(f"{folder}/inputs.npz"))
    for case in plan["cases"]:
        part = lambda operand: eval(f"array[{operand[1]}]", dict(plan["symbols"], array=arrays[operand[0]]))
        get = lambda connector: part(case["operands"][connector])
        value = compute(case, get)
        container, subset = case["result"]
        exec(f"array[{subset}] = value", dict(plan["symbols"], array=arrays[container], value=value))
    np.savez(f"{folder}/outputs.npz", **arrays)


main(sys.argv[1])
