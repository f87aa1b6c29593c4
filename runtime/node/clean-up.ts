/**
 * What is to be undone should the process end before its time: temporary files and folders. Undoing happens in `exit`
 * events, so it must be synchronous. A library never takes signals over; the command line does, as long as there is
 * something to undo (a handler keeps a long computation from being stopped at once, so it has none otherwise).
 */
import process from "node:process";

const pending = new Set<() => void>();
let watch: (some: boolean) => void = () => {};
let listens = false;

/** Registers what to undo; call the result once it is no longer needed. */
export function undoAtExit(undo: () => void): () => void {
  if (!listens) process.on("exit", () => pending.forEach((u) => u()));
  listens = true;
  pending.add(undo);
  watch(true);
  return () => {
    pending.delete(undo);
    if (pending.size === 0) watch(false);
  };
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** From now on a signal ends the process by way of its `exit` events, with the code that shells give it. */
export function undoOnSignals(): void {
  const stops = Object.entries(SIGNALS).map(([signal, code]) => [signal, () => process.exit(code)] as const);
  let taken = false;
  const settle = (): void => {
    const some = pending.size > 0;
    if (some === taken) return;
    taken = some;
    for (const [signal, stop] of stops) {
      if (some) process.on(signal, stop);
      else process.off(signal, stop);
    }
  };
  // Taken at once, given back only after a signal that came meanwhile has been heard.
  watch = (some) => void (some ? settle() : hearSignals().then(settle));
  settle();
}

/** Lets a signal be heard that came while the program computed. Two turns: the first may be past the place where they are. */
export async function hearSignals(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}
