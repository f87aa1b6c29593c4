/** The version of this package, part of every cache key and manifest. Kept equal to package.json by the house test. */
export const version = "0.1.0";
