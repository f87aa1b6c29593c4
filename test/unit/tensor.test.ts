/**
 * Tensors as a user makes and reads them, and every way in which making one is refused (E6001 to E6008).
 */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { DTYPE_NAMES, DTYPES, isFloat, ulp } from "../../compiler/ir/dtype.ts";
import { philox } from "../../runtime/random.ts";
import type { DeviceStorage } from "../../runtime/storage.ts";
import type { Nested } from "../../runtime/tensor-values.ts";
import { equalTensors, firstDifference, Tensor } from "../../runtime/tensor.ts";
import { refusal, refusalText, rejection } from "../support/refusal.ts";

// A caller in plain JavaScript can pass anything.
const given = (value: unknown): Nested => value as Nested; // oxlint-disable-line typescript/no-unsafe-type-assertion
const asDType = (dtype: string): "f32" => dtype as "f32"; // oxlint-disable-line typescript/no-unsafe-type-assertion

/** The random words of a counter and a key, in hexadecimal. */
const answer = (counter: number[], low: number, high: number): string => {
  const words = Uint32Array.from(counter);
  philox(words, low, high);
  return [...words].map((word) => word.toString(16).padStart(8, "0")).join(" ");
};

/** Chi-squared of values in [0, 1) over 16 cells. */
const cells = (values: readonly number[]): number => {
  const counts = Array<number>(16).fill(0);
  for (const value of values) counts[Math.floor(value * 16)] = (counts[Math.floor(value * 16)] ?? 0) + 1;
  const mean = values.length / 16;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
};

const onDevice = (array: Float32Array, log: string[] = []): Tensor<"f32"> => {
  const storage: DeviceStorage = {
    kind: "device",
    device: "wgsl",
    buffer: null,
    read: async () => array.slice(),
    dispose: () => void log.push("disposed"),
  };
  return Tensor.over("f32", [2], storage);
};

