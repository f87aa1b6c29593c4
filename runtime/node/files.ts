/**
 * Files on the machine: reading with a limit, writing in one step. A file is written under a temporary name in the same
 * folder and then renamed, so that nobody ever sees a half of it and a failure leaves the old one. What the machine refuses
 * becomes a diagnostic (E6102 to E6104); the command line ends with 2 then.
 */
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { rmdirSync, rmSync } from "node:fs";
import {
  access,
  constants,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { stdin } from "node:process";
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import { nearest, refuse } from "../refuse.ts";
import { undoAtExit } from "./clean-up.ts";

/** The most that is read from one file or from standard input unless the caller says otherwise: 4 GiB. */
export const INPUT_LIMIT = 2 ** 32;
export const STDIN_NAME = "standard input";

const CHUNK = 1 << 20;

/** A whole file; `-` is standard input. E6102 if it cannot be read, E6104 past `limit` bytes, before they are read. */
export async function readFileBytes(path: string, limit = INPUT_LIMIT): Promise<Uint8Array> {
  if (path === "-") return readStandardInput(limit);
  const file = await open(path, "r").catch((error: unknown) => cannotRead(path, error));
  try {
    const status = await file.stat();
    if (status.isDirectory()) return refuse("E6102", `${path} is a folder, not a file`);
    if (status.size > limit) return tooLarge(path, status.size, limit);
    // A pipe or a device has no size: it is read until it ends.
    return status.isFile()
      ? await readWhole(file, status.size)
      : await collect(file.createReadStream({ autoClose: false }), path, limit);
  } catch (error) {
    // Awaited here: the file is closed meanwhile, and a rejection that nobody awaits yet ends the program.
    return await cannotRead(path, error);
  } finally {
    await file.close();
  }
}

/** All of standard input, with the same limit and errors as a file. */
export async function readStandardInput(limit = INPUT_LIMIT): Promise<Uint8Array> {
  return collect(stdin, STDIN_NAME, limit).catch((error: unknown) => cannotRead(STDIN_NAME, error));
}

/** Up to `size` bytes; fewer if the file shrinks meanwhile. One call reads at most 1 GiB, for the system's limit is 2. */
async function readWhole(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, 2 ** 30), at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

async function collect(stream: AsyncIterable<unknown>, name: string, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
    length += chunk.length;
    if (length > limit) return tooLarge(name, length, limit);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Writes a whole file in one step: it is there as it was, or as it shall be, with the permissions that it had. Its folder
 * must exist. A link is followed; a device or a pipe is written to. E6103 if anything fails, and then nothing is left behind.
 */
export async function writeFileBytes(path: string, content: Uint8Array | string): Promise<void> {
  const prepared = await prepareFile(path, content);
  await prepared.commit();
}

export type NewFile = { readonly path: string; readonly content: Uint8Array | string };

/**
 * Writes several files, each as `writeFileBytes` does, and the folders that they need. Whatever shows beforehand that one of
 * them cannot be written leaves all as they were: only when every one lies whole beside its name are they renamed. Gives
 * the folders that were made.
 */
export async function writeFiles(files: readonly NewFile[]): Promise<readonly string[]> {
  const prepared: PreparedFile[] = [];
  const folders: string[] = [];
  const done = undoAtExit(() => folders.forEach(removeEmpty));
  try {
    for (const { path } of files) folders.push(...(await makeFolder(dirname(path))));
    for (const { path, content } of files) prepared.push(await prepareFile(path, content));
    for (const p of prepared) await p.commit();
    return folders;
  } catch (error) {
    for (const p of prepared) await p.discard();
    folders.forEach(removeEmpty);
    throw error;
  } finally {
    done();
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds what somebody else put there, or is gone.
  }
}

/** A file that is written, but not yet under its name. */
type PreparedFile = {
  readonly commit: () => Promise<void>;
  /** Leaves nothing; harmless after `commit`. */
  readonly discard: () => Promise<void>;
};

async function prepareFile(path: string, content: Uint8Array | string): Promise<PreparedFile> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const worded = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => cannot("E6103", "written", path, error));
  return worded(
    (async () => {
      // A new file has no real path yet; that its folder is missing shows when the temporary file is opened.
      const target = await realpath(path).catch(() => path);
      const status = await statusOf(target);
      if (status?.isDirectory() === true) refuse("E6103", `${path} is a folder, not a file`);
      // A new name for the old file would get around its being read-only.
      if (status?.isFile() === true) await access(target, constants.W_OK);
      if (status === null || status.isFile()) return prepareReplacement(target, bytes, status?.mode, worded);
      const commit = async (): Promise<void> => writeAndClose(await open(target, "w"), bytes);
      return { commit: () => worded(commit()), discard: async () => {} };
    })(),
  );
}

/**
 * The folder and those above it, where they are missing; gives those that were, the innermost first. E6103 if that fails.
 * One by one: Node's own way of doing it never ends below /proc.
 */
