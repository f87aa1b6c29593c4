/**
 * The .safetensors format: eight bytes that count the header, the header (JSON: a name for each tensor with its dtype,
 * shape and place), then all elements, little-endian and row-major. As the format's own reader does, this one wants the
 * tensors to fill the data without a gap or an overlap. The writer gives equal bytes for equal tensors: the widest elements
 * first, so that all lie aligned, then by name; the data start at a multiple of eight.
 */
import { byteLength, DTYPE_NAMES, DTYPES } from "../../compiler/ir/dtype.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import { quoted, refuse } from "../refuse.ts";
import { elementCount, shapeFault, typeText } from "../shape.ts";
import type { Shape } from "../shape.ts";
import { checkBools } from "../tensor-values.ts";
import { Tensor } from "../tensor.ts";
import { noSuchTensor } from "./archive.ts";
import type { TensorArchive } from "./archive.ts";
import { arrayFromBytes, bytesFromArray } from "./raw.ts";
import { parseStrictJson } from "./strict-json.ts";
import type { Json } from "./strict-json.ts";

/** The format's own limit. */
const LONGEST_HEADER = 100_000_000;
const METADATA = "__metadata__";
/** The header object, an entry in it, an array in that. */
const DEEPEST = 3;

export type SafetensorsArchive = TensorArchive & { readonly metadata: ReadonlyMap<string, string> };

