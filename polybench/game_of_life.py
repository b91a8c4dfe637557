"""Conway's game of life on a torus of H x W cells, for TSTEPS generations.

A cell is alive in the next generation if three of its eight neighbours are alive now, or if two are and it is itself.
"""

import numpy as np
import dace

H, W, TSTEPS = (dace.symbol(s, dtype=dace.int64) for s in ("H", "W", "TSTEPS"))

presets = {
    "S": {"H": 200, "W": 240, "TSTEPS": 150},
    "M": {"H": 1000, "W": 1200, "TSTEPS": 50},
    "L": {"H": 4000, "W": 4000, "TSTEPS": 100},
    "paper": {"H": 2000, "W": 2000, "TSTEPS": 100},
}


@dace.program
def initialize(board: dace.uint8[H, W]):
    for i, j in dace.map[0:H, 0:W]:
        board[i, j] = (31 * i * i + 17 * j * j * j + 7 * i * j) % 1009 % 3 == 0


@dace.program
def game_of_life(board: dace.uint8[H, W]):
    for _ in range(TSTEPS):
        rows = board + np.roll(board, 1, axis=0) + np.roll(board, -1, axis=0)
        around = rows + np.roll(rows, 1, axis=1) + np.roll(rows, -1, axis=1) - board
        board[:] = (around == 3) | ((around == 2) & (board == 1))
