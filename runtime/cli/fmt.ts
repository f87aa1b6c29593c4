/** `einkorn fmt FILE…`: puts `.ein` files into the form of the house, or says with `--check` which are not in it. */
import { formatSource } from "../../compiler/lang/format/format.ts";
import { Diagnostics, EinkornError } from "../../compiler/support/diagnostics.ts";
import { makeSource } from "../../compiler/support/source.ts";
import { readFileBytes, writeFileBytes } from "../node/files.ts";
import { counted, quoted, refuse } from "../refuse.ts";
import { EXIT } from "./exit-codes.ts";
import type { Outcome } from "./report.ts";

export type FormattedFile = {
  readonly file: string;
  /** `changed` files were written, unless `--check` was given; of standard input the text is in `text`. */
  readonly verdict: "unchanged" | "changed" | "wrong";
  readonly text?: string;
};

/** Files above this are no sources: the parser refuses them from 2^20 characters on. */
const LARGEST_SOURCE = 2 ** 24;

export async function fmt(
  files: readonly string[],
  options: { readonly check: boolean },
): Promise<Outcome<readonly FormattedFile[]>> {
  const diagnostics = new Diagnostics();
  const result: FormattedFile[] = [];
  for (const file of new Set(files)) result.push(await formatFile(file, options.check, diagnostics));
  const changed = result.filter((f) => f.verdict === "changed");
  const printed = options.check ? [] : result.flatMap(({ text }) => (text === undefined || text === "" ? [] : [text]));
  const named = options.check ? changed.map((f) => f.file) : [];
  const count = changed.filter((f) => f.file !== "-").length;
  return {
    diagnostics: diagnostics.list,
    text: [...named, ...printed.map((text) => text.slice(0, -1))],
    notes: options.check || count === 0 ? [] : [`formatted ${counted(count, "file")}`],
    result,
    ...(options.check && changed.length > 0 ? { exit: EXIT.wrong } : {}),
  };
}

/** A file that cannot be read or written does not keep the others from being formatted. */
async function formatFile(file: string, isCheck: boolean, diagnostics: Diagnostics): Promise<FormattedFile> {
  try {
    return await formatOne(file, isCheck, diagnostics);
  } catch (error) {
    if (!(error instanceof EinkornError)) throw error;
    for (const d of error.diagnostics) diagnostics.add(d);
    return { file, verdict: "wrong" };
  }
}

async function formatOne(file: string, isCheck: boolean, diagnostics: Diagnostics): Promise<FormattedFile> {
  if (file !== "-" && !file.endsWith(".ein")) {
    refuse("E6402", `${quoted(file)} is not an .ein file`, { help: ["name .ein files, or - for standard input"] });
  }
  const bytes = await readFileBytes(file, LARGEST_SOURCE);
  const text = decoded(file, bytes);
  const found = new Diagnostics();
  const formatted = formatSource(makeSource(file === "-" ? "<stdin>" : file, text), found);
  if (formatted === null) {
    for (const d of found.list) diagnostics.add(d);
    return { file, verdict: "wrong" };
  }
  const result = new TextEncoder().encode(formatted);
  const isSame = result.length === bytes.length && result.every((byte, at) => byte === bytes[at]);
  const verdict = isSame ? "unchanged" : "changed";
  if (file === "-") return { file, verdict, text: formatted };
  if (!isSame && !isCheck) await writeFileBytes(file, result);
  return { file, verdict };
}

/** Characters that are not UTF-8 would be lost on the way back. */
function decoded(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuse("E6102", `${file} cannot be read: it is not UTF-8 text`, { help: ["convert it to UTF-8 first"] });
  }
}
