"""Prices of European options, by the formula of Black and Scholes.

With spot price S, strike K, time to expiry T, rate r, volatility v, and F the normal distribution function,

    d1 = (log(S / K) + (r + v^2 / 2) T) / (v sqrt(T)),      d2 = d1 - v sqrt(T),      F(x) = (1 + erf(x / sqrt(2))) / 2,

    call = S F(d1) - K exp(-r T) F(d2),      put = K exp(-r T) F(-d2) - S F(-d1).
"""

import math

import dace

N = dace.symbol("N", dtype=dace.int64)

presets = {
    "S": {"N": 20000, "rate": 0.02, "volatility": 0.3},
    "M": {"N": 300000, "rate": 0.02, "volatility": 0.3},
    "L": {"N": 4000000, "rate": 0.02, "volatility": 0.3},
    "paper": {"N": 10000000, "rate": 0.02, "volatility": 0.3},
}


@dace.program
def initialize(spot: dace.float64[N], strike: dace.float64[N], expiry: dace.float64[N]):
    for i in dace.map[0:N]:
        spot[i] = 10.0 + 40.0 * (i * 37 % 1013) / 1013
        strike[i] = 5.0 + 60.0 * (i * 53 % 1019) / 1019
        expiry[i] = 0.25 + 3.0 * (i * 71 % 1021) / 1021


def distribution(x):
    """The normal distribution function."""
    return 0.5 + 0.5 * math.erf(x / math.sqrt(2.0))


@dace.program
def black_scholes(
    spot: dace.float64[N],
    strike: dace.float64[N],
    expiry: dace.float64[N],
    call: dace.float64[N],
    put: dace.float64[N],
    rate: dace.float64,
    volatility: dace.float64,
):
    for i in dace.map[0:N]:
        spread = volatility * math.sqrt(expiry[i])
        drift = (rate + volatility * volatility / 2) * expiry[i]
        d1 = (math.log(spot[i] / strike[i]) + drift) / spread
        d2 = d1 - spread
        discounted = strike[i] * math.exp(-rate * expiry[i])
        call[i] = spot[i] * distribution(d1) - discounted * distribution(d2)
        put[i] = discounted * distribution(-d2) - spot[i] * distribution(-d1)
