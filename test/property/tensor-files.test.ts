/**
 * Tensor files by the thousand: what is written is read back bit for bit in every dtype, order and byte order, and a reader
 * that is given damaged bytes refuses with a code, soon, without much memory. fast-check prints the seed of a failure.
 */
import { memoryUsage } from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DType } from "../../compiler/ir/dtype.ts";
import { ARRAYS, byteLength, DTYPE_NAMES, DTYPES } from "../../compiler/ir/dtype.ts";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import { FORMATS, formatOfBytes } from "../../runtime/files/format.ts";
import type { FormatName, OpenFile } from "../../runtime/files/format.ts";
import { readNpy, writeNpy } from "../../runtime/files/npy.ts";
import { openNpz, writeNpz } from "../../runtime/files/npz.ts";
import { openSafetensors, writeSafetensors } from "../../runtime/files/safetensors.ts";
import { parseInputSource } from "../../runtime/files/source.ts";
import { elementCount } from "../../runtime/shape.ts";
import { Tensor } from "../../runtime/tensor.ts";

const shapes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });

/** A tensor of any bits, NaNs of every kind among them; bools are 0 or 1. */
function tensors(dtypes: readonly DType[]): fc.Arbitrary<Tensor> {
  return fc.tuple(fc.constantFrom(...dtypes), shapes, fc.nat()).map(([dtype, shape, seed]) => {
    const bytes = byteLength(dtype, elementCount(shape));
    const random = Tensor.random([bytes], { dtype: "u8", seed, range: dtype === "bool" ? [0, 2] : [0, 256] }).data;
    return Tensor.over(dtype, shape, { kind: "cpu", array: new ARRAYS[dtype](Uint8Array.from(random).buffer) });
  });
}

/** Type, shape and every bit. */
function bits(tensor: Tensor): string {
  const { buffer, byteOffset, byteLength: bytes } = tensor.data;
  return `${tensor.dtype}[${tensor.shape.join()}] ${new Uint8Array(buffer, byteOffset, bytes).join()}`;
}

const ofNumPy = DTYPE_NAMES.filter((dtype) => DTYPES[dtype].npy !== null);
const ofSafetensors = DTYPE_NAMES.filter((dtype) => DTYPES[dtype].safetensors !== null);
const archives = (dtypes: readonly DType[]): fc.Arbitrary<Map<string, Tensor>> =>
  fc
    .uniqueArray(fc.tuple(fc.string({ minLength: 1, unit: "binary" }), tensors(dtypes)), {
      selector: ([name]) => name.toWellFormed(),
      maxLength: 5,
    })
    .map((pairs) => new Map(pairs.map(([name, tensor]) => [name.toWellFormed(), tensor])));

describe("what is written is read back bit for bit", () => {
  it(".npy", () => {
    fc.assert(
      fc.property(tensors(ofNumPy), (tensor) => {
        expect(bits(readNpy(writeNpy(tensor), "x.npy"))).toBe(bits(tensor));
      }),
      { numRuns: 500 },
    );
  });

  it(".npz, stored and deflated", () => {
    fc.assert(
      fc.property(archives(ofNumPy), fc.boolean(), (map, deflate) => {
        const archive = openNpz(writeNpz(map, { deflate }), "x.npz");
        expect(archive.names).toEqual([...map.keys()]);
        for (const [name, tensor] of map) expect(bits(archive.read(name))).toBe(bits(tensor));
      }),
      { numRuns: 200 },
    );
  });

  it(".safetensors", () => {
    fc.assert(
      fc.property(
        archives(ofSafetensors).filter((map) => !map.has("__metadata__")),
        (map) => {
          const archive = openSafetensors(writeSafetensors(map), "x.safetensors");
          expect(archive.names.toSorted()).toEqual([...map.keys()].toSorted());
          for (const [name, tensor] of map) expect(bits(archive.read(name))).toBe(bits(tensor));
        },
      ),
      { numRuns: 300 },
    );
  });

  it(".npy of either byte order and element order", () => {
    fc.assert(
      fc.property(tensors(ofNumPy), fc.boolean(), fc.boolean(), (tensor, big, columns) => {
        expect(bits(readNpy(foreignNpy(tensor, big, columns), "x.npy"))).toBe(bits(tensor));
      }),
      { numRuns: 500 },
    );
  });
});

/** The tensor as another writer would save it, element by element. */
function foreignNpy(tensor: Tensor, big: boolean, columns: boolean): Uint8Array {
  const { dtype, shape, size } = tensor;
  const width = DTYPES[dtype].bytes;
  const { buffer, byteOffset } = tensor.data;
  const own = new Uint8Array(buffer, byteOffset, size * width);
  const text = `{'descr': '${big ? ">" : "<"}${DTYPES[dtype].npy}', 'fortran_order': ${columns ? "True" : "False"}, 'shape': (${shape.map((d) => `${d},`).join("")})}`;
  const header = new TextEncoder().encode(`${text}\n`);
  const result = new Uint8Array(12 + header.length + own.length);
  result.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, header.length & 255, header.length >> 8]);
  result.set(header, 12);
  for (let i = 0; i < size; i++) {
    let [place, rest, stride] = [0, i, size];
    for (const [axis, dim] of shape.toReversed().entries()) {
      // From the last axis on: its stride in column-major order is the product of the dims before it.
      stride /= dim;
      place += columns ? (rest % dim) * stride : (rest % dim) * elementCount(shape.slice(shape.length - axis));
      rest = Math.floor(rest / dim);
    }
    for (let byte = 0; byte < width; byte++) {
      result[12 + header.length + place * width + (big ? width - 1 - byte : byte)] = own[i * width + byte] ?? 0;
    }
  }
  return result;
}

