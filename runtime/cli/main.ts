/**
 * The command line: one table of commands, each in a file of its own that is loaded when it is called. What a user did
 * wrong comes back as diagnostics and an exit code; what is wrong with us is an internal error (4).
 */
import { Command, CommanderError } from "commander";
import type { Code } from "../../compiler/support/codes.ts";
import { diagnostic, EinkornError } from "../../compiler/support/diagnostics.ts";
import { InternalError } from "../../compiler/support/invariant.ts";
import { version } from "../version.ts";
import { EXIT } from "./exit-codes.ts";
import type { Outcome } from "./report.ts";
import { report } from "./report.ts";

/** Runs a command line (without the program's own name) and returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const json = argv.includes("--json");
  let exit: number = EXIT.fine;
  const settle = (command: string, work: () => Promise<Outcome>) => async (): Promise<void> => {
    exit = report(command, await guarded(work), json);
  };
  try {
    await commands(settle).parseAsync([...argv], { from: "user" });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.fine;
    if (error.code === "commander.help") return EXIT.command;
    const message = error.message.replace(/^error: /, "");
    return report(argv[0] ?? "einkorn", refusal("E6401", message, "run einkorn --help"), json);
  }
}

type Settle = (command: string, work: () => Promise<Outcome>) => () => Promise<void>;

const collect = (value: string, list: readonly string[]): readonly string[] => [...list, value];

function commands(settle: Settle): Command {
  const program = new Command("einkorn")
    .description("Tensor kernels as equations, proved, for WASM, WebGPU, C and native code.")
    .version(version, "-V, --version")
    .option("--json", "one JSON document on standard output")
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true);
  const add = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .option("--json", "one JSON document on standard output")
      .exitOverride();

  const dims = (c: Command): Command =>
    c
      .option("--dim <NAME=SIZE>", "a dim becomes a constant; may be repeated", collect, [])
      .option("--set <NAME=VALUE>", "a generic's value; may be repeated", collect, []);

  add("check", "parse, types, bounds; says how each access was proved")
    .argument("<FILE...>", ".ein files, or FILE:KERNEL")
    .action((files: string[]) => settle("check", async () => (await import("./check.ts")).check(files))());
  dims(add("run", "compile, run, print or write the outputs"))
    .argument("<FILE[:KERNEL]>")
    .option("--target <T>", "interp, wasm, wgsl, hls", "wasm")
    .option("--in <NAME=SRC>", "an argument: file, number, random[:seed], zeros, iota, -; may be repeated", collect, [])
    .option("--out <NAME=FILE>", "write an output to .npy, .npz or .safetensors; may be repeated", collect, [])
    .option("--out-dir <DIR>", "write every output to DIR/NAME.npy")
    .option("--time", "milliseconds of each stage")
    .action((file: string, options) => settle("run", async () => (await import("./run.ts")).run(file, options))());
  dims(add("build", "ahead-of-time artifacts, with a manifest"))
    .argument("<FILE[:KERNEL,...]>")
    .option("--target <T[,T]>", "targets, separated by commas", "wasm")
    .requiredOption("-o, --out <DIR>", "the folder to write to")
    .action((file: string, options) =>
      settle("build", async () => (await import("./build.ts")).build(file, options))(),
    );
  dims(add("explain", "equations, proofs, loops, machine code"))
    .argument("<FILE[:KERNEL]>")
    .option("--target <T>", "for which target", "wasm")
    .option("--after <PASS>", "the program after one pass")
    .option("--diff <PASS...>", "what changes between two passes")
    .action((file: string, options) =>
      settle("explain", async () => (await import("./explain.ts")).explain(file, options))(),
    );
  add("conformance", "kernels x targets: equal, largest error, or refused and why")
    .argument("[FILE...]", "by default the examples of Einkorn")
    .option("--target <T[,T]>", "only these targets")
    .option("--seed <N>", "of the random inputs", "1")
    .action((files: string[], options) =>
      settle("conformance", async () => (await import("./conformance.ts")).conformance(files, options))(),
    );
  add("targets", "what this machine can compile for and run, and why not").action(() =>
    settle("targets", async () => (await import("./targets.ts")).targets())(),
  );
  return program;
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

function refusal(code: Code, message: string, help: string): Outcome {
  return { diagnostics: [diagnostic(code, { message, span: null, help: [help] })], text: [], result: null };
}
