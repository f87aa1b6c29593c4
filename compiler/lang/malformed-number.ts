/**
 * Why a word that starts like a number is none, or is one that no dtype could hold. Literals have a digit on either
 * side of their point (so that `1..3` is a range), no suffix (they take the dtype of the other operand), no separators
 * and no octal past; integers fit 64 bits.
 */
import type { DiagnosticInput } from "../support/diagnostics.ts";
import { spanText, type Span } from "../support/source.ts";

const LONGEST = 400;
const MAX_U64 = 2n ** 64n - 1n;

/** Null where the number is sound. */
export function malformedNumber(span: Span): DiagnosticInput | null {
  const text = spanText(span);
  const complain = (message: string, ...help: readonly string[]): DiagnosticInput => ({ message, span, help });
  if (text.length > LONGEST) {
    return complain(`this number has ${text.length} characters; the limit is ${LONGEST}`, "a f64 holds 17 digits");
  }
  if (/^0[xXbB]/.test(text)) return malformedRadix(text, complain);
  if (/^0[oO]/.test(text)) return complain("there are no octal numbers", "write it in decimal, or as 0x…");
  if (/^\d+\.$/.test(text)) {
    return complain(`\`${text}\` needs a digit after its point`, `write ${text}0`);
  }
  if (text.startsWith(".")) return leadingPoint(span, text, complain);
  if (/^\d+\.[eE]/.test(text)) {
    return complain(`\`${text}\` needs a digit after its point`, `write ${text.replace(".", ".0")}`);
  }
  if (/^[\d_.]+$/.test(text) && text.includes("_")) {
    return complain("digits are not separated", `write ${text.replaceAll("_", "")}`);
  }
  if (/^\d+\.\d+\./.test(text)) return complain(`\`${text}\` has two points`, "a range is written low..high");
  if (/^\d+(?:\.\d+)?[eE][+-]?$/.test(text)) {
    return complain(`the exponent of \`${text}\` has no digits`, `write ${text.replace(/[+-]$/, "")}0`);
  }
  if (!/^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) {
    const suffixed = /^(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)([A-Za-z_]\w*)$/.exec(text);
    if (suffixed === null) return complain(`\`${text}\` is not a number`);
    return suffix(suffixed[1] ?? "", suffixed[2] ?? "", complain);
  }
  if (/^0\d/.test(text)) return complain("a number does not start with 0", `write ${text.replace(/^0+(?=\d)/, "")}`);
  return /^\d+$/.test(text) ? tooLarge(text, complain) : notRepresentable(text, complain);
}

type Complain = (message: string, ...help: readonly string[]) => DiagnosticInput;

function malformedRadix(text: string, complain: Complain): DiagnosticInput | null {
  const isHex = /^0[xX]/.test(text);
  const digits = text.slice(2);
  if (digits === "")
    return complain(`\`${text}\` has no digits`, isHex ? "write 0x0 to 0xffffffffffffffff" : "write 0b1");
  if (!(isHex ? /^[0-9a-fA-F]+$/ : /^[01]+$/).test(digits)) {
    return complain(`\`${text}\` is not a ${isHex ? "hexadecimal" : "binary"} number`);
  }
  return tooLarge(text, complain);
}

function tooLarge(text: string, complain: Complain): DiagnosticInput | null {
  if (BigInt(text) <= MAX_U64) return null;
  if (BigInt(text) === MAX_U64 + 1n)
    return complain(`${text} does not fit 64 bits`, "write 2 ** 64 for the end of a range of u64");
  return complain(
    `${text} does not fit 64 bits`,
    "the largest integer is 18446744073709551615; a float has a point: 1.0e30",
  );
}

/** Infinity and zero would come out without a word. */
function notRepresentable(text: string, complain: Complain): DiagnosticInput | null {
  const value = Number(text);
  if (value === Infinity)
    return complain(`${text} is beyond the largest f64, about 1.8e308`, "write inf if it is meant");
  if (value === 0 && /[1-9]/.test(text.replace(/[eE].*/, ""))) {
    return complain(`${text} is below the smallest f64, about 4.9e-324`, "write 0.0 if it is meant");
  }
  return null;
}

function leadingPoint(span: Span, text: string, complain: Complain): DiagnosticInput {
  if (/[\w)\]]/.test(span.source.text.charAt(span.start - 1))) {
    return complain(`\`${text}\`: components have names, not numbers`, "name them: let (a[i], b[i]) = …");
  }
  return complain(`\`${text}\` needs a digit before its point`, `write 0${text}`);
}

function suffix(number: string, letters: string, complain: Complain): DiagnosticInput {
  const dtype = /^(?:bf16|[iuf]\d+)$/.test(letters) ? letters : null;
  if (dtype !== null || /^[fFuUlLnN]+$/.test(letters)) {
    return complain(
      `a literal has no suffix: it takes the dtype of the other operand`,
      dtype === null ? `write ${number}` : `write ${number}, or ${dtype}(${number})`,
    );
  }
  return complain(
    `\`${number}${letters}\` is neither a number nor a name`,
    `write ${number} * ${letters} for a product`,
  );
}
