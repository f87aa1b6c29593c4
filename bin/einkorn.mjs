#!/usr/bin/env node
/**
 * The command `einkorn`. It runs on whatever Node the shell finds (18 is enough to get this far), answers `--version`
 * itself, and hands the rest to runtime/cli on a Node that can run it: this one, the project's own, or another one of
 * this machine. From a checkout the source runs as it stands; an installed package runs dist/, since Node strips no types
 * inside node_modules. V8's compile cache halves and more the start, and nothing depends on it.
 *
 * Keep to what Node 18 parses and has; whatever is newer is asked for before it is used.
 */
import { existsSync, readFileSync, readdirSync, realpathSync } from "node:fs";
import * as nodeModule from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const OLDEST_NODE = 22;
const EXIT = { missingOnMachine: 3, internalError: 4 };

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const entry = findEntry();
const argv = process.argv.slice(2);

if (argv.length === 1 && (argv[0] === "--version" || argv[0] === "-V")) {
  console.log(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
} else if (!existsSync(entry.file)) {
  refuse(`${entry.file} is not there`, "run `npm run build`, or install the package again");
} else if (canRun({ version: process.versions.node, stripsTypes: Boolean(process.features.typescript) })) {
  await runHere();
} else {
  await runElsewhere();
}

/** A checkout has the source beside bin/, a package only dist/. */
function findEntry() {
  const source = join(root, "runtime", "cli", "main.ts");
  const installed = root.split(sep).includes("node_modules");
  if (!installed && existsSync(source)) return { file: source, needsTypeStripping: true };
  return { file: join(root, "dist", "runtime", "cli", "main.js"), needsTypeStripping: false };
}

function canRun(node) {
  return Number.parseInt(node.version, 10) >= OLDEST_NODE && (node.stripsTypes || !entry.needsTypeStripping);
}

async function runHere() {
  enableCompileCache();
  quietBrokenPipes();
  try {
    const { main } = await import(pathToFileURL(entry.file).href);
    process.exitCode = await main(argv);
  } catch (error) {
    // main() turns what it foresees into diagnostics, so whatever arrives here is ours.
    console.error(`internal compiler error: ${error instanceof Error ? error.stack : String(error)}`);
    console.error("This is a bug in Einkorn: please report it with the .ein file that shows it.");
    process.exitCode = EXIT.internalError;
  }
}

/** The user's own cache folder: in a shared one another user could leave code for us. A cache that fails is no cache. */
function enableCompileCache() {
  if (nodeModule.enableCompileCache === undefined || process.env.NODE_COMPILE_CACHE !== undefined) return;
  const base =
    process.env.XDG_CACHE_HOME ||
    (process.platform === "win32" && process.env.LOCALAPPDATA) ||
    join(homedir(), ".cache");
  try {
    nodeModule.enableCompileCache(join(base, "einkorn", "node"));
  } catch {
    // Nowhere to write: start without it.
  }
}

/** `einkorn explain … | head` ends as quietly as any other Unix command. */
function quietBrokenPipes() {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error) => {
      if (error.code !== "EPIPE") throw error;
      process.exit();
    });
  }
}

async function runElsewhere() {
  const childProcess = await import("node:child_process");
  const tried = [];
  for (const file of otherNodes()) {
    const node = probe(childProcess, file);
    if (node !== null && canRun(node)) {
      await handOver(childProcess, file);
      return;
    }
    if (node !== null) tried.push(`${file} is ${node.version}`);
  }
  const wanted = entry.needsTypeStripping ? `${OLDEST_NODE}.18` : `${OLDEST_NODE}`;
  refuse(
    `einkorn needs Node ${wanted} or newer, and this is Node ${process.versions.node} (${process.execPath})`,
    entry.needsTypeStripping
      ? `run ./setup.sh in ${root}, which installs the project's own Node`
      : "install a newer Node from https://nodejs.org, or with `nvm install --lts`",
    tried,
  );
}

/** The project's own Node first, then those of PATH, then those that version managers keep, newest first. */
function otherNodes() {
  const windows = process.platform === "win32";
  const pinned = windows ? ["node_modules", "node", "bin", "node.exe"] : ["node_modules", ".bin", "node"];
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .flatMap((folder) => (windows ? [join(folder, "node.exe")] : [join(folder, "node"), join(folder, "nodejs")]));
  const home = homedir();
  const managed = [
    [process.env.NVM_DIR ?? join(home, ".nvm"), "versions/node", "bin/node"],
    [process.env.VOLTA_HOME ?? join(home, ".volta"), "tools/image/node", "bin/node"],
    [process.env.FNM_DIR ?? join(home, ".local/share/fnm"), "node-versions", "installation/bin/node"],
  ].flatMap(([base, versions, binary]) =>
    foldersOf(join(base, versions)).map((version) => join(base, versions, version, binary)),
  );
  const present = [join(root, ...pinned), ...onPath, ...managed].filter((file) => existsSync(file));
  return [...new Set(present.map((file) => realpathSync(file)))].filter(
    (file) => file !== realpathSync(process.execPath),
  );
}

function foldersOf(folder) {
  try {
    return readdirSync(folder).sort(byVersionDown);
  } catch {
    return [];
  }
}

function byVersionDown(a, b) {
  return b.localeCompare(a, "en", { numeric: true });
}

/** What a candidate says of itself; null when it does not start, as on a foreign C library. */
function probe(childProcess, file) {
  const question = "process.versions.node + ' ' + Boolean(process.features.typescript)";
  const asked = childProcess.spawnSync(file, ["-p", question], { encoding: "utf8", timeout: 5_000 });
  const answer = /^(\d+\.\d+\.\d+) (true|false)$/.exec((asked.stdout ?? "").trim());
  return asked.status === 0 && answer !== null ? { version: answer[1], stripsTypes: answer[2] === "true" } : null;
}

/** Runs this very file on another Node and ends as it ends. */
function handOver(childProcess, file) {
  const child = childProcess.spawn(file, [fileURLToPath(import.meta.url), ...argv], { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const forward = (signal) => {
    // A terminal sends Ctrl-C to both of us; twice would read as "now, at once".
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve) => {
    child.on("error", (error) => {
      refuse(`${file} does not start: ${error.message}`, "remove it from PATH, or install Node again");
      resolve();
    });
    child.on("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      if (signal !== null) process.kill(process.pid, signal);
      process.exitCode = code ?? EXIT.internalError;
      resolve();
    });
  });
}

/** E5001, in the form of every other diagnostic (runtime/cli prints the rest; it cannot run here). */
function refuse(message, help, notes = []) {
  process.exitCode = EXIT.missingOnMachine;
  if (argv.includes("--json")) {
    const diagnostics = [
      {
        code: "E5001",
        severity: "error",
        message,
        file: null,
        start: null,
        end: null,
        related: [],
        notes,
        help: [help],
      },
    ];
    console.log(JSON.stringify({ schema: 1, command: argv[0] ?? null, ok: false, diagnostics, result: null }));
    return;
  }
  console.error(`error[E5001]: ${message}`);
  for (const note of notes) console.error(`   = ${note}`);
  console.error(`   = help: ${help}`);
}
