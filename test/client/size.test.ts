import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'
import t from 'tap'

/** Of all of it, both transports included, as a page would load it. */
const MAX_GZIPPED_BYTES = 7_750

t.test('the client stays small, and brings nothing along', async (t) => {
  const entry = fileURLToPath(new URL('../../client/index.js', import.meta.url))
  const { outputFiles: [file], metafile } = await build({
    entryPoints: [entry], bundle: true, minify: true, format: 'esm', write: false, metafile: true, outfile: 'client.js'
  })
  const { length } = gzipSync(file?.contents as Uint8Array, { level: 9 })
  t.comment(`${length} bytes`)
  t.ok(length <= MAX_GZIPPED_BYTES, `${length} bytes`)
  t.strictSame(Object.keys(metafile.inputs).filter((path) => !path.includes('dist/client/')), [])
})
