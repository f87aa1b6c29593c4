/**
 * One GPUDevice and what has become of it. WebGPU reports failures later than it causes them: work is wrapped in error
 * scopes, whose verdict the results of that work wait for; a lost device fails every call after it.
 */
import { EinkornError } from "../../compiler/support/diagnostics.ts";
import type { Code } from "../../compiler/support/codes.ts";
import { diagnostic } from "../../compiler/support/diagnostics.ts";
import { refuse } from "../refuse.ts";

export const DEVICE_NAME = "wgsl";

const FILTERS: readonly GPUErrorFilter[] = ["validation", "out-of-memory", "internal"];

export class Connection {
  readonly gpu: GPUDevice;
  #closed = false;
  #lost: string | null = null;

  constructor(gpu: GPUDevice) {
    this.gpu = gpu;
    void gpu.lost.then((info) => {
      this.#lost = info.message || info.reason;
    });
  }

  /** Throws what keeps the device from working: E6304 once closed, E6303 once lost. */
  check(): void {
    if (this.#closed) refuse("E6304", "the device wgsl was closed", { help: ["open it again"] });
    if (this.#lost !== null) {
      refuse("E6303", `the GPU was lost: ${firstLine(this.#lost)}`, { help: ["open the device again"] });
    }
  }

  /** Does the work; the promise settles when the GPU process has checked it, with an error where it was refused. */
  guarded<T>(work: () => T): { readonly result: T; readonly verdict: Promise<void> } {
    for (const filter of FILTERS) this.gpu.pushErrorScope(filter);
    try {
      const result = work();
      return { result, verdict: this.#verdict() };
    } catch (error) {
      this.#verdict().catch(() => {});
      throw error;
    }
  }

  async #verdict(): Promise<void> {
    const errors = await Promise.all(FILTERS.map(() => this.gpu.popErrorScope()));
    const error = errors.find((e) => e !== null);
    if (error !== undefined && error !== null) throw failure(error);
  }

  /** Waits for `work`; where the device was closed or lost meanwhile, says that instead of what WebGPU says. */
  async settle<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      // `lost` is told in a later turn than the failures that it causes.
      await Promise.race([this.gpu.lost, new Promise((resolve) => setTimeout(resolve, 0))]);
      this.check();
      if (error instanceof EinkornError) throw error;
      return refuse("E6303", `the GPU failed: ${firstLine(String(error))}`);
    }
  }

  /** Waits for what runs, then frees everything on the device. Calling it twice is harmless. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#lost === null) await this.gpu.queue.onSubmittedWorkDone().catch(() => {});
    this.gpu.destroy();
  }
}

function failure(error: GPUError): EinkornError {
  const outOfMemory = error.constructor.name === "GPUOutOfMemoryError";
  const code: Code = outOfMemory ? "E6305" : "E6303";
  const message = outOfMemory
    ? "the GPU has not enough memory"
    : `the GPU refused the work: ${firstLine(error.message)}`;
  const help = outOfMemory ? ["dispose of tensors that are not needed any more, or use smaller dims"] : [];
  return new EinkornError([diagnostic(code, { message, span: null, help })]);
}

function firstLine(text: string): string {
  return (text.split("\n").find((l) => l.trim() !== "") ?? "").trim();
}
