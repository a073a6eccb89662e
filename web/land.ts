/** Put in by the build: `landPath()` of scripts/land.js, as esbuild's `define` of this name. */
declare const LAND_PATH: string

/** The land of the world, as the `d` of a path in the units of `VIEW`. */
export const land: string = LAND_PATH
