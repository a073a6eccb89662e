/**
 * Bundles web/ into dist/page/: an index.html, a script and a style under names that change with their content, and the licences
 * of what is in them. JavaScript, as scripts/compile.js, which calls it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { ATLAS, landPath } from './land.js'

/** What is smaller gains nothing. */
const COMPRESSED_FROM_BYTES = 1_024

/** @param root the folder that has web/ */
export async function buildPage (root) {
  const folder = join(root, 'dist/page')
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { popcast: 'web/main.tsx' },
    outdir: 'dist/page',
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    define: { LAND_PATH: JSON.stringify(landPath()) },
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning'
  })
  const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]))
  const named = (extension) => [...files.keys()].find((name) => name.endsWith(extension))
  const html = readFileSync(join(root, 'web/index.html'), 'utf8')
    .replace('{{script}}', `page/${named('.js')}`)
    .replace('{{style}}', `page/${named('.css')}`)
  files.set('index.html', Buffer.from(html))
  files.set('licenses.txt', Buffer.from(licenses(root, [...Object.keys(metafile.inputs), `node_modules/${ATLAS}`])))
  writeChanged(folder, files)
}

/** The licence of each package that is bundled wants to go where its code or its data goes. */
function licenses (root, inputs) {
  const packages = inputs.flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? [])
  const texts = Array.from(new Set(packages), (path) => {
    const license = readdirSync(join(root, path)).find((name) => /^licen[cs]e/i.test(name))
    if (license === undefined) throw new Error(`${path} has no licence`)
    const { name, version, license: id } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
    return `${name} ${version} (${id})\n\n${readFileSync(join(root, path, license), 'utf8').trim()}\n`
  })
  return texts.join('\n---\n\n')
}

/** The best compression takes a while, so what is there already is left, and nothing else is. Exported for its test. */
export function writeChanged (folder, files) {
  mkdirSync(folder, { recursive: true })
  const isCompressed = ([, contents]) => contents.length >= COMPRESSED_FROM_BYTES
  const compressed = Array.from(files).filter(isCompressed).flatMap(([name]) => [`${name}.gz`, `${name}.br`])
  const wanted = new Set([...files.keys(), ...compressed])
  for (const name of readdirSync(folder)) {
    if (!wanted.has(name)) rmSync(join(folder, name))
  }
  for (const [name, contents] of files) {
    const path = join(folder, name)
    const isThere = compressed.every((other) => !other.startsWith(`${name}.`) || existsSync(join(folder, other)))
    if (isThere && existsSync(path) && readFileSync(path).equals(contents)) continue
    if (contents.length >= COMPRESSED_FROM_BYTES) {
      writeFileSync(`${path}.gz`, gzipSync(contents, { level: 9 }))
      const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: contents.length }
      writeFileSync(`${path}.br`, brotliCompressSync(contents, { params }))
    }
    // Last, so that what is not finished is not taken for what is there.
    writeFileSync(path, contents)
  }
}
