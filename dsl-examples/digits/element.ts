/** Reading an element that is known to be there: a wrong index is a bug that shows at once, never a zero. */

/** `array[index]`; throws where there is none. */
export function element<T>(array: ArrayLike<T>, index: number): T {
  const value = array[index];
  if (value === undefined) throw new RangeError(`element ${index} of ${array.length}`);
  return value;
}
