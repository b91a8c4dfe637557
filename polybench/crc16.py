"""The cyclic redundancy check of N bytes with 16 bits: polynomial x^16 + x^12 + x^5 + 1, first bit first.

The message, followed by 16 zeros and with its first 16 bits inverted, is a polynomial over the integers modulo 2; its
remainder by the polynomial is found bit by bit. A bit that leaves the register at the top subtracts the polynomial.
"""

import dace

N = dace.symbol("N", dtype=dace.int64)

POLYNOMIAL = 0x1021

presets = {
    "S": {"N": 20000},
    "M": {"N": 300000},
    "L": {"N": 4000000},
    "paper": {"N": 1000000},
}


@dace.program
def initialize(message: dace.uint8[N]):
    for i in dace.map[0:N]:
        message[i] = i * 167 % 251


@dace.program
def crc16(message: dace.uint8[N]):
    register = 0xFFFF
    for byte in message:
        register ^= int(byte) << 8
        for _ in range(8):
            if register & 0x8000:
                register = register << 1 ^ POLYNOMIAL
            else:
                register <<= 1
            register &= 0xFFFF
    return register
