/**
 * Runs target hls on this machine: the host's C compiler makes a small executable of a kernel, and each call starts it once,
 * with the inputs in one file and the outputs in another. A child process costs milliseconds, and in return a crash, an
 * endless loop or a sanitizer's report ends a call and not the caller.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { byteLength } from "../../compiler/ir/dtype.ts";
import type { Artifact } from "../../compiler/target.ts";
import { deviceMain } from "../../targets/hls/device-main.ts";
import { hlsTarget, JIT_TOP } from "../../targets/hls/target.ts";
import type { Call, Device, DeviceFactory, Executable } from "../device.ts";
import { refuse } from "../refuse.ts";
import { allocate, elementCount } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { CCompiler, Found } from "./c-compiler.ts";
import { undoAtExit } from "./clean-up.ts";
import { compileC, findCCompiler, lastLines } from "./c-compiler.ts";

export type HlsOptions = {
  /** Program and leading arguments; by default CC of the environment, else cc, gcc or clang. */
  readonly compiler?: string;
  /** Beside -std=c99 and -ffp-contract=off; by default -O2. */
  readonly flags?: readonly string[];
  /** Milliseconds that a call may take. */
  readonly timeLimit?: number;
};

const TEN_MINUTES = 600_000;

/** Searches are kept: what a machine has installed rarely changes under a running process. */
const searches = new Map<string | undefined, Promise<Found>>();

export function hlsDeviceWith(options: HlsOptions): DeviceFactory {
  const find = (): Promise<Found> => {
    const old = searches.get(options.compiler);
    const search = old ?? (options.compiler === undefined ? findCCompiler() : findCCompiler(options.compiler));
    searches.set(options.compiler, search);
    return search;
  };
  return {
    name: "hls",
    probe: async () => {
      const found = await find();
      if (!("compiler" in found)) return { available: false, reason: found.reason, help: found.help };
      return { available: true, description: describe(found.compiler) };
    },
    open: async () => {
      const found = await find();
      if ("compiler" in found) return openDevice(found.compiler, options);
      return refuse("E6302", `target hls cannot run here: ${found.reason}`, { help: [found.help] });
    },
  };
}

export const hlsDevice: DeviceFactory = hlsDeviceWith({});

function describe({ command, version }: CCompiler): string {
  return `C99 compiled by ${command.join(" ")} (${version})`;
}

function openDevice(compiler: CCompiler, options: HlsOptions): Device {
  const workshop = new Workshop(compiler, options);
  return {
    name: "hls",
    description: describe(compiler),
    target: hlsTarget,
    load: async (artifact): Promise<Executable> => {
      const program = await workshop.compile(artifact);
      return { run: (call) => workshop.run(program, call), dispose: () => {} };
    },
    close: () => workshop.close(),
  };
}

/** A temporary folder with executables, each made once per content. */
class Workshop {
  readonly #compiler: CCompiler;
  readonly #flags: readonly string[];
  readonly #timeLimit: number;
  readonly #folder: string;
  /** Says that the folder need not be removed any more. */
  readonly #gone: () => void;
  readonly #executables = new Map<string, Promise<string>>();
  #calls = 0;
  #closed = false;

  constructor(compiler: CCompiler, options: HlsOptions) {
    this.#compiler = compiler;
    this.#flags = options.flags ?? ["-O2"];
    this.#timeLimit = options.timeLimit ?? TEN_MINUTES;
    this.#folder = mkdtempSync(join(tmpdir(), "einkorn-hls-"));
    this.#gone = undoAtExit(() => this.#removeFolder());
  }

