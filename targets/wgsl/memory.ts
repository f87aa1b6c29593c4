/** How accesses are written: elements of 32 bits as they are, narrower ones in their words; the arena holds bare words. */
import type { BufferPlace } from "./layout.ts";
import type { WgslElem } from "./operations.ts";

/** The type of the words of a buffer's variable. */
export function wordType(p: BufferPlace): string {
  return p.perWord > 1 || p.startsAt !== null ? "u32" : p.buffer.dtype;
}

/** A word of the uniform. */
export function sizeAt(word: number): string {
  return `sizes[${Math.floor(word / 4)}].${"xyzw".charAt(word % 4)}`;
}

/** The word with the element at `at`, the text of an i32 that is no constant expression. */
export function wordAt(p: BufferPlace, at: string): string {
  const shift = Math.log2(p.perWord);
  if (p.startsAt === null) return `${p.variable}[${shift === 0 ? at : `${at} >> ${shift}u`}]`;
  return `${p.variable}[${sizeAt(p.startsAt)} + ${shift === 0 ? at : `(${at} >> ${shift}u)`}]`;
}

/** The element as a register of type `elem`. */
export function loadText(p: BufferPlace, at: string, elem: WgslElem): string {
  const word = wordAt(p, at);
  if (p.perWord === 1) return wordType(p) === elem ? word : `bitcast<${elem}>(${word})`;
  const element = `${unpackerOf(p)}(${word}, ${at})`;
  return elem === "i32" ? element : `bitcast<${elem}>(${element})`;
}

/** The function of prelude.ts that takes an element out of its word; bools are bytes, halves their bits. */
function unpackerOf(p: BufferPlace): string {
  const { dtype } = p.buffer;
  if (p.perWord === 4) return dtype === "i8" ? "i8_in" : "u8_in";
  return dtype === "i16" ? "i16_in" : "u16_in";
}

/** Stores an element of 32 bits, or, where one invocation runs alone, one that shares its word. */
export function storeText(p: BufferPlace, at: string, value: string, elem: WgslElem): string {
  const word = wordAt(p, at);
  if (p.perWord > 1) return `${word} = ${inserted(p, word, value, `bitcast<u32>(${at})`)};`;
  return `${word} = ${wordType(p) === elem ? value : `bitcast<${wordType(p)}>(${value})`};`;
}

/** `word` with `value` in the place of the element numbered by the u32 `number`. */
export function inserted(p: BufferPlace, word: string, value: string, number: string): string {
  const bits = 32 / p.perWord;
  return `insertBits(${word}, bitcast<u32>(${value}), ${bits}u * (${number} & ${p.perWord - 1}u), ${bits}u)`;
}
