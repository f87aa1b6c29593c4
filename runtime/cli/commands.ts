/** THE table of commands. A command is a row here and a file beside this one. */
import { refuse } from "../refuse.ts";
import type { CommandRow, OptionRow } from "./command-row.ts";

const TARGET: OptionRow = {
  flags: "--target <T>",
  description: "interp, wasm, wgsl or hls",
  fallback: "wasm",
};
const DIM: OptionRow = {
  flags: "--dim <NAME=SIZE>",
  description: "a dim that becomes a constant; may be repeated",
  repeated: true,
};
const SET: OptionRow = {
  flags: "--set <NAME=VALUE>",
  description: "a generic's value; may be repeated",
  repeated: true,
};
const DIALECT: OptionRow = { flags: "--dialect <D>", description: "of target hls: c99", fallback: "c99" };

/** Options of later versions: known, and refused by name. */
const later = (flags: string): OptionRow => ({ flags, description: "not built yet", hidden: true, later: true });

export const COMMANDS: readonly CommandRow[] = [
  {
    name: "check",
    description: "parse, types, bounds; says how many subscripts were proved in range, with --json how each was",
    argument: { name: "<FILE...>", description: ".ein files, or FILE:KERNEL; - is standard input, std/NAME a module" },
    options: [],
    examples: ["check blur.ein", "check --json blur.ein:blur"],
    run: async (args) => (await import("./check.ts")).check(args),
  },
  {
    name: "run",
    description: "compile, run, print or write the outputs",
    argument: { name: "<FILE[:KERNEL]>", description: "one kernel of a file" },
    options: [
      TARGET,
      {
        flags: "--in <NAME=SRC>",
        description:
          "an argument: x.npy, w.npz:name, w.safetensors:name, a number, random[:seed], zeros, iota, or - (standard input); FILE.safetensors alone binds every parameter that it names, random or another source alone all that nothing else gives; may be repeated",
        repeated: true,
      },
      DIM,
      SET,
      { flags: "--out <NAME=FILE>", description: "write an output to .npy, .npz or .safetensors", repeated: true },
      { flags: "--out-dir <DIR>", description: "write every output to DIR/NAME.npy" },
      {
        flags: "--dump <STAGE=FILE>",
        description: "write a stage of the kernel, as an output: c1.acc=acc.npy; may be repeated",
        repeated: true,
      },
      { flags: "--time", description: "milliseconds, of each stage where the target can tell, on standard error" },
      DIALECT,
      later("--const <NAME=FILE>"),
      later("--reuse <OUT=IN>"),
    ],
    examples: [
      "run blur.ein --in X=photo.npy --out Y=blurred.npy",
      "run blur.ein:blur --target hls --in X=random:7 --dim H=32 --dim W=32 --time",
      "run net.ein --in X=random --dump h1.acc=acc.npy",
      "run net.ein --in X=images.npy --in weights.safetensors --out-dir results",
    ],
    run: async ([file = ""], o) => {
      refuseLater(o.text("const"), "--const");
      refuseLater(o.text("reuse"), "--reuse");
      checkDialect(o.text("dialect"));
      const outDir = o.text("outDir");
      const { run } = await import("./run.ts");
      return run(file, {
        target: o.text("target") ?? "wasm",
        in: o.list("in"),
        dim: o.list("dim"),
        set: o.list("set"),
        out: o.list("out"),
        dump: o.list("dump"),
        ...(outDir === undefined ? {} : { outDir }),
        time: o.flag("time"),
      });
    },
  },
  {
    name: "build",
    description: "ahead-of-time artifacts, with a manifest",
    argument: { name: "<FILE[:KERNEL,...]>", description: "one file, and of it one or several kernels" },
    options: [
      {
        ...TARGET,
        flags: "--target <T[,T]>",
        description: "wasm, wasm-relaxed, wgsl, hls; several with commas between",
      },
      { flags: "-o, --out <DIR>", description: "the folder to write to: DIR/TARGET/KERNEL/…", required: true },
      DIM,
      SET,
      DIALECT,
      later("--const <NAME=FILE>"),
    ],
    examples: ["build blur.ein --target wasm,wgsl -o out", "build blur.ein --target hls --dim H=32 --dim W=32 -o out"],
    run: async ([file = ""], o) => {
      refuseLater(o.text("const"), "--const");
      checkDialect(o.text("dialect"));
      const { build } = await import("./build.ts");
      const [target = "wasm", out = ""] = [o.text("target"), o.text("out")];
      return build(file, { target, out, dim: o.list("dim"), set: o.list("set") });
    },
  },
  {
    name: "explain",
    description: "equations, proofs, cost, loops, memory, machine code",
    argument: { name: "<FILE[:KERNEL]>", description: "one kernel of a file" },
    options: [
      TARGET,
      DIM,
      SET,
      { flags: "--after <PASS>", description: "the program after one pass; parse: as it is written" },
      { flags: "--diff <PASS...>", description: "what changes from one pass to another: --diff P Q, after FILE" },
      later("--primitives"),
    ],
    examples: [
      "explain blur.ein",
      "explain blur.ein --after default-nest",
      "explain blur.ein --diff prove inline-stages",
      "explain std/nn:conv2d --after parse",
    ],
    run: async ([file = ""], o) => {
      if (o.flag("primitives")) refuseLater("", "--primitives");
      const after = o.text("after");
      const { explain } = await import("./explain.ts");
      return explain(file, {
        target: o.text("target") ?? "wasm",
        dim: o.list("dim"),
        set: o.list("set"),
        ...(after === undefined ? {} : { after }),
        diff: o.list("diff"),
      });
    },
  },
  {
    name: "conformance",
    description: "kernels x targets against the reference: equal, largest error, or refused and why",
    argument: { name: "[FILE...]", description: "by default the examples of Einkorn" },
    options: [
      { flags: "--target <T[,T]>", description: "only these targets" },
      { flags: "--seed <N>", description: "of the random sizes and inputs", fallback: "1" },
    ],
    examples: ["conformance", "conformance blur.ein --target wasm,hls --seed 7"],
    run: async (files, o) => {
      const [target, seed] = [o.text("target"), o.text("seed") ?? "1"];
      const { conformance } = await import("./conformance.ts");
      return conformance(files, { seed, ...(target === undefined ? {} : { target }) });
    },
  },
  {
    name: "test",
    description: "the `test` declarations and the laws of reducers, on every target that is here",
    argument: { name: "<FILE[:KERNEL]...>", description: ".ein files; with a name the tests of that kernel" },
    options: [
      { flags: "--target <T[,T]>", description: "these targets, which then must be here and hold every kernel" },
      { flags: "--runs <N>", description: "draws of sizes and inputs for each test", fallback: "20" },
      { flags: "--seed <N>", description: "of the draws; run n of seed s is run 0 of seed s + n", fallback: "1" },
      { flags: "--dim <NAME=SIZE>", description: "a size that is not drawn; may be repeated", repeated: true },
      { ...SET, description: "a generic that is not drawn; may be repeated" },
      { flags: "--junit <FILE>", description: "the report for build servers, too" },
    ],
    examples: ["test blur.ein", "test blur.ein --target wasm,hls --runs 100 --junit report.xml"],
    run: async (files, o) => {
      const [target, junit] = [o.text("target"), o.text("junit")];
      const { test } = await import("./test.ts");
      return test(files, {
        runs: o.text("runs") ?? "20",
        seed: o.text("seed") ?? "1",
        dim: o.list("dim"),
        set: o.list("set"),
        ...(target === undefined ? {} : { target }),
        ...(junit === undefined ? {} : { junit }),
      });
    },
  },
  {
    name: "fmt",
    description: "puts .ein files into one form; nothing but space changes",
    argument: { name: "<FILE...>", description: ".ein files; - is standard input, printed to standard output" },
    options: [
      { flags: "--check", description: "write nothing; list the files that are not in that form, and end with 1" },
    ],
    examples: ["fmt blur.ein", "fmt --check kernels/*.ein"],
    run: async (files, o) => (await import("./fmt.ts")).fmt(files, { check: o.flag("check") }),
  },
  {
    name: "new",
    description: "a small project: a kernel, its test and schedule, a workflow that checks them",
    argument: { name: "<NAME>", description: "the folder to make; its last part names the project" },
    options: [],
    examples: ["new blurs"],
    run: async ([name = ""]) => (await import("./new.ts")).newProject(name),
  },
  {
    name: "targets",
    description: "what this machine can compile for and run, and why not",
    options: [],
    examples: ["targets", "targets --json"],
    run: async () => (await import("./targets.ts")).targets(),
  },
  {
    name: "demo",
    description: "classifies the shipped digits on every target; `npm run demo`",
    hidden: true,
    options: [
      { flags: "--target <T[,T]>", description: "only these targets" },
      { flags: "-o, --out <DIR>", description: "where to write the artifacts" },
    ],
    examples: [],
    run: async (_args, o) => {
      const [target, out] = [o.text("target"), o.text("out")];
      const { demo } = await import("./demo.ts");
      return demo({ ...(target === undefined ? {} : { target }), ...(out === undefined ? {} : { out }) });
    },
  },
];

/** Commands of later versions, refused by name. */
export const LATER_COMMANDS: readonly string[] = ["bench", "tune", "calibrate"];

function refuseLater(value: string | undefined, what: string): void {
  if (value !== undefined) refuse("E6403", `${what} is not built yet`);
}

const LATER_DIALECTS: readonly string[] = ["vitis", "bambu", "catapult", "smarthls"];

function checkDialect(dialect = "c99"): void {
  if (dialect === "c99") return;
  if (LATER_DIALECTS.includes(dialect)) refuseLater(dialect, `the dialect ${dialect}`);
  refuse("E6402", `--dialect ${JSON.stringify(dialect)}: the dialect of this version is c99`);
}