describe("Tensor.from", () => {
  it("takes nested arrays, and gives them back", () => {
    const t = Tensor.from([
      [1, 2.5, -3],
      [4, 5, Infinity],
    ]);
    expect([t.dtype, t.shape, t.size, t.bytes]).toEqual(["f32", [2, 3], 6, 24]);
    expect(t.data).toEqual(Float32Array.of(1, 2.5, -3, 4, 5, Infinity));
    expect(t.toArray()).toEqual([
      [1, 2.5, -3],
      [4, 5, Infinity],
    ]);
  });

  it("takes the dtype from the first value unless it is told", () => {
    expect([Tensor.from([1n]).dtype, Tensor.from(true).dtype, Tensor.from([]).dtype, Tensor.from([1]).dtype]).toEqual([
      "i64",
      "bool",
      "f32",
      "f32",
    ]);
    expect(Tensor.from([[true, false]]).data).toEqual(Uint8Array.of(1, 0));
    expect(Tensor.from([1, 2n], { dtype: "u64" }).data).toEqual(BigUint64Array.of(1n, 2n));
    expect(Tensor.from([0.1], { dtype: "f16" }).item()).toBe(0.0999755859375);
    expect(Tensor.from([0.1], { dtype: "bf16" }).data).toEqual(Uint16Array.of(0x3dcd));
    expect(Tensor.from([-8, 7, -1], { dtype: "i4" }).data).toEqual(Uint8Array.of(0x78, 0x0f));
  });

  it("regroups a flat array by its shape, and takes empty ones", () => {
    expect(Tensor.from([1, 2, 3, 4], { dtype: "i8", shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(Tensor.from([], { dtype: "i8", shape: [3, 0] }).toArray()).toEqual([[], [], []]);
    expect(Tensor.from([[], []]).shape).toEqual([2, 0]);
    expect(Tensor.from(7, { dtype: "i32" }).shape).toEqual([]);
  });

  it("keeps a typed array without a copy", () => {
    const array = Float32Array.of(1, 2, 3, 4);
    const t = Tensor.from(array, { dtype: "f32", shape: [2, 2] });
    array[3] = 9;
    expect(t.data).toBe(array);
    expect(t.toArray()).toEqual([
      [1, 2],
      [3, 9],
    ]);
  });

  it("knows the dtype of each typed array", () => {
    const arrays = [
      Int8Array,
      Uint8Array,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
    ];
    expect(arrays.map((array) => Tensor.from(new array(2)).dtype)).toEqual([
      "i8",
      "u8",
      "i16",
      "u16",
      "i32",
      "u32",
      "f32",
      "f64",
      "i64",
      "u64",
    ]);
    expect(Tensor.from(Uint8ClampedArray.of(255)).item()).toBe(255);
    expect(Tensor.from(Buffer.from([1, 2])).toArray()).toEqual([1, 2]);
    expect(Tensor.from(Uint16Array.of(0x3c00), { dtype: "f16" }).item()).toBe(1);
    expect(Tensor.from(Uint8Array.of(0x21), { dtype: "u4" }).toArray()).toEqual([1, 2]);
  });

  it("takes the engine's own half floats", (context) => {
    const half: unknown = Reflect.get(globalThis, "Float16Array");
    if (typeof half !== "function") {
      context.skip("this Node has no Float16Array");
      return;
    }
    const array: unknown = Reflect.construct(half, [[1.5, -2]]);
    if (!ArrayBuffer.isView(array)) expect.fail("a Float16Array is a view");
    const t = Tensor.from(array);
    expect([t.dtype, t.toArray()]).toEqual(["f16", [1.5, -2]]);
  });

  it("refuses what does not fill a shape", () => {
    expect(refusalText(() => Tensor.from([[1, 2], [3]]))).toBe(
      "E6002: the row at [1] has 1 element where the first at that depth has 2",
    );
    expect(refusalText(() => Tensor.from([[1, 2], 3]))).toBe(
      "E6002: the row at [1] has a single value where the first at that depth has 2",
    );
    expect(refusalText(() => Tensor.from([1, 2, 3], { shape: [2, 2] }))).toBe(
      "E6002: the values have shape [3], which does not fill f32[2, 2]",
    );
    expect(refusalText(() => Tensor.from(new Int8Array(3), { shape: [2] }))).toBe(
      "E6002: i8[2] wants 2 elements of a Int8Array, and the given one has 3",
    );
    expect(refusalText(() => Tensor.from([1, 2]).item())).toBe("E6002: item() wants one element, and f32[2] has 2");
  });

  it("refuses values that the dtype has not", () => {
    expect(
      refusalText(() =>
        Tensor.from(
          [
            [0, 1],
            [2, 300],
          ],
          { dtype: "i8" },
        ),
      ),
    ).toBe("E6004: 300 at [1, 1] is not in i8's range -128 to 127");
    expect(refusalText(() => Tensor.from([0.5], { dtype: "i32" }))).toBe("E6004: 0.5 at [0] is not whole");
    expect(refusalText(() => Tensor.from(Number.NaN, { dtype: "i32" }))).toBe(
      "E6004: NaN is not in i32's range -2147483648 to 2147483647",
    );
    expect(refusalText(() => Tensor.from([1, 1e39]))).toBe(
      "E6004: 1e+39 at [1] is out of f32's range: its largest number is 3.4028234663852886e+38",
    );
    expect(refusalText(() => Tensor.from([65_520], { dtype: "f16" }))).toBe(
      "E6004: 65520 at [0] is out of f16's range: its largest number is 65504",
    );
    expect(refusalText(() => Tensor.from([true], { dtype: "f32" }))).toBe("E6004: true at [0] is not a value of f32");
    expect(refusalText(() => Tensor.from(Uint8Array.of(0, 7), { dtype: "bool" }))).toBe(
      "E6004: the array: the byte 7 at [1] is not a bool; a bool is 0 or 1",
    );
    const past = refusal(() => Tensor.from([2 ** 60], { dtype: "i64" }));
    expect([past.code, past.help]).toEqual(["E6004", ["write it as a bigint: 1152921504606846976n"]]);
    expect(Tensor.from([Number.MAX_SAFE_INTEGER], { dtype: "i64" }).item()).toBe(BigInt(Number.MAX_SAFE_INTEGER));
  });

  it("refuses values that are none, from callers without types", () => {
    expect(refusalText(() => Tensor.from(given(["a\u001b[2J"])))).toBe(
      'E6004: "a\\u{1b}[2J" at [0] is not a value of f32',
    );
    expect(refusalText(() => Tensor.from(given([1, undefined])))).toBe("E6004: undefined at [1] is not a value of f32");
    expect(refusalText(() => Tensor.from(given(null)))).toBe("E6004: null is not a value of f32");
    const circle: unknown[] = [];
    circle.push(circle);
    expect(refusalText(() => Tensor.from(given(circle)))).toBe("E6001: the arrays are nested more than 32 deep");
  });

  it("refuses an array of another kind than the dtype's", () => {
    const wrong = refusal(() => Tensor.from(new Float64Array(2), { dtype: "f32" }));
    expect(`${wrong.code}: ${wrong.message}`).toBe(
      "E6003: a Float64Array does not hold f32, which is kept in a Float32Array",
    );
    expect(wrong.help).toEqual([
      'pass plain values, which are checked and rounded: Tensor.from([...values], { dtype: "f32" })',
    ]);
    expect(refusal(() => Tensor.from(new DataView(new ArrayBuffer(8)))).code).toBe("E6003");
    expect(refusal(() => Tensor.from([1]).as("i8")).code).toBe("E6003");
  });
});

describe("making tensors", () => {
  it("fills with zeros, one value, or the row-major position", () => {
    expect(Tensor.zeros([2]).data).toEqual(new Float32Array(2));
    expect(Tensor.full([2], true, { dtype: "bool" }).toArray()).toEqual([true, true]);
    expect(Tensor.iota([2, 3], { dtype: "u4" }).toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(refusalText(() => Tensor.iota([200], { dtype: "i8" }))).toBe(
      "E6004: 199 at [199] is not in i8's range -128 to 127",
    );
    expect(Tensor.iota([0], { dtype: "bool" }).size).toBe(0);
  });

  it("refuses shapes that are none", () => {
    expect(refusalText(() => Tensor.zeros([2, -1]))).toBe(
      "E6001: the shape [2, -1] has -1 as dim 1; a dim is a whole number in 0..2147483648",
    );
    const unchecked: { zeros(shape: unknown): unknown } = Tensor;
    const number = refusal(() => unchecked.zeros(3));
    expect(number.message).toBe("the shape 3 is not an array of dims");
    expect(number.help).toEqual(["write [3] for one dim"]);
    for (const shape of [[1.5], [Number.NaN], [2 ** 31], Array<number>(33).fill(1), [2 ** 30, 2 ** 30]]) {
      expect(refusal(() => Tensor.zeros(shape)).code).toBe("E6001");
    }
    expect(Tensor.zeros([2 ** 31 - 1, 2 ** 31 - 1, 0]).size).toBe(0);
  });

  it("says when memory is out, and does not crash", () => {
    expect(refusalText(() => Tensor.zeros([2 ** 25, 2 ** 24]))).toBe(
      "E6006: f32[33554432, 16777216] needs 2251799813685248 bytes, which this machine does not give",
    );
  });

  it("refuses a dtype that is none, and names the one that was meant", () => {
    expect(refusal(() => Tensor.zeros([1], { dtype: asDType("float32") })).help).toEqual(['write "f32"']);
    expect(refusal(() => Tensor.zeros([1], { dtype: asDType("I32") })).help).toEqual(['write "i32"']);
    expect(refusalText(() => Tensor.zeros([1], { dtype: asDType("__proto__") }))).toBe(
      'E6007: there is no dtype "__proto__"',
    );
  });
});

describe("Tensor.random", () => {
  it("is Philox4x32-10: the known answers of its authors", () => {
    const ones = 0xffffffff;
    expect(answer([0, 0, 0, 0], 0, 0)).toBe("6627e8d5 e169c58d bc57ac4c 9b00dbd8");
    expect(answer([ones, ones, ones, ones], ones, ones)).toBe("408f276d 41c83b0e a20bc7c6 6d5451fd");
    expect(answer([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], 0xa4093822, 0x299f31d0)).toBe(
      "d16cfe09 94fdcceb 5001e420 24126ea1",
    );
  });

  it("gives the same values for ever", () => {
    expect(Tensor.random([4]).toArray()).toEqual([
      -0.20190715789794922, 0.47142553329467773, 0.9444823265075684, 0.3878617286682129,
    ]);
    expect(Tensor.random([4], { dtype: "i8", seed: 7 }).toArray()).toEqual([116, -99, -24, -85]);
    expect(Tensor.random([2], { dtype: "i64", seed: 7 }).toArray()).toEqual([
      8385836843077859804n,
      -7117171468107142014n,
    ]);
    // An element depends on its position alone.
    expect(Tensor.random([3], { seed: 5 }).data).toEqual(Tensor.random([8], { seed: 5 }).data.slice(0, 3));
    expect(equalTensors(Tensor.random([9], { seed: 1 }), Tensor.random([9], { seed: 2 }))).toBe(false);
    expect(equalTensors(Tensor.random([9], { seed: 1 }), Tensor.random([9], { seed: 1 + 2 ** 32 }))).toBe(false);
  });

  it("gives the floats of one seed cut to each dtype's grid in [-1, 1)", () => {
    const reference = Tensor.random([500], { dtype: "f64", seed: 3 }).data;
    for (const dtype of ["f16", "bf16", "f32"] as const) {
      const step = ulp(dtype, 1);
      const values = Tensor.random([500], { dtype, seed: 3 }).toArray();
      expect(values).toEqual([...reference].map((x) => Math.floor(x / step) * step + 0));
    }
    expect(Math.min(...reference)).toBeGreaterThanOrEqual(-1);
    expect(Math.max(...reference)).toBeLessThan(1);
  });

  it("spreads evenly: chi-squared over 16 cells stays below its 1-in-10,000 bound", () => {
    const BOUND = 44.3; // 15 degrees of freedom
    expect(cells([...Tensor.random([20_000], { dtype: "f64", seed: 11 }).data].map((x) => (x + 1) / 2))).toBeLessThan(
      BOUND,
    );
    expect(
      cells([...Tensor.random([20_000], { dtype: "i32", seed: 12 }).data].map((x) => x / 2 ** 32 + 0.5)),
    ).toBeLessThan(BOUND);
    expect(
      cells([...Tensor.random([20_000], { dtype: "u64", seed: 13 }).data].map((x) => Number(x >> 11n) / 2 ** 53)),
    ).toBeLessThan(BOUND);
    expect(
      cells([...Tensor.random([20_000], { dtype: "u8", seed: 14, range: [0, 16] }).data].map((x) => x / 16)),
    ).toBeLessThan(BOUND);
  });

  it("keeps to a range and reaches both its ends", () => {
    const small = Tensor.random([1000], { dtype: "i16", range: [-3, 4] }).data;
    expect([...new Set(small)].toSorted((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    for (const dtype of DTYPE_NAMES.filter((name) => !isFloat(name) && DTYPES[name].bits <= 4)) {
      const row = DTYPES[dtype];
      if (row.kind === "float") continue;
      expect(new Set([Tensor.random([2000], { dtype }).toArray()].flat()).size).toBe(Number(row.max - row.min) + 1);
    }
    const wide = Tensor.random([200], { dtype: "i64", range: [-(2n ** 40n), 2n ** 40n] }).data;
    expect(wide.every((x) => x >= -(2n ** 40n) && x < 2n ** 40n)).toBe(true);
  });

  it("refuses a seed or a range that is none", () => {
    expect(refusalText(() => Tensor.random([1], { seed: -1 }))).toBe(
      "E6004: the seed -1 is not a whole number in 0..2^53",
    );
    expect(refusalText(() => Tensor.random([1], { dtype: "i8", range: [0, 129] }))).toBe(
      "E6004: the range 0..129 is not a part of i8's range -128..128",
    );
    expect(refusal(() => Tensor.random([1], { dtype: "i8", range: [3, 3] })).code).toBe("E6004");
    expect(refusal(() => Tensor.random([1], { range: [0, 1] })).code).toBe("E6004");
  });
});

describe("a tensor on a device", () => {
  it("gives its elements to those who wait, and says so to those who do not", async () => {
    const t = onDevice(Float32Array.of(1, 2));
    expect(await t.read()).toEqual(Float32Array.of(1, 2));
    expect((await t.cpu()).toArray()).toEqual([1, 2]);
    const early = refusal(() => t.data);
    expect([early.code, early.message, early.help]).toEqual([
      "E6005",
      "the elements of f32[2] are on the device wgsl",
      ["wait for a copy: await t.read()"],
    ]);
    expect(refusal(() => t.toArray()).code).toBe("E6005");
    expect(String(t)).toBe("f32[2] (on wgsl)");
  });

  it("is disposed of once, and then holds nothing", async () => {
    const log: string[] = [];
    const t = onDevice(Float32Array.of(1, 2), log);
    t.dispose();
    t.dispose();
    expect(log).toEqual(["disposed"]);
    expect((await rejection(t.read())).code).toBe("E6008");
    expect(refusalText(() => t.data)).toBe("E6008: f32[2] was disposed of and holds no elements any more");
    expect(String(t)).toBe("f32[2] (disposed of)");
  });
});

describe("reading tensors", () => {
  it("compares them", () => {
    const a = Tensor.from([1, Number.NaN, 0]);
    expect(equalTensors(a, Tensor.from([1, Number.NaN, -0]))).toBe(true);
    expect(firstDifference(a, Tensor.from([1, Number.NaN, 2]))).toBe(2);
    expect(firstDifference(a, Tensor.from([1, 5, 0]))).toBe(1);
    expect(equalTensors(a, Tensor.from([[1, Number.NaN, 0]]))).toBe(false);
    expect(equalTensors(Tensor.from([1]), Tensor.from([1], { dtype: "f64" }))).toBe(false);
  });

  it("prints them readably, and long ones in part", () => {
    expect(String(Tensor.from(1.5))).toBe("f32 1.5");
    expect(inspect(Tensor.from([true, false]))).toBe("bool[2] [true, false]");
    expect(
      String(
        Tensor.from(
          [
            [0.1, -0],
            [1 / 3, 1e-9],
          ],
          { dtype: "f64" },
        ),
      ),
    ).toBe("f64[2, 2]\n[[0.1, -0],\n [0.333333, 1e-9]]");
    expect(String(Tensor.iota([8], { dtype: "i32" }))).toBe("i32[8] [0, 1, 2, 3, 4, 5, 6, 7]");
    expect(String(Tensor.iota([2, 100], { dtype: "i32" }))).toBe(
      "i32[2, 100]\n[[0, 1, 2, …, 97, 98, 99],\n [100, 101, 102, …, 197, 198, 199]]",
    );
    expect(String(Tensor.zeros([0, 3]))).toBe("f32[0, 3] (no elements)");
    const deep = String(Tensor.zeros(Array<number>(20).fill(2)));
    expect(deep).toContain("(1048576 elements)");
    expect(String(Tensor.zeros([1000, 1000, 3])).length).toBeLessThan(2000);
  });
});
