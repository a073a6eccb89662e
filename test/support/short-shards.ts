import { post, type Engine } from './influxd.ts'

/** A bucket whose shards begin with every full hour. @returns its name */
export async function createShortShards ({ url, env }: Engine): Promise<string> {
  const { INFLUXDB_TOKEN: token = '', INFLUXDB_BUCKET: bucket = '', INFLUXDB_ORG: org = '' } = env
  if (token.includes(':')) {
    const q = `CREATE RETENTION POLICY short ON ${bucket} DURATION INF REPLICATION 1 SHARD DURATION 1h`
    const [u = '', p = ''] = token.split(':')
    await post(`${url}/query?${new URLSearchParams({ u, p })}`, new URLSearchParams({ q }))
    return `${bucket}/short`
  }
  const headers = { authorization: `Token ${token}` }
  const organisations = await fetch(`${url}/api/v2/orgs?${new URLSearchParams({ org })}`, { headers })
  const found = await organisations.json() as { orgs: Array<{ id: string }> }
  const rule = { type: 'expire', everySeconds: 0, shardGroupDurationSeconds: 3_600 }
  const body = JSON.stringify({ orgID: found.orgs[0]?.id, name: `${bucket}_short`, retentionRules: [rule] })
  const response = await fetch(`${url}/api/v2/buckets`, { method: 'POST', headers, body })
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return `${bucket}_short`
}
