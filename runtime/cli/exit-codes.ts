/** What the shell learns: 0 fine, 1 the program or its data, 2 the command, 3 the machine, 4 ourselves, 130 interrupted. */
import type { Code } from "../../compiler/support/codes.ts";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";

export const EXIT = { fine: 0, wrong: 1, command: 2, machine: 3, internal: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Codes of the family E62 (calls) and E63 (devices) that name what is not there: on a command line that is its fault. */
const OF_THE_COMMAND: ReadonlySet<Code> = new Set(["E6201", "E6202", "E6211", "E6301"]);

/** By family, and for the few codes that belong elsewhere than their family. */
export function exitCodeOf(code: Code): ExitCode {
  if (OF_THE_COMMAND.has(code) || code.startsWith("E61") || code.startsWith("E64")) return EXIT.command;
  return code.startsWith("E5") || code.startsWith("E63") ? EXIT.machine : EXIT.wrong;
}

/** The gravest of several: the machine before the command before the program. */
export function exitCodeOfAll(list: readonly Diagnostic[]): ExitCode {
  const errors = list.filter((d) => d.severity === "error").map((d) => exitCodeOf(d.code));
  return errors.reduce<ExitCode>((most, code) => (code > most ? code : most), EXIT.fine);
}