export async function makeFolder(path: string): Promise<readonly string[]> {
  const made: string[] = [];
  try {
    const missing: string[] = [];
    for (let at = resolve(path); !(await isFolder(at)); at = dirname(at)) missing.push(at);
    for (const folder of missing.toReversed()) {
      // Somebody else may make it at the same moment.
      await mkdir(folder).catch(async (error: unknown) => {
        if (codeOf(error) !== "EEXIST" || !(await isFolder(folder))) throw error;
      });
      made.unshift(folder);
    }
    return made;
  } catch (error) {
    made.forEach(removeEmpty);
    return cannot("E6103", "made", path, error);
  }
}

/** The absolute path that a path leads to by its links, also where the end of it is not there yet. */
export async function realPlace(path: string): Promise<string> {
  const whole = resolve(path);
  const above = dirname(whole);
  return realpath(whole).catch(async () => (above === whole ? whole : join(await realPlace(above), basename(whole))));
}

/** False where nothing has the name; throws where something else has, or the system does not say. */
async function isFolder(path: string): Promise<boolean> {
  const status = await statusOf(path);
  if (status !== null && !status.isDirectory()) refuse("E6103", `${path} is a file, not a folder`);
  return status !== null;
}

/** Of what a path leads to; null where nothing is there. */
async function statusOf(path: string): Promise<Stats | null> {
  return stat(path).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  });
}

/**
 * A new folder with these files in it, by path with `/`, in one step: it is whole or not there. The folder that it stands in
 * must exist. E6103 where something has its name already, or if anything fails.
 */
export async function writeFolder(path: string, files: ReadonlyMap<string, string>): Promise<void> {
  const target = resolve(path);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  const done = undoAtExit(() => rmSync(temporary, { recursive: true, force: true }));
  try {
    if ((await lstat(target).catch(() => null)) !== null) refuse("E6103", `${path} is there already`);
    await mkdir(temporary);
    for (const [name, text] of files) {
      await mkdir(dirname(join(temporary, name)), { recursive: true });
      await writeFile(join(temporary, name), text, { flag: "wx" });
    }
    await rename(temporary, target);
  } catch (error) {
    // What kept it from being made may keep it from being looked for.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
    cannot("E6103", "made", path, error);
  } finally {
    done();
  }
}

type Worded = <T>(work: Promise<T>) => Promise<T>;

async function prepareReplacement(
  target: string,
  bytes: Uint8Array,
  mode: number | undefined,
  worded: Worded,
): Promise<PreparedFile> {
  const temporary = join(dirname(target), `.${randomBytes(9).toString("hex")}.tmp`);
  // "wx": a name that exists already is an error, so that no link planted under it is followed.
  const file = await open(temporary, "wx", mode === undefined ? 0o666 : 0o600);
  const done = undoAtExit(() => rmSync(temporary, { force: true }));
  const discard = async (): Promise<void> => {
    await rm(temporary, { force: true });
    done();
  };
  try {
    // Set afterwards: what is given to `open` is cut by the mask of the process.
    if (mode !== undefined) await file.chmod(mode & 0o777);
    await writeAndClose(file, bytes);
  } catch (error) {
    await discard();
    throw error;
  }
  const commit = async (): Promise<void> => {
    try {
      await rename(temporary, target);
    } finally {
      await discard();
    }
  };
  return { commit: () => worded(commit()), discard };
}

async function writeAndClose(file: FileHandle, bytes: Uint8Array): Promise<void> {
  try {
    for (let at = 0; at < bytes.length;)
      at += (await file.write(bytes, at, Math.min(bytes.length - at, CHUNK))).bytesWritten;
  } finally {
    await file.close();
  }
}

function tooLarge(name: string, size: number, limit: number): never {
  return refuse("E6104", `${name} has ${size} bytes or more; the limit is ${limit}`);
}

async function cannotRead(path: string, error: unknown): Promise<never> {
  const near = codeOf(error) === "ENOENT" ? await nearestFile(path) : null;
  return cannot("E6102", "read", path, error, near === null ? [] : [`read ${near}`]);
}

/** A file of a like name in the same folder. */
async function nearestFile(path: string): Promise<string | null> {
  const names = await readdir(dirname(path)).catch(() => []);
  const near = nearest(basename(path), names);
  return near === null ? null : join(dirname(path), near);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOMEM: "it does not fit into memory",
  ENOENT: "there is no such file or folder",
  ENOTDIR: "a part of the path is no folder",
  EACCES: "permission is denied",
  EPERM: "permission is denied",
  EROFS: "the disk is read-only",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota is used up",
  ENAMETOOLONG: "the name is too long",
  EMFILE: "too many files are open",
  ELOOP: "its links lead in a circle",
  EISDIR: "it is a folder",
};

function codeOf(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** What the system said, in words. A diagnostic goes on as it is, and so does a bug. */
function cannot(
  code: "E6102" | "E6103",
  done: string,
  path: string,
  error: unknown,
  help: readonly string[] = [],
): never {
  if (error instanceof EinkornError) throw error;
  const system = error instanceof RangeError ? "ENOMEM" : codeOf(error);
  if (system === null) throw error;
  return refuse(code, `${path} cannot be ${done}: ${REASONS[system] ?? system}`, { help });
}
