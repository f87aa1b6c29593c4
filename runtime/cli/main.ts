/**
 * The command line: reads the arguments by the table of commands, runs one, reports. What a user did wrong comes back as
 * diagnostics and an exit code; what is wrong with us is an internal error (4).
 */
import process from "node:process";
import { Command, CommanderError, Option } from "commander";
import type { Diagnostic } from "../../compiler/support/diagnostics.ts";
import { diagnostic, EinkornError } from "../../compiler/support/diagnostics.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import { hearSignals, undoOnSignals } from "../node/clean-up.ts";
import { nearest } from "../refuse.ts";
import { version } from "../version.ts";
import type { CommandRow, OptionRow } from "./command-row.ts";
import { Given } from "./command-row.ts";
import { COMMANDS, LATER_COMMANDS } from "./commands.ts";
import { EXIT } from "./exit-codes.ts";
import type { Outcome } from "./report.ts";
import { report } from "./report.ts";

/** Runs a command line (without the program's own name) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  undoOnSignals();
  const json = argv.includes("--json");
  let exit: number = EXIT.fine;
  const run = async (row: CommandRow, args: readonly string[], given: Given): Promise<void> => {
    const outcome = await guarded(() => row.run(args, given));
    await hearSignals();
    exit = report(row.name, outcome, json);
  };
  try {
    await commandLine(run).parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.fine;
    if (error.code === "commander.help") return EXIT.command;
    const name = argv.find((a) => COMMANDS.some((row) => row.name === a)) ?? null;
    return report(name, refusal(complaint(error, argv, name)), json);
  }
}

type Run = (row: CommandRow, args: readonly string[], given: Given) => Promise<void>;

function commandLine(run: Run): Command {
  const program = new Command("einkorn")
    .description("Tensor kernels as equations, proved in bounds, for WASM, WebGPU and C.")
    .version(version, "-V, --version")
    .option("--json", "one JSON document on standard output")
    .addHelpText("after", "\neinkorn help COMMAND shows the options and examples of a command.")
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const row of COMMANDS) addCommand(program, row, run);
  return program;
}

function addCommand(program: Command, row: CommandRow, run: Run): void {
  const command = program.command(row.name, { hidden: row.hidden ?? false }).description(row.description);
  if (row.argument !== undefined) command.argument(row.argument.name, row.argument.description);
  for (const o of row.options) command.addOption(optionOf(o));
  command.option("--json", "one JSON document on standard output");
  if (row.examples.length > 0) {
    command.addHelpText("after", `\nExamples:\n${row.examples.map((e) => `  einkorn ${e}`).join("\n")}`);
  }
  command.action(async () => {
    await run(row, command.args, new Given(command.opts()));
  });
}

function optionOf(row: OptionRow): Option {
  const option = new Option(row.flags, row.description).hideHelp(row.hidden === true);
  if (row.required === true) option.makeOptionMandatory();
  if (row.fallback !== undefined) option.default(row.fallback);
  if (row.repeated === true) {
    option.argParser((value: string, list: unknown) => [...(Array.isArray(list) ? list : []), value]);
  }
  return option;
}

/** Errors that carry diagnostics become an outcome; anything else is our own mistake. */
async function guarded(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EinkornError) return { diagnostics: error.diagnostics, text: [], result: null };
    if (!(error instanceof InternalError)) throw error;
    process.stderr.write(
      `${error.message}\nThis is a bug in Einkorn: please report it with the .ein file that shows it.\n`,
    );
    return { diagnostics: [], text: [], result: null, exit: EXIT.internal };
  }
}

/** What commander found wrong, in the form of every other diagnostic. */
function complaint(error: CommanderError, argv: readonly string[], name: string | null): Diagnostic {
  const word = argv.find((a) => !a.startsWith("-")) ?? "";
  if (error.code === "commander.unknownCommand" && LATER_COMMANDS.includes(word)) {
    return diagnostic("E6403", { message: `the command ${word} is not built yet`, span: null });
  }
  const later = error.code === "commander.missingArgument" ? laterOption(argv, name) : null;
  if (later !== null) return diagnostic("E6403", { message: `${later} is not built yet`, span: null });
  const [first = "", suggestion = ""] = error.message.replace(/^error: /, "").split("\n");
  const meant = /Did you mean (?:one of )?(.+)\?/.exec(suggestion)?.[1] ?? nearestCommand(error, word);
  const see = `einkorn ${name === null ? "--help" : `help ${name}`} lists what there is`;
  const help = meant === null ? [see] : [`did you mean ${meant}?`];
  return diagnostic("E6401", { message: first, span: null, help });
}

/** An option of a later version among the arguments: what else is missing does not matter then. */
function laterOption(argv: readonly string[], name: string | null): string | null {
  const options = COMMANDS.find((row) => row.name === name)?.options ?? [];
  const flags = options.flatMap((o) => (o.later === true ? [o.flags.split(" ")[0]] : []));
  return argv.find((a) => flags.includes(a.split("=")[0])) ?? null;
}

function nearestCommand(error: CommanderError, word: string): string | null {
  if (error.code !== "commander.unknownCommand") return null;
  return nearest(
    word,
    COMMANDS.flatMap((row) => (row.hidden === true ? [] : [row.name])),
  );
}

function refusal(d: Diagnostic): Outcome {
  return { diagnostics: [d], text: [], result: null };
}
