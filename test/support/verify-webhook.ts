import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PYTHON = '/usr/bin/python3'

/** For tap's `skip`. Where Python's other uses are required, its absence is a failure instead. */
export const skipWithoutPython =
  process.env.TEST_REQUIRE_PYTHON_WEBSOCKETS === undefined && !existsSync(PYTHON) ? `no ${PYTHON}` : false

/** What somebody would write who receives webhooks. */
const VERIFY = `
import base64, hashlib, hmac, json, sys
given = json.load(sys.stdin)
signed = f"{given['id']}.{given['timestamp']}.{given['body']}".encode()
expected = "v1," + base64.b64encode(hmac.new(base64.b64decode(given["key"]), signed, hashlib.sha256).digest()).decode()
print(hmac.compare_digest(expected, given["signature"]))
`

/** Whether Python's own HMAC comes to the same. */
export function verified (key: Buffer, headers: Readonly<Record<string, string | undefined>>, body: string): boolean {
  const input = JSON.stringify({
    key: key.toString('base64'),
    id: headers['webhook-id'],
    timestamp: headers['webhook-timestamp'],
    signature: headers['webhook-signature'],
    body
  })
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', VERIFY], { input, encoding: 'utf8' })
  if (!['True', 'False'].includes(stdout.trim())) throw new Error(stderr)
  return stdout.trim() === 'True'
}
