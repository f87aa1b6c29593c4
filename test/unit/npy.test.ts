/**
 * .npy files, made by hand from the format's specification as NumPy writes them, read and written; and every way in which
 * a file can be wrong (E6107, E6108, E6111 to E6113).
 */
import { describe, expect, it } from "vitest";
import { readNpy, writeNpy } from "../../runtime/files/npy.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { refusal, refusalText } from "../support/refusal.ts";

const latin1 = (text: string): number[] => Array.from(text, (c) => c.codePointAt(0) ?? 0);

/** A file of a version, with a header of this text, padded as NumPy pads it, and these bytes. */
function npy(header: string, data: readonly number[], version: 1 | 2 | 3 = 1): Uint8Array {
  const front = version === 1 ? 10 : 12;
  const length = Math.ceil((front + header.length + 1) / 64) * 64 - front;
  const size = version === 1 ? [length & 255, length >> 8] : [length & 255, length >> 8, 0, 0];
  return Uint8Array.from([
    0x93,
    ...latin1("NUMPY"),
    version,
    0,
    ...size,
    ...latin1(`${header.padEnd(length - 1)}\n`),
    ...data,
  ]);
}

const header = (descr: string, shape: string, fortran = "False"): string =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const bytesOf = (array: ArrayBufferView): number[] => [...new Uint8Array(array.buffer)];

const read = (descr: string, data: readonly number[]): unknown => {
  const t = readNpy(npy(header(descr, "(2,)"), data), "x.npy");
  return [t.dtype, t.toArray()];
};
const said = (bytes: Uint8Array): string => refusalText(() => readNpy(bytes, "x.npy"));
const headerSaid = (text: string): string => said(npy(text, [0]));

