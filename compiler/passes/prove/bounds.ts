/** Ends of a value, both included. */
import type { Poly } from "../../analysis/polynomial.ts";

/** Over symbols that are known where the bounds are used; null: nothing but the dtype's. */
export type Bounds = { readonly lower: Poly | null; readonly upper: Poly | null };

export const UNBOUNDED: Bounds = { lower: null, upper: null };
