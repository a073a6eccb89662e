import { createHmac } from 'node:crypto'

/**
 * The headers of a signed webhook, by https://github.com/standard-webhooks/standard-webhooks: HMAC-SHA256 over id, time and
 * body, so that neither of them can be changed, and who receives it can refuse what is old or has come before.
 * @param seconds since the epoch
 */
export function signatureHeaders (key: Buffer, id: string, seconds: number, body: string): Record<string, string> {
  const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` }
}
