/** Imported files on the disk, for programs that are files themselves. What the machine refuses is said at the import. */
import { stat } from "node:fs/promises";
import type { ModuleRefusal } from "../../compiler/compile.ts";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import type { FormatName } from "../files/format.ts";
import { FORMAT_NAMES, FORMATS } from "../files/format.ts";
import { refuse } from "../refuse.ts";
import { readFileBytes, STDIN_NAME } from "./files.ts";

/** Source files above this are refused by the parser; reading more would be pointless. */
const LARGEST_SOURCE = 2 ** 24;

/** The text of a source file; throws E6102, also where it is none, or E6104. */
export async function readSourceText(path: string): Promise<string> {
  const bytes = await readFileBytes(path, LARGEST_SOURCE);
  refuseNoText(path === "-" ? STDIN_NAME : path, bytes);
  return new TextDecoder().decode(bytes);
}

const CONTENTS = {
  npy: "an .npy array",
  npz: "an .npz or another zip archive",
  safetensors: "a .safetensors archive",
} as const satisfies Record<FormatName, string>;

/** A parser would find a hundred mistakes in an array, and none of them would be the one that was made. */
function refuseNoText(name: string, bytes: Uint8Array): void {
  const isText = !bytes.includes(0);
  // The marks of the others are no beginning of a text; that of .safetensors is a brace.
  const format = FORMAT_NAMES.find((f) => FORMATS[f].starts(bytes) && !(f === "safetensors" && isText));
  if (format === undefined && isText) return;
  const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const what =
    format === undefined ? (isUtf16 ? "a text in UTF-16" : "not text, for it has zero bytes") : CONTENTS[format];
  const help =
    format === undefined
      ? isUtf16
        ? ["save it as UTF-8"]
        : []
      : [`name an .ein file; an array is given to einkorn run by --in NAME=${name}`];
  refuse("E6102", `${name} is ${what}${format === undefined ? "" : ", not a program"}`, { help });
}

/** The same, where a refusal has a place to be said at. */
export async function readText(path: string): Promise<string | ModuleRefusal> {
  // A pipe would be waited for, and nobody named it on the command line.
  const status = await stat(path).catch(() => null);
  if (status !== null && !status.isFile() && !status.isDirectory())
    return { code: "E6102", message: `${path} is not a file that can be imported` };
  try {
    return await readSourceText(path);
  } catch (error) {
    const [first] = error instanceof EinkornError ? error.diagnostics : [];
    if (first === undefined) throw error;
    return first;
  }
}
