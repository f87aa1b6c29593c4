/**
 * What functions, reductions, dtypes and constants are called elsewhere (C, NumPy, PyTorch), and what is written here
 * instead. Only for suggestions: none of these names means anything to the language.
 */

const FUNCTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    maximum: "max(a, b)",
    fmax: "max(a, b)",
    minimum: "min(a, b)",
    fmin: "min(a, b)",
    fabs: "abs(x)",
    absolute: "abs(x)",
    magnitude: "abs(x)",
    sqr: "x ** 2",
    square: "x ** 2",
    power: "pow(x, y), or x ** y",
    cbrt: "pow(x, 1.0 / 3.0)",
    reciprocal: "1.0 / x",
    recip: "1.0 / x",
    ln: "log(x)",
    log10: "log(x) / log(10.0)",
    exp10: "pow(10.0, x)",
    clip: "clamp(x, lo, hi)",
    saturate: "clamp(x, 0.0, 1.0)",
    rint: "round(x)",
    nearbyint: "round(x)",
    fix: "trunc(x)",
    mod: "a % b for integers, fmod(a, b) for floats",
    remainder: "a % b for integers, fmod(a, b) for floats",
    where: "select(c, a, b), or c ? a : b",
    iif: "c ? a : b",
    logistic: "sigmoid(x)",
    expit: "sigmoid(x)",
    erfc: "1.0 - erf(x)",
    hypot: "sqrt(a ** 2 + b ** 2)",
    lerp: "a + t * (b - a)",
    mix: "a + t * (b - a)",
    isfinite: "!isnan(x) && !isinf(x)",
    invsqrt: "rsqrt(x)",
    inversesqrt: "rsqrt(x)",
    invert: "bit_not(x)",
    popcnt: "popcount(x)",
    bitcount: "popcount(x)",
    float: "f32(x)",
    double: "f64(x)",
    half: "f16(x)",
    int: "i32(x), or sat_i32(x) of a float",
    long: "i64(x), or sat_i64(x) of a float",
    add: "a + b",
    sub: "a - b",
    mul: "a * b",
    dot: "sum[k](A[k] * B[k])",
    cumsum: "sum[k | k <= i](A[k])",
    arange: "the index itself: Y[i] = f32(i)",
    zeros: "Y[i] = 0.0",
    ones: "Y[i] = 1.0",
  }),
);

const REDUCTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    average: "mean[k](x)",
    avg: "mean[k](x)",
    product: "prod[k](x)",
    mul: "prod[k](x)",
    add: "sum[k](x)",
    total: "sum[k](x)",
    reduce: "sum[k](x)",
    count: "sum[k](condition), which counts",
    norm: "sqrt(sum[k](x ** 2))",
    maximum: "max[k](x)",
    fmax: "max[k](x)",
    amax: "max[k](x)",
    minimum: "min[k](x)",
    fmin: "min[k](x)",
    amin: "min[k](x)",
    exists: "any[k](condition)",
    forall: "all[k](condition)",
    var: "mean[k]((x - m) ** 2) with the mean m",
    std: "sqrt(mean[k]((x - m) ** 2)) with the mean m",
    logsumexp: "m + log(sum[k](exp(x - m))) with the maximum m",
    cumsum: "sum[k | k <= i](x)",
  }),
);

const VALUES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    pi: "3.141592653589793",
    PI: "3.141592653589793",
    M_PI: "3.141592653589793",
    True: "true",
    TRUE: "true",
    False: "false",
    FALSE: "false",
    Inf: "inf",
    INF: "inf",
    INFINITY: "inf",
    infinity: "inf",
    NaN: "nan",
    NAN: "nan",
  }),
);

const DTYPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    float: "f32",
    float32: "f32",
    single: "f32",
    double: "f64",
    float64: "f64",
    half: "f16",
    float16: "f16",
    bfloat16: "bf16",
    int: "i32",
    int32: "i32",
    int64: "i64",
    long: "i64",
    short: "i16",
    int16: "i16",
    int8: "i8",
    uint8: "u8",
    byte: "u8",
    char: "i8",
    uint16: "u16",
    uint32: "u32",
    uint: "u32",
    uint64: "u64",
    size_t: "u64",
    boolean: "bool",
  }),
);

/** Words for the sizes of a tensor; here dims have names of their own. */
export const SIZE_WORDS: ReadonlySet<string> = new Set([
  "len",
  "length",
  "shape",
  "size",
  "sizeof",
  "numel",
  "dim",
  "dims",
  "extent",
  "rows",
  "cols",
]);

/** `np.exp`, `math.sqrt`, `sqrtf` are `exp`, `sqrt`: without the library and the C suffix. */
function plainName(name: string, isOurs: (plain: string) => boolean): string {
  const plain = name.replace(/^.*\./, "");
  return !isOurs(plain) && !FUNCTIONS.has(plain) && plain.endsWith("f") ? plain.slice(0, -1) : plain;
}

/** What is written here for a function of another language; null: not known. `isOurs`: a function that exists here. */
export function insteadOfFunction(name: string, isOurs: (plain: string) => boolean): string | null {
  const plain = plainName(name, isOurs);
  const written = FUNCTIONS.get(plain);
  if (written !== undefined) return `write ${written}`;
  return plain !== name && isOurs(plain) ? `write ${plain}(…)` : null;
}

/** The same for a reduction; without its brackets, too. */
export function insteadOfReduction(name: string): string | null {
  const written = REDUCTIONS.get(name.replace(/^.*\./, ""));
  return written === undefined ? null : `write ${written}`;
}

export function insteadOfValue(name: string): string | null {
  const written = VALUES.get(name);
  return written === undefined ? null : `write ${written}`;
}

export function insteadOfDType(name: string): string | null {
  const written = DTYPES.get(name);
  return written === undefined ? null : `write ${written}`;
}
