/**
 * .safetensors files made by hand from the format's page, and every way in which one can be wrong (E6105 to E6108, E6131,
 * E6132).
 */
import { describe, expect, it } from "vitest";
import { openSafetensors, writeSafetensors } from "../../runtime/files/safetensors.ts";
import { equalTensors, Tensor } from "../../runtime/tensor.ts";
import { refusal, refusalText } from "../support/refusal.ts";

/** A file with this header text and these bytes of elements. */
function file(header: string, data: readonly number[] = []): Uint8Array {
  const text = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

const entry = (dtype: string, shape: string, begin: number, end: number): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;
const said = (bytes: Uint8Array): string => refusalText(() => openSafetensors(bytes, "w.safetensors"));
const headerSaid = (header: string): string => said(file(header, [0, 0]));
const MALFORMED = "E6131: w.safetensors: the .safetensors header";

const read = (type: string, data: readonly number[]): unknown => {
  const t = openSafetensors(file(`{"x":${entry(type, "[2]", 0, data.length)}}`, data), "w.safetensors").read("x");
  return [t.dtype, t.toArray()];
};

describe("reading", () => {
  it("reads every dtype that the format has", () => {
    expect(read("BOOL", [1, 0])).toEqual(["bool", [true, false]]);
    expect(read("I8", [255, 1])).toEqual(["i8", [-1, 1]]);
    expect(read("U8", [255, 1])).toEqual(["u8", [255, 1]]);
    expect(read("I16", [255, 255, 1, 2])).toEqual(["i16", [-1, 513]]);
    expect(read("U16", [255, 255, 1, 2])).toEqual(["u16", [65_535, 513]]);
    expect(read("I32", [255, 255, 255, 255, 1, 0, 0, 0])).toEqual(["i32", [-1, 1]]);
    expect(read("U32", [255, 255, 255, 255, 1, 0, 0, 0])).toEqual(["u32", [2 ** 32 - 1, 1]]);
    expect(read("I64", [255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0])).toEqual(["i64", [-1n, 1n]]);
    expect(read("U64", [255, 255, 255, 255, 255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0])).toEqual([
      "u64",
      [2n ** 64n - 1n, 1n],
    ]);
    expect(read("F16", [0, 0x3c, 0, 0xfc])).toEqual(["f16", [1, -Infinity]]);
    expect(read("BF16", [0x80, 0x3f, 0x49, 0x40])).toEqual(["bf16", [1, 3.140625]]);
    expect(read("F32", [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])).toEqual(["f32", [1, -2]]);
    expect(read("F64", [0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0])).toEqual(["f64", [1, -2]]);
  });

  it("reads metadata, scalars, empty tensors, escapes, padding, and tensors in any order", () => {
    const header = `{ "b\\u00e9" : ${entry("U8", "[]", 2, 3)}, "__metadata__": {"format":"pt"},\n"a":${entry("U8", "[1, 2]", 0, 2)}, "none":${entry("F32", "[0,4]", 3, 3)} }   `;
    const archive = openSafetensors(file(header, [1, 2, 3]), "w.safetensors");
    expect(archive.names).toEqual(["bé", "a", "none"]);
    expect([archive.read("a").toArray(), archive.read("bé").item(), archive.read("none").shape]).toEqual([
      [[1, 2]],
      3,
      [0, 4],
    ]);
    expect([...archive.metadata]).toEqual([["format", "pt"]]);
    expect(openSafetensors(file("{}"), "w.safetensors").names).toEqual([]);
  });

  it("opens a file with a type it has not, and refuses only that tensor (E6108)", () => {
    const header = `{"a":${entry("F8_E4M3", "[2]", 0, 2)},"b":${entry("U8", "[1]", 2, 3)}}`;
    const archive = openSafetensors(file(header, [1, 2, 3]), "w.safetensors");
    expect(archive.read("b").toArray()).toEqual([3]);
    expect(refusalText(() => archive.read("a"))).toBe('E6108: w.safetensors:"a" has elements of type "F8_E4M3"');
  });

  it("does not let a name reach into an object's prototype", () => {
    const archive = openSafetensors(file(`{"__proto__":${entry("U8", "[1]", 0, 1)}}`, [7]), "w.safetensors");
    expect(archive.read("__proto__").toArray()).toEqual([7]);
    expect(refusalText(() => archive.read("toString"))).toBe('E6105: w.safetensors holds no tensor "toString"');
  });
});

describe("a wrong file", () => {
  it("has a header that is cut off or absurd (E6131)", () => {
    expect(said(new Uint8Array(3))).toBe(`${MALFORMED} is missing: the file has 3 bytes`);
    expect(said(file("{}").subarray(0, 9))).toBe(
      `${MALFORMED} claims 2 bytes, and 1 follow: the file was cut off or is no .safetensors file`,
    );
    expect(said(Uint8Array.from({ length: 16 }, () => 255))).toBe(
      `${MALFORMED} claims 18446744073709551615 bytes; the limit is 100000000`,
    );
    const broken = file('{"a":1}');
    broken[10] = 0xff;
    expect(said(broken)).toBe(`${MALFORMED} is not UTF-8 text`);
  });

  it("has a header that is no JSON of the form (E6131)", () => {
    expect(headerSaid("")).toBe(`${MALFORMED} holds no value at character 0`);
    expect(headerSaid("[]")).toBe(`${MALFORMED} is no object`);
    expect(headerSaid('{"a":')).toBe(`${MALFORMED} holds no value at character 5`);
    expect(headerSaid('{"a')).toBe(`${MALFORMED} has broken text at character 1`);
    expect(headerSaid('{"a\\x":1}')).toBe(`${MALFORMED} has broken text at character 1`);
    expect(headerSaid("{a:1}")).toBe(`${MALFORMED} lacks a name at character 1`);
    expect(headerSaid('{"a" 1}')).toBe(`${MALFORMED} lacks : at character 5`);
    expect(headerSaid("{}{}")).toBe(`${MALFORMED} goes on after its end at character 2`);
    expect(headerSaid('{"a":[[[[1]]]]}')).toBe(`${MALFORMED} is nested more than 3 deep at character 8`);
    expect(headerSaid('{"a":01}')).toBe(`${MALFORMED} lacks } at character 6`);
    expect(headerSaid('{"a":1}')).toBe(`${MALFORMED} says of "a" nothing that is an object`);
    expect(headerSaid('{"a":{"dtype":"U8","shape":[2]}}')).toBe(
      `${MALFORMED} says of "a" something else than dtype, shape and data_offsets`,
    );
    expect(headerSaid('{"a":{"dtype":"U8","shape":[null],"data_offsets":[0,2]}}')).toBe(
      `${MALFORMED} says of "a" a shape that is no array of numbers`,
    );
    expect(headerSaid('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}')).toBe(
      `${MALFORMED} says of "a" data_offsets that are no two numbers`,
    );
    expect(headerSaid('{"__metadata__":{"a":1}}')).toBe(`${MALFORMED} has a note "a" that is no text`);
    expect(headerSaid('{"__metadata__":[]}')).toBe(`${MALFORMED} has a __metadata__ that is no object`);
  });

  it("has shapes that are none (E6131)", () => {
    expect(headerSaid(`{"a":${entry("U8", "[-2]", 0, 2)}}`)).toBe(
      `${MALFORMED} says of "a" a shape that has -2 as dim 0; a dim is a whole number in 0..2147483648`,
    );
    expect(headerSaid(`{"a":${entry("U8", "[1.5]", 0, 2)}}`)).toContain("has 1.5 as dim 0");
    expect(headerSaid(`{"a":${entry("U8", "[1e300]", 0, 2)}}`)).toContain("has 1e+300 as dim 0");
    expect(headerSaid(`{"a":${entry("F64", "[2147483647,2147483647]", 0, 2)}}`)).toContain(
      "more elements than a computer can address",
    );
    expect(headerSaid(`{"a":${entry("U8", `[${Array<number>(33).fill(1).join()}]`, 0, 2)}}`)).toContain("has 33 dims");
  });

  it("has a name twice (E6106)", () => {
    expect(headerSaid(`{"a":${entry("U8", "[1]", 0, 1)},"a":${entry("U8", "[1]", 1, 2)}}`)).toBe(
      'E6106: w.safetensors: the header has "a" twice',
    );
    expect(headerSaid('{"a":{"dtype":"U8","dtype":"F64"}}')).toBe('E6106: w.safetensors: the header has "dtype" twice');
  });

  it("has offsets that do not match (E6132)", () => {
    const two = (first: string, second: string): string => headerSaid(`{"a":${first},"b":${second}}`);
    const one = entry("U8", "[1]", 0, 1);
    expect(two(one, entry("U8", "[2]", 0, 2))).toBe(
      'E6132: w.safetensors: "b" begins at 0 where the tensor before it ends at 1',
    );
    expect(headerSaid(`{"a":${entry("U8", "[1]", 1, 2)}}`)).toBe(
      'E6132: w.safetensors: "a" begins at 1 where the tensor before it ends at 0',
    );
    expect(headerSaid(`{"a":${entry("U8", "[1]", 2, 1)}}`)).toBe(
      'E6132: w.safetensors: "a" ends at 1, before it begins at 2',
    );
    expect(two(one, entry("U8", "[2]", 1, 3))).toBe(
      'E6132: w.safetensors: "b" ends at 3, and the file has 2 bytes of elements',
    );
    expect(headerSaid(`{"a":${entry("F32", "[2]", 0, 2)}}`)).toBe(
      'E6132: w.safetensors: "a" is f32[2], which takes 8 bytes, and has 2',
    );
    expect(headerSaid(`{"a":${one}}`)).toBe("E6132: w.safetensors: 1 bytes after the last tensor belong to none");
    expect(headerSaid(`{"a":${entry("U8", "[2]", -1, 1)}}`)).toBe(
      `${MALFORMED} says of "a" the data_offsets -1, 1, which are not whole numbers from 0 up`,
    );
    expect(headerSaid(`{"a":${entry("F8_E4M3", "[2]", 0, 3)}}`)).toContain('"a" ends at 3');
  });

  it("has bools that are neither 0 nor 1 (E6004)", () => {
    const archive = openSafetensors(file(`{"a":${entry("BOOL", "[2]", 0, 2)}}`, [0, 9]), "w.safetensors");
    expect(refusalText(() => archive.read("a"))).toBe(
      'E6004: w.safetensors:"a": the byte 9 at [1] is not a bool; a bool is 0 or 1',
    );
  });

  it("cannot steer the terminal with its names", () => {
    const evil = refusal(() => openSafetensors(file(`{"\\u001b[2J\\u202e${"x".repeat(200)}":1}`), "w.safetensors"));
    expect(evil.message).not.toMatch(/[\p{C}]/u);
    expect(evil.message.length).toBeLessThan(250);
  });
});

describe("writing", () => {
  it("puts the widest elements first, aligned, and the same bytes for the same tensors", () => {
    const tensors = new Map<string, Tensor>([
      ["bytes", Tensor.iota([3], { dtype: "u8" })],
      ["z", Tensor.from([1.5])],
      ["halves", Tensor.from([1, 2, 3], { dtype: "bf16" })],
      ["a", Tensor.from([2.5])],
      ["wide", Tensor.from([7n])],
    ]);
    const bytes = writeSafetensors(tensors, {
      metadata: new Map([
        ["version", "2"],
        ["by", 'a "hand"'],
      ]),
    });
    const archive = openSafetensors(bytes, "w.safetensors");
    expect(archive.names).toEqual(["wide", "a", "z", "halves", "bytes"]);
    expect([...archive.metadata]).toEqual([
      ["by", 'a "hand"'],
      ["version", "2"],
    ]);
    for (const [name, tensor] of tensors) expect(equalTensors(archive.read(name), tensor)).toBe(true);
    expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
    expect(writeSafetensors(new Map([...tensors].toReversed()))).toEqual(writeSafetensors(tensors));
  });

  it("writes exactly this", () => {
    const bytes = writeSafetensors(new Map([["x", Tensor.from([1], { dtype: "u8" })]]));
    expect(bytes).toEqual(file(`{"x":${entry("U8", "[1]", 0, 1)}}`.padEnd(56), [1]));
  });

  it("refuses what the format cannot say", () => {
    expect(refusalText(() => writeSafetensors(new Map([["x", Tensor.zeros([1], { dtype: "i4" })]])))).toBe(
      "E6107: the .safetensors format has no i4",
    );
    expect(refusal(() => writeSafetensors(new Map([["__metadata__", Tensor.zeros([1])]]))).code).toBe("E6106");
  });
});
