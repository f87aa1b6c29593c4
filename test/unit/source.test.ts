/**
 * The forms in which the command line says where a value comes from, and what is said of text that is none (E6101).
 */
import { describe, expect, it } from "vitest";
import { FORMATS, formatOfBytes, formatOfPath } from "../../runtime/files/format.ts";
import { parseInputSource } from "../../runtime/files/source.ts";
import { Tensor } from "../../runtime/tensor.ts";
import { refusal, refusalText } from "../support/refusal.ts";

describe("parseInputSource", () => {
  it.each([
    ["x.npy", { kind: "file", format: "npy", path: "x.npy", member: null }],
    ["dir/x.NPY", { kind: "file", format: "npy", path: "dir/x.NPY", member: null }],
    ["w.npz:w1", { kind: "file", format: "npz", path: "w.npz", member: "w1" }],
    ["w.npz", { kind: "file", format: "npz", path: "w.npz", member: null }],
    [
      "w.safetensors:model.layers.0.weight",
      { kind: "file", format: "safetensors", path: "w.safetensors", member: "model.layers.0.weight" },
    ],
    ["C:\\data\\w.npz:a:b.npy", { kind: "file", format: "npz", path: "C:\\data\\w.npz", member: "a:b.npy" }],
    ["x.npz.npy", { kind: "file", format: "npy", path: "x.npz.npy", member: null }],
    ["7.npy", { kind: "file", format: "npy", path: "7.npy", member: null }],
    ["a b\n.npy", { kind: "file", format: "npy", path: "a b\n.npy", member: null }],
    ["random", { kind: "random", seed: 0 }],
    ["random:42", { kind: "random", seed: 42 }],
    ["zeros", { kind: "zeros" }],
    ["iota", { kind: "iota" }],
    ["-", { kind: "stdin" }],
    ["3", { kind: "scalar", value: 3 }],
    ["-2.5e-3", { kind: "scalar", value: -0.0025 }],
    [".5", { kind: "scalar", value: 0.5 }],
    ["+1.", { kind: "scalar", value: 1 }],
    ["9223372036854775807", { kind: "scalar", value: 9223372036854775807n }],
    ["-inf", { kind: "scalar", value: -Infinity }],
    ["nan", { kind: "scalar", value: Number.NaN }],
    ["true", { kind: "scalar", value: true }],
  ])("reads %j", (text, source) => {
    expect(parseInputSource(text)).toEqual(source);
  });

  it.each([
    ["x.csv", '"x.csv" is no source of values'],
    ["", '"" is no source of values'],
    ["constructor", '"constructor" is no source of values'],
    ["0x10", '"0x10" is no source of values'],
    ["1e999", '"1e999" is past the largest number of f64'],
    [".npy", '".npy" is no source of values'],
    ["random:", '"" is no seed; a seed is a whole number in 0..2^53'],
    ["random:-1", '"-1" is no seed; a seed is a whole number in 0..2^53'],
    ["random:99999999999999999999", '"99999999999999999999" is no seed; a seed is a whole number in 0..2^53'],
    ["x.npy:w", '"x.npy" holds one tensor, which has no name'],
    ["w.npz:", '"w.npz:" names no tensor after the colon'],
    ["\u001b[31m", '"\\u{1b}[31m" is no source of values'],
  ])("refuses %j (E6101)", (text, message) => {
    expect(refusalText(() => parseInputSource(text))).toBe(`E6101: ${message}`);
  });

  it("says what was meant, or what there is", () => {
    expect(refusal(() => parseInputSource("zeroes")).help).toEqual(["write zeros"]);
    expect(refusal(() => parseInputSource("Random")).help).toEqual(["write random"]);
    const csv = refusal(() => parseInputSource("x.csv"));
    expect(csv.notes).toEqual(["files can be .npy, .npz, .safetensors, not .csv"]);
    expect(csv.help[0]).toContain("file.npz:name");
  });
});

describe("formats", () => {
  const tensors = new Map([["x", Tensor.iota([3])]]);

  it("tells a format by the path's ending or by the first bytes", () => {
    expect(["a.npy", "b.NPZ", "c.safetensors", "npy", "x.onnx"].map(formatOfPath)).toEqual([
      "npy",
      "npz",
      "safetensors",
      null,
      null,
    ]);
    for (const format of ["npy", "npz", "safetensors"] as const) {
      const bytes = FORMATS[format].write(tensors);
      expect(formatOfBytes(bytes, "standard input")).toBe(format);
      const opened = FORMATS[format].open(bytes, "standard input");
      expect((opened.kind === "tensor" ? opened.tensor : opened.archive.read("x")).toArray()).toEqual([0, 1, 2]);
    }
    expect(refusalText(() => formatOfBytes(new TextEncoder().encode("1,2,3\n"), "standard input"))).toBe(
      'E6102: standard input is no .npy, .npz or .safetensors file: it starts with "1,2,3\\u{a}"',
    );
  });

  it("does not put two tensors into one .npy file (E6103)", () => {
    const two = new Map([...tensors, ["y", Tensor.iota([3])] as const]);
    expect(refusalText(() => FORMATS.npy.write(two))).toBe("E6103: an .npy file holds one tensor, and there are 2");
  });
});
