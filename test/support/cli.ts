/** The command line without a process of its own: what `einkorn …` prints and how it ends. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import type { AnySchemaObject, ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { vi } from "vitest";
import { main } from "../../runtime/cli/main.ts";

export type Ended = { readonly exit: number; readonly stdout: string; readonly stderr: string };

export async function einkorn(...argv: readonly string[]): Promise<Ended> {
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text) => {
      texts[name] += String(text);
      return true;
    }),
  );
  try {
    return { exit: await main(argv), ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

const FOLDER = join(import.meta.dirname, "..", "..", "docs", "schemas");

/** Names of the committed schemas: commands, and `report` for what they share. */
export const SCHEMA_NAMES: readonly string[] = readdirSync(FOLDER)
  .filter((f) => f.endsWith(".json"))
  .map((f) => f.slice(0, -".json".length));

const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
for (const name of SCHEMA_NAMES) {
  const schema: AnySchemaObject = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), "utf8"));
  ajv.addSchema(schema);
}

/** The compiled schema of a command. */
export function schemaOf(name: string): ValidateFunction {
  const validate = ajv.getSchema(`einkorn:${name}`);
  if (validate === undefined) throw new Error(`there is no schema ${name}`);
  return validate;
}

/** What the schema finds wrong in a document, as text; "" for nothing. */
export function faults(name: string, document: unknown): string {
  const validate = schemaOf(name);
  return validate(document) ? "" : ajv.errorsText(validate.errors, { separator: "\n" });
}
