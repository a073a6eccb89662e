import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Ajv } from 'ajv'
import t from 'tap'
import { parse } from 'yaml'
import { clientMessages } from '../../lib/protocol/client-messages.ts'
import { serverMessages } from '../../lib/protocol/server-messages.ts'
import { documents } from '../../asyncapi/documents.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const require = createRequire(import.meta.url)
const types = [...Object.values(serverMessages), ...Object.values(clientMessages)].map(
  ({ properties }) => properties.type.const as string
)

t.test('what is committed is what the schemas of the server say (npm run schemas writes it)', async (t) => {
  const generated = documents()
  for (const [file, text] of Object.entries(generated)) t.equal(readFileSync(`${root}${file}`, 'utf8'), text, file)
  t.strictSame(readdirSync(`${root}schemas`).sort(), types.map((type) => `${type}.json`).sort())
})

t.test('asyncapi.yaml is AsyncAPI 3', async (t) => {
  // Of the specification's own repository; it has formats and keywords that ajv's strict mode does not know.
  const specification = require('@asyncapi/specs/schemas/3.0.0-without-$id.json')
  const ajv = new Ajv({ strict: false, validateFormats: false })
  const validate = ajv.compile(specification)
  const document = parse(documents()['asyncapi.yaml'] as string)
  t.ok(validate(document), JSON.stringify(validate.errors))
  t.notOk(validate({ ...document, operations: { told: { action: 'shout' } } }), 'it can tell')
})

t.test('every message is in PROTOCOL.md', async (t) => {
  const text = readFileSync(`${root}PROTOCOL.md`, 'utf8')
  for (const type of types) t.match(text, `| \`${type}\` |`, type)
})
