import { expect, test } from 'vitest'
import { missingServerLine, missingServerText } from '../../src/bundlers/proxy-answer.ts'
import type { ServiceProcess } from '../../src/types.ts'

const HINT = { service: 'api', port: 3001, command: 'npm run api' }
const PROCESS: ServiceProcess = {
  service: 'api',
  state: 'failed',
  since: 0,
  command: 'node api.js',
  restarts: 2,
  exitCode: 1,
  reason: 'has ended with exit code 1 after 3 starts',
}

test('who starts it is told when nobody has', () => {
  expect(missingServerLine(HINT, '/api')).toContain('Start it with `npm run api`')
})

test.each([
  [{}, 'Its command `node api.js` is left alone (has ended with exit code 1 after 3 starts)'],
  [
    { state: 'restarting', reason: 'was ended by SIGKILL' },
    'is started again (it was ended by SIGKILL)',
  ],
  [{ state: 'waiting', reason: 'waits for "db"' }, 'Its command `node api.js` waits for "db".'],
  [
    { state: 'running', pid: 12, reason: undefined },
    'runs (pid 12), and has to listen on port 3001',
  ],
  [{ state: 'stopped', reason: undefined }, 'Its command `node api.js` has ended'],
] as [Partial<ServiceProcess>, string][])('what was started for it: %j', (more, words) => {
  const hint = { ...HINT, process: { ...PROCESS, ...more } }
  for (const text of [missingServerLine(hint, '/api'), missingServerText(hint, '/api')]) {
    expect(text).toContain(words)
    expect(text).not.toContain('npm run api')
  }
})