  /** Path of the executable. */
  compile(artifact: Artifact): Promise<string> {
    this.#refuseClosed();
    const text = `${String(artifact.code)}\n${deviceMain(artifact.program, JIT_TOP)}`;
    const key = createHash("sha256").update(text).digest("hex").slice(0, 32);
    const old = this.#executables.get(key);
    const made = old ?? this.#build(join(this.#folder, key), text);
    this.#executables.set(key, made);
    // A failure is not kept: a full disk may have room the next time.
    made.catch(() => this.#executables.delete(key));
    return made;
  }

  async #build(path: string, text: string): Promise<string> {
    try {
      await writeFile(`${path}.c`, text);
      await compileC(this.#compiler, `${path}.c`, `${path}.part`, this.#flags);
      await rename(`${path}.part`, path);
    } catch (error) {
      const said = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
      refuse("E5101", `${this.#compiler.command.join(" ")} does not compile the generated C`, {
        notes: lastLines(said, 12),
        help: [
          "check that it compiles other programs; if it does, report this as a bug of Einkorn, with the .ein file",
        ],
      });
    }
    return path;
  }

  run(executable: string, call: Call): readonly Tensor[] {
    this.#refuseClosed();
    refuseLarge(call);
    const number = this.#calls++;
    const [from, to] = [join(this.#folder, `${number}.in`), join(this.#folder, `${number}.out`)];
    try {
      const file = openSync(from, "wx", 0o600);
      try {
        for (const t of call.inputs) writeFileSync(file, bytesOf(t));
      } finally {
        closeSync(file);
      }
      this.#start(executable, [from, to]);
      return outputsFrom(readFileSync(to), call);
    } finally {
      rmSync(from, { force: true });
      rmSync(to, { force: true });
    }
  }

  /** Runs to the end; E6303 where it does not end well. */
  #start(executable: string, files: readonly string[]): void {
    const { error, signal, status, stderr } = spawnSync(executable, files, {
      stdio: ["ignore", "ignore", "pipe"],
      timeout: this.#timeLimit,
      killSignal: "SIGKILL",
      maxBuffer: 2 ** 24,
      encoding: "utf8",
      // The leak checker needs rights that containers often withhold, and the program ends at once anyway.
      env: { ...process.env, ASAN_OPTIONS: "detect_leaks=0" },
    });
    if (error === undefined && status === 0) return;
    const notes = lastLines(stderr ?? "", 12);
    const code = error !== undefined && "code" in error ? error.code : undefined;
    if (code === "ETIMEDOUT") {
      refuse("E6303", `the kernel was stopped after ${this.#timeLimit / 1000} s`, { notes });
    }
    if (code === "EACCES") {
      const help = [`set TMPDIR to a folder whose files may be executed`];
      refuse("E6303", `programs in ${JSON.stringify(this.#folder)} may not be executed`, { help });
    }
    const why = error !== undefined ? error.message : signal !== null ? `signal ${signal}` : `exit code ${status}`;
    refuse("E6303", `the compiled kernel failed: ${why}`, { notes });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#executables.values());
    this.#removeFolder();
    this.#gone();
  }

  #removeFolder(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #refuseClosed(): void {
    if (this.#closed) refuse("E6304", "the device hls was closed");
  }
}

function bytesOf(t: Tensor): Uint8Array {
  const { elements: data } = t;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Results come back through a file that is read whole. */
const LARGEST_RESULTS = 2 ** 31 - 1;

function refuseLarge(call: Call): void {
  const bytes = call.outputs.reduce((sum, o) => sum + byteLength(o.dtype, elementCount(o.shape)), 0);
  if (bytes <= LARGEST_RESULTS) return;
  refuse("E6307", `the outputs take ${bytes} bytes; this device returns at most ${LARGEST_RESULTS}`, {
    help: ["run it on another target, or with smaller dims"],
  });
}

/** The outputs lie one behind the other, and fill the file exactly; nothing is written to the caller's tensors before that is known. */
function outputsFrom(file: Uint8Array, call: Call): readonly Tensor[] {
  const sizes = call.outputs.map(({ dtype, shape }) => byteLength(dtype, elementCount(shape)));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total !== file.length) refuse("E6303", `the compiled kernel wrote ${file.length} bytes of ${total}`);
  let start = 0;
  return call.outputs.map(({ dtype, shape, out }, n) => {
    const result = out ?? Tensor.over(dtype, shape, { kind: "cpu", array: allocate(dtype, shape) });
    const end = start + (sizes[n] ?? 0);
    bytesOf(result).set(file.subarray(start, end));
    start = end;
    return result;
  });
}
