/**
 * Floats of about 220 bits on bigints: m·2^e. Sums, products, quotients and roots are truncated to PRECISION bits, with no limit
 * on the exponent; what precise-math.ts is made of.
 */

export type BigFloat = { readonly m: bigint; readonly e: number };

/** Bits that are kept. */
export const PRECISION = 220;

const doubles = new Float64Array(1);
const longs = new BigUint64Array(doubles.buffer);

/** The exact value of a finite number. */
export function big(x: number): BigFloat {
  doubles[0] = x;
  const bits = longs[0] ?? 0n;
  const field = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & ((1n << 52n) - 1n);
  const m = field === 0 ? fraction : fraction | (1n << 52n);
  return { m: bits >> 63n === 1n ? -m : m, e: Math.max(field, 1) - 1075 };
}

/** floor(log2 |x|), give or take one at a power of two. */
export function exponentOf({ m, e }: BigFloat): number {
  return bitsOf(m) - 1 + e;
}

function bitsOf(m: bigint): number {
  const a = m < 0n ? -m : m;
  if (a < 1n << 1000n) return a === 0n ? 0 : Math.floor(Math.log2(Number(a))) + 1;
  return a.toString(16).length * 4;
}

export function truncate({ m, e }: BigFloat): BigFloat {
  const surplus = bitsOf(m) - PRECISION;
  return surplus > 60 ? { m: m >> BigInt(surplus), e: e + surplus } : { m, e };
}

export function add(a: BigFloat, b: BigFloat): BigFloat {
  if (a.m === 0n) return b;
  if (b.m === 0n) return a;
  const [high, low] = a.e >= b.e ? [a, b] : [b, a];
  const distance = exponentOf(high) - exponentOf(low);
  if (distance > PRECISION + 80) return high;
  if (-distance > PRECISION + 80) return low;
  return truncate({ m: (high.m << BigInt(high.e - low.e)) + low.m, e: low.e });
}

export const neg = ({ m, e }: BigFloat): BigFloat => ({ m: -m, e });
export const abs = ({ m, e }: BigFloat): BigFloat => ({ m: m < 0n ? -m : m, e });
export const sub = (a: BigFloat, b: BigFloat): BigFloat => add(a, neg(b));
export const mul = (a: BigFloat, b: BigFloat): BigFloat => truncate({ m: a.m * b.m, e: a.e + b.e });
export const scale = ({ m, e }: BigFloat, by: number): BigFloat => ({ m, e: e + by });

export function divide(a: BigFloat, b: BigFloat): BigFloat {
  const shift = Math.max(0, PRECISION + 10 + bitsOf(b.m) - bitsOf(a.m));
  return { m: (a.m << BigInt(shift)) / b.m, e: a.e - b.e - shift };
}

export function sqrt(a: BigFloat): BigFloat {
  if (a.m === 0n) return a;
  let shift = Math.max(0, 2 * PRECISION - bitsOf(a.m));
  if ((a.e - shift) % 2 !== 0) shift++;
  const m = a.m << BigInt(shift);
  // Newton's iteration from above.
  let root = 1n << BigInt(Math.ceil(bitsOf(m) / 2) + 1);
  for (;;) {
    const next = (root + m / root) >> 1n;
    if (next >= root) return { m: root, e: (a.e - shift) / 2 };
    root = next;
  }
}

/** The integer nearest to x·2^bits, or one beside it. */
export function fixed({ m, e }: BigFloat, bits: number): bigint {
  const shift = e + bits;
  return shift >= 0 ? m << BigInt(shift) : m >> BigInt(-shift);
}

/** A number near it: within 2^-50 where it is normal. */
export function toNumber(a: BigFloat): number {
  const surplus = Math.max(0, bitsOf(a.m) - 64);
  const e = a.e + surplus;
  const half = Math.trunc(e / 2);
  return Number(a.m >> BigInt(surplus)) * 2 ** half * 2 ** (e - half);
}