describe("reading", () => {
  it("reads every dtype that NumPy has", () => {
    expect(read("|b1", [1, 0])).toEqual(["bool", [true, false]]);
    expect(read("|i1", [255, 127])).toEqual(["i8", [-1, 127]]);
    expect(read("|u1", [255, 1])).toEqual(["u8", [255, 1]]);
    expect(read("<i2", [0xfe, 0xff, 1, 2])).toEqual(["i16", [-2, 513]]);
    expect(read("<u2", [0xfe, 0xff, 1, 2])).toEqual(["u16", [65_534, 513]]);
    expect(read("<i4", bytesOf(Int32Array.of(-7, 2 ** 31 - 1)))).toEqual(["i32", [-7, 2 ** 31 - 1]]);
    expect(read("<u4", bytesOf(Uint32Array.of(7, 2 ** 32 - 1)))).toEqual(["u32", [7, 2 ** 32 - 1]]);
    expect(read("<i8", bytesOf(BigInt64Array.of(-7n, 2n ** 62n)))).toEqual(["i64", [-7n, 2n ** 62n]]);
    expect(read("<u8", bytesOf(BigUint64Array.of(7n, 2n ** 63n)))).toEqual(["u64", [7n, 2n ** 63n]]);
    expect(read("<f2", [0, 0x3c, 1, 0])).toEqual(["f16", [1, 2 ** -24]]);
    expect(read("<f4", bytesOf(Float32Array.of(0.5, -Infinity)))).toEqual(["f32", [0.5, -Infinity]]);
    expect(read("<f8", bytesOf(Float64Array.of(0.1, 5e-324)))).toEqual(["f64", [0.1, 5e-324]]);
  });

  it("reads big-endian elements", () => {
    expect(readNpy(npy(header(">i4", "(2,)"), [0, 0, 1, 2, 255, 255, 255, 254]), "x.npy").toArray()).toEqual([258, -2]);
    expect(readNpy(npy(header(">f2", "(1,)"), [0x3c, 0]), "x.npy").toArray()).toEqual([1]);
    expect(readNpy(npy(header(">f8", "(1,)"), [0x3f, 0xf0, 0, 0, 0, 0, 0, 0]), "x.npy").toArray()).toEqual([1]);
  });

  it("reads column-major elements", () => {
    const columns = npy(header("|u1", "(2, 3)", "True"), [0, 3, 1, 4, 2, 5]);
    expect(readNpy(columns, "x.npy").toArray()).toEqual([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    const cube = npy(header("<i2", "(2, 1, 2)", "True"), bytesOf(Int16Array.of(0, 2, 1, 3)));
    expect(readNpy(cube, "x.npy").toArray()).toEqual([[[0, 1]], [[2, 3]]]);
    expect(readNpy(npy(header("|u1", "(0, 3)", "True"), []), "x.npy").shape).toEqual([0, 3]);
    expect(readNpy(npy(header(">i2", "(2, 2)", "True"), [0, 1, 0, 2, 0, 3, 0, 4]), "x.npy").toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
  });

  it("reads versions 1 to 3, scalars, empty arrays, and the spellings of other writers", () => {
    for (const version of [1, 2, 3] as const) {
      expect(readNpy(npy(header("|u1", "(1,)"), [9], version), "x.npy").toArray()).toEqual([9]);
    }
    expect(readNpy(npy(header("<i4", "()"), [5, 0, 0, 0]), "x.npy").toArray()).toBe(5);
    expect(readNpy(npy(header("<i4", "(3, 0, 2)"), []), "x.npy").shape).toEqual([3, 0, 2]);
    const double = '{"shape": (1, 1), "fortran_order": False, "descr": "|u1"}';
    expect(readNpy(npy(double, [9]), "x.npy").shape).toEqual([1, 1]);
    // Python 2 wrote long integers so.
    expect(readNpy(npy(header("|u1", "(1L, 1L)"), [9]), "x.npy").shape).toEqual([1, 1]);
  });

  it("reads from the middle of a buffer, at any alignment", () => {
    const file = npy(header("<f4", "(1,)"), bytesOf(Float32Array.of(1.5)));
    const larger = new Uint8Array(file.length + 7);
    larger.set(file, 3);
    expect(readNpy(larger.subarray(3, 3 + file.length), "x.npy").toArray()).toEqual([1.5]);
  });
});

describe("a wrong file", () => {
  it("is no .npy file (E6111)", () => {
    expect(said(Uint8Array.from(latin1("hello, world")))).toBe(
      "E6111: x.npy is not an .npy file: it does not start with \\x93NUMPY",
    );
    expect(refusal(() => readNpy(Uint8Array.from(latin1("PK\u0003\u0004")), "x.npy")).help).toEqual([
      "name it .npz: it is a zip archive",
    ]);
    const future = npy(header("|u1", "(1,)"), [9]);
    future[6] = 4;
    expect(said(future)).toBe(
      "E6111: x.npy is of version 4.0 of the .npy format; versions 1.0, 2.0 and 3.0 can be read",
    );
  });

  it("has a malformed header (E6112)", () => {
    const good = npy(header("|u1", "(1,)"), [9]);
    expect(said(good.subarray(0, 40))).toBe("E6112: x.npy ends within its header, after 40 bytes");
    expect(said(good.subarray(0, 7))).toBe("E6112: x.npy ends within its header, after 7 bytes");
    const huge = npy(header("|u1", "(1,)"), [9], 2);
    huge.set([0xff, 0xff, 0xff, 0xff], 8);
    expect(said(huge)).toBe("E6112: x.npy: its header claims 4294967295 bytes; the limit is 65536");
    expect(headerSaid("{'descr': '|u1', 'fortran_order': False}")).toBe(
      "E6112: x.npy: the header lacks one of 'descr', 'fortran_order' and 'shape'",
    );
    expect(headerSaid("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}")).toContain(
      "has a key more than",
    );
    expect(headerSaid("{'descr': '|u1', 'fortran_order': False, 'shape': (1)}")).toBe(
      "E6112: x.npy: the header has no , where one belongs",
    );
    expect(headerSaid("{'descr': '|u1', 'fortran_order': 0, 'shape': (1,)}")).toContain("neither True nor False");
    expect(headerSaid("{'descr': 1, 'fortran_order': False, 'shape': (1,)}")).toContain("a 'descr' that is no text");
    expect(headerSaid("{'descr': '|u1', 'fortran_order': False, 'shape': ('a',)}")).toContain(
      "no tuple of whole numbers",
    );
    expect(headerSaid("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} + 1")).toContain(
      "cannot be read at character 55",
    );
    expect(headerSaid("{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} {")).toContain("goes on after its }");
    expect(headerSaid("__import__('os').system('true')")).toContain("cannot be read at character 0");
    expect(headerSaid("{1: '|u1'}")).toContain("a key that is no text");
    expect(headerSaid("")).toContain("has no {");
  });

  it("has a shape that is none (E6112)", () => {
    expect(headerSaid(header("|u1", "(-1,)"))).toBe(
      "E6112: x.npy: the shape (-1) has -1 as dim 0; a dim is a whole number in 0..2147483648",
    );
    expect(headerSaid(header("|u1", "(99999999999999999999, 2)"))).toContain("has 100000000000000000000 as dim 0");
    expect(headerSaid(header("|u1", "(2147483647, 2147483647, 2147483647)"))).toContain(
      "more elements than a computer can address",
    );
    expect(headerSaid(header("|u1", `(${"1, ".repeat(40)})`))).toContain("has 40 dims; a tensor has at most 32");
  });

  it("has too few or too many bytes (E6113)", () => {
    expect(said(npy(header("<f4", "(2, 2)"), [0, 0, 0]))).toBe(
      "E6113: x.npy: f32[2, 2] is 16 bytes, and 3 follow the header: the file was cut off",
    );
    expect(said(npy(header("|u1", "(1,)"), [0, 0]))).toBe(
      "E6113: x.npy: u8[1] is 1 bytes, and 2 follow the header: something follows the array",
    );
    // 2 GiB are claimed and never allocated.
    expect(said(npy(header("|u1", "(2147483647,)"), [0]))).toContain("E6113");
  });

  it("has elements that Einkorn has not (E6108)", () => {
    expect(headerSaid(header("<c8", "(1,)"))).toBe('E6108: x.npy holds NumPy\'s type "<c8"');
    expect(headerSaid(header("|O", "(1,)"))).toBe("E6108: x.npy holds Python objects");
    expect(headerSaid("{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (1,)}")).toBe(
      "E6108: x.npy holds records (a structured dtype)",
    );
    expect(refusal(() => readNpy(npy(header("|V2", "(1,)"), [0]), "x.npy")).help[0]).toContain("bfloat16");
    for (const descr of ["|f4", "=f4", "f4", "<f16", "<b2", "?", ""])
      expect(headerSaid(header(descr, "(1,)"))).toContain("E6108");
  });

  it("has bools that are neither 0 nor 1 (E6004)", () => {
    expect(said(npy(header("|b1", "(1, 3)"), [0, 1, 2]))).toBe(
      "E6004: x.npy: the byte 2 at [0, 2] is not a bool; a bool is 0 or 1",
    );
  });
});

describe("writing", () => {
  it("writes byte for byte what NumPy writes", () => {
    const t = Tensor.from([[1, 2]], { dtype: "f32" });
    expect(writeNpy(t)).toEqual(
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }", bytesOf(Float32Array.of(1, 2))),
    );
    expect(writeNpy(Tensor.from([true]))).toEqual(npy(header("|b1", "(1,)"), [1]));
    expect(writeNpy(Tensor.from(3, { dtype: "i8" }))).toEqual(npy(header("|i1", "()"), [3]));
    // 10 bytes, 97 characters, room for 20 more digits in the first dim, and the newline: exactly 128.
    const shape = [...Array<number>(13).fill(1), 100];
    expect(writeNpy(Tensor.zeros(shape, { dtype: "u8" }))).toHaveLength(128 + 100);
    expect(writeNpy(Tensor.zeros([...shape, 1], { dtype: "u8" }))).toHaveLength(192 + 100);
  });

  it("refuses what NumPy has not (E6107)", () => {
    expect(refusalText(() => writeNpy(Tensor.zeros([1], { dtype: "bf16" })))).toBe(
      "E6107: the .npy format has no bf16",
    );
    expect(refusal(() => writeNpy(Tensor.zeros([1], { dtype: "bf16" }))).help[0]).toBe(
      "write a .safetensors file, which has bf16",
    );
    expect(refusal(() => writeNpy(Tensor.zeros([1], { dtype: "u4" }))).code).toBe("E6107");
  });
});
