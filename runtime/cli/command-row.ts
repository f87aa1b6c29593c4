/** What a command of the command line is, and how it reads its options. */
import type { Outcome } from "./report.ts";

export type OptionRow = {
  /** As commander writes it: `-o, --out <DIR>`. */
  readonly flags: string;
  readonly description: string;
  /** May be given several times: its value is a list. */
  readonly repeated?: true;
  readonly required?: true;
  readonly fallback?: string;
  readonly hidden?: true;
  /** Of a later version: known, hidden, and refused by name. */
  readonly later?: true;
};

export type CommandRow = {
  readonly name: string;
  readonly description: string;
  /** As commander writes it: `<FILE>` is needed, `[FILE]` is not, `…...` takes all that follow. */
  readonly argument?: { readonly name: string; readonly description: string };
  readonly options: readonly OptionRow[];
  /** Command lines for `--help`, without the program's name. */
  readonly examples: readonly string[];
  readonly hidden?: true;
  /** Imports the command's own file, so that no command pays for another. */
  readonly run: (args: readonly string[], options: Given) => Promise<Outcome>;
};

/** The values of a command's options, by the name that commander derives: `--out-dir` is `outDir`. */
export class Given {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** Undefined where it was not given and has no fallback. */
  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  /** Empty where it was not given. */
  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }
}
