import { expect, test } from 'vitest'
import { serviceLook } from '../../src/status/page/look.ts'
import type { HealthReport, ProcessReport, ServiceReport } from '../../src/status/report.ts'

const service = (more: Partial<ServiceReport>): ServiceReport => ({
  service: 'api',
  port: 3000,
  link: false,
  state: 'waiting',
  variables: [],
  actions: [],
  ...more,
})
const health = (state: HealthReport['state']): HealthReport => ({ state, since: 1, history: [] })
const failed: ProcessReport = { state: 'failed', since: 1, command: 'node api', restarts: 5 }

test('a process that is left alone is trouble, unless somebody else serves', () => {
  expect(serviceLook(service({})).label).toBe('Waiting for its server')
  expect(serviceLook(service({ process: failed }))).toMatchObject({ tone: 'bad', label: 'Failed' })
  expect(serviceLook(service({ process: failed, health: health('starting') })).label).toBe('Failed')
  expect(serviceLook(service({ process: failed, health: health('healthy') })).tone).toBe('ok')
  expect(serviceLook(service({ process: failed, state: 'released' })).label).toBe('Released')
})
