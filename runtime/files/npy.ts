/**
 * The .npy format: one array, a header that says its type, order and shape, then its elements (NumPy Enhancement Proposal
 * 1, versions 1.0 to 3.0). Read: every dtype of Einkorn that NumPy has, both byte orders, both element orders. Written:
 * version 1.0, little-endian, row-major, byte for byte what NumPy writes.
 */
import { byteLength, DTYPE_NAMES, DTYPES } from "../../compiler/ir/dtype.ts";
import type { DType } from "../../compiler/ir/dtype.ts";
import { quoted, refuse } from "../refuse.ts";
import { elementCount, shapeFault, typeText } from "../shape.ts";
import { checkBools } from "../tensor-values.ts";
import { Tensor } from "../tensor.ts";
import { parseNpyHeader } from "./npy-header.ts";
import type { NpyHeader } from "./npy-header.ts";
import { arrayFromBytes, bytesFromArray, rowMajor } from "./raw.ts";
import type { ByteOrder } from "./raw.ts";

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;
/** NumPy's own limit for a header that it trusts is 10,000 characters. */
const LONGEST_HEADER = 65_536;

/** Do these bytes start like an .npy file? */
export function isNpy(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Decodes a whole file into new memory. `file` is its name for messages. */
export function readNpy(bytes: Uint8Array, file: string): Tensor {
  const { header, dataStart } = readHeader(bytes, file);
  const { dtype, order } = elementType(header.descr, file);
  const { shape } = header;
  const fault = shapeFault(dtype, shape);
  if (fault !== null) refuse("E6112", `${file}: the shape (${shape.slice(0, 40).join(", ")}) ${fault}`);
  const wanted = byteLength(dtype, elementCount(shape));
  const given = bytes.length - dataStart;
  if (given !== wanted) {
    const why = given < wanted ? "the file was cut off" : "something follows the array";
    refuse("E6113", `${file}: ${typeText(dtype, shape)} is ${wanted} bytes, and ${given} follow the header: ${why}`);
  }
  const data = bytes.subarray(dataStart);
  const ordered = header.fortranOrder && shape.length > 1 ? rowMajor(data, DTYPES[dtype].bytes, shape) : data;
  const array = arrayFromBytes(dtype, ordered, order);
  if (dtype === "bool") checkBools(array, shape, file);
  return Tensor.over(dtype, shape, { kind: "cpu", array });
}

function readHeader(bytes: Uint8Array, file: string): { readonly header: NpyHeader; readonly dataStart: number } {
  if (!isNpy(bytes)) {
    const zip = bytes[0] === 0x50 && bytes[1] === 0x4b;
    const ways = zip ? { help: ["name it .npz: it is a zip archive"] } : {};
    refuse("E6111", `${file} is not an .npy file: it does not start with \\x93NUMPY`, ways);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const cut = (): never => refuse("E6112", `${file} ends within its header, after ${bytes.length} bytes`);
  if (bytes.length < 12) return cut();
  const [major, minor] = [view.getUint8(6), view.getUint8(7)];
  if (major < 1 || major > 3 || minor !== 0) {
    refuse(
      "E6111",
      `${file} is of version ${major}.${minor} of the .npy format; versions 1.0, 2.0 and 3.0 can be read`,
    );
  }
  const headerStart = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > LONGEST_HEADER)
    refuse("E6112", `${file}: its header claims ${length} bytes; the limit is ${LONGEST_HEADER}`);
  const dataStart = headerStart + length;
  if (dataStart > bytes.length) return cut();
  const text = new TextDecoder(major === 3 ? "utf-8" : "latin1").decode(bytes.subarray(headerStart, dataStart));
  const fail = (why: string): never =>
    refuse("E6112", `${file}: the header ${why}`, { notes: [`it reads ${quoted(text.trim())}`] });
  return { header: parseNpyHeader(text, fail), dataStart };
}

const BY_NPY: ReadonlyMap<string | null, DType> = new Map(DTYPE_NAMES.map((dtype) => [DTYPES[dtype].npy, dtype]));

/** The dtype and byte order of NumPy's type string. */
function elementType(descr: string | null, file: string): { readonly dtype: DType; readonly order: ByteOrder } {
  if (descr === null)
    return unsupported("records (a structured dtype)", file, ["save each field as an array of its own"]);
  const [mark, type] = [descr.slice(0, 1), descr.slice(1)];
  const dtype = BY_NPY.get(type);
  const oneByte = dtype !== undefined && DTYPES[dtype].bytes === 1;
  if (dtype !== undefined && (mark === "<" || mark === ">" || (mark === "|" && oneByte))) {
    return { dtype, order: mark === ">" ? "big" : "little" };
  }
  if (type === "O") return unsupported("Python objects", file, ["convert it first: x.astype(numpy.float32)"]);
  const bfloat = type === "V2" ? ["if it is bfloat16, save it as float32, or as .safetensors, which has bf16"] : [];
  return unsupported(`NumPy's type ${quoted(descr)}`, file, bfloat);
}

function unsupported(what: string, file: string, help: readonly string[]): never {
  const known = DTYPE_NAMES.map((dtype) => DTYPES[dtype].numpy).filter((name) => name !== null);
  return refuse("E6108", `${file} holds ${what}`, { notes: [`what can be read: ${known.join(", ")}`], help });
}

/** The whole file. The tensor is on the CPU; E6107 for a dtype that NumPy has not (bf16, storage types). */
export function writeNpy(tensor: Tensor): Uint8Array {
  const { dtype, shape } = tensor;
  const { npy, bytes: width } = DTYPES[dtype];
  if (npy === null) {
    const help =
      dtype === "bf16"
        ? ["write a .safetensors file, which has bf16", "cast to f32 first"]
        : ["cast to i8 or u8 first"];
    return refuse("E6107", `the .npy format has no ${dtype}`, { help });
  }
  const dims = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const literal = `{'descr': '${width === 1 ? "|" : "<"}${npy}', 'fortran_order': False, 'shape': ${dims}, }`;
  // The elements start at a multiple of 64, a newline ends the padding, and NumPy leaves room for a first dim of 21 digits.
  const spare = shape[0] === undefined ? 0 : 21 - String(shape[0]).length;
  const length = Math.ceil((10 + literal.length + spare + 1) / 64) * 64 - 10;
  const header = new TextEncoder().encode(`${literal.padEnd(length - 1)}\n`);
  const data = bytesFromArray(dtype, tensor.elements);
  const file = new Uint8Array(10 + length + data.length);
  file.set(MAGIC);
  file.set([1, 0, length & 0xff, length >> 8], 6);
  file.set(header, 10);
  file.set(data, 10 + length);
  return file;
}
