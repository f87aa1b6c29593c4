/** A figure of the benchmark and the bar it is held to. */
import type { Samples } from "./measure.ts";

export type Row = Samples & {
  readonly name: string;
  readonly unit: string;
  readonly bar: number;
  /** `atLeast`: more is better. */
  readonly bound: "atLeast" | "atMost";
};

export function holds(row: Row): boolean {
  return row.bound === "atLeast" ? row.median >= row.bar : row.median <= row.bar;
}
