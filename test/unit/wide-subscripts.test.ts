/** Subscripts read from wide integers, under each pad: what no index can hold is answered as the number that it is. */
import { afterAll, expect, test } from "vitest";
import { close, compile, Tensor } from "../../runtime/node/index.ts";

afterAll(close);

const SIZE = 3n;

/** Which element of 0, 1, 2 a pad gives for a subscript; null: none. */
const EXPECTED = {
  "(-1)": (n: bigint) => (n >= 0n && n < SIZE ? n : -1n),
  edge: (n: bigint) => (n < 0n ? 0n : n >= SIZE ? SIZE - 1n : n),
  wrap: (n: bigint) => modulo(n, SIZE),
  mirror: (n: bigint) => [0n, 1n, 2n, 1n][Number(modulo(n, 4n))] ?? expect.fail("a phase"),
} as const satisfies Record<string, (n: bigint) => bigint>;

function modulo(n: bigint, period: bigint): bigint {
  return ((n % period) + period) % period;
}

const SUBSCRIPTS = {
  i64: [2n ** 32n + 1n, 1n - 2n ** 32n, 2n ** 31n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  u64: [2n ** 32n + 1n, 2n ** 63n + 1n, 2n ** 64n - 1n, 1n],
  u32: [3_000_000_000n, 4_294_967_295n, 2n ** 31n, 1n],
} as const;

const CASES = (["i64", "u64", "u32"] as const).flatMap((dtype) =>
  (["(-1)", "edge", "wrap", "mirror"] as const).map((pad) => [dtype, pad] as const),
);

test.each(CASES)("%s under pad %s", async (dtype, pad) => {
  const text = `export kernel k(A: i32[N], at: ${dtype}[M]) -> C: i32[M] where N >= 2 { C[i] = A[at[i]] pad ${pad}; }`;
  const numbers = SUBSCRIPTS[dtype];
  const expected = numbers.map((n) => Number(EXPECTED[pad](n)));
  for (const target of ["interp", "wasm"]) {
    const { k } = await compile(text, { target });
    const at = Tensor.from(numbers, { dtype });
    expect(k?.({ A: Tensor.iota([3], { dtype: "i32" }), at })["C"]?.toArray(), target).toEqual(expected);
  }
});