type Mutation = {
  readonly kind: "set" | "cut" | "insert" | "number" | "copy";
  readonly at: number;
  readonly value: number;
  readonly length: number;
};

const mutations: fc.Arbitrary<Mutation[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("set", "set", "cut", "insert", "number", "copy"),
    at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    value: fc.oneof(fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000), fc.nat(255)),
    length: fc.nat(40),
  }),
  { minLength: 1, maxLength: 6 },
);

function mutated(bytes: Uint8Array, list: readonly Mutation[]): Uint8Array {
  let result = bytes.slice();
  for (const { kind, at: part, value, length } of list) {
    const at = Math.floor(part * result.length);
    const word = Uint8Array.of(value, value >> 8, value >> 16, value >> 24);
    if (kind === "set") result[at] = value;
    else if (kind === "cut") result = spliced(result, at, length, new Uint8Array(0));
    else if (kind === "insert") result = spliced(result, at, 0, new Uint8Array(length).fill(value));
    else if (kind === "number") result = spliced(result, at, 4, word);
    else result = spliced(result, at, length, result.slice(Math.floor(value % (result.length + 1))).slice(0, length));
  }
  return result;
}

function spliced(bytes: Uint8Array, at: number, remove: number, add: Uint8Array): Uint8Array<ArrayBuffer> {
  const tail = bytes.subarray(Math.min(bytes.length, at + remove));
  const result = new Uint8Array(at + add.length + tail.length);
  result.set(bytes.subarray(0, at));
  result.set(add, at);
  result.set(tail, at + add.length);
  return result;
}

function readAll(opened: OpenFile): void {
  if (opened.kind === "tensor") void opened.tensor.toString();
  else for (const name of opened.archive.names) void attempt(() => opened.archive.read(name));
}

/** Runs it to its end or to a coded refusal; anything else that is thrown fails the test. */
function attempt(run: () => void): "fine" | "refused" {
  try {
    run();
    return "fine";
  } catch (error) {
    if (!(error instanceof EinkornError)) throw error;
    for (const { code, message } of error.diagnostics) {
      expect(code).toMatch(/^E6\d{3}$/);
      expect(message.length).toBeLessThan(1000);
      // No control characters of the file reach a terminal.
      expect(message).not.toMatch(/\p{Cc}/u);
    }
    return "refused";
  }
}

const two = new Map<string, Tensor>([
  ["alpha", Tensor.random([3, 4])],
  ["beta", Tensor.iota([7], { dtype: "i16" })],
]);
const SEEDS: readonly { readonly title: string; readonly format: FormatName; readonly bytes: Uint8Array }[] = [
  { title: ".npy", format: "npy", bytes: writeNpy(Tensor.random([3, 4])) },
  { title: ".npz", format: "npz", bytes: writeNpz(two) },
  { title: "deflated .npz", format: "npz", bytes: writeNpz(two, { deflate: true }) },
  { title: ".safetensors", format: "safetensors", bytes: writeSafetensors(two, { metadata: new Map([["a", "b"]]) }) },
];

const LONGEST = 2000; // milliseconds; other work may share the machine
const MOST = 64 * 2 ** 20; // bytes

describe("damaged files are refused with a code, soon and in little memory", () => {
  it.each(SEEDS)("$title", ({ format, bytes }) => {
    const seen = { fine: 0, refused: 0 };
    fc.assert(
      fc.property(mutations, (list) => {
        const damaged = mutated(bytes, list);
        const [start, before] = [performance.now(), memoryUsage().arrayBuffers];
        seen[attempt(() => readAll(FORMATS[format].open(damaged, "x")))]++;
        attempt(() => formatOfBytes(damaged, "standard input"));
        expect(performance.now() - start).toBeLessThan(LONGEST);
        expect(memoryUsage().arrayBuffers - before).toBeLessThan(MOST);
      }),
      { numRuns: 2000 },
    );
    // Most damage is to elements, which only zip's checksums notice; but it must not all go unnoticed, nor all be noticed at once.
    expect(seen.refused).toBeGreaterThan(400);
  });

  it("any bytes at all, in every reader", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const format of ["npy", "npz", "safetensors"] as const)
          attempt(() => readAll(FORMATS[format].open(bytes, "x")));
      }),
      { numRuns: 1000 },
    );
  });

  it("any text in an .npy header", () => {
    const piece = fc.constantFrom(
      "{",
      "}",
      "(",
      ")",
      "[",
      "'descr'",
      "'shape'",
      "'fortran_order'",
      ":",
      ",",
      "'<f4'",
      "True",
      "False",
      "1",
      "-3",
      "99999999999",
      " ",
      "\n",
      "'",
      "L",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = new TextEncoder().encode(pieces.join(""));
        const file = Uint8Array.from([
          0x93,
          0x4e,
          0x55,
          0x4d,
          0x50,
          0x59,
          1,
          0,
          text.length & 255,
          text.length >> 8,
          ...text,
        ]);
        attempt(() => readNpy(file, "x.npy"));
      }),
      { numRuns: 3000 },
    );
  });

  it("any text as a source", () => {
    const piece = fc.constantFrom(
      "x",
      ".npy",
      ".npz",
      ".safetensors",
      ":",
      "random",
      "-",
      "1",
      "e",
      ".",
      "zeros",
      "/",
      "\\",
      "\u0000",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(text, (source) => void attempt(() => void parseInputSource(source))),
      { numRuns: 2000 },
    );
  });
});