type Entry = {
  readonly name: string;
  /** The format's word, perhaps for a dtype that Einkorn has not. */
  readonly type: string;
  readonly dtype: DType | undefined;
  readonly shape: Shape;
  /** Place of the elements, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
};

const BY_SAFETENSORS: ReadonlyMap<string | null, DType> = new Map(
  DTYPE_NAMES.map((dtype) => [DTYPES[dtype].safetensors, dtype]),
);

/** Checks the whole header. The archive keeps `bytes` and copies a tensor's elements when it is read. */
export function openSafetensors(bytes: Uint8Array, file: string): SafetensorsArchive {
  const { text, dataStart } = headerText(bytes, file);
  const { entries, metadata } = headerEntries(text, file);
  checkPlaces(entries, bytes.length - dataStart, file);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const names = [...byName.keys()];
  const read = (name: string): Tensor => {
    const { dtype, type, shape, begin, end } = byName.get(name) ?? noSuchTensor(file, name, names);
    if (dtype === undefined) {
      const help = ["save it as F32, F16 or BF16 with the program that wrote it"];
      return refuse("E6108", `${file}:${quoted(name)} has elements of type ${quoted(type)}`, { help });
    }
    const array = arrayFromBytes(dtype, bytes.subarray(dataStart + begin, dataStart + end), "little");
    if (dtype === "bool") checkBools(array, shape, `${file}:${quoted(name)}`);
    return Tensor.over(dtype, shape, { kind: "cpu", array });
  };
  return { file, names, read, metadata };
}

function malformed(file: string, why: string): never {
  return refuse("E6131", `${file}: the .safetensors header ${why}`);
}

function headerText(bytes: Uint8Array, file: string): { readonly text: string; readonly dataStart: number } {
  if (bytes.length < 8) return malformed(file, `is missing: the file has ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getBigUint64(0, true);
  if (length > BigInt(LONGEST_HEADER)) return malformed(file, `claims ${length} bytes; the limit is ${LONGEST_HEADER}`);
  if (length > BigInt(bytes.length - 8)) {
    return malformed(
      file,
      `claims ${length} bytes, and ${bytes.length - 8} follow: the file was cut off or is no .safetensors file`,
    );
  }
  const dataStart = 8 + Number(length);
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { text: decoder.decode(bytes.subarray(8, dataStart)), dataStart };
  } catch {
    return malformed(file, "is not UTF-8 text");
  }
}

type Header = { readonly entries: readonly Entry[]; readonly metadata: ReadonlyMap<string, string> };

function headerEntries(text: string, file: string): Header {
  const header = parseStrictJson(text, DEEPEST, {
    broken: (why) => malformed(file, why),
    twice: (key) => refuse("E6106", `${file}: the header has ${quoted(key)} twice`),
  });
  if (!isObject(header)) return malformed(file, "is no object");
  const entries: Entry[] = [];
  const metadata = new Map<string, string>();
  for (const [name, value] of header) {
    if (name !== METADATA) entries.push(entryOf(name, value, file));
    else if (!isObject(value)) malformed(file, `has a ${METADATA} that is no object`);
    else
      for (const [key, note] of value) {
        metadata.set(
          key,
          typeof note === "string" ? note : malformed(file, `has a note ${quoted(key)} that is no text`),
        );
      }
  }
  return { entries, metadata };
}

function isObject(value: Json): value is ReadonlyMap<string, Json> {
  return value instanceof Map;
}

function entryOf(name: string, value: Json, file: string): Entry {
  const wrong = (why: string): never => malformed(file, `says of ${quoted(name)} ${why}`);
  if (!isObject(value)) return wrong("nothing that is an object");
  const [type, shape, place] = [value.get("dtype"), value.get("shape"), value.get("data_offsets")];
  if (value.size !== 3 || typeof type !== "string" || shape === undefined || place === undefined) {
    return wrong("something else than dtype, shape and data_offsets");
  }
  if (!isNumbers(shape)) return wrong("a shape that is no array of numbers");
  const dtype = BY_SAFETENSORS.get(type);
  const fault = shapeFault(dtype ?? "u8", shape);
  if (fault !== null) return wrong(`a shape that ${fault}`);
  if (!isNumbers(place) || place.length !== 2) return wrong("data_offsets that are no two numbers");
  const [begin = 0, end = 0] = place;
  if (![begin, end].every((offset) => Number.isSafeInteger(offset) && offset >= 0)) {
    return wrong(`the data_offsets ${begin}, ${end}, which are not whole numbers from 0 up`);
  }
  return { name, type, dtype, shape: Object.freeze([...shape]), begin, end };
}

function isNumbers(value: Json): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

/** The tensors in the order of their places lie end to end and fill the data; each has as many bytes as its shape wants. */
function checkPlaces(entries: readonly Entry[], dataBytes: number, file: string): void {
  const wrong = (why: string): never => refuse("E6132", `${file}: ${why}`);
  let at = 0;
  for (const { name, dtype, shape, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (end < begin) wrong(`${quoted(name)} ends at ${end}, before it begins at ${begin}`);
    if (end > dataBytes) wrong(`${quoted(name)} ends at ${end}, and the file has ${dataBytes} bytes of elements`);
    if (begin !== at) wrong(`${quoted(name)} begins at ${begin} where the tensor before it ends at ${at}`);
    const wanted = dtype === undefined ? end - begin : byteLength(dtype, elementCount(shape));
    if (dtype !== undefined && end - begin !== wanted) {
      wrong(`${quoted(name)} is ${typeText(dtype, shape)}, which takes ${wanted} bytes, and has ${end - begin}`);
    }
    at = end;
  }
  if (at !== dataBytes) wrong(`${dataBytes - at} bytes after the last tensor belong to none`);
}

/** The whole file. The tensors are on the CPU; E6107 for storage types, which the format has not. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  options: { readonly metadata?: ReadonlyMap<string, string> } = {},
): Uint8Array {
  const sorted = [...tensors].toSorted(
    ([a, s], [b, t]) => DTYPES[t.dtype].bytes - DTYPES[s.dtype].bytes || (a < b ? -1 : 1),
  );
  const { metadata } = options;
  const notes = metadata === undefined || metadata.size === 0 ? [] : [`"${METADATA}":${notesText(metadata)}`];
  const parts: Uint8Array[] = [];
  let at = 0;
  const texts = sorted.map(([name, tensor]) => {
    const type = DTYPES[tensor.dtype].safetensors;
    if (type === null)
      refuse("E6107", `the .safetensors format has no ${tensor.dtype}`, { help: ["cast to i8 or u8 first"] });
    if (name === METADATA) refuse("E6106", `${METADATA} is the format's own name and cannot be a tensor's`);
    const bytes = bytesFromArray(tensor.dtype, tensor.elements);
    parts.push(bytes);
    const begin = at;
    at += bytes.length;
    return `${JSON.stringify(name)}:{"dtype":"${type}","shape":[${tensor.shape.join(",")}],"data_offsets":[${begin},${at}]}`;
  });
  const unpadded = new TextEncoder().encode(`{${[...notes, ...texts].join(",")}}`);
  const length = Math.ceil(unpadded.length / 8) * 8;
  const file = new Uint8Array(8 + length + at).fill(0x20, 8, 8 + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true);
  file.set(unpadded, 8);
  let to = 8 + length;
  for (const part of parts) {
    file.set(part, to);
    to += part.length;
  }
  return file;
}

function notesText(metadata: ReadonlyMap<string, string>): string {
  const sorted = [...metadata].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, note]) => `${JSON.stringify(key)}:${JSON.stringify(note)}`).join(",")}}`;
}
