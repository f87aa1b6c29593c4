/**
 * The host's C compiler: found once (`CC`, else cc, gcc, clang on the path), tried on a small program, and run with a
 * time limit. What it says when it fails is cut to its end, where the reason stands.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { promisify } from "node:util";
import { undoAtExit } from "./clean-up.ts";

const execute = promisify(execFile);

export type CCompiler = {
  /** Program and leading arguments: `CC="ccache gcc"` is a legal wish. */
  readonly command: readonly [string, ...string[]];
  /** What `--version` says first. */
  readonly version: string;
};

export type Found = { readonly compiler: CCompiler } | { readonly reason: string; readonly help: string };

/** Lets a compiler that hangs be noticed. */
const LIMIT_MS = 300_000;
const HELP = "install one (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install), or name it in CC";
const TRIAL = "#include <stdint.h>\n#include <stdio.h>\nint main(void) { return (int)sizeof(int32_t) - 4; }\n";

/** The compiler that `wish` names (default: the environment's CC), or the first on the path that works. */
export async function findCCompiler(wish: string | undefined = env["CC"]): Promise<Found> {
  const words = (wish ?? "").split(/\s+/).filter((w) => w !== "");
  const [program, ...rest] = words;
  if (program !== undefined) return tried([program, ...rest], `CC is ${JSON.stringify(wish)}, and `);
  for (const name of ["cc", "gcc", "clang"]) {
    const found = await tried([name], `${name} is there, and `);
    if ("compiler" in found || !found.absent) return found;
  }
  return { reason: "there is no C compiler on the path (cc, gcc, clang)", help: HELP };
}

type Tried =
  | { readonly compiler: CCompiler }
  | { readonly reason: string; readonly help: string; readonly absent: boolean };

async function tried(command: readonly [string, ...string[]], said: string): Promise<Tried> {
  let version: string;
  try {
    version = (await runTool([...command, "--version"])).split("\n")[0] ?? "";
  } catch (error) {
    return { reason: `${said}it does not start: ${reasonOf(error)}`, help: HELP, absent: isAbsent(error) };
  }
  const compiler = { command, version };
  // Made and registered at once: a signal between the two would leave it behind.
  const folder = mkdtempSync(join(tmpdir(), "einkorn-cc-"));
  const keep = undoAtExit(() => rmSync(folder, { recursive: true, force: true }));
  try {
    const source = join(folder, "trial.c");
    await writeFile(source, TRIAL);
    await compileC(compiler, source, join(folder, "trial"), []);
    return { compiler };
  } catch (error) {
    return { reason: `${said}it does not compile a small program: ${reasonOf(error)}`, help: HELP, absent: false };
  } finally {
    await rm(folder, { recursive: true, force: true });
    keep();
  }
}

/** Compiles a file into an executable; rejects with what the compiler said. */
export async function compileC(
  { command }: CCompiler,
  source: string,
  executable: string,
  flags: readonly string[],
): Promise<void> {
  await runTool([...command, "-std=c99", "-ffp-contract=off", ...flags, source, "-o", executable]);
}

async function runTool([program, ...args]: readonly [string, ...string[]]): Promise<string> {
  const { stdout } = await execute(program, args, { timeout: LIMIT_MS, maxBuffer: 2 ** 24, encoding: "utf8" });
  return stdout;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** The end of what a failed tool wrote, else why it did not run. */
function reasonOf(error: unknown): string {
  if (isAbsent(error)) return "no such program";
  if (error instanceof Error && "stderr" in error && typeof error.stderr === "string" && error.stderr.trim() !== "") {
    return lastLines(error.stderr, 3).join(" / ");
  }
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}

/** The last lines of a tool's output, without control characters, cut to the width of a screen. */
export function lastLines(text: string, count: number): readonly string[] {
  const lines = text.split("\n").map((l) => l.replaceAll(/[\p{C}]/gu, " ").trimEnd());
  return lines
    .filter((l) => l !== "")
    .slice(-count)
    .map((l) => (l.length > 160 ? `${l.slice(0, 160)}…` : l));
}
