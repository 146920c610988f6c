import { Agent, get } from 'node:http'
import { quantile } from './_statistics.ts'

/** How much is asked at once and for how long. */
export interface Load {
  readonly connections: number
  /** In milliseconds. */
  readonly durationMs: number
}

/**
 * Asks `url` over connections that are kept, each with one request at a time.
 *
 * @throws Error when an answer is anything but 200.
 */
export async function load(
  url: string,
  { connections, durationMs }: Load,
): Promise<{ 'requests/s': number; 'p50 ms': number; 'p99 ms': number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latencies: number[] = []
  const started = performance.now()
  const end = started + durationMs
  const work = async (): Promise<void> => {
    while (performance.now() < end) {
      const asked = performance.now()
      await ask(url, agent)
      latencies.push(performance.now() - asked)
    }
  }
  await Promise.all(Array.from({ length: connections }, work))
  const seconds = (performance.now() - started) / 1000
  agent.destroy()
  return {
    'requests/s': latencies.length / seconds,
    'p50 ms': quantile(latencies, 0.5),
    'p99 ms': quantile(latencies, 0.99),
  }
}

function ask(url: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) {
        reject(new Error(`${url} answers with status ${response.statusCode}`))
      }
      response.on('end', resolve)
      response.resume()
    }).on('error', reject)
  })
}
