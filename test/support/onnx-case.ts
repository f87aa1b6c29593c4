/**
 * Reads operator tests of the ONNX project where they lie beside the checkout (../shared/cases/onnx): the inputs and
 * outputs from `case.json`, and from `model.onnx` the nodes with their attributes and the stored weights. The model is a
 * protocol buffer (onnx.proto of ONNX); this walks only the fields that are named here.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Numbers } from "./standard.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..", "shared", "cases", "onnx");

/** Why a test that wants them is skipped; null where they are there. */
export const NO_ONNX_CASES = existsSync(ROOT) ? null : "no ONNX cases in ../shared/cases/onnx";

export type OnnxNode = {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Numbers and lists of numbers; texts are left out. */
  readonly attributes: ReadonlyMap<string, readonly number[]>;
};

export type OnnxCase = {
  readonly nodes: readonly OnnxNode[];
  /** Inputs of the case and weights of the model; throws for an unknown name. */
  readonly input: (name: string) => Numbers;
  readonly output: (name: string) => Numbers;
};

/** `readOnnxCase("node/test_lstm_defaults")`. */
export function readOnnxCase(name: string): OnnxCase {
  const folder = join(ROOT, name);
  const described: Described = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  const graph = sub(fieldsOf(readFileSync(join(folder, "model.onnx"))), 7)[0] ?? [];
  const weights = new Map(sub(graph, 5).map((t) => [text(t, 8), weightOf(t)] as const));
  const given = new Map(Object.entries(described.inputs).map(([n, t]) => [n, fromJson(t)] as const));
  const wanted = new Map(Object.entries(described.outputs).map(([n, t]) => [n, fromJson(t)] as const));
  const look = (map: ReadonlyMap<string, Numbers>, n: string): Numbers => {
    const found = map.get(n);
    if (found === undefined) throw new Error(`${name} has no ${n}, only ${[...map.keys()].join(", ")}`);
    return found;
  };
  return {
    nodes: sub(graph, 1).map(nodeOf),
    input: (n) => look(new Map([...weights, ...given]), n),
    output: (n) => look(wanted, n),
  };
}

// ---- case.json ----

type JsonTensor = {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data?: readonly (number | string | boolean)[];
  readonly base64?: string;
  readonly fill?: number;
};

type Described = { readonly [part in "inputs" | "outputs"]: Readonly<Record<string, JsonTensor>> };

function fromJson({ dtype, shape, data, base64, fill }: JsonTensor): Numbers {
  if (data !== undefined) return { shape, data: data.map(Number) };
  if (base64 === undefined) {
    return { shape, data: Array.from({ length: shape.reduce((n, x) => n * x, 1) }, () => Number(fill)) };
  }
  if (dtype !== "float32") throw new Error(`${dtype} in base64`);
  return { shape, data: floatsOf(Buffer.from(base64, "base64")) };
}

function floatsOf(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 4 }, (_, n) => view.getFloat32(4 * n, true));
}

// ---- model.onnx ----

/** A field of a message: its number, and a whole number or the bytes of what it holds. */
type Field = { readonly number: number; readonly value: number | Uint8Array };

function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  let place = 0;
  const whole = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(bytes[place++] ?? 0);
      value |= (byte & 127n) << shift;
      if (byte < 128n) return Number(BigInt.asIntN(64, value));
    }
  };
  while (place < bytes.length) {
    const key = whole();
    const wire = key & 7;
    const length = wire === 2 ? whole() : wire === 5 ? 4 : wire === 1 ? 8 : 0;
    const value = wire === 0 ? whole() : bytes.subarray(place, place + length);
    place += length;
    fields.push({ number: key >>> 3, value });
  }
  return fields;
}

const bytesOf = (message: readonly Field[], number: number): readonly Uint8Array[] =>
  message.flatMap((f) => (f.number === number && typeof f.value !== "number" ? [f.value] : []));

const sub = (message: readonly Field[], number: number): readonly (readonly Field[])[] =>
  bytesOf(message, number).map(fieldsOf);

const texts = (message: readonly Field[], number: number): readonly string[] =>
  bytesOf(message, number).map((b) => new TextDecoder().decode(b));

const text = (message: readonly Field[], number: number): string => texts(message, number)[0] ?? "";

/** A repeated field of whole numbers, packed or not. */
function wholes(message: readonly Field[], number: number): readonly number[] {
  return message
    .filter((f) => f.number === number)
    .flatMap(({ value }) => (typeof value === "number" ? [value] : unpacked(value)));
}

/** Variable-length numbers one behind the other: read as fields of a message, each behind a key of its own. */
function unpacked(bytes: Uint8Array): readonly number[] {
  const numbers: number[] = [];
  let start = 0;
  for (let end = 0; end < bytes.length; end++) {
    if ((bytes[end] ?? 0) >= 128) continue;
    const [field] = fieldsOf(Uint8Array.of(8, ...bytes.subarray(start, end + 1)));
    if (typeof field?.value === "number") numbers.push(field.value);
    start = end + 1;
  }
  return numbers;
}

function weightOf(tensor: readonly Field[]): Numbers {
  const raw = bytesOf(tensor, 9);
  if (wholes(tensor, 2)[0] !== 1) return { shape: wholes(tensor, 1), data: [] }; // not f32: shapes, which no test wants
  return { shape: wholes(tensor, 1), data: (raw.length > 0 ? raw : bytesOf(tensor, 4)).flatMap(floatsOf) };
}

function nodeOf(node: readonly Field[]): OnnxNode {
  const attributes = sub(node, 5).flatMap((a) => {
    const values = [...wholes(a, 3), ...wholes(a, 8), ...bytesOf(a, 2).flatMap(floatsOf)];
    return values.length === 0 ? [] : [[text(a, 1), values] as const];
  });
  return { op: text(node, 4), inputs: texts(node, 1), outputs: texts(node, 2), attributes: new Map(attributes) };
}
