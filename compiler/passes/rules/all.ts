/** THE list of rewrite rules, by subject. */
import { FLOAT_ARITHMETIC } from "./float-arithmetic.ts";
import { INTEGER_ARITHMETIC } from "./integer-arithmetic.ts";
import { BITS, CHOICE, LOGIC } from "./logic.ts";
import type { Rule } from "./rule.ts";

export const RULES: readonly Rule[] = [...INTEGER_ARITHMETIC, ...FLOAT_ARITHMETIC, ...LOGIC, ...CHOICE, ...BITS];
