import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** What a page loads whose upgrades pass, and all that there is, in one file. */
const MAX_GZIPPED_BYTES = { atOnce: 7_660, inOneFile: 8_290 }

async function bundle (splitting: boolean) {
  const entry = fileURLToPath(new URL('../../client/index.js', import.meta.url))
  const { outputFiles, metafile } = await build({
    entryPoints: [entry], bundle: true, minify: true, format: 'esm', splitting, write: false, metafile: true, outdir: 'out'
  })
  const files = Object.entries(metafile.outputs).map(([path, { entryPoint, inputs }]) => ({
    isEntry: entryPoint?.endsWith('client/index.js') === true,
    inputs: Object.keys(inputs),
    length: gzipSync(outputFiles.find((file) => file.path.endsWith(path))?.contents as Uint8Array, { level: 9 }).length
  }))
  return {
    entry: files.find(({ isEntry }) => isEntry),
    later: files.filter(({ isEntry }) => !isEntry),
    inputs: Object.keys(metafile.inputs)
  }
}

t.test('the client stays small, and brings nothing along', async (t) => {
  const { entry, later, inputs } = await bundle(false)
  t.comment(`${entry?.length} bytes in one file`)
  t.ok((entry?.length ?? Infinity) <= MAX_GZIPPED_BYTES.inOneFile, `${entry?.length} bytes`)
  t.strictSame(later, [])
  t.strictSame(inputs.filter((path) => !path.includes('dist/client/')), [])
})

t.test('where upgrades pass, what reads events is not loaded', async (t) => {
  const { entry, later } = await bundle(true)
  const names = later.flatMap(({ inputs }) => inputs.map((path) => path.replace(/^.*\//, ''))).sort()
  t.strictSame(names, ['event-stream.js', 'sse.js'])
  t.comment(`${entry?.length} bytes at once, ${later.map(({ length }) => length).join(' + ')} later`)
  t.ok((entry?.length ?? Infinity) <= MAX_GZIPPED_BYTES.atOnce, `${entry?.length} bytes`)
})
