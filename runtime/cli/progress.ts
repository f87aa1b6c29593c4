/** One line on standard error that says what a long command is doing; nothing where nobody watches (no terminal). */
import { stderr } from "node:process";

export type Progress = {
  /** Replaces the line. */
  readonly say: (what: string) => void;
  /** Removes it. */
  readonly end: () => void;
};

const CLEAR = "\r\u001B[2K";

export function makeProgress(stream: Pick<typeof stderr, "isTTY" | "columns" | "write"> = stderr): Progress {
  if (!stream.isTTY) return { say: () => {}, end: () => {} };
  return {
    // Cut to the width of the screen: a line that wraps could not be removed.
    say: (what) => void stream.write(`${CLEAR}${what.slice(0, Math.max(20, (stream.columns || 80) - 1))}`),
    end: () => void stream.write(CLEAR),
  };
}
